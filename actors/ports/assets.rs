//! Stored pictures: bytes in an object store, a row that says whose they are.

use async_trait::async_trait;
use bytes::Bytes;
use rei_domain::ids::{AssetId, UserId};

use crate::ports::StoreError;

/// A picture's kind, told from its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PictureKind {
    Png,
    Jpeg,
    Webp,
}

impl PictureKind {
    /// The media type.
    pub fn mime(self) -> &'static str {
        match self {
            PictureKind::Png => "image/png",
            PictureKind::Jpeg => "image/jpeg",
            PictureKind::Webp => "image/webp",
        }
    }

    /// The usual file name extension.
    pub fn extension(self) -> &'static str {
        match self {
            PictureKind::Png => "png",
            PictureKind::Jpeg => "jpg",
            PictureKind::Webp => "webp",
        }
    }
}

/// A picture that was checked: its header was read and its size is within the limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    pub bytes: Bytes,
    pub kind: PictureKind,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
}

/// A stored picture's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asset {
    pub id: AssetId,
    pub user: UserId,
    pub kind: PictureKind,
    pub width: u32,
    pub height: u32,
    /// Bytes.
    pub size: u64,
    /// Lower-case hexadecimal SHA-256 of the bytes; also the object's key.
    pub sha256: String,
}

/// The asset store.
#[async_trait]
pub trait Assets: Send + Sync + 'static {
    /// Stores a picture under `id`; a repeat with the same id is a no-op.
    async fn put(&self, id: &AssetId, user: UserId, picture: &Picture)
    -> Result<Asset, StoreError>;

    /// A picture's row, if there is one.
    async fn find(&self, id: &AssetId) -> Result<Option<Asset>, StoreError>;

    /// A picture with its bytes, their hash checked; `None` when there is none.
    async fn get(&self, id: &AssetId) -> Result<Option<Picture>, StoreError>;
}

/// Checks bytes from outside: is this a picture within the limits?
pub trait PictureCheck: Send + Sync + 'static {
    /// Reads the header only; refuses unknown kinds, broken headers, more than 10 000 pixels a
    /// side or 64 megapixels.
    fn check(&self, bytes: Bytes) -> Result<Picture, NotAPicture>;
}

/// The bytes are no picture that the bot can work with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAPicture {
    #[error("the bytes are no PNG, JPEG or WebP")]
    UnknownKind,
    #[error("the picture's header cannot be read")]
    BrokenHeader,
    #[error("the picture has more pixels than the limit")]
    TooManyPixels,
}
