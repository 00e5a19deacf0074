//! What a user sees of his money: the statement and the usage sessions, page by page in one
//! message; a month as a file; and proofs of his rows.
//!
//! Buttons say where a page begins and never whose it is: every question is asked for the
//! person who pressed.

use rei_domain::conversation::{Reply, Toast};
use rei_domain::ids::{Nonce, UsageId};
use rei_domain::statement::{Month, PAGE_LINES, Place, Proving};

use super::conversation::Talk;
use crate::ports::StoreError;
use crate::ports::checkpoints::Closed;
use crate::ports::outbox::{NewOutbox, OutboxBody};
use crate::ports::view::TextFile;

/// Lines of one file of a statement: some hundred kilobytes.
const PART_LINES: u32 = 2_000;

/// Files of one month's statement; nobody moves money more often than that.
const PARTS_MAX: u32 = 50;

/// `/history`: a new message with the newest lines.
pub(super) async fn show_history(talk: &mut Talk<'_>) -> Result<(), StoreError> {
    let token = Nonce::new(talk.ports.ids.nonce());
    history(talk, token, Place::Newest).await
}

/// Another page in the same message.
pub(super) async fn turn_history(
    talk: &mut Talk<'_>,
    token: Nonce,
    place: Place,
) -> Result<Toast, StoreError> {
    history(talk, token, place).await?;
    Ok(Toast::Silent)
}

async fn history(talk: &mut Talk<'_>, token: Nonce, place: Place) -> Result<(), StoreError> {
    let (user, statements) = (talk.user_id(), talk.ports.statements.clone());
    let mut page = statements.page(user, place, PAGE_LINES).await?;
    if page.lines.is_empty() && place != Place::Newest {
        page = statements.page(user, Place::Newest, PAGE_LINES).await?;
    }
    let standing = statements.standing(user).await?;
    let slot = format!("history:{token}");
    let reply = Reply::History {
        page,
        standing,
        token,
    };
    talk.say_at(slot, &reply);
    Ok(())
}

/// `/usage`: a new message with the newest sessions.
pub(super) async fn show_sessions(talk: &mut Talk<'_>) -> Result<(), StoreError> {
    let token = Nonce::new(talk.ports.ids.nonce());
    sessions(talk, token, None).await
}

/// Another page in the same message.
pub(super) async fn turn_sessions(
    talk: &mut Talk<'_>,
    token: Nonce,
    before: Option<UsageId>,
) -> Result<Toast, StoreError> {
    sessions(talk, token, before).await?;
    Ok(Toast::Silent)
}

async fn sessions(
    talk: &mut Talk<'_>,
    token: Nonce,
    before: Option<UsageId>,
) -> Result<(), StoreError> {
    let (user, statements) = (talk.user_id(), talk.ports.statements.clone());
    let page = statements.sessions(user, before.as_ref(), PAGE_LINES, talk.now);
    let mut page = page.await?;
    if page.sessions.is_empty() && before.is_some() {
        page = statements
            .sessions(user, None, PAGE_LINES, talk.now)
            .await?;
    }
    let slot = format!("usage-page:{token}");
    talk.say_at(slot, &Reply::Sessions { page, token });
    Ok(())
}

/// `/statement`: the lines of a month as files.
pub(super) async fn send_month(
    talk: &mut Talk<'_>,
    month: Option<Month>,
) -> Result<(), StoreError> {
    let month = month.unwrap_or(Month::of(talk.now));
    let (user, statements) = (talk.user_id(), talk.ports.statements.clone());
    let mut after = None;
    for part in 1..=PARTS_MAX {
        let lines = statements.month(user, month, after, PART_LINES).await?;
        let Some(last) = lines.last() else {
            if part == 1 {
                talk.say(&Reply::StatementEmpty { month });
            }
            return Ok(());
        };
        after = Some(last.seq);
        let file = talk
            .ports
            .view
            .statement(talk.language(), month, part, &lines);
        send_file(talk, file);
    }
    Ok(())
}

/// `/receipt`: a proof of what the first page of `/history` shows.
pub(super) async fn send_newest_receipt(talk: &mut Talk<'_>) -> Result<(), StoreError> {
    let (user, statements) = (talk.user_id(), talk.ports.statements.clone());
    let page = statements.page(user, Place::Newest, PAGE_LINES).await?;
    let (Some(newest), Some(oldest)) = (page.lines.first(), page.lines.last()) else {
        talk.say(&Reply::ReceiptNothing);
        return Ok(());
    };
    let which = Proving::Rows {
        from: oldest.seq,
        to: newest.seq,
    };
    match send_receipt(talk, &which).await? {
        Toast::SendingFile => {}
        _ => talk.say(&Reply::TryLater),
    }
    Ok(())
}

/// Sends a proof of own rows. What no checkpoint covers yet gets one now: a person who has just
/// paid wants his receipt today.
pub(super) async fn send_receipt(
    talk: &mut Talk<'_>,
    which: &Proving,
) -> Result<Toast, StoreError> {
    let (user, checkpoints) = (talk.user_id(), talk.ports.checkpoints.clone());
    match checkpoints.close_shard_of(user, talk.now).await? {
        Closed::Made(_) => {}
        Closed::Broken { shard, seq } => {
            tracing::error!(%shard, seq, "the journal's chain is broken, no receipt is given");
            return Ok(Toast::TryLater);
        }
    }
    let receipt = checkpoints.receipt(user, which).await?;
    if receipt.rows.is_empty() {
        return Ok(Toast::NotFound);
    }
    let file = talk.ports.view.receipt(&receipt);
    send_file(talk, file);
    let page = talk.settings.verify_page.clone();
    talk.say(&Reply::ReceiptHow { page });
    Ok(Toast::SendingFile)
}

fn send_file(talk: &mut Talk<'_>, file: TextFile) {
    let TextFile { name, text } = file;
    let message = NewOutbox {
        key: talk.message_key(),
        chat: talk.user.chat,
        slot: None,
        body: OutboxBody::Document { name, text },
        created_at: talk.now,
    };
    talk.commit.outbox.push(message);
}
