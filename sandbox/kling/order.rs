//! What is ordered, in the words of both generations alike, and which orders may not be.

use super::model::{Aspect, Audio, Model, Orientation, Resolution, Tariff, Way};
use super::refusal::Refusal;

/// Limits on what an order names.
const IMAGE_ELEMENTS_MAX: usize = 3;
const VOICES_MAX: usize = 2;
const PICTURES_MAX: usize = 7;
const PICTURES_WITH_VIDEO_MAX: usize = 4;
const SHOTS_MAX: usize = 6;
const SHOT_CHARS_MAX: usize = 512;

/// The length of a video when nothing is said, in seconds.
const SECONDS_DEFAULT: u32 = 5;

/// The part an input plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    FirstFrame,
    LastFrame,
    ReferImage,
    /// The clip that is edited.
    BaseVideo,
    /// The clip that is a reference for a new one.
    FeatureVideo,
    /// The figure of a motion transfer.
    MotionImage,
    /// The motion of a motion transfer.
    MotionVideo,
}

impl Role {
    pub fn is_video(self) -> bool {
        match self {
            Role::BaseVideo | Role::FeatureVideo | Role::MotionVideo => true,
            Role::FirstFrame | Role::LastFrame | Role::ReferImage | Role::MotionImage => false,
        }
    }

    /// The name in refusals.
    pub fn word(self) -> &'static str {
        match self {
            Role::FirstFrame => "first_frame",
            Role::LastFrame => "last_frame",
            Role::ReferImage => "refer_image",
            Role::BaseVideo => "base_video",
            Role::FeatureVideo => "feature_video",
            Role::MotionImage => "image",
            Role::MotionVideo => "video",
        }
    }
}

/// A picture or a video that comes with the order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    pub role: Role,
    /// An address, or bare base64 for a picture.
    pub source: String,
    /// What the prompt calls it after `@`.
    pub id: Option<String>,
}

/// A video that is ordered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    pub model: Model,
    pub way: Way,
    pub prompt: Option<String>,
    pub multi_shot: bool,
    pub audio: Audio,
    pub resolution: Resolution,
    pub aspect: Option<Aspect>,
    /// As it was asked for.
    pub seconds: Option<u32>,
    pub orientation: Option<Orientation>,
    pub inputs: Vec<Input>,
    /// Ids of the account's elements.
    pub elements: Vec<String>,
    /// Ids of chosen voices.
    pub voices: Vec<String>,
    /// The 1.5's camera, which moves in `pro` of 5 s alone.
    pub has_camera: bool,
    pub callback_url: Option<String>,
    pub external_id: Option<String>,
    pub watermark: bool,
}

impl Order {
    /// An order of which nothing is said yet.
    pub fn new(way: Way, model: Model) -> Order {
        Order {
            model,
            way,
            prompt: None,
            multi_shot: model.has_shots() && way != Way::Motion,
            audio: match (way, model) {
                (Way::Motion, _) => Audio::Original,
                (_, Model::V3Turbo) => Audio::Native,
                (_, _) => Audio::Off,
            },
            resolution: Resolution::P720,
            aspect: None,
            seconds: None,
            orientation: None,
            inputs: Vec::new(),
            elements: Vec::new(),
            voices: Vec::new(),
            has_camera: false,
            callback_url: None,
            external_id: None,
            watermark: false,
        }
    }

    /// The input that plays a part.
    pub fn input(&self, role: Role) -> Option<&Input> {
        self.inputs.iter().find(|input| input.role == role)
    }

    pub fn has(&self, role: Role) -> bool {
        self.input(role).is_some()
    }

    /// The length that was asked for, or the default.
    pub fn seconds(&self) -> u32 {
        self.seconds.unwrap_or(SECONDS_DEFAULT)
    }

    /// What decides the price of a second.
    pub fn tariff(&self) -> Tariff {
        if self.way == Way::Motion {
            return Tariff::Motion;
        }
        if self.has(Role::BaseVideo) || self.has(Role::FeatureVideo) {
            return Tariff::FromVideo;
        }
        match self.audio {
            Audio::Off | Audio::Original => Tariff::Silent,
            Audio::Native if self.voices.is_empty() => Tariff::Native,
            Audio::Native => Tariff::Voice,
        }
    }

