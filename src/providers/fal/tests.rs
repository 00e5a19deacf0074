use bytes::Bytes;
use rei_actors::ports::assets::{MediaKind, NotMedia};
use rei_actors::ports::provider::RenderInput;
use rei_domain::ids::{JobId, ModelId};
use rei_domain::spec::{
    Aspect, Clip, ClipUse, ImageLook, ImageModel, Input, Mode, Quality, Sound, VideoLook,
};
use rei_domain::spec::{Media as SpecMedia, Source};
use serde_json::{Value, json};

use super::*;
use crate::config::{Addresses, Config, Environment};
use crate::loopback::{Loopback, Reply};

const PROMPT: &str = "a canary of a prompt";

/// Takes "clip" for a clip and "picture" for a picture.
struct Words;

impl MediaCheck for Words {
    fn picture(&self, bytes: Bytes) -> Result<Media, NotMedia> {
        match &bytes[..] {
            b"picture" => Ok(media(bytes, MediaKind::Png)),
            _ => Err(NotMedia::NoPicture),
        }
    }

    fn clip(&self, bytes: Bytes) -> Result<Media, NotMedia> {
        match &bytes[..] {
            b"clip" => Ok(media(bytes, MediaKind::Mp4)),
            _ => Err(NotMedia::NoClip),
        }
    }
}

fn media(bytes: Bytes, kind: MediaKind) -> Media {
    Media {
        bytes,
        kind,
        width: 1_280,
        height: 720,
        millis: 0,
    }
}

