use std::time::Duration;

use bytes::Bytes;
use rei_actors::ports::assets::{MediaKind, NotMedia};
use rei_domain::ids::ModelId;
use rei_domain::spec::{Aspect, ClipUse, Input, Quality, Sound, VideoLook};
use serde_json::json;

use super::*;
use crate::config::{Addresses, Config, Environment};
use crate::loopback::{Loopback, Reply};

const PROMPT: &str = "a canary of a prompt";

/// Takes "clip" for a clip and "frame" for a picture.
struct Words;

impl MediaCheck for Words {
    fn picture(&self, _: Bytes) -> Result<Media, NotMedia> {
        Err(NotMedia::NoPicture)
    }

    fn clip(&self, bytes: Bytes) -> Result<Media, NotMedia> {
        if bytes == "clip" {
            Ok(media(bytes, MediaKind::Mp4))
        } else {
            Err(NotMedia::NoClip)
        }
    }
}

fn media(bytes: Bytes, kind: MediaKind) -> Media {
    Media {
        bytes,
        kind,
        width: 1_280,
        height: 720,
        millis: 5_000,
    }
}

fn adapter(server: &Loopback, key: &str) -> Kling {
    let config = Config::demo(&Environment::of([]), &std::env::temp_dir()).unwrap();
    let config = config.config;
    let mut settings = config.providers.kling.clone();
    settings.api_key = Some(SecretString::from(key));
    settings.api_url = server.address().to_owned();
    let mut downloads = config.downloads.clone();
    downloads.addresses = Addresses::Any;
    let downloads = Downloads::try_new(&downloads, Handle::current()).unwrap();
    let catalogue = Arc::new(config.catalogue);
    let usd_rub = BigDecimal::from(90);
    let runtime = Handle::current();
    Kling::try_new(
        &settings,
        &usd_rub,
        catalogue,
        Arc::new(|| None),
        Arc::new(Words),
        downloads,
        runtime,
    )
    .unwrap()
}

fn look(model: &str) -> VideoLook {
    VideoLook {
        model: ModelId::new(model),
        seconds: 5,
        quality: Quality::Standard,
        sound: Sound::Off,
        aspect: Aspect::Auto,
        clip_use: ClipUse::Edit,
    }
}

fn from_words(look: VideoLook) -> RenderRequest {
    RenderRequest {
        job: JobId::new("job"),
        attempt: 2,
        mode: Mode::TextToVideo,
        prompt: PROMPT.to_owned(),
        output: Output::Video(VideoLook {
            aspect: Aspect::Portrait9x16,
            ..look
        }),
        inputs: Vec::new(),
    }
}

fn from_pictures(look: VideoLook, pictures: usize) -> RenderRequest {
    RenderRequest {
        mode: Mode::ImageToVideo,
        output: Output::Video(look.clone()),
        inputs: vec![media(Bytes::from_static(b"frame"), MediaKind::Jpeg).into(); pictures],
        ..from_words(look)
    }
}

fn answer(data: Value) -> Reply {
    let body = json!({ "code": 0, "message": "", "request_id": "r", "data": data });
    Reply::raw(200, body.to_string())
}

fn fault(status: u16, code: i64) -> Reply {
    let body = json!({ "code": code, "message": "a canary of a message", "request_id": "r" });
    Reply::raw(status, body.to_string())
}

fn task(status: &str) -> Value {
    json!({ "id": "task-1", "status": status, "create_time": 1, "external_id": "job-2" })
}

async fn accepted(kling: &Kling, request: &RenderRequest) -> String {
    match kling.submit(request).await.unwrap() {
        Submission::Accepted { provider_job, .. } => provider_job,
        Submission::Done(_) => panic!("a video takes its time"),
    }
}

fn body(server: &Loopback, at: usize) -> Value {
    serde_json::from_slice(&server.asked()[at].body).unwrap()
}

