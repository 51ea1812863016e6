//! Plugins in a debugger: served by hand for a host, or held while the host has started them.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use goplug_tests::fixtures::calculator::Calculator;
use goplug_tests::system::signal;
use rustix::process::Signal;

use crate::test_env::{
    CALCULATOR, TOLD, TestEnv, WAIT_TIMEOUT, exists, kill, pconf, run_test, until,
};

/// Longer than three deadlines of the host's calls, and than its health check allows.
const LONG: Duration = Duration::from_millis(1200);

/// A program whose output a test reads line by line. Dropping this kills it.
struct Spoken {
    child: Child,
    lines: Receiver<String>,
}

impl Spoken {
    fn start(mut command: Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            // The test need not wait for everything that is said.
            output.lines().map_while(Result::ok).for_each(|line| drop(sender.send(line)));
        });
        Self { child, lines }
    }

    /// The next line.
    fn line(&self) -> String {
        self.lines.recv_timeout(WAIT_TIMEOUT).expect("it says nothing")
    }

    /// The next line that is no event.
    fn outcome(&self) -> String {
        loop {
            let line = self.line();
            if !line.starts_with("event ") {
                return line;
            }
        }
    }

    fn tell(&mut self, command: &str) {
        writeln!(self.child.stdin.as_mut().unwrap(), "{command}").unwrap();
    }

    fn ask(&mut self, command: &str) -> String {
        self.tell(command);
        self.outcome()
    }

    /// Closes the input, and waits for the end.
    async fn end(&mut self) {
        drop(self.child.stdin.take());
        until("the process ends", || self.child.try_wait().unwrap().is_some()).await;
    }
}

impl Drop for Spoken {
    fn drop(&mut self) {
        kill(self.child.id());
        drop(self.child.wait());
    }
}

/// A calculator that is served by hand, and the variable that it prints.
fn debugged(env: &TestEnv) -> (Spoken, String) {
    let temp = env.path("tmp");
    fs::create_dir_all(&temp).unwrap();
    let mut command = env.command(CALCULATOR);
    command.arg("debug").env("TMPDIR", temp);
    let debugged = Spoken::start(command);
    let line = debugged.line();
    (debugged, line)
}

/// A host with this variable, whose log is a file.
fn host(env: &TestEnv, variable: &str, idle: &str) -> Spoken {
    let mut command = env.command(TOLD);
    command.arg(env.folder()).arg(idle).stderr(fs::File::create(env.path("log")).unwrap());
    if let Some((name, value)) = variable.split_once('=') {
        command.env(name, value);
    }
    Spoken::start(command)
}

fn socket(variable: &str) -> PathBuf {
    variable.strip_prefix("GOPLUG_ATTACH=math.Calculator=").unwrap().into()
}

/// What Ctrl-C sends. If these tests ignore that, as in the background of a shell, so does what they start.
fn interrupt() -> Signal {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap();
    let ignored = u64::from_str_radix(ignored.trim(), 16).unwrap();
    let interrupt = Signal::INT;
    let bit = 1 << (interrupt.as_raw() - 1);
    if ignored & bit == 0 { interrupt } else { Signal::TERM }
}

#[test]
fn the_verb_debug_prints_one_line_and_leaves_nothing_behind() {
    run_test(async |env| {
        let (mut debugged, line) = debugged(env);
        let socket = socket(&line);
        assert!(socket.exists(), "{line}");
        let folder = socket.parent().unwrap();
        assert_eq!(fs::metadata(folder).unwrap().permissions().mode() & 0o777, 0o700);
        signal(debugged.child.id(), interrupt());
        until("it ends", || debugged.child.try_wait().unwrap().is_some()).await;
        assert!(debugged.child.wait().unwrap().success());
        assert!(!folder.exists());
        assert!(debugged.lines.recv().is_err(), "it has said more");
    });
}

