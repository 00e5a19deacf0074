//! `/usage`: what was sold by the picture and by the second.

use rei_actors::ports::commands::CommandAction;

use super::Command;

pub(super) struct Usage;

impl Command for Usage {
    fn name(&self) -> &'static str {
        "usage"
    }

    fn summary(&self) -> &'static str {
        "command-usage"
    }

    fn action(&self, _args: &str) -> CommandAction {
        CommandAction::ShowUsage
    }
}
