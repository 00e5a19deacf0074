//! Lots: where a user's available money came from, and what of each origin is left.
//!
//! Every transfer that touches an available account is broken down by lot, so the lots of a
//! user always add up to what he has available. Spending draws bonus money first, then admins'
//! corrections, then payments, the oldest first: what can be given back to a card is spent
//! last. Money that comes back from a hold returns to the lots it was drawn from, in the
//! opposite order.

use std::collections::BTreeMap;

use crate::ids::{LotId, TopupId, UserId};
use crate::money::Money;
use crate::time::Moment;

/// Where money came from. Its order is the order of spending.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Origin {
    /// Given by the platform; never refundable.
    Bonus,
    /// Given by an admin; never refundable.
    Admin,
    /// Paid in; refundable while it is unspent.
    Payment(TopupId),
}

impl Origin {
    /// The name in rows.
    pub fn as_str(&self) -> &'static str {
        match self {
            Origin::Bonus => "bonus",
            Origin::Admin => "admin",
            Origin::Payment(_) => "payment",
        }
    }

    /// The payment it was, for a payment.
    pub fn topup(&self) -> Option<&TopupId> {
        match self {
            Origin::Payment(topup) => Some(topup),
            Origin::Bonus | Origin::Admin => None,
        }
    }

    /// Reads [`Origin::as_str`] and [`Origin::topup`] back.
    pub fn parse(name: &str, topup: Option<String>) -> Option<Origin> {
        match (name, topup) {
            ("bonus", None) => Some(Origin::Bonus),
            ("admin", None) => Some(Origin::Admin),
            ("payment", Some(topup)) => Some(Origin::Payment(TopupId::new(topup))),
            _ => None,
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Origin::Bonus => 0,
            Origin::Admin => 1,
            Origin::Payment(_) => 2,
        }
    }
}

/// Money of one origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lot {
    pub id: LotId,
    pub user: UserId,
    pub origin: Origin,
    /// What came in.
    pub amount: Money,
    /// What is left of it; between zero and `amount`.
    pub remaining: Money,
    pub created_at: Moment,
}

/// A line of the lots' journal: the part of a transfer that concerns one lot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LotMove {
    pub lot: LotId,
    /// Below zero: taken from the lot. Above zero: brought in or returned to it.
    pub amount: Money,
}

/// Which lots a spending may draw from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DrawRule {
    /// All, in the order of spending.
    InOrder,
    /// One payment's lot and no other.
    Only(TopupId),
}

/// The lots of one user.
#[derive(Clone, Debug, Default)]
pub struct Lots(BTreeMap<LotId, Lot>);

impl Lots {
    /// Tells a lot that was read.
    pub fn read(&mut self, lot: Lot) {
        self.0.insert(lot.id.clone(), lot);
    }

    /// The lot of this id.
    pub fn get(&self, id: &LotId) -> Option<&Lot> {
        self.0.get(id)
    }

    /// What is left of a payment.
    pub fn left_of(&self, topup: &TopupId) -> Money {
        self.0
            .values()
            .find(|lot| lot.origin.topup() == Some(topup))
            .map_or(Money::ZERO, |lot| lot.remaining)
    }

    /// Opens a lot and says what to journal.
    pub fn open(&mut self, lot: Lot) -> Vec<LotMove> {
        let moved = LotMove {
            lot: lot.id.clone(),
            amount: lot.amount,
        };
        self.read(lot);
        vec![moved]
    }

    /// Takes `amount` by the rule, or as much as there is when lots fall short.
    pub fn draw(&mut self, amount: Money, rule: &DrawRule) -> Vec<LotMove> {
        let mut lots: Vec<&mut Lot> = self
            .0
            .values_mut()
            .filter(|lot| lot.remaining > Money::ZERO)
            .filter(|lot| match rule {
                DrawRule::InOrder => true,
                DrawRule::Only(topup) => lot.origin.topup() == Some(topup),
            })
            .collect();
        lots.sort_by_key(|lot| spending_order(lot));
        let mut wanted = amount.kopecks();
        let mut moves = Vec::new();
        for lot in lots {
            let taken = wanted.min(lot.remaining.kopecks());
            if taken == 0 {
                break;
            }
            wanted -= taken;
            lot.remaining = Money::from_kopecks(lot.remaining.kopecks() - taken);
            moves.push(LotMove {
                lot: lot.id.clone(),
                amount: Money::from_kopecks(-taken),
            });
        }
        moves
    }

    /// Returns `amount` to the lots of `drawn` (what a hold still has of each), the money that
    /// was spent last first.
    pub fn restore(&mut self, drawn: &BTreeMap<LotId, Money>, amount: Money) -> Vec<LotMove> {
        let mut from: Vec<(LotId, i64)> = drawn
            .iter()
            .filter(|(id, _)| self.0.contains_key(*id))
            .map(|(id, part)| (id.clone(), part.kopecks()))
            .collect();
        from.sort_by(|(a, _), (b, _)| {
            let order = |id: &LotId| self.0.get(id).map(spending_order);
            order(b).cmp(&order(a))
        });
        let mut wanted = amount.kopecks();
        let mut moves = Vec::new();
        for (id, part) in from {
            let given = wanted.min(part);
            if given == 0 {
                continue;
            }
            wanted -= given;
            if let Some(lot) = self.0.get_mut(&id) {
                lot.remaining = Money::from_kopecks(lot.remaining.kopecks() + given);
            }
            moves.push(LotMove {
                lot: id,
                amount: Money::from_kopecks(given),
            });
        }
        moves
    }
}

fn spending_order(lot: &Lot) -> (u8, Moment, LotId) {
    (lot.origin.rank(), lot.created_at, lot.id.clone())
}
