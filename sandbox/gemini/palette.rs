//! Which colours a prompt asks for.
//!
//! A word of the prompt that begins with a known stem chooses the mood, in Russian or English. A prompt
//! without one gets colours of its own, derived from the seed, so that two prompts rarely look alike.

/// Red, green, blue.
pub type Colour = [u8; 3];

/// A ramp of four colours, from the ground of the picture to its lights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Palette(pub [Colour; 4]);

type Mood = (&'static [&'static str], [Colour; 4]);

const MOODS: &[Mood] = &[
    (
        &["sunset", "dawn", "sunrise", "закат", "рассвет"],
        [[45, 20, 70], [160, 45, 90], [245, 130, 70], [255, 220, 130]],
    ),
    (
        &[
            "sea",
            "ocean",
            "water",
            "wave",
            "мор",
            "океан",
            "вод",
            "волн",
        ],
        [[5, 25, 60], [10, 85, 130], [50, 165, 180], [220, 245, 240]],
    ),
    (
        &["forest", "tree", "grass", "лес", "дерев", "трав", "парк"],
        [[12, 40, 30], [35, 95, 55], [120, 165, 75], [235, 240, 180]],
    ),
    (
        &[
            "night",
            "space",
            "star",
            "moon",
            "ноч",
            "косм",
            "звезд",
            "звёзд",
            "лун",
        ],
        [[6, 8, 28], [30, 30, 85], [105, 80, 170], [245, 240, 255]],
    ),
    (
        &["snow", "winter", "ice", "снег", "снеж", "зим", "лёд", "лед"],
        [
            [60, 90, 130],
            [140, 175, 210],
            [205, 225, 240],
            [255, 255, 255],
        ],
    ),
    (
        &[
            "cat",
            "kitten",
            "dog",
            "fox",
            "кот",
            "кош",
            "собак",
            "пёс",
            "лис",
        ],
        [[60, 35, 30], [165, 90, 45], [240, 170, 90], [255, 240, 215]],
    ),
    (
        &["flower", "rose", "love", "цвет", "роз", "любов", "сердц"],
        [
            [70, 15, 50],
            [185, 40, 95],
            [245, 135, 160],
            [255, 230, 230],
        ],
    ),
    (
        &[
            "city",
            "neon",
            "robot",
            "cyber",
            "город",
            "неон",
            "робот",
            "кибер",
        ],
        [[15, 10, 35], [85, 20, 130], [235, 45, 150], [70, 240, 240]],
    ),
    (
        &["fire", "lava", "dragon", "огон", "огн", "лав", "дракон"],
        [[30, 5, 10], [140, 20, 15], [240, 95, 20], [255, 230, 110]],
    ),
    (
        &["desert", "sand", "gold", "пустын", "пес", "золот"],
        [
            [80, 50, 40],
            [175, 115, 65],
            [230, 185, 115],
            [255, 245, 215],
        ],
    ),
];

impl Palette {
    /// The palette of this prompt.
    pub fn of(prompt: &str, seed: u64) -> Palette {
        let prompt = prompt.to_lowercase();
        for word in prompt.split(|c: char| !c.is_alphanumeric()) {
            for (stems, colours) in MOODS {
                if stems.iter().any(|stem| word.starts_with(stem)) {
                    return Palette(*colours);
                }
            }
        }
        let hue = (seed % 360) as f32;
        Palette([
            shade(hue, 0.16),
            shade(hue + 25.0, 0.38),
            shade(hue + 70.0, 0.62),
            shade(hue + 95.0, 0.9),
        ])
    }

    /// The ramp spread over 256 steps, so that a pixel is one look-up.
    pub fn ramp(&self) -> [Colour; 256] {
        let mut ramp = [[0; 3]; 256];
        for (step, colour) in ramp.iter_mut().enumerate() {
            let place = step as f32 / 255.0 * 3.0;
            let left = (place as usize).min(2);
            *colour = mix(self.0[left], self.0[left + 1], place - left as f32);
        }
        ramp
    }
}

/// The colour this far, from 0 to 1, on the way from `a` to `b`.
pub fn mix(a: Colour, b: Colour, part: f32) -> Colour {
    let channel = |i: usize| {
        let (a, b) = (f32::from(a[i]), f32::from(b[i]));
        (a + (b - a) * part).round() as u8
    };
    [channel(0), channel(1), channel(2)]
}

/// A colour of this hue in degrees and lightness from 0 to 1, moderately saturated.
fn shade(hue: f32, lightness: f32) -> Colour {
    let channel = |offset: f32| {
        let k = (offset + hue / 30.0) % 12.0;
        let reach = 0.55 * lightness.min(1.0 - lightness);
        let value = lightness - reach * (k - 3.0).min(9.0 - k).clamp(-1.0, 1.0);
        (value * 255.0).round() as u8
    };
    [channel(0.0), channel(8.0), channel(4.0)]
}
