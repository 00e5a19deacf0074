//! Small real pictures.

use std::io::Cursor;

use image::{ImageFormat, Rgb, RgbImage};

/// A small PNG of one colour.
pub fn png(red: u8, green: u8, blue: u8) -> Vec<u8> {
    encoded(&RgbImage::from_pixel(64, 48, Rgb([red, green, blue])))
}

/// A grey PNG of this size.
pub fn png_of(width: u32, height: u32) -> Vec<u8> {
    encoded(&RgbImage::from_pixel(width, height, Rgb([90, 90, 90])))
}

/// A grey WebP of this size.
pub fn webp_of(width: u32, height: u32) -> Vec<u8> {
    let grey = RgbImage::from_pixel(width, height, Rgb([90, 90, 90]));
    encoded_as(&grey, ImageFormat::WebP)
}

fn encoded(picture: &RgbImage) -> Vec<u8> {
    encoded_as(picture, ImageFormat::Png)
}

fn encoded_as(picture: &RgbImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture
        .write_to(&mut bytes, format)
        .expect("a picture in memory can be encoded");
    bytes.into_inner()
}
