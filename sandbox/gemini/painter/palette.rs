//! Which colours words call for.

use super::canvas::{Colour, mix};
use super::dice::Dice;

/// The light a scene is seen in.
#[derive(Clone, Copy, Debug)]
pub struct Mood {
    pub sky_top: Colour,
    pub sky_bottom: Colour,
    /// The ground far away and close by.
    pub far: Colour,
    pub near: Colour,
    /// Sun or moon.
    pub light: Colour,
    pub is_dark: bool,
}

const fn mood(sky: [Colour; 2], ground: [Colour; 2], light: Colour) -> Mood {
    Mood {
        sky_top: sky[0],
        sky_bottom: sky[1],
        far: ground[0],
        near: ground[1],
        light,
        is_dark: false,
    }
}

const SUNSET: Mood = mood(
    [[62, 43, 105], [255, 166, 92]],
    [[150, 72, 96], [52, 28, 62]],
    [255, 232, 170],
);
const NIGHT: Mood = Mood {
    is_dark: true,
    ..mood(
        [[8, 10, 36], [58, 52, 116]],
        [[36, 40, 82], [10, 12, 30]],
        [240, 240, 220],
    )
};
const SNOW: Mood = mood(
    [[158, 186, 214], [232, 240, 248]],
    [[206, 220, 236], [248, 250, 255]],
    [255, 250, 232],
);
const AUTUMN: Mood = mood(
    [[146, 172, 190], [246, 220, 170]],
    [[206, 126, 52], [120, 52, 30]],
    [255, 240, 200],
);
const STORM: Mood = mood(
    [[58, 66, 80], [142, 150, 160]],
    [[84, 98, 98], [38, 48, 50]],
    [210, 214, 216],
);
const SPRING: Mood = mood(
    [[124, 190, 236], [255, 224, 232]],
    [[150, 204, 120], [70, 140, 70]],
    [255, 248, 214],
);
const DESERT: Mood = mood(
    [[94, 166, 206], [250, 226, 178]],
    [[232, 190, 120], [176, 112, 60]],
    [255, 250, 220],
);

/// Words that call for a mood. The first that is found decides.
const MOODS: [(&[&str], Mood); 7] = [
    (
        &[
            "sunset",
            "sunrise",
            "dawn",
            "evening",
            "закат",
            "рассвет",
            "вечер",
        ],
        SUNSET,
    ),
    (
        &[
            "night",
            "space.",
            "moon",
            "star.",
            "stars",
            "ноч",
            "космос",
            "лун",
            "звезд",
            "звёзд",
        ],
        NIGHT,
    ),
    (
        &[
            "snow",
            "winter",
            "frost",
            "снег",
            "снеж",
            "зима",
            "зимн",
            "зимой",
            "мороз.",
        ],
        SNOW,
    ),
    (&["autumn", "осен"], AUTUMN),
    (
        &["rain.", "rainy", "storm", "дожд", "гроз", "шторм", "буря"],
        STORM,
    ),
    (&["desert", "sand.", "пустын", "песок"], DESERT),
    (
        &[
            "spring",
            "summer",
            "meadow",
            "garden",
            "весн",
            "лето.",
            "летн",
            "луг",
            "сад.",
            "саду",
        ],
        SPRING,
    ),
];

/// Words for colours.
const COLOURS: [(&[&str], Colour); 11] = [
    (&["red.", "reddish", "красн", "алый"], [214, 48, 49]),
    (&["orange", "оранж", "рыж"], [240, 140, 40]),
    (&["yellow", "gold", "жёлт", "желт", "золот"], [248, 206, 70]),
    (&["green", "зелен", "зелён"], [60, 166, 90]),
    (&["turquoise", "teal", "бирюз"], [40, 176, 176]),
    (&["blue", "голуб", "сини", "сине", "синя"], [58, 110, 214]),
    (&["purple", "violet", "фиолет", "сирен"], [136, 80, 190]),
    (&["pink", "розов"], [244, 130, 176]),
    (&["brown", "коричн"], [132, 86, 54]),
    (&["black", "чёрн", "черны", "черна"], [34, 34, 40]),
    (
        &["white", "белый", "белая", "белое", "белые", "белого"],
        [244, 244, 246],
    ),
];

/// Whether the text, which is in lower case, has a word that begins with one of these stems. A
/// stem with a full stop is a whole word.
pub fn says(words: &str, stems: &[&str]) -> bool {
    let is_meant = |word: &str| {
        stems.iter().any(|stem| match stem.strip_suffix('.') {
            Some(whole) => word == whole,
            None => word.starts_with(stem),
        })
    };
    words
        .split(|letter: char| !letter.is_alphanumeric())
        .any(is_meant)
}

/// The colour that is named, if one is.
pub fn named_colour(words: &str) -> Option<Colour> {
    let found = COLOURS.iter().find(|(stems, _)| says(words, stems));
    found.map(|(_, colour)| *colour)
}

/// The mood of the words; without a word for it, a fresh one from the dice.
pub fn mood_of(words: &str, dice: &mut Dice) -> Mood {
    let found = MOODS.iter().find(|(stems, _)| says(words, stems));
    let mood = match found {
        Some((_, mood)) => *mood,
        None => any_mood(dice),
    };
    match named_colour(words) {
        Some(colour) => Mood {
            sky_top: mix(mood.sky_top, colour, 0.45),
            near: mix(mood.near, colour, 0.35),
            ..mood
        },
        None => mood,
    }
}

/// A sky of a soft colour and a ground of one that goes with it.
fn any_mood(dice: &mut Dice) -> Mood {
    // From turquoise over blue and violet to peach: no sky is green.
    let turn = dice.between(0.48, 1.06);
    let ground = turn + dice.between(0.3, 0.6);
    mood(
        [of_hue(turn, 0.55, 0.80), of_hue(turn + 0.08, 0.22, 0.98)],
        [of_hue(ground, 0.40, 0.68), of_hue(ground, 0.62, 0.32)],
        [255, 247, 220],
    )
}

/// A colour by hue (in turns), saturation and brightness.
pub fn of_hue(turn: f32, saturation: f32, brightness: f32) -> Colour {
    let part = |offset: f32| {
        let place = (turn + offset).rem_euclid(1.0) * 6.0;
        let pure = ((place - 3.0).abs() - 1.0).clamp(0.0, 1.0);
        (brightness * (1.0 - saturation + saturation * pure) * 255.0) as u8
    };
    [part(0.0), part(2.0 / 3.0), part(1.0 / 3.0)]
}
