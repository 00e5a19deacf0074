//! YooKassa's adapter against its emulator: the shared promises, and what only YooKassa does.

use std::time::Duration;

use rei_actors::ports::payments::{
    Environment, PaymentError, PaymentMethod, PaymentOffer, PaymentOrder, PaymentState,
    RefundState, Shop,
};
use rei_bot::config::{Config, Environment as Variables, Receipt, Yookassa as Settings};
use rei_bot::payments::Yookassa;
use rei_domain::money::Money;
use rei_domain::time::Moment;
use rei_sandbox::Sandbox;
use rei_sandbox::yookassa::{
    Environment as ShopKind, Fault, FaultKind, Notice, Receipts, RefundEnd, RefundPlan, SECRET_KEY,
    SHOP_ID, TIME_TO_PAY,
};
use secrecy::SecretString;
use serde_json::json;
use std::sync::Arc;

use super::conformance::{Bench, Call, Counter, Spoiling, Trouble};
use crate::support::house::sandbox;

/// The emulator, and the adapter in front of it.
struct Shopfront {
    sandbox: Sandbox,
    settings: Settings,
}

impl Shopfront {
    async fn open() -> Shopfront {
        let sandbox = sandbox().await;
        let loaded = Config::demo(&Variables::of([]), &std::env::temp_dir());
        let mut settings = loaded.expect("the keys are right").config.yookassa;
        settings.shop_id = Some(SHOP_ID.to_owned());
        settings.secret_key = Some(SecretString::from(SECRET_KEY));
        settings.api_url = sandbox.url("yookassa/v3");
        settings.environment = Environment::Test;
        settings.timeout = Duration::from_millis(500);
        Shopfront { sandbox, settings }
    }

    fn adapter(&self) -> Arc<dyn PaymentMethod> {
        let runtime = tokio::runtime::Handle::current();
        let adapter = Yookassa::try_new(&self.settings, runtime);
        Arc::new(adapter.expect("the settings are right"))
    }

    fn fault(&self, operation: &str, kind: FaultKind) {
        self.sandbox
            .yookassa
            .push_fault(Fault::once(operation, kind));
    }
}

#[async_trait::async_trait]
impl Counter for Shopfront {
    fn method(&self) -> Arc<dyn PaymentMethod> {
        self.adapter()
    }

    fn environment(&self) -> Environment {
        Environment::Test
    }

    fn now(&self) -> Moment {
        let now = self.sandbox.yookassa.now().as_micros();
        Moment(i64::try_from(now).expect("the year is near"))
    }

    async fn pay(&self, _: &PaymentOrder, offer: &PaymentOffer) -> String {
        let external = offer.external.clone().expect("YooKassa names it at once");
        let paid = self.sandbox.yookassa.pay(&external, Notice::Withheld);
        paid.expect("it waits for its payer");
        external
    }

    fn payments(&self) -> usize {
        self.sandbox.yookassa.payments().len()
    }

    fn refunds(&self) -> usize {
        self.sandbox.yookassa.refunds().len()
    }

