//! What admins do in the chat, from the command to the user's balance, on both databases.

use rei_bot::store::Conn;
use rei_sandbox::yookassa::Notice;

use crate::support::house::{ENGINES, Engine, Person, TestHouse, data_of, has_button, is_bots};
use crate::topups::pay_link;

/// An owner, an admin, one of the support; everyone else is a user.
const OWNER: i64 = 1;
const ADMIN: i64 = 2;
const SUPPORT: i64 = 3;

const ROLES: [(&str, &str); 5] = [
    ("REI__TELEGRAM__ADMIN_IDS", "1"),
    ("REI__ADMIN__ADMIN_IDS", "2"),
    ("REI__ADMIN__SUPPORT_IDS", "3"),
    ("REI__ADMIN__MONEY_LIMIT_KOPECKS", "200000"),
    ("REI__ADMIN__SECOND_ABOVE_KOPECKS", "100000"),
];

/// A house in which everybody has said hello.
struct Office {
    house: TestHouse,
    owner: Person,
    admin: Person,
    support: Person,
    ann: Person,
}

impl Office {
    async fn open(engine: Engine, more: &[(&str, &str)]) -> Office {
        let keys: Vec<(&str, &str)> = ROLES.iter().chain(more).copied().collect();
        let house = TestHouse::start_with(engine, &keys).await;
        let office = Office {
            owner: house.person(OWNER),
            admin: house.person(ADMIN),
            support: house.person(SUPPORT),
            ann: house.person(42),
            house,
        };
        for person in [&office.owner, &office.admin, &office.support, &office.ann] {
            person.0.text("/start");
            person.reads("₽500").await;
        }
        office
    }
}

async fn in_both(story: impl AsyncFn(&mut Office)) {
    for engine in ENGINES {
        let mut office = Office::open(engine, &[]).await;
        story(&mut office).await;
        office.house.finish().await;
    }
}

/// Waits until a message that has these words has others instead.
async fn becomes(person: &Person, message: i64, words: &str) {
    person
        .sees(words, |chat| {
            let found = chat.iter().find(|m| m.id == message)?;
            found.text().contains(words).then_some(())
        })
        .await;
}

/// The data of a message's first button with these words.
async fn data(person: &Person, message: i64, label: &str) -> String {
    person
        .sees(label, |chat| {
            let found = chat.iter().find(|m| m.id == message)?;
            let button = found.buttons().find(|b| b.text.contains(label))?;
            data_of(button)
        })
        .await
}

#[actix_rt::test]
async fn an_admin_gives_money_and_the_user_is_told() {
    in_both(async |office| {
        let Office { admin, ann, .. } = office;
        admin.0.text("/add 42 100,50 ₽ за терпение");
        let card = admin.reads("Balance: ₽500 → ₽600.50").await;
        let confirm = data(admin, card, "Confirm").await;
        for _ in 0..4 {
            admin.0.press_data(card, &confirm);
        }
        becomes(admin, card, "✅ Done").await;
        ann.reads("An admin gave you ₽100.50").await;
        ann.reads("за терпение").await;
        ann.0.text("/balance");
        ann.reads("₽600.50").await;
        admin.0.text("/admin_audit 42");
        admin.reads("available 500.00 -> 600.50").await;
    })
    .await;
}

#[actix_rt::test]
async fn a_large_sum_needs_another_admin_and_the_same_one_is_refused() {
    in_both(async |office| {
        let Office {
            owner, admin, ann, ..
        } = office;
        admin.0.text("/add 42 1500 компенсация");
        let card = admin.reads("a second admin has to agree").await;
        let confirm = data(admin, card, "Confirm").await;
        admin.0.press_data(card, &confirm);
        becomes(admin, card, "Waiting for a second admin").await;
        let asked = owner.reads("Admin 2 asks for it").await;
        admin.0.press_data(card, &confirm);
        admin.0.text("/admin_audit 42");
        admin.reads("the asker cannot be the second one").await;
        ann.0.text("/balance");
        ann.reads("Your balance is").await;
        assert!(owner.press_in(asked, "Agree"));
        becomes(owner, asked, "agreed to by 1").await;
        becomes(admin, card, "✅ Done").await;
        ann.reads("An admin gave you ₽1,500").await;
    })
    .await;
}

#[actix_rt::test]
async fn whoever_has_no_role_learns_nothing_and_is_written_down() {
    in_both(async |office| {
        let Office {
            owner,
            support,
            ann,
            ..
        } = office;
        for line in ["/add 42 100 me", "/admin", "/admin_user 42", "/ban 1 me"] {
            ann.0.text(line);
            let name = line.split(' ').next().unwrap();
            ann.reads(&format!("There is no command {name}")).await;
        }
        support.0.text("/add 42 100 gift");
        support.reads("There is no command /add").await;
        support.0.text("/admin_user @nobody");
        support.reads("does not know this user").await;
        support.0.text("/admin_user 42");
        support.reads("👤 42").await;
        owner.0.text("/admin_audit 42");
        owner.reads("the role does not have this command").await;
    })
    .await;
}

