//! Money on its way back: a refund begins with its hold and ends with it; one that the method
//! made by itself is written with its reversal.

use std::collections::BTreeMap;

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Text};
use rei_actors::ports::StoreError;
use rei_actors::ports::ledger::{
    CommandRefusal, LedgerCommand, RefundEnd, Reversal, Rider, Settlement,
};
use rei_actors::ports::notices::{NoticeEnd, NoticeId};
use rei_actors::ports::topups::NewRefund;
use rei_domain::ids::{RefundId, TopupId, UserId};
use rei_domain::money::Money;
use rei_domain::refund::{RefundEvent, RefundStage, step};
use rei_domain::time::Moment;
use serde_json::{Value, json};

use crate::store::Conn;
use crate::store::codec::{parse_word, storable};
use crate::store::conn::Engine;
use crate::store::ledger::writes::expect_rows;
use crate::store::notices;
use crate::store::stmt::{sql, statements};
use crate::store::topups::rows::render_asker;

statements! {
    // What was credited, and what went back of it or is on its way.
    PAYMENTS = "
        SELECT id, user_id, method, amount,
               (SELECT CAST(COALESCE(SUM(back.amount), 0) AS BIGINT) FROM refunds back
                WHERE back.topup_id = topups.id AND back.stage <> 'failed') AS refunded
        FROM topups
        WHERE state = 'succeeded' AND id IN (SELECT value->>'topup' FROM json_each(?))
        ORDER BY id";

    REFUNDS = "
        SELECT id, user_id, stage FROM refunds
        WHERE id IN (SELECT value->>'refund' FROM json_each(?)) ORDER BY id";

    INSERT_REFUNDS = "
        INSERT INTO refunds (id, topup_id, user_id, method, amount, asked_by, admin_id, stage,
                             external_id, failures, due_at, created_at, finished_at)
        SELECT value->>'id', value->>'topup', CAST(value->>'user' AS BIGINT), value->>'method',
               CAST(value->>'amount' AS BIGINT), value->>'asked_by',
               CAST(value->>'admin' AS BIGINT), value->>'stage', value->>'external', 0,
               CAST(value->>'created_at' AS BIGINT), CAST(value->>'created_at' AS BIGINT),
               CAST(value->>'finished_at' AS BIGINT)
        FROM json_each(?)";

    SETTLE_REFUNDS = "
        UPDATE refunds SET stage = settled.stage, cause = settled.cause,
            external_id = COALESCE(refunds.external_id, settled.external),
            finished_at = settled.at
        FROM (
            SELECT value->>'refund' AS refund, value->>'stage' AS stage,
                   value->>'cause' AS cause, value->>'external' AS external,
                   CAST(value->>'at' AS BIGINT) AS at
            FROM json_each(?)
        ) settled
        WHERE refunds.id = settled.refund AND refunds.finished_at IS NULL";
}

const REFUNDS_LOCKED: &str = "
        SELECT id, user_id, stage FROM refunds
        WHERE id IN (SELECT value->>'refund' FROM json_each(?)) ORDER BY id FOR UPDATE";

/// The texts of this file for PostgreSQL alone.
pub const POSTGRES_ONLY: &[&str] = &[REFUNDS_LOCKED];

#[derive(QueryableByName)]
struct PaymentRow {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = BigInt)]
    user_id: i64,
    #[diesel(sql_type = Text)]
    method: String,
    #[diesel(sql_type = BigInt)]
    amount: i64,
    #[diesel(sql_type = BigInt)]
    refunded: i64,
}

#[derive(QueryableByName)]
struct RefundGuardRow {
    #[diesel(sql_type = Text)]
    id: String,
    #[diesel(sql_type = BigInt)]
    user_id: i64,
    #[diesel(sql_type = Text)]
    stage: String,
}

/// A credited payment as its guards see it. The shard's lock keeps it so: whatever refunds it
/// is a command of the same user.
struct Payment {
    user: UserId,
    method: String,
    credited: Money,
    refunded: Money,
}

/// The refunds of one batch.
pub(super) struct Refunds {
    now: Moment,
    payments: BTreeMap<TopupId, Payment>,
    stages: BTreeMap<RefundId, (UserId, RefundStage)>,
    inserted: Vec<Value>,
    settled: Vec<Value>,
    notices: Vec<NoticeId>,
}

impl Refunds {
    pub(super) async fn read(
        conn: &mut Conn,
        commands: &[LedgerCommand],
        now: Moment,
    ) -> Result<Refunds, StoreError> {
        let mut refunds = Refunds {
            now,
            payments: BTreeMap::new(),
            stages: BTreeMap::new(),
            inserted: Vec::new(),
            settled: Vec::new(),
            notices: Vec::new(),
        };
        let (mut topups, mut ids) = (Vec::new(), Vec::new());
        for command in commands {
            if let Rider::HoldRefund(refund) | Rider::Reverse(Reversal { refund, .. }) =
                &command.rider
            {
                topups.push(json!({ "topup": refund.topup.as_str() }));
                ids.push(json!({ "refund": refund.id.as_str() }));
            }
            if let Rider::SettleRefund(settlement) = &command.rider {
                ids.push(json!({ "refund": settlement.refund.as_str() }));
            }
        }
        if !topups.is_empty() {
            refunds.read_payments(conn, topups).await?;
        }
        if !ids.is_empty() {
            refunds.read_stages(conn, ids).await?;
        }
        Ok(refunds)
    }

