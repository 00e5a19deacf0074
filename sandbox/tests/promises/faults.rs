use std::time::Duration;

use rei_sandbox::telegram::{Answered, Fault, FaultKind};
use serde_json::json;

use crate::support::{House, house};

/// A house where the next `sendMessage` goes wrong like this.
async fn spoilt(kind: FaultKind) -> House {
    let house = house().await;
    house.anna();
    house
        .sandbox
        .telegram
        .faults()
        .push(Fault::once("sendMessage", kind));
    house
}

fn hello() -> serde_json::Value {
    json!({ "chat_id": 7, "text": "hello" })
}

/// How many messages Anna got.
fn delivered(house: &House) -> usize {
    house.sandbox.telegram.find_player(7).unwrap().chat().len() - 1
}

#[tokio::test]
async fn a_dropped_connection_may_have_delivered_or_not() {
    for (kind, expected) in [(FaultKind::DropBefore, 0), (FaultKind::DropAfter, 1)] {
        let house = spoilt(kind).await;
        let error = house.raw("sendMessage", hello()).await.unwrap_err();
        assert!(error.is_request(), "{error:?}");
        assert_eq!(delivered(&house), expected);
        house.call("sendMessage", hello()).await;
    }
}

#[tokio::test]
async fn too_many_requests_can_be_ordered() {
    let house = spoilt(FaultKind::TooManyRequests { retry_after: 35 }).await;
    let refusal = house.refusal("sendMessage", hello()).await;
    assert_eq!(refusal, "429 Too Many Requests: retry after 35");
    assert_eq!(delivered(&house), 0);
}

#[tokio::test]
async fn a_proxy_answers_in_html() {
    let house = spoilt(FaultKind::ServerError { status: 502 }).await;
    let answer = house.raw("sendMessage", hello()).await.unwrap();
    assert_eq!(answer.status(), 502);
    assert!(answer.text().await.unwrap().starts_with("<html>"));
    assert_eq!(delivered(&house), 0);
}

#[tokio::test]
async fn a_malformed_answer_hides_a_delivery() {
    let house = spoilt(FaultKind::Malformed).await;
    let answer = house.raw("sendMessage", hello()).await.unwrap();
    assert_eq!(answer.status(), 200);
    assert!(answer.json::<serde_json::Value>().await.is_err());
    assert_eq!(delivered(&house), 1);
}

#[tokio::test]
async fn a_hanging_call_neither_acts_nor_answers() {
    let house = spoilt(FaultKind::Hang).await;
    let call = house
        .request("sendMessage")
        .json(&hello())
        .timeout(Duration::from_millis(50));
    assert!(call.send().await.unwrap_err().is_timeout());
    assert_eq!(delivered(&house), 0);
    let calls = house.sandbox.telegram.calls();
    assert_eq!(
        calls.last().map(|call| &call.answered),
        Some(&Answered::Not)
    );
}

#[tokio::test]
async fn a_late_answer_is_still_an_answer() {
    let house = spoilt(FaultKind::Latency { millis: 20 }).await;
    let begun = std::time::Instant::now();
    house.call("sendMessage", hello()).await;
    assert!(begun.elapsed() >= Duration::from_millis(20));
}

#[tokio::test]
async fn any_refusal_can_be_ordered() {
    let description = "Forbidden: user is deactivated".to_owned();
    let house = spoilt(FaultKind::Refusal {
        code: 403,
        description,
    })
    .await;
    let refusal = house.refusal("sendMessage", hello()).await;
    assert_eq!(refusal, "403 Forbidden: user is deactivated");
}

#[tokio::test]
async fn every_call_is_on_record_without_its_bytes() {
    let house = house().await;
    house.anna();
    let bytes = crate::support::png(10, 10);
    let fields = [("chat_id", "7"), ("caption", "кот")];
    house
        .upload("sendPhoto", &fields, &[("photo", "a.png", &bytes)])
        .await;
    house
        .refusal("sendMessage", json!({ "chat_id": 99, "text": "x" }))
        .await;
    let calls = house.sandbox.telegram.calls();
    assert_eq!(calls[0].chat_id, Some(7));
    assert_eq!(
        calls[0].params["photo"],
        json!(format!("<a.png, {} bytes>", bytes.len()))
    );
    assert_eq!(calls[0].answered, Answered::Done);
    let description = "Bad Request: chat not found".to_owned();
    assert_eq!(
        calls[1].answered,
        Answered::Refused {
            code: 400,
            description
        }
    );
}
