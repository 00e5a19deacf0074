//! The catalogue of models: read from its own file, checked before anything is sold from it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use bigdecimal::{BigDecimal, RoundingMode, ToPrimitive};
use figment::Figment;
use figment::providers::{Format, Toml};
use rei_domain::catalogue::{
    Catalogue, ClipLimits, EndFrame, Length, Model, PictureLimits, Rate, Sunset, Way,
};
use rei_domain::conversation::MODEL_ID_BYTES_MAX;
use rei_domain::ids::ModelId;
use rei_domain::money::Money;
use rei_domain::spec::{Aspect, INPUTS_MAX, Kind, Mode, Quality, Sound, StillKind};
use serde::Deserialize;

/// The catalogue that comes with the program.
const BUILT_IN: &str = include_str!("../../config/models.toml");

/// Why a catalogue cannot be used. The texts name the model and the way.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CatalogueError(String);

/// Reads the catalogue from a file, or the one that comes with the program. Costs become
/// roubles at `usd_rub`.
pub fn read(file: Option<&Path>, usd_rub: &BigDecimal) -> Result<Catalogue, CatalogueError> {
    let text = match file {
        None => BUILT_IN.to_owned(),
        Some(path) => std::fs::read_to_string(path).map_err(|error| {
            let (path, kind) = (path.display(), error.kind());
            CatalogueError(format!("the file {path} cannot be read ({kind})"))
        })?,
    };
    parse(&text, usd_rub)
}

/// The catalogue that comes with the program, for tests.
#[cfg(test)]
pub fn built_in(usd_rub: &BigDecimal) -> Result<Catalogue, CatalogueError> {
    parse(BUILT_IN, usd_rub)
}

fn parse(text: &str, usd_rub: &BigDecimal) -> Result<Catalogue, CatalogueError> {
    let figment = Figment::from(Toml::string(text));
    let file: File = figment
        .extract()
        .map_err(|error| CatalogueError(error.to_string()))?;
    let models: Result<Vec<Model>, CatalogueError> = file
        .model
        .into_iter()
        .map(|model| model.into_model(usd_rub))
        .collect();
    let catalogue = Catalogue {
        models: models?,
        pictures: file.pictures.map_or_else(
            || Ok(PictureLimits::default()),
            |pictures| pictures.into_limits().map_err(CatalogueError),
        )?,
    };
    check(&catalogue)?;
    Ok(catalogue)
}

