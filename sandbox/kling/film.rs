//! What an order's files say, and the film that comes of it.

use std::time::Duration;

use bytes::Bytes;
use image::ImageFormat;

use super::model::{Aspect, Audio, Micros, Orientation, Way, pixels, price};
use super::order::{Input, Order, Role, refuse_if};
use super::refusal::Refusal;
use crate::inputs::{self, NotFetched};
use crate::video::{Clip, Probed, Sound, probe};

const MB: usize = 1024 * 1024;

/// The largest files, in bytes.
const PICTURE_BYTES_MAX: usize = 50 * MB;
const PICTURE_BYTES_MAX_LEGACY: usize = 10 * MB;
const OMNI_VIDEO_BYTES_MAX: usize = 200 * MB;
const MOTION_VIDEO_BYTES_MAX: usize = 100 * MB;

/// The shortest side of a picture, in pixels.
const PICTURE_SIDE_MIN: u32 = 300;

/// The longest motion that follows a video, and that follows a picture, in seconds.
const MOTION_SECS_MAX: f64 = 30.0;
const MOTION_OF_IMAGE_SECS_MAX: f64 = 10.0;

/// Frames a second of everything Kling makes.
const FPS: u32 = 24;

/// What will be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Film {
    pub clip: Clip,
    /// What it costs if it is made.
    pub cost: Micros,
}

/// Which limits hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Generation {
    New,
    Legacy,
}

/// Fetches the files of an order and plans the film.
pub async fn plan(order: &Order, generation: Generation) -> Result<Film, Refusal> {
    let mut picture = None;
    let mut video = None;
    for input in &order.inputs {
        let bytes = bytes_of(input, order.way, generation).await?;
        if input.role.is_video() {
            video = Some(check_video(order, input, &bytes)?);
            continue;
        }
        let shape = check_picture(input, &bytes)?;
        if picture.is_none() || input.role == Role::FirstFrame {
            picture = Some((shape, inputs::thumbnail(&bytes)));
        }
    }
    film(order, picture, video)
}

async fn bytes_of(input: &Input, way: Way, generation: Generation) -> Result<Bytes, Refusal> {
    let name = input.role.word();
    let is_address = input.source.starts_with("http://") || input.source.starts_with("https://");
    let bytes_max = match (input.role.is_video(), way, generation) {
        (true, Way::Motion, _) => MOTION_VIDEO_BYTES_MAX,
        (true, _, _) => OMNI_VIDEO_BYTES_MAX,
        (false, _, Generation::New) => PICTURE_BYTES_MAX,
        (false, _, Generation::Legacy) => PICTURE_BYTES_MAX_LEGACY,
    };
    if is_address {
        let fetched = inputs::fetch(&input.source, bytes_max).await;
        return fetched.map_err(|why| Refusal::value(format!("{name} {why}")));
    }
    refuse_if(input.role.is_video(), || {
        format!("{name} is given by its URL alone")
    })?;
    refuse_if(input.source.starts_with("data:"), || {
        format!("{name} is base64 without a data: prefix")
    })?;
    let decoded = inputs::decoded(&input.source);
    let bytes =
        decoded.ok_or_else(|| Refusal::value(format!("{name} is neither a URL nor base64")))?;
    refuse_if(bytes.len() > bytes_max, || {
        format!("{name} {}", NotFetched::TooLarge)
    })?;
    Ok(bytes)
}

/// Width by height of a picture that may be.
fn check_picture(input: &Input, bytes: &[u8]) -> Result<f64, Refusal> {
    let name = input.role.word();
    let picture = inputs::picture(bytes)
        .filter(|it| matches!(it.format, ImageFormat::Jpeg | ImageFormat::Png))
        .ok_or_else(|| Refusal::value(format!("{name} is no JPEG or PNG")))?;
    let shorter = picture.width.min(picture.height);
    refuse_if(shorter < PICTURE_SIDE_MIN, || {
        format!("{name} needs sides of at least {PICTURE_SIDE_MIN} px")
    })?;
    let ratio = f64::from(picture.width) / f64::from(picture.height);
    refuse_if(!(0.4..=2.5).contains(&ratio), || {
        format!("{name} must be between 1:2.5 and 2.5:1")
    })?;
    Ok(ratio)
}

/// The limits of an input video.
struct VideoLimits {
    secs: (f64, f64),
    sides: (u32, u32),
    area_max: u64,
    ratio: (f64, f64),
    fps: (f64, f64),
}

