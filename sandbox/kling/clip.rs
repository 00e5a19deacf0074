//! The clips that are handed out.

use std::time::Duration;

use crate::video::Clip;

/// A clip that plays, of so many seconds and of about this shape, width over height.
pub fn of(seconds: u32, shape: f64) -> Vec<u8> {
    let (width, height) = if shape > 1.2 {
        (1_280, 720)
    } else if shape < 0.85 {
        (720, 1_280)
    } else {
        (960, 960)
    };
    Clip::new(
        width,
        height,
        Duration::from_secs(u64::from(seconds.max(1))),
    )
    .render()
}