#[test]
fn an_empty_variable_names_no_folder_for_temporary_files() {
    run_test(async |env| {
        let mut command = env.command(CALCULATOR);
        command.arg("debug").env("TMPDIR", "").current_dir(env.folder());
        let mut debugged = Spoken::start(command);
        let line = debugged.line();
        assert!(socket(&line).starts_with("/tmp"), "{line}");
        signal(debugged.child.id(), interrupt());
        until("it ends", || debugged.child.try_wait().unwrap().is_some()).await;
    });
}

#[test]
fn a_host_uses_the_process_that_its_variable_names_and_leaves_it_running() {
    run_test(async |env| {
        env.install_calculator();
        let (debugged, variable) = debugged(env);
        let process = debugged.child.id();
        let loaded = format!("loaded {process}");
        let mut killed = host(env, &variable, "idle");
        assert_eq!(killed.ask("load"), loaded);
        kill(killed.child.id());
        killed.child.wait().unwrap();

        let mut host = host(env, &variable, "idle");
        host.tell("load");
        let said: Vec<_> = std::iter::repeat_with(|| host.line()).take(4).collect();
        let attached = format!("socket: {:?}", socket(&variable));
        assert!(said.iter().any(|line| line.contains(&attached)), "{said:?}");
        assert!(said.contains(&loaded), "{said:?}");
        assert_eq!(host.ask("unload"), "unloaded");
        assert_eq!(host.ask("load"), loaded);
        host.end().await;
        assert!(exists(process));
        let log = fs::read_to_string(env.path("log")).unwrap();
        assert!(log.contains("WARN") && log.contains("GOPLUG_ATTACH"), "{log}");
    });
}

#[test]
fn what_the_variable_names_in_vain_is_an_error_that_names_the_variable() {
    run_test(async |env| {
        env.install_calculator();
        let said = host(env, "GOPLUG_ATTACH=math.Calculator", "").outcome();
        assert!(said.starts_with("error: ") && said.contains("GOPLUG_ATTACH"), "{said}");

        let variable = "GOPLUG_ATTACH=math.Calculator=/nowhere.sock,X=/x,maths.Calculator=/x";
        let mut host = host(env, variable, "");
        let said = host.ask("load");
        assert!(said.contains("/nowhere.sock") && said.contains("GOPLUG_ATTACH"), "{said}");
        let log = fs::read_to_string(env.path("log")).unwrap();
        assert!(
            log.contains("GOPLUG_ATTACH names X, which cannot be used: no plugin X in"),
            "{log}"
        );
        assert!(log.contains("did you mean math.Calculator?"), "{log}");
        host.end().await;
    });
}

#[test]
fn a_plugin_that_is_installed_for_development_is_loaded_with_a_warning() {
    run_test(async |env| {
        let mut keys = pconf::<Calculator>(CALCULATOR);
        keys["Development"] = true.into();
        env.put_pconf("math.Calculator.pconf", &keys);
        let mut host = host(env, "", "");
        host.tell("load");
        let said: Vec<_> = std::iter::repeat_with(|| host.line()).take(4).collect();
        let position = |event| said.iter().position(|line| line.contains(event));
        assert!(position("InDevelopment").unwrap() < position("event Loaded").unwrap(), "{said:?}");
        host.end().await;
        let log = fs::read_to_string(env.path("log")).unwrap();
        assert!(log.contains("WARN") && log.contains("may change at any time"), "{log}");
    });
}

/// A debugger that stops a process where the calculator adds, until a test lets it go. It is detached
/// then.
struct Debugger {
    child: Child,
    hit: PathBuf,
    go: PathBuf,
}

