//! Top-ups' and refunds' rows.
//!
//! Every move is guarded by the domain's own transition tables (`steps`), so a row that moved on
//! meanwhile is never moved back. Crediting, holding, settling and reversing are not here: they
//! commit with the ledger (`ledger::riders`).

pub(super) mod differences;
pub(super) mod forms;
pub(super) mod moves;
pub(super) mod reads;
pub(super) mod refunds;
pub(super) mod rows;
pub(super) mod steps;

use async_trait::async_trait;
use rei_actors::ports::StoreError;
use rei_actors::ports::notices::NoticeId;
use rei_actors::ports::outbox::NewOutbox;
use rei_actors::ports::topups::{
    Difference, Moved, Recorded, Refund, RefundMove, Returnable, Topup, TopupForm, TopupMove,
    TopupStore,
};
use rei_domain::ids::{ChatId, RefundId, TopupId, UserId};
use rei_domain::time::Moment;
use rei_domain::topup::Email;

use crate::store::conn::Conn;
use crate::store::db::Db;

/// Top-ups' and refunds' rows.
#[derive(Clone)]
pub struct TopupRows(Db);

impl TopupRows {
    /// The rows of a database.
    pub fn new(db: Db) -> Self {
        Self(db)
    }
}

#[async_trait]
impl TopupStore for TopupRows {
    async fn topup(&self, id: &TopupId) -> Result<Option<Topup>, StoreError> {
        let id = id.clone();
        self.0
            .read(async move |conn: &mut Conn| reads::topup(conn, &id).await)
            .await
    }

    async fn topup_of(&self, method: &str, external: &str) -> Result<Option<Topup>, StoreError> {
        let (method, external) = (method.to_owned(), external.to_owned());
        self.0
            .read(async move |conn: &mut Conn| reads::topup_of(conn, &method, &external).await)
            .await
    }

    async fn take_topups(
        &self,
        method: &str,
        now: Moment,
        until: Moment,
        limit: u32,
    ) -> Result<Vec<Topup>, StoreError> {
        let method = method.to_owned();
        self.0
            .write(async move |conn: &mut Conn| moves::take(conn, &method, now, until, limit).await)
            .await
    }

    async fn move_topup(
        &self,
        id: &TopupId,
        how: TopupMove,
        notice: Option<NoticeId>,
        outbox: Vec<NewOutbox>,
        at: Moment,
    ) -> Result<Moved, StoreError> {
        let id = id.clone();
        self.0
            .tx(async move |conn: &mut Conn| {
                moves::move_topup(conn, &id, &how, notice, &outbox, at).await
            })
            .await
    }

    async fn put_off_topup(
        &self,
        id: &TopupId,
        failures: u32,
        due_at: Moment,
    ) -> Result<(), StoreError> {
        let id = id.clone();
        self.0
            .write(async move |conn: &mut Conn| moves::put_off(conn, &id, failures, due_at).await)
            .await
    }

    async fn last_email(&self, user: UserId) -> Result<Option<Email>, StoreError> {
        self.0
            .read(async move |conn: &mut Conn| reads::last_email(conn, user).await)
            .await
    }

    async fn form(&self, chat: ChatId, since: Moment) -> Result<Option<TopupForm>, StoreError> {
        self.0
            .read(async move |conn: &mut Conn| forms::form(conn, chat, since).await)
            .await
    }

    async fn returnables(&self, user: UserId, limit: u32) -> Result<Vec<Returnable>, StoreError> {
        self.0
            .read(async move |conn: &mut Conn| reads::returnables(conn, user, limit).await)
            .await
    }

    async fn returnable(&self, id: &TopupId) -> Result<Option<Returnable>, StoreError> {
        let id = id.clone();
        self.0
            .read(async move |conn: &mut Conn| reads::returnable(conn, &id).await)
            .await
    }

    async fn refund(&self, id: &RefundId) -> Result<Option<Refund>, StoreError> {
        let id = id.clone();
        self.0
            .read(async move |conn: &mut Conn| refunds::refund(conn, &id).await)
            .await
    }

    async fn refund_of(&self, method: &str, external: &str) -> Result<Option<Refund>, StoreError> {
        let (method, external) = (method.to_owned(), external.to_owned());
        self.0
            .read(async move |conn: &mut Conn| refunds::refund_of(conn, &method, &external).await)
            .await
    }

    async fn refund_under(
        &self,
        method: &str,
        payment: &str,
    ) -> Result<Option<Refund>, StoreError> {
        let (method, payment) = (method.to_owned(), payment.to_owned());
        self.0
            .read(async move |conn: &mut Conn| refunds::refund_under(conn, &method, &payment).await)
            .await
    }

    async fn take_refunds(
        &self,
        method: &str,
        now: Moment,
        until: Moment,
        limit: u32,
    ) -> Result<Vec<Refund>, StoreError> {
        let method = method.to_owned();
        self.0
            .write(async move |conn: &mut Conn| {
                refunds::take(conn, &method, now, until, limit).await
            })
            .await
    }

    async fn move_refund(&self, id: &RefundId, how: RefundMove) -> Result<Moved, StoreError> {
        let id = id.clone();
        self.0
            .write(async move |conn: &mut Conn| refunds::move_refund(conn, &id, &how).await)
            .await
    }

    async fn put_off_refund(
        &self,
        id: &RefundId,
        failures: u32,
        due_at: Moment,
    ) -> Result<(), StoreError> {
        let id = id.clone();
        self.0
            .write(async move |conn: &mut Conn| refunds::put_off(conn, &id, failures, due_at).await)
            .await
    }

    async fn oldest_uncredited(&self, method: &str) -> Result<Option<Moment>, StoreError> {
        let method = method.to_owned();
        self.0
            .read(async move |conn: &mut Conn| reads::oldest_uncredited(conn, &method).await)
            .await
    }

    async fn credited(
        &self,
        method: &str,
        from: Moment,
        to: Moment,
    ) -> Result<Vec<Topup>, StoreError> {
        let method = method.to_owned();
        self.0
            .read(async move |conn: &mut Conn| reads::credited(conn, &method, from, to).await)
            .await
    }

    async fn refunded(
        &self,
        method: &str,
        from: Moment,
        to: Moment,
    ) -> Result<Vec<Refund>, StoreError> {
        let method = method.to_owned();
        self.0
            .read(async move |conn: &mut Conn| refunds::refunded(conn, &method, from, to).await)
            .await
    }

    async fn record(&self, difference: &Difference, at: Moment) -> Result<Recorded, StoreError> {
        let difference = difference.clone();
        self.0
            .tx(async move |conn: &mut Conn| differences::record(conn, &difference, at).await)
            .await
    }
}

#[cfg(test)]
mod tests;
