//! What the notary sees of the books.

use std::sync::LazyLock;

use prometheus::{IntCounter, IntGauge};
use rei_domain::money::Money;

use super::register;

pub(crate) static BOOKS: LazyLock<BookMeters> = LazyLock::new(BookMeters::new);

/// The metric families of the journal as a whole.
pub(crate) struct BookMeters {
    imbalance: IntGauge,
    checkpoints: IntCounter,
    broken: IntGauge,
}

impl BookMeters {
    fn new() -> Self {
        Self {
            imbalance: register(IntGauge::new(
                "rei_ledger_imbalance_kopecks",
                "What all balances together are away from zero.",
            )),
            checkpoints: register(IntCounter::new(
                "rei_ledger_checkpoints_total",
                "Checkpoints of days that this node made.",
            )),
            broken: register(IntGauge::new(
                "rei_ledger_chain_broken",
                "1 while a row's hash does not follow from the rows before it.",
            )),
        }
    }

    /// The sum of all balances was taken.
    pub(crate) fn weighed(&self, imbalance: Money) {
        self.imbalance.set(imbalance.kopecks());
    }

    /// Days were covered, and every row was in order.
    pub(crate) fn closed(&self, count: u32) {
        self.checkpoints.inc_by(u64::from(count));
        self.broken.set(0);
    }

    /// A row was not.
    pub(crate) fn broken(&self) {
        self.broken.set(1);
    }
}
