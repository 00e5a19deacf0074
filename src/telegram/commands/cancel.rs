//! `/cancel`: withdraws every draft and every job that still waits.

use rei_actors::ports::commands::CommandAction;

use super::Command;

pub(super) struct Cancel;

impl Command for Cancel {
    fn name(&self) -> &'static str {
        "cancel"
    }

    fn summary(&self) -> &'static str {
        "command-cancel"
    }

    fn action(&self, _args: &str) -> CommandAction {
        CommandAction::CancelEverything
    }
}
