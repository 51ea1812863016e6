//! The extension of a file.

use std::ffi::OsStr;
use std::path::Path;

/// Whether the name of a file ends with a dot and this extension, in upper or lower case.
pub fn has_extension(path: &Path, extension: &str) -> bool {
    let found = path.extension().and_then(OsStr::to_str);
    found.is_some_and(|found| found.eq_ignore_ascii_case(extension))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_extension_is_known_in_each_case() {
        assert!(has_extension(Path::new("A.PConf"), "pconf"));
        assert!(!has_extension(Path::new("A.pconf.old"), "pconf"));
    }
}