#[actix_rt::test]
async fn what_is_typed_wrong_is_told_how_to_type_it() {
    let office = Office::open(Engine::Sqlite, &[]).await;
    let admin = &office.admin;
    for (line, words) in [
        ("/add", "No user is named"),
        ("/add 42 x why", "This is no sum"),
        ("/add 42 1 000 why", "not clear where the sum ends"),
        ("/add 42 5", "There is no reason"),
        ("/sub 42 5 why --debt", "Only an owner"),
        ("/add 42 2000,01 why", "Your limit for one act is ₽2,000"),
        ("/add 77 5 why", "does not know this user"),
        ("/admin_adjust 42 5 why", "needs a sign"),
        ("/admin_refund 0a why", "no such job"),
        ("/admin_cancel_job 0a why", "no such job"),
        ("/admin_caps 42 x 5 why", "A cap is a sum"),
        ("/ban 42", "There is no reason"),
        ("/unban 42 why", "no ban to lift"),
        ("/admin_jobs lost", "no such filter"),
    ] {
        admin.0.text(line);
        admin.reads(words).await;
    }
    office.house.finish().await;
}

#[actix_rt::test]
async fn a_balance_goes_below_zero_only_by_name_and_as_a_debt() {
    in_both(async |office| {
        let Office { owner, ann, .. } = office;
        owner.0.text("/sub 42 600 ошибка");
        let card = owner.reads("it will be refused").await;
        assert!(owner.press_in(card, "Confirm"));
        becomes(owner, card, "Only ₽500 is on the balance").await;
        owner.0.text("/sub 42 600 ошибка --debt");
        let card = owner.reads("Debt: ₽0 → ₽100").await;
        assert!(owner.press_in(card, "Confirm"));
        becomes(owner, card, "✅ Done").await;
        ann.reads("An admin took ₽600").await;
        owner.0.text("/admin_user 42");
        owner.reads("Debt: ₽100").await;
    })
    .await;
}

#[actix_rt::test]
async fn a_ban_stops_new_requests_and_returns_what_waits_and_is_kept() {
    for engine in ENGINES {
        let keys = [("REI__PROVIDERS__NANO_BANANA__CONCURRENCY", "1")];
        let mut office = Office::open(engine, &keys).await;
        office.house.sandbox.gemini.hold();
        office.ann.orders("the first").await;
        office.house.asked_provider(1).await;
        office.ann.orders("the second").await;
        waits_in_queue(&office.ann, "the second").await;
        office.admin.0.text("/ban 42 7d спам");
        let card = office.admin.reads("Forbid orders to user 42").await;
        assert!(office.admin.press_in(card, "Confirm"));
        office.ann.reads("An admin forbade you new orders").await;
        office.ann.reads("is back. Your balance is ₽475").await;
        office.house.sandbox.gemini.release();
        office.ann.gets_picture().await;
        office.house.close().await;
        office.house.open();
        office.ann.0.text("a third one");
        office.ann.reads("You may not order").await;
        office.admin.0.text("/unban 42 прощён");
        let card = office.admin.reads("Lift the ban of user 42").await;
        assert!(office.admin.press_in(card, "Confirm"));
        office.ann.reads("you can order again").await;
        office.ann.orders("a fourth one").await;
        office.ann.gets_pictures(2).await;
        office.house.finish().await;
    }
}

#[actix_rt::test]
async fn a_waiting_job_is_withdrawn_and_a_finished_one_is_paid_back() {
    for engine in ENGINES {
        let keys = [("REI__PROVIDERS__NANO_BANANA__CONCURRENCY", "1")];
        let office = Office::open(engine, &keys).await;
        let Office {
            house, admin, ann, ..
        } = &office;
        house.sandbox.gemini.hold();
        ann.orders("the first").await;
        house.asked_provider(1).await;
        ann.orders("the second").await;
        waits_in_queue(ann, "the second").await;
        let jobs = |state: &str| format!("/admin_jobs {state}");
        admin.0.text(&jobs("queued"));
        let waiting = job_id(admin, "queued").await;
        admin.0.text(&jobs("submitting"));
        let running = job_id(admin, "submitting").await;
        admin.0.text(&format!("/admin_cancel_job {running} why"));
        admin.reads("cannot be stopped").await;
        admin.0.text(&format!("/admin_cancel_job {waiting} why"));
        let card = admin.reads("Withdraw job").await;
        assert!(admin.press_in(card, "Confirm"));
        ann.reads("An admin withdrew your request").await;
        house.sandbox.gemini.release();
        ann.gets_picture().await;
        admin.0.text(&format!("/admin_refund {running} 10 брак"));
        let card = admin.reads("Give ₽10 back").await;
        assert!(admin.press_in(card, "Confirm"));
        ann.reads("An admin gave you back ₽10").await;
        admin.0.text(&format!("/admin_refund {running} 20 брак"));
        admin.reads("₽15 is left").await;
        office.house.finish().await;
    }
}

