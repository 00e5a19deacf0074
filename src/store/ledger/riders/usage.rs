//! Sessions by the running second: they begin, hold and charge windows, and end.

use std::collections::{BTreeMap, BTreeSet};

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};
use rei_actors::ports::StoreError;
use rei_actors::ports::ledger::{CommandRefusal, LedgerCommand, Rider};
use rei_actors::ports::usage::UsageRider;
use rei_domain::ids::{UsageId, UserId};
use rei_domain::ledger::{Movement, Posting};
use rei_domain::money::Money;
use rei_domain::time::Moment;
use rei_domain::usage::{Usage, UsageEnd};
use serde_json::{Value, json};

use crate::store::Conn;
use crate::store::conn::Engine;
use crate::store::ledger::writes::expect_rows;
use crate::store::stmt::{sql, statements};

statements! {
    METERS = "
        SELECT meter.usage_id, session.user_id, session.ended_at, session.rate,
               meter.window_secs, meter.version
        FROM meters meter JOIN usage_sessions session ON session.id = meter.usage_id
        WHERE meter.usage_id IN (SELECT value->>'usage' FROM json_each(?))
        ORDER BY meter.usage_id";

    RUNNERS = "
        SELECT user_id FROM usage_sessions
        WHERE unit = 'running_second' AND ended_at IS NULL
          AND user_id IN (SELECT CAST(value->>'user' AS BIGINT) FROM json_each(?))";

    BANNED = "
        SELECT user_id FROM bans
        WHERE user_id IN (SELECT CAST(value->>'user' AS BIGINT) FROM json_each(?))
          AND (until IS NULL OR until > ?)";

    START_SESSIONS = "
        INSERT INTO usage_sessions (id, user_id, job_id, unit, rate, held, metered_seconds,
                                    charged, started_at)
        SELECT value->>'id', CAST(value->>'user' AS BIGINT), NULL, 'running_second',
               CAST(value->>'rate' AS BIGINT), CAST(value->>'held' AS BIGINT), 0, 0,
               CAST(value->>'at' AS BIGINT)
        FROM json_each(?)";

    START_METERS = "
        INSERT INTO meters (usage_id, chat_id, window_secs, lead_secs, metered, counted_until,
                            windows_held, windows_charged, version)
        SELECT value->>'id', CAST(value->>'chat' AS BIGINT),
               CAST(value->>'window_secs' AS BIGINT), CAST(value->>'lead_secs' AS BIGINT), 0,
               CAST(value->>'at' AS BIGINT), 1, 0, 1
        FROM json_each(?)";

    CHANGE_METERS = "
        UPDATE meters SET
            windows_held = meters.windows_held + changed.held,
            windows_charged = meters.windows_charged + changed.charged,
            metered = COALESCE(changed.metered, meters.metered),
            counted_until = COALESCE(changed.counted_until, meters.counted_until),
            version = meters.version + changed.writes
        FROM (
            SELECT value->>'usage' AS usage, CAST(value->>'held' AS BIGINT) AS held,
                   CAST(value->>'charged' AS BIGINT) AS charged,
                   CAST(value->>'metered' AS BIGINT) AS metered,
                   CAST(value->>'counted_until' AS BIGINT) AS counted_until,
                   CAST(value->>'writes' AS BIGINT) AS writes
            FROM json_each(?)
        ) changed
        WHERE meters.usage_id = changed.usage";

    CHANGE_SESSIONS = "
        UPDATE usage_sessions SET
            held = usage_sessions.held + changed.held,
            charged = usage_sessions.charged + changed.charged,
            metered_seconds = COALESCE(changed.seconds, usage_sessions.metered_seconds),
            end_reason = changed.reason,
            ended_at = changed.ended_at
        FROM (
            SELECT value->>'usage' AS usage, CAST(value->>'held_kopecks' AS BIGINT) AS held,
                   CAST(value->>'charged_kopecks' AS BIGINT) AS charged,
                   CAST(value->>'seconds' AS BIGINT) AS seconds, value->>'reason' AS reason,
                   CAST(value->>'ended_at' AS BIGINT) AS ended_at
            FROM json_each(?)
        ) changed
        WHERE usage_sessions.id = changed.usage AND usage_sessions.ended_at IS NULL";
}

