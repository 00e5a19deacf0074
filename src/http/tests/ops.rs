use super::*;

fn check(name: &'static str, held: Option<Result<(), NotReady>>) -> Arc<dyn ReadinessCheck> {
    Arc::new(FakeCheck { name, held })
}

#[actix_web::test]
async fn a_living_process_says_so_whatever_its_checks_say() {
    let mut house = TestHouse::new();
    house.state.readiness = vec![check("database", Some(Err(NotReady("away"))))];
    let answer = house.call(TestRequest::get().uri("/healthz")).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.json()["status"], "alive");
}

#[actix_web::test]
async fn a_node_is_ready_when_every_check_passes() {
    let mut house = TestHouse::new();
    house.state.readiness = vec![
        check("migrations", Some(Ok(()))),
        check("database", Some(Ok(()))),
    ];
    let answer = house.call(TestRequest::get().uri("/readyz")).await;
    assert_eq!(answer.status, StatusCode::OK);
    let expected = serde_json::json!({
        "status": "ready",
        "checks": [
            {"name": "migrations", "status": "pass"},
            {"name": "database", "status": "pass"},
        ],
    });
    assert_eq!(answer.json(), expected);
}

#[actix_web::test]
async fn a_failing_or_silent_check_is_named() {
    let mut house = TestHouse::new();
    house.state.readiness = vec![
        check("migrations", Some(Ok(()))),
        check("intake", Some(Err(NotReady("is draining")))),
        check("database", None),
    ];
    let answer = house.call(TestRequest::get().uri("/readyz")).await;
    answer.assert_problem(503);
    let expected = serde_json::json!([
        {"name": "migrations", "status": "pass"},
        {"name": "intake", "status": "fail", "reason": "is draining"},
        {"name": "database", "status": "fail", "reason": "does not answer in time"},
    ]);
    assert_eq!(answer.json()["checks"], expected);
}

#[actix_web::test]
async fn the_version_is_told() {
    let answer = TestHouse::new()
        .call(TestRequest::get().uri("/version"))
        .await;
    assert_eq!(answer.json()["name"], "rei-bot");
    assert_eq!(answer.json()["version"], env!("CARGO_PKG_VERSION"));
}

#[actix_web::test]
async fn metrics_come_in_both_formats_with_their_types() {
    let house = TestHouse::new();
    let text = house.call(TestRequest::get().uri("/metrics")).await;
    let content_type = text.header("content-type");
    assert_eq!(
        content_type,
        Some("text/plain; version=0.0.4; charset=utf-8")
    );
    let known = "rei_config_info{hash=\"0a1b2c\"} 1\n";
    assert!(text.body.contains(known), "{}", text.body);
    let open = TestRequest::get().uri("/metrics");
    let open = open.insert_header(("Accept", "application/openmetrics-text;version=1.0.0"));
    let open = house.call(open).await;
    let content_type = open.header("content-type").unwrap();
    assert!(content_type.starts_with("application/openmetrics-text; version=1.0.0"));
    assert!(open.body.ends_with("# EOF\n"));
}

#[actix_web::test]
async fn known_series_exist_before_anything_happened() {
    let metrics = TestHouse::new().metrics().await;
    for series in [
        "rei_http_request_duration_seconds_count{method=\"POST\",route=\"/webhook/telegram\",status=\"5xx\"} 0",
        "rei_telegram_webhooks_total{result=\"rejected\"} 0",
        "rei_security_events_total{kind=\"admin_token_wrong\"} 0",
        "rei_build_info{",
    ] {
        assert!(metrics.contains(series), "{series} is not in\n{metrics}");
    }
}

#[actix_web::test]
async fn a_caller_cannot_make_new_series() {
    let house = TestHouse::new();
    for path in [
        "/canary-1",
        "/canary-2",
        "/admin/canary",
        "/admin/api/actors/canary/restart",
    ] {
        house.call(TestRequest::get().uri(path)).await;
    }
    let invented = actix_web::http::Method::from_bytes(b"CANARY").unwrap();
    let request = TestRequest::default().method(invented).uri("/healthz");
    house.call(request).await;
    let metrics = house.metrics().await;
    assert!(!metrics.to_lowercase().contains("canary"), "{metrics}");
    let unmatched = "_count{method=\"GET\",route=\"unmatched\",status=\"4xx\"} 3\n";
    assert!(metrics.contains(unmatched), "{metrics}");
    let other = "_count{method=\"other\",route=\"/healthz\",status=\"4xx\"} 1\n";
    assert!(metrics.contains(other), "{metrics}");
}

#[actix_web::test]
async fn unknown_addresses_and_methods_are_problems() {
    let house = TestHouse::new();
    for path in ["/", "/webhook", "/webhook/telegram/", "/.env", "/a?b=c"] {
        let answer = house.call(TestRequest::get().uri(path)).await;
        answer.assert_problem(404);
    }
    let answer = house.call(TestRequest::delete().uri("/healthz")).await;
    answer.assert_problem(405);
    assert_eq!(answer.header("allow"), Some("GET, HEAD"));
    let answer = house
        .call(TestRequest::get().uri("/webhook/telegram"))
        .await;
    answer.assert_problem(405);
    assert_eq!(answer.header("allow"), Some("POST"));
}

#[actix_web::test]
async fn what_is_internal_is_not_on_the_public_listener() {
    let house = TestHouse::new();
    for (surface, path, status) in [
        (Surface::Public, "/metrics", 404),
        (Surface::Public, "/admin/api/actors", 404),
        (Surface::Public, "/healthz", 200),
        (Surface::Admin, "/metrics", 200),
        (Surface::Admin, "/admin/api/actors", 401),
        (Surface::Admin, "/healthz", 200),
        (Surface::Admin, "/webhook/telegram", 404),
    ] {
        let answer = house.call_on(surface, TestRequest::get().uri(path)).await;
        assert_eq!(answer.status.as_u16(), status, "{surface:?} {path}");
    }
}
