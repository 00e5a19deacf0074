//! The models the emulator knows, with the ratios, sizes and pixels each of them accepts.
//!
//! The tables repeat the measured contract of the real API. Retired ids are deliberately absent, so a
//! configuration that still names one meets the same 404 it would meet outside.

/// A model that draws.
#[derive(Debug, PartialEq, Eq)]
pub struct Model {
    /// The id in the path, without `models/`.
    pub id: &'static str,
    /// The name people use.
    pub display_name: &'static str,
    /// The values `imageConfig.imageSize` may have, the default not necessarily first.
    pub sizes: &'static [Size],
    /// The values `imageConfig.aspectRatio` may have.
    pub ratios: &'static [Ratio],
    /// Whether its answers show interim pictures among the thoughts.
    pub thinking: Thinking,
}

/// Whether a model shows what it thought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Thinking {
    /// Thought parts come before the answer, pictures among them.
    Shown,
    /// The answer comes alone.
    Silent,
}

/// The resolution class of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    Half,
    One,
    Two,
    Four,
}

impl Size {
    /// The word on the wire; the real API insists on the upper-case `K`.
    pub fn word(self) -> &'static str {
        match self {
            Size::Half => "512",
            Size::One => "1K",
            Size::Two => "2K",
            Size::Four => "4K",
        }
    }

    /// The tokens the picture is billed as.
    pub fn tokens(self) -> u64 {
        match self {
            Size::Half => 747,
            Size::One | Size::Two => 1120,
            Size::Four => 2000,
        }
    }
}

/// An aspect ratio and its pixels at `1K`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ratio {
    /// The word on the wire, such as `16:9`.
    pub word: &'static str,
    /// The width in pixels at `1K`.
    pub width: u32,
    /// The height in pixels at `1K`.
    pub height: u32,
}

const fn ratio(word: &'static str, width: u32, height: u32) -> Ratio {
    Ratio {
        word,
        width,
        height,
    }
}

/// The square, which is the default when there is no input picture to follow.
pub const SQUARE: Ratio = ratio("1:1", 1024, 1024);

const COMMON: &[Ratio] = &[
    SQUARE,
    ratio("2:3", 848, 1264),
    ratio("3:2", 1264, 848),
    ratio("3:4", 896, 1200),
    ratio("4:3", 1200, 896),
    ratio("4:5", 928, 1152),
    ratio("5:4", 1152, 928),
    ratio("9:16", 768, 1376),
    ratio("16:9", 1376, 768),
    ratio("21:9", 1584, 672),
];

/// The common ratios and the four extreme ones; the pixels of the latter are inferred from their area.
const EXTENDED: &[Ratio] = &[
    SQUARE,
    ratio("2:3", 848, 1264),
    ratio("3:2", 1264, 848),
    ratio("3:4", 896, 1200),
    ratio("4:3", 1200, 896),
    ratio("4:5", 928, 1152),
    ratio("5:4", 1152, 928),
    ratio("9:16", 768, 1376),
    ratio("16:9", 1376, 768),
    ratio("21:9", 1584, 672),
    ratio("1:4", 512, 2048),
    ratio("4:1", 2048, 512),
    ratio("1:8", 384, 3072),
    ratio("8:1", 3072, 384),
];

/// Every model that answers. The lite and 2.1 models get `1K` alone, since nothing more is known of them.
pub const MODELS: &[Model] = &[
    Model {
        id: "gemini-3-pro-image",
        display_name: "Nano Banana Pro",
        sizes: &[Size::One, Size::Two, Size::Four],
        ratios: COMMON,
        thinking: Thinking::Shown,
    },
    Model {
        id: "nano-banana-pro-preview",
        display_name: "Nano Banana Pro",
        sizes: &[Size::One, Size::Two, Size::Four],
        ratios: COMMON,
        thinking: Thinking::Shown,
    },
    Model {
        id: "gemini-3.1-flash-image",
        display_name: "Nano Banana 2",
        sizes: &[Size::Half, Size::One, Size::Two, Size::Four],
        ratios: EXTENDED,
        thinking: Thinking::Silent,
    },
    Model {
        id: "gemini-3.1-flash-lite-image",
        display_name: "Nano Banana 2 Lite",
        sizes: &[Size::One],
        ratios: COMMON,
        thinking: Thinking::Silent,
    },
    Model {
        id: "gemini-nano-banana-2.1",
        display_name: "Nano Banana 2.1",
        sizes: &[Size::One],
        ratios: COMMON,
        thinking: Thinking::Silent,
    },
];

/// The model with this id, if it still answers.
pub fn find(id: &str) -> Option<&'static Model> {
    MODELS.iter().find(|model| model.id == id)
}

impl Model {
    /// The ratio of this word, if the model accepts it.
    pub fn ratio(&self, word: &str) -> Option<Ratio> {
        self.ratios.iter().copied().find(|ratio| ratio.word == word)
    }

    /// The size of this word, if the model accepts it.
    pub fn size(&self, word: &str) -> Option<Size> {
        self.sizes.iter().copied().find(|size| size.word() == word)
    }

    /// The ratio nearest to a picture of these pixels, which an edit follows when none is asked for.
    pub fn nearest_ratio(&self, width: u32, height: u32) -> Ratio {
        let wanted = (f64::from(width) / f64::from(height)).ln();
        let distance = |ratio: &Ratio| {
            let have = (f64::from(ratio.width) / f64::from(ratio.height)).ln();
            (have - wanted).abs()
        };
        self.ratios
            .iter()
            .copied()
            .min_by(|a, b| distance(a).total_cmp(&distance(b)))
            .unwrap_or(SQUARE)
    }
}
