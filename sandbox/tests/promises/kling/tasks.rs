use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rei_sandbox::kling::{API_KEY, End, PayBy, RESULTS_KEPT};
use rei_sandbox::video::probe;
use serde_json::{Value, json};

use super::{Files, MINUTE, answer, caller, text, with};
use crate::support::png;

#[actix_web::test]
async fn a_task_goes_its_way_by_the_clock_and_ends_with_a_video_that_was_paid() {
    let caller = caller().await;
    let mut body = text("a cat on a roof");
    body["options"] = json!({ "external_task_id": "job-1" });
    let created = caller.post("text-to-video/kling-3.0", &body).await.good();
    assert_eq!(created["status"], "submitted");
    assert_eq!(created["external_id"], "job-1");
    let id = created["id"].as_str().unwrap();
    assert_eq!(caller.task(id).await["status"], "submitted");

    caller.kling.advance_clock(Duration::from_secs(20));
    let task = caller.task(id).await;
    assert_eq!(task["status"], "processing");
    let took = task["update_time"].as_u64().unwrap() - task["create_time"].as_u64().unwrap();
    assert_eq!(took, 20_000);

    caller.kling.advance_clock(Duration::from_secs(40));
    let task = caller.task(id).await;
    assert_eq!(task["status"], "succeeded");
    assert_eq!(task["outputs"][0]["type"], "video");
    assert_eq!(task["outputs"][0]["duration"], "5.0");
    assert_eq!(task["outputs"][0]["watermark_url"], "");
    let bill = json!([{ "charge_type": "cash", "cash_type": "balance", "amount": "0.42",
        "currency": "USD", "list_price": "0.42" }]);
    assert_eq!(task["billing"], bill);

    let url = task["outputs"][0]["url"].as_str().unwrap();
    let (status, file) = caller.download(url).await;
    assert_eq!(status, 200);
    let video = probe(&file).unwrap();
    assert_eq!((video.width, video.height), (1280, 720));
    assert_eq!(video.length, Duration::from_secs(5));
    assert_eq!(video.fps, 24.0);
    assert!(!video.has_sound);
}

/// What a path and a body make: width, height, seconds, sound, dollars.
async fn makes(path: &str, body: &Value) -> (u32, u32, f64, bool, String) {
    let caller = caller().await;
    let id = caller.create(path, body).await;
    let task = caller.ended(&id).await;
    assert_eq!(task["status"], "succeeded", "{task}");
    let (_, file) = caller
        .download(task["outputs"][0]["url"].as_str().unwrap())
        .await;
    let video = probe(&file).unwrap();
    (
        video.width,
        video.height,
        video.length.as_secs_f64(),
        video.has_sound,
        task["billing"][0]["amount"].as_str().unwrap().to_owned(),
    )
}

#[actix_web::test]
async fn every_path_makes_what_was_asked_at_its_price() {
    let files = Files::start();
    let picture = files.png(400, 300);
    let clip = files.video(1280, 720, 6_500);
    let frame = json!({ "type": "first_frame", "url": picture });
    let image = |settings: Value| json!({ "contents": [frame], "settings": settings });
    let motion = json!({
        "contents": [{ "type": "image", "url": picture }, { "type": "video", "url": clip }],
        "settings": { "character_orientation": "video", "resolution": "1080p" },
    });
    let edit = json!({
        "contents": [{ "type": "prompt", "text": "make @video_1 a winter" },
            { "type": "base_video", "url": clip, "id": "video_1" }],
        "settings": { "multi_shot": false, "audio": "original", "resolution": "1080p" },
    });
    let reference = json!({
        "contents": [{ "type": "prompt", "text": "what comes after @video_1" },
            { "type": "feature_video", "url": clip, "id": "video_1" }],
        "settings": { "multi_shot": true, "audio": "off", "aspect_ratio": "9:16", "duration": 8 },
    });
    let tall = json!({ "prompt": "a cat", "settings": { "resolution": "1080p", "audio": "native",
        "aspect_ratio": "9:16", "duration": 10 } });
    let full = json!({ "resolution": "1080p", "duration": 10 });
    let cases = [
        (
            "text-to-video/kling-2.6",
            tall.clone(),
            (1080, 1920, 10.0, true, "1.40"),
        ),
        (
            "text-to-video/kling-3.0",
            tall,
            (1080, 1920, 10.0, true, "1.68"),
        ),
        (
            "text-to-video/kling-3.0-turbo",
            json!({ "prompt": "a cat", "settings": { "duration": 3 } }),
            (1280, 720, 3.0, true, "0.336"),
        ),
        (
            "text-to-video/kling-2.5-turbo",
            json!({ "prompt": "a cat" }),
            (1280, 720, 5.0, false, "0.21"),
        ),
        (
            "image-to-video/kling-3.0",
            image(full.clone()),
            (1662, 1248, 10.0, false, "1.12"),
        ),
        (
            "image-to-video/kling-2.6",
            image(full.clone()),
            (1662, 1248, 10.0, false, "0.70"),
        ),
        (
            "image-to-video/kling-2.5-turbo",
            image(full.clone()),
            (1662, 1248, 10.0, false, "0.70"),
        ),
        (
            "image-to-video/kling-3.0-turbo",
            image(full),
            (1662, 1248, 10.0, true, "1.40"),
        ),
        (
            "omni-video/kling-3.0-omni",
            edit.clone(),
            (1920, 1080, 6.5, true, "1.092"),
        ),
        (
            "omni-video/kling-3.0-omni",
            reference,
            (720, 1280, 8.0, false, "1.008"),
        ),
        (
            "omni-video/kling-o1",
            with(edit, "settings.multi_shot", Value::Null),
            (1920, 1080, 6.5, true, "1.092"),
        ),
        (
            "motion-control/kling-3.0",
            motion.clone(),
            (1920, 1080, 6.5, true, "1.092"),
        ),
        (
            "motion-control/kling-2.6",
            motion,
            (1920, 1080, 6.5, true, "0.728"),
        ),
    ];
    for (path, body, (width, height, seconds, sound, dollars)) in cases {
        let made = makes(path, &body).await;
        let expected = (width, height, seconds, sound, dollars.to_owned());
        assert_eq!(made, expected, "{path}");
    }
}

