//! What a plugin asks for, and what its host grants: what is asked and allowed, and nothing else.

use std::ffi::OsStr;
use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use goplug::{
    CallError, Cgroup, Error, Event, Events, OnDenied, Permission, Registry, Resources, Sandbox,
};
use goplug_tests::fixtures::confined::{Confined, ConfinedClient};
use serde_json::{Value, json};

use crate::test_env::{CONFINED, Kind, TestEnv, is, pconf, read_until, run_test, until};

const PCONF: &str = "test.Confined.pconf";

/// Installs the plugin, which asks for these permissions.
pub(crate) fn install(env: &TestEnv, permissions: &Value) {
    let mut keys = pconf::<Confined>(CONFINED);
    keys["Permissions"] = permissions.clone();
    env.put_pconf(PCONF, &keys);
}

/// The plugin with these permissions, in a sandbox of which it is granted only what it asks for.
async fn asking(
    env: &TestEnv,
    permissions: Value,
    sandbox: Sandbox,
) -> goplug::Result<(Registry, ConfinedClient)> {
    install(env, &permissions);
    let registry = env.registry().sandbox(sandbox.least_privilege()).start().await?;
    let plugin = registry.client().await?;
    env.note_socket(&registry);
    Ok((registry, plugin))
}

/// What the plugin is refused, and why.
fn denied<T>(outcome: goplug::Result<T>) -> (Vec<Permission>, Vec<String>) {
    match outcome.err() {
        Some(Error::PermissionsDenied { permissions, reasons, .. }) => (permissions, reasons),
        other => panic!("{other:?}"),
    }
}

/// A file with this text, by its path without links.
pub(crate) fn file(env: &TestEnv, name: &str) -> PathBuf {
    let path = env.path(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, name).unwrap();
    path.canonicalize().unwrap()
}

pub(crate) fn is_refused<T: std::fmt::Debug>(outcome: Result<T, CallError<String>>) -> bool {
    matches!(outcome, Err(CallError::Method(_)))
}

/// The port of a listener that accepts connections.
fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

#[test]
fn a_plugin_that_asks_for_nothing_is_granted_nothing() {
    run_test(async |env| {
        let (named, (_listener, address)) = (file(env, "data/named"), listener());
        let sandbox = Sandbox::new().write(env.path("data")).connect(address.port()).udp(true);
        let (registry, plugin) = asking(env, json!({}), sandbox.clone()).await.unwrap();
        assert!(is_refused(plugin.read(named.clone()).await));
        assert!(is_refused(plugin.write(named.clone(), "").await));
        assert!(is_refused(plugin.connect(address).await));
        assert!(is_refused(plugin.send(address).await));
        registry.stop().await.unwrap();
        // The same sandbox allows all of it, if it does not grant by asking.
        let registry = env.registry().sandbox(sandbox).start().await.unwrap();
        let plugin: ConfinedClient = registry.client().await.unwrap();
        assert_eq!(plugin.read(named).await.unwrap(), "data/named");
        plugin.connect(address).await.unwrap();
    });
}

#[test]
fn what_is_asked_and_allowed_is_granted_and_no_more() {
    run_test(async |env| {
        let (asked, other) = (file(env, "data/asked/a"), file(env, "data/other"));
        let kept = file(env, "kept/a");
        let ((_one, port), (_two, unasked)) = (listener(), listener());
        let sandbox = Sandbox::new().read(env.path("data")).write(env.path("kept"));
        let sandbox = sandbox.connect(port.port()).connect(unasked.port());
        let permissions = json!({
            "read": [asked.parent()], "write": [kept], "connect": [port.port()],
        });
        let (registry, plugin) = asking(env, permissions, sandbox).await.unwrap();
        assert_eq!(plugin.read(asked.clone()).await.unwrap(), "data/asked/a");
        assert!(is_refused(plugin.write(asked.clone(), "").await));
        assert!(is_refused(plugin.read(other).await));
        plugin.write(kept.clone(), "mine").await.unwrap();
        assert!(is_refused(plugin.write(env.path("kept/b"), "").await));
        plugin.connect(port).await.unwrap();
        assert!(is_refused(plugin.connect(unasked).await));
        let granted = registry.load("Confined", "test").await.unwrap().granted_permissions();
        let folder = asked.parent().unwrap().to_owned();
        let expected =
            [Permission::Read(folder), Permission::Write(kept), Permission::Connect(port.port())];
        assert_eq!(granted, expected);
    });
}

