//! Identities: a newtype for each, so that a job is never charged to a chat.
//!
//! Ids are made outside (`actors::ports::ids`); the domain only carries them.

use std::fmt;

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// Wraps a text that came from an id source or from a row.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The text as it stands in rows and callback data.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

macro_rules! number_id {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}", self.0)
            }
        }
    };
}

number_id! {
    /// A Telegram user. Fits 52 bits (Bot API, `User.id`).
    UserId(i64)
}
number_id! {
    /// A Telegram chat. In a private chat it equals the user's id.
    ChatId(i64)
}
number_id! {
    /// A message within a chat.
    MessageId(i64)
}
number_id! {
    /// A shard of the ledger: one hash chain, one writer at a time.
    ShardId(u32)
}
number_id! {
    /// A fencing token: grows with each lease of a job, so a late writer is recognised.
    Fence(i64)
}
text_id! {
    /// A job: one paid piece of work.
    JobId
}
text_id! {
    /// A model as the catalogue and rows name it: `kling-3.0`.
    ModelId
}
text_id! {
    /// A draft: a request with a price, waiting for confirmation.
    DraftId
}
text_id! {
    /// A hold: money set aside for one job.
    HoldId
}
text_id! {
    /// A stored picture.
    AssetId
}
text_id! {
    /// A value that is never used twice: it ties a confirmation to the price that was shown.
    Nonce
}
text_id! {
    /// Names one operation of the ledger for ever; a repeat with the same key is a no-op.
    IdempotencyKey
}
text_id! {
    /// A top-up: money a user asked to pay in.
    TopupId
}
text_id! {
    /// A refund: money on its way back to the payer.
    RefundId
}
text_id! {
    /// A lot: money of one origin. Named by the key of the transfer that brought it in.
    LotId
}
text_id! {
    /// An act of an admin, from the command to its end.
    ActId
}
text_id! {
    /// A usage session: what was sold.
    UsageId
}
