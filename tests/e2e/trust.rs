//! Who gets in: what other users may write is not run, and other users are not spoken to.
//!
//! The second user is a process that the superuser starts under another number. Where the
//! tests do not run as the superuser, nobody else can be played; then the modes are tested.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use goplug::{Error, Event, Registry};
use goplug_tests::fixtures::calculator::{Calculator, CalculatorClient};
use serde_json::json;

use crate::foreign::Own;
use crate::stage::{CALCULATOR, STRANGER, Stage, copy_program, pconf, read_until, stage, until};

/// The user whom nobody is.
const NOBODY: u32 = 65534;

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// The stranger's program under this user, in a place that every user can reach; `None`
/// where this process cannot become somebody else.
fn stranger(stage: &Stage, user: u32) -> Option<Command> {
    set_mode(stage.path("").as_path(), 0o755);
    let program = stage.path("stranger");
    if !program.exists() {
        copy_program(STRANGER, &program);
    }
    let mut command = stage.command(program);
    command.uid(user).stdin(Stdio::null());
    // The superuser of a container may lack this right.
    let can_become = || stage.command("/bin/true").uid(user).status().is_ok();
    (is_superuser() && can_become()).then_some(command)
}

fn is_superuser() -> bool {
    rustix::process::geteuid().is_root()
}

/// What a user hears who connects to a socket; `None` where nobody else can be played.
fn knock(stage: &Stage, user: u32, socket: &Path) -> Option<String> {
    let output = stranger(stage, user)?.arg("connect").arg(socket).output().unwrap();
    Some(String::from_utf8(output.stdout).unwrap().trim().to_owned())
}

/// The reason for which a registry rejects this file or folder, as its event and as the
/// error of a load of the calculator. It is loaded by itself once the cause is mended.
async fn rejection(stage: &Stage, rejected: &Path, mend: impl FnOnce()) -> String {
    let registry = stage.watching().await;
    let mut events = registry.events();
    let seen = read_until(
        &mut events,
        "the rejection",
        |event| matches!(event, Event::Rejected { path, .. } if path == rejected),
    );
    let Some(Event::Rejected { reason, .. }) = seen.await.pop() else { unreachable!() };
    let error = registry.load("Calculator", "math").await.unwrap_err();
    assert_eq!(error.to_string(), format!("{}: {reason}", rejected.display()));
    assert!(matches!(error, Error::Rejected { .. }), "{error:?}");
    assert!(stage.processes().is_empty());
    mend();
    registry.load("Calculator", "math").await.unwrap();
    reason.replace(&stage.path("").display().to_string(), "STAGE/")
}

#[test]
fn sockets_and_their_folders_are_private() {
    stage(async |stage| {
        let (_registry, calculator) = stage.calculator().await;
        let socket = calculator.plugin().socket().unwrap();
        assert_eq!((mode(&socket), mode(socket.parent().unwrap())), (0o600, 0o700));

        let folder = stage.path("of its own");
        let mut command = stage.command(CALCULATOR);
        let mut own = command.arg("--dir").arg(&folder).stderr(Stdio::null()).spawn().unwrap();
        let socket = folder.join("math.Calculator.sock");
        until("it listens", || socket.exists()).await;
        assert_eq!((mode(&socket), mode(&folder)), (0o600, 0o700));
        own.kill().unwrap();
        own.wait().unwrap();
    });
}

#[test]
fn a_folder_that_others_may_write_is_refused_with_all_that_is_in_it() {
    stage(async |stage| {
        stage.install_calculator();
        let folder = stage.folder();
        set_mode(&folder, 0o777);
        let reason = rejection(stage, &folder, || set_mode(&folder, 0o755)).await;
        let expected = "the folder is not to be trusted: every user may write it (mode 0777)";
        assert_eq!(reason, expected);
    });
}

#[test]
fn a_pconf_that_others_may_write_is_refused() {
    stage(async |stage| {
        let file = stage.install_calculator();
        set_mode(&file, 0o646);
        let reason = rejection(stage, &file, || set_mode(&file, 0o644)).await;
        assert_eq!(reason, "it is not to be trusted: every user may write it (mode 0646)");
    });
}

/// Installs the calculator with a program of its own, in a folder of its own.
fn install_program(stage: &Stage) -> (PathBuf, PathBuf) {
    let folder = stage.folder().join("bin");
    fs::create_dir(&folder).unwrap();
    let program = folder.join("program");
    copy_program(CALCULATOR, &program);
    set_mode(&program, 0o755);
    let file = stage.put_pconf("math.Calculator.pconf", &pconf::<Calculator>("bin/program"));
    (file, program)
}

