//! The emulator from inside the process: the payer, the cabinet, the faults and the clock.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;

use super::amount::{Amount, minor_units};
use super::calls::Call;
use super::declines::cancellation;
use super::faults::Fault;
use super::notices::{Delivery, Notice, Notifications, Tally};
use super::refund::{RefundEnd, RefundPlan};
use super::refusal::Refusal;
use super::shop::{Method, Shop};
use super::state::{Shared, State};

/// The emulator. Clones are the same emulator.
#[derive(Clone)]
pub struct Handle {
    shared: Arc<Shared>,
}

impl Default for Handle {
    fn default() -> Handle {
        Handle::new()
    }
}

impl Handle {
    /// An emulator of the default shop, with nothing sold yet and nobody to notify.
    pub fn new() -> Handle {
        Handle {
            shared: Arc::new(Shared::new()),
        }
    }

    /// The shop as it is set now.
    pub fn shop(&self) -> Shop {
        self.shared.read(|state| state.shop.clone())
    }

    /// Sets the shop otherwise; payments that exist keep what they were made with.
    pub fn change_shop(&self, change: impl FnOnce(&mut Shop)) {
        self.shared.update(|state| change(&mut state.shop));
    }

    /// How the shop is notified now.
    pub fn notifications(&self) -> Notifications {
        self.shared.read(|state| state.post.settings.clone())
    }

    /// Notifies otherwise from now on. Settings that no courier could work with change nothing;
    /// the error says what is wrong.
    pub fn change_notifications(
        &self,
        change: impl FnOnce(&mut Notifications),
    ) -> Result<(), String> {
        self.shared.update(|state| {
            let mut settings = state.post.settings.clone();
            change(&mut settings);
            settings.check()?;
            state.post.settings = settings;
            Ok(())
        })
    }

    /// Makes a payment as `POST /payments` with this body does, and gives its object. For many
    /// of them; a checkout page would not be found under its address.
    pub fn create_payment(&self, body: &Value) -> Result<Value, Refusal> {
        self.shared
            .update(|state| state.create_payment(body, "http://localhost"))
    }

    /// The payer pays, by the payment's method or a bank card.
    pub fn pay(&self, payment_id: &str, notice: Notice) -> Result<(), Refusal> {
        self.shared
            .update(|state| state.pay(payment_id, None, notice))
    }

    /// The payer pays by a method of his choice.
    pub fn pay_by(&self, payment_id: &str, method: Method, notice: Notice) -> Result<(), Refusal> {
        self.shared
            .update(|state| state.pay(payment_id, Some(method), notice))
    }

    /// The payer will pay after so much of the sandbox's time, if it is not too late then.
    pub fn pay_late(&self, payment_id: &str, after: Duration) -> Result<(), Refusal> {
        self.shared
            .update(|state| state.pay_late(payment_id, after))
    }

    /// The payment is refused for good, for a reason such as `insufficient_funds`.
    pub fn decline(&self, payment_id: &str, reason: &str, notice: Notice) -> Result<(), Refusal> {
        let why = cancellation(reason);
        self.shared
            .update(|state| state.decline(payment_id, why, notice))
    }

    /// The time to pay is over for this payment.
    pub fn expire(&self, payment_id: &str, notice: Notice) -> Result<(), Refusal> {
        self.shared.update(|state| state.expire(payment_id, notice))
    }

    /// A payment's object as it is now.
    pub fn payment(&self, payment_id: &str) -> Option<Value> {
        self.shared.read(|state| {
            let now = state.now();
            state.payment(payment_id).ok().map(|it| it.render(now))
        })
    }

    /// All payments, newest first.
    pub fn payments(&self) -> Vec<Value> {
        self.shared.read(|state| {
            let now = state.now();
            let newest = state.payments.newest(None);
            newest.map(|(_, payment)| payment.render(now)).collect()
        })
    }

    /// The merchant makes a refund by hand, of `amount` such as `1.00` or of all that is left;
    /// gives the refund's id.
    pub fn refund_in_cabinet(
        &self,
        payment_id: &str,
        amount: Option<&str>,
        notice: Notice,
    ) -> Result<String, Refusal> {
        self.shared.update(|state| {
            let amount = match amount {
                Some(value) => Some(Amount {
                    minor: minor_units(value)
                        .ok_or_else(|| Refusal::invalid("amount", "Incorrect amount value"))?,
                    currency: state.shop.currency.clone(),
                }),
                None => None,
            };
            state.refund_in_cabinet(payment_id, amount, notice)
        })
    }

    /// How the next `times` refunds of the API go, behind those planned already; afterwards
    /// they succeed.
    pub fn plan_refunds(&self, plan: RefundPlan, times: u32) {
        if times > 0 {
            self.shared.update(|state| state.plans.push((times, plan)));
        }
    }

    /// Forgets the plans for refunds to come.
    pub fn clear_refund_plans(&self) {
        self.shared.update(|state| state.plans.clear());
    }

    /// Ends a pending refund.
    pub fn finish_refund(
        &self,
        refund_id: &str,
        end: RefundEnd,
        notice: Notice,
    ) -> Result<(), Refusal> {
        self.shared
            .update(|state| state.finish_refund(refund_id, end, notice))
    }

