//! What happens when a provider fails and another can do the same, on both databases.

use rei_sandbox::fal::{self, Proof};
use rei_sandbox::gemini::{Fault as GeminiFault, FaultKind as GeminiFaultKind};
use rei_sandbox::kling::{Fault, FaultKind, Step};
use serde_json::json;

use crate::support::house::{ENGINES, PATIENCE, Person, TestHouse, is_bots};
use crate::support::rows::{count, text};

/// Runs a story in a house with a second provider for everything, then audits it.
async fn in_both(story: impl AsyncFn(&mut TestHouse, &Person)) {
    for engine in ENGINES {
        let keys = [
            ("REI__BILLING__WELCOME_BONUS_KOPECKS", "100000"),
            ("REI__RATES__REQUESTS_PER_MINUTE", "0"),
            ("REI__PROVIDERS__FAL__API_KEY", fal::API_KEY),
            // The makers are asked first: the other is never so much better.
            ("REI__ROUTING__LATENCY_WEIGHT", "0.0"),
            ("REI__ADMIN__ADMIN_IDS", "2"),
            ("REI__ADMIN__SUPPORT_IDS", "3"),
        ];
        let mut house = TestHouse::start_with(engine, &keys).await;
        house.sandbox.fal.change_account(|account| {
            account.wait_millis = 5;
            account.work_millis = 5;
        });
        let ann = house.person(7);
        story(&mut house, &ann).await;
        house.finish().await;
    }
}

/// How many submits fal took.
fn asked_fal(house: &TestHouse) -> usize {
    house.sandbox.fal.requests().len()
}

async fn charges(house: &TestHouse) -> i64 {
    const CAPTURES: &str = "SELECT COUNT(*) AS count FROM ledger WHERE kind = 'capture'";
    count(&house.db(), CAPTURES).await
}

#[actix_rt::test]
async fn a_picture_that_its_maker_cannot_make_comes_from_another_for_the_same_price() {
    in_both(async |house, ann| {
        house.sandbox.gemini.push_fault(GeminiFault {
            times: 1,
            kind: GeminiFaultKind::ServerError { status: 503 },
        });
        ann.orders("a lighthouse").await;
        ann.gets_picture().await;
        ann.reads("₽25 paid · balance ₽975").await;
        assert_eq!(asked_fal(house), 1);
        assert_eq!(charges(house).await, 1);
    })
    .await;
}

#[actix_rt::test]
async fn the_cheaper_model_is_chosen_by_a_tap_and_never_made_by_another() {
    in_both(async |house, ann| {
        ann.0.text("a lighthouse");
        ann.reads("Nano Banana Pro · shape").await;
        ann.presses("🍌 2 · ₽13").await;
        ann.reads("Nano Banana 2 · shape").await;
        ann.presses("for ₽13").await;
        ann.gets_pictures(1).await;
        ann.reads("₽13 paid").await;
        assert_eq!(
            house.sandbox.gemini.calls()[0].model,
            "gemini-3.1-flash-image"
        );
        // Again: the same model, and its fallback is the same model elsewhere.
        house.sandbox.gemini.push_fault(GeminiFault {
            times: 1,
            kind: GeminiFaultKind::ServerError { status: 503 },
        });
        ann.presses("Again").await;
        ann.presses("for ₽13").await;
        ann.gets_pictures(2).await;
        let requests = house.sandbox.fal.requests();
        assert!(
            requests[0].to_string().contains("nano-banana-2"),
            "{requests:?}"
        );
        assert_eq!(charges(house).await, 2);
    })
    .await;
}

#[actix_rt::test]
async fn an_account_without_money_is_left_alone_at_once_and_users_notice_nothing() {
    in_both(async |house, ann| {
        // The code of an empty account; it comes as a 429 and is not waited for.
        let broke = FaultKind::Code { code: 1102 };
        house
            .sandbox
            .kling
            .push_fault(Fault::once(Step::Create, broke));
        for made in 1..=3 {
            ann.0.text(&format!("/video wave {made}"));
            ann.reads(&format!("wave {made}")).await;
            ann.presses("✅").await;
            ann.gets_videos(made).await;
        }
        assert!(house.sandbox.kling.creates() <= 1, "it is not asked again");
        assert!(asked_fal(house) >= 2);
        assert_eq!(charges(house).await, 3);
    })
    .await;
}

#[actix_rt::test]
async fn what_one_refuses_is_not_taken_to_another() {
    in_both(async |house, ann| {
        house.sandbox.gemini.push_fault(GeminiFault {
            times: 1,
            kind: GeminiFaultKind::Blocked {
                reason: "PROHIBITED_CONTENT".to_owned(),
            },
        });
        ann.orders("something bad").await;
        ann.reads("is back. Your balance is ₽1,000").await;
        assert_eq!(asked_fal(house), 0);
        assert_eq!(charges(house).await, 0);
    })
    .await;
}

