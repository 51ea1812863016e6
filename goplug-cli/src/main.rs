//! The command `goplug`.

use std::process::ExitCode;

fn main() -> ExitCode {
    goplug_cli::main()
}
