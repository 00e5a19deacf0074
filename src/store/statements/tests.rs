use rei_actors::ports::checkpoints::CheckpointStore;
use rei_actors::ports::ledger::{LedgerCommand, LedgerStore, Rider, shard_of};
use rei_domain::ids::{HoldId, IdempotencyKey, TopupId};
use rei_domain::job::JobState;
use rei_domain::ledger::{HoldPurpose, Movement, Operation, Posting};
use rei_domain::statement::{PAGE_LINES, Subject};
use rei_domain::time::Span;
use std::time::Instant;

use super::*;
use crate::store::fixtures::for_both;
use crate::store::fixtures::shop::{Shop, grant};
use crate::store::{CheckpointRows, LedgerRows};

const ANN: UserId = UserId(7);
/// In Ann's shard, whatever their number.
const BOB: UserId = UserId(9);

fn money(kopecks: i64) -> Money {
    Money::from_kopecks(kopecks)
}

fn command(user: UserId, key: &str, movement: Movement) -> LedgerCommand {
    LedgerCommand {
        posting: Posting {
            user,
            operations: vec![Operation {
                key: IdempotencyKey::new(key),
                movement,
                reference: format!("test:{key}"),
            }],
        },
        rider: Rider::None,
        outbox: Vec::new(),
        audit: None,
    }
}

/// All lines of a user, newest first, page by page.
async fn all_lines(statements: &StatementRows, user: UserId) -> Vec<Line> {
    let (mut lines, mut place) = (Vec::new(), Place::Newest);
    loop {
        let page = statements.page(user, place, PAGE_LINES).await.unwrap();
        lines.extend(page.lines);
        match lines.last() {
            Some(last) if page.has_older => place = Place::Before(last.seq),
            Some(_) | None => return lines,
        }
    }
}

#[test]
fn every_line_is_the_older_balance_and_its_sum() {
    for_both(async |db| {
        let shop = Shop::new(db.clone());
        shop.grant(ANN, 100_000).await;
        shop.grant(BOB, 5_000).await;
        for state in JobState::ALL {
            shop.order_in(ANN, state.as_str(), 100, state).await;
            shop.order_in(BOB, &format!("bob-{}", state.as_str()), 100, state)
                .await;
        }
        let topup = TopupId::new("t1");
        let credit = Movement::CreditPayment {
            topup: topup.clone(),
            amount: money(1_000),
        };
        shop.post_new(&command(ANN, "topup:t1", credit)).await;
        let amount = money(300);
        shop.post_new(&command(ANN, "act:1", Movement::AdminCredit { amount }))
            .await;
        shop.post_new(&command(ANN, "act:2", Movement::AdminDebit { amount }))
            .await;
        let back = Movement::ReversePayment {
            topup,
            amount: money(1_000),
        };
        shop.post_new(&command(ANN, "reverse:m:1", back)).await;
        let boost = shop.boost(ANN, "boost").await;
        shop.end_boost(boost, 4).await;

        let statements = StatementRows::new(db.clone());
        let lines = all_lines(&statements, ANN).await;
        let standing = statements.standing(ANN).await.unwrap();
        let total = standing.balance.available.kopecks() + standing.balance.held.kopecks();
        assert_eq!(lines[0].balance, money(total));
        assert_eq!(standing.owed, Money::ZERO);
        for pair in lines.windows(2) {
            let expected = pair[1].balance.kopecks() + pair[0].effect().kopecks();
            assert_eq!(pair[0].balance, money(expected), "{:?}", pair[0]);
            assert!(pair[0].seq > pair[1].seq);
        }
        let first = lines.last().unwrap();
        assert_eq!(
            (first.kind, first.balance),
            (LineKind::Bonus, money(100_000))
        );
        // One line for each job, whatever became of it, and none of Bob's.
        for state in JobState::ALL {
            let reference = format!("job:{}", state.as_str());
            let of_job = lines.iter().filter(|line| line.reference == reference);
            let kinds: Vec<LineKind> = of_job.clone().map(|line| line.kind).collect();
            let expected = match state {
                JobState::Settled | JobState::Delivered => LineKind::Charged,
                JobState::Failed | JobState::Cancelled => LineKind::Returned,
                JobState::Queued
                | JobState::Leased
                | JobState::Submitting
                | JobState::Running
                | JobState::Rendered
                | JobState::Unknown => LineKind::SetAside,
            };
            assert_eq!(kinds, [expected], "{state:?}");
            assert!(
                of_job
                    .clone()
                    .all(|line| line.words.as_deref() == Some("a cat"))
            );
        }
        let has = |kind| lines.iter().any(|line| line.kind == kind);
        assert!(has(LineKind::Reversal) && has(LineKind::DebtPayment));
        assert!(has(LineKind::AdminCredit) && has(LineKind::AdminDebit));
        let boosts = lines.iter().filter(|line| line.subject() == Subject::Usage);
        assert_eq!(boosts.count(), 1);
        // The way back shows the same pages.
        let newest: Vec<i64> = lines.iter().take(8).map(|line| line.seq).collect();
        let page = statements.page(ANN, Place::After(lines[8].seq), PAGE_LINES);
        let back: Vec<i64> = page.await.unwrap().lines.iter().map(|l| l.seq).collect();
        assert_eq!(back, newest);
    });
}

