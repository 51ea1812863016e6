//! Typed and raw calls through a client, and every way in which they can end.

use std::time::Duration;

use bytes::Bytes;
use goplug::{CallError, Error, limits};
use goplug_tests::fixtures::calculator::{CalculatorClient, DivideError};
use goplug_tests::fixtures::greeter::{GreetError, GreeterClient};
use goplug_tests::fixtures::other_calculator::OtherCalculatorClient;

use crate::in_flight::LongCall;
use crate::test_env::{POLITE, RUDE, run_test, until};

#[test]
fn a_call_answers_with_a_typed_result() {
    run_test(async |env| {
        let (_registry, calculator) = env.calculator().await;
        assert_eq!(calculator.add(2, 3).await.unwrap(), 5);
        assert_eq!(calculator.add(i64::MAX, 1).await.unwrap(), i64::MIN);
    });
}

#[test]
fn a_methods_own_error_arrives_with_its_type() {
    run_test(async |env| {
        let (_registry, calculator) = env.calculator().await;
        assert_eq!(calculator.divide(7, 2).await.unwrap(), 3);
        let error = calculator.divide(7, 0).await.unwrap_err();
        assert!(
            matches!(error, CallError::Method(DivideError::ByZero { dividend: 7 })),
            "{error:?}"
        );
    });
}

#[test]
fn an_anyhow_error_arrives_with_its_causes() {
    run_test(async |env| {
        let (_registry, calculator) = env.calculator().await;
        assert_eq!(calculator.parse("12").await.unwrap(), 12);
        let Err(CallError::Method(error)) = calculator.parse("xii").await else {
            panic!("it parsed");
        };
        assert_eq!(error.message(), "\"xii\" is no number");
        assert_eq!(error.chain(), ["invalid digit found in string"]);
        let error = anyhow::Error::from(CallError::Method(error));
        let line = "\"xii\" is no number: invalid digit found in string";
        assert_eq!(format!("{error:#}"), line);
    });
}

#[test]
fn references_and_options_are_parameters() {
    run_test(async |env| {
        let (_registry, calculator) = env.calculator().await;
        let words = ["a".to_owned(), "b".to_owned()];
        assert_eq!(calculator.join(&words, "-", None).await.unwrap(), "a-b");
        let brackets = Some("()".to_owned());
        assert_eq!(calculator.join(&words, "-", brackets).await.unwrap(), "(a-b)");
    });
}

#[test]
fn a_missing_option_is_none_and_an_unknown_key_is_ignored() {
    run_test(async |env| {
        let (_registry, calculator) = env.calculator().await;
        let body = r#"{"words":["a","b"],"by":"-","colour":"red"}"#;
        assert_eq!(calculator.plugin().execute("join", body).await.unwrap(), "\"a-b\"");
    });
}

#[test]
fn arguments_may_come_by_position() {
    run_test(async |env| {
        let (_registry, calculator) = env.calculator().await;
        assert_eq!(calculator.plugin().execute("add", "[2,3]").await.unwrap(), "5");
    });
}

#[test]
fn arguments_that_do_not_decode_name_the_parameter() {
    run_test(async |env| {
        let (_registry, calculator) = env.calculator().await;
        let plugin = calculator.plugin();
        for body in [r#"{"a":2}"#, r#"{"a":2,"b":"three"}"#] {
            let error = plugin.execute("add", body).await.unwrap_err();
            let Error::Arguments { method, parameter, expected, .. } = &error else {
                panic!("{error:?}");
            };
            assert_eq!(method, "add");
            assert_eq!(parameter.as_deref(), Some("b"));
            assert_eq!(expected.as_deref(), Some("i64"));
            assert!(!error.may_have_executed());
        }
        let error = plugin.execute("add", "two and three").await.unwrap_err();
        assert!(matches!(error, Error::Arguments { .. }), "{error:?}");
    });
}

#[test]
fn bytes_are_sent_and_returned_unchanged() {
    run_test(async |env| {
        let (_registry, calculator) = env.calculator().await;
        let every_byte: Bytes = (0..=255).collect();
        assert_eq!(calculator.echo(every_byte.clone()).await.unwrap(), every_byte);
        assert_eq!(calculator.echo(Bytes::new()).await.unwrap(), Bytes::new());
    });
}

