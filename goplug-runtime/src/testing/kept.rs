//! A contract that is kept in a file, for the tests of users' packages.
//!
//! The file has the descriptor of a plugin. A test describes the plugin or contract of today, and
//! compares it with the file in both directions: kept clients with a plugin of today, and clients of
//! today with a kept plugin. So are the services that a plugin uses. Everything here runs in a test,
//! and fails by a panic.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::ErrorKind;
use std::marker::PhantomData;
use std::path::Path;
use std::{env, fs};

use super::kept_needs::Met;
use crate::contract::{Comparison, Verdict, compare};
use crate::protocol::{Descriptor, TypeDescriptor};
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
    let outcome = match blind(today, path, cfg!(feature = "schema")) {
        Some(text) => Err(text),
        None if accepts => write(today, path),
        None => check(today, path),
    };
    if let Err(text) = outcome {
        panic!("{text}");
    }
}

/// Why this build cannot tell what is in the file, if it is without the feature and the file has
/// schemas. To write it would lose them.
fn blind(today: &Descriptor, path: &str, has_feature: bool) -> Option<String> {
    if has_feature {
        return None;
    }
    let kept: Descriptor = serde_json::from_slice(&fs::read(path).ok()?).ok()?;
    let has_schemas = types(&kept).iter().any(|(_, ty)| ty.schema.is_some());
    (has_schemas && !types(today).iter().any(|(_, ty)| ty.schema.is_some())).then(|| {
        format!(
            "{path} has schemas, and this build has none, so the types cannot be compared: enable \
             the feature `schema` of goplug for this test (in the `[dev-dependencies]`, \
             `goplug = {{ …, features = [\"schema\"] }}`); if the file shall have no schemas, \
             remove it, and run this test with {UPDATE}=1"
        )
    })
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
    let schemas = [
        (lacking(today, &kept), "have a schema in the file, and none in this build", LOST),
        (lacking(&kept, today), "have a schema in this build, and none in the file", NEW),
    ];
    let (hosts, hosted) = (Met::new(today, &kept), Met::new(&kept, today));
    let is_same = clients.verdict() == Verdict::Same && plugins.verdict() == Verdict::Same;
    let is_met = hosts.is_same() && hosted.is_same();
    if is_same && is_met && schemas.iter().all(|(places, ..)| places.is_empty()) {
        return Ok(());
    }
    let mut text = difference(path, &clients, &plugins);
    if !is_met {
        text.push_str(&difference_of_needs(&hosts, &hosted));
    }
    for (places, what, advice) in schemas.iter().filter(|(places, ..)| !places.is_empty()) {
        let _ = write!(text, "\nthese types {what}, so they are compared by their names only:\n");
        places.iter().for_each(|place| _ = writeln!(text, "  {place}"));
        let _ = writeln!(text, "  {advice}");
    }
    let _ = write!(text, "\nif this is meant, run this test with {UPDATE}=1, and commit the file");
    Err(text)
}

/// What to do about schemas that are gone.
const LOST: &str = "derive `schemars::JsonSchema` for them, as before";

/// What to do about schemas that the file does not have.
const NEW: &str = "to compare them from now on, write the file anew";

/// The types of a descriptor, each with its place.
fn types(descriptor: &Descriptor) -> Vec<(String, &TypeDescriptor)> {
    let mut types = Vec::new();
    for method in &descriptor.methods {
        let at = |what: &str| format!("method `{}`, {what}", method.name);
        for param in &method.params {
            types.push((at(&format!("parameter `{}`", param.name)), &param.ty));
        }
        types.push((at("result"), &method.returns));
        types.extend(method.error.iter().map(|error| (at("error"), error)));
        types.extend(method.progress.iter().map(|report| (at("progress"), report)));
    }
    for callback in &descriptor.callbacks {
        let at = |what: &str| format!("callback `{}`, {what}", callback.name);
        for param in &callback.params {
            types.push((at(&format!("parameter `{}`", param.name)), &param.ty));
        }
        types.push((at("answer"), &callback.returns));
    }
    types.extend(descriptor.configuration.iter().map(|ty| ("configuration".into(), ty)));
    types
}

