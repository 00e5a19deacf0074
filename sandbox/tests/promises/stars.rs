use std::time::Duration;

use rei_sandbox::telegram::{Fault, FaultKind, Player};
use serde_json::{Value, json};

use crate::support::{House, house};

fn invoice() -> Value {
    json!({ "title": "Top-up", "description": "500 roubles", "payload": "t1",
            "currency": "XTR", "prices": [{ "label": "Top-up", "amount": 250 }] })
}

/// The newest update of a kind.
async fn newest(house: &House, kind: &str) -> Value {
    loop {
        let updates = house
            .call("getUpdates", json!({ "offset": -1, "timeout": 5 }))
            .await;
        if !updates[0][kind].is_null() {
            return updates[0][kind].clone();
        }
    }
}

/// A person pays while the bot answers so.
async fn pays(house: &House, person: &Player, url: &str, answer: Value) -> Result<(), String> {
    let answers = async {
        let query = newest(house, "pre_checkout_query").await;
        let mut answer = answer;
        answer["pre_checkout_query_id"] = query["id"].clone();
        house.call("answerPreCheckoutQuery", answer).await;
        query
    };
    let (paid, query) = tokio::join!(person.pay_stars(url), answers);
    assert_eq!(query["from"]["id"], json!(person.id()));
    assert_eq!(
        (&query["currency"], &query["total_amount"]),
        (&json!("XTR"), &json!(250))
    );
    assert_eq!(query["invoice_payload"], json!("t1"));
    paid
}

async fn listed(house: &House, arguments: Value) -> Vec<Value> {
    let listed = house.call("getStarTransactions", arguments).await;
    listed["transactions"].as_array().unwrap().clone()
}

#[tokio::test]
async fn stars_move_when_the_bot_says_yes_and_both_sides_are_told() {
    let house = house().await;
    let anna = house.anna();
    let url = house.call("createInvoiceLink", invoice()).await;
    let had = anna.stars();
    let paid = pays(&house, &anna, url.as_str().unwrap(), json!({ "ok": true })).await;
    assert_eq!((paid, anna.stars()), (Ok(()), had - 250));
    let told = newest(&house, "message").await;
    let told = &told["successful_payment"];
    assert_eq!(
        (&told["total_amount"], &told["invoice_payload"]),
        (&json!(250), &json!("t1"))
    );
    let lines = listed(&house, json!({})).await;
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["id"], told["telegram_payment_charge_id"]);
    assert_eq!(lines[0]["source"]["invoice_payload"], json!("t1"));
    let balance = house.call("getMyStarBalance", json!({})).await;
    assert_eq!(balance, json!({ "amount": 250 }));
}

#[tokio::test]
async fn a_no_is_told_and_moves_nothing() {
    let house = house().await;
    let anna = house.anna();
    let had = anna.stars();
    let url = house.call("createInvoiceLink", invoice()).await;
    let no = json!({ "ok": false, "error_message": "Поздно" });
    let paid = pays(&house, &anna, url.as_str().unwrap(), no).await;
    assert_eq!((paid, anna.stars()), (Err("Поздно".to_owned()), had));
    assert!(listed(&house, json!({})).await.is_empty());
}

#[tokio::test]
async fn an_answer_after_ten_seconds_is_too_late() {
    let house = house().await;
    let anna = house.anna();
    let url = house.call("createInvoiceLink", invoice()).await;
    let late = async {
        let query = newest(&house, "pre_checkout_query").await;
        house
            .sandbox
            .telegram
            .advance_clock(Duration::from_secs(10));
        let yes = json!({ "pre_checkout_query_id": query["id"], "ok": true });
        house.refusal("answerPreCheckoutQuery", yes).await
    };
    let refused = tokio::select! {
        refused = late => refused,
        paid = anna.pay_stars(url.as_str().unwrap()) => panic!("nobody answered: {paid:?}"),
    };
    assert!(
        refused.starts_with("400 Bad Request: query is too old"),
        "{refused}"
    );
    assert!(listed(&house, json!({})).await.is_empty());
}

#[tokio::test]
async fn a_payment_goes_back_as_a_whole_and_once() {
    let house = house().await;
    let anna = house.anna();
    let had = anna.stars();
    let charge = anna.pay_stars_unasked("t1", 250);
    let refund = json!({ "user_id": 7, "telegram_payment_charge_id": charge });
    house.call("refundStarPayment", refund.clone()).await;
    let told = newest(&house, "message").await;
    assert_eq!(
        told["refunded_payment"]["telegram_payment_charge_id"],
        json!(charge)
    );
    assert_eq!(anna.stars(), had);
    let again = house.refusal("refundStarPayment", refund).await;
    assert_eq!(again, "400 Bad Request: CHARGE_ALREADY_REFUNDED");
    let lines = listed(&house, json!({})).await;
    assert_eq!(
        (&lines[0]["id"], &lines[1]["id"]),
        (&json!(charge), &json!(charge))
    );
    assert_eq!(lines[1]["receiver"]["user"]["id"], json!(7));
    let stranger = json!({ "user_id": 8, "telegram_payment_charge_id": charge });
    let refused = house.refusal("refundStarPayment", stranger).await;
    assert_eq!(refused, "400 Bad Request: CHARGE_ID_INVALID");
}

#[tokio::test]
async fn a_lost_answer_leaves_the_refund_done() {
    let house = house().await;
    let anna = house.anna();
    let charge = anna.pay_stars_unasked("t1", 250);
    let faults = house.sandbox.telegram.faults();
    faults.push(Fault::once("refundStarPayment", FaultKind::DropAfter));
    let refund = json!({ "user_id": 7, "telegram_payment_charge_id": charge });
    assert!(
        house
            .raw("refundStarPayment", refund.clone())
            .await
            .is_err()
    );
    let again = house.refusal("refundStarPayment", refund).await;
    assert_eq!(again, "400 Bad Request: CHARGE_ALREADY_REFUNDED");
}

#[tokio::test]
async fn the_list_is_read_in_parts_the_oldest_first() {
    let house = house().await;
    let anna = house.anna();
    house.sandbox.telegram.fill_stars(150);
    let charge = anna.pay_stars_unasked("t1", 250);
    let part = async |offset: u32, limit: u32| {
        listed(&house, json!({ "offset": offset, "limit": limit })).await
    };
    assert_eq!(part(0, 100).await.len(), 100);
    let last = part(100, 100).await;
    assert_eq!((last.len(), &last[50]["id"]), (51, &json!(charge)));
    assert_eq!(part(151, 100).await.len(), 0);
    for limit in [0, 101] {
        let asked = json!({ "limit": limit });
        house.refusal("getStarTransactions", asked).await;
    }
}

#[tokio::test]
async fn an_invoice_that_telegram_would_not_take_is_refused() {
    let house = house().await;
    let price = json!({ "label": "a", "amount": 1 });
    for (field, value) in [
        ("title", json!("")),
        ("title", json!("x".repeat(33))),
        ("description", json!("")),
        ("description", json!("x".repeat(256))),
        ("payload", json!("")),
        ("payload", json!("ж".repeat(65))),
        ("currency", json!("RUB")),
        ("provider_token", json!("123:TEST")),
        ("prices", json!([])),
        ("prices", json!([price, price])),
        ("prices", json!([{ "label": "a", "amount": 0 }])),
    ] {
        let mut wrong = invoice();
        wrong[field] = value.clone();
        let refused = house.refusal("createInvoiceLink", wrong).await;
        assert!(
            refused.starts_with("400 Bad Request: "),
            "{field} {value}: {refused}"
        );
    }
}
