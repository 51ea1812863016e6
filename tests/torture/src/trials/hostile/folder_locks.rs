//! Somebody keeps the lock that a plugin takes which starts by itself. It has to serve, or to say why not
//! within seconds.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::symlink;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use goplug::PluginServer;
use rustix::fs::{FlockOperation, flock};
use rustix::process::geteuid;

use super::attempt::{Attempts, Outcome};
use super::other_user::{NOBODY, can_be_played, set_mode};
use crate::test_env::TestEnv;

/// How long such a plugin may take to say why it does not serve, on a busy machine.
const SOON: Duration = Duration::from_secs(20);

/// Access of others to a folder: none, to read it.
const PRIVATE: u32 = 0o700;
const SHARED: u32 = 0o755;

pub(super) async fn run(attempts: &mut Attempts<'_>) {
    attempts.attempt("a lock of another user on a shared folder", by_another_user()).await;
    let held = held(SHARED, Path::to_owned);
    attempts.attempt("a lock of this user on a shared folder", held).await;
    let held = self::held(PRIVATE, Path::to_owned);
    attempts.attempt("a lock of this user on a private folder", held).await;
    let held = self::held(SHARED, lock_in);
    attempts.attempt("a lock of this user on what plugins lock", held).await;
    attempts.attempt("a link in the place of the lock", linked()).await;
}

/// A folder that a plugin is to serve in.
fn folder(mode: u32) -> Result<(TestEnv, PathBuf)> {
    let env = TestEnv::new()?;
    set_mode(&env.path(""), SHARED)?;
    let folder = env.folder();
    set_mode(&folder, mode)?;
    Ok((env, folder))
}

/// What plugins lock in a shared folder.
fn lock_in(folder: &Path) -> PathBuf {
    folder.join(format!(".goplug-{}.lock", geteuid().as_raw()))
}

/// A plugin that starts by itself.
async fn serve(folder: &Path) -> Result<Outcome> {
    let began = Instant::now();
    let server = PluginServer::builder("Locked").location(folder).build()?;
    let started = server.start().await;
    let time = began.elapsed();
    drop(server.stop().await);
    let what = match started {
        Ok(()) => "it serves".to_owned(),
        Err(error) => error.to_string(),
    };
    let what = format!("{what} (after {} ms)", time.as_millis());
    Ok(if time < SOON { Outcome::Refused(what) } else { Outcome::GotThrough(what) })
}

/// Another process of this user has a lock: another open file is the same for the kernel.
async fn held(mode: u32, what: fn(&Path) -> PathBuf) -> Result<Outcome> {
    let (_env, folder) = folder(mode)?;
    let path = what(&folder);
    let file = match path == folder {
        true => File::open(&path)?,
        false => File::create(&path)?,
    };
    if path != folder {
        set_mode(&path, 0o600)?;
    }
    flock(&file, FlockOperation::NonBlockingLockExclusive)?;
    serve(&folder).await
}

async fn by_another_user() -> Result<Outcome> {
    if !can_be_played() {
        return Ok(Outcome::NotTried("needs root, to play another user".into()));
    }
    let (_env, folder) = folder(SHARED)?;
    let mut keeper = keep_as_other_user(&folder)?;
    let outcome = serve(&folder).await;
    keeper.kill()?;
    keeper.wait()?;
    match outcome? {
        Outcome::Refused(what) if !what.starts_with("it serves") => Ok(Outcome::GotThrough(what)),
        outcome => Ok(outcome),
    }
}

/// Has another user keep the lock of a folder.
fn keep_as_other_user(folder: &Path) -> Result<Child> {
    let mut keeper = Command::new("flock");
    keeper.arg("--nonblock").arg(folder).args(["-c", "echo locked; exec sleep 600"]);
    keeper.uid(NOBODY).gid(NOBODY).stdout(Stdio::piped());
    let mut keeper = keeper.spawn()?;
    let Some(output) = keeper.stdout.take() else { bail!("it has no output") };
    let line = BufReader::new(output).lines().next();
    ensure!(matches!(&line, Some(Ok(line)) if line == "locked"), "it is not locked: {line:?}");
    Ok(keeper)
}

/// A link leads to a file that is not there yet: it must not be made.
async fn linked() -> Result<Outcome> {
    let (env, folder) = folder(SHARED)?;
    let elsewhere = env.path("elsewhere");
    symlink(&elsewhere, lock_in(&folder))?;
    let outcome = serve(&folder).await?;
    Ok(match elsewhere.exists() {
        true => Outcome::GotThrough("a file was made elsewhere".into()),
        false => outcome,
    })
}
