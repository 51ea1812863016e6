//! What has been written to a connection that is dropped, and has no room in the pipe yet.
//!
//! A socket of Unix has taken what was written, and gives it to the peer after its end. A pipe takes a write that
//! does not fit only once the peer has read what came before; so a peer that reads gets the time for it, and one
//! that does not read learns of the end.

use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::timeout;

use super::pipe::Pipe;

/// How long the peer may take to make room.
const ROOM_TIMEOUT: Duration = Duration::from_secs(1);

/// Keeps the pipe until the peer has taken what was written, or does not in time, in a task of the current
/// runtime. Without a runtime the pipe ends at once.
pub(super) fn wait(pipe: &Arc<Pipe>) {
    let Ok(runtime) = Handle::try_current() else { return };
    let pipe = Arc::clone(pipe);
    runtime.spawn(async move {
        let taken = poll_fn(|cx| pipe.poll_complete(cx));
        let _ = timeout(ROOM_TIMEOUT, taken).await;
    });
}
