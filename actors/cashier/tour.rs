//! The tour: takes rows that are due, works on them at once within bounds, and goes round again.
//!
//! Nothing here is a state that must be kept: what is taken and not finished is due again.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::LocalBoxFuture;
use futures_util::stream::FuturesUnordered;
use rei_domain::breaker::{Breaker, Permit};
use rei_domain::time::{Moment, Span};
use rei_domain::topup::{TopupState, UNPAID_FOR, is_forgotten};

use super::inquiry::{CashierError, Worked, again_at, is_silence, log};
use super::payments::{self, Fate};
use super::{CashierPorts, CashierSettings, begin, notices, reconcile, refunds};
use crate::bell::Bell;
use crate::metrics;
use crate::ports::StoreError;
use crate::ports::notices::{NoticeId, StoredNotice};
use crate::ports::payments::PaymentError;
use crate::ports::topups::{Refund, Topup, TopupMove};

/// The shortest time between two looks at how long payments wait for their credit.
const GAUGE_EVERY: Span = Span::from_secs(5);

/// Clocks of two parties differ; a list is searched from a little before our own time.
const CLOCKS_APART: Span = Span::from_secs(3_600);

/// Pages of a list that one search reads at most; a hundred payments each.
const PAGES_MAX: usize = 100;

/// The kinds of work, each with its own places, so that none keeps the others out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Notice(NoticeId),
    Topup,
    Refund,
    Reconcile,
}

/// How a piece of work landed.
struct Landed {
    kind: Kind,
    result: Result<Worked, CashierError>,
}

/// The round trip of one cashier.
pub(super) struct Tour {
    ports: CashierPorts,
    settings: CashierSettings,
    breaker: Breaker,
    in_flight: FuturesUnordered<LocalBoxFuture<'static, Landed>>,
    notices: BTreeSet<NoticeId>,
    topups: usize,
    refunds: usize,
    reconciling: bool,
    reconcile_at: Moment,
    gauge_at: Moment,
}

impl Tour {
    pub(super) fn new(ports: CashierPorts, settings: CashierSettings) -> Self {
        let now = ports.clock.now();
        Self {
            breaker: Breaker::new(settings.breaker),
            in_flight: FuturesUnordered::new(),
            notices: BTreeSet::new(),
            topups: 0,
            refunds: 0,
            reconciling: false,
            // A restart must not ask for the whole list at once each time.
            reconcile_at: now + span(settings.reconcile_every),
            gauge_at: now,
            ports,
            settings,
        }
    }

    pub(super) async fn go(mut self, draining: Arc<AtomicBool>, empty: Bell) {
        let bell = self.ports.till.bell.clone();
        loop {
            let leaving = draining.load(Ordering::SeqCst);
            if leaving && self.in_flight.is_empty() {
                empty.ring();
                return;
            }
            if !leaving && let Err(error) = self.take().await {
                let method = self.ports.till.method.name();
                tracing::warn!(method, %error, "payments wait, a store is away");
                tokio::time::sleep(self.settings.poll).await;
            }
            tokio::select! {
                Some(landed) = self.in_flight.next() => self.land(landed),
                () = bell.rung() => {}
                () = tokio::time::sleep(self.settings.poll) => {}
            }
        }
    }

    /// Takes what is due, as far as there are places and the method answers.
    async fn take(&mut self) -> Result<(), StoreError> {
        let now = self.ports.clock.now();
        self.gauge(now).await?;
        let places = match self.breaker.permit(now) {
            Permit::Free => self.settings.concurrency,
            Permit::Probe => 1,
            Permit::NotBefore(_) | Permit::Wait => return Ok(()),
        };
        let taken = self.take_work(places, now).await;
        if !matches!(taken, Ok(count) if count > 0) {
            self.breaker.give_back(now);
        }
        taken.map(|_| ())
    }

    async fn take_work(&mut self, places: usize, now: Moment) -> Result<usize, StoreError> {
        let probing = places == 1;
        let mut taken = self.take_notices(places, now).await?;
        if !probing || taken == 0 {
            taken += self.take_topups(places, now).await?;
        }
        if !probing || taken == 0 {
            taken += self.take_refunds(places, now).await?;
        }
        if !probing && !self.reconciling && now >= self.reconcile_at {
            self.reconcile(now);
        }
        Ok(taken)
    }

