//! Annotated plugins, with the entries that the macros would generate.

use std::sync::atomic::{AtomicI64, Ordering};

use goplug_runtime::inventory;
use goplug_runtime::plugin::PluginServer;
use goplug_runtime::protocol::Descriptor;
#[allow(unused_imports, reason = "it is of use without the feature `schema`")]
use goplug_runtime::typed::TypeSchemaFallback as _;
use goplug_runtime::typed::{
    Activation, Attempt, Call, CallbackSpec, Configuration, Entry, HookFuture, Item, MethodSpec,
    ParamSpec, PluginType, PluginValue, Reply, ReplyFuture, TypeSchema, TypeSchemaOf, ask, emit,
};
use goplug_runtime::{Error, Result};

use crate::client::{Client, folder, request, run};

struct Counter {
    value: AtomicI64,
}

impl PluginType for Counter {
    const NAME: &'static str = "Counter";
    const NAMESPACE: &'static str = "Test";
    const VERSION: &'static str = "1.2.3";
    const URL: Option<&'static str> = None;
    const LAZY_LOAD: bool = true;
    fn create() -> Option<Self> {
        Some(Self { value: AtomicI64::new(0) })
    }
}

static ADD: MethodSpec = MethodSpec {
    name: "add",
    doc: "Adds.",
    params: &[ParamSpec { name: "by", ty: "i64", schema: TypeSchemaOf::<i64>::SCHEMA }],
    returns: "i64",
    ..MethodSpec::EMPTY
};
static CONFIRM: MethodSpec = MethodSpec {
    name: "confirm",
    doc: "Asks the host.",
    returns: "Result<bool, anyhow::Error>",
    ..MethodSpec::EMPTY
};
static CHANGED: CallbackSpec = CallbackSpec {
    name: "changed",
    doc: "",
    params: &[ParamSpec { name: "value", ty: "i64", schema: TypeSchema::OPAQUE }],
    returns: "()",
    answer: TypeSchema::OPAQUE,
};
static SURE: CallbackSpec = CallbackSpec {
    name: "sure",
    doc: "",
    params: &[],
    returns: "bool",
    answer: TypeSchema::OPAQUE,
};

fn counter(instance: &PluginValue) -> &Counter {
    instance.downcast_ref().unwrap()
}

fn add(instance: PluginValue, call: Call) -> ReplyFuture {
    Box::pin(async move {
        let (by,): (i64,) = call.arguments(&ADD)?;
        let value = counter(&instance).value.fetch_add(by, Ordering::Relaxed) + by;
        let told = emit::<Counter, _>(&CHANGED, (&value,)).await;
        assert!(matches!(told, Ok(()) | Err(Error::NotRegistered { .. })), "{told:?}");
        Reply::json(&value)
    })
}

fn confirm(_: PluginValue, _: Call) -> ReplyFuture {
    Box::pin(async {
        let answer: Result<bool> = ask::<Counter, _, _>(&SURE, ()).await;
        Attempt::<true, _>(answer).reply_to(&CONFIRM)
    })
}

fn activate(instance: PluginValue, configuration: Configuration) -> HookFuture {
    Box::pin(async move {
        let start = configuration.parse::<Option<i64>>()?.unwrap_or_default();
        counter(&instance).value.store(start, Ordering::Relaxed);
        Ok(())
    })
}

inventory::submit!(Entry::new::<Counter>(Item::Method(&CONFIRM, confirm)));
inventory::submit!(Entry::new::<Counter>(Item::Method(&ADD, add)));
inventory::submit!(Entry::new::<Counter>(Item::Callback(&SURE)));
inventory::submit!(Entry::new::<Counter>(Item::Callback(&CHANGED)));
inventory::submit!(Entry::new::<Counter>(Item::Activate(&[], Activation::Run(activate))));

const TWO: (&str, &str) = ("Goplug-Protocol", "2");
const HOST: (&str, &str) = ("Goplug-Host", "h");

async fn active(server: &PluginServer, configuration: &str) -> Client {
    server.start().await.unwrap();
    let mut client = Client::connect(server.socket().unwrap()).await;
    let answer = client.call("Activate", &[TWO], configuration).await;
    assert_eq!(answer.status(), 200, "{answer:?}");
    client
}

fn server(folder: &std::path::Path) -> PluginServer {
    PluginServer::of::<Counter>().unwrap().location(folder).build().unwrap()
}

