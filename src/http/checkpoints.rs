//! `/checkpoints`, `/checkpoints/{day}` and `/verify`: what anybody may know of the journal, and
//! a page on which a person checks a receipt.
//!
//! A checkpoint tells how many rows there are and nothing about any of them. The page checks in
//! the browser and sends the receipt nowhere; its policy lets it load nothing and talk to this
//! host alone.

use std::sync::LazyLock;

use actix_web::http::header;
use actix_web::{HttpResponse, HttpResponseBuilder, web};
use base64::Engine as _;
use rei_actors::ports::StoreError;
use rei_domain::receipt::{Checkpoint, Day};
use sha2::{Digest, Sha256};

use super::State;
use super::error::{HttpError, Refusal};
use crate::receipts::{Published, PublishedList};

/// Checkpoints in one answer: some months of days.
const NEWEST_MAX: u32 = 200;
/// Checkpoints of one day in one answer; a day has one for each shard and each receipt that was
/// asked for before its end.
const DAY_MAX: u32 = 20_000;

const RETRY_AFTER: std::time::Duration = std::time::Duration::from_secs(5);

const PAGE: &str = include_str!("verify.html");

/// The page's policy names its one script by its hash.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let (_, after) = PAGE.split_once("<script>").unwrap_or_default();
    let (script, _) = after.split_once("</script>").unwrap_or_default();
    let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(script));
    format!(
        "default-src 'none'; script-src 'sha256-{hash}'; style-src 'unsafe-inline'; \
         connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
});

/// The newest checkpoints, newest first.
pub async fn newest(state: State) -> Result<HttpResponse, HttpError> {
    list(state.checkpoints.newest(NEWEST_MAX).await)
}

/// The checkpoints of a day of UTC, `2026-11-23`.
pub async fn of_day(state: State, day: web::Path<String>) -> Result<HttpResponse, HttpError> {
    let day = Day::parse(&day).ok_or(Refusal::BadRequest("a day is written as 2026-11-23"))?;
    list(state.checkpoints.of_day(day, DAY_MAX).await)
}

/// The page that checks a receipt.
pub async fn verify() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY.as_str()))
        .insert_header((header::REFERRER_POLICY, "no-referrer"))
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .body(PAGE)
}

fn list(found: Result<Vec<Checkpoint>, StoreError>) -> Result<HttpResponse, HttpError> {
    let checkpoints = match found {
        Ok(checkpoints) => checkpoints.iter().map(Published::of).collect(),
        Err(error) => {
            let retry_after = RETRY_AFTER;
            let refused = HttpError::new(Refusal::Unavailable { retry_after });
            tracing::warn!(%error, error.id = %refused.id(), "checkpoints cannot be read");
            return Err(refused);
        }
    };
    Ok(open().json(PublishedList { checkpoints }))
}

/// Anybody's page may read it.
fn open() -> HttpResponseBuilder {
    let mut answer = HttpResponse::Ok();
    answer.insert_header((header::CACHE_CONTROL, "no-cache"));
    answer.insert_header((header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"));
    answer
}
