//! Usage sessions by the running second: what they are, why they end, and their postings.
//!
//! Each window of seconds is a hold of its own. All postings of a session follow from its row,
//! so a repeat is the same posting and writes nothing.

use crate::ids::{ChatId, HoldId, IdempotencyKey, UsageId, UserId};
use crate::ledger::{HoldPurpose, Movement, Operation, Posting};
use crate::metering::Meter;
use crate::money::Money;
use crate::time::{Moment, Span};

/// How long after its window an open hold is an auditor's business.
const HOLD_GRACE: Span = Span::from_secs(3_600);

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UsageEnd {
    /// The user stopped it.
    Stopped,
    /// The balance does not cover the next window.
    Balance,
    /// A cap does not cover it.
    Cap,
    /// The user may not order any more.
    Banned,
    /// No process counted it until all that was set aside was used.
    Unattended,
}

impl UsageEnd {
    /// Every reason.
    pub const ALL: [UsageEnd; 5] = [
        UsageEnd::Stopped,
        UsageEnd::Balance,
        UsageEnd::Cap,
        UsageEnd::Banned,
        UsageEnd::Unattended,
    ];

    /// The name in rows and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            UsageEnd::Stopped => "stopped",
            UsageEnd::Balance => "balance",
            UsageEnd::Cap => "cap",
            UsageEnd::Banned => "banned",
            UsageEnd::Unattended => "unattended",
        }
    }

    /// Reads [`UsageEnd::as_str`] back.
    pub fn parse(text: &str) -> Option<UsageEnd> {
        Self::ALL.into_iter().find(|end| end.as_str() == text)
    }
}

/// A session by the running second.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usage {
    pub id: UsageId,
    pub user: UserId,
    pub chat: ChatId,
    pub meter: Meter,
    /// What was charged so far.
    pub charged: Money,
    /// Grows with each write of the row.
    pub version: i64,
    /// Why no further window is set aside.
    pub stopping: Option<UsageEnd>,
    pub started_at: Moment,
    /// When and why it ended.
    pub ended: Option<(Moment, UsageEnd)>,
}

impl Usage {
    /// The hold of a window, counted from 1.
    pub fn window(&self, number: u32) -> HoldId {
        window_hold(&self.id, number)
    }

    fn reference(&self) -> String {
        format!("usage:{}", self.id)
    }

    fn operation(&self, key: String, movement: Movement) -> Operation {
        Operation {
            key: IdempotencyKey::new(key),
            movement,
            reference: self.reference(),
        }
    }

    fn posting(&self, operations: Vec<Operation>) -> Posting {
        Posting {
            user: self.user,
            operations,
        }
    }

    /// Sets a window aside. `None` when its price cannot be represented.
    pub fn hold_window(&self, number: u32, now: Moment) -> Option<Posting> {
        let tariff = self.meter.tariff;
        let place = Movement::PlaceHold {
            hold: self.window(number),
            amount: tariff.window_price()?,
            expires_at: now + self.meter.reserved() + HOLD_GRACE,
            purpose: HoldPurpose::Window,
            platform_cost: Money::ZERO,
        };
        let key = format!("hold:window:{}", self.window(number));
        Some(self.posting(vec![self.operation(key, place)]))
    }

    /// Charges a window that is used up.
    pub fn charge_window(&self, number: u32) -> Posting {
        let hold = self.window(number);
        let key = format!("settle:window:{hold}");
        let capture = Movement::CaptureHold { hold };
        self.posting(vec![self.operation(key, capture)])
    }

    /// Charges what is used of the windows that are not charged yet, and returns the rest.
    pub fn close(&self) -> Posting {
        let mut operations = Vec::new();
        for number in self.meter.windows_charged + 1..=self.meter.windows_held {
            let hold = self.window(number);
            let key = format!("settle:window:{hold}");
            let used = self.meter.charge_of(number);
            let whole = self.meter.tariff.window_price() == Some(used);
            if whole {
                operations.push(self.operation(key, Movement::CaptureHold { hold }));
                continue;
            }
            if used > Money::ZERO {
                let part = Movement::CapturePart {
                    hold: hold.clone(),
                    amount: used,
                };
                operations.push(self.operation(format!("part:window:{hold}"), part));
            }
            operations.push(self.operation(key, Movement::VoidHold { hold }));
        }
        self.posting(operations)
    }
}

/// The hold of a session's window.
pub fn window_hold(usage: &UsageId, number: u32) -> HoldId {
    HoldId::new(format!("{usage}-{number}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::ShardId;
    use crate::ledger::caps::CapRules;
    use crate::ledger::{Account, Applied, Books, ChainHead, PlatformAccount};
    use crate::metering::Tariff;
    use proptest::prelude::*;

    const SHARD: ShardId = ShardId(0);
    const RATE: i64 = 5;
    const WINDOW: u32 = 60;

    fn usage() -> Usage {
        let tariff = Tariff {
            rate: Money::from_kopecks(RATE),
            window_secs: WINDOW,
            lead_secs: 20,
        };
        Usage {
            id: UsageId::new("u"),
            user: UserId(7),
            chat: ChatId(7),
            meter: Meter::begin(tariff, Moment(0)),
            charged: Money::ZERO,
            version: 1,
            stopping: None,
            started_at: Moment(0),
            ended: None,
        }
    }

    fn books(kopecks: i64) -> Books {
        let mut books = Books::new(SHARD, ChainHead::genesis(), Moment(0), CapRules::default());
        let grant = Operation {
            key: IdempotencyKey::new("bonus"),
            movement: Movement::GrantBonus {
                amount: Money::from_kopecks(kopecks),
            },
            reference: String::new(),
        };
        let posting = Posting {
            user: UserId(7),
            operations: vec![grant],
        };
        books.post(&posting).expect("a bonus is granted");
        books
    }

    proptest! {
        /// However long it ran and however its windows were charged on the way: the user paid
        /// for whole seconds, everything else is his again, and a repeat changes nothing.
        #[test]
        fn a_session_costs_its_whole_seconds(
            micros in 0i64..400_000_000, charged in 0u32..6, held in 1u32..8
        ) {
            let mut books = books(1_000_000);
            let mut usage = usage();
            usage.meter.windows_held = held;
            for number in 1..=held {
                books.post(&usage.hold_window(number, Moment(0)).unwrap()).unwrap();
            }
            usage.meter = usage.meter.count(Moment(micros), Some(Span(micros))).meter;
            let used = u32::try_from(usage.meter.seconds()).unwrap() / WINDOW;
            // The meter leaves the last window to the end.
            for number in 1..=charged.min(used).min(held - 1) {
                books.post(&usage.charge_window(number)).unwrap();
                usage.meter.windows_charged = number;
            }
            let close = usage.close();
            prop_assert_eq!(books.post(&close), Ok(Applied::Now));
            prop_assert_eq!(books.post(&close), Ok(Applied::Before));
            let seconds = (micros / 1_000_000).min(i64::from(held * WINDOW));
            let revenue = Account::Platform(PlatformAccount::Revenue, SHARD);
            prop_assert_eq!(books.balance(revenue).kopecks(), seconds * RATE);
            prop_assert_eq!(books.balance(Account::Held(UserId(7))), Money::ZERO);
            let left = books.balance(Account::Available(UserId(7))).kopecks();
            prop_assert_eq!(left, 1_000_000 - seconds * RATE);
        }
    }

    #[test]
    fn ends_survive_their_row() {
        for end in UsageEnd::ALL {
            assert_eq!(UsageEnd::parse(end.as_str()), Some(end));
        }
    }
}
