//! The books as one would keep them on paper: each user's purse, what he owes, what was said
//! before, and sums of the platform. It knows nothing of accounts, recipes, lots or trials.

use std::collections::BTreeMap;

use crate::ids::IdempotencyKey;
use crate::ledger::{Applied, Movement, Operation, Posting};
use crate::money::Money;

/// What the model knows of a hold, in kopecks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Purse {
    open: bool,
    amount: i64,
    paid: i64,
    given_back: i64,
}

/// One user's money, and everything that was said before.
#[derive(Clone, Debug, Default)]
pub struct Model {
    pub available: BTreeMap<i64, i64>,
    pub debts: BTreeMap<i64, i64>,
    purses: BTreeMap<(i64, String), Purse>,
    pub revenue: i64,
    pub owed: i64,
    pub paid_in: i64,
    pub corrected: i64,
    said: BTreeMap<IdempotencyKey, (i64, Movement)>,
}

impl Model {
    pub fn held(&self, user: i64) -> i64 {
        let open = self.purses.iter().filter_map(|((owner, _), purse)| {
            (purse.open && *owner == user).then_some(purse.amount - purse.paid)
        });
        open.sum()
    }

    pub fn debt(&self, user: i64) -> i64 {
        self.debts.get(&user).copied().unwrap_or(0)
    }

    /// Whether one operation could be done, and does it.
    fn operate(&mut self, user: i64, operation: &Operation) -> bool {
        let said = (user, operation.movement.clone());
        if let Some(before) = self.said.get(&operation.key) {
            return *before == said;
        }
        let done = self.move_money(user, &operation.movement);
        if done {
            self.said.insert(operation.key.clone(), said);
        }
        done
    }

    fn move_money(&mut self, user: i64, movement: &Movement) -> bool {
        let movable = |amount: &Money| (1..=10_000_000_000).contains(&amount.kopecks());
        let available = self.available.entry(user).or_default();
        match movement {
            Movement::GrantBonus { amount } if movable(amount) => {
                *available += amount.kopecks();
                true
            }
            Movement::CreditPayment { amount, .. } if movable(amount) => {
                *available += amount.kopecks();
                self.paid_in += amount.kopecks();
                true
            }
            Movement::AdminCredit { amount } if movable(amount) => {
                *available += amount.kopecks();
                self.corrected += amount.kopecks();
                true
            }
            Movement::AdminDebit { amount } if movable(amount) => {
                let can = *available >= amount.kopecks();
                if can {
                    *available -= amount.kopecks();
                    self.corrected -= amount.kopecks();
                }
                can
            }
            Movement::AdminDebt { amount } if movable(amount) => {
                *self.debts.entry(user).or_default() += amount.kopecks();
                self.corrected -= amount.kopecks();
                true
            }
            Movement::ReversePayment { amount, .. } if movable(amount) => {
                *self.debts.entry(user).or_default() += amount.kopecks();
                self.paid_in -= amount.kopecks();
                true
            }
            Movement::PlaceHold { hold, amount, .. } => {
                let is_new = self.purses.keys().all(|(_, name)| name != hold.as_str());
                let can = movable(amount) && is_new && *available >= amount.kopecks();
                if can {
                    *available -= amount.kopecks();
                    let purse = Purse {
                        open: true,
                        amount: amount.kopecks(),
                        paid: 0,
                        given_back: 0,
                    };
                    self.purses.insert((user, hold.as_str().to_owned()), purse);
                }
                can
            }
            Movement::CaptureHold { hold } => {
                let Some(purse) = self.purse(user, hold.as_str()) else {
                    return false;
                };
                let can = purse.open && purse.paid == 0;
                if can {
                    (purse.open, purse.paid) = (false, purse.amount);
                    let paid = purse.paid;
                    self.revenue += paid;
                }
                can
            }
            Movement::CapturePart { hold, amount } => {
                let Some(purse) = self.purse(user, hold.as_str()) else {
                    return false;
                };
                let kopecks = amount.kopecks();
                let can = movable(amount) && purse.open && purse.paid + kopecks <= purse.amount;
                if can {
                    purse.paid += kopecks;
                    purse.open = purse.paid < purse.amount;
                    self.revenue += kopecks;
                }
                can
            }
            Movement::VoidHold { hold } => {
                let Some(purse) = self.purse(user, hold.as_str()) else {
                    return false;
                };
                let (can, rest) = (purse.open, purse.amount - purse.paid);
                purse.open = false;
                if can {
                    *self.available.entry(user).or_default() += rest;
                }
                can
            }
            Movement::RefundCapture { hold, amount } => {
                let Some(purse) = self.purse(user, hold.as_str()) else {
                    return false;
                };
                let kopecks = amount.kopecks();
                let can = movable(amount) && purse.given_back + kopecks <= purse.paid;
                if can {
                    purse.given_back += kopecks;
                    self.revenue -= kopecks;
                    *self.available.entry(user).or_default() += kopecks;
                }
                can
            }
            Movement::BookProviderCost { amount } | Movement::BookLoss { amount }
                if movable(amount) =>
            {
                self.owed += amount.kopecks();
                true
            }
            Movement::GrantBonus { .. }
            | Movement::CreditPayment { .. }
            | Movement::AdminCredit { .. }
            | Movement::AdminDebit { .. }
            | Movement::AdminDebt { .. }
            | Movement::ReversePayment { .. }
            | Movement::BookProviderCost { .. }
            | Movement::BookLoss { .. } => false,
            // The model knows no lots; refunds have tests of their own.
            Movement::CaptureRefund { .. } => false,
        }
    }

    fn purse(&mut self, user: i64, hold: &str) -> Option<&mut Purse> {
        self.purses.get_mut(&(user, hold.to_owned()))
    }

    /// What a posting must answer; `None` is a refusal, and then nothing is done.
    pub fn post(&mut self, posting: &Posting) -> Option<Applied> {
        let user = posting.user.0;
        let first = posting.operations.first()?;
        if let Some(before) = self.said.get(&first.key) {
            return (*before == (user, first.movement.clone())).then_some(Applied::Before);
        }
        let mut trial = self.clone();
        for operation in &posting.operations {
            let is_new = !self.said.contains_key(&operation.key);
            let is_twice = is_new && trial.said.contains_key(&operation.key);
            if is_twice || !trial.operate(user, operation) {
                return None;
            }
        }
        let debt = trial.debts.entry(user).or_default();
        let available = trial.available.entry(user).or_default();
        let paid = (*debt).min(*available);
        *debt -= paid;
        *available -= paid;
        *self = trial;
        Some(Applied::Now)
    }
}
