//! Files and the pictures among them.
//!
//! A photo keeps its bytes as sent, where Telegram recompresses it; the smaller sizes are
//! scaled when somebody downloads them.

use std::collections::HashMap;
use std::io::Cursor;

use bytes::Bytes;
use image::{ImageFormat, ImageReader};
use serde::Serialize;
use uuid::Uuid;

use super::error::ApiError;

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

/// The longer sides of the smaller sizes of a photo, in pixels, as Telegram makes them.
const SMALLER_SIDES: [u32; 3] = [90, 320, 800];

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

/// What stands behind a `file_id`.
#[derive(Clone, Debug)]
pub(crate) struct StoredFile {
    pub media: Media,
    /// The path of the download, `photos/file_1.jpg`.
    pub path: String,
    bytes: Bytes,
    /// For a smaller size of a photo: its width and height.
    scaled: Option<(u32, u32)>,
}

impl StoredFile {
    /// How many bytes a download has, when that is known before it.
    pub fn download_bytes(&self) -> Option<usize> {
        self.scaled.is_none().then_some(self.bytes.len())
    }

    /// The bytes of the download. A smaller size is made now, which takes processor time.
    pub fn content(&self) -> Bytes {
        let Some((width, height)) = self.scaled else {
            return self.bytes.clone();
        };
        // What cannot be scaled is shown as it came.
        scale(&self.bytes, width, height).unwrap_or_else(|| self.bytes.clone())
    }
}

fn scale(bytes: &[u8], width: u32, height: u32) -> Option<Bytes> {
    let picture = image::load_from_memory(bytes)
        .ok()?
        .thumbnail_exact(width, height);
    let mut jpeg = Cursor::new(Vec::new());
    picture
        .to_rgb8()
        .write_to(&mut jpeg, ImageFormat::Jpeg)
        .ok()?;
    Some(jpeg.into_inner().into())
}

/// Every file anybody sent.
#[derive(Debug, Default)]
pub(super) struct Files {
    by_id: HashMap<String, StoredFile>,
    id_by_path: HashMap<String, String>,
}

impl Files {
    /// Keeps a file, and refuses what Telegram refuses to keep as this kind.
    pub fn store(&mut self, kind: MediaKind, upload: Upload) -> Result<Media, ApiError> {
        if upload.bytes.is_empty() {
            return Err(ApiError::bad_request("file must be non-empty"));
        }
        if upload.bytes.len() > UPLOAD_BYTES_MAX {
            return Err(ApiError::too_large());
        }
        if kind == MediaKind::Photo {
            check_photo(&upload.bytes)?;
        }
        Ok(self.keep(kind, upload))
    }

    /// Keeps a file whatever it is: people's clients send more than a bot may.
    pub fn keep(&mut self, kind: MediaKind, mut upload: Upload) -> Media {
        let picture = Picture::read(&upload.bytes);
        if let Some(picture) = picture.filter(|_| kind != MediaKind::Sticker) {
            (upload.width, upload.height) = (picture.width, picture.height);
        }
        let mime_type = mime_type(kind, &upload, picture);
        let smaller = match kind {
            MediaKind::Photo => smaller_sizes(upload.width, upload.height),
            MediaKind::Document
            | MediaKind::Video
            | MediaKind::Animation
            | MediaKind::Sticker
            | MediaKind::Voice => Vec::new(),
        };
        let media = Media {
            kind,
            file_id: file_id(),
            file_unique_id: unique_id(),
            // A photo loses its name on the way, as with Telegram.
            file_name: upload.file_name.filter(|_| kind != MediaKind::Photo),
            mime_type,
            width: upload.width,
            height: upload.height,
            duration_secs: upload.duration_secs,
            bytes: upload.bytes.len(),
            smaller,
        };
        for size in &media.smaller {
            let scaled = Some((size.width, size.height));
            self.insert(&size.file_id, media.clone(), upload.bytes.clone(), scaled);
        }
        self.insert(&media.file_id, media.clone(), upload.bytes, None);
        media
    }

    fn insert(&mut self, id: &str, media: Media, bytes: Bytes, scaled: Option<(u32, u32)>) {
        let number = self.by_id.len() + 1;
        let extension = match scaled {
            Some(_) => "jpg",
            None => extension(&media),
        };
        let path = format!("{}/file_{number}.{extension}", media.kind.folder());
        self.id_by_path.insert(path.clone(), id.to_owned());
        self.by_id.insert(
            id.to_owned(),
            StoredFile {
                media,
                path,
                bytes,
                scaled,
            },
        );
    }

    /// What a `file_id` names.
    pub fn find(&self, file_id: &str) -> Option<&StoredFile> {
        self.by_id.get(file_id)
    }

