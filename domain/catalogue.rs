//! The catalogue of video models: what exists, what it costs, and why something else does not.
//!
//! A model makes videos in some ways (from words, from pictures, from a clip); a way has its
//! lengths, shapes and rates. A combination exists exactly if its rate stands in the catalogue
//! and somebody who is set up makes it. Promises that what is offered can be ordered, and that
//! what cannot be ordered has a reason. It chooses no provider: that is routing.

use std::collections::BTreeMap;

use crate::ids::ModelId;
use crate::money::Money;
use crate::spec::{
    Aspect, Clip, ClipUse, FRAMES_MAX, Input, Mode, Output, Quality, Sound, Spec, StillKind,
    VideoLook,
};

/// What the providers make, in the order in which it is offered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Catalogue {
    pub models: Vec<Model>,
    /// What every input picture must be like.
    pub pictures: PictureLimits,
}

/// What a picture must be like to become a part of a video.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PictureLimits {
    /// The shortest side taken, in pixels.
    pub side_min: u32,
    /// The longer side over the shorter one, in percent.
    pub ratio_max_percent: u32,
    pub kinds: Vec<StillKind>,
}

impl Default for PictureLimits {
    /// No limits.
    fn default() -> Self {
        PictureLimits {
            side_min: 0,
            ratio_max_percent: u32::MAX,
            kinds: StillKind::ALL.to_vec(),
        }
    }
}

/// What a clip must be like for one provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClipLimits {
    /// The shortest and the longest, in milliseconds.
    pub millis: (u32, u32),
    /// The shortest and the longest side, in pixels.
    pub sides: (u32, u32),
    /// Width times height, in pixels.
    pub area_max: u64,
    /// The longer side over the shorter one, in percent.
    pub ratio_max_percent: u32,
}

/// A model as it is sold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Model {
    pub id: ModelId,
    /// The longest prompt, in characters.
    pub prompt_chars_max: usize,
    /// Since when its maker has not run it any more, and what to take instead.
    pub sunset: Option<Sunset>,
    pub ways: Vec<Way>,
}

/// The end of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sunset {
    /// The day, as people write it: `2026-09-15`.
    pub day: String,
    pub replacement: ModelId,
}

/// One way in which a model makes videos.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    pub mode: Mode,
    pub length: Length,
    /// Shapes to choose from; empty where the shape follows an input.
    pub aspects: Vec<Aspect>,
    /// Input pictures, at most.
    pub pictures_max: usize,
    /// What the providers want of a clip beside its length; who is not there wants nothing more.
    pub clips: BTreeMap<String, ClipLimits>,
    pub rates: Vec<Rate>,
}

/// How long a video can be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Length {
    /// One of these, in seconds.
    Choice(Vec<u32>),
    /// As long as the input clip, which is between these, in milliseconds.
    AsClip { min: u32, max: u32 },
}

/// A combination of quality and sound, with its price.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rate {
    pub quality: Quality,
    pub sound: Sound,
    /// Whether a second picture, the last frame, can be given.
    pub end_frame: EndFrame,
    /// What the user pays for a second.
    pub price: Money,
    /// What each provider that makes it takes for a second, in thousandths of a kopeck.
    pub costs: BTreeMap<String, i64>,
}

/// Whether a combination takes a last frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndFrame {
    Taken,
    NotTaken,
}

