//! The books of one shard for the length of one batch: read, decide in order, write.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::{HoldId, IdempotencyKey, ShardId, UserId};
use crate::ledger::recipes::{Recipe, recipe};
use crate::ledger::{
    Account, ChainHead, Link, Movement, Operation, Posting, Transfer, TransferKind, link_hash,
};
use crate::money::Money;
use crate::time::Moment;

/// Money set aside for one job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hold {
    pub id: HoldId,
    pub user: UserId,
    pub amount: Money,
    pub state: HoldState,
    pub expires_at: Moment,
}

/// Where a hold stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HoldState {
    Open,
    Captured,
    Voided,
}

impl HoldState {
    /// The name in rows.
    pub fn as_str(self) -> &'static str {
        match self {
            HoldState::Open => "open",
            HoldState::Captured => "captured",
            HoldState::Voided => "voided",
        }
    }

    /// Reads [`HoldState::as_str`] back.
    pub fn parse(text: &str) -> Option<HoldState> {
        [HoldState::Open, HoldState::Captured, HoldState::Voided]
            .into_iter()
            .find(|state| state.as_str() == text)
    }
}

/// What is already written under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownTransfer {
    pub debit: Account,
    pub credit: Account,
    pub amount: Money,
    pub kind: TransferKind,
    pub reference: String,
}

/// How a posting that was not refused ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applied {
    /// Written now.
    Now,
    /// Written before, with the same content; nothing changed.
    Before,
}

/// Why a posting changed nothing. The guards stand in the order of the variants.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("the posting has no operation")]
    Empty,
    #[error("there is no such hold of this user")]
    HoldNotFound,
    #[error("the key was used before with another {field}")]
    KeyReused {
        /// The first field that differs: `accounts`, `amount`, `kind` or `reference`.
        field: &'static str,
    },
    #[error("the amount is not between one kopeck and the operation limit")]
    AmountOutOfRange,
    #[error("a hold with this id exists already")]
    HoldExists,
    #[error("the hold is {} already", state.as_str())]
    HoldClosed { state: HoldState },
    #[error("{required} is required and {available} is available")]
    InsufficientFunds { available: Money, required: Money },
    #[error("the balance would pass the largest representable amount")]
    Overflow,
}

/// One shard's state as read under its lock, and what the decisions add to it.
#[derive(Clone, Debug)]
pub struct Books {
    shard: ShardId,
    now: Moment,
    head: ChainHead,
    balances: BTreeMap<Account, Money>,
    holds: BTreeMap<HoldId, Hold>,
    known: BTreeMap<IdempotencyKey, KnownTransfer>,
    links: Vec<Link>,
    placed: BTreeSet<HoldId>,
    closed: BTreeSet<HoldId>,
}

impl Books {
    /// Opens the books at `head`. `now` is moved forward to the head's time if a clock stepped
    /// back, so that time in the chain never does.
    pub fn new(shard: ShardId, head: ChainHead, now: Moment) -> Self {
        Self {
            shard,
            now: now.max(head.at),
            head,
            balances: BTreeMap::new(),
            holds: BTreeMap::new(),
            known: BTreeMap::new(),
            links: Vec::new(),
            placed: BTreeSet::new(),
            closed: BTreeSet::new(),
        }
    }

    /// Tells a balance that was read. An account that is not told has a balance of zero.
    pub fn read_balance(&mut self, account: Account, balance: Money) {
        self.balances.insert(account, balance);
    }

    /// Tells a hold that was read.
    pub fn read_hold(&mut self, hold: Hold) {
        self.holds.insert(hold.id.clone(), hold);
    }

    /// Tells what stands under a key already.
    pub fn read_key(&mut self, key: IdempotencyKey, known: KnownTransfer) {
        self.known.insert(key, known);
    }

    /// The balance of an account, decisions so far included.
    pub fn balance(&self, account: Account) -> Money {
        self.balances.get(&account).copied().unwrap_or(Money::ZERO)
    }

    /// Whether the posting was applied before. The caller asks this ahead of any guard of its
    /// own, so that a repeat answers *already applied* even when the world has moved on.
    pub fn was_applied(&self, posting: &Posting) -> Result<bool, Refusal> {
        let Some(first) = posting.operations.first() else {
            return Err(Refusal::Empty);
        };
        if !self.known.contains_key(&first.key) {
            return Ok(false);
        }
        let recipe = self.recipe(posting.user, first)?;
        self.check_key(first, &recipe)?;
        Ok(true)
    }

    /// Decides one posting: all of its operations, or none.
    pub fn post(&mut self, posting: &Posting) -> Result<Applied, Refusal> {
        if self.was_applied(posting)? {
            return Ok(Applied::Before);
        }
        let mut trial = Trial::default();
        for operation in &posting.operations {
            self.try_operation(posting.user, operation, &mut trial)?;
        }
        self.accept(trial);
        Ok(Applied::Now)
    }

    /// The rows to write, in chain order.
    pub fn links(&self) -> &[Link] {
        &self.links
    }

    /// The holds placed in this batch, in the state they ended in.
    pub fn placed_holds(&self) -> impl Iterator<Item = &Hold> {
        self.placed.iter().filter_map(|id| self.holds.get(id))
    }

    /// The holds that existed before this batch and were closed in it.
    pub fn closed_holds(&self) -> impl Iterator<Item = &Hold> {
        self.closed
            .iter()
            .filter(|id| !self.placed.contains(*id))
            .filter_map(|id| self.holds.get(id))
    }