#[test]
fn a_file_that_is_granted_for_reading_is_not_executed() {
    run_test(async |env| {
        let program = file(env, "data/program");
        fs::write(&program, "#!/bin/sh\necho run\n").unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(&program, mode).unwrap();
        let sandbox = Sandbox::new().read(env.path("data"));
        let permissions = json!({"read": [program]});
        let (_registry, plugin) = asking(env, permissions, sandbox).await.unwrap();
        assert!(plugin.read(program.clone()).await.unwrap().contains("echo run"));
        assert!(is_refused(plugin.run(program, Vec::new()).await));
    });
}

#[test]
fn what_is_asked_and_not_allowed_is_an_error_before_the_start_that_names_it() {
    run_test(async |env| {
        let (allowed, other) = (file(env, "data/a"), file(env, "other/b"));
        let sandbox = Sandbox::new().read(env.path("data")).connect(443);
        let permissions = json!({
            "read": [allowed, other], "write": [allowed], "connect": [443, 25], "udp": true,
            "unix_sockets": true,
        });
        let (permissions, reasons) = denied(asking(env, permissions, sandbox).await);
        let expected = [
            Permission::Read(other.clone()),
            Permission::Write(allowed),
            Permission::Connect(25),
            Permission::Udp,
            Permission::UnixSockets,
        ];
        assert_eq!(permissions, expected);
        assert!(reasons[0].starts_with(&format!("to read {}: ", other.display())), "{reasons:?}");
        assert!(env.processes().is_empty());
    });
}

#[test]
fn a_policy_starts_a_plugin_with_less_than_it_asks_for_and_says_so() {
    run_test(async |env| {
        let (inner, outer) = (file(env, "data/inner/a"), file(env, "data/b"));
        install(env, &json!({"read": [env.path("data")], "connect": [25]}));
        let sandbox = Sandbox::new().read(env.path("data/inner")).on_denied(OnDenied::Report);
        let registry = env.registry().sandbox(sandbox.least_privilege()).start().await.unwrap();
        let mut events = registry.events();
        let plugin: ConfinedClient = registry.client().await.unwrap();
        env.note_socket(&registry);
        let is_it = |event: &Event| matches!(event, Event::PermissionsDenied { .. });
        let seen = read_until(&mut events, "the report", is_it).await;
        let Some(Event::PermissionsDenied { permissions, reasons, .. }) = seen.last() else {
            unreachable!()
        };
        let folder = env.path("data").canonicalize().unwrap();
        assert_eq!(permissions, &[Permission::Read(folder), Permission::Connect(25)]);
        assert_eq!(reasons.len(), 2);
        // Of the folder that it asks for, it gets what is allowed.
        assert_eq!(plugin.read(inner).await.unwrap(), "data/inner/a");
        assert!(is_refused(plugin.read(outer).await));
    });
}

#[test]
fn a_link_in_an_allowed_folder_leads_to_nothing_else() {
    run_test(async |env| {
        let secret = file(env, "secret/key");
        file(env, "data/a");
        symlink(&secret, env.path("data/link")).unwrap();
        symlink(secret.parent().unwrap(), env.path("data/folder")).unwrap();
        let sandbox = || Sandbox::new().read(env.path("data"));
        for path in ["data/link", "data/folder", "data/folder/key"] {
            let permissions = json!({"read": [env.path(path)]});
            let (permissions, _) = denied(asking(env, permissions, sandbox()).await);
            let [Permission::Read(real)] = &permissions[..] else { panic!("{permissions:?}") };
            assert!(secret.starts_with(real), "{real:?}");
        }
        // A link that the host allows is where it leads, and so is one that leads there.
        symlink(env.path("data"), env.path("alias")).unwrap();
        for (asked, allowed) in [("data/a", "alias"), ("alias/a", "data"), ("alias/a", "alias")] {
            let permissions = json!({"read": [env.path(asked)]});
            let sandbox = Sandbox::new().read(env.path(allowed));
            let (registry, plugin) = asking(env, permissions, sandbox).await.unwrap();
            assert_eq!(plugin.read(env.path("data/a")).await.unwrap(), "data/a");
            assert!(is_refused(plugin.read(env.path("data/link")).await));
            registry.stop().await.unwrap();
        }
    });
}

