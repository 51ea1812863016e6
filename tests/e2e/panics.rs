//! The host's own code panics: that ends the one callback in which it happens.

use std::sync::Mutex;

use goplug::raw::Reply;
use goplug::{CallError, CallbackHandler, Caller, Subscription};
use goplug_tests::fixtures::calculator::CalculatorClient;
use serde::{Serialize, Serializer};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::test_env::{run_test, soon};
use crate::test_log;

/// Panics when it is dropped.
struct Grenade(&'static str);

impl Drop for Grenade {
    fn drop(&mut self) {
        panic!("{}", self.0);
    }
}

/// Panics when it is written.
struct Unwritable;

impl Serialize for Unwritable {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        panic!("it cannot be written");
    }
}

/// A handler that notes each number.
fn noting(sender: &UnboundedSender<u64>) -> impl Fn(u64) -> std::future::Ready<()> + use<> {
    let sender = sender.clone();
    move |number| {
        sender.send(number).unwrap();
        std::future::ready(())
    }
}

/// Calls back with the numbers up to this one, and checks that all of them come.
async fn all_are_heard(
    calculator: &CalculatorClient,
    heard: &mut UnboundedReceiver<u64>,
    count: u64,
) {
    calculator.burst(count, None).await.unwrap();
    for number in 0..count {
        assert_eq!(soon("a callback", heard.recv()).await, Some(number));
    }
}

/// Registers a handler that panics beside one that notes, and checks that all go on.
fn the_others_go_on(
    register: impl AsyncFn(&CalculatorClient) -> goplug::Result<Subscription>,
    logged: &str,
) {
    test_log::record();
    run_test(async |env| {
        let (registry, calculator) = env.calculator().await;
        let (sender, mut heard) = unbounded_channel();
        let _before = calculator.on_tick(noting(&sender)).await.unwrap();
        let panicking = register(&calculator).await.unwrap();
        let mut notices = calculator.noticed_stream().await.unwrap();
        all_are_heard(&calculator, &mut heard, 20).await;
        // Callbacks of another name, and registrations that come later.
        calculator.notice("smoke").await.unwrap();
        assert!(soon("the notice", notices.next()).await.is_some());
        let (later, mut heard_later) = unbounded_channel();
        let _later = calculator.on_tick(noting(&later)).await.unwrap();
        all_are_heard(&calculator, &mut heard_later, 2).await;
        drop(panicking);
        assert_eq!(calculator.add(2, 3).await.unwrap(), 5);
        registry.reload("Calculator", "math").await.unwrap();
        while heard.try_recv().is_ok() {}
        all_are_heard(&calculator, &mut heard, 2).await;
    });
    let lines = test_log::lines_with(logged);
    let named = |line: &String| {
        line.starts_with("ERROR goplug::callbacks")
            && line.contains("plugin=math.Calculator")
            && line.contains("callback=\"tick\"")
    };
    assert!(!lines.is_empty() && lines.iter().all(named), "{lines:?}");
}

#[test]
fn a_handler_whose_future_panics() {
    the_others_go_on(
        async |calculator| {
            calculator
                .on_tick(|number| async move {
                    tokio::task::yield_now().await;
                    assert_ne!(number % 3, 0, "after it has waited");
                })
                .await
        },
        "failed: after it has waited",
    );
}

#[test]
fn a_handler_that_panics_before_it_has_a_future() {
    the_others_go_on(
        async |calculator| {
            let handler = |number| -> std::future::Ready<()> { panic!("at once: {number}") };
            calculator.on_tick(handler).await
        },
        "panicked: at once: ",
    );
}

#[test]
fn a_raw_handler_that_panics() {
    the_others_go_on(
        async |calculator| {
            let handler = |_| async { panic!("raw") };
            calculator.plugin().register_callback("tick", handler).await
        },
        "the handler panicked: raw",
    );
}

#[test]
fn a_handler_that_panics_on_a_thread() {
    the_others_go_on(
        async |calculator| {
            let blocking = CalculatorClient::blocking(calculator.plugin().clone()).unwrap();
            tokio::task::spawn_blocking(move || blocking.on_tick(|_| panic!("on a thread")))
                .await
                .unwrap()
        },
        "the handler panicked: on a thread",
    );
}

