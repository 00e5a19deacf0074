//! `/video`: a video from words.

use rei_actors::ports::commands::CommandAction;

use super::Command;

pub(super) struct Video;

impl Command for Video {
    fn name(&self) -> &'static str {
        "video"
    }

    fn summary(&self) -> &'static str {
        "command-video"
    }

    fn action(&self, _args: &str) -> CommandAction {
        CommandAction::OpenVideo
    }
}