#[actix_rt::test]
async fn when_everybody_fails_the_money_is_back() {
    in_both(async |house, ann| {
        house.sandbox.gemini.push_fault(GeminiFault {
            times: 10,
            kind: GeminiFaultKind::ServerError { status: 503 },
        });
        for _ in 0..10 {
            let failure = fal::Failure::request(503, "runner_scheduling_failure", "busy");
            let kind = fal::FaultKind::Ends { failure };
            house
                .sandbox
                .fal
                .push_fault(fal::Fault::once("submit", kind));
        }
        ann.orders("a ship").await;
        ann.reads("is back. Your balance is ₽1,000").await;
        assert_eq!(charges(house).await, 0);

        // The trouble is over: an admin offers it once more, and the user decides.
        house.sandbox.gemini.clear_faults();
        house.sandbox.fal.clear_faults();
        let (admin, support) = (house.person(2), house.person(3));
        let job = text(&house.db(), "SELECT id AS text FROM jobs").await;
        for person in [&support, &admin] {
            person.0.text(&format!("/admin_replay {job}"));
        }
        support.reads("There is no command /admin_replay").await;
        support.0.text("/admin_jobs failed");
        support.reads("the provider is overloaded").await;
        support.0.text(&format!("/admin_why {job}"));
        support.reads("rejected: the provider is overloaded").await;
        admin.reads("offered to user 7 once more").await;
        ann.reads("This request failed before").await;
        ann.presses("✅").await;
        ann.gets_pictures(1).await;
        assert_eq!(charges(house).await, 1);
        const DONE: &str = "SELECT MAX(id) AS text FROM jobs WHERE state <> 'failed'";
        let done = text(&house.db(), DONE).await;
        admin.0.text(&format!("/admin_replay {done}"));
        admin.reads("Only a job that failed").await;
    })
    .await;
}

#[actix_rt::test]
async fn an_admin_takes_a_provider_out_and_sees_why_work_goes_elsewhere() {
    in_both(async |house, ann| {
        let (admin, support) = (house.person(2), house.person(3));
        for person in [&admin, &support] {
            person.0.text("/start");
            person.reads("₽1,000").await;
        }
        support.0.text("/admin_cordon nano_banana later");
        support.reads("There is no command /admin_cordon").await;
        admin.0.text("/admin_cordon banana 2h looks ill");
        admin.reads("nano_banana, ").await;
        admin.0.text("/admin_cordon nano_banana 2h looks ill");
        admin.reads("gets no new work until").await;

        ann.orders("a lighthouse").await;
        ann.gets_pictures(1).await;
        // A restart forgets nothing of it.
        house.close().await;
        house.open();
        ann.orders("a harbour").await;
        ann.gets_pictures(2).await;
        assert_eq!(asked_fal(house), 2);
        assert!(house.sandbox.gemini.calls().is_empty());

        support.0.text("/admin_jobs 7");
        let job = support
            .sees("the job", |chat| {
                let list = chat.iter().rev().find(|m| m.text().contains("delivered"))?;
                let id = list
                    .text()
                    .lines()
                    .find(|line| line.contains("delivered"))?;
                id.split(' ').next().map(str::to_owned)
            })
            .await;
        support.0.text(&format!("/admin_why {job}"));
        support.reads("nano_banana: taken out").await;

        admin.0.text("/admin_uncordon nano_banana well again");
        admin
            .sees("everybody in", |chat| {
                let list = chat.iter().rev().find(|m| is_bots(m))?.text();
                (list.contains("Providers") && !list.contains("no new work")).then_some(())
            })
            .await;
        admin.0.text("/admin_uncordon nano_banana again");
        admin.reads("gets work as it is").await;
        ann.orders("a bridge").await;
        ann.gets_pictures(3).await;
        assert_eq!(house.sandbox.gemini.calls().len(), 1);
        admin.0.text("/admin_audit");
        admin.reads("provider.uncordon").await;
    })
    .await;
}

#[actix_rt::test]
async fn a_callback_brings_a_picture_long_before_the_next_look() {
    for engine in ENGINES {
        let keys = [
            ("REI__BILLING__WELCOME_BONUS_KOPECKS", "100000"),
            ("REI__PROVIDERS__FAL__API_KEY", fal::API_KEY),
            ("REI__PROVIDERS__FAL__POLL_MS", "3600000"),
        ];
        let house = TestHouse::start_with(engine, &keys).await;
        let queue = &house.sandbox.fal;
        queue.change_account(|account| account.work_millis = 300);
        house.sandbox.gemini.push_fault(GeminiFault {
            times: 1,
            kind: GeminiFaultKind::ServerError { status: 503 },
        });
        let ann = house.person(7);
        ann.orders("a lighthouse").await;
        ann.gets_picture().await;

        // What fal did not sign, or signed for other bytes or long ago, is refused.
        let request = queue.requests().remove(0);
        let id = request["request_id"].as_str().unwrap();
        queue.change_callbacks(|callbacks| callbacks.attempts_max = 1);
        let forged = [
            Proof::Unsigned,
            Proof::ForeignKey,
            Proof::AlteredBody,
            Proof::Stale,
        ];
        for proof in forged.into_iter().chain([Proof::Genuine]) {
            assert!(queue.tell(id, &json!({}), proof));
        }
        queue.wait_until_told(PATIENCE).await.unwrap();
        for delivery in queue.deliveries() {
            let refused = delivery.last.as_deref() == Some("401");
            assert_eq!(refused, forged.contains(&delivery.proof), "{delivery:?}");
        }
        house.finish().await;
    }
}
