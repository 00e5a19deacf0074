//! The question before a payment: whether the messenger may take the payer's money.
//!
//! A yes lets the money move, so everything that can be known is looked at first: an invoice's
//! link can be opened by anybody and at any later time.

use crate::ids::UserId;
use crate::payment::PaidSum;
use crate::time::{Moment, Span};
use crate::topup::{TopupState, UNPAID_FOR};

/// How long before a top-up is forgotten no payment of it is begun any more.
const MARGIN: Span = Span::from_secs(60);

/// What the messenger asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkout {
    pub user: UserId,
    pub sum: PaidSum,
}

/// The top-up that the invoice was made for, as its row says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invoiced {
    pub user: UserId,
    pub state: TopupState,
    pub due: PaidSum,
    /// Whether it is paid by the messenger at all.
    pub method: InvoicedBy,
    pub created_at: Moment,
}

/// Who sent the invoice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvoicedBy {
    Messenger,
    AnotherMethod,
}

/// Why the payer's money is not taken. Said to the payer in a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckoutRefusal {
    #[error("there is no such top-up")]
    Unknown,
    #[error("the invoice is another person's")]
    AnotherPayer,
    #[error("it is paid already")]
    Paid,
    #[error("it was withdrawn or has expired")]
    Expired,
    #[error("the sum is not the invoice's")]
    Sum,
}

/// Whether the money may be taken.
pub fn check_checkout(
    invoiced: Option<&Invoiced>,
    asked: &Checkout,
    now: Moment,
) -> Result<(), CheckoutRefusal> {
    let invoiced = invoiced.ok_or(CheckoutRefusal::Unknown)?;
    match invoiced.method {
        InvoicedBy::Messenger => {}
        InvoicedBy::AnotherMethod => return Err(CheckoutRefusal::Unknown),
    }
    if invoiced.user != asked.user {
        return Err(CheckoutRefusal::AnotherPayer);
    }
    match invoiced.state {
        TopupState::Asked | TopupState::Pending => {}
        TopupState::Succeeded | TopupState::Parked => return Err(CheckoutRefusal::Paid),
        TopupState::Canceled => return Err(CheckoutRefusal::Expired),
    }
    if now + MARGIN >= invoiced.created_at + UNPAID_FOR {
        return Err(CheckoutRefusal::Expired);
    }
    if invoiced.due != asked.sum {
        return Err(CheckoutRefusal::Sum);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stars(amount: i64) -> PaidSum {
        PaidSum {
            amount,
            currency: "XTR".to_owned(),
        }
    }

    fn asked() -> Checkout {
        Checkout {
            user: UserId(7),
            sum: stars(312),
        }
    }

    fn invoiced() -> Invoiced {
        Invoiced {
            user: UserId(7),
            state: TopupState::Pending,
            due: stars(312),
            method: InvoicedBy::Messenger,
            created_at: Moment(0),
        }
    }

    #[test]
    fn only_its_own_payer_pays_an_open_invoice_in_full() {
        use CheckoutRefusal::{AnotherPayer, Expired, Paid, Sum, Unknown};
        let soon = Moment(0) + Span::from_secs(60);
        let check =
            |invoiced: &Invoiced, asked: &Checkout| check_checkout(Some(invoiced), asked, soon);
        assert_eq!(check(&invoiced(), &asked()), Ok(()));
        assert_eq!(check_checkout(None, &asked(), soon), Err(Unknown));
        let elsewhere = Invoiced {
            method: InvoicedBy::AnotherMethod,
            ..invoiced()
        };
        assert_eq!(check(&elsewhere, &asked()), Err(Unknown));
        let stranger = Checkout {
            user: UserId(8),
            ..asked()
        };
        assert_eq!(check(&invoiced(), &stranger), Err(AnotherPayer));
        for (state, refusal) in [
            (TopupState::Succeeded, Paid),
            (TopupState::Parked, Paid),
            (TopupState::Canceled, Expired),
        ] {
            let ended = Invoiced {
                state,
                ..invoiced()
            };
            assert_eq!(check(&ended, &asked()), Err(refusal), "{state:?}");
        }
        for sum in [stars(311), stars(313)] {
            let other = Checkout { sum, ..asked() };
            assert_eq!(check(&invoiced(), &other), Err(Sum));
        }
        let roubles = Checkout {
            sum: PaidSum {
                currency: "RUB".to_owned(),
                ..stars(312)
            },
            ..asked()
        };
        assert_eq!(check(&invoiced(), &roubles), Err(Sum));
    }

    #[test]
    fn an_invoice_is_not_paid_at_the_last_moment() {
        let last = Moment(0) + UNPAID_FOR;
        let late = Moment(last.0 - MARGIN.0);
        let refused = check_checkout(Some(&invoiced()), &asked(), late);
        assert_eq!(refused, Err(CheckoutRefusal::Expired));
        let in_time = Moment(late.0 - 1);
        assert_eq!(check_checkout(Some(&invoiced()), &asked(), in_time), Ok(()));
    }
}