#[test]
fn a_handler_whose_future_panics_in_its_drop() {
    /// A future that is ready, and panics when it is dropped.
    struct Armed(#[expect(dead_code)] Grenade);

    impl Future for Armed {
        type Output = ();
        fn poll(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<()> {
            std::task::Poll::Ready(())
        }
    }

    the_others_go_on(
        async |calculator| calculator.on_tick(|_| Armed(Grenade("the future's drop"))).await,
        "the handler panicked: the future's drop",
    );
}

#[test]
fn a_handler_whose_captures_panic_in_their_drop() {
    the_others_go_on(
        async |calculator| {
            let grenade = Grenade("the capture's drop");
            let handler = move |_| {
                let _ = &grenade;
                async {}
            };
            calculator.on_tick(handler).await
        },
        "had captured panicked in its drop: the capture's drop",
    );
}

#[test]
fn captures_that_unregister_another_handler_in_their_drop() {
    run_test(async |env| {
        let (_registry, calculator) = env.calculator().await;
        let other = calculator.on_noticed(|_, _| async {}).await.unwrap();
        let other = Mutex::new(Some(other));
        let outer = calculator
            .on_tick(move |_| {
                let _ = &other;
                async {}
            })
            .await
            .unwrap();
        // The drop must not happen under the lock that the other one needs.
        soon("the end", tokio::task::spawn_blocking(move || drop(outer))).await.unwrap();
    });
}

/// Registers a handler of `choose`, and checks that the plugin hears of its panic at once.
fn the_plugin_is_told(
    register: impl AsyncFn(&CalculatorClient) -> goplug::Result<Subscription>,
    text: &str,
) {
    run_test(async |env| {
        let (_registry, calculator) = env.calculator().await;
        let panicking = register(&calculator).await.unwrap();
        for _ in 0..2 {
            let asked = calculator.twice_the_chosen(vec![1]);
            let error = soon("the answer", asked).await.unwrap_err();
            let CallError::Method(error) = &error else { panic!("{error:?}") };
            // The place is there as well if another test has noted it.
            let (message, _place) =
                error.message().split_once(" (at ").unwrap_or((error.message(), ""));
            assert_eq!(message, format!("the handler of \"choose\" panicked: {text}"));
        }
        drop(panicking);
        let _good = calculator.on_choose(|from| async move { from[0] }).await.unwrap();
        assert_eq!(calculator.twice_the_chosen(vec![21]).await.unwrap(), 42);
    });
}

#[test]
fn the_panic_of_an_answering_handler_is_the_plugins_answer() {
    the_plugin_is_told(
        async |calculator| {
            let handler = |from: Vec<i64>| async move { panic!("not {}", from[0]) };
            calculator.on_choose(handler).await
        },
        "not 1",
    );
}

#[test]
fn the_panic_of_an_answering_handler_on_a_thread_is_the_plugins_answer() {
    the_plugin_is_told(
        async |calculator| {
            let blocking = CalculatorClient::blocking(calculator.plugin().clone()).unwrap();
            let handler = |from: Vec<i64>| -> i64 { panic!("not on a thread {}", from[0]) };
            tokio::task::spawn_blocking(move || blocking.on_choose(handler)).await.unwrap()
        },
        "not on a thread 1",
    );
}

#[test]
fn the_panic_of_a_raw_answering_handler_is_the_plugins_answer() {
    the_plugin_is_told(
        async |calculator| {
            let handler = |_| async { std::panic::panic_any(7) };
            calculator.plugin().register_callback("choose", handler).await
        },
        "a panic without a message",
    );
}

#[test]
fn the_panic_of_an_answer_that_is_written_is_the_plugins_answer() {
    the_plugin_is_told(
        async |calculator| {
            let handler = CallbackHandler::new(|_| async { Reply::json(&Unwritable) });
            calculator.plugin().subscribe("choose", handler).await
        },
        "it cannot be written",
    );
}

#[test]
fn a_policy_that_panics_is_an_error_of_the_start() {
    run_test(async |env| {
        let builder = || env.registry().plugin("Calculator", "math", |_| panic!("no such policy"));
        let is_named = |error: &goplug::Error| {
            let text = error.to_string();
            matches!(error, goplug::Error::Configuration(_))
                && text.contains("the policy of math.Calculator panicked: no such policy")
        };
        let error = builder().start().await.unwrap_err();
        assert!(is_named(&error), "{error:?}");
        let error = builder().start_blocking().unwrap_err();
        assert!(is_named(&error), "{error:?}");
    });
}
