//! Usage sessions as their user sees them, by the index of his sessions.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};
use rei_actors::ports::StoreError;
use rei_domain::ids::{UsageId, UserId};
use rei_domain::money::Money;
use rei_domain::statement::{Month, Session, SessionPage, Totals, Unit, today};
use rei_domain::time::Moment;

use crate::store::codec::{parse_count, parse_word};
use crate::store::conn::Conn;
use crate::store::stmt::{sql, statements};

statements! {
    SESSIONS = "
        SELECT id, unit, rate, metered_seconds, charged, started_at, end_reason
        FROM usage_sessions
        WHERE user_id = ? AND started_at <= ? AND (started_at < ? OR id < ?)
        ORDER BY started_at DESC, id DESC LIMIT ?";

    STARTED_AT = "
        SELECT started_at AS at FROM usage_sessions WHERE user_id = ? AND id = ?";

    TOTALS = "
        SELECT COUNT(*) AS sessions,
               CAST(COALESCE(SUM(metered_seconds), 0) AS BIGINT) AS seconds,
               CAST(COALESCE(SUM(charged), 0) AS BIGINT) AS charged
        FROM usage_sessions WHERE user_id = ? AND started_at >= ?";
}

#[derive(QueryableByName)]
struct SessionRow {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Text)]
    unit: String,
    #[diesel(sql_type = BigInt)]
    rate: i64,
    #[diesel(sql_type = BigInt)]
    metered_seconds: i64,
    #[diesel(sql_type = BigInt)]
    charged: i64,
    #[diesel(sql_type = BigInt)]
    started_at: i64,
    #[diesel(sql_type = Nullable<Text>)]
    end_reason: Option<String>,
}

impl SessionRow {
    fn parse(self) -> Result<Session, StoreError> {
        Ok(Session {
            id: UsageId::new(self.id),
            unit: parse_word("unit", &self.unit, Unit::parse)?,
            rate: Money::from_kopecks(self.rate),
            seconds: parse_count("metered_seconds", self.metered_seconds)?,
            charged: Money::from_kopecks(self.charged),
            started_at: Moment(self.started_at),
            end: self.end_reason,
        })
    }
}

#[derive(QueryableByName)]
struct StartedRow {
    #[diesel(sql_type = BigInt)]
    at: i64,
}

#[derive(QueryableByName)]
struct TotalsRow {
    #[diesel(sql_type = BigInt)]
    sessions: i64,
    #[diesel(sql_type = BigInt)]
    seconds: i64,
    #[diesel(sql_type = BigInt)]
    charged: i64,
}

async fn totals(conn: &mut Conn, user: UserId, since: Moment) -> Result<Totals, StoreError> {
    let row: TotalsRow = conn.one(sql!(TOTALS, user.0, since.0)).await?;
    Ok(Totals {
        sessions: parse_count("sessions", row.sessions)?,
        seconds: parse_count("metered_seconds", row.seconds)?,
        charged: Money::from_kopecks(row.charged),
    })
}

/// A page of sessions with the totals of now.
pub(super) async fn page(
    conn: &mut Conn,
    user: UserId,
    before: Option<UsageId>,
    limit: u32,
    now: Moment,
) -> Result<SessionPage, StoreError> {
    let asked = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = i64::from(limit) + 1;
    let at = match &before {
        Some(id) => {
            let found = sql!(STARTED_AT, user.0, id.as_str());
            let found = conn.optional::<StartedRow>(found).await?;
            // Of another's session nothing is older.
            found.map_or(i64::MIN, |row| row.at)
        }
        None => i64::MAX,
    };
    let id = before.as_ref().map_or("", UsageId::as_str);
    let stmt = sql!(SESSIONS, user.0, at, at, id, more);
    let mut rows: Vec<SessionRow> = conn.load(stmt).await?;
    let has_older = rows.len() > asked;
    rows.truncate(asked);
    let sessions: Result<Vec<Session>, StoreError> =
        rows.into_iter().map(SessionRow::parse).collect();
    let sessions = sessions?;
    Ok(SessionPage {
        has_older,
        today: totals(conn, user, today(now)).await?,
        month: totals(conn, user, Month::of(now).begins()).await?,
        sessions,
    })
}
