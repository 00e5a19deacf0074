//! Taps on buttons. A button can be pressed at any later time, twice, or by forged data: every
//! tap is checked against the rows, and a user sees only what is his.

use rei_domain::admin::Role;
use rei_domain::conversation::{CardNote, CardPage, Reply, Tap, Toast, UnknownTap};
use rei_domain::draft::{ConfirmRefusal, Draft, DraftState};
use rei_domain::ids::{AssetId, DraftId, JobId, ModelId, Nonce};
use rei_domain::job::{JobState, LaneName};
use rei_domain::ledger::{Movement, Operation, Posting, Refusal};
use rei_domain::rates::Taking;
use rei_domain::spec::{
    Aspect, ClipUse, ImageLook, ImageModel, Input, Kind, Output, Quality, Size, Sound, Spec,
};
use rei_domain::time::Moment;

use fail::fail_point;

use super::admin;
use super::conversation::Talk;
use super::{boost, limits, rates, requests, series, statements, topup};
use crate::orders::submit_command;
use crate::patience::patiently;
use crate::ports::StoreError;
use crate::ports::drafts::FavouriteChange;
use crate::ports::jobs::Job;
use crate::ports::ledger::{CommandRefusal, LedgerCommand, LedgerOutcome, Rider};
use crate::ports::outbox::{NewOutbox, OutboxBody};
use crate::runner::{final_progress, job_reference, settlement_key};

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
        Tap::SetKind { draft, kind } => change(talk, &draft, Change::Kind(kind)).await,
        Tap::SetModel { draft, model } => change(talk, &draft, Change::Model(model)).await,
        Tap::SetSeconds { draft, seconds } => change(talk, &draft, Change::Seconds(seconds)).await,
        Tap::SetQuality { draft, quality } => change(talk, &draft, Change::Quality(quality)).await,
        Tap::SetSound { draft, sound } => change(talk, &draft, Change::Sound(sound)).await,
        Tap::SetClipUse { draft, clip_use } => {
            change(talk, &draft, Change::ClipUse(clip_use)).await
        }
        Tap::ShowSeries { draft } => change(talk, &draft, Change::Page(CardPage::Series)).await,
        Tap::StartSeries {
            draft,
            nonce,
            count,
        } => match own_draft(talk, &draft).await? {
            Some(draft) => confirm_series(talk, draft, &nonce, count).await,
            None => Ok(Toast::NotFound),
        },
        Tap::StartBoost { usage, rate } => boost::start(talk, usage, rate).await,
        Tap::StopBoost { usage } => boost::stop(talk, &usage).await,
        Tap::History { token, place } => statements::turn_history(talk, token, place).await,
        Tap::Sessions { token, before } => statements::turn_sessions(talk, token, before).await,
        Tap::SetLimit {
            token,
            period,
            limit,
        } => limits::set(talk, token, period, limit).await,
        Tap::CloseLimits { token } => limits::close(talk, token).await,
        Tap::Receipt(which) => statements::send_receipt(talk, &which).await,
        Tap::CancelJob { job } => match own_job(talk, &job).await? {
            Some(job) => cancel(talk, &job).await,
            None => Ok(Toast::NotFound),
        },
        Tap::Act { act, nonce, press } => admin::press(talk, &act, &nonce, press).await,
        Tap::Again { .. } | Tap::EditResult { .. } | Tap::Animate { .. }
            if admin::turn_away(talk).await? =>
        {
            Ok(Toast::Banned)
        }
        Tap::Again { job } => match own_job(talk, &job).await? {
            Some(job) => {
                requests::again(talk, &job.spec, None).await?;
                Ok(Toast::Silent)
            }
            None => Ok(Toast::NotFound),
        },
        Tap::EditResult { job } => match result_of(talk, &job).await? {
            Ok((_, _, input)) => {
                requests::ask(talk, vec![input]);
                Ok(Toast::Silent)
            }
            Err(toast) => Ok(toast),
        },
        Tap::Animate { job } => match result_of(talk, &job).await? {
            Ok((_, _, input)) => {
                requests::ask_to_animate(talk, input).await?;
                Ok(Toast::Silent)
            }
            Err(toast) => Ok(toast),
        },
        Tap::AsFile { job } => match result_of(talk, &job).await? {
            Ok((job, asset, _)) => {
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
            Err(toast) => Ok(toast),
        },
        Tap::Favour { job } => match result_of(talk, &job).await? {
            Ok((job, _, _)) => favour(talk, job).await,
            Err(toast) => Ok(toast),
        },
        Tap::Topup(tap) => topup::tapped(talk, tap).await,
    }
}

