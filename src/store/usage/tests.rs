//! Sessions by the second on the real stores, counted by the real meter: whatever happens to
//! the meter or the clock, the user pays for his seconds once and the books are sound.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::task::Poll;

use async_trait::async_trait;
use rei_actors::bell::Bell;
use rei_actors::meter::{MeterPorts, Rounds, state_message};
use rei_actors::ports::clock::Clock;
use rei_actors::ports::ledger::{
    CommandRefusal, LedgerCommand, LedgerOutcome, LedgerStore, Poster, Rider, shard_of,
};
use rei_actors::ports::usage::UsageRider;
use rei_domain::ledger::caps::{CapRules, Caps};

use super::*;
use crate::store::LedgerRows;
use crate::store::fixtures::shop::grant;
use crate::store::fixtures::{for_both, for_both_twice};
use crate::store::verify::audit;

const START: i64 = 1_800_000_000_000_000;
const RATE: i64 = 10;
const TARIFF: Tariff = Tariff {
    rate: Money::from_kopecks(RATE),
    window_secs: 60,
    lead_secs: 20,
};
/// What one window costs.
const WINDOW: i64 = 600;

/// The wall clock and the steady one, told by the test.
#[derive(Default)]
struct Clocks {
    wall: AtomicI64,
    steady: AtomicI64,
}

impl Clocks {
    fn pass(&self, secs: i64) {
        self.wall.fetch_add(secs * 1_000_000, Ordering::SeqCst);
        self.steady.fetch_add(secs * 1_000_000, Ordering::SeqCst);
    }

    fn jump(&self, secs: i64) {
        self.wall.fetch_add(secs * 1_000_000, Ordering::SeqCst);
    }
}

impl Clock for Clocks {
    fn now(&self) -> Moment {
        Moment(START + self.wall.load(Ordering::SeqCst))
    }
}

/// Posts without a queue.
struct Direct {
    ledger: LedgerRows,
    clocks: Arc<Clocks>,
}

#[async_trait]
impl Poster for Direct {
    async fn post(&self, command: LedgerCommand) -> Result<LedgerOutcome, StoreError> {
        let shard = shard_of(command.posting.user, self.ledger.shards().await?);
        let (batch, now) = ([command], self.clocks.now());
        Ok(self.ledger.apply(shard, &batch, now).await?.remove(0))
    }
}

/// A house of one database with a clock of its own.
struct Place {
    db: Db,
    clocks: Arc<Clocks>,
    caps: CapRules,
}

impl Place {
    fn new(db: Db) -> Self {
        Self {
            db,
            clocks: Arc::default(),
            caps: CapRules::default(),
        }
    }

    fn rows(&self) -> UsageRows {
        UsageRows::new(self.db.clone())
    }

    fn poster(&self) -> Direct {
        Direct {
            ledger: LedgerRows::with_caps(self.db.clone(), self.caps),
            clocks: self.clocks.clone(),
        }
    }

    /// A meter that knows nothing yet, as after a start.
    fn meter(&self) -> Rounds {
        let clocks = self.clocks.clone();
        Rounds::new(MeterPorts {
            clock: self.clocks.clone(),
            steady: Arc::new(move || Span(clocks.steady.load(Ordering::SeqCst))),
            usages: Arc::new(self.rows()),
            poster: Arc::new(self.poster()),
            outbox: Bell::new(),
        })
    }

    async fn grant(&self, user: UserId, kopecks: i64) {
        let command = grant(user, &format!("welcome:{user}"), kopecks);
        let outcome = self.poster().post(command).await.unwrap();
        assert!(matches!(outcome, LedgerOutcome::Applied { .. }));
    }

    async fn start(&self, user: UserId, id: &str) -> LedgerOutcome {
        let now = self.clocks.now();
        let usage = Usage {
            id: UsageId::new(id),
            user,
            chat: ChatId(user.0),
            meter: Meter::begin(TARIFF, now),
            charged: Money::ZERO,
            version: 1,
            stopping: None,
            started_at: now,
            ended: None,
        };
        let command = LedgerCommand {
            posting: usage.hold_window(1, now).unwrap(),
            outbox: vec![state_message(&usage, "start", now)],
            rider: Rider::Usage(UsageRider::Start(Box::new(usage))),
            audit: None,
        };
        self.poster().post(command).await.unwrap()
    }

