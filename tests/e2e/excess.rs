//! Bodies, streams and chains of calls that go to the limits and beyond: what ends the call is the same
//! with a process and without.

use std::fmt::{Debug, Display};
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use goplug::testing::{Host, InProcess};
use goplug::{Bytes, Caller, ErrorKind, Registry, RegistryBuilder, ResultStream, limits};
use goplug_tests::fixtures::excess::{self, Depot, Excess, ExcessBlockingClient, ExcessClient};

use crate::incoming::Iter;
use crate::test_env::{EXCESS, TestEnv, run_test, soon};

type Local = ExcessClient<InProcess<Excess>>;

/// More than a body may have.
const TOO_LARGE: usize = limits::MAX_BODY + 1;

/// More than a body may have as base64.
const TOO_LARGE_AS_TEXT: usize = limits::MAX_BODY / 4 * 3 + 1;

type Again = Box<dyn Fn() -> Pin<Box<dyn Future<Output = String> + Send>> + Send + Sync>;

/// What the host offers.
#[derive(Clone, Default)]
struct Shelf {
    /// How it calls the plugin.
    again: Arc<OnceLock<Again>>,
}

#[goplug::plugin(namespace = "tests")]
impl Depot for Shelf {
    async fn bytes(&self, size: usize) -> Bytes {
        vec![7; size].into()
    }

    async fn weigh(&self, bytes: Bytes) -> usize {
        bytes.len()
    }

    async fn again(&self) -> String {
        (self.again.get().expect("the plugin"))().await
    }

    async fn never(&self) -> Result<u8, String> {
        std::future::pending().await
    }
}

async fn remote_with(
    env: &TestEnv,
    shelf: &Shelf,
    change: impl FnOnce(RegistryBuilder) -> RegistryBuilder,
) -> (Registry, ExcessClient) {
    env.install_itself(EXCESS);
    let registry = change(env.registry().provide(shelf.clone())).start().await.unwrap();
    let client = registry.client().await.unwrap();
    env.note_socket(&registry);
    (registry, client)
}

pub(crate) async fn remote(env: &TestEnv) -> (Registry, ExcessClient) {
    remote_with(env, &Shelf::default(), |registry| registry).await
}

fn local() -> Local {
    InProcess::new(Excess).provide(Shelf::default()).unwrap().client().unwrap()
}

/// A result, or its error as it is shown.
fn shown<T: Debug, E: Display>(result: Result<T, E>) -> String {
    match result {
        Ok(value) => format!("{value:?}"),
        Err(error) => format!("{error:#}"),
    }
}

/// A text, or the error in its place.
fn text<E: Display>(result: Result<String, E>) -> String {
    result.unwrap_or_else(|error| format!("{error:#}"))
}

async fn read<T: Debug, E: Display>(stream: Result<ResultStream<T, E>, impl Display>) -> String {
    let mut stream = match stream {
        Ok(stream) => stream,
        Err(error) => return shown::<(), _>(Err(error)),
    };
    let mut items = Vec::new();
    while let Some(item) = soon("an item", stream.next()).await {
        items.push(item.map_or_else(|error| shown::<(), _>(Err(error)), |_| "an item".to_owned()));
    }
    format!("{items:?}")
}

const REFUSED: &str = "the body is larger than 67108864 bytes";

#[test]
fn what_is_too_large_for_a_service_or_of_one_is_refused_at_once() {
    async fn services<C: Caller>(plugin: &ExcessClient<C>) -> Vec<String> {
        vec![
            shown(plugin.fetch(7).await),
            shown(plugin.fetch(TOO_LARGE).await),
            shown(plugin.send(7).await),
            shown(plugin.send(TOO_LARGE_AS_TEXT).await),
        ]
    }
    run_test(async |env| {
        let (_registry, plugin) = remote(env).await;
        let seen = services(&plugin).await;
        assert_eq!(seen, ["7", REFUSED, "7", REFUSED]);
        assert_eq!(services(&local()).await, seen);
    });
}

