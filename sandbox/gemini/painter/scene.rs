//! A scene from words alone: sky, light, ground, weather, and who is in it.

use super::canvas::{Canvas, Ink, mix};
use super::dice::Dice;
use super::figures;
use super::palette::{Mood, mood_of, of_hue, says};

/// Paints the whole canvas.
pub fn paint(canvas: &mut Canvas, words: &str, dice: &mut Dice) {
    let mood = mood_of(words, dice);
    sky(canvas, &mood);
    let unit = canvas.width().min(canvas.height()) as f32;
    if mood.is_dark {
        stars(canvas, dice);
    }
    light(canvas, &mood, unit, dice);
    if !mood.is_dark {
        clouds(canvas, unit, dice);
    }
    ground(canvas, words, &mood, unit, dice);
    figures::paint(canvas, words, &mood, unit, dice);
    if says(words, SNOW) {
        flakes(canvas, unit, dice);
    }
    if says(words, RAIN) {
        rain(canvas, unit, dice);
    }
}

fn sky(canvas: &mut Canvas, mood: &Mood) {
    let height = canvas.height();
    for y in 0..height {
        let colour = mix(
            mood.sky_top,
            mood.sky_bottom,
            y as f32 / (height as f32 * 0.75),
        );
        canvas.row_mut(y).fill(colour);
    }
}

fn anywhere(canvas: &Canvas, dice: &mut Dice) -> (f32, f32) {
    let (width, height) = (canvas.width() as f32, canvas.height() as f32);
    (dice.between(0.0, width), dice.between(0.0, height))
}

fn stars(canvas: &mut Canvas, dice: &mut Dice) {
    for _ in 0..160 {
        let place = anywhere(canvas, dice);
        let radius = dice.between(0.6, 2.4);
        let ink = Ink::glaze([255, 255, 235], dice.between(0.4, 1.0));
        canvas.disc(place, radius, ink);
    }
}

/// The sun or the moon in its glow.
fn light(canvas: &mut Canvas, mood: &Mood, unit: f32, dice: &mut Dice) {
    let width = canvas.width() as f32;
    let x = dice.between(width * 0.2, width * 0.8);
    let y = canvas.height() as f32 * dice.between(0.18, 0.42);
    let radius = unit * dice.between(0.07, 0.12);
    for ring in (1..=6_u8).rev() {
        let glow = radius * (1.0 + f32::from(ring) * 0.38);
        canvas.disc((x, y), glow, Ink::glaze(mood.light, 0.09));
    }
    canvas.disc((x, y), radius, Ink::solid(mood.light));
    if mood.is_dark {
        let shade = Ink::glaze(mix(mood.light, mood.sky_bottom, 0.3), 0.8);
        canvas.disc((x + radius * 0.3, y - radius * 0.2), radius * 0.22, shade);
        canvas.disc((x - radius * 0.35, y + radius * 0.3), radius * 0.16, shade);
    }
}

fn clouds(canvas: &mut Canvas, unit: f32, dice: &mut Dice) {
    let (width, height) = (canvas.width() as f32, canvas.height() as f32);
    for _ in 0..3 + dice.roll(3) {
        let x = dice.between(-0.1 * width, width);
        let y = dice.between(0.06, 0.34) * height;
        let size = unit * dice.between(0.05, 0.09);
        for puff in 0..4_u8 {
            let along = x + f32::from(puff) * size * 0.9;
            let up = y - dice.between(0.0, size * 0.5);
            let ink = Ink::glaze([255, 255, 255], 0.38);
            canvas.ellipse((along, up), (size * 1.1, size * 0.55), ink);
        }
    }
}

const SNOW: &[&str] = &["snow", "winter", "снег", "снеж", "зима", "зимн", "зимой"];
const RAIN: &[&str] = &["rain.", "rainy", "storm", "дожд", "гроз", "шторм"];
const SEA: &[&str] = &[
    "sea.",
    "seas",
    "ocean",
    "lake",
    "ship",
    "boat",
    "sail",
    "море",
    "моря",
    "морем",
    "морск",
    "океан",
    "озер",
    "озёр",
    "корабл",
    "лодк",
    "парус",
];
const CITY: &[&str] = &[
    "city",
    "town",
    "street",
    "skyscraper",
    "город",
    "улиц",
    "небоск",
    "москв",
];
const MOUNTAINS: &[&str] = &[
    "mountain",
    "alps",
    "горы",
    "гора",
    "горах",
    "горн",
    "вершин",
];
const FOREST: &[&str] = &[
    "forest",
    "tree",
    "woods",
    "лес.",
    "леса",
    "лесу",
    "лесн",
    "дерев",
    "ёлк",
    "елк",
    "сосн",
];

fn ground(canvas: &mut Canvas, words: &str, mood: &Mood, unit: f32, dice: &mut Dice) {
    if says(words, SEA) {
        sea(canvas, mood, unit, dice);
    } else if says(words, CITY) {
        city(canvas, mood, dice);
    } else if says(words, MOUNTAINS) {
        ridges(canvas, mood, dice, Ridge::Peak);
    } else {
        ridges(canvas, mood, dice, Ridge::Hill);
    }
    if says(words, FOREST) {
        forest(canvas, mood, unit, dice);
    }
}

#[derive(Clone, Copy)]
enum Ridge {
    Hill,
    Peak,
}