    /// Whether the order may be, as far as its words tell; its files are looked at later.
    /// `video_elements` are the ids of elements made from videos.
    pub fn check(&self, video_elements: &[String]) -> Result<(), Refusal> {
        self.check_prompt()?;
        self.check_settings()?;
        self.check_frames()?;
        match self.way {
            Way::TextToVideo => Ok(()),
            Way::ImageToVideo => self.check_image(),
            Way::Omni => self.check_omni(video_elements),
            Way::Motion => self.check_motion(),
        }
    }

    fn check_prompt(&self) -> Result<(), Refusal> {
        let prompt = self.prompt.as_deref().unwrap_or_default();
        let chars_max = self.model.prompt_chars_max(self.way);
        refuse_if(prompt.chars().count() > chars_max, || {
            format!("the prompt must not exceed {chars_max} characters")
        })?;
        let required = matches!(self.way, Way::TextToVideo | Way::Omni);
        if required && prompt.trim().is_empty() {
            return Err(Refusal::parameter("prompt is required"));
        }
        if self.multi_shot {
            check_shots(prompt, self.seconds())?;
        }
        Ok(())
    }

    fn check_settings(&self) -> Result<(), Refusal> {
        let Order { model, way, .. } = *self;
        refuse_if(!model.makes_resolution(way, self.resolution), || {
            format!("{} has no such resolution here", model.name())
        })?;
        let chosen = self.seconds.filter(|_| !self.has(Role::BaseVideo));
        let is_made = chosen.is_none_or(|seconds| model.makes_seconds(seconds));
        refuse_if(!is_made, || {
            format!("{} makes no videos of this duration", model.name())
        })?;
        refuse_if(self.multi_shot && !model.has_shots(), || {
            format!("{} has no multi_shot", model.name())
        })?;
        let audio_exists = match self.audio {
            Audio::Off => model != Model::V3Turbo,
            Audio::Native => {
                way != Way::Motion
                    && matches!(
                        model,
                        Model::V3 | Model::V3Omni | Model::V3Turbo | Model::V26
                    )
            }
            Audio::Original => matches!(way, Way::Omni | Way::Motion),
        };
        refuse_if(!audio_exists, || {
            format!("{} has no such audio here", model.name())
        })?;
        let native = self.audio == Audio::Native;
        refuse_if(
            model == Model::V26 && native && self.resolution != Resolution::P1080,
            || "native audio of kling-2.6 needs 1080p",
        )?;
        refuse_if(
            !self.voices.is_empty() && !native,
            || "a voice needs native audio",
        )?;
        refuse_if(
            self.voices.len() > VOICES_MAX,
            || "there are at most two voices",
        )
    }

    fn check_frames(&self) -> Result<(), Refusal> {
        let last = self.has(Role::LastFrame);
        refuse_if(
            last && !self.has(Role::FirstFrame),
            || "last_frame needs first_frame",
        )?;
        refuse_if(
            last && self.model == Model::V3Turbo,
            || "kling-3.0-turbo takes a first frame only",
        )?;
        let full_hd = self.resolution == Resolution::P1080;
        refuse_if(
            last && self.model == Model::V26 && !full_hd,
            || "last_frame of kling-2.6 needs 1080p",
        )?;
        refuse_if(
            last && self.model == Model::V26 && self.audio == Audio::Native,
            || "last_frame of kling-2.6 needs audio off",
        )?;
        refuse_if(
            last && self.model == Model::V15 && !full_hd,
            || "image_tail of kling-v1-5 needs pro",
        )?;
        let five_pro = full_hd && self.seconds() == 5;
        refuse_if(
            self.has_camera && !five_pro,
            || "camera_control of kling-v1-5 needs pro and 5 s",
        )
    }

    fn check_image(&self) -> Result<(), Refusal> {
        if !self.has(Role::FirstFrame) {
            return Err(Refusal::parameter("first_frame is required"));
        }
        let elements_max = match self.model {
            Model::V3 => IMAGE_ELEMENTS_MAX,
            Model::V3Omni
            | Model::V3Turbo
            | Model::V26
            | Model::V25Turbo
            | Model::O1
            | Model::V15 => 0,
        };
        refuse_if(self.elements.len() > elements_max, || {
            format!(
                "{} takes at most {elements_max} elements",
                self.model.name()
            )
        })
    }

