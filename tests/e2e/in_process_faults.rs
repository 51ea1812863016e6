//! The faults of a plugin in this process are the errors of one with a process.

use std::path::Path;
use std::time::{Duration, Instant};

use goplug::testing::{Fault, InProcess};
use goplug::{CallError, Caller, Error};
use goplug_tests::fixtures::calculator::{Calculator, CalculatorClient};

use crate::in_process::{Local, local};
use crate::streams::all;
use crate::test_env::{TestEnv, kill, run_test, until};

/// The error of a call, or of a stream after two items, of a process that is killed meanwhile.
async fn killed(env: &TestEnv) -> (Error, Error) {
    let (registry, calculator) = env.calculator().await;
    let process = calculator.plugin().process_id().unwrap();
    let begun = env.path("begun");
    let call = calculator.wait_at(begun.clone(), env.path("never"));
    let (call, ()) = tokio::join!(call, async {
        until("the call has begun", || begun.exists()).await;
        kill(process);
    });
    let CallError::Goplug(of_call) = call.unwrap_err() else { panic!() };
    registry.load("Calculator", "math").await.unwrap();
    let mut lines = calculator.count_for_ever(env.path("done")).await.unwrap();
    lines.next().await.unwrap().unwrap();
    kill(calculator.plugin().process_id().unwrap());
    let (_, of_stream) = all(lines).await;
    (of_call, of_stream.unwrap())
}

#[test]
fn an_injected_crash_is_the_error_of_a_process_that_is_killed() {
    run_test(async |env| {
        let (of_call, of_stream) = killed(env).await;
        let (plugin, calculator) = local();
        plugin.inject("add", Fault::Crash).unwrap();
        plugin.inject("count", Fault::CrashAfter(2)).unwrap();
        assert_eq!(
            format!("{:?}", calculator.add(1, 2).await.unwrap_err()),
            format!("{of_call:?}")
        );
        let (items, error) = all(calculator.count(9).await.unwrap()).await;
        assert_eq!(items, [0, 1]);
        assert_eq!(format!("{:?}", error.unwrap()), format!("{of_stream:?}"));
        plugin.clear_fault("add");
        assert_eq!(calculator.add(1, 2).await.unwrap(), 3);
        // A stream that is shorter has the fault at its end.
        for fault in [Fault::CrashAfter(3), Fault::CrashAfter(9)] {
            plugin.inject("count", fault).unwrap();
            plugin.inject("chunks", fault).unwrap();
            let (items, error) = all(calculator.count(3).await.unwrap()).await;
            assert_eq!(items, [0, 1, 2]);
            assert!(matches!(error, Some(Error::Crashed { .. })), "{error:?}");
            let (parts, error) = all(calculator.chunks(2, 2).await.unwrap()).await;
            assert_eq!(parts.concat(), [0, 0, 1, 1]);
            assert!(matches!(error, Some(Error::Crashed { .. })), "{error:?}");
        }
        for fault in [Fault::CrashAfter(0), Fault::HangAfter(1)] {
            let error = plugin.inject("add", fault).unwrap_err();
            let text = format!("`{fault:?}` is a fault of a stream, and \"add\" of ");
            assert!(matches!(error, Error::Configuration(_)), "{error:?}");
            assert!(error.to_string().starts_with(&text), "{error}");
        }
        let error = plugin.inject("no-such-method", Fault::Hang).unwrap_err();
        assert!(matches!(error, Error::UnknownMethod { .. }), "{error}");
    });
}

/// The errors of a call and of a stream that are not answered: the times are those of the caller.
async fn silence<C: Caller>(calculator: &CalculatorClient<C>, never: &Path) -> [String; 2] {
    let lines = calculator.wait_for(Some(never.into()));
    let error = lines.await.unwrap_err();
    let (items, silent) = all(calculator.count_slowly(1).await.unwrap()).await;
    assert_eq!(items, [0]);
    [error, silent.unwrap()].map(|error| error.to_string())
}

#[test]
fn an_injected_hang_is_the_error_of_a_process_that_does_not_answer() {
    run_test(async |env| {
        env.install_calculator();
        let brief = Duration::from_millis(300);
        let registry = env.registry().policy(|policy| policy.stream_idle(brief));
        let registry = registry.start().await.unwrap();
        let remote = env.load_calculator(&registry).await.with_timeout(brief);
        let expected = silence(&remote, &env.path("never")).await;

        let plugin = InProcess::new(Calculator::default()).with_stream_idle(brief);
        let local: Local = plugin.client().unwrap();
        let local = local.with_timeout(brief);
        assert_eq!(silence(&local, &env.path("never")).await, expected);
        plugin.inject("wait_for", Fault::Hang).unwrap();
        plugin.inject("count_slowly", Fault::HangAfter(1)).unwrap();
        let error = local.wait_for(None).await.unwrap_err().to_string();
        let (items, silent) = all(local.count_slowly(9).await.unwrap()).await;
        assert_eq!((items, [error, silent.unwrap().to_string()]), (vec![0], expected));
        plugin.inject("count", Fault::Hang).unwrap();
        assert!(matches!(local.count(1).await, Err(Error::Deadline { .. })));
    });
}

#[test]
fn an_injected_delay_comes_before_the_method() {
    run_test(async |_| {
        let (plugin, calculator) = local();
        let delay = Duration::from_millis(50);
        plugin.inject("add", Fault::Delay(delay)).unwrap();
        let before = Instant::now();
        assert_eq!(calculator.add(1, 2).await.unwrap(), 3);
        assert!(before.elapsed() >= delay);
        plugin.inject("add", Fault::Delay(Duration::from_secs(3600))).unwrap();
        let late = calculator.with_timeout(Duration::from_millis(1)).add(1, 2).await;
        assert!(matches!(late, Err(Error::Deadline { .. })), "{late:?}");
    });
}
