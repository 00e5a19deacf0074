//! Samples for the tests: every reply, every state of a job with every ending, every toast.

mod admin;

use rei_actors::ports::jobs::Job;
use rei_actors::ports::view::{JobFacts, Rendered, UsageFacts, View};
use rei_domain::billing::Ending;
use rei_domain::conversation::{
    Balance, BoostRefusal, CardNote, CardOffer, CardPage, Language, Reply, Toast, Unsupported,
    VideoOffer,
};
use rei_domain::draft::{Draft, DraftState};
use rei_domain::eta::Range;
use rei_domain::ids::{
    AssetId, ChatId, DraftId, Fence, HoldId, JobId, ModelId, Nonce, UsageId, UserId,
};
use rei_domain::job::{JobState, LaneName};
use rei_domain::ledger::caps::{Period, Scope};
use rei_domain::metering::{Meter, Tariff};
use rei_domain::money::Money;
use rei_domain::series::SeriesEnd;
use rei_domain::spec::{Aspect, Came, ImageLook, ImageModel, Input, Output, Size, Spec};
use rei_domain::time::{Moment, Span};
use rei_domain::usage::{Usage, UsageEnd};

use super::FluentView;

mod limits;
mod statements;
mod videos;

/// 15:00 in Moscow.
const CREATED: Moment = Moment(1_800_014_400_000_000);

const ID: &str = "0190a1b2c3d47e5f8a9b0c1d2e3f4a5b";

/// What a sample is, with what the view makes of it.
pub(super) struct Sample {
    pub title: String,
    pub rendered: Rendered,
}

pub(super) fn roubles(roubles: i64) -> Money {
    Money::from_kopecks(roubles * 100)
}

pub(super) fn balance() -> Balance {
    Balance {
        available: Money::from_kopecks(123_450),
        held: roubles(25),
    }
}

pub(super) fn spec(prompt: &str, inputs: usize) -> Spec {
    Spec {
        prompt: prompt.to_owned(),
        output: Output::Image(ImageLook::default()),
        inputs: vec![Input::sent_picture("file", None); inputs],
    }
}

pub(super) fn draft(spec: Spec) -> Draft {
    Draft {
        id: DraftId::new(ID),
        user: UserId(7),
        chat: ChatId(7),
        state: DraftState::Open,
        spec,
        price: roubles(25),
        nonce: Nonce::new("0123456789abcdef"),
        created_at: CREATED,
        expires_at: CREATED + Span::from_secs(15 * 60),
    }
}

fn offer() -> CardOffer {
    CardOffer {
        images: vec![
            (ImageModel::Pro, roubles(25)),
            (ImageModel::Two, roubles(13)),
        ],
        video: VideoOffer::Instead,
    }
}

pub(super) fn card(draft: Draft, note: Option<CardNote>) -> Reply {
    Reply::Card {
        draft: Box::new(draft),
        balance: balance(),
        page: CardPage::Main,
        offer: offer(),
        note,
    }
}

pub(super) fn facts(spec: Spec, state: JobState) -> JobFacts {
    let job = Job {
        id: JobId::new(ID),
        draft: DraftId::new(ID),
        user: UserId(7),
        chat: ChatId(7),
        hold: HoldId::new(ID),
        lane: LaneName::Normal,
        model: ModelId::new("model"),
        spec,
        price: roubles(25),
        state,
        fence: Fence(1),
        attempt: 0,
        provider: None,
        provider_job: None,
        result: Some(AssetId::new(ID)),
        ending: None,
        created_at: CREATED,
        deadline_at: CREATED + Span::from_secs(15 * 60),
        finished_at: None,
    };
    JobFacts {
        job,
        balance: balance(),
        position: None,
        eta: None,
        now: CREATED + Span::from_secs(21),
    }
}

/// Everything the bot can say with a message.
pub(super) fn all(view: &FluentView, language: Language) -> Vec<Sample> {
    let mut samples = Vec::new();
    for (title, reply) in replies()
        .into_iter()
        .chain(boost_offers())
        .chain(series_ends())
        .chain(limits::replies())
        .chain(statements::replies())
        .chain(videos::replies())
    {
        let rendered = view.reply(language, &reply);
        samples.push(Sample { title, rendered });
    }
    samples.extend(super::topup_samples::all(view, language));
    for (title, facts) in jobs().into_iter().chain(videos::jobs()) {
        let rendered = view.progress(language, &facts);
        samples.push(Sample { title, rendered });
    }
    for (title, facts) in results().into_iter().chain(videos::results()) {
        let rendered = view.result(language, &facts);
        samples.push(Sample { title, rendered });
    }
    samples.extend(linked_results(view, language));
    samples.extend(boosts(view, language));
    for (title, reply) in admin::replies() {
        let rendered = view.reply(language, &Reply::Admin(Box::new(reply)));
        samples.push(Sample { title, rendered });
    }
    samples
}

