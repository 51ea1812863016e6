//! `goplug dev`: builds plugins, installs them, runs a host, and does the first two again on every save.
//!
//! A registry that watches the folder replaces a plugin when its program changes, and no call fails
//! because of that. So nothing here talks to the host: it is started once, and ended at the end.
//!
//! The files, each of which imports only from those before it: `steps` says what is done and how long
//! it took, `host` is the host's process, `build` makes programs, `sources` says which folders hold sources,
//! `events` what the watcher of files reports, `refused` what it refuses, `changes` waits for a save, and
//! `cycle` is the verb.

mod build;
mod changes;
mod cycle;
mod events;
mod host;
mod refused;
mod sources;
mod steps;

pub(crate) use cycle::dev;