/// Makes a result a favourite, or one no longer. The change is written with the turn, so that a
/// turn that is repeated does not undo it.
async fn favour(talk: &mut Talk<'_>, job: Job) -> Result<Toast, StoreError> {
    let known = talk.ports.jobs.favourites(&job).await?;
    let (change, toast) = if known.is_one {
        (FavouriteChange::Release(job.id), Toast::FavouredNoLonger)
    } else if known.count >= talk.settings.favourites_max {
        return Ok(Toast::FavouritesFull);
    } else {
        (FavouriteChange::Keep(job.id), Toast::Favoured)
    };
    talk.commit.favourite = Some(change);
    Ok(toast)
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
            job: Box::new(job.clone()),
        },
        outbox: vec![final_progress(job, talk.now)],
        audit: None,
    };
    fail_point!("cancel.before_post");
    match post(talk, command).await? {
        LedgerOutcome::Applied { .. } => Ok(Toast::JobCancelled),
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
    submit(talk, draft, lane).await
}

/// As [`confirm`], for the first step of a series. The series' row is written first: whoever
/// drives it makes good a crash before the step.
async fn confirm_series(
    talk: &mut Talk<'_>,
    draft: Draft,
    nonce: &Nonce,
    count: u32,
) -> Result<Toast, StoreError> {
    if let Err(refusal) = draft.check_confirm(nonce, talk.now) {
        return refuse_confirm(talk, draft, refusal).await;
    }
    let id = draft.id.clone();
    series::begin(talk, &draft, count).await?;
    let toast = submit(talk, draft, LaneName::Low).await?;
    if toast != Toast::Accepted {
        series::withdraw(talk, &id).await?;
    }
    talk.ports.queue.ring();
    Ok(toast)
}

/// Hold, job and progress message in one transaction.
async fn submit(talk: &mut Talk<'_>, draft: Draft, lane: LaneName) -> Result<Toast, StoreError> {
    let taken = match rates::take(talk, Taking::order(draft.price)).await {
        Ok(taken) => taken,
        Err(wait_secs) => {
            let note = CardNote::SlowDown { wait_secs };
            requests::offer(talk, draft, Some(note)).await?;
            return Ok(Toast::Limited);
        }
    };
    let command = submit_command(&talk.order(&draft, lane), talk.now);
    fail_point!("submit.before_post");
    let outcome = post(talk, command).await;
    fail_point!("submit.posted");
    if !matches!(outcome, Ok(LedgerOutcome::Applied { .. })) {
        taken.give_back().await;
    }
    match outcome? {
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
        LedgerOutcome::Refused(CommandRefusal::Money(Refusal::CapReached {
            scope,
            period,
            limit,
            frees_at,
            ..
        })) => {
            let note = CardNote::Capped {
                scope,
                period,
                limit,
                frees_at,
            };
            requests::offer(talk, draft, Some(note)).await?;
            Ok(Toast::Limited)
        }
        LedgerOutcome::Refused(CommandRefusal::Draft(refusal)) => {
            refuse_confirm(talk, draft, refusal).await
        }
        LedgerOutcome::Refused(CommandRefusal::Banned { .. }) => {
            admin::turn_away(talk).await?;
            Ok(Toast::Banned)
        }
        LedgerOutcome::Refused(
            refusal @ (CommandRefusal::Money(_)
            | CommandRefusal::Act { .. }
            | CommandRefusal::UsageMoved
            | CommandRefusal::DraftNotFound
            | CommandRefusal::JobMoved { .. }
            | CommandRefusal::TopupMoved { .. }
            | CommandRefusal::RefundMoved { .. }
            | CommandRefusal::MoreThanPaid { .. }),
        ) => {
            tracing::error!(draft.id = %draft.id, %refusal, "a confirmation is refused");
            talk.say(&Reply::TryLater);
            Ok(Toast::TryLater)
        }
    }
}

