//! Plugins that are held back by the kernel: what a sandbox does not name is refused, and
//! what a bound does not allow fails in the plugin and nowhere else.

use std::fs;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::path::PathBuf;
use std::time::Duration;

use goplug::{CallError, Error, Event, OnUnsupported, Registry, Resources, Sandbox};
use goplug_tests::fixtures::confined::{Confined, ConfinedClient};
use serde_json::json;

use crate::stage::{CONFINED, Kind, Stage, is, read_until, soon, stage};

/// What the system says to who may not.
const REFUSED: &str = "permission denied";

/// The plugin within this sandbox; the registry lives as long as the first value.
async fn within(stage: &Stage, sandbox: Sandbox) -> (Registry, ConfinedClient) {
    stage.install::<Confined>(CONFINED);
    let registry = stage.registry().sandbox(sandbox).start().await.unwrap();
    let plugin = registry.client().await.unwrap();
    stage.note_runtime_folder(&registry);
    (registry, plugin)
}

/// The plugin with these bounds.
async fn bounded(stage: &Stage, bounds: Resources) -> (Registry, ConfinedClient) {
    stage.install::<Confined>(CONFINED);
    // A backtrace would take the place of what it says.
    let registry = stage.registry().env("RUST_BACKTRACE", "0").resources(bounds);
    let registry = registry.start().await.unwrap();
    let plugin = registry.client().await.unwrap();
    stage.note_runtime_folder(&registry);
    (registry, plugin)
}

/// A file outside the folder of the plugins.
fn file(stage: &Stage, name: &str, text: &str) -> PathBuf {
    let path = stage.path(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, text).unwrap();
    path
}

