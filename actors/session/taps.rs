//! Taps on buttons. A button can be pressed at any later time, twice, or by forged data: every
//! tap is checked against the rows, and a user sees only what is his.

use rei_domain::billing::Ending;
use rei_domain::conversation::{CardNote, CardPage, Reply, Tap, Toast, UnknownTap};
use rei_domain::draft::{ConfirmRefusal, Draft, DraftState};
use rei_domain::ids::{DraftId, HoldId, IdempotencyKey, JobId, Nonce};
use rei_domain::job::{JobState, LaneName};
use rei_domain::ledger::{HoldPurpose, Movement, Operation, Posting, Refusal};
use rei_domain::spec::Input;
use rei_domain::time::Moment;

use fail::fail_point;

use super::conversation::Talk;
use super::{boost, requests, statements};
use crate::metrics;
use crate::patience::patiently;
use crate::ports::StoreError;
use crate::ports::jobs::{Job, NewJob};
use crate::ports::ledger::{CommandRefusal, LedgerCommand, LedgerOutcome, Rider};
use crate::ports::outbox::{NewOutbox, OutboxBody};
use crate::runner::{draft_slot, final_progress, job_reference, settlement_key};

/// How long after its deadline an open hold is an auditor's business.
const HOLD_GRACE_SECS: i64 = 15 * 60;

/// Answers a tap; the toast ends the spinner.
pub(super) async fn answer(
    talk: &mut Talk<'_>,
    tap: Result<Tap, UnknownTap>,
) -> Result<Toast, StoreError> {
    let Ok(tap) = tap else {
        return Ok(Toast::Outdated);
    };
    match tap {
        Tap::SetLanguage { language } => {
            talk.commit.language = Some((talk.user_id(), language));
            talk.say(&Reply::LanguageChanged);
            Ok(Toast::Silent)
        }
        Tap::Confirm { draft, nonce } => match own_draft(talk, &draft).await? {
            Some(draft) => confirm(talk, draft, &nonce).await,
            None => Ok(Toast::NotFound),
        },
        Tap::Discard { draft } => change(talk, &draft, Change::Discard).await,
        Tap::ShowAspects { draft } => change(talk, &draft, Change::Page(CardPage::Shapes)).await,
        Tap::ShowCard { draft } => change(talk, &draft, Change::Page(CardPage::Main)).await,
        Tap::SetAspect { draft, aspect } => change(talk, &draft, Change::Aspect(aspect)).await,
        Tap::SetSize { draft, size } => change(talk, &draft, Change::Size(size)).await,
        Tap::StartBoost { usage, rate } => boost::start(talk, usage, rate).await,
        Tap::StopBoost { usage } => boost::stop(talk, &usage).await,
        Tap::History { token, place } => statements::turn_history(talk, token, place).await,
        Tap::Sessions { token, before } => statements::turn_sessions(talk, token, before).await,
        Tap::Receipt(which) => statements::send_receipt(talk, &which).await,
        Tap::CancelJob { job } => match own_job(talk, &job).await? {
            Some(job) => cancel(talk, &job).await,
            None => Ok(Toast::NotFound),
        },
        Tap::Again { job } => match own_job(talk, &job).await? {
            Some(job) => {
                requests::again(talk, &job.spec).await?;
                Ok(Toast::Silent)
            }
            None => Ok(Toast::NotFound),
        },
        Tap::EditResult { job } => match result_of(talk, &job).await? {
            Some((_, input)) => {
                requests::ask(talk, vec![input]);
                Ok(Toast::Silent)
            }
            None => Ok(Toast::NotFound),
        },
        Tap::AsFile { job } => match result_of(talk, &job).await? {
            Some((job, Input::Asset(asset))) => {
                let message = NewOutbox {
                    key: talk.message_key(),
                    chat: talk.user.chat,
                    slot: None,
                    body: OutboxBody::file(&job.id, &asset),
                    created_at: talk.now,
                };
                talk.commit.outbox.push(message);
                Ok(Toast::SendingFile)
            }
            Some((_, Input::Telegram { .. })) | None => Ok(Toast::NotFound),
        },
    }
}

