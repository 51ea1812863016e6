//! Plugins of the original GoPlug, played: their callbacks with the qualified names of Go
//! functions, and their calls one at a time.

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use goplug::{Bytes, Error, Plugin, PluginServer, blocking};
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Barrier, Notify};
use tokio::task::{AbortHandle, JoinSet};

use crate::http::read_request;
use crate::test_env::{TestEnv, listen, run_test, soon, until};

/// A method of a value, in a package of a repository, as Go names it.
const QUALIFIED: &str = "github.com/acme/app/handlers.(*Server).OnEvent-fm";

/// A plugin of the original: `Test.Do`. Its process ends when it is dropped.
struct GoPlugin {
    played: Arc<Played>,
    task: AbortHandle,
}

struct Played {
    /// The body of each call of the named callback, once.
    callback: Mutex<Option<Bytes>>,
    /// Two calls of `main.Meet` wait for each other.
    both: Barrier,
    seen: Mutex<Seen>,
    stopped: Notify,
}

/// What the plugin has seen.
#[derive(Clone, Debug, Default)]
struct Seen {
    /// The paths of all requests, with the bodies of `RegisterCallback`.
    requests: Vec<String>,
    in_flight: usize,
    most_in_flight: usize,
}

impl GoPlugin {
    fn start(sock: &Path) -> Self {
        let listener = UnixListener::bind(sock).unwrap();
        let played = Arc::new(Played {
            callback: Mutex::new(Some("n1".into())),
            both: Barrier::new(2),
            seen: Mutex::default(),
            stopped: Notify::new(),
        });
        let task = tokio::spawn(played.clone().serve(listener)).abort_handle();
        Self { played, task }
    }

    fn seen(&self) -> Seen {
        self.played.seen.lock().unwrap().clone()
    }
}

impl Drop for GoPlugin {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Played {
    async fn serve(self: Arc<Self>, listener: UnixListener) {
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                accepted = listener.accept() => {
                    let (stream, _) = accepted.unwrap();
                    let played = self.clone();
                    connections.spawn(async move { played.serve_connection(stream).await });
                }
                () = self.stopped.notified() => return,
            }
        }
    }

    async fn serve_connection(&self, mut stream: UnixStream) {
        let mut received = Vec::new();
        while let Some((head, body)) = read_request(&mut stream, &mut received).await {
            let path = head.split(' ').nth(1).unwrap();
            let line = if path == "/RegisterCallback" {
                format!("{path} {body}")
            } else {
                path.to_owned()
            };
            self.seen.lock().unwrap().requests.push(line);
            let answer = match path {
                "/Activate" => r#"["main.Do","main.Meet","","","",""]"#.into(),
                "/Stop" => return self.stopped.notify_one(),
                "/RegisterCallback" => {
                    let next = self.callback.lock().unwrap().take();
                    match next {
                        Some(next) => next,
                        None => std::future::pending().await,
                    }
                }
                _ => self.call(path).await,
            };
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", answer.len());
            if stream.write_all(&[head.as_bytes(), &answer].concat()).await.is_err() {
                return;
            }
        }
    }

    async fn call(&self, path: &str) -> Bytes {
        {
            let mut seen = self.seen.lock().unwrap();
            seen.in_flight += 1;
            seen.most_in_flight = seen.most_in_flight.max(seen.in_flight);
        }
        if path == "/main.Meet" {
            self.both.wait().await;
        } else {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        self.seen.lock().unwrap().in_flight -= 1;
        "done".into()
    }
}

/// Installs `Test.Do` as the original library does; returns where its socket has to be.
pub(crate) fn install(env: &TestEnv) -> std::path::PathBuf {
    let sock = env.path("TestDo.sock");
    let keys = json!({
        "Name": "Do", "NameSpace": "Test", "Url": "unix://TestDo", "Sock": sock,
        "LazyLoad": false,
    });
    env.put_pconf("TestDo.pconf", &keys);
    sock
}

#[test]
fn a_callback_with_the_qualified_name_of_a_go_function_is_heard() {
    run_test(async |env| {
        let go = GoPlugin::start(&install(env));
        let registry = env.registry().start().await.unwrap();
        let plugin = registry.load("Do", "Test").await.unwrap();

        let (_subscription, mut heard) = listen(&plugin, QUALIFIED).await;

        assert_eq!(soon("the callback", heard.recv()).await.unwrap(), "n1");
        let asked = format!("/RegisterCallback {}", json!(QUALIFIED));
        assert!(go.seen().requests.contains(&asked), "{:?}", go.seen());
        registry.stop().await.unwrap();
    });
}

#[test]
fn a_plugin_of_ours_calls_back_under_such_a_name_too() {
    run_test(async |env| {
        let server = PluginServer::builder("Do")
            .namespace("Test")
            .location(env.folder())
            .callback(QUALIFIED)
            .build()
            .unwrap();
        server.start().await.unwrap();
        let registry = env.registry().start().await.unwrap();
        let plugin = registry.load("Do", "Test").await.unwrap();
        let (_subscription, mut heard) = listen(&plugin, QUALIFIED).await;

        server.notify(QUALIFIED, "n1").await.unwrap();

        assert_eq!(soon("the callback", heard.recv()).await.unwrap(), "n1");
        assert_eq!(plugin.descriptor().unwrap().callbacks[0].name, QUALIFIED);
        registry.stop().await.unwrap();
        server.stop().await.unwrap();
    });
}

