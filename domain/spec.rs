//! What a user asks for: the mode, the words, how the result looks, and the inputs.

use crate::ids::{AssetId, ModelId};

/// The longest prompt that is taken, in characters. A Telegram message carries 4096
/// UTF-16 units, a caption 1024, so this is the longest text a user can send in one piece.
pub const PROMPT_CHARS_MAX: usize = 4096;

/// Input pictures in one request, Nano Banana Pro (`contracts/gemini-image.md`).
pub const INPUTS_MAX: usize = 14;

/// The largest input picture in bytes (`contracts/gemini-image.md`). How much all of one request
/// may have together is a provider's setting.
pub const INPUT_BYTES_MAX: u64 = 7 * 1024 * 1024;

/// The largest input clip in bytes: what the Bot API hands out (`contracts/telegram.md`,
/// `getFile`).
pub const CLIP_BYTES_MAX: u64 = 20_000_000;

/// Input pictures of a video from a picture: the first frame and the last one
/// (`contracts/kling.md`, *image-to-video*).
pub const FRAMES_MAX: usize = 2;

/// How a result comes to be. Chosen from the inputs, never asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Mode {
    /// A new picture from words alone.
    Generate,
    /// A picture made from one or more input pictures and words.
    Edit,
    /// A video from words alone.
    TextToVideo,
    /// A video that begins with a picture, and ends with another if there are two.
    ImageToVideo,
    /// A clip made anew by words.
    VideoToVideo,
    /// A picture that moves as a clip does.
    Motion,
}

impl Mode {
    /// Every mode.
    pub const ALL: [Mode; 6] = [
        Mode::Generate,
        Mode::Edit,
        Mode::TextToVideo,
        Mode::ImageToVideo,
        Mode::VideoToVideo,
        Mode::Motion,
    ];

    /// The name in metrics and in the catalogue of models.
    pub fn as_str(self) -> &'static str {
        match self {
            Mode::Generate => "image_generate",
            Mode::Edit => "image_edit",
            Mode::TextToVideo => "text_to_video",
            Mode::ImageToVideo => "image_to_video",
            Mode::VideoToVideo => "video_to_video",
            Mode::Motion => "motion",
        }
    }

    /// Reads [`Mode::as_str`] back.
    pub fn parse(text: &str) -> Option<Mode> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == text)
    }

    /// Whether a clip is among the inputs.
    pub fn takes_clip(self) -> bool {
        match self {
            Mode::VideoToVideo | Mode::Motion => true,
            Mode::Generate | Mode::Edit | Mode::TextToVideo | Mode::ImageToVideo => false,
        }
    }

    /// What comes out.
    pub fn kind(self) -> Kind {
        match self {
            Mode::Generate | Mode::Edit => Kind::Image,
            Mode::TextToVideo | Mode::ImageToVideo | Mode::VideoToVideo | Mode::Motion => {
                Kind::Video
            }
        }
    }
}

/// What comes out of a job. Jobs of one kind share a queue; those of another never wait for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    Image,
    Video,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Kind; 2] = [Kind::Image, Kind::Video];

    /// The name in rows and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Image => "image",
            Kind::Video => "video",
        }
    }

    /// Reads [`Kind::as_str`] back.
    pub fn parse(text: &str) -> Option<Kind> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// The shape of the picture. `Auto` follows the first input for an edit and is square for a
/// new picture (`contracts/gemini-image.md`, *aspectRatio* defaults).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Aspect {
    #[default]
    Auto,
    Square,
    Portrait2x3,
    Landscape3x2,
    Portrait3x4,
    Landscape4x3,
    Portrait4x5,
    Landscape5x4,
    Portrait9x16,
    Landscape16x9,
    Wide21x9,
}

impl Aspect {
    /// Every shape, in the order of the card's buttons.
    pub const ALL: [Aspect; 11] = [
        Aspect::Auto,
        Aspect::Square,
        Aspect::Portrait9x16,
        Aspect::Landscape16x9,
        Aspect::Portrait3x4,
        Aspect::Landscape4x3,
        Aspect::Portrait2x3,
        Aspect::Landscape3x2,
        Aspect::Portrait4x5,
        Aspect::Landscape5x4,
        Aspect::Wide21x9,
    ];

