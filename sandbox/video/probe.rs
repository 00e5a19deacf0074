//! What a video is, told by its boxes: kind, size, length, frame rate, sound.

use std::fmt;
use std::time::Duration;

use super::boxes::Boxes;

/// What the boxes of a video say.
#[derive(Clone, Debug, PartialEq)]
pub struct Probed {
    /// In pixels, as the track is shown.
    pub width: u32,
    /// In pixels, as the track is shown.
    pub height: u32,
    /// Of the picture's track.
    pub length: Duration,
    /// Frames a second on the average; zero when there are no frames.
    pub fps: f64,
    pub has_sound: bool,
}

/// Bytes that are no MP4 or MOV with a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAVideo;

impl fmt::Display for NotAVideo {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("no video that MP4 or MOV holds")
    }
}

impl std::error::Error for NotAVideo {}

/// Looks into a whole file.
pub fn probe(file: &[u8]) -> Result<Probed, NotAVideo> {
    Boxes::first(file, b"ftyp").ok_or(NotAVideo)?;
    let index = Boxes::first(file, b"moov").ok_or(NotAVideo)?;
    Boxes::first(index, b"mvhd").ok_or(NotAVideo)?;
    let mut picture = None;
    let mut has_sound = false;
    for (kind, track) in Boxes::of(index) {
        if kind != b"trak" {
            continue;
        }
        let media = Boxes::first(track, b"mdia").ok_or(NotAVideo)?;
        let handler = Boxes::first(media, b"hdlr").and_then(|it| it.get(8..12));
        match handler {
            Some(b"vide") if picture.is_none() => picture = Some(read(track, media)),
            Some(b"soun") => has_sound = true,
            Some(_) | None => {}
        }
    }
    let probed = picture.flatten().ok_or(NotAVideo)?;
    Ok(Probed {
        has_sound,
        ..probed
    })
}

fn read(track: &[u8], media: &[u8]) -> Option<Probed> {
    let head = Boxes::first(track, b"tkhd")?;
    // Width and height are the last two words, in 16.16.
    let sides = head.get(head.len().checked_sub(8)?..)?;
    let clock = Boxes::first(media, b"mdhd")?;
    let (rate, ticks) = match clock.first()? {
        1 => (word(clock, 20)?, long(clock, 24)?),
        _ => (word(clock, 12)?, u64::from(word(clock, 16)?)),
    };
    if rate == 0 {
        return None;
    }
    let seconds = ticks as f64 / f64::from(rate);
    let table = Boxes::first(Boxes::first(media, b"minf")?, b"stbl")?;
    let times = Boxes::first(table, b"stts")?;
    let frames: u64 = (0..usize::try_from(word(times, 4)?).ok()?)
        .map_while(|entry| word(times, 8 + 8 * entry).map(u64::from))
        .sum();
    let fps = if seconds > 0.0 {
        frames as f64 / seconds
    } else {
        0.0
    };
    Some(Probed {
        width: word(sides, 0)? >> 16,
        height: word(sides, 4)? >> 16,
        length: Duration::try_from_secs_f64(seconds).ok()?,
        fps,
        has_sound: false,
    })
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    let word = bytes.get(at..at + 4)?;
    Some(u32::from_be_bytes(word.try_into().ok()?))
}

fn long(bytes: &[u8], at: usize) -> Option<u64> {
    let long = bytes.get(at..at + 8)?;
    Some(u64::from_be_bytes(long.try_into().ok()?))
}