    async fn usage(&self, id: &str) -> Usage {
        let found = self.rows().usage(&UsageId::new(id)).await.unwrap();
        found.expect("the session was started")
    }

    /// Lets time pass in steps, with a look of the meter after each.
    async fn run(&self, meter: &mut Rounds, secs: i64) {
        for _ in 0..secs {
            self.clocks.pass(1);
            meter.round().await.unwrap();
        }
    }

    async fn stop(&self, meter: &mut Rounds, id: &str) {
        assert!(self.rows().ask_to_stop(&UsageId::new(id)).await.unwrap());
        meter.round().await.unwrap();
    }

    async fn available(&self, user: UserId) -> i64 {
        use rei_actors::ports::users::UserStore;
        let users = crate::store::UserRows::new(self.db.clone());
        let balance = users.balance(user).await.unwrap();
        assert_eq!(balance.held, Money::ZERO, "nothing stays set aside");
        balance.available.kopecks()
    }

    async fn audited(&self) {
        let report = audit(&self.db, self.clocks.now()).await.unwrap();
        assert_eq!(report.findings, [], "{report}");
    }
}

const USER: UserId = UserId(7);

#[test]
fn a_session_costs_its_seconds_and_the_rest_comes_back() {
    for_both(async |db| {
        let place = Place::new(db);
        place.grant(USER, 100_000).await;
        place.start(USER, "boost").await;
        let mut meter = place.meter();
        place.run(&mut meter, 150).await;
        let running = place.usage("boost").await;
        assert_eq!(running.meter.seconds(), 150);
        assert_eq!(running.meter.windows_held, 3);
        assert_eq!(running.charged.kopecks(), 2 * WINDOW);
        place.stop(&mut meter, "boost").await;
        let ended = place.usage("boost").await;
        assert_eq!(ended.charged.kopecks(), 150 * RATE);
        assert_eq!(ended.ended.map(|(_, why)| why), Some(UsageEnd::Stopped));
        assert_eq!(place.available(USER).await, 100_000 - 150 * RATE);
        place.audited().await;
    });
}

#[test]
fn a_second_start_is_refused_and_the_same_start_is_one() {
    for_both(async |db| {
        let place = Place::new(db);
        place.grant(USER, 100_000).await;
        place.start(USER, "boost").await;
        let again = place.start(USER, "boost").await;
        assert!(matches!(again, LedgerOutcome::Applied { .. }), "{again:?}");
        let other = place.start(USER, "other").await;
        assert_eq!(other, LedgerOutcome::Refused(CommandRefusal::UsageMoved));
        let poor = place.start(UserId(9), "poor").await;
        assert!(matches!(poor, LedgerOutcome::Refused(_)), "{poor:?}");
        assert_eq!(place.rows().running(None, 10).await.unwrap().len(), 1);
        place.audited().await;
    });
}

#[test]
fn a_session_warns_and_ends_by_itself_before_the_money_does() {
    for_both(async |db| {
        let place = Place::new(db);
        place.grant(USER, 2 * WINDOW + WINDOW / 2).await;
        place.start(USER, "boost").await;
        let mut meter = place.meter();
        place.run(&mut meter, 105).await;
        let warned = place.usage("boost").await;
        assert_eq!(warned.stopping, Some(UsageEnd::Balance));
        assert!(warned.ended.is_none());
        place.run(&mut meter, 30).await;
        let ended = place.usage("boost").await;
        assert_eq!(ended.ended.map(|(_, why)| why), Some(UsageEnd::Balance));
        assert_eq!(ended.charged.kopecks(), 2 * WINDOW);
        assert_eq!(place.available(USER).await, WINDOW / 2);
        place.audited().await;
    });
}

