//! Roles, and the table of what each may do.

use crate::ids::UserId;
use crate::money::Money;

/// What a person may do. Each role may do all that the ones before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    User,
    /// Looks, and changes nothing.
    Support,
    /// Changes things, money up to a limit.
    Admin,
    /// Changes everything.
    Owner,
}

/// Who has which role, by the configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roster {
    pub owners: Vec<UserId>,
    pub admins: Vec<UserId>,
    pub supports: Vec<UserId>,
}

impl Roster {
    /// The highest role a person is listed with.
    pub fn role(&self, user: UserId) -> Role {
        if self.owners.contains(&user) {
            Role::Owner
        } else if self.admins.contains(&user) {
            Role::Admin
        } else if self.supports.contains(&user) {
            Role::Support
        } else {
            Role::User
        }
    }

    /// Everyone with this role or a higher one, each once, in order of ids.
    pub fn from_role(&self, least: Role) -> Vec<UserId> {
        let mut listed: Vec<UserId> = [&self.owners, &self.admins, &self.supports]
            .into_iter()
            .flatten()
            .copied()
            .filter(|user| self.role(*user) >= least)
            .collect();
        listed.sort();
        listed.dedup();
        listed
    }
}

/// What an act does, as far as rights go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Gives a user money.
    Credit,
    /// Takes money that is there.
    Debit,
    /// Takes money, and what is not there is owed: below zero by name.
    Owe,
    /// Gives back what was charged for a job.
    RefundJob,
    /// Gives a payment back to the payer.
    RefundPayment,
    Ban,
    Unban,
    /// Sets a user's caps.
    SetCaps,
    /// Withdraws a waiting job.
    CancelJob,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 9] = [
        Kind::Credit,
        Kind::Debit,
        Kind::Owe,
        Kind::RefundJob,
        Kind::RefundPayment,
        Kind::Ban,
        Kind::Unban,
        Kind::SetCaps,
        Kind::CancelJob,
    ];

    /// The name in rows and in the audit log.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Credit => "credit",
            Kind::Debit => "debit",
            Kind::Owe => "owe",
            Kind::RefundJob => "refund_job",
            Kind::RefundPayment => "refund_payment",
            Kind::Ban => "ban",
            Kind::Unban => "unban",
            Kind::SetCaps => "set_caps",
            Kind::CancelJob => "cancel_job",
        }
    }

    /// Reads [`Kind::as_str`] back.
    pub fn parse(text: &str) -> Option<Kind> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// Whether the limits on money apply.
    fn moves_money(self) -> bool {
        match self {
            Kind::Credit | Kind::Debit | Kind::Owe | Kind::RefundJob | Kind::RefundPayment => true,
            Kind::Ban | Kind::Unban | Kind::SetCaps | Kind::CancelJob => false,
        }
    }
}

/// How much one person may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// The most that an act of an admin may move; owners have no such limit.
    pub admin_limit: Money,
    /// An act that moves more than this needs a second person, whoever asks.
    pub second_above: Money,
}

/// What the table says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    Allowed,
    /// Another admin has to agree.
    NeedsSecond,
    Refused(Denied),
}

/// Why somebody may not do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Denied {
    /// He is told as much as any user: there is no such thing.
    #[error("the role does not have it")]
    NotHis,
    #[error("only owners may take a balance into debt")]
    OwnersOnly,
    #[error("an admin may move {limit} at most")]
    AboveLimit { limit: Money },
}

impl Policy {
    /// Whether a role may do something that moves `amount` (zero when it moves nothing).
    pub fn may(&self, role: Role, kind: Kind, amount: Money) -> Verdict {
        match role {
            Role::User | Role::Support => return Verdict::Refused(Denied::NotHis),
            Role::Admin if kind == Kind::Owe => return Verdict::Refused(Denied::OwnersOnly),
            Role::Admin if kind.moves_money() && amount > self.admin_limit => {
                let limit = self.admin_limit;
                return Verdict::Refused(Denied::AboveLimit { limit });
            }
            Role::Admin | Role::Owner => {}
        }
        if kind.moves_money() && amount > self.second_above {
            return Verdict::NeedsSecond;
        }
        Verdict::Allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: Policy = Policy {
        admin_limit: Money::from_kopecks(1_000),
        second_above: Money::from_kopecks(500),
    };

    #[test]
    fn the_highest_listed_role_counts() {
        let roster = Roster {
            owners: vec![UserId(1)],
            admins: vec![UserId(2), UserId(1)],
            supports: vec![UserId(3), UserId(2)],
        };
        let roles = [1, 2, 3, 4].map(|user| roster.role(UserId(user)));
        assert_eq!(roles, [Role::Owner, Role::Admin, Role::Support, Role::User]);
        assert_eq!(roster.from_role(Role::Admin), [UserId(1), UserId(2)]);
        assert_eq!(roster.from_role(Role::Support).len(), 3);
    }

    #[test]
    fn the_table_of_rights() {
        use Verdict::{Allowed, NeedsSecond};
        let not_his = Verdict::Refused(Denied::NotHis);
        let above = Verdict::Refused(Denied::AboveLimit {
            limit: POLICY.admin_limit,
        });
        let owners = Verdict::Refused(Denied::OwnersOnly);
        for kind in Kind::ALL {
            for kopecks in [0, 500, 501, 1_000, 1_001] {
                let may = |role| POLICY.may(role, kind, Money::from_kopecks(kopecks));
                assert_eq!(may(Role::User), not_his);
                assert_eq!(may(Role::Support), not_his);
                let owner = if kind.moves_money() && kopecks > 500 {
                    NeedsSecond
                } else {
                    Allowed
                };
                assert_eq!(may(Role::Owner), owner, "{kind:?} {kopecks}");
                let admin = match kind {
                    Kind::Owe => owners,
                    _ if kind.moves_money() && kopecks > 1_000 => above,
                    _ => owner,
                };
                assert_eq!(may(Role::Admin), admin, "{kind:?} {kopecks}");
            }
        }
    }

    #[test]
    fn kinds_read_back() {
        for kind in Kind::ALL {
            assert_eq!(Kind::parse(kind.as_str()), Some(kind));
        }
    }
}
