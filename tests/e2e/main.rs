//! Hosts and plugins as real processes.

mod bad_files;
mod discovery;
mod stage;
