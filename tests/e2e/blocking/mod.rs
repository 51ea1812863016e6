//! Calls that block their thread. They end in the same ways as async calls.
//!
//! A test runs on a thread that is no worker of its runtime, so that a blocking call there
//! delays nothing else.

mod calls;
mod failures;
mod hosts;

use std::time::Duration;

use goplug::blocking::Plugin;
use goplug::{Registry, Restart};

use crate::test_env::TestEnv;

/// The calculator, with a handle for blocking callers.
async fn calculator(env: &TestEnv) -> (Registry, Plugin) {
    let (registry, calculator) = env.calculator().await;
    (registry, calculator.plugin().clone().into())
}

/// The calculator under this restart policy, with a handle for blocking callers.
async fn supervised(env: &TestEnv, restart: Restart) -> (Registry, Plugin) {
    env.install_calculator();
    let registry = env.registry().restart(restart).start().await.unwrap();
    let calculator = env.load_calculator(&registry).await;
    (registry, calculator.plugin().clone().into())
}

fn restart_after(wait: Duration) -> Restart {
    Restart::transient().backoff(wait, wait)
}

/// The id of the plugin's process, as the plugin reports it.
fn process(plugin: &Plugin) -> u32 {
    serde_json::from_slice(&plugin.execute("process", "").unwrap()).unwrap()
}
