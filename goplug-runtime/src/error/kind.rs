//! What an error is, without its content.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Error;

macro_rules! kinds {
    ($($pattern:pat => $kind:ident = $name:literal;)+) => {
        /// Which variant of [`Error`] an error is. It travels: [`RemoteError::kind`](crate::RemoteError::kind)
        /// says what a method failed with that itself called a plugin.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ErrorKind {
            $(
                #[doc = concat!("[`Error::", stringify!($kind), "`].")]
                $kind,
            )+
        }

        impl ErrorKind {
            const ALL: &[Self] = &[$(Self::$kind,)+];

            /// The kind's name, as it is sent: `deadline`, `not-found`.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)+
                }
            }
        }

        impl Error {
            /// Which variant this is.
            pub fn kind(&self) -> ErrorKind {
                match self {
                    $($pattern => ErrorKind::$kind,)+
                }
            }
        }
    };
}

kinds! {
    Error::InvalidName(_) => InvalidName = "invalid-name";
    Error::Configuration(_) => Configuration = "configuration";
    Error::NotFound { .. } => NotFound = "not-found";
    Error::Rejected { .. } => Rejected = "rejected";
    Error::Start { .. } => Start = "start";
    Error::Stop { .. } => Stop = "stop";
    Error::Crashed { .. } => Crashed = "crashed";
    Error::Unfinished { .. } => Unfinished = "unfinished";
    Error::Unavailable { .. } => Unavailable = "unavailable";
    Error::Stopped => Stopped = "stopped";
    Error::Deadline { .. } => Deadline = "deadline";
    Error::Connect { .. } => Connect = "connect";
    Error::Runtime(_) => Runtime = "runtime";
    Error::UnknownMethod { .. } => UnknownMethod = "unknown-method";
    Error::NotOffered { .. } => NotOffered = "not-offered";
    Error::Arguments { .. } => Arguments = "arguments";
    Error::Decode { .. } => Decode = "decode";
    Error::TooLarge { .. } => TooLarge = "too-large";
    Error::Panicked { .. } => Panicked = "panicked";
    Error::Remote { .. } => Remote = "remote";
    Error::Method(_) => Method = "method";
    Error::Contract { .. } => Contract = "contract";
    Error::NotProvided { .. } => NotProvided = "not-provided";
    Error::PermissionsDenied { .. } => PermissionsDenied = "permissions-denied";
    Error::ConsentRequired { .. } => ConsentRequired = "consent-required";
    Error::TooDeep { .. } => TooDeep = "too-deep";
    Error::NotRegistered { .. } => NotRegistered = "not-registered";
    Error::NoPlugin { .. } => NoPlugin = "no-plugin";
    Error::Internal(_) => Internal = "internal";
    Error::Protocol(_) => Protocol = "protocol";
    Error::Io { .. } => Io = "io";
}

impl ErrorKind {
    /// The kind of this name; `None` if this version does not know it.
    pub(super) fn of_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }

    /// Reads the name of a kind, or nothing, or a name that this version does not know.
    pub(super) fn optional<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Self>, D::Error> {
        let name = Option::<String>::deserialize(d)?;
        Ok(name.and_then(|name| Self::of_name(&name)))
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for ErrorKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
