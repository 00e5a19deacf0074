//! The statement and the usage sessions: a page in the chat, and a month as a table.

use rei_actors::ports::view::{Rendered, TextFile};
use rei_domain::billing::Ending;
use rei_domain::conversation::{Language, Tap};
use rei_domain::ids::Nonce;
use rei_domain::ledger::caps::DAY_OFFSET;
use rei_domain::money::Money;
use rei_domain::receipt::Day;
use rei_domain::spec::Kind;
use rei_domain::statement::{
    Line, LineKind, Month, Page, Place, Proving, Session, SessionPage, Standing, Subject, Totals,
    Unit,
};
use rei_domain::time::Moment;
use rei_domain::usage::UsageEnd;

use super::html::shorten;
use super::replies;
use super::words::{Args, Words, moscow_time};

/// How much of a request's words a line shows.
const WORDS_UNITS_MAX: usize = 40;

/// How much of an admin's reason a line shows.
const REASON_UNITS_MAX: usize = 120;

/// What makes a spreadsheet take a UTF-8 file for one.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// A page of movements, each with the balance after it.
pub(super) fn history(
    words: Words<'_>,
    page: &Page,
    standing: &Standing,
    token: &Nonce,
) -> Rendered {
    let mut parts = vec![words.say("history-title")];
    let available = Args::new().text("available", &words.money(standing.balance.available));
    parts.push(words.tell("balance-available", available));
    if standing.balance.held > Money::ZERO {
        let held = Args::new().text("held", &words.money(standing.balance.held));
        parts.push(words.tell("history-held", held));
    }
    if standing.owed > Money::ZERO {
        let owed = Args::new().text("owed", &words.money(standing.owed));
        parts.push(words.tell("history-owed", owed));
    }
    parts.push(String::new());
    let (Some(newest), Some(oldest)) = (page.lines.first(), page.lines.last()) else {
        parts.push(words.say("history-empty"));
        return replies::plain(parts.join("\n"));
    };
    for line in &page.lines {
        parts.push(history_line(words, line));
    }
    parts.push(String::new());
    parts.push(words.say("history-note"));
    let turn = |key, place| {
        let token = token.clone();
        words.button(key, &Tap::History { token, place })
    };
    let mut turns = Vec::new();
    if page.has_newer {
        turns.push(turn("button-newer", Place::After(newest.seq)));
    }
    if page.has_older {
        turns.push(turn("button-older", Place::Before(oldest.seq)));
    }
    let receipt = Tap::Receipt(Proving::Rows {
        from: oldest.seq,
        to: newest.seq,
    });
    let mut keyboard = vec![turns, vec![words.button("button-receipt", &receipt)]];
    keyboard.retain(|row| !row.is_empty());
    Rendered {
        html: parts.join("\n"),
        keyboard,
    }
}

fn history_line(words: Words<'_>, line: &Line) -> String {
    let args = Args::new()
        .text("time", &date_time(words.language, line.at))
        .text("sum", &sum(words, line))
        .text("what", &what(words, line))
        .text("balance", &words.money(line.balance));
    words.tell("history-line", args)
}

/// The sum with its sign; without one where the balance stays as it is.
fn sum(words: Words<'_>, line: &Line) -> String {
    let effect = line.effect();
    let amount = words.money(line.amount);
    if effect > Money::ZERO {
        format!("+{amount}")
    } else if effect < Money::ZERO {
        format!("−{amount}")
    } else {
        amount
    }
}

/// What happened, with the request's words or the admin's reason.
fn what(words: Words<'_>, line: &Line) -> String {
    let key = match (line.kind, line.subject()) {
        (LineKind::Bonus, _) => "line-bonus",
        (LineKind::Payment, _) => "line-payment",
        (LineKind::AdminCredit, _) => "line-admin-credit",
        (LineKind::AdminDebit, _) => "line-admin-debit",
        (LineKind::Debt, _) => "line-debt",
        (LineKind::DebtPayment, _) => "line-debt-payment",
        (LineKind::Reversal, _) => "line-reversal",
        (LineKind::SetAside, Subject::Usage) => "line-set-aside-usage",
        (LineKind::SetAside, Subject::Job) => "line-set-aside-job",
        (LineKind::SetAside, Subject::Other) => "line-set-aside",
        (LineKind::Returned, _) => "line-returned",
        (LineKind::Charged, Subject::Usage) => "line-charged-usage",
        (LineKind::Charged, Subject::Job) => "line-charged-job",
        (LineKind::Charged, Subject::Other) => "line-charged",
        (LineKind::Refund, _) => "line-refund",
        (LineKind::JobRefund, _) => "line-job-refund",
    };
    let made = Args::new().text("kind", line.made.unwrap_or(Kind::Image).as_str());
    let mut what = words.tell(key, made);
    if let Some(request) = &line.words {
        let request = request.split_whitespace().collect::<Vec<_>>().join(" ");
        what = format!("{what}: «{}»", shorten(&request, WORDS_UNITS_MAX));
    }
    if let Some(reason) = &line.reason {
        what = format!("{what}: {}", shorten(reason, REASON_UNITS_MAX));
    }
    what
}

