//! What the method says about a payment becomes a credit, a cancellation, or a case for a person.
//!
//! The report was fetched from the method by us; here it is compared with the top-up's row
//! (`rei_domain::topup::verdict`). The credit, its evidence, the end of the notice and the
//! message are one transaction, under a key made of the top-up's id: whoever comes second, or
//! again after a crash, finds it done.

use rei_domain::draft::{Draft, DraftState};
use rei_domain::ids::{IdempotencyKey, Nonce, TopupId};
use rei_domain::ledger::{Applied, Movement, Operation, Posting};
use rei_domain::money::Money;
use rei_domain::payment::{PaymentReport, PaymentState};
use rei_domain::time::Moment;
use rei_domain::topup::{Expected, ParkReason, Stray, TopupState, Verdict, verdict};

use super::begin::pay_card;
use super::inquiry::CashierError;
use super::{CashierPorts, CashierSettings};
use crate::metrics;
use crate::patience::patiently;
use crate::ports::StoreError;
use crate::ports::ledger::{Credit, DraftOffer, LedgerCommand, LedgerOutcome, Rider};
use crate::ports::notices::{NoticeEnd, NoticeId};
use crate::ports::outbox::{NewOutbox, OutboxBody};
use crate::ports::topups::{
    Difference, DifferenceKind, Evidence, Moved, Recorded, Repair, Topup, TopupMove,
};

/// Where a payment stands in the books, after it was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Nobody has paid yet.
    Unpaid(Box<Topup>),
    /// Credited now.
    Credited(Box<Topup>),
    /// Credited before.
    CreditedBefore(Box<Topup>),
    /// It will not be paid.
    Canceled,
    /// It waits for a person.
    Parked(Box<Topup>),
    /// It is paid and no top-up of ours.
    Unknown,
    /// It is paid, and its top-up has another payment.
    Second(TopupId),
    /// It is neither paid nor ours.
    Foreign,
}

/// Brings a payment that the method reported into the books.
pub async fn settle(
    ports: &CashierPorts,
    settings: &CashierSettings,
    report: PaymentReport,
    notice: Option<NoticeId>,
) -> Result<Fate, CashierError> {
    let Some(topup) = find(ports, &report).await? else {
        return no_topup(ports, &report, notice).await;
    };
    let mut report = report;
    // Twice at most: as it was found, and after its capture.
    for _ in 0..2 {
        let seen_at = ports.clock.now();
        match verdict(&expected(ports, &topup), &report) {
            Verdict::Wait => {
                finish(ports, notice, NoticeEnd::Processed).await?;
                return Ok(Fate::Unpaid(Box::new(topup)));
            }
            Verdict::Capture => {
                let captured = ports.till.method.capture(&report.external).await;
                fail::fail_point!("cashier.captured");
                report = captured?;
            }
            Verdict::Credit => {
                let evidence = Evidence::of(&report, seen_at);
                return credit(ports, settings, topup, evidence, notice).await;
            }
            Verdict::Cancel { reason } => {
                let how = TopupMove::Cancel { cause: reason };
                let card = pay_card(&topup.order, "cancel", seen_at);
                let id = &topup.order.id;
                let moved = ports
                    .topups
                    .move_topup(id, how, notice, vec![card], seen_at);
                moved.await?;
                ports.outbox.ring();
                return Ok(Fate::Canceled);
            }
            Verdict::Park(reason) => {
                let evidence = Evidence::of(&report, seen_at);
                return park(ports, topup, reason, evidence, notice).await;
            }
            Verdict::Stray(Stray::Second) => return second(ports, &topup, &report, notice).await,
            Verdict::Stray(Stray::NotOurs) => return no_topup(ports, &report, notice).await,
            Verdict::Nothing => {
                finish(ports, notice, NoticeEnd::Processed).await?;
                return Ok(match topup.state {
                    TopupState::Succeeded => Fate::CreditedBefore(Box::new(topup)),
                    TopupState::Parked => Fate::Parked(Box::new(topup)),
                    TopupState::Asked | TopupState::Pending | TopupState::Canceled => {
                        Fate::Canceled
                    }
                });
            }
        }
    }
    // Captured and still not paid: the sweep goes on asking.
    finish(ports, notice, NoticeEnd::Processed).await?;
    Ok(Fate::Unpaid(Box::new(topup)))
}

