//! Acts of admins that a posting carries out.

use std::collections::BTreeMap;

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};
use rei_actors::ports::StoreError;
use rei_actors::ports::ledger::{Audited, CarriedOut, CommandRefusal, LedgerCommand};
use rei_domain::admin::ActState;
use rei_domain::ids::{ActId, UserId};
use rei_domain::ledger::Movement;
use rei_domain::money::Money;
use rei_domain::time::Moment;
use serde_json::{Value, json};

use crate::store::Conn;
use crate::store::codec::parse_word;
use crate::store::conn::Engine;
use crate::store::ledger::writes::expect_rows;
use crate::store::stmt::{sql, statements};

statements! {
    ACTS = "
        SELECT id, user_id, amount, asker, needs_second, state, expires_at FROM acts
        WHERE id IN (SELECT value->>'act' FROM json_each(?)) ORDER BY id";

    END_ACTS = "
        UPDATE acts SET state = 'done', approver = done.approver, ended_at = done.at
        FROM (
            SELECT value->>'act' AS act, CAST(value->>'approver' AS BIGINT) AS approver,
                   CAST(value->>'at' AS BIGINT) AS at
            FROM json_each(?)
        ) done
        WHERE acts.id = done.act AND acts.state IN ('asked', 'confirmed')";
}

const ACTS_LOCKED: &str = "
        SELECT id, user_id, amount, asker, needs_second, state, expires_at FROM acts
        WHERE id IN (SELECT value->>'act' FROM json_each(?)) ORDER BY id FOR UPDATE";

/// The texts of this file for PostgreSQL alone.
pub const POSTGRES_ONLY: &[&str] = &[ACTS_LOCKED];

#[derive(QueryableByName)]
struct ActGuardRow {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = BigInt)]
    user_id: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    amount: Option<i64>,
    #[diesel(sql_type = BigInt)]
    asker: i64,
    #[diesel(sql_type = BigInt)]
    needs_second: i64,
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = BigInt)]
    expires_at: i64,
}

/// An act as its guard sees it.
struct ActGuard {
    user: UserId,
    amount: Option<Money>,
    asker: UserId,
    needs_second: bool,
    state: ActState,
    expires_at: Moment,
}

/// The acts of one batch.
pub(super) struct Acts {
    now: Moment,
    acts: BTreeMap<ActId, ActGuard>,
    done: Vec<CarriedOut>,
}

/// The act that a command carries out.
fn carried_out(command: &LedgerCommand) -> Option<&CarriedOut> {
    let Audited { act, .. } = command.audit.as_ref()?;
    act.as_ref()
}

impl Acts {
    pub(super) async fn read(
        conn: &mut Conn,
        commands: &[LedgerCommand],
        now: Moment,
    ) -> Result<Acts, StoreError> {
        let mut acts = Acts {
            now,
            acts: BTreeMap::new(),
            done: Vec::new(),
        };
        let ids: Vec<Value> = commands
            .iter()
            .filter_map(carried_out)
            .map(|carried| json!({ "act": carried.act.as_str() }))
            .collect();
        if ids.is_empty() {
            return Ok(acts);
        }
        let text = match conn.engine() {
            Engine::Postgres => ACTS_LOCKED,
            Engine::Sqlite => ACTS,
        };
        let ids = Value::from(ids).to_string();
        for row in conn.load::<ActGuardRow>(sql!(text, &*ids)).await? {
            let guard = ActGuard {
                user: UserId(row.user_id),
                amount: row.amount.map(Money::from_kopecks),
                asker: UserId(row.asker),
                needs_second: row.needs_second != 0,
                state: parse_word("state", &row.state, ActState::parse)?,
                expires_at: Moment(row.expires_at),
            };
            acts.acts.insert(ActId::new(row.id), guard);
        }
        Ok(acts)
    }

    /// Whether the act that a command carries out, if any, can be.
    pub(super) fn check(&self, command: &LedgerCommand) -> Result<(), CommandRefusal> {
        let Some(carried) = carried_out(command) else {
            return Ok(());
        };
        let user = command.posting.user;
        let guard = self.acts.get(&carried.act);
        let Some(guard) = guard.filter(|guard| guard.user == user) else {
            return Err(CommandRefusal::Act { state: None });
        };
        let stands_there = guard.state == carried.from && !guard.state.is_final();
        let two_are_two = match carried.approver {
            Some(approver) => approver != guard.asker && guard.state == ActState::Confirmed,
            None => !guard.needs_second && guard.state == ActState::Asked,
        };
        let in_time = self.now < guard.expires_at;
        if stands_there && two_are_two && in_time && moves_what_was_shown(command, guard.amount) {
            return Ok(());
        }
        let state = Some(guard.state);
        Err(CommandRefusal::Act { state })
    }

    pub(super) fn accept(&mut self, command: &LedgerCommand) {
        let Some(carried) = carried_out(command) else {
            return;
        };
        if let Some(guard) = self.acts.get_mut(&carried.act) {
            guard.state = ActState::Done;
        }
        self.done.push(carried.clone());
    }

    pub(super) async fn write(&self, conn: &mut Conn) -> Result<(), StoreError> {
        if self.done.is_empty() {
            return Ok(());
        }
        let rows = self.done.iter().map(|carried| {
            json!({
                "act": carried.act.as_str(),
                "approver": carried.approver.map(|user| user.0),
                "at": self.now.0,
            })
        });
        let rows: Vec<Value> = rows.collect();
        let rows = Value::from(rows).to_string();
        expect_rows(conn.execute(sql!(END_ACTS, &*rows)).await?, self.done.len())
    }
}

/// Whether each amount that the posting names is the act's.
fn moves_what_was_shown(command: &LedgerCommand, shown: Option<Money>) -> bool {
    let amounts = command.posting.operations.iter();
    amounts
        .filter_map(|operation| Movement::amount(&operation.movement))
        .all(|amount| Some(amount) == shown)
}
