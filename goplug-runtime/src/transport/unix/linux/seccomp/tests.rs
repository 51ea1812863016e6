//! What filters answer, by an interpreter of the few instructions that they are made of. The tests
//! with real processes are `e2e`'s `confinement`.

use libc::{AF_INET, AF_INET6, AF_NETLINK, AF_PACKET, AF_UNIX, AF_VSOCK, c_long};
use libc::{SOCK_DGRAM, SOCK_RAW, SOCK_STREAM};

use super::program::{Answer, program};
use super::*;
use crate::transport::Tcp;

const EPERM: Answer = Answer::Error(libc::EPERM);
const ENOSYS: Answer = Answer::Error(libc::ENOSYS);

/// What the filter for these rules answers to a call.
fn answer(rules: &SandboxRules, call: c_long, arguments: &[u64]) -> Answer {
    let program = program(ARCHITECTURE, denied::LAST, denied::rules(rules));
    run(&program, ARCHITECTURE, u32::try_from(call).unwrap(), arguments)
}

/// Runs a program as the kernel does.
fn run(program: &[sock_filter], architecture: u32, call: u32, arguments: &[u64]) -> Answer {
    let mut data = [0_u8; size_of::<libc::seccomp_data>()];
    data[..4].copy_from_slice(&call.to_ne_bytes());
    data[4..8].copy_from_slice(&architecture.to_ne_bytes());
    for (place, argument) in data[16..].chunks_exact_mut(8).zip(arguments) {
        place.copy_from_slice(&argument.to_ne_bytes());
    }
    let (mut at, mut accumulator, mut index) = (0, 0_u32, 0_u32);
    loop {
        let sock_filter { code, jt, jf, k } = program[at];
        let branch = |holds| usize::from(if holds { jt } else { jf });
        at += 1;
        match u32::from(code) {
            0x20 => {
                let word = &data[k as usize..][..4];
                accumulator = u32::from_ne_bytes(word.try_into().unwrap());
            }
            0x05 => at += k as usize,
            0x15 => at += branch(accumulator == k),
            0x1d => at += branch(accumulator == index),
            0x25 => at += branch(accumulator > k),
            0x35 => at += branch(accumulator >= k),
            0x45 => at += branch(accumulator & k != 0),
            0x54 => accumulator &= k,
            0x07 => index = accumulator,
            0x06 if k == libc::SECCOMP_RET_ALLOW => return Answer::Allow,
            0x06 => return Answer::Error((k & libc::SECCOMP_RET_DATA).cast_signed()),
            other => panic!("instruction {other:#x}"),
        }
    }
}

#[test]
fn every_call_is_answered_by_its_own_rule_and_others_are_allowed() {
    let rules = denied::rules(&SandboxRules::default());
    let program = program(ARCHITECTURE, denied::LAST, rules.clone());
    for call in 0..=denied::LAST {
        let of_call: Vec<_> = rules.iter().filter(|rule| rule.call == call).collect();
        let expected = match of_call[..] {
            [] => Answer::Allow,
            [rule] if rule.cases.is_empty() => rule.otherwise,
            // With other arguments it is answered otherwise, which has tests of its own.
            [_] => continue,
            _ => panic!("{call} has {} rules", of_call.len()),
        };
        assert_eq!(run(&program, ARCHITECTURE, call, &[]), expected, "call {call}");
    }
}

#[test]
fn calls_of_another_architecture_and_those_to_come_are_unknown() {
    let program = program(ARCHITECTURE, denied::LAST, denied::rules(&SandboxRules::default()));
    let getpid = u32::try_from(libc::SYS_getpid).unwrap();
    assert_eq!(run(&program, ARCHITECTURE, getpid, &[]), Answer::Allow);
    assert_eq!(run(&program, 0x4000_0003, getpid, &[]), ENOSYS, "of i386");
    assert_eq!(run(&program, ARCHITECTURE, getpid | 0x4000_0000, &[]), ENOSYS, "of x32");
    for call in [denied::LAST + 1, 1000, u32::MAX] {
        assert_eq!(run(&program, ARCHITECTURE, call, &[]), ENOSYS, "{call}");
    }
}

#[test]
fn a_filter_fits_into_what_the_kernel_takes() {
    let most = SandboxRules {
        tcp: Tcp::Ports(vec![1]),
        udp: true,
        address_families: (1..46).collect(),
        ..SandboxRules::default()
    };
    let length = program(ARCHITECTURE, denied::LAST, denied::rules(&most)).len();
    assert!(length < 4096, "{length}");
}

