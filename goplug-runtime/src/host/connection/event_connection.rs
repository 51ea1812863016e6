//! The connection on which a plugin sends its callbacks, wherever the plugin is.

use std::io;

use super::event_stream::EventStream;
use super::remote::RemoteEvents;

/// The connection on which a plugin sends its callbacks.
#[cfg_attr(
    not(feature = "remote"),
    allow(clippy::large_enum_variant, reason = "there is no value of the other variant")
)]
pub(in crate::host) enum EventConnection {
    /// To a socket of this machine.
    Local(EventStream),
    /// To a plugin that serves a network.
    Remote(RemoteEvents),
}

impl EventConnection {
    /// Whether [`Self::wait_busily`] may have an effect.
    pub(in crate::host) fn polls_busily(&self) -> bool {
        match self {
            Self::Local(stream) => stream.polls_busily(),
            Self::Remote(_) => false,
        }
    }

    /// Polls the stream busily before [`Self::next_piece`] waits for it, as
    /// [`EventStream::wait_busily`] does. Cancel safe.
    pub(in crate::host) async fn wait_busily(
        &mut self,
        requests: u32,
        is_within_call: impl Fn() -> bool,
    ) {
        if let Self::Local(stream) = self {
            stream.wait_busily(requests, is_within_call).await;
        }
    }

    /// The next piece of the stream; `None` at its end. Cancel safe.
    pub(in crate::host) async fn next_piece(&mut self) -> io::Result<Option<&[u8]>> {
        match self {
            Self::Local(stream) => stream.next_piece().await,
            Self::Remote(events) => events.next_piece().await,
        }
    }
}