/// A page of usage sessions under the totals of today and of this month.
pub(super) fn sessions(words: Words<'_>, page: &SessionPage, token: &Nonce) -> Rendered {
    let mut parts = vec![words.say("usage-title")];
    parts.push(totals(words, "usage-today", page.today));
    parts.push(totals(words, "usage-month", page.month));
    parts.push(String::new());
    for session in &page.sessions {
        parts.push(session_line(words, session));
    }
    if page.sessions.is_empty() {
        parts.push(words.say("usage-empty"));
    }
    let mut turns = Vec::new();
    let tap = |before| Tap::Sessions {
        token: token.clone(),
        before,
    };
    if let Some(last) = page.sessions.last().filter(|_| page.has_older) {
        turns.push(words.button("button-newest", &tap(None)));
        turns.push(words.button("button-older", &tap(Some(last.id.clone()))));
    } else if !page.sessions.is_empty() {
        turns.push(words.button("button-newest", &tap(None)));
    }
    Rendered {
        html: parts.join("\n"),
        keyboard: if turns.is_empty() {
            Vec::new()
        } else {
            vec![turns]
        },
    }
}

fn totals(words: Words<'_>, key: &str, totals: Totals) -> String {
    let args = Args::new()
        .number("sessions", totals.sessions)
        .text("seconds", &clock(totals.seconds))
        .text("sum", &words.money(totals.charged));
    words.tell(key, args)
}

fn session_line(words: Words<'_>, session: &Session) -> String {
    let args = Args::new()
        .text("time", &date_time(words.language, session.started_at))
        .text("seconds", &clock(session.seconds))
        .text("rate", &words.money(session.rate))
        .text("sum", &words.money(session.charged))
        .text("end", &words.say(end_key(session)));
    let key = match session.unit {
        Unit::Image => "usage-image",
        Unit::OutputSecond => "usage-output",
        Unit::RunningSecond => "usage-running",
    };
    words.tell(key, args)
}

/// Seconds as `1:05` or `2:00:07`.
fn clock(seconds: u64) -> String {
    let (minutes, rest) = (seconds / 60, seconds % 60);
    if minutes < 60 {
        return format!("{minutes}:{rest:02}");
    }
    format!("{}:{:02}:{rest:02}", minutes / 60, minutes % 60)
}

fn end_key(session: &Session) -> &'static str {
    let Some(end) = &session.end else {
        return "usage-end-runs";
    };
    match session.unit {
        Unit::Image | Unit::OutputSecond => match Ending::parse(end) {
            Some(Ending::Delivered) => "usage-end-delivered",
            Some(Ending::ModerationRefused) => "usage-end-moderation",
            Some(Ending::CancelledBeforeSubmit) => "usage-end-cancelled",
            Some(
                Ending::ProviderFailed
                | Ending::TimedOut
                | Ending::InputUnavailable
                | Ending::InputsTooLarge
                | Ending::OurFault,
            )
            | None => "usage-end-failed",
        },
        Unit::RunningSecond => match UsageEnd::parse(end) {
            Some(UsageEnd::Stopped) => "usage-end-stopped",
            Some(UsageEnd::Balance) => "usage-end-balance",
            Some(UsageEnd::Cap) => "usage-end-cap",
            Some(UsageEnd::Banned) => "usage-end-banned",
            Some(UsageEnd::Unattended) | None => "usage-end-unattended",
        },
    }
}

/// Day and minute in Moscow, as each language writes it.
fn date_time(language: Language, at: Moment) -> String {
    let (year, month, day) = Day::of(at + DAY_OFFSET).date();
    let time = moscow_time(at);
    match language {
        Language::Russian => format!("{day:02}.{month:02}.{year:04} {time}"),
        Language::English => format!("{year:04}-{month:02}-{day:02} {time}"),
    }
}

/// That nothing moved in a month.
pub(super) fn empty_month(words: Words<'_>, month: Month) -> Rendered {
    let args = Args::new().text("month", &month.render());
    replies::plain(words.tell("statement-empty", args))
}

/// What to do with a receipt.
pub(super) fn receipt_how(words: Words<'_>, page: Option<&str>) -> Rendered {
    let mut parts = vec![words.say("receipt-how")];
    if let Some(page) = page {
        parts.push(words.tell("receipt-page", Args::new().text("page", page)));
    }
    replies::plain(parts.join("\n"))
}

