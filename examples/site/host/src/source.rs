//! Finds the source files of a site: Markdown files become pages, other files are copied.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

/// The files of a site.
#[derive(Debug)]
pub(crate) struct Source {
    /// The folder that holds the README and the folder of documents.
    pub(crate) root: PathBuf,
    /// The Markdown files, relative to `root` and with `/`, the README first.
    pub(crate) pages: Vec<String>,
    /// All other files in the folder of documents, relative to `root` and with `/`.
    pub(crate) assets: Vec<String>,
}

/// Finds the files of a site, except for names that begin with a dot, symbolic links, and the
/// folder `out`.
pub(crate) fn find(docs: &Path, out: &Path) -> anyhow::Result<Source> {
    let docs = dunce::canonicalize(docs).with_context(|| format!("opening {}", docs.display()))?;
    let Some(root) = docs.parent() else { bail!("{} is in no folder", docs.display()) };
    let mut files = Vec::new();
    walk(&docs, out, &mut files)?;
    files.sort();
    let readme = root.join("README.md");
    if readme.is_file() {
        files.insert(0, readme);
    }
    let mut source = Source { root: root.into(), pages: Vec::new(), assets: Vec::new() };
    for file in files {
        let names: Option<Vec<_>> = file.strip_prefix(root)?.iter().map(OsStr::to_str).collect();
        let Some(name) = names.map(|names| names.join("/")) else {
            bail!("{}: the name is not UTF-8", file.display());
        };
        let list = if name.ends_with(".md") { &mut source.pages } else { &mut source.assets };
        list.push(name);
    }
    if source.pages.is_empty() {
        bail!("there is no Markdown file in {}", docs.display());
    }
    Ok(source)
}

fn walk(folder: &Path, out: &Path, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let entries = fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?;
    for entry in entries {
        let entry = entry?;
        let kind = entry.file_type()?;
        let path = entry.path();
        if entry.file_name().as_encoded_bytes().starts_with(b".") || path == out {
            continue;
        }
        if kind.is_dir() {
            walk(&path, out, files)?;
        } else if kind.is_file() {
            files.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(root: &Path, name: &str) {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "x").unwrap();
    }

    #[test]
    fn the_readme_comes_first_and_everything_else_by_name() {
        let root = tempfile::tempdir().unwrap();
        for name in ["README.md", "other.md", "docs/b.md", "docs/a/c.md", "docs/x.png"] {
            write(root.path(), name);
        }
        let source = find(&root.path().join("docs"), Path::new("/nowhere")).unwrap();
        assert_eq!(source.pages, ["README.md", "docs/a/c.md", "docs/b.md"]);
        assert_eq!(source.assets, ["docs/x.png"]);
    }

    #[test]
    fn hidden_files_and_the_output_are_left_out() {
        let root = tempfile::tempdir().unwrap();
        for name in ["docs/a.md", "docs/.b.md", "docs/out/a.md"] {
            write(root.path(), name);
        }
        let docs = dunce::canonicalize(root.path()).unwrap().join("docs");
        let source = find(&docs, &docs.join("out")).unwrap();
        assert_eq!(source.pages, ["docs/a.md"]);
    }

    #[test]
    fn a_folder_without_markdown_is_an_error_that_names_it() {
        let root = tempfile::tempdir().unwrap();
        let error = find(root.path(), Path::new("/nowhere")).unwrap_err().to_string();
        assert!(error.contains(&root.path().display().to_string()), "{error}");
    }
}
