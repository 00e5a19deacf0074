//! Words, pictures and clips become drafts: a new picture from words, an edit from pictures and
//! words, a video from a clip, and a video instead of a picture where the user asks for one.

use rei_domain::catalogue::Missing;
use rei_domain::conversation::{
    CardNote, CardOffer, CardPage, RepliedTo, Reply, Unsupported, VideoOffer, check_prompt,
};
use rei_domain::draft::{Draft, DraftState};
use rei_domain::ids::{DraftId, Nonce};
use rei_domain::money::Money;
use rei_domain::pricing::PriceError;
use rei_domain::spec::{INPUTS_MAX, ImageLook, ImageModel, Input, Kind, Output, Spec, known_bytes};

use super::conversation::Talk;
use super::probe::look_into;
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
        return match look_into(talk, vec![input]).await {
            Ok(inputs) => open(talk, prompt, inputs).await,
            Err(reply) => {
                talk.say(&reply);
                Ok(())
            }
        };
    }
    let since = rei_domain::time::Moment(talk.now.0 - talk.settings.asking.0);
    match talk.ports.drafts.asking(talk.user.chat, since).await? {
        Some(mut draft) => {
            draft.spec.prompt = prompt;
            draft.state = DraftState::Open;
            propose(talk, draft, None).await
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
    let inputs = match checked(talk, inputs).await {
        Ok(inputs) => inputs,
        Err(reply) => {
            talk.say(&reply);
            return Ok(());
        }
    };
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

/// The inputs with their own facts, if one request may have them all; else what to tell the user.
async fn checked(talk: &Talk<'_>, inputs: Vec<Input>) -> Result<Vec<Input>, Reply> {
    if inputs.len() > INPUTS_MAX {
        return Err(Reply::Unsupported(Unsupported::TooManyPictures));
    }
    check_bytes(talk, &inputs).map_err(Reply::Unsupported)?;
    let inputs = look_into(talk, inputs).await?;
    check_bytes(talk, &inputs).map_err(Reply::Unsupported)?;
    Ok(inputs)
}

fn check_bytes(talk: &Talk<'_>, inputs: &[Input]) -> Result<(), Unsupported> {
    let has_clip = inputs.iter().any(|input| input.clip().is_some());
    let bytes_max = if has_clip {
        talk.settings.video_inputs_bytes_max
    } else {
        talk.settings.inputs_bytes_max
    };
    if known_bytes(inputs) > bytes_max {
        return Err(Unsupported::TooLargeTogether { bytes_max });
    }
    Ok(())
}

/// Keeps pictures and clips and asks what to do with them.
pub(super) fn ask(talk: &mut Talk<'_>, inputs: Vec<Input>) {
    let mut draft = blank(talk, String::new(), inputs);
    draft.state = DraftState::Asking;
    let came = draft.spec.came();
    talk.say(&Reply::AskWhatToDo { came });
    talk.commit.drafts.push(draft);
}

/// Keeps the picture that is to move and asks how.
pub(super) async fn ask_to_animate(talk: &mut Talk<'_>, input: Input) -> Result<(), StoreError> {
    let mut draft = blank(talk, String::new(), vec![input]);
    match as_video(talk, &draft.spec) {
        Ok(spec) => draft.spec = spec,
        Err(missing) => {
            talk.say(&Reply::NoVideo(missing));
            return Ok(());
        }
    }
    draft.state = DraftState::Asking;
    talk.say(&Reply::AskHowToMove);
    talk.commit.drafts.push(draft);
    Ok(())
}

/// Opens a new draft and shows its card.
async fn open(talk: &mut Talk<'_>, prompt: String, inputs: Vec<Input>) -> Result<(), StoreError> {
    let draft = blank(talk, prompt, inputs);
    propose(talk, draft, None).await
}

/// Words for a video, after its command.
pub(super) async fn open_video(talk: &mut Talk<'_>, text: &str) -> Result<(), StoreError> {
    let prompt = match check_prompt(text) {
        Ok(prompt) => prompt,
        Err(Unsupported::Empty) => {
            talk.say(&Reply::VideoHow);
            return Ok(());
        }
        Err(fault) => {
            talk.say_unsupported(fault);
            return Ok(());
        }
    };
    let mut draft = blank(talk, prompt, Vec::new());
    match as_video(talk, &draft.spec) {
        Ok(spec) => {
            draft.spec = spec;
            offer(talk, draft, None).await
        }
        Err(missing) => {
            talk.say(&Reply::NoVideo(missing));
            Ok(())
        }
    }
}

/// The same request once more.
pub(super) async fn again(
    talk: &mut Talk<'_>,
    spec: &Spec,
    note: Option<CardNote>,
) -> Result<(), StoreError> {
    let mut draft = blank(talk, spec.prompt.clone(), spec.inputs.clone());
    draft.spec = spec.clone();
    propose(talk, draft, note).await
}

/// Shows the card of a request as it came in. A clip can only become a video, and what has
/// changed in the catalogue since is settled by the nearest that exists.
async fn propose(
    talk: &mut Talk<'_>,
    mut draft: Draft,
    note: Option<CardNote>,
) -> Result<(), StoreError> {
    let wants_video = match &draft.spec.output {
        Output::Image(_) => draft.spec.clip().is_some(),
        Output::Video(_) => true,
    };
    if wants_video {
        match as_video(talk, &draft.spec) {
            Ok(spec) => draft.spec = spec,
            Err(missing) => {
                talk.say(&Reply::NoVideo(missing));
                return Ok(());
            }
        }
    }
    offer(talk, draft, note).await
}

/// The request as a video that can be ordered, or why there is none.
pub(super) fn as_video(talk: &Talk<'_>, spec: &Spec) -> Result<Spec, Missing> {
    let videos = &talk.settings.prices.videos;
    if let Output::Video(_) = &spec.output
        && let Some(settled) = videos.settle(spec.clone())
    {
        return Ok(settled);
    }
    let look = videos.first_look(&spec.prompt, &spec.inputs);
    let Some(look) = look else {
        return Err(why_no_video(talk, spec));
    };
    Ok(Spec {
        output: Output::Video(look),
        ..spec.clone()
    })
}

/// Why no model takes it: the reason of the first one that makes videos in this way at all.
fn why_no_video(talk: &Talk<'_>, spec: &Spec) -> Missing {
    let videos = &talk.settings.prices.videos;
    let reasons = videos.reasons(spec);
    let is_about_the_way = |missing: &Missing| match missing {
        Missing::Way { .. } | Missing::Model | Missing::Retired { .. } | Missing::NoVideo => true,
        Missing::NeedsPicture
        | Missing::TooManyPictures { .. }
        | Missing::TooManyClips
        | Missing::Prompt { .. }
        | Missing::Seconds
        | Missing::ClipLength { .. }
        | Missing::ClipPixels { .. }
        | Missing::PicturePixels { .. }
        | Missing::PictureKind
        | Missing::Narrow { .. }
        | Missing::Aspect
        | Missing::Quality
        | Missing::Sound
        | Missing::EndFrame
        | Missing::Price => false,
    };
    let told = reasons.iter().find(|missing| !is_about_the_way(missing));
    told.or(reasons.first()).cloned().unwrap_or(Missing::Model)
}

/// Quotes the price anew, locks it with a new nonce and shows the card.
pub(super) async fn offer(
    talk: &mut Talk<'_>,
    mut draft: Draft,
    note: Option<CardNote>,
) -> Result<(), StoreError> {
    let prices = &talk.settings.prices;
    if let Output::Image(look) = &mut draft.spec.output
        && !prices.images.sold().contains(&look.model)
    {
        // Not sold any more: the card says what is.
        look.model = ImageModel::default();
    }
    match prices.quote(&draft.spec) {
        Ok(price) => draft.price = price,
        Err(PriceError::Missing(missing)) => {
            talk.say(&Reply::NoVideo(missing));
            return Ok(());
        }
        Err(error @ PriceError::OutOfRange) => {
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
        offer: CardOffer {
            images: talk.settings.prices.image_choices(&draft.spec),
            video: video_offer(talk, &draft.spec),
        },
        note,
    };
    talk.say_in_card(&draft, &reply);
    talk.commit.drafts.push(draft);
    Ok(())
}

/// What the card of a request offers of videos.
fn video_offer(talk: &Talk<'_>, spec: &Spec) -> VideoOffer {
    let videos = &talk.settings.prices.videos;
    match spec.mode().kind() {
        Kind::Video => VideoOffer::Choices(Box::new(videos.choices(spec))),
        Kind::Image if videos.offers_anything() => VideoOffer::Instead,
        Kind::Image => VideoOffer::Nothing,
    }
}

fn blank(talk: &Talk<'_>, prompt: String, inputs: Vec<Input>) -> Draft {
    Draft {
        id: DraftId::new(talk.ports.ids.id()),
        user: talk.user.id,
        chat: talk.user.chat,
        state: DraftState::Open,
        spec: Spec {
            prompt,
            output: Output::Image(ImageLook::default()),
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
        .sent_result(talk.user.chat, reply_to.message)
        .await?;
    Ok(match sent {
        Some(sent) => Some(sent.input),
        None => reply_to.picture,
    })
}
