//! `/paysupport`: where a payer finds help. Telegram asks every bot that takes payments to have it.

use rei_actors::ports::commands::CommandAction;

use super::Command;

pub(super) struct PaySupport;

impl Command for PaySupport {
    fn name(&self) -> &'static str {
        "paysupport"
    }

    fn summary(&self) -> &'static str {
        "command-paysupport"
    }

    fn action(&self, _args: &str) -> CommandAction {
        CommandAction::PaySupport
    }
}