#[test]
fn what_is_too_large_for_a_callback_or_of_one_is_refused_at_once() {
    async fn callbacks<C: Caller>(plugin: &ExcessClient<C>) -> Vec<String> {
        let answer = async |size| "x".repeat(size);
        let _answers = plugin.on_wanted(answer).await.unwrap();
        let _heard = plugin.on_said(async |_| {}).await.unwrap();
        vec![
            shown(plugin.ask(7).await),
            shown(plugin.ask(TOO_LARGE).await),
            shown(plugin.say(7).await),
            shown(plugin.say(TOO_LARGE_AS_TEXT).await),
        ]
    }
    run_test(async |env| {
        let (_registry, plugin) = remote(env).await;
        let seen = callbacks(&plugin).await;
        assert_eq!(seen, ["7", REFUSED, "()", REFUSED]);
        assert_eq!(callbacks(&local()).await, seen);
    });
}

#[test]
fn what_is_too_large_for_a_call_or_of_one_is_refused_without_a_process_as_well() {
    async fn calls<C: Caller>(plugin: &ExcessClient<C>) -> Vec<String> {
        let one = || Iter([Bytes::from_static(b"x")].into_iter());
        vec![
            shown(plugin.bytes(TOO_LARGE).await),
            shown(plugin.weigh(vec![7; TOO_LARGE].into()).await),
            shown(plugin.upload("n".repeat(31 << 10), one()).await),
            shown(plugin.upload("n".repeat(33 << 10), one()).await),
        ]
    }
    run_test(async |env| {
        let (_registry, plugin) = remote(env).await;
        let seen = calls(&plugin).await;
        assert_eq!(seen[..3], [REFUSED, REFUSED, "31745"]);
        assert!(seen[3].contains("longer than 32768 bytes"), "{seen:?}");
        assert_eq!(calls(&local()).await, seen);
    });
}

#[test]
fn an_item_or_a_report_that_is_too_large_is_refused_without_a_process_as_well() {
    async fn items<C: Caller>(plugin: &ExcessClient<C>) -> Vec<String> {
        vec![
            read(plugin.items(TOO_LARGE).await).await,
            // The plugin would not look at it.
            shown(plugin.ignore(600_000, Iter(std::iter::once("x".repeat(TOO_LARGE)))).await),
            shown(plugin.ignore(0, Iter(std::iter::once("x".to_owned()))).await),
        ]
    }
    run_test(async |env| {
        let (_registry, plugin) = remote(env).await;
        let seen = items(&plugin).await;
        assert_eq!(seen, [&format!("[\"an item\", {REFUSED:?}]"), REFUSED, "0"]);
        assert_eq!(items(&local()).await, seen);
        assert_eq!(shown(local().report(TOO_LARGE, |_| ()).await), REFUSED);
    });
}

/// Lets the service call the plugin again.
fn close_circle<C: Caller>(shelf: &Shelf, plugin: &ExcessClient<C>) {
    let plugin = plugin.clone();
    let again: Again = Box::new(move || {
        let plugin = plugin.clone();
        Box::pin(async move { text(plugin.circle().await) })
    });
    assert!(shelf.again.set(again).is_ok());
}

#[test]
fn a_circle_of_services_ends_without_a_process_as_well() {
    run_test(async |env| {
        let shelf = Shelf::default();
        let (registry, plugin) = remote_with(env, &shelf, |it| it).await;
        close_circle(&shelf, &plugin);
        let seen = text(plugin.circle().await);
        assert!(seen.contains("too deep"), "{seen}");
        assert!(seen.contains(&"tests.Excess/circle > Depot/again > ".repeat(10)), "{seen}");
        registry.stop().await.unwrap();

        let shelf = Shelf::default();
        let plugin: Local =
            InProcess::new(Excess).provide(shelf.clone()).unwrap().client().unwrap();
        close_circle(&shelf, &plugin);
        assert_eq!(text(plugin.circle().await), seen);
    });
}

