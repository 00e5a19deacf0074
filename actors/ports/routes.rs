//! What routing keeps across restarts: the health of providers, and cordons.

use async_trait::async_trait;
use rei_domain::health::KeptHealth;
use rei_domain::spec::Kind;
use rei_domain::time::Moment;

use crate::ports::StoreError;

/// The health of one provider for one kind of result.
#[derive(Clone, Debug, PartialEq)]
pub struct HealthRow {
    pub provider: String,
    pub kind: Kind,
    pub health: KeptHealth,
}

/// A provider that an operator took out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cordon {
    pub provider: String,
    pub reason: String,
    pub since: Moment,
    /// When it ends by itself; `None` until it is lifted.
    pub until: Option<Moment>,
}

impl Cordon {
    /// Whether it holds at a moment.
    pub fn holds(&self, now: Moment) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

/// Rows of routing.
#[async_trait]
pub trait RouteStore: Send + Sync + 'static {
    /// Every health that was kept.
    async fn health(&self) -> Result<Vec<HealthRow>, StoreError>;

    /// Keeps these; what was kept before is replaced.
    async fn keep_health(&self, rows: &[HealthRow], at: Moment) -> Result<(), StoreError>;

    /// Every cordon, also those that are over.
    async fn cordons(&self) -> Result<Vec<Cordon>, StoreError>;

    /// Takes a provider out, or changes the reason and the end of its cordon.
    async fn cordon(&self, cordon: &Cordon) -> Result<(), StoreError>;

    /// Lets a provider in again; `false` when it was not out.
    async fn uncordon(&self, provider: &str) -> Result<bool, StoreError>;
}
