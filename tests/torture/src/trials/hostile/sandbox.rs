//! What a plugin reaches that its sandbox does not name.

use std::net::TcpListener;

use anyhow::Result;
use goplug::Sandbox;

use super::attempt::{Attempts, Outcome};
use crate::attacker::{Attacker, AttackerClient};
use crate::test_env::TestEnv;

pub(super) async fn run(attempts: &mut Attempts<'_>) {
    attempts.attempt("a file that the sandbox does not name: read", file("read")).await;
    attempts.attempt("a file that the sandbox does not name: write", file("write")).await;
    attempts.attempt("a file that the sandbox does not name: remove", file("remove")).await;
    attempts.attempt("a signal to the host", signal("signal")).await;
    attempts
        .attempt("a signal to the host, by a descriptor", signal("signal by a descriptor"))
        .await;
    attempts.attempt("a port that the sandbox does not name: connect", port()).await;
}

/// Whether the kernel confines signals: from Linux 6.12 on.
fn confines_signals() -> Result<bool> {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease")?;
    let mut numbers =
        release.split(['.', '-', '+']).map_while(|part| part.trim().parse::<u32>().ok());
    Ok((numbers.next(), numbers.next()) >= (Some(6), Some(12)))
}

/// A signal to the host, which is this process.
async fn signal(attack: &'static str) -> Result<Outcome> {
    if !confines_signals()? {
        return Ok(Outcome::NotTried("needs Linux 6.12".into()));
    }
    attack_from_sandbox(&TestEnv::new()?, attack, std::process::id().to_string()).await
}

async fn file(attack: &'static str) -> Result<Outcome> {
    let env = TestEnv::new()?;
    let file = env.path("file");
    std::fs::write(&file, "secret")?;
    attack_from_sandbox(&env, attack, file.display().to_string()).await
}

async fn port() -> Result<Outcome> {
    let env = TestEnv::new()?;
    let listener = TcpListener::bind(("127.0.0.1", 0))?;
    attack_from_sandbox(&env, "connect", listener.local_addr()?.to_string()).await
}

/// Runs an attack in a plugin whose sandbox names nothing.
pub(super) async fn attack_from_sandbox(
    env: &TestEnv,
    attack: &str,
    target: String,
) -> Result<Outcome> {
    let registry = env.registry().sandbox(Sandbox::new()).embed::<Attacker>().start().await?;
    let attacker: AttackerClient = registry.client().await?;
    let outcome = attacker.attack(attack.into(), target).await?;
    registry.stop().await?;
    Ok(match outcome {
        Ok(reached) => Outcome::GotThrough(reached),
        Err(error) => Outcome::Refused(error),
    })
}
