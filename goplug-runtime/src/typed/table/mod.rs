//! What one program declares for one plugin: the entries of its annotations, gathered.
//!
//! Start with [`entry`], then [`gather`]. [`expectation`] is the same from the client's side.
//! The room imports from `declare` and `call`.

mod entry;
mod expectation;
mod gather;

pub use entry::{Activator, Contract, Dispatch, Entry, HookFuture, Item, Stopper, entries};
pub use expectation::Expectation;
pub use gather::{Table, insert_sorted, table};
