//! A running plugin, as its callbacks see it.

use std::any::Any;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

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

/// Whether the plugin waits for the answer of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallbackKind {
    /// No host answers: the callback goes to every host that has registered it.
    Notification,
    /// The callback goes to the host that registered it first, and the plugin waits for the answer.
    Call,
}

/// A callback on its way to the host. The output is the body of the host's reply.
pub type Emission<'a> = Pin<Box<dyn Future<Output = Result<Bytes>> + Send + 'a>>;

/// A running plugin, as its callbacks see it.
pub trait Notifier: Send + Sync {
    /// Sends a notification if that takes no wait and fails in no way. Returns whether it was sent;
    /// if not, the caller continues with [`Notifier::emit`]. The default sends nothing.
    fn emit_at_once(&self, callback: &str, payload: Payload<'_>) -> bool {
        let _ = (callback, payload);
        false
    }

    /// The notifier as its own type, for code that knows it. The default says nothing.
    fn into_any(self: Arc<Self>) -> Option<Arc<dyn Any + Send + Sync>> {
        None
    }

    /// Sends a callback, and waits while the queue of a host is full. The output is the host's
    /// answer to a call, and empty for a notification.
    fn emit<'a>(
        &'a self,
        callback: &'a str,
        payload: Payload<'a>,
        kind: CallbackKind,
    ) -> Emission<'a>;
}
