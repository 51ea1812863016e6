//! What the name of a file says.

use std::path::Path;

/// Whether the name of a file ends with a dot and this extension.
pub fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension().is_some_and(|found| found == extension)
}
