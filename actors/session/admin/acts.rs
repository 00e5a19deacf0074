//! The buttons of an act: agreed to, withdrawn, carried out.
//!
//! Each step is one transaction with its audit entry and its messages, and happens once. A turn
//! that is repeated after a crash finds the step taken and only answers the tap again.

use fail::fail_point;
use rei_domain::admin::{Act, ActCause, ActState, AdminReply, Order, Press, PressRefusal, Step};
use rei_domain::audit::{Actor, AuditEntry, AuditOutcome, Via};
use rei_domain::conversation::{Reply, Toast};
use rei_domain::ids::{ActId, IdempotencyKey, JobId, Nonce, RefundId, TopupId, UserId};
use rei_domain::ledger::{Movement, Operation, Posting, Refusal};
use rei_domain::money::Money;
use rei_domain::time::Moment;

use super::orders::approvers;
use crate::audit::Deed;
use crate::cashier::refunds::{PlannedRefund, RefundDenied, RefundRequest, plan_refund};
use crate::patience::patiently;
use crate::ports::StoreError;
use crate::ports::acts::{ActMove, Moved};
use crate::ports::jobs::Job;
use crate::ports::ledger::{
    Audited, CarriedOut, CommandRefusal, LedgerCommand, LedgerOutcome, Rider,
};
use crate::ports::outbox::{NewOutbox, OutboxBody};
use crate::ports::topups::AskedBy;
use crate::ports::users::User;
use crate::runner::{final_progress, job_reference, settlement_key};
use crate::session::conversation::Talk;
use crate::session::taps;

/// Waiting jobs that a ban withdraws at once; it goes on until there are none.
const JOBS_AT_ONCE: u32 = 50;

/// The place in a chat where an act's card stands.
pub(super) fn slot(act: &Act) -> String {
    format!("act:{}", act.id)
}

/// Answers a press of an act's button.
pub(in crate::session) async fn press(
    talk: &mut Talk<'_>,
    id: &ActId,
    nonce: &Nonce,
    press: Press,
) -> Result<Toast, StoreError> {
    let Some(act) = talk.ports.acts.act(id).await? else {
        return Ok(Toast::NotFound);
    };
    let rules = &talk.settings.admin;
    let who = talk.user_id();
    let step = act.press(
        press,
        who,
        nonce,
        (&rules.roster, &rules.policy),
        rules.approve_within,
        talk.now,
    );
    match step {
        Ok(Step::Confirm { expires_at }) => confirm(talk, act, expires_at).await,
        Ok(Step::CarryOut { approver }) => carry_out(talk, act, approver).await,
        Ok(Step::Withdraw) => {
            let by = Actor::User(who);
            end(talk, act, ActState::Withdrawn, by, None).await
        }
        Ok(Step::Expire) => end(talk, act, ActState::Expired, Actor::Nobody, None).await,
        Err(refusal) => refuse(talk, &act, refusal).await,
    }
}

async fn refuse(
    talk: &mut Talk<'_>,
    act: &Act,
    refusal: PressRefusal,
) -> Result<Toast, StoreError> {
    let deed = Deed {
        actor: Actor::User(talk.user_id()),
        via: Via::Bot,
        action: act.order.kind().as_str().to_owned(),
        target: format!("user:{}", act.user),
        detail: format!("{refusal}; act {}", act.id),
        outcome: AuditOutcome::Refused,
    };
    match refusal {
        PressRefusal::NotHis => {
            talk.ports.auditor.refuse(deed).await;
            Ok(Toast::NotFound)
        }
        PressRefusal::Outdated => {
            talk.ports.auditor.refuse(deed).await;
            Ok(Toast::Outdated)
        }
        PressRefusal::Ended { state } => {
            // A ban that was cut short goes on where it was.
            if let (ActState::Done, Order::Ban { .. }) = (state, &act.order) {
                withdraw_jobs(talk, act.user).await?;
            }
            Ok(Toast::AlreadyFinished)
        }
        PressRefusal::SameAdmin => {
            talk.ports.auditor.record(deed).await?;
            Ok(Toast::AnotherAdmin)
        }
        PressRefusal::Denied(denied) => {
            talk.ports.auditor.record(deed).await?;
            talk.say(&Reply::Admin(Box::new(AdminReply::Denied(denied))));
            Ok(Toast::Silent)
        }
    }
}

