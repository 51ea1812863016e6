//! Plugins that are part of the host's own program, and programs that forget to serve as them.

use std::io::{BufRead, BufReader, Lines, Write};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use goplug_tests::system::{TEMPORARY, move_program, program_name, remove_program};
use serde_json::json;

use crate::test_env::{BRIEF, EMBEDDING, TestEnv, copy_program, run_test};

/// Runs the host to its end.
fn run(env: &TestEnv, mode: &str) -> Output {
    let mut command = env.command(EMBEDDING);
    command.env("EMBEDDING", mode).env(TEMPORARY, env.path("")).stdin(Stdio::null());
    command.arg(env.folder()).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// A host that a test tells what to do.
struct Host {
    process: Child,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Host {
    fn start(env: &TestEnv, program: &Path) -> Self {
        Self::spawn(env, env.command(program))
    }

    fn spawn(env: &TestEnv, mut command: Command) -> Self {
        command.env("EMBEDDING", "right").env(TEMPORARY, env.path(""));
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let answers = BufReader::new(process.stdout.take().unwrap()).lines();
        Self { process, answers }
    }

    fn answer(&mut self) -> String {
        self.answers.next().unwrap().unwrap()
    }

    fn tell(&mut self, what: &str) -> String {
        writeln!(self.process.stdin.as_ref().unwrap(), "{what}").unwrap();
        self.answer()
    }

    fn end(mut self) {
        drop(self.process.stdin.take());
        assert!(self.process.wait().unwrap().success());
    }
}

#[test]
fn a_main_that_does_not_serve_is_told_what_to_write() {
    run_test(async |env| {
        let output = run(env, "forgot");
        let expected = "math.Calculator did not start: main has to begin with \
                        `goplug::embed!(T)`, where T is the type of the plugin math.Calculator: \
                        the process that was started as this plugin makes a registry instead";
        // What follows, if anything, is what its `main` wrote before it was killed.
        let stdout = text(&output.stdout);
        let rest = stdout.strip_prefix(expected).expect(stdout);
        assert!(rest == "\n" || rest.starts_with("; its standard error ends:"), "{rest}");
        assert!(output.status.success(), "{output:?}");
    });
}

#[test]
fn a_main_that_names_other_plugins_is_told_which() {
    run_test(async |env| {
        let output = run(env, "another");
        let stdout = text(&output.stdout);
        assert!(stdout.contains("where T is the type of the plugin math.Calculator"), "{stdout}");
        let named = "(its `embed!` names only demo.Counter, nesting.Outer)";
        assert!(stdout.contains(named), "{stdout}");
    });
}

#[test]
fn a_program_that_starts_itself_by_way_of_another_process_comes_to_an_end() {
    run_test(async |env| {
        let output = run(env, "launcher");
        let stdout = text(&output.stdout);
        assert!(stdout.starts_with("math.Calculator did not start: "), "{stdout}");
        assert!(stdout.contains("main has to begin with `goplug::embed!"), "{stdout}");
    });
}

#[test]
fn a_program_that_is_installed_as_a_plugin_and_loads_that_plugin_is_told_so() {
    run_test(async |env| {
        let exec = json!([EMBEDDING, env.folder()]);
        let keys = json!({"Name": "Calculator", "NameSpace": "math", "Exec": exec});
        env.put_pconf("math.Calculator.pconf", &keys);
        let builder = env.registry().env("EMBEDDING", "installed");
        let registry = builder.start().await.unwrap();
        let error = registry.load("Calculator", "math").await.unwrap_err().to_string();
        assert!(error.contains("this process was itself started as that plugin"), "{error}");
    });
}

#[test]
fn an_async_main_can_serve() {
    run_test(async |env| {
        for mode in ["async", "async-single"] {
            let output = run(env, mode);
            assert_eq!(text(&output.stdout), "5\n", "{output:?}");
        }
    });
}

#[test]
fn an_embedded_plugin_can_be_a_host_of_embedded_plugins() {
    run_test(async |env| {
        env.install_calculator();
        let output = run(env, "outer");
        let expected = "inside: 5\nas a host: 5\npassed on: None\nfirst argument: ";
        let stdout = text(&output.stdout);
        let argument = stdout.strip_prefix(expected).expect(stdout);
        assert_eq!(Path::new(argument.trim_end()), Path::new(EMBEDDING));
    });
}

#[test]
fn the_configuration_of_an_embedded_plugin_is_looked_at_before_a_process_is_started() {
    run_test(async |env| {
        let output = run(env, "mailer");
        let misfits = "the configuration of acme.Mailer does not fit: ";
        let expected = [
            &format!(
                "{misfits}/password: expected a string or null, found an array; /port: expected at most 65535"
            ),
            &format!("{misfits}the host gives none, and a `Config` is expected"),
            "one",
            &format!("{misfits}/server: expected a string, found an integer"),
            "one",
        ];
        let lines: Vec<_> = text(&output.stdout).lines().collect();
        assert_eq!(lines, expected, "{output:?}");
        assert!(!text(&output.stderr).contains("hunter2"), "{output:?}");
    });
}

#[test]
fn a_host_whose_file_was_removed_starts_its_plugins() {
    run_test(async |env| {
        let program = env.path(&program_name("host"));
        copy_program(EMBEDDING, &program);
        let mut host = Host::start(env, &program);
        assert_eq!(host.answer(), "5");
        remove_program(&program).unwrap();
        assert_eq!(host.tell("reload"), "5");
        assert_eq!(host.tell("kill"), "5");
        host.end();
    });
}

#[test]
fn a_host_whose_file_was_replaced_starts_no_other_program() {
    run_test(async |env| {
        let program = env.path(&program_name("host"));
        copy_program(EMBEDDING, &program);
        let mut host = Host::start(env, &program);
        assert_eq!(host.answer(), "5");
        let newer = env.path(&program_name("newer"));
        copy_program(BRIEF, &newer);
        move_program(&newer, &program).unwrap();
        assert_eq!(host.tell("reload"), "5");
        assert_eq!(host.tell("kill"), "5");
        // It may even be a file that nobody can run.
        std::fs::write(&newer, "a letter").unwrap();
        move_program(&newer, &program).unwrap();
        assert_eq!(host.tell("kill"), "5");
        host.end();
    });
}

#[test]
fn a_confined_plugin_runs_the_hosts_program_although_the_file_is_another() {
    run_test(async |env| {
        let program = env.path(&program_name("host"));
        copy_program(EMBEDDING, &program);
        let mut command = env.command(&program);
        command.env("EMBEDDING_SANDBOX", "1");
        let mut host = Host::spawn(env, command);
        assert_eq!(host.answer(), "5");
        remove_program(&program).unwrap();
        assert_eq!(host.tell("reload"), "5");
        copy_program(BRIEF, &program);
        assert_eq!(host.tell("kill"), "5");
        host.end();
    });
}
