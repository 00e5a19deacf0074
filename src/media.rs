//! Tells pictures and clips from other bytes, for everybody who takes bytes from outside.

use bytes::Bytes;
use rei_actors::ports::assets::{Media, MediaCheck, NotMedia};

use crate::{clips, pictures};

/// Reads headers only; see [`pictures`] and [`clips`] for what that promises.
#[derive(Clone, Copy, Debug, Default)]
pub struct Headers;

impl MediaCheck for Headers {
    fn picture(&self, bytes: Bytes) -> Result<Media, NotMedia> {
        pictures::check(bytes)
    }

    fn clip(&self, bytes: Bytes) -> Result<Media, NotMedia> {
        clips::check(bytes)
    }
}
