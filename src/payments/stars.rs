//! Telegram Stars: payments inside the messenger, in its own currency (`XTR`).
//!
//! An invoice is an address that anybody can open; whose money is taken is decided when the
//! messenger asks before a payment (`telegram::checkout`). A payment has no id before it is made,
//! and there is no look-up by it: the list of movements, oldest first, is searched from its end.
//! Promises that a list without an end proves nothing, and that a payment is given back as a
//! whole and once. Deliberately credits nothing from a message: the list decides.

use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use rei_actors::ports::payments::{
    Due, Environment, Page, PaidSum, PaymentError, PaymentMethod, PaymentOffer, PaymentOrder,
    PaymentReport, PaymentState, RefundOrder, RefundReport, RefundState, Refunds, Shop,
};
use rei_domain::ids::{TopupId, UserId};
use rei_domain::money::Money;
use rei_domain::time::Moment;

use crate::config;
use crate::telegram::stars::{NewInvoice, StarsApi, Transaction};

/// The method's name in rows, metrics and configuration.
pub const NAME: &str = "stars";

/// The messenger's currency (Bot API, "Telegram Stars").
const XTR: &str = "XTR";

/// Movements of a page; the most there may be (contract, 11).
const PAGE_ITEMS: u8 = 100;

/// The longest title of an invoice in characters (contract, 11).
const TITLE_CHARS_MAX: usize = 32;

const MICROS: i64 = 1_000_000;

/// The method.
pub struct Stars {
    api: StarsApi,
    settings: config::Stars,
    /// How many movements there were at the last look: where the next one begins.
    known: AtomicU64,
}

impl Stars {
    /// A method that calls nothing yet.
    pub fn new(api: StarsApi, settings: &config::Stars) -> Stars {
        Stars {
            api,
            settings: settings.clone(),
            known: AtomicU64::new(0),
        }
    }

    /// How many movements there are. The list only grows, so the search begins where the last
    /// one ended: strides that double, then halves.
    async fn length(&self) -> Result<u64, PaymentError> {
        let mut low = self.known.load(Ordering::Relaxed);
        let mut stride = 1;
        let mut high = loop {
            let probe = low + stride;
            if self.has(probe - 1).await? {
                low = probe;
                stride *= 2;
            } else {
                break probe;
            }
        };
        // There are at least `low` and fewer than `high`.
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if self.has(middle - 1).await? {
                low = middle;
            } else {
                high = middle;
            }
        }
        self.known.store(low, Ordering::Relaxed);
        Ok(low)
    }

    async fn has(&self, offset: u64) -> Result<bool, PaymentError> {
        Ok(!self.api.transactions(offset, 1).await?.is_empty())
    }

    /// Where movements of a moment begin.
    async fn begin_of(&self, from: Moment) -> Result<u64, PaymentError> {
        let (mut low, mut high) = (0, self.length().await?);
        while low < high {
            let middle = low + (high - low) / 2;
            let page = self.api.transactions(middle, 1).await?;
            match page.first() {
                Some(movement) if date_of(movement) < from => low = middle + 1,
                Some(_) | None => high = middle,
            }
        }
        Ok(low)
    }

    /// Every movement with this id, searched from the end of the list.
    async fn movements(&self, id: &str) -> Result<Vec<Transaction>, PaymentError> {
        let mut end = self.length().await?;
        let mut found = Vec::new();
        for _ in 0..self.settings.look_up_pages_max {
            let begin = end.saturating_sub(u64::from(PAGE_ITEMS));
            let limit = u8::try_from(end - begin).unwrap_or(PAGE_ITEMS);
            if limit == 0 {
                break;
            }
            let page = self.api.transactions(begin, limit).await?;
            found.extend(page.into_iter().filter(|movement| movement.id == id));
            // A refund stands behind its payment, so the payment ends the search.
            if found.iter().any(|movement| movement.source.is_some()) {
                return Ok(found);
            }
            end = begin;
        }
        if end == 0 {
            return Ok(found);
        }
        Err(PaymentError::Broken {
            cause: "the payment is further back than the list is searched",
        })
    }

    /// A page of movements of `from..to`.
    async fn page(
        &self,
        from: Moment,
        to: Moment,
        cursor: Option<&str>,
    ) -> Result<Page<Transaction>, PaymentError> {
        let offset = match cursor {
            Some(cursor) => cursor.parse().map_err(|_| PaymentError::Broken {
                cause: "the cursor is none of this list",
            })?,
            None => self.begin_of(from).await?,
        };
        let page = self.api.transactions(offset, PAGE_ITEMS).await?;
        let count = page.len();
        let is_last = count < usize::from(PAGE_ITEMS)
            || page.last().is_some_and(|movement| date_of(movement) >= to);
        let items = page.into_iter().filter(|movement| {
            let date = date_of(movement);
            from <= date && date < to
        });
        Ok(Page {
            items: items.collect(),
            next: (!is_last).then(|| (offset + count as u64).to_string()),
        })
    }
}

