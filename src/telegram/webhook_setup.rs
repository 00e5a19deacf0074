//! Telling Telegram where to deliver updates, once at every start.
//!
//! Setting what is set already changes nothing (`contracts/telegram.md`, 2.1), so the start
//! does not ask first. Waiting updates are kept.

use rei_actors::ports::messenger::MessengerError;
use secrecy::{ExposeSecret, SecretString};
use serde::de::IgnoredAny;
use teloxide_core::payloads::SetWebhook;

use super::ALLOWED_UPDATES;
use super::call::{BotApi, Url};
use super::messenger::classify;

/// Where the webhook is served, below the public address.
pub const WEBHOOK_PATH: &str = "/webhook/telegram";

/// Connections that Telegram may open (Bot API, `setWebhook`).
const CONNECTIONS_MAX: u8 = 100;

/// The longest secret token (Bot API, `setWebhook`).
const SECRET_CHARS_MAX: usize = 256;

/// Where and how updates are delivered.
#[derive(Clone, Debug)]
pub struct WebhookSetup {
    url: Url,
    secret: SecretString,
    connections_max: u8,
}

/// Why a webhook cannot be set up. The texts name the setting, never a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebhookSetupError {
    #[error("PUBLIC_URL is not an http or https address")]
    PublicUrl,
    #[error("TELEGRAM_WEBHOOK_SECRET is not 1 to 256 characters of A-Z, a-z, 0-9, _ and -")]
    Secret,
    #[error("the webhook's connections are not 1 to 100")]
    Connections,
}

impl WebhookSetup {
    /// Checks the settings; calls nothing. Whether the address is one that Telegram delivers
    /// to (https on a few ports) is Telegram's to say: a sandbox takes more.
    pub fn try_new(
        public_url: &str,
        secret: SecretString,
        connections_max: u8,
    ) -> Result<WebhookSetup, WebhookSetupError> {
        let address = format!("{}{WEBHOOK_PATH}", public_url.trim_end_matches('/'));
        let url = Url::parse(&address).map_err(|_| WebhookSetupError::PublicUrl)?;
        let decorated = url.query().is_some() || url.fragment().is_some();
        if !matches!(url.scheme(), "http" | "https") || decorated {
            return Err(WebhookSetupError::PublicUrl);
        }
        if !is_secret(secret.expose_secret()) {
            return Err(WebhookSetupError::Secret);
        }
        if !(1..=CONNECTIONS_MAX).contains(&connections_max) {
            return Err(WebhookSetupError::Connections);
        }
        Ok(WebhookSetup {
            url,
            secret,
            connections_max,
        })
    }
}

/// Sets the webhook. After `Retryable` or `Ambiguous` it may be called again.
pub async fn set_webhook(api: &BotApi, setup: &WebhookSetup) -> Result<(), MessengerError> {
    let mut call = SetWebhook::new(setup.url.clone());
    call.secret_token = Some(setup.secret.expose_secret().to_owned());
    call.allowed_updates = Some(ALLOWED_UPDATES.to_vec());
    call.max_connections = Some(setup.connections_max);
    let set = api.call::<IgnoredAny, _>(&call).await;
    set.map(|_| ()).map_err(classify)
}

fn is_secret(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    (1..=SECRET_CHARS_MAX).contains(&text.len()) && text.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telegram::fake::{Reply, Telegram};
    use serde_json::json;

    fn setup(url: &str, secret: &str, connections: u8) -> Result<WebhookSetup, WebhookSetupError> {
        WebhookSetup::try_new(url, SecretString::from(secret), connections)
    }

    #[tokio::test]
    async fn telegram_is_told_where_to_deliver_and_what() {
        let telegram = Telegram::start([Reply::ok(json!(true))]).await;
        let setup = setup("https://bot.example/base/", "s-3_cret", 40).unwrap();
        set_webhook(&telegram.api(), &setup).await.unwrap();
        assert_eq!(
            telegram.taken(),
            [(
                "SetWebhook".to_owned(),
                json!({
                    "url": "https://bot.example/base/webhook/telegram",
                    "secret_token": "s-3_cret",
                    "allowed_updates": ["message", "callback_query", "my_chat_member", "pre_checkout_query"],
                    "max_connections": 40,
                })
            )]
        );
    }

    #[tokio::test]
    async fn a_refused_address_is_a_broken_setting() {
        let told = "Bad Request: bad webhook: An HTTPS URL must be provided for webhook";
        let telegram = Telegram::start([Reply::error(400, told)]).await;
        let setup = setup("http://bot.example", "secret", 40).unwrap();
        let refused = MessengerError::Refused("400 Bad Request: bad webhook".into());
        assert_eq!(set_webhook(&telegram.api(), &setup).await, Err(refused));
    }

    #[test]
    fn wrong_settings_are_named_before_anything_is_called() {
        let error = |url, secret, connections| setup(url, secret, connections).unwrap_err();
        let long = "x".repeat(257);
        assert_eq!(error("bot.example", "s", 1), WebhookSetupError::PublicUrl);
        assert_eq!(
            error("https://b.ex?q=1", "s", 1),
            WebhookSetupError::PublicUrl
        );
        assert_eq!(error("https://b.ex", "", 1), WebhookSetupError::Secret);
        assert_eq!(error("https://b.ex", "ы", 1), WebhookSetupError::Secret);
        assert_eq!(error("https://b.ex", &long, 1), WebhookSetupError::Secret);
        assert_eq!(
            error("https://b.ex", "s", 0),
            WebhookSetupError::Connections
        );
        assert_eq!(
            error("https://b.ex", "s", 101),
            WebhookSetupError::Connections
        );
    }

    #[test]
    fn a_setup_does_not_print_its_secret() {
        let setup = setup("https://b.ex", "canary", 1).unwrap();
        assert!(!format!("{setup:?}").contains("canary"));
    }
}
