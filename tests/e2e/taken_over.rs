//! Plugins that somebody else has started, and whose place another process takes: its socket is moved to the
//! path of theirs.

use std::fs;

use goplug::{Event, Plugin};
use goplug_tests::fixtures::calculator::CalculatorClient;

use crate::attached::{in_process, started};
use crate::foreign::SelfStarted;
use crate::in_flight::LongCall;
use crate::test_env::{Kind, TestEnv, exists, is, read_until, run_test, soon, until};

const ID: &str = "math.Calculator";

/// The socket of a second calculator, moved to where the first one listens: whoever connects from
/// now on reaches the second.
async fn take_over(env: &TestEnv) -> SelfStarted {
    let folder = env.path("elsewhere");
    fs::create_dir(&folder).unwrap();
    let successor = SelfStarted::start_in(env, &folder);
    let file = folder.join("math.Calculator.pconf");
    until("the successor serves", || file.exists()).await;
    let socket = "math.Calculator.sock";
    fs::rename(folder.join(socket), env.folder().join(socket)).unwrap();
    successor
}

#[test]
fn a_process_that_takes_the_place_of_another_is_activated_and_calls_and_callbacks_go_on() {
    run_test(async |env| {
        let mut process = started(env).await;
        let registry = env.registry().start().await.unwrap();
        let calculator: CalculatorClient = registry.client().await.unwrap();
        let mut ticks = calculator.tick_stream().await.unwrap();
        let mut events = registry.events();
        let successor = take_over(env).await;

        let busy = calculator.clone();
        let calls = tokio::spawn(async move {
            let mut answers = Vec::new();
            for number in 0..200 {
                answers.push(busy.add(number, 1).await);
            }
            answers
        });
        process.kill();

        let answers = soon("the answers", calls).await.unwrap();
        // At most the call that the old process had begun has failed.
        let failed: Vec<_> = answers.iter().filter(|answer| answer.is_err()).collect();
        assert!(failed.is_empty(), "{failed:?}");
        let seen = read_until(&mut events, "the return", is(Kind::Restarted, ID)).await;
        let crash = seen.iter().find_map(|event| match event {
            Event::Crashed { status, .. } => Some(status.as_str()),
            _ => None,
        });
        assert_eq!(crash, Some("another process has taken its place"));
        assert_eq!(calculator.process().await.unwrap(), successor.0.id());
        calculator.burst(1, None).await.unwrap();
        assert_eq!(soon("a callback", ticks.next()).await, Some(0));
        registry.stop().await.unwrap();
        assert!(exists(successor.0.id()));
    });
}

#[test]
fn a_call_in_flight_in_a_process_that_is_replaced_fails_once() {
    run_test(async |env| {
        let mut process = started(env).await;
        let registry = env.registry().start().await.unwrap();
        let calculator: CalculatorClient = registry.client().await.unwrap();
        let call = LongCall::start(env, &calculator).await;
        let _successor = take_over(env).await;
        process.kill();
        assert!(call.error().await.may_have_executed());
        assert_eq!(calculator.add(2, 3).await.unwrap(), 5);
        registry.stop().await.unwrap();
    });
}

/// Waits until calls get this answer.
async fn until_answered(plugin: &Plugin, expected: &str) {
    soon("the successor's answer", async {
        while plugin.execute("Version", "").await.ok().is_none_or(|answer| answer != expected) {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[test]
fn a_successor_behind_the_same_listening_process_is_activated_too() {
    run_test(async |env| {
        let first = in_process(env.folder(), "1.0.0").await;
        let registry = env.registry().start().await.unwrap();
        let plugin = registry.load("Do", "Test").await.unwrap();
        until_answered(&plugin, "1.0.0").await;
        let mut current = first;
        // Once another version comes, and once the same.
        for version in ["2.0.0", "2.0.0"] {
            let folder = env.path("elsewhere");
            let next = in_process(folder.clone(), version).await;
            let socket = "Test.Do.sock";
            fs::rename(folder.join(socket), env.folder().join(socket)).unwrap();
            drop(std::mem::replace(&mut current, next));
            until_answered(&plugin, version).await;
            // Its first answer may come a moment before the host has taken it for another one.
            until("the host knows it", || plugin.version().as_deref() == Some(version)).await;
        }
        registry.stop().await.unwrap();
        current.stop().await.unwrap();
    });
}
