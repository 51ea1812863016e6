//! Hosts and plugins as real processes.

mod bad_files;
mod blocking;
mod callbacks;
mod calls;
mod confinement;
mod crash;
mod curl;
mod discovery;
mod foreign;
mod host_death;
mod hostile_clients;
mod http;
mod legacy;
mod misbehaving;
mod pipelining;
mod process;
mod program;
mod scale;
mod stage;
mod start;
mod supervision;
mod trust;
mod upgrade;
