//! What a plugin can cost its host at most, in bytes and in processor time. The host is a process of its
//! own, which says what it has cost.

use goplug::Event;
use goplug_tests::fixtures::hostile::{Cost, Mode};
use serde_json::json;

use crate::test_env::{HOSTILE, TestEnv, run_test, soon, until};

/// The cost of a plugin of this mode.
fn cost(env: &TestEnv, mode: Mode) -> Cost {
    let keys = json!({
        "Name": "Hostile", "Protocol": 2, "LazyLoad": true, "Exec": [HOSTILE, mode.name()],
    });
    env.put_pconf("Hostile.pconf", &keys);
    let host = env.command(HOSTILE).args(["host", &mode.name()]).arg(env.folder()).output();
    let host = host.unwrap();
    assert!(host.status.success(), "{host:?}");
    serde_json::from_slice(&host.stdout).unwrap()
}

#[test]
fn a_name_that_nobody_listens_to_costs_no_search() {
    run_test(async |env| {
        let Cost { time, refused, .. } = cost(env, Mode::UnknownNames);
        assert_eq!(refused, None);
        assert!(time < 10_000, "{time} ms");
    });
}

#[test]
fn callbacks_are_read_ahead_up_to_a_number_of_bytes() {
    run_test(async |env| {
        let Cost { memory, refused, .. } = cost(env, Mode::LargeCallbacks);
        assert_eq!(refused, None);
        assert!(memory < 400, "{memory} MiB");
    });
}

#[test]
fn calls_of_services_hold_a_bounded_number_of_bytes() {
    run_test(async |env| {
        let Cost { memory, refused, .. } = cost(env, Mode::LargeServices);
        assert_eq!(refused, None);
        assert!(memory < 700, "{memory} MiB");
    });
}

#[test]
fn what_a_plugin_sends_causes_a_bounded_number_of_warnings() {
    run_test(async |env| {
        for mode in [Mode::Gaps, Mode::NotBase64, Mode::NeitherNor] {
            let Cost { logged, refused, .. } = cost(env, mode);
            assert_eq!(refused, None);
            // The flood takes less than a second on an idle machine, and some dozens on a busy one.
            assert!((1..1_000).contains(&logged), "{mode:?}: {logged} lines");
        }
    });
}

#[test]
fn a_descriptor_has_a_bounded_size() {
    run_test(async |env| {
        let Cost { memory, refused, .. } = cost(env, Mode::LargeDescriptor);
        let refused = refused.unwrap();
        assert!(refused.contains("its answer to Activate"), "{refused}");
        assert!(memory < 200, "{memory} MiB");
    });
}

#[test]
fn the_name_of_a_plugin_that_is_gone_is_forgotten() {
    const NAMES: usize = 200;
    run_test(async |env| {
        let registry = env.watching().await;
        let mut events = registry.events();
        let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
        let before = tasks();
        let files: Vec<_> = (0..NAMES)
            .map(|n| {
                let keys = json!({"Name": format!("p{n}"), "Sock": "s", "LazyLoad": true});
                env.put_pconf(&format!("p{n}.pconf"), &keys)
            })
            .collect();
        until_count(&mut events, NAMES, |event| matches!(event, Event::Discovered { .. })).await;
        // Somebody has a handle of one.
        let kept = registry.get("p7", "").unwrap();
        assert!(tasks() >= NAMES);
        for file in files {
            std::fs::remove_file(file).unwrap();
        }
        until_count(&mut events, NAMES, |event| matches!(event, Event::Removed { .. })).await;
        until("the tasks of the plugins have ended", || tasks() <= before + 1).await;
        assert!(registry.get("p8", "").is_none() && registry.get("p7", "").is_some());
        env.put_pconf("p7.pconf", &json!({"Name": "p7", "Sock": "s", "LazyLoad": true}));
        until_count(&mut events, 1, |event| matches!(event, Event::Discovered { .. })).await;
        assert_eq!(kept.state(), goplug::State::Discovered);
    });
}

async fn until_count(events: &mut goplug::Events, count: usize, is_meant: fn(&Event) -> bool) {
    let mut seen = 0;
    while seen < count {
        let event = soon("an event", events.next()).await.unwrap();
        seen += usize::from(is_meant(&event));
    }
}
