//! Videos: cards with every kind of choice, refusals for every reason, progress and results.

use bigdecimal::BigDecimal;
use rei_actors::ports::view::JobFacts;
use rei_domain::catalogue::{Catalogue, Missing};
use rei_domain::conversation::{CardOffer, CardPage, Reply, VideoOffer};
use rei_domain::ids::ModelId;
use rei_domain::job::JobState;
use rei_domain::spec::{
    Came, Clip, ClipUse, Input, Media, Mode, Output, Quality, Sound, Spec, VideoLook,
};

use super::{balance, draft, facts};
use crate::config::built_in_catalogue;

fn catalogue() -> Catalogue {
    let everything = built_in_catalogue(&BigDecimal::from(90)).expect("it is checked by a test");
    everything.of_providers(|_, model, _| model.sunset.is_none())
}

fn picture() -> Input {
    Input::sent_picture("file", None)
}

fn clip() -> Input {
    let clip = Clip {
        millis: 7_400,
        width: 1_280,
        height: 720,
    };
    Input {
        media: Media::Clip(clip),
        ..picture()
    }
}

/// A video that can be ordered, as near as possible to what is asked.
fn spec(inputs: Vec<Input>, change: impl FnOnce(&mut VideoLook)) -> Spec {
    let prompt = "кот бежит по Луне & <машет>".to_owned();
    let first = catalogue().first_look(&prompt, &inputs);
    let mut look = first.expect("a model makes it");
    change(&mut look);
    let spec = Spec {
        prompt,
        output: Output::Video(look),
        inputs,
    };
    catalogue().settle(spec).expect("it can be settled")
}

fn specs() -> Vec<(&'static str, Spec)> {
    let older = |look: &mut VideoLook| look.model = ModelId::new("kling-2.6");
    let with_sound = |look: &mut VideoLook| {
        older(look);
        look.quality = Quality::Professional;
        look.sound = Sound::On;
    };
    let as_motion = |look: &mut VideoLook| look.clip_use = ClipUse::Motion;
    vec![
        ("from words", spec(Vec::new(), |_| ())),
        ("from words by 2.6", spec(Vec::new(), older)),
        ("from words by 2.6 with sound", spec(Vec::new(), with_sound)),
        ("from a photo", spec(vec![picture()], |_| ())),
        (
            "from two photos by 2.6",
            spec(vec![picture(), picture()], older),
        ),
        ("from a clip", spec(vec![clip()], |_| ())),
        ("motion", spec(vec![picture(), clip()], as_motion)),
    ]
}

pub(super) fn replies() -> Vec<(String, Reply)> {
    let mut replies: Vec<(String, Reply)> = Vec::new();
    for (title, spec) in specs() {
        let choices = catalogue().choices(&spec);
        let mut draft = draft(spec);
        draft.price = catalogue().quote(&draft.spec).expect("it can be ordered");
        let reply = Reply::Card {
            draft: Box::new(draft),
            balance: balance(),
            page: CardPage::Main,
            offer: CardOffer {
                images: Vec::new(),
                video: VideoOffer::Choices(Box::new(choices)),
            },
            note: None,
        };
        replies.push((format!("card, video {title}"), reply));
    }
    for reason in reasons() {
        let title = format!("no video: {reason}");
        replies.push((title, Reply::NoVideo(reason)));
    }
    let asking = Reply::AskWhatToDo { came: Came::Clip };
    replies.push(("ask what to do with a clip".to_owned(), asking));
    replies.push(("ask how to move".to_owned(), Reply::AskHowToMove));
    replies.push(("how to ask for a video".to_owned(), Reply::VideoHow));
    replies
}

fn reasons() -> Vec<Missing> {
    vec![
        Missing::Model,
        Missing::Retired {
            day: "2026-09-15".to_owned(),
            replacement: ModelId::new("kling-2.6"),
        },
        Missing::Way {
            mode: Mode::TextToVideo,
        },
        Missing::Way {
            mode: Mode::VideoToVideo,
        },
        Missing::NeedsPicture,
        Missing::TooManyPictures { max: 0 },
        Missing::TooManyPictures { max: 2 },
        Missing::TooManyClips,
        Missing::Prompt { chars_max: 2_500 },
        Missing::ClipLength {
            min_secs: 3,
            max_secs: 15,
        },
        Missing::ClipPixels {
            side_min: 700,
            side_max: 4_553,
        },
        Missing::PicturePixels { side_min: 300 },
        Missing::PictureKind,
        Missing::Narrow {
            ratio_max_percent: 250,
        },
        Missing::Sound,
    ]
}

pub(super) fn jobs() -> Vec<(String, JobFacts)> {
    let states = [
        JobState::Queued,
        JobState::Running,
        JobState::Rendered,
        JobState::Settled,
        JobState::Unknown,
        JobState::Failed,
    ];
    let job = |state: JobState| {
        let title = format!("progress of a video, {}", state.as_str());
        (title, facts(spec(Vec::new(), |_| ()), state))
    };
    states.map(job).into()
}

pub(super) fn results() -> Vec<(String, JobFacts)> {
    let result = |(title, spec)| {
        let title = format!("result, video {title}");
        (title, facts(spec, JobState::Settled))
    };
    specs().into_iter().map(result).collect()
}
