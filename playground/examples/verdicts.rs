//! The answers of the core, built for this machine, to every fixture: the page's tests compare them with those of
//! the module for browsers.

use admission::fixture;
use entra_auth_policy::{Host, evaluate};
use serde_json::{Value, json};
use std::error::Error;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../test_data");
    let mut verdicts = Vec::new();
    for fixture in fixture::all(&root)? {
        let host = Host { today: &fixture::today, cluster: &fixture.cluster };
        let response = evaluate(&fixture.payload(), &host).response.to_json();
        verdicts.push(json!({
            "path": fixture.path.strip_prefix(&root)?.to_string_lossy(),
            "request": fixture.request,
            "response": String::from_utf8(response)?,
        }));
    }
    println!("{:#}", json!({"now": fixture::today().unix_seconds(), "verdicts": Value::Array(verdicts)}));
    Ok(())
}
