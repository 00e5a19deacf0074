//! What a user asks for: the mode, the words, the shape and the input pictures.

use crate::ids::AssetId;

/// The longest prompt that is taken, in characters. A Telegram message carries 4096
/// UTF-16 units, a caption 1024, so this is the longest text a user can send in one piece.
pub const PROMPT_CHARS_MAX: usize = 4096;

/// Input pictures in one request, Nano Banana Pro (`contracts/gemini-image.md`).
pub const INPUTS_MAX: usize = 14;

/// The largest input picture in bytes (`contracts/gemini-image.md`). How much all of one request
/// may have together is a provider's setting.
pub const INPUT_BYTES_MAX: u64 = 7 * 1024 * 1024;

/// How a picture comes to be. Chosen from the inputs, never asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Mode {
    /// A new picture from words alone.
    Generate,
    /// A picture made from one or more input pictures and words.
    Edit,
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

/// Where an input picture is until a worker fetches it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A picture the user sent; `file_id` opens it for this bot only.
    Telegram {
        file_id: String,
        /// Size in bytes as Telegram tells it, when it does.
        bytes: Option<u64>,
    },
    /// A picture the bot made: the lossless original from the asset store.
    Asset(AssetId),
}

/// One image request, complete but for its price.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageSpec {
    /// The user's words. Never logged.
    pub prompt: String,
    pub aspect: Aspect,
    pub size: Size,
    /// At most [`INPUTS_MAX`]; empty for [`Mode::Generate`].
    pub inputs: Vec<Input>,
}

impl ImageSpec {
    /// Generate without inputs, edit with them: the automatic choice.
    pub fn mode(&self) -> Mode {
        if self.inputs.is_empty() {
            Mode::Generate
        } else {
            Mode::Edit
        }
    }
}

/// The bytes of all inputs together as far as they are known before the inputs are fetched:
/// never more than they really have.
pub fn known_bytes(inputs: &[Input]) -> u64 {
    let known = |input: &Input| match input {
        Input::Telegram { bytes, .. } => bytes.unwrap_or(0),
        Input::Asset(_) => 0,
    };
    inputs.iter().map(known).fold(0, u64::saturating_add)
}
