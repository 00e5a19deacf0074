//! Telegram Stars against their emulator: the shared promises, and the search of a list that has
//! no look-up.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use rei_actors::ports::clock::Clock;
use rei_actors::ports::payments::{
    Environment, PaymentError, PaymentMethod, PaymentOffer, PaymentOrder, PaymentReport,
};
use rei_bot::boot::SystemClock;
use rei_bot::config::{Config, Environment as Variables, Stars as Settings};
use rei_bot::payments::stars::Stars;
use rei_bot::telegram::BotApi;
use rei_bot::telegram::stars::StarsApi;
use rei_domain::ids::UserId;
use rei_domain::money::Money;
use rei_domain::time::{Moment, Span};
use rei_sandbox::Sandbox;
use rei_sandbox::telegram::{Fault, FaultKind, FloodLimits, Player};
use secrecy::SecretString;
use serde_json::{Value, json};

use super::conformance::{Bench, Call, Counter, Placing, Spoiling, Trouble};
use crate::support::house::{BOT_TOKEN, sandbox};

/// The emulator, the adapter in front of it, and a bot that agrees to every payment.
struct Messenger {
    sandbox: Sandbox,
    settings: Settings,
    /// The update to be read next.
    next_update: AtomicI64,
}

impl Messenger {
    async fn open() -> Messenger {
        let sandbox = sandbox().await;
        sandbox.telegram.set_flood_limits(FloodLimits::off());
        let loaded = Config::demo(&Variables::of([]), &std::env::temp_dir());
        let settings = loaded.expect("the keys are right").config.stars;
        Messenger {
            sandbox,
            settings,
            next_update: AtomicI64::new(0),
        }
    }

    fn api(&self) -> StarsApi {
        let runtime = tokio::runtime::Handle::current();
        let token = SecretString::from(BOT_TOKEN);
        let api = BotApi::try_new(&self.sandbox.url("telegram"), token, runtime);
        StarsApi::new(api.expect("the address is right"))
    }

    /// The method, searching so many pages of the list.
    fn searching(&self, pages: u32) -> Stars {
        let settings = Settings {
            look_up_pages_max: pages,
            ..self.settings.clone()
        };
        Stars::new(self.api(), &settings)
    }

    /// Waits for the question before a payment and says yes.
    async fn agree(&self) {
        let api = self.api();
        let url = format!("{}/bot{BOT_TOKEN}/getUpdates", self.sandbox.url("telegram"));
        loop {
            let offset = self.next_update.load(Ordering::Relaxed);
            let asked = json!({ "offset": offset, "timeout": 10 });
            let answer = reqwest::Client::new().post(&url).json(&asked).send().await;
            let answer: Value = answer.expect("it answers").json().await.expect("in JSON");
            for update in answer["result"].as_array().expect("a list of updates") {
                let id = update["update_id"].as_i64().expect("it has a number");
                self.next_update.store(id + 1, Ordering::Relaxed);
                if let Some(query) = update["pre_checkout_query"]["id"].as_str() {
                    let agreed = api.answer_checkout(query, Ok(())).await;
                    return agreed.expect("the answer is taken");
                }
            }
        }
    }
}

#[async_trait::async_trait]
impl Counter for Messenger {
    fn method(&self) -> Arc<dyn PaymentMethod> {
        Arc::new(self.searching(self.settings.look_up_pages_max))
    }

    fn environment(&self) -> Environment {
        Environment::Live
    }

    fn placing(&self) -> Placing {
        Placing::OffersOnly
    }

    fn now(&self) -> Moment {
        SystemClock.now()
    }

    async fn pay(&self, order: &PaymentOrder, offer: &PaymentOffer) -> String {
        let payer = self.sandbox.telegram.player(order.user.0, "Ann", "en");
        let (paid, ()) = tokio::join!(payer.pay_stars(&offer.pay_url), self.agree());
        paid.expect("the payer has Stars");
        let payments = self.sandbox.telegram.star_payments();
        payments.last().expect("it is in the books").clone()
    }

