//! Lines as the libraries write them.

use super::*;

/// Level, target, message, span and fields, `-` for each that is absent.
fn read(line: &str) -> String {
    let Some(record) = Record::read(line.as_bytes()) else { return "text".into() };
    let or_none = |text: Option<String>| text.unwrap_or_else(|| "-".into());
    let Record { level, message, target, span, fields } = record;
    format!("{level} {} | {message} | {} | {}", or_none(target), or_none(span), or_none(fields))
}

#[test]
fn a_record_of_goplug_is_read() {
    let line = r#"{"level":"warn","target":"pages::store","message":"slow","fields":{"page":3,"took":1.50},"spans":[{"name":"save","page":3},{"name":"write"}]}"#;
    assert_eq!(
        read(line),
        r#"WARN pages::store | slow | save{page=3}:write | {"page":3,"took":1.50}"#
    );
    assert_eq!(
        read(r#"{"level":"info","target":"a","fields":{"n":1}}"#),
        r#"INFO a |  | - | {"n":1}"#
    );
}

#[test]
fn a_record_of_tracing_subscriber_is_read() {
    let line = r#"{"timestamp":"2026-01-02T03:04:05.678Z","level":"DEBUG","fields":{"message":"hi","n":1},"target":"a::b","span":{"k":"v","name":"in"},"spans":[{"name":"out"},{"k":"v","name":"in"}]}"#;
    assert_eq!(read(line), r#"DEBUG a::b | hi | out:in{k="v"} | {"n":1}"#);
    let flat = r#"{"timestamp":"2026-01-02T03:04:05Z","level":"INFO","message":"hi","n":1,"target":"a","span":{"name":"in"}}"#;
    assert_eq!(read(flat), r#"INFO a | hi | in | {"n":1}"#);
}

#[test]
fn a_record_of_hclog_is_read() {
    let line = r#"{"@level":"error","@message":"no","@module":"vault.db","@timestamp":"2026-01-02T03:04:05.6Z","err":"gone"}"#;
    assert_eq!(read(line), r#"ERROR vault.db | no | - | {"err":"gone"}"#);
}

#[test]
fn records_of_go_are_read() {
    let slog = |level| {
        format!(r#"{{"time":"2026-01-02T03:04:05Z","level":"{level}","msg":"m","name":"Ada"}}"#)
    };
    let levels = ["DEBUG-4", "DEBUG", "DEBUG+2", "INFO-2", "INFO", "INFO+2", "WARN", "ERROR+4"];
    let read_levels = levels.map(|level| read(&slog(level)).split(' ').next().unwrap().to_owned());
    assert_eq!(read_levels, ["TRACE", "DEBUG", "DEBUG", "DEBUG", "INFO", "INFO", "WARN", "ERROR"]);
    assert_eq!(read(&slog("INFO")), r#"INFO - | m | - | {"name":"Ada"}"#);
    let zap = r#"{"level":"dpanic","ts":1767322.5,"logger":"main.db","caller":"a.go:3","msg":"m"}"#;
    assert_eq!(read(zap), r#"ERROR main.db | m | - | {"caller":"a.go:3"}"#);
    assert_eq!(read(r#"{"level":"info","n":1,"time":17}"#), r#"INFO - |  | - | {"n":1}"#);
}

#[test]
fn a_record_of_pino_is_read() {
    let line =
        r#"{"level":40,"time":1531171074631,"pid":657,"hostname":"h","name":"web","msg":"m"}"#;
    assert_eq!(read(line), r#"WARN web | m | - | {"pid":657,"hostname":"h"}"#);
    assert_eq!(read(r#"{"level":60,"time":1,"msg":"m"}"#), "ERROR - | m | - | -");
}

#[test]
fn records_of_python_are_read() {
    let json_logger = r#"{"asctime": "2026-01-02 03:04:05,678", "name": "app.db", "levelname": "CRITICAL", "message": "m", "page": 3}"#;
    assert_eq!(read(json_logger), r#"ERROR app.db | m | - | {"page":3}"#);
    let structlog = r#"{"event": "m", "level": "warning", "logger": "app", "timestamp": "2026-01-02T03:04:05Z"}"#;
    assert_eq!(read(structlog), "WARN app | m | - | -");
}

#[test]
fn other_lines_are_text() {
    for line in [
        "",
        "saved",
        "{",
        "{}",
        "[1]",
        r#"{"level":3,"message":"a game"}"#,
        r#"{"level":"hard","message":"a game"}"#,
        r#"{"level":"info"}"#,
        r#"{"level":"info","items":[1]}"#,
        r#"{"message":"no level"}"#,
        r#"{"level":"info","message":"cut off"#,
        r#" {"level":"info","message":"indented"}"#,
    ] {
        assert_eq!(read(line), "text", "{line}");
    }
    assert!(Record::read(b"{\"level\":\"info\",\"message\":\"\xff\"}").is_none());
}

#[test]
fn members_of_another_shape_stay_fields() {
    let line =
        r#"{"level":"info","msg":"m","message":7,"fields":[1],"spans":[{"page":3}],"span":"x"}"#;
    assert_eq!(
        read(line),
        r#"INFO - | m | - | {"message":7,"fields":[1],"spans":[{"page":3}],"span":"x"}"#
    );
}

#[test]
fn a_record_is_safe_to_show() {
    let line = r#"{"level":"info","message":"a\u001b[2J\nERROR b","target":"\u202ex","fields":{"k\u001b":"HIDDEN\u001b"},"spans":[{"name":"\u001b"}]}"#;
    let shown = read(&line.replace("HIDDEN", "\u{202e}"));
    assert!(!shown.contains(['\u{1b}', '\u{202e}']), "{shown:?}");
    assert!(shown.contains("a\\u{1b}[2J\n  ERROR b"), "{shown:?}");
}

#[test]
fn a_panic_is_shown_without_its_backtrace() {
    let line = r#"{"level":"error","target":"panic","message":"panicked at a.rs:1:2: no","fields":{"backtrace":"0: …"}}"#;
    let record = Record::read(line.as_bytes()).unwrap();
    assert!(record.is_panic());
    assert_eq!(record.text(), "ERROR panic: panicked at a.rs:1:2: no");
    let other = Record::read(&br#"{"level":"warn","msg":"m","time":1,"n":1}"#[..]).unwrap();
    assert_eq!(other.text(), r#"WARN m {"n":1}"#);
}
