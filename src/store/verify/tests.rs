//! The auditor is believed because each of its sentences is broken here once, by hand.

mod payments;

use rei_actors::ports::StoreError;
use rei_actors::ports::checkpoints::CheckpointStore;
use rei_actors::ports::inbox::{InboxStore, RawUpdate};
use rei_actors::ports::notices::{Notice, NoticeEnd, NoticeSource, NoticeStore};
use rei_domain::billing::Ending;
use rei_domain::ids::{ChatId, UserId};
use rei_domain::job::JobState;
use rei_domain::time::Span;

use super::*;
use crate::store::fixtures::for_both;
use crate::store::fixtures::shop::{Shop, cancel, finish, retry_lost};
use crate::store::{CheckpointRows, Engine, InboxRows, NoticeRows};

const USER: UserId = UserId(7);

/// A shop with a job in each state, named by its state, and one job that had a lost attempt.
async fn shop(db: Db) -> Shop {
    let shop = Shop::new(db);
    shop.grant(USER, 100_000).await;
    shop.grant(UserId(8), 1_000).await;
    for state in JobState::ALL {
        shop.order_in(USER, state.as_str(), 100, state).await;
    }
    shop.order(USER, "retried", 250).await;
    let lost = shop.begin("retried").await;
    shop.post_new(&retry_lost(&lost, shop.now())).await;
    shop.settle("retried").await;
    shop.boost(USER, "boost").await;
    let boosted = shop.boost(UserId(8), "boosted").await;
    shop.end_boost(boosted, 4).await;
    shop.order_in(UserId(8), "other", 500, JobState::Delivered)
        .await;
    let checkpoints = CheckpointRows::new(shop.db.clone());
    for user in [USER, UserId(8)] {
        checkpoints.close_shard_of(user, shop.now()).await.unwrap();
    }
    shop
}

/// What an audit finds after `tampering`, which is taken back.
async fn tampered(shop: &Shop, tampering: String) -> Vec<Finding> {
    let now = shop.now();
    let undone = shop
        .db
        .tx(async move |conn: &mut Conn| {
            conn.batch(&tampering).await?;
            let report = examine(conn, now).await?;
            Err::<(), Undone>(Undone::Report(report))
        })
        .await;
    match undone {
        Err(Undone::Report(report)) => report.findings,
        Err(Undone::Store(error)) => panic!("{error}"),
        Ok(()) => unreachable!("the transaction never ends well"),
    }
}

enum Undone {
    Report(Report),
    Store(StoreError),
}

impl From<StoreError> for Undone {
    fn from(error: StoreError) -> Self {
        Undone::Store(error)
    }
}

#[test]
fn an_empty_database_is_sound() {
    for_both(async |db| {
        let report = audit(&db, Moment(1)).await.unwrap();
        assert_eq!(report.findings, []);
        assert_eq!(report.checked, Checked::default());
        assert!(report.heads.iter().all(|head| head.seq == 0));
    });
}

#[test]
fn jobs_in_every_state_are_sound_and_counted() {
    for_both(async |db| {
        let shop = shop(db).await;
        let report = audit(&shop.db, shop.now()).await.unwrap();
        assert_eq!(report.findings, [], "{report}");
        assert_eq!((report.checked.jobs, report.checked.holds), (12, 14));
        let transfers: i64 = report.heads.iter().map(|head| head.seq).sum();
        assert_eq!(report.checked.transfers, transfers);
        assert!(report.to_string().ends_with("every invariant holds\n"));
    });
}

#[test]
fn a_failed_job_may_have_ended_in_any_way_but_well() {
    for_both(async |db| {
        let shop = shop(db).await;
        for ending in Ending::ALL {
            let word = ending.as_str();
            let tampering = format!("UPDATE jobs SET ending = '{word}' WHERE id = 'failed'");
            let mut found = tampered(&shop, tampering).await;
            found.retain(|finding| finding.sentence == "a job has an ending exactly when it is finished, and one that fits its state");
            let well = matches!(ending, Ending::Delivered | Ending::CancelledBeforeSubmit);
            assert_eq!(!found.is_empty(), well, "{word}: {found:?}");
        }
    });
}

