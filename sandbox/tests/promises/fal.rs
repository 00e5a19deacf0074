//! The fal emulator: what a caller and its tests can count on.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::web::{self, Bytes, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use rei_sandbox::fal::{API_KEY, Failure, Fault, FaultKind, Handle, Proof, RunningCancel};
use rei_sandbox::video::{Clip, probe};
use ring::signature::{ED25519, UnparsedPublicKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::{House, SOON, house, png};

const VIDEO: &str = "fal-ai/kling-video/v3/pro/text-to-video";

struct Caller {
    house: House,
    fal: Handle,
}

/// A caller whose requests wait 10 s of the sandbox's clock and take 50 s.
async fn caller() -> Caller {
    let house = house().await;
    let fal = house.sandbox.fal.clone();
    fal.change_account(|account| {
        account.wait_millis = 10_000;
        account.work_millis = 50_000;
    });
    Caller { house, fal }
}

type Answer = (u16, Value);

impl Caller {
    async fn send(&self, method: &str, url: &str, body: &Value) -> Answer {
        let method = method.parse().unwrap();
        let request = self.house.client.request(method, url);
        let key = format!("Key {API_KEY}");
        let answer = request.header("authorization", key).json(body).send().await;
        let answer = answer.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    async fn submit(&self, model: &str, input: &Value) -> Value {
        let url = format!("{}/{model}", self.house.sandbox.url("fal"));
        let (status, body) = self.send("POST", &url, input).await;
        assert_eq!((status, &body["status"]), (200, &json!("IN_QUEUE")));
        body
    }

    async fn get(&self, submitted: &Value, address: &str) -> Answer {
        let url = submitted[address].as_str().unwrap();
        self.send("GET", url, &json!({})).await
    }

    async fn cancel(&self, submitted: &Value) -> Answer {
        let url = submitted["cancel_url"].as_str().unwrap();
        self.send("PUT", url, &json!({})).await
    }

    fn pass(&self, secs: u64) {
        self.fal.advance_clock(Duration::from_secs(secs));
    }

    /// How the model of a request ends, after all its time.
    async fn result(&self, model: &str, input: &Value) -> Answer {
        let submitted = self.submit(model, input).await;
        self.pass(10);
        self.pass(50);
        self.get(&submitted, "response_url").await
    }

    async fn download(&self, url: &Value) -> Vec<u8> {
        let answer = self.house.client.get(url.as_str().unwrap()).send().await;
        answer.unwrap().bytes().await.unwrap().to_vec()
    }
}

fn words() -> Value {
    json!({ "prompt": "a cat", "generate_audio": false })
}

fn address(mime: &str, bytes: &[u8]) -> String {
    format!("data:{mime};base64,{}", STANDARD.encode(bytes))
}

#[actix_web::test]
async fn a_request_goes_through_the_queue_by_the_clock_and_ends_with_a_video() {
    let caller = caller().await;
    let submitted = caller.submit(VIDEO, &words()).await;
    let url = submitted["response_url"].as_str().unwrap();
    let app = format!(
        "{}/fal-ai/kling-video/requests/",
        caller.house.sandbox.url("fal")
    );
    assert!(url.starts_with(&app), "the first two parts alone: {url}");
    let (status, body) = caller.get(&submitted, "status_url").await;
    assert_eq!((status, &body["queue_position"]), (202, &json!(0)));
    assert_eq!(
        caller.get(&submitted, "response_url").await.0,
        400,
        "too early"
    );
    caller.pass(10);
    let (status, body) = caller.get(&submitted, "status_url").await;
    assert_eq!((status, &body["status"]), (202, &json!("IN_PROGRESS")));
    caller.pass(50);
    let (status, body) = caller.get(&submitted, "status_url").await;
    assert_eq!((status, &body["status"]), (200, &json!("COMPLETED")));
    assert_eq!(body["metrics"]["inference_time"], 50.0);
    let (_, output) = caller.get(&submitted, "response_url").await;
    let video = probe(&caller.download(&output["video"]["url"]).await).unwrap();
    assert_eq!((video.width, video.height), (1920, 1080));
    assert_eq!(video.length, Duration::from_secs(5));
    assert!(!video.has_sound);
    assert_eq!(caller.fal.account().balance_micros, 1_000_000_000 - 560_000);
}

#[actix_web::test]
async fn pictures_are_drawn_edited_and_put_inline() {
    let caller = caller().await;
    let asked = json!({ "prompt": "a cat", "aspect_ratio": "16:9", "output_format": "webp" });
    let (status, output) = caller.result("fal-ai/nano-banana-pro", &asked).await;
    assert_eq!(status, 200);
    let bytes = caller.download(&output["images"][0]["url"]).await;
    let drawn = image::load_from_memory_with_format(&bytes, image::ImageFormat::WebP).unwrap();
    assert_eq!((drawn.width(), drawn.height()), (1376, 768));
    let edit = json!({ "prompt": "at night", "num_images": 2, "sync_mode": true,
        "image_urls": [address("image/png", &png(300, 400))] });
    let (_, output) = caller.result("fal-ai/nano-banana-2/edit", &edit).await;
    assert_eq!(output["images"].as_array().unwrap().len(), 2);
    assert!(
        output["images"][1]["url"]
            .as_str()
            .unwrap()
            .starts_with("data:image/png;base64,")
    );
}

#[actix_web::test]
async fn what_is_wrong_with_an_input_shows_when_the_model_looks_at_it() {
    let caller = caller().await;
    let small = address("image/png", &png(200, 200));
    let clip = |secs| Clip::new(1280, 720, Duration::from_secs(secs)).render();
    let long = address("video/mp4", &clip(12));
    let v26 = "fal-ai/kling-video/v2.6/pro/text-to-video";
    let image = "fal-ai/kling-video/v3/standard/image-to-video";
    let motion = "fal-ai/kling-video/v2.6/standard/motion-control";
    let edit = "fal-ai/kling-video/o3/pro/video-to-video/edit";
    let frame = address("image/png", &png(400, 400));
    let cases = [
        (VIDEO, json!({}), "missing"),
        (
            VIDEO,
            json!({ "prompt": "a", "duration": 5 }),
            "string_type",
        ),
        (
            VIDEO,
            json!({ "prompt": "a", "duration": "16" }),
            "literal_error",
        ),
        (
            v26,
            json!({ "prompt": "a", "duration": "6" }),
            "literal_error",
        ),
        (
            image,
            json!({ "start_image_url": small }),
            "image_too_small",
        ),
        (
            image,
            json!({ "start_image_url": "data:,x" }),
            "file_download_error",
        ),
        (
            image,
            json!({ "start_image_url": frame, "aspect_ratio": "1:1" }),
            "extra_forbidden",
        ),
        (
            motion,
            json!({ "image_url": frame, "video_url": long }),
            "missing",
        ),
        (
            motion,
            json!({ "image_url": frame, "video_url": long, "character_orientation": "image" }),
            "video_duration_too_long",
        ),
        (
            edit,
            json!({ "prompt": "a", "video_url": long }),
            "video_duration_too_long",
        ),
        (
            edit,
            json!({ "prompt": "a", "video_url": frame }),
            "unsupported_video_format",
        ),
        (
            "fal-ai/nano-banana-pro",
            json!({ "prompt": "a", "num_images": 5 }),
            "less_than_equal",
        ),
        (
            "fal-ai/nano-banana-pro/edit",
            json!({ "prompt": "a" }),
            "missing",
        ),
    ];
    for (model, input, expected) in cases {
        let (status, body) = caller.result(model, &input).await;
        assert_eq!(status, 422, "{model} {body}");
        assert_eq!(body["detail"][0]["type"], expected, "{model}");
    }
    assert_eq!(caller.fal.account().balance_micros, 1_000_000_000);
}

#[actix_web::test]
async fn keys_models_money_and_addresses_are_checked() {
    let caller = caller().await;
    let base = caller.house.sandbox.url("fal");
    let url = format!("{base}/{VIDEO}");
    let bare = caller.house.client.post(&url).json(&words()).send().await;
    assert_eq!(bare.unwrap().status(), 401);
    for model in [
        "v2.6/standard/text-to-video",
        "v1.5/pro/image-to-video",
        "v9/pro/text-to-video",
    ] {
        let url = format!("{base}/fal-ai/kling-video/{model}");
        assert_eq!(caller.send("POST", &url, &words()).await.0, 404, "{model}");
    }
    let submitted = caller.submit(VIDEO, &words()).await;
    let id = submitted["request_id"].as_str().unwrap();
    let guessed = format!("{base}/{VIDEO}/requests/{id}/status");
    assert_eq!(caller.send("GET", &guessed, &json!({})).await.0, 404);
    caller
        .fal
        .change_account(|account| account.balance_micros = 1);
    assert_eq!(caller.send("POST", &url, &words()).await.0, 403);
}

#[actix_web::test]
async fn places_are_few_and_a_cancel_frees_only_what_waits() {
    let caller = caller().await;
    caller
        .fal
        .change_account(|account| account.parallel_max = 1);
    let first = caller.submit(VIDEO, &words()).await;
    let second = caller.submit(VIDEO, &words()).await;
    caller.pass(10);
    assert_eq!(
        caller.get(&first, "status_url").await.1["status"],
        "IN_PROGRESS"
    );
    assert_eq!(
        caller.get(&second, "status_url").await.1["status"],
        "IN_QUEUE"
    );
    let requested = (202, json!({ "status": "CANCELLATION_REQUESTED" }));
    assert_eq!(caller.cancel(&second).await, requested);
    assert_eq!(caller.get(&second, "response_url").await.0, 499);
    assert_eq!(caller.cancel(&first).await, requested);
    caller.pass(50);
    assert_eq!(
        caller.get(&first, "response_url").await.0,
        200,
        "it finished all the same"
    );
    let completed = (400, json!({ "status": "ALREADY_COMPLETED" }));
    assert_eq!(caller.cancel(&first).await, completed);

    caller
        .fal
        .change_account(|account| account.running_cancel = RunningCancel::Stops);
    let third = caller.submit(VIDEO, &words()).await;
    caller.pass(10);
    assert_eq!(caller.cancel(&third).await, requested);
    assert_eq!(caller.get(&third, "response_url").await.0, 499);
    caller
        .fal
        .push_fault(Fault::once("submit", FaultKind::CancelIgnored));
    let fourth = caller.submit(VIDEO, &words()).await;
    assert_eq!(caller.cancel(&fourth).await, requested);
    caller.pass(10);
    caller.pass(50);
    assert_eq!(caller.get(&fourth, "response_url").await.0, 200);
}

#[actix_web::test]
async fn faults_spoil_calls_and_fates_end_requests() {
    let caller = caller().await;
    let url = format!("{}/{VIDEO}", caller.house.sandbox.url("fal"));
    let failure = Failure::request(503, "runner_scheduling_failure", "No runner");
    caller
        .fal
        .push_fault(Fault::once("submit", FaultKind::Error { failure }));
    let (status, body) = caller.send("POST", &url, &words()).await;
    assert_eq!(
        (status, &body["error_type"]),
        (503, &json!("runner_scheduling_failure"))
    );
    assert!(caller.fal.requests().is_empty());
    caller
        .fal
        .push_fault(Fault::once("submit", FaultKind::DropAfter));
    let dropped = caller
        .house
        .client
        .post(&url)
        .header("authorization", format!("Key {API_KEY}"));
    assert!(dropped.json(&words()).send().await.is_err());
    assert_eq!(caller.fal.requests().len(), 1, "taken all the same");

    let (status, body) = caller
        .result(VIDEO, &json!({ "prompt": "a cat #refuse" }))
        .await;
    assert_eq!(
        (status, &body["detail"][0]["type"]),
        (422, &json!("content_policy_violation"))
    );
    caller
        .fal
        .push_fault(Fault::once("submit", FaultKind::NeverFinishes));
    let (status, _) = caller.result(VIDEO, &words()).await;
    assert_eq!(status, 400, "still in progress");
}

/// Webhooks as they came: headers and bodies.
type Told = Arc<Mutex<Vec<(HttpRequestHeaders, Bytes)>>>;
type HttpRequestHeaders = Vec<(String, String)>;

async fn take(told: Data<Told>, request: HttpRequest, body: Bytes) -> HttpResponse {
    let headers = request.headers().iter();
    let headers =
        headers.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
    let mut told = told.lock().unwrap();
    told.push((headers.collect(), body));
    // The first attempt is not heard, so it is repeated.
    if told.len() == 1 {
        return HttpResponse::InternalServerError().finish();
    }
    HttpResponse::Ok().finish()
}

fn is_genuine(headers: &HttpRequestHeaders, body: &Bytes, keys: &Value) -> bool {
    let header = |name: &str| {
        let name = format!("x-fal-webhook-{name}");
        let found = headers.iter().find(|(known, _)| *known == name);
        found.map_or(String::new(), |(_, value)| value.clone())
    };
    let hash: String = Sha256::digest(body)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let text = [
        header("request-id"),
        header("user-id"),
        header("timestamp"),
        hash,
    ]
    .join("\n");
    let signature = header("signature");
    let signature: Vec<u8> = (0..signature.len() / 2)
        .map(|at| u8::from_str_radix(&signature[2 * at..2 * at + 2], 16).unwrap())
        .collect();
    keys["keys"].as_array().unwrap().iter().any(|key| {
        let public = URL_SAFE_NO_PAD.decode(key["x"].as_str().unwrap()).unwrap();
        let key = UnparsedPublicKey::new(&ED25519, public);
        key.verify(text.as_bytes(), &signature).is_ok()
    })
}

#[actix_web::test]
async fn webhooks_are_signed_repeated_and_forged_on_request() {
    let caller = caller().await;
    let told = Told::default();
    let data = Data::new(Arc::clone(&told));
    let server = HttpServer::new(move || {
        App::new()
            .app_data(data.clone())
            .route("/hook", web::post().to(take))
    })
    .workers(1)
    .disable_signals()
    .bind("127.0.0.1:0")
    .unwrap();
    let hook = format!("http%3A%2F%2F{}%2Fhook", server.addrs()[0]);
    actix_web::rt::spawn(server.run());
    caller
        .fal
        .change_callbacks(|settings| settings.intervals_millis = vec![1]);

    let submitted = caller
        .submit(&format!("{VIDEO}?fal_webhook={hook}"), &words())
        .await;
    caller.pass(10);
    caller.pass(50);
    caller.fal.wait_until_told(SOON).await.unwrap();
    let url = format!("{}/.well-known/jwks.json", caller.house.sandbox.url("fal"));
    let keys = caller.send("GET", &url, &json!({})).await.1;
    let come = told.lock().unwrap().clone();
    assert_eq!(come.len(), 2, "again after 500");
    for (headers, body) in &come {
        assert!(is_genuine(headers, body, &keys));
        let news: Value = serde_json::from_slice(body).unwrap();
        assert_eq!(
            (&news["status"], &news["request_id"]),
            (&json!("OK"), &submitted["request_id"])
        );
        assert!(news["payload"]["video"]["url"].is_string());
    }

    let id = submitted["request_id"].as_str().unwrap();
    for proof in [Proof::ForeignKey, Proof::AlteredBody, Proof::Unsigned] {
        assert!(caller.fal.tell(id, &json!({}), proof));
        caller.fal.wait_until_told(SOON).await.unwrap();
        let (headers, body) = told.lock().unwrap().last().unwrap().clone();
        assert!(!is_genuine(&headers, &body, &keys), "{proof:?}");
    }
    caller.fal.rotate_keys();
    assert!(caller.fal.tell(id, &json!({}), Proof::Genuine));
    caller.fal.wait_until_told(SOON).await.unwrap();
    let (headers, body) = told.lock().unwrap().last().unwrap().clone();
    assert!(
        !is_genuine(&headers, &body, &keys),
        "by a key the caller does not know yet"
    );
    assert!(is_genuine(&headers, &body, &caller.fal.public_keys()));
}
