//! The places of objects together: the first, which answers, and perhaps a mirror behind it.

use object_store::path::Path;
use rei_actors::metrics::PlaceName;
use rei_actors::ports::StoreError;
use rei_actors::ports::assets::Asset;
use tokio::runtime::Handle;

use super::object_key;
use super::place::{Place, PlaceError, Unread, open};
use crate::config;

/// Where objects are kept.
#[derive(Clone)]
pub struct Places {
    pub(crate) first: Place,
    pub(crate) mirror: Option<Place>,
}

impl Places {
    /// Opens what is configured. Blocks on the file system, so it belongs to the start of the
    /// process; calls to buckets run on `outside`.
    pub fn open(assets: &config::Assets, outside: &Handle) -> Result<Places, PlaceError> {
        let first = open(&assets.url, &assets.s3, outside.clone())?;
        let mirror = match &assets.mirror_url {
            Some(url) => Some(open(url, &assets.mirror_s3, outside.clone())?),
            None => None,
        };
        Ok(Places {
            first: Place::new(PlaceName::First, first),
            mirror: mirror.map(|store| Place::new(PlaceName::Mirror, store)),
        })
    }

    /// Folders.
    #[cfg(test)]
    pub(crate) fn in_folders(first: &std::path::Path, mirror: Option<&std::path::Path>) -> Places {
        let place = |name, folder: &std::path::Path| {
            Place::new(name, super::place::open_folder(folder).unwrap())
        };
        Places {
            first: place(PlaceName::First, first),
            mirror: mirror.map(|folder| place(PlaceName::Mirror, folder)),
        }
    }

    /// Whether the first place takes what is written: nothing can be kept without it. What a
    /// network or a disk does may pass, so it is only told; what no time heals is an error.
    pub async fn check(&self) -> Result<(), PlaceError> {
        match self.first.try_out().await {
            Err(source) if is_final(&source) => Err(PlaceError::Refused { source }),
            tried => {
                tell(&self.first, tried);
                Ok(())
            }
        }
    }

    /// Tells if the mirror does not take what is written. Nobody needs to wait for it.
    pub async fn check_mirror(&self) {
        if let Some(mirror) = &self.mirror {
            tell(mirror, mirror.try_out().await);
        }
    }

    /// Every place.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Place> {
        [&self.first].into_iter().chain(&self.mirror)
    }

    /// The bytes of an asset, from the first place that has them. What only the mirror has is
    /// brought back.
    pub(super) async fn read(&self, asset: &Asset) -> Result<bytes::Bytes, StoreError> {
        let unread = match self.first.read(asset).await {
            Ok(bytes) => return Ok(bytes),
            Err(unread) => unread,
        };
        if let Some(mirror) = &self.mirror
            && let Ok(bytes) = mirror.read(asset).await
        {
            tracing::warn!(asset.id = %asset.id, ?unread, "read from the mirror");
            if !matches!(unread, Unread::Away(_))
                && let Err(error) = self.first.put(&object_key(asset), bytes.clone()).await
            {
                tracing::warn!(asset.id = %asset.id, %error, "cannot be brought back now");
            }
            return Ok(bytes);
        }
        let broken = |what| Err(StoreError::Broken(format!("asset {} {what}", asset.id)));
        match unread {
            Unread::Missing => broken("has a row and no object"),
            Unread::Damaged => broken("has an object that is not what was stored"),
            Unread::Away(error) => Err(error),
        }
    }

    /// Deletes an object everywhere.
    pub(crate) async fn delete(&self, key: &Path) -> Result<(), StoreError> {
        for place in self.all() {
            place.delete(key).await?;
        }
        Ok(())
    }
}

fn tell(place: &Place, tried: Result<(), object_store::Error>) {
    if let Err(error) = tried {
        let place = place.name().as_str();
        tracing::error!(place, %error, "a place of pictures cannot be written now");
    }
}

/// What services say when a bucket is in another region, by their codes.
const WRONG_REGION: [&str; 3] = [
    "AuthorizationHeaderMalformed",
    "PermanentRedirect",
    "IllegalLocationConstraintException",
];

/// Whether no time heals it: the place is not there, or the keys or the region are wrong.
fn is_final(error: &object_store::Error) -> bool {
    match error {
        object_store::Error::NotFound { .. }
        | object_store::Error::PermissionDenied { .. }
        | object_store::Error::Unauthenticated { .. }
        | object_store::Error::InvalidPath { .. } => true,
        // The library keeps the status to itself and tells the body.
        other => {
            let told = other.to_string();
            WRONG_REGION.iter().any(|code| told.contains(code))
        }
    }
}
