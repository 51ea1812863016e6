//! Hosts with several tokio runtimes, one that ends early, or none.

use std::future::Future;
use std::thread;
use std::time::Duration;

use goplug::{CallError, Error, Registry};
use goplug_runtime::typed::wait;
use goplug_tests::fixtures::calculator::CalculatorClient;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

use crate::test_env::{TestEnv, run_test, soon, until};

fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Runs a function on a thread that belongs to no runtime.
async fn outside<T: Send + 'static>(run: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, result) = oneshot::channel();
    let thread = thread::spawn(move || drop(done.send(run())));
    let result = soon("the end of the thread", result).await;
    thread.join().unwrap();
    result.unwrap()
}

/// Drives a future on a runtime for as long as the future takes.
fn drive<T>(runtime: &Runtime, future: impl Future<Output = T>) -> T {
    runtime.block_on(soon("the result", future))
}

/// A registry that was started on a runtime of its own, which the caller drops.
async fn registry_on_its_own_runtime(env: &TestEnv) -> (Runtime, Registry, CalculatorClient) {
    env.install_calculator();
    let builder = env.registry();
    let started = outside(move || {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let (registry, calculator) = runtime.block_on(async {
            let registry = builder.start().await.unwrap();
            let calculator: CalculatorClient = registry.client().await.unwrap();
            (registry, calculator)
        });
        (runtime, registry, calculator)
    });
    let (runtime, registry, calculator) = started.await;
    env.note_socket(&registry);
    (runtime, registry, calculator)
}

fn is_gone<T: std::fmt::Debug>(result: Result<T, Error>) {
    let Err(error @ Error::Runtime(_)) = &result else { panic!("{result:?}") };
    assert!(!error.may_have_executed());
    let text = error.to_string();
    assert!(text.contains("is gone") && text.contains("start_blocking"), "{text}");
}

#[test]
fn calls_on_a_runtime_do_not_wait_for_another_that_nobody_drives() {
    run_test(async |env| {
        let (registry, calculator) = env.calculator().await;
        outside(move || {
            let runtimes = [current_thread(), current_thread(), current_thread()];
            for number in 0..20 {
                for runtime in &runtimes {
                    // Several at once use connections of their own, and then shared ones.
                    drive(runtime, async {
                        let calls: Vec<_> = (0..8)
                            .map(|other| {
                                let calculator = calculator.clone();
                                tokio::spawn(async move { calculator.add(number, other).await })
                            })
                            .collect();
                        for (other, call) in (0..8).zip(calls) {
                            assert_eq!(call.await.unwrap().unwrap(), number + other);
                        }
                    });
                }
            }
        })
        .await;
        registry.stop().await.unwrap();
    });
}

#[test]
fn a_deadline_is_kept_on_a_runtime_beside_another_that_nobody_drives() {
    run_test(async |env| {
        let (registry, calculator) = env.calculator().await;
        let (begun, dropped) = (env.path("begun"), env.path("dropped"));
        outside(move || {
            let (idle, other) = (current_thread(), current_thread());
            drive(&idle, calculator.add(1, 2)).unwrap();
            let calculator = calculator.with_timeout(Duration::from_millis(50));
            let error = drive(&other, calculator.sleep(600_000, begun, dropped)).unwrap_err();
            assert!(matches!(error, CallError::Goplug(Error::Deadline { .. })), "{error:?}");
        })
        .await;
        registry.stop().await.unwrap();
    });
}

#[test]
fn calls_on_runtimes_that_come_and_go_are_answered() {
    run_test(async |env| {
        let (registry, calculator) = env.calculator().await;
        outside(move || {
            for number in 0..30 {
                let sum = drive(&current_thread(), calculator.add(number, 1)).unwrap();
                assert_eq!(sum, number + 1);
            }
        })
        .await;
        registry.stop().await.unwrap();
    });
}

