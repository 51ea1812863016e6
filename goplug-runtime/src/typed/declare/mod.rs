//! What an annotation declares: names, signatures, and what their types have to be.
//!
//! Nothing here runs at a call. Specifications are constants in the user's program, checks
//! are for the compiler. The room imports nothing of `typed`.
//!
//! Start with [`spec`]. [`check`] has the bounds of the user's types, with their messages;
//! [`outcome`] says how a method's error travels, [`hook`] what a hook may return, [`loss`] what
//! JSON would lose, [`type_schema`] where a type's schema comes from.
//! [`value`] says how the value of a plugin comes to be.

pub mod check;
mod hook;
mod loss;
mod outcome;
mod permissions;
mod plugin_type;
mod spec;
mod type_schema;
mod unmet;
mod value;

pub use hook::{HookOutcome, HookResult, HookText, NoHookOutcome};
pub use loss::{LossOf, NoLoss};
#[cfg(feature = "plugin")]
pub(crate) use outcome::remote_problem;
pub use outcome::{
    ErrorKind, ErrorKindFallback, ErrorOf, ErrorTextFallback, ErrorTextOf, MethodError, Outcome,
    Parts, ResultKind, ResultKindFallback,
};
pub use permissions::PermissionsSpec;
pub use plugin_type::PluginType;
pub use spec::{CallbackSpec, ContractSpec, ErrorSpec, MethodSpec, ParamSpec, ProgressSpec};
pub use type_schema::{TypeSchema, TypeSchemaFallback, TypeSchemaOf};
pub use unmet::Unmet;
pub(in crate::typed) use unmet::never;
pub use value::{
    BuildOutcome, BuiltByActivation, DefaultValue, Initial, InitialValue, NoInitialValue, build,
};
