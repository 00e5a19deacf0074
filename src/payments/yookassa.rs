//! YooKassa: payments in roubles through API v3 (contract page of YooKassa).
//!
//! A payment is a page that the payer is sent to and comes back from; coming back proves
//! nothing. Money is taken at once (`capture: true`), since some methods know no two stages.
//! Promises: each order has one idempotence key, made of its id; every answer is checked against
//! what was asked; a call goes on when its caller stops waiting.
//! Deliberately repeats nothing and keeps nothing: when a key may be used again, and what a
//! payment means, is the cashier's to decide.

mod call;
mod failure;
mod receipt;
mod sum;
mod wire;

use std::sync::Arc;
use std::time::Instant;

use async_trait::async_trait;
use rei_actors::metrics::PaymentMeters;
use rei_actors::ports::payments::{
    Due, Page, PaidSum, PaymentError, PaymentMethod, PaymentOffer, PaymentOrder, PaymentReport,
    PaymentState, RefundOrder, RefundReport, Refunds, Shop,
};
use rei_domain::money::Money;
use rei_domain::time::Moment;
use reqwest::header::CONTENT_TYPE;
use reqwest::{Client, Method, RequestBuilder, StatusCode, Url};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::runtime::Handle;

use self::call::Effect;
use self::receipt::Receipt;
use self::sum::{RUB, Sum};
use self::wire::{List, Metadata, NewPayment, NewRefund, Payment, Redirect, Refund};
use crate::config;

/// The method's name in rows, metrics and configuration.
const NAME: &str = "yookassa";

const IDEMPOTENCE_KEY: &str = "Idempotence-Key";

/// Objects of a list's page; the most there may be (contract, 7).
const PAGE_ITEMS: &str = "100";

/// Ids of payments and refunds have 36 characters.
const EXTERNAL_CHARS_MAX: usize = 64;

/// Why a receipt cannot be made.
const EMAIL_MISSING: &str = "receipt_email_missing";

/// An answer that is 200 and not as documented.
const UNREADABLE: &str = "the answer cannot be read";

/// The process ends, or a bug ended the work, after the request may have been sent.
const DROPPED: &str = "the call was dropped";

/// Why the method cannot be set up. The texts name the setting, never a secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetupError {
    #[error("YOOKASSA_SHOP_ID is not set")]
    NoShop,
    #[error("YOOKASSA_SECRET_KEY is not set")]
    NoKey,
    #[error("YOOKASSA_API_URL is not an http or https address")]
    Address,
    #[error("the TLS client cannot be set up: {0}")]
    Client(String),
}

/// The adapter. Its input and output happen on the runtime it is given.
pub struct Yookassa {
    base: Url,
    shop_id: String,
    key: SecretString,
    client: Client,
    runtime: Handle,
    settings: Arc<config::Yookassa>,
    meters: Meters,
}

/// The meters of each operation.
struct Meters {
    begin: PaymentMeters,
    payment: PaymentMeters,
    capture: PaymentMeters,
    refund: PaymentMeters,
    refund_report: PaymentMeters,
    list: PaymentMeters,
}

impl Yookassa {
    /// Checks the settings; calls nothing.
    pub fn try_new(settings: &config::Yookassa, runtime: Handle) -> Result<Yookassa, SetupError> {
        let shop_id = settings.shop_id.clone().ok_or(SetupError::NoShop)?;
        let key = settings.secret_key.clone().ok_or(SetupError::NoKey)?;
        let base = Url::parse(&settings.api_url).map_err(|_| SetupError::Address)?;
        if !is_web(&base) {
            return Err(SetupError::Address);
        }
        let client = call::client(settings.connect_timeout).map_err(SetupError::Client)?;
        Ok(Yookassa {
            base,
            shop_id,
            key,
            client,
            runtime,
            settings: Arc::new(settings.clone()),
            meters: Meters {
                begin: PaymentMeters::of(NAME, "begin"),
                payment: PaymentMeters::of(NAME, "payment"),
                capture: PaymentMeters::of(NAME, "capture"),
                refund: PaymentMeters::of(NAME, "refund"),
                refund_report: PaymentMeters::of(NAME, "refund_report"),
                list: PaymentMeters::of(NAME, "list"),
            },
        })
    }

    /// An address below the base. Segment by segment: no id leads elsewhere.
    fn url(&self, path: &[&str]) -> Url {
        let mut url = self.base.clone();
        url.path_segments_mut()
            .expect("the address was checked to have a path")
            .pop_if_empty()
            .extend(path);
        url
    }

    fn request(&self, method: Method, url: Url) -> RequestBuilder {
        self.client
            .request(method, url)
            .basic_auth(&self.shop_id, Some(self.key.expose_secret()))
            .timeout(self.settings.timeout)
    }

    fn post(&self, path: &[&str], key: &str, body: &impl Serialize) -> RequestBuilder {
        let body = serde_json::to_vec(body).expect("texts and numbers always render as JSON");
        self.request(Method::POST, self.url(path))
            .header(IDEMPOTENCE_KEY, key)
            .header(CONTENT_TYPE, "application/json")
            .body(body)
    }

