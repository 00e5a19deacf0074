//! A place where objects are kept: a folder or a bucket, and how it is opened.

use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use object_store::aws::{AmazonS3Builder, Checksum};
use object_store::client::SpawnedReqwestConnector;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{
    BackoffConfig, ClientOptions, ObjectMeta, ObjectStore, ObjectStoreExt, RetryConfig,
};
use rei_actors::metrics::{PlaceName, PlaceOperation, StorageResult, count_storage};
use rei_actors::ports::StoreError;
use rei_actors::ports::assets::Asset;
use secrecy::ExposeSecret;
use tokio::runtime::Handle;

use super::{classify, hash, object_key};
use crate::config::{Location, S3};
use crate::tls::install_crypto;

/// Why a place cannot be used. The text is for the operator.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    #[error("the asset store's folder {} cannot be used: {source}", folder.display())]
    Folder {
        folder: PathBuf,
        source: std::io::Error,
    },
    #[error("the asset store's folder {} cannot be opened: {source}", folder.display())]
    Store {
        folder: PathBuf,
        source: object_store::Error,
    },
    #[error("the bucket {bucket} cannot be set up: {source}")]
    Bucket {
        bucket: String,
        source: object_store::Error,
    },
    #[error(
        "the first place of pictures refuses to be written: {source}; check the bucket's name, \
         its region and the keys in [assets]"
    )]
    Refused { source: object_store::Error },
}

/// Why the bytes of an asset cannot be had from a place.
#[derive(Debug)]
pub(super) enum Unread {
    Missing,
    /// Something else is in its place.
    Damaged,
    Away(StoreError),
}

/// An object store that counts what it is asked.
#[derive(Clone)]
pub(crate) struct Place {
    name: PlaceName,
    store: Arc<dyn ObjectStore>,
}

impl Place {
    pub(super) fn new(name: PlaceName, store: Arc<dyn ObjectStore>) -> Self {
        Self { name, store }
    }

    pub(crate) fn name(&self) -> PlaceName {
        self.name
    }

    /// Durable when it returns.
    pub(super) async fn put(&self, key: &Path, bytes: Bytes) -> Result<(), StoreError> {
        let done = self.store.put(key, bytes.into()).await;
        let done = self.counted(PlaceOperation::Put, done);
        done.map(drop).map_err(|error| classify(&error))
    }

    /// The bytes of an asset, checked against its row.
    pub(super) async fn read(&self, asset: &Asset) -> Result<Bytes, Unread> {
        let away = |error: object_store::Error| Unread::Away(classify(&error));
        let found = self.store.get(&object_key(asset)).await;
        let found = match self.counted(PlaceOperation::Get, found) {
            Ok(found) => found,
            Err(object_store::Error::NotFound { .. }) => return Err(Unread::Missing),
            Err(error) => return Err(away(error)),
        };
        // The size is compared before anything is read, so that a foreign file in the place of
        // an object cannot fill the memory.
        if found.meta.size != asset.size {
            return Err(Unread::Damaged);
        }
        let bytes = found.bytes().await.map_err(away)?;
        let is_whole = hash(bytes.clone()).await.map_err(Unread::Away)? == asset.sha256;
        is_whole.then_some(bytes).ok_or(Unread::Damaged)
    }

    /// Whether something of the asset's size is there. Reads no bytes.
    pub(super) async fn has(&self, asset: &Asset) -> Result<bool, StoreError> {
        let found = self.store.head(&object_key(asset)).await;
        match self.counted(PlaceOperation::Head, found) {
            Ok(meta) => Ok(meta.size == asset.size),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(classify(&error)),
        }
    }

    /// Deletes an object; one that is gone already is as good.
    pub(crate) async fn delete(&self, key: &Path) -> Result<(), StoreError> {
        let done = self.store.delete(key).await;
        match self.counted(PlaceOperation::Delete, done) {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(classify(&error)),
        }
    }

