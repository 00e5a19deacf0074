//! Money goes back: refunds that were asked for here, and those that the method made by itself.
//!
//! The hold comes first, so the money can be spent or refunded once only. The method is asked
//! after the row says that it is; a lost answer is asked for again under the same key while the
//! method keeps keys, and looked up in its list before a new request afterwards. A refund that
//! fails tells nobody: it is asked after until it is final.

use rei_domain::ids::{HoldId, IdempotencyKey, RefundId, TopupId, UserId};
use rei_domain::ledger::{Applied, HoldPurpose, Movement, Operation, Posting};
use rei_domain::money::Money;
use rei_domain::payment::{Due, PaidSum, PaymentReport, RefundReport, RefundState, Refunds};
use rei_domain::refund::{RefundRefusal, RefundStage, Terms, check, credited_share, returnable};
use rei_domain::time::{Moment, Span};
use rei_domain::topup::may_repeat;

use super::inquiry::{CashierError, Worked, again_at, is_silence, log};
use super::payments::{self, Fate, finish};
use super::tills::Tills;
use super::{CashierPorts, CashierSettings};
use crate::metrics;
use crate::patience::patiently;
use crate::ports::StoreError;
use crate::ports::ledger::{
    CommandRefusal, LedgerCommand, LedgerOutcome, RefundEnd, Reversal, Rider, Settlement,
};
use crate::ports::notices::{NoticeEnd, NoticeId};
use crate::ports::outbox::{NewOutbox, OutboxBody};
use crate::ports::payments::{PaymentError, RefundOrder};
use crate::ports::topups::{
    AskedBy, Difference, DifferenceKind, Moved, NewRefund, Recorded, Refund, RefundMove, Repair,
    Topup, TopupStore,
};

/// How long a refund's hold stands before an auditor may complain: banks take up to three days.
const HOLD_FOR: Span = Span::from_secs(7 * 24 * 3_600);

/// Clocks of two parties differ; a list is searched from a little before our own time.
const CLOCKS_APART: Span = Span::from_secs(3_600);

/// Pages of a list that one search reads at most; a hundred refunds each.
const PAGES_MAX: usize = 100;

/// How often the method is asked after a refund.
const FIRST_HOUR: Span = Span::from_secs(3_600);
const SOON: Span = Span::from_secs(60);
const LATER: Span = Span::from_secs(15 * 60);

/// A wish to give money back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundRequest {
    /// Names the refund; the same id is the same refund, however often it is asked for.
    pub refund: RefundId,
    pub topup: TopupId,
    /// `None` gives back all that is left.
    pub amount: Option<Money>,
    pub asked_by: AskedBy,
    /// For how long after the payment; `None` leaves it to the method.
    pub within: Option<Span>,
}

/// Why there is nothing to post.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RefundDenied {
    /// There is no such credited payment.
    #[error("there is no such payment")]
    NoPayment,
    /// The payment's method is not set up any more.
    #[error("the payment's method is not set up")]
    NoMethod,
    #[error(transparent)]
    Refused(#[from] RefundRefusal),
}

/// A refund that can be posted: the command that sets its money aside. Once it is applied, ring
/// the till of `method` ([`Tills::ring`]); its cashier does the rest.
#[derive(Clone, Debug)]
pub struct PlannedRefund {
    pub command: LedgerCommand,
    pub user: UserId,
    pub amount: Money,
    pub method: String,
}

