//! Activation: how often its hook runs, what the hook gets, and what a failure leaves behind.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use goplug_runtime::protocol::Descriptor;
use goplug_runtime::typed::Configuration;
use tokio::sync::Notify;

use crate::calls::{NotifyOnDrop, hang, plugin};
use crate::client::{Client, folder, request, run};

#[test]
fn the_activation_hook_runs_once_and_gets_the_configuration() {
    run(async {
        let (folder, sock) = folder();
        let count = Arc::new(AtomicUsize::new(0));
        let builder = plugin(folder.path()).on_activate({
            let count = count.clone();
            move |configuration: Configuration| {
                count.fetch_add(1, Ordering::Relaxed);
                async move {
                    anyhow::ensure!(configuration.parse::<u8>()? == 7);
                    Ok(())
                }
            }
        });
        let server = builder.build().unwrap();
        server.start().await.unwrap();
        let mut client = Client::connect(&sock).await;

        for body in ["7", "8"] {
            let response = client.call("Activate", &[("Goplug-Protocol", "2")], body).await;
            assert_eq!(response.header("goplug-protocol"), Some("2"));
            assert_eq!(response.header("content-type"), Some("application/vnd.goplug+json"));
            let descriptor: Descriptor = serde_json::from_slice(&response.body).unwrap();
            assert_eq!(&descriptor, server.descriptor());
        }
        assert_eq!(count.load(Ordering::Relaxed), 1);
    });
}

#[test]
fn a_failed_activation_can_be_repeated() {
    run(async {
        let (folder, sock) = folder();
        let builder =
            plugin(folder.path()).on_activate(|configuration: Configuration| async move {
                match configuration.bytes().as_ref() {
                    b"good" => Ok(()),
                    b"panic" => panic!("no such luck"),
                    _ => Err(anyhow::anyhow!("no disk").context("opening the store")),
                }
            });
        let server = builder.build().unwrap();
        server.start().await.unwrap();
        let mut client = Client::connect(&sock).await;

        let failed = client.post("Activate", "bad").await;
        let panicked = client.post("Activate", "panic").await;
        let early = client.post("main.Echo", "x").await;
        let activated = client.post("Activate", "good").await;

        let expected = "the activation failed: opening the store: no disk";
        assert_eq!((failed.status(), failed.problem().1.as_str()), (500, expected));
        assert_eq!(panicked.problem().1, "the activation hook panicked: no such luck");
        assert_eq!(early.status(), 503);
        assert_eq!(activated.text(), r#"["main.Echo"]"#);
    });
}

#[test]
fn an_activation_is_dropped_when_its_caller_goes_away_and_can_be_repeated() {
    run(async {
        let (folder, sock) = folder();
        let (started, dropped) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let builder = plugin(folder.path()).on_activate({
            let (started, dropped) = (started.clone(), dropped.clone());
            move |configuration: Configuration| {
                started.notify_one();
                let guard = NotifyOnDrop(dropped.clone());
                async move {
                    if configuration.bytes().is_empty() {
                        hang(guard).await?;
                    }
                    anyhow::Ok(())
                }
            }
        });
        let server = builder.build().unwrap();
        server.start().await.unwrap();
        let mut gone = Client::connect(&sock).await;
        gone.send(request("Activate", &[], "")).await;
        started.notified().await;

        drop(gone);
        dropped.notified().await;

        let answer = Client::connect(&sock).await.post("Activate", "1").await;
        assert_eq!(answer.status(), 200);
    });
}

#[test]
fn concurrent_activations_run_the_hook_once() {
    run(async {
        let (folder, sock) = folder();
        let (count, go) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
        let builder = plugin(folder.path()).on_activate({
            let (count, go) = (count.clone(), go.clone());
            move |_| {
                count.fetch_add(1, Ordering::Relaxed);
                let go = go.clone();
                async move { go.notified().await }
            }
        });
        let server = builder.build().unwrap();
        server.start().await.unwrap();
        let (mut one, mut two) = (Client::connect(&sock).await, Client::connect(&sock).await);

        one.send(request("Activate", &[], "")).await;
        two.send(request("Activate", &[], "")).await;
        assert_eq!(Client::connect(&sock).await.post("Ping", "").await.status(), 200);
        go.notify_one();

        assert_eq!(one.response().await.unwrap().status(), 200);
        assert_eq!(two.response().await.unwrap().status(), 200);
        assert_eq!(count.load(Ordering::Relaxed), 1);
    });
}