/// The invariant that must be named, its sentence, and a hand that breaks it.
const TAMPERINGS: &[(&str, &str, &str)] = &[
    (
        "I34",
        "a checkpoint stands for the rows of its run",
        "UPDATE ledger SET hash = replace(hash, substr(hash, 1, 1), 'x')
         WHERE idempotency_key = 'bonus:7'",
    ),
    (
        "I34",
        "a checkpoint's hash follows from it, and it from the one before it",
        "INSERT INTO checkpoints (shard, number, day, first_seq, last_seq, root, head, previous,
                                  hash, made_at)
         SELECT shard, number + 1, day, last_seq + 1, last_seq + 1, root, head, root, hash, 1
         FROM checkpoints WHERE shard = 0 ORDER BY number DESC LIMIT 1",
    ),
    (
        "I34",
        "a closing balance is what the user's rows since the one before add up to",
        "INSERT INTO closing_balances (user_id, seq, balance) VALUES (9, 1, 5)",
    ),
    (
        "I1",
        "a transfer moves an amount above zero between the two accounts of its kind",
        "UPDATE ledger SET kind = 'loss' WHERE idempotency_key = 'settle:delivered'",
    ),
    (
        "I1",
        "a transfer moves an amount above zero between the two accounts of its kind",
        "UPDATE ledger SET credit = 'user:9:available' WHERE idempotency_key = 'hold:queued'",
    ),
    (
        "I1",
        "a transfer moves an amount above zero between the two accounts of its kind",
        "UPDATE ledger SET credit = 'nobody' WHERE idempotency_key = 'settle:delivered'",
    ),
    (
        "I1",
        "all balances together are zero",
        "UPDATE user_balance_cache SET balance = balance + 1 WHERE account LIKE '%:revenue:%'",
    ),
    (
        "I2",
        "the cache shows for each account what its transfers add up to",
        "UPDATE user_balance_cache SET balance = balance + 1 WHERE account = 'user:7:available'",
    ),
    (
        "I2",
        "the cache shows for each account what its transfers add up to",
        "DELETE FROM user_balance_cache WHERE account = 'user:7:available'",
    ),
    (
        "I2",
        "the cache shows for each account what its transfers add up to",
        "INSERT INTO user_balance_cache (account, user_id, balance, updated_at)
         VALUES ('user:9:available', 9, 5, 1)",
    ),
    (
        "I2",
        "an account in the cache belongs to the user whom its name says",
        "UPDATE user_balance_cache SET user_id = NULL WHERE account = 'user:7:available'",
    ),
    (
        "I2",
        "an account in the cache belongs to the user whom its name says",
        "UPDATE user_balance_cache SET user_id = 8 WHERE account = 'user:7:held'",
    ),
    (
        "I2",
        "what a user has held is the sum of the user's open holds",
        "UPDATE holds SET amount = amount + 1 WHERE id = 'queued'",
    ),
    (
        "I4",
        "a chain has no gap",
        "DELETE FROM ledger WHERE idempotency_key = 'settle:failed'",
    ),
    (
        "I4",
        "a row's hash follows from the row and the hash before it",
        "UPDATE ledger SET amount = amount - 1 WHERE idempotency_key = 'bonus:7'",
    ),
    (
        "I4",
        "a row's hash follows from the row and the hash before it",
        "UPDATE ledger SET reference = 'user:8' WHERE idempotency_key = 'bonus:7'",
    ),
    (
        "I4",
        "a row's hash follows from the row and the hash before it",
        "UPDATE ledger SET at = at + 1 WHERE idempotency_key = 'bonus:7'",
    ),
    (
        "I4",
        "a row's hash follows from the row and the hash before it",
        "UPDATE ledger SET idempotency_key = 'bonus:seven' WHERE idempotency_key = 'bonus:7'",
    ),
    (
        "I4",
        "a shard's head is the end of its chain",
        "DELETE FROM ledger WHERE idempotency_key = 'cost:other'",
    ),
    (
        "I4",
        "a shard's head is the end of its chain",
        "UPDATE ledger_shards SET head_seq = head_seq + 1",
    ),
    (
        "I31",
        "time in a chain never goes back",
        "UPDATE ledger SET at = 1 WHERE idempotency_key = 'settle:delivered'",
    ),
    (
        "I13",
        "a job has a hold of its user and of its price",
        "UPDATE jobs SET hold_id = 'missing' WHERE id = 'queued'",
    ),
    (
        "I13",
        "a job has a hold of its user and of its price",
        "UPDATE jobs SET price = price + 1 WHERE id = 'queued'",
    ),
    (
        "I13",
        "a hold for a job belongs to one",
        "INSERT INTO holds (id, user_id, amount, state, placed_at, closed_at, expires_at)
         VALUES ('stray', 7, 1, 'voided', 1, 2, 3)",
    ),
    (
        "I13",
        "a job's price was set aside once, from its user and in full",
        "UPDATE ledger SET reference = 'job:leased' WHERE idempotency_key = 'hold:queued'",
    ),
    (
        "I14",
        "a hold is open exactly while its job is not finished",
        "UPDATE holds SET state = 'voided', closed_at = 1 WHERE id = 'running'",
    ),
    (
        "I14",
        "a hold is open exactly while its job is not finished",
        "UPDATE holds SET state = 'open', closed_at = NULL WHERE id = 'cancelled'",
    ),
    (
        "I15",
        "a hold is captured for a stored result and voided for any other end",
        "UPDATE holds SET state = 'captured', captured = amount WHERE id = 'failed'",
    ),
    (
        "I15",
        "a closed hold was captured or voided by one transfer of its whole amount",
        "UPDATE ledger SET amount = amount - 1 WHERE idempotency_key = 'settle:delivered'",
    ),
    (
        "I15",
        "a closed hold was captured or voided by one transfer of its whole amount",
        "UPDATE ledger SET reference = 'job:settled' WHERE idempotency_key = 'settle:delivered'",
    ),
    (
        "I15",
        "a transfer of held money names a job, a session or a refund",
        "UPDATE ledger SET reference = 'job:' WHERE idempotency_key = 'settle:delivered'",
    ),
    (
        "I13",
        "a job comes from a draft of its user, confirmed at its price",
        "UPDATE drafts SET price = price + 1 WHERE id = 'running'",
    ),
    (
        "I13",
        "a job comes from a draft of its user, confirmed at its price",
        "DELETE FROM drafts WHERE id = 'running'",
    ),
    (
        "I13",
        "a confirmed draft became a job",
        "UPDATE drafts SET job_id = 'missing' WHERE id = 'running'",
    ),
    (
        "I14",
        "a job has an ending exactly when it is finished, and one that fits its state",
        "UPDATE jobs SET ending = NULL WHERE id = 'failed'",
    ),
    (
        "I14",
        "a job has an ending exactly when it is finished, and one that fits its state",
        "UPDATE jobs SET ending = 'delivered' WHERE id = 'cancelled'",
    ),
    (
        "I14",
        "a job has an ending exactly when it is finished, and one that fits its state",
        "UPDATE jobs SET finished_at = NULL WHERE id = 'delivered'",
    ),
    (
        "I15",
        "a charged job has a stored result and the message that brings it",
        "DELETE FROM outbox WHERE key = 'result:settled'",
    ),
    (
        "I15",
        "a charged job has a stored result and the message that brings it",
        "DELETE FROM assets WHERE id = 'picture-settled'",
    ),
    (
        "I15",
        "a job is delivered exactly when the message with its result is",
        "UPDATE outbox SET state = 'ready', message_id = NULL, finished_at = NULL
         WHERE key = 'result:delivered'",
    ),
    (
        "I17",
        "attempts are numbered from 1, and the job knows the last",
        "DELETE FROM attempts WHERE job_id = 'retried' AND number = 1",
    ),
    (
        "I17",
        "no attempt follows one whose outcome is not known",
        "UPDATE attempts SET outcome = 'begun' WHERE job_id = 'retried' AND number = 1",
    ),
    (
        "I17",
        "no attempt follows one whose outcome is not known",
        "UPDATE attempts SET outcome = 'begun' WHERE job_id = 'failed'",
    ),
    (
        "I17",
        "a provider's work is accepted at most once, and always for a charged job",
        "UPDATE attempts SET outcome = 'accepted' WHERE job_id = 'retried'",
    ),
    (
        "I17",
        "a provider's work is accepted at most once, and always for a charged job",
        "UPDATE attempts SET outcome = 'lost' WHERE job_id = 'settled'",
    ),
    (
        "I18",
        "a job that is worked on has a lease and a fence, and any other has no lease",
        "UPDATE jobs SET fence = 0 WHERE id = 'leased'",
    ),
    (
        "I18",
        "fences never go back from one attempt to the next, nor from the last to the job",
        "UPDATE attempts SET fence = fence + 1 WHERE job_id = 'delivered'",
    ),
    (
        "I18",
        "fences never go back from one attempt to the next, nor from the last to the job",
        "UPDATE attempts SET fence = 3 - fence WHERE job_id = 'retried'",
    ),
    (
        "I21",
        "a picture that was sent is one that was stored",
        "UPDATE sent_pictures SET asset_id = 'picture-settled' WHERE job_id = 'delivered'",
    ),
    (
        "I26",
        "a job's result belongs to the job's user",
        "UPDATE assets SET user_id = 8 WHERE id = 'picture-delivered'",
    ),
    (
        "I13",
        "a job has a usage session of its user and of its price",
        "DELETE FROM usage_sessions WHERE job_id = 'queued'",
    ),
    (
        "I14",
        "a usage session ends with its job and for the same reason",
        "UPDATE usage_sessions SET end_reason = NULL, ended_at = NULL WHERE job_id = 'failed'",
    ),
    (
        "I15",
        "a usage session charges what was captured",
        "UPDATE usage_sessions SET charged = charged - 1 WHERE job_id = 'delivered'",
    ),
    (
        "I25",
        "an act that is done moved the money it was about, and no other did",
        "INSERT INTO acts (id, update_id, kind, user_id, amount, reason, asker, chat_id, nonce,
                           needs_second, state, created_at, expires_at, ended_at)
         VALUES ('act', 1, 'credit', 7, 5, 'why', 1, 1, 'n', 0, 'done', 1, 2, 3)",
    ),
    (
        "I25",
        "an act stands in the audit log as it stands in its row",
        "INSERT INTO acts (id, update_id, kind, user_id, reason, asker, chat_id, nonce,
                           needs_second, state, created_at, expires_at)
         VALUES ('act', 1, 'ban', 7, 'why', 1, 1, 'n', 0, 'asked', 1, 2)",
    ),
    (
        "I25",
        "a ban of an admin is an act that is done",
        "INSERT INTO bans (user_id, since, until, reason, act_id)
         VALUES (7, 1, NULL, 'why', 'nobody')",
    ),
    (
        "I13",
        "a step of a series is a job of its user at its price",
        "INSERT INTO series (id, user_id, chat_id, wanted, price, stopping, warned, started_at)
         VALUES ('running', 8, 8, 2, 100, 'no', 'no', 1)",
    ),
    (
        "I14",
        "no step of a series is at work after its end",
        "INSERT INTO series (id, user_id, chat_id, wanted, price, stopping, warned, started_at,
                             ended_at, end_reason)
         VALUES ('running', 7, 7, 2, 100, 'no', 'no', 1, 2, 'stopped')",
    ),
    (
        "I13",
        "a session by the second has its meter, and set its windows aside",
        "UPDATE meters SET windows_held = 2 WHERE usage_id = 'boost'",
    ),
    (
        "I13",
        "a session by the second has its meter, and set its windows aside",
        "DELETE FROM meters WHERE usage_id = 'boost'",
    ),
    (
        "I14",
        "a session by the second has money set aside exactly while it runs",
        "UPDATE usage_sessions SET ended_at = 1, end_reason = 'stopped' WHERE id = 'boost'",
    ),
    (
        "I15",
        "a session by the second charges its whole seconds at its rate",
        "UPDATE usage_sessions SET metered_seconds = 5 WHERE id = 'boosted'",
    ),
    (
        "I15",
        "a session by the second charges its whole seconds at its rate",
        "UPDATE usage_sessions SET charged = 3 WHERE id = 'boosted'",
    ),
    (
        "I13",
        "a transfer for a session by the second names one",
        "UPDATE ledger SET reference = 'usage:nobody'
         WHERE idempotency_key = 'settle:window:boosted-1'",
    ),
    (
        "I2",
        "what is left of a user's lots is what he has available",
        "UPDATE lots SET remaining = remaining - 1 WHERE id = 'bonus:7'",
    ),
    (
        "I2",
        "what is left of a lot is what its moves add up to",
        "UPDATE lot_moves SET amount = amount - 1 WHERE lot_id = 'bonus:7' AND amount > 0",
    ),
    (
        "I2",
        "each transfer of available money is broken down by lot",
        "DELETE FROM lot_moves WHERE hold_id = 'queued'",
    ),
    (
        "I2",
        "a lot is as large as the transfer that brought it in, and of its origin",
        "UPDATE lots SET amount = amount + 1 WHERE id = 'bonus:7'",
    ),
    (
        "I2",
        "a lot is as large as the transfer that brought it in, and of its origin",
        "UPDATE lots SET origin = 'admin' WHERE id = 'bonus:7'",
    ),
    (
        "I3",
        "a debt account is at or below zero",
        "INSERT INTO user_balance_cache (account, user_id, balance, updated_at)
         VALUES ('debt:7:owed', NULL, 5, 1)",
    ),
    (
        "I8",
        "a hold is what its transfers set aside, took and gave back",
        "UPDATE holds SET refunded = 1 WHERE id = 'delivered'",
    ),
    (
        "I8",
        "a hold for a refund is drawn from its own payment",
        "UPDATE holds SET purpose = 'refund', topup_id = 'another' WHERE id = 'queued'",
    ),
    (
        "I11",
        "a user's window counts what was held in it and not given back",
        "UPDATE spending SET spent = spent - 1 WHERE scope = 'user' AND period = 'hour'",
    ),
];