impl Debugger {
    /// `None` where there is no debugger, or where it may not debug. Says so.
    async fn attach(env: &TestEnv, process: u32) -> Option<Self> {
        let found = Command::new("gdb").arg("--version").output();
        if let Err(error) = found {
            eprintln!("not checked: gdb cannot be run: {error}");
            return None;
        }
        let [ready, hit, go] = ["ready", "hit", "go"].map(|name| env.path(name));
        let wait = format!(
            "shell touch {}; while [ ! -e {} ]; do sleep 0.02; done",
            hit.display(),
            go.display()
        );
        let mut command = Command::new("gdb");
        command.args(["-nx", "-batch", "-p", &process.to_string()]);
        for each in [
            // The symbol's own name ends with a hash.
            "rbreak ^goplug_tests::fixtures::calculator::add",
            &format!("shell touch {}", ready.display()),
            "continue",
            &wait,
            "detach",
        ] {
            command.args(["-ex", each]);
        }
        let output = fs::File::create(env.path("gdb")).unwrap();
        let mut child = command
            .stdin(Stdio::null())
            .stderr(output.try_clone().unwrap())
            .stdout(output)
            .spawn()
            .unwrap();
        until("the debugger holds the process", || {
            ready.exists() || child.try_wait().unwrap().is_some()
        })
        .await;
        let said = fs::read_to_string(env.path("gdb")).unwrap();
        if said.contains("not permitted") {
            eprintln!("not checked: gdb may not debug: {said}");
            drop(child.wait());
            return None;
        }
        assert!(said.contains("Breakpoint 1"), "{said}");
        Some(Self { child, hit, go })
    }

    /// Waits until the process is stopped, and for as long as a call may not take.
    async fn hold(&self) {
        until("the breakpoint is reached", || self.hit.exists()).await;
        let since = Instant::now();
        until("the deadlines have passed", || since.elapsed() > LONG).await;
    }

    async fn let_go(&mut self) {
        fs::write(&self.go, "").unwrap();
        until("the debugger ends", || self.child.try_wait().unwrap().is_some()).await;
    }
}

impl Drop for Debugger {
    fn drop(&mut self) {
        // It lets the process go when it has what it waits for.
        drop(fs::write(&self.go, ""));
        drop(self.child.wait());
    }
}

#[test]
fn a_call_to_an_attached_plugin_outlives_every_deadline_at_a_breakpoint() {
    run_test(async |env| {
        env.install_calculator();
        let (debugged, variable) = debugged(env);
        let mut host = host(env, &variable, "idle");
        let loaded = host.ask("load");
        let Some(mut debugger) = Debugger::attach(env, debugged.child.id()).await else { return };
        host.tell("add");
        debugger.hold().await;
        debugger.let_go().await;
        assert_eq!(host.outcome(), "sum 5");
        assert_eq!(host.ask("load"), loaded);
        host.end().await;
    });
}

#[test]
fn a_debugger_suspends_the_deadline_and_the_health_check_of_a_process_that_the_host_started() {
    for call in ["add", "add-blocking"] {
        run_test(async |env| {
            env.install_calculator();
            let mut host = host(env, "", "");
            let loaded = host.ask("load");
            let process = loaded.strip_prefix("loaded ").unwrap().parse().unwrap();
            let Some(mut debugger) = Debugger::attach(env, process).await else { return };
            host.tell(call);
            debugger.hold().await;
            debugger.let_go().await;
            assert_eq!(host.outcome(), "sum 5");
            assert_eq!(host.ask("load"), loaded, "the health check has ended the process");
            // No debugger, so the deadline counts.
            let (begun, gate) = (env.path("begun"), env.path("gate"));
            let said = host.ask(&format!("wait {} {}", begun.display(), gate.display()));
            assert!(said.contains("within 200ms"), "{said}");
            host.end().await;
        });
    }
}

#[test]
fn a_debugger_holds_up_no_stop_of_the_host() {
    run_test(async |env| {
        env.install_calculator();
        let mut host = host(env, "", "");
        let loaded = host.ask("load");
        let process = loaded.strip_prefix("loaded ").unwrap().parse().unwrap();
        let Some(debugger) = Debugger::attach(env, process).await else { return };
        host.tell("add");
        until("the breakpoint is reached", || debugger.hit.exists()).await;
        host.end().await;
        drop(debugger);
        until("the process has ended", || !exists(process)).await;
    });
}
