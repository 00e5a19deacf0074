//! What an answer of the method means for the row that asked: go on, put it off, or give up.

use rei_domain::retries::doubled;
use rei_domain::time::{Moment, Span};

use super::CashierSettings;
use crate::ports::StoreError;
use crate::ports::payments::PaymentError;

/// How a piece of work ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Worked {
    /// The method answered, whatever it said; or it did not have to be asked.
    Answered,
    /// The method did not answer, or cannot be used: the breaker counts it.
    Unanswered,
}

/// Why work was not finished: the row is taken again when it is due.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CashierError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Method(#[from] PaymentError),
}

/// Whether a method's error speaks of the method rather than of the object asked for.
pub(super) fn is_silence(error: &PaymentError) -> bool {
    match error {
        PaymentError::Retryable { .. }
        | PaymentError::Ambiguous { .. }
        | PaymentError::Broken { .. } => true,
        PaymentError::Refused { .. } | PaymentError::NotFound => false,
    }
}

/// When to ask again after `failures` in a row, the last one being this error.
pub(super) fn again_at(
    settings: &CashierSettings,
    failures: u32,
    error: &PaymentError,
    now: Moment,
) -> Moment {
    let own = doubled(settings.retry_base, settings.retry_max, failures);
    let asked = match error {
        PaymentError::Retryable {
            after: Some(after), ..
        } => Span(i64::try_from(after.as_micros()).unwrap_or(i64::MAX)),
        PaymentError::Retryable { after: None, .. }
        | PaymentError::Ambiguous { .. }
        | PaymentError::Refused { .. }
        | PaymentError::NotFound
        | PaymentError::Broken { .. } => Span(0),
    };
    // However long the method asks us to stay away, a payment is not forgotten for it.
    now + own.max(asked.min(settings.retry_max))
}

/// Logs what an operator must look at; the rest passes by itself.
pub(super) fn log(method: &'static str, what: &'static str, error: &PaymentError) {
    match error {
        PaymentError::Broken { .. } => {
            tracing::error!(method, what, %error, "the payment method cannot be used");
        }
        PaymentError::Retryable { .. }
        | PaymentError::Ambiguous { .. }
        | PaymentError::Refused { .. }
        | PaymentError::NotFound => {
            tracing::debug!(method, what, %error, "the payment method did not do it now");
        }
    }
}
