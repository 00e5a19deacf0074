//! Where updates go: `setWebhook`, `deleteWebhook`, `getWebhookInfo`.

use serde_json::json;

use super::Success;
use crate::telegram::error::ApiError;
use crate::telegram::params::Params;
use crate::telegram::state::State;
use crate::telegram::updates::Webhook;

/// Connections at once when the bot names no number (Bot API, `setWebhook`).
const CONNECTIONS_DEFAULT: usize = 40;

/// Connections at once (Bot API, `setWebhook`).
const CONNECTIONS_MAX: usize = 100;

/// Characters of the secret token (Bot API, `setWebhook`).
const SECRET_CHARS_MAX: usize = 256;

pub fn set_webhook(state: &mut State, params: &Params) -> Result<Success, ApiError> {
    let url = params.text("url").unwrap_or_default();
    if url.is_empty() {
        return delete_webhook(state, params);
    }
    // Telegram takes https alone; a sandbox delivers to the machine it runs on.
    if !url.starts_with("https://") && !url.starts_with("http://") {
        return Err(ApiError::bad_request(
            "bad webhook: An HTTPS URL must be provided for webhook",
        ));
    }
    let secret = params
        .text("secret_token")
        .filter(|secret| !secret.is_empty());
    check_secret(secret.as_deref().unwrap_or_default())?;
    let connections = params.integer("max_connections");
    let connections = connections.and_then(|number| usize::try_from(number).ok());
    let max_connections = connections
        .unwrap_or(CONNECTIONS_DEFAULT)
        .clamp(1, CONNECTIONS_MAX);
    set_allowed_updates(state, params)?;
    if params.flag("drop_pending_updates") {
        state.updates.drop_pending();
    }
    let webhook = Webhook {
        url,
        secret,
        max_connections,
    };
    let is_set = state.updates.webhook.as_ref() == Some(&webhook);
    state.updates.webhook = Some(webhook);
    state.updates.last_error = None;
    // A poll that waits has to end.
    state.updates.poll += 1;
    Ok(Success::described(if is_set {
        "Webhook is already set"
    } else {
        "Webhook was set"
    }))
}

fn check_secret(secret: &str) -> Result<(), ApiError> {
    if secret.len() > SECRET_CHARS_MAX {
        return Err(ApiError::bad_request("secret token is too long"));
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !secret.chars().all(allowed) {
        return Err(ApiError::bad_request(
            "secret token contains unallowed characters",
        ));
    }
    Ok(())
}

/// Takes over `allowed_updates`; left out, the earlier setting stays.
pub fn set_allowed_updates(state: &mut State, params: &Params) -> Result<(), ApiError> {
    let Some(kinds) = params.json("allowed_updates")? else {
        return Ok(());
    };
    let refused = |_| ApiError::bad_request("can't parse allowed updates");
    state
        .updates
        .allow(serde_json::from_value(kinds).map_err(refused)?);
    Ok(())
}

pub fn delete_webhook(state: &mut State, params: &Params) -> Result<Success, ApiError> {
    if params.flag("drop_pending_updates") {
        state.updates.drop_pending();
    }
    let was_set = state.updates.webhook.take().is_some();
    state.updates.last_error = None;
    Ok(Success::described(if was_set {
        "Webhook was deleted"
    } else {
        "Webhook is already deleted"
    }))
}

pub fn get_webhook_info(state: &mut State, _params: &Params) -> Result<Success, ApiError> {
    let updates = &state.updates;
    let mut info = json!({
        "url": updates.webhook.as_ref().map(|webhook| webhook.url.as_str()).unwrap_or_default(),
        "has_custom_certificate": false,
        "pending_update_count": updates.waiting(),
    });
    if let Some(webhook) = &updates.webhook {
        info["max_connections"] = json!(webhook.max_connections);
        info["ip_address"] = json!("127.0.0.1");
    }
    if let Some((date, message)) = &updates.last_error {
        info["last_error_date"] = json!(date);
        info["last_error_message"] = json!(message);
    }
    if !updates.allowed().is_empty() {
        info["allowed_updates"] = json!(updates.allowed());
    }
    Ok(Success::of(info))
}
