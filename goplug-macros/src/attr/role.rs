//! The four attributes that stand on functions.

use syn::Attribute;

/// What an attribute makes of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Method,
    Callback,
    Hook(HookKind),
}

/// When a hook runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum HookKind {
    Activate,
    Stop,
}

impl Role {
    pub(crate) const ALL: [Self; 4] =
        [Self::Method, Self::Callback, Self::Hook(HookKind::Activate), Self::Hook(HookKind::Stop)];

    /// The role that an attribute gives, by the last segment of its path.
    pub(crate) fn of(attr: &Attribute) -> Option<Self> {
        let last = attr.path().segments.last()?;
        Self::ALL.into_iter().find(|role| last.ident == role.as_str())
    }

    /// The attribute's last path segment.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Method => "method",
            Self::Callback => "callback",
            Self::Hook(HookKind::Activate) => "activate",
            Self::Hook(HookKind::Stop) => "stop",
        }
    }

    /// The attribute as users write it, for messages.
    pub(super) fn attribute(self) -> &'static str {
        match self {
            Self::Method => "goplug::method",
            Self::Callback => "goplug::callback",
            Self::Hook(HookKind::Activate) => "goplug::activate",
            Self::Hook(HookKind::Stop) => "goplug::stop",
        }
    }
}
