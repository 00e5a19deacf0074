//! Routes: which providers make what is asked for, and which of them is asked.
//!
//! It knows providers and jobs, and neither slots nor mailboxes: whoever asks says which
//! providers have a place free. A job that a provider had begun goes back to that provider,
//! whatever else would be better.

use std::sync::Arc;

use rei_domain::job::JobState;
use rei_domain::money::Money;
use rei_domain::spec::{Kind, Spec};

use crate::ports::jobs::Job;
use crate::ports::provider::Provider;

/// The providers that are set up, in the order of the configuration.
pub struct Routes {
    providers: Vec<Arc<dyn Provider>>,
}

/// Where a job goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// To the provider with this number.
    Take(usize),
    /// Nobody who could has a place free.
    Busy,
    /// Nobody who is set up can do it: it has to end.
    Nobody,
}

impl Routes {
    /// Routes over these providers.
    pub fn new(providers: Vec<Arc<dyn Provider>>) -> Self {
        Self { providers }
    }

    /// The providers, by their number.
    pub fn providers(&self) -> &[Arc<dyn Provider>] {
        &self.providers
    }

    /// The numbers of the providers that make results of a kind.
    pub fn makers(&self, kind: Kind) -> impl Iterator<Item = usize> {
        let makes = move |provider: &Arc<dyn Provider>| provider.kinds().contains(&kind);
        let numbered = self.providers.iter().enumerate();
        numbered.filter(move |(_, p)| makes(p)).map(|(n, _)| n)
    }

    /// What the dearest provider takes for a request: the most it can cost the platform.
    pub fn cost_ceiling(&self, spec: &Spec) -> Money {
        let costs = self.providers.iter().filter_map(|p| p.cost_estimate(spec));
        costs.max().unwrap_or(Money::ZERO)
    }

    /// Whether somebody else than this provider makes what is asked for.
    pub fn has_other(&self, spec: &Spec, provider: &str) -> bool {
        let others = self.providers.iter().filter(|p| p.name() != provider);
        others.into_iter().any(|p| p.cost_estimate(spec).is_some())
    }

    /// Where a job goes, given who has a place free.
    pub fn choose(&self, job: &Job, is_free: impl Fn(usize) -> bool) -> Verdict {
        match job.state {
            JobState::Submitting | JobState::Running | JobState::Unknown | JobState::Rendered => {
                self.back_to_its_own(job, is_free)
            }
            JobState::Queued
            | JobState::Leased
            | JobState::Settled
            | JobState::Delivered
            | JobState::Failed
            | JobState::Cancelled => self.cheapest(job, is_free),
        }
    }

    fn back_to_its_own(&self, job: &Job, is_free: impl Fn(usize) -> bool) -> Verdict {
        let is_its_own = |p: &Arc<dyn Provider>| Some(p.name()) == job.provider.as_deref();
        match self.providers.iter().position(is_its_own) {
            Some(number) if is_free(number) => Verdict::Take(number),
            Some(_) => Verdict::Busy,
            None => Verdict::Nobody,
        }
    }

    /// Whoever did not have the last try, then whoever takes less.
    fn cheapest(&self, job: &Job, is_free: impl Fn(usize) -> bool) -> Verdict {
        let makers = self.providers.iter().enumerate().filter_map(|(number, p)| {
            let cost = p.cost_estimate(&job.spec)?;
            let tried = Some(p.name()) == job.provider.as_deref();
            Some((tried, cost, number))
        });
        let makers: Vec<(bool, Money, usize)> = makers.collect();
        if makers.is_empty() {
            return Verdict::Nobody;
        }
        let free = makers.into_iter().filter(|(_, _, number)| is_free(*number));
        free.min()
            .map_or(Verdict::Busy, |(_, _, number)| Verdict::Take(number))
    }
}
