use rei_sandbox::telegram::MediaKind;
use serde_json::{Value, json};

use crate::support::{House, TOKEN, house, png};

async fn download(house: &House, file_id: &Value, slash: &str) -> Vec<u8> {
    let file = house.call("getFile", json!({ "file_id": file_id })).await;
    let path = file["file_path"].as_str().unwrap().replace('/', slash);
    let url = format!("{}/file/bot{TOKEN}/{path}", house.sandbox.url("telegram"));
    let answer = house.client.get(url).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.bytes().await.unwrap().to_vec()
}

#[tokio::test]
async fn a_photo_of_a_person_can_be_downloaded_either_way() {
    let house = house().await;
    let anna = house.anna();
    let bytes = png(640, 480);
    let id = anna.photo(bytes.clone(), Some("сделай зелёным"));
    let updates = house.call("getUpdates", json!({ "offset": -1 })).await;
    let message = &updates[0]["message"];
    assert_eq!(message["caption"], json!("сделай зелёным"));
    let sizes = message["photo"].as_array().unwrap();
    let largest = sizes.last().unwrap();
    assert_eq!(
        (&largest["width"], &largest["height"]),
        (&json!(640), &json!(480))
    );
    assert_eq!(download(&house, &largest["file_id"], "/").await, bytes);
    assert_eq!(download(&house, &largest["file_id"], "%2F").await, bytes);
    assert_eq!(anna.file(id).unwrap(), bytes);
}

#[tokio::test]
async fn an_upload_may_come_under_the_field_or_attached() {
    let house = house().await;
    let anna = house.anna();
    let bytes = png(20, 10);
    let direct = house
        .upload(
            "sendPhoto",
            &[("chat_id", "7")],
            &[("photo", "a.png", &bytes)],
        )
        .await;
    let photo = &direct["result"]["photo"][0];
    assert_eq!(
        (&photo["width"], &photo["height"]),
        (&json!(20), &json!(10))
    );
    let attached = house
        .upload(
            "SendDocument",
            &[("chat_id", "7"), ("document", "attach://f00")],
            &[("f00", "исходник.png", &bytes)],
        )
        .await;
    let document = &attached["result"]["document"];
    assert_eq!(document["file_name"], json!("исходник.png"));
    assert_eq!(document["mime_type"], json!("image/png"));
    assert_eq!(anna.file(3).unwrap(), bytes);

    let again = json!({ "chat_id": 7, "photo": photo["file_id"] });
    house.call("sendPhoto", again).await;
    let refusal = house
        .refusal(
            "sendPhoto",
            json!({ "chat_id": 7, "photo": document["file_id"] }),
        )
        .await;
    assert_eq!(
        refusal,
        "400 Bad Request: can't use file of type Document as Photo"
    );
}

#[tokio::test]
async fn an_album_is_as_many_messages_with_one_name() {
    let house = house().await;
    let anna = house.anna();
    let media = json!([
        { "type": "photo", "media": "attach://a", "caption": "<i>два</i>", "parse_mode": "HTML" },
        { "type": "photo", "media": "attach://b" },
    ]);
    let bytes = png(10, 10);
    let sent = house
        .upload(
            "sendMediaGroup",
            &[("chat_id", "7"), ("media", &media.to_string())],
            &[("a", "a.png", &bytes), ("b", "b.png", &bytes)],
        )
        .await;
    let messages = sent["result"].as_array().unwrap();
    assert_eq!(messages.len(), 2);
    assert_eq!(messages[0]["media_group_id"], messages[1]["media_group_id"]);
    assert_eq!(messages[0]["caption_entities"][0]["type"], json!("italic"));
    assert_eq!(anna.chat().len(), 3);

    let one = json!([{ "type": "photo", "media": "x" }]);
    let refusal = house
        .refusal("sendMediaGroup", json!({ "chat_id": 7, "media": one }))
        .await;
    assert!(
        refusal.starts_with("400 Bad Request: wrong number of media"),
        "{refusal}"
    );
}

#[tokio::test]
async fn an_album_of_a_person_comes_as_separate_updates() {
    let house = house().await;
    let anna = house.anna();
    let ids = anna.album(vec![png(8, 8), png(9, 9), png(10, 10)], Some("коллаж"));
    assert_eq!(ids, [2, 3, 4]);
    let updates = house.call("getUpdates", json!({})).await;
    let messages: Vec<&Value> = updates
        .as_array()
        .unwrap()
        .iter()
        .skip(1)
        .map(|update| &update["message"])
        .collect();
    assert_eq!(messages.len(), 3);
    assert!(
        messages
            .iter()
            .all(|m| m["media_group_id"] == messages[0]["media_group_id"])
    );
    let captions: Vec<bool> = messages.iter().map(|m| !m["caption"].is_null()).collect();
    assert_eq!(captions, [true, false, false]);
}