#[test]
fn every_tampering_is_named() {
    for_both(async |db| {
        let shop = shop(db).await;
        for (invariant, sentence, tampering) in TAMPERINGS {
            let findings = tampered(&shop, (*tampering).to_owned()).await;
            let found = findings
                .iter()
                .find(|finding| (finding.invariant, finding.sentence) == (invariant, sentence));
            let found = found.unwrap_or_else(|| panic!("{tampering}: {findings:?}"));
            assert_eq!(found.weight, Weight::Broken);
            assert!(found.rows > 0 && !found.example.is_empty(), "{found:?}");
        }
        let after = audit(&shop.db, shop.now()).await.unwrap();
        assert_eq!(after.findings, [], "a tampering was not taken back");
    });
}

#[test]
fn every_invariant_that_can_be_asked_for_is_broken_in_some_test() {
    // Those that constraints must be dropped for, or time must pass for, have tests of their own.
    let elsewhere = [
        "no user's account is below zero",
        "a key stands in the journal once",
        "a paid picture reaches its user within an hour, if Telegram lets it",
        "a job is finished fifteen minutes after its deadline",
        "an update is processed within ten minutes",
        "every day that is over has its checkpoint",
        "a payment notice is processed within ten minutes",
        "a credit has evidence that agrees and is not younger than it",
        "a refund ends within a week",
        "an act that needs two was allowed by two",
        "a payment that does not agree is decided by a person within a day",
    ];
    for check in CHECKS.iter().flat_map(|checks| checks.iter()) {
        let mut tamperings = TAMPERINGS.iter().chain(payments::TAMPERINGS);
        let here = tamperings.any(|(invariant, sentence, _)| {
            (check.invariant, check.sentence) == (*invariant, *sentence)
        });
        assert!(
            here || elsewhere.contains(&check.sentence),
            "{}: {}",
            check.invariant,
            check.sentence
        );
    }
}

