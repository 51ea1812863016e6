//! The members of a plugin with the types that they have in Rust.

use std::collections::{BTreeMap, BTreeSet};

use goplug_runtime::protocol::spelling::{is_bytes, is_part};
use goplug_runtime::protocol::{CallbackDescriptor, MethodDescriptor, Parameter, TypeDescriptor};
use proc_macro2::TokenStream;
use quote::quote;
use serde_json::{Value, json};
use syn::{Type, parse_quote};

use crate::definitions::Definitions;
use crate::spelling::{self, Failure};
use crate::{Error, cycles, tidy, trial};

/// A method or a callback.
pub(crate) struct Member {
    /// The name on the wire.
    pub(crate) wire: String,
    pub(crate) doc: String,
    pub(crate) params: Vec<Param>,
    /// The result of a method, or the answer to a callback.
    pub(crate) ok: Type,
    pub(crate) error: ErrorType,
    /// What a method reports while it works, and how the descriptor spells it.
    pub(crate) progress: Option<(Type, String)>,
    /// How the descriptor spells the result.
    pub(crate) returns: String,
    /// Whether the result is a stream, and `ok` an item of it.
    pub(crate) stream: bool,
    pub(crate) idempotent: bool,
}

/// A parameter.
pub(crate) struct Param {
    /// The name on the wire.
    pub(crate) wire: String,
    pub(crate) ty: Type,
    /// How the descriptor spells the type.
    pub(crate) spelling: String,
    /// Whether it is a stream, and `ty` an item of it.
    pub(crate) stream: bool,
}

/// The error of a method's own.
pub(crate) enum ErrorType {
    None,
    Text,
    Typed(Box<Type>),
}

/// Finds types.
pub(crate) struct Resolver<'a> {
    pub(crate) definitions: Definitions,
    /// What all types found so far need.
    pub(crate) needed: BTreeMap<String, Value>,
    /// Whether a type that cannot be had is a `serde_json::Value`.
    pub(crate) fallback: bool,
    /// The members for which that is so in any case.
    pub(crate) value_for: &'a BTreeSet<String>,
}

/// One of the types of a member.
struct Part<'a> {
    /// `method make-report`
    member: &'a str,
    /// `parameter title`
    part: String,
    ty: &'a TypeDescriptor,
    /// What a type without a name is called.
    hint: String,
    bytes: BytesAre,
    fallback: bool,
}

/// How bytes travel.
#[derive(Clone, Copy, PartialEq, Eq)]
enum BytesAre {
    /// As JSON, an array of numbers.
    Json,
    /// As they are.
    Raw,
    /// As they are, in an `Option` too: alone, or as a part of their own.
    Part,
}

