use rei_sandbox::{Config, Exposure, Sandbox};
use serde_json::{Value, json};

use crate::support::{TOKEN, house, multipart, png, with_buttons};

#[tokio::test]
async fn a_person_can_be_played_over_http() {
    let house = house().await;
    let bob = json!({ "id": 7, "first_name": "Bob", "language_code": "en" });
    house.control("players", bob).await;
    let said = house
        .control("chats/7/text", json!({ "text": "/start" }))
        .await;
    assert_eq!(said, json!({ "message_id": 1 }));
    house
        .control("chats/7/text", json!({ "text": "again", "reply_to": 1 }))
        .await;
    house
        .call("sendMessage", with_buttons("choose", &["yes"]))
        .await;
    let press = json!({ "message_id": 3, "button": "yes" });
    assert!(house.control("chats/7/press", press).await["callback_id"].is_string());
    house
        .control(
            "chats/7/edit",
            json!({ "message_id": 1, "text": "changed" }),
        )
        .await;
    house.control("chats/7/sticker", json!({})).await;
    let (content_type, body) = multipart(
        &[("caption", "both")],
        &[
            ("file0", "a.png", &png(8, 8)),
            ("file1", "b.png", &png(9, 9)),
        ],
    );
    let url = format!("{}/chats/7/media", house.sandbox.url("control"));
    let request = house
        .client
        .post(url)
        .header("content-type", content_type)
        .body(body);
    let sent: Value = request.send().await.unwrap().json().await.unwrap();
    assert_eq!(sent, json!({ "message_ids": [5, 6] }));

    let url = format!("{}/chats/7/render", house.sandbox.url("control"));
    let text = house
        .client
        .get(url)
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(
        text.starts_with("#1 user (edited):\n    changed\n#2 user re #1:\n    again\n"),
        "{text}"
    );
    let blocked = house.control("chats/7/block", json!({})).await;
    assert_eq!(blocked["presence"], json!("blocked"));
}

