//! What a user lives through, from the first word to the picture, on both databases.

use crate::support::house::{
    ENGINES, Engine, Person, TestHouse, comes_true, data_of, has_button, is_bots, is_document,
};
use crate::support::pictures::png;
use crate::support::rows::count;

use rei_sandbox::gemini::FaultKind as GeminiFault;

/// Runs a story in a house on each database, then audits it.
async fn in_both(story: impl AsyncFn(&mut TestHouse, &Person)) {
    for engine in ENGINES {
        let mut house = TestHouse::start(engine).await;
        let ann = house.person(7);
        story(&mut house, &ann).await;
        house.finish().await;
    }
}

#[actix_rt::test]
async fn words_become_a_picture_at_the_price_that_was_shown() {
    in_both(async |house, ann| {
        ann.0.text("/start");
        ann.reads("₽500").await;
        ann.0.text("a red fox in the snow");
        let card = ann.reads("a red fox in the snow").await;
        ann.presses("for ₽25").await;
        ann.gets_picture().await;
        let caption = ann.reads("₽475").await;
        assert_ne!(card, caption, "the picture is a message of its own");
        let calls = house.sandbox.gemini.calls();
        assert_eq!(calls.len(), 1);
        assert_eq!(
            (calls[0].prompt.as_str(), calls[0].images),
            ("a red fox in the snow", 0)
        );
    })
    .await;
}

#[actix_rt::test]
async fn a_photo_with_a_caption_is_edited() {
    in_both(async |house, ann| {
        ann.0.photo(png(200, 30, 30), Some("make it blue"));
        ann.reads("Edit of 1 photo").await;
        ann.presses("✅").await;
        ann.gets_picture().await;
        assert_eq!(house.sandbox.gemini.calls()[0].images, 1);
    })
    .await;
}

#[actix_rt::test]
async fn an_album_with_a_caption_is_one_edit_of_all_its_photos() {
    in_both(async |house, ann| {
        let album = vec![png(200, 30, 30), png(30, 200, 30), png(30, 30, 200)];
        ann.0.album(album, Some("put them side by side"));
        ann.reads("Edit of 3 photos").await;
        ann.presses("✅").await;
        ann.gets_picture().await;
        let calls = house.sandbox.gemini.calls();
        assert_eq!((calls.len(), calls[0].images), (1, 3));
    })
    .await;
}

#[actix_rt::test]
async fn pictures_that_are_too_large_together_are_refused_before_anything_is_paid() {
    in_both(async |house, ann| {
        let large = |red| {
            let mut picture = png(red, 30, 30);
            picture.resize(6_000_000, 0);
            picture
        };
        let album = vec![large(1), large(2), large(3)];
        ann.0.album(album, Some("put them side by side"));
        ann.reads("together are too large").await;
        ann.0.album(vec![large(4), large(5)], Some("and these"));
        ann.reads("Edit of 2 photos").await;
        assert!(house.sandbox.gemini.calls().is_empty());
    })
    .await;
}

#[actix_rt::test]
async fn a_reply_to_the_bots_picture_edits_its_original() {
    in_both(async |house, ann| {
        ann.orders("a lighthouse").await;
        let picture = ann.gets_picture().await;
        ann.0.reply(picture, "now at night");
        ann.reads("now at night").await;
        ann.presses("✅").await;
        ann.gets_pictures(2).await;
        assert_eq!(house.sandbox.gemini.calls()[1].images, 1);
    })
    .await;
}

#[actix_rt::test]
async fn a_photo_without_words_is_asked_about_and_the_next_words_answer() {
    in_both(async |house, ann| {
        ann.0.photo(png(9, 9, 9), None);
        ann.reads("What").await;
        ann.0.text("turn it into a watercolour");
        ann.reads("Edit of 1 photo").await;
        ann.presses("✅").await;
        ann.gets_picture().await;
        assert_eq!(house.sandbox.gemini.calls()[0].images, 1);
    })
    .await;
}

#[actix_rt::test]
async fn without_enough_money_the_bot_says_what_is_missing_and_keeps_the_draft() {
    for engine in ENGINES {
        let keys = [("REI__BILLING__WELCOME_BONUS_KOPECKS", "1000")];
        let house = TestHouse::start_with(engine, &keys).await;
        let ann = house.person(7);
        ann.0.text("a castle");
        ann.reads("a castle").await;
        ann.presses("✅").await;
        ann.reads("₽15").await;
        assert!(house.sandbox.gemini.calls().is_empty(), "nothing was asked");
        house.finish().await;
    }
}

#[actix_rt::test]
async fn a_refused_prompt_costs_nothing_and_says_so() {
    in_both(async |house, ann| {
        house.sandbox.gemini.push_fault(rei_sandbox::gemini::Fault {
            times: 1,
            kind: GeminiFault::Blocked {
                reason: "SAFETY".to_owned(),
            },
        });
        ann.orders("something forbidden").await;
        ann.reads("is back. Your balance is ₽500").await;
        assert_eq!(
            house.sandbox.gemini.calls().len(),
            1,
            "a refusal is not repeated"
        );
    })
    .await;
}

