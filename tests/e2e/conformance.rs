//! Plugins in Rust and in Python, against the cases of `goplug conformance`: each sentence of
//! docs/protocol.md, tried by code that shares nothing with that of hosts and plugins.
//!
//! Each test says on standard error which cases its plugin lacks a method for.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::test_env::{CALCULATOR, COMMAND, CONFORMANCE_HOST, REPORT, has_python};

/// Programs of this folder are plugins in Python.
fn in_python(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name)
}

/// What has become of the cases.
struct Report {
    success: bool,
    cases: Vec<Value>,
}

impl Report {
    /// The names of the cases with this verdict.
    fn names(&self, verdict: &str) -> Vec<&str> {
        let of = self.cases.iter().filter(|case| case["verdict"] == verdict);
        of.map(|case| case["name"].as_str().unwrap()).collect()
    }

    /// Fails unless every case passes, but for those whose plugin lacks something.
    fn must_pass(&self) {
        let of = |verdict: &'static str| {
            self.cases.iter().filter(move |case| case["verdict"] == verdict)
        };
        for case in of("skipped") {
            eprintln!("{}: {}", case["name"], case["reason"]);
        }
        let failed: Vec<_> =
            of("failed").map(|case| format!("{}: {}", case["name"], case["reason"])).collect();
        assert!(self.success && failed.is_empty(), "{failed:#?}");
    }
}

/// Runs the command on a plugin, with these options.
fn report(program: impl AsRef<Path>, options: &[&str], fault: Option<&str>) -> Report {
    report_of(options, program, &[], fault)
}

fn report_of(
    options: &[&str],
    program: impl AsRef<Path>,
    arguments: &[&str],
    fault: Option<&str>,
) -> Report {
    let mut command = Command::new(COMMAND);
    command.args(["--json", "conformance"]).args(options);
    command.arg("--").arg(program.as_ref()).args(arguments);
    command.envs(fault.map(|fault| ("PLANTED_FAULT", fault)));
    let output = command.output().unwrap();
    let document: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {output:?}"));
    let success = output.status.success();
    assert_eq!(output.status.code(), Some(if success { 0 } else { 3 }), "{output:?}");
    Report { success, cases: document["cases"].as_array().unwrap().clone() }
}

#[test]
fn a_plugin_in_rust_follows_the_protocol() {
    let report = report(CALCULATOR, &[], None);
    report.must_pass();
    assert!(report.names("passed").len() >= 160, "{:?}", report.names("skipped"));
}

#[test]
fn a_plugin_on_the_package_of_the_python_example_follows_the_protocol() {
    if has_python() {
        let report = report(in_python("tests/fixtures/python/calculator.py"), &[], None);
        report.must_pass();
        assert!(report.names("passed").len() >= 160, "{:?}", report.names("skipped"));
    }
}

#[test]
fn the_python_example_follows_the_protocol() {
    if has_python() {
        let example = in_python("examples/site/plugins/python/typography.py");
        let report = report(example, &[], None);
        report.must_pass();
        assert!(report.names("passed").len() >= 70, "{:?}", report.names("skipped"));
    }
}

#[test]
fn plugins_that_call_services_follow_the_protocol() {
    let in_python = in_python("tests/fixtures/python/report.py");
    for program in [Path::new(REPORT), &in_python] {
        if program == in_python && !has_python() {
            continue;
        }
        let report = report(program, &["--filter", "services/"], None);
        report.must_pass();
        // The plugin in Python reads no stream of replies.
        let skipped: &[_] = match program == in_python {
            true => &["services/reply-stream", "services/reply-stream-of-another"],
            false => &[],
        };
        assert_eq!(report.names("skipped"), skipped);
    }
}

/// Runs the cases for hosts on a host that this command starts.
fn host_report(host: &[&str], fault: Option<&str>) -> Report {
    let (program, arguments) = host.split_first().unwrap();
    report_of(&["--host"], program, arguments, fault)
}

