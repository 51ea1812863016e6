//! The counts of all pages, in a file.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::PathBuf;

use anyhow::Context;

use crate::count::Counts;

/// A file for the counts of all pages, made before the first page comes.
#[derive(Debug)]
pub(crate) struct Table {
    path: PathBuf,
    file: File,
}

impl Table {
    /// Makes the file, or empties it.
    pub(crate) fn create(path: PathBuf) -> anyhow::Result<Self> {
        let file = File::create(&path).with_context(|| format!("creating {}", path.display()))?;
        Ok(Self { path, file })
    }

    /// Writes the counts of all pages.
    pub(crate) fn write(&self, pages: &BTreeMap<String, Counts>) -> anyhow::Result<()> {
        let lines = || {
            let mut file = BufWriter::new(&self.file);
            writeln!(file, "page,words,links within the site,links to elsewhere")?;
            for (page, counts) in pages {
                let Counts { words, inner_links, outer_links } = counts;
                let page = page.replace('"', "\"\"");
                writeln!(file, "\"{page}\",{words},{inner_links},{outer_links}")?;
            }
            file.flush()
        };
        lines().with_context(|| format!("writing {}", self.path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_page_has_a_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("words.csv");
        let table = Table::create(path.clone()).unwrap();
        let counts = Counts { words: 3, inner_links: 1, outer_links: 0 };
        table.write(&BTreeMap::from([("a \"b\".md".to_owned(), counts)])).unwrap();
        let expected =
            "page,words,links within the site,links to elsewhere\n\"a \"\"b\"\".md\",3,1,0\n";
        assert_eq!(std::fs::read_to_string(path).unwrap(), expected);
    }

    #[test]
    fn a_file_that_cannot_be_made_is_named() {
        let error = Table::create("/nowhere/words.csv".into()).unwrap_err();
        assert_eq!(error.to_string(), "creating /nowhere/words.csv");
    }
}
