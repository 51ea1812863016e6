//! What users call.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use goplug_runtime::protocol::Descriptor;
use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::Visibility;

use crate::definitions::Definitions;
use crate::member::{Member, Resolver};
use crate::names::{self, Names};
use crate::{Error, contract, source, tidy, tokens, trial};

/// Makes typed clients.
///
/// ```
/// let report = r##"{
///     "name": "Report", "namespace": "acme",
///     "methods": [{
///         "name": "make-report",
///         "params": [{"name": "title", "type": "str", "schema": {"type": "string"}}],
///         "returns": {"type": "Page", "schema": {"$ref": "#/$defs/Page"}}
///     }],
///     "$defs": {
///         "Page": {
///             "type": "object",
///             "properties": {"text": {"type": "string", "description": "In Markdown."}},
///             "required": ["text"]
///         }
///     }
/// }"##;
/// let code = goplug_codegen::Generator::new().generate(report)?;
/// assert!(code.contains("pub mod report {"));
/// assert!(code.contains("pub struct Page {"));
/// assert!(code.contains("async fn make_report"));
/// # Ok::<(), goplug_codegen::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Generator {
    fallback: bool,
    value_for: BTreeSet<String>,
    without: BTreeSet<String>,
    module: Option<String>,
    visibility: Option<String>,
}

impl Generator {
    /// One that makes a public module with the plugin's name, and accepts no member whose types
    /// it does not know.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether a parameter, result or error that has no readable schema and no plain spelling is a
    /// `serde_json::Value`. Otherwise it is an error.
    #[must_use]
    pub fn fallback_to_value(self, fallback: bool) -> Self {
        Self { fallback, ..self }
    }

    /// The same for the method or callback with this wire name only.
    #[must_use]
    pub fn value_for(mut self, member: impl Into<String>) -> Self {
        self.value_for.insert(member.into());
        self
    }

    /// Leaves out the method or callback with this wire name.
    #[must_use]
    pub fn without(mut self, member: impl Into<String>) -> Self {
        self.without.insert(member.into());
        self
    }

    /// The module's name. By default it is the plugin's, as Rust writes modules: `report` for
    /// `Report`.
    #[must_use]
    pub fn module(self, name: impl Into<String>) -> Self {
        Self { module: Some(name.into()), ..self }
    }

    /// The module's visibility, such as `pub(crate)`, or an empty text for a private one. By default
    /// it is `pub`.
    #[must_use]
    pub fn visibility(self, visibility: impl Into<String>) -> Self {
        Self { visibility: Some(visibility.into()), ..self }
    }

    /// The formatted code, from the content of a `.pconf` or the output of `PROGRAM describe`.
    ///
    /// # Errors
    /// [`Error::Source`] and [`Error::Empty`] if the text says nothing of a plugin's members;
    /// [`Error::Member`] names the first member that cannot be had.
    pub fn generate(&self, text: &str) -> Result<String, Error> {
        let file = syn::parse2(self.tokens(&source::read(text)?)?).map_err(refused)?;
        Ok(prettyplease::unparse(&file))
    }

    /// Reads a `.pconf` or a descriptor, and writes the code for it to `OUT_DIR`, to be included:
    /// `acme.Report.rs` for `acme.Report.pconf`. For build scripts. A relative path begins at the
    /// package's folder. Cargo runs the script again when the file changes.
    ///
    /// # Errors
    /// As [`Generator::generate`]; [`Error::File`] if a file cannot be read or written.
    #[allow(clippy::print_stdout, reason = "build scripts speak to Cargo by it")]
    pub fn build(&self, file: impl AsRef<Path>) -> Result<(), Error> {
        let path = variable("CARGO_MANIFEST_DIR")?.join(file);
        println!("cargo::rerun-if-changed={}", path.display());
        let name = path.file_stem().unwrap_or_default();
        let mut target = variable("OUT_DIR")?.join(name).into_os_string();
        target.push(".rs");
        self.write(&path, Path::new(&target))
    }

