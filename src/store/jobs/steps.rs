//! The guard of every write that moves a job, taken from the one table in the domain.
//!
//! A statement joins the list of this file instead of spelling states out, so SQL cannot allow a
//! step that `rei_domain::job::step` forbids, or forget one that it allows.

use rei_domain::job::{JobEvent, JobState, step};
use serde_json::{Value, json};

/// The steps that `event` may make, as the JSON list `[{"before": …, "after": …}, …]`.
pub fn steps(event: JobEvent) -> String {
    let steps = JobState::ALL.into_iter().filter_map(|state| {
        let next = step(state, event).ok()?;
        Some(json!({ "before": state.as_str(), "after": next.as_str() }))
    });
    Value::Array(steps.collect()).to_string()
}

/// The states in which a worker must hold a lease, as the JSON list `[{"state": …}, …]`.
pub fn worked_on() -> String {
    list(JobState::is_worked_on)
}

/// The states of a job whose money is not settled yet, as the JSON list `[{"state": …}, …]`.
pub fn unsettled() -> String {
    list(|state| !state.is_settled())
}

fn list(belongs: impl Fn(JobState) -> bool) -> String {
    let states = JobState::ALL.into_iter().filter(|state| belongs(*state));
    let states = states.map(|state| json!({ "state": state.as_str() }));
    Value::Array(states.collect()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_say_what_the_domain_says() {
        assert_eq!(
            steps(JobEvent::Deliver),
            r#"[{"after":"delivered","before":"settled"}]"#
        );
        assert!(steps(JobEvent::Lease).contains(r#"{"after":"leased","before":"queued"}"#));
        assert!(worked_on().contains(r#"{"state":"unknown"}"#));
        assert!(!unsettled().contains("settled"));
    }
}