/// The top-up of a payment: the one that has this payment, else the one it names.
async fn find(ports: &CashierPorts, report: &PaymentReport) -> Result<Option<Topup>, StoreError> {
    let method = ports.till.method.name();
    if let Some(topup) = ports.topups.topup_of(method, &report.external).await? {
        return Ok(Some(topup));
    }
    let Some(id) = &report.topup else {
        return Ok(None);
    };
    let topup = ports.topups.topup(id).await?;
    Ok(topup.filter(|topup| topup.order.method == method))
}

/// What a payment must agree with to become this top-up's credit.
pub(super) fn expected<'a>(ports: &CashierPorts, topup: &'a Topup) -> Expected<'a> {
    Expected {
        topup: &topup.order.id,
        user: topup.order.user,
        state: topup.state,
        due: &topup.order.due,
        external: topup.external.as_deref(),
        environment: ports.till.environment,
    }
}

async fn credit(
    ports: &CashierPorts,
    settings: &CashierSettings,
    topup: Topup,
    evidence: Evidence,
    notice: Option<NoticeId>,
) -> Result<Fate, CashierError> {
    let (paid_at, now) = (evidence.captured_at, ports.clock.now());
    let offer = offer(ports, settings, &topup, now).await?;
    let command = credit_command(&topup, evidence, notice, offer, now);
    fail::fail_point!("cashier.before_credit");
    let outcome = patiently(settings.patience, || ports.poster.post(command.clone())).await?;
    fail::fail_point!("cashier.credited");
    let method = ports.till.method.name();
    match outcome {
        LedgerOutcome::Applied {
            applied: Applied::Now,
            ..
        } => {
            let credited_at = ports.clock.now();
            metrics::PAYMENTS.credited(method, paid_at.map(|paid_at| credited_at - paid_at));
            ports.outbox.ring();
            Ok(Fate::Credited(Box::new(topup)))
        }
        LedgerOutcome::Applied {
            applied: Applied::Before,
            ..
        } => {
            finish(ports, notice, NoticeEnd::Processed).await?;
            Ok(Fate::CreditedBefore(Box::new(topup)))
        }
        LedgerOutcome::Refused(refusal) => {
            // The row moved on between the question and the credit; the next look sees how.
            tracing::error!(method, topup.id = %topup.order.id, %refusal, "a credit is refused");
            Err(StoreError::Retryable("a credit is refused".to_owned()).into())
        }
    }
}

fn credit_command(
    topup: &Topup,
    evidence: Evidence,
    notice: Option<NoticeId>,
    offer: Option<DraftOffer>,
    now: Moment,
) -> LedgerCommand {
    let order = &topup.order;
    let news = NewOutbox {
        key: format!("topup:{}:credited", order.id),
        chat: order.chat,
        slot: None,
        body: OutboxBody::Credited {
            topup: order.id.as_str().to_owned(),
            draft: offer.as_ref().map(|offer| offer.draft.as_str().to_owned()),
        },
        created_at: now,
    };
    LedgerCommand {
        audit: None,
        posting: Posting {
            user: order.user,
            operations: vec![Operation {
                key: credit_key(&order.id),
                movement: Movement::CreditPayment {
                    topup: order.id.clone(),
                    amount: order.amount,
                },
                reference: format!("topup:{}", order.id),
            }],
        },
        rider: Rider::Credit(Credit {
            topup: order.id.clone(),
            evidence,
            notice,
            offer,
        }),
        outbox: vec![pay_card(order, "paid", now), news],
    }
}

/// Names the one credit of a top-up for ever.
pub fn credit_key(topup: &TopupId) -> IdempotencyKey {
    IdempotencyKey::new(format!("topup:{topup}"))
}

/// The request that waited for the money, at the price of now.
async fn offer(
    ports: &CashierPorts,
    settings: &CashierSettings,
    topup: &Topup,
    now: Moment,
) -> Result<Option<DraftOffer>, StoreError> {
    let Some(id) = &topup.order.draft else {
        return Ok(None);
    };
    let draft = ports.drafts.draft(id).await?;
    let waits = |draft: &Draft| draft.user == topup.order.user && draft.state == DraftState::Open;
    let Some(draft) = draft.filter(waits) else {
        return Ok(None);
    };
    match settings.prices.quote(&draft.spec) {
        Ok(price) => Ok(Some(DraftOffer {
            draft: draft.id,
            price,
            nonce: Nonce::new(ports.ids.nonce()),
            expires_at: now + settings.price_lock,
        })),
        Err(error) => {
            tracing::error!(%error, "a price cannot be quoted");
            Ok(None)
        }
    }
}