fn replies() -> Vec<(String, Reply)> {
    let mut replies = vec![
        (
            "welcome, with a bonus".to_owned(),
            Reply::Welcome {
                bonus: Some(roubles(500)),
                balance: Balance {
                    available: roubles(500),
                    held: Money::ZERO,
                },
            },
        ),
        (
            "welcome, known already".to_owned(),
            Reply::Welcome {
                bonus: None,
                balance: Balance::default(),
            },
        ),
        ("help".to_owned(), Reply::Help),
        (
            "balance, something held".to_owned(),
            Reply::Balance(balance()),
        ),
        (
            "balance, empty".to_owned(),
            Reply::Balance(Balance::default()),
        ),
        ("language changed".to_owned(), Reply::LanguageChanged),
        ("nothing runs".to_owned(), Reply::NothingRuns),
        ("limits, misused".to_owned(), Reply::LimitsUsage),
        ("too fast".to_owned(), Reply::SlowDown { wait_secs: 41 }),
        (
            "card, capped".to_owned(),
            card(
                draft(spec("кот", 0)),
                Some(CardNote::Capped {
                    scope: Scope::User(UserId(7)),
                    period: Period::Hour,
                    limit: roubles(500),
                    frees_at: CREATED,
                }),
            ),
        ),
        (
            "card, the platform is capped".to_owned(),
            card(
                draft(spec("кот", 0)),
                Some(CardNote::Capped {
                    scope: Scope::Platform,
                    period: Period::Day,
                    limit: roubles(500),
                    frees_at: CREATED,
                }),
            ),
        ),
        (
            "card, offered again".to_owned(),
            card(draft(spec("кот", 0)), Some(CardNote::OfferedAgain)),
        ),
        (
            "card, too much at once".to_owned(),
            card(
                draft(spec("кот", 0)),
                Some(CardNote::SlowDown { wait_secs: 62 }),
            ),
        ),
        (
            "series, stopping".to_owned(),
            Reply::SeriesStopping { count: 1 },
        ),
        (
            "series, last step".to_owned(),
            Reply::SeriesLastStep { step: 2, wanted: 4 },
        ),
        (
            "unknown command".to_owned(),
            Reply::UnknownCommand {
                name: "<b>refund".into(),
            },
        ),
        ("nothing to cancel".to_owned(), Reply::NothingToCancel),
        ("draft discarded".to_owned(), Reply::DraftDiscarded),
        ("try later".to_owned(), Reply::TryLater),
    ];
    for current in Language::ALL {
        let title = format!("choose a language, now {current:?}");
        replies.push((title, Reply::ChooseLanguage { current }));
    }
    for (drafts, jobs, running) in [(1, 0, 0), (0, 1, 0), (0, 0, 1), (2, 3, 4), (5, 11, 21)] {
        let reply = Reply::Cancelled {
            drafts,
            jobs,
            running,
            balance: balance(),
        };
        let title = format!("cancelled {drafts} drafts, {jobs} jobs, {running} run");
        replies.push((title, reply));
    }
    for pictures in [1, 2, 5] {
        let title = format!("ask what to do with {pictures}");
        replies.push((
            title,
            Reply::AskWhatToDo {
                came: Came::Pictures(pictures),
            },
        ));
    }
    for what in [
        Unsupported::Sticker,
        Unsupported::Voice,
        Unsupported::Video,
        Unsupported::File,
        Unsupported::TooManyPixels,
        Unsupported::Gone,
        Unsupported::TooLarge,
        Unsupported::TooLargeTogether {
            bytes_max: 15_000_000,
        },
        Unsupported::TooLong,
        Unsupported::Empty,
        Unsupported::TooManyPictures,
        Unsupported::Other,
    ] {
        let title = format!("unsupported, {what:?}");
        replies.push((title, Reply::Unsupported(what)));
    }
    replies.extend(cards());
    replies
}

