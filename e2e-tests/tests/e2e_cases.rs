//! The cases of `e2e.bats`, run with the compiled policy in the host of this repository instead of kwctl.

use e2e_tests::cases::{CASES, Case, Verdict, WRONG_SETTINGS};
use e2e_tests::{Built, root};
use host::{HostCallbacks, Module};
use manifest::parse;
use serde_json::Value;
use std::collections::VecDeque;
use std::fs::read_to_string;
use std::sync::{Arc, Mutex};

fn policy() -> Module {
    Built::Policy.load().unwrap()
}

/// The answers of a recorded session, in their order. `lookups.rs` tests that the queries are
/// those recorded.
struct Session(Mutex<VecDeque<Value>>);

impl Session {
    fn of(case: &Case) -> Session {
        let recorded = case.session().map(|path| parse(&read_to_string(root().join(path)).unwrap()).unwrap());
        Session(Mutex::new(recorded.iter().flat_map(|list| list.as_array().unwrap()).cloned().collect()))
    }
}

impl HostCallbacks for Session {
    fn call(&self, _: &str, _: &str, operation: &str, _: &[u8]) -> Result<Vec<u8>, String> {
        let exchange = self.0.lock().unwrap().pop_front().ok_or_else(|| format!("{operation} is not recorded"))?;
        match &exchange["response"]["payload"] {
            Value::String(payload) => Ok(payload.as_bytes().to_vec()),
            _ => Err(exchange["response"]["message"].as_str().unwrap().to_owned()),
        }
    }
}

#[test]
fn cases_end_as_they_should() {
    let policy = policy();
    for case in CASES {
        let text = read_to_string(root().join(case.request_path())).unwrap();
        assert_eq!(text, case.request().unwrap(), "{}: run `make codegen`", case.says);
        let request: Value = serde_json::from_str(&text).unwrap();
        let settings: Value = serde_json::from_str(&case.settings().unwrap()).unwrap();
        let session = Arc::new(Session::of(case));
        let answer = policy.clone().with_host(session.clone()).validate(&request, &settings).unwrap();
        assert!(session.0.lock().unwrap().is_empty(), "{}: recorded look-ups were not made", case.says);
        let message = answer.message.as_deref().unwrap_or_default();
        let mut warnings = answer.warnings.iter().flatten();
        let good = match case.verdict {
            Verdict::Allowed => answer.accepted && warnings.next().is_none(),
            Verdict::Warned(rule) => answer.accepted && warnings.any(|warning| warning.contains(rule)),
            Verdict::Denied(rule) => !answer.accepted && message.contains(rule),
        };
        assert!(good, "{}: wants {:?}, got {answer:?}", case.says, case.verdict);
    }
}

#[test]
fn wrong_settings_are_refused_with_every_mistake() {
    let policy = policy();
    for name in WRONG_SETTINGS {
        let path = root().join("test_data/settings").join(name).with_extension("yaml");
        let settings = parse(&read_to_string(&path).unwrap()).unwrap();
        let answer = policy.validate_settings(&settings).unwrap();
        assert!(!answer.valid, "{name}");
        assert_eq!(answer.message.unwrap() + "\n", read_to_string(path.with_extension("out")).unwrap(), "{name}");
    }
}
