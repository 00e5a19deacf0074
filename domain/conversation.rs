//! The conversation: what a user can do, in words that do not know Telegram's wire, and what
//! the bot can say, in values that do not know a language.

use crate::admin::{AdminReply, Press};
use crate::catalogue::{Choices, Missing};
use crate::draft::Draft;
use crate::ids::{ActId, DraftId, JobId, MessageId, ModelId, Nonce, TopupId, UsageId};
use crate::ledger::caps::{Caps, CapsChange, Period, Scope};
use crate::metering::Tariff;
use crate::money::Money;
use crate::series::{COUNTS, SeriesEnd};
use crate::spec::{
    Aspect, Came, ClipUse, ImageModel, Input, Kind, PROMPT_CHARS_MAX, Quality, Size, Sound,
};
use crate::statement::{Month, Page, Place, Proving, SessionPage, Standing};
use crate::time::Moment;
use crate::topup::{TopupReply, TopupTap};

/// The longest id of a model that fits a button beside a draft's id.
pub const MODEL_ID_BYTES_MAX: usize = 24;

/// The languages of the bot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Language {
    Russian,
    English,
}

impl Language {
    /// Every language, the first one first.
    pub const ALL: [Language; 2] = [Language::Russian, Language::English];

    /// The name in rows and callback data (ISO 639-1).
    pub fn as_str(self) -> &'static str {
        match self {
            Language::Russian => "ru",
            Language::English => "en",
        }
    }

    /// Reads [`Language::as_str`] back.
    pub fn parse(text: &str) -> Option<Language> {
        Self::ALL.into_iter().find(|lang| lang.as_str() == text)
    }

    /// Chooses by the IETF tag of the user's client, which may be absent: Russian for the
    /// languages whose speakers usually read it, English for all others.
    pub fn from_tag(tag: Option<&str>) -> Language {
        let Some(tag) = tag else {
            return Language::Russian;
        };
        let primary = tag.split(['-', '_']).next().unwrap_or(tag);
        match primary.to_ascii_lowercase().as_str() {
            "ru" | "be" | "uk" | "kk" | "ky" | "uz" | "tg" | "hy" | "az" => Language::Russian,
            _ => Language::English,
        }
    }
}

/// What one update means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inbound {
    /// `/name args`.
    Command { name: String, args: String },
    /// Words, perhaps in reply to a message.
    Words {
        text: String,
        reply_to: Option<RepliedTo>,
    },
    /// A picture or a clip, perhaps with a caption, perhaps one of an album.
    Picture {
        input: Input,
        caption: Option<String>,
        album: Option<String>,
    },
    /// A button of an inline keyboard.
    Tap {
        callback_id: String,
        tap: Result<Tap, UnknownTap>,
        message: Option<MessageId>,
    },
    /// The messenger tells of money that it took or gave back; the payment method is asked.
    Paid {
        event: PaidEvent,
        /// The messenger's id of the payment.
        charge: String,
    },
    /// Something the bot cannot work with; it says so.
    Unsupported(Unsupported),
    /// The user blocked the bot.
    Blocked,
    /// The user unblocked the bot.
    Unblocked,
    /// Not for the bot: groups, channels, other bots, edits, unknown kinds.
    Ignored,
}

/// What happened to money inside the messenger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PaidEvent {
    Paid,
    Refunded,
}

impl PaidEvent {
    /// The name in rows of notices; the first part says what it is about.
    pub fn as_str(self) -> &'static str {
        match self {
            PaidEvent::Paid => "payment.succeeded",
            PaidEvent::Refunded => "refund.succeeded",
        }
    }
}

/// The message a user replied to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RepliedTo {
    pub message: MessageId,
    /// Its picture, if it has one.
    pub picture: Option<Input>,
}

/// Why something cannot be worked with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unsupported {
    Sticker,
    Voice,
    Video,
    /// A file that is no picture and no clip of a known kind.
    File,
    /// A picture with more pixels than can be worked with.
    TooManyPixels,
    /// A file that Telegram does not hand out any more.
    Gone,
    /// A picture above the size limit.
    TooLarge,
    /// A clip above the size limit.
    ClipTooLarge,
    /// The pictures of one request together are above this limit in bytes.
    TooLargeTogether {
        bytes_max: u64,
    },
    /// More words than a prompt may have.
    TooLong,
    /// No words at all.
    Empty,
    /// More pictures than a request may have.
    TooManyPictures,
    /// Anything else: a location, a poll, a contact.
    Other,
}

