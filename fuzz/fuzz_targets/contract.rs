//! Two descriptors of other processes: comparing them never panics and ends, a descriptor is not
//! incompatible with itself, and what is said can be shown.

#![no_main]

use std::collections::HashSet;

use goplug_runtime::contract::{Comparison, MemberKind, Verdict, compare};
use goplug_runtime::protocol::Descriptor;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    // The input is one descriptor, or two with a zero between them.
    let mut parts = text.splitn(2, |byte| *byte == 0);
    let first = parts.next().unwrap_or_default();
    let Ok(client) = serde_json::from_slice::<Descriptor>(first) else { return };
    let second = parts.next().map(serde_json::from_slice::<Descriptor>);
    let plugin = match second {
        Some(Ok(plugin)) => plugin,
        Some(Err(_)) => return,
        None => client.clone(),
    };
    holds(&compare(&client, &plugin), &client);
    holds(&compare(&plugin, &client), &plugin);
    let with_itself = compare(&client, &client);
    holds(&with_itself, &client);
    if names_are_unique(&client) {
        assert!(with_itself.verdict() <= Verdict::Unknown, "{with_itself}");
    }
});

/// Whether every name finds what it belongs to.
fn names_are_unique(descriptor: &Descriptor) -> bool {
    fn are_unique<'n>(names: impl Iterator<Item = &'n String>) -> bool {
        let names: Vec<_> = names.collect();
        names.iter().collect::<HashSet<_>>().len() == names.len()
    }
    let (methods, callbacks) = (&descriptor.methods, &descriptor.callbacks);
    let methods_params = methods.iter().map(|method| &method.params);
    let mut params = methods_params.chain(callbacks.iter().map(|callback| &callback.params));
    are_unique(methods.iter().map(|method| &method.name))
        && are_unique(callbacks.iter().map(|callback| &callback.name))
        && params.all(|params| are_unique(params.iter().map(|param| &param.name)))
}

/// What is true of every comparison.
fn holds(comparison: &Comparison, needed: &Descriptor) {
    let count = |kind| comparison.members.iter().filter(|member| member.kind == kind).count();
    assert_eq!(count(MemberKind::Method), needed.methods.len());
    assert_eq!(count(MemberKind::Callback), needed.callbacks.len());
    for member in &comparison.members {
        let worst = member.differences.iter().map(|difference| difference.verdict).max();
        assert!(worst.is_none_or(|worst| worst <= member.verdict), "{member}");
        let is_silent = worst.is_none() && member.verdict > Verdict::Compatible;
        assert!(!is_silent, "{} of {} without a reason", member.verdict, member.name);
    }
    // The text has no control characters but line ends and tabs, and it is JSON for programs.
    assert!(comparison.to_string().chars().all(|c| matches!(c, '\n' | '\t') || !c.is_control()));
    serde_json::to_string(comparison).expect("it is text and numbers");
}
