//! Callbacks: one for every change of a task, signed when the account has a secret.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::{Handle, newer, older};
use crate::kling::task::{Generation, Task};
use crate::standard_webhooks::Signing;

/// How often the emulator looks for changes.
const TICK: Duration = Duration::from_millis(100);

/// Attempts of one callback; how often the real one repeats is not known (contract).
const ATTEMPTS_MAX: u32 = 3;

/// Sends the callbacks of every task that asked for them, for as long as it runs.
pub(crate) async fn deliver(handle: Handle, base: String) {
    let client = reqwest::Client::new();
    // How many changes of a task were told.
    let mut told: BTreeMap<String, usize> = BTreeMap::new();
    loop {
        for task in due(&handle, &mut told) {
            let client = client.clone();
            let secret = handle.account().webhook_secret;
            let base = base.clone();
            actix_rt::spawn(async move { send(&client, &task, &base, secret).await });
        }
        tokio::time::sleep(TICK).await;
    }
}

/// Tasks that changed since they were last told of, as they stand now.
fn due(handle: &Handle, told: &mut BTreeMap<String, usize>) -> Vec<Task> {
    let state = handle.state();
    let now = state.clock.now();
    let asking = state.tasks.iter().filter(|task| task.callback.is_some());
    let changed = asking.filter_map(|task| {
        let changes = task.changes().iter().filter(|at| **at <= now).count();
        let known = told.entry(task.id.clone()).or_default();
        let is_new = changes > *known;
        *known = changes;
        is_new.then(|| task.at(now))
    });
    changed.collect()
}

async fn send(client: &reqwest::Client, task: &Task, base: &str, secret: Option<String>) {
    let Some(address) = &task.callback else {
        return;
    };
    let body: Value = match task.generation {
        Generation::Newer => newer::shown(task, base),
        Generation::Older => older::shown(task, base),
    };
    let body = body.to_string();
    for attempt in 0..ATTEMPTS_MAX {
        let mut request = client
            .post(address)
            .header("content-type", "application/json")
            .body(body.clone());
        if let Some(secret) = &secret {
            let signing = Signing {
                secrets: vec![secret.clone()],
                skew_secs: 0,
            };
            let id = format!("{}-{}", task.id, task.status.word());
            let Ok(signed) = signing.sign(&id, body.as_bytes()) else {
                tracing::warn!("the secret of kling's callbacks cannot be used");
                return;
            };
            request = request
                .header("webhook-id", signed.id)
                .header("webhook-timestamp", signed.timestamp.to_string())
                .header("webhook-signature", signed.signature);
        }
        match request.send().await {
            Ok(answer) if answer.status().is_success() => return,
            Ok(_) | Err(_) => tokio::time::sleep(TICK * (attempt + 1)).await,
        }
    }
}
