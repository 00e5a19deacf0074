//! `/metrics`: the registry in the format that the scraper prefers.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse};
use prometheus::{Encoder, TextEncoder};

use super::State;
use super::error::{HttpError, Refusal};
use super::openmetrics;

/// Prometheus 3 refuses an answer whose type it does not know, so both are spelled out.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exposition {
    Text,
    OpenMetrics,
}

/// Shows all metrics.
pub async fn metrics(request: HttpRequest, state: State) -> Result<HttpResponse, HttpError> {
    let accept = request.headers().get(header::ACCEPT);
    let families = state.registry.gather();
    let (content_type, body) = match preferred(accept.and_then(|accept| accept.to_str().ok())) {
        Exposition::OpenMetrics => (openmetrics::CONTENT_TYPE, openmetrics::encode(&families)),
        Exposition::Text => {
            let mut body = Vec::new();
            TextEncoder::new()
                .encode(&families, &mut body)
                .map_err(|cause| {
                    let error = HttpError::new(Refusal::Internal);
                    tracing::error!(error.id = %error.id(), "the metrics cannot be encoded: {cause}");
                    error
                })?;
            let body = String::from_utf8_lossy(&body).into_owned();
            (TEXT, body)
        }
    };
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, content_type))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::VARY, "Accept"))
        .body(body))
}

/// The format with the greatest weight in an `Accept` header (RFC 9110 §12.5.1); the plain
/// text when nothing is asked for or both weigh the same.
fn preferred(accept: Option<&str>) -> Exposition {
    let mut text = 0;
    let mut open = 0;
    for range in accept.unwrap_or("*/*").split(',') {
        let mut parts = range.split(';').map(str::trim);
        let media = parts.next().unwrap_or_default().to_ascii_lowercase();
        let mut weight = 1_000;
        let mut version = None;
        for parameter in parts {
            match parameter.split_once('=') {
                Some(("q", q)) => weight = thousandths(q),
                Some(("version", number)) => version = Some(number),
                Some(_) | None => {}
            }
        }
        match (media.as_str(), version) {
            ("application/openmetrics-text", None | Some("1.0.0" | "0.0.1")) => {
                open = open.max(weight);
            }
            ("text/plain", None | Some("0.0.4")) | ("text/*" | "*/*", _) => {
                text = text.max(weight);
            }
            (_, _) => {}
        }
    }
    if open > text {
        Exposition::OpenMetrics
    } else {
        Exposition::Text
    }
}

/// A weight of 0 to 1 with up to three digits, in thousandths; an unreadable one weighs
/// nothing.
fn thousandths(q: &str) -> u32 {
    let q: f64 = q.parse().unwrap_or(0.0);
    (q.clamp(0.0, 1.0) * 1_000.0).round() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scraper_gets_what_it_prefers() {
        let prometheus_3 = "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,\
            application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;q=0.3,\
            text/plain;version=0.0.4;q=0.2,*/*;q=0.1";
        for (accept, expected) in [
            (None, Exposition::Text),
            (Some("*/*"), Exposition::Text),
            (Some("text/plain"), Exposition::Text),
            (Some(prometheus_3), Exposition::OpenMetrics),
            (
                Some("application/openmetrics-text"),
                Exposition::OpenMetrics,
            ),
            (
                Some("application/openmetrics-text; version=9.9.9"),
                Exposition::Text,
            ),
            (
                Some("application/openmetrics-text;q=0.1, text/plain;q=0.9"),
                Exposition::Text,
            ),
            (
                Some("application/openmetrics-text;q=nonsense"),
                Exposition::Text,
            ),
            (Some("image/png"), Exposition::Text),
        ] {
            assert_eq!(preferred(accept), expected, "{accept:?}");
        }
    }
}
