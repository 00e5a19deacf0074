//! The way in of payment notices, from outside.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

use futures_util::future::join_all;
use futures_util::poll;
use rei_actors::bell::Bell;
use rei_actors::ports::notices::{
    Notice, NoticeEnd, NoticeId, NoticeSource, NoticeStore, StoredNotice, Storing,
};
use rei_domain::time::Span;

use super::super::yookassa::{PATH, Proofs};
use super::*;
use crate::store::fixtures::for_both;
use crate::store::{Db, NoticeRows};
use crate::webhooks::{ID_HEADER, SIGNATURE_HEADER, Secret, TIMESTAMP_HEADER, Verifier};

mod delivered;
mod forgeries;

/// What the tests' clock says, in seconds.
const NOW: i64 = 1_700_000_000;
const KEY: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OLDER_KEY: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const FOREIGN_KEY: &str = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
/// The proxy whose header is believed.
const PROXY: &str = "10.0.0.1";
/// One of YooKassa's addresses.
const LISTED: &str = "185.71.76.5";

/// One request as a sender makes it.
#[derive(Clone)]
struct Delivery {
    peer: &'static str,
    headers: Vec<(&'static str, Vec<u8>)>,
    body: Vec<u8>,
}

impl Delivery {
    /// From one of YooKassa's addresses through the proxy, without a signature.
    fn listed(body: impl Into<Vec<u8>>) -> Delivery {
        Delivery {
            peer: PROXY,
            headers: vec![("x-forwarded-for", LISTED.into())],
            body: body.into(),
        }
    }

    /// The same, signed now.
    fn signed(key: &str, id: &str, body: impl Into<Vec<u8>>) -> Delivery {
        Delivery::signed_at(key, id, NOW, body)
    }

    fn signed_at(key: &str, id: &str, at: i64, body: impl Into<Vec<u8>>) -> Delivery {
        let mut delivery = Delivery::listed(body);
        let signature = sign(key, id, at, &delivery.body);
        delivery.headers.extend([
            (ID_HEADER, id.into()),
            (TIMESTAMP_HEADER, at.to_string().into()),
            (SIGNATURE_HEADER, signature.into()),
        ]);
        delivery
    }

    fn with(mut self, name: &'static str, value: impl Into<Vec<u8>>) -> Delivery {
        self.headers.retain(|(known, _)| *known != name);
        self.and(name, value)
    }

    fn and(mut self, name: &'static str, value: impl Into<Vec<u8>>) -> Delivery {
        self.headers.push((name, value.into()));
        self
    }

    fn without(mut self, name: &'static str) -> Delivery {
        self.headers.retain(|(known, _)| *known != name);
        self
    }

    fn from(mut self, peer: &'static str) -> Delivery {
        self.peer = peer;
        self
    }

    fn request(&self) -> TestRequest {
        let peer = SocketAddr::new(self.peer.parse().unwrap(), 443);
        let mut request = TestRequest::post().uri(PATH).peer_addr(peer);
        for (name, value) in &self.headers {
            let value = actix_web::http::header::HeaderValue::from_bytes(value).unwrap();
            request = request.append_header((*name, value));
        }
        request.set_payload(self.body.clone())
    }
}

fn sign(key: &str, id: &str, at: i64, body: &[u8]) -> String {
    Secret::parse(&key.into()).unwrap().sign(id, at, body)
}

fn body(event: &str, object: &str) -> String {
    format!(
        "{{\"type\":\"notification\",\"event\":\"{event}\",\"object\":{{\"id\":\"{object}\",\
         \"status\":\"succeeded\",\"description\":\"canary\"}}}}"
    )
}

fn verifier(keys: &[&str]) -> Verifier {
    let keys = keys.iter().map(|key| Secret::parse(&(*key).into()));
    Verifier::new(keys.map(Result::unwrap).collect(), Span::from_secs(300))
}

fn addresses() -> AddressProof {
    let networks = |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect();
    AddressProof::new(
        networks(&["185.71.76.0/27", "77.75.156.11/32", "2a02:5180::/32"]),
        networks(&["10.0.0.1/32", "fd00::1/128"]),
    )
}

/// Both proofs.
fn proofs() -> Proofs {
    Proofs::try_new(Some(verifier(&[KEY, OLDER_KEY])), Some(addresses())).unwrap()
}

/// The HTTP side in front of this store, with these proofs.
fn house(proofs: Proofs, notices: Arc<dyn NoticeStore>) -> TestHouse {
    let mut house = TestHouse::new();
    house.state.limits.answer_timeout = Duration::from_secs(20);
    house.state.yookassa = Some(YookassaWebhook {
        proofs,
        notices,
        clock: Arc::new(Noon),
        news: Bell::new(),
        bytes_max: 64 * 1024,
    });
    house
}

impl TestHouse {
    async fn receives(&self, delivery: &Delivery) -> Answer {
        self.call(delivery.request()).await
    }

