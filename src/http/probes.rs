//! `/healthz`, `/readyz`, `/version`: what an orchestrator and a person ask a node.

use actix_web::{HttpResponse, http::header};
use async_trait::async_trait;
use futures_util::future::join_all;
use serde::Serialize;

use super::State;
use super::error::{HttpError, Refusal};

/// Something that must hold before the node takes work.
#[async_trait]
pub trait ReadinessCheck: Send + Sync + 'static {
    /// The check's name in the answer, for example `database`.
    fn name(&self) -> &'static str;

    /// Whether it holds now. Called on every probe, under a time-out.
    async fn check(&self) -> Result<(), NotReady>;
}

/// Why a check does not hold, in words that anyone may read: no hosts, no SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotReady(pub &'static str);

/// What the running binary was built from.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct BuildInfo {
    pub name: &'static str,
    pub version: &'static str,
    /// The commit, where the build was told one in `REI_COMMIT`.
    pub commit: &'static str,
    pub profile: &'static str,
}

impl BuildInfo {
    /// This build.
    pub const THIS: BuildInfo = BuildInfo {
        name: env!("CARGO_PKG_NAME"),
        version: env!("CARGO_PKG_VERSION"),
        commit: match option_env!("REI_COMMIT") {
            Some(commit) => commit,
            None => "unknown",
        },
        profile: if cfg!(debug_assertions) {
            "debug"
        } else {
            "release"
        },
    };
}

#[derive(Serialize)]
struct Alive {
    status: &'static str,
}

#[derive(Serialize)]
struct Checked {
    name: &'static str,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

#[derive(Serialize)]
struct Checks {
    checks: Vec<Checked>,
}

#[derive(Serialize)]
struct Ready {
    status: &'static str,
    checks: Vec<Checked>,
}

/// The process answers; nothing else is asked, so a database that is away restarts nobody.
pub async fn healthz() -> HttpResponse {
    fresh().json(Alive { status: "alive" })
}

/// Whether the node takes work, check by check.
pub async fn readyz(state: State) -> HttpResponse {
    let timeout = state.limits.readiness_timeout;
    let checks = join_all(state.readiness.iter().map(|check| async move {
        let held = match actix_web::rt::time::timeout(timeout, check.check()).await {
            Ok(held) => held,
            Err(_) => Err(NotReady("does not answer in time")),
        };
        let (status, reason) = match held {
            Ok(()) => ("pass", None),
            Err(NotReady(reason)) => ("fail", Some(reason)),
        };
        Checked {
            name: check.name(),
            status,
            reason,
        }
    }))
    .await;
    if checks.iter().all(|check| check.reason.is_none()) {
        let status = "ready";
        return fresh().json(Ready { status, checks });
    }
    HttpError::new(Refusal::NotReady).response_with(Checks { checks })
}

/// What is running.
pub async fn version(state: State) -> HttpResponse {
    fresh().json(state.build)
}

fn fresh() -> actix_web::HttpResponseBuilder {
    let mut answer = HttpResponse::Ok();
    answer.insert_header((header::CACHE_CONTROL, "no-store"));
    answer
}
