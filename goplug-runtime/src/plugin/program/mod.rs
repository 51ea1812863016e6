//! A plugin's program: what `goplug::main!` and `goplug::embed!` put into `main`.
//!
//! Only the outermost functions are generic: they gather the plugin's entries. The rest is
//! compiled once.
//!
//! The files, each of which imports only from those before it: `arguments` is the command
//! line, `runtime` is what the program runs on, `install`, `serve` and `listen` are its verbs. Start
//! with [`main`].

mod arguments;
mod install;
#[cfg(feature = "remote")]
mod listen;
#[cfg(feature = "remote")]
mod listen_arguments;
mod runtime;
mod serve;

use std::env;
use std::io::{self, Write};
use std::process::ExitCode;

pub use runtime::Options;

use arguments::{Verb, usage};
use serve::Place;

use super::builder::ServerBuilder;
use super::server::PluginServer;
use crate::error::{Error, Result};
use crate::protocol::indented;
use crate::transport::{StartedAs, meant_for_another};
use crate::typed::{PluginType, note_embedded};

/// The exit status after a wrong command line.
const USAGE_ERROR: u8 = 2;

/// The whole program of a plugin: reads the command line, and does what it asks for.
///
/// Without arguments it serves until its host asks it to stop or is gone, or until a `SIGTERM`
/// or `SIGINT` comes, on Windows Ctrl-C or Ctrl-Break. The exit status is 0 on success, 1 after an
/// error, which is printed to standard error, and 2 after a wrong command line.
pub fn main<P: PluginType>(options: Options) -> ExitCode {
    run(PluginServer::of::<P>(), options)
}

/// Serves as the embedded plugin `P` and ends the process, if a registry started the process
/// for that. Otherwise returns at once.
///
/// A process that an embedded plugin starts inherits the environment by which a registry asks
/// for that. It is recognized by its process id, and does not serve.
pub fn embed<P: PluginType>() {
    let id = if P::NAMESPACE.is_empty() {
        P::NAME.to_owned()
    } else {
        format!("{}.{}", P::NAMESPACE, P::NAME)
    };
    match StartedAs::unclaimed() {
        Some(StartedAs { id: asked, is_embedded: true }) if asked == id => {
            std::process::exit(serve_embedded::<P>());
        }
        // Another `embed!` may name it. If none does, the error of the registry shows these.
        Some(StartedAs { is_embedded: true, .. }) => note_embedded(&id),
        _ => {}
    }
}

/// Serves, and returns the exit status.
fn serve_embedded<P: PluginType>() -> i32 {
    let served = PluginServer::of::<P>().and_then(|builder| {
        serve(builder, Place::Passed, Options::default())?;
        Ok(())
    });
    match served {
        Ok(()) => 0,
        Err(error) => {
            print_error(&error);
            1
        }
    }
}

/// As [`serve::serve`], after the program's set-up, and on a thread that drives no other runtime.
fn serve(builder: ServerBuilder, place: Place<'_>, options: Options) -> Result<bool> {
    set_up(options)?;
    outside(move || serve::serve(builder, place, options))
}

/// What comes before serving.
fn set_up(options: Options) -> Result<()> {
    // Before the program's own set-up, which may have a hook or a subscriber of its own.
    #[cfg(feature = "logs")]
    super::logs::install_panic_hook();
    options.set_up()?;
    #[cfg(feature = "logs")]
    super::logs::install();
    Ok(())
}

/// Serves on a thread that drives no other runtime.
fn outside<T: Send>(serve: impl FnOnce() -> Result<T> + Send) -> Result<T> {
    runtime::outside(serve)
        .map_err(|error| Error::io("starting a thread outside of the program's runtime", error))?
}

fn run(builder: Result<ServerBuilder>, options: Options) -> ExitCode {
    let verb = match arguments::parse(env::args_os().skip(1)) {
        Ok(verb) => verb,
        Err(fault) => return usage_error(&fault),
    };
    let done = match verb {
        Verb::Help => print(&usage()),
        Verb::Describe => builder.and_then(describe),
        Verb::Install { dir } => builder.and_then(|builder| {
            let program = env::current_exe()
                .map_err(|error| Error::io("finding this program's own file", error))?;
            let installed = install::install(builder.build()?.pconf()?, &program, &dir)?;
            installed.warnings.iter().for_each(|warning| print_warning(warning));
            print(&format!("{}\n", installed.path.display()))
        }),
        Verb::Debug => {
            builder.and_then(|builder| serve(builder, Place::Private, options)).map(drop)
        }
        #[cfg(feature = "remote")]
        Verb::Listen(listen) => builder.and_then(|builder| {
            set_up(options)?;
            outside(move || listen::serve(builder, *listen, options))
        }),
        Verb::Serve { dir } => {
            let place = dir.as_deref().map_or(Place::Passed, Place::PassedOr);
            match builder.and_then(|builder| serve(builder, place, options)) {
                Ok(false) => return not_started(),
                served => served.map(drop),
            }
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            print_error(&error);
            ExitCode::FAILURE
        }
    }
}

/// No registry has started this process itself.
fn not_started() -> ExitCode {
    let Some(wrapper) = meant_for_another() else {
        return usage_error("no registry has started this program");
    };
    let _ = writeln!(
        io::stderr(),
        "error: a registry started process {wrapper}, and that process started this one, but the \
         plugin has to be the process that the registry started. A shell script has to end with \
         `exec` and the plugin. Tools such as timeout and strace run it as their child, and cannot \
         stand before it"
    );
    ExitCode::from(USAGE_ERROR)
}

fn describe(builder: ServerBuilder) -> Result<()> {
    let server = builder.build()?;
    let text = serde_json::to_vec(&server.described())
        .map_err(|error| Error::Protocol(format!("the descriptor is not JSON: {error}")))?;
    print(&(indented(&text) + "\n"))
}

fn print(text: &str) -> Result<()> {
    let mut out = io::stdout().lock();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    written.map_err(|error| Error::io("writing to standard output", error))
}

fn print_warning(warning: &str) {
    let _ = writeln!(io::stderr(), "warning: {warning}");
}

fn print_error(error: &Error) {
    // If standard error is gone, nobody is left to tell.
    let _ = writeln!(io::stderr(), "error: {error}");
}

fn usage_error(fault: &str) -> ExitCode {
    let _ = write!(io::stderr(), "error: {fault}\n\n{}", usage());
    ExitCode::from(USAGE_ERROR)
}
