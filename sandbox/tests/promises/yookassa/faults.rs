use std::time::{Duration, Instant};

use rei_sandbox::yookassa::{Answered, Fault, FaultKind};
use serde_json::json;

use super::{Answer, id, order, rub, shop};

#[tokio::test]
async fn a_fault_before_the_deed_leaves_no_payment() {
    let shop = shop().await;
    let refusal = FaultKind::Refusal {
        status: 410,
        code: "gone".to_owned(),
        description: "Gone".to_owned(),
    };
    for (kind, expected) in [
        (
            FaultKind::TooManyRequests {
                retry_after: Some(1800),
            },
            "429 too_many_requests -",
        ),
        (FaultKind::ServerErrorBefore, "500 internal_server_error -"),
        (refusal, "410 gone -"),
    ] {
        shop.yookassa
            .push_fault(Fault::once("create_payment", kind));
        let answer = shop.post("payments", "k", &order("100.00")).await;
        assert_eq!(answer.refusal(), expected);
    }
    shop.yookassa.push_fault(Fault::once(
        "create_payment",
        FaultKind::Html { status: 502 },
    ));
    let html = shop
        .post_request("payments", "k", &order("100.00"))
        .send()
        .await
        .unwrap();
    assert_eq!(html.status(), 502);
    assert!(html.text().await.unwrap().starts_with("<html>"));
    shop.yookassa
        .push_fault(Fault::once("create_payment", FaultKind::DropBefore));
    let dropped = shop
        .post_request("payments", "k", &order("100.00"))
        .send()
        .await;
    assert!(dropped.is_err());
    assert!(shop.yookassa.payments().is_empty());
    let calls = shop.yookassa.calls();
    assert!(calls.iter().all(|call| call.answered == Answered::Not));
    assert_eq!(calls.len(), 5);
    shop.payment("k", "100.00").await;
}

#[tokio::test]
async fn a_fault_after_the_deed_leaves_the_answer_under_its_key() {
    let shop = shop().await;
    let body = order("100.00");
    shop.yookassa
        .push_fault(Fault::once("create_payment", FaultKind::ServerErrorAfter));
    let failed = shop.post("payments", "a", &body).await;
    assert_eq!(failed.refusal(), "500 internal_server_error -");
    let processing = FaultKind::Processing { retry_after: 1800 };
    shop.yookassa
        .push_fault(Fault::once("create_payment", processing));
    let Answer {
        status,
        body: answer,
    } = shop.post("payments", "b", &body).await;
    assert_eq!((status, &answer["type"]), (202, &json!("processing")));
    assert_eq!(answer["retry_after"], json!(1800));
    for kind in [FaultKind::DropAfter, FaultKind::Malformed] {
        let key = format!("{kind:?}");
        shop.yookassa
            .push_fault(Fault::once("create_payment", kind));
        let spoilt = shop.post_request("payments", &key, &body).send().await;
        if let Ok(response) = spoilt {
            assert!(response.json::<serde_json::Value>().await.is_err());
        }
    }
    assert_eq!(shop.yookassa.payments().len(), 4);
    for key in ["a", "b", "DropAfter", "Malformed"] {
        shop.post("payments", key, &body).await.good();
    }
    assert_eq!(
        shop.yookassa.payments().len(),
        4,
        "each answer waited under its key"
    );
}

#[tokio::test]
async fn an_answer_can_lie_about_every_field() {
    let shop = shop().await;
    let id = shop.paid("k", "100.00").await;
    for (kind, pointer, lie) in [
        (FaultKind::another_amount("1.00"), "/amount", rub("1.00")),
        (
            FaultKind::another_currency("USD"),
            "/amount",
            json!({ "value": "100.00", "currency": "USD" }),
        ),
        (
            FaultKind::another_shop("1"),
            "/recipient/account_id",
            json!("1"),
        ),
        (FaultKind::test_flag(false), "/test", json!(false)),
        (
            FaultKind::Altered {
                patch: json!({ "status": "canceled" }),
            },
            "/status",
            json!("canceled"),
        ),
        (
            FaultKind::Altered {
                patch: json!({ "metadata": { "topup_id": null } }),
            },
            "/metadata",
            json!({ "user_id": "42" }),
        ),
    ] {
        shop.yookassa.push_fault(Fault::once("get_payment", kind));
        let lied = shop.get(&format!("payments/{id}")).await.good();
        assert_eq!(lied.pointer(pointer), Some(&lie));
    }
    let listed = FaultKind::another_amount("2.00");
    shop.yookassa
        .push_fault(Fault::once("list_payments", listed));
    let list = shop.get("payments").await.good();
    assert_eq!(list["items"][0]["amount"], rub("2.00"));
    let honest = shop.get(&format!("payments/{id}")).await.good();
    assert_eq!(honest["amount"], rub("100.00"));
}

#[tokio::test]
async fn latency_delays_the_answer_and_hanging_lasts() {
    let shop = shop().await;
    let slow = FaultKind::Latency { millis: 100 };
    shop.yookassa
        .push_fault(Fault::once("create_payment", slow));
    let started = Instant::now();
    let id = id(&shop.post("payments", "k", &order("100.00")).await.good());
    assert!(started.elapsed() >= Duration::from_millis(100));
    shop.yookassa.push_fault(Fault {
        operation: None,
        times: 1,
        kind: FaultKind::Hang,
    });
    let request = shop.get_request(&format!("payments/{id}"));
    let hung = request.timeout(Duration::from_millis(100)).send().await;
    assert!(hung.unwrap_err().is_timeout());
    shop.get(&format!("payments/{id}")).await.good();
}

#[tokio::test]
async fn faults_can_be_looked_at_and_cleared() {
    let shop = shop().await;
    let fault = Fault {
        operation: Some("me".to_owned()),
        times: 3,
        kind: FaultKind::ServerErrorBefore,
    };
    shop.yookassa.push_fault(fault);
    assert_eq!(shop.get("me").await.status, 500);
    assert_eq!(shop.yookassa.faults()[0].times, 2);
    shop.yookassa.clear_faults();
    shop.get("me").await.good();
    assert_eq!(shop.yookassa.call_counts()["me"], 2);
}