/// A button that this version does not know: an old message or forged data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("the button is not known")]
pub struct UnknownTap;

/// What a button means. [`Tap::render`] is its callback data, at most 64 bytes
/// (Bot API, `InlineKeyboardButton.callback_data`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tap {
    Confirm {
        draft: DraftId,
        nonce: Nonce,
    },
    Discard {
        draft: DraftId,
    },
    /// Opens the card's page of shapes.
    ShowAspects {
        draft: DraftId,
    },
    /// Back to the card.
    ShowCard {
        draft: DraftId,
    },
    SetAspect {
        draft: DraftId,
        aspect: Aspect,
    },
    SetSize {
        draft: DraftId,
        size: Size,
    },
    /// Makes a video of the request, or a picture again.
    SetKind {
        draft: DraftId,
        kind: Kind,
    },
    SetModel {
        draft: DraftId,
        model: ModelId,
    },
    SetSeconds {
        draft: DraftId,
        seconds: u32,
    },
    SetQuality {
        draft: DraftId,
        quality: Quality,
    },
    SetSound {
        draft: DraftId,
        sound: Sound,
    },
    SetClipUse {
        draft: DraftId,
        clip_use: ClipUse,
    },
    CancelJob {
        job: JobId,
    },
    /// The same request once more, as a new draft.
    Again {
        job: JobId,
    },
    /// Edit the result of this job.
    EditResult {
        job: JobId,
    },
    /// Make a video that begins with the result of this job.
    Animate {
        job: JobId,
    },
    /// The original file without loss.
    AsFile {
        job: JobId,
    },
    /// Keep the result of this job for good, or no longer.
    Favour {
        job: JobId,
    },
    SetLanguage {
        language: Language,
    },
    /// Opens the card's page of series.
    ShowSeries {
        draft: DraftId,
    },
    /// Confirms the draft as the first step of a series of this many.
    StartSeries {
        draft: DraftId,
        nonce: Nonce,
        count: u32,
    },
    /// Top-ups and refunds.
    Topup(TopupTap),
    /// Starts a boost at the price that the button showed.
    StartBoost {
        usage: UsageId,
        /// Kopecks for one second.
        rate: Money,
    },
    StopBoost {
        usage: UsageId,
    },
    /// A page of the statement, in the message that `token` names.
    History {
        token: Nonce,
        place: Place,
    },
    /// A page of usage sessions, older than `before`, in the message that `token` names.
    Sessions {
        token: Nonce,
        before: Option<UsageId>,
    },
    /// Sets the user's own cap of a period, or none, in the message that `token` names.
    SetLimit {
        token: Nonce,
        period: Period,
        limit: Option<Money>,
    },
    /// Takes the buttons away from the limits, in the message that `token` names.
    CloseLimits {
        token: Nonce,
    },
    /// The proof of own rows.
    Receipt(Proving),
    /// Agrees to an admin's act, or drops it.
    Act {
        act: ActId,
        nonce: Nonce,
        press: Press,
    },
}

