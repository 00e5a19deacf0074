//! What exists and what does not: the contract's tables of models and combinations.

use std::io::Cursor;
use std::ops::RangeInclusive;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::ImageReader;

use super::refusal::Refusal;

/// Sides and shapes of an input picture (contract, *Create, common part*).
const SIDE_MIN: u32 = 300;
const RATIO_MAX: f64 = 2.5;

/// A way of making a video.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    Text,
    Image,
    Omni,
    Motion,
}

/// Whether the newer generation has a model for a way.
pub(super) fn is_newer(way: Way, model: &str) -> bool {
    match way {
        Way::Text | Way::Image => matches!(
            model,
            "kling-3.0" | "kling-3.0-turbo" | "kling-2.6" | "kling-2.5-turbo"
        ),
        Way::Omni => matches!(model, "kling-3.0-omni" | "kling-o1"),
        Way::Motion => matches!(model, "kling-3.0" | "kling-2.6"),
    }
}

/// The longest prompt in characters.
pub(super) fn prompt_max(model: &str) -> usize {
    if model.starts_with("kling-3.0") {
        3_072
    } else {
        2_500
    }
}

/// Checks length, quality, sound and a last frame together.
pub(super) fn check_look(
    model: &str,
    seconds: i64,
    resolution: &str,
    audio: &str,
    has_last_frame: bool,
) -> Result<(), Refusal> {
    let lengths = if model.starts_with("kling-3.0") {
        3..=15
    } else {
        5..=10
    };
    let is_length = lengths.contains(&seconds)
        && (model.starts_with("kling-3.0") || seconds == 5 || seconds == 10);
    if !is_length {
        return Err(Refusal::value("duration"));
    }
    let resolutions: &[&str] = if model == "kling-3.0" {
        &["720p", "1080p", "4k"]
    } else {
        &["720p", "1080p"]
    };
    if !resolutions.contains(&resolution) {
        return Err(Refusal::value("resolution"));
    }
    if !matches!(audio, "native" | "off") {
        return Err(Refusal::value("audio"));
    }
    if model == "kling-2.6" && audio == "native" && resolution != "1080p" {
        return Err(Refusal::value("native audio needs 1080p"));
    }
    if model == "kling-2.6" && has_last_frame && (resolution != "1080p" || audio != "off") {
        return Err(Refusal::value("last_frame needs 1080p without audio"));
    }
    Ok(())
}

/// US dollars for a second (contract, *Prices*).
pub(super) fn usd_per_second(model: &str, resolution: &str, audio: &str) -> f64 {
    let native = audio == "native";
    match (model, resolution) {
        ("kling-2.6" | "kling-2.5-turbo", "720p") => 0.042,
        ("kling-2.6" | "kling-2.5-turbo", _) => {
            if native {
                0.14
            } else {
                0.07
            }
        }
        ("kling-1.5", "720p") => 0.056,
        ("kling-1.5", _) => 0.098,
        (_, "4k") => 0.42,
        (_, "1080p") => {
            if native {
                0.168
            } else {
                0.112
            }
        }
        _ => {
            if native {
                0.126
            } else {
                0.084
            }
        }
    }
}

/// The same for a video that follows a clip.
pub(super) fn usd_per_second_of_clip(model: &str, resolution: &str) -> f64 {
    match (model, resolution) {
        ("kling-2.6", "720p") => 0.07,
        ("kling-2.6", _) => 0.112,
        (_, "720p") => 0.126,
        _ => 0.168,
    }
}

/// How long an input clip may be, in milliseconds (contract, *Create, common part*).
pub(super) fn clip_millis(way: Way, orientation: &str) -> RangeInclusive<u32> {
    match way {
        Way::Motion if orientation == "video" => 3_000..=30_000,
        Way::Motion => 3_000..=10_000,
        Way::Text | Way::Image | Way::Omni => 3_000..=15_500,
    }
}

/// A picture given inline: its shape, if it may be used.
pub(super) fn picture(text: &str, field: &str) -> Result<f64, Refusal> {
    let wrong = || Refusal::value(field);
    let bytes = STANDARD.decode(text).map_err(|_| wrong())?;
    let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format();
    let size = reader.map_err(|_| wrong())?.into_dimensions();
    let (width, height) = size.map_err(|_| wrong())?;
    let shape = f64::from(width) / f64::from(height);
    if width < SIDE_MIN || height < SIDE_MIN {
        return Err(Refusal::value(format!(
            "{field}: each side needs {SIDE_MIN} px"
        )));
    }
    if !(1.0 / RATIO_MAX..=RATIO_MAX).contains(&shape) {
        return Err(Refusal::value(format!("{field}: between 1:2.5 and 2.5:1")));
    }
    Ok(shape)
}

/// Width over height of an aspect ratio.
pub(super) fn aspect(text: &str) -> Result<f64, Refusal> {
    match text {
        "16:9" => Ok(16.0 / 9.0),
        "9:16" => Ok(9.0 / 16.0),
        "1:1" => Ok(1.0),
        _ => Err(Refusal::value("aspect_ratio")),
    }
}
