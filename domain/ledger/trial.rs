//! A posting on trial: what it would change, thrown away when one of its operations is refused.

use std::collections::{BTreeMap, BTreeSet};

use crate::ids::{HoldId, IdempotencyKey, LotId, UserId};
use crate::ledger::caps::{Scope, Window};
use crate::ledger::recipes::{Recipe, debt_payment, recipe};
use crate::ledger::{
    Account, Books, DrawRule, Hold, HoldState, Lot, LotMove, Lots, Movement, Operation, Origin,
    Posting, Refusal, Transfer,
};
use crate::money::Money;

/// A transfer to write, with its parts by lot.
pub(super) struct Step {
    pub(super) transfer: Transfer,
    pub(super) lots: Vec<LotMove>,
    /// The hold it opens, closes or changes.
    pub(super) hold: Option<HoldId>,
}

/// What a posting changes.
pub(super) struct Outcome {
    pub(super) steps: Vec<Step>,
    pub(super) balances: BTreeMap<Account, Money>,
    pub(super) holds: BTreeMap<HoldId, Hold>,
    pub(super) placed: BTreeSet<HoldId>,
    pub(super) lots: Lots,
    pub(super) opened_lots: BTreeSet<LotId>,
    pub(super) touched_lots: BTreeSet<(UserId, LotId)>,
    pub(super) draws: BTreeMap<HoldId, BTreeMap<LotId, Money>>,
    pub(super) spending: BTreeMap<Window, Money>,
}

/// One posting over the books as they stand.
pub(super) struct Trial<'a> {
    books: &'a Books,
    user: UserId,
    changes: Outcome,
}

impl<'a> Trial<'a> {
    pub(super) fn new(books: &'a Books, user: UserId) -> Self {
        Self {
            books,
            user,
            changes: Outcome {
                steps: Vec::new(),
                balances: BTreeMap::new(),
                holds: BTreeMap::new(),
                placed: BTreeSet::new(),
                lots: books.lots_of(user),
                opened_lots: BTreeSet::new(),
                touched_lots: BTreeSet::new(),
                draws: BTreeMap::new(),
                spending: BTreeMap::new(),
            },
        }
    }

    pub(super) fn finish(self) -> Outcome {
        self.changes
    }

    /// Tries one operation on what the former ones left.
    pub(super) fn operate(&mut self, operation: &Operation) -> Result<(), Refusal> {
        let recipe = recipe(self.user, self.books.shard(), &operation.movement, |id| {
            self.hold(id)
        })?;
        self.books.check_key(operation, &recipe)?;
        if self.books.knows(&operation.key) {
            // The same movement stands in the books already; the rest of the posting is new.
            return Ok(());
        }
        if operation.movement.amount().is_some_and(|a| !a.is_movable()) {
            return Err(Refusal::AmountOutOfRange);
        }
        let said = |step: &Step| step.transfer.key == operation.key;
        if self.changes.steps.iter().any(said) {
            return Err(Refusal::KeyReused { field: "kind" });
        }
        self.change_hold(&operation.movement)?;
        let (key, reference) = (operation.key.clone(), operation.reference.clone());
        self.transfer(recipe, key, reference, Some(&operation.movement))
    }

    /// What the user owes is paid from what is available to him now.
    pub(super) fn pay_debt(&mut self, posting: &Posting) -> Result<(), Refusal> {
        let owed = -self.balance(Account::Debt(self.user)).kopecks();
        let available = self.balance(Account::Available(self.user)).kopecks();
        let paid = Money::from_kopecks(owed.min(available));
        let Some(first) = posting.operations.first() else {
            return Ok(());
        };
        if paid <= Money::ZERO {
            return Ok(());
        }
        let key = IdempotencyKey::new(format!("debt:{}", first.key.as_str()));
        let recipe = debt_payment(self.user, paid);
        self.transfer(recipe, key, first.reference.clone(), None)
    }

    fn transfer(
        &mut self,
        recipe: Recipe,
        key: IdempotencyKey,
        reference: String,
        movement: Option<&Movement>,
    ) -> Result<(), Refusal> {
        self.move_balances(&recipe)?;
        let lots = self.move_lots(&recipe, &key, movement)?;
        self.changes.steps.push(Step {
            transfer: Transfer {
                debit: recipe.debit,
                credit: recipe.credit,
                amount: recipe.amount,
                kind: recipe.kind,
                key,
                reference,
            },
            lots,
            hold: movement.and_then(Movement::hold).cloned(),
        });
        Ok(())
    }

