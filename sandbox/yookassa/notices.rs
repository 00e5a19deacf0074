//! Notifications: which are due, and what became of each.
//!
//! ```text
//! waiting ──► under_way ──► delivered        the receiver said 200
//!    ▲            └──┐
//!    └───────────────┘     anything else: again after the next interval
//!    └──► given_up         24 hours after the event
//! ```
//!
//! `unsent` (nobody subscribed, or the test withheld it) and `lost` (dropped on request) never
//! move. The real intervals are not published; these can be set. All times are the sandbox's.

mod delivery;
mod settings;

pub use delivery::{Attempt, Delivery, DeliveryState, Notice, Parcel, Tally};
pub use settings::{EVENTS, Notifications, Order};

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bytes::Bytes;

use super::chance::Chance;

/// Finished deliveries kept; the oldest are forgotten, but stay counted.
const FINISHED_MAX: usize = 400_000;

/// Whether deliveries go out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Gate {
    #[default]
    Open,
    Held,
}

/// The notifications of a shop.
#[derive(Debug, Default)]
pub struct Post {
    pub settings: Notifications,
    deliveries: BTreeMap<u64, Delivery>,
    counted: u64,
    /// By the moment they are due.
    waiting: BTreeSet<(Duration, u64)>,
    /// Due, by rank.
    ready: BTreeSet<(u64, u64)>,
    finished: usize,
    gate: Gate,
    chance: Chance,
    tally: Tally,
}

impl Post {
    /// Enters an event, in so many copies as are set.
    pub fn announce(
        &mut self,
        event: &str,
        object_id: &str,
        body: Bytes,
        at: Duration,
        notice: Notice,
    ) {
        let subscribed =
            self.settings.url.is_some() && self.settings.events.iter().any(|it| it == event);
        let state = match notice {
            Notice::Sent if subscribed => DeliveryState::Waiting,
            Notice::Sent | Notice::Withheld => DeliveryState::Unsent,
        };
        if state == DeliveryState::Unsent {
            self.enter(event, object_id, body, at, state);
            return;
        }
        if self.chance.hits(self.settings.lost_per_thousand) {
            self.enter(event, object_id, body, at, DeliveryState::Lost);
            return;
        }
        for _ in 0..self.settings.copies.max(1) {
            self.enter(event, object_id, body.clone(), at, DeliveryState::Waiting);
        }
    }

    fn enter(
        &mut self,
        event: &str,
        object_id: &str,
        body: Bytes,
        at: Duration,
        state: DeliveryState,
    ) {
        self.counted += 1;
        let number = self.counted;
        match state {
            DeliveryState::Waiting => {
                self.tally.waiting += 1;
                self.waiting.insert((at, number));
            }
            DeliveryState::Lost => self.tally.lost += 1,
            DeliveryState::Unsent => self.tally.unsent += 1,
            DeliveryState::UnderWay | DeliveryState::Delivered | DeliveryState::GivenUp => {}
        }
        let delivery = Delivery {
            number,
            event: event.to_owned(),
            object_id: object_id.to_owned(),
            state,
            attempts: 0,
            last: None,
            happened_at: at,
            body,
        };
        let is_over = delivery.is_over();
        self.deliveries.insert(number, delivery);
        if is_over {
            self.finish();
        }
    }

    /// Sends a delivery once more as a new one, whatever became of it.
    pub fn repeat(&mut self, number: u64, now: Duration) -> bool {
        let Some(delivery) = self.deliveries.get(&number) else {
            return false;
        };
        let (event, object_id) = (delivery.event.clone(), delivery.object_id.clone());
        let body = delivery.body.clone();
        self.enter(&event, &object_id, body, now, DeliveryState::Waiting);
        true
    }

    /// Keeps what is due until [`Post::release`].
    pub fn hold(&mut self) {
        self.gate = Gate::Held;
    }

    /// Lets what is due go out.
    pub fn release(&mut self) {
        self.gate = Gate::Open;
    }