/// The families, types and protocols of sockets that a test tries.
const SOCKETS: [(i32, i32, i32); 12] = [
    (AF_UNIX, SOCK_STREAM | libc::SOCK_CLOEXEC, 0),
    (AF_INET, SOCK_STREAM | libc::SOCK_NONBLOCK, 0),
    (AF_INET6, SOCK_STREAM, libc::IPPROTO_TCP),
    (AF_INET, SOCK_DGRAM | libc::SOCK_CLOEXEC, 0),
    (AF_INET6, SOCK_DGRAM, libc::IPPROTO_UDP),
    (AF_INET, SOCK_STREAM, libc::IPPROTO_MPTCP),
    (AF_INET, SOCK_STREAM, libc::IPPROTO_SCTP),
    (AF_INET, SOCK_DGRAM, libc::IPPROTO_ICMP),
    (AF_INET, SOCK_RAW, libc::IPPROTO_TCP),
    (AF_NETLINK, SOCK_RAW, 0),
    (AF_PACKET, SOCK_RAW, 0),
    (AF_VSOCK, SOCK_STREAM, 0),
];

/// Which of [`SOCKETS`] these rules allow.
fn allowed(rules: &SandboxRules) -> Vec<usize> {
    let is_allowed = |(family, kind, protocol): (i32, i32, i32)| {
        let arguments = [family, kind, protocol].map(|number| u64::from(number.cast_unsigned()));
        let answers =
            [libc::SYS_socket, libc::SYS_socketpair].map(|call| answer(rules, call, &arguments));
        assert_eq!(answers[0], answers[1]);
        answers[0] == Answer::Allow
    };
    (0..SOCKETS.len()).filter(|index| is_allowed(SOCKETS[*index])).collect()
}

#[test]
fn only_sockets_of_unix_and_those_that_the_rules_name_are_allowed() {
    let none = SandboxRules::default();
    assert_eq!(allowed(&none), [0]);
    for tcp in [Tcp::Any, Tcp::Ports(vec![80])] {
        assert_eq!(allowed(&SandboxRules { tcp, ..none.clone() }), [0, 1, 2]);
    }
    assert_eq!(allowed(&SandboxRules { udp: true, ..none.clone() }), [0, 3, 4]);
    let families = |address_families| SandboxRules { address_families, ..none.clone() };
    assert_eq!(allowed(&families(vec![AF_NETLINK, AF_VSOCK])), [0, 9, 11]);
    assert_eq!(allowed(&families(vec![AF_INET])), [0, 1, 3, 5, 6, 7, 8]);
}

#[test]
fn a_unix_socket_of_another_process_is_reached_only_if_the_rules_name_something_to_connect_to() {
    let none = SandboxRules::default();
    let named = SandboxRules { unix_sockets: true, ..none.clone() };
    let udp = SandboxRules { udp: true, ..none.clone() };
    let unix = AF_UNIX.cast_unsigned().into();
    let datagrams = [SOCK_DGRAM | libc::SOCK_CLOEXEC, SOCK_RAW].map(|kind| kind.cast_unsigned());
    for (rules, connects, sends) in [(&none, EPERM, EPERM), (&udp, Answer::Allow, EPERM)] {
        assert_eq!(answer(rules, libc::SYS_connect, &[4]), connects);
        for kind in datagrams {
            assert_eq!(answer(rules, libc::SYS_socket, &[unix, kind.into()]), sends);
            assert_eq!(answer(rules, libc::SYS_socketpair, &[unix, kind.into()]), Answer::Allow);
        }
        let packets = libc::SOCK_SEQPACKET.cast_unsigned().into();
        assert_eq!(answer(rules, libc::SYS_socket, &[unix, packets]), Answer::Allow);
    }
    assert_eq!(answer(&named, libc::SYS_connect, &[4]), Answer::Allow);
    assert_eq!(answer(&named, libc::SYS_socket, &[unix, datagrams[0].into()]), Answer::Allow);
}

