//! The books of one shard for the length of one batch: read, decide in order, write.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::{HoldId, IdempotencyKey, LotId, ShardId, UserId};
use crate::ledger::caps::{CapRules, Caps, Period, Scope, Window};
use crate::ledger::recipes::{Recipe, recipe};
use crate::ledger::trial::{Step, Trial};
use crate::ledger::{
    Account, ChainHead, Hold, HoldState, Link, Lot, LotMove, Lots, Operation, Posting,
    TransferKind, link_hash,
};
use crate::money::Money;
use crate::time::Moment;

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
    #[error("the hold is not for this")]
    HoldUnfit,
    #[error("only {left} is left of it")]
    MoreThanLeft { left: Money },
    #[error("a cap of {limit} is reached, {spent} is spent")]
    CapReached {
        scope: Scope,
        period: Period,
        limit: Money,
        /// What was spent or held in the window, this not included.
        spent: Money,
        /// When the next window begins.
        frees_at: Moment,
    },
    #[error("{required} is required and {available} is available")]
    InsufficientFunds { available: Money, required: Money },
    #[error("the balance would pass the largest representable amount")]
    Overflow,
    /// The rows of lots and balances contradict each other: an operator must look.
    #[error("the lots of the user do not add up to his balance")]
    LotsDisagree,
}

/// A line of the lots' journal in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LotEntry {
    /// The row of the ledger it is a part of.
    pub seq: i64,
    pub moved: LotMove,
    /// The hold that drew it or gave it back.
    pub hold: Option<HoldId>,
}

/// One shard's state as read under its lock, and what the decisions add to it.
#[derive(Clone, Debug)]
pub struct Books {
    shard: ShardId,
    now: Moment,
    head: ChainHead,
    balances: BTreeMap<Account, Money>,
    pub(super) holds: BTreeMap<HoldId, Hold>,
    known: BTreeMap<IdempotencyKey, KnownTransfer>,
    lots: BTreeMap<UserId, Lots>,
    /// What each hold has of each lot.
    draws: BTreeMap<HoldId, BTreeMap<LotId, Money>>,
    rules: CapRules,
    caps: BTreeMap<UserId, Caps>,
    spending: BTreeMap<Window, Money>,
    /// What the other shards count in the platform's windows.
    elsewhere: BTreeMap<Window, Money>,
    links: Vec<Link>,
    entries: Vec<LotEntry>,
    placed: BTreeSet<HoldId>,
    changed: BTreeSet<HoldId>,
    opened_lots: BTreeSet<LotId>,
    changed_lots: BTreeSet<(UserId, LotId)>,
    changed_windows: BTreeSet<Window>,
}

