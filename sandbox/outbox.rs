//! Callbacks to whoever ordered something: which are due, and what became of each.
//!
//! ```text
//! waiting ──► under_way ──► delivered        the receiver said 2xx
//!    ▲            ├──► given_up              after the last attempt
//!    └────────────┘     anything else: again after the next interval
//! ```
//!
//! All times are the sandbox's, but for the wait for an answer. Who signs, and how, is up to
//! the emulator.

mod courier;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

pub use courier::{Posting, deliver};

/// The wait when no interval is set, which keeps a failing receiver from being hammered.
const INTERVAL_FALLBACK: Duration = Duration::from_secs(1);

/// Deliveries kept; the oldest are forgotten once they are over.
const KEPT_MAX: usize = 20_000;

/// How callbacks go out. A test may change it while the sandbox runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Callbacks {
    /// The waits after the first failed attempts; the last one repeats.
    pub intervals_millis: Vec<u64>,
    /// How often each is attempted before it is given up.
    pub attempts_max: u32,
    /// A receiver that takes longer has failed. On the machine's clock.
    pub answer_within_millis: u64,
    /// How often each is delivered; copies share their id.
    pub copies: u32,
    /// More headers, as proxies in between add.
    pub headers: BTreeMap<String, String>,
}

impl Default for Callbacks {
    fn default() -> Callbacks {
        Callbacks {
            intervals_millis: vec![1_000, 5_000, 30_000, 60_000, 300_000, 900_000],
            attempts_max: 10,
            answer_within_millis: 15_000,
            copies: 1,
            headers: BTreeMap::new(),
        }
    }
}

impl Callbacks {
    /// The wait after so many failed attempts.
    fn interval(&self, attempts: u32) -> Duration {
        let at = usize::try_from(attempts.saturating_sub(1)).unwrap_or(usize::MAX);
        let interval = self.intervals_millis.get(at);
        interval
            .or(self.intervals_millis.last())
            .map_or(INTERVAL_FALLBACK, |millis| Duration::from_millis(*millis))
    }
}

/// Who a callback seems to come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// As the real service signs, or does not when no secret is set.
    #[default]
    Genuine,
    /// Signed with a key that is not the service's.
    ForeignKey,
    /// Signed well, an hour ago.
    Stale,
    /// Signed well, before the body was changed.
    AlteredBody,
    /// Without the headers.
    Unsigned,
}

/// One callback on its way, as it stands now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Delivery {
    /// Counts all deliveries, copies included, from 1.
    pub number: u64,
    /// The same on every attempt and for all copies.
    pub message_id: String,
    /// The task or request it is about.
    pub about: String,
    pub url: String,
    pub state: DeliveryState,
    pub attempts: u32,
    /// What came of the last attempt: a status or an error.
    pub last: Option<String>,
    pub proof: Proof,
    /// The bytes that are sent.
    #[serde(skip)]
    pub body: Bytes,
}

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    Waiting,
    UnderWay,
    Delivered,
    GivenUp,
}

impl DeliveryState {
    fn is_over(self) -> bool {
        match self {
            DeliveryState::Waiting | DeliveryState::UnderWay => false,
            DeliveryState::Delivered | DeliveryState::GivenUp => true,
        }
    }
}

/// What the courier takes along.
#[derive(Clone, Debug)]
pub struct Parcel {
    pub number: u64,
    pub about: String,
    pub url: String,
    pub body: Bytes,
    pub proof: Proof,
    pub headers: BTreeMap<String, String>,
    pub answer_within: Duration,
}

/// Whether callbacks go out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Gate {
    #[default]
    Open,
    Held,
}

/// The callbacks of one emulator.
#[derive(Debug, Default)]
pub struct Outbox {
    pub settings: Callbacks,
    deliveries: BTreeMap<u64, Delivery>,
    counted: u64,
    /// By the moment they are due.
    waiting: BTreeSet<(Duration, u64)>,
    gate: Gate,
}

impl Outbox {
    /// Enters a callback, in so many copies as are set.
    pub fn send(&mut self, about: &str, url: &str, body: Bytes, proof: Proof, at: Duration) {
        let message_id = format!("msg_{}", self.counted + 1);
        for _ in 0..self.settings.copies.max(1) {
            self.enter(&message_id, about, url, body.clone(), proof, at);
        }
    }

    fn enter(
        &mut self,
        message_id: &str,
        about: &str,
        url: &str,
        body: Bytes,
        proof: Proof,
        at: Duration,
    ) {
        self.counted += 1;
        self.waiting.insert((at, self.counted));
        let delivery = Delivery {
            number: self.counted,
            message_id: message_id.to_owned(),
            about: about.to_owned(),
            url: url.to_owned(),
            state: DeliveryState::Waiting,
            attempts: 0,
            last: None,
            proof,
            body,
        };
        self.deliveries.insert(self.counted, delivery);
        if self.deliveries.len() > KEPT_MAX {
            let over = self.deliveries.values().find(|it| it.state.is_over());
            if let Some(number) = over.map(|it| it.number) {
                self.deliveries.remove(&number);
            }
        }
    }

