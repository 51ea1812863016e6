//! Plugins that the kernel confines: an access that the sandbox does not name is refused, and
//! a resource limit makes operations fail in the plugin, not in its host.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::time::Duration;

use goplug::{CallError, Error, Event, OnUnsupported, Registry, Resources, Sandbox};
use goplug_tests::fixtures::confined::{Confined, ConfinedClient};
use serde_json::json;

use crate::test_env::{CONFINED, Kind, TestEnv, is, read_until, run_test, soon};

/// The system's message if an access is refused.
const REFUSED: &str = "permission denied";

/// The same if it is refused already to make the socket: the standard library knows no kind of it.
const NO_FAMILY: &str = "uncategorized error";

/// The plugin in this sandbox. It is stopped when the registry is dropped.
async fn sandboxed(env: &TestEnv, sandbox: Sandbox) -> (Registry, ConfinedClient) {
    env.install::<Confined>(CONFINED);
    let registry = env.registry().sandbox(sandbox).start().await.unwrap();
    let plugin = registry.client().await.unwrap();
    env.note_socket(&registry);
    (registry, plugin)
}

/// The plugin with these resource limits.
async fn limited(env: &TestEnv, limits: Resources) -> (Registry, ConfinedClient) {
    env.install::<Confined>(CONFINED);
    // A backtrace would push the message out of the last lines of standard error.
    let registry = env.registry().env("RUST_BACKTRACE", "0").resources(limits);
    let registry = registry.start().await.unwrap();
    let plugin = registry.client().await.unwrap();
    env.note_socket(&registry);
    (registry, plugin)
}

/// A file outside the folder of the plugins.
fn file(env: &TestEnv, name: &str, text: &str) -> PathBuf {
    let path = env.path(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, text).unwrap();
    path
}

