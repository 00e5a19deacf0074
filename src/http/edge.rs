//! The outermost layer of every request: its duration, its panics, its errors' form.

use std::panic::AssertUnwindSafe;
use std::time::Instant;

use actix_web::Error;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header;
use actix_web::middleware::Next;
use futures_util::FutureExt;

use super::State;
use super::error::{self, HttpError, Refusal};
use super::metrics::UNMATCHED;

/// Measures a request. A panic in a handler becomes a 500 for that request alone, and what
/// the framework refuses becomes a problem like any other.
pub async fn edge(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let begun = Instant::now();
    let state = request.app_data::<State>().cloned();
    let method = request.method().clone();
    let route = request
        .match_pattern()
        .unwrap_or_else(|| UNMATCHED.to_owned());

    let answer = match AssertUnwindSafe(next.call(request)).catch_unwind().await {
        Ok(Ok(answer)) => Ok(harden(answer.map_into_boxed_body())),
        Ok(Err(error)) if error.as_error::<HttpError>().is_some() => Err(error),
        Ok(Err(error)) => Err(error::from_framework(&error).into()),
        Err(_) => {
            let error = HttpError::new(Refusal::Internal);
            tracing::error!(http.route = route, error.id = %error.id(), "a request's handler panicked");
            Err(error.into())
        }
    };
    let status = match &answer {
        Ok(answer) => answer.status(),
        Err(error) => error.as_response_error().status_code(),
    };
    if let Some(state) = state {
        state
            .metrics
            .observe(&route, &method, status, begun.elapsed());
    }
    answer
}

fn harden(mut answer: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
    answer.headers_mut().insert(
        header::X_CONTENT_TYPE_OPTIONS,
        header::HeaderValue::from_static("nosniff"),
    );
    answer
}
