//! Everything the emulator knows: tasks and what time does to them.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use uuid::Uuid;

use super::account::Account;
use super::faults::{FaultKind, RISK_CONTROL};
use super::film::{Film, Generation};
use super::model::Model;
use super::order::Order;
use super::refusal::Refusal;
use super::task::{End, Fate, Status, Task};
use crate::calls::Calls;
use crate::clock::Clock;
use crate::faults::Faults;
use crate::outbox::{Outbox, Parcel, Posting, Proof};
use crate::stage::{Timed, Woken};
use crate::standard_webhooks::Signing;

/// A secret that is nobody's, for callbacks that are forged.
const FOREIGN_SECRET: &str = "whsec_Zm9yZWlnbi1zZWNyZXQtb2Ytbm9ib2R5LWF0LWFsbCE=";

/// How far back a stale callback is dated, in seconds.
const STALE_SECS: i64 = 3_600;

/// What time alone brings about.
#[derive(Clone, Copy, Debug)]
enum Step {
    Starts,
    Ends,
}

/// Everything the emulator knows. Tasks stay for the life of the process.
pub struct State {
    pub clock: Clock,
    pub account: Account,
    pub faults: Faults<FaultKind>,
    pub calls: Calls,
    pub outbox: Outbox,
    tasks: Vec<Task>,
    by_id: HashMap<String, usize>,
    by_external_id: HashMap<String, usize>,
    steps: BTreeMap<(Duration, u64), (usize, Step)>,
    counted: u64,
    /// Moments of the creates of the last second.
    creates: VecDeque<Duration>,
    costs_asked: Option<Duration>,
}

impl State {
    pub fn new() -> State {
        State {
            clock: Clock::new(),
            account: Account::default(),
            faults: Faults::default(),
            calls: Calls::default(),
            outbox: Outbox::default(),
            tasks: Vec::new(),
            by_id: HashMap::new(),
            by_external_id: HashMap::new(),
            steps: BTreeMap::new(),
            counted: 0,
            creates: VecDeque::new(),
            costs_asked: None,
        }
    }

    /// Accepts an order, or says why not.
    pub fn create(
        &mut self,
        order: Order,
        film: Film,
        generation: Generation,
        fault: Option<&FaultKind>,
        site: &str,
    ) -> Result<&Task, Refusal> {
        let now = self.clock.now();
        if let Some(external_id) = &order.external_id
            && self.by_external_id.contains_key(external_id)
        {
            return Err(Refusal::value(format!(
                "external_task_id {external_id} already exists"
            )));
        }
        self.check_pace(now)?;
        if self.parallel(order.model) >= self.account.parallel_max {
            return Err(Refusal::of(1303));
        }
        let open = self.tasks.iter().filter(|task| task.status.is_open());
        let promised: u64 = open.map(|task| task.film.cost).sum();
        if self.account.balance_micros < promised + film.cost {
            return Err(Refusal::of(1102));
        }

        let place = self.tasks.len();
        let id = number_of(Uuid::now_v7());
        let mut work = Duration::from_millis(self.account.work_millis);
        let mut fate = Fate::Succeeds;
        match fault {
            Some(FaultKind::NeverFinishes) => fate = Fate::NeverEnds,
            Some(FaultKind::Takes { millis }) => work = Duration::from_millis(*millis),
            Some(FaultKind::Fails { message }) => {
                let message = message.clone();
                fate = Fate::Fails { message };
            }
            Some(FaultKind::RiskControl) => {
                let message = RISK_CONTROL.to_owned();
                fate = Fate::Fails { message };
            }
            Some(FaultKind::NoOutputs) => fate = Fate::SucceedsWithoutOutputs,
            Some(_) | None => {}
        }
        self.by_id.insert(id.clone(), place);
        if let Some(external_id) = &order.external_id {
            self.by_external_id.insert(external_id.clone(), place);
        }
        self.tasks.push(Task {
            id,
            video_id: Uuid::now_v7().to_string(),
            generation,
            order,
            film,
            status: Status::Submitted,
            message: String::new(),
            fate,
            work,
            created: now,
            updated: now,
            pay_by: self.account.pay_by,
            site: site.to_owned(),
            key: self.account.secret_key.clone(),
        });
        self.announce(place);
        let starts = now + Duration::from_millis(self.account.wait_millis);
        self.set(starts, place, Step::Starts);
        Ok(&self.tasks[place])
    }

    fn check_pace(&mut self, now: Duration) -> Result<(), Refusal> {
        let Some(creates_max) = self.account.creates_per_second else {
            return Ok(());
        };
        let a_second_ago = now.saturating_sub(Duration::from_secs(1));
        while self.creates.front().is_some_and(|at| *at <= a_second_ago) {
            self.creates.pop_front();
        }
        if self.creates.len() >= creates_max {
            return Err(Refusal::of(1302));
        }
        self.creates.push_back(now);
        Ok(())
    }