/// The system's message in the error of a failed attempt.
fn refusal<T: std::fmt::Debug>(outcome: Result<T, CallError<String>>) -> String {
    match outcome {
        Err(CallError::Method(text)) => text,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_file_that_the_sandbox_names_is_read_and_another_is_not() {
    run_test(async |env| {
        let named = file(env, "named", "for it");
        let secret = file(env, "secret", "not for it");
        let (_registry, plugin) = sandboxed(env, Sandbox::new().read(&named)).await;
        assert_eq!(plugin.read(named.clone()).await.unwrap(), "for it");
        assert_eq!(refusal(plugin.read(secret).await), REFUSED);
        assert_eq!(refusal(plugin.write(named.clone(), "mine").await), REFUSED);
        assert_eq!(refusal(plugin.remove(named).await), REFUSED);
    });
}

#[test]
fn a_folder_that_the_sandbox_names_is_written_and_its_neighbour_is_not() {
    run_test(async |env| {
        let named = file(env, "named/old", "old");
        let other = file(env, "other/old", "old");
        let folder = named.parent().unwrap();
        let (_registry, plugin) = sandboxed(env, Sandbox::new().write(folder)).await;
        let new = folder.join("new");
        plugin.write(new.clone(), "new").await.unwrap();
        assert_eq!(fs::read_to_string(&new).unwrap(), "new");
        assert_eq!(plugin.read(new).await.unwrap(), "new");
        plugin.remove(named).await.unwrap();
        assert_eq!(refusal(plugin.write(other.clone(), "mine").await), REFUSED);
        assert_eq!(refusal(plugin.write(env.path("other/new"), "mine").await), REFUSED);
        assert_eq!(fs::read_to_string(&other).unwrap(), "old");
    });
}

#[test]
fn a_sandboxed_plugin_cannot_run_a_file_that_it_wrote() {
    run_test(async |env| {
        let folder = env.path("named");
        fs::create_dir(&folder).unwrap();
        let (_registry, plugin) = sandboxed(env, Sandbox::new().write(&folder)).await;
        let program = folder.join("program");
        plugin.write(program.clone(), "#!/bin/sh\necho run\n").await.unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(&program, mode).unwrap();
        assert_eq!(refusal(plugin.run(program.clone(), Vec::new()).await), REFUSED);
        assert_eq!(plugin.run("/bin/echo".into(), vec!["run".into()]).await.unwrap(), "run\n");
    });
}

#[test]
fn the_sandbox_applies_to_child_processes() {
    run_test(async |env| {
        let secret = file(env, "secret", "not for it");
        let (_registry, plugin) = sandboxed(env, Sandbox::new()).await;
        let arguments = vec![secret.to_str().unwrap().to_owned()];
        let outcome = plugin.run("/bin/cat".into(), arguments).await;
        assert_eq!(refusal(outcome), "exit status: 1");
    });
}

/// Whether the kernel has at least this version.
fn kernel_is(major: u32, minor: u32) -> bool {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap();
    let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map(|n| n.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) >= (major, minor)
}

#[test]
fn a_plugin_in_a_sandbox_cannot_signal_its_host() {
    run_test(async |env| {
        let arguments = vec!["-c".to_owned(), format!("kill -0 {}", std::process::id())];
        let (_free, plugin) = limited(env, Resources::new()).await;
        plugin.run("/bin/sh".into(), arguments.clone()).await.unwrap();
        let (_registry, plugin) = sandboxed(env, Sandbox::new()).await;
        if kernel_is(6, 12) {
            let outcome = plugin.run("/bin/sh".into(), arguments).await;
            assert_eq!(refusal(outcome), "exit status: 1");
        }
    });
}

/// A listener that accepts connections, and its address.
fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

#[test]
fn a_tcp_connection_is_refused_unless_the_sandbox_allows_it() {
    run_test(async |env| {
        let (_listener, address) = listener();
        let (_registry, plugin) = sandboxed(env, Sandbox::new()).await;
        assert_eq!(refusal(plugin.connect(address).await), NO_FAMILY);
        assert_eq!(refusal(plugin.listen().await), NO_FAMILY);
    });
    run_test(async |env| {
        let (_listener, address) = listener();
        let (_registry, plugin) = sandboxed(env, Sandbox::new().tcp(true)).await;
        plugin.connect(address).await.unwrap();
        plugin.listen().await.unwrap();
    });
}

#[test]
fn a_port_that_the_sandbox_names_is_connected_to_and_another_is_not() {
    run_test(async |env| {
        let (_listener, named) = listener();
        let (_other, other) = listener();
        let (_registry, plugin) = sandboxed(env, Sandbox::new().connect(named.port())).await;
        plugin.connect(named).await.unwrap();
        assert_eq!(refusal(plugin.connect(other).await), REFUSED);
        assert_eq!(refusal(plugin.listen().await), REFUSED);
    });
}

#[test]
fn a_plugins_own_sandbox_replaces_that_of_the_registry() {
    run_test(async |env| {
        let secret = file(env, "secret", "for all but one");
        env.install::<Confined>(CONFINED);
        let free = env
            .registry()
            .sandbox(Sandbox::new())
            .plugin("Confined", "test", |policy| policy.no_sandbox());
        let free = free.start().await.unwrap();
        let plugin: ConfinedClient = free.client().await.unwrap();
        assert_eq!(plugin.read(secret.clone()).await.unwrap(), "for all but one");

        let one =
            env.registry().plugin("Confined", "test", |policy| policy.sandbox(Sandbox::new()));
        let one = one.start().await.unwrap();
        let plugin: ConfinedClient = one.client().await.unwrap();
        assert_eq!(refusal(plugin.read(secret).await), REFUSED);
    });
}

#[test]
fn a_sandbox_that_names_a_missing_path_is_a_start_error() {
    run_test(async |env| {
        env.install::<Confined>(CONFINED);
        let sandbox = Sandbox::new().read("/no/such/path");
        let registry = env.registry().sandbox(sandbox).start().await.unwrap();
        let error = registry.load("Confined", "test").await.unwrap_err();
        let expected = "test.Confined did not start: its sandbox cannot be made: /no/such/path: \
                        No such file or directory (os error 2)";
        assert_eq!(error.to_string(), expected);
    });
}

/// Installs a plugin without a program, so that the registry cannot start it. Nothing listens
/// on its socket.
fn install_foreign(env: &TestEnv) {
    let keys = json!({"Name": "Foreign", "Sock": env.path("sock")});
    env.put_pconf("Foreign.pconf", &keys);
}

#[test]
fn a_plugin_that_cannot_be_confined_is_refused() {
    run_test(async |env| {
        install_foreign(env);
        let registry = env.registry().sandbox(Sandbox::new()).start().await.unwrap();
        let error = registry.load("Foreign", "").await.unwrap_err();
        let expected = "Foreign did not start: it cannot be confined: somebody else starts it";
        assert_eq!(error.to_string(), expected);
        assert!(matches!(error, Error::Start { .. }), "{error:?}");
    });
}

#[test]
fn a_plugin_that_cannot_be_confined_is_reported_if_the_host_asks_for_that() {
    run_test(async |env| {
        install_foreign(env);
        let sandbox = Sandbox::new().on_unsupported(OnUnsupported::Report);
        let registry = env.registry().sandbox(sandbox).start().await.unwrap();
        let mut events = registry.events();
        // The load goes on, and fails only at the socket.
        let error = registry.load("Foreign", "").await.unwrap_err();
        assert!(error.to_string().contains(": there is no such socket"), "{error}");
        let unconfined = |event: &Event| matches!(event, Event::Unconfined { .. });
        let seen = read_until(&mut events, "the report", unconfined).await;
        let Some(Event::Unconfined { plugin, reason }) = seen.last() else { unreachable!() };
        assert_eq!(
            (plugin.to_string().as_str(), reason.as_str()),
            ("Foreign", "somebody else starts it")
        );
    });
}

const MIB: usize = 1 << 20;

#[test]
fn an_allocation_beyond_the_address_space_fails() {
    run_test(async |env| {
        let limits = Resources::new().address_space(512 << 20);
        let (_registry, plugin) = limited(env, limits).await;
        plugin.reserve(16 * MIB).await.unwrap();
        let text = refusal(plugin.reserve(1024 * MIB).await);
        assert!(text.contains("memory allocat"), "{text}");
        plugin.reserve(16 * MIB).await.unwrap();
    });
}

#[test]
fn a_plugin_that_aborts_for_lack_of_memory_leaves_its_host_running() {
    run_test(async |env| {
        let limits = Resources::new().address_space(512 << 20);
        let (registry, plugin) = limited(env, limits).await;
        let error = plugin.allocate(1024 * MIB).await.unwrap_err();
        let Error::Crashed { status, stderr, .. } = &error else { panic!("{error:?}") };
        assert!(status.starts_with("signal: 6 (SIGABRT)"), "{status}");
        let said = "memory allocation of 1073741824 bytes failed";
        assert!(stderr.iter().any(|line| line == said), "{stderr:?}");
        registry.load("Confined", "test").await.unwrap();
        plugin.reserve(16 * MIB).await.unwrap();
    });
}

#[test]
fn a_plugin_opens_no_more_files_than_its_limit() {
    run_test(async |env| {
        let (_registry, plugin) = limited(env, Resources::new().open_files(64)).await;
        let opened = plugin.open_files(1000).await.unwrap();
        assert!((20..64).contains(&opened), "{opened}");
        assert_eq!(plugin.open_files(10).await.unwrap(), 10);
    });
}

#[test]
fn a_plugin_is_killed_at_the_limit_of_its_cpu_time() {
    run_test(async |env| {
        let limits = Resources::new().cpu_time(Duration::from_secs(1));
        let (registry, plugin) = limited(env, limits).await;
        let mut events = registry.events();
        let error = soon("the end", plugin.spin()).await.unwrap_err();
        let Error::Crashed { status, .. } = &error else { panic!("{error:?}") };
        assert!(status.starts_with("signal: 24 (SIGXCPU)"), "{status}");
        read_until(&mut events, "the crash", is(Kind::Crashed, "test.Confined")).await;
    });
}

#[test]
fn the_kernel_has_the_limits_that_the_host_set() {
    run_test(async |env| {
        let resources = Resources::new().processes(4000).open_files(100).address_space(1 << 30);
        let (_registry, plugin) = limited(env, resources).await;
        let limits = plugin.read("/proc/self/limits".into()).await.unwrap();
        let of = |name: &str| {
            let line = limits.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.split_whitespace().take(2).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(of("Max processes"), "4000 4000");
        assert_eq!(of("Max open files"), "100 100");
        assert_eq!(of("Max address space"), "1073741824 1073741824");
    });
}