#[test]
fn ten_megabytes_are_sent_and_returned() {
    run_test(async |env| {
        let (_registry, calculator) = env.calculator().await;
        let body: Bytes = (0..10 << 20).map(|n: u32| (n % 251) as u8).collect();
        let answer = calculator.echo(body.clone()).await.unwrap();
        assert!(answer == body, "{} bytes came back", answer.len());
    });
}

#[test]
fn a_response_over_the_limit_is_refused_and_the_plugin_goes_on() {
    run_test(async |env| {
        env.install_calculator();
        let registry = env.registry().body_limit(1 << 20).start().await.unwrap();
        let calculator = env.load_calculator(&registry).await;
        let whole = calculator.zeros((1 << 20).to_string().as_bytes()).await.unwrap();
        assert_eq!(whole.len(), 1 << 20);
        let error = calculator.zeros(((1 << 20) + 1).to_string().as_bytes()).await.unwrap_err();
        assert!(
            matches!(error, CallError::Goplug(Error::TooLarge { limit: 0x10_0000 })),
            "{error:?}"
        );
        assert_eq!(calculator.add(2, 3).await.unwrap(), 5);
    });
}

#[test]
fn a_request_over_the_limit_is_refused_and_the_plugin_goes_on() {
    run_test(async |env| {
        let (_registry, calculator) = env.calculator().await;
        let before = calculator.process().await.unwrap();
        let body = Bytes::from(vec![0; limits::MAX_BODY + 1]);
        let error = calculator.echo(body).await.unwrap_err();
        assert!(matches!(error, Error::TooLarge { limit: limits::MAX_BODY }), "{error:?}");
        assert_eq!(calculator.process().await.unwrap(), before);
    });
}

#[test]
fn an_unknown_method_is_named() {
    run_test(async |env| {
        let (_registry, calculator) = env.calculator().await;
        let error = calculator.plugin().execute("no.Such", "").await.unwrap_err();
        assert!(matches!(&error, Error::UnknownMethod { .. }), "{error:?}");
        assert_eq!(error.to_string(), "unknown method \"no.Such\"");
        assert!(!error.may_have_executed());
    });
}

#[test]
fn names_that_cannot_be_methods_are_refused_before_they_are_sent() {
    run_test(async |env| {
        let (_registry, calculator) = env.calculator().await;
        for name in ["Stop", "Activate", "Ping", "RegisterCallback", "CallbackReply", "", "a/b"] {
            let error = calculator.plugin().execute(name, "").await.unwrap_err();
            assert!(matches!(error, Error::InvalidName(_)), "{name}: {error:?}");
        }
        assert_eq!(calculator.add(2, 3).await.unwrap(), 5);
    });
}

#[test]
fn sixty_four_callers_at_once_each_get_their_own_answer() {
    run_test(async |env| {
        let (_registry, calculator) = env.calculator().await;
        let mut callers = tokio::task::JoinSet::new();
        for caller in 0..64_i64 {
            let calculator = calculator.clone();
            callers.spawn(async move {
                for number in 0..50 {
                    let sum = calculator.add(caller * 1000, number).await.unwrap();
                    assert_eq!(sum, caller * 1000 + number);
                }
            });
        }
        callers.join_all().await;
    });
}

#[test]
fn at_its_deadline_a_call_fails_and_its_handler_is_dropped() {
    run_test(async |env| {
        let (_registry, calculator) = env.calculator().await;
        let budget = Duration::from_secs(2);
        let call = LongCall::start(env, &calculator.with_timeout(budget)).await;
        let dropped = call.dropped.clone();
        let error = call.error().await;
        let CallError::Goplug(Error::Deadline { what, after, .. }) = &error else {
            panic!("{error:?}");
        };
        assert_eq!((what.as_str(), *after), ("sleep of math.Calculator", budget));
        assert!(error.may_have_executed());
        until("the handler is dropped", || dropped.exists()).await;
    });
}

