//! Calls to payment methods.

use std::sync::LazyLock;
use std::time::Duration;

use prometheus::{Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, Opts};

use super::register;
use crate::ports::payments::PaymentError;

/// Seconds of one call; a payment is placed within one, and given up after half a minute.
const CALL_BUCKETS: [f64; 9] = [0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 40.0];

pub(super) static PAYMENTS: LazyLock<Payments> = LazyLock::new(Payments::new);

/// The metric families of calls to payment methods.
pub(super) struct Payments {
    requests: IntCounterVec,
    duration: HistogramVec,
}

impl Payments {
    fn new() -> Self {
        Self {
            requests: register(IntCounterVec::new(
                Opts::new(
                    "rei_payment_requests_total",
                    "Calls to payment methods by how they ended.",
                ),
                &["psp", "operation", "result"],
            )),
            duration: register(HistogramVec::new(
                HistogramOpts::new(
                    "rei_payment_request_duration_seconds",
                    "Time of one call to a payment method, answer included.",
                )
                .buckets(CALL_BUCKETS.to_vec()),
                &["psp", "operation"],
            )),
        }
    }
}

/// How a call to a payment method ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CallEnd {
    Ok,
    Retryable,
    Ambiguous,
    Refused,
    NotFound,
    Broken,
}

impl CallEnd {
    const ALL: [CallEnd; 6] = [
        CallEnd::Ok,
        CallEnd::Retryable,
        CallEnd::Ambiguous,
        CallEnd::Refused,
        CallEnd::NotFound,
        CallEnd::Broken,
    ];

    fn of<T>(answer: &Result<T, PaymentError>) -> CallEnd {
        match answer {
            Ok(_) => CallEnd::Ok,
            Err(PaymentError::Retryable { .. }) => CallEnd::Retryable,
            Err(PaymentError::Ambiguous { .. }) => CallEnd::Ambiguous,
            Err(PaymentError::Refused { .. }) => CallEnd::Refused,
            Err(PaymentError::NotFound) => CallEnd::NotFound,
            Err(PaymentError::Broken { .. }) => CallEnd::Broken,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            CallEnd::Ok => "ok",
            CallEnd::Retryable => "retryable",
            CallEnd::Ambiguous => "ambiguous",
            CallEnd::Refused => "refused",
            CallEnd::NotFound => "not_found",
            CallEnd::Broken => "broken",
        }
    }
}

/// The series of one operation of one payment method.
#[derive(Clone, Debug)]
pub struct PaymentMeters {
    requests: [IntCounter; CallEnd::ALL.len()],
    duration: Histogram,
}

impl PaymentMeters {
    /// The series of this operation, all of them exported from now on. An adapter takes the
    /// meters of what it can be asked when it is set up.
    pub fn of(method: &'static str, operation: &'static str) -> Self {
        let requests = &PAYMENTS.requests;
        Self {
            requests: CallEnd::ALL
                .map(|end| requests.with_label_values(&[method, operation, end.as_str()])),
            duration: PAYMENTS.duration.with_label_values(&[method, operation]),
        }
    }

    /// A call ended after this time.
    pub fn ended<T>(&self, answer: &Result<T, PaymentError>, took: Duration) {
        self.requests[CallEnd::of(answer) as usize].inc();
        self.duration.observe(took.as_secs_f64());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_counts_once_and_by_its_end() {
        let meters = PaymentMeters::of("counted", "begin");
        let cause = "x";
        let ends: [Result<(), PaymentError>; 6] = [
            Ok(()),
            Err(PaymentError::Retryable { after: None, cause }),
            Err(PaymentError::Ambiguous { cause }),
            Err(PaymentError::Refused {
                reason: cause.to_owned(),
            }),
            Err(PaymentError::NotFound),
            Err(PaymentError::Broken { cause }),
        ];
        for (end, answer) in ends.iter().enumerate() {
            meters.ended(answer, Duration::from_millis(10));
            let counts: Vec<u64> = meters.requests.iter().map(IntCounter::get).collect();
            let expected: Vec<u64> = (0..6).map(|other| u64::from(other <= end)).collect();
            assert_eq!(counts, expected);
        }
        assert_eq!(meters.duration.get_sample_count(), 6);
    }
}