fn cards() -> Vec<(String, Reply)> {
    let words = "рыжий кот в скафандре & <луна>";
    let mut wide = draft(spec(words, 0));
    wide.spec.output = Output::Image(ImageLook {
        model: ImageModel::Two,
        aspect: Aspect::Wide21x9,
        size: Size::FourK,
    });
    wide.price = Money::from_kopecks(12_050);
    let shapes = Reply::Card {
        draft: Box::new(draft(spec(words, 2))),
        balance: balance(),
        page: CardPage::Shapes,
        offer: offer(),
        note: None,
    };
    let poor = Reply::Card {
        draft: Box::new(draft(spec(words, 0))),
        balance: Balance {
            available: roubles(10),
            held: Money::ZERO,
        },
        page: CardPage::Main,
        offer: offer(),
        note: None,
    };
    let refused = Reply::Card {
        draft: Box::new(draft(spec(words, 0))),
        balance: Balance {
            available: roubles(10),
            held: Money::ZERO,
        },
        page: CardPage::Main,
        offer: offer(),
        note: Some(CardNote::NotEnough {
            missing: roubles(15),
        }),
    };
    let mut cards = vec![
        (
            "card, a new picture".to_owned(),
            card(draft(spec(words, 0)), None),
        ),
        (
            "card, edit of 1".to_owned(),
            card(draft(spec(words, 1)), None),
        ),
        (
            "card, edit of 2".to_owned(),
            card(draft(spec(words, 2)), None),
        ),
        (
            "card, edit of 5".to_owned(),
            card(draft(spec(words, 5)), None),
        ),
        ("card, wide and large".to_owned(), card(wide, None)),
        ("card, the shapes".to_owned(), shapes),
        ("card, the balance is short".to_owned(), poor),
        ("card, the ledger refused".to_owned(), refused),
        (
            "card, price renewed".to_owned(),
            card(draft(spec(words, 0)), Some(CardNote::PriceRenewed)),
        ),
        (
            "card, changed".to_owned(),
            card(draft(spec(words, 0)), Some(CardNote::CardChanged)),
        ),
        (
            "card, a folded prompt".to_owned(),
            card(draft(spec("длинный запрос ".repeat(20).trim(), 0)), None),
        ),
    ];
    for state in [
        DraftState::Asking,
        DraftState::Confirmed(JobId::new(ID)),
        DraftState::Cancelled,
    ] {
        let title = format!("card of a draft that is {state:?}");
        let mut ended = draft(spec(words, 1));
        ended.state = state;
        cards.push((title, card(ended, None)));
    }
    cards
}

fn jobs() -> Vec<(String, JobFacts)> {
    let words = "рыжий кот в скафандре";
    let mut jobs = Vec::new();
    for state in JobState::ALL {
        let title = format!("progress, {}", state.as_str());
        jobs.push((title, facts(spec(words, 0), state)));
    }
    for ahead in [0, 1, 3, 11, 1_000] {
        let mut waiting = facts(spec(words, 2), JobState::Queued);
        waiting.position = Some(ahead);
        jobs.push((format!("progress, queued behind {ahead}"), waiting));
    }
    let foretold = |state, half, most| {
        let mut facts = facts(spec(words, 0), state);
        let (half, most) = (Span::from_secs(half), Span::from_secs(most));
        facts.eta = Some(Range { half, most });
        facts
    };
    let waits = foretold(JobState::Queued, 33, 71);
    jobs.push(("progress, foretold while it waits".to_owned(), waits));
    let runs = foretold(JobState::Running, 33, 71);
    jobs.push(("progress, foretold while it runs".to_owned(), runs));
    for state in [JobState::Queued, JobState::Running] {
        let title = format!("progress, {}, foretold exactly", state.as_str());
        jobs.push((title, foretold(state, 6, 9)));
    }
    let mut retried = facts(spec(words, 0), JobState::Queued);
    retried.job.attempt = 1;
    retried.now = CREATED + Span::from_secs(301);
    jobs.push(("progress, queued for another attempt".to_owned(), retried));
    for ending in Ending::ALL {
        let mut failed = facts(spec(words, 1), JobState::Failed);
        failed.job.ending = Some(ending);
        failed.job.finished_at = Some(CREATED + Span::from_secs(62));
        let title = format!("progress, failed by {}", ending.as_str());
        jobs.push((title, failed));
    }
    let mut refused = facts(spec(words, 0), JobState::Failed);
    refused.job.ending = Some(Ending::ModerationRefused);
    jobs.push(("progress, a new picture refused".to_owned(), refused));
    let mut delivered = facts(spec(words, 0), JobState::Delivered);
    delivered.job.ending = Some(Ending::Delivered);
    delivered.job.finished_at = Some(CREATED + Span::from_secs(62));
    jobs.push(("progress, delivered in 62 s".to_owned(), delivered));
    jobs
}