    /// Everything in it, in no order.
    pub(crate) fn list(&self) -> BoxStream<'static, Result<ObjectMeta, StoreError>> {
        let name = self.name;
        count_storage(name, PlaceOperation::List, StorageResult::Ok);
        let listed = self.store.list(None).map(move |found| {
            found.map_err(|error| {
                count_storage(name, PlaceOperation::List, StorageResult::Error);
                classify(&error)
            })
        });
        listed.boxed()
    }

    /// Writes something and takes it away again: whether the place is there and the keys fit.
    pub(super) async fn try_out(&self) -> Result<(), object_store::Error> {
        let key = Path::from("write-check");
        let nothing = Bytes::from_static(b"rei-bot");
        self.store.put(&key, nothing.into()).await?;
        self.store.delete(&key).await
    }

    fn counted<T>(
        &self,
        operation: PlaceOperation,
        done: Result<T, object_store::Error>,
    ) -> Result<T, object_store::Error> {
        let result = match &done {
            Ok(_) => StorageResult::Ok,
            Err(object_store::Error::NotFound { .. }) => StorageResult::Missing,
            Err(_) => StorageResult::Error,
        };
        count_storage(self.name, operation, result);
        done
    }
}

/// Opens a place. A missing folder is made; a bucket must be there. Blocks on the file system,
/// so it belongs to the start of the process. Calls to a bucket run on `outside`.
pub(super) fn open(
    location: &Location,
    s3: &S3,
    outside: Handle,
) -> Result<Arc<dyn ObjectStore>, PlaceError> {
    match location {
        Location::Folder(folder) => open_folder(folder),
        Location::Bucket { bucket, prefix } => {
            let opened = open_bucket(bucket, s3, outside);
            let opened = opened.map_err(|source| PlaceError::Bucket {
                bucket: bucket.clone(),
                source,
            })?;
            Ok(if prefix.is_empty() {
                opened
            } else {
                Arc::new(PrefixStore::new(opened, prefix.as_str()))
            })
        }
    }
}

fn open_bucket(
    bucket: &str,
    s3: &S3,
    outside: Handle,
) -> Result<Arc<dyn ObjectStore>, object_store::Error> {
    install_crypto();
    // A user waits for a picture: whoever asks goes on to the mirror or comes again.
    let retry = RetryConfig {
        backoff: BackoffConfig::default(),
        max_retries: 2,
        retry_timeout: s3.timeout,
    };
    let client = ClientOptions::new()
        .with_connect_timeout(s3.connect_timeout)
        .with_timeout(s3.timeout)
        .with_allow_http(s3.is_plain());
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(bucket)
        .with_region(&s3.region)
        .with_client_options(client)
        .with_retry(retry)
        .with_http_connector(SpawnedReqwestConnector::new(outside))
        // The service refuses what was spoilt on the way.
        .with_checksum_algorithm(Checksum::SHA256)
        // Not every service deletes in bulk; each deletes one.
        .with_disable_bulk_delete(true);
    if let Some(endpoint) = &s3.endpoint {
        builder = builder.with_endpoint(endpoint);
    }
    if let (Some(id), Some(secret)) = (&s3.access_key_id, &s3.secret_access_key) {
        builder = builder
            .with_access_key_id(id)
            .with_secret_access_key(secret.expose_secret());
    }
    Ok(Arc::new(builder.build()?))
}

pub(super) fn open_folder(folder: &FilePath) -> Result<Arc<dyn ObjectStore>, PlaceError> {
    std::fs::create_dir_all(folder).map_err(|source| PlaceError::Folder {
        folder: folder.to_owned(),
        source,
    })?;
    let store = LocalFileSystem::new_with_prefix(folder).map_err(|source| PlaceError::Store {
        folder: folder.to_owned(),
        source,
    })?;
    // A job is charged once its picture is stored, so stored must survive a power cut.
    Ok(Arc::new(store.with_fsync(true)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_folder_is_made() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("a").join("b");
        open_folder(&folder).unwrap();
        assert!(folder.is_dir());
    }

    #[test]
    fn a_file_in_the_way_is_named() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("taken");
        std::fs::write(&folder, "x").unwrap();
        let error = open_folder(&folder).unwrap_err().to_string();
        assert!(error.contains("taken"), "{error}");
    }
}
