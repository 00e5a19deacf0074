//! Statements: one text for both databases, with its values.
//!
//! A text is written with `?` for each value and cached by the text, so a repeated statement is
//! one round trip. Deliberately builds no SQL: texts are constants, listed by [`statements!`] so
//! that a test can prepare each of them on both databases.

use diesel::QueryResult;
use diesel::backend::Backend;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::serialize::ToSql;
use diesel::sql_types::{BigInt, HasSqlType, Nullable, Text, Untyped};

/// A value of a statement.
#[derive(Debug)]
pub enum Bind<'a> {
    Int(i64),
    OptInt(Option<i64>),
    Text(&'a str),
    OptText(Option<&'a str>),
}

impl From<i64> for Bind<'_> {
    fn from(value: i64) -> Self {
        Bind::Int(value)
    }
}

impl From<Option<i64>> for Bind<'_> {
    fn from(value: Option<i64>) -> Self {
        Bind::OptInt(value)
    }
}

impl<'a> From<&'a str> for Bind<'a> {
    fn from(value: &'a str) -> Self {
        Bind::Text(value)
    }
}

impl<'a> From<Option<&'a str>> for Bind<'a> {
    fn from(value: Option<&'a str>) -> Self {
        Bind::OptText(value)
    }
}

/// A text and its values. Made by [`sql!`].
pub struct Stmt<'a> {
    text: &'static str,
    binds: Vec<Bind<'a>>,
}

impl<'a> Stmt<'a> {
    /// Joins a text with one value for each `?` in it. A `?` may stand for nothing else.
    pub fn new(text: &'static str, binds: Vec<Bind<'a>>) -> Self {
        debug_assert_eq!(text.matches('?').count(), binds.len(), "{text}");
        Self { text, binds }
    }
}

impl QueryId for Stmt<'_> {
    type QueryId = ();
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl Query for Stmt<'_> {
    type SqlType = Untyped;
}

impl<DB> QueryFragment<DB> for Stmt<'_>
where
    DB: Backend + HasSqlType<BigInt> + HasSqlType<Text>,
    i64: ToSql<BigInt, DB>,
    Option<i64>: ToSql<Nullable<BigInt>, DB>,
    for<'v> &'v str: ToSql<Text, DB>,
    for<'v> Option<&'v str>: ToSql<Nullable<Text>, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        // Nothing here is unsafe to cache: the text is the whole identity of the statement.
        let mut parts = self.text.split('?');
        out.push_sql(parts.next().unwrap_or_default());
        for (part, bind) in parts.zip(&self.binds) {
            match bind {
                Bind::Int(value) => out.push_bind_param::<BigInt, _>(value)?,
                Bind::OptInt(value) => out.push_bind_param::<Nullable<BigInt>, _>(value)?,
                Bind::Text(value) => out.push_bind_param::<Text, _>(value)?,
                Bind::OptText(value) => out.push_bind_param::<Nullable<Text>, _>(value)?,
            }
            out.push_sql(part);
        }
        Ok(())
    }
}

/// Joins a text with its values: `sql!(USER, id)`.
macro_rules! sql {
    ($text:expr $(, $bind:expr)* $(,)?) => {
        $crate::store::stmt::Stmt::new(
            $text,
            vec![$($crate::store::stmt::Bind::from($bind)),*],
        )
    };
}

/// Declares the statements of a file and lists them as `STATEMENTS`.
macro_rules! statements {
    ($($name:ident = $text:expr;)*) => {
        $(const $name: &str = $text;)*

        /// Every statement of this file.
        pub const STATEMENTS: &[&str] = &[$($name),*];
    };
}

pub(crate) use {sql, statements};
