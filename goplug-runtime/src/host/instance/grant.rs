//! What a plugin asks for and its policy allows: that is what it is granted, where its sandbox has
//! `least_privilege`.
//!
//! Paths are compared as the system finds them, without links: a link in an allowed folder leads nowhere else.
//! The paths that are granted are opened again when the process starts, and have to be the same then.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use crate::host::install::Installation;
use crate::host::policy::{OnDenied, Policy, Sandbox};
use crate::protocol::{Permission, Permissions};
use crate::transport::{GrantedAccess, GrantedPath, SandboxRules, Tcp, canonicalize};

/// What a plugin is granted.
#[derive(Debug)]
pub(in crate::host) struct Grant {
    /// The policy with what is granted in place of what it allows.
    pub(in crate::host) policy: Policy,
    /// What is asked and allowed.
    pub(in crate::host) granted: Vec<Permission>,
    /// What is asked and not granted.
    pub(in crate::host) denied: Vec<Permission>,
    /// Why, for people: a line for each.
    pub(in crate::host) reasons: Vec<String>,
    pub(in crate::host) on_denied: OnDenied,
}

impl Grant {
    /// What this plugin is granted; `None` if its policy has no sandbox that grants by asking, or if another
    /// process starts the plugin. Does blocking I/O.
    pub(in crate::host) fn of(policy: &Policy, installation: &Installation) -> Option<Self> {
        let sandbox = policy.sandbox.as_ref().filter(|sandbox| sandbox.least_privilege)?;
        let command = installation.command()?;
        let home = policy.environment.get(OsStr::new("HOME")).map(PathBuf::from);
        let folders = Folders { plugin: command.folder, home };
        let mut grant = Self {
            policy: Policy { sandbox: Some(withholding(sandbox)), ..policy.clone() },
            granted: Vec::new(),
            denied: Vec::new(),
            reasons: Vec::new(),
            on_denied: sandbox.on_denied,
        };
        let asked = installation.pconf.permissions();
        grant.grant_files(asked, &sandbox.rules, &folders);
        grant.grant_sockets(asked, &sandbox.rules);
        grant.grant_memory(asked.memory);
        let services = installation.pconf.needs().iter().chain(installation.pconf.wants());
        grant.granted.extend(services.map(|service| Permission::Service(service.name.clone())));
        Some(grant)
    }

    fn grant_files(&mut self, asked: &Permissions, allowed: &SandboxRules, folders: &Folders) {
        let real = |paths: &[PathBuf]| -> Vec<PathBuf> {
            paths.iter().filter_map(|path| canonicalize(path).ok()).collect()
        };
        let writable = real(&allowed.write);
        let readable: Vec<_> = real(&allowed.read).into_iter().chain(writable.clone()).collect();
        for path in &asked.read {
            self.grant_file(path, GrantedAccess::Read, &readable, folders);
        }
        for path in &asked.write {
            self.grant_file(path, GrantedAccess::Write, &writable, folders);
        }
    }

    fn grant_file(
        &mut self,
        asked: &str,
        access: GrantedAccess,
        allowed: &[PathBuf],
        folders: &Folders,
    ) {
        let permission = |path: &Path| match access {
            GrantedAccess::Read => Permission::Read(path.into()),
            GrantedAccess::Write => Permission::Write(path.into()),
        };
        let path = folders.absolute(asked);
        let real = match path.as_deref().map(canonicalize) {
            Some(Ok(real)) => real,
            Some(Err(error)) => {
                let path = path.unwrap_or_default();
                return self.deny(permission(&path), &because(&error));
            }
            None => {
                let text = "the plugin's environment has no HOME that is an absolute path";
                return self.deny(permission(Path::new(asked)), text);
            }
        };
        let granted = |path: PathBuf| GrantedPath { path, access };
        if SandboxRules::always_allows(&real, access) {
            self.granted.push(permission(&real));
        } else if allowed.iter().any(|allowed| real.starts_with(allowed)) {
            self.granted.push(permission(&real));
            self.rules().granted.push(granted(real));
        } else {
            self.deny(permission(&real), "the policy's sandbox does not name it");
            // Of a folder, what is beneath it and allowed.
            for part in allowed.iter().filter(|allowed| allowed.starts_with(&real)) {
                self.granted.push(permission(part));
                self.rules().granted.push(granted(part.clone()));
            }
        }
    }

