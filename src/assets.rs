//! Stored pictures and clips: bytes in an object store, addressed by their content and their
//! row, and a row that says whose they are. A second place may have a copy of all of them.
//!
//! Promises that a row exists only after its bytes are durable, that a repeated `put` changes
//! nothing, and that bytes are handed out only if they still have the hash of their row. A full
//! or read-only disk is an error that may pass, never a lost picture. Deliberately deletes
//! nothing: what is over is the collector's to say (`retention`). No two rows share an object, so
//! that removing one row's never takes another's, whoever stores the same content meanwhile.

mod copies;
mod place;
mod places;

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use object_store::path::Path;
use rei_actors::ports::StoreError;
use rei_actors::ports::assets::{Asset, Assets, Media};
use rei_actors::ports::clock::Clock;
use rei_domain::ids::{AssetId, UserId};
use sha2::{Digest, Sha256};

pub use self::copies::{Checked, Copies, Mending};
pub(crate) use self::place::Place;
pub use self::place::PlaceError;
pub use self::places::Places;
use crate::store::AssetRows;

/// The asset store: objects beside the table `assets`.
pub struct AssetStore {
    places: Places,
    rows: AssetRows,
    clock: Arc<dyn Clock>,
}

impl AssetStore {
    /// Joins places with the rows.
    pub fn new(places: Places, rows: AssetRows, clock: Arc<dyn Clock>) -> Self {
        Self {
            places,
            rows,
            clock,
        }
    }
}

#[async_trait]
impl Assets for AssetStore {
    async fn put(&self, id: &AssetId, user: UserId, media: &Media) -> Result<Asset, StoreError> {
        if let Some(known) = self.rows.find(id).await? {
            return Ok(known);
        }
        let asset = Asset {
            id: id.clone(),
            user,
            kind: media.kind,
            width: media.width,
            height: media.height,
            millis: media.millis,
            size: media.bytes.len() as u64,
            sha256: hash(media.bytes.clone()).await?,
        };
        // The object first: a row without its bytes would promise what nobody has. Writing the
        // same content again under the same key is harmless, and mends a damaged object.
        let first = &self.places.first;
        first.put(&object_key(&asset), media.bytes.clone()).await?;
        self.rows.insert(&asset, self.clock.now()).await
    }

    async fn find(&self, id: &AssetId) -> Result<Option<Asset>, StoreError> {
        self.rows.find(id).await
    }

    async fn get(&self, id: &AssetId) -> Result<Option<Media>, StoreError> {
        let Some(asset) = self.rows.find(id).await? else {
            return Ok(None);
        };
        let bytes = self.places.read(&asset).await?;
        Ok(Some(Media {
            bytes,
            kind: asset.kind,
            width: asset.width,
            height: asset.height,
            millis: asset.millis,
        }))
    }
}

/// Lower-case hexadecimal SHA-256, computed where it delays nobody: a large picture takes tens
/// of milliseconds.
async fn hash(bytes: Bytes) -> Result<String, StoreError> {
    tokio::task::spawn_blocking(move || {
        Sha256::digest(&bytes)
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    })
    .await
    .map_err(|_| StoreError::Retryable("the process is stopping".to_owned()))
}

/// Where an asset's bytes are in each place.
fn object_key(asset: &Asset) -> Path {
    key_of(&asset.sha256, asset.id.as_str())
}

/// Two levels of folders keep each of them small: with a million pictures about fifteen names.
pub(crate) fn key_of(sha256: &str, id: &str) -> Path {
    let outer = sha256.get(..2).unwrap_or_default();
    let inner = sha256.get(2..4).unwrap_or_default();
    Path::from(format!("{outer}/{inner}/{sha256}-{id}"))
}

/// The id in [`key_of`]; `None` for a key of another making.
pub(crate) fn object_id(key: &Path) -> Option<&str> {
    let (sha256, id) = key.filename()?.split_once('-')?;
    (sha256.len() == 64).then_some(id)
}

/// Whether the same call may work later. What a disk or a network does passes; what the store
/// cannot do at all does not. The text names keys and paths, which are hashes and ours.
fn classify(error: &object_store::Error) -> StoreError {
    match error {
        object_store::Error::InvalidPath { .. }
        | object_store::Error::NotSupported { .. }
        | object_store::Error::NotImplemented { .. }
        | object_store::Error::UnknownConfigurationKey { .. } => {
            StoreError::Broken(format!("assets: {error}"))
        }
        _ => StoreError::Retryable(format!("assets: {error}")),
    }
}

#[cfg(test)]
mod tests;
