//! The promises of the port `PaymentMethod`, kept by every method that is offered.
//!
//! A method comes with its [`Counter`]: the payer, the method's own books, and the troubles that
//! can befall a call. A method that knows no such trouble says so, and the promise is passed by.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rei_actors::ports::payments::{
    Environment, PaymentError, PaymentMethod, PaymentOffer, PaymentOrder, PaymentReport,
    PaymentState, RefundOrder, RefundReport, RefundState, Refunds, Shop,
};
use rei_domain::ids::{RefundId, TopupId, UserId};
use rei_domain::money::Money;
use rei_domain::time::Moment;

/// What the outside of a method does and knows.
#[async_trait]
pub trait Counter: Send + Sync {
    /// The method, in front of this counter.
    fn method(&self) -> Arc<dyn PaymentMethod>;

    /// Whether real money would move.
    fn environment(&self) -> Environment;

    /// An amount that the method takes.
    fn amount(&self) -> Money {
        Money::from_kopecks(10_000)
    }

    /// What placing an order leaves behind.
    fn placing(&self) -> Placing {
        Placing::CreatesPayment
    }

    /// The outside's time.
    fn now(&self) -> Moment;

    /// The payer pays what was offered; the method's own id of the payment.
    async fn pay(&self, order: &PaymentOrder, offer: &PaymentOffer) -> String;

    /// How many payments the method's own books have, paid or not.
    fn payments(&self) -> usize;

    /// How many refunds the method's own books have.
    fn refunds(&self) -> usize;

    /// Spoils the next call of this kind.
    fn spoil(&self, call: Call, trouble: Trouble) -> Spoiling;
}

/// What placing an order leaves behind at a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placing {
    /// A payment that waits: a lost answer has to be looked after.
    CreatesPayment,
    /// An offer only: one that was lost is forgotten, and the next is as good.
    OffersOnly,
}

/// A call of the port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    Begin,
    Payment,
    Refund,
}

/// What can befall a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Done, and answered late but in time.
    Slow,
    /// Refused for now, with a wait in milliseconds.
    TooMany { wait_ms: u64 },
    /// A failure, with nothing done.
    FailedBefore,
    /// A failure, though it is done.
    FailedAfter,
    /// Accepted and still processed.
    Processing,
    /// A page of something in between.
    Gateway,
    /// No connection any more before anything was done.
    DroppedBefore,
    /// Done, and the connection ended without an answer.
    DroppedAfter,
    /// Done, and the answer cannot be read.
    Malformed,
    /// Nothing comes until the call is given up.
    Silent,
}

impl Trouble {
    /// Those after which nobody can know whether it was done.
    const LOSING: [Trouble; 8] = [
        Trouble::FailedBefore,
        Trouble::FailedAfter,
        Trouble::Processing,
        Trouble::Gateway,
        Trouble::DroppedBefore,
        Trouble::DroppedAfter,
        Trouble::Malformed,
        Trouble::Silent,
    ];
}

/// Whether a call will be spoilt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spoiling {
    Set,
    /// This method knows no such trouble.
    Unknown,
}

/// The wait that a busy method asks for.
const WAIT_MS: u64 = 1_800;

/// The bench of one method: its counter and orders that are all different.
pub struct Bench<C> {
    pub counter: C,
    pub method: Arc<dyn PaymentMethod>,
}

impl<C: Counter> Bench<C> {
    /// The bench of a counter.
    pub fn new(counter: C) -> Bench<C> {
        let method = counter.method();
        Bench { counter, method }
    }

    /// An order with a name of its own.
    pub fn order(&self, name: &str) -> PaymentOrder {
        PaymentOrder {
            topup: TopupId::new(format!("topup-{name}")),
            user: UserId(42),
            amount: self.counter.amount(),
            description: "Пополнение баланса".to_owned(),
            email: None,
            language: "ru",
            created_at: self.counter.now(),
        }
    }

