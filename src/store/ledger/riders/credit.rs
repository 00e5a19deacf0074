//! A payment becomes a credit: the top-up's row, its evidence, the request that waits for the
//! money and the notice that told of it, with the ledger's row.

use std::collections::BTreeMap;

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Text};
use rei_actors::ports::StoreError;
use rei_actors::ports::ledger::{CommandRefusal, Credit, LedgerCommand, Rider};
use rei_actors::ports::notices::NoticeEnd;
use rei_domain::ids::{TopupId, UserId};
use rei_domain::ledger::Movement;
use rei_domain::money::Money;
use rei_domain::time::Moment;
use rei_domain::topup::{TopupEvent, TopupState, step};
use serde_json::{Value, json};

use crate::store::Conn;
use crate::store::codec::parse_word;
use crate::store::conn::Engine;
use crate::store::ledger::writes::expect_rows;
use crate::store::notices;
use crate::store::stmt::{sql, statements};

statements! {
    TOPUPS = "
        SELECT id, user_id, amount, state FROM topups
        WHERE id IN (SELECT value->>'topup' FROM json_each(?)) ORDER BY id";

    CREDIT_TOPUPS = "
        UPDATE topups SET state = credited.state, finished_at = credited.at, cause = NULL,
            external_id = credited.external, seen_state = 'succeeded',
            seen_amount = credited.amount, seen_currency = credited.currency,
            seen_created_at = credited.created_at, seen_captured_at = credited.captured_at,
            seen_at = credited.seen_at
        FROM (
            SELECT value->>'topup' AS topup, value->>'state' AS state,
                   value->>'external' AS external, CAST(value->>'amount' AS BIGINT) AS amount,
                   value->>'currency' AS currency,
                   CAST(value->>'created_at' AS BIGINT) AS created_at,
                   CAST(value->>'captured_at' AS BIGINT) AS captured_at,
                   CAST(value->>'seen_at' AS BIGINT) AS seen_at,
                   CAST(value->>'at' AS BIGINT) AS at
            FROM json_each(?)
        ) credited
        WHERE topups.id = credited.topup";

    // A draft that was confirmed or withdrawn meanwhile stays as it is.
    OFFER_DRAFTS = "
        UPDATE drafts SET price = offered.price, nonce = offered.nonce,
            expires_at = offered.expires_at
        FROM (
            SELECT value->>'draft' AS draft, CAST(value->>'price' AS BIGINT) AS price,
                   value->>'nonce' AS nonce, CAST(value->>'expires_at' AS BIGINT) AS expires_at
            FROM json_each(?)
        ) offered
        WHERE drafts.id = offered.draft AND drafts.state = 'open'";
}

const TOPUPS_LOCKED: &str = "
        SELECT id, user_id, amount, state FROM topups
        WHERE id IN (SELECT value->>'topup' FROM json_each(?)) ORDER BY id FOR UPDATE";

/// The texts of this file for PostgreSQL alone.
pub const POSTGRES_ONLY: &[&str] = &[TOPUPS_LOCKED];

#[derive(QueryableByName)]
struct TopupGuardRow {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = BigInt)]
    user_id: i64,
    #[diesel(sql_type = BigInt)]
    amount: i64,
    #[diesel(sql_type = Text)]
    state: String,
}

/// A top-up as its guard sees it.
struct TopupGuard {
    user: UserId,
    amount: Money,
    state: TopupState,
}

/// The credits of one batch.
pub(super) struct Credits {
    now: Moment,
    topups: BTreeMap<TopupId, TopupGuard>,
    credited: Vec<Credit>,
}

