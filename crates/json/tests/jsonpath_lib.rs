//! Why user-written paths do not run on jsonpath_lib, though Kubernetes tools often do.
//!
//! Users write the paths and the objects, so a panic would stop the policy and a
//! wrong answer would miss a credential. jsonpath_lib is a dependency of this test alone.

use json::path as json_path;
use json::{Node, parse};
use serde_json::{Value, json};
use std::panic::catch_unwind;

/// What jsonpath_lib answers, `Err` if it panics.
fn theirs(path: &str, value: &Value) -> Result<Vec<Value>, ()> {
    let (path, value) = (path.to_owned(), value.clone());
    // Panics are expected here: keep them out of the test's output.
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let answer = catch_unwind(move || {
        let selected = jsonpath_lib::select(&value, &path);
        selected.map(|found| found.into_iter().cloned().collect()).unwrap_or_default()
    });
    std::panic::set_hook(hook);
    answer.map_err(|_| ())
}

/// What the policy answers.
fn ours(path: &str, value: &Value) -> Vec<Value> {
    assert_eq!(json_path::check(path), Ok(()), "{path}");
    let text = value.to_string();
    let parsed = parse(&text).unwrap();
    let found = json_path::select(path, Node::new(&parsed));
    found.iter().map(|node| serde_json::from_str(&node.to_string()).unwrap()).collect()
}

/// One test, because the panic hook belongs to the whole process.
#[test]
fn jsonpath_lib_panics_and_errs_where_serde_json_path_answers() {
    let value = json!({"k": [1, 2, 3]});
    assert_eq!(theirs("$.k[1]", &value), Ok(vec![json!(2)]), "the library works at all");

    // RFC 9535, 2.3.4.2.1: a slice with step 0 selects nothing.
    assert_eq!(theirs("$.k[0:2:0]", &value), Err(()));
    assert_eq!(ours("$.k[0:2:0]", &value), Vec::<Value>::new());

    // A comparison with the element itself.
    assert_ne!(theirs("$.k[?(@ > 1)]", &value), Ok(vec![json!(2), json!(3)]));
    assert_eq!(ours("$.k[?(@ > 1)]", &value), vec![json!(2), json!(3)]);
}

/// Paths that users are likely to write; none may panic in the policy.
#[test]
fn odd_paths_are_refused_or_answered() {
    let value = json!({"k": [1, {"a": "x"}], "": {"é": null}});
    let text = value.to_string();
    let parsed = parse(&text).unwrap();
    for path in [
        "$",
        "$..*",
        "$[''][\"é\"]",
        "$.k[-1:0:-1]",
        "$.k[?@.a]",
        "$.k[?(@.a)]",
        "$.k[9223372036854775807]",
        "$..[?@ == @]",
        "$.k[?!@.a]",
    ] {
        let _ = json_path::check(path);
        let _ = json_path::select(path, Node::new(&parsed));
    }
}
