//! A look into what a user sent, before anything is sold that is made from it.
//!
//! Promises that a request is only opened from files that were fetched once and are what they
//! are taken for, with the kind, size and length that they have and not those that were told.
//! A photo is Telegram's own work, so what Telegram tells of it holds and it is not fetched.
//! The run of the job fetches and checks again: a file may be gone by then.

use std::time::Duration;

use futures_util::future::try_join_all;
use rei_domain::conversation::{Reply, Unsupported};
use rei_domain::spec::{INPUT_BYTES_MAX, Input, Media, Source};

use super::conversation::Talk;
use crate::patience::{MayPass, Patience, patiently};
use crate::ports::assets::NotMedia;
use crate::ports::messenger::FetchError;

/// How long Telegram is waited for before its user is asked to try again.
const PATIENCE: Patience = Patience {
    tries: 3,
    base: Duration::from_millis(250),
    max: Duration::from_secs(1),
};

/// The inputs with their own facts, or what to tell the user.
pub(super) async fn look_into(talk: &Talk<'_>, inputs: Vec<Input>) -> Result<Vec<Input>, Reply> {
    try_join_all(inputs.into_iter().map(|input| look_into_one(talk, input))).await
}

async fn look_into_one(talk: &Talk<'_>, input: Input) -> Result<Input, Reply> {
    let Source::Telegram { file_id, .. } = &input.source else {
        return Ok(input);
    };
    let bytes_max = match input.media {
        Media::Picture(Some(_)) => return Ok(input),
        Media::Picture(None) => INPUT_BYTES_MAX,
        Media::Clip(_) => talk.settings.video_inputs_bytes_max,
    };
    let fetch = || talk.ports.messenger.fetch(file_id, bytes_max);
    let bytes = patiently(PATIENCE, fetch).await.map_err(|error| {
        tracing::info!(%error, "a file cannot be looked into");
        match error {
            FetchError::Retryable => Reply::TryLater,
            FetchError::Unavailable => Reply::Unsupported(Unsupported::Gone),
        }
    })?;
    let checked = match input.media {
        Media::Picture(_) => talk.ports.media.picture(bytes),
        Media::Clip(_) => talk.ports.media.clip(bytes),
    };
    let media = checked.map_err(|fault| {
        tracing::info!(%fault, "a file is refused");
        Reply::Unsupported(match fault {
            NotMedia::NoPicture | NotMedia::NoClip | NotMedia::BrokenHeader => Unsupported::File,
            NotMedia::TooManyPixels => Unsupported::TooManyPixels,
        })
    })?;
    Ok(Input {
        source: Source::Telegram {
            file_id: file_id.clone(),
            bytes: Some(media.bytes.len() as u64),
        },
        media: media.as_input(),
    })
}

impl MayPass for FetchError {
    fn may_pass(&self) -> bool {
        match self {
            FetchError::Retryable => true,
            FetchError::Unavailable => false,
        }
    }
}
