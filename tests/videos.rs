//! Videos as a user lives through them, from the first word to the clip, on both databases.

use std::time::Duration;

use rei_sandbox::kling::{Fault, FaultKind, Status, Step, clip};
use rei_sandbox::{telegram, video};

use crate::support::house::{
    CALLBACK_SECRET, ENGINES, PATIENCE, Person, TestHouse, is_bots, is_document,
};
use crate::support::pictures::{png_of, webp_of};
use crate::support::rows::count;

/// A clip of five seconds.
fn five_seconds() -> Vec<u8> {
    clip::of(5, 16.0 / 9.0).to_vec()
}

/// Runs a story in a house on each database, then audits it.
async fn in_both(story: impl AsyncFn(&mut TestHouse, &Person)) {
    for engine in ENGINES {
        let keys = [
            ("REI__BILLING__WELCOME_BONUS_KOPECKS", "10000000"),
            ("REI__RATES__REQUESTS_PER_MINUTE", "0"),
        ];
        let mut house = TestHouse::start_with(engine, &keys).await;
        quick(&house);
        let ann = house.person(7);
        story(&mut house, &ann).await;
        house.finish().await;
    }
}

/// Videos that take no time.
fn quick(house: &TestHouse) {
    let kling = &house.sandbox.kling;
    kling.set_service_time(Duration::from_millis(5), Duration::from_millis(5));
}

fn photo() -> Vec<u8> {
    png_of(400, 300)
}

#[actix_rt::test]
async fn words_become_a_video_at_the_price_that_was_shown() {
    in_both(async |house, ann| {
        ann.0.text("/video a red fox runs through the snow");
        ann.reads("Video from words").await;
        ann.presses("for ₽70").await;
        ann.gets_videos(1).await;
        ann.reads("₽70 paid").await;
        let tasks = house.sandbox.kling.tasks();
        assert_eq!(tasks.len(), 1);
        assert_eq!(tasks[0].path, "text-to-video/kling-3.0");
        assert_eq!(tasks[0].prompt, "a red fox runs through the snow");
        assert_eq!(tasks[0].status, Status::Succeeded);
    })
    .await;
}

#[actix_rt::test]
async fn a_picture_that_was_asked_for_becomes_a_video_by_a_tap() {
    in_both(async |house, ann| {
        ann.0.text("a lighthouse in a storm");
        ann.presses("Make a video").await;
        ann.reads("Video from words").await;
        let choices = ["Kling 2.6", "1080p", "Sound", "10 s", "9:16"];
        choose(ann, "a lighthouse", &choices).await;
        ann.presses("for ₽240").await;
        ann.gets_videos(1).await;
        let task = &house.sandbox.kling.tasks()[0];
        assert_eq!((task.model.as_str(), task.seconds), ("kling-2.6", 10));
        assert_eq!(task.settings["audio"], "native");
        assert_eq!(task.settings["aspect_ratio"], "9:16");
        assert!(
            house.sandbox.gemini.calls().is_empty(),
            "no picture was paid for"
        );
    })
    .await;
}

#[actix_rt::test]
async fn what_does_not_exist_is_not_offered_and_says_why() {
    in_both(async |_, ann| {
        ann.0.text("/video a lighthouse in a storm");
        ann.presses("Kling 2.6").await;
        ann.reads("With sound: not in 720p").await;
        ann.reads("Kling 1.5: its maker switched this model off")
            .await;
        // A button of an older card: what it asks for is settled by what exists.
        ann.presses("1080p").await;
        ann.presses("Sound").await;
        ann.reads("720p: without sound only").await;
    })
    .await;
}

#[actix_rt::test]
async fn a_finished_picture_is_animated() {
    in_both(async |house, ann| {
        ann.orders("a lighthouse").await;
        ann.gets_picture().await;
        ann.presses("Animate").await;
        ann.reads("What shall happen in the video").await;
        ann.0.text("waves break on the rocks");
        ann.reads("Video from a photo").await;
        ann.presses("✅").await;
        ann.gets_videos(1).await;
        let task = &house.sandbox.kling.tasks()[0];
        assert_eq!(task.path, "image-to-video/kling-3.0");
        assert_eq!(task.inputs, 1);
    })
    .await;
}

