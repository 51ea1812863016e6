//! The one test of its program: it looks at the program's panic hook.

use std::panic;
use std::sync::atomic::{AtomicUsize, Ordering};

use goplug_codegen::Generator;

/// A build script's output is read by people, who would take a report of a panic for a fault of
/// theirs.
#[test]
fn a_panic_of_typify_is_an_error_and_not_reported() {
    static REPORTED: AtomicUsize = AtomicUsize::new(0);
    panic::set_hook(Box::new(|_| {
        REPORTED.fetch_add(1, Ordering::Relaxed);
    }));
    let text = r#"{"name":"P","methods":[{"name":"m","params":[
        {"name":"p","type":"T","schema":{"type":"object","allOf":[]}}]}]}"#;
    let error = Generator::new().generate(text).unwrap_err().to_string();
    assert!(error.contains("method m: parameter p: typify cannot read this schema: "), "{error}");
    assert!(error.contains("empty"), "{error}");
    assert_eq!(REPORTED.load(Ordering::Relaxed), 0);

    // All other panics are reported as before.
    assert!(panic::catch_unwind(|| panic!("another")).is_err());
    assert_eq!(REPORTED.load(Ordering::Relaxed), 1);
    drop(panic::take_hook());
}
