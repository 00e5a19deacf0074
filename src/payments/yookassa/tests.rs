//! The adapter against answers from a script: every row of the contract's tables.

use std::path::Path;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::poll;
use rei_actors::ports::payments::{Environment, RefundState};
use rei_domain::ids::{RefundId, TopupId, UserId};
use serde_json::{Value, json};

use super::*;
use crate::config::{Config, Environment as Variables};
use crate::loopback::{Loopback, Reply};

const KEY: &str = "live_canary-key";
const EMAIL: &str = "canary@example.org";
const EXTERNAL: &str = "22e12f66-000f-5000-8000-18db351245c7";
const REFUND: &str = "216749f7-0016-50be-b000-078d43a63ae4";
const TOPUP: &str = "018e5f0a1b2c7d4e9f0a1b2c3d4e5f6a";

fn settings() -> config::Yookassa {
    let loaded = Config::demo(&Variables::of([]), Path::new(".")).unwrap();
    let mut settings = loaded.config.yookassa;
    settings.shop_id = Some("100500".to_owned());
    settings.secret_key = Some(SecretString::from(KEY));
    settings.return_url = "https://t.me/rei_bot".to_owned();
    settings
}

fn adapter(change: impl FnOnce(&mut config::Yookassa)) -> Result<Yookassa, SetupError> {
    let mut settings = settings();
    change(&mut settings);
    Yookassa::try_new(&settings, Handle::current())
}

fn reaching(server: &Loopback) -> Yookassa {
    adapter(|settings| settings.api_url = format!("{}/v3/", server.address())).unwrap()
}

fn order() -> PaymentOrder {
    PaymentOrder {
        topup: TopupId::new(TOPUP),
        user: UserId(42),
        amount: Money::from_kopecks(10_050),
        description: "Пополнение баланса".to_owned(),
        email: None,
        language: "ru",
        created_at: Moment(1),
    }
}

fn refund_order(kopecks: i64) -> RefundOrder {
    RefundOrder {
        refund: RefundId::new("0b"),
        external: EXTERNAL.to_owned(),
        user: UserId(42),
        amount: Money::from_kopecks(kopecks),
        paid: Due {
            amount: 10_050,
            currency: "RUB",
        },
        credited: Money::from_kopecks(10_050),
        email: None,
        created_at: Moment(1),
    }
}

/// A payment as YooKassa describes it, changed.
fn payment(change: impl FnOnce(&mut Value)) -> Value {
    let mut payment = json!({
        "id": EXTERNAL, "status": "pending", "paid": false,
        "amount": { "value": "100.50", "currency": "RUB" },
        "confirmation": { "type": "redirect", "return_url": "https://t.me/rei_bot",
            "confirmation_url": "https://yoomoney.ru/checkout?orderId=1" },
        "created_at": "2026-07-18T10:51:18.139Z", "description": "…",
        "metadata": { "topup_id": TOPUP, "user_id": "42", "cms_name": "x" },
        "recipient": { "account_id": "100500", "gateway_id": "100700" },
        "refundable": false, "test": false, "income_amount": null,
    });
    change(&mut payment);
    payment
}

fn refund(change: impl FnOnce(&mut Value)) -> Value {
    let mut refund = json!({
        "id": REFUND, "payment_id": EXTERNAL, "status": "succeeded",
        "amount": { "value": "100.50", "currency": "RUB" },
        "created_at": "2026-07-18T10:51:18.139Z",
        "metadata": { "refund_id": "0b", "user_id": "42" },
    });
    change(&mut refund);
    refund
}

fn ok(body: &Value) -> Reply {
    Reply::raw(200, body.to_string())
}

fn later(cause: &'static str) -> PaymentError {
    PaymentError::Retryable { after: None, cause }
}

fn lost(cause: &'static str) -> PaymentError {
    PaymentError::Ambiguous { cause }
}

fn broken(cause: &'static str) -> PaymentError {
    PaymentError::Broken { cause }
}

fn refused(reason: &str) -> PaymentError {
    PaymentError::Refused {
        reason: reason.to_owned(),
    }
}

async fn begun(reply: Reply) -> Result<PaymentOffer, PaymentError> {
    let server = Loopback::start([reply]).await;
    reaching(&server).begin(&order()).await
}