    /// Places an order and pays it; its report.
    pub async fn paid(&self, name: &str) -> (PaymentOrder, PaymentReport) {
        let order = self.order(name);
        let offer = self.method.begin(&order).await.expect("it is placed");
        let external = self.counter.pay(&order, &offer).await;
        let report = self.method.payment(&external).await;
        (order, report.expect("it is there"))
    }

    /// A refund of a payment, with a name of its own.
    pub fn refund(
        &self,
        name: &str,
        (order, report): &(PaymentOrder, PaymentReport),
        amount: Money,
    ) -> RefundOrder {
        RefundOrder {
            refund: RefundId::new(format!("refund-{name}")),
            external: report.external.clone(),
            user: order.user,
            amount,
            paid: self.method.due(order.amount),
            credited: order.amount,
            email: None,
            created_at: self.counter.now(),
        }
    }

    /// Keeps every promise of the port.
    pub async fn conforms(&self) {
        self.a_paid_order_is_reported_as_it_was_placed().await;
        self.the_same_order_twice_is_one_payment().await;
        self.a_trouble_while_placing_is_told_and_the_order_can_be_placed_again()
            .await;
        self.a_trouble_while_asking_is_worth_asking_again().await;
        self.what_does_not_exist_is_not_found().await;
        self.a_refund_happens_once_however_often_it_is_asked_for()
            .await;
        self.a_trouble_while_refunding_is_told_and_gives_back_once()
            .await;
        self.no_more_than_was_paid_is_given_back().await;
        self.lists_have_each_payment_and_refund_once().await;
    }

    async fn a_paid_order_is_reported_as_it_was_placed(&self) {
        let order = self.order("plain");
        let due = self.method.due(order.amount);
        let offer = self.method.begin(&order).await.expect("it is placed");
        assert_eq!(offer.due, due);
        assert!(offer.pay_url.starts_with("http"), "{}", offer.pay_url);
        if let Some(external) = &offer.external {
            let waiting = self.method.payment(external).await.expect("it is there");
            assert_eq!(waiting.state, PaymentState::Pending);
        }
        let external = self.counter.pay(&order, &offer).await;
        let report = self.method.payment(&external).await.expect("it is there");
        assert_eq!(report.state, PaymentState::Succeeded);
        assert_eq!(report.external, external);
        assert_eq!(report.topup.as_ref(), Some(&order.topup));
        assert_eq!(report.user, Some(order.user));
        let sum = (report.due.amount, report.due.currency.as_str());
        assert_eq!(sum, (due.amount, due.currency));
        assert_eq!(report.refunded, 0);
        assert_eq!(report.shop, Shop::Ours);
        assert_eq!(report.environment, self.counter.environment());
    }

    async fn the_same_order_twice_is_one_payment(&self) {
        let order = self.order("twice");
        let before = self.counter.payments();
        let first = self.method.begin(&order).await.expect("it is placed");
        let second = self.method.begin(&order).await.expect("it is placed again");
        assert_eq!(first.external, second.external);
        self.counter.pay(&order, &second).await;
        assert_eq!(self.counter.payments(), before + 1);
    }

    async fn a_trouble_while_placing_is_told_and_the_order_can_be_placed_again(&self) {
        let busy = Trouble::TooMany { wait_ms: WAIT_MS };
        if self.counter.spoil(Call::Begin, busy) == Spoiling::Set {
            let order = self.order("busy");
            let error = self.method.begin(&order).await.expect_err("it is busy");
            assert_waits(&error);
        }
        if self.counter.spoil(Call::Begin, Trouble::Slow) == Spoiling::Set {
            let order = self.order("slow");
            self.method.begin(&order).await.expect("slow is not lost");
        }
        for trouble in Trouble::LOSING {
            if self.counter.spoil(Call::Begin, trouble) == Spoiling::Unknown {
                continue;
            }
            let before = self.counter.payments();
            let order = self.order(&format!("lost-{trouble:?}").to_lowercase());
            let error = self.method.begin(&order).await.expect_err("it was spoilt");
            let told = match self.counter.placing() {
                Placing::CreatesPayment => matches!(error, PaymentError::Ambiguous { .. }),
                Placing::OffersOnly => matches!(error, PaymentError::Retryable { .. }),
            };
            assert!(told, "{trouble:?}: {error:?}");
            let offer = self.method.begin(&order).await.expect("it is placed again");
            self.counter.pay(&order, &offer).await;
            assert_eq!(self.counter.payments(), before + 1, "{trouble:?}");
        }
    }

