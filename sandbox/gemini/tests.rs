//! The emulator's promises, over real connections.

use super::*;
use actix_web::dev::ServerHandle;
use actix_web::{App, HttpServer};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use image::ImageFormat;
use reqwest::{Client, RequestBuilder, Response};
use serde_json::{Value, json};
use std::io::Cursor;

const KEY: &str = "test-key";
const PRO: &str = "gemini-3-pro-image";
const FLASH: &str = "gemini-3.1-flash-image";
const DEADLINE: Duration = Duration::from_secs(30);

struct Emulator {
    handle: Handle,
    url: String,
    server: ServerHandle,
    client: Client,
}

impl Emulator {
    async fn start() -> Emulator {
        // An error says that another test was first, which is as good.
        let _installed = rustls::crypto::ring::default_provider().install_default();
        let handle = Handle::new(Config {
            api_key: KEY.into(),
        });
        let served = handle.clone();
        let server = HttpServer::new(move || App::new().configure(|cfg| configure(cfg, &served)))
            .workers(1)
            .disable_signals()
            .bind("127.0.0.1:0")
            .unwrap();
        let url = format!("http://{}", server.addrs()[0]);
        let server = server.run();
        let stop = server.handle();
        actix_web::rt::spawn(server);
        Emulator {
            handle,
            url,
            server: stop,
            client: Client::builder().no_proxy().build().unwrap(),
        }
    }

    fn post(&self, model: &str, body: &Value) -> RequestBuilder {
        let url = format!("{}/gemini/v1beta/models/{model}:generateContent", self.url);
        self.client.post(url).timeout(DEADLINE).json(body)
    }

    async fn send(&self, model: &str, body: &Value) -> Response {
        let request = self.post(model, body).header("x-goog-api-key", KEY);
        request.send().await.unwrap()
    }

    async fn answer(&self, model: &str, body: &Value) -> Value {
        let response = self.send(model, body).await;
        assert_eq!(response.status(), 200);
        response.json().await.unwrap()
    }

    /// Sends a body that must be refused, and returns its status, Google's name and the message.
    async fn refusal(&self, model: &str, body: &Value) -> (u16, String, String) {
        refusal(self.send(model, body).await).await
    }

    fn fault(&self, kind: FaultKind) {
        self.handle.push_fault(Fault { times: 1, kind });
    }

    async fn stop(self) {
        self.server.stop(false).await;
    }
}

async fn refusal(response: Response) -> (u16, String, String) {
    let status = response.status().as_u16();
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["error"]["code"], status);
    let text = |name: &str| body["error"][name].as_str().unwrap().to_owned();
    (status, text("status"), text("message"))
}

fn ask(text: &str) -> Value {
    json!({ "contents": [{ "role": "user", "parts": [{ "text": text }] }] })
}

fn ask_sized(text: &str, ratio: &str, size: &str) -> Value {
    let mut body = ask(text);
    body["generationConfig"] = json!({
        "responseModalities": ["TEXT", "IMAGE"],
        "imageConfig": { "aspectRatio": ratio, "imageSize": size },
    });
    body
}

fn ask_edit(text: &str, pictures: &[Value]) -> Value {
    let mut body = ask(text);
    let parts = body["contents"][0]["parts"].as_array_mut().unwrap();
    parts.extend_from_slice(pictures);
    body
}

