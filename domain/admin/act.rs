//! Acts: what an admin asked for, who must agree, and what a press of a button means.

use super::{Kind, Policy, Role, Roster, Verdict};
use crate::admin::Denied;
use crate::audit::{Actor, AuditEntry, AuditOutcome, Via};
use crate::ids::{ActId, ChatId, HoldId, JobId, Nonce, TopupId, UserId};
use crate::ledger::Movement;
use crate::ledger::caps::Caps;
use crate::money::Money;
use crate::time::{Moment, Span};

/// What happens to the part of a debit that is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shortfall {
    /// Nothing is taken.
    Refuse,
    /// It is owed.
    Owe,
}

/// What an act does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    Credit {
        amount: Money,
    },
    Debit {
        amount: Money,
        shortfall: Shortfall,
    },
    RefundJob {
        job: JobId,
        hold: HoldId,
        amount: Money,
    },
    /// Goes back to the payer by the method he paid with; the money leaves the balance at once.
    RefundPayment {
        topup: TopupId,
        amount: Money,
    },
    CancelJob {
        job: JobId,
        /// What the job's hold returns.
        price: Money,
    },
    SetCaps {
        caps: Caps,
    },
    Ban {
        /// `None` is until it is lifted.
        until: Option<Moment>,
    },
    Unban,
}

impl Order {
    /// What it is, as far as rights go.
    pub fn kind(&self) -> Kind {
        match self {
            Order::Credit { .. } => Kind::Credit,
            Order::Debit {
                shortfall: Shortfall::Refuse,
                ..
            } => Kind::Debit,
            Order::Debit {
                shortfall: Shortfall::Owe,
                ..
            } => Kind::Owe,
            Order::RefundJob { .. } => Kind::RefundJob,
            Order::RefundPayment { .. } => Kind::RefundPayment,
            Order::CancelJob { .. } => Kind::CancelJob,
            Order::SetCaps { .. } => Kind::SetCaps,
            Order::Ban { .. } => Kind::Ban,
            Order::Unban => Kind::Unban,
        }
    }

    /// The sum that rights are measured by; zero when it only gives back what is held.
    pub fn amount(&self) -> Money {
        match self {
            Order::Credit { amount }
            | Order::Debit { amount, .. }
            | Order::RefundJob { amount, .. }
            | Order::RefundPayment { amount, .. } => *amount,
            Order::CancelJob { .. } | Order::SetCaps { .. } | Order::Ban { .. } | Order::Unban => {
                Money::ZERO
            }
        }
    }

    /// What it does to the ledger under a key of its own; `None` when its movement is another
    /// party's (a job's, a refund's) or there is none.
    pub fn movement(&self) -> Option<Movement> {
        match self {
            Order::Credit { amount } => Some(Movement::AdminCredit { amount: *amount }),
            Order::Debit {
                amount,
                shortfall: Shortfall::Refuse,
            } => Some(Movement::AdminDebit { amount: *amount }),
            Order::Debit {
                amount,
                shortfall: Shortfall::Owe,
            } => Some(Movement::AdminDebt { amount: *amount }),
            Order::RefundJob { hold, amount, .. } => Some(Movement::RefundCapture {
                hold: hold.clone(),
                amount: *amount,
            }),
            Order::RefundPayment { .. }
            | Order::CancelJob { .. }
            | Order::SetCaps { .. }
            | Order::Ban { .. }
            | Order::Unban => None,
        }
    }

    /// What a user has after it, if nothing else happens. What he owes is paid first.
    pub fn after(&self, before: Standing) -> Standing {
        let plus = |a: Money, b: Money| a.checked_add(b).unwrap_or(a);
        let minus = |a: Money, b: Money| a.checked_sub(b).unwrap_or(a);
        let gives = |amount: Money| {
            let repaid = amount.min(before.owed);
            Standing {
                available: plus(before.available, minus(amount, repaid)),
                owed: minus(before.owed, repaid),
                held: before.held,
            }
        };
        match self {
            Order::Credit { amount } | Order::RefundJob { amount, .. } => gives(*amount),
            Order::CancelJob { price, .. } => Standing {
                held: minus(before.held, *price),
                ..gives(*price)
            },
            Order::Debit { amount, shortfall } => {
                let taken = match shortfall {
                    Shortfall::Refuse => *amount,
                    Shortfall::Owe => (*amount).min(before.available),
                };
                Standing {
                    available: minus(before.available, taken),
                    owed: plus(before.owed, minus(*amount, taken)),
                    held: before.held,
                }
            }
            Order::RefundPayment { amount, .. } => Standing {
                available: minus(before.available, *amount),
                held: plus(before.held, *amount),
                owed: before.owed,
            },
            Order::SetCaps { .. } | Order::Ban { .. } | Order::Unban => before,
        }
    }
}

