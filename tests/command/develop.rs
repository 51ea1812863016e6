//! `goplug dev`: a host calls a plugin all the time while somebody changes the plugin's source.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

const GOPLUG: &str = env!("CARGO_BIN_EXE_command-goplug");
const HOST: &str = env!("CARGO_BIN_EXE_command-host");
const CALCULATOR: &str = env!("CARGO_BIN_EXE_command-calculator");

/// Long enough for the first build, which may have to make everything that a plugin needs.
const SOON: Duration = Duration::from_secs(300);

/// A running `goplug dev`, whose output a test reads line by line. Dropping this ends it.
struct Development {
    child: Child,
    lines: Receiver<String>,
    /// All lines so far.
    said: Vec<String>,
}

impl Development {
    fn start(project: &Path, arguments: &[&str]) -> Self {
        Self::start_by(Command::new(GOPLUG), project, arguments)
    }

    /// Starts it by a command that ends in the program.
    fn start_by(mut command: Command, project: &Path, arguments: &[&str]) -> Self {
        command.arg("dev").args(["--dir", "plugins"]).args(arguments).current_dir(project);
        command.env("CARGO_TERM_COLOR", "never").env_remove("GOPLUG_DIR");
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (sender, lines) = channel();
        pass_on(child.stdout.take().unwrap(), sender.clone());
        pass_on(child.stderr.take().unwrap(), sender);
        Self { child, lines, said: Vec::new() }
    }

    /// Builds a project where this workspace is built, and runs a host.
    fn by_cargo(project: &Path, run: &str) -> Self {
        let target = target();
        let cargo = ["--", "--offline", "--target-dir", target.to_str().unwrap()];
        Self::start(project, &[["--run", run].as_slice(), &cargo].concat())
    }

    /// Waits for a line with this text.
    fn wait_for(&mut self, text: &str) -> String {
        let until = Instant::now() + SOON;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let Ok(line) = self.lines.recv_timeout(left) else {
                panic!("{text:?} was not said, only {:#?}", self.said);
            };
            self.said.push(line.clone());
            if line.contains(text) {
                return line;
            }
        }
    }

    /// Waits for a line with this text, unless it was said before: the host's lines come in no order
    /// with those of the command.
    fn has_said(&mut self, text: &str) -> String {
        let said = self.said.iter().find(|line| line.contains(text)).cloned();
        said.unwrap_or_else(|| self.wait_for(text))
    }

    /// Waits until it says that a new process serves a plugin, and returns the process's id.
    fn served(&mut self, plugin: &str) -> u32 {
        let line = self.wait_for(&format!("{plugin} serves after "));
        eprintln!("{line}");
        pid(&line)
    }

    /// Ends it as Ctrl-C does, and returns the exit status.
    fn interrupt(&mut self) -> i32 {
        self.end_by("-INT")
    }

    fn end_by(&mut self, signal: &str) -> i32 {
        let process = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &process]).status().unwrap().success());
        self.child.wait().unwrap().code().unwrap()
    }
}

impl Drop for Development {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            self.interrupt();
        }
    }
}

fn pass_on(output: impl Read + Send + 'static, sender: Sender<String>) {
    thread::spawn(move || {
        let lines = BufReader::new(output).lines().map_while(Result::ok);
        lines.for_each(|line| drop(sender.send(line)));
    });
}

/// A package of this name with a plugin, whose method answers with this.
fn project(name: &str, answer: &str) -> tempfile::TempDir {
    let project = tempfile::tempdir().unwrap();
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap();
    let manifest = format!(
        "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n\n\
         [dependencies]\ngoplug = {{ path = {:?}, default-features = false, features = [\"plugin\"] }}\n",
        workspace.join("goplug")
    );
    fs::create_dir(project.path().join("src")).unwrap();
    fs::write(project.path().join("Cargo.toml"), manifest).unwrap();
    // The versions that are there already.
    fs::copy(workspace.join("Cargo.lock"), project.path().join("Cargo.lock")).unwrap();
    save(project.path(), answer);
    project
}

