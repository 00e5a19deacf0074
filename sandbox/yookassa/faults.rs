//! Misbehaviour of the API on request.
//!
//! A fault waits for the next calls of its operation and is used up by them, in the order they
//! were pushed. Calls with wrong credentials and unknown paths use none up.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Something that goes wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// An operation's name, such as `create_payment`; none is every operation.
    pub operation: Option<String>,
    /// How many calls it spoils.
    #[serde(default = "once")]
    pub times: u32,
    pub kind: FaultKind,
}

fn once() -> u32 {
    1
}

/// How a call goes wrong, and whether it is done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type", deny_unknown_fields)]
pub enum FaultKind {
    /// Done, and answered so many milliseconds later.
    Latency { millis: u64 },
    /// 429, nothing is done; `retry_after` in milliseconds.
    TooManyRequests { retry_after: Option<u64> },
    /// 500 `internal_server_error`, nothing is done.
    ServerErrorBefore,
    /// 500 `internal_server_error`, though it is done.
    ServerErrorAfter,
    /// 202 `processing`, and it is done: the same key gives the answer. In milliseconds.
    Processing { retry_after: u64 },
    /// A page of HTML with this status, as a proxy in between answers; nothing is done.
    Html { status: u16 },
    /// Nothing is done; the API refuses.
    Refusal {
        status: u16,
        code: String,
        description: String,
    },
    /// The connection ends before anything is done.
    DropBefore,
    /// It is done, but the connection ends without an answer.
    DropAfter,
    /// It is done, but the answer, with status 200, is no JSON.
    Malformed,
    /// Nothing is done and nothing is answered, until the caller gives up.
    Hang,
    /// It is done, and the answer is changed by a JSON merge patch (RFC 7396); in a list each item.
    Altered { patch: Value },
}

impl Fault {
    /// A fault for one call of an operation.
    pub fn once(operation: &str, kind: FaultKind) -> Fault {
        Fault {
            operation: Some(operation.to_owned()),
            times: 1,
            kind,
        }
    }
}

impl FaultKind {
    /// The answer names another sum, such as `1.00`.
    pub fn another_amount(value: &str) -> FaultKind {
        FaultKind::Altered {
            patch: json!({ "amount": { "value": value } }),
        }
    }

    /// The answer names another currency.
    pub fn another_currency(currency: &str) -> FaultKind {
        FaultKind::Altered {
            patch: json!({ "amount": { "currency": currency } }),
        }
    }

    /// The answer names another shop.
    pub fn another_shop(account_id: &str) -> FaultKind {
        FaultKind::Altered {
            patch: json!({ "recipient": { "account_id": account_id } }),
        }
    }

    /// The answer says something else about being a test.
    pub fn test_flag(test: bool) -> FaultKind {
        FaultKind::Altered {
            patch: json!({ "test": test }),
        }
    }
}

/// The faults that wait.
#[derive(Debug, Default)]
pub struct Faults {
    waiting: Vec<Fault>,
}

impl Faults {
    pub fn push(&mut self, fault: Fault) {
        if fault.times > 0 {
            self.waiting.push(fault);
        }
    }

    pub fn clear(&mut self) {
        self.waiting.clear();
    }

    pub fn waiting(&self) -> Vec<Fault> {
        self.waiting.clone()
    }

    /// The fault of this call, used up by it.
    pub fn take(&mut self, operation: &str) -> Option<FaultKind> {
        let hits = |fault: &Fault| {
            let named = fault.operation.as_deref();
            named.is_none_or(|named| named == operation)
        };
        let at = self.waiting.iter().position(hits)?;
        let fault = &mut self.waiting[at];
        let kind = fault.kind.clone();
        fault.times -= 1;
        if fault.times == 0 {
            self.waiting.remove(at);
        }
        Some(kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_hits_its_operation_so_many_times() {
        let mut faults = Faults::default();
        faults.push(Fault {
            operation: Some("get_payment".to_owned()),
            times: 2,
            kind: FaultKind::Hang,
        });
        assert_eq!(faults.take("create_payment"), None);
        assert_eq!(faults.take("get_payment"), Some(FaultKind::Hang));
        assert_eq!(faults.take("get_payment"), Some(FaultKind::Hang));
        assert_eq!(faults.take("get_payment"), None);
    }
}
