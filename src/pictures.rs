//! Tells pictures from other bytes before anything else touches them.
//!
//! Promises that what passes has the magic of a kind the bot works with, a header a decoder can
//! read, and a size within the limits; and that finding this out costs little memory whatever
//! the bytes claim. Deliberately decodes no pixel and removes no metadata: a picture whose body
//! is damaged passes, and whoever decodes it must expect that.

use std::io::Cursor;

use bytes::Bytes;
use image::error::{ImageError, LimitErrorKind};
use image::{ImageFormat, ImageReader, Limits};
use rei_actors::ports::assets::{Media, MediaKind, NotMedia};

/// The longest side in pixels. Telegram and the providers stay far below it.
pub const SIDE_PIXELS_MAX: u32 = 10_000;

/// Pixels of a picture. Decoded at four bytes each this is 256 MiB, the most a worker may need.
pub const PIXELS_MAX: u64 = 64_000_000;

/// Bytes a decoder may allocate while it reads a header. Colour profiles are unpacked there,
/// and a few kilobytes can unpack to gigabytes.
const HEADER_ALLOC_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Reads a picture's header with the decoders of the `image` crate.
pub fn check(bytes: Bytes) -> Result<Media, NotMedia> {
    let (kind, format) = sniff(&bytes).ok_or(NotMedia::NoPicture)?;
    let (width, height) = dimensions(&bytes, format)?;
    if width == 0 || height == 0 {
        return Err(NotMedia::BrokenHeader);
    }
    let pixels = u64::from(width) * u64::from(height);
    if width > SIDE_PIXELS_MAX || height > SIDE_PIXELS_MAX || pixels > PIXELS_MAX {
        return Err(NotMedia::TooManyPixels);
    }
    Ok(Media {
        bytes,
        kind,
        width,
        height,
        millis: 0,
    })
}

/// The kind by the first bytes. Names and media types from outside are never asked.
fn sniff(bytes: &[u8]) -> Option<(MediaKind, ImageFormat)> {
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        return Some((MediaKind::Png, ImageFormat::Png));
    }
    if bytes.starts_with(&[0xff, 0xd8, 0xff]) {
        return Some((MediaKind::Jpeg, ImageFormat::Jpeg));
    }
    if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        return Some((MediaKind::Webp, ImageFormat::WebP));
    }
    None
}

fn dimensions(bytes: &[u8], format: ImageFormat) -> Result<(u32, u32), NotMedia> {
    let mut limits = Limits::default();
    limits.max_image_width = Some(SIDE_PIXELS_MAX);
    limits.max_image_height = Some(SIDE_PIXELS_MAX);
    limits.max_alloc = Some(HEADER_ALLOC_BYTES_MAX);

    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    reader.into_dimensions().map_err(|error| match error {
        ImageError::Limits(limit) if limit.kind() == LimitErrorKind::DimensionError => {
            NotMedia::TooManyPixels
        }
        _ => NotMedia::BrokenHeader,
    })
}

#[cfg(test)]
mod tests {
    use image::{DynamicImage, ImageEncoder, RgbImage};
    use proptest::prelude::*;

    use super::*;

