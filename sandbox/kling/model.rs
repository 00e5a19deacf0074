//! The models, the ways to make a video, and what exists together, with the official prices.

/// A model by its product name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Model {
    V3,
    V3Omni,
    V3Turbo,
    V26,
    V25Turbo,
    O1,
    /// Legacy only, and retired.
    V15,
}

/// What a video is made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    TextToVideo,
    ImageToVideo,
    Omni,
    Motion,
}

/// The size class of a video.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolution {
    P720,
    P1080,
    K4,
}

/// Where the sound of a video comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audio {
    Off,
    /// Made with the picture.
    Native,
    /// That of the input video.
    Original,
}

/// The shape of a video, when no input decides it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aspect {
    Wide,
    Tall,
    Square,
}

/// Whose posture the figure of a motion transfer takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Orientation {
    Image,
    Video,
}

pub const RESOLUTIONS: [(&str, Resolution); 3] = [
    ("720p", Resolution::P720),
    ("1080p", Resolution::P1080),
    ("4k", Resolution::K4),
];
pub const AUDIOS: [(&str, Audio); 3] = [
    ("off", Audio::Off),
    ("native", Audio::Native),
    ("original", Audio::Original),
];
pub const ASPECTS: [(&str, Aspect); 3] = [
    ("16:9", Aspect::Wide),
    ("9:16", Aspect::Tall),
    ("1:1", Aspect::Square),
];
pub const ORIENTATIONS: [(&str, Orientation); 2] =
    [("image", Orientation::Image), ("video", Orientation::Video)];

/// Micro-dollars.
pub type Micros = u64;

impl Way {
    /// The way of a path of the new standard.
    pub fn of_path(word: &str) -> Option<Way> {
        match word {
            "text-to-video" => Some(Way::TextToVideo),
            "image-to-video" => Some(Way::ImageToVideo),
            "omni-video" => Some(Way::Omni),
            "motion-control" => Some(Way::Motion),
            _ => None,
        }
    }

    /// The way of a legacy path.
    pub fn of_legacy_path(word: &str) -> Option<Way> {
        match word {
            "text2video" => Some(Way::TextToVideo),
            "image2video" => Some(Way::ImageToVideo),
            "omni-video" => Some(Way::Omni),
            "motion-control" => Some(Way::Motion),
            _ => None,
        }
    }
}

impl Model {
    /// The model of a path of the new standard.
    pub fn of_path(word: &str) -> Option<Model> {
        match word {
            "kling-3.0" => Some(Model::V3),
            "kling-3.0-omni" => Some(Model::V3Omni),
            "kling-3.0-turbo" => Some(Model::V3Turbo),
            "kling-2.6" => Some(Model::V26),
            "kling-2.5-turbo" => Some(Model::V25Turbo),
            "kling-o1" => Some(Model::O1),
            _ => None,
        }
    }

    /// The model of a legacy `model_name`.
    pub fn of_legacy_name(word: &str) -> Option<Model> {
        match word {
            "kling-v3" => Some(Model::V3),
            "kling-v3-omni" => Some(Model::V3Omni),
            "kling-v2-6" => Some(Model::V26),
            "kling-v2-5-turbo" => Some(Model::V25Turbo),
            "kling-video-o1" => Some(Model::O1),
            "kling-v1-5" => Some(Model::V15),
            _ => None,
        }
    }

    /// The name in calls and messages.
    pub fn name(self) -> &'static str {
        match self {
            Model::V3 => "kling-3.0",
            Model::V3Omni => "kling-3.0-omni",
            Model::V3Turbo => "kling-3.0-turbo",
            Model::V26 => "kling-2.6",
            Model::V25Turbo => "kling-2.5-turbo",
            Model::O1 => "kling-o1",
            Model::V15 => "kling-v1-5",
        }
    }

    /// Whether the model has this way at all.
    pub fn has(self, way: Way) -> bool {
        match way {
            Way::TextToVideo => matches!(
                self,
                Model::V3 | Model::V3Turbo | Model::V26 | Model::V25Turbo
            ),
            Way::ImageToVideo => matches!(
                self,
                Model::V3 | Model::V3Turbo | Model::V26 | Model::V25Turbo | Model::V15
            ),
            Way::Omni => matches!(self, Model::V3Omni | Model::O1),
            Way::Motion => matches!(self, Model::V3 | Model::V26),
        }
    }

    /// Whether the model makes videos of so many seconds, where seconds can be chosen.
    pub fn makes_seconds(self, seconds: u32) -> bool {
        match self {
            Model::V3 | Model::V3Omni | Model::V3Turbo => (3..=15).contains(&seconds),
            Model::O1 => (3..=10).contains(&seconds),
            Model::V26 | Model::V25Turbo | Model::V15 => seconds == 5 || seconds == 10,
        }
    }

    /// Whether the model makes videos of this size by this way.
    pub fn makes_resolution(self, way: Way, resolution: Resolution) -> bool {
        match resolution {
            Resolution::P720 | Resolution::P1080 => true,
            Resolution::K4 => way != Way::Motion && matches!(self, Model::V3 | Model::V3Omni),
        }
    }

    /// The longest prompt, in characters.
    pub fn prompt_chars_max(self, way: Way) -> usize {
        match (self, way) {
            (Model::V3 | Model::V3Omni | Model::V3Turbo | Model::O1, Way::Motion) => 2500,
            (Model::V3 | Model::V3Omni | Model::V3Turbo | Model::O1, _) => 3072,
            (Model::V26 | Model::V25Turbo | Model::V15, _) => 2500,
        }
    }

    /// Whether the model can cut a prompt into shots.
    pub fn has_shots(self) -> bool {
        match self {
            Model::V3 | Model::V3Omni | Model::V3Turbo => true,
            Model::O1 | Model::V26 | Model::V25Turbo | Model::V15 => false,
        }
    }
}

