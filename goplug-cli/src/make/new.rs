//! `goplug new NAME`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use serde_json::json;

use super::names::Names;
use super::questions::ask;
use super::template::{self, File};
use crate::arguments::{Kind, Language, New};
use crate::failure::{Failure, Outcome, Status};
use crate::output::Output;
use crate::system::{real_path, write_new};

pub(crate) fn new(options: &New, output: &Output) -> Outcome<Status> {
    let language = match options.lang {
        Some(language) => language,
        None if options.kind().is_some() => Language::Rust,
        None => choose("Language", Language::Rust)?,
    };
    let kind = match (options.kind(), language) {
        (Some(kind), _) => kind,
        (None, Language::Python) => Kind::Plugin,
        (None, Language::Rust) => {
            choose("Project: plugin, host, contract or workspace", Kind::Workspace)?
        }
    };
    if language == Language::Python && kind != Kind::Plugin {
        return Err(Failure::usage("in Python there are plugins only"));
    }
    let namespace = match &options.namespace {
        Some(namespace) => namespace.clone(),
        None => ask("Namespace", "")?,
    };
    let names = Names::of(&options.name, &namespace)?;
    let names = match language {
        Language::Rust => names,
        Language::Python => names.for_python()?,
    };
    let files = match language {
        Language::Rust => template::rust(kind),
        Language::Python => template::python(),
    };
    let folder = PathBuf::from(&names.package);
    write(&folder, files, &placeholders(&names, options)?)?;
    if output.is_json() {
        output.document(&json!({ "folder": folder, "plugin": names.id.to_string() }))?;
    } else {
        let package = &names.package;
        output.line(&format!(
            "made {package}; {package}/README.md says how it makes its first call"
        ))?;
    }
    Ok(Status::Success)
}

/// Asks for one of the values of an option.
fn choose<T: ValueEnum>(question: &str, default: T) -> Outcome<T> {
    let default =
        default.to_possible_value().map_or_else(String::new, |value| value.get_name().into());
    let answer = ask(question, &default)?;
    T::from_str(&answer, true).map_err(Failure::usage)
}

/// What stands for each placeholder.
fn placeholders(names: &Names, options: &New) -> Outcome<Vec<(&'static str, String)>> {
    let plugin_arguments = match names.id.namespace() {
        "" => String::new(),
        namespace => format!("(namespace = {namespace:?})"),
    };
    let goplug = match &options.goplug {
        Some(path) => {
            format!("path = {:?}", crate_in(path)?)
        }
        None => format!("version = {:?}", env!("CARGO_PKG_VERSION")),
    };
    Ok(vec![
        ("{{package}}", names.package.clone()),
        ("{{module}}", names.module.clone()),
        ("{{type}}", names.id.name().to_owned()),
        ("{{namespace}}", names.id.namespace().to_owned()),
        ("{{id}}", names.id.to_string()),
        ("{{plugin_arguments}}", plugin_arguments),
        ("{{goplug}}", goplug),
    ])
}

/// The folder of the crate `goplug`: this one, or the one in this checkout of the repository.
fn crate_in(path: &Path) -> Outcome<PathBuf> {
    let about = |error: io::Error| Failure::usage(format!("{}: {error}", path.display()));
    let path = real_path(path).map_err(about)?;
    let is_crate = |folder: &PathBuf| {
        let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap_or_default();
        manifest.lines().any(|line| line.trim() == r#"name = "goplug""#)
    };
    let found = [path.clone(), path.join("goplug")].into_iter().find(is_crate);
    found.ok_or_else(|| {
        Failure::usage(format!("{} is no folder of the crate goplug", path.display()))
    })
}

/// Writes the files into a folder that does not exist.
fn write(folder: &Path, files: &[File], placeholders: &[(&str, String)]) -> Outcome<()> {
    let about = |path: &Path| {
        let path = path.display().to_string();
        move |error: io::Error| Failure::usage(format!("{path}: {error}"))
    };
    fs::create_dir(folder).map_err(about(folder))?;
    let filled = |text: &str| {
        let fill = |text: String, (key, value): &(&str, String)| text.replace(key, value);
        placeholders.iter().fold(text.to_owned(), fill)
    };
    for file in files {
        let path = folder.join(filled(file.path));
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).map_err(about(parent))?;
        }
        write_new(&path, &filled(file.text), file.is_executable).map_err(about(&path))?;
    }
    Ok(())
}
