//! The host's side of GoPlug 1, against recordings of the original library.
//!
//! A fake plugin replays the responses of the original plugin, and checks that our host sends
//! the same requests as the original host: the request line, the `Host` header and the body
//! exactly, and in the same order. Three deviations are on purpose:
//!
//! - Our host adds headers (the original plugin ignores headers that it does not know), and
//!   sends no `User-Agent`.
//! - Our host itself refuses names that no method can have. In the recording the original
//!   host sends four of them: `/`, `/a//b`, `/x/main.Echo` and `/main.Echo/extra`.
//! - Our host polls for callbacks on connections of their own, so that calls need not wait
//!   behind a callback that is held.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use goplug::{Error, Plugin, blocking};
use tokio::io::AsyncWriteExt;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Notify, mpsc};

use crate::http::read_request;
use crate::originals;
use crate::test_env::{TestEnv, listen, run_test, soon};

const EXECUTE: &str = include_str!("../../goplug-runtime/tests/plugin/legacy/execute.cap");
const CALLBACK: &str = include_str!("../../goplug-runtime/tests/plugin/legacy/callback.cap");
/// [`CALLBACK`] with the name that Go gives to a method value of a package in a repository.
const QUALIFIED: &str = include_str!("../../goplug-runtime/tests/plugin/legacy/qualified.cap");
const QUALIFIED_NAME: &str = "github.com/acme/app/handlers.(*Server).OnEvent-fm";

/// The paths of the recording that our host refuses to send.
const REFUSED: [&str; 4] = ["/", "/a//b", "/x/main.Echo", "/main.Echo/extra"];

/// One request of the recording, and the response if there was one.
#[derive(Debug)]
struct Exchange {
    request: Request,
    /// The plugin's bytes. `None` if it closed the connection.
    response: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Request {
    line: String,
    host: String,
    body: String,
}

impl Request {
    fn parse(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let header = |name: &str| {
            head.split("\r\n").find_map(|line| {
                let (found, value) = line.split_once(": ")?;
                found.eq_ignore_ascii_case(name).then(|| value.to_owned())
            })
        };
        let line = head.lines().next().unwrap().to_owned();
        Self { line, host: header("Host").unwrap_or_default(), body: body.to_owned() }
    }

    fn path(&self) -> &str {
        self.line.split(' ').nth(1).unwrap()
    }
}

/// Reads a recording: `<ms> ms H1>P <count> bytes`, then the bytes with `\r\n` spelled out,
/// then `~`. Each request gets the next response; the recording is of one connection.
fn exchanges(recording: &str) -> VecDeque<Exchange> {
    let mut exchanges: VecDeque<Exchange> = VecDeque::new();
    let mut lines = recording.lines();
    while let Some(line) = lines.next() {
        let what = line.split_once(" ms ").map_or("", |(_, what)| what);
        let mut payload = || {
            let text: Vec<_> = lines.by_ref().take_while(|line| *line != "~").collect();
            text.join("\n").replace("\\r\\n\n", "\r\n")
        };
        if what == "P>H1 EOF" {
            let unanswered = exchanges.iter_mut().find(|exchange| exchange.response.is_none());
            unanswered.unwrap().response = Some(String::new());
        } else if what.starts_with("H1>P ") && !what.ends_with("EOF") {
            let request = Request::parse(&payload());
            exchanges.push_back(Exchange { request, response: None });
        } else if what.starts_with("P>H1 ") {
            let unanswered = exchanges.iter_mut().find(|exchange| exchange.response.is_none());
            unanswered.unwrap().response = Some(payload());
        }
    }
    exchanges.retain(|exchange| !REFUSED.contains(&exchange.request.path()));
    exchanges
}

/// A plugin that replays a recording.
struct FakePlugin {
    expected: Mutex<VecDeque<Exchange>>,
    /// Responses to polls for callbacks wait for this.
    notification: Notify,
    /// Passes on each request as it arrives.
    requests: mpsc::UnboundedSender<Request>,
}

impl FakePlugin {
    /// Accepts connections for ever.
    async fn serve(self: Arc<Self>, listener: UnixListener) {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(self.clone().serve_connection(stream));
        }
    }

