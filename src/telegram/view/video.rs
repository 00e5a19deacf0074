//! Videos on the draft card: how one is to look, what else can be chosen, and why not.

use rei_actors::ports::view::{Button, Rendered};
use rei_domain::catalogue::{Choices, Missing};
use rei_domain::conversation::{Tap, VideoOffer};
use rei_domain::draft::Draft;
use rei_domain::ids::ModelId;
use rei_domain::spec::{Aspect, ClipUse, Kind, Mode, Output, Quality, Sound, Spec, VideoLook};

use super::replies;
use super::words::{Args, Words, labelled};

/// A model as users read it: `kling-3.0` is Kling 3.0.
fn name(model: &ModelId) -> String {
    let words = model.as_str().split('-').map(|word| {
        let mut letters = word.chars();
        let first = letters.next().into_iter().flat_map(char::to_uppercase);
        first.chain(letters).collect::<String>()
    });
    words.collect::<Vec<_>>().join(" ")
}

/// Model, length, quality, sound and shape in one line.
pub(super) fn look(words: Words<'_>, look: &VideoLook, mode: Mode) -> String {
    let sound = match (mode, look.sound) {
        (Mode::TextToVideo | Mode::ImageToVideo, Sound::On) => "video-sound-on",
        (Mode::VideoToVideo | Mode::Motion, Sound::On) => "video-sound-kept",
        (_, Sound::Off) => "video-sound-off",
        (Mode::Generate | Mode::Edit, Sound::On) => "video-sound-on",
    };
    let args = Args::new()
        .text("model", &name(&look.model))
        .text("length", &length(words, look.seconds))
        .text("quality", quality(look.quality))
        .text("sound", &words.say(sound));
    let line = words.tell("video-look", args);
    match look.aspect {
        Aspect::Auto => line,
        aspect => format!("{line} · {}", words.shape(mode, aspect)),
    }
}

fn length(words: Words<'_>, seconds: u32) -> String {
    words.tell("video-seconds", Args::new().number("seconds", seconds))
}

fn quality(quality: Quality) -> &'static str {
    match quality {
        Quality::Standard => "720p",
        Quality::Professional => "1080p",
        Quality::FourK => "4K",
    }
}

/// What a second costs, when it says more than the price.
pub(super) fn rate(words: Words<'_>, spec: &Spec, offer: &VideoOffer) -> Option<String> {
    let (Output::Video(look), VideoOffer::Choices(choices)) = (&spec.output, offer) else {
        return None;
    };
    let args = Args::new()
        .text("rate", &words.money(choices.rate?))
        .text("length", &length(words, look.seconds));
    Some(words.tell("video-rate", args))
}

/// Why some choices are not on the card, a line each.
pub(super) fn reasons(words: Words<'_>, spec: &Spec, offer: &VideoOffer) -> Vec<String> {
    let (Output::Video(look), VideoOffer::Choices(choices)) = (&spec.output, offer) else {
        return Vec::new();
    };
    let mut lines = Vec::new();
    for (model, reason) in &choices.models {
        if let Some(reason) = reason {
            let args = Args::new()
                .text("model", &name(model))
                .text("why", &missing(words, reason));
            lines.push(words.tell("video-without-model", args));
        }
    }
    for (other, reason) in &choices.qualities {
        if let Some(reason) = reason {
            let key = match (reason, look.sound) {
                (Missing::EndFrame, _) => "video-quality-no-end-frame",
                (_, Sound::On) => "video-quality-silent",
                (_, Sound::Off) => "video-quality-with-sound",
            };
            let args = Args::new().text("quality", quality(*other));
            lines.push(words.tell(key, args));
        }
    }
    for (sound, reason) in &choices.sounds {
        let key = match (sound, reason) {
            (_, None) => continue,
            (Sound::On, Some(Missing::EndFrame)) => "video-sound-no-end-frame",
            (Sound::On, Some(_)) => "video-sound-elsewhere",
            (Sound::Off, Some(_)) => "video-silence-elsewhere",
        };
        let args = Args::new().text("quality", quality(look.quality));
        lines.push(words.tell(key, args));
    }
    lines
}

