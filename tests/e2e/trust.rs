//! Other users of the machine: files that they may write are not used, and their processes
//! get no answer.
//!
//! A superuser can start a process as another user. Where the tests do not run as the
//! superuser, only the modes of files and sockets are tested.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use goplug::{Error, Event, Registry};
use goplug_tests::fixtures::calculator::{Calculator, CalculatorClient};
use serde_json::json;

use crate::foreign::SelfStarted;
use crate::test_env::{
    CALCULATOR, STRANGER, TestEnv, copy_program, pconf, read_until, run_test, until,
};

/// The id of the user `nobody`.
const NOBODY: u32 = 65534;

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// A command that runs the program `stranger` as this user, from a folder that every user can
/// read; `None` if this process may not change its user.
fn stranger(env: &TestEnv, user: u32) -> Option<Command> {
    set_mode(env.path("").as_path(), 0o755);
    let program = env.path("stranger");
    if !program.exists() {
        copy_program(STRANGER, &program);
    }
    let mut command = env.command(program);
    command.uid(user).stdin(Stdio::null());
    // The superuser of a container may not be allowed to.
    let can_become = || env.command("/bin/true").uid(user).status().is_ok();
    (is_superuser() && can_become()).then_some(command)
}

fn is_superuser() -> bool {
    rustix::process::geteuid().is_root()
}

/// The outcome of a connection to a socket by this user; `None` if this process may not
/// change its user.
fn connect_as(env: &TestEnv, user: u32, socket: &Path) -> Option<String> {
    let output = stranger(env, user)?.arg("connect").arg(socket).output().unwrap();
    Some(String::from_utf8(output.stdout).unwrap().trim().to_owned())
}

/// The reason for which a registry rejects this file or folder. Checks that the event and the
/// error of a load agree, and that the calculator is loaded once the cause is mended.
async fn rejection(env: &TestEnv, rejected: &Path, mend: impl FnOnce()) -> String {
    let registry = env.watching().await;
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
    assert!(env.processes().is_empty());
    mend();
    registry.load("Calculator", "math").await.unwrap();
    reason.replace(&env.path("").display().to_string(), "TEMP/")
}

