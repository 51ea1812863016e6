//! Two descriptors, member by member.

use std::collections::HashMap;

use super::check::Checker;
use super::expand::Definitions;
use super::members::{Described, configuration, member, missing};
use super::report::{Comparison, MemberKind};
use crate::protocol::{CallbackDescriptor, Descriptor, MethodDescriptor};

/// Compares what a client needs with what a plugin offers.
///
/// `needed` is written from the client's side: its schemas of parameters are what the client
/// writes, those of results what it reads. `offered` is a plugin's own descriptor. What only the
/// plugin has makes no difference. A side whose members have no schemas is compared by its
/// fingerprints, and by name if it has none of these either.
///
/// The work is bounded by [`CONTRACT_WORK`](crate::limits::CONTRACT_WORK) and its neighbours; what
/// is beyond them is [`Verdict::Unknown`](super::Verdict::Unknown).
///
/// ```
/// use goplug::contract::{Verdict, compare};
/// use goplug::protocol::Descriptor;
/// use serde_json::{from_value, json};
///
/// let side = |ty: &str, low: i64| -> serde_json::Result<Descriptor> {
///     let schema = json!({"type": "integer", "format": ty, "minimum": low});
///     let param = json!({"name": "by", "type": ty, "schema": schema});
///     from_value(json!({"name": "Counter", "methods": [{"name": "add", "params": [param]}]}))
/// };
/// let (client, plugin) = (side("int64", i64::MIN)?, side("uint32", 0)?);
/// let comparison = compare(&client, &plugin);
/// assert_eq!(comparison.verdict(), Verdict::Incompatible);
/// assert_eq!(comparison.members[0].differences[0].at, "by");
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn compare(needed: &Descriptor, offered: &Descriptor) -> Comparison {
    let mut checker = Checker::new(Definitions::of(needed), Definitions::of(offered));
    let mut members = Vec::new();
    let offered_methods = by_name(&offered.methods, |theirs| &theirs.name);
    let offered_callbacks = by_name(&offered.callbacks, |theirs| &theirs.name);
    for ours in &needed.methods {
        let theirs = offered_methods.get(&*ours.name).copied();
        members.push(match theirs {
            Some(theirs) => member(&mut checker, &method(ours), &method(theirs)),
            None => missing(&method(ours), ours.optional),
        });
    }
    for ours in &needed.callbacks {
        let theirs = offered_callbacks.get(&*ours.name).copied();
        members.push(match theirs {
            Some(theirs) => member(&mut checker, &callback(ours), &callback(theirs)),
            None => missing(&callback(ours), false),
        });
    }
    if let (Some(ours), Some(theirs)) = (&needed.configuration, &offered.configuration) {
        members.push(configuration(&mut checker, ours, theirs));
    }
    Comparison { members }
}

/// The first of each name.
fn by_name<T>(members: &[T], name: fn(&T) -> &String) -> HashMap<&str, &T> {
    members.iter().rev().map(|member| (&**name(member), member)).collect()
}

fn method(method: &MethodDescriptor) -> Described<'_> {
    Described {
        kind: MemberKind::Method,
        name: &method.name,
        params: method.values(),
        incoming: method.incoming(),
        returns: &method.returns,
        error: method.error.as_ref(),
        progress: method.progress.as_ref(),
        stream: method.stream,
        fingerprint: &method.fingerprint,
    }
}

fn callback(callback: &CallbackDescriptor) -> Described<'_> {
    Described {
        kind: MemberKind::Callback,
        name: &callback.name,
        params: &callback.params,
        incoming: None,
        returns: &callback.returns,
        error: None,
        progress: None,
        stream: false,
        fingerprint: &callback.fingerprint,
    }
}
