//! What can be done with payments and refunds, and what the shop is told about it.
//!
//! Promises: a payment moves along its states only; never more is given back than was taken,
//! refunds under way included; every step that has an event announces it once, with the object
//! as it is right after.

mod refunds;

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use uuid::Uuid;

use super::notices::Notice;
use super::order::{self, Capture, PaymentOrder};
use super::payment::{Cancellation, Payment, Status};
use super::refund::RefundStatus;
use super::refusal::Refusal;
use super::shop::Method;
use super::state::{State, Timer};

/// The time to pay by every method that is played here.
pub const TIME_TO_PAY: Duration = Duration::from_secs(60 * 60);

/// The time to capture a card payment.
const TIME_TO_CAPTURE: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Where the epoch of ids begins, so that they look like YooKassa's: 2008, in Unix seconds.
const ID_EPOCH_SECS: u64 = 1_199_145_600;

impl State {
    /// Makes a payment for a body of `POST /payments`. `site` is where the payer finds us.
    pub fn create_payment(&mut self, body: &Value, site: &str) -> Result<Value, Refusal> {
        let order = PaymentOrder::parse(body, &self.shop)?;
        let now = self.now();
        let id = new_id(now, "000f");
        let checkout_url = format!("{site}/yookassa/checkout/payments/v2/contract?orderId={id}");
        let payment = Payment::new(id.clone(), order, &self.shop, now, checkout_url);
        let rendered = payment.render(now);
        self.timers
            .set(now + TIME_TO_PAY, Timer::PayUntil(id.clone()));
        self.payments.add(id, payment);
        Ok(rendered)
    }

    /// A payment of this shop.
    pub fn payment(&self, id: &str) -> Result<&Payment, Refusal> {
        let payment = self.payments.get(id);
        payment.ok_or_else(|| Refusal::not_found("payment_id", "Payment"))
    }

    /// The payer pays.
    pub fn pay(&mut self, id: &str, method: Option<Method>, notice: Notice) -> Result<(), Refusal> {
        let now = self.now();
        self.pay_at(id, method, notice, now)
    }

    fn pay_at(
        &mut self,
        id: &str,
        method: Option<Method>,
        notice: Notice,
        at: Duration,
    ) -> Result<(), Refusal> {
        let payment = self.pending(id)?;
        payment.method = method.or(payment.order.method).or(Some(Method::BankCard));
        payment.pays_late = false;
        let event = match payment.order.capture {
            Capture::AtOnce => {
                payment.status = Status::Succeeded { captured_at: at };
                "payment.succeeded"
            }
            Capture::OnRequest => {
                let until = at + TIME_TO_CAPTURE;
                payment.status = Status::WaitingForCapture { until };
                self.timers.set(until, Timer::CaptureUntil(id.to_owned()));
                "payment.waiting_for_capture"
            }
        };
        self.announce_payment(event, id, at, notice);
        Ok(())
    }

    /// The payer promises to pay after a while.
    pub fn pay_late(&mut self, id: &str, after: Duration) -> Result<(), Refusal> {
        let at = self.now() + after;
        self.pending(id)?.pays_late = true;
        self.timers.set(at, Timer::PaysLate(id.to_owned()));
        Ok(())
    }

    /// The payment is refused for good.
    pub fn decline(&mut self, id: &str, why: Cancellation, notice: Notice) -> Result<(), Refusal> {
        let now = self.now();
        let payment = self.pending(id)?;
        payment.method = payment.order.method.or(Some(Method::BankCard));
        self.cancel_at(id, why, now, notice);
        Ok(())
    }

    /// The time to pay is over, whatever the clock says.
    pub fn expire(&mut self, id: &str, notice: Notice) -> Result<(), Refusal> {
        self.pending(id)?;
        let now = self.now();
        let why = Cancellation::new("yoo_money", "expired_on_confirmation");
        self.cancel_at(id, why, now, notice);
        Ok(())
    }

    /// Takes what was reserved, or a part of it.
    pub fn capture(&mut self, id: &str, body: &Value) -> Result<Value, Refusal> {
        let now = self.now();
        let held = self.reserved(id)?.amount.clone();
        let amount = order::capture_amount(body, &held, &self.shop)?;
        let payment = self.reserved(id)?;
        payment.amount = amount;
        payment.status = Status::Succeeded { captured_at: now };
        let rendered = payment.render(now);
        self.announce_payment("payment.succeeded", id, now, Notice::Sent);
        Ok(rendered)
    }

