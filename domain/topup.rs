//! Top-ups: the states of money on its way in, and what a payment must say to become a credit.
//!
//! ```text
//! asked ──offer──▶ pending ──credit──▶ succeeded
//!   │ │              │ │ ▲                 ▲
//!   │ └────cancel──▶ canceled ──credit─────┘   paid at the last moment, told late
//!   │                │ │   │ release
//!   └────────park──▶ parked ┘
//! ```
//! A top-up is credited when the payment method itself says that exactly this payment was made:
//! id, sum, currency, shop, environment, metadata and user agree. Whatever does not agree is
//! parked under a named reason for a person; nothing is credited "almost".

pub mod checkout;
mod entry;
mod talk;
mod verdict;

pub use entry::{AmountLimits, AmountRefusal, Email, parse_amount};
pub use talk::{MethodOffer, PartlySpent, ReturnablePayment, TopupReply, TopupTap, refund_id};
pub use verdict::{Expected, ParkReason, Stray, Verdict, verdict};

use crate::time::{Moment, Span};

/// Where a top-up stands. The names are those of the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TopupState {
    /// The user asked for it; the method may have been told or not.
    Asked,
    /// The method waits for the payer.
    Pending,
    /// Credited.
    Succeeded,
    /// It will not be paid. A payment that comes after all is credited all the same.
    Canceled,
    /// Paid, but not as it was asked for: a person decides.
    Parked,
}

impl TopupState {
    /// Every state; tests walk it.
    pub const ALL: [TopupState; 5] = [
        TopupState::Asked,
        TopupState::Pending,
        TopupState::Succeeded,
        TopupState::Canceled,
        TopupState::Parked,
    ];

    /// The name in rows and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            TopupState::Asked => "asked",
            TopupState::Pending => "pending",
            TopupState::Succeeded => "succeeded",
            TopupState::Canceled => "canceled",
            TopupState::Parked => "parked",
        }
    }

    /// Reads [`TopupState::as_str`] back.
    pub fn parse(text: &str) -> Option<TopupState> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// What can happen to a top-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TopupEvent {
    /// The method has it and says where it is paid.
    Offer,
    /// The payment agrees; the money is credited in the same transaction.
    Credit,
    /// It will not be paid.
    Cancel,
    /// It was paid and does not agree.
    Park,
    /// A person asks for another look at what was parked.
    Release,
}

impl TopupEvent {
    /// Every event; tests walk it.
    pub const ALL: [TopupEvent; 5] = [
        TopupEvent::Offer,
        TopupEvent::Credit,
        TopupEvent::Cancel,
        TopupEvent::Park,
        TopupEvent::Release,
    ];
}

/// An event that cannot happen in a state: somebody else moved the top-up meanwhile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a top-up that is {} cannot take {event:?}", state.as_str())]
pub struct IllegalStep {
    pub state: TopupState,
    pub event: TopupEvent,
}

/// The transition table.
pub fn step(state: TopupState, event: TopupEvent) -> Result<TopupState, IllegalStep> {
    use TopupEvent as E;
    use TopupState as S;
    match (event, state) {
        (E::Offer, S::Asked) => Ok(S::Pending),
        (E::Credit, S::Asked | S::Pending | S::Canceled) => Ok(S::Succeeded),
        (E::Cancel, S::Asked | S::Pending) => Ok(S::Canceled),
        (E::Park, S::Asked | S::Pending | S::Canceled) => Ok(S::Parked),
        (E::Release, S::Parked) => Ok(S::Pending),
        (E::Offer, S::Pending | S::Succeeded | S::Canceled | S::Parked)
        | (E::Credit | E::Park, S::Succeeded | S::Parked)
        | (E::Cancel, S::Succeeded | S::Canceled | S::Parked)
        | (E::Release, S::Asked | S::Pending | S::Succeeded | S::Canceled) => {
            Err(IllegalStep { state, event })
        }
    }
}

