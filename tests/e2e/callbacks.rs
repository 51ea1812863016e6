//! Callbacks from a plugin's process into its host.

use std::sync::{Arc, Mutex};

use goplug::{CallError, Error, RemoteError};
use goplug_tests::fixtures::calculator::CalculatorClient;
use goplug_tests::fixtures::counter::CounterClient;
use tokio::sync::{Semaphore, mpsc};

use crate::test_env::{listen, run_test, soon, until};

#[test]
fn callbacks_come_in_the_order_in_which_they_were_made() {
    run_test(async |env| {
        let (_registry, calculator) = env.calculator().await;
        let (sender, mut received) = mpsc::unbounded_channel();
        let _subscription = calculator
            .on_tick(move |number| {
                let sender = sender.clone();
                async move { sender.send(number).unwrap() }
            })
            .await
            .unwrap();
        calculator.burst(2000, None).await.unwrap();
        for expected in 0..2000 {
            assert_eq!(soon("a callback", received.recv()).await, Some(expected));
        }
    });
}

#[test]
fn arguments_of_several_types_arrive() {
    run_test(async |env| {
        let (_registry, calculator) = env.calculator().await;
        let mut notices = calculator.noticed_stream().await.unwrap();
        calculator.notice("smoke \"and\"\nfire").await.unwrap();
        let notice = soon("the callback", notices.next()).await;
        assert_eq!(notice, Some(("smoke \"and\"\nfire".to_owned(), 1)));
    });
}

#[test]
fn bytes_arrive_unchanged() {
    run_test(async |env| {
        let (_registry, calculator) = env.calculator().await;
        let mut chunks = calculator.chunk_stream().await.unwrap();
        let every_byte: Vec<u8> = (0..=255).collect();
        calculator.send_chunk(every_byte.clone()).await.unwrap();
        let chunk = soon("the callback", chunks.next()).await.unwrap();
        assert_eq!(chunk, every_byte);
    });
}