#[test]
fn the_registrys_deadline_holds_if_the_caller_sets_none() {
    run_test(async |env| {
        env.install_calculator();
        let budget = Duration::from_secs(2);
        let registry = env.registry().call_timeout(budget).start().await.unwrap();
        let calculator = env.load_calculator(&registry).await;
        let error = LongCall::start(env, &calculator).await.error().await;
        assert!(
            matches!(&error, CallError::Goplug(Error::Deadline { after, .. }) if *after == budget),
            "{error:?}"
        );
    });
}

#[test]
fn the_handler_of_a_dropped_call_is_dropped() {
    run_test(async |env| {
        let (_registry, calculator) = env.calculator().await;
        let call = LongCall::start(env, &calculator).await;
        assert!(!call.dropped.exists());
        call.task.abort();
        until("the handler is dropped", || call.dropped.exists()).await;
        assert_eq!(calculator.add(2, 3).await.unwrap(), 5);
    });
}

#[test]
fn a_deadline_that_passes_before_the_plugin_reads_the_call_is_a_deadline_error() {
    run_test(async |env| {
        let (_registry, calculator) = env.calculator().await;
        let impatient = calculator.clone().with_timeout(Duration::from_millis(20));
        for _ in 0..20 {
            let (begun, dropped) = (env.path("begun"), env.path("dropped"));
            let error = impatient.sleep(600_000, begun, dropped).await.unwrap_err();
            assert!(matches!(error, CallError::Goplug(Error::Deadline { .. })), "{error:?}");
        }
    });
}

#[test]
fn one_contract_is_fulfilled_by_two_plugins() {
    run_test(async |env| {
        for (name, program) in [("Polite", POLITE), ("Rude", RUDE)] {
            let keys = serde_json::json!({
                "Name": name, "NameSpace": "greeters", "Protocol": 2, "Exec": [program],
            });
            env.put_pconf(&format!("{name}.pconf"), &keys);
        }
        let registry = env.registry().start().await.unwrap();
        let polite = registry.load("Polite", "greeters").await.unwrap();
        let polite: GreeterClient = polite.client().unwrap();
        let rude: GreeterClient =
            registry.load("Rude", "greeters").await.unwrap().client().unwrap();
        assert_eq!(polite.greet("Ada").await.unwrap(), "Good day, Ada.");
        let error = rude.greet("Ada").await.unwrap_err();
        assert!(matches!(error, CallError::Method(GreetError::Nobody)), "{error:?}");
    });
}

#[test]
fn a_client_for_another_contract_names_each_difference_with_both_sides() {
    run_test(async |env| {
        let (_registry, calculator) = env.calculator().await;
        let error = calculator.plugin().client::<OtherCalculatorClient>().unwrap_err();
        let Error::Contract { differences, .. } = &error else { panic!("{error:?}") };
        assert_eq!(differences.len(), 2, "{error}");
        let of_add = &differences[0];
        assert!(of_add.contains("method `add`\n  at: a\n"), "{of_add}");
        assert!(of_add.contains("f64") && of_add.contains("i64"), "{of_add}");
        let of_subtract = &differences[1];
        assert!(of_subtract.contains("subtract(a: i64, b: i64) -> i64"), "{of_subtract}");
        let text = error.to_string();
        let begin = "math.Calculator does not fulfil the contract of ";
        assert!(text.starts_with(begin) && text.contains("OtherCalculatorClient:\n"), "{text}");
    });
}

#[test]
fn a_client_needs_a_plugin_that_can_be_loaded() {
    run_test(async |env| {
        let (registry, calculator) = env.calculator().await;
        let plugin = calculator.plugin().clone();
        plugin.unload().await.unwrap();
        let unloaded = plugin.client::<CalculatorClient>().unwrap();
        let error = unloaded.add(2, 3).await.unwrap_err();
        assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
        registry.stop().await.unwrap();
        let error = plugin.client::<CalculatorClient>().unwrap_err();
        assert!(matches!(error, Error::Unavailable { .. }), "{error:?}");
    });
}