#[tokio::test]
async fn a_video_from_words_says_every_dangerous_default() {
    let server = Loopback::start([answer(task("submitted")), answer(task("submitted"))]).await;
    let kling = adapter(&server, "api-key-kling-canary");
    assert_eq!(
        accepted(&kling, &from_words(look("kling-3.0"))).await,
        "task-1"
    );
    let older = VideoLook {
        quality: Quality::Professional,
        sound: Sound::On,
        seconds: 10,
        ..look("kling-2.6")
    };
    accepted(&kling, &from_words(older)).await;

    let asked = &server.asked()[0];
    assert_eq!(asked.path, "/text-to-video/kling-3.0");
    assert_eq!(
        asked.header("authorization"),
        Some("Bearer api-key-kling-canary")
    );
    let options = json!({ "external_task_id": "job-2", "watermark_info": { "enabled": false } });
    let expected = json!({
        "prompt": PROMPT,
        "settings": {
            "multi_shot": false, "audio": "off", "resolution": "720p",
            "aspect_ratio": "9:16", "duration": 5,
        },
        "options": options,
    });
    assert_eq!(body(&server, 0), expected);
    assert_eq!(server.asked()[1].path, "/text-to-video/kling-2.6");
    let settings = json!({
        "audio": "native", "resolution": "1080p", "aspect_ratio": "9:16", "duration": 10,
    });
    assert_eq!(body(&server, 1)["settings"], settings);
}

#[tokio::test]
async fn pictures_are_the_first_and_the_last_frame() {
    let server = Loopback::start([answer(task("submitted"))]).await;
    let kling = adapter(&server, "key");
    accepted(&kling, &from_pictures(look("kling-3.0"), 2)).await;
    assert_eq!(server.asked()[0].path, "/image-to-video/kling-3.0");
    let contents = json!([
        { "type": "prompt", "text": PROMPT },
        { "type": "first_frame", "url": "ZnJhbWU=" },
        { "type": "last_frame", "url": "ZnJhbWU=" },
    ]);
    let body = body(&server, 0);
    assert_eq!(body["contents"], contents);
    assert!(body["settings"].get("aspect_ratio").is_none());
}

#[tokio::test]
async fn a_pair_of_keys_speaks_the_older_generation() {
    let made = json!({ "task_id": "t", "task_status": "submitted" });
    let server = Loopback::start([answer(made.clone()), answer(made)]).await;
    let kling = adapter(&server, "access:secret");
    let provider_job = accepted(&kling, &from_pictures(look("kling-2.6"), 2)).await;
    assert_eq!(provider_job, "older:v1/videos/image2video/t");
    let expected = json!({
        "model_name": "kling-v2-6", "prompt": PROMPT, "mode": "std", "duration": "5",
        "sound": "off", "image": "ZnJhbWU=", "image_tail": "ZnJhbWU=",
        "external_task_id": "job-2", "watermark_info": { "enabled": false },
    });
    assert_eq!(body(&server, 0), expected);
    assert!(matches!(
        kling.poll(&provider_job).await,
        Ok(ProviderProgress::Running { .. })
    ));
    assert_eq!(server.asked()[1].path, "/v1/videos/image2video/t");
    let token = server.asked()[1]
        .header("authorization")
        .unwrap()
        .to_owned();
    assert_eq!(token.split('.').count(), 3, "a token has three parts");
}

#[tokio::test]
async fn a_model_that_only_the_older_generation_had_is_asked_there_with_the_key() {
    let made = json!({ "task_id": "t", "task_status": "submitted" });
    let server = Loopback::start([answer(made)]).await;
    let kling = adapter(&server, "key");
    accepted(&kling, &from_pictures(look("kling-1.5"), 1)).await;
    let asked = &server.asked()[0];
    assert_eq!(asked.path, "/v1/videos/image2video");
    assert_eq!(asked.header("authorization"), Some("Bearer key"));
    let body = body(&server, 0);
    assert_eq!(body["model_name"], "kling-v1-5");
    assert!(body.get("sound").is_none());
}

