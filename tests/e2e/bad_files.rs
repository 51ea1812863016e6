//! Files that cannot be used: each is one `Rejected` event, and other plugins are loaded.

use std::fs;
use std::path::Path;

use goplug::Event;
use goplug_tests::fixtures::calculator::Calculator;
use goplug_tests::system::{make_executable, program_name, replace_program};
use serde_json::json;

use crate::test_env::{CALCULATOR, Kind, TestEnv, is, pconf, read_until, run_test};

/// Has a registry scan the folder three times, with `file` and a valid neighbour in it. Checks
/// that the file is rejected once, and returns the reason.
pub(crate) async fn rejection(env: &TestEnv, file: &Path) -> String {
    env.install_calculator();
    let registry = env.watching().await;
    let mut events = registry.events();
    let (mut reasons, mut neighbour) = (Vec::new(), false);
    let mut note = |event: &Event| {
        neighbour |= is(Kind::Loaded, "math.Calculator")(event);
        if let Event::Rejected { path, reason } = event {
            assert_eq!(path, file, "{event:?}");
            reasons.push(reason.clone());
        }
        neighbour && !reasons.is_empty()
    };
    read_until(&mut events, "the rejection, or the neighbour,", &mut note).await;
    for name in ["Later", "Last"] {
        let keys = json!({"Name": name, "LazyLoad": true, "Exec": ["p"]});
        env.put_pconf(&format!("{name}.pconf"), &keys);
        let seen = read_until(&mut events, "the file", is(Kind::Discovered, name)).await;
        for event in &seen {
            note(event);
        }
    }
    assert_eq!(reasons.len(), 1, "{reasons:?}");
    reasons.remove(0)
}

/// The reason for which a file with this content is rejected.
fn reason_for_content(content: &[u8]) -> String {
    let mut reason = String::new();
    run_test(async |env| {
        let file = env.put("bad.pconf", content);
        reason = rejection(env, &file).await;
    });
    reason
}

#[test]
fn a_file_that_is_not_json_is_rejected() {
    let reason = reason_for_content(b"Name = Calculator");
    assert!(reason.starts_with("not a JSON object: expected"), "{reason}");
}

