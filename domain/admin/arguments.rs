//! What was typed after an admin's command, read strictly: an act must not be guessed at.

use super::{AdminCommand, Shortfall, SumFault, parse_sum};
use crate::ids::{JobId, UserId};
use crate::job::JobState;
use crate::ledger::caps::Caps;
use crate::money::Money;
use crate::time::Span;

/// Characters of a reason.
pub const REASON_CHARS_MAX: usize = 300;

/// The longest ban with an end; a longer one is meant to have none.
const TERM_DAYS_MAX: i64 = 3_650;

/// Rows that a list shows by itself, and at most.
const ROWS: u32 = 10;
const ROWS_MAX: u32 = 30;

/// A user, as he is named in a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    Id(UserId),
    /// Telegram's name without the sign, in lower case.
    Name(String),
}

/// Which jobs are listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JobFilter {
    /// Those that are not finished.
    Unfinished,
    In(JobState),
    Of(Who),
}

/// What a command asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    Help,
    User(Who),
    Jobs(JobFilter),
    /// The newest entries of the audit log, at most `rows`, perhaps about one user.
    Audit {
        about: Option<Who>,
        rows: u32,
    },
    /// Why a job went where it went.
    Why(JobId),
    /// Offers a request that failed to its user once more.
    Replay(JobId),
    Providers,
    /// No new work for a provider.
    Cordon {
        provider: String,
        /// `None` is until it is lifted.
        term: Option<Span>,
        reason: String,
    },
    Uncordon {
        provider: String,
        reason: String,
    },
    Credit {
        who: Who,
        amount: Money,
        reason: String,
    },
    Debit {
        who: Who,
        amount: Money,
        shortfall: Shortfall,
        reason: String,
    },
    /// Of a job or a payment. Without a sum, all that is left.
    Refund {
        subject: String,
        amount: Option<Money>,
        reason: String,
    },
    CancelJob {
        job: JobId,
        reason: String,
    },
    Caps {
        who: Who,
        caps: Caps,
        reason: String,
    },
    Ban {
        who: Who,
        /// `None` is until it is lifted.
        term: Option<Span>,
        reason: String,
    },
    Unban {
        who: Who,
        reason: String,
    },
}

/// What is wrong with what was typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Fault {
    #[error("it names no user")]
    NoUser,
    #[error("a user is a number above zero or an @name")]
    NotAUser,
    #[error(transparent)]
    Sum(#[from] SumFault),
    #[error("the sum needs a sign")]
    NoSign,
    #[error("it names no job or payment")]
    NoSubject,
    #[error("it names no provider")]
    NoProvider,
    #[error("this is no id")]
    NotAnId,
    #[error("a cap is a sum, 0 or -")]
    NotACap,
    #[error("the term is too long")]
    TermTooLong,
    #[error("it has no reason")]
    NoReason,
    #[error("the reason is too long")]
    ReasonTooLong,
    #[error("this is no filter")]
    NotAFilter,
    #[error("there is more than the command takes")]
    TooMuch,
}