fn adapter(server: &Loopback) -> Fal {
    let environment = Environment::of([("REI__PROVIDERS__FAL__STILL_RUNS", "[\"kling-1.5\"]")]);
    let config = Config::demo(&environment, &std::env::temp_dir()).unwrap();
    let config = config.config;
    let mut settings = config.providers.fal.clone();
    settings.api_key = Some(SecretString::from("id:canary"));
    settings.api_url = server.address().to_owned();
    let mut downloads = config.downloads.clone();
    downloads.addresses = Addresses::Any;
    let downloads = Downloads::try_new(&downloads, Handle::current()).unwrap();
    let catalogue = Arc::new(config.catalogue);
    let usd_rub = BigDecimal::from(90);
    let runtime = Handle::current();
    Fal::try_new(
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

fn look(model: &str, quality: Quality) -> VideoLook {
    VideoLook {
        model: ModelId::new(model),
        seconds: 10,
        quality,
        sound: Sound::Off,
        aspect: Aspect::Portrait9x16,
        clip_use: ClipUse::Edit,
    }
}

fn request(mode: Mode, output: Output, inputs: Vec<RenderInput>) -> RenderRequest {
    RenderRequest {
        job: JobId::new("job"),
        attempt: 1,
        mode,
        prompt: PROMPT.to_owned(),
        output,
        inputs,
    }
}

fn picture() -> RenderInput {
    media(Bytes::from_static(b"picture"), MediaKind::Png).into()
}

fn clip() -> RenderInput {
    RenderInput {
        media: media(Bytes::from_static(b"clip"), MediaKind::Mp4),
        link: Some("https://bot.example/clip.mp4".to_owned()),
    }
}

const PICTURE_DATA: &str = "data:image/png;base64,cGljdHVyZQ==";

#[test]
fn every_way_says_its_dangerous_defaults_and_names_its_model() {
    use Mode::{Edit, Generate, ImageToVideo, Motion, TextToVideo, VideoToVideo};
    let image_by = |model, aspect| {
        let size = rei_domain::spec::Size::FourK;
        Output::Image(ImageLook {
            model,
            aspect,
            size,
        })
    };
    let image = |aspect| image_by(ImageModel::Pro, aspect);
    let video = |model, quality| Output::Video(look(model, quality));
    let (standard, pro) = (Quality::Standard, Quality::Professional);
    let base = |body: Value, more: Value| {
        let mut body = body;
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        body
    };
    let one = json!({
        "prompt": PROMPT, "num_images": 1, "resolution": "4K", "output_format": "png",
        "limit_generations": true,
    });
    let of = |request: &RenderRequest| {
        let made = body::of(request).unwrap();
        (made.model, made.body)
    };
    let named = format!("{PROMPT}\n@Video1 @Image1");
    for (request, model, body) in [
        (
            request(Generate, image(Aspect::Auto), Vec::new()),
            "fal-ai/nano-banana-pro",
            base(one.clone(), json!({ "aspect_ratio": "1:1" })),
        ),
        (
            request(
                Generate,
                image_by(ImageModel::Two, Aspect::Auto),
                Vec::new(),
            ),
            "fal-ai/nano-banana-2",
            base(one.clone(), json!({ "aspect_ratio": "1:1" })),
        ),
        (
            request(Edit, image(Aspect::Auto), vec![picture()]),
            "fal-ai/nano-banana-pro/edit",
            base(
                one,
                json!({ "aspect_ratio": "auto", "image_urls": [PICTURE_DATA] }),
            ),
        ),
        (
            request(TextToVideo, video("kling-3.0", standard), Vec::new()),
            "fal-ai/kling-video/v3/standard/text-to-video",
            json!({
                "prompt": PROMPT, "duration": "10", "aspect_ratio": "9:16",
                "generate_audio": false,
            }),
        ),
        (
            request(
                ImageToVideo,
                video("kling-2.6", pro),
                vec![picture(), picture()],
            ),
            "fal-ai/kling-video/v2.6/pro/image-to-video",
            json!({
                "prompt": PROMPT, "duration": "10", "generate_audio": false,
                "start_image_url": PICTURE_DATA, "end_image_url": PICTURE_DATA,
            }),
        ),
        (
            request(ImageToVideo, video("kling-1.5", pro), vec![picture()]),
            "fal-ai/kling-video/v1.5/pro/image-to-video",
            json!({ "prompt": PROMPT, "duration": "10", "image_url": PICTURE_DATA }),
        ),
        (
            request(
                VideoToVideo,
                video("kling-3.0", pro),
                vec![clip(), picture()],
            ),
            "fal-ai/kling-video/o3/pro/video-to-video/edit",
            json!({
                "prompt": named, "video_url": "https://bot.example/clip.mp4",
                "keep_audio": false, "image_urls": [PICTURE_DATA],
            }),
        ),
        (
            request(
                Motion,
                video("kling-2.6", standard),
                vec![clip(), picture()],
            ),
            "fal-ai/kling-video/v2.6/standard/motion-control",
            json!({
                "prompt": PROMPT, "video_url": "https://bot.example/clip.mp4",
                "image_url": PICTURE_DATA, "character_orientation": "video",
                "keep_original_sound": false,
            }),
        ),
    ] {
        assert_eq!(of(&request), (model.to_owned(), body));
    }
    for (mode, output, inputs) in [
        (TextToVideo, video("kling-3.0", Quality::FourK), Vec::new()),
        (TextToVideo, video("unheard", pro), Vec::new()),
        (VideoToVideo, video("kling-2.6", pro), vec![clip()]),
        (Motion, video("kling-2.6", pro), vec![clip()]),
        (ImageToVideo, video("kling-3.0", pro), Vec::new()),
    ] {
        assert!(
            body::of(&request(mode, output, inputs)).is_none(),
            "{mode:?}"
        );
    }
}

fn words() -> RenderRequest {
    let output = Output::Image(ImageLook::default());
    request(Mode::Generate, output, Vec::new())
}

/// What the runner does next.
fn class(error: &ProviderError) -> &'static str {
    match error {
        ProviderError::Retryable { .. } => "later",
        ProviderError::Refused { .. } => "refused",
        ProviderError::Broken {
            fault: Fault::Account,
            ..
        } => "account",
        ProviderError::Broken {
            fault: Fault::Request,
            ..
        } => "broken",
        ProviderError::Ambiguous { .. } => "lost",
    }
}

fn of_model(kind: &str) -> Value {
    json!({ "detail": [{ "loc": ["body"], "msg": "a canary", "type": kind }] })
}

fn of_gateway(kind: &str) -> Value {
    json!({ "detail": "a canary", "error_type": kind })
}

#[tokio::test]
async fn a_submit_that_is_not_taken_says_what_to_do_next() {
    let plain = json!({ "detail": "a canary" });
    for (status, body, next) in [
        (401, plain.clone(), "account"),
        (403, plain.clone(), "account"),
        (404, plain.clone(), "broken"),
        (429, of_gateway("concurrent_requests_limit"), "later"),
        (429, plain.clone(), "later"),
        (422, of_model("content_policy_violation"), "refused"),
        (422, of_model("image_too_small"), "broken"),
        (400, of_gateway("bad_request"), "broken"),
        (500, plain.clone(), "lost"),
        (503, of_gateway("runner_scheduling_failure"), "lost"),
        (200, plain, "lost"),
    ] {
        let server = Loopback::start([Reply::raw(status, body.to_string())]).await;
        let error = adapter(&server).submit(&words()).await.unwrap_err();
        assert_eq!(class(&error), next, "{status} {body}");
        assert!(!error.to_string().contains("canary"), "{error}");
    }
    for (reply, next) in [
        (Reply::HangUp, "lost"),
        (Reply::raw(502, "<html>a gateway</html>"), "lost"),
        (Reply::raw(200, "{"), "lost"),
    ] {
        let server = Loopback::start([reply]).await;
        let error = adapter(&server).submit(&words()).await.unwrap_err();
        assert_eq!(class(&error), next);
    }
}

#[tokio::test]
async fn a_request_is_asked_after_where_the_queue_says_and_nowhere_else() {
    let server = Loopback::start([]).await;
    let base = Url::parse(server.address()).unwrap();
    let queued = |host: &str| -> Queued {
        let text = json!({
            "status": "IN_QUEUE", "request_id": "r",
            "status_url": format!("{host}/fal-ai/nano-banana-pro/requests/r/status"),
            "response_url": format!("{host}/fal-ai/nano-banana-pro/requests/r"),
        });
        serde_json::from_value(text).unwrap()
    };
    let places = queued(server.address()).places(&base).unwrap();
    assert_eq!(Places::parse(&places.render(), &base), Some(places));
    assert_eq!(queued("https://evil.example").places(&base), None);
    assert_eq!(
        Places::parse("https://evil.example/a https://evil.example/b", &base),
        None
    );
    assert_eq!(Places::parse("", &base), None);
    let forged = "https://evil.example/a https://evil.example/b";
    let error = adapter(&server).poll(forged).await.unwrap_err();
    assert_eq!(class(&error), "broken");
    assert!(server.asked().is_empty());
}

async fn polled(script: Vec<Reply>) -> Result<ProviderProgress, ProviderError> {
    let server = Loopback::start(script).await;
    let at = server.address();
    adapter(&server)
        .poll(&format!("{at}/r/status {at}/r"))
        .await
}

fn standing(status: u16, word: &str) -> Reply {
    Reply::raw(
        status,
        json!({ "status": word, "queue_position": 1 }).to_string(),
    )
}

#[tokio::test]
async fn a_request_goes_on_until_it_is_over_and_the_result_says_how() {
    for word in ["IN_QUEUE", "IN_PROGRESS"] {
        let progress = polled(vec![standing(202, word)]).await.unwrap();
        assert!(
            matches!(progress, ProviderProgress::Running { .. }),
            "{word}"
        );
    }
    let over = || standing(200, "COMPLETED");
    for (status, body, next) in [
        (422, of_model("content_policy_violation"), "refused"),
        (422, of_model("no_media_generated"), "broken"),
        (504, of_model("generation_timeout"), "broken"),
        (503, of_gateway("runner_disconnected"), "broken"),
        (400, json!({ "detail": "too early" }), "later"),
        (502, json!({}), "later"),
        (200, json!({ "images": [] }), "broken"),
    ] {
        let reply = Reply::raw(status, body.to_string());
        let error = polled(vec![over(), reply]).await.unwrap_err();
        assert_eq!(class(&error), next, "{status} {body}");
    }
    let files = Loopback::start([Reply::raw(200, "picture"), Reply::raw(200, "clip")]).await;
    let url = |name: &str| json!({ "url": format!("{}/{name}", files.address()) });
    for (body, kind) in [
        (
            json!({ "images": [url("p.png")], "description": "" }),
            MediaKind::Png,
        ),
        (json!({ "video": url("v.mp4") }), MediaKind::Mp4),
    ] {
        let done = polled(vec![over(), Reply::raw(200, body.to_string())]).await;
        let ProviderProgress::Done(result) = done.unwrap() else {
            panic!("it is over");
        };
        assert_eq!(result.media.kind, kind);
    }
    for (status, next) in [
        (404, "broken"),
        (401, "account"),
        (500, "later"),
        (429, "later"),
    ] {
        let error = polled(vec![Reply::raw(status, "{}")]).await.unwrap_err();
        assert_eq!(class(&error), next, "{status}");
    }
}

#[tokio::test]
async fn the_key_the_deadline_and_the_wish_for_no_history_go_along() {
    let server = Loopback::start([]).await;
    // What it answers does not matter here.
    let _ = adapter(&server).submit(&words()).await;
    let asked = &server.asked()[0];
    assert_eq!(asked.path, "/fal-ai/nano-banana-pro");
    assert_eq!(asked.header("authorization"), Some("Key id:canary"));
    assert_eq!(asked.header("x-fal-request-timeout"), Some("300"));
    assert_eq!(asked.header("x-fal-store-io"), Some("0"));
}

#[tokio::test]
async fn only_what_it_makes_has_a_cost() {
    let server = Loopback::start([]).await;
    let fal = adapter(&server);
    let spec = |output, inputs| Spec {
        prompt: PROMPT.to_owned(),
        output,
        inputs,
    };
    let cost = |spec: &Spec| fal.cost_estimate(spec).map(Money::kopecks);
    for (model, size, kopecks) in [
        (ImageModel::Pro, Size::TwoK, 1_350),
        (ImageModel::Pro, Size::FourK, 2_700),
        (ImageModel::Two, Size::OneK, 720),
        (ImageModel::Two, Size::TwoK, 1_080),
        (ImageModel::Two, Size::FourK, 1_440),
    ] {
        let look = ImageLook {
            model,
            size,
            ..ImageLook::default()
        };
        let asked = spec(Output::Image(look), Vec::new());
        assert_eq!(cost(&asked), Some(kopecks), "{look:?}");
    }
    let edited = |seconds: u32| {
        let look = VideoLook {
            seconds,
            aspect: Aspect::Auto,
            ..look("kling-3.0", Quality::Professional)
        };
        let clip = Clip {
            millis: seconds * 1_000,
            width: 1_280,
            height: 720,
        };
        let source = Source::Asset(rei_domain::ids::AssetId::new("clip"));
        let media = SpecMedia::Clip(clip);
        spec(Output::Video(look), vec![Input { source, media }])
    };
    assert!(cost(&edited(10)).is_some());
    assert_eq!(cost(&edited(11)), None, "it edits ten seconds at most");
}
