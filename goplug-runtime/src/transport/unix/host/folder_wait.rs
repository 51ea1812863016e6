//! Ending a wait for the events of a folder.

use std::io::PipeWriter;

/// Ends the wait of a [`FolderEvents`](crate::transport::FolderEvents) when it is dropped.
#[derive(Debug)]
pub struct EndWatch(
    #[expect(dead_code, reason = "it is there to be dropped")]
    pub(in crate::transport::unix)  PipeWriter,
);
