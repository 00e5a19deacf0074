//! Routes: which providers make what is asked for, and which of them is asked.
//!
//! It knows providers, their health and cordons; whoever asks says how many places are free.
//! A job that a provider had begun goes back to that provider, whatever else would be better.
//! What is learned is kept in rows by the [`keeper`], so a restart forgets no open breaker.

pub mod decision;
pub mod keeper;

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rei_domain::admin::{CordonLine, ProviderLine};
use rei_domain::breaker::{BreakerSettings, BreakerState};
use rei_domain::health::{FaultClass, Health, Seen};
use rei_domain::job::JobState;
use rei_domain::money::Money;
use rei_domain::retries::{BudgetSettings, RetryBudget};
use rei_domain::routing::{Availability, Facts, History, Policy, decide};
use rei_domain::spec::{Kind, Spec};
use rei_domain::time::Moment;

use crate::metrics::routes::ROUTES;
use crate::ports::clock::Clock;
use crate::ports::jobs::Job;
use crate::ports::provider::Provider;
use crate::ports::routes::{Cordon, HealthRow};
use decision::DecisionRecord;

/// How routing behaves.
#[derive(Clone, Copy, Debug)]
pub struct RouteSettings {
    pub policy: Policy,
    pub breaker: BreakerSettings,
    pub retries: BudgetSettings,
}

/// The providers that are set up, in the order of the configuration.
pub struct Routes {
    providers: Vec<Arc<dyn Provider>>,
    settings: RouteSettings,
    state: Mutex<State>,
    /// Numbers that nobody can guess, for choosing between equals.
    coins: RandomState,
}

struct State {
    health: BTreeMap<(usize, Kind), Health>,
    /// By the number of the provider.
    retries: Vec<RetryBudget>,
    /// Healths that changed since they were last kept.
    changed: Vec<(usize, Kind)>,
    cordons: BTreeMap<String, Cordon>,
    decisions: u64,
}

/// Places of a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Places {
    pub all: u32,
    pub free: u32,
}

/// Where a job goes.
#[derive(Clone, Debug, PartialEq)]
pub enum Route {
    /// To the provider with this number; the record says why.
    Take {
        number: usize,
        record: Box<DecisionRecord>,
    },
    /// Nobody who could may be asked now.
    Wait,
    /// Nobody who is set up can do it: it has to end.
    Nobody,
}

impl Routes {
    /// Routes over these providers, all of them healthy.
    pub fn new(providers: Vec<Arc<dyn Provider>>, settings: RouteSettings) -> Self {
        let mut health = BTreeMap::new();
        for (number, provider) in providers.iter().enumerate() {
            for kind in provider.kinds() {
                health.insert((number, *kind), Health::new(settings.breaker));
                ROUTES.show(provider.name(), *kind, None);
            }
        }
        let retries = vec![RetryBudget::new(settings.retries); providers.len()];
        Self {
            providers,
            settings,
            state: Mutex::new(State {
                health,
                retries,
                changed: Vec::new(),
                cordons: BTreeMap::new(),
                decisions: 0,
            }),
            coins: RandomState::new(),
        }
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
        let mut others = self.providers.iter().filter(|p| p.name() != provider);
        others.any(|p| p.cost_estimate(spec).is_some())
    }

    /// Where a job goes, given everybody's places by their number. Whoever is chosen is taken
    /// for asked: hold an [`Asked`] meanwhile and say how it went with [`Routes::record`].
    pub fn choose(&self, job: &Job, places: &[Places], now: Moment) -> Route {
        match job.state {
            JobState::Submitting | JobState::Running | JobState::Unknown | JobState::Rendered => {
                self.back_to_its_own(job, places, now)
            }
            JobState::Queued
            | JobState::Leased
            | JobState::Settled
            | JobState::Delivered
            | JobState::Failed
            | JobState::Cancelled => self.best(job, places, now),
        }
    }

