//! Rates: how often and for how much one user may order, whatever he has on his balance.
//!
//! Kept in memory: what is forgotten by a restart is one burst a user. The caps in the ledger
//! are what money is safe by; the rates keep one user from taking the queue for himself.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use rei_domain::ids::UserId;
use rei_domain::money::Money;
use rei_domain::pace::Pace;
use rei_domain::time::{Moment, Span};

/// Users remembered before those who are at rest are forgotten.
const REMEMBERED_MAX: usize = 10_000;

const MINUTE: i64 = 60_000_000;
const HOUR: i64 = 3_600_000_000;

/// The rates of one user; `None` is no limit.
#[derive(Clone, Copy, Debug, Default)]
pub struct RateSettings {
    /// Requests a minute, and at once.
    pub requests: Option<(u32, u32)>,
    /// What may be ordered in an hour, and at once.
    pub cost: Option<(Money, Money)>,
}

#[derive(Clone, Copy)]
struct Paces {
    requests: Option<Pace>,
    cost: Option<Pace>,
}

impl Paces {
    fn new(settings: &RateSettings) -> Self {
        let per = |span: i64, count: i64| Span((span / count.max(1)).max(1));
        let requests = settings.requests;
        let cost = settings.cost;
        Self {
            requests: requests
                .map(|(minute, burst)| Pace::new(per(MINUTE, i64::from(minute)), burst)),
            cost: cost.map(|(hour, burst)| {
                let burst = u32::try_from(burst.kopecks()).unwrap_or(u32::MAX);
                Pace::new(per(HOUR, hour.kopecks()), burst)
            }),
        }
    }

    fn is_rested(&self, now: Moment) -> bool {
        let rested = |pace: &Option<Pace>| pace.as_ref().is_none_or(|pace| pace.is_rested(now));
        rested(&self.requests) && rested(&self.cost)
    }
}

/// The rates of all users of this node.
pub struct Rates {
    settings: RateSettings,
    users: Mutex<Users>,
}

/// Those who ordered lately.
struct Users {
    paces: HashMap<UserId, Paces>,
    /// How many there may be before those at rest are looked for again.
    sweep_at: usize,
}

impl Rates {
    /// Nobody has taken anything yet.
    pub fn new(settings: RateSettings) -> Self {
        Self {
            settings,
            users: Mutex::new(Users {
                paces: HashMap::new(),
                sweep_at: REMEMBERED_MAX,
            }),
        }
    }

    /// A user makes a request, or hears when he may.
    pub fn take_request(&self, user: UserId, now: Moment) -> Result<(), Moment> {
        self.with(user, now, |paces| match &mut paces.requests {
            Some(pace) => pace.take(now),
            None => Ok(()),
        })
    }

    /// Whether a user may order for this much, or when he may. Nothing is taken yet: an order
    /// that is refused for another reason costs no allowance.
    pub fn may_order(&self, user: UserId, amount: Money, now: Moment) -> Result<(), Moment> {
        self.with(user, now, |paces| match paces.cost {
            Some(mut pace) => pace.take_weighing(amount.kopecks(), now),
            None => Ok(()),
        })
    }

    /// A user ordered for this much. What went beyond the allowance meanwhile is let be: the
    /// order stands.
    pub fn ordered(&self, user: UserId, amount: Money, now: Moment) {
        self.with(user, now, |paces| {
            if let Some(pace) = &mut paces.cost {
                let _beyond = pace.take_weighing(amount.kopecks(), now);
            }
        });
    }

    fn with<T>(&self, user: UserId, now: Moment, take: impl FnOnce(&mut Paces) -> T) -> T {
        // A panic while it was held leaves paces that are merely older.
        let mut users = self.users.lock().unwrap_or_else(PoisonError::into_inner);
        if users.paces.len() >= users.sweep_at {
            users.paces.retain(|_, paces| !paces.is_rested(now));
            users.sweep_at = REMEMBERED_MAX.max(users.paces.len().saturating_mul(2));
        }
        let paces = users
            .paces
            .entry(user)
            .or_insert_with(|| Paces::new(&self.settings));
        take(paces)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: RateSettings = RateSettings {
        requests: Some((6, 3)),
        cost: Some((Money::from_kopecks(3_600), Money::from_kopecks(100))),
    };

    fn at(secs: i64) -> Moment {
        Moment(secs * 1_000_000)
    }

    #[test]
    fn one_users_haste_is_not_anothers() {
        let rates = Rates::new(SETTINGS);
        for _ in 0..3 {
            assert_eq!(rates.take_request(UserId(1), at(0)), Ok(()));
        }
        assert_eq!(rates.take_request(UserId(1), at(0)), Err(at(10)));
        assert_eq!(rates.take_request(UserId(2), at(0)), Ok(()));
        assert_eq!(rates.take_request(UserId(1), at(10)), Ok(()));
    }

    #[test]
    fn what_is_ordered_counts_by_its_price() {
        let rates = Rates::new(SETTINGS);
        let amount = Money::from_kopecks(80);
        let may = |secs| rates.may_order(UserId(1), amount, at(secs));
        assert_eq!((may(0), may(0)), (Ok(()), Ok(())), "asking takes nothing");
        rates.ordered(UserId(1), amount, at(0));
        assert_eq!(may(0), Err(at(60)));
        assert_eq!(may(60), Ok(()));
    }

    #[test]
    fn without_settings_nobody_waits() {
        let rates = Rates::new(RateSettings::default());
        for _ in 0..1_000 {
            assert_eq!(rates.take_request(UserId(1), at(0)), Ok(()));
            rates.ordered(UserId(1), Money::OPERATION_MAX, at(0));
            assert_eq!(
                rates.may_order(UserId(1), Money::OPERATION_MAX, at(0)),
                Ok(())
            );
        }
    }

    #[test]
    fn those_at_rest_are_forgotten() {
        let rates = Rates::new(SETTINGS);
        let users = i64::try_from(REMEMBERED_MAX).unwrap();
        for user in 0..users {
            rates.take_request(UserId(user), at(0)).unwrap();
        }
        rates.take_request(UserId(users), at(3_600)).unwrap();
        assert_eq!(rates.users.lock().unwrap().paces.len(), 1);
    }
}
