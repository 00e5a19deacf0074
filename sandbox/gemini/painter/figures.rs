//! Who and what stands in the foreground.

use super::canvas::{Canvas, Colour, Ink, mix};
use super::dice::Dice;
use super::palette::{Mood, named_colour, of_hue, says};

/// Where a figure stands and how large it is.
#[derive(Clone, Copy)]
struct Place {
    /// The middle of its foot.
    x: f32,
    y: f32,
    /// Its height in pixels.
    size: f32,
}

impl Place {
    /// A point in units of the size, from the foot, upwards.
    fn at(self, x: f32, up: f32) -> (f32, f32) {
        (self.x + x * self.size, self.y - up * self.size)
    }
}

type Draw = fn(&mut Canvas, Place, Colour, &Mood);

/// Words, how they are drawn, and the usual colour.
const FIGURES: [(&[&str], Draw, Colour); 10] = [
    (
        &[
            "cat.",
            "cats",
            "kitten",
            "кот.",
            "кота.",
            "коты.",
            "котик",
            "котён",
            "котен",
            "кошк",
        ],
        cat,
        [232, 150, 80],
    ),
    (
        &["fox", "лиса", "лису", "лисы", "лисён", "лисич"],
        cat,
        [214, 96, 40],
    ),
    (
        &["dog.", "dogs", "puppy", "соба", "пёс.", "щен"],
        dog,
        [176, 124, 84],
    ),
    (
        &["ship", "boat", "sail", "корабл", "лодк", "парус"],
        ship,
        [246, 240, 228],
    ),
    (
        &[
            "house",
            "home",
            "hut.",
            "castle",
            "дом.",
            "дома.",
            "доми",
            "изба",
            "избу",
            "замок",
        ],
        house,
        [222, 190, 150],
    ),
    (&["rocket", "ракет"], rocket, [236, 238, 242]),
    (&["robot", "робот"], robot, [150, 164, 178]),
    (
        &[
            "flower",
            "rose.",
            "roses",
            "tulip",
            "цветы",
            "цвето",
            "цветк",
            "роза",
            "розы.",
            "тюльпан",
        ],
        flower,
        [236, 90, 130],
    ),
    (&["heart", "love.", "сердц", "любов"], heart, [226, 54, 84]),
    (
        &["balloon", "шар.", "шары", "воздушн"],
        balloon,
        [230, 80, 70],
    ),
];

/// Paints up to three figures that the words name; a balloon when they name none.
pub fn paint(canvas: &mut Canvas, words: &str, mood: &Mood, unit: f32, dice: &mut Dice) {
    if !named(canvas, words, mood, unit) {
        let (width, height) = (canvas.width() as f32, canvas.height() as f32);
        let place = Place {
            x: dice.between(width * 0.25, width * 0.75),
            y: height * dice.between(0.5, 0.7),
            size: unit * dice.between(0.24, 0.36),
        };
        balloon(
            canvas,
            place,
            of_hue(dice.between(0.0, 1.0), 0.65, 0.9),
            mood,
        );
    }
}

/// Paints up to three figures that the words name, side by side; whether there was one.
pub fn named(canvas: &mut Canvas, words: &str, mood: &Mood, unit: f32) -> bool {
    let wanted: Vec<_> = FIGURES
        .iter()
        .filter(|(stems, _, _)| says(words, stems))
        .take(3)
        .collect();
    let (width, height) = (canvas.width() as f32, canvas.height() as f32);
    let count = wanted.len() as f32;
    for (number, (_, draw, usual)) in wanted.iter().enumerate() {
        let place = Place {
            x: width * (number as f32 + 1.0) / (count + 1.0),
            y: height * 0.93,
            size: unit * if wanted.len() == 1 { 0.52 } else { 0.40 },
        };
        let colour = match named_colour(words) {
            Some(colour) => mix(*usual, colour, 0.7),
            None => *usual,
        };
        draw(canvas, place, colour, mood);
    }
    !wanted.is_empty()
}

