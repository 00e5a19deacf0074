//! Statements: what a user is told about his money, movement by movement.
//!
//! The balance of a statement is all that is the user's: what he can spend and what is set
//! aside. Setting aside and giving back do not change it, so a job is one line (set aside while
//! it runs, then charged or returned) and each line's balance is the older line's balance and
//! the line's sum. Debts are told beside it, as they are accounts of their own.

use crate::conversation::Balance;
use crate::ids::{TopupId, UsageId};
use crate::ledger::TransferKind;
use crate::ledger::caps::{DAY_OFFSET, Period};
use crate::money::Money;
use crate::receipt::Day;
use crate::spec::Kind;
use crate::time::{Moment, Span};

/// Lines on one page of the chat: with the longest words it stays within one message.
pub const PAGE_LINES: u32 = 8;

/// What a line tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LineKind {
    Bonus,
    Payment,
    AdminCredit,
    AdminDebit,
    /// An admin's correction that the balance did not cover: it is owed.
    Debt,
    /// What was owed was paid from the balance.
    DebtPayment,
    /// The payment method took a payment back: it is owed.
    Reversal,
    /// Set aside, not charged yet.
    SetAside,
    /// Was set aside, and came back in full.
    Returned,
    Charged,
    /// Money went back to the payer.
    Refund,
    /// What was charged came back.
    JobRefund,
}

impl LineKind {
    /// Every kind.
    pub const ALL: [LineKind; 12] = [
        LineKind::Bonus,
        LineKind::Payment,
        LineKind::AdminCredit,
        LineKind::AdminDebit,
        LineKind::Debt,
        LineKind::DebtPayment,
        LineKind::Reversal,
        LineKind::SetAside,
        LineKind::Returned,
        LineKind::Charged,
        LineKind::Refund,
        LineKind::JobRefund,
    ];

    /// The line of a row of the ledger; `None` for one that is not the user's.
    pub fn of(kind: TransferKind) -> Option<LineKind> {
        match kind {
            TransferKind::Bonus => Some(LineKind::Bonus),
            TransferKind::Payment => Some(LineKind::Payment),
            TransferKind::AdminCredit => Some(LineKind::AdminCredit),
            TransferKind::AdminDebit => Some(LineKind::AdminDebit),
            TransferKind::Debt => Some(LineKind::Debt),
            TransferKind::DebtPayment => Some(LineKind::DebtPayment),
            TransferKind::Reversal => Some(LineKind::Reversal),
            TransferKind::Hold => Some(LineKind::SetAside),
            TransferKind::Capture => Some(LineKind::Charged),
            TransferKind::Void => Some(LineKind::Returned),
            TransferKind::Refund => Some(LineKind::Refund),
            TransferKind::JobRefund => Some(LineKind::JobRefund),
            TransferKind::ProviderCost | TransferKind::Loss => None,
        }
    }

    /// What the line does to the balance, given the amount of its row.
    pub fn effect(self, amount: Money) -> Money {
        match self {
            LineKind::Bonus | LineKind::Payment | LineKind::AdminCredit | LineKind::JobRefund => {
                amount
            }
            LineKind::AdminDebit | LineKind::DebtPayment | LineKind::Charged | LineKind::Refund => {
                Money::from_kopecks(-amount.kopecks())
            }
            LineKind::Debt | LineKind::Reversal | LineKind::SetAside | LineKind::Returned => {
                Money::ZERO
            }
        }
    }

    /// The name in a table for machines.
    pub fn as_str(self) -> &'static str {
        match self {
            LineKind::Bonus => "bonus",
            LineKind::Payment => "payment",
            LineKind::AdminCredit => "admin_credit",
            LineKind::AdminDebit => "admin_debit",
            LineKind::Debt => "debt",
            LineKind::DebtPayment => "debt_payment",
            LineKind::Reversal => "reversal",
            LineKind::SetAside => "set_aside",
            LineKind::Returned => "returned",
            LineKind::Charged => "charged",
            LineKind::Refund => "refund",
            LineKind::JobRefund => "job_refund",
        }
    }
}

/// What a line is about, by the row's reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    Job,
    /// Running time.
    Usage,
    Other,
}

impl Subject {
    /// Reads it from `job:<id>`, `usage:<id>` and the like.
    pub fn of(reference: &str) -> Subject {
        match reference.split(':').next() {
            Some("job") => Subject::Job,
            Some("usage") => Subject::Usage,
            Some(_) | None => Subject::Other,
        }
    }
}

/// One line of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The row of the user's shard that it tells of.
    pub seq: i64,
    pub at: Moment,
    pub kind: LineKind,
    /// The row's amount, above zero.
    pub amount: Money,
    /// The balance after it.
    pub balance: Money,
    pub reference: String,
    /// What a job makes.
    pub made: Option<Kind>,
    /// The words of a job's request.
    pub words: Option<String>,
    /// Why an admin did it.
    pub reason: Option<String>,
}

