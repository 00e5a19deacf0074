//! The ledger: transfers that balance by construction, decided in order, all or nothing.
//!
//! A transfer moves an amount from a debit account to a credit account; an account's balance
//! is the sum of its credits less its debits, so all balances together are zero. User
//! accounts are what the platform owes to the user and never go below zero; what a user owes
//! stands on a debt account, and is paid from whatever becomes available to him next.
//!
//! A [`Posting`] is a list of operations that commit together. The first operation's key names
//! the posting: a repeat answers *already applied*, the same key with other content says what
//! differs. Nothing here reads or writes rows: [`Books`] holds what the store read under the
//! shard's lock, decides in memory, and hands back what to write.

mod account;
mod books;
pub mod caps;
mod chain;
mod hold;
mod lots;
mod posting;
pub mod recipes;
mod trial;

pub use account::{Account, PlatformAccount};
pub use books::{Applied, Books, KnownTransfer, LotEntry, Refusal};
pub use chain::{ChainHead, GENESIS, Link, canonical_hash, link_hash};
pub use hold::{Hold, HoldPurpose, HoldState};
pub use lots::{DrawRule, Lot, LotMove, Lots, Origin};
pub use posting::{Movement, Operation, Posting, Transfer, TransferKind};

#[cfg(test)]
mod tests;