/// Plans a refund, for a user or an admin. Changes nothing by itself; the guards of the command
/// stand whatever happens in between.
pub async fn plan_refund(
    topups: &dyn TopupStore,
    tills: &Tills,
    request: &RefundRequest,
    now: Moment,
) -> Result<Result<PlannedRefund, RefundDenied>, StoreError> {
    let Some(payment) = topups.returnable(&request.topup).await? else {
        return Ok(Err(RefundDenied::NoPayment));
    };
    let order = &payment.topup.order;
    let Some(till) = tills.of(&order.method) else {
        return Ok(Err(RefundDenied::NoMethod));
    };
    let terms = Terms {
        refunds: till.method.refunds(),
        within: request.within,
    };
    let amount = match request.amount {
        Some(amount) => check(&payment.spent, &terms, amount, now).map(|()| amount),
        None => returnable(&payment.spent, &terms, now),
    };
    let amount = match amount {
        Ok(amount) => amount,
        Err(refusal) => return Ok(Err(refusal.into())),
    };
    let refund = NewRefund {
        id: request.refund.clone(),
        topup: order.id.clone(),
        user: order.user,
        amount,
        asked_by: request.asked_by,
        created_at: now,
    };
    Ok(Ok(PlannedRefund {
        user: order.user,
        amount,
        method: order.method.clone(),
        command: hold_command(refund, now),
    }))
}

fn hold_command(refund: NewRefund, now: Moment) -> LedgerCommand {
    LedgerCommand {
        audit: None,
        posting: posting(
            &refund,
            format!("hold:refund:{}", refund.id),
            Movement::PlaceHold {
                hold: HoldId::new(refund.id.as_str()),
                amount: refund.amount,
                expires_at: now + HOLD_FOR,
                purpose: HoldPurpose::Refund(refund.topup.clone()),
                platform_cost: Money::ZERO,
            },
        ),
        rider: Rider::HoldRefund(refund),
        outbox: Vec::new(),
    }
}

fn posting(refund: &NewRefund, key: String, movement: Movement) -> Posting {
    Posting {
        user: refund.user,
        operations: vec![Operation {
            key: IdempotencyKey::new(key),
            movement,
            reference: format!("refund:{}", refund.id),
        }],
    }
}

/// Goes on with a refund that was taken.
pub async fn work(
    ports: &CashierPorts,
    settings: &CashierSettings,
    refund: &Refund,
) -> Result<Worked, CashierError> {
    let result = match refund.stage {
        RefundStage::Held | RefundStage::Submitting | RefundStage::Unknown => {
            submit(ports, settings, refund).await
        }
        RefundStage::Pending => ask(ports, settings, refund).await,
        RefundStage::Succeeded | RefundStage::Failed => Ok(()),
    };
    match result {
        Ok(()) => Ok(Worked::Answered),
        Err(CashierError::Store(error)) => Err(error.into()),
        Err(CashierError::Method(error)) => {
            log(ports.till.method.name(), "refund", &error);
            let due_at = again_at(settings, refund.failures, &error, ports.clock.now());
            let (id, failures) = (&refund.order.id, refund.failures.saturating_add(1));
            ports.topups.put_off_refund(id, failures, due_at).await?;
            Ok(if is_silence(&error) {
                Worked::Unanswered
            } else {
                Worked::Answered
            })
        }
    }
}

async fn ask(
    ports: &CashierPorts,
    settings: &CashierSettings,
    refund: &Refund,
) -> Result<(), CashierError> {
    let Some(external) = &refund.external else {
        return Err(StoreError::Broken("a pending refund has no id of its method".into()).into());
    };
    let report = ports.till.method.refund_report(external).await?;
    ours(ports, settings, refund, &report, None).await?;
    Ok(())
}