#[test]
fn a_program_that_others_may_write_is_refused() {
    stage(async |stage| {
        let (file, program) = install_program(stage);
        set_mode(&program, 0o777);
        let reason = rejection(stage, &file, || set_mode(&program, 0o755)).await;
        let expected = "the program STAGE/plugins/bin/program is not to be trusted: every user \
                        may write it (mode 0777)";
        assert_eq!(reason, expected);
    });
}

#[test]
fn a_program_in_a_folder_that_others_may_write_is_refused() {
    stage(async |stage| {
        let (file, program) = install_program(stage);
        let folder = program.parent().unwrap();
        set_mode(folder, 0o777);
        let reason = rejection(stage, &file, || set_mode(folder, 0o755)).await;
        let expected = "the folder STAGE/plugins/bin of the program is not to be trusted: every \
                        user may write it (mode 0777)";
        assert_eq!(reason, expected);
    });
}

#[test]
fn a_registry_that_is_told_to_trust_them_loads_them_all() {
    stage(async |stage| {
        let (file, program) = install_program(stage);
        for path in [stage.folder().as_path(), &file, &program, program.parent().unwrap()] {
            set_mode(path, 0o777);
        }
        let registry = stage.registry().trust_writable(true).start().await.unwrap();
        let calculator: CalculatorClient = registry.client().await.unwrap();
        assert_eq!(calculator.add(2, 3).await.unwrap(), 5);
    });
}

#[test]
fn what_another_user_has_put_there_is_refused() {
    stage(async |stage| {
        let file = stage.install_calculator();
        if !is_superuser() || chown(&file, Some(NOBODY), None).is_err() {
            return;
        }
        let reason = rejection(stage, &file, || chown(&file, Some(0), None).unwrap()).await;
        assert_eq!(reason, "it is not to be trusted: it belongs to another user (uid 65534)");
    });
}

#[test]
fn another_user_cannot_connect_to_a_plugin() {
    stage(async |stage| {
        let (_registry, calculator) = stage.calculator().await;
        let socket = calculator.plugin().socket().unwrap();
        if let Some(outcome) = knock(stage, NOBODY, &socket) {
            assert_eq!(outcome, "permission denied");
            assert_eq!(knock(stage, 0, &socket).unwrap(), "answered");
        }
    });
}

#[test]
fn another_user_to_whom_the_modes_were_opened_is_not_answered() {
    stage(async |stage| {
        let (_registry, calculator) = stage.calculator().await;
        let socket = calculator.plugin().socket().unwrap();
        set_mode(socket.parent().unwrap(), 0o777);
        set_mode(&socket, 0o666);
        if let Some(outcome) = knock(stage, NOBODY, &socket) {
            assert_eq!(outcome, "closed without an answer");
            assert_eq!(knock(stage, 0, &socket).unwrap(), "answered");
        }
        assert_eq!(calculator.add(2, 3).await.unwrap(), 5);
    });
}

#[test]
fn another_user_cannot_connect_to_a_plugin_that_started_itself() {
    stage(async |stage| {
        let _own = Own::start(stage);
        let socket = stage.folder().join("math.Calculator.sock");
        until("it listens", || socket.exists()).await;
        set_mode(&stage.folder(), 0o755);
        if let Some(outcome) = knock(stage, NOBODY, &socket) {
            assert_eq!(outcome, "permission denied");
            set_mode(&socket, 0o666);
            assert_eq!(knock(stage, NOBODY, &socket).unwrap(), "closed without an answer");
        }
    });
}

#[test]
fn a_socket_on_which_another_user_listens_is_refused_before_anything_is_sent() {
    stage(async |stage| {
        let Some(mut command) = stranger(stage, NOBODY) else { return };
        let place = stage.path("place");
        fs::create_dir(&place).unwrap();
        set_mode(&place, 0o777);
        let socket = place.join("s");
        command.arg("listen").arg(&socket).stdout(Stdio::piped());
        let mut listening = command.spawn().unwrap();
        let mut lines = BufReader::new(listening.stdout.take().unwrap()).lines();
        assert_eq!(lines.next().unwrap().unwrap(), "listening");

        let keys = json!({"Name": "Calculator", "NameSpace": "math", "Sock": socket});
        stage.put_pconf("math.Calculator.pconf", &keys);
        let registry: Registry = stage.registry().start().await.unwrap();
        let error = registry.load("Calculator", "math").await.unwrap_err();

        let Error::Rejected { reason, .. } = &error else { panic!("{error:?}") };
        assert_eq!(reason, "another user listens on the socket (uid 65534)");
        drop(registry);
        listening.kill().unwrap();
        listening.wait().unwrap();
        assert!(lines.next().is_none(), "it has heard something");
    });
}