    /// What a download path names.
    pub fn at_path(&self, path: &str) -> Option<&StoredFile> {
        self.find(self.id_by_path.get(path)?)
    }
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

fn smaller_sizes(width: u32, height: u32) -> Vec<PhotoSize> {
    let longer = width.max(height);
    let smaller = SMALLER_SIDES.into_iter().filter(|side| *side < longer);
    let scaled = |length: u32, side: u32| {
        let scaled = u64::from(length) * u64::from(side) / u64::from(longer);
        u32::try_from(scaled).unwrap_or(side).max(1)
    };
    smaller
        .map(|side| PhotoSize {
            file_id: file_id(),
            file_unique_id: unique_id(),
            width: scaled(width, side),
            height: scaled(height, side),
        })
        .collect()
}

fn file_id() -> String {
    format!("AgACAgI{}", Uuid::now_v7().simple())
}

fn unique_id() -> String {
    let id = Uuid::now_v7().simple().to_string();
    format!("AQAD{}", &id[16..])
}

fn mime_type(kind: MediaKind, upload: &Upload, picture: Option<Picture>) -> String {
    let fixed = match kind {
        MediaKind::Voice => Some("audio/ogg"),
        MediaKind::Sticker => Some("image/webp"),
        MediaKind::Photo | MediaKind::Document | MediaKind::Video | MediaKind::Animation => None,
    };
    let of_picture = picture.map(|picture| picture.format.to_mime_type());
    let given = upload
        .mime_type
        .as_deref()
        .filter(|given| *given != "application/octet-stream");
    let by_name = upload.file_name.as_deref().and_then(mime_by_name);
    let default = match kind {
        MediaKind::Video | MediaKind::Animation => "video/mp4",
        MediaKind::Photo | MediaKind::Document | MediaKind::Sticker | MediaKind::Voice => {
            "application/octet-stream"
        }
    };
    fixed
        .or(of_picture)
        .or(given)
        .or(by_name)
        .unwrap_or(default)
        .to_owned()
}

fn mime_by_name(name: &str) -> Option<&'static str> {
    let (_, extension) = name.rsplit_once('.')?;
    TYPES
        .iter()
        .find(|(known, _)| extension.eq_ignore_ascii_case(known))
        .map(|(_, mime)| *mime)
}

fn extension(media: &Media) -> &str {
    let by_name = media
        .file_name
        .as_deref()
        .and_then(|name| name.rsplit_once('.'));
    let by_name = by_name.map(|(_, extension)| extension).filter(|extension| {
        let plain = extension
            .chars()
            .all(|character| character.is_ascii_alphanumeric());
        plain && (1..=8).contains(&extension.len())
    });
    let by_mime = TYPES.iter().find(|(_, mime)| *mime == media.mime_type);
    by_name
        .or(by_mime.map(|(extension, _)| *extension))
        .unwrap_or("bin")
}

/// Extensions and types of what passes through a bot like ours.
const TYPES: [(&str, &str); 12] = [
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("png", "image/png"),
    ("webp", "image/webp"),
    ("gif", "image/gif"),
    ("heic", "image/heic"),
    ("mp4", "video/mp4"),
    ("mov", "video/quicktime"),
    ("ogg", "audio/ogg"),
    ("pdf", "application/pdf"),
    ("txt", "text/plain"),
    ("zip", "application/zip"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn png(width: u32, height: u32) -> Bytes {
        let mut bytes = Cursor::new(Vec::new());
        let picture = image::GrayImage::new(width, height);
        picture.write_to(&mut bytes, ImageFormat::Png).unwrap();
        bytes.into_inner().into()
    }

    fn photo(bytes: Bytes) -> Result<Media, String> {
        let upload = Upload {
            bytes,
            ..Upload::default()
        };
        Files::default()
            .store(MediaKind::Photo, upload)
            .map_err(|error| error.description)
    }

    #[test]
    fn a_photo_has_its_real_size_and_smaller_ones() {
        let media = photo(png(1000, 500)).unwrap();
        assert_eq!((media.width, media.height), (1000, 500));
        let smaller: Vec<_> = media.smaller.iter().map(|s| (s.width, s.height)).collect();
        assert_eq!(smaller, [(90, 45), (320, 160), (800, 400)]);
    }

    #[test]
    fn a_smaller_size_is_really_scaled() {
        let mut files = Files::default();
        let upload = Upload {
            bytes: png(400, 200),
            ..Upload::default()
        };
        let media = files.store(MediaKind::Photo, upload).unwrap();
        let small = files.find(&media.smaller[0].file_id).unwrap();
        let picture = Picture::read(&small.content()).unwrap();
        assert_eq!((picture.width, picture.height), (90, 45));
        assert_eq!(picture.format, ImageFormat::Jpeg);
    }

    #[test]
    fn what_telegram_shows_as_no_photo_is_refused() {
        let refused = |what: &str| Err(format!("Bad Request: {what}"));
        assert_eq!(
            photo(Bytes::from_static(b"words")),
            refused("IMAGE_PROCESS_FAILED")
        );
        assert_eq!(photo(png(9000, 1001)), refused("PHOTO_INVALID_DIMENSIONS"));
        assert_eq!(photo(png(2001, 100)), refused("PHOTO_INVALID_DIMENSIONS"));
        assert!(photo(png(2000, 100)).is_ok());
        let above = photo(Bytes::from(vec![0; PHOTO_BYTES_MAX + 1])).unwrap_err();
        assert!(above.contains("too big for a photo"), "{above}");
        assert_eq!(photo(Bytes::new()), refused("file must be non-empty"));
    }

    #[test]
    fn a_document_keeps_its_name_and_bytes() {
        let mut files = Files::default();
        let bytes = png(3, 2);
        let upload = Upload {
            bytes: bytes.clone(),
            file_name: Some("a.png".into()),
            ..Upload::default()
        };
        let media = files.store(MediaKind::Document, upload).unwrap();
        assert_eq!(media.mime_type, "image/png");
        let stored = files.find(&media.file_id).unwrap();
        assert_eq!(stored.path, "documents/file_1.png");
        assert_eq!(
            files.at_path("documents/file_1.png").unwrap().content(),
            bytes
        );
    }
}
