//! Small real pictures.

use std::io::Cursor;

use image::{ImageFormat, Rgb, RgbImage};

/// A PNG of one colour.
pub fn png(red: u8, green: u8, blue: u8) -> Vec<u8> {
    let picture = RgbImage::from_pixel(64, 48, Rgb([red, green, blue]));
    let mut bytes = Cursor::new(Vec::new());
    picture
        .write_to(&mut bytes, ImageFormat::Png)
        .expect("a picture in memory can be encoded");
    bytes.into_inner()
}
