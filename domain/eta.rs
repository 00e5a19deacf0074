//! When a work will be ready, from how long others of its class took lately.
//!
//! A class is what takes about as long: the same mode with the same model, length and size.
//! Promises that nothing is foretold before [`ENOUGH`] works of the class were measured, and that
//! the range told is that in which half and nine tenths of the newest [`WINDOW`] were ready.

use std::collections::VecDeque;

use crate::spec::{Output, Spec};
use crate::time::Span;

/// Works that are remembered.
const WINDOW: usize = 64;

/// Works that make a range.
const ENOUGH: usize = 5;

/// When half and nine tenths of such works are ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    pub half: Span,
    pub most: Span,
}

impl Range {
    /// The range of a work before which `ahead` others wait for `places` places.
    pub fn behind(self, ahead: u32, places: u32) -> Range {
        let rounds = i64::from(ahead / places.max(1)) + 1;
        let all = |span: Span| Span(span.0.saturating_mul(rounds));
        Range {
            half: all(self.half),
            most: all(self.most),
        }
    }
}

/// How a foretold range compares with what came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Calibration {
    /// Ready within the time of the faster half.
    ByHalf,
    /// Within that of nine tenths.
    ByMost,
    /// Later.
    After,
}

/// How long the newest works of a class took.
#[derive(Clone, Debug, Default)]
pub struct ServiceTimes(VecDeque<Span>);

impl ServiceTimes {
    /// A work took this long; says how that compares with what was foretold before, if anything.
    pub fn record(&mut self, took: Span) -> Option<Calibration> {
        let foretold = self.range();
        if self.0.len() == WINDOW {
            self.0.pop_front();
        }
        self.0.push_back(took);
        foretold.map(|range| {
            if took <= range.half {
                Calibration::ByHalf
            } else if took <= range.most {
                Calibration::ByMost
            } else {
                Calibration::After
            }
        })
    }

    /// The range of the next work; `None` before there are enough.
    pub fn range(&self) -> Option<Range> {
        if self.0.len() < ENOUGH {
            return None;
        }
        let mut sorted: Vec<Span> = self.0.iter().copied().collect();
        sorted.sort_unstable();
        // The smallest time within which this share was ready.
        let share = |tenths: usize| sorted[(sorted.len() * tenths).div_ceil(10) - 1];
        Some(Range {
            half: share(5),
            most: share(9),
        })
    }
}

/// The name of a request's class.
pub fn class(spec: &Spec) -> String {
    let mode = spec.mode().as_str();
    match &spec.output {
        Output::Image(look) => {
            format!("{mode} {} {}", look.model.as_str(), look.size.as_str())
        }
        Output::Video(look) => {
            let quality = look.quality.as_str();
            format!("{mode} {} {} s {quality}", look.model, look.seconds)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secs(secs: i64) -> Span {
        Span::from_secs(secs)
    }

    fn times(of: impl IntoIterator<Item = i64>) -> ServiceTimes {
        let mut times = ServiceTimes::default();
        for took in of {
            times.record(secs(took));
        }
        times
    }

    #[test]
    fn nothing_is_foretold_of_too_few() {
        assert_eq!(times([10, 20, 30, 40]).range(), None);
        assert!(times([10, 20, 30, 40, 50]).range().is_some());
    }

    #[test]
    fn the_range_holds_half_and_nine_tenths() {
        let range = times((1..=10).rev()).range().unwrap();
        assert_eq!((range.half, range.most), (secs(5), secs(9)));
        let behind = range.behind(7, 4);
        assert_eq!((behind.half, behind.most), (secs(10), secs(18)));
        assert_eq!(range.behind(3, 4), range);
        assert_eq!(range.behind(0, 0), range);
    }

    #[test]
    fn old_works_are_forgotten() {
        let old = std::iter::repeat_n(1_000, 500);
        let new = std::iter::repeat_n(10, WINDOW);
        let range = times(old.chain(new)).range().unwrap();
        assert_eq!((range.half, range.most), (secs(10), secs(10)));
    }

    #[test]
    fn what_was_foretold_is_compared_with_what_came() {
        let mut times = times([10, 20, 30, 40, 50]);
        assert_eq!(times.record(secs(30)), Some(Calibration::ByHalf));
        assert_eq!(times.record(secs(50)), Some(Calibration::ByMost));
        assert_eq!(times.record(secs(51)), Some(Calibration::After));
        assert_eq!(ServiceTimes::default().record(secs(1)), None);
    }

    /// Of works whose times come from one distribution, nine tenths come within the range.
    #[test]
    fn nine_of_ten_come_within_what_was_foretold() {
        let mut times = ServiceTimes::default();
        let (mut within, mut all, mut seed) = (0_u32, 0_u32, 1_u64);
        for _ in 0..20_000 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let took = 20 + i64::try_from((seed >> 33) % 100).unwrap();
            if let Some(calibration) = times.record(secs(took)) {
                all += 1;
                within += u32::from(calibration != Calibration::After);
            }
        }
        let percent = within * 100 / all;
        assert!((86..=94).contains(&percent), "{percent} %");
    }
}