async fn submit(
    ports: &CashierPorts,
    settings: &CashierSettings,
    refund: &Refund,
) -> Result<(), CashierError> {
    let now = ports.clock.now();
    let posted_at = match refund.posted_at {
        Some(posted_at) if may_repeat(posted_at, now) => posted_at,
        Some(posted_at) => match look_up(ports, refund, posted_at, now).await? {
            Some(report) => {
                ours(ports, settings, refund, &report, None).await?;
                return Ok(());
            }
            // It was never made, and its key is forgotten: the same request is a new one.
            None => now,
        },
        None => now,
    };
    let Some(order) = order_of(ports, refund).await? else {
        return Err(StoreError::Broken("a refund has no payment".into()).into());
    };
    let id = &refund.order.id;
    let submitted = ports
        .topups
        .move_refund(id, RefundMove::Submit { posted_at });
    match submitted.await? {
        Moved::Now => {}
        Moved::Not => return Ok(()),
    }
    fail::fail_point!("cashier.refund_submitting");
    let answer = ports.till.method.refund(&order).await;
    fail::fail_point!("cashier.refund_answered");
    match answer {
        Ok(report) => {
            ours(ports, settings, refund, &report, None).await?;
            Ok(())
        }
        Err(PaymentError::Ambiguous { cause }) => {
            let error = PaymentError::Ambiguous { cause };
            let due_at = again_at(settings, refund.failures, &error, ports.clock.now());
            let lost = RefundMove::LoseAnswer { due_at };
            ports.topups.move_refund(id, lost).await?;
            Err(error.into())
        }
        Err(PaymentError::Refused { reason }) => {
            let end = RefundEnd::Refused { cause: reason };
            end_refund(ports, settings, refund, None, end, None).await
        }
        Err(PaymentError::NotFound) => {
            let cause = "payment_not_found".to_owned();
            let end = RefundEnd::Refused { cause };
            end_refund(ports, settings, refund, None, end, None).await
        }
        Err(error @ (PaymentError::Retryable { .. } | PaymentError::Broken { .. })) => {
            Err(error.into())
        }
    }
}

async fn order_of(
    ports: &CashierPorts,
    refund: &Refund,
) -> Result<Option<RefundOrder>, StoreError> {
    let Some(topup) = ports.topups.topup(&refund.order.topup).await? else {
        return Ok(None);
    };
    let paid = Due::stored(&topup.order.due);
    let (Some(external), Some(paid)) = (topup.external, paid) else {
        return Ok(None);
    };
    Ok(Some(RefundOrder {
        refund: refund.order.id.clone(),
        external,
        user: refund.order.user,
        amount: refund.order.amount,
        paid,
        credited: topup.order.amount,
        email: topup.order.email.map(|email| email.as_str().to_owned()),
        created_at: refund.order.created_at,
    }))
}

/// Searches the method's list for a refund whose answer was lost.
async fn look_up(
    ports: &CashierPorts,
    refund: &Refund,
    posted_at: Moment,
    now: Moment,
) -> Result<Option<RefundReport>, CashierError> {
    let from = Moment(posted_at.0.saturating_sub(CLOCKS_APART.0));
    let to = now + CLOCKS_APART;
    let mut cursor = None;
    for _ in 0..PAGES_MAX {
        let page = ports
            .till
            .method
            .refund_reports(from, to, cursor.as_deref());
        let page = page.await?;
        let found = page
            .items
            .into_iter()
            .find(|report| report.refund.as_ref() == Some(&refund.order.id));
        if found.is_some() {
            return Ok(found);
        }
        match page.next {
            Some(next) => cursor = Some(next),
            None => return Ok(None),
        }
    }
    // A list without an end proves nothing; the refund stays open and an operator is told.
    let cause = "the list of refunds has no end";
    Err(PaymentError::Broken { cause }.into())
}

/// What became of a refund that the method reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RefundFate {
    /// The method works on it, or will not do it.
    NotMade,
    /// Ours, settled now.
    Settled(Box<Refund>),
    /// Ours or a reversal, in the books before.
    Known(Box<Refund>),
    /// Made without us; taken from the user now.
    Reversed(Box<Topup>),
    /// Made, and contradicts the books: a person must decide.
    Contradiction(TopupId),
    /// Made of a payment that was never credited.
    Unknown,
}