async fn looked_up(reply: Reply) -> Result<PaymentReport, PaymentError> {
    let server = Loopback::start([reply]).await;
    reaching(&server).payment(EXTERNAL).await
}

async fn refunding(reply: Reply) -> Result<RefundReport, PaymentError> {
    let server = Loopback::start([reply]).await;
    reaching(&server).refund(&refund_order(10_050)).await
}

/// One row: what a call that moves money and one that only looks become, and no text of either
/// holds a secret or a word of the body.
async fn check(what: &str, reply: Reply, moving: PaymentError, looking: PaymentError) {
    let begun = begun(reply.clone()).await.expect_err(what);
    let refunded = refunding(reply.clone()).await.expect_err(what);
    let seen = looked_up(reply).await.expect_err(what);
    let words = format!("{begun} {begun:?} {seen} {seen:?}");
    assert!(!words.contains("canary"), "{what}: {words}");
    assert_eq!(
        (begun, refunded, seen),
        (moving.clone(), moving, looking),
        "{what}"
    );
}

#[tokio::test]
async fn a_payment_is_asked_for_as_the_contract_says() {
    let server = Loopback::start([ok(&payment(|_| {}))]).await;
    let offer = reaching(&server).begin(&order()).await.unwrap();
    let expected = PaymentOffer {
        external: Some(EXTERNAL.to_owned()),
        pay_url: "https://yoomoney.ru/checkout?orderId=1".to_owned(),
        due: Due {
            amount: 10_050,
            currency: "RUB",
        },
    };
    assert_eq!(offer, expected);
    let asked = server.asked().remove(0);
    assert!(asked.head.starts_with("POST /v3/payments HTTP/1.1\r\n"));
    let basic = format!("Basic {}", STANDARD.encode(format!("100500:{KEY}")));
    assert_eq!(asked.header("authorization"), Some(basic.as_str()));
    let key = format!("topup:{TOPUP}");
    assert_eq!(asked.header("idempotence-key"), Some(key.as_str()));
    assert_eq!(asked.header("content-type"), Some("application/json"));
    let body: Value = serde_json::from_slice(&asked.body).unwrap();
    let expected = json!({
        "amount": { "value": "100.50", "currency": "RUB" },
        "capture": true,
        "confirmation": { "type": "redirect", "return_url": "https://t.me/rei_bot",
            "locale": "ru_RU" },
        "description": "Пополнение баланса",
        "metadata": { "topup_id": TOPUP, "user_id": "42" },
    });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn the_same_order_is_the_same_bytes_under_the_same_key() {
    let answers = [ok(&payment(|_| {})), ok(&payment(|_| {}))];
    let server = Loopback::start(answers).await;
    let shop = reaching(&server);
    for _ in 0..2 {
        shop.begin(&order()).await.unwrap();
    }
    let asked = server.asked();
    assert_eq!(asked[0].body, asked[1].body);
    assert_eq!(
        asked[0].header("idempotence-key"),
        asked[1].header("idempotence-key")
    );
}

#[tokio::test]
async fn a_receipt_names_the_payer_and_adds_up_to_the_payment() {
    let server = Loopback::start([
        ok(&payment(|_| {})),
        ok(&refund(|it| it["amount"]["value"] = json!("30.00"))),
        ok(&refund(|_| {})),
    ])
    .await;
    let shop = adapter(|settings| {
        settings.api_url = server.address().to_owned();
        settings.receipt = config::Receipt::Sent;
        settings.receipt_vat_code = 11;
        settings.receipt_tax_system = 2;
    })
    .unwrap();
    let with_email = PaymentOrder {
        email: Some(EMAIL.to_owned()),
        ..order()
    };
    shop.begin(&with_email).await.unwrap();
    let part = RefundOrder {
        email: Some(EMAIL.to_owned()),
        ..refund_order(3_000)
    };
    shop.refund(&part).await.unwrap();
    // The whole payment takes its own receipt back, so the payer need not be known.
    shop.refund(&refund_order(10_050)).await.unwrap();
    let receipt = |sum: &str| {
        json!({
            "customer": { "email": EMAIL },
            "items": [{
                "description": "Пополнение баланса", "quantity": 1,
                "amount": { "value": sum, "currency": "RUB" },
                "vat_code": 11, "measure": "piece", "payment_mode": "full_prepayment",
                "payment_subject": "service",
            }],
            "internet": true,
            "tax_system_code": 2,
        })
    };
    let bodies: Vec<Value> = server
        .asked()
        .iter()
        .map(|asked| serde_json::from_slice(&asked.body).unwrap())
        .collect();
    assert_eq!(bodies[0]["receipt"], receipt("100.50"));
    assert_eq!(bodies[1]["receipt"], receipt("30.00"));
    assert_eq!(bodies[2].get("receipt"), None);
}

#[tokio::test]
async fn a_receipt_without_a_payer_is_refused_before_anything_is_asked() {
    let server = Loopback::start([]).await;
    let shop = adapter(|settings| {
        settings.api_url = server.address().to_owned();
        settings.receipt = config::Receipt::Sent;
    })
    .unwrap();
    let missing = refused("receipt_email_missing");
    assert_eq!(shop.begin(&order()).await, Err(missing.clone()));
    assert_eq!(shop.refund(&refund_order(3_000)).await, Err(missing));
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn a_refund_is_asked_for_as_the_contract_says() {
    let server = Loopback::start([ok(&refund(|it| it["status"] = json!("pending")))]).await;
    let report = reaching(&server).refund(&refund_order(10_050)).await;
    let report = report.unwrap();
    assert_eq!(report.state, RefundState::Pending);
    assert_eq!(
        (report.external.as_str(), report.payment.as_str()),
        (REFUND, EXTERNAL)
    );
    let asked = server.asked().remove(0);
    assert_eq!(asked.path, "/v3/refunds");
    assert_eq!(asked.header("idempotence-key"), Some("refund:0b"));
    let body: Value = serde_json::from_slice(&asked.body).unwrap();
    let expected = json!({
        "payment_id": EXTERNAL,
        "amount": { "value": "100.50", "currency": "RUB" },
        "metadata": { "refund_id": "0b", "user_id": "42" },
    });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn a_capture_asks_for_the_whole_payment() {
    let server = Loopback::start([ok(&payment(|it| it["status"] = json!("succeeded")))]).await;
    let report = reaching(&server).capture(EXTERNAL).await.unwrap();
    assert_eq!(report.state, PaymentState::Succeeded);
    let asked = server.asked().remove(0);
    assert_eq!(asked.path, format!("/v3/payments/{EXTERNAL}/capture"));
    let key = format!("capture:{EXTERNAL}");
    assert_eq!(asked.header("idempotence-key"), Some(key.as_str()));
    assert_eq!(asked.body, b"{}");
}

#[tokio::test]
async fn a_report_says_what_the_payment_says() {
    let paid = payment(|it| {
        it["status"] = json!("succeeded");
        it["captured_at"] = json!("2026-07-18T10:52:00.001+03:00");
        it["refunded_amount"] = json!({ "value": "0.50", "currency": "RUB" });
        it.as_object_mut().unwrap().remove("confirmation");
    });
    let report = looked_up(ok(&paid)).await.unwrap();
    let expected = PaymentReport {
        external: EXTERNAL.to_owned(),
        topup: Some(TopupId::new(TOPUP)),
        user: Some(UserId(42)),
        state: PaymentState::Succeeded,
        due: PaidSum {
            amount: 10_050,
            currency: "RUB".to_owned(),
        },
        refunded: 50,
        environment: Environment::Live,
        shop: Shop::Ours,
        created_at: Moment(1_784_371_878_139_000),
        captured_at: Some(Moment(1_784_361_120_001_000)),
    };
    assert_eq!(report, expected);
}

#[tokio::test]
async fn every_state_of_a_payment_is_known() {
    let reason = Some("insufficient_funds".to_owned());
    let details = json!({ "party": "payment_network", "reason": "insufficient_funds" });
    for (status, details, state) in [
        ("pending", Value::Null, PaymentState::Pending),
        (
            "waiting_for_capture",
            Value::Null,
            PaymentState::WaitingForCapture,
        ),
        ("succeeded", Value::Null, PaymentState::Succeeded),
        ("canceled", details, PaymentState::Canceled { reason }),
        (
            "canceled",
            Value::Null,
            PaymentState::Canceled { reason: None },
        ),
    ] {
        let body = payment(|it| {
            it["status"] = json!(status);
            it["cancellation_details"] = details;
        });
        assert_eq!(looked_up(ok(&body)).await.unwrap().state, state);
    }
}

#[tokio::test]
async fn another_shop_another_mode_and_another_currency_are_told() {
    let body = payment(|it| {
        it["recipient"]["account_id"] = json!("999");
        it["test"] = json!(true);
        it["amount"]["currency"] = json!("USD");
    });
    let report = looked_up(ok(&body)).await.unwrap();
    assert_eq!(report.shop, Shop::Another);
    assert_eq!(report.environment, Environment::Test);
    assert_eq!(report.due.currency, "USD");
}

#[tokio::test]
async fn metadata_of_another_form_is_nobodys() {
    for metadata in [
        Value::Null,
        json!({}),
        json!([]),
        json!({ "topup_id": 7, "user_id": 42 }),
        json!({ "topup_id": "", "user_id": "" }),
        json!({ "topup_id": "a b", "user_id": "+42" }),
        json!({ "topup_id": "x".repeat(65), "user_id": "-42" }),
        json!({ "topup_id": "'; --", "user_id": "0" }),
    ] {
        let report = looked_up(ok(&payment(|it| it["metadata"] = metadata.clone()))).await;
        let report = report.unwrap();
        assert_eq!((report.topup, report.user), (None, None), "{metadata}");
    }
}

#[tokio::test]
async fn every_status_is_told_by_what_comes_next() {
    let error = |body: Value| body.to_string();
    let slow = json!({ "type": "error", "code": "too_many_requests", "retry_after": 1_800,
        "description": "canary" });
    let wait = |millis| PaymentError::Retryable {
        after: Some(Duration::from_millis(millis)),
        cause: "too many requests",
    };
    let endless = json!({ "retry_after": u64::MAX });
    let unknown = json!({ "type": "error", "code": "not_found", "description": "canary" });
    for (what, status, body, moving, looking) in [
        (
            "202",
            202,
            error(json!({ "type": "processing", "description": "canary", "retry_after": 1_800 })),
            lost("the request is still processed"),
            later("the request is still processed"),
        ),
        (
            "401",
            401,
            "canary".to_owned(),
            broken("the shop id or the secret key is wrong"),
            broken("the shop id or the secret key is wrong"),
        ),
        (
            "403",
            403,
            String::new(),
            broken("the shop lacks the right"),
            broken("the shop lacks the right"),
        ),
        (
            "404",
            404,
            error(unknown),
            PaymentError::NotFound,
            PaymentError::NotFound,
        ),
        (
            "404 of a proxy",
            404,
            "<html>canary</html>".to_owned(),
            broken("there is no such API at this address"),
            broken("there is no such API at this address"),
        ),
        (
            "405",
            405,
            String::new(),
            broken("the API does not take this form of request"),
            broken("the API does not take this form of request"),
        ),
        (
            "415",
            415,
            String::new(),
            broken("the API does not take this form of request"),
            broken("the API does not take this form of request"),
        ),
        ("410", 410, String::new(), refused("gone"), refused("gone")),
        ("429", 429, error(slow), wait(1_800), wait(1_800)),
        (
            "429 for ever",
            429,
            error(endless),
            wait(600_000),
            wait(600_000),
        ),
        (
            "429 without words",
            429,
            "canary".to_owned(),
            later("too many requests"),
            later("too many requests"),
        ),
        (
            "500",
            500,
            error(json!({ "code": "internal_server_error" })),
            lost("the payment system failed"),
            later("the payment system failed"),
        ),
        (
            "502 of a proxy",
            502,
            "<html>canary</html>".to_owned(),
            lost("the payment system failed"),
            later("the payment system failed"),
        ),
        (
            "504",
            504,
            String::new(),
            lost("the payment system failed"),
            later("the payment system failed"),
        ),
        (
            "201",
            201,
            payment(|_| {}).to_string(),
            broken("an unexpected status"),
            broken("an unexpected status"),
        ),
        (
            "302",
            302,
            String::new(),
            broken("an unexpected status"),
            broken("an unexpected status"),
        ),
        (
            "418",
            418,
            String::new(),
            broken("an unexpected status"),
            broken("an unexpected status"),
        ),
    ] {
        check(what, Reply::raw(status, body), moving, looking).await;
    }
}

#[tokio::test]
async fn a_bad_request_names_what_is_wrong_in_our_words() {
    for (parameter, expected) in [
        ("amount.value", broken("the amount is not taken")),
        ("amount.currency", broken("the shop has another currency")),
        (
            "Idempotence-Key",
            broken("the idempotence key was used for another request"),
        ),
        ("receipt.items", broken("the receipt is missing or wrong")),
        ("receipt.customer.email", refused("receipt_customer")),
        (
            "payment_method_data.canary",
            broken("the request is invalid"),
        ),
        ("", broken("the request is invalid")),
    ] {
        let body = json!({ "type": "error", "code": "invalid_request",
            "description": "canary", "parameter": parameter });
        let reply = Reply::raw(400, body.to_string());
        check(parameter, reply, expected.clone(), expected).await;
    }
}

#[tokio::test]
async fn an_answer_that_is_lost_may_have_moved_money() {
    let unmeasured = Reply::Unmeasured {
        body: vec![b' '; 3 << 20],
    };
    let cut = Reply::CutOff {
        status: 200,
        body: payment(|_| {}).to_string().into_bytes(),
    };
    for (what, reply, cause) in [
        ("hung up", Reply::HangUp, "the connection broke"),
        ("cut off", cut, "the connection broke"),
        (
            "huge",
            Reply::raw(200, vec![b' '; 3 << 20]),
            "the answer is larger than the limit",
        ),
        ("endless", unmeasured, "the answer is larger than the limit"),
        ("empty", Reply::raw(200, ""), "the answer cannot be read"),
        (
            "html",
            Reply::raw(200, "<html>canary</html>"),
            "the answer cannot be read",
        ),
        (
            "not utf-8",
            Reply::raw(200, &b"{\"id\":\"\xff\"}"[..]),
            "the answer cannot be read",
        ),
        ("a list", Reply::raw(200, "[]"), "the answer cannot be read"),
        (
            "an error",
            ok(&json!({ "type": "error", "description": "canary" })),
            "the answer cannot be read",
        ),
    ] {
        check(what, reply, lost(cause), later(cause)).await;
    }
}

#[tokio::test]
async fn a_status_is_seen_through_a_body_that_breaks_off_or_is_huge() {
    let cut = Reply::CutOff {
        status: 401,
        body: b"canary".to_vec(),
    };
    let cause = broken("the shop id or the secret key is wrong");
    check("cut off", cut, cause.clone(), cause.clone()).await;
    let huge = Reply::raw(401, vec![b'x'; 3 << 20]);
    check("huge", huge, cause.clone(), cause).await;
}

#[tokio::test]
async fn no_member_that_money_depends_on_is_guessed() {
    type Change = fn(&mut Value);
    let changes: [(&str, Change); 12] = [
        ("no amount", |it| it["amount"] = Value::Null),
        ("a number", |it| it["amount"]["value"] = json!(100.5)),
        ("one digit", |it| it["amount"]["value"] = json!("100.5")),
        ("a sign", |it| it["amount"]["value"] = json!("-100.50")),
        ("no currency", |it| it["amount"]["currency"] = Value::Null),
        ("a new state", |it| it["status"] = json!("paid")),
        ("no state", |it| it["status"] = Value::Null),
        ("no test flag", |it| it["test"] = Value::Null),
        ("no shop", |it| it["recipient"] = Value::Null),
        ("no time", |it| it["created_at"] = json!("yesterday")),
        ("refunded in another currency", |it| {
            it["refunded_amount"] = json!({ "value": "1.00", "currency": "USD" });
        }),
        ("no id", |it| it["id"] = Value::Null),
    ];
    for (what, change) in changes {
        let reply = ok(&payment(change));
        let seen = looked_up(reply.clone()).await.expect_err(what);
        assert_eq!(seen, later("the answer cannot be read"), "{what}");
        let begun = begun(reply).await.expect_err(what);
        assert_eq!(begun, lost("the answer cannot be read"), "{what}");
    }
}

#[tokio::test]
async fn an_answer_about_something_else_is_not_taken_for_ours() {
    type Change = fn(&mut Value);
    let changes: [(&str, Change); 8] = [
        ("another amount", |it| {
            it["amount"]["value"] = json!("100.51")
        }),
        ("another currency", |it| {
            it["amount"]["currency"] = json!("USD")
        }),
        ("another shop", |it| {
            it["recipient"]["account_id"] = json!("100501")
        }),
        ("a test", |it| it["test"] = json!(true)),
        ("another topup", |it| {
            it["metadata"]["topup_id"] = json!("0c")
        }),
        ("no topup", |it| it["metadata"] = Value::Null),
        ("another user", |it| it["metadata"]["user_id"] = json!("43")),
        ("no user", |it| it["metadata"]["user_id"] = Value::Null),
    ];
    let another = broken("the answer is about something else");
    for (what, change) in changes {
        let begun = begun(ok(&payment(change))).await;
        assert_eq!(begun, Err(another.clone()), "{what}");
    }
    let refunds: [(&str, Change); 4] = [
        ("another amount", |it| it["amount"]["value"] = json!("1.00")),
        ("another currency", |it| {
            it["amount"]["currency"] = json!("USD")
        }),
        ("another payment", |it| it["payment_id"] = json!("x")),
        ("another refund", |it| {
            it["metadata"]["refund_id"] = json!("0c")
        }),
    ];
    for (what, change) in refunds {
        let refunded = refunding(ok(&refund(change))).await;
        assert_eq!(refunded, Err(another.clone()), "{what}");
    }
    let other_id = looked_up(ok(&payment(|it| it["id"] = json!("x")))).await;
    assert_eq!(other_id, Err(another));
}

#[tokio::test]
async fn a_repeated_order_that_is_paid_already_has_nothing_left_to_pay() {
    let paid = payment(|it| {
        it["status"] = json!("succeeded");
        it["confirmation"] = Value::Null;
    });
    let offer = begun(ok(&paid)).await.unwrap();
    assert_eq!(offer.pay_url, "https://t.me/rei_bot");
    let canceled = payment(|it| {
        it["status"] = json!("canceled");
        it["cancellation_details"] = json!({ "party": "merchant", "reason": "general_decline" });
    });
    assert_eq!(begun(ok(&canceled)).await, Err(refused("general_decline")));
    for url in ["javascript:alert(1)", "", "yoomoney.ru", "tg://resolve"] {
        let odd = payment(|it| it["confirmation"]["confirmation_url"] = json!(url));
        let cause = "the answer has no page to pay at";
        assert_eq!(begun(ok(&odd)).await, Err(lost(cause)), "{url}");
    }
}

#[tokio::test]
async fn a_refund_made_by_hand_is_nobodys_order() {
    let by_hand = refund(|it| {
        it["metadata"] = Value::Null;
        it["status"] = json!("canceled");
        it["cancellation_details"] = json!({ "party": "yoo_money", "reason": "rejected_by_payee" });
    });
    let server = Loopback::start([ok(&by_hand)]).await;
    let report = reaching(&server).refund_report(REFUND).await.unwrap();
    assert_eq!(report.refund, None);
    let reason = Some("rejected_by_payee".to_owned());
    assert_eq!(report.state, RefundState::Canceled { reason });
    assert_eq!(server.asked()[0].path, format!("/v3/refunds/{REFUND}"));
}

#[tokio::test]
async fn an_id_that_is_none_is_not_asked_for() {
    let server = Loopback::start([]).await;
    let shop = reaching(&server);
    let long = "x".repeat(65);
    for id in [
        "",
        "../me",
        "a/b",
        "a?b=c",
        "a%2fb",
        "..",
        "id with space",
        &long,
    ] {
        assert_eq!(shop.payment(id).await, Err(PaymentError::NotFound));
        assert_eq!(shop.refund_report(id).await, Err(PaymentError::NotFound));
        assert_eq!(shop.capture(id).await, Err(PaymentError::NotFound));
        let order = RefundOrder {
            external: id.to_owned(),
            ..refund_order(100)
        };
        assert_eq!(shop.refund(&order).await, Err(PaymentError::NotFound));
    }
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn a_list_is_read_page_by_page_with_its_filters() {
    let page = |items: Vec<Value>, next: Option<&str>| {
        ok(&json!({ "type": "list", "items": items, "next_cursor": next }))
    };
    let server = Loopback::start([
        page(
            vec![payment(|_| {}), payment(|it| it["id"] = json!("b"))],
            Some("37a5c87d:1"),
        ),
        page(Vec::new(), None),
        page(vec![refund(|_| {})], None),
        page(Vec::new(), Some("same")),
        page(vec![payment(|it| it["status"] = json!("new"))], None),
    ])
    .await;
    let shop = reaching(&server);
    // Between two milliseconds: neither end may take one more or less.
    let (from, to) = (Moment(1_790_000_000_000_001), Moment(1_790_086_400_000_000));
    let first = shop.payments(from, to, None).await.unwrap();
    assert_eq!(first.items.len(), 2);
    let next = first.next.unwrap();
    let second = shop.payments(from, to, Some(&next)).await.unwrap();
    assert_eq!((second.items.len(), second.next), (0, None));
    let refunds = shop.refund_reports(from, to, None).await.unwrap();
    assert_eq!(refunds.items[0].external, REFUND);
    let filters = "limit=100&created_at.gte=2026-09-21T14%3A13%3A20.001Z\
                   &created_at.lt=2026-09-22T14%3A13%3A20.000Z";
    let paths: Vec<String> = server.asked().into_iter().map(|asked| asked.path).collect();
    assert_eq!(paths[0], format!("/v3/payments?{filters}"));
    assert_eq!(
        paths[1],
        format!("/v3/payments?{filters}&cursor=37a5c87d%3A1")
    );
    assert_eq!(paths[2], format!("/v3/refunds?{filters}"));

    let circle = shop.payments(from, to, Some("same")).await;
    assert_eq!(circle, Err(broken("the list does not go on")));
    let odd = shop.payments(from, to, None).await;
    assert_eq!(odd, Err(later("the answer cannot be read")));
    let beyond = shop.payments(Moment(i64::MIN), to, None).await;
    let cause = "the list's moments are beyond the calendar";
    assert_eq!(beyond, Err(broken(cause)));
}

#[tokio::test]
async fn where_nobody_listens_nothing_was_asked() {
    let nobody = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = nobody.local_addr().unwrap();
    drop(nobody);
    let shop = adapter(|settings| settings.api_url = format!("http://{address}")).unwrap();
    let no_connection = Err(later("no connection"));
    assert_eq!(shop.begin(&order()).await, no_connection);
}

#[tokio::test]
async fn a_silent_answer_is_given_up_and_may_have_moved_money() {
    let server = Loopback::start([Reply::Silence, Reply::Silence]).await;
    let shop = adapter(|settings| {
        settings.api_url = server.address().to_owned();
        settings.timeout = Duration::from_millis(50);
    })
    .unwrap();
    assert_eq!(shop.begin(&order()).await, Err(lost("no answer in time")));
    assert_eq!(
        shop.payment(EXTERNAL).await,
        Err(later("no answer in time"))
    );
}

#[tokio::test]
async fn a_call_goes_on_when_its_caller_leaves() {
    let server = Loopback::start([ok(&payment(|_| {}))]).await;
    let shop = reaching(&server);
    let order = order();
    let mut call = shop.begin(&order);
    assert!(poll!(&mut call).is_pending());
    assert!(server.asked().is_empty());
    drop(call);
    server.until(|seen| seen.asked.len() == 1).await;
}

#[tokio::test]
async fn a_method_that_cannot_work_is_not_set_up() {
    type Change = fn(&mut config::Yookassa);
    let changes: [(Change, SetupError); 4] = [
        (|it| it.shop_id = None, SetupError::NoShop),
        (|it| it.secret_key = None, SetupError::NoKey),
        (
            |it| it.api_url = "ftp://host".to_owned(),
            SetupError::Address,
        ),
        (|it| it.api_url = "nothing".to_owned(), SetupError::Address),
    ];
    for (change, expected) in changes {
        assert_eq!(adapter(change).err(), Some(expected));
    }
}

#[test]
fn a_description_is_cut_to_what_the_payer_is_shown() {
    let long = "ы".repeat(200);
    assert_eq!(wire::description(&long).chars().count(), 128);
    assert_eq!(wire::description("коротко"), "коротко");
}
