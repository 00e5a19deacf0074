//! The queue of updates: what waits for the bot, and in which order it may go out.
//!
//! The queue keys, life times and the back-off follow `WebhookActor.cpp` and `Client.cpp` of
//! `tdlib/telegram-bot-api`: one update of a queue is under way at a time, a failure repeats
//! at once and then after 2, 4, 8 … seconds, and an update that would come too late is gone.

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::Value;

/// Updates kept for redelivery; older ones are forgotten.
const HISTORY_MAX: usize = 10_000;

/// A message is delivered for a day.
const MESSAGE_LIFE: Duration = Duration::from_secs(24 * 60 * 60);

/// A question before a payment is delivered for as long as it can be answered.
const CHECKOUT_LIFE: Duration = Duration::from_secs(10);

/// A press is delivered for 150 seconds.
const CALLBACK_LIFE: Duration = Duration::from_secs(150);

/// The longest wait between two tries; Telegram takes a random 60 to 120 seconds.
const BACKOFF_MAX: Duration = Duration::from_secs(60);

/// The first update of a bot; Telegram's numbers begin anywhere.
const FIRST_ID: i64 = 10_000;

/// Kinds that are delivered only when they are asked for.
const UNASKED_LEFT_OUT: [&str; 3] = ["chat_member", "message_reaction", "message_reaction_count"];

/// Which updates wait for each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum QueueKey {
    Messages(i64),
    Callbacks(i64),
    Membership(i64),
    Checkouts(i64),
    Other,
}

impl QueueKey {
    fn of(kind: &str, body: &Value) -> QueueKey {
        let id = |path: &str| body.pointer(path).and_then(Value::as_i64);
        match kind {
            "message" | "edited_message" => {
                id("/chat/id").map_or(QueueKey::Other, QueueKey::Messages)
            }
            "callback_query" => id("/from/id").map_or(QueueKey::Other, QueueKey::Callbacks),
            "pre_checkout_query" => id("/from/id").map_or(QueueKey::Other, QueueKey::Checkouts),
            "my_chat_member" => id("/chat/id").map_or(QueueKey::Other, QueueKey::Membership),
            _ => QueueKey::Other,
        }
    }
}

/// An update as it goes out.
#[derive(Clone, Debug)]
pub struct Update {
    pub id: i64,
    pub key: QueueKey,
    /// The whole JSON; `update_id` stands first, as Telegram writes it.
    pub json: String,
    life: Duration,
}

/// An update on its way.
#[derive(Clone, Debug)]
pub struct Pending {
    /// Tells two deliveries of one update apart.
    pub ticket: u64,
    pub update: Update,
    /// Ordered by a test: goes out whatever the bot confirmed before.
    redelivery: bool,
    tries: u32,
    due: Duration,
    expires: Duration,
}

/// A webhook as the bot set it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    pub url: String,
    pub secret: Option<String>,
    pub max_connections: usize,
}

/// The queue.
#[derive(Debug, Default)]
pub struct Updates {
    pub webhook: Option<Webhook>,
    /// The last failed delivery: seconds since the Unix epoch and why.
    pub last_error: Option<(i64, String)>,
    /// Grows with every `getUpdates`, so that an older one knows it has to end.
    pub poll: u64,
    allowed: Vec<String>,
    pending: VecDeque<Pending>,
    under_way: Vec<(u64, QueueKey)>,
    history: VecDeque<Update>,
    counted: i64,
    tickets: u64,
}

impl Updates {
    /// Queues an update, unless the bot does not want its kind, and gives its id.
    pub fn push(&mut self, kind: &str, body: &Value, now: Duration) -> i64 {
        let id = self.next_id();
        if self.wants(kind) {
            let json = format!("{{\"update_id\":{id},\"{kind}\":{body}}}");
            self.queue(
                Update {
                    id,
                    key: QueueKey::of(kind, body),
                    json,
                    life: life(kind),
                },
                now,
            );
        }
        id
    }

    /// Queues any object as it is; without an `update_id` it gets the next one.
    pub fn push_raw(&mut self, mut raw: Value, now: Duration) -> i64 {
        let given = raw.get("update_id").and_then(Value::as_i64);
        let id = given.unwrap_or_else(|| self.next_id());
        if let (None, Some(fields)) = (given, raw.as_object_mut()) {
            fields.insert("update_id".to_owned(), id.into());
        }
        let kind = raw
            .as_object()
            .and_then(|fields| fields.iter().find(|(name, _)| *name != "update_id"));
        let (key, life) = match kind {
            Some((kind, body)) => (QueueKey::of(kind, body), life(kind)),
            None => (QueueKey::Other, MESSAGE_LIFE),
        };
        self.queue(
            Update {
                id,
                key,
                json: raw.to_string(),
                life,
            },
            now,
        );
        id
    }

    /// Sends an update once more, under its old id; `false` when it is not known.
    pub fn redeliver(&mut self, id: i64, now: Duration) -> bool {
        let Some(update) = self.history.iter().find(|update| update.id == id).cloned() else {
            return false;
        };
        self.enqueue(update, true, now);
        true
    }

    /// The ids of all updates that are kept, oldest first.
    pub fn ids(&self) -> Vec<i64> {
        self.history.iter().map(|update| update.id).collect()
    }

