//! Words and pictures become drafts: generate from words, edit from pictures and words.

use rei_domain::conversation::{CardNote, CardPage, RepliedTo, Reply, Unsupported, check_prompt};
use rei_domain::draft::{Draft, DraftState};
use rei_domain::ids::{DraftId, Nonce};
use rei_domain::money::Money;
use rei_domain::spec::{Aspect, INPUTS_MAX, ImageSpec, Input, Size, known_bytes};

use super::conversation::Talk;
use crate::ports::StoreError;

/// Words: an edit when they reply to a picture or answer the bot's question, else a new picture.
pub(super) async fn words(
    talk: &mut Talk<'_>,
    text: &str,
    reply_to: Option<RepliedTo>,
) -> Result<(), StoreError> {
    if reply_to.is_none() && super::topup::answered(talk, text).await? {
        return Ok(());
    }
    let prompt = match check_prompt(text) {
        Ok(prompt) => prompt,
        Err(fault) => {
            talk.say_unsupported(fault);
            return Ok(());
        }
    };
    if let Some(input) = replied_picture(talk, reply_to).await? {
        return open(talk, prompt, vec![input]).await;
    }
    let since = rei_domain::time::Moment(talk.now.0 - talk.settings.asking.0);
    match talk.ports.drafts.asking(talk.user.chat, since).await? {
        Some(mut draft) => {
            draft.spec.prompt = prompt;
            draft.state = DraftState::Open;
            offer(talk, draft, None).await
        }
        None => open(talk, prompt, Vec::new()).await,
    }
}

/// Pictures: an edit when words came with them, else a question.
pub(super) async fn pictures(
    talk: &mut Talk<'_>,
    inputs: Vec<Input>,
    caption: Option<&str>,
) -> Result<(), StoreError> {
    if inputs.len() > INPUTS_MAX {
        talk.say_unsupported(Unsupported::TooManyPictures);
        return Ok(());
    }
    let bytes_max = talk.settings.inputs_bytes_max;
    if known_bytes(&inputs) > bytes_max {
        talk.say_unsupported(Unsupported::TooLargeTogether { bytes_max });
        return Ok(());
    }
    match caption.map(check_prompt) {
        Some(Ok(prompt)) => open(talk, prompt, inputs).await,
        Some(Err(Unsupported::Empty)) | None => {
            ask(talk, inputs);
            Ok(())
        }
        Some(Err(fault)) => {
            talk.say_unsupported(fault);
            Ok(())
        }
    }
}

/// Keeps pictures and asks what to do with them.
pub(super) fn ask(talk: &mut Talk<'_>, inputs: Vec<Input>) {
    let pictures = u32::try_from(inputs.len()).unwrap_or(u32::MAX);
    let mut draft = blank(talk, String::new(), inputs);
    draft.state = DraftState::Asking;
    talk.say(&Reply::AskWhatToDo { pictures });
    talk.commit.drafts.push(draft);
}

/// Opens a new draft and shows its card.
async fn open(talk: &mut Talk<'_>, prompt: String, inputs: Vec<Input>) -> Result<(), StoreError> {
    let draft = blank(talk, prompt, inputs);
    offer(talk, draft, None).await
}

/// The same request once more.
pub(super) async fn again(talk: &mut Talk<'_>, spec: &ImageSpec) -> Result<(), StoreError> {
    let mut draft = blank(talk, spec.prompt.clone(), spec.inputs.clone());
    draft.spec = spec.clone();
    offer(talk, draft, None).await
}

/// Quotes the price anew, locks it with a new nonce and shows the card.
pub(super) async fn offer(
    talk: &mut Talk<'_>,
    mut draft: Draft,
    note: Option<CardNote>,
) -> Result<(), StoreError> {
    match talk.settings.prices.quote(&draft.spec) {
        Ok(price) => draft.price = price,
        Err(error) => {
            tracing::error!(%error, "a price cannot be quoted");
            talk.say(&Reply::TryLater);
            return Ok(());
        }
    }
    draft.nonce = Nonce::new(talk.ports.ids.nonce());
    draft.expires_at = talk.now + talk.settings.price_lock;
    show(talk, draft, CardPage::Main, note).await
}

/// Shows the card of a draft as it is, and keeps the draft.
pub(super) async fn show(
    talk: &mut Talk<'_>,
    draft: Draft,
    page: CardPage,
    note: Option<CardNote>,
) -> Result<(), StoreError> {
    let balance = talk.balance().await?;
    let reply = Reply::Card {
        draft: Box::new(draft.clone()),
        balance,
        page,
        note,
    };
    talk.say_in_card(&draft, &reply);
    talk.commit.drafts.push(draft);
    Ok(())
}

fn blank(talk: &Talk<'_>, prompt: String, inputs: Vec<Input>) -> Draft {
    Draft {
        id: DraftId::new(talk.ports.ids.id()),
        user: talk.user.id,
        chat: talk.user.chat,
        state: DraftState::Open,
        spec: ImageSpec {
            prompt,
            aspect: Aspect::default(),
            size: Size::default(),
            inputs,
        },
        price: Money::ZERO,
        nonce: Nonce::new(talk.ports.ids.nonce()),
        created_at: talk.now,
        expires_at: talk.now + talk.settings.price_lock,
    }
}

/// The picture a message replied to: the lossless original if the bot made it.
async fn replied_picture(
    talk: &Talk<'_>,
    reply_to: Option<RepliedTo>,
) -> Result<Option<Input>, StoreError> {
    let Some(reply_to) = reply_to else {
        return Ok(None);
    };
    let sent = talk
        .ports
        .jobs
        .sent_picture(talk.user.chat, reply_to.message)
        .await?;
    Ok(match sent {
        Some(sent) => Some(Input::Asset(sent.asset)),
        None => reply_to.picture,
    })
}