/// A month as a table: RFC 4180, with the mark by which Excel knows UTF-8.
pub(super) fn table(words: Words<'_>, month: Month, part: u32, lines: &[Line]) -> TextFile {
    let columns = [
        "table-number",
        "table-time",
        "table-kind",
        "table-what",
        "table-amount",
        "table-change",
        "table-balance",
        "table-reference",
    ];
    let mut text = String::from(BYTE_ORDER_MARK);
    push_record(&mut text, columns.map(|key| cell(&words.say(key))));
    for line in lines {
        let (year, month, day) = Day::of(line.at + DAY_OFFSET).date();
        let time = moscow_time(line.at);
        push_record(
            &mut text,
            [
                line.seq.to_string(),
                format!("{year:04}-{month:02}-{day:02} {time}"),
                cell(line.kind.as_str()),
                cell(&what(words, line)),
                line.amount.to_string(),
                line.effect().to_string(),
                line.balance.to_string(),
                cell(&line.reference),
            ],
        );
    }
    let part = match part {
        1 => String::new(),
        part => format!("-{part}"),
    };
    TextFile {
        name: format!("rei-{}{part}.csv", month.render()),
        text,
    }
}

fn push_record(text: &mut String, cells: [String; 8]) {
    text.push_str(&cells.join(","));
    text.push_str("\r\n");
}

/// A cell of words: quoted where it must be, and never taken for a formula. Numbers of ours do
/// not come this way, so a sum below zero stays a number.
fn cell(words: &str) -> String {
    let is_formula = words.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '|', '%']);
    let words = match is_formula {
        true => format!("'{words}"),
        false => words.to_owned(),
    };
    if words.contains(['"', ',', '\r', '\n', ';']) {
        format!("\"{}\"", words.replace('"', "\"\""))
    } else {
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telegram::catalogue::Catalogue;
    use proptest::prelude::*;

    fn line(words: &str) -> Line {
        Line {
            seq: 12,
            at: Moment(1_800_014_400_000_000),
            kind: LineKind::Charged,
            amount: Money::from_kopecks(2_550),
            balance: Money::from_kopecks(97_450),
            reference: "job:1".to_owned(),
            made: None,
            words: Some(words.to_owned()),
            reason: None,
        }
    }

    fn table_of(words: &str) -> TextFile {
        let catalogue = Catalogue::embedded();
        let speaking = Words {
            catalogue: &catalogue,
            language: Language::Russian,
        };
        let month = Month::parse("2027-01").unwrap();
        table(speaking, month, 1, &[line(words)])
    }

    /// Reads a table as RFC 4180 says.
    fn records(text: &str) -> Vec<Vec<String>> {
        let (mut records, mut record, mut cell) = (Vec::new(), Vec::new(), String::new());
        let (mut rest, mut quoted) = (text.chars().peekable(), false);
        while let Some(next) = rest.next() {
            match next {
                '"' if quoted && rest.peek() == Some(&'"') => {
                    rest.next();
                    cell.push('"');
                }
                '"' => quoted = !quoted,
                ',' if !quoted => record.push(std::mem::take(&mut cell)),
                '\r' if !quoted => {
                    assert_eq!(rest.next(), Some('\n'), "a line ends with CRLF");
                    record.push(std::mem::take(&mut cell));
                    records.push(std::mem::take(&mut record));
                }
                other => cell.push(other),
            }
        }
        assert!(record.is_empty() && cell.is_empty() && !quoted);
        records
    }

    #[test]
    fn a_table_opens_in_a_spreadsheet() {
        let file = table_of("кот");
        assert_eq!(file.name, "rei-2027-01.csv");
        let text = file.text.strip_prefix(BYTE_ORDER_MARK).unwrap();
        let records = records(text);
        assert_eq!(records.len(), 2);
        let sums: Vec<&str> = records[1][4..7].iter().map(String::as_str).collect();
        assert_eq!(sums, ["25.50", "-25.50", "974.50"]);
        assert_eq!(records[1][1], "2027-01-15 15:00");
    }

    #[test]
    fn words_are_never_a_formula() {
        for words in ["=1+1", "+7", "-2", "@SUM(A1)", "\tx", "|calc"] {
            let guarded = cell(words);
            let unquoted = guarded.trim_start_matches('"');
            assert!(unquoted.starts_with('\''), "{guarded:?}");
        }
        assert_eq!(cell("a, \"b\""), "\"a, \"\"b\"\"\"");
    }

    proptest! {
        #[test]
        fn any_words_stay_in_their_cell(words in "\\PC{0,60}|[\"',;=\r\n]{0,9}") {
            let file = table_of(&words);
            let records = records(file.text.strip_prefix(BYTE_ORDER_MARK).unwrap());
            prop_assert_eq!(records.len(), 2);
            prop_assert!(records.iter().all(|record| record.len() == 8));
        }
    }
}