fn save(project: &Path, answer: &str) {
    save_method(project, "answer", answer);
}

fn save_method(project: &Path, method: &str, answer: &str) {
    let source = format!(
        "#[goplug::plugin]\n#[derive(Default)]\nstruct Tiny;\n\n#[goplug::method(Tiny)]\nfn {method}() \
         -> i32 {{\n    {answer}\n}}\n\ngoplug::main!(Tiny);\n"
    );
    fs::write(project.join("src/main.rs"), source).unwrap();
}

/// The first process that a line names.
fn pid(line: &str) -> u32 {
    let after = line.split_once("(pid ").unwrap().1;
    after[..after.find(')').unwrap()].parse().unwrap()
}

/// The processes of the only plugin that is installed.
fn running(project: &Path) -> Vec<u32> {
    let mut command = Command::new(GOPLUG);
    command.args(["--json", "ls", "--dir", "plugins"]).current_dir(project);
    let list: serde_json::Value =
        serde_json::from_slice(&command.output().unwrap().stdout).unwrap();
    let processes = list[0]["processes"].as_array().unwrap().iter();
    processes.map(|process| process["pid"].as_u64().unwrap().try_into().unwrap()).collect()
}

/// The folder in which this workspace is built.
fn target() -> PathBuf {
    Path::new(GOPLUG).ancestors().nth(2).unwrap().to_owned()
}

