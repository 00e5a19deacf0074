//! Receipts: a row of the journal, and the proof that a published checkpoint covers it.
//!
//! A checkpoint stands for a run of rows of one shard: it holds the root of a Merkle tree over
//! their hashes, and the hash of the checkpoint before it. A receipt holds the row itself, the
//! hashes beside its way up the tree, and the checkpoint. So it grows with the logarithm of the
//! run, shows no other row, and can be checked by anybody with SHA-256 and the published
//! checkpoint. The tree and its proofs are those of RFC 9162, 2.1; `docs/LEDGER.md` has the
//! bytes. Deliberately signs nothing: what is published cannot be taken back, which is enough.

use sha2::{Digest, Sha256};

use crate::ids::{IdempotencyKey, ShardId};
use crate::ledger::{Account, Transfer, TransferKind, canonical_hash, link_hash};
use crate::money::Money;
use crate::time::Moment;

/// Sets a leaf apart from a node, so that none can be taken for the other.
const LEAF: u8 = 0;
const NODE: u8 = 1;

/// The first field of a checkpoint's hash: what it is, and the version of the scheme.
const CHECKPOINT_TAG: &str = "rei-checkpoint-1";

const MICROS_IN_DAY: i64 = 86_400_000_000;

/// A SHA-256 digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Digest32([u8; 32]);

impl Digest32 {
    /// Lower-case hexadecimal, 64 characters.
    pub fn render(&self) -> String {
        let mut text = String::with_capacity(64);
        for byte in self.0 {
            text.push(char::from(b"0123456789abcdef"[usize::from(byte >> 4)]));
            text.push(char::from(b"0123456789abcdef"[usize::from(byte & 15)]));
        }
        text
    }

    /// Reads [`Digest32::render`] back; capitals and anything else are refused.
    pub fn parse(text: &str) -> Option<Digest32> {
        let digit = |byte: u8| match byte {
            b'0'..=b'9' => Some(byte - b'0'),
            b'a'..=b'f' => Some(byte - b'a' + 10),
            _ => None,
        };
        let text: &[u8; 64] = text.as_bytes().try_into().ok()?;
        let mut bytes = [0; 32];
        for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
            *byte = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Some(Digest32(bytes))
    }
}

fn leaf(row: &Digest32) -> Digest32 {
    let mut hasher = Sha256::new();
    hasher.update([LEAF]);
    hasher.update(row.0);
    Digest32(hasher.finalize().into())
}

fn node(left: &Digest32, right: &Digest32) -> Digest32 {
    let mut hasher = Sha256::new();
    hasher.update([NODE]);
    hasher.update(left.0);
    hasher.update(right.0);
    Digest32(hasher.finalize().into())
}

/// The tree over the hashes of a run of rows, level by level from the leaves.
#[derive(Clone, Debug)]
pub struct Tree(Vec<Vec<Digest32>>);

impl Tree {
    /// The tree over row hashes in the order of the journal; `None` over none.
    pub fn over(rows: &[Digest32]) -> Option<Tree> {
        if rows.is_empty() {
            return None;
        }
        let mut levels = vec![rows.iter().map(leaf).collect::<Vec<_>>()];
        while let Some(level) = levels.last().filter(|level| level.len() > 1) {
            // The last one without a neighbour goes up as it is.
            let above = level.chunks(2).map(|pair| match pair {
                [left, right] => node(left, right),
                alone => alone[0],
            });
            levels.push(above.collect());
        }
        Some(Tree(levels))
    }

    /// What a checkpoint holds.
    pub fn root(&self) -> Digest32 {
        self.0[self.0.len() - 1][0]
    }

    /// The neighbours on the way from a leaf, counted from zero, to the root, the lowest first.
    /// `None` when there is no such leaf.
    pub fn path(&self, index: usize) -> Option<Vec<Digest32>> {
        self.0[0].get(index)?;
        let mut path = Vec::new();
        let mut index = index;
        for level in &self.0 {
            path.extend(level.get(index ^ 1));
            index /= 2;
        }
        Some(path)
    }
}

/// Whether a row stands at `index`, counted from zero, among the `size` rows under `root`
/// (RFC 9162, 2.1.3.2).
pub fn is_under(root: &Digest32, row: &Digest32, index: u64, size: u64, path: &[Digest32]) -> bool {
    if index >= size {
        return false;
    }
    let (mut place, mut last) = (index, size - 1);
    let mut hash = leaf(row);
    for neighbour in path {
        if last == 0 {
            return false;
        }
        if place % 2 == 1 || place == last {
            hash = node(neighbour, &hash);
            while place % 2 == 0 && place != 0 {
                place /= 2;
                last /= 2;
            }
        } else {
            hash = node(&hash, neighbour);
        }
        place /= 2;
        last /= 2;
    }
    last == 0 && hash == *root
}

/// A day of UTC, as the number of days since 1970-01-01.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Day(pub i64);

impl Day {
    /// The day of a moment.
    pub fn of(at: Moment) -> Day {
        Day(at.0.div_euclid(MICROS_IN_DAY))
    }

    /// When the day begins.
    pub fn begins(self) -> Moment {
        Moment(self.0.saturating_mul(MICROS_IN_DAY))
    }

    /// When it is over.
    pub fn ends(self) -> Moment {
        Day(self.0.saturating_add(1)).begins()
    }

    /// `2026-11-23`.
    pub fn render(self) -> String {
        let (year, month, day) = self.date();
        format!("{year:04}-{month:02}-{day:02}")
    }

