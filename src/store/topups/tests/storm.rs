//! A storm of notices, with cashiers that are killed in the middle of it.

use std::sync::Arc;
use std::sync::mpsc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use actix_rt::System;
use rei_actors::batch::BatchLimits;
use rei_actors::cashier::{Cashier, CashierPorts};
use rei_actors::ledger::{Ledger, LedgerActor};
use rei_actors::ports::clock::Clock;
use rei_actors::ports::ledger::LedgerStore;
use rei_actors::ports::notices::NoticeStore;
use rei_actors::ports::payments::PaymentError;
use rei_actors::supervision::{Backoff, ChildSpec, Intensity, Tree};
use rei_domain::ids::ShardId;
use rei_domain::time::Span;
use rei_domain::topup::TopupState;
use tokio::sync::oneshot;

use super::*;
use crate::store::LedgerRows;
use crate::store::fixtures::till::notice;

/// Payments of the storm; every one is told of by all deliveries divided by this.
const PAYMENTS: usize = 250;

/// Deliveries of the storm on each database. `REI_TEST_DELIVERIES` asks for more: with a
/// hundred thousand it takes minutes.
fn deliveries() -> usize {
    match std::env::var("REI_TEST_DELIVERIES") {
        Ok(deliveries) => deliveries.parse().expect("REI_TEST_DELIVERIES is a number"),
        Err(_) => 10_000,
    }
}

/// Senders at once.
const SENDERS: usize = 8;

/// How long anything may take before a test gives up.
const PATIENCE: Duration = Duration::from_secs(120);

/// A cashier with its ledger, on a thread of their own.
struct Running {
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl Running {
    fn start(office: &Office) -> Running {
        let (ports, settings) = (office.ports.clone(), office.settings.clone());
        let (db, clock) = (office.db.clone(), office.clock.clone());
        let (stop, stopped) = oneshot::channel();
        let (ready, started) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            System::new().block_on(async move {
                let tree = Tree::new(db.runtime().clone(), |_| {});
                let arbiter = System::current().arbiter().clone();
                let rows: Arc<dyn LedgerStore> = Arc::new(LedgerRows::new(db.clone()));
                let mut shards = Vec::new();
                for shard in 0..rows.shards().await.unwrap() {
                    let (rows, clock) = (rows.clone(), clock.clone());
                    let limits = BatchLimits {
                        batch_max: 512,
                        waiting_max: 8_192,
                    };
                    let name = format!("ledger-{shard}");
                    let gate = tree.spawn_child(&name, &arbiter, spec(8_192), move || {
                        LedgerActor::new(ShardId(shard), rows.clone(), clock.clone(), limits)
                    });
                    shards.push(gate.unwrap());
                }
                let ports = CashierPorts {
                    poster: Arc::new(Ledger::new(shards, PATIENCE)),
                    ..ports
                };
                tree.spawn_child("cashier", &arbiter, spec(16), move || {
                    Cashier::new(ports.clone(), settings.clone())
                })
                .unwrap();
                ready.send(()).unwrap();
                let _dropped = stopped.await;
                // No time at all: whatever is under way is cut off.
                tree.shutdown(Duration::ZERO).await;
            });
        });
        started.recv().unwrap();
        Running { stop, thread }
    }

    fn kill(self) {
        let _gone = self.stop.send(());
        self.thread.join().unwrap();
    }
}

fn spec(capacity: usize) -> ChildSpec {
    ChildSpec {
        intensity: Intensity {
            restarts_max: 5,
            window: Duration::from_secs(60),
        },
        backoff: Backoff {
            base: Duration::from_millis(1),
            max: Duration::from_millis(10),
        },
        heartbeat: None,
        capacity,
    }
}