impl Line {
    /// What it is about.
    pub fn subject(&self) -> Subject {
        Subject::of(&self.reference)
    }

    /// What it did to the balance.
    pub fn effect(&self) -> Money {
        self.kind.effect(self.amount)
    }
}

/// Where a page begins. Rows are those of the user's shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Newest,
    /// Lines older than this row.
    Before(i64),
    /// Lines newer than this row.
    After(i64),
}

/// A page of a statement, newest line first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    pub lines: Vec<Line>,
    /// Whether there are lines above and below.
    pub has_newer: bool,
    pub has_older: bool,
}

/// What a page shows above its lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    pub balance: Balance,
    /// What the user owes, not below zero.
    pub owed: Money,
}

/// What was sold in a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unit {
    Image,
    OutputSecond,
    RunningSecond,
}

impl Unit {
    /// Reads the name in rows.
    pub fn parse(text: &str) -> Option<Unit> {
        match text {
            "image" => Some(Unit::Image),
            "output_second" => Some(Unit::OutputSecond),
            "running_second" => Some(Unit::RunningSecond),
            _ => None,
        }
    }
}

/// A usage session as its user sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub id: UsageId,
    pub unit: Unit,
    /// For one unit.
    pub rate: Money,
    pub seconds: u64,
    pub charged: Money,
    pub started_at: Moment,
    /// Why it ended, in the words of rows; `None` while it runs.
    pub end: Option<String>,
}

/// What sessions of a time add up to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    pub sessions: u32,
    pub seconds: u64,
    pub charged: Money,
}

/// A page of sessions, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionPage {
    pub sessions: Vec<Session>,
    /// Whether there are older ones.
    pub has_older: bool,
    /// Sessions begun today and in this month, in Moscow.
    pub today: Totals,
    pub month: Totals,
}

/// A calendar month of Moscow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Month {
    pub year: i64,
    /// From 1.
    pub month: i64,
}

impl Month {
    /// The month of a moment.
    pub fn of(at: Moment) -> Month {
        let (year, month, _) = Day::of(at + DAY_OFFSET).date();
        Month { year, month }
    }

    /// Reads `2026-11` or `11.2026`.
    pub fn parse(text: &str) -> Option<Month> {
        let (year, month) = match text.split_once('-') {
            Some(parts) => parts,
            None => {
                let (month, year) = text.split_once('.')?;
                (year, month)
            }
        };
        let digits = |text: &str, most: usize| {
            let plain =
                (1..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
            plain.then(|| text.parse::<i64>().ok()).flatten()
        };
        let (year, month) = (digits(year, 4)?, digits(month, 2)?);
        ((1970..=9999).contains(&year) && (1..=12).contains(&month))
            .then_some(Month { year, month })
    }

    /// `2026-11`.
    pub fn render(self) -> String {
        format!("{:04}-{:02}", self.year, self.month)
    }

    /// When it begins.
    pub fn begins(self) -> Moment {
        Day::from_date(self.year, self.month, 1).begins() + Span(-DAY_OFFSET.0)
    }

    /// When it is over.
    pub fn ends(self) -> Moment {
        let next = match self.month {
            12 => Month {
                year: self.year + 1,
                month: 1,
            },
            month => Month {
                year: self.year,
                month: month + 1,
            },
        };
        next.begins()
    }
}

/// When today began, in Moscow.
pub fn today(now: Moment) -> Moment {
    Period::Day.window(now)
}

/// Which of a user's rows a receipt shall prove.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proving {
    /// Those from one row to another of his shard.
    Rows { from: i64, to: i64 },
    /// The credit of a top-up.
    Topup(TopupId),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_moscows() {
        let month = Month::parse("2026-12").unwrap();
        // Midnight of Moscow is 21:00 UTC of the day before.
        assert_eq!(Day::of(month.begins()).render(), "2026-11-30");
        assert_eq!(Month::of(month.begins()), month);
        assert_eq!(Month::of(Moment(month.begins().0 - 1)).render(), "2026-11");
        assert_eq!(Month::of(month.ends()).render(), "2027-01");
    }

    #[test]
    fn a_month_is_read_both_ways_and_nothing_else_is_one() {
        assert_eq!(Month::parse("11.2026"), Month::parse("2026-11"));
        for wrong in [
            "", "2026", "2026-13", "2026-0", "+2026-1", "20266-1", "2026-1-1", "x-y",
        ] {
            assert_eq!(Month::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn every_row_of_a_user_has_a_line() {
        for kind in TransferKind::ALL {
            let is_users = !matches!(kind, TransferKind::ProviderCost | TransferKind::Loss);
            assert_eq!(LineKind::of(kind).is_some(), is_users, "{kind:?}");
        }
    }
}
