//! Access rights of a process to files and TCP, enforced by the kernel's Landlock.
//!
//! Rules apply to files, not to their names: every allowed path is opened here, once.

use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible, NetPort, PathBeneath,
    PathFd, PathFdError, RulesetAttr, RulesetCreated, RulesetCreatedAttr, RulesetError, Scope,
};

use crate::transport::{
    GrantedAccess, GrantedPath, OpenProgram, SandboxRules, Tcp, explain, is_absent,
};

/// Readable and executable: every program needs these to start.
const SYSTEM: [&str; 11] = [
    "/bin",
    "/etc/ld.so.cache",
    "/etc/ld.so.preload",
    "/etc/localtime",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/nix/store",
    "/sbin",
    "/usr",
];

/// Readable and writable: devices without content of their own.
const DEVICES: [&str; 5] = ["/dev/full", "/dev/null", "/dev/random", "/dev/urandom", "/dev/zero"];

/// Readable if connections are allowed: files for resolving names and checking certificates.
const NETWORK: [&str; 8] = [
    "/etc/ca-certificates",
    "/etc/gai.conf",
    "/etc/host.conf",
    "/etc/hosts",
    "/etc/nsswitch.conf",
    "/etc/pki",
    "/etc/resolv.conf",
    "/etc/ssl",
];

/// The version of Landlock whose rights are withheld unless a rule grants them. Later kernels have
/// more rights; these are added once they have been tested.
const FILES: ABI = ABI::V5;

/// The rules about files and TCP in the form that the kernel takes.
pub(super) struct Landlock(RulesetCreated);

impl Landlock {
    /// Opens all paths, for a process that runs this program. Does blocking I/O. Rules that the
    /// kernel cannot enforce are left out.
    ///
    /// # Errors
    /// A path cannot be opened, which the text then names; or another error of the system.
    pub(super) fn of(rules: &SandboxRules, program: &OpenProgram) -> io::Result<Self> {
        let ruleset = rules.empty_ruleset().map_err(io::Error::other)?;
        let ruleset = rules.rules_of_files(ruleset, program)?;
        Ok(Self(rules.rules_of_ports(ruleset).map_err(io::Error::other)?))
    }
}

/// `None` if the kernel has no Landlock.
impl From<Landlock> for Option<OwnedFd> {
    fn from(Landlock(ruleset): Landlock) -> Self {
        ruleset.into()
    }
}

/// What the running kernel's Landlock cannot enforce, as a text for people; `None` if it enforces all. TCP
/// is asked for if nothing else withholds it.
pub(super) fn unsupported(withholds_tcp: bool) -> Option<&'static str> {
    unsupported_part(withholds_tcp, &Kernel::running())
}

