//! Rates as the conversation keeps them: a request takes one, its confirmation one and its
//! price; what comes to nothing is given back. Admins are exempt.
//!
//! A process that dies in between leaves something taken: it costs its user some seconds and
//! never money. That money is safe is the caps' in the ledger's transaction.

use rei_domain::admin::Role;
use rei_domain::ids::UserId;
use rei_domain::rates::Taking;
use rei_domain::time::{Moment, Span};

use super::conversation::{SessionPorts, Talk};
use crate::metrics;
use crate::ports::rates::Verdict;

/// What was taken of a user's allowances.
#[must_use = "what comes to nothing is given back"]
pub(super) struct Taken<'a> {
    ports: &'a SessionPorts,
    user: UserId,
    /// Nothing was taken of one who is exempt.
    taking: Option<Taking>,
    now: Moment,
}

/// Takes, or tells for how many seconds to wait, at least one.
pub(super) async fn take<'a>(talk: &Talk<'a>, taking: Taking) -> Result<Taken<'a>, u64> {
    let taken = Taken {
        ports: talk.ports,
        user: talk.user_id(),
        taking: (!is_exempt(talk)).then_some(taking),
        now: talk.now,
    };
    let Some(taking) = taken.taking else {
        return Ok(taken);
    };
    match talk.ports.rates.take(taken.user, taking, taken.now).await {
        Verdict::Taken => Ok(taken),
        Verdict::Blocked { scope, until } => {
            metrics::rates::count_limited(scope);
            Err(whole_secs_up(until - taken.now))
        }
    }
}

impl Taken<'_> {
    /// It was for nothing.
    pub(super) async fn give_back(self) {
        if let Some(taking) = self.taking {
            let rates = &self.ports.rates;
            rates.give_back(self.user, taking, self.now).await;
        }
    }
}

fn is_exempt(talk: &Talk<'_>) -> bool {
    talk.settings.admin.roster.role(talk.user_id()) > Role::User
}

/// Rounded up, so that whoever waits so long is let in; at least one.
fn whole_secs_up(wait: Span) -> u64 {
    let micros = u64::try_from(wait.0).unwrap_or(0);
    micros.div_ceil(1_000_000).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_told_in_whole_seconds_that_suffice() {
        for (micros, secs) in [(-5, 1), (0, 1), (1, 1), (1_000_000, 1), (1_000_001, 2)] {
            assert_eq!(whole_secs_up(Span(micros)), secs, "{micros}");
        }
    }
}