    async fn a_trouble_while_asking_is_worth_asking_again(&self) {
        let (_, report) = self.paid("asked").await;
        let busy = Trouble::TooMany { wait_ms: WAIT_MS };
        for trouble in [busy, Trouble::Slow].into_iter().chain(Trouble::LOSING) {
            if self.counter.spoil(Call::Payment, trouble) == Spoiling::Unknown {
                continue;
            }
            let answer = self.method.payment(&report.external).await;
            match (trouble, answer) {
                (Trouble::Slow, answer) => assert_eq!(answer.as_ref(), Ok(&report)),
                (Trouble::TooMany { .. }, answer) => {
                    assert_waits(&answer.expect_err("it is busy"));
                }
                (_, answer) => {
                    let error = answer.expect_err("it was spoilt");
                    let again = matches!(error, PaymentError::Retryable { .. });
                    assert!(again, "{trouble:?}: {error:?}");
                }
            }
            let again = self.method.payment(&report.external).await;
            assert_eq!(again.as_ref(), Ok(&report), "{trouble:?}");
        }
    }

    async fn what_does_not_exist_is_not_found(&self) {
        for id in ["22e12f66-000f-5000-8000-000000000000", "../me", "", "?"] {
            let payment = self.method.payment(id).await;
            assert_eq!(payment, Err(PaymentError::NotFound), "{id}");
            let refund = self.method.refund_report(id).await;
            assert_eq!(refund, Err(PaymentError::NotFound), "{id}");
        }
    }

    async fn a_refund_happens_once_however_often_it_is_asked_for(&self) {
        let paid = self.paid("refunded").await;
        let order = self.refund("once", &paid, paid.0.amount);
        let before = self.counter.refunds();
        let report = self.method.refund(&order).await.expect("it is given back");
        assert_refund_of(&report, &order, &paid.1);
        let again = self.method.refund(&order).await.expect("it is told again");
        assert_eq!(again.external, report.external);
        assert_eq!(self.counter.refunds(), before + 1);
        let asked = self.method.refund_report(&report.external).await;
        let asked = asked.expect("it is there");
        assert_eq!(asked.state, RefundState::Succeeded);
        let payment = self.method.payment(&paid.1.external).await;
        assert_eq!(payment.expect("it is there").refunded, paid.1.due.amount);
    }

    async fn a_trouble_while_refunding_is_told_and_gives_back_once(&self) {
        for trouble in Trouble::LOSING {
            if self.counter.spoil(Call::Refund, trouble) == Spoiling::Unknown {
                continue;
            }
            let name = format!("back-{trouble:?}").to_lowercase();
            let paid = self.paid(&name).await;
            let order = self.refund(&name, &paid, paid.0.amount);
            let before = self.counter.refunds();
            let error = self.method.refund(&order).await.expect_err("it was spoilt");
            let lost = matches!(error, PaymentError::Ambiguous { .. });
            assert!(lost, "{trouble:?}: {error:?}");
            let report = self.method.refund(&order).await.expect("it is given back");
            assert_refund_of(&report, &order, &paid.1);
            assert_eq!(self.counter.refunds(), before + 1, "{trouble:?}");
        }
    }

