//! `getUpdates`: waits for updates, and gives way to a newer poll or a webhook.
//!
//! It deliberately lets a bot ask again at once with the same offset, where Telegram slows it
//! down.

use std::time::Duration;

use tokio::time::Instant;

use super::error::ApiError;
use super::handle::Handle;
use super::methods;
use super::params::Params;
use super::state::State;

/// The longest wait, whatever the bot asks for (`Client.cpp` of the Bot API server).
const WAIT_MAX: Duration = Duration::from_secs(50);

/// Updates of one answer (Bot API, `getUpdates`).
const LIMIT: std::ops::RangeInclusive<i64> = 1..=100;

const WEBHOOK_IS_SET: &str = "can't use getUpdates method while webhook is active; use \
    deleteWebhook to delete the webhook first";

const ANOTHER_POLLS: &str = "terminated by other getUpdates request; make sure that only one bot \
    instance is running";

/// The updates from an offset on, each as its JSON; none when the time is over.
pub async fn get_updates(handle: &Handle, params: &Params) -> Result<Vec<String>, ApiError> {
    let wait = Duration::from_secs(u64::from(params.size("timeout"))).min(WAIT_MAX);
    let deadline = Instant::now() + wait;
    let limit = params
        .integer("limit")
        .filter(|limit| LIMIT.contains(limit));
    let limit = limit
        .and_then(|limit| usize::try_from(limit).ok())
        .unwrap_or(100);

    let mut changes = handle.shared().changes();
    let poll = handle.shared().update(|state| begin(state, params))?;
    loop {
        changes.borrow_and_update();
        let batch = handle.shared().update_quietly(|state| {
            still_first(state, poll)?;
            let now = state.clock.now();
            Ok(state.updates.batch(limit, now))
        })?;
        if !batch.is_empty() {
            return Ok(batch);
        }
        match tokio::time::timeout_at(deadline, changes.changed()).await {
            Ok(Ok(())) => {}
            // The time is over; a state that ends takes its server along.
            Err(_) | Ok(Err(_)) => return Ok(Vec::new()),
        }
    }
}

/// Takes over from an earlier poll, and confirms what the bot has.
fn begin(state: &mut State, params: &Params) -> Result<u64, ApiError> {
    if state.updates.webhook.is_some() {
        return Err(ApiError::conflict(WEBHOOK_IS_SET));
    }
    methods::set_allowed_updates(state, params)?;
    if let Some(offset) = params.integer("offset") {
        state.updates.confirm(offset);
    }
    state.updates.poll += 1;
    Ok(state.updates.poll)
}

/// Refuses when a webhook or a newer poll came in between.
fn still_first(state: &State, poll: u64) -> Result<(), ApiError> {
    if state.updates.webhook.is_some() {
        return Err(ApiError::conflict(WEBHOOK_IS_SET));
    }
    if state.updates.poll != poll {
        return Err(ApiError::conflict(ANOTHER_POLLS));
    }
    Ok(())
}
