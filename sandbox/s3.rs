//! An S3 service on loopback: buckets in memory, in regions of their own, under the prefix `/s3`.
//!
//! Promised: the paths in path style, signatures of version 4 with the hash of the body, the region of
//! each bucket, checksums, the errors of the API as XML, lists in pages; regions that go down and
//! objects that get lost, on request. Sources: the S3 API reference and Signature Version 4 of Amazon.
//!
//! Deliberately absent: versions, multipart uploads, access lists, ranges, tags, and the deleting of
//! many objects at once, which not every service has (`NotImplemented`).

mod control;
mod serve;
mod signature;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

pub use crate::faults::Fault;
use crate::faults::{Faults, Fits};

/// The key id that is accepted.
pub const ACCESS_KEY_ID: &str = "sandbox-access-key";

/// Its secret.
pub const SECRET_ACCESS_KEY: &str = "sandbox-secret-that-opens-nothing-else";

/// A bucket that is there from the start, in [`REGION`].
pub const BUCKET: &str = "rei-assets";

/// Its region.
pub const REGION: &str = "here-1";

/// Another bucket that is there from the start, in [`MIRROR_REGION`].
pub const MIRROR_BUCKET: &str = "rei-mirror";

/// Its region.
pub const MIRROR_REGION: &str = "there-1";

/// What goes wrong with a call of an operation: `put`, `get`, `head`, `delete` or `list`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub enum FaultKind {
    /// 503 `SlowDown`, and nothing is done.
    SlowDown,
    /// 500 `InternalError`, and nothing is done.
    Fails,
    /// 500 `InternalError`, and it is done all the same.
    FailsAfter,
    /// 403 `AccessDenied`.
    Denied,
}

impl Fits for FaultKind {
    fn fits(&self, _operation: &str) -> bool {
        true
    }
}

/// The emulator's controls. Clones control the same emulator.
#[derive(Clone, Default)]
pub struct Handle {
    state: Arc<Mutex<State>>,
}

struct State {
    buckets: BTreeMap<String, Bucket>,
    /// Regions that do not answer.
    down: BTreeSet<String>,
    faults: Faults<FaultKind>,
}

struct Bucket {
    region: String,
    objects: BTreeMap<String, Object>,
}

#[derive(Clone)]
struct Object {
    bytes: Bytes,
    modified: SystemTime,
}

impl Default for State {
    fn default() -> State {
        let bucket = |name: &str, region: &str| {
            let objects = BTreeMap::new();
            let region = region.to_owned();
            (name.to_owned(), Bucket { region, objects })
        };
        State {
            buckets: [bucket(BUCKET, REGION), bucket(MIRROR_BUCKET, MIRROR_REGION)].into(),
            down: BTreeSet::new(),
            faults: Faults::default(),
        }
    }
}

impl Handle {
    /// A service with the two buckets, both empty.
    pub fn new() -> Handle {
        Handle::default()
    }

    /// The keys of the objects of a bucket; empty when there is no such bucket.
    pub fn keys(&self, bucket: &str) -> Vec<String> {
        let state = self.state();
        let bucket = state.buckets.get(bucket);
        bucket.map_or(Vec::new(), |it| it.objects.keys().cloned().collect())
    }

    /// The bytes of an object.
    pub fn object(&self, bucket: &str, key: &str) -> Option<Bytes> {
        let state = self.state();
        let object = state.buckets.get(bucket)?.objects.get(key)?;
        Some(object.bytes.clone())
    }

    /// Puts other bytes in the place of an object, as a bad disk does.
    pub fn spoil(&self, bucket: &str, key: &str, bytes: &'static [u8]) {
        let mut state = self.state();
        let bucket = state.buckets.get_mut(bucket);
        if let Some(object) = bucket.and_then(|it| it.objects.get_mut(key)) {
            object.bytes = Bytes::from_static(bytes);
        }
    }

    /// Loses everything in a bucket.
    pub fn lose(&self, bucket: &str) {
        if let Some(bucket) = self.state().buckets.get_mut(bucket) {
            bucket.objects.clear();
        }
    }

    /// Takes a region away, until [`Handle::bring_back`]: every call of its buckets ends with a
    /// closed connection.
    pub fn take_down(&self, region: &str) {
        self.state().down.insert(region.to_owned());
    }

    /// Lets a region answer again.
    pub fn bring_back(&self, region: &str) {
        self.state().down.remove(region);
    }

    /// Spoils the next calls.
    pub fn push_fault(&self, fault: Fault<FaultKind>) {
        self.state().faults.push(fault);
    }

    /// Forgets the faults to come.
    pub fn clear_faults(&self) {
        self.state().faults.clear();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every change is complete before the lock is let go, so a panic elsewhere spoils nothing.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("s3::Handle").finish_non_exhaustive()
    }
}

/// Routes `/s3/*` and `/control/s3/*`.
pub fn configure(service: &mut actix_web::web::ServiceConfig, handle: &Handle) {
    service.app_data(actix_web::web::Data::new(handle.clone()));
    serve::configure(service);
    control::configure(service);
}
