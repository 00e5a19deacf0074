//! Everything that is not words or pictures: commands, taps, news, things not supported.

use rei_domain::conversation::{Inbound, Reply, Toast};
use rei_domain::draft::DraftState;
use rei_domain::money::Money;

use super::admin::{self, Answered};
use super::conversation::Talk;
use super::{boost, limits, requests, returns, statements, taps, topup};
use crate::ports::StoreError;
use crate::ports::commands::CommandAction;
use crate::ports::users::Reachable;

/// Drafts and jobs that one `/cancel` looks at.
const CANCEL_MAX: u32 = 50;

/// Answers a turn. `bonus` was granted in this very turn.
pub(super) async fn answer(
    talk: &mut Talk<'_>,
    inbound: Inbound,
    bonus: Option<Money>,
) -> Result<(), StoreError> {
    match inbound {
        Inbound::Command { name, args } => command(talk, &name, &args, bonus).await,
        Inbound::Tap {
            callback_id, tap, ..
        } => {
            let toast = taps::answer(talk, tap).await?;
            talk.callback = Some((callback_id, toast));
            Ok(())
        }
        Inbound::Paid { event, charge } => topup::told(talk, event, charge).await,
        Inbound::Unsupported(what) => {
            talk.say_unsupported(what);
            Ok(())
        }
        Inbound::Blocked => {
            talk.ports
                .users
                .set_reachable(talk.user.id, Reachable::Blocked, talk.now)
                .await
        }
        // Being reachable again is settled before a turn is answered.
        Inbound::Unblocked | Inbound::Ignored => Ok(()),
        // These are turns of their own.
        Inbound::Words { .. } | Inbound::Picture { .. } => Ok(()),
    }
}

async fn command(
    talk: &mut Talk<'_>,
    name: &str,
    args: &str,
    bonus: Option<Money>,
) -> Result<(), StoreError> {
    if admin::command(talk, name, args).await? == Answered::Yes {
        return Ok(());
    }
    let Some(action) = talk.ports.commands.action(name, args) else {
        talk.say(&Reply::UnknownCommand {
            name: name.to_owned(),
        });
        return Ok(());
    };
    match action {
        CommandAction::Welcome => {
            let balance = talk.balance().await?;
            talk.say(&Reply::Welcome { bonus, balance });
        }
        CommandAction::Help => talk.say(&Reply::Help),
        CommandAction::OpenVideo if admin::turn_away(talk).await? => {}
        CommandAction::OpenVideo => requests::open_video(talk, args).await?,
        CommandAction::ShowBalance => {
            let balance = talk.balance().await?;
            talk.say(&Reply::Balance(balance));
        }
        CommandAction::CancelEverything => cancel_everything(talk).await?,
        CommandAction::ChooseLanguage => {
            let current = talk.language();
            talk.say(&Reply::ChooseLanguage { current });
        }
        CommandAction::SetLanguage(language) => {
            talk.commit.language = Some((talk.user_id(), language));
            talk.say(&Reply::LanguageChanged);
        }
        CommandAction::TopUp { amount } => topup::command(talk, amount).await?,
        CommandAction::ShowReturnables => returns::show(talk).await?,
        CommandAction::PaySupport => returns::support(talk),
        CommandAction::ShowBoost => boost::show(talk).await?,
        CommandAction::Limits => limits::answer(talk, args).await?,
        CommandAction::StopRunning => boost::stop_running(talk).await?,
        CommandAction::ShowHistory => statements::show_history(talk).await?,
        CommandAction::ShowUsage => statements::show_sessions(talk).await?,
        CommandAction::SendStatement(month) => statements::send_month(talk, month).await?,
        CommandAction::ExplainStatement => talk.say(&Reply::StatementHow),
        CommandAction::SendReceipt => statements::send_newest_receipt(talk).await?,
    }
    Ok(())
}

/// Withdraws every draft and every waiting job, and counts what runs already.
async fn cancel_everything(talk: &mut Talk<'_>) -> Result<(), StoreError> {
    let mut drafts = 0;
    let unfinished = talk
        .ports
        .drafts
        .unfinished(talk.user.chat, CANCEL_MAX)
        .await?;
    for mut draft in unfinished {
        if taps::is_worth_cancelling(&draft, talk.now) {
            drafts += 1;
        }
        let has_card = draft.state == DraftState::Open;
        draft.state = DraftState::Cancelled;
        if has_card {
            talk.say_in_card(&draft, &Reply::DraftDiscarded);
        }
        talk.commit.drafts.push(draft);
    }
    let (mut jobs, mut running) = (0, 0);
    for job in talk.ports.jobs.unfinished(talk.user.id, CANCEL_MAX).await? {
        match taps::cancel(talk, &job).await? {
            Toast::JobCancelled | Toast::AlreadyCancelled => jobs += 1,
            Toast::TooLateToCancel => running += 1,
            // It ended between the question and the attempt: nothing is left to tell.
            Toast::AlreadyFinished
            | Toast::Silent
            | Toast::Accepted
            | Toast::AlreadyRunning
            | Toast::Outdated
            | Toast::NotEnough
            | Toast::SendingFile
            | Toast::Stopping
            | Toast::Limited
            | Toast::NotFound
            | Toast::KeptNoLonger
            | Toast::Favoured
            | Toast::FavouredNoLonger
            | Toast::FavouritesFull
            | Toast::TryLater
            | Toast::Banned
            | Toast::AnotherAdmin => {}
        }
    }
    let balance = talk.balance().await?;
    let reply = if drafts + jobs + running == 0 {
        Reply::NothingToCancel
    } else {
        Reply::Cancelled {
            drafts,
            jobs,
            running,
            balance,
        }
    };
    talk.say(&reply);
    Ok(())
}
