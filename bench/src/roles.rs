//! What this program is when it has started itself.

use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

use crate::peers::{self, PeerName};
use crate::placement;
use crate::rows::{Row, Scale};

/// Takes one sample: `as-host ROW PEER SCALE`.
pub(crate) const HOST: &str = "as-host";
/// The other end of a peer: `as-plugin PEER`.
pub(crate) const PLUGIN: &str = "as-plugin";
/// A host whose instructions are counted: `as-counted PEER CALLS`.
pub(crate) const COUNTED: &str = "as-counted";
/// Takes the seat that it was assigned, and becomes a program: `as-seated PROGRAM ARGUMENT...`.
const SEATED: &str = "as-seated";
/// Keeps a processor awake.
pub(crate) const SPINNER: &str = "as-spinner";

/// This program with these arguments.
pub(crate) fn command(arguments: &[&str]) -> Result<Command> {
    let mut command = Command::new(std::env::current_exe().context("finding this program")?);
    command.args(arguments);
    Ok(command)
}

/// Plays the role that the first argument names, if it names one.
pub(crate) fn named(arguments: &[String]) -> Option<ExitCode> {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let played = match arguments[..] {
        [HOST, row, peer, scale] => host(row, peer, scale),
        [PLUGIN, peer] => plugin(peer),
        [COUNTED, peer, calls] => counted(peer, calls),
        [SEATED, program, ref arguments @ ..] => seated(program, arguments),
        [SPINNER] => placement::spin(),
        _ => return None,
    };
    Some(match played {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{}: {error:#}", arguments.join(" "));
            ExitCode::FAILURE
        }
    })
}

fn host(row: &str, peer: &str, scale: &str) -> Result<()> {
    placement::die_with_parent()?;
    let (Some(row), Some(peer), Some(scale)) =
        (Row::named(row), PeerName::named(peer), Scale::named(scale))
    else {
        bail!("no such row, peer or scale");
    };
    println!("{}", serde_json::to_string(&peers::sample(peer, row, scale)?)?);
    Ok(())
}

/// Does not return, unless it fails. The seat was taken when this program began.
fn seated(program: &str, arguments: &[&str]) -> Result<()> {
    Err(Command::new(program).args(arguments).exec()).context("starting it")
}

fn counted(peer: &str, calls: &str) -> Result<()> {
    placement::die_with_parent()?;
    peers::call(PeerName::named(peer).context("no such peer")?, calls.parse()?)
}

fn plugin(peer: &str) -> Result<()> {
    placement::die_with_parent()?;
    peers::serve(PeerName::named(peer).context("no such peer")?)
}
