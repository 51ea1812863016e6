//! A client that was made from a file, and a plugin that has changed since: what they disagree on is
//! known at the binding.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use foreign_host::python::{Item, StockClient};
use goplug::{Error, Event, Registry, RegistryBuilder};
use serde_json::json;
use tempfile::TempDir;

mod support;

use support::{has_python, project};

fn package() -> PathBuf {
    project().join("examples/site/plugins/python")
}

/// The stock in a folder of its own, after these changes of its text.
struct Stock(TempDir);

impl Stock {
    fn changed(changes: &[(&str, &str)]) -> Self {
        let mut text = fs::read_to_string(project().join("tests/foreign/stock.py")).unwrap();
        for (old, new) in changes {
            assert!(text.contains(old), "{old}");
            text = text.replace(old, new);
        }
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("stock.py");
        fs::write(&program, text).unwrap();
        fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
        Self(folder)
    }

    /// Has the program write its file, with its schemas and digests.
    fn installed(self) -> Self {
        let mut install = Command::new(self.0.path().join("stock.py"));
        let output = install.env("PYTHONPATH", package()).arg("install").arg(self.0.path());
        let output = output.output().unwrap();
        assert!(output.status.success(), "{output:?}");
        self
    }

    /// Writes a file that says nothing of what the plugin offers: the process has to be asked.
    fn announced(self) -> Self {
        let keys =
            json!({"Name": "Stock", "NameSpace": "acme", "Protocol": 2, "Exec": ["stock.py"]});
        fs::write(self.0.path().join("acme.Stock.pconf"), keys.to_string()).unwrap();
        self
    }

    fn builder(&self) -> RegistryBuilder {
        let package = package().display().to_string();
        Registry::builder(self.0.path()).env("PYTHONPATH", package)
    }
}

/// The text with which the client is refused.
async fn refusal(builder: RegistryBuilder) -> String {
    let registry = builder.start().await.unwrap();
    let error = registry.client::<StockClient>().await.unwrap_err();
    registry.stop().await.unwrap();
    assert!(matches!(error, Error::Contract { .. }), "{error:?}");
    error.to_string()
}

const RENAMED: (&str, &str) = ("\"price\": {\"type\"", "\"cost\": {\"type\"");

