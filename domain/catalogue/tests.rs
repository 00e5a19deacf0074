use super::*;
use crate::spec::{Clip, ImageLook, Media, Still};

fn rate(quality: Quality, sound: Sound, end_frame: EndFrame, price: i64) -> Rate {
    Rate {
        quality,
        sound,
        end_frame,
        price: Money::from_kopecks(price),
        costs: BTreeMap::from([("first".to_owned(), 7_001)]),
    }
}

fn catalogue() -> Catalogue {
    use EndFrame::{NotTaken, Taken};
    use Quality::{Professional, Standard};
    let from_words = Way {
        mode: Mode::TextToVideo,
        length: Length::Choice(vec![5, 10]),
        aspects: vec![Aspect::Landscape16x9, Aspect::Square],
        pictures_max: 0,
        clips: BTreeMap::new(),
        rates: vec![
            rate(Standard, Sound::Off, NotTaken, 600),
            rate(Professional, Sound::Off, NotTaken, 1_000),
            rate(Professional, Sound::On, NotTaken, 2_000),
        ],
    };
    let from_pictures = Way {
        mode: Mode::ImageToVideo,
        aspects: Vec::new(),
        pictures_max: 2,
        rates: vec![
            rate(Standard, Sound::Off, NotTaken, 600),
            rate(Professional, Sound::Off, Taken, 1_000),
            rate(Professional, Sound::On, NotTaken, 2_000),
        ],
        ..from_words.clone()
    };
    let motion = Way {
        mode: Mode::Motion,
        length: Length::AsClip {
            min: 3_000,
            max: 30_000,
        },
        aspects: Vec::new(),
        pictures_max: 1,
        clips: BTreeMap::from([(
            "first".to_owned(),
            ClipLimits {
                millis: (3_000, 30_000),
                sides: (300, 4_000),
                area_max: 8_000_000,
                ratio_max_percent: 300,
            },
        )]),
        rates: vec![rate(Standard, Sound::Off, NotTaken, 900)],
    };
    let model = |id: &str, ways| Model {
        id: ModelId::new(id),
        prompt_chars_max: 20,
        sunset: None,
        ways,
    };
    Catalogue {
        models: vec![
            model("new", vec![from_words, from_pictures.clone(), motion]),
            model("pictures", vec![from_pictures]),
            Model {
                sunset: Some(Sunset {
                    day: "2026-09-15".to_owned(),
                    replacement: ModelId::new("new"),
                }),
                ..model("old", Vec::new())
            },
        ],
        pictures: PictureLimits {
            side_min: 300,
            ratio_max_percent: 250,
            kinds: vec![StillKind::Png, StillKind::Jpeg],
        },
    }
}

fn look(model: &str) -> VideoLook {
    VideoLook {
        model: ModelId::new(model),
        seconds: 5,
        quality: Quality::Standard,
        sound: Sound::Off,
        aspect: Aspect::Square,
        clip_use: ClipUse::Edit,
    }
}

fn spec(look: VideoLook, inputs: Vec<Input>) -> Spec {
    Spec {
        prompt: "a cat".to_owned(),
        output: Output::Video(look),
        inputs,
    }
}

fn picture() -> Input {
    Input::sent_picture("p", None)
}

fn clip(millis: u32) -> Input {
    clip_of(millis, 720, 1_280)
}

fn clip_of(millis: u32, width: u32, height: u32) -> Input {
    let clip = Clip {
        millis,
        width,
        height,
    };
    Input {
        media: Media::Clip(clip),
        ..picture()
    }
}

fn still(kind: StillKind, width: u32, height: u32) -> Input {
    let still = Still {
        kind,
        width,
        height,
    };
    Input {
        media: Media::Picture(Some(still)),
        ..picture()
    }
}

#[test]
fn a_picture_that_no_video_can_begin_with_says_why() {
    let checked = |kind, width, height| {
        let look = VideoLook {
            aspect: Aspect::Auto,
            ..look("new")
        };
        let asked = spec(look, vec![still(kind, width, height)]);
        catalogue().rate(&asked).err()
    };
    let narrow = Some(Missing::Narrow {
        ratio_max_percent: 250,
    });
    assert_eq!(checked(StillKind::Png, 300, 750), None);
    assert_eq!(checked(StillKind::Png, 300, 751), narrow);
    assert_eq!(checked(StillKind::Jpeg, 751, 300), narrow);
    let small = Some(Missing::PicturePixels { side_min: 300 });
    assert_eq!(checked(StillKind::Jpeg, 299, 300), small);
    let kind = Some(Missing::PictureKind);
    assert_eq!(checked(StillKind::Webp, 300, 300), kind);
}