/// Brings a refund that the method reported into the books, whoever asked for it.
pub async fn reported(
    ports: &CashierPorts,
    settings: &CashierSettings,
    report: RefundReport,
    notice: Option<NoticeId>,
) -> Result<RefundFate, CashierError> {
    if let Some(refund) = find(ports, &report).await? {
        return ours(ports, settings, &refund, &report, notice).await;
    }
    match report.state {
        RefundState::Pending | RefundState::Canceled { .. } => {
            finish(ports, notice, NoticeEnd::Processed).await?;
            return Ok(RefundFate::NotMade);
        }
        RefundState::Succeeded => {}
    }
    match credited_topup(ports, settings, &report).await? {
        Some(topup) => reverse(ports, settings, topup, &report, notice).await,
        None => {
            let difference = difference(ports, DifferenceKind::UnknownRefund, &report, None);
            record(ports, &difference).await?;
            let cause = "a refund of no credit".to_owned();
            finish(ports, notice, NoticeEnd::SetAside { cause }).await?;
            Ok(RefundFate::Unknown)
        }
    }
}

/// The refund's row: by the method's id of it, else by ours in its metadata.
async fn find(ports: &CashierPorts, report: &RefundReport) -> Result<Option<Refund>, StoreError> {
    let method = ports.till.method.name();
    if let Some(refund) = ports.topups.refund_of(method, &report.external).await? {
        return Ok(Some(refund));
    }
    if let Some(id) = &report.refund {
        let refund = ports.topups.refund(id).await?;
        return Ok(refund.filter(|refund| refund.method == method));
    }
    match ports.till.method.refunds() {
        Refunds::Partial => Ok(None),
        // It names none of ours, and a payment has one at most: the one that is under way, told
        // before its own answer was written down.
        Refunds::WholeOnly => ports.topups.refund_under(method, &report.payment).await,
    }
}

