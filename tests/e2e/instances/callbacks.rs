//! Callbacks of several instances.

use goplug::Event;
use tokio::sync::mpsc::unbounded_channel;

use super::{handle, instances, of_instance, processes};
use crate::test_env::{kill, listen, read_until, run_test, soon};

#[test]
fn callbacks_of_all_instances_arrive_those_of_each_in_order() {
    run_test(async |env| {
        let (registry, calculator) = instances(env, 3).await;
        let (sender, mut heard) = unbounded_channel();
        let _subscription = calculator
            .on_tick(move |number| {
                sender.send(number).unwrap();
                async {}
            })
            .await
            .unwrap();
        // Side by side, so that each instance has one.
        let bursts: Vec<_> = (0..3)
            .map(|_| {
                let calculator = calculator.clone();
                tokio::spawn(async move { calculator.burst(100, None).await.unwrap() })
            })
            .collect();
        for burst in bursts {
            soon("a burst", burst).await.unwrap();
        }
        // Each number comes three times; in the order of each instance, no number comes more often
        // than the one before it has.
        let mut counts = [0; 100];
        for _ in 0..300 {
            let number = soon("a callback", heard.recv()).await.unwrap() as usize;
            counts[number] += 1;
            assert!(number == 0 || counts[number] <= counts[number - 1], "{number}: {counts:?}");
        }
        assert_eq!(counts, [3; 100]);
        registry.stop().await.unwrap();
    });
}

#[test]
fn a_callback_of_a_restarted_instance_arrives() {
    run_test(async |env| {
        let (registry, calculator) = instances(env, 2).await;
        let (_subscription, mut heard) = listen(&handle(&registry), "noticed").await;
        let mut events = registry.events();
        kill(processes(&registry)[0]);
        read_until(&mut events, "the restart", |event| {
            matches!(of_instance(event), Some((0, Event::Restarted { .. })))
        })
        .await;
        for _ in 0..4 {
            calculator.notice("it").await.unwrap();
            soon("the callback", heard.recv()).await.unwrap();
        }
        registry.stop().await.unwrap();
    });
}
