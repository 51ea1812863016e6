//! Blocking calls that succeed or fail by themselves: their results, errors and callbacks.

use std::sync::mpsc;
use std::thread;

use goplug::blocking::Plugin;
use goplug::{Bytes, CallError, Error, limits};
use goplug_tests::fixtures::calculator::{CalculatorClient, DivideError};
use goplug_tests::fixtures::greeter::{GreetError, GreeterClient};
use goplug_tests::fixtures::other_calculator::OtherCalculatorClient;

use super::{calculator, process};
use crate::test_env::{WAIT_TIMEOUT, run_test, until};

#[test]
fn a_blocking_call_answers_with_bytes() {
    run_test(async |env| {
        let (_registry, plugin) = calculator(env).await;
        assert_eq!(plugin.execute("add", r#"{"a":2,"b":3}"#).unwrap(), "5");
        let every_byte: Bytes = (0..=255).collect();
        for body in [every_byte, Bytes::new(), Bytes::from(vec![7; 10 << 20])] {
            assert!(plugin.execute("echo", body.clone()).unwrap() == body, "{}", body.len());
        }
        assert_eq!(plugin.ping("there?").unwrap(), "there?");
    });
}

#[test]
fn a_blocking_client_has_typed_results_and_errors() {
    run_test(async |env| {
        let (_registry, plugin) = calculator(env).await;
        let calculator = CalculatorClient::blocking(plugin).unwrap();
        assert_eq!(calculator.add(2, 3).unwrap(), 5);
        assert_eq!(calculator.join(&["a".into(), "b".into()], "-", None).unwrap(), "a-b");
        assert_eq!(calculator.echo(Bytes::from_static(b"\0\xff")).unwrap(), &b"\0\xff"[..]);
        assert_eq!(calculator.zeros(b"3").unwrap(), [0; 3]);
        let error = calculator.divide(7, 0).unwrap_err();
        assert!(
            matches!(error, CallError::Method(DivideError::ByZero { dividend: 7 })),
            "{error:?}"
        );
        let Err(CallError::Method(error)) = calculator.parse("xii") else { panic!("it parsed") };
        assert_eq!(error.message(), "\"xii\" is no number");
    });
}

#[test]
fn a_blocking_client_is_made_from_either_handle_and_checked() {
    run_test(async |env| {
        env.install_polite();
        let (registry, calculator) = env.calculator().await;
        let polite = registry.load("Polite", "greeters").await.unwrap();
        let greeter = GreeterClient::blocking(polite).unwrap();
        assert_eq!(greeter.greet("Ada").unwrap(), "Good day, Ada.");
        let greeted: Result<String, CallError<GreetError>> = greeter.greet("Grace");
        assert!(greeted.is_ok());
        let error = OtherCalculatorClient::blocking(calculator.plugin().clone()).unwrap_err();
        let Error::Contract { differences, .. } = &error else { panic!("{error:?}") };
        assert_eq!(differences.len(), 2, "{error}");
    });
}

#[test]
fn a_blocking_call_gets_the_same_errors_as_an_async_call() {
    run_test(async |env| {
        let (_registry, plugin) = calculator(env).await;
        for (method, body) in [
            ("nothing", "{}"),
            ("add", r#"{"a":"two","b":3}"#),
            ("divide", "[7,0]"),
            ("parse", r#"["xii"]"#),
            ("panic", r#"["it is too much"]"#),
        ] {
            let blocking = plugin.execute(method, body).unwrap_err();
            let expected = plugin.as_async().execute(method, body).await.unwrap_err();
            assert_eq!(format!("{blocking:?}"), format!("{expected:?}"), "{method}");
        }
    });
}

#[test]
fn bodies_over_the_limit_are_refused_and_the_plugin_goes_on() {
    run_test(async |env| {
        env.install_calculator();
        let registry = env.registry().body_limit(1 << 20).start().await.unwrap();
        let plugin = Plugin::from(env.load_calculator(&registry).await.plugin().clone());
        let before = process(&plugin);
        assert_eq!(plugin.execute("zeros", (1 << 20).to_string()).unwrap().len(), 1 << 20);
        let answer = plugin.execute("zeros", ((1 << 20) + 1).to_string()).unwrap_err();
        assert!(matches!(answer, Error::TooLarge { limit: 0x10_0000 }), "{answer:?}");
        let request = plugin.execute("echo", vec![0; limits::MAX_BODY + 1]).unwrap_err();
        assert!(matches!(request, Error::TooLarge { .. }), "{request:?}");
        assert_eq!(process(&plugin), before);
    });
}

#[test]
fn eight_threads_call_at_once() {
    run_test(async |env| {
        let (_registry, plugin) = calculator(env).await;
        thread::scope(|scope| {
            for number in 0..8_i64 {
                let plugin = &plugin;
                scope.spawn(move || {
                    for other in 0..100_i64 {
                        let sum = plugin.execute("add", format!("[{number},{other}]")).unwrap();
                        assert_eq!(sum, (number + other).to_string());
                    }
                });
            }
        });
    });
}

#[test]
fn the_handlers_of_a_blocking_client_are_plain_closures() {
    run_test(async |env| {
        let (_registry, plugin) = calculator(env).await;
        let calculator = CalculatorClient::blocking(plugin).unwrap();
        let (sender, noticed) = mpsc::channel();
        let notices = sender.clone();
        let handler = move |what, times| notices.send(format!("{what} {times}")).unwrap();
        let _notices = calculator.on_noticed(handler).unwrap();
        let handler = move |bytes: Vec<u8>| sender.send(format!("{bytes:?}")).unwrap();
        let _chunks = calculator.on_chunk(handler).unwrap();
        calculator.notice("smoke").unwrap();
        calculator.send_chunk(vec![0, 255]).unwrap();
        assert_eq!(noticed.recv_timeout(WAIT_TIMEOUT).unwrap(), "smoke 1");
        assert_eq!(noticed.recv_timeout(WAIT_TIMEOUT).unwrap(), "[0, 255]");
        let caller = calculator.clone();
        let choose = move |from: Vec<i64>| caller.add(from[0], from[1]).unwrap();
        let _choice = calculator.on_choose(choose).unwrap();
        // While this call is in flight, the plugin calls back, and the handler calls the plugin.
        assert_eq!(calculator.twice_the_chosen(vec![20, 1]).unwrap(), 42);
    });
}

#[test]
fn the_handler_of_a_callback_may_block_and_call_the_plugin() {
    run_test(async |env| {
        let (_registry, plugin) = calculator(env).await;
        let (sender, sums) = mpsc::channel();
        let caller = plugin.clone();
        let ticks = plugin.register_callback("tick", move |_| {
            drop(sender.send(caller.execute("add", "[2,3]").unwrap()));
        });
        let ticks = ticks.unwrap();
        plugin.execute("burst", "[2]").unwrap();
        for _ in 0..2 {
            assert_eq!(sums.recv_timeout(WAIT_TIMEOUT).unwrap(), "5");
        }
        ticks.unregister();
        until("the callback is unregistered", || plugin.execute("burst", "[1]").is_err()).await;
    });
}
