use serde_json::{Value, json};

use crate::support::house;

#[tokio::test]
async fn a_poll_waits_for_what_comes() {
    let house = house().await;
    let anna = house.anna();
    house.call("getUpdates", json!({ "offset": -1 })).await;
    let offset = house.sandbox.telegram.update_ids()[0] + 1;
    let poll = house.call("getUpdates", json!({ "offset": offset, "timeout": 30 }));
    let writing = async {
        house
            .sandbox
            .telegram
            .wait_calls("the poll", crate::support::SOON, |calls| {
                calls.get(1).cloned()
            })
            .await
            .unwrap();
        anna.text("кот");
    };
    let (updates, ()) = tokio::join!(poll, writing);
    assert_eq!(updates[0]["message"]["text"], json!("кот"));
    assert_eq!(updates[0]["message"]["from"]["language_code"], json!("ru"));
}

#[tokio::test]
async fn an_update_stays_until_it_is_confirmed() {
    let house = house().await;
    house.anna();
    let first = house.call("getUpdates", json!({})).await;
    assert_eq!(house.call("getUpdates", json!({})).await, first);
    let next = first[0]["update_id"].as_i64().unwrap() + 1;
    assert_eq!(
        house.call("getUpdates", json!({ "offset": next })).await,
        json!([])
    );
    assert_eq!(house.sandbox.telegram.pending_updates(), 0);
}

#[tokio::test]
async fn a_second_poll_ends_the_first() {
    let house = house().await;
    let first = house.refusal("getUpdates", json!({ "timeout": 30 }));
    let second = async {
        let telegram = &house.sandbox.telegram;
        let begun = telegram.wait_calls("the first", crate::support::SOON, |calls| {
            calls.first().cloned()
        });
        begun.await.unwrap();
        // The call is on record a moment before it waits: polls until the first gave way.
        loop {
            house.call("getUpdates", json!({})).await;
            let ended = telegram.calls()[0].answered.clone();
            if ended != rei_sandbox::telegram::Answered::Not {
                return;
            }
        }
    };
    let (first, ()) = tokio::join!(first, second);
    assert!(
        first.starts_with("409 Conflict: terminated by other getUpdates request"),
        "{first}"
    );
}

#[tokio::test]
async fn polling_and_a_webhook_exclude_each_other() {
    let house = house().await;
    house
        .call("setWebhook", json!({ "url": "http://127.0.0.1:9/hook" }))
        .await;
    let refusal = house.refusal("getUpdates", json!({})).await;
    assert!(
        refusal.starts_with("409 Conflict: can't use getUpdates method while"),
        "{refusal}"
    );
    house.call("deleteWebhook", json!({})).await;
    house.call("getUpdates", json!({})).await;
}

#[tokio::test]
async fn an_update_can_be_sent_once_more_or_raw() {
    let house = house().await;
    house.anna();
    let telegram = &house.sandbox.telegram;
    let id = telegram.update_ids()[0];
    house.call("getUpdates", json!({ "offset": id + 1 })).await;
    assert!(telegram.redeliver(id));
    let again = house.call("getUpdates", json!({ "offset": id + 1 })).await;
    assert_eq!(again[0]["update_id"], json!(id));
    let raw = telegram.push_raw_update(json!({ "guest_message": { "text": "?" } }));
    let updates = house.call("getUpdates", json!({ "offset": id + 1 })).await;
    assert_eq!(
        updates,
        json!([{ "update_id": raw, "guest_message": { "text": "?" } }])
    );
    telegram.drop_pending();
    assert_eq!(telegram.pending_updates(), 0);
}

#[tokio::test]
async fn unwanted_kinds_do_not_come() {
    let house = house().await;
    let anna = house.anna();
    house
        .call("getUpdates", json!({ "allowed_updates": ["message"] }))
        .await;
    anna.edit(1, "changed").unwrap();
    anna.block();
    anna.text("back");
    let updates = house.call("getUpdates", json!({})).await;
    let texts: Vec<&Value> = updates
        .as_array()
        .unwrap()
        .iter()
        .map(|update| &update["message"]["text"])
        .collect();
    assert_eq!(texts, [&json!("/start"), &json!("back")]);
}
