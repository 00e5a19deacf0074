//! The desk at the entrance: answers the question before a payment, at once.
//!
//! Telegram waits ten seconds and then the payment fails, so the question does not stand in a
//! chat's queue behind pictures: it is answered beside the intake and never stored. A yes is
//! given only when the top-up's row says that everything agrees; a store that is away, too many
//! questions at once and anything that cannot be read are a no, and no money moves.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use fluent_bundle::FluentArgs;
use rei_actors::ports::clock::Clock;
use rei_actors::ports::inbox::RawUpdate;
use rei_actors::ports::intake::{Accepted, Intake, IntakeError};
use rei_actors::ports::topups::TopupStore;
use rei_domain::conversation::Language;
use rei_domain::ids::{TopupId, UserId};
use rei_domain::payment::PaidSum;
use rei_domain::topup::checkout::{
    Checkout, CheckoutRefusal, Invoiced, InvoicedBy, check_checkout,
};
use serde::Deserialize;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use super::catalogue::Catalogue;
use super::stars::StarsApi;

/// What an update that asks holds, before anything is parsed.
const MARK: &str = "\"pre_checkout_query\"";

/// How long an answer may take: Telegram waits ten seconds from its own side.
const ANSWER_WITHIN: Duration = Duration::from_secs(8);

/// Questions answered at once; more are refused, and their payers try again.
const AT_ONCE: usize = 64;

/// For how long nobody else is let pay what somebody was let pay: by then the payment is in the
/// top-up's row, or did not happen.
const UNDER_WAY_FOR: Duration = Duration::from_secs(60);

/// Payments that were let happen a moment ago, by the question that was answered. One invoice may
/// be open on two devices, and its row says *paid* only when the payment is credited. What gets
/// past this, on two nodes, is a second payment that waits for a person.
#[derive(Default)]
struct UnderWay(Mutex<HashMap<TopupId, (String, Instant)>>);

impl UnderWay {
    /// Lets one question about a top-up through, as often as it is asked.
    fn admit(&self, topup: TopupId, question: &str, now: Instant) -> Result<(), &'static str> {
        let mut admitted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        admitted.retain(|_, (_, until)| *until > now);
        let (first, _) = admitted
            .entry(topup)
            .or_insert_with(|| (question.to_owned(), now + UNDER_WAY_FOR));
        if first == question {
            Ok(())
        } else {
            Err("checkout-under-way")
        }
    }
}

/// What the desk needs.
#[derive(Clone)]
pub struct DeskPorts {
    pub stars: StarsApi,
    pub topups: Arc<dyn TopupStore>,
    pub clock: Arc<dyn Clock>,
    pub catalogue: Arc<Catalogue>,
    /// The name of the method that sends invoices.
    pub method: &'static str,
    pub runtime: Handle,
}

/// An intake with the desk in front of it.
pub struct CheckoutDesk<I> {
    inner: I,
    ports: DeskPorts,
    places: Arc<Semaphore>,
    under_way: Arc<UnderWay>,
}

impl<I> CheckoutDesk<I> {
    /// A desk in front of an intake.
    pub fn new(inner: I, ports: DeskPorts) -> Self {
        Self {
            inner,
            ports,
            places: Arc::new(Semaphore::new(AT_ONCE)),
            under_way: Arc::default(),
        }
    }
}

#[derive(Deserialize)]
struct Update {
    pre_checkout_query: Query,
}

#[derive(Deserialize)]
struct Query {
    id: String,
    from: From,
    currency: String,
    total_amount: i64,
    invoice_payload: String,
}

#[derive(Deserialize)]
struct From {
    id: i64,
    language_code: Option<String>,
}

#[async_trait]
impl<I: Intake> Intake for CheckoutDesk<I> {
    async fn accept(&self, update: RawUpdate) -> Result<Accepted, IntakeError> {
        if !update.body.contains(MARK) {
            return self.inner.accept(update).await;
        }
        // Words that quote the mark are words: only a question is a question.
        let Ok(Update { pre_checkout_query }) = serde_json::from_str(&update.body) else {
            return self.inner.accept(update).await;
        };
        let (ports, places) = (self.ports.clone(), self.places.clone());
        let under_way = self.under_way.clone();
        let work = async move {
            let answered = answer(&ports, &places, &under_way, &pre_checkout_query);
            if tokio::time::timeout(ANSWER_WITHIN, answered).await.is_err() {
                tracing::warn!("a question before a payment was not answered in time");
            }
        };
        self.ports.runtime.spawn(work);
        Ok(Accepted::New)
    }
}

async fn answer(ports: &DeskPorts, places: &Semaphore, under_way: &UnderWay, query: &Query) {
    let decided = match places.try_acquire() {
        Ok(_place) => decide(ports, query)
            .await
            .and_then(|topup| under_way.admit(topup, &query.id, Instant::now())),
        Err(_) => Err("checkout-later"),
    };
    let language = Language::from_tag(query.from.language_code.as_deref());
    let said = decided.map_err(|key| {
        tracing::info!(reason = key, "a payment is refused before it is made");
        ports.catalogue.format(language, key, &FluentArgs::new())
    });
    if let Err(error) = ports.stars.answer_checkout(&query.id, said).await {
        tracing::warn!(%error, "a question before a payment could not be answered");
    }
}

/// The top-up that may be paid, or the key of the sentence that says why not.
async fn decide(ports: &DeskPorts, query: &Query) -> Result<TopupId, &'static str> {
    let id = TopupId::new(query.invoice_payload.as_str());
    let topup = ports.topups.topup(&id).await.map_err(|error| {
        tracing::warn!(%error, "a payment is refused, a store is away");
        "checkout-later"
    })?;
    let invoiced = topup.map(|topup| Invoiced {
        user: topup.order.user,
        state: topup.state,
        due: topup.order.due.clone(),
        method: if topup.order.method == ports.method {
            InvoicedBy::Messenger
        } else {
            InvoicedBy::AnotherMethod
        },
        created_at: topup.order.created_at,
    });
    let asked = Checkout {
        user: UserId(query.from.id),
        sum: PaidSum {
            amount: query.total_amount,
            currency: query.currency.clone(),
        },
    };
    let checked = check_checkout(invoiced.as_ref(), &asked, ports.clock.now());
    checked.map(|()| id).map_err(|refusal| match refusal {
        CheckoutRefusal::Unknown | CheckoutRefusal::Sum => "checkout-unknown",
        CheckoutRefusal::AnotherPayer => "checkout-another-payer",
        CheckoutRefusal::Paid => "checkout-paid",
        CheckoutRefusal::Expired => "checkout-expired",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_question_about_a_top_up_is_let_through_at_a_time() {
        let (under_way, now) = (UnderWay::default(), Instant::now());
        let admit = |topup, question, now| under_way.admit(TopupId::new(topup), question, now);
        assert_eq!(admit("t1", "q1", now), Ok(()));
        assert_eq!(admit("t1", "q1", now), Ok(()), "asked again");
        assert_eq!(admit("t1", "q2", now), Err("checkout-under-way"));
        assert_eq!(admit("t2", "q2", now), Ok(()));
        let later = now + UNDER_WAY_FOR;
        assert_eq!(admit("t1", "q2", later), Ok(()));
    }
}
