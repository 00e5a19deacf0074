use reqwest::Method;
use serde_json::{Value, json};

use super::{Shop, order, rub, shop};

impl Shop {
    async fn control(&self, verb: Method, path: &str, body: Value) -> (u16, Value) {
        let url = format!("{}/yookassa/{path}", self.house.sandbox.url("control"));
        let mut request = self.house.client.request(verb, url);
        if !body.is_null() {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    async fn order(&self, path: &str, body: Value) -> Value {
        let (status, answer) = self.control(Method::POST, path, body).await;
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }

    async fn look(&self, path: &str) -> Value {
        let (status, answer) = self.control(Method::GET, path, Value::Null).await;
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }
}

#[tokio::test]
async fn a_payer_and_a_cabinet_can_be_played_over_http() {
    let shop = shop().await;
    let a = shop.payment("a", "100.00").await;
    let paid = shop.order(&format!("payments/{a}/pay"), Value::Null).await;
    assert_eq!(paid["status"], "succeeded");
    let b = shop.payment("b", "100.00").await;
    let reason = json!({ "reason": "card_expired", "notice": "withheld" });
    let declined = shop.order(&format!("payments/{b}/decline"), reason).await;
    assert_eq!(declined["cancellation_details"]["reason"], "card_expired");
    let c = shop.payment("c", "100.00").await;
    let late = json!({ "after_millis": 60_000 });
    assert_eq!(
        shop.order(&format!("payments/{c}/pay"), late).await["status"],
        "pending"
    );
    shop.order("clock", json!({ "advance_millis": 60_000 }))
        .await;
    assert_eq!(
        shop.look(&format!("payments/{c}")).await["status"],
        "succeeded"
    );
    let d = shop.payment("d", "100.00").await;
    let expired = shop.order(&format!("payments/{d}/expire"), json!({})).await;
    assert_eq!(
        expired["cancellation_details"]["reason"],
        "expired_on_confirmation"
    );

    let part = json!({ "amount": "30.00" });
    let part = shop.order(&format!("payments/{a}/refund"), part).await;
    assert_eq!(part["amount"], rub("30.00"));
    shop.order("refund-plans", json!({ "plan": { "type": "waits" } }))
        .await;
    let body = json!({ "payment_id": a, "amount": rub("70.00") });
    let waits = shop.post("refunds", "r", &body).await.good();
    let path = format!("refunds/{}/finish", waits["id"].as_str().unwrap());
    let end = json!({ "end": { "type": "fails", "reason": "general_decline" } });
    assert_eq!(shop.order(&path, end).await["status"], "canceled");
    assert_eq!(shop.look("refunds").await.as_array().unwrap().len(), 2);
    assert_eq!(shop.look("payments").await.as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn settings_are_patched_and_checked() {
    let shop = shop().await;
    let patch = json!({ "url": "http://127.0.0.1:1/hook", "copies": 2,
        "order": { "type": "shuffled", "seed": 3 } });
    let (status, settings) = shop.control(Method::PATCH, "notifications", patch).await;
    assert_eq!((status, &settings["copies"]), (200, &json!(2)));
    assert_eq!(settings["parallel"], json!(16), "the rest stays");
    for wrong in [json!({ "copis": 2 }), json!({ "url": "ftp://x" }), json!(1)] {
        let (status, answer) = shop.control(Method::PATCH, "notifications", wrong).await;
        assert_eq!(status, 400);
        assert!(answer["error"].is_string());
    }
    let patch = json!({ "account_id": "200", "receipts": "from_yookassa" });
    let (status, _) = shop.control(Method::PATCH, "shop", patch).await;
    assert_eq!(status, 200);
    assert_eq!(shop.get("me").await.status, 401, "it is another shop now");
}

#[tokio::test]
async fn faults_calls_and_deliveries_are_seen_over_http() {
    let shop = shop().await;
    let fault = json!({ "operation": "create_payment", "kind": { "type": "server_error_after" } });
    shop.order("faults", fault).await;
    assert_eq!(
        shop.post("payments", "k", &order("100.00")).await.status,
        500
    );
    let id = shop.payment("k", "100.00").await;
    let calls = shop.look("calls").await;
    assert_eq!(calls[0]["operation"], "create_payment");
    assert_eq!(calls[0]["idempotence_key"], "k");
    assert_eq!(
        calls[1]["answered"],
        json!({ "type": "repeated", "status": 200 })
    );

    let (_, _) = shop
        .control(
            Method::PATCH,
            "notifications",
            json!({ "url": "http://127.0.0.1:1/" }),
        )
        .await;
    shop.order("notifications/hold", Value::Null).await;
    shop.order(&format!("payments/{id}/pay"), json!({})).await;
    let lie = json!({ "event": "refund.succeeded", "object": { "id": "forged" } });
    shop.order("deliveries", lie).await;
    shop.order("deliveries/1/repeat", Value::Null).await;
    let deliveries = shop.look("deliveries").await;
    assert_eq!(deliveries.as_array().unwrap().len(), 3);
    assert_eq!(deliveries[0]["object_id"], json!(id));
    assert_eq!(deliveries[0]["state"], "waiting");
    assert_eq!(shop.look("deliveries/tally").await["waiting"], json!(3));
}

#[tokio::test]
async fn a_control_that_is_not_understood_does_nothing() {
    let shop = shop().await;
    let id = shop.payment("a", "100.00").await;
    let path = format!("payments/{id}/pay");
    let typo = json!({ "notise": "withheld" });
    assert_eq!(shop.control(Method::POST, &path, typo).await.0, 400);
    assert_eq!(
        shop.look(&format!("payments/{id}")).await["status"],
        "pending"
    );
    let nobody = shop
        .control(Method::POST, "payments/1/pay", Value::Null)
        .await;
    assert_eq!(nobody.0, 404);
    assert_eq!(
        shop.control(Method::GET, "refunds/1", Value::Null).await.0,
        404
    );
}
