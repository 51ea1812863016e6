//! One parser for the options of all attributes, driven by a table of what is allowed.
//!
//! All five attributes go through it, so that they agree about what an option looks like and
//! say the same about a wrong one.

use proc_macro2::{Ident, Span, TokenStream};
use quote::ToTokens;
use syn::spanned::Spanned;
use syn::{Expr, ExprLit, Lit, LitStr, Path};

use super::arg::{self, Arg};
use super::key::{Key, Takes};
use super::permissions::{self, Permissions};
use crate::diag::Diag;

/// The arguments that one attribute takes on one kind of item.
pub(super) struct Grammar {
    /// As users write it, for messages.
    pub(super) attribute: &'static str,
    /// Whether the first argument is the path of a plugin.
    pub(super) plugin: PluginPath,
    /// The options.
    pub(super) options: &'static [Key],
    /// Why there are no others, as the end of a message; may be empty.
    pub(super) hint: &'static str,
}

/// Whether an attribute starts with the path of a plugin.
#[derive(Clone, Copy)]
pub(super) enum PluginPath {
    Required,
    Optional,
    /// With the reason, as the end of a message.
    Forbidden(&'static str),
}

/// The arguments of an attribute, read.
#[derive(Default)]
pub(crate) struct Options {
    pub(crate) plugin: Option<Path>,
    pub(crate) name: Option<LitStr>,
    pub(crate) namespace: Option<LitStr>,
    pub(crate) version: Option<LitStr>,
    pub(crate) url: Option<LitStr>,
    pub(crate) lazy_load: Option<Span>,
    /// The services that the plugin needs, and those that it can do without.
    pub(crate) needs: Vec<Path>,
    pub(crate) wants: Vec<Path>,
    /// What the plugin asks of its host beside them, and where it does.
    pub(crate) permissions: Option<(Span, Permissions)>,
    pub(crate) blocking: Option<Span>,
    pub(crate) idempotent: Option<Span>,
    pub(crate) returns: Option<LitStr>,
    pub(crate) spelling: Option<LitStr>,
    /// The constant that holds the descriptor of which a contract was made.
    pub(crate) descriptor: Option<Ident>,
    krate: Option<Path>,
}

impl Options {
    /// The path by which generated code finds goplug.
    pub(crate) fn private(&self) -> TokenStream {
        match &self.krate {
            Some(path) => quote::quote!(#path::__private),
            None => quote::quote!(::goplug::__private),
        }
    }

    /// The places of options that only the declaration of a plugin may have.
    pub(crate) fn for_declarations(&self) -> impl Iterator<Item = Span> {
        let texts = [&self.name, &self.namespace, &self.version, &self.url];
        let services = self.needs.iter().chain(&self.wants).map(Spanned::span);
        let permissions = self.permissions.iter().map(|(span, _)| *span);
        let texts = texts.into_iter().flatten().map(LitStr::span);
        texts.chain(self.lazy_load).chain(services).chain(permissions)
    }
}

/// Reads the arguments of an attribute. An error about a missing argument points at `at`.
pub(super) fn parse(tokens: TokenStream, grammar: &Grammar, at: Span, diag: &Diag) -> Options {
    let args = diag.ok(arg::parse(tokens));
    let incomplete = args.is_none();
    let mut parser = Parser { grammar, diag, options: Options::default(), seen: Vec::new() };
    for (index, arg) in args.into_iter().flatten().enumerate() {
        parser.argument(index, arg);
    }
    let options = parser.options;
    let missing = options.plugin.is_none() && !incomplete;
    if missing && matches!(grammar.plugin, PluginPath::Required) {
        let name = grammar.attribute;
        diag.at_span(
            at,
            format!(
                "which plugin? On a function, write `#[{name}(Calculator)]` with the path of the \
                 plugin's type; on a member, put `#[goplug::plugin]` on the `impl` or `trait` \
                 around it"
            ),
        );
    }
    options
}

struct Parser<'a> {
    grammar: &'a Grammar,
    diag: &'a Diag,
    options: Options,
    seen: Vec<Key>,
}

impl Parser<'_> {
    fn argument(&mut self, index: usize, arg: Arg) {
        match arg {
            Arg::Crate(token, path) => {
                if self.admit(Key::Crate, token) {
                    self.options.krate = Some(path);
                }
            }
            Arg::Value(name, value) => match Key::find(&name.to_string()) {
                Some(key) if self.admit(key, &name) => self.value(key, &name, &value),
                Some(_) => {}
                None => self.unknown(&name),
            },
            Arg::Paths(name, paths) => match Key::find(&name.to_string()) {
                Some(key) if self.admit(key, &name) => self.services(key, &name, paths),
                Some(_) => {}
                None => self.unknown(&name),
            },
            Arg::Permissions(name, args) => {
                if self.admit(Key::Permissions, &name) {
                    let read = permissions::read(args, self.diag);
                    self.options.permissions = Some((name.span(), read));
                }
            }
            Arg::Path(path) => match path.get_ident().and_then(|i| Key::find(&i.to_string())) {
                Some(key) if self.admit(key, &path) => self.flag(key, &path),
                Some(_) => {}
                None => self.plugin(index, path),
            },
        }
    }

