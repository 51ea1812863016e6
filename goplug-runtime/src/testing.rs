//! A contract that is kept in a file, for the tests of users' packages.
//!
//! The file has the descriptor of a plugin. A test describes the plugin or contract of today, and
//! compares it with the file in both directions: kept clients with a plugin of today, and clients of
//! today with a kept plugin. Everything here runs in a test, and fails by a panic.

use std::fmt::Write as _;
use std::io::ErrorKind;
use std::marker::PhantomData;
use std::path::Path;
use std::{env, fs};

use crate::contract::{Comparison, Verdict, compare};
use crate::protocol::Descriptor;
use crate::typed::{Client, PluginType, table};

/// The environment variable that accepts a change: the file is written.
const UPDATE: &str = "UPDATE_CONTRACTS";

/// What is to be kept of `T`, which is a plugin or a client. The inherent function, of plugins,
/// wins over that of [`KeptClient`], which has to be in scope.
#[derive(Debug)]
pub struct Kept<T>(PhantomData<T>);

impl<P: PluginType> Kept<P> {
    /// What the plugin offers and reads, its configuration too.
    ///
    /// # Panics
    /// If two members have one name; the plugin's program says so as well.
    pub fn descriptor() -> Descriptor {
        match table::<P>() {
            Ok(table) => kept(table.described::<P>()),
            Err(error) => panic!("{error}"),
        }
    }
}

/// What is to be kept of a client.
pub trait KeptClient {
    /// What a plugin has to offer that has exactly what the client needs.
    fn descriptor() -> Descriptor;
}

impl<C: Client> KeptClient for Kept<C> {
    fn descriptor() -> Descriptor {
        let mut descriptor = C::expectation().described_as_plugin();
        descriptor.name = plugin_name(&descriptor.name);
        kept(descriptor)
    }
}

/// `Greeter` for `contract::GreeterClient<Plugin>`: without its caller, whose type depends on the
/// features.
fn plugin_name(client: &str) -> String {
    let path = client.split('<').next().unwrap_or_default();
    let name = path.rsplit("::").next().unwrap_or_default();
    name.strip_suffix("Client").unwrap_or(name).to_owned()
}

/// Without what changes from release to release.
fn kept(descriptor: Descriptor) -> Descriptor {
    Descriptor { version: None, features: Vec::new(), ..descriptor }
}

/// Compares a descriptor with the one in this file.
///
/// # Panics
/// If they differ, or there is no file. The text says how, and how to accept it.
#[track_caller]
pub fn contract_is_kept(today: &Descriptor, path: &str) {
    let accepts = env::var_os(UPDATE).is_some_and(|value| !value.is_empty() && value != "0");
    let outcome = if accepts { write(today, path) } else { check(today, path) };
    if let Err(text) = outcome {
        panic!("{text}");
    }
}

fn write(today: &Descriptor, path: &str) -> Result<(), String> {
    let cannot = |error: &dyn std::fmt::Display| format!("{path} cannot be written: {error}");
    let text = serde_json::to_string_pretty(today).map_err(|error| cannot(&error))? + "\n";
    if fs::read_to_string(path).is_ok_and(|kept| kept == text) {
        return Ok(());
    }
    if let Some(folder) = Path::new(path).parent() {
        fs::create_dir_all(folder).map_err(|error| cannot(&error))?;
    }
    fs::write(path, text).map_err(|error| cannot(&error))
}

fn check(today: &Descriptor, path: &str) -> Result<(), String> {
    let text = fs::read_to_string(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => format!(
            "{path} does not exist: run this test with {UPDATE}=1, which writes it, and commit it"
        ),
        _ => format!("{path} cannot be read: {error}"),
    })?;
    let kept: Descriptor = serde_json::from_str(&text).map_err(|error| {
        format!("{path} is no descriptor: {error}; run this test with {UPDATE}=1 to write it anew")
    })?;
    let (clients, plugins) = (compare(&kept, today), compare(today, &kept));
    if clients.verdict() == Verdict::Same && plugins.verdict() == Verdict::Same {
        return Ok(());
    }
    Err(difference(path, &clients, &plugins))
}

