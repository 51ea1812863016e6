//! Many calls at a time: they share connections, and no quick call waits for a slow call.

use std::fs;

use goplug_tests::fixtures::calculator::CalculatorClient;
use tokio::task::JoinSet;

use crate::test_env::{run_test, sockets, soon};

/// Makes calls until the host has measured that both methods are quick.
async fn learn_latencies(calculator: &CalculatorClient) {
    for _ in 0..200 {
        let (sum, waited) = tokio::join!(calculator.add(1, 1), calculator.wait_for(None));
        assert_eq!((sum.unwrap(), waited.unwrap()), (2, ()));
    }
}

async fn add_all(calculator: &CalculatorClient, callers: i64, calls: i64) {
    let mut adding = JoinSet::new();
    for caller in 0..callers {
        let calculator = calculator.clone();
        adding.spawn(async move {
            for call in 0..calls {
                assert_eq!(
                    calculator.add(caller * 1000, call).await.unwrap(),
                    caller * 1000 + call
                );
            }
        });
    }
    soon("the quick calls", adding.join_all()).await;
}

#[test]
fn calls_in_flight_share_connections_and_each_gets_its_own_answer() {
    run_test(async |env| {
        let (_registry, calculator) = env.calculator().await;
        learn_latencies(&calculator).await;
        add_all(&calculator, 64, 100).await;
        let sockets = sockets(calculator.plugin().process_id().unwrap());
        assert!(sockets.is_none_or(|count| count < 40), "{sockets:?} sockets for 64 callers");
    });
}

#[test]
fn a_quick_call_does_not_wait_for_a_slow_call() {
    run_test(async |env| {
        let (_registry, calculator) = env.calculator().await;
        learn_latencies(&calculator).await;
        let gate = env.path("gate");
        let mut slow = JoinSet::new();
        for _ in 0..8 {
            let (calculator, gate) = (calculator.clone(), gate.clone());
            slow.spawn(async move { calculator.wait_for(Some(gate)).await });
        }
        // The host takes these slow calls for quick, and pipelines calls behind them: the plugin
        // has to give those back.
        add_all(&calculator, 32, 50).await;
        assert!(slow.try_join_next().is_none(), "a slow call has ended before it might");
        fs::write(&gate, "").unwrap();
        for outcome in soon("the slow calls", slow.join_all()).await {
            outcome.unwrap();
        }
    });
}
