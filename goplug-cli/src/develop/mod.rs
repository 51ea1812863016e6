//! `goplug dev`: builds plugins, installs them, runs a host, and does the first two again on every save.
//!
//! A registry that watches the folder replaces a plugin when its program changes, and no call fails
//! because of that. So nothing here talks to the host: it is started, and ended. What becomes of a plugin is
//! seen by its processes.
//!
//! The files, each of which imports only from those before it: `host` is the host's process, `member` a
//! plugin's process, `followed` what becomes of a plugin, and `serving` of all of them; `steps` says what is
//! done and how long it took; `build` makes programs, `sources` says which folders hold sources, `events` what
//! the watcher of files reports, `refused` what it refuses, `changes` waits for a save, and `cycle` is the verb.

mod build;
mod changes;
mod cycle;
mod events;
mod followed;
mod host;
mod member;
mod refused;
mod serving;
mod sources;
mod steps;

pub(crate) use cycle::dev;