/// The text for a contract that has changed.
fn difference(path: &str, clients: &Comparison, plugins: &Comparison) -> String {
    let mut text = format!("the contract is not the one in {path}\n");
    let sides = [
        (clients, "a client that was built with the kept contract, and a plugin of today"),
        (plugins, "a client of today, and a plugin that was built with the kept contract"),
    ];
    for (comparison, sides) in sides {
        let _ = write!(text, "\n{sides}: {}\n", comparison.verdict());
        for line in comparison.to_string().lines() {
            let _ = writeln!(text, "  {line}");
        }
    }
    let _ = write!(text, "\nif this is meant, run this test with {UPDATE}=1, and commit the file");
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tempfile::TempDir;

    use super::*;

    /// A plugin with the method `greet`, whose parameter has this schema.
    fn greeter(schema: serde_json::Value, doc: &str) -> Descriptor {
        serde_json::from_value(json!({
            "name": "Greeter",
            "methods": [{
                "name": "greet",
                "doc": doc,
                "params": [{"name": "times", "type": "Times", "schema": schema}],
                "returns": {"type": "String", "schema": {"type": "string"}},
            }],
        }))
        .unwrap()
    }

    fn file() -> (TempDir, String) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("contracts/greeter.json").to_str().unwrap().to_owned();
        (folder, path)
    }

    #[test]
    fn a_clients_name_is_that_of_its_plugin() {
        assert_eq!(plugin_name("contract::GreeterClient<goplug::Plugin>"), "Greeter");
        assert_eq!(plugin_name("Greeter"), "Greeter");
    }

    #[test]
    fn a_contract_without_a_file_is_told_how_to_get_one() {
        let (_folder, path) = file();
        let greeter = greeter(json!({"type": "integer"}), "");
        let text = check(&greeter, &path).unwrap_err();
        assert!(text.starts_with(&path) && text.contains("UPDATE_CONTRACTS=1"), "{text}");
        write(&greeter, &path).unwrap();
        check(&greeter, &path).unwrap();
    }

    #[test]
    fn a_change_is_shown_in_both_directions_until_it_is_accepted() {
        let (_folder, path) = file();
        write(&greeter(json!({"type": "integer"}), ""), &path).unwrap();
        let today = greeter(json!({"type": "string"}), "");
        let text = check(&today, &path).unwrap_err();
        for part in [
            "a client that was built with the kept contract, and a plugin of today: incompatible",
            "a client of today, and a plugin that was built with the kept contract: incompatible",
            "method `greet`",
            "at: times",
            "UPDATE_CONTRACTS=1",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        write(&today, &path).unwrap();
        check(&today, &path).unwrap();
    }

    #[test]
    fn a_new_method_is_a_change() {
        let (_folder, path) = file();
        let mut greeter = greeter(json!({"type": "integer"}), "");
        write(&greeter, &path).unwrap();
        let mut other = greeter.methods[0].clone();
        other.name = "wave".into();
        greeter.methods.push(other);
        let text = check(&greeter, &path).unwrap_err();
        assert!(text.contains("a plugin of today: same"), "{text}");
        assert!(text.contains("the kept contract: incompatible"), "{text}");
        assert!(text.contains("method `wave`"), "{text}");
    }

    #[test]
    fn documentation_may_change() {
        let (_folder, path) = file();
        write(&greeter(json!({"type": "integer"}), "Greets."), &path).unwrap();
        check(&greeter(json!({"type": "integer", "description": "n"}), "Says hello."), &path)
            .unwrap();
    }

    #[test]
    fn a_file_that_is_no_descriptor_is_an_error() {
        let (_folder, path) = file();
        let greeter = greeter(json!({"type": "integer"}), "");
        write(&greeter, &path).unwrap();
        fs::write(&path, "[]").unwrap();
        let text = check(&greeter, &path).unwrap_err();
        assert!(text.contains("is no descriptor"), "{text}");
        write(&greeter, &path).unwrap();
        check(&greeter, &path).unwrap();
    }
}