#[actix_rt::test]
async fn two_photos_are_the_first_and_the_last_frame() {
    in_both(async |house, ann| {
        ann.0
            .album(vec![photo(), photo()], Some("from day to night"));
        ann.presses("Make a video").await;
        ann.reads("from the first frame to the last").await;
        ann.presses("✅").await;
        ann.gets_videos(1).await;
        assert_eq!(house.sandbox.kling.tasks()[0].inputs, 2);
    })
    .await;
}

#[actix_rt::test]
async fn a_clip_is_made_anew_by_words_at_the_price_of_its_length() {
    in_both(async |house, ann| {
        ann.0.video(five_seconds(), Some("make it winter"));
        ann.reads("make it winter").await;
        ann.reads("₽105").await;
        ann.presses("✅").await;
        ann.gets_videos(1).await;
        let task = &house.sandbox.kling.tasks()[0];
        assert_eq!(task.path, "omni-video/kling-3.0-omni");
        assert_eq!((task.seconds, task.inputs), (5, 1));
        assert!(task.prompt.contains("@video_1"), "{}", task.prompt);
        // The bot's own video is a clip like any other.
        ann.presses("Change this video").await;
        ann.reads("What shall I do with").await;
        ann.0.text("and make it night");
        ann.presses("✅").await;
        ann.gets_videos(2).await;
        assert_eq!(house.sandbox.kling.tasks().len(), 2);
    })
    .await;
}

#[actix_rt::test]
async fn a_picture_moves_as_a_clip_does() {
    in_both(async |house, ann| {
        ann.0.album(vec![photo(), five_seconds()], Some("dance"));
        ann.reads("dance").await;
        ann.presses("Copy the motion").await;
        ann.reads("moves as in the video").await;
        ann.presses("Kling 2.6").await;
        ann.reads("₽60").await;
        ann.presses("✅").await;
        ann.gets_videos(1).await;
        let task = &house.sandbox.kling.tasks()[0];
        assert_eq!(task.path, "motion-control/kling-2.6");
        assert_eq!((task.seconds, task.inputs), (5, 2));
    })
    .await;
}

#[actix_rt::test]
async fn a_clip_sent_as_a_file_is_measured_before_its_price_is_told() {
    in_both(async |house, ann| {
        let clip = clip::of(7, 9.0 / 16.0);
        ann.0.document(
            clip,
            "IMG_0001.MOV",
            "video/quicktime",
            Some("make it winter"),
        );
        ann.reads("₽147").await;
        ann.presses("✅").await;
        ann.gets_videos(1).await;
        assert_eq!(house.sandbox.kling.tasks()[0].seconds, 7);
    })
    .await;
}

#[actix_rt::test]
async fn inputs_that_no_video_can_be_made_of_are_refused_before_any_money_is_held() {
    in_both(async |house, ann| {
        // Told to be of three seconds, and it is no clip at all.
        ann.0.video(b"no clip".to_vec(), Some("make it spring"));
        ann.reads("intact PNG, JPEG or WebP picture, or an MP4")
            .await;
        let short = clip::of(2, 16.0 / 9.0);
        ann.0
            .document(short, "a.mp4", "video/mp4", Some("make it winter"));
        ann.reads("the clip must last from 3 to 15 seconds").await;
        let tiny = video::Clip::new(320, 180, Duration::from_secs(4)).render();
        ann.0.video(tiny, Some("make it summer"));
        ann.reads("the sides of the clip must be from 700").await;
        ann.0.photo(png_of(400, 200), Some("waves"));
        ann.reads("waves").await;
        ann.presses("Make a video").await;
        ann.reads("each side needs at least 300 pixels").await;
        ann.0.photo(png_of(1_000, 390), Some("clouds"));
        ann.reads("clouds").await;
        ann.presses("Make a video").await;
        ann.reads("at most 2.5 times as long").await;
        let webp = webp_of(400, 400);
        ann.0.document(webp, "a.png", "image/png", Some("grass"));
        ann.reads("grass").await;
        ann.presses("Make a video").await;
        ann.reads("it must be JPEG or PNG").await;
        // As a picture it is edited all the same.
        ann.presses("✅").await;
        ann.gets_picture().await;
        assert_eq!(house.sandbox.kling.creates(), 0);
        let holds = "SELECT COUNT(*) AS count FROM holds";
        assert_eq!(count(&house.db(), holds).await, 1);
    })
    .await;
}

