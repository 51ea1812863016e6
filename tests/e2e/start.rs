//! Plugins that do not come up: the error says why, and the next load tries again.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use goplug::{Error, State};
use goplug_tests::fixtures::calculator::Setup;
use serde_json::json;

use crate::stage::{Stage, soon, stage};

/// The error of a load with this configuration; no process is left of it.
async fn failure(stage: &Stage, setup: &Setup, timeout: Duration) -> Error {
    stage.install_calculator();
    let builder = stage.registry().configure("Calculator", "math", setup).start_timeout(timeout);
    let registry = builder.start().await.unwrap();
    let error = registry.load("Calculator", "math").await.unwrap_err();
    assert!(stage.processes().is_empty());
    assert_eq!(registry.get("Calculator", "math").unwrap().state(), State::Discovered);
    error
}

const LONG: Duration = Duration::from_secs(30);

#[test]
fn an_activation_hook_that_fails_is_quoted() {
    stage(async |stage| {
        let setup = Setup { refuse: Some("no licence".into()), ..Setup::default() };
        let error = failure(stage, &setup, LONG).await;
        let expected = "math.Calculator did not start: the activation failed: no licence: \
                        the cause of it";
        assert_eq!(error.to_string(), expected);
    });
}

#[test]
fn a_process_that_ends_during_its_activation_says_how() {
    stage(async |stage| {
        let setup = Setup { exit: Some(3), ..Setup::default() };
        let error = failure(stage, &setup, LONG).await;
        let expected = "math.Calculator did not start: it ended during its activation \
                        (exit status: 3); its standard error ends:\n  \
                        the activation ends the process";
        assert_eq!(error.to_string(), expected);
    });
}

#[test]
fn an_activation_that_hangs_ends_at_the_deadline() {
    stage(async |stage| {
        let setup = Setup { hang: true, ..Setup::default() };
        let error = failure(stage, &setup, Duration::from_millis(800)).await;
        let expected = "math.Calculator did not start: its activation took longer than 800ms";
        assert_eq!(error.to_string(), expected);
    });
}

#[test]
fn a_configuration_of_another_shape_is_said_to_be_so() {
    stage(async |stage| {
        stage.install_calculator();
        let builder = stage.registry().configure("Calculator", "math", &json!({"greeting": 7}));
        let registry = builder.start().await.unwrap();
        let error = registry.load("Calculator", "math").await.unwrap_err().to_string();
        let begin = "math.Calculator did not start: the activation failed: ";
        assert!(error.starts_with(begin) && error.contains("Option<Setup>"), "{error}");
    });
}

/// The error of a load of the plugin `Script`, which is this shell script.
async fn script_failure(stage: &Stage, script: &str, timeout: Duration) -> String {
    let program = stage.put("script", script);
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    stage.put_pconf("Script.pconf", &json!({"Name": "Script", "Exec": ["script", "an argument"]}));
    let registry = stage.registry().start_timeout(timeout).start().await.unwrap();
    let error = registry.load("Script", "").await.unwrap_err();
    assert!(stage.processes().is_empty());
    error.to_string()
}

#[test]
fn a_program_that_ends_at_once_says_how_and_what_it_wrote() {
    stage(async |stage| {
        let script = "#!/bin/sh\necho \"cannot find $1\" >&2\nexit 7\n";
        let error = script_failure(stage, script, LONG).await;
        let expected = "Script did not start: it ended during its activation (exit status: 7); \
                        its standard error ends:\n  cannot find an argument";
        assert_eq!(error, expected);
    });
}

#[test]
fn a_program_that_never_answers_is_ended_at_the_deadline() {
    stage(async |stage| {
        let script = "#!/bin/sh\necho I wait >&2\nsleep 600\n";
        let error = script_failure(stage, script, Duration::from_millis(800)).await;
        let expected = "Script did not start: its activation took longer than 800ms; \
                        its standard error ends:\n  I wait";
        assert_eq!(error, expected);
    });
}

#[test]
fn a_program_that_cannot_be_run_says_why() {
    stage(async |stage| {
        let error = script_failure(stage, "neither script nor program", LONG).await;
        let begin = "Script did not start: the program cannot be started: ";
        assert!(error.starts_with(begin), "{error}");
    });
}

#[test]
fn a_load_after_one_that_failed_starts_the_plugin() {
    stage(async |stage| {
        let program = stage.put("program", "#!/bin/sh\nexit 1\n");
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let keys = json!({"Name": "Calculator", "NameSpace": "math", "Exec": ["program"]});
        stage.put_pconf("math.Calculator.pconf", &keys);
        let registry = stage.registry().start().await.unwrap();
        let error = registry.load("Calculator", "math").await.unwrap_err();
        assert!(matches!(error, Error::Start { .. }), "{error:?}");

        let wrapper = format!("#!/bin/sh\nexec {}\n", crate::stage::CALCULATOR);
        let program = stage.put("program", wrapper);
        fs::set_permissions(program, fs::Permissions::from_mode(0o755)).unwrap();

        let calculator = stage.load_calculator(&registry).await;
        assert_eq!(calculator.add(2, 3).await.unwrap(), 5);
    });
}

#[test]
fn a_process_that_ends_before_it_knows_the_callbacks_has_not_started() {
    stage(async |stage| {
        let script = stage.put("brief", BRIEF);
        let executable = PermissionsExt::from_mode(0o755);
        fs::set_permissions(&script, executable).unwrap();
        stage.put_pconf(
            "Brief.pconf",
            &json!({"Name": "Brief", "Protocol": 2, "LazyLoad": true, "Exec": ["brief"]}),
        );
        let registry = stage.watching().await;
        let brief = registry.get("Brief", "").unwrap();
        let _ticks = brief.register_callback("tick", |_| async {}).await.unwrap();
        let error = soon("the load", registry.load("Brief", "")).await.unwrap_err();
        assert!(matches!(&error, Error::Start { .. }), "{error:?}");
        assert!(error.to_string().contains("exit status: 7"), "{error}");
    });
}

/// A plugin that ends when it has been activated.
const BRIEF: &str = r#"#!/usr/bin/env python3
import socket, sys
listener = socket.socket(fileno=3)
connection, _ = listener.accept()
connection.recv(65536)
body = b'{"name":"Brief","namespace":"","protocol":2,"methods":[],"callbacks":[]}'
head = b"HTTP/1.1 200 OK\r\ngoplug-protocol: 2\r\ncontent-length: %d\r\n\r\n" % len(body)
connection.sendall(head + body)
sys.exit(7)
"#;
