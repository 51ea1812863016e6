//! A plugin's answer to an activation, be it a descriptor or a GoPlug 1 method list, reads back from
//! its own text; so does a descriptor from a `.pconf` file.

#![no_main]

use goplug_runtime::protocol::legacy::{method_list, parse_method_list};
use goplug_runtime::protocol::{Descriptor, Pconf, Problem};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    if let Ok(descriptor) = serde_json::from_slice::<Descriptor>(text) {
        let rewritten = serde_json::to_vec(&descriptor).expect("it is text and numbers");
        let read: Descriptor = serde_json::from_slice(&rewritten).expect("it is as it was");
        assert_eq!(read, descriptor);
        for method in &descriptor.methods {
            assert!(method.signature().starts_with(&method.name));
        }
        survives_a_file(&descriptor);
    }
    if let Ok(names) = parse_method_list(text) {
        let rewritten = method_list(names.iter().map(String::as_str));
        assert_eq!(parse_method_list(rewritten.as_bytes()).expect("it is a list"), names);
    }
    if let Ok(problem) = serde_json::from_slice::<Problem>(text) {
        let rewritten = problem.to_json();
        let read: Problem = serde_json::from_slice(&rewritten).expect("it is a problem");
        assert_eq!(read.to_json(), rewritten);
        assert_eq!(read.kind(), problem.kind());
        assert_eq!(read.error.is_some(), problem.error.is_some());
    }
});

fn survives_a_file(descriptor: &Descriptor) {
    let Ok(pconf) = Pconf::of(descriptor.clone()).and_then(|pconf| pconf.with_sock("s")) else {
        return;
    };
    let read = Pconf::parse(pconf.to_json().as_bytes()).expect("what is written can be read");
    assert_eq!(read, pconf);
    assert_eq!(read.methods(), descriptor.methods);
    assert_eq!(read.callbacks(), descriptor.callbacks);
}