/// Withdraws a waiting job and returns its hold.
pub(super) async fn cancel(talk: &mut Talk<'_>, job: &Job) -> Result<Toast, StoreError> {
    match job.state {
        JobState::Queued => {}
        JobState::Cancelled => return Ok(Toast::AlreadyCancelled),
        JobState::Settled | JobState::Delivered | JobState::Failed => {
            return Ok(Toast::AlreadyFinished);
        }
        JobState::Leased
        | JobState::Submitting
        | JobState::Running
        | JobState::Rendered
        | JobState::Unknown => return Ok(Toast::TooLateToCancel),
    }
    let command = LedgerCommand {
        posting: Posting {
            user: job.user,
            operations: vec![Operation {
                key: settlement_key(job),
                movement: Movement::VoidHold {
                    hold: job.hold.clone(),
                },
                reference: job_reference(job),
            }],
        },
        rider: Rider::Cancel {
            job: job.id.clone(),
        },
        outbox: vec![final_progress(job, talk.now)],
        audit: None,
    };
    fail_point!("cancel.before_post");
    match post(talk, command).await? {
        LedgerOutcome::Applied { .. } => {
            let took = talk.now - job.created_at;
            let ending = Ending::CancelledBeforeSubmit;
            metrics::JOBS.finished(job.spec.mode(), job.lane, "none", ending, took);
            Ok(Toast::JobCancelled)
        }
        // A worker was faster, or it ended meanwhile.
        LedgerOutcome::Refused(_) => Ok(Toast::TooLateToCancel),
    }
}

/// The tap that spends money: hold, job and progress message in one transaction.
async fn confirm(talk: &mut Talk<'_>, draft: Draft, nonce: &Nonce) -> Result<Toast, StoreError> {
    if let Err(refusal) = draft.check_confirm(nonce, talk.now) {
        return refuse_confirm(talk, draft, refusal).await;
    }
    let lane = lane_of(talk).await?;
    let command = submit_command(talk, &draft, nonce, lane);
    fail_point!("submit.before_post");
    let outcome = post(talk, command).await?;
    fail_point!("submit.posted");
    match outcome {
        LedgerOutcome::Applied { .. } => {
            talk.ports.queue.ring();
            talk.ports.outbox.ring();
            Ok(Toast::Accepted)
        }
        LedgerOutcome::Refused(CommandRefusal::Money(Refusal::InsufficientFunds {
            available,
            required,
        })) => {
            let missing = required.checked_sub(available).unwrap_or(required);
            let note = CardNote::NotEnough { missing };
            requests::offer(talk, draft, Some(note)).await?;
            Ok(Toast::NotEnough)
        }
        LedgerOutcome::Refused(CommandRefusal::Draft(refusal)) => {
            refuse_confirm(talk, draft, refusal).await
        }
        LedgerOutcome::Refused(
            refusal @ (CommandRefusal::Money(_)
            | CommandRefusal::Banned { .. }
            | CommandRefusal::UsageMoved
            | CommandRefusal::DraftNotFound
            | CommandRefusal::JobMoved { .. }),
        ) => {
            tracing::error!(draft.id = %draft.id, %refusal, "a confirmation is refused");
            talk.say(&Reply::TryLater);
            Ok(Toast::TryLater)
        }
    }
}

/// Whoever pays by the second is served first.
async fn lane_of(talk: &Talk<'_>) -> Result<LaneName, StoreError> {
    let boost = talk.ports.usages.running_of(talk.user.id).await?;
    Ok(boost.map_or(LaneName::Normal, |_| LaneName::High))
}

/// The posting of a confirmation. Its ids come from the draft, so a repeat is the same posting.
fn submit_command(talk: &Talk<'_>, draft: &Draft, nonce: &Nonce, lane: LaneName) -> LedgerCommand {
    let id = draft.id.as_str();
    let deadline_at = talk.now + talk.settings.job_deadline;
    let job = NewJob {
        id: JobId::new(id),
        draft: draft.id.clone(),
        user: draft.user,
        chat: draft.chat,
        hold: HoldId::new(id),
        lane,
        model: talk.settings.model.clone(),
        spec: draft.spec.clone(),
        price: draft.price,
        created_at: talk.now,
        deadline_at,
    };
    let grace = rei_domain::time::Span::from_secs(HOLD_GRACE_SECS);
    LedgerCommand {
        posting: Posting {
            user: draft.user,
            operations: vec![Operation {
                key: IdempotencyKey::new(format!("hold:{id}")),
                movement: Movement::PlaceHold {
                    hold: job.hold.clone(),
                    amount: draft.price,
                    expires_at: deadline_at + grace,
                    purpose: HoldPurpose::Job,
                    platform_cost: talk.ports.provider.cost_estimate(&draft.spec),
                },
                reference: format!("job:{id}"),
            }],
        },
        outbox: vec![NewOutbox {
            key: format!("begin:{id}"),
            chat: draft.chat,
            slot: Some(draft_slot(id)),
            body: OutboxBody::progress(&job.id),
            created_at: talk.now,
        }],
        rider: Rider::Submit {
            draft: draft.id.clone(),
            nonce: nonce.clone(),
            job: Box::new(job),
        },
        audit: None,
    }
}

