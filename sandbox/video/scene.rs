//! What a clip shows: a sky or the given picture, a sun that crosses it, and a bar for the time.

use super::codec::{Colour, Format};

/// The background, block by block, and where the sun goes.
pub struct Scene {
    columns: u32,
    rows: u32,
    background: Vec<Colour>,
    sun: Colour,
}

impl Scene {
    /// A scene of the picture, or of a sky in the seed's colours.
    pub fn new(format: &Format, seed: u64, picture: Option<&[u8]>) -> Scene {
        let (columns, rows) = (format.columns(), format.rows());
        let opened = picture.and_then(|bytes| image::load_from_memory(bytes).ok());
        let background = match opened {
            Some(picture) => {
                let small = picture.thumbnail_exact(columns, rows).to_rgb8();
                small.pixels().map(|pixel| colour(pixel.0)).collect()
            }
            None => sky(columns, rows, seed),
        };
        Scene {
            columns,
            rows,
            background,
            sun: colour([255, 220, 90]),
        }
    }

    /// What a block shows in a frame.
    pub fn at(&self, x: u32, y: u32, frame: u32, frames: u32) -> Colour {
        let (wide, high) = (i64::from(self.columns), i64::from(self.rows));
        let (x_at, y_at) = (i64::from(x), i64::from(y));
        let done = i64::from(frame + 1);
        let all = i64::from(frames);
        if y_at == high - 1 && x_at * all < wide * done {
            return colour([240, 240, 240]);
        }
        // The sun goes along a parabola from the left edge to the right.
        let sun_x = wide * done / all;
        let climb = 4 * done * (all - done);
        let sun_y = high * 3 / 4 - high / 2 * climb / (all * all);
        let radius = (wide.min(high) / 8).max(1);
        let (right, down) = (x_at - sun_x, y_at - sun_y);
        if right * right + down * down <= radius * radius {
            return self.sun;
        }
        self.background[(y * self.columns + x) as usize]
    }
}

fn sky(columns: u32, rows: u32, seed: u64) -> Vec<Colour> {
    let mixed = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let byte = |shift: u32| i64::from((mixed >> shift) as u8);
    let top = [byte(40) / 3, byte(48) / 3, 90 + byte(56) / 3];
    let bottom = [120 + byte(16) / 3, 90 + byte(24) / 3, 110 + byte(32) / 3];
    let mut sky = Vec::with_capacity((columns * rows) as usize);
    for y in 0..i64::from(rows) {
        let mix = |channel: usize| {
            let mixed = top[channel] + (bottom[channel] - top[channel]) * y / i64::from(rows);
            u8::try_from(mixed.clamp(0, 255)).unwrap_or(u8::MAX)
        };
        let line = colour([mix(0), mix(1), mix(2)]);
        sky.extend((0..columns).map(|_| line));
    }
    sky
}

/// RGB as limited-range BT.601, which players assume when nothing is said.
fn colour([red, green, blue]: [u8; 3]) -> Colour {
    let (red, green, blue) = (i32::from(red), i32::from(green), i32::from(blue));
    Colour {
        luma: 16 + (66 * red + 129 * green + 25 * blue + 128) / 256,
        blue: 128 + (-38 * red - 74 * green + 112 * blue + 128) / 256,
        red: 128 + (112 * red - 94 * green - 18 * blue + 128) / 256,
    }
}
