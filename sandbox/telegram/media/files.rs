//! Every file anybody sent, by `file_id` and by download path.

use std::collections::HashMap;
use std::io::Cursor;

use bytes::Bytes;
use image::ImageFormat;
use uuid::Uuid;

use super::mime::{extension, mime_type};
use super::{Media, MediaKind, PhotoSize, Picture, UPLOAD_BYTES_MAX, Upload, check_photo};
use crate::telegram::error::ApiError;

/// The longer sides of the smaller sizes of a photo, in pixels, as Telegram makes them.
const SMALLER_SIDES: [u32; 3] = [90, 320, 800];

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
pub(crate) struct Files {
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