/// What is said of an optional field that was renamed: where the client reads it, and where it writes it.
const LOSSES: [&str; 3] = [
    "lossy: method `find`
  at: result.cost
  client: field `price`: f64 | null
  plugin: field `cost`: f64 | null
  used by: Item
  effect: the client ignores `cost` and takes the default for `price`, which the plugin never sends, as with {\"cost\":0.5,\"name\":\"x\"}
  to do: call it `cost` on both sides, or `price` on both",
    "lossy: method `put`
  at: items[*].price
  client: field `price`: f64 | null
  plugin: field `cost`: f64 | null
  used by: Item
  effect: the plugin ignores `price` and takes the default for `cost`, which the client never sends, as with {\"count\":0,\"items\":[{\"name\":\"x\",\"price\":0.5}]}
  to do: call it `price` on both sides, or `cost` on both",
    "lossy: callback `changed`
  at: item.cost
  client: field `price`: f64 | null
  plugin: field `cost`: f64 | null
  used by: Item
  effect: the client ignores `cost` and takes the default for `price`, which the plugin never sends, as with {\"item\":{\"cost\":0.5,\"name\":\"x\"},\"left\":0}
  to do: call it `cost` on both sides, or `price` on both",
];

/// The text of an error that lists these differences.
fn refused(differences: &[&str]) -> String {
    let client = "foreign_host::python::StockClient";
    let differences = differences.join("\n").replace('\n', "\n  ");
    format!("acme.Stock does not fulfil the contract of {client}:\n  {differences}")
}

#[tokio::test]
async fn a_field_that_was_renamed_is_an_event_with_both_names() {
    if !has_python() {
        return;
    }
    for stock in [Stock::changed(&[RENAMED]).installed(), Stock::changed(&[RENAMED]).announced()] {
        let registry = stock.builder().start().await.unwrap();
        let mut events = registry.events();
        let client: StockClient = registry.client().await.unwrap();
        let tea = Item { name: "tea".into(), price: Some(2.5), tags: Vec::new() };
        assert_eq!(client.put(&[tea], 1).await.unwrap(), 1);
        registry.stop().await.unwrap();
        let mut drifts = Vec::new();
        while let Some(event) = events.next().await {
            if let Event::ContractDrift { differences, .. } = event {
                drifts.push(differences);
            }
        }
        assert_eq!(drifts, [LOSSES]);
    }
}

#[tokio::test]
async fn a_policy_refuses_the_field_that_was_renamed() {
    if !has_python() {
        return;
    }
    let stock = Stock::changed(&[RENAMED]).announced();
    let builder = stock.builder();
    let builder = builder.plugin("Stock", "acme", |policy| policy.refuse_lossy_contracts(true));
    assert_eq!(refusal(builder).await, refused(&LOSSES));
}

#[tokio::test]
async fn a_field_that_the_plugin_needs_is_an_error_with_its_name() {
    if !has_python() {
        return;
    }
    let demanding = [
        ("\"tags\": {", "\"shelf\": {\"type\": \"string\"}, \"tags\": {"),
        ("\"required\": [\"name\"],\n", "\"required\": [\"name\", \"shelf\"],\n"),
    ];
    let difference = "incompatible: method `put`
  at: items[*].shelf
  client: no field `shelf`
  plugin: field `shelf`: string, required
  used by: Item
  effect: the plugin needs `shelf`, as with {\"count\":0,\"items\":[{\"name\":\"x\"}]}
  to do: make `shelf` optional in the plugin (`Option`, or `#[serde(default)]` in a struct)";
    for stock in [Stock::changed(&demanding).installed(), Stock::changed(&demanding).announced()] {
        assert_eq!(refusal(stock.builder()).await, refused(&[difference]));
    }
}

#[tokio::test]
async fn a_field_that_the_plugin_lacks_is_an_error_with_its_name() {
    if !has_python() {
        return;
    }
    let poorer = [
        ("\"name\": {\"type\": \"string\", \"minLength\": 1},\n", ""),
        ("        \"required\": [\"name\"],\n", ""),
    ];
    let differences = [
        "incompatible: method `find`
  at: result.name
  client: field `name`: string of at least 1 characters, required
  plugin: no field `name`
  used by: Item
  effect: the client needs `name`, as with {}
  to do: let the plugin write `name`, or make it optional in the client",
        "lossy: method `put`
  at: items[*].name
  client: field `name`: string of at least 1 characters
  plugin: no field `name`
  used by: Item
  effect: the plugin ignores `name`, as with {\"count\":0,\"items\":[{\"name\":\"x\"}]}
  to do: stop sending `name`, or let the plugin read it",
        "incompatible: callback `changed`
  at: item.name
  client: field `name`: string of at least 1 characters, required
  plugin: no field `name`
  used by: Item
  effect: the client needs `name`, as with {\"item\":{},\"left\":0}
  to do: let the plugin write `name`, or make it optional in the client",
    ];
    let stock = Stock::changed(&poorer).announced();
    assert_eq!(refusal(stock.builder()).await, refused(&differences));
}

#[tokio::test]
async fn a_plugin_that_has_not_changed_and_is_asked_is_bound_without_an_event() {
    if !has_python() {
        return;
    }
    let stock = Stock::changed(&[]).announced();
    let registry = stock.builder().start().await.unwrap();
    let mut events = registry.events();
    registry.client::<StockClient>().await.unwrap();
    registry.stop().await.unwrap();
    while let Some(event) = events.next().await {
        assert!(!matches!(event, Event::ContractDrift { .. }), "{event:?}");
    }
}
