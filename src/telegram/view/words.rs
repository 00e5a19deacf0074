//! Speaking one language: messages with their arguments, and the phrases that many share.

use std::borrow::Cow;

use fluent_bundle::{FluentArgs, FluentValue};
use rei_actors::ports::view::{Button, ButtonAction};
use rei_domain::conversation::{Language, Tap};
use rei_domain::money::Money;
use rei_domain::spec::{Aspect, Mode, Output, Spec};
use rei_domain::time::Moment;

use super::{html, money, video};
use crate::telegram::catalogue::Catalogue;

/// Moscow keeps UTC+3 without summer time.
const MOSCOW_OFFSET_SECS: i64 = 3 * 60 * 60;

/// The values that a message's variables take.
#[derive(Default)]
pub(super) struct Args<'a>(FluentArgs<'a>);

impl<'a> Args<'a> {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// A number; it chooses the plural.
    pub(super) fn number(mut self, name: &'static str, value: impl Into<u64>) -> Self {
        self.0.set(name, value.into());
        self
    }

    /// A text. Messages are HTML, so it is escaped here, wherever it came from.
    pub(super) fn text(mut self, name: &'static str, value: &str) -> Self {
        let value = FluentValue::String(Cow::Owned(html::escape(value)));
        self.0.set(name, value);
        self
    }
}

/// The catalogue, in one language.
#[derive(Clone, Copy)]
pub(super) struct Words<'a> {
    pub catalogue: &'a Catalogue,
    pub language: Language,
}

impl Words<'_> {
    /// A message without variables.
    pub(super) fn say(&self, key: &str) -> String {
        self.catalogue.text(self.language, key)
    }

    /// A message with variables.
    pub(super) fn tell(&self, key: &str, args: Args<'_>) -> String {
        self.catalogue.format(self.language, key, &args.0)
    }

    /// A button for a tap.
    pub(super) fn button(&self, key: &str, tap: &Tap) -> Button {
        labelled(self.say(key), tap)
    }

    /// The label of one choice among several: the current one is marked.
    pub(super) fn choice<T: PartialEq>(&self, name: &str, this: T, current: T) -> String {
        if this == current {
            self.tell("button-current", Args::new().text("name", name))
        } else {
            name.to_owned()
        }
    }

    pub(super) fn money(&self, amount: Money) -> String {
        money::render(self.language, amount)
    }

    /// Hundredths as a number without needless zeros: 250 is "2,5" or "2.5".
    pub(super) fn hundredths(&self, hundredths: u32) -> String {
        let point = match self.language {
            Language::Russian => ',',
            Language::English => '.',
        };
        match (hundredths / 100, hundredths % 100) {
            (whole, 0) => whole.to_string(),
            (whole, rest) if rest % 10 == 0 => format!("{whole}{point}{}", rest / 10),
            (whole, rest) => format!("{whole}{point}{rest:02}"),
        }
    }

    /// What was chosen, as the first line of a message: "Edit of 2 photos".
    pub(super) fn title(&self, spec: &Spec) -> String {
        let key = match spec.mode() {
            Mode::Generate => "title-generate",
            Mode::Edit => "title-edit",
            Mode::TextToVideo | Mode::ImageToVideo | Mode::VideoToVideo | Mode::Motion => {
                "title-video"
            }
        };
        self.tell(key, Args::new().text("mode", &self.mode(spec)))
    }

    fn mode(&self, spec: &Spec) -> String {
        match spec.mode() {
            Mode::Generate => self.say("mode-generate"),
            Mode::Edit => {
                let count = u64::try_from(spec.inputs.len()).unwrap_or(u64::MAX);
                self.tell("mode-edit", Args::new().number("count", count))
            }
            Mode::TextToVideo => self.say("mode-text-to-video"),
            Mode::ImageToVideo => {
                let count = u64::try_from(spec.inputs.len()).unwrap_or(u64::MAX);
                self.tell("mode-image-to-video", Args::new().number("count", count))
            }
            Mode::VideoToVideo => self.say("mode-video-to-video"),
            Mode::Motion => self.say("mode-motion"),
        }
    }

    /// How the result is to look, in one line.
    pub(super) fn look(&self, spec: &Spec) -> String {
        match &spec.output {
            Output::Image(look) => {
                let args = Args::new()
                    .text("model", look.model.title())
                    .text("shape", &self.shape(spec.mode(), look.aspect))
                    .text("size", look.size.as_str());
                self.tell("request-look", args)
            }
            Output::Video(look) => video::look(*self, look, spec.mode()),
        }
    }

    pub(super) fn shape(&self, mode: Mode, aspect: Aspect) -> String {
        let key = match aspect {
            Aspect::Auto => {
                return match mode {
                    Mode::Generate | Mode::TextToVideo => self.say("shape-auto-generate"),
                    Mode::Edit | Mode::ImageToVideo | Mode::VideoToVideo | Mode::Motion => {
                        self.say("shape-auto-edit")
                    }
                };
            }
            Aspect::Square => "shape-square",
            Aspect::Portrait2x3
            | Aspect::Portrait3x4
            | Aspect::Portrait4x5
            | Aspect::Portrait9x16 => "shape-portrait",
            Aspect::Landscape3x2
            | Aspect::Landscape4x3
            | Aspect::Landscape5x4
            | Aspect::Landscape16x9
            | Aspect::Wide21x9 => "shape-landscape",
        };
        self.tell(key, Args::new().text("ratio", aspect.as_str()))
    }

    /// A length of time: "1 minute 5 seconds". Never less than a second.
    pub(super) fn duration(&self, secs: u64) -> String {
        let secs = secs.max(1);
        let minutes = Args::new().number("minutes", secs / 60);
        let seconds = Args::new().number("seconds", secs % 60);
        if secs < 60 {
            return self.tell("duration-seconds", seconds);
        }
        let minutes = self.tell("duration-minutes", minutes);
        if secs.is_multiple_of(60) {
            return minutes;
        }
        let seconds = self.tell("duration-seconds", seconds);
        format!("{minutes} {seconds}")
    }
}

