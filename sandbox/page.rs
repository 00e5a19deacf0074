//! The chat page: two people beside each other, and the bot between them.
//!
//! One HTML file with its style and script, embedded; nothing is loaded from elsewhere. It
//! talks to the control API alone.

use actix_web::HttpResponse;
use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY};
use actix_web::web::{self, ServiceConfig};

const HTML: &str = include_str!("page/index.html");
const STYLE: &str = include_str!("page/style.css");
const SCRIPTS: [(&str, &str); 4] = [
    ("/page/app.js", include_str!("page/app.js")),
    ("/page/chat.js", include_str!("page/chat.js")),
    ("/page/messages.js", include_str!("page/messages.js")),
    ("/page/text.js", include_str!("page/text.js")),
];

/// Scripts, styles and pictures come from this address alone; `blob:` is a picture about to
/// be sent.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' blob: data:; media-src 'self'; connect-src 'self'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'";

/// Adds the page to a server.
pub fn configure(service: &mut ServiceConfig) {
    service.route(
        "/",
        web::get().to(|| async { asset("text/html; charset=utf-8", HTML) }),
    );
    let style = || async { asset("text/css; charset=utf-8", STYLE) };
    service.route("/page/style.css", web::get().to(style));
    for (path, script) in SCRIPTS {
        let script = move || async move { asset("text/javascript; charset=utf-8", script) };
        service.route(path, web::get().to(script));
    }
}

fn asset(content_type: &str, body: &'static str) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(content_type)
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .body(body)
}