    fn check_omni(&self, video_elements: &[String]) -> Result<(), Refusal> {
        let base = self.has(Role::BaseVideo);
        let feature = self.has(Role::FeatureVideo);
        let frames = self.has(Role::FirstFrame) || self.has(Role::LastFrame);
        let videos = self.inputs.iter().filter(|it| it.role.is_video()).count();
        refuse_if(videos > 1, || "there is one video per task")?;
        refuse_if(base && frames, || "base_video excludes frames")?;
        refuse_if(base && self.multi_shot, || "base_video excludes multi_shot")?;
        refuse_if(
            base && self.audio == Audio::Native,
            || "base_video needs audio original or off",
        )?;
        // Kling O1 knows no shots, so nothing can be demanded of them there.
        let shots_missing = self.model.has_shots() && !self.multi_shot;
        refuse_if(
            feature && shots_missing,
            || "feature_video needs multi_shot",
        )?;
        refuse_if(
            feature && self.audio != Audio::Off,
            || "feature_video needs audio off",
        )?;
        refuse_if(
            videos == 0 && self.audio == Audio::Original,
            || "audio original needs a base_video",
        )?;
        let first = self.has(Role::FirstFrame);
        if self.aspect.is_none() && !first && videos == 0 {
            return Err(Refusal::value(
                "aspect_ratio is required without a first frame or a video",
            ));
        }
        let pictures = self.inputs.len() - videos;
        let made_from_video = self.elements.iter().any(|id| video_elements.contains(id));
        let together = pictures + self.elements.len();
        let together_max = if videos > 0 || made_from_video {
            PICTURES_WITH_VIDEO_MAX
        } else {
            PICTURES_MAX
        };
        refuse_if(together > together_max, || {
            format!("there are at most {together_max} pictures and elements")
        })?;
        refuse_if(
            videos > 0 && made_from_video,
            || "an element made from a video excludes an input video",
        )?;
        let mut ids: Vec<&str> = self
            .inputs
            .iter()
            .filter_map(|it| it.id.as_deref())
            .collect();
        let named = ids.len();
        ids.sort_unstable();
        ids.dedup();
        refuse_if(ids.len() < named, || "an id is there twice")
    }

    fn check_motion(&self) -> Result<(), Refusal> {
        for role in [Role::MotionImage, Role::MotionVideo] {
            if !self.has(role) {
                return Err(Refusal::parameter(format!("{} is required", role.word())));
            }
        }
        if self.orientation.is_none() {
            return Err(Refusal::parameter("character_orientation is required"));
        }
        let elements_max = usize::from(self.model == Model::V3);
        refuse_if(self.elements.len() > elements_max, || {
            format!(
                "{} takes at most {elements_max} elements here",
                self.model.name()
            )
        })
    }
}

/// 1201 with these words, if so.
pub fn refuse_if<W: Into<String>>(
    is_wrong: bool,
    words: impl FnOnce() -> W,
) -> Result<(), Refusal> {
    if is_wrong {
        return Err(Refusal::value(words()));
    }
    Ok(())
}

/// A prompt of the form `shot 1, 2, words; shot 2, 3, words;` must add up. Any other prompt is
/// cut as the model likes.
fn check_shots(prompt: &str, seconds: u32) -> Result<(), Refusal> {
    if !prompt.trim_start().to_lowercase().starts_with("shot 1,") {
        return Ok(());
    }
    let shots: Vec<&str> = prompt
        .split(';')
        .map(str::trim)
        .filter(|shot| !shot.is_empty())
        .collect();
    refuse_if(shots.len() > SHOTS_MAX, || "there are at most six shots")?;
    let mut together = 0;
    for shot in shots {
        let mut parts = shot.splitn(3, ',').map(str::trim);
        let (_, length, words) = (parts.next(), parts.next(), parts.next());
        let length: Option<u32> = length.and_then(|length| length.parse().ok());
        let (Some(length), Some(words)) = (length, words) else {
            return Err(Refusal::value(
                "a shot has a number, its seconds and its words",
            ));
        };
        refuse_if(length < 1, || "a shot takes at least 1 second")?;
        refuse_if(
            words.chars().count() > SHOT_CHARS_MAX,
            || "a shot has at most 512 characters",
        )?;
        together += length;
    }
    refuse_if(
        together != seconds,
        || "the shots must take as long as the video together",
    )
}
