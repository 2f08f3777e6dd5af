//! The binary: arguments in, exit code out.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(secure_lint::cli::main(std::env::args_os().collect()))
}
