//! A cashier is killed wherever it waits, and started again.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use rei_actors::cashier::{begin::begin, notices, refunds as returns};
use rei_actors::ports::clock::Clock;
use rei_actors::ports::topups::TopupStore;
use rei_domain::refund::RefundStage;
use rei_domain::time::Span;

use super::refunds::{plan, stage};
use super::*;
use crate::store::fixtures::till::METHOD;

/// More waits than any piece of work has.
const WAITS: usize = 40;

/// Works until it has waited this often, then drops everything that is under way, as a crash
/// does; what was handed to the database may still happen.
async fn killed_after<T>(waits: usize, work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    let mut waited = 0;
    poll_fn(|task| match work.as_mut().poll(task) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending if waited == waits => Poll::Ready(None),
        Poll::Pending => {
            waited += 1;
            Poll::Pending
        }
    })
    .await
}

#[test]
fn a_top_up_survives_a_crash_at_every_wait() {
    in_both(async |office| {
        let (ports, settings) = (&office.ports, &office.settings);
        for waits in 0..WAITS {
            let id = format!("t{waits}");
            let topup = office.asked(&id, ANN).await;
            killed_after(waits, begin(ports, settings, &topup)).await;
            let topup = office.topup(&id).await;
            begin(ports, settings, &topup).await.unwrap();
            let external = office.topup(&id).await.external.unwrap();
            office.method.pay(&external);
            office.notified("payment.succeeded", &external).await;
            for stored in office.waiting().await {
                killed_after(waits, notices::work(ports, settings, &stored)).await;
            }
            office.work_notices().await;
            assert!(office.waiting().await.is_empty(), "after {waits} waits");
            let credited = i64::try_from(waits + 1).unwrap();
            assert_eq!(credits(office).await, credited, "after {waits} waits");
            assert_eq!(available(office, ANN).await, credited * 50_000);
        }
        let payments = office.method.memory().payments.len();
        assert_eq!(payments, WAITS, "each top-up was placed once");
    });
}

#[test]
fn a_refund_survives_a_crash_at_every_wait() {
    in_both(async |office| {
        let (ports, settings) = (&office.ports, &office.settings);
        office.credited("t1", ANN).await;
        for waits in 0..WAITS {
            let id = format!("r{waits}");
            let planned = plan(office, &id, Some(1_000)).await.unwrap();
            killed_after(waits, ports.poster.post(planned.command.clone())).await;
            ports.poster.post(planned.command).await.unwrap();
            let now = office.clock.now();
            let due = office.topups.take_refunds(METHOD, now, now, 10).await;
            for refund in due.unwrap() {
                killed_after(waits, returns::work(ports, settings, &refund)).await;
            }
            for _ in 0..3 {
                office.clock.advance(Span::from_secs(120));
                office.work_refunds().await;
            }
            assert_eq!(stage(office, &id).await, RefundStage::Succeeded);
        }
        let returned = i64::try_from(WAITS).unwrap() * 1_000;
        assert_eq!(office.method.memory().payments["pay-0"].refunded, returned);
        assert_eq!(available(office, ANN).await, 50_000 - returned);
    });
}
