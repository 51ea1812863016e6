//! Names that are gone, and what took their place.

use std::path::Path;

use proc_macro2::{TokenStream, TokenTree};
use syn::ext::IdentExt as _;

/// A name that no longer occurs.
#[derive(Debug)]
pub struct Word {
    /// The old name, as it was spelled.
    pub old: &'static str,
    /// What it is called now.
    pub now: &'static str,
}

/// The packages in whose sources no old name occurs.
pub const PACKAGES: &[&str] = &["goplug", "goplug-macros", "goplug-runtime"];

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
    Word { old: "Run", now: "Instance" },
    Word { old: "Service", now: "Instance in a host, RequestHandler in a plugin" },
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

/// The old names among the identifiers of a file, each with its lines.
///
/// # Errors
/// The file is not made of Rust's tokens.
pub fn in_text(text: &str) -> Result<Vec<(&'static Word, usize)>, syn::Error> {
    let mut found = Vec::new();
    search(text.parse::<TokenStream>()?, &mut found);
    Ok(found)
}

/// The old name that a file or one of its folders has: `HeldFolder` is `held_folder` there.
pub fn in_path(path: &Path) -> Option<&'static Word> {
    path.iter().find_map(|part| {
        let part = part.to_str()?;
        let name = part.strip_suffix(".rs").unwrap_or(part);
        WORDS.iter().find(|word| snake(word.old) == name)
    })
}

fn search(tokens: TokenStream, found: &mut Vec<(&'static Word, usize)>) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => search(group.stream(), found),
            TokenTree::Ident(ident) => {
                let name = ident.unraw().to_string();
                let line = ident.span().start().line;
                found.extend(WORDS.iter().filter(|word| word.old == name).map(|word| (word, line)));
            }
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
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
