//! The command sees and stops plugins that others have started.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Stdio};

use goplug::Registry;
use serde_json::Value;

use super::{CALCULATOR, goplug, installed, json, listed};

/// A plugin that serves without a host, in this folder.
struct Serving {
    child: Child,
    /// Where the plugin logs. A plugin whose log nobody reads logs no more.
    _log: BufReader<ChildStderr>,
}

impl Serving {
    fn in_folder(plugins: &Path) -> Self {
        let mut command = Command::new(CALCULATOR);
        let mut child = command.arg("--dir").arg(plugins).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        log.read_line(&mut line).unwrap();
        assert!(line.contains(" listens on "), "{line}");
        Self { child, _log: log }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_s_plugin_is_listed_with_its_process_and_can_be_stopped() {
    let folder = installed();
    let plugins = folder.path();
    assert_eq!(listed(plugins)["processes"], Value::Array(Vec::new()));

    let registry = Registry::builder(plugins).auto_load(false).start().await.unwrap();
    let plugin = registry.load("Calculator", "math").await.unwrap();
    let entry = listed(plugins);
    assert_eq!(entry["state"], "running");
    let process = &entry["processes"][0];
    assert_eq!(process["pid"], plugin.process_id().unwrap());
    assert_eq!(process["host"], std::process::id());

    let logs = goplug(plugins).args(["logs", "math.Calculator"]).output().unwrap();
    assert_eq!(logs.status.code(), Some(2), "{logs:?}");
    let said = String::from_utf8_lossy(&logs.stderr);
    for text in [
        &format!("math.Calculator runs already (pid {})", process["pid"]),
        &format!("(pid {}), whose ", std::process::id()),
        "`goplug logs ",
    ] {
        assert!(said.contains(text), "{text}: {said}");
    }
    let socket = process["socket"].as_str().unwrap();
    let logs = goplug(plugins).args(["logs", socket]).output().unwrap();
    let said = String::from_utf8_lossy(&logs.stderr);
    assert!(said.contains("in the log of its host, "), "{said}");

    let mut events = registry.events();
    let stopped = json(plugins, &["stop", socket]);
    assert_eq!(stopped[0]["pid"], process["pid"]);
    let event = events.next().await;
    assert!(event.is_some(), "the host sees that its plugin has ended");
    registry.stop().await.unwrap();
    assert_eq!(json(plugins, &["stop", "math.Calculator"]), Value::Array(Vec::new()));
}

/// A folder with the plugin `tests.Lonely`, which no other test starts: it can be stopped by its name.
#[cfg(unix)]
fn lonely() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let plugins = folder.path().join("plugins");
    let mut new = goplug(&plugins);
    new.args(["new", "lonely", "--lang", "python", "--namespace", "tests"]);
    assert!(new.current_dir(folder.path()).output().unwrap().status.success());
    let program = folder.path().join("lonely/lonely.py");
    json(&plugins, &["install", "--link", program.to_str().unwrap()]);
    folder
}

#[cfg(unix)] // the plugin is a script
#[test]
fn a_plugin_of_another_folder_is_not_listed_and_is_stopped_by_its_name() {
    let folders = [lonely(), lonely()];
    let [here, there] = folders.each_ref().map(|folder| folder.path().join("plugins"));
    let state = |plugins: &Path| json(plugins, &["ls"])[0]["state"].clone();

    let mut listening = goplug(&there);
    listening.args(["logs", "tests.Lonely"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let listening = listening.spawn().unwrap();
    while state(&there) != "running" {}
    assert_eq!(state(&here), "found");

    // Not those of the other folder's program, since it is that folder's name that is meant.
    assert_eq!(json(&here, &["stop", "tests.Lonely"]), Value::Array(Vec::new()));
    let empty = tempfile::tempdir().unwrap();
    let stopped = json(empty.path(), &["stop", "tests.Lonely"]);
    assert_eq!(stopped.as_array().unwrap().len(), 1);
    let output = listening.wait_with_output().unwrap();
    // It may have been stopped before it was activated.
    assert!(matches!(output.status.code(), Some(2 | 6)), "{output:?}");
}

#[test]
fn a_plugin_without_a_host_is_seen_called_and_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let plugins = folder.path();
    let mut serving = Serving::in_folder(plugins);
    let entry = listed(plugins);
    let process = &entry["processes"][0];
    assert_eq!((&process["pid"], &process["host"]), (&serving.child.id().into(), &Value::Null));

    let socket = process["socket"].as_str().unwrap();
    let call = goplug(plugins).args(["call", socket, "add", "a=2", "b=3"]).output().unwrap();
    assert_eq!(call.stdout, b"5\n", "{call:?}");
    let logs = goplug(plugins).args(["logs", socket]).output().unwrap();
    assert_eq!(logs.status.code(), Some(2));
    // Where its output goes is where that of the tests goes.
    let said = String::from_utf8_lossy(&logs.stderr);
    assert!(said.contains("a process without a host, whose "), "{said}");

    let mut listening = goplug(plugins);
    listening.args(["listen", socket]).stderr(Stdio::piped());
    let listening = listening.spawn().unwrap();
    let stop = goplug(plugins).args(["stop", socket]).output().unwrap();
    assert!(stop.status.success(), "{stop:?}");
    let listened = listening.wait_with_output().unwrap();
    // It may have come too late to reach the plugin at all.
    assert!(matches!(listened.status.code(), Some(2 | 6)), "{listened:?}");
    assert!(serving.child.wait().unwrap().success());
}

#[test]
fn the_log_of_a_plugin_is_shown_beside_the_result() {
    let folder = installed();
    let plugins = folder.path();
    let words = ["call", "math.Calculator", "panic", "--log", "error"];
    let output = goplug(plugins).args(words).output().unwrap();
    let shown = String::from_utf8_lossy(&output.stderr);
    assert!(shown.starts_with("ERROR math.Calculator "), "{shown}");
    assert_eq!(output.status.code(), Some(6), "{shown}");
}

#[cfg(unix)]
#[test]
fn a_path_that_is_not_utf8_is_shown_as_well_as_it_can_be() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let folder = tempfile::tempdir().unwrap();
    let plugins = folder.path().join(OsStr::from_bytes(b"odd\xff"));
    let files = json(&plugins, &["install", CALCULATOR]);
    assert!(files[0].as_str().unwrap().ends_with("/math.Calculator.pconf"), "{files}");
    std::fs::write(plugins.join(OsStr::from_bytes(b"broken\xff.pconf")), "{").unwrap();

    let list = json(&plugins, &["ls"]);
    assert_eq!(list.as_array().unwrap().len(), 2, "{list}");
    let call = goplug(&plugins).args(["call", "math.Calculator", "add", "a=2", "b=3"]).output();
    assert_eq!(call.unwrap().stdout, b"5\n");
    let removed = json(&plugins, &["uninstall", "math.Calculator"]);
    assert_eq!(removed.as_array().unwrap().len(), 2, "{removed}");
}