    /// The call happens on the runtime: it goes on, and is counted, when its caller leaves.
    async fn call<T: DeserializeOwned + Send + 'static>(
        &self,
        request: RequestBuilder,
        effect: Effect,
        meters: &PaymentMeters,
    ) -> Result<T, PaymentError> {
        let bytes_max = self.settings.response_bytes_max;
        let meters = meters.clone();
        let work = self.runtime.spawn(async move {
            let begun = Instant::now();
            let answer = ask(request, effect, bytes_max).await;
            meters.ended(&answer, begun.elapsed());
            answer
        });
        work.await.unwrap_or_else(|_| Err(effect.lost(DROPPED)))
    }

    fn report(&self, payment: Payment, effect: Effect) -> Result<PaymentReport, PaymentError> {
        let report = payment.report(&self.shop_id);
        report.ok_or_else(|| effect.lost(UNREADABLE))
    }

    /// The receipt that a payment or a partial refund carries, if any.
    fn receipt<'a>(
        &'a self,
        email: Option<&'a str>,
        amount: Money,
    ) -> Result<Option<Receipt<'a>>, PaymentError> {
        match (self.settings.receipt, email) {
            (config::Receipt::Off, _) => Ok(None),
            (config::Receipt::Sent, Some(email)) => Ok(Some(Receipt::of(
                &self.settings,
                email,
                Sum::roubles(amount),
            ))),
            (config::Receipt::Sent, None) => Err(PaymentError::Refused {
                reason: EMAIL_MISSING.to_owned(),
            }),
        }
    }

    async fn list<T: DeserializeOwned + Send + 'static>(
        &self,
        path: &str,
        (from, to): (Moment, Moment),
        cursor: Option<&str>,
    ) -> Result<List<T>, PaymentError> {
        let (Some(from), Some(to)) = (wire::filter_moment(from), wire::filter_moment(to)) else {
            return Err(PaymentError::Broken {
                cause: "the list's moments are beyond the calendar",
            });
        };
        let mut url = self.url(&[path]);
        url.query_pairs_mut()
            .append_pair("limit", PAGE_ITEMS)
            .append_pair("created_at.gte", &from)
            .append_pair("created_at.lt", &to);
        // A cursor is tied to its filters, which therefore stand beside it.
        if let Some(cursor) = cursor {
            url.query_pairs_mut().append_pair("cursor", cursor);
        }
        let request = self.request(Method::GET, url);
        let list: List<T> = self.call(request, Effect::None, &self.meters.list).await?;
        if list.next_cursor.is_some() && list.next_cursor.as_deref() == cursor {
            return Err(PaymentError::Broken {
                cause: "the list does not go on",
            });
        }
        Ok(list)
    }
}

async fn ask<T: DeserializeOwned>(
    request: RequestBuilder,
    effect: Effect,
    bytes_max: usize,
) -> Result<T, PaymentError> {
    let answered = call::exchange(request, effect, bytes_max).await?;
    if answered.status != StatusCode::OK {
        return Err(failure::read(&answered, effect));
    }
    serde_json::from_slice(&answered.body).map_err(|_| effect.lost(UNREADABLE))
}

fn is_web(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https") && url.has_host()
}

fn is_external(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    !text.is_empty() && text.len() <= EXTERNAL_CHARS_MAX && text.bytes().all(fits)
}

fn locale(language: &str) -> &'static str {
    if language == "ru" { "ru_RU" } else { "en_US" }
}

fn is_sum(sum: &PaidSum, amount: Money) -> bool {
    sum.amount == amount.kopecks() && sum.currency == RUB
}

/// The answer is about something else than what was asked: a bug of one of the two sides.
const ANOTHER: PaymentError = PaymentError::Broken {
    cause: "the answer is about something else",
};

