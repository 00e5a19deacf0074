//! What an MP4 says of itself: length and size.

use std::io::Cursor;

use mp4parse::{TrackType, read_mp4};

/// A clip's facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Clip {
    pub millis: u32,
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
}

impl Clip {
    /// Reads the boxes; `None` when the bytes are no clip.
    pub fn read(bytes: &[u8]) -> Option<Clip> {
        let context = read_mp4(&mut Cursor::new(bytes)).ok()?;
        let mut tracks = context.tracks.iter();
        let track = tracks.find(|track| track.track_type == TrackType::Video)?;
        let header = track.tkhd.as_ref()?;
        let (duration, scale) = (track.duration.as_ref()?.0, track.timescale.as_ref()?.0);
        let millis = duration.checked_mul(1_000)?.checked_div(scale)?;
        // 16.16 fixed point (ISO/IEC 14496-12, track header box).
        Some(Clip {
            millis: u32::try_from(millis).ok()?,
            width: header.width >> 16,
            height: header.height >> 16,
        })
    }

    /// Whole seconds, rounded as people would.
    pub fn seconds(&self) -> u32 {
        (self.millis + 500) / 1_000
    }
}