#[actix_rt::test]
async fn a_file_that_telegram_does_not_hand_out_is_asked_for_again() {
    in_both(async |house, ann| {
        let faults = house.sandbox.telegram.faults();
        let kind = telegram::FaultKind::Refusal {
            code: 400,
            description: "Bad Request: wrong file_id or the file is temporarily unavailable"
                .to_owned(),
        };
        faults.push(telegram::Fault::once("getFile", kind));
        ann.0
            .document(photo(), "a.png", "image/png", Some("as a stamp"));
        ann.reads("doesn't hand this file out any more").await;
        // A moment's silence is waited for.
        let kind = telegram::FaultKind::ServerError { status: 502 };
        faults.push(telegram::Fault::once("getFile", kind));
        ann.0
            .document(photo(), "a.png", "image/png", Some("as a coin"));
        ann.reads("as a coin").await;
        ann.presses("✅").await;
        ann.gets_picture().await;
    })
    .await;
}

#[actix_rt::test]
async fn every_combination_of_the_catalogue_becomes_a_video() {
    in_both(async |house, ann| {
        // What Kling makes from words and from a photo: model, quality, sound.
        let looks = [
            ("Kling 3.0", "720p", "Silent"),
            ("Kling 3.0", "720p", "Sound"),
            ("Kling 3.0", "1080p", "Silent"),
            ("Kling 3.0", "1080p", "Sound"),
            ("Kling 3.0", "4K", "Silent"),
            ("Kling 3.0", "4K", "Sound"),
            ("Kling 2.6", "720p", "Silent"),
            ("Kling 2.6", "1080p", "Silent"),
            ("Kling 2.6", "1080p", "Sound"),
        ];
        let mut made = 0;
        for from_photo in [false, true] {
            for (model, quality, sound) in looks {
                for length in ["5 s", "10 s"] {
                    let prompt = format!("number {made}");
                    if from_photo {
                        ann.0.photo(photo(), Some(&prompt));
                        ann.reads(&prompt).await;
                        ann.presses("Make a video").await;
                    } else {
                        ann.0.text(&format!("/video {prompt}"));
                    }
                    ann.sees("the video's card", |chat| {
                        let card = chat.iter().rev().find(|m| m.text().contains(&prompt))?;
                        card.text().contains("Kling").then_some(())
                    })
                    .await;
                    choose(ann, &prompt, &[model, quality, sound, length]).await;
                    ann.presses("✅").await;
                    made += 1;
                    ann.gets_videos(made).await;
                    let task = house.sandbox.kling.tasks().pop().unwrap();
                    let seconds = if length == "5 s" { 5 } else { 10 };
                    assert_eq!(task.seconds, seconds, "{model} {quality} {sound} {length}");
                    let name = model.replace("Kling ", "kling-");
                    assert_eq!(task.model, name);
                    assert_eq!(task.settings["resolution"], quality.to_lowercase());
                    let audio = if sound == "Sound" { "native" } else { "off" };
                    assert_eq!(task.settings["audio"], audio);
                }
            }
        }
        assert_eq!(
            house.sandbox.kling.creates(),
            made,
            "each was asked for once"
        );
    })
    .await;
}

/// Presses these buttons of a card, as far as they are not chosen already.
async fn choose(ann: &Person, prompt: &str, labels: &[&str]) {
    for label in labels {
        let pressed = ann
            .sees(&format!("a choice {label}"), |chat| {
                let card = chat.iter().rev().find(|m| m.text().contains(prompt))?;
                let mut buttons = card.buttons();
                // One choice is none: then there is no button and nothing to choose.
                let found = buttons.find(|button| button.text.contains(label));
                Some(found.map(|button| (card.id, button.text.clone())))
            })
            .await;
        let Some((card, text)) = pressed else {
            continue;
        };
        if text.starts_with('✓') {
            continue;
        }
        assert!(ann.press_in(card, label));
        ann.sees(&format!("{label} chosen"), |chat| {
            let card = chat.iter().find(|m| m.id == card)?;
            let marked = format!("✓ {label}");
            let is_chosen = |text: &str| text.starts_with('✓') && text.contains(label);
            let mut buttons = card.buttons();
            buttons
                .find(|b| b.text == marked || is_chosen(&b.text))
                .map(|_| ())
        })
        .await;
    }
}

