//! Deliveries, to a bot that is a small server of its own.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::web::{self, Bytes, Data};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::support::{House, SOON, house};

/// What arrived, with the secret that came along.
type Delivery = (Value, String);

/// Answers the bot gives next; without any it says 200.
type Answers = Arc<Mutex<Vec<Box<dyn Fn() -> HttpResponse + Send>>>>;

struct Bot {
    url: String,
    deliveries: mpsc::UnboundedReceiver<Delivery>,
    answers: Answers,
}

impl Bot {
    /// A bot that listens until the test's system ends.
    fn start() -> Bot {
        let (sender, deliveries) = mpsc::unbounded_channel();
        let answers = Answers::default();
        let data = Data::new((sender, answers.clone()));
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let app = move || {
            App::new()
                .app_data(data.clone())
                .route("/hook", web::post().to(take))
        };
        let server = HttpServer::new(app)
            .workers(1)
            .disable_signals()
            .listen(listener)
            .unwrap();
        actix_web::rt::spawn(server.run());
        Bot {
            url,
            deliveries,
            answers,
        }
    }

    fn will_answer(&self, answer: impl Fn() -> HttpResponse + Send + 'static) {
        self.answers.lock().unwrap().push(Box::new(answer));
    }

    async fn next(&mut self) -> Delivery {
        tokio::time::timeout(SOON, self.deliveries.recv())
            .await
            .expect("one in time")
            .unwrap()
    }
}

async fn take(
    data: Data<(mpsc::UnboundedSender<Delivery>, Answers)>,
    request: HttpRequest,
    body: Bytes,
) -> HttpResponse {
    let secret = request.headers().get("X-Telegram-Bot-Api-Secret-Token");
    let secret = secret
        .map(|it| it.to_str().unwrap().to_owned())
        .unwrap_or_default();
    let (sender, answers) = data.get_ref();
    sender
        .send((serde_json::from_slice(&body).unwrap(), secret))
        .unwrap();
    let mut answers = answers.lock().unwrap();
    if answers.is_empty() {
        HttpResponse::Ok().finish()
    } else {
        answers.remove(0)()
    }
}

async fn with_webhook() -> (House, Bot) {
    let house = house().await;
    let bot = Bot::start();
    house
        .call(
            "setWebhook",
            json!({ "url": bot.url, "secret_token": "s-1_A" }),
        )
        .await;
    (house, bot)
}

#[actix_web::test]
async fn an_update_comes_with_the_secret() {
    let (house, mut bot) = with_webhook().await;
    house.anna();
    let (update, secret) = bot.next().await;
    assert_eq!(update["message"]["text"], json!("/start"));
    assert_eq!(secret, "s-1_A");
    assert!(house.sandbox.telegram.wait_until_taken(SOON).await);
}

#[actix_web::test]
async fn a_failure_repeats_at_once_and_then_with_the_clock() {
    let (house, mut bot) = with_webhook().await;
    for _ in 0..2 {
        bot.will_answer(|| HttpResponse::InternalServerError().finish());
    }
    house.anna();
    let (first, _) = bot.next().await;
    let (second, _) = bot.next().await;
    assert_eq!(first, second);
    house.sandbox.telegram.advance_clock(Duration::from_secs(2));
    let (third, _) = bot.next().await;
    assert_eq!(first, third);
    assert!(house.sandbox.telegram.wait_until_taken(SOON).await);
    let info = house.call("getWebhookInfo", json!({})).await;
    assert_eq!(
        info["last_error_message"],
        json!("Wrong response from the webhook: 500 Internal Server Error")
    );
}

#[actix_web::test]
async fn the_next_message_waits_behind_a_failed_one_but_other_chats_do_not() {
    let (house, mut bot) = with_webhook().await;
    for _ in 0..2 {
        bot.will_answer(|| HttpResponse::ServiceUnavailable().finish());
    }
    let anna = house.anna();
    bot.next().await;
    bot.next().await;
    anna.text("second");
    house
        .sandbox
        .telegram
        .player(8, "Bob", "en")
        .text("of another");
    assert_eq!(bot.next().await.0["message"]["text"], json!("of another"));
    house.sandbox.telegram.advance_clock(Duration::from_secs(2));
    assert_eq!(bot.next().await.0["message"]["text"], json!("/start"));
    assert_eq!(bot.next().await.0["message"]["text"], json!("second"));
}

#[actix_web::test]
async fn an_answer_that_names_a_method_is_executed() {
    let (house, _bot) = {
        let (house, bot) = with_webhook().await;
        bot.will_answer(|| {
            let call = json!({ "method": "sendMessage", "chat_id": 7, "text": "from the answer" });
            HttpResponse::Ok().json(call)
        });
        (house, bot)
    };
    let anna = house.anna();
    let found = anna.wait("the bot's answer", SOON, |chat| {
        chat.iter()
            .find(|message| message.text() == "from the answer")
            .map(|message| message.id)
    });
    assert_eq!(found.await, Ok(2));
}

#[actix_web::test]
async fn a_webhook_is_checked_before_it_is_taken() {
    let house = house().await;
    for (params, expected) in [
        (
            json!({ "url": "ftp://x" }),
            "400 Bad Request: bad webhook: An HTTPS URL must be provided for webhook",
        ),
        (
            json!({ "url": "http://x", "secret_token": "a b" }),
            "400 Bad Request: secret token contains unallowed characters",
        ),
        (
            json!({ "url": "http://x", "secret_token": "a".repeat(257) }),
            "400 Bad Request: secret token is too long",
        ),
    ] {
        assert_eq!(house.refusal("setWebhook", params).await, expected);
    }
    let info = house.call("getWebhookInfo", json!({})).await;
    assert_eq!(info["url"], json!(""));
}