/// What the system said to an attempt of the plugin's.
fn refusal<T: std::fmt::Debug>(outcome: Result<T, CallError<String>>) -> String {
    match outcome {
        Err(CallError::Method(text)) => text,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_file_that_the_sandbox_names_is_read_and_another_is_not() {
    stage(async |stage| {
        let named = file(stage, "named", "for it");
        let secret = file(stage, "secret", "not for it");
        let (_registry, plugin) = within(stage, Sandbox::new().read(&named)).await;
        assert_eq!(plugin.read(named.clone()).await.unwrap(), "for it");
        assert_eq!(refusal(plugin.read(secret).await), REFUSED);
        assert_eq!(refusal(plugin.write(named.clone(), "mine").await), REFUSED);
        assert_eq!(refusal(plugin.remove(named).await), REFUSED);
    });
}

#[test]
fn a_folder_that_the_sandbox_names_is_written_and_its_neighbour_is_not() {
    stage(async |stage| {
        let named = file(stage, "named/old", "old");
        let other = file(stage, "other/old", "old");
        let folder = named.parent().unwrap();
        let (_registry, plugin) = within(stage, Sandbox::new().write(folder)).await;
        let new = folder.join("new");
        plugin.write(new.clone(), "new").await.unwrap();
        assert_eq!(fs::read_to_string(&new).unwrap(), "new");
        assert_eq!(plugin.read(new).await.unwrap(), "new");
        plugin.remove(named).await.unwrap();
        assert_eq!(refusal(plugin.write(other.clone(), "mine").await), REFUSED);
        assert_eq!(refusal(plugin.write(stage.path("other/new"), "mine").await), REFUSED);
        assert_eq!(fs::read_to_string(&other).unwrap(), "old");
    });
}

#[test]
fn what_a_plugin_has_written_it_cannot_run() {
    stage(async |stage| {
        let folder = stage.path("named");
        fs::create_dir(&folder).unwrap();
        let (_registry, plugin) = within(stage, Sandbox::new().write(&folder)).await;
        let program = folder.join("program");
        plugin.write(program.clone(), "#!/bin/sh\necho run\n").await.unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(&program, mode).unwrap();
        assert_eq!(refusal(plugin.run(program.clone(), Vec::new()).await), REFUSED);
        assert_eq!(plugin.run("/bin/echo".into(), vec!["run".into()]).await.unwrap(), "run\n");
    });
}

#[test]
fn what_a_plugin_starts_is_held_back_like_it() {
    stage(async |stage| {
        let secret = file(stage, "secret", "not for it");
        let (_registry, plugin) = within(stage, Sandbox::new()).await;
        let arguments = vec![secret.to_str().unwrap().to_owned()];
        let outcome = plugin.run("/bin/cat".into(), arguments).await;
        assert_eq!(refusal(outcome), "exit status: 1");
    });
}

/// Whether the running kernel is at least this one.
fn kernel_is(major: u32, minor: u32) -> bool {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap();
    let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map(|n| n.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) >= (major, minor)
}

#[test]
fn a_plugin_in_a_sandbox_cannot_signal_its_host() {
    stage(async |stage| {
        let arguments = vec!["-c".to_owned(), format!("kill -0 {}", std::process::id())];
        let (_free, plugin) = bounded(stage, Resources::new()).await;
        plugin.run("/bin/sh".into(), arguments.clone()).await.unwrap();
        let (_registry, plugin) = within(stage, Sandbox::new()).await;
        if kernel_is(6, 12) {
            let outcome = plugin.run("/bin/sh".into(), arguments).await;
            assert_eq!(refusal(outcome), "exit status: 1");
        }
    });
}

/// Somebody to connect to.
fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

#[test]
fn a_tcp_connection_is_refused_unless_the_sandbox_allows_it() {
    stage(async |stage| {
        let (_listener, address) = listener();
        let (_registry, plugin) = within(stage, Sandbox::new()).await;
        assert_eq!(refusal(plugin.connect(address).await), REFUSED);
        assert_eq!(refusal(plugin.listen().await), REFUSED);
    });
    stage(async |stage| {
        let (_listener, address) = listener();
        let (_registry, plugin) = within(stage, Sandbox::new().tcp(true)).await;
        plugin.connect(address).await.unwrap();
        plugin.listen().await.unwrap();
    });
}

#[test]
fn a_port_that_the_sandbox_names_is_connected_to_and_another_is_not() {
    stage(async |stage| {
        let (_listener, named) = listener();
        let (_other, other) = listener();
        let (_registry, plugin) = within(stage, Sandbox::new().connect(named.port())).await;
        plugin.connect(named).await.unwrap();
        assert_eq!(refusal(plugin.connect(other).await), REFUSED);
        assert_eq!(refusal(plugin.listen().await), REFUSED);
    });
}

#[test]
fn datagrams_are_not_covered_as_is_documented() {
    stage(async |stage| {
        let receiver = UdpSocket::bind(("127.0.0.1", 0)).unwrap();
        let (_registry, plugin) = within(stage, Sandbox::new()).await;
        plugin.send(receiver.local_addr().unwrap()).await.unwrap();
    });
}

#[test]
fn one_plugin_may_have_another_sandbox_than_the_others() {
    stage(async |stage| {
        let secret = file(stage, "secret", "for all but one");
        stage.install::<Confined>(CONFINED);
        let free = stage
            .registry()
            .sandbox(Sandbox::new())
            .plugin("Confined", "test", |policy| policy.no_sandbox());
        let free = free.start().await.unwrap();
        let plugin: ConfinedClient = free.client().await.unwrap();
        assert_eq!(plugin.read(secret.clone()).await.unwrap(), "for all but one");

        let one =
            stage.registry().plugin("Confined", "test", |policy| policy.sandbox(Sandbox::new()));
        let one = one.start().await.unwrap();
        let plugin: ConfinedClient = one.client().await.unwrap();
        assert_eq!(refusal(plugin.read(secret).await), REFUSED);
    });
}

#[test]
fn a_sandbox_that_names_what_is_not_there_starts_nothing() {
    stage(async |stage| {
        stage.install::<Confined>(CONFINED);
        let sandbox = Sandbox::new().read("/no/such/path");
        let registry = stage.registry().sandbox(sandbox).start().await.unwrap();
        let error = registry.load("Confined", "test").await.unwrap_err();
        let expected = "test.Confined did not start: its sandbox cannot be made: /no/such/path: \
                        No such file or directory (os error 2)";
        assert_eq!(error.to_string(), expected);
    });
}

/// Installs a plugin that is not there, and that somebody else would start.
fn install_foreign(stage: &Stage) {
    let keys = json!({"Name": "Foreign", "Sock": stage.path("sock")});
    stage.put_pconf("Foreign.pconf", &keys);
}

#[test]
fn a_plugin_that_cannot_be_confined_is_refused() {
    stage(async |stage| {
        install_foreign(stage);
        let registry = stage.registry().sandbox(Sandbox::new()).start().await.unwrap();
        let error = registry.load("Foreign", "").await.unwrap_err();
        let expected = "Foreign did not start: it cannot be confined: somebody else starts it";
        assert_eq!(error.to_string(), expected);
        assert!(matches!(error, Error::Start { .. }), "{error:?}");
    });
}

#[test]
fn a_plugin_that_cannot_be_confined_is_reported_where_that_is_wanted() {
    stage(async |stage| {
        install_foreign(stage);
        let sandbox = Sandbox::new().on_unsupported(OnUnsupported::Report);
        let registry = stage.registry().sandbox(sandbox).start().await.unwrap();
        let mut events = registry.events();
        // It goes as far as the socket.
        let error = registry.load("Foreign", "").await.unwrap_err();
        assert!(error.to_string().ends_with("there is no such socket"), "{error}");
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
fn beyond_its_address_space_a_plugin_gets_no_memory() {
    stage(async |stage| {
        let bounds = Resources::new().address_space(512 << 20);
        let (_registry, plugin) = bounded(stage, bounds).await;
        plugin.reserve(16 * MIB).await.unwrap();
        let text = refusal(plugin.reserve(1024 * MIB).await);
        assert!(text.contains("memory allocat"), "{text}");
        plugin.reserve(16 * MIB).await.unwrap();
    });
}

#[test]
fn a_plugin_that_insists_on_memory_ends_and_its_host_goes_on() {
    stage(async |stage| {
        let bounds = Resources::new().address_space(512 << 20);
        let (registry, plugin) = bounded(stage, bounds).await;
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
fn beyond_its_open_files_a_plugin_opens_no_more() {
    stage(async |stage| {
        let (_registry, plugin) = bounded(stage, Resources::new().open_files(64)).await;
        let opened = plugin.open_files(1000).await.unwrap();
        assert!((20..64).contains(&opened), "{opened}");
        assert_eq!(plugin.open_files(10).await.unwrap(), 10);
    });
}

#[test]
fn beyond_its_processor_time_a_plugin_is_ended() {
    stage(async |stage| {
        let bounds = Resources::new().cpu_time(Duration::from_secs(1));
        let (registry, plugin) = bounded(stage, bounds).await;
        let mut events = registry.events();
        let error = soon("the end", plugin.spin()).await.unwrap_err();
        let Error::Crashed { status, .. } = &error else { panic!("{error:?}") };
        assert!(status.starts_with("signal: 24 (SIGXCPU)"), "{status}");
        read_until(&mut events, "the crash", is(Kind::Crashed, "test.Confined")).await;
    });
}

#[test]
fn the_kernel_has_the_bounds_as_they_were_given() {
    stage(async |stage| {
        let bounds = Resources::new().processes(4000).open_files(100).address_space(1 << 30);
        let (_registry, plugin) = bounded(stage, bounds).await;
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
