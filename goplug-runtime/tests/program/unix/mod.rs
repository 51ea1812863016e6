//! The verbs of a plugin's program, and how it ends, by signals and descriptors.
//!
//! This executable is both the tests and the plugin that they start: if the variable
//! [`AS_PLUGIN`] is set, it is the plugin. So it has its own small test harness.

mod cleanup;
mod files;
mod plugin;
mod process;

use std::io::{BufRead, BufReader, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::process::{ChildStderr, Command, ExitCode, ExitStatus, Output, Stdio};
use std::time::Duration;

use goplug_runtime::protocol::{Descriptor, Pconf};
use process::Process;
use rustix::process::Signal;

/// The variable that makes this executable the plugin's program.
const AS_PLUGIN: &str = "GOPLUG_TEST_AS_PLUGIN";

const SOCK: &str = "Test.Sleeper.sock";

/// Longer than anything here takes, even on a busy machine.
const LIMIT: Duration = Duration::from_secs(60);

pub(crate) fn main() -> ExitCode {
    match std::env::var(AS_PLUGIN).as_deref() {
        Ok(cleanup::SAVER) => return cleanup::main(),
        Ok(_) => return plugin::main(),
        Err(_) => {}
    }
    let tests: [(&str, fn()); 33] = [
        ("describe_prints_the_descriptor", describe_prints_the_descriptor),
        ("install_writes_a_file_that_names_this_program", install_writes_a_file),
        ("a_wrong_command_line_prints_the_usage", a_wrong_command_line),
        ("without_a_host_and_a_folder_the_program_fails", nothing_to_serve),
        ("a_plugin_started_by_hand_serves_until_a_stop_request", served_by_hand),
        ("a_signal_stops_the_plugin_in_order", stopped_by_signal),
        ("a_signal_ends_a_blocked_plugin", blocked_and_signalled),
        ("a_plugin_ends_with_its_host", ends_with_its_host),
        ("a_blocked_plugin_ends_with_its_host", blocked_without_a_host),
        ("an_inactive_plugin_ends_with_its_host", idle_without_a_host),
        ("a_plugin_blocked_by_its_first_call_ends_with_its_host", blocked_at_once_without_a_host),
        ("only_the_owner_may_write_what_install_makes", files::modes_of_an_installation),
        ("a_strict_umask_stays_strict", files::a_strict_umask),
        ("install_warns_of_what_registries_refuse", files::warnings_of_an_installation),
        ("install_keeps_the_file_of_another_plugin", files::another_plugins_file),
        ("an_installed_plugin_is_not_served_from_its_folder", files::served_where_installed),
        ("files_that_are_not_left_over_stay", files::other_files_in_the_way),
        ("the_files_of_a_killed_process_are_replaced_with_their_unknown_keys", files::left_over),
        ("two_processes_of_a_plugin_do_not_share_a_folder", files::two_processes),
        (
            "an_installation_over_a_serving_process_is_kept_at_its_end",
            files::installed_while_serving,
        ),
        ("data_is_saved_after_the_hosts_death", cleanup::after_the_hosts_death),
        (
            "data_is_saved_after_the_hosts_death_with_a_full_pipe",
            cleanup::after_the_hosts_death_with_a_full_pipe,
        ),
        ("data_is_saved_after_a_signal_without_a_reader", cleanup::after_a_signal_without_a_reader),
        (
            "data_is_saved_after_a_request_without_a_reader",
            cleanup::after_a_request_without_a_reader,
        ),
        (
            "data_is_saved_when_the_reader_ends_during_the_stop",
            cleanup::when_the_reader_ends_during_the_stop,
        ),
        ("data_is_saved_when_nobody_reads_a_full_pipe", cleanup::when_nobody_reads_a_full_pipe),
        (
            "data_is_saved_when_a_call_is_blocked_by_a_full_pipe",
            cleanup::when_a_call_is_blocked_by_a_full_pipe,
        ),
        ("data_is_saved_when_the_disk_of_the_output_is_full", cleanup::when_the_disk_is_full),
        ("output_that_is_read_is_not_dropped", cleanup::what_is_read_is_not_dropped),
        ("files_are_removed_after_a_panic_in_the_hook", cleanup::after_a_panic_in_the_hook),
        ("files_are_removed_without_a_working_directory", cleanup::without_a_working_directory),
        ("a_closed_terminal_stops_the_plugin_in_order", cleanup::when_the_terminal_is_closed),
        ("signals_that_nohup_ignores_stay_ignored", cleanup::signals_that_nohup_ignores),
    ];
    let wanted: Vec<_> = std::env::args().skip(1).filter(|text| !text.starts_with('-')).collect();
    let is_wanted =
        |name: &str| wanted.is_empty() || wanted.iter().any(|text| name.contains(text.as_str()));
    let running = tests.into_iter().filter(|(name, _)| is_wanted(name)).map(|(name, test)| {
        (name, std::thread::Builder::new().name(name.into()).spawn(test).unwrap())
    });
    let mut outcome = ExitCode::SUCCESS;
    for (name, test) in running.collect::<Vec<_>>() {
        let verdict = match test.join() {
            Ok(()) => "ok",
            Err(_) => {
                outcome = ExitCode::FAILURE;
                "FAILED"
            }
        };
        let _ = writeln!(std::io::stderr(), "test {name} ... {verdict}");
    }
    outcome
}

fn program() -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.env(AS_PLUGIN, "1").stdin(Stdio::null());
    command
}

