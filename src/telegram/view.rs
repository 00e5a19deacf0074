//! The view: what the bot says, as words and buttons in the user's language.
//!
//! Promises HTML that Telegram takes: escaped, balanced, within the limits however long the
//! prompt is, with callback data made by `Tap::render` alone. Amounts, times and plurals read
//! as people write them. Decides nothing: prices, states and permissions come in as values.

mod boost;
mod card;
mod html;
mod money;
mod progress;
mod replies;
mod result;
mod statement;
mod toasts;
mod words;

use std::sync::Arc;

use rei_actors::ports::checkpoints::Receipt;
use rei_actors::ports::commands::Commands;
use rei_actors::ports::view::{JobFacts, Rendered, TextFile, UsageFacts, View};
use rei_domain::conversation::{Language, Reply, Toast};
use rei_domain::statement::{Line, Month};

use self::words::Words;
use crate::telegram::catalogue::Catalogue;

/// The view whose words are in Fluent catalogues.
pub struct FluentView {
    catalogue: Arc<Catalogue>,
    commands: Arc<dyn Commands>,
}

impl FluentView {
    /// A view of these catalogues; `/help` lists these commands.
    pub fn new(catalogue: Arc<Catalogue>, commands: Arc<dyn Commands>) -> Self {
        Self {
            catalogue,
            commands,
        }
    }

    fn words(&self, language: Language) -> Words<'_> {
        Words {
            catalogue: &self.catalogue,
            language,
        }
    }
}

impl View for FluentView {
    fn reply(&self, language: Language, reply: &Reply) -> Rendered {
        let words = self.words(language);
        match reply {
            Reply::Welcome { bonus, balance } => replies::welcome(words, *bonus, *balance),
            Reply::Help => replies::help(words, &self.commands.menu(language)),
            Reply::Balance(balance) => replies::balance(words, *balance),
            Reply::ChooseLanguage { current } => replies::choose_language(words, *current),
            Reply::LanguageChanged => replies::plain(words.say("language-changed")),
            Reply::UnknownCommand { name } => replies::unknown_command(words, name),
            Reply::NothingToCancel => replies::plain(words.say("cancel-nothing")),
            Reply::Cancelled {
                drafts,
                jobs,
                running,
                balance,
            } => replies::cancelled(words, *drafts, *jobs, *running, *balance),
            Reply::AskWhatToDo { pictures } => replies::ask_what_to_do(words, *pictures),
            Reply::Card {
                draft,
                balance,
                page,
                note,
            } => card::render(words, draft, *balance, *page, *note),
            Reply::DraftDiscarded => replies::plain(words.say("card-discarded")),
            Reply::Unsupported(what) => replies::unsupported(words, *what),
            Reply::BoostOffer {
                usage,
                tariff,
                balance,
                refusal,
            } => boost::offer(words, usage, tariff, *balance, *refusal),
            Reply::NothingRuns => replies::plain(words.say("stop-nothing")),
            Reply::History {
                page,
                standing,
                token,
            } => statement::history(words, page, standing, token),
            Reply::Sessions { page, token } => statement::sessions(words, page, token),
            Reply::StatementHow => replies::plain(words.say("statement-how")),
            Reply::StatementEmpty { month } => statement::empty_month(words, *month),
            Reply::ReceiptNothing => replies::plain(words.say("receipt-nothing")),
            Reply::ReceiptHow { page } => statement::receipt_how(words, page.as_deref()),
            Reply::TryLater => replies::plain(words.say("try-later")),
        }
    }

    fn progress(&self, language: Language, facts: &JobFacts) -> Rendered {
        progress::render(self.words(language), facts)
    }

    fn result(&self, language: Language, facts: &JobFacts) -> Rendered {
        result::caption(self.words(language), facts)
    }

    fn usage(&self, language: Language, facts: &UsageFacts) -> Rendered {
        boost::state(self.words(language), facts)
    }

    fn usage_warning(&self, language: Language, facts: &UsageFacts) -> Rendered {
        boost::warning(self.words(language), facts)
    }

    fn toast(&self, language: Language, toast: Toast) -> Option<String> {
        toasts::render(self.words(language), toast)
    }

    fn statement(&self, language: Language, month: Month, part: u32, lines: &[Line]) -> TextFile {
        statement::table(self.words(language), month, part, lines)
    }

    fn receipt(&self, receipt: &Receipt) -> TextFile {
        let seq = receipt.rows.last().map_or(0, |(_, row)| row.seq);
        TextFile {
            name: format!("rei-receipt-{seq}.json"),
            text: crate::receipts::render(receipt),
        }
    }

    fn file_name(&self, facts: &JobFacts) -> String {
        result::file_name(facts)
    }
}

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;