/// The buttons of a video that can be ordered: what exists, the present choice marked.
pub(super) fn keyboard(
    words: Words<'_>,
    draft: &Draft,
    look: &VideoLook,
    choices: &Choices,
) -> Vec<Vec<Button>> {
    let id = || draft.id.clone();
    let mut rows = Vec::new();
    let models = choices
        .models
        .iter()
        .filter(|(_, missing)| missing.is_none());
    rows.push(row(models.map(|(model, _)| {
        let label = words.choice(&name(model), model, &look.model);
        let (draft, model) = (id(), model.clone());
        labelled(label, &Tap::SetModel { draft, model })
    })));
    rows.push(row(choices.seconds.iter().map(|seconds| {
        let label = words.choice(&length(words, *seconds), *seconds, look.seconds);
        let (draft, seconds) = (id(), *seconds);
        labelled(label, &Tap::SetSeconds { draft, seconds })
    })));
    let qualities = choices
        .qualities
        .iter()
        .filter(|(_, missing)| missing.is_none());
    rows.push(row(qualities.map(|(one, _)| {
        let label = words.choice(quality(*one), *one, look.quality);
        let (draft, quality) = (id(), *one);
        labelled(label, &Tap::SetQuality { draft, quality })
    })));
    let sounds = choices
        .sounds
        .iter()
        .filter(|(_, missing)| missing.is_none());
    rows.push(row(sounds.map(|(one, _)| {
        let key = match one {
            Sound::Off => "button-sound-off",
            Sound::On => "button-sound-on",
        };
        let label = words.choice(&words.say(key), *one, look.sound);
        let (draft, sound) = (id(), *one);
        labelled(label, &Tap::SetSound { draft, sound })
    })));
    rows.push(row(choices.aspects.iter().map(|one| {
        let label = words.choice(&words.shape(draft.spec.mode(), *one), *one, look.aspect);
        let (draft, aspect) = (id(), *one);
        labelled(label, &Tap::SetAspect { draft, aspect })
    })));
    rows.push(row(choices.clip_uses.iter().map(|one| {
        let key = match one {
            ClipUse::Edit => "button-clip-edit",
            ClipUse::Motion => "button-clip-motion",
        };
        let label = words.choice(&words.say(key), *one, look.clip_use);
        let (draft, clip_use) = (id(), *one);
        labelled(label, &Tap::SetClipUse { draft, clip_use })
    })));
    // One choice is none.
    rows.retain(|row| row.len() > 1);
    rows
}

fn row(buttons: impl Iterator<Item = Button>) -> Vec<Button> {
    buttons.collect()
}

/// The button that makes a video of the picture that is asked for, or a picture again.
pub(super) fn switch(words: Words<'_>, draft: &Draft, offer: &VideoOffer) -> Option<Button> {
    let (key, kind) = match (offer, &draft.spec.output) {
        (VideoOffer::Nothing, _) => return None,
        (_, Output::Image(_)) => ("button-as-video", Kind::Video),
        (_, Output::Video(_)) if draft.spec.clip().is_some() => return None,
        (_, Output::Video(_)) => ("button-as-picture", Kind::Image),
    };
    let draft = draft.id.clone();
    Some(words.button(key, &Tap::SetKind { draft, kind }))
}

/// That a video cannot be made, and why.
pub(super) fn refused(words: Words<'_>, reason: &Missing) -> Rendered {
    let args = Args::new().text("why", &missing(words, reason));
    replies::plain(words.tell("video-refused", args))
}

/// A day of the catalogue, `2026-09-15`, as people write it: `15.09.2026`.
fn shown_day(day: &str) -> String {
    day.rsplit('-').collect::<Vec<_>>().join(".")
}

/// A reason, as the end of a sentence.
fn missing(words: Words<'_>, reason: &Missing) -> String {
    match reason {
        Missing::NoVideo | Missing::Model | Missing::Price => words.say("video-why-unknown"),
        Missing::Retired {
            day, replacement, ..
        } => {
            let args = Args::new()
                .text("day", &shown_day(day))
                .text("replacement", &name(replacement));
            words.tell("video-why-retired", args)
        }
        Missing::Way { mode, .. } => words.say(match mode {
            Mode::TextToVideo => "video-why-no-text",
            Mode::ImageToVideo => "video-why-no-picture",
            Mode::VideoToVideo => "video-why-no-clip",
            Mode::Motion => "video-why-no-motion",
            Mode::Generate | Mode::Edit => "video-why-unknown",
        }),
        Missing::NeedsPicture => words.say("video-why-needs-picture"),
        Missing::TooManyPictures { max } => {
            let max = u64::try_from(*max).unwrap_or(u64::MAX);
            words.tell(
                "video-why-too-many-pictures",
                Args::new().number("max", max),
            )
        }
        Missing::TooManyClips => words.say("video-why-too-many-clips"),
        Missing::Prompt { chars_max } => {
            let chars = u64::try_from(*chars_max).unwrap_or(u64::MAX);
            words.tell("video-why-prompt", Args::new().number("chars", chars))
        }
        Missing::ClipLength { min_secs, max_secs } => {
            let args = Args::new()
                .number("min", *min_secs)
                .number("max", *max_secs);
            words.tell("video-why-clip-length", args)
        }
        Missing::ClipPixels { side_min, side_max } => {
            let args = Args::new()
                .number("min", *side_min)
                .number("max", *side_max);
            words.tell("video-why-clip-pixels", args)
        }
        Missing::PicturePixels { side_min } => {
            let args = Args::new().number("min", *side_min);
            words.tell("video-why-picture-pixels", args)
        }
        Missing::PictureKind => words.say("video-why-picture-kind"),
        Missing::Narrow { ratio_max_percent } => {
            let args = Args::new().text("times", &words.hundredths(*ratio_max_percent));
            words.tell("video-why-narrow", args)
        }
        Missing::Seconds
        | Missing::Aspect
        | Missing::Quality
        | Missing::Sound
        | Missing::EndFrame => words.say("video-why-combination"),
    }
}