    async fn serve_connection(self: Arc<Self>, mut stream: UnixStream) {
        let mut received = Vec::new();
        while let Some((head, body)) = read_request(&mut stream, &mut received).await {
            let request = Request::parse(&(head + &body));
            let exchange = self.next(&request);
            drop(self.requests.send(request.clone()));
            if request.path() == "/RegisterCallback" {
                self.notification.notified().await;
            }
            let Some(response) = exchange.response.filter(|text| !text.is_empty()) else { return };
            stream.write_all(response.as_bytes()).await.unwrap();
        }
    }

    /// The recorded exchange of a request: the next call, or the next poll for callbacks.
    fn next(&self, request: &Request) -> Exchange {
        let mut expected = self.expected.lock().unwrap();
        let is_poll = |of: &Request| of.path() == "/RegisterCallback";
        let place = expected
            .iter()
            .position(|exchange| is_poll(&exchange.request) == is_poll(request))
            .unwrap_or_else(|| panic!("{request:?} was not recorded"));
        let exchange = expected.remove(place).unwrap();
        assert_eq!(*request, exchange.request);
        exchange
    }
}

/// A plugin that replays a recording, loaded as `Test.Do`.
struct Replay {
    fake: Arc<FakePlugin>,
    plugin: Plugin,
    requests: mpsc::UnboundedReceiver<Request>,
    registry: goplug::Registry,
}

async fn replay(env: &TestEnv, recording: &str) -> Replay {
    let (sender, requests) = mpsc::unbounded_channel();
    let fake = Arc::new(FakePlugin {
        expected: Mutex::new(exchanges(recording)),
        notification: Notify::new(),
        requests: sender,
    });
    let listener = UnixListener::bind(originals::install(env)).unwrap();
    tokio::spawn(fake.clone().serve(listener));
    let registry = env.registry().start().await.unwrap();
    let plugin = registry.load("Do", "Test").await.unwrap();
    Replay { fake, plugin, requests, registry }
}