/// Four lines of hills or mountains, each closer and darker.
fn ridges(canvas: &mut Canvas, mood: &Mood, dice: &mut Dice, ridge: Ridge) {
    let (width, height) = (canvas.width() as f32, canvas.height() as f32);
    for layer in 0..4_u8 {
        let close = f32::from(layer) / 3.0;
        let base = height * (0.56 + 0.13 * f32::from(layer));
        let phase = dice.between(0.0, 10.0);
        let waves = dice.between(1.2, 2.4);
        let high = height * (0.10 - 0.05 * close);
        let line = |x: f32| {
            let along = x / width * waves + phase;
            base - high
                * match ridge {
                    Ridge::Hill => (along * 3.0).sin() + 0.4 * (along * 7.3).sin(),
                    Ridge::Peak => {
                        let peak = |turn: f32| 1.0 - 2.0 * (turn.rem_euclid(2.0) - 1.0).abs();
                        1.6 * peak(along * 1.7) + 0.5 * peak(along * 4.9)
                    }
                }
        };
        let hazy = mix(mood.far, mood.sky_bottom, 0.45 * (1.0 - close));
        let top = mix(hazy, mood.near, close * 0.8);
        canvas.ground(line, top, mix(top, mood.near, 0.6));
    }
}

/// Water with bands of light.
fn sea(canvas: &mut Canvas, mood: &Mood, unit: f32, dice: &mut Dice) {
    let (width, height) = (canvas.width() as f32, canvas.height() as f32);
    let far = mix(mood.sky_bottom, [30, 120, 170], 0.6);
    let deep = mix(mood.sky_top, [8, 44, 92], 0.7);
    let horizon = height * 0.58;
    canvas.ground(|_| horizon, far, deep);
    for _ in 0..90 {
        let near = dice.between(0.0, 1.0);
        let y = horizon + (height - horizon) * near * near;
        let length = unit * dice.between(0.03, 0.16) * (0.3 + near);
        let ink = Ink::glaze(mix(mood.light, far, 0.3), dice.between(0.12, 0.4));
        let place = (dice.between(0.0, width), y);
        canvas.ellipse(place, (length, 1.0 + 3.0 * near), ink);
    }
}

/// Rows of houses with lit windows.
fn city(canvas: &mut Canvas, mood: &Mood, dice: &mut Dice) {
    let (width, height) = (canvas.width() as f32, canvas.height() as f32);
    for layer in 0..3_u8 {
        let close = f32::from(layer) / 2.0;
        let colour = mix(mix(mood.far, mood.sky_bottom, 0.4), mood.near, close);
        let mut x = -dice.between(0.0, 40.0);
        while x < width {
            let wide = width * dice.between(0.06, 0.12);
            let top = height * (dice.between(0.30, 0.56) + 0.14 * close);
            canvas.rectangle((x, top), (wide, height - top), Ink::solid(colour));
            windows(canvas, (x, top), wide, dice);
            x += wide * dice.between(0.95, 1.15);
        }
    }
}

fn windows(canvas: &mut Canvas, (x, top): (f32, f32), wide: f32, dice: &mut Dice) {
    let step = wide / 5.0;
    let mut y = top + step;
    while y < canvas.height() as f32 {
        for column in 0..4_u8 {
            if dice.roll(3) == 0 {
                let place = (x + step * (0.7 + f32::from(column)), y);
                let ink = Ink::glaze([255, 220, 140], 0.75);
                canvas.rectangle(place, (step * 0.5, step * 0.6), ink);
            }
        }
        y += step * 1.3;
    }
}

/// Fir trees, the closer the larger.
fn forest(canvas: &mut Canvas, mood: &Mood, unit: f32, dice: &mut Dice) {
    let (width, height) = (canvas.width() as f32, canvas.height() as f32);
    for number in 0..26_u8 {
        let close = f32::from(number) / 25.0;
        let foot = height * (0.66 + 0.34 * close);
        let tall = unit * (0.12 + 0.22 * close) * dice.between(0.8, 1.2);
        let x = dice.between(0.0, width);
        let green = mix(mood.far, [18, 74, 52], 0.5 + 0.4 * close);
        for tier in 0..3_u8 {
            let up = foot - tall * 0.25 * f32::from(tier);
            let half = tall * (0.26 - 0.06 * f32::from(tier));
            let points = [(x - half, up), (x, up - tall * 0.5), (x + half, up)];
            canvas.polygon(&points, Ink::solid(green));
        }
    }
}

fn flakes(canvas: &mut Canvas, unit: f32, dice: &mut Dice) {
    for _ in 0..220 {
        let place = anywhere(canvas, dice);
        let radius = unit * dice.between(0.001, 0.006);
        canvas.disc(place, radius, Ink::glaze([255, 255, 255], 0.85));
    }
}

fn rain(canvas: &mut Canvas, unit: f32, dice: &mut Dice) {
    for _ in 0..260 {
        let (x, y) = anywhere(canvas, dice);
        let long = unit * dice.between(0.02, 0.05);
        let points = [
            (x, y),
            (x + 2.0, y),
            (x - long * 0.3 + 2.0, y + long),
            (x - long * 0.3, y + long),
        ];
        canvas.polygon(&points, Ink::glaze(of_hue(0.58, 0.15, 0.95), 0.5));
    }
}
