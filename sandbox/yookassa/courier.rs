//! The courier: carries notifications that are due to the shop, many at a time.

use std::time::Duration;

use anyhow::Context;
use reqwest::header::CONTENT_TYPE;

use super::handle::Handle;
use super::notices::{Attempt, Parcel};
use super::signature::webhook_id;

/// Of an answer's body, which nobody reads, so much is taken in to keep the connection.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// The longest wait between two looks, should the machine's clock be changed.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// Delivers for ever. Runs on the server's thread, one for each emulator.
pub async fn deliver(handle: Handle) {
    let client = match client() {
        Ok(client) => client,
        Err(error) => {
            tracing::error!(%error, "notifications cannot be delivered");
            return;
        }
    };
    let mut changes = handle.shared().changes();
    loop {
        changes.borrow_and_update();
        while let Some(parcel) = handle.shared().next_parcel() {
            actix_rt::spawn(attempt(handle.clone(), client.clone(), parcel));
        }
        let wait = handle.shared().idle_for().unwrap_or(LOOK_EVERY);
        match tokio::time::timeout(wait.min(LOOK_EVERY), changes.changed()).await {
            // The sender lives in the handle, so no wait ends by an error; time made the rest due.
            Ok(_) | Err(_) => {}
        }
    }
}

fn client() -> anyhow::Result<reqwest::Client> {
    // An error says that the process has a provider already, which serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .build()
        .context("the client cannot be built")
}

async fn attempt(handle: Handle, client: reqwest::Client, parcel: Parcel) {
    let number = parcel.number;
    let attempt = match post(&client, parcel).await {
        Ok(status) => Attempt::Answered { status },
        Err(reason) => Attempt::Failed { reason },
    };
    handle.shared().update(|state| {
        let now = state.clock.now();
        state.post.attempted(number, attempt, now);
    });
}

/// The status of the shop's answer.
async fn post(client: &reqwest::Client, parcel: Parcel) -> Result<u16, String> {
    let mut request = client
        .post(&parcel.url)
        .timeout(parcel.answer_within)
        .header(CONTENT_TYPE, "application/json");
    for (name, value) in &parcel.headers {
        request = request.header(name, value);
    }
    if !parcel.signing.secrets.is_empty() {
        let id = webhook_id(&parcel.event, &parcel.object_id);
        let signed = parcel.signing.sign(&id, &parcel.body)?;
        request = request
            .header("webhook-id", signed.id)
            .header("webhook-timestamp", signed.timestamp)
            .header("webhook-signature", signed.signature);
    }
    let failed = |error: reqwest::Error| {
        if error.is_timeout() {
            "no answer in time".to_owned()
        } else if error.is_builder() {
            "the url or a header is wrong".to_owned()
        } else {
            "the connection failed".to_owned()
        }
    };
    let mut response = request.body(parcel.body).send().await.map_err(failed)?;
    let status = response.status().as_u16();
    let mut taken = 0;
    // The status is what counts: a body that breaks off changes nothing.
    while let Ok(Some(chunk)) = response.chunk().await {
        taken += chunk.len();
        if taken > ANSWER_BYTES_MAX {
            break;
        }
    }
    Ok(status)
}
