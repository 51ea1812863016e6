//! A process that is a plugin of somebody's host.

// The lifeline is inherited as the number of a handle, and tokio takes a descriptor by address.
#![allow(unsafe_code)]

use std::env;
use std::fs::File;
use std::io::{self, Read};
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};
use std::path::{Path, PathBuf};
use std::process::id;
use std::ptr::from_ref;
use std::thread;

use serde_json::{Value, json};
use tokio::net::windows::named_pipe::{NamedPipeServer, ServerOptions};
use tokio::signal::windows::{CtrlBreak, ctrl_break};
use tokio_util::sync::CancellationToken;
use windows_sys::Win32::Foundation::GetHandleInformation;
use windows_sys::Win32::System::Threading::{PROCESS_TERMINATE, TerminateProcess};

use super::descriptor::{NewDescriptor, user};
use super::handle::{check, process};
use super::sockets::Socket;
use crate::system::launch::hosts_variables;

/// What a plugin's process has been given, as the cases for hosts look at it.
pub(crate) fn surroundings() -> Value {
    json!({
        "process": id(),
        "environment": hosts_variables(),
        "has-lifeline": lifeline().is_ok(),
        "folder": env::current_dir().unwrap_or_default(),
    })
}

/// Becomes the process that listens, which it is already: it makes its socket itself.
pub(crate) fn become_listener(_arguments: &[&str]) -> io::Result<()> {
    Ok(())
}

/// A socket on which this process listens.
pub(crate) struct Listener {
    name: PathBuf,
    /// The instance of the pipe that the next host finds.
    next: NamedPipeServer,
}

impl Listener {
    /// Waits for a connection. Cancel safe.
    pub(crate) async fn accept(&mut self) -> io::Result<Socket> {
        self.next.connect().await?;
        // There is another one before this one is served: no host finds none.
        let next = instance(&self.name, false)?;
        Ok(Socket::Server(std::mem::replace(&mut self.next, next)))
    }
}

/// The socket whose name this process was given.
pub(crate) fn listener() -> io::Result<Listener> {
    let name = PathBuf::from(env::var_os("GOPLUG_SOCK").ok_or(io::ErrorKind::NotFound)?);
    Ok(Listener { next: instance(&name, true)?, name })
}

/// An instance of the pipe, which only this user and the system may use.
fn instance(name: &Path, is_first: bool) -> io::Result<NamedPipeServer> {
    let user = user()?;
    let descriptor = NewDescriptor::parse(&format!("O:{user}D:P(A;;GA;;;{user})(A;;GA;;;SY)"))?;
    let attributes = from_ref(descriptor.attributes()).cast_mut().cast();
    let mut options = ServerOptions::new();
    options.first_pipe_instance(is_first).reject_remote_clients(true);
    // SAFETY: the attributes and the descriptor that they name live during the call.
    unsafe { options.create_with_security_attributes_raw(name, attributes) }
}

/// The number of the lifeline, which is an open handle.
fn lifeline() -> io::Result<usize> {
    let number = env::var("GOPLUG_LIFELINE").ok().and_then(|number| number.parse().ok());
    let number: usize = number.ok_or(io::ErrorKind::NotFound)?;
    let mut flags = 0;
    let handle = std::ptr::with_exposed_provenance_mut(number);
    // SAFETY: the call has no preconditions: it fails if there is no such handle.
    check(unsafe { GetHandleInformation(handle, &raw mut flags) })?;
    Ok(number)
}

/// A wait for the end of the lifeline. A thread reads it: the pipe is not one that Windows waits for in any
/// other way.
pub(crate) fn host_end() -> io::Result<impl Future<Output = ()>> {
    let handle = std::ptr::with_exposed_provenance_mut(lifeline()?);
    // SAFETY: the host has passed this handle to this process, and nothing else uses it.
    let mut lifeline = File::from(unsafe { OwnedHandle::from_raw_handle(handle) });
    let end = CancellationToken::new();
    let noted = end.clone();
    thread::Builder::new().name("lifeline".into()).spawn(move || {
        // The host writes nothing, and an error is an end as well.
        let _ = lifeline.read(&mut [0]);
        noted.cancel();
    })?;
    Ok(end.cancelled_owned())
}

/// Ctrl-Break, which does not end the process.
pub(crate) struct Terminations(CtrlBreak);

impl Terminations {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self(ctrl_break()?))
    }

    /// Waits for the next one.
    pub(crate) async fn next(&mut self) {
        self.0.recv().await;
    }
}

/// Kills a process.
pub(crate) fn kill(pid: u64) {
    let Ok(pid) = u32::try_from(pid) else { return };
    // Mostly it is gone.
    if let Ok(process) = process(pid, PROCESS_TERMINATE) {
        // SAFETY: the process is open.
        unsafe { TerminateProcess(process.as_raw_handle(), 1) };
    }
}
