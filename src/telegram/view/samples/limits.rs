//! Samples of the limits: untouched, changed, closed.

use rei_domain::conversation::{LimitsShown, Reply};
use rei_domain::ids::Nonce;
use rei_domain::ledger::caps::{Caps, CapsChange};

use super::{CREATED, roubles};

pub(super) fn replies() -> Vec<(String, Reply)> {
    let caps = |hour: Option<i64>, day: Option<i64>| Caps {
        hour: hour.map(roubles),
        day: day.map(roubles),
    };
    let allowed = caps(Some(600), None);
    let shown = |own| LimitsShown {
        caps: Caps::effective(allowed, Caps::default(), own),
        allowed,
        own,
        spent_hour: roubles(75),
        spent_day: roubles(120),
        hour_frees_at: CREATED,
        day_frees_at: CREATED,
    };
    let token = Some(Nonce::new("0123456789abcdef"));
    let sample = |title: &str, own, change, token: &Option<Nonce>| {
        let reply = Reply::Limits {
            limits: shown(own),
            change,
            token: token.clone(),
        };
        (title.to_owned(), reply)
    };
    let (none, own) = (Caps::default(), caps(Some(200), Some(2_000)));
    let (lowered, raised) = (Some(CapsChange::Lowered), Some(CapsChange::Raised));
    let too_high = caps(Some(5_000), None);
    vec![
        sample("limits", none, None, &token),
        sample("limits, lowered", own, lowered, &token),
        sample("limits, raised", own, raised, &token),
        sample(
            "limits, above what is allowed",
            too_high,
            Some(CapsChange::Same),
            &token,
        ),
        sample("limits, closed", own, None, &None),
    ]
}
