//! The view: values become words and buttons in the user's language.

use rei_domain::conversation::{Balance, Language, Reply, Toast};
use rei_domain::draft::Draft;
use rei_domain::eta::Range;
use rei_domain::money::Money;
use rei_domain::statement::{Line, Month};
use rei_domain::time::Moment;
use rei_domain::usage::Usage;
use serde::{Deserialize, Serialize};

use crate::ports::checkpoints::Receipt;
use crate::ports::jobs::Job;
use crate::ports::topups::{Refund, Topup};

/// Words and buttons, ready for the wire.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rendered {
    /// Text in Telegram's HTML; user content in it is escaped and fits the wire's limits.
    pub html: String,
    /// Rows of buttons.
    pub keyboard: Vec<Vec<Button>>,
}

/// A button.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Button {
    pub label: String,
    #[serde(flatten)]
    pub action: ButtonAction,
}

/// What pressing a button does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ButtonAction {
    /// Sends the bot this callback data, at most 64 bytes.
    Data(String),
    /// Opens this address: a web page or an invoice.
    Url(String),
}

/// A small text file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextFile {
    /// With extension.
    pub name: String,
    pub text: String,
}

/// What a job's message is rendered from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobFacts {
    pub job: Job,
    pub balance: Balance,
    /// Waiting jobs before it, when it waits.
    pub position: Option<u32>,
    /// When such a work is ready: from now when it waits, else from when it was begun. `None`
    /// when too few are known.
    pub eta: Option<Range>,
    pub now: Moment,
}

/// What the messages about a top-up are rendered from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopupFacts {
    pub topup: Topup,
    pub balance: Balance,
    /// The request that waited for the money, if it can still be confirmed.
    pub draft: Option<Draft>,
}

/// What the message about the end of a refund is rendered from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefundFacts {
    pub refund: Refund,
    pub balance: Balance,
}

/// What a message about a session by the second is rendered from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageFacts {
    pub usage: Usage,
    pub balance: Balance,
}

/// Renders what the bot says. Pure: the same values give the same words.
pub trait View: Send + Sync + 'static {
    /// A reply of the conversation.
    fn reply(&self, language: Language, reply: &Reply) -> Rendered;

    /// Where a job stands: the progress message, in every state a job can have.
    fn progress(&self, language: Language, facts: &JobFacts) -> Rendered;

    /// The caption of a job's picture, with its buttons; at most 1024 UTF-16 units.
    fn result(&self, language: Language, facts: &JobFacts) -> Rendered;

    /// As [`View::result`], for what is larger than the messenger takes: where it can be fetched,
    /// if it can.
    fn linked_result(&self, language: Language, facts: &JobFacts, link: Option<&str>) -> Rendered;

    /// Where a top-up is paid, and what became of it: one message in every state.
    fn pay_card(&self, language: Language, facts: &TopupFacts) -> Rendered;

    /// A top-up was credited; the request that waited for it is offered again.
    fn credited(&self, language: Language, facts: &TopupFacts) -> Rendered;

    /// A refund ended.
    fn refund(&self, language: Language, facts: &RefundFacts) -> Rendered;

    /// What the payer reads on the method's page, at most 128 characters without markup.
    fn payment_description(&self, language: Language, amount: Money) -> String;

    /// Where a session by the second stands, running or ended.
    fn usage(&self, language: Language, facts: &UsageFacts) -> Rendered;

    /// That a session by the second will end by itself, and why.
    fn usage_warning(&self, language: Language, facts: &UsageFacts) -> Rendered;

    /// The answer to a tap, at most 200 characters; `None` for [`Toast::Silent`].
    fn toast(&self, language: Language, toast: Toast) -> Option<String>;

    /// Lines of a month as a table for spreadsheets; `part` is counted from 1.
    fn statement(&self, language: Language, month: Month, part: u32, lines: &[Line]) -> TextFile;

    /// A receipt as a file; the same in every language.
    fn receipt(&self, receipt: &Receipt) -> TextFile;

    /// The name of a result's file, without extension.
    fn file_name(&self, facts: &JobFacts) -> String;
}
