use std::time::Duration;

use rei_sandbox::yookassa::Notice;
use serde_json::Value;

use super::{Shop, id, shop};

fn ids(page: &Value) -> Vec<String> {
    page["items"].as_array().unwrap().iter().map(id).collect()
}

/// Every page of a list, one behind the other.
async fn all(shop: &Shop, path: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = shop.get(&format!("{path}{cursor}")).await.good();
        assert_eq!(page["type"], "list");
        found.extend(ids(&page));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return found,
        }
    }
}

#[tokio::test]
async fn pages_hold_everything_once_and_newest_first() {
    let shop = shop().await;
    let mut made = Vec::new();
    for at in 0..25 {
        made.push(shop.payment(&format!("k{at}"), "100.00").await);
    }
    made.reverse();
    assert_eq!(ids(&shop.get("payments").await.good()), made[..10]);
    assert_eq!(all(&shop, "payments?limit=7").await, made);
    assert_eq!(all(&shop, "payments?limit=25").await, made);
    // What comes in meanwhile is newer than any page behind a cursor.
    let first = shop.get("payments?limit=20").await.good();
    shop.payment("meanwhile", "100.00").await;
    let cursor = first["next_cursor"].as_str().unwrap();
    let rest = shop
        .get(&format!("payments?limit=20&cursor={cursor}"))
        .await
        .good();
    assert_eq!(ids(&rest), made[20..]);
}

#[tokio::test]
async fn filters_choose_by_time_and_state() {
    let shop = shop().await;
    let old = shop.paid("a", "100.00").await;
    shop.yookassa.advance_clock(Duration::from_secs(600));
    let young = shop.paid("b", "100.00").await;
    let pending = shop.payment("c", "100.00").await;
    let created = shop.yookassa.payment(&young).unwrap()["created_at"].clone();
    let created = created.as_str().unwrap();
    assert_eq!(
        all(&shop, "payments?status=succeeded").await,
        [young.clone(), old.clone()]
    );
    let since = format!("payments?created_at.gte={created}");
    assert_eq!(all(&shop, &since).await, [pending, young.clone()]);
    let before = format!("payments?created_at.lt={created}");
    assert_eq!(all(&shop, &before).await, [old.as_str()]);
    let captured = format!("payments?captured_at.lt={created}&payment_method=bank_card");
    assert_eq!(all(&shop, &captured).await, [old.as_str()]);

    let refund = shop
        .yookassa
        .refund_in_cabinet(&old, None, Notice::Sent)
        .unwrap();
    shop.yookassa
        .refund_in_cabinet(&young, None, Notice::Sent)
        .unwrap();
    assert_eq!(
        all(&shop, &format!("refunds?payment_id={old}")).await,
        [refund]
    );
    assert_eq!(
        all(&shop, "refunds?status=pending").await,
        Vec::<String>::new()
    );
}

#[tokio::test]
async fn a_cursor_serves_its_own_filters_only() {
    let shop = shop().await;
    for key in ["a", "b"] {
        shop.payment(key, "100.00").await;
    }
    let page = shop.get("payments?limit=1&status=pending").await.good();
    let cursor = page["next_cursor"].as_str().unwrap();
    for query in [
        format!("cursor={cursor}"),
        format!("cursor={cursor}&status=succeeded"),
        "cursor=abc".to_owned(),
    ] {
        let refused = shop.get(&format!("payments?{query}")).await;
        assert_eq!(refused.refusal(), "400 invalid_request cursor");
    }
}

#[tokio::test]
async fn a_wrong_filter_is_refused_by_name() {
    let shop = shop().await;
    for (query, parameter) in [
        ("payments?limit=0", "limit"),
        ("payments?limit=101", "limit"),
        ("payments?created_at.gte=yesterday", "created_at.gte"),
        ("payments?created_at=2026-01-01T00:00:00Z", "created_at"),
        ("payments?metadata=1", "metadata"),
        ("payments?payment_id=1", "payment_id"),
        (
            "refunds?captured_at.gte=2026-01-01T00:00:00Z",
            "captured_at.gte",
        ),
    ] {
        let refused = shop.get(query).await;
        assert_eq!(
            refused.refusal(),
            format!("400 invalid_request {parameter}"),
            "{query}"
        );
    }
}

#[tokio::test]
async fn lists_reach_back_three_years() {
    let shop = shop().await;
    shop.payment("a", "100.00").await;
    shop.yookassa
        .advance_clock(Duration::from_secs(3 * 365 * 24 * 3600));
    let young = shop.payment("b", "100.00").await;
    shop.yookassa.advance_clock(Duration::from_secs(1));
    assert_eq!(all(&shop, "payments?limit=100").await, [young]);
}