/// Admins and whoever pays by the second are served first.
async fn lane_of(talk: &Talk<'_>) -> Result<LaneName, StoreError> {
    if admin::role(talk) >= Role::Admin {
        return Ok(LaneName::High);
    }
    let boost = talk.ports.usages.running_of(talk.user.id).await?;
    Ok(boost.map_or(LaneName::Normal, |_| LaneName::High))
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
    Aspect(Aspect),
    Size(Size),
    Kind(Kind),
    Model(ModelId),
    Seconds(u32),
    Quality(Quality),
    Sound(Sound),
    ClipUse(ClipUse),
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
        Change::Kind(Kind::Video) => match requests::as_video(talk, &draft.spec) {
            Ok(spec) => {
                draft.spec = spec;
                requests::offer(talk, draft, None).await?;
            }
            Err(missing) => talk.say(&Reply::NoVideo(missing)),
        },
        change => {
            let Some(spec) = changed(talk, &draft, change) else {
                return Ok(Toast::Outdated);
            };
            draft.spec = spec;
            requests::offer(talk, draft, None).await?;
        }
    }
    Ok(Toast::Silent)
}

/// The request with another look; `None` when the button does not fit the request any more.
/// What does not exist together with the choice is settled by the nearest that does.
fn changed(talk: &Talk<'_>, draft: &Draft, change: Change) -> Option<Spec> {
    let mut spec = draft.spec.clone();
    let has_clip = spec.clip().is_some();
    match (&mut spec.output, change) {
        (Output::Image(look), Change::Aspect(aspect)) => look.aspect = aspect,
        (Output::Image(look), Change::Size(size)) => look.size = size,
        (Output::Image(look), Change::Model(model)) => {
            look.model = ImageModel::parse(model.as_str())?;
        }
        (Output::Video(look), Change::Aspect(aspect)) => look.aspect = aspect,
        (Output::Video(look), Change::Model(model)) => look.model = model,
        (Output::Video(look), Change::Seconds(seconds)) => look.seconds = seconds,
        (Output::Video(look), Change::Quality(quality)) => look.quality = quality,
        (Output::Video(look), Change::Sound(sound)) => look.sound = sound,
        (Output::Video(look), Change::ClipUse(clip_use)) => look.clip_use = clip_use,
        (_, Change::Kind(Kind::Image)) if !has_clip => {
            spec.output = Output::Image(ImageLook::default());
        }
        (Output::Image(_) | Output::Video(_), _) => return None,
    }
    talk.settings.prices.videos.settle(spec)
}

async fn own_draft(talk: &Talk<'_>, id: &DraftId) -> Result<Option<Draft>, StoreError> {
    let found = talk.ports.drafts.draft(id).await?;
    Ok(found.filter(|draft| draft.user == talk.user.id))
}

async fn own_job(talk: &Talk<'_>, id: &JobId) -> Result<Option<Job>, StoreError> {
    let found = talk.ports.jobs.job(id).await?;
    Ok(found.filter(|job| job.user == talk.user.id))
}

/// The user's own finished job with its result, also as an input; else what to tell him.
async fn result_of(
    talk: &Talk<'_>,
    id: &JobId,
) -> Result<Result<(Job, AssetId, Input), Toast>, StoreError> {
    let Some(job) = own_job(talk, id).await? else {
        return Ok(Err(Toast::NotFound));
    };
    match job.state {
        // A job that failed has a result when it came late.
        JobState::Settled | JobState::Delivered | JobState::Failed => {}
        JobState::Queued
        | JobState::Leased
        | JobState::Submitting
        | JobState::Running
        | JobState::Rendered
        | JobState::Cancelled
        | JobState::Unknown => return Ok(Err(Toast::NotFound)),
    }
    let Some(id) = job.result.clone() else {
        return Ok(Err(Toast::NotFound));
    };
    let asset = talk.ports.assets.find(&id).await?;
    Ok(match asset {
        Some(asset) => Ok((job, id, asset.as_input())),
        None => Err(Toast::KeptNoLonger),
    })
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
