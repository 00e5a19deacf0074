//! The verdict: what a method's report of a payment means for a top-up.

use super::TopupState;
use crate::ids::{TopupId, UserId};
use crate::payment::{Environment, PaidSum, PaymentReport, PaymentState, Shop};

/// What a payment must agree with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected<'a> {
    pub topup: &'a TopupId,
    pub user: UserId,
    pub state: TopupState,
    /// What the payer was asked for.
    pub due: &'a PaidSum,
    /// The method's own id, where it is known.
    pub external: Option<&'a str>,
    /// Whether this bot takes real money.
    pub environment: Environment,
}

/// What to do about a payment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Nobody has paid yet.
    Wait,
    /// It agrees and is authorised only: take the money.
    Capture,
    /// It agrees and is paid: credit it.
    Credit,
    /// It will not be paid; a word of the method for the reason.
    Cancel { reason: Option<String> },
    /// It is paid and does not agree.
    Park(ParkReason),
    /// It is not this top-up's payment; the top-up stays as it is.
    Stray(Stray),
    /// All is done, or a person has it.
    Nothing,
}

/// In what a payment does not agree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ParkReason {
    /// It belongs to another shop.
    Shop,
    /// Test money in a live bot, or the other way round.
    Environment,
    /// It names another top-up, or none.
    Metadata,
    /// Somebody else paid, or was named as the payer.
    User,
    Currency,
    Amount,
}

impl ParkReason {
    /// Every reason; the order is that of the checks.
    pub const ALL: [ParkReason; 6] = [
        ParkReason::Shop,
        ParkReason::Environment,
        ParkReason::Metadata,
        ParkReason::User,
        ParkReason::Currency,
        ParkReason::Amount,
    ];

    /// The name in rows, reports and logs.
    pub fn as_str(self) -> &'static str {
        match self {
            ParkReason::Shop => "shop",
            ParkReason::Environment => "environment",
            ParkReason::Metadata => "metadata",
            ParkReason::User => "user",
            ParkReason::Currency => "currency",
            ParkReason::Amount => "amount",
        }
    }

    /// Reads [`ParkReason::as_str`] back.
    pub fn parse(text: &str) -> Option<ParkReason> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == text)
    }
}

/// Why a payment is not the top-up's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stray {
    /// It names another top-up, or none.
    NotOurs,
    /// The top-up has a payment already, and this is another one.
    Second,
}

/// Decides. The report is the method's own answer to a question, never a notice's body.
pub fn verdict(expected: &Expected<'_>, report: &PaymentReport) -> Verdict {
    match expected.external {
        Some(external) if external != report.external => return stray(expected, report),
        // It is the very payment that was begun: whatever it says concerns this top-up.
        Some(_) => {}
        None if report.topup.as_ref() != Some(expected.topup) => {
            return Verdict::Stray(Stray::NotOurs);
        }
        None => {}
    }
    match expected.state {
        TopupState::Succeeded | TopupState::Parked => return Verdict::Nothing,
        TopupState::Asked | TopupState::Pending | TopupState::Canceled => {}
    }
    match &report.state {
        PaymentState::Pending => Verdict::Wait,
        PaymentState::Canceled { reason } => cancel(expected.state, reason.clone()),
        PaymentState::WaitingForCapture => match disagreement(expected, report) {
            Some(reason) => Verdict::Park(reason),
            None => Verdict::Capture,
        },
        // It was paid and went back before it was credited: there is nothing to credit.
        PaymentState::Succeeded if report.refunded >= report.due.amount => {
            cancel(expected.state, Some("refunded".to_owned()))
        }
        PaymentState::Succeeded => match disagreement(expected, report) {
            Some(reason) => Verdict::Park(reason),
            None => Verdict::Credit,
        },
    }
}

fn stray(expected: &Expected<'_>, report: &PaymentReport) -> Verdict {
    if report.topup.as_ref() == Some(expected.topup) {
        Verdict::Stray(Stray::Second)
    } else {
        Verdict::Stray(Stray::NotOurs)
    }
}

fn cancel(state: TopupState, reason: Option<String>) -> Verdict {
    match state {
        TopupState::Asked | TopupState::Pending => Verdict::Cancel { reason },
        TopupState::Succeeded | TopupState::Canceled | TopupState::Parked => Verdict::Nothing,
    }
}

