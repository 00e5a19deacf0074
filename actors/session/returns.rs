//! Taking money back: what of a payment is not spent, shown first, given back on a second tap.

use rei_domain::conversation::{Reply, Toast};
use rei_domain::ids::{Nonce, TopupId};
use rei_domain::ledger::Refusal;
use rei_domain::money::Money;
use rei_domain::refund::{RefundRefusal, Terms, returnable};
use rei_domain::topup::{PartlySpent, ReturnablePayment, TopupReply, refund_id};

use super::conversation::Talk;
use super::taps::post;
use crate::cashier::refunds::{RefundDenied, RefundRequest, plan_refund};
use crate::ports::StoreError;
use crate::ports::ledger::{CommandRefusal, LedgerOutcome};
use crate::ports::topups::{AskedBy, Returnable};

/// Payments that one list looks at, newest first.
const LOOKED_AT: u32 = 50;

/// Payments that one list shows, a button each.
const SHOWN: usize = 8;

/// `/refund`: the payments of which something can go back.
pub(super) async fn show(talk: &mut Talk<'_>) -> Result<(), StoreError> {
    let all = talk
        .ports
        .topups
        .returnables(talk.user_id(), LOOKED_AT)
        .await?;
    let (mut payments, mut partly_spent) = (Vec::new(), Vec::new());
    for payment in &all {
        match payment_of(talk, payment) {
            Ok(payment) => payments.push(payment),
            Err(RefundRefusal::WholeOnly { whole, spent }) => partly_spent.push(PartlySpent {
                method: payment.topup.order.method.clone(),
                paid: whole,
                spent,
                credited_at: payment.spent.credited_at,
            }),
            Err(
                RefundRefusal::TooOld
                | RefundRefusal::NothingLeft
                | RefundRefusal::MoreThanLeft { .. }
                | RefundRefusal::TooSmall { .. },
            ) => {}
        }
    }
    payments.truncate(SHOWN);
    partly_spent.truncate(SHOWN);
    let term_days = term_days(talk);
    talk.say(&Reply::Topup(TopupReply::Returnables {
        payments,
        partly_spent,
        term_days,
    }));
    Ok(())
}

/// `/paysupport`.
pub(super) fn support(talk: &mut Talk<'_>) {
    let term_days = term_days(talk);
    talk.say(&Reply::Topup(TopupReply::PaySupport { term_days }));
}

/// Shows what would go back of a payment.
pub(super) async fn offer(talk: &mut Talk<'_>, id: &TopupId) -> Result<Toast, StoreError> {
    let Some(payment) = own(talk, id).await? else {
        return Ok(Toast::NotFound);
    };
    match payment_of(talk, &payment) {
        Ok(payment) => {
            let nonce = Nonce::new(talk.ports.ids.nonce());
            talk.say(&Reply::Topup(TopupReply::ConfirmReturn { payment, nonce }));
        }
        Err(refusal) => refuse(talk, refusal),
    }
    Ok(Toast::Silent)
}

/// Sets the money aside and hands the refund to the cashier. The nonce of the button names the
/// refund: a second tap, or the turn repeated after a crash, finds it there.
pub(super) async fn confirm(
    talk: &mut Talk<'_>,
    id: &TopupId,
    amount: Money,
    nonce: &Nonce,
) -> Result<Toast, StoreError> {
    if own(talk, id).await?.is_none() {
        return Ok(Toast::NotFound);
    }
    let refund = refund_id(id, nonce);
    let slot = format!("refund:{refund}");
    let accepted = Reply::Topup(TopupReply::ReturnAccepted { amount });
    if talk.ports.topups.refund(&refund).await?.is_some() {
        talk.say_at(slot, &accepted);
        return Ok(Toast::Silent);
    }
    let request = RefundRequest {
        refund,
        topup: id.clone(),
        amount: Some(amount),
        asked_by: AskedBy::User,
        within: Some(talk.settings.topups.refund_term),
    };
    let (topups, tills) = (talk.ports.topups.as_ref(), &talk.ports.tills);
    let planned = match plan_refund(topups, tills, &request, talk.now).await? {
        Ok(planned) => planned,
        Err(RefundDenied::NoPayment | RefundDenied::NoMethod) => return Ok(Toast::NotFound),
        // Something was spent since the button was drawn: what is left now is offered.
        Err(RefundDenied::Refused(RefundRefusal::MoreThanLeft { .. })) => {
            return offer(talk, id).await;
        }
        Err(RefundDenied::Refused(refusal)) => {
            refuse(talk, refusal);
            return Ok(Toast::Silent);
        }
    };
    fail::fail_point!("refund.before_hold");
    match post(talk, planned.command).await? {
        LedgerOutcome::Applied { .. } => {
            talk.cashier = Some(planned.method);
            talk.say_at(slot, &accepted);
        }
        // Spent or refunded in this very moment.
        LedgerOutcome::Refused(
            CommandRefusal::MoreThanPaid { .. }
            | CommandRefusal::Money(Refusal::MoreThanLeft { .. } | Refusal::InsufficientFunds { .. }),
        ) => return offer(talk, id).await,
        LedgerOutcome::Refused(refusal) => {
            tracing::error!(topup.id = %id, %refusal, "a refund is refused");
            talk.say(&Reply::TryLater);
        }
    }
    Ok(Toast::Silent)
}

async fn own(talk: &Talk<'_>, id: &TopupId) -> Result<Option<Returnable>, StoreError> {
    let found = talk.ports.topups.returnable(id).await?;
    Ok(found.filter(|payment| payment.topup.order.user == talk.user_id()))
}

fn payment_of(talk: &Talk<'_>, payment: &Returnable) -> Result<ReturnablePayment, RefundRefusal> {
    let order = &payment.topup.order;
    let Some(till) = talk.ports.tills.of(&order.method) else {
        return Err(RefundRefusal::NothingLeft);
    };
    let terms = Terms {
        refunds: till.method.refunds(),
        within: Some(talk.settings.topups.refund_term),
    };
    Ok(ReturnablePayment {
        topup: order.id.clone(),
        method: order.method.clone(),
        paid: order.amount,
        returnable: returnable(&payment.spent, &terms, talk.now)?,
        credited_at: payment.spent.credited_at,
    })
}

fn refuse(talk: &mut Talk<'_>, refusal: RefundRefusal) {
    talk.say(&Reply::Topup(TopupReply::ReturnRefused(refusal)));
}

fn term_days(talk: &Talk<'_>) -> u32 {
    let days = talk.settings.topups.refund_term.whole_secs() / 86_400;
    u32::try_from(days).unwrap_or(u32::MAX)
}
