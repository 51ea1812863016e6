//! What one program declares for one plugin: the entries of its annotations, gathered.
//!
//! Start with [`entry`], then [`gather`]. An [`expectation`] is what a client needs of a plugin;
//! [`embedded`] is what a program names as parts of itself. [`described`] adds to a descriptor what
//! takes longer to know: the schemas of types. [`spelled`] says when they are not needed.
//! The room imports from `declare` and `call`.

#[cfg(feature = "schema")]
mod definitions;
mod described;
mod embedded;
mod entry;
mod expectation;
mod gather;
mod need;
#[cfg(any(feature = "host", feature = "plugin"))]
mod provided;
#[cfg(feature = "schema")]
mod references;
mod spelled;
mod streaming;

pub use embedded::{embedded_names, note_embedded};
pub use entry::{
    Activation, Activator, BuildFuture, Builder, Contract, Dispatch, Entry, HookFuture, Item,
    Stopper, built, entries,
};
pub use expectation::Expectation;
pub use gather::{Table, insert_sorted, table};
pub use need::Need;
#[cfg(any(feature = "host", feature = "plugin"))]
pub(crate) use provided::Provided;
pub use streaming::{NO_STREAMING, Streaming};