    async fn read_payments(&mut self, conn: &mut Conn, ids: Vec<Value>) -> Result<(), StoreError> {
        let ids = Value::from(ids).to_string();
        for row in conn.load::<PaymentRow>(sql!(PAYMENTS, &*ids)).await? {
            let payment = Payment {
                user: UserId(row.user_id),
                method: row.method,
                credited: Money::from_kopecks(row.amount),
                refunded: Money::from_kopecks(row.refunded),
            };
            self.payments.insert(TopupId::new(row.id), payment);
        }
        Ok(())
    }

    async fn read_stages(&mut self, conn: &mut Conn, ids: Vec<Value>) -> Result<(), StoreError> {
        let text = match conn.engine() {
            Engine::Postgres => REFUNDS_LOCKED,
            Engine::Sqlite => REFUNDS,
        };
        let ids = Value::from(ids).to_string();
        for row in conn.load::<RefundGuardRow>(sql!(text, &*ids)).await? {
            let stage = parse_word("stage", &row.stage, RefundStage::parse)?;
            self.stages
                .insert(RefundId::new(row.id), (UserId(row.user_id), stage));
        }
        Ok(())
    }

    /// A refund begins, or was made by the method: it and all others of its payment together
    /// are at most what was credited.
    pub(super) fn check_new(&self, user: UserId, refund: &NewRefund) -> Result<(), CommandRefusal> {
        let payment = self.payments.get(&refund.topup);
        let Some(payment) = payment.filter(|payment| payment.user == user && refund.user == user)
        else {
            return Err(CommandRefusal::TopupMoved { state: None });
        };
        if let Some((_, stage)) = self.stages.get(&refund.id) {
            return Err(CommandRefusal::RefundMoved {
                stage: Some(*stage),
            });
        }
        let left = payment.credited.kopecks() - payment.refunded.kopecks();
        let left = Money::from_kopecks(left.max(0));
        if refund.amount > left {
            return Err(CommandRefusal::MoreThanPaid { left });
        }
        Ok(())
    }

    /// A refund ends: it is the user's, and at a stage from which it can end so.
    pub(super) fn check_end(
        &self,
        user: UserId,
        settlement: &Settlement,
    ) -> Result<(), CommandRefusal> {
        let Some((owner, stage)) = self.stages.get(&settlement.refund) else {
            return Err(CommandRefusal::RefundMoved { stage: None });
        };
        if *owner != user {
            return Err(CommandRefusal::RefundMoved { stage: None });
        }
        match step(*stage, event(&settlement.end)) {
            Ok(_) => Ok(()),
            Err(_) => Err(CommandRefusal::RefundMoved {
                stage: Some(*stage),
            }),
        }
    }

    pub(super) fn accept_hold(&mut self, refund: &NewRefund) {
        self.insert(refund, RefundStage::Held, None);
    }

    pub(super) fn accept_reversal(&mut self, reversal: &Reversal) {
        self.insert(
            &reversal.refund,
            RefundStage::Succeeded,
            Some(&reversal.external),
        );
        self.notices.extend(reversal.notice);
    }

    pub(super) fn accept_end(&mut self, settlement: &Settlement) {
        let (stage, cause) = match &settlement.end {
            RefundEnd::Returned => (RefundStage::Succeeded, None),
            RefundEnd::Refused { cause } => (RefundStage::Failed, Some(storable(cause))),
        };
        if let Some((_, known)) = self.stages.get_mut(&settlement.refund) {
            *known = stage;
        }
        self.settled.push(json!({
            "refund": settlement.refund.as_str(),
            "stage": stage.as_str(),
            "cause": cause,
            "external": settlement.external,
            "at": self.now.0,
        }));
        self.notices.extend(settlement.notice);
    }

    fn insert(&mut self, refund: &NewRefund, stage: RefundStage, external: Option<&str>) {
        let Some(payment) = self.payments.get_mut(&refund.topup) else {
            return;
        };
        payment.refunded = payment
            .refunded
            .checked_add(refund.amount)
            .expect("the guard keeps refunds below the payment");
        self.stages.insert(refund.id.clone(), (refund.user, stage));
        let (asked_by, admin) = render_asker(refund.asked_by);
        let finished_at = (!stage.is_open()).then_some(self.now.0);
        self.inserted.push(json!({
            "id": refund.id.as_str(),
            "topup": refund.topup.as_str(),
            "user": refund.user.0,
            "method": payment.method,
            "amount": refund.amount.kopecks(),
            "asked_by": asked_by,
            "admin": admin,
            "stage": stage.as_str(),
            "external": external,
            "created_at": refund.created_at.0,
            "finished_at": finished_at,
        }));
    }

    pub(super) async fn write(&self, conn: &mut Conn) -> Result<(), StoreError> {
        if !self.inserted.is_empty() {
            let rows = Value::from(self.inserted.clone()).to_string();
            let inserted = conn.execute(sql!(INSERT_REFUNDS, &*rows)).await?;
            expect_rows(inserted, self.inserted.len())?;
        }
        if !self.settled.is_empty() {
            let rows = Value::from(self.settled.clone()).to_string();
            let settled = conn.execute(sql!(SETTLE_REFUNDS, &*rows)).await?;
            expect_rows(settled, self.settled.len())?;
        }
        for notice in &self.notices {
            notices::finish(conn, *notice, &NoticeEnd::Processed, self.now).await?;
        }
        Ok(())
    }
}

fn event(end: &RefundEnd) -> RefundEvent {
    match end {
        RefundEnd::Returned => RefundEvent::Succeed,
        RefundEnd::Refused { .. } => RefundEvent::Fail,
    }
}
