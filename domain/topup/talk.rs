//! Talking about top-ups and refunds: what the buttons mean and what the bot says.

use super::{AmountLimits, AmountRefusal};
use crate::conversation::{Balance, UnknownTap};
use crate::ids::{DraftId, Nonce, RefundId, TopupId};
use crate::money::Money;
use crate::payment::Due;
use crate::refund::RefundRefusal;
use crate::time::Moment;

/// What a button about money means. [`TopupTap::render`] is its callback data, at most 64 bytes
/// for amounts below ten million roubles and names of methods of up to eight letters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TopupTap {
    /// Shows the amounts. The draft is what lacks the money.
    Menu { draft: Option<DraftId> },
    /// An amount was chosen.
    Amount {
        amount: Money,
        draft: Option<DraftId>,
    },
    /// Another amount is to be typed in.
    OtherAmount { draft: Option<DraftId> },
    /// A method was chosen.
    Pay {
        method: String,
        amount: Money,
        draft: Option<DraftId>,
    },
    /// The receipt is to go to another address.
    ChangeEmail {
        method: String,
        amount: Money,
        draft: Option<DraftId>,
    },
    /// Shows the payments of which something can go back.
    Returnables,
    /// Shows what would go back of a payment.
    Return { topup: TopupId },
    /// Gives this much back. The nonce names the refund, so that two taps are one refund.
    ConfirmReturn {
        topup: TopupId,
        amount: Money,
        nonce: Nonce,
    },
}

/// Digits of an amount in a button.
const DIGITS_MAX: usize = 10;

/// Letters of a method's name in a button.
const METHOD_MAX: usize = 8;

/// Digits of a nonce, `Ids::nonce`.
const NONCE_DIGITS: usize = 16;

impl TopupTap {
    /// The callback data of the button.
    pub fn render(&self) -> String {
        match self {
            TopupTap::Menu { draft } => with_draft("p.menu".to_owned(), draft),
            TopupTap::Amount { amount, draft } => {
                with_draft(format!("p.sum.{}", amount.kopecks()), draft)
            }
            TopupTap::OtherAmount { draft } => with_draft("p.other".to_owned(), draft),
            TopupTap::Pay {
                method,
                amount,
                draft,
            } => with_draft(format!("p.by.{method}.{}", amount.kopecks()), draft),
            TopupTap::ChangeEmail {
                method,
                amount,
                draft,
            } => with_draft(format!("p.mail.{method}.{}", amount.kopecks()), draft),
            TopupTap::Returnables => "p.backs".to_owned(),
            TopupTap::Return { topup } => format!("p.back.{topup}"),
            TopupTap::ConfirmReturn {
                topup,
                amount,
                nonce,
            } => format!("p.r.{topup}.{}.{nonce}", amount.kopecks()),
        }
    }

    /// Reads [`TopupTap::render`] back from the parts of callback data after the `p`. Data comes
    /// from outside: anything else is refused.
    pub fn parse(parts: &[&str]) -> Result<TopupTap, UnknownTap> {
        let tap = match parts {
            ["menu", draft @ ..] => TopupTap::Menu {
                draft: parse_draft(draft)?,
            },
            ["sum", amount, draft @ ..] => TopupTap::Amount {
                amount: parse_kopecks(amount)?,
                draft: parse_draft(draft)?,
            },
            ["other", draft @ ..] => TopupTap::OtherAmount {
                draft: parse_draft(draft)?,
            },
            ["by", method, amount, draft @ ..] => TopupTap::Pay {
                method: parse_method(method)?,
                amount: parse_kopecks(amount)?,
                draft: parse_draft(draft)?,
            },
            ["mail", method, amount, draft @ ..] => TopupTap::ChangeEmail {
                method: parse_method(method)?,
                amount: parse_kopecks(amount)?,
                draft: parse_draft(draft)?,
            },
            ["backs"] => TopupTap::Returnables,
            ["back", topup] => TopupTap::Return {
                topup: TopupId::new(parse_id(topup)?),
            },
            ["r", topup, amount, nonce] if nonce.len() == NONCE_DIGITS => TopupTap::ConfirmReturn {
                topup: TopupId::new(parse_id(topup)?),
                amount: parse_kopecks(amount)?,
                nonce: Nonce::new(parse_id(nonce)?),
            },
            _ => return Err(UnknownTap),
        };
        Ok(tap)
    }
}

fn with_draft(data: String, draft: &Option<DraftId>) -> String {
    match draft {
        Some(draft) => format!("{data}.{draft}"),
        None => data,
    }
}

fn parse_draft(rest: &[&str]) -> Result<Option<DraftId>, UnknownTap> {
    match rest {
        [] => Ok(None),
        [draft] => Ok(Some(DraftId::new(parse_id(draft)?))),
        _ => Err(UnknownTap),
    }
}

fn parse_kopecks(text: &str) -> Result<Money, UnknownTap> {
    let digits = text.len() <= DIGITS_MAX && text.bytes().all(|b| b.is_ascii_digit());
    let canonical = text == "0" || !text.starts_with('0');
    match text.parse() {
        Ok(kopecks) if digits && canonical => Ok(Money::from_kopecks(kopecks)),
        Ok(_) | Err(_) => Err(UnknownTap),
    }
}

