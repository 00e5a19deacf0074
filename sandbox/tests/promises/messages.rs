use std::time::Duration;

use rei_sandbox::telegram::{Author, FloodLimits};
use serde_json::{Value, json};

use crate::support::{SOON, TOKEN, house, with_buttons};

#[tokio::test]
async fn a_message_comes_back_whole_and_stands_in_the_chat() {
    let house = house().await;
    let anna = house.anna();
    let sent = house
        .call(
            "SendMessage",
            json!({
                "chat_id": 7,
                "text": "<b>кот</b> &amp; 😀",
                "parse_mode": "HTML",
                "reply_parameters": { "message_id": 1 },
                "reply_markup": { "inline_keyboard": [[{ "text": "Go", "callback_data": "go" }]] },
            }),
        )
        .await;
    assert_eq!(sent["message_id"], json!(2));
    assert_eq!(sent["chat"]["type"], json!("private"));
    assert_eq!(sent["from"]["is_bot"], json!(true));
    assert_eq!(sent["text"], json!("кот & 😀"));
    assert_eq!(
        sent["entities"],
        json!([{ "type": "bold", "offset": 0, "length": 3 }])
    );
    assert_eq!(sent["reply_to_message"]["text"], json!("/start"));
    assert_eq!(
        sent["reply_markup"]["inline_keyboard"][0][0]["callback_data"],
        json!("go")
    );

    let shown = anna.message(2).unwrap();
    assert_eq!((shown.from, shown.text()), (Author::Bot, "кот & 😀"));
    assert_eq!(shown.html(), "<b>кот</b> &amp; 😀");
    assert_eq!(
        anna.render(),
        "#1 user:\n    /start\n#2 bot re #1:\n    кот & 😀\n    [Go]\n"
    );
}

#[tokio::test]
async fn every_way_to_send_parameters_works() {
    let house = house().await;
    let anna = house.anna();
    let form = house
        .request("sendmessage")
        .header("content-type", "application/x-www-form-urlencoded")
        .body("chat_id=7&text=form%20%D0%BA&reply_markup=%7B%22inline_keyboard%22%3A%5B%5D%7D");
    form.send().await.unwrap();
    house
        .upload(
            "SENDMESSAGE",
            &[("chat_id", "7"), ("text", "multipart")],
            &[],
        )
        .await;
    let url = format!("{}/bot{TOKEN}/sendMessage", house.sandbox.url("telegram"));
    house
        .client
        .get(format!("{url}?chat_id=7&text=query"))
        .send()
        .await
        .unwrap();
    house
        .call("sendMessage", json!({ "chat_id": "7", "text": "json" }))
        .await;
    let texts: Vec<String> = anna.chat().iter().map(|m| m.text().to_owned()).collect();
    assert_eq!(texts, ["/start", "form к", "multipart", "query", "json"]);
}

#[tokio::test]
async fn what_telegram_refuses_is_refused_in_its_words() {
    let house = house().await;
    house.anna();
    house.sandbox.telegram.player(8, "Stranger", "");
    let cases = [
        (
            json!({ "chat_id": 99, "text": "x" }),
            "400 Bad Request: chat not found",
        ),
        (
            json!({ "chat_id": 8, "text": "x" }),
            "403 Forbidden: bot can't initiate conversation with a user",
        ),
        (json!({ "text": "x" }), "400 Bad Request: chat_id is empty"),
        (
            json!({ "chat_id": 7, "text": " \n" }),
            "400 Bad Request: message text is empty",
        ),
        (
            json!({ "chat_id": 7, "text": "ж".repeat(4097) }),
            "400 Bad Request: message is too long",
        ),
        (
            json!({ "chat_id": 7, "text": "<b>x", "parse_mode": "HTML" }),
            "400 Bad Request: can't parse entities: Can't find end tag corresponding to start tag \"b\"",
        ),
        (
            with_buttons("x", &[&"x".repeat(65)]),
            "400 Bad Request: BUTTON_DATA_INVALID",
        ),
        (
            json!({ "chat_id": 7, "text": "x", "reply_parameters": { "message_id": 99 } }),
            "400 Bad Request: message to be replied not found",
        ),
    ];
    for (params, expected) in cases {
        assert_eq!(house.refusal("sendMessage", params).await, expected);
    }
    assert_eq!(
        house.refusal("sendNothing", json!({})).await,
        "404 Not Found: method not found"
    );
    let wrong = format!("{}/bot1:wrong/getMe", house.sandbox.url("telegram"));
    assert_eq!(house.client.post(wrong).send().await.unwrap().status(), 401);
}