/// Reads what was typed after a command.
pub fn parse(command: AdminCommand, args: &str) -> Result<Wish, Fault> {
    let words: Vec<&str> = args.split_whitespace().collect();
    match command {
        AdminCommand::Help => Ok(Wish::Help),
        AdminCommand::User => {
            let (who, rest) = user(&words)?;
            nothing_else(rest)?;
            Ok(Wish::User(who))
        }
        AdminCommand::Jobs => Ok(Wish::Jobs(filter(&words)?)),
        AdminCommand::Audit => audit(&words),
        AdminCommand::Why => {
            let (id, rest) = words.split_first().ok_or(Fault::NoSubject)?;
            nothing_else(rest)?;
            Ok(Wish::Why(JobId::new(subject(id)?)))
        }
        AdminCommand::Replay => {
            let (id, rest) = words.split_first().ok_or(Fault::NoSubject)?;
            nothing_else(rest)?;
            Ok(Wish::Replay(JobId::new(subject(id)?)))
        }
        AdminCommand::Providers => {
            nothing_else(&words)?;
            Ok(Wish::Providers)
        }
        AdminCommand::Add => {
            let (who, rest) = user(&words)?;
            let (amount, used) = parse_sum(rest)?;
            let reason = reason(&rest[used..])?;
            Ok(Wish::Credit {
                who,
                amount,
                reason,
            })
        }
        AdminCommand::Sub => {
            let (words, shortfall) = debt(&words);
            let (who, rest) = user(&words)?;
            let (amount, used) = parse_sum(rest)?;
            let reason = reason(&rest[used..])?;
            Ok(Wish::Debit {
                who,
                amount,
                shortfall,
                reason,
            })
        }
        AdminCommand::Adjust => adjust(&words),
        AdminCommand::Refund => refund(&words),
        AdminCommand::CancelJob => {
            let (id, rest) = words.split_first().ok_or(Fault::NoSubject)?;
            let job = JobId::new(subject(id)?);
            let reason = reason(rest)?;
            Ok(Wish::CancelJob { job, reason })
        }
        AdminCommand::Caps => {
            let (who, rest) = user(&words)?;
            let [hour, day, rest @ ..] = rest else {
                return Err(Fault::NotACap);
            };
            let caps = Caps {
                hour: cap(hour)?,
                day: cap(day)?,
            };
            let reason = reason(rest)?;
            Ok(Wish::Caps { who, caps, reason })
        }
        AdminCommand::Ban => {
            let (who, rest) = user(&words)?;
            let (term, rest) = leading_term(rest)?;
            let reason = reason(rest)?;
            Ok(Wish::Ban { who, term, reason })
        }
        AdminCommand::Unban => {
            let (who, rest) = user(&words)?;
            let reason = reason(rest)?;
            Ok(Wish::Unban { who, reason })
        }
        AdminCommand::Cordon => {
            let (provider, rest) = provider(&words)?;
            let (term, rest) = leading_term(rest)?;
            let reason = reason(rest)?;
            Ok(Wish::Cordon {
                provider,
                term,
                reason,
            })
        }
        AdminCommand::Uncordon => {
            let (provider, rest) = provider(&words)?;
            let reason = reason(rest)?;
            Ok(Wish::Uncordon { provider, reason })
        }
    }
}

fn provider<'a, 'b>(words: &'a [&'b str]) -> Result<(String, &'a [&'b str]), Fault> {
    let (first, rest) = words.split_first().ok_or(Fault::NoProvider)?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    if first.len() > 32 || !first.bytes().all(plain) {
        return Err(Fault::NoProvider);
    }
    Ok((first.to_ascii_lowercase(), rest))
}

/// The term that words begin with, if they do.
fn leading_term<'a, 'b>(words: &'a [&'b str]) -> Result<(Option<Span>, &'a [&'b str]), Fault> {
    match words.split_first() {
        Some((word, after)) => match term(word) {
            Some(term) => Ok((Some(term?), after)),
            None => Ok((None, words)),
        },
        None => Ok((None, words)),
    }
}

fn user<'a, 'b>(words: &'a [&'b str]) -> Result<(Who, &'a [&'b str]), Fault> {
    let (first, rest) = words.split_first().ok_or(Fault::NoUser)?;
    Ok((who(first).ok_or(Fault::NotAUser)?, rest))
}

fn who(word: &str) -> Option<Who> {
    if let Some(name) = word.strip_prefix('@') {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let fits = !name.is_empty() && name.len() <= 32 && name.bytes().all(plain);
        return fits.then(|| Who::Name(name.to_ascii_lowercase()));
    }
    if !word.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let id = word.parse().ok().filter(|id| *id > 0)?;
    Some(Who::Id(UserId(id)))
}

fn reason(words: &[&str]) -> Result<String, Fault> {
    let reason = words.join(" ");
    if reason.is_empty() {
        return Err(Fault::NoReason);
    }
    if reason.chars().count() > REASON_CHARS_MAX {
        return Err(Fault::ReasonTooLong);
    }
    Ok(reason)
}

fn nothing_else(rest: &[&str]) -> Result<(), Fault> {
    if rest.is_empty() {
        Ok(())
    } else {
        Err(Fault::TooMuch)
    }
}

/// The words without `--debt`, which some keyboards turn into a dash.
fn debt<'a>(words: &[&'a str]) -> (Vec<&'a str>, Shortfall) {
    let says_debt = |word: &&str| ["--debt", "—debt", "–debt"].contains(word);
    let shortfall = if words.iter().any(says_debt) {
        Shortfall::Owe
    } else {
        Shortfall::Refuse
    };
    let rest = words.iter().filter(|word| !says_debt(word));
    (rest.copied().collect(), shortfall)
}

