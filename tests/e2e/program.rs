//! The program of a plugin, and its command line.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use goplug::Error;
use goplug_runtime::transport::canonicalize;
use goplug_tests::system::program_name;
use serde_json::Value;

use crate::test_env::{CALCULATOR, TestEnv, copy_program, run_test};

fn run(env: &TestEnv, program: &Path, arguments: &[&str]) -> Output {
    env.command(program).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// Copies the calculator's program into the folder and runs `install`; returns the program and
/// the output.
fn installed_copy(env: &TestEnv) -> (PathBuf, Output) {
    let program = env.folder().join(program_name("calculator"));
    copy_program(CALCULATOR, &program);
    let output = run(env, &program, &["install", env.folder().to_str().unwrap()]);
    (program, output)
}

#[test]
fn describe_prints_the_descriptor() {
    run_test(async |env| {
        let output = run(env, CALCULATOR.as_ref(), &["describe"]);
        assert!(output.status.success(), "{output:?}");
        let descriptor: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(descriptor["name"], "Calculator");
        assert_eq!(descriptor["version"], "1.2.3");
        let methods = descriptor["methods"].as_array().unwrap();
        let add = methods.iter().find(|method| method["name"] == "add").unwrap();
        assert_eq!(add["doc"], "Adds two integers.");
        assert_eq!(add["params"][1]["name"], "b");
        assert_eq!(add["returns"]["type"], "i64");
    });
}

#[test]
fn a_plugin_that_was_installed_by_its_program_is_loaded() {
    run_test(async |env| {
        let (_, output) = installed_copy(env);
        let file = env.folder().join("math.Calculator.pconf");
        let printed = canonicalize(&file).unwrap();
        assert_eq!(text(&output.stdout).trim_end(), printed.to_str().unwrap());
        let keys: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
        assert_eq!(keys["Exec"], serde_json::json!([program_name("calculator")]));
        assert_eq!(keys["Sha256"].as_str().unwrap().len(), 64);

        let registry = env.registry().start().await.unwrap();
        let calculator = env.load_calculator(&registry).await;

        assert_eq!(calculator.add(2, 3).await.unwrap(), 5);
        let known = &registry.discovered()[0];
        let signature = "add(a: i64, b: i64) -> i64".to_owned();
        assert!(known.signatures().contains(&signature), "{:?}", known.signatures());
        assert_eq!(known.methods(), calculator.plugin().methods());
        assert_eq!(known.signatures(), calculator.plugin().signatures());
    });
}

#[test]
fn a_program_that_was_changed_after_its_installation_is_refused() {
    run_test(async |env| {
        let (program, _) = installed_copy(env);
        let mut content = fs::read(&program).unwrap();
        content.push(0);
        fs::write(&program, content).unwrap();
        let registry = env.registry().start().await.unwrap();
        let error = registry.load("Calculator", "math").await.unwrap_err();
        let Error::Rejected { reason, .. } = &error else { panic!("{error:?}") };
        assert!(reason.starts_with("the digest of ") && reason.contains("install it again: "));
        assert!(env.processes().is_empty());
    });
}

#[test]
fn without_a_registry_a_program_prints_its_usage() {
    run_test(async |env| {
        let output = run(env, CALCULATOR.as_ref(), &[]);
        assert_eq!(output.status.code(), Some(2));
        let stderr = text(&output.stderr);
        assert!(stderr.starts_with("error: no registry has started this program\n"), "{stderr}");
        assert!(stderr.contains("<program> install DIR"), "{stderr}");
    });
}

#[test]
fn an_unknown_argument_is_named() {
    run_test(async |env| {
        let output = run(env, CALCULATOR.as_ref(), &["run"]);
        assert_eq!(output.status.code(), Some(2));
        let stderr = text(&output.stderr);
        assert!(stderr.starts_with("error: unknown argument \"run\"\n"), "{stderr}");
    });
}

#[test]
fn help_is_printed_on_request() {
    run_test(async |env| {
        let output = run(env, CALCULATOR.as_ref(), &["--help"]);
        assert!(output.status.success());
        assert!(text(&output.stdout).contains("<program> describe"));
    });
}
