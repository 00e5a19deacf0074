//! Paints the pictures: what the words name, in the light they name, or what they make of photos.
//!
//! The same prompt, inputs and seed give the same bytes. It draws at the size of `1K` with loops over
//! rows, which are quick in a debug build, and enlarges by a whole factor, so that a 4K picture costs
//! its encoding and little else. It understands nothing: the prompt is searched for the words of a
//! small vocabulary, Russian and English.

mod canvas;
mod dice;
mod edit;
mod encode;
mod figures;
mod palette;
mod scene;
#[cfg(test)]
mod tests;

pub use dice::seed_of;
pub use encode::oversized;

use super::models::{Ratio, Size};
use super::request::Input;
use canvas::Canvas;
use dice::Dice;
use image::{ImageFormat, ImageResult};

/// An encoded picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// `image/png`, `image/jpeg` or `image/webp`.
    pub mime: &'static str,
    /// The encoded bytes.
    pub bytes: Vec<u8>,
}

/// A picture still in memory, and how often it fits into each side of what was asked for.
pub struct Sketch {
    canvas: Canvas,
    times: u32,
}

impl Sketch {
    /// A picture from words alone.
    pub fn imagine(prompt: &str, seed: u64, ratio: Ratio, size: Size) -> Sketch {
        let mut sketch = Sketch::blank(ratio, size);
        scene::paint(
            &mut sketch.canvas,
            &prompt.to_lowercase(),
            &mut Dice::new(seed),
        );
        sketch
    }

    /// A picture from the input pictures, side by side, and words.
    pub fn edit(prompt: &str, seed: u64, ratio: Ratio, size: Size, inputs: &[Input]) -> Sketch {
        let mut sketch = Sketch::blank(ratio, size);
        edit::paint(
            &mut sketch.canvas,
            inputs,
            &prompt.to_lowercase(),
            &mut Dice::new(seed),
        );
        sketch
    }

    fn blank(ratio: Ratio, size: Size) -> Sketch {
        let (width, height, times) = match size {
            Size::Half => (ratio.width / 2, ratio.height / 2, 1),
            Size::One => (ratio.width, ratio.height, 1),
            Size::Two => (ratio.width, ratio.height, 2),
            Size::Four => (ratio.width, ratio.height, 4),
        };
        Sketch {
            canvas: Canvas::new(width, height),
            times,
        }
    }

    /// A thumbnail, which is what a thought looks like.
    pub fn draft(&self) -> ImageResult<Picture> {
        encode::png(&self.canvas.thumbnail())
    }

    /// The finished picture.
    pub fn encode(self, format: ImageFormat) -> ImageResult<Picture> {
        let whole = self.canvas.enlarged(self.times);
        match format {
            ImageFormat::Jpeg => encode::jpeg(&whole),
            ImageFormat::WebP => encode::webp(&whole),
            _ => encode::png(&whole),
        }
    }
}
