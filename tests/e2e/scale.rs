//! Folders that hold many files: all are known at once, and none waits for another.

use std::os::unix::net::{UnixListener, UnixStream};

use goplug::Event;
use serde_json::json;

use crate::stage::{Kind, Stage, is, read_until, soon, stage};

/// Puts a lazy plugin into the folder that starts itself, and serves on this socket.
fn put_self_starting(stage: &Stage, name: &str, socket: &str) {
    let keys = json!({"Name": name, "Protocol": 2, "LazyLoad": true, "Sock": socket});
    stage.put_pconf(&format!("{name}.pconf"), &keys);
}

#[test]
fn of_a_thousand_files_each_is_discovered_or_rejected() {
    stage(async |stage| {
        for number in 0..1000 {
            let (file, name) = (format!("{number}.pconf"), format!("P{number}"));
            if number % 5 == 0 {
                stage.put(&file, "{ broken");
            } else {
                let keys = json!({"Name": name, "LazyLoad": true, "Exec": ["program"]});
                stage.put_pconf(&file, &keys);
            }
        }
        let registry = soon("the start", stage.watching()).await;
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
fn a_listener_that_reads_misses_none_of_many_files_that_come_at_once() {
    stage(async |stage| {
        let later = stage.path("later");
        std::fs::create_dir(&later).unwrap();
        for number in 0..3000 {
            let text = format!(r#"{{"Name":"P{number}","LazyLoad":true,"Exec":["program"]}}"#);
            std::fs::write(later.join(format!("{number}.pconf")), text).unwrap();
        }
        std::fs::remove_dir(stage.folder()).unwrap();
        let registry = stage.watching().await;
        let mut events = registry.events();
        std::fs::rename(later, stage.folder()).unwrap();
        for _ in 0..3000 {
            let event = soon("an event", events.next()).await.unwrap();
            assert!(matches!(event, Event::Discovered { .. }), "{event:?}");
        }
    });
}

#[test]
fn sockets_that_are_dead_or_stuck_are_not_waited_for_one_after_the_other() {
    stage(async |stage| {
        let mut stuck = Vec::new();
        for number in 0..200 {
            let path = stage.folder().join(format!("{number}.sock"));
            let listener = UnixListener::bind(&path).unwrap();
            if number % 2 == 0 {
                // Somebody who takes no connection, and a queue that is full.
                rustix::net::listen(&listener, 0).unwrap();
                stuck.push((UnixStream::connect(&path).unwrap(), listener));
            } else {
                // Closing it would not do: a process that is just starting may have it, too.
                rustix::net::shutdown(&listener, rustix::net::Shutdown::Both).unwrap();
            }
            put_self_starting(stage, &format!("A{number}"), &format!("{number}.sock"));
        }
        stage.install_calculator();
        let registry = stage.watching().await;
        let mut events = registry.events();
        let (mut dead, mut late, mut neighbour) = (0, 0, false);
        read_until(&mut events, "the rejections and the neighbour", |event| {
            neighbour |= is(Kind::Loaded, "math.Calculator")(event);
            if let Event::Rejected { reason, .. } = event {
                match reason.as_str() {
                    "nobody listens on the socket" => dead += 1,
                    "the socket took no connection within 2s" => late += 1,
                    other => panic!("{other}"),
                }
            }
            (dead, late, neighbour) == (100, 100, true)
        })
        .await;
    });
}
