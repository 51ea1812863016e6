//! What a call asks for, and whether the sandbox allows it.

use std::io;
use std::path::{Path, PathBuf};

use super::calls::{PathUse, path_arguments};
use super::notification::{Notification, Reply};
use crate::transport::unix::linux::landlock::NamedPaths;
use crate::transport::unix::linux::seccomp::{Answer, Answers};
use crate::transport::{OpenProgram, RefusedAccess, SandboxRules, Tcp};

/// A sandbox, as it judges calls.
#[derive(Debug)]
pub(super) struct Judge {
    tcp: Tcp,
    filter: Answers,
    paths: NamedPaths,
}

impl Judge {
    /// Does blocking I/O.
    pub(super) fn new(rules: &SandboxRules, program: &OpenProgram) -> Self {
        let (tcp, filter) = (rules.tcp.clone(), Answers::of(rules));
        Self { tcp, filter, paths: NamedPaths::of(rules, program) }
    }

    /// What a call asks for beyond the sandbox, and what becomes of the call. What cannot be found out is for the
    /// kernel to judge.
    pub(super) fn judge(&self, call: &Notification) -> (Vec<RefusedAccess>, Reply) {
        match call.call {
            libc::SYS_connect => self.connection(call).unwrap_or((Vec::new(), Reply::Continue)),
            libc::SYS_socket | libc::SYS_socketpair => self.socket(call),
            number => {
                let arguments = path_arguments().filter(|argument| argument.call == number);
                let refused = arguments.filter_map(|argument| {
                    let path = call.path(argument.path).ok()?;
                    if path.as_os_str().is_empty() {
                        return None;
                    }
                    let path = match path.is_absolute() {
                        true => path,
                        false => call.folder(argument.folder).ok()?.join(path),
                    };
                    self.file(&call.seen_from_here(path), wanted(call, argument.used).ok()?)
                });
                (refused.collect(), Reply::Continue)
            }
        }
    }

    fn file(&self, path: &Path, wanted: Wanted) -> Option<RefusedAccess> {
        let folder = || self.refused(path.parent()?.canonicalize().ok()?, true);
        match (wanted, path.canonicalize()) {
            (Wanted::Name, _) => folder(),
            (Wanted::Open { writes, .. }, Ok(real)) => self.refused(real, writes),
            (Wanted::Open { makes: true, .. }, Err(_)) => folder(),
            // It is not there, whatever the sandbox allows.
            (Wanted::Open { makes: false, .. }, Err(_)) => None,
        }
    }

    fn refused(&self, real: PathBuf, writes: bool) -> Option<RefusedAccess> {
        if self.paths.allow(&real, writes) {
            return None;
        }
        // A process's own folder there has another name each time.
        let real = if real.starts_with("/proc") { "/proc".into() } else { real };
        Some(if writes { RefusedAccess::Write(real) } else { RefusedAccess::Read(real) })
    }

    /// A socket of a kind that the filter refuses. One for TCP is made, so that it is known whereto. For another
    /// protocol of the internet there is no setting.
    fn socket(&self, call: &Notification) -> (Vec<RefusedAccess>, Reply) {
        let Answer::Error(errno) = self.filter.to(call.call, &call.arguments) else {
            return (Vec::new(), Reply::Continue);
        };
        let (family, kind, protocol) = (call.number(0), call.number(1) & 0xf, call.number(2));
        let access = match (family, kind, protocol) {
            (libc::AF_INET | libc::AF_INET6, libc::SOCK_STREAM, 0 | libc::IPPROTO_TCP) => {
                return (Vec::new(), Reply::Continue);
            }
            (libc::AF_INET | libc::AF_INET6, libc::SOCK_DGRAM, 0 | libc::IPPROTO_UDP) => {
                RefusedAccess::Udp
            }
            (libc::AF_INET | libc::AF_INET6, ..) => return (Vec::new(), Reply::Error(errno)),
            (libc::AF_UNIX, ..) => RefusedAccess::UnixSockets,
            (family, ..) => RefusedAccess::AddressFamily(family),
        };
        (vec![access], Reply::Error(errno))
    }

    fn connection(&self, call: &Notification) -> io::Result<(Vec<RefusedAccess>, Reply)> {
        let address = call.memory(1, 4)?;
        let [low, high, port @ ..] = &address[..] else {
            return Ok((Vec::new(), Reply::Continue));
        };
        let family = i32::from(u16::from_ne_bytes([*low, *high]));
        let refused = self.filter.to(call.call, &call.arguments);
        match (family, refused, &self.tcp) {
            (libc::AF_UNIX, Answer::Error(errno), _) => {
                Ok((vec![RefusedAccess::UnixSockets], Reply::Error(errno)))
            }
            (libc::AF_INET | libc::AF_INET6, _, Tcp::Ports(named)) if !is_datagram(call) => {
                let port = port.try_into().map_or(0, u16::from_be_bytes);
                let access = (!named.contains(&port)).then_some(RefusedAccess::Connect(port));
                let reply =
                    if access.is_some() { Reply::Error(libc::EACCES) } else { Reply::Continue };
                Ok((access.into_iter().collect(), reply))
            }
            _ => Ok((Vec::new(), Reply::Continue)),
        }
    }
}

/// What a call does with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    /// It opens or executes it, and may make it.
    Open { writes: bool, makes: bool },
    /// It makes or removes its name.
    Name,
}

fn wanted(call: &Notification, used: PathUse) -> io::Result<Wanted> {
    let flags = match used {
        PathUse::Open(flags) => call.number(flags),
        PathUse::OpenHow(how) => {
            let how = call.memory(how, 4)?;
            i32::from_ne_bytes(how.try_into().unwrap_or_default())
        }
        PathUse::Create => libc::O_WRONLY | libc::O_CREAT,
        PathUse::Write => libc::O_WRONLY,
        PathUse::Execute => libc::O_RDONLY,
        PathUse::Name => return Ok(Wanted::Name),
    };
    let writes = flags & libc::O_ACCMODE != libc::O_RDONLY || flags & libc::O_TRUNC != 0;
    Ok(Wanted::Open { writes, makes: flags & libc::O_CREAT != 0 })
}

/// Whether the socket of a `connect` is known to be one for datagrams.
fn is_datagram(call: &Notification) -> bool {
    let socket = call.descriptor(0);
    let kind = socket.and_then(|socket| Ok(rustix::net::sockopt::socket_type(socket)?));
    kind.is_ok_and(|kind| kind == rustix::net::SocketType::DGRAM)
}
