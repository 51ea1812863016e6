//! Names and signatures, as the macros write them into a program.

use super::type_schema::TypeSchema;
use crate::error::ErrorText;
use crate::protocol::{
    CallbackDescriptor, MethodDescriptor, Parameter, TypeDescriptor, descriptor,
};

/// A parameter of a method or callback.
#[derive(Clone, Copy, Debug)]
pub struct ParamSpec {
    /// The key in the argument object.
    pub name: &'static str,
    /// The spelling of the owned type: `String` for a parameter of type `&str`.
    pub ty: &'static str,
    /// The schema of the owned type; opaque for bytes that travel as they are.
    pub schema: TypeSchema,
}

/// What a method reports while it works.
#[derive(Clone, Copy, Debug)]
pub struct ProgressSpec {
    /// The spelling of the type.
    pub ty: &'static str,
    /// The schema of the type.
    pub schema: TypeSchema,
}

/// The error of a method.
#[derive(Clone, Copy, Debug)]
pub struct ErrorSpec {
    /// The spelling of the type; empty if it is not spelled out, or if the error loses its type on
    /// the wire.
    pub ty: &'static str,
    /// How the error is shown to people.
    pub text: ErrorText,
    /// The schema of the type.
    pub schema: TypeSchema,
}

impl ErrorSpec {
    /// Of a method without an error of its own type.
    pub const NONE: Self = Self { ty: "", text: ErrorText::DEBUG, schema: TypeSchema::OPAQUE };
}

/// The declaration of a method.
#[derive(Clone, Copy, Debug)]
pub struct MethodSpec {
    /// The wire name.
    pub name: &'static str,
    /// The documentation, with `\n` between lines.
    pub doc: &'static str,
    /// The parameters, in order, but for one that is a stream.
    pub params: &'static [ParamSpec],
    /// The last parameter, if it is a stream: what it says is said of an item.
    pub incoming: Option<ParamSpec>,
    /// The spelling of the result type; `()` for a method without a result.
    pub returns: &'static str,
    /// The schema of the success; opaque for bytes that travel as they are.
    pub result: TypeSchema,
    /// The method's own error.
    pub error: ErrorSpec,
    /// What the method reports while it works; `None` if it does not.
    pub progress: Option<ProgressSpec>,
    /// Whether the result is a stream of items; `returns`, `result` and `error` are those of an item.
    pub stream: bool,
    /// Whether it may safely run twice.
    pub idempotent: bool,
    /// Whether a client can do without it: a contract's method with a body.
    pub optional: bool,
}

impl MethodSpec {
    /// Of a method of which nothing is said: what a declaration by hand leaves out.
    pub const EMPTY: Self = Self {
        name: "",
        doc: "",
        params: &[],
        incoming: None,
        returns: "()",
        result: TypeSchema::OPAQUE,
        error: ErrorSpec::NONE,
        progress: None,
        stream: false,
        idempotent: false,
        optional: false,
    };
}

/// The declaration of a callback.
#[derive(Clone, Copy, Debug)]
pub struct CallbackSpec {
    /// The wire name.
    pub name: &'static str,
    /// The documentation, with `\n` between lines.
    pub doc: &'static str,
    /// The parameters, in order.
    pub params: &'static [ParamSpec],
    /// The spelling of the type that the host's handler answers with; `()` for a callback without
    /// an answer.
    pub returns: &'static str,
    /// The schema of the answer; opaque for a callback without an answer.
    pub answer: TypeSchema,
}

/// The names and signatures of a contract's trait.
#[derive(Clone, Copy, Debug)]
pub struct ContractSpec {
    /// The trait's name: that of the service which fulfils it.
    pub name: &'static str,
    /// Its methods.
    pub methods: &'static [MethodSpec],
    /// Its callbacks.
    pub callbacks: &'static [CallbackSpec],
}

impl MethodSpec {
    /// The method's part of the descriptor.
    pub fn descriptor(&self) -> MethodDescriptor {
        MethodDescriptor {
            name: self.name.into(),
            doc: self.doc.into(),
            params: parameters(self.params, self.incoming.as_ref()),
            returns: type_descriptor(self.returns),
            progress: self.progress.map(|progress| type_descriptor(progress.ty)),
            stream: self.stream,
            idempotent: self.idempotent,
            fingerprint: descriptor::fingerprint(&self.signature()),
            ..MethodDescriptor::default()
        }
    }

    /// The canonical signature.
    pub fn signature(&self) -> String {
        let params = parameters(self.params, self.incoming.as_ref());
        descriptor::canonical_signature(self.name, &params, self.returns, self.stream)
    }
}

impl CallbackSpec {
    /// The callback's part of the descriptor.
    pub fn descriptor(&self) -> CallbackDescriptor {
        CallbackDescriptor {
            name: self.name.into(),
            doc: self.doc.into(),
            params: parameters(self.params, None),
            returns: type_descriptor(self.returns),
            fingerprint: descriptor::fingerprint(&self.signature()),
        }
    }

    /// The canonical signature.
    pub fn signature(&self) -> String {
        descriptor::canonical_signature(
            self.name,
            &parameters(self.params, None),
            self.returns,
            false,
        )
    }
}

fn parameters(params: &[ParamSpec], incoming: Option<&ParamSpec>) -> Vec<Parameter> {
    let parameter = |param: &ParamSpec, stream| Parameter {
        name: param.name.into(),
        ty: type_descriptor(param.ty),
        stream,
    };
    let values = params.iter().map(|param| parameter(param, false));
    values.chain(incoming.map(|param| parameter(param, true))).collect()
}

fn type_descriptor(spelling: &str) -> TypeDescriptor {
    TypeDescriptor { spelling: spelling.into(), schema: None }
}