#[tokio::test]
async fn behaviour_can_be_ordered_over_http() {
    let house = house().await;
    house.anna();
    let fault = json!({
        "method": "sendMessage", "times": 1,
        "kind": { "type": "too_many_requests", "retry_after": 9 },
    });
    house.control("faults", fault).await;
    let hello = json!({ "chat_id": 7, "text": "x" });
    let refusal = house.refusal("sendMessage", hello.clone()).await;
    assert_eq!(refusal, "429 Too Many Requests: retry after 9");
    let limits = json!({ "per_chat": { "per_second": 1.0, "burst": 1 }, "overall": null });
    let url = format!("{}/flood", house.sandbox.url("control"));
    house.client.put(url).json(&limits).send().await.unwrap();
    house.call("sendMessage", hello.clone()).await;
    house.refusal("sendMessage", hello.clone()).await;
    house
        .control("clock", json!({ "advance_millis": 1000 }))
        .await;
    house.call("sendMessage", hello).await;
    let raw = house.control("updates", json!({ "poll": {} })).await;
    let id = raw["update_id"].as_i64().unwrap();
    house
        .control(&format!("updates/{id}/redeliver"), json!({}))
        .await;
    let url = format!("{}/calls", house.sandbox.url("control"));
    let calls: Value = house
        .client
        .get(url)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(calls.as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn a_wrong_order_is_told_in_words() {
    let house = house().await;
    let check = async |path: &str, body: &'static str| {
        let url = format!("{}/{path}", house.sandbox.url("control"));
        let request = house
            .client
            .post(url)
            .header("content-type", "application/json");
        let answer = request.body(body).send().await.unwrap();
        let status = answer.status().as_u16();
        let told: Value = answer.json().await.unwrap();
        assert!(told["error"].is_string(), "{told}");
        status
    };
    assert_eq!(check("chats/99/text", r#"{"text":"x"}"#).await, 404);
    assert_eq!(check("players", r#"{"id":0,"first_name":"x"}"#).await, 400);
    assert_eq!(check("players", r#"{"id":1,"name":"x"}"#).await, 400);
    assert_eq!(
        check("faults", r#"{"times":1,"kind":{"type":"explode"}}"#).await,
        400
    );
    assert_eq!(check("faults", "not json").await, 400);
    assert_eq!(check("updates", "[]").await, 400);
}

#[tokio::test]
async fn news_tell_which_chat_changed() {
    let house = house().await;
    let anna = house.anna();
    let url = format!("{}/events", house.sandbox.url("control"));
    let mut events = house.client.get(url).send().await.unwrap();
    let mut next = async || {
        let chunk = events.chunk().await.unwrap().unwrap();
        let text = String::from_utf8(chunk.to_vec()).unwrap();
        let json = text.strip_prefix("data: ").expect("an event").trim();
        serde_json::from_str::<Value>(json).unwrap()["chats"]["7"]
            .as_u64()
            .unwrap()
    };
    let before = next().await;
    anna.text("more");
    assert!(next().await > before);
}

#[tokio::test]
async fn files_are_shown_to_people_without_running_as_pages() {
    let house = house().await;
    let anna = house.anna();
    let id = anna.document(b"<script>".to_vec(), "a.html", "text/html", None);
    let file_id = anna.message(id).unwrap().media.unwrap().file_id;
    let url = format!("{}/file/{file_id}", house.sandbox.url("control"));
    let answer = house.client.get(url).send().await.unwrap();
    let headers = answer.headers();
    assert_eq!(headers["x-content-type-options"], "nosniff");
    assert!(
        headers["content-disposition"]
            .to_str()
            .unwrap()
            .starts_with("attachment")
    );
    assert_eq!(answer.bytes().await.unwrap(), b"<script>".as_slice());
}

#[tokio::test]
async fn the_page_and_all_it_needs_are_served() {
    let house = house().await;
    let page = house
        .client
        .get(house.sandbox.url(""))
        .send()
        .await
        .unwrap();
    let page = page.text().await.unwrap();
    for part in page.split('"').filter(|part| part.starts_with("/page/")) {
        let url = format!("http://{}{part}", house.sandbox.addr());
        assert_eq!(
            house.client.get(url).send().await.unwrap().status(),
            200,
            "{part}"
        );
    }
    for hook in [
        "data-input",
        "data-send",
        "data-attach",
        "data-start",
        "data-messages",
    ] {
        assert!(page.contains(hook), "{hook} is missing");
    }
    assert!(
        !page.contains("https://"),
        "the page loads something from elsewhere"
    );
}

#[tokio::test]
async fn an_address_others_can_reach_has_to_be_asked_for() {
    let config = Config {
        addr: ([0, 0, 0, 0], 0).into(),
        bot_token: TOKEN.to_owned(),
        gemini_key: "key".to_owned(),
        exposure: Exposure::Loopback,
    };
    let refused = Sandbox::start(config.clone())
        .await
        .err()
        .unwrap()
        .to_string();
    assert!(refused.contains("listens on loopback only"), "{refused}");
    let open = Config {
        exposure: Exposure::AnyAddress,
        ..config
    };
    Sandbox::start(open).await.unwrap().stop().await;
}

#[tokio::test]
async fn a_stopped_sandbox_is_gone() {
    let house = house().await;
    let url = house.sandbox.url("");
    house.sandbox.stop().await;
    assert!(house.client.get(url).send().await.unwrap_err().is_connect());
}

#[tokio::test]
async fn pages_of_other_sites_control_nothing() {
    let house = house().await;
    house.anna();
    let url = format!("{}/chats/7/block", house.sandbox.url("control"));
    let request = house
        .client
        .post(&url)
        .header("origin", "https://elsewhere.example");
    assert_eq!(request.send().await.unwrap().status(), 403);
    let disguised = url.replace("/control", "/%63ontrol");
    let request = house
        .client
        .post(disguised)
        .header("origin", "https://elsewhere.example");
    assert_eq!(request.send().await.unwrap().status(), 403);
    let own = format!("http://{}", house.sandbox.addr());
    let request = house.client.post(&url).header("origin", own);
    assert_eq!(request.send().await.unwrap().status(), 200);
}
