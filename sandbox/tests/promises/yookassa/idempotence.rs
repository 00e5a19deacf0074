use std::time::Duration;

use rei_sandbox::yookassa::{Answered, Notice, SECRET_KEY, SHOP_ID};
use serde_json::json;

use super::{answer, order, rub, shop};

const DAY: Duration = Duration::from_secs(24 * 3600);

#[tokio::test]
async fn the_same_request_gets_the_first_answer_again() {
    let shop = shop().await;
    let first = shop.post("payments", "k", &order("100.00")).await.good();
    shop.yookassa
        .pay(first["id"].as_str().unwrap(), Notice::Sent)
        .unwrap();
    let again = shop.post("payments", "k", &order("100.00")).await.good();
    assert_eq!(again, first, "the first answer, not today's state");
    assert_eq!(shop.yookassa.payments().len(), 1);
    let calls = shop.yookassa.calls();
    assert_eq!(calls[0].answered, Answered::Done { status: 200 });
    assert_eq!(calls[1].answered, Answered::Repeated { status: 200 });
    assert_eq!(calls[1].idempotence_key.as_deref(), Some("k"));
    assert_eq!(calls[1].body["amount"], rub("100.00"));
}

#[tokio::test]
async fn another_request_under_the_key_is_refused() {
    let shop = shop().await;
    let id = shop.paid("k", "100.00").await;
    let refusal = "400 invalid_request Idempotence-Key";
    let other = shop.post("payments", "k", &order("100.01")).await;
    assert_eq!(other.refusal(), refusal);
    assert_eq!(other.body["description"], "Idempotence key duplicated");
    let refund = json!({ "payment_id": id, "amount": rub("1.00") });
    assert_eq!(shop.post("refunds", "k", &refund).await.refusal(), refusal);
    assert_eq!(shop.yookassa.payments().len(), 1);
    assert!(shop.yookassa.refunds().is_empty());
}

#[tokio::test]
async fn a_key_is_kept_for_24_hours_of_the_sandboxs_clock() {
    let shop = shop().await;
    let first = shop.payment("k", "100.00").await;
    shop.yookassa.advance_clock(DAY - Duration::from_secs(60));
    assert_eq!(shop.payment("k", "100.00").await, first);
    shop.yookassa.advance_clock(Duration::from_secs(61));
    assert_ne!(shop.payment("k", "100.00").await, first, "a new operation");
}

#[tokio::test]
async fn a_refused_request_needs_a_new_key_once_it_is_mended() {
    let shop = shop().await;
    let refused = shop.post("payments", "k", &order("0.50")).await;
    let again = shop.post("payments", "k", &order("0.50")).await;
    assert_eq!(again.refusal(), refused.refusal());
    let mended = shop.post("payments", "k", &order("1.00")).await;
    assert_eq!(mended.refusal(), "400 invalid_request Idempotence-Key");
}

#[tokio::test]
async fn a_change_without_a_good_key_is_refused() {
    let shop = shop().await;
    let request = || {
        let request = shop.house.client.post(shop.url("payments"));
        request
            .basic_auth(SHOP_ID, Some(SECRET_KEY))
            .json(&order("1.00"))
    };
    let long = "x".repeat(65);
    for request in [
        request(),
        request().header("Idempotence-Key", "with space"),
        request().header("Idempotence-Key", &long),
    ] {
        let refused = answer(request.send().await.unwrap()).await;
        assert_eq!(refused.refusal(), "400 invalid_request Idempotence-Key");
    }
    assert!(shop.yookassa.payments().is_empty());
}

#[tokio::test]
async fn parallel_requests_under_one_key_make_one_payment() {
    let shop = shop().await;
    let body = order("100.00");
    let requests = (0..20).map(|_| shop.post("payments", "k", &body));
    let answers = futures_util::future::join_all(requests).await;
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(shop.yookassa.payments().len(), 1);
}
