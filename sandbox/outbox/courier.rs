//! The courier: carries callbacks that are due.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use reqwest::header::CONTENT_TYPE;

use super::{Outbox, Parcel};
use crate::stage::{Stage, Timed, Woken};

/// Of an answer's body, which nobody reads, so much is taken in to keep the connection.
const ANSWER_BYTES_MAX: usize = 64 * 1024;

/// The longest wait between two looks, should the machine's clock be changed.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// An emulator's state that sends callbacks.
pub trait Posting: Timed {
    fn outbox(&mut self) -> &mut Outbox;

    /// The headers that prove, or fail to prove, where a callback comes from; may change the
    /// body where the proof is to be one for another.
    fn proof(&self, parcel: &mut Parcel) -> Vec<(&'static str, String)>;
}

/// Delivers for ever. Runs on the server's thread, one for each emulator.
pub async fn deliver<S: Posting + 'static>(stage: Arc<Stage<S>>) {
    let client = match client() {
        Ok(client) => client,
        Err(error) => {
            tracing::error!(%error, "callbacks cannot be delivered");
            return;
        }
    };
    let mut changes = stage.changes();
    loop {
        changes.borrow_and_update();
        while let Some((parcel, proof)) = next(&stage) {
            actix_rt::spawn(attempt(Arc::clone(&stage), client.clone(), parcel, proof));
        }
        let wait = stage.idle_for().unwrap_or(LOOK_EVERY);
        match tokio::time::timeout(wait.min(LOOK_EVERY), changes.changed()).await {
            // The sender lives in the stage, so no wait ends by an error; time made the rest due.
            Ok(_) | Err(_) => {}
        }
    }
}

type Headers = Vec<(&'static str, String)>;

/// The next callback to deliver. Taking one wakes nobody: the courier asks until there is none.
fn next<S: Posting>(stage: &Stage<S>) -> Option<(Parcel, Headers)> {
    stage.take(|state| {
        let now = state.now();
        let parcel = state.outbox().next(now).map(|mut parcel| {
            let proof = state.proof(&mut parcel);
            (parcel, proof)
        });
        (parcel, Woken::Nobody)
    })
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

async fn attempt<S: Posting>(
    stage: Arc<Stage<S>>,
    client: reqwest::Client,
    parcel: Parcel,
    proof: Headers,
) {
    let number = parcel.number;
    let outcome = post(&client, parcel, proof).await;
    stage.update(|state| {
        let now = state.now();
        state.outbox().attempted(number, outcome, now);
    });
}

/// The status of the receiver's answer.
async fn post(client: &reqwest::Client, parcel: Parcel, proof: Headers) -> Result<u16, String> {
    let mut request = client
        .post(&parcel.url)
        .timeout(parcel.answer_within)
        .header(CONTENT_TYPE, "application/json");
    for (name, value) in &parcel.headers {
        request = request.header(name, value);
    }
    for (name, value) in proof {
        request = request.header(name, value);
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