/// The first thing in which a payment does not agree.
fn disagreement(expected: &Expected<'_>, report: &PaymentReport) -> Option<ParkReason> {
    match report.shop {
        Shop::Ours => {}
        Shop::Another => return Some(ParkReason::Shop),
    }
    if report.environment != expected.environment {
        return Some(ParkReason::Environment);
    }
    if report.topup.as_ref() != Some(expected.topup) {
        return Some(ParkReason::Metadata);
    }
    if report.user != Some(expected.user) {
        return Some(ParkReason::User);
    }
    if report.due.currency != expected.due.currency {
        return Some(ParkReason::Currency);
    }
    if report.due.amount != expected.due.amount {
        return Some(ParkReason::Amount);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Moment;

    fn sum(amount: i64) -> PaidSum {
        PaidSum {
            amount,
            currency: "RUB".to_owned(),
        }
    }

    fn paid() -> PaymentReport {
        PaymentReport {
            external: "pay-1".to_owned(),
            topup: Some(TopupId::new("t1")),
            user: Some(UserId(7)),
            state: PaymentState::Succeeded,
            due: sum(50_000),
            refunded: 0,
            environment: Environment::Live,
            shop: Shop::Ours,
            created_at: Moment(1),
            captured_at: Some(Moment(2)),
        }
    }

    fn judge(state: TopupState, external: Option<&str>, report: &PaymentReport) -> Verdict {
        let (topup, due) = (TopupId::new("t1"), sum(50_000));
        let expected = Expected {
            topup: &topup,
            user: UserId(7),
            state,
            due: &due,
            external,
            environment: Environment::Live,
        };
        verdict(&expected, report)
    }

    #[test]
    fn a_payment_that_agrees_in_everything_is_credited() {
        for external in [Some("pay-1"), None] {
            for state in [TopupState::Asked, TopupState::Pending, TopupState::Canceled] {
                assert_eq!(judge(state, external, &paid()), Verdict::Credit);
            }
        }
    }

    #[test]
    fn each_disagreement_is_parked_by_its_name() {
        let with = |change: fn(&mut PaymentReport)| {
            let mut report = paid();
            change(&mut report);
            report
        };
        let cases = [
            (with(|r| r.shop = Shop::Another), ParkReason::Shop),
            (
                with(|r| r.environment = Environment::Test),
                ParkReason::Environment,
            ),
            (with(|r| r.topup = None), ParkReason::Metadata),
            (
                with(|r| r.topup = Some(TopupId::new("t2"))),
                ParkReason::Metadata,
            ),
            (with(|r| r.user = None), ParkReason::User),
            (with(|r| r.user = Some(UserId(8))), ParkReason::User),
            (
                with(|r| r.due.currency = "USD".into()),
                ParkReason::Currency,
            ),
            (with(|r| r.due.amount = 49_999), ParkReason::Amount),
            (with(|r| r.due.amount = 50_001), ParkReason::Amount),
        ];
        for (mut report, reason) in cases {
            let verdict = judge(TopupState::Pending, Some("pay-1"), &report);
            assert_eq!(verdict, Verdict::Park(reason), "{report:?}");
            // Nor is it captured.
            report.state = PaymentState::WaitingForCapture;
            let verdict = judge(TopupState::Pending, Some("pay-1"), &report);
            assert_eq!(verdict, Verdict::Park(reason), "{report:?}");
        }
    }

    #[test]
    fn what_is_settled_is_settled() {
        for state in [TopupState::Succeeded, TopupState::Parked] {
            let mut report = paid();
            report.due.amount = 1;
            assert_eq!(judge(state, Some("pay-1"), &report), Verdict::Nothing);
        }
    }

    #[test]
    fn a_second_payment_of_one_top_up_is_no_second_credit() {
        for state in TopupState::ALL {
            let verdict = judge(state, Some("pay-0"), &paid());
            assert_eq!(verdict, Verdict::Stray(Stray::Second), "{state:?}");
        }
    }

    #[test]
    fn a_strangers_payment_does_not_touch_the_top_up() {
        let mut report = paid();
        report.topup = Some(TopupId::new("t2"));
        let verdict = judge(TopupState::Pending, None, &report);
        assert_eq!(verdict, Verdict::Stray(Stray::NotOurs));
    }

    #[test]
    fn unpaid_waits_and_authorised_is_captured() {
        let mut report = paid();
        report.state = PaymentState::Pending;
        assert_eq!(judge(TopupState::Pending, None, &report), Verdict::Wait);
        report.state = PaymentState::WaitingForCapture;
        assert_eq!(judge(TopupState::Pending, None, &report), Verdict::Capture);
    }

    #[test]
    fn a_canceled_payment_cancels_once() {
        let mut report = paid();
        let reason = Some("insufficient_funds".to_owned());
        report.state = PaymentState::Canceled {
            reason: reason.clone(),
        };
        let cancel = Verdict::Cancel { reason };
        assert_eq!(judge(TopupState::Pending, None, &report), cancel);
        assert_eq!(judge(TopupState::Canceled, None, &report), Verdict::Nothing);
    }

    #[test]
    fn what_went_back_before_it_was_credited_is_not_credited() {
        let mut report = paid();
        report.refunded = report.due.amount;
        let verdict = judge(TopupState::Pending, Some("pay-1"), &report);
        assert!(matches!(verdict, Verdict::Cancel { .. }), "{verdict:?}");
        report.refunded -= 1;
        let verdict = judge(TopupState::Pending, Some("pay-1"), &report);
        assert_eq!(verdict, Verdict::Credit);
    }

    #[test]
    fn reasons_survive_their_row() {
        for reason in ParkReason::ALL {
            assert_eq!(ParkReason::parse(reason.as_str()), Some(reason));
        }
    }
}
