//! What a plugin prints, as the log of its host.

use goplug::{CallError, Error, ErrorKind, Policy, Registry, limits};
use goplug_tests::fixtures::speaker::{Speaker, SpeakerClient};
use goplug_tests::system::ABORTED;
use serde_json::json;

use crate::test_env::{BRIEF, SPEAKER, TestEnv, run_test, until};
use crate::test_log;

/// Runs a program that does this as a plugin, which it is not, until it has ended.
async fn run_brief(env: &TestEnv, steps: &[&str]) -> Error {
    let command: Vec<_> = [BRIEF].iter().chain(steps).collect();
    env.put_pconf("Script.pconf", &json!({"Name": "Script", "Exec": command}));
    let registry = env.registry().start().await.unwrap();
    registry.load("Script", "").await.unwrap_err()
}

/// The only line of the log that holds this text, once there is one.
pub(crate) async fn line_with(text: &str) -> String {
    until("it is logged", || !test_log::lines_with(text).is_empty()).await;
    let lines = test_log::lines_with(text);
    assert_eq!(lines.len(), 1, "{lines:?}");
    lines.into_iter().next().unwrap()
}

#[test]
fn records_of_other_languages_are_events_with_their_level() {
    test_log::record();
    run_test(async |env| {
        let records = [
            r#"{"@level":"warn","@message":"by hclog","@module":"vault","@timestamp":"2026-01-02T03:04:05Z","n":1}"#,
            r#"{"time":"2026-01-02T03:04:05Z","level":"DEBUG","msg":"by slog","n":2}"#,
            r#"{"level":50,"time":1531171074631,"name":"web","msg":"by pino"}"#,
            r#"{"asctime":"2026-01-02 03:04:05,678","name":"app","levelname":"CRITICAL","message":"by python"}"#,
            r#"a line of text, by slog or not"#,
        ];
        let steps: Vec<_> = records.iter().flat_map(|record| ["out", record]).collect();
        run_brief(env, &steps).await;
        for (text, level, rest) in [
            ("message=by hclog", "WARN", r#" target=vault fields={"n":1}"#),
            ("message=by slog", "DEBUG", r#" fields={"n":2}"#),
            ("message=by pino", "ERROR", " target=web"),
            ("message=by python", "ERROR", " target=app"),
            ("message=a line of text", "INFO", ""),
        ] {
            let line = line_with(text).await;
            assert!(line.starts_with(&format!("{level} goplug::plugin ")), "{line}");
            assert!(line.ends_with(&format!(" plugin=Script stream=\"stdout\"{rest}")), "{line}");
        }
    });
}

#[test]
fn the_records_before_an_end_are_in_its_error_as_text() {
    run_test(async |env| {
        let record = r#"{"level":"error","target":"db","message":"no disk","fields":{"n":1}}"#;
        let error = run_brief(env, &["err", record]).await;
        let Error::Start { stderr, .. } = &error else { panic!("{error:?}") };
        assert_eq!(stderr, &[r#"ERROR db: no disk {"n":1}"#]);
    });
}

#[test]
fn a_flood_is_bounded_and_counted() {
    const LINES: usize = 20_000;
    test_log::record();
    run_test(async |env| {
        run_brief(env, &["flood", &LINES.to_string()]).await;
        let counts = || {
            let left_out = test_log::lines_with("lines are left out").into_iter();
            let count = |line: String| {
                let (_, count) = line.split_once("left_out=").unwrap();
                count.split(' ').next().unwrap().parse::<usize>().unwrap()
            };
            (test_log::lines_with("the flood").len(), left_out.map(count).sum::<usize>())
        };
        until("all lines are logged or counted", || {
            let (logged, left_out) = counts();
            logged + left_out == LINES
        })
        .await;
        assert!(counts().0 >= limits::LOG_BURST as usize / 2, "{:?}", counts());
        assert!(counts().1 > 0);
    });
}

#[test]
fn a_panic_that_is_printed_as_text_is_one_event() {
    test_log::record();
    run_test(async |env| {
        let head = "thread 'main' (7) panicked at src/a.rs:1:2:";
        run_brief(env, &["err", head, "err", "by the text", "err", "note: see"]).await;
        let line = line_with("src/a.rs:1:2: by the text").await;
        let expected = "ERROR goplug::plugin message=thread 'main' (7) panicked at src/a.rs:1:2: \
                        by the text plugin=Script stream=\"stderr\"";
        assert_eq!(line, expected);
    });
}

/// The speaker, with this in its environment and at this level.
async fn speaker(env: &TestEnv, set_up: &str, level: Option<&str>) -> (Registry, SpeakerClient) {
    env.install::<Speaker>(SPEAKER);
    let policy = |policy: Policy| {
        let policy = policy.env("SPEAKER_SET_UP", set_up);
        match level {
            Some(level) => policy.log_level(level),
            None => policy,
        }
    };
    let registry = env.registry().policy(policy).start().await.unwrap();
    let speaker = registry.client().await.unwrap();
    (registry, speaker)
}

/// What a text that the speaker says at each level is in the log, without what all lines have.
async fn said(speaker: &SpeakerClient, text: &str) -> Vec<String> {
    speaker.say(text).await.unwrap();
    until("the last line is logged", || {
        !test_log::lines_with(&format!("{text}, by another crate")).is_empty()
    })
    .await;
    let lines = test_log::lines_with(text);
    lines.iter().map(|line| line.replace(" plugin=logs.Speaker stream=\"stderr\"", "")).collect()
}

#[test]
fn events_of_a_plugin_are_events_of_its_host() {
    test_log::record();
    run_test(async |env| {
        let (_registry, speaker) = speaker(env, "", Some("trace")).await;
        let own = "goplug_tests::fixtures::speaker";
        let event = |level: &str, what: &str, target: &str, fields: &str| {
            let span = "save{page=3 size=7}:write";
            format!(
                "{level} goplug::plugin message=by the events, {what} target={target} span={span}{fields}"
            )
        };
        let expected = [
            event("ERROR", "an error", "other::place", r#" fields={"n":1,"name":"Ada"}"#),
            event("WARN", "a warning", own, r#" fields={"ratio":0.5,"is_last":true}"#),
            event("INFO", "information", own, ""),
            event("DEBUG", "a detail", own, ""),
            event("TRACE", "a trifle", own, ""),
            event("WARN", "by another crate", own, ""),
        ];
        assert_eq!(said(&speaker, "by the events").await, expected);
    });
}

#[test]
fn the_host_chooses_the_level() {
    test_log::record();
    run_test(async |env| {
        let (_registry, speaker) = speaker(env, "", None).await;
        assert_eq!(said(&speaker, "by default").await.len(), 4);
    });
    run_test(async |env| {
        let level = "error,goplug_tests::fixtures=warn";
        let (_registry, speaker) = speaker(env, "", Some(level)).await;
        assert_eq!(said(&speaker, "of some").await.len(), 3);
    });
}

#[test]
fn a_set_up_of_the_program_may_have_its_own_subscriber() {
    test_log::record();
    run_test(async |env| {
        let (_registry, speaker) = speaker(env, "layer", Some("debug")).await;
        assert_eq!(said(&speaker, "by the layer").await.len(), 5);
    });
}

#[test]
fn a_set_up_that_fails_ends_the_program() {
    run_test(async |env| {
        env.install::<Speaker>(SPEAKER);
        let policy = |policy: Policy| policy.env("SPEAKER_SET_UP", "fails");
        let registry = env.registry().policy(policy).start().await.unwrap();
        let error = registry.load("Speaker", "logs").await.unwrap_err().to_string();
        assert!(error.contains("error: the program's set-up failed: no voice"), "{error}");
    });
}

#[test]
fn a_panic_is_one_event_and_the_error_of_its_call_has_its_place() {
    test_log::record();
    run_test(async |env| {
        let (_registry, speaker) = speaker(env, "", None).await;
        let error = speaker.fail("by the roof").await.unwrap_err();
        let Error::Panicked { detail, .. } = &error else { panic!("{error:?}") };
        assert!(detail.starts_with("by the roof (at tests/fixtures/speaker.rs:"), "{detail}");
        let line = line_with("by the roof").await;
        let head = "ERROR goplug::plugin message=panicked at tests/fixtures/speaker.rs:";
        assert!(line.starts_with(head) && line.contains(" target=panic "), "{line}");
    });
}

#[test]
fn a_crash_has_the_message_of_its_panic_rather_than_a_backtrace() {
    run_test(async |env| {
        env.install::<Speaker>(SPEAKER);
        let policy = |policy: Policy| policy.env("RUST_BACKTRACE", "1");
        let registry = env.registry().policy(policy).start().await.unwrap();
        let speaker = registry.client::<SpeakerClient>().await.unwrap();
        let error = speaker.crash("by the cellar").await.unwrap_err();
        let Error::Crashed { stderr, .. } = &error else { panic!("{error:?}") };
        let [line] = &stderr[..] else { panic!("{stderr:?}") };
        let head = "ERROR panic: panicked at tests/fixtures/speaker.rs:";
        assert!(line.starts_with(head) && line.ends_with("by the cellar"), "{line}");
    });
}

#[test]
fn a_value_without_end_is_cut_off() {
    test_log::record();
    run_test(async |env| {
        let (_registry, speaker) = speaker(env, "", None).await;
        speaker.say_much("by the mile").await.unwrap();
        let line = line_with("by the mile").await;
        assert!(line.len() < 2 * limits::MAX_OUTPUT_LINE && line.ends_with("…\"}"), "{line}");
    });
}

#[test]
fn what_happens_to_a_plugin_is_logged() {
    test_log::record();
    run_test(async |env| {
        let (registry, speaker) = speaker(env, "", Some("off")).await;
        speaker.crash("unheard").await.unwrap_err();
        registry.load("Speaker", "logs").await.unwrap();
        registry.reload("Speaker", "logs").await.unwrap();
        registry.unload(speaker.plugin()).await.unwrap();
        let path = env.put("Bad.pconf", "{").display().to_string();
        registry.load("Bad", "").await.unwrap_err();
        let lines = test_log::lines_with(&path);
        assert!(lines.iter().any(|line| line.starts_with("WARN goplug::discovery")), "{lines:?}");
    });
    let of_plugin = test_log::lines_with(" plugin=logs.Speaker");
    let has = |head: &str| of_plugin.iter().any(|line| line.starts_with(head));
    for head in [
        "DEBUG goplug::discovery message=discovered",
        "INFO goplug::supervisor message=loaded",
        &format!("ERROR goplug::supervisor message=crashed: {ABORTED}"),
        "INFO goplug::supervisor message=upgraded",
        "INFO goplug::supervisor message=stopped",
    ] {
        assert!(has(head), "{head}: {of_plugin:#?}");
    }
}

#[test]
fn an_error_of_goplug_that_a_method_returns_keeps_its_kind() {
    run_test(async |env| {
        let (_registry, speaker) = speaker(env, "", None).await;
        let CallError::Method(error) = speaker.ask_nobody().await.unwrap_err() else { panic!() };
        assert_eq!(error.kind(), Some(ErrorKind::NotRegistered));
        assert_eq!(error.to_string(), "nobody has heard it");
        assert_eq!(error.chain(), ["no host has registered the callback \"heard\""]);
    });
}
