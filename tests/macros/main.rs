//! What the macros generate, called from end to end without a process in between.

mod double;
mod functions;
