//! Draws the pictures: something to look at, decided by the words and a seed, with honest pixels.
//!
//! A picture is sketched at half of its `1K` size and enlarged by a whole factor, so that a 4K picture
//! costs its encoding and little else. The same prompt, inputs and seed give the same bytes.

use super::models::{Ratio, Size};
use super::palette::{Colour, Palette, mix};
use super::request::Input;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{ExtendedColorType, ImageEncoder, ImageFormat, ImageResult, RgbImage};

/// An encoded picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// `image/png` or `image/jpeg`.
    pub mime: &'static str,
    /// The encoded bytes.
    pub bytes: Vec<u8>,
}

/// How strongly an edit tints its input.
const TINT: f32 = 0.45;

/// A picture still in memory, at half of its `1K` size.
pub struct Sketch {
    width: u32,
    height: u32,
    pixels: Vec<Colour>,
}

impl Sketch {
    /// A picture from words alone: a sky, a light, and hills.
    pub fn imagine(prompt: &str, seed: u64, ratio: Ratio) -> Sketch {
        let (width, height) = (ratio.width / 2, ratio.height / 2);
        let ramp = Palette::of(prompt, seed).ramp();
        let mut dice = Dice(seed);
        let mut pixels = Vec::with_capacity((width * height) as usize);
        let light = (dice.between(0.2, 0.8), dice.between(0.15, 0.5));
        let radius = dice.between(0.08, 0.16);
        let horizon = dice.between(0.55, 0.7);
        let hills: Vec<Vec<f32>> = (0..3)
            .map(|hill| ridge(&mut dice, width, horizon + 0.12 * hill as f32))
            .collect();
        let aspect = width as f32 / height as f32;
        for y in 0..height {
            let v = y as f32 / height as f32;
            let sky = 60.0 + 150.0 * (v / horizon).min(1.0);
            for x in 0..width {
                let hill = hills.iter().rposition(|hill| v > hill[x as usize]);
                let tone = match hill {
                    Some(hill) => 95.0 - 42.0 * hill as f32 + 30.0 * (v - hills[hill][x as usize]),
                    None => {
                        let dx = (x as f32 / width as f32 - light.0) * aspect;
                        let dy = v - light.1;
                        let away = (dx * dx + dy * dy) / (radius * radius);
                        if away < 1.0 { 255.0 } else { sky + 70.0 / away }
                    }
                };
                pixels.push(ramp[tone.clamp(0.0, 255.0) as usize]);
            }
        }
        Sketch {
            width,
            height,
            pixels,
        }
    }

    /// The input pictures side by side, tinted by the words and framed.
    pub fn edit(prompt: &str, seed: u64, ratio: Ratio, inputs: &[Input]) -> Sketch {
        let (width, height) = (ratio.width / 2, ratio.height / 2);
        let palette = Palette::of(prompt, seed);
        let ramp = palette.ramp();
        let columns = (inputs.len() as f64).sqrt().ceil() as u32;
        let rows = (inputs.len() as u32).div_ceil(columns);
        let tiles: Vec<Option<RgbImage>> = inputs.iter().map(opened).collect();
        let frame = width.min(height) / 24;
        let mut pixels = Vec::with_capacity((width * height) as usize);
        for y in 0..height {
            let row = y * rows / height;
            for x in 0..width {
                let edge = x.min(width - 1 - x).min(y).min(height - 1 - y);
                if edge < frame {
                    pixels.push(palette.0[if edge < frame / 3 { 0 } else { 3 }]);
                    continue;
                }
                let column = x * columns / width;
                let tile = tiles.get((row * columns + column) as usize);
                let Some(Some(tile)) = tile else {
                    pixels.push(palette.0[1]);
                    continue;
                };
                let across = (x * columns % width) as f32 / width as f32;
                let down = (y * rows % height) as f32 / height as f32;
                let cell = (width as f32 / columns as f32) / (height as f32 / rows as f32);
                let old = covering(tile, cell, across, down);
                let grey = (u32::from(old[0]) * 3 + u32::from(old[1]) * 6 + u32::from(old[2])) / 10;
                pixels.push(mix(old, ramp[grey as usize], TINT));
            }
        }
        Sketch {
            width,
            height,
            pixels,
        }
    }

