//! A plugin that somebody else has started, and the hosts that come and go: when it is active,
//! and when its stop hook runs.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use goplug_runtime::Error;
use goplug_runtime::plugin::PluginServer;
use tempfile::TempDir;
use tokio::sync::Notify;

use crate::client::{Client, folder, request, run};

const HOST: &[(&str, &str)] = &[("Goplug-Protocol", "2"), ("Goplug-Host", "one")];
const OTHER_HOST: &[(&str, &str)] = &[("Goplug-Protocol", "2"), ("Goplug-Host", "two")];
const NOBODY: &[(&str, &str)] = &[("Goplug-Protocol", "2")];

/// How often each hook has run, and what holds the stop hook.
#[derive(Clone, Default)]
struct Hooks {
    activated: Arc<AtomicUsize>,
    stopped: Arc<AtomicUsize>,
    stop_begun: Arc<Notify>,
    stop_gate: Option<Arc<Notify>>,
}

impl Hooks {
    /// Hooks whose stop hook does not end before the gate is notified.
    fn gated() -> (Self, Arc<Notify>) {
        let gate = Arc::new(Notify::new());
        (Self { stop_gate: Some(gate.clone()), ..Self::default() }, gate)
    }

    fn counts(&self) -> (usize, usize) {
        (self.activated.load(Ordering::SeqCst), self.stopped.load(Ordering::SeqCst))
    }

    async fn until(&self, counts: (usize, usize)) {
        while self.counts() != counts {
            tokio::task::yield_now().await;
        }
    }

    /// A folder, and in it the socket of a plugin with these hooks, which is returned too.
    async fn serve(&self) -> (TempDir, PathBuf, PluginServer) {
        let (folder, sock) = folder();
        let (activation, stop) = (self.clone(), self.clone());
        let server = PluginServer::builder("Do")
            .namespace("Test")
            .location(folder.path())
            .stop_timeout(Duration::from_secs(20))
            .method("Echo", |input: bytes::Bytes| async move { Ok::<_, Error>(input) })
            .on_activate(move |_| {
                activation.activated.fetch_add(1, Ordering::SeqCst);
                async {}
            })
            .on_stop(move || {
                let stop = stop.clone();
                async move {
                    stop.stop_begun.notify_one();
                    if let Some(gate) = &stop.stop_gate {
                        gate.notified().await;
                    }
                    stop.stopped.fetch_add(1, Ordering::SeqCst);
                }
            })
            .build()
            .unwrap();
        server.start().await.unwrap();
        (folder, sock, server)
    }
}

async fn activate(sock: &Path, headers: &[(&str, &str)]) -> Client {
    let mut host = Client::connect(sock).await;
    assert_eq!(host.call("Activate", headers, "null").await.status(), 200);
    host
}

/// Waits until another plugin, whose last host leaves now, has run its stop hook: for as long as a
/// plugin waits for its hosts to come back.
async fn grace_passed() {
    let hooks = Hooks::default();
    let (_folder, sock, server) = hooks.serve().await;
    drop(activate(&sock, HOST).await);
    hooks.until((1, 1)).await;
    server.stop().await.unwrap();
}

async fn echo(sock: &Path) -> u16 {
    Client::connect(sock).await.post("Echo", "x").await.status()
}

#[test]
fn the_stop_hook_runs_when_the_last_host_is_gone_and_the_next_host_activates_again() {
    run(async {
        let hooks = Hooks::default();
        let (_folder, sock, server) = hooks.serve().await;
        let one = activate(&sock, HOST).await;
        let other = activate(&sock, OTHER_HOST).await;
        drop(one);
        grace_passed().await;
        assert_eq!((echo(&sock).await, hooks.counts()), (200, (1, 0)));

        drop(other);

        hooks.until((1, 1)).await;
        while echo(&sock).await != 503 {}
        let mut client = Client::connect(&sock).await;
        assert_eq!(client.post("Echo", "x").await.problem().0, "not-active");

        let again = activate(&sock, HOST).await;
        assert_eq!((echo(&sock).await, hooks.counts()), (200, (2, 1)));
        server.stop().await.unwrap();
        assert_eq!(hooks.counts(), (2, 2));
        drop(again);
    });
}

#[test]
fn after_its_last_host_a_plugin_stops_without_running_its_stop_hook_again() {
    run(async {
        let hooks = Hooks::default();
        let (_folder, sock, server) = hooks.serve().await;
        drop(activate(&sock, HOST).await);
        hooks.until((1, 1)).await;
        server.stop().await.unwrap();
        assert_eq!(hooks.counts(), (1, 1));
    });
}

/// A person with `curl` closes each connection at once.
#[test]
fn a_plugin_that_somebody_activated_who_did_not_say_who_stays_active() {
    run(async {
        for headers in [NOBODY, &[]] {
            let hooks = Hooks::default();
            let (_folder, sock, server) = hooks.serve().await;
            drop(activate(&sock, headers).await);
            drop(activate(&sock, HOST).await);
            grace_passed().await;
            assert_eq!((echo(&sock).await, hooks.counts()), (200, (1, 0)));
            server.stop().await.unwrap();
            assert_eq!(hooks.counts(), (1, 1));
        }
    });
}

#[test]
fn a_host_that_comes_while_the_stop_hook_runs_waits_for_it_and_activates_again() {
    run(async {
        let (hooks, gate) = Hooks::gated();
        let (_folder, sock, server) = hooks.serve().await;
        drop(activate(&sock, HOST).await);
        hooks.stop_begun.notified().await;
        let mut next = Client::connect(&sock).await;
        next.send(request("Activate", HOST, "null")).await;
        assert_eq!(echo(&sock).await, 503);

        gate.notify_one();

        assert_eq!(next.response().await.unwrap().status(), 200);
        assert_eq!((echo(&sock).await, hooks.counts()), (200, (2, 1)));
        gate.notify_one();
        server.stop().await.unwrap();
    });
}

#[test]
fn a_stop_waits_for_a_stop_hook_that_is_running_already() {
    run(async {
        let (hooks, gate) = Hooks::gated();
        let (_folder, sock, server) = hooks.serve().await;
        drop(activate(&sock, HOST).await);
        hooks.stop_begun.notified().await;
        server.request_stop();
        let mut late = Client::connect(&sock).await;
        assert_eq!(late.post("Echo", "x").await.problem().0, "stopping");

        gate.notify_one();

        server.stopped().await;
        assert_eq!(hooks.counts(), (1, 1));
    });
}

#[test]
fn a_host_activates_on_several_connections_and_is_gone_with_the_last() {
    run(async {
        let hooks = Hooks::default();
        let (_folder, sock, _server) = hooks.serve().await;
        let mut first = activate(&sock, HOST).await;
        assert_eq!(first.call("Activate", HOST, "null").await.status(), 200);
        let second = activate(&sock, HOST).await;
        drop(first);
        grace_passed().await;
        assert_eq!((echo(&sock).await, hooks.counts()), (200, (1, 0)));
        drop(second);
        hooks.until((1, 1)).await;
    });
}

#[test]
fn a_host_that_comes_back_at_once_finds_the_plugin_active() {
    run(async {
        let hooks = Hooks::default();
        let (_folder, sock, _server) = hooks.serve().await;
        drop(activate(&sock, HOST).await);
        let back = activate(&sock, HOST).await;
        grace_passed().await;
        assert_eq!((echo(&sock).await, hooks.counts()), (200, (1, 0)));
        drop(back);
        hooks.until((1, 1)).await;
    });
}
