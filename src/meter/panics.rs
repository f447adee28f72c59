//! In: work that may panic. Out: where it did, and never with what: the message of a panic may hold a piece of what a visitor
//! sent. Forgets: that message.

use std::cell::{Cell, RefCell};
use std::panic::{self, AssertUnwindSafe};

thread_local! {
    /// Whether somebody on this thread answers for a panic.
    static IS_CAUGHT: Cell<bool> = const { Cell::new(false) };
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Has panics logged by their place alone, from now on.
pub fn hide_messages() {
    panic::set_hook(Box::new(|panic| {
        let place = panic.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
        if IS_CAUGHT.get() {
            PLACE.with_borrow_mut(|kept| *kept = Some(place));
        } else {
            let thread = std::thread::current().name().unwrap_or("unnamed").to_owned();
            tracing::error!(%place, %thread, "a panic ended a thread or a task");
        }
    }));
}

/// Does work.
///
/// # Errors
/// It panicked: at which place.
pub fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    let before = IS_CAUGHT.replace(true);
    let done = panic::catch_unwind(AssertUnwindSafe(work));
    IS_CAUGHT.set(before);
    done.map_err(|_| {
        let place = PLACE.with_borrow_mut(Option::take);
        format!("a panic at {}", place.unwrap_or_else(|| "an unknown place".to_owned()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error_without_its_message() {
        let places = [1, 2];
        assert_eq!(caught(|| places.len()), Ok(2));
        let error = caught(|| places[caught(|| 2).unwrap_or_default()]).unwrap_err();
        assert!(error.starts_with("a panic at ") && !error.contains("index"), "{error}");
    }
}
