//! Panics, seen by their place and never by their words.
//!
//! A panic message may quote a prompt, a token or a row, so only the file and line are kept. Without the hook
//! supervision works all the same; the place is then unknown, and the standard library prints the message.

use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::Once;

const UNKNOWN: &str = "an unknown place";

thread_local! {
    static CATCHING: Cell<bool> = const { Cell::new(false) };
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Replaces the standard panic hook, which prints the message, by one that tells only the place.
///
/// A panic that a warden will catch is logged by the warden, once; every other is logged here.
pub fn install_panic_hook() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| panic::set_hook(Box::new(keep_place)));
}

fn keep_place(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map_or_else(
        || UNKNOWN.to_owned(),
        |place| format!("{}:{}", place.file(), place.line()),
    );
    if !CATCHING.get() {
        tracing::error!(place, "panicked outside of any actor");
    }
    PLACE.replace(Some(place));
}

/// Where a caught panic happened, as `file:line`.
#[derive(Debug)]
pub(super) struct Place(pub(super) String);

/// Runs `work` and turns its panic into the place of the panic.
///
/// Whatever `work` borrowed may be half changed afterwards: the caller drops it.
pub(super) fn catch<T>(work: impl FnOnce() -> T) -> Result<T, Place> {
    let outer = CATCHING.replace(true);
    let caught = panic::catch_unwind(AssertUnwindSafe(work));
    CATCHING.set(outer);
    caught.map_err(|_message| {
        let place = PLACE.take();
        Place(place.unwrap_or_else(|| UNKNOWN.to_owned()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caught_panic_is_known_by_its_place_and_not_by_its_words() {
        let standard = panic::take_hook();
        panic::set_hook(Box::new(keep_place));
        let line = line!() + 1;
        let caught = catch(|| panic!("a prompt"));
        panic::set_hook(standard);
        let Place(place) = caught.map(|()| "no panic").unwrap_err();
        assert_eq!(place, format!("{}:{line}", file!()));
    }
}