#[actix_rt::test]
async fn a_refused_video_costs_nothing_whenever_it_is_refused() {
    in_both(async |house, ann| {
        let kling = &house.sandbox.kling;
        kling.push_fault(Fault::once(Step::Create, FaultKind::Code { code: 1301 }));
        ann.0.text("/video something bad");
        ann.presses("✅").await;
        ann.reads("rules forbid such a video").await;

        let message = "Failure to pass the risk control system".to_owned();
        kling.push_fault(Fault::once(Step::Work, FaultKind::Fail { message }));
        ann.0.text("/video something worse");
        ann.presses("✅").await;
        ann.sees("the second refusal", |chat| {
            let refused = |text: &str| text.contains("rules forbid such a video");
            let told = chat.iter().filter(|m| refused(m.text()));
            (told.count() == 2).then_some(())
        })
        .await;
        assert_eq!(
            count(
                &house.db(),
                "SELECT COUNT(*) AS count FROM ledger WHERE kind = 'capture'"
            )
            .await,
            0
        );
    })
    .await;
}

#[actix_rt::test]
async fn a_submit_whose_answer_was_lost_is_found_and_never_sent_twice() {
    in_both(async |house, ann| {
        let kling = &house.sandbox.kling;
        for fault in [
            FaultKind::DropAfter,
            FaultKind::Malformed,
            FaultKind::Code { code: 5000 },
        ] {
            kling.push_fault(Fault::once(Step::Create, fault));
        }
        for (number, prompt) in ["one", "two", "three"].into_iter().enumerate() {
            ann.0.text(&format!("/video the {prompt}"));
            ann.reads(&format!("the {prompt}")).await;
            ann.presses("✅").await;
            ann.gets_videos(number + 1).await;
        }
        // The last fault struck before a task was made: it was made by the second create.
        assert_eq!(kling.tasks().len(), 3);
        assert_eq!(kling.creates(), 4);
    })
    .await;
}

#[actix_rt::test]
async fn a_restart_goes_on_asking_after_the_same_task() {
    in_both(async |house, ann| {
        let kling = &house.sandbox.kling;
        kling.set_service_time(Duration::ZERO, Duration::from_secs(3_600));
        ann.0.text("/video a slow sunrise");
        ann.presses("✅").await;
        kling.wait_tasks(1, PATIENCE).await.unwrap();
        house.close().await;
        house.open();
        house
            .sandbox
            .kling
            .advance_clock(Duration::from_secs(3_600));
        ann.gets_videos(1).await;
        assert_eq!(house.sandbox.kling.creates(), 1);
    })
    .await;
}

#[actix_rt::test]
async fn a_video_that_comes_after_its_money_is_back_is_given_away_once() {
    for engine in ENGINES {
        let keys = [
            ("REI__BILLING__WELCOME_BONUS_KOPECKS", "100000"),
            ("REI__JOBS__VIDEO_DEADLINE_SECS", "3"),
            ("REI__LATE__TICK_MS", "50"),
        ];
        let mut house = TestHouse::start_with(engine, &keys).await;
        house
            .sandbox
            .kling
            .set_service_time(Duration::ZERO, Duration::from_secs(3_600));
        let ann = house.person(7);
        ann.0.text("/video a slow sunrise");
        ann.presses("✅").await;
        let kling = &house.sandbox.kling;
        kling.wait_tasks(1, PATIENCE).await.unwrap();
        ann.reads("is back").await;
        kling.advance_clock(Duration::from_secs(3_600));
        ann.gets_videos(1).await;
        ann.reads("too late to be paid for").await;
        ann.presses("As file").await;
        ann.sees("the file", |chat| {
            chat.iter()
                .any(|m| is_bots(m) && is_document(m))
                .then_some(())
        })
        .await;
        // Another node, and this one after a restart, find nothing left to give.
        house.close().await;
        house.open();
        ann.0.text("/balance");
        ann.reads("Your balance is ₽1,000").await;
        let late = "SELECT COUNT(*) AS count FROM outbox WHERE key LIKE 'late:%'";
        assert_eq!(count(&house.db(), late).await, 1);
        let captured = "SELECT COUNT(*) AS count FROM ledger WHERE kind = 'capture'";
        assert_eq!(count(&house.db(), captured).await, 0);
        assert_eq!(house.sandbox.kling.creates(), 1);
        house.finish().await;
    }
}

