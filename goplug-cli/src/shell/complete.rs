//! What can be typed next: plugins, their methods, callbacks and parameters, as their `.pconf` files say.
//! Nothing is started for that.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use clap::{ArgMatches, Command, CommandFactory};
use clap_complete::engine::{
    ArgValueCompleter, CompletionCandidate, PathCompleter, ValueCompleter,
};
use clap_complete::env::CompleteEnv;
use goplug::protocol::Descriptor;
use tokio::runtime::Builder;

use crate::arguments::{Arguments, Folder};
use crate::opened::{Opened, registry};
use crate::target::Target;

/// The variable by which a shell asks.
pub(super) const VARIABLE: &str = "COMPLETE";

/// If a shell asks what can be typed, answers and ends the process.
pub(crate) fn complete() {
    CompleteEnv::with_factory(command).var(VARIABLE).complete();
}

/// The command line, with what is known only at this moment.
fn command() -> Command {
    let mut command = Arguments::command();
    let verbs: Vec<_> = command.get_subcommands().map(|verb| verb.get_name().to_owned()).collect();
    for verb in verbs {
        command = command.mut_subcommand(verb, |verb| {
            verb.mut_args(|argument| match argument.get_id().as_str() {
                "target" | "old" | "new" => argument.add(ArgValueCompleter::new(targets)),
                "names" => argument.add(ArgValueCompleter::new(plugins)),
                "method" => argument.add(ArgValueCompleter::new(methods)),
                "callbacks" => argument.add(ArgValueCompleter::new(callbacks)),
                "values" => argument.add(ArgValueCompleter::new(parameters)),
                _ => argument,
            })
        });
    }
    command
}

/// Plugins of the folder, and files.
fn targets(current: &OsStr) -> Vec<CompletionCandidate> {
    let mut candidates = plugins(current);
    candidates.extend(PathCompleter::any().complete(current));
    candidates
}

fn plugins(current: &OsStr) -> Vec<CompletionCandidate> {
    let found = block_on(async {
        let registry = registry(&Typed::read().folder.dir).await.ok()?;
        let found = registry.discovered();
        registry.stop().await.ok()?;
        Some(found)
    });
    let found = found.unwrap_or_default();
    beginning(current, found.iter().map(|plugin| (plugin.id().to_string(), String::new())))
}

fn methods(current: &OsStr) -> Vec<CompletionCandidate> {
    let Some(descriptor) = Typed::read().descriptor() else { return Vec::new() };
    let methods = descriptor.methods.into_iter();
    beginning(current, methods.map(|method| (method.name.clone(), method.signature())))
}

fn callbacks(current: &OsStr) -> Vec<CompletionCandidate> {
    let Some(descriptor) = Typed::read().descriptor() else { return Vec::new() };
    let callbacks = descriptor.callbacks.into_iter();
    beginning(current, callbacks.map(|callback| (callback.name.clone(), callback.signature())))
}

fn parameters(current: &OsStr) -> Vec<CompletionCandidate> {
    let typed = Typed::read();
    let Some(descriptor) = typed.descriptor() else { return Vec::new() };
    let method =
        descriptor.methods.iter().find(|method| Some(&method.name) == typed.method.as_ref());
    let parameters = method.into_iter().flat_map(|method| &method.params);
    beginning(
        current,
        parameters.map(|parameter| (format!("{}=", parameter.name), parameter.ty.spelling.clone())),
    )
}

/// The names that begin with what is typed, with what is said about them.
fn beginning(
    current: &OsStr,
    names: impl Iterator<Item = (String, String)>,
) -> Vec<CompletionCandidate> {
    let current = current.to_string_lossy();
    let names = names.filter(|(name, _)| name.starts_with(&*current));
    names
        .map(|(name, about)| {
            let about = (!about.is_empty()).then(|| about.into());
            CompletionCandidate::new(name).help(about)
        })
        .collect()
}

/// The words before the one that is completed.
struct Typed {
    folder: Folder,
    target: Option<String>,
    method: Option<String>,
}

impl Typed {
    fn read() -> Self {
        // A shell gives the words after `--`; some of them may be missing.
        let words: Vec<OsString> = env::args_os().skip_while(|word| word != "--").skip(1).collect();
        let matches = Arguments::command().ignore_errors(true).try_get_matches_from(words).ok();
        let verb = matches.as_ref().and_then(ArgMatches::subcommand).map(|(_, verb)| verb);
        let text = |name| verb?.try_get_one::<String>(name).ok()?.cloned();
        let dir = verb.and_then(|verb| verb.try_get_one::<PathBuf>("dir").ok()?.cloned());
        Self {
            folder: Folder { dir: dir.unwrap_or_default() },
            target: text("target"),
            method: text("method"),
        }
    }

    /// What the file of the plugin says that it offers.
    fn descriptor(&self) -> Option<Descriptor> {
        let target = self.target.as_ref()?;
        if !matches!(Target::parse(target), Ok(Target::Name(_) | Target::Pconf(_))) {
            return None;
        }
        block_on(async {
            let opened = Opened::find(&self.folder, target).await.ok()?;
            let described = opened.described();
            opened.close().await;
            described
        })
    }
}

fn block_on<T>(job: impl Future<Output = Option<T>>) -> Option<T> {
    Builder::new_current_thread().enable_all().build().ok()?.block_on(job)
}
