//! Reconciliation: a method's own lists against the ledger, in both directions.
//!
//! Repairs only what a notice would have led to: a missing credit of a payment that agrees, a
//! missing reversal, an unsettled refund; all by the same transactions under the same keys, so
//! that running it twice, or beside the cashier, changes nothing more. Everything else is
//! written down for a person. Each difference is one row, however often it is found.

use std::collections::BTreeSet;

use rei_domain::ids::TopupId;
use rei_domain::money::Money;
use rei_domain::payment::{PaymentReport, PaymentState, RefundReport, RefundState};
use rei_domain::time::{Moment, Span};
use rei_domain::topup::{TopupState, Verdict, verdict};

use super::inquiry::CashierError;
use super::payments::{self, Fate};
use super::refunds::{self, RefundFate};
use super::{CashierPorts, CashierSettings};
use crate::ports::StoreError;
use crate::ports::payments::{Page, PaymentError};
use crate::ports::topups::{Difference, DifferenceKind, Moved, Recorded, Repair, Topup, TopupMove};

/// Pages of a list that one run reads at most.
const PAGES_MAX: usize = 10_000;

/// Our refund's row is older than the method's; it may lie before the span that is compared.
const REFUND_SLACK: Span = Span::from_secs(24 * 3_600);

/// What a run found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reconciliation {
    /// Payments and refunds of the method's lists.
    pub payments: usize,
    pub refunds: usize,
    /// What differed, with whether it was known before.
    pub differences: Vec<(Difference, Recorded)>,
}

impl Reconciliation {
    /// Whether nothing is left for a person.
    pub fn is_settled(&self) -> bool {
        self.differences
            .iter()
            .all(|(found, _)| match found.repair {
                Repair::Done => true,
                Repair::Left => false,
            })
    }

    /// What the method has beyond the ledger after all repairs.
    pub fn left(&self) -> Money {
        let left = self
            .differences
            .iter()
            .filter(|(found, _)| match found.repair {
                Repair::Left => true,
                Repair::Done => false,
            });
        Money::from_kopecks(left.map(|(found, _)| found.amount.kopecks()).sum())
    }
}

/// Compares what the method made in `from..to` with the ledger.
pub async fn reconcile(
    ports: &CashierPorts,
    settings: &CashierSettings,
    from: Moment,
    to: Moment,
) -> Result<Reconciliation, CashierError> {
    let mut run = Run {
        ports,
        settings,
        result: Reconciliation::default(),
        paid: BTreeSet::new(),
        returned: BTreeSet::new(),
    };
    run.payments(from, to).await?;
    run.refunds(from, to).await?;
    run.credits_without_payment(from, to).await?;
    run.refunds_without_return(from, to).await?;
    Ok(run.result)
}

struct Run<'a> {
    ports: &'a CashierPorts,
    settings: &'a CashierSettings,
    result: Reconciliation,
    /// Payments and refunds that the lists call done, by the method's ids.
    paid: BTreeSet<String>,
    returned: BTreeSet<String>,
}