    /// The head after all decisions.
    pub fn head(&self) -> &ChainHead {
        &self.head
    }

    /// The time that the rows of this batch carry.
    pub fn now(&self) -> Moment {
        self.now
    }

    fn recipe(&self, user: UserId, operation: &Operation) -> Result<Recipe, Refusal> {
        recipe(user, self.shard, &operation.movement, |id| {
            self.holds.get(id)
        })
    }

    fn check_key(&self, operation: &Operation, recipe: &Recipe) -> Result<(), Refusal> {
        let Some(known) = self.known.get(&operation.key) else {
            return Ok(());
        };
        let field = if known.kind != recipe.kind {
            "kind"
        } else if known.amount != recipe.amount {
            "amount"
        } else if (known.debit, known.credit) != (recipe.debit, recipe.credit) {
            "accounts"
        } else if known.reference != operation.reference {
            "reference"
        } else {
            return Ok(());
        };
        Err(Refusal::KeyReused { field })
    }

    fn try_operation(
        &self,
        user: UserId,
        operation: &Operation,
        trial: &mut Trial,
    ) -> Result<(), Refusal> {
        let recipe = recipe(user, self.shard, &operation.movement, |id| {
            trial.holds.get(id).or_else(|| self.holds.get(id))
        })?;
        self.check_key(operation, &recipe)?;
        if self.known.contains_key(&operation.key) {
            // The same movement stands in the books already; the rest of the posting is new.
            return Ok(());
        }
        if !recipe.amount.is_movable() {
            return Err(Refusal::AmountOutOfRange);
        }
        if trial.transfers.iter().any(|t| t.key == operation.key) {
            return Err(Refusal::KeyReused { field: "kind" });
        }
        self.try_hold(user, &operation.movement, trial)?;
        let debit_before = self.trial_balance(recipe.debit, trial);
        if recipe.debit.is_users() && debit_before < recipe.amount {
            return Err(Refusal::InsufficientFunds {
                available: debit_before,
                required: recipe.amount,
            });
        }
        let debit_after = debit_before
            .checked_sub(recipe.amount)
            .ok_or(Refusal::Overflow)?;
        trial.balances.insert(recipe.debit, debit_after);
        let credit_after = self
            .trial_balance(recipe.credit, trial)
            .checked_add(recipe.amount)
            .ok_or(Refusal::Overflow)?;
        trial.balances.insert(recipe.credit, credit_after);
        trial.transfers.push(Transfer {
            debit: recipe.debit,
            credit: recipe.credit,
            amount: recipe.amount,
            kind: recipe.kind,
            key: operation.key.clone(),
            reference: operation.reference.clone(),
        });
        Ok(())
    }

    fn try_hold(
        &self,
        user: UserId,
        movement: &Movement,
        trial: &mut Trial,
    ) -> Result<(), Refusal> {
        let (id, closed_as) = match movement {
            Movement::PlaceHold {
                hold,
                amount,
                expires_at,
            } => {
                if self.holds.contains_key(hold) || trial.holds.contains_key(hold) {
                    return Err(Refusal::HoldExists);
                }
                let placed = Hold {
                    id: hold.clone(),
                    user,
                    amount: *amount,
                    state: HoldState::Open,
                    expires_at: *expires_at,
                };
                trial.placed.insert(hold.clone());
                trial.holds.insert(hold.clone(), placed);
                return Ok(());
            }
            Movement::CaptureHold { hold } => (hold, HoldState::Captured),
            Movement::VoidHold { hold } => (hold, HoldState::Voided),
            Movement::GrantBonus { .. }
            | Movement::BookProviderCost { .. }
            | Movement::BookLoss { .. } => return Ok(()),
        };
        let mut hold = trial
            .holds
            .get(id)
            .or_else(|| self.holds.get(id))
            .cloned()
            .ok_or(Refusal::HoldNotFound)?;
        if hold.state != HoldState::Open {
            return Err(Refusal::HoldClosed { state: hold.state });
        }
        hold.state = closed_as;
        trial.closed.insert(id.clone());
        trial.holds.insert(id.clone(), hold);
        Ok(())
    }

    fn trial_balance(&self, account: Account, trial: &Trial) -> Money {
        match trial.balances.get(&account) {
            Some(balance) => *balance,
            None => self.balance(account),
        }
    }

    fn accept(&mut self, trial: Trial) {
        for transfer in trial.transfers {
            let seq = self.head.seq + 1;
            let hash = link_hash(&self.head.hash, self.shard, seq, &transfer, self.now);
            self.known.insert(
                transfer.key.clone(),
                KnownTransfer {
                    debit: transfer.debit,
                    credit: transfer.credit,
                    amount: transfer.amount,
                    kind: transfer.kind,
                    reference: transfer.reference.clone(),
                },
            );
            self.links.push(Link {
                shard: self.shard,
                seq,
                transfer,
                at: self.now,
                hash: hash.clone(),
            });
            self.head = ChainHead {
                seq,
                hash,
                at: self.now,
            };
        }
        self.balances.extend(trial.balances);
        self.holds.extend(trial.holds);
        self.placed.extend(trial.placed);
        self.closed.extend(trial.closed);
    }
}

/// What a posting would change; thrown away when one of its operations is refused.
#[derive(Default)]
struct Trial {
    balances: BTreeMap<Account, Money>,
    holds: BTreeMap<HoldId, Hold>,
    placed: BTreeSet<HoldId>,
    closed: BTreeSet<HoldId>,
    transfers: Vec<Transfer>,
}
