//! The log is added to and never changed, and does not depend on what it tells of.

use rei_domain::ids::{ChatId, UserId};
use rei_domain::ledger::GENESIS;

use super::*;
use crate::store::UserRows;
use crate::store::fixtures::{for_both, for_both_twice};
use crate::store::verify::audit;
use rei_actors::ports::users::UserStore;
use rei_domain::conversation::Language;

fn entry(key: &str, about: i64) -> AuditEntry {
    AuditEntry {
        key: key.to_owned(),
        at: Moment(100),
        actor: Actor::User(UserId(1)),
        via: Via::Bot,
        action: "add".to_owned(),
        target: format!("user:{about}"),
        detail: "+100.00: «подарок» \u{0}?".to_owned(),
        outcome: AuditOutcome::Done,
    }
}

async fn raw(db: &Db, text: &str) -> Result<(), StoreError> {
    let text = text.to_owned();
    db.write(async move |conn: &mut Conn| conn.batch(&text).await)
        .await
}

#[test]
fn entries_are_chained_and_read_back_newest_first() {
    for_both(async |db| {
        let log = AuditRows::new(db.clone());
        log.append(vec![entry("a", 7), entry("b", 8)])
            .await
            .unwrap();
        log.append(vec![entry("c", 7)]).await.unwrap();
        let all = log.newest(AuditQuery::Everything, 10).await.unwrap();
        let keys: Vec<&str> = all.iter().map(|link| link.entry.key.as_str()).collect();
        assert_eq!(keys, ["c", "b", "a"]);
        assert_eq!(all[2].entry.detail, "+100.00: «подарок» ?");
        let first = rei_domain::audit::entry_hash(GENESIS, 1, &all[2].entry);
        assert_eq!(all[2].hash, first);
        let about = |user| log.newest(AuditQuery::OfUser(UserId(user)), 10);
        assert_eq!(about(7).await.unwrap().len(), 2);
        assert_eq!(about(1).await.unwrap().len(), 3, "what he did himself");
        assert_eq!(
            log.newest(AuditQuery::Everything, 1).await.unwrap().len(),
            1
        );
        assert!(audit(&db, Moment(200)).await.unwrap().findings.is_empty());
    });
}

#[test]
fn an_entry_with_a_known_key_is_not_written_twice() {
    for_both(async |db| {
        let log = AuditRows::new(db.clone());
        let mut changed = entry("a", 7);
        changed.outcome = AuditOutcome::Refused;
        log.append(vec![entry("a", 7), changed.clone()])
            .await
            .unwrap();
        log.append(vec![changed]).await.unwrap();
        let all = log.newest(AuditQuery::Everything, 10).await.unwrap();
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].entry.outcome, AuditOutcome::Done);
    });
}

#[test]
fn no_statement_changes_or_removes_an_entry() {
    for_both(async |db| {
        let log = AuditRows::new(db.clone());
        log.append(vec![entry("a", 7)]).await.unwrap();
        let mut wrong = vec!["UPDATE audit SET detail = ''", "DELETE FROM audit"];
        if db.engine() == Engine::Postgres {
            wrong.push("TRUNCATE audit");
        }
        for text in wrong {
            let refusal = raw(&db, text).await.unwrap_err();
            assert!(refusal.to_string().contains("append-only"), "{refusal}");
        }
        assert_eq!(
            log.newest(AuditQuery::Everything, 9).await.unwrap().len(),
            1
        );
    });
}

#[test]
fn entries_outlive_the_user_they_tell_of() {
    for_both(async |db| {
        let users = UserRows::new(db.clone());
        let user = UserId(7);
        users
            .meet(user, ChatId(7), Language::Russian, Moment(1))
            .await
            .unwrap();
        let log = AuditRows::new(db.clone());
        log.append(vec![entry("a", 7)]).await.unwrap();
        raw(&db, "DELETE FROM users").await.unwrap();
        let left = log.newest(AuditQuery::OfUser(user), 9).await.unwrap();
        assert_eq!(left.len(), 1);
        assert!(audit(&db, Moment(200)).await.unwrap().is_sound());
    });
}

#[test]
fn two_nodes_write_one_chain() {
    for_both_twice(async |one, other| {
        let mut writers = Vec::new();
        for number in 0..40 {
            let node = if number % 2 == 0 { &one } else { &other };
            let log = AuditRows::new(node.clone());
            let entries = vec![entry(&format!("k{number}"), 7), entry("shared", 7)];
            writers.push(tokio::spawn(async move { log.append(entries).await }));
        }
        for writer in writers {
            writer.await.unwrap().unwrap();
        }
        let log = AuditRows::new(one.clone());
        let all = log.newest(AuditQuery::Everything, 100).await.unwrap();
        assert_eq!(all.len(), 41);
        let report = audit(&one, Moment(200)).await.unwrap();
        assert!(report.findings.is_empty(), "{report}");
        assert_eq!(report.audit.seq, 41);
    });
}

/// What somebody with every right could do to the log, and the sentence that tells of it.
const TAMPERINGS: [(&str, &str); 5] = [
    (
        "UPDATE audit SET outcome = 'refused' WHERE seq = 2",
        "an audit entry's hash follows from the entry and the hash before it",
    ),
    (
        "UPDATE audit SET actor = 'nobody at all' WHERE seq = 2",
        "an audit entry's hash follows from the entry and the hash before it",
    ),
    (
        "DELETE FROM audit WHERE seq = 2",
        "the audit log has no gap",
    ),
    (
        "DELETE FROM audit WHERE seq = 3",
        "the audit log's head is the end of its chain",
    ),
    (
        "UPDATE audit SET at = 1 WHERE seq = 3",
        "time in the audit log never goes back",
    ),
];

#[test]
fn a_log_that_was_changed_past_its_guards_is_named() {
    for (tampering, sentence) in TAMPERINGS {
        for_both(async |db| {
            let log = AuditRows::new(db.clone());
            for key in ["a", "b", "c"] {
                log.append(vec![entry(key, 7)]).await.unwrap();
            }
            let unguard = match db.engine() {
                Engine::Postgres => "ALTER TABLE audit DISABLE TRIGGER audit_append_only",
                Engine::Sqlite => "DROP TRIGGER audit_no_update; DROP TRIGGER audit_no_delete",
            };
            // The missing rights, which a superuser does not miss, are not what is tried here.
            let regrant = match db.engine() {
                Engine::Postgres => "; GRANT UPDATE, DELETE ON audit TO CURRENT_USER",
                Engine::Sqlite => "",
            };
            raw(&db, &format!("{unguard}{regrant}; {tampering}"))
                .await
                .unwrap();
            let findings = audit(&db, Moment(200)).await.unwrap().findings;
            let named = findings.iter().any(|finding| finding.sentence == sentence);
            assert!(named, "{tampering}: {findings:?}");
        });
    }
}