#[test]
fn a_token_is_what_the_contract_says() {
    let token = KeyPair::new("access", "secret").token(1_800_000_000);
    let parts: Vec<&str> = token.split('.').collect();
    let json = |part: &str| {
        use base64::Engine as _;
        let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part);
        serde_json::from_slice::<Value>(&bytes.unwrap()).unwrap()
    };
    assert_eq!(json(parts[0]), json!({ "alg": "HS256", "typ": "JWT" }));
    let claims = json!({ "iss": "access", "exp": 1_800_001_800, "nbf": 1_799_999_995 });
    assert_eq!(json(parts[1]), claims);
}

/// What the caller does next, without the words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Later,
    Refused,
    Broken,
    Lost,
}

fn class(error: &ProviderError) -> Class {
    match error {
        ProviderError::Retryable { .. } => Class::Later,
        ProviderError::Refused { .. } => Class::Refused,
        ProviderError::Broken { .. } => Class::Broken,
        ProviderError::Ambiguous { .. } => Class::Lost,
    }
}

#[tokio::test]
async fn every_code_says_what_to_do_next() {
    use Class::{Broken, Later, Lost, Refused};
    let codes = [
        (401, 1000, Broken),
        (401, 1001, Broken),
        (401, 1002, Broken),
        (401, 1003, Broken),
        (401, 1004, Broken),
        (429, 1100, Broken),
        (429, 1101, Broken),
        (429, 1102, Broken),
        (403, 1103, Broken),
        (400, 1200, Broken),
        (404, 1202, Broken),
        (404, 1203, Broken),
        (400, 1300, Refused),
        (400, 1301, Refused),
        (429, 1302, Later),
        (429, 1303, Later),
        (429, 1304, Broken),
        (500, 5000, Lost),
        (503, 5001, Later),
        (504, 5002, Lost),
        (429, 9999, Later),
        (502, 9999, Lost),
        (400, 9999, Broken),
    ];
    for (status, code, next) in codes {
        let server = Loopback::start([fault(status, code)]).await;
        let kling = adapter(&server, "key");
        let error = kling
            .submit(&from_words(look("kling-3.0")))
            .await
            .unwrap_err();
        assert_eq!(class(&error), next, "{status} {code}");
        assert!(!error.to_string().contains("canary"), "{error}");
    }
    for (status, next) in [
        (401, Broken),
        (404, Broken),
        (429, Later),
        (502, Lost),
        (503, Later),
    ] {
        let server = Loopback::start([Reply::raw(status, "<html></html>")]).await;
        let kling = adapter(&server, "key");
        let error = kling
            .submit(&from_words(look("kling-3.0")))
            .await
            .unwrap_err();
        assert_eq!(class(&error), next, "{status} without a code");
    }
}

#[tokio::test]
async fn a_task_that_is_there_already_is_adopted_and_a_wrong_value_is_not() {
    let request = from_words(look("kling-3.0"));
    let server = Loopback::start([fault(400, 1201), answer(json!([task("processing")]))]).await;
    assert_eq!(accepted(&adapter(&server, "key"), &request).await, "task-1");
    assert_eq!(server.asked()[1].path, "/tasks?external_task_ids=job-2");

    for unknown in [answer(json!([])), fault(400, 1201)] {
        let server = Loopback::start([fault(400, 1201), unknown]).await;
        let error = adapter(&server, "key").submit(&request).await.unwrap_err();
        assert_eq!(class(&error), Class::Broken);
    }
}

#[tokio::test]
async fn a_lost_submit_is_looked_up_by_our_reference() {
    let found = Loopback::start([answer(json!([task("succeeded")]))]).await;
    let lookup = adapter(&found, "key").look_up(&JobId::new("job"), 2).await;
    let provider_job = "task-1".to_owned();
    assert_eq!(lookup, Ok(Lookup::Found { provider_job }));

    let nowhere = Loopback::start([answer(json!([])), fault(400, 1201), fault(400, 1201)]).await;
    let lookup = adapter(&nowhere, "key")
        .look_up(&JobId::new("job"), 2)
        .await;
    assert_eq!(lookup, Ok(Lookup::NotFound));

    let away = Loopback::start([Reply::HangUp]).await;
    let lookup = adapter(&away, "key").look_up(&JobId::new("job"), 2).await;
    assert!(lookup.is_err(), "who cannot be asked has not said no");
}

