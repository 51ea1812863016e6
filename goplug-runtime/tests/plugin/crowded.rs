//! As many connections as a plugin serves at a time, and more.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use goplug_runtime::plugin::PluginServer;
use goplug_runtime::{Error, limits};

use crate::client::{Client, folder, request, run};

/// Longer than anything here takes on a busy machine.
const SOON: Duration = Duration::from_secs(60);

#[test]
fn a_new_connection_takes_the_place_of_the_idlest() {
    run(async {
        let (folder, sock) = folder();
        let server = PluginServer::builder("Do").namespace("Test").location(folder.path());
        let server = server.build().unwrap();
        server.start().await.unwrap();
        let mut first = Client::connect(&sock).await;
        let mut idle = Vec::new();
        for number in 0..limits::MAX_CONNECTIONS + 100 {
            idle.push(Client::connect(&sock).await);
            // A connection that is used stays.
            if number % 50 == 0 {
                assert_eq!(first.post("Ping", "x").await.text(), "x");
            }
        }
        let mut new = Client::connect(&sock).await;
        assert_eq!(new.post("Ping", "new").await.text(), "new");
        assert_eq!(first.post("Ping", "first").await.text(), "first");
        let ended = idle[0].end();
        assert_eq!(tokio::time::timeout(SOON, ended).await.expect("the idlest has ended"), b"");
    });
}

#[test]
fn a_new_connection_waits_while_none_is_idle() {
    run(async {
        let (folder, sock) = folder();
        let begun = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&begun);
        let server = PluginServer::builder("Do").namespace("Test").location(folder.path());
        let server = server.method("main.Wait", move |_: bytes::Bytes| {
            count.fetch_add(1, Ordering::SeqCst);
            std::future::pending::<Result<bytes::Bytes, Error>>()
        });
        let server = server.build().unwrap();
        server.start().await.unwrap();
        let mut busy = vec![Client::connect(&sock).await];
        assert_eq!(busy[0].post("Activate", "null").await.status(), 200);
        busy[0].send(request("main.Wait", &[], "")).await;
        for _ in 1..limits::MAX_CONNECTIONS {
            let mut client = Client::connect(&sock).await;
            client.send(request("main.Wait", &[], "")).await;
            busy.push(client);
        }
        while begun.load(Ordering::SeqCst) < limits::MAX_CONNECTIONS {
            tokio::task::yield_now().await;
        }
        let mut waiting = Client::connect(&sock).await;
        waiting.send(request("Ping", &[], "at last")).await;
        let a_moment = Duration::from_millis(50);
        assert!(tokio::time::timeout(a_moment, waiting.response()).await.is_err());

        busy.pop();

        let response = tokio::time::timeout(SOON, waiting.response()).await.unwrap();
        assert_eq!(response.unwrap().text(), "at last");
    });
}
