//! Every value that is written reads back unchanged, checked with generated values.
//!
//! A failing case is printed in its smallest form. It is not kept in a file: it becomes a test with
//! a name beside the code at fault.

mod arguments;
mod descriptor;
mod event_stream;
mod json;
mod legacy;
mod names;
mod pconf;
mod problem;
mod values;
mod wire;

/// Enough cases to reach every branch, and few enough to run each time.
fn config() -> proptest::test_runner::Config {
    proptest::test_runner::Config {
        cases: 128,
        failure_persistence: None,
        ..proptest::test_runner::Config::default()
    }
}
