//! A picture from photos and words: the photos side by side, treated as the words say, with what
//! the words name in front of them, in a frame.

use super::canvas::{Canvas, Colour, Ink, mix};
use super::dice::Dice;
use super::figures;
use super::palette::{mood_of, named_colour, says};
use crate::gemini::request::Input;
use image::RgbImage;

/// What is done to every pixel of the photos.
#[derive(Clone, Copy)]
enum Treatment {
    /// Shades of grey.
    Grey,
    /// Every colour turned around.
    Negative,
    /// Coarse squares.
    Mosaic,
    /// A colour over everything.
    Tint(Colour),
}

/// The side of a mosaic's square, in pixels.
const SQUARE: usize = 24;

/// Paints the whole canvas.
pub fn paint(canvas: &mut Canvas, photos: &[Input], words: &str, dice: &mut Dice) {
    let mood = mood_of(words, dice);
    let treatment = treatment_of(words, mix(mood.sky_top, mood.sky_bottom, 0.5));
    let unit = canvas.width().min(canvas.height()) as f32;
    let gap = (unit * 0.025) as usize;
    let frame = mix(mood.near, [250, 246, 236], 0.15);
    for y in 0..canvas.height() {
        canvas.row_mut(y).fill(frame);
    }
    let cells = cells(canvas, photos.len(), gap);
    for (photo, cell) in photos.iter().zip(cells) {
        match photo {
            Input::Opened(picture, _) => place(canvas, &picture.to_rgb8(), cell, treatment),
            Input::Heic => cover(canvas, cell, mood.sky_bottom),
        }
    }
    if says(words, &["snow", "снег", "снеж"]) {
        for _ in 0..160 {
            let x = dice.between(0.0, canvas.width() as f32);
            let y = dice.between(0.0, canvas.height() as f32);
            let radius = unit * dice.between(0.002, 0.008);
            canvas.disc((x, y), radius, Ink::glaze([255; 3], 0.85));
        }
    }
    figures::named(canvas, words, &mood, unit * 0.8);
}

fn treatment_of(words: &str, otherwise: Colour) -> Treatment {
    if words.contains("black and white")
        || words.contains("чёрно-бел")
        || words.contains("черно-бел")
        || says(
            words,
            &["grey", "gray", "monochrom", "серый", "серые", "серо"],
        )
    {
        Treatment::Grey
    } else if says(words, &["negativ", "invert", "негатив"]) {
        Treatment::Negative
    } else if says(words, &["pixel", "mosaic", "пиксел", "мозаик"]) {
        Treatment::Mosaic
    } else {
        Treatment::Tint(named_colour(words).unwrap_or(otherwise))
    }
}

/// A part of the canvas.
#[derive(Clone, Copy)]
struct Cell {
    left: usize,
    top: usize,
    width: usize,
    height: usize,
}

/// As many cells as photos, in rows; the last row is stretched.
fn cells(canvas: &Canvas, count: usize, gap: usize) -> Vec<Cell> {
    let ratio = canvas.width() as f32 / canvas.height() as f32;
    let columns = (count as f32 * ratio).sqrt().round().max(1.0) as usize;
    let rows = count.div_ceil(columns.min(count));
    let mut cells = Vec::with_capacity(count);
    for row in 0..rows {
        // Spread evenly, so that no row is empty.
        let in_row = count * (row + 1) / rows - count * row / rows;
        let height = (canvas.height() - gap) / rows;
        let width = (canvas.width() - gap) / in_row;
        for column in 0..in_row {
            cells.push(Cell {
                left: gap + column * width,
                top: gap + row * height,
                width: width - gap,
                height: height - gap,
            });
        }
    }
    cells
}

/// Fills a cell with a colour, where a photo cannot be opened here.
fn cover(canvas: &mut Canvas, cell: Cell, colour: Colour) {
    for y in 0..cell.height {
        canvas.row_mut(cell.top + y)[cell.left..cell.left + cell.width].fill(colour);
    }
}

/// Fills a cell with the middle of a photo.
fn place(canvas: &mut Canvas, photo: &RgbImage, cell: Cell, treatment: Treatment) {
    let (wide, high) = (photo.width() as usize, photo.height() as usize);
    let scale = (wide as f32 / cell.width as f32).min(high as f32 / cell.height as f32);
    let skip_x = (wide as f32 - cell.width as f32 * scale) / 2.0;
    let skip_y = (high as f32 - cell.height as f32 * scale) / 2.0;
    let columns: Vec<usize> = (0..cell.width)
        .map(|x| sampled(x, treatment, skip_x, scale, wide) * 3)
        .collect();
    let source = photo.as_raw();
    for y in 0..cell.height {
        let from = sampled(y, treatment, skip_y, scale, high) * wide * 3;
        let line = &source[from..from + wide * 3];
        let row = &mut canvas.row_mut(cell.top + y)[cell.left..cell.left + cell.width];
        for (pixel, at) in row.iter_mut().zip(&columns) {
            *pixel = treated([line[*at], line[at + 1], line[at + 2]], treatment);
        }
    }
}

/// The photo's pixel for one of the cell.
fn sampled(at: usize, treatment: Treatment, skip: f32, scale: f32, length: usize) -> usize {
    let at = match treatment {
        Treatment::Mosaic => at / SQUARE * SQUARE + SQUARE / 2,
        Treatment::Grey | Treatment::Negative | Treatment::Tint(_) => at,
    };
    ((skip + (at as f32 + 0.5) * scale) as usize).min(length - 1)
}

fn treated([red, green, blue]: Colour, treatment: Treatment) -> Colour {
    match treatment {
        Treatment::Grey => {
            let light = (u32::from(red) * 77 + u32::from(green) * 150 + u32::from(blue) * 29) >> 8;
            [light as u8; 3]
        }
        Treatment::Negative => [255 - red, 255 - green, 255 - blue],
        Treatment::Mosaic => [red, green, blue],
        Treatment::Tint(tint) => {
            let half =
                |part: u8, tint: u8| ((u32::from(part) * 5 + u32::from(tint) * 3) >> 3) as u8;
            [
                half(red, tint[0]),
                half(green, tint[1]),
                half(blue, tint[2]),
            ]
        }
    }
}
