//! The auditor's pen: writes down what people with more rights than a user did over HTTP or on
//! the command line, and what was refused to anybody.
//!
//! What somebody with a right did is always written. Refusals of strangers keep a pace, since
//! anybody can cause as many as he likes: those left out are counted, and the next one written
//! tells how many they were.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rei_domain::audit::{Actor, AuditEntry, AuditOutcome, Via};
use rei_domain::pace::Pace;
use rei_domain::time::Span;

use crate::ports::StoreError;
use crate::ports::audit::AuditLog;
use crate::ports::clock::{Clock, Ids};

/// Refusals of strangers: so many at once, then one in each interval, some ten thousand a day.
const REFUSALS_AT_ONCE: u32 = 20;
const REFUSAL_EVERY: Span = Span::from_secs(10);

/// What somebody did or tried to do.
#[derive(Clone, Debug)]
pub struct Deed {
    pub actor: Actor,
    pub via: Via,
    pub action: String,
    pub target: String,
    pub detail: String,
    pub outcome: AuditOutcome,
}

/// Writes to the audit log. Shared by all who do.
pub struct Auditor {
    log: Arc<dyn AuditLog>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    pace: Mutex<Pace>,
    left_out: AtomicU64,
}

impl Auditor {
    /// An auditor of this log.
    pub fn new(log: Arc<dyn AuditLog>, clock: Arc<dyn Clock>, ids: Arc<dyn Ids>) -> Self {
        Self {
            log,
            clock,
            ids,
            pace: Mutex::new(Pace::new(REFUSAL_EVERY, REFUSALS_AT_ONCE)),
            left_out: AtomicU64::new(0),
        }
    }

    /// The log, to be read.
    pub fn log(&self) -> &dyn AuditLog {
        self.log.as_ref()
    }

    /// Writes a deed down.
    pub async fn record(&self, deed: Deed) -> Result<(), StoreError> {
        let entry = AuditEntry {
            key: format!("{}:{}", deed.via.as_str(), self.ids.id()),
            at: self.clock.now(),
            actor: deed.actor,
            via: deed.via,
            action: deed.action,
            target: deed.target,
            detail: deed.detail,
            outcome: deed.outcome,
        };
        self.log.append(vec![entry]).await
    }

    /// Writes down a refusal of somebody without rights, if the pace allows it. A log that
    /// cannot be written does not make the refusal another one.
    pub async fn refuse(&self, mut deed: Deed) {
        let now = self.clock.now();
        let taken = {
            let mut pace = self.pace.lock().unwrap_or_else(PoisonError::into_inner);
            pace.take(now)
        };
        if taken.is_err() {
            self.left_out.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let left_out = self.left_out.swap(0, Ordering::Relaxed);
        if left_out > 0 {
            deed.detail = format!(
                "{left_out} refusals before it are left out; {}",
                deed.detail
            );
        }
        if let Err(error) = self.record(deed).await {
            tracing::error!(%error, "a refusal is not in the audit log");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicI64;

    use async_trait::async_trait;
    use rei_domain::audit::AuditLink;
    use rei_domain::time::Moment;

    use super::*;
    use crate::ports::audit::AuditQuery;

    #[derive(Default)]
    struct Paper(Mutex<Vec<AuditEntry>>);

    #[async_trait]
    impl AuditLog for Paper {
        async fn append(&self, entries: Vec<AuditEntry>) -> Result<(), StoreError> {
            self.0.lock().unwrap().extend(entries);
            Ok(())
        }

        async fn newest(&self, _: AuditQuery, _: u32) -> Result<Vec<AuditLink>, StoreError> {
            Ok(Vec::new())
        }
    }

    #[derive(Default)]
    struct Watch(AtomicI64);

    impl Clock for Watch {
        fn now(&self) -> Moment {
            Moment(self.0.load(Ordering::SeqCst))
        }
    }

    struct Counter(AtomicI64);

    impl Ids for Counter {
        fn id(&self) -> String {
            self.0.fetch_add(1, Ordering::SeqCst).to_string()
        }

        fn nonce(&self) -> String {
            self.id()
        }
    }

    #[tokio::test]
    async fn a_flood_of_refusals_does_not_fill_the_disk_and_is_counted() {
        let (paper, watch) = (Arc::new(Paper::default()), Arc::new(Watch::default()));
        let ids = Arc::new(Counter(AtomicI64::new(0)));
        let auditor = Auditor::new(paper.clone(), watch.clone(), ids);
        let deed = Deed {
            actor: Actor::Nobody,
            via: Via::Http,
            action: "admin".to_owned(),
            target: "/admin".to_owned(),
            detail: "no token".to_owned(),
            outcome: AuditOutcome::Refused,
        };
        for _ in 0..10_000 {
            auditor.refuse(deed.clone()).await;
        }
        assert_eq!(paper.0.lock().unwrap().len(), 20);
        watch.0.store(REFUSAL_EVERY.0, Ordering::SeqCst);
        auditor.refuse(deed.clone()).await;
        let last = paper.0.lock().unwrap().last().cloned().unwrap();
        assert_eq!(
            last.detail,
            "9980 refusals before it are left out; no token"
        );
        for _ in 0..100 {
            auditor.record(deed.clone()).await.unwrap();
        }
        assert_eq!(paper.0.lock().unwrap().len(), 121);
    }
}
