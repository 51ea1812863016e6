//! What the macros generate, called from end to end without a process in between.

mod beside;
mod contract;
mod contract_client;
mod double;
mod errors;
mod foreign;
mod functions;
mod hygiene;
mod kept;
mod opened;
mod schemas;
mod state;
mod values;