/// What decides the price of a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tariff {
    Silent,
    Native,
    /// Native audio with a chosen voice.
    Voice,
    /// From an input video.
    FromVideo,
    Motion,
}

/// A second of video, by the official list of 2026-09-20; none where the list has no price.
pub fn price(model: Model, tariff: Tariff, resolution: Resolution) -> Option<Micros> {
    let line: [Micros; 3] = match (model, tariff) {
        (Model::V3, Tariff::Silent) => [84_000, 112_000, 420_000],
        (Model::V3, Tariff::Native | Tariff::Voice) => [126_000, 168_000, 420_000],
        (Model::V3, Tariff::Motion) => [126_000, 168_000, 0],
        (Model::V3Omni, Tariff::Silent) => [84_000, 112_000, 420_000],
        (Model::V3Omni, Tariff::Native | Tariff::Voice) => [112_000, 140_000, 420_000],
        (Model::V3Omni, Tariff::FromVideo) => [126_000, 168_000, 420_000],
        (Model::V3Turbo, _) => [112_000, 140_000, 0],
        (Model::O1, Tariff::FromVideo) => [126_000, 168_000, 0],
        (Model::O1, _) => [84_000, 112_000, 0],
        (Model::V26, Tariff::Silent) => [42_000, 70_000, 0],
        (Model::V26, Tariff::Native) => [0, 140_000, 0],
        (Model::V26, Tariff::Voice) => [0, 168_000, 0],
        (Model::V26, Tariff::Motion) => [70_000, 112_000, 0],
        (Model::V25Turbo, _) => [42_000, 70_000, 0],
        (Model::V15, _) => [56_000, 98_000, 0],
        (Model::V3, Tariff::FromVideo)
        | (Model::V3Omni, Tariff::Motion)
        | (Model::V26, Tariff::FromVideo) => [0; 3],
    };
    let price = match resolution {
        Resolution::P720 => line[0],
        Resolution::P1080 => line[1],
        Resolution::K4 => line[2],
    };
    (price > 0).then_some(price)
}

/// Width and height in pixels for a shape given as width by height.
pub fn pixels(resolution: Resolution, ratio: f64) -> (u32, u32) {
    let area = match resolution {
        Resolution::P720 => 1280.0 * 720.0,
        Resolution::P1080 => 1920.0 * 1080.0,
        Resolution::K4 => 3840.0 * 2160.0,
    };
    let even = |side: f64| (side / 2.0).round() as u32 * 2;
    let width = f64::sqrt(area * ratio);
    (even(width), even(width / ratio))
}

impl Aspect {
    /// Width by height.
    pub fn ratio(self) -> f64 {
        match self {
            Aspect::Wide => 16.0 / 9.0,
            Aspect::Tall => 9.0 / 16.0,
            Aspect::Square => 1.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_are_those_of_the_size_class() {
        assert_eq!(pixels(Resolution::P720, 16.0 / 9.0), (1280, 720));
        assert_eq!(pixels(Resolution::P1080, 9.0 / 16.0), (1080, 1920));
        assert_eq!(pixels(Resolution::P1080, 1.0), (1440, 1440));
        assert_eq!(pixels(Resolution::K4, 16.0 / 9.0), (3840, 2160));
    }

    #[test]
    fn the_list_has_no_price_for_what_cannot_be_made() {
        assert_eq!(
            price(Model::V26, Tariff::Native, Resolution::P720),
            None,
            "audio of 2.6 is 1080p"
        );
        assert_eq!(price(Model::V3, Tariff::Motion, Resolution::K4), None);
        assert_eq!(
            price(Model::V26, Tariff::Silent, Resolution::P1080),
            Some(70_000)
        );
    }
}
