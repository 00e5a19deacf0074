//! One actor of a nursery, as its warden sees it.

use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::LocalBoxFuture;
use tokio::time::Instant;

use super::{Bed, Rooms, Ward};
use crate::supervision::context::Child;
use crate::supervision::crash::Crash;
use crate::supervision::locked;
use crate::supervision::observation::State;
use crate::supervision::warden::{Kin, Leave, Reins, Turn};

/// An actor, its key, and the nursery it lives in.
pub(super) struct Inmate<Key, A: Child> {
    pub(super) ward: Arc<Ward<Key, A>>,
    pub(super) key: Key,
    pub(super) reins: Arc<Reins>,
}

impl<Key, A> Inmate<Key, A>
where
    Key: Eq + Hash + Clone + Send + Sync + 'static,
    A: Child,
{
    /// Takes this actor, and no later one of the same key, out of its bed.
    fn leave_bed(&self, rooms: &mut Rooms<Key, A>) {
        let mine = |bed: &Bed<A>| Arc::ptr_eq(&bed.reins, &self.reins);
        if !rooms.beds.get(&self.key).is_some_and(mine) {
            return;
        }
        if let Some(bed) = rooms.beds.remove(&self.key) {
            bed.gate.close();
        }
        self.ward.count(rooms);
    }
}

impl<Key, A> Kin for Inmate<Key, A>
where
    Key: Eq + Hash + Clone + Send + Sync + 'static,
    A: Child,
{
    fn turn(&self) -> LocalBoxFuture<'_, Turn> {
        Box::pin(std::future::ready(Turn::Start))
    }

    fn entered(&self, state: State) {
        match state {
            State::Stopped => self.leave_bed(&mut locked(&self.ward.rooms)),
            // `gave_up` follows.
            State::Escalated => {}
            State::Starting | State::Running | State::BackingOff | State::Draining => {}
        }
    }

    fn crashed(&self, crash: &Crash, pause: Duration) {
        let chronicle = &self.ward.chronicle;
        chronicle.note_restart(crash);
        let (actor, cause, what) = (&*chronicle.name, crash.cause.as_str(), &*crash.what);
        let pause_ms = pause.as_millis();
        tracing::error!(actor, cause, what, pause_ms, "actor crashed and restarts");
    }

    fn may_leave(&self) -> Leave {
        let mut rooms = locked(&self.ward.rooms);
        let Some(bed) = rooms.beds.get(&self.key) else {
            return Leave::Granted;
        };
        if bed.gate.close_if_idle().is_err() {
            return Leave::MailWaits;
        }
        self.leave_bed(&mut rooms);
        Leave::Granted
    }

    fn gave_up(&self, crash: &Crash) {
        let chronicle = &self.ward.chronicle;
        chronicle.note_error(crash);
        chronicle.meters.quarantines.inc();
        let (actor, cause, what) = (&*chronicle.name, crash.cause.as_str(), &*crash.what);
        tracing::error!(
            actor,
            cause,
            what,
            "actor crashed too often and its key is shut out"
        );
        let until = Instant::now() + self.ward.spec.quarantine;
        let mut rooms = locked(&self.ward.rooms);
        rooms.quarantine(&self.key, until);
        self.leave_bed(&mut rooms);
    }
}
