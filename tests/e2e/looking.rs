//! What the registry concludes from a look at its folder: an error of looking is not "nothing there",
//! a change does not need another time, and what is rejected can be seen.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use goplug::{Error, Event, Registry};
use goplug_tests::fixtures::counter::Counter;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use serde_json::{Value, json};

use crate::foreign::SelfStarted;
use crate::test_env::{COUNTER, Kind, TestEnv, is, pconf, read_until, run_test, until};

/// Puts something else in a path's place at once, so that there is always something.
fn exchange(path: &Path, other: &Path) {
    renameat_with(CWD, path, CWD, other, RenameFlags::EXCHANGE).unwrap();
}

/// A link to a link to itself: whoever looks at it gets an error, whoever he is.
fn circle(env: &TestEnv) -> PathBuf {
    let (circle, link) = (env.path("circle"), env.path("link"));
    symlink(&circle, &circle).unwrap();
    symlink(&circle, &link).unwrap();
    link
}

fn rejects(path: &Path) -> impl FnMut(&Event) -> bool {
    move |event| matches!(event, Event::Rejected { path: rejected, .. } if rejected == path)
}

/// Whether the registry has not stopped the calculator meanwhile.
async fn assert_untouched(registry: &Registry, process: u32) {
    let calculator = registry.get("Calculator", "math").unwrap();
    assert_eq!(calculator.process_id(), Some(process));
    assert_eq!(calculator.execute("add", r#"{"a":2,"b":3}"#).await.unwrap(), "5");
}

#[test]
fn a_folder_that_cannot_be_read_keeps_its_plugins() {
    run_test(async |env| {
        env.install_calculator();
        let registry = env.watching().await;
        let calculator = env.load_calculator(&registry).await;
        let process = calculator.process().await.unwrap();
        let (mut events, aside) = (registry.events(), circle(env));

        exchange(&env.folder(), &aside);
        let seen = read_until(&mut events, "the rejection", rejects(&env.folder())).await;

        let Some(Event::Rejected { reason, .. }) = seen.last() else { panic!("{seen:?}") };
        assert!(reason.starts_with("the folder cannot be read: "), "{reason}");
        assert!(reason.ends_with("; the plugins that are known stay as they are"), "{reason}");
        assert!(!seen.iter().any(|event| matches!(event, Event::Removed { .. })), "{seen:?}");
        assert_untouched(&registry, process).await;
        assert!(matches!(registry.load("Nobody", "").await, Err(Error::Rejected { .. })));

        exchange(&env.folder(), &aside);
        until("the folder is read again", || registry.rejected().is_empty()).await;
        assert_untouched(&registry, process).await;
    });
}

#[test]
fn a_file_that_cannot_be_looked_at_keeps_its_plugin() {
    run_test(async |env| {
        let file = env.install_calculator();
        let registry = env.watching().await;
        let calculator = env.load_calculator(&registry).await;
        let process = calculator.process().await.unwrap();
        let (mut events, aside) = (registry.events(), circle(env));

        exchange(&file, &aside);
        let seen = read_until(&mut events, "the rejection", rejects(&file)).await;
        assert!(!seen.iter().any(|event| matches!(event, Event::Removed { .. })), "{seen:?}");
        assert_untouched(&registry, process).await;

        exchange(&file, &aside);
        until("the file is read again", || registry.rejected().is_empty()).await;
        assert_untouched(&registry, process).await;
    });
}

#[test]
fn without_discovery_a_folder_that_cannot_be_read_keeps_what_was_found_at_the_start() {
    run_test(async |env| {
        env.install_calculator();
        let registry = env.registry().start().await.unwrap();
        exchange(&env.folder(), &circle(env));
        // Its process would have to run in that folder.
        registry.load("Calculator", "math").await.unwrap_err();
        assert!(registry.is_discovered("Calculator", "math"));
        assert_eq!(registry.rejected()[0].path, env.folder());
    });
}

/// The counter's `.pconf` of this version, with a time that is the same for every version.
fn put_pinned(path: &Path, version: &str) {
    let temporary = path.with_extension("new");
    fs::write(&temporary, versioned(version).to_string()).unwrap();
    let file = fs::File::options().append(true).open(&temporary).unwrap();
    file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
    drop(file);
    fs::rename(temporary, path).unwrap();
}

fn versioned(version: &str) -> Value {
    let mut keys = pconf::<Counter>(COUNTER);
    keys["Version"] = json!(version);
    keys
}

fn version(registry: &Registry) -> String {
    registry.discovered()[0].version().unwrap()
}

#[test]
fn a_file_replaced_by_one_of_equal_length_and_time_is_read() {
    run_test(async |env| {
        let path = env.folder().join("demo.Counter.pconf");
        put_pinned(&path, "1.0.0");
        let registry = env.watching().await;
        let mut events = registry.events();
        read_until(&mut events, "the plugin", is(Kind::Discovered, "demo.Counter")).await;
        put_pinned(&path, "2.0.0");
        read_until(&mut events, "the change", is(Kind::Changed, "demo.Counter")).await;
        assert_eq!(version(&registry), "2.0.0");
    });
}

/// Two folders with a version of the counter's file each.
fn two_versions(env: &TestEnv, within: &Path) {
    for number in ["1", "2"] {
        let folder = within.join(number);
        fs::create_dir(&folder).unwrap();
        put_pinned(&folder.join("demo.Counter.pconf"), &format!("{number}.0.0"));
    }
    assert!(env.folder().exists());
}

/// Points a link at another target, at once.
fn relink(link: &Path, target: &str) {
    let next = link.with_file_name("..next");
    symlink(target, &next).unwrap();
    fs::rename(next, link).unwrap();
}

#[test]
fn a_link_within_the_folder_that_leads_elsewhere_is_followed() {
    run_test(async |env| {
        // As a ConfigMap of Kubernetes is laid out and updated.
        let data = env.folder().join("..data");
        two_versions(env, &env.folder());
        symlink("1", &data).unwrap();
        symlink("..data/demo.Counter.pconf", env.folder().join("demo.Counter.pconf")).unwrap();
        let registry = env.watching().await;
        let mut events = registry.events();
        assert_eq!(version(&registry), "1.0.0");
        relink(&data, "2");
        read_until(&mut events, "the change", is(Kind::Changed, "demo.Counter")).await;
        assert_eq!(version(&registry), "2.0.0");
    });
}

#[test]
fn a_folder_that_is_a_link_is_followed_when_it_leads_elsewhere() {
    run_test(async |env| {
        fs::create_dir(env.path("versions")).unwrap();
        two_versions(env, &env.path("versions"));
        let link = env.path("current");
        symlink("versions/1", &link).unwrap();
        let registry = Registry::builder(&link).auto_discover(true).start().await.unwrap();
        let mut events = registry.events();
        assert_eq!(version(&registry), "1.0.0");
        relink(&link, "versions/2");
        read_until(&mut events, "the change", is(Kind::Changed, "demo.Counter")).await;
        assert_eq!(version(&registry), "2.0.0");
    });
}

#[test]
fn what_is_rejected_at_the_start_is_listed_with_its_reason() {
    run_test(async |env| {
        let broken = env.put("broken.pconf", "{");
        env.install_counter();
        let twin = env.put_pconf("twin.pconf", &pconf::<Counter>(COUNTER));
        let registry = env.registry().start().await.unwrap();
        let rejected = registry.rejected();
        let paths: Vec<_> = rejected.iter().map(|file| file.path.clone()).collect();
        assert_eq!(paths, [broken.clone(), twin]);
        assert!(rejected[0].reason.starts_with("not a JSON object: "), "{rejected:?}");
        assert!(rejected[1].reason.contains("is already taken by "), "{rejected:?}");
        fs::remove_file(broken).unwrap();
        registry.load("Nobody", "").await.unwrap_err();
        assert_eq!(registry.rejected().len(), 1);
    });
}

#[test]
fn a_folder_that_cannot_be_read_at_the_start_says_nothing_of_plugins() {
    run_test(async |env| {
        exchange(&env.folder(), &circle(env));
        let registry = env.registry().start().await.unwrap();
        let rejected = registry.rejected();
        assert!(rejected[0].reason.starts_with("the folder cannot be read: "), "{rejected:?}");
        assert!(!rejected[0].reason.contains("the plugins that are known"), "{rejected:?}");
    });
}

#[test]
fn a_folder_that_others_may_write_is_listed() {
    run_test(async |env| {
        env.install_counter();
        fs::set_permissions(env.folder(), fs::Permissions::from_mode(0o777)).unwrap();
        let registry = env.registry().start().await.unwrap();
        let rejected = registry.rejected();
        assert_eq!(rejected.len(), 1);
        assert_eq!(rejected[0].path, env.folder());
        assert!(rejected[0].reason.contains("every user may write it"), "{rejected:?}");
    });
}

#[test]
fn a_blocking_registry_lists_what_is_rejected_and_discovered_at_the_start() {
    run_test(async |env| {
        env.install_counter();
        env.put("broken.pconf", "{");
        let folder = env.folder();
        let lists = std::thread::spawn(move || {
            let registry = Registry::builder(folder).start_blocking().unwrap();
            (registry.discovered().len(), registry.rejected().len())
        });
        assert_eq!(lists.join().unwrap(), (1, 1));
    });
}

/// The error of a load.
async fn load_error(env: &TestEnv, name: &str, namespace: &str) -> String {
    let registry = env.registry().start().await.unwrap();
    registry.load(name, namespace).await.unwrap_err().to_string()
}

#[test]
fn a_load_of_a_rejected_file_says_why_whatever_the_file_is_called() {
    run_test(async |env| {
        env.put_pconf("any-name.pconf", &json!({"Name": "Do", "NameSpace": "Test", "Exec": 7}));
        let error = load_error(env, "Do", "Test").await;
        assert!(error.contains("any-name.pconf: Exec"), "{error}");
        env.put("TestDo.pconf", "no JSON");
        fs::remove_file(env.folder().join("any-name.pconf")).unwrap();
        let error = load_error(env, "Do", "Test").await;
        assert!(error.contains("TestDo.pconf: not a JSON object"), "{error}");
    });
}

#[test]
fn a_load_of_an_unknown_plugin_names_those_that_are_near() {
    run_test(async |env| {
        env.install_counter();
        let expected = format!("in {}; did you mean demo.Counter?", env.folder().display());
        for (name, namespace) in [("Counter", ""), ("Conter", "demo"), ("counter", "Demo")] {
            let error = load_error(env, name, namespace).await;
            assert!(error.ends_with(&expected), "{error}");
        }
    });
}

#[test]
fn a_file_that_leads_nowhere_gives_its_name_to_one_that_does_not() {
    run_test(async |env| {
        let nowhere = [
            json!({"Name": "Counter", "NameSpace": "demo", "Sock": "nobody.sock"}),
            json!({"Name": "Counter", "NameSpace": "demo", "Exec": ["./no-program"]}),
        ];
        for keys in nowhere {
            let old = env.put_pconf("a.pconf", &keys);
            env.install_counter();
            let registry = env.registry().start().await.unwrap();
            registry.load("Counter", "demo").await.unwrap();
            let rejected = registry.rejected();
            assert_eq!(rejected.len(), 1);
            assert_eq!(rejected[0].path, old);
            registry.stop().await.unwrap();
        }
    });
}

#[test]
fn two_files_that_lead_nowhere_do_not_alternate() {
    run_test(async |env| {
        for file in ["a.pconf", "b.pconf"] {
            env.put_pconf(file, &json!({"Name": "Do", "Sock": "nobody.sock"}));
        }
        let registry = env.registry().start().await.unwrap();
        let mut events = registry.events();
        for _ in 0..3 {
            registry.load("Nobody", "").await.unwrap_err();
        }
        registry.stop().await.unwrap();
        let mut seen = Vec::new();
        while let Some(event) = events.next().await {
            seen.push(event);
        }
        assert!(matches!(seen[..], [Event::Discovered { .. }, Event::Rejected { .. }]), "{seen:?}");
    });
}

#[test]
fn a_plugin_that_serves_keeps_its_name() {
    run_test(async |env| {
        let _process = SelfStarted::start(env);
        let own = env.folder().join("math.Calculator.pconf");
        until("the plugin has installed itself", || own.exists()).await;
        let other = env.put_pconf(
            "z.pconf",
            &json!({"Name": "Calculator", "NameSpace": "math", "Exec": ["/bin/true"]}),
        );
        let registry = env.registry().start().await.unwrap();
        assert_eq!(registry.rejected()[0].path, other);
        assert_eq!(registry.discovered()[0].path(), Some(&*own));
    });
}
