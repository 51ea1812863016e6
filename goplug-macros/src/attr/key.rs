//! The options' names, and what each one takes.

/// An option of one of the attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    Name,
    Namespace,
    Version,
    Url,
    LazyLoad,
    Needs,
    Wants,
    Permissions,
    Blocking,
    Idempotent,
    Returns,
    Spelling,
    Descriptor,
    Crate,
}

/// What follows an option's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Takes {
    /// A string literal.
    Text,
    /// The name of a constant.
    Constant,
    /// The path of a crate.
    CratePath,
    /// The paths of contracts or plugins, in parentheses.
    Services,
    /// Permissions, in parentheses.
    Permissions,
    /// Nothing.
    Nothing,
}

impl Key {
    const ALL: [Key; 14] = [
        Key::Name,
        Key::Namespace,
        Key::Version,
        Key::Url,
        Key::LazyLoad,
        Key::Needs,
        Key::Wants,
        Key::Permissions,
        Key::Blocking,
        Key::Idempotent,
        Key::Returns,
        Key::Spelling,
        Key::Descriptor,
        Key::Crate,
    ];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Key::Name => "name",
            Key::Namespace => "namespace",
            Key::Version => "version",
            Key::Url => "url",
            Key::LazyLoad => "lazy_load",
            Key::Needs => "needs",
            Key::Wants => "wants",
            Key::Permissions => "permissions",
            Key::Blocking => "blocking",
            Key::Idempotent => "idempotent",
            Key::Returns => "returns",
            Key::Spelling => "spelling",
            Key::Descriptor => "descriptor",
            Key::Crate => "crate",
        }
    }

    pub(crate) fn takes(self) -> Takes {
        match self {
            Key::Name | Key::Namespace | Key::Version | Key::Url | Key::Returns | Key::Spelling => {
                Takes::Text
            }
            Key::LazyLoad | Key::Blocking | Key::Idempotent => Takes::Nothing,
            Key::Needs | Key::Wants => Takes::Services,
            Key::Permissions => Takes::Permissions,
            Key::Descriptor => Takes::Constant,
            Key::Crate => Takes::CratePath,
        }
    }

    /// How it is written, for messages.
    pub(crate) fn usage(self) -> String {
        match self.takes() {
            Takes::Text => format!("`{} = \"…\"`", self.as_str()),
            Takes::Constant => format!("`{} = CONSTANT`", self.as_str()),
            Takes::CratePath => format!("`{} = some::path`", self.as_str()),
            Takes::Services => format!("`{}(Contract)`", self.as_str()),
            Takes::Permissions => format!("`{}(read = [\"/path\"])`", self.as_str()),
            Takes::Nothing => format!("`{}`", self.as_str()),
        }
    }

    pub(crate) fn find(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|key| key.as_str() == name)
    }
}
