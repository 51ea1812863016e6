//! System calls by which a plugin in a sandbox reaches its host, the network and the kernel.

use anyhow::Result;
use goplug_tests::fixtures::unix::attempts::{self, Attempt};

use super::attempt::{Attempts, Outcome};
use super::sandbox::attack_from_sandbox;
use crate::test_env::TestEnv;

pub(super) async fn run(attempts: &mut Attempts<'_>) {
    for attempt in attempts::all() {
        let what = format!("a call in a sandbox: {}", attempt.name);
        attempts.attempt(&what, call(attempt)).await;
    }
}

/// The call has to be refused as a sandbox refuses it: another error may depend on the arguments.
async fn call(attempt: Attempt) -> Result<Outcome> {
    let outcome = attack_from_sandbox(&TestEnv::new()?, "call", attempt.name.into()).await?;
    let expected = std::io::Error::from_raw_os_error(attempt.error).to_string();
    Ok(match outcome {
        Outcome::Refused(error) if error != expected => {
            Outcome::GotThrough(format!("the kernel was asked: {error}"))
        }
        outcome => outcome,
    })
}
