//! Long polling: updates without an address of our own.
//!
//! Promises: an update is confirmed to Telegram only after it was stored durably, so a crash
//! anywhere brings it again, under the same `update_id`. One call of [`Poller::next_batch`] is
//! one poll; it never sleeps and never loops. When it has to wait it says for how long, and
//! whoever drives it stays able to answer, to stop and to be watched meanwhile.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rei_actors::ports::StoreError;
use rei_actors::ports::clock::Clock;
use rei_actors::ports::inbox::RawUpdate;
use serde::Serialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;
use teloxide_core::payloads::DeleteWebhook;
use teloxide_core::types::AllowedUpdate;

use super::call::{BotApi, CallError, Refusal};
use super::{ALLOWED_UPDATES, chat_of};

/// How long Telegram holds a poll without updates; it allows up to 50 s.
const HOLD: Duration = Duration::from_secs(25);

/// Updates in one poll (Bot API, `getUpdates`).
const BATCH_MAX: u8 = 100;

/// The wait after the first failure in a row; it doubles with each further one.
const BACK_OFF_MIN: Duration = Duration::from_secs(1);

/// The longest wait of our own: another poller that went away is noticed within 15 s.
const BACK_OFF_MAX: Duration = Duration::from_secs(15);

/// What a poll came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Polled {
    /// This many updates were stored; poll again at once.
    Stored { updates: usize },
    /// Nothing was taken; poll again after this time.
    Later { after: Duration, trouble: Trouble },
}

/// Why a poll took nothing. The poller has logged it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// Telegram cannot be reached, or does not answer sensibly.
    Unreachable,
    /// Telegram asked us to slow down.
    Flooded,
    /// A webhook was set up. It was removed, which happens once; a webhook that comes back
    /// belongs to another process, and is left alone.
    Webhook,
    /// Another process polls with the same token. It may be our own that is still stopping.
    OtherPoller,
    /// What came is not what the Bot API sends.
    Garbled,
    /// Updates came and could not be stored; they will come again.
    Store,
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Trouble::Unreachable => "telegram does not answer",
            Trouble::Flooded => "telegram asks to slow down",
            Trouble::Webhook => "a webhook is set for this bot",
            Trouble::OtherPoller => "another process polls with the same token",
            Trouble::Garbled => "the updates cannot be read",
            Trouble::Store => "the updates could not be stored",
        })
    }
}

/// Why polling ends for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PollStop {
    /// The token was revoked or is wrong, or the address is of no Bot API.
    #[error("telegram does not know this bot: check BOT_TOKEN and TELEGRAM_API_URL")]
    UnknownBot,
}

/// Polls for updates. One per bot: Telegram allows no second one.
pub struct Poller {
    api: BotApi,
    clock: Arc<dyn Clock>,
    /// Confirms everything below it. `None` until a first update came, and again when all are
    /// known to be confirmed.
    offset: Option<i64>,
    failures_in_row: u32,
    webhook: Webhook,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Webhook {
    NotSeen,
    Removed,
}

#[derive(Serialize)]
struct GetUpdates {
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<i64>,
    limit: u8,
    timeout: u64,
    allowed_updates: [AllowedUpdate; ALLOWED_UPDATES.len()],
}

impl Poller {
    /// A poller that knows nothing yet: Telegram begins with the oldest unconfirmed update.
    pub fn new(api: BotApi, clock: Arc<dyn Clock>) -> Self {
        Poller {
            api,
            clock,
            offset: None,
            failures_in_row: 0,
            webhook: Webhook::NotSeen,
        }
    }

    /// Polls once and hands what came to `store`, which must return only when it is durable.
    /// Dropping the future gives the poll up; what was not stored comes again.
    pub async fn next_batch(
        &mut self,
        store: impl AsyncFnOnce(Vec<RawUpdate>) -> Result<(), StoreError>,
    ) -> Result<Polled, PollStop> {
        let arguments = GetUpdates {
            offset: self.offset,
            limit: BATCH_MAX,
            timeout: HOLD.as_secs(),
            allowed_updates: ALLOWED_UPDATES,
        };
        let polled = self.api.poll("GetUpdates", &arguments, HOLD).await;
        match polled {
            Ok(updates) => Ok(self.take(updates, store).await),
            Err(error) => self.on_error(error).await,
        }
    }

