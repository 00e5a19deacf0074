//! `/start`: greets and shows how to begin. A deep link's payload, its argument, has no meaning yet.

use rei_actors::ports::commands::CommandAction;

use super::Command;

pub(super) struct Start;

impl Command for Start {
    fn name(&self) -> &'static str {
        "start"
    }

    fn summary(&self) -> &'static str {
        "command-start"
    }

    fn action(&self, _args: &str) -> CommandAction {
        CommandAction::Welcome
    }
}
