//! The audit log's rows.

use async_trait::async_trait;
use rei_domain::audit::{AuditEntry, AuditLink};
use rei_domain::ids::UserId;

use crate::ports::StoreError;

/// Which entries are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditQuery {
    Everything,
    /// What a person did, and what was done about him.
    OfUser(UserId),
}

/// The audit log. What commits with money goes through `LedgerCommand.audit` instead.
#[async_trait]
pub trait AuditLog: Send + Sync + 'static {
    /// Adds entries in order, in one transaction. Those whose key is known are skipped.
    async fn append(&self, entries: Vec<AuditEntry>) -> Result<(), StoreError>;

    /// The newest entries, newest first, at most `limit`.
    async fn newest(&self, query: AuditQuery, limit: u32) -> Result<Vec<AuditLink>, StoreError>;
}
