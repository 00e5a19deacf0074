//! The hash chain: each row of a shard carries the hash of itself and of the row before it.

use sha2::{Digest, Sha256};

use crate::ids::ShardId;
use crate::ledger::Transfer;
use crate::time::Moment;

/// The hash "before" the first row of a shard, lower-case hexadecimal.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The end of a shard's chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainHead {
    /// Sequence number of the last row; zero before the first.
    pub seq: i64,
    /// Hash of the last row, lower-case hexadecimal.
    pub hash: String,
    /// When the last row was written; time in the chain never goes back.
    pub at: Moment,
}

impl ChainHead {
    /// The head of an empty chain.
    pub fn genesis() -> Self {
        Self {
            seq: 0,
            hash: GENESIS.to_owned(),
            at: Moment(0),
        }
    }
}

/// A transfer in its place in the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    pub shard: ShardId,
    /// From 1, without gaps.
    pub seq: i64,
    pub transfer: Transfer,
    pub at: Moment,
    pub hash: String,
}

/// The hash of a row, lower-case hexadecimal SHA-256 over the previous hash and every field.
///
/// The canonical form of a row is its fields as text, each preceded by its length in bytes and
/// a colon, so that no two rows share one: previous hash, shard, seq, debit, credit, amount in
/// kopecks, kind, key, reference, microseconds.
pub fn link_hash(
    previous: &str,
    shard: ShardId,
    seq: i64,
    transfer: &Transfer,
    at: Moment,
) -> String {
    let fields = [
        previous.to_owned(),
        shard.to_string(),
        seq.to_string(),
        transfer.debit.render(),
        transfer.credit.render(),
        transfer.amount.kopecks().to_string(),
        transfer.kind.as_str().to_owned(),
        transfer.key.as_str().to_owned(),
        transfer.reference.clone(),
        at.0.to_string(),
    ];
    canonical_hash(fields.iter().map(String::as_str))
}

/// Lower-case hexadecimal SHA-256 over texts, each preceded by its length in bytes and a colon,
/// so that no two lists of texts share one canonical form.
pub fn canonical_hash<'a>(fields: impl IntoIterator<Item = &'a str>) -> String {
    let mut hasher = Sha256::new();
    for field in fields {
        hasher.update(field.len().to_string().as_bytes());
        hasher.update(b":");
        hasher.update(field.as_bytes());
    }
    let digest = hasher.finalize();
    let mut text = String::with_capacity(64);
    for byte in digest.iter() {
        text.push(char::from(b"0123456789abcdef"[usize::from(byte >> 4)]));
        text.push(char::from(b"0123456789abcdef"[usize::from(byte & 15)]));
    }
    text
}
