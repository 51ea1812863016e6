//! Platform code and unsafe code outside of their room.

use rooms::platform;

use super::{krate, lines};

/// The violations of a package that has `source` in the rooms `host` and `transport`.
fn found(package: &str, source: &str) -> Vec<String> {
    let root = "mod host;\nmod transport;";
    let files = [("src/lib.rs", root), ("src/host.rs", source), ("src/transport.rs", source)];
    let mut krate = krate(&files);
    krate.package = package.to_owned();
    lines(&platform::violations(&krate))
}

#[track_caller]
fn assert_found(source: &str) {
    let violations = found("goplug-runtime", source);
    assert!(!violations.is_empty(), "{source}");
    assert!(violations.iter().all(|line| line.starts_with("src/host.rs:")), "{violations:#?}");
}

#[test]
fn platform_code_is_found_outside_of_its_room() {
    let root = "mod host;\nmod transport;";
    let host = "use std::os::fd::OwnedFd;\n#[cfg(unix)]\nfn f() { rustix::f(); }\n\
                use tokio::net::{TcpStream, UnixStream};\nfn g() { if cfg!(target_os = \"x\") {} }\n\
                #[cfg(test)]\nmod tests { use std::os::unix; }";
    let files = [("src/lib.rs", root), ("src/host.rs", host), ("src/transport.rs", host)];
    let mut krate = krate(&files);
    assert_eq!(lines(&platform::violations(&krate)), [""; 0]);
    krate.package = "goplug-runtime".to_owned();
    let violations = lines(&platform::violations(&krate));
    assert_eq!(violations.len(), 5, "{violations:#?}");
    assert!(violations.iter().all(|line| line.starts_with("src/host.rs:")), "{violations:#?}");
}

#[test]
fn platform_code_is_found_behind_the_names_of_imports() {
    for source in [
        "use tokio::net; fn x(_: net::UnixStream) {}",
        "use tokio::net as n; fn x(_: n::UnixStream) {}",
        "use tokio::net::{self as n, TcpStream}; fn x(_: n::UnixStream) {}",
        "use std as s; fn x(_: s::os::fd::RawFd) {}",
        "use tokio as t; use t::net as n; fn x(_: n::UnixStream) {}",
        "use std as s; mod inner { fn x(_: super::s::os::fd::RawFd) {} }",
        "fn x() { use tokio::net; net::UnixStream::pair(); }",
        "extern crate std as s; fn x(_: s::os::fd::RawFd) {}",
        "extern crate libc;",
    ] {
        assert_found(source);
    }
}

#[test]
fn every_system_is_asked_for_in_its_room_alone() {
    for source in [
        "#[cfg(unix)] fn x() {}",
        "#[cfg(windows)] fn x() {}",
        "#[cfg(all(feature = \"x\", not(target_os = \"macos\")))] fn x() {}",
        "#[cfg_attr(target_family = \"windows\", allow(dead_code))] fn x() {}",
        "fn x() -> bool { cfg!(any(test, windows)) }",
        "use tokio::net::windows::named_pipe::NamedPipeServer;",
        "use tokio::signal; fn x() { signal::windows::ctrl_break(); }",
        "use windows_sys::Win32::Foundation::HANDLE;",
        "use std::os::windows::io::OwnedHandle;",
    ] {
        assert_found(source);
    }
}

#[test]
fn a_violation_says_what_an_imported_name_stands_for() {
    let violations = found("goplug-runtime", "use tokio::net;\nfn x(_: net::UnixStream) {}");
    let expected = "src/host.rs:2: names `net::UnixStream`, which is `tokio::net::UnixStream`, but \
                    only goplug-runtime/transport and goplug-cli/system have platform code";
    assert_eq!(violations, [expected]);
}

#[test]
fn a_glob_import_from_around_platform_code_is_refused() {
    for source in ["use tokio::net::*;", "use std::*;", "use tokio as t; use t::net::*;"] {
        assert_found(source);
    }
}

#[test]
fn other_names_of_the_same_modules_are_allowed() {
    for source in [
        "use tokio::net; fn x(_: net::TcpStream) {}",
        "use std as s; fn x(_: s::fmt::Error) {}",
        "use std::fmt::*; use tokio::sync::*; use netx::*;",
        "use a::a; use b::c; use c::b; fn x(_: a::A, _: b::B) {}",
    ] {
        assert_eq!(found("goplug-runtime", source), [""; 0], "{source}");
    }
}

#[test]
fn unsafe_code_is_found_outside_of_its_room() {
    for source in [
        "fn x() { unsafe { y() } }",
        "unsafe fn x() {}",
        "struct X; impl X { unsafe fn x() {} }",
        "unsafe impl Send for X {}",
        "unsafe trait X {}",
        "unsafe extern \"C\" { fn x(); }",
        "#[unsafe(no_mangle)] fn x() {}",
        "#[allow(unsafe_code)] fn x() {}",
        "#![allow(unsafe_code)]",
        "#[expect(dead_code, unsafe_code)] mod x {}",
        "#[cfg_attr(feature = \"x\", allow(unsafe_code))] fn x() {}",
        "macro_rules! x { () => { unsafe { y() } } }",
    ] {
        assert_found(source);
    }
    let violations = found("goplug-runtime", "\nunsafe fn x() {}");
    let expected = "src/host.rs:2: names `unsafe`, but only goplug-runtime/transport and goplug-cli/system have unsafe \
                    code";
    assert_eq!(violations, [expected]);
}

#[test]
fn tests_and_the_word_unsafe_alone_are_allowed() {
    for source in [
        "#[cfg(test)] #[allow(unsafe_code)] mod tests { unsafe fn x() {} }",
        "#![deny(unsafe_code)] struct X(Token![unsafe]);",
        "fn x() { quote!(unsafe { y() }); }",
    ] {
        assert_eq!(found("goplug-runtime", source), [""; 0], "{source}");
    }
}

#[test]
fn packages_without_the_room_have_no_platform_code_at_all() {
    for package in ["goplug", "goplug-macros"] {
        let violations = found(package, "fn x(_: std::os::fd::RawFd) {}\nunsafe fn y() {}");
        assert_eq!(violations.len(), 4, "{package}: {violations:#?}");
    }
}
