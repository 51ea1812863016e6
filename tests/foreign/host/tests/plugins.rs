//! Typed calls, errors, callbacks and streams of plugins that share no code with this host.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use foreign_host::python::{Item, StockBlockingClient, StockClient, StockError};
use foreign_host::report::{Choice, Options, Progress, ReportClient, ReportError, Shape};
use goplug::{CallError, Registry};
use serde_json::Value;
use tempfile::TempDir;

mod support;

use support::{has_python, project};

/// Builds the plugin's package, and returns its program.
fn report() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let target = test.ancestors().nth(3).unwrap();
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--locked", "--package", "foreign-plugin", "--target-dir"]).arg(target);
    cargo.args(["--message-format", "json-render-diagnostics"]).current_dir(project());
    let output = cargo.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let messages = output.stdout.split(|byte| *byte == b'\n');
    let mut messages = messages.filter_map(|line| serde_json::from_slice::<Value>(line).ok());
    let program = messages.find_map(|message| Some(message.get("executable")?.as_str()?.into()));
    program.expect("a program")
}

fn stock() -> PathBuf {
    project().join("tests/foreign/stock.py")
}

fn run(program: &Path, arguments: &[&OsStr]) -> String {
    let output = Command::new(program).args(arguments).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn installed(program: &Path) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    run(program, &["install".as_ref(), folder.path().as_os_str()]);
    folder
}

/// Compares what the plugin describes with the file that the client is made from.
fn is_described(program: &Path, file: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins").join(file);
    let described = run(program, &["describe".as_ref()]);
    if std::env::var_os("UPDATE_DESCRIBED").is_some_and(|value| !value.is_empty()) {
        std::fs::write(&path, &described).unwrap();
    }
    let parse = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let kept = parse(&std::fs::read_to_string(&path).unwrap());
    assert_eq!(
        parse(&described),
        kept,
        "{file} is out of date: UPDATE_DESCRIBED=1 cargo test -p foreign-host writes it"
    );
}

/// Compares the code that is made from the `.pconf` of an installation with that from the file.
fn a_pconf_makes_the_same(folder: &Path, plugin: &str) {
    let generate = |path: PathBuf| {
        let text = std::fs::read_to_string(path).unwrap();
        goplug_codegen::Generator::new().generate(&text).unwrap()
    };
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("plugins");
    let pconf = generate(folder.join(format!("{plugin}.pconf")));
    assert_eq!(pconf, generate(kept.join(format!("{plugin}.json"))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_in_rust_is_called_with_types_of_its_descriptor() {
    let program = report();
    is_described(&program, "acme.Report.json");
    let folder = installed(&program);
    a_pconf_makes_the_same(folder.path(), "acme.Report");
    let registry = Registry::builder(folder.path()).start().await.unwrap();
    let report: ReportClient = registry.client().await.unwrap();

    let shape = Shape::Path { points: vec![(1, -2), (3, 4)] };
    let options = Options { max_pages: 3, shape: Some(shape) };
    let page = report.make_report("Tea", true, Some(options)).await.unwrap();
    assert_eq!((page.text.as_str(), page.notes["3"].as_str()), ("# Tea", "dry: true"));
    let Some(Shape::Path { points }) = page.shape else { panic!("{page:?}") };
    assert_eq!(points, [(1, -2), (3, 4)]);
    assert_eq!(page.next.unwrap().text, "The end.");

    let error = report.make_report("", false, None).await.unwrap_err();
    assert!(matches!(error, CallError::Method(ReportError::NoTitle)), "{error}");
    let error = report.make_report(&"x".repeat(21), false, None).await.unwrap_err();
    assert!(matches!(error, CallError::Method(ReportError::TooLong { most: 20 })), "{error}");
    assert_eq!(report.reverse("abc".into()).await.unwrap(), "cba");

    let mut pages = report.pages("Tea", 2).await.unwrap();
    for number in 1..=2 {
        let page = pages.next().await.unwrap().unwrap();
        assert_eq!(page.text, format!("Tea, page {number}"));
    }
    assert!(pages.next().await.is_none());
    let mut pages = report.pages("Tea", 9).await.unwrap();
    for _ in 1..=3 {
        pages.next().await.unwrap().unwrap();
    }
    let error = pages.next().await.unwrap().unwrap_err();
    assert!(matches!(error, CallError::Method(ReportError::TooLong { most: 3 })), "{error}");
    let error = report.pages("", 1).await.unwrap_err();
    assert!(matches!(error, CallError::Method(ReportError::NoTitle)), "{error}");

    let mut stream = report.progress_stream().await.unwrap();
    assert_eq!(report.count(3).await.unwrap(), 3);
    for done in 1..=3 {
        let progress: Progress = stream.next().await.unwrap();
        assert_eq!((progress.done, progress.all), (done, 3));
    }
    let choose = report.on_choose(|question, mut choices: Vec<Choice>| async move {
        assert_eq!((question.as_str(), choices.len()), ("Tea?", 2));
        choices.remove(1)
    });
    let _subscription = choose.await.unwrap();
    assert_eq!(report.decide("Tea?").await.unwrap(), Choice::LeaveIt);
    registry.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn so_is_one_in_python() {
    if !has_python() {
        return;
    }
    is_described(&stock(), "acme.Stock.json");
    let folder = installed(&stock());
    a_pconf_makes_the_same(folder.path(), "acme.Stock");
    let registry = Registry::builder(folder.path()).start().await.unwrap();
    let stock: StockClient = registry.client().await.unwrap();

    let tea = Item { name: "tea".into(), price: Some(2.5), tags: vec!["hot".into()] };
    assert_eq!(stock.put(&[tea], 4).await.unwrap(), 4);
    let found = stock.find("tea").await.unwrap();
    assert_eq!((found.name.as_str(), found.price), ("tea", Some(2.5)));
    let error = stock.find("milk").await.unwrap_err();
    let CallError::Method(StockError::Missing { name }) = error else { panic!("{error}") };
    assert_eq!(name, "milk");

    let mut hot = stock.tagged("hot").await.unwrap();
    assert_eq!(hot.next().await.unwrap().unwrap(), "tea");
    assert!(hot.next().await.is_none());
    assert!(stock.tagged("cold").await.unwrap().next().await.is_none());

    let mut changes = stock.changed_stream().await.unwrap();
    let ask = stock.on_ask(|question| async move { question == "empty?" });
    let _subscription = ask.await.unwrap();
    assert!(stock.clear("empty?").await.unwrap());
    let (item, left) = changes.next().await.unwrap();
    assert_eq!((item.name.as_str(), left), ("tea", 0));
    registry.stop().await.unwrap();
}

#[test]
fn the_blocking_client_does_the_same() {
    if !has_python() {
        return;
    }
    let folder = installed(&stock());
    let registry = Registry::builder(folder.path()).start_blocking().unwrap();
    let stock: StockBlockingClient = registry.client().unwrap();
    let milk = Item { name: "milk".into(), price: None, tags: Vec::new() };
    assert_eq!(stock.put(&[milk], 1).unwrap(), 1);
    assert_eq!(stock.find("milk").unwrap().price, None);
    assert_eq!(stock.tagged("cold").unwrap().count(), 0);
    let hot = Item { name: "tea".into(), price: None, tags: vec!["hot".into()] };
    stock.put(&[hot], 1).unwrap();
    let names: Vec<_> = stock.tagged("hot").unwrap().map(Result::unwrap).collect();
    assert_eq!(names, ["tea"]);
    registry.stop().unwrap();
}
