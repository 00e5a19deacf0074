use std::time::Duration;

use rei_sandbox::yookassa::{Environment, Notice, Receipts, SECRET_KEY, SHOP_ID, TIME_TO_PAY};
use serde_json::{Value, json};

use super::{Answer, answer, id, order, rub, shop, with};

#[tokio::test]
async fn a_payment_waits_for_its_payer_and_then_succeeds() {
    let shop = shop().await;
    let payment = shop.post("payments", "k", &order("100.00")).await.good();
    assert_eq!(id(&payment).len(), 36);
    for (field, expected) in [
        ("status", json!("pending")),
        ("paid", json!(false)),
        ("refundable", json!(false)),
        ("test", json!(true)),
        ("amount", rub("100.00")),
        (
            "recipient",
            json!({ "account_id": SHOP_ID, "gateway_id": "100700" }),
        ),
        ("metadata", json!({ "topup_id": "t1", "user_id": "42" })),
        ("description", json!("Balance top-up")),
    ] {
        assert_eq!(payment[field], expected, "{field}");
    }
    let confirmation = &payment["confirmation"];
    assert_eq!(confirmation["type"], "redirect");
    assert_eq!(confirmation["return_url"], "https://t.me/rei_bot");
    let page = confirmation["confirmation_url"].as_str().unwrap();
    assert!(
        page.starts_with(&shop.house.sandbox.url("yookassa/checkout/")),
        "{page}"
    );

    shop.yookassa.pay(&id(&payment), Notice::Sent).unwrap();
    let paid = shop.get(&format!("payments/{}", id(&payment))).await.good();
    assert_eq!(paid["status"], "succeeded");
    assert_eq!(
        (&paid["paid"], &paid["refundable"]),
        (&json!(true), &json!(true))
    );
    assert_eq!(paid["payment_method"]["type"], "bank_card");
    assert_eq!(paid["refunded_amount"], rub("0.00"));
    assert_eq!(paid["income_amount"], rub("96.59"));
    assert!(paid["captured_at"].is_string());
    assert!(paid["confirmation"].is_null());
    assert_eq!(paid["created_at"], payment["created_at"]);
}

#[tokio::test]
async fn only_the_shops_own_credentials_open_anything() {
    let shop = shop().await;
    let url = shop.url("me");
    let client = &shop.house.client;
    for request in [
        client.get(&url),
        client.get(&url).basic_auth(SHOP_ID, Some("wrong")),
        client.get(&url).basic_auth("1", Some(SECRET_KEY)),
        client.get(&url).basic_auth(SHOP_ID, None::<&str>),
        client.get(&url).bearer_auth(SECRET_KEY),
    ] {
        let refused: Answer = answer(request.send().await.unwrap()).await;
        assert_eq!(refused.refusal(), "401 invalid_credentials -");
    }
    let me = shop.get("me").await.good();
    assert_eq!(me["account_id"], SHOP_ID);
    assert_eq!(
        (&me["status"], &me["test"]),
        (&json!("enabled"), &json!(true))
    );
}

#[tokio::test]
async fn every_wrong_field_is_refused_by_name() {
    let shop = shop().await;
    let good = || order("100.00");
    let confirmation = |value: Value| with(good(), "confirmation", value);
    let many: Value = (0..17).map(|at| (format!("k{at}"), json!("v"))).collect();
    let cases = [
        (json!({}), "amount"),
        (
            with(good(), "amount", json!({ "value": 100, "currency": "RUB" })),
            "amount.value",
        ),
        (with(good(), "amount", rub("0.99")), "amount.value"),
        (with(good(), "amount", rub("700000.01")), "amount.value"),
        (
            with(
                good(),
                "amount",
                json!({ "value": "1.00", "currency": "USD" }),
            ),
            "amount.currency",
        ),
        (with(good(), "capture", json!("true")), "capture"),
        (
            with(good(), "description", json!("x".repeat(129))),
            "description",
        ),
        (with(good(), "metadata", many), "metadata"),
        (
            with(good(), "metadata", json!({ "k".repeat(33): "v" })),
            "metadata",
        ),
        (
            with(good(), "metadata", json!({ "k": "v".repeat(513) })),
            "metadata",
        ),
        (with(good(), "metadata", json!({ "k": 1 })), "metadata"),
        (
            with(good(), "merchant_customer_id", json!("x".repeat(201))),
            "merchant_customer_id",
        ),
        (confirmation(Value::Null), "confirmation"),
        (
            confirmation(json!({ "type": "redirect" })),
            "confirmation.return_url",
        ),
        (
            confirmation(json!({ "type": "redirect", "return_url": "javascript://%0aalert(1)" })),
            "confirmation.return_url",
        ),
        (
            confirmation(
                json!({ "type": "redirect", "return_url": format!("https://{}", "x".repeat(2048)) }),
            ),
            "confirmation.return_url",
        ),
        (confirmation(json!({ "type": "qr" })), "confirmation.type"),
        (
            with(good(), "payment_method_data", json!({ "type": "sbp" })),
            "payment_method_data.type",
        ),
        (
            with(good(), "payment_method_id", json!("1")),
            "payment_method_id",
        ),
    ];
    for (at, (body, parameter)) in cases.into_iter().enumerate() {
        let refused = shop.post("payments", &format!("k{at}"), &body).await;
        assert_eq!(
            refused.refusal(),
            format!("400 invalid_request {parameter}"),
            "{body}"
        );
    }
    let saved = with(good(), "save_payment_method", json!(true));
    let refused = shop.post("payments", "saved", &saved).await;
    assert_eq!(refused.refusal(), "403 forbidden -");
    assert!(shop.yookassa.payments().is_empty());
}

