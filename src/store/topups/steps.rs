//! The guards of every write that moves a top-up or a refund, taken from the domain's tables.
//!
//! A statement joins these lists instead of spelling states out, so SQL cannot allow a step that
//! the domain forbids, or forget one that it allows.

use rei_domain::refund::{self, RefundEvent, RefundStage};
use rei_domain::topup::{self, TopupEvent, TopupState};
use serde_json::{Value, json};

/// The steps of a top-up that `event` may make, as the JSON list `[{"before": …, "after": …}, …]`.
pub fn topup_steps(event: TopupEvent) -> String {
    let steps = TopupState::ALL.into_iter().filter_map(|state| {
        let next = topup::step(state, event).ok()?;
        Some(json!({ "before": state.as_str(), "after": next.as_str() }))
    });
    Value::Array(steps.collect()).to_string()
}

/// As [`topup_steps`], of a refund.
pub fn refund_steps(event: RefundEvent) -> String {
    let steps = RefundStage::ALL.into_iter().filter_map(|stage| {
        let next = refund::step(stage, event).ok()?;
        Some(json!({ "before": stage.as_str(), "after": next.as_str() }))
    });
    Value::Array(steps.collect()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lists_say_what_the_domain_says() {
        assert_eq!(
            topup_steps(TopupEvent::Offer),
            r#"[{"after":"pending","before":"asked"}]"#
        );
        assert!(
            topup_steps(TopupEvent::Credit)
                .contains(r#"{"after":"succeeded","before":"canceled"}"#)
        );
        assert!(!refund_steps(RefundEvent::Submit).contains("pending"));
    }
}