/// What a user has and owes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    pub available: Money,
    /// Set aside for running jobs.
    pub held: Money,
    /// Above zero by what he owes.
    pub owed: Money,
}

/// How many people an act needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Approval {
    /// The asker is enough.
    One,
    /// Another admin has to agree.
    Two,
}

/// Where an act stands. The names are those of the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ActState {
    /// Shown to the asker, who has not agreed yet.
    Asked,
    /// The asker agreed; another admin has to.
    Confirmed,
    Done,
    /// It could not be done; nothing changed.
    Refused,
    Withdrawn,
    Expired,
}

impl ActState {
    /// Every state.
    pub const ALL: [ActState; 6] = [
        ActState::Asked,
        ActState::Confirmed,
        ActState::Done,
        ActState::Refused,
        ActState::Withdrawn,
        ActState::Expired,
    ];

    /// The name in rows.
    pub fn as_str(self) -> &'static str {
        self.outcome().as_str()
    }

    /// Reads [`ActState::as_str`] back.
    pub fn parse(text: &str) -> Option<ActState> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// How the audit log says it.
    pub fn outcome(self) -> AuditOutcome {
        match self {
            ActState::Asked => AuditOutcome::Asked,
            ActState::Confirmed => AuditOutcome::Confirmed,
            ActState::Done => AuditOutcome::Done,
            ActState::Refused => AuditOutcome::Refused,
            ActState::Withdrawn => AuditOutcome::Withdrawn,
            ActState::Expired => AuditOutcome::Expired,
        }
    }

    /// Whether nothing can happen to it any more.
    pub fn is_final(self) -> bool {
        match self {
            ActState::Asked | ActState::Confirmed => false,
            ActState::Done | ActState::Refused | ActState::Withdrawn | ActState::Expired => true,
        }
    }
}

/// An act, from the command to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Act {
    pub id: ActId,
    /// Whom it is about.
    pub user: UserId,
    pub order: Order,
    pub reason: String,
    pub asker: UserId,
    /// Where the asker sees it.
    pub chat: ChatId,
    pub nonce: Nonce,
    pub approval: Approval,
    pub state: ActState,
    /// Who agreed as the second one.
    pub approver: Option<UserId>,
    pub created_at: Moment,
    /// After this nobody can agree any more.
    pub expires_at: Moment,
}

/// What a press of a button asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Press {
    Allow,
    Drop,
}

/// What a press does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The asker agreed; the other admins are asked until then.
    Confirm {
        expires_at: Moment,
    },
    /// It is carried out, with the second one's agreement if it needs one.
    CarryOut {
        approver: Option<UserId>,
    },
    Withdraw,
    /// It was too late.
    Expire,
}

/// Why a press does nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum PressRefusal {
    /// Whoever pressed has nothing to do with it; he is told that there is no such thing.
    #[error("the button is not his")]
    NotHis,
    #[error("the button is of another act")]
    Outdated,
    #[error("the act is {} already", state.as_str())]
    Ended { state: ActState },
    #[error("the asker cannot be the second one")]
    SameAdmin,
    #[error(transparent)]
    Denied(#[from] Denied),
}