/// Makes calls at the same time, async and blocking ones.
async fn call_often(plugin: &Plugin, method: &'static str) {
    let blocking = blocking::Plugin::from(plugin.clone());
    let calls = (0..8).map(|number| {
        let (plugin, blocking) = (plugin.clone(), blocking.clone());
        if number % 4 == 0 {
            tokio::task::spawn_blocking(move || blocking.execute(method, ""))
        } else {
            tokio::spawn(async move { plugin.execute(method, "").await })
        }
    });
    for call in calls.collect::<Vec<_>>() {
        assert_eq!(soon("the answer", call).await.unwrap().unwrap(), "done");
    }
}

#[test]
fn calls_are_made_one_at_a_time() {
    run_test(async |env| {
        let go = GoPlugin::start(&install(env));
        let registry = env.registry().start().await.unwrap();
        let plugin = registry.load("Do", "Test").await.unwrap();
        call_often(&plugin, "main.Do").await;
        assert_eq!(go.seen().most_in_flight, 1);
        registry.stop().await.unwrap();
        // The original's plugins are stopped by the hosts that leave them.
        assert_eq!(go.seen().requests.last().unwrap(), "/Stop");
    });
}

#[test]
fn calls_are_made_side_by_side_if_the_user_says_so() {
    run_test(async |env| {
        let _go = GoPlugin::start(&install(env));
        let builder = env.registry().policy(|policy| policy.one_call_at_a_time(false));
        let registry = builder.start().await.unwrap();
        let plugin = registry.load("Do", "Test").await.unwrap();
        let blocking = blocking::Plugin::from(plugin.clone());
        let blocking = tokio::task::spawn_blocking(move || blocking.execute("main.Meet", ""));
        let (one, other) = tokio::join!(
            soon("the one answer", plugin.execute("main.Meet", "")),
            soon("the other answer", blocking),
        );
        assert_eq!((one.unwrap(), other.unwrap().unwrap()), ("done".into(), "done".into()));
        registry.stop().await.unwrap();
    });
}

#[test]
fn calls_of_any_plugin_are_made_one_at_a_time_if_the_user_says_so() {
    run_test(async |env| {
        let seen = Arc::new(Mutex::new((0_usize, 0_usize)));
        let counted = seen.clone();
        let server = PluginServer::builder("Do")
            .namespace("Test")
            .location(env.folder())
            .method("Do", move |_| {
                let counted = counted.clone();
                async move {
                    {
                        let mut seen = counted.lock().unwrap();
                        seen.0 += 1;
                        seen.1 = seen.1.max(seen.0);
                    }
                    tokio::time::sleep(Duration::from_millis(5)).await;
                    counted.lock().unwrap().0 -= 1;
                    Ok::<_, std::io::Error>("done")
                }
            })
            .build()
            .unwrap();
        server.start().await.unwrap();
        let builder = env.registry().plugin("Do", "Test", |policy| policy.one_call_at_a_time(true));
        let registry = builder.start().await.unwrap();
        let plugin = registry.load("Do", "Test").await.unwrap();
        call_often(&plugin, "Do").await;
        assert_eq!(*seen.lock().unwrap(), (0, 1));
        registry.stop().await.unwrap();
        server.stop().await.unwrap();
    });
}

/// Plays a plugin of the original in a process of its own, on the socket that it is given: a call
/// before the activation is an error without a body, and each answer ends with the process's id.
const GO: &str = r#"
import os, socketserver, sys
class Go(socketserver.StreamRequestHandler):
    active = False
    def handle(self):
        while line := self.rfile.readline():
            length = 0
            while (field := self.rfile.readline().strip().lower()):
                if field.startswith(b"content-length:"):
                    length = int(field.split(b":")[1])
            self.rfile.read(length)
            path = line.split()[1]
            status, body = b"200 OK", b"done by %d" % os.getpid()
            if path == b"/Activate":
                Go.active, body = True, b'["main.Do","","","",""]'
            elif path == b"/Stop":
                os._exit(0)
            elif not Go.active:
                status, body = b"503 Service Unavailable", b""
            self.wfile.write(b"HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body))
class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
Server(sys.argv[1], Go).serve_forever()
"#;

/// A played plugin in a process of its own. Dropping it kills the process.
struct GoProcess(std::process::Child);

impl GoProcess {
    async fn start(env: &TestEnv, sock: &Path) -> Self {
        let child = env.command("python3").arg("-c").arg(GO).arg(sock).spawn().unwrap();
        let process = Self(child);
        until("it listens", || std::os::unix::net::UnixStream::connect(sock).is_ok()).await;
        process
    }

    fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for GoProcess {
    fn drop(&mut self) {
        self.kill();
    }
}

#[test]
fn a_plugin_that_is_replaced_while_its_host_is_busy_is_activated_again() {
    run_test(async |env| {
        let sock = install(env);
        let mut first = GoProcess::start(env, &sock).await;
        let registry = env.registry().start().await.unwrap();
        let plugin = registry.load("Do", "Test").await.unwrap();
        let done = format!("done by {}", first.0.id());
        assert_eq!(plugin.execute("main.Do", "").await.unwrap(), done);
        let moved = env.path("next.sock");
        let second = GoProcess::start(env, &moved).await;
        std::fs::rename(&moved, &sock).unwrap();

        first.kill();

        let done = format!("done by {}", second.0.id());
        let mut lost = Vec::new();
        soon("the answer of the second process", async {
            loop {
                match plugin.execute("main.Do", "").await {
                    Ok(answer) if answer == done => break,
                    Ok(answer) => panic!("{answer:?}"),
                    // The call that the first process may have begun.
                    Err(error) if error.may_have_executed() => lost.push(error),
                    Err(error) => panic!("{error}"),
                }
            }
        })
        .await;
        let broken = lost.iter().filter(|error| matches!(error, Error::Crashed { .. })).count();
        assert!(broken <= 1, "{lost:#?}");
        registry.stop().await.unwrap();
    });
}
