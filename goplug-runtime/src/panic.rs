//! Users' code that panics: the panic becomes a value, and ends nothing but that code.
//!
//! This works in programs that unwind, which is the default of Rust. With `panic = "abort"` in the
//! profile, every panic ends the process.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

pub(crate) use future::catch_panic;
#[cfg(feature = "logs")]
pub(crate) use location::{add_hook, note_all as note_locations};

/// Stands for the message of a panic that has none.
pub(crate) const NO_MESSAGE: &str = "a panic without a message";

/// Runs users' code.
///
/// # Errors
/// The message of a panic in it.
pub(crate) fn catch<T>(code: impl FnOnce() -> T) -> Result<T, String> {
    // The callers drop what the code may have left half done.
    catch_unwind(AssertUnwindSafe(code)).map_err(panic_message)
}

/// A panic that goes on elsewhere.
#[derive(Debug)]
pub(crate) struct Caught {
    payload: Box<dyn Any + Send>,
    #[cfg(feature = "logs")]
    location: location::Noted,
}

impl Caught {
    /// Runs users' code.
    ///
    /// # Errors
    /// A panic in it.
    pub(crate) fn catch<T>(code: impl FnOnce() -> T) -> Result<T, Self> {
        catch_unwind(AssertUnwindSafe(code)).map_err(|payload| Self {
            payload,
            #[cfg(feature = "logs")]
            location: location::take(),
        })
    }

    /// Goes on with the panic in this thread.
    pub(crate) fn resume(self) -> ! {
        #[cfg(feature = "logs")]
        location::put(self.location);
        resume_unwind(self.payload)
    }
}

/// The text of a panic's payload, if it has one.
pub(crate) fn text_of(payload: &(dyn Any + Send)) -> Option<&str> {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str))
}

/// Runs users' code whose result does not matter: mostly the subscriber of the host's log. The panic
/// hook has reported a panic in it.
#[cfg(feature = "host")]
pub(crate) fn contained(code: impl FnOnce()) {
    drop(catch(code));
}

/// The message of a panic, and its place if a hook has noted it.
fn panic_message(payload: Box<dyn Any + Send>) -> String {
    let text = text_of(&*payload).unwrap_or(NO_MESSAGE).to_owned();
    #[cfg(feature = "logs")]
    let text = location::add_to(text);
    // The payload is a value of the user, whose drop may panic too; a payload of that is leaked.
    if let Err(another) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(another);
    }
    text
}

mod future {
    use std::future::{Future, poll_fn};
    use std::pin::pin;
    use std::task::Poll;

    use super::catch;

    /// Runs users' code, and then drops it: that may panic as well.
    ///
    /// # Errors
    /// The message of a panic in it.
    pub(crate) async fn catch_panic<F: Future>(future: F) -> Result<F::Output, String> {
        let mut future = pin!(Some(future));
        let output = poll_fn(|cx| match future.as_mut().as_pin_mut() {
            // A future that panicked is never polled again, so nobody sees it half done.
            Some(future) => match catch(|| future.poll(cx)) {
                Ok(poll) => poll.map(Ok),
                Err(panic) => Poll::Ready(Err(panic)),
            },
            None => Poll::Pending,
        })
        .await;
        catch(|| future.set(None)).and(output)
    }
}

/// Where the last panic of this thread happened: only a hook learns it, and only the code that catches
/// the panic can tell whom it concerns.
#[cfg(feature = "logs")]
mod location {
    use std::cell::RefCell;
    use std::panic::{set_hook, take_hook};
    use std::sync::Once;

    use super::{NO_MESSAGE, text_of};

    /// A message and its place.
    pub(super) type Noted = Option<(String, String)>;

    thread_local! {
        static LAST: RefCell<Noted> = const { RefCell::new(None) };
    }

    /// Notes a panic, for the code that catches it on this thread.
    fn note(message: &str, location: &str) {
        put(Some((message.to_owned(), location.to_owned())));
    }

    /// Notes every panic of this process from here on, beside what its hook does.
    pub(crate) fn note_all() {
        static ONCE: Once = Once::new();
        if std::thread::panicking() {
            return;
        }
        ONCE.call_once(|| add_hook(|_, _| false));
    }

    /// Notes every panic of this process from here on. `report` gets its message and its place, and
    /// says whether it has reported it: else the hook that was there before does.
    ///
    /// # Panics
    /// If the thread is panicking.
    pub(crate) fn add_hook(report: impl Fn(&str, &str) -> bool + Send + Sync + 'static) {
        let before = take_hook();
        set_hook(Box::new(move |info| {
            let location = info.location().map(ToString::to_string).unwrap_or_default();
            let message = text_of(info.payload()).unwrap_or(NO_MESSAGE);
            note(message, &location);
            if !report(message, &location) {
                before(info);
            }
        }));
    }

    /// What was noted last on this thread, and nothing after that.
    pub(super) fn take() -> Noted {
        LAST.try_with(RefCell::take).ok().flatten()
    }

    pub(super) fn put(noted: Noted) {
        // A thread that ends has no such variable any more.
        let _ = LAST.try_with(|last| last.replace(noted));
    }

    /// The message with its place. A panic that was resumed has none, and what was noted before is
    /// of another one, with another message.
    pub(super) fn add_to(message: String) -> String {
        match take().filter(|(noted, _)| *noted == message) {
            Some((_, location)) => format!("{message} (at {location})"),
            None => message,
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;
        use crate::panic::catch;

        #[test]
        fn a_panic_that_was_noted_has_its_place() {
            let panics = |noted: &str| {
                note(noted, "src/a.rs:3:5");
                catch::<()>(|| std::panic::resume_unwind(Box::new("no disk"))).unwrap_err()
            };
            assert_eq!(panics("no disk"), "no disk (at src/a.rs:3:5)");
            assert_eq!(panics("of another panic"), "no disk");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use super::*;

    /// Panics when it is dropped.
    struct Grenade;

    impl Drop for Grenade {
        fn drop(&mut self) {
            panic!("dropped");
        }
    }

    /// A future that holds a grenade after it is ready.
    struct Armed(Grenade);

    impl Future for Armed {
        type Output = u8;
        fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<u8> {
            Poll::Ready(7)
        }
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_panic_is_its_message() {
        assert_eq!(catch_panic(async { 7 }).await, Ok(7));
        assert_eq!(
            catch_panic(async { panic!("of {}", "text") }).await,
            Err::<(), _>("of text".into())
        );
        let other = catch_panic(async { std::panic::panic_any(7_u8) }).await;
        assert_eq!(other, Err::<(), _>("a panic without a message".into()));
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_panic_in_a_drop_is_caught_as_well() {
        assert_eq!(catch_panic(Armed(Grenade)).await, Err("dropped".into()));
        assert_eq!(
            catch(|| std::panic::panic_any(Grenade)),
            Err::<(), _>("a panic without a message".into())
        );
    }
}