#[test]
fn typed_methods_share_one_value_and_return_json() {
    run(async {
        let (folder, _) = folder();
        let server = server(folder.path());
        let mut client = active(&server, "40").await;

        let first = client.post("add", r#"{"by":1}"#).await;
        let second = client.post("add", "[1]").await;

        assert_eq!(first.header("content-type"), Some("application/json"));
        assert_eq!((first.text(), second.text()), ("41", "42"));
    });
}

#[test]
fn an_argument_that_does_not_decode_is_named() {
    run(async {
        let (folder, _) = folder();
        let server = server(folder.path());
        let mut client = active(&server, "").await;

        let response = client.post("add", r#"{"by":"one"}"#).await;

        assert_eq!(response.status(), 400);
        let (kind, detail) = response.problem();
        assert_eq!(kind, "invalid-arguments");
        assert!(detail.starts_with("parameter `by` of type i64: invalid type: string"), "{detail}");
    });
}

#[test]
fn the_descriptor_and_the_file_contain_what_the_annotations_declare() {
    run(async {
        let (folder, _) = folder();
        let server = server(folder.path());
        let mut client = active(&server, "").await;

        let answer = client.call("Activate", &[TWO], "").await;

        let descriptor: Descriptor = serde_json::from_slice(&answer.body).unwrap();
        let signatures: Vec<_> = descriptor.methods.iter().map(|m| m.signature()).collect();
        assert_eq!(signatures, ["add(by: i64) -> i64", CONFIRM.signature().as_str()]);
        assert_eq!(descriptor.callbacks[0].signature(), "changed(value: i64)");
        assert_eq!(descriptor.version.as_deref(), Some("1.2.3"));
        let file = std::fs::read_to_string(folder.path().join("Test.Counter.pconf")).unwrap();
        assert!(file.contains("\"LazyLoad\": true"), "{file}");
    });
}

/// Without the feature `schema`, a descriptor has no schemas, and is asked for in the same way.
#[test]
fn a_plugin_describes_itself_before_its_activation() {
    const GET: &str = "GET / HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\n\r\n";
    run(async {
        let (folder, _) = folder();
        let server = server(folder.path());
        server.start().await.unwrap();
        let mut client = Client::connect(server.socket().unwrap()).await;

        client.send(format!("{GET}{}", GET.replace(" / ", " /?x "))).await;
        let (first, second) = (client.response().await.unwrap(), client.response().await.unwrap());

        assert_eq!((first.status(), second.status()), (200, 200));
        assert_eq!(first.header("content-type"), Some("application/vnd.goplug+json"));
        assert_eq!(first.header("goplug-protocol"), Some("2"));
        assert_eq!(first.body, second.body);
        let descriptor: Descriptor = serde_json::from_slice(&first.body).unwrap();
        assert_eq!(descriptor, server.described());
        let schema = descriptor.methods[0].params[0].ty.schema.as_ref();
        assert_eq!(schema.is_some(), cfg!(feature = "schema"));
        assert_eq!(client.post("add", "[1]").await.problem().0, "not-active");
    });
}

#[test]
fn only_the_descriptor_can_be_got() {
    run(async {
        let (folder, _) = folder();
        let server = server(folder.path());
        let mut client = active(&server, "").await;
        for (verb, path) in [("GET", "/add"), ("PUT", "/"), ("GET", "//")] {
            client.send(format!("{verb} {path} HTTP/1.1\r\nHost: x\r\n\r\n")).await;
            let (kind, detail) = client.response().await.unwrap().problem();
            assert_eq!((kind.as_str(), detail), ("bad-request", format!("{verb} is not POST")));
        }
        let (kind, detail) = client.post("", "").await.problem();
        assert_eq!(kind, "bad-request");
        assert!(detail.contains("names no method"), "{detail}");
    });
}

#[test]
fn a_callback_in_a_method_is_sent_as_json() {
    run(async {
        let (folder, sock) = folder();
        let sock = sock.with_file_name("Test.Counter.sock");
        let server = server(folder.path());
        let mut client = active(&server, "").await;
        let mut events = Client::connect(&sock).await.listen(&[HOST], r#"["changed"]"#).await;

        assert_eq!(client.post("add", "[7]").await.text(), "7");

        let expected = ("1".into(), "changed".into(), r#"{"value":7}"#.into());
        assert_eq!(events.event().await, expected);
    });
}

#[test]
fn two_plugins_of_one_type_keep_their_callbacks_apart() {
    run(async {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let servers = [server(one.path()), server(two.path())];
        let mut clients = [active(&servers[0], "100").await, active(&servers[1], "200").await];
        let listen = async |server: &PluginServer| {
            let client = Client::connect(server.socket().unwrap()).await;
            client.listen(&[HOST], r#"["changed"]"#).await
        };
        let mut streams = [listen(&servers[0]).await, listen(&servers[1]).await];

        for client in &mut clients {
            client.post("add", "[1]").await;
        }

        assert_eq!(streams[0].event().await.2, r#"{"value":101}"#);
        assert_eq!(streams[1].event().await.2, r#"{"value":201}"#);
        let outside = emit::<Counter, _>(&CHANGED, (&1_i64,)).await.unwrap_err();
        assert!(matches!(outside, Error::NoPlugin { .. }), "{outside}");
    });
}

#[test]
fn a_callback_with_a_result_returns_the_hosts_reply() {
    run(async {
        let (folder, sock) = folder();
        let sock = sock.with_file_name("Test.Counter.sock");
        let server = server(folder.path());
        let mut client = active(&server, "").await;
        let mut events = Client::connect(&sock).await.listen(&[HOST], r#"["sure"]"#).await;
        let mut replies = Client::connect(&sock).await;

        client.send(request("confirm", &[], "")).await;
        let (id, name, data) = events.event().await;
        assert_eq!((name.as_str(), data.as_str()), ("sure", "{}"));
        let path = format!("CallbackReply/{id}");
        let stranger = replies.call(&path, &[TWO], "true").await;
        let accepted = replies.call(&path, &[TWO, HOST], "true").await;
        let again = replies.call(&path, &[TWO, HOST], "true").await;

        assert_eq!([stranger.status(), accepted.status(), again.status()], [400, 200, 400]);
        assert_eq!(client.response().await.unwrap().text(), "true");
    });
}

#[test]
fn a_callback_that_fails_in_the_host_returns_the_hosts_error() {
    run(async {
        let (folder, sock) = folder();
        let sock = sock.with_file_name("Test.Counter.sock");
        let server = server(folder.path());
        let mut client = active(&server, "").await;
        let mut events = Client::connect(&sock).await.listen(&[HOST], r#"["sure"]"#).await;
        let mut replies = Client::connect(&sock).await;
        let problem = goplug_runtime::protocol::Problem::new(
            goplug_runtime::protocol::ProblemKind::HandlerPanicked,
            "oh no",
        );

        client.send(request("confirm", &[], "")).await;
        let (id, ..) = events.event().await;
        let media_type = ("Content-Type", "application/problem+json");
        let body = String::from_utf8(problem.to_json()).unwrap();
        replies.call(&format!("CallbackReply/{id}"), &[HOST, media_type], &body).await;

        let detail = client.response().await.unwrap().problem().1;
        assert_eq!(detail, "the handler of \"sure\" panicked: oh no");
    });
}

#[test]
fn a_callback_with_a_result_fails_when_the_host_is_forgotten() {
    run(async {
        let (folder, sock) = folder();
        let sock = sock.with_file_name("Test.Counter.sock");
        let server = server(folder.path());
        let mut client = active(&server, "").await;
        let mut events = Client::connect(&sock).await.listen(&[], r#"["sure"]"#).await;

        client.send(request("confirm", &[], "")).await;
        events.event().await;
        drop(events);

        let detail = client.response().await.unwrap().problem().1;
        assert!(detail.contains("the host is gone without an answer"), "{detail}");
    });
}

#[test]
fn a_callback_with_a_result_fails_if_nobody_listens() {
    run(async {
        let (folder, _) = folder();
        let server = server(folder.path());
        let mut client = active(&server, "").await;

        let response = client.post("confirm", "").await;

        assert_eq!(response.status(), 422);
        assert_eq!(response.problem().1, "no host has registered the callback \"sure\"");
    });
}

/// Calls its callback from a task that outlives the call.
struct Lonely;

impl PluginType for Lonely {
    const NAME: &'static str = "Lonely";
    const NAMESPACE: &'static str = "Test";
    const VERSION: &'static str = "0.1.0";
    const URL: Option<&'static str> = None;
    const LAZY_LOAD: bool = false;
    fn create() -> Option<Self> {
        Some(Self)
    }
}

static LATER: MethodSpec = MethodSpec { name: "later", ..MethodSpec::EMPTY };

fn later(_: PluginValue, _: Call) -> ReplyFuture {
    Box::pin(async {
        tokio::spawn(emit::<Lonely, _>(&CHANGED, (&1_i64,)));
        Reply::json(&())
    })
}

inventory::submit!(Entry::new::<Lonely>(Item::Method(&LATER, later)));

#[test]
fn outside_of_calls_a_callback_uses_the_only_running_plugin_of_its_type() {
    run(async {
        let (folder, _) = folder();
        let builder = PluginServer::of::<Lonely>().unwrap().location(folder.path());
        let server = builder.build().unwrap();
        let mut client = active(&server, "").await;
        let listener = Client::connect(server.socket().unwrap()).await;
        let mut events = listener.listen(&[HOST], r#"["changed"]"#).await;

        assert_eq!(client.post("later", "").await.text(), "null");
        assert_eq!(events.event().await.2, r#"{"value":1}"#);

        server.stop().await.unwrap();
        let ended = emit::<Lonely, _>(&CHANGED, (&1_i64,)).await.unwrap_err();
        assert!(matches!(ended, Error::NoPlugin { .. }), "{ended}");
    });
}

struct Empty;

impl PluginType for Empty {
    const NAME: &'static str = "Empty";
    const NAMESPACE: &'static str = "";
    const VERSION: &'static str = "0.1.0";
    const URL: Option<&'static str> = None;
    const LAZY_LOAD: bool = false;
    fn create() -> Option<Self> {
        Some(Self)
    }
}

#[test]
fn a_plugin_without_entries_says_how_to_link_them() {
    let error = PluginServer::of::<Empty>().unwrap_err().to_string();
    assert!(error.starts_with("plugin Empty: no #[goplug::method] of it is linked"), "{error}");
}