    fn move_balances(&mut self, recipe: &Recipe) -> Result<(), Refusal> {
        let before = self.balance(recipe.debit);
        if recipe.debit.is_users() && before < recipe.amount {
            return Err(Refusal::InsufficientFunds {
                available: before,
                required: recipe.amount,
            });
        }
        let after = before.checked_sub(recipe.amount);
        let after = after.ok_or(Refusal::Overflow)?;
        self.changes.balances.insert(recipe.debit, after);
        let after = self.balance(recipe.credit).checked_add(recipe.amount);
        let after = after.ok_or(Refusal::Overflow)?;
        self.changes.balances.insert(recipe.credit, after);
        Ok(())
    }

    /// Breaks a transfer down by lot, as far as it touches what is available to the user.
    fn move_lots(
        &mut self,
        recipe: &Recipe,
        key: &IdempotencyKey,
        movement: Option<&Movement>,
    ) -> Result<Vec<LotMove>, Refusal> {
        let available = Account::Available(self.user);
        let amount = recipe.amount;
        let moves = if recipe.debit == available {
            let rule = match movement {
                Some(Movement::PlaceHold { purpose, .. }) => purpose.draw_rule(),
                Some(_) | None => DrawRule::InOrder,
            };
            self.changes.lots.draw(amount, &rule)
        } else if recipe.credit == available {
            match (new_origin(movement), movement.and_then(Movement::hold)) {
                (Some(origin), _) => {
                    let lot = self.new_lot(key, origin, amount);
                    self.changes.opened_lots.insert(lot.id.clone());
                    self.changes.lots.open(lot)
                }
                (None, Some(hold)) => {
                    let drawn = self.draws(hold);
                    self.changes.lots.restore(&drawn, amount)
                }
                (None, None) => Vec::new(),
            }
        } else {
            return Ok(Vec::new());
        };
        let moved: i64 = moves.iter().map(|moved| moved.amount.kopecks().abs()).sum();
        if moved != amount.kopecks() {
            return Err(Refusal::LotsDisagree);
        }
        for moved in &moves {
            let touched = (self.user, moved.lot.clone());
            self.changes.touched_lots.insert(touched);
        }
        if let Some(hold) = movement.and_then(Movement::hold) {
            self.remember_draws(hold, &moves);
        }
        Ok(moves)
    }

    fn new_lot(&self, key: &IdempotencyKey, origin: Origin, amount: Money) -> Lot {
        Lot {
            id: LotId::new(key.as_str()),
            user: self.user,
            origin,
            amount,
            remaining: amount,
            created_at: self.books.now(),
        }
    }

    fn remember_draws(&mut self, hold: &HoldId, moves: &[LotMove]) {
        let mut drawn = self.draws(hold);
        for moved in moves {
            let part = drawn.entry(moved.lot.clone()).or_default();
            *part = Money::from_kopecks(part.kopecks() - moved.amount.kopecks());
        }
        self.changes.draws.insert(hold.clone(), drawn);
    }

    fn change_hold(&mut self, movement: &Movement) -> Result<(), Refusal> {
        let Some(id) = movement.hold() else {
            return Ok(());
        };
        let found = self.hold(id).cloned();
        let hold = match (found, movement) {
            (Some(hold), _) => {
                let after = hold.after(movement)?;
                self.release(&hold, &after);
                after
            }
            (
                None,
                Movement::PlaceHold {
                    amount,
                    expires_at,
                    purpose,
                    platform_cost,
                    ..
                },
            ) => {
                let placed = Hold {
                    id: id.clone(),
                    user: self.user,
                    purpose: purpose.clone(),
                    amount: *amount,
                    captured: Money::ZERO,
                    refunded: Money::ZERO,
                    platform_cost: *platform_cost,
                    state: HoldState::Open,
                    placed_at: self.books.now(),
                    expires_at: *expires_at,
                };
                self.check_refundable(&placed)?;
                self.spend(&placed)?;
                self.changes.placed.insert(id.clone());
                placed
            }
            (None, _) => return Err(Refusal::HoldNotFound),
        };
        self.changes.holds.insert(id.clone(), hold);
        Ok(())
    }

    /// A refund takes what is left of its own payment and nothing else.
    fn check_refundable(&self, hold: &Hold) -> Result<(), Refusal> {
        let Some(topup) = hold.purpose.topup() else {
            return Ok(());
        };
        let left = self.changes.lots.left_of(topup);
        if hold.amount > left {
            return Err(Refusal::MoreThanLeft { left });
        }
        Ok(())
    }

