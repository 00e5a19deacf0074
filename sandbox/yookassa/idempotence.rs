//! Idempotence keys: the same key and data give the first answer again, for 24 hours.
//!
//! Strict where the documentation is silent: keys are the shop's, whatever the operation, and a
//! refusal is kept like any other answer, so that a request that was mended needs a new key.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use serde_json::Value;

use super::refusal::Refusal;

/// How long a key is kept, from its first request.
pub const KEPT: Duration = Duration::from_secs(24 * 60 * 60);

const KEY_CHARS_MAX: usize = 64;

/// The outcome of an operation, as its body will be.
pub type Answer = Result<Value, Refusal>;

/// What a key was used for.
#[derive(Debug)]
struct Used {
    at: Duration,
    /// The operation and its object.
    what: String,
    data: Value,
    answer: Answer,
}

/// The keys of the last 24 hours.
#[derive(Debug, Default)]
pub struct Keys {
    used: HashMap<String, Used>,
    oldest: VecDeque<(Duration, String)>,
}

impl Keys {
    /// The key of a request, if it is one: 1 to 64 of the documented characters.
    pub fn check(key: Option<&str>) -> Result<&str, Refusal> {
        let Some(key) = key else {
            return Err(Refusal::invalid(
                "Idempotence-Key",
                "Idempotence key is missing",
            ));
        };
        // The documented class `[0-9a-zA-Z+-_.]`, where `+-_` is a range.
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || (b'+'..=b'_').contains(&byte);
        if key.is_empty() || key.len() > KEY_CHARS_MAX || !key.bytes().all(allowed) {
            return Err(Refusal::invalid(
                "Idempotence-Key",
                "Incorrect idempotence key",
            ));
        }
        Ok(key)
    }

    /// The first answer, when the key was used for the same; a refusal when for something else.
    pub fn answered(
        &mut self,
        key: &str,
        what: &str,
        data: &Value,
        now: Duration,
    ) -> Option<Answer> {
        self.forget(now);
        let used = self.used.get(key)?;
        if used.what == what && used.data == *data {
            return Some(used.answer.clone());
        }
        Some(Err(Refusal::invalid(
            "Idempotence-Key",
            "Idempotence key duplicated",
        )))
    }

    /// Keeps the first answer.
    pub fn keep(&mut self, key: &str, what: &str, data: &Value, answer: &Answer, at: Duration) {
        let used = Used {
            at,
            what: what.to_owned(),
            data: data.clone(),
            answer: answer.clone(),
        };
        self.used.insert(key.to_owned(), used);
        self.oldest.push_back((at, key.to_owned()));
    }

    fn forget(&mut self, now: Duration) {
        while let Some((at, key)) = self.oldest.front() {
            if now < *at + KEPT {
                return;
            }
            if self.used.get(key).is_some_and(|used| used.at == *at) {
                self.used.remove(key);
            }
            self.oldest.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const START: Duration = Duration::from_secs(1_000_000);

    fn keys() -> Keys {
        let mut keys = Keys::default();
        keys.keep(
            "k",
            "create_payment",
            &json!({"a": 1}),
            &Ok(json!("first")),
            START,
        );
        keys
    }

    #[test]
    fn the_same_request_gets_the_first_answer() {
        let answer = keys().answered("k", "create_payment", &json!({"a": 1}), START);
        assert_eq!(answer, Some(Ok(json!("first"))));
        assert_eq!(
            keys().answered("j", "create_payment", &json!({"a": 1}), START),
            None
        );
    }

    #[test]
    fn another_request_under_the_key_is_refused() {
        for (what, data) in [
            ("create_payment", json!({"a": 2})),
            ("create_refund", json!({"a": 1})),
        ] {
            let refusal = keys()
                .answered("k", what, &data, START)
                .unwrap()
                .unwrap_err();
            assert_eq!(refusal.description, "Idempotence key duplicated");
            assert_eq!(refusal.parameter.as_deref(), Some("Idempotence-Key"));
        }
    }

    #[test]
    fn a_key_is_forgotten_after_24_hours() {
        let mut keys = keys();
        let last = START + KEPT - Duration::from_nanos(1);
        assert!(keys.answered("k", "x", &json!(1), last).is_some());
        assert!(keys.answered("k", "x", &json!(1), START + KEPT).is_none());
    }

    #[test]
    fn a_key_has_1_to_64_characters_of_its_class() {
        for good in ["a", "topup:018e5f0a", "A-Z_a+z.9", &"x".repeat(64)] {
            assert!(Keys::check(Some(good)).is_ok(), "{good}");
        }
        for wrong in ["", "with space", "ключ", "a{b", &"x".repeat(65)] {
            assert!(Keys::check(Some(wrong)).is_err(), "{wrong}");
        }
        assert!(Keys::check(None).is_err());
    }
}
