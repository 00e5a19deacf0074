//! Canvases as files.

use super::Picture;
use super::canvas::Canvas;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::codecs::webp::WebPEncoder;
use image::{ExtendedColorType, ImageEncoder, ImageResult};

/// Of 100; high enough that gradients show no blocks.
const JPEG_QUALITY: u8 = 90;

/// A canvas as PNG. Filtering by the line above makes the repeated lines of an enlarged canvas
/// nearly free.
pub fn png(canvas: &Canvas) -> ImageResult<Picture> {
    let mut bytes = Vec::new();
    let encoder = PngEncoder::new_with_quality(&mut bytes, CompressionType::Fast, FilterType::Up);
    write(encoder, canvas)?;
    Ok(Picture {
        mime: "image/png",
        bytes,
    })
}

/// A canvas as JPEG.
pub fn jpeg(canvas: &Canvas) -> ImageResult<Picture> {
    let mut bytes = Vec::new();
    let encoder = JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY);
    write(encoder, canvas)?;
    Ok(Picture {
        mime: "image/jpeg",
        bytes,
    })
}

/// A canvas as WebP without loss.
pub fn webp(canvas: &Canvas) -> ImageResult<Picture> {
    let mut bytes = Vec::new();
    write(WebPEncoder::new_lossless(&mut bytes), canvas)?;
    Ok(Picture {
        mime: "image/webp",
        bytes,
    })
}

fn write(encoder: impl ImageEncoder, canvas: &Canvas) -> ImageResult<()> {
    encoder.write_image(
        canvas.bytes(),
        canvas.width() as u32,
        canvas.height() as u32,
        ExtendedColorType::Rgb8,
    )
}

/// A PNG of one colour, wider than any real answer, to test that callers look at the header first.
pub fn oversized() -> ImageResult<Picture> {
    png(&Canvas::new(20_000, 16))
}
