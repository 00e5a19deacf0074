//! How long things took.

use std::time::Duration;

use anyhow::Context;

/// Latencies, one for each thing that was done.
#[derive(Default)]
pub struct Latencies(Vec<Duration>);

impl Latencies {
    pub fn push(&mut self, took: Duration) {
        self.0.push(took);
    }

    pub fn add(&mut self, others: Latencies) {
        self.0.extend(others.0);
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// What so many hundredths took at most.
    pub fn at(&mut self, percent: usize) -> anyhow::Result<Duration> {
        let last = self.0.len().checked_sub(1).context("nothing was done")?;
        self.0.sort_unstable();
        Ok(self.0[last * percent / 100])
    }
}

/// A time in milliseconds, for people.
pub fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// The middle one of an odd number of figures; of an even number the lower middle.
pub fn median<T: Copy>(figures: &[T], order: impl Fn(&T) -> f64) -> anyhow::Result<T> {
    let mut figures = figures.to_vec();
    figures.sort_by(|a, b| order(a).total_cmp(&order(b)));
    let middle = figures.len().checked_sub(1).context("no figures")? / 2;
    Ok(figures[middle])
}
