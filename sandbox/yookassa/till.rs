//! What can be done with payments and refunds, and what the shop is told about it.
//!
//! Promises: a payment moves along its states only; never more is given back than was taken,
//! refunds under way included; every step that has an event announces it once, with the object
//! as it is right after.

use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};
use uuid::Uuid;

use super::amount::Amount;
use super::notices::Notice;
use super::order::{self, Capture, PaymentOrder, RefundOrder, Requirement};
use super::payment::{Cancellation, Payment, Status};
use super::receipt;
use super::refund::{Refund, RefundEnd, RefundPlan, RefundStatus, refund_cancellation};
use super::refusal::Refusal;
use super::shop::Method;
use super::state::{State, Timer};

/// The time to pay by every method that is played here.
pub const TIME_TO_PAY: Duration = Duration::from_secs(60 * 60);

/// The time to capture a card payment.
const TIME_TO_CAPTURE: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Payments older than three years cannot be given back.
const REFUNDABLE_FOR: Duration = Duration::from_secs(3 * 365 * 24 * 60 * 60);

/// Where the epoch of ids begins, so that they look like YooKassa's: 2008, in Unix seconds.
const ID_EPOCH_SECS: u64 = 1_199_145_600;

/// What happens to a refund whose acceptance has been decided.
struct Accepted {
    order: RefundOrder,
    has_receipt: bool,
    plan: RefundPlan,
}

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

    /// Makes a refund for a body of `POST /refunds`, as the next plan says.
    pub fn create_refund(&mut self, body: &Value) -> Result<Value, Refusal> {
        let order = RefundOrder::parse(body, &self.shop)?;
        let payment = self.payment(&order.payment_id)?;
        let requirement = Requirement::of_part(&order.amount, &payment.amount);
        let receipt = body.get("receipt");
        let has_receipt = receipt::check(receipt, &order.amount, &self.shop, requirement)?;
        self.check_refund(&order)?;
        let plan = self.next_plan();
        let id = self.accept_refund(
            Accepted {
                order,
                has_receipt,
                plan,
            },
            Notice::Sent,
        );
        Ok(self.refund(&id)?.render(self.now()))
    }

    /// Makes a refund by hand, as in the merchant's cabinet: of all that is left without an
    /// amount. Gives its id.
    pub fn refund_in_cabinet(
        &mut self,
        payment_id: &str,
        amount: Option<Amount>,
        notice: Notice,
    ) -> Result<String, Refusal> {
        let payment = self.payment(payment_id)?;
        let left = payment.amount.with(payment.refundable_minor());
        let order = RefundOrder {
            payment_id: payment_id.to_owned(),
            amount: amount.unwrap_or(left),
            description: None,
            metadata: None,
        };
        self.check_refund(&order)?;
        let accepted = Accepted {
            order,
            has_receipt: false,
            plan: RefundPlan::Succeeds,
        };
        Ok(self.accept_refund(accepted, notice))
    }

    /// A refund of this shop.
    pub fn refund(&self, id: &str) -> Result<&Refund, Refusal> {
        let refund = self.refunds.get(id);
        refund.ok_or_else(|| Refusal::not_found("refund_id", "Refund"))
    }

    /// Ends a pending refund.
    pub fn finish_refund(
        &mut self,
        id: &str,
        end: RefundEnd,
        notice: Notice,
    ) -> Result<(), Refusal> {
        match self.refund(id)?.status {
            RefundStatus::Pending => {}
            RefundStatus::Succeeded { .. } | RefundStatus::Canceled { .. } => {
                return Err(Refusal::wrong_state("The refund is final"));
            }
        }
        let now = self.now();
        self.end_refund(id, end, now, notice);
        Ok(())
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

    fn check_refund(&self, order: &RefundOrder) -> Result<(), Refusal> {
        let payment = self.payment(&order.payment_id)?;
        let Some(captured_at) = payment.captured_at() else {
            return Err(Refusal::wrong_state("The payment has not succeeded"));
        };
        if self.now() > captured_at + REFUNDABLE_FOR {
            return Err(Refusal::wrong_state(
                "The payment is too old to be refunded",
            ));
        }
        if order.amount.minor < 1 || order.amount.minor > payment.refundable_minor() {
            let left = payment.amount.with(payment.refundable_minor());
            return Err(Refusal::invalid(
                "amount",
                format!("No more than {} can be refunded", left.value()),
            ));
        }
        Ok(())
    }

    fn next_plan(&mut self) -> RefundPlan {
        let Some((times, plan)) = self.plans.first_mut() else {
            return RefundPlan::Succeeds;
        };
        let plan = plan.clone();
        *times -= 1;
        if *times == 0 {
            self.plans.remove(0);
        }
        plan
    }

    /// Enters a refund whose sum has been checked, and lets it go as planned.
    fn accept_refund(&mut self, accepted: Accepted, notice: Notice) -> String {
        let now = self.now();
        let id = new_id(now, "0015");
        let order = accepted.order;
        if let Some(payment) = self.payments.get_mut(&order.payment_id) {
            payment.refunding += order.amount.minor;
        }
        let refund = Refund {
            id: id.clone(),
            payment_id: order.payment_id,
            amount: order.amount,
            status: RefundStatus::Pending,
            created_at: now,
            description: order.description,
            metadata: order.metadata,
            has_receipt: accepted.has_receipt,
        };
        self.refunds.add(id.clone(), refund);
        let later = |millis| now + Duration::from_millis(millis);
        match accepted.plan {
            RefundPlan::Succeeds => self.end_refund(&id, RefundEnd::Succeeds, now, notice),
            RefundPlan::Fails { reason } => {
                self.end_refund(&id, RefundEnd::Fails { reason }, now, notice);
            }
            RefundPlan::SucceedsLater { millis } => {
                let timer = Timer::RefundEnds(id.clone(), RefundEnd::Succeeds);
                self.timers.set(later(millis), timer);
            }
            RefundPlan::FailsLater { millis, reason } => {
                let timer = Timer::RefundEnds(id.clone(), RefundEnd::Fails { reason });
                self.timers.set(later(millis), timer);
            }
            RefundPlan::Waits => {}
        }
        id
    }

    /// Ends a pending refund. Only success has an event.
    fn end_refund(&mut self, id: &str, end: RefundEnd, at: Duration, notice: Notice) {
        let Some(refund) = self.refunds.get_mut(id) else {
            return;
        };
        let Some(payment) = self.payments.get_mut(&refund.payment_id) else {
            return;
        };
        payment.refunding -= refund.amount.minor;
        match end {
            RefundEnd::Succeeds => {
                payment.refunded += refund.amount.minor;
                assert!(
                    payment.refunded <= payment.amount.minor,
                    "more is given back than was taken"
                );
                refund.status = RefundStatus::Succeeded { at };
                let object = refund.render(at);
                self.announce("refund.succeeded", id, &object, at, notice);
            }
            RefundEnd::Fails { reason } => {
                let cancellation = refund_cancellation(&reason);
                refund.status = RefundStatus::Canceled { cancellation };
            }
        }
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
