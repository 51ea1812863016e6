//! The names of a project's parts.

use goplug::PluginId;

use crate::failure::{Failure, Outcome};

/// What a crate or a module is not called: keywords of Rust and Python, and crates that it would hide.
const TAKEN: &str = "\
    abstract alloc and as assert async await become box break class const continue core \
    crate def del do dyn elif else enum except extern false final finally fn for from gen \
    global goplug if impl import in is lambda let loop macro match mod move mut none \
    nonlocal not or override pass priv proc_macro pub raise ref return self static std \
    struct super test tokio trait true try type typeof unsafe unsized use virtual where \
    while with yield";

/// The modules of Python's standard library. A script of such a name hides the module from everything that it
/// imports.
const PYTHON_MODULES: &str = include_str!("python-modules.txt");

/// Names that are made of the name of a project, such as `word-count`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Names {
    /// The package: `word-count`.
    pub(super) package: String,
    /// The crate, and a module in Python: `word_count`.
    pub(super) module: String,
    /// The plugin, whose name is that of its type: `WordCount`.
    pub(super) id: PluginId,
}

impl Names {
    /// # Errors
    /// The name or the namespace cannot be that of a package and of a plugin.
    pub(super) fn of(name: &str, namespace: &str) -> Outcome<Self> {
        let is_plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
        if !name.starts_with(|first: char| first.is_ascii_alphabetic())
            || !name.chars().all(is_plain)
        {
            let text = format!("{name:?} is no package's name: use letters, digits and hyphens");
            return Err(Failure::usage(text));
        }
        let words = words(name);
        let package = words.join("-");
        let module = words.join("_");
        let type_name: String = words.iter().map(|word| capitalized(word)).collect();
        if is_taken(&module) {
            return Err(Failure::usage(format!(
                "{name:?} is a word of the language; name it otherwise"
            )));
        }
        let id = PluginId::new(&type_name, namespace);
        let id = id.map_err(|error| Failure::usage(error.to_string()))?;
        Ok(Self { package, module, id })
    }

    /// The same names, if a script in Python can have them.
    ///
    /// # Errors
    /// The name is that of a module of the standard library.
    pub(super) fn for_python(self) -> Outcome<Self> {
        match PYTHON_MODULES.split_whitespace().any(|module| module == self.module) {
            true => Err(Failure::usage(format!(
                "{:?} is a module of Python's standard library; name it otherwise",
                self.module
            ))),
            false => Ok(self),
        }
    }
}

/// The words of `word-count`, `word_count`, `WordCount`.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = vec![String::new()];
    let mut previous = '-';
    for letter in name.chars() {
        let begins = letter.is_ascii_uppercase() && previous.is_ascii_lowercase();
        if matches!(letter, '-' | '_') || begins {
            words.push(String::new());
        }
        if !matches!(letter, '-' | '_')
            && let Some(word) = words.last_mut()
        {
            word.push(letter.to_ascii_lowercase());
        }
        previous = letter;
    }
    words.retain(|word| !word.is_empty());
    words
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

fn is_taken(module: &str) -> bool {
    TAKEN.split(' ').any(|taken| taken == module)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_spelled_as_each_place_spells_it() {
        for name in ["word-count", "word_count", "WordCount", "wordCount", "Word-Count"] {
            let names = Names::of(name, "acme").unwrap();
            assert_eq!(
                (&*names.package, &*names.module, names.id.name(), &*names.id.to_string()),
                ("word-count", "word_count", "WordCount", "acme.WordCount"),
            );
        }
        assert_eq!(Names::of("report2", "").unwrap().id.to_string(), "Report2");
    }

    #[test]
    fn names_that_cannot_be_are_refused() {
        for name in ["", "-", "2fast", "a/b", "ä", "fn", "goplug", "std", "two words", "import"] {
            assert!(Names::of(name, "").is_err(), "{name}");
        }
        assert!(Names::of("report", "a b").is_err());
    }
}
