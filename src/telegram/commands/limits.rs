//! `/limits`: what may be spent in an hour and in a day; `/limits 500 2000` sets lower caps.

use rei_actors::ports::commands::CommandAction;

use super::Command;

pub(super) struct Limits;

impl Command for Limits {
    fn name(&self) -> &'static str {
        "limits"
    }

    fn summary(&self) -> &'static str {
        "command-limits"
    }

    fn action(&self, _args: &str) -> CommandAction {
        CommandAction::Limits
    }
}
