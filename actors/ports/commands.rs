//! Commands: what a user can type after a slash, declared as data.

use rei_domain::admin::Role;
use rei_domain::conversation::Language;
use rei_domain::money::Money;
use rei_domain::statement::Month;

/// What the session does for a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommandAction {
    /// Greets.
    Welcome,
    Help,
    /// Opens a draft of a video from the words that were typed.
    OpenVideo,
    ShowBalance,
    /// Withdraws drafts and waiting jobs.
    CancelEverything,
    ChooseLanguage,
    SetLanguage(Language),
    /// Shows the amounts, or goes on with the one that was typed.
    TopUp {
        amount: Option<Money>,
    },
    /// Shows which payments can go back.
    ShowReturnables,
    PaySupport,
    /// Offers a session by the second, or shows the one that runs.
    ShowBoost,
    /// Shows or sets spending caps.
    Limits,
    /// Ends what runs by the second.
    StopRunning,
    /// Shows the newest movements of money.
    ShowHistory,
    /// Shows the newest usage sessions.
    ShowUsage,
    /// Sends a month's movements as a file; without a month, those of this one.
    SendStatement(Option<Month>),
    /// Says how a month is named.
    ExplainStatement,
    /// Sends a proof of the newest movements.
    SendReceipt,
}

/// The list of commands.
pub trait Commands: Send + Sync + 'static {
    /// What a command does with these arguments; `None` when there is no such command.
    fn action(&self, name: &str, args: &str) -> Option<CommandAction>;

    /// Names and descriptions for Telegram's command menu, in order.
    fn menu(&self, language: Language) -> Vec<(String, String)>;

    /// The same for somebody with a role: his own commands behind everybody's.
    fn menu_of(&self, language: Language, role: Role) -> Vec<(String, String)>;
}
