//! Everything the emulator knows: requests, the places they run in, and what time does to them.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use bytes::Bytes;
use uuid::Uuid;

use super::account::{Account, RunningCancel, USER_ID};
use super::failure::Failure;
use super::faults::FaultKind;
use super::plan::Plan;
use super::request::{Course, OnCancel, Payload, Priority, Request, Status};
use super::signing::Keys;
use crate::calls::Calls;
use crate::clock::Clock;
use crate::faults::Faults;
use crate::outbox::{Outbox, Parcel, Posting, Proof};
use crate::stage::{Timed, Woken};

/// What time alone brings about.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// The least time in the queue is over.
    IsReady,
    /// It should have been started by now.
    MustHaveStarted,
    Ends,
}

/// Everything the emulator knows. Requests stay for the life of the process.
pub struct State {
    pub clock: Clock,
    pub account: Account,
    pub faults: Faults<FaultKind>,
    pub calls: Calls,
    pub outbox: Outbox,
    pub keys: Keys,
    requests: Vec<Request>,
    by_id: HashMap<String, usize>,
    steps: BTreeMap<(Duration, u64), (usize, Step)>,
    counted: u64,
}

/// A request that comes in.
pub struct Submission {
    pub model: String,
    pub plan: Result<Plan, Failure>,
    pub priority: Priority,
    pub webhook: Option<String>,
    /// It must start within this.
    pub start_within: Option<Duration>,
    pub site: String,
}

/// What came of a cancel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cancelled {
    Requested,
    AlreadyCompleted,
    NotFound,
}

impl State {
    pub fn new() -> State {
        State {
            clock: Clock::new(),
            account: Account::default(),
            faults: Faults::default(),
            calls: Calls::default(),
            outbox: Outbox::default(),
            keys: Keys::default(),
            requests: Vec::new(),
            by_id: HashMap::new(),
            steps: BTreeMap::new(),
            counted: 0,
        }
    }

    /// Takes a request into the queue.
    pub fn submit(&mut self, submission: Submission, fault: Option<&FaultKind>) -> &Request {
        let now = self.clock.now();
        let place = self.requests.len();
        let ready = now + Duration::from_millis(self.account.wait_millis);
        let mut request = Request {
            id: Uuid::now_v7().to_string(),
            model: submission.model,
            plan: submission.plan,
            status: Status::InQueue,
            priority: submission.priority,
            course: Course::ToTheEnd,
            on_cancel: OnCancel::Obeys,
            payload: Payload::Whole,
            work: Duration::from_millis(self.account.work_millis),
            submitted: now,
            started: None,
            ended: None,
            ready,
            webhook: submission.webhook,
            site: submission.site,
        };
        match fault {
            Some(FaultKind::NeverStarts) => request.course = Course::NeverStarts,
            Some(FaultKind::NeverFinishes) => request.course = Course::NeverFinishes,
            Some(FaultKind::Takes { millis }) => request.work = Duration::from_millis(*millis),
            Some(FaultKind::Refused) => request.plan = Err(Failure::content_policy()),
            Some(FaultKind::Ends { failure }) => request.plan = Err(failure.clone()),
            Some(FaultKind::CancelIgnored) => request.on_cancel = OnCancel::GoesOn,
            Some(FaultKind::PayloadLost) => request.payload = Payload::Lost,
            Some(_) | None => {}
        }
        self.by_id.insert(request.id.clone(), place);
        self.requests.push(request);
        self.set(ready, place, Step::IsReady);
        if let Some(within) = submission.start_within {
            self.set(now + within, place, Step::MustHaveStarted);
        }
        &self.requests[place]
    }

    /// A request of an app.
    pub fn find(&self, id: &str) -> Option<&Request> {
        self.by_id.get(id).map(|place| &self.requests[*place])
    }

    /// All requests, newest first.
    pub fn newest(&self) -> impl Iterator<Item = &Request> {
        self.requests.iter().rev()
    }

    /// How many wait before this one.
    pub fn position(&self, request: &Request) -> usize {
        let before = |other: &&Request| {
            other.status == Status::InQueue
                && (other.priority, other.submitted, &other.id)
                    < (request.priority, request.submitted, &request.id)
        };
        self.requests.iter().filter(before).count()
    }

