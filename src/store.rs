//! Rows: every port that keeps something, on PostgreSQL and on SQLite from one text.
//!
//! `db` owns connections and the runtime they live on, `stmt` and `conn` make one text and one
//! function serve both databases, `codec` knows how values of the domain stand in columns. Only
//! this module says diesel.

pub mod codec;
pub mod conn;
pub mod db;
pub mod stmt;

pub use conn::Conn;
pub use db::{Db, DbConfig, DbError};
