//! Callbacks of one name that arrived together.

use bytes::Bytes;

use crate::protocol::Problem;
use crate::typed::call::Reply;
use crate::typed::codec::MediaType;

/// One callback as it arrived.
#[derive(Clone, Debug)]
pub struct CallbackEvent {
    /// The encoded arguments, as in the body of a call.
    pub data: Bytes,
    /// The media type of `data`.
    pub media_type: MediaType,
}

/// Callbacks that one handler runs for, one after the other. The host implements it for the
/// callbacks of one batch.
pub trait CallbackRun: Send {
    /// The arguments of the next callback. Called when the handler has finished the previous
    /// callback. `None` if there is no further callback, or if other work is due first.
    fn next(&mut self) -> Option<&[u8]>;

    /// The next callback with its arguments as a value of its own; `None` as for
    /// [`CallbackRun::next`].
    fn next_event(&mut self) -> Option<CallbackEvent>;

    /// Whether the plugin waits for the replies.
    fn wants_answer(&self) -> bool;

    /// Takes the reply to the current callback, if there is one, or the problem that the
    /// handler met.
    fn finish(&mut self, outcome: Result<Option<Reply>, Problem>);
}
