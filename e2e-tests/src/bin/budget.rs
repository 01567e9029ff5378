//! `budget`: says what grew since `budget.snap`; `budget --write`: accepts it.
use std::fs;
use std::process::ExitCode;

use e2e_tests::budget::Budget;

fn main() -> anyhow::Result<ExitCode> {
    let now = Budget::measure()?;
    if std::env::args().any(|argument| argument == "--write") {
        fs::write(Budget::path(), now.to_string())?;
        println!("{} written", Budget::path().display());
        return Ok(ExitCode::SUCCESS);
    }
    let objections = Budget::parse(&fs::read_to_string(Budget::path())?)?.objections(&now);
    for objection in &objections {
        println!("{objection}");
    }
    Ok(if objections.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
