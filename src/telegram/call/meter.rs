//! Calls to the Bot API, counted by method and by what is known afterwards.
//!
//! Promises that every label set of the methods the bot calls exists, at zero, from the first
//! client on, and that labels are bounded: methods and results are names of this program. A
//! call counts when it ends, also when nobody waits for it any more; a poll or a download that
//! its caller abandons has no end and does not count.

use std::sync::LazyLock;

use prometheus::{IntCounterVec, Opts};

use super::{CallError, DownloadError};

/// The download of a file, which is no method of the Bot API.
pub(super) const FILE: &str = "file";

/// The methods that the bot calls, as the Bot API writes them.
const METHODS: [&str; 13] = [
    "answerCallbackQuery",
    "deleteWebhook",
    "editMessageCaption",
    "editMessageText",
    FILE,
    "getFile",
    "getUpdates",
    "sendChatAction",
    "sendDocument",
    "sendMessage",
    "sendPhoto",
    "setMyCommands",
    "setWebhook",
];

/// Any method that is not in the list: a new one must not become a label by itself.
const OTHER: &str = "other";

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CallResult {
    Ok,
    /// No connection was made.
    NotSent,
    /// It may have been done.
    Lost,
    /// Telegram asked to slow down.
    Flooded,
    /// Telegram said no.
    Refused,
    /// Something that is not the Bot API said no.
    Gateway,
}

impl CallResult {
    const ALL: [CallResult; 6] = [
        CallResult::Ok,
        CallResult::NotSent,
        CallResult::Lost,
        CallResult::Flooded,
        CallResult::Refused,
        CallResult::Gateway,
    ];

    fn label(self) -> &'static str {
        match self {
            CallResult::Ok => "ok",
            CallResult::NotSent => "not_sent",
            CallResult::Lost => "lost",
            CallResult::Flooded => "flooded",
            CallResult::Refused => "refused",
            CallResult::Gateway => "gateway",
        }
    }

    pub(super) fn of<T>(answer: &Result<T, CallError>) -> CallResult {
        match answer {
            Ok(_) => CallResult::Ok,
            Err(CallError::NotSent) => CallResult::NotSent,
            Err(CallError::Lost) => CallResult::Lost,
            Err(CallError::Refused(refusal)) if refusal.code == 429 => CallResult::Flooded,
            Err(CallError::Refused(_)) => CallResult::Refused,
            Err(CallError::Gateway { .. }) => CallResult::Gateway,
        }
    }

    pub(super) fn of_download<T>(answer: &Result<T, DownloadError>) -> CallResult {
        match answer {
            Ok(_) => CallResult::Ok,
            Err(DownloadError::Gone | DownloadError::TooLarge) => CallResult::Refused,
            Err(DownloadError::Broken) => CallResult::Lost,
        }
    }
}

static REQUESTS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    let opts = Opts::new(
        "rei_telegram_requests_total",
        "Calls to the Bot API by how they ended.",
    );
    let requests = IntCounterVec::new(opts, &["method", "result"])
        .expect("the name and the labels are literals, and valid");
    rei_actors::metrics::registry()
        .register(Box::new(requests.clone()))
        .expect("the name occurs once in this program");
    requests
});

/// Exports every series; a client does so when it is made.
pub(super) fn export_zeros() {
    for method in METHODS {
        for result in CallResult::ALL {
            REQUESTS.with_label_values(&[method, result.label()]);
        }
    }
}

/// A call of this method ended.
pub(super) fn count(method: &str, result: CallResult) {
    REQUESTS
        .with_label_values(&[label_of(method), result.label()])
        .inc();
}

/// The Bot API takes a method in any case, and so does this.
fn label_of(method: &str) -> &'static str {
    let known = METHODS
        .into_iter()
        .find(|known| known.eq_ignore_ascii_case(method));
    known.unwrap_or(OTHER)
}

#[cfg(test)]
mod tests {
    use serde::de::IgnoredAny;
    use teloxide_core::payloads::{
        AnswerCallbackQuery, DeleteWebhook, EditMessageCaption, EditMessageText, GetFile, LogOut,
        SendChatAction, SendDocument, SendMessage, SendPhoto, SetMyCommands, SetWebhook,
    };
    use teloxide_core::requests::Payload;

    use super::*;
    use crate::telegram::fake::{Reply, Telegram};

    fn counted(method: &str) -> [u64; CallResult::ALL.len()] {
        CallResult::ALL.map(|result| {
            let labels = [method, result.label()];
            REQUESTS.with_label_values(&labels).get()
        })
    }

    #[tokio::test]
    async fn every_call_counts_once_and_by_its_end() {
        let telegram = Telegram::start([
            Reply::ok(true.into()),
            Reply::error(429, "Too Many Requests: retry after 1"),
            Reply::error(400, "Bad Request"),
            Reply::raw(403, "<html>".to_owned()),
        ])
        .await;
        let api = telegram.api();
        for ends in [
            [1, 0, 0, 0, 0, 0],
            [1, 0, 0, 1, 0, 0],
            [1, 0, 0, 1, 1, 0],
            [1, 0, 0, 1, 1, 1],
            [1, 0, 1, 1, 1, 1],
        ] {
            // No test and no part of the bot calls this method besides.
            let _ = api.call::<IgnoredAny, _>(&LogOut::new()).await;
            assert_eq!(counted(OTHER), ends);
        }
    }

    #[test]
    fn every_method_that_the_bot_calls_has_series_of_its_own() {
        for method in [
            AnswerCallbackQuery::NAME,
            DeleteWebhook::NAME,
            EditMessageCaption::NAME,
            EditMessageText::NAME,
            GetFile::NAME,
            SendChatAction::NAME,
            SendDocument::NAME,
            SendMessage::NAME,
            SendPhoto::NAME,
            SetMyCommands::NAME,
            SetWebhook::NAME,
            "GetUpdates",
            FILE,
        ] {
            assert_ne!(label_of(method), OTHER, "{method}");
        }
        export_zeros();
        let families = rei_actors::metrics::registry().gather();
        let requests = families
            .iter()
            .find(|family| family.name() == "rei_telegram_requests_total");
        let series = requests.expect("it is exported").get_metric().len();
        assert!(series >= METHODS.len() * CallResult::ALL.len(), "{series}");
    }
}
