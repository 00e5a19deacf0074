//! The bot's list of Star transactions, read from its end.
//!
//! Telegram lists the oldest first, says neither how many there are nor where one stands, and
//! only ever adds at the end (`contracts/telegram.md`, 11). What is asked after is nearly always
//! new. So the end is found by strides that double, remembered as a place to begin from, and the
//! list is walked backwards. A walk that is longer than it may be proves nothing: it ends as
//! `Broken`, never as *not there*.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use rei_actors::ports::payments::PaymentError;
use rei_domain::ids::{TopupId, UserId};
use rei_domain::time::Moment;

use crate::telegram::stars::{Partner, StarsApi, Transaction};

/// Lines of a page; the most there may be (contract, 11).
const PAGE: u64 = 100;

const MICROS: i64 = 1_000_000;

/// Pages that a whole span may have; a comparison with the ledger reads no more either.
const SPAN_PAGES_MAX: u32 = 10_000;

/// The longest payload that can be the id of a top-up.
const TOPUP_CHARS_MAX: usize = 64;

/// A payment with what went back of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookPayment {
    pub id: String,
    pub at: Moment,
    pub amount: i64,
    pub refunded: i64,
    pub payer: Option<UserId>,
    pub topup: Option<TopupId>,
}

/// A refund; it has the id of its payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BookRefund {
    pub payment: String,
    pub at: Moment,
    pub amount: i64,
}

/// The list of one bot.
pub struct Book {
    api: StarsApi,
    pages_max: u32,
    /// Where the last page began when the end was last seen: a place to begin from, no more.
    end_seen: AtomicU64,
}

/// A line of the list.
struct Line {
    /// Of a payment, and again of its refund.
    id: String,
    at: Moment,
    amount: i64,
    kind: Kind,
}

/// What moved the Stars.
enum Kind {
    Payment {
        payer: Option<UserId>,
        /// `None` when the payload is none of ours.
        topup: Option<TopupId>,
    },
    Refund,
    /// Gifts, withdrawals and what else there is.
    Other,
}

impl Line {
    fn of(movement: Transaction) -> Line {
        let invoice = |partner: &&Partner| partner.is_of_an_invoice();
        let source = movement.source.as_ref().filter(invoice);
        let receiver = movement.receiver.as_ref().filter(invoice);
        let kind = match (source, receiver) {
            (Some(payer), _) => Kind::Payment {
                payer: payer.user.as_ref().map(|person| UserId(person.id)),
                topup: payer.invoice_payload.as_deref().and_then(topup_of),
            },
            (None, Some(_)) => Kind::Refund,
            (None, None) => Kind::Other,
        };
        Line {
            id: movement.id,
            at: Moment(movement.date.saturating_mul(MICROS)),
            amount: movement.amount,
            kind,
        }
    }
}

/// The top-up that a payload names, if it can be one of ours; another program's may be anything.
fn topup_of(payload: &str) -> Option<TopupId> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    let fits = (1..=TOPUP_CHARS_MAX).contains(&payload.len());
    (fits && payload.bytes().all(plain)).then(|| TopupId::new(payload))
}

/// A page with the place of its first line.
struct Leaf {
    offset: u64,
    lines: Vec<Line>,
}

impl Leaf {
    fn is_full(&self) -> bool {
        self.lines.len() as u64 >= PAGE
    }
}

impl Book {
    /// The list of this bot; one question after a payment reads at most so many pages.
    pub fn new(api: StarsApi, pages_max: u32) -> Self {
        Self {
            api,
            pages_max,
            end_seen: AtomicU64::new(0),
        }
    }

    /// The payment with this id.
    pub async fn payment(&self, id: &str) -> Result<Option<BookPayment>, PaymentError> {
        let mut refunded = 0_i64;
        self.backwards(self.pages_max, |line| {
            if line.id != id {
                return None;
            }
            match &line.kind {
                // A payment stands before its refunds, so they are met first.
                Kind::Refund => {
                    refunded = refunded.saturating_add(line.amount);
                    None
                }
                Kind::Payment { payer, topup } => Some(Some(BookPayment {
                    id: line.id.clone(),
                    at: line.at,
                    amount: line.amount,
                    refunded,
                    payer: *payer,
                    topup: topup.clone(),
                })),
                Kind::Other => None,
            }
        })
        .await
        .map(Option::flatten)
    }

