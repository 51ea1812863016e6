//! Folders with many files: all are discovered soon, and no file waits for another.

use std::os::unix::net::{UnixListener, UnixStream};

use goplug::Event;
use serde_json::json;

use crate::test_env::{Kind, TestEnv, is, read_until, run_test, soon};

/// Installs a lazy plugin without a program, which serves on this socket.
fn install_self_started(env: &TestEnv, name: &str, socket: &str) {
    let keys = json!({"Name": name, "Protocol": 2, "LazyLoad": true, "Sock": socket});
    env.put_pconf(&format!("{name}.pconf"), &keys);
}

#[test]
fn each_of_a_thousand_files_is_discovered_or_rejected() {
    run_test(async |env| {
        for number in 0..1000 {
            let (file, name) = (format!("{number}.pconf"), format!("P{number}"));
            if number % 5 == 0 {
                env.put(&file, "{ broken");
            } else {
                let keys = json!({"Name": name, "LazyLoad": true, "Exec": ["program"]});
                env.put_pconf(&file, &keys);
            }
        }
        let registry = soon("the start", env.watching()).await;
        assert_eq!(registry.discovered().len(), 800);
        let mut events = registry.events();
        let (mut discovered, mut rejected) = (0, 0);
        read_until(&mut events, "the last of the state", |event| {
            match event {
                Event::Discovered { .. } => discovered += 1,
                Event::Rejected { .. } => rejected += 1,
                other => panic!("{other:?}"),
            }
            discovered + rejected == 1000
        })
        .await;
        assert_eq!((discovered, rejected), (800, 200));
    });
}

#[test]
fn a_reader_of_events_misses_none_of_three_thousand_new_files() {
    run_test(async |env| {
        let later = env.path("later");
        std::fs::create_dir(&later).unwrap();
        for number in 0..3000 {
            let text = format!(r#"{{"Name":"P{number}","LazyLoad":true,"Exec":["program"]}}"#);
            std::fs::write(later.join(format!("{number}.pconf")), text).unwrap();
        }
        std::fs::remove_dir(env.folder()).unwrap();
        let registry = env.watching().await;
        let mut events = registry.events();
        std::fs::rename(later, env.folder()).unwrap();
        for _ in 0..3000 {
            let event = soon("an event", events.next()).await.unwrap();
            assert!(matches!(event, Event::Discovered { .. }), "{event:?}");
        }
    });
}

#[test]
fn dead_and_stuck_sockets_are_tried_at_the_same_time() {
    run_test(async |env| {
        let mut stuck = Vec::new();
        for number in 0..200 {
            let path = env.folder().join(format!("{number}.sock"));
            let listener = UnixListener::bind(&path).unwrap();
            if number % 2 == 0 {
                // A listener that accepts no connection, and whose queue is full.
                rustix::net::listen(&listener, 0).unwrap();
                stuck.push((UnixStream::connect(&path).unwrap(), listener));
            } else {
                // Closing it is not enough: a child that is just being forked may have it open.
                rustix::net::shutdown(&listener, rustix::net::Shutdown::Both).unwrap();
            }
            install_self_started(env, &format!("A{number}"), &format!("{number}.sock"));
        }
        env.install_calculator();
        let registry = env.watching().await;
        let mut events = registry.events();
        let (mut dead, mut late, mut neighbour) = (0, 0, false);
        read_until(&mut events, "the rejections and the neighbour", |event| {
            neighbour |= is(Kind::Loaded, "math.Calculator")(event);
            if let Event::Rejected { reason, .. } = event {
                if reason.contains(": nobody listens on the socket") {
                    dead += 1;
                } else if reason.ends_with(": the socket took no connection within 2s") {
                    late += 1;
                } else {
                    panic!("{reason}");
                }
            }
            (dead, late, neighbour) == (100, 100, true)
        })
        .await;
    });
}
