//! The books as one would keep them on paper: each user's purse, what was said before, and two
//! sums of the platform. It knows nothing of accounts, recipes or trials.

use std::collections::BTreeMap;

use crate::ids::IdempotencyKey;
use crate::ledger::{Applied, Movement, Operation, Posting};
use crate::money::Money;

/// What the model knows of a hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purse {
    Open(i64),
    Paid,
    Returned,
}

/// One user's money, and everything that was said before.
#[derive(Clone, Debug, Default)]
pub struct Model {
    pub available: BTreeMap<i64, i64>,
    purses: BTreeMap<(i64, String), Purse>,
    pub revenue: i64,
    pub owed: i64,
    said: BTreeMap<IdempotencyKey, (i64, Movement)>,
}

impl Model {
    pub fn held(&self, user: i64) -> i64 {
        let open = self
            .purses
            .iter()
            .filter_map(|((owner, _), purse)| match purse {
                Purse::Open(kopecks) if *owner == user => Some(*kopecks),
                Purse::Open(_) | Purse::Paid | Purse::Returned => None,
            });
        open.sum()
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
            Movement::GrantBonus { amount } => {
                if movable(amount) {
                    *available += amount.kopecks();
                }
                movable(amount)
            }
            Movement::PlaceHold { hold, amount, .. } => {
                let is_new = self.purses.keys().all(|(_, name)| name != hold.as_str());
                let can = movable(amount) && is_new && *available >= amount.kopecks();
                if can {
                    *available -= amount.kopecks();
                    let purse = Purse::Open(amount.kopecks());
                    self.purses.insert((user, hold.as_str().to_owned()), purse);
                }
                can
            }
            Movement::CaptureHold { hold } => {
                let paid = self.close(user, hold.as_str(), Purse::Paid);
                self.revenue += paid.unwrap_or(0);
                paid.is_some()
            }
            Movement::VoidHold { hold } => {
                let returned = self.close(user, hold.as_str(), Purse::Returned);
                *self.available.entry(user).or_default() += returned.unwrap_or(0);
                returned.is_some()
            }
            Movement::BookProviderCost { amount } | Movement::BookLoss { amount } => {
                if movable(amount) {
                    self.owed += amount.kopecks();
                }
                movable(amount)
            }
        }
    }

    /// Closes an open purse; what was in it.
    fn close(&mut self, user: i64, hold: &str, closed: Purse) -> Option<i64> {
        let purse = self.purses.get_mut(&(user, hold.to_owned()))?;
        match *purse {
            Purse::Open(kopecks) => {
                *purse = closed;
                Some(kopecks)
            }
            Purse::Paid | Purse::Returned => None,
        }
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
        *self = trial;
        Some(Applied::Now)
    }
}