impl Tap {
    /// The callback data of the button.
    pub fn render(&self) -> String {
        match self {
            Tap::Confirm { draft, nonce } => format!("d.{draft}.ok.{nonce}"),
            Tap::Discard { draft } => format!("d.{draft}.no"),
            Tap::ShowAspects { draft } => format!("d.{draft}.shapes"),
            Tap::ShowCard { draft } => format!("d.{draft}.card"),
            Tap::ShowSeries { draft } => format!("d.{draft}.series"),
            Tap::StartSeries {
                draft,
                nonce,
                count,
            } => format!("d.{draft}.n.{count}.{nonce}"),
            Tap::SetAspect { draft, aspect } => format!("d.{draft}.a.{}", aspect.as_str()),
            Tap::SetSize { draft, size } => format!("d.{draft}.s.{}", size.as_str()),
            Tap::SetKind { draft, kind } => format!("d.{draft}.k.{}", kind.as_str()),
            Tap::SetModel { draft, model } => format!("d.{draft}.m.{model}"),
            Tap::SetSeconds { draft, seconds } => format!("d.{draft}.t.{seconds}"),
            Tap::SetQuality { draft, quality } => format!("d.{draft}.q.{}", quality.as_str()),
            Tap::SetSound { draft, sound } => format!("d.{draft}.v.{}", sound.as_str()),
            Tap::SetClipUse { draft, clip_use } => format!("d.{draft}.c.{}", clip_use.as_str()),
            Tap::CancelJob { job } => format!("j.{job}.cancel"),
            Tap::Again { job } => format!("j.{job}.again"),
            Tap::EditResult { job } => format!("j.{job}.edit"),
            Tap::Animate { job } => format!("j.{job}.move"),
            Tap::AsFile { job } => format!("j.{job}.file"),
            Tap::Favour { job } => format!("j.{job}.star"),
            Tap::SetLanguage { language } => format!("l.{}", language.as_str()),
            Tap::Topup(tap) => tap.render(),
            Tap::StartBoost { usage, rate } => format!("u.{usage}.go.{}", rate.kopecks()),
            Tap::StopBoost { usage } => format!("u.{usage}.stop"),
            Tap::History { token, place } => match place {
                Place::Newest => format!("h.{token}.n"),
                Place::Before(seq) => format!("h.{token}.b.{seq}"),
                Place::After(seq) => format!("h.{token}.a.{seq}"),
            },
            Tap::Sessions { token, before } => match before {
                None => format!("g.{token}"),
                Some(usage) => format!("g.{token}.{usage}"),
            },
            Tap::SetLimit {
                token,
                period,
                limit,
            } => match limit {
                Some(limit) => format!("c.{token}.{}.{}", period.as_str(), limit.kopecks()),
                None => format!("c.{token}.{}", period.as_str()),
            },
            Tap::CloseLimits { token } => format!("c.{token}"),
            Tap::Receipt(Proving::Rows { from, to }) => format!("r.{from}.{to}"),
            Tap::Receipt(Proving::Topup(topup)) => format!("r.{topup}"),
            Tap::Act { act, nonce, press } => match press {
                Press::Allow => format!("a.{act}.ok.{nonce}"),
                Press::Drop => format!("a.{act}.no.{nonce}"),
            },
        }
    }

    /// Reads [`Tap::render`] back. Data comes from outside: anything else is refused.
    pub fn parse(data: &str) -> Result<Tap, UnknownTap> {
        let parts: Vec<&str> = data.split('.').collect();
        match parts.as_slice() {
            ["l", language] => Language::parse(language)
                .map(|language| Tap::SetLanguage { language })
                .ok_or(UnknownTap),
            ["d", id, rest @ ..] if is_id(id) => draft_tap(DraftId::new(*id), rest),
            ["j", id, verb] if is_id(id) => job_tap(JobId::new(*id), verb),
            ["p", rest @ ..] => TopupTap::parse(rest).map(Tap::Topup),
            ["u", id, rest @ ..] if is_id(id) => boost_tap(UsageId::new(*id), rest),
            ["h", token, rest @ ..] if is_id(token) => {
                let place = match rest {
                    ["n"] => Place::Newest,
                    ["b", seq] => Place::Before(row_number(seq)?),
                    ["a", seq] => Place::After(row_number(seq)?),
                    _ => return Err(UnknownTap),
                };
                let token = Nonce::new(*token);
                Ok(Tap::History { token, place })
            }
            ["g", token] if is_id(token) => Ok(Tap::Sessions {
                token: Nonce::new(*token),
                before: None,
            }),
            ["g", token, usage] if is_id(token) && is_id(usage) => Ok(Tap::Sessions {
                token: Nonce::new(*token),
                before: Some(UsageId::new(*usage)),
            }),
            ["c", token] if is_id(token) => Ok(Tap::CloseLimits {
                token: Nonce::new(*token),
            }),
            ["c", token, period, rest @ ..] if is_id(token) => {
                let period = Period::parse(period).ok_or(UnknownTap)?;
                let limit = match rest {
                    [] => None,
                    [kopecks] => Some(Money::from_kopecks(row_number(kopecks)?)),
                    _ => return Err(UnknownTap),
                };
                let token = Nonce::new(*token);
                Ok(Tap::SetLimit {
                    token,
                    period,
                    limit,
                })
            }
            ["r", from, to] => Ok(Tap::Receipt(Proving::Rows {
                from: row_number(from)?,
                to: row_number(to)?,
            })),
            ["r", topup] if is_id(topup) => Ok(Tap::Receipt(Proving::Topup(TopupId::new(*topup)))),
            ["a", id, verb, nonce] if is_id(id) && is_id(nonce) => {
                act_tap(ActId::new(*id), verb, Nonce::new(*nonce))
            }
            _ => Err(UnknownTap),
        }
    }
}

