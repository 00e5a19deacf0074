//! Usage sessions by the running second, as rows.

use async_trait::async_trait;
use rei_domain::ids::{UsageId, UserId};
use rei_domain::metering::Meter;
use rei_domain::usage::{Usage, UsageEnd};

use crate::ports::StoreError;
use crate::ports::outbox::NewOutbox;

/// Rows of a session that commit with its posting. Except for the start, the guard is that the
/// session is open and its row has the version that the command was made from.
#[derive(Clone, Debug)]
pub enum UsageRider {
    /// The session begins, with its first window. Guard: the user runs no other, and may order.
    Start(Box<Usage>),
    /// One more window is set aside.
    Hold { usage: UsageId, version: i64 },
    /// The oldest window that is not charged is charged in full.
    Charge { usage: UsageId, version: i64 },
    /// The session ends with this count; what its posting charges is what it costs.
    End {
        usage: UsageId,
        version: i64,
        meter: Meter,
        reason: UsageEnd,
    },
}

/// The sessions' rows.
#[async_trait]
pub trait UsageStore: Send + Sync + 'static {
    /// A session by its id.
    async fn usage(&self, id: &UsageId) -> Result<Option<Usage>, StoreError>;

    /// The session that a user runs.
    async fn running_of(&self, user: UserId) -> Result<Option<Usage>, StoreError>;

    /// Every session that runs, at most `limit`, in the order of `after`.
    async fn running(&self, after: Option<&UsageId>, limit: u32) -> Result<Vec<Usage>, StoreError>;

    /// Writes what was counted, if the row still has this version, and says whether it had. The
    /// row's version is one more afterwards.
    async fn count(&self, id: &UsageId, version: i64, meter: &Meter) -> Result<bool, StoreError>;

    /// Notes why no further window is set aside and writes the warning, if the row still has
    /// this version, and says whether it had. The row's version is one more afterwards.
    async fn stop_after_window(
        &self,
        id: &UsageId,
        version: i64,
        reason: UsageEnd,
        warning: &NewOutbox,
    ) -> Result<bool, StoreError>;

    /// Asks the meter to end a session at its next look. Says whether it was running. The
    /// count and the version stay, because time is the meter's alone.
    async fn ask_to_stop(&self, id: &UsageId) -> Result<bool, StoreError>;

    /// Whether a user may not order now.
    async fn is_banned(
        &self,
        user: UserId,
        now: rei_domain::time::Moment,
    ) -> Result<bool, StoreError>;
}
