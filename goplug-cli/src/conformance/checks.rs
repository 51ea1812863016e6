//! What no request can show: the checks of the `.pconf`, of the descriptor, and of a child's files.

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use tokio::time::{Instant, sleep};

use super::case::Check;
use super::halt::{Halt, ensure};
use super::signature::{fingerprint, signature};
use super::subject::Subject;
use super::variables::Variables;
use crate::pconf;
use crate::system::{command_line, is_writable_by_others, open_files};

const RESERVED: [&str; 5] = ["Activate", "CallbackReply", "Ping", "RegisterCallback", "Stop"];

/// How long the pauses between two looks at a child are.
const PAUSE: Duration = Duration::from_millis(2);

/// Makes one of the checks.
pub(super) async fn check(
    check: Check,
    subject: &Subject,
    variables: &Variables,
) -> Result<(), Halt> {
    match check {
        Check::PconfNames => pconf_names(subject),
        Check::PconfDigests => pconf_digests(subject),
        Check::PconfMembers => pconf_members(subject),
        Check::PconfModes => pconf_modes(subject),
        Check::PconfServices => pconf_services(subject),
        Check::PconfPermissions => pconf_permissions(subject),
        Check::PconfAlone => pconf_alone(subject),
        Check::DescriptorIdentity => descriptor_identity(subject),
        Check::DescriptorOrder => descriptor_order(subject),
        Check::Fingerprints => fingerprints(subject),
        Check::Described => described(subject, variables),
        Check::OpenapiPaths => openapi_paths(subject, variables),
        Check::ChildFiles => child_files(subject, variables).await,
        Check::StreamOfReplies => stream_of_replies(variables),
    }
}

fn pconf(subject: &Subject) -> Result<(&Path, &Value), Halt> {
    let (path, keys) = subject.pconf.as_ref().ok_or_else(|| Halt::from("there is no .pconf"))?;
    Ok((path, keys))
}

/// The members of a list, which `null` leaves out.
fn list<'a>(document: &'a Value, key: &str) -> &'a [Value] {
    document[key].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn names(members: &[Value]) -> Vec<&str> {
    members.iter().map(|member| member["name"].as_str().unwrap_or_default()).collect()
}

fn pconf_names(subject: &Subject) -> Result<(), Halt> {
    let (_, keys) = pconf(subject)?;
    for (key, may_be_empty) in [("Name", false), ("NameSpace", true)] {
        let name = keys[key].as_str().unwrap_or_default();
        let is_plain = |letter: char| !letter.is_control() && letter != '/' && letter != '\\';
        let is_right = name.len() <= 256 && name.chars().all(is_plain);
        let is_right =
            is_right && name != "." && name != ".." && (may_be_empty || !name.is_empty());
        ensure(is_right, || format!("{key} is {name:?}"))?;
    }
    ensure(keys["Protocol"] == 2, || format!("Protocol is {}", keys["Protocol"]))
}

fn pconf_digests(subject: &Subject) -> Result<(), Halt> {
    let (path, keys) = pconf(subject)?;
    let digests = match &keys["Sha256"] {
        Value::String(digest) => {
            let program = keys["Exec"][0].as_str().unwrap_or_default();
            Map::from_iter([(program.to_owned(), json!(digest))])
        }
        Value::Object(digests) => digests.clone(),
        _ => Map::new(),
    };
    if digests.is_empty() {
        return Err(Halt::Skipped("the file has no Sha256".into()));
    }
    for (name, digest) in &digests {
        let content = fs::read(path.with_file_name(name))?;
        let found: String =
            Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect();
        let is_right = digest.as_str().is_some_and(|digest| digest.eq_ignore_ascii_case(&found));
        ensure(is_right, || format!("the digest of {name} is {found}"))?;
    }
    Ok(())
}

fn pconf_members(subject: &Subject) -> Result<(), Halt> {
    let (_, keys) = pconf(subject)?;
    if keys["Methods"].is_null() && keys["Callbacks"].is_null() {
        return Err(Halt::Skipped("the file has neither Methods nor Callbacks".into()));
    }
    for (key, kind) in [("Methods", "methods"), ("Callbacks", "callbacks")] {
        let announced: Vec<_> = list(keys, key).iter().map(without_schemas).collect();
        let found: Vec<_> = list(&subject.descriptor, kind).iter().map(without_schemas).collect();
        let is_right = keys[key].is_null() || announced == found;
        ensure(is_right, || format!("{key} differ from {kind} of the descriptor"))?;
    }
    Ok(())
}

