//! Telegram Stars: payments inside the messenger, in its own currency (`XTR`).
//!
//! An invoice is an address that anybody can open; whose money is taken is decided when the
//! messenger asks before a payment (`telegram::checkout`). A payment has no id before it is made,
//! and there is no look-up by it: the list of movements is searched from its end ([`book`]).
//! Promises that a list without an end proves nothing, and that a payment is given back as a
//! whole and once. Deliberately credits nothing from a message: the list decides.

mod book;

use std::time::Instant;

use async_trait::async_trait;
use rei_actors::metrics::PaymentMeters;
use rei_actors::ports::payments::{
    Due, Environment, Page, PaidSum, PaymentError, PaymentMethod, PaymentOffer, PaymentOrder,
    PaymentReport, PaymentState, RefundOrder, RefundReport, RefundState, Refunds, Shop,
};
use rei_domain::money::Money;
use rei_domain::time::Moment;

use self::book::{Book, BookPayment, BookRefund};
use crate::config;
use crate::telegram::stars::{NewInvoice, StarsApi};

/// The method's name in rows, metrics and configuration.
pub const NAME: &str = "stars";

/// The messenger's currency (Bot API, "Telegram Stars").
const XTR: &str = "XTR";

/// The longest title of an invoice in characters (contract, 11).
const TITLE_CHARS_MAX: usize = 32;

/// Ids of payments are of no documented length; those seen have some 150 characters.
const CHARGE_CHARS_MAX: usize = 512;

/// The method.
pub struct Stars {
    api: StarsApi,
    book: Book,
    settings: config::Stars,
    meters: Meters,
}

/// The meters of each operation.
struct Meters {
    begin: PaymentMeters,
    payment: PaymentMeters,
    refund: PaymentMeters,
    refund_report: PaymentMeters,
    list: PaymentMeters,
}

impl Stars {
    /// A method that calls nothing yet.
    pub fn new(api: StarsApi, settings: &config::Stars) -> Stars {
        Stars {
            book: Book::new(api.clone(), settings.look_up_pages_max),
            api,
            settings: settings.clone(),
            meters: Meters {
                begin: PaymentMeters::of(NAME, "begin"),
                payment: PaymentMeters::of(NAME, "payment"),
                refund: PaymentMeters::of(NAME, "refund"),
                refund_report: PaymentMeters::of(NAME, "refund_report"),
                list: PaymentMeters::of(NAME, "list"),
            },
        }
    }
}

/// Makes a call and counts it by its end.
async fn counted<T>(
    meters: &PaymentMeters,
    call: impl Future<Output = Result<T, PaymentError>>,
) -> Result<T, PaymentError> {
    let begun = Instant::now();
    let answer = call.await;
    meters.ended(&answer, begun.elapsed());
    answer
}

fn sum(amount: i64) -> PaidSum {
    PaidSum {
        amount,
        currency: XTR.to_owned(),
    }
}

/// Who runs the bot owns its list, and its Stars are real: the messenger's test servers know
/// other bots.
fn payment_report(payment: BookPayment) -> PaymentReport {
    PaymentReport {
        external: payment.id,
        topup: payment.topup,
        user: payment.payer,
        state: PaymentState::Succeeded,
        due: sum(payment.amount),
        refunded: payment.refunded,
        environment: Environment::Live,
        shop: Shop::Ours,
        created_at: payment.at,
        captured_at: Some(payment.at),
    }
}

/// What went back to a person. It names no refund of ours: a payment has one at most.
fn refund_report(refund: BookRefund) -> RefundReport {
    RefundReport {
        external: refund.payment.clone(),
        payment: refund.payment,
        refund: None,
        state: RefundState::Succeeded,
        sum: sum(refund.amount),
        created_at: refund.at,
    }
}

/// Whether a text can be the id of a payment.
fn is_charge(text: &str) -> bool {
    (1..=CHARGE_CHARS_MAX).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic())
}

#[async_trait]
impl PaymentMethod for Stars {
    fn name(&self) -> &'static str {
        NAME
    }

    fn refunds(&self) -> Refunds {
        Refunds::WholeOnly
    }

    /// Rounded up to a whole Star.
    fn due(&self, amount: Money) -> Due {
        let per_star = self.settings.kopecks_per_star;
        Due {
            amount: amount.kopecks().saturating_add(per_star - 1) / per_star,
            currency: XTR,
        }
    }

    async fn begin(&self, order: &PaymentOrder) -> Result<PaymentOffer, PaymentError> {
        let due = self.due(order.amount);
        let amount = u32::try_from(due.amount).map_err(|_| PaymentError::Refused {
            reason: "amount_too_large".to_owned(),
        })?;
        let title: String = order.description.chars().take(TITLE_CHARS_MAX).collect();
        let invoice = NewInvoice {
            title: &title,
            description: &order.description,
            payload: order.topup.as_str(),
            amount,
        };
        Ok(PaymentOffer {
            external: None,
            pay_url: counted(&self.meters.begin, self.api.invoice(&invoice)).await?,
            due,
        })
    }

    async fn payment(&self, external: &str) -> Result<PaymentReport, PaymentError> {
        if !is_charge(external) {
            return Err(PaymentError::NotFound);
        }
        let found = counted(&self.meters.payment, self.book.payment(external)).await?;
        found.map(payment_report).ok_or(PaymentError::NotFound)
    }

    async fn capture(&self, _: &str) -> Result<PaymentReport, PaymentError> {
        Err(PaymentError::Broken {
            cause: "stars are never authorised only",
        })
    }

    async fn refund(&self, order: &RefundOrder) -> Result<RefundReport, PaymentError> {
        if !is_charge(&order.external) {
            return Err(PaymentError::NotFound);
        }
        // The messenger knows no sums here: a part that was asked for would be the whole.
        if order.amount != order.credited {
            return Err(PaymentError::Refused {
                reason: "whole_only".to_owned(),
            });
        }
        let call = self.api.refund(order.user.0, &order.external);
        counted(&self.meters.refund, call).await?;
        Ok(RefundReport {
            external: order.external.clone(),
            payment: order.external.clone(),
            refund: Some(order.refund.clone()),
            state: RefundState::Succeeded,
            sum: sum(order.paid.amount),
            created_at: order.created_at,
        })
    }

    async fn refund_report(&self, external: &str) -> Result<RefundReport, PaymentError> {
        if !is_charge(external) {
            return Err(PaymentError::NotFound);
        }
        let call = self.book.refund(external);
        let found = counted(&self.meters.refund_report, call).await?;
        found.map(refund_report).ok_or(PaymentError::NotFound)
    }

    /// All of them on one page: a payment is told with what went back of it, which stands behind
    /// it in the list.
    async fn payments(
        &self,
        from: Moment,
        to: Moment,
        _: Option<&str>,
    ) -> Result<Page<PaymentReport>, PaymentError> {
        let listed = counted(&self.meters.list, self.book.payments(from, to)).await?;
        Ok(Page {
            items: listed.into_iter().map(payment_report).collect(),
            next: None,
        })
    }

    /// As [`Stars::payments`].
    async fn refund_reports(
        &self,
        from: Moment,
        to: Moment,
        _: Option<&str>,
    ) -> Result<Page<RefundReport>, PaymentError> {
        let listed = counted(&self.meters.list, self.book.refunds(from, to)).await?;
        Ok(Page {
            items: listed.into_iter().map(refund_report).collect(),
            next: None,
        })
    }
}