    async fn take(
        &mut self,
        bodies: Vec<Box<RawValue>>,
        store: impl AsyncFnOnce(Vec<RawUpdate>) -> Result<(), StoreError>,
    ) -> Polled {
        if bodies.is_empty() {
            // The empty answer confirmed everything. After a week without updates Telegram
            // begins to number anew (Bot API, `Update`), and an old offset could hide the new
            // numbers; without one it begins with whatever is there.
            self.offset = None;
            self.failures_in_row = 0;
            return Polled::Stored { updates: 0 };
        }
        let received_at = self.clock.now();
        let updates: Vec<RawUpdate> = bodies
            .iter()
            .filter_map(|body| {
                let (update_id, chat) = chat_of(body.get().as_bytes())?;
                Some(RawUpdate {
                    update_id,
                    chat,
                    body: body.get().to_owned(),
                    received_at,
                })
            })
            .collect();
        let Some(last) = updates.iter().map(|update| update.update_id).max() else {
            return self.later(Trouble::Garbled, None, "no update has an id");
        };
        let count = updates.len();
        if count < bodies.len() {
            let lost = bodies.len() - count;
            tracing::error!(
                lost,
                "telegram sent updates without an id, they are skipped"
            );
        }
        if let Err(error) = store(updates).await {
            return self.later(Trouble::Store, None, &error.to_string());
        }
        self.offset = Some(last.saturating_add(1));
        self.failures_in_row = 0;
        Polled::Stored { updates: count }
    }

    async fn on_error(&mut self, error: CallError) -> Result<Polled, PollStop> {
        let refusal = match error {
            CallError::NotSent => {
                return Ok(self.later(Trouble::Unreachable, None, "no connection"));
            }
            CallError::Lost => {
                return Ok(self.later(Trouble::Unreachable, None, "no readable answer"));
            }
            CallError::Gateway { status } => {
                let cause = format!("HTTP {status}, not from the Bot API");
                return Ok(self.later(Trouble::Unreachable, None, &cause));
            }
            CallError::Refused(refusal) => refusal,
        };
        let Refusal {
            code,
            description,
            retry_after,
        } = refusal;
        let trouble = match code {
            401 | 404 => return Err(PollStop::UnknownBot),
            409 if description.contains("webhook is active") => return Ok(self.displace().await),
            409 => Trouble::OtherPoller,
            429 => Trouble::Flooded,
            _ => Trouble::Unreachable,
        };
        Ok(self.later(trouble, retry_after, &description))
    }

    /// Removes a webhook left over from another way of running; its waiting updates are kept.
    async fn displace(&mut self) -> Polled {
        if self.webhook == Webhook::Removed {
            return self.later(
                Trouble::Webhook,
                None,
                "it was set again by another process",
            );
        }
        match self.api.call::<IgnoredAny, _>(&DeleteWebhook::new()).await {
            Ok(_) => {
                self.webhook = Webhook::Removed;
                tracing::warn!("a webhook was set for this bot; it is removed, since we poll");
                Polled::Later {
                    after: Duration::ZERO,
                    trouble: Trouble::Webhook,
                }
            }
            Err(_) => self.later(Trouble::Webhook, None, "it could not be removed"),
        }
    }

    /// Waits as told or, untold, twice as long as the last time.
    fn later(&mut self, trouble: Trouble, told: Option<Duration>, cause: &str) -> Polled {
        let doubled = BACK_OFF_MIN.saturating_mul(1 << self.failures_in_row.min(10));
        self.failures_in_row = self.failures_in_row.saturating_add(1);
        let after = told.unwrap_or(doubled.min(BACK_OFF_MAX));
        tracing::warn!(%trouble, cause, after_secs = after.as_secs(), "polling waits");
        Polled::Later { after, trouble }
    }
}

#[cfg(test)]
mod tests;