    /// Notes a look at the costs, which may be had once a second.
    pub fn ask_costs(&mut self) -> Result<(), Refusal> {
        let now = self.clock.now();
        let again = self.costs_asked.map(|at| at + Duration::from_secs(1));
        if again.is_some_and(|again| now < again) {
            return Err(Refusal::of(1302));
        }
        self.costs_asked = Some(now);
        Ok(())
    }

    /// Open tasks of a model.
    fn parallel(&self, model: Model) -> usize {
        let holds = |task: &&Task| task.status.is_open() && task.order.model == model;
        self.tasks.iter().filter(holds).count()
    }

    /// A task by Kling's id.
    pub fn by_id(&self, id: &str) -> Option<&Task> {
        self.by_id.get(id).map(|place| &self.tasks[*place])
    }

    /// A task by the caller's id.
    pub fn by_external_id(&self, id: &str) -> Option<&Task> {
        self.by_external_id.get(id).map(|place| &self.tasks[*place])
    }

    /// All tasks, newest first, each with its place in the order they were made.
    pub fn newest(&self) -> impl Iterator<Item = (usize, &Task)> {
        self.tasks.iter().enumerate().rev()
    }

    /// Ends an open task; `false` when there is none of this id.
    pub fn finish(&mut self, id: &str, end: End) -> bool {
        let place = self.by_id.get(id).copied();
        let Some(place) = place.filter(|place| self.tasks[*place].status.is_open()) else {
            return false;
        };
        self.end(place, end, self.clock.now());
        true
    }

    fn set(&mut self, at: Duration, place: usize, step: Step) {
        self.counted += 1;
        self.steps.insert((at, self.counted), (place, step));
    }

    fn step(&mut self, place: usize, step: Step, at: Duration) {
        let task = &mut self.tasks[place];
        match step {
            Step::Starts if task.status == Status::Submitted => {
                task.status = Status::Processing;
                task.updated = at;
                let ends = at + task.work;
                let never = task.fate == Fate::NeverEnds;
                self.announce(place);
                if !never {
                    self.set(ends, place, Step::Ends);
                }
            }
            Step::Ends if task.status == Status::Processing => {
                let end = match task.fate.clone() {
                    Fate::Succeeds | Fate::SucceedsWithoutOutputs | Fate::NeverEnds => {
                        End::Succeeds
                    }
                    Fate::Fails { message } => End::Fails { message },
                };
                self.end(place, end, at);
            }
            // It was ended by hand in the meantime.
            Step::Starts | Step::Ends => {}
        }
    }

    fn end(&mut self, place: usize, end: End, at: Duration) {
        let task = &mut self.tasks[place];
        task.updated = at;
        match end {
            End::Succeeds => {
                task.status = Status::Succeeded;
                let left = self.account.balance_micros.saturating_sub(task.film.cost);
                self.account.balance_micros = left;
            }
            End::Fails { message } => {
                task.status = Status::Failed;
                task.message = message;
            }
        }
        self.announce(place);
    }

    /// Tells whoever ordered a task what it is now.
    fn announce(&mut self, place: usize) {
        let task = &self.tasks[place];
        let Some(url) = &task.order.callback_url else {
            return;
        };
        let body = Bytes::from(task.render().to_string());
        self.outbox
            .send(&task.id, url, body, Proof::Genuine, task.updated);
    }
}

/// Kling's ids are long numbers.
fn number_of(id: Uuid) -> String {
    (id.as_u128() % 1_000_000_000_000_000_000).to_string()
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
        let ours = &self.account.signing;
        if ours.secrets.is_empty() && parcel.proof != Proof::ForeignKey {
            return Vec::new();
        }
        let signing = match parcel.proof {
            Proof::Unsigned => return Vec::new(),
            Proof::Genuine | Proof::AlteredBody => ours.clone(),
            Proof::Stale => Signing {
                skew_secs: -STALE_SECS,
                ..ours.clone()
            },
            Proof::ForeignKey => Signing {
                secrets: vec![FOREIGN_SECRET.to_owned()],
                ..ours.clone()
            },
        };
        // The secrets were checked when they were set.
        let Ok(signed) = signing.sign(&parcel.message_id, &parcel.body) else {
            return Vec::new();
        };
        if parcel.proof == Proof::AlteredBody {
            parcel.body = [&parcel.body[..], b" "].concat().into();
        }
        vec![
            ("webhook-id", signed.id),
            ("webhook-timestamp", signed.timestamp.to_string()),
            ("webhook-signature", signed.signature),
        ]
    }
}
