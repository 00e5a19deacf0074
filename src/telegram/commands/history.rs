//! `/history`: every movement of the user's money.

use rei_actors::ports::commands::CommandAction;

use super::Command;

pub(super) struct History;

impl Command for History {
    fn name(&self) -> &'static str {
        "history"
    }

    fn summary(&self) -> &'static str {
        "command-history"
    }

    fn action(&self, _args: &str) -> CommandAction {
        CommandAction::ShowHistory
    }
}
