//! The adapter against answers from a script: every row of the contract's tables.

use std::io::Cursor;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures_util::poll;
use image::{DynamicImage, ImageFormat, RgbImage};
use rei_actors::ports::assets::{Media, MediaCheck, MediaKind, NotMedia};
use rei_actors::ports::provider::{
    Fault, Provider, ProviderError, RenderRequest, RenderResult, Submission,
};
use rei_domain::ids::JobId;
use rei_domain::money::Money;
use rei_domain::spec::{Aspect, INPUTS_MAX, ImageLook, ImageModel, Mode, Output, Size};
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::runtime::Handle;
use tokio::sync::watch;

use super::{NanoBanana, SetupError};
use crate::config::{Config, Environment};
use crate::loopback::{Loopback, Reply};
use crate::media::Headers;

const KEY: &str = "canary-key";
const PROMPT: &str = "a canary of a prompt";

fn config() -> Config {
    let environment = Environment::of([]);
    let loaded = Config::demo(&environment, Path::new(".")).unwrap();
    loaded.config
}

fn adapter(change: impl FnOnce(&mut crate::config::NanoBanana)) -> Result<NanoBanana, SetupError> {
    let config = config();
    let mut settings = config.providers.nano_banana;
    settings.api_key = Some(SecretString::from(KEY));
    change(&mut settings);
    let rate = &config.billing.usd_rub;
    NanoBanana::try_new(&settings, rate, Arc::new(Headers), Handle::current())
}

fn reaching(server: &Loopback) -> NanoBanana {
    adapter(|settings| settings.api_url = format!("{}/gemini", server.address())).unwrap()
}

fn words() -> RenderRequest {
    RenderRequest {
        job: JobId::new("job"),
        attempt: 1,
        mode: Mode::Generate,
        prompt: PROMPT.to_owned(),
        output: Output::Image(ImageLook::default()),
        inputs: Vec::new(),
    }
}

async fn asked(
    provider: &NanoBanana,
    request: &RenderRequest,
) -> Result<RenderResult, ProviderError> {
    match provider.submit(request).await? {
        Submission::Done(result) => Ok(result),
        Submission::Accepted { .. } => panic!("this provider has no jobs"),
    }
}

/// What the adapter makes of one reply.
async fn answer(reply: Reply) -> Result<RenderResult, ProviderError> {
    let server = Loopback::start([reply]).await;
    asked(&reaching(&server), &words()).await
}