#[async_trait]
impl PaymentMethod for Yookassa {
    fn name(&self) -> &'static str {
        NAME
    }

    fn refunds(&self) -> Refunds {
        Refunds::Partial
    }

    fn due(&self, amount: Money) -> Due {
        Due {
            amount: amount.kopecks(),
            currency: RUB,
        }
    }

    async fn begin(&self, order: &PaymentOrder) -> Result<PaymentOffer, PaymentError> {
        let email = order.email.as_deref();
        let body = NewPayment {
            amount: Sum::roubles(order.amount),
            capture: true,
            confirmation: Redirect {
                r#type: "redirect",
                return_url: &self.settings.return_url,
                locale: locale(order.language),
            },
            description: wire::description(&order.description),
            metadata: Metadata {
                topup_id: Some(order.topup.to_string()),
                user_id: Some(order.user.to_string()),
                refund_id: None,
            },
            receipt: self.receipt(email, order.amount)?,
        };
        let key = format!("topup:{}", order.topup);
        let request = self.post(&["payments"], &key, &body);
        let payment: Payment = self
            .call(request, Effect::Money, &self.meters.begin)
            .await?;
        let pay_url = payment.pay_url().map(str::to_owned);
        let report = self.report(payment, Effect::Money)?;
        let asked = is_sum(&report.due, order.amount)
            && report.shop == Shop::Ours
            && report.environment == self.settings.environment
            && report.topup.as_ref() == Some(&order.topup)
            && report.user == Some(order.user);
        if !asked {
            return Err(ANOTHER);
        }
        let pay_url = match report.state {
            PaymentState::Pending => {
                let url = pay_url.filter(|url| Url::parse(url).is_ok_and(|url| is_web(&url)));
                url.ok_or_else(|| Effect::Money.lost("the answer has no page to pay at"))?
            }
            // The key was used before and the payer was quick: there is nothing left to pay.
            PaymentState::WaitingForCapture | PaymentState::Succeeded => {
                self.settings.return_url.clone()
            }
            PaymentState::Canceled { reason } => {
                let reason = reason.unwrap_or_else(|| "canceled".to_owned());
                return Err(PaymentError::Refused { reason });
            }
        };
        Ok(PaymentOffer {
            external: Some(report.external),
            pay_url,
            due: self.due(order.amount),
        })
    }

    async fn payment(&self, external: &str) -> Result<PaymentReport, PaymentError> {
        if !is_external(external) {
            return Err(PaymentError::NotFound);
        }
        let request = self.request(Method::GET, self.url(&["payments", external]));
        let payment: Payment = self
            .call(request, Effect::None, &self.meters.payment)
            .await?;
        if payment.id != external {
            return Err(ANOTHER);
        }
        self.report(payment, Effect::None)
    }

    async fn capture(&self, external: &str) -> Result<PaymentReport, PaymentError> {
        if !is_external(external) {
            return Err(PaymentError::NotFound);
        }
        let key = format!("capture:{external}");
        let path = ["payments", external, "capture"];
        let request = self.post(&path, &key, &serde_json::json!({}));
        let payment: Payment = self
            .call(request, Effect::Money, &self.meters.capture)
            .await?;
        if payment.id != external {
            return Err(ANOTHER);
        }
        self.report(payment, Effect::Money)
    }

    async fn refund(&self, order: &RefundOrder) -> Result<RefundReport, PaymentError> {
        if !is_external(&order.external) {
            return Err(PaymentError::NotFound);
        }
        // A whole refund takes the payment's own receipt; only a part needs one.
        let receipt = if order.amount.kopecks() < order.paid.amount {
            let email = order.email.as_deref();
            self.receipt(email, order.amount)?
        } else {
            None
        };
        let body = NewRefund {
            payment_id: &order.external,
            amount: Sum::roubles(order.amount),
            metadata: Metadata {
                topup_id: None,
                refund_id: Some(order.refund.to_string()),
                user_id: Some(order.user.to_string()),
            },
            receipt,
        };
        let key = format!("refund:{}", order.refund);
        let request = self.post(&["refunds"], &key, &body);
        let refund: Refund = self
            .call(request, Effect::Money, &self.meters.refund)
            .await?;
        let report = refund
            .report()
            .ok_or_else(|| Effect::Money.lost(UNREADABLE))?;
        let asked = is_sum(&report.sum, order.amount)
            && report.payment == order.external
            && report.refund.as_ref() == Some(&order.refund);
        if asked { Ok(report) } else { Err(ANOTHER) }
    }

    async fn refund_report(&self, external: &str) -> Result<RefundReport, PaymentError> {
        if !is_external(external) {
            return Err(PaymentError::NotFound);
        }
        let request = self.request(Method::GET, self.url(&["refunds", external]));
        let refund: Refund = self
            .call(request, Effect::None, &self.meters.refund_report)
            .await?;
        if refund.id != external {
            return Err(ANOTHER);
        }
        let report = refund.report();
        report.ok_or_else(|| Effect::None.lost(UNREADABLE))
    }

    async fn payments(
        &self,
        from: Moment,
        to: Moment,
        cursor: Option<&str>,
    ) -> Result<Page<PaymentReport>, PaymentError> {
        let list: List<Payment> = self.list("payments", (from, to), cursor).await?;
        let items = list.items.into_iter();
        let items: Result<Vec<PaymentReport>, PaymentError> = items
            .map(|payment| self.report(payment, Effect::None))
            .collect();
        Ok(Page {
            items: items?,
            next: list.next_cursor,
        })
    }

    async fn refund_reports(
        &self,
        from: Moment,
        to: Moment,
        cursor: Option<&str>,
    ) -> Result<Page<RefundReport>, PaymentError> {
        let list: List<Refund> = self.list("refunds", (from, to), cursor).await?;
        let items: Option<Vec<RefundReport>> = list.items.into_iter().map(Refund::report).collect();
        Ok(Page {
            items: items.ok_or_else(|| Effect::None.lost(UNREADABLE))?,
            next: list.next_cursor,
        })
    }
}

#[cfg(test)]
mod tests;
