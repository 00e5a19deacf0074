//! The net below the code: triggers keep the cache whatever changes the journal, and a CHECK
//! keeps every user's account from going below zero.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Text};

use super::*;
use crate::store::fixtures::for_both;
use crate::store::stmt::sql;

#[derive(QueryableByName)]
struct BalanceRow {
    #[diesel(sql_type = Text)]
    account: String,
    #[diesel(sql_type = BigInt)]
    balance: i64,
}

const CACHE: &str = "SELECT account, balance FROM user_balance_cache ORDER BY account";

async fn cache(db: &Db) -> Vec<(String, i64)> {
    let rows: Result<Vec<BalanceRow>, StoreError> = db
        .read(async |conn: &mut Conn| conn.load(sql!(CACHE)).await)
        .await;
    let rows = rows.unwrap().into_iter();
    rows.map(|row| (row.account, row.balance)).collect()
}

async fn raw(db: &Db, text: String) -> Result<(), StoreError> {
    db.write(async move |conn: &mut Conn| conn.batch(&text).await)
        .await
}

/// A statement that writes transfers: seq, debit, credit, amount.
fn insert(transfers: &[(i64, &str, &str, i64)]) -> String {
    let hash = "0".repeat(64);
    let rows: Vec<String> = transfers
        .iter()
        .map(|(seq, debit, credit, amount)| {
            format!(
                "(0, {seq}, '{debit}', '{credit}', {amount}, 'hold', 'k{seq}', 'r', 1, '{hash}')"
            )
        })
        .collect();
    format!(
        "INSERT INTO ledger (shard, seq, debit, credit, amount, kind, idempotency_key, reference,
                             at, hash) VALUES {}",
        rows.join(", ")
    )
}

const PROMO: &str = "platform:promo:0";
const FREE: &str = "user:7:available";
const HELD: &str = "user:7:held";

fn balances(expected: &[(&str, i64)]) -> Vec<(String, i64)> {
    let expected = expected.iter();
    expected
        .map(|(name, sum)| ((*name).to_owned(), *sum))
        .collect()
}

#[test]
fn the_cache_follows_every_change_of_the_journal() {
    for_both(async |db| {
        let both = [(1, PROMO, FREE, 500), (2, FREE, HELD, 200)];
        raw(&db, insert(&both)).await.unwrap();
        let after = balances(&[(PROMO, -500), (FREE, 300), (HELD, 200)]);
        assert_eq!(cache(&db).await, after);

        let text = "UPDATE ledger SET amount = amount * 2".to_owned();
        raw(&db, text).await.unwrap();
        let after = balances(&[(PROMO, -1_000), (FREE, 600), (HELD, 400)]);
        assert_eq!(cache(&db).await, after);

        let text = "UPDATE ledger SET credit = 'user:8:held' WHERE seq = 2".to_owned();
        raw(&db, text).await.unwrap();
        let after = balances(&[
            (PROMO, -1_000),
            (FREE, 600),
            (HELD, 0),
            ("user:8:held", 400),
        ]);
        assert_eq!(cache(&db).await, after);

        let text = "DELETE FROM ledger WHERE seq = 2".to_owned();
        raw(&db, text).await.unwrap();
        let after = balances(&[
            (PROMO, -1_000),
            (FREE, 1_000),
            (HELD, 0),
            ("user:8:held", 0),
        ]);
        assert_eq!(cache(&db).await, after);
    });
}

#[test]
fn no_statement_takes_a_users_account_below_zero() {
    for_both(async |db| {
        raw(&db, insert(&[(1, PROMO, FREE, 500), (2, FREE, HELD, 200)]))
            .await
            .unwrap();
        let before = cache(&db).await;
        let overdrafts = [
            insert(&[(3, FREE, HELD, 301)]),
            insert(&[(3, HELD, "platform:revenue:0", 201)]),
            insert(&[(3, "user:8:available", FREE, 1)]),
            "UPDATE ledger SET amount = 501 WHERE seq = 2".to_owned(),
            "UPDATE ledger SET amount = 199 WHERE seq = 1".to_owned(),
            "UPDATE ledger SET debit = 'user:8:available' WHERE seq = 2".to_owned(),
            "DELETE FROM ledger WHERE seq = 1".to_owned(),
            "UPDATE user_balance_cache SET balance = -1 WHERE account = 'user:7:held'".to_owned(),
        ];
        for overdraft in overdrafts {
            let refusal = raw(&db, overdraft.clone()).await.unwrap_err();
            assert!(matches!(refusal, StoreError::Broken(_)), "{overdraft}");
            assert!(
                refusal.to_string().contains("user_balance_not_negative"),
                "{refusal}"
            );
            assert_eq!(cache(&db).await, before, "{overdraft}");
        }
    });
}

#[test]
fn a_transfer_is_above_zero_between_two_accounts_under_a_key_of_its_own() {
    for_both(async |db| {
        raw(&db, insert(&[(1, PROMO, FREE, 500)])).await.unwrap();
        let before = cache(&db).await;
        let wrong = [
            insert(&[(2, PROMO, FREE, 0)]),
            insert(&[(2, PROMO, FREE, -1)]),
            insert(&[(2, PROMO, PROMO, 1)]),
            insert(&[(1, PROMO, FREE, 1)]),
            insert(&[(2, PROMO, FREE, 1)]).replace("'k2'", "'k1'"),
            insert(&[(2, PROMO, FREE, 1)]).replace("'hold'", "'gift'"),
            insert(&[(2, PROMO, FREE, 1)]).replace("(0, 2,", "(9, 2,"),
        ];
        for text in wrong {
            let refusal = raw(&db, text.clone()).await.unwrap_err();
            assert!(
                matches!(refusal, StoreError::Broken(_)),
                "{text}: {refusal}"
            );
            assert_eq!(cache(&db).await, before, "{text}");
        }
    });
}
