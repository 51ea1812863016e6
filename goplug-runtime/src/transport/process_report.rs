//! What a system reports of a process. Each system finds it out in its own way.

use std::time::Duration;

/// What a process is doing that keeps it from answering.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProcessState {
    /// Nothing: it runs, or waits as usual.
    Normal,
    /// A signal has stopped it.
    Stopped,
    /// A debugger has stopped it.
    Traced,
    /// It waits within the system, and cannot be interrupted.
    Uninterruptible,
    /// It ends, or has ended.
    Exiting,
}

/// What a process uses of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProcessUsage {
    /// The memory that it has in RAM, in bytes; pages that it shares with others count in full.
    pub resident_memory: u64,
    /// The processor time that all its threads have taken; Linux counts it in ticks of 10 ms.
    pub processor_time: Duration,
}
