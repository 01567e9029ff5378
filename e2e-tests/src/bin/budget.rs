//! `budget`: reports growth since `budget.snap`; `budget --write`: accepts it.
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
    let budget = Budget::parse(&fs::read_to_string(Budget::path())?)?;
    for name in budget.new_in(&now) {
        println!("{name} is new: `make budget` records its cost");
    }
    let objections = budget.objections(&now);
    for objection in &objections {
        println!("{objection}");
    }
    Ok(if objections.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