    /// The refund of the payment with this id.
    pub async fn refund(&self, id: &str) -> Result<Option<BookRefund>, PaymentError> {
        self.backwards(self.pages_max, |line| {
            if line.id != id {
                return None;
            }
            match &line.kind {
                Kind::Refund => Some(Some(refund(line))),
                // Nothing went back after it was made.
                Kind::Payment { .. } => Some(None),
                Kind::Other => None,
            }
        })
        .await
        .map(Option::flatten)
    }

    /// The payments made in `from..to`, the oldest first.
    pub async fn payments(
        &self,
        from: Moment,
        to: Moment,
    ) -> Result<Vec<BookPayment>, PaymentError> {
        let mut payments = Vec::new();
        let mut refunded: BTreeMap<String, i64> = BTreeMap::new();
        self.backwards(SPAN_PAGES_MAX, |line| {
            if line.at < from {
                return Some(());
            }
            match &line.kind {
                Kind::Refund => *refunded.entry(line.id.clone()).or_default() += line.amount,
                Kind::Payment { payer, topup } if line.at < to => {
                    payments.push(BookPayment {
                        id: line.id.clone(),
                        at: line.at,
                        amount: line.amount,
                        refunded: refunded.get(&line.id).copied().unwrap_or_default(),
                        payer: *payer,
                        topup: topup.clone(),
                    });
                }
                Kind::Payment { .. } | Kind::Other => {}
            }
            None
        })
        .await?;
        payments.reverse();
        Ok(payments)
    }

    /// The refunds made in `from..to`, the oldest first.
    pub async fn refunds(&self, from: Moment, to: Moment) -> Result<Vec<BookRefund>, PaymentError> {
        let mut refunds = Vec::new();
        self.backwards(SPAN_PAGES_MAX, |line| {
            if line.at < from {
                return Some(());
            }
            match &line.kind {
                Kind::Refund if line.at < to => refunds.push(refund(line)),
                Kind::Refund | Kind::Payment { .. } | Kind::Other => {}
            }
            None
        })
        .await?;
        refunds.reverse();
        Ok(refunds)
    }

    /// Shows the lines from the last to the first, until one of them is enough: of so many pages
    /// at most, counted from the end.
    async fn backwards<T>(
        &self,
        pages_max: u32,
        mut look: impl FnMut(&Line) -> Option<T>,
    ) -> Result<Option<T>, PaymentError> {
        let mut end = self.end(self.end_seen.load(Ordering::Relaxed)).await?;
        self.end_seen.store(end.offset, Ordering::Relaxed);
        if let Some(found) = end.lines.iter().rev().find_map(&mut look) {
            return Ok(Some(found));
        }
        let length = end.offset + end.lines.len() as u64;
        for pages in 1..=u64::from(pages_max) {
            let begin = length.saturating_sub(PAGE * pages);
            if begin < end.offset {
                end = self.page(begin, end.offset - begin).await?;
                if let Some(found) = end.lines.iter().rev().find_map(&mut look) {
                    return Ok(Some(found));
                }
            }
            if begin == 0 {
                return Ok(None);
            }
        }
        Err(PaymentError::Broken {
            cause: "the list of Stars is longer than it may be searched",
        })
    }

    async fn page(&self, offset: u64, lines: u64) -> Result<Leaf, PaymentError> {
        let limit = u8::try_from(lines.min(PAGE)).expect("a page has a hundred lines at most");
        let lines = self.api.transactions(offset, limit).await?;
        let lines = lines.into_iter().map(Line::of).collect();
        Ok(Leaf { offset, lines })
    }

    /// The last page that has lines, or the empty first one. Its cost is the logarithm of the
    /// list's length, so it is not counted.
    async fn end(&self, seen: u64) -> Result<Leaf, PaymentError> {
        let mut last = self.page(seen, PAGE).await?;
        if last.lines.is_empty() && seen > 0 {
            // Another list: it was longer once.
            last = self.page(0, PAGE).await?;
        }
        let mut stride = PAGE;
        // The first place that is known to have no lines.
        let mut beyond = None;
        while last.is_full() && beyond != Some(last.offset + PAGE) {
            let ahead = match beyond {
                None => stride,
                // Halfway between the two, in whole pages; one at least.
                Some(beyond) => ((beyond - last.offset) / PAGE / 2).max(1) * PAGE,
            };
            let leaf = self.page(last.offset.saturating_add(ahead), PAGE).await?;
            if leaf.lines.is_empty() {
                beyond = Some(leaf.offset);
            } else {
                stride = stride.saturating_mul(2);
                last = leaf;
            }
        }
        Ok(last)
    }
}

fn refund(line: &Line) -> BookRefund {
    BookRefund {
        payment: line.id.clone(),
        at: line.at,
        amount: line.amount,
    }
}