    async fn take_notices(&mut self, places: usize, now: Moment) -> Result<usize, StoreError> {
        let free = places.saturating_sub(self.notices.len());
        if free == 0 {
            return Ok(0);
        }
        let method = self.ports.till.method.name();
        let limit = count(free + self.notices.len());
        let waiting = self.ports.notices.waiting_of(method, now, limit).await?;
        let until = now + self.settings.taken_for;
        let fresh = waiting
            .into_iter()
            .filter(|stored| !self.notices.contains(&stored.id));
        let fresh: Vec<StoredNotice> = fresh.take(free).collect();
        let taken = fresh.len();
        for stored in fresh {
            self.ports.notices.postpone(stored.id, until).await?;
            self.notices.insert(stored.id);
            let (ports, settings) = (self.ports.clone(), self.settings.clone());
            self.in_flight.push(Box::pin(async move {
                Landed {
                    kind: Kind::Notice(stored.id),
                    result: notices::work(&ports, &settings, &stored).await,
                }
            }));
        }
        Ok(taken)
    }

    async fn take_topups(&mut self, places: usize, now: Moment) -> Result<usize, StoreError> {
        let free = places.saturating_sub(self.topups);
        if free == 0 {
            return Ok(0);
        }
        let (method, until) = (self.ports.till.method.name(), now + self.settings.taken_for);
        let due = self
            .ports
            .topups
            .take_topups(method, now, until, count(free));
        let due = due.await?;
        let taken = due.len();
        for topup in due {
            self.topups += 1;
            let (ports, settings) = (self.ports.clone(), self.settings.clone());
            self.in_flight.push(Box::pin(async move {
                Landed {
                    kind: Kind::Topup,
                    result: look_after(&ports, &settings, &topup).await,
                }
            }));
        }
        Ok(taken)
    }

    async fn take_refunds(&mut self, places: usize, now: Moment) -> Result<usize, StoreError> {
        let free = places.saturating_sub(self.refunds);
        if free == 0 {
            return Ok(0);
        }
        let (method, until) = (self.ports.till.method.name(), now + self.settings.taken_for);
        let due = self
            .ports
            .topups
            .take_refunds(method, now, until, count(free));
        let due: Vec<Refund> = due.await?;
        let taken = due.len();
        for refund in due {
            self.refunds += 1;
            let (ports, settings) = (self.ports.clone(), self.settings.clone());
            self.in_flight.push(Box::pin(async move {
                Landed {
                    kind: Kind::Refund,
                    result: refunds::work(&ports, &settings, &refund).await,
                }
            }));
        }
        Ok(taken)
    }

    /// Compares the last days with the method's own lists.
    fn reconcile(&mut self, now: Moment) {
        self.reconciling = true;
        let from = Moment(now.0.saturating_sub(self.settings.reconcile_span.0));
        let (ports, settings) = (self.ports.clone(), self.settings.clone());
        self.in_flight.push(Box::pin(async move {
            let report = reconcile::reconcile(&ports, &settings, from, now).await;
            Landed {
                kind: Kind::Reconcile,
                result: report.map(|_| Worked::Answered),
            }
        }));
    }

    fn land(&mut self, landed: Landed) {
        let now = self.ports.clock.now();
        match landed.kind {
            Kind::Notice(id) => {
                self.notices.remove(&id);
            }
            Kind::Topup => self.topups = self.topups.saturating_sub(1),
            Kind::Refund => self.refunds = self.refunds.saturating_sub(1),
            Kind::Reconcile => {
                self.reconciling = false;
                self.reconcile_at = now + span(self.settings.reconcile_every);
            }
        }
        match landed.result {
            Ok(Worked::Answered) => self.breaker.record_success(),
            Ok(Worked::Unanswered) => self.breaker.record_failure(now),
            Err(CashierError::Method(error)) => {
                if is_silence(&error) {
                    self.breaker.record_failure(now);
                }
                log(self.ports.till.method.name(), "list", &error);
            }
            Err(CashierError::Store(error)) => {
                let method = self.ports.till.method.name();
                tracing::warn!(method, %error, "a payment is put off, a store is away");
                // It says nothing of the method; a probe that was not used is free again.
                self.breaker.give_back(now);
            }
        }
    }

    /// Shows how long the oldest payment waits for its credit.
    async fn gauge(&mut self, now: Moment) -> Result<(), StoreError> {
        if now < self.gauge_at {
            return Ok(());
        }
        self.gauge_at = now + GAUGE_EVERY;
        let method = self.ports.till.method.name();
        let oldest = self.ports.topups.oldest_uncredited(method).await?;
        metrics::PAYMENTS.uncredited(method, oldest.map(|since| now - since));
        Ok(())
    }
}

fn count(places: usize) -> u32 {
    u32::try_from(places).unwrap_or(u32::MAX)
}

fn span(duration: Duration) -> Span {
    Span(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX))
}

