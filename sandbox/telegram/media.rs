//! Files and the pictures among them.
//!
//! A photo keeps its bytes as sent, where Telegram recompresses it; the smaller sizes are
//! scaled when somebody downloads them.

mod files;
mod mime;

use std::io::Cursor;

use bytes::Bytes;
use image::{ImageFormat, ImageReader};
use serde::Serialize;

use super::error::ApiError;

pub(crate) use files::{Files, StoredFile};

/// The largest photo, in bytes (Bot API, "Sending files").
pub const PHOTO_BYTES_MAX: usize = 10 << 20;

/// The largest file a bot may send, in bytes (Bot API, "Sending files").
pub const UPLOAD_BYTES_MAX: usize = 50 << 20;

/// The largest file a bot may download, in bytes (Bot API, `getFile`).
pub const DOWNLOAD_BYTES_MAX: usize = 20 << 20;

/// Width and height of a photo together, in pixels (Bot API, `sendPhoto`).
const PHOTO_SIDES_MAX: u32 = 10_000;

/// The longer side of a photo over the shorter (Bot API, `sendPhoto`).
const PHOTO_RATIO_MAX: u32 = 20;

/// What a file is shown as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MediaKind {
    Photo,
    Document,
    Video,
    Animation,
    Sticker,
    Voice,
}

impl MediaKind {
    /// The field of a message that holds it.
    pub fn field(self) -> &'static str {
        match self {
            MediaKind::Photo => "photo",
            MediaKind::Document => "document",
            MediaKind::Video => "video",
            MediaKind::Animation => "animation",
            MediaKind::Sticker => "sticker",
            MediaKind::Voice => "voice",
        }
    }

    /// The name in Telegram's refusals.
    pub(super) fn title(self) -> &'static str {
        match self {
            MediaKind::Photo => "Photo",
            MediaKind::Document => "Document",
            MediaKind::Video => "Video",
            MediaKind::Animation => "Animation",
            MediaKind::Sticker => "Sticker",
            MediaKind::Voice => "VoiceNote",
        }
    }

    fn folder(self) -> &'static str {
        match self {
            MediaKind::Photo => "photos",
            MediaKind::Document => "documents",
            MediaKind::Video => "videos",
            MediaKind::Animation => "animations",
            MediaKind::Sticker => "stickers",
            MediaKind::Voice => "voice",
        }
    }
}

/// A file in a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Media {
    pub kind: MediaKind,
    /// Names the file to this bot; of a photo, its largest size.
    pub file_id: String,
    /// The same for every bot.
    pub file_unique_id: String,
    pub file_name: Option<String>,
    pub mime_type: String,
    /// In pixels; 0 for what has no picture.
    pub width: u32,
    /// In pixels; 0 for what has no picture.
    pub height: u32,
    pub duration_secs: u32,
    pub bytes: usize,
    /// The smaller sizes of a photo.
    #[serde(skip)]
    pub(super) smaller: Vec<PhotoSize>,
}

/// A smaller size of a photo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PhotoSize {
    pub file_id: String,
    pub file_unique_id: String,
    pub width: u32,
    pub height: u32,
}

/// A file as somebody sends it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Upload {
    pub bytes: Bytes,
    pub file_name: Option<String>,
    pub mime_type: Option<String>,
    pub width: u32,
    pub height: u32,
    pub duration_secs: u32,
}

/// What the header of a picture says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Picture {
    format: ImageFormat,
    width: u32,
    height: u32,
}

impl Picture {
    /// Reads the header alone; `None` when the bytes are no PNG, JPEG or WebP.
    pub fn read(bytes: &[u8]) -> Option<Picture> {
        let reader = ImageReader::new(Cursor::new(bytes))
            .with_guessed_format()
            .ok()?;
        let format = reader.format()?;
        let (width, height) = reader.into_dimensions().ok()?;
        Some(Picture {
            format,
            width,
            height,
        })
    }
}

fn check_photo(bytes: &[u8]) -> Result<(), ApiError> {
    if bytes.len() > PHOTO_BYTES_MAX {
        return Err(ApiError::bad_request(format!(
            "file of size {} bytes is too big for a photo; the maximum size is {PHOTO_BYTES_MAX} bytes",
            bytes.len()
        )));
    }
    let Some(Picture { width, height, .. }) = Picture::read(bytes) else {
        return Err(ApiError::bad_request("IMAGE_PROCESS_FAILED"));
    };
    let ratio_fits = width.max(height) <= width.min(height).saturating_mul(PHOTO_RATIO_MAX);
    if width.saturating_add(height) > PHOTO_SIDES_MAX || !ratio_fits {
        return Err(ApiError::bad_request("PHOTO_INVALID_DIMENSIONS"));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
