//! Names that are gone, and what took their place.
//!
//! The names of types, functions, modules, fields and parameters count. An enum's variant may have
//! an old name, since the enum says what it means: `Body::Whole`.

use std::path::Path;

use syn::ext::IdentExt as _;
use syn::visit::{self, Visit};
use syn::{Ident, ItemUse, Path as RustPath, Variant};

use crate::uses::{self, Scope};

/// A name that no longer occurs.
#[derive(Clone, Copy, Debug)]
pub struct Word {
    /// The old name, as it was spelled.
    pub old: &'static str,
    /// What it is called now.
    pub now: &'static str,
}

/// The packages in whose sources no old name occurs.
pub const PACKAGES: &[&str] =
    &["goplug", "goplug-cli", "goplug-codegen", "goplug-macros", "goplug-runtime"];

/// The old names.
pub const WORDS: &[Word] = &[
    Word { old: "Arrivals", now: "CallbackRun" },
    Word { old: "Asked", now: "Route" },
    Word { old: "Clock", now: "DeadlineTimer" },
    Word { old: "Coming", now: "BodyInfo" },
    Word { old: "Core", now: "PluginState" },
    Word { old: "Ending", now: "Exit" },
    Word { old: "First", now: "select and Either" },
    Word { old: "Handling", now: "HandlerLoop" },
    Word { old: "HeldFolder", now: "RuntimeDir" },
    Word { old: "Installed", now: "Installation" },
    Word { old: "KnownHead", now: "HeadCache" },
    Word { old: "Lease", now: "CallGuard" },
    Word { old: "Link", now: "BufferedStream and Presence" },
    Word { old: "Look", now: "Scan" },
    Word { old: "Lost", now: "ConnectionLost" },
    Word { old: "Of", now: "ClientDecl" },
    Word { old: "Pace", now: "LatencyClass" },
    Word { old: "Pieces", now: "BodyStream" },
    Word { old: "Plain", now: "FastArgs" },
    Word { old: "Preparation", now: "Preflight" },
    Word { old: "Prospect", now: "Availability" },
    Word { old: "Shape", now: "FnSignature" },
    Word { old: "Sight", now: "Scan" },
    Word { old: "Site", now: "Paths" },
    Word { old: "Taken", now: "UsedNames" },
    Word { old: "Whole", now: "JsonInt" },
    Word { old: "attend", now: "what the function does" },
    Word { old: "by_hyper", now: "hyper_fallback" },
    Word { old: "grace", now: "stop_timeout" },
    Word { old: "obey", now: "what the function does" },
    Word { old: "or_refuse", now: "on_unsupported" },
    Word { old: "or_report", now: "on_unsupported" },
    Word { old: "sound_after", now: "reset_after" },
];

/// Names of files and folders that are gone, besides those that [`WORDS`] stand for.
pub const FILES: &[Word] = &[
    Word { old: "ordinary", now: "h1" },
    Word { old: "publish", now: "pconf_file" },
    Word { old: "race", now: "select" },
    Word { old: "reach", now: "landlock" },
    Word { old: "take", now: "delivery" },
];

/// An old name that is gone from one folder, and fine elsewhere.
pub const IN_HOST: &[Word] = &[Word { old: "Run", now: "Instance" }];

/// The folder of [`IN_HOST`].
pub const HOST: &str = "goplug-runtime/src/host";

/// The old names that a file declares, each with its lines.
///
/// # Errors
/// The file does not parse.
pub fn in_text(path: &Path, text: &str) -> Result<Vec<(&'static Word, usize)>, syn::Error> {
    let mut names = Names::default();
    names.visit_file(&syn::parse_file(text)?);
    let old = |(name, line): (String, usize)| {
        words(path).find(|word| word.old == name).map(|word| (word, line))
    };
    Ok(names.0.into_iter().filter_map(old).collect())
}

/// The old name that a file or one of its folders has, in lower case: `held_folder` for
/// `HeldFolder`.
pub fn in_path(path: &Path) -> Option<&'static Word> {
    path.iter().find_map(|part| {
        let part = part.to_str()?;
        let name = part.strip_suffix(".rs").unwrap_or(part);
        let file = FILES.iter().find(|word| word.old == name);
        file.or_else(|| words(path).find(|word| snake(word.old) == name))
    })
}

/// The old names that a file may not have.
fn words(path: &Path) -> impl Iterator<Item = &'static Word> {
    let in_host = if path.starts_with(HOST) { IN_HOST } else { &[] };
    WORDS.iter().chain(in_host)
}

/// The names that a file declares, and the methods that it calls.
#[derive(Default)]
struct Names(Vec<(String, usize)>);

impl<'ast> Visit<'ast> for Names {
    fn visit_ident(&mut self, ident: &'ast Ident) {
        self.0.push((ident.unraw().to_string(), ident.span().start().line));
    }

    // A path only uses a name that is declared elsewhere.
    fn visit_path(&mut self, path: &'ast RustPath) {
        path.segments.iter().for_each(|segment| self.visit_path_arguments(&segment.arguments));
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        for import in uses::imports(item) {
            match import.scope {
                Scope::Name(name) if import.path.segments.last() != Some(&name) => {
                    self.0.push((name, import.path.line));
                }
                _ => {}
            }
        }
    }

    fn visit_variant(&mut self, variant: &'ast Variant) {
        visit::visit_fields(self, &variant.fields);
    }
}

fn snake(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}