fn act_tap(act: ActId, verb: &str, nonce: Nonce) -> Result<Tap, UnknownTap> {
    let press = match verb {
        "ok" => Press::Allow,
        "no" => Press::Drop,
        _ => return Err(UnknownTap),
    };
    Ok(Tap::Act { act, nonce, press })
}

fn draft_tap(draft: DraftId, rest: &[&str]) -> Result<Tap, UnknownTap> {
    match rest {
        ["ok", nonce] if is_id(nonce) => Ok(Tap::Confirm {
            draft,
            nonce: Nonce::new(*nonce),
        }),
        ["no"] => Ok(Tap::Discard { draft }),
        ["shapes"] => Ok(Tap::ShowAspects { draft }),
        ["card"] => Ok(Tap::ShowCard { draft }),
        ["series"] => Ok(Tap::ShowSeries { draft }),
        ["n", count, nonce] if is_id(nonce) => {
            let count = COUNTS.into_iter().find(|known| known.to_string() == *count);
            count.ok_or(UnknownTap).map(|count| Tap::StartSeries {
                draft,
                nonce: Nonce::new(*nonce),
                count,
            })
        }
        ["a", aspect] => Aspect::parse(aspect)
            .map(|aspect| Tap::SetAspect { draft, aspect })
            .ok_or(UnknownTap),
        ["s", size] => Size::parse(size)
            .map(|size| Tap::SetSize { draft, size })
            .ok_or(UnknownTap),
        ["k", kind] => Kind::parse(kind)
            .map(|kind| Tap::SetKind { draft, kind })
            .ok_or(UnknownTap),
        ["m", model @ ..] => {
            let model = model_id(&model.join(".")).ok_or(UnknownTap)?;
            Ok(Tap::SetModel { draft, model })
        }
        ["t", seconds] => {
            let number: u32 = seconds.parse().map_err(|_| UnknownTap)?;
            let is_ours = number.to_string() == *seconds;
            is_ours
                .then_some(number)
                .ok_or(UnknownTap)
                .map(|seconds| Tap::SetSeconds { draft, seconds })
        }
        ["q", quality] => Quality::parse(quality)
            .map(|quality| Tap::SetQuality { draft, quality })
            .ok_or(UnknownTap),
        ["v", sound] => Sound::parse(sound)
            .map(|sound| Tap::SetSound { draft, sound })
            .ok_or(UnknownTap),
        ["c", clip_use] => ClipUse::parse(clip_use)
            .map(|clip_use| Tap::SetClipUse { draft, clip_use })
            .ok_or(UnknownTap),
        _ => Err(UnknownTap),
    }
}

fn job_tap(job: JobId, verb: &str) -> Result<Tap, UnknownTap> {
    match verb {
        "cancel" => Ok(Tap::CancelJob { job }),
        "again" => Ok(Tap::Again { job }),
        "edit" => Ok(Tap::EditResult { job }),
        "move" => Ok(Tap::Animate { job }),
        "file" => Ok(Tap::AsFile { job }),
        "star" => Ok(Tap::Favour { job }),
        _ => Err(UnknownTap),
    }
}

fn boost_tap(usage: UsageId, rest: &[&str]) -> Result<Tap, UnknownTap> {
    match rest {
        ["go", rate] => {
            let rate: i64 = rate.parse().map_err(|_| UnknownTap)?;
            let rate = Money::from_kopecks(rate);
            let tap = Tap::StartBoost { usage, rate };
            // One spelling for each number: `+5` and `05` are nobody's buttons.
            let is_ours = tap.render().ends_with(&format!(".{}", rest[1]));
            is_ours.then_some(tap).ok_or(UnknownTap)
        }
        ["stop"] => Ok(Tap::StopBoost { usage }),
        _ => Err(UnknownTap),
    }
}

/// A row's number in its one spelling: `+5` and `05` are nobody's buttons.
fn row_number(text: &str) -> Result<i64, UnknownTap> {
    let number: i64 = text.parse().map_err(|_| UnknownTap)?;
    let is_ours = number > 0 && number.to_string() == text;
    is_ours.then_some(number).ok_or(UnknownTap)
}