/// Why a combination cannot be ordered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Missing {
    #[error("the request is none for a video")]
    NoVideo,
    #[error("the model is not in the catalogue")]
    Model,
    #[error("nobody who is set up runs the model any more")]
    Retired { day: String, replacement: ModelId },
    #[error("the model does not make videos in this way")]
    Way { mode: Mode },
    #[error("a picture is needed beside the clip")]
    NeedsPicture,
    #[error("there are more pictures than the model takes")]
    TooManyPictures { max: usize },
    #[error("there is more than one clip")]
    TooManyClips,
    #[error("the prompt is longer than the model takes")]
    Prompt { chars_max: usize },
    #[error("the length is not offered")]
    Seconds,
    #[error("the clip is shorter or longer than the model takes")]
    ClipLength { min_secs: u32, max_secs: u32 },
    #[error("the clip has fewer or more pixels than the model takes")]
    ClipPixels { side_min: u32, side_max: u32 },
    #[error("a picture has fewer pixels than the model takes")]
    PicturePixels { side_min: u32 },
    #[error("the model does not take pictures of this kind")]
    PictureKind,
    #[error("one side of an input is too long for the other")]
    Narrow { ratio_max_percent: u32 },
    #[error("the shape is not offered")]
    Aspect,
    #[error("the quality is not offered")]
    Quality,
    #[error("the combination of quality and sound is not offered")]
    Sound,
    #[error("a last frame is not taken in this quality or with sound")]
    EndFrame,
    #[error("the price is not a movable amount")]
    Price,
}

/// A choice on the card: the value, and why it cannot be had together with the rest.
pub type Choice<T> = (T, Option<Missing>);

/// What can be chosen for a request as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choices {
    pub models: Vec<Choice<ModelId>>,
    /// Empty where the length follows the clip.
    pub seconds: Vec<u32>,
    pub qualities: Vec<Choice<Quality>>,
    pub sounds: Vec<Choice<Sound>>,
    /// Empty where the shape follows an input.
    pub aspects: Vec<Aspect>,
    /// What can be done with the clip; empty without one.
    pub clip_uses: Vec<ClipUse>,
    /// What the user pays for a second, as the request stands.
    pub rate: Option<Money>,
}

impl Catalogue {
    /// A model by its id.
    pub fn model(&self, id: &ModelId) -> Option<&Model> {
        self.models.iter().find(|model| model.id == *id)
    }

    /// The catalogue without what no provider runs.
    pub fn of_providers(&self, runs: impl Fn(&str, &Model, Mode) -> bool) -> Catalogue {
        let run = |model: &Model| {
            let mut ways = model.ways.clone();
            for way in &mut ways {
                let mode = way.mode;
                for rate in &mut way.rates {
                    rate.costs.retain(|provider, _| runs(provider, model, mode));
                }
                way.rates.retain(|rate| !rate.costs.is_empty());
            }
            ways.retain(|way| !way.rates.is_empty());
            Model {
                ways,
                ..model.clone()
            }
        };
        Catalogue {
            models: self.models.iter().map(run).collect(),
            pictures: self.pictures.clone(),
        }
    }

    /// Whether any video can be ordered.
    pub fn offers_anything(&self) -> bool {
        self.models.iter().any(|model| !model.ways.is_empty())
    }

    /// The rate of a request, if it can be ordered.
    pub fn rate(&self, spec: &Spec) -> Result<&Rate, Missing> {
        self.way_and_rate(spec).map(|(_, rate)| rate)
    }

    fn way_and_rate(&self, spec: &Spec) -> Result<(&Way, &Rate), Missing> {
        let Output::Video(look) = &spec.output else {
            return Err(Missing::NoVideo);
        };
        let model = self.model(&look.model).ok_or(Missing::Model)?;
        let way = model.way(spec.mode())?;
        check_inputs(way, spec)?;
        self.pictures.check(spec)?;
        // What nobody takes is told before what could be chosen otherwise.
        way.check_clip(&way.rates, spec)?;
        if spec.prompt.chars().count() > model.prompt_chars_max {
            let chars_max = model.prompt_chars_max;
            return Err(Missing::Prompt { chars_max });
        }
        way.check_length(look, spec)?;
        if way.aspects.is_empty() != (look.aspect == Aspect::Auto)
            || !way.aspects.is_empty() && !way.aspects.contains(&look.aspect)
        {
            return Err(Missing::Aspect);
        }
        let rate = way.rate(look, spec)?;
        way.check_clip(std::slice::from_ref(rate), spec)?;
        Ok((way, rate))
    }

