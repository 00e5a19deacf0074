//! What a request will make: pictures that are drawn, or a film.

use bytes::Bytes;
use image::ImageFormat;

use super::failure::Failure;
use crate::gemini::drawing::Drawing;
use crate::inputs::{self, NotFetched, Picture};
use crate::video::{Clip, Probed, probe};

const MB: usize = 1024 * 1024;

/// The largest files, in bytes.
const PICTURE_BYTES_MAX: usize = 50 * MB;
const VIDEO_BYTES_MAX: usize = 200 * MB;

/// What is made, and what it costs if it is.
#[derive(Clone, Debug)]
pub struct Plan {
    pub output: Output,
    /// In micro-dollars.
    pub cost_micros: u64,
    /// `x-fal-billable-units`: pictures, or seconds.
    pub units: f64,
}

/// The things that are made.
#[derive(Clone, Debug)]
pub enum Output {
    Pictures {
        drawings: Vec<Drawing>,
        format: ImageFormat,
        /// As `data:` addresses in the answer, instead of files.
        inline: bool,
    },
    Film(Clip),
}

/// The words of a format: extension and mime type.
pub fn words_of(format: ImageFormat) -> (&'static str, &'static str) {
    match format {
        ImageFormat::Jpeg => ("jpeg", "image/jpeg"),
        ImageFormat::WebP => ("webp", "image/webp"),
        _ => ("png", "image/png"),
    }
}

/// The bytes of a file that comes by an address or as a `data:` address.
async fn bytes_of(field: &str, address: &str, bytes_max: usize) -> Result<Bytes, Failure> {
    let not_fetched = |why| match why {
        NotFetched::Unreachable => {
            Failure::input(field, "file_download_error", "Failed to download the file")
        }
        NotFetched::TooLarge => Failure::input(field, "file_too_large", "File size exceeded"),
    };
    if address.starts_with("data:") {
        let bytes = inputs::of_data_address(address);
        let bytes = bytes.ok_or_else(|| not_fetched(NotFetched::Unreachable))?;
        if bytes.len() > bytes_max {
            return Err(not_fetched(NotFetched::TooLarge));
        }
        return Ok(bytes);
    }
    inputs::fetch(address, bytes_max).await.map_err(not_fetched)
}

/// A picture that is an input, with its bytes.
pub async fn picture(field: &str, address: &str) -> Result<(Picture, Bytes), Failure> {
    let bytes = bytes_of(field, address, PICTURE_BYTES_MAX).await?;
    let opened = inputs::picture(&bytes);
    let opened = opened
        .ok_or_else(|| Failure::input(field, "image_load_error", "Failed to load the image"))?;
    match opened.format {
        ImageFormat::Png | ImageFormat::Jpeg | ImageFormat::WebP => Ok((opened, bytes)),
        _ => Err(Failure::input(
            field,
            "unsupported_image_format",
            "Unsupported image format",
        )),
    }
}

/// A picture Kling takes: at least 300 px a side, between 1:2.5 and 2.5:1.
pub async fn frame(field: &str, address: &str) -> Result<(Picture, Bytes), Failure> {
    let (picture, bytes) = picture(field, address).await?;
    if picture.width.min(picture.height) < 300 {
        let words = "Image dimensions are too small. Minimum dimensions are 300x300 pixels";
        return Err(Failure::input(field, "image_too_small", words));
    }
    let ratio = f64::from(picture.width) / f64::from(picture.height);
    if !(0.4..=2.5).contains(&ratio) {
        let words = "The aspect ratio must be between 1:2.5 and 2.5:1";
        return Err(Failure::input(field, "value_error", words));
    }
    Ok((picture, bytes))
}

/// The limits of a video that is an input.
pub struct VideoLimits {
    pub secs_min: f64,
    pub secs_max: f64,
    pub side_min: u32,
    pub side_max: u32,
}

/// A millisecond more or less is the container's.
const SLACK_SECS: f64 = 0.001;

/// A video that is an input.
pub async fn video(field: &str, address: &str, limits: &VideoLimits) -> Result<Probed, Failure> {
    let bytes = bytes_of(field, address, VIDEO_BYTES_MAX).await?;
    let video = probe(&bytes).map_err(|_| {
        Failure::input(
            field,
            "unsupported_video_format",
            "Unsupported video format",
        )
    })?;
    let secs = video.length.as_secs_f64();
    if secs + SLACK_SECS < limits.secs_min {
        let words = format!("Minimum duration is {} seconds", limits.secs_min);
        return Err(Failure::input(field, "video_duration_too_short", words));
    }
    if secs - SLACK_SECS > limits.secs_max {
        let words = format!("Maximum duration is {} seconds", limits.secs_max);
        return Err(Failure::input(field, "video_duration_too_long", words));
    }
    let sides = limits.side_min..=limits.side_max;
    if !sides.contains(&video.width) || !sides.contains(&video.height) {
        let words = format!(
            "Width and height must be from {} to {} px",
            limits.side_min, limits.side_max
        );
        return Err(Failure::input(field, "value_error", words));
    }
    Ok(video)
}
