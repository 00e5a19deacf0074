//! The painter: a picture from words, or from words and pictures. The same words give the same
//! picture.

use std::io::Cursor;

use image::imageops::{FilterType, overlay, resize};
use image::{DynamicImage, ImageFormat, ImageReader, Rgb, RgbImage};

/// Painted small and enlarged: quick in a debug build, and soft like a watercolour.
const CANVAS: u32 = 192;

/// Words that choose the colours, with the colour of the top and of the bottom.
const MOODS: [(&[&str], [u8; 3], [u8; 3]); 7] = [
    (
        &["sunset", "закат", "autumn", "осен"],
        [250, 140, 70],
        [90, 40, 110],
    ),
    (
        &["sea", "море", "ocean", "ship", "корабл"],
        [150, 205, 235],
        [20, 70, 120],
    ),
    (
        &["night", "ночь", "space", "космос", "луна", "moon"],
        [18, 20, 60],
        [70, 40, 110],
    ),
    (
        &["forest", "лес", "garden", "сад"],
        [180, 220, 150],
        [30, 90, 60],
    ),
    (
        &["snow", "снег", "winter", "зим"],
        [225, 235, 245],
        [130, 160, 200],
    ),
    (
        &["fire", "огонь", "red", "красн", "fox", "лис"],
        [250, 190, 120],
        [180, 50, 40],
    ),
    (
        &["cat", "кот", "dog", "соба"],
        [245, 220, 180],
        [150, 100, 80],
    ),
];

/// A small generator; the same seed gives the same numbers.
struct Dice(u64);

impl Dice {
    fn of(words: &str) -> Self {
        let seed = words.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        Self(seed | 1)
    }

    fn roll(&mut self, sides: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        u32::try_from((self.0 >> 16) % u64::from(sides.max(1))).unwrap_or(0)
    }
}

/// Paints a picture of this size as a PNG.
pub(super) fn paint(words: &str, inputs: &[Vec<u8>], width: u32, height: u32) -> Vec<u8> {
    let pictures: Vec<DynamicImage> = inputs.iter().filter_map(|bytes| read(bytes)).collect();
    let small_height = (CANVAS * height / width.max(1)).clamp(16, CANVAS * 4);
    let mut dice = Dice::of(words);
    let mut canvas = sky(words, &mut dice, small_height);
    if pictures.is_empty() {
        shapes(&mut canvas, &mut dice);
    } else {
        collage(&mut canvas, &pictures, words);
    }
    let large = resize(&canvas, width, height, FilterType::Triangle);
    let mut bytes = Cursor::new(Vec::new());
    large
        .write_to(&mut bytes, ImageFormat::Png)
        .expect("a picture in memory can be encoded");
    bytes.into_inner()
}

/// Whether these bytes are a picture.
pub(super) fn read(bytes: &[u8]) -> Option<DynamicImage> {
    let reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format();
    reader.ok()?.decode().ok()
}

fn colours(words: &str, dice: &mut Dice) -> ([u8; 3], [u8; 3]) {
    let words = words.to_lowercase();
    let mood = MOODS
        .iter()
        .find(|(names, _, _)| names.iter().any(|name| words.contains(name)));
    match mood {
        Some((_, top, bottom)) => (*top, *bottom),
        None => {
            let mut part = || u8::try_from(60 + dice.roll(180)).unwrap_or(128);
            (
                [part(), part(), part()],
                [part() / 2, part() / 2, part() / 2],
            )
        }
    }
}

fn mix(from: [u8; 3], to: [u8; 3], part: u32, whole: u32) -> Rgb<u8> {
    let whole = whole.max(1);
    let part = part.min(whole);
    Rgb(std::array::from_fn(|n| {
        let sum = u32::from(from[n]) * (whole - part) + u32::from(to[n]) * part;
        u8::try_from(sum / whole).unwrap_or(255)
    }))
}

fn sky(words: &str, dice: &mut Dice, height: u32) -> RgbImage {
    let (top, bottom) = colours(words, dice);
    RgbImage::from_fn(CANVAS, height, |x, y| {
        let wave = (x * 7 / CANVAS + y * 3 / height.max(1)) % 3;
        mix(top, bottom, y + wave * 2, height + 4)
    })
}

/// A sun, hills and a few soft discs.
fn shapes(canvas: &mut RgbImage, dice: &mut Dice) {
    let height = canvas.height();
    let sun = (
        dice.roll(CANVAS),
        dice.roll(height / 2 + 1),
        12 + dice.roll(20),
    );
    disc(canvas, sun, [255, 240, 200]);
    for _ in 0..4 + dice.roll(5) {
        let place = (dice.roll(CANVAS), dice.roll(height), 4 + dice.roll(18));
        let mut part = || u8::try_from(dice.roll(256)).unwrap_or(0);
        let colour = [part(), part(), part()];
        disc(canvas, place, colour);
    }
    for hill in 0..3_u32 {
        let (phase, base) = (dice.roll(100), height * (6 + hill) / 10);
        let shade = u8::try_from(90 - 25 * hill).unwrap_or(40);
        for x in 0..CANVAS {
            let bump = ((x + phase) % 60).abs_diff(30) / 2;
            for y in (base + bump).min(height)..height {
                let old = *canvas.get_pixel(x, y);
                canvas.put_pixel(x, y, mix(old.0, [shade / 2, shade, shade / 2], 3, 4));
            }
        }
    }
}

fn disc(canvas: &mut RgbImage, (cx, cy, radius): (u32, u32, u32), colour: [u8; 3]) {
    for y in cy.saturating_sub(radius)..(cy + radius).min(canvas.height()) {
        for x in cx.saturating_sub(radius)..(cx + radius).min(canvas.width()) {
            let distance = x.abs_diff(cx).pow(2) + y.abs_diff(cy).pow(2);
            if distance < radius * radius {
                let old = *canvas.get_pixel(x, y);
                let light = radius * radius - distance;
                canvas.put_pixel(x, y, mix(old.0, colour, light * 2, radius * radius * 2));
            }
        }
    }
}

/// The input pictures side by side, tinted by the words, in a frame of their colours.
fn collage(canvas: &mut RgbImage, pictures: &[DynamicImage], words: &str) {
    let count = u32::try_from(pictures.len()).unwrap_or(1).max(1);
    let (width, height) = (canvas.width(), canvas.height());
    let frame = 8;
    let each = ((width - frame) / count).saturating_sub(frame).max(4);
    let tint = colours(words, &mut Dice::of(words)).0;
    for (place, picture) in (0..count).zip(pictures) {
        let tall = height.saturating_sub(2 * frame).max(4);
        let mut small = resize(&picture.to_rgb8(), each, tall, FilterType::Triangle);
        for pixel in small.pixels_mut() {
            *pixel = mix(pixel.0, tint, 2, 5);
        }
        let x = frame + place * (each + frame);
        overlay(canvas, &small, i64::from(x), i64::from(frame));
    }
}
