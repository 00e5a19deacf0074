//! `rei-bot receipt verify`: a receipt checked from its file alone.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, bail};
use rei_domain::receipt::Day;

use crate::cli::ReceiptArgs;
use crate::receipts::{self, FILE_BYTES_MAX};

/// Checks a receipt and says what it proves. The error is one sentence.
pub fn verify_receipt(args: &ReceiptArgs) -> anyhow::Result<String> {
    let file = read(&args.file)?;
    let published =
        match &args.checkpoint {
            // A busy day's list is larger than any receipt.
            Some(path) => Some(fs::read_to_string(path).with_context(|| {
                format!("the checkpoints cannot be read from {}", path.display())
            })?),
            None => None,
        };
    let proven = receipts::verify(&file, published.as_deref())?;
    let mut report = String::new();
    for (shard, row) in &proven.rows {
        let day = Day::of(row.at).render();
        writeln!(
            report,
            "shard {shard}, row {}: {} of {} from {} to {} on {day}, {}",
            row.seq, row.kind, row.amount, row.debit, row.credit, row.reference
        )?;
    }
    for checkpoint in &proven.checkpoints {
        let (shard, number, hash) = (checkpoint.shard, checkpoint.number, &checkpoint.hash);
        writeln!(
            report,
            "checkpoint {number} of shard {shard}, {}: {hash}",
            checkpoint.day
        )?;
    }
    match published {
        Some(_) => writeln!(report, "the receipt holds, and its checkpoint is published")?,
        None => writeln!(
            report,
            "the receipt holds if the checkpoint above is the published one (/checkpoints)"
        )?,
    }
    Ok(report)
}

fn read(path: &Path) -> anyhow::Result<String> {
    let unreadable = || format!("the receipt cannot be read from {}", path.display());
    let size = fs::metadata(path).with_context(unreadable)?.len();
    if size > FILE_BYTES_MAX {
        bail!("the file is too large for a receipt");
    }
    fs::read_to_string(path).with_context(unreadable)
}