    /// What the user pays: the rate for each second.
    pub fn quote(&self, spec: &Spec) -> Result<Money, Missing> {
        let rate = self.rate(spec)?;
        let Output::Video(look) = &spec.output else {
            return Err(Missing::NoVideo);
        };
        let price = rate.price.kopecks().checked_mul(i64::from(look.seconds));
        let price = price.map(Money::from_kopecks).ok_or(Missing::Price)?;
        if price.is_movable() {
            Ok(price)
        } else {
            Err(Missing::Price)
        }
    }

    /// What a provider takes for a request, rounded up to a kopeck; `None` when it does not
    /// make it.
    pub fn cost(&self, provider: &str, spec: &Spec) -> Option<Money> {
        let (way, rate) = self.way_and_rate(spec).ok()?;
        let Output::Video(look) = &spec.output else {
            return None;
        };
        let thousandths = rate.costs.get(provider)?;
        way.takes_clip(provider, spec).ok()?;
        let thousandths = thousandths.checked_mul(i64::from(look.seconds))?;
        let kopecks = thousandths.div_euclid(1_000) + i64::from(thousandths.rem_euclid(1_000) > 0);
        Some(Money::from_kopecks(kopecks))
    }

    /// How a video from these inputs looks at first: the first model that makes it, at its
    /// first rate. `None` when no model makes videos from them.
    pub fn first_look(&self, prompt: &str, inputs: &[Input]) -> Option<VideoLook> {
        let looks = self.models.iter().flat_map(|model| {
            ClipUse::ALL.into_iter().map(|clip_use| VideoLook {
                model: model.id.clone(),
                seconds: 0,
                quality: Quality::default(),
                sound: Sound::default(),
                aspect: Aspect::Auto,
                clip_use,
            })
        });
        let mut settled = looks.filter_map(|look| {
            let spec = Spec {
                prompt: prompt.to_owned(),
                output: Output::Video(look),
                inputs: inputs.to_vec(),
            };
            self.settle(spec)
        });
        settled.next().and_then(|spec| match spec.output {
            Output::Video(look) => Some(look),
            Output::Image(_) => None,
        })
    }

    /// Why each model cannot make a request, in the catalogue's order; those that can say
    /// nothing.
    pub fn reasons(&self, spec: &Spec) -> Vec<Missing> {
        let reasons = self.models.iter().filter_map(|model| {
            let look = VideoLook {
                model: model.id.clone(),
                seconds: 0,
                quality: Quality::default(),
                sound: Sound::default(),
                aspect: Aspect::Auto,
                clip_use: ClipUse::default(),
            };
            let asked = Spec {
                output: Output::Video(look),
                ..spec.clone()
            };
            match self.settle(asked.clone()) {
                Some(_) => None,
                None => self.rate(&asked).err(),
            }
        });
        reasons.collect()
    }

    /// The request with as little changed as makes it one that can be ordered: the model and
    /// the inputs stay, then quality and sound, then the rest. `None` when nothing helps.
    pub fn settle(&self, spec: Spec) -> Option<Spec> {
        let Output::Video(look) = &spec.output else {
            return Some(spec);
        };
        let way = self.model(&look.model)?.way(spec.mode()).ok()?;
        let seconds = match &way.length {
            Length::Choice(choices) if choices.contains(&look.seconds) => look.seconds,
            Length::Choice(choices) => *choices.first()?,
            Length::AsClip { .. } => spec.clip()?.seconds(),
        };
        let aspect = match way.aspects.first() {
            None => Aspect::Auto,
            Some(_) if way.aspects.contains(&look.aspect) => look.aspect,
            Some(first) => *first,
        };
        // A rate that keeps both, then one that keeps the quality, then the sound, then any.
        let mut rates: Vec<&Rate> = way.rates.iter().collect();
        rates.sort_by_key(|rate| {
            let (quality, sound) = (rate.quality == look.quality, rate.sound == look.sound);
            (!(quality && sound), !quality, !sound)
        });
        let settled = |rate: &Rate| Spec {
            output: Output::Video(VideoLook {
                seconds,
                aspect,
                quality: rate.quality,
                sound: rate.sound,
                ..look.clone()
            }),
            ..spec.clone()
        };
        rates
            .into_iter()
            .map(settled)
            .find(|spec| self.rate(spec).is_ok())
    }