    /// Sends a delivery once more, whatever became of it; `false` when there is none.
    pub fn repeat(&mut self, number: u64, now: Duration) -> bool {
        let Some(it) = self.deliveries.get(&number).cloned() else {
            return false;
        };
        self.enter(
            &it.message_id,
            &it.about,
            &it.url,
            it.body.clone(),
            it.proof,
            now,
        );
        true
    }

    /// Keeps what is due until [`Outbox::release`].
    pub fn hold(&mut self) {
        self.gate = Gate::Held;
    }

    /// Lets what is due go out.
    pub fn release(&mut self) {
        self.gate = Gate::Open;
    }

    /// Takes out the next delivery to attempt.
    fn next(&mut self, now: Duration) -> Option<Parcel> {
        if self.gate == Gate::Held {
            return None;
        }
        loop {
            let (due, number) = *self.waiting.first()?;
            if due > now {
                return None;
            }
            self.waiting.pop_first();
            let Some(delivery) = self.deliveries.get_mut(&number) else {
                continue;
            };
            delivery.state = DeliveryState::UnderWay;
            delivery.attempts += 1;
            return Some(Parcel {
                number,
                about: delivery.about.clone(),
                url: delivery.url.clone(),
                body: delivery.body.clone(),
                proof: delivery.proof,
                headers: self.settings.headers.clone(),
                answer_within: Duration::from_millis(self.settings.answer_within_millis),
            });
        }
    }

    /// Enters how an attempt went.
    fn attempted(&mut self, number: u64, outcome: Result<u16, String>, now: Duration) {
        let Some(delivery) = self.deliveries.get_mut(&number) else {
            return;
        };
        let heard = matches!(outcome, Ok(200..=299));
        delivery.last = Some(match outcome {
            Ok(status) => status.to_string(),
            Err(reason) => reason,
        });
        if heard {
            delivery.state = DeliveryState::Delivered;
        } else if delivery.attempts >= self.settings.attempts_max {
            delivery.state = DeliveryState::GivenUp;
        } else {
            delivery.state = DeliveryState::Waiting;
            let due = now + self.settings.interval(delivery.attempts);
            self.waiting.insert((due, number));
        }
    }

    /// When the next delivery is due; none while a change must come first.
    pub fn next_due(&self) -> Option<Duration> {
        match self.gate {
            Gate::Open => self.waiting.first().map(|(due, _)| *due),
            Gate::Held => None,
        }
    }

    /// The deliveries, oldest first.
    pub fn all(&self) -> Vec<Delivery> {
        self.deliveries.values().cloned().collect()
    }

    /// Whether nothing is waiting or under way.
    pub fn is_quiet(&self) -> bool {
        self.deliveries.values().all(|it| it.state.is_over())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Duration = Duration::from_secs(1_000_000);

    fn sent() -> Outbox {
        let mut outbox = Outbox::default();
        outbox.settings.intervals_millis = vec![1_000, 5_000];
        outbox.settings.attempts_max = 3;
        let body = Bytes::from_static(b"{}");
        outbox.send("1", "http://here", body, Proof::Genuine, START);
        outbox
    }

    #[test]
    fn a_callback_is_repeated_after_each_interval_and_then_given_up() {
        let mut outbox = sent();
        let mut now = START;
        for (wait, state) in [
            (1, DeliveryState::Waiting),
            (5, DeliveryState::Waiting),
            (5, DeliveryState::GivenUp),
        ] {
            let parcel = outbox.next(now).unwrap();
            assert_eq!(outbox.all()[0].message_id, "msg_1");
            outbox.attempted(parcel.number, Ok(500), now);
            assert_eq!(outbox.all()[0].state, state);
            assert!(outbox.next(now).is_none());
            now += Duration::from_secs(wait);
        }
        assert!(outbox.is_quiet());
        assert!(outbox.next(now).is_none());
    }

    #[test]
    fn any_2xx_is_heard() {
        let mut outbox = sent();
        let parcel = outbox.next(START).unwrap();
        outbox.attempted(parcel.number, Ok(204), START);
        assert_eq!(outbox.all()[0].state, DeliveryState::Delivered);
    }

    #[test]
    fn copies_and_repeats_share_their_id() {
        let mut outbox = sent();
        outbox.settings.copies = 2;
        outbox.send("2", "http://here", Bytes::new(), Proof::Genuine, START);
        assert!(outbox.repeat(2, START));
        assert!(!outbox.repeat(9, START));
        let ids: Vec<String> = outbox.all().into_iter().map(|it| it.message_id).collect();
        assert_eq!(ids, ["msg_1", "msg_2", "msg_2", "msg_2"]);
    }

    #[test]
    fn what_is_held_waits() {
        let mut outbox = sent();
        outbox.hold();
        assert!(outbox.next(START).is_none());
        assert_eq!(outbox.next_due(), None);
        outbox.release();
        assert!(outbox.next(START).is_some());
    }
}