    /// How often notices ended so, by `result` and `reason`.
    async fn counted(&self) -> BTreeMap<String, u64> {
        let metrics = self.metrics().await;
        let mut counted = BTreeMap::new();
        for line in metrics.lines() {
            let Some(line) = line.strip_prefix("rei_payment_webhooks_total{") else {
                continue;
            };
            let (labels, value) = line.split_once("} ").unwrap();
            let label = |name: &str| {
                let (_, rest) = labels.split_once(&format!("{name}=\"")).unwrap();
                rest.split_once('"').unwrap().0
            };
            let value: u64 = value.parse().unwrap();
            if value > 0 {
                let key = format!("{} {}", label("result"), label("reason"));
                *counted.entry(key).or_default() += value;
            }
        }
        counted
    }
}

/// Rows whose database comes and goes.
struct Moody {
    rows: NoticeRows,
    mood: AtomicU8,
}

const ANSWERS: u8 = 0;
/// Nothing happens.
const AWAY: u8 = 1;
/// It is committed, and the answer is lost.
const UNHEARD: u8 = 2;
const HANGS: u8 = 3;
const BROKEN: u8 = 4;

#[async_trait]
impl NoticeStore for Moody {
    async fn store(&self, notice: Notice) -> Result<Storing, StoreError> {
        let away = Err(StoreError::Retryable("canary host is away".to_owned()));
        match self.mood.load(Ordering::SeqCst) {
            ANSWERS => self.rows.store(notice).await,
            AWAY => away,
            UNHEARD => {
                self.rows.store(notice).await?;
                away
            }
            HANGS => std::future::pending().await,
            _ => Err(StoreError::Broken("canary statement".to_owned())),
        }
    }

    async fn waiting(&self, now: Moment, limit: u32) -> Result<Vec<StoredNotice>, StoreError> {
        self.rows.waiting(now, limit).await
    }

    async fn finish(&self, id: NoticeId, how: NoticeEnd, at: Moment) -> Result<(), StoreError> {
        self.rows.finish(id, how, at).await
    }

    async fn postpone(&self, id: NoticeId, due_at: Moment) -> Result<(), StoreError> {
        self.rows.postpone(id, due_at).await
    }
}

fn moody(db: &Db) -> Arc<Moody> {
    Arc::new(Moody {
        rows: NoticeRows::new(db.clone()),
        mood: AtomicU8::new(ANSWERS),
    })
}

async fn rows(notices: &dyn NoticeStore) -> Vec<StoredNotice> {
    notices.waiting(Moment(i64::MAX), 10_000).await.unwrap()
}

#[test]
fn a_proven_notice_is_stored_untouched_and_answered_with_an_empty_200() {
    for_both(async |db| {
        let notices = moody(&db);
        let house = house(proofs(), notices.clone());
        let text = body("payment.succeeded", "22e12f66-000f-5000-8000-18db351245c7");
        let delivery = Delivery::signed(KEY, "yk_1", text.clone());
        let answer = house.receives(&delivery).await;
        assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, ""));
        let news = house.state.yookassa.as_ref().unwrap().news.clone();
        assert!(poll!(Box::pin(news.rung())).is_ready(), "nobody was woken");
        let stored = rows(notices.as_ref()).await;
        let expected = Notice {
            method: "yookassa".to_owned(),
            event: "payment.succeeded".to_owned(),
            object: "22e12f66-000f-5000-8000-18db351245c7".to_owned(),
            body: text,
            source: NoticeSource::Signed {
                id: "yk_1".to_owned(),
            },
            received_at: Noon.now(),
        };
        assert_eq!(stored.len(), 1);
        assert_eq!(stored[0].notice, expected);
    });
}

#[test]
fn unknown_events_are_stored_too() {
    for_both(async |db| {
        let notices = moody(&db);
        let house = house(proofs(), notices.clone());
        for (number, event) in [
            "payment_method.active",
            "payout.succeeded",
            "deal.closed",
            "invoice.something_new",
        ]
        .into_iter()
        .enumerate()
        {
            let id = format!("yk_{number}");
            let delivery = Delivery::signed(KEY, &id, body(event, "po-285c0ab7-0003"));
            let answer = house.receives(&delivery).await;
            assert_eq!(answer.status, StatusCode::OK, "{event}");
        }
        assert_eq!(rows(notices.as_ref()).await.len(), 4);
        let metrics = house.metrics().await;
        let line = "rei_payment_webhooks_total{event=\"other\",psp=\"yookassa\",\
                    reason=\"none\",result=\"stored\",source=\"signed\"} 4\n";
        assert!(metrics.contains(line), "{metrics}");
    });
}

