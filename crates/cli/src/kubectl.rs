//! The same program, under the name by which kubectl finds it. Cargo wants one file for each binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    entra_auth::main()
}