    /// The name in rows and callback data; for all but `auto` also the provider's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Aspect::Auto => "auto",
            Aspect::Square => "1:1",
            Aspect::Portrait2x3 => "2:3",
            Aspect::Landscape3x2 => "3:2",
            Aspect::Portrait3x4 => "3:4",
            Aspect::Landscape4x3 => "4:3",
            Aspect::Portrait4x5 => "4:5",
            Aspect::Landscape5x4 => "5:4",
            Aspect::Portrait9x16 => "9:16",
            Aspect::Landscape16x9 => "16:9",
            Aspect::Wide21x9 => "21:9",
        }
    }

    /// Reads [`Aspect::as_str`] back.
    pub fn parse(text: &str) -> Option<Aspect> {
        Self::ALL.into_iter().find(|aspect| aspect.as_str() == text)
    }
}

/// The resolution class of the picture, as the provider prices it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Size {
    #[default]
    OneK,
    TwoK,
    FourK,
}

impl Size {
    /// Every size, smallest first.
    pub const ALL: [Size; 3] = [Size::OneK, Size::TwoK, Size::FourK];

    /// The name in rows and callback data; also the provider's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Size::OneK => "1K",
            Size::TwoK => "2K",
            Size::FourK => "4K",
        }
    }

    /// Reads [`Size::as_str`] back.
    pub fn parse(text: &str) -> Option<Size> {
        Self::ALL.into_iter().find(|size| size.as_str() == text)
    }
}

/// How sharp a video is; the provider's mode follows from it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Quality {
    /// 720p, what providers call standard.
    #[default]
    Standard,
    /// 1080p, what providers call professional.
    Professional,
    /// 2160p.
    FourK,
}

impl Quality {
    /// Every quality, lowest first.
    pub const ALL: [Quality; 3] = [Quality::Standard, Quality::Professional, Quality::FourK];

    /// The name in rows, callback data and the catalogue; also Kling's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Quality::Standard => "720p",
            Quality::Professional => "1080p",
            Quality::FourK => "4k",
        }
    }

    /// Reads [`Quality::as_str`] back.
    pub fn parse(text: &str) -> Option<Quality> {
        Self::ALL
            .into_iter()
            .find(|quality| quality.as_str() == text)
    }
}

/// Whether a video has sound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Sound {
    #[default]
    Off,
    On,
}

impl Sound {
    /// Both.
    pub const ALL: [Sound; 2] = [Sound::Off, Sound::On];

    /// The name in rows, callback data and the catalogue.
    pub fn as_str(self) -> &'static str {
        match self {
            Sound::Off => "off",
            Sound::On => "on",
        }
    }

    /// Reads [`Sound::as_str`] back.
    pub fn parse(text: &str) -> Option<Sound> {
        Self::ALL.into_iter().find(|sound| sound.as_str() == text)
    }
}

/// A clip's facts, as far as they are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Clip {
    /// Length in milliseconds.
    pub millis: u32,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
}

impl Clip {
    /// The length in seconds, a begun one counted whole.
    pub fn seconds(&self) -> u32 {
        self.millis.div_ceil(1_000)
    }
}

/// The kinds of picture files that are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum StillKind {
    Png,
    Jpeg,
    Webp,
}

impl StillKind {
    /// Every kind.
    pub const ALL: [StillKind; 3] = [StillKind::Png, StillKind::Jpeg, StillKind::Webp];

    /// The name in rows and in the catalogue.
    pub fn as_str(self) -> &'static str {
        match self {
            StillKind::Png => "png",
            StillKind::Jpeg => "jpeg",
            StillKind::Webp => "webp",
        }
    }

    /// Reads [`StillKind::as_str`] back.
    pub fn parse(text: &str) -> Option<StillKind> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// A picture's facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Still {
    pub kind: StillKind,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
}

/// What an input is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Media {
    /// A picture; `None` until it was looked into.
    Picture(Option<Still>),
    Clip(Clip),
}

/// Where an input is until a worker fetches it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// What the user sent; `file_id` opens it for this bot only.
    Telegram {
        file_id: String,
        /// Size in bytes as Telegram tells it, when it does.
        bytes: Option<u64>,
    },
    /// What the bot made: the lossless original from the asset store.
    Asset(AssetId),
}

/// A picture or a clip that a result is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Input {
    pub source: Source,
    pub media: Media,
}