fn dark(colour: Colour) -> Colour {
    mix(colour, [20, 16, 24], 0.45)
}

fn eyes(canvas: &mut Canvas, place: Place, up: f32, apart: f32) {
    for side in [-1.0, 1.0] {
        let size = place.size;
        canvas.disc(
            place.at(side * apart, up),
            size * 0.045,
            Ink::solid([30, 30, 36]),
        );
        canvas.disc(
            place.at(side * apart + 0.015, up + 0.015),
            size * 0.014,
            Ink::solid([255; 3]),
        );
    }
}

fn cat(canvas: &mut Canvas, place: Place, colour: Colour, _: &Mood) {
    let (size, fur) = (place.size, Ink::solid(colour));
    for step in 0..16_u8 {
        let turn = f32::from(step) / 15.0 * 2.4;
        let tail = place.at(0.24 + 0.20 * turn.sin(), 0.08 + 0.22 * turn);
        canvas.disc(tail, size * 0.045, Ink::solid(dark(colour)));
    }
    canvas.ellipse(place.at(0.0, 0.28), (size * 0.27, size * 0.29), fur);
    canvas.ellipse(
        place.at(0.0, 0.22),
        (size * 0.14, size * 0.18),
        Ink::glaze([255; 3], 0.5),
    );
    for side in [-1.0, 1.0] {
        let ear = [(0.05, 0.86), (0.22, 1.04), (0.23, 0.74)].map(|(x, up)| place.at(side * x, up));
        canvas.polygon(&ear, fur);
        let inner =
            [(0.11, 0.86), (0.20, 0.97), (0.20, 0.80)].map(|(x, up)| place.at(side * x, up));
        canvas.polygon(&inner, Ink::glaze([250, 170, 170], 0.8));
        canvas.ellipse(place.at(side * 0.12, 0.03), (size * 0.09, size * 0.05), fur);
    }
    canvas.ellipse(place.at(0.0, 0.70), (size * 0.25, size * 0.21), fur);
    eyes(canvas, place, 0.73, 0.10);
    canvas.ellipse(
        place.at(0.0, 0.65),
        (size * 0.025, size * 0.018),
        Ink::solid([200, 90, 90]),
    );
    for side in [-1.0, 1.0] {
        for up in [0.62, 0.66] {
            let ends = [
                place.at(side * 0.06, 0.645),
                place.at(side * 0.34, up + 0.004),
                place.at(side * 0.34, up),
            ];
            canvas.polygon(&ends, Ink::glaze([255; 3], 0.85));
        }
    }
}

fn dog(canvas: &mut Canvas, place: Place, colour: Colour, _: &Mood) {
    let (size, fur) = (place.size, Ink::solid(colour));
    canvas.ellipse(place.at(0.0, 0.28), (size * 0.26, size * 0.29), fur);
    canvas.ellipse(place.at(0.0, 0.70), (size * 0.22, size * 0.22), fur);
    for side in [-1.0, 1.0] {
        let ear = Ink::solid(dark(colour));
        canvas.ellipse(
            place.at(side * 0.24, 0.68),
            (size * 0.075, size * 0.18),
            ear,
        );
        canvas.ellipse(place.at(side * 0.12, 0.03), (size * 0.10, size * 0.05), fur);
    }
    canvas.ellipse(
        place.at(0.0, 0.61),
        (size * 0.12, size * 0.10),
        Ink::glaze([255; 3], 0.55),
    );
    eyes(canvas, place, 0.75, 0.09);
    canvas.ellipse(
        place.at(0.0, 0.65),
        (size * 0.045, size * 0.032),
        Ink::solid([34, 30, 34]),
    );
    canvas.ellipse(
        place.at(0.0, 0.53),
        (size * 0.03, size * 0.05),
        Ink::solid([226, 100, 110]),
    );
}