#[test]
fn a_clip_is_only_for_providers_that_take_it() {
    let motion = |catalogue: &Catalogue, clip: Input| {
        let look = VideoLook {
            seconds: 4,
            aspect: Aspect::Auto,
            clip_use: ClipUse::Motion,
            ..look("new")
        };
        let asked = spec(look, vec![picture(), clip]);
        let makers = ["first", "second"].map(|maker| catalogue.cost(maker, &asked).is_some());
        (catalogue.rate(&asked).err(), makers)
    };
    let alone = catalogue();
    let pixels = Missing::ClipPixels {
        side_min: 300,
        side_max: 4_000,
    };
    let narrow = Missing::Narrow {
        ratio_max_percent: 300,
    };
    let none = [false, false];
    let cases = [
        (clip_of(4_000, 300, 900), (None, [true, false])),
        (clip_of(4_000, 299, 800), (Some(pixels.clone()), none)),
        (clip_of(4_000, 4_001, 1_500), (Some(pixels.clone()), none)),
        (clip_of(4_000, 4_000, 2_001), (Some(pixels), none)),
        (clip_of(4_000, 300, 901), (Some(narrow), none)),
    ];
    for (clip, expected) in cases {
        assert_eq!(motion(&alone, clip.clone()), expected, "{clip:?}");
    }
    // A second provider that wants nothing special takes what the first does not.
    let mut both = catalogue();
    for rate in both
        .models
        .iter_mut()
        .flat_map(|m| &mut m.ways)
        .flat_map(|w| &mut w.rates)
    {
        rate.costs.insert("second".to_owned(), 9_000);
    }
    assert_eq!(
        motion(&both, clip_of(4_000, 300, 901)),
        (None, [false, true])
    );
}

#[test]
fn the_price_is_the_rate_for_each_second() {
    let mut asked = spec(look("new"), Vec::new());
    assert_eq!(catalogue().quote(&asked), Ok(Money::from_kopecks(3_000)));
    asked = with_look(&asked, |look| {
        (look.seconds, look.quality, look.sound) = (10, Quality::Professional, Sound::On);
    });
    assert_eq!(catalogue().quote(&asked), Ok(Money::from_kopecks(20_000)));
}

#[test]
fn a_providers_cost_is_rounded_up_to_a_kopeck() {
    let asked = spec(look("new"), Vec::new());
    let cost = |provider| catalogue().cost(provider, &asked);
    assert_eq!(cost("first"), Some(Money::from_kopecks(36)));
    assert_eq!(cost("second"), None);
}