#[test]
fn json_of_another_shape_is_rejected() {
    let reason = reason_for_content(br#"["Name"]"#);
    assert!(reason.starts_with("not a JSON object: "), "{reason}");
}

#[test]
fn an_empty_file_is_rejected() {
    assert_eq!(reason_for_content(b""), "the file is empty");
}

#[test]
fn a_huge_file_is_rejected() {
    assert_eq!(reason_for_content(&vec![b' '; (1 << 20) + 1]), "it is larger than 1048576 bytes");
}

#[test]
fn a_file_without_a_name_is_rejected() {
    assert_eq!(reason_for_content(br#"{"Exec":["p"]}"#), "Name: is missing");
}

#[test]
fn a_traversal_in_the_name_is_rejected() {
    let reason = reason_for_content(br#"{"Name":"../../etc/passwd","Exec":["p"]}"#);
    assert!(reason.contains("\"../../etc/passwd\"") && reason.contains('/'), "{reason}");
}

#[test]
fn a_key_of_another_type_is_named() {
    let reason = reason_for_content(br#"{"Name":"A","LazyLoad":"yes","Exec":["p"]}"#);
    assert!(reason.starts_with("LazyLoad: "), "{reason}");
}

#[test]
fn a_file_with_neither_program_nor_socket_is_rejected() {
    let reason = reason_for_content(br#"{"Name":"A"}"#);
    assert_eq!(reason, "Sock: is missing, and so is Exec: there is no way to the plugin");
}

#[test]
fn a_folder_is_rejected() {
    run_test(async |env| {
        let path = env.folder().join("bad.pconf");
        fs::create_dir(&path).unwrap();
        assert_eq!(rejection(env, &path).await, "it is a folder");
    });
}

#[test]
fn a_name_that_another_file_has_taken_is_rejected() {
    run_test(async |env| {
        let path = env.put_pconf("zzz.pconf", &pconf::<Calculator>(CALCULATOR));
        let owner = env.folder().join("math.Calculator.pconf");
        let reason = rejection(env, &path).await;
        let expected = format!("the name math.Calculator is already taken by {}", owner.display());
        assert_eq!(reason, expected);
    });
}

/// The reason for which a plugin on this socket is rejected.
pub(crate) fn reason_for_socket(lazy: bool, prepare: fn(&Path)) -> String {
    let mut reason = String::new();
    run_test(async |env| {
        let sock = env.socket("bad.sock");
        prepare(&sock);
        let keys = json!({"Name": "A", "Sock": sock, "LazyLoad": lazy});
        let file = env.put_pconf("bad.pconf", &keys);
        reason = rejection(env, &file).await;
    });
    reason
}

#[test]
fn a_socket_that_is_not_there_is_rejected() {
    for lazy in [false, true] {
        let reason = reason_for_socket(lazy, |_| ());
        assert!(reason.contains(": there is no such socket; another process has to"), "{reason}");
    }
}

#[test]
fn a_program_that_leaves_the_folder_is_rejected() {
    let reason = reason_for_content(br#"{"Name":"A","Exec":["../program"]}"#);
    assert_eq!(reason, "Exec: \"../program\" leaves the plugin's folder");
}

#[test]
fn a_program_of_another_digest_is_rejected() {
    let expected = "0".repeat(64);
    let mut reason = String::new();
    run_test(async |env| {
        let name = program_name("program");
        let program = env.put(&name, "abc");
        make_executable(&program).unwrap();
        let keys = json!({"Name": "A", "Exec": [name], "Sha256": expected});
        let file = env.put_pconf("bad.pconf", &keys);
        reason = rejection(env, &file).await.replace(&program.display().to_string(), "PROGRAM");
    });
    let found = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    let text = format!("the digest of PROGRAM is {found}, not the {expected} of its .pconf");
    assert!(reason.starts_with(&text), "{reason}");
    assert!(reason.contains("; after a build, install it again: PROGRAM install "), "{reason}");
}

#[test]
fn a_program_that_is_not_there_is_rejected() {
    let mut reason = String::new();
    run_test(async |env| {
        let file = env.put_pconf("bad.pconf", &json!({"Name": "A", "Exec": ["nowhere"]}));
        reason = rejection(env, &file).await;
    });
    assert!(reason.ends_with("nowhere cannot be started: there is no such file"), "{reason}");
}

#[test]
fn a_program_that_serves_under_another_name_is_rejected() {
    run_test(async |env| {
        let keys = json!({"Name": "Impostor", "Protocol": 2, "Exec": [CALCULATOR]});
        let file = env.put_pconf("bad.pconf", &keys);
        let reason = rejection(env, &file).await;
        assert!(reason.starts_with("Impostor did not start: it answers as math.Calculator, and "));
    });
}

#[test]
fn a_rejected_file_is_read_again_when_it_changes() {
    run_test(async |env| {
        let file = env.put("math.Calculator.pconf", "{");
        let registry = env.watching().await;
        let mut events = registry.events();
        read_until(
            &mut events,
            "the rejection",
            |event| matches!(event, Event::Rejected { path, .. } if *path == file),
        )
        .await;
        env.install_calculator();
        read_until(&mut events, "the load", is(Kind::Loaded, "math.Calculator")).await;
    });
}

#[test]
fn a_file_that_works_again_is_no_longer_listed_as_rejected() {
    run_test(async |env| {
        let name = program_name("program");
        let program = env.put(&name, "no program");
        let keys = json!({"Name": "Calculator", "NameSpace": "math", "Exec": [name]});
        env.put_pconf("math.Calculator.pconf", &keys);
        let registry = env.watching().await;
        let mut events = registry.events();
        let rejected = |event: &Event| matches!(event, Event::Rejected { .. });
        read_until(&mut events, "the rejection", rejected).await;
        replace_program(CALCULATOR.as_ref(), &program).unwrap();

        registry.load("Calculator", "math").await.unwrap();

        let mut state = registry.events();
        let seen = read_until(&mut state, "the load", is(Kind::Loaded, "math.Calculator")).await;
        env.install_counter();
        let more = read_until(&mut state, "news", is(Kind::Discovered, "demo.Counter")).await;
        assert!(!seen.iter().chain(&more).any(rejected), "{seen:?} {more:?}");
    });
}