#[tokio::test]
async fn bodies_and_verbs_of_another_kind_are_refused() {
    let shop = shop().await;
    let request = || {
        shop.house
            .client
            .post(shop.url("payments"))
            .basic_auth(SHOP_ID, Some(SECRET_KEY))
            .header("Idempotence-Key", "k")
    };
    let status =
        async |request: reqwest::RequestBuilder| request.send().await.unwrap().status().as_u16();
    assert_eq!(status(request().body("{}")).await, 415);
    let json = || request().header("content-type", "application/json");
    assert_eq!(status(json().body("{")).await, 400);
    assert_eq!(status(json().body("x".repeat(300_000))).await, 413);
    let delete = shop.house.client.delete(shop.url("payments"));
    assert_eq!(
        status(delete.basic_auth(SHOP_ID, Some(SECRET_KEY))).await,
        405
    );
    assert_eq!(shop.get("invoices").await.refusal(), "404 not_found -");
    assert_eq!(
        shop.get("payments/1").await.refusal(),
        "404 not_found payment_id"
    );
}

#[tokio::test]
async fn a_payment_that_is_not_paid_in_an_hour_is_canceled() {
    let shop = shop().await;
    let late = shop.payment("k", "100.00").await;
    shop.yookassa
        .pay_late(&late, TIME_TO_PAY + Duration::from_secs(1))
        .unwrap();
    shop.yookassa
        .advance_clock(TIME_TO_PAY - Duration::from_secs(1));
    assert_eq!(shop.yookassa.payment(&late).unwrap()["status"], "pending");
    shop.yookassa.advance_clock(Duration::from_secs(2));
    let canceled = shop.get(&format!("payments/{late}")).await.good();
    assert_eq!(canceled["status"], "canceled");
    assert_eq!(
        canceled["cancellation_details"],
        json!({ "party": "yoo_money", "reason": "expired_on_confirmation" })
    );
    assert!(
        shop.yookassa.pay(&late, Notice::Sent).is_err(),
        "canceled is final"
    );
}

#[tokio::test]
async fn a_late_payer_pays_by_the_sandboxs_clock() {
    let shop = shop().await;
    let id = shop.payment("k", "100.00").await;
    shop.yookassa
        .pay_late(&id, Duration::from_secs(600))
        .unwrap();
    shop.yookassa.advance_clock(Duration::from_secs(599));
    assert_eq!(shop.yookassa.payment(&id).unwrap()["status"], "pending");
    shop.yookassa.advance_clock(Duration::from_secs(2));
    assert_eq!(shop.yookassa.payment(&id).unwrap()["status"], "succeeded");
}

#[tokio::test]
async fn a_reserved_payment_is_captured_in_whole_or_in_part() {
    let shop = shop().await;
    let two_stage = with(order("100.00"), "capture", json!(false));
    let mut ids = Vec::new();
    for key in ["a", "b", "c"] {
        let id = id(&shop.post("payments", key, &two_stage).await.good());
        shop.yookassa.pay(&id, Notice::Sent).unwrap();
        let held = shop.yookassa.payment(&id).unwrap();
        assert_eq!(
            (&held["status"], &held["paid"]),
            (&json!("waiting_for_capture"), &json!(true))
        );
        assert!(held["expires_at"].is_string());
        ids.push(id);
    }
    let capture = |id: &str| format!("payments/{id}/capture");
    let whole = shop.post(&capture(&ids[0]), "ca", &json!({})).await.good();
    assert_eq!(
        (&whole["status"], &whole["amount"]),
        (&json!("succeeded"), &rub("100.00"))
    );
    let more = shop
        .post(&capture(&ids[1]), "cb", &json!({ "amount": rub("100.01") }))
        .await;
    assert_eq!(more.refusal(), "400 invalid_request amount.value");
    let part = shop
        .post(&capture(&ids[1]), "cc", &json!({ "amount": rub("40.00") }))
        .await
        .good();
    assert_eq!(part["amount"], rub("40.00"));
    let again = shop.post(&capture(&ids[1]), "cd", &json!({})).await;
    assert_eq!(again.refusal(), "400 invalid_request -");

    shop.yookassa
        .advance_clock(Duration::from_secs(7 * 24 * 3600));
    let expired = shop.yookassa.payment(&ids[2]).unwrap();
    assert_eq!(
        expired["cancellation_details"]["reason"],
        "expired_on_capture"
    );
}

