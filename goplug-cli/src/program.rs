//! A plugin's program, and its verb `install`.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Output as ProgramOutput, Stdio};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use tokio::time::timeout;
use tokio::try_join;

use crate::failure::{Failure, Outcome};
use crate::pconf::is_pconf;
use crate::system::Group;

/// How long a program may take to write its `.pconf`.
const INSTALL_TIMEOUT: Duration = Duration::from_secs(10);

/// How much a program may print on each of its outputs: it can print without end.
const MAX_PRINTED: u64 = 1024 * 1024;

/// Has a program write its `.pconf` into a folder. Arguments are those in front of the verb, as of an interpreter.
pub(crate) async fn run_install(
    program: &Path,
    arguments: &[String],
    folder: &Path,
) -> Outcome<ProgramOutput> {
    let mut command = Command::new(program);
    command.args(arguments).arg("install").arg(folder);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let failed = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound if program.is_file() => {
            no_plugin(program, "the interpreter that it needs does not exist")
        }
        _ => no_plugin(program, &error.to_string()),
    };
    // A script may have started others, which end with it.
    let (child, group) = Group::spawn(&mut command).map_err(failed)?;
    let output = match timeout(INSTALL_TIMEOUT, output_of(child)).await {
        Ok(output) => output.map_err(failed)?,
        Err(_) => return Err(no_plugin(program, "`install` takes longer than 10 s")),
    };
    group.release();
    match output.status.success() {
        true => Ok(output),
        false => Err(no_plugin(program, &last_words(&output))),
    }
}

/// Waits for the end of a process, and reads meanwhile what it prints.
///
/// # Errors
/// The system's error, or that it prints too much.
pub(crate) async fn output_of(mut child: Child) -> io::Result<ProgramOutput> {
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let (stdout, stderr, status) = try_join!(printed(stdout), printed(stderr), child.wait())?;
    Ok(ProgramOutput { status, stdout, stderr })
}

/// All that is printed, unless it is more than [`MAX_PRINTED`].
async fn printed(pipe: Option<impl AsyncRead + Unpin>) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    if let Some(pipe) = pipe {
        pipe.take(MAX_PRINTED + 1).read_to_end(&mut text).await?;
    }
    match text.len() as u64 > MAX_PRINTED {
        true => Err(io::Error::other("it prints more than 1 MiB")),
        false => Ok(text),
    }
}

/// Has a program write its `.pconf`, whose path it prints.
pub(crate) async fn written(program: &Path, folder: &Path) -> Outcome<PathBuf> {
    let output = run_install(program, &[], folder).await?;
    let printed = String::from_utf8_lossy(&output.stdout);
    // By its name alone: the path of the folder need not be UTF-8.
    let names = printed.lines().filter_map(|line| Path::new(line).file_name());
    let paths = names.map(|name| folder.join(name));
    paths.rev().find(|path| is_pconf(path) && path.is_file()).ok_or_else(|| {
        let program = program.display();
        Failure::unreachable(format!("{program} has not said which .pconf file it has written"))
    })
}

fn no_plugin(program: &Path, reason: &str) -> Failure {
    Failure::unreachable(format!("{} is no plugin's program: {reason}", program.display()))
}

/// What a program said last, with its exit status.
fn last_words(output: &ProgramOutput) -> String {
    let stderr = String::from_utf8_lossy(&output.stderr);
    let line = stderr.lines().rev().find(|line| !line.trim().is_empty());
    format!("`install` ended with {}: {}", output.status, line.unwrap_or("it said nothing"))
}
