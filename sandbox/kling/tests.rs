use std::io::Cursor;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::{ImageFormat, RgbImage};
use serde_json::{Value, json};

use super::refusal::Refusal;
use super::rules::Way;
use super::task::Status;
use super::*;

fn picture(width: u32, height: u32) -> String {
    let mut bytes = Cursor::new(Vec::new());
    let picture = RgbImage::new(width, height);
    picture.write_to(&mut bytes, ImageFormat::Jpeg).unwrap();
    STANDARD.encode(bytes.into_inner())
}

fn from_text(settings: Value) -> Value {
    json!({ "prompt": "a cat", "settings": settings })
}

fn order(way: Way, model: &str, body: &Value) -> Result<Order, i64> {
    let order = newer::order(way, "path".to_owned(), model, body);
    order.map_err(|refusal| refusal.code)
}

#[test]
fn what_the_contract_forbids_is_refused() {
    let look = |resolution: &str, audio: &str, duration: Value| {
        from_text(json!({
            "multi_shot": false, "resolution": resolution, "audio": audio, "duration": duration,
        }))
    };
    let text = |model: &str, body: &Value| order(Way::Text, model, body).map(|_| ());
    assert_eq!(text("kling-3.0", &look("720p", "off", json!(3))), Ok(()));
    assert_eq!(text("kling-3.0", &look("4k", "native", json!(15))), Ok(()));
    assert_eq!(
        text("kling-2.6", &look("1080p", "native", json!(10))),
        Ok(())
    );
    for (model, body, code) in [
        ("kling-3.0", look("720p", "off", json!(2)), 1201),
        ("kling-3.0", look("720p", "off", json!("5")), 1201),
        ("kling-3.0", look("480p", "off", json!(5)), 1201),
        ("kling-3.0", look("720p", "on", json!(5)), 1201),
        ("kling-2.6", look("720p", "native", json!(5)), 1201),
        ("kling-2.6", look("720p", "off", json!(7)), 1201),
        ("kling-2.6", look("4k", "off", json!(5)), 1201),
        ("kling-1.5", look("720p", "off", json!(5)), 1203),
        ("kling-3.0", from_text(json!({})), 1201),
        (
            "kling-3.0",
            json!({ "settings": { "multi_shot": false } }),
            1201,
        ),
        (
            "kling-3.0",
            from_text(json!({ "multi_shot": false, "aspect_ratio": "21:9" })),
            1201,
        ),
    ] {
        assert_eq!(text(model, &body), Err(code), "{model} {body}");
    }
}

#[test]
fn frames_are_looked_at() {
    let body = |frames: Value, settings: Value| json!({ "contents": frames, "settings": settings });
    let frame = |kind: &str, picture: String| json!({ "type": kind, "url": picture });
    let fine = json!({ "multi_shot": false });
    let image = |model: &str, frames: Value, settings: &Value| {
        let body = body(frames, settings.clone());
        order(Way::Image, model, &body).map(|order| order.inputs)
    };
    let first = frame("first_frame", picture(400, 300));
    let last = frame("last_frame", picture(400, 300));
    assert_eq!(image("kling-3.0", json!([first]), &fine), Ok(1));
    assert_eq!(image("kling-3.0", json!([first, last]), &fine), Ok(2));
    assert_eq!(image("kling-3.0", json!([last]), &fine), Err(1201));
    let with_aspect = json!({ "multi_shot": false, "aspect_ratio": "16:9" });
    assert_eq!(image("kling-3.0", json!([first]), &with_aspect), Err(1200));
    let silent = json!({ "resolution": "1080p", "audio": "off" });
    assert_eq!(image("kling-2.6", json!([first, last]), &silent), Ok(2));
    for settings in [
        json!({ "resolution": "720p" }),
        json!({ "resolution": "1080p", "audio": "native" }),
    ] {
        assert_eq!(
            image("kling-2.6", json!([first, last]), &settings),
            Err(1201)
        );
    }
    for (width, height) in [(299, 400), (400, 299), (1_000, 390), (390, 1_000)] {
        let small = frame("first_frame", picture(width, height));
        assert_eq!(
            image("kling-3.0", json!([small]), &fine),
            Err(1201),
            "{width}x{height}"
        );
    }
    let prefixed = frame(
        "first_frame",
        format!("data:image/png;base64,{}", picture(400, 300)),
    );
    assert_eq!(image("kling-3.0", json!([prefixed]), &fine), Err(1201));
}