#[test]
fn paths_begin_at_the_folder_of_the_plugin_or_at_its_home() {
    run_test(async |env| {
        let own = env.folder().join("own data");
        fs::write(&own, "own").unwrap();
        file(env, "home/.config/a");
        let permissions = json!({"read": ["own data", "./own data", "~/.config", "~//.config/a"]});
        install(env, &permissions);
        let sandbox = Sandbox::new().read(env.folder()).read(env.path("home")).least_privilege();
        let builder = || env.registry().sandbox(sandbox.clone());
        let registry = builder().env("HOME", env.path("home")).start().await.unwrap();
        let plugin: ConfinedClient = registry.client().await.unwrap();
        env.note_socket(&registry);
        assert_eq!(plugin.read(own).await.unwrap(), "own");
        assert_eq!(plugin.read(env.path("home/.config/a")).await.unwrap(), "home/.config/a");
        registry.stop().await.unwrap();
        for home in ["", "home", "~"] {
            let registry = builder().env("HOME", home).start().await.unwrap();
            let (permissions, reasons) = denied(registry.load("Confined", "test").await);
            assert_eq!(permissions[0], Permission::Read("~/.config".into()));
            assert!(reasons[0].contains("HOME"), "{reasons:?}");
        }
    });
}

#[test]
fn a_path_that_is_not_there_cannot_be_granted() {
    run_test(async |env| {
        file(env, "data/a");
        let sandbox = Sandbox::new().write(env.path("data"));
        let permissions = json!({"write": [env.path("data/later")]});
        let (permissions, reasons) = denied(asking(env, permissions, sandbox).await);
        assert_eq!(permissions, [Permission::Write(env.path("data/later"))]);
        assert!(reasons[0].contains("there is no such file"), "{reasons:?}");
    });
}

#[test]
fn a_folder_whose_name_is_no_text_is_allowed_and_what_is_in_it_is_asked_for() {
    run_test(async |env| {
        let folder = env.path("data").join(OsStr::from_bytes(b"\xff"));
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("a"), "text").unwrap();
        symlink(&folder, env.path("named")).unwrap();
        let sandbox = Sandbox::new().read(&folder);
        let permissions = json!({"read": [env.path("named")]});
        let (registry, plugin) = asking(env, permissions, sandbox).await.unwrap();
        assert_eq!(plugin.read(env.path("named/a")).await.unwrap(), "text");
        let granted = registry.load("Confined", "test").await.unwrap().granted_permissions();
        assert_eq!(granted, [Permission::Read(folder.canonicalize().unwrap())]);
    });
}

#[test]
fn what_a_file_cannot_ask_for_rejects_it_with_the_key() {
    run_test(async |env| {
        for (permissions, reason) in [
            (json!({"read": ["../x"]}), "Permissions: read: \"../x\" has `..`"),
            (json!({"write": ["/a/../b"]}), "Permissions: write: \"/a/../b\" has `..`"),
            (json!({"read": [""]}), "Permissions: read: \"\" is no path"),
            (json!({"read": ["a\u{0}b"]}), "holds a zero byte"),
            (json!({"read": ["~root/x"]}), "names no home folder"),
            (json!({"read": "/x"}), "Permissions: invalid type: string"),
            (json!({"read": [7]}), "Permissions: invalid type: integer"),
            (json!({"connect": [0]}), "there is no port 0"),
            (json!({"connect": [65536]}), "Permissions: invalid value"),
            (json!({"connect": ["443"]}), "Permissions: invalid type: string"),
            (json!({"memory": 0}), "no program runs in 0 bytes"),
            (json!({"memory": -1}), "Permissions: invalid value"),
            (json!({"udp": "yes"}), "Permissions: invalid type: string"),
            (json!({"connect": vec![1; 300]}), "there are more than 256"),
            (json!("all"), "Permissions: invalid type: string"),
        ] {
            install(env, &permissions);
            let registry = env.registry().sandbox(Sandbox::new().least_privilege());
            let registry = registry.start().await.unwrap();
            let error = registry.load("Confined", "test").await.unwrap_err().to_string();
            assert!(error.contains(reason), "{permissions}: {error}");
        }
        // What later versions may ask for is not granted, and neither is what is left out.
        for permissions in [json!({"fly": true}), json!({"read": null}), json!(null)] {
            let (registry, _) = asking(env, permissions, Sandbox::new()).await.unwrap();
            registry.stop().await.unwrap();
        }
    });
}