#[test]
fn a_host_follows_the_protocol() {
    let call = ["call", "--dir", "{}", "conformance.Probe", "add", "a=2", "b=3"];
    let report = host_report(&[&[COMMAND], &call[..]].concat(), None);
    report.must_pass();
    assert!(report.names("passed").len() >= 29, "{:?}", report.cases);
    let is_of_task = |name: &&str| {
        ["-callbacks/", "-streams/", "-services/"].iter().any(|kind| name.contains(kind))
    };
    assert!(report.names("skipped").iter().all(is_of_task), "{:?}", report.names("skipped"));
}

#[test]
fn a_host_with_callbacks_streams_and_services_follows_the_protocol() {
    let report = host_report(&[CONFORMANCE_HOST, "{}", "{task}"], None);
    report.must_pass();
    assert!(report.names("passed").len() >= 93, "{:?}", report.names("skipped"));
}

/// What the command prints as TAP, and its exit status.
fn printed(jobs: &str, words: &[&str]) -> (String, Option<i32>) {
    let mut command = Command::new(COMMAND);
    command.args(["conformance", "--tap", "--jobs", jobs]).args(words);
    let output = command.output().unwrap();
    (String::from_utf8(output.stdout).unwrap(), output.status.code())
}

#[test]
fn the_output_does_not_depend_on_the_number_of_jobs() {
    let filters = ["activation/", "budget/", "callbacks/", "start/", "stop/", "values/"];
    let filters = filters.map(|filter| format!("--filter={filter}"));
    let options = [&filters.each_ref().map(String::as_str)[..], &["--", CALCULATOR]].concat();
    for (words, status) in [(&options[..], 0), (&["--host", "--", "false"], 3)] {
        let one = printed("1", words);
        assert!(one.0.lines().count() > 60 && one.1 == Some(status), "{one:?}");
        assert_eq!(one, printed("4", words));
    }
}

/// Fails unless the cases name a fault of a host, and nothing else.
#[track_caller]
fn is_found_in_host(fault: &str, case: &str) {
    let options = ["--host", "--timeout", "20s"];
    let report = report_of(&options, CONFORMANCE_HOST, &["{}", "{task}"], Some(fault));
    assert!(!report.success);
    assert_eq!(report.names("failed"), [case]);
}

#[test]
fn a_host_that_takes_an_error_for_the_end_fails_the_case_of_that_name() {
    is_found_in_host("error-as-end", "host-streams/error");
}

#[test]
fn a_host_that_leaves_a_stream_open_fails_the_case_of_that_name() {
    is_found_in_host("unclosed-stream", "host-streams/cancel");
}

#[test]
fn a_host_that_answers_a_failed_callback_fails_the_case_of_that_name() {
    is_found_in_host("failure-as-value", "host-callbacks/failure");
}

#[test]
fn a_host_that_calls_nothing_passes_only_the_cases_of_files_that_it_may_not_use() {
    let report = host_report(&["false", "{}", "{task}"], None);
    assert!(!report.success);
    assert_eq!(report.names("passed"), ["host/digest", "host/twice"]);
    assert!(report.names("skipped").is_empty());
}

/// Fails unless the cases name a fault, and nothing else.
#[track_caller]
fn is_found(fault: &str, cases: &[&str]) {
    if has_python() {
        let faulty = in_python("tests/fixtures/python/faulty.py");
        let report = report(faulty, &["--timeout", "20s"], Some(fault));
        assert!(!report.success);
        assert_eq!(report.names("failed"), cases);
    }
}

#[test]
fn a_plugin_that_answers_unknown_methods_fails_the_case_of_that_name() {
    is_found("unknown-method", &["failure/unknown"]);
}

#[test]
fn a_plugin_that_ignores_the_budget_fails_the_case_of_that_name() {
    is_found("budget", &["budget/kept"]);
}

#[test]
fn a_plugin_that_ignores_the_lifeline_fails_the_cases_of_that_name() {
    let cases = ["lifeline", "lifeline-inactive", "lifeline-broken-output", "lifeline-stop-hook"];
    let cases = cases.map(|case| format!("start/{case}"));
    is_found("lifeline", &cases.each_ref().map(String::as_str));
}
