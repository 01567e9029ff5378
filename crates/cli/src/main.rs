use std::process::ExitCode;

fn main() -> ExitCode {
    entra_auth::main()
}