#[actix_rt::test]
async fn a_callback_brings_a_video_long_before_the_next_look() {
    for engine in ENGINES {
        let keys = [
            ("REI__BILLING__WELCOME_BONUS_KOPECKS", "100000"),
            ("REI__PROVIDERS__KLING__POLL_MS", "3600000"),
            ("REI__PROVIDERS__KLING__WEBHOOK_SECRET", CALLBACK_SECRET),
        ];
        let house = TestHouse::start_with(engine, &keys).await;
        let kling = &house.sandbox.kling;
        kling.change_account(|account| account.webhook_secret = Some(CALLBACK_SECRET.to_owned()));
        kling.set_service_time(Duration::from_millis(300), Duration::from_millis(300));
        let ann = house.person(7);
        ann.0.text("/video a slow sunrise");
        ann.presses("✅").await;
        ann.gets_videos(1).await;
        let task = kling.tasks().remove(0);
        assert!(task.callback.is_some());

        // What nobody signed, or another did, is refused; it would have changed nothing anyway.
        let client = reqwest::Client::new();
        let forged = client.post(task.callback.as_deref().unwrap()).body(format!(
            "{{\"id\":\"{}\",\"status\":\"succeeded\"}}",
            task.id
        ));
        let answer = forged.try_clone().unwrap().send().await.unwrap();
        assert_eq!(answer.status().as_u16(), 401);
        let signed = forged
            .header("webhook-id", "1")
            .header("webhook-timestamp", "1")
            .header("webhook-signature", "v1,AAAA");
        assert_eq!(signed.send().await.unwrap().status().as_u16(), 401);
        house.finish().await;
    }
}

#[actix_rt::test]
async fn an_account_without_money_gives_the_users_money_back() {
    in_both(async |house, ann| {
        house
            .sandbox
            .kling
            .change_account(|account| account.has_money = false);
        ann.0.text("/video a lighthouse");
        ann.presses("✅").await;
        ann.reads("could not do this request").await;
        ann.reads("is back").await;
        assert!(house.sandbox.kling.tasks().is_empty());
    })
    .await;
}

#[actix_rt::test]
async fn one_users_bulk_leaves_places_for_others() {
    for engine in ENGINES {
        let keys = [
            ("REI__BILLING__WELCOME_BONUS_KOPECKS", "100000"),
            ("REI__RATES__REQUESTS_PER_MINUTE", "0"),
            ("REI__JOBS__VIDEOS_PER_USER", "1"),
            ("REI__PROVIDERS__KLING__CONCURRENCY", "2"),
        ];
        let house = TestHouse::start_with(engine, &keys).await;
        let kling = &house.sandbox.kling;
        kling.set_service_time(Duration::ZERO, Duration::from_secs(3_600));
        let (ann, bob) = (house.person(7), house.person(8));
        for prompt in ["the first wave", "the second wave"] {
            ann.0.text(&format!("/video {prompt}"));
            ann.reads(prompt).await;
            ann.presses("✅").await;
        }
        bob.0.text("/video a lighthouse");
        bob.presses("✅").await;
        let tasks = kling.wait_tasks(2, PATIENCE).await.unwrap();
        let prompts: Vec<&str> = tasks.iter().map(|task| task.prompt.as_str()).collect();
        assert!(prompts.contains(&"a lighthouse"), "{prompts:?}");
        assert_eq!(kling.creates(), 2, "the second place was his");
        kling.set_service_time(Duration::ZERO, Duration::ZERO);
        kling.advance_clock(Duration::from_secs(3_600));
        bob.gets_videos(1).await;
        ann.gets_videos(2).await;
        house.finish().await;
    }
}