    fn payments(&self) -> usize {
        self.sandbox.telegram.star_payments().len()
    }

    fn refunds(&self) -> usize {
        self.sandbox.telegram.star_refunds().len()
    }

    fn spoil(&self, call: Call, trouble: Trouble) -> Spoiling {
        let method = match call {
            Call::Begin => "createInvoiceLink",
            Call::Payment => "getStarTransactions",
            Call::Refund => "refundStarPayment",
        };
        let kind = match trouble {
            Trouble::Slow => FaultKind::Latency { millis: 100 },
            // The Bot API counts in whole seconds.
            Trouble::TooMany { wait_ms } => FaultKind::TooManyRequests {
                retry_after: wait_ms.div_ceil(1_000),
            },
            Trouble::FailedBefore => FaultKind::ServerError { status: 500 },
            Trouble::Gateway => FaultKind::ServerError { status: 502 },
            Trouble::DroppedBefore => FaultKind::DropBefore,
            Trouble::DroppedAfter => FaultKind::DropAfter,
            Trouble::Malformed => FaultKind::Malformed,
            // The Bot API knows nothing like the first two; a call is given up after longer than
            // a test waits.
            Trouble::FailedAfter | Trouble::Processing | Trouble::Silent => {
                return Spoiling::Unknown;
            }
        };
        self.sandbox
            .telegram
            .faults()
            .push(Fault::once(method, kind));
        Spoiling::Set
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn stars_keep_the_promises_of_a_payment_method() {
    let bench = Bench::new(Messenger::open().await);
    bench.conforms().await;
    bench.counter.sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_is_found_pages_back_and_a_short_search_proves_nothing() {
    let bench = Bench::new(Messenger::open().await);
    let mut order = bench.order("oldest");
    order.amount = Money::from_kopecks(1);
    let mut paid = Vec::new();
    for _ in 0..=200 {
        let offer = bench.method.begin(&order).await.unwrap();
        paid.push(bench.counter.pay(&order, &offer).await);
    }
    let oldest = &paid[0];
    let found = bench.method.payment(oldest).await.unwrap();
    assert_eq!(&found.external, oldest);

    // Two pages do not reach the first of 201, so nothing is known of it.
    let hasty = bench.counter.searching(2);
    let unknown = hasty.payment(oldest).await;
    assert!(
        matches!(unknown, Err(PaymentError::Broken { .. })),
        "{unknown:?}"
    );
    assert_eq!(&hasty.payment(&paid[1]).await.unwrap().external, &paid[1]);

    let (from, to) = (Moment(0), bench.counter.now());
    let listed = listed(bench.method.as_ref(), from, Moment(to.0 + 60_000_000)).await;
    assert_eq!(listed, paid);
    bench.counter.sandbox.stop().await;
}

async fn listed(method: &dyn PaymentMethod, from: Moment, to: Moment) -> Vec<String> {
    let (mut listed, mut cursor) = (Vec::new(), None);
    loop {
        let page = method.payments(from, to, cursor.as_deref()).await.unwrap();
        listed.extend(page.items.into_iter().map(|payment| payment.external));
        match page.next {
            Some(next) => cursor = Some(next),
            None => return listed,
        }
    }
}

/// Somebody with Stars.
fn payer(messenger: &Messenger) -> Player {
    messenger.sandbox.telegram.player(42, "Ann", "en")
}

/// How often the list was read so far.
fn pages_read(messenger: &Messenger) -> usize {
    let calls = messenger.sandbox.telegram.calls();
    let lists = calls
        .iter()
        .filter(|call| call.method.eq_ignore_ascii_case("getStarTransactions"));
    lists.count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_top_up_costs_whole_stars_and_never_less_than_its_worth() {
    let mut messenger = Messenger::open().await;
    messenger.settings.kopecks_per_star = 130;
    let method = messenger.method();
    for (kopecks, stars) in [
        (1, 1),
        (130, 1),
        (131, 2),
        (50_000, 385),
        (15_000_000, 115_385),
    ] {
        let due = method.due(Money::from_kopecks(kopecks));
        assert_eq!((due.amount, due.currency), (stars, "XTR"), "{kopecks}");
    }
    messenger.sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_is_found_wherever_it_stands_with_what_went_back_of_it() {
    for before in [0, 1, 99, 100, 101, 200, 950] {
        for after in [0, 1, 99, 100, 450] {
            let messenger = Messenger::open().await;
            let telegram = &messenger.sandbox.telegram;
            let ann = payer(&messenger);
            telegram.fill_stars(before);
            let charge = ann.pay_stars_unasked("t1", 250);
            telegram.fill_stars(after);
            let method = messenger.method();
            for _ in 0..2 {
                let found = method.payment(&charge).await.expect("it is there");
                assert_eq!(found.due.amount, 250, "{before} before, {after} after");
                assert_eq!((found.user, found.refunded), (Some(UserId(42)), 0));
            }
            let nothing = Err(PaymentError::NotFound);
            assert_eq!(method.payment("stx0").await, nothing);
            let nothing = Err(PaymentError::NotFound);
            assert_eq!(method.refund_report(&charge).await, nothing);
            telegram.charge_back(42, &charge).expect("it goes back");
            let refund = method.refund_report(&charge).await.expect("it is there");
            assert_eq!((&refund.payment, refund.refund), (&charge, None));
            let found = method.payment(&charge).await.expect("it is there");
            assert_eq!(found.refunded, 250);
            messenger.sandbox.stop().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_newest_payment_of_a_long_list_costs_few_questions() {
    let messenger = Messenger::open().await;
    messenger.sandbox.telegram.fill_stars(20_000);
    let (method, ann) = (messenger.method(), payer(&messenger));
    for paid in 1..=50 {
        let charge = ann.pay_stars_unasked("t1", 250);
        method.payment(&charge).await.expect("it is there");
        // The end is found once by strides that double, then remembered.
        let asked = pages_read(&messenger);
        assert!(
            asked <= 20 + 2 * paid,
            "{asked} pages after {paid} payments"
        );
    }
    messenger.sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_tell_a_payment_with_what_went_back_of_it() {
    let messenger = Messenger::open().await;
    let telegram = messenger.sandbox.telegram.clone();
    let (begun, ann) = (messenger.now(), payer(&messenger));
    let first = ann.pay_stars_unasked("t1", 100);
    telegram.fill_stars(150);
    telegram.advance_clock(Duration::from_secs(3_600));
    let second = ann.pay_stars_unasked("t2", 200);
    telegram.charge_back(42, &first).expect("it goes back");
    let method = messenger.method();
    let before = Moment(begun.0 - 5_000_000);
    let half = begun + Span::from_secs(1_800);
    let end = begun + Span::from_secs(7_200);
    let told = |report: PaymentReport| (report.external, report.refunded);
    let payments = async |from, to| {
        let page = method.payments(from, to, None).await.expect("it is read");
        page.items.into_iter().map(told).collect::<Vec<_>>()
    };
    let both = [(first.clone(), 100), (second, 0)];
    assert_eq!(payments(before, end).await, both);
    assert_eq!(payments(before, half).await, both[..1]);
    assert_eq!(payments(half, end).await, both[1..]);
    let refunds = method.refund_reports(half, end, None).await.unwrap().items;
    assert_eq!(refunds.len(), 1);
    assert_eq!(refunds[0].payment, first);
    let early = method.refund_reports(before, half, None).await.unwrap();
    assert_eq!(early.items, []);
    messenger.sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payload_of_another_program_names_no_top_up() {
    let messenger = Messenger::open().await;
    let (method, ann) = (messenger.method(), payer(&messenger));
    for payload in ["{\"id\":1}", "two words", "nul\0", &"x".repeat(100)] {
        let charge = ann.pay_stars_unasked(payload, 100);
        let found = method.payment(&charge).await.expect("it is there");
        assert_eq!(found.topup, None, "{payload}");
    }
    messenger.sandbox.stop().await;
}
