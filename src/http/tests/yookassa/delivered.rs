//! Notices as YooKassa's emulator delivers them over real connections, directly and through a
//! relay that signs.

use std::collections::BTreeSet;

use rei_sandbox::yookassa::{Notice as Told, Order, Signing};
use rei_sandbox::{Exposure, Sandbox};
use serde_json::json;

use super::super::super::server::Server;
use super::*;
use crate::boot::SystemClock;
use crate::config::{Config, Environment, Purpose};

/// No test waits longer for something that must happen.
const DEADLINE: Duration = Duration::from_secs(60);

/// The emulator, which notifies a server in front of these rows.
struct Relay {
    sandbox: Sandbox,
    server: Server,
    house: TestHouse,
}

impl Relay {
    async fn start(proofs: Proofs, notices: Arc<dyn NoticeStore>) -> Relay {
        let mut house = house(proofs, notices);
        house.state.limits.body_timeout = DEADLINE;
        let webhook = house.state.yookassa.as_mut().unwrap();
        webhook.clock = Arc::new(SystemClock);
        let variables =
            Environment::of([("HTTP_ADDR", "127.0.0.1:0"), ("REI__HTTP__WORKERS", "2")]);
        let config = Config::load(&variables, None, Purpose::Database).unwrap();
        let server = Server::start(&config.config.http, &house.state).unwrap();
        let sandbox = Sandbox::start(rei_sandbox::Config {
            addr: ([127, 0, 0, 1], 0).into(),
            bot_token: "1000000001:a-token-of-the-sandbox-and-no-other".to_owned(),
            gemini_key: "a-key-of-the-sandbox".to_owned(),
            exposure: Exposure::Loopback,
        })
        .await
        .unwrap();
        let url = format!("http://{}{PATH}", server.addr());
        sandbox
            .yookassa
            .change_notifications(|settings| {
                settings.url = Some(url);
                settings.intervals_millis = vec![10];
            })
            .unwrap();
        Relay {
            sandbox,
            server,
            house,
        }
    }

    /// So many payments are made and paid while notifications are kept back.
    fn paid(&self, payments: usize) -> BTreeSet<String> {
        let yookassa = &self.sandbox.yookassa;
        let body = json!({ "amount": { "value": "100.00", "currency": "RUB" }, "capture": true,
            "confirmation": { "type": "redirect", "return_url": "https://t.me/rei_bot" } });
        (0..payments)
            .map(|_| {
                let payment = yookassa.create_payment(&body).unwrap();
                let id = payment["id"].as_str().unwrap().to_owned();
                yookassa.pay(&id, Told::Sent).unwrap();
                id
            })
            .collect()
    }

    async fn stop(self) {
        self.server.stop().await;
        self.sandbox.stop().await;
    }
}

/// The networks of these tests: everybody here is on loopback.
fn loopback() -> AddressProof {
    AddressProof::new(vec!["127.0.0.0/8".parse().unwrap()], Vec::new())
}

fn on_both(test: impl AsyncFn(Db)) {
    for_both(async |db| {
        // The listeners need an actix system, which is one thread's.
        tokio::task::LocalSet::new().run_until(test(db)).await;
    });
}

async fn objects(notices: &dyn NoticeStore) -> Vec<String> {
    let rows = rows(notices).await.into_iter();
    rows.map(|stored| stored.notice.object).collect()
}

#[test]
fn what_a_relay_signs_is_stored_whatever_happens_on_the_way() {
    on_both(async |db| {
        let notices = moody(&db);
        let proofs = Proofs::try_new(Some(verifier(&[KEY])), Some(loopback())).unwrap();
        let relay = Relay::start(proofs, notices.clone()).await;
        let yookassa = relay.sandbox.yookassa.clone();
        yookassa
            .change_notifications(|settings| {
                settings.signing = Signing {
                    secrets: vec![KEY.to_owned(), FOREIGN_KEY.to_owned()],
                    skew_secs: 0,
                };
                settings.copies = 3;
                settings.order = Order::Shuffled { seed: 7 };
                settings.unheard_per_thousand = 200;
                settings.parallel = 32;
            })
            .unwrap();
        yookassa.hold();
        let paid = relay.paid(200);
        yookassa.release();
        let tally = yookassa.wait_until_told(DEADLINE).await.unwrap();
        assert_eq!(tally.delivered, 600);
        let stored = objects(notices.as_ref()).await;
        assert_eq!(stored.len(), 200, "each once");
        assert_eq!(stored.into_iter().collect::<BTreeSet<_>>(), paid);
        relay.stop().await;
    });
}

#[test]
fn what_comes_from_a_listed_address_is_stored_once_and_later_when_the_database_was_away() {
    on_both(async |db| {
        let notices = moody(&db);
        let proofs = Proofs::try_new(None, Some(loopback())).unwrap();
        let relay = Relay::start(proofs, notices.clone()).await;
        let yookassa = relay.sandbox.yookassa.clone();
        notices.mood.store(AWAY, Ordering::SeqCst);
        let paid = relay.paid(50);
        yookassa.wait_attempts(100, DEADLINE).await.unwrap();
        assert_eq!(objects(notices.as_ref()).await, [""; 0]);
        notices.mood.store(ANSWERS, Ordering::SeqCst);
        let tally = yookassa.wait_until_told(DEADLINE).await.unwrap();
        assert_eq!(tally.delivered, 50);
        let stored = objects(notices.as_ref()).await;
        assert_eq!(stored.len(), 50);
        assert_eq!(stored.into_iter().collect::<BTreeSet<_>>(), paid);
        let counted = relay.house.counted().await;
        assert!(counted["error none"] >= 100, "{counted:?}");
        relay.stop().await;
    });
}

#[test]
fn a_relay_with_a_wrong_clock_or_no_secret_is_not_believed() {
    on_both(async |db| {
        let notices = moody(&db);
        let proofs = Proofs::try_new(Some(verifier(&[KEY])), None).unwrap();
        let relay = Relay::start(proofs, notices.clone()).await;
        let yookassa = relay.sandbox.yookassa.clone();
        let mut attempts = 0;
        for (secrets, skew_secs, reason) in [
            (vec![], 0, "rejected signature_missing"),
            (vec![FOREIGN_KEY], 0, "rejected signature_wrong"),
            (vec![KEY], -600, "rejected signature_stale"),
            (vec![KEY], 600, "rejected signature_future"),
        ] {
            yookassa
                .change_notifications(|settings| {
                    let secrets = secrets.iter().map(|key| (*key).to_owned()).collect();
                    settings.signing = Signing { secrets, skew_secs };
                    // Once each; the repeats would come in an hour.
                    settings.intervals_millis = vec![3_600_000];
                })
                .unwrap();
            relay.paid(1);
            attempts += 1;
            yookassa.wait_attempts(attempts, DEADLINE).await.unwrap();
            let counted = relay.house.counted().await;
            assert!(counted.contains_key(reason), "{reason}: {counted:?}");
        }
        assert_eq!(objects(notices.as_ref()).await, [""; 0]);
        relay.stop().await;
    });
}