impl Input {
    /// A picture from the asset store, not looked into.
    pub fn stored_picture(id: AssetId) -> Input {
        Input {
            source: Source::Asset(id),
            media: Media::Picture(None),
        }
    }

    /// A picture that the user sent, not looked into.
    pub fn sent_picture(file_id: impl Into<String>, bytes: Option<u64>) -> Input {
        Input {
            source: Source::Telegram {
                file_id: file_id.into(),
                bytes,
            },
            media: Media::Picture(None),
        }
    }

    /// Its length and size, if it is a clip.
    pub fn clip(&self) -> Option<Clip> {
        match self.media {
            Media::Clip(clip) => Some(clip),
            Media::Picture(_) => None,
        }
    }

    /// Its kind and size, if it is a picture that was looked into.
    pub fn still(&self) -> Option<Still> {
        match self.media {
            Media::Picture(still) => still,
            Media::Clip(_) => None,
        }
    }
}

/// The models that make pictures, as they are sold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ImageModel {
    /// Nano Banana Pro.
    #[default]
    Pro,
    /// Nano Banana 2: quicker and cheaper.
    Two,
}

impl ImageModel {
    /// Every model, the first one offered first.
    pub const ALL: [ImageModel; 2] = [ImageModel::Pro, ImageModel::Two];

    /// The name in rows and callback data.
    pub fn as_str(self) -> &'static str {
        match self {
            ImageModel::Pro => "nano-banana-pro",
            ImageModel::Two => "nano-banana-2",
        }
    }

    /// The name that people know.
    pub fn title(self) -> &'static str {
        match self {
            ImageModel::Pro => "Nano Banana Pro",
            ImageModel::Two => "Nano Banana 2",
        }
    }

    /// The same for a narrow button.
    pub fn short_title(self) -> &'static str {
        match self {
            ImageModel::Pro => "Pro",
            ImageModel::Two => "2",
        }
    }

    /// Reads [`ImageModel::as_str`] back.
    pub fn parse(text: &str) -> Option<ImageModel> {
        Self::ALL.into_iter().find(|model| model.as_str() == text)
    }
}

/// How a picture is to look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ImageLook {
    pub model: ImageModel,
    pub aspect: Aspect,
    pub size: Size,
}

/// What is done with a clip that is an input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ClipUse {
    /// It is made anew by words, perhaps with pictures to refer to.
    #[default]
    Edit,
    /// Its motion is given to a picture.
    Motion,
}

impl ClipUse {
    /// Both.
    pub const ALL: [ClipUse; 2] = [ClipUse::Edit, ClipUse::Motion];

    /// The name in rows and callback data.
    pub fn as_str(self) -> &'static str {
        match self {
            ClipUse::Edit => "edit",
            ClipUse::Motion => "motion",
        }
    }

    /// Reads [`ClipUse::as_str`] back.
    pub fn parse(text: &str) -> Option<ClipUse> {
        Self::ALL.into_iter().find(|r#use| r#use.as_str() == text)
    }
}

/// How a video is to look. Which combinations exist is the catalogue's business
/// (`crate::catalogue`).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct VideoLook {
    pub model: ModelId,
    /// What is paid for; where the length follows a clip, the length of that clip.
    pub seconds: u32,
    pub quality: Quality,
    pub sound: Sound,
    /// [`Aspect::Auto`] where the shape follows an input.
    pub aspect: Aspect,
    pub clip_use: ClipUse,
}

/// What came with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Came {
    /// So many pictures.
    Pictures(u32),
    /// A clip, perhaps with pictures.
    Clip,
}

/// How the result is to look.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Output {
    Image(ImageLook),
    Video(VideoLook),
}

/// One request, complete but for its price.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spec {
    /// The user's words. Never logged.
    pub prompt: String,
    pub output: Output,
    /// At most [`INPUTS_MAX`]; empty where words alone are enough.
    pub inputs: Vec<Input>,
}

impl Spec {
    /// The automatic choice by what is asked for and what came with it.
    pub fn mode(&self) -> Mode {
        let has_clip = self.inputs.iter().any(|input| input.clip().is_some());
        match &self.output {
            Output::Image(_) if self.inputs.is_empty() => Mode::Generate,
            Output::Image(_) => Mode::Edit,
            Output::Video(_) if self.inputs.is_empty() => Mode::TextToVideo,
            Output::Video(_) if !has_clip => Mode::ImageToVideo,
            Output::Video(look) => match look.clip_use {
                ClipUse::Edit => Mode::VideoToVideo,
                ClipUse::Motion => Mode::Motion,
            },
        }
    }

