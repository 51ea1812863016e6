//! Hosts and plugins as real processes. `test_env` is what all tests share.
//!
//! The tests below the first list run on each system. Those of the second are about Unix alone, each for the
//! reason beside it.

mod activation_callbacks;
mod aliases;
mod always_ready;
mod ambiguous;
mod attached;
mod bad_files;
mod blocking;
mod broken_bytes;
mod budgets;
mod call_context;
mod callbacks;
mod calls;
mod configuration;
mod conformance;
mod contracts;
mod crash;
mod curl;
mod discovery;
mod embedded;
mod excess;
mod foreign;
mod host_death;
mod hostile_clients;
mod http;
mod in_flight;
mod in_process;
mod in_process_faults;
mod incoming;
mod incoming_ends;
mod incoming_http;
mod instances;
mod live_plugin;
mod locks;
mod logs;
mod misbehaving;
mod misfits;
mod needs;
mod nested_errors;
mod openapi;
mod optional;
mod panics;
mod parts;
mod pipelining;
mod process;
mod program;
mod progress;
mod reconfigure;
mod remote;
mod retries;
mod runtimes;
mod schemas;
mod served;
mod services;
mod signatures;
mod start;
mod statistics;
mod stopped_streams;
mod streams;
mod streams_cut_off;
mod supervision;
mod test_env;
mod test_log;
mod testing_hosts;
mod traced_callbacks;
mod upgrade;

#[cfg(unix)]
mod blame; // the blame for scripts whose interpreter, end of line or wrapper is wrong
#[cfg(unix)]
mod busy_polling; // a busy wait for a socket; no pipe is waited for in this way
#[cfg(target_os = "linux")]
mod cgroups; // control groups
#[cfg(target_os = "linux")]
mod confined_calls; // sandboxes by seccomp
#[cfg(target_os = "linux")]
mod confined_languages; // the same, for programs in Python, Node and of the shell
#[cfg(unix)]
mod confinement; // sandboxes and limits by Landlock and setrlimit
#[cfg(target_os = "linux")]
mod consents; // sandboxes by Landlock
#[cfg(unix)]
mod debugging; // gdb, and the signals of a terminal
#[cfg(unix)]
mod exec_files; // interpreters and scripts, which Unix runs by their first line
#[cfg(unix)]
mod foreign_text; // scripts that print to a terminal what would change it
#[cfg(target_os = "linux")]
mod hung_folder; // a file system in user space that does not answer
#[cfg(target_os = "linux")]
mod learning; // filters of system calls that tell
#[cfg(unix)]
mod legacy; // plugins of GoPlug 1, which has Unix sockets alone
#[cfg(unix)]
mod logs_python; // a Python that inherits a Unix socket
#[cfg(unix)]
mod looking; // links, and folders that are exchanged at once
#[cfg(unix)]
mod mended; // the modes of files
#[cfg(unix)]
mod misbehaving_processes; // SIGSTOP, and the limit of open files
#[cfg(unix)]
mod originals; // plugins of GoPlug 1, which has Unix sockets alone
#[cfg(unix)]
mod own_socket; // plugins in Python that bind a Unix socket of their own
#[cfg(target_os = "linux")]
mod permissions; // sandboxes by Landlock
#[cfg(unix)]
mod scale; // queues of Unix sockets that are full
#[cfg(unix)]
mod scripts; // Pythons that inherit a Unix socket by its number
#[cfg(unix)]
mod shortage; // the limit of the processes of a user
#[cfg(unix)]
mod signals; // signals, and the files of sockets
#[cfg(unix)]
mod socket_folders; // the folders of sockets, which no pipe needs
#[cfg(unix)]
mod special_files; // FIFOs, links and modes
#[cfg(unix)]
mod surroundings; // forks, and children whose status somebody else takes
#[cfg(unix)]
mod taken_over; // sockets that are moved by a rename
#[cfg(unix)]
mod tight; // namespaces, seccomp and small limits
#[cfg(unix)]
mod trust; // owners and modes of files
#[cfg(unix)]
mod undescribed; // plugins in Python that inherit a Unix socket
