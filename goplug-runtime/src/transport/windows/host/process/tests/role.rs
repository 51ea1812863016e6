//! What this test program does as the process of a test.

use std::io::{self, BufRead};
use std::process::{Child, Command, Stdio};
use std::thread;

use super::Stage;

pub(super) const ROLE: &str = "GOPLUG_TEST_ROLE";

/// What the role works on.
pub(super) const SUBJECT: &str = "GOPLUG_TEST_SUBJECT";

/// The arguments with which this program plays its role and does nothing else.
pub(super) fn arguments() -> [String; 3] {
    let module = module_path!().split_once("::").unwrap().1;
    [format!("{module}::plays_its_role"), "--exact".into(), "--nocapture".into()]
}

#[test]
fn plays_its_role() {
    let Ok(role) = std::env::var(ROLE) else { return };
    let subject = std::env::var(SUBJECT).unwrap_or_default();
    say("");
    match role.as_str() {
        "arguments" => std::env::args().for_each(|argument| say(&format!("<{argument}>"))),
        "handle" => {
            let handle = std::ptr::without_provenance_mut(subject.parse().unwrap());
            say(if is_open(handle) { "open" } else { "closed" });
        }
        "wait" => {
            say("waits");
            wait_for_ever();
        }
        "leave" => {
            let mut left = again("wait");
            say(&line(&mut left));
            std::process::exit(0);
        }
        "host" => {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            let started = runtime.block_on(async { Stage::new().role("wait", "").await });
            say(&started.child.id().to_string());
            wait_for_ever();
        }
        #[cfg(feature = "plugin")]
        "lifeline" => lives_as_long_as_its_host(),
        other => panic!("no role: {other}"),
    }
}

#[cfg(feature = "plugin")]
fn lives_as_long_as_its_host() {
    use crate::transport::{Inherited, Termination};
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let _context = runtime.enter();
    // SAFETY: no other thread of this process reads the environment.
    #[allow(unsafe_code)]
    unsafe {
        std::env::set_var("GOPLUG_PROTOCOL", "2");
        std::env::set_var("GOPLUG_NAME", "A");
    }
    let inherited = Inherited::claim().unwrap();
    say("claimed");
    let cause = Termination::listen().unwrap().requested(inherited.lifeline.as_ref());
    say(&format!("{cause:?}"));
}

#[allow(clippy::print_stdout, reason = "its host reads it")]
fn say(text: &str) {
    println!("{text}");
}

fn wait_for_ever() {
    loop {
        thread::park();
    }
}

/// This program in another role, as an ordinary child whose output is read here.
pub(super) fn again(role: &str) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(arguments()).env(ROLE, role).stdout(Stdio::piped()).spawn().unwrap()
}

/// The next line of a child's that belongs to its role.
pub(super) fn line(child: &mut Child) -> String {
    let lines = io::BufReader::new(child.stdout.as_mut().unwrap()).lines();
    lines.map(Result::unwrap).find(|line| is_of_role(line)).unwrap()
}

/// Whether a line is not one of the test program itself.
pub(super) fn is_of_role(line: &str) -> bool {
    !line.is_empty() && !line.starts_with("running ") && !line.starts_with("test ")
}

#[allow(unsafe_code)]
fn is_open(handle: std::os::windows::io::RawHandle) -> bool {
    use windows_sys::Win32::Foundation::GetHandleInformation;
    let mut flags = 0;
    // SAFETY: the call only looks at the handle, and writes a number of ours.
    unsafe { GetHandleInformation(handle, &raw mut flags) != 0 }
}