/// For how long a method keeps an idempotence key, with an hour to spare
/// (`contracts/yookassa.md`, 1.1: 24 hours from the first request). After that the same request
/// would be a new operation, so it is looked up before it is made again.
pub const KEY_LIFE: Span = Span::from_secs(23 * 3_600);

/// Whether a request first made at `first_at` may simply be made again with the same key.
pub fn may_repeat(first_at: Moment, now: Moment) -> bool {
    now < first_at + KEY_LIFE
}

/// For how long a payment is tried to be placed before the user is told that it cannot be.
/// Nobody can pay before he has the link, so nothing is lost by giving up.
pub const BEGIN_FOR: Span = Span::from_secs(15 * 60);

/// Payers take minutes, and most of them pay at once.
const YOUNG: Span = Span::from_secs(15 * 60);

/// Every method but cash has ended an unpaid payment by then.
const GROWN: Span = Span::from_secs(26 * 3_600);

/// A payment that its method does not show by itself is taken for unpaid after this.
pub const UNPAID_FOR: Span = Span::from_secs(8 * 24 * 3_600);

/// How often the method is asked after a payment, by the payment's age.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sweep {
    /// While the payer is probably at it.
    pub young: Span,
    /// On the first day. Bounds how late a payment is credited when no notice comes.
    pub grown: Span,
    /// Later.
    pub old: Span,
}

impl Sweep {
    /// When to ask next, for what began at `since`.
    pub fn next(&self, since: Moment, now: Moment) -> Moment {
        let age = now - since;
        let wait = if age < YOUNG {
            self.young
        } else if age < GROWN {
            self.grown
        } else {
            self.old
        };
        now + wait
    }
}

/// Whether a payment that its method does not know is given up: a key or a shop was changed.
pub fn is_forgotten(since: Moment, now: Moment) -> bool {
    now - since >= GROWN
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credited_top_up_never_moves_again() {
        for event in TopupEvent::ALL {
            assert!(step(TopupState::Succeeded, event).is_err(), "{event:?}");
        }
    }

    #[test]
    fn a_payment_that_comes_late_is_credited_all_the_same() {
        let canceled = TopupState::Canceled;
        assert_eq!(
            step(canceled, TopupEvent::Credit),
            Ok(TopupState::Succeeded)
        );
    }

    #[test]
    fn what_is_parked_waits_for_a_person() {
        for event in TopupEvent::ALL {
            let moves = step(TopupState::Parked, event).is_ok();
            assert_eq!(moves, event == TopupEvent::Release, "{event:?}");
        }
    }

    #[test]
    fn states_survive_their_row() {
        for state in TopupState::ALL {
            assert_eq!(TopupState::parse(state.as_str()), Some(state));
        }
    }

    #[test]
    fn a_key_is_repeated_within_its_day_and_looked_up_afterwards() {
        let first = Moment(1_000_000);
        let hours = |hours: i64| first + Span::from_secs(hours * 3_600);
        assert!(may_repeat(first, first));
        assert!(may_repeat(first, hours(22)));
        assert!(!may_repeat(first, hours(23)));
        assert!(!may_repeat(first, hours(24)));
        // A clock that stepped back makes a key younger, never older.
        assert!(may_repeat(first, Moment(0)));
    }

    #[test]
    fn the_older_a_payment_the_rarer_the_question() {
        let sweep = Sweep {
            young: Span::from_secs(30),
            grown: Span::from_secs(300),
            old: Span::from_secs(3_600),
        };
        let since = Moment(0);
        let wait = |minutes: i64| {
            let now = since + Span::from_secs(minutes * 60);
            (sweep.next(since, now) - now).whole_secs()
        };
        assert_eq!(wait(0), 30);
        assert_eq!(wait(14), 30);
        assert_eq!(wait(15), 300);
        assert_eq!(wait(25 * 60), 300);
        assert_eq!(wait(26 * 60), 3_600);
        assert_eq!(wait(400 * 24 * 60), 3_600);
    }
}
