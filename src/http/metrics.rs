//! The metrics of the HTTP side.
//!
//! Labels are bounded: route templates, known methods, status classes; never an address, an id
//! or a path that a caller chose. Every known label set exists from the start, since a series
//! that appears with its first error hides that error from `rate`.

use std::time::Duration;

use actix_web::http::{Method, StatusCode};
use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, IntGaugeVec, Opts, Registry};

use super::probes::BuildInfo;
use super::routes::ROUTES;
use super::yookassa::PaymentWebhookMetrics;

/// The route of a request that matches none.
pub const UNMATCHED: &str = "unmatched";

/// Seconds. The webhook's objective is 1 s; a commit takes some 10 ms.
const BUCKETS: [f64; 12] = [
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0,
];

/// How a delivery of Telegram ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WebhookResult {
    Stored,
    Duplicate,
    /// The secret was absent or wrong.
    Rejected,
    /// The body was no update, too large, or did not arrive.
    Unreadable,
    /// It could not be stored now.
    Unavailable,
}

impl WebhookResult {
    const ALL: [WebhookResult; 5] = [
        WebhookResult::Stored,
        WebhookResult::Duplicate,
        WebhookResult::Rejected,
        WebhookResult::Unreadable,
        WebhookResult::Unavailable,
    ];

    fn label(self) -> &'static str {
        match self {
            WebhookResult::Stored => "stored",
            WebhookResult::Duplicate => "duplicate",
            WebhookResult::Rejected => "rejected",
            WebhookResult::Unreadable => "unreadable",
            WebhookResult::Unavailable => "unavailable",
        }
    }
}

/// Something that an operator should know to be tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecurityEvent {
    WebhookSecretWrong,
    AdminTokenWrong,
    PaymentWebhookUnproven,
    ProviderCallbackUnproven,
}

impl SecurityEvent {
    const ALL: [SecurityEvent; 4] = [
        SecurityEvent::WebhookSecretWrong,
        SecurityEvent::AdminTokenWrong,
        SecurityEvent::PaymentWebhookUnproven,
        SecurityEvent::ProviderCallbackUnproven,
    ];

    fn label(self) -> &'static str {
        match self {
            SecurityEvent::WebhookSecretWrong => "webhook_secret_wrong",
            SecurityEvent::AdminTokenWrong => "admin_token_wrong",
            SecurityEvent::PaymentWebhookUnproven => "payment_webhook_unproven",
            SecurityEvent::ProviderCallbackUnproven => "provider_callback_unproven",
        }
    }
}

/// The metrics, registered; cheap to clone.
#[derive(Clone)]
pub struct HttpMetrics {
    durations: HistogramVec,
    webhooks: IntCounterVec,
    security_events: IntCounterVec,
    payment_webhooks: PaymentWebhookMetrics,
}

impl HttpMetrics {
    /// Makes and registers the metrics, once for each registry. `config_fingerprint` goes
    /// into `rei_config_info`.
    pub fn try_new(
        registry: &Registry,
        build: BuildInfo,
        config_fingerprint: &str,
    ) -> prometheus::Result<Self> {
        let durations = HistogramVec::new(
            HistogramOpts::new(
                "rei_http_request_duration_seconds",
                "Time from a request's head to its answer.",
            )
            .buckets(BUCKETS.to_vec()),
            &["route", "method", "status"],
        )?;
        let webhooks = IntCounterVec::new(
            Opts::new(
                "rei_telegram_webhooks_total",
                "Deliveries of Telegram's webhook by how they ended.",
            ),
            &["result"],
        )?;
        let security_events = IntCounterVec::new(
            Opts::new(
                "rei_security_events_total",
                "Requests with absent or wrong credentials.",
            ),
            &["kind"],
        )?;
        let build_info = IntGaugeVec::new(
            Opts::new("rei_build_info", "The running build; always 1."),
            &["version", "commit", "profile"],
        )?;
        let config_info = IntGaugeVec::new(
            Opts::new(
                "rei_config_info",
                "The effective configuration without secrets, as a hash; always 1.",
            ),
            &["hash"],
        )?;
        registry.register(Box::new(durations.clone()))?;
        registry.register(Box::new(webhooks.clone()))?;
        registry.register(Box::new(security_events.clone()))?;
        registry.register(Box::new(build_info.clone()))?;
        registry.register(Box::new(config_info.clone()))?;

        build_info
            .with_label_values(&[build.version, build.commit, build.profile])
            .set(1);
        config_info.with_label_values(&[config_fingerprint]).set(1);
        for (route, method) in ROUTES {
            for status in ["2xx", "4xx", "5xx"] {
                durations.with_label_values(&[route, method, status]);
            }
        }
        for result in WebhookResult::ALL {
            webhooks.with_label_values(&[result.label()]);
        }
        for event in SecurityEvent::ALL {
            security_events.with_label_values(&[event.label()]);
        }
        Ok(Self {
            durations,
            webhooks,
            security_events,
            payment_webhooks: PaymentWebhookMetrics::try_new(registry)?,
        })
    }

    /// Records an answered request.
    pub fn observe(&self, route: &str, method: &Method, status: StatusCode, taken: Duration) {
        self.durations
            .with_label_values(&[route, method_label(method), status_class(status)])
            .observe(taken.as_secs_f64());
    }

    /// Counts a delivery of Telegram.
    pub fn count_webhook(&self, result: WebhookResult) {
        self.webhooks.with_label_values(&[result.label()]).inc();
    }

    /// The counter of payments' notifications.
    pub fn payment_webhooks(&self) -> &PaymentWebhookMetrics {
        &self.payment_webhooks
    }

    /// Counts a security event.
    pub fn count_security_event(&self, event: SecurityEvent) {
        self.security_events
            .with_label_values(&[event.label()])
            .inc();
    }
}

/// A caller may invent methods, so only the known ones are labels.
fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

fn status_class(status: StatusCode) -> &'static str {
    match status.as_u16() / 100 {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    }
}