    /// Gives up what was reserved.
    pub fn cancel(&mut self, id: &str) -> Result<Value, Refusal> {
        let now = self.now();
        self.reserved(id)?;
        let why = Cancellation::new("merchant", "canceled_by_merchant");
        self.cancel_at(id, why, now, Notice::Sent);
        Ok(self.payment(id)?.render(now))
    }

    /// Lets a timer have its effect; one that comes too late has none.
    pub(super) fn on_timer(&mut self, timer: Timer, at: Duration) {
        match timer {
            Timer::PayUntil(id) => {
                if self.pending(&id).is_ok() {
                    let why = Cancellation::new("yoo_money", "expired_on_confirmation");
                    self.cancel_at(&id, why, at, Notice::Sent);
                }
            }
            Timer::CaptureUntil(id) => {
                if self.reserved(&id).is_ok() {
                    let why = Cancellation::new("yoo_money", "expired_on_capture");
                    self.cancel_at(&id, why, at, Notice::Sent);
                }
            }
            Timer::PaysLate(id) => {
                if let Err(refusal) = self.pay_at(&id, None, Notice::Sent, at) {
                    tracing::debug!(payment = %id, %refusal, "the payer came too late");
                }
            }
            Timer::RefundEnds(id, end) => {
                let pending = self.refunds.get(&id).map(|it| &it.status);
                if pending == Some(&RefundStatus::Pending) {
                    self.end_refund(&id, end, at, Notice::Sent);
                }
            }
        }
    }

    /// The sandbox's time with the precision of the wire, so that what is read back compares
    /// equal.
    pub fn now(&self) -> Duration {
        let millis = self.clock.now().as_millis();
        Duration::from_millis(u64::try_from(millis).unwrap_or(u64::MAX))
    }

    fn pending(&mut self, id: &str) -> Result<&mut Payment, Refusal> {
        let payment = self.payments.get_mut(id);
        let payment = payment.ok_or_else(|| Refusal::not_found("payment_id", "Payment"))?;
        match payment.status {
            Status::Pending => Ok(payment),
            Status::WaitingForCapture { .. }
            | Status::Succeeded { .. }
            | Status::Canceled { .. } => Err(Refusal::wrong_state("The payment is not pending")),
        }
    }

    fn reserved(&mut self, id: &str) -> Result<&mut Payment, Refusal> {
        let payment = self.payments.get_mut(id);
        let payment = payment.ok_or_else(|| Refusal::not_found("payment_id", "Payment"))?;
        match payment.status {
            Status::WaitingForCapture { .. } => Ok(payment),
            Status::Pending | Status::Succeeded { .. } | Status::Canceled { .. } => Err(
                Refusal::wrong_state("The payment is not waiting for capture"),
            ),
        }
    }

    fn cancel_at(&mut self, id: &str, why: Cancellation, at: Duration, notice: Notice) {
        if let Some(payment) = self.payments.get_mut(id) {
            payment.status = Status::Canceled { cancellation: why };
            payment.pays_late = false;
        }
        self.announce_payment("payment.canceled", id, at, notice);
    }

    fn announce_payment(&mut self, event: &str, id: &str, at: Duration, notice: Notice) {
        let Some(payment) = self.payments.get(id) else {
            return;
        };
        let object = payment.render(at);
        self.announce(event, id, &object, at, notice);
    }

    /// Tells the shop; the object may be anything when a test forges one.
    pub fn announce(
        &mut self,
        event: &str,
        id: &str,
        object: &Value,
        at: Duration,
        notice: Notice,
    ) {
        let body = json!({ "type": "notification", "event": event, "object": object });
        let body = Bytes::from(body.to_string());
        self.post.announce(event, id, body, at, notice);
    }
}

/// An id of 36 characters that starts with the time, as YooKassa's do.
fn new_id(now: Duration, kind: &str) -> String {
    let time = now.as_secs().saturating_sub(ID_EPOCH_SECS) & 0xffff_ffff;
    let random = Uuid::now_v7().simple().to_string();
    // The last 12 digits of a version 7 UUID are random.
    format!("{time:08x}-{kind}-5000-8000-{}", &random[20..])
}
