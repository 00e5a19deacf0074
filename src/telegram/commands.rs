//! Commands: one file each and one line in `ALL`.
//!
//! A command says what the session shall do and does nothing itself. The menu and the text of
//! `/help` are made from the list, so they cannot go stale.

mod balance;
mod boost;
mod cancel;
mod help;
mod history;
mod lang;
mod limits;
mod paysupport;
mod receipt;
mod refund;
mod start;
mod statement;
mod stop;
mod topup;
mod usage;
mod video;

use std::sync::Arc;

use rei_actors::ports::commands::{CommandAction, Commands};
use rei_domain::admin::{AdminCommand, Role};
use rei_domain::conversation::Language;

use crate::telegram::catalogue::Catalogue;
use crate::telegram::view::admin::summary_key;

/// Every command, in the order of the menu.
const ALL: [&dyn Command; 16] = [
    &start::Start,
    &help::Help,
    &video::Video,
    &balance::Balance,
    &history::History,
    &usage::Usage,
    &statement::Statement,
    &receipt::Receipt,
    &topup::TopUp,
    &refund::Refund,
    &paysupport::PaySupport,
    &limits::Limits,
    &cancel::Cancel,
    &boost::Boost,
    &stop::Stop,
    &lang::Lang,
];

/// Something a user can type after a slash.
trait Command: Sync {
    /// 1 to 32 characters of `a-z 0-9 _` (Bot API, `BotCommand.command`).
    fn name(&self) -> &'static str;

    /// The catalogue's key of its description.
    fn summary(&self) -> &'static str;

    /// What the session shall do, given what was typed after the name.
    fn action(&self, args: &str) -> CommandAction;
}

/// The list of commands, with their descriptions in every language.
pub struct CommandList {
    catalogue: Arc<Catalogue>,
}

impl CommandList {
    /// The list, described from this catalogue.
    pub fn new(catalogue: Arc<Catalogue>) -> Self {
        Self { catalogue }
    }
}

impl Commands for CommandList {
    fn action(&self, name: &str, args: &str) -> Option<CommandAction> {
        let found = ALL
            .iter()
            .find(|command| command.name().eq_ignore_ascii_case(name))?;
        Some(found.action(args.trim()))
    }

    fn menu(&self, language: Language) -> Vec<(String, String)> {
        let mut menu = Vec::with_capacity(ALL.len());
        for command in ALL {
            let summary = self.catalogue.text(language, command.summary());
            menu.push((command.name().to_owned(), summary));
        }
        menu
    }

    fn menu_of(&self, language: Language, role: Role) -> Vec<(String, String)> {
        let mut menu = self.menu(language);
        for command in AdminCommand::of(role) {
            let summary = self.catalogue.text(language, summary_key(command));
            menu.push((command.name().to_owned(), summary));
        }
        menu
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rei_domain::money::Money;
    use rei_domain::statement::Month;

    use super::*;

    fn list() -> CommandList {
        CommandList::new(Arc::new(Catalogue::embedded()))
    }

    #[test]
    fn every_command_does_what_its_name_says() {
        let list = list();
        let act = |name, args| list.action(name, args);
        assert_eq!(act("start", ""), Some(CommandAction::Welcome));
        assert_eq!(act("start", "ref_12"), Some(CommandAction::Welcome));
        assert_eq!(act("help", ""), Some(CommandAction::Help));
        assert_eq!(act("Balance", ""), Some(CommandAction::ShowBalance));
        assert_eq!(act("cancel", ""), Some(CommandAction::CancelEverything));
        assert_eq!(act("lang", ""), Some(CommandAction::ChooseLanguage));
        assert_eq!(
            act("topup", ""),
            Some(CommandAction::TopUp { amount: None })
        );
        let amount = Some(Money::from_kopecks(50_000));
        assert_eq!(act("topup", "500 ₽"), Some(CommandAction::TopUp { amount }));
        assert_eq!(act("refund", ""), Some(CommandAction::ShowReturnables));
        assert_eq!(act("paysupport", ""), Some(CommandAction::PaySupport));
        assert_eq!(act("unheard", ""), None);
        assert_eq!(act("boost", ""), Some(CommandAction::ShowBoost));
        assert_eq!(act("stop", ""), Some(CommandAction::StopRunning));
        assert_eq!(act("", ""), None);
    }

    #[test]
    fn a_statement_is_of_the_month_that_is_named() {
        let list = list();
        let this = Some(CommandAction::SendStatement(None));
        assert_eq!(list.action("statement", " "), this);
        let named = Some(CommandAction::SendStatement(Month::parse("2026-11")));
        assert_eq!(list.action("statement", "2026-11"), named);
        let explain = Some(CommandAction::ExplainStatement);
        assert_eq!(list.action("statement", "november"), explain);
    }

    #[test]
    fn lang_with_a_language_sets_it_and_with_anything_else_asks() {
        let list = list();
        let english = Some(CommandAction::SetLanguage(Language::English));
        assert_eq!(list.action("lang", "en"), english);
        assert_eq!(list.action("lang", "  EN "), english);
        let ask = Some(CommandAction::ChooseLanguage);
        assert_eq!(list.action("lang", "klingon"), ask);
    }

    #[test]
    fn the_menu_fits_telegram() {
        for language in Language::ALL {
            let menu = list().menu_of(language, Role::Owner);
            let names: BTreeSet<&String> = menu.iter().map(|(name, _)| name).collect();
            assert_eq!(names.len(), menu.len(), "a name is taken twice");
            for (name, summary) in &menu {
                assert!((1..=32).contains(&name.len()), "{name}");
                let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
                assert!(name.bytes().all(plain), "{name}");
                assert!((1..=256).contains(&summary.chars().count()), "{summary}");
                assert!(!summary.contains('{'), "{summary}");
            }
        }
    }
}
