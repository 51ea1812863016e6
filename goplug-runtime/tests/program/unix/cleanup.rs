//! The end in a broken environment: the stop hook prints, and saves its data all the same.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{ChildStderr, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use goplug_runtime::inventory;
use goplug_runtime::plugin::program::{self, Options};
use goplug_runtime::typed::{
    Call, Entry, HookFuture, Item, MethodSpec, PluginType, PluginValue, Reply, ReplyFuture,
};
use rustix::process::Signal;

use super::process::{Process, send};
use super::{AS_PLUGIN, LIMIT, program, with_lifeline};

/// The value of [`AS_PLUGIN`] for this plugin.
pub(crate) const SAVER: &str = "saver";

/// The folder in which the stop hook makes files.
const FOLDER: &str = "GOPLUG_TEST_SAVER_FOLDER";

/// How many lines of a kilobyte the stop hook prints.
const LINES: &str = "GOPLUG_TEST_SAVER_LINES";

/// More than a pipe holds.
const MANY_LINES: usize = 1000;

pub(crate) fn main() -> std::process::ExitCode {
    program::main::<Saver>(Options::default())
}

struct Saver;

impl PluginType for Saver {
    const NAME: &'static str = "Saver";
    const NAMESPACE: &'static str = "Test";
    const VERSION: &'static str = "0.1.0";
    const URL: Option<&'static str> = None;
    const LAZY_LOAD: bool = false;
    fn create() -> Option<Self> {
        Some(Self)
    }
}

/// Prints, and then saves. A file called `gate` in the folder, if there is one, has to go first.
fn save(_: PluginValue) -> HookFuture {
    Box::pin(async move {
        let folder = PathBuf::from(std::env::var_os(FOLDER).unwrap());
        fs::write(folder.join("begun"), "")?;
        while folder.join("gate").exists() {
            std::thread::sleep(Duration::from_millis(1));
        }
        print_lines(std::env::var(LINES).map_or(1, |lines| lines.parse().unwrap()));
        eprintln!("it is saved");
        fs::write(folder.join("saved"), "")?;
        assert!(!folder.join("panic").exists(), "on purpose");
        Ok(())
    })
}

#[allow(clippy::print_stdout)]
fn print_lines(count: usize) {
    for _ in 0..count {
        println!("{}", "x".repeat(1023));
    }
}

static CHATTER: MethodSpec = MethodSpec { name: "chatter", ..MethodSpec::EMPTY };

/// Prints more than a pipe holds.
fn chatter(_: PluginValue, _: Call) -> ReplyFuture {
    Box::pin(async move {
        eprintln!("chattering");
        print_lines(MANY_LINES);
        Reply::json(&())
    })
}

inventory::submit!(Entry::new::<Saver>(Item::Method(&CHATTER, chatter)));
inventory::submit!(Entry::new::<Saver>(Item::Stop(save)));

/// The plugin, serving.
struct Saving {
    process: Process,
    stdout: Option<ChildStdout>,
    stderr: Option<BufReader<ChildStderr>>,
    /// Where the plugin serves.
    served: tempfile::TempDir,
    /// Where it saves.
    saved: tempfile::TempDir,
}

