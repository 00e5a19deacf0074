//! Small MP4 files that play, drawn and encoded on the spot, and a look into other people's.
//!
//! Promised: any even size, frame rate and length; H.264 (constrained baseline) of flat blocks,
//! with a silent AAC track when asked for; the same bytes for the same [`Clip`]. [`probe`] says
//! size, length and frame rate of an MP4 or MOV by its boxes, and does not decode.
//!
//! Deliberately absent: pictures finer than 16 pixels, sound one could hear, and fragmented MP4.

mod boxes;
mod codec;
mod mux;
mod probe;
mod scene;
#[cfg(test)]
mod tests;

pub use boxes::grown;
pub use probe::{NotAVideo, Probed, probe};

use std::time::Duration;

/// The side of the blocks a frame is made of, in pixels.
const BLOCK: u32 = 16;

/// What a clip shows and how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clip {
    /// In pixels, even; an odd number is rounded up.
    pub width: u32,
    /// In pixels, even; an odd number is rounded up.
    pub height: u32,
    /// Frames a second.
    pub fps: u32,
    /// Rounded to whole frames, at least one.
    pub length: Duration,
    pub sound: Sound,
    /// Chooses the colours when there is no picture.
    pub seed: u64,
    /// A PNG or JPEG the clip begins from; what cannot be opened counts as none.
    pub picture: Option<bytes::Bytes>,
}

/// Whether a clip has a track of sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sound {
    None,
    Silence,
}

impl Clip {
    /// A silent clip of 24 frames a second.
    pub fn new(width: u32, height: u32, length: Duration) -> Clip {
        Clip {
            width,
            height,
            fps: 24,
            length,
            sound: Sound::None,
            seed: 0,
            picture: None,
        }
    }

    /// The number of frames.
    fn frames(&self) -> u32 {
        let millis = u64::try_from(self.length.as_millis()).unwrap_or(u64::MAX);
        let frames = millis.saturating_mul(u64::from(self.fps)).div_ceil(1000);
        u32::try_from(frames).unwrap_or(u32::MAX).max(1)
    }

    /// The MP4 file. Takes milliseconds for a second of video, and more for 4K.
    pub fn render(&self) -> Vec<u8> {
        let even = |side: u32| side.next_multiple_of(2).max(2);
        let (width, height) = (even(self.width), even(self.height));
        let format = codec::Format {
            width,
            height,
            fps: self.fps.max(1),
        };
        let scene = scene::Scene::new(&format, self.seed, self.picture.as_deref());
        let frames = self.frames();
        let mut encoder = codec::Encoder::new(format);
        let pictures = (0..frames)
            .map(|frame| encoder.encode(|x, y| scene.at(x, y, frame, frames)))
            .collect();
        mux::file(&format, pictures, self.sound)
    }
}
