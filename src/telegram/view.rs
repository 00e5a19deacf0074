//! The view: what the bot says, as words and buttons in the user's language.
//!
//! Promises HTML that Telegram takes: escaped, balanced, within the limits however long the
//! prompt is, with callback data made by `Tap::render` alone. Amounts, times and plurals read
//! as people write them. Decides nothing: prices, states and permissions come in as values.

pub(in crate::telegram) mod admin;
mod boost;
mod card;
mod html;
mod limits;
mod money;
mod progress;
mod replies;
mod result;
mod returns;
mod series;
mod statement;
mod toasts;
mod topup;
mod video;
mod words;

use std::sync::Arc;

use rei_actors::ports::checkpoints::Receipt;
use rei_actors::ports::commands::Commands;
use rei_actors::ports::view::{
    JobFacts, RefundFacts, Rendered, TextFile, TopupFacts, UsageFacts, View,
};
use rei_domain::conversation::{Language, Reply, Toast};
use rei_domain::money::Money;
use rei_domain::statement::{Line, Month};
use rei_domain::topup::TopupReply;

use self::words::{Args, Words};
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
            Reply::AskWhatToDo { came } => replies::ask_what_to_do(words, *came),
            Reply::AskHowToMove => replies::plain(words.say("ask-how-to-move")),
            Reply::VideoHow => replies::plain(words.say("video-how")),
            Reply::NoVideo(missing) => video::refused(words, missing),
            Reply::Card {
                draft,
                balance,
                page,
                offer,
                note,
            } => card::render(words, draft, *balance, *page, offer, *note),
            Reply::DraftDiscarded => replies::plain(words.say("card-discarded")),
            Reply::Unsupported(what) => replies::unsupported(words, *what),
            Reply::BoostOffer {
                usage,
                tariff,
                balance,
                refusal,
            } => boost::offer(words, usage, tariff, *balance, *refusal),
            Reply::SeriesStopping { count } => {
                let count = Args::new().number("count", *count);
                replies::plain(words.tell("series-stopping", count))
            }
            Reply::SeriesLastStep { step, wanted } => series::last_step(words, *step, *wanted),
            Reply::SeriesEnded {
                delivered,
                wanted,
                charged,
                took_secs,
                reason,
                balance,
            } => {
                let counts = (*delivered, *wanted);
                series::ended(words, counts, *charged, *took_secs, *reason, *balance)
            }
            Reply::Limits {
                limits,
                change,
                token,
            } => limits::render(words, limits, *change, token.as_ref()),
            Reply::LimitsUsage => replies::plain(words.say("limits-how")),
            Reply::SlowDown { wait_secs } => replies::plain(limits::slow_down(words, *wait_secs)),
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
            Reply::Admin(reply) => admin::render(words, reply),
            Reply::TryLater => replies::plain(words.say("try-later")),
            Reply::Topup(reply) => topup_reply(words, reply),
        }
    }

    fn progress(&self, language: Language, facts: &JobFacts) -> Rendered {
        progress::render(self.words(language), facts)
    }

    fn result(&self, language: Language, facts: &JobFacts) -> Rendered {
        result::caption(self.words(language), facts)
    }

    fn linked_result(&self, language: Language, facts: &JobFacts, link: Option<&str>) -> Rendered {
        result::linked(self.words(language), facts, link)
    }

    fn pay_card(&self, language: Language, facts: &TopupFacts) -> Rendered {
        topup::pay_card(self.words(language), facts)
    }

    fn credited(&self, language: Language, facts: &TopupFacts) -> Rendered {
        topup::credited(self.words(language), facts)
    }

    fn refund(&self, language: Language, facts: &RefundFacts) -> Rendered {
        returns::ended(self.words(language), facts)
    }

    fn payment_description(&self, language: Language, amount: Money) -> String {
        topup::description(self.words(language), amount)
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

fn topup_reply(words: Words<'_>, reply: &TopupReply) -> Rendered {
    match reply {
        TopupReply::Amounts {
            balance,
            amounts,
            draft,
        } => topup::amounts(words, *balance, amounts, draft),
        TopupReply::Methods {
            amount,
            offers,
            draft,
        } => topup::methods(words, *amount, offers, draft),
        TopupReply::AskAmount { limits } => topup::ask_amount(words, *limits),
        TopupReply::AmountRefused(refusal) => topup::amount_refused(words, *refusal),
        TopupReply::AskEmail => replies::plain(words.say("topup-ask-email")),
        TopupReply::EmailRefused => replies::plain(words.say("topup-email-refused")),
        TopupReply::Unavailable => replies::plain(words.say("topup-unavailable")),
        TopupReply::Returnables {
            payments,
            partly_spent,
            term_days,
        } => returns::list(words, payments, partly_spent, *term_days),
        TopupReply::ConfirmReturn { payment, nonce } => returns::confirm(words, payment, nonce),
        TopupReply::ReturnAccepted { amount } => returns::accepted(words, *amount),
        TopupReply::ReturnRefused(refusal) => returns::refused(words, *refusal),
        TopupReply::PaySupport { term_days } => returns::support(words, *term_days),
    }
}

#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod topup_samples;