    /// Takes out the next delivery to attempt.
    pub fn next(&mut self, now: Duration) -> Option<Parcel> {
        if self.gate == Gate::Held {
            return None;
        }
        let url = self.settings.url.clone()?;
        if !self.has_room() {
            return None;
        }
        self.make_ready(now);
        let give_up_after = Duration::from_secs(self.settings.give_up_after_secs);
        while let Some((_, number)) = self.ready.pop_first() {
            let Some(delivery) = self.deliveries.get_mut(&number) else {
                continue;
            };
            self.tally.waiting -= 1;
            if now > delivery.happened_at.saturating_add(give_up_after) {
                delivery.state = DeliveryState::GivenUp;
                self.tally.given_up += 1;
                self.finish();
                continue;
            }
            delivery.state = DeliveryState::UnderWay;
            delivery.attempts += 1;
            self.tally.under_way += 1;
            self.tally.attempts += 1;
            return Some(Parcel {
                number,
                event: delivery.event.clone(),
                object_id: delivery.object_id.clone(),
                body: delivery.body.clone(),
                url,
                headers: self.settings.headers.clone(),
                signing: self.settings.signing.clone(),
                answer_within: Duration::from_millis(self.settings.answer_within_millis),
            });
        }
        None
    }

    /// Ranks what has become due.
    fn make_ready(&mut self, now: Duration) {
        while let Some((due, number)) = self.waiting.pop_first() {
            if due > now {
                self.waiting.insert((due, number));
                return;
            }
            let rank = match self.settings.order {
                Order::AsHappened => number,
                Order::Shuffled { seed } => Chance::rank(seed, number),
            };
            self.ready.insert((rank, number));
        }
    }

    /// Enters how an attempt went.
    pub fn attempted(&mut self, number: u64, attempt: Attempt, now: Duration) {
        let unheard = attempt == Attempt::Answered { status: 200 }
            && self.chance.hits(self.settings.unheard_per_thousand);
        let Some(delivery) = self.deliveries.get_mut(&number) else {
            return;
        };
        self.tally.under_way -= 1;
        delivery.last = Some(match &attempt {
            Attempt::Answered { status: 200 } if unheard => "200, unheard".to_owned(),
            Attempt::Answered { status } => status.to_string(),
            Attempt::Failed { reason } => reason.clone(),
        });
        match attempt {
            Attempt::Answered { status: 200 } if !unheard => {
                delivery.state = DeliveryState::Delivered;
                self.tally.delivered += 1;
                self.finish();
            }
            Attempt::Answered { .. } | Attempt::Failed { .. } => {
                delivery.state = DeliveryState::Waiting;
                let due = now + self.settings.interval(delivery.attempts);
                self.waiting.insert((due, number));
                self.tally.waiting += 1;
            }
        }
    }

    fn finish(&mut self) {
        self.finished += 1;
        if self.finished <= FINISHED_MAX {
            return;
        }
        let oldest = self.deliveries.values().find(|delivery| delivery.is_over());
        if let Some(number) = oldest.map(|delivery| delivery.number) {
            self.deliveries.remove(&number);
        }
    }

    /// When the next delivery is due; none while a change must come first.
    pub fn next_due(&self) -> Option<Duration> {
        match (self.gate, &self.settings.url) {
            (Gate::Open, Some(_)) if self.has_room() => self.waiting.first().map(|(due, _)| *due),
            (Gate::Open | Gate::Held, _) => None,
        }
    }

    fn has_room(&self) -> bool {
        let parallel = u64::try_from(self.settings.parallel.max(1)).unwrap_or(u64::MAX);
        self.tally.under_way < parallel
    }

    /// The deliveries, oldest first.
    pub fn all(&self) -> Vec<Delivery> {
        self.deliveries.values().cloned().collect()
    }

    /// So many of the newest deliveries, newest first.
    pub fn latest(&self, count: usize) -> impl Iterator<Item = &Delivery> {
        self.deliveries.values().rev().take(count)
    }

