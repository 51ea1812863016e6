//! A running plugin, as its callbacks see it.

use std::future::Future;
use std::pin::Pin;

use bytes::Bytes;

use crate::error::Result;
use crate::typed::codec::MediaType;

/// The arguments of a callback on its way to the host.
#[derive(Clone, Copy, Debug)]
pub struct Payload<'a> {
    /// The encoded arguments, as in the body of a call.
    pub data: &'a [u8],
    /// The media type of `data`.
    pub media_type: MediaType,
}

/// A callback on its way to the host. The output is the body of the host's reply.
pub type Emission<'a> = Pin<Box<dyn Future<Output = Result<Bytes>> + Send + 'a>>;

/// A running plugin, as its callbacks see it.
pub trait Notifier: Send + Sync {
    /// Sends one callback to every host that has it registered, if that takes no wait and
    /// meets no error. True if it was sent; if not, the caller goes on with
    /// [`Notifier::emit`]. The default sends nothing.
    fn emit_at_once(&self, callback: &str, payload: Payload<'_>) -> bool {
        let _ = (callback, payload);
        false
    }

    /// Sends one callback to every host that has it registered, and waits while the queue of
    /// one of them is full. With `wait_for_reply` it goes only to the host that registered it
    /// first, and the result is that host's answer; without, the result is empty.
    fn emit<'a>(
        &'a self,
        callback: &'a str,
        payload: Payload<'a>,
        wait_for_reply: bool,
    ) -> Emission<'a>;
}
