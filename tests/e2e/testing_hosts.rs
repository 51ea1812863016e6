//! The hosts and registries of `goplug::testing`.

use std::fs;
use std::path::Path;

use goplug::Error;
use goplug::testing::Host;
use goplug_tests::fixtures::calculator::{
    Calculator, CalculatorBlockingClient, CalculatorClient, Setup,
};
use goplug_tests::fixtures::counter::{Counter, CounterClient};
use goplug_tests::system::exited;

use crate::test_env::{run_test, soon};

#[test]
fn a_host_of_a_test_hears_what_a_plugin_calls_and_is_no_plugin() {
    run_test(async |_| {
        let host = Host::<Counter>::new();
        let client: CounterClient<_> = host.client().unwrap();
        let mut changes = client.changed_stream().await.unwrap();
        let counter = Counter::default();
        assert_eq!(host.run(counter.increment(2)).await.unwrap(), 2);
        assert_eq!(host.run(counter.increment(3)).await.unwrap(), 5);
        assert_eq!(host.heard("changed"), [r#"{"value":2}"#, r#"{"value":5}"#]);
        assert_eq!(soon("the change", changes.next()).await, Some(2));
        assert!(host.heard("increment").is_empty());
        let error = client.increment(1).await.unwrap_err().to_string();
        assert!(error.contains("demo.Counter is not available") && error.contains("InProcess"));
        let outside = counter.changed(1).await.unwrap_err();
        assert!(matches!(outside, Error::NoPlugin { .. }), "{outside}");
    });
}

#[test]
fn a_callback_that_returns_a_value_needs_an_answer() {
    run_test(async |_| {
        use goplug_tests::fixtures::calculator::twice_the_chosen;
        let host = Host::<Calculator>::new();
        let error = host.run(twice_the_chosen(vec![1])).await.unwrap_err();
        assert!(matches!(error, Error::NotRegistered { .. }), "{error}");
        assert_eq!(host.heard("choose"), [r#"{"from":[1]}"#]);
        let client: CalculatorClient<_> = host.client().unwrap();
        let _answer = client.on_choose(|from| async move { from[0] + 1 }).await.unwrap();
        assert_eq!(host.run(twice_the_chosen(vec![1])).await.unwrap(), 4);
    });
}

#[test]
fn a_registry_of_a_test_installs_programs_and_leaves_nothing() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let folder = runtime.block_on(async {
        let registry =
            goplug::testing::registry().install(crate::test_env::CALCULATOR).with(|builder| {
                let setup = Setup { greeting: Some("hello".into()), ..Setup::default() };
                builder.configure("Calculator", "math", &setup)
            });
        let registry = registry.start().await.unwrap();
        let calculator: CalculatorClient = registry.client().await.unwrap();
        assert_eq!(calculator.greeting().await.unwrap(), Some("hello".into()));
        assert!(fs::exists(registry.folder().join("math.Calculator.pconf")).unwrap());
        registry.stop().await.unwrap();
        registry.folder().to_owned()
    });
    assert!(!folder.exists());

    let registry = goplug::testing::registry().install(crate::test_env::CALCULATOR);
    let registry = registry.start_blocking().unwrap();
    let calculator: CalculatorBlockingClient = registry.client().unwrap();
    assert_eq!(calculator.add(2, 3).unwrap(), 5);
    registry.stop().unwrap();
    let folder = registry.folder().to_owned();
    drop(registry);
    assert!(!folder.exists());
}

#[test]
fn a_program_that_installs_no_plugin_is_named() {
    let error =
        goplug::testing::registry().install(crate::test_env::BRIEF).start_blocking().unwrap_err();
    let Error::Rejected { path, reason } = error else { panic!("{error}") };
    assert_eq!(path, Path::new(crate::test_env::BRIEF));
    assert!(reason.contains(&exited(1)), "{reason}");
    let error = goplug::testing::registry().install("/no/such/program").start_blocking();
    assert!(error.unwrap_err().to_string().starts_with("/no/such/program: "));
}
