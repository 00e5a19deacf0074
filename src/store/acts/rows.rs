//! How an act stands in its row.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Nullable, Text};
use rei_actors::ports::StoreError;
use rei_actors::ports::acts::NewAct;
use rei_domain::admin::{Act, ActState, Approval, Kind, Order, Shortfall};
use rei_domain::ids::{ActId, ChatId, HoldId, JobId, Nonce, TopupId, UserId};
use rei_domain::ledger::caps::Caps;
use rei_domain::money::Money;
use rei_domain::time::Moment;

use crate::store::codec::{parse_word, storable, unreadable};
use crate::store::conn::Conn;
use crate::store::stmt::sql;

#[derive(QueryableByName)]
pub(in crate::store) struct ActRow {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = BigInt)]
    user_id: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    amount: Option<i64>,
    #[diesel(sql_type = Nullable<Text>)]
    subject: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    hold_id: Option<String>,
    #[diesel(sql_type = Nullable<BigInt>)]
    until: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    cap_hour: Option<i64>,
    #[diesel(sql_type = Nullable<BigInt>)]
    cap_day: Option<i64>,
    #[diesel(sql_type = Text)]
    reason: String,
    #[diesel(sql_type = BigInt)]
    asker: i64,
    #[diesel(sql_type = BigInt)]
    chat_id: i64,
    #[diesel(sql_type = Text)]
    nonce: String,
    #[diesel(sql_type = BigInt)]
    needs_second: i64,
    #[diesel(sql_type = Nullable<BigInt>)]
    approver: Option<i64>,
    #[diesel(sql_type = Text)]
    state: String,
    #[diesel(sql_type = BigInt)]
    created_at: i64,
    #[diesel(sql_type = BigInt)]
    expires_at: i64,
}

impl ActRow {
    pub(in crate::store) fn parse(self) -> Result<Act, StoreError> {
        let order = self.order()?;
        Ok(Act {
            id: ActId::new(self.id),
            user: UserId(self.user_id),
            order,
            reason: self.reason,
            asker: UserId(self.asker),
            chat: ChatId(self.chat_id),
            nonce: Nonce::new(self.nonce),
            approval: match self.needs_second {
                0 => Approval::One,
                _ => Approval::Two,
            },
            state: parse_word("state", &self.state, ActState::parse)?,
            approver: self.approver.map(UserId),
            created_at: Moment(self.created_at),
            expires_at: Moment(self.expires_at),
        })
    }

    fn order(&self) -> Result<Order, StoreError> {
        let amount = || {
            self.amount
                .map(Money::from_kopecks)
                .ok_or(unreadable("amount"))
        };
        let job = || {
            let job = self.subject.clone().ok_or(unreadable("subject"))?;
            Ok::<JobId, StoreError>(JobId::new(job))
        };
        Ok(match parse_word("kind", &self.kind, Kind::parse)? {
            Kind::Credit => Order::Credit { amount: amount()? },
            Kind::Debit => Order::Debit {
                amount: amount()?,
                shortfall: Shortfall::Refuse,
            },
            Kind::Owe => Order::Debit {
                amount: amount()?,
                shortfall: Shortfall::Owe,
            },
            Kind::RefundJob => Order::RefundJob {
                job: job()?,
                hold: HoldId::new(self.hold_id.clone().ok_or(unreadable("hold_id"))?),
                amount: amount()?,
            },
            Kind::CancelJob => Order::CancelJob {
                job: job()?,
                price: amount()?,
            },
            Kind::SetCaps => Order::SetCaps {
                caps: Caps {
                    hour: self.cap_hour.map(Money::from_kopecks),
                    day: self.cap_day.map(Money::from_kopecks),
                },
            },
            Kind::Ban => Order::Ban {
                until: self.until.map(Moment),
            },
            Kind::Unban => Order::Unban,
            Kind::RefundPayment => Order::RefundPayment {
                topup: TopupId::new(self.subject.clone().ok_or(unreadable("subject"))?),
                amount: amount()?,
            },
        })
    }
}

/// The columns in which orders differ.
#[derive(Default)]
struct OrderColumns<'a> {
    amount: Option<i64>,
    subject: Option<&'a str>,
    hold: Option<&'a str>,
    until: Option<i64>,
    caps: Caps,
}

impl<'a> OrderColumns<'a> {
    fn of(order: &'a Order) -> Self {
        let none = OrderColumns::default();
        match order {
            Order::Credit { amount } | Order::Debit { amount, .. } => OrderColumns {
                amount: Some(amount.kopecks()),
                ..none
            },
            Order::RefundJob { job, hold, amount } => OrderColumns {
                amount: Some(amount.kopecks()),
                subject: Some(job.as_str()),
                hold: Some(hold.as_str()),
                ..none
            },
            Order::RefundPayment { topup, amount } => OrderColumns {
                amount: Some(amount.kopecks()),
                subject: Some(topup.as_str()),
                ..none
            },
            Order::CancelJob { job, price } => OrderColumns {
                amount: Some(price.kopecks()),
                subject: Some(job.as_str()),
                ..none
            },
            Order::SetCaps { caps } => OrderColumns {
                caps: *caps,
                ..none
            },
            Order::Ban { until } => OrderColumns {
                until: until.map(|until| until.0),
                ..none
            },
            Order::Unban => none,
        }
    }
}

/// Writes a new act; how many rows that were.
pub(super) async fn insert(
    conn: &mut Conn,
    text: &'static str,
    new: &NewAct,
) -> Result<usize, StoreError> {
    let act = &new.act;
    let order = OrderColumns::of(&act.order);
    let needs_second = match act.approval {
        Approval::One => 0_i64,
        Approval::Two => 1,
    };
    let reason = storable(&act.reason);
    let insert = sql!(
        text,
        act.id.as_str(),
        new.update_id,
        act.order.kind().as_str(),
        act.user.0,
        order.amount,
        order.subject,
        order.hold,
        order.until,
        order.caps.hour.map(Money::kopecks),
        order.caps.day.map(Money::kopecks),
        &*reason,
        act.asker.0,
        act.chat.0,
        act.nonce.as_str(),
        needs_second,
        act.created_at.0,
        act.expires_at.0
    );
    conn.execute(insert).await
}
