//! That words are seen in the picture.

use super::*;
use crate::gemini::models;
use image::{DynamicImage, Rgb, RgbImage};

fn ratio(word: &str) -> Ratio {
    let pro = models::find("gemini-3-pro-image").unwrap();
    pro.ratio(word).unwrap()
}

fn opened(picture: &Picture) -> RgbImage {
    image::load_from_memory(&picture.bytes).unwrap().to_rgb8()
}

fn imagined(prompt: &str, seed: u64) -> RgbImage {
    let sketch = Sketch::imagine(prompt, seed, ratio("1:1"), Size::Half);
    opened(&sketch.encode(ImageFormat::Png).unwrap())
}

fn edited(prompt: &str, colours: &[[u8; 3]]) -> RgbImage {
    let input = |colour| {
        let photo = RgbImage::from_pixel(40, 30, Rgb(colour));
        Input::Opened(DynamicImage::ImageRgb8(photo), ImageFormat::Png)
    };
    let inputs: Vec<Input> = colours.iter().map(|colour| input(*colour)).collect();
    let sketch = Sketch::edit(prompt, 1, ratio("1:1"), Size::Half, &inputs);
    opened(&sketch.encode(ImageFormat::Png).unwrap())
}

fn brightness(picture: &RgbImage) -> u64 {
    let sum: u64 = picture.as_raw().iter().map(|part| u64::from(*part)).sum();
    sum / picture.as_raw().len() as u64
}

/// How many pixels of two pictures of one size differ.
fn differing(one: &RgbImage, other: &RgbImage) -> usize {
    one.pixels()
        .zip(other.pixels())
        .filter(|(a, b)| a != b)
        .count()
}

#[test]
fn the_same_words_and_seed_give_the_same_picture_and_another_seed_another() {
    assert_eq!(imagined("a thing", 1), imagined("a thing", 1));
    assert!(differing(&imagined("a thing", 1), &imagined("a thing", 2)) > 1_000);
}

#[test]
fn the_light_that_is_named_is_seen() {
    for (day, night) in [("a hill in snow", "a hill at night"), ("снег", "ночь")] {
        assert!(brightness(&imagined(day, 7)) > 2 * brightness(&imagined(night, 7)));
    }
}

#[test]
fn what_is_named_is_drawn_in_both_languages_and_nothing_else() {
    let cat = imagined("a cat at night", 3);
    assert_eq!(cat, imagined("кот ночью", 3));
    assert!(differing(&cat, &imagined("a dog at night", 3)) > 1_000);
    // Words that only begin like the ones that are known.
    let nothing = imagined("night", 3);
    for other in ["a category at night", "который ночью", "search the night"] {
        assert_eq!(imagined(other, 3), nothing, "{other}");
    }
}

#[test]
fn every_input_picture_is_in_the_edit() {
    let primaries = [
        [255, 0, 0],
        [0, 255, 0],
        [0, 0, 255],
        [255, 255, 0],
        [0, 255, 255],
    ];
    for count in 1..=primaries.len() {
        let picture = edited("mosaic", &primaries[..count]);
        for colour in &primaries[..count] {
            let share = picture.pixels().filter(|pixel| pixel.0 == *colour).count();
            let part = picture.len() / 3 / count;
            assert!(share > part / 2, "{colour:?} of {count}: {share} of {part}");
        }
    }
}

#[test]
fn an_edit_does_what_the_words_say() {
    let centre = |prompt: &str| edited(prompt, &[[200, 100, 50]]).get_pixel(256, 256).0;
    let [red, green, blue] = centre("make it black and white");
    assert!(red == green && green == blue);
    assert_eq!(centre("сделай чёрно-белым"), [red, green, blue]);
    assert_eq!(centre("a negative, please"), [55, 155, 205]);
    let tinted = centre("make it blue");
    assert!(tinted[2] > 50 && tinted[0] < 200, "{tinted:?}");
}
