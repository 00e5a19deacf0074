//! Misbehaviour on request.
//!
//! A fault waits for the next calls of its method and is used up by them. Faults of one method
//! act in the order they were pushed.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::state::Shared;

/// The method name of a file download, for faults and calls.
pub const DOWNLOAD: &str = "download";

/// Something that goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Which method, in any case; `download` for files. `None` is every call of a bot except
    /// `getUpdates`, which would use up faults meant for others.
    pub method: Option<String>,
    /// How many calls it spoils.
    pub times: u32,
    pub kind: FaultKind,
}

/// How a call goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type", deny_unknown_fields)]
pub enum FaultKind {
    /// Acts and answers, but late.
    Latency { millis: u64 },
    /// 429 with `retry_after` in seconds; nothing is done.
    TooManyRequests { retry_after: u64 },
    /// This status, 500 to 599, with an HTML body, as a proxy in between answers; nothing is
    /// done.
    ServerError { status: u16 },
    /// The connection ends before anything is done.
    DropBefore,
    /// It is done, but the connection ends without an answer.
    DropAfter,
    /// It is done, but the answer, with status 200, is no JSON.
    Malformed,
    /// Nothing is done and nothing is answered, until the caller gives up.
    Hang,
    /// Nothing is done; the Bot API refuses with this code and description.
    Refusal { code: u16, description: String },
}

impl Fault {
    /// A fault for one call of a method.
    pub fn once(method: &str, kind: FaultKind) -> Fault {
        Fault {
            method: Some(method.to_owned()),
            times: 1,
            kind,
        }
    }

    fn hits(&self, method: &str) -> bool {
        match &self.method {
            Some(name) => name.eq_ignore_ascii_case(method),
            None => method != "getupdates",
        }
    }
}

/// The faults that wait.
#[derive(Debug, Default)]
pub(super) struct FaultQueue {
    waiting: Vec<Fault>,
}

impl FaultQueue {
    /// The fault of this call, used up by it. The method is in lower case.
    pub fn take(&mut self, method: &str) -> Option<FaultKind> {
        let at = self.waiting.iter().position(|fault| fault.hits(method))?;
        let fault = &mut self.waiting[at];
        let kind = fault.kind.clone();
        fault.times -= 1;
        if fault.times == 0 {
            self.waiting.remove(at);
        }
        Some(kind)
    }
}

/// Orders faults from inside the process.
pub struct Faults {
    pub(super) shared: Arc<Shared>,
}

impl Faults {
    /// Adds a fault behind those that wait.
    pub fn push(&self, fault: Fault) {
        if fault.times > 0 {
            self.shared.update(|state| state.faults.waiting.push(fault));
        }
    }

    /// Everything works again.
    pub fn clear(&self) {
        self.shared.update(|state| state.faults.waiting.clear());
    }

    /// The faults that wait, with how often each will still act.
    pub fn waiting(&self) -> Vec<Fault> {
        self.shared.read(|state| state.faults.waiting.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_hits_its_method_so_many_times() {
        let mut queue = FaultQueue::default();
        queue.waiting.push(Fault {
            method: Some("sendPhoto".to_owned()),
            times: 2,
            kind: FaultKind::Hang,
        });
        assert_eq!(queue.take("sendmessage"), None);
        assert_eq!(queue.take("sendphoto"), Some(FaultKind::Hang));
        assert_eq!(queue.take("sendphoto"), Some(FaultKind::Hang));
        assert_eq!(queue.take("sendphoto"), None);
    }

    #[test]
    fn a_fault_for_every_method_leaves_polling_alone() {
        let mut queue = FaultQueue::default();
        queue.waiting.push(Fault {
            method: None,
            times: 1,
            kind: FaultKind::DropAfter,
        });
        assert_eq!(queue.take("getupdates"), None);
        assert_eq!(queue.take("sendmessage"), Some(FaultKind::DropAfter));
    }
}