/// The recorded calls that have a result: method, body, result.
const CALLS: [(&str, &str, &str); 6] = [
    ("main.Do", "", ""),
    ("main.Do", r#"{"a":1}"#, ""),
    ("main.Echo", "hello", "hello"),
    ("main.Echo", "", ""),
    ("main.Len", "", "0"),
    ("main.Empty", "x", ""),
];

#[test]
fn the_recorded_calls_are_made_as_the_original_host_made_them() {
    run_test(async |env| {
        let Replay { fake, plugin, registry, .. } = replay(env, EXECUTE).await;
        // The recorded list ends with four empty names.
        assert_eq!(plugin.methods().len(), 11);
        assert!(plugin.methods().contains(&"main.Echo".to_owned()));

        for (method, body, answer) in CALLS {
            assert_eq!(plugin.execute(method, body).await.unwrap(), answer, "{method}");
        }
        for body in ["x", ""] {
            let error = plugin.execute("no.Such", body).await.unwrap_err();
            assert!(matches!(error, Error::UnknownMethod { .. }), "{error:?}");
        }
        for path in REFUSED {
            let error = plugin.execute(&path[1..], "").await.unwrap_err();
            assert!(matches!(error, Error::InvalidName(_)), "{error:?}");
        }
        assert_eq!(plugin.ping("Test Data").await.unwrap(), "Test Data");
        registry.stop().await.unwrap();

        let left = fake.expected.lock().unwrap();
        assert!(left.is_empty(), "it was not asked for {left:#?}");
    });
}

#[test]
fn a_blocking_caller_makes_the_recorded_calls_in_the_same_way() {
    run_test(async |env| {
        let Replay { fake, plugin, registry, .. } = replay(env, EXECUTE).await;
        let plugin = blocking::Plugin::from(plugin);
        for (method, body, answer) in CALLS {
            assert_eq!(plugin.execute(method, body).unwrap(), answer, "{method}");
        }
        for body in ["x", ""] {
            let error = plugin.execute("no.Such", body).unwrap_err();
            assert!(matches!(error, Error::UnknownMethod { .. }), "{error:?}");
        }
        assert_eq!(plugin.ping("Test Data").unwrap(), "Test Data");
        registry.stop().await.unwrap();

        let left = fake.expected.lock().unwrap();
        assert!(left.is_empty(), "it was not asked for {left:#?}");
    });
}

#[test]
fn the_recorded_callback_is_asked_for_received_and_asked_for_again() {
    receives_the_callback(CALLBACK, "main.callBack");
    receives_the_callback(QUALIFIED, QUALIFIED_NAME);
}

fn receives_the_callback(recording: &str, callback: &str) {
    run_test(async |env| {
        let Replay { fake, plugin, mut requests, registry } = replay(env, recording).await;
        assert_eq!(plugin.execute("main.Trigger", "n1").await.unwrap(), "scheduled");

        let (_subscription, mut received) = listen(&plugin, callback).await;
        fake.notification.notify_one();

        assert_eq!(soon("the callback", received.recv()).await.unwrap(), "n1");
        let mut polls = 0;
        while polls < 2 {
            let request = soon("the second poll", requests.recv()).await.unwrap();
            polls += usize::from(request.path() == "/RegisterCallback");
        }
        // The call that was recorded behind the second poll was never answered: in the
        // original, calls wait behind a callback that is held.
        let behind = fake.expected.lock().unwrap().pop_front().unwrap();
        assert_eq!((behind.request.path(), behind.response), ("/main.Echo", None));
        registry.stop().await.unwrap();
        let left = fake.expected.lock().unwrap();
        assert!(left.is_empty(), "it was not asked for {left:#?}");
    });
}

#[test]
fn a_handler_that_panics_in_the_original_ends_its_call_and_the_plugin_goes_on() {
    // The original closes the connection, and its process lives on.
    let recording = "0 ms H1>P 1 bytes\nPOST /Activate HTTP/1.1\\r\\n\nHost: TestDo\\r\\n\n\\r\\n\n\n~\n\
                     0 ms P>H1 1 bytes\nHTTP/1.1 200 OK\\r\\n\nContent-Length: 24\\r\\n\n\\r\\n\n\
                     [\"main.Panic\",\"main.Do\"]\n~\n\
                     0 ms H1>P 1 bytes\nPOST /main.Panic HTTP/1.1\\r\\n\nHost: TestDo\\r\\n\n\\r\\n\n\n~\n\
                     0 ms P>H1 EOF\n\
                     0 ms H1>P 1 bytes\nPOST /main.Do HTTP/1.1\\r\\n\nHost: TestDo\\r\\n\n\\r\\n\nx\n~\n\
                     0 ms P>H1 1 bytes\nHTTP/1.1 200 OK\\r\\n\nContent-Length: 2\\r\\n\n\\r\\n\nok\n~\n\
                     0 ms H1>P 1 bytes\nPOST /Stop HTTP/1.1\\r\\n\nHost: TestDo\\r\\n\n\\r\\n\n\n~\n\
                     0 ms P>H1 EOF\n";
    run_test(async |env| {
        let Replay { plugin, registry, .. } = replay(env, recording).await;
        let error = plugin.execute("main.Panic", "").await.unwrap_err();
        assert!(matches!(error, Error::Io { .. }) && error.may_have_executed(), "{error:?}");
        assert!(error.to_string().contains("the method has panicked, perhaps"), "{error}");
        assert_eq!(plugin.execute("main.Do", "x").await.unwrap(), "ok");
        registry.stop().await.unwrap();
    });
}