    /// The shape that is asked for.
    pub fn aspect(&self) -> Aspect {
        match &self.output {
            Output::Image(look) => look.aspect,
            Output::Video(look) => look.aspect,
        }
    }

    /// The clip among the inputs.
    pub fn clip(&self) -> Option<Clip> {
        self.inputs.iter().find_map(Input::clip)
    }

    /// What came with it.
    pub fn came(&self) -> Came {
        match self.clip() {
            Some(_) => Came::Clip,
            None => Came::Pictures(u32::try_from(self.inputs.len()).unwrap_or(u32::MAX)),
        }
    }

    /// How many pictures are among the inputs.
    pub fn pictures(&self) -> usize {
        let is_picture = |input: &&Input| input.clip().is_none();
        self.inputs.iter().filter(is_picture).count()
    }
}

/// The bytes of all inputs together as far as they are known before the inputs are fetched:
/// never more than they really have.
pub fn known_bytes(inputs: &[Input]) -> u64 {
    let known = |input: &Input| match &input.source {
        Source::Telegram { bytes, .. } => bytes.unwrap_or(0),
        Source::Asset(_) => 0,
    };
    inputs.iter().map(known).fold(0, u64::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(output: Output, inputs: Vec<Input>) -> Spec {
        Spec {
            prompt: "a cat".into(),
            output,
            inputs,
        }
    }

    fn video(clip_use: ClipUse) -> Output {
        Output::Video(VideoLook {
            model: ModelId::new("kling-3.0"),
            seconds: 5,
            quality: Quality::Standard,
            sound: Sound::Off,
            aspect: Aspect::Auto,
            clip_use,
        })
    }

    #[test]
    fn the_inputs_choose_the_mode() {
        let image = Output::Image(ImageLook::default());
        let picture = Input::sent_picture("p", None);
        let clip = Input {
            media: Media::Clip(Clip {
                millis: 4_200,
                width: 720,
                height: 1_280,
            }),
            ..picture.clone()
        };
        let mode = |output: &Output, inputs: &[&Input]| {
            let inputs = inputs.iter().map(|input| (*input).clone()).collect();
            spec(output.clone(), inputs).mode()
        };
        assert_eq!(mode(&image, &[]), Mode::Generate);
        assert_eq!(mode(&image, &[&picture]), Mode::Edit);
        let edit = video(ClipUse::Edit);
        assert_eq!(mode(&edit, &[]), Mode::TextToVideo);
        assert_eq!(mode(&edit, &[&picture]), Mode::ImageToVideo);
        assert_eq!(mode(&edit, &[&clip]), Mode::VideoToVideo);
        assert_eq!(mode(&edit, &[&picture, &clip]), Mode::VideoToVideo);
        let motion = video(ClipUse::Motion);
        assert_eq!(mode(&motion, &[&picture, &clip]), Mode::Motion);
        assert_eq!(mode(&motion, &[&picture]), Mode::ImageToVideo);
    }

    #[test]
    fn words_of_rows_read_back() {
        for mode in Mode::ALL {
            assert_eq!(Mode::parse(mode.as_str()), Some(mode));
        }
        for model in ImageModel::ALL {
            assert_eq!(ImageModel::parse(model.as_str()), Some(model));
        }
        for kind in StillKind::ALL {
            assert_eq!(StillKind::parse(kind.as_str()), Some(kind));
        }
        for kind in Kind::ALL {
            assert_eq!(Kind::parse(kind.as_str()), Some(kind));
        }
        for quality in Quality::ALL {
            assert_eq!(Quality::parse(quality.as_str()), Some(quality));
        }
        for sound in Sound::ALL {
            assert_eq!(Sound::parse(sound.as_str()), Some(sound));
        }
        for clip_use in ClipUse::ALL {
            assert_eq!(ClipUse::parse(clip_use.as_str()), Some(clip_use));
        }
    }

    #[test]
    fn a_begun_second_of_a_clip_counts_whole() {
        let seconds = |millis| {
            Clip {
                millis,
                width: 1,
                height: 1,
            }
            .seconds()
        };
        assert_eq!([1, 1_000, 1_001, 4_999].map(seconds), [1, 1, 2, 5]);
    }
}