#[tokio::test]
async fn only_a_reserved_payment_can_be_canceled_by_the_shop() {
    let shop = shop().await;
    let two_stage = with(order("100.00"), "capture", json!(false));
    let id = id(&shop.post("payments", "a", &two_stage).await.good());
    let cancel = format!("payments/{id}/cancel");
    let bare = |key: &str| {
        shop.house
            .client
            .post(shop.url(&cancel))
            .basic_auth(SHOP_ID, Some(SECRET_KEY))
            .header("Idempotence-Key", key)
            .header("content-type", "application/json")
    };
    let pending = answer(bare("b").send().await.unwrap()).await;
    assert_eq!(pending.refusal(), "400 invalid_request -");
    shop.yookassa.pay(&id, Notice::Sent).unwrap();
    let canceled = answer(bare("c").send().await.unwrap()).await.good();
    assert_eq!(
        canceled["cancellation_details"],
        json!({ "party": "merchant", "reason": "canceled_by_merchant" })
    );
}

#[tokio::test]
async fn a_decline_says_who_and_why() {
    let shop = shop().await;
    for (reason, party) in [
        ("insufficient_funds", "payment_network"),
        ("fraud_suspected", "yoo_money"),
        ("a_reason_of_tomorrow", "payment_network"),
    ] {
        let id = shop.payment(reason, "100.00").await;
        shop.yookassa.decline(&id, reason, Notice::Sent).unwrap();
        let details = shop.yookassa.payment(&id).unwrap()["cancellation_details"].clone();
        assert_eq!(details, json!({ "party": party, "reason": reason }));
    }
}

#[tokio::test]
async fn a_shop_with_receipts_demands_them_and_registers_them() {
    let shop = shop().await;
    shop.yookassa
        .change_shop(|shop| shop.receipts = Receipts::FromYookassa);
    let refused = shop.post("payments", "a", &order("100.00")).await;
    assert_eq!(refused.refusal(), "400 invalid_request receipt");
    let description = refused.body["description"].as_str().unwrap();
    assert!(
        description.starts_with("Receipt is missing or illegal"),
        "{description}"
    );

    let receipt = json!({
        "customer": { "email": "anna@example.com" },
        "items": [{
            "description": "Balance top-up", "quantity": "1.0", "vat_code": 1,
            "measure": "piece", "amount": rub("100.00"),
        }],
    });
    let body = with(order("100.00"), "receipt", receipt);
    let id = id(&shop.post("payments", "b", &body).await.good());
    shop.yookassa.pay(&id, Notice::Sent).unwrap();
    let registration = || shop.yookassa.payment(&id).unwrap()["receipt_registration"].clone();
    assert_eq!(registration(), "pending");
    shop.yookassa.advance_clock(Duration::from_secs(60));
    assert_eq!(registration(), "succeeded");
    let partial = json!({ "payment_id": id, "amount": rub("10.00") });
    let refused = shop.post("refunds", "c", &partial).await;
    assert_eq!(refused.refusal(), "400 invalid_request receipt");
    let whole = json!({ "payment_id": id, "amount": rub("100.00") });
    assert_eq!(
        shop.post("refunds", "d", &whole).await.good()["status"],
        "succeeded"
    );
}

#[tokio::test]
async fn a_live_shop_has_more_methods_and_says_so() {
    let shop = shop().await;
    shop.yookassa
        .change_shop(|shop| shop.environment = Environment::Live);
    let sbp = with(
        order("400000.00"),
        "payment_method_data",
        json!({ "type": "sbp" }),
    );
    let payment = shop.post("payments", "a", &sbp).await.good();
    assert_eq!(payment["test"], json!(false));
    let two_stage = with(sbp, "capture", json!(false));
    let refused = shop.post("payments", "b", &two_stage).await;
    assert_eq!(
        refused.refusal(),
        "400 invalid_request payment_method_data.type"
    );
    let card = with(
        order("400000.00"),
        "payment_method_data",
        json!({ "type": "bank_card" }),
    );
    let refused = shop.post("payments", "c", &card).await;
    assert_eq!(refused.refusal(), "400 invalid_request amount.value");
}
