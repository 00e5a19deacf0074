//! `Crash`: why an instance ended that should have gone on.

use std::borrow::Cow;

use super::context::Failure;
use super::observation::Cause;
use super::panics::Place;

/// The cause, and for people what it was; never words from a message.
#[derive(Debug)]
pub(super) struct Crash {
    pub(super) cause: Cause,
    pub(super) what: Cow<'static, str>,
}

impl Crash {
    pub(super) const STOPPED: Self = Self::known(Cause::Stop, "stopped itself");
    pub(super) const HUNG: Self = Self::known(Cause::Hang, "missed its heartbeats");
    pub(super) const BY_ADMIN: Self = Self::known(Cause::Admin, "restarted by an administrator");
    pub(super) const WITH_GROUP: Self = Self::known(Cause::Group, "restarted with its group");

    pub(super) fn panicked(Place(place): Place) -> Self {
        Self {
            cause: Cause::Panic,
            what: Cow::Owned(format!("panic at {place}")),
        }
    }

    pub(super) fn failed(Failure(kind): Failure) -> Self {
        Self::known(Cause::Error, kind)
    }

    const fn known(cause: Cause, what: &'static str) -> Self {
        Self {
            cause,
            what: Cow::Borrowed(what),
        }
    }
}
