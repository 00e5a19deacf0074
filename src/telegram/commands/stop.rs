//! `/stop`: ends what runs by the second.

use rei_actors::ports::commands::CommandAction;

use super::Command;

pub(super) struct Stop;

impl Command for Stop {
    fn name(&self) -> &'static str {
        "stop"
    }

    fn summary(&self) -> &'static str {
        "command-stop"
    }

    fn action(&self, _args: &str) -> CommandAction {
        CommandAction::StopRunning
    }
}
