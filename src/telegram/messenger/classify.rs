//! From what Telegram said to what the caller does next (`contracts/telegram.md`, 10).

use rei_actors::ports::messenger::MessengerError;

use crate::telegram::call::{CallError, Refusal};

/// Names a failed call by what its caller does next.
///
/// An answer of the Bot API itself with code 500 means it did not get to the call; any other
/// server error, and an answer that never came or cannot be read, leaves it open.
pub fn classify(error: CallError) -> MessengerError {
    let refusal = match error {
        CallError::NotSent => return MessengerError::Retryable { after: None },
        CallError::Lost => return MessengerError::Ambiguous,
        CallError::Gateway { status } => {
            return MessengerError::Broken(format!("HTTP {status}, not from the Bot API"));
        }
        CallError::Refused(refusal) => refusal,
    };
    let Refusal {
        code,
        description,
        retry_after,
    } = refusal;
    let what = description
        .strip_prefix("Bad Request: ")
        .unwrap_or(&description);
    match code {
        429 => MessengerError::Retryable { after: retry_after },
        500 => MessengerError::Retryable { after: None },
        501.. => MessengerError::Ambiguous,
        403 => MessengerError::Unreachable,
        401 | 404 | 409 => MessengerError::Broken(description),
        400 if starts_with_any(what, &UNREACHABLE) => MessengerError::Unreachable,
        400 if starts_with_any(what, &GONE) => MessengerError::MessageGone,
        400 if starts_with_any(what, &BROKEN) => MessengerError::Broken(description),
        _ => MessengerError::Refused(format!("{code} {description}")),
    }
}

/// The chat was never begun, or its person is no more.
const UNREACHABLE: [&str; 3] = ["chat not found", "user not found", "PEER_ID_INVALID"];

/// There is nothing to edit any more.
const GONE: [&str; 3] = [
    "message to edit not found",
    "message can't be edited",
    "MESSAGE_ID_INVALID",
];

/// What we wrote is wrong, whoever reads it.
const BROKEN: [&str; 6] = [
    "can't parse entities",
    "message is too long",
    "message caption is too long",
    "message text is empty",
    "BUTTON_DATA_INVALID",
    "reply markup is too long",
];

/// The message stands as it should already.
pub fn is_not_modified(error: &CallError) -> bool {
    says(error, &["message is not modified"])
}

/// The markup was refused; nothing was sent.
pub fn is_markup_refused(error: &CallError) -> bool {
    says(error, &["can't parse entities"])
}

/// The message has a caption in place of a text.
pub fn is_without_text(error: &CallError) -> bool {
    says(error, &["there is no text in the message to edit"])
}

/// The tap was answered before, or its spinner is gone by itself.
pub fn is_tap_over(error: &CallError) -> bool {
    says(error, &["query is too old", "QUERY_ID_INVALID"])
}

/// Telegram takes these bytes only as a file.
pub fn is_photo_refused(error: &CallError) -> bool {
    let as_photo = ["PHOTO_INVALID_DIMENSIONS", "IMAGE_PROCESS_FAILED"];
    says(error, &as_photo) || says(error, &["PHOTO_SAVE_FILE_INVALID", "file is too big"])
}

fn says(error: &CallError, prefixes: &[&str]) -> bool {
    let CallError::Refused(refusal) = error else {
        return false;
    };
    let what = refusal.description.strip_prefix("Bad Request: ");
    refusal.code == 400 && what.is_some_and(|what| starts_with_any(what, prefixes))
}

fn starts_with_any(text: &str, prefixes: &[&str]) -> bool {
    prefixes.iter().any(|prefix| text.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn check(code: u16, description: &str, expected: MessengerError) {
        let error = CallError::Refused(Refusal {
            code,
            description: description.into(),
            retry_after: (code == 429).then_some(Duration::from_secs(3)),
        });
        assert_eq!(classify(error), expected, "{code} {description}");
    }

    #[test]
    fn every_error_of_the_contract_is_named_by_what_to_do_next() {
        use MessengerError::*;
        let broken = |text: &str| Broken(text.to_owned());
        let after = Some(Duration::from_secs(3));
        let gone = [
            "Bad Request: message to edit not found",
            "Bad Request: message can't be edited",
            "Bad Request: MESSAGE_ID_INVALID",
        ];
        for text in gone {
            check(400, text, MessageGone);
        }
        let ours = [
            "Bad Request: can't parse entities",
            "Bad Request: message is too long",
            "Bad Request: message text is empty",
            "Bad Request: BUTTON_DATA_INVALID",
            "Bad Request: reply markup is too long",
        ];
        for text in ours {
            check(400, text, broken(text));
        }
        check(400, "Bad Request: chat not found", Unreachable);
        check(
            400,
            "Bad Request: file is too big",
            Refused("400 Bad Request: file is too big".into()),
        );
        check(403, "Forbidden: bot was blocked by the user", Unreachable);
        check(403, "Forbidden: user is deactivated", Unreachable);
        check(
            403,
            "Forbidden: bot can't initiate conversation with a user",
            Unreachable,
        );
        check(401, "Unauthorized", broken("Unauthorized"));
        check(404, "Not Found", broken("Not Found"));
        check(409, "Conflict: terminated", broken("Conflict: terminated"));
        check(
            413,
            "Request Entity Too Large",
            Refused("413 Request Entity Too Large".into()),
        );
        check(429, "Too Many Requests: retry after 3", Retryable { after });
        let after = None;
        check(500, "Internal Server Error: restart", Retryable { after });
        check(502, "Bad Gateway", Ambiguous);
    }

    #[test]
    fn a_lost_answer_is_ambiguous_and_a_missing_connection_is_not() {
        assert_eq!(classify(CallError::Lost), MessengerError::Ambiguous);
        let retryable = MessengerError::Retryable { after: None };
        assert_eq!(classify(CallError::NotSent), retryable);
    }
}