    /// Cancels what has not started; what has is treated as the account is set.
    pub fn cancel(&mut self, id: &str) -> Cancelled {
        let Some(place) = self.by_id.get(id).copied() else {
            return Cancelled::NotFound;
        };
        let request = &self.requests[place];
        let stops = match (&request.status, request.on_cancel) {
            (Status::Completed(_), _) => return Cancelled::AlreadyCompleted,
            (Status::InQueue, OnCancel::Obeys) => true,
            (Status::InProgress, OnCancel::Obeys) => {
                self.account.running_cancel == RunningCancel::Stops
            }
            (_, OnCancel::GoesOn) => false,
        };
        if stops {
            let words = "Request was cancelled by the client";
            let failure = Failure::request(499, "client_cancelled", words);
            // Whoever cancels is not told again.
            self.requests[place].webhook = None;
            self.end(place, Err(failure), self.clock.now());
        }
        Cancelled::Requested
    }

    /// Ends a request that has not; `false` when there is none of this id.
    pub fn finish(&mut self, id: &str, outcome: Result<(), Failure>) -> bool {
        let place = self.by_id.get(id).copied();
        let open = |place: &usize| !self.is_over(*place);
        let Some(place) = place.filter(open) else {
            return false;
        };
        self.end(place, outcome, self.clock.now());
        true
    }

    fn is_over(&self, place: usize) -> bool {
        match self.requests[place].status {
            Status::InQueue | Status::InProgress => false,
            Status::Completed(_) => true,
        }
    }

    fn set(&mut self, at: Duration, place: usize, step: Step) {
        self.counted += 1;
        self.steps.insert((at, self.counted), (place, step));
    }

    fn step(&mut self, place: usize, step: Step, at: Duration) {
        let request = &self.requests[place];
        match step {
            Step::IsReady => self.start_what_can(at),
            Step::MustHaveStarted if request.status == Status::InQueue => {
                let words = "Request did not start in time";
                let failure = Failure::request(504, "request_timeout", words);
                self.end(place, Err(failure), at);
            }
            Step::Ends if request.status == Status::InProgress => {
                let outcome = request.plan.as_ref().map(|_| ()).map_err(Clone::clone);
                self.end(place, outcome, at);
            }
            // It was ended otherwise in the meantime.
            Step::MustHaveStarted | Step::Ends => {}
        }
    }

    /// Starts the first of those that wait, as far as there are places.
    fn start_what_can(&mut self, at: Duration) {
        let running = |request: &&Request| request.status == Status::InProgress;
        while self.requests.iter().filter(running).count() < self.account.parallel_max {
            let waits = |(_, request): &(usize, &Request)| {
                request.status == Status::InQueue
                    && request.course != Course::NeverStarts
                    && request.ready <= at
            };
            let waiting = self.requests.iter().enumerate().filter(waits);
            let first = waiting.min_by_key(|(place, request)| (request.priority, *place));
            let Some((place, _)) = first else {
                return;
            };
            let request = &mut self.requests[place];
            request.status = Status::InProgress;
            request.started = Some(at);
            // A model looks at its input first.
            let work = match request.plan {
                Ok(_) => request.work,
                Err(_) => Duration::ZERO,
            };
            if request.course == Course::ToTheEnd {
                self.set(at + work, place, Step::Ends);
            }
        }
    }

    fn end(&mut self, place: usize, outcome: Result<(), Failure>, at: Duration) {
        let request = &mut self.requests[place];
        if let (Ok(()), Ok(plan)) = (&outcome, &request.plan) {
            let left = self.account.balance_micros.saturating_sub(plan.cost_micros);
            self.account.balance_micros = left;
        }
        request.status = Status::Completed(outcome);
        request.ended = Some(at);
        if let Some(url) = &request.webhook {
            let body = Bytes::from(request.news().to_string());
            self.outbox.send(&request.id, url, body, Proof::Genuine, at);
        }
        self.start_what_can(at);
    }
}

impl Timed for State {
    fn now(&self) -> Duration {
        self.clock.now()
    }

    fn catch_up(&mut self) -> Woken {
        let now = self.clock.now();
        let mut woken = Woken::Nobody;
        while let Some(first) = self.steps.first_entry() {
            let (at, _) = *first.key();
            if at > now {
                break;
            }
            let (place, step) = first.remove();
            self.step(place, step, at);
            woken = Woken::Everyone;
        }
        woken
    }

    fn next_due(&self) -> Option<Duration> {
        let step = self.steps.first_key_value().map(|((at, _), _)| *at);
        [step, self.outbox.next_due()].into_iter().flatten().min()
    }
}

impl Posting for State {
    fn outbox(&mut self) -> &mut Outbox {
        &mut self.outbox
    }

    fn proof(&self, parcel: &mut Parcel) -> Vec<(&'static str, String)> {
        self.keys.sign(parcel, USER_ID, self.account.skew_secs)
    }
}
