//! The clips that are handed out: real ones, made by `clips/make.sh`.

const WIDE: [&[u8]; 2] = [
    include_bytes!("clips/wide-5.mp4"),
    include_bytes!("clips/wide-10.mp4"),
];
const TALL: [&[u8]; 2] = [
    include_bytes!("clips/tall-5.mp4"),
    include_bytes!("clips/tall-10.mp4"),
];
const SQUARE: [&[u8]; 2] = [
    include_bytes!("clips/square-5.mp4"),
    include_bytes!("clips/square-10.mp4"),
];

/// The clip nearest to what was asked for: of 5 or 10 seconds, wide, tall or square.
pub fn of(seconds: u32, shape: f64) -> &'static [u8] {
    let clips = if shape > 1.2 {
        WIDE
    } else if shape < 0.85 {
        TALL
    } else {
        SQUARE
    };
    clips[usize::from(seconds > 7)]
}
