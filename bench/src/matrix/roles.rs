//! What the benchmark's program does in each of the roles in which it starts itself.

use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};

use super::pairing;
use crate::peers;
use crate::processes::{Role, die_with_parent, spinner};
use crate::vocabulary::{PeerName, RowName, Scale};

/// Plays the role that the first argument names. `None` if the arguments are those of no role.
pub(crate) fn play(arguments: &[String]) -> Option<ExitCode> {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (name, rest) = arguments.split_first()?;
    let played = match (Role::from_name(name)?, rest) {
        (Role::Host, &[row, peer, scale]) => host(row, peer, scale),
        (Role::Plugin, &[peer]) => plugin(peer),
        (Role::CountedHost, &[peer, calls]) => counted_host(peer, calls),
        (Role::Pinned, &[program, ref arguments @ ..]) => pinned(program, arguments),
        (Role::Spinner, &[priority]) => spinner::spin(priority),
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
    die_with_parent()?;
    let (Some(row), Some(peer), Some(scale)) =
        (RowName::from_name(row), PeerName::from_name(peer), Scale::from_name(scale))
    else {
        bail!("no such row, peer or scale");
    };
    println!("{}", serde_json::to_string(&pairing::sample(peer, row, scale)?)?);
    Ok(())
}

fn plugin(peer: &str) -> Result<()> {
    die_with_parent()?;
    peers::serve(PeerName::from_name(peer).context("no such peer")?)
}

fn counted_host(peer: &str, calls: &str) -> Result<()> {
    die_with_parent()?;
    pairing::call(PeerName::from_name(peer).context("no such peer")?, calls.parse()?)
}

/// Returns only if the program could not be started. This process has pinned itself when it
/// began.
fn pinned(program: &str, arguments: &[&str]) -> Result<()> {
    Err(Command::new(program).args(arguments).exec()).context("starting it")
}
