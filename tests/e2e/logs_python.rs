//! What a plugin on the Python package prints, as the log of its host.

use goplug::Policy;
use goplug_tests::system::make_executable;
use serde_json::json;

use crate::logs::line_with;
use crate::test_env::{has_python, run_test};
use crate::test_log;

/// A plugin on the Python package of the example, which logs while it is activated.
const PYTHON: &str = r#"#!/usr/bin/env python3
import logging, sys
sys.path.insert(0, "PACKAGE")
import goplug

log = logging.getLogger("pages.store")
plugin = goplug.Plugin("Script", "", "1.0.0")

@plugin.on_activate
def start(configuration):
    log.debug("logged in Python, a detail")
    logging.getLogger("other").info("logged in Python, of no interest")
    log.warning("%s in Python, a warning", "logged", extra={"page": 3})
    try:
        raise ValueError("no disk")
    except ValueError:
        log.exception("logged in Python, an error")

goplug.main(plugin)
"#;

#[test]
fn records_of_the_python_package_are_events_with_their_level() {
    if !has_python() {
        return;
    }
    test_log::record();
    run_test(async |env| {
        let package = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/site/plugins/python");
        let program = env.put("script", PYTHON.replace("PACKAGE", package));
        make_executable(&program).unwrap();
        let keys = json!({"Name": "Script", "Protocol": 2, "Exec": ["script"]});
        env.put_pconf("Script.pconf", &keys);
        let level = "warn,pages=debug";
        let policy = |policy: Policy| policy.log_level(level).env("PYTHONDONTWRITEBYTECODE", "1");
        let registry = env.registry().policy(policy).start().await.unwrap();
        registry.load("Script", "").await.unwrap();
        line_with("logged in Python, an error").await;
        let lines = test_log::lines_with("logged in Python");
        let common = "plugin=Script stream=\"stderr\" target=pages.store";
        let head = |level: &str, what: &str| {
            format!("{level} goplug::plugin message=logged in Python, {what} {common}")
        };
        assert_eq!(lines.len(), 3, "{lines:?}");
        assert_eq!(lines[0], head("DEBUG", "a detail"));
        assert_eq!(lines[1], head("WARN", "a warning") + r#" fields={"page":3}"#);
        let error = head("ERROR", "an error") + r#" fields={"traceback":"Traceback "#;
        assert!(lines[2].starts_with(error.trim_end()), "{lines:?}");
        assert!(lines[2].contains("ValueError: no disk"), "{lines:?}");
    });
}
