//! A boost: while it runs, the user's jobs go first, and he pays for its seconds.

use rei_domain::conversation::{BoostRefusal, Reply, Toast};
use rei_domain::ids::UsageId;
use rei_domain::ledger::Refusal;
use rei_domain::metering::Meter;
use rei_domain::money::Money;
use rei_domain::usage::Usage;

use super::conversation::Talk;
use super::taps::post;
use crate::meter::state_message;
use crate::ports::StoreError;
use crate::ports::ledger::{CommandRefusal, LedgerCommand, LedgerOutcome, Rider};
use crate::ports::outbox::{NewOutbox, OutboxBody};
use crate::ports::usage::UsageRider;

/// Shows the boost that runs, or what one would cost.
pub(super) async fn show(talk: &mut Talk<'_>) -> Result<(), StoreError> {
    match talk.ports.usages.running_of(talk.user.id).await? {
        Some(usage) => {
            show_state(talk, &usage);
            Ok(())
        }
        None => offer(talk, None).await,
    }
}

/// Starts the boost that a button offered. The id comes with the button, so a second tap is the
/// same posting.
pub(super) async fn start(
    talk: &mut Talk<'_>,
    id: UsageId,
    rate: Money,
) -> Result<Toast, StoreError> {
    let tariff = talk.settings.tariff;
    if let Some(known) = talk.ports.usages.usage(&id).await? {
        return Ok(match known.ended {
            _ if known.user != talk.user.id => Toast::NotFound,
            Some(_) => Toast::AlreadyFinished,
            None => Toast::AlreadyRunning,
        });
    }
    if rate != tariff.rate {
        offer(talk, Some(BoostRefusal::PriceChanged)).await?;
        return Ok(Toast::Outdated);
    }
    let usage = Usage {
        id,
        user: talk.user.id,
        chat: talk.user.chat,
        meter: Meter::begin(tariff, talk.now),
        charged: Money::ZERO,
        version: 1,
        stopping: None,
        started_at: talk.now,
        ended: None,
    };
    let Some(posting) = usage.hold_window(1, talk.now) else {
        tracing::error!("the price of a window cannot be represented");
        return Ok(Toast::TryLater);
    };
    let command = LedgerCommand {
        posting,
        outbox: vec![state_message(&usage, "start", talk.now)],
        rider: Rider::Usage(UsageRider::Start(Box::new(usage))),
        audit: None,
    };
    let refusal = match post(talk, command).await? {
        LedgerOutcome::Applied { .. } => {
            talk.ports.meter.ring();
            talk.ports.outbox.ring();
            return Ok(Toast::Accepted);
        }
        LedgerOutcome::Refused(refusal) => refusal,
    };
    let (toast, why) = match refusal {
        CommandRefusal::Money(Refusal::InsufficientFunds {
            available,
            required,
        }) => {
            let missing = required.checked_sub(available).unwrap_or(required);
            (Toast::NotEnough, BoostRefusal::NotEnough { missing })
        }
        CommandRefusal::Money(Refusal::CapReached { frees_at, .. }) => {
            (Toast::Silent, BoostRefusal::Cap { frees_at })
        }
        CommandRefusal::Banned { .. } => (Toast::Silent, BoostRefusal::Banned),
        CommandRefusal::UsageMoved => return Ok(Toast::AlreadyRunning),
        refusal => {
            tracing::error!(%refusal, "a boost is refused");
            return Ok(Toast::TryLater);
        }
    };
    offer(talk, Some(why)).await?;
    Ok(toast)
}

/// Ends a boost by its button.
pub(super) async fn stop(talk: &mut Talk<'_>, id: &UsageId) -> Result<Toast, StoreError> {
    let own = talk.ports.usages.usage(id).await?;
    let Some(usage) = own.filter(|usage| usage.user == talk.user.id) else {
        return Ok(Toast::NotFound);
    };
    if usage.ended.is_some() || !talk.ports.usages.ask_to_stop(id).await? {
        return Ok(Toast::AlreadyFinished);
    }
    talk.ports.meter.ring();
    Ok(Toast::Stopping)
}

/// `/stop`: ends what runs.
pub(super) async fn stop_running(talk: &mut Talk<'_>) -> Result<(), StoreError> {
    let running = talk.ports.usages.running_of(talk.user.id).await?;
    let stopped = match &running {
        Some(usage) => talk.ports.usages.ask_to_stop(&usage.id).await?,
        None => false,
    };
    if stopped {
        // The end is told by whoever counts the seconds.
        talk.ports.meter.ring();
    }
    let series = super::series::stop_running(talk).await?;
    if !stopped && series == 0 {
        talk.say(&Reply::NothingRuns);
    }
    Ok(())
}

async fn offer(talk: &mut Talk<'_>, refusal: Option<BoostRefusal>) -> Result<(), StoreError> {
    let balance = talk.balance().await?;
    let usage = UsageId::new(talk.ports.ids.id());
    talk.say(&Reply::BoostOffer {
        usage,
        tariff: talk.settings.tariff,
        balance,
        refusal,
    });
    Ok(())
}

/// As a new message, so that the user need not look for the old one.
fn show_state(talk: &mut Talk<'_>, usage: &Usage) {
    let message = NewOutbox {
        key: talk.message_key(),
        chat: talk.user.chat,
        slot: None,
        body: OutboxBody::Usage {
            usage: usage.id.as_str().to_owned(),
        },
        created_at: talk.now,
    };
    talk.commit.outbox.push(message);
}
