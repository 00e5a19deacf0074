//! What routing keeps: the health of providers, and cordons.

use async_trait::async_trait;
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};
use rei_actors::ports::StoreError;
use rei_actors::ports::routes::{Cordon, HealthRow, RouteStore};
use rei_actors::routes::decision::DecisionRecord;
use rei_domain::health::{FaultClass, KeptHealth};
use rei_domain::money::Money;
use rei_domain::routing::replay::Past;
use rei_domain::spec::Kind;
use rei_domain::time::{Moment, Span};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::store::codec::{parse_word, unreadable};
use crate::store::conn::Conn;
use crate::store::db::Db;
use crate::store::stmt::{sql, statements};

statements! {
    HEALTH = "SELECT provider, kind, health FROM provider_health ORDER BY provider, kind";

    KEEP_HEALTH = "
        INSERT INTO provider_health (provider, kind, health, updated_at)
        SELECT value->>'provider', value->>'kind', value->>'health',
               CAST(value->>'at' AS BIGINT)
        FROM json_each(?)
        WHERE true
        ON CONFLICT (provider, kind) DO UPDATE SET
            health = excluded.health, updated_at = excluded.updated_at";

    CORDONS = "SELECT provider, reason, since, until FROM cordons ORDER BY provider";

    CORDON = "
        INSERT INTO cordons (provider, reason, since, until)
        VALUES (?, ?, ?, ?)
        ON CONFLICT (provider) DO UPDATE SET reason = excluded.reason, until = excluded.until";

    DECISIONS = "
        SELECT decision FROM attempts
        WHERE begun_at >= ? AND begun_at < ? AND decision IS NOT NULL ORDER BY begun_at";

    UNCORDON = "DELETE FROM cordons WHERE provider = ?";
}

/// The rows of routing.
#[derive(Clone)]
pub struct RouteRows(Db);

impl RouteRows {
    /// The rows of a database.
    pub fn new(db: Db) -> Self {
        Self(db)
    }
}

impl RouteRows {
    /// The decisions of the attempts that were begun in a time, in their order. Those that went
    /// back to where they had been begun decided nothing.
    pub async fn decisions(&self, from: Moment, until: Moment) -> Result<Vec<Past>, StoreError> {
        let rows = self
            .0
            .read(async move |conn: &mut Conn| {
                conn.load::<DecisionRow>(sql!(DECISIONS, from.0, until.0))
                    .await
            })
            .await?;
        let past = rows.into_iter().filter_map(|row| {
            let record = DecisionRecord::parse(&row.decision)?;
            Some(Past {
                price: Money::from_kopecks(record.price),
                coin: record.coin,
                chosen: record.candidates.iter().position(|c| c.chosen)?,
                facts: record.facts(),
            })
        });
        Ok(past.collect())
    }
}

#[derive(QueryableByName)]
struct DecisionRow {
    #[diesel(sql_type = Text)]
    decision: String,
}

/// [`KeptHealth`] in its column.
#[derive(Serialize, Deserialize)]
struct HealthJson {
    success: f64,
    /// Microseconds.
    p95: Option<i64>,
    open: Vec<OpenJson>,
}

#[derive(Serialize, Deserialize)]
struct OpenJson {
    class: String,
    until: i64,
}

fn render_health(health: &KeptHealth) -> String {
    let open = health.open.iter().map(|(class, until)| OpenJson {
        class: class.as_str().to_owned(),
        until: until.0,
    });
    let health = HealthJson {
        success: health.success,
        p95: health.p95.map(|p95| p95.0),
        open: open.collect(),
    };
    serde_json::to_string(&health).expect("numbers and texts always render as JSON")
}

fn parse_health(text: &str) -> Result<KeptHealth, StoreError> {
    let health: HealthJson = serde_json::from_str(text).map_err(|_| unreadable("health"))?;
    let open = health.open.into_iter().map(|open| {
        let class = parse_word("health", &open.class, FaultClass::parse)?;
        Ok((class, Moment(open.until)))
    });
    Ok(KeptHealth {
        success: health.success,
        p95: health.p95.map(Span),
        open: open.collect::<Result<_, StoreError>>()?,
    })
}

#[derive(QueryableByName)]
struct HealthColumns {
    #[diesel(sql_type = Text)]
    provider: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Text)]
    health: String,
}

#[derive(QueryableByName)]
struct CordonRow {
    #[diesel(sql_type = Text)]
    provider: String,
    #[diesel(sql_type = Text)]
    reason: String,
    #[diesel(sql_type = BigInt)]
    since: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    until: Option<i64>,
}

#[async_trait]
impl RouteStore for RouteRows {
    async fn health(&self) -> Result<Vec<HealthRow>, StoreError> {
        self.0
            .read(async move |conn: &mut Conn| {
                let rows = conn.load::<HealthColumns>(sql!(HEALTH)).await?;
                let rows = rows.into_iter().map(|row| {
                    Ok(HealthRow {
                        provider: row.provider,
                        kind: parse_word("kind", &row.kind, Kind::parse)?,
                        health: parse_health(&row.health)?,
                    })
                });
                rows.collect()
            })
            .await
    }