    /// Counts a new hold in its windows, unless one of them is full.
    fn spend(&mut self, hold: &Hold) -> Result<(), Refusal> {
        if !hold.purpose.is_spending() {
            return Ok(());
        }
        let parts = [
            (Scope::User(self.user), hold.amount),
            (Scope::Platform, hold.platform_cost),
        ];
        for (scope, amount) in parts {
            for window in Books::windows(scope, hold.placed_at) {
                self.count(window, amount)?;
            }
        }
        Ok(())
    }

    fn count(&mut self, window: Window, amount: Money) -> Result<(), Refusal> {
        if amount == Money::ZERO {
            return Ok(());
        }
        let here = self.spent(window);
        let elsewhere = match window.scope {
            Scope::User(_) => Money::ZERO,
            Scope::Platform => self.books.spent_elsewhere(window),
        };
        let spent = here.checked_add(elsewhere).ok_or(Refusal::Overflow)?;
        let after = spent.checked_add(amount).ok_or(Refusal::Overflow)?;
        if let Some(limit) = self.books.caps(window.scope).of(window.period)
            && after > limit
        {
            return Err(Refusal::CapReached {
                scope: window.scope,
                period: window.period,
                limit,
                spent,
                frees_at: window.period.frees_at(window.start),
            });
        }
        let here = here.checked_add(amount).ok_or(Refusal::Overflow)?;
        self.changes.spending.insert(window, here);
        Ok(())
    }

    /// What comes back from a hold leaves the windows it was counted in.
    fn release(&mut self, before: &Hold, after: &Hold) {
        if !before.purpose.is_spending() {
            return;
        }
        let released = spent_on(before).kopecks() - spent_on(after).kopecks();
        let platform = match (before.state, after.state) {
            (HoldState::Open, HoldState::Voided) => before.platform_cost.kopecks(),
            (_, HoldState::Open | HoldState::Captured | HoldState::Voided) => 0,
        };
        let parts = [
            (Scope::User(self.user), released),
            (Scope::Platform, platform),
        ];
        for (scope, kopecks) in parts {
            if kopecks <= 0 {
                continue;
            }
            for window in Books::windows(scope, before.placed_at) {
                let left = self.spent(window).kopecks() - kopecks;
                let left = Money::from_kopecks(left);
                self.changes.spending.insert(window, left);
            }
        }
    }

    fn hold(&self, id: &HoldId) -> Option<&Hold> {
        let changed = self.changes.holds.get(id);
        changed.or_else(|| self.books.holds.get(id))
    }

    fn draws(&self, hold: &HoldId) -> BTreeMap<LotId, Money> {
        match self.changes.draws.get(hold) {
            Some(drawn) => drawn.clone(),
            None => self.books.draws_of(hold),
        }
    }

    fn spent(&self, window: Window) -> Money {
        match self.changes.spending.get(&window) {
            Some(spent) => *spent,
            None => self.books.spent(window),
        }
    }

    fn balance(&self, account: Account) -> Money {
        match self.changes.balances.get(&account) {
            Some(balance) => *balance,
            None => self.books.balance(account),
        }
    }
}

/// What a hold counts as spent: what is set aside or taken, less what went back.
fn spent_on(hold: &Hold) -> Money {
    let kept = match hold.state {
        HoldState::Open => hold.amount,
        HoldState::Captured | HoldState::Voided => hold.captured,
    };
    Money::from_kopecks(kept.kopecks() - hold.refunded.kopecks())
}

/// The origin of money that a movement brings in, for one that does.
fn new_origin(movement: Option<&Movement>) -> Option<Origin> {
    match movement? {
        Movement::GrantBonus { .. } => Some(Origin::Bonus),
        Movement::AdminCredit { .. } => Some(Origin::Admin),
        Movement::CreditPayment { topup, .. } => Some(Origin::Payment(topup.clone())),
        Movement::AdminDebit { .. }
        | Movement::AdminDebt { .. }
        | Movement::ReversePayment { .. }
        | Movement::PlaceHold { .. }
        | Movement::CaptureHold { .. }
        | Movement::CapturePart { .. }
        | Movement::VoidHold { .. }
        | Movement::CaptureRefund { .. }
        | Movement::RefundCapture { .. }
        | Movement::BookProviderCost { .. }
        | Movement::BookLoss { .. } => None,
    }
}