#[actix_web::test]
async fn a_picture_may_come_as_bare_base64_and_shows_in_the_video() {
    let caller = caller().await;
    let order = |source: String| {
        json!({ "contents": [{ "type": "first_frame", "url": source }],
            "settings": { "multi_shot": false } })
    };
    let grey = order(STANDARD.encode(png(640, 360)));
    let id = caller.create("image-to-video/kling-3.0", &grey).await;
    assert_eq!(caller.ended(&id).await["status"], "succeeded");
    let prefixed = order(format!(
        "data:image/png;base64,{}",
        STANDARD.encode(png(640, 360))
    ));
    let refused = caller.post("image-to-video/kling-3.0", &prefixed).await;
    assert_eq!(refused.refusal(), (400, 1201));
    let calls = caller.kling.calls();
    let noted = calls[0].body["contents"][0]["url"].as_str().unwrap();
    assert!(noted.len() < 9_000, "the record keeps no pictures");
}

#[actix_web::test]
async fn an_external_id_is_taken_once_and_an_empty_one_is_none() {
    let caller = caller().await;
    let named = |id: &str| with(text("a cat"), "options", json!({ "external_task_id": id }));
    let id = caller
        .create("text-to-video/kling-3.0", &named("job-1"))
        .await;
    for path in ["text-to-video/kling-3.0", "text-to-video/kling-2.6"] {
        let body = with(named("job-1"), "settings.multi_shot", Value::Null);
        assert_eq!(caller.post(path, &body).await.refusal(), (400, 1201));
    }
    caller.create("text-to-video/kling-3.0", &named("")).await;
    caller.create("text-to-video/kling-3.0", &named("")).await;
    let found = caller.get("tasks?external_task_ids=job-1").await.good();
    assert_eq!(found[0]["id"], json!(id));
    assert_eq!(caller.kling.tasks().len(), 3);
}

#[actix_web::test]
async fn a_place_is_held_until_the_end_and_counted_by_model() {
    let caller = caller().await;
    caller
        .kling
        .change_account(|account| account.parallel_max = 2)
        .unwrap();
    let body = text("a cat");
    caller.create("text-to-video/kling-3.0", &body).await;
    caller.create("text-to-video/kling-3.0", &body).await;
    let third = caller.post("text-to-video/kling-3.0", &body).await;
    assert_eq!(third.refusal(), (429, 1303));
    let other = with(body.clone(), "settings.multi_shot", Value::Null);
    caller.create("text-to-video/kling-2.6", &other).await;
    caller.kling.advance_clock(MINUTE);
    caller.create("text-to-video/kling-3.0", &body).await;
}

#[actix_web::test]
async fn an_account_out_of_money_gets_1102_and_failures_cost_nothing() {
    let caller = caller().await;
    caller
        .kling
        .change_account(|account| account.balance_micros = 1_000_000)
        .unwrap();
    let body = text("a cat");
    let first = caller.create("text-to-video/kling-3.0", &body).await;
    let second = caller.create("text-to-video/kling-3.0", &body).await;
    let third = caller.post("text-to-video/kling-3.0", &body).await;
    assert_eq!(third.refusal(), (429, 1102), "0.84 of 1.00 is promised");
    let message = "it broke".to_owned();
    assert!(caller.kling.finish(&first, End::Fails { message }));
    let failed = caller.task(&first).await;
    assert_eq!(failed["status"], "failed");
    assert_eq!(failed["message"], "it broke");
    assert_eq!(failed["billing"], json!([]));
    assert!(caller.kling.finish(&second, End::Succeeds));
    assert!(!caller.kling.finish(&second, End::Succeeds), "once");
    assert_eq!(caller.kling.account().balance_micros, 580_000);
}

