//! Calls that are in flight for as long as a test needs them.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use goplug::{CallError, RemoteError};
use goplug_tests::fixtures::calculator::CalculatorClient;
use tokio::task::JoinHandle;

use crate::test_env::{TestEnv, soon, until};

type Outcome = Result<(), CallError<RemoteError>>;

/// A call of ten minutes. A test has one at a time.
pub(crate) struct LongCall {
    pub(crate) task: JoinHandle<Outcome>,
    /// The file that the plugin makes when it drops the call's handler.
    pub(crate) dropped: PathBuf,
}

impl LongCall {
    /// Makes the call, and waits until its handler runs.
    pub(crate) async fn start(env: &TestEnv, calculator: &CalculatorClient) -> Self {
        let (begun, dropped) = (env.path("begun"), env.path("dropped"));
        let (caller, flag, end) = (calculator.clone(), begun.clone(), dropped.clone());
        let task = tokio::spawn(async move { caller.sleep(600_000, flag, end).await });
        until("the call has begun", || begun.exists()).await;
        Self { task, dropped }
    }

    /// Drops the future of the call, and waits until its handler has been dropped.
    pub(crate) async fn cancel(self) {
        self.task.abort();
        until("the handler is dropped", || self.dropped.exists()).await;
    }

    /// Waits for the error in which the call ends.
    pub(crate) async fn error(self) -> CallError<RemoteError> {
        soon("the end of the call", self.task).await.unwrap().unwrap_err()
    }
}

/// A call that ends when the test lets it. A test has one at a time.
pub(crate) struct GatedCall {
    task: JoinHandle<Outcome>,
    /// The file that the handler waits for.
    gate: PathBuf,
}

impl GatedCall {
    /// Makes the call, and waits until its handler runs.
    pub(crate) async fn start(env: &TestEnv, calculator: &CalculatorClient) -> Self {
        let (begun, gate) = (env.path("begun"), env.path("gate"));
        let (caller, flag, file) = (calculator.clone(), begun.clone(), gate.clone());
        let task = tokio::spawn(async move { caller.wait_at(flag, file).await });
        until("the call has begun", || begun.exists()).await;
        Self { task, gate }
    }

    pub(crate) fn is_finished(&self) -> bool {
        self.task.is_finished()
    }

    /// Whether the call has not ended after this time.
    pub(crate) async fn outlasts(&mut self, time: Duration) -> bool {
        tokio::time::timeout(time, &mut self.task).await.is_err()
    }

    /// Opens the gate, and waits for the end of the call.
    pub(crate) async fn finish(self) -> Outcome {
        fs::write(&self.gate, "").unwrap();
        soon("the end of the call", self.task).await.unwrap()
    }
}