#[tokio::test]
async fn the_limits_count_the_text_after_parsing() {
    let house = house().await;
    house.anna();
    let text = format!("<b>{}</b>", "x".repeat(4096));
    house
        .call(
            "sendMessage",
            json!({ "chat_id": 7, "text": text, "parse_mode": "HTML" }),
        )
        .await;
    let pairs = "😀".repeat(2049);
    let refusal = house
        .refusal("sendMessage", json!({ "chat_id": 7, "text": pairs }))
        .await;
    assert_eq!(refusal, "400 Bad Request: message is too long");
}

#[tokio::test]
async fn an_edit_changes_the_message_and_says_when_it_changes_nothing() {
    let house = house().await;
    let anna = house.anna();
    house.call("sendMessage", with_buttons("one", &["a"])).await;
    let edit = |text: &str| json!({ "chat_id": 7, "message_id": 2, "text": text });
    let edited = house.call("editMessageText", edit("two")).await;
    assert!(
        edited["edit_date"].is_i64() && edited["reply_markup"].is_null(),
        "{edited}"
    );
    let refusal = house.refusal("editMessageText", edit("two")).await;
    assert!(refusal.starts_with("400 Bad Request: message is not modified: specified new"));
    let missing = json!({ "chat_id": 7, "message_id": 99, "text": "x" });
    assert_eq!(
        house.refusal("editMessageText", missing).await,
        "400 Bad Request: message to edit not found"
    );
    let of_anna = json!({ "chat_id": 7, "message_id": 1, "text": "x" });
    assert_eq!(
        house.refusal("editMessageText", of_anna).await,
        "400 Bad Request: message can't be edited"
    );
    let markup = json!({ "inline_keyboard": [[{ "text": "b", "callback_data": "b" }]] });
    house
        .call(
            "editMessageReplyMarkup",
            json!({ "chat_id": 7, "message_id": 2, "reply_markup": markup }),
        )
        .await;
    let shown = anna.message(2).unwrap();
    assert_eq!((shown.text(), shown.edits), ("two", 2));
    assert!(shown.button("b").is_some());
}

#[tokio::test]
async fn a_deleted_message_is_gone_for_both() {
    let house = house().await;
    let anna = house.anna();
    house
        .call("sendMessage", json!({ "chat_id": 7, "text": "x" }))
        .await;
    let it = json!({ "chat_id": 7, "message_id": 2 });
    house.call("deleteMessage", it.clone()).await;
    assert_eq!(
        house.refusal("deleteMessage", it).await,
        "400 Bad Request: message to delete not found"
    );
    assert!(anna.message(2).is_none());
    assert!(anna.chat()[1].deleted);
    house
        .call("sendMessage", json!({ "chat_id": 7, "text": "y" }))
        .await;
    house
        .sandbox
        .telegram
        .advance_clock(Duration::from_secs(48 * 3600));
    assert_eq!(
        house
            .refusal("deleteMessage", json!({ "chat_id": 7, "message_id": 3 }))
            .await,
        "400 Bad Request: message can't be deleted"
    );
}