#[test]
fn a_circle_of_services_ends_in_a_host_for_tests_as_well() {
    run_test(async |_| {
        let shelf = Shelf::default();
        let host = Host::<Excess>::new().provide(shelf.clone()).unwrap();
        let code = host.clone();
        let again: Again = Box::new(move || {
            let host = code.clone();
            Box::pin(async move { text(host.run(excess::circle()).await) })
        });
        assert!(shelf.again.set(again).is_ok());
        let seen = text(host.run(excess::circle()).await);
        assert!(seen.contains("too deep"), "{seen}");
        assert!(seen.contains(&"Depot/again > ".repeat(30)), "{seen}");
    });
}

/// How streams end that the plugin breaks or does not read.
async fn streams<C: Caller>(plugin: &ExcessClient<C>) -> Vec<String> {
    let hasty = plugin.clone().with_timeout(Duration::from_millis(300));
    let endless = || Iter(std::iter::repeat_with(|| "x".repeat(100)));
    vec![
        shown(soon("the call", hasty.ignore(600_000, endless())).await),
        read(plugin.fails().await).await,
        read(plugin.breaks().await).await,
        read(plugin.breaks_bytes().await).await,
        shown(plugin.panics_on_a_thread().await),
        shown(plugin.panics_after_a_report(|_| ()).await),
    ]
}

#[test]
fn streams_that_are_not_read_or_break_end_without_a_process_as_with_one() {
    run_test(async |env| {
        let idle = Duration::from_millis(500);
        let (_registry, plugin) =
            remote_with(env, &Shelf::default(), |it| it.policy(|it| it.stream_idle(idle))).await;
        let seen = streams(&plugin).await;
        let local = InProcess::new(Excess).provide(Shelf::default()).unwrap();
        let local: Local = local.with_stream_idle(idle).client().unwrap();
        assert_eq!(streams(&local).await, seen);
        // Each panic says where it was, also one on a thread.
        for panicked in &seen[2..] {
            assert!(
                panicked.contains("the disk broke (at tests/fixtures/excess.rs:"),
                "{panicked}"
            );
        }
    });
}

#[test]
fn the_error_of_a_service_keeps_its_kind_whatever_error_the_service_declares() {
    run_test(async |env| {
        let (_registry, plugin) = remote(env).await;
        let error = plugin.wait_for_service().await.unwrap_err();
        let goplug::CallError::Method(error) = error else { panic!("{error:?}") };
        assert_eq!(error.kind(), Some(ErrorKind::Deadline));
    });
}

#[test]
fn a_stream_counts_by_how_it_ends() {
    run_test(async |env| {
        let (_registry, plugin) = remote(env).await;
        let counts = || {
            let stats = plugin.plugin().stats();
            (stats.calls, stats.errors, stats.cancelled)
        };
        read(plugin.items(1).await).await;
        assert_eq!(counts(), (1, 0, 0));
        read(plugin.fails().await).await;
        read(plugin.breaks().await).await;
        assert_eq!(counts(), (3, 2, 0));
        let mut stream = plugin.items(1).await.unwrap();
        assert_eq!(counts(), (3, 2, 0));
        assert!(stream.next().await.is_some());
        drop(stream);
        assert_eq!(counts(), (3, 2, 1));
        let blocking = goplug::blocking::Plugin::from(plugin.plugin().clone());
        let blocking = ExcessBlockingClient::new(blocking).unwrap();
        let read = tokio::task::spawn_blocking(move || blocking.fails().unwrap().count());
        assert_eq!(read.await.unwrap(), 2);
        assert_eq!(counts(), (4, 3, 1));
        assert!(plugin.plugin().stats().latency.quantile(1.0).is_some());
    });
}
