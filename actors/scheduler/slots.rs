//! Slots of users: how many jobs of one user this node works on at once.
//!
//! Places at a provider are scarce, above all at Kling; without a bound one user's bulk would
//! hold all of them for as long as its slowest job takes, whatever turns the lanes take.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rei_domain::ids::UserId;
use rei_domain::spec::Kind;

/// Jobs of one user that are worked on at once, at most. `None` is no bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UserBounds {
    pub images: Option<u32>,
    pub videos: Option<u32>,
}

impl UserBounds {
    fn of(&self, kind: Kind) -> Option<u32> {
        match kind {
            Kind::Image => self.images,
            Kind::Video => self.videos,
        }
    }
}

/// Who holds how many slots, on this node.
#[derive(Clone, Debug)]
pub struct UserSlots {
    bounds: UserBounds,
    held: Arc<Mutex<Held>>,
}

type Held = BTreeMap<(Kind, UserId), u32>;

impl UserSlots {
    /// Nobody holds any.
    pub fn new(bounds: UserBounds) -> Self {
        Self {
            bounds,
            held: Arc::default(),
        }
    }

    /// A slot for one more job, if the user may have one more.
    pub fn take(&self, kind: Kind, user: UserId) -> Option<UserSlot> {
        let held = lock(&self.held).get(&(kind, user)).copied();
        let is_within = |bound| held.unwrap_or(0) < bound;
        self.bounds
            .of(kind)
            .is_none_or(is_within)
            .then(|| self.take_anyway(kind, user))
    }

    /// A slot for a job that was begun before: it is finished whatever else the user has.
    pub fn take_anyway(&self, kind: Kind, user: UserId) -> UserSlot {
        *lock(&self.held).entry((kind, user)).or_insert(0) += 1;
        UserSlot {
            key: (kind, user),
            held: self.held.clone(),
        }
    }
}

fn lock(held: &Mutex<Held>) -> MutexGuard<'_, Held> {
    held.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A user's slot; free again when dropped.
#[derive(Debug)]
pub struct UserSlot {
    key: (Kind, UserId),
    held: Arc<Mutex<Held>>,
}

impl Drop for UserSlot {
    fn drop(&mut self) {
        let mut held = lock(&self.held);
        if let Some(count) = held.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                held.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: UserId = UserId(1);
    const BOB: UserId = UserId(2);

    #[test]
    fn a_user_has_so_many_and_gets_back_what_is_free_again() {
        let slots = UserSlots::new(UserBounds {
            images: None,
            videos: Some(2),
        });
        let first = slots.take(Kind::Video, ANN);
        let second = slots.take(Kind::Video, ANN);
        assert!(first.is_some() && second.is_some());
        assert!(slots.take(Kind::Video, ANN).is_none());
        assert!(
            slots.take(Kind::Video, BOB).is_some(),
            "others have their own"
        );
        assert!(
            slots.take(Kind::Image, ANN).is_some(),
            "kinds are counted apart"
        );
        drop(first);
        let third = slots.take(Kind::Video, ANN);
        assert!(third.is_some());
        drop((second, third));
        assert!(
            lock(&slots.held).is_empty(),
            "nobody is remembered who holds none"
        );
    }

    #[test]
    fn what_was_begun_before_is_finished_above_the_bound() {
        let slots = UserSlots::new(UserBounds {
            images: Some(1),
            videos: None,
        });
        let begun = [
            slots.take_anyway(Kind::Image, ANN),
            slots.take_anyway(Kind::Image, ANN),
        ];
        assert!(slots.take(Kind::Image, ANN).is_none());
        drop(begun);
        assert!(slots.take(Kind::Image, ANN).is_some());
    }
}