    /// Reads [`Day::render`] back.
    pub fn parse(text: &str) -> Option<Day> {
        let mut parts = text.splitn(3, '-');
        let year: i64 = parts.next()?.parse().ok()?;
        let month: i64 = parts.next()?.parse().ok()?;
        let day: i64 = parts.next()?.parse().ok()?;
        if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day)
        {
            return None;
        }
        let found = Day::from_date(year, month, day);
        (found.render() == text).then_some(found)
    }

    /// Year, month and day of the month in the Gregorian calendar.
    pub fn date(self) -> (i64, i64, i64) {
        // Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": years begin in March,
        // eras have 400 of them.
        let shifted = self.0 + 719_468;
        let era = shifted.div_euclid(146_097);
        let of_era = shifted.rem_euclid(146_097);
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let march_month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * march_month + 2) / 5 + 1;
        let month = if march_month < 10 {
            march_month + 3
        } else {
            march_month - 9
        };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        (year, month, day)
    }

    /// The day of a date; a day of the month that does not exist runs into the next month.
    pub fn from_date(year: i64, month: i64, day: i64) -> Day {
        let year = if month <= 2 { year - 1 } else { year };
        let era = year.div_euclid(400);
        let year_of_era = year.rem_euclid(400);
        let march_month = (month + 9) % 12;
        let of_year = (153 * march_month + 2) / 5 + day - 1;
        let of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year;
        Day(era * 146_097 + of_era - 719_468)
    }
}

/// What is published about a run of rows of one shard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    pub shard: ShardId,
    /// From 1 in each shard, without gaps.
    pub number: i64,
    /// The day of UTC on which all its rows were written.
    pub day: Day,
    /// The first and the last row of the run.
    pub first: i64,
    pub last: i64,
    /// The root of the tree over the rows' hashes.
    pub root: Digest32,
    /// The hash of the last row, which is the shard's head at that point.
    pub head: Digest32,
    /// The hash of the checkpoint before it; zeros before the first.
    pub previous: Digest32,
}

impl Checkpoint {
    /// What "the checkpoint before the first" has as its hash.
    pub const NONE_BEFORE: Digest32 = Digest32([0; 32]);

    /// The hash by which it is known.
    pub fn hash(&self) -> Digest32 {
        let fields = [
            CHECKPOINT_TAG.to_owned(),
            self.shard.to_string(),
            self.number.to_string(),
            self.day.render(),
            self.first.to_string(),
            self.last.to_string(),
            self.root.render(),
            self.head.render(),
            self.previous.render(),
        ];
        let hash = canonical_hash(fields.iter().map(String::as_str));
        Digest32::parse(&hash).expect("a canonical hash is 64 lower-case hexadecimal digits")
    }

    /// How many rows it covers; zero when its ends are crossed.
    pub fn size(&self) -> u64 {
        let rows = self.last.saturating_sub(self.first).saturating_add(1);
        u64::try_from(rows).unwrap_or(0)
    }

    /// Whether it covers a row.
    pub fn covers(&self, seq: i64) -> bool {
        (self.first..=self.last).contains(&seq)
    }
}

/// A row as a receipt shows it, with the proof.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvenRow {
    pub seq: i64,
    pub debit: String,
    pub credit: String,
    pub amount: Money,
    pub kind: String,
    pub key: String,
    pub reference: String,
    pub at: Moment,
    /// The hash of the row before it.
    pub previous: Digest32,
    /// The neighbours on its way to the checkpoint's root.
    pub path: Vec<Digest32>,
}

impl ProvenRow {
    /// The row's hash, if its accounts and its kind are ones that exist.
    pub fn hash(&self, shard: ShardId) -> Option<Digest32> {
        let transfer = Transfer {
            debit: Account::parse(&self.debit)?,
            credit: Account::parse(&self.credit)?,
            amount: self.amount,
            kind: TransferKind::parse(&self.kind)?,
            key: IdempotencyKey::new(self.key.as_str()),
            reference: self.reference.clone(),
        };
        // A name that reads as an account but is spelled otherwise would hash as the account.
        let is_plain =
            transfer.debit.render() == self.debit && transfer.credit.render() == self.credit;
        let previous = self.previous.render();
        let hash = link_hash(&previous, shard, self.seq, &transfer, self.at);
        Digest32::parse(&hash).filter(|_| is_plain)
    }

    /// Checks the row against the checkpoint it claims.
    pub fn check(&self, checkpoint: &Checkpoint) -> Result<(), ReceiptFault> {
        let hash = self.hash(checkpoint.shard).ok_or(ReceiptFault::Row)?;
        if !checkpoint.covers(self.seq) || Day::of(self.at) != checkpoint.day {
            return Err(ReceiptFault::NotCovered { seq: self.seq });
        }
        let index = u64::try_from(self.seq - checkpoint.first).unwrap_or(u64::MAX);
        if is_under(
            &checkpoint.root,
            &hash,
            index,
            checkpoint.size(),
            &self.path,
        ) {
            Ok(())
        } else {
            Err(ReceiptFault::NotProven { seq: self.seq })
        }
    }
}

/// Why a receipt does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptFault {
    #[error("the receipt names an account or a kind of movement that does not exist")]
    Row,
    #[error("row {seq} is not among the rows of its checkpoint")]
    NotCovered { seq: i64 },
    #[error("row {seq} is not what its checkpoint stands for: it was changed, or never was there")]
    NotProven { seq: i64 },
    #[error("the checkpoint's hash does not follow from the checkpoint")]
    CheckpointChanged,
    #[error("the receipt's checkpoint is not the published one")]
    NotPublished,
    #[error("the receipt proves no row")]
    Empty,
}

#[cfg(test)]
mod tests;