    fn next_id(&mut self) -> i64 {
        let id = FIRST_ID + self.counted;
        self.counted += 1;
        id
    }

    fn queue(&mut self, update: Update, now: Duration) {
        if self.history.len() == HISTORY_MAX {
            self.history.pop_front();
        }
        self.history.push_back(update.clone());
        self.enqueue(update, false, now);
    }

    fn enqueue(&mut self, update: Update, redelivery: bool, now: Duration) {
        self.tickets += 1;
        let expires = now + update.life;
        let ticket = self.tickets;
        self.pending.push_back(Pending {
            ticket,
            update,
            redelivery,
            tries: 0,
            due: now,
            expires,
        });
    }

    /// Which kinds the bot wants; empty is the default set.
    pub fn allow(&mut self, kinds: Vec<String>) {
        self.allowed = kinds;
    }

    /// What the bot asked for; empty is the default set.
    pub fn allowed(&self) -> &[String] {
        &self.allowed
    }

    fn wants(&self, kind: &str) -> bool {
        if self.allowed.is_empty() {
            return !UNASKED_LEFT_OUT.contains(&kind);
        }
        self.allowed.iter().any(|allowed| allowed == kind)
    }

    /// How many updates wait.
    pub fn waiting(&self) -> usize {
        self.pending.len()
    }

    /// Forgets what waits.
    pub fn drop_pending(&mut self) {
        self.pending.clear();
        self.under_way.clear();
    }

    /// The bot has everything below this id. A negative offset keeps the last so many.
    pub fn confirm(&mut self, offset: i64) {
        if offset < 0 {
            let keep = usize::try_from(offset.unsigned_abs()).unwrap_or(usize::MAX);
            let surplus = self.pending.len().saturating_sub(keep);
            self.pending.drain(..surplus);
            return;
        }
        self.pending
            .retain(|pending| pending.redelivery || pending.update.id >= offset);
    }

    /// What a poll gets. What a test ordered once more is thereby delivered.
    pub fn batch(&mut self, limit: usize, now: Duration) -> Vec<String> {
        self.pending.retain(|pending| pending.expires > now);
        let batch: Vec<Pending> = self.pending.iter().take(limit).cloned().collect();
        self.pending.retain(|pending| {
            let delivered = batch.iter().any(|sent| sent.ticket == pending.ticket);
            !(pending.redelivery && delivered)
        });
        batch
            .into_iter()
            .map(|pending| pending.update.json)
            .collect()
    }

    /// The next update a webhook may get now; it is under way until [`Updates::delivered`] or
    /// [`Updates::failed`].
    pub fn next_delivery(&mut self, now: Duration) -> Option<Pending> {
        let webhook = self.webhook.as_ref()?;
        if self.under_way.len() >= webhook.max_connections {
            return None;
        }
        self.pending.retain(|pending| {
            let flying = self
                .under_way
                .iter()
                .any(|(ticket, _)| *ticket == pending.ticket);
            flying || pending.expires > now
        });
        let mut blocked: Vec<QueueKey> = self.under_way.iter().map(|(_, key)| *key).collect();
        for pending in &self.pending {
            if blocked.contains(&pending.update.key) {
                continue;
            }
            if pending.due <= now {
                self.under_way.push((pending.ticket, pending.update.key));
                return Some(pending.clone());
            }
            // What stands behind it in its queue waits with it.
            blocked.push(pending.update.key);
        }
        None
    }

    /// How long until a webhook may get something by the passing of time alone.
    pub fn next_due(&self, now: Duration) -> Option<Duration> {
        self.webhook.as_ref()?;
        let resting = self.pending.iter().filter(|pending| {
            !self
                .under_way
                .iter()
                .any(|(ticket, _)| *ticket == pending.ticket)
        });
        let due = resting
            .map(|pending| pending.due)
            .filter(|due| *due > now)
            .min()?;
        Some(due - now)
    }

    /// The webhook answered 2xx.
    pub fn delivered(&mut self, ticket: u64) {
        self.under_way.retain(|(under_way, _)| *under_way != ticket);
        self.pending.retain(|pending| pending.ticket != ticket);
    }

    /// The webhook answered something else or not at all.
    pub fn failed(&mut self, ticket: u64, wait: Option<Duration>, now: Duration) {
        self.under_way.retain(|(under_way, _)| *under_way != ticket);
        let Some(pending) = self
            .pending
            .iter_mut()
            .find(|pending| pending.ticket == ticket)
        else {
            return;
        };
        pending.due = now + wait.unwrap_or_else(|| backoff(pending.tries));
        pending.tries += 1;
        if pending.due >= pending.expires {
            self.pending.retain(|pending| pending.ticket != ticket);
        }
    }
}

fn life(kind: &str) -> Duration {
    match kind {
        "callback_query" => CALLBACK_LIFE,
        "pre_checkout_query" => CHECKOUT_LIFE,
        _ => MESSAGE_LIFE,
    }
}

/// The wait after so many earlier failures: none, 2, 4, 8 … seconds.
fn backoff(failures: u32) -> Duration {
    if failures == 0 {
        return Duration::ZERO;
    }
    let secs = 2_u64.saturating_pow(failures);
    Duration::from_secs(secs).min(BACKOFF_MAX)
}

#[cfg(test)]
mod tests;
