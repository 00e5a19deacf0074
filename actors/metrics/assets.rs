//! Stored pictures and clips: what is asked of their places, and how far the mirror is behind.

use std::sync::LazyLock;

use prometheus::{Gauge, IntCounter, IntCounterVec, Opts};

use super::register;

pub(crate) static ASSETS: LazyLock<AssetMetrics> = LazyLock::new(AssetMetrics::new);

pub(crate) struct AssetMetrics {
    operations: IntCounterVec,
    mirrored: IntCounter,
    lag: Gauge,
}

/// A place of assets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlaceName {
    First,
    Mirror,
}

impl PlaceName {
    /// The label of metrics, and the word for an operator.
    pub fn as_str(self) -> &'static str {
        match self {
            PlaceName::First => "first",
            PlaceName::Mirror => "mirror",
        }
    }
}

/// What is asked of a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlaceOperation {
    Put,
    Get,
    Head,
    Delete,
    List,
}

impl PlaceOperation {
    const ALL: [PlaceOperation; 5] = [
        PlaceOperation::Put,
        PlaceOperation::Get,
        PlaceOperation::Head,
        PlaceOperation::Delete,
        PlaceOperation::List,
    ];

    fn as_str(self) -> &'static str {
        match self {
            PlaceOperation::Put => "put",
            PlaceOperation::Get => "get",
            PlaceOperation::Head => "head",
            PlaceOperation::Delete => "delete",
            PlaceOperation::List => "list",
        }
    }
}

/// How a place answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StorageResult {
    Ok,
    Missing,
    Error,
}

impl StorageResult {
    const ALL: [StorageResult; 3] = [
        StorageResult::Ok,
        StorageResult::Missing,
        StorageResult::Error,
    ];

    fn as_str(self) -> &'static str {
        match self {
            StorageResult::Ok => "ok",
            StorageResult::Missing => "missing",
            StorageResult::Error => "error",
        }
    }
}

impl AssetMetrics {
    fn new() -> Self {
        let metrics = Self {
            operations: register(IntCounterVec::new(
                Opts::new(
                    "rei_storage_operations_total",
                    "What was asked of the places of pictures and clips; missing is an answer.",
                ),
                &["place", "operation", "result"],
            )),
            mirrored: register(IntCounter::new(
                "rei_assets_mirrored_total",
                "Pictures and clips that this node copied to the mirror.",
            )),
            lag: register(Gauge::new(
                "rei_assets_mirror_lag_seconds",
                "For how long the oldest thing that the mirror lacks is kept; 0 when it lacks none.",
            )),
        };
        for place in [PlaceName::First, PlaceName::Mirror] {
            for operation in PlaceOperation::ALL {
                for result in StorageResult::ALL {
                    let labels = [place.as_str(), operation.as_str(), result.as_str()];
                    metrics.operations.with_label_values(&labels);
                }
            }
        }
        metrics
    }

    /// The mirror is so many microseconds behind.
    pub(crate) fn lags(&self, micros: i64) {
        self.lag.set(micros as f64 / 1_000_000.0);
    }

    /// So many things were copied.
    pub(crate) fn copied(&self, count: u64) {
        self.mirrored.inc_by(count);
    }
}

/// A place was asked for something, and answered, said that it is not there, or failed.
pub fn count_storage(place: PlaceName, operation: PlaceOperation, result: StorageResult) {
    let labels = [place.as_str(), operation.as_str(), result.as_str()];
    ASSETS.operations.with_label_values(&labels).inc();
}
