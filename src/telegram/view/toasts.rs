//! Toasts: one short line over the chat in answer to a tap.

use rei_domain::conversation::Toast;

use super::words::Words;

/// A toast's plain text; `None` ends the spinner without a word.
pub(super) fn render(words: Words<'_>, toast: Toast) -> Option<String> {
    let key = match toast {
        Toast::Silent => return None,
        Toast::Accepted => "toast-accepted",
        Toast::AlreadyRunning => "toast-already-running",
        Toast::AlreadyCancelled => "toast-already-cancelled",
        Toast::Outdated => "toast-outdated",
        Toast::NotEnough => "toast-not-enough",
        Toast::Stopping => "toast-stopping",
        Toast::Limited => "toast-limited",
        Toast::JobCancelled => "toast-job-cancelled",
        Toast::TooLateToCancel => "toast-too-late",
        Toast::AlreadyFinished => "toast-already-finished",
        Toast::SendingFile => "toast-sending-file",
        Toast::NotFound => "toast-not-found",
        Toast::KeptNoLonger => "toast-kept-no-longer",
        Toast::Favoured => "toast-favoured",
        Toast::FavouredNoLonger => "toast-favoured-no-longer",
        Toast::FavouritesFull => "toast-favourites-full",
        Toast::TryLater => "toast-try-later",
        Toast::Banned => "toast-banned",
        Toast::AnotherAdmin => "toast-another-admin",
    };
    Some(words.say(key))
}
