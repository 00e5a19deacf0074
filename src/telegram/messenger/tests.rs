use std::time::Duration;

use rei_actors::ports::view::{Button, ButtonAction};
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::runtime::Handle;

use super::*;
use crate::telegram::call::SetupError;
use crate::telegram::fake::{Reply, TOKEN, Telegram};

const CHAT: ChatId = ChatId(7);

fn rendered(html: &str) -> Rendered {
    Rendered {
        html: html.into(),
        keyboard: vec![vec![Button {
            label: "Again".into(),
            action: ButtonAction::Data("j.1.again".into()),
        }]],
    }
}

fn text(html: &str) -> Outgoing {
    Outgoing::Text(rendered(html))
}

fn photo(bytes: usize, width: u32, height: u32) -> Outgoing {
    Outgoing::Photo {
        upload: Upload {
            bytes: Bytes::from(vec![b'p'; bytes]),
            name: "кот.png".into(),
        },
        caption: rendered("<b>done</b>"),
        width,
        height,
    }
}

fn message_5() -> Reply {
    // Content that no client of today knows must not hide the number.
    Reply::ok(json!({"message_id": 5, "rich_message": {}, "chat": "?"}))
}

fn unparsable() -> Reply {
    Reply::error(
        400,
        "Bad Request: can't parse entities: Unsupported start tag \"x\"",
    )
}

async fn send(reply: Reply, message: &Outgoing) -> Result<MessageId, MessengerError> {
    let telegram = Telegram::start([reply]).await;
    TelegramMessenger::new(telegram.api())
        .send(CHAT, message)
        .await
}

fn form(telegram: &Telegram, at: usize) -> (String, String) {
    let asked = telegram.asked().remove(at);
    let method = asked.path.rsplit('/').next().unwrap().to_owned();
    (method, String::from_utf8(asked.body).unwrap())
}

#[tokio::test]
async fn a_text_arrives_with_its_buttons_and_without_a_preview() {
    let telegram = Telegram::start([message_5()]).await;
    let messenger = TelegramMessenger::new(telegram.api());
    let sent = messenger.send(CHAT, &text("<b>hi</b> a &lt; b")).await;
    assert_eq!(sent, Ok(MessageId(5)));
    let expected = json!({
        "chat_id": 7,
        "text": "<b>hi</b> a &lt; b",
        "parse_mode": "HTML",
        "link_preview_options": {"is_disabled": true},
        "reply_markup": {"inline_keyboard": [[{"text": "Again", "callback_data": "j.1.again"}]]},
    });
    assert_eq!(telegram.taken(), [("SendMessage".to_owned(), expected)]);
}

#[tokio::test]
async fn refused_markup_is_sent_once_more_as_plain_text() {
    let telegram = Telegram::start([unparsable(), message_5()]).await;
    let messenger = TelegramMessenger::new(telegram.api());
    let sent = messenger.send(CHAT, &text("<b>a &lt; b</b>")).await;
    assert_eq!(sent, Ok(MessageId(5)));
    let (_, second) = telegram.taken().remove(1);
    assert_eq!(second["text"], "a < b");
    assert_eq!(second.get("parse_mode"), None);
    assert!(second.get("reply_markup").is_some());

    let telegram = Telegram::start([unparsable(), unparsable()]).await;
    let messenger = TelegramMessenger::new(telegram.api());
    let broken = broken("Bad Request: can't parse entities");
    assert_eq!(messenger.send(CHAT, &text("x")).await, Err(broken));
    assert_eq!(telegram.asked().len(), 2);
}

#[tokio::test]
async fn a_photo_arrives_as_a_photo() {
    let telegram = Telegram::start([message_5()]).await;
    let messenger = TelegramMessenger::new(telegram.api());
    let sent = messenger.send(CHAT, &photo(1000, 1024, 1024)).await;
    assert_eq!(sent, Ok(MessageId(5)));
    let (method, body) = form(&telegram, 0);
    assert_eq!(method, "SendPhoto");
    assert!(
        body.contains("name=\"photo\"; filename=\"кот.png\""),
        "{body}"
    );
    assert!(
        body.contains("name=\"caption\"\r\n\r\n<b>done</b>\r\n"),
        "{body}"
    );
    assert!(
        body.contains("name=\"parse_mode\"\r\n\r\nHTML\r\n"),
        "{body}"
    );
    assert!(body.contains("{\"inline_keyboard\":[["), "{body}");
}