fn check(catalogue: &Catalogue) -> Result<(), CatalogueError> {
    let mut ids = BTreeSet::new();
    for model in &catalogue.models {
        let id = model.id.as_str();
        if !ids.insert(id) {
            return Err(CatalogueError(format!("{id} stands there twice")));
        }
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
        if id.is_empty() || id.len() > MODEL_ID_BYTES_MAX || !id.bytes().all(is_plain) {
            return Err(CatalogueError(format!(
                "{id} is no id: it must be 1 to {MODEL_ID_BYTES_MAX} letters, digits, dots and \
                 dashes"
            )));
        }
        if let Some(sunset) = &model.sunset
            && catalogue.model(&sunset.replacement).is_none()
        {
            let replacement = &sunset.replacement;
            return Err(CatalogueError(format!(
                "{id} is replaced by {replacement}, which is not there"
            )));
        }
    }
    Ok(())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    pictures: Option<PicturesToml>,
    model: Vec<ModelToml>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PicturesToml {
    side_min: u32,
    ratio_max_percent: u32,
    kinds: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClipsToml {
    millis: Option<(u32, u32)>,
    sides: Option<(u32, u32)>,
    area_max: Option<u64>,
    ratio_max_percent: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ModelToml {
    id: String,
    prompt_chars_max: usize,
    sunset: Option<String>,
    replacement: Option<String>,
    #[serde(default)]
    way: Vec<WayToml>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WayToml {
    mode: String,
    seconds: Option<Vec<u32>>,
    clip_millis: Option<(u32, u32)>,
    #[serde(default)]
    aspects: Vec<String>,
    #[serde(default)]
    pictures_max: usize,
    #[serde(default)]
    clips: BTreeMap<String, ClipsToml>,
    rates: Vec<RateToml>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RateToml {
    quality: String,
    sound: String,
    #[serde(default)]
    end_frame: bool,
    price: String,
    usd: BTreeMap<String, String>,
}

impl ModelToml {
    fn into_model(self, usd_rub: &BigDecimal) -> Result<Model, CatalogueError> {
        let id = self.id;
        let fault = |what: String| CatalogueError(format!("{id}: {what}"));
        let sunset = match (self.sunset, self.replacement) {
            (Some(day), Some(replacement)) => Some(Sunset {
                day,
                replacement: ModelId::new(replacement),
            }),
            (None, None) => None,
            _ => return Err(fault("sunset and replacement go together".to_owned())),
        };
        let ways: Result<Vec<Way>, String> = self
            .way
            .into_iter()
            .map(|way| way.into_way(usd_rub))
            .collect();
        Ok(Model {
            sunset,
            ways: ways.map_err(fault)?,
            prompt_chars_max: self.prompt_chars_max,
            id: ModelId::new(id),
        })
    }
}

impl WayToml {
    fn into_way(self, usd_rub: &BigDecimal) -> Result<Way, String> {
        let mode = known("mode", &self.mode, Mode::parse)?;
        if mode.kind() != Kind::Video {
            return Err(format!("{} makes no video", mode.as_str()));
        }
        let length = match (self.seconds, self.clip_millis) {
            (Some(seconds), None) if !seconds.is_empty() && !seconds.contains(&0) => {
                Length::Choice(seconds)
            }
            (None, Some((min, max))) if 0 < min && min <= max => Length::AsClip { min, max },
            _ => {
                let mode = mode.as_str();
                return Err(format!(
                    "{mode} needs seconds, a list, or clip_millis, the shortest and the longest"
                ));
            }
        };
        if self.pictures_max > INPUTS_MAX {
            return Err(format!("pictures_max is above {INPUTS_MAX}"));
        }
        let aspects: Result<Vec<Aspect>, String> = self
            .aspects
            .iter()
            .map(|aspect| known("aspect", aspect, Aspect::parse))
            .collect();
        let rates: Result<Vec<Rate>, String> = self
            .rates
            .into_iter()
            .map(|rate| rate.into_rate(usd_rub))
            .collect();
        let clips: Result<BTreeMap<String, ClipLimits>, String> = self
            .clips
            .into_iter()
            .map(|(provider, clips)| {
                let limits = clips.into_limits();
                let limits = limits.map_err(|fault| format!("clips of {provider}: {fault}"));
                Ok((provider, limits?))
            })
            .collect();
        Ok(Way {
            mode,
            length,
            aspects: aspects?,
            pictures_max: self.pictures_max,
            clips: clips?,
            rates: rates?,
        })
    }
}

impl PicturesToml {
    fn into_limits(self) -> Result<PictureLimits, String> {
        if self.ratio_max_percent < 100 {
            return Err("ratio_max_percent of pictures is below 100".to_owned());
        }
        let kinds = self
            .kinds
            .iter()
            .map(|kind| known("kind of pictures", kind, StillKind::parse));
        Ok(PictureLimits {
            side_min: self.side_min,
            ratio_max_percent: self.ratio_max_percent,
            kinds: kinds.collect::<Result<_, _>>()?,
        })
    }
}

impl ClipsToml {
    fn into_limits(self) -> Result<ClipLimits, String> {
        let span = |name, span: Option<(u32, u32)>| match span {
            None => Ok((0, u32::MAX)),
            Some((min, max)) if min <= max => Ok((min, max)),
            Some(_) => Err(format!("{name} is the least and the most")),
        };
        let ratio_max_percent = self.ratio_max_percent.unwrap_or(u32::MAX);
        if ratio_max_percent < 100 {
            return Err("ratio_max_percent is below 100".to_owned());
        }
        Ok(ClipLimits {
            millis: span("millis", self.millis)?,
            sides: span("sides", self.sides)?,
            area_max: self.area_max.unwrap_or(u64::MAX),
            ratio_max_percent,
        })
    }
}

impl RateToml {
    fn into_rate(self, usd_rub: &BigDecimal) -> Result<Rate, String> {
        let kopecks = decimal("price", &self.price)? * BigDecimal::from(100);
        let price = whole(&kopecks)
            .filter(|_| kopecks.is_integer())
            .map(Money::from_kopecks)
            .filter(|price| price.is_movable())
            .ok_or("price is no amount of roubles and kopecks above zero")?;
        let mut costs = BTreeMap::new();
        for (provider, usd) in self.usd {
            // Thousandths of a kopeck.
            let cost = decimal("usd", &usd)? * usd_rub * BigDecimal::from(100_000);
            let cost = whole(&cost).filter(|cost| *cost > 0);
            let cost = cost.ok_or_else(|| format!("usd of {provider} is no cost above zero"))?;
            costs.insert(provider, cost);
        }
        Ok(Rate {
            quality: known("quality", &self.quality, Quality::parse)?,
            sound: known("sound", &self.sound, Sound::parse)?,
            end_frame: if self.end_frame {
                EndFrame::Taken
            } else {
                EndFrame::NotTaken
            },
            price,
            costs,
        })
    }
}

fn known<T>(what: &str, text: &str, parse: impl Fn(&str) -> Option<T>) -> Result<T, String> {
    parse(text).ok_or_else(|| format!("{text} is no {what}"))
}

fn decimal(what: &str, text: &str) -> Result<BigDecimal, String> {
    text.parse()
        .map_err(|_| format!("{what} = \"{text}\" is no decimal number"))
}

/// Rounded up, so that no cost is told too low.
fn whole(number: &BigDecimal) -> Option<i64> {
    number.with_scale_round(0, RoundingMode::Ceiling).to_i64()
}

#[cfg(test)]
mod tests {
    use rei_domain::spec::{Output, Spec};

    use super::*;

    fn rate() -> BigDecimal {
        BigDecimal::from(90)
    }

    #[test]
    fn the_built_in_catalogue_sells_above_its_costs() {
        let catalogue = read(None, &rate()).unwrap();
        for model in &catalogue.models {
            for rate in model.ways.iter().flat_map(|way| &way.rates) {
                let cheapest = rate.costs.values().min().unwrap();
                let price = rate.price.kopecks() * 1_000;
                assert!(price > *cheapest, "{}: {rate:?}", model.id);
            }
        }
    }

    #[test]
    fn words_and_a_picture_can_become_a_video_at_once() {
        let catalogue = read(None, &rate()).unwrap();
        let pictures = [rei_domain::spec::Input::sent_picture("p", None)];
        for inputs in [&[][..], &pictures] {
            let look = catalogue.first_look("a cat", inputs).unwrap();
            let spec = Spec {
                prompt: "a cat".to_owned(),
                output: Output::Video(look),
                inputs: inputs.to_vec(),
            };
            // Five seconds of the first model in 720p: 70 roubles, 37.80 of them for the provider.
            let price = catalogue.quote(&spec).unwrap();
            assert_eq!(price, Money::from_kopecks(7_000));
            let cost = catalogue.cost("kling", &spec).unwrap();
            assert_eq!(cost, Money::from_kopecks(3_780));
        }
    }

    #[test]
    fn a_wrong_catalogue_says_what_is_wrong() {
        let model = |rest: &str| format!("[[model]]\nid = \"a\"\nprompt_chars_max = 9\n{rest}");
        let way = |rest: &str| model(&format!("[[model.way]]\nmode = \"motion\"\n{rest}"));
        let rates = |rate: &str| way(&format!("seconds = [5]\nrates = [{rate}]"));
        let cases = [
            (model("sunset = \"2026-09-15\""), "go together"),
            (
                model("sunset = \"2026-09-15\"\nreplacement = \"b\""),
                "replaced by b",
            ),
            (model("") + &model(""), "twice"),
            (model("colour = 1"), "colour"),
            (way("rates = []"), "needs seconds"),
            (way("seconds = []\nrates = []"), "needs seconds"),
            (way("clip_millis = [9, 3]\nrates = []"), "needs seconds"),
            (
                way("seconds = [5]\nclips = { x = { sides = [9, 3] } }\nrates = []"),
                "clips of x: sides",
            ),
            (
                way("seconds = [5]\nclips = { x = { ratio_max_percent = 99 } }\nrates = []"),
                "clips of x: ratio",
            ),
            (
                "[pictures]\nside_min = 1\nratio_max_percent = 250\nkinds = [\"gif\"]\n".to_owned()
                    + &model(""),
                "gif is no kind",
            ),
            (
                rates("{ quality = \"8k\", sound = \"off\", price = \"1\", usd = {} }"),
                "8k is no quality",
            ),
            (
                rates("{ quality = \"720p\", sound = \"off\", price = \"0\", usd = {} }"),
                "price",
            ),
            (
                rates("{ quality = \"720p\", sound = \"off\", price = \"1.001\", usd = {} }"),
                "price",
            ),
            (
                rates(
                    "{ quality = \"720p\", sound = \"off\", price = \"1\", usd = { x = \"-1\" } }",
                ),
                "usd of x",
            ),
        ];
        for (text, told) in cases {
            let fault = parse(&text, &rate()).unwrap_err().to_string();
            assert!(fault.contains(told), "{fault} for {text}");
        }
    }
}