impl Saving {
    fn start(mut command: Command, lines: usize) -> Self {
        let [served, saved] = [(); 2].map(|()| tempfile::tempdir().unwrap());
        command.env(AS_PLUGIN, SAVER).env(FOLDER, saved.path()).env(LINES, lines.to_string());
        command.arg("--dir").arg(served.path()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = Process::spawn(command);
        let stdout = process.child.stdout.take();
        let stderr = Some(process.stderr());
        let mut saving = Self { process, stdout, stderr, served, saved };
        saving.read_line();
        let mut answer = String::new();
        saving.request("Activate").read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        saving
    }

    fn read_line(&mut self) {
        let mut line = String::new();
        self.stderr.as_mut().unwrap().read_line(&mut line).unwrap();
        assert!(!line.is_empty());
    }

    fn request(&self, method: &str) -> UnixStream {
        send(&self.served.path().join("Test.Saver.sock"), method, "")
    }

    /// Ends every reader of the output.
    fn close_output(&mut self) {
        drop((self.stdout.take(), self.stderr.take()));
    }

    fn signal(&self, signal: Signal) {
        self.process.signal(signal);
    }

    fn has(&self, file: &str) -> bool {
        self.saved.path().join(file).exists()
    }

    fn until(&self, file: &str) {
        let begun = Instant::now();
        while !self.has(file) {
            assert!(begun.elapsed() < LIMIT, "there is no file {file}");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Waits for the end, which has to be in good order.
    fn ends_well(mut self) {
        let status = self.process.ended();
        assert!(self.has("saved"), "{status}");
        assert!(status.success(), "{status}");
        assert_eq!(fs::read_dir(self.served.path()).unwrap().count(), 0);
    }
}

pub(crate) fn after_the_hosts_death() {
    for lines in [1, MANY_LINES] {
        let mut saving = Saving::start(with_lifeline("", ""), lines);
        saving.close_output();
        drop(saving.process.child.stdin.take());
        saving.ends_well();
    }
}

/// A process that the host has forked may hold the reading end, and not read.
pub(crate) fn after_the_hosts_death_with_a_full_pipe() {
    let mut saving = Saving::start(with_lifeline("", ""), MANY_LINES);
    drop(saving.process.child.stdin.take());
    saving.ends_well();
}

pub(crate) fn after_a_signal_without_a_reader() {
    let mut saving = Saving::start(program(), MANY_LINES);
    saving.close_output();
    saving.signal(Signal::TERM);
    saving.ends_well();
}

pub(crate) fn after_a_request_without_a_reader() {
    let mut saving = Saving::start(program(), MANY_LINES);
    saving.close_output();
    let _stopping = saving.request("Stop");
    saving.ends_well();
}

/// The signal that a host's death sends comes before the system closes the host's pipes.
pub(crate) fn when_the_reader_ends_during_the_stop() {
    let mut saving = Saving::start(program(), 1);
    fs::write(saving.saved.path().join("gate"), "").unwrap();
    saving.signal(Signal::TERM);
    saving.until("begun");
    saving.close_output();
    fs::remove_file(saving.saved.path().join("gate")).unwrap();
    saving.ends_well();
}

pub(crate) fn when_nobody_reads_a_full_pipe() {
    for by_signal in [true, false] {
        let saving = Saving::start(program(), MANY_LINES);
        let _stopping = (!by_signal).then(|| saving.request("Stop"));
        if by_signal {
            saving.signal(Signal::TERM);
        }
        saving.ends_well();
    }
}

pub(crate) fn when_a_call_is_blocked_by_a_full_pipe() {
    let mut saving = Saving::start(program(), 1);
    let _call = saving.request("chatter");
    saving.read_line();
    saving.signal(Signal::TERM);
    saving.ends_well();
}

pub(crate) fn what_is_read_is_not_dropped() {
    let mut saving = Saving::start(program(), MANY_LINES);
    let mut stdout = saving.stdout.take().unwrap();
    let mut stderr = saving.stderr.take().unwrap();
    let reader = std::thread::spawn(move || {
        let mut text = String::new();
        stdout.read_to_string(&mut text).unwrap();
        text.lines().count()
    });
    saving.signal(Signal::TERM);
    let mut text = String::new();
    stderr.read_to_string(&mut text).unwrap();
    assert_eq!(text, "it is saved\n");
    assert_eq!(reader.join().unwrap(), MANY_LINES);
    saving.ends_well();
}

/// Standard output is a file, on a disk that this test makes, fills, and shows to nobody else.
pub(crate) fn when_the_disk_is_full() {
    let own_mounts = ["-r", "-m"];
    let mut probe = Command::new("unshare");
    probe.args(own_mounts).args(["mount", "-t", "tmpfs", "none", "/mnt"]);
    if !probe.output().is_ok_and(|output| output.status.success()) {
        eprintln!("a full disk is left out: this user may not mount one");
        return;
    }
    let mut command = Command::new("unshare");
    let script = "mount -t tmpfs -o size=64k none /mnt && head -c 1000000 /dev/zero 2>&- >/mnt/full; \
                  exec \"$0\" \"$@\" >/mnt/output";
    command.args(own_mounts).args(["/bin/sh", "-c", script]).stdin(Stdio::null());
    command.arg(std::env::current_exe().unwrap());
    let saving = Saving::start(command, 2);
    saving.signal(Signal::TERM);
    saving.ends_well();
}

pub(crate) fn after_a_panic_in_the_hook() {
    let mut saving = Saving::start(program(), 1);
    fs::write(saving.saved.path().join("panic"), "").unwrap();
    saving.close_output();
    saving.signal(Signal::TERM);
    saving.ends_well();
}

pub(crate) fn without_a_working_directory() {
    let temp = tempfile::tempdir().unwrap();
    let gone = temp.path().join("gone");
    fs::create_dir(&gone).unwrap();
    let mut command = program();
    command.current_dir(&gone);
    let saving = Saving::start(command, 1);
    fs::remove_dir(&gone).unwrap();
    saving.signal(Signal::TERM);
    saving.ends_well();
}

/// The tests may run under `nohup`, whose processes ignore the signal.
pub(crate) fn when_the_terminal_is_closed() {
    let mut command = Command::new("env");
    command.arg("--default-signal=HUP").arg(std::env::current_exe().unwrap()).stdin(Stdio::null());
    let mut saving = Saving::start(command, 1);
    saving.close_output();
    saving.signal(Signal::HUP);
    saving.ends_well();
}

pub(crate) fn signals_that_nohup_ignores() {
    let mut command = Command::new("/bin/sh");
    command.arg("-c").arg("trap '' HUP INT; exec \"$0\" \"$@\"");
    command.arg(std::env::current_exe().unwrap()).stdin(Stdio::null());
    let saving = Saving::start(command, 1);
    saving.signal(Signal::HUP);
    saving.signal(Signal::INT);
    let mut answer = String::new();
    saving.request("Ping").read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 ") && !saving.has("begun"), "{answer}");
    saving.signal(Signal::TERM);
    saving.ends_well();
}
