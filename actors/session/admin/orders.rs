//! From what an admin typed to an act that is shown and waits for his agreement.

use rei_domain::admin::{
    Act, ActState, AdminReply, Approval, Denied, Order, Role, Verdict, Who, Wish,
};
use rei_domain::audit::{Actor, AuditOutcome, Via};
use rei_domain::conversation::Reply;
use rei_domain::ids::{ActId, JobId, Nonce, RefundId, TopupId, UserId};
use rei_domain::job::JobState;
use rei_domain::money::Money;

use super::acts::{self, slot};
use super::{role, say};
use crate::audit::Deed;
use crate::cashier::refunds::RefundDenied;
use crate::ports::StoreError;
use crate::ports::acts::NewAct;
use crate::session::conversation::Talk;

/// Whom an act is about, what it does and why.
struct Asked {
    user: UserId,
    order: Order,
    reason: String,
}

/// Shows an act to its asker, or says why there is none.
pub(super) async fn ask(talk: &mut Talk<'_>, wish: Wish) -> Result<(), StoreError> {
    let asked = match asked(talk, wish).await? {
        Ok(asked) => asked,
        Err(reply) => {
            say(talk, reply);
            return Ok(());
        }
    };
    let rules = &talk.settings.admin;
    let (kind, amount) = (asked.order.kind(), asked.order.amount());
    let approval = match rules.policy.may(role(talk), kind, amount) {
        Verdict::Allowed => Approval::One,
        Verdict::NeedsSecond => Approval::Two,
        Verdict::Refused(denied) => return deny(talk, &asked, denied).await,
    };
    if approval == Approval::Two && approvers(talk, &asked.order).is_empty() {
        record_refusal(talk, &asked, "there is no second admin").await?;
        say(talk, AdminReply::NobodyToApprove);
        return Ok(());
    }
    let act = Act {
        id: ActId::new(talk.ports.ids.id()),
        user: asked.user,
        order: asked.order,
        reason: asked.reason,
        asker: talk.user_id(),
        chat: talk.user.chat,
        nonce: Nonce::new(talk.ports.ids.nonce()),
        approval,
        state: ActState::Asked,
        approver: None,
        created_at: talk.now,
        expires_at: talk.now + rules.confirm_within,
    };
    let update_id = talk.commit.update_ids.first().copied().unwrap_or_default();
    let act = talk.ports.acts.ask(NewAct { act, update_id }).await?;
    let before = talk.ports.acts.standing(act.user).await?;
    let card = AdminReply::Card {
        before,
        reader: talk.user_id(),
        act: Box::new(act.clone()),
    };
    talk.say_in(Some(slot(&act)), &Reply::Admin(Box::new(card)));
    Ok(())
}

/// Those who could agree as the second one to what the present user asks for.
pub(super) fn approvers(talk: &Talk<'_>, order: &Order) -> Vec<UserId> {
    let rules = &talk.settings.admin;
    let may = |user: &UserId| {
        let role = rules.roster.role(*user);
        match rules.policy.may(role, order.kind(), order.amount()) {
            Verdict::Allowed | Verdict::NeedsSecond => true,
            Verdict::Refused(_) => false,
        }
    };
    let mut admins = rules.roster.from_role(Role::Admin);
    admins.retain(|user| *user != talk.user_id() && may(user));
    admins
}

async fn deny(talk: &mut Talk<'_>, asked: &Asked, denied: Denied) -> Result<(), StoreError> {
    record_refusal(talk, asked, &denied.to_string()).await?;
    say(talk, AdminReply::Denied(denied));
    Ok(())
}

async fn record_refusal(talk: &Talk<'_>, asked: &Asked, why: &str) -> Result<(), StoreError> {
    let Asked {
        user,
        order,
        reason,
    } = asked;
    let deed = Deed {
        actor: Actor::User(talk.user_id()),
        via: Via::Bot,
        action: order.kind().as_str().to_owned(),
        target: format!("user:{user}"),
        detail: format!("{why}; {}; reason: {reason}", order.amount()),
        outcome: AuditOutcome::Refused,
    };
    talk.ports.auditor.record(deed).await
}

