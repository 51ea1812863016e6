//! Plugins that serve hosts on other machines: `PROGRAM serve --listen`, as real processes that are called by
//! curl, by hyper, and by strangers.

mod calls;
mod certificates;
mod client;
mod hosts;
mod program;
mod security;
mod stops;
mod strangers;