async fn assert_named(shop: &Shop, tampering: &str, invariant: &str, sentence: &str) {
    let findings = tampered(shop, tampering.to_owned()).await;
    let named = findings
        .iter()
        .any(|finding| (finding.invariant, finding.sentence) == (invariant, sentence));
    assert!(named, "{tampering}: {findings:?}");
}

#[test]
fn an_overdraft_is_named_even_if_the_cache_was_told_nothing() {
    for_both(async |db| {
        let shop = shop(db).await;
        let drop_trigger = match shop.db.engine() {
            Engine::Postgres => "DROP TRIGGER update_balance_cache_on_ledger_insert ON ledger;",
            Engine::Sqlite => "DROP TRIGGER update_balance_cache_on_ledger_insert;",
        };
        let tampering = format!(
            "{drop_trigger}
             INSERT INTO ledger (shard, seq, debit, credit, amount, kind, idempotency_key,
                                 reference, at, hash)
             VALUES (0, 1000, 'user:8:available', 'platform:revenue:0', 1000000, 'capture',
                     'raw', 'raw', 9000000000, '{}')",
            "0".repeat(64)
        );
        assert_named(&shop, &tampering, "I3", "no user's account is below zero").await;
    });
}

#[test]
fn a_key_that_stands_twice_is_named() {
    for_both(async |db| {
        // SQLite cannot drop the constraint, so nobody can break it there either.
        if db.engine() == Engine::Sqlite {
            return;
        }
        let shop = shop(db).await;
        let tampering = "
            ALTER TABLE ledger DROP CONSTRAINT ledger_idempotency_key_key;
            UPDATE ledger SET idempotency_key = 'hold:queued'
            WHERE idempotency_key = 'hold:leased'";
        assert_named(&shop, tampering, "I5", "a key stands in the journal once").await;
    });
}