    /// What can be chosen for a request that can be ordered. A quality or a sound that the model
    /// has only in another combination carries the reason, and so does a model that does not
    /// make what is asked for.
    pub fn choices(&self, spec: &Spec) -> Choices {
        let way = self.way_of(spec);
        let seconds = match way.map(|way| &way.length) {
            Some(Length::Choice(seconds)) => seconds.clone(),
            Some(Length::AsClip { .. }) | None => Vec::new(),
        };
        let rates = way.map_or(&[][..], |way| &way.rates);
        let has_quality = |quality: &Quality| rates.iter().any(|rate| rate.quality == *quality);
        let has_sound = |sound: &Sound| rates.iter().any(|rate| rate.sound == *sound);
        let missing = |change: &dyn Fn(&mut VideoLook)| self.rate(&with_look(spec, change)).err();
        let qualities = Quality::ALL.into_iter().filter(has_quality);
        let sounds = Sound::ALL.into_iter().filter(has_sound);
        let clip_uses = match spec.clip() {
            Some(_) => ClipUse::ALL.to_vec(),
            None => Vec::new(),
        };
        let can_be_used = |clip_use: &ClipUse| {
            let used = with_look(spec, |look| look.clip_use = *clip_use);
            self.settle(used).is_some()
        };
        Choices {
            models: self
                .models
                .iter()
                .map(|model| self.model_for(spec, model))
                .collect(),
            seconds,
            qualities: qualities
                .map(|quality| (quality, missing(&|look| look.quality = quality)))
                .collect(),
            sounds: sounds
                .map(|sound| (sound, missing(&|look| look.sound = sound)))
                .collect(),
            aspects: way.map_or_else(Vec::new, |way| way.aspects.clone()),
            clip_uses: clip_uses.into_iter().filter(can_be_used).collect(),
            rate: self.rate(spec).ok().map(|rate| rate.price),
        }
    }

    /// A model with the reason why it cannot be chosen, whatever else is changed for it.
    fn model_for(&self, spec: &Spec, model: &Model) -> Choice<ModelId> {
        let asked = with_look(spec, |look| look.model = model.id.clone());
        let missing = match self.settle(asked.clone()) {
            Some(_) => None,
            None => Some(self.rate(&asked).err().unwrap_or(Missing::Model)),
        };
        (model.id.clone(), missing)
    }

    fn way_of(&self, spec: &Spec) -> Option<&Way> {
        let Output::Video(look) = &spec.output else {
            return None;
        };
        self.model(&look.model)?.way(spec.mode()).ok()
    }
}

impl Model {
    fn way(&self, mode: Mode) -> Result<&Way, Missing> {
        let way = self.ways.iter().find(|way| way.mode == mode);
        way.ok_or_else(|| match &self.sunset {
            Some(sunset) if self.ways.is_empty() => Missing::Retired {
                day: sunset.day.clone(),
                replacement: sunset.replacement.clone(),
            },
            Some(_) | None => Missing::Way { mode },
        })
    }
}

impl Way {
    fn check_length(&self, look: &VideoLook, spec: &Spec) -> Result<(), Missing> {
        match &self.length {
            Length::Choice(choices) if choices.contains(&look.seconds) => Ok(()),
            Length::Choice(_) => Err(Missing::Seconds),
            Length::AsClip { min, max } => {
                let clip = spec.clip().ok_or(Missing::Seconds)?;
                if !(*min..=*max).contains(&clip.millis) {
                    return Err(clip_length(*min, *max));
                }
                if look.seconds == clip.seconds() {
                    Ok(())
                } else {
                    Err(Missing::Seconds)
                }
            }
        }
    }