/// The asker agreed: the other admins are asked.
async fn confirm(
    talk: &mut Talk<'_>,
    mut act: Act,
    expires_at: Moment,
) -> Result<Toast, StoreError> {
    let from = act.state;
    act.state = ActState::Confirmed;
    act.expires_at = expires_at;
    let before = talk.ports.acts.standing(act.user).await?;
    let mut readers = approvers(talk, &act.order);
    readers.push(act.asker);
    let mut outbox = Vec::new();
    for reader in talk.ports.acts.known(&readers).await? {
        let card = AdminReply::Card {
            act: Box::new(act.clone()),
            before,
            reader: reader.id,
        };
        outbox.push(card_message(talk, &act, &reader, card));
    }
    let audit = act.entry(
        ActState::Confirmed,
        Actor::User(talk.user_id()),
        "",
        talk.now,
    );
    let step = ActMove {
        act: act.id.clone(),
        from,
        to: ActState::Confirmed,
        approver: None,
        expires_at: Some(expires_at),
        at: talk.now,
        audit,
        outbox,
    };
    take(talk, step).await
}

/// Ends an act without doing it.
async fn end(
    talk: &mut Talk<'_>,
    mut act: Act,
    to: ActState,
    by: Actor,
    cause: Option<ActCause>,
) -> Result<Toast, StoreError> {
    let from = act.state;
    act.state = to;
    let more = cause.map(|cause| cause.to_string()).unwrap_or_default();
    let audit = act.entry(to, by, &more, talk.now);
    let outbox = ended_cards(talk, &act, from, cause).await?;
    let step = ActMove {
        act: act.id.clone(),
        from,
        to,
        approver: None,
        expires_at: None,
        at: talk.now,
        audit,
        outbox,
    };
    take(talk, step).await
}

async fn take(talk: &Talk<'_>, step: ActMove) -> Result<Toast, StoreError> {
    fail_point!("act.before_step");
    let moved = talk.ports.acts.take(step).await?;
    fail_point!("act.stepped");
    talk.ports.outbox.ring();
    Ok(match moved {
        Moved::Now => Toast::Silent,
        Moved::Not(_) => Toast::AlreadyFinished,
    })
}