    fn back_to_its_own(&self, job: &Job, places: &[Places], now: Moment) -> Route {
        let is_its_own = |p: &Arc<dyn Provider>| Some(p.name()) == job.provider.as_deref();
        match self.providers.iter().position(is_its_own) {
            Some(number) if places[number].free > 0 => Route::Take {
                number,
                record: Box::new(DecisionRecord::begun_before(now)),
            },
            Some(_) => Route::Wait,
            None => Route::Nobody,
        }
    }

    fn best(&self, job: &Job, places: &[Places], now: Moment) -> Route {
        let kind = job.spec.mode().kind();
        let mut state = self.state();
        let mut numbers = Vec::new();
        let mut facts = Vec::new();
        for (number, provider) in self.providers.iter().enumerate() {
            let health = state.health.get(&(number, kind));
            let (Some(cost), Some(health)) = (provider.cost_estimate(&job.spec), health) else {
                continue;
            };
            numbers.push(number);
            facts.push(Facts {
                provider: provider.name().to_owned(),
                cost,
                success: health.success(),
                p95_secs: health.p95().map(|p95| p95.0 as f64 / 1_000_000.0),
                places: places[number].all,
                free: places[number].free,
                availability: availability(&state, provider.name(), health, now),
                history: if Some(provider.name()) == job.provider.as_deref() {
                    History::FailedLast
                } else {
                    History::New
                },
            });
        }
        if facts.is_empty() {
            return Route::Nobody;
        }
        state.decisions = state.decisions.wrapping_add(1);
        let coin = self.coins.hash_one(state.decisions);
        let decision = decide(&self.settings.policy, job.price, &facts, coin);
        let Some(chosen) = decision.chosen else {
            return if decision.may_wait() {
                Route::Wait
            } else {
                Route::Nobody
            };
        };
        let number = numbers[chosen];
        if let Some(health) = state.health.get_mut(&(number, kind)) {
            health.asked(now);
        }
        Route::Take {
            number,
            record: Box::new(DecisionRecord::of(now, job.price, coin, &facts, &decision)),
        }
    }

    /// What an attempt at a provider says about it.
    pub fn record(&self, provider: &str, kind: Kind, seen: Seen, now: Moment) {
        if let Seen::Failed(FaultClass::Account) = seen {
            tracing::error!(
                provider,
                "the provider's account is out of order: look after it"
            );
        }
        self.change(provider, kind, |health| health.record(seen, now));
    }

    /// A job is asked of a provider for the first time.
    pub fn tried(&self, provider: &str) {
        if let Some(number) = self.number(provider) {
            self.state().retries[number].tried();
        }
    }

    /// Whether the provider's budget of retries has one left, which is taken; otherwise what it
    /// put off waits the longest.
    pub fn may_retry(&self, provider: &str) -> bool {
        let number = self.number(provider);
        let may = number.is_some_and(|number| self.state().retries[number].take());
        if !may {
            ROUTES.put_off(provider);
        }
        may
    }

    fn number(&self, provider: &str) -> Option<usize> {
        self.providers.iter().position(|p| p.name() == provider)
    }

    /// A provider that was chosen was not asked, or nobody knows what came of it.
    fn give_back(&self, provider: &str, kind: Kind, now: Moment) {
        self.change(provider, kind, |health| health.give_back(now));
    }

    fn change(&self, provider: &str, kind: Kind, change: impl FnOnce(&mut Health)) {
        let Some(number) = self.number(provider) else {
            return;
        };
        let mut state = self.state();
        let Some(health) = state.health.get_mut(&(number, kind)) else {
            return;
        };
        let before = worst(health);
        change(health);
        let after = worst(health);
        if before != after {
            match after {
                Some((class, BreakerState::Open { .. })) => {
                    let (kind, class) = (kind.as_str(), class.as_str());
                    tracing::warn!(
                        provider,
                        kind,
                        class,
                        "a provider is left alone for a while"
                    );
                }
                Some((_, BreakerState::HalfOpen)) => {}
                None | Some((_, BreakerState::Closed)) => {
                    tracing::info!(provider, kind = kind.as_str(), "a provider is asked again");
                }
            }
            ROUTES.show(
                self.providers[number].name(),
                kind,
                after.map(|(_, state)| state),
            );
        }
        if !state.changed.contains(&(number, kind)) {
            state.changed.push((number, kind));
        }
    }