#[actix_web::test]
async fn a_pack_is_paid_in_units_and_told_by_the_costs() {
    let caller = caller().await;
    caller
        .kling
        .change_account(|account| {
            account.pay_by = PayBy::Units;
            account.balance_micros = 1_400_000;
        })
        .unwrap();
    let path = "account/costs?start_time=0&end_time=1";
    let before = caller.get(path).await.good();
    let pack = &before["resource_pack_subscribe_infos"][0];
    assert_eq!(pack["remaining_quantity"], 10.0);
    assert_eq!(pack["status"], "online");
    let too_soon = caller.get(path).await;
    assert_eq!(too_soon.refusal(), (429, 1302));
    let id = caller
        .create("text-to-video/kling-3.0", &text("a cat"))
        .await;
    let task = caller.ended(&id).await;
    let bill = json!([{ "charge_type": "unit", "package_type": "video", "amount": "3.00" }]);
    assert_eq!(task["billing"], bill);
    let after = caller.get(path).await.good();
    assert_eq!(
        after["resource_pack_subscribe_infos"][0]["remaining_quantity"],
        7.0
    );
}

#[actix_web::test]
async fn a_result_is_behind_its_signature_and_gone_after_30_days() {
    let caller = caller().await;
    let id = caller
        .create("text-to-video/kling-3.0", &text("a cat"))
        .await;
    let task = caller.ended(&id).await;
    let url = task["outputs"][0]["url"].as_str().unwrap().to_owned();
    assert_eq!(caller.download(&url).await.0, 200);
    let (bare, _) = url.split_once('?').unwrap();
    assert_eq!(caller.download(bare).await.0, 403);
    assert_eq!(caller.download(&format!("{url}0")).await.0, 403);
    let linked = caller
        .house
        .client
        .get(&url)
        .header("referer", "https://elsewhere.example/");
    assert_eq!(linked.send().await.unwrap().status(), 403);
    caller.kling.advance_clock(RESULTS_KEPT);
    assert_eq!(caller.download(&url).await.0, 404);
}

#[actix_web::test]
async fn a_watermarked_copy_has_an_address_if_it_was_asked_for() {
    let caller = caller().await;
    let marked = json!({ "watermark_info": { "enabled": true } });
    let body = with(text("a cat"), "options", marked);
    let id = caller.create("text-to-video/kling-3.0", &body).await;
    let task = caller.ended(&id).await;
    let url = task["outputs"][0]["watermark_url"].as_str().unwrap();
    assert_eq!(caller.download(url).await.0, 200);
}

#[actix_web::test]
async fn keys_and_paths_are_checked() {
    let caller = caller().await;
    let client = &caller.house.client;
    let url = caller.url("tasks?task_ids=1");
    let code = |header: Option<&'static str>| {
        let mut request = client.get(&url);
        if let Some(header) = header {
            request = request.header("authorization", header);
        }
        async move { answer(request.send().await.unwrap()).await.refusal() }
    };
    assert_eq!(code(None).await, (401, 1001));
    assert_eq!(code(Some("Basic abc")).await, (401, 1000));
    assert_eq!(code(Some("Bearer wrong")).await, (401, 1002));
    assert!(
        caller
            .get("tasks?task_ids=1")
            .await
            .good()
            .as_array()
            .unwrap()
            .is_empty()
    );
    assert_eq!(caller.get("nothing").await.refusal(), (404, 1202));
    let body = text("a cat");
    for path in [
        "text-to-video/kling-9",
        "omni-video/kling-3.0",
        "motion-control/kling-o1",
    ] {
        assert_eq!(
            caller.post(path, &body).await.refusal(),
            (404, 1203),
            "{path}"
        );
    }
    let denied = vec!["kling-3.0".to_owned()];
    caller
        .kling
        .change_account(|account| account.models_denied = denied)
        .unwrap();
    let refused = caller.post("text-to-video/kling-3.0", &body).await;
    assert_eq!(refused.refusal(), (403, 1103));
    let broken = client.post(caller.url("text-to-video/kling-3.0"));
    let broken = broken.bearer_auth(API_KEY).body("{").send().await.unwrap();
    assert_eq!(answer(broken).await.refusal(), (400, 1200));
}
