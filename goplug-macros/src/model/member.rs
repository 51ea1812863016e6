//! An annotated function, whichever role it has.

use super::callback::Callback;
use super::container::Container;
use super::hook::Hook;
use super::method::Method;
use super::signature::FnSignature;
use crate::attr::{Mark, Options, Role};
use crate::diag::Diag;
use crate::syntax::Function;

/// A member that shows on the client: all that a contract can have.
pub(crate) enum ClientMember {
    Method(Box<Method>),
    Callback(Box<Callback>),
}

impl ClientMember {
    fn of_method(
        function: &Function,
        options: &Options,
        container: &Container,
        diag: &Diag,
    ) -> Self {
        Self::Method(Box::new(Method::new(function, options, container, diag)))
    }

    fn of_callback(
        function: &Function,
        options: &Options,
        container: &Container,
        diag: &Diag,
    ) -> Self {
        Self::Callback(Box::new(Callback::new(function, options, container, diag)))
    }

    pub(crate) fn callback(&self) -> Option<&Callback> {
        match self {
            Self::Callback(callback) => Some(callback),
            Self::Method(_) => None,
        }
    }

    pub(crate) fn method(&self) -> Option<&Method> {
        match self {
            Self::Method(method) => Some(method),
            Self::Callback(_) => None,
        }
    }

    pub(crate) fn signature(&self) -> &FnSignature {
        match self {
            Self::Method(method) => &method.signature,
            Self::Callback(callback) => &callback.signature,
        }
    }

    fn signature_mut(&mut self) -> &mut FnSignature {
        match self {
            Self::Method(method) => &mut method.signature,
            Self::Callback(callback) => &mut callback.signature,
        }
    }
}

/// A member of a plugin.
pub(crate) enum Member {
    Client(ClientMember),
    Hook(Box<Hook>),
}

impl Member {
    pub(crate) fn new(
        role: Role,
        function: &Function,
        options: &Options,
        container: &Container,
        diag: &Diag,
    ) -> Self {
        let member = match role {
            Role::Method => ClientMember::of_method(function, options, container, diag),
            Role::Callback => ClientMember::of_callback(function, options, container, diag),
            Role::Hook(kind) => {
                return Self::Hook(Box::new(Hook::new(kind, function, container, diag)));
            }
        };
        Self::Client(member)
    }

    pub(crate) fn signature_mut(&mut self) -> &mut FnSignature {
        match self {
            Self::Client(member) => member.signature_mut(),
            Self::Hook(hook) => &mut hook.signature,
        }
    }
}

/// A type of members that the marked functions of an impl or a trait can become.
pub(super) trait FromMark: Sized {
    /// The member; `None`, with an error, if the container cannot have it.
    fn from_mark(
        mark: &Mark,
        function: &Function,
        container: &Container,
        diag: &Diag,
    ) -> Option<Self>;

    fn as_client(&self) -> Option<&ClientMember>;

    fn as_hook(&self) -> Option<&Hook>;
}

impl FromMark for Member {
    fn from_mark(
        mark: &Mark,
        function: &Function,
        container: &Container,
        diag: &Diag,
    ) -> Option<Self> {
        let options = mark.options(diag)?;
        Some(Self::new(mark.role, function, &options, container, diag))
    }

    fn as_client(&self) -> Option<&ClientMember> {
        match self {
            Self::Client(member) => Some(member),
            Self::Hook(_) => None,
        }
    }

    fn as_hook(&self) -> Option<&Hook> {
        match self {
            Self::Hook(hook) => Some(hook),
            Self::Client(_) => None,
        }
    }
}

impl FromMark for ClientMember {
    fn from_mark(
        mark: &Mark,
        function: &Function,
        container: &Container,
        diag: &Diag,
    ) -> Option<Self> {
        match mark.role {
            Role::Method => Some(Self::of_method(function, &mark.options(diag)?, container, diag)),
            Role::Callback => {
                Some(Self::of_callback(function, &mark.options(diag)?, container, diag))
            }
            Role::Hook(_) => {
                let text = format!(
                    "a contract has no hooks: each plugin that fulfils it may have its own, as a \
                     function with `#[goplug::{}(ThatPlugin)]`",
                    mark.role.as_str()
                );
                diag.at(mark, text);
                None
            }
        }
    }

    fn as_client(&self) -> Option<&ClientMember> {
        Some(self)
    }

    fn as_hook(&self) -> Option<&Hook> {
        None
    }
}
