//! Resource limits of a process. Each system enforces them as it can.

/// A resource limit. It applies to a process, and to the processes that it starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rlimit {
    /// Bytes of address space of one process; on Windows, of memory that it has been promised.
    AddressSpace(u64),
    /// Descriptors of one process: their numbers are below this. Windows has no such limit.
    OpenFiles(u64),
    /// Processes and threads of the user, unless it is root; on Windows, processes of the plugin.
    Processes(u64),
    /// Seconds of processor time of one process. After that the kernel of Unix sends SIGXCPU, and a second
    /// later SIGKILL; Windows ends the process at once.
    CpuSeconds(u64),
}