    /// A quarter of the sketch's sides, which is what a thought looks like.
    pub fn draft(&self) -> ImageResult<Picture> {
        let mut raw = Vec::new();
        for row in self.pixels.chunks(self.width as usize).step_by(4) {
            for colour in row.iter().step_by(4) {
                raw.extend_from_slice(colour);
            }
        }
        png(&raw, self.width.div_ceil(4), self.height.div_ceil(4))
    }

    /// The finished picture of this size.
    pub fn encode(&self, size: Size, format: ImageFormat) -> ImageResult<Picture> {
        let scale = size.scale();
        let (width, height) = (self.width * scale, self.height * scale);
        let mut raw = Vec::with_capacity(width as usize * height as usize * 3);
        let mut line = Vec::with_capacity(width as usize * 3);
        for row in self.pixels.chunks(self.width as usize) {
            line.clear();
            for colour in row {
                for _ in 0..scale {
                    line.extend_from_slice(colour);
                }
            }
            for _ in 0..scale {
                raw.extend_from_slice(&line);
            }
        }
        match format {
            ImageFormat::Jpeg => jpeg(&raw, width, height),
            _ => png(&raw, width, height),
        }
    }
}

/// A PNG of one colour, wider than any real answer, to test that callers look at the header first.
pub fn oversized() -> ImageResult<Picture> {
    let (width, height) = (20_000, 16);
    png(
        &vec![128; width as usize * height as usize * 3],
        width,
        height,
    )
}

/// Filtering by the line above makes the repeated lines of an enlarged sketch nearly free.
fn png(raw: &[u8], width: u32, height: u32) -> ImageResult<Picture> {
    let mut bytes = Vec::new();
    PngEncoder::new_with_quality(&mut bytes, CompressionType::Fast, FilterType::Up).write_image(
        raw,
        width,
        height,
        ExtendedColorType::Rgb8,
    )?;
    Ok(Picture {
        mime: "image/png",
        bytes,
    })
}

fn jpeg(raw: &[u8], width: u32, height: u32) -> ImageResult<Picture> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, 88).write_image(
        raw,
        width,
        height,
        ExtendedColorType::Rgb8,
    )?;
    Ok(Picture {
        mime: "image/jpeg",
        bytes,
    })
}

fn opened(input: &Input) -> Option<RgbImage> {
    match input {
        Input::Opened(picture, _) => Some(picture.to_rgb8()),
        Input::Heic => None,
    }
}

/// The pixel of a tile that fills a cell of this aspect, cut at the sides where it does not fit.
fn covering(tile: &RgbImage, cell: f32, across: f32, down: f32) -> Colour {
    let own = tile.width() as f32 / tile.height() as f32;
    let (part_x, part_y) = if own > cell {
        (cell / own, 1.0)
    } else {
        (1.0, own / cell)
    };
    let place = |at: f32, part: f32, side: u32| {
        let at = (1.0 - part) / 2.0 + at * part;
        ((at * side as f32) as u32).min(side - 1)
    };
    tile.get_pixel(
        place(across, part_x, tile.width()),
        place(down, part_y, tile.height()),
    )
    .0
}

/// The height of a hill at every column, from 0 at the top to 1.
fn ridge(dice: &mut Dice, width: u32, base: f32) -> Vec<f32> {
    let waves: Vec<(f32, f32, f32)> = [(1.5, 0.07), (4.0, 0.03), (11.0, 0.01)]
        .into_iter()
        .map(|(pace, reach)| {
            let pace = pace * dice.between(0.7, 1.4);
            (pace, reach, dice.between(0.0, std::f32::consts::TAU))
        })
        .collect();
    (0..width)
        .map(|x| {
            let u = x as f32 / width as f32 * std::f32::consts::TAU;
            let lift: f32 = waves
                .iter()
                .map(|(pace, reach, phase)| reach * (u * pace + phase).sin())
                .sum();
            base + lift
        })
        .collect()
}

/// Repeatable chance: the splitmix64 generator.
struct Dice(u64);

impl Dice {
    fn between(&mut self, low: f32, high: f32) -> f32 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let unit = ((z ^ (z >> 31)) >> 40) as f32 / (1_u64 << 24) as f32;
        low + unit * (high - low)
    }
}

/// The seed of a prompt: the same for the same words and the same turn.
pub fn seed_of(prompt: &str, turn: u64) -> u64 {
    let mut hash: u64 = 0xCBF2_9CE4_8422_2325;
    for byte in prompt.bytes().chain(turn.to_le_bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
    }
    hash
}
