//! A call, made of the words of a command line.

use std::collections::HashSet;
use std::fs;
use std::io::{self, Read};
use std::path::Path;

use bytes::Bytes;
use goplug::protocol::{Descriptor, MethodDescriptor, Parameter};
use goplug::raw::{MediaType, Part};
use serde_json::{Map, Value};

use super::bytes::{is_bytes, takes_raw_body};
use super::items::Items;
use super::values;
use crate::arguments::Call;
use crate::failure::{Failure, Outcome, list};
use crate::opened::says_types;

/// How much a name may differ from another that is offered in its place, from 0 to 1 for the same.
const SIMILAR: f64 = 0.6;

/// The arguments of a call.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) body: Bytes,
    pub(super) media_type: MediaType,
    /// Bytes beside the other arguments.
    pub(super) parts: Vec<Part>,
    /// The stream that the method takes.
    pub(super) items: Option<Items>,
}

impl Request {
    /// The arguments that a user has given.
    pub(super) fn read(
        descriptor: &Descriptor,
        method: &MethodDescriptor,
        options: &Call,
    ) -> Outcome<Self> {
        if let Some(file) = &options.args_file {
            let media_type = if takes_raw_body(method) { MediaType::Raw } else { MediaType::Json };
            return Ok(Self::new(read_file(file)?, media_type));
        }
        if let Some(json) = &options.args {
            return Self::of_json(method, json);
        }
        Self::of_words(descriptor, method, &options.values)
    }

    /// How many bytes are sent before the stream, if there is one, but for what is around the parts.
    pub(super) fn length(&self) -> usize {
        self.body.len() + self.parts.iter().map(|part| part.content.len()).sum::<usize>()
    }

    fn new(body: Bytes, media_type: MediaType) -> Self {
        Self { body, media_type, parts: Vec::new(), items: None }
    }

    fn of_json(method: &MethodDescriptor, json: &str) -> Outcome<Self> {
        if takes_raw_body(method) {
            let text = format!("{} takes bytes; use NAME=@FILE or --args-file", method.name);
            return Err(Failure::usage(text));
        }
        match serde_json::from_str::<Value>(json) {
            Ok(Value::Object(_) | Value::Array(_)) => {}
            Ok(_) => return Err(Failure::usage("--args is no JSON object")),
            Err(error) => return Err(Failure::usage(format!("--args is no JSON: {error}"))),
        }
        Ok(Self::new(Bytes::copy_from_slice(json.as_bytes()), MediaType::Json))
    }

    fn of_words(
        descriptor: &Descriptor,
        method: &MethodDescriptor,
        words: &[String],
    ) -> Outcome<Self> {
        let (mut object, mut parts, mut items) = (Map::new(), Vec::new(), None);
        let mut given = HashSet::new();
        if words.iter().filter(|word| word.ends_with("=@-")).count() > 1 {
            return Err(Failure::usage("standard input can be read once, and @- is there twice"));
        }
        for word in words {
            let (parameter, text) = split(method, word)?;
            let name = parameter.name.clone();
            if !given.insert(name.clone()) {
                return Err(Failure::usage(format!("{name} is given twice")));
            }
            if parameter.stream {
                items = Some(Items::read(parameter, text)?);
            } else if is_bytes(&parameter.ty.spelling) {
                let content = match text.strip_prefix('@') {
                    Some(file) => read_file(Path::new(file))?,
                    None => Bytes::copy_from_slice(text.as_bytes()),
                };
                parts.push(Part { name, content });
            } else {
                object.insert(name, value(descriptor, parameter, text)?);
            }
        }
        if items.is_none()
            && let Some(stream) = method.params.iter().find(|parameter| parameter.stream)
        {
            let text =
                format!("arguments of {:?}: parameter `{}` is missing", method.name, stream.name);
            return Err(Failure::usage(text));
        }
        if takes_raw_body(method) {
            let body = parts.pop().map(|part| part.content).unwrap_or_default();
            return Ok(Self { items, ..Self::new(body, MediaType::Raw) });
        }
        // No arguments are an empty body too, and the original GoPlug knows nothing else.
        let body = match object.is_empty() {
            true => Bytes::new(),
            false => Value::Object(object).to_string().into(),
        };
        Ok(Self { parts, items, ..Self::new(body, MediaType::Json) })
    }
}

/// The method of this name.
pub(super) fn method<'d>(descriptor: &'d Descriptor, name: &str) -> Outcome<&'d MethodDescriptor> {
    let methods = &descriptor.methods;
    methods.iter().find(|method| method.name == name).ok_or_else(|| {
        let names = methods.iter().map(|method| &*method.name);
        unknown(&format!("{} has no method {name:?}", descriptor.name), name, names)
    })
}

/// What is said about a name that does not exist.
pub(super) fn unknown<'n>(
    text: &str,
    name: &str,
    names: impl Iterator<Item = &'n str> + Clone,
) -> Failure {
    let similar = |other: &str| strsim::jaro_winkler(&name.to_lowercase(), &other.to_lowercase());
    let near = names.clone().max_by(|one, other| similar(one).total_cmp(&similar(other)));
    let hint = match near.filter(|near| similar(near) >= SIMILAR) {
        Some(near) => format!("; did you mean {near}?"),
        None => match &*names.collect::<Vec<_>>() {
            [] => "; there is none".into(),
            [only] => format!("; there is {only}"),
            names => format!("; there are {}", list(names, "and")),
        },
    };
    Failure::usage(format!("{text}{hint}"))
}

/// The parameter that a word names, and its value as text.
fn split<'m, 'w>(method: &'m MethodDescriptor, word: &'w str) -> Outcome<(&'m Parameter, &'w str)> {
    if !says_types(method) {
        let text = format!(
            "{} is not described; --args or --args-file takes what it is to get",
            method.name
        );
        return Err(Failure::usage(text));
    }
    let Some((name, text)) = word.split_once('=') else {
        return Err(Failure::usage(format!("{word:?} is no NAME=VALUE; {}", method.signature())));
    };
    let parameters = &method.params;
    let parameter =
        parameters.iter().find(|parameter| parameter.name == name).ok_or_else(|| {
            let names = parameters.iter().map(|parameter| &*parameter.name);
            unknown(&format!("{} has no parameter {name:?}", method.name), name, names)
        })?;
    Ok((parameter, text))
}

/// A value, or the content of the file that `@` names.
fn value(descriptor: &Descriptor, parameter: &Parameter, text: &str) -> Outcome<Value> {
    let content;
    let text = match text.strip_prefix('@') {
        Some(file) => {
            content = String::from_utf8(read_file(Path::new(file))?.into())
                .map_err(|_| Failure::usage(format!("{file} is no text in UTF-8")))?;
            &content
        }
        None => text,
    };
    values::value(parameter, &descriptor.definitions, text)
        .map_err(|expected| Failure::usage(format!("{}: {expected}", parameter.name)))
}

/// The content of a file, or of standard input for `-`.
fn read_file(file: &Path) -> Outcome<Bytes> {
    let content = if file == Path::new("-") {
        let mut content = Vec::new();
        io::stdin().lock().read_to_end(&mut content).map(|_| content)
    } else {
        fs::read(file)
    };
    let failed = |error: io::Error| Failure::usage(format!("{}: {error}", file.display()));
    Ok(content.map_err(failed)?.into())
}
