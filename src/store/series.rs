//! Series' rows, and the steps that follow from their jobs.

use async_trait::async_trait;
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};
use rei_actors::ports::StoreError;
use rei_actors::ports::outbox::NewOutbox;
use rei_actors::ports::series::SeriesStore;
use rei_domain::billing::Ending;
use rei_domain::ids::{ChatId, DraftId, UserId};
use rei_domain::job::JobState;
use rei_domain::money::Money;
use rei_domain::series::{Series, SeriesEnd, Step, Stopping, Warned};
use rei_domain::time::Moment;
use serde_json::{Value, json};

use crate::store::codec::{parse_word, unreadable};
use crate::store::conn::Conn;
use crate::store::db::Db;
use crate::store::outbox::insert_outbox;
use crate::store::stmt::{sql, statements};

statements! {
    BEGIN = "
        INSERT INTO series (id, user_id, chat_id, wanted, price, stopping, warned, started_at)
        VALUES (?, ?, ?, ?, ?, 'no', 'no', ?)
        ON CONFLICT (id) DO NOTHING";

    RUNNING_OF = "
        SELECT id, user_id, chat_id, wanted, price, stopping, warned, started_at, ended_at,
               end_reason
        FROM series WHERE user_id = ? AND ended_at IS NULL ORDER BY started_at, id";

    RUNNING = "
        SELECT id, user_id, chat_id, wanted, price, stopping, warned, started_at, ended_at,
               end_reason
        FROM series WHERE ended_at IS NULL AND id > ? ORDER BY id LIMIT ?";

    STEPS = "
        SELECT job.state, job.ending
        FROM json_each(?) asked
        JOIN jobs job ON job.draft_id = asked.value->>'draft'
        ORDER BY CAST(asked.value->>'number' AS BIGINT)";

    ASK_TO_STOP = "UPDATE series SET stopping = 'asked' WHERE id = ? AND ended_at IS NULL";

    WARN = "
        UPDATE series SET warned = 'yes' WHERE id = ? AND warned = 'no' AND ended_at IS NULL";

    END = "UPDATE series SET ended_at = ?, end_reason = ? WHERE id = ? AND ended_at IS NULL";
}

/// The rows of series.
#[derive(Clone)]
pub struct SeriesRows(Db);

impl SeriesRows {
    /// The rows of a database.
    pub fn new(db: Db) -> Self {
        Self(db)
    }
}

#[derive(QueryableByName)]
struct SeriesRow {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = BigInt)]
    user_id: i64,
    #[diesel(sql_type = BigInt)]
    chat_id: i64,
    #[diesel(sql_type = BigInt)]
    wanted: i64,
    #[diesel(sql_type = BigInt)]
    price: i64,
    #[diesel(sql_type = Text)]
    stopping: String,
    #[diesel(sql_type = Text)]
    warned: String,
    #[diesel(sql_type = BigInt)]
    started_at: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    ended_at: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    end_reason: Option<String>,
}

impl SeriesRow {
    fn parse(self) -> Result<Series, StoreError> {
        let reason = self.end_reason;
        let reason = reason.map(|text| parse_word("end_reason", &text, SeriesEnd::parse));
        Ok(Series {
            id: DraftId::new(self.id),
            user: UserId(self.user_id),
            chat: ChatId(self.chat_id),
            wanted: u32::try_from(self.wanted).map_err(|_| unreadable("wanted"))?,
            price: Money::from_kopecks(self.price),
            stopping: match self.stopping.as_str() {
                "no" => Stopping::No,
                _ => Stopping::Asked,
            },
            warned: match self.warned.as_str() {
                "no" => Warned::No,
                _ => Warned::Yes,
            },
            started_at: Moment(self.started_at),
            ended: self.ended_at.map(Moment).zip(reason.transpose()?),
        })
    }
}

#[derive(QueryableByName)]
struct StepRow {
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = Nullable<Text>)]
    ending: Option<String>,
}

impl StepRow {
    fn parse(self) -> Result<Step, StoreError> {
        let ending = self.ending;
        let ending = ending.map(|text| parse_word("ending", &text, Ending::parse));
        Ok(Step {
            state: parse_word("state", &self.state, JobState::parse)?,
            ending: ending.transpose()?,
        })
    }
}

#[async_trait]
impl SeriesStore for SeriesRows {
    async fn begin(&self, series: &Series) -> Result<(), StoreError> {
        let series = series.clone();
        self.0
            .write(async move |conn: &mut Conn| {
                let stmt = sql!(
                    BEGIN,
                    series.id.as_str(),
                    series.user.0,
                    series.chat.0,
                    i64::from(series.wanted),
                    series.price.kopecks(),
                    series.started_at.0,
                );
                conn.execute(stmt).await.map(|_| ())
            })
            .await
    }

    async fn running_of(&self, user: UserId) -> Result<Vec<Series>, StoreError> {
        self.0
            .read(async move |conn: &mut Conn| {
                let rows = conn.load::<SeriesRow>(sql!(RUNNING_OF, user.0)).await?;
                rows.into_iter().map(SeriesRow::parse).collect()
            })
            .await
    }

    async fn running(
        &self,
        after: Option<&DraftId>,
        limit: u32,
    ) -> Result<Vec<Series>, StoreError> {
        let after = after.map_or_else(String::new, |id| id.as_str().to_owned());
        self.0
            .read(async move |conn: &mut Conn| {
                let stmt = sql!(RUNNING, after.as_str(), i64::from(limit));
                let rows = conn.load::<SeriesRow>(stmt).await?;
                rows.into_iter().map(SeriesRow::parse).collect()
            })
            .await
    }

    async fn steps(&self, series: &Series) -> Result<Vec<Step>, StoreError> {
        let ids = (1..=series.wanted)
            .map(|number| json!({ "number": number, "draft": series.step(number).as_str() }));
        let ids = Value::from(ids.collect::<Vec<_>>()).to_string();
        self.0
            .read(async move |conn: &mut Conn| {
                let rows = conn.load::<StepRow>(sql!(STEPS, ids.as_str())).await?;
                rows.into_iter().map(StepRow::parse).collect()
            })
            .await
    }

    async fn ask_to_stop(&self, id: &DraftId) -> Result<(), StoreError> {
        let id = id.clone();
        self.0
            .write(async move |conn: &mut Conn| {
                conn.execute(sql!(ASK_TO_STOP, id.as_str()))
                    .await
                    .map(|_| ())
            })
            .await
    }

    async fn warn(&self, id: &DraftId, warning: &NewOutbox) -> Result<(), StoreError> {
        let (id, warning) = (id.clone(), warning.clone());
        self.0
            .tx(async move |conn: &mut Conn| {
                if conn.execute(sql!(WARN, id.as_str())).await? == 1 {
                    insert_outbox(conn, std::slice::from_ref(&warning)).await?;
                }
                Ok(())
            })
            .await
    }

    async fn end(
        &self,
        id: &DraftId,
        reason: SeriesEnd,
        at: Moment,
        news: Option<&NewOutbox>,
    ) -> Result<(), StoreError> {
        let (id, news) = (id.clone(), news.cloned());
        self.0
            .tx(async move |conn: &mut Conn| {
                let stmt = sql!(END, at.0, reason.as_str(), id.as_str());
                if conn.execute(stmt).await? == 1
                    && let Some(news) = &news
                {
                    insert_outbox(conn, std::slice::from_ref(news)).await?;
                }
                Ok(())
            })
            .await
    }
}
