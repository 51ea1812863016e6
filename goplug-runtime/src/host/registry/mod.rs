//! The registry: finds the plugins of a folder, lists them, loads them, and sends events.
//!
//! `scan` keeps the registry up to date with its folder, on the hints of `watch`: `listing` reads the files,
//! `folder` knows them, `programs` are the programs that may be replaced. The `directory` holds the plugins
//! and the listeners under one lock. The room imports all rooms of the host except `blocking`. Start reading
//! at `handle`, which is what users hold.

mod aliases;
mod builder;
mod configure_with;
mod consents;
mod directory;
mod discovered;
mod embedded;
mod event_log;
mod event_queue;
mod events;
mod folder;
mod handle;
mod listeners;
mod listing;
mod plugin_events;
mod programs;
mod rejected;
mod scan;
mod settings;
mod similar;
mod stop;
mod watch;

pub use builder::RegistryBuilder;
pub use discovered::DiscoveredPlugin;
pub use events::Event;
pub use handle::Registry;
pub(in crate::host) use handle::configuration;
pub use listeners::Events;
pub use rejected::RejectedFile;
