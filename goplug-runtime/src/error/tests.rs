//! What errors show of the texts of other processes.

use super::*;

const HOSTILE: &str = "\u{1b}[2Jgone\u{202e}";
const SHOWN: &str = "\\u{1b}[2Jgone\\u{202e}";

/// Every error that holds texts of another process, with [`HOSTILE`] for each text.
fn hostile_errors() -> Vec<Error> {
    let (text, list) = (|| HOSTILE.to_owned(), || vec![HOSTILE.to_owned()]);
    let (id, path) = (PluginId::new("a", "").unwrap(), PathBuf::from(HOSTILE));
    vec![
        Error::Configuration(text()),
        Error::NotFound { id: id.clone(), folder: path.clone(), hint: None },
        Error::Rejected { path, reason: text() },
        Error::Start { id: id.clone(), reason: text(), stderr: list() },
        Error::Stop { id: id.clone(), process: 7, reason: text() },
        Error::Crashed { id: id.clone(), status: text(), stderr: list(), may_have_executed: true },
        Error::Unavailable { id: id.clone(), reason: text() },
        Error::deadline(text(), Duration::ZERO),
        Error::Deadline {
            what: "add".into(),
            after: Duration::ZERO,
            reason: Some(text()),
            may_have_executed: false,
        },
        Error::Connect {
            id: id.clone(),
            reason: text(),
            source: std::io::ErrorKind::NotFound.into(),
        },
        Error::UnknownMethod { method: text() },
        Error::NotOffered { id: id.clone(), method: text() },
        Error::Arguments { method: text(), parameter: None, expected: None, detail: text() },
        Error::Panicked { method: text(), detail: text() },
        Error::Remote { id: id.clone(), method: text(), detail: text() },
        Error::Method(MethodFailure { error: None, detail: text() }),
        Error::Contract { id, client: "c", differences: list() },
        Error::NotRegistered { callback: text() },
        Error::Protocol(text()),
        Error::io(text(), std::io::Error::from(std::io::ErrorKind::NotFound)),
    ]
}

#[test]
fn no_error_shows_hidden_characters_of_another_process() {
    for error in hostile_errors() {
        for text in [error.to_string(), format!("{:#}", anyhow::Error::from(error))] {
            assert!(text.contains(SHOWN) && !text.contains(['\u{1b}', '\u{202e}']), "{text:?}");
        }
    }
    let remote = RemoteError::new(HOSTILE, vec![HOSTILE.into()]);
    assert_eq!(format!("{remote:#}"), format!("{SHOWN}: {SHOWN}"));
    assert_eq!(std::error::Error::source(&remote).unwrap().to_string(), SHOWN);
    let call = CallError::Method(HOSTILE.to_owned());
    assert_eq!([call.to_string(), format!("{call:#}")], [SHOWN, SHOWN]);
    let call = CallError::Method(remote);
    assert_eq!(format!("{call:#}"), format!("{SHOWN}: {SHOWN}"));
}

#[test]
fn a_line_of_a_plugin_cannot_be_mistaken_for_another_message() {
    let id = PluginId::new("a", "").unwrap();
    let detail = "no\nERROR b crashed".to_owned();
    let error = Error::Remote { id, method: "m".into(), detail };
    assert_eq!(error.to_string(), "a failed to answer \"m\": no\n  ERROR b crashed");
}
