//! Plugins that do not start: the error says why, and the next load tries again.

use std::time::Duration;

use goplug::{Error, State};
use goplug_tests::fixtures::calculator::Setup;
use goplug_tests::fixtures::other_calculator::OtherCalculatorClient;
use goplug_tests::system::{exited, make_executable, program_name, replace_program};
use serde_json::json;

use crate::test_env::{BRIEF, CALCULATOR, TestEnv, copy_program, run_test};

/// The error of a load with this configuration. No process is left after it.
async fn failure(env: &TestEnv, setup: &Setup, timeout: Duration) -> Error {
    env.install_calculator();
    let builder = env.registry().configure("Calculator", "math", setup).start_timeout(timeout);
    let registry = builder.start().await.unwrap();
    let error = registry.load("Calculator", "math").await.unwrap_err();
    assert!(env.processes().is_empty());
    assert_eq!(registry.get("Calculator", "math").unwrap().state(), State::Discovered);
    error
}

const LONG: Duration = Duration::from_secs(30);

/// Enough for a program to begin on a busy machine, and soon over for a program that never gets ready.
const TIME_TO_BEGIN: Duration = Duration::from_secs(4);

#[test]
fn the_error_of_an_activation_hook_is_quoted() {
    run_test(async |env| {
        let setup = Setup { refuse: Some("no licence".into()), ..Setup::default() };
        let error = failure(env, &setup, LONG).await;
        let expected = "math.Calculator did not start: the activation failed: no licence: \
                        the cause of it";
        assert_eq!(error.to_string(), expected);
    });
}

#[test]
fn a_process_that_exits_during_its_activation_is_reported_with_its_status() {
    run_test(async |env| {
        let setup = Setup { exit: Some(3), ..Setup::default() };
        let error = failure(env, &setup, LONG).await;
        let status = exited(3);
        let expected = format!(
            "math.Calculator did not start: it ended during its activation ({status}); its standard error \
             ends:\n  the activation ends the process"
        );
        assert_eq!(error.to_string(), expected);
    });
}

#[test]
fn an_activation_that_hangs_ends_at_the_deadline() {
    run_test(async |env| {
        let setup = Setup { hang: true, ..Setup::default() };
        let error = failure(env, &setup, TIME_TO_BEGIN).await;
        let expected = "math.Calculator did not start: its activation took longer than 4s";
        assert_eq!(error.to_string(), expected);
    });
}

#[test]
fn a_configuration_that_does_not_decode_is_a_start_error() {
    run_test(async |env| {
        env.install_calculator();
        let builder = env.registry().configure("Calculator", "math", &json!({"greeting": 7}));
        let registry = builder.start().await.unwrap();
        let error = registry.load("Calculator", "math").await.unwrap_err().to_string();
        let begin = "math.Calculator did not start: the activation failed: ";
        assert!(error.starts_with(begin) && error.contains("Option<Setup>"), "{error}");
    });
}

#[test]
fn a_configuration_that_json_cannot_carry_is_an_error_of_the_host() {
    run_test(async |env| {
        let builder = env.registry().configure("Calculator", "math", &[1.0, f64::NAN]);
        let error = builder.start().await.unwrap_err().to_string();
        let text = "the configuration of math.Calculator cannot be JSON: JSON has no number NaN";
        assert!(error.contains(text), "{error}");
    });
}

/// The error of a load of a plugin with this command.
async fn command_failure(env: &TestEnv, command: &[&str], timeout: Duration) -> String {
    env.put_pconf("Brief.pconf", &json!({"Name": "Brief", "Exec": command}));
    let registry = env.registry().start_timeout(timeout).start().await.unwrap();
    let error = registry.load("Brief", "").await.unwrap_err();
    assert!(env.processes().is_empty());
    error.to_string()
}

#[test]
fn a_program_that_exits_at_once_is_reported_with_status_and_output() {
    run_test(async |env| {
        let command = [BRIEF, "err", "cannot find it", "exit", "7"];
        let error = command_failure(env, &command, LONG).await;
        let status = exited(7);
        let expected = format!(
            "Brief did not start: it ended during its activation ({status}); its standard error ends:\n  \
             cannot find it"
        );
        assert_eq!(error, expected);
    });
}

#[test]
fn a_program_that_never_answers_is_killed_at_the_deadline() {
    run_test(async |env| {
        let command = [BRIEF, "err", "I wait", "sleep", "600"];
        let error = command_failure(env, &command, TIME_TO_BEGIN).await;
        let expected = "Brief did not start: its activation took longer than 4s; \
                        its standard error ends:\n  I wait";
        assert_eq!(error, expected);
    });
}

#[test]
fn a_program_that_cannot_be_run_is_reported_with_the_reason() {
    run_test(async |env| {
        let name = program_name("program");
        make_executable(&env.put(&name, "neither script nor program")).unwrap();
        let error = command_failure(env, &[&name], LONG).await;
        let begin = "Brief did not start: the program cannot be started: ";
        assert!(error.starts_with(begin), "{error}");
    });
}

#[test]
fn a_load_after_a_failed_load_starts_the_plugin() {
    run_test(async |env| {
        let name = program_name("program");
        let program = env.folder().join(&name);
        copy_program(BRIEF, &program);
        let keys = json!({"Name": "Calculator", "NameSpace": "math", "Exec": [name]});
        env.put_pconf("math.Calculator.pconf", &keys);
        let registry = env.registry().start().await.unwrap();
        let error = registry.load("Calculator", "math").await.unwrap_err();
        assert!(matches!(error, Error::Start { .. }), "{error:?}");

        replace_program(CALCULATOR.as_ref(), &program).unwrap();

        let calculator = env.load_calculator(&registry).await;
        assert_eq!(calculator.add(2, 3).await.unwrap(), 5);
    });
}

#[test]
fn a_plugin_whose_load_has_failed_is_listed_as_rejected_until_it_starts() {
    run_test(async |env| {
        let name = program_name("program");
        let program = env.folder().join(&name);
        copy_program(BRIEF, &program);
        let keys = json!({"Name": "Calculator", "NameSpace": "math", "Exec": [name]});
        let file = env.put_pconf("math.Calculator.pconf", &keys);
        let registry = env.registry().start().await.unwrap();
        assert!(registry.rejected().is_empty());
        let error = registry.load("Calculator", "math").await.unwrap_err();
        let [rejected] = &registry.rejected()[..] else { panic!("{:?}", registry.rejected()) };
        assert_eq!((&rejected.path, &rejected.reason), (&file, &error.to_string()));

        replace_program(CALCULATOR.as_ref(), &program).unwrap();
        env.load_calculator(&registry).await;
        assert!(registry.rejected().is_empty());
    });
}

#[test]
fn a_client_that_does_not_fit_says_nothing_against_the_file() {
    run_test(async |env| {
        env.install_calculator();
        let registry = env.registry().start().await.unwrap();
        let plugin = registry.get("Calculator", "math").unwrap();
        let _other: OtherCalculatorClient = plugin.client().unwrap();
        let error = registry.load("Calculator", "math").await.unwrap_err();
        assert!(matches!(error, Error::Contract { .. }), "{error}");
        assert!(registry.rejected().is_empty());
    });
}
