//! `/topup`: asks for an amount; `/topup 500` goes on with it at once.

use rei_actors::ports::commands::CommandAction;
use rei_domain::topup::parse_amount;

use super::Command;

pub(super) struct TopUp;

impl Command for TopUp {
    fn name(&self) -> &'static str {
        "topup"
    }

    fn summary(&self) -> &'static str {
        "command-topup"
    }

    fn action(&self, args: &str) -> CommandAction {
        let amount = parse_amount(args);
        CommandAction::TopUp { amount }
    }
}
