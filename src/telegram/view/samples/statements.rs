//! Statements: every kind of line and of session, first and last pages, nothing at all.

use rei_domain::billing::Ending;
use rei_domain::conversation::Reply;
use rei_domain::ids::{Nonce, UsageId};
use rei_domain::money::Money;
use rei_domain::spec::Kind;
use rei_domain::statement::{
    Line, LineKind, Month, Page, Session, SessionPage, Standing, Totals, Unit,
};
use rei_domain::usage::UsageEnd;

use super::{CREATED, ID, balance, roubles};

pub(super) fn replies() -> Vec<(String, Reply)> {
    let token = Nonce::new("0123456789abcdef");
    let history = |lines: Vec<Line>, has_newer, has_older, owed| Reply::History {
        page: Page {
            lines,
            has_newer,
            has_older,
        },
        standing: Standing {
            balance: balance(),
            owed,
        },
        token: token.clone(),
    };
    let lines = lines();
    let (newer, older) = lines.split_at(7);
    let sessions = |sessions: Vec<Session>, has_older| Reply::Sessions {
        page: SessionPage {
            sessions,
            has_older,
            today: Totals {
                sessions: 1,
                seconds: 65,
                charged: Money::from_kopecks(650),
            },
            month: Totals {
                sessions: 12,
                seconds: 7_207,
                charged: roubles(1_234),
            },
        },
        token: token.clone(),
    };
    let month = Month::of(CREATED);
    let page = Some("https://bot.example/verify".to_owned());
    let replies = [
        ("history", history(newer.to_vec(), false, true, Money::ZERO)),
        (
            "history, older",
            history(older.to_vec(), true, false, roubles(100)),
        ),
        (
            "history, empty",
            history(Vec::new(), false, false, Money::ZERO),
        ),
        ("usage", sessions(all_sessions(), true)),
        ("usage, empty", sessions(Vec::new(), false)),
        ("statement, how", Reply::StatementHow),
        ("statement, empty", Reply::StatementEmpty { month }),
        ("receipt, nothing", Reply::ReceiptNothing),
        ("receipt", Reply::ReceiptHow { page }),
        ("receipt without a page", Reply::ReceiptHow { page: None }),
    ];
    let replies = replies.into_iter();
    replies
        .map(|(title, reply)| (title.to_owned(), reply))
        .collect()
}

/// A line of each kind, and of each thing that can be charged.
fn lines() -> Vec<Line> {
    let mut lines = Vec::new();
    for kind in LineKind::ALL {
        lines.push(line(kind, "topup:1"));
    }
    lines.push(line(LineKind::SetAside, "job:1"));
    lines.push(line(LineKind::SetAside, "usage:1"));
    let mut picture = line(LineKind::Charged, "job:1");
    picture.words = Some("рыжий кот & <пёс>\nв скафандре на Луне, вид сверху".to_owned());
    lines.push(picture);
    for kind in [LineKind::SetAside, LineKind::Charged] {
        let mut video = line(kind, "job:1");
        video.made = Some(Kind::Video);
        lines.push(video);
    }
    lines.push(line(LineKind::Charged, "usage:1"));
    let mut corrected = line(LineKind::AdminCredit, "act:1");
    corrected.reason = Some("за сбой 5 ноября".to_owned());
    lines.push(corrected);
    lines
}

fn line(kind: LineKind, reference: &str) -> Line {
    Line {
        seq: 12,
        at: CREATED,
        kind,
        amount: Money::from_kopecks(2_550),
        balance: Money::from_kopecks(125_950),
        reference: reference.to_owned(),
        made: None,
        words: None,
        reason: None,
    }
}

fn all_sessions() -> Vec<Session> {
    let session = |unit, end: Option<&str>| Session {
        id: UsageId::new(ID),
        unit,
        rate: roubles(25),
        seconds: 65,
        charged: roubles(25),
        started_at: CREATED,
        end: end.map(str::to_owned),
    };
    let mut sessions = vec![session(Unit::Image, None)];
    for ending in Ending::ALL {
        sessions.push(session(Unit::Image, Some(ending.as_str())));
    }
    sessions.push(session(Unit::OutputSecond, Some("delivered")));
    for end in UsageEnd::ALL {
        sessions.push(session(Unit::RunningSecond, Some(end.as_str())));
    }
    sessions
}