    fn rate(&self, look: &VideoLook, spec: &Spec) -> Result<&Rate, Missing> {
        if self.rates.iter().all(|rate| rate.quality != look.quality) {
            return Err(Missing::Quality);
        }
        let rate = self
            .rates
            .iter()
            .find(|rate| rate.quality == look.quality && rate.sound == look.sound)
            .ok_or(Missing::Sound)?;
        let has_end_frame = spec.mode() == Mode::ImageToVideo && spec.pictures() == FRAMES_MAX;
        match rate.end_frame {
            EndFrame::NotTaken if has_end_frame => Err(Missing::EndFrame),
            EndFrame::NotTaken | EndFrame::Taken => Ok(rate),
        }
    }
}

impl Way {
    /// Whether anybody who makes it at one of these rates takes the clip, and if not, what the
    /// first of them says.
    fn check_clip(&self, rates: &[Rate], spec: &Spec) -> Result<(), Missing> {
        let takes = |provider: &String| self.takes_clip(provider, spec);
        let mut answers = rates.iter().flat_map(|rate| rate.costs.keys()).map(takes);
        let first = answers.next().unwrap_or(Ok(()));
        if first.is_ok() || answers.any(|answer| answer.is_ok()) {
            return Ok(());
        }
        first
    }

    /// Whether a provider takes the clip of a request, if there is one.
    fn takes_clip(&self, provider: &str, spec: &Spec) -> Result<(), Missing> {
        match (self.clips.get(provider), spec.clip()) {
            (Some(limits), Some(clip)) => limits.check(clip),
            (None, _) | (_, None) => Ok(()),
        }
    }
}

impl ClipLimits {
    fn check(&self, clip: Clip) -> Result<(), Missing> {
        let (min, max) = self.millis;
        if !(min..=max).contains(&clip.millis) {
            return Err(clip_length(min, max));
        }
        let (side_min, side_max) = self.sides;
        let fits = |side| (side_min..=side_max).contains(&side);
        let area = u64::from(clip.width) * u64::from(clip.height);
        if !fits(clip.width) || !fits(clip.height) || area > self.area_max {
            return Err(Missing::ClipPixels { side_min, side_max });
        }
        check_ratio(clip.width, clip.height, self.ratio_max_percent)
    }
}

impl PictureLimits {
    /// Checks the pictures that were looked into.
    fn check(&self, spec: &Spec) -> Result<(), Missing> {
        for still in spec.inputs.iter().filter_map(Input::still) {
            if !self.kinds.contains(&still.kind) {
                return Err(Missing::PictureKind);
            }
            if still.width.min(still.height) < self.side_min {
                let side_min = self.side_min;
                return Err(Missing::PicturePixels { side_min });
            }
            check_ratio(still.width, still.height, self.ratio_max_percent)?;
        }
        Ok(())
    }
}

fn check_ratio(width: u32, height: u32, ratio_max_percent: u32) -> Result<(), Missing> {
    let (long, short) = (width.max(height), width.min(height));
    let longest = u64::from(short) * u64::from(ratio_max_percent);
    if u64::from(long) * 100 > longest {
        return Err(Missing::Narrow { ratio_max_percent });
    }
    Ok(())
}

fn clip_length(min: u32, max: u32) -> Missing {
    Missing::ClipLength {
        min_secs: min.div_ceil(1_000),
        max_secs: max / 1_000,
    }
}

fn check_inputs(way: &Way, spec: &Spec) -> Result<(), Missing> {
    let clips = spec.inputs.len() - spec.pictures();
    if clips > 1 {
        return Err(Missing::TooManyClips);
    }
    if spec.pictures() > way.pictures_max {
        let max = way.pictures_max;
        return Err(Missing::TooManyPictures { max });
    }
    if way.mode == Mode::Motion && spec.pictures() == 0 {
        return Err(Missing::NeedsPicture);
    }
    Ok(())
}

fn with_look(spec: &Spec, change: impl FnOnce(&mut VideoLook)) -> Spec {
    let mut spec = spec.clone();
    if let Output::Video(look) = &mut spec.output {
        change(look);
    }
    spec
}

#[cfg(test)]
mod tests;
