//! The journal, row by row: the chain of each shard, and the accounts of each transfer (I1, I4,
//! I31).
//!
//! The chain is followed from the stored hash of the row before, so one changed row is one
//! finding and not one for every row behind it.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Text};
use rei_actors::ports::StoreError;
use rei_actors::ports::ledger::shard_of;
use rei_domain::ids::{IdempotencyKey, ShardId};
use rei_domain::ledger::{Account, GENESIS, PlatformAccount, Transfer, TransferKind, link_hash};
use rei_domain::money::Money;
use rei_domain::time::Moment;

use super::report::{Finding, Head, Weight};
use crate::store::Conn;
use crate::store::codec::unreadable;
use crate::store::stmt::{sql, statements};

/// Rows of the journal in one answer: a few hundred kilobytes, a few milliseconds of hashing.
const PAGE_ROWS: i64 = 1_000;

statements! {
    SHARDS = "
        SELECT shard, head_seq, head_hash, head_at FROM ledger_shards ORDER BY shard";

    PAGE = "
        SELECT seq, debit, credit, amount, kind, idempotency_key, reference, at, hash
        FROM ledger WHERE shard = ? AND seq > ? ORDER BY seq LIMIT ?";
}

#[derive(QueryableByName)]
struct ShardRow {
    #[diesel(sql_type = BigInt)]
    shard: i64,
    #[diesel(sql_type = BigInt)]
    head_seq: i64,
    #[diesel(sql_type = Text)]
    head_hash: String,
    #[diesel(sql_type = BigInt)]
    head_at: i64,
}

#[derive(QueryableByName)]
struct TransferRow {
    #[diesel(sql_type = BigInt)]
    seq: i64,
    #[diesel(sql_type = Text)]
    debit: String,
    #[diesel(sql_type = Text)]
    credit: String,
    #[diesel(sql_type = BigInt)]
    amount: i64,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Text)]
    idempotency_key: String,
    #[diesel(sql_type = Text)]
    reference: String,
    #[diesel(sql_type = BigInt)]
    at: i64,
    #[diesel(sql_type = Text)]
    hash: String,
}

impl TransferRow {
    /// `None` when an account or the kind is none of ours.
    fn transfer(&self) -> Option<Transfer> {
        Some(Transfer {
            debit: Account::parse(&self.debit)?,
            credit: Account::parse(&self.credit)?,
            amount: Money::from_kopecks(self.amount),
            kind: TransferKind::parse(&self.kind)?,
            key: IdempotencyKey::new(self.idempotency_key.as_str()),
            reference: self.reference.clone(),
        })
    }
}

/// The invariants of single rows and of their order.
struct Rules {
    accounts: Tally,
    shard: Tally,
    sequence: Tally,
    hash: Tally,
    head: Tally,
    time: Tally,
}

impl Rules {
    fn new() -> Self {
        let tally = Tally::new;
        Rules {
            accounts: tally(
                "I1",
                "a transfer moves an amount above zero between the two accounts of its kind",
            ),
            shard: tally("I4", "an account's transfers stand in the account's shard"),
            sequence: tally("I4", "a chain has no gap"),
            hash: tally(
                "I4",
                "a row's hash follows from the row and the hash before it",
            ),
            head: tally("I4", "a shard's head is the end of its chain"),
            time: tally("I31", "time in a chain never goes back"),
        }
    }

    fn findings(self) -> Vec<Finding> {
        [
            self.accounts,
            self.shard,
            self.sequence,
            self.hash,
            self.head,
            self.time,
        ]
        .into_iter()
        .filter_map(Tally::finding)
        .collect()
    }
}

/// How often one invariant is broken.
pub(super) struct Tally {
    invariant: &'static str,
    sentence: &'static str,
    rows: i64,
    example: Option<String>,
}

impl Tally {
    pub(super) fn new(invariant: &'static str, sentence: &'static str) -> Self {
        Tally {
            invariant,
            sentence,
            rows: 0,
            example: None,
        }
    }

    pub(super) fn check(&mut self, holds: bool, example: impl FnOnce() -> String) {
        if !holds {
            self.rows += 1;
            self.example.get_or_insert_with(example);
        }
    }

    pub(super) fn finding(self) -> Option<Finding> {
        Some(Finding {
            invariant: self.invariant,
            sentence: self.sentence,
            weight: Weight::Broken,
            rows: self.rows,
            example: self.example?,
        })
    }
}