/// Waits until something holds.
async fn until(what: &str, holds: impl AsyncFn() -> bool) {
    let since = Instant::now();
    while !holds().await {
        assert!(since.elapsed() < PATIENCE, "{what} takes too long");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The order of deliveries: every payment as often as the others, well mixed.
fn shuffled(delivery: usize) -> usize {
    // A prime that divides nothing here walks through all of them before it repeats one.
    delivery.wrapping_mul(7_919) % PAYMENTS
}

#[test]
fn a_storm_of_notices_credits_each_payment_once() {
    in_both(async |office| {
        let mut payments = Vec::new();
        for number in 0..PAYMENTS {
            let user = i64::try_from(number % 50).unwrap() + 1;
            payments.push(office.offered(&format!("t{number}"), user).await);
        }
        for external in &payments {
            office.method.pay(external);
        }
        let payments = Arc::new(payments);
        let mut senders = Vec::new();
        for sender in 0..SENDERS {
            let (notices, payments) = (office.notices.clone(), payments.clone());
            let at = office.clock.now();
            senders.push(tokio::spawn(async move {
                for delivery in (sender..deliveries()).step_by(SENDERS) {
                    let external = &payments[shuffled(delivery)];
                    let told = notice("payment.succeeded", external, at);
                    notices.store(told).await.unwrap();
                }
            }));
        }
        let mut kills = 0;
        while kills < 6 || senders.iter().any(|sender| !sender.is_finished()) {
            let running = Running::start(office);
            tokio::time::sleep(Duration::from_millis(40 + 17 * kills)).await;
            running.kill();
            // What the killed one had taken is free again later.
            office.clock.advance(Span::from_secs(120));
            kills += 1;
        }
        for sender in senders {
            sender.await.unwrap();
        }
        let running = Running::start(office);
        until("the storm", async || {
            office.clock.advance(Span::from_secs(5));
            office.waiting().await.is_empty()
        })
        .await;
        running.kill();
        let expected = i64::try_from(PAYMENTS).unwrap();
        assert_eq!(credits(office).await, expected);
        let mut total = 0;
        for user in 1..=50 {
            total += available(office, user).await;
        }
        assert_eq!(total, expected * 50_000);
    });
}

#[test]
fn a_lost_notice_is_made_good_by_asking() {
    in_both(async |office| {
        let external = office.offered("t1", ANN).await;
        office.method.pay(&external);
        let running = Running::start(office);
        let since = office.clock.now();
        until("the sweep", async || {
            office.clock.advance(Span::from_secs(1));
            available(office, ANN).await == 50_000
        })
        .await;
        let took = office.clock.now() - since;
        assert!(took < Span::from_secs(600), "{took:?}");
        running.kill();
        assert_eq!(credits(office).await, 1);
    });
}

#[test]
fn a_method_that_hangs_for_an_hour_loses_no_notice() {
    in_both(async |office| {
        let mut payments = Vec::new();
        for number in 0..20 {
            payments.push(office.offered(&format!("t{number}"), ANN).await);
        }
        office.method.memory().outage = Some(PaymentError::Retryable {
            after: None,
            cause: "away",
        });
        let running = Running::start(office);
        for external in &payments {
            office.method.pay(external);
            // Storing does not wait for the method.
            office.notified("payment.succeeded", external).await;
        }
        let calls = || office.method.memory().calls;
        let before = calls();
        for _ in 0..60 {
            office.clock.advance(Span::from_secs(60));
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        assert!(calls() - before < 400, "it is left alone meanwhile");
        office.method.memory().outage = None;
        until("the drain", async || {
            office.clock.advance(Span::from_secs(1));
            office.waiting().await.is_empty()
        })
        .await;
        running.kill();
        assert_eq!(credits(office).await, 20);
        for number in 0..20 {
            let topup = office.topup(&format!("t{number}")).await;
            assert_eq!(topup.state, TopupState::Succeeded);
        }
    });
}

#[test]
fn a_payment_that_has_no_name_before_it_is_paid_is_found_in_the_list() {
    in_both(async |office| {
        office.method.memory().nameless = true;
        for number in 0..5 {
            let topup = office.asked(&format!("t{number}"), ANN).await;
            let (ports, settings) = (&office.ports, &office.settings);
            rei_actors::cashier::begin::begin(ports, settings, &topup)
                .await
                .unwrap();
        }
        assert_eq!(office.topup("t4").await.external, None);
        office.method.pay("pay-4");
        let running = Running::start(office);
        let since = office.clock.now();
        until("the search", async || {
            office.clock.advance(Span::from_secs(1));
            available(office, ANN).await == 50_000
        })
        .await;
        let took = office.clock.now() - since;
        assert!(took < Span::from_secs(600), "{took:?}");
        running.kill();
        assert_eq!(credits(office).await, 1);
        assert_eq!(office.topup("t3").await.state, TopupState::Pending);
    });
}