const METERS_LOCKED: &str = "
        SELECT meter.usage_id, session.user_id, session.ended_at, session.rate,
               meter.window_secs, meter.version
        FROM meters meter JOIN usage_sessions session ON session.id = meter.usage_id
        WHERE meter.usage_id IN (SELECT value->>'usage' FROM json_each(?))
        ORDER BY meter.usage_id FOR UPDATE";

/// The texts of this file for PostgreSQL alone.
pub const POSTGRES_ONLY: &[&str] = &[METERS_LOCKED];

#[derive(QueryableByName)]
struct MeterRow {
    #[diesel(sql_type = Text)]
    usage_id: String,
    #[diesel(sql_type = BigInt)]
    user_id: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    ended_at: Option<i64>,
    #[diesel(sql_type = BigInt)]
    rate: i64,
    #[diesel(sql_type = BigInt)]
    window_secs: i64,
    #[diesel(sql_type = BigInt)]
    version: i64,
}

#[derive(QueryableByName)]
struct UserRow {
    #[diesel(sql_type = BigInt)]
    user_id: i64,
}

/// A session as its guards see it.
struct Guard {
    user: UserId,
    is_open: bool,
    window_price: Money,
    version: i64,
}

/// What a batch adds to a session's rows.
#[derive(Default)]
struct Change {
    windows_held: i64,
    windows_charged: i64,
    held: i64,
    charged: i64,
    /// The final count and the reason, for one that ends.
    end: Option<(rei_domain::metering::Meter, UsageEnd)>,
    writes: i64,
}

/// The sessions of one batch.
pub(super) struct Usages {
    now: Moment,
    guards: BTreeMap<UsageId, Guard>,
    runners: BTreeSet<UserId>,
    banned: BTreeSet<UserId>,
    started: Vec<Usage>,
    changes: BTreeMap<UsageId, Change>,
}

impl Usages {
    pub(super) async fn read(
        conn: &mut Conn,
        commands: &[LedgerCommand],
        now: Moment,
    ) -> Result<Usages, StoreError> {
        let mut usages = Usages {
            now,
            guards: BTreeMap::new(),
            runners: BTreeSet::new(),
            banned: BTreeSet::new(),
            started: Vec::new(),
            changes: BTreeMap::new(),
        };
        let (mut ids, mut users) = (Vec::new(), Vec::new());
        for command in commands {
            match &command.rider {
                Rider::Usage(UsageRider::Start(usage)) => {
                    users.push(json!({ "user": usage.user.0 }));
                }
                Rider::Usage(
                    UsageRider::Hold { usage, .. }
                    | UsageRider::Charge { usage, .. }
                    | UsageRider::End { usage, .. },
                ) => ids.push(json!({ "usage": usage.as_str() })),
                _ => {}
            }
        }
        if !ids.is_empty() {
            usages.read_guards(conn, ids).await?;
        }
        if !users.is_empty() {
            let users = Value::from(users).to_string();
            let rows = conn.load::<UserRow>(sql!(RUNNERS, &*users)).await?;
            usages.runners = rows.iter().map(|row| UserId(row.user_id)).collect();
            let rows = conn.load::<UserRow>(sql!(BANNED, &*users, now.0)).await?;
            usages.banned = rows.iter().map(|row| UserId(row.user_id)).collect();
        }
        Ok(usages)
    }

    async fn read_guards(&mut self, conn: &mut Conn, ids: Vec<Value>) -> Result<(), StoreError> {
        let text = match conn.engine() {
            Engine::Postgres => METERS_LOCKED,
            Engine::Sqlite => METERS,
        };
        let ids = Value::from(ids).to_string();
        for row in conn.load::<MeterRow>(sql!(text, &*ids)).await? {
            let guard = Guard {
                user: UserId(row.user_id),
                is_open: row.ended_at.is_none(),
                window_price: Money::from_kopecks(row.rate.saturating_mul(row.window_secs)),
                version: row.version,
            };
            self.guards.insert(UsageId::new(row.usage_id), guard);
        }
        Ok(())
    }

