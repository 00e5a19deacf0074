//! How notifications of payments ended, counted.

use prometheus::{IntCounterVec, Opts, Registry};
use rei_actors::ports::notices::NoticeSource;

use super::{AddressRefusal, METHOD};
use crate::webhooks::Forgery;

/// Events that have a series of their own; YooKassa may send others.
const EVENTS: [&str; 4] = [
    "payment.succeeded",
    "payment.canceled",
    "payment.waiting_for_capture",
    "refund.succeeded",
];
const OTHER_EVENT: &str = "other";
/// The event of what was rejected: what it says is nobody's word.
const UNKNOWN_EVENT: &str = "unknown";
/// The source of what was rejected.
const OTHER_SOURCE: &str = "other";
const SOURCES: [&str; 2] = ["listed", "signed"];
/// The reason of what was not rejected.
const NO_REASON: &str = "none";

/// Why a notification was rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rejection {
    AddressElsewhere,
    AddressUnreadable,
    AddressUnknown,
    SignatureMissing,
    SignatureMalformed,
    SignatureStale,
    SignatureFuture,
    SignatureWrong,
    /// A signed id that was another notification's.
    IdReused,
    TooLarge,
    /// The body broke off or did not come in time.
    Unread,
    NotUtf8,
    NotJson,
    /// JSON of another shape or type, or with a key that stands twice.
    NotANotification,
    EventMalformed,
    ObjectMalformed,
}

impl Rejection {
    pub const ALL: [Rejection; 16] = [
        Rejection::AddressElsewhere,
        Rejection::AddressUnreadable,
        Rejection::AddressUnknown,
        Rejection::SignatureMissing,
        Rejection::SignatureMalformed,
        Rejection::SignatureStale,
        Rejection::SignatureFuture,
        Rejection::SignatureWrong,
        Rejection::IdReused,
        Rejection::TooLarge,
        Rejection::Unread,
        Rejection::NotUtf8,
        Rejection::NotJson,
        Rejection::NotANotification,
        Rejection::EventMalformed,
        Rejection::ObjectMalformed,
    ];

    /// The word in metrics and the log.
    pub fn label(self) -> &'static str {
        match self {
            Rejection::AddressElsewhere => "address_elsewhere",
            Rejection::AddressUnreadable => "address_unreadable",
            Rejection::AddressUnknown => "address_unknown",
            Rejection::SignatureMissing => "signature_missing",
            Rejection::SignatureMalformed => "signature_malformed",
            Rejection::SignatureStale => "signature_stale",
            Rejection::SignatureFuture => "signature_future",
            Rejection::SignatureWrong => "signature_wrong",
            Rejection::IdReused => "id_reused",
            Rejection::TooLarge => "too_large",
            Rejection::Unread => "unread",
            Rejection::NotUtf8 => "not_utf8",
            Rejection::NotJson => "not_json",
            Rejection::NotANotification => "not_a_notification",
            Rejection::EventMalformed => "event_malformed",
            Rejection::ObjectMalformed => "object_malformed",
        }
    }
}

impl From<AddressRefusal> for Rejection {
    fn from(refusal: AddressRefusal) -> Self {
        match refusal {
            AddressRefusal::Elsewhere => Rejection::AddressElsewhere,
            AddressRefusal::Unreadable => Rejection::AddressUnreadable,
            AddressRefusal::Unknown => Rejection::AddressUnknown,
        }
    }
}

impl From<Forgery> for Rejection {
    fn from(forgery: Forgery) -> Self {
        match forgery {
            Forgery::HeaderMissing => Rejection::SignatureMissing,
            Forgery::HeaderMalformed => Rejection::SignatureMalformed,
            Forgery::Stale => Rejection::SignatureStale,
            Forgery::Future => Rejection::SignatureFuture,
            Forgery::SignatureWrong => Rejection::SignatureWrong,
        }
    }
}

/// How one delivery ended, as its series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ending {
    event: &'static str,
    source: &'static str,
    result: &'static str,
    reason: &'static str,
}

impl Ending {
    /// It is a row now.
    pub fn stored(event: &str, source: &NoticeSource) -> Ending {
        Ending::of(event, source, "stored")
    }

    /// It was one before.
    pub fn duplicate(event: &str, source: &NoticeSource) -> Ending {
        Ending::of(event, source, "duplicate")
    }

    /// It could not be stored now.
    pub fn error(event: &str, source: &NoticeSource) -> Ending {
        Ending::of(event, source, "error")
    }

    /// It is none, or nobody's.
    pub fn rejected(rejection: Rejection) -> Ending {
        Ending {
            event: UNKNOWN_EVENT,
            source: OTHER_SOURCE,
            result: "rejected",
            reason: rejection.label(),
        }
    }

    fn of(event: &str, source: &NoticeSource, result: &'static str) -> Ending {
        let known = EVENTS.into_iter().find(|known| *known == event);
        Ending {
            event: known.unwrap_or(OTHER_EVENT),
            source: match source {
                NoticeSource::Listed => SOURCES[0],
                NoticeSource::Signed { .. } => SOURCES[1],
            },
            result,
            reason: NO_REASON,
        }
    }
}

/// The counter, registered; cheap to clone.
#[derive(Clone)]
pub struct PaymentWebhookMetrics(IntCounterVec);

impl PaymentWebhookMetrics {
    /// Makes and registers it, every known series at zero.
    pub fn try_new(registry: &Registry) -> prometheus::Result<Self> {
        let webhooks = IntCounterVec::new(
            Opts::new(
                "rei_payment_webhooks_total",
                "Notifications of payments by how they ended and why they were rejected.",
            ),
            &["psp", "event", "source", "result", "reason"],
        )?;
        registry.register(Box::new(webhooks.clone()))?;
        let metrics = Self(webhooks);
        for event in EVENTS.into_iter().chain([OTHER_EVENT]) {
            for source in SOURCES {
                for result in ["stored", "duplicate", "error"] {
                    let reason = NO_REASON;
                    metrics.series(Ending {
                        event,
                        source,
                        result,
                        reason,
                    });
                }
            }
        }
        for rejection in Rejection::ALL {
            metrics.series(Ending::rejected(rejection));
        }
        Ok(metrics)
    }

    /// Counts one delivery.
    pub fn count(&self, ending: Ending) {
        self.series(ending).inc();
    }

    fn series(&self, ending: Ending) -> prometheus::IntCounter {
        let Ending {
            event,
            source,
            result,
            reason,
        } = ending;
        self.0
            .with_label_values(&[METHOD, event, source, result, reason])
    }
}
