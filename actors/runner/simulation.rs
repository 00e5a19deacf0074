//! Seeded simulations of a job's whole way: the ledger, the rows, a provider that misbehaves, and
//! workers that die, or sleep past their lease and wake up, at any point where they wait.
//!
//! A seed that breaks a promise is printed and breaks it again:
//! `REI_SIMULATION_SEED=17 cargo test -p rei-actors simulation`.

use std::pin::Pin;
use std::sync::Mutex;

use async_trait::async_trait;
use futures_util::FutureExt;
use rei_domain::billing::AmbiguityPolicy;
use rei_domain::ids::JobId;
use rei_domain::money::Money;
use rei_domain::spec::Spec;

use super::tests::{COST, World, decision, picture, ports, route_settings, settings};
use super::*;
use crate::ports::provider::Fault;

/// Seeds of one test; each has several injected crashes.
const SEEDS: u64 = 5_000;

/// Crashes that a test must have injected to count.
const CRASHES_MIN: usize = 10_000;

/// What a seed is given before the weather clears up.
const STEPS: usize = 120;

/// Numbers that follow from a seed (SplitMix64).
struct Dice(u64);

impl Dice {
    fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.number() % end as u64).expect("below a usize")
    }
}

/// What kind of provider it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    /// Answers with the result; a call cannot be looked up.
    AtOnce,
    /// Works under an id, and finds a task by the reference that it carried.
    ByTask,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TaskState {
    Working,
    Done,
    /// It ended without a result and is not billed.
    Failed,
}

struct Backend {
    style: Style,
    policy: AmbiguityPolicy,
    state: Mutex<BackendState>,
}

struct BackendState {
    dice: Dice,
    /// Whether it may still misbehave.
    is_stormy: bool,
    /// Tasks by the attempt whose reference they carry.
    tasks: Vec<(u32, TaskState)>,
    /// Submits that came while an earlier task was working or done.
    doubled: usize,
}

impl Backend {
    fn state(&self) -> std::sync::MutexGuard<'_, BackendState> {
        self.state.lock().expect("no test panics under the lock")
    }

    /// A number below `end`; the last one, which is good news, once the storm is over.
    fn fate(&self, end: usize) -> usize {
        let mut state = self.state();
        if state.is_stormy {
            state.dice.below(end)
        } else {
            end - 1
        }
    }

    fn make(&self, attempt: u32, as_it_is: TaskState) {
        let mut state = self.state();
        let busy = |(_, state): &(u32, TaskState)| *state != TaskState::Failed;
        if state.tasks.iter().any(busy) {
            state.doubled += 1;
        }
        state.tasks.push((attempt, as_it_is));
    }

    fn set(&self, attempt: u32, to: TaskState) {
        for task in &mut self.state().tasks {
            if task.0 == attempt {
                task.1 = to;
            }
        }
    }

    fn billed(&self) -> i64 {
        let state = self.state();
        let tasks = state.tasks.iter();
        let billed = tasks.filter(|(_, state)| *state != TaskState::Failed);
        i64::try_from(billed.count()).expect("few")
    }
}

fn result() -> RenderResult {
    RenderResult {
        media: picture(),
        cost: Some(COST),
    }
}

const LATER: ProviderError = ProviderError::Retryable {
    after: None,
    cause: "overloaded",
};

const LOST: ProviderError = ProviderError::Ambiguous { cause: "reset" };

const REFUSED: ProviderError = ProviderError::Refused { reason: "safety" };

const BROKEN: ProviderError = ProviderError::Broken {
    fault: Fault::Request,
    cause: "broken",
};

#[async_trait]
impl Provider for Backend {
    fn name(&self) -> &'static str {
        "world"
    }

    fn kinds(&self) -> &'static [Kind] {
        &[Kind::Image]
    }

    fn ambiguity(&self) -> AmbiguityPolicy {
        self.policy
    }

    fn cost_estimate(&self, _: &Spec) -> Option<Money> {
        Some(COST)
    }

    async fn submit(&self, request: &RenderRequest) -> Result<Submission, ProviderError> {
        tokio::task::yield_now().await;
        let attempt = request.attempt;
        let answer = match (self.fate(12), self.style) {
            (0, _) => Err(LATER),
            (1, _) => Err(REFUSED),
            (2, _) => Err(BROKEN),
            (3, _) => Err(LOST),
            (4 | 5, _) => {
                self.make(attempt, TaskState::Working);
                Err(LOST)
            }
            (_, Style::AtOnce) => {
                self.make(attempt, TaskState::Done);
                Ok(Submission::Done(result()))
            }
            (_, Style::ByTask) => {
                self.make(attempt, TaskState::Working);
                Ok(Submission::Accepted {
                    provider_job: attempt.to_string(),
                    poll_after: Duration::from_secs(1),
                })
            }
        };
        tokio::task::yield_now().await;
        answer
    }

    async fn poll(&self, provider_job: &str) -> Result<ProviderProgress, ProviderError> {
        tokio::task::yield_now().await;
        let attempt: u32 = provider_job.parse().expect("an id of ours");
        let poll_after = Duration::from_secs(2);
        match self.fate(10) {
            0 => Err(LATER),
            1 => Err(LOST),
            2 => {
                self.set(attempt, TaskState::Failed);
                Err(REFUSED)
            }
            3 => {
                self.set(attempt, TaskState::Failed);
                Err(BROKEN)
            }
            4..=7 => Ok(ProviderProgress::Running { poll_after }),
            _ => {
                self.set(attempt, TaskState::Done);
                Ok(ProviderProgress::Done(result()))
            }
        }
    }

    async fn look_up(&self, _: &JobId, attempt: u32) -> Result<Lookup, ProviderError> {
        tokio::task::yield_now().await;
        if self.style == Style::AtOnce {
            return Ok(Lookup::Impossible);
        }
        if self.fate(5) == 0 {
            return Err(LATER);
        }
        let state = self.state();
        let made = state.tasks.iter().any(|(made, _)| *made == attempt);
        Ok(if made {
            let provider_job = attempt.to_string();
            Lookup::Found { provider_job }
        } else {
            Lookup::NotFound
        })
    }
}