#[test]
fn an_act_for_two_that_one_allowed_is_named() {
    for_both(async |db| {
        // SQLite cannot drop the constraint, so nobody can break it there either.
        if db.engine() == Engine::Sqlite {
            return;
        }
        let shop = shop(db).await;
        let tampering = "
            DO $$ DECLARE name TEXT; BEGIN
                FOR name IN SELECT conname FROM pg_constraint
                    WHERE conrelid = 'acts'::regclass AND contype = 'c'
                LOOP EXECUTE 'ALTER TABLE acts DROP CONSTRAINT ' || quote_ident(name); END LOOP;
            END $$;
            INSERT INTO acts (id, update_id, kind, user_id, reason, asker, chat_id, nonce,
                              needs_second, approver, state, created_at, expires_at, ended_at)
            VALUES ('act', 1, 'ban', 7, 'why', 1, 1, 'n', 1, 1, 'done', 1, 2, 3)";
        let sentence = "an act that needs two was allowed by two";
        assert_named(&shop, tampering, "I25", sentence).await;
    });
}

#[test]
fn an_account_in_another_shard_is_named() {
    for_both(async |db| {
        // One shard is everybody's home.
        if db.engine() == Engine::Sqlite {
            return;
        }
        let shop = shop(db).await;
        let tampering = "
            UPDATE ledger SET debit = 'user:8:available', credit = 'user:8:held'
            WHERE idempotency_key = 'hold:queued'";
        let sentence = "an account's transfers stand in the account's shard";
        assert_named(&shop, tampering, "I4", sentence).await;
    });
}

