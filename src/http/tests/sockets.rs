//! What only real connections show: time, size and the number of them.

use std::net::SocketAddr;

use actix_web::rt::net::TcpStream;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::config::{Config, Environment, Purpose};

/// No test waits longer for something that must happen.
const DEADLINE: Duration = Duration::from_secs(20);

fn http_config(extra: &[(&str, &str)]) -> crate::config::Http {
    let quick = [
        ("HTTP_ADDR", "127.0.0.1:0"),
        ("REI__HTTP__WORKERS", "1"),
        ("REI__HTTP__HEADER_TIMEOUT_MS", "200"),
    ];
    let environment = Environment::of(quick.into_iter().chain(extra.iter().copied()));
    let loaded = Config::load(&environment, None, Purpose::Database).unwrap();
    loaded.config.http
}

fn start(house: &TestHouse, extra: &[(&str, &str)]) -> Server {
    Server::start(&http_config(extra), &house.state).unwrap()
}

/// Sends bytes and reads until the server closes.
async fn exchange(addr: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(addr).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    read_to_end(&mut stream).await
}

async fn read_to_end(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let read = actix_web::rt::time::timeout(DEADLINE, stream.read_to_end(&mut answer)).await;
    // A reset after the answer is as good as an end.
    let _ = read.expect("the server closes the connection");
    String::from_utf8_lossy(&answer).into_owned()
}

fn delivery(length: usize, body: &str) -> String {
    format!(
        "POST /webhook/telegram HTTP/1.1\r\nHost: bot\r\nConnection: close\r\n\
         X-Telegram-Bot-Api-Secret-Token: {SECRET}\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}

#[actix_web::test]
async fn a_delivery_over_a_real_connection_is_stored() {
    let house = TestHouse::new();
    let server = start(&house, &[]);
    let body = "{\"update_id\":1}";
    let answer = exchange(server.addr(), &delivery(body.len(), body)).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert_eq!(house.taken().len(), 1);
    server.stop().await;
}

#[actix_web::test]
async fn a_body_that_never_ends_is_answered_in_time() {
    let house = TestHouse::new();
    let server = start(&house, &[]);
    let answer = exchange(server.addr(), &delivery(100, "{\"update")).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("application/problem+json"), "{answer}");
    server.stop().await;
}

#[actix_web::test]
async fn a_huge_body_is_refused_before_it_is_read() {
    let house = TestHouse::new();
    let server = start(&house, &[]);
    let twenty_megabytes = delivery(20_000_000, "");
    let answer = exchange(server.addr(), &twenty_megabytes).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    server.stop().await;
}

#[actix_web::test]
async fn two_hundred_slow_heads_do_not_keep_others_out() {
    let house = TestHouse::new();
    let server = start(&house, &[]);
    let mut slow = Vec::new();
    for _ in 0..200 {
        let mut stream = TcpStream::connect(server.addr()).await.unwrap();
        stream
            .write_all(b"GET /healthz HTTP/1.1\r\nHos")
            .await
            .unwrap();
        slow.push(stream);
    }
    let request = "GET /healthz HTTP/1.1\r\nHost: bot\r\nConnection: close\r\n\r\n";
    let answer = exchange(server.addr(), request).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    for stream in &mut slow {
        let answer = read_to_end(stream).await;
        assert!(
            answer.is_empty() || answer.starts_with("HTTP/1.1 408 "),
            "{answer}"
        );
    }
    server.stop().await;
}

#[actix_web::test]
async fn an_endless_head_is_cut_off() {
    let house = TestHouse::new();
    let server = start(&house, &[]);
    let head = format!("GET /healthz HTTP/1.1\r\nX-Long: {}", "x".repeat(200_000));
    let mut stream = TcpStream::connect(server.addr()).await.unwrap();
    // The server may close while this is still being written.
    let _ = stream.write_all(head.as_bytes()).await;
    let answer = read_to_end(&mut stream).await;
    assert!(!answer.contains(" 200 "), "{answer}");
    server.stop().await;
}

#[actix_web::test]
async fn the_admin_has_a_listener_of_its_own() {
    let house = TestHouse::new();
    let server = start(&house, &[("REI__HTTP__ADMIN_ADDR", "127.0.0.1:0")]);
    assert_ne!(server.addr(), server.admin_addr());
    let request = "GET /metrics HTTP/1.1\r\nHost: bot\r\nConnection: close\r\n\r\n";
    let public = exchange(server.addr(), request).await;
    assert!(public.starts_with("HTTP/1.1 404 "), "{public}");
    let admin = exchange(server.admin_addr(), request).await;
    assert!(admin.starts_with("HTTP/1.1 200 "), "{admin}");
    server.stop().await;
}

#[actix_web::test]
async fn a_stop_waits_for_the_request_that_has_begun() {
    let house = TestHouse::new();
    house.set_mood(Mood::Hangs);
    let server = start(&house, &[]);
    let addr = server.addr();
    let body = "{\"update_id\":1}";
    let asked = actix_rt::spawn(async move { exchange(addr, &delivery(body.len(), body)).await });
    house.intake.entered.notified().await;
    server.stop().await;
    let answer = asked.await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    assert!(TcpStream::connect(addr).await.is_err());
}

#[actix_web::test]
async fn an_idle_connection_does_not_hold_up_a_stop() {
    let house = TestHouse::new();
    let server = start(&house, &[]);
    let mut idle = TcpStream::connect(server.addr()).await.unwrap();
    let request = b"HEAD /healthz HTTP/1.1\r\nHost: bot\r\n\r\n";
    idle.write_all(request).await.unwrap();
    let mut answer = vec![0; 64];
    assert!(idle.read(&mut answer).await.unwrap() > 0);
    // Well below the time that a request may take to finish.
    let stopped = actix_web::rt::time::timeout(Duration::from_secs(5), server.stop()).await;
    assert!(stopped.is_ok());
    read_to_end(&mut idle).await;
}

#[actix_web::test]
async fn a_head_request_is_answered_without_a_body() {
    let house = TestHouse::new();
    let server = start(&house, &[]);
    let request = "HEAD /healthz HTTP/1.1\r\nHost: bot\r\nConnection: close\r\n\r\n";
    let answer = exchange(server.addr(), request).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\n"), "{answer}");
    server.stop().await;
}

#[actix_web::test]
async fn a_taken_address_is_one_sentence_that_names_its_key() {
    let house = TestHouse::new();
    let server = start(&house, &[]);
    let taken = server.addr().to_string();
    let config = http_config(&[("HTTP_ADDR", taken.as_str())]);
    let error = Server::start(&config, &house.state).err().unwrap();
    let text = error.to_string();
    assert!(
        text.starts_with(&format!("http.addr: cannot listen on {taken}")),
        "{text}"
    );
    server.stop().await;
}
