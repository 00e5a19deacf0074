use super::*;

fn as_admin(request: TestRequest) -> TestRequest {
    request.insert_header(("Authorization", format!("Bearer {TOKEN}")))
}

#[actix_web::test]
async fn without_a_configured_token_nothing_below_admin_exists() {
    let mut house = TestHouse::new();
    house.state.admin_token = None;
    for path in [
        "/admin/api/actors",
        "/admin/api/actors/ledger/restart",
        "/admin/x",
    ] {
        let answer = house.call(as_admin(TestRequest::post().uri(path))).await;
        answer.assert_problem(404);
    }
}

#[actix_web::test]
async fn without_the_right_token_known_and_unknown_addresses_look_alike() {
    let house = TestHouse::new();
    for path in [
        "/admin/api/actors",
        "/admin/api/actors/ledger/restart",
        "/admin/x",
    ] {
        for header in [None, Some("Bearer wrong"), Some("Basic 0123456789abcdef")] {
            let mut request = TestRequest::post().uri(path);
            if let Some(header) = header {
                request = request.insert_header(("Authorization", header));
            }
            let answer = house.call(request).await;
            answer.assert_problem(401);
            let challenge = answer.header("www-authenticate").unwrap();
            assert!(challenge.starts_with("Bearer "), "{challenge}");
        }
    }
    assert_eq!(house.tree.restarts.lock().unwrap().len(), 0);
    let metrics = house.metrics().await;
    let line = "rei_security_events_total{kind=\"admin_token_wrong\"} 9\n";
    assert!(metrics.contains(line), "{metrics}");
}

#[actix_web::test]
async fn an_admin_sees_every_actor() {
    let house = TestHouse::new();
    let request = as_admin(TestRequest::get().uri("/admin/api/actors"));
    let answer = house.call(request).await;
    assert_eq!(answer.status, StatusCode::OK);
    let expected = serde_json::json!({"actors": [{
        "name": "ledger",
        "state": "backing_off",
        "mailbox": {"messages": 2, "capacity": 64},
        "restarts": {"panic": 0, "hang": 0, "stop": 0, "error": 0, "admin": 0, "group": 0},
        "uptime_secs": 0.0,
        "last_restart_secs_ago": 1.5,
        "last_error": "actors/ledger.rs:7",
        "instances": 0,
        "quarantined": 0,
    }]});
    assert_eq!(answer.json(), expected);
}

#[actix_web::test]
async fn an_admin_restarts_an_actor_with_or_without_a_reason() {
    let house = TestHouse::new();
    let path = "/admin/api/actors/ledger/restart";
    let plain = as_admin(TestRequest::post().uri(path));
    let answer = house.call(plain).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    assert_eq!(answer.json()["actor"], "ledger");
    let reasoned = as_admin(TestRequest::post().uri(path));
    let reasoned = reasoned.set_payload(r#"{"reason":"it looks stuck"}"#);
    assert_eq!(house.call(reasoned).await.status, StatusCode::ACCEPTED);
    assert_eq!(house.tree.restarts.lock().unwrap().len(), 2);
}

/// Tells each time it is made.
struct Newborn;

impl actix::Actor for Newborn {
    type Context = actor::Context<Self>;
}

impl actor::Child for Newborn {}

#[actix_web::test]
async fn a_restart_over_http_makes_the_actor_anew() {
    let mut house = TestHouse::new();
    let tree = actor::Tree::new(tokio::runtime::Handle::current(), |_| {});
    let (born, mut births) = tokio::sync::mpsc::unbounded_channel();
    let spec = actor::ChildSpec::default();
    let arbiter = actix_rt::Arbiter::current();
    let factory = move || {
        born.send(()).unwrap();
        Newborn
    };
    let _gate = tree
        .spawn_child("newborn", &arbiter, spec, factory)
        .unwrap();
    house.state.actors = Arc::new(tree.directory());
    births.recv().await.unwrap();

    // The first instance is made before it runs, and only a running actor can be restarted.
    let listing = || as_admin(TestRequest::get().uri("/admin/api/actors"));
    while house.call(listing()).await.json()["actors"][0]["state"] != "running" {
        tokio::task::yield_now().await;
    }
    let order = TestRequest::post().uri("/admin/api/actors/newborn/restart");
    let answer = house.call(as_admin(order)).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.body);
    births.recv().await.unwrap();
    let seen = house.call(listing()).await.json();
    assert_eq!(seen["actors"][0]["restarts"]["admin"], 1);
}

#[actix_web::test]
async fn a_restart_that_is_refused_says_why() {
    let house = TestHouse::new();
    for (name, status, retry_after) in [
        ("nobody", 404, None),
        ("hot", 429, Some("30")),
        ("leaving", 409, None),
        ("sessions", 409, None),
    ] {
        let path = format!("/admin/api/actors/{name}/restart");
        let request = as_admin(TestRequest::post().uri(&path));
        let answer = house.call(request).await;
        answer.assert_problem(status);
        assert_eq!(answer.header("retry-after"), retry_after);
    }
}

#[actix_web::test]
async fn an_order_that_cannot_be_read_restarts_nothing() {
    let house = TestHouse::new();
    let long = format!("{{\"reason\":\"{}\"}}", "x".repeat(201));
    let huge = " ".repeat(5_000);
    for (body, status) in [
        ("nonsense", 400),
        ("{\"why\":\"\"}", 400),
        (long.as_str(), 400),
        (huge.as_str(), 413),
    ] {
        let request = TestRequest::post().uri("/admin/api/actors/ledger/restart");
        let answer = house
            .call(as_admin(request).set_payload(body.to_owned()))
            .await;
        answer.assert_problem(status);
    }
    assert_eq!(house.tree.restarts.lock().unwrap().len(), 0);
}

/// Actor, target and outcome of each audit entry.
fn audited(house: &TestHouse) -> Vec<(String, String, &'static str)> {
    let entries = house.paper.0.lock().unwrap();
    let told = |entry: &AuditEntry| {
        let outcome = entry.outcome.as_str();
        (entry.actor.render(), entry.target.clone(), outcome)
    };
    entries.iter().map(told).collect()
}

#[actix_web::test]
async fn every_order_and_every_refusal_leaves_an_audit_entry() {
    let house = TestHouse::new();
    for name in ["ledger", "nobody", "hot"] {
        let path = format!("/admin/api/actors/{name}/restart");
        house.call(as_admin(TestRequest::post().uri(&path))).await;
    }
    let stranger = TestRequest::post().uri("/admin/api/actors/ledger/restart");
    house.call(stranger).await;
    let expected = [
        ("token", "actor:ledger", "done"),
        ("token", "actor:nobody", "refused"),
        ("token", "actor:hot", "refused"),
        ("nobody", "/admin/api/actors/ledger/restart", "refused"),
    ];
    let expected = expected.map(|(a, t, o)| (a.to_owned(), t.to_owned(), o));
    assert_eq!(audited(&house), expected);
}

#[actix_web::test]
async fn a_flood_of_strangers_is_refused_and_does_not_fill_the_log() {
    let house = TestHouse::new();
    for _ in 0..200 {
        let answer = house.call(TestRequest::get().uri("/admin/x")).await;
        answer.assert_problem(401);
    }
    assert_eq!(audited(&house).len(), 20);
}
