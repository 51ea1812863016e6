//! Plugins in control groups of their own.

use goplug::{Cgroup, Error, Registry};
use goplug_tests::fixtures::misbehaving::{METHOD, Mode};
use serde_json::json;

use crate::test_env::{MISBEHAVING, TestEnv, run_test, until};

async fn registry(env: &TestEnv, cgroup: Cgroup) -> Registry {
    let exec = json!([MISBEHAVING, Mode::Escapes.name()]);
    let keys = json!({"Name": "Misbehaving", "NameSpace": "hard", "Protocol": 2, "LazyLoad": true, "Exec": exec});
    env.put_pconf("hard.Misbehaving.pconf", &keys);
    env.registry().policy(|policy| policy.cgroup(cgroup)).start().await.unwrap()
}

#[test]
fn what_a_plugin_has_started_in_a_session_of_its_own_ends_with_its_control_group() {
    run_test(async |env| {
        let group = Cgroup::new();
        let registry = registry(env, group.clone()).await;
        let loaded = registry.load("Misbehaving", "hard").await;
        if let Err(lacking) = group.check() {
            // No group is delegated to this test: the plugin is refused with that reason.
            let Err(Error::Start { reason, .. }) = loaded else { panic!("{loaded:?}") };
            let lacking = lacking.to_string();
            let lacking = lacking.strip_prefix("a control group cannot be made: ").unwrap();
            assert_eq!(reason, format!("its control group cannot be made: {lacking}"));
            return;
        }
        let plugin = loaded.unwrap();
        plugin.execute(METHOD, "").await.unwrap();
        assert_eq!(env.processes().len(), 2);
        plugin.unload().await.unwrap();
        until("the escaped process has ended", || env.processes().is_empty()).await;
        registry.stop().await.unwrap();
    });
}

#[test]
fn a_limit_that_no_controller_enforces_is_refused() {
    run_test(async |env| {
        let folder = env.path("no-group");
        std::fs::create_dir(&folder).unwrap();
        for file in ["cgroup.procs", "cgroup.controllers", "cgroup.subtree_control"] {
            std::fs::write(folder.join(file), "").unwrap();
        }
        let group = Cgroup::new().parent(&folder).memory_max(64 << 20);
        let error = group.check().unwrap_err().to_string();
        assert!(error.contains("has no controller memory"), "{error}");
        let registry = registry(env, group).await;
        let error = registry.load("Misbehaving", "hard").await.unwrap_err().to_string();
        assert!(error.contains("its control group cannot be made: "), "{error}");
        assert!(env.processes().is_empty());
    });
}
