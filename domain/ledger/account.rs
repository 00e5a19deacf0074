//! Accounts and their names in rows.

use crate::ids::{ShardId, UserId};

/// Accounts of the platform. Each exists once per shard, so that shards never wait for each
/// other on one row; their sum over the shards is what a report shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PlatformAccount {
    /// What users paid for delivered work.
    Revenue,
    /// Bonuses given away.
    Promo,
    /// What the providers' work cost.
    ProviderCost,
    /// What is owed to the providers.
    ProviderOwed,
    /// Costs that no user pays: lost answers, work after a refund.
    Loss,
    /// Money on its way between the payment methods and the users: below zero by what came in.
    Payments,
    /// What admins gave and took by hand.
    Adjustments,
}

impl PlatformAccount {
    /// Every platform account.
    pub const ALL: [PlatformAccount; 7] = [
        PlatformAccount::Revenue,
        PlatformAccount::Promo,
        PlatformAccount::ProviderCost,
        PlatformAccount::ProviderOwed,
        PlatformAccount::Loss,
        PlatformAccount::Payments,
        PlatformAccount::Adjustments,
    ];

    /// The name in rows and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            PlatformAccount::Revenue => "revenue",
            PlatformAccount::Promo => "promo",
            PlatformAccount::ProviderCost => "provider_cost",
            PlatformAccount::ProviderOwed => "provider_owed",
            PlatformAccount::Loss => "loss",
            PlatformAccount::Payments => "payments",
            PlatformAccount::Adjustments => "adjustments",
        }
    }
}

/// An account of the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Account {
    /// What a user can spend.
    Available(UserId),
    /// What is set aside for a user's running jobs.
    Held(UserId),
    /// What a user owes, below zero by that much; a debt is never a negative balance.
    Debt(UserId),
    /// An account of the platform in one shard.
    Platform(PlatformAccount, ShardId),
}

impl Account {
    /// The name in rows: `user:42:available`, `user:42:held`, `debt:42:owed`,
    /// `platform:revenue:0`.
    pub fn render(self) -> String {
        match self {
            Account::Available(user) => format!("user:{user}:available"),
            Account::Held(user) => format!("user:{user}:held"),
            Account::Debt(user) => format!("debt:{user}:owed"),
            Account::Platform(account, shard) => format!("platform:{}:{shard}", account.as_str()),
        }
    }

    /// Reads [`Account::render`] back.
    pub fn parse(text: &str) -> Option<Account> {
        let mut parts = text.split(':');
        let (kind, name, last) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() {
            return None;
        }
        match kind {
            "user" => {
                let user = UserId(name.parse().ok()?);
                match last {
                    "available" => Some(Account::Available(user)),
                    "held" => Some(Account::Held(user)),
                    _ => None,
                }
            }
            "debt" if last == "owed" => Some(Account::Debt(UserId(name.parse().ok()?))),
            "platform" => {
                let account = PlatformAccount::ALL
                    .into_iter()
                    .find(|account| account.as_str() == name)?;
                Some(Account::Platform(account, ShardId(last.parse().ok()?)))
            }
            _ => None,
        }
    }

    /// Whether the balance may never be below zero.
    pub fn is_users(self) -> bool {
        match self {
            Account::Available(_) | Account::Held(_) => true,
            Account::Debt(_) | Account::Platform(_, _) => false,
        }
    }
}
