//! How the end of a killed process is told.

/// What is said of the end of a plugin that was killed from outside its host: the Task Manager, `taskkill /F`
/// and the standard library give a process this exit code.
pub const KILLED: &str = "exit status: 1";
