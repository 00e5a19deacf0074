//! Reading the envelope of an answer (`contracts/telegram.md`, 1 and 10).

use std::time::Duration;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::StatusCode;

/// What is kept of a description: enough to tell every known one apart.
const DESCRIPTION_CHARS_MAX: usize = 120;

/// What is known about a call that brought no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::telegram) enum CallError {
    /// No connection: Telegram never saw it.
    NotSent,
    /// It was written, and no readable answer came: it may have been done.
    Lost,
    /// The Bot API said no.
    Refused(Refusal),
    /// Something that is not the Bot API said no: a proxy, or a wrong address.
    Gateway { status: u16 },
}

/// The Bot API's *no*.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::telegram) struct Refusal {
    pub code: u16,
    /// The fixed part of the description; without the token, and without the detail after the
    /// second colon, which can quote what a user wrote.
    pub description: String,
    pub retry_after: Option<Duration>,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    ok: bool,
    #[serde(borrow)]
    result: Option<&'a RawValue>,
    error_code: Option<u16>,
    description: Option<String>,
    parameters: Option<Parameters>,
}

#[derive(Deserialize)]
struct Parameters {
    retry_after: Option<u64>,
}

/// Reads an answer; `header_wait` is its `Retry-After`.
pub(super) fn read(
    status: StatusCode,
    header_wait: Option<Duration>,
    body: &[u8],
    token: &str,
) -> Result<Box<RawValue>, CallError> {
    let Ok(envelope) = serde_json::from_slice::<Envelope>(body) else {
        return Err(unreadable(status, header_wait));
    };
    if envelope.ok {
        let result = envelope.result.ok_or(CallError::Lost)?;
        return Ok(result.to_owned());
    }
    let told = envelope.parameters.and_then(|told| told.retry_after);
    let description = envelope.description.unwrap_or_default();
    Err(CallError::Refused(Refusal {
        code: envelope.error_code.unwrap_or(status.as_u16()),
        description: fixed_part(&description, token),
        retry_after: told.map(Duration::from_secs).or(header_wait),
    }))
}

/// An answer that the Bot API did not write, or wrote in a way we do not know.
fn unreadable(status: StatusCode, retry_after: Option<Duration>) -> CallError {
    if status == StatusCode::TOO_MANY_REQUESTS {
        return CallError::Refused(Refusal {
            code: status.as_u16(),
            description: "Too Many Requests".to_owned(),
            retry_after,
        });
    }
    if status.is_success() || status.is_server_error() {
        return CallError::Lost;
    }
    CallError::Gateway {
        status: status.as_u16(),
    }
}

fn fixed_part(description: &str, token: &str) -> String {
    let without_token = description.replace(token, "<token>");
    let mut parts = without_token.splitn(3, ": ");
    let head = parts.next().unwrap_or_default();
    let kept = match parts.next() {
        Some(what) => format!("{head}: {what}"),
        None => head.to_owned(),
    };
    kept.chars()
        .filter(|c| !c.is_control())
        .take(DESCRIPTION_CHARS_MAX)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "1:canary";

    fn refused(status: u16, body: &str) -> CallError {
        let status = StatusCode::from_u16(status).unwrap();
        read(status, None, body.as_bytes(), TOKEN).unwrap_err()
    }

    #[test]
    fn a_refusal_keeps_its_code_and_its_wait() {
        let body = r#"{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 7","parameters":{"retry_after":7}}"#;
        let expected = Refusal {
            code: 429,
            description: "Too Many Requests: retry after 7".into(),
            retry_after: Some(Duration::from_secs(7)),
        };
        assert_eq!(refused(429, body), CallError::Refused(expected));
    }

    #[test]
    fn a_description_keeps_neither_the_token_nor_what_a_user_wrote() {
        let body = r#"{"ok":false,"error_code":400,"description":"Bad Request: can't parse entities: Unsupported start tag \"secret\" at byte offset 3"}"#;
        let CallError::Refused(refusal) = refused(400, body) else {
            panic!("the Bot API refused");
        };
        assert_eq!(refusal.description, "Bad Request: can't parse entities");
        let body = r#"{"ok":false,"error_code":404,"description":"no route /bot1:canary/getMe"}"#;
        assert!(!format!("{:?}", refused(404, body)).contains("canary"));
    }

    #[test]
    fn a_gateway_is_not_taken_for_telegram() {
        let html = "<html>403 Forbidden</html>";
        assert_eq!(refused(403, html), CallError::Gateway { status: 403 });
        assert_eq!(refused(502, html), CallError::Lost);
        assert_eq!(refused(200, html), CallError::Lost);
        assert_eq!(refused(200, r#"{"ok":true}"#), CallError::Lost);
    }
}
