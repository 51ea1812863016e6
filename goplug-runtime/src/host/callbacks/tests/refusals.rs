//! A plugin refuses to register callbacks before its activation.

use std::future::Future;
use std::pin::pin;
use std::sync::mpsc;
use std::task::{Context, Waker};

use super::*;
use crate::error::Error;

/// A host of such a plugin, with a handler.
struct Host {
    callbacks: Arc<Callbacks>,
    generation: u64,
    /// The registrations that the plugin has read.
    asked: UnboundedReceiver<()>,
    /// Whether the plugin takes its next registration.
    takes: mpsc::Sender<bool>,
    _task: OwnedTask,
    _folder: tempfile::TempDir,
}

impl Host {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let socket = socket_path(folder.path(), "s");
        let listener = RawListener::bind(&socket);
        let (sender, asked) = unbounded_channel();
        let (takes, answers) = mpsc::channel();
        std::thread::spawn(move || {
            let mut streams = Vec::new();
            loop {
                let mut stream = listener.accept().unwrap();
                assert!(stream.read(&mut [0; 4096]).unwrap() > 0);
                if sender.send(()).is_err() {
                    return;
                }
                let Ok(takes) = answers.recv() else { return };
                let refusal = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\
                               Connection: close\r\n\r\n";
                stream.write_all(if takes { STREAM_HEAD } else { refusal }.as_bytes()).unwrap();
                streams.extend(takes.then_some(stream));
            }
        });
        let peer = peer(socket, Services::new());
        let (callbacks, generation) = callbacks();
        callbacks.add("a", CallbackHandler::new(|_| async { Reply::json(&()) }));
        let serving = serve(peer, Dialect::GoPlug2, Arc::clone(&callbacks), generation, |_| {});
        let _task = OwnedTask::spawn(serving);
        Self { callbacks, generation, asked, takes, _task, _folder: folder }
    }

    /// The plugin has refused its first registration and read the second when its activation ends.
    async fn activated() -> Self {
        let mut host = Self::new();
        host.asked.recv().await.unwrap();
        host.takes.send(false).unwrap();
        host.asked.recv().await.unwrap();
        host.callbacks.retry_refused(host.generation);
        host
    }
}

fn is_ready<T>(future: impl Future<Output = T>) -> bool {
    pin!(future).poll(&mut Context::from_waker(Waker::noop())).is_ready()
}

#[tokio::test]
async fn a_registration_that_is_under_way_when_the_activation_ends_is_the_only_one() {
    let mut host = Host::activated().await;
    host.takes.send(true).unwrap();
    host.takes.send(true).unwrap();
    host.callbacks.wait_until_all_confirmed(host.generation).await.unwrap();
    assert!(host.asked.try_recv().is_err());
}

#[tokio::test]
async fn a_refusal_that_is_under_way_when_the_activation_ends_is_void() {
    let mut host = Host::activated().await;
    host.takes.send(false).unwrap();
    host.asked.recv().await.unwrap();
    assert!(!is_ready(host.callbacks.wait_until_all_confirmed(host.generation)));
    host.takes.send(true).unwrap();
    host.callbacks.wait_until_all_confirmed(host.generation).await.unwrap();
}

#[tokio::test]
async fn a_refused_registration_is_made_again_at_once_when_the_activation_ends() {
    let (callbacks, generation) = callbacks();
    let attempt = callbacks.begin_attempt(generation, 0);
    callbacks.refuse(attempt, Error::Protocol("not yet".into()).into());
    assert!(is_ready(callbacks.wait_until_all_confirmed(generation)));
    assert!(!is_ready(callbacks.wait_for_retry(attempt)));
    callbacks.retry_refused(generation);
    assert!(is_ready(callbacks.wait_for_retry(attempt)));
    assert!(!is_ready(callbacks.wait_until_all_confirmed(generation)));
}