impl SandboxRules {
    /// Whether these rules let a process execute this file. Does blocking I/O.
    pub fn lets_read(&self, path: &Path) -> bool {
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.into());
        let path = real(path);
        let system = SYSTEM.iter().map(Path::new);
        system.chain(self.read.iter().map(PathBuf::as_path)).any(|it| path.starts_with(real(it)))
    }

    /// Whether every sandbox lets a process access this file, whose path has no links. Does blocking I/O.
    pub fn always_allows(path: &Path, access: GrantedAccess) -> bool {
        let is_device = || DEVICES.iter().any(|device| path == Path::new(device));
        is_device() || (access == GrantedAccess::Read && Self::default().lets_read(path))
    }

    fn empty_ruleset(&self) -> Result<RulesetCreated, RulesetError> {
        let mut rules = landlock::Ruleset::default()
            .handle_access(AccessFs::from_all(FILES))?
            .scope(Scope::from_all(ABI::V6))?;
        if self.tcp != Tcp::Any {
            rules = rules.handle_access(AccessNet::from_all(ABI::V4))?;
        }
        rules.create()
    }

    fn rules_of_files(
        &self,
        mut rules: RulesetCreated,
        program: &OpenProgram,
    ) -> io::Result<RulesetCreated> {
        let read = AccessFs::from_read(FILES);
        // Through a device that it made, the process could reach everything. And it must not execute
        // files that it has written.
        let write = AccessFs::from_all(FILES)
            & !(AccessFs::Execute | AccessFs::MakeChar | AccessFs::MakeBlock | AccessFs::IoctlDev);
        let device = AccessFs::ReadFile | AccessFs::WriteFile;
        let network: &[&str] = if self.tcp == Tcp::default() { &[] } else { &NETWORK };
        let usual = [(SYSTEM.as_slice(), read), (&DEVICES, device), (network, read)];
        for (paths, access) in usual {
            for path in paths {
                match open(Path::new(path)) {
                    Ok(opened) => rules = allow(rules, opened, access)?,
                    // No system has all of these paths.
                    Err(error) if is_absent(&error) => {}
                    Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {}
                    Err(error) => return Err(error),
                }
            }
        }
        rules = allow(rules, program.file(), AccessFs::Execute | AccessFs::ReadFile)?;
        for (paths, access) in [(&self.read, read), (&self.write, write)] {
            for path in paths {
                rules = allow(rules, open(path)?, access)?;
            }
        }
        for GrantedPath { path, access } in &self.granted {
            let access = match access {
                GrantedAccess::Read => AccessFs::ReadFile | AccessFs::ReadDir,
                GrantedAccess::Write => write,
            };
            rules = allow(rules, open_itself(path)?, access)?;
        }
        Ok(rules)
    }

    fn rules_of_ports(&self, mut rules: RulesetCreated) -> Result<RulesetCreated, RulesetError> {
        if let Tcp::Ports(ports) = &self.tcp {
            for port in ports {
                rules = rules.add_rule(NetPort::new(*port, AccessNet::ConnectTcp))?;
            }
        }
        Ok(rules)
    }
}

/// The paths that a sandbox names, without links.
#[derive(Debug)]
pub(super) struct NamedPaths {
    read: Vec<PathBuf>,
    write: Vec<PathBuf>,
}

impl NamedPaths {
    /// Does blocking I/O.
    pub(super) fn of(rules: &SandboxRules, program: &OpenProgram) -> Self {
        let network: &[&str] = if rules.tcp == Tcp::default() { &[] } else { &NETWORK };
        let usual = SYSTEM.iter().chain(network).map(PathBuf::from);
        let granted = |access| {
            let granted = rules.granted.iter().filter(move |granted| granted.access == access);
            granted.map(|granted| granted.path.clone())
        };
        let read = usual.chain([program.path().into()]).chain(rules.read.iter().cloned());
        let read = read.chain(granted(GrantedAccess::Read));
        let write = DEVICES.iter().map(PathBuf::from).chain(rules.write.iter().cloned());
        let write = write.chain(granted(GrantedAccess::Write));
        let real = |path: PathBuf| path.canonicalize().ok();
        Self { read: read.filter_map(real).collect(), write: write.filter_map(real).collect() }
    }

    /// Whether a file or folder, whose path has no links, may be read, or read and written.
    pub(super) fn allow(&self, path: &Path, writes: bool) -> bool {
        let within = |named: &[PathBuf]| named.iter().any(|named| path.starts_with(named));
        within(&self.write) || (!writes && within(&self.read))
    }
}

/// Opens a path for a rule. It needs no right to read the file.
fn open(path: &Path) -> io::Result<PathFd> {
    PathFd::new(path).map_err(|error| match error {
        PathFdError::OpenCall { source, .. } => {
            let text = format!("{}: {source}", path.display());
            explain(source, text)
        }
        other => io::Error::other(format!("{}: {other}", path.display())),
    })
}