    /// Reads a `.pconf` or a descriptor, and writes the code for it to a file.
    ///
    /// # Errors
    /// As [`Generator::build`].
    pub fn write(&self, from: &Path, to: &Path) -> Result<(), Error> {
        let failed = |path: &Path| {
            let path = path.to_owned();
            move |source| Error::File { path, source }
        };
        let text = std::fs::read_to_string(from).map_err(failed(from))?;
        std::fs::write(to, self.generate(&text)?).map_err(failed(to))
    }

    fn tokens(&self, plugin: &Descriptor) -> Result<TokenStream, Error> {
        self.check_names(plugin)?;
        let plugin = &self.wanted(plugin);
        let mut names = Names::default();
        let name = names.of_type(&plugin.name);
        names.reserve(format!("{name}Client"));
        names.reserve(format!("{name}BlockingClient"));
        let mut resolver = Resolver {
            definitions: Definitions::new(&plugin.definitions, names),
            needed: BTreeMap::new(),
            fallback: self.fallback,
            value_for: &self.value_for,
        };
        let methods = plugin.methods.iter().map(|it| resolver.method(it));
        let methods: Vec<Member> = methods.collect::<Result<_, _>>()?;
        let callbacks = plugin.callbacks.iter().map(|it| resolver.callback(it));
        let callbacks: Vec<Member> = callbacks.collect::<Result<_, _>>()?;
        let types = trial::items(&resolver.needed)
            .and_then(|types| tidy::tidy(types, &resolver.definitions))
            .map_err(|reason| Error::Types { reason })?;
        let contract = contract::emit(plugin, &format_ident!("{name}"), &methods, &callbacks);
        let contract = tokens::with_our_serde(contract);
        let (vis, module) = self.module_head(plugin)?;
        let doc =
            format!(" {}: its typed clients and its types.", sentence(&contract::about(plugin)));
        Ok(quote! {
            #[doc = #doc]
            #[allow(
                clippy::all,
                clippy::pedantic,
                dead_code,
                rustdoc::all,
                unreachable_pub,
                reason = "it is what the plugin's descriptor says"
            )]
            #vis mod #module {
                #(#types)*
                #contract
            }
        })
    }

    /// The descriptor without the members that are not wanted.
    fn wanted(&self, plugin: &Descriptor) -> Descriptor {
        let mut plugin = plugin.clone();
        plugin.methods.retain(|method| !self.without.contains(&method.name));
        plugin.callbacks.retain(|callback| !self.without.contains(&callback.name));
        plugin
    }

    fn check_names(&self, plugin: &Descriptor) -> Result<(), Error> {
        let methods = plugin.methods.iter().map(|it| &it.name);
        let known: BTreeSet<_> =
            methods.chain(plugin.callbacks.iter().map(|it| &it.name)).collect();
        let unknown = self.value_for.iter().chain(&self.without).find(|name| !known.contains(name));
        unknown.map_or(Ok(()), |name| Err(Error::NoSuchMember(name.clone())))
    }

    fn module_head(&self, plugin: &Descriptor) -> Result<(Visibility, Ident), Error> {
        let name = self.module.clone().unwrap_or_else(|| names::of_module(&plugin.name));
        let vis = self.visibility.as_deref().unwrap_or("pub");
        match (syn::parse_str(vis), syn::parse_str(&name)) {
            (Ok(vis), Ok(name)) => Ok((vis, name)),
            _ => Err(Error::Module(format!("{vis} mod {name}"))),
        }
    }
}

fn sentence(text: &str) -> String {
    let mut text = text.to_owned();
    text.replace_range(..1, "T");
    text
}

fn refused(error: syn::Error) -> Error {
    Error::Types { reason: error.to_string() }
}

fn variable(name: &'static str) -> Result<PathBuf, Error> {
    std::env::var_os(name).map(PathBuf::from).ok_or(Error::NoCargo(name))
}
