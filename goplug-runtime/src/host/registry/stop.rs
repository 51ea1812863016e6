//! Ends what a registry has started.

use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::task::JoinSet;

use super::directory::Directory;
use crate::error::{Error, Result};
use crate::host::disk;
use crate::limits;

/// Stops every plugin of the directory on its runtime, removes the sockets, and ends the events.
///
/// # Errors
/// [`Error::Stop`] of the first plugin whose process has not ended.
pub(super) async fn stop_all(directory: &Directory, runtime: &Handle) -> Result<()> {
    let mut stops = JoinSet::new();
    for plugin in directory.close() {
        // On the registry's runtime: there may be none here.
        stops.spawn_on(async move { plugin.close().await }, runtime);
    }
    let mut stopped = Ok(());
    while let Some(closed) = stops.join_next().await {
        // Another error means that the plugin had been stopped before.
        if let Ok(Err(error @ Error::Stop { .. })) = closed {
            stopped = stopped.and(Err(error));
        }
    }
    let sockets = Arc::clone(directory.sockets());
    drop(disk::run_within(limits::FOLDER_TIMEOUT, move || sockets.remove()).await);
    directory.close_events();
    stopped
}