#[tokio::test]
async fn a_task_is_asked_after_until_its_clip_is_there() {
    let files = Loopback::start([Reply::raw(200, "clip")]).await;
    let mut done = task("succeeded");
    done["outputs"] = json!([{
        "type": "video", "id": "v", "url": format!("{}/v.mp4", files.address()),
        "duration": "5.0",
    }]);
    done["billing"] = json!([{
        "charge_type": "cash", "cash_type": "balance", "amount": "0.42", "currency": "USD",
        "list_price": "0.42",
    }]);
    let server = Loopback::start([
        answer(json!([task("submitted")])),
        answer(json!([task("unheard of")])),
        answer(json!([done])),
    ])
    .await;
    let kling = adapter(&server, "key");
    for _ in 0..2 {
        let progress = kling.poll("task-1").await;
        assert!(matches!(progress, Ok(ProviderProgress::Running { .. })));
    }
    match kling.poll("task-1").await.unwrap() {
        ProviderProgress::Done(result) => {
            assert_eq!(result.media.bytes, "clip");
            assert_eq!(result.cost, Some(Money::from_kopecks(3_780)));
        }
        ProviderProgress::Running { .. } => panic!("it is done"),
    }
    assert_eq!(server.asked()[0].path, "/tasks?task_ids=task-1");
}

#[tokio::test]
async fn a_failed_task_tells_a_refusal_from_a_failure() {
    for (message, next) in [
        ("Failure to pass the Risk Control system", Class::Refused),
        ("something else", Class::Broken),
        ("", Class::Broken),
    ] {
        let mut failed = task("failed");
        failed["message"] = json!(message);
        let server = Loopback::start([answer(json!([failed]))]).await;
        let error = adapter(&server, "key").poll("task-1").await.unwrap_err();
        assert_eq!(class(&error), next, "{message}");
    }
}

#[tokio::test]
async fn a_clip_that_cannot_be_fetched_now_is_fetched_later() {
    let cases = [
        (Reply::raw(503, ""), Class::Later),
        (Reply::HangUp, Class::Later),
        (Reply::raw(404, ""), Class::Later),
        (Reply::raw(200, "no clip"), Class::Broken),
    ];
    for (reply, next) in cases {
        let files = Loopback::start([reply]).await;
        let mut done = task("succeeded");
        let url = format!("{}/v.mp4", files.address());
        done["outputs"] = json!([{ "type": "video", "url": url }]);
        let server = Loopback::start([answer(json!([done]))]).await;
        let error = adapter(&server, "key").poll("task-1").await.unwrap_err();
        assert_eq!(class(&error), next);
    }
}

#[tokio::test]
async fn only_what_the_catalogue_has_for_it_is_made() {
    let server = Loopback::start([]).await;
    let kling = adapter(&server, "key");
    let spec = |look: VideoLook, inputs: Vec<Input>| Spec {
        prompt: PROMPT.to_owned(),
        output: Output::Video(look),
        inputs,
    };
    let wide = VideoLook {
        aspect: Aspect::Landscape16x9,
        ..look("kling-3.0")
    };
    // 0.084 dollars a second at 85 roubles.
    let cost = kling.cost_estimate(&spec(wide, Vec::new()));
    assert_eq!(cost.map(Money::kopecks), Some(5 * 714));
    let unknown = VideoLook {
        model: ModelId::new("unheard"),
        ..look("kling-3.0")
    };
    assert_eq!(kling.cost_estimate(&spec(unknown, Vec::new())), None);
    let long = Duration::from_secs(1);
    assert!(kling.0.settings.poll > long, "Kling advises 5 to 10 s");
}