#[test]
fn what_waits_too_long_is_overdue_and_the_books_stay_sound() {
    for_both(async |db| {
        let shop = shop(db).await;
        let update = RawUpdate {
            update_id: 1,
            chat: ChatId(7),
            body: "{}".to_owned(),
            received_at: shop.now(),
        };
        let inbox = InboxRows::new(shop.db.clone());
        inbox.store(vec![update]).await.unwrap();
        let names = |report: &Report| -> Vec<(&str, Weight)> {
            let findings = report.findings.iter();
            findings.map(|f| (f.invariant, f.weight)).collect()
        };

        shop.wait(Span::from_secs(601));
        let report = audit(&shop.db, shop.now()).await.unwrap();
        assert_eq!(names(&report), [("I24", Weight::Overdue)]);

        shop.wait(Span::from_secs(3_600));
        let report = audit(&shop.db, shop.now()).await.unwrap();
        let overdue = ["I15", "I16", "I24"].map(|id| (id, Weight::Overdue));
        assert_eq!(names(&report), overdue);
        assert!(report.is_sound());
    });
}

#[test]
fn a_day_without_its_checkpoint_is_overdue_when_nobody_makes_it() {
    for_both(async |db| {
        let shop = Shop::new(db);
        shop.grant(USER, 100).await;
        shop.wait(Span::from_secs(3 * 86_400));
        let report = audit(&shop.db, shop.now()).await.unwrap();
        let found: Vec<_> = report
            .findings
            .iter()
            .map(|f| (f.invariant, f.weight))
            .collect();
        assert_eq!(found, [("I34", Weight::Overdue)]);
        let checkpoints = CheckpointRows::new(shop.db.clone());
        checkpoints.close_days(shop.now()).await.unwrap();
        let report = audit(&shop.db, shop.now()).await.unwrap();
        assert_eq!(report.findings, [], "{report}");
    });
}