#[tokio::test]
async fn a_picture_that_is_no_photo_arrives_as_a_document() {
    for (bytes, width, height) in [
        (10 * 1024 * 1024 + 1, 1024, 1024),
        (10, 5001, 5000),
        (10, 21, 1),
        (10, 1, 0),
    ] {
        let telegram = Telegram::start([message_5()]).await;
        let messenger = TelegramMessenger::new(telegram.api());
        let sent = messenger.send(CHAT, &photo(bytes, width, height)).await;
        assert_eq!(sent, Ok(MessageId(5)));
        let (method, body) = form(&telegram, 0);
        assert_eq!(method, "SendDocument", "{bytes} {width} {height}");
        assert!(body.contains("<b>done</b>"));
    }
}

#[tokio::test]
async fn a_photo_that_telegram_cannot_show_arrives_as_a_document() {
    let refused = Reply::error(400, "Bad Request: PHOTO_INVALID_DIMENSIONS");
    let telegram = Telegram::start([refused, message_5()]).await;
    let messenger = TelegramMessenger::new(telegram.api());
    let sent = messenger.send(CHAT, &photo(10, 10, 10)).await;
    assert_eq!(sent, Ok(MessageId(5)));
    assert_eq!(form(&telegram, 1).0, "SendDocument");
}

#[tokio::test]
async fn an_original_file_keeps_its_bytes() {
    let telegram = Telegram::start([message_5()]).await;
    let upload = Upload {
        bytes: Bytes::from_static(b"original"),
        name: "a.png".into(),
    };
    let messenger = TelegramMessenger::new(telegram.api());
    messenger
        .send(CHAT, &Outgoing::Document { upload })
        .await
        .unwrap();
    let (method, body) = form(&telegram, 0);
    assert_eq!(method, "SendDocument");
    assert!(body.contains("\r\n\r\noriginal\r\n"), "{body}");
    assert!(body.contains("name=\"disable_content_type_detection\"\r\n\r\ntrue\r\n"));
    assert!(!body.contains("caption"));
}

#[tokio::test]
async fn what_does_not_fit_is_never_cut_and_never_sent() {
    let telegram = Telegram::start([]).await;
    let messenger = TelegramMessenger::new(telegram.api());
    let long = "я".repeat(4097);
    let mut data = rendered("x");
    data.keyboard[0][0].action = ButtonAction::Data("x".repeat(65));
    let mut link = rendered("x");
    link.keyboard[0][0].action = ButtonAction::Url("no address".into());
    for message in [
        text(&long),
        text(""),
        text("<b></b>"),
        Outgoing::Text(data),
        Outgoing::Text(link),
    ] {
        let sent = messenger.send(CHAT, &message).await;
        assert!(matches!(sent, Err(MessengerError::Broken(_))), "{sent:?}");
    }
    let tapped = messenger.answer_tap("1", Some(&long)).await;
    assert!(matches!(tapped, Err(MessengerError::Broken(_))));
    assert!(telegram.asked().is_empty());
}

#[tokio::test]
async fn tags_and_entities_do_not_count_against_the_limit() {
    let full = format!("<b>{}</b>", "&amp;".repeat(4096));
    assert_eq!(send(message_5(), &text(&full)).await, Ok(MessageId(5)));
}

#[tokio::test]
async fn a_call_that_may_have_been_made_is_never_called_a_failure() {
    let ambiguous = Err(MessengerError::Ambiguous);
    for reply in [
        Reply::HangUp,
        Reply::CutOff {
            status: 200,
            body: br#"{"ok":true,"#.to_vec(),
        },
        Reply::raw(200, "<html>"),
        Reply::raw(502, "<html>Bad Gateway</html>"),
        Reply::raw(504, ""),
        Reply::ok(json!({"no": "number"})),
    ] {
        assert_eq!(
            send(reply.clone(), &text("x")).await,
            ambiguous,
            "{reply:?}"
        );
    }
}

#[tokio::test]
async fn a_server_error_is_told_at_once() {
    let reply = Reply::error(500, "Internal Server Error: restart");
    let sent = tokio::time::timeout(Duration::from_secs(5), send(reply, &text("x"))).await;
    let retryable = MessengerError::Retryable { after: None };
    assert_eq!(sent, Ok(Err(retryable)));
}

#[tokio::test]
async fn a_server_that_is_not_there_surely_did_nothing() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", port.local_addr().unwrap());
    drop(port);
    let api = BotApi::try_new(&url, SecretString::from(TOKEN), Handle::current()).unwrap();
    let sent = TelegramMessenger::new(api).send(CHAT, &text("x")).await;
    assert_eq!(sent, Err(MessengerError::Retryable { after: None }));
}