#[test]
fn a_cap_and_a_ban_end_it_too() {
    const BAN: &str = "INSERT INTO bans (user_id, since, until, reason) VALUES (8, 1, NULL, '')";
    for_both(async |db| {
        let mut place = Place::new(db);
        place.caps.user = Caps {
            hour: Some(Money::from_kopecks(WINDOW)),
            day: None,
        };
        for user in [USER, UserId(8)] {
            place.grant(user, 100_000).await;
            place.start(user, &format!("boost-{user}")).await;
        }
        let banned: Result<(), StoreError> = place
            .db
            .write(async |conn: &mut Conn| conn.batch(BAN).await)
            .await;
        banned.unwrap();
        let mut meter = place.meter();
        place.run(&mut meter, 70).await;
        for (id, reason) in [("boost-7", UsageEnd::Cap), ("boost-8", UsageEnd::Banned)] {
            let ended = place.usage(id).await;
            assert_eq!(ended.ended.map(|(_, why)| why), Some(reason));
            assert_eq!(ended.charged.kopecks(), WINDOW);
        }
        let again = place.start(UserId(8), "again").await;
        assert!(
            matches!(again, LedgerOutcome::Refused(CommandRefusal::Banned { .. })),
            "{again:?}"
        );
        place.audited().await;
    });
}

#[test]
fn a_clock_that_jumps_costs_nothing() {
    for_both(async |db| {
        let place = Place::new(db);
        place.grant(USER, 100_000).await;
        place.start(USER, "boost").await;
        let mut meter = place.meter();
        place.run(&mut meter, 10).await;
        for jump in [172_800, -600, 86_400] {
            place.clocks.jump(jump);
            place.run(&mut meter, 10).await;
        }
        assert_eq!(place.usage("boost").await.meter.seconds(), 40);
        place.stop(&mut meter, "boost").await;
        assert_eq!(place.available(USER).await, 100_000 - 40 * RATE);
    });
}

#[test]
fn two_meters_at_once_count_each_second_once() {
    for_both_twice(async |one, other| {
        let place = Place::new(one);
        let elsewhere = Place {
            db: other,
            clocks: place.clocks.clone(),
            caps: place.caps,
        };
        place.grant(USER, 100_000).await;
        place.start(USER, "boost").await;
        let (mut first, mut second) = (place.meter(), elsewhere.meter());
        for _ in 0..100 {
            place.clocks.pass(1);
            let (one, other) = futures_util::join!(first.round(), second.round());
            one.and(other).unwrap();
        }
        assert_eq!(place.usage("boost").await.meter.seconds(), 100);
        place.stop(&mut second, "boost").await;
        assert_eq!(place.available(USER).await, 100_000 - 100 * RATE);
        place.audited().await;
    });
}

#[test]
fn a_meter_that_was_away_for_a_day_charges_what_was_set_aside() {
    for_both(async |db| {
        let place = Place::new(db);
        place.grant(USER, 100_000).await;
        place.start(USER, "boost").await;
        place.clocks.pass(86_400);
        place.meter().round().await.unwrap();
        let ended = place.usage("boost").await;
        assert_eq!(ended.ended.map(|(_, why)| why), Some(UsageEnd::Unattended));
        assert_eq!(place.available(USER).await, 100_000 - WINDOW);
        place.audited().await;
    });
}

/// Polls a look until it has waited `waits` times and drops it there. `false` when it was done
/// before.
async fn kill_after(meter: &mut Rounds, waits: usize) -> bool {
    let mut look = pin!(meter.round());
    let mut waited = 0;
    std::future::poll_fn(move |context| match look.as_mut().poll(context) {
        Poll::Ready(_) => Poll::Ready(false),
        Poll::Pending if waited == waits => Poll::Ready(true),
        Poll::Pending => {
            waited += 1;
            Poll::Pending
        }
    })
    .await
}

#[test]
fn a_meter_killed_wherever_it_waits_neither_loses_nor_doubles_a_second() {
    for_both(async |db| {
        let place = Place::new(db);
        for waits in 0..24 {
            let user = UserId(100 + waits);
            let id = format!("boost-{waits:02}");
            place.grant(user, 3 * WINDOW).await;
            place.start(user, &id).await;
            // Every look of its life is killed once at this wait, then done by the next process.
            for _ in 0..13 {
                place.clocks.pass(10);
                kill_after(&mut place.meter(), usize::try_from(waits).unwrap()).await;
                // What the killed one had sent may land beside the first look of the next.
                let mut next = place.meter();
                next.round().await.unwrap();
                next.round().await.unwrap();
            }
            let counted = place.usage(&id).await.meter.seconds();
            assert_eq!(counted, 130, "killed at wait {waits}");
            place.stop(&mut place.meter(), &id).await;
            let left = place.available(user).await;
            assert_eq!(left, 3 * WINDOW - 130 * RATE, "killed at wait {waits}");
        }
        place.audited().await;
    });
}