#[test]
fn memory_beyond_what_the_policy_allows_is_denied() {
    run_test(async |env| {
        install(env, &json!({"memory": 1 << 30}));
        let sandbox = || Sandbox::new().least_privilege();
        let limits = Resources::new().address_space(512 << 20);
        let builder = env.registry().sandbox(sandbox()).resources(limits);
        let (permissions, reasons) =
            denied(builder.start().await.unwrap().load("Confined", "test").await);
        assert_eq!(permissions, [Permission::Memory(1 << 30)]);
        assert!(reasons[0].contains("use 1 GiB of memory: the policy allows"), "{reasons:?}");
        let group = Cgroup::new().memory_max(512 << 20);
        let builder = env.registry().sandbox(sandbox()).policy(|policy| policy.cgroup(group));
        denied(builder.start().await.unwrap().load("Confined", "test").await);
    });
}

#[test]
fn memory_that_is_granted_is_the_limit_of_the_control_group() {
    run_test(async |env| {
        let group = Cgroup::new().memory_max(1 << 30);
        if let Err(lacking) = group.check() {
            return eprintln!("skipped: {lacking}");
        }
        install(env, &json!({"memory": 64 << 20}));
        let builder = env.registry().sandbox(Sandbox::new().least_privilege());
        let builder = builder.policy(|policy| policy.cgroup(group));
        let registry = builder.start().await.unwrap();
        let plugin: ConfinedClient = registry.client().await.unwrap();
        env.note_socket(&registry);
        plugin.allocate(16 << 20).await.unwrap();
        let error = plugin.allocate(512 << 20).await.unwrap_err().to_string();
        let limit = format!("its control group may use {} bytes of memory", 64 << 20);
        assert!(error.contains(&limit), "{error}");
    });
}

#[test]
fn what_every_sandbox_allows_is_granted() {
    run_test(async |env| {
        let permissions = json!({
            "read": ["/dev/zero", "/usr/lib", "/etc/localtime"], "write": ["/dev/null", "/dev/full"],
        });
        let (registry, plugin) = asking(env, permissions, Sandbox::new()).await.unwrap();
        plugin.write("/dev/null".into(), "text").await.unwrap();
        let handle = registry.load("Confined", "test").await.unwrap();
        assert!(handle.granted_permissions().contains(&Permission::Write("/dev/null".into())));
        registry.stop().await.unwrap();
        for path in ["/usr/lib", "/dev", "/dev/tty"] {
            let outcome = asking(env, json!({"write": [path]}), Sandbox::new()).await;
            let (permissions, _) = denied(outcome);
            assert!(matches!(&permissions[..], [Permission::Write(_)]), "{permissions:?}");
        }
    });
}

/// The plugin with what it asks for at first, in a folder that is watched; with the file that it reads, another
/// one, and the events from here on.
async fn watched(env: &TestEnv) -> (Registry, ConfinedClient, [PathBuf; 2], Events) {
    let files = [file(env, "data/one"), file(env, "data/two")];
    install(env, &json!({"read": [files[0]]}));
    let sandbox = Sandbox::new().read(env.path("data")).connect(443).least_privilege();
    let registry = env.registry().sandbox(sandbox).auto_discover(true).start().await.unwrap();
    let plugin: ConfinedClient = registry.client().await.unwrap();
    env.note_socket(&registry);
    let events = registry.events();
    (registry, plugin, files, events)
}

