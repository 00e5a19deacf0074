//! Random postings over many small worlds, told beforehand by the model.

use std::collections::BTreeMap;

use super::model::Model;
use super::*;
use crate::ids::{LotId, TopupId};
use crate::ledger::caps::{Scope, Window};

/// Random worlds, each begun on empty books; together well above a hundred thousand operations.
const WORLDS: usize = 650;
/// Batches in a world, each decided on one reading of the rows, as a store does.
const BATCHES: u64 = 12;
/// Postings in a batch, at most.
const BATCH_MAX: u64 = 20;
/// Few users, holds and keys, so that they meet often.
const USERS: u64 = 3;
const HOLDS: u64 = 12;
const KEYS: u64 = 60;

/// Numbers that look random and are the same for the same seed (SplitMix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % limit
    }

    fn kopecks(&mut self, limit: u64) -> i64 {
        i64::try_from(self.below(limit)).unwrap()
    }
}

/// What rows would hold: everything that batches wrote.
struct Rows {
    head: ChainHead,
    links: Vec<Link>,
    balances: BTreeMap<Account, i64>,
    holds: BTreeMap<HoldId, Hold>,
    lots: BTreeMap<LotId, Lot>,
    entries: Vec<LotEntry>,
    spending: BTreeMap<Window, Money>,
}

impl Rows {
    fn new() -> Self {
        Self {
            head: ChainHead::genesis(),
            links: Vec::new(),
            balances: BTreeMap::new(),
            holds: BTreeMap::new(),
            lots: BTreeMap::new(),
            entries: Vec::new(),
            spending: BTreeMap::new(),
        }
    }

    /// Opens the books as a store does, with everything there is.
    fn open(&self, now: Moment) -> Books {
        let mut books = Books::new(SHARD, self.head.clone(), now, CapRules::default());
        for (account, kopecks) in &self.balances {
            books.read_balance(*account, Money::from_kopecks(*kopecks));
        }
        for hold in self.holds.values() {
            books.read_hold(hold.clone());
        }
        for lot in self.lots.values() {
            books.read_lot(lot.clone());
        }
        for ((hold, lot), kopecks) in self.draws() {
            books.read_draw(hold, lot, Money::from_kopecks(kopecks));
        }
        for (window, spent) in &self.spending {
            books.read_spending(*window, *spent);
        }
        for link in &self.links {
            let transfer = link.transfer.clone();
            books.read_key(
                transfer.key,
                KnownTransfer {
                    debit: transfer.debit,
                    credit: transfer.credit,
                    amount: transfer.amount,
                    kind: transfer.kind,
                    reference: transfer.reference,
                },
            );
        }
        books
    }

    /// Writes what the books added. Balances are summed from the transfers alone.
    fn write(&mut self, books: &Books) {
        for link in books.links() {
            let kopecks = link.transfer.amount.kopecks();
            *self.balances.entry(link.transfer.debit).or_default() -= kopecks;
            *self.balances.entry(link.transfer.credit).or_default() += kopecks;
            self.links.push(link.clone());
        }
        let changed = books.changed_holds();
        for hold in books.placed_holds().chain(changed) {
            self.holds.insert(hold.id.clone(), hold.clone());
        }
        for lot in books.opened_lots().chain(books.changed_lots()) {
            self.lots.insert(lot.id.clone(), lot.clone());
        }
        self.entries.extend(books.lot_entries().iter().cloned());
        self.spending.extend(books.changed_windows());
        self.head = books.head().clone();
    }

    /// What each hold has of each lot, from the lots' journal.
    fn draws(&self) -> BTreeMap<(HoldId, LotId), i64> {
        let mut draws = BTreeMap::new();
        for entry in &self.entries {
            if let Some(hold) = &entry.hold {
                let drawn = (hold.clone(), entry.moved.lot.clone());
                *draws.entry(drawn).or_default() -= entry.moved.amount.kopecks();
            }
        }
        draws
    }

    /// The lots add up to the balances, row by row and altogether.
    fn check_lots(&self) {
        let mut left: BTreeMap<UserId, i64> = BTreeMap::new();
        for lot in self.lots.values() {
            let moves = self
                .entries
                .iter()
                .filter(|entry| entry.moved.lot == lot.id);
            let sum: i64 = moves.map(|entry| entry.moved.amount.kopecks()).sum();
            assert_eq!(sum, lot.remaining.kopecks(), "{lot:?}");
            assert!(
                lot.remaining >= Money::ZERO && lot.remaining <= lot.amount,
                "{lot:?}"
            );
            *left.entry(lot.user).or_default() += lot.remaining.kopecks();
        }
        for (account, kopecks) in &self.balances {
            if let Account::Available(user) = account {
                assert_eq!(left.get(user).copied().unwrap_or(0), *kopecks, "{user}");
            }
        }
        for link in &self.links {
            let entries = self.entries.iter().filter(|entry| entry.seq == link.seq);
            let sum: i64 = entries.map(|entry| entry.moved.amount.kopecks()).sum();
            let kopecks = link.transfer.amount.kopecks();
            let wanted = match (link.transfer.debit, link.transfer.credit) {
                (Account::Available(_), _) => -kopecks,
                (_, Account::Available(_)) => kopecks,
                _ => 0,
            };
            assert_eq!(sum, wanted, "{link:?}");
        }
    }