fn until(what: &str, condition: impl Fn() -> bool) {
    let since = Instant::now();
    while !condition() {
        assert!(since.elapsed() < SOON, "it did not come true that {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_save_replaces_the_plugin_under_a_host_and_no_call_fails() {
    let project = project("tiny", "1");
    let run = format!("exec {HOST} plugins");
    let mut development = Development::by_cargo(project.path(), &run);
    let first = development.served("Tiny");
    let host = development.has_said("process ");
    development.has_said("answer 1");

    save(project.path(), "1 +");
    development.wait_for("the build failed; the plugins that are installed stay");
    let has_shown = development.said.iter().any(|line| line.contains("error: expected"));
    assert!(has_shown, "{:#?}", development.said);

    save(project.path(), "1 + 1");
    let installed = development.wait_for("installed Tiny in ");
    assert!(installed.starts_with("dev: "), "{installed}");
    let second = development.served("Tiny");
    assert_ne!(first, second);
    assert_eq!(running(project.path()), [second]);
    development.has_said("answer 2");

    assert_eq!(development.interrupt(), 130);
    let host = PathBuf::from("/proc").join(host.strip_prefix("process ").unwrap());
    until("the host has ended", || !host.exists());
    development.said.extend(development.lines.iter());
    let failed = development.said.iter().filter(|line| line.starts_with("failed: "));
    assert_eq!(failed.collect::<Vec<_>>(), Vec::<&String>::new());
}

#[test]
fn other_languages_have_a_command_that_builds_and_a_host_that_ends_is_started_again() {
    let project = tempfile::tempdir().unwrap();
    let build = format!("cp {CALCULATOR} made");
    let arguments = ["--build", &build, "--program", "made", "--run", "echo it runs"];
    let mut development = Development::start(project.path(), &arguments);
    development.wait_for("the host has ended (exit status: 0)");
    development.has_said("it runs");
    let pconf = project.path().join("plugins/math.Calculator.pconf");
    let text = fs::read_to_string(&pconf).unwrap();
    assert!(text.contains("\"Development\": true") && !text.contains("Sha256"), "{text}");

    fs::write(project.path().join("source"), "").unwrap();
    development.wait_for("it runs");
    assert_eq!(development.interrupt(), 130);
}

#[test]
fn what_it_prints_into_a_file_of_the_project_is_no_save() {
    let project = tempfile::tempdir().unwrap();
    let builds = tempfile::NamedTempFile::new().unwrap();
    let build = format!("cp {CALCULATOR} made; echo built >> {}", builds.path().display());
    let mut shell = Command::new("sh");
    shell.args(["-c", "exec \"$0\" \"$@\" > log 2> errors", GOPLUG]);
    // A build that a save has started would be over before the host is.
    let run = "echo it runs; echo it runs >&2; sleep 1";
    let arguments = ["--build", &build, "--program", "made", "--run", run];
    let mut development = Development::start_by(shell, project.path(), &arguments);
    let has_ended = || {
        let log = fs::read_to_string(project.path().join("errors")).unwrap_or_default();
        log.contains("the host has ended")
    };
    until("the host has ended", has_ended);
    assert_eq!(fs::read_to_string(builds.path()).unwrap(), "built\n");
    assert_eq!(development.interrupt(), 130);
}

#[test]
fn a_host_that_refuses_the_new_process_keeps_the_old_one_and_that_is_said() {
    let project = project("tiny-refused", "1");
    let run = format!("exec {HOST} plugins typed");
    let mut development = Development::by_cargo(project.path(), &run);
    let first = development.served("Tiny");
    save_method(project.path(), "renamed", "2");
    // On a busy machine the new process may be gone before anybody has seen it.
    let refused = development.wait_for(&format!(", and the old one (pid {first}) serves on; "));
    let is_seen = refused.starts_with("dev: Tiny: the new process (pid ");
    assert!(is_seen || refused.starts_with("dev: Tiny: no new process serves"), "{refused}");
    assert_eq!(running(project.path()), [first]);

    save(project.path(), "3");
    assert_ne!(development.served("Tiny"), first);
    development.has_said("answer 3");
    assert!(!development.said.iter().any(|line| line.starts_with("failed: ")));
}

/// A project whose build copies the calculator.
fn calculator(host: &str) -> (tempfile::TempDir, Vec<String>) {
    let build = format!("cp {CALCULATOR} made");
    let arguments = ["--build", &build, "--program", "made", "--run", host];
    (tempfile::tempdir().unwrap(), arguments.map(str::to_owned).to_vec())
}

#[test]
fn a_plugin_that_ends_and_is_not_started_again_is_said() {
    let (project, arguments) = calculator(&format!("exec {HOST} plugins calculator"));
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let mut development = Development::start(project.path(), &arguments);
    let process = development.served("math.Calculator");
    let killed = Command::new("kill").args(["-KILL", &process.to_string()]).status();
    assert!(killed.unwrap().success());
    let ended = development.wait_for("dev: math.Calculator has ended (pid ");
    assert!(ended.ends_with(&format!("(pid {process}), and is not started again")), "{ended}");
    fs::write(project.path().join("source"), "").unwrap();
    development.wait_for("dev: math.Calculator: no process serves it");
    assert_eq!(development.interrupt(), 130);
}

#[test]
fn a_host_that_starts_its_plugins_when_it_needs_them_is_no_failure() {
    let (project, arguments) = calculator(&format!("exec {HOST} plugins lazy"));
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let mut development = Development::start(project.path(), &arguments);
    development.wait_for("process ");
    for file in ["one", "two"] {
        fs::write(project.path().join(file), "").unwrap();
        development.wait_for("installed math.Calculator in ");
    }
    fs::write(project.path().join("needed"), "").unwrap();
    development.served("math.Calculator");
    assert!(!development.said.iter().any(|line| line.contains("math.Calculator: ")));
}

fn save_host(project: &Path, says: &str) {
    let source =
        format!("fn main() {{\n    println!({says:?});\n    loop {{ std::thread::park() }}\n}}\n");
    fs::create_dir_all(project.join("src/bin")).unwrap();
    fs::write(project.join("src/bin/tiny-own-host.rs"), source).unwrap();
}

#[test]
fn a_host_whose_own_program_has_changed_is_started_again() {
    let project = project("tiny-with-host", "1");
    save_host(project.path(), "the first host");
    let run = format!("exec {}/debug/tiny-own-host", target().display());
    let mut development = Development::by_cargo(project.path(), &run);
    development.wait_for("the first host");
    save(project.path(), "2");
    development.wait_for("installed Tiny in ");
    save_host(project.path(), "the second host");
    development.wait_for("dev: the host has changed, and is started again");
    development.wait_for("dev: runs ");
    development.has_said("the second host");
    assert_eq!(development.interrupt(), 130);
}

#[test]
fn each_step_is_an_object_with_json() {
    let (project, arguments) = calculator(&format!("exec {HOST} plugins calculator"));
    let mut command = Command::new(GOPLUG);
    command.args(["--json", "dev", "--dir", "plugins"]).args(arguments).current_dir(project.path());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let mut steps = Vec::new();
    for line in lines {
        let step: serde_json::Value = serde_json::from_str(&line).unwrap();
        steps.push(step["step"].as_str().unwrap().to_owned());
        if steps.last().unwrap() == "serve" {
            assert_eq!(step["plugin"], "math.Calculator", "{step}");
            assert!(step["pid"].is_u64() && step["milliseconds"].is_u64(), "{step}");
            break;
        }
    }
    assert_eq!(steps, ["build", "install", "run", "serve"]);
    let interrupted = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(interrupted.unwrap().success());
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(130));
    let shown = String::from_utf8_lossy(&ended.stderr);
    assert!(shown.starts_with("process "), "{shown}");
    assert!(shown.contains("\"cause\":\"interrupted\""), "{shown}");
}

#[test]
fn the_host_ends_with_the_command_however_that_is_told_to_end() {
    for signal in ["-TERM", "-HUP"] {
        let (project, arguments) = calculator(&format!("exec {HOST} plugins calculator"));
        let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
        let mut development = Development::start(project.path(), &arguments);
        let host = development.wait_for("process ");
        assert_eq!(development.end_by(signal), 130);
        let host = PathBuf::from("/proc").join(host.strip_prefix("process ").unwrap());
        until("the host has ended", || !host.exists());
    }
}

#[test]
fn what_is_not_watched_is_said_and_the_rest_goes_on() {
    let set = "echo 3 >/proc/sys/user/max_inotify_watches && exec \"$@\"";
    let words = ["--user", "--map-root-user", "sh", "-c", set, "sh"];
    let is_possible = Command::new("unshare").args(words).arg("true").status();
    if !is_possible.is_ok_and(|status| status.success()) {
        eprintln!("nothing is checked: there are no user namespaces here");
        return;
    }
    let project = tempfile::tempdir().unwrap();
    for folder in ["a", "b", "c", "d"] {
        fs::create_dir(project.path().join(folder)).unwrap();
    }
    let mut command = Command::new("unshare");
    command.args(words).arg(GOPLUG);
    let build = format!("cp {CALCULATOR} made");
    let arguments = ["--build", &build, "--program", "made", "--run", "echo it runs"];
    let mut development = Development::start_by(command, project.path(), &arguments);
    let refused = development.wait_for(" are not noticed: ");
    assert!(refused.contains("the limit fs.inotify.max_user_watches ("), "{refused}");
    development.wait_for("it is started again after the next save");
    development.has_said("it runs");
    fs::write(project.path().join("source"), "").unwrap();
    development.wait_for("it runs");
}

#[test]
fn a_build_without_a_plugin_is_an_error_that_says_what_to_do() {
    let project = tempfile::tempdir().unwrap();
    fs::create_dir(project.path().join("src")).unwrap();
    fs::write(project.path().join("src/main.rs"), "fn main() {}\n").unwrap();
    let manifest = "[package]\nname = \"none\"\nedition = \"2024\"\n\n[workspace]\n";
    fs::write(project.path().join("Cargo.toml"), manifest).unwrap();
    let mut development = Development::start(project.path(), &[]);
    development
        .wait_for("goplug: the build makes no plugin's program; run this in a plugin's package");
    assert_eq!(development.child.wait().unwrap().code(), Some(1));
}