/// Does what was agreed to.
async fn carry_out(
    talk: &mut Talk<'_>,
    act: Act,
    approver: Option<UserId>,
) -> Result<Toast, StoreError> {
    let mut done = act.clone();
    done.state = ActState::Done;
    done.approver = approver;
    let before = talk.ports.acts.standing(act.user).await?;
    let after = act.order.after(before);
    let more = format!(
        "available {} -> {}, owed {} -> {}",
        before.available, after.available, before.owed, after.owed
    );
    let by = Actor::User(talk.user_id());
    let audit = done.entry(ActState::Done, by, &more, talk.now);
    let mut outbox = ended_cards(talk, &done, act.state, None).await?;
    outbox.extend(tell_user(talk, &done).await?);
    match &act.order {
        Order::Credit { .. } | Order::Debit { .. } | Order::RefundJob { .. } => {
            let movement = act.order.movement();
            let movement = movement.expect("an order for money moves money");
            let operation = Operation {
                key: IdempotencyKey::new(format!("act:{}", act.id)),
                movement,
                reference: format!("act:{}", act.id),
            };
            let posting = Posting {
                user: act.user,
                operations: vec![operation],
            };
            post(talk, act, posting, Rider::None, approver, (audit, outbox)).await
        }
        Order::RefundPayment { topup, amount } => {
            let refund = RefundId::new(act.id.as_str());
            let planned = plan(talk, refund, topup.clone(), Some(*amount)).await?;
            let Ok(planned) = planned else {
                let cause = Some(ActCause::NotReturnable);
                return end(talk, act, ActState::Refused, by, cause).await;
            };
            outbox.extend(planned.command.outbox);
            let posting = planned.command.posting;
            let rider = planned.command.rider;
            let toast = post(talk, act, posting, rider, approver, (audit, outbox)).await?;
            talk.ports.tills.ring(&planned.method);
            Ok(toast)
        }
        Order::CancelJob { job, .. } => {
            let Some(job) = waiting_job(talk, job).await? else {
                return end(talk, act, ActState::Refused, by, Some(ActCause::JobMoved)).await;
            };
            outbox.push(final_progress(&job, talk.now));
            let operation = Operation {
                key: settlement_key(&job),
                movement: Movement::VoidHold {
                    hold: job.hold.clone(),
                },
                reference: job_reference(&job),
            };
            let rider = Rider::Cancel { job: Box::new(job) };
            let posting = Posting {
                user: act.user,
                operations: vec![operation],
            };
            post(talk, act, posting, rider, approver, (audit, outbox)).await
        }
        Order::SetCaps { .. } | Order::Ban { .. } | Order::Unban => {
            let (user, order) = (act.user, act.order.clone());
            let step = ActMove {
                act: act.id,
                from: act.state,
                to: ActState::Done,
                approver,
                expires_at: None,
                at: talk.now,
                audit,
                outbox,
            };
            let toast = take(talk, step).await?;
            if let Order::Ban { .. } = order {
                withdraw_jobs(talk, user).await?;
            }
            Ok(toast)
        }
    }
}

/// Posts an act's movement together with its end.
async fn post(
    talk: &mut Talk<'_>,
    act: Act,
    posting: Posting,
    rider: Rider,
    approver: Option<UserId>,
    written: (AuditEntry, Vec<NewOutbox>),
) -> Result<Toast, StoreError> {
    let (entry, outbox) = written;
    let command = LedgerCommand {
        posting,
        rider,
        outbox,
        audit: Some(Audited {
            entry,
            act: Some(CarriedOut {
                act: act.id.clone(),
                from: act.state,
                approver,
            }),
        }),
    };
    fail_point!("act.before_post");
    let outcome = patiently(talk.settings.patience, || {
        talk.ports.poster.post(command.clone())
    })
    .await?;
    fail_point!("act.posted");
    let cause = match outcome {
        LedgerOutcome::Applied { .. } => {
            talk.ports.outbox.ring();
            return settled(talk, act).await;
        }
        LedgerOutcome::Refused(CommandRefusal::Act { .. }) => return Ok(Toast::AlreadyFinished),
        LedgerOutcome::Refused(CommandRefusal::Money(Refusal::InsufficientFunds {
            available,
            ..
        })) => ActCause::NotEnough { available },
        LedgerOutcome::Refused(CommandRefusal::Money(Refusal::MoreThanLeft { left })) => {
            ActCause::MoreThanLeft { left }
        }
        LedgerOutcome::Refused(CommandRefusal::JobMoved { .. }) => ActCause::JobMoved,
        LedgerOutcome::Refused(CommandRefusal::MoreThanPaid { .. }) => ActCause::NotReturnable,
        LedgerOutcome::Refused(refusal) => {
            tracing::error!(act.id = %act.id, %refusal, "the ledger refuses an act");
            ActCause::Ledger
        }
    };
    let by = Actor::User(talk.user_id());
    end(talk, act, ActState::Refused, by, Some(cause)).await
}

/// The posting is there. It was there before if the user withdrew the job himself: then the act
/// came too late and did nothing.
async fn settled(talk: &mut Talk<'_>, act: Act) -> Result<Toast, StoreError> {
    let found = talk.ports.acts.act(&act.id).await?;
    match found.map(|act| act.state) {
        Some(ActState::Asked | ActState::Confirmed) => {
            let by = Actor::User(talk.user_id());
            end(talk, act, ActState::Refused, by, Some(ActCause::JobMoved)).await
        }
        Some(ActState::Done | ActState::Refused | ActState::Withdrawn | ActState::Expired)
        | None => Ok(Toast::Silent),
    }
}

