//! Deliveries to the bot's webhook.
//!
//! One update of a queue is under way at a time; any 2xx takes it off, anything else repeats
//! it later (`updates` says when). An answer that names a method is executed as a call, whose
//! outcome nobody sees.

use std::time::Duration;

use anyhow::Context;
use bytes::{Bytes, BytesMut};
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};

use super::handle::Handle;
use super::methods;
use super::params::Params;
use super::updates::{Pending, Webhook};

/// A bot that takes longer has failed (`WebhookActor.cpp` of the Bot API server).
const ANSWER_WITHIN: Duration = Duration::from_secs(60);

/// The longest wait a bot may ask for with `Retry-After`, in seconds.
const RETRY_AFTER_MAX: u64 = 3600;

/// The largest answer that is read, in bytes: a call may carry a file.
const ANSWER_BYTES_MAX: usize = 51 << 20;

const SECRET_HEADER: &str = "X-Telegram-Bot-Api-Secret-Token";

/// Delivers for ever. Runs on the server's thread, one for each emulator.
pub async fn deliver(handle: Handle) {
    let client = match client() {
        Ok(client) => client,
        Err(error) => {
            tracing::error!(%error, "webhooks cannot be delivered");
            return;
        }
    };
    let mut changes = handle.shared().changes();
    loop {
        changes.borrow_and_update();
        while let Some((webhook, pending)) = next(&handle) {
            actix_rt::spawn(attempt(handle.clone(), client.clone(), webhook, pending));
        }
        let due = handle
            .shared()
            .read(|state| state.updates.next_due(state.clock.now()));
        let changed = match due {
            None => changes.changed().await,
            Some(due) => match tokio::time::timeout(due, changes.changed()).await {
                Ok(changed) => changed,
                // Time alone made something due.
                Err(_) => Ok(()),
            },
        };
        if changed.is_err() {
            return;
        }
    }
}

fn client() -> anyhow::Result<reqwest::Client> {
    // An error says that the process has a provider already, which serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .timeout(ANSWER_WITHIN)
        .build()
        .context("the client cannot be built")
}

fn next(handle: &Handle) -> Option<(Webhook, Pending)> {
    handle.shared().update_quietly(|state| {
        let now = state.clock.now();
        let pending = state.updates.next_delivery(now)?;
        Some((state.updates.webhook.clone()?, pending))
    })
}

/// Why a delivery failed, and how long the bot asked to wait.
struct Failure {
    reason: String,
    wait: Option<Duration>,
}

async fn attempt(handle: Handle, client: reqwest::Client, webhook: Webhook, pending: Pending) {
    let outcome = post(&client, &webhook, &pending).await;
    let (content_type, body) = match outcome {
        Ok(answer) => answer,
        Err(failure) => {
            handle.shared().update(|state| {
                let now = state.clock.now();
                state.updates.failed(pending.ticket, failure.wait, now);
                state.updates.last_error = Some((state.clock.unix_secs(), failure.reason));
            });
            return;
        }
    };
    handle
        .shared()
        .update(|state| state.updates.delivered(pending.ticket));
    obey(&handle, content_type.as_deref(), body).await;
}

/// Posts one update; the answer of a success, for what it may order.
async fn post(
    client: &reqwest::Client,
    webhook: &Webhook,
    pending: &Pending,
) -> Result<(Option<String>, Bytes), Failure> {
    let unreachable = |error: reqwest::Error| {
        let reason = if error.is_timeout() {
            "Read timeout expired"
        } else {
            "Connection failed"
        };
        Failure {
            reason: reason.to_owned(),
            wait: None,
        }
    };
    let mut request = client
        .post(&webhook.url)
        .header(CONTENT_TYPE, "application/json")
        .body(pending.update.json.clone());
    if let Some(secret) = &webhook.secret {
        request = request.header(SECRET_HEADER, secret);
    }
    let mut response = request.send().await.map_err(unreachable)?;
    let header = |name| {
        let value = response
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok());
        value.map(str::to_owned)
    };
    let status = response.status();
    if !status.is_success() {
        let wait = header(RETRY_AFTER).and_then(|value| value.parse().ok());
        let wait = wait.map(|seconds: u64| Duration::from_secs(seconds.min(RETRY_AFTER_MAX)));
        let reason = format!("Wrong response from the webhook: {status}");
        return Err(Failure { reason, wait });
    }
    let content_type = header(CONTENT_TYPE);
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
        body.extend_from_slice(&chunk);
        if body.len() > ANSWER_BYTES_MAX {
            let reason = "Wrong response from the webhook: too large".to_owned();
            return Err(Failure { reason, wait: None });
        }
    }
    Ok((content_type, body.freeze()))
}

/// Executes the call an answer may order.
async fn obey(handle: &Handle, content_type: Option<&str>, body: Bytes) {
    let Ok(mut params) = Params::read(content_type, "", body).await else {
        return;
    };
    let Some(method) = params.text("method") else {
        return;
    };
    params.take("method");
    let lower = method.to_lowercase();
    if methods::may_be_an_answer(&lower) {
        let number = handle.begin_call(&method, Some(&params));
        let outcome = handle.call(&lower, &params);
        handle.end_call(number, (&outcome).into());
    }
}
