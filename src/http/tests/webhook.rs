use super::*;

const UPDATE: &str = r#"{"update_id":7,"chat":42,"message":{"text":"canary prompt"}}"#;

fn delivery() -> TestRequest {
    TestRequest::post()
        .uri("/webhook/telegram")
        .insert_header((super::super::webhook::SECRET_HEADER, SECRET))
}

#[actix_web::test]
async fn a_delivery_is_stored_untouched_and_answered_with_an_empty_200() {
    let house = TestHouse::new();
    let answer = house.call(delivery().set_payload(UPDATE)).await;
    assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, ""));
    let expected = RawUpdate {
        update_id: 7,
        chat: ChatId(42),
        body: UPDATE.to_owned(),
        received_at: Noon.now(),
    };
    assert_eq!(house.taken(), [expected]);
}

#[actix_web::test]
async fn a_real_update_is_filed_under_its_chat() {
    let mut house = TestHouse::new();
    if let Some(webhook) = &mut house.state.webhook {
        webhook.identify = crate::telegram::chat_of;
    }
    let update = r#"{"update_id":9,"message":{"message_id":1,"date":1,
        "chat":{"id":77,"type":"private"},"text":"hello"}}"#;
    let answer = house.call(delivery().set_payload(update)).await;
    assert_eq!(answer.status, StatusCode::OK);
    let taken = house.taken();
    assert_eq!((taken[0].update_id, taken[0].chat), (9, ChatId(77)));
    let garbage = delivery().set_payload(&b"\xff{{{{"[..]);
    house.call(garbage).await.assert_problem(400);
}

#[actix_web::test]
async fn a_known_update_is_a_success_too() {
    let house = TestHouse::new();
    house.set_mood(Mood::Knows);
    let answer = house.call(delivery().set_payload(UPDATE)).await;
    assert_eq!(answer.status, StatusCode::OK);
    let metrics = house.metrics().await;
    let line = "rei_telegram_webhooks_total{result=\"duplicate\"} 1\n";
    assert!(metrics.contains(line), "{metrics}");
}

#[actix_web::test]
async fn both_secrets_are_valid_during_a_rotation_and_no_other() {
    let house = TestHouse::new();
    for (secret, status) in [
        (Some("webhook-secret"), 200),
        (Some("older-secret"), 200),
        (Some("webhook-secre"), 401),
        (Some("webhook-secret2"), 401),
        (Some(""), 401),
        (None, 401),
    ] {
        let mut request = TestRequest::post().uri("/webhook/telegram");
        if let Some(secret) = secret {
            request = request.insert_header((super::super::webhook::SECRET_HEADER, secret));
        }
        let answer = house.call(request.set_payload(UPDATE)).await;
        assert_eq!(answer.status.as_u16(), status, "{secret:?}");
        if status == 401 {
            answer.assert_problem(401);
            assert!(answer.header("www-authenticate").is_some());
        }
    }
    assert_eq!(house.taken().len(), 2);
    let metrics = house.metrics().await;
    let line = "rei_security_events_total{kind=\"webhook_secret_wrong\"} 4\n";
    assert!(metrics.contains(line), "{metrics}");
}

#[actix_web::test]
async fn without_a_configured_webhook_the_route_does_not_exist() {
    let mut house = TestHouse::new();
    house.state.webhook = None;
    let answer = house.call(delivery().set_payload(UPDATE)).await;
    answer.assert_problem(404);
}

#[actix_web::test]
async fn a_body_that_is_no_update_is_a_400_and_not_stored() {
    let house = TestHouse::new();
    let bodies: [&[u8]; 5] = [
        b"",
        b"garbage",
        b"{\"message\":{}}",
        b"{\"update_id\":\"7\"}",
        b"{\"update_id\":7,\"text\":\"\xff\xfe\"}",
    ];
    for body in bodies {
        let answer = house.call(delivery().set_payload(body)).await;
        answer.assert_problem(400);
    }
    assert_eq!(house.taken(), []);
}

#[actix_web::test]
async fn a_body_above_the_limit_is_a_413() {
    let house = TestHouse::new();
    let answer = house.call(delivery().set_payload(vec![b' '; 1025])).await;
    answer.assert_problem(413);
}

#[actix_web::test]
async fn telegram_keeps_an_update_that_was_not_stored() {
    let house = TestHouse::new();
    let lost = StoreError::Retryable("canary host is away".to_owned());
    let broken = StoreError::Broken("canary sql".to_owned());
    for mood in [
        Mood::Fails(IntakeError::Busy),
        Mood::Fails(IntakeError::Store(lost)),
        Mood::Fails(IntakeError::Store(broken)),
        Mood::Hangs,
    ] {
        house.set_mood(mood.clone());
        let answer = house.call(delivery().set_payload(UPDATE)).await;
        answer.assert_problem(503);
        assert_eq!(answer.header("retry-after"), Some("2"), "{mood:?}");
        assert!(!answer.body.contains("canary"), "{}", answer.body);
    }
    let metrics = house.metrics().await;
    let line = "rei_telegram_webhooks_total{result=\"unavailable\"} 4\n";
    assert!(metrics.contains(line), "{metrics}");
}

#[actix_web::test]
async fn a_panic_is_a_500_for_that_request_alone() {
    let house = TestHouse::new();
    house.set_mood(Mood::Panics);
    let answer = house.call(delivery().set_payload(UPDATE)).await;
    answer.assert_problem(500);
    house.set_mood(Mood::Stores);
    let answer = house.call(delivery().set_payload(UPDATE)).await;
    assert_eq!(answer.status, StatusCode::OK);
}

#[actix_web::test]
async fn no_line_of_the_log_holds_a_body_a_secret_or_a_token() {
    let house = TestHouse::new();
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(log.clone())
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);
    let wrong = TestRequest::post()
        .uri("/webhook/telegram?canary=1")
        .insert_header((super::super::webhook::SECRET_HEADER, "canary"));
    house.call(wrong.set_payload(UPDATE)).await;
    let admin = TestRequest::get().uri("/admin/api/actors");
    let admin = admin.insert_header(("Authorization", "Bearer canary"));
    house.call(admin).await;
    house.set_mood(Mood::Fails(IntakeError::Busy));
    house.call(delivery().set_payload(UPDATE)).await;
    house.set_mood(Mood::Hangs);
    house.call(delivery().set_payload(UPDATE)).await;
    drop(guard);
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(text.contains("update.id=7"), "{text}");
    assert!(!text.contains("canary"), "{text}");
}
