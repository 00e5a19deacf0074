//! `/balance`: what the user has, and what is set aside.

use rei_actors::ports::commands::CommandAction;

use super::Command;

pub(super) struct Balance;

impl Command for Balance {
    fn name(&self) -> &'static str {
        "balance"
    }

    fn summary(&self) -> &'static str {
        "command-balance"
    }

    fn action(&self, _args: &str) -> CommandAction {
        CommandAction::ShowBalance
    }
}