impl Books {
    /// Opens the books at `head`. `now` is moved forward to the head's time if a clock stepped
    /// back, so that time in the chain never does.
    pub fn new(shard: ShardId, head: ChainHead, now: Moment, rules: CapRules) -> Self {
        Self {
            shard,
            now: now.max(head.at),
            head,
            balances: BTreeMap::new(),
            holds: BTreeMap::new(),
            known: BTreeMap::new(),
            lots: BTreeMap::new(),
            draws: BTreeMap::new(),
            rules,
            caps: BTreeMap::new(),
            spending: BTreeMap::new(),
            elsewhere: BTreeMap::new(),
            links: Vec::new(),
            entries: Vec::new(),
            placed: BTreeSet::new(),
            changed: BTreeSet::new(),
            opened_lots: BTreeSet::new(),
            changed_lots: BTreeSet::new(),
            changed_windows: BTreeSet::new(),
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

    /// Tells a lot that was read: each with something left, and each that a hold drew from.
    pub fn read_lot(&mut self, lot: Lot) {
        self.lots.entry(lot.user).or_default().read(lot);
    }

    /// Tells what a hold has of a lot.
    pub fn read_draw(&mut self, hold: HoldId, lot: LotId, amount: Money) {
        self.draws.entry(hold).or_default().insert(lot, amount);
    }

    /// Tells a user's caps as they hold for him. One who is not told has the default.
    pub fn read_caps(&mut self, user: UserId, caps: Caps) {
        self.caps.insert(user, caps);
    }

    /// Tells what this shard counts in a window; one that is not told stands at zero.
    pub fn read_spending(&mut self, window: Window, spent: Money) {
        self.spending.insert(window, spent);
    }

    /// Tells what the other shards count in a window of the platform. Needed where the platform
    /// has a cap.
    pub fn read_elsewhere(&mut self, window: Window, spent: Money) {
        self.elsewhere.insert(window, spent);
    }

    /// The windows in which spending of this moment is counted.
    pub fn windows(scope: Scope, at: Moment) -> impl Iterator<Item = Window> {
        Period::ALL.into_iter().map(move |period| Window {
            scope,
            period,
            start: period.window(at),
        })
    }

    /// The balance of an account, decisions so far included.
    pub fn balance(&self, account: Account) -> Money {
        self.balances.get(&account).copied().unwrap_or(Money::ZERO)
    }

    /// What is counted in a window, decisions so far included.
    pub fn spent(&self, window: Window) -> Money {
        self.spending.get(&window).copied().unwrap_or(Money::ZERO)
    }

    /// What the other shards count in a window of the platform.
    pub(super) fn spent_elsewhere(&self, window: Window) -> Money {
        self.elsewhere.get(&window).copied().unwrap_or(Money::ZERO)
    }

    /// The caps of a scope.
    pub(super) fn caps(&self, scope: Scope) -> Caps {
        match scope {
            Scope::User(user) => self.caps.get(&user).copied().unwrap_or(self.rules.user),
            Scope::Platform => self.rules.platform,
        }
    }

    /// The lots of a user.
    pub(super) fn lots_of(&self, user: UserId) -> Lots {
        self.lots.get(&user).cloned().unwrap_or_default()
    }

    /// What a hold has of each lot.
    pub(super) fn draws_of(&self, hold: &HoldId) -> BTreeMap<LotId, Money> {
        self.draws.get(hold).cloned().unwrap_or_default()
    }

    /// Whether a key stands in the books.
    pub(super) fn knows(&self, key: &IdempotencyKey) -> bool {
        self.known.contains_key(key)
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

    /// Decides one posting: all of its operations, or none. What the user owes is paid from
    /// what it left available.
    pub fn post(&mut self, posting: &Posting) -> Result<Applied, Refusal> {
        if self.was_applied(posting)? {
            return Ok(Applied::Before);
        }
        let mut trial = Trial::new(self, posting.user);
        for operation in &posting.operations {
            trial.operate(operation)?;
        }
        trial.pay_debt(posting)?;
        let outcome = trial.finish();
        self.accept(posting.user, outcome);
        Ok(Applied::Now)
    }

    /// The rows to write, in chain order.
    pub fn links(&self) -> &[Link] {
        &self.links
    }

    /// The lots' journal of these rows.
    pub fn lot_entries(&self) -> &[LotEntry] {
        &self.entries
    }

    /// The holds placed in this batch, in the state they ended in.
    pub fn placed_holds(&self) -> impl Iterator<Item = &Hold> {
        self.placed.iter().filter_map(|id| self.holds.get(id))
    }

    /// The holds that existed before this batch and were changed in it.
    pub fn changed_holds(&self) -> impl Iterator<Item = &Hold> {
        self.changed
            .iter()
            .filter(|id| !self.placed.contains(*id))
            .filter_map(|id| self.holds.get(id))
    }

    /// The lots that came in with this batch, as they ended.
    pub fn opened_lots(&self) -> impl Iterator<Item = &Lot> {
        self.touched_lots()
            .filter(|lot| self.opened_lots.contains(&lot.id))
    }

    /// The lots that existed before this batch and were changed in it.
    pub fn changed_lots(&self) -> impl Iterator<Item = &Lot> {
        self.touched_lots()
            .filter(|lot| !self.opened_lots.contains(&lot.id))
    }

    fn touched_lots(&self) -> impl Iterator<Item = &Lot> {
        self.changed_lots
            .iter()
            .filter_map(|(user, lot)| self.lots.get(user)?.get(lot))
    }

    /// The windows whose count changed, with what this shard counts in them now.
    pub fn changed_windows(&self) -> impl Iterator<Item = (Window, Money)> {
        self.changed_windows
            .iter()
            .map(|window| (*window, self.spent(*window)))
    }

    /// The head after all decisions.
    pub fn head(&self) -> &ChainHead {
        &self.head
    }

    /// The time that the rows of this batch carry.
    pub fn now(&self) -> Moment {
        self.now
    }

    pub(super) fn recipe(&self, user: UserId, operation: &Operation) -> Result<Recipe, Refusal> {
        recipe(user, self.shard, &operation.movement, |id| {
            self.holds.get(id)
        })
    }

    /// The shard whose books these are.
    pub fn shard(&self) -> ShardId {
        self.shard
    }

    pub(super) fn check_key(&self, operation: &Operation, recipe: &Recipe) -> Result<(), Refusal> {
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

    fn accept(&mut self, user: UserId, outcome: super::trial::Outcome) {
        for step in outcome.steps {
            self.write(step);
        }
        for (user, lot) in outcome.touched_lots {
            self.changed_lots.insert((user, lot));
        }
        self.balances.extend(outcome.balances);
        self.placed.extend(outcome.placed);
        self.changed.extend(outcome.holds.keys().cloned());
        self.holds.extend(outcome.holds);
        self.lots.insert(user, outcome.lots);
        self.opened_lots.extend(outcome.opened_lots);
        self.draws.extend(outcome.draws);
        self.changed_windows.extend(outcome.spending.keys());
        self.spending.extend(outcome.spending);
    }

    fn write(&mut self, step: Step) {
        let Step {
            transfer,
            lots,
            hold,
        } = step;
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
        self.entries.extend(lots.into_iter().map(|moved| LotEntry {
            seq,
            moved,
            hold: hold.clone(),
        }));
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
}
