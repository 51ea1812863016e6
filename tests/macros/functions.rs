//! A plugin made of free functions.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use goplug::{CallError, Error, PluginType};
use goplug_runtime::typed::Configuration;
use serde::{Deserialize, Serialize};

use crate::double::{InProcess, activator};

/// Calculates.
#[goplug::plugin(namespace = "math", version = "2.1.0")]
pub(crate) struct Calculator {
    calls: AtomicU64,
}

impl Default for Calculator {
    fn default() -> Self {
        Self { calls: AtomicU64::new(40) }
    }
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum DivideError {
    ByZero,
}

/// Adds two integers.
///
/// Overflow wraps.
#[goplug::method(Calculator, idempotent)]
pub(crate) fn add(a: i64, b: i64) -> i64 {
    a.wrapping_add(b)
}

#[goplug::method(Calculator)]
pub(crate) async fn divide(a: f64, b: f64) -> Result<f64, DivideError> {
    if b == 0.0 { Err(DivideError::ByZero) } else { Ok(a / b) }
}

#[goplug::method(Calculator)]
fn count(plugin: &Calculator, by: Option<u64>) -> u64 {
    plugin.calls.fetch_add(by.unwrap_or(1), Ordering::Relaxed) + by.unwrap_or(1)
}

#[goplug::method(Calculator, name = "main.Do")]
pub(crate) fn reverse(input: Bytes) -> Bytes {
    input.iter().rev().copied().collect()
}

#[goplug::method(Calculator)]
fn checked_bytes(input: &[u8]) -> Result<Vec<u8>, String> {
    if input.is_empty() { Err("nothing".into()) } else { Ok(input.repeat(2)) }
}

#[goplug::method(Calculator)]
fn join(words: &[String], by: &str, options: &Options) -> String {
    let text = words.join(by);
    if options.upper { text.to_uppercase() } else { text }
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Options {
    upper: bool,
}

#[goplug::method(Calculator, blocking)]
fn slowly(text: String) -> anyhow::Result<usize> {
    anyhow::ensure!(!text.is_empty(), "there is no text");
    Ok(text.len())
}

mod further {
    use anyhow::{Context, Result};

    /// The alias has one argument: the compiler finds out whose error it has.
    #[goplug::method(super::Calculator)]
    async fn parse(r#type: &str, text: &str) -> Result<i64> {
        text.parse().with_context(|| format!("{text:?} is no {}", r#type))
    }

    type CalcResult<T> = std::result::Result<T, super::DivideError>;

    #[goplug::method(super::Calculator)]
    async fn halve(number: i64) -> CalcResult<i64> {
        if number == 0 { Err(super::DivideError::ByZero) } else { Ok(number / 2) }
    }

    type Settled = std::result::Result<u8, super::DivideError>;
    type SettledResult = Settled;

    #[goplug::method(super::Calculator)]
    fn settled() -> SettledResult {
        Ok(7)
    }
}

/// How far a long sum has come.
#[goplug::callback(Calculator)]
pub(crate) async fn progress(percent: u8, note: &str) -> goplug::Result<()>;

#[goplug::callback(Calculator)]
async fn chunk(bytes: &[u8]) -> goplug::Result<()>;

#[goplug::callback(Calculator, name = "may.I")]
async fn may_i(what: String) -> goplug::Result<bool>;

#[goplug::method(Calculator)]
async fn sum(numbers: Vec<i64>) -> goplug::Result<i64> {
    for (done, _) in numbers.iter().enumerate() {
        let percent = u8::try_from((done + 1) * 100 / numbers.len()).unwrap_or(100);
        progress(percent, "adding").await?;
    }
    Ok(numbers.iter().sum())
}

#[goplug::method(Calculator)]
async fn stream_out(bytes: Vec<u8>) -> goplug::Result<()> {
    chunk(&bytes).await
}

#[goplug::method(Calculator)]
async fn ask_first(what: String) -> goplug::Result<String> {
    Ok(if may_i(what).await? { "done".into() } else { "left".into() })
}

#[derive(Deserialize)]
struct Config {
    start: u64,
}

#[goplug::activate(Calculator)]
async fn start(plugin: &Calculator, config: Config) -> anyhow::Result<()> {
    plugin.calls.store(config.start, Ordering::Relaxed);
    Ok(())
}

#[goplug::stop(Calculator)]
fn stop(plugin: &Calculator) {
    plugin.calls.store(0, Ordering::Relaxed);
}

type Client = CalculatorClient<InProcess<Calculator>>;

fn client() -> Client {
    InProcess::start().client()
}

#[test]
fn a_struct_is_a_plugin_with_what_its_attribute_says() {
    assert_eq!(Calculator::NAME, "Calculator");
    assert_eq!(Calculator::NAMESPACE, "math");
    assert_eq!(Calculator::VERSION, "2.1.0");
    assert_eq!(Calculator::URL, None);
    const { assert!(!Calculator::LAZY_LOAD) };
}

#[tokio::test]
async fn a_typed_call_returns_the_functions_result() {
    assert_eq!(client().add(2, 3).await.unwrap(), 5);
}

#[tokio::test]
async fn the_methods_own_error_arrives_as_its_type() {
    let error = client().divide(1.0, 0.0).await.unwrap_err();
    assert!(matches!(error, CallError::Method(DivideError::ByZero)));
    assert_eq!(client().divide(1.0, 2.0).await.unwrap(), 0.5);
}

#[tokio::test]
async fn a_function_may_take_the_plugins_value_first() {
    let client = client();
    assert_eq!(client.count(Some(2)).await.unwrap(), 42);
    assert_eq!(client.count(None).await.unwrap(), 43);
}

#[tokio::test]
async fn bytes_travel_as_they_are() {
    assert_eq!(client().reverse(Bytes::from_static(b"abc")).await.unwrap(), "cba");
    assert_eq!(client().checked_bytes(b"ab").await.unwrap(), b"abab");
    let error = client().checked_bytes(b"").await.unwrap_err();
    assert!(matches!(error, CallError::Method(text) if text == "nothing"));
}

#[tokio::test]
async fn references_are_parameters_on_both_sides() {
    let words = ["a".to_owned(), "b".to_owned()];
    let joined = client().join(&words, "-", &Options { upper: true }).await.unwrap();
    assert_eq!(joined, "A-B");
}

#[tokio::test]
async fn an_opaque_error_arrives_as_its_text_whatever_its_alias() {
    let CallError::Method(spelled) = client().slowly(String::new()).await.unwrap_err() else {
        panic!("expected the method's own error")
    };
    assert_eq!(spelled.to_string(), "there is no text");
    let CallError::Method(alias) = client().parse("number", "x").await.unwrap_err() else {
        panic!("expected the method's own error")
    };
    assert_eq!(alias.message(), "\"x\" is no number");
    assert_eq!(alias.chain().len(), 1);
    assert_eq!(client().slowly("four".into()).await.unwrap(), 4);
    assert_eq!(client().parse("number", "4").await.unwrap(), 4);
}

#[tokio::test]
async fn a_typed_error_keeps_its_type_behind_an_alias() {
    let error: CallError<DivideError> = client().halve(0).await.unwrap_err();
    assert!(matches!(error, CallError::Method(DivideError::ByZero)));
    let settled: Result<u8, CallError<DivideError>> = client().settled().await;
    assert_eq!(settled.unwrap(), 7);
}

#[tokio::test]
async fn a_callback_reaches_its_handler_with_owned_arguments() {
    let client = client();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&seen);
    let subscription = client
        .on_progress(move |percent, note: String| {
            sink.lock().unwrap().push((percent, note));
            std::future::ready(())
        })
        .await
        .unwrap();

    assert_eq!(client.sum(vec![1, 2]).await.unwrap(), 3);
    drop(subscription);
    let unheard = client.sum(vec![1]).await.unwrap_err();

    let expected = [(50, "adding".to_owned()), (100, "adding".to_owned())];
    assert_eq!(*seen.lock().unwrap(), expected);
    let CallError::Method(remote) = unheard else { panic!("expected the method's own error") };
    assert!(remote.message().contains("no host has registered"), "{remote}");
}

#[tokio::test]
async fn a_callback_is_a_stream_of_its_arguments() {
    let client = client();
    let mut progress = client.progress_stream().await.unwrap();
    client.sum(vec![5]).await.unwrap();
    assert_eq!(progress.next().await, Some((100, "adding".to_owned())));
}

#[tokio::test]
async fn a_callback_of_bytes_is_raw_on_both_sides() {
    let client = client();
    let mut chunks = client.chunk_stream().await.unwrap();
    client.stream_out(vec![1, 2]).await.unwrap();
    assert_eq!(chunks.next().await, Some(vec![1, 2]));
}

#[tokio::test]
async fn a_callback_can_ask_its_host() {
    let client = client();
    let _subscription = client.on_may_i(|what| async move { what == "jump" }).await.unwrap();
    assert_eq!(client.ask_first("jump".into()).await.unwrap(), "done");
    assert_eq!(client.ask_first("run".into()).await.unwrap(), "left");
}

#[tokio::test]
async fn hooks_get_the_plugins_value_and_the_configuration() {
    let plugin = InProcess::<Calculator>::start();
    let hooks = plugin.table();
    let (activate, stop) = (activator(hooks), hooks.stop.unwrap());
    let client: Client = plugin.client();

    let given = Configuration::new(Bytes::from_static(br#"{"start":9}"#));
    activate(plugin.value(), given).await.unwrap();
    assert_eq!(client.count(Some(0)).await.unwrap(), 9);
    stop(plugin.value()).await.unwrap();
    assert_eq!(client.count(Some(0)).await.unwrap(), 0);

    let wrong = Configuration::new(Bytes::from_static(b"3"));
    let error = activate(plugin.value(), wrong).await.unwrap_err().to_string();
    assert!(error.starts_with("the configuration is not a `Config`"), "{error}");
}

#[tokio::test]
async fn arguments_that_do_not_decode_name_the_parameter() {
    use goplug::Caller as _;
    use goplug_runtime::typed::{CallRequest, MediaType};
    let body = Bytes::from_static(br#"{"a":"two"}"#);
    let mut request = CallRequest::new("add", body, MediaType::Json);
    request.idempotent = true;
    let error = InProcess::<Calculator>::start().call(request).await.unwrap_err();
    let Error::Arguments { parameter, expected, .. } = error else { panic!("{error}") };
    assert_eq!((parameter.as_deref(), expected.as_deref()), (Some("a"), Some("i64")));
}

#[test]
fn the_descriptor_has_names_docs_and_canonical_signatures() {
    let descriptor = InProcess::<Calculator>::start().descriptor();
    let method = |name: &str| descriptor.methods.iter().find(|m| m.name == name).unwrap();
    assert_eq!(method("add").doc, "Adds two integers.\n\nOverflow wraps.");
    assert!(method("add").idempotent && !method("divide").idempotent);
    let signatures = [
        ("add", "add(a: i64, b: i64) -> i64"),
        ("divide", "divide(a: f64, b: f64) -> Result<f64, DivideError>"),
        ("main.Do", "main.Do(input: Bytes) -> Bytes"),
        ("join", "join(words: Vec<String>, by: String, options: Options) -> String"),
        ("parse", "parse(type: String, text: String) -> Result<i64>"),
    ];
    for (name, signature) in signatures {
        assert_eq!(method(name).signature(), signature);
    }
    assert_eq!(descriptor.callbacks[1].signature(), "may.I(what: String) -> bool");
}
