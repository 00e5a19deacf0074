//! Time and ids, as arguments of everything that decides.

use rei_domain::time::Moment;

/// The wall clock.
pub trait Clock: Send + Sync + 'static {
    /// The present moment, UTC.
    fn now(&self) -> Moment;
}

/// A source of ids and nonces.
pub trait Ids: Send + Sync + 'static {
    /// A new id: 32 lower-case hexadecimal digits, unique for ever, sorting by time of making.
    fn id(&self) -> String;

    /// 16 lower-case hexadecimal digits that cannot be guessed.
    fn nonce(&self) -> String;
}
