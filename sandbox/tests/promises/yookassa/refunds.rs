use std::time::Duration;

use rei_sandbox::yookassa::{Notice, RefundEnd, RefundPlan};
use serde_json::{Value, json};

use super::{Shop, id, rub, shop};

fn refund(payment: &str, value: &str) -> Value {
    json!({ "payment_id": payment, "amount": rub(value) })
}

fn refunded(shop: &Shop, payment: &str) -> Value {
    shop.yookassa.payment(payment).unwrap()["refunded_amount"].clone()
}

#[tokio::test]
async fn parts_are_given_back_up_to_what_was_paid() {
    let shop = shop().await;
    let payment = shop.paid("k", "100.00").await;
    let body = json!({
        "payment_id": payment, "amount": rub("60.00"),
        "description": "unspent", "metadata": { "refund_id": "r1" },
    });
    let first = shop.post("refunds", "a", &body).await.good();
    assert_eq!(first["status"], "succeeded");
    assert_eq!(first["payment_id"], json!(payment));
    assert_eq!(first["metadata"], json!({ "refund_id": "r1" }));
    assert_eq!(refunded(&shop, &payment), rub("60.00"));
    let more = shop.post("refunds", "b", &refund(&payment, "40.01")).await;
    assert_eq!(more.refusal(), "400 invalid_request amount");
    shop.post("refunds", "c", &refund(&payment, "40.00"))
        .await
        .good();
    assert_eq!(refunded(&shop, &payment), rub("100.00"));
    assert_eq!(
        shop.yookassa.payment(&payment).unwrap()["refundable"],
        json!(false)
    );
    let found = shop.get(&format!("refunds/{}", id(&first))).await.good();
    assert_eq!(found, first);
}

#[tokio::test]
async fn parallel_refunds_never_give_back_more_than_was_paid() {
    let shop = shop().await;
    let payment = shop.paid("k", "100.00").await;
    let body = refund(&payment, "30.00");
    let keys: Vec<String> = (0..10).map(|at| format!("r{at}")).collect();
    let requests = keys.iter().map(|key| shop.post("refunds", key, &body));
    let answers = futures_util::future::join_all(requests).await;
    let done = answers.iter().filter(|answer| answer.status == 200).count();
    assert_eq!(done, 3);
    assert_eq!(refunded(&shop, &payment), rub("90.00"));
}

#[tokio::test]
async fn what_is_under_way_counts_until_it_fails() {
    let shop = shop().await;
    let payment = shop.paid("k", "100.00").await;
    let reason = "rejected_by_payee".to_owned();
    let plan = RefundPlan::FailsLater {
        millis: 60_000,
        reason,
    };
    shop.yookassa.plan_refunds(plan, 1);
    let pending = shop
        .post("refunds", "a", &refund(&payment, "100.00"))
        .await
        .good();
    assert_eq!(pending["status"], "pending");
    assert_eq!(refunded(&shop, &payment), rub("0.00"));
    let second = shop.post("refunds", "b", &refund(&payment, "1.00")).await;
    assert_eq!(second.refusal(), "400 invalid_request amount");
    shop.yookassa.advance_clock(Duration::from_secs(61));
    let failed = shop.get(&format!("refunds/{}", id(&pending))).await.good();
    assert_eq!(
        failed["cancellation_details"],
        json!({ "party": "refund_network", "reason": "rejected_by_payee" })
    );
    let again = shop
        .post("refunds", "c", &refund(&payment, "100.00"))
        .await
        .good();
    assert_eq!(again["status"], "succeeded");
}

#[tokio::test]
async fn refunds_go_as_planned() {
    let shop = shop().await;
    let payment = shop.paid("k", "100.00").await;
    let reason = "insufficient_funds".to_owned();
    shop.yookassa.plan_refunds(RefundPlan::Fails { reason }, 1);
    shop.yookassa
        .plan_refunds(RefundPlan::SucceedsLater { millis: 1000 }, 1);
    shop.yookassa.plan_refunds(RefundPlan::Waits, 1);
    let mut made = Vec::new();
    for key in ["a", "b", "c", "d"] {
        made.push(
            shop.post("refunds", key, &refund(&payment, "10.00"))
                .await
                .good(),
        );
    }
    let states: Vec<&Value> = made.iter().map(|refund| &refund["status"]).collect();
    assert_eq!(states, ["canceled", "pending", "pending", "succeeded"]);
    shop.yookassa.advance_clock(Duration::from_secs(2));
    let status = |at: usize| shop.yookassa.refund(&id(&made[at])).unwrap()["status"].clone();
    assert_eq!(
        (status(1), status(2)),
        (json!("succeeded"), json!("pending"))
    );
    shop.yookassa
        .finish_refund(&id(&made[2]), RefundEnd::Succeeds, Notice::Sent)
        .unwrap();
    assert_eq!(refunded(&shop, &payment), rub("30.00"));
    let twice = shop
        .yookassa
        .finish_refund(&id(&made[2]), RefundEnd::Succeeds, Notice::Sent);
    assert!(twice.is_err());
}

#[tokio::test]
async fn only_money_that_was_taken_can_be_given_back() {
    let shop = shop().await;
    let pending = shop.payment("k", "100.00").await;
    let refused = shop.post("refunds", "a", &refund(&pending, "1.00")).await;
    assert_eq!(refused.refusal(), "400 invalid_request -");
    let unknown = shop.post("refunds", "b", &refund("unknown", "1.00")).await;
    assert_eq!(unknown.refusal(), "404 not_found payment_id");
    let paid = shop.paid("l", "100.00").await;
    let small = shop.post("refunds", "c", &refund(&paid, "0.99")).await;
    assert_eq!(small.refusal(), "400 invalid_request amount.value");
    shop.yookassa
        .advance_clock(Duration::from_secs(3 * 366 * 24 * 3600));
    let old = shop.post("refunds", "d", &refund(&paid, "1.00")).await;
    assert_eq!(old.refusal(), "400 invalid_request -");
}

#[tokio::test]
async fn the_cabinet_refunds_a_part_or_what_is_left() {
    let shop = shop().await;
    let payment = shop.paid("k", "100.00").await;
    let part = shop
        .yookassa
        .refund_in_cabinet(&payment, Some("25.00"), Notice::Sent);
    let part = shop.yookassa.refund(&part.unwrap()).unwrap();
    assert!(part["metadata"].is_null(), "nobody gave it any");
    let rest = shop
        .yookassa
        .refund_in_cabinet(&payment, None, Notice::Withheld);
    let rest = shop.yookassa.refund(&rest.unwrap()).unwrap();
    assert_eq!(rest["amount"], rub("75.00"));
    let more = shop
        .yookassa
        .refund_in_cabinet(&payment, None, Notice::Sent);
    assert!(more.is_err());
}