    /// Takes over what was kept in rows. Providers that are not set up are left aside.
    pub fn restore(&self, rows: &[HealthRow]) {
        let mut state = self.state();
        for row in rows {
            let number = self.number(&row.provider);
            let Some(number) = number else { continue };
            if let Some(health) = state.health.get_mut(&(number, row.kind)) {
                *health = Health::restore(self.settings.breaker, &row.health);
                let worst = worst(health).map(|(_, state)| state);
                ROUTES.show(self.providers[number].name(), row.kind, worst);
            }
        }
    }

    /// What changed since the last call, to be kept.
    pub fn take_changed(&self) -> Vec<HealthRow> {
        let mut state = self.state();
        let changed = std::mem::take(&mut state.changed);
        let row = |(number, kind): (usize, Kind)| {
            let health = state.health.get(&(number, kind))?;
            Some(HealthRow {
                provider: self.providers[number].name().to_owned(),
                kind,
                health: health.kept(),
            })
        };
        changed.into_iter().filter_map(row).collect()
    }

    /// Says again that these changed: they could not be kept.
    pub fn still_changed(&self, rows: &[HealthRow]) {
        let mut state = self.state();
        for row in rows {
            let number = self.number(&row.provider);
            if let Some(number) = number
                && !state.changed.contains(&(number, row.kind))
            {
                state.changed.push((number, row.kind));
            }
        }
    }

    /// The cordons as the rows have them.
    pub fn set_cordons(&self, cordons: Vec<Cordon>) {
        let named = cordons
            .into_iter()
            .map(|cordon| (cordon.provider.clone(), cordon));
        self.state().cordons = named.collect();
    }

    /// How everybody stands, in the order of the configuration.
    pub fn lines(&self, now: Moment) -> Vec<ProviderLine> {
        let state = self.state();
        let lines = state.health.iter().map(|((number, kind), health)| {
            let name = self.providers[*number].name();
            let cordon = state.cordons.get(name).filter(|cordon| cordon.holds(now));
            ProviderLine {
                name: name.to_owned(),
                kind: *kind,
                success_percent: (health.success() * 100.0).round() as u32,
                p95: health.p95(),
                breaker: worst(health).filter(|(_, state)| *state != BreakerState::Closed),
                cordon: cordon.map(|cordon| CordonLine {
                    reason: cordon.reason.clone(),
                    until: cordon.until,
                }),
            }
        });
        lines.collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A provider that was chosen for a job. Dropped at the end of the run, however it ends: then a
/// probe of which nobody said what came is given back.
pub struct Asked {
    pub routes: Arc<Routes>,
    pub number: usize,
    pub kind: Kind,
    pub clock: Arc<dyn Clock>,
}

impl Drop for Asked {
    fn drop(&mut self) {
        let provider = self.routes.providers[self.number].name();
        self.routes.give_back(provider, self.kind, self.clock.now());
    }
}

fn availability(state: &State, provider: &str, health: &Health, now: Moment) -> Availability {
    let cordon = state.cordons.get(provider);
    if cordon.is_some_and(|cordon| cordon.holds(now)) {
        Availability::Cordoned
    } else if health.may_be_asked(now) {
        Availability::Open
    } else {
        Availability::Tripped
    }
}

/// The breaker that keeps the provider away longest.
fn worst(health: &Health) -> Option<(FaultClass, BreakerState)> {
    let pause = |state: &BreakerState| match state {
        BreakerState::Closed => i64::MIN,
        BreakerState::HalfOpen => i64::MIN + 1,
        BreakerState::Open { until } => until.0,
    };
    health.open().max_by_key(|(_, state)| pause(state))
}

#[cfg(test)]
mod tests;