    fn spoil(&self, call: Call, trouble: Trouble) -> Spoiling {
        let operation = match call {
            Call::Begin => "create_payment",
            Call::Payment => "get_payment",
            Call::Refund => "create_refund",
        };
        let kind = match trouble {
            Trouble::Slow => FaultKind::Latency { millis: 100 },
            Trouble::TooMany { wait_ms } => FaultKind::TooManyRequests {
                retry_after: Some(wait_ms),
            },
            Trouble::FailedBefore => FaultKind::ServerErrorBefore,
            Trouble::FailedAfter => FaultKind::ServerErrorAfter,
            Trouble::Processing => FaultKind::Processing { retry_after: 1_800 },
            Trouble::Gateway => FaultKind::Html { status: 502 },
            Trouble::DroppedBefore => FaultKind::DropBefore,
            Trouble::DroppedAfter => FaultKind::DropAfter,
            Trouble::Malformed => FaultKind::Malformed,
            Trouble::Silent => FaultKind::Hang,
        };
        self.fault(operation, kind);
        Spoiling::Set
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn yookassa_keeps_the_promises_of_a_payment_method() {
    let bench = Bench::new(Shopfront::open().await);
    bench.conforms().await;
    bench.counter.sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_is_declined_or_too_late_says_why() {
    let bench = Bench::new(Shopfront::open().await);
    let yookassa = bench.counter.sandbox.yookassa.clone();
    let declined = bench.method.begin(&bench.order("declined")).await.unwrap();
    let late = bench.method.begin(&bench.order("late")).await.unwrap();
    let declined = declined.external.unwrap();
    yookassa
        .decline(&declined, "insufficient_funds", Notice::Withheld)
        .unwrap();
    let reason = |text: &str| PaymentState::Canceled {
        reason: Some(text.to_owned()),
    };
    let report = bench.method.payment(&declined).await.unwrap();
    assert_eq!(report.state, reason("insufficient_funds"));
    yookassa.advance_clock(TIME_TO_PAY + Duration::from_secs(1));
    let report = bench.method.payment(&late.external.unwrap()).await.unwrap();
    assert_eq!(report.state, reason("expired_on_confirmation"));
    bench.counter.sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_shop_mode_or_sum_says_is_told_and_never_taken_for_ours() {
    let bench = Bench::new(Shopfront::open().await);
    let (order, paid) = bench.paid("mine").await;
    let front = &bench.counter;
    let ask = async |kind: FaultKind| {
        front.fault("get_payment", kind);
        bench.method.payment(&paid.external).await.unwrap()
    };
    assert_eq!(
        ask(FaultKind::another_shop("999")).await.shop,
        Shop::Another
    );
    let live = ask(FaultKind::test_flag(false)).await;
    assert_eq!(live.environment, Environment::Live);
    assert_eq!(ask(FaultKind::another_amount("1.00")).await.due.amount, 100);
    let dollars = ask(FaultKind::another_currency("USD")).await;
    assert_eq!(dollars.due.currency, "USD");

    for kind in [
        FaultKind::another_shop("999"),
        FaultKind::test_flag(false),
        FaultKind::another_amount("1.00"),
        FaultKind::another_currency("USD"),
        FaultKind::Altered {
            patch: json!({ "metadata": { "topup_id": "another" } }),
        },
    ] {
        front.fault("create_payment", kind);
        let answer = bench.method.begin(&order).await;
        let broken = matches!(answer, Err(PaymentError::Broken { .. }));
        assert!(broken, "{answer:?}");
    }
    bench.counter.sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_credentials_and_answers_without_end_are_told() {
    let mut front = Shopfront::open().await;
    front.settings.secret_key = Some(SecretString::from("test_another-key"));
    let bench = Bench::new(front);
    let answer = bench.method.begin(&bench.order("locked-out")).await;
    let broken = matches!(answer, Err(PaymentError::Broken { .. }));
    assert!(broken, "{answer:?}");
    bench.counter.sandbox.stop().await;

    let mut front = Shopfront::open().await;
    front.settings.response_bytes_max = 100;
    let bench = Bench::new(front);
    let answer = bench.method.begin(&bench.order("huge")).await;
    let lost = matches!(answer, Err(PaymentError::Ambiguous { .. }));
    assert!(lost, "{answer:?}");
    bench.counter.sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_that_takes_its_time_is_pending_until_it_ends() {
    let bench = Bench::new(Shopfront::open().await);
    let yookassa = bench.counter.sandbox.yookassa.clone();
    let canceled = RefundState::Canceled {
        reason: Some("rejected_by_payee".to_owned()),
    };
    let fails = RefundEnd::Fails {
        reason: "rejected_by_payee".to_owned(),
    };
    for (name, end, state) in [
        ("good", RefundEnd::Succeeds, RefundState::Succeeded),
        ("bad", fails, canceled),
    ] {
        yookassa.plan_refunds(RefundPlan::Waits, 1);
        let paid = bench.paid(name).await;
        let order = bench.refund(name, &paid, paid.0.amount);
        let begun = bench.method.refund(&order).await.unwrap();
        assert_eq!(begun.state, RefundState::Pending);
        yookassa
            .finish_refund(&begun.external, end, Notice::Withheld)
            .unwrap();
        let ended = bench.method.refund_report(&begun.external).await.unwrap();
        assert_eq!(ended.state, state);
    }
    bench.counter.sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_made_in_the_cabinet_is_nobodys_order() {
    let bench = Bench::new(Shopfront::open().await);
    let (_, paid) = bench.paid("by-hand").await;
    let yookassa = &bench.counter.sandbox.yookassa;
    let refund = yookassa
        .refund_in_cabinet(&paid.external, Some("30.00"), Notice::Withheld)
        .unwrap();
    let report = bench.method.refund_report(&refund).await.unwrap();
    assert_eq!((report.refund, report.sum.amount), (None, 3_000));
    assert_eq!(report.payment, paid.external);
    let payment = bench.method.payment(&paid.external).await.unwrap();
    assert_eq!(payment.refunded, 3_000);
    bench.counter.sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shop_with_receipts_gets_them_for_payments_and_parts_of_refunds() {
    for receipts in [Receipts::FromYookassa, Receipts::OwnRegister] {
        let mut front = Shopfront::open().await;
        front.settings.receipt = Receipt::Sent;
        let bench = Bench::new(front);
        let yookassa = bench.counter.sandbox.yookassa.clone();
        yookassa.change_shop(|shop| shop.receipts = receipts);
        let order = PaymentOrder {
            email: Some("payer@example.org".to_owned()),
            ..bench.order("receipt")
        };
        let offer = bench.method.begin(&order).await.unwrap();
        let external = bench.counter.pay(&order, &offer).await;
        let paid = (order, bench.method.payment(&external).await.unwrap());
        let mut part = bench.refund("receipt-part", &paid, Money::from_kopecks(3_000));
        part.email = Some("payer@example.org".to_owned());
        bench.method.refund(&part).await.unwrap();

        let wrong = PaymentOrder {
            email: Some("nowhere".to_owned()),
            ..bench.order("wrong-email")
        };
        let refused = bench.method.begin(&wrong).await;
        let reason = "receipt_customer".to_owned();
        assert_eq!(refused, Err(PaymentError::Refused { reason }));
        bench.counter.sandbox.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shop_that_wants_receipts_and_gets_none_says_so() {
    let bench = Bench::new(Shopfront::open().await);
    let yookassa = bench.counter.sandbox.yookassa.clone();
    yookassa.change_shop(|shop| shop.receipts = Receipts::FromYookassa);
    let answer = bench.method.begin(&bench.order("no-receipt")).await;
    let cause = "the receipt is missing or wrong";
    assert_eq!(answer, Err(PaymentError::Broken { cause }));
    bench.counter.sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_go_on_over_many_pages() {
    let bench = Bench::new(Shopfront::open().await);
    let yookassa = bench.counter.sandbox.yookassa.clone();
    yookassa.change_shop(|shop| shop.environment = ShopKind::Test);
    let body = json!({ "amount": { "value": "100.00", "currency": "RUB" }, "capture": true,
        "confirmation": { "type": "redirect", "return_url": "https://t.me/rei_bot" } });
    for _ in 0..230 {
        yookassa.create_payment(&body).unwrap();
    }
    let (from, to) = (Moment(0), Moment(bench.counter.now().0 + 1_000_000));
    let mut sizes = Vec::new();
    let mut cursor = None;
    loop {
        let page = bench.method.payments(from, to, cursor.as_deref()).await;
        let page = page.unwrap();
        assert!(page.items.iter().all(|item| item.topup.is_none()));
        sizes.push(page.items.len());
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(sizes, [100, 100, 30]);
    bench.counter.sandbox.stop().await;
}