fn parse_method(text: &str) -> Result<String, UnknownTap> {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    let fits = (1..=METHOD_MAX).contains(&text.len()) && text.bytes().all(plain);
    fits.then(|| text.to_owned()).ok_or(UnknownTap)
}

fn parse_id(text: &str) -> Result<&str, UnknownTap> {
    let plain = text.bytes().all(|b| b.is_ascii_alphanumeric());
    let fits = plain && (1..=40).contains(&text.len());
    fits.then_some(text).ok_or(UnknownTap)
}

/// The refund that a confirmation asks for: the same one however often it is tapped. Its first
/// half sorts by the payment's time, its second cannot be guessed.
pub fn refund_id(topup: &TopupId, nonce: &Nonce) -> RefundId {
    let head: String = topup.as_str().chars().take(16).collect();
    RefundId::new(format!("{head}{nonce}"))
}

/// A way to pay, as a menu shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MethodOffer {
    pub method: String,
    /// What the payer would be asked for.
    pub due: Due,
}

/// A payment of which something can go back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReturnablePayment {
    pub topup: TopupId,
    pub method: String,
    pub paid: Money,
    /// What would go back: what is not spent.
    pub returnable: Money,
    pub credited_at: Moment,
}

/// A payment that goes back as a whole only, and is partly spent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartlySpent {
    pub method: String,
    pub paid: Money,
    pub spent: Money,
    pub credited_at: Moment,
}

/// What the bot says about money in answer to a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TopupReply {
    /// How much? Amounts as buttons.
    Amounts {
        balance: Balance,
        amounts: Vec<Money>,
        draft: Option<DraftId>,
    },
    /// By which method?
    Methods {
        amount: Money,
        offers: Vec<MethodOffer>,
        draft: Option<DraftId>,
    },
    /// Type the amount in.
    AskAmount { limits: AmountLimits },
    /// That amount is not taken; the question stands.
    AmountRefused(AmountRefusal),
    /// Where does the receipt go?
    AskEmail,
    /// That is no address; the question stands.
    EmailRefused,
    /// There is no way to pay at present.
    Unavailable,
    /// The payments of which something can go back; none is said too.
    Returnables {
        payments: Vec<ReturnablePayment>,
        /// Those that could go back, were nothing of them spent.
        partly_spent: Vec<PartlySpent>,
        term_days: u32,
    },
    /// What would go back of this payment; confirm it.
    ConfirmReturn {
        payment: ReturnablePayment,
        nonce: Nonce,
    },
    /// The money is set aside and on its way.
    ReturnAccepted { amount: Money },
    /// Why nothing goes back.
    ReturnRefused(RefundRefusal),
    /// Where a payer finds help.
    PaySupport { term_days: u32 },
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::Tap;

    fn every_tap() -> Vec<TopupTap> {
        let id = "0190a1b2c3d47e5f8a9b0c1d2e3f4a5b";
        let amount = Money::from_kopecks(9_999_999_999);
        let mut taps = vec![
            TopupTap::Returnables,
            TopupTap::Return {
                topup: TopupId::new(id),
            },
            TopupTap::ConfirmReturn {
                topup: TopupId::new(id),
                amount,
                nonce: Nonce::new("0123456789abcdef"),
            },
        ];
        for draft in [None, Some(DraftId::new(id))] {
            let method = "yookassa".to_owned();
            taps.push(TopupTap::Menu {
                draft: draft.clone(),
            });
            taps.push(TopupTap::Amount {
                amount,
                draft: draft.clone(),
            });
            taps.push(TopupTap::OtherAmount {
                draft: draft.clone(),
            });
            taps.push(TopupTap::Pay {
                method: method.clone(),
                amount,
                draft: draft.clone(),
            });
            taps.push(TopupTap::ChangeEmail {
                method,
                amount,
                draft,
            });
        }
        taps
    }

    #[test]
    fn every_button_fits_64_bytes_and_reads_back() {
        for tap in every_tap() {
            let data = tap.render();
            assert!(data.len() <= 64, "{data}");
            assert_eq!(Tap::parse(&data), Ok(Tap::Topup(tap)));
        }
    }

    #[test]
    fn forged_amounts_are_refused() {
        for data in [
            "p.sum.-1",
            "p.sum.",
            "p.sum.01",
            "p.sum.+5",
            "p.sum.99999999999",
            "p.sum.1e3",
            "p.by.YooKassa.1",
            "p.by..1",
            "p.r.a.1.short",
            "p.back.",
            "p.menu.a.b",
        ] {
            assert_eq!(Tap::parse(data), Err(UnknownTap), "{data}");
        }
    }

    #[test]
    fn two_taps_on_one_button_are_one_refund() {
        let topup = TopupId::new("0190a1b2c3d47e5f8a9b0c1d2e3f4a5b");
        let id = refund_id(&topup, &Nonce::new("0123456789abcdef"));
        assert_eq!(id.as_str(), "0190a1b2c3d47e5f0123456789abcdef");
    }
}