    async fn keep_health(&self, rows: &[HealthRow], at: Moment) -> Result<(), StoreError> {
        let rows = rows.iter().map(|row| {
            json!({
                "provider": row.provider,
                "kind": row.kind.as_str(),
                "health": render_health(&row.health),
                "at": at.0,
            })
        });
        let rows = Value::Array(rows.collect()).to_string();
        self.0
            .write(async move |conn: &mut Conn| {
                conn.execute(sql!(KEEP_HEALTH, rows.as_str())).await?;
                Ok(())
            })
            .await
    }

    async fn cordons(&self) -> Result<Vec<Cordon>, StoreError> {
        self.0
            .read(async move |conn: &mut Conn| {
                let rows = conn.load::<CordonRow>(sql!(CORDONS)).await?;
                let cordons = rows.into_iter().map(|row| Cordon {
                    provider: row.provider,
                    reason: row.reason,
                    since: Moment(row.since),
                    until: row.until.map(Moment),
                });
                Ok(cordons.collect())
            })
            .await
    }

    async fn cordon(&self, cordon: &Cordon) -> Result<(), StoreError> {
        let cordon = cordon.clone();
        self.0
            .write(async move |conn: &mut Conn| {
                let until = cordon.until.map(|until| until.0);
                let (provider, reason) = (cordon.provider.as_str(), cordon.reason.as_str());
                conn.execute(sql!(CORDON, provider, reason, cordon.since.0, until))
                    .await?;
                Ok(())
            })
            .await
    }

    async fn uncordon(&self, provider: &str) -> Result<bool, StoreError> {
        let provider = provider.to_owned();
        self.0
            .write(async move |conn: &mut Conn| {
                Ok(conn.execute(sql!(UNCORDON, provider.as_str())).await? > 0)
            })
            .await
    }
}

#[cfg(test)]
mod tests {
    use rei_actors::ports::jobs::{JobStore, LeaseToken};
    use rei_domain::ids::JobId;
    use rei_domain::job::JobState;
    use rei_domain::routing::{Availability, Decision, Facts, History, Verdict};

    use super::*;
    use crate::store::JobRows;
    use crate::store::fixtures::{FIXTURE_FENCE, for_both, insert_job};

    #[test]
    fn health_is_kept_and_the_newest_holds() {
        for_both(async |db| {
            let routes = RouteRows::new(db);
            assert_eq!(routes.health().await.unwrap(), []);
            let row = |success, open| HealthRow {
                provider: "kling".to_owned(),
                kind: Kind::Video,
                health: KeptHealth {
                    success,
                    p95: Some(Span::from_secs(90)),
                    open,
                },
            };
            let first = row(0.5, vec![(FaultClass::Account, Moment(7))]);
            let second = row(0.625, Vec::new());
            for rows in [vec![first], vec![second.clone()]] {
                routes.keep_health(&rows, Moment(1)).await.unwrap();
            }
            assert_eq!(routes.health().await.unwrap(), [second]);
        });
    }

    #[test]
    fn the_decisions_of_a_time_come_back_with_their_facts() {
        for_both(async |db| {
            let facts = |provider: &str| Facts {
                provider: provider.to_owned(),
                cost: Money::from_kopecks(700),
                success: 0.75,
                p95_secs: Some(12.5),
                places: 4,
                free: 2,
                availability: Availability::Open,
                history: History::New,
            };
            let facts = vec![facts("kling"), facts("fal")];
            let decision = Decision {
                chosen: Some(1),
                verdicts: vec![Verdict::Full, Verdict::Score(0.5)],
            };
            let price = Money::from_kopecks(1_400);
            let record = DecisionRecord::of(Moment(1), price, 9, &facts, &decision);
            let jobs = JobRows::new(db.clone());
            let again = DecisionRecord::begun_before(Moment(1));
            for (id, at, record) in [("a", 10, &record), ("b", 20, &record), ("c", 11, &again)] {
                insert_job(&db, id, JobState::Leased).await;
                let lease = LeaseToken {
                    job: JobId::new(id),
                    fence: FIXTURE_FENCE,
                };
                let begun = jobs.begin_attempt(&lease, 1, "fal", record, Moment(at));
                begun.await.unwrap();
            }
            let routes = RouteRows::new(db);
            let past = Past {
                price,
                coin: 9,
                facts,
                chosen: 1,
            };
            let found = routes.decisions(Moment(10), Moment(20)).await.unwrap();
            assert_eq!(found, [past], "of the time, and none that decided nothing");
        });
    }

    #[test]
    fn a_cordon_is_changed_and_lifted_once() {
        for_both(async |db| {
            let routes = RouteRows::new(db);
            let cordon = |reason: &str, until| Cordon {
                provider: "fal".to_owned(),
                reason: reason.to_owned(),
                since: Moment(1),
                until,
            };
            routes.cordon(&cordon("prices", None)).await.unwrap();
            let changed = cordon("an outage", Some(Moment(9)));
            routes.cordon(&changed).await.unwrap();
            assert_eq!(routes.cordons().await.unwrap(), [changed]);
            assert!(routes.uncordon("fal").await.unwrap());
            assert!(!routes.uncordon("fal").await.unwrap());
            assert_eq!(routes.cordons().await.unwrap(), []);
        });
    }
}
