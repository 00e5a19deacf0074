//! `/lang`: asks for the language; `/lang en` sets it at once.

use rei_actors::ports::commands::CommandAction;
use rei_domain::conversation::Language;

use super::Command;

pub(super) struct Lang;

impl Command for Lang {
    fn name(&self) -> &'static str {
        "lang"
    }

    fn summary(&self) -> &'static str {
        "command-lang"
    }

    fn action(&self, args: &str) -> CommandAction {
        match Language::parse(&args.to_ascii_lowercase()) {
            Some(language) => CommandAction::SetLanguage(language),
            None => CommandAction::ChooseLanguage,
        }
    }
}
