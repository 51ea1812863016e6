//! What a call returns, on its way to standard output or to a file.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use goplug::protocol::MethodDescriptor;
use goplug::raw::Part;
use serde_json::Value;
use serde_json::value::RawValue;

use super::bytes::Returned;
use crate::failure::{Failure, Outcome, Status};
use crate::output::Output;

/// How the result of a method is printed.
pub(super) struct Printer<'a> {
    returned: Returned,
    /// Where bytes go, if the user says it.
    file: Option<BytesFile>,
    output: &'a Output,
}

impl<'a> Printer<'a> {
    /// The file is opened before the call: nothing is called in vain.
    pub(super) fn new(
        method: &MethodDescriptor,
        file: Option<&Path>,
        output: &'a Output,
    ) -> Outcome<Self> {
        let returned = Returned::by(method);
        if file.is_some() && matches!(returned, Returned::Nothing | Returned::Value) {
            let text = format!("{} returns no bytes that --output could write", method.signature());
            return Err(Failure::usage(text));
        }
        let file = file.map(BytesFile::open).transpose()?;
        Ok(Self { returned, file, output })
    }

    /// Whether bytes beside a value are to come as they are.
    pub(super) fn accepts_parts(&self) -> bool {
        self.returned == Returned::Both && self.file.is_some()
    }

    /// Notes that the method has not failed, so that a file may be written.
    pub(super) fn begin(&mut self) -> Outcome<()> {
        self.file.as_mut().map_or(Ok(()), BytesFile::begin)
    }

    /// Prints a whole result, or an item that is JSON.
    pub(super) fn print(&mut self, result: &Bytes) -> Outcome<()> {
        match self.returned {
            Returned::Bytes => self.bytes(result),
            Returned::Unknown if self.file.is_some() => self.bytes(result),
            Returned::Both if self.file.is_some() => {
                let (value, bytes) = apart(result)?;
                match self.file.as_ref().is_some_and(BytesFile::is_stdout) {
                    true => self.output.note(&one_line(&value)),
                    false => self.output.line(&one_line(&value))?,
                }
                self.bytes(&bytes)
            }
            _ => self.json(result),
        }
    }

    /// Prints bytes as they are.
    pub(super) fn bytes(&mut self, bytes: &[u8]) -> Outcome<()> {
        match &mut self.file {
            Some(BytesFile { written: Some(file), path, .. }) => {
                file.write_all(bytes).map_err(about(path))
            }
            _ => self.output.bytes(bytes),
        }
    }

    /// Prints JSON as a line. A method without a result prints nothing, except for programs.
    fn json(&self, result: &[u8]) -> Outcome<()> {
        let is_nothing = matches!(self.returned, Returned::Nothing | Returned::Unknown);
        match serde_json::from_slice::<Value>(result) {
            Ok(Value::Null) if !self.output.is_json() && is_nothing => Ok(()),
            _ if result.is_empty() => Ok(()),
            Ok(_) => self.output.line(&one_line(&String::from_utf8_lossy(result))),
            // The original GoPlug says not what it is.
            Err(_) => self.output.bytes(&[result, b"\n"].concat()),
        }
    }
}

/// JSON on one line. Within a string there is no line break as it is.
fn one_line(json: &str) -> String {
    json.replace(['\n', '\r'], " ")
}

/// The value and the bytes of a result, which is parts or an array of both.
fn apart(result: &Bytes) -> Outcome<(String, Bytes)> {
    let wrong = |text: String| Failure::new(Status::Contract, format!("the result: {text}"));
    if result.starts_with(b"--") {
        let parts = Part::read(result).map_err(|error| wrong(error.to_string()))?;
        let part = |name: &str| {
            let part = parts.iter().find(|part| part.name == name);
            part.map(|part| part.content.clone())
                .ok_or_else(|| wrong(format!("there is no part {name}")))
        };
        return Ok((String::from_utf8_lossy(&part("value")?).into_owned(), part("bytes")?));
    }
    let both: (Box<RawValue>, Vec<u8>) =
        serde_json::from_slice(result).map_err(|error| wrong(error.to_string()))?;
    Ok((both.0.get().to_owned(), both.1.into()))
}

/// A file for the bytes of a result. One that was not there before is removed unless the call returns
/// something.
struct BytesFile {
    path: PathBuf,
    /// `None` for standard output.
    written: Option<File>,
    is_new: bool,
}

impl BytesFile {
    fn open(path: &Path) -> Outcome<Self> {
        let path = path.to_owned();
        if path == Path::new("-") {
            return Ok(Self { path, written: None, is_new: false });
        }
        let mut options = OpenOptions::new();
        let (file, is_new) = match options.write(true).create_new(true).open(&path) {
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                (options.create_new(false).open(&path), false)
            }
            new => (new, true),
        };
        Ok(Self { written: Some(file.map_err(about(&path))?), path, is_new })
    }

    fn is_stdout(&self) -> bool {
        self.written.is_none()
    }

    /// Removes what the file holds. It stays from now on.
    fn begin(&mut self) -> Outcome<()> {
        self.is_new = false;
        let Some(file) = &self.written else { return Ok(()) };
        // A pipe or a device has no length.
        let is_file = file.metadata().is_ok_and(|found| found.is_file());
        if is_file { file.set_len(0).map_err(about(&self.path)) } else { Ok(()) }
    }
}

impl Drop for BytesFile {
    fn drop(&mut self) {
        if self.is_new {
            // The failure that has led here is the one that the user reads.
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn about(path: &Path) -> impl Fn(io::Error) -> Failure {
    let path = path.display().to_string();
    move |error| match error.kind() {
        // As that of standard output.
        ErrorKind::BrokenPipe => error.into(),
        _ => Failure::usage(format!("{path}: {error}")),
    }
}