#[test]
fn a_payment_notice_that_waits_too_long_is_overdue() {
    for_both(async |db| {
        let notices = NoticeRows::new(db.clone());
        let notice = Notice {
            method: "yookassa".to_owned(),
            event: "payment.succeeded".to_owned(),
            object: "p1".to_owned(),
            body: "{}".to_owned(),
            source: NoticeSource::Listed,
            received_at: Moment(1),
        };
        notices.store(notice).await.unwrap();
        let soon = Moment(1) + Span::from_secs(600);
        assert_eq!(audit(&db, soon).await.unwrap().findings, []);
        let late = Moment(1) + Span::from_secs(601);
        let report = audit(&db, late).await.unwrap();
        let found = &report.findings[0];
        assert_eq!((found.invariant, found.weight), ("I24", Weight::Overdue));
        assert!(found.example.ends_with(" of yookassa"), "{found:?}");
        let id = notices.waiting(late, 1).await.unwrap()[0].id;
        notices
            .finish(id, NoticeEnd::Processed, late)
            .await
            .unwrap();
        assert_eq!(audit(&db, late).await.unwrap().findings, []);
    });
}

#[test]
fn an_audit_beside_a_busy_ledger_sees_one_state() {
    for_both(async |db| {
        let shop = shop(db).await;
        let audits = async {
            for _ in 0..5 {
                let report = audit(&shop.db, shop.now()).await.unwrap();
                assert_eq!(report.findings, [], "{report}");
            }
        };
        let business = async {
            for number in 0..10 {
                let job = shop.order(USER, &format!("busy-{number}"), 10).await;
                if number % 2 == 0 {
                    shop.post_new(&cancel(&job, shop.now())).await;
                } else {
                    let job = shop.render(job.id.as_str()).await;
                    shop.post_new(&finish(&job, Ending::Delivered, None, shop.now()))
                        .await;
                }
            }
        };
        futures_util::join!(audits, business);
    });
}