/// A millisecond more or less is the container's.
const SLACK_SECS: f64 = 0.001;

fn check_video(order: &Order, input: &Input, bytes: &[u8]) -> Result<Probed, Refusal> {
    let name = input.role.word();
    let video = probe(bytes).map_err(|_| Refusal::value(format!("{name} is no MP4 or MOV")))?;
    let limits = match order.way {
        Way::Motion => VideoLimits {
            secs: match order.orientation {
                Some(Orientation::Image) => (3.0, MOTION_OF_IMAGE_SECS_MAX),
                Some(Orientation::Video) | None => (3.0, MOTION_SECS_MAX),
            },
            sides: (340, 3850),
            area_max: u64::MAX,
            ratio: (0.0, f64::INFINITY),
            fps: (0.0, f64::INFINITY),
        },
        Way::TextToVideo | Way::ImageToVideo | Way::Omni => VideoLimits {
            secs: (3.0, 15.5),
            sides: (700, 4553),
            area_max: 8_294_400,
            ratio: (0.4, 2.0),
            fps: (24.0, 60.0),
        },
    };
    let secs = video.length.as_secs_f64();
    let (shortest, longest) = limits.secs;
    refuse_if(
        secs + SLACK_SECS < shortest || secs - SLACK_SECS > longest,
        || format!("{name} must take {shortest} to {longest} s"),
    )?;
    let (side_min, side_max) = limits.sides;
    let sides = [video.width, video.height];
    refuse_if(
        sides
            .iter()
            .any(|side| !(side_min..=side_max).contains(side)),
        || format!("{name} needs sides of {side_min} to {side_max} px"),
    )?;
    let area = u64::from(video.width) * u64::from(video.height);
    refuse_if(area > limits.area_max, || {
        format!("{name} has more than {} pixels", limits.area_max)
    })?;
    let ratio = f64::from(video.width) / f64::from(video.height);
    refuse_if(ratio < limits.ratio.0 || ratio > limits.ratio.1, || {
        format!("{name} must have a ratio of 0.4 to 2")
    })?;
    let (slowest, fastest) = limits.fps;
    // Rates such as 23.976 and 59.94 count as their whole number.
    refuse_if(
        video.fps.round() < slowest || video.fps.round() > fastest,
        || format!("{name} needs 24 to 60 frames a second"),
    )?;
    Ok(video)
}

fn film(
    order: &Order,
    picture: Option<(f64, Option<Bytes>)>,
    video: Option<Probed>,
) -> Result<Film, Refusal> {
    let (shape, thumbnail) = match picture {
        Some((shape, thumbnail)) => (Some(shape), thumbnail),
        None => (None, None),
    };
    let length = match (&video, order.way) {
        (Some(video), Way::Motion) => video.length,
        (Some(video), _) if order.has(Role::BaseVideo) => video.length,
        (Some(_), _) | (None, _) => Duration::from_secs(u64::from(order.seconds())),
    };
    let of_video = video
        .as_ref()
        .map(|video| f64::from(video.width) / f64::from(video.height));
    // The first frame decides, then what is asked for, then the video, then any picture.
    let ratio = shape
        .filter(|_| order.has(Role::FirstFrame))
        .or(order.aspect.map(Aspect::ratio))
        .or(of_video)
        .or(shape)
        .unwrap_or(Aspect::Wide.ratio());
    let (width, height) = pixels(order.resolution, ratio);
    let has_sound = match order.audio {
        Audio::Off => false,
        Audio::Native => true,
        Audio::Original => video.is_some_and(|video| video.has_sound),
    };
    let a_second = price(order.model, order.tariff(), order.resolution)
        .ok_or_else(|| Refusal::value("this combination has no price"))?;
    let millis = u64::try_from(length.as_millis()).unwrap_or(u64::MAX);
    // Tenths of a second are what the answer tells.
    let tenths = (millis + 50) / 100;
    let prompt = order.prompt.as_deref().unwrap_or_default();
    let seed = prompt.bytes().fold(7_u64, |seed, byte| {
        seed.wrapping_mul(31).wrapping_add(u64::from(byte))
    });
    Ok(Film {
        clip: Clip {
            width,
            height,
            fps: FPS,
            length: Duration::from_millis(tenths * 100),
            sound: if has_sound {
                Sound::Silence
            } else {
                Sound::None
            },
            seed,
            picture: thumbnail,
        },
        cost: a_second * tenths / 10,
    })
}