    /// Whether the option is one of this attribute's, and new.
    fn admit(&mut self, key: Key, at: impl ToTokens) -> bool {
        if !self.grammar.options.contains(&key) {
            match (key, self.grammar.plugin) {
                (Key::Crate, PluginPath::Forbidden(_)) => {
                    self.diag.at(at, "`crate` belongs on the `#[goplug::plugin]` around this");
                }
                _ => self.unknown(at),
            }
            return false;
        }
        if self.seen.contains(&key) {
            self.diag.at(at, format!("`{}` is given twice; once is enough", key.as_str()));
            return false;
        }
        self.seen.push(key);
        true
    }

    fn unknown(&self, at: impl ToTokens) {
        let name = at.to_token_stream().to_string().replace(' ', "");
        let usages: Vec<_> = self.grammar.options.iter().map(|key| key.usage()).collect();
        let takes = match (usages.as_slice(), self.grammar.plugin) {
            ([], PluginPath::Forbidden(_)) => "takes no options here".to_owned(),
            ([], _) => "takes only the path of a plugin".to_owned(),
            (usages, _) => format!("takes {} here", usages.join(", ")),
        };
        let attribute = self.grammar.attribute;
        let hint = self.grammar.hint;
        let near = self.grammar.options.iter().find(|key| is_near(&name, key.as_str()));
        let near = near.map_or_else(String::new, |key| format!(" (did you mean {}?)", key.usage()));
        self.diag.at(at, format!("unknown option `{name}`{near}; `#[{attribute}]` {takes}{hint}"));
    }

    fn value(&mut self, key: Key, name: &Ident, value: &Expr) {
        if key.takes() == Takes::Constant {
            self.options.descriptor = constant(value).cloned();
            if self.options.descriptor.is_none() {
                let text = format!("write {}, with the name of a constant in scope", key.usage());
                self.diag.at(value, text);
            }
            return;
        }
        let Some(text) = string(value) else {
            let (usage, written) = (key.usage(), value.to_token_stream());
            let problem = match key.takes() {
                Takes::Nothing => format!("no value; its presence says yes: write {usage}"),
                Takes::Services => {
                    format!("paths in parentheses: write {usage}, not `{written}`")
                }
                Takes::Permissions => format!("a list in parentheses: write {usage}"),
                _ => format!("a string: write {usage}, not `{written}`"),
            };
            return self.diag.at(value, format!("`{}` takes {problem}", key.as_str()));
        };
        match key {
            Key::Name => self.options.name = Some(text),
            Key::Namespace => self.options.namespace = Some(text),
            Key::Version => self.options.version = Some(text),
            Key::Url => self.options.url = Some(text),
            Key::Returns => self.options.returns = Some(text),
            Key::Spelling => self.options.spelling = Some(text),
            Key::LazyLoad
            | Key::Needs
            | Key::Wants
            | Key::Permissions
            | Key::Blocking
            | Key::Idempotent
            | Key::Descriptor
            | Key::Crate => self
                .diag
                .at(name, format!("`{}` takes no string: write {}", key.as_str(), key.usage())),
        }
    }

    fn flag(&mut self, key: Key, at: &Path) {
        let span = at.segments.first().map(|segment| segment.ident.span());
        match key {
            Key::LazyLoad => self.options.lazy_load = span,
            Key::Blocking => self.options.blocking = span,
            Key::Idempotent => self.options.idempotent = span,
            Key::Name
            | Key::Namespace
            | Key::Version
            | Key::Url
            | Key::Returns
            | Key::Spelling
            | Key::Needs
            | Key::Wants
            | Key::Permissions
            | Key::Descriptor
            | Key::Crate => {
                self.diag.at(at, format!("`{}` needs a value: {}", key.as_str(), key.usage()));
            }
        }
    }

    fn services(&mut self, key: Key, name: &Ident, paths: Vec<Path>) {
        match key {
            Key::Needs => self.options.needs = paths,
            Key::Wants => self.options.wants = paths,
            _ => {
                let text = format!("`{}` takes no paths: write {}", key.as_str(), key.usage());
                self.diag.at(name, text);
            }
        }
    }

    fn plugin(&mut self, index: usize, path: Path) {
        let looks_like_type = path.segments.last().is_some_and(|segment| {
            segment.ident.to_string().starts_with(|c: char| !c.is_lowercase())
        });
        match self.grammar.plugin {
            _ if !looks_like_type => self.unknown(&path),
            PluginPath::Forbidden(reason) => {
                self.diag.at(path, format!("no path is needed here: {reason}"));
            }
            PluginPath::Required | PluginPath::Optional if index > 0 => {
                self.diag.at(&path, "the path of the plugin comes first, and there is one");
                self.options.plugin.get_or_insert(path);
            }
            PluginPath::Required | PluginPath::Optional => self.options.plugin = Some(path),
        }
    }
}

/// Whether a word is probably a slip of the other: it differs in `_`, case and at most two letters
/// that are missing, swapped or wrong.
fn is_near(word: &str, other: &str) -> bool {
    let letters = |word: &str| -> Vec<char> {
        word.chars().filter(|c| *c != '_').flat_map(char::to_lowercase).collect()
    };
    let (word, other) = (letters(word), letters(other));
    let most = if other.len() > 4 { 2 } else { 1 };
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in word.iter().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, b) in other.iter().enumerate() {
            let changed = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[other.len()] <= most
}

fn constant(value: &Expr) -> Option<&Ident> {
    match value {
        Expr::Path(path) if path.qself.is_none() => path.path.get_ident(),
        _ => None,
    }
}

fn string(value: &Expr) -> Option<LitStr> {
    match value {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.clone()),
        _ => None,
    }
}