/// What may happen to workers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Workers {
    /// They die.
    Mortal,
    /// They also sleep past their lease, beside whoever took over, and go on.
    Sleepy,
}

type Worker = Pin<Box<dyn Future<Output = RunEnd>>>;

/// A job under a seed, from its hold to its end. Returns how many workers were killed.
async fn live_through(seed: u64, style: Style, workers: Workers) -> usize {
    let mut dice = Dice(seed);
    let policy = match dice.below(2) {
        0 => AmbiguityPolicy::RetryOnce,
        _ => AmbiguityPolicy::Refund,
    };
    let world = World::new(policy, Vec::new());
    let backend = Arc::new(Backend {
        style,
        policy,
        state: Mutex::new(BackendState {
            dice: Dice(seed ^ 0x5eed),
            is_stormy: true,
            tasks: Vec::new(),
            doubled: 0,
        }),
    });
    let ports = RunnerPorts {
        provider: backend.clone(),
        routes: Arc::new(Routes::new(vec![backend.clone()], route_settings())),
        ..ports(&world)
    };
    let mut alive: Vec<Worker> = Vec::new();
    let mut kills = 0;
    for _ in 0..STEPS {
        let may_lease = alive.is_empty() || workers == Workers::Sleepy;
        if may_lease && let Some(job) = world.lease() {
            alive.push(worker(ports.clone(), job));
        }
        if alive.is_empty() && world.is_over() {
            break;
        }
        let which = dice.below(alive.len().max(1));
        match dice.below(20) {
            0 | 1 if !alive.is_empty() => {
                drop(alive.swap_remove(which));
                kills += 1;
            }
            2..=4 => {
                let secs = 1 + dice.number() % 15;
                world.advance(Span::from_secs(i64::try_from(secs).expect("few")));
                tokio::time::advance(Duration::from_secs(secs)).await;
            }
            _ => {
                if let Some(worker) = alive.get_mut(which)
                    && worker.as_mut().now_or_never().is_some()
                {
                    drop(alive.swap_remove(which));
                }
            }
        }
    }
    kills += alive.len();
    drop(alive);
    backend.state().is_stormy = false;
    world.work_to_the_end_with(&ports).await;
    world.audit();
    // Who sleeps between the record of an attempt and its call, past his lease, calls all the
    // same: nobody else can know it. It moves no money of the user.
    if workers == Workers::Mortal {
        let booked = world.booked_calls();
        assert!(booked >= backend.billed(), "what is billed is booked");
        if style == Style::ByTask {
            assert_eq!(backend.state().doubled, 0, "nothing is submitted twice");
        }
    }
    kills
}

fn worker(ports: RunnerPorts, job: Job) -> Worker {
    Box::pin(async move { run(&ports, &settings(), job, &decision()).await })
}

/// Lives through every seed, or through the one that the environment names.
async fn live_through_all(style: Style, workers: Workers) {
    if let Ok(seed) = std::env::var("REI_SIMULATION_SEED") {
        let seed = seed.parse().expect("REI_SIMULATION_SEED is a number");
        live_through(seed, style, workers).await;
        return;
    }
    let mut kills = 0;
    for seed in 0..SEEDS {
        let lived = std::panic::AssertUnwindSafe(live_through(seed, style, workers));
        match lived.catch_unwind().await {
            Ok(killed) => kills += killed,
            Err(panic) => {
                eprintln!("REI_SIMULATION_SEED={seed}, {style:?}, {workers:?}");
                std::panic::resume_unwind(panic);
            }
        }
    }
    assert!(kills >= CRASHES_MIN, "only {kills} crashes were injected");
}

#[tokio::test(start_paused = true)]
async fn of_crashes_anywhere_none_submits_a_task_twice_or_moves_money_twice() {
    live_through_all(Style::ByTask, Workers::Mortal).await;
}

#[tokio::test(start_paused = true)]
async fn of_crashes_anywhere_none_moves_money_twice_where_a_call_cannot_be_looked_up() {
    live_through_all(Style::AtOnce, Workers::Mortal).await;
}

#[tokio::test(start_paused = true)]
async fn a_worker_that_wakes_up_after_its_lease_moves_nothing() {
    live_through_all(Style::ByTask, Workers::Sleepy).await;
    live_through_all(Style::AtOnce, Workers::Sleepy).await;
}