    async fn no_more_than_was_paid_is_given_back(&self) {
        let paid = self.paid("parts").await;
        let part = Money::from_kopecks(paid.0.amount.kopecks() / 4);
        match self.method.refunds() {
            Refunds::WholeOnly => {
                let order = self.refund("part", &paid, part);
                assert_unmoved(self.method.refund(&order).await);
            }
            Refunds::Partial => {
                for (name, refunded) in [("part-1", 1), ("part-2", 2)] {
                    let order = self.refund(name, &paid, part);
                    let report = self.method.refund(&order).await.expect("it is given back");
                    assert_refund_of(&report, &order, &paid.1);
                    let payment = self.method.payment(&paid.1.external).await;
                    let total = part.kopecks() * refunded;
                    assert_eq!(payment.expect("it is there").refunded, total);
                }
                let order = self.refund("too-much", &paid, paid.0.amount);
                assert_unmoved(self.method.refund(&order).await);
                let payment = self.method.payment(&paid.1.external).await;
                let total = part.kopecks() * 2;
                assert_eq!(payment.expect("it is there").refunded, total);
            }
        }
        let whole = self.paid("whole").await;
        let order = self.refund("whole-1", &whole, whole.0.amount);
        self.method.refund(&order).await.expect("it is given back");
        let before = self.counter.refunds();
        let second = self.refund("whole-2", &whole, whole.0.amount);
        let answer = self.method.refund(&second).await;
        match self.method.refunds() {
            // A payment has one refund at most: whoever asks again is told of it.
            Refunds::WholeOnly => assert_refund_of(&answer.unwrap(), &second, &whole.1),
            Refunds::Partial => assert_unmoved(answer),
        }
        assert_eq!(self.counter.refunds(), before);
    }

    async fn lists_have_each_payment_and_refund_once(&self) {
        let (from, to) = (Moment(0), Moment(self.counter.now().0 + 86_400_000_000));
        let mut payments = Vec::new();
        let mut cursor = None;
        loop {
            let page = self.method.payments(from, to, cursor.as_deref()).await;
            let page = page.expect("the list is read");
            payments.extend(page.items.into_iter().map(|item| item.external));
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        let mut refunds = Vec::new();
        loop {
            let page = self
                .method
                .refund_reports(from, to, cursor.as_deref())
                .await;
            let page = page.expect("the list is read");
            refunds.extend(page.items.into_iter().map(|item| item.external));
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(payments.len(), self.counter.payments());
        assert_eq!(refunds.len(), self.counter.refunds());
        for list in [&mut payments, &mut refunds] {
            let length = list.len();
            list.sort();
            list.dedup();
            assert_eq!(list.len(), length, "something stands twice");
        }
        let before = self.method.payments(from, Moment(1), None).await;
        assert_eq!(before.expect("the list is read").items, []);
    }
}

fn assert_waits(error: &PaymentError) {
    match error {
        PaymentError::Retryable {
            after: Some(after), ..
        } => {
            let asked = Duration::from_millis(WAIT_MS);
            // A method that counts in seconds rounds up.
            assert!((asked..asked * 2).contains(after), "{after:?}");
        }
        other => panic!("it says when to come again: {other:?}"),
    }
}

/// It surely did not happen, and asking again will not help.
fn assert_unmoved(answer: Result<RefundReport, PaymentError>) {
    match answer {
        Err(PaymentError::Refused { .. } | PaymentError::Broken { .. }) => {}
        other => panic!("more was given back than was paid: {other:?}"),
    }
}

fn assert_refund_of(report: &RefundReport, order: &RefundOrder, payment: &PaymentReport) {
    assert_eq!(report.payment, order.external);
    assert_eq!(report.refund.as_ref(), Some(&order.refund));
    assert_eq!(report.sum.currency, payment.due.currency);
    if order.amount == order.credited {
        assert_eq!(report.sum.amount, order.paid.amount);
    }
    let gone = matches!(report.state, RefundState::Canceled { .. });
    assert!(!gone, "{report:?}");
}
