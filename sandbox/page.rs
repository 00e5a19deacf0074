//! The chat page: people at a browser, side by side. Static files, nothing from outside.

use actix_web::{HttpResponse, web};

const INDEX: &str = include_str!("page/index.html");
const STYLE: &str = include_str!("page/style.css");
const SCRIPT: &str = include_str!("page/app.js");

/// Serves the page at `/` with its style and script.
pub fn configure(cfg: &mut web::ServiceConfig) {
    cfg.route(
        "/",
        web::get().to(|| served("text/html; charset=utf-8", INDEX)),
    )
    .route(
        "/page/style.css",
        web::get().to(|| served("text/css; charset=utf-8", STYLE)),
    )
    .route(
        "/page/app.js",
        web::get().to(|| served("text/javascript; charset=utf-8", SCRIPT)),
    );
}

async fn served(kind: &'static str, text: &'static str) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(kind)
        .insert_header((
            "Content-Security-Policy",
            "default-src 'self'; img-src 'self' blob:",
        ))
        .body(text)
}
