//! Stored pictures and clips: bytes in an object store, a row that says whose they are.

use async_trait::async_trait;
use bytes::Bytes;
use rei_domain::ids::{AssetId, UserId};
use rei_domain::spec::{self, Clip, Input, Source, Still, StillKind};

use crate::ports::StoreError;

/// What bytes are, told from themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MediaKind {
    Png,
    Jpeg,
    Webp,
    Mp4,
}

impl MediaKind {
    /// Every kind.
    pub const ALL: [MediaKind; 4] = [
        MediaKind::Png,
        MediaKind::Jpeg,
        MediaKind::Webp,
        MediaKind::Mp4,
    ];

    /// Whether it is a clip.
    pub fn moves(self) -> bool {
        match self {
            MediaKind::Mp4 => true,
            MediaKind::Png | MediaKind::Jpeg | MediaKind::Webp => false,
        }
    }

    /// The media type.
    pub fn mime(self) -> &'static str {
        match self {
            MediaKind::Png => "image/png",
            MediaKind::Jpeg => "image/jpeg",
            MediaKind::Webp => "image/webp",
            MediaKind::Mp4 => "video/mp4",
        }
    }

    /// The usual file name extension.
    pub fn extension(self) -> &'static str {
        match self {
            MediaKind::Png => "png",
            MediaKind::Jpeg => "jpg",
            MediaKind::Webp => "webp",
            MediaKind::Mp4 => "mp4",
        }
    }
}

/// A picture or a clip that was checked: its header was read and its size is within the limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Media {
    pub bytes: Bytes,
    pub kind: MediaKind,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
    /// Length in milliseconds; zero for a picture.
    pub millis: u32,
}

/// The row of a stored picture or clip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asset {
    pub id: AssetId,
    pub user: UserId,
    pub kind: MediaKind,
    pub width: u32,
    pub height: u32,
    /// Length in milliseconds; zero for a picture.
    pub millis: u32,
    /// Bytes.
    pub size: u64,
    /// Lower-case hexadecimal SHA-256 of the bytes; also the object's key.
    pub sha256: String,
}

impl Asset {
    /// What it is as an input of a request.
    pub fn as_input(&self) -> Input {
        Input {
            source: Source::Asset(self.id.clone()),
            media: input_media(self.kind, self.width, self.height, self.millis),
        }
    }
}

impl Media {
    /// What it is as an input of a request.
    pub fn as_input(&self) -> spec::Media {
        input_media(self.kind, self.width, self.height, self.millis)
    }
}

fn input_media(kind: MediaKind, width: u32, height: u32, millis: u32) -> spec::Media {
    let still = |kind| {
        let still = Still {
            kind,
            width,
            height,
        };
        spec::Media::Picture(Some(still))
    };
    match kind {
        MediaKind::Png => still(StillKind::Png),
        MediaKind::Jpeg => still(StillKind::Jpeg),
        MediaKind::Webp => still(StillKind::Webp),
        MediaKind::Mp4 => spec::Media::Clip(Clip {
            millis,
            width,
            height,
        }),
    }
}

/// The asset store.
#[async_trait]
pub trait Assets: Send + Sync + 'static {
    /// Stores a picture or a clip under `id`; a repeat with the same id is a no-op.
    async fn put(&self, id: &AssetId, user: UserId, media: &Media) -> Result<Asset, StoreError>;

    /// Its row, if there is one.
    async fn find(&self, id: &AssetId) -> Result<Option<Asset>, StoreError>;

    /// A picture or a clip with its bytes, their hash checked; `None` when there is none.
    async fn get(&self, id: &AssetId) -> Result<Option<Media>, StoreError>;
}

/// Checks bytes from outside: are they what they are taken for, within the limits?
pub trait MediaCheck: Send + Sync + 'static {
    /// Reads a picture's header only; refuses unknown kinds, broken headers, more than 10 000
    /// pixels a side or 64 megapixels.
    fn picture(&self, bytes: Bytes) -> Result<Media, NotMedia>;

    /// Reads the boxes of an MP4 or QuickTime file that tell its length and size; decodes
    /// nothing.
    fn clip(&self, bytes: Bytes) -> Result<Media, NotMedia>;
}

/// The bytes are nothing that the bot can work with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotMedia {
    #[error("the bytes are no PNG, JPEG or WebP")]
    NoPicture,
    #[error("the bytes are no MP4 or QuickTime video")]
    NoClip,
    #[error("the header cannot be read")]
    BrokenHeader,
    #[error("there are more pixels than the limit")]
    TooManyPixels,
}