#[test]
fn the_error_of_a_socket_says_what_is_missing() {
    let error = |rules: &SandboxRules, (family, kind, protocol): (i32, i32, i32)| {
        let arguments = [family, kind, protocol].map(|number| u64::from(number.cast_unsigned()));
        answer(rules, libc::SYS_socket, &arguments)
    };
    let tcp = SandboxRules { tcp: Tcp::Any, ..SandboxRules::default() };
    assert_eq!(error(&SandboxRules::default(), SOCKETS[1]), Answer::Error(libc::EAFNOSUPPORT));
    assert_eq!(error(&tcp, SOCKETS[5]), Answer::Error(libc::EPROTONOSUPPORT));
    assert_eq!(error(&tcp, SOCKETS[9]), Answer::Error(libc::EAFNOSUPPORT));
}

#[test]
fn arguments_decide_about_calls_that_are_refused_in_some_uses() {
    let minus_one = u64::from(u32::MAX);
    let (process, group, user) = (0, 1, 2);
    let refused: &[(c_long, &[u64])] = &[
        (libc::SYS_prlimit64, &[1]),
        (libc::SYS_prlimit64, &[minus_one]),
        (libc::SYS_sched_setaffinity, &[7]),
        (libc::SYS_setpriority, &[process, 7]),
        (libc::SYS_setpriority, &[group, 0]),
        (libc::SYS_setpriority, &[user, 0]),
        (libc::SYS_ioprio_set, &[2, 0]),
        (libc::SYS_ioprio_set, &[1, 7]),
        (libc::SYS_setpgid, &[0, 7]),
        (libc::SYS_setpgid, &[7, 8]),
        (libc::SYS_clone, &[0x1000_0011]),
        (libc::SYS_clone, &[0x8011]),
        (libc::SYS_unshare, &[0x80]),
        (libc::SYS_unshare, &[0x4000_0400]),
        (libc::SYS_prctl, &[1, 0]),
        (libc::SYS_personality, &[0x0040_0000]),
        (libc::SYS_ioctl, &[0, 0x5412]),
    ];
    let allowed: &[(c_long, &[u64])] = &[
        (libc::SYS_prlimit64, &[0]),
        // The kernel takes the lower half for the process.
        (libc::SYS_prlimit64, &[1 << 32]),
        (libc::SYS_sched_setaffinity, &[0]),
        (libc::SYS_setpriority, &[process, 0]),
        (libc::SYS_ioprio_set, &[1, 0]),
        (libc::SYS_setpgid, &[0, 0]),
        (libc::SYS_setpgid, &[7, 0]),
        (libc::SYS_setpgid, &[7, 7]),
        (libc::SYS_clone, &[0x0120_0011]),
        (libc::SYS_clone, &[0x003d_0f00]),
        (libc::SYS_unshare, &[0x0400]),
        (libc::SYS_prctl, &[15, 0]),
        (libc::SYS_personality, &[minus_one]),
        (libc::SYS_personality, &[0x0004_0000]),
        (libc::SYS_ioctl, &[0, 0x5413]),
    ];
    let rules = SandboxRules::default();
    for (call, arguments) in refused {
        assert_eq!(answer(&rules, *call, arguments), EPERM, "{call} {arguments:x?}");
    }
    for (call, arguments) in allowed {
        assert_eq!(answer(&rules, *call, arguments), Answer::Allow, "{call} {arguments:x?}");
    }
}

#[test]
fn a_connection_by_sending_is_refused_if_ports_are_named() {
    let sends: [(c_long, &[u64]); 3] = [
        (libc::SYS_sendto, &[3, 0, 0, 0x2000_4000]),
        (libc::SYS_sendmsg, &[3, 0, 0x2000_0000]),
        (libc::SYS_sendmmsg, &[3, 0, 0, 0x2000_0000]),
    ];
    let none = SandboxRules::default();
    let port = SandboxRules { tcp: Tcp::Ports(vec![80]), ..none.clone() };
    let family = SandboxRules { address_families: vec![AF_INET6], ..none.clone() };
    let all = SandboxRules { tcp: Tcp::Any, ..none };
    for (call, arguments) in sends {
        assert_eq!(answer(&port, call, arguments), EPERM);
        assert_eq!(answer(&family, call, arguments), EPERM);
        assert_eq!(answer(&all, call, arguments), Answer::Allow);
        assert_eq!(answer(&port, call, &[3, 0, 0x4000, 0x4000]), Answer::Allow);
    }
}

#[test]
fn a_release_is_compared_by_its_first_two_numbers() {
    for release in ["5.9.0", "5.10.0-28-amd64\n", "6.1", "10.0"] {
        assert!(ends_waits(release), "{release}");
    }
    for release in ["5.8.18", "4.19.0", "5", "", "next"] {
        assert!(!ends_waits(release), "{release}");
    }
}