#[tokio::test]
async fn a_flood_says_how_long_to_wait_even_when_a_gateway_says_it() {
    let reply = Reply::Http {
        status: 429,
        headers: "retry-after: 9\r\n".into(),
        body: b"slow down".to_vec(),
    };
    let after = Some(Duration::from_secs(9));
    let sent = send(reply, &text("x")).await;
    assert_eq!(sent, Err(MessengerError::Retryable { after }));
}

#[tokio::test]
async fn a_message_that_stands_already_is_edited() {
    let told = "Bad Request: message is not modified: specified new message content and reply \
                markup are exactly the same as a current content and reply markup of the message";
    for (reply, expected) in [
        (Reply::ok(json!(true)), Ok(())),
        (Reply::error(400, told), Ok(())),
        (
            Reply::error(400, "Bad Request: message to edit not found"),
            Err(MessengerError::MessageGone),
        ),
    ] {
        let telegram = Telegram::start([reply]).await;
        let messenger = TelegramMessenger::new(telegram.api());
        let edited = messenger.edit(CHAT, MessageId(5), &rendered("x")).await;
        assert_eq!(edited, expected);
        let (method, body) = telegram.taken().remove(0);
        assert_eq!(method, "EditMessageText");
        assert_eq!(body["message_id"], 5);
    }
}

#[tokio::test]
async fn an_edit_without_buttons_takes_the_old_ones_away() {
    let telegram = Telegram::start([Reply::ok(json!(true))]).await;
    let messenger = TelegramMessenger::new(telegram.api());
    let bare = Rendered {
        html: "x".into(),
        keyboard: vec![vec![]],
    };
    messenger.edit(CHAT, MessageId(5), &bare).await.unwrap();
    assert_eq!(telegram.taken()[0].1.get("reply_markup"), None);
}

#[tokio::test]
async fn a_message_without_text_gets_a_new_caption() {
    let told = "Bad Request: there is no text in the message to edit";
    let telegram = Telegram::start([Reply::error(400, told), Reply::ok(json!({}))]).await;
    let messenger = TelegramMessenger::new(telegram.api());
    messenger
        .edit(CHAT, MessageId(5), &rendered("new"))
        .await
        .unwrap();
    let (method, body) = telegram.taken().remove(1);
    assert_eq!(
        (method.as_str(), &body["caption"]),
        ("EditMessageCaption", &json!("new"))
    );
}

#[tokio::test]
async fn a_tap_that_is_over_is_answered() {
    let told = "Bad Request: query is too old and response timeout expired or query ID is invalid";
    for reply in [Reply::error(400, told), Reply::ok(json!(true))] {
        let telegram = Telegram::start([reply]).await;
        let messenger = TelegramMessenger::new(telegram.api());
        assert_eq!(messenger.answer_tap("77", Some("ok")).await, Ok(()));
        let expected = json!({"callback_query_id": "77", "text": "ok"});
        assert_eq!(
            telegram.taken(),
            [("AnswerCallbackQuery".to_owned(), expected)]
        );
    }
}

#[tokio::test]
async fn a_blocked_bot_cannot_reach_its_user() {
    let told = "Forbidden: bot was blocked by the user";
    let telegram = Telegram::start([Reply::error(403, told)]).await;
    let messenger = TelegramMessenger::new(telegram.api());
    let shown = messenger.show_working(CHAT).await;
    assert_eq!(shown, Err(MessengerError::Unreachable));
    let expected = json!({"chat_id": 7, "action": "upload_photo"});
    assert_eq!(telegram.taken()[0].1, expected);
}

// Files.

fn path(path: &str) -> Reply {
    Reply::ok(json!({"file_id": "f", "file_unique_id": "u", "file_path": path}))
}

const BYTES_MAX: u64 = 20;

async fn fetch(script: impl IntoIterator<Item = Reply>) -> (Telegram, Result<Bytes, FetchError>) {
    let telegram = Telegram::start(script).await;
    let fetched = TelegramMessenger::new(telegram.api())
        .fetch("f", BYTES_MAX)
        .await;
    (telegram, fetched)
}

#[tokio::test]
async fn a_file_is_fetched_by_its_path() {
    let (telegram, file) = fetch([path("photos/file 1.jpg"), Reply::raw(200, [b'x'; 20])]).await;
    assert_eq!(file, Ok(Bytes::from_static(&[b'x'; 20])));
    let asked = telegram.asked().remove(1);
    assert_eq!(
        asked.path,
        "/telegram/file/bot42:canary-token/photos/file%201.jpg"
    );
}