#[test]
fn each_proof_is_enough_alone_and_both_must_hold_together() {
    let text = body("payment.succeeded", "p1");
    let only_signed = Delivery::signed(KEY, "yk_1", text.clone()).from("203.0.113.9");
    let only_listed = Delivery::listed(text.clone());
    let both = Delivery::signed(KEY, "yk_1", text);
    let signature = || Some(verifier(&[KEY]));
    for (proofs, answers) in [
        ((signature(), None), [200, 401, 200]),
        ((None, Some(addresses())), [401, 200, 200]),
        ((signature(), Some(addresses())), [401, 401, 200]),
    ] {
        for_both(async |db| {
            let (signature, address) = proofs.clone();
            let proofs = Proofs::try_new(signature, address).unwrap();
            let house = house(proofs, moody(&db));
            for (delivery, status) in [&only_signed, &only_listed, &both].iter().zip(answers) {
                let answer = house.receives(delivery).await;
                assert_eq!(answer.status.as_u16(), status);
            }
        });
    }
}

#[test]
fn without_a_proof_there_is_no_route() {
    let refused = Proofs::try_new(None, None).err().unwrap().to_string();
    assert!(refused.contains("YOOKASSA_WEBHOOK_SECRET"), "{refused}");
    assert!(!refused.contains('\n'));
    let mut settings = shop_settings();
    assert!(Proofs::of(&settings).is_err());
    settings.address_check = crate::config::AddressCheck::Required;
    assert!(Proofs::of(&settings).is_ok());
    settings.address_check = crate::config::AddressCheck::Off;
    settings.webhook_secrets = vec![KEY.into()];
    assert!(Proofs::of(&settings).is_ok());
    settings.webhook_secrets = vec!["short".into()];
    assert!(Proofs::of(&settings).is_err());
}

fn shop_settings() -> crate::config::Yookassa {
    let environment = crate::config::Environment::of([]);
    let loaded = crate::config::Config::demo(&environment, std::path::Path::new("."));
    loaded.unwrap().config.yookassa
}

#[actix_web::test]
async fn without_a_shop_the_route_does_not_exist() {
    let house = TestHouse::new();
    let delivery = Delivery::signed(KEY, "yk_1", body("payment.succeeded", "p1"));
    house.receives(&delivery).await.assert_problem(404);
}

#[test]
fn other_methods_are_told_which_one_there_is() {
    for_both(async |db| {
        let house = house(proofs(), moody(&db));
        let answer = house.call(TestRequest::get().uri(PATH)).await;
        answer.assert_problem(405);
        assert_eq!(answer.header("allow"), Some("POST"));
    });
}

#[test]
fn both_secrets_are_valid_during_a_rotation_and_the_old_one_no_longer_after_it() {
    for_both(async |db| {
        let notices = moody(&db);
        let during = house(proofs(), notices.clone());
        for (key, id, status) in [
            (KEY, "yk_1", 200),
            (OLDER_KEY, "yk_2", 200),
            (FOREIGN_KEY, "yk_3", 401),
        ] {
            let delivery = Delivery::signed(key, id, body("payment.succeeded", "p1"));
            let answer = during.receives(&delivery).await;
            assert_eq!(answer.status.as_u16(), status, "{id}");
        }
        let text = body("payment.succeeded", "p1");
        let side_by_side = format!(
            "{} {}",
            sign(FOREIGN_KEY, "yk_4", NOW, text.as_bytes()),
            sign(KEY, "yk_4", NOW, text.as_bytes()),
        );
        let delivery = Delivery::signed(KEY, "yk_4", text).with(SIGNATURE_HEADER, side_by_side);
        assert_eq!(during.receives(&delivery).await.status, StatusCode::OK);
        assert_eq!(rows(notices.as_ref()).await.len(), 3);

        let only_new = Proofs::try_new(Some(verifier(&[KEY])), Some(addresses())).unwrap();
        let after = house(only_new, notices.clone());
        let late = Delivery::signed(OLDER_KEY, "yk_5", body("payment.succeeded", "p1"));
        after.receives(&late).await.assert_problem(401);
    });
}

