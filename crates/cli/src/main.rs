use clap::Parser;
use replay::cli::Cli;
use replay::report::Streams;
use std::io::ErrorKind;
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Cli::parse();
    anstream::ColorChoice::from(cli.color).write_global();
    match replay::run(&cli, Streams::of_process()) {
        Ok(outcome) => outcome.into(),
        Err(error) => {
            // Whoever closed the pipe (`| head`) has read enough.
            let is_closed = |cause: &std::io::Error| cause.kind() == ErrorKind::BrokenPipe;
            if !error.downcast_ref().is_some_and(is_closed) {
                anstream::eprintln!("replay: {error:#}");
            }
            ExitCode::from(2)
        }
    }
}
