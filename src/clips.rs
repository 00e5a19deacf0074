//! Tells MP4 and QuickTime clips from other bytes before anything else touches them.
//!
//! Promises that what passes has the boxes of such a file, a video track with a size within the
//! limits and a length above zero; and that finding this out reads boxes and decodes nothing.
//! Deliberately judges no codec: whoever plays the clip must expect one it does not know.

use std::io::Cursor;

use bytes::Bytes;
use mp4parse::{Track, TrackType, read_mp4};
use rei_actors::ports::assets::{Media, MediaKind, NotMedia};

/// The longest side in pixels; the providers take and make less.
pub const SIDE_PIXELS_MAX: u32 = 8_192;

/// The brand and the box at the beginning of every such file.
const FILE_TYPE: &[u8] = b"ftyp";

/// Reads a clip's length and size.
pub fn check(bytes: Bytes) -> Result<Media, NotMedia> {
    if bytes.get(4..8) != Some(FILE_TYPE) {
        return Err(NotMedia::NoClip);
    }
    let context = read_mp4(&mut Cursor::new(&bytes)).map_err(|_| NotMedia::BrokenHeader)?;
    let is_video = |track: &&Track| track.track_type == TrackType::Video;
    let track = context.tracks.iter().find(is_video);
    let track = track.ok_or(NotMedia::NoClip)?;
    let header = track.tkhd.as_ref().ok_or(NotMedia::BrokenHeader)?;
    // 16.16 fixed point (ISO/IEC 14496-12, track header box).
    let (width, height) = (header.width >> 16, header.height >> 16);
    let millis = millis_of(track).ok_or(NotMedia::BrokenHeader)?;
    if width == 0 || height == 0 || millis == 0 {
        return Err(NotMedia::BrokenHeader);
    }
    if width > SIDE_PIXELS_MAX || height > SIDE_PIXELS_MAX {
        return Err(NotMedia::TooManyPixels);
    }
    Ok(Media {
        bytes,
        kind: MediaKind::Mp4,
        width,
        height,
        millis,
    })
}

/// The length of a track by its own time scale, in milliseconds.
fn millis_of(track: &Track) -> Option<u32> {
    let duration = track.duration.as_ref()?.0;
    let scale = track.timescale.as_ref()?.0;
    let millis = duration.checked_mul(1_000)?.checked_div(scale)?;
    u32::try_from(millis).ok()
}