/// The value without what an answer to an activation may leave out.
fn without_schemas(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let kept = members.iter().filter(|(key, _)| *key != "schema" && *key != "error");
            Value::Object(kept.map(|(key, value)| (key.clone(), without_schemas(value))).collect())
        }
        Value::Array(items) => items.iter().map(without_schemas).collect(),
        other => other.clone(),
    }
}

fn pconf_modes(subject: &Subject) -> Result<(), Halt> {
    let (path, _) = pconf(subject)?;
    ensure(!is_writable_by_others(path)?, || "others may write to the file".into())?;
    for entry in fs::read_dir(path.parent().unwrap_or(path))?.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_temporary = name.starts_with('.') || name.contains(".tmp");
        ensure(!is_temporary, || format!("{name} stays behind"))?;
    }
    Ok(())
}

fn pconf_services(subject: &Subject) -> Result<(), Halt> {
    let (_, keys) = pconf(subject)?;
    for (key, kind) in [("Needs", "needs"), ("Wants", "wants")] {
        let (announced, found) = (list(keys, key), list(&subject.descriptor, kind));
        let is_right = names(announced) == names(found);
        ensure(is_right, || format!("{key} are {announced:?}, {kind} are {found:?}"))?;
    }
    Ok(())
}

fn pconf_permissions(subject: &Subject) -> Result<(), Halt> {
    let (_, keys) = pconf(subject)?;
    let (announced, found) = (&keys["Permissions"], &subject.descriptor["permissions"]);
    let is_right =
        announced == found || found.is_null() || (is_nothing(announced) && is_nothing(found));
    ensure(is_right, || format!("Permissions are {announced}, permissions are {found}"))
}

fn is_nothing(value: &Value) -> bool {
    value.is_null() || value.as_object().is_some_and(Map::is_empty)
}

/// Nobody has written or removed a `.pconf` since the plugin was opened.
fn pconf_alone(subject: &Subject) -> Result<(), Halt> {
    let (path, _) = pconf(subject)?;
    let files = pconf::files(path.parent().unwrap_or(path));
    ensure(files == subject.files, || format!("the .pconf files are {files:?}"))
}

fn descriptor_identity(subject: &Subject) -> Result<(), Halt> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (name, namespace) = (&subject.descriptor["name"], &subject.descriptor["namespace"]);
    ensure(!text(name).is_empty(), || format!("name is {name}"))?;
    if let Some((_, keys)) = &subject.pconf {
        ensure(*name == keys["Name"], || format!("name is {name}"))?;
        let is_right = text(namespace) == text(&keys["NameSpace"]);
        ensure(is_right, || format!("namespace is {namespace}"))?;
    }
    Ok(())
}

fn descriptor_order(subject: &Subject) -> Result<(), Halt> {
    let protocol = &subject.descriptor["protocol"];
    ensure(protocol.is_null() || *protocol == 2, || format!("protocol is {protocol}"))?;
    for kind in ["methods", "callbacks"] {
        let names = names(list(&subject.descriptor, kind));
        let is_sorted = names.windows(2).all(|pair| pair[0].as_bytes() < pair[1].as_bytes());
        ensure(is_sorted, || format!("{kind} are not sorted, or occur twice: {names:?}"))?;
        let wrong = names.iter().find(|name| {
            RESERVED.contains(name) || name.is_empty() || (kind == "methods" && name.contains('/'))
        });
        ensure(wrong.is_none(), || {
            format!("the {kind} have a name that none can have: {wrong:?}")
        })?;
    }
    Ok(())
}