#[test]
fn a_closed_day_changes_no_balance() {
    for_both(async |db| {
        let shop = Shop::new(db.clone());
        shop.grant(ANN, 10_000).await;
        let checkpoints = CheckpointRows::new(db.clone());
        for day in 0..4 {
            shop.order_in(ANN, &format!("job-{day}"), 100, JobState::Delivered)
                .await;
            shop.order_in(ANN, &format!("open-{day}"), 10, JobState::Queued)
                .await;
            shop.wait(Span::from_secs(86_400));
        }
        let statements = StatementRows::new(db.clone());
        let before = all_lines(&statements, ANN).await;
        checkpoints.close_days(shop.now()).await.unwrap();
        assert_eq!(all_lines(&statements, ANN).await, before);
    });
}

#[test]
fn a_month_is_its_lines_oldest_first() {
    for_both(async |db| {
        let shop = Shop::new(db.clone());
        shop.grant(ANN, 10_000).await;
        shop.wait(Span::from_secs(40 * 86_400));
        for number in 0..5 {
            shop.order_in(ANN, &format!("job-{number}"), 100, JobState::Delivered)
                .await;
        }
        let statements = StatementRows::new(db.clone());
        let month = Month::parse("1970-02").unwrap();
        let first = statements.month(ANN, month, None, 3).await.unwrap();
        let after = first.last().map(|line| line.seq);
        let rest = statements.month(ANN, month, after, 3).await.unwrap();
        let balances: Vec<i64> = first
            .iter()
            .chain(&rest)
            .map(|line| line.balance.kopecks())
            .collect();
        assert_eq!(balances, [9_900, 9_800, 9_700, 9_600, 9_500]);
        let empty = Month::parse("1970-03").unwrap();
        assert!(
            statements
                .month(ANN, empty, None, 3)
                .await
                .unwrap()
                .is_empty()
        );
        assert!(
            statements
                .month(BOB, month, None, 3)
                .await
                .unwrap()
                .is_empty()
        );
    });
}

#[test]
fn sessions_are_the_users_own_with_their_totals() {
    for_both(async |db| {
        let shop = Shop::new(db.clone());
        shop.grant(ANN, 10_000).await;
        shop.grant(BOB, 10_000).await;
        for number in 0..11 {
            shop.order_in(ANN, &format!("job-{number}"), 100, JobState::Delivered)
                .await;
        }
        let boost = shop.boost(ANN, "boost").await;
        shop.end_boost(boost, 4).await;
        let statements = StatementRows::new(db.clone());
        let now = shop.now();
        let page = statements
            .sessions(ANN, None, PAGE_LINES, now)
            .await
            .unwrap();
        assert_eq!(page.sessions.len(), 8);
        assert_eq!(page.sessions[0].seconds, 4);
        assert_eq!((page.today.sessions, page.today.seconds), (12, 4));
        assert_eq!(page.month.charged, money(11 * 100 + 4));
        let last = page.sessions[7].id.clone();
        let older = statements.sessions(ANN, Some(&last), PAGE_LINES, now);
        let older = older.await.unwrap();
        assert_eq!((older.sessions.len(), older.has_older), (4, false));
        // Bob with Ann's button.
        let stolen = statements.sessions(BOB, Some(&last), PAGE_LINES, now);
        assert!(stolen.await.unwrap().sessions.is_empty());
    });
}

/// 10^5 rows of one user: a page in the middle costs what one at either end does.
#[test]
fn a_page_costs_the_same_however_long_the_history_is() {
    for_both(async |db| {
        let ledger = LedgerRows::new(db.clone());
        let shard = shard_of(ANN, ledger.shards().await.unwrap());
        let days = 100;
        let mut first = vec![grant(ANN, "bonus", 1_000_000)];
        for day in 0..days {
            let at = Moment(day * 86_400_000_000 + 1);
            let mut commands = std::mem::take(&mut first);
            for number in 0..500 {
                let id = format!("{day}-{number}");
                let hold = HoldId::new(id.as_str());
                let place = Movement::PlaceHold {
                    hold: hold.clone(),
                    amount: money(1),
                    expires_at: at,
                    purpose: HoldPurpose::Job,
                    platform_cost: Money::ZERO,
                };
                commands.push(command(ANN, &format!("hold:{id}"), place));
                let settle = Movement::CaptureHold { hold };
                commands.push(command(ANN, &format!("settle:{id}"), settle));
            }
            ledger.apply(shard, &commands, at).await.unwrap();
        }
        let now = Moment(days * 86_400_000_000);
        CheckpointRows::new(db.clone())
            .close_days(now)
            .await
            .unwrap();
        let analyzed: Result<(), StoreError> = db
            .write(async |conn: &mut Conn| conn.batch("ANALYZE").await)
            .await;
        analyzed.unwrap();
        let statements = StatementRows::new(db.clone());
        let mut fastest = Vec::new();
        for place in [
            Place::Newest,
            Place::Before(50_000),
            Place::Before(1_000),
            Place::After(50_000),
        ] {
            let mut best = f64::MAX;
            for _ in 0..5 {
                let begun = Instant::now();
                let page = statements.page(ANN, place, PAGE_LINES).await.unwrap();
                best = best.min(begun.elapsed().as_secs_f64());
                assert_eq!(page.lines.len(), 8);
                let oldest = &page.lines[7];
                let captures = (oldest.seq - 1) / 2;
                assert_eq!(oldest.balance, money(1_000_000 - captures));
            }
            fastest.push(best);
        }
        // A scan of the history would be hundreds of times what an index costs; a machine that
        // is busy with other tests makes some difference too.
        let most = fastest.iter().copied().fold(0.0, f64::max);
        let least = fastest.iter().copied().fold(f64::MAX, f64::min);
        assert!(most < least * 10.0 && most < 0.1, "{fastest:?}");
    });
}
