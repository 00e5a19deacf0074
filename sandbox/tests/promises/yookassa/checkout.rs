use std::time::Duration;

use rei_sandbox::yookassa::TIME_TO_PAY;
use serde_json::json;

use super::{Shop, id, order, shop, with};

struct Page {
    status: u16,
    html: String,
}

async fn open(shop: &Shop, payment: &str) -> Page {
    let url = format!(
        "{}/checkout/payments/v2/contract?orderId={payment}",
        shop.house.sandbox.url("yookassa")
    );
    page(shop.house.client.get(url)).await
}

/// A press on a button; the client follows the redirect back to the page.
async fn choose(shop: &Shop, payment: &str, choice: &str, form: &str) -> Page {
    let base = shop.house.sandbox.url("yookassa");
    let request = shop
        .house
        .client
        .post(format!("{base}/checkout/{payment}/{choice}"));
    let form_type = "application/x-www-form-urlencoded";
    page(
        request
            .header("content-type", form_type)
            .body(form.to_owned()),
    )
    .await
}

async fn page(request: reqwest::RequestBuilder) -> Page {
    let response = request.send().await.unwrap();
    Page {
        status: response.status().as_u16(),
        html: response.text().await.unwrap(),
    }
}

fn status(shop: &Shop, payment: &str) -> String {
    let payment = shop.yookassa.payment(payment).unwrap();
    payment["status"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_confirmation_url_opens_a_page_with_four_buttons_and_the_way_back() {
    let shop = shop().await;
    let payment = shop.post("payments", "k", &order("1234.50")).await.good();
    let url = payment["confirmation"]["confirmation_url"]
        .as_str()
        .unwrap();
    let page = page(shop.house.client.get(url)).await;
    assert_eq!(page.status, 200);
    for words in [
        ">Оплатить<",
        ">Отклонить<",
        ">Оплатить позже<",
        ">Ничего не делать<",
        "1\u{a0}234,50\u{a0}₽",
        "Balance top-up",
        "href=\"https://t.me/rei_bot\"",
        "ещё 60 мин.",
    ] {
        assert!(page.html.contains(words), "{words}");
    }
    let style = format!("{}/checkout/style.css", shop.house.sandbox.url("yookassa"));
    let style = shop.house.client.get(style).send().await.unwrap();
    assert_eq!(style.headers()["content-type"], "text/css; charset=utf-8");
}

#[tokio::test]
async fn each_button_does_what_it_says() {
    let shop = shop().await;
    let paid = shop.payment("a", "100.00").await;
    assert!(
        choose(&shop, &paid, "pay", "")
            .await
            .html
            .contains("Оплачено")
    );
    assert_eq!(status(&shop, &paid), "succeeded");

    let declined = shop.payment("b", "100.00").await;
    let page = choose(&shop, &declined, "decline", "reason=insufficient_funds").await;
    assert!(page.html.contains("Не хватает денег"));
    let details = shop.yookassa.payment(&declined).unwrap()["cancellation_details"].clone();
    assert_eq!(details["reason"], "insufficient_funds");

    let late = shop.payment("c", "100.00").await;
    assert!(
        choose(&shop, &late, "late", "")
            .await
            .html
            .contains("Платёж придёт позже")
    );
    assert_eq!(status(&shop, &late), "pending");
    shop.yookassa.advance_clock(Duration::from_secs(20));
    assert_eq!(status(&shop, &late), "succeeded");

    let left = shop.payment("d", "100.00").await;
    let page = choose(&shop, &left, "nothing", "").await;
    assert!(page.html.contains("Ничего не произошло"));
    assert_eq!(status(&shop, &left), "pending");
}

#[tokio::test]
async fn a_page_that_comes_too_late_shows_what_became_of_the_payment() {
    let shop = shop().await;
    let id = shop.payment("a", "100.00").await;
    shop.yookassa.advance_clock(TIME_TO_PAY);
    let page = choose(&shop, &id, "pay", "").await;
    assert!(page.html.contains("Время на оплату вышло"));
    assert_eq!(status(&shop, &id), "canceled");
    let twice = shop.paid("b", "100.00").await;
    assert!(
        choose(&shop, &twice, "decline", "")
            .await
            .html
            .contains("Оплачено")
    );
}

#[tokio::test]
async fn what_the_shop_wrote_never_becomes_html() {
    let shop = shop().await;
    let mut body = with(
        order("100.00"),
        "description",
        json!("<script>alert(1)</script>{{back}}"),
    );
    body["confirmation"]["return_url"] = json!("https://x.example/\"onclick=\"alert(1)");
    let id = id(&shop.post("payments", "k", &body).await.good());
    let page = open(&shop, &id).await;
    assert!(
        page.html
            .contains("&lt;script&gt;alert(1)&lt;/script&gt;{{back}}")
    );
    assert!(
        page.html
            .contains("https://x.example/&quot;onclick=&quot;alert(1)")
    );
    assert!(!page.html.contains("<script"));
}

#[tokio::test]
async fn the_cabinet_shows_the_payments_and_refunds_behind_the_shops_back() {
    let shop = shop().await;
    let url = shop.house.sandbox.url("yookassa/cabinet");
    let empty = page(shop.house.client.get(&url)).await;
    assert!(empty.html.contains("Платежей ещё не было"));
    let pending = shop.payment("a", "20.00").await;
    let paid = shop.paid("b", "100.00").await;
    let shown = page(shop.house.client.get(&url)).await;
    for words in [&pending, &paid, "Ждёт оплаты", "Оплачен", "Вернуть 100,00"]
    {
        assert!(shown.html.contains(words), "{words}");
    }
    let refund = format!("{url}/{paid}/refund");
    let refunded = page(shop.house.client.post(&refund)).await;
    assert!(refunded.html.contains("Возвращено 100,00"));
    assert_eq!(shop.yookassa.refunds()[0]["payment_id"], json!(paid));
    assert_eq!(
        page(shop.house.client.post(&refund)).await.status,
        400,
        "nothing is left"
    );
}

#[tokio::test]
async fn other_sites_can_neither_pay_nor_refund() {
    let shop = shop().await;
    let id = shop.payment("a", "100.00").await;
    let base = shop.house.sandbox.url("yookassa");
    for path in [format!("checkout/{id}/pay"), format!("cabinet/{id}/refund")] {
        let request = shop.house.client.post(format!("{base}/{path}"));
        let elsewhere = request.header("origin", "https://elsewhere.example");
        assert_eq!(page(elsewhere).await.status, 403, "{path}");
    }
    assert_eq!(status(&shop, &id), "pending");
}

#[tokio::test]
async fn an_unknown_payment_or_choice_is_not_found() {
    let shop = shop().await;
    assert_eq!(open(&shop, "unknown").await.status, 404);
    assert_eq!(choose(&shop, "unknown", "pay", "").await.status, 404);
    let id = shop.payment("a", "100.00").await;
    assert_eq!(choose(&shop, &id, "steal", "").await.status, 404);
}