#[test]
fn a_raw_handler_gets_the_arguments_as_json() {
    run_test(async |env| {
        let (_registry, calculator) = env.calculator().await;
        let (_subscription, mut received) = listen(calculator.plugin(), "tick").await;
        calculator.burst(1, None).await.unwrap();
        let data = soon("the callback", received.recv()).await.unwrap();
        assert_eq!(data, r#"{"number":0}"#);
    });
}

/// Registers a handler that notes each number together with the handler's name.
async fn noting(
    calculator: &CalculatorClient,
    name: &'static str,
    notes: &Arc<Mutex<Vec<(&'static str, u64)>>>,
) -> goplug::Subscription {
    let notes = notes.clone();
    calculator
        .on_tick(move |number| {
            notes.lock().unwrap().push((name, number));
            async {}
        })
        .await
        .unwrap()
}

#[test]
fn every_handler_gets_every_callback() {
    run_test(async |env| {
        let (_registry, calculator) = env.calculator().await;
        let notes = Arc::default();
        let _first = noting(&calculator, "first", &notes).await;
        let _second = noting(&calculator, "second", &notes).await;
        calculator.burst(2, None).await.unwrap();
        until("all have been called", || notes.lock().unwrap().len() == 4).await;
        let expected = [("first", 0), ("second", 0), ("first", 1), ("second", 1)];
        assert_eq!(*notes.lock().unwrap(), expected);
    });
}

#[test]
fn an_unregistered_handler_is_called_no_more_and_the_others_are() {
    run_test(async |env| {
        let (_registry, calculator) = env.calculator().await;
        let notes = Arc::default();
        let first = noting(&calculator, "first", &notes).await;
        let _second = noting(&calculator, "second", &notes).await;
        first.unregister();
        calculator.burst(2, None).await.unwrap();
        until("the other has been called", || notes.lock().unwrap().len() == 2).await;
        assert_eq!(*notes.lock().unwrap(), [("second", 0), ("second", 1)]);
    });
}

#[test]
fn a_callback_without_a_handler_is_an_error_in_the_plugin() {
    run_test(async |env| {
        let (_registry, calculator) = env.calculator().await;
        let Err(CallError::Method(error)) = calculator.notice("smoke").await else {
            panic!("somebody listens");
        };
        assert_eq!(error.message(), "no host has registered the callback \"noticed\"");
    });
}

#[test]
fn a_callback_fails_after_its_last_handler_is_gone() {
    run_test(async |env| {
        let (_registry, calculator) = env.calculator().await;
        let notices = calculator.noticed_stream().await.unwrap();
        let ticks = calculator.tick_stream().await.unwrap();
        drop(notices);
        let refused = async {
            while calculator.notice("smoke").await.is_ok() {
                tokio::task::yield_now().await;
            }
        };
        soon("the refusal", refused).await;
        drop(ticks);
        let refused = async {
            while calculator.burst(1, None).await.is_ok() {
                tokio::task::yield_now().await;
            }
        };
        soon("the refusal", refused).await;
    });
}

#[test]
fn unregistering_by_name_removes_every_handler() {
    run_test(async |env| {
        let (_registry, calculator) = env.calculator().await;
        let notes = Arc::default();
        let _first = noting(&calculator, "first", &notes).await;
        let _second = noting(&calculator, "second", &notes).await;
        calculator.plugin().unregister_callback("tick");
        // The plugin may not know yet that nobody listens; the handlers are gone in any case.
        drop(calculator.burst(1, None).await);
        let mut notices = calculator.noticed_stream().await.unwrap();
        calculator.notice("later").await.unwrap();
        soon("the later callback", notices.next()).await.unwrap();
        assert!(notes.lock().unwrap().is_empty());
    });
}

#[test]
fn a_callback_answers_with_the_handlers_value() {
    run_test(async |env| {
        let (_registry, calculator) = env.calculator().await;
        let _subscription = calculator
            .on_choose(|from| async move { from.into_iter().max().unwrap_or_default() })
            .await
            .unwrap();
        assert_eq!(calculator.twice_the_chosen(vec![3, 21, 4]).await.unwrap(), 42);
    });
}

#[test]
fn a_handler_may_call_the_plugin_that_waits_for_it() {
    run_test(async |env| {
        let (_registry, calculator) = env.calculator().await;
        let inner = calculator.clone();
        let _subscription = calculator
            .on_choose(move |from| {
                let inner = inner.clone();
                async move { inner.add(from[0], from[1]).await.unwrap() }
            })
            .await
            .unwrap();
        assert_eq!(calculator.twice_the_chosen(vec![20, 1]).await.unwrap(), 42);
    });
}

#[test]
fn a_callback_with_a_result_and_without_a_handler_is_an_error_in_the_plugin() {
    run_test(async |env| {
        let (_registry, calculator) = env.calculator().await;
        let error = calculator.twice_the_chosen(vec![1]).await.unwrap_err();
        assert!(matches!(&error, CallError::Method(error) if is_unregistered(error)), "{error:?}");
    });
}

fn is_unregistered(error: &RemoteError) -> bool {
    error.message() == "no host has registered the callback \"choose\""
}

#[test]
fn a_handler_may_register_another_callback() {
    run_test(async |env| {
        let (_registry, calculator) = env.calculator().await;
        let (sender, mut received) = mpsc::unbounded_channel();
        let inner = calculator.clone();
        let _subscription = calculator
            .on_tick(move |_| {
                let (inner, sender) = (inner.clone(), sender.clone());
                async move { sender.send(inner.noticed_stream().await.unwrap()).unwrap() }
            })
            .await
            .unwrap();
        calculator.burst(1, None).await.unwrap();
        let mut notices = soon("the inner registration", received.recv()).await.unwrap();
        calculator.notice("smoke").await.unwrap();
        let notice = soon("the inner callback", notices.next()).await;
        assert_eq!(notice, Some(("smoke".to_owned(), 1)));
    });
}

#[test]
fn a_registration_in_the_middle_of_a_burst_loses_nothing() {
    run_test(async |env| {
        let (_registry, calculator) = env.calculator().await;
        let (sender, mut received) = mpsc::unbounded_channel();
        let inner = calculator.clone();
        let _subscription = calculator
            .on_tick(move |number| {
                let (inner, sender) = (inner.clone(), sender.clone());
                async move {
                    if number % 100 == 50 {
                        // Registering and dropping changes the list twice.
                        drop(inner.noticed_stream().await.unwrap());
                    }
                    sender.send(number).unwrap();
                }
            })
            .await
            .unwrap();
        let calls = tokio::spawn(async move { calculator.burst(1000, None).await });
        for expected in 0..1000 {
            assert_eq!(soon("a callback", received.recv()).await, Some(expected));
        }
        calls.await.unwrap().unwrap();
    });
}

#[test]
fn a_slow_handler_makes_the_plugin_wait_and_loses_nothing() {
    run_test(async |env| {
        let (_registry, calculator) = env.calculator().await;
        let (gate, done) = (Arc::new(Semaphore::new(0)), env.path("done"));
        let (sender, mut received) = mpsc::unbounded_channel();
        let closed = gate.clone();
        let _subscription = calculator
            .on_tick(move |number| {
                let (gate, sender) = (closed.clone(), sender.clone());
                async move {
                    gate.acquire().await.unwrap().forget();
                    sender.send(number).unwrap();
                }
            })
            .await
            .unwrap();
        // More than all queues on the way and the socket's buffers hold.
        const COUNT: u64 = 20_000;
        let (caller, flag) = (calculator.clone(), done.clone());
        let burst = tokio::spawn(async move { caller.burst(COUNT, Some(flag)).await });
        // Calls that succeed meanwhile show that the plugin has had time: the burst waits.
        for _ in 0..20 {
            calculator.add(2, 3).await.unwrap();
        }
        assert!(!done.exists());
        gate.add_permits(usize::try_from(COUNT).unwrap());
        for expected in 0..COUNT {
            assert_eq!(soon("a callback", received.recv()).await, Some(expected));
        }
        burst.await.unwrap().unwrap();
        assert!(done.exists());
    });
}

#[test]
fn callbacks_survive_a_reload() {
    run_test(async |env| {
        let (registry, calculator) = env.calculator().await;
        let mut ticks = calculator.tick_stream().await.unwrap();
        for _ in 0..5 {
            registry.reload("Calculator", "math").await.unwrap();
            calculator.burst(1, None).await.unwrap();
            assert_eq!(soon("the callback", ticks.next()).await, Some(0));
        }
    });
}

#[test]
fn a_callback_can_be_registered_before_the_plugin_is_loaded() {
    run_test(async |env| {
        env.install_counter();
        let registry = env.watching().await;
        let plugin = registry.get("Counter", "demo").unwrap();
        let (_subscription, mut received) = listen(&plugin, "changed").await;
        let counter: CounterClient = registry.client().await.unwrap();
        counter.increment(4).await.unwrap();
        assert_eq!(soon("the callback", received.recv()).await.unwrap(), r#"{"value":4}"#);
    });
}

#[test]
fn two_hosts_of_one_plugin_each_get_its_callbacks() {
    run_test(async |env| {
        env.install_counter();
        let first = env.registry().start().await.unwrap();
        let second = env.registry().start().await.unwrap();
        let here: CounterClient = first.client().await.unwrap();
        let there: CounterClient = second.client().await.unwrap();
        let mut changes = here.changed_stream().await.unwrap();
        let mut others = there.changed_stream().await.unwrap();
        here.increment(1).await.unwrap();
        there.increment(10).await.unwrap();
        assert_eq!(soon("the callback", changes.next()).await, Some(1));
        // Each registry has a process of its own, and so a count of its own.
        assert_eq!(soon("the callback", others.next()).await, Some(10));
    });
}

#[test]
fn an_invalid_callback_name_is_refused() {
    run_test(async |env| {
        let (_registry, calculator) = env.calculator().await;
        let error = calculator.plugin().register_callback("", |_| async {}).await.unwrap_err();
        assert!(matches!(error, Error::InvalidName(_)), "{error:?}");
    });
}