fn picture(format: ImageFormat, width: u32) -> Vec<u8> {
    let picture = DynamicImage::ImageRgb8(RgbImage::new(width, 4));
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn inline(bytes: &[u8]) -> Value {
    json!({ "inlineData": { "mimeType": "image/png", "data": STANDARD.encode(bytes) } })
}

/// An answer with these parts that ended for this reason.
fn candidate(parts: Value, reason: &str) -> Value {
    json!({ "candidates": [{
        "index": 0,
        "content": { "role": "model", "parts": parts },
        "finishReason": reason,
    }] })
}

fn ok(body: &Value) -> Reply {
    Reply::raw(200, body.to_string())
}

fn later(cause: &'static str) -> ProviderError {
    ProviderError::Retryable { after: None, cause }
}

fn unusable(cause: &'static str) -> ProviderError {
    let fault = Fault::Account;
    ProviderError::Broken { fault, cause }
}

fn broken(cause: &'static str) -> ProviderError {
    let fault = Fault::Request;
    ProviderError::Broken { fault, cause }
}

fn lost(cause: &'static str) -> ProviderError {
    ProviderError::Ambiguous { cause }
}

fn refused(reason: &'static str) -> ProviderError {
    ProviderError::Refused { reason }
}

/// One row: the reply becomes this error, and no text of it holds a secret.
async fn check(what: &str, reply: Reply, expected: ProviderError) {
    let error = answer(reply).await.expect_err(what);
    assert_eq!(error, expected, "{what}");
    let words = format!("{error} {error:?}");
    assert!(!words.contains("canary"), "{what}: {words}");
}

#[tokio::test]
async fn each_model_that_is_sold_is_one_of_the_apis_at_its_own_price() {
    let done = candidate(json!([inline(&picture(ImageFormat::Png, 8))]), "STOP");
    let server = Loopback::start([ok(&done), ok(&done)]).await;
    let provider = reaching(&server);
    // 0.134 and 0.067 dollars at 85 roubles; the answers count no tokens.
    for (model, id, kopecks) in [
        (ImageModel::Pro, "gemini-3-pro-image", 1_139),
        (ImageModel::Two, "gemini-3.1-flash-image", 570),
    ] {
        let look = ImageLook {
            model,
            ..ImageLook::default()
        };
        let request = RenderRequest {
            output: Output::Image(look),
            ..words()
        };
        let made = asked(&provider, &request).await.unwrap();
        assert_eq!(made.cost, Some(Money::from_kopecks(kopecks)));
        let path = format!("/gemini/v1beta/models/{id}:generateContent");
        assert_eq!(server.asked().last().unwrap().path, path);
    }
}

#[tokio::test]
async fn a_request_says_what_the_contract_says() {
    let done = candidate(json!([inline(&picture(ImageFormat::Png, 8))]), "STOP");
    let server = Loopback::start([ok(&done), ok(&done)]).await;
    let provider = reaching(&server);
    asked(&provider, &words()).await.unwrap();
    let wide = RenderRequest {
        output: Output::Image(ImageLook {
            aspect: Aspect::Landscape16x9,
            size: Size::FourK,
            ..ImageLook::default()
        }),
        ..words()
    };
    asked(&provider, &wide).await.unwrap();

    let seen = server.asked();
    let path = "/gemini/v1beta/models/gemini-3-pro-image:generateContent";
    assert!(seen.iter().all(|asked| asked.path == path), "{seen:?}");
    let header = |at: usize, name| seen[at].header(name).map(str::to_owned);
    assert_eq!(header(0, "x-goog-api-key").as_deref(), Some(KEY));
    assert_eq!(
        header(0, "content-type").as_deref(),
        Some("application/json")
    );
    assert_eq!(header(0, "x-server-timeout").as_deref(), Some("180"));
    assert_eq!(header(1, "x-server-timeout").as_deref(), Some("600"));

    let body = |at: usize| serde_json::from_slice::<Value>(&seen[at].body).unwrap();
    let expected = |image: Value| {
        json!({
            "contents": [{ "role": "user", "parts": [{ "text": PROMPT }] }],
            "generationConfig": {
                "responseModalities": ["TEXT", "IMAGE"],
                "imageConfig": image,
            },
        })
    };
    assert_eq!(body(0), expected(json!({ "imageSize": "1K" })));
    let wide = json!({ "imageSize": "4K", "aspectRatio": "16:9" });
    assert_eq!(body(1), expected(wide));
}

#[tokio::test]
async fn fourteen_inputs_go_along_in_the_users_order() {
    let formats = [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP];
    let inputs: Vec<Media> = (1..=INPUTS_MAX)
        .map(|at| {
            let format = formats[at % formats.len()];
            let bytes = picture(format, u32::try_from(at).unwrap());
            Headers.picture(Bytes::from(bytes)).unwrap()
        })
        .collect();
    let edit = RenderRequest {
        mode: Mode::Edit,
        inputs: inputs.iter().cloned().map(Into::into).collect(),
        ..words()
    };
    let done = candidate(json!([inline(&picture(ImageFormat::Png, 8))]), "STOP");
    let server = Loopback::start([ok(&done)]).await;
    asked(&reaching(&server), &edit).await.unwrap();

    let body: Value = serde_json::from_slice(&server.asked()[0].body).unwrap();
    let parts = body["contents"][0]["parts"].as_array().unwrap();
    assert_eq!(parts.len(), 1 + INPUTS_MAX);
    assert_eq!(parts[0], json!({ "text": PROMPT }));
    for (part, input) in parts[1..].iter().zip(&inputs) {
        assert_eq!(part["inlineData"]["mimeType"], input.kind.mime());
        let data = part["inlineData"]["data"].as_str().unwrap();
        assert_eq!(STANDARD.decode(data).unwrap(), input.bytes);
    }
}

#[tokio::test]
async fn the_last_picture_that_is_no_thought_is_the_result() {
    let thought = |width| {
        let mut part = inline(&picture(ImageFormat::Png, width));
        part["thought"] = json!(true);
        part
    };
    let mut last = inline(&picture(ImageFormat::Jpeg, 4));
    last["thoughtSignature"] = json!("c2ln");
    let parts = json!([
        { "text": "interim idea", "thought": true },
        thought(1),
        inline(&picture(ImageFormat::Png, 3)),
        { "text": "Here it is." },
        last,
        thought(2),
    ]);
    let result = answer(ok(&candidate(parts, "STOP"))).await.unwrap();
    // The media type said PNG; the bytes are believed.
    assert_eq!(result.media.kind, MediaKind::Jpeg);
    assert_eq!(result.media.width, 4);
    assert_eq!(result.media.bytes, picture(ImageFormat::Jpeg, 4));
}

#[tokio::test]
async fn every_finish_reason_without_a_picture_has_its_class() {
    let not_made = later("no picture was made");
    let wrong = later("the answer went wrong");
    let unknown = later("an unknown finish reason");
    let rows = [
        ("STOP", later("no picture in the answer")),
        ("NO_IMAGE", not_made.clone()),
        ("IMAGE_OTHER", not_made.clone()),
        ("OTHER", not_made),
        ("MALFORMED_RESPONSE", wrong.clone()),
        ("FINISH_REASON_UNSPECIFIED", wrong),
        ("MAX_TOKENS", later("the answer ran out of tokens")),
        ("SAFETY", refused("SAFETY")),
        ("IMAGE_SAFETY", refused("IMAGE_SAFETY")),
        ("PROHIBITED_CONTENT", refused("PROHIBITED_CONTENT")),
        (
            "IMAGE_PROHIBITED_CONTENT",
            refused("IMAGE_PROHIBITED_CONTENT"),
        ),
        ("BLOCKLIST", refused("BLOCKLIST")),
        ("SPII", refused("SPII")),
        ("RECITATION", refused("RECITATION")),
        ("IMAGE_RECITATION", refused("IMAGE_RECITATION")),
        ("LANGUAGE", refused("LANGUAGE")),
        ("ESCALATION", refused("ESCALATION")),
        ("PUP_LIMITED_DISABLED", unusable("the account is limited")),
        (
            "MISSING_THOUGHT_SIGNATURE",
            broken("MISSING_THOUGHT_SIGNATURE"),
        ),
        ("MALFORMED_FUNCTION_CALL", broken("MALFORMED_FUNCTION_CALL")),
        ("UNEXPECTED_TOOL_CALL", broken("UNEXPECTED_TOOL_CALL")),
        ("TOO_MANY_TOOL_CALLS", broken("TOO_MANY_TOOL_CALLS")),
        ("CONTINUATION", broken("CONTINUATION")),
        ("A_NEW_REASON", unknown.clone()),
        ("canary", unknown),
    ];
    for (reason, expected) in rows {
        let parts = json!([{ "text": "canary" }]);
        check(reason, ok(&candidate(parts, reason)), expected).await;
    }
}

#[tokio::test]
async fn every_block_reason_refuses() {
    let known = [
        "SAFETY",
        "OTHER",
        "BLOCKLIST",
        "PROHIBITED_CONTENT",
        "IMAGE_SAFETY",
        "BLOCK_REASON_UNSPECIFIED",
        "MODEL_ARMOR",
        "JAILBREAK",
    ];
    let rows = known.map(|reason| (reason, refused(reason)));
    let unknown = refused("an unknown block reason");
    for (reason, expected) in rows.into_iter().chain([("canary", unknown)]) {
        let feedback = json!({ "promptFeedback": { "blockReason": reason } });
        check(reason, ok(&feedback), expected).await;
    }
}

#[tokio::test]
async fn an_answer_without_anything_to_go_by_is_asked_for_again() {
    check("empty", ok(&json!({})), later("no candidate")).await;
    let nobody = json!({ "candidates": [] });
    check("no candidate", ok(&nobody), later("no candidate")).await;
    let thought = json!([{ "inlineData": { "data": "aGk=" }, "thought": true }]);
    let thoughts = candidate(thought, "STOP");
    let cause = "no picture in the answer";
    check("only thoughts", ok(&thoughts), later(cause)).await;
}

#[tokio::test]
async fn a_success_that_cannot_be_used_is_lost_so_that_its_cost_is_booked() {
    let data = |data: &str| {
        let parts = json!([{ "inlineData": { "mimeType": "image/png", "data": data } }]);
        ok(&candidate(parts, "STOP"))
    };
    let no_picture = "the result is no picture";
    check("text", data(&STANDARD.encode("hi")), lost(no_picture)).await;
    check("no base64", data("!"), lost("the picture is no base64")).await;
    for (what, body) in [("HTML", "<html>canary</html>"), ("nothing", "")] {
        let error = answer(Reply::raw(200, body)).await.expect_err(what);
        assert!(
            matches!(error, ProviderError::Ambiguous { .. }),
            "{what}: {error:?}"
        );
        assert!(!format!("{error:?}").contains("canary"), "{what}");
    }
    let body = b"{\"candidates\":[".to_vec();
    let cut = Reply::CutOff { status: 200, body };
    check("cut off", cut, lost("the connection broke")).await;
}

/// An error of Google's with one detail.
fn error(code: u16, status: &str, detail: &Value) -> Reply {
    let body = json!({ "error": {
        "code": code, "message": format!("{PROMPT} {KEY}"), "status": status, "details": [detail],
    } });
    Reply::raw(code, body.to_string())
}

#[tokio::test]
async fn every_status_has_its_class() {
    let none = json!({});
    let key = json!({
        "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID",
    });
    let account = unusable("the account has no billing, or the region is not served");
    let right = unusable("the key lacks the right");
    let overloaded = later("the provider is overloaded");
    let rows = [
        (
            400,
            "INVALID_ARGUMENT",
            &none,
            broken("the request is invalid"),
        ),
        (400, "INVALID_ARGUMENT", &key, unusable("the key is wrong")),
        (400, "FAILED_PRECONDITION", &none, account),
        (401, "UNAUTHENTICATED", &none, right.clone()),
        (403, "PERMISSION_DENIED", &none, right),
        (
            404,
            "NOT_FOUND",
            &none,
            broken("the model is retired or misspelt"),
        ),
        (408, "", &none, later("the provider timed out")),
        (413, "", &none, broken("the request is too large")),
        (
            429,
            "RESOURCE_EXHAUSTED",
            &none,
            later("a quota is used up"),
        ),
        (500, "INTERNAL", &none, overloaded.clone()),
        (502, "", &none, overloaded.clone()),
        (503, "UNAVAILABLE", &none, overloaded),
        (
            504,
            "DEADLINE_EXCEEDED",
            &none,
            lost("the provider's deadline passed"),
        ),
        (418, "", &none, broken("an unexpected status")),
    ];
    for (code, status, detail, expected) in rows {
        let what = format!("{code} {status}");
        check(&what, error(code, status, detail), expected).await;
    }
}

#[tokio::test]
async fn no_body_hides_a_status() {
    let huge = vec![b' '; 200_000];
    let rows = [
        (403, unusable("the key lacks the right")),
        (503, later("the provider is overloaded")),
        (504, lost("the provider's deadline passed")),
    ];
    for (status, expected) in rows {
        let html = b"<html>canary</html>".to_vec();
        let replies = [
            ("HTML", Reply::raw(status, html.clone())),
            ("nothing", Reply::raw(status, "")),
            ("huge", Reply::raw(status, huge.clone())),
            ("cut off", Reply::CutOff { status, body: html }),
        ];
        for (what, reply) in replies {
            check(&format!("{status} {what}"), reply, expected.clone()).await;
        }
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = Loopback::start([]).await;
    let reply = Reply::Http {
        status: 307,
        headers: format!("location: {}/\r\n", elsewhere.address()),
        body: Vec::new(),
    };
    check("307", reply, broken("an unexpected status")).await;
    assert!(elsewhere.asked().is_empty(), "the key went elsewhere");
}

#[tokio::test]
async fn a_wait_is_told_by_the_body_or_else_by_the_header() {
    let info = |delay: &str| {
        json!({ "error": { "status": "RESOURCE_EXHAUSTED", "details": [
            { "@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [] },
            { "@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay },
        ] } })
    };
    let rows = [
        (info("30s").to_string(), "", Some(30_000)),
        (info("0.5s").to_string(), "", Some(500)),
        (info("30s").to_string(), "retry-after: 7\r\n", Some(30_000)),
        (info("soon").to_string(), "retry-after: 7\r\n", Some(7_000)),
        ("<html>".to_owned(), "retry-after: 7\r\n", Some(7_000)),
        (info("86400s").to_string(), "", Some(600_000)),
        (String::new(), "", None),
    ];
    for (body, headers, millis) in rows {
        let what = format!("{body} {headers}");
        let reply = Reply::Http {
            status: 429,
            headers: headers.to_owned(),
            body: body.into_bytes(),
        };
        let expected = ProviderError::Retryable {
            after: millis.map(Duration::from_millis),
            cause: "a quota is used up",
        };
        check(&what, reply, expected).await;
    }
}

#[tokio::test]
async fn a_connection_that_breaks_or_stays_silent_leaves_the_call_open() {
    check("hang-up", Reply::HangUp, lost("the connection broke")).await;
    let server = Loopback::start([Reply::Silence]).await;
    let provider = adapter(|settings| {
        settings.api_url = server.address().to_owned();
        settings.timeout = Duration::from_millis(200);
    });
    let error = asked(&provider.unwrap(), &words()).await.unwrap_err();
    assert_eq!(error, lost("no answer in time"));
}

#[tokio::test]
async fn without_a_connection_nothing_was_asked() {
    // Bound and never listening again: nobody else gets the port meanwhile.
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = socket.local_addr().unwrap();
    let provider = adapter(|settings| settings.api_url = format!("http://{address}"));
    let error = asked(&provider.unwrap(), &words()).await.unwrap_err();
    assert_eq!(error, later("no connection"));
}

#[tokio::test]
async fn no_more_than_the_limit_is_read() {
    let body = candidate(json!([inline(&picture(ImageFormat::Png, 8))]), "STOP").to_string();
    let limited = async |bytes_max, reply| {
        let server = Loopback::start([reply]).await;
        let provider = adapter(|settings| {
            settings.api_url = server.address().to_owned();
            settings.response_bytes_max = bytes_max;
        });
        asked(&provider.unwrap(), &words()).await
    };
    let announced = || Reply::raw(200, body.clone());
    let unmeasured = || Reply::Unmeasured {
        body: body.clone().into_bytes(),
    };
    let too_large = lost("the answer is larger than the limit");
    for reply in [announced(), unmeasured()] {
        let error = limited(body.len() - 1, reply).await.unwrap_err();
        assert_eq!(error, too_large);
    }
    for reply in [announced(), unmeasured()] {
        limited(body.len(), reply).await.unwrap();
    }
}

/// Tells when a picture comes to be checked.
struct Announcing(watch::Sender<bool>);

impl MediaCheck for Announcing {
    fn picture(&self, bytes: Bytes) -> Result<Media, NotMedia> {
        self.0.send_replace(true);
        Headers.picture(bytes)
    }

    fn clip(&self, bytes: Bytes) -> Result<Media, NotMedia> {
        Headers.clip(bytes)
    }
}

#[tokio::test]
async fn a_call_goes_on_when_its_caller_stops_waiting() {
    let done = candidate(json!([inline(&picture(ImageFormat::Png, 8))]), "STOP");
    let server = Loopback::start([ok(&done)]).await;
    let checked = watch::Sender::new(false);
    let provider = NanoBanana {
        media: Arc::new(Announcing(checked.clone())),
        ..reaching(&server)
    };
    let request = words();
    let mut submit = provider.submit(&request);
    assert!(poll!(submit.as_mut()).is_pending());
    drop(submit);
    let mut checked = checked.subscribe();
    let came = checked.wait_for(|checked| *checked);
    let came = tokio::time::timeout(Duration::from_secs(10), came).await;
    came.expect("the call went on").unwrap();
}

#[tokio::test]
async fn wrong_settings_are_named_without_their_values() {
    let check = |change: fn(&mut crate::config::NanoBanana), expected: SetupError| {
        let error = adapter(change).err().expect("it is refused");
        assert_eq!(error, expected);
        assert!(!format!("{error} {error:?}").contains("canary"));
    };
    check(|settings| settings.api_key = None, SetupError::NoKey);
    check(
        |settings| settings.api_key = Some(SecretString::from("canary\n")),
        SetupError::Key,
    );
    check(
        |settings| settings.api_url = "file:///canary".to_owned(),
        SetupError::Address,
    );
}

#[tokio::test]
async fn a_provider_without_jobs_cannot_be_asked_after_one() {
    let provider = adapter(|_| {}).unwrap();
    let error = provider.poll("job").await.unwrap_err();
    assert!(matches!(error, ProviderError::Broken { .. }), "{error:?}");
}
