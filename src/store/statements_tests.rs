//! Every statement is one that both databases understand.

use crate::store::fixtures::for_both;
use crate::store::{Conn, Engine, POSTGRES_STATEMENTS, STATEMENTS};

/// Prepares a text as the database itself does, which reads every name in it.
fn preparation(conn: &Conn, text: &str) -> String {
    match conn {
        Conn::Pg(_) => {
            let mut numbered = String::new();
            for (number, part) in text.split('?').enumerate() {
                if number > 0 {
                    numbered.push_str(&format!("${number}"));
                }
                numbered.push_str(part);
            }
            format!("PREPARE checked AS {numbered}; DEALLOCATE checked")
        }
        Conn::Lite(_) => format!("EXPLAIN {text}"),
    }
}

#[test]
fn every_statement_is_understood_by_both_databases() {
    for_both(async |db| {
        for text in STATEMENTS.iter().copied().flatten() {
            db.write(async move |conn: &mut Conn| {
                let preparation = preparation(conn, text);
                conn.batch(&preparation).await
            })
            .await
            .unwrap_or_else(|error| panic!("{error}: {text}"));
        }
    });
}

#[test]
fn the_locking_forms_are_understood_by_postgresql() {
    for_both(async |db| {
        if db.engine() == Engine::Sqlite {
            return;
        }
        for text in POSTGRES_STATEMENTS.iter().copied().flatten() {
            db.write(async move |conn: &mut Conn| {
                let preparation = preparation(conn, text);
                conn.batch(&preparation).await
            })
            .await
            .unwrap_or_else(|error| panic!("{error}: {text}"));
        }
    });
}
