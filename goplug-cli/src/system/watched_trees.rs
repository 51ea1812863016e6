//! The folders that are watched with all that is below them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The folders that are watched with all that is below them.
#[derive(Debug, Default)]
pub(super) struct WatchedTrees(BTreeSet<PathBuf>);

impl WatchedTrees {
    /// Whether a folder is watched, or one above it.
    pub(super) fn covers(&self, folder: &Path) -> bool {
        folder.ancestors().any(|ancestor| self.0.contains(ancestor))
    }

    pub(super) fn insert(&mut self, folder: &Path) {
        self.0.insert(folder.to_owned());
    }

    /// Forgets a folder. Returns whether it was watched by itself.
    pub(super) fn remove(&mut self, folder: &Path) -> bool {
        self.0.remove(folder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_covered_by_itself_and_by_those_above_it() {
        let mut trees = WatchedTrees::default();
        trees.insert(Path::new("/p/src"));
        for covered in ["/p/src", "/p/src/deep", "/p/src/deep/er"] {
            assert!(trees.covers(Path::new(covered)), "{covered}");
        }
        for other in ["/p", "/p/srcs", "/p/target"] {
            assert!(!trees.covers(Path::new(other)), "{other}");
        }
        assert!(!trees.remove(Path::new("/p/src/deep")));
        assert!(trees.remove(Path::new("/p/src")));
        assert!(!trees.covers(Path::new("/p/src/deep")));
    }
}
