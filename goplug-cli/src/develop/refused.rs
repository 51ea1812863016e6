//! What the watcher of files refuses, and why.

use std::path::{Path, PathBuf};

/// What the watcher has refused.
#[derive(Default)]
pub(super) struct Refused {
    count: usize,
    first: Option<(PathBuf, String)>,
}

impl Refused {
    pub(super) fn add(&mut self, folder: &Path, why: String) {
        self.count += 1;
        self.first.get_or_insert_with(|| (folder.to_owned(), why));
    }

    /// What is said about it, if there is any.
    pub(super) fn text(&self) -> Option<String> {
        let (folder, why) = self.first.as_ref()?;
        let folders = match self.count {
            1 => folder.display().to_string(),
            2 => format!("{} and one other folder", folder.display()),
            count => format!("{} and {} other folders", folder.display(), count - 1),
        };
        Some(format!("saves in {folders} are not noticed: {why}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_that_are_not_watched_are_named_with_the_first_reason() {
        let mut refused = Refused::default();
        assert_eq!(refused.text(), None);
        refused.add(Path::new("/p/src"), "there are too many".into());
        refused.add(Path::new("/p/src/deep"), "there is another reason".into());
        let text = refused.text().unwrap();
        let expected = "saves in /p/src and one other folder are not noticed: there are too many";
        assert_eq!(text, expected);
    }
}