fn ordered(reference: Option<&str>) -> Order {
    let body = from_text(json!({ "multi_shot": false, "duration": 10 }));
    let path = "text-to-video/kling-3.0".to_owned();
    let order = newer::order(Way::Text, path, "kling-3.0", &body);
    Order {
        reference: reference.map(str::to_owned),
        ..order.unwrap()
    }
}

#[test]
fn a_task_goes_on_by_the_sandboxs_clock() {
    let kling = Handle::new();
    kling.set_service_time(Duration::from_secs(10), Duration::from_secs(90));
    kling.create(ordered(None)).unwrap();
    let status = |kling: &Handle| kling.tasks()[0].status;
    assert_eq!(status(&kling), Status::Submitted);
    kling.advance_clock(Duration::from_secs(10));
    assert_eq!(status(&kling), Status::Processing);
    kling.advance_clock(Duration::from_secs(90));
    assert_eq!(status(&kling), Status::Succeeded);
    let shown = newer::shown(&kling.tasks()[0], "http://sandbox");
    assert_eq!(shown["outputs"][0]["duration"], "10.0");
    assert_eq!(shown["billing"][0]["amount"], "0.840");
}

#[test]
fn a_reference_is_taken_once_and_found_again() {
    let kling = Handle::new();
    let task = kling.create(ordered(Some("job-1"))).unwrap();
    let again = kling.create(ordered(Some("job-1")));
    assert_eq!(again.err(), Some(Refusal::REFERENCE_TAKEN));
    assert_eq!(kling.by_reference("job-1").unwrap().id, task.id);
    assert!(kling.by_reference("job-2").is_none());
    // Without one there may be as many as are wanted.
    kling.create(ordered(None)).unwrap();
    kling.create(ordered(None)).unwrap();
}

#[test]
fn an_account_has_as_many_places_as_it_has() {
    let kling = Handle::new();
    kling.change_account(|account| account.parallel_max = 1);
    kling.create(ordered(None)).unwrap();
    assert_eq!(kling.create(ordered(None)).err(), Some(Refusal::FULL));
    kling.advance_clock(Duration::from_secs(2));
    kling.create(ordered(None)).unwrap();
    kling.change_account(|account| account.has_money = false);
    kling.advance_clock(Duration::from_secs(2));
    assert_eq!(kling.create(ordered(None)).err(), Some(Refusal::NO_MONEY));
}

#[test]
fn the_older_generation_takes_texts_for_numbers_and_knows_what_is_retired() {
    let body = |model: &str, duration: Value, mode: &str| {
        json!({
            "model_name": model, "prompt": "a cat", "duration": duration, "mode": mode,
            "image": picture(400, 300),
        })
    };
    let image = |body: &Value| older::order("image2video", body).map_err(|refusal| refusal.code);
    assert!(image(&body("kling-v2-6", json!("5"), "pro")).is_ok());
    assert_eq!(
        image(&body("kling-v2-6", json!(5), "pro")).err(),
        Some(1201)
    );
    assert_eq!(
        image(&body("kling-v9", json!("5"), "pro")).err(),
        Some(1203)
    );
    let retired = image(&body("kling-v1-5", json!("10"), "std")).unwrap();
    let kling = Handle::new();
    assert_eq!(kling.create(retired.clone()).err(), Some(Refusal::NO_MODEL));
    kling.change_account(|account| account.runs_retired = true);
    assert!(kling.create(retired).is_ok());
    let text = json!({ "model_name": "kling-v1-5", "prompt": "a cat" });
    assert!(older::order("text2video", &text).is_err());
}

#[test]
fn clips_have_the_length_that_was_asked_for() {
    for (seconds, shape) in [(5, 1.77), (10, 1.77), (5, 0.56), (10, 1.0)] {
        let clip = clip::of(seconds, shape);
        assert_eq!(&clip[4..8], b"ftyp");
        // The movie header: version 0, then times, the time scale and the length.
        let at = clip.windows(4).position(|word| word == b"mvhd").unwrap() + 4;
        let number = |from: usize| {
            let bytes: [u8; 4] = clip[at + from..at + from + 4].try_into().unwrap();
            u32::from_be_bytes(bytes)
        };
        assert_eq!(number(16) / number(12), seconds);
    }
}