    fn grant_sockets(&mut self, asked: &Permissions, allowed: &SandboxRules) {
        const UNNAMED: &str = "the policy's sandbox does not name it";
        for port in &asked.connect {
            let is_allowed = match &allowed.tcp {
                Tcp::Any => true,
                Tcp::Ports(ports) => ports.contains(port),
            };
            match (is_allowed, &mut self.rules().tcp) {
                (true, Tcp::Ports(ports)) => {
                    ports.push(*port);
                    self.granted.push(Permission::Connect(*port));
                }
                _ => self.deny(Permission::Connect(*port), UNNAMED),
            }
        }
        let others = [
            (asked.udp, allowed.udp, Permission::Udp),
            (asked.unix_sockets, allowed.unix_sockets, Permission::UnixSockets),
        ];
        for (_, is_allowed, permission) in others.into_iter().filter(|(is_asked, ..)| *is_asked) {
            if !is_allowed {
                self.deny(permission, UNNAMED);
                continue;
            }
            let rules = self.rules();
            rules.udp |= permission == Permission::Udp;
            rules.unix_sockets |= permission == Permission::UnixSockets;
            self.granted.push(permission);
        }
    }

    /// The smaller of what is asked and what the policy allows. It is a limit of the control group, if the policy
    /// has one: no other limit is one of memory.
    fn grant_memory(&mut self, asked: Option<u64>) {
        let Some(asked) = asked else { return };
        let group = self.policy.cgroup.as_ref().and_then(|group| group.limits.memory);
        let most = group.into_iter().chain(self.policy.resources.address_space).min();
        let granted = most.map_or(asked, |most| most.min(asked));
        if granted < asked {
            let reason = format!("the policy allows {granted} bytes");
            self.deny(Permission::Memory(asked), &reason);
        }
        self.granted.push(Permission::Memory(granted));
        if let Some(group) = &mut self.policy.cgroup {
            group.limits.memory = Some(granted);
        }
    }

    fn rules(&mut self) -> &mut SandboxRules {
        &mut self.policy.sandbox.get_or_insert_default().rules
    }

    fn deny(&mut self, permission: Permission, reason: &str) {
        self.reasons.push(format!("to {permission}: {reason}"));
        self.denied.push(permission);
    }
}

/// The sandbox without what it allows, but for interpreters: a program needs them to run at all.
fn withholding(sandbox: &Sandbox) -> Sandbox {
    Sandbox { rules: SandboxRules::default(), ..sandbox.clone() }
}

/// Where a plugin's paths begin.
struct Folders {
    plugin: PathBuf,
    home: Option<PathBuf>,
}

impl Folders {
    /// The absolute path of an asked one; `None` if there is no home folder.
    fn absolute(&self, asked: &str) -> Option<PathBuf> {
        let Some(rest) = asked.strip_prefix("~/") else { return Some(self.plugin.join(asked)) };
        let home = self.home.as_ref().filter(|home| home.is_absolute())?;
        Some(home.join(rest.trim_start_matches('/')))
    }
}

fn because(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => {
            "there is no such file, and only what exists can be granted".into()
        }
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::policy::{Cgroup, Resources};

    /// What is granted of this memory, and the limit that the control group then has.
    fn memory(asked: u64, policy: Policy) -> (Vec<Permission>, Vec<Permission>, Option<u64>) {
        let mut grant = Grant {
            policy,
            granted: Vec::new(),
            denied: Vec::new(),
            reasons: Vec::new(),
            on_denied: OnDenied::Refuse,
        };
        grant.grant_memory(Some(asked));
        let limit = grant.policy.cgroup.and_then(|group| group.limits.memory);
        (grant.granted, grant.denied, limit)
    }

    #[test]
    fn a_control_group_has_the_smaller_memory_of_what_is_asked_and_allowed() {
        let with = |group: Option<Cgroup>, space: Option<u64>| {
            let resources = Resources::new();
            let resources = match space {
                Some(bytes) => resources.address_space(bytes),
                None => resources,
            };
            Policy { cgroup: group, resources, ..Policy::default() }
        };
        let group = |bytes| Some(Cgroup::new().memory_max(bytes));
        let (one, two, three) = (1 << 20, 2 << 20, 3 << 20);
        use Permission::Memory;
        let granted = |bytes| vec![Memory(bytes)];
        for (policy, denied, bytes, limit) in [
            (with(group(three), None), vec![], two, Some(two)),
            (with(Some(Cgroup::new()), None), vec![], two, Some(two)),
            (with(group(one), None), granted(two), one, Some(one)),
            (with(group(three), Some(one)), granted(two), one, Some(one)),
            (with(None, Some(one)), granted(two), one, None),
            (with(None, None), vec![], two, None),
        ] {
            assert_eq!(memory(two, policy), (granted(bytes), denied, limit));
        }
    }
}
