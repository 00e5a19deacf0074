//! The words of the bot in every language: Fluent catalogues, embedded in the binary.
//!
//! Promises that formatting never fails and never panics. A key or an argument that is missing
//! falls back to Russian, then to the key in braces; the tests make sure that no such text is
//! ever rendered. Knows nothing of HTML or of what the words are for.

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use rei_domain::conversation::Language;
use unic_langid::LanguageIdentifier;

const RUSSIAN: &str = include_str!("locales/ru.ftl");
const ENGLISH: &str = include_str!("locales/en.ftl");

/// One language: its messages and its plural rules.
type Bundle = FluentBundle<FluentResource>;

/// The catalogues of all languages. Reading is thread-safe.
pub struct Catalogue {
    russian: Bundle,
    english: Bundle,
}

impl Catalogue {
    /// The catalogues that are part of the binary.
    pub fn embedded() -> Self {
        Self {
            russian: bundle(Language::Russian),
            english: bundle(Language::English),
        }
    }

    /// The message of a key, in the language or else in Russian.
    pub fn format(&self, language: Language, key: &str, args: &FluentArgs<'_>) -> String {
        if let Some(text) = self.format_exactly(language, key, args) {
            return text;
        }
        if language != Language::Russian
            && let Some(text) = self.format_exactly(Language::Russian, key, args)
        {
            return text;
        }
        format!("{{{key}}}")
    }

    /// The message of a key that takes no arguments.
    pub fn text(&self, language: Language, key: &str) -> String {
        self.format(language, key, &FluentArgs::new())
    }

    fn format_exactly(
        &self,
        language: Language,
        key: &str,
        args: &FluentArgs<'_>,
    ) -> Option<String> {
        let bundle = match language {
            Language::Russian => &self.russian,
            Language::English => &self.english,
        };
        let language = language.as_str();
        let Some(pattern) = bundle.get_message(key).and_then(|message| message.value()) else {
            tracing::error!(key, language, "a catalogue lacks a message");
            return None;
        };
        let mut errors = Vec::new();
        let text = bundle.format_pattern(pattern, Some(args), &mut errors);
        if errors.is_empty() {
            return Some(text.into_owned());
        }
        tracing::error!(
            key,
            language,
            ?errors,
            "a message does not fit its arguments"
        );
        None
    }
}

/// The catalogue's source, in Fluent's syntax.
fn source(language: Language) -> &'static str {
    match language {
        Language::Russian => RUSSIAN,
        Language::English => ENGLISH,
    }
}

/// Messages that cannot be parsed are left out and logged, so that a slip in one message does
/// not take the others away.
fn bundle(language: Language) -> Bundle {
    let name = language.as_str();
    let id: LanguageIdentifier = name.parse().expect("two-letter codes are language tags");
    let mut bundle = Bundle::new_concurrent(vec![id]);
    // Isolation marks are for mixed writing directions; both languages run left to right, and
    // the marks would count against Telegram's limits.
    bundle.set_use_isolating(false);
    let resource = match FluentResource::try_new(source(language).to_owned()) {
        Ok(resource) => resource,
        Err((partial, errors)) => {
            tracing::error!(
                language = name,
                ?errors,
                "a catalogue has unreadable messages"
            );
            partial
        }
    };
    if let Err(errors) = bundle.add_resource(resource) {
        tracing::error!(language = name, ?errors, "a catalogue repeats a message");
    }
    bundle
}

#[cfg(test)]
mod tests;
