use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rei_sandbox::yookassa::{DeliveryState, Notice, Order, RefundPlan};
use serde_json::json;

use super::receiver::{LONG, Receiver};
use super::{id, order, rub, shop, with};
use crate::support::SOON;

const DAY: Duration = Duration::from_secs(24 * 3600);

#[actix_web::test]
async fn each_step_that_has_an_event_is_told_with_the_object() {
    let shop = shop().await;
    let receiver = Receiver::start(&shop.yookassa);
    let paid = shop.paid("a", "100.00").await;
    shop.yookassa.wait_until_told(SOON).await.unwrap();
    let told = receiver.told()[0].json();
    assert_eq!(told["type"], "notification");
    assert_eq!(told["event"], "payment.succeeded");
    assert_eq!(
        told["object"],
        shop.get(&format!("payments/{paid}")).await.good()
    );
    assert_eq!(
        receiver.told()[0].header("content-type"),
        Some("application/json")
    );

    let declined = shop.payment("b", "100.00").await;
    shop.yookassa
        .decline(&declined, "card_expired", Notice::Sent)
        .unwrap();
    let two_stage = with(order("100.00"), "capture", json!(false));
    let held = id(&shop.post("payments", "c", &two_stage).await.good());
    shop.yookassa.pay(&held, Notice::Sent).unwrap();
    let reason = "general_decline".to_owned();
    shop.yookassa.plan_refunds(RefundPlan::Fails { reason }, 1);
    let body = json!({ "payment_id": paid, "amount": rub("5.00") });
    shop.post("refunds", "d", &body).await.good();
    let refund = id(&shop.post("refunds", "e", &body).await.good());
    shop.yookassa.wait_until_told(SOON).await.unwrap();
    let mut events = receiver.events();
    events.sort();
    let mut expected = [
        format!("payment.succeeded {paid}"),
        format!("payment.canceled {declined}"),
        format!("payment.waiting_for_capture {held}"),
        format!("refund.succeeded {refund}"),
    ];
    expected.sort();
    assert_eq!(events, expected, "a failed refund is not told");
}

#[actix_web::test]
async fn anything_but_200_is_repeated_with_the_clock() {
    let shop = shop().await;
    let receiver = Receiver::start(&shop.yookassa);
    let statuses = [500, 204, 302, 404];
    receiver.will_answer(&statuses);
    shop.paid("a", "100.00").await;
    for attempt in 1..=statuses.len() {
        let waiting = shop.yookassa.wait_attempts(attempt as u64, SOON).await;
        waiting.unwrap();
        shop.yookassa.advance_clock(Duration::from_secs(3600));
    }
    let tally = shop.yookassa.wait_until_told(SOON).await.unwrap();
    assert_eq!((tally.attempts, tally.delivered), (5, 1));
    let bodies: Vec<_> = receiver.told().into_iter().map(|told| told.body).collect();
    assert!(
        bodies.iter().all(|body| *body == bodies[0]),
        "the same bytes each time"
    );
}

#[actix_web::test]
async fn nothing_comes_after_24_hours() {
    let shop = shop().await;
    let receiver = Receiver::start(&shop.yookassa);
    receiver.will_answer(&[500]);
    shop.paid("a", "100.00").await;
    shop.yookassa.wait_attempts(1, SOON).await.unwrap();
    shop.yookassa.advance_clock(DAY + Duration::from_secs(1));
    let tally = shop.yookassa.wait_until_told(SOON).await.unwrap();
    assert_eq!((tally.given_up, tally.attempts), (1, 1));
    assert_eq!(shop.yookassa.deliveries()[0].state, DeliveryState::GivenUp);
}

#[actix_web::test]
async fn a_proxy_in_front_signs_every_attempt_anew_under_one_id() {
    let shop = shop().await;
    let receiver = Receiver::start(&shop.yookassa);
    receiver.will_answer(&[503]);
    let secrets = ["first-secret-of-24-bytes!", "second-secret-of-24-bytes"]
        .map(|key| format!("whsec_{}", STANDARD.encode(key)))
        .to_vec();
    shop.yookassa
        .change_notifications(|settings| {
            settings.intervals_millis = vec![1];
            settings.signing.secrets = secrets;
            let forwarded = ("X-Forwarded-For".to_owned(), "185.71.76.1".to_owned());
            settings.headers = BTreeMap::from([forwarded]);
        })
        .unwrap();
    shop.paid("a", "100.00").await;
    shop.yookassa.wait_until_told(SOON).await.unwrap();
    let told = receiver.told();
    assert_eq!(told.len(), 2);
    assert!(told[0].header("webhook-id").unwrap().starts_with("yk_"));
    assert_eq!(told[0].header("webhook-id"), told[1].header("webhook-id"));
    assert!(
        told[0]
            .header("webhook-timestamp")
            .unwrap()
            .parse::<i64>()
            .unwrap()
            > 0
    );
    let signatures = told[0].header("webhook-signature").unwrap();
    assert_eq!(
        signatures
            .split(' ')
            .filter(|one| one.starts_with("v1,"))
            .count(),
        2
    );
    assert_eq!(told[0].header("x-forwarded-for"), Some("185.71.76.1"));
}

