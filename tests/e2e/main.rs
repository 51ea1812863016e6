//! Hosts and plugins as real processes. `test_env` is what all tests share.

mod bad_files;
mod blocking;
mod callbacks;
mod calls;
mod confinement;
mod crash;
mod curl;
mod discovery;
mod foreign;
mod foreign_text;
mod host_death;
mod hostile_clients;
mod http;
mod in_flight;
mod legacy;
mod misbehaving;
mod originals;
mod pipelining;
mod process;
mod program;
mod scale;
mod start;
mod supervision;
mod test_env;
mod trust;
mod upgrade;
