//! A static-site generator whose page transforms are plugins.
//!
//! `cargo run -p site -- docs out` renders the Markdown files of `docs`, and the README
//! beside that folder, to one HTML page each. The transforms are the plugins in a folder:
//! this program depends on their contract, and on no plugin. Three plugins are written in
//! Rust and one in Python. A plugin that is installed in the folder takes part in the next
//! run. A third argument names a file with what the user configures of the plugins.

mod build;
mod layout;
mod links;
mod pipeline;
mod plugins;
mod progress;
mod report;
mod settings;
mod source;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;

use settings::Settings;

const USAGE: &str = "usage: site DOCS OUT [SETTINGS]

Renders the Markdown files in the folder DOCS, and README.md in the folder that
holds it, to HTML pages in the folder OUT. SETTINGS is a file in JSON: an object
with the configuration of each plugin, by its name.
";

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let (docs, out, settings) = match arguments.as_slice() {
        [docs, out] => (docs, out, None),
        [docs, out, settings] => (docs, out, Some(Path::new(settings))),
        _ => {
            eprint!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    match run(Path::new(docs), Path::new(out), settings) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Makes the site. Returns whether every page succeeded.
fn run(docs: &Path, out: &Path, settings: Option<&Path>) -> anyhow::Result<bool> {
    let settings = settings.map(Settings::read).transpose()?.unwrap_or_default();
    std::fs::create_dir_all(out).with_context(|| format!("creating {}", out.display()))?;
    let source = source::find(docs, &dunce::canonicalize(out)?)?;
    let folder: PathBuf = build::plugins()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let outcome = runtime.block_on(async {
        let plugins = plugins::start(&folder, settings).await?;
        let outcome = pipeline::run(&plugins, &source).await;
        plugins.stop().await?;
        outcome
    })?;
    layout::write(out, &source, &outcome.pages)?;
    let dead_links = links::dead(out, &outcome.pages);
    std::io::stdout().write_all(report::render(&outcome, &dead_links, out).as_bytes())?;
    Ok(outcome.failures.is_empty())
}
