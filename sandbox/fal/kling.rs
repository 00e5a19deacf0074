//! Kling's models as fal has them: durations are texts, and sound is on by default.

use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;

use super::failure::Failure;
use super::fields::{Fields, missing};
use super::plan::{self, Output, Plan, VideoLimits};
use crate::inputs::{self, Picture};
use crate::video::{Clip, Probed, Sound};

const RATIOS: [&str; 3] = ["16:9", "9:16", "1:1"];
const RATIOS_AUTO: [&str; 4] = ["auto", "16:9", "9:16", "1:1"];
const SECONDS_FIVE_TEN: [&str; 2] = ["5", "10"];
const SECONDS_RANGE: [&str; 13] = [
    "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15",
];

/// The longest prompt, in characters.
const PROMPT_CHARS_MAX: usize = 2_500;

/// Pictures and elements beside a clip.
const PICTURES_WITH_VIDEO_MAX: usize = 4;

/// Voices of one video.
const VOICES_MAX: usize = 2;

/// One of Kling's versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    V3,
    O3,
    V26,
    V15,
}

/// The size class, by its name at fal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    Standard,
    Pro,
}

/// What a video is made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Text,
    Image,
    Motion,
    Edit,
    Reference,
}

/// A video model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kling {
    pub version: Version,
    pub tier: Tier,
    pub way: Way,
}

impl Kling {
    /// The model of what stands behind `fal-ai/kling-video/`.
    pub fn of_path(path: &str) -> Option<Kling> {
        let (version, rest) = path.split_once('/')?;
        let (tier, way) = rest.split_once('/')?;
        let version = match version {
            "v3" => Version::V3,
            "o3" => Version::O3,
            "v2.6" => Version::V26,
            "v1.5" => Version::V15,
            _ => return None,
        };
        let tier = match tier {
            "standard" => Tier::Standard,
            "pro" => Tier::Pro,
            _ => return None,
        };
        let way = match way {
            "text-to-video" => Way::Text,
            "image-to-video" => Way::Image,
            "motion-control" => Way::Motion,
            "video-to-video/edit" => Way::Edit,
            "video-to-video/reference" => Way::Reference,
            _ => return None,
        };
        let exists = match (version, way) {
            (Version::V3, Way::Text | Way::Image | Way::Motion) => true,
            (Version::O3, Way::Text | Way::Image | Way::Edit | Way::Reference) => true,
            (Version::V26, Way::Motion) => true,
            (Version::V26 | Version::V15, Way::Text | Way::Image) => tier == Tier::Pro,
            (Version::V3, Way::Edit | Way::Reference)
            | (Version::O3, Way::Motion)
            | (Version::V26 | Version::V15, Way::Edit | Way::Reference)
            | (Version::V15, Way::Motion) => false,
        };
        exists.then_some(Kling { version, tier, way })
    }

    fn seconds(self) -> &'static [&'static str] {
        match self.version {
            Version::V3 | Version::O3 => &SECONDS_RANGE,
            Version::V26 | Version::V15 => &SECONDS_FIVE_TEN,
        }
    }

    /// A second, in micro-dollars; the higher one where sources differ.
    fn price(self, sound: Tariff) -> u64 {
        match (self.version, self.way, self.tier, sound) {
            (Version::V3, Way::Motion, Tier::Standard, _) => 126_000,
            (Version::V3, Way::Motion, Tier::Pro, _) => 168_000,
            (Version::V3, _, Tier::Standard, Tariff::Silent) => 84_000,
            (Version::V3, _, Tier::Standard, Tariff::Sound) => 126_000,
            (Version::V3, _, Tier::Standard, Tariff::Voice) => 154_000,
            (Version::V3, _, Tier::Pro, Tariff::Silent) => 112_000,
            (Version::V3, _, Tier::Pro, Tariff::Sound) => 168_000,
            (Version::V3, _, Tier::Pro, Tariff::Voice) => 196_000,
            (Version::O3, Way::Edit | Way::Reference, Tier::Standard, _) => 126_000,
            (Version::O3, Way::Edit | Way::Reference, Tier::Pro, _) => 336_000,
            (Version::O3, _, Tier::Standard, Tariff::Silent) => 84_000,
            (Version::O3, _, Tier::Standard, _) => 112_000,
            (Version::O3, _, Tier::Pro, Tariff::Silent) => 112_000,
            (Version::O3, _, Tier::Pro, _) => 140_000,
            (Version::V26, Way::Motion, Tier::Standard, _) => 70_000,
            (Version::V26, Way::Motion, Tier::Pro, _) => 112_000,
            (Version::V26, _, _, Tariff::Silent) => 70_000,
            (Version::V26, _, _, Tariff::Sound) => 140_000,
            (Version::V26, _, _, Tariff::Voice) => 168_000,
            (Version::V15, _, _, _) => 98_000,
        }
    }
}

