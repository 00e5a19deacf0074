//! The operations of the API: from method and path to what is asked, and doing it.

use actix_web::http::Method as Verb;
use serde_json::Value;

use super::lists;
use super::refusal::Refusal;
use super::state::State;

/// One operation, with the object in its path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    Me,
    CreatePayment,
    ListPayments,
    GetPayment(String),
    CapturePayment(String),
    CancelPayment(String),
    CreateRefund,
    ListRefunds,
    GetRefund(String),
}

/// What a request brings besides its path.
#[derive(Debug)]
pub struct Asked {
    pub query: Vec<(String, String)>,
    /// Null when there was none.
    pub body: Value,
    /// Where the payer will find us: scheme and host.
    pub site: String,
}

impl Operation {
    /// The operation of a request; the path is behind `/v3/`.
    pub fn parse(verb: &Verb, path: &str) -> Result<Operation, Refusal> {
        let parts: Vec<&str> = path.split('/').collect();
        let (get, post) = match parts.as_slice() {
            ["me"] => (Some(Operation::Me), None),
            ["payments"] => (
                Some(Operation::ListPayments),
                Some(Operation::CreatePayment),
            ),
            ["payments", id] => (Some(Operation::GetPayment((*id).to_owned())), None),
            ["payments", id, "capture"] => {
                (None, Some(Operation::CapturePayment((*id).to_owned())))
            }
            ["payments", id, "cancel"] => (None, Some(Operation::CancelPayment((*id).to_owned()))),
            ["refunds"] => (Some(Operation::ListRefunds), Some(Operation::CreateRefund)),
            ["refunds", id] => (Some(Operation::GetRefund((*id).to_owned())), None),
            _ => return Err(Refusal::new(404, "not_found", "There is no such path")),
        };
        let operation = match *verb {
            Verb::GET => get,
            Verb::POST => post,
            _ => None,
        };
        operation.ok_or_else(|| Refusal::new(405, "method_not_allowed", "Method not allowed"))
    }

    /// The name in faults and in the record of calls.
    pub fn name(&self) -> &'static str {
        match self {
            Operation::Me => "me",
            Operation::CreatePayment => "create_payment",
            Operation::ListPayments => "list_payments",
            Operation::GetPayment(_) => "get_payment",
            Operation::CapturePayment(_) => "capture_payment",
            Operation::CancelPayment(_) => "cancel_payment",
            Operation::CreateRefund => "create_refund",
            Operation::ListRefunds => "list_refunds",
            Operation::GetRefund(_) => "get_refund",
        }
    }

    /// The payment or refund in the path.
    pub fn object_id(&self) -> Option<&str> {
        match self {
            Operation::GetPayment(id)
            | Operation::CapturePayment(id)
            | Operation::CancelPayment(id)
            | Operation::GetRefund(id) => Some(id),
            Operation::Me
            | Operation::CreatePayment
            | Operation::ListPayments
            | Operation::CreateRefund
            | Operation::ListRefunds => None,
        }
    }

    /// Whether it changes something, and so needs an idempotence key.
    pub fn effect(&self) -> Effect {
        match self {
            Operation::CreatePayment
            | Operation::CapturePayment(_)
            | Operation::CancelPayment(_)
            | Operation::CreateRefund => Effect::Changes,
            Operation::Me
            | Operation::ListPayments
            | Operation::GetPayment(_)
            | Operation::ListRefunds
            | Operation::GetRefund(_) => Effect::Reads,
        }
    }

    /// Does it.
    pub fn act(&self, state: &mut State, asked: &Asked) -> Result<Value, Refusal> {
        let now = state.now();
        match self {
            Operation::Me => Ok(state.shop.me()),
            Operation::CreatePayment => state.create_payment(&asked.body, &asked.site),
            Operation::ListPayments => lists::page(&state.payments, &asked.query, now),
            Operation::GetPayment(id) => Ok(state.payment(id)?.render(now)),
            Operation::CapturePayment(id) => state.capture(id, &asked.body),
            Operation::CancelPayment(id) => state.cancel(id),
            Operation::CreateRefund => state.create_refund(&asked.body),
            Operation::ListRefunds => lists::page(&state.refunds, &asked.query, now),
            Operation::GetRefund(id) => Ok(state.refund(id)?.render(now)),
        }
    }
}

/// What an operation does to the shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    Reads,
    Changes,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_operations_and_other_verbs_are_not_allowed() {
        let parse = |verb: Verb, path: &str| match Operation::parse(&verb, path) {
            Ok(operation) => operation.name().to_owned(),
            Err(refusal) => refusal.status.to_string(),
        };
        for (verb, path, expected) in [
            (Verb::GET, "me", "me"),
            (Verb::POST, "payments", "create_payment"),
            (Verb::GET, "payments", "list_payments"),
            (Verb::GET, "payments/1", "get_payment"),
            (Verb::POST, "payments/1/capture", "capture_payment"),
            (Verb::POST, "payments/1/cancel", "cancel_payment"),
            (Verb::POST, "refunds", "create_refund"),
            (Verb::GET, "refunds/1", "get_refund"),
            (Verb::DELETE, "payments/1", "405"),
            (Verb::POST, "me", "405"),
            (Verb::GET, "payments/1/capture", "405"),
            (Verb::GET, "invoices", "404"),
            (Verb::GET, "payments/1/2/3", "404"),
        ] {
            assert_eq!(parse(verb.clone(), path), expected, "{verb} {path}");
        }
    }
}
