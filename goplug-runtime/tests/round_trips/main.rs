//! Whatever is written reads back as it was: for every value, not only for those that
//! somebody thought of.
//!
//! A failing case is printed in its smallest form. It is not kept in a file: it belongs
//! into a test with a name beside the code at fault.

mod arguments;
mod descriptor;
mod event_stream;
mod json;
mod legacy;
mod names;
mod pconf;
mod problem;
mod wire;

/// Enough cases to come by every branch, few enough to be run each time.
fn config() -> proptest::test_runner::Config {
    proptest::test_runner::Config {
        cases: 128,
        failure_persistence: None,
        ..proptest::test_runner::Config::default()
    }
}