/// Opens a path without links.
///
/// # Errors
/// As [`open`], and that a link is there now.
fn open_itself(path: &Path) -> io::Result<PathFd> {
    let opened = open(path)?;
    let link = format!("/proc/self/fd/{}", opened.as_fd().as_raw_fd());
    let real = std::fs::read_link(link)?;
    if real != path {
        let text = format!("{} is {} now", path.display(), real.display());
        return Err(io::Error::other(text));
    }
    Ok(opened)
}

/// Adds a rule that allows this access to a file, or to everything in a folder.
fn allow(
    rules: RulesetCreated,
    opened: impl AsFd,
    access: impl Into<BitFlags<AccessFs>>,
) -> io::Result<RulesetCreated> {
    rules.add_rule(PathBeneath::new(opened, access)).map_err(io::Error::other)
}

/// What the kernel can enforce.
#[derive(Clone, Copy, Debug)]
struct Kernel {
    /// Landlock at all (Linux 5.13, if it is enabled).
    landlock: bool,
    /// Withholding the right to truncate files (Linux 6.2).
    truncate: bool,
    /// Withholding TCP (Linux 6.7).
    tcp: bool,
}

impl Kernel {
    fn running() -> Self {
        let strict =
            || landlock::Ruleset::default().set_compatibility(CompatLevel::HardRequirement);
        Self {
            landlock: strict().handle_access(AccessFs::ReadFile).is_ok(),
            truncate: strict().handle_access(AccessFs::Truncate).is_ok(),
            tcp: strict().handle_access(AccessNet::ConnectTcp).is_ok(),
        }
    }
}

fn unsupported_part(withholds_tcp: bool, kernel: &Kernel) -> Option<&'static str> {
    if !kernel.landlock {
        Some("the kernel has no Landlock, it is not enabled, or a seccomp filter refuses it")
    } else if !kernel.truncate {
        Some("the kernel's Landlock cannot keep it from truncating files (Linux 6.2 can)")
    } else if withholds_tcp && !kernel.tcp {
        Some("the kernel's Landlock cannot keep it from using TCP (Linux 6.7 can)")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_gap_of_a_kernel_is_named() {
        let newest = Kernel { landlock: true, truncate: true, tcp: true };
        assert_eq!(unsupported_part(true, &newest), None);
        let text = unsupported_part(true, &Kernel { tcp: false, ..newest }).unwrap();
        assert!(text.contains("TCP"), "{text}");
        assert_eq!(unsupported_part(false, &Kernel { tcp: false, ..newest }), None);
        let text =
            unsupported_part(false, &Kernel { tcp: false, truncate: false, ..newest }).unwrap();
        assert!(text.contains("truncating"), "{text}");
        let text =
            unsupported_part(false, &Kernel { landlock: false, truncate: false, tcp: false })
                .unwrap();
        assert!(text.contains("no Landlock"), "{text}");
    }

    #[test]
    fn a_granted_path_that_is_a_link_by_now_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let (path, elsewhere) = (folder.path().join("a"), folder.path().join("b"));
        std::fs::write(&elsewhere, "").unwrap();
        std::os::unix::fs::symlink(&elsewhere, &path).unwrap();
        let program = OpenProgram::open(Path::new("/bin/true")).unwrap();
        let granted = |path: &Path| SandboxRules {
            granted: vec![GrantedPath { path: path.into(), access: GrantedAccess::Read }],
            ..SandboxRules::default()
        };
        let error = Landlock::of(&granted(&path), &program).err().unwrap().to_string();
        assert!(error.ends_with("b now"), "{error}");
        assert!(Landlock::of(&granted(&elsewhere.canonicalize().unwrap()), &program).is_ok());
    }

    #[test]
    fn a_missing_path_is_named() {
        let program = OpenProgram::open(Path::new("/bin/true")).unwrap();
        let rules = SandboxRules { read: vec!["/no/such/path".into()], ..SandboxRules::default() };
        let error = Landlock::of(&rules, &program).err().unwrap().to_string();
        assert!(error.starts_with("/no/such/path: No such file"), "{error}");
    }
}
