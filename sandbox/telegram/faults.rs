//! Faults on request.

use serde::Deserialize;

/// A fault for the next calls.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Fault {
    /// The method, whatever its case; `None` for every method.
    pub method: Option<String>,
    /// How many calls it hits.
    pub times: u32,
    pub kind: FaultKind,
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FaultKind {
    /// The answer comes late.
    Latency { ms: u64 },
    /// 429 with `retry_after` seconds; not done.
    TooManyRequests { retry_after: u64 },
    /// This status with an HTML body, as a gateway answers; not done.
    ServerError { status: u16 },
    /// The connection closes; not done.
    DropBefore,
    /// Done, and then the connection closes: the bot cannot know.
    DropAfter,
    /// Done, and the answer cannot be read.
    Malformed,
    /// No answer ever; not done.
    Hang,
}

/// The faults that wait for their calls.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<Fault>);

impl Faults {
    pub fn push(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Takes the first fault that fits a call.
    pub fn take(&mut self, method: &str) -> Option<FaultKind> {
        let place = self.0.iter().position(|fault| {
            let fits = |name: &String| name.eq_ignore_ascii_case(method);
            fault.times > 0 && fault.method.as_ref().is_none_or(fits)
        })?;
        self.0[place].times -= 1;
        let kind = self.0[place].kind.clone();
        if self.0[place].times == 0 {
            self.0.remove(place);
        }
        Some(kind)
    }
}
