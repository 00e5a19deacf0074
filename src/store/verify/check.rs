//! A check: one question whose answer is how many rows break an invariant.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};
use rei_actors::ports::StoreError;
use rei_domain::time::{Moment, Span};

use super::report::{Finding, Weight};
use crate::store::Conn;
use crate::store::stmt::sql;

/// An invariant and the statement that counts the rows breaking it.
pub(super) struct Check {
    /// The id by which people and alerts know it.
    pub invariant: &'static str,
    /// What holds when it is not broken.
    pub sentence: &'static str,
    /// Gives one row: `broken`, how many rows break it, and `example`, one of them told in ids
    /// and amounts.
    pub text: &'static str,
    pub patience: Patience,
}

/// When a row breaks the invariant.
pub(super) enum Patience {
    /// At any time: it was written wrong, or changed by another hand. The text has no value.
    None,
    /// Only once this long has passed, while the bot was perhaps not running. The text's one
    /// value is the moment before which a row is overdue.
    For(Span),
}

#[derive(QueryableByName)]
struct BrokenRow {
    #[diesel(sql_type = BigInt)]
    broken: i64,
    #[diesel(sql_type = Nullable<Text>)]
    example: Option<String>,
}

impl Check {
    /// Asks the question; `None` when the invariant holds.
    pub async fn run(&self, conn: &mut Conn, now: Moment) -> Result<Option<Finding>, StoreError> {
        let (question, weight) = match self.patience {
            Patience::None => (sql!(self.text), Weight::Broken),
            Patience::For(span) => {
                let before = now.0.saturating_sub(span.0);
                (sql!(self.text, before), Weight::Overdue)
            }
        };
        let row: BrokenRow = conn.one(question).await?;
        if row.broken == 0 {
            return Ok(None);
        }
        Ok(Some(Finding {
            invariant: self.invariant,
            sentence: self.sentence,
            weight,
            rows: row.broken,
            example: row.example.unwrap_or_default(),
        }))
    }
}
