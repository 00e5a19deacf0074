//! `Cashier`: one per payment method. Brings payments to their credit and refunds to their payer.
//!
//! Everything it works on is a row: notices that came, top-ups to place and to ask after, refunds
//! to make and to ask after. It takes rows for a while, works on them outside of any transaction,
//! and writes each result in one transaction with the ledger. A crash anywhere leaves a row that
//! is taken again, under the same keys: nothing is credited, asked for or given back twice.
//!
//! What a notice says is never believed: it only names what to ask the method about. The method
//! is asked through a breaker of its own, and notices are stored by somebody else, so that a
//! method that hangs holds up neither them nor the other methods.
//!
//! ```text
//! notices ─┐                      ┌─ credit | park | cancel  (payments)
//! top-ups ─┼─▶ take ─▶ ask ─▶ ────┤
//! refunds ─┘     ▲  breaker       └─ settle | reverse        (refunds)
//!                └── again when due
//! ```

pub mod begin;
pub mod inquiry;
pub mod notices;
pub mod payments;
pub mod reconcile;
pub mod refunds;
pub mod tills;
mod tour;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix::prelude::*;
use rei_domain::breaker::BreakerSettings;
use rei_domain::pricing::Prices;
use rei_domain::time::Span;
use rei_domain::topup::Sweep;

use crate::bell::Bell;
use crate::metrics;
use crate::patience::Patience;
use crate::ports::clock::{Clock, Ids};
use crate::ports::drafts::DraftStore;
use crate::ports::ledger::Poster;
use crate::ports::notices::NoticeStore;
use crate::ports::topups::TopupStore;
use crate::ports::view::View;
use crate::supervision::{Child, Context};
use tills::Till;
use tour::Tour;

/// What a cashier needs from outside.
#[derive(Clone)]
pub struct CashierPorts {
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn Ids>,
    pub notices: Arc<dyn NoticeStore>,
    pub topups: Arc<dyn TopupStore>,
    pub drafts: Arc<dyn DraftStore>,
    pub poster: Arc<dyn Poster>,
    pub view: Arc<dyn View>,
    pub till: Till,
    /// Rung when messages were written.
    pub outbox: Bell,
}

/// How a cashier behaves.
#[derive(Clone, Debug)]
pub struct CashierSettings {
    /// How often the method is asked after an unpaid payment.
    pub sweep: Sweep,
    /// The wait after a call that failed; doubles with each failure …
    pub retry_base: Span,
    /// … up to this.
    pub retry_max: Span,
    /// For how long a row is taken: longer than the longest call, so that nobody else takes it
    /// meanwhile; after a crash it is free again then.
    pub taken_for: Span,
    /// Calls at once for each kind of work.
    pub concurrency: usize,
    /// The longest time between two looks at the rows.
    pub poll: Duration,
    pub breaker: BreakerSettings,
    /// The time between two comparisons with the method's own lists …
    pub reconcile_every: Duration,
    /// … and how far back they look.
    pub reconcile_span: Span,
    /// For ledger postings while the database is away.
    pub patience: Patience,
    /// The prices at which a request that waited for its money is offered again …
    pub prices: Prices,
    /// … and for how long they hold.
    pub price_lock: Span,
    /// How long calls that are under way may take when the house shuts down.
    pub drain: Duration,
}

/// The cashier of one method.
pub struct Cashier {
    ports: CashierPorts,
    settings: CashierSettings,
    draining: Arc<AtomicBool>,
    /// Rung when a draining cashier has nothing under way.
    empty: Bell,
}

impl Cashier {
    /// A cashier that wakes by its till's bell.
    pub fn new(ports: CashierPorts, settings: CashierSettings) -> Self {
        Self {
            ports,
            settings,
            draining: Arc::new(AtomicBool::new(false)),
            empty: Bell::new(),
        }
    }
}

impl Actor for Cashier {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Context<Self>) {
        metrics::PAYMENTS.export_zeros(self.ports.till.method.name());
        let tour = Tour::new(self.ports.clone(), self.settings.clone());
        let (draining, empty) = (self.draining.clone(), self.empty.clone());
        ctx.spawn(tour.go(draining, empty).into_actor(self));
    }
}

impl Child for Cashier {
    /// Takes nothing more and ends what is under way as far as the time allows; what is cut off
    /// is taken again after the start.
    fn drain(&mut self, _: &mut Context<Self>) -> ResponseActFuture<Self, ()> {
        self.draining.store(true, Ordering::SeqCst);
        self.ports.till.bell.ring();
        let (empty, limit) = (self.empty.clone(), self.settings.drain);
        let wait = async move {
            if tokio::time::timeout(limit, empty.rung()).await.is_err() {
                tracing::warn!("payments are under way at shutdown, their rows wait");
            }
        };
        Box::pin(wait.into_actor(self))
    }
}