impl Credits {
    pub(super) async fn read(
        conn: &mut Conn,
        commands: &[LedgerCommand],
        now: Moment,
    ) -> Result<Credits, StoreError> {
        let mut credits = Credits {
            now,
            topups: BTreeMap::new(),
            credited: Vec::new(),
        };
        let mut ids = Vec::new();
        for command in commands {
            if let Rider::Credit(credit) = &command.rider {
                ids.push(json!({ "topup": credit.topup.as_str() }));
            }
        }
        if ids.is_empty() {
            return Ok(credits);
        }
        let text = match conn.engine() {
            Engine::Postgres => TOPUPS_LOCKED,
            Engine::Sqlite => TOPUPS,
        };
        let ids = Value::from(ids).to_string();
        for row in conn.load::<TopupGuardRow>(sql!(text, &*ids)).await? {
            let guard = TopupGuard {
                user: UserId(row.user_id),
                amount: Money::from_kopecks(row.amount),
                state: parse_word("state", &row.state, TopupState::parse)?,
            };
            credits.topups.insert(TopupId::new(row.id), guard);
        }
        Ok(credits)
    }

    pub(super) fn check(
        &self,
        command: &LedgerCommand,
        credit: &Credit,
    ) -> Result<(), CommandRefusal> {
        let asked_for = self.topups.get(&credit.topup).filter(|guard| {
            guard.user == command.posting.user
                && credited_amount(command, &credit.topup) == Some(guard.amount)
        });
        let Some(guard) = asked_for else {
            return Err(CommandRefusal::TopupMoved { state: None });
        };
        match step(guard.state, TopupEvent::Credit) {
            Ok(_) => Ok(()),
            Err(_) => Err(CommandRefusal::TopupMoved {
                state: Some(guard.state),
            }),
        }
    }

    pub(super) fn accept(&mut self, credit: &Credit) {
        if let Some(guard) = self.topups.get_mut(&credit.topup) {
            guard.state = TopupState::Succeeded;
        }
        self.credited.push(credit.clone());
    }

    pub(super) async fn write(&self, conn: &mut Conn) -> Result<(), StoreError> {
        if self.credited.is_empty() {
            return Ok(());
        }
        let count = self.credited.len();
        let rows = self.credited.iter().map(|credit| self.credit_row(credit));
        let rows = Value::from_iter(rows).to_string();
        expect_rows(conn.execute(sql!(CREDIT_TOPUPS, &*rows)).await?, count)?;
        let offered = self.credited.iter().filter_map(offer_row);
        let offered = Value::from_iter(offered);
        if offered != Value::Array(Vec::new()) {
            let offered = offered.to_string();
            conn.execute(sql!(OFFER_DRAFTS, &*offered)).await?;
        }
        for notice in self.credited.iter().filter_map(|credit| credit.notice) {
            notices::finish(conn, notice, &NoticeEnd::Processed, self.now).await?;
        }
        Ok(())
    }

    fn credit_row(&self, credit: &Credit) -> Value {
        let evidence = &credit.evidence;
        json!({
            "topup": credit.topup.as_str(),
            "state": TopupState::Succeeded.as_str(),
            "external": evidence.external,
            "amount": evidence.sum.amount,
            "currency": evidence.sum.currency,
            "created_at": evidence.paid_created_at.0,
            "captured_at": evidence.captured_at.map(|at| at.0),
            // Where a clock stepped back, the credit is the later one all the same.
            "seen_at": evidence.seen_at.min(self.now).0,
            "at": self.now.0,
        })
    }
}

/// What the command credits for this top-up.
fn credited_amount(command: &LedgerCommand, id: &TopupId) -> Option<Money> {
    let mut operations = command.posting.operations.iter();
    operations.find_map(|operation| match &operation.movement {
        Movement::CreditPayment { topup, amount } if topup == id => Some(*amount),
        _ => None,
    })
}

fn offer_row(credit: &Credit) -> Option<Value> {
    let offer = credit.offer.as_ref()?;
    Some(json!({
        "draft": offer.draft.as_str(),
        "price": offer.price.kopecks(),
        "nonce": offer.nonce.as_str(),
        "expires_at": offer.expires_at.0,
    }))
}