    /// A refund's object as it is now.
    pub fn refund(&self, refund_id: &str) -> Option<Value> {
        self.shared.read(|state| {
            let now = state.now();
            state.refund(refund_id).ok().map(|it| it.render(now))
        })
    }

    /// All refunds, newest first.
    pub fn refunds(&self) -> Vec<Value> {
        self.shared.read(|state| {
            let now = state.now();
            let newest = state.refunds.newest(None);
            newest.map(|(_, refund)| refund.render(now)).collect()
        })
    }

    /// Spoils calls to come. Faults add up, in order.
    pub fn push_fault(&self, fault: Fault) {
        self.shared.update(|state| state.faults.push(fault));
    }

    /// Everything works again.
    pub fn clear_faults(&self) {
        self.shared.update(|state| state.faults.clear());
    }

    /// The faults that wait, with how often each will still act.
    pub fn faults(&self) -> Vec<Fault> {
        self.shared.read(|state| state.faults.waiting())
    }

    /// Every call so far, oldest first, refused and spoilt ones included.
    pub fn calls(&self) -> Vec<Call> {
        self.shared.read(|state| state.calls.all())
    }

    /// How many calls there were of each operation.
    pub fn call_counts(&self) -> BTreeMap<String, u64> {
        self.shared.read(|state| state.calls.counts())
    }

    /// Forgets the calls so far.
    pub fn clear_calls(&self) {
        self.shared.update(|state| state.calls.clear());
    }

    /// Tells the shop anything, true or not, as a notification of its own.
    pub fn notify(&self, event: &str, object: &Value) {
        self.shared.update(|state| {
            let now = state.now();
            let id = object["id"].as_str().unwrap_or_default();
            state.announce(event, id, object, now, Notice::Sent);
        });
    }

    /// Delivers a notification once more, as it was; `false` when there is none of this number.
    pub fn repeat(&self, number: u64) -> bool {
        self.shared.update(|state| {
            let now = state.now();
            state.post.repeat(number, now)
        })
    }

    /// Keeps notifications back until [`Handle::release`]; attempts under way go on.
    pub fn hold(&self) {
        self.shared.update(|state| state.post.hold());
    }

    /// Lets notifications go out.
    pub fn release(&self) {
        self.shared.update(|state| state.post.release());
    }

    /// Every delivery, oldest first; of hundreds of thousands the last ones.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.shared.read(|state| state.post.all())
    }

    /// How many deliveries there are of each state.
    pub fn tally(&self) -> Tally {
        self.shared.read(|state| state.post.tally())
    }

    /// Waits until no notification is waiting or under way; the error shows what is.
    pub async fn wait_until_told(&self, timeout: Duration) -> Result<Tally, String> {
        let quiet = |state: &State| {
            let tally = state.post.tally();
            (tally.waiting + tally.under_way == 0).then_some(tally)
        };
        let told = self.wait(timeout, quiet).await;
        told.ok_or_else(|| format!("not all is told: {:?}", self.tally()))
    }

    /// Waits until so many attempts were made and ended, whether or not they were heard.
    pub async fn wait_attempts(&self, count: u64, timeout: Duration) -> Result<Tally, String> {
        let enough = |state: &State| {
            let tally = state.post.tally();
            (tally.attempts >= count && tally.under_way == 0).then_some(tally)
        };
        let made = self.wait(timeout, enough).await;
        made.ok_or_else(|| format!("waited for {count} attempts: {:?}", self.tally()))
    }

    /// Waits until the calls show something; the error shows all of them.
    pub async fn wait_calls<T>(
        &self,
        description: &str,
        timeout: Duration,
        mut look: impl FnMut(&[Call]) -> Option<T>,
    ) -> Result<T, String> {
        let found = self.wait(timeout, |state| look(&state.calls.all())).await;
        found.ok_or_else(|| {
            let calls = self.calls();
            let lines: Vec<String> = calls
                .iter()
                .map(|call| format!("{} {:?}", call.operation, call.answered))
                .collect();
            format!(
                "waited in vain for {description}; the calls:\n{}",
                lines.join("\n")
            )
        })
    }

    /// Moves the sandbox's time forward: payments and refunds end, keys are forgotten and
    /// deliveries repeated. Latency and the wait for a receiver keep to the machine's time.
    pub fn advance_clock(&self, by: Duration) {
        self.shared.update(|state| state.clock.advance(by));
    }

    /// The sandbox's time since the Unix epoch.
    pub fn now(&self) -> Duration {
        self.shared.read(State::now)
    }

    pub(super) fn shared(&self) -> &Shared {
        &self.shared
    }

    /// Waits until the state shows something, woken by every change; `None` when the time is
    /// over.
    async fn wait<T>(
        &self,
        timeout: Duration,
        mut look: impl FnMut(&State) -> Option<T>,
    ) -> Option<T> {
        let deadline = Instant::now() + timeout;
        let mut changes = self.shared.changes();
        loop {
            changes.borrow_and_update();
            if let Some(found) = self.shared.read(&mut look) {
                return Some(found);
            }
            match tokio::time::timeout_at(deadline, changes.changed()).await {
                Ok(Ok(())) => {}
                Err(_) | Ok(Err(_)) => return None,
            }
        }
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("yookassa::Handle")
            .field("tally", &self.tally())
            .finish_non_exhaustive()
    }
}
