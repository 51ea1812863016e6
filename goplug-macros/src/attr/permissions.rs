//! `permissions(…)`: what a plugin asks of its host beside services.

use quote::ToTokens;
use syn::{Expr, ExprArray, ExprLit, Lit, LitInt, LitStr};

use super::arg::Arg;
use crate::diag::Diag;

/// The option, read; the values of its paths and numbers are not checked.
#[derive(Clone, Default)]
pub(crate) struct Permissions {
    pub(crate) read: Vec<LitStr>,
    pub(crate) write: Vec<LitStr>,
    pub(crate) connect: Vec<LitInt>,
    pub(crate) udp: bool,
    pub(crate) unix_sockets: bool,
    pub(crate) memory: Option<u64>,
}

/// Each permission as it is written.
const USAGES: &str = "`read = [\"/path\"]`, `write = [\"/path\"]`, `connect = [443]`, `udp`, `unix_sockets`, \
                      `memory = \"256 MiB\"`";

/// ```text
/// permissions := "permissions" "(" [ permission { "," permission } [ "," ] ] ")"
/// permission  := ( "read" | "write" ) "=" "[" [ string { "," string } [ "," ] ] "]"
///              | "connect" "=" "[" [ integer { "," integer } [ "," ] ] "]"
///              | "udp" | "unix_sockets"
///              | "memory" "=" string
/// ```
pub(super) fn read(args: Vec<Arg>, diag: &Diag) -> Permissions {
    let mut permissions = Permissions::default();
    let mut seen: Vec<String> = Vec::new();
    for arg in args {
        let name = arg.to_token_stream().to_string();
        if seen.contains(&name) {
            diag.at(&arg, format!("`{name}` is given twice; once is enough"));
            continue;
        }
        permissions.add(arg, &name, diag);
        seen.push(name);
    }
    permissions
}

impl Permissions {
    fn add(&mut self, arg: Arg, name: &str, diag: &Diag) {
        match (arg, name) {
            (Arg::Value(_, value), "read") => self.read = list(&value, name, string, diag),
            (Arg::Value(_, value), "write") => self.write = list(&value, name, string, diag),
            (Arg::Value(_, value), "connect") => self.connect = list(&value, name, integer, diag),
            (Arg::Value(_, value), "memory") => self.memory = memory(&value, diag),
            (Arg::Path(_), "udp") => self.udp = true,
            (Arg::Path(_), "unix_sockets") => self.unix_sockets = true,
            (arg, _) => {
                diag.at(arg, format!("`{name}` is no permission here; there are {USAGES}"));
            }
        }
    }
}

/// The literals of a list.
fn list<T>(value: &Expr, name: &str, read: fn(&Expr) -> Option<T>, diag: &Diag) -> Vec<T> {
    let Expr::Array(ExprArray { elems, .. }) = value else {
        diag.at(value, format!("`{name}` takes a list; there are {USAGES}"));
        return Vec::new();
    };
    let element = |element| {
        let read = read(element);
        if read.is_none() {
            let kind = if name == "connect" { "the number of a port" } else { "a string" };
            diag.at(element, format!("an entry of `{name}` is {kind}; there are {USAGES}"));
        }
        read
    };
    elems.iter().filter_map(element).collect()
}

fn string(value: &Expr) -> Option<LitStr> {
    match value {
        Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.clone()),
        _ => None,
    }
}

fn integer(value: &Expr) -> Option<LitInt> {
    match value {
        Expr::Lit(ExprLit { lit: Lit::Int(number), .. }) => Some(number.clone()),
        _ => None,
    }
}

fn memory(value: &Expr, diag: &Diag) -> Option<u64> {
    let text = string(value);
    let bytes = text.and_then(|text| bytes(&text.value())).filter(|bytes| *bytes > 0);
    if bytes.is_none() {
        diag.at(value, "`memory` takes a size: write `memory = \"256 MiB\"`, with KiB, MiB or GiB");
    }
    bytes
}

/// The number of bytes of a size such as `256 MiB`.
fn bytes(text: &str) -> Option<u64> {
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
    let unit = match unit.trim_start() {
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_a_number_and_a_unit() {
        assert_eq!(bytes("256 MiB"), Some(256 << 20));
        assert_eq!(bytes("1GiB"), Some(1 << 30));
        for text in ["", "256", "MiB", "256 MB", "-1 MiB", "1.5 GiB", "99999999999999999999 KiB"] {
            assert_eq!(bytes(text), None, "{text}");
        }
        assert_eq!(bytes(&format!("{} GiB", u64::MAX)), None);
    }
}
