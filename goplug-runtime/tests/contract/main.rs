//! How contracts evolve: a table of changes, each with the verdict and with what real serde makes of
//! a value.
//!
//! A row has the type that one side writes and the type that the other side reads, a value, the
//! verdict, and what happens to the value. `evolution` runs it: the schemas are schemars' own.
//! It also holds the verdict to its word. What is the same or compatible is never refused, and the
//! witness of what is incompatible is refused. `property` does the same for random types.
//! `second-opinion.md` says where another program sees the pairs of this table in another way.

/// Types with all derives that a row needs.
macro_rules! types {
    ($($item:item)+) => {$(
        #[derive(Clone, Debug, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        #[allow(dead_code, reason = "a row has one value, of one variant")]
        $item
    )+};
}

mod cases;
mod collections;
mod enums;
mod evolution;
mod members;
mod numbers;
mod property;
mod structs;
mod texts;
mod undecided;
mod unseen;
mod verbatim;
