//! The folder, its plugins, and their programs.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use goplug::DiscoveredPlugin;
use sha2::{Digest, Sha256};

use super::finding::Finding;
use crate::opened::registry;
use crate::pconf::{Digests, Pconf};

pub(super) async fn look(dir: &Path) -> Vec<Finding> {
    let shown = dir.display().to_string();
    if !dir.is_dir() {
        let remedy = format!("goplug install PROGRAM --dir {shown}");
        return vec![Finding::ill("folder", format!("{shown} does not exist"), remedy)];
    }
    let registry = match registry(dir).await {
        Ok(registry) => registry,
        Err(failure) => return vec![Finding::ill("folder", failure.line(), "")],
    };
    let (rejected, plugins) = (registry.rejected(), registry.discovered());
    registry.stop().await;
    let mut findings = Vec::new();
    if !rejected.iter().any(|file| file.path == dir) {
        findings.push(Finding::well("folder", shown));
    }
    findings.extend(plugins.iter().map(plugin));
    findings.extend(rejected.iter().map(|file| {
        let path = file.path.display();
        let remedy = match file.reason.contains("may write") {
            true => format!("chmod go-w {path}"),
            false => "install the plugin again, or remove the file".into(),
        };
        Finding::ill(path.to_string(), file.reason.clone(), remedy)
    }));
    findings
}

fn plugin(plugin: &DiscoveredPlugin) -> Finding {
    let name = plugin.id().to_string();
    let Some(file) = plugin.path() else { return Finding::well(name, "embedded") };
    let pconf = Pconf::read(file);
    let Some(path) = pconf.program() else {
        return Finding::well(name, format!("serves {}", pconf.sock.unwrap_or_default().display()));
    };
    let again = format!("goplug install {}", path.display());
    match digest(&path) {
        Err(error) => Finding::ill(name, format!("{}: {error}", path.display()), again),
        Ok(found) => match pconf.sha256 {
            Some(Digests::OfProgram(wanted)) => Finding::of(
                wanted.eq_ignore_ascii_case(&found),
                name,
                format!("{}, digest {}", path.display(), &found[..12]),
                format!("{again} (the program has changed since it was installed)"),
            ),
            Some(Digests::OfFiles(_)) => {
                Finding::well(name, format!("{}, digests of its files", path.display()))
            }
            None => Finding::ill(name, format!("{}, no digest", path.display()), again),
        },
    }
}

/// The SHA-256 of a file, as a `.pconf` writes it.
fn digest(path: &Path) -> io::Result<String> {
    let mut hasher = Sha256::new();
    let mut content = BufReader::with_capacity(1 << 20, File::open(path)?);
    loop {
        let piece = content.fill_buf()?;
        if piece.is_empty() {
            break;
        }
        hasher.update(piece);
        let length = piece.len();
        content.consume(length);
    }
    Ok(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}
