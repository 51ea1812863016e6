//! Callbacks that are sent within a call of a trace: their handlers are of the same trace.

use std::sync::{Arc, Mutex};

use goplug::testing::InProcess;
use goplug::{Bytes, CallContext, Caller, Subscription, Traceparent};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::http::{Connection, open, request_with};
use crate::served::Served;
use crate::test_env::{run_test, soon, until};

const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

/// A plugin that says what it does.
#[goplug::plugin(namespace = "traced")]
#[derive(Default)]
struct Announcer;

#[goplug::callback(Announcer)]
async fn said(text: &str) -> goplug::Result<()>;

#[goplug::callback(Announcer)]
async fn sent(bytes: Bytes) -> goplug::Result<()>;

#[goplug::callback(Announcer)]
async fn asked(number: u32) -> goplug::Result<u32>;

/// Calls a callback of each kind.
#[goplug::method(Announcer)]
async fn announce() -> goplug::Result<u32> {
    said("one").await?;
    said("two").await?;
    sent(Bytes::from_static(b"three")).await?;
    asked(4).await
}

#[goplug::method(Announcer)]
async fn say() -> goplug::Result<()> {
    said("something").await
}

#[goplug::method(Announcer)]
fn trace(call: &CallContext) -> Option<String> {
    call.traceparent().map(|parent| parent.to_string())
}

/// What the handlers have seen: the callback, and the trace that it is of.
type Seen = Arc<Mutex<Vec<(&'static str, Option<String>)>>>;

fn note(seen: &Seen, callback: &'static str) {
    let trace = CallContext::current().and_then(|call| call.traceparent());
    seen.lock().unwrap().push((callback, trace.map(|trace| trace.to_string())));
}

/// Handlers that look where they are, after they have waited.
async fn listen<C: Caller>(announcer: &AnnouncerClient<C>, seen: &Seen) -> [Subscription; 3] {
    let noting = |callback| {
        let seen = Arc::clone(seen);
        move || {
            let seen = Arc::clone(&seen);
            async move {
                tokio::task::yield_now().await;
                note(&seen, callback);
            }
        }
    };
    let (said, sent, asked) = (noting("said"), noting("sent"), noting("asked"));
    let answer = move |number: u32| {
        let noted = asked();
        async move {
            noted.await;
            number
        }
    };
    [
        announcer.on_said(move |_: String| said()).await.unwrap(),
        announcer.on_sent(move |_: Bytes| sent()).await.unwrap(),
        announcer.on_asked(answer).await.unwrap(),
    ]
}

fn all(trace: Option<&str>) -> Vec<(&'static str, Option<String>)> {
    ["said", "said", "sent", "asked"].map(|name| (name, trace.map(str::to_owned))).to_vec()
}

#[test]
fn the_handler_of_a_callback_is_of_the_trace_of_the_call_that_sent_it() {
    run_test(async |env| {
        let served = Served::start::<Announcer>(env).await;
        let announcer: AnnouncerClient = served.registry.client().await.unwrap();
        let seen = Seen::default();
        let _subscriptions = listen(&announcer, &seen).await;
        announcer.announce().await.unwrap();
        assert_eq!(std::mem::take(&mut *seen.lock().unwrap()), all(None));
        let traced = announcer.clone().with_traceparent(PARENT.parse().unwrap());
        traced.announce().await.unwrap();
        assert_eq!(std::mem::take(&mut *seen.lock().unwrap()), all(Some(PARENT)));
        announcer.announce().await.unwrap();
        assert_eq!(*seen.lock().unwrap(), all(None));
        served.stop().await;
    });
}

#[test]
fn what_a_handler_calls_is_of_the_trace_of_its_callback() {
    run_test(async |env| {
        let served = Served::start::<Announcer>(env).await;
        let announcer: AnnouncerClient = served.registry.client().await.unwrap();
        let traces = Arc::new(Mutex::new(Vec::new()));
        let (client, noted) = (announcer.clone(), Arc::clone(&traces));
        let handler = move |_: String| {
            let (client, noted) = (client.clone(), Arc::clone(&noted));
            async move {
                let trace = client.trace().await.unwrap();
                noted.lock().unwrap().push(trace);
            }
        };
        let _subscription = announcer.on_said(handler).await.unwrap();
        let other = Traceparent::new(5, 6, false).unwrap();
        for trace in [PARENT.parse().unwrap(), other] {
            announcer.clone().with_traceparent(trace).say().await.unwrap();
        }
        until("both are handled", || traces.lock().unwrap().len() == 2).await;
        assert_eq!(*traces.lock().unwrap(), [PARENT.to_owned(), other.to_string()].map(Some));
        served.stop().await;
    });
}

#[test]
fn an_event_names_its_place_in_a_trace_by_a_field_of_its_own() {
    run_test(async |env| {
        let served = Served::start::<Announcer>(env).await;
        let announcer: AnnouncerClient = served.registry.client().await.unwrap();
        let socket = announcer.plugin().socket().unwrap();
        let mut stream = open(&socket).await;
        let headers = "Goplug-Protocol: 2\r\nGoplug-Host: curl\r\n";
        let register = request_with("/RegisterCallback", headers, r#"["said"]"#);
        stream.write_all(register.as_bytes()).await.unwrap();
        let mut connection = Connection::open(&socket).await;
        let mut text = String::new();
        let mut read = async |part: &str| {
            while !text.contains(part) {
                let mut buffer = [0; 1024];
                let length = soon("an event", stream.read(&mut buffer)).await.unwrap();
                assert_ne!(length, 0, "{text}");
                text.push_str(std::str::from_utf8(&buffer[..length]).unwrap());
            }
        };
        read("\r\n\r\n").await;
        let header = format!("traceparent: {PARENT}\r\n");
        for headers in [&header, ""] {
            connection.send(request_with("/say", headers, "")).await;
            soon("the answer", connection.response()).await.unwrap();
        }
        let event = |id| format!("id: {id}\nevent: said\ndata: {{\"text\":\"something\"}}\n\n");
        read(&format!("\ntraceparent: {PARENT}\n{}", event(1))).await;
        read(&format!("\n{}", event(2))).await;
        assert_eq!(text.matches("traceparent").count(), 1, "{text}");
        served.stop().await;
    });
}

#[test]
fn callbacks_in_the_same_process_are_of_the_trace_too() {
    run_test(async |_| {
        let plugin = InProcess::new(Announcer);
        let announcer: AnnouncerClient<_> = plugin.client().unwrap();
        let seen = Seen::default();
        let _subscriptions = listen(&announcer, &seen).await;
        announcer.announce().await.unwrap();
        assert_eq!(std::mem::take(&mut *seen.lock().unwrap()), all(None));
        announcer.with_traceparent(PARENT.parse().unwrap()).announce().await.unwrap();
        assert_eq!(*seen.lock().unwrap(), all(Some(PARENT)));
    });
}
