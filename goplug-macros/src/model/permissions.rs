//! The values of `permissions(…)`: the same rules as those of a `.pconf`.

use quote::ToTokens;
use syn::{LitInt, LitStr};

use crate::attr::Permissions;
use crate::diag::Diag;

/// Checks each value, and that none is there twice.
pub(super) fn check(permissions: &Permissions, diag: &Diag) {
    let Permissions { read, write, connect, .. } = permissions;
    for paths in [read, write] {
        paths.iter().for_each(|path| check_path(path, diag));
        check_once(paths.iter().map(|path| (path, path.value())), diag);
    }
    connect.iter().for_each(|port| check_port(port, diag));
    check_once(connect.iter().map(|port| (port, port.base10_digits().to_owned())), diag);
    let count = read.len() + write.len() + connect.len();
    if count > MOST {
        let text = format!("a plugin asks for at most {MOST} permissions");
        let last = write.last().or(read.last()).map(|path| path as &dyn ToTokens);
        if let Some(last) = last.or(connect.last().map(|port| port as _)) {
            diag.at(last, text);
        }
    }
}

/// The most paths and ports.
const MOST: usize = 256;

fn check_path(path: &LitStr, diag: &Diag) {
    let text = path.value();
    if text.is_empty() || text.contains('\0') || text.len() > 4096 {
        diag.at(path, "expected a path, such as `/usr/share/dict`, `~/.config/acme` or `data`");
    } else if text.starts_with('~') && !text.starts_with("~/") {
        diag.at(path, "only `~/` is known, the home folder of the plugin's user");
    } else if text.split(['/', '\\']).any(|part| part == "..") {
        diag.at(path, "a path has no `..` in it: write the folder that is meant");
    }
}

fn check_port(port: &LitInt, diag: &Diag) {
    if !port.base10_parse::<u16>().is_ok_and(|port| port > 0) {
        diag.at(port, "a port is a number from 1 to 65535");
    }
}

fn check_once<'a, T: ToTokens + 'a>(values: impl Iterator<Item = (&'a T, String)>, diag: &Diag) {
    let mut seen = Vec::new();
    for (at, value) in values {
        if seen.contains(&value) {
            diag.at(at, "it is named twice; once is enough");
        }
        seen.push(value);
    }
}

#[cfg(test)]
mod tests {
    use goplug_runtime::protocol::permissions::MAX_PERMISSIONS;
    use goplug_runtime::protocol::{Descriptor, Pconf};

    use super::*;

    #[test]
    fn more_than_the_most_are_refused_whichever_they_are() {
        let path = |n: usize| LitStr::new(&format!("/{n}"), proc_macro2::Span::call_site());
        let port = |n: usize| LitInt::new(&(n + 1).to_string(), proc_macro2::Span::call_site());
        let kinds: [fn(&mut Permissions, LitStr, LitInt); 3] = [
            |all, path, _| all.read.push(path),
            |all, path, _| all.write.push(path),
            |all, _, port| all.connect.push(port),
        ];
        for add in kinds {
            for (count, errors) in [(MOST, 0), (MOST + 1, 1)] {
                let mut permissions = Permissions::default();
                (0..count).for_each(|n| add(&mut permissions, path(n), port(n)));
                let diag = Diag::default();
                check(&permissions, &diag);
                assert_eq!(diag.count(), errors);
                diag.finish();
            }
        }
    }

    #[test]
    fn what_the_attribute_takes_is_what_a_pconf_takes() {
        assert_eq!(MOST, MAX_PERMISSIONS);
        let long = "x".repeat(5000);
        let paths =
            ["/a", "~/a", "~/", "data", "./a", "", "~", "~a", "../a", "/a/../b", "a\0b", &long];
        for path in paths {
            let diag = Diag::default();
            check_path(&LitStr::new(path, proc_macro2::Span::call_site()), &diag);
            let is_taken = diag.count() == 0;
            diag.finish();
            let mut descriptor = Descriptor::new("a", "");
            descriptor.permissions.read = vec![path.into()];
            assert_eq!(is_taken, Pconf::of(descriptor).is_ok(), "{path:?}");
        }
    }
}