    fn encoded(format: ImageFormat, width: u32, height: u32) -> Vec<u8> {
        let picture = DynamicImage::ImageRgb8(RgbImage::new(width, height));
        let mut bytes = Cursor::new(Vec::new());
        picture.write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    fn check(bytes: Vec<u8>) -> Result<(MediaKind, u32, u32), NotMedia> {
        let picture = super::check(Bytes::from(bytes))?;
        Ok((picture.kind, picture.width, picture.height))
    }

    /// A PNG whose header claims a size and whose pixels are missing.
    fn png_claiming(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = encoded(ImageFormat::Png, 1, 1);
        bytes[16..20].copy_from_slice(&width.to_be_bytes());
        bytes[20..24].copy_from_slice(&height.to_be_bytes());
        let crc = png_crc(&bytes[12..29]);
        bytes[29..33].copy_from_slice(&crc.to_be_bytes());
        bytes
    }

    fn png_crc(bytes: &[u8]) -> u32 {
        let mut crc = u32::MAX;
        for byte in bytes {
            crc ^= u32::from(*byte);
            for _ in 0..8 {
                crc = (crc >> 1) ^ (0xedb8_8320 & (crc & 1).wrapping_neg());
            }
        }
        !crc
    }

    fn png_chunk(name: &[u8; 4], content: &[u8]) -> Vec<u8> {
        let mut named = name.to_vec();
        named.extend_from_slice(content);
        let mut chunk = u32::try_from(content.len()).unwrap().to_be_bytes().to_vec();
        chunk.extend_from_slice(&named);
        chunk.extend_from_slice(&png_crc(&named).to_be_bytes());
        chunk
    }

    /// Puts chunks right after the header of a PNG.
    fn png_with(chunks: &[u8]) -> Vec<u8> {
        let mut bytes = encoded(ImageFormat::Png, 3, 2);
        bytes.splice(33..33, chunks.iter().copied());
        bytes
    }

    /// A JPEG whose start of frame claims a size.
    fn jpeg_claiming(width: u16, height: u16) -> Vec<u8> {
        let mut bytes = encoded(ImageFormat::Jpeg, 8, 8);
        let frame = bytes
            .windows(2)
            .position(|pair| pair == [0xff, 0xc0])
            .unwrap();
        bytes[frame + 5..frame + 7].copy_from_slice(&height.to_be_bytes());
        bytes[frame + 7..frame + 9].copy_from_slice(&width.to_be_bytes());
        bytes
    }

    #[test]
    fn each_kind_is_told_from_its_bytes_with_its_size() {
        let kinds = [
            (ImageFormat::Png, MediaKind::Png),
            (ImageFormat::Jpeg, MediaKind::Jpeg),
            (ImageFormat::WebP, MediaKind::Webp),
        ];
        for (format, kind) in kinds {
            assert_eq!(check(encoded(format, 31, 17)), Ok((kind, 31, 17)));
        }
    }

    #[test]
    fn the_bytes_come_back_untouched() {
        let bytes = Bytes::from(encoded(ImageFormat::Png, 4, 4));
        let picture = super::check(bytes.clone()).unwrap();
        assert_eq!(picture.bytes, bytes);
    }

    #[test]
    fn other_kinds_are_refused_whatever_they_are_called() {
        let others: [&[u8]; 8] = [
            b"",
            b"\x89PN",
            b"GIF89a\x01\0\x01\0",
            b"BM\x3a\0\0\0",
            b"RIFF\x24\0\0\0WAVEfmt ",
            b"RIFF\x24\0\0\0WEB",
            b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>",
            b"PK\x03\x04",
        ];
        for bytes in others {
            assert_eq!(check(bytes.to_vec()), Err(NotMedia::NoPicture));
        }
    }

    #[test]
    fn magic_without_a_header_is_broken() {
        let magics: [&[u8]; 3] = [
            b"\x89PNG\r\n\x1a\n",
            b"\xff\xd8\xff\xe0",
            b"RIFF\x24\0\0\0WEBP",
        ];
        for bytes in magics {
            assert_eq!(check(bytes.to_vec()), Err(NotMedia::BrokenHeader));
        }
    }

    #[test]
    fn a_kind_in_the_clothes_of_another_is_broken() {
        let mut bytes = encoded(ImageFormat::Jpeg, 8, 8);
        bytes.splice(0..3, *b"\x89PNG\r\n\x1a\n");
        assert_eq!(check(bytes), Err(NotMedia::BrokenHeader));
    }

    #[test]
    fn a_header_that_claims_too_much_is_refused_before_any_pixel() {
        assert_eq!(
            check(png_claiming(u32::MAX >> 1, u32::MAX >> 1)),
            Err(NotMedia::TooManyPixels)
        );
        assert_eq!(check(png_claiming(10_001, 1)), Err(NotMedia::TooManyPixels));
        assert_eq!(
            check(jpeg_claiming(65_535, 65_535)),
            Err(NotMedia::TooManyPixels)
        );
    }

    #[test]
    fn sides_and_area_may_just_reach_their_limits() {
        assert_eq!(
            check(png_claiming(10_000, 6_400)),
            Ok((MediaKind::Png, 10_000, 6_400))
        );
        assert_eq!(
            check(png_claiming(10_000, 6_401)),
            Err(NotMedia::TooManyPixels)
        );
        assert_eq!(
            check(jpeg_claiming(1, 10_000)),
            Ok((MediaKind::Jpeg, 1, 10_000))
        );
    }

    #[test]
    fn a_picture_without_area_is_broken() {
        assert_eq!(check(png_claiming(0, 5)), Err(NotMedia::BrokenHeader));
        assert_eq!(check(jpeg_claiming(5, 0)), Err(NotMedia::BrokenHeader));
    }

    #[test]
    fn a_header_cut_anywhere_never_panics_and_never_invents_a_size() {
        for format in [ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP] {
            let whole = encoded(format, 31, 17);
            for end in 0..whole.len() {
                if let Ok((_, width, height)) = check(whole[..end].to_vec()) {
                    assert_eq!((width, height), (31, 17), "{format:?} cut at {end}");
                }
            }
        }
    }

    #[test]
    fn junk_in_metadata_does_not_hide_the_picture() {
        let exif = png_chunk(b"eXIf", &[0xaa; 4096]);
        let profile = png_chunk(b"iCCP", b"junk\0\0this is no deflate stream");
        assert_eq!(check(png_with(&exif)), Ok((MediaKind::Png, 3, 2)));
        assert_eq!(check(png_with(&profile)), Ok((MediaKind::Png, 3, 2)));

        let mut jpeg = encoded(ImageFormat::Jpeg, 8, 8);
        let mut exif = vec![0xff, 0xe1, 0x10, 0x02];
        exif.extend_from_slice(b"Exif\0\0");
        exif.resize(2 + 0x1002, 0xaa);
        jpeg.splice(2..2, exif);
        assert_eq!(check(jpeg), Ok((MediaKind::Jpeg, 8, 8)));
    }

    #[test]
    fn a_colour_profile_that_unpacks_without_end_is_not_unpacked() {
        // 64 MiB of zeros in a stored picture pack to some 64 KiB of the same deflate stream
        // that a profile uses: the pixels of one PNG become the profile of another.
        let mut packed = Vec::new();
        image::codecs::png::PngEncoder::new(&mut packed)
            .write_image(&vec![0; 64 << 20], 8192, 8192, image::ExtendedColorType::L8)
            .unwrap();
        let mut profile = b"bomb\0\0".to_vec();
        let mut rest = &packed[8..];
        while let Some((length, _)) = rest.split_first_chunk::<4>() {
            let length = u32::from_be_bytes(*length) as usize;
            if &rest[4..8] == b"IDAT" {
                profile.extend_from_slice(&rest[8..8 + length]);
            }
            rest = &rest[12 + length..];
        }
        let bomb = png_with(&png_chunk(b"iCCP", &profile));
        assert!(bomb.len() < 1 << 20, "{} bytes", bomb.len());
        assert_eq!(check(bomb), Ok((MediaKind::Png, 3, 2)));
    }

    proptest! {
        #[test]
        fn damaged_bytes_never_panic_and_never_pass_a_limit(
            format in prop::sample::select(vec![
                ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP,
            ]),
            damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        ) {
            let mut bytes = encoded(format, 31, 17);
            for (place, byte) in damage {
                let place = place.index(bytes.len());
                bytes[place] = byte;
            }
            if let Ok((_, width, height)) = check(bytes) {
                prop_assert!(width <= SIDE_PIXELS_MAX && height <= SIDE_PIXELS_MAX);
                prop_assert!(u64::from(width) * u64::from(height) <= PIXELS_MAX);
            }
        }
    }
}