fn fingerprints(subject: &Subject) -> Result<(), Halt> {
    let kinds = ["methods", "callbacks"];
    let mut is_any_stated = false;
    for member in kinds.iter().flat_map(|kind| list(&subject.descriptor, kind)) {
        let stated = member["fingerprint"].as_str().unwrap_or_default();
        let signature = signature(member);
        let is_right = stated.is_empty() || stated == fingerprint(&signature);
        ensure(is_right, || format!("{stated} is not that of {signature}"))?;
        is_any_stated |= !stated.is_empty();
    }
    match is_any_stated {
        true => Ok(()),
        false => Err(Halt::Skipped("the plugin states no fingerprint".into())),
    }
}

/// The answer to `GET /`, in the variable `described`, and what the activation has answered.
fn described(subject: &Subject, variables: &Variables) -> Result<(), Halt> {
    let Some(described) = variables.get("described") else {
        return Err(Halt::Skipped("the plugin does not answer GET /".into()));
    };
    let same = |key: &str| described[key] == subject.descriptor[key];
    for key in ["name", "namespace", "version"] {
        ensure(same(key), || format!("{key} is {}", described[key]))?;
    }
    for kind in ["methods", "callbacks"] {
        let prints = |of: &Value| -> Vec<_> {
            list(of, kind)
                .iter()
                .map(|one| (one["name"].clone(), one["fingerprint"].clone()))
                .collect()
        };
        let is_right = prints(described) == prints(&subject.descriptor);
        ensure(is_right, || format!("the {kind} differ from those of the activation"))?;
    }
    for reference in references(described) {
        let name = reference.strip_prefix("#/$defs/").unwrap_or(reference);
        let is_defined = described["$defs"].get(name).is_some();
        ensure(is_defined, || format!("{reference} leads nowhere"))?;
    }
    let mut schemas = references(&subject.descriptor).into_iter();
    ensure(schemas.next().is_none(), || "the answer to the activation has schemas".into())
}

/// Every reference within a value.
fn references(value: &Value) -> Vec<&str> {
    match value {
        Value::Object(members) => {
            let own = members.get("$ref").and_then(Value::as_str);
            own.into_iter().chain(members.values().flat_map(references)).collect()
        }
        Value::Array(items) => items.iter().flat_map(references).collect(),
        _ => Vec::new(),
    }
}

/// The answer to `GET /openapi.json`, in the variable `openapi`.
fn openapi_paths(subject: &Subject, variables: &Variables) -> Result<(), Halt> {
    let Some(openapi) = variables.get("openapi") else {
        return Err(Halt::Skipped("the plugin does not answer GET /openapi.json".into()));
    };
    for name in names(list(&subject.descriptor, "methods")) {
        let encoded: String = name.bytes().map(encoded).collect();
        let path = &openapi["paths"][format!("/{encoded}")];
        ensure(path.get("post").is_some(), || format!("there is no path for {name}"))?;
    }
    Ok(())
}

/// A byte of a path, percent-encoded unless RFC 3986 does not reserve it.
fn encoded(byte: u8) -> String {
    match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    }
}

/// The event of a call, in the variable `asked`: whether the plugin reads a stream of replies.
fn stream_of_replies(variables: &Variables) -> Result<(), Halt> {
    let asked = variables.get("asked").and_then(Value::as_str).unwrap_or_default();
    match asked.split(';').any(|option| option == "replies") {
        true => Ok(()),
        false => Err(Halt::Skipped("the plugin reads no stream of replies".into())),
    }
}

/// The open files of the process in the variable `child`, and those in `inherited`.
async fn child_files(subject: &Subject, variables: &Variables) -> Result<(), Halt> {
    let child = variables.get("child").and_then(Value::as_u64).ok_or("no child".to_owned())?;
    let end = Instant::now() + subject.patience;
    // What a system does not tell need not be waited for.
    open_files(child)?;
    // Until it runs its own program, it is a copy of the plugin.
    while !command_line(child)?.contains("sleep") {
        ensure(Instant::now() < end, || "the child does not run its program".into())?;
        sleep(PAUSE).await;
    }
    let files = open_files(child)?;
    let inherited = variables.get("inherited").and_then(Value::as_array);
    for file in inherited.ok_or("the case has no process".to_owned())? {
        let is_open = files.iter().any(|open| file == open.as_str());
        ensure(!is_open, || format!("the child has {file}"))?;
    }
    Ok(())
}