/// The places that both have, and where only the other one has a schema.
fn lacking(descriptor: &Descriptor, other: &Descriptor) -> Vec<String> {
    let others: BTreeMap<String, &TypeDescriptor> = types(other).into_iter().collect();
    let mut places = types(descriptor);
    places.retain(|(place, ty)| {
        let other = others.get(place);
        ty.schema.is_none() && other.is_some_and(|other| other.schema.is_some())
    });
    places.into_iter().map(|(place, _)| place).collect()
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
    text
}

/// The text for a plugin that uses other services of its host.
fn difference_of_needs(hosts: &Met, hosted: &Met) -> String {
    let mut text = String::new();
    let sides = [
        (hosts, "a host that was built for the kept plugin, and a plugin of today"),
        (hosted, "a host that was built for the plugin of today, and the kept plugin"),
    ];
    for (met, sides) in sides {
        let _ = write!(text, "\n{sides}; here the plugin is the client: {}\n", met.verdict());
        for line in met.lines() {
            let _ = writeln!(text, "  {line}");
        }
    }
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
    fn a_new_need_is_a_change() {
        let (_folder, path) = file();
        let mut greeter = greeter(json!({"type": "integer"}), "");
        write(&greeter, &path).unwrap();
        greeter.needs.push(serde_json::from_value(json!({"name": "Mailer"})).unwrap());
        let text = check(&greeter, &path).unwrap_err();
        for part in ["the kept contract: same", "and a plugin of today; here", "service `Mailer`"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        write(&greeter, &path).unwrap();
        check(&greeter, &path).unwrap();
        greeter.needs.clear();
        assert!(check(&greeter, &path).unwrap_err().contains("service `Mailer`"));
    }

    #[test]
    fn a_build_without_the_feature_does_not_pass_for_the_same() {
        let (_folder, path) = file();
        let mut bare = greeter(json!({"type": "integer"}), "");
        assert_eq!(blind(&bare, &path, false), None, "there is no file");
        write(&bare, &path).unwrap();
        bare.methods[0].params[0].ty.schema = None;
        bare.methods[0].returns.schema = None;
        let text = blind(&bare, &path, false).unwrap();
        for part in [&path, "has schemas", "the feature `schema` of goplug", "dev-dependencies"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert_eq!(blind(&bare, &path, true), None);
        write(&bare, &path).unwrap();
        assert_eq!(blind(&bare, &path, false), None);
    }

    #[test]
    fn a_configuration_alone_may_be_what_has_a_schema() {
        let (_folder, path) = file();
        let mut plugin = Descriptor::new("Mailer", "");
        let of = |schema| TypeDescriptor { spelling: "Config".into(), schema };
        plugin.configuration = Some(of(Some(json!({"type": "object"}))));
        write(&plugin, &path).unwrap();
        plugin.configuration = Some(of(None));
        assert!(blind(&plugin, &path, false).is_some());
        assert!(check(&plugin, &path).unwrap_err().contains("\n  configuration\n"));
    }

    #[test]
    fn what_a_method_reports_may_be_what_loses_its_schema() {
        let (_folder, path) = file();
        let mut greeter = greeter(json!({"type": "integer"}), "");
        let of = |schema| TypeDescriptor { spelling: "u8".into(), schema };
        greeter.methods[0].progress = Some(of(Some(json!({"type": "integer"}))));
        write(&greeter, &path).unwrap();
        greeter.methods[0].progress = Some(of(None));
        let text = check(&greeter, &path).unwrap_err();
        assert!(text.contains("\n  method `greet`, progress\n"), "{text}");
    }

    #[test]
    fn schemas_that_come_or_go_are_a_change_though_the_names_are_the_same() {
        let (_folder, path) = file();
        let whole = greeter(json!({"type": "integer"}), "");
        let mut part = whole.clone();
        part.methods[0].params[0].ty.schema = None;
        for (kept, today, text) in [
            (&whole, &part, "have a schema in the file, and none in this build"),
            (&part, &whole, "have a schema in this build, and none in the file"),
        ] {
            write(kept, &path).unwrap();
            let found = check(today, &path).unwrap_err();
            for part in [text, "method `greet`, parameter `times`", "UPDATE_CONTRACTS=1"] {
                assert!(found.contains(part), "{part}: {found}");
            }
            assert!(!found.contains("result"), "{found}");
            write(today, &path).unwrap();
            check(today, &path).unwrap();
        }
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