#[test]
fn sockets_and_their_folders_are_private() {
    run_test(async |env| {
        let (_registry, calculator) = env.calculator().await;
        let socket = calculator.plugin().socket().unwrap();
        assert_eq!((mode(&socket), mode(socket.parent().unwrap())), (0o600, 0o700));

        let folder = env.path("of its own");
        let mut command = env.command(CALCULATOR);
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
    run_test(async |env| {
        env.install_calculator();
        let folder = env.folder();
        set_mode(&folder, 0o777);
        let reason = rejection(env, &folder, || set_mode(&folder, 0o755)).await;
        let expected = "the folder is not to be trusted: every user may write it (mode 0777); chmod go-w mends that";
        assert_eq!(reason, expected);
    });
}

#[test]
fn a_pconf_that_others_may_write_is_refused() {
    run_test(async |env| {
        let file = env.install_calculator();
        set_mode(&file, 0o646);
        let reason = rejection(env, &file, || set_mode(&file, 0o644)).await;
        assert_eq!(
            reason,
            "it is not to be trusted: every user may write it (mode 0646); chmod o-w mends that"
        );
    });
}

/// Installs the calculator with a copy of its program in a folder of its own; returns the
/// `.pconf` and the program.
fn install_program(env: &TestEnv) -> (PathBuf, PathBuf) {
    let folder = env.folder().join("bin");
    fs::create_dir(&folder).unwrap();
    let program = folder.join("program");
    copy_program(CALCULATOR, &program);
    set_mode(&program, 0o755);
    let file = env.put_pconf("math.Calculator.pconf", &pconf::<Calculator>("bin/program"));
    (file, program)
}

#[test]
fn a_program_that_others_may_write_is_refused() {
    run_test(async |env| {
        let (file, program) = install_program(env);
        set_mode(&program, 0o777);
        let reason = rejection(env, &file, || set_mode(&program, 0o755)).await;
        let expected = "the program TEMP/plugins/bin/program is not to be trusted: every user \
                        may write it (mode 0777); chmod go-w mends that";
        assert_eq!(reason, expected);
    });
}

#[test]
fn a_program_in_a_folder_that_others_may_write_is_refused() {
    run_test(async |env| {
        let (file, program) = install_program(env);
        let folder = program.parent().unwrap();
        set_mode(folder, 0o777);
        let reason = rejection(env, &file, || set_mode(folder, 0o755)).await;
        let expected = "the folder TEMP/plugins/bin of the program is not to be trusted: every \
                        user may write it (mode 0777); chmod go-w mends that";
        assert_eq!(reason, expected);
    });
}

#[test]
fn a_program_below_a_folder_that_others_may_write_is_refused() {
    run_test(async |env| {
        let folder = env.path("above");
        fs::create_dir_all(folder.join("mine")).unwrap();
        let program = folder.join("mine/program");
        copy_program(CALCULATOR, &program);
        set_mode(&program, 0o755);
        let keys = pconf::<Calculator>(program.to_str().unwrap());
        let file = env.put_pconf("math.Calculator.pconf", &keys);
        set_mode(&folder, 0o777);
        let reason = rejection(env, &file, || set_mode(&folder, 0o755)).await;
        let expected = "the folder TEMP/above of the program is not to be trusted: every user may \
                        write it (mode 0777); chmod go-w mends that";
        assert_eq!(reason, expected);
        // Of a folder with the sticky bit, other users take nothing away.
        set_mode(&folder, 0o1777);
        let registry = env.registry().start().await.unwrap();
        registry.load("Calculator", "math").await.unwrap();
    });
}

#[test]
fn the_folder_of_plugins_below_one_that_others_may_write_is_refused() {
    run_test(async |env| {
        env.install_calculator();
        let (folder, above) = (env.folder(), env.path(""));
        set_mode(&above, 0o777);
        let reason = rejection(env, &folder, || set_mode(&above, 0o755)).await;
        assert!(reason.contains(" of the plugins is not to be trusted: every user"), "{reason}");
    });
}

#[test]
fn a_link_to_the_program_that_others_may_exchange_is_refused() {
    run_test(async |env| {
        let (_, program) = install_program(env);
        let links = env.path("links");
        fs::create_dir(&links).unwrap();
        symlink(&program, links.join("second")).unwrap();
        symlink(links.join("second"), env.path("first")).unwrap();
        let keys = pconf::<Calculator>(env.path("first").to_str().unwrap());
        let file = env.put_pconf("math.Calculator.pconf", &keys);
        set_mode(&links, 0o777);
        let reason = rejection(env, &file, || set_mode(&links, 0o755)).await;
        assert!(
            reason.starts_with("the folder TEMP/links of the program is not to be"),
            "{reason}"
        );
    });
}

#[test]
fn a_pconf_that_is_a_link_which_others_may_exchange_is_refused() {
    run_test(async |env| {
        let file = env.install_calculator();
        let elsewhere = env.path("elsewhere");
        fs::create_dir(&elsewhere).unwrap();
        // A relative program would be looked for beside the link.
        fs::rename(&file, elsewhere.join("x.pconf")).unwrap();
        symlink(elsewhere.join("x.pconf"), &file).unwrap();
        set_mode(&elsewhere, 0o777);
        // A rejected file is read again when it changes.
        let mend = || {
            set_mode(&elsewhere, 0o755);
            set_mode(&elsewhere.join("x.pconf"), 0o600);
        };
        let reason = rejection(env, &file, mend).await;
        assert!(reason.starts_with("the folder TEMP/elsewhere of it is not to be"), "{reason}");
    });
}

#[test]
#[cfg(target_os = "linux")]
fn what_an_access_list_lets_another_user_write_is_refused() {
    use goplug_tests::system::access_list::{List, allow};

    run_test(async |env| {
        let (file, program) = install_program(env);
        let folder = program.parent().unwrap();
        let own_group = rustix::process::geteuid().as_raw();
        for (path, list) in [
            (file.as_path(), List::Access),
            (&program, List::Access),
            (folder, List::Access),
            (folder, List::Default),
        ] {
            let is_private = chown(path, None, Some(own_group)).is_ok();
            if !is_private || allow(path, list, NOBODY).is_err() {
                eprintln!("this file system has no access lists, or this user no group");
                return;
            }
            // Without the list, that is the private group of the owner.
            set_mode(path, 0o775);
            let mend = || set_mode(path, 0o755);
            let reason = rejection(env, &file, mend).await;
            assert!(reason.contains("a user or group of its access list may write it"), "{reason}");
        }
    });
}

#[test]
fn trust_writable_loads_files_that_others_may_write() {
    run_test(async |env| {
        let (file, program) = install_program(env);
        for path in [env.folder().as_path(), &file, &program, program.parent().unwrap()] {
            set_mode(path, 0o777);
        }
        let registry = env.registry().trust_writable(true).start().await.unwrap();
        let calculator: CalculatorClient = registry.client().await.unwrap();
        assert_eq!(calculator.add(2, 3).await.unwrap(), 5);
    });
}

#[test]
fn a_pconf_of_another_user_is_refused() {
    run_test(async |env| {
        let file = env.install_calculator();
        if !is_superuser() || chown(&file, Some(NOBODY), None).is_err() {
            return;
        }
        let reason = rejection(env, &file, || chown(&file, Some(0), None).unwrap()).await;
        let expected = "it is not to be trusted: it belongs to another user (uid 65534: nobody, or a user \
                        outside this container)";
        assert_eq!(reason, expected);
    });
}

#[test]
fn another_user_cannot_connect_to_a_plugin() {
    run_test(async |env| {
        let (_registry, calculator) = env.calculator().await;
        let socket = calculator.plugin().socket().unwrap();
        if let Some(outcome) = connect_as(env, NOBODY, &socket) {
            assert_eq!(outcome, "permission denied");
            assert_eq!(connect_as(env, 0, &socket).unwrap(), "answered");
        }
    });
}

#[test]
fn another_user_is_not_answered_even_where_the_modes_let_it_connect() {
    run_test(async |env| {
        let (_registry, calculator) = env.calculator().await;
        let socket = calculator.plugin().socket().unwrap();
        set_mode(socket.parent().unwrap(), 0o777);
        set_mode(&socket, 0o666);
        if let Some(outcome) = connect_as(env, NOBODY, &socket) {
            assert_eq!(outcome, "closed without an answer");
            assert_eq!(connect_as(env, 0, &socket).unwrap(), "answered");
        }
        assert_eq!(calculator.add(2, 3).await.unwrap(), 5);
    });
}

#[test]
fn another_user_cannot_connect_to_a_self_started_plugin() {
    run_test(async |env| {
        let _process = SelfStarted::start(env);
        let socket = env.folder().join("math.Calculator.sock");
        until("it listens", || socket.exists()).await;
        set_mode(&env.folder(), 0o755);
        if let Some(outcome) = connect_as(env, NOBODY, &socket) {
            assert_eq!(outcome, "permission denied");
            set_mode(&socket, 0o666);
            assert_eq!(connect_as(env, NOBODY, &socket).unwrap(), "closed without an answer");
        }
    });
}

#[test]
fn a_socket_on_which_another_user_listens_is_refused_before_anything_is_sent() {
    run_test(async |env| {
        let Some(mut command) = stranger(env, NOBODY) else { return };
        let place = env.path("place");
        fs::create_dir(&place).unwrap();
        set_mode(&place, 0o777);
        let socket = place.join("s");
        command.arg("listen").arg(&socket).stdout(Stdio::piped());
        let mut listening = command.spawn().unwrap();
        let mut lines = BufReader::new(listening.stdout.take().unwrap()).lines();
        assert_eq!(lines.next().unwrap().unwrap(), "listening");

        let keys = json!({"Name": "Calculator", "NameSpace": "math", "Sock": socket});
        env.put_pconf("math.Calculator.pconf", &keys);
        let registry: Registry = env.registry().start().await.unwrap();
        let error = registry.load("Calculator", "math").await.unwrap_err();

        let Error::Rejected { reason, .. } = &error else { panic!("{error:?}") };
        assert!(reason.ends_with(": another user listens on the socket (uid 65534)"), "{reason}");
        drop(registry);
        listening.kill().unwrap();
        listening.wait().unwrap();
        assert!(lines.next().is_none(), "it has heard something");
    });
}
