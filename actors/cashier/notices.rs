//! A notice says which object to ask the method about, and nothing else.

use rei_domain::time::Moment;

use super::inquiry::{CashierError, Worked, again_at, is_silence, log};
use super::{CashierPorts, CashierSettings, payments, refunds};
use crate::ports::StoreError;
use crate::ports::notices::{NoticeEnd, StoredNotice};
use crate::ports::payments::PaymentError;

/// Looks at an object that the method does not know before its notice is set aside: it may have
/// been told before it could be asked for.
const UNKNOWN_ATTEMPTS: u32 = 5;

/// What a notice is about, by the first part of its event.
enum Subject {
    Payment,
    Refund,
    /// Nothing that concerns money here.
    Other,
}

impl Subject {
    fn of(event: &str) -> Subject {
        match event.split('.').next() {
            Some("payment") => Subject::Payment,
            Some("refund") => Subject::Refund,
            Some(_) | None => Subject::Other,
        }
    }
}

/// Works a notice off. It was postponed before, so a crash here brings it back.
pub async fn work(
    ports: &CashierPorts,
    settings: &CashierSettings,
    stored: &StoredNotice,
) -> Result<Worked, CashierError> {
    let (method, object) = (&ports.till.method, stored.notice.object.as_str());
    let result = match Subject::of(&stored.notice.event) {
        Subject::Payment => match method.payment(object).await {
            Ok(report) => payments::settle(ports, settings, report, Some(stored.id))
                .await
                .map(|_| ()),
            Err(error) => Err(error.into()),
        },
        Subject::Refund => match method.refund_report(object).await {
            Ok(report) => refunds::reported(ports, settings, report, Some(stored.id))
                .await
                .map(|_| ()),
            Err(error) => Err(error.into()),
        },
        Subject::Other => {
            let cause = "an event of no concern".to_owned();
            payments::finish(ports, Some(stored.id), NoticeEnd::SetAside { cause }).await?;
            return Ok(Worked::Answered);
        }
    };
    match result {
        Ok(()) => Ok(Worked::Answered),
        Err(CashierError::Store(error)) => Err(error.into()),
        Err(CashierError::Method(error)) => {
            failed(ports, settings, stored, &error).await?;
            Ok(if is_silence(&error) {
                Worked::Unanswered
            } else {
                Worked::Answered
            })
        }
    }
}

async fn failed(
    ports: &CashierPorts,
    settings: &CashierSettings,
    stored: &StoredNotice,
    error: &PaymentError,
) -> Result<(), StoreError> {
    log(ports.till.method.name(), "notice", error);
    let now = ports.clock.now();
    let set_aside = match error {
        PaymentError::NotFound if stored.attempts >= UNKNOWN_ATTEMPTS => {
            Some("the method does not know the object".to_owned())
        }
        PaymentError::Refused { .. } if stored.attempts >= UNKNOWN_ATTEMPTS => {
            Some("the method refuses to show the object".to_owned())
        }
        PaymentError::NotFound
        | PaymentError::Refused { .. }
        | PaymentError::Retryable { .. }
        | PaymentError::Ambiguous { .. }
        | PaymentError::Broken { .. } => None,
    };
    match set_aside {
        Some(cause) => {
            payments::finish(ports, Some(stored.id), NoticeEnd::SetAside { cause }).await
        }
        None => {
            let due_at: Moment = again_at(settings, stored.attempts, error, now);
            ports.notices.postpone(stored.id, due_at).await
        }
    }
}