impl Run<'_> {
    async fn payments(&mut self, from: Moment, to: Moment) -> Result<(), CashierError> {
        let mut cursor = None;
        for _ in 0..PAGES_MAX {
            let page = self.ports.till.method.payments(from, to, cursor.as_deref());
            let Page { items, next } = page.await?;
            for report in items {
                self.result.payments += 1;
                self.payment(report).await?;
            }
            match next {
                Some(next) => cursor = Some(next),
                None => return Ok(()),
            }
        }
        let cause = "the list of payments has no end";
        Err(PaymentError::Broken { cause }.into())
    }

    async fn payment(&mut self, report: PaymentReport) -> Result<(), CashierError> {
        match report.state {
            PaymentState::Succeeded => {
                self.paid.insert(report.external.clone());
            }
            PaymentState::WaitingForCapture => {}
            // What is not paid is nobody's credit; a credit of it is found from the other side.
            PaymentState::Pending | PaymentState::Canceled { .. } => return Ok(()),
        }
        let (object, worth) = (report.external.clone(), payments::roubles(&report));
        let released = self.release(&report).await?;
        match payments::settle(self.ports, self.settings, report, None).await? {
            Fate::Unpaid(_) | Fate::CreditedBefore(_) | Fate::Canceled | Fate::Foreign => Ok(()),
            Fate::Credited(topup) => {
                let kind = match released {
                    Moved::Now => DifferenceKind::Disagreement,
                    Moved::Not => DifferenceKind::MissingCredit,
                };
                let (amount, repair) = (topup.order.amount, Repair::Done);
                self.found(kind, object, Some(&topup), amount, repair).await
            }
            Fate::Parked(topup) => {
                let (kind, repair) = (DifferenceKind::Disagreement, Repair::Left);
                let amount = topup.order.amount;
                self.found(kind, object, Some(&topup), amount, repair).await
            }
            Fate::Unknown => {
                let (kind, repair) = (DifferenceKind::UnknownPayment, Repair::Left);
                self.found(kind, object, None, worth, repair).await
            }
            Fate::Second(topup) => {
                let (kind, repair) = (DifferenceKind::SecondPayment, Repair::Left);
                self.found_of(kind, object, Some(topup), worth, repair)
                    .await
            }
        }
    }

    /// What was parked and agrees by now is taken up again: a setting was put right since, or
    /// the money went back to its payer.
    async fn release(&self, report: &PaymentReport) -> Result<Moved, StoreError> {
        let (ports, now) = (self.ports, self.ports.clock.now());
        let method = ports.till.method.name();
        let found = ports.topups.topup_of(method, &report.external).await?;
        let Some(mut topup) = found.filter(|topup| topup.state == TopupState::Parked) else {
            return Ok(Moved::Not);
        };
        topup.state = TopupState::Pending;
        match verdict(&payments::expected(ports, &topup), report) {
            Verdict::Credit | Verdict::Capture | Verdict::Cancel { .. } => {}
            Verdict::Wait | Verdict::Park(_) | Verdict::Stray(_) | Verdict::Nothing => {
                return Ok(Moved::Not);
            }
        }
        let (id, how) = (&topup.order.id, TopupMove::Release);
        ports
            .topups
            .move_topup(id, how, None, Vec::new(), now)
            .await
    }

    async fn refunds(&mut self, from: Moment, to: Moment) -> Result<(), CashierError> {
        let mut cursor = None;
        for _ in 0..PAGES_MAX {
            let page = self
                .ports
                .till
                .method
                .refund_reports(from, to, cursor.as_deref());
            let Page { items, next } = page.await?;
            for report in items {
                self.result.refunds += 1;
                self.refund(report).await?;
            }
            match next {
                Some(next) => cursor = Some(next),
                None => return Ok(()),
            }
        }
        let cause = "the list of refunds has no end";
        Err(PaymentError::Broken { cause }.into())
    }

    async fn refund(&mut self, report: RefundReport) -> Result<(), CashierError> {
        match report.state {
            RefundState::Succeeded => {
                self.returned.insert(report.external.clone());
            }
            RefundState::Pending | RefundState::Canceled { .. } => {}
        }
        let object = report.external.clone();
        let worth = match report.sum.currency.as_str() {
            "RUB" => Money::from_kopecks(-report.sum.amount),
            _ => Money::ZERO,
        };
        match refunds::reported(self.ports, self.settings, report, None).await? {
            RefundFate::NotMade | RefundFate::Known(_) => Ok(()),
            RefundFate::Settled(refund) => {
                let (kind, repair) = (DifferenceKind::MissingSettlement, Repair::Done);
                let amount = Money::from_kopecks(-refund.order.amount.kopecks());
                let topup = Some(refund.order.topup);
                self.found_of(kind, object, topup, amount, repair).await
            }
            RefundFate::Reversed(topup) => {
                let (kind, repair) = (DifferenceKind::MissingReversal, Repair::Done);
                self.found(kind, object, Some(&topup), worth, repair).await
            }
            RefundFate::Contradiction(topup) => {
                let (kind, repair) = (DifferenceKind::MissingReversal, Repair::Left);
                self.found_of(kind, object, Some(topup), worth, repair)
                    .await
            }
            RefundFate::Unknown => {
                let (kind, repair) = (DifferenceKind::UnknownRefund, Repair::Left);
                self.found(kind, object, None, worth, repair).await
            }
        }
    }

    async fn credits_without_payment(
        &mut self,
        from: Moment,
        to: Moment,
    ) -> Result<(), CashierError> {
        let method = self.ports.till.method.name();
        for topup in self.ports.topups.credited(method, from, to).await? {
            let Some(external) = topup.external.clone() else {
                continue;
            };
            if self.paid.contains(&external) {
                continue;
            }
            let (kind, repair) = (DifferenceKind::CreditWithoutPayment, Repair::Left);
            let amount = Money::from_kopecks(-topup.order.amount.kopecks());
            self.found(kind, external, Some(&topup), amount, repair)
                .await?;
        }
        Ok(())
    }

    /// A refund of the lists' span stands in our rows a little earlier, so each is asked for.
    async fn refunds_without_return(
        &mut self,
        from: Moment,
        to: Moment,
    ) -> Result<(), CashierError> {
        let method = &self.ports.till.method;
        let earlier = Moment(from.0.saturating_sub(REFUND_SLACK.0));
        for refund in self
            .ports
            .topups
            .refunded(method.name(), earlier, to)
            .await?
        {
            let Some(external) = refund.external.clone() else {
                continue;
            };
            if self.returned.contains(&external) {
                continue;
            }
            let made = match method.refund_report(&external).await {
                Ok(report) => report.state == RefundState::Succeeded,
                Err(PaymentError::NotFound) => false,
                Err(error) => return Err(error.into()),
            };
            if made {
                continue;
            }
            let (kind, repair) = (DifferenceKind::RefundWithoutReturn, Repair::Left);
            let (topup, amount) = (Some(refund.order.topup), refund.order.amount);
            self.found_of(kind, external, topup, amount, repair).await?;
        }
        Ok(())
    }

    async fn found(
        &mut self,
        kind: DifferenceKind,
        object: String,
        topup: Option<&Topup>,
        amount: Money,
        repair: Repair,
    ) -> Result<(), CashierError> {
        let topup = topup.map(|topup| topup.order.id.clone());
        self.found_of(kind, object, topup, amount, repair).await
    }

    async fn found_of(
        &mut self,
        kind: DifferenceKind,
        object: String,
        topup: Option<TopupId>,
        amount: Money,
        repair: Repair,
    ) -> Result<(), CashierError> {
        let difference = Difference {
            method: self.ports.till.method.name().to_owned(),
            kind,
            object,
            topup,
            amount,
            repair,
        };
        let now = self.ports.clock.now();
        let recorded = self.ports.topups.record(&difference, now).await?;
        self.result.differences.push((difference, recorded));
        Ok(())
    }
}