    /// The counts.
    pub fn tally(&self) -> Tally {
        self.tally
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Duration = Duration::from_secs(1_000_000);
    const HOUR: Duration = Duration::from_secs(3600);

    fn post() -> Post {
        let mut post = Post::default();
        post.settings.url = Some("http://127.0.0.1:1/".to_owned());
        post
    }

    fn announce(post: &mut Post, id: &str) {
        post.announce("payment.succeeded", id, Bytes::new(), START, Notice::Sent);
    }

    fn all_ids(post: &mut Post) -> Vec<String> {
        post.settings.parallel = usize::MAX;
        std::iter::from_fn(|| post.next(START).map(|parcel| parcel.object_id)).collect()
    }

    #[test]
    fn only_200_ends_the_attempts_before_24_hours() {
        let mut post = post();
        announce(&mut post, "a");
        let mut now = START;
        let mut attempts = 0;
        for status in [500, 204, 302, 404].into_iter().cycle() {
            let Some(parcel) = post.next(now) else { break };
            attempts += 1;
            post.attempted(parcel.number, Attempt::Answered { status }, now);
            assert!(post.next(now).is_none(), "not at once");
            now += HOUR;
        }
        assert_eq!(attempts, 25, "at 0, 1 … 24 hours");
        assert_eq!(post.tally().given_up, 1);
        assert_eq!(post.next_due(), None);
    }

    #[test]
    fn the_intervals_grow_and_the_last_repeats() {
        let mut post = post();
        post.settings.intervals_millis = vec![10, 20];
        announce(&mut post, "a");
        let mut now = START;
        for wait in [10, 20, 20] {
            let parcel = post.next(now).unwrap();
            let reason = "no answer".to_owned();
            post.attempted(parcel.number, Attempt::Failed { reason }, now);
            now += Duration::from_millis(wait);
            assert_eq!(post.next_due(), Some(now));
        }
    }

    #[test]
    fn a_seed_shuffles_the_same_way_every_time() {
        let shuffled = |order: Order| {
            let mut post = post();
            post.settings.order = order;
            for id in ["a", "b", "c", "d", "e", "f", "g", "h"] {
                announce(&mut post, id);
            }
            all_ids(&mut post)
        };
        let straight = shuffled(Order::AsHappened);
        let first = shuffled(Order::Shuffled { seed: 1 });
        assert_eq!(first, shuffled(Order::Shuffled { seed: 1 }));
        assert_ne!(first, shuffled(Order::Shuffled { seed: 2 }));
        assert_ne!(first, straight);
        let mut sorted = first;
        sorted.sort();
        assert_eq!(sorted, straight);
    }

    #[test]
    fn copies_and_losses_are_counted() {
        let mut post = post();
        post.settings.copies = 3;
        announce(&mut post, "a");
        assert_eq!(all_ids(&mut post), ["a", "a", "a"]);
        post.settings.lost_per_thousand = 1000;
        announce(&mut post, "b");
        assert!(all_ids(&mut post).is_empty());
        assert_eq!(post.tally().lost, 1);
    }

    #[test]
    fn an_answer_that_is_not_heard_is_repeated() {
        let mut post = post();
        post.settings.unheard_per_thousand = 1000;
        announce(&mut post, "a");
        let parcel = post.next(START).unwrap();
        post.attempted(parcel.number, Attempt::Answered { status: 200 }, START);
        post.settings.unheard_per_thousand = 0;
        let again = post.next(START + HOUR).unwrap();
        assert_eq!(again.number, parcel.number);
        post.attempted(again.number, Attempt::Answered { status: 200 }, START);
        assert_eq!(post.tally().delivered, 1);
    }

    #[test]
    fn events_nobody_asked_for_are_not_sent() {
        let mut post = post();
        post.settings.events = vec!["refund.succeeded".to_owned()];
        announce(&mut post, "a");
        assert_eq!(post.tally().unsent, 1);
        assert!(post.next(START).is_none());
    }
}