/// A model's id in callback data: short, of letters, digits, dots and dashes.
fn model_id(text: &str) -> Option<ModelId> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    let fits = !text.is_empty() && text.len() <= MODEL_ID_BYTES_MAX;
    (fits && text.bytes().all(is_plain)).then(|| ModelId::new(text))
}

/// Ids in callback data are short and plain, whoever wrote them.
fn is_id(text: &str) -> bool {
    !text.is_empty() && text.len() <= 40 && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// What a user has, as the bot tells it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Balance {
    pub available: Money,
    /// Set aside for running jobs.
    pub held: Money,
}

/// Which page of the draft card is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardPage {
    Main,
    Shapes,
    Series,
}

/// What a card offers beside what is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardOffer {
    /// The models that make pictures, and what this one would cost by each.
    pub images: Vec<(ImageModel, Money)>,
    pub video: VideoOffer,
}

/// What a card offers of videos.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VideoOffer {
    /// Nothing: nobody makes videos.
    Nothing,
    /// A video instead of the picture that is asked for; whether there is one from the same
    /// inputs, or why not, is told then.
    Instead,
    /// It is a video, and this can be chosen.
    Choices(Box<Choices>),
}

/// What the bot says. A view turns it into words and buttons.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// Greets; tells the bonus if one was just given.
    Welcome {
        bonus: Option<Money>,
        balance: Balance,
    },
    Help,
    Balance(Balance),
    ChooseLanguage {
        current: Language,
    },
    LanguageChanged,
    UnknownCommand {
        name: String,
    },
    /// `/cancel` found nothing to cancel.
    NothingToCancel,
    /// `/cancel` withdrew this many drafts and queued jobs; what was held is back.
    Cancelled {
        drafts: u32,
        jobs: u32,
        running: u32,
        balance: Balance,
    },
    /// Pictures or clips came without words.
    AskWhatToDo {
        came: Came,
    },
    /// A picture is to move; the bot asks how.
    AskHowToMove,
    /// How to ask for a video.
    VideoHow,
    /// The draft card. `note` explains why it looks different from what the user expects.
    Card {
        draft: Box<Draft>,
        balance: Balance,
        page: CardPage,
        offer: CardOffer,
        note: Option<CardNote>,
    },
    /// The video cannot be made; nothing was changed.
    NoVideo(Missing),
    /// The draft was withdrawn.
    DraftDiscarded,
    Unsupported(Unsupported),
    /// What a boost costs, with a button that starts it.
    BoostOffer {
        usage: UsageId,
        tariff: Tariff,
        balance: Balance,
        refusal: Option<BoostRefusal>,
    },
    /// More requests than the rate allows; nothing is lost but the request itself.
    SlowDown {
        wait_secs: u64,
    },
    /// A user's spending caps and what is spent.
    Limits {
        limits: LimitsShown,
        /// What he just did to them.
        change: Option<CapsChange>,
        /// Names the message for its buttons; without it there are none.
        token: Option<Nonce>,
    },
    /// What was typed after `/limits` is no limit.
    LimitsUsage,
    /// `/stop` ends this many series after their running steps.
    SeriesStopping {
        count: u32,
    },
    /// A series goes no further than the step that just began.
    SeriesLastStep {
        step: u32,
        wanted: u32,
    },
    /// How a series ended.
    SeriesEnded {
        delivered: u32,
        wanted: u32,
        charged: Money,
        took_secs: u64,
        reason: SeriesEnd,
        balance: Balance,
    },
    /// `/stop` found nothing that runs.
    NothingRuns,
    /// A page of the statement; `token` names the message for its buttons.
    History {
        page: Page,
        standing: Standing,
        token: Nonce,
    },
    /// A page of usage sessions.
    Sessions {
        page: SessionPage,
        token: Nonce,
    },
    /// How to name a month.
    StatementHow,
    /// Nothing moved in that month.
    StatementEmpty {
        month: Month,
    },
    /// There is no movement to give a receipt for.
    ReceiptNothing,
    /// What to do with the receipt that comes as a file; where it can be checked, if the house
    /// has a public address.
    ReceiptHow {
        page: Option<String>,
    },
    /// A request of ours could not be kept; nothing was charged.
    TryLater,
    /// To admins, and about what they did.
    Admin(Box<AdminReply>),
    /// Top-ups and refunds.
    Topup(TopupReply),
}

