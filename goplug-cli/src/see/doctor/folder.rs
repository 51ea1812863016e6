//! The folder, its plugins, and their programs.

use std::path::{self, Path};

use goplug::{DiscoveredPlugin, Error, RejectedFile};

use super::finding::Finding;
use super::remedy;
use crate::opened::registry;
use crate::pconf::Pconf;
use crate::running::Running;
use crate::system::{PluginProcess, remove, word};

pub(super) async fn look(dir: &Path) -> Vec<Finding> {
    let shown = dir.display().to_string();
    if !dir.is_dir() {
        return vec![match dir.exists() {
            true => {
                Finding::ill("folder", format!("{shown} is no folder"), "goplug doctor --dir DIR")
            }
            false => {
                let typed = format!("goplug install PROGRAM --dir {}", word(dir));
                Finding::ill("folder", format!("{shown} does not exist"), typed)
            }
        }];
    }
    let registry = match registry(dir).await {
        Ok(registry) => registry,
        // There is nothing else that keeps a registry from being made.
        Err(failure) => {
            return vec![Finding::ill("folder", failure.line(), "unset GOPLUG_ATTACH")];
        }
    };
    let (rejected, plugins) = (registry.rejected(), registry.discovered());
    // It has started nothing.
    drop(registry.stop().await);
    let mut findings = Vec::new();
    let is_folder = |file: &RejectedFile| path::absolute(dir).is_ok_and(|dir| dir == file.path);
    if !rejected.iter().any(is_folder) {
        findings.push(Finding::well("folder", shown));
    }
    for file in &rejected {
        let name = file.path.file_name().unwrap_or_default().display().to_string();
        let what = if is_folder(file) { "folder".into() } else { name };
        findings.push(Finding::ill(
            what,
            file.reason.clone(),
            remedy::of(&file.path, &file.reason, dir),
        ));
    }
    for found in &plugins {
        findings.push(plugin(found, dir).await);
    }
    findings
}

/// What the plugin asks of its host, as the end of a sentence.
fn asking(pconf: &Pconf) -> String {
    match &pconf.asks()[..] {
        [] => String::new(),
        asks => format!("; asks to {}", Pconf::list(asks)),
    }
}

async fn plugin(plugin: &DiscoveredPlugin, dir: &Path) -> Finding {
    let name = plugin.id().to_string();
    let Some(file) = plugin.path() else { return Finding::well(name, "embedded") };
    match plugin.check() {
        Err(Error::Rejected { path, reason, .. }) => {
            let typed = remedy::of(&path, &reason, dir);
            return Finding::ill(name, reason, typed);
        }
        Err(error) => return Finding::ill(name, error.to_string(), "goplug ls"),
        Ok(()) => {}
    }
    let pconf = Pconf::read(file);
    if let Some(program) = pconf.program() {
        let shown = program.display();
        return match pconf.has_digest() {
            true => Finding::well(name, format!("{shown}, with its digest{}", asking(&pconf))),
            false => Finding::ill(
                name,
                format!("{shown} has no digest: whoever replaces it is not noticed"),
                remedy::install(&pconf, &program, dir),
            ),
        };
    }
    let socket = pconf.socket().unwrap_or_default();
    let shown = socket.display().to_string();
    match Running::behind(&PluginProcess::all(), socket).await {
        Some(running) => Finding::well(name, format!("serves {shown} ({})", running.title())),
        None => Finding::ill(
            name,
            format!("nobody serves {shown}"),
            format!("{}, unless you start its program again", remove(file)),
        ),
    }
}
