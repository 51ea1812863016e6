//! Calls with a key.

use std::collections::{BTreeMap, BTreeSet};

use goplug::Event;

use super::{Held, handle, instances, of_instance, processes};
use crate::test_env::{kill, read_until, run_test, until_asked};

#[test]
fn calls_with_a_key_go_to_one_instance_also_after_its_restart() {
    run_test(async |env| {
        let (registry, calculator) = instances(env, 3).await;
        let process = async |key: &str| calculator.clone().keyed(key).process().await.unwrap();
        let mut of_keys = BTreeMap::new();
        for key in 0..24 {
            let key = format!("tenant {key}");
            let of_key = process(&key).await;
            assert_eq!(process(&key).await, of_key);
            of_keys.insert(key, of_key);
        }
        assert_eq!(of_keys.values().collect::<BTreeSet<_>>().len(), 3);
        // Handles and blocking clients have the same keys.
        let (key, victim) = of_keys.first_key_value().unwrap();
        let of_handle = handle(&registry).keyed(key).execute("process", "").await.unwrap();
        assert_eq!(of_handle, victim.to_string());

        let held = Held::start(env, &calculator.clone().keyed(key), "held").await;
        assert_eq!(process(key).await, *victim);
        held.end().await;

        let slot = processes(&registry).iter().position(|process| process == victim).unwrap();
        kill(*victim);
        let mut events = registry.events();
        until_asked("the key has the next process", async || process(key).await != *victim).await;
        read_until(
            &mut events,
            "the restart",
            |event| matches!(of_instance(event), Some((at, Event::Restarted { .. })) if at == slot),
        )
        .await;
        for (key, before) in &of_keys {
            let now = process(key).await;
            assert_eq!(now != *before, before == victim, "{key}");
            assert_eq!(now == processes(&registry)[slot], before == victim, "{key}");
        }
        registry.stop().await.unwrap();
    });
}