#[test]
fn a_repeat_is_a_success_and_changes_nothing() {
    for_both(async |db| {
        let notices = moody(&db);
        let signed = house(proofs(), notices.clone());
        let delivery = Delivery::signed(KEY, "yk_1", body("payment.succeeded", "p1"));
        for _ in 0..3 {
            assert_eq!(signed.receives(&delivery).await.status, StatusCode::OK);
        }
        // YooKassa repeats with a new signature of the relay; the id is the same.
        let text = body("payment.succeeded", "p1");
        let later = Delivery::signed_at(KEY, "yk_1", NOW + 60, text.clone());
        assert_eq!(signed.receives(&later).await.status, StatusCode::OK);
        assert_eq!(rows(notices.as_ref()).await.len(), 1);
        let counted = signed.counted().await;
        assert_eq!(counted["stored none"], 1);
        assert_eq!(counted["duplicate none"], 3);

        let only_listed = Proofs::try_new(None, Some(addresses())).unwrap();
        let listed = house(only_listed, notices.clone());
        for _ in 0..3 {
            let delivery = Delivery::listed(text.clone());
            assert_eq!(listed.receives(&delivery).await.status, StatusCode::OK);
        }
        assert_eq!(rows(notices.as_ref()).await.len(), 2);
    });
}

/// Sends until 200 is heard, as YooKassa does, a round for all of them at a time.
struct Storm {
    deliveries: Vec<Delivery>,
    heard: Vec<AtomicUsize>,
}

impl Storm {
    /// Several copies of each notification.
    fn of(notifications: usize, copies: usize) -> Storm {
        let deliveries: Vec<Delivery> = (0..notifications * copies)
            .map(|n| {
                let object = format!("p{}", n % notifications);
                let id = format!("yk_{object}");
                let at = NOW + i64::try_from(n / notifications).unwrap();
                Delivery::signed_at(KEY, &id, at, body("payment.succeeded", &object))
            })
            .collect();
        let heard = deliveries.iter().map(|_| AtomicUsize::new(0)).collect();
        Storm { deliveries, heard }
    }

    /// One round; the statuses that came back.
    async fn round(&self, house: &TestHouse) -> Vec<u16> {
        let waiting = self.deliveries.iter().zip(&self.heard);
        let waiting = waiting.filter(|(_, heard)| heard.load(Ordering::SeqCst) == 0);
        join_all(waiting.map(async |(delivery, heard)| {
            let answer = house.receives(delivery).await;
            if answer.status == StatusCode::OK {
                heard.fetch_add(1, Ordering::SeqCst);
            } else {
                answer.assert_problem(503);
                assert_eq!(answer.header("retry-after"), Some("5"));
                assert!(!answer.body.contains("canary"), "{}", answer.body);
            }
            answer.status.as_u16()
        }))
        .await
    }
}

#[test]
fn a_storm_while_the_database_is_away_hears_503_and_loses_none() {
    for_both(async |db| {
        let notices = moody(&db);
        let house = house(proofs(), notices.clone());
        let storm = Storm::of(100, 3);
        for mood in [AWAY, BROKEN, UNHEARD] {
            notices.mood.store(mood, Ordering::SeqCst);
            let answers = storm.round(&house).await;
            assert_eq!(answers.len(), 300);
            assert!(answers.iter().all(|status| *status == 503));
        }
        notices.mood.store(ANSWERS, Ordering::SeqCst);
        let answers = storm.round(&house).await;
        assert!(answers.iter().all(|status| *status == 200));
        let mut objects: Vec<String> = rows(notices.as_ref())
            .await
            .into_iter()
            .map(|stored| stored.notice.object)
            .collect();
        objects.sort();
        objects.dedup();
        assert_eq!(objects.len(), 100);
        assert_eq!(rows(notices.as_ref()).await.len(), 100);
        let counted = house.counted().await;
        assert_eq!(counted["error none"], 900);
        assert_eq!(counted["duplicate none"], 300);
    });
}

#[test]
fn a_store_that_hangs_is_not_waited_for_longer_than_an_answer_may_take() {
    for_both(async |db| {
        let notices = moody(&db);
        notices.mood.store(HANGS, Ordering::SeqCst);
        let mut house = house(proofs(), notices.clone());
        house.state.limits.answer_timeout = Duration::from_millis(50);
        let delivery = Delivery::signed(KEY, "yk_1", body("payment.succeeded", "p1"));
        house.receives(&delivery).await.assert_problem(503);
    });
}

#[test]
fn the_proofs_are_looked_at_before_the_body_is_read() {
    for_both(async |db| {
        let house = house(proofs(), moody(&db));
        // Larger than the limit, and still told nothing but that it is not let in.
        let large = vec![b' '; 70_000];
        let from_elsewhere = Delivery::signed(KEY, "yk_1", large.clone()).from("203.0.113.9");
        let unsigned = Delivery::listed(large.clone());
        let stale = Delivery::signed_at(KEY, "yk_1", NOW - 301, large);
        for delivery in [from_elsewhere, unsigned, stale] {
            house.receives(&delivery).await.assert_problem(401);
        }
    });
}
