//! `/limits`: what a user may spend, what he has spent, and lower caps of his own.

use rei_domain::admin::parse_sum;
use rei_domain::conversation::{LimitsShown, Reply, Toast};
use rei_domain::ids::Nonce;
use rei_domain::ledger::caps::{Caps, CapsChange, Period};
use rei_domain::money::Money;

use super::conversation::Talk;
use crate::ports::StoreError;

/// Shows the caps, or sets the user's own: `/limits 500 2000` for an hour and a day, `off`
/// for none. A dash leaves one of them out.
pub(super) async fn answer(talk: &mut Talk<'_>, args: &str) -> Result<(), StoreError> {
    let token = Nonce::new(talk.ports.ids.nonce());
    if args.is_empty() {
        let limits = limits(talk).await?;
        say(talk, &token, limits, None, Buttons::Shown);
        return Ok(());
    }
    let Some(own) = parse(args) else {
        talk.say(&Reply::LimitsUsage);
        return Ok(());
    };
    let before = limits(talk).await?;
    set_own(talk, &token, before, own).await
}

/// Sets one of the user's own caps by a button and shows all of them in the same message.
pub(super) async fn set(
    talk: &mut Talk<'_>,
    token: Nonce,
    period: Period,
    limit: Option<Money>,
) -> Result<Toast, StoreError> {
    let before = limits(talk).await?;
    let own = before.own.with(period, limit);
    set_own(talk, &token, before, own).await?;
    Ok(Toast::Silent)
}

/// Leaves what holds in the message, without buttons.
pub(super) async fn close(talk: &mut Talk<'_>, token: Nonce) -> Result<Toast, StoreError> {
    let limits = limits(talk).await?;
    say(talk, &token, limits, None, Buttons::Gone);
    Ok(Toast::Silent)
}

/// It holds from now on, whether it is more or less than before: what a user allows himself is
/// his to change.
async fn set_own(
    talk: &mut Talk<'_>,
    token: &Nonce,
    before: LimitsShown,
    own: Caps,
) -> Result<(), StoreError> {
    let caps = &talk.ports.caps;
    caps.set_own(talk.user_id(), own, talk.now).await?;
    let after = limits(talk).await?;
    let change = before.caps.change_to(after.caps);
    say(talk, token, after, Some(change), Buttons::Shown);
    Ok(())
}

async fn limits(talk: &Talk<'_>) -> Result<LimitsShown, StoreError> {
    talk.ports.caps.limits(talk.user_id(), talk.now).await
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Buttons {
    Shown,
    Gone,
}

fn say(
    talk: &mut Talk<'_>,
    token: &Nonce,
    limits: LimitsShown,
    change: Option<CapsChange>,
    buttons: Buttons,
) {
    let reply = Reply::Limits {
        limits,
        change,
        token: (buttons == Buttons::Shown).then(|| token.clone()),
    };
    talk.say_at(format!("limits:{token}"), &reply);
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
