//! Rows: every port that keeps something, on PostgreSQL and on SQLite from one text.
//!
//! `db` owns connections and the runtime they live on, `stmt` and `conn` make one text and one
//! function serve both databases, `codec` knows how values of the domain stand in columns. The
//! other files are one noun each. Only this module says diesel.

pub mod codec;
pub mod conn;
pub mod db;
pub mod stmt;
pub mod verify;

mod acts;
mod assets;
pub(crate) mod audit;
mod caps;
mod checkpoints;
mod drafts;
mod inbox;
mod jobs;
mod ledger;
mod migrate;
mod notices;
mod outbox;
pub mod retention;
mod routes;
mod series;
mod statements;
mod topups;
mod usage;
mod users;

#[cfg(test)]
pub(crate) mod fixtures;
#[cfg(test)]
mod statements_tests;

pub use acts::ActRows;
pub use assets::{AssetRows, KeptAsset};
pub use audit::AuditRows;
pub use caps::CapRows;
pub use checkpoints::CheckpointRows;
pub use conn::{Conn, Engine};
pub use db::{Db, DbConfig, DbError};
pub use drafts::DraftRows;
pub use inbox::InboxRows;
pub use jobs::JobRows;
pub use ledger::LedgerRows;
pub use notices::NoticeRows;
pub use outbox::{OutboxRows, insert_outbox};
pub use retention::RetentionRows;
pub use routes::RouteRows;
pub use series::SeriesRows;
pub use statements::StatementRows;
pub use stmt::Stmt;
pub use topups::TopupRows;
pub use usage::UsageRows;
pub use users::UserRows;

/// Every statement of the stores, file by file.
pub const STATEMENTS: &[&[&str]] = &[
    acts::STATEMENTS,
    acts::effects::STATEMENTS,
    acts::people::STATEMENTS,
    assets::STATEMENTS,
    audit::STATEMENTS,
    checkpoints::RECEIPT_STATEMENTS,
    checkpoints::STATEMENTS,
    db::STATEMENTS,
    caps::STATEMENTS,
    drafts::STATEMENTS,
    inbox::STATEMENTS,
    jobs::late::STATEMENTS,
    jobs::leases::STATEMENTS,
    jobs::reads::STATEMENTS,
    ledger::STATEMENTS,
    ledger::lots::STATEMENTS,
    ledger::reads::STATEMENTS,
    ledger::riders::acts::STATEMENTS,
    ledger::riders::credit::STATEMENTS,
    ledger::riders::jobs::STATEMENTS,
    ledger::riders::refund::STATEMENTS,
    ledger::riders::submit::STATEMENTS,
    ledger::riders::usage::STATEMENTS,
    ledger::spending::STATEMENTS,
    ledger::writes::STATEMENTS,
    migrate::STATEMENTS,
    notices::STATEMENTS,
    outbox::STATEMENTS,
    statements::SESSION_STATEMENTS,
    statements::STATEMENTS,
    retention::STATEMENTS,
    routes::STATEMENTS,
    series::STATEMENTS,
    topups::differences::STATEMENTS,
    topups::forms::STATEMENTS,
    topups::moves::STATEMENTS,
    topups::reads::STATEMENTS,
    topups::refunds::STATEMENTS,
    usage::STATEMENTS,
    users::STATEMENTS,
    verify::acts::STATEMENTS,
    verify::audit::STATEMENTS,
    verify::balances::STATEMENTS,
    verify::chain::STATEMENTS,
    verify::checkpoints::STATEMENTS,
    verify::counts::STATEMENTS,
    verify::holds::STATEMENTS,
    verify::jobs::STATEMENTS,
    verify::lots::STATEMENTS,
    verify::series::STATEMENTS,
    verify::notices::STATEMENTS,
    verify::sessions::STATEMENTS,
    verify::topups::STATEMENTS,
    verify::usage::STATEMENTS,
    verify::waiting::STATEMENTS,
];

/// Statements that PostgreSQL alone understands: the locking forms of others.
pub const POSTGRES_STATEMENTS: &[&[&str]] = &[
    acts::POSTGRES_ONLY,
    audit::POSTGRES_ONLY,
    ledger::reads::POSTGRES_ONLY,
    ledger::riders::acts::POSTGRES_ONLY,
    ledger::riders::credit::POSTGRES_ONLY,
    ledger::riders::jobs::POSTGRES_ONLY,
    ledger::riders::refund::POSTGRES_ONLY,
    ledger::riders::submit::POSTGRES_ONLY,
    ledger::riders::usage::POSTGRES_ONLY,
    ledger::spending::POSTGRES_ONLY,
];
