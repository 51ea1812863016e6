//! The system's number of an error.

use std::error::Error;
use std::io;

/// The system's number of an error, also of one that is the cause of this one.
pub(super) fn os_error(error: &io::Error) -> Option<i32> {
    if let Some(number) = error.raw_os_error() {
        return Some(number);
    }
    let mut cause: Option<&(dyn Error + 'static)> = error.get_ref().map(|inner| inner as _);
    while let Some(error) = cause {
        if let Some(number) = error.downcast_ref::<io::Error>().and_then(os_error) {
            return Some(number);
        }
        cause = error.source();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::explain;

    #[test]
    fn an_error_that_was_explained_is_still_known() {
        let explained = explain(io::Error::from_raw_os_error(4), "no pipe".into());
        assert_eq!(explained.to_string(), "no pipe");
        assert_eq!(os_error(&explained), Some(4));
        assert_eq!(os_error(&io::Error::other(explained)), Some(4));
        assert_eq!(os_error(&io::Error::other("out of everything")), None);
    }
}