fn date_of(movement: &Transaction) -> Moment {
    Moment(movement.date.saturating_mul(MICROS))
}

fn sum(amount: i64) -> PaidSum {
    PaidSum {
        amount,
        currency: XTR.to_owned(),
    }
}

/// What came in, as a payment; what goes out, and what comes from elsewhere than a person, is
/// none. `refunded` is known where the whole list was looked at.
fn payment_of(movement: &Transaction, refunded: i64) -> Option<PaymentReport> {
    let payer = movement.source.as_ref()?;
    let user = payer.user.as_ref()?;
    let at = date_of(movement);
    Some(PaymentReport {
        external: movement.id.clone(),
        topup: payer.invoice_payload.clone().map(TopupId::new),
        user: Some(UserId(user.id)),
        state: PaymentState::Succeeded,
        due: sum(movement.amount),
        refunded,
        environment: Environment::Live,
        shop: Shop::Ours,
        created_at: at,
        captured_at: Some(at),
    })
}

/// What went back to a person. It names no refund of ours: a payment has one at most.
fn refund_of(movement: &Transaction) -> Option<RefundReport> {
    let payer = movement.receiver.as_ref()?;
    payer.user.as_ref()?;
    payer.invoice_payload.as_ref()?;
    Some(RefundReport {
        external: movement.id.clone(),
        payment: movement.id.clone(),
        refund: None,
        state: RefundState::Succeeded,
        sum: sum(movement.amount),
        created_at: date_of(movement),
    })
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
            pay_url: self.api.invoice(&invoice).await?,
            due,
        })
    }

    async fn payment(&self, external: &str) -> Result<PaymentReport, PaymentError> {
        let movements = self.movements(external).await?;
        let back = movements.iter().filter_map(refund_of);
        let refunded = back.map(|refund| refund.sum.amount).sum();
        let mut payments = movements.iter().filter_map(|it| payment_of(it, refunded));
        payments.next().ok_or(PaymentError::NotFound)
    }

    async fn capture(&self, _: &str) -> Result<PaymentReport, PaymentError> {
        Err(PaymentError::Broken {
            cause: "stars are never authorised only",
        })
    }

    async fn refund(&self, order: &RefundOrder) -> Result<RefundReport, PaymentError> {
        if order.amount != order.credited {
            return Err(PaymentError::Refused {
                reason: "whole_only".to_owned(),
            });
        }
        self.api.refund(order.user.0, &order.external).await?;
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
        let movements = self.movements(external).await?;
        let mut refunds = movements.iter().filter_map(refund_of);
        refunds.next().ok_or(PaymentError::NotFound)
    }

    async fn payments(
        &self,
        from: Moment,
        to: Moment,
        cursor: Option<&str>,
    ) -> Result<Page<PaymentReport>, PaymentError> {
        let page = self.page(from, to, cursor).await?;
        Ok(Page {
            items: page
                .items
                .iter()
                .filter_map(|it| payment_of(it, 0))
                .collect(),
            next: page.next,
        })
    }

    async fn refund_reports(
        &self,
        from: Moment,
        to: Moment,
        cursor: Option<&str>,
    ) -> Result<Page<RefundReport>, PaymentError> {
        let page = self.page(from, to, cursor).await?;
        Ok(Page {
            items: page.items.iter().filter_map(refund_of).collect(),
            next: page.next,
        })
    }
}