/// A result that is too large for the messenger, with and without an address.
fn linked_results(view: &FluentView, language: Language) -> Vec<Sample> {
    let facts = facts(spec("рыжий кот", 0), JobState::Settled);
    let link = Some("https://bot.example/assets/7/1/x/job.mp4");
    [("by a link", link), ("without one", None)]
        .map(|(title, link)| Sample {
            title: format!("result, too large, {title}"),
            rendered: view.linked_result(language, &facts, link),
        })
        .into()
}

fn results() -> Vec<(String, JobFacts)> {
    let mut large = facts(spec("кот & <луна>", 2), JobState::Settled);
    large.job.spec.output = Output::Image(ImageLook {
        model: ImageModel::Pro,
        aspect: Aspect::Landscape16x9,
        size: Size::FourK,
    });
    vec![
        (
            "result, a new picture".to_owned(),
            facts(spec("рыжий кот", 0), JobState::Settled),
        ),
        ("result, edit of 2".to_owned(), large),
        (
            "result, late".to_owned(),
            facts(spec("рыжий кот", 0), JobState::Failed),
        ),
    ]
}

const TARIFF: Tariff = Tariff {
    rate: Money::from_kopecks(10),
    window_secs: 60,
    lead_secs: 20,
};

/// A boost's offer, refused in every way.
fn boost_offers() -> Vec<(String, Reply)> {
    let missing = Money::from_kopecks(550);
    let refusals = [
        ("offered", None),
        ("too dear", Some(BoostRefusal::NotEnough { missing })),
        ("capped", Some(BoostRefusal::Cap { frees_at: CREATED })),
        ("banned", Some(BoostRefusal::Banned)),
        ("price changed", Some(BoostRefusal::PriceChanged)),
    ];
    let offers = refusals.map(|(title, refusal)| {
        let reply = Reply::BoostOffer {
            usage: UsageId::new(ID),
            tariff: TARIFF,
            balance: balance(),
            refusal,
        };
        (format!("boost, {title}"), reply)
    });
    offers.into()
}

/// A boost that runs, is about to end, and ended for every reason.
fn boosts(view: &FluentView, language: Language) -> Vec<Sample> {
    let mut meter = Meter::begin(TARIFF, CREATED);
    meter.metered = Span::from_secs(42);
    let mut facts = UsageFacts {
        usage: Usage {
            id: UsageId::new(ID),
            user: UserId(7),
            chat: ChatId(7),
            meter,
            charged: roubles(0),
            version: 3,
            stopping: None,
            started_at: CREATED,
            ended: None,
        },
        balance: balance(),
    };
    let mut samples = vec![Sample {
        title: "boost, running".to_owned(),
        rendered: view.usage(language, &facts),
    }];
    for reason in [UsageEnd::Balance, UsageEnd::Cap, UsageEnd::Banned] {
        facts.usage.stopping = Some(reason);
        samples.push(Sample {
            title: format!("boost, warned of {}", reason.as_str()),
            rendered: view.usage_warning(language, &facts),
        });
    }
    facts.usage.charged = meter.charge();
    for reason in UsageEnd::ALL {
        facts.usage.ended = Some((CREATED, reason));
        samples.push(Sample {
            title: format!("boost, ended by {}", reason.as_str()),
            rendered: view.usage(language, &facts),
        });
    }
    facts.usage.meter.metered = Span(0);
    samples.push(Sample {
        title: "boost, stopped at once".to_owned(),
        rendered: view.usage(language, &facts),
    });
    samples
}

/// A series that ended in every way, with every plural.
fn series_ends() -> Vec<(String, Reply)> {
    let delivered = [8, 1, 2, 0, 5, 0, 3];
    let ends = SeriesEnd::ALL.into_iter().zip(delivered);
    ends.map(|(reason, delivered)| {
        let reply = Reply::SeriesEnded {
            delivered,
            wanted: 8,
            charged: roubles(25 * i64::from(delivered)),
            took_secs: 62,
            reason,
            balance: balance(),
        };
        (format!("series, ended by {}", reason.as_str()), reply)
    })
    .collect()
}

/// Every toast.
pub(super) const TOASTS: [Toast; 20] = [
    Toast::Silent,
    Toast::Accepted,
    Toast::AlreadyRunning,
    Toast::AlreadyCancelled,
    Toast::Outdated,
    Toast::NotEnough,
    Toast::JobCancelled,
    Toast::Stopping,
    Toast::Limited,
    Toast::TooLateToCancel,
    Toast::AlreadyFinished,
    Toast::SendingFile,
    Toast::NotFound,
    Toast::KeptNoLonger,
    Toast::Favoured,
    Toast::FavouredNoLonger,
    Toast::FavouritesFull,
    Toast::TryLater,
    Toast::Banned,
    Toast::AnotherAdmin,
];