/// Goes on with a top-up that was taken: places it, or asks after it.
async fn look_after(
    ports: &CashierPorts,
    settings: &CashierSettings,
    topup: &Topup,
) -> Result<Worked, CashierError> {
    match topup.state {
        TopupState::Asked => begin::begin(ports, settings, topup).await,
        TopupState::Pending => sweep(ports, settings, topup).await,
        TopupState::Succeeded | TopupState::Canceled | TopupState::Parked => Ok(Worked::Answered),
    }
}

/// Asks after a payment, whether or not a notice of it will ever come.
async fn sweep(
    ports: &CashierPorts,
    settings: &CashierSettings,
    topup: &Topup,
) -> Result<Worked, CashierError> {
    let (now, since) = (ports.clock.now(), topup.order.created_at);
    let id = &topup.order.id;
    let next = settings.sweep.next(since, now);
    let Some(external) = &topup.external else {
        return search(ports, settings, topup).await;
    };
    match ports.till.method.payment(external).await {
        Ok(report) => match payments::settle(ports, settings, report, None).await {
            Ok(Fate::Unpaid(_)) => {
                ports.topups.put_off_topup(id, 0, next).await?;
                Ok(Worked::Answered)
            }
            Ok(
                Fate::Credited(_)
                | Fate::CreditedBefore(_)
                | Fate::Canceled
                | Fate::Parked(_)
                | Fate::Unknown
                | Fate::Second(_)
                | Fate::Foreign,
            ) => Ok(Worked::Answered),
            Err(CashierError::Method(error)) => put_off(ports, settings, topup, error).await,
            Err(error @ CashierError::Store(_)) => Err(error),
        },
        Err(PaymentError::NotFound) if is_forgotten(since, now) => {
            expire(ports, topup, now).await?;
            Ok(Worked::Answered)
        }
        Err(error) => put_off(ports, settings, topup, error).await,
    }
}

/// Looks for a payment that its method names only when it is paid. A list costs more than a
/// question, so it is read at the slower pace.
async fn search(
    ports: &CashierPorts,
    settings: &CashierSettings,
    topup: &Topup,
) -> Result<Worked, CashierError> {
    let (now, since) = (ports.clock.now(), topup.order.created_at);
    if now - since >= UNPAID_FOR {
        expire(ports, topup, now).await?;
        return Ok(Worked::Answered);
    }
    let from = Moment(since.0.saturating_sub(CLOCKS_APART.0));
    let mut cursor = None;
    for _ in 0..PAGES_MAX {
        let page = ports
            .till
            .method
            .payments(from, now + CLOCKS_APART, cursor.as_deref());
        let page = match page.await {
            Ok(page) => page,
            Err(error) => return put_off(ports, settings, topup, error).await,
        };
        let paid = page.items.into_iter().find(|report| {
            report.topup.as_ref() == Some(&topup.order.id) && payments::is_paid(report)
        });
        if let Some(report) = paid {
            return match payments::settle(ports, settings, report, None).await {
                Ok(_) => Ok(Worked::Answered),
                Err(CashierError::Method(error)) => put_off(ports, settings, topup, error).await,
                Err(error @ CashierError::Store(_)) => Err(error),
            };
        }
        match page.next {
            Some(next) => cursor = Some(next),
            None => break,
        }
    }
    let next = settings
        .sweep
        .next(since, now)
        .max(now + settings.sweep.grown);
    let id = &topup.order.id;
    ports.topups.put_off_topup(id, 0, next).await?;
    Ok(Worked::Answered)
}

async fn put_off(
    ports: &CashierPorts,
    settings: &CashierSettings,
    topup: &Topup,
    error: PaymentError,
) -> Result<Worked, CashierError> {
    log(ports.till.method.name(), "sweep", &error);
    let due_at = again_at(settings, topup.failures, &error, ports.clock.now());
    let (id, failures) = (&topup.order.id, topup.failures.saturating_add(1));
    ports.topups.put_off_topup(id, failures, due_at).await?;
    Ok(if is_silence(&error) {
        Worked::Unanswered
    } else {
        Worked::Answered
    })
}

async fn expire(ports: &CashierPorts, topup: &Topup, now: Moment) -> Result<(), StoreError> {
    let how = TopupMove::Cancel {
        cause: Some(EXPIRED.to_owned()),
    };
    let card = begin::pay_card(&topup.order, "cancel", now);
    let id = &topup.order.id;
    ports
        .topups
        .move_topup(id, how, None, vec![card], now)
        .await?;
    ports.outbox.ring();
    Ok(())
}

/// The cause of a top-up that nobody paid, in the word of the first method that had one.
const EXPIRED: &str = "expired_on_confirmation";