    pub(super) fn check(&self, user: UserId, rider: &UsageRider) -> Result<(), CommandRefusal> {
        let (usage, version) = match rider {
            UsageRider::Start(usage) => {
                if self.banned.contains(&user) {
                    return Err(CommandRefusal::Banned { until: None });
                }
                let runs = self.runners.contains(&user) || usage.user != user;
                return if runs {
                    Err(CommandRefusal::UsageMoved)
                } else {
                    Ok(())
                };
            }
            UsageRider::Hold { usage, version }
            | UsageRider::Charge { usage, version }
            | UsageRider::End { usage, version, .. } => (usage, version),
        };
        let stands = self
            .guards
            .get(usage)
            .is_some_and(|guard| guard.user == user && guard.is_open && guard.version == *version);
        if stands {
            Ok(())
        } else {
            Err(CommandRefusal::UsageMoved)
        }
    }

    pub(super) fn accept(&mut self, rider: &UsageRider, posting: &Posting) {
        let id = match rider {
            UsageRider::Start(usage) => {
                self.runners.insert(usage.user);
                self.started.push((**usage).clone());
                return;
            }
            UsageRider::Hold { usage, .. }
            | UsageRider::Charge { usage, .. }
            | UsageRider::End { usage, .. } => usage,
        };
        let guard = self.guards.get_mut(id);
        let guard = guard.expect("a command is accepted only after its guard was found");
        guard.version += 1;
        let change = self.changes.entry(id.clone()).or_default();
        change.writes += 1;
        match rider {
            UsageRider::Start(_) => {}
            UsageRider::Hold { .. } => {
                change.windows_held += 1;
                change.held += guard.window_price.kopecks();
            }
            UsageRider::Charge { .. } => {
                change.windows_charged += 1;
                change.charged += guard.window_price.kopecks();
            }
            UsageRider::End { meter, reason, .. } => {
                guard.is_open = false;
                change.charged += charged_by(posting, guard.window_price);
                change.end = Some((*meter, *reason));
            }
        }
    }

    pub(super) async fn write(&self, conn: &mut Conn) -> Result<(), StoreError> {
        if !self.started.is_empty() {
            let count = self.started.len();
            let rows: Vec<Value> = self.started.iter().map(started_row).collect();
            let rows = Value::from(rows).to_string();
            expect_rows(conn.execute(sql!(START_SESSIONS, &*rows)).await?, count)?;
            expect_rows(conn.execute(sql!(START_METERS, &*rows)).await?, count)?;
        }
        if !self.changes.is_empty() {
            let count = self.changes.len();
            let rows = self
                .changes
                .iter()
                .map(|(id, change)| change.row(id, self.now));
            let rows = Value::from(rows.collect::<Vec<_>>()).to_string();
            expect_rows(conn.execute(sql!(CHANGE_METERS, &*rows)).await?, count)?;
            expect_rows(conn.execute(sql!(CHANGE_SESSIONS, &*rows)).await?, count)?;
        }
        Ok(())
    }
}

impl Change {
    fn row(&self, id: &UsageId, now: Moment) -> Value {
        let meter = self.end.map(|(meter, _)| meter);
        json!({
            "usage": id.as_str(),
            "held": self.windows_held,
            "charged": self.windows_charged,
            "held_kopecks": self.held,
            "charged_kopecks": self.charged,
            "metered": meter.map(|meter| meter.metered.0),
            "counted_until": meter.map(|meter| meter.counted_until.0),
            "seconds": meter.map(|meter| meter.seconds()),
            "reason": self.end.map(|(_, reason)| reason.as_str()),
            "ended_at": self.end.map(|_| now.0),
            "writes": self.writes,
        })
    }
}

/// What the closing posting of a session takes as revenue.
fn charged_by(posting: &Posting, window_price: Money) -> i64 {
    let movements = posting
        .operations
        .iter()
        .map(|operation| &operation.movement);
    let taken = movements.map(|movement| match movement {
        Movement::CaptureHold { .. } => window_price.kopecks(),
        Movement::CapturePart { amount, .. } => amount.kopecks(),
        _ => 0,
    });
    taken.sum()
}

fn started_row(usage: &Usage) -> Value {
    let tariff = usage.meter.tariff;
    json!({
        "id": usage.id.as_str(),
        "user": usage.user.0,
        "chat": usage.chat.0,
        "rate": tariff.rate.kopecks(),
        "held": tariff.window_price().map(Money::kopecks),
        "window_secs": tariff.window_secs,
        "lead_secs": tariff.lead_secs,
        "at": usage.started_at.0,
    })
}
