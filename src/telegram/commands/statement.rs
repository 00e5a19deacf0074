//! `/statement`: a month as a table.

use rei_actors::ports::commands::CommandAction;
use rei_domain::statement::Month;

use super::Command;

pub(super) struct Statement;

impl Command for Statement {
    fn name(&self) -> &'static str {
        "statement"
    }

    fn summary(&self) -> &'static str {
        "command-statement"
    }

    fn action(&self, args: &str) -> CommandAction {
        if args.is_empty() {
            return CommandAction::SendStatement(None);
        }
        match Month::parse(args) {
            Some(month) => CommandAction::SendStatement(Some(month)),
            None => CommandAction::ExplainStatement,
        }
    }
}
