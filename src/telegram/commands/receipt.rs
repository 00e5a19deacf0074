//! `/receipt`: a proof of the newest movements.

use rei_actors::ports::commands::CommandAction;

use super::Command;

pub(super) struct Receipt;

impl Command for Receipt {
    fn name(&self) -> &'static str {
        "receipt"
    }

    fn summary(&self) -> &'static str {
        "command-receipt"
    }

    fn action(&self, _args: &str) -> CommandAction {
        CommandAction::SendReceipt
    }
}
