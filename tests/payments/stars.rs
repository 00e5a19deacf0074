//! Telegram Stars against their emulator: the shared promises, and the search of a list that has
//! no look-up.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use rei_actors::ports::clock::Clock;
use rei_actors::ports::payments::{
    Environment, PaymentError, PaymentMethod, PaymentOffer, PaymentOrder,
};
use rei_bot::boot::SystemClock;
use rei_bot::config::{Config, Environment as Variables, Stars as Settings};
use rei_bot::payments::stars::Stars;
use rei_bot::telegram::BotApi;
use rei_bot::telegram::stars::StarsApi;
use rei_domain::money::Money;
use rei_domain::time::Moment;
use rei_sandbox::telegram::{Fault, FaultKind, FloodLimits};
use rei_sandbox::{Exposure, Sandbox};
use secrecy::SecretString;
use serde_json::{Value, json};

use super::conformance::{Bench, Call, Counter, Placing, Spoiling, Trouble};
use crate::support::house::{BOT_TOKEN, GEMINI_KEY};

/// The emulator, the adapter in front of it, and a bot that agrees to every payment.
struct Messenger {
    sandbox: Sandbox,
    settings: Settings,
    /// The update to be read next.
    next_update: AtomicI64,
}

impl Messenger {
    async fn open() -> Messenger {
        let sandbox = Sandbox::start(rei_sandbox::Config {
            addr: ([127, 0, 0, 1], 0).into(),
            bot_token: BOT_TOKEN.to_owned(),
            gemini_key: GEMINI_KEY.to_owned(),
            exposure: Exposure::Loopback,
        })
        .await
        .expect("the sandbox starts");
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
