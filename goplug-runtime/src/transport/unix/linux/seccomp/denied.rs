//! The system calls that a sandbox refuses.
//!
//! The file system and TCP are Landlock's. Here is what it does not scope: other processes by their ids,
//! sockets by their families, and what reaches the kernel itself. A refused call fails with an error that it
//! can have anywhere, so that programs go on.

use libc::{EPERM, c_long};

use super::program::{Answer, If, Rule};
use crate::transport::{SandboxRules, Tcp};

/// Calls that act on other processes or look into them.
const OTHER_PROCESSES: &[c_long] = &[
    libc::SYS_kcmp,
    libc::SYS_perf_event_open,
    libc::SYS_pidfd_getfd,
    libc::SYS_process_madvise,
    libc::SYS_process_mrelease,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_ptrace,
];

/// Calls of which the first argument is a process, the own one if it is 0. The kernel takes the id of a
/// thread too, so that not even the own one can be told from the host's.
const PROCESS_FIRST: &[c_long] = &[
    libc::SYS_get_robust_list,
    libc::SYS_migrate_pages,
    libc::SYS_move_pages,
    libc::SYS_prlimit64,
    libc::SYS_sched_setaffinity,
    libc::SYS_sched_setattr,
    libc::SYS_sched_setparam,
    libc::SYS_sched_setscheduler,
];

/// Mounts and roots. A process with privileges, or in a namespace of users, has these calls.
const FILE_SYSTEMS: &[c_long] = &[
    libc::SYS_chroot,
    libc::SYS_fanotify_init,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fsopen,
    libc::SYS_fspick,
    libc::SYS_mount,
    libc::SYS_mount_setattr,
    libc::SYS_move_mount,
    libc::SYS_open_by_handle_at,
    libc::SYS_open_tree,
    SYS_OPEN_TREE_ATTR,
    libc::SYS_pivot_root,
    libc::SYS_quotactl,
    libc::SYS_quotactl_fd,
    libc::SYS_setns,
    libc::SYS_swapoff,
    libc::SYS_swapon,
    libc::SYS_umount2,
];

/// The kernel itself, its clock and its keys.
const KERNEL: &[c_long] = &[
    libc::SYS_acct,
    libc::SYS_add_key,
    libc::SYS_adjtimex,
    libc::SYS_bpf,
    libc::SYS_clock_adjtime,
    libc::SYS_clock_settime,
    libc::SYS_delete_module,
    libc::SYS_finit_module,
    libc::SYS_init_module,
    SYS_KEXEC_FILE_LOAD,
    libc::SYS_kexec_load,
    libc::SYS_keyctl,
    libc::SYS_reboot,
    libc::SYS_request_key,
    libc::SYS_setdomainname,
    libc::SYS_sethostname,
    libc::SYS_settimeofday,
    libc::SYS_syslog,
    libc::SYS_userfaultfd,
    libc::SYS_vhangup,
];

/// `kexec_file_load`, which not every C library names.
#[cfg(target_arch = "x86_64")]
const SYS_KEXEC_FILE_LOAD: c_long = 320;
#[cfg(target_arch = "aarch64")]
const SYS_KEXEC_FILE_LOAD: c_long = 294;

/// Access to devices without a file.
#[cfg(target_arch = "x86_64")]
const MACHINE: &[c_long] = &[libc::SYS_ioperm, libc::SYS_iopl];
#[cfg(target_arch = "aarch64")]
const MACHINE: &[c_long] = &[];

/// Calls that programs do without where the kernel does not know them. What is done by way of `io_uring` passes
/// no filter. `clone3` has its flags in memory, which a filter cannot see; C libraries then use `clone`.
const UNKNOWN: &[c_long] = &[
    libc::SYS_clone3,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_io_uring_setup,
];

/// `open_tree_attr`, of Linux 6.15.
const SYS_OPEN_TREE_ATTR: c_long = 467;

/// The last call that this list was made for: `file_setattr`, of Linux 6.17.
pub(super) const LAST: u32 = 469;

/// The flags of `clone` and `unshare` that make a namespace.
const NAMESPACES: u32 = (libc::CLONE_NEWCGROUP
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWNET
    | libc::CLONE_NEWNS
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWUSER
    | libc::CLONE_NEWUTS)
    .cast_unsigned();

/// The same for time, which `clone` does not have.
const NEW_TIME: u32 = 0x80;

/// A personality that makes readable memory executable.
const READ_IMPLIES_EXEC: u32 = 0x0040_0000;

/// What `personality` is called with to ask for the present one.
const ASK: u32 = u32::MAX;

/// A flag of `sendto` that connects.
const MSG_FASTOPEN: u32 = 0x2000_0000;

/// The part of a socket's type that is no flag.
const TYPE: u32 = 0xf;

/// The rules for a process with these rights.
pub(super) fn rules(rights: &SandboxRules) -> Vec<Rule> {
    let refused = [OTHER_PROCESSES, FILE_SYSTEMS, KERNEL, MACHINE].concat();
    let refused = refused.into_iter().map(|call| Rule::always(call, Answer::Error(EPERM)));
    let unknown = UNKNOWN.iter().map(|call| Rule::always(*call, Answer::Error(libc::ENOSYS)));
    let foreign = PROCESS_FIRST.iter().map(|call| Rule::refused_if(*call, &[If::IsNot(0, 0)]));
    let mut rules: Vec<_> = refused.chain(unknown).chain(foreign).collect();
    rules.extend(by_arguments());
    rules.extend([libc::SYS_socket, libc::SYS_socketpair].map(|call| sockets(call, rights)));
    if !may_connect(rights) {
        rules.push(Rule::always(libc::SYS_connect, Answer::Error(EPERM)));
    }
    if rights.may_make_tcp_sockets() && rights.tcp != Tcp::Any {
        let calls = [(libc::SYS_sendto, 3), (libc::SYS_sendmsg, 2), (libc::SYS_sendmmsg, 3)];
        let connects = |(call, flags)| Rule::refused_if(call, &[If::Has(flags, MSG_FASTOPEN)]);
        rules.extend(calls.map(connects));
    }
    rules
}