impl Act {
    /// What a press means. Rights are those of now: a role may have been taken since.
    pub fn press(
        &self,
        press: Press,
        who: UserId,
        nonce: &Nonce,
        rules: (&Roster, &Policy),
        approve_within: Span,
        now: Moment,
    ) -> Result<Step, PressRefusal> {
        let (roster, policy) = rules;
        if roster.role(who) < Role::Admin {
            return Err(PressRefusal::NotHis);
        }
        if *nonce != self.nonce {
            return Err(PressRefusal::Outdated);
        }
        let is_asker = who == self.asker;
        match self.state {
            ActState::Asked if !is_asker => return Err(PressRefusal::NotHis),
            ActState::Asked | ActState::Confirmed => {}
            state @ (ActState::Done
            | ActState::Refused
            | ActState::Withdrawn
            | ActState::Expired) => return Err(PressRefusal::Ended { state }),
        }
        if now >= self.expires_at {
            return Ok(Step::Expire);
        }
        match press {
            Press::Drop => return Ok(Step::Withdraw),
            Press::Allow => {}
        }
        let verdict = |who| policy.may(roster.role(who), self.order.kind(), self.order.amount());
        // Whoever lost the right to ask is not made good by the second one.
        let asked = match verdict(self.asker) {
            Verdict::Refused(denied) => return Err(denied.into()),
            Verdict::Allowed => self.approval,
            Verdict::NeedsSecond => Approval::Two,
        };
        match (self.state, asked) {
            (ActState::Asked, Approval::One) => Ok(Step::CarryOut { approver: None }),
            (ActState::Asked, Approval::Two) => Ok(Step::Confirm {
                expires_at: now + approve_within,
            }),
            _ if is_asker => Err(PressRefusal::SameAdmin),
            _ => match verdict(who) {
                Verdict::Refused(denied) => Err(denied.into()),
                Verdict::Allowed | Verdict::NeedsSecond => Ok(Step::CarryOut {
                    approver: Some(who),
                }),
            },
        }
    }

    /// The audit entry of its way into a state. One act has at most one of each outcome.
    pub fn entry(&self, state: ActState, by: Actor, more: &str, at: Moment) -> AuditEntry {
        let mut detail = self.detail();
        if !more.is_empty() {
            detail = format!("{more}; {detail}");
        }
        AuditEntry {
            key: format!("act:{}:{}", self.id, state.as_str()),
            at,
            actor: by,
            via: Via::Bot,
            action: self.order.kind().as_str().to_owned(),
            target: format!("user:{}", self.user),
            detail,
            outcome: state.outcome(),
        }
    }

