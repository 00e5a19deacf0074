//! The view: values become words and buttons in the user's language.

use rei_domain::conversation::{Balance, Language, Reply, Toast};
use rei_domain::statement::{Line, Month};
use rei_domain::time::Moment;
use rei_domain::usage::Usage;
use serde::{Deserialize, Serialize};

use crate::ports::checkpoints::Receipt;
use crate::ports::jobs::Job;

/// Words and buttons, ready for the wire.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rendered {
    /// Text in Telegram's HTML; user content in it is escaped and fits the wire's limits.
    pub html: String,
    /// Rows of buttons.
    pub keyboard: Vec<Vec<Button>>,
}

/// A button with callback data of at most 64 bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Button {
    pub label: String,
    pub data: String,
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
    pub now: Moment,
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
