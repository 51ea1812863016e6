//! What cannot be started, and what is said of it.

use super::*;

#[tokio::test]
async fn what_is_no_program_is_named() {
    let stage = Stage::new();
    for (name, content, text) in [
        ("p.py", b"#!/usr/bin/env python3\n".as_slice(), "its interpreter in Exec"),
        ("p.exe", b"\x7fELF\x02\x01\x01\0", "it is a program for Linux or another Unix"),
        ("p.CMD", b"@echo off\n", "it is a batch file"),
    ] {
        let spawn = stage.spawn(&stage.file(name, content)).unwrap();
        let error = start_spawn(spawn).await.unwrap_err().to_string();
        assert!(error.contains(text), "{error}");
    }
}

#[tokio::test]
async fn another_architecture_is_named() {
    const S390X: [u8; 2] = [0x90, 0x33];
    let mut program = std::fs::read(std::env::current_exe().unwrap()).unwrap();
    let head = u32::from_le_bytes(*program[0x3c..].first_chunk().unwrap()) as usize;
    program[head + 4..head + 6].copy_from_slice(&S390X);
    let stage = Stage::new();
    let spawn = stage.spawn(&stage.file("p.exe", &program)).unwrap();
    let error = start_spawn(spawn).await.unwrap_err().to_string();
    let expected = "it is built for an unknown machine (number 0x3390), and this machine runs ";
    assert!(error.starts_with(expected), "{error}");
}

#[tokio::test]
async fn a_missing_folder_is_named() {
    let stage = Stage::new();
    let folder = stage.temp.path().join("none");
    let spawn = Spawn { folder: folder.clone(), ..stage.spawn(&shell()).unwrap() };
    let text = start_spawn(spawn).await.unwrap_err().to_string();
    assert!(
        text.starts_with(&format!("its folder {} cannot be entered: ", folder.display())),
        "{text}"
    );
}

#[tokio::test]
async fn impossible_arguments_variables_and_limits_are_reported() {
    let stage = Stage::new();
    let error = |spawn| async { start_spawn(spawn).await.unwrap_err().to_string() };
    let spawn = || stage.spawn(&shell()).unwrap();
    let text = error(Spawn { args: vec!["a\0b".into()], ..spawn() }).await;
    assert_eq!(text, "an argument holds a NUL byte: \"a\\0b\"");
    let text = error(Spawn { env: vec![("A=B".into(), "".into())], ..spawn() }).await;
    assert_eq!(text, "\"A=B\" cannot be the name of an environment variable");
    let text = error(Spawn { limits: vec![Rlimit::OpenFiles(9)], ..spawn() }).await;
    assert!(text.starts_with("its limits cannot be set: Windows has no limit"), "{text}");
}

#[test]
fn a_program_that_is_being_written_is_waited_for() {
    let stage = Stage::new();
    let path = stage.file("p.exe", b"");
    let writer = File::options().append(true).open(&path).unwrap();
    let error = OpenProgram::open(&path).unwrap_err().to_string();
    assert!(error.starts_with("another process has it open for writing"), "{error}");
    let opening = thread::spawn(move || OpenProgram::open(&path).map(drop));
    drop(writer);
    opening.join().unwrap().unwrap();
}

#[test]
fn an_open_program_can_be_read_and_not_changed() {
    let stage = Stage::new();
    let path = stage.file("p.exe", b"x");
    let program = OpenProgram::open(&path).unwrap();
    let mut content = String::new();
    File::open(&path).unwrap().read_to_string(&mut content).unwrap();
    assert_eq!(content, "x");
    assert!(File::options().write(true).open(&path).is_err());
    assert!(std::fs::rename(&path, stage.temp.path().join("other.exe")).is_err());
    drop(program);
    std::fs::rename(&path, stage.temp.path().join("other.exe")).unwrap();
}

#[test]
fn what_cannot_be_opened_is_reported() {
    let stage = Stage::new();
    let refusal = |path: &Path| {
        let error = OpenProgram::open(path).unwrap_err();
        (error.kind(), error.to_string())
    };
    let (kind, text) = refusal(&stage.temp.path().join("none.exe"));
    assert_eq!((kind, text.as_str()), (io::ErrorKind::NotFound, "there is no such file"));
    let (kind, text) = refusal(stage.temp.path());
    assert_eq!(kind, io::ErrorKind::IsADirectory);
    assert_eq!(text, "it is a directory; name the program within it");
    let (kind, text) = refusal(Path::new(r"\\.\pipe\none"));
    assert_eq!((kind, text.as_str()), (io::ErrorKind::InvalidInput, "it is not a regular file"));
}