#[actix_rt::test]
async fn a_payment_is_given_back_in_part_and_never_more_than_is_left_of_it() {
    in_both(async |office| {
        let Office {
            house,
            admin,
            support,
            ann,
            ..
        } = office;
        ann.0.text("/topup 500");
        let external = pay_link(house, ann).await;
        house.sandbox.yookassa.pay(&external, Notice::Sent).unwrap();
        ann.reads("Your balance is ₽1,000").await;
        admin.0.text("/admin_user 42");
        let payment = admin
            .sees("the payment", |chat| {
                let shown = chat.iter().rev().find(|m| is_bots(m))?.text();
                let line = shown.lines().find(|line| line.contains("₽500 not spent"))?;
                line.split(' ').next().map(str::to_owned)
            })
            .await;
        support
            .0
            .text(&format!("/admin_refund {payment} 200 ошибка"));
        admin.0.text(&format!("/admin_refund {payment} 200 ошибка"));
        let card = admin.reads("Give ₽200 of payment").await;
        let confirm = data(admin, card, "Confirm").await;
        for _ in 0..3 {
            admin.0.press_data(card, &confirm);
        }
        ann.reads("An admin sends ₽200 back").await;
        ann.reads("went back to where you paid from").await;
        admin.0.text(&format!("/admin_refund {payment} 400 ещё"));
        admin.reads("₽300 of this payment is left").await;
        ann.0.text("/balance");
        ann.reads("Your balance is ₽800.").await;
        assert_eq!(house.sandbox.yookassa.refunds().len(), 1);
        // Whoever may not use a command is not told that it is there.
        support.reads("There is no command /admin_refund").await;
    })
    .await;
}

/// Waits until a request stands in the queue.
async fn waits_in_queue(person: &Person, words: &str) {
    person
        .sees("it in the queue", |chat| {
            let mut requests = chat
                .iter()
                .filter(|m| is_bots(m) && m.text().contains(words));
            requests
                .any(|m| has_button(m, "Cancel for free"))
                .then_some(())
        })
        .await;
}

/// The id in the newest list of jobs, whose line has this state.
async fn job_id(admin: &Person, state: &str) -> String {
    admin
        .sees(state, |chat| {
            let list = chat.iter().rev().find(|m| is_bots(m))?;
            let text = list.text();
            let line = text
                .lines()
                .find(|line| line.contains(&format!("· {state} ·")))?;
            line.split(' ').next().map(str::to_owned)
        })
        .await
}

#[actix_rt::test]
async fn an_act_nobody_confirms_in_time_is_over() {
    let office = Office::open(Engine::Sqlite, &[]).await;
    let Office { admin, ann, .. } = &office;
    admin.0.text("/add 42 100 gift");
    let card = admin.reads("Confirm before").await;
    let confirm = data(admin, card, "Confirm").await;
    let late = "UPDATE acts SET expires_at = 1";
    let db = office.house.db();
    let aged = db.write(async move |conn: &mut Conn| conn.batch(late).await);
    aged.await.expect("the act can be aged");
    admin.0.press_data(card, &confirm);
    becomes(admin, card, "Too late").await;
    assert!(
        !admin
            .0
            .message(card)
            .is_some_and(|m| has_button(&m, "Confirm"))
    );
    ann.0.text("/balance");
    ann.reads("₽500").await;
    office.house.finish().await;
}

#[actix_rt::test]
async fn another_persons_button_does_nothing() {
    let office = Office::open(Engine::Sqlite, &[]).await;
    let Office {
        owner, admin, ann, ..
    } = &office;
    admin.0.text("/add 42 100 gift");
    let card = admin.reads("Confirm before").await;
    let confirm = data(admin, card, "Confirm").await;
    for stranger in [owner, &office.support, ann] {
        let greeting = stranger.reads("₽500").await;
        stranger.0.press_data(greeting, &confirm);
    }
    ann.0.text("/balance");
    ann.reads("Your balance is").await;
    owner.0.text("/admin_audit 42");
    owner.reads("the button is not his").await;
    assert!(admin.press_in(card, "Withdraw"));
    becomes(admin, card, "Withdrawn").await;
    office.house.finish().await;
}
