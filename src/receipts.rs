//! Receipt files: the JSON that a user keeps, and its check without a database.
//!
//! A file is written in one form only, so a check compares its bytes too: nothing can be added,
//! left out or spelled otherwise. What the bytes mean is `docs/LEDGER.md`'s.

use rei_actors::ports::checkpoints::Receipt;
use rei_domain::ids::ShardId;
use rei_domain::money::Money;
use rei_domain::receipt::{Checkpoint, Day, Digest32, ProvenRow, ReceiptFault};
use rei_domain::time::Moment;
use serde::{Deserialize, Serialize};

/// What a file says it is.
const FORMAT: &str = "rei-receipt-1";

/// A larger file is no receipt: 64 rows with the longest paths stay below a tenth of it.
pub const FILE_BYTES_MAX: u64 = 1024 * 1024;

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: String,
    rows: Vec<Row>,
    checkpoints: Vec<Published>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    checkpoint: i64,
    seq: i64,
    debit: String,
    credit: String,
    /// Kopecks.
    amount: i64,
    kind: String,
    key: String,
    reference: String,
    /// Microseconds since 1970, UTC.
    at: i64,
    previous: String,
    path: Vec<String>,
}

/// A checkpoint as it is published and as a receipt holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Published {
    pub shard: u32,
    pub number: i64,
    pub day: String,
    pub first: i64,
    pub last: i64,
    pub root: String,
    pub head: String,
    pub previous: String,
    pub hash: String,
}

impl Published {
    /// As it is published.
    pub fn of(checkpoint: &Checkpoint) -> Published {
        Published {
            shard: checkpoint.shard.0,
            number: checkpoint.number,
            day: checkpoint.day.render(),
            first: checkpoint.first,
            last: checkpoint.last,
            root: checkpoint.root.render(),
            head: checkpoint.head.render(),
            previous: checkpoint.previous.render(),
            hash: checkpoint.hash().render(),
        }
    }

    /// The checkpoint, if its hash follows from it.
    fn checkpoint(&self) -> Result<Checkpoint, Fault> {
        let digest = |text: &str| Digest32::parse(text).ok_or(Fault::Unreadable);
        let checkpoint = Checkpoint {
            shard: ShardId(self.shard),
            number: self.number,
            day: Day::parse(&self.day).ok_or(Fault::Unreadable)?,
            first: self.first,
            last: self.last,
            root: digest(&self.root)?,
            head: digest(&self.head)?,
            previous: digest(&self.previous)?,
        };
        if checkpoint.hash() == digest(&self.hash)? {
            Ok(checkpoint)
        } else {
            Err(ReceiptFault::CheckpointChanged.into())
        }
    }
}

/// Checkpoints as `/checkpoints` gives them.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublishedList {
    pub checkpoints: Vec<Published>,
}

/// Why a file does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    #[error("this is no receipt, or it was altered: it is not in the form that receipts have")]
    Unreadable,
    #[error("this is no list of checkpoints")]
    UnreadableList,
    #[error(transparent)]
    Receipt(#[from] ReceiptFault),
}

/// What a file that holds proves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proven {
    pub rows: Vec<(ShardId, ProvenRow)>,
    /// The checkpoints that prove them.
    pub checkpoints: Vec<Published>,
}

/// Writes a receipt's file.
pub fn render(receipt: &Receipt) -> String {
    let rows = receipt.rows.iter().map(|(checkpoint, row)| Row {
        checkpoint: *checkpoint,
        seq: row.seq,
        debit: row.debit.clone(),
        credit: row.credit.clone(),
        amount: row.amount.kopecks(),
        kind: row.kind.clone(),
        key: row.key.clone(),
        reference: row.reference.clone(),
        at: row.at.0,
        previous: row.previous.render(),
        path: row.path.iter().map(Digest32::render).collect(),
    });
    let file = File {
        format: FORMAT.to_owned(),
        rows: rows.collect(),
        checkpoints: receipt.checkpoints.iter().map(Published::of).collect(),
    };
    write(&file)
}

fn write(file: &File) -> String {
    let mut text = serde_json::to_string_pretty(file).expect("a receipt has text keys only");
    text.push('\n');
    text
}

/// Checks a receipt's file, and that its checkpoints are among the published ones if a list of
/// them is given.
pub fn verify(file: &str, published: Option<&str>) -> Result<Proven, Fault> {
    let read: File = serde_json::from_str(file).map_err(|_| Fault::Unreadable)?;
    if read.format != FORMAT || write(&read) != file {
        return Err(Fault::Unreadable);
    }
    if read.rows.is_empty() {
        return Err(ReceiptFault::Empty.into());
    }
    let mut checkpoints = Vec::with_capacity(read.checkpoints.len());
    for claimed in &read.checkpoints {
        checkpoints.push(claimed.checkpoint()?);
    }
    if let Some(list) = published {
        let list: PublishedList = serde_json::from_str(list).map_err(|_| Fault::UnreadableList)?;
        let is_published = |claimed: &Published| list.checkpoints.contains(claimed);
        if !read.checkpoints.iter().all(is_published) {
            return Err(ReceiptFault::NotPublished.into());
        }
    }
    let mut rows = Vec::with_capacity(read.rows.len());
    for row in read.rows {
        let number = row.checkpoint;
        let proven = row.proven()?;
        let checkpoint = checkpoints
            .iter()
            .find(|checkpoint| checkpoint.number == number)
            .ok_or(ReceiptFault::NotCovered { seq: proven.seq })?;
        proven.check(checkpoint)?;
        rows.push((checkpoint.shard, proven));
    }
    Ok(Proven {
        rows,
        checkpoints: read.checkpoints,
    })
}

impl Row {
    fn proven(self) -> Result<ProvenRow, Fault> {
        let digest = |text: &String| Digest32::parse(text).ok_or(Fault::Unreadable);
        let path: Result<Vec<Digest32>, Fault> = self.path.iter().map(digest).collect();
        Ok(ProvenRow {
            seq: self.seq,
            previous: digest(&self.previous)?,
            debit: self.debit,
            credit: self.credit,
            amount: Money::from_kopecks(self.amount),
            kind: self.kind,
            key: self.key,
            reference: self.reference,
            at: Moment(self.at),
            path: path?,
        })
    }
}

#[cfg(test)]
mod tests;