/// Walks the chains of all shards; their ends, and what is broken.
pub(super) async fn walk(conn: &mut Conn) -> Result<(Vec<Head>, Vec<Finding>), StoreError> {
    let shards: Vec<ShardRow> = conn.load(sql!(SHARDS)).await?;
    let count = u32::try_from(shards.len()).map_err(|_| unreadable("shard"))?;
    let mut rules = Rules::new();
    let mut heads = Vec::with_capacity(shards.len());
    for row in shards {
        let shard = ShardId(u32::try_from(row.shard).map_err(|_| unreadable("shard"))?);
        let mut walk = Walk {
            shard,
            shards: count,
            seq: 0,
            hash: GENESIS.to_owned(),
            at: 0,
        };
        loop {
            let page: Vec<TransferRow> = conn
                .load(sql!(PAGE, row.shard, walk.seq, PAGE_ROWS))
                .await?;
            if page.is_empty() {
                break;
            }
            for transfer in page {
                walk.step(transfer, &mut rules);
            }
        }
        let is_head =
            (row.head_seq, &row.head_hash, row.head_at) == (walk.seq, &walk.hash, walk.at);
        rules.head.check(is_head, || {
            let (head, last) = (row.head_seq, walk.seq);
            format!("shard {shard}: the head is at {head}, the chain ends at {last}")
        });
        heads.push(Head {
            shard,
            seq: walk.seq,
            hash: walk.hash,
        });
    }
    Ok((heads, rules.findings()))
}

/// A place in one shard's chain.
struct Walk {
    shard: ShardId,
    /// How many shards there are.
    shards: u32,
    seq: i64,
    hash: String,
    at: i64,
}

impl Walk {
    fn step(&mut self, row: TransferRow, rules: &mut Rules) {
        let shard = self.shard;
        let place = |what: &str| format!("shard {shard}, row {}: {what}", row.seq);
        rules.sequence.check(row.seq == self.seq + 1, || {
            place(&format!("follows row {}", self.seq))
        });
        rules.time.check(row.at >= self.at, || {
            place(&format!("{} after {}", row.at, self.at))
        });
        let transfer = row.transfer();
        let is_of_its_kind = transfer
            .as_ref()
            .is_some_and(|transfer| row.amount > 0 && moves_as_its_kind(transfer, shard));
        rules.accounts.check(is_of_its_kind, || {
            let (kind, amount) = (&row.kind, Money::from_kopecks(row.amount));
            let (debit, credit) = (&row.debit, &row.credit);
            place(&format!("{kind} of {amount} from {debit} to {credit}"))
        });
        let is_hashed = transfer.as_ref().is_some_and(|transfer| {
            link_hash(&self.hash, shard, row.seq, transfer, Moment(row.at)) == row.hash
        });
        rules.hash.check(is_hashed, || place("another hash"));
        let is_at_home = transfer.as_ref().is_none_or(|transfer| {
            [transfer.debit, transfer.credit]
                .into_iter()
                .all(|account| self.is_home_of(account))
        });
        rules.shard.check(is_at_home, || {
            place(&format!("{} and {}", row.debit, row.credit))
        });
        self.seq = row.seq;
        self.hash = row.hash;
        self.at = row.at;
    }

    fn is_home_of(&self, account: Account) -> bool {
        match account {
            Account::Available(user) | Account::Held(user) | Account::Debt(user) => {
                shard_of(user, self.shards) == self.shard
            }
            Account::Platform(_, shard) => shard == self.shard,
        }
    }
}

/// Which accounts each kind of transfer may touch, as the auditor knows it.
fn moves_as_its_kind(transfer: &Transfer, shard: ShardId) -> bool {
    use PlatformAccount as P;
    let platform = |account| Account::Platform(account, shard);
    let (debit, credit) = (transfer.debit, transfer.credit);
    match transfer.kind {
        TransferKind::Bonus => {
            debit == platform(P::Promo) && matches!(credit, Account::Available(_))
        }
        TransferKind::Payment => {
            debit == platform(P::Payments) && matches!(credit, Account::Available(_))
        }
        TransferKind::AdminCredit => {
            debit == platform(P::Adjustments) && matches!(credit, Account::Available(_))
        }
        TransferKind::AdminDebit => {
            matches!(debit, Account::Available(_)) && credit == platform(P::Adjustments)
        }
        TransferKind::Debt => {
            matches!(debit, Account::Debt(_)) && credit == platform(P::Adjustments)
        }
        TransferKind::DebtPayment => {
            matches!((debit, credit), (Account::Available(a), Account::Debt(b)) if a == b)
        }
        TransferKind::Reversal => {
            matches!(debit, Account::Debt(_)) && credit == platform(P::Payments)
        }
        TransferKind::Refund => {
            matches!(debit, Account::Held(_)) && credit == platform(P::Payments)
        }
        TransferKind::JobRefund => {
            debit == platform(P::Revenue) && matches!(credit, Account::Available(_))
        }
        TransferKind::Hold => {
            matches!((debit, credit), (Account::Available(a), Account::Held(b)) if a == b)
        }
        TransferKind::Capture => {
            matches!(debit, Account::Held(_)) && credit == platform(P::Revenue)
        }
        TransferKind::Void => {
            matches!((debit, credit), (Account::Held(a), Account::Available(b)) if a == b)
        }
        TransferKind::ProviderCost => {
            debit == platform(P::ProviderCost) && credit == platform(P::ProviderOwed)
        }
        TransferKind::Loss => debit == platform(P::Loss) && credit == platform(P::ProviderOwed),
    }
}