fn sample(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
    let picture = image::RgbImage::from_fn(width, height, |x, y| image::Rgb([x as u8, y as u8, 9]));
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn inline(mime: &str, bytes: &[u8]) -> Value {
    json!({ "inlineData": { "mimeType": mime, "data": STANDARD.encode(bytes) } })
}

/// The pictures of an answer that are not thoughts.
fn pictures(answer: &Value) -> Vec<(String, Vec<u8>)> {
    let parts = answer["candidates"][0]["content"]["parts"].as_array();
    parts
        .into_iter()
        .flatten()
        .filter(|part| part["thought"] != true && part["inlineData"].is_object())
        .map(|part| {
            let blob = &part["inlineData"];
            let bytes = STANDARD.decode(blob["data"].as_str().unwrap()).unwrap();
            (blob["mimeType"].as_str().unwrap().to_owned(), bytes)
        })
        .collect()
}

fn only_picture(answer: &Value) -> (String, Vec<u8>) {
    let mut pictures = pictures(answer);
    assert_eq!(pictures.len(), 1);
    pictures.remove(0)
}

fn pixels(bytes: &[u8]) -> (u32, u32) {
    image::ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .unwrap()
        .into_dimensions()
        .unwrap()
}

#[actix_web::test]
async fn words_become_a_picture_of_the_promised_pixels() {
    let emulator = Emulator::start().await;
    for (model, ratio, size, expected) in [
        (PRO, "1:1", "1K", (1024, 1024)),
        (PRO, "16:9", "1K", (1376, 768)),
        (PRO, "21:9", "2K", (3168, 1344)),
        (FLASH, "2:3", "512", (424, 632)),
        (FLASH, "8:1", "512", (1536, 192)),
    ] {
        let answer = emulator
            .answer(model, &ask_sized("закат над морем", ratio, size))
            .await;
        let (mime, bytes) = only_picture(&answer);
        assert_eq!((mime.as_str(), pixels(&bytes)), ("image/png", expected));
        image::load_from_memory(&bytes).unwrap();
        assert_eq!(answer["modelVersion"], model);
    }
    emulator.stop().await;
}

#[actix_web::test]
async fn a_pro_answer_thinks_in_pictures_and_counts_its_tokens() {
    let emulator = Emulator::start().await;
    let answer = emulator.answer(PRO, &ask("a cat")).await;
    let parts = answer["candidates"][0]["content"]["parts"]
        .as_array()
        .unwrap();
    assert_eq!(parts[0]["thought"], true);
    assert!(parts[1]["thought"] == true && parts[1]["inlineData"].is_object());
    assert!(parts[3]["thoughtSignature"].is_string());
    let usage = &answer["usageMetadata"];
    assert_eq!(usage["candidatesTokensDetails"][0]["tokenCount"], 1120);
    let count = |name: &str| usage[name].as_u64().unwrap();
    assert_eq!(
        count("totalTokenCount"),
        count("promptTokenCount") + count("candidatesTokenCount") + count("thoughtsTokenCount")
    );
    emulator.stop().await;
}

#[actix_web::test]
async fn image_alone_leaves_the_words_out() {
    let emulator = Emulator::start().await;
    let mut body = ask("a cat");
    body["generationConfig"] = json!({ "responseModalities": ["IMAGE"] });
    let answer = emulator.answer(FLASH, &body).await;
    let parts = answer["candidates"][0]["content"]["parts"]
        .as_array()
        .unwrap();
    assert_eq!(parts.len(), 1);
    emulator.stop().await;
}

#[actix_web::test]
async fn a_repeat_looks_different_and_a_fresh_emulator_repeats_itself() {
    let (one, other) = (Emulator::start().await, Emulator::start().await);
    let body = ask_sized("sea", "1:1", "512");
    let first = only_picture(&one.answer(FLASH, &body).await);
    let second = only_picture(&one.answer(FLASH, &body).await);
    let elsewhere = only_picture(&other.answer(FLASH, &body).await);
    assert_ne!(first, second);
    assert_eq!(first, elsewhere);
    one.stop().await;
    other.stop().await;
}

#[actix_web::test]
async fn an_edit_follows_its_input_and_changes_it() {
    let emulator = Emulator::start().await;
    let input = sample(1600, 900, ImageFormat::Jpeg);
    let body = ask_edit("make it a sunset", &[inline("image/jpeg", &input)]);
    let (mime, bytes) = only_picture(&emulator.answer(PRO, &body).await);
    assert_eq!((mime.as_str(), pixels(&bytes)), ("image/jpeg", (1376, 768)));
    let several = [
        inline("image/png", &sample(40, 60, ImageFormat::Png)),
        inline("image/webp", &sample(60, 40, ImageFormat::WebP)),
        inline("image/heic", b"\0\0\0\x18ftypheic"),
    ];
    let body = ask_edit("put them together", &several);
    let (_, bytes) = only_picture(&emulator.answer(PRO, &body).await);
    assert_eq!(pixels(&bytes), (848, 1264));
    assert_eq!(emulator.handle.calls()[1].images, 3);
    emulator.stop().await;
}

#[actix_web::test]
async fn snake_case_and_url_safe_base64_are_understood() {
    let emulator = Emulator::start().await;
    let data = URL_SAFE.encode(sample(33, 35, ImageFormat::Png));
    let body = json!({
        "contents": [{ "parts": [
            { "text": "a frame" },
            { "inline_data": { "mime_type": "image/png", "data": data } },
        ] }],
        "generation_config": { "image_config": { "aspect_ratio": "4:5", "image_size": "512" } },
    });
    let (_, bytes) = only_picture(&emulator.answer(FLASH, &body).await);
    assert_eq!(pixels(&bytes), (464, 576));
    emulator.stop().await;
}

#[actix_web::test]
async fn what_the_real_one_would_not_accept_is_refused_and_not_billed() {
    let emulator = Emulator::start().await;
    let png = sample(8, 8, ImageFormat::Png);
    let mut unknown = ask("x");
    unknown["generationConfig"] = json!({ "imageConfig": { "outputMimeType": "image/png" } });
    let mut negative = ask("x");
    negative["negativePrompt"] = json!("y");
    let mut text_only = ask("x");
    text_only["generationConfig"] = json!({ "responseModalities": ["TEXT"] });
    let mut two = ask("x");
    two["generationConfig"] = json!({ "candidateCount": 2 });
    let mut threshold = ask("x");
    threshold["safetySettings"] =
        json!([{ "category": "HARM_CATEGORY_HARASSMENT", "threshold": "NEVER" }]);
    let mut role = ask("x");
    role["contents"][0]["role"] = json!("assistant");
    let unsigned = json!({ "contents": [
        { "role": "user", "parts": [{ "text": "x" }] },
        { "role": "model", "parts": [inline("image/png", &png)] },
    ] });
    let bad_base64 = json!({ "inlineData": { "mimeType": "image/png", "data": "%%%" } });
    let by_url = json!({ "fileData": { "mimeType": "image/png", "fileUri": "https://x.test/a" } });
    let fifteen = vec![inline("image/png", &png); 15];
    for (body, expected) in [
        (unknown, "at 'generation_config.image_config'"),
        (negative, "Unknown name \"negativePrompt\""),
        (ask_sized("x", "1:8", "1K"), "aspect_ratio"),
        (ask_sized("x", "1:1", "512"), "image_size"),
        (ask_sized("x", "1:1", "2k"), "image_size"),
        (text_only, "response_modalities"),
        (two, "candidates"),
        (threshold, "NEVER"),
        (role, "valid role"),
        (unsigned, "thought_signature in content position 1"),
        (json!({ "contents": [] }), "contents"),
        (json!({ "contents": "x" }), "Invalid JSON"),
        (ask("  "), "text"),
        (ask_edit("x", &[bad_base64]), "Base64"),
        (ask_edit("x", &[inline("image/gif", &png)]), "MIME"),
        (ask_edit("x", &[inline("image/jpeg", &png)]), "input image"),
        (
            ask_edit("x", &[inline("image/png", &png[..40])]),
            "input image",
        ),
        (ask_edit("x", &[by_url]), "URL"),
        (ask_edit("x", &fifteen), "14"),
    ] {
        let (code, status, message) = emulator.refusal(PRO, &body).await;
        assert_eq!((code, status.as_str()), (400, "INVALID_ARGUMENT"));
        let message = message.replace("response modalities", "response_modalities");
        assert!(message.contains(expected), "{expected}: {message}");
    }
    assert_eq!(emulator.handle.calls(), []);
    emulator.stop().await;
}

#[actix_web::test]
async fn a_body_over_twenty_megabytes_gets_its_refusal_and_not_a_reset() {
    let emulator = Emulator::start().await;
    let body = ask(&"x".repeat(serve::BODY_BYTES_MAX));
    let (code, _, message) = emulator.refusal(PRO, &body).await;
    assert_eq!(code, 400);
    assert!(message.contains("payload size"), "{message}");
    emulator.stop().await;
}

#[actix_web::test]
async fn keys_and_models_are_checked() {
    let emulator = Emulator::start().await;
    let body = ask("x");
    let keyless = emulator.post(PRO, &body).send().await.unwrap();
    assert_eq!(refusal(keyless).await.1, "PERMISSION_DENIED");
    let wrong = emulator.post(PRO, &body).header("x-goog-api-key", "other");
    let wrong: Value = wrong.send().await.unwrap().json().await.unwrap();
    assert_eq!(wrong["error"]["code"], 400);
    assert_eq!(wrong["error"]["details"][0]["reason"], "API_KEY_INVALID");
    for gone in ["gemini-3-pro-image-preview", "gemini-2.5-flash-image", "x"] {
        let (code, status, _) = emulator.refusal(gone, &body).await;
        assert_eq!((code, status.as_str()), (404, "NOT_FOUND"));
    }
    let url = format!("{}/gemini/v1beta/models?key={KEY}", emulator.url);
    let list: Value = emulator
        .client
        .get(url)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(list["models"][0]["name"], format!("models/{PRO}"));
    emulator.stop().await;
}

#[actix_web::test]
async fn envelopes_come_as_ordered_and_are_not_billed() {
    let emulator = Emulator::start().await;
    let retry = Some(30);
    for (kind, code, status) in [
        (
            FaultKind::TooManyRequests { retry_after: retry },
            429,
            "RESOURCE_EXHAUSTED",
        ),
        (FaultKind::ServerError { status: 500 }, 500, "INTERNAL"),
        (FaultKind::ServerError { status: 503 }, 503, "UNAVAILABLE"),
        (
            FaultKind::ServerError { status: 504 },
            504,
            "DEADLINE_EXCEEDED",
        ),
        (FaultKind::ApiKeyInvalid, 400, "INVALID_ARGUMENT"),
        (FaultKind::PermissionDenied, 403, "PERMISSION_DENIED"),
        (FaultKind::FailedPrecondition, 400, "FAILED_PRECONDITION"),
        (FaultKind::InvalidArgument, 400, "INVALID_ARGUMENT"),
        (FaultKind::NotFound, 404, "NOT_FOUND"),
    ] {
        emulator.fault(kind);
        let got = emulator.refusal(PRO, &ask("x")).await;
        assert_eq!((got.0, got.1.as_str()), (code, status));
    }
    emulator.fault(FaultKind::TooManyRequests { retry_after: retry });
    let body: Value = emulator.send(PRO, &ask("x")).await.json().await.unwrap();
    assert_eq!(body["error"]["details"][1]["retryDelay"], "30s");
    emulator.fault(FaultKind::Html { status: 502 });
    let page = emulator.send(PRO, &ask("x")).await;
    assert_eq!(page.status(), 502);
    assert!(page.text().await.unwrap().starts_with("<!DOCTYPE html>"));
    let calls = emulator.handle.calls();
    assert_eq!(calls.len(), 11);
    assert!(calls.iter().all(|call| call.finished && !call.billed));
    emulator.stop().await;
}

#[actix_web::test]
async fn refusals_arrive_as_answers() {
    let emulator = Emulator::start().await;
    let reason = |text: &str| text.to_owned();
    emulator.fault(FaultKind::Blocked {
        reason: reason("SAFETY"),
    });
    let answer = emulator.answer(PRO, &ask("x")).await;
    assert_eq!(answer["promptFeedback"]["blockReason"], "SAFETY");
    assert!(answer.get("candidates").is_none());
    for finish in ["IMAGE_SAFETY", "RECITATION", "NO_IMAGE", "SOMETHING_NEW"] {
        emulator.fault(FaultKind::Finish {
            reason: reason(finish),
        });
        let answer = emulator.answer(PRO, &ask("x")).await;
        assert_eq!(answer["candidates"][0]["finishReason"], finish);
        assert!(pictures(&answer).is_empty());
    }
    emulator.fault(FaultKind::NoPicture);
    let answer = emulator.answer(PRO, &ask("x")).await;
    assert_eq!(answer["candidates"][0]["finishReason"], "STOP");
    assert!(pictures(&answer).is_empty());
    emulator.fault(FaultKind::Empty);
    assert!(
        emulator
            .answer(PRO, &ask("x"))
            .await
            .get("candidates")
            .is_none()
    );
    emulator.stop().await;
}

#[actix_web::test]
async fn spoilt_pictures_are_billed() {
    let emulator = Emulator::start().await;
    let body = ask_sized("x", "1:1", "512");
    emulator.fault(FaultKind::NotAPicture);
    let (_, bytes) = only_picture(&emulator.answer(FLASH, &body).await);
    assert!(image::guess_format(&bytes).is_err());
    emulator.fault(FaultKind::WrongMime);
    let (mime, bytes) = only_picture(&emulator.answer(FLASH, &body).await);
    assert_eq!(mime, "image/webp");
    assert_eq!(image::guess_format(&bytes).unwrap(), ImageFormat::Png);
    emulator.fault(FaultKind::OversizedPicture);
    let (_, bytes) = only_picture(&emulator.answer(FLASH, &body).await);
    assert_eq!(pixels(&bytes).0, 20_000);
    emulator.fault(FaultKind::OnlyThoughts);
    assert!(pictures(&emulator.answer(FLASH, &body).await).is_empty());
    emulator.fault(FaultKind::Malformed);
    let text = emulator.send(FLASH, &body).await.text().await.unwrap();
    assert!(serde_json::from_str::<Value>(&text).is_err());
    assert!(emulator.handle.calls().iter().all(|call| call.billed));
    emulator.stop().await;
}

#[actix_web::test]
async fn connections_break_before_and_after_the_bill() {
    let emulator = Emulator::start().await;
    let body = ask_sized("x", "1:1", "512");
    for (kind, billed) in [(FaultKind::DropBefore, false), (FaultKind::DropAfter, true)] {
        emulator.fault(kind);
        let request = emulator.post(FLASH, &body).header("x-goog-api-key", KEY);
        let error = request.send().await.unwrap_err();
        assert!(error.is_request() && !error.is_timeout(), "{error:?}");
        let call = emulator.handle.calls().pop().unwrap();
        assert_eq!((call.billed, call.finished), (billed, false));
    }
    emulator.fault(FaultKind::Truncated);
    let response = emulator.send(FLASH, &body).await;
    assert_eq!(response.status(), 200);
    response.bytes().await.unwrap_err();
    emulator.fault(FaultKind::Endless);
    let mut response = emulator.send(FLASH, &body).await;
    let mut read = 0;
    while read < 8 * 1024 * 1024 {
        read += response.chunk().await.unwrap().unwrap().len();
    }
    drop(response);
    assert_eq!(emulator.handle.calls().len(), 4);
    only_picture(&emulator.answer(FLASH, &body).await);
    emulator.stop().await;
}

#[actix_web::test]
async fn a_caller_who_gives_up_is_billed_all_the_same() {
    let emulator = Emulator::start().await;
    emulator.handle.hold();
    let body = ask_sized("x", "1:1", "512");
    let request = emulator.post(FLASH, &body).header("x-goog-api-key", KEY);
    let caller = actix_web::rt::spawn(request.send());
    let calls = emulator.handle.wait_calls(1, DEADLINE).await.unwrap();
    assert!(!calls[0].billed && !calls[0].finished);
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    let mut changed = emulator.handle.shared.changed.subscribe();
    emulator.handle.release();
    let billed = changed.wait_for(|_| emulator.handle.calls()[0].billed);
    tokio::time::timeout(DEADLINE, billed)
        .await
        .unwrap()
        .unwrap();
    emulator.stop().await;
}

#[actix_web::test]
async fn a_hanging_call_ends_when_the_faults_are_cleared() {
    let emulator = Emulator::start().await;
    emulator.fault(FaultKind::Hang);
    let request = emulator
        .post(FLASH, &ask("x"))
        .header("x-goog-api-key", KEY);
    let caller = actix_web::rt::spawn(request.send());
    emulator.handle.wait_calls(1, DEADLINE).await.unwrap();
    assert!(!caller.is_finished());
    emulator.handle.clear_faults();
    assert!(!caller.await.unwrap().unwrap_err().is_timeout());
    assert!(!emulator.handle.calls()[0].billed);
    emulator.stop().await;
}

#[actix_web::test]
async fn magic_words_provoke_what_they_say() {
    let emulator = Emulator::start().await;
    let answer = emulator.answer(PRO, &ask("кот #REFUSE, пожалуйста")).await;
    assert_eq!(answer["promptFeedback"]["blockReason"], "SAFETY");
    assert_eq!(emulator.refusal(PRO, &ask("#fail")).await.0, 500);
    let flaky = ask_sized("#flaky cat", "1:1", "512");
    assert_eq!(emulator.refusal(FLASH, &flaky).await.0, 503);
    only_picture(&emulator.answer(FLASH, &flaky).await);
    for (word, meaning) in MAGIC_WORDS {
        assert!(fault::asked_for(word, 0).is_some(), "{word}");
        let row = format!("| `{word}` | {meaning} |");
        assert!(include_str!("README.md").contains(&row), "{row}");
    }
    assert_eq!(fault::asked_for("#refused", 0), None);
    emulator.stop().await;
}

#[actix_web::test]
async fn faults_and_the_bill_are_reached_over_http() {
    let emulator = Emulator::start().await;
    let control = |path: &str| format!("{}/control/gemini/{path}", emulator.url);
    let post = |path: &str, body: Value| emulator.client.post(control(path)).json(&body).send();
    let fault = json!({ "times": 2, "kind": { "type": "server_error", "status": 503 } });
    assert_eq!(post("faults", fault).await.unwrap().status(), 204);
    assert_eq!(emulator.refusal(PRO, &ask("x")).await.0, 503);
    let cleared = emulator.client.delete(control("faults")).send().await;
    assert_eq!(cleared.unwrap().status(), 204);
    emulator.answer(PRO, &ask("x")).await;
    let calls = emulator.client.get(control("calls")).send().await.unwrap();
    let calls: Value = calls.json().await.unwrap();
    assert_eq!(calls[0]["billed"], false);
    assert_eq!(calls[1]["billed"], true);
    let nonsense = json!({ "kind": { "type": "nonsense" } });
    assert_eq!(post("faults", nonsense).await.unwrap().status(), 400);
    emulator.stop().await;
}
