//! Top-ups and refunds as their rows hold them.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};
use rei_actors::ports::StoreError;
use rei_actors::ports::topups::{AskedBy, NewRefund, NewTopup, Refund, Returnable, Topup};
use rei_domain::conversation::Language;
use rei_domain::ids::{ChatId, DraftId, RefundId, TopupId, UserId};
use rei_domain::money::Money;
use rei_domain::payment::PaidSum;
use rei_domain::refund::{RefundStage, Spent};
use rei_domain::time::Moment;
use rei_domain::topup::{Email, TopupState};

use crate::store::codec::{parse_count, parse_word, unreadable};

/// The columns of [`TopupRow`], in a statement whose only table with such names is `topups`.
macro_rules! topup_columns {
    () => {
        "id, user_id, chat_id, method, amount, due_amount, due_currency, language, email, \
         draft_id, state, external_id, pay_url, cause, failures, created_at, finished_at"
    };
}

/// The columns of [`RefundRow`].
macro_rules! refund_columns {
    () => {
        "id, topup_id, user_id, method, amount, asked_by, admin_id, stage, external_id, \
         posted_at, cause, failures, created_at, finished_at"
    };
}

pub(in crate::store) use {refund_columns, topup_columns};

#[derive(QueryableByName)]
pub(in crate::store) struct TopupRow {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = BigInt)]
    user_id: i64,
    #[diesel(sql_type = BigInt)]
    chat_id: i64,
    #[diesel(sql_type = Text)]
    method: String,
    #[diesel(sql_type = BigInt)]
    amount: i64,
    #[diesel(sql_type = BigInt)]
    due_amount: i64,
    #[diesel(sql_type = Text)]
    due_currency: String,
    #[diesel(sql_type = Text)]
    language: String,
    #[diesel(sql_type = Nullable<Text>)]
    email: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    draft_id: Option<String>,
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = Nullable<Text>)]
    external_id: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    pay_url: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    cause: Option<String>,
    #[diesel(sql_type = BigInt)]
    failures: i64,
    #[diesel(sql_type = BigInt)]
    created_at: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    finished_at: Option<i64>,
}

impl TopupRow {
    pub(in crate::store) fn parse(self) -> Result<Topup, StoreError> {
        let state = parse_word("state", &self.state, TopupState::parse)?;
        let credited_at = match state {
            TopupState::Succeeded => self.finished_at.map(Moment),
            TopupState::Asked | TopupState::Pending | TopupState::Canceled | TopupState::Parked => {
                None
            }
        };
        Ok(Topup {
            order: NewTopup {
                id: TopupId::new(self.id),
                user: UserId(self.user_id),
                chat: ChatId(self.chat_id),
                method: self.method,
                amount: Money::from_kopecks(self.amount),
                due: PaidSum {
                    amount: self.due_amount,
                    currency: self.due_currency,
                },
                language: parse_word("language", &self.language, Language::parse)?,
                email: self.email.map(Email::stored),
                draft: self.draft_id.map(DraftId::new),
                created_at: Moment(self.created_at),
            },
            state,
            external: self.external_id,
            pay_url: self.pay_url,
            cause: self.cause,
            failures: parse_count("failures", self.failures)?,
            credited_at,
        })
    }
}

/// What was spent of a credited payment, beside its [`TopupRow`].
#[derive(QueryableByName)]
pub(in crate::store) struct SpentRow {
    #[diesel(sql_type = BigInt)]
    unspent: i64,
    #[diesel(sql_type = BigInt)]
    refunded: i64,
}

/// A [`TopupRow`] with its [`SpentRow`].
#[derive(QueryableByName)]
pub(in crate::store) struct ReturnableRow {
    #[diesel(embed)]
    topup: TopupRow,
    #[diesel(embed)]
    spent: SpentRow,
}

impl ReturnableRow {
    pub(in crate::store) fn parse(self) -> Result<Returnable, StoreError> {
        let topup = self.topup.parse()?;
        let credited_at = topup.credited_at.ok_or_else(|| unreadable("finished_at"))?;
        Ok(Returnable {
            spent: Spent {
                credited: topup.order.amount,
                unspent: Money::from_kopecks(self.spent.unspent),
                refunded: Money::from_kopecks(self.spent.refunded),
                credited_at,
            },
            topup,
        })
    }
}

#[derive(QueryableByName)]
pub(in crate::store) struct RefundRow {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Text)]
    topup_id: String,
    #[diesel(sql_type = BigInt)]
    user_id: i64,
    #[diesel(sql_type = Text)]
    method: String,
    #[diesel(sql_type = BigInt)]
    amount: i64,
    #[diesel(sql_type = Text)]
    asked_by: String,
    #[diesel(sql_type = Nullable<BigInt>)]
    admin_id: Option<i64>,
    #[diesel(sql_type = Text)]
    stage: String,
    #[diesel(sql_type = Nullable<Text>)]
    external_id: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    posted_at: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    cause: Option<String>,
    #[diesel(sql_type = BigInt)]
    failures: i64,
    #[diesel(sql_type = BigInt)]
    created_at: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    finished_at: Option<i64>,
}

impl RefundRow {
    pub(in crate::store) fn parse(self) -> Result<Refund, StoreError> {
        Ok(Refund {
            order: NewRefund {
                id: RefundId::new(self.id),
                topup: TopupId::new(self.topup_id),
                user: UserId(self.user_id),
                amount: Money::from_kopecks(self.amount),
                asked_by: parse_asker(&self.asked_by, self.admin_id)?,
                created_at: Moment(self.created_at),
            },
            method: self.method,
            stage: parse_word("stage", &self.stage, RefundStage::parse)?,
            external: self.external_id,
            posted_at: self.posted_at.map(Moment),
            cause: self.cause,
            failures: parse_count("failures", self.failures)?,
            finished_at: self.finished_at.map(Moment),
        })
    }
}

fn parse_asker(word: &str, admin: Option<i64>) -> Result<AskedBy, StoreError> {
    match (word, admin) {
        ("user", None) => Ok(AskedBy::User),
        ("admin", Some(admin)) => Ok(AskedBy::Admin(UserId(admin))),
        ("method", None) => Ok(AskedBy::Method),
        _ => Err(unreadable("asked_by")),
    }
}

/// Who asked for a refund, as its two columns hold it.
pub(in crate::store) fn render_asker(asker: AskedBy) -> (&'static str, Option<i64>) {
    match asker {
        AskedBy::User => ("user", None),
        AskedBy::Admin(admin) => ("admin", Some(admin.0)),
        AskedBy::Method => ("method", None),
    }
}