impl Resolver<'_> {
    pub(crate) fn method(&mut self, method: &MethodDescriptor) -> Result<Member, Error> {
        let member = format!("method {}", method.name);
        let fallback = self.fallback || self.value_for.contains(&method.name);
        let params = self.params(&member, &method.name, &method.params, true, fallback)?;
        let returned = spelling::returned(&method.returns.spelling);
        let (ok, error) = match (&method.error, returned.error) {
            (Some(error), _) => (returned.ok, Failure::Typed(error.spelling.clone())),
            (None, error) => (returned.ok, error),
        };
        let schema =
            |schema: &Option<Value>, spelling| TypeDescriptor { spelling, schema: schema.clone() };
        let ok = self.part(&Part {
            member: &member,
            part: "result".into(),
            ty: &schema(&method.returns.schema, ok),
            hint: format!("{} output", method.name),
            bytes: BytesAre::Raw,
            fallback,
        })?;
        let error = match error {
            Failure::None => ErrorType::None,
            Failure::Text => ErrorType::Text,
            Failure::Typed(spelling) => ErrorType::Typed(Box::new(self.part(&Part {
                member: &member,
                part: "error".into(),
                ty: &schema(&method.error.as_ref().and_then(|it| it.schema.clone()), spelling),
                hint: format!("{} error", method.name),
                bytes: BytesAre::Json,
                fallback,
            })?)),
        };
        Ok(Member {
            progress: self.progress(&member, method, fallback)?,
            wire: method.name.clone(),
            doc: method.doc.clone(),
            params,
            ok,
            error,
            returns: method.returns.spelling.clone(),
            stream: method.stream,
            idempotent: method.idempotent,
        })
    }

    /// What a method reports, and how that is spelled.
    fn progress(
        &mut self,
        member: &str,
        method: &MethodDescriptor,
        fallback: bool,
    ) -> Result<Option<(Type, String)>, Error> {
        let Some(progress) = &method.progress else { return Ok(None) };
        let ty = self.part(&Part {
            member,
            part: "progress".into(),
            ty: progress,
            hint: format!("{} progress", method.name),
            bytes: BytesAre::Json,
            fallback,
        })?;
        Ok(Some((ty, progress.spelling.clone())))
    }

    pub(crate) fn callback(&mut self, callback: &CallbackDescriptor) -> Result<Member, Error> {
        let member = format!("callback {}", callback.name);
        let fallback = self.fallback || self.value_for.contains(&callback.name);
        let params = self.params(&member, &callback.name, &callback.params, false, fallback)?;
        let ok = if callback.wants_answer() {
            self.part(&Part {
                member: &member,
                part: "answer".into(),
                ty: &callback.returns,
                hint: format!("{} answer", callback.name),
                bytes: BytesAre::Json,
                fallback,
            })?
        } else {
            parse_quote!(())
        };
        Ok(Member {
            wire: callback.name.clone(),
            doc: callback.doc.clone(),
            params,
            ok,
            error: ErrorType::None,
            progress: None,
            returns: callback.returns.spelling.clone(),
            stream: false,
            idempotent: false,
        })
    }

    fn params(
        &mut self,
        member: &str,
        name: &str,
        params: &[Parameter],
        of_method: bool,
        fallback: bool,
    ) -> Result<Vec<Param>, Error> {
        let bytes = match (of_method, params) {
            (true, _) => BytesAre::Part,
            (false, [_]) => BytesAre::Raw,
            (false, _) => BytesAre::Json,
        };
        let last = params.len();
        let types = params.iter().zip(1..).map(|(param, place)| {
            let stream = of_method && param.stream && place == last;
            let bytes = if stream { BytesAre::Raw } else { bytes };
            let ty = self.part(&Part {
                member,
                part: format!("parameter {}", param.name),
                ty: &param.ty,
                hint: format!("{name} {}", param.name),
                bytes,
                fallback,
            })?;
            let spelling = param.ty.spelling.clone();
            Ok(Param { wire: param.name.clone(), ty, spelling, stream })
        });
        types.collect()
    }

    fn part(&mut self, part: &Part<'_>) -> Result<Type, Error> {
        match self.ty(part) {
            Ok(ty) => Ok(ty),
            Err(_) if part.fallback => Ok(parse_quote!(::serde_json::Value)),
            Err(reason) => Err(Error::Member {
                member: part.member.to_owned(),
                part: part.part.clone(),
                reason: format!(
                    "{reason}; `fallback_to_value`, or `value_for` with the member's name, makes it a \
                     `serde_json::Value`"
                ),
            }),
        }
    }

    fn ty(&mut self, part: &Part<'_>) -> Result<Type, String> {
        let spelling = &part.ty.spelling;
        let (may_be_raw, may_be_part) =
            (part.bytes != BytesAre::Json, part.bytes == BytesAre::Part);
        if may_be_raw && is_bytes(spelling) || may_be_part && is_part(spelling) {
            return spelling::plain(spelling).ok_or_else(|| "no bytes".to_owned());
        }
        let Some(schema) = &part.ty.schema else {
            return self.of_spelling(spelling, &part.hint);
        };
        let ty = match (self.of_schema(schema, &part.hint, false), spelling::plain(spelling)) {
            (Ok(ty), _) => ty,
            (Err(_), Some(ty)) => return Ok(ty),
            (Err(reason), None) => return Err(reason),
        };
        // A list of small numbers is not bytes: a type around it tells the macros so.
        let bytes = quote!(::std::vec::Vec<u8>);
        let text = quote!(#ty).to_string();
        let looks_raw = may_be_raw && text == bytes.to_string();
        let optional = quote!(::std::option::Option<#bytes>);
        if looks_raw || may_be_part && text == optional.to_string() {
            self.of_schema(schema, &part.hint, true)
        } else {
            Ok(ty)
        }
    }

    /// The type that the spelling alone tells.
    fn of_spelling(&mut self, spelling: &str, hint: &str) -> Result<Type, String> {
        let ty = spelling::plain(spelling).ok_or_else(|| {
            format!("there is no schema, and `{spelling}` is no plain type of Rust")
        })?;
        let bytes = quote!(::std::vec::Vec<u8>);
        let is = |other: TokenStream| quote!(#ty).to_string() == other.to_string();
        let list = json!({"type": "array", "items": {"type": "integer", "format": "uint8"}});
        // An array of small numbers, say, is no bytes either.
        if is(bytes.clone()) && !is_bytes(spelling) {
            self.of_schema(&list, hint, true)
        } else if is(quote!(::std::option::Option<#bytes>)) && !spelling.contains("Vec<u8>") {
            self.of_schema(&json!({"anyOf": [list, {"type": "null"}]}), hint, true)
        } else {
            Ok(ty)
        }
    }

    fn of_schema(&mut self, schema: &Value, hint: &str, needs_name: bool) -> Result<Type, String> {
        let schema = self.definitions.of_member(schema, hint, needs_name)?;
        let needed = self.definitions.needed_by(&schema)?;
        cycles::check(&needed)?;
        let ty = trial::type_of(&schema, &needed)?;
        // A type that cannot be had with its definitions is an error of this member.
        tidy::tidy(trial::items(&needed)?, &self.definitions)?;
        self.needed.extend(needed);
        Ok(spelling::unboxed(ty))
    }
}
