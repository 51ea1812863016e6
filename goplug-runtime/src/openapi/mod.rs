//! A plugin's descriptor as an OpenAPI document, for tools that know OpenAPI and not this
//! protocol. It imports only `protocol`, and does no I/O.
//!
//! The files, each of which imports only from those before it: `names` makes texts valid and
//! different, `ranges` says what an integer's format says, `references` turns a schema of the
//! descriptor into one of the document, `documents` has the schemas of the protocol, `schemas` are
//! all of them as components, `shared` has the headers and failures of every plugin, `body` is a
//! body or an event as OpenAPI describes it, `methods` and `reserved` are the operations. Start
//! reading with [`openapi`].

mod body;
mod documents;
mod methods;
mod names;
mod ranges;
mod references;
mod reserved;
mod schemas;
mod shared;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value, json};

use self::names::Names;
use self::schemas::Schemas;
use crate::protocol::name::Qualified;
use crate::protocol::{Descriptor, wire};

/// An OpenAPI 3.1 document of a plugin: its methods and the requests that the protocol reserves,
/// with their bodies, headers and failures.
///
/// A member without a schema accepts any value, and its spelling is the description. The schema of
/// a response of the media type `text/event-stream` is that of each event, an object with `event`
/// and `data`. The extension `x-idempotent` says whether a method may safely run twice. The descriptor's `$defs` are
/// `#/components/schemas`; a name with other characters than `A-Z a-z 0-9 . _ -` is changed there.
/// A reference to something that the descriptor does not have is left out, so that every
/// reference of the document resolves.
///
/// What cannot be called is left out too: a method without a name or with a reserved one, and all
/// but the first of several methods with one name.
pub fn openapi(descriptor: &Descriptor) -> Value {
    let schemas = Schemas::new(descriptor);
    let mut operations = Names::default();
    let mut paths = reserved::paths(descriptor, &schemas, &mut operations);
    paths.extend(methods::paths(descriptor, &schemas, &mut operations));
    json!({
        "openapi": "3.1.0",
        "info": info(descriptor),
        "tags": [
            {"name": shared::METHODS, "description": "What the plugin offers."},
            {"name": shared::PROTOCOL, "description": "What every plugin answers."},
        ],
        "paths": paths,
        "components": {
            "schemas": schemas.components(),
            "parameters": shared::parameters(),
            "responses": shared::responses(&schemas),
        },
    })
}

fn info(descriptor: &Descriptor) -> Value {
    let Descriptor { name, namespace, .. } = descriptor;
    let mut info = Map::new();
    info.insert("title".into(), Qualified { namespace, name }.to_string().into());
    // OpenAPI demands a version.
    info.insert("version".into(), descriptor.version.as_deref().unwrap_or("0.0.0").into());
    let of = "A plugin. It listens on a Unix domain socket, and is activated before its methods \
              are called.";
    info.insert("description".into(), of.into());
    info.insert("x-protocol".into(), wire::PROTOCOL.max(descriptor.protocol).into());
    info.into()
}
