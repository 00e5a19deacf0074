//! How a shop is notified, and how that goes wrong on request.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::yookassa::signature::Signing;

/// The events a shop can be told (OpenAPI, `NotificationEvent`).
pub const EVENTS: [&str; 4] = [
    "payment.waiting_for_capture",
    "payment.succeeded",
    "payment.canceled",
    "refund.succeeded",
];

/// The wait when no interval is set, which keeps a failing receiver from being hammered.
const INTERVAL_FALLBACK: Duration = Duration::from_secs(1);

/// How the shop is notified. A test may change it while the sandbox runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notifications {
    /// Where to; none is a shop without notifications.
    pub url: Option<String>,
    /// Which events the shop asked for.
    pub events: Vec<String>,
    /// The waits after the first failed attempts; the last one repeats.
    pub intervals_millis: Vec<u64>,
    /// How long after the event the attempts end.
    pub give_up_after_secs: u64,
    /// A receiver that takes longer has failed. On the machine's clock.
    pub answer_within_millis: u64,
    /// Attempts under way at a time.
    pub parallel: usize,
    /// More headers, as proxies in between add: `X-Forwarded-For`.
    pub headers: BTreeMap<String, String>,
    /// Standard Webhooks headers, as a signing proxy adds them.
    pub signing: Signing,
    /// How often each notification is delivered.
    pub copies: u32,
    pub order: Order,
    /// Of a thousand notifications so many are never sent.
    pub lost_per_thousand: u32,
    /// Of a thousand answers of 200 so many do not get back, so that the attempt is repeated.
    pub unheard_per_thousand: u32,
}

/// In which order notifications that are due go out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type", deny_unknown_fields)]
pub enum Order {
    AsHappened,
    /// In an order that depends on the seed alone.
    Shuffled {
        seed: u64,
    },
}

impl Default for Notifications {
    fn default() -> Notifications {
        Notifications {
            url: None,
            events: EVENTS.map(str::to_owned).to_vec(),
            intervals_millis: vec![5_000, 30_000, 60_000, 300_000, 900_000, 3_600_000],
            give_up_after_secs: 24 * 60 * 60,
            answer_within_millis: 30_000,
            parallel: 16,
            headers: BTreeMap::new(),
            signing: Signing::default(),
            copies: 1,
            order: Order::AsHappened,
            lost_per_thousand: 0,
            unheard_per_thousand: 0,
        }
    }
}

impl Notifications {
    /// Whether a courier could work with them.
    pub fn check(&self) -> Result<(), String> {
        let local = |url: &str| url.starts_with("http://") || url.starts_with("https://");
        if self.url.as_deref().is_some_and(|url| !local(url)) {
            return Err("the url is none of http".to_owned());
        }
        if let Some(event) = self.events.iter().find(|it| !EVENTS.contains(&it.as_str())) {
            return Err(format!("there is no event {event}"));
        }
        self.signing.check()
    }

    /// The wait after so many failed attempts.
    pub(super) fn interval(&self, attempts: u32) -> Duration {
        let at = usize::try_from(attempts.saturating_sub(1)).unwrap_or(usize::MAX);
        let interval = self.intervals_millis.get(at);
        interval
            .or(self.intervals_millis.last())
            .map_or(INTERVAL_FALLBACK, |millis| Duration::from_millis(*millis))
    }
}
