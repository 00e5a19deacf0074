//! The painter for other emulators that sell the same models.

use bytes::Bytes;
use image::ImageFormat;

use super::models::{self, Model, Ratio, SQUARE, Size};
use super::painter::{self, Picture, Sketch};
use super::request::Input;

/// A picture to be drawn.
#[derive(Clone, Debug)]
pub(crate) struct Drawing {
    prompt: String,
    seed: u64,
    ratio: Ratio,
    size: Size,
    inputs: Vec<Bytes>,
    format: ImageFormat,
}

impl Drawing {
    /// A drawing by one of Google's models. `ratio` is such as `16:9`, or none to follow the first
    /// input; `size` is `512`, `1K`, `2K` or `4K`. `None` when the model has no such ratio or size.
    pub(crate) fn try_new(
        model: &str,
        prompt: &str,
        turn: u64,
        ratio: Option<&str>,
        size: &str,
        inputs: Vec<Bytes>,
        format: ImageFormat,
    ) -> Option<Drawing> {
        let model = models::find(model)?;
        let ratio = match ratio {
            Some(word) => model.ratio(word)?,
            None => followed(model, &inputs),
        };
        Some(Drawing {
            prompt: prompt.to_owned(),
            seed: painter::seed_of(prompt, turn),
            ratio,
            size: model.size(size)?,
            inputs,
            format,
        })
    }

    /// Width and height in pixels.
    pub(crate) fn pixels(&self) -> (u32, u32) {
        let (width, height) = (self.ratio.width, self.ratio.height);
        match self.size {
            Size::Half => (width / 2, height / 2),
            Size::One => (width, height),
            Size::Two => (2 * width, 2 * height),
            Size::Four => (4 * width, 4 * height),
        }
    }

    /// Draws and encodes; takes tenths of a second, and more for 4K.
    pub(crate) fn render(&self) -> image::ImageResult<Picture> {
        let opened: Vec<Input> = self
            .inputs
            .iter()
            .filter_map(|bytes| {
                let format = image::guess_format(bytes).ok()?;
                let picture = image::load_from_memory(bytes).ok()?;
                Some(Input::Opened(picture, format))
            })
            .collect();
        let Drawing {
            seed, ratio, size, ..
        } = *self;
        let sketch = if opened.is_empty() {
            Sketch::imagine(&self.prompt, seed, ratio, size)
        } else {
            Sketch::edit(&self.prompt, seed, ratio, size, &opened)
        };
        sketch.encode(self.format)
    }
}

fn followed(model: &Model, inputs: &[Bytes]) -> Ratio {
    let first = inputs
        .iter()
        .find_map(|bytes| crate::inputs::picture(bytes));
    first.map_or(SQUARE, |it| model.nearest_ratio(it.width, it.height))
}
