//! The plugins of a folder: found, listed, loaded, and told of in events.
//!
//! `scan` keeps the registry level with its folder, on the hints of `watch`. The `directory`
//! holds what is known, with everybody who listens, under one lock. The room imports all rooms
//! of the host but `blocking`. Start reading at `handle`, which is what users hold.

mod builder;
mod directory;
mod discovered;
mod events;
mod handle;
mod scan;
mod settings;
mod watch;

pub use builder::RegistryBuilder;
pub use discovered::DiscoveredPlugin;
pub use events::{Event, Events};
pub use handle::Registry;