#[tokio::test]
async fn a_path_leads_to_nothing_but_the_bots_own_files() {
    let (telegram, _) = fetch([path("../../botX/getMe?a#b"), Reply::raw(200, "")]).await;
    let asked = telegram.asked().remove(1).path;
    assert_eq!(
        asked,
        "/telegram/file/bot42:canary-token/botX/getMe%3Fa%23b"
    );
}

#[tokio::test]
async fn a_file_above_the_limit_is_not_read_to_its_end() {
    let unavailable = Err(FetchError::Unavailable);
    let (_, told) = fetch([path("a"), Reply::raw(200, [b'x'; 21])]).await;
    assert_eq!(told, unavailable);
    let unmeasured = Reply::Unmeasured {
        body: vec![b'x'; 21],
    };
    let (_, streamed) = fetch([path("a"), unmeasured]).await;
    assert_eq!(streamed, unavailable);
    let facts = json!({"file_path": "a", "file_size": 21});
    let (telegram, announced) = fetch([Reply::ok(facts)]).await;
    assert_eq!(announced, unavailable);
    assert_eq!(telegram.asked().len(), 1);
}

#[tokio::test]
async fn a_file_that_is_gone_is_told_from_a_server_that_is_away() {
    use FetchError::*;
    let wrong = "Bad Request: wrong file_id or the file is temporarily unavailable";
    let cut = Reply::CutOff {
        status: 200,
        body: b"123".to_vec(),
    };
    for (script, expected) in [
        (vec![Reply::error(400, wrong)], Unavailable),
        (
            vec![Reply::error(400, "Bad Request: file is too big")],
            Unavailable,
        ),
        (vec![Reply::ok(json!({"file_id": "f"}))], Unavailable),
        (vec![path("a"), Reply::raw(404, "")], Unavailable),
        (vec![Reply::error(429, "Too Many Requests")], Retryable),
        (vec![Reply::HangUp], Retryable),
        (vec![path("a"), Reply::raw(502, "")], Retryable),
        (vec![path("a"), Reply::HangUp], Retryable),
        (vec![path("a"), cut], Retryable),
    ] {
        let (_, fetched) = fetch(script.clone()).await;
        assert_eq!(fetched, Err(expected), "{script:?}");
    }
}

// The token, and the runtime.

#[tokio::test]
async fn no_error_shows_the_token() {
    let echo = format!("Not Found: /bot{TOKEN}/sendMessage");
    for reply in [Reply::error(404, &echo), Reply::HangUp, Reply::raw(418, "")] {
        let error = send(reply, &text("x")).await.unwrap_err();
        assert!(
            !format!("{error:?} {error}").contains("canary"),
            "{error:?}"
        );
    }
    let telegram = Telegram::start([]).await;
    let messenger = TelegramMessenger::new(telegram.api());
    assert!(!format!("{messenger:?}").contains("canary"));
}

#[tokio::test]
async fn wrong_settings_are_refused_before_any_call() {
    let made = |url: &str, token: &str| {
        BotApi::try_new(url, SecretString::from(token), Handle::current()).unwrap_err()
    };
    for token in [
        "",
        "42",
        "42:",
        ":x",
        "42:a/b",
        "x:y",
        &format!("4:{}", "a".repeat(80)),
    ] {
        assert_eq!(
            made("https://api.telegram.org", token),
            SetupError::Token,
            "{token}"
        );
    }
    for url in ["", "api.telegram.org", "mailto:a@b", "file:///etc"] {
        assert_eq!(made(url, "42:x"), SetupError::Address, "{url}");
    }
}

#[test]
fn a_call_runs_on_its_own_runtime_and_outlives_its_caller() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let telegram = runtime.block_on(Telegram::start([Reply::Silence]));
    let api = runtime.block_on(async { telegram.api() });
    let messenger = TelegramMessenger::new(api);
    // An arbiter's kind of runtime, without any driver: it can do no input or output itself.
    let arbiter = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    arbiter.block_on(async {
        let message = text("x");
        let mut sending = messenger.send(CHAT, &message);
        futures_util::future::poll_immediate(&mut sending).await;
        drop(sending);
    });
    runtime.block_on(telegram.until(|seen| seen.asked.len() == 1));
    let methods: Vec<(String, Value)> = telegram.taken();
    assert_eq!(methods[0].0, "SendMessage");
    runtime.shutdown_background();
}
