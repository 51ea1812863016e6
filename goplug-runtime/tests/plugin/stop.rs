//! The stop: calls in flight are answered, and nothing is left behind.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use goplug_runtime::Error;
use goplug_runtime::plugin::{PluginServer, ServerBuilder};
use goplug_runtime::protocol::Pconf;
use goplug_runtime::transport::socket_path;
use tokio::sync::Notify;

use crate::client::{Client, folder, of_files, request, run};

fn plugin(folder: &Path) -> ServerBuilder {
    PluginServer::builder("Do").namespace("Test").location(folder)
}

async fn active(builder: ServerBuilder) -> (PluginServer, Client) {
    let server = builder.build().unwrap();
    server.start().await.unwrap();
    let mut client = Client::connect(server.socket().unwrap()).await;
    assert_eq!(client.post("Activate", "").await.status(), 200);
    (server, client)
}

/// A method that notifies `started` when it runs, and returns after `go`.
fn held(builder: ServerBuilder, started: &Arc<Notify>, go: &Arc<Notify>) -> ServerBuilder {
    let (started, go) = (started.clone(), go.clone());
    builder.method("main.Held", move |_| {
        started.notify_one();
        let go = go.clone();
        async move {
            go.notified().await;
            Ok::<_, anyhow::Error>("done")
        }
    })
}