async fn refuse_confirm(
    talk: &mut Talk<'_>,
    draft: Draft,
    refusal: ConfirmRefusal,
) -> Result<Toast, StoreError> {
    match refusal {
        ConfirmRefusal::AlreadyConfirmed(_) => Ok(Toast::AlreadyRunning),
        ConfirmRefusal::Cancelled => Ok(Toast::AlreadyCancelled),
        ConfirmRefusal::Expired => {
            requests::offer(talk, draft, Some(CardNote::PriceRenewed)).await?;
            Ok(Toast::Outdated)
        }
        ConfirmRefusal::Outdated => {
            requests::offer(talk, draft, Some(CardNote::CardChanged)).await?;
            Ok(Toast::Outdated)
        }
        ConfirmRefusal::Incomplete => Ok(Toast::Outdated),
    }
}

/// What a tap does to an open card.
enum Change {
    Discard,
    Page(CardPage),
    Aspect(rei_domain::spec::Aspect),
    Size(rei_domain::spec::Size),
}

async fn change(talk: &mut Talk<'_>, id: &DraftId, change: Change) -> Result<Toast, StoreError> {
    let Some(mut draft) = own_draft(talk, id).await? else {
        return Ok(Toast::NotFound);
    };
    match draft.state {
        DraftState::Open => {}
        DraftState::Confirmed(_) => return Ok(Toast::AlreadyRunning),
        DraftState::Cancelled => return Ok(Toast::AlreadyCancelled),
        DraftState::Asking => return Ok(Toast::Outdated),
    }
    match change {
        Change::Discard => {
            draft.state = DraftState::Cancelled;
            talk.say_in_card(&draft, &Reply::DraftDiscarded);
            talk.commit.drafts.push(draft);
        }
        Change::Page(page) if talk.now < draft.expires_at => {
            requests::show(talk, draft, page, None).await?;
        }
        Change::Page(_) => {
            requests::offer(talk, draft, Some(CardNote::PriceRenewed)).await?;
        }
        Change::Aspect(aspect) => {
            draft.spec.aspect = aspect;
            requests::offer(talk, draft, None).await?;
        }
        Change::Size(size) => {
            draft.spec.size = size;
            requests::offer(talk, draft, None).await?;
        }
    }
    Ok(Toast::Silent)
}

async fn own_draft(talk: &Talk<'_>, id: &DraftId) -> Result<Option<Draft>, StoreError> {
    let found = talk.ports.drafts.draft(id).await?;
    Ok(found.filter(|draft| draft.user == talk.user.id))
}

async fn own_job(talk: &Talk<'_>, id: &JobId) -> Result<Option<Job>, StoreError> {
    let found = talk.ports.jobs.job(id).await?;
    Ok(found.filter(|job| job.user == talk.user.id))
}

/// The user's own finished job with its picture as an input.
async fn result_of(talk: &Talk<'_>, id: &JobId) -> Result<Option<(Job, Input)>, StoreError> {
    let Some(job) = own_job(talk, id).await? else {
        return Ok(None);
    };
    match job.state {
        JobState::Settled | JobState::Delivered => {}
        JobState::Queued
        | JobState::Leased
        | JobState::Submitting
        | JobState::Running
        | JobState::Rendered
        | JobState::Failed
        | JobState::Cancelled
        | JobState::Unknown => return Ok(None),
    }
    Ok(job.result.clone().map(|asset| (job, Input::Asset(asset))))
}

pub(super) async fn post(
    talk: &Talk<'_>,
    command: LedgerCommand,
) -> Result<LedgerOutcome, StoreError> {
    patiently(talk.settings.patience, || {
        talk.ports.poster.post(command.clone())
    })
    .await
}

/// How far back a withdrawn draft may lie for `/cancel`; older ones expired by themselves.
pub(super) fn is_worth_cancelling(draft: &Draft, now: Moment) -> bool {
    draft.state == DraftState::Asking || now < draft.expires_at
}
