//! `/limits`: what a user may spend, what he has spent, and lower caps of his own.

use rei_domain::admin::parse_sum;
use rei_domain::conversation::{Reply, Toast};
use rei_domain::ids::Nonce;
use rei_domain::ledger::caps::{Caps, Period};
use rei_domain::money::Money;

use super::conversation::Talk;
use crate::ports::StoreError;

/// Shows the caps, or sets the user's own: `/limits 500 2000` for an hour and a day, `off`
/// for none. A dash leaves one of them out.
pub(super) async fn answer(talk: &mut Talk<'_>, args: &str) -> Result<(), StoreError> {
    if !args.is_empty() {
        let Some(own) = parse(args) else {
            talk.say(&Reply::LimitsUsage);
            return Ok(());
        };
        talk.ports.caps.set_own(talk.user.id, own, talk.now).await?;
    }
    let token = Nonce::new(talk.ports.ids.nonce());
    show(talk, token).await
}

/// Sets one of the user's own caps by a button and shows all of them in the same message.
pub(super) async fn set(
    talk: &mut Talk<'_>,
    token: Nonce,
    period: Period,
    limit: Option<Money>,
) -> Result<Toast, StoreError> {
    let (user, now) = (talk.user_id(), talk.now);
    let own = talk.ports.caps.limits(user, now).await?.own;
    let own = own.with(period, limit);
    talk.ports.caps.set_own(user, own, now).await?;
    show(talk, token).await?;
    Ok(Toast::Silent)
}

async fn show(talk: &mut Talk<'_>, token: Nonce) -> Result<(), StoreError> {
    let limits = talk.ports.caps.limits(talk.user_id(), talk.now).await?;
    let slot = format!("limits:{token}");
    talk.say_at(slot, &Reply::Limits { limits, token });
    Ok(())
}

fn parse(args: &str) -> Option<Caps> {
    let words: Vec<&str> = args.split_whitespace().collect();
    match words.as_slice() {
        ["off"] => Some(Caps::default()),
        [hour, day] => Some(Caps {
            hour: one(hour)?,
            day: one(day)?,
        }),
        _ => None,
    }
}

/// The outer `None` is a word that is no limit.
fn one(word: &str) -> Option<Option<Money>> {
    if word == "-" {
        return Some(None);
    }
    let (sum, _) = parse_sum(&[word]).ok()?;
    (sum > Money::ZERO).then_some(Some(sum))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_sums_a_dash_or_off() {
        let caps = |hour: Option<i64>, day: Option<i64>| Caps {
            hour: hour.map(Money::from_kopecks),
            day: day.map(Money::from_kopecks),
        };
        assert_eq!(parse("500 2000"), Some(caps(Some(50_000), Some(200_000))));
        assert_eq!(parse("- 99,50"), Some(caps(None, Some(9_950))));
        assert_eq!(parse("off"), Some(Caps::default()));
        for bad in ["500", "a b", "-5 10", "0 10", "1 2 3"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