fn adjust(words: &[&str]) -> Result<Wish, Fault> {
    let (words, shortfall) = debt(words);
    let (who, rest) = user(&words)?;
    let first = *rest.first().ok_or(SumFault::Missing)?;
    let (gives, number) = match (first.strip_prefix('+'), first.strip_prefix(['-', '−', '–'])) {
        (Some(number), _) => (true, number),
        (None, Some(number)) => (false, number),
        (None, None) => return Err(Fault::NoSign),
    };
    let mut sum = rest.to_vec();
    sum[0] = number;
    let (amount, used) = parse_sum(&sum)?;
    let reason = reason(&rest[used..])?;
    Ok(match (gives, shortfall) {
        (true, Shortfall::Refuse) => Wish::Credit {
            who,
            amount,
            reason,
        },
        // Money that is given cannot be missing.
        (true, Shortfall::Owe) => return Err(Fault::TooMuch),
        (false, shortfall) => Wish::Debit {
            who,
            amount,
            shortfall,
            reason,
        },
    })
}

fn refund(words: &[&str]) -> Result<Wish, Fault> {
    let (id, rest) = words.split_first().ok_or(Fault::NoSubject)?;
    let subject = subject(id)?.to_owned();
    let begins_with_digit = rest
        .first()
        .is_some_and(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    let (amount, used) = if begins_with_digit {
        let (amount, used) = parse_sum(rest)?;
        (Some(amount), used)
    } else {
        (None, 0)
    };
    let reason = reason(&rest[used..])?;
    Ok(Wish::Refund {
        subject,
        amount,
        reason,
    })
}

/// An id of a job or a payment: it goes into keys and callback data.
fn subject(word: &str) -> Result<&str, Fault> {
    let fits = word.len() <= 40 && word.bytes().all(|byte| byte.is_ascii_alphanumeric());
    fits.then_some(word).ok_or(Fault::NotAnId)
}

/// `-` leaves it to the default, `0` lets nothing be spent.
fn cap(word: &str) -> Result<Option<Money>, Fault> {
    match word {
        "-" | "—" | "–" => Ok(None),
        "0" => Ok(Some(Money::ZERO)),
        sum => {
            let (amount, _) = parse_sum(&[sum]).map_err(|_| Fault::NotACap)?;
            Ok(Some(amount))
        }
    }
}

/// `30m`, `12h`, `7d`, `2w`, also `30м`, `12ч`, `7д`, `2н`; `None` when it is no term at all.
fn term(word: &str) -> Option<Result<Span, Fault>> {
    let unit = word.chars().last()?;
    let number = &word[..word.len() - unit.len_utf8()];
    let secs: i64 = match unit.to_lowercase().next()? {
        'm' | 'м' => 60,
        'h' | 'ч' => 3_600,
        'd' | 'д' => 86_400,
        'w' | 'н' => 7 * 86_400,
        _ => return None,
    };
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let all = number.parse::<i64>().ok().and_then(|n| n.checked_mul(secs));
    Some(match all {
        Some(all) if (1..=TERM_DAYS_MAX * 86_400).contains(&all) => Ok(Span::from_secs(all)),
        Some(_) | None => Err(Fault::TermTooLong),
    })
}

fn filter(words: &[&str]) -> Result<JobFilter, Fault> {
    let Some((first, rest)) = words.split_first() else {
        return Ok(JobFilter::Unfinished);
    };
    nothing_else(rest)?;
    if let Some(state) = JobState::parse(&first.to_ascii_lowercase()) {
        return Ok(JobFilter::In(state));
    }
    who(first).map(JobFilter::Of).ok_or(Fault::NotAFilter)
}

/// `n` is a number of rows when it is small, and a user otherwise: ids of people are large.
fn audit(words: &[&str]) -> Result<Wish, Fault> {
    let Some((first, rest)) = words.split_first() else {
        return Ok(Wish::Audit {
            about: None,
            rows: ROWS,
        });
    };
    nothing_else(rest)?;
    match who(first).ok_or(Fault::NotAFilter)? {
        Who::Id(UserId(rows)) if rows <= i64::from(ROWS_MAX) => Ok(Wish::Audit {
            about: None,
            rows: u32::try_from(rows).unwrap_or(ROWS),
        }),
        about => Ok(Wish::Audit {
            about: Some(about),
            rows: ROWS,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wish(line: &str) -> Result<Wish, Fault> {
        let (name, args) = line.split_once(' ').unwrap_or((line, ""));
        parse(AdminCommand::parse(name).unwrap(), args)
    }

    fn roubles(roubles: i64) -> Money {
        Money::from_kopecks(roubles * 100)
    }

    const ANN: Who = Who::Id(UserId(42));

    #[test]
    fn every_command_reads_its_arguments() {
        let gift = || "за терпение".to_owned();
        let ann = |name: &str| Who::Name(name.to_owned());
        for (line, expected) in [
            ("admin", Wish::Help),
            ("admin_user 42", Wish::User(ANN)),
            ("admin_user @Ann_B", Wish::User(ann("ann_b"))),
            ("admin_jobs", Wish::Jobs(JobFilter::Unfinished)),
            (
                "admin_jobs Failed",
                Wish::Jobs(JobFilter::In(JobState::Failed)),
            ),
            ("admin_jobs @ann", Wish::Jobs(JobFilter::Of(ann("ann")))),
            (
                "admin_audit",
                Wish::Audit {
                    about: None,
                    rows: 10,
                },
            ),
            (
                "admin_audit 25",
                Wish::Audit {
                    about: None,
                    rows: 25,
                },
            ),
            (
                "admin_audit 42",
                Wish::Audit {
                    about: Some(ANN),
                    rows: 10,
                },
            ),
            (
                "add 42 1 000,50 ₽ за терпение",
                Wish::Credit {
                    who: ANN,
                    amount: Money::from_kopecks(100_050),
                    reason: gift(),
                },
            ),
            (
                "sub 42 5 за терпение",
                Wish::Debit {
                    who: ANN,
                    amount: roubles(5),
                    shortfall: Shortfall::Refuse,
                    reason: gift(),
                },
            ),
            (
                "sub 42 5 за терпение —debt",
                Wish::Debit {
                    who: ANN,
                    amount: roubles(5),
                    shortfall: Shortfall::Owe,
                    reason: gift(),
                },
            ),
            (
                "admin_adjust 42 +7 за терпение",
                Wish::Credit {
                    who: ANN,
                    amount: roubles(7),
                    reason: gift(),
                },
            ),
            (
                "admin_adjust 42 --debt −7 за терпение",
                Wish::Debit {
                    who: ANN,
                    amount: roubles(7),
                    shortfall: Shortfall::Owe,
                    reason: gift(),
                },
            ),
            (
                "admin_refund 0a1b за терпение",
                Wish::Refund {
                    subject: "0a1b".to_owned(),
                    amount: None,
                    reason: gift(),
                },
            ),
            (
                "admin_refund 0a1b 10,5 за терпение",
                Wish::Refund {
                    subject: "0a1b".to_owned(),
                    amount: Some(Money::from_kopecks(1_050)),
                    reason: gift(),
                },
            ),
            (
                "admin_cancel_job 0a1b за терпение",
                Wish::CancelJob {
                    job: JobId::new("0a1b"),
                    reason: gift(),
                },
            ),
            ("admin_why 0a1b", Wish::Why(JobId::new("0a1b"))),
            ("admin_replay 0a1b", Wish::Replay(JobId::new("0a1b"))),
            ("admin_providers", Wish::Providers),
            (
                "admin_cordon Kling 2h за терпение",
                Wish::Cordon {
                    provider: "kling".to_owned(),
                    term: Some(Span::from_secs(7_200)),
                    reason: gift(),
                },
            ),
            (
                "admin_uncordon kling за терпение",
                Wish::Uncordon {
                    provider: "kling".to_owned(),
                    reason: gift(),
                },
            ),
            (
                "admin_caps 42 100 - за терпение",
                Wish::Caps {
                    who: ANN,
                    caps: Caps {
                        hour: Some(roubles(100)),
                        day: None,
                    },
                    reason: gift(),
                },
            ),
            (
                "ban 42 7d за терпение",
                Wish::Ban {
                    who: ANN,
                    term: Some(Span::from_secs(7 * 86_400)),
                    reason: gift(),
                },
            ),
            (
                "ban 42 12ч за терпение",
                Wish::Ban {
                    who: ANN,
                    term: Some(Span::from_secs(12 * 3_600)),
                    reason: gift(),
                },
            ),
            (
                "ban 42 за терпение",
                Wish::Ban {
                    who: ANN,
                    term: None,
                    reason: gift(),
                },
            ),
            (
                "unban 42 за терпение",
                Wish::Unban {
                    who: ANN,
                    reason: gift(),
                },
            ),
        ] {
            assert_eq!(wish(line), Ok(expected), "{line}");
        }
    }

    #[test]
    fn every_command_refuses_what_it_cannot_read() {
        let long = format!("add 42 1 {}", "x".repeat(REASON_CHARS_MAX + 1));
        for (line, fault) in [
            ("admin_user", Fault::NoUser),
            ("admin_user ann", Fault::NotAUser),
            ("admin_user 0", Fault::NotAUser),
            ("admin_user -5", Fault::NotAUser),
            ("admin_user @", Fault::NotAUser),
            ("admin_user 42 43", Fault::TooMuch),
            ("admin_user 99999999999999999999", Fault::NotAUser),
            ("admin_jobs lost", Fault::NotAFilter),
            ("admin_jobs failed queued", Fault::TooMuch),
            ("admin_audit all", Fault::NotAFilter),
            ("add", Fault::NoUser),
            ("add 42", Fault::Sum(SumFault::Missing)),
            ("add 42 ten why", Fault::Sum(SumFault::Unreadable)),
            ("add 42 0 why", Fault::Sum(SumFault::Zero)),
            ("add 42 -5 why", Fault::Sum(SumFault::Unreadable)),
            ("add 42 1 000 why", Fault::Sum(SumFault::Ambiguous)),
            ("add 42 5", Fault::NoReason),
            (&long, Fault::ReasonTooLong),
            ("sub 42 5 --debt", Fault::NoReason),
            ("sub 42 0,001 why", Fault::Sum(SumFault::TooFine)),
            ("admin_adjust 42 5 why", Fault::NoSign),
            ("admin_adjust 42", Fault::Sum(SumFault::Missing)),
            ("admin_adjust 42 +- why", Fault::Sum(SumFault::Unreadable)),
            ("admin_adjust 42 +5 --debt why", Fault::TooMuch),
            ("admin_refund", Fault::NoSubject),
            ("admin_refund ../etc why", Fault::NotAnId),
            ("admin_refund 0a1b", Fault::NoReason),
            ("admin_refund 0a1b 5", Fault::NoReason),
            ("admin_refund 0a1b 5.555 why", Fault::Sum(SumFault::TooFine)),
            ("admin_cancel_job", Fault::NoSubject),
            ("admin_cancel_job 0a1b", Fault::NoReason),
            ("admin_caps 42 5", Fault::NotACap),
            ("admin_caps 42 x 5 why", Fault::NotACap),
            ("admin_caps 42 5 5", Fault::NoReason),
            ("ban 42", Fault::NoReason),
            ("ban 42 7d", Fault::NoReason),
            ("ban 42 0d why", Fault::TermTooLong),
            ("ban 42 9999999999999999999d why", Fault::TermTooLong),
            ("unban 42", Fault::NoReason),
            ("admin_why", Fault::NoSubject),
            ("admin_why 0a1b please", Fault::TooMuch),
            ("admin_why ../etc", Fault::NotAnId),
            ("admin_providers all", Fault::TooMuch),
            ("admin_cordon", Fault::NoProvider),
            ("admin_cordon клинг why", Fault::NoProvider),
            ("admin_cordon kling", Fault::NoReason),
            ("admin_cordon kling 2h", Fault::NoReason),
            ("admin_uncordon kling", Fault::NoReason),
        ] {
            assert_eq!(wish(line), Err(fault), "{line}");
        }
    }

    #[test]
    fn commands_read_back_by_name() {
        for command in AdminCommand::ALL {
            assert_eq!(AdminCommand::parse(command.name()), Some(command));
        }
        assert_eq!(AdminCommand::parse("administer"), None);
    }
}