/// The rules for a process of which the host is told the calls that name files or sockets, these among them.
pub(super) fn told(rights: &SandboxRules, told: &[c_long]) -> Vec<Rule> {
    let mut rights = rights.clone();
    if rights.tcp == Tcp::default() {
        // Its sockets are made, so that the host is told whereto they connect. There is no port 0.
        rights.tcp = Tcp::Ports(vec![0]);
    }
    let mut rules = rules(&rights);
    rules.retain(|rule| !told.contains(&c_long::from(rule.call)));
    let makes_sockets = |rule: &&mut Rule| {
        [libc::SYS_socket, libc::SYS_socketpair].contains(&c_long::from(rule.call))
    };
    for Rule { cases, otherwise, .. } in rules.iter_mut().filter(makes_sockets) {
        let answers = cases.iter_mut().map(|(_, answer)| answer).chain([otherwise]);
        answers.filter(|answer| **answer != Answer::Allow).for_each(|it| *it = Answer::Notify);
    }
    rules.extend(told.iter().map(|call| Rule::always(*call, Answer::Notify)));
    rules
}

/// Calls of which some uses are refused.
fn by_arguments() -> Vec<Rule> {
    let priority = |call, own| {
        let refuse = |condition| (vec![condition], Answer::Error(EPERM));
        // Another process, and every process of a group or a user.
        Rule::cases(call, vec![refuse(If::IsNot(0, own)), refuse(If::IsNot(1, 0))], Answer::Allow)
    };
    let any_of = |call, index, values: &[u32]| {
        let refuse = |value: &u32| (vec![If::Is(index, *value)], Answer::Error(EPERM));
        Rule::cases(call, values.iter().map(refuse).collect(), Answer::Allow)
    };
    let control = [libc::PR_SET_PDEATHSIG, libc::PR_SCHED_CORE].map(i32::cast_unsigned);
    // A child of the host's, which the host would have to reap.
    let sibling = libc::CLONE_PARENT.cast_unsigned();
    vec![
        priority(libc::SYS_setpriority, PRIO_PROCESS),
        priority(libc::SYS_ioprio_set, IOPRIO_WHO_PROCESS),
        // A group of its own is allowed, and another's is not.
        Rule::refused_if(libc::SYS_setpgid, &[If::IsNot(1, 0), If::DiffersFrom(1, 0)]),
        Rule::refused_if(libc::SYS_clone, &[If::Has(0, NAMESPACES | sibling)]),
        Rule::refused_if(libc::SYS_unshare, &[If::Has(0, NAMESPACES | NEW_TIME)]),
        Rule::refused_if(
            libc::SYS_personality,
            &[If::IsNot(0, ASK), If::Has(0, READ_IMPLIES_EXEC)],
        ),
        any_of(libc::SYS_prctl, 0, &control),
        // Input that a terminal then takes for its user's.
        any_of(libc::SYS_ioctl, 1, &[libc::TIOCSTI as u32, libc::TIOCLINUX as u32]),
    ]
}

/// The first arguments of the calls about priorities that mean a single process.
const PRIO_PROCESS: u32 = 0;
const IOPRIO_WHO_PROCESS: u32 = 1;

/// Whether the process has somewhere to connect to. The filter does not see whereto: the address is in memory.
fn may_connect(rights: &SandboxRules) -> bool {
    let is_named = rights.udp || !rights.address_families.is_empty();
    rights.unix_sockets || rights.tcp != Tcp::default() || is_named
}

/// Sockets: those of Unix, and what the rights name.
fn sockets(call: c_long, rights: &SandboxRules) -> Rule {
    let number = |value: i32| value.cast_unsigned();
    let internet = [libc::AF_INET, libc::AF_INET6].map(number);
    let unix = If::Is(0, number(libc::AF_UNIX));
    let mut cases = Vec::new();
    if call == libc::SYS_socket && !rights.unix_sockets {
        // They send to sockets of others without a connection. Raw ones are the same.
        let datagrams = [libc::SOCK_DGRAM, libc::SOCK_RAW];
        let datagrams = datagrams.map(|kind| vec![unix, If::BitsAre(1, TYPE, number(kind))]);
        cases.extend(datagrams.map(|conditions| (conditions, Answer::Error(EPERM))));
    }
    cases.push((vec![unix], Answer::Allow));
    let named = rights.address_families.iter().map(|family| If::Is(0, number(*family)));
    cases.extend(named.map(|family| (vec![family], Answer::Allow)));
    let tcp = (rights.tcp != Tcp::default()).then_some((libc::SOCK_STREAM, libc::IPPROTO_TCP));
    let udp = rights.udp.then_some((libc::SOCK_DGRAM, libc::IPPROTO_UDP));
    for (kind, protocol) in [tcp, udp].into_iter().flatten() {
        for family in internet {
            for protocol in [0, number(protocol)] {
                let kind = If::BitsAre(1, TYPE, number(kind));
                cases.push((vec![If::Is(0, family), kind, If::Is(2, protocol)], Answer::Allow));
            }
        }
    }
    if tcp.or(udp).is_some() {
        // The family is there, so programs expect another error.
        let protocol = Answer::Error(libc::EPROTONOSUPPORT);
        cases.extend(internet.map(|family| (vec![If::Is(0, family)], protocol)));
    }
    Rule::cases(call, cases, Answer::Error(libc::EAFNOSUPPORT))
}