/// A user's caps as he sees them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LimitsShown {
    /// What holds.
    pub caps: Caps,
    /// What the house or an admin allows.
    pub allowed: Caps,
    /// What the user set himself.
    pub own: Caps,
    pub spent_hour: Money,
    pub spent_day: Money,
    pub hour_frees_at: Moment,
    pub day_frees_at: Moment,
}

impl LimitsShown {
    /// The sums that are offered as buttons: no more than is allowed.
    pub fn offered(&self, period: Period) -> Vec<Money> {
        let allowed = self.allowed.of(period);
        let fits = |cap: &Money| allowed.is_none_or(|allowed| *cap <= allowed);
        period.offered_caps().into_iter().filter(fits).collect()
    }

    /// What is allowed in a period where the user's own cap is above it and so without effect.
    pub fn without_effect(&self, period: Period) -> Option<Money> {
        let (allowed, own) = (self.allowed.of(period)?, self.own.of(period)?);
        (own > allowed).then_some(allowed)
    }
}

/// Why a boost did not start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BoostRefusal {
    /// What is missing for the first window.
    NotEnough { missing: Money },
    /// A cap does not cover it; when its window frees up.
    Cap { frees_at: Moment },
    /// The user may not order.
    Banned,
    /// The price of the button is not today's.
    PriceChanged,
}

/// A line above the card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardNote {
    /// The price lock ran out; this is the price of now.
    PriceRenewed,
    /// The button belonged to an older state of the card.
    CardChanged,
    /// It failed before, and the house offers it once more.
    OfferedAgain,
    /// What is missing; the draft is kept.
    NotEnough { missing: Money },
    /// A cap does not cover it; the draft is kept.
    Capped {
        scope: Scope,
        period: Period,
        limit: Money,
        /// When the window frees up.
        frees_at: Moment,
    },
    /// Too much was ordered lately; the draft is kept.
    SlowDown { wait_secs: u64 },
}

/// A short answer to a tap, shown over the chat for a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Toast {
    /// Nothing to say; ends the spinner.
    Silent,
    /// The request is on its way.
    Accepted,
    /// A double tap: it runs already.
    AlreadyRunning,
    /// It was withdrawn before.
    AlreadyCancelled,
    /// The button is of an older card.
    Outdated,
    NotEnough,
    /// A cap or the rate does not allow it now; the card says until when.
    Limited,
    JobCancelled,
    /// It will end within a moment.
    Stopping,
    /// The provider has it already; cancelling is no longer free.
    TooLateToCancel,
    /// It is finished already.
    AlreadyFinished,
    SendingFile,
    /// Not the user's, or gone: the same answer for both.
    NotFound,
    /// The result was kept for its time and is removed.
    KeptNoLonger,
    /// The result is a favourite now and is not removed.
    Favoured,
    /// It is none any more.
    FavouredNoLonger,
    /// The user has as many favourites as he may.
    FavouritesFull,
    TryLater,
    /// The user may not order; a message says why.
    Banned,
    /// Whoever asked for an act cannot be the second one to agree.
    AnotherAdmin,
}

/// Trims a prompt and checks its length.
pub fn check_prompt(text: &str) -> Result<String, Unsupported> {
    let prompt = text.trim();
    if prompt.is_empty() {
        return Err(Unsupported::Empty);
    }
    if prompt.chars().count() > PROMPT_CHARS_MAX {
        return Err(Unsupported::TooLong);
    }
    Ok(prompt.to_owned())
}

