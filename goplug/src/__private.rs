//! For generated code only. Nothing in here is covered by semantic versioning.

/// The part of the two clients of a plugin or contract that does not depend on its members.
///
/// ```text
/// clients! {
///     plugin Calculator as "Calculator" in "math": CalculatorClient, CalculatorBlockingClient
/// }
/// clients! { contract: GreeterClient, GreeterBlockingClient }
/// // of a contract that is made from a descriptor, which a constant holds as JSON:
/// clients! { contract as in DESCRIPTOR: ReportClient, ReportBlockingClient }
/// // of a plugin that fulfils a contract; the trait leads to the contract's clients:
/// clients! {
///     plugin Polite as "Polite" in "greeters" by __PoliteContract:
///         PoliteClient, PoliteBlockingClient
/// }
/// ```
///
/// Both structs must be in scope and have the field `base: ClientBase<C>`; the third form's have a
/// field `contract` too. The client of a contract must have the constant `__CONTRACT`.
#[doc(hidden)]
#[macro_export]
macro_rules! __clients {
    (plugin $plugin:ty as $name:literal in $namespace:literal: $client:ident, $blocking:ident) => {
        $crate::__clients! { of_plugin $plugin, $name, $namespace, $client, $blocking, plain }
    };
    (
        plugin $plugin:ty as $name:literal in $namespace:literal by $contract:ident:
            $client:ident, $blocking:ident
    ) => {
        $crate::__clients! { of_plugin $plugin, $name, $namespace, $client, $blocking, contract }
        $crate::__clients! {
            deref $plugin, $contract: $client to Client, $blocking to BlockingClient
        }
    };
    (contract as in $descriptor:ident: $client:ident, $blocking:ident) => {
        $crate::__clients! {
            both $client, $blocking, plain:
                $crate::__private::Expectation::of_contract::<Self>(Self::__CONTRACT)
                    .as_in($descriptor)
        }
    };
    (contract: $client:ident, $blocking:ident) => {
        $crate::__clients! {
            both $client, $blocking, plain:
                $crate::__private::Expectation::of_contract::<Self>(Self::__CONTRACT)
        }
    };
    (
        of_plugin $plugin:ty, $name:literal, $namespace:literal, $client:ident, $blocking:ident,
        $made:ident
    ) => {
        $crate::__clients! {
            both $client, $blocking, $made:
                $crate::__private::Expectation::of_plugin::<$plugin, Self>()
        }
        $crate::__clients! {
            named $name in $namespace: $client for Caller, $blocking for BlockingCaller
        }
    };
    (both $client:ident, $blocking:ident, $made:ident: $expectation:expr) => {
        $crate::__clients! {
            each $made
            $client for Caller: $expectation,
            $blocking for BlockingCaller: <$client<C> as $crate::__private::Client>::expectation()
        }

        impl $client {
            /// The blocking client of a plugin, for a host that is not async.
            ///
            /// # Errors
            /// As `new`.
            pub fn blocking(
                plugin: impl ::std::convert::Into<$crate::__private::DefaultBlockingCaller>,
            ) -> $crate::__private::Result<$blocking> {
                $crate::__private::ClientBase::bind(::std::convert::Into::into(plugin))
            }
        }
    };
    (each $made:ident $($client:ident for $caller:ident: $expectation:expr),+) => {$(
        impl<C: $crate::__private::$caller> $client<C> {
            /// Binds a client to what it calls through.
            ///
            /// # Errors
            /// `Error::Contract` names each method and callback that the plugin lacks or has with
            /// another signature.
            pub fn new(caller: C) -> $crate::__private::Result<Self> {
                $crate::__private::ClientBase::bind(caller)
            }

            /// The same client with this timeout for each call.
            #[must_use]
            pub fn with_timeout(self, timeout: ::std::time::Duration) -> Self {
                $crate::__private::Client::from_base(self.base.with_timeout(timeout))
            }

            /// The same client whose calls are a part of this trace.
            ///
            /// The method sees it in its `CallContext`, and hands it on to what it calls.
            #[must_use]
            pub fn with_traceparent(self, traceparent: $crate::__private::Traceparent) -> Self {
                $crate::__private::Client::from_base(self.base.with_traceparent(traceparent))
            }

            /// The same client whose calls are about this: of a plugin with several instances, all calls
            /// with an equal key go to the same one.
            #[must_use]
            pub fn keyed(self, key: &(impl ::std::hash::Hash + ?::std::marker::Sized)) -> Self {
                $crate::__private::Client::from_base(self.base.keyed(key))
            }

            /// The plugin, or another caller, that the client calls through.
            #[must_use]
            pub fn plugin(&self) -> &C {
                self.base.caller()
            }
        }

        impl<C: $crate::__private::$caller> $crate::__private::Client for $client<C> {
            type Caller = C;

            fn expectation() -> $crate::__private::Expectation {
                $expectation
            }

            fn from_base(base: $crate::__private::ClientBase<C>) -> Self {
                $crate::__clients! { make $made base }
            }
        }
    )+};
    (make plain $base:ident) => {
        Self { base: $base }
    };
    (make contract $base:ident) => {
        Self {
            contract: $crate::__private::Client::from_base(::std::clone::Clone::clone(&$base)),
            base: $base,
        }
    };
    // The target is a parameter: a public client may not name a type that is less visible, and
    // nothing here says how visible the plugin's type and its contract are.
    (deref $plugin:ty, $contract:ident: $($client:ident to $target:ident),+) => {$(
        /// The methods and callbacks of the contract.
        #[allow(private_bounds)]
        impl<C, T> ::std::ops::Deref for $client<C>
        where
            $plugin: $contract<C, $target = T>,
        {
            type Target = T;

            fn deref(&self) -> &T {
                &self.contract
            }
        }
    )+};
    (named $name:literal in $namespace:literal: $($client:ident for $caller:ident),+) => {$(
        impl<C: $crate::__private::$caller> $crate::__private::NamedClient for $client<C> {
            const NAME: &'static str = $name;
            const NAMESPACE: &'static str = $namespace;
        }
    )+};
}