#[tokio::test]
async fn media_can_be_changed_and_copied() {
    let house = house().await;
    let anna = house.anna();
    let bytes = png(20, 10);
    let fields = [("chat_id", "7"), ("caption", "one")];
    house
        .upload("sendPhoto", &fields, &[("photo", "a.png", &bytes)])
        .await;
    let other = png(30, 40);
    let media = json!({ "type": "photo", "media": "attach://n", "caption": "two" }).to_string();
    let fields = [("chat_id", "7"), ("message_id", "2"), ("media", &media)];
    let edited = house
        .upload("editMessageMedia", &fields, &[("n", "b.png", &other)])
        .await;
    assert_eq!(edited["result"]["photo"][0]["height"], json!(40));
    let caption = json!({ "chat_id": 7, "message_id": 2, "caption": "three" });
    house.call("editMessageCaption", caption).await;
    let copy = json!({ "chat_id": 7, "from_chat_id": 7, "message_id": 2 });
    assert_eq!(
        house.call("copyMessage", copy).await,
        json!({ "message_id": 3 })
    );
    let shown = anna.message(3).unwrap();
    assert_eq!(
        (shown.text(), shown.media.as_ref().unwrap().width),
        ("three", 30)
    );
    let text = json!({ "chat_id": 7, "message_id": 2, "text": "x" });
    assert_eq!(
        house.refusal("editMessageText", text).await,
        "400 Bad Request: there is no text in the message to edit"
    );
}

#[tokio::test]
async fn a_file_above_twenty_megabytes_cannot_be_downloaded() {
    let house = house().await;
    let anna = house.anna();
    anna.document(
        vec![1; (20 << 20) + 1],
        "big.bin",
        "application/octet-stream",
        None,
    );
    let updates = house.call("getUpdates", json!({ "offset": -1 })).await;
    let document = &updates[0]["message"]["document"];
    assert_eq!(document["file_size"], json!((20 << 20) + 1));
    let refusal = house
        .refusal("getFile", json!({ "file_id": document["file_id"] }))
        .await;
    assert_eq!(refusal, "400 Bad Request: file is too big");
    assert_eq!(
        house.refusal("getFile", json!({ "file_id": "none" })).await,
        "400 Bad Request: wrong file_id or the file is temporarily unavailable"
    );
}

#[tokio::test]
async fn captions_and_pictures_above_the_limits_are_refused() {
    let house = house().await;
    house.anna();
    let bytes = png(10, 10);
    let long = "x".repeat(1025);
    let fields = [("chat_id", "7"), ("caption", long.as_str())];
    let answer = house
        .upload("sendPhoto", &fields, &[("photo", "a.png", &bytes)])
        .await;
    assert_eq!(
        answer["description"],
        json!("Bad Request: message caption is too long")
    );
    let fields = [("chat_id", "7")];
    let wide = png(2100, 100);
    let answer = house
        .upload("sendPhoto", &fields, &[("photo", "a.png", &wide)])
        .await;
    assert_eq!(
        answer["description"],
        json!("Bad Request: PHOTO_INVALID_DIMENSIONS")
    );
    let huge = vec![0; (50 << 20) + 1];
    let answer = house
        .upload("sendDocument", &fields, &[("document", "a.bin", &huge)])
        .await;
    assert_eq!(answer["error_code"], json!(413));
    let by_url = json!({ "chat_id": 7, "photo": "https://x.example/a.png" });
    assert_eq!(
        house.refusal("sendPhoto", by_url).await,
        "400 Bad Request: failed to get HTTP URL content"
    );
}

#[tokio::test]
async fn other_things_a_person_sends_arrive_as_what_they_are() {
    let house = house().await;
    let anna = house.anna();
    anna.sticker();
    anna.voice();
    anna.video(vec![0; 10], None);
    anna.photo(b"no picture".to_vec(), None);
    let updates = house.call("getUpdates", json!({ "offset": -4 })).await;
    for (update, kind) in updates.as_array().unwrap().iter().zip([
        MediaKind::Sticker,
        MediaKind::Voice,
        MediaKind::Video,
        MediaKind::Document,
    ]) {
        assert!(
            update["message"][kind.field()].is_object(),
            "{kind:?}: {update}"
        );
    }
}