#[test]
fn a_callback_is_heard_on_the_registrys_runtime_though_it_was_registered_on_another() {
    run_test(async |env| {
        env.install_counter();
        let registry = env.registry().start().await.unwrap();
        let counter: goplug_tests::fixtures::counter::CounterClient =
            registry.client().await.unwrap();
        env.note_socket(&registry);
        let (heard, mut values) = tokio::sync::mpsc::unbounded_channel();
        let on_other = counter.clone();
        let subscription = outside(move || {
            drive(&current_thread(), async {
                on_other
                    .on_changed(move |value| {
                        let _ = heard.send(value);
                        async {}
                    })
                    .await
            })
            .unwrap()
        })
        .await;
        counter.increment(3).await.unwrap();
        assert_eq!(soon("the callback", values.recv()).await, Some(3));
        drop(subscription);
        registry.stop().await.unwrap();
    });
}

#[test]
fn after_the_end_of_its_runtime_a_registry_says_so_whatever_is_asked_of_it() {
    run_test(async |env| {
        let (runtime, registry, calculator) = registry_on_its_own_runtime(env).await;
        let blocking = goplug::blocking::Plugin::from(calculator.plugin().clone());
        let process = calculator.plugin().process_id().unwrap();
        outside(move || drop(runtime)).await;
        until("the plugin has ended", || !crate::test_env::exists(process)).await;

        is_gone(soon("a call", calculator.add(1, 2)).await);
        is_gone(soon("a load", registry.load("Calculator", "math")).await);
        is_gone(soon("a load of another", registry.load("Other", "")).await);
        is_gone(soon("a reload", registry.reload("Calculator", "math")).await);
        is_gone(soon("an unload", calculator.plugin().unload()).await);
        let callback = calculator.plugin().register_callback("changed", |_| async {});
        is_gone(soon("a registration", callback).await.map(drop));
        is_gone(outside(move || blocking.execute("add", r#"{"a":1,"b":2}"#)).await);
        soon("the stop", registry.stop()).await.unwrap();
        let loaded = soon("a load", registry.load("Calculator", "math")).await;
        assert!(matches!(loaded, Err(Error::Stopped)), "{loaded:?}");
    });
}

#[test]
fn a_call_in_flight_at_the_end_of_the_registrys_runtime_fails_with_the_reason() {
    run_test(async |env| {
        let (runtime, _registry, calculator) = registry_on_its_own_runtime(env).await;
        let call = crate::in_flight::LongCall::start(env, &calculator).await;
        outside(move || drop(runtime)).await;
        let error = call.error().await;
        assert!(error.may_have_executed(), "{error}");
        assert!(error.to_string().contains("the runtime of its registry is gone"), "{error}");
    });
}

#[test]
fn without_a_runtime_every_operation_is_an_error_and_no_panic() {
    run_test(async |env| {
        let (registry, calculator) = env.calculator().await;
        let (builder, stopped) = (env.registry(), registry.clone());
        outside(move || {
            let plugin = calculator.plugin().clone();
            is_missing(wait(calculator.add(1, 2)));
            is_missing(wait(plugin.register_callback("changed", |_| async {})).map(drop));
            is_missing(wait(builder.start()).map(drop));
        })
        .await;
        // The registry's own functions work anywhere.
        outside(move || {
            assert!(wait(stopped.load("Calculator", "math")).is_ok());
            wait(stopped.stop()).unwrap();
        })
        .await;
    });
}

fn is_missing<T: std::fmt::Debug>(result: Result<T, Error>) {
    let Err(Error::Runtime(text)) = result else { panic!("{result:?}") };
    assert!(text.contains("there is none here"), "{text}");
}

#[test]
fn a_runtime_without_io_or_timers_is_an_error_and_no_panic() {
    run_test(async |env| {
        let (registry, calculator) = env.calculator().await;
        let builder = env.registry();
        outside(move || {
            let bare = Builder::new_current_thread().build().unwrap();
            let error = bare.block_on(calculator.add(1, 2)).unwrap_err();
            assert!(
                matches!(error, Error::Runtime(text) if text.contains("enable_all")),
                "{error}"
            );
            let timers = Builder::new_current_thread().enable_time().build().unwrap();
            let error = timers.block_on(builder.start()).unwrap_err();
            assert!(
                matches!(error, Error::Runtime(text) if text.contains("enable_all")),
                "{error}"
            );
        })
        .await;
        registry.stop().await.unwrap();
    });
}
