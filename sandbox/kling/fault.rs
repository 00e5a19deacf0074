//! What can go wrong on request. A fault is taken by the next call of its step.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

/// A fault and how many calls it spoils.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The number of calls; 1 when absent.
    #[serde(default = "once")]
    pub times: u32,
    pub step: Step,
    pub kind: FaultKind,
}

fn once() -> u32 {
    1
}

impl Fault {
    /// A fault of one call.
    pub fn once(step: Step, kind: FaultKind) -> Fault {
        Fault {
            times: 1,
            step,
            kind,
        }
    }
}

/// Where a fault strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// The call that makes a task.
    Create,
    /// A call that asks after tasks.
    Query,
    /// The work on a task that was taken.
    Work,
    /// The download of a result.
    Result,
}

/// What happens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum FaultKind {
    /// An error of the contract's table, with the status that belongs to it.
    Code { code: i64 },
    /// A status of an edge server, with a page of HTML.
    Html { status: u16 },
    /// The connection closes and nothing was done.
    DropBefore,
    /// The connection closes; a task was made all the same.
    DropAfter,
    /// 200 and no JSON.
    Malformed,
    /// 200 and a body without an end.
    Endless,
    /// The answer comes so many milliseconds later.
    Slow { ms: u64 },
    /// The task ends as failed with this message.
    Fail { message: String },
    /// The task never ends.
    NeverEnds,
    /// The result is no clip.
    NoClip,
}

/// The faults still to come.
#[derive(Debug, Default)]
pub(super) struct Faults(VecDeque<Fault>);

impl Faults {
    pub fn push(&mut self, fault: Fault) {
        if fault.times > 0 {
            self.0.push_back(fault);
        }
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }

    pub fn take(&mut self, step: Step) -> Option<FaultKind> {
        let at = self.0.iter().position(|fault| fault.step == step)?;
        let fault = &mut self.0[at];
        let kind = fault.kind.clone();
        fault.times -= 1;
        if fault.times == 0 {
            self.0.remove(at);
        }
        Some(kind)
    }
}
