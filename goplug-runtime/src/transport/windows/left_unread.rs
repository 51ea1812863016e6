//! Telling a client that its last request was not read, so that it may send the request elsewhere.
//!
//! The client of a pipe that is closed sees the end of it, whether or not the server has read everything.
//! But Windows has another error for a pipe that its server disconnects first. That is the sign here. To
//! disconnect throws away what the client has not read yet; so that is waited for.
//!
//! A request may come between a look for one and the end of the pipe. So a server that has read nothing
//! since its last response disconnects without a look: what has come by then was not read either.

use std::os::windows::io::AsHandle;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::timeout;

use super::pipe::Pipe;
use super::pipe_calls::{disconnect, flush};
use crate::transport::on_thread;

/// How long the client may take to read what was written before.
const READ_TIMEOUT: Duration = Duration::from_secs(1);

/// Does what [`tell`] does, in a task of the current runtime. Without a runtime, and if that ends before, the
/// client sees an ordinary end.
pub(super) fn tell_later(pipe: &Arc<Pipe>) {
    let Ok(runtime) = Handle::try_current() else { return };
    let pipe = Arc::clone(pipe);
    runtime.spawn(async move { tell(&pipe).await });
}

/// Disconnects the pipe once its client has read everything. If the future is dropped before, the client sees
/// an ordinary end.
pub(super) async fn tell(pipe: &Arc<Pipe>) {
    let flushed = Arc::clone(pipe);
    let read = on_thread(move || flush(flushed.as_handle()));
    // A client that does not read in time loses the rest; the thread is free again after that.
    let _ = timeout(READ_TIMEOUT, read).await;
    disconnect(pipe.as_handle());
}