fn files(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn the_file_and_the_socket_exist_while_the_plugin_serves() {
    run(async {
        let (folder, _) = folder();
        let (server, mut client) = active(plugin(folder.path()).callback("main.callBack")).await;
        assert_eq!(files(folder.path()), of_files(&["Test.Do.pconf", "Test.Do.sock"]));
        let text = std::fs::read(folder.path().join("Test.Do.pconf")).unwrap();
        let pconf = Pconf::parse(&text).unwrap();
        assert_eq!(pconf.sock_path(Path::new("/")).unwrap(), server.socket().unwrap());
        assert_eq!(pconf.callbacks()[0].name, "main.callBack");
        assert_eq!(pconf.protocol(), 2);

        let answer = client.post("Stop", "").await;

        assert_eq!(files(folder.path()), [""; 0]);
        assert_eq!((answer.status_line.as_str(), answer.text()), ("HTTP/1.1 200 OK", ""));
        assert_eq!(answer.header("connection"), None);
        assert_eq!(client.end().await, b"");
        server.stopped().await;
    });
}

#[test]
fn a_stop_keeps_a_file_that_another_process_has_replaced() {
    run(async {
        let (folder, _) = folder();
        let (server, _client) = active(plugin(folder.path())).await;
        std::fs::write(folder.path().join("Test.Do.pconf"), "theirs").unwrap();

        server.stop().await.unwrap();

        assert_eq!(files(folder.path()), ["Test.Do.pconf"]);
    });
}

#[test]
fn a_stop_waits_for_calls_in_flight_and_refuses_further_ones() {
    run(async {
        let (folder, sock) = folder();
        let (started, go) = (Arc::default(), Arc::default());
        let (server, mut caller) = active(held(plugin(folder.path()), &started, &go)).await;
        let mut further = Client::connect(&sock).await;
        assert_eq!(further.post("Ping", "").await.status(), 200);
        caller.send(request("main.Held", &[], "")).await;
        started.notified().await;
        let mut stopper = Client::connect(&sock).await;
        stopper.send(request("Stop", &[], "")).await;

        let refused = loop {
            let answer = further.call("main.Held", &[("Goplug-Timeout", "1")], "").await;
            if answer.status() != 408 {
                break answer;
            }
        };
        go.notify_one();

        let expected = "the plugin is stopping and takes no further calls";
        assert_eq!(refused.status(), 503);
        assert_eq!(refused.problem(), ("stopping".into(), expected.into()));
        let done = caller.response().await.unwrap();
        assert_eq!((done.text(), done.header("connection")), ("done", None));
        assert_eq!(stopper.response().await.unwrap().status(), 200);
        server.stopped().await;
    });
}

#[test]
fn a_call_that_outlasts_the_stop_timeout_is_answered_and_cut_off() {
    run(async {
        let (folder, _) = folder();
        let (started, go) = (Arc::default(), Arc::default());
        let builder =
            held(plugin(folder.path()), &started, &go).stop_timeout(Duration::from_millis(20));
        let (server, mut caller) = active(builder).await;
        caller.send(request("main.Held", &[], "")).await;
        started.notified().await;

        server.stop().await.unwrap();

        let answer = caller.response().await.unwrap();
        assert_eq!(answer.status(), 500);
        let expected = "the plugin is stopping, and the call did not finish within the grace \
                        period";
        assert_eq!(answer.problem(), ("cut-off".into(), expected.into()));
    });
}

#[test]
fn a_host_says_how_long_a_stop_and_its_calls_may_take() {
    run(async {
        // Only what the host says is in time.
        let never = Duration::from_secs(3600);
        for header in [("Goplug-Timeout", "40"), ("Goplug-Grace", "10")] {
            let (folder, _) = folder();
            let (started, go) = (Arc::default(), Arc::default());
            let mut builder = held(plugin(folder.path()), &started, &go);
            if header.0 == "Goplug-Grace" {
                builder = builder.stop_timeout(never);
            }
            let (server, mut caller) = active(builder).await;
            caller.send(request("main.Held", &[], "")).await;
            started.notified().await;
            let mut stopper = Client::connect(server.socket().unwrap()).await;
            stopper.send(request("Stop", &[header], "")).await;
            let answer = caller.response().await.unwrap();
            assert_eq!(answer.problem().0, "cut-off", "{header:?}");
            assert_eq!(stopper.response().await.unwrap().status(), 200);
            server.stopped().await;
        }
    });
}

#[test]
fn the_stop_hook_goes_on_after_calls_have_been_cut_off() {
    run(async {
        let (folder, _) = folder();
        let (started, go) = (Arc::default(), Arc::default());
        let saved = Arc::new(Notify::new());
        let (waits, end) = (Arc::clone(&saved), Arc::new(AtomicUsize::new(0)));
        let ended = Arc::clone(&end);
        let builder = held(plugin(folder.path()), &started, &go)
            .stop_timeout(Duration::from_secs(3600))
            .on_stop(move || {
                let (waits, ended) = (Arc::clone(&waits), Arc::clone(&ended));
                async move {
                    waits.notified().await;
                    ended.fetch_add(1, Ordering::Relaxed);
                }
            });
        let (server, mut caller) = active(builder).await;
        caller.send(request("main.Held", &[], "")).await;
        started.notified().await;
        let mut stopper = Client::connect(server.socket().unwrap()).await;
        stopper.send(request("Stop", &[("Goplug-Grace", "0")], "")).await;
        assert_eq!(caller.response().await.unwrap().problem().0, "cut-off");
        saved.notify_one();
        assert_eq!(stopper.response().await.unwrap().status(), 200);
        assert_eq!(end.load(Ordering::Relaxed), 1);
        server.stopped().await;
    });
}

#[test]
fn the_stop_hook_runs_once_and_only_after_an_activation() {
    run(async {
        for activated in [0, 1] {
            let (folder, sock) = folder();
            let count = Arc::new(AtomicUsize::new(0));
            let counted = count.clone();
            let server = plugin(folder.path())
                .on_stop(move || {
                    counted.fetch_add(1, Ordering::Relaxed);
                    async {}
                })
                .build()
                .unwrap();
            server.start().await.unwrap();
            for _ in 0..activated {
                Client::connect(&sock).await.post("Activate", "").await;
            }

            server.stop().await.unwrap();
            server.stop().await.unwrap();

            assert_eq!(count.load(Ordering::Relaxed), activated);
        }
    });
}

#[test]
fn a_stop_hook_that_hangs_or_panics_does_not_prevent_the_stop() {
    run(async {
        for hangs in [true, false] {
            let (folder, _) = folder();
            let builder = plugin(folder.path()).stop_timeout(Duration::from_millis(20)).on_stop(
                move || async move {
                    if hangs {
                        std::future::pending::<()>().await;
                    }
                    assert!(hangs, "on purpose");
                },
            );
            let (server, _client) = active(builder).await;

            server.stop().await.unwrap();

            assert_eq!(files(folder.path()), [""; 0]);
        }
    });
}

#[test]
fn a_stop_ends_streams_and_waiting_callbacks() {
    run(async {
        let (folder, sock) = folder();
        let (server, _client) = active(plugin(folder.path())).await;
        let mut events = Client::connect(&sock).await.listen(&[], r#"["a"]"#).await;

        server.stop().await.unwrap();

        assert_eq!(events.next().await, None);
        assert!(matches!(server.notify("a", "").await, Err(Error::Stopped)));
        assert!(matches!(server.start().await, Err(Error::Configuration(_))));
    });
}

#[test]
fn callbacks_sent_before_the_stop_still_arrive() {
    run(async {
        let (folder, sock) = folder();
        let own = Arc::new(std::sync::OnceLock::<PluginServer>::new());
        let inside = own.clone();
        let builder = plugin(folder.path()).on_stop(move || {
            let server = inside.get().unwrap().clone();
            async move { server.notify("a", "last words").await }
        });
        let (server, _client) = active(builder).await;
        own.set(server.clone()).unwrap();
        let mut events = Client::connect(&sock).await.listen(&[], r#"["a"]"#).await;

        server.stop().await.unwrap();

        assert_eq!(events.event().await.2, "bGFzdCB3b3Jkcw==");
        assert_eq!(events.next().await, None);
    });
}

#[test]
fn on_a_socket_of_the_host_no_file_is_written() {
    run(async {
        let (folder, _) = folder();
        let sock = socket_path(folder.path(), "Test.Do.sock");
        let server = plugin(folder.path()).build().unwrap();
        let listener = goplug_runtime::transport::Listener::bind(&sock).unwrap();

        server.start_on(listener).await.unwrap();

        assert_eq!(Client::connect(&sock).await.post("Ping", "x").await.text(), "x");
        assert_eq!(files(folder.path()), of_files(&["Test.Do.sock"]));
    });
}

#[test]
fn missing_folders_of_socket_and_file_are_created() {
    run(async {
        let (folder, _) = folder();
        let location = folder.path().join("new/plugins");
        let sock = socket_path(&folder.path().join("run"), "s");
        let server = plugin(&location).socket(&sock).build().unwrap();

        server.start().await.unwrap();

        assert_eq!(files(&location), ["Test.Do.pconf"]);
        assert_eq!(Client::connect(&sock).await.post("Ping", "x").await.text(), "x");
    });
}

#[test]
fn dropping_the_last_handle_ends_the_server_at_once() {
    run(async {
        let (folder, _) = folder();
        let (server, mut client) = active(plugin(folder.path())).await;

        drop(server);

        assert_eq!(client.end().await, b"");
        while !files(folder.path()).is_empty() {
            tokio::task::yield_now().await;
        }
    });
}

#[test]
fn a_method_can_stop_its_own_plugin() {
    run(async {
        let (folder, _) = folder();
        let own = Arc::new(std::sync::OnceLock::<PluginServer>::new());
        let inside = own.clone();
        let builder = plugin(folder.path()).method("main.SelfStop", move |_| {
            inside.get().unwrap().request_stop();
            async { Ok::<_, anyhow::Error>("bye") }
        });
        let (server, mut client) = active(builder).await;
        own.set(server.clone()).unwrap();

        assert_eq!(client.post("main.SelfStop", "").await.text(), "bye");

        server.stopped().await;
    });
}

#[test]
fn starting_on_a_socket_in_use_fails_and_the_other_plugin_goes_on() {
    run(async {
        let (folder, _) = folder();
        let (server, mut client) = active(plugin(folder.path())).await;
        let sock = server.socket().unwrap();
        let second = plugin(folder.path()).socket(sock).build().unwrap();

        let error = second.start().await.unwrap_err().to_string();

        assert!(error.starts_with("listening on ") && error.contains(sock.to_str().unwrap()));
        assert_eq!(client.post("Ping", "x").await.text(), "x");
        assert_eq!(files(folder.path()), of_files(&["Test.Do.pconf", "Test.Do.sock"]));
    });
}