#[test]
fn what_does_not_exist_says_why() {
    let from_picture = |change: fn(&mut VideoLook), pictures: usize| {
        let base = VideoLook {
            aspect: Aspect::Auto,
            ..look("new")
        };
        with_look(&spec(base, vec![picture(); pictures]), change)
    };
    let from_words = |change: fn(&mut VideoLook)| with_look(&spec(look("new"), Vec::new()), change);
    let motion = |inputs| {
        let look = VideoLook {
            aspect: Aspect::Auto,
            clip_use: ClipUse::Motion,
            seconds: 4,
            ..look("new")
        };
        spec(look, inputs)
    };
    let image = Spec {
        output: Output::Image(ImageLook::default()),
        ..from_words(|_| ())
    };
    let wordy = Spec {
        prompt: "ы".repeat(21),
        ..from_words(|_| ())
    };
    let cases = [
        (image, Missing::NoVideo),
        (wordy, Missing::Prompt { chars_max: 20 }),
        (
            from_words(|look| look.model = ModelId::new("unheard")),
            Missing::Model,
        ),
        (
            from_words(|look| look.model = ModelId::new("old")),
            Missing::Retired {
                day: "2026-09-15".to_owned(),
                replacement: ModelId::new("new"),
            },
        ),
        (
            from_words(|look| look.model = ModelId::new("pictures")),
            Missing::Way {
                mode: Mode::TextToVideo,
            },
        ),
        (from_words(|look| look.seconds = 7), Missing::Seconds),
        (
            from_words(|look| look.aspect = Aspect::Auto),
            Missing::Aspect,
        ),
        (
            from_words(|look| look.aspect = Aspect::Wide21x9),
            Missing::Aspect,
        ),
        (
            from_picture(|look| look.aspect = Aspect::Square, 1),
            Missing::Aspect,
        ),
        (
            from_words(|look| look.quality = Quality::FourK),
            Missing::Quality,
        ),
        (from_words(|look| look.sound = Sound::On), Missing::Sound),
        (from_picture(|_| (), 2), Missing::EndFrame),
        (from_picture(|_| (), 3), Missing::TooManyPictures { max: 2 }),
        (motion(vec![clip(4_000)]), Missing::NeedsPicture),
        (
            motion(vec![picture(), clip(4_000), clip(4_000)]),
            Missing::TooManyClips,
        ),
        (
            motion(vec![picture(), clip(2_999)]),
            Missing::ClipLength {
                min_secs: 3,
                max_secs: 30,
            },
        ),
        (motion(vec![picture(), clip(4_001)]), Missing::Seconds),
    ];
    for (asked, missing) in cases {
        assert_eq!(catalogue().rate(&asked).err(), Some(missing), "{asked:?}");
    }
    assert!(
        catalogue()
            .rate(&motion(vec![picture(), clip(4_000)]))
            .is_ok()
    );
}

#[test]
fn what_nobody_makes_is_not_offered() {
    let none = catalogue().of_providers(|provider, _, _| provider == "second");
    assert!(!none.offers_anything());
    let all = catalogue().of_providers(|provider, _, _| provider == "first");
    assert_eq!(all, catalogue());
}

#[test]
fn what_is_first_offered_can_be_ordered() {
    let inputs = [
        Vec::new(),
        vec![picture()],
        vec![picture(), picture()],
        vec![picture(), clip(5_500)],
    ];
    for inputs in inputs {
        let look = catalogue()
            .first_look("a cat", &inputs)
            .expect("a model makes it");
        assert!(catalogue().quote(&spec(look, inputs)).is_ok());
    }
    assert_eq!(catalogue().first_look("a cat", &[clip(5_500)]), None);
}

#[test]
fn a_choice_that_does_not_fit_the_rest_is_settled_by_the_nearest_that_does() {
    let with_sound = VideoLook {
        sound: Sound::On,
        quality: Quality::Professional,
        ..look("new")
    };
    // Without a second frame it stays; with one, the sound goes and the quality stays.
    let one = catalogue().settle(spec(with_sound.clone(), vec![picture()]));
    let two = catalogue().settle(spec(with_sound, vec![picture(), picture()]));
    let kept = |spec: Option<Spec>| match spec.expect("it can be settled").output {
        Output::Video(look) => (look.quality, look.sound, look.aspect),
        Output::Image(_) => panic!("a video was asked for"),
    };
    let professional = Quality::Professional;
    assert_eq!(kept(one), (professional, Sound::On, Aspect::Auto));
    assert_eq!(kept(two), (professional, Sound::Off, Aspect::Auto));
}

#[test]
fn choices_tell_why_they_cannot_be_had() {
    let asked = spec(look("new"), Vec::new());
    let choices = catalogue().choices(&asked);
    assert_eq!(choices.seconds, [5, 10]);
    assert_eq!(choices.aspects, [Aspect::Landscape16x9, Aspect::Square]);
    assert_eq!(
        choices.qualities,
        [(Quality::Standard, None), (Quality::Professional, None)]
    );
    assert_eq!(
        choices.sounds,
        [(Sound::Off, None), (Sound::On, Some(Missing::Sound))]
    );
    let models: Vec<(&str, bool)> = choices
        .models
        .iter()
        .map(|(model, missing)| (model.as_str(), missing.is_none()))
        .collect();
    let expected = [("new", true), ("pictures", false), ("old", false)];
    assert_eq!(models, expected);
    assert_eq!(choices.rate, Some(Money::from_kopecks(600)));
}