/// What the plugin waits to be granted.
pub(crate) async fn requested(events: &mut Events) -> Vec<Permission> {
    let is_it = |event: &Event| matches!(event, Event::PermissionsRequested { .. });
    let mut seen = read_until(events, "the request", is_it).await;
    assert!(!seen.iter().any(|event| matches!(event, Event::Upgraded { .. })), "{seen:?}");
    match seen.pop() {
        Some(Event::PermissionsRequested { permissions, .. }) => permissions,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_upgrade_that_asks_for_more_waits_for_consent_and_the_old_process_serves_on() {
    run_test(async |env| {
        let (registry, plugin, [one, two], mut events) = watched(env).await;
        let before = env.processes();
        install(env, &json!({"read": [one, two], "connect": [443]}));
        let more = requested(&mut events).await;
        assert_eq!(more, [Permission::Read(two.clone()), Permission::Connect(443)]);
        assert_eq!(plugin.read(one).await.unwrap(), "data/one");
        assert!(is_refused(plugin.read(two.clone()).await));
        assert_eq!(env.processes(), before);
        // Consent to a part of it is none to the rest.
        let handle = registry.load("Confined", "test").await.unwrap();
        let error = handle.grant(&more[1..]).await.unwrap_err();
        let Error::ConsentRequired { permissions, .. } = &error else { panic!("{error:?}") };
        assert_eq!(permissions, &more[..1]);
        assert_eq!(env.processes(), before);
        handle.grant(&more).await.unwrap();
        assert_eq!(plugin.read(two).await.unwrap(), "data/two");
        until("the old process is gone", || env.processes() != before).await;
        read_until(&mut events, "the upgrade", is(Kind::Upgraded, "test.Confined")).await;
    });
}

#[test]
fn an_upgrade_that_asks_for_no_more_needs_no_consent() {
    run_test(async |env| {
        let (_registry, plugin, [one, _], mut events) = watched(env).await;
        install(env, &json!({}));
        read_until(&mut events, "the upgrade", is(Kind::Upgraded, "test.Confined")).await;
        assert!(is_refused(plugin.read(one.clone()).await));
        install(env, &json!({"read": [one]}));
        read_until(&mut events, "the upgrade", is(Kind::Upgraded, "test.Confined")).await;
        assert_eq!(plugin.read(one).await.unwrap(), "data/one");
    });
}

#[test]
fn what_a_link_leads_to_by_now_is_not_what_the_host_has_consented_to() {
    run_test(async |env| {
        let (one, two) = (file(env, "data/one"), file(env, "data/two"));
        let link = env.path("data/link");
        symlink(&one, &link).unwrap();
        let permissions = json!({"read": [link]});
        let sandbox = Sandbox::new().read(env.path("data"));
        let (registry, plugin) = asking(env, permissions, sandbox).await.unwrap();
        assert_eq!(plugin.read(link.clone()).await.unwrap(), "data/one");
        let handle = registry.load("Confined", "test").await.unwrap();
        handle.unload().await.unwrap();
        fs::remove_file(&link).unwrap();
        symlink(&two, &link).unwrap();
        let error = registry.load("Confined", "test").await.unwrap_err();
        let Error::ConsentRequired { permissions, .. } = &error else { panic!("{error:?}") };
        assert_eq!(permissions, &[Permission::Read(two.clone())]);
        assert!(error.to_string().contains(&two.display().to_string()), "{error}");
        handle.grant(permissions).await.unwrap();
        registry.load("Confined", "test").await.unwrap();
        assert_eq!(plugin.read(link).await.unwrap(), "data/two");
    });
}

#[test]
fn a_plugin_that_was_removed_and_is_back_has_the_consent_of_before() {
    run_test(async |env| {
        let (registry, plugin, [one, two], mut events) = watched(env).await;
        let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
        let with_plugin = tasks();
        drop(plugin);
        fs::remove_file(env.folder().join(PCONF)).unwrap();
        read_until(&mut events, "the end", is(Kind::Removed, "test.Confined")).await;
        until("the process is gone", || env.processes().is_empty()).await;
        // The consent is all that is kept of it.
        until("the plugin is forgotten", || registry.get("Confined", "test").is_none()).await;
        assert!(tasks() < with_plugin);
        drop(events);
        install(env, &json!({"read": [one, two]}));
        let refused = async || loop {
            match registry.load("Confined", "test").await.unwrap_err() {
                Error::NotFound { .. } => tokio::task::yield_now().await,
                error => return error,
            }
        };
        let error = crate::test_env::soon("the file is found", refused()).await;
        let Error::ConsentRequired { permissions, .. } = &error else { panic!("{error:?}") };
        assert_eq!(permissions, &[Permission::Read(two)]);
    });
}

#[test]
fn a_host_that_stores_what_it_granted_reads_the_same() {
    let list = [
        Permission::Read(Path::new("/a").into()),
        Permission::Connect(443),
        Permission::Udp,
        Permission::Memory(1 << 20),
        Permission::Service("Database".into()),
    ];
    let text = serde_json::to_string(&list).unwrap();
    assert_eq!(
        text,
        r#"[{"read":"/a"},{"connect":443},"udp",{"memory":1048576},{"service":"Database"}]"#
    );
    assert_eq!(serde_json::from_str::<Vec<Permission>>(&text).unwrap(), list);
}