#[actix_rt::test]
async fn a_provider_that_is_down_costs_nothing() {
    in_both(async |house, ann| {
        house.sandbox.gemini.push_fault(rei_sandbox::gemini::Fault {
            times: 10,
            kind: GeminiFault::ServerError { status: 503 },
        });
        ann.orders("a ship").await;
        ann.reads("is back. Your balance is ₽500").await;
        assert_eq!(
            house.sandbox.gemini.calls().len(),
            3,
            "it is asked three times"
        );
    })
    .await;
}

#[actix_rt::test]
async fn a_double_tap_is_one_job() {
    in_both(async |house, ann| {
        ann.0.text("two cats");
        let card = ann.reads("two cats").await;
        let data = ann
            .sees("the confirm button", |chat| {
                let card = chat.iter().find(|m| m.id == card)?;
                let confirm = card.buttons().find(|b| b.text.contains("✅"))?;
                data_of(confirm)
            })
            .await;
        for _ in 0..5 {
            ann.0.press_data(card, &data);
        }
        ann.gets_picture().await;
        assert_eq!(house.sandbox.gemini.calls().len(), 1);
    })
    .await;
}

#[actix_rt::test]
async fn a_waiting_job_can_be_cancelled_and_the_money_is_back() {
    for engine in ENGINES {
        let keys = [("REI__PROVIDERS__NANO_BANANA__CONCURRENCY", "1")];
        let house = TestHouse::start_with(engine, &keys).await;
        let ann = house.person(7);
        house.sandbox.gemini.hold();
        ann.orders("the first").await;
        house.asked_provider(1).await;
        ann.orders("the second").await;
        let waiting = ann
            .sees("the second in the queue", |chat| {
                let second = chat
                    .iter()
                    .find(|m| is_bots(m) && m.text().contains("the second"))?;
                has_button(second, "Cancel for free").then_some(second.id)
            })
            .await;
        assert!(ann.press_in(waiting, "Cancel for free"));
        ann.reads("Your balance is ₽475").await;
        house.sandbox.gemini.release();
        ann.gets_picture().await;
        assert_eq!(house.sandbox.gemini.calls().len(), 1);
        house.finish().await;
    }
}

#[actix_rt::test]
async fn a_user_who_blocks_the_bot_finds_the_picture_when_he_comes_back() {
    in_both(async |house, ann| {
        house.sandbox.gemini.hold();
        ann.orders("a bridge").await;
        house.asked_provider(1).await;
        ann.0.block();
        house.sandbox.gemini.release();
        house.settled_jobs(1).await;
        ann.0.unblock();
        ann.gets_picture().await;
    })
    .await;
}

#[actix_rt::test]
async fn the_original_file_comes_without_loss() {
    in_both(async |_, ann| {
        ann.orders("a map").await;
        ann.gets_picture().await;
        ann.presses("file").await;
        ann.sees("a document", |chat| {
            chat.iter()
                .find(|m| is_bots(m) && is_document(m))
                .map(|m| m.id)
        })
        .await;
    })
    .await;
}

#[actix_rt::test]
async fn a_star_keeps_a_result_for_good_and_another_press_takes_it_back() {
    let keys = [("REI__GC__FAVOURITES_MAX", "1")];
    for engine in ENGINES {
        let house = TestHouse::start_with(engine, &keys).await;
        let ann = house.person(7);
        let db = house.db();
        let kept = "SELECT COUNT(*) AS count FROM jobs WHERE favourite_at IS NOT NULL";
        // The tap is answered a moment before its turn is written.
        let are_kept = async |number| comes_true(async || count(&db, kept).await == number).await;
        ann.orders("a lighthouse").await;
        let first = ann.gets_pictures(1).await;
        ann.presses("⭐").await;
        ann.is_told("for good").await;
        assert!(are_kept(1).await);
        ann.orders("a harbour").await;
        let second = ann.gets_pictures(2).await;
        ann.press_in(second, "⭐");
        ann.is_told("as many favourites").await;
        assert!(are_kept(1).await);
        ann.press_in(first, "⭐");
        ann.is_told("No longer a favourite").await;
        assert!(are_kept(0).await);
        house.finish().await;
    }
}

#[actix_rt::test]
async fn another_users_buttons_do_nothing() {
    in_both(async |house, ann| {
        ann.0.text("a secret garden");
        let card = ann.reads("a secret garden").await;
        let data = ann
            .sees("buttons", |chat| {
                let card = chat.iter().find(|m| m.id == card && has_button(m, "✅"))?;
                Some(card.buttons().filter_map(data_of).collect::<Vec<_>>())
            })
            .await;
        let bob = house.person(8);
        bob.0.text("/start");
        let greeting = bob.reads("₽500").await;
        for data in data {
            bob.0.press_data(greeting, &data);
        }
        bob.0.text("/balance");
        bob.reads("₽500").await;
        assert!(house.sandbox.gemini.calls().is_empty());
    })
    .await;
}

