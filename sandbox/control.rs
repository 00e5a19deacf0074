//! The control API: how a test, or the chat page, plays the people and orders faults.
//!
//! A thin layer over [`crate::telegram::Handle`]; `README.md` lists the routes with examples.
//! There are no passwords. Against pages of other sites in a developer's browser, a request
//! must name this address as its host and, when a browser sends it, as its origin.

mod behaviour;
mod events;
mod files;
mod people;

use std::fmt;
use std::net::IpAddr;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::{Error, JsonPayloadError};
use actix_web::http::StatusCode;
use actix_web::http::header::{HOST, HeaderMap, HeaderName, ORIGIN};
use actix_web::middleware::Next;
use actix_web::web::{self, Bytes, Data, JsonConfig, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::server::Exposure;
use crate::telegram::{Handle, Player};

/// Adds the control API to a server.
pub fn configure(service: &mut ServiceConfig, telegram: &Handle) {
    service.service(
        web::scope("/control")
            .app_data(Data::new(telegram.clone()))
            .app_data(JsonConfig::default().error_handler(not_understood))
            .configure(people::configure)
            .configure(behaviour::configure)
            .configure(files::configure)
            .route("/events", web::get().to(events::events)),
    );
}

/// A request the control API cannot do, told as `{"error": "…"}`.
#[derive(Debug)]
pub struct ControlError {
    status: StatusCode,
    what: String,
}

impl ControlError {
    pub fn bad_request(what: impl fmt::Display) -> ControlError {
        ControlError {
            status: StatusCode::BAD_REQUEST,
            what: what.to_string(),
        }
    }

    pub fn not_found(what: impl fmt::Display) -> ControlError {
        ControlError {
            status: StatusCode::NOT_FOUND,
            what: what.to_string(),
        }
    }
}

impl fmt::Display for ControlError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.what)
    }
}

impl ResponseError for ControlError {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::build(self.status).json(json!({ "error": self.what }))
    }
}

/// The answer of verbs that only do something.
pub fn done() -> HttpResponse {
    HttpResponse::Ok().json(json!({ "done": true }))
}

/// A body; without one everything in it is left out.
pub fn parse<T: DeserializeOwned>(body: &Bytes) -> Result<T, ControlError> {
    let body: &[u8] = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(body).map_err(ControlError::bad_request)
}

fn not_understood(error: JsonPayloadError, _request: &HttpRequest) -> Error {
    ControlError::bad_request(error).into()
}

/// The person of a path, who must exist.
fn person(telegram: &Handle, id: i64) -> Result<Player, ControlError> {
    telegram
        .find_player(id)
        .ok_or_else(|| ControlError::not_found(format!("nobody has id {id}")))
}

/// Where people and tests act: the control API, and the pages of YooKassa.
const PLAYED: [&str; 3] = ["/control", "/yookassa/checkout", "/yookassa/cabinet"];

/// Keeps the pages of other sites from every such route, whichever emulator serves it.
pub async fn from_this_site(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let exposure = request.app_data::<Exposure>().copied().unwrap_or_default();
    // The path as the router sees it, with `%63` and the like decoded.
    let path = request.match_info().as_str();
    let is_played = PLAYED.iter().any(|prefix| path.starts_with(prefix));
    if is_played && !is_from_this_site(request.headers(), exposure) {
        let what = "the request comes from another site".to_owned();
        return Err(ControlError {
            status: StatusCode::FORBIDDEN,
            what,
        }
        .into());
    }
    next.call(request).await
}

fn is_from_this_site(headers: &HeaderMap, exposure: Exposure) -> bool {
    let header = |name: HeaderName| headers.get(name).map(|it| it.to_str().unwrap_or_default());
    let host = header(HOST).unwrap_or_default();
    // A name that another site's owner points at loopback would carry their pages past us.
    let host_is_ours = match exposure {
        Exposure::Loopback => is_loopback(host),
        Exposure::AnyAddress => true,
    };
    let origin_is_ours = header(ORIGIN).is_none_or(|origin| {
        origin
            .split_once("://")
            .is_some_and(|(_, origin)| origin.eq_ignore_ascii_case(host))
    });
    host_is_ours && origin_is_ours
}

fn is_loopback(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.chars().all(|digit| digit.is_ascii_digit()) => name,
        Some(_) | None => host,
    };
    let address = name.trim_start_matches('[').trim_end_matches(']');
    name.eq_ignore_ascii_case("localhost")
        || address
            .parse::<IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;

    use super::*;

    fn check(host: &'static str, origin: Option<&'static str>) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_static(host));
        if let Some(origin) = origin {
            headers.insert(ORIGIN, HeaderValue::from_static(origin));
        }
        is_from_this_site(&headers, Exposure::Loopback)
    }

    #[test]
    fn only_this_address_may_control() {
        assert!(check("127.0.0.1:9090", None));
        assert!(check("[::1]:9090", None));
        assert!(check("localhost:9090", Some("http://localhost:9090")));
        assert!(!check("localhost:9090", Some("http://localhost:8000")));
        assert!(!check("127.0.0.1:9090", Some("https://elsewhere.example")));
        assert!(!check("127.0.0.1:9090", Some("null")));
        assert!(!check("elsewhere.example:9090", None));
    }
}