async fn park(
    ports: &CashierPorts,
    topup: Topup,
    reason: ParkReason,
    evidence: Evidence,
    notice: Option<NoticeId>,
) -> Result<Fate, CashierError> {
    let (method, at) = (ports.till.method.name(), evidence.seen_at);
    let how = TopupMove::Park { reason, evidence };
    // A message of its own: the payer has paid and is owed a word.
    let mut word = pay_card(&topup.order, "parked", at);
    word.slot = None;
    let id = &topup.order.id;
    let moved = ports.topups.move_topup(id, how, notice, vec![word], at);
    match moved.await? {
        Moved::Now => {
            metrics::PAYMENTS.parked(method);
            tracing::error!(method, topup.id = %id, reason = reason.as_str(),
                "a payment does not agree with its top-up and waits for a person");
            ports.outbox.ring();
        }
        Moved::Not => {}
    }
    Ok(Fate::Parked(Box::new(topup)))
}

async fn second(
    ports: &CashierPorts,
    topup: &Topup,
    report: &PaymentReport,
    notice: Option<NoticeId>,
) -> Result<Fate, CashierError> {
    if !is_paid(report) {
        finish(ports, notice, NoticeEnd::Processed).await?;
        return Ok(Fate::Foreign);
    }
    let id = topup.order.id.clone();
    let kind = DifferenceKind::SecondPayment;
    stray(ports, kind, report, Some(id.clone()), topup.order.amount).await?;
    let cause = "a second payment of one top-up".to_owned();
    finish(ports, notice, NoticeEnd::SetAside { cause }).await?;
    Ok(Fate::Second(id))
}

async fn no_topup(
    ports: &CashierPorts,
    report: &PaymentReport,
    notice: Option<NoticeId>,
) -> Result<Fate, CashierError> {
    if !is_paid(report) {
        finish(ports, notice, NoticeEnd::Processed).await?;
        return Ok(Fate::Foreign);
    }
    let amount = roubles(report);
    stray(ports, DifferenceKind::UnknownPayment, report, None, amount).await?;
    let cause = "a payment of no top-up".to_owned();
    finish(ports, notice, NoticeEnd::SetAside { cause }).await?;
    Ok(Fate::Unknown)
}

/// Writes down a payment that nobody can be credited for.
async fn stray(
    ports: &CashierPorts,
    kind: DifferenceKind,
    report: &PaymentReport,
    topup: Option<TopupId>,
    amount: Money,
) -> Result<(), StoreError> {
    let method = ports.till.method.name();
    let difference = Difference {
        method: method.to_owned(),
        kind,
        object: report.external.clone(),
        topup,
        amount,
        repair: Repair::Left,
    };
    match ports.topups.record(&difference, ports.clock.now()).await? {
        Recorded::New => {
            tracing::error!(
                method,
                kind = kind.as_str(),
                payment = report.external,
                "money came in that is nobody's credit; a person must decide"
            );
        }
        Recorded::Known => {}
    }
    Ok(())
}

/// What a payment is worth in roubles where it was made in them; nothing else is known of one
/// without a top-up.
pub(super) fn roubles(report: &PaymentReport) -> Money {
    if report.due.currency == "RUB" {
        Money::from_kopecks(report.due.amount)
    } else {
        Money::ZERO
    }
}

/// Whether the payer's money is taken or set aside.
pub(super) fn is_paid(report: &PaymentReport) -> bool {
    match report.state {
        PaymentState::Succeeded | PaymentState::WaitingForCapture => true,
        PaymentState::Pending | PaymentState::Canceled { .. } => false,
    }
}

/// Ends the notice that led here, if one did.
pub(super) async fn finish(
    ports: &CashierPorts,
    notice: Option<NoticeId>,
    how: NoticeEnd,
) -> Result<(), StoreError> {
    match notice {
        Some(notice) => ports.notices.finish(notice, how, ports.clock.now()).await,
        None => Ok(()),
    }
}