fn output(arguments: &[&str]) -> Output {
    program().args(arguments).output().unwrap()
}

/// A plugin that serves in its own folder.
struct Served {
    process: Process,
    stderr: BufReader<ChildStderr>,
    folder: tempfile::TempDir,
}

impl Served {
    fn start(command: Command) -> Self {
        Self::start_in(command, tempfile::tempdir().unwrap())
    }

    fn start_in(mut command: Command, folder: tempfile::TempDir) -> Self {
        command.arg("--dir").arg(folder.path()).stderr(Stdio::piped());
        let mut process = Process::spawn(command);
        let stderr = process.stderr();
        let mut served = Self { process, stderr, folder };
        let mut line = String::new();
        served.stderr.read_line(&mut line).unwrap();
        assert_eq!(line, format!("Test.Sleeper listens on {}\n", served.sock().display()));
        assert_eq!(served.post("Activate", ""), r#"["block","echo"]"#);
        served
    }

    /// Starts the plugin on a socket that is bound here, without activating it.
    fn start_on_socket() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join(SOCK)).unwrap();
        let mut command = with_lifeline("3<&1 >/dev/null", "LISTEN_FDS=1");
        command.stdout(OwnedFd::from(listener)).stderr(Stdio::piped());
        let mut process = Process::spawn(command);
        let stderr = process.stderr();
        let served = Self { process, stderr, folder };
        assert!(served.post("echo", r#"{"text":"hi"}"#).contains("activated"));
        served
    }

    fn sock(&self) -> std::path::PathBuf {
        self.folder.path().join(SOCK)
    }

    fn post(&self, method: &str, body: &str) -> String {
        let mut response = String::new();
        process::send(&self.sock(), method, body).read_to_string(&mut response).unwrap();
        response.split_once("\r\n\r\n").unwrap().1.to_owned()
    }

    /// Calls a method that blocks the plugin's only thread forever.
    fn block(&mut self) -> UnixStream {
        let call = process::send(&self.sock(), "block", "{}");
        let mut line = String::new();
        self.stderr.read_line(&mut line).unwrap();
        assert_eq!(line, "blocking\n");
        call
    }

    fn signal(&self) {
        self.process.signal(Signal::TERM);
    }

    fn ended(&mut self) -> ExitStatus {
        self.process.ended()
    }

    fn files(&self) -> usize {
        std::fs::read_dir(self.folder.path()).unwrap().count()
    }
}

fn describe_prints_the_descriptor() {
    let output = output(&["describe"]);
    assert!(output.status.success());
    let descriptor: Descriptor = serde_json::from_slice(&output.stdout).unwrap();
    let names: Vec<_> = descriptor.methods.iter().map(|m| m.name.as_str()).collect();
    assert_eq!((descriptor.name.as_str(), names), ("Sleeper", vec!["block", "echo"]));
}

fn install_writes_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let output = output(&["install", folder.path().to_str().unwrap()]);
    assert!(output.status.success(), "{output:?}");
    let path = String::from_utf8(output.stdout).unwrap();
    let pconf = Pconf::parse(&std::fs::read(Path::new(path.trim_end())).unwrap()).unwrap();
    assert_eq!(pconf.id().to_string(), "Test.Sleeper");
    let own = std::fs::canonicalize(std::env::current_exe().unwrap()).unwrap();
    assert_eq!(pconf.program(Path::new("/")).unwrap(), own);
    assert_eq!(pconf.sha256().unwrap().len(), 64);
    assert_eq!(pconf.methods().len(), 2);
}

