//! Texts of plugins, files and paths in errors and events: control characters are written out, and
//! what a panic said is not lost behind its backtrace.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use goplug::{Error, Event, Registry};
use goplug_tests::fixtures::calculator::CalculatorClient;
use serde_json::json;

use crate::test_env::{TestEnv, read_until, run_test, until};
use crate::test_log;

/// Clears the screen, rings, and reorders what follows.
const HOSTILE: &str = "\u{1b}[2Jgone\u{7}\u{9b}1m\u{202e}";
const SHOWN: &str = "\\u{1b}[2Jgone\\u{7}\\u{9b}1m\\u{202e}";

fn assert_shown(text: &str) {
    assert!(text.contains(SHOWN), "{text:?}");
    let is_raw = |c: char| c == '\u{202e}' || (c.is_control() && c != '\n');
    assert!(!text.contains(is_raw), "{text:?}");
}

/// Installs a shell script as the plugin `Script`.
fn install_script(env: &TestEnv, script: &str) {
    let program = env.put("script", script);
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    env.put_pconf("Script.pconf", &json!({"Name": "Script", "Exec": ["script"]}));
}

#[test]
fn control_characters_of_standard_error_are_written_out() {
    run_test(async |env| {
        install_script(env, &format!("#!/bin/sh\nprintf '%s\\n' '{HOSTILE}' >&2\nexit 3\n"));
        let registry = env.registry().start().await.unwrap();
        let error = registry.load("Script", "").await.unwrap_err();
        assert_shown(&error.to_string());
        let Error::Start { stderr, .. } = error else { panic!("{error:?}") };
        assert_eq!(stderr, [SHOWN]);
    });
}

#[test]
fn control_characters_of_output_are_written_out_in_the_log() {
    run_test(async |env| {
        test_log::record();
        let script = format!("#!/bin/sh\nprintf 'logged %s\\n' '{HOSTILE}'\nexit 3\n");
        install_script(env, &script);
        let registry = env.registry().start().await.unwrap();
        registry.load("Script", "").await.unwrap_err();
        until("it is logged", || !test_log::lines_with("logged ").is_empty()).await;
        test_log::lines_with("logged ").iter().for_each(|line| assert_shown(line));
    });
}

#[test]
fn control_characters_of_a_problem_are_written_out() {
    run_test(async |env| {
        let (_registry, calculator) = env.calculator().await;
        let error = calculator.panic(HOSTILE).await.unwrap_err();
        assert_shown(&error.to_string());
        let Error::Panicked { detail, .. } = error else { panic!("{error:?}") };
        assert!(detail.starts_with(SHOWN), "{detail}");
    });
}

#[test]
fn control_characters_of_paths_are_written_out() {
    run_test(async |env| {
        let folder = env.path(HOSTILE);
        fs::create_dir(&folder).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
        let registry = Registry::builder(&folder).start().await.unwrap();
        assert_shown(&registry.load("Nobody", "").await.unwrap_err().to_string());

        let program = folder.join("program");
        let pconf = json!({"Name": "Script", "Exec": [program.to_str().unwrap()]});
        fs::write(folder.join("Script.pconf"), pconf.to_string()).unwrap();
        let error = registry.load("Script", "").await.unwrap_err();
        assert_shown(&error.to_string());
        let Error::Rejected { reason, .. } = error else { panic!("{error:?}") };
        assert_shown(&reason);
    });
}

#[test]
fn a_name_with_hidden_characters_is_refused() {
    run_test(async |env| {
        env.put_pconf("a.pconf", &json!({"Name": "Ad\u{202e}d", "Exec": ["/bin/true"]}));
        let registry = env.watching().await;
        let mut events = registry.events();
        let rejected = |event: &Event| matches!(event, Event::Rejected { .. });
        let seen = read_until(&mut events, "the rejection", rejected).await;
        let Some(Event::Rejected { reason, .. }) = seen.last() else { unreachable!() };
        assert!(reason.contains("invisible character"), "{reason}");
        assert!(!reason.contains('\u{202e}'), "{reason:?}");
    });
}

#[test]
fn a_panics_message_stands_before_its_backtrace() {
    run_test(async |env| {
        env.install_calculator();
        let registry = env.registry().env("RUST_BACKTRACE", "full").start().await.unwrap();
        let calculator: CalculatorClient = registry.client().await.unwrap();
        calculator.panic("no database").await.unwrap_err();
        let error = calculator.exit(101, 3).await.unwrap_err();
        let text = error.to_string();
        assert!(text.contains("panicked at ") && text.contains(": no database\n"), "{text}");
        let Error::Crashed { stderr, .. } = error else { panic!("{error:?}") };
        assert!(stderr.len() <= goplug::limits::STDERR_LINES, "{stderr:?}");
    });
}