    /// Every window counts what its holds kept.
    fn check_spending(&self) {
        let mut counted: BTreeMap<Window, i64> = BTreeMap::new();
        for hold in self.holds.values() {
            let kept = match hold.state {
                HoldState::Open => hold.amount,
                HoldState::Captured | HoldState::Voided => hold.captured,
            };
            for window in Books::windows(Scope::User(hold.user), hold.placed_at) {
                *counted.entry(window).or_default() += kept.kopecks() - hold.refunded.kopecks();
            }
        }
        for (window, spent) in &self.spending {
            assert_eq!(
                counted.get(window).copied().unwrap_or(0),
                spent.kopecks(),
                "{window:?}"
            );
        }
    }

    fn check(&self) {
        self.check_lots();
        self.check_spending();
        assert_eq!(self.balances.values().sum::<i64>(), 0, "the sum is zero");
        for (account, kopecks) in &self.balances {
            assert!(
                !account.is_users() || *kopecks >= 0,
                "{account:?}: {kopecks}"
            );
        }
        let mut previous = ChainHead::genesis();
        for link in &self.links {
            assert_eq!(link.seq, previous.seq + 1, "no gap");
            assert!(link.at >= previous.at, "time never goes back");
            let hash = link_hash(&previous.hash, SHARD, link.seq, &link.transfer, link.at);
            assert_eq!(link.hash, hash);
            previous = ChainHead {
                seq: link.seq,
                hash,
                at: link.at,
            };
        }
        assert_eq!(previous, self.head, "the head is the last row");
    }
}

/// An amount, now and then one that may not be moved.
fn amount(dice: &mut Dice) -> i64 {
    match dice.below(40) {
        0 => 0,
        1 => -5,
        2 => Money::OPERATION_MAX.kopecks() + 1,
        _ => dice.kopecks(300) + 1,
    }
}

fn movement(dice: &mut Dice) -> Movement {
    let hold = format!("hold-{}", dice.below(HOLDS));
    let kopecks = amount(dice);
    let amount = Money::from_kopecks(kopecks);
    let topup = TopupId::new("payment");
    match dice.below(18) {
        0 | 1 => bonus(kopecks),
        2..=4 => place(&hold, kopecks),
        5 | 6 => capture(&hold),
        7 => void(&hold),
        8 => Movement::BookProviderCost { amount },
        9 => Movement::BookLoss { amount },
        10 | 11 => Movement::CreditPayment { topup, amount },
        12 => Movement::AdminCredit { amount },
        13 => Movement::AdminDebit { amount },
        14 => Movement::AdminDebt { amount },
        15 => Movement::ReversePayment { topup, amount },
        16 => Movement::CapturePart {
            hold: HoldId::new(hold),
            amount,
        },
        _ => Movement::RefundCapture {
            hold: HoldId::new(hold),
            amount,
        },
    }
}

fn random_posting(dice: &mut Dice) -> Posting {
    let user = dice.kopecks(USERS);
    let count = dice
        .below(12)
        .saturating_sub(7)
        .max(u64::from(dice.below(50) > 0));
    let operations = (0..count)
        .map(|_| operation(user, &format!("key-{}", dice.below(KEYS)), movement(dice)))
        .collect();
    Posting {
        user: UserId(user),
        operations,
    }
}

fn agree(books: &Books, model: &Model, posting: &Posting) {
    for user in 0..i64::try_from(USERS).unwrap() {
        let paper = (
            model.available.get(&user).copied().unwrap_or(0),
            model.held(user),
        );
        assert_eq!(
            user_balance(books, user),
            paper,
            "user {user} after {posting:?}"
        );
        let owed = -books.balance(Account::Debt(UserId(user))).kopecks();
        assert_eq!(owed, model.debt(user), "user {user} after {posting:?}");
    }
    let platform = |account| books.balance(Account::Platform(account, SHARD)).kopecks();
    assert_eq!(platform(PlatformAccount::Revenue), model.revenue);
    assert_eq!(platform(PlatformAccount::ProviderOwed), model.owed);
    assert_eq!(platform(PlatformAccount::Payments), -model.paid_in);
    assert_eq!(platform(PlatformAccount::Adjustments), -model.corrected);
}

#[test]
fn random_business_goes_as_on_paper_and_the_chain_can_be_hashed_anew() {
    let mut dice = Dice(seed());
    let (mut operations, mut refused) = (0, 0);
    for _ in 0..WORLDS {
        let (mut rows, mut model, mut done) = (Rows::new(), Model::default(), Vec::new());
        for _ in 0..BATCHES {
            // Clocks step back now and then.
            let mut books = rows.open(Moment(dice.kopecks(1_000)));
            for _ in 0..=dice.below(BATCH_MAX) {
                let posting = random_posting(&mut dice);
                operations += posting.operations.len();
                let answer = books.post(&posting);
                let told = model.post(&posting);
                assert_eq!(
                    answer.as_ref().ok(),
                    told.as_ref(),
                    "{answer:?}: {posting:?}"
                );
                agree(&books, &model, &posting);
                match answer {
                    Ok(_) => done.push(posting),
                    Err(_) => refused += 1,
                }
            }
            rows.write(&books);
            rows.check();
        }
        let mut books = rows.open(Moment(0));
        for posting in &done {
            assert_eq!(books.post(posting), Ok(Applied::Before), "{posting:?}");
        }
        assert!(books.links().is_empty(), "a replay wrote something");
    }
    println!("{operations} operations, {refused} postings refused");
    assert!(operations >= 100_000);
}
