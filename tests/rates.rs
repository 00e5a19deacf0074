//! How fast and for how much a user may order, as he lives through it.

use crate::support::house::{Engine, TestHouse};

#[actix_rt::test]
async fn who_orders_too_much_at_once_waits_and_keeps_his_draft_with_redis_away() {
    let keys = [
        ("REI__RATES__COST_KOPECKS_PER_HOUR", "10"),
        ("REI__RATES__COST_BURST_KOPECKS", "1000"),
        // Nobody listens there: the node limits by itself.
        ("REI__REDIS__HOST", "127.0.0.1"),
        ("REI__REDIS__PORT", "1"),
    ];
    let house = TestHouse::start_with(Engine::Sqlite, &keys).await;
    let ann = house.person(7);
    ann.orders("a red fox").await;
    ann.gets_picture().await;
    ann.orders("a grey wolf").await;
    let card = ann.reads("Too fast").await;
    let card = ann.0.message(card).expect("the card stands");
    assert!(card.text().contains("a grey wolf"), "{}", card.text());
    // Somebody else is not held up, and what his own limit refused took nothing.
    let bob = house.person(9);
    bob.0.text("/limits 1 -");
    bob.orders("a white hare").await;
    bob.reads("(₽1) is used up").await;
    bob.0.text("/limits off");
    bob.presses("✅").await;
    bob.gets_picture().await;
    house.finish().await;
}

#[actix_rt::test]
async fn who_sends_too_much_at_once_is_asked_to_wait_unless_he_is_an_admin() {
    let keys = [
        ("REI__RATES__REQUESTS_PER_MINUTE", "1"),
        ("REI__RATES__REQUESTS_BURST", "3"),
        ("REI__TELEGRAM__ADMIN_IDS", "42"),
    ];
    let house = TestHouse::start_with(Engine::Sqlite, &keys).await;
    let ann = house.person(7);
    // A request and its confirmation are two.
    ann.orders("a red fox").await;
    ann.gets_picture().await;
    ann.0.text("a grey wolf");
    ann.reads("a grey wolf").await;
    ann.0.text("a white hare");
    ann.reads("Too fast").await;
    let admin = house.person(42);
    for number in 0..5 {
        admin.0.text(&format!("bear number {number}"));
        admin.reads(&format!("bear number {number}")).await;
    }
    house.finish().await;
}