/// The credited top-up of the payment that a refund belongs to. A payment that should have been
/// credited before it was refunded is credited now, so that the books show both.
async fn credited_topup(
    ports: &CashierPorts,
    settings: &CashierSettings,
    report: &RefundReport,
) -> Result<Option<Topup>, CashierError> {
    let method = &ports.till.method;
    let known = ports
        .topups
        .topup_of(method.name(), &report.payment)
        .await?;
    if let Some(topup) = known.filter(|topup| topup.credited_at.is_some()) {
        return Ok(Some(topup));
    }
    let payment: PaymentReport = match method.payment(&report.payment).await {
        Ok(payment) => payment,
        Err(PaymentError::NotFound) => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    match Box::pin(payments::settle(ports, settings, payment, None)).await? {
        Fate::Credited(topup) | Fate::CreditedBefore(topup) => Ok(Some(*topup)),
        Fate::Unpaid(_)
        | Fate::Canceled
        | Fate::Parked(_)
        | Fate::Unknown
        | Fate::Second(_)
        | Fate::Foreign => Ok(None),
    }
}

/// Goes on with a refund of ours, or one known before, by what the method says of it.
async fn ours(
    ports: &CashierPorts,
    settings: &CashierSettings,
    refund: &Refund,
    report: &RefundReport,
    notice: Option<NoticeId>,
) -> Result<RefundFate, CashierError> {
    let external = Some(report.external.clone());
    match (&report.state, refund.stage.is_open()) {
        (RefundState::Pending, true) => {
            let due_at = ask_after(refund, ports.clock.now());
            let accept = RefundMove::Accept {
                external: report.external.clone(),
                due_at,
            };
            ports.topups.move_refund(&refund.order.id, accept).await?;
            finish(ports, notice, NoticeEnd::Processed).await?;
            Ok(RefundFate::NotMade)
        }
        (RefundState::Succeeded, true) => {
            if !agrees(ports, refund, report).await? {
                return contradiction(ports, refund, report, notice).await;
            }
            let end = RefundEnd::Returned;
            end_refund(ports, settings, refund, external, end, notice).await?;
            Ok(RefundFate::Settled(Box::new(refund.clone())))
        }
        (RefundState::Canceled { reason }, true) => {
            let cause = reason.clone().unwrap_or_else(|| "canceled".to_owned());
            let end = RefundEnd::Refused { cause };
            end_refund(ports, settings, refund, external, end, notice).await?;
            Ok(RefundFate::NotMade)
        }
        (RefundState::Succeeded, false) => match refund.stage {
            RefundStage::Failed => contradiction(ports, refund, report, notice).await,
            RefundStage::Held
            | RefundStage::Submitting
            | RefundStage::Pending
            | RefundStage::Unknown
            | RefundStage::Succeeded => {
                finish(ports, notice, NoticeEnd::Processed).await?;
                Ok(RefundFate::Known(Box::new(refund.clone())))
            }
        },
        (RefundState::Pending | RefundState::Canceled { .. }, false) => {
            finish(ports, notice, NoticeEnd::Processed).await?;
            Ok(RefundFate::NotMade)
        }
    }
}

fn ask_after(refund: &Refund, now: Moment) -> Moment {
    if now - refund.order.created_at < FIRST_HOUR {
        now + SOON
    } else {
        now + LATER
    }
}

/// Whether the method gave back what was asked of it.
async fn agrees(
    ports: &CashierPorts,
    refund: &Refund,
    report: &RefundReport,
) -> Result<bool, StoreError> {
    let Some(topup) = ports.topups.topup(&refund.order.topup).await? else {
        return Ok(false);
    };
    Ok(share(&topup, &report.sum) == Some(refund.order.amount))
}

fn share(topup: &Topup, sum: &PaidSum) -> Option<Money> {
    credited_share(topup.order.amount, &topup.order.due, sum)
}

/// The money is back with the payer and, by our books, with the user too; or it is another sum.
/// Neither may be put right by guessing.
async fn contradiction(
    ports: &CashierPorts,
    refund: &Refund,
    report: &RefundReport,
    notice: Option<NoticeId>,
) -> Result<RefundFate, CashierError> {
    let topup = refund.order.topup.clone();
    let kind = DifferenceKind::MissingReversal;
    let difference = difference(ports, kind, report, Some(topup.clone()));
    record(ports, &difference).await?;
    let cause = "a refund contradicts the books".to_owned();
    finish(ports, notice, NoticeEnd::SetAside { cause }).await?;
    let now = ports.clock.now();
    let id = &refund.order.id;
    ports.topups.put_off_refund(id, 0, now + FIRST_HOUR).await?;
    Ok(RefundFate::Contradiction(topup))
}

async fn end_refund(
    ports: &CashierPorts,
    settings: &CashierSettings,
    refund: &Refund,
    external: Option<String>,
    end: RefundEnd,
    notice: Option<NoticeId>,
) -> Result<(), CashierError> {
    let Some(topup) = ports.topups.topup(&refund.order.topup).await? else {
        return Err(StoreError::Broken("a refund has no payment".into()).into());
    };
    let hold = HoldId::new(refund.order.id.as_str());
    let movement = match &end {
        RefundEnd::Returned => Movement::CaptureRefund { hold },
        RefundEnd::Refused { .. } => Movement::VoidHold { hold },
    };
    let ended = end.clone();
    let now = ports.clock.now();
    let key = format!("settle:refund:{}", refund.order.id);
    let command = LedgerCommand {
        audit: None,
        posting: posting(&refund.order, key, movement),
        rider: Rider::SettleRefund(Settlement {
            refund: refund.order.id.clone(),
            external,
            end,
            notice,
        }),
        outbox: vec![news(&refund.order.id, &topup, now)],
    };
    let outcome = patiently(settings.patience, || ports.poster.post(command.clone())).await?;
    fail::fail_point!("cashier.refund_settled");
    match outcome {
        LedgerOutcome::Applied {
            applied: Applied::Now,
            ..
        } => {
            let method = ports.till.method.name();
            let took = ports.clock.now() - refund.order.created_at;
            metrics::PAYMENTS.refunded(method, &ended, took);
            ports.outbox.ring();
        }
        LedgerOutcome::Applied {
            applied: Applied::Before,
            ..
        } => finish(ports, notice, NoticeEnd::Processed).await?,
        // Somebody else settled it, perhaps the other way round: the next look sees how.
        LedgerOutcome::Refused(refusal) => {
            tracing::warn!(refund.id = %refund.order.id, %refusal, "a refund is not settled");
        }
    }
    Ok(())
}

/// Takes a refund that the method made by itself from the user. What he has not got, he owes.
async fn reverse(
    ports: &CashierPorts,
    settings: &CashierSettings,
    topup: Topup,
    report: &RefundReport,
    notice: Option<NoticeId>,
) -> Result<RefundFate, CashierError> {
    let method = ports.till.method.name();
    let kind = DifferenceKind::MissingReversal;
    let left = difference(ports, kind, report, Some(topup.order.id.clone()));
    let set_aside = |cause: &str| NoticeEnd::SetAside {
        cause: cause.to_owned(),
    };
    let Some(amount) = share(&topup, &report.sum) else {
        record(ports, &left).await?;
        finish(ports, notice, set_aside("a refund of another currency")).await?;
        return Ok(RefundFate::Contradiction(topup.order.id));
    };
    let now = ports.clock.now();
    let refund = NewRefund {
        id: RefundId::new(format!("{method}:{}", report.external)),
        topup: topup.order.id.clone(),
        user: topup.order.user,
        amount,
        asked_by: AskedBy::Method,
        created_at: report.created_at,
    };
    let movement = Movement::ReversePayment {
        topup: topup.order.id.clone(),
        amount,
    };
    let command = LedgerCommand {
        audit: None,
        posting: posting(
            &refund,
            format!("reverse:{method}:{}", report.external),
            movement,
        ),
        outbox: vec![news(&refund.id, &topup, now)],
        rider: Rider::Reverse(Reversal {
            refund,
            external: report.external.clone(),
            notice,
        }),
    };
    let outcome = patiently(settings.patience, || ports.poster.post(command.clone())).await?;
    match outcome {
        LedgerOutcome::Applied {
            applied: Applied::Now,
            ..
        } => {
            tracing::warn!(method, topup.id = %topup.order.id, %amount,
                "the method gave money back without us");
            ports.outbox.ring();
            Ok(RefundFate::Reversed(Box::new(topup)))
        }
        LedgerOutcome::Applied {
            applied: Applied::Before,
            ..
        } => {
            finish(ports, notice, NoticeEnd::Processed).await?;
            Ok(RefundFate::Reversed(Box::new(topup)))
        }
        LedgerOutcome::Refused(CommandRefusal::MoreThanPaid { .. }) => {
            record(ports, &left).await?;
            finish(ports, notice, set_aside("more goes back than was paid")).await?;
            Ok(RefundFate::Contradiction(topup.order.id))
        }
        LedgerOutcome::Refused(refusal) => {
            tracing::error!(method, topup.id = %topup.order.id, %refusal, "a reversal is refused");
            Err(StoreError::Retryable("a reversal is refused".to_owned()).into())
        }
    }
}

fn news(refund: &RefundId, topup: &Topup, at: Moment) -> NewOutbox {
    NewOutbox {
        key: format!("refund:{refund}:end"),
        chat: topup.order.chat,
        slot: None,
        body: OutboxBody::Refund {
            refund: refund.as_str().to_owned(),
        },
        created_at: at,
    }
}

fn difference(
    ports: &CashierPorts,
    kind: DifferenceKind,
    report: &RefundReport,
    topup: Option<TopupId>,
) -> Difference {
    let kopecks = if report.sum.currency == "RUB" {
        -report.sum.amount
    } else {
        0
    };
    Difference {
        method: ports.till.method.name().to_owned(),
        kind,
        object: report.external.clone(),
        topup,
        amount: Money::from_kopecks(kopecks),
        repair: Repair::Left,
    }
}

async fn record(ports: &CashierPorts, difference: &Difference) -> Result<(), StoreError> {
    match ports.topups.record(difference, ports.clock.now()).await? {
        Recorded::New => {
            let (method, kind) = (&difference.method, difference.kind.as_str());
            tracing::error!(
                method,
                kind,
                refund = difference.object,
                "a refund cannot be brought into the books; a person must decide"
            );
        }
        Recorded::Known => {}
    }
    Ok(())
}
