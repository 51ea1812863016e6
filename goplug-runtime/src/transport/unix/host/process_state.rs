//! What the state of a process means for what waits for its answer.

use crate::transport::ProcessState;

impl ProcessState {
    /// What keeps the process of this id from answering, for people, with what helps; `None` if nothing
    /// does.
    pub fn explain(self, process: u32) -> Option<String> {
        Some(match self {
            Self::Normal => return None,
            Self::Stopped => format!(
                "its process {process} is stopped (state T), by a signal or because it used the \
                 terminal: `kill -CONT {process}` lets it go on"
            ),
            Self::Traced => format!("a debugger has stopped its process {process} (state t)"),
            Self::Uninterruptible => format!(
                "its process {process} waits within the system (state D), perhaps for a disk or a \
                 network file system"
            ),
            Self::Exiting => format!("its process {process} is ending"),
        })
    }
}