/// The error of a method: what the compiler knows of the type, at a place where it is spelled out.
///
/// ```text
/// error!(DivideError as "DivideError")
/// ```
#[doc(hidden)]
#[macro_export]
macro_rules! __error {
    ($error:ty as $spelling:literal) => {
        $crate::__private::ErrorSpec {
            ty: $spelling,
            text: $crate::__error!(text $error),
            schema: $crate::__schema!($error),
        }
    };
    (text $error:ty) => {{
        #[allow(unused_imports)]
        use $crate::__private::ErrorTextFallback as _;
        match $crate::__private::ErrorTextOf::<$error>::ERROR {
            ::std::option::Option::Some(text) => text,
            ::std::option::Option::None => $crate::__private::ErrorTextOf::<$error>::DISPLAY,
        }
    }};
}

/// The schema of this type, or an opaque one: what the compiler knows of the type, at a place where
/// it is spelled out.
///
/// ```text
/// schema!(Config)
/// ```
#[doc(hidden)]
#[macro_export]
macro_rules! __schema {
    ($ty:ty) => {{
        #[allow(unused_imports)]
        use $crate::__private::TypeSchemaFallback as _;
        $crate::__private::TypeSchemaOf::<$ty>::SCHEMA
    }};
}

#[cfg(feature = "plugin")]
#[doc(hidden)]
pub use crate::__main_option as main_option;
#[doc(hidden)]
pub use crate::{__clients as clients, __error as error, __schema as schema};

pub use goplug_runtime::protocol::Traceparent;
#[cfg(any(feature = "host", feature = "schema"))]
pub use goplug_runtime::testing::{Kept, KeptClient, contract_is_kept};
pub use goplug_runtime::typed::{
    Activation, BuildOutcome, BuiltByActivation, DefaultValue, Initial, InitialValue,
    NoInitialValue, build, built,
};
pub use goplug_runtime::typed::{
    Answer, Arguments, Attempt, Beside, BlockingCaller, Call, CallbackSpec, CallbackStream, Caller,
    Client, ClientBase, Configuration, Contract, ContractSpec, DecodeCallback, DecodeResult,
    Dispatch, EncodeArguments, Entry, ErrorKind, ErrorKindFallback, ErrorOf, ErrorSpec,
    ErrorTextFallback, ErrorTextOf, Expectation, HookFuture, HookOutcome, HookResult, HookText,
    Incoming, IncomingIter, IntoPart, Item, Json, LossOf, MethodError, MethodSpec, NamedClient,
    NoHookOutcome, NoLoss, Outcome, ParamSpec, Parts, PermissionsSpec, PluginType, PluginValue,
    ProgressSpec, Raw, Reply, ReplyFuture, ResultIter, ResultKind, ResultKindFallback,
    ResultStream, SentItem, SentItems, Streamed, Subscription, TypeSchema, TypeSchemaFallback,
    TypeSchemaOf, blocking, call_context, check, need, outgoing, receiver, wait, with_bytes,
    with_items,
};
pub use goplug_runtime::{CallError, Error, ErrorText, RemoteError, Result};
pub use goplug_runtime::{bytes::Bytes, futures_core::Stream, inventory, serde, serde_json};

/// What serves the methods with streams, in a program that may be a plugin.
#[cfg(feature = "plugin")]
pub use goplug_runtime::plugin::STREAMING;
#[cfg(not(feature = "plugin"))]
pub use goplug_runtime::typed::NO_STREAMING as STREAMING;

/// The default type of a client's caller: the host's handle of a plugin. In a program without the
/// `host` feature it is a type without values.
#[cfg(feature = "host")]
pub use goplug_runtime::host::Plugin as DefaultCaller;
#[cfg(not(feature = "host"))]
pub use goplug_runtime::typed::NoHost as DefaultCaller;

/// The default type of a blocking client's caller.
#[cfg(feature = "host")]
pub use goplug_runtime::host::blocking::Plugin as DefaultBlockingCaller;
#[cfg(not(feature = "host"))]
pub use goplug_runtime::typed::NoHost as DefaultBlockingCaller;

#[cfg(feature = "plugin")]
pub use goplug_runtime::plugin::program::{Options, embed, main};
