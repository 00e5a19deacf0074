//! Notices: what a payment method tells us on its own, a row each before it is answered.
//!
//! A notice proves nothing: it says which object to ask the method about. What is credited comes
//! from [`PaymentMethod::payment`](super::payments::PaymentMethod::payment) alone.

use async_trait::async_trait;
use rei_domain::time::Moment;

use crate::ports::StoreError;

/// A notice as it arrived.
#[derive(Clone, PartialEq, Eq)]
pub struct Notice {
    /// The name of the payment method, as [`name`](super::payments::PaymentMethod::name) says it.
    pub method: String,
    /// The method's word for what happened. Any word: unknown ones are kept too.
    pub event: String,
    /// The method's own id of the payment or refund it is about.
    pub object: String,
    /// The body, untouched. Never logged, and never believed. Empty where the update is a row of
    /// its own.
    pub body: String,
    pub source: NoticeSource,
    pub received_at: Moment,
}

impl std::fmt::Debug for Notice {
    /// Everything but the body, which names a payer.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Notice")
            .field("method", &self.method)
            .field("event", &self.event)
            .field("object", &self.object)
            .field("source", &self.source)
            .field("received_at", &self.received_at)
            .finish_non_exhaustive()
    }
}

/// How it was made likely that the method sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoticeSource {
    /// It came by a way that only the method has: from an address of its own, or among the
    /// messenger's own updates. Repeats are told by event and object.
    Listed,
    /// Our relay signed it; `id` is the same on every redelivery, and tells repeats.
    Signed { id: String },
}

/// The row of a notice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NoticeId(pub i64);

/// A stored notice that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredNotice {
    pub id: NoticeId,
    pub notice: Notice,
    /// How often it was postponed.
    pub attempts: u32,
}

/// What became of a notice that was to be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storing {
    /// It is a row now.
    Stored,
    /// It was a row before; nothing changed.
    Duplicate,
    /// Its signed id is that of a notice about something else: the signer gives ids out twice.
    /// Nothing was stored.
    IdReused,
}

/// How a notice ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoticeEnd {
    /// What it tells of is in our rows.
    Processed,
    /// Nothing can be done about it. The cause holds nothing of its body.
    SetAside { cause: String },
}

/// The rows of notices.
///
/// Whoever reads a notice and goes on to work on it first postpones it: should he die over it,
/// the attempt is counted, others come first meanwhile, and it returns by itself. Two readers may
/// see the same notice, so what is done about it must be safe to do twice. Where the effect is a
/// transaction of the ledger, the end is written in the same one: `store::notices::finish` takes
/// part in it.
#[async_trait]
pub trait NoticeStore: Send + Sync + 'static {
    /// Stores a notice unless it is known. Durable when it returns, and only then answered to
    /// the sender. A signed one is known by its method and signed id; a listed one by method,
    /// event and object, among the listed.
    async fn store(&self, notice: Notice) -> Result<Storing, StoreError>;

    /// Notices that have not ended and are due at `now`, the longest due first, at most `limit`.
    /// Only looks.
    async fn waiting(&self, now: Moment, limit: u32) -> Result<Vec<StoredNotice>, StoreError>;

    /// As [`NoticeStore::waiting`], of one payment method: what another one left lying does not
    /// keep its own from being read.
    async fn waiting_of(
        &self,
        method: &str,
        now: Moment,
        limit: u32,
    ) -> Result<Vec<StoredNotice>, StoreError> {
        let mut waiting = self.waiting(now, u32::MAX).await?;
        waiting.retain(|stored| stored.notice.method == method);
        waiting.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(waiting)
    }

    /// Ends a notice. One that has ended stays as it ended first.
    async fn finish(&self, id: NoticeId, how: NoticeEnd, at: Moment) -> Result<(), StoreError>;

    /// Keeps a notice from being read before `due_at`, and counts an attempt. One that has ended
    /// stays as it is.
    async fn postpone(&self, id: NoticeId, due_at: Moment) -> Result<(), StoreError>;
}
