//! A top-up begins: the payment is placed at the method, and its payer told where to pay.
//!
//! The row stands before the call, and the order is made of the row alone. A crash in between
//! places the same order again, with the same key.

use rei_domain::time::Moment;
use rei_domain::topup::BEGIN_FOR;

use super::inquiry::{CashierError, Worked, again_at, is_silence, log};
use super::{CashierPorts, CashierSettings};
use crate::ports::outbox::{NewOutbox, OutboxBody};
use crate::ports::payments::{PaymentError, PaymentOffer, PaymentOrder};
use crate::ports::topups::{Moved, NewTopup, Topup, TopupMove};

/// The cause of a top-up that could not be placed in time.
pub const UNREACHABLE: &str = "unreachable";

/// Places the payment of an asked top-up.
pub async fn begin(
    ports: &CashierPorts,
    settings: &CashierSettings,
    topup: &Topup,
) -> Result<Worked, CashierError> {
    let order = order_of(ports, &topup.order);
    let answer = ports.till.method.begin(&order).await;
    fail::fail_point!("cashier.begun");
    let now = ports.clock.now();
    let error = match answer {
        Ok(offer) => {
            offered(ports, settings, topup, offer, now).await?;
            return Ok(Worked::Answered);
        }
        Err(error) => error,
    };
    log(ports.till.method.name(), "begin", &error);
    let worked = if is_silence(&error) {
        Worked::Unanswered
    } else {
        Worked::Answered
    };
    let too_late = now - topup.order.created_at >= BEGIN_FOR;
    match error {
        PaymentError::Refused { reason } => give_up(ports, topup, reason, now).await?,
        PaymentError::Retryable { .. }
        | PaymentError::Ambiguous { .. }
        | PaymentError::NotFound
        | PaymentError::Broken { .. }
            if too_late =>
        {
            give_up(ports, topup, UNREACHABLE.to_owned(), now).await?;
        }
        PaymentError::Retryable { .. }
        | PaymentError::Ambiguous { .. }
        | PaymentError::NotFound
        | PaymentError::Broken { .. } => {
            let due_at = again_at(settings, topup.failures, &error, now);
            let (id, failures) = (&topup.order.id, topup.failures.saturating_add(1));
            ports.topups.put_off_topup(id, failures, due_at).await?;
        }
    }
    Ok(worked)
}

fn order_of(ports: &CashierPorts, topup: &NewTopup) -> PaymentOrder {
    PaymentOrder {
        topup: topup.id.clone(),
        user: topup.user,
        amount: topup.amount,
        description: ports.view.payment_description(topup.language, topup.amount),
        email: topup.email.as_ref().map(|email| email.as_str().to_owned()),
        language: topup.language.as_str(),
        created_at: topup.created_at,
    }
}

async fn offered(
    ports: &CashierPorts,
    settings: &CashierSettings,
    topup: &Topup,
    offer: PaymentOffer,
    now: Moment,
) -> Result<(), CashierError> {
    let how = TopupMove::Offer {
        external: offer.external,
        pay_url: offer.pay_url,
        due: offer.due,
        due_at: settings.sweep.next(topup.order.created_at, now),
    };
    let card = vec![pay_card(&topup.order, "offer", now)];
    let id = &topup.order.id;
    let moved = ports.topups.move_topup(id, how, None, card, now).await?;
    match moved {
        Moved::Now => ports.outbox.ring(),
        // It was paid, or placed by another node, in the meantime.
        Moved::Not => {}
    }
    Ok(())
}

async fn give_up(
    ports: &CashierPorts,
    topup: &Topup,
    cause: String,
    now: Moment,
) -> Result<(), CashierError> {
    let card = vec![pay_card(&topup.order, "cancel", now)];
    let how = TopupMove::Cancel { cause: Some(cause) };
    let id = &topup.order.id;
    ports.topups.move_topup(id, how, None, card, now).await?;
    ports.outbox.ring();
    Ok(())
}

/// The place of a top-up's card in its chat.
pub fn topup_slot(topup: &NewTopup) -> String {
    format!("topup:{}", topup.id)
}

/// The card of a top-up, brought up to date because of `what`.
pub(crate) fn pay_card(topup: &NewTopup, what: &str, at: Moment) -> NewOutbox {
    NewOutbox {
        key: format!("topup:{}:{what}", topup.id),
        chat: topup.chat,
        slot: Some(topup_slot(topup)),
        body: OutboxBody::pay_card(&topup.id),
        created_at: at,
    }
}
