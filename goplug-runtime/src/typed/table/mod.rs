//! What one program declares for one plugin: the entries of its annotations, gathered.
//!
//! Start with [`entry`], then [`gather`]. An [`expectation`] is what a client needs of a plugin;
//! [`embedded`] is what a program names as parts of itself.
//! The room imports from `declare` and `call`.

mod embedded;
mod entry;
mod expectation;
mod gather;

pub use embedded::{embedded_names, note_embedded};
pub use entry::{Activator, Contract, Dispatch, Entry, HookFuture, Item, Stopper, entries};
pub use expectation::Expectation;
pub use gather::{Table, insert_sorted, table};