fn ship(canvas: &mut Canvas, place: Place, colour: Colour, _: &Mood) {
    let hull =
        [(-0.42, 0.36), (0.46, 0.36), (0.30, 0.16), (-0.30, 0.16)].map(|(x, up)| place.at(x, up));
    canvas.polygon(&hull, Ink::solid([112, 66, 44]));
    canvas.rectangle(
        place.at(-0.01, 1.0),
        (place.size * 0.025, place.size * 0.66),
        Ink::solid([80, 54, 40]),
    );
    let sail = [(0.03, 0.96), (0.40, 0.44), (0.03, 0.44)].map(|(x, up)| place.at(x, up));
    canvas.polygon(&sail, Ink::solid(colour));
    let jib = [(-0.03, 0.88), (-0.03, 0.44), (-0.32, 0.44)].map(|(x, up)| place.at(x, up));
    canvas.polygon(&jib, Ink::solid(mix(colour, [0; 3], 0.12)));
    canvas.ellipse(
        place.at(0.0, 0.15),
        (place.size * 0.40, place.size * 0.02),
        Ink::glaze([255; 3], 0.6),
    );
}

fn house(canvas: &mut Canvas, place: Place, colour: Colour, mood: &Mood) {
    let size = place.size;
    canvas.rectangle(
        place.at(0.16, 0.94),
        (size * 0.09, size * 0.3),
        Ink::solid([120, 76, 66]),
    );
    canvas.rectangle(
        place.at(-0.34, 0.52),
        (size * 0.68, size * 0.52),
        Ink::solid(colour),
    );
    let roof = [(-0.44, 0.50), (0.0, 0.90), (0.44, 0.50)].map(|(x, up)| place.at(x, up));
    canvas.polygon(&roof, Ink::solid([168, 66, 56]));
    canvas.rectangle(
        place.at(-0.07, 0.27),
        (size * 0.14, size * 0.27),
        Ink::solid([96, 62, 44]),
    );
    let pane = if mood.is_dark {
        [255, 226, 130]
    } else {
        [178, 216, 238]
    };
    for x in [-0.26, 0.14] {
        canvas.rectangle(
            place.at(x, 0.40),
            (size * 0.12, size * 0.13),
            Ink::solid(pane),
        );
    }
}

fn rocket(canvas: &mut Canvas, place: Place, colour: Colour, _: &Mood) {
    let size = place.size;
    let flame = [(-0.08, 0.20), (0.08, 0.20), (0.0, -0.06)].map(|(x, up)| place.at(x, up));
    canvas.polygon(&flame, Ink::solid([255, 176, 60]));
    for side in [-1.0, 1.0] {
        let fin = [(0.10, 0.42), (0.26, 0.16), (0.10, 0.20)].map(|(x, up)| place.at(side * x, up));
        canvas.polygon(&fin, Ink::solid([210, 60, 60]));
    }
    canvas.ellipse(
        place.at(0.0, 0.58),
        (size * 0.15, size * 0.42),
        Ink::solid(colour),
    );
    let foot =
        [(-0.10, 0.30), (0.10, 0.30), (0.10, 0.18), (-0.10, 0.18)].map(|(x, up)| place.at(x, up));
    canvas.polygon(&foot, Ink::solid(dark(colour)));
    canvas.disc(place.at(0.0, 0.68), size * 0.075, Ink::solid([70, 90, 120]));
    canvas.disc(
        place.at(0.0, 0.68),
        size * 0.055,
        Ink::solid([150, 210, 240]),
    );
}