    /// What it does and why, for the audit log.
    fn detail(&self) -> String {
        let what = match &self.order {
            Order::Credit { amount } => format!("+{amount}"),
            Order::Debit { amount, .. } => format!("-{amount}"),
            Order::RefundJob { job, amount, .. } => format!("+{amount} of job {job}"),
            Order::RefundPayment { topup, amount } => format!("{amount} of payment {topup}"),
            Order::CancelJob { job, price } => format!("job {job} of {price}"),
            Order::SetCaps { caps } => {
                let cap = |cap: Option<Money>| cap.map_or("default".to_owned(), |m| m.to_string());
                format!("hour {}, day {}", cap(caps.hour), cap(caps.day))
            }
            Order::Ban { until: Some(until) } => format!("until {}", until.0),
            Order::Ban { until: None } => "until lifted".to_owned(),
            Order::Unban => "lifted".to_owned(),
        };
        format!("{what}; asked by {}; reason: {}", self.asker, self.reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: UserId = UserId(1);
    const BOB: UserId = UserId(2);
    const EVE: UserId = UserId(3);
    const WITHIN: Span = Span::from_secs(100);

    fn roster() -> Roster {
        Roster {
            owners: vec![ANN],
            admins: vec![BOB],
            supports: vec![EVE],
        }
    }

    fn policy() -> Policy {
        Policy {
            admin_limit: Money::from_kopecks(1_000),
            second_above: Money::from_kopecks(500),
        }
    }

    fn act(kopecks: i64, asker: UserId, state: ActState) -> Act {
        let amount = Money::from_kopecks(kopecks);
        let approval = if kopecks > 500 {
            Approval::Two
        } else {
            Approval::One
        };
        Act {
            id: ActId::new("a"),
            user: UserId(42),
            order: Order::Credit { amount },
            reason: "gift".to_owned(),
            asker,
            chat: ChatId(asker.0),
            nonce: Nonce::new("n"),
            approval,
            state,
            approver: None,
            created_at: Moment(0),
            expires_at: Moment(1_000),
        }
    }

    fn press(act: &Act, press: Press, who: UserId, now: i64) -> Result<Step, PressRefusal> {
        let (roster, policy) = (roster(), policy());
        let nonce = Nonce::new("n");
        act.press(press, who, &nonce, (&roster, &policy), WITHIN, Moment(now))
    }

    #[test]
    fn a_small_act_is_carried_out_by_its_asker_alone() {
        let act = act(500, BOB, ActState::Asked);
        let done = Ok(Step::CarryOut { approver: None });
        assert_eq!(press(&act, Press::Allow, BOB, 1), done);
        for stranger in [ANN, EVE, UserId(42)] {
            let refused = Err(PressRefusal::NotHis);
            assert_eq!(press(&act, Press::Allow, stranger, 1), refused);
            assert_eq!(press(&act, Press::Drop, stranger, 1), refused);
        }
    }

    #[test]
    fn a_large_act_needs_two_and_one_twice_is_not_two() {
        let asked = act(501, ANN, ActState::Asked);
        let expires_at = Moment(1) + WITHIN;
        let confirm = Ok(Step::Confirm { expires_at });
        assert_eq!(press(&asked, Press::Allow, ANN, 1), confirm);
        let confirmed = act(501, ANN, ActState::Confirmed);
        let same = Err(PressRefusal::SameAdmin);
        assert_eq!(press(&confirmed, Press::Allow, ANN, 1), same);
        let done = Ok(Step::CarryOut {
            approver: Some(BOB),
        });
        assert_eq!(press(&confirmed, Press::Allow, BOB, 1), done);
        assert_eq!(
            press(&confirmed, Press::Allow, EVE, 1),
            Err(PressRefusal::NotHis)
        );
        assert_eq!(press(&confirmed, Press::Drop, BOB, 1), Ok(Step::Withdraw));
    }

    #[test]
    fn the_second_one_needs_the_right_himself() {
        let beyond = act(1_001, ANN, ActState::Confirmed);
        let limit = policy().admin_limit;
        let above = Err(PressRefusal::Denied(Denied::AboveLimit { limit }));
        assert_eq!(press(&beyond, Press::Allow, BOB, 1), above);
    }

    #[test]
    fn whoever_lost_his_role_carries_nothing_out() {
        let left = act(100, UserId(9), ActState::Asked);
        assert_eq!(
            press(&left, Press::Allow, UserId(9), 1),
            Err(PressRefusal::NotHis)
        );
        let waiting = act(600, UserId(9), ActState::Confirmed);
        assert_eq!(
            press(&waiting, Press::Allow, ANN, 1),
            Err(PressRefusal::Denied(Denied::NotHis))
        );
    }

    #[test]
    fn late_and_second_presses_change_nothing() {
        let asked = act(100, ANN, ActState::Asked);
        assert_eq!(press(&asked, Press::Allow, ANN, 1_000), Ok(Step::Expire));
        for state in ActState::ALL.into_iter().filter(|state| state.is_final()) {
            for press_of in [Press::Allow, Press::Drop] {
                let act = act(100, ANN, state);
                let ended = Err(PressRefusal::Ended { state });
                assert_eq!(press(&act, press_of, ANN, 1), ended);
            }
        }
        let (roster, policy) = (roster(), policy());
        let other = Nonce::new("other");
        let forged = asked.press(
            Press::Allow,
            ANN,
            &other,
            (&roster, &policy),
            WITHIN,
            Moment(1),
        );
        assert_eq!(forged, Err(PressRefusal::Outdated));
    }

    #[test]
    fn what_a_user_has_afterwards_is_told_exactly() {
        let money = Money::from_kopecks;
        let standing = |available, held, owed| Standing {
            available: money(available),
            held: money(held),
            owed: money(owed),
        };
        let debit = |kopecks, shortfall| Order::Debit {
            amount: money(kopecks),
            shortfall,
        };
        for (order, before, after) in [
            (
                Order::Credit { amount: money(10) },
                standing(5, 1, 0),
                standing(15, 1, 0),
            ),
            (
                Order::Credit { amount: money(10) },
                standing(0, 0, 7),
                standing(3, 0, 0),
            ),
            (
                debit(4, Shortfall::Refuse),
                standing(5, 0, 0),
                standing(1, 0, 0),
            ),
            (
                debit(9, Shortfall::Owe),
                standing(5, 0, 0),
                standing(0, 0, 4),
            ),
            (
                Order::CancelJob {
                    job: JobId::new("j"),
                    price: money(5),
                },
                standing(1, 5, 2),
                standing(4, 0, 0),
            ),
            (Order::Unban, standing(1, 2, 3), standing(1, 2, 3)),
        ] {
            assert_eq!(order.after(before), after, "{order:?}");
        }
    }
}
