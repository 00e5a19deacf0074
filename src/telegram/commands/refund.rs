//! `/refund`: shows which payments can go back.

use rei_actors::ports::commands::CommandAction;

use super::Command;

pub(super) struct Refund;

impl Command for Refund {
    fn name(&self) -> &'static str {
        "refund"
    }

    fn summary(&self) -> &'static str {
        "command-refund"
    }

    fn action(&self, _args: &str) -> CommandAction {
        CommandAction::ShowReturnables
    }
}