fn robot(canvas: &mut Canvas, place: Place, colour: Colour, _: &Mood) {
    let (size, steel) = (place.size, Ink::solid(colour));
    let shade = Ink::solid(dark(colour));
    canvas.rectangle(place.at(-0.01, 1.02), (size * 0.02, size * 0.14), shade);
    canvas.disc(place.at(0.0, 1.02), size * 0.03, Ink::solid([240, 80, 70]));
    for side in [-0.16, 0.06] {
        canvas.rectangle(place.at(side, 0.14), (size * 0.10, size * 0.14), shade);
    }
    for side in [-0.36, 0.27] {
        canvas.rectangle(place.at(side, 0.50), (size * 0.09, size * 0.30), shade);
    }
    canvas.rectangle(place.at(-0.25, 0.54), (size * 0.50, size * 0.42), steel);
    canvas.rectangle(place.at(-0.20, 0.92), (size * 0.40, size * 0.32), steel);
    canvas.rectangle(
        place.at(-0.15, 0.46),
        (size * 0.30, size * 0.18),
        Ink::solid([60, 200, 190]),
    );
    for side in [-0.09, 0.09] {
        canvas.disc(
            place.at(side, 0.78),
            size * 0.055,
            Ink::solid([255, 240, 150]),
        );
        canvas.disc(place.at(side, 0.78), size * 0.022, Ink::solid([40, 40, 50]));
    }
    canvas.rectangle(place.at(-0.10, 0.67), (size * 0.20, size * 0.025), shade);
}

fn flower(canvas: &mut Canvas, place: Place, colour: Colour, _: &Mood) {
    let size = place.size;
    canvas.rectangle(
        place.at(-0.015, 0.68),
        (size * 0.03, size * 0.68),
        Ink::solid([60, 130, 60]),
    );
    for (side, up) in [(-0.13, 0.26), (0.13, 0.38)] {
        canvas.ellipse(
            place.at(side, up),
            (size * 0.13, size * 0.05),
            Ink::solid([76, 156, 76]),
        );
    }
    for petal in 0..8_u8 {
        let turn = f32::from(petal) / 8.0 * std::f32::consts::TAU;
        let tip = place.at(0.16 * turn.cos(), 0.72 + 0.16 * turn.sin());
        canvas.disc(
            tip,
            size * 0.10,
            Ink::glaze(mix(colour, [255; 3], 0.12 * (petal % 2) as f32), 0.92),
        );
    }
    canvas.disc(place.at(0.0, 0.72), size * 0.09, Ink::solid([250, 206, 80]));
}

fn heart(canvas: &mut Canvas, place: Place, colour: Colour, _: &Mood) {
    let size = place.size;
    let tip = [(-0.355, 0.575), (0.355, 0.575), (0.0, 0.16)].map(|(x, up)| place.at(x, up));
    canvas.polygon(&tip, Ink::solid(colour));
    for side in [-1.0, 1.0] {
        canvas.disc(
            place.at(side * 0.18, 0.68),
            size * 0.205,
            Ink::solid(colour),
        );
    }
    canvas.ellipse(
        place.at(-0.20, 0.76),
        (size * 0.07, size * 0.05),
        Ink::glaze([255; 3], 0.5),
    );
}

fn balloon(canvas: &mut Canvas, place: Place, colour: Colour, _: &Mood) {
    let size = place.size;
    for side in [-1.0, 1.0] {
        let rope =
            [(0.20, 0.46), (0.09, 0.14), (0.075, 0.14)].map(|(x, up)| place.at(side * x, up));
        canvas.polygon(&rope, Ink::glaze([70, 54, 44], 0.9));
    }
    let skirt =
        [(-0.26, 0.50), (0.26, 0.50), (0.10, 0.26), (-0.10, 0.26)].map(|(x, up)| place.at(x, up));
    canvas.polygon(&skirt, Ink::solid(dark(colour)));
    for (half, ink) in [
        (0.33, Ink::solid(colour)),
        (0.20, Ink::solid(mix(colour, [255; 3], 0.55))),
        (0.08, Ink::solid(colour)),
    ] {
        canvas.ellipse(place.at(0.0, 0.68), (size * half, size * 0.32), ink);
    }
    canvas.rectangle(
        place.at(-0.09, 0.14),
        (size * 0.18, size * 0.12),
        Ink::solid([124, 84, 54]),
    );
}
