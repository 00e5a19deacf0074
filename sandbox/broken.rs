//! Answers no API gives on purpose: connections that end, bodies that do not.

use std::io;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use bytes::Bytes;
use futures_util::{StreamExt, stream};

/// The body of a proxy's error page.
const HTML_ERROR: &str = "<html>\r\n<head><title>Error</title></head>\r\n\
    <body><center><h1>The server is not available</h1></center></body>\r\n</html>\r\n";

/// The piece an endless body is sent in, in bytes.
const ENDLESS_PIECE: usize = 64 * 1024;

fn cut() -> io::Error {
    io::Error::new(
        io::ErrorKind::ConnectionAborted,
        "cut by a fault on request",
    )
}

/// A body that fails at once: the server closes the connection before the head is written.
pub fn dropped() -> HttpResponse {
    HttpResponse::Ok().streaming(stream::once(async { Err::<Bytes, io::Error>(cut()) }))
}

/// A page of HTML with this status, as a proxy in between answers.
pub fn html(status: u16) -> HttpResponse {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    HttpResponse::build(status)
        .content_type("text/html")
        .body(HTML_ERROR)
}

/// 200 and the beginning of some JSON.
pub fn malformed() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .body(r#"{"code":0,"data":{"id":"89"#)
}

/// The beginning of some bytes and then nonsense, for as long as the caller listens.
pub fn endless(content_type: &'static str, head: &'static [u8]) -> HttpResponse {
    let piece = Bytes::from(vec![b'A'; ENDLESS_PIECE]);
    let head = Bytes::from_static(head);
    let body = stream::once(async move { head }).chain(stream::repeat(piece));
    HttpResponse::Ok()
        .content_type(content_type)
        .streaming(body.map(Ok::<Bytes, io::Error>))
}

/// The first half of some bytes under the length of the whole, then the connection closes.
pub fn truncated(content_type: &'static str, whole: &[u8]) -> HttpResponse {
    let half = Bytes::copy_from_slice(&whole[..whole.len() / 2]);
    let body = stream::once(async move { Ok(half) }).chain(stream::once(async {
        // A turn of the event loop lets the first half reach the socket before the failure is
        // seen.
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        Err(cut())
    }));
    let size = u64::try_from(whole.len()).unwrap_or(u64::MAX);
    HttpResponse::Ok()
        .content_type(content_type)
        .body(actix_web::body::SizedStream::new(size, Box::pin(body)))
}