/// Finds what a wish names. What it finds is checked again when the act is carried out.
async fn asked(talk: &Talk<'_>, wish: Wish) -> Result<Result<Asked, AdminReply>, StoreError> {
    let (who, order, reason) = match wish {
        Wish::Credit {
            who,
            amount,
            reason,
        } => (who, Order::Credit { amount }, reason),
        Wish::Debit {
            who,
            amount,
            shortfall,
            reason,
        } => (who, Order::Debit { amount, shortfall }, reason),
        Wish::Caps { who, caps, reason } => (who, Order::SetCaps { caps }, reason),
        Wish::Ban { who, term, reason } => {
            let until = term.map(|term| talk.now + term);
            (who, Order::Ban { until }, reason)
        }
        Wish::Unban { who, reason } => return unban(talk, &who, reason).await,
        Wish::Refund {
            subject,
            amount,
            reason,
        } => return refund(talk, subject, amount, reason).await,
        Wish::CancelJob { job, reason } => return cancel_job(talk, &job, reason).await,
        // These ask for no act.
        Wish::Help
        | Wish::User(_)
        | Wish::Jobs(_)
        | Wish::Audit { .. }
        | Wish::Why(_)
        | Wish::Replay(_)
        | Wish::Providers
        | Wish::Cordon { .. }
        | Wish::Uncordon { .. } => {
            let role = role(talk);
            return Ok(Err(AdminReply::Help { role }));
        }
    };
    let found = talk.ports.acts.find(&who).await?;
    Ok(match found {
        Some(user) => Ok(Asked {
            user: user.id,
            order,
            reason,
        }),
        None => Err(AdminReply::UserNotFound),
    })
}

async fn unban(
    talk: &Talk<'_>,
    who: &Who,
    reason: String,
) -> Result<Result<Asked, AdminReply>, StoreError> {
    let Some(user) = talk.ports.acts.find(who).await? else {
        return Ok(Err(AdminReply::UserNotFound));
    };
    let ban = talk.ports.acts.ban(user.id, talk.now).await?;
    Ok(match ban {
        Some(_) => Ok(Asked {
            user: user.id,
            order: Order::Unban,
            reason,
        }),
        None => Err(AdminReply::NotBanned),
    })
}

/// Of a job, or else of a payment: both have ids of one kind, and none has both.
async fn refund(
    talk: &Talk<'_>,
    subject: String,
    amount: Option<Money>,
    reason: String,
) -> Result<Result<Asked, AdminReply>, StoreError> {
    let job = JobId::new(subject.as_str());
    let Some(money) = talk.ports.acts.job_money(&job).await? else {
        return refund_payment(talk, TopupId::new(subject), amount, reason).await;
    };
    let amount = amount.unwrap_or(money.left);
    if amount == Money::ZERO || amount > money.left {
        let left = money.left;
        let job = money.job;
        return Ok(Err(AdminReply::NothingToRefund { job, left }));
    }
    Ok(Ok(Asked {
        user: money.user,
        order: Order::RefundJob {
            job: money.job,
            hold: money.hold,
            amount,
        },
        reason,
    }))
}

async fn refund_payment(
    talk: &Talk<'_>,
    topup: TopupId,
    amount: Option<Money>,
    reason: String,
) -> Result<Result<Asked, AdminReply>, StoreError> {
    // The plan only tells whom and how much; the act has its own when it is carried out.
    let nobody = RefundId::new(talk.ports.ids.id());
    let planned = acts::plan(talk, nobody, topup.clone(), amount).await?;
    Ok(match planned {
        Ok(planned) => Ok(Asked {
            user: planned.user,
            order: Order::RefundPayment {
                topup,
                amount: planned.amount,
            },
            reason,
        }),
        Err(RefundDenied::NoPayment | RefundDenied::NoMethod) => Err(AdminReply::SubjectNotFound),
        Err(RefundDenied::Refused(refusal)) => Err(AdminReply::NotReturnable(refusal)),
    })
}

async fn cancel_job(
    talk: &Talk<'_>,
    job: &JobId,
    reason: String,
) -> Result<Result<Asked, AdminReply>, StoreError> {
    let Some(money) = talk.ports.acts.job_money(job).await? else {
        return Ok(Err(AdminReply::JobNotFound));
    };
    if money.state != JobState::Queued {
        let (job, state) = (money.job, money.state);
        return Ok(Err(AdminReply::JobNotWaiting { job, state }));
    }
    Ok(Ok(Asked {
        user: money.user,
        order: Order::CancelJob {
            job: money.job,
            price: money.price,
        },
        reason,
    }))
}
