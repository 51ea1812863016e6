//! How the end of a killed process is told.

/// What is said of the end of a plugin that somebody has killed.
pub const KILLED: &str = "signal: 9 (SIGKILL)";
