//! What is foretold about works under way, on this node. Kept in memory: after a restart it is
//! learned anew.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use rei_domain::eta::{Range, ServiceTimes, class};
use rei_domain::spec::{Kind, Spec};
use rei_domain::time::Span;

use crate::metrics::etas::ETAS;

/// Service times by class, and how many works of a kind are done at once.
#[derive(Debug, Default)]
pub struct Etas {
    times: Mutex<BTreeMap<String, ServiceTimes>>,
    image_places: u32,
    video_places: u32,
}

impl Etas {
    /// Nothing is known of any class.
    pub fn new(image_places: u32, video_places: u32) -> Self {
        Self {
            times: Mutex::default(),
            image_places,
            video_places,
        }
    }

    /// A work took this long from its submit to its result.
    pub fn record(&self, spec: &Spec, took: Span) {
        let mut times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        let calibration = times.entry(class(spec)).or_default().record(took);
        if let Some(calibration) = calibration {
            ETAS.count(spec.mode().kind(), calibration);
        }
    }

    /// When a work behind `ahead` others is ready, from now; `None` when too few are known.
    pub fn foretell(&self, spec: &Spec, ahead: u32) -> Option<Range> {
        let times = self.times.lock().unwrap_or_else(PoisonError::into_inner);
        let range = times.get(&class(spec))?.range()?;
        let places = match spec.mode().kind() {
            Kind::Image => self.image_places,
            Kind::Video => self.video_places,
        };
        Some(range.behind(ahead, places))
    }
}