#[tokio::test]
async fn a_person_who_blocked_the_bot_hears_nothing_until_they_come_back() {
    let house = house().await;
    let anna = house.anna();
    anna.block();
    let hello = json!({ "chat_id": 7, "text": "x" });
    assert_eq!(
        house.refusal("sendMessage", hello.clone()).await,
        "403 Forbidden: bot was blocked by the user"
    );
    anna.unblock();
    house.call("sendMessage", hello).await;
    let updates = house.call("getUpdates", json!({})).await;
    let statuses: Vec<&Value> = updates
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|update| update.pointer("/my_chat_member/new_chat_member/status"))
        .collect();
    assert_eq!(statuses, [&json!("kicked"), &json!("member")]);
}

#[tokio::test]
async fn too_many_messages_wait_until_the_clock_moves() {
    let house = house().await;
    house.anna();
    house
        .sandbox
        .telegram
        .set_flood_limits(FloodLimits::default());
    let hello = json!({ "chat_id": 7, "text": "x" });
    for _ in 0..5 {
        house.call("sendMessage", hello.clone()).await;
    }
    let answer = house.raw("sendMessage", hello.clone()).await.unwrap();
    assert_eq!(answer.status(), 429);
    assert_eq!(answer.headers()["retry-after"], "1");
    let answer: Value = answer.json().await.unwrap();
    assert_eq!(answer["parameters"]["retry_after"], json!(1));
    assert_eq!(
        answer["description"],
        json!("Too Many Requests: retry after 1")
    );
    house.sandbox.telegram.advance_clock(Duration::from_secs(1));
    house.call("sendMessage", hello).await;
}

#[tokio::test]
async fn waiting_for_a_message_ends_with_it_or_shows_the_chat() {
    let house = house().await;
    let anna = house.anna();
    let greeting = anna.wait("a greeting", SOON, |chat| {
        chat.iter()
            .find(|message| message.from == Author::Bot)
            .map(|message| message.id)
    });
    let sending = house.call("sendMessage", json!({ "chat_id": 7, "text": "hi" }));
    let (greeting, _) = tokio::join!(greeting, sending);
    assert_eq!(greeting, Ok(2));
    let never = anna
        .wait("a miracle", Duration::ZERO, |_| None::<()>)
        .await
        .unwrap_err();
    assert!(
        never.contains("a miracle") && never.contains("#2 bot:\n    hi"),
        "{never}"
    );
}

#[tokio::test]
async fn the_profile_and_the_menu_are_kept() {
    let house = house().await;
    house.anna();
    let me = house.call("getMe", json!({})).await;
    for field in [
        "id",
        "is_bot",
        "first_name",
        "username",
        "can_join_groups",
        "can_read_all_group_messages",
        "supports_inline_queries",
        "has_main_web_app",
    ] {
        assert!(!me[field].is_null(), "{field} is missing");
    }
    let commands = json!([{ "command": "start", "description": "Начать" }]);
    let params = json!({ "commands": commands, "language_code": "ru" });
    house.call("setMyCommands", params).await;
    assert_eq!(
        house
            .call("getMyCommands", json!({ "language_code": "ru" }))
            .await,
        commands
    );
    assert_eq!(house.call("getMyCommands", json!({})).await, json!([]));
    let wrong = json!({ "commands": [{ "command": "Start", "description": "x" }] });
    assert_eq!(
        house.refusal("setMyCommands", wrong).await,
        "400 Bad Request: BOT_COMMAND_INVALID"
    );
    house
        .call("setMyName", json!({ "name": "Рэй", "language_code": "ru" }))
        .await;
    let name = house
        .call("getMyName", json!({ "language_code": "ru" }))
        .await;
    assert_eq!(name, json!({ "name": "Рэй" }));
    house
        .call("sendMessage", json!({ "chat_id": 7, "text": "x" }))
        .await;
    house
        .call("pinChatMessage", json!({ "chat_id": 7, "message_id": 2 }))
        .await;
    let chat = house.call("getChat", json!({ "chat_id": 7 })).await;
    assert_eq!(chat["pinned_message"]["message_id"], json!(2));
}
