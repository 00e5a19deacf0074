//! Dispatch: waiting rows into lanes, lanes into free slots.
//!
//! The rows are the queue; the lanes hold names of rows and can be lost. A job is taken by a
//! conditional lease, so two nodes that saw the same row do not both run it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rei_domain::ids::{JobId, UserId};
use rei_domain::job::LaneName;
use rei_domain::lanes::Lanes;
use rei_domain::spec::Kind;
use rei_domain::time::Span;
use tokio::sync::OwnedSemaphorePermit;

use super::slots::UserSlot;
use crate::ports::StoreError;
use crate::ports::clock::Clock;
use crate::ports::jobs::{Candidate, Job, JobStore};
use crate::routes::Asked;
use crate::routes::decision::DecisionRecord;

/// What dispatching needs from outside.
#[derive(Clone)]
pub struct DispatchPorts {
    pub clock: Arc<dyn Clock>,
    pub jobs: Arc<dyn JobStore>,
}

/// How jobs are dispatched.
#[derive(Clone, Debug)]
pub struct DispatchSettings {
    /// This node's name in leases; another one after each start.
    pub node: String,
    /// How long a lease lasts.
    pub lease: Span,
    /// Names that a lane holds at most; more rows stay where they are.
    pub lane_capacity: usize,
    /// Names read from a lane's rows at once.
    pub read_at_once: u32,
}

/// A leased job with the slot it will use; both are given to a provider's actor.
pub struct Dispatched {
    pub job: Job,
    /// Why it goes where it goes.
    pub decision: DecisionRecord,
    /// Gives the probe of a breaker back when nothing came of it.
    pub asked: Asked,
    /// Free again when dropped.
    pub slot: OwnedSemaphorePermit,
    /// Free again when dropped.
    pub user_slot: UserSlot,
}

/// Jobs passed over for want of a place before the next look at the rows. It bounds the reads
/// of one round while one provider is full and another has places that few jobs can use.
const PASSED_OVER_MAX: u32 = 32;

/// The lanes of one node, three for each kind of result.
pub struct Dispatch {
    ports: DispatchPorts,
    settings: DispatchSettings,
    queues: Vec<(Kind, Queue)>,
}

/// Users of a lane whose oldest job is read at once: who orders a thousand jobs fills the oldest
/// rows, and those behind him must not wait for them.
const USERS_AT_ONCE: u32 = 32;

/// The lanes of one kind.
struct Queue {
    lanes: Lanes<JobId>,
    /// What is in the lanes, so that a row is read into them once.
    named: BTreeSet<JobId>,
    /// In each lane, the user after whom the next ones are looked for.
    turns: [UserId; 3],
}

impl Queue {
    fn new(lane_capacity: usize) -> Self {
        Self {
            lanes: Lanes::new(lane_capacity),
            named: BTreeSet::new(),
            turns: [FIRST_TURN; 3],
        }
    }

    /// Puts rows into the lane that are not in it yet. What finds no room is read again later.
    fn push(&mut self, candidates: Vec<Candidate>) {
        for candidate in candidates {
            if self.named.contains(&candidate.id) {
                continue;
            }
            let Candidate { id, user, lane } = candidate;
            match self.lanes.push(lane, user, id.clone()) {
                Ok(()) => {
                    self.named.insert(id);
                }
                Err(_full) => break,
            }
        }
    }
}

fn by_id(jobs: Vec<Job>) -> BTreeMap<JobId, Job> {
    jobs.into_iter().map(|job| (job.id.clone(), job)).collect()
}

/// Before every user.
const FIRST_TURN: UserId = UserId(i64::MIN);

impl Dispatch {
    /// Empty lanes.
    pub fn new(ports: DispatchPorts, settings: DispatchSettings) -> Self {
        let queue = |kind| (kind, Queue::new(settings.lane_capacity));
        Self {
            queues: Kind::ALL.map(queue).into(),
            ports,
            settings,
        }
    }

    /// Reads due rows into the lanes as far as there is room: the oldest of the next users, then
    /// the oldest of all.
    pub async fn refill(&mut self) -> Result<(), StoreError> {
        let now = self.ports.clock.now();
        let jobs = &self.ports.jobs;
        let due = jobs.due_lanes(now).await?;
        for (kind, queue) in &mut self.queues {
            for (number, lane) in LaneName::ALL.into_iter().enumerate() {
                if !due.contains(&(*kind, lane)) {
                    continue;
                }
                let room =
                    |queue: &Queue| u32::try_from(queue.lanes.room(lane)).unwrap_or(u32::MAX);
                let users = room(queue).min(USERS_AT_ONCE);
                if users == 0 {
                    continue;
                }
                let after = queue.turns[number];
                let found = jobs.oldest_of_users(*kind, lane, after, now, users).await?;
                // Fewer than asked for: the next turn begins with the first user again.
                let is_round_over = found.len() < users as usize;
                let last = found.last().filter(|_| !is_round_over);
                queue.turns[number] = last.map_or(FIRST_TURN, |candidate| candidate.user);
                queue.push(found);
                let limit = room(queue).min(self.settings.read_at_once);
                if limit > 0 {
                    queue.push(jobs.candidates(*kind, lane, now, limit).await?);
                }
            }
        }
        Ok(())
    }

    /// Leases the next jobs of a kind for which `place` finds a place, at most so many, in their
    /// turns. A job without one leaves the lanes and is read from its row again in the next round.
    pub async fn next<P>(
        &mut self,
        kind: Kind,
        at_most: usize,
        mut place: impl FnMut(&Job) -> Option<P>,
    ) -> Result<Vec<(Job, P)>, StoreError> {
        let mut placed: Vec<(JobId, P)> = Vec::new();
        let mut passed_over = 0;
        while placed.len() < at_most && passed_over < PASSED_OVER_MAX {
            let ids = self.pop(kind, at_most - placed.len());
            if ids.is_empty() {
                break;
            }
            let mut jobs = by_id(self.ports.jobs.jobs(&ids).await?);
            for job in ids.into_iter().filter_map(|id| jobs.remove(&id)) {
                match place(&job) {
                    Some(place) => placed.push((job.id, place)),
                    None => passed_over += 1,
                }
            }
        }
        if placed.is_empty() {
            return Ok(Vec::new());
        }
        let now = self.ports.clock.now();
        let until = now + self.settings.lease;
        let node = self.settings.node.as_str();
        let ids: Vec<JobId> = placed.iter().map(|(id, _)| id.clone()).collect();
        let leased = self.ports.jobs.lease_all(&ids, node, now, until).await?;
        let mut leased = by_id(leased);
        let leased = placed
            .into_iter()
            .filter_map(|(id, place)| Some((leased.remove(&id)?, place)));
        Ok(leased.collect())
    }

    fn pop(&mut self, kind: Kind, at_most: usize) -> Vec<JobId> {
        let queue = self.queue(kind);
        let mut ids = Vec::new();
        while ids.len() < at_most
            && let Some((_, id)) = queue.lanes.pop()
        {
            queue.named.remove(&id);
            ids.push(id);
        }
        ids
    }

    fn queue(&mut self, kind: Kind) -> &mut Queue {
        let mut queues = self.queues.iter_mut();
        let found = queues.find(|(name, _)| *name == kind);
        &mut found.expect("there is a queue for each kind").1
    }

    /// Whether the lanes hold names.
    pub fn has_waiting(&self) -> bool {
        self.queues.iter().any(|(_, queue)| !queue.lanes.is_empty())
    }
}