/// A button whose label is not a message of its own.
pub(super) fn labelled(label: String, tap: &Tap) -> Button {
    Button {
        label,
        action: ButtonAction::Data(tap.render()),
    }
}

/// The hour and minute in Moscow, a time every Russian reader can place: `17:05`.
pub(super) fn moscow_time(moment: Moment) -> String {
    let secs = moment
        .0
        .div_euclid(1_000_000)
        .saturating_add(MOSCOW_OFFSET_SECS);
    let minute_of_day = secs.rem_euclid(24 * 60 * 60) / 60;
    format!("{:02}:{:02}", minute_of_day / 60, minute_of_day % 60)
}

/// The day and month in Moscow: `23.11`.
pub(super) fn moscow_date(moment: Moment) -> String {
    let there = moment
        .0
        .saturating_add(MOSCOW_OFFSET_SECS.saturating_mul(1_000_000));
    match chrono::DateTime::from_timestamp_micros(there) {
        Some(date) => date.format("%d.%m").to_string(),
        // Beyond the years that a calendar knows.
        None => "—".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moscow_is_three_hours_ahead_of_utc() {
        let noon_utc = Moment(1_800_014_400_000_000);
        assert_eq!(moscow_time(noon_utc), "15:00");
        assert_eq!(moscow_time(Moment(0)), "03:00");
        assert_eq!(moscow_time(Moment(22 * 3_600_000_000)), "01:00");
        assert_eq!(moscow_time(Moment(-1)), "02:59");
        assert_eq!(moscow_date(noon_utc), "15.01");
        assert_eq!(moscow_date(Moment(22 * 3_600_000_000)), "02.01");
        assert_eq!(moscow_date(Moment(i64::MAX)), "—");
    }

    #[test]
    fn a_length_of_time_reads_as_one_says_it() {
        let catalogue = Catalogue::embedded();
        let words = |language| Words {
            catalogue: &catalogue,
            language,
        };
        let check = |secs, russian: &str, english: &str| {
            assert_eq!(words(Language::Russian).duration(secs), russian);
            assert_eq!(words(Language::English).duration(secs), english);
        };
        check(0, "1 секунду", "1 second");
        check(42, "42 секунды", "42 seconds");
        check(60, "1 минуту", "1 minute");
        check(301, "5 минут 1 секунду", "5 minutes 1 second");
    }

    #[test]
    fn arguments_cannot_bring_markup() {
        let catalogue = Catalogue::embedded();
        let words = Words {
            catalogue: &catalogue,
            language: Language::English,
        };
        let args = Args::new().text("name", "<b>&");
        let text = words.tell("unknown-command", args);
        assert!(text.contains("<code>/&lt;b&gt;&amp;</code>"), "{text}");
    }
}
