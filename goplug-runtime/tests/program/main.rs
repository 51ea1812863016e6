//! A plugin's program as a process. How it is started, told to end and left without a host is Unix's own way here;
//! the end-to-end tests have those of each system.

#[cfg(unix)]
mod unix;

#[cfg(unix)]
fn main() -> std::process::ExitCode {
    unix::main()
}

#[cfg(not(unix))]
fn main() {}
