//! Files and processes that are odd in a way that is easy to get wrong: the error names the thing
//! that is wrong, and what to do.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use goplug_tests::fixtures::calculator::CalculatorClient;
use serde_json::json;

use crate::test_env::{CALCULATOR, HOST, TestEnv, run_test};
use crate::test_log;

/// Puts an executable script into the folder of the plugins.
fn put_script(env: &TestEnv, name: &str, text: &str) {
    let program = env.put(name, text);
    fs::set_permissions(program, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Installs the calculator by this command.
fn install(env: &TestEnv, exec: &[&str]) {
    let keys = json!({"Name": "Calculator", "NameSpace": "math", "Protocol": 2, "Exec": exec});
    env.put_pconf("math.Calculator.pconf", &keys);
}

/// The error of a load.
async fn failure(env: &TestEnv) -> String {
    let registry = env.registry().start().await.unwrap();
    let error = registry.load("Calculator", "math").await.unwrap_err();
    assert!(env.processes().is_empty());
    error.to_string()
}

#[test]
fn windows_line_ends_in_a_script_are_named() {
    run_test(async |env| {
        for script in ["#!/bin/sh\r\nexit\r\n", "#!/usr/bin/env python3\r\nprint(1)\r\n"] {
            put_script(env, "script", script);
            install(env, &["script"]);
            let error = failure(env).await;
            assert!(error.contains("ends with a carriage return"), "{error}");
            assert!(error.contains("save the file with Unix line ends"), "{error}");
            assert!(!error.contains('\r'), "{error:?}");
        }
    });
}

#[test]
fn a_byte_order_mark_before_the_interpreter_is_named() {
    run_test(async |env| {
        put_script(env, "script", "\u{feff}#!/bin/sh\nexit\n");
        install(env, &["script"]);
        assert!(failure(env).await.contains("a byte order mark before its #!"));
    });
}

#[test]
fn a_wrapper_that_does_not_become_the_plugin_is_named() {
    run_test(async |env| {
        put_script(env, "wrapper", &format!("#!/bin/sh\n{CALCULATOR} \"$@\"\n"));
        let commands: [&[&str]; 2] = [&["wrapper"], &["/usr/bin/timeout", "100", CALCULATOR]];
        for exec in commands {
            install(env, exec);
            let error = failure(env).await;
            assert!(error.contains("that process started this one"), "{error}");
            assert!(error.contains("A shell script has to end with `exec`"), "{error}");
            assert!(!error.contains("--dir"), "{error}");
        }

        put_script(env, "wrapper", &format!("#!/bin/sh\nexec {CALCULATOR} \"$@\"\n"));
        install(env, &["wrapper"]);
        let registry = env.registry().start().await.unwrap();
        registry.client::<CalculatorClient>().await.unwrap();
    });
}

#[test]
fn a_plugin_that_leaves_the_foreground_is_told_to_stay() {
    run_test(async |env| {
        install(env, &["/bin/sh", "-c", "sleep 0.1 & exit 0"]);
        let error = failure(env).await;
        assert!(
            error.contains("(exit status: 0); a plugin has to stay in the foreground"),
            "{error}"
        );
    });
}

/// What a host prints that cannot load the calculator of the folder.
fn complaint(mut host: Command, env: &TestEnv) -> String {
    let host = host.arg(env.folder()).stdin(Stdio::null()).output().unwrap();
    assert!(!host.status.success());
    String::from_utf8(host.stderr).unwrap()
}

#[test]
fn a_folder_for_sockets_that_cannot_be_used_is_named_with_its_variable() {
    run_test(async |env| {
        env.install_calculator();
        let long = env.path(&"long".repeat(30));
        fs::create_dir(&long).unwrap();
        for (folder, what) in [(long, "the system allows 107"), (env.path("none"), "No such file")]
        {
            let mut host = env.command(HOST);
            host.env("TMPDIR", &folder);
            let error = complaint(host, env);
            assert!(error.contains(what) && error.contains("TMPDIR names another"), "{error}");
            assert!(error.contains(folder.to_str().unwrap()), "{error}");
        }
    });
}

#[test]
fn a_file_system_that_lets_nothing_run_is_named() {
    run_test(async |env| {
        let place = env.path("place");
        fs::create_dir(&place).unwrap();
        put_script(env, "script", &format!("#!/bin/sh\nexec {CALCULATOR}\n"));
        let program = place.join("script");
        install(env, &[program.to_str().unwrap()]);
        // In a mount namespace of its own, which ends with the host.
        let script =
            r#"mount -t tmpfs -o noexec,mode=755 none "$1" && cp -p "$2" "$1" && exec "$0" "$3""#;
        let mut host = env.command("unshare");
        host.args(["--mount", "/bin/sh", "-c", script, HOST]).arg(&place);
        host.arg(env.folder().join("script"));
        let error = complaint(host, env);
        if !error.contains("Calculator") && !error.contains("script") {
            eprintln!("no mount namespace can be made, so the test is left out: {error}");
            return;
        }
        let expected = format!("the file system at {} is mounted noexec", place.display());
        assert!(error.contains(&expected), "{error}");
    });
}

#[test]
fn odd_pconf_files_are_rejected_with_the_key_and_the_line() {
    run_test(async |env| {
        for (content, expected) in [
            ("{\n\"Name\": \"a\",\n\"Exec\": [\"a\"],\n}", "trailing comma at line 4 column 1"),
            ("{\n\"Name\": \"a\",\n\"Exec\": \"a\"\n}", "expected a list of strings, such as"),
            ("{\n\"Name\": \"a\",\n\"Exec\": \"a\"\n}", "(line 3)"),
            ("{\"Name\": \"a\", \"Command\": [\"a\"]}", "\"Command\" is not known; is it Exec?"),
        ] {
            env.put("Odd.pconf", content);
            let registry = env.registry().start().await.unwrap();
            let mut events = registry.events();
            drop(registry.load("a", "").await.unwrap_err());
            registry.stop().await.unwrap();
            let mut reasons = Vec::new();
            while let Some(event) = events.next().await {
                reasons.extend(match event {
                    goplug::Event::Rejected { reason, .. } => Some(reason),
                    _ => None,
                });
            }
            assert!(reasons.iter().any(|reason| reason.contains(expected)), "{reasons:?}");
        }
    });
}

#[test]
fn a_misspelled_key_of_a_pconf_is_a_warning() {
    run_test(async |env| {
        test_log::record();
        let keys = json!({"Name": "Calculator", "NameSpace": "math", "Protocol": 2, "LazyLaod": true,
                          "Exec": [CALCULATOR]});
        env.put_pconf("math.Calculator.pconf", &keys);
        let registry = env.registry().start().await.unwrap();
        registry.client::<CalculatorClient>().await.unwrap();
        let said = "the key \"LazyLaod\" is not known and ignored; is it LazyLoad?";
        let lines = test_log::lines_with(said);
        assert!(lines.iter().any(|line| line.starts_with("WARN goplug::discovery")), "{lines:?}");
    });
}
