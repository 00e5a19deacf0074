use serde_json::json;

use super::*;

const NOW: Duration = Duration::from_secs(1_700_000_000);

fn with_webhook() -> Updates {
    let webhook = Webhook {
        url: "http://x".to_owned(),
        secret: None,
        max_connections: 40,
    };
    Updates {
        webhook: Some(webhook),
        ..Updates::default()
    }
}

fn message(chat: i64) -> Value {
    json!({ "chat": { "id": chat }, "text": "hi" })
}

#[test]
fn one_update_of_a_chat_is_under_way_at_a_time() {
    let mut updates = with_webhook();
    let first = updates.push("message", &message(7), NOW);
    let second = updates.push("message", &message(7), NOW);
    let other = updates.push("message", &message(8), NOW);
    let flying = updates.next_delivery(NOW).unwrap();
    assert_eq!(flying.update.id, first);
    assert_eq!(updates.next_delivery(NOW).unwrap().update.id, other);
    assert!(updates.next_delivery(NOW).is_none());
    updates.delivered(flying.ticket);
    assert_eq!(updates.next_delivery(NOW).unwrap().update.id, second);
}

#[test]
fn a_press_passes_a_message_of_the_same_person() {
    let mut updates = with_webhook();
    updates.push("message", &message(7), NOW);
    let press = updates.push("callback_query", &json!({ "from": { "id": 7 } }), NOW);
    updates.next_delivery(NOW).unwrap();
    assert_eq!(updates.next_delivery(NOW).unwrap().update.id, press);
}

#[test]
fn a_failure_repeats_at_once_and_then_ever_later() {
    let mut updates = with_webhook();
    updates.push("message", &message(7), NOW);
    let mut now = NOW;
    let mut waits = Vec::new();
    for _ in 0..8 {
        let flying = updates.next_delivery(now).unwrap();
        updates.failed(flying.ticket, None, now);
        let wait = updates.next_due(now).unwrap_or_default();
        waits.push(wait.as_secs());
        now += wait;
    }
    assert_eq!(waits, [0, 2, 4, 8, 16, 32, 60, 60]);
}

#[test]
fn a_press_that_would_come_too_late_is_dropped() {
    let mut updates = with_webhook();
    updates.push("callback_query", &json!({ "from": { "id": 7 } }), NOW);
    let flying = updates.next_delivery(NOW).unwrap();
    updates.failed(flying.ticket, Some(Duration::from_secs(150)), NOW);
    assert_eq!(updates.waiting(), 0);
}

#[test]
fn confirmed_updates_go_and_ordered_ones_come_back_once() {
    let mut updates = Updates::default();
    let first = updates.push("message", &message(7), NOW);
    updates.push("message", &message(7), NOW);
    assert_eq!(updates.batch(100, NOW).len(), 2);
    updates.confirm(first + 1);
    assert_eq!(updates.batch(100, NOW).len(), 1);
    updates.confirm(first + 2);
    assert!(updates.redeliver(first, NOW));
    updates.confirm(first + 2);
    let again = updates.batch(100, NOW);
    assert!(
        again[0].starts_with(&format!("{{\"update_id\":{first},\"message\"")),
        "{again:?}"
    );
    assert!(updates.batch(100, NOW).is_empty());
    assert!(!updates.redeliver(1, NOW));
}

#[test]
fn a_negative_offset_keeps_the_last() {
    let mut updates = Updates::default();
    for _ in 0..3 {
        updates.push("message", &message(7), NOW);
    }
    updates.confirm(-1);
    assert_eq!(updates.waiting(), 1);
}

#[test]
fn unwanted_kinds_are_not_queued() {
    let mut updates = Updates::default();
    updates.allow(vec!["message".to_owned()]);
    updates.push("edited_message", &message(7), NOW);
    assert_eq!(updates.waiting(), 0);
}

#[test]
fn a_raw_update_goes_out_as_it_is() {
    let mut updates = Updates::default();
    let raw = json!({ "update_id": 5, "guest_message": {} });
    assert_eq!(updates.push_raw(raw.clone(), NOW), 5);
    let sent: Value = serde_json::from_str(&updates.batch(1, NOW)[0]).unwrap();
    assert_eq!(sent, raw);
}
