use std::time::Duration;

use serde_json::json;

use crate::support::{house, with_buttons};

#[tokio::test]
async fn a_press_reaches_the_bot_and_its_answer_the_person() {
    let house = house().await;
    let anna = house.anna();
    house
        .call("sendMessage", with_buttons("choose", &["yes", "no"]))
        .await;
    let id = anna.press(2, "yes").unwrap();
    let updates = house.call("getUpdates", json!({ "offset": -1 })).await;
    let query = &updates[0]["callback_query"];
    assert_eq!(query["id"], json!(id));
    assert_eq!(query["data"], json!("yes"));
    assert_eq!(query["message"]["text"], json!("choose"));
    let answer = json!({ "callback_query_id": id, "text": "Хорошо", "show_alert": true });
    house.call("answerCallbackQuery", answer.clone()).await;
    let toasts = anna.toasts();
    assert_eq!((toasts[0].text.as_str(), toasts[0].alert), ("Хорошо", true));
    let again = house.refusal("answerCallbackQuery", answer).await;
    assert!(
        again.starts_with("400 Bad Request: query is too old"),
        "{again}"
    );
}

#[tokio::test]
async fn an_old_press_can_no_longer_be_answered() {
    let house = house().await;
    let anna = house.anna();
    let id = anna.press_data(1, "old");
    house
        .sandbox
        .telegram
        .advance_clock(Duration::from_secs(151));
    let refusal = house
        .refusal("answerCallbackQuery", json!({ "callback_query_id": id }))
        .await;
    assert!(
        refusal.starts_with("400 Bad Request: query is too old"),
        "{refusal}"
    );
}

#[tokio::test]
async fn a_press_on_a_message_that_is_gone_names_it_without_content() {
    let house = house().await;
    let anna = house.anna();
    anna.press_data(99, "forged");
    let updates = house.call("getUpdates", json!({ "offset": -1 })).await;
    let message = &updates[0]["callback_query"]["message"];
    assert_eq!(
        (&message["date"], &message["message_id"]),
        (&json!(0), &json!(99))
    );
    assert!(message["text"].is_null());
}

#[tokio::test]
async fn a_button_that_is_not_there_cannot_be_pressed() {
    let house = house().await;
    let anna = house.anna();
    house
        .call("sendMessage", with_buttons("choose", &["yes"]))
        .await;
    let error = anna.press(2, "perhaps").unwrap_err().to_string();
    assert_eq!(error, "no button \"perhaps\" among [\"yes\"]");
    assert!(anna.press(99, "yes").is_err());
}

#[tokio::test]
async fn an_action_is_shown_until_a_message_or_five_seconds() {
    let house = house().await;
    let anna = house.anna();
    let typing = json!({ "chat_id": 7, "action": "typing" });
    house.call("sendChatAction", typing.clone()).await;
    assert_eq!(anna.action().as_deref(), Some("typing"));
    house.sandbox.telegram.advance_clock(Duration::from_secs(5));
    assert_eq!(anna.action(), None);
    house.call("sendChatAction", typing).await;
    house
        .call("sendMessage", json!({ "chat_id": 7, "text": "x" }))
        .await;
    assert_eq!(anna.action(), None);
    assert!(
        house
            .refusal(
                "sendChatAction",
                json!({ "chat_id": 7, "action": "dancing" })
            )
            .await
            .starts_with("400")
    );
}