#[actix_rt::test]
async fn what_the_bot_cannot_use_gets_a_clear_sentence() {
    let house = TestHouse::start(Engine::Sqlite).await;
    let ann = house.person(7);
    ann.0.sticker();
    ann.reads("sticker").await;
    ann.0.voice();
    ann.reads("text").await;
    ann.0
        .document(b"%PDF-1.7".to_vec(), "plan.pdf", "application/pdf", None);
    ann.reads("PNG").await;
    ann.0.text("/nonsense");
    ann.reads("/nonsense").await;
    house.finish().await;
}

#[actix_rt::test]
async fn a_boost_runs_until_it_is_stopped_and_orders_go_first_meanwhile() {
    in_both(async |house, ann| {
        ann.0.text("/boost");
        ann.reads("your jobs go first").await;
        ann.presses("🚀 Start").await;
        ann.reads("The boost is on").await;
        ann.orders("a fast hare").await;
        ann.gets_picture().await;
        const FIRST: &str = "SELECT COUNT(*) AS count FROM jobs WHERE lane = 'high'";
        assert_eq!(count(&house.db(), FIRST).await, 1);
        ann.0.text("/stop");
        ann.reads("The boost is off").await;
        ann.0.text("/stop");
        ann.reads("No boost and no series runs").await;
    })
    .await;
}

#[actix_rt::test]
async fn a_series_brings_its_pictures_one_after_the_other_and_sums_them_up() {
    in_both(async |house, ann| {
        ann.0.text("a paper boat");
        ann.reads("a paper boat").await;
        ann.presses("🎞 Series").await;
        ann.presses("🎞 2 for").await;
        ann.gets_pictures(2).await;
        ann.reads("2 pictures of 2").await;
        ann.reads("Charged ₽50").await;
        assert_eq!(house.sandbox.gemini.calls().len(), 2);
    })
    .await;
}

#[actix_rt::test]
async fn a_series_warns_and_stops_before_the_money_does() {
    in_both(async |house, ann| {
        ann.0.text("/start");
        ann.reads("₽500").await;
        ann.0.text("a tower of clocks");
        ann.reads("a tower of clocks").await;
        // Twelve pictures of 4K would be 540 roubles: eleven fit into the bonus.
        ann.presses("4K").await;
        ann.reads("₽45").await;
        ann.presses("🎞 Series").await;
        ann.presses("🎞 8 for").await;
        ann.gets_pictures(8).await;
        ann.0.text("another tower");
        ann.reads("another tower").await;
        ann.presses("4K").await;
        ann.presses("🎞 Series").await;
        ann.presses("🎞 4 for").await;
        ann.reads("there is no money for the next").await;
        ann.reads("does not cover the next step").await;
        ann.gets_pictures(11).await;
        assert_eq!(house.sandbox.gemini.calls().len(), 11);
    })
    .await;
}

#[actix_rt::test]
async fn a_limit_of_ones_own_is_a_tap_and_stops_the_next_order() {
    in_both(async |house, ann| {
        ann.0.text("/limits");
        ann.presses("Hour: ₽200").await;
        ann.reads("limit ₽200").await;
        for made in 1..=4 {
            ann.0.text(&format!("lighthouse {made}"));
            ann.reads(&format!("lighthouse {made}")).await;
            ann.presses("4K").await;
            ann.presses("for ₽45").await;
            ann.gets_pictures(made).await;
        }
        // 180 of 200 roubles are spent.
        ann.0.text("one lighthouse too many");
        ann.presses("✅").await;
        ann.reads("is used up").await;
        ann.presses("Hour: no limit").await;
        let limits = ann.reads("The limit is higher now").await;
        ann.presses("✅").await;
        ann.gets_pictures(5).await;
        assert_eq!(house.sandbox.gemini.calls().len(), 5);
        assert!(ann.press_in(limits, "Close"));
        ann.sees("the limits without buttons", |chat| {
            let message = chat.iter().find(|message| message.id == limits)?;
            (message.buttons().count() == 0).then_some(())
        })
        .await;
    })
    .await;
}

#[actix_rt::test]
async fn who_waits_is_told_how_long_such_requests_took_lately() {
    in_both(async |house, ann| {
        for number in 1..=5 {
            ann.orders(&format!("boat {number}")).await;
            ann.gets_pictures(number).await;
        }
        house.sandbox.gemini.hold();
        ann.orders("boat 6").await;
        ann.reads("usually takes 5 seconds").await;
        house.sandbox.gemini.release();
        ann.gets_pictures(6).await;
    })
    .await;
}
