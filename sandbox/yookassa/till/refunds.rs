//! Refunds: by the API, by hand, and how they end.

use std::time::Duration;

use serde_json::Value;

use super::new_id;
use crate::yookassa::amount::Amount;
use crate::yookassa::notices::Notice;
use crate::yookassa::order::{RefundOrder, Requirement};
use crate::yookassa::receipt;
use crate::yookassa::refund::{Refund, RefundEnd, RefundPlan, RefundStatus, refund_cancellation};
use crate::yookassa::refusal::Refusal;
use crate::yookassa::state::{State, Timer};

/// Payments older than three years cannot be given back.
const REFUNDABLE_FOR: Duration = Duration::from_secs(3 * 365 * 24 * 60 * 60);

/// What happens to a refund whose acceptance has been decided.
struct Accepted {
    order: RefundOrder,
    has_receipt: bool,
    plan: RefundPlan,
}

impl State {
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
    pub(super) fn end_refund(&mut self, id: &str, end: RefundEnd, at: Duration, notice: Notice) {
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
}
