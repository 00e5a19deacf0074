//! `/help`: what the bot can do, and its commands.

use rei_actors::ports::commands::CommandAction;

use super::Command;

pub(super) struct Help;

impl Command for Help {
    fn name(&self) -> &'static str {
        "help"
    }

    fn summary(&self) -> &'static str {
        "command-help"
    }

    fn action(&self, _args: &str) -> CommandAction {
        CommandAction::Help
    }
}
