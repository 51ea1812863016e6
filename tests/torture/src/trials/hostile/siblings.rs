//! The sockets of other plugins, which a plugin in a sandbox neither finds nor connects to.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use goplug::{Registry, Sandbox};

use super::attempt::{Attempts, Outcome};
use super::sandbox::attack_from_sandbox;
use crate::test_env::TestEnv;
use crate::victim::{Victim, VictimClient};

/// The kernel's list of Unix sockets, with their paths.
const SOCKETS: &str = "/proc/net/unix";

pub(super) async fn run(attempts: &mut Attempts<'_>) {
    let beside = |name: &'static str| move |socket: &Path| socket.with_file_name(name);
    let attack = "connect to a Unix socket";
    attempts.attempt("another plugin's socket: by its path", find(attack, Path::to_owned)).await;
    attempts.attempt("another plugin's socket: as the first", find(attack, beside("0.sock"))).await;
    let named = beside("torture.Victim.sock");
    attempts.attempt("another plugin's socket: by the plugin's name", find(attack, named)).await;
    attempts.attempt("another plugin's socket: in its folder", find("list", folder)).await;
    attempts
        .attempt("another plugin's socket: in the kernel's list", find("read", |_| SOCKETS.into()))
        .await;
}

fn folder(socket: &Path) -> PathBuf {
    socket.parent().unwrap_or(socket).to_owned()
}

/// Attacks what is made of the path of another plugin's socket.
async fn find(attack: &'static str, target: impl FnOnce(&Path) -> PathBuf) -> Result<Outcome> {
    let env = TestEnv::new()?;
    let (registry, socket) = victim(&env).await?;
    let target = target(&socket).display().to_string();
    let outcome = attack_from_sandbox(&TestEnv::new()?, attack, target).await;
    registry.stop().await?;
    outcome
}

async fn victim(env: &TestEnv) -> Result<(Registry, PathBuf)> {
    let registry = env.registry().embed::<Victim>().sandbox(Sandbox::new()).start().await?;
    let victim: VictimClient = registry.client().await?;
    let socket = victim.plugin().socket().context("it has no socket")?;
    Ok((registry, socket))
}
