//! Which files a command runs besides its program.

use std::os::unix::fs::PermissionsExt;

use super::*;

fn put(path: &Path, content: &str, mode: u32) -> PathBuf {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    path.to_owned()
}

/// The files of a command whose working directory is this one and whose `PATH` is its `bin`.
fn files(folder: &Path, exec: &[&str]) -> Result<ExecFiles, String> {
    let program = folder.join(exec[0]);
    let command = Command {
        program: program.clone(),
        is_own: false,
        arguments: exec[1..].iter().map(OsString::from).collect(),
        environment: Vec::new(),
        folder: folder.into(),
        alias: None,
        digests: Vec::new(),
        is_signed: false,
    };
    let opened = OpenProgram::open(&program).unwrap();
    let files = ExecFiles::of(&command, &opened, Some(folder.join("bin").as_os_str()));
    files.map_err(|error| error.to_string())
}

#[test]
fn a_program_of_the_machine_has_no_interpreter_and_no_files() {
    let temp = tempfile::tempdir().unwrap();
    let found = files(temp.path(), &["/bin/true", "--quiet", "", "1=2", "/dev/null", "/"]);
    let found = found.unwrap();
    assert_eq!((found.interpreters, found.arguments), (Vec::new(), Vec::new()));
    // Without one, it is linked as a whole.
    assert!(found.loaders.iter().all(|loader| loader.exists()), "{:?}", found.loaders);
}

#[test]
fn files_that_arguments_name_are_found() {
    let temp = tempfile::tempdir().unwrap();
    let at = |name: &str| put(&temp.path().join(name), "", 0o644);
    let expected = ["x.py", "lib/y.py", "conf", "mod/a.py", "pack/__main__.py"].map(at);
    let absolute = expected[1].to_str().unwrap();
    let exec =
        ["/bin/true", "./x.py", absolute, "--from=conf", "-m", "mod.a", "-m", "pack", "none.py"];
    let found = files(temp.path(), &exec).unwrap().arguments;
    let real = |paths: &[PathBuf]| -> Vec<_> {
        paths.iter().map(|path| path.canonicalize().unwrap()).collect()
    };
    // `-m pack` names a folder twice: by the argument itself, and as a module.
    assert_eq!(real(&found)[..5], real(&expected));
}

#[test]
fn files_in_the_commands_of_a_shell_are_found() {
    let temp = tempfile::tempdir().unwrap();
    let script = put(&temp.path().join("lib/x.sh"), "", 0o755);
    let absolute = script.to_str().unwrap();
    for command in [
        format!("exec {absolute} --quiet"),
        format!("cd / && \"{absolute}\""),
        format!("A=$({absolute}); echo $A"),
        "exec ./lib/x.sh >/dev/null 2>&1".to_owned(),
        "exec sh lib/x.sh".to_owned(),
    ] {
        for option in ["-c", "-ec"] {
            let found = files(temp.path(), &["/bin/sh", option, &command]).unwrap().arguments;
            let found: Vec<_> = found.iter().map(|path| path.canonicalize().unwrap()).collect();
            assert_eq!(found, [script.canonicalize().unwrap()], "{command}");
        }
    }
}

#[test]
fn every_interpreter_of_a_script_is_found() {
    let temp = tempfile::tempdir().unwrap();
    let at = |name: &str, text: &str| put(&temp.path().join(name), text, 0o755);
    let shell = at("bin/shell", "#!/bin/sh -e\n");
    let shim = at("bin/python", "#!/usr/bin/env -S shell -u\n");
    at("x", "#!/usr/bin/env python\n");
    let env = PathBuf::from("/usr/bin/env");
    let expected = [env.clone(), shim.clone(), env, shell.clone(), "/bin/sh".into()];
    assert_eq!(files(temp.path(), &["x"]).unwrap().interpreters, expected);

    let exec = ["/usr/bin/env", "-v", "A=b", "-u", "C", "shell", "x"];
    let found = files(temp.path(), &exec).unwrap();
    assert_eq!(found.interpreters, [shell, "/bin/sh".into()]);
    assert_eq!(found.arguments, [temp.path().join("x")]);
}

#[test]
fn a_name_that_env_will_not_find_is_reported() {
    let temp = tempfile::tempdir().unwrap();
    put(&temp.path().join("x"), "#!/usr/bin/env python9\n", 0o755);
    let error = files(temp.path(), &["x"]).unwrap_err();
    assert!(error.starts_with("env looks for python9 in PATH"), "{error}");
    // Not executable, so `env` would not run it.
    put(&temp.path().join("bin/python9"), "", 0o644);
    assert!(files(temp.path(), &["x"]).is_err());
}

#[test]
fn what_env_finds_in_a_path_of_its_own_and_what_a_launcher_runs_is_found() {
    let temp = tempfile::tempdir().unwrap();
    let script = put(&temp.path().join("opt/python9"), "#!/bin/sh\n", 0o755);
    let own = format!("PATH={}/opt", temp.path().display());
    for exec in [
        &["/usr/bin/env", &own, "python9"][..],
        &["/usr/bin/env", "-C", "opt", "./python9"],
        &["/usr/bin/env", "-S", &own, "python9"],
        &["/usr/bin/nohup", "opt/python9"],
        &["/usr/bin/timeout", "5", "/usr/bin/nice", "opt/python9"],
    ] {
        let found = files(temp.path(), exec).unwrap().interpreters;
        let is_script =
            |path: &&PathBuf| path.canonicalize().unwrap() == script.canonicalize().unwrap();
        assert_eq!(found.iter().filter(is_script).count(), 1, "{exec:?}: {found:?}");
        assert_eq!(found.last().unwrap(), Path::new("/bin/sh"), "{exec:?}");
    }
    // Without a `PATH`, that of the C library is used.
    put(&temp.path().join("bin/sh"), "", 0o755);
    let found = files(temp.path(), &["/usr/bin/env", "-i", "sh"]).unwrap();
    assert_eq!(found.interpreters, [PathBuf::from("/bin/sh")]);

    let found = files(temp.path(), &["/usr/bin/nice", "--version"]).unwrap();
    assert!(found.interpreters.is_empty(), "{found:?}");
}

#[test]
fn interpreters_without_end_are_refused() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("x");
    put(&path, &format!("#!{}\n", path.display()), 0o755);
    let error = files(temp.path(), &["x"]).unwrap_err();
    assert!(error.contains("no end"), "{error}");
}

#[test]
fn only_code_belongs_to_what_a_process_runs() {
    let temp = tempfile::tempdir().unwrap();
    let at = |name: &str, mode| put(&temp.path().join(name), "", mode);
    let code = [at("x.py", 0o644), at("run", 0o755)];
    let arguments = [code.to_vec(), vec![at("own.log", 0o644), at("data", 0o600)]].concat();
    let program = || FileId::at(Path::new("/bin/true"));
    let identity = ExecFiles::identity(&arguments, program()).unwrap();
    assert_eq!(identity, program().unwrap().with(&code).unwrap());
}