/// What decides the price of a second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tariff {
    Silent,
    Sound,
    Voice,
}

/// What was read of an input.
#[derive(Default)]
struct Asked {
    prompt: String,
    seconds: u64,
    ratio: &'static str,
    has_sound: bool,
    has_voice: bool,
    /// Fields and addresses of pictures, the first frame first.
    pictures: Vec<(&'static str, String)>,
    video: Option<String>,
    /// The longest motion, in seconds.
    motion_secs_max: f64,
}

/// Reads an input and plans the film.
pub async fn plan(model: Kling, input: Value) -> Result<Plan, Failure> {
    let asked = read(model, input)?;
    let mut first: Option<(Picture, Bytes)> = None;
    for (field, address) in &asked.pictures {
        let picture = plan::frame(field, address).await?;
        first.get_or_insert(picture);
    }
    let video = match &asked.video {
        None => None,
        Some(address) => {
            let limits = match model.way {
                Way::Motion => VideoLimits {
                    secs_min: 3.0,
                    secs_max: asked.motion_secs_max,
                    side_min: 340,
                    side_max: 3850,
                },
                Way::Text | Way::Image | Way::Edit | Way::Reference => VideoLimits {
                    secs_min: 3.0,
                    secs_max: 10.0,
                    side_min: 720,
                    side_max: 2160,
                },
            };
            Some(plan::video("video_url", address, &limits).await?)
        }
    };
    Ok(film(model, &asked, first, video))
}

fn read(model: Kling, input: Value) -> Result<Asked, Failure> {
    let mut fields = Fields::of(input)?;
    let mut asked = Asked {
        ratio: "auto",
        ..Asked::default()
    };
    match model.way {
        Way::Text => {
            read_prompt(model, &mut fields, &mut asked)?;
            asked.ratio = fields.choice("aspect_ratio", &RATIOS, "16:9")?;
            read_sound(model, &mut fields, &mut asked)?;
        }
        Way::Image => {
            read_prompt(model, &mut fields, &mut asked)?;
            let (first, last) = match model.version {
                Version::V3 | Version::V26 => ("start_image_url", "end_image_url"),
                Version::O3 => ("image_url", "end_image_url"),
                Version::V15 => ("image_url", "tail_image_url"),
            };
            asked.pictures.push((first, fields.required(first)?));
            asked
                .pictures
                .extend(fields.text(last)?.map(|address| (last, address)));
            if model.version == Version::V15 {
                fields.choice("aspect_ratio", &RATIOS, "16:9")?;
            }
            if matches!(model.version, Version::V3 | Version::O3) {
                fields.items("elements")?;
            }
            read_sound(model, &mut fields, &mut asked)?;
        }
        Way::Motion => {
            asked.prompt = fields.text("prompt")?.unwrap_or_default();
            asked
                .pictures
                .push(("image_url", fields.required("image_url")?));
            asked.video = Some(fields.required("video_url")?);
            let follows = fields.choice("character_orientation", &["image", "video"], "")?;
            asked.motion_secs_max = match follows {
                "image" => 10.0,
                "video" => 30.0,
                _ => return Err(missing("character_orientation")),
            };
            asked.has_sound = fields.flag("keep_original_sound", true)?;
            if model.version == Version::V3 {
                fields.items("elements")?;
            }
        }
        Way::Edit | Way::Reference => {
            asked.prompt = fields.required("prompt")?;
            asked.video = Some(fields.required("video_url")?);
            let pictures = fields.texts("image_urls")?;
            let together = pictures.len() + fields.items("elements")?;
            if together > PICTURES_WITH_VIDEO_MAX {
                let words = "At most 4 images and elements are allowed";
                return Err(Failure::input("image_urls", "too_long", words));
            }
            let pictures = pictures.into_iter().map(|it| ("image_urls", it));
            asked.pictures.extend(pictures);
            asked.has_sound = fields.flag("keep_audio", true)?;
            if model.way == Way::Reference {
                asked.ratio = fields.choice("aspect_ratio", &RATIOS_AUTO, "auto")?;
                asked.seconds = seconds(model, &mut fields)?;
            }
        }
    }
    if asked.prompt.chars().count() > PROMPT_CHARS_MAX {
        let words = format!("String should have at most {PROMPT_CHARS_MAX} characters");
        return Err(Failure::input("prompt", "string_too_long", words));
    }
    fields.finish()?;
    Ok(asked)
}

fn seconds(model: Kling, fields: &mut Fields) -> Result<u64, Failure> {
    let word = fields.choice("duration", model.seconds(), "5")?;
    word.parse()
        .map_err(|_| Failure::model(500, "internal_server_error", "Internal server error"))
}

/// The words, the length, and what goes with them.
fn read_prompt(model: Kling, fields: &mut Fields, asked: &mut Asked) -> Result<(), Failure> {
    asked.seconds = seconds(model, fields)?;
    let prompt = fields.text("prompt")?.filter(|prompt| !prompt.is_empty());
    let shots = match model.version {
        Version::V3 | Version::O3 => {
            fields.choice("shot_type", &["customize", "intelligent"], "customize")?;
            fields.items("multi_prompt")?
        }
        Version::V26 | Version::V15 => 0,
    };
    let missing_prompt = prompt.is_none() && shots == 0;
    // With a picture, version 3 and O3 make do without words.
    let optional = model.way == Way::Image && matches!(model.version, Version::V3 | Version::O3);
    if missing_prompt && !optional {
        return Err(missing("prompt"));
    }
    asked.prompt = prompt.unwrap_or_default();
    if model.version != Version::O3 {
        fields.text("negative_prompt")?;
        fields.share("cfg_scale")?;
    }
    Ok(())
}

fn read_sound(model: Kling, fields: &mut Fields, asked: &mut Asked) -> Result<(), Failure> {
    if model.version == Version::V15 {
        return Ok(());
    }
    asked.has_sound = fields.flag("generate_audio", true)?;
    if model.version != Version::O3 {
        let voices = fields.texts("voice_ids")?;
        if voices.len() > VOICES_MAX {
            let words = "List should have at most 2 items";
            return Err(Failure::input("voice_ids", "too_long", words));
        }
        asked.has_voice = !voices.is_empty();
    }
    Ok(())
}

fn film(
    model: Kling,
    asked: &Asked,
    first: Option<(Picture, Bytes)>,
    video: Option<Probed>,
) -> Plan {
    let length = match (&video, model.way) {
        (Some(video), Way::Motion | Way::Edit) => video.length,
        (_, _) => Duration::from_secs(asked.seconds),
    };
    let of_picture = first
        .as_ref()
        .map(|(it, _)| f64::from(it.width) / f64::from(it.height));
    let of_video = video
        .as_ref()
        .map(|it| f64::from(it.width) / f64::from(it.height));
    let ratio = match (asked.ratio, model.way) {
        ("16:9", _) => 16.0 / 9.0,
        ("9:16", _) => 9.0 / 16.0,
        ("1:1", _) => 1.0,
        (_, Way::Edit | Way::Reference) => of_video.unwrap_or(16.0 / 9.0),
        (_, _) => of_picture.unwrap_or(16.0 / 9.0),
    };
    let area: f64 = match model.tier {
        Tier::Standard => 1280.0 * 720.0,
        Tier::Pro => 1920.0 * 1080.0,
    };
    let even = |side: f64| (side / 2.0).round() as u32 * 2;
    let width = f64::sqrt(area * ratio);
    let has_sound = match (&video, model.way) {
        (Some(video), _) => asked.has_sound && video.has_sound,
        (None, _) => asked.has_sound,
    };
    let tariff = match (asked.has_sound, asked.has_voice) {
        (false, _) => Tariff::Silent,
        (true, false) => Tariff::Sound,
        (true, true) => Tariff::Voice,
    };
    let seed = asked.prompt.bytes().fold(7_u64, |seed, byte| {
        seed.wrapping_mul(31).wrapping_add(u64::from(byte))
    });
    let millis = u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
    Plan {
        output: Output::Film(Clip {
            width: even(width),
            height: even(width / ratio),
            fps: 24,
            length,
            sound: if has_sound {
                Sound::Silence
            } else {
                Sound::None
            },
            seed,
            picture: first.and_then(|(_, bytes)| inputs::thumbnail(&bytes)),
        }),
        cost_micros: model.price(tariff) * millis / 1000,
        units: length.as_secs_f64(),
    }
}
