//! `/boost`: jobs go first, paid by the second.

use rei_actors::ports::commands::CommandAction;

use super::Command;

pub(super) struct Boost;

impl Command for Boost {
    fn name(&self) -> &'static str {
        "boost"
    }

    fn summary(&self) -> &'static str {
        "command-boost"
    }

    fn action(&self, _args: &str) -> CommandAction {
        CommandAction::ShowBoost
    }
}