/// A result that the bot sent: what a reply to it means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentResult {
    pub job: JobId,
    pub input: Input,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn every_tap() -> Vec<Tap> {
        let draft = DraftId::new("0190a1b2c3d47e5f8a9b0c1d2e3f4a5b");
        let job = JobId::new("0190a1b2c3d47e5f8a9b0c1d2e3f4a5b");
        let mut taps = vec![
            Tap::Confirm {
                draft: draft.clone(),
                nonce: Nonce::new("0123456789abcdef"),
            },
            Tap::Discard {
                draft: draft.clone(),
            },
            Tap::ShowAspects {
                draft: draft.clone(),
            },
            Tap::ShowCard {
                draft: draft.clone(),
            },
            Tap::ShowSeries {
                draft: draft.clone(),
            },
            Tap::StartSeries {
                draft: draft.clone(),
                nonce: Nonce::new("0123456789abcdef"),
                count: 8,
            },
            Tap::CancelJob { job: job.clone() },
            Tap::Again { job: job.clone() },
            Tap::EditResult { job: job.clone() },
            Tap::Animate { job: job.clone() },
            Tap::AsFile { job: job.clone() },
            Tap::Favour { job },
            Tap::StartBoost {
                usage: UsageId::new("0190a1b2c3d47e5f8a9b0c1d2e3f4a5b"),
                rate: Money::from_kopecks(123_456),
            },
            Tap::StopBoost {
                usage: UsageId::new("0190a1b2c3d47e5f8a9b0c1d2e3f4a5b"),
            },
            Tap::Receipt(Proving::Rows {
                from: 1,
                to: i64::MAX,
            }),
            Tap::Receipt(Proving::Topup(TopupId::new(
                "0190a1b2c3d47e5f8a9b0c1d2e3f4a5b",
            ))),
        ];
        let token = Nonce::new("0123456789abcdef");
        for place in [
            Place::Newest,
            Place::Before(i64::MAX),
            Place::After(i64::MAX),
        ] {
            let token = token.clone();
            taps.push(Tap::History { token, place });
        }
        let usage = UsageId::new("0190a1b2c3d47e5f8a9b0c1d2e3f4a5b");
        for before in [None, Some(usage)] {
            let token = token.clone();
            taps.push(Tap::Sessions { token, before });
        }
        let message = token.clone();
        taps.push(Tap::CloseLimits { token: message });
        for period in Period::ALL {
            for limit in [None, Some(Money::from_kopecks(i64::MAX))] {
                let token = token.clone();
                taps.push(Tap::SetLimit {
                    token,
                    period,
                    limit,
                });
            }
        }
        for aspect in Aspect::ALL {
            let draft = draft.clone();
            taps.push(Tap::SetAspect { draft, aspect });
        }
        for size in Size::ALL {
            let draft = draft.clone();
            taps.push(Tap::SetSize { draft, size });
        }
        for kind in Kind::ALL {
            let draft = draft.clone();
            taps.push(Tap::SetKind { draft, kind });
        }
        for quality in Quality::ALL {
            let draft = draft.clone();
            taps.push(Tap::SetQuality { draft, quality });
        }
        for sound in Sound::ALL {
            let draft = draft.clone();
            taps.push(Tap::SetSound { draft, sound });
        }
        for clip_use in ClipUse::ALL {
            let draft = draft.clone();
            taps.push(Tap::SetClipUse { draft, clip_use });
        }
        taps.push(Tap::SetModel {
            draft: draft.clone(),
            model: ModelId::new("m".repeat(MODEL_ID_BYTES_MAX)),
        });
        taps.push(Tap::SetModel {
            draft: draft.clone(),
            model: ModelId::new("kling-3.0"),
        });
        taps.push(Tap::SetSeconds { draft, seconds: 10 });
        for language in Language::ALL {
            taps.push(Tap::SetLanguage { language });
        }
        for press in [Press::Allow, Press::Drop] {
            let act = ActId::new("0190a1b2c3d47e5f8a9b0c1d2e3f4a5b");
            let nonce = Nonce::new("0123456789abcdef");
            taps.push(Tap::Act { act, nonce, press });
        }
        taps
    }

    #[test]
    fn every_button_fits_64_bytes_and_reads_back() {
        for tap in every_tap() {
            let data = tap.render();
            assert!(data.len() <= 64, "{data}");
            assert_eq!(Tap::parse(&data), Ok(tap));
        }
    }

    proptest! {
        #[test]
        fn forged_data_never_panics_and_never_becomes_another_button(data in "\\PC{0,80}") {
            if let Ok(tap) = Tap::parse(&data) {
                prop_assert_eq!(tap.render(), data);
            }
        }
    }

    #[test]
    fn a_client_without_a_language_is_greeted_in_russian() {
        assert_eq!(Language::from_tag(None), Language::Russian);
        assert_eq!(Language::from_tag(Some("ru-RU")), Language::Russian);
        assert_eq!(Language::from_tag(Some("en-GB")), Language::English);
        assert_eq!(Language::from_tag(Some("de")), Language::English);
    }

    #[test]
    fn empty_and_endless_prompts_are_refused() {
        assert_eq!(check_prompt("  \n "), Err(Unsupported::Empty));
        assert_eq!(
            check_prompt(&"ы".repeat(PROMPT_CHARS_MAX + 1)),
            Err(Unsupported::TooLong)
        );
        assert_eq!(check_prompt("  кот "), Ok("кот".to_owned()));
    }
}
