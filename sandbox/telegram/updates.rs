//! Updates on their way to the bot: asked for, or delivered to its webhook.
//!
//! Of each queue one update is in delivery at a time, and the next one goes only after a 2xx;
//! anything else is tried again, later each time.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::methods::Refusal;
use super::params::Params;
use super::state::WebhookSet;
use super::{Handle, Shared};

/// The longest a poll is held.
const HOLD_MAX: u64 = 50;
/// The wait after the first failed delivery, and the longest one.
const RETRY_BASE: Duration = Duration::from_millis(200);
const RETRY_MAX: Duration = Duration::from_secs(60);

/// `getUpdates`: confirms what lies below the offset, then waits for something to give.
pub(super) async fn poll(handle: &Handle, params: &Params) -> Result<Value, Refusal> {
    let limit = params.int("limit").unwrap_or(100).clamp(1, 100);
    let limit = usize::try_from(limit).unwrap_or(100);
    let hold = params.int("timeout").unwrap_or(0).clamp(0, 50);
    let hold = u64::try_from(hold).unwrap_or(0).min(HOLD_MAX);
    let generation = handle.change(|state| {
        if !state.webhook.url.is_empty() {
            return Err(Refusal::new(
                409,
                "Conflict: can't use getUpdates method while webhook is active; use \
                 deleteWebhook to delete the webhook first",
            ));
        }
        if let Some(allowed) = params.object("allowed_updates") {
            let names = allowed.as_array().cloned().unwrap_or_default();
            let names = names.iter().filter_map(Value::as_str);
            state.allowed = names.map(str::to_owned).collect();
        }
        if let Some(offset) = params.int("offset") {
            state.waiting.retain(|update| update.id >= offset);
        }
        state.poll_generation += 1;
        Ok(state.poll_generation)
    })?;
    let deadline = Instant::now() + Duration::from_secs(hold);
    let mut changes = handle.changes();
    loop {
        {
            let state = handle.state();
            if state.poll_generation != generation {
                return Err(Refusal::new(
                    409,
                    "Conflict: terminated by other getUpdates request; make sure that only one \
                     bot instance is running",
                ));
            }
            if !state.waiting.is_empty() {
                let updates = state.waiting.iter().take(limit);
                return Ok(Value::from_iter(updates.map(|update| update.body.clone())));
            }
        }
        if tokio::time::timeout_at(deadline, changes.changed())
            .await
            .is_err()
        {
            return Ok(json!([]));
        }
    }
}

/// `setWebhook` and `deleteWebhook`. Loopback addresses may be plain http here.
pub(super) fn set_webhook(handle: &Handle, params: &Params) -> Result<Value, Refusal> {
    let url = params.text("url").unwrap_or_default();
    let secret = params.text("secret_token");
    if let Some(secret) = &secret {
        if secret.len() > 256 {
            return Err(Refusal::bad("secret token is too long"));
        }
        let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
        if !secret.bytes().all(plain) {
            return Err(Refusal::bad("secret token contains unallowed characters"));
        }
    }
    let known = url.is_empty() || url.starts_with("https://") || is_loopback(&url);
    if !known {
        return Err(Refusal::bad(
            "bad webhook: An HTTPS URL must be provided for webhook",
        ));
    }
    handle.change(|state| {
        if params.flag("drop_pending_updates") {
            state.waiting.clear();
        }
        if let Some(allowed) = params.object("allowed_updates") {
            let names = allowed.as_array().cloned().unwrap_or_default();
            let names = names.iter().filter_map(Value::as_str);
            state.allowed = names.map(str::to_owned).collect();
        }
        state.webhook = WebhookSet { url, secret };
    });
    Ok(json!(true))
}

fn is_loopback(url: &str) -> bool {
    ["http://127.", "http://localhost", "http://[::1]"]
        .iter()
        .any(|start| url.starts_with(start))
}

/// Delivers to the webhook for as long as the sandbox runs.
pub(super) async fn deliver_for_ever(handle: Handle) {
    let mut changes = handle.changes();
    loop {
        while let Some((update, webhook)) = next_delivery(&handle) {
            let handle = handle.clone();
            actix_web::rt::spawn(async move {
                deliver(&handle.0, &webhook, &update.body).await;
                handle.change(|state| {
                    state.in_delivery.retain(|queue| *queue != update.queue);
                });
            });
        }
        if changes.changed().await.is_err() {
            return;
        }
    }
}

fn next_delivery(handle: &Handle) -> Option<(super::state::Waiting, WebhookSet)> {
    let mut state = handle.state();
    if state.webhook.url.is_empty() {
        return None;
    }
    let busy = state.in_delivery.clone();
    let place = state
        .waiting
        .iter()
        .position(|update| !busy.contains(&update.queue))?;
    let update = state.waiting.remove(place)?;
    state.in_delivery.push(update.queue);
    Some((update, state.webhook.clone()))
}

/// Delivers one update until it is taken, or the webhook is another.
async fn deliver(shared: &Shared, webhook: &WebhookSet, body: &Value) {
    let mut wait = RETRY_BASE;
    loop {
        let mut request = shared.client.post(&webhook.url).json(body);
        if let Some(secret) = &webhook.secret {
            request = request.header("X-Telegram-Bot-Api-Secret-Token", secret);
        }
        match request.send().await {
            Ok(answer) if answer.status().is_success() => return,
            Ok(_) | Err(_) => tokio::time::sleep(wait).await,
        }
        wait = (wait * 2).min(RETRY_MAX);
        let state = shared.state.lock();
        let state = state.unwrap_or_else(std::sync::PoisonError::into_inner);
        if state.webhook.url != webhook.url {
            return;
        }
    }
}