#[actix_web::test]
async fn a_payment_can_be_paid_without_a_word() {
    let shop = shop().await;
    let receiver = Receiver::start(&shop.yookassa);
    let id = shop.payment("a", "100.00").await;
    shop.yookassa.pay(&id, Notice::Withheld).unwrap();
    let tally = shop.yookassa.wait_until_told(SOON).await.unwrap();
    assert_eq!((tally.unsent, tally.attempts), (1, 0));
    assert!(receiver.told().is_empty());
    assert!(shop.yookassa.repeat(1), "it can still be sent");
    shop.yookassa.wait_until_told(SOON).await.unwrap();
    assert_eq!(receiver.events(), [format!("payment.succeeded {id}")]);
}

#[actix_web::test]
async fn copies_come_shuffled_and_lies_come_as_they_are_told() {
    let shop = shop().await;
    let receiver = Receiver::start(&shop.yookassa);
    shop.yookassa
        .change_notifications(|settings| {
            settings.copies = 3;
            settings.parallel = 1;
            settings.order = Order::Shuffled { seed: 7 };
        })
        .unwrap();
    shop.yookassa.hold();
    let mut expected = Vec::new();
    for key in ["a", "b", "c", "d"] {
        let id = shop.paid(key, "100.00").await;
        expected.extend([(); 3].map(|()| format!("payment.succeeded {id}")));
    }
    assert_eq!(shop.yookassa.tally().waiting, 12);
    assert!(receiver.told().is_empty(), "held back");
    shop.yookassa.release();
    shop.yookassa.wait_until_told(SOON).await.unwrap();
    let mut events = receiver.events();
    assert_ne!(events, expected, "in another order");
    events.sort();
    expected.sort();
    assert_eq!(events, expected, "each three times");

    shop.yookassa
        .change_notifications(|settings| settings.copies = 1)
        .unwrap();
    shop.yookassa.notify(
        "payment.succeeded",
        &json!({ "id": "forged", "status": "succeeded" }),
    );
    shop.yookassa.wait_until_told(SOON).await.unwrap();
    assert_eq!(
        receiver.events().last().unwrap(),
        "payment.succeeded forged"
    );
}

#[actix_web::test]
async fn settings_no_courier_could_work_with_change_nothing() {
    let shop = shop().await;
    let before = shop.yookassa.notifications();
    let wrong = shop
        .yookassa
        .change_notifications(|settings| settings.events.push("refund.canceled".to_owned()));
    assert_eq!(wrong.unwrap_err(), "there is no event refund.canceled");
    let wrong = shop
        .yookassa
        .change_notifications(|settings| settings.signing.secrets = vec!["secret".to_owned()]);
    assert!(wrong.is_err());
    assert_eq!(shop.yookassa.notifications(), before);
}

#[actix_web::test]
async fn thousands_of_notifications_are_carried_quickly_and_each_arrives() {
    const PAYMENTS: usize = 2_000;
    let shop = shop().await;
    let receiver = Receiver::start(&shop.yookassa);
    shop.yookassa
        .change_notifications(|settings| {
            settings.copies = 2;
            settings.parallel = 64;
            settings.order = Order::Shuffled { seed: 1 };
            settings.unheard_per_thousand = 100;
            settings.intervals_millis = vec![1];
        })
        .unwrap();
    for _ in 0..PAYMENTS {
        let payment = shop.yookassa.create_payment(&order("100.00")).unwrap();
        shop.yookassa.pay(&id(&payment), Notice::Sent).unwrap();
    }
    let tally = shop.yookassa.wait_until_told(LONG).await.unwrap();
    assert_eq!(tally.delivered, 2 * PAYMENTS as u64);
    assert!(
        tally.attempts > tally.delivered,
        "some answers were not heard"
    );
    assert_eq!(receiver.told().len() as u64, tally.attempts);
    let mut events = receiver.events();
    events.sort();
    events.dedup();
    assert_eq!(events.len(), PAYMENTS);
}