fn a_wrong_command_line() {
    let output = output(&["run"]);
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.starts_with("error: unknown argument \"run\"\n\nThis program is a goplug"));
    let help = program().arg("--help").output().unwrap();
    assert!(help.status.success() && text.ends_with(&*String::from_utf8_lossy(&help.stdout)));
}

fn nothing_to_serve() {
    let output = output(&[]);
    assert_eq!(output.status.code(), Some(2));
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(text.starts_with("error: no registry has started this program\n"), "{text}");
}

fn served_by_hand() {
    let mut served = Served::start(program());
    assert_eq!(served.files(), 2);
    assert_eq!(served.post("echo", r#"{"text":"hi"}"#), r#""hi""#);
    assert_eq!(served.post("Stop", ""), "");
    assert!(served.ended().success());
    assert_eq!(served.files(), 0);
}

fn stopped_by_signal() {
    let mut served = Served::start(program());
    served.signal();
    assert!(served.ended().success());
    assert_eq!(served.files(), 0);
}

fn blocked_and_signalled() {
    let mut served = Served::start(program());
    let _call = served.block();
    served.signal();
    assert_eq!(served.ended().code(), Some(1));
    // Also a forced end leaves no file.
    assert_eq!(served.files(), 0);
}

/// The program, started by a shell that passes its standard input on as the lifeline, with
/// further redirections and variables.
fn with_lifeline(redirections: &str, variables: &str) -> Command {
    let mut command = Command::new("/bin/sh");
    let script = format!(
        "exec 4<&0 </dev/null {redirections}; \
         LISTEN_PID=$$ GOPLUG_LIFELINE=4 {variables} exec \"$0\" \"$@\""
    );
    command.arg("-c").arg(script).arg(std::env::current_exe().unwrap());
    command.env(AS_PLUGIN, "1").stdin(Stdio::piped());
    command
}

fn ends_with_its_host() {
    let mut served = Served::start(with_lifeline("", ""));
    drop(served.process.child.stdin.take());
    assert!(served.ended().success());
    assert_eq!(served.files(), 0);
}

fn blocked_without_a_host() {
    let mut served = Served::start(with_lifeline("", ""));
    let _call = served.block();
    drop(served.process.child.stdin.take());
    assert_eq!(served.ended().code(), Some(1));
}

fn idle_without_a_host() {
    let mut served = Served::start_on_socket();
    drop(served.process.child.stdin.take());
    assert!(served.ended().success());
}

fn blocked_at_once_without_a_host() {
    let mut served = Served::start_on_socket();
    served.post("Activate", "");
    let _call = served.block();
    drop(served.process.child.stdin.take());
    assert_eq!(served.ended().code(), Some(1));
}
