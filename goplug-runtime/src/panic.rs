//! Users' code that panics: the panic becomes a value, and ends nothing but that code.
//!
//! This works in programs that unwind, which is the default of Rust. With `panic = "abort"` in the
//! profile, every panic ends the process.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

#[cfg(any(feature = "host", feature = "plugin"))]
pub(crate) use future::catch_panic;

/// Runs users' code.
///
/// # Errors
/// The message of a panic in it.
pub(crate) fn catch<T>(code: impl FnOnce() -> T) -> Result<T, String> {
    // The callers drop what the code may have left half done.
    catch_unwind(AssertUnwindSafe(code)).map_err(panic_message)
}

/// Runs users' code whose result does not matter: mostly the subscriber of the host's log. The panic
/// hook has reported a panic in it.
#[cfg(feature = "host")]
pub(crate) fn contained(code: impl FnOnce()) {
    drop(catch(code));
}

/// The message of a panic.
fn panic_message(payload: Box<dyn Any + Send>) -> String {
    let text = payload.downcast_ref::<&str>().copied();
    let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    let text = text.unwrap_or("a panic without a message").to_owned();
    // The payload is a value of the user, whose drop may panic too; a payload of that is leaked.
    if let Err(another) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(another);
    }
    text
}

#[cfg(any(feature = "host", feature = "plugin"))]
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