/// Plans the refund of a payment, in its method's own term: an admin is not bound by the house's.
pub(super) async fn plan(
    talk: &Talk<'_>,
    refund: RefundId,
    topup: TopupId,
    amount: Option<Money>,
) -> Result<Result<PlannedRefund, RefundDenied>, StoreError> {
    let request = RefundRequest {
        refund,
        topup,
        amount,
        asked_by: AskedBy::Admin(talk.user_id()),
        within: None,
    };
    let (topups, tills) = (talk.ports.topups.as_ref(), &talk.ports.tills);
    plan_refund(topups, tills, &request, talk.now).await
}

async fn waiting_job(talk: &Talk<'_>, id: &JobId) -> Result<Option<Job>, StoreError> {
    let job = talk.ports.jobs.job(id).await?;
    Ok(job.filter(|job| job.state == rei_domain::job::JobState::Queued))
}

/// Withdraws every waiting job of a banned user and returns what they hold. No new one can
/// come: the ban is looked at where a job is written.
async fn withdraw_jobs(talk: &mut Talk<'_>, user: UserId) -> Result<(), StoreError> {
    loop {
        let jobs = talk.ports.jobs.unfinished(user, JOBS_AT_ONCE).await?;
        let seen = jobs.len();
        let mut withdrawn = 0;
        for job in jobs {
            fail_point!("act.before_withdrawal");
            if taps::cancel(talk, &job).await? == Toast::JobCancelled {
                withdrawn += 1;
            }
        }
        talk.ports.outbox.ring();
        if withdrawn == 0 || seen < JOBS_AT_ONCE as usize {
            return Ok(());
        }
    }
}

/// The card's last words, to everyone who has it.
async fn ended_cards(
    talk: &Talk<'_>,
    act: &Act,
    from: ActState,
    cause: Option<ActCause>,
) -> Result<Vec<NewOutbox>, StoreError> {
    let mut readers = vec![act.asker];
    if from == ActState::Confirmed {
        let admins = &talk.settings.admin.roster;
        readers.extend(admins.from_role(rei_domain::admin::Role::Admin));
    }
    let known = talk.ports.acts.known(&readers).await?;
    let cards = known.iter().map(|reader| {
        let card = AdminReply::Ended {
            act: Box::new(act.clone()),
            cause,
        };
        card_message(talk, act, reader, card)
    });
    Ok(cards.collect())
}

/// What the user is told. Acts that only change what he may do later are told as well, but for
/// caps, which he sees when he reaches them.
async fn tell_user(talk: &Talk<'_>, act: &Act) -> Result<Option<NewOutbox>, StoreError> {
    let known = talk.ports.acts.known(&[act.user]).await?;
    let Some(user) = known.first() else {
        return Ok(None);
    };
    let told = AdminReply::Told {
        order: act.order.clone(),
        reason: act.reason.clone(),
    };
    let rendered = talk
        .ports
        .view
        .reply(user.language, &Reply::Admin(Box::new(told)));
    Ok(Some(NewOutbox {
        key: format!("act:{}:told", act.id),
        chat: user.chat,
        slot: None,
        body: OutboxBody::Text { rendered },
        created_at: talk.now,
    }))
}

/// A state of the card in the chat of one admin, named after the state so that it is said once.
fn card_message(talk: &Talk<'_>, act: &Act, reader: &User, card: AdminReply) -> NewOutbox {
    let reply = Reply::Admin(Box::new(card));
    let rendered = talk.ports.view.reply(reader.language, &reply);
    NewOutbox {
        key: format!("act:{}:{}:{}", act.id, act.state.as_str(), reader.id),
        chat: reader.chat,
        slot: Some(slot(act)),
        body: OutboxBody::Text { rendered },
        created_at: talk.now,
    }
}
