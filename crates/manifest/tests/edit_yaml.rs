//! Edits of texts as people write them: the text before and after, side by side.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test")]

use manifest::{Change, Edits, edit};
use serde_json::{Value, json};

fn set(pointer: &str, value: Value) -> Change {
    Change::Set { pointer: pointer.to_owned(), value }
}

fn remove(pointer: &str) -> Change {
    Change::Remove { pointer: pointer.to_owned() }
}

fn rename(pointer: &str, key: &str) -> Change {
    Change::Rename { pointer: pointer.to_owned(), key: key.to_owned() }
}

fn changed(text: &str, changes: Vec<Change>) -> Result<String, String> {
    let edits = Edits { document: 0, changes: vec![(String::new(), changes)], new: Vec::new() };
    edit(text, &[edits]).map_err(|conflict| conflict.to_string())
}

/// Objects need a kind; the cases do not repeat it.
const HEAD: &str = "apiVersion: v1\nkind: A\n";

#[track_caller]
fn check(before: &str, changes: Vec<Change>, after: &str) {
    for head in [HEAD, "# words\n---\napiVersion: v1 # c\nkind: A\n"] {
        let edited = changed(&format!("{head}{before}"), changes.clone());
        assert_eq!(edited.as_deref(), Ok(&*format!("{head}{after}")), "{before}");
        // Windows lines stay what they are.
        let windows = |text: &str| text.replace('\n', "\r\n");
        let edited = changed(&windows(&format!("{head}{before}")), changes.clone());
        assert_eq!(edited.as_deref(), Ok(&*windows(&format!("{head}{after}"))), "{before} with Windows lines");
    }
}

#[test]
fn members_are_added_behind_the_last_one() {
    check(
        "m:\n  a: 1 # one\n\n# two\nb: 2\n",
        vec![set("/m/c", json!("x"))],
        "m:\n  a: 1 # one\n  c: x\n\n# two\nb: 2\n",
    );
    check("m:\n    a: 1\n", vec![set("/m/c/d", json!(["x"]))], "m:\n    a: 1\n    c:\n        d:\n        - x\n");
    check("l:\n  - a: 1\n", vec![set("/l/0/b", json!({"c": [1]}))], "l:\n  - a: 1\n    b:\n      c:\n        - 1\n");
    check("m: {}\nb: 2\n", vec![set("/m/c", json!(true))], "m:\n  c: true\nb: 2\n");
    check("m: {} # none\n", vec![set("/m/c", json!(true))], "m: # none\n  c: true\n");
    check("m:\nb: 2\n", vec![set("/m/c", json!(true))], "m:\n  c: true\nb: 2\n");
    check("m: null # none\nb: 2\n", vec![set("/m/c", json!(true))], "m: # none\n  c: true\nb: 2\n");
    check("m: ~", vec![set("/m/c", json!(true))], "m:\n  c: true");
    check("m:\n  a: 1", vec![set("/m/c", json!(true))], "m:\n  a: 1\n  c: true");
    check("m:\n  a: |\n    x\n\nb: 2\n", vec![set("/m/c", json!(1))], "m:\n  a: |\n    x\n  c: 1\n\nb: 2\n");
    check("m:\n  a: |+\n    x\n\nb: 2\n", vec![set("/m/c", json!(1))], "m:\n  a: |+\n    x\n\n  c: 1\nb: 2\n");
    check("m: {a: 1, b: 2}\n", vec![set("/m/c", json!("x, y"))], "m: {a: 1, b: 2, c: \"x, y\"}\n");
    check("m: { a: 1, }\n", vec![set("/m/c", json!([1]))], "m: { a: 1, c: [1], }\n");
    check(
        "m: {\n  a: 1, # one\n  b: 2 # two\n  }\n",
        vec![set("/m/c", json!(3))],
        "m: {\n  a: 1, # one\n  b: 2, # two\n  c: 3\n  }\n",
    );
    check("m:\n  ? a\n  : 1\n", vec![set("/m/c", json!(3))], "m:\n  ? a\n  : 1\n  c: 3\n");
    check("l:\n- &a x: 1\n", vec![set("/l/0/c", json!(3))], "l:\n- &a x: 1\n  c: 3\n");
    check("a: 1\n...\n", vec![set("/new/x", json!("z"))], "a: 1\nnew:\n  x: z\n...\n");
}

#[test]
fn items_are_added_in_the_style_of_the_list() {
    check("l:\n- a\n-   b # two\n\n# three\n", vec![set("/l/-", json!("c"))], "l:\n- a\n-   b # two\n- c\n\n# three\n");
    check("l:\n  - a\nb: 1\n", vec![set("/l/-", json!({"x": 1, "z": []}))], "l:\n  - a\n  - x: 1\n    z: []\nb: 1\n");
    check("l: []\nk:\n  - 1\n", vec![set("/l/-", json!("c"))], "l:\n  - c\nk:\n  - 1\n");
    check("l: []\n", vec![set("/l/-", json!("c"))], "l:\n- c\n");
    check("l: [a, b]\n", vec![set("/l/-", json!("c")), set("/l/-", json!("d"))], "l: [a, b, c, d]\n");
    check(
        "l:\n-\n- - 1\n  - 2\n",
        vec![set("/l/1/-", json!(3)), set("/l/-", json!(4))],
        "l:\n-\n- - 1\n  - 2\n  - 3\n- 4\n",
    );
}

/// Without a final line end, what is written behind the key begins where the lines that go begin.
#[test]
fn lines_at_the_end_of_a_text_without_a_line_end() {
    for last in ["a: é", "- é", "a: 1\n  b: é"] {
        check(&format!("k:\n  {last}"), vec![set("/k", json!("x"))], "k: x");
    }
    check("k:\n  a: é", vec![remove("/k/a")], "k: {}");
    check("k:\n  - é", vec![remove("/k/0")], "k: []");
    check("k:\n- é", vec![remove("/k/0")], "k: []");
    check("k: &k # c\n  a: é", vec![remove("/k/a")], "k: &k {} # c");
}

/// The parser has the span of its items for a list that begins in the column of its key.
#[test]
fn the_first_item_of_a_list_can_be_in_brackets() {
    for item in ["[a]", "{a: [b]}", "[]", "{}", "\"a\""] {
        let list = format!("l:\n- {item}\n- é\nm: 1\n");
        check(&list, vec![set("/l/-", json!("x"))], &list.replace("é\n", "é\n- x\n"));
        check(&list, vec![remove("/l/1")], &list.replace("- é\n", ""));
        check(&list, vec![remove("/l/0")], &list.replace(&format!("- {item}\n"), ""));
        check(&list, vec![remove("/l/0"), remove("/l/1")], "l: []\nm: 1\n");
        check(&list, vec![set("/l", json!({"a": 1}))], "l:\n  a: 1\nm: 1\n");
    }
    check("l:\n- [é]\n", vec![remove("/l/0")], "l: []\n");
    check("l:\n- [é]", vec![remove("/l/0")], "l: []");
    check("l:\n- [é]\n", vec![set("/l/0/-", json!("x"))], "l:\n- [é, x]\n");
    check("l: &l # c\n- {a: é}\n", vec![set("/l/-", json!("x"))], "l: &l # c\n- {a: é}\n- x\n");
}

#[test]
fn values_keep_their_quotes_and_comments() {
    check("a: 'x' # c\n", vec![set("/a", json!("it's"))], "a: 'it''s' # c\n");
    check("a: \"x\" # c\n", vec![set("/a", json!("y\u{7f}"))], "a: \"y\\u007f\" # c\n");
    check("a: True # c\n", vec![set("/a", json!("true"))], "a: \"true\" # c\n");
    check("a: x\n", vec![set("/a", json!(true))], "a: true\n");
    check("a: &x 1\n", vec![set("/a", json!(2))], "a: &x 2\n");
    check("a: !!str 017 # c\n", vec![set("/a", json!("x"))], "a: x # c\n");
    check("a:\nb: 1\n", vec![set("/a", json!("x"))], "a: x\nb: 1\n");
    check("a: # c\nb: 1\n", vec![set("/a", json!("x"))], "a: x # c\nb: 1\n");
    check("a: | # c\n  x\n  y\n\nb: 1\n", vec![set("/a", json!("z"))], "a: z # c\n\nb: 1\n");
    check("a: x # c\n", vec![set("/a", json!("w\nz\n"))], "a: | # c\n  w\n  z\n");
    check("a: 'x\n  y' # c\n", vec![set("/a", json!("z"))], "a: 'z' # c\n");
    check("l:\n- x # c\n- y\n", vec![set("/l/0", json!("z"))], "l:\n- z # c\n- y\n");
    check("l: [x, 'y', ]\n", vec![set("/l/1", json!("z"))], "l: [x, 'z', ]\n");
    check("m: {a: x, b: , c}\n", vec![set("/m/b", json!("z")), set("/m/c", json!(1))], "m: {a: x, b: z , c: 1}\n");
    check("m:\n  a: 1\n  # c\n  b: 2\nx: 1\n", vec![set("/m", json!("z"))], "m: z\nx: 1\n");
    check("l:\n- a: 1\n  b: 2\n", vec![set("/l/0", json!("z"))], "l:\n- z\n");
    check("l:\n- a # c\n- b\n", vec![set("/l/1", json!({"x": 1, "z": 2}))], "l:\n- a # c\n- x: 1\n  z: 2\n");
    // Only what differs is written.
    check(
        "m:\n  # about a\n  a: 1 # one\n  b: [1, 2]\n  c: 3\n",
        vec![set("/m", json!({"a": 1, "b": [1, 5], "d": 4}))],
        "m:\n  # about a\n  a: 1 # one\n  b: [1, 5]\n  d: 4\n",
    );
    for text in [
        "true", "017", "1e3", "yes", "0x1F", "1_000", "12:30:45", "a: b", "a #b", "~", "", "- a", "y", "{{ x }}",
        "0o17",
    ] {
        for before in ["a: x\n", "a: {b: x}\n", "a: [x]\n"] {
            let pointer = ["/a", "/a/b", "/a/0"].into_iter().zip(["a: x\n", "a: {b: x}\n", "a: [x]\n"]);
            let pointer = pointer.into_iter().find(|(_, text)| *text == before).unwrap().0;
            let edited = changed(&format!("{HEAD}{before}"), vec![set(pointer, json!(text))]).unwrap();
            assert_eq!(manifest::parse(&edited).unwrap().pointer(pointer), Some(&json!(text)), "{edited}");
        }
    }
}

#[test]
fn what_is_removed_takes_its_comment_along() {
    check("m:\n  # about a\n  a: 1 # one\n  b: 2\n", vec![remove("/m/a")], "m:\n  # about a\n  b: 2\n");
    check(
        "m:\n  a: 1\n  b:\n    c: 1\n  # about d\n  d: 1\n",
        vec![remove("/m/b")],
        "m:\n  a: 1\n  # about d\n  d: 1\n",
    );
    check("m: # c\n  # d\n  a: 1\nb: 2\n", vec![remove("/m/a")], "m: {} # c\n  # d\nb: 2\n");
    check("m:\n- a: 1\n  # two\n  b: 2\n", vec![remove("/m/0/a")], "m:\n- # two\n  b: 2\n");
    check("m:\n- a: 1 # c\n  b: 2\n", vec![remove("/m/0/a")], "m:\n- b: 2\n");
    check("m:\n- a: 1 # c\n  b: 2\n", vec![remove("/m/0/b")], "m:\n- a: 1 # c\n");
    check("m:\n- a:\n  - 1\nx: 1\n", vec![remove("/m/0/a")], "m:\n- {}\nx: 1\n");
    check("l:\n- 1\n- 2 # c\n\n- 3\n", vec![remove("/l/1")], "l:\n- 1\n\n- 3\n");
    check("l:\n- 1\n- 2\n- 3\n", vec![remove("/l/0"), remove("/l/2")], "l:\n- 2\n");
    check("l:\n  - 1\nx: 1\n", vec![remove("/l/0")], "l: []\nx: 1\n");
    check("a: 1\nl:\n  - 1\n  - 2", vec![remove("/l/1")], "a: 1\nl:\n  - 1");
    check("a: 1\nb: |\n  x\n\nc: 1\n", vec![remove("/b")], "a: 1\n\nc: 1\n");
    check("m: {a: 1, b: 2}\n", vec![remove("/m/a")], "m: {b: 2}\n");
    check("m: {a: 1, b: 2}\n", vec![remove("/m/b")], "m: {a: 1}\n");
    check("m: { a: 1 }\n", vec![remove("/m/a")], "m: {}\n");
    check("m: {\n  a: 1, # one\n  b: 2 # two\n}\n", vec![remove("/m/b")], "m: {\n  a: 1 # one\n}\n");
    check(
        "m: {\n  a: 1, # one\n  # about b\n  b: 2 # two\n}\n",
        vec![remove("/m/a")],
        "m: {\n  # about b\n  b: 2 # two\n}\n",
    );
}

#[test]
fn keys_get_other_names_in_their_place() {
    check("m:\n  a: 1 # one\n  b: 2\n", vec![rename("/m/a", "c")], "m:\n  c: 1 # one\n  b: 2\n");
    check("m:\n  'a': 1\n", vec![rename("/m/a", "yes")], "m:\n  'yes': 1\n");
    check("m:\n  a: 1\n", vec![rename("/m/a", "yes")], "m:\n  \"yes\": 1\n");
    check("m: {\"a\": 1}\n", vec![rename("/m/a", "b/c")], "m: {\"b/c\": 1}\n");
    check("m:\n  a: {x: 1}\n", vec![rename("/m/a", "c"), set("/m/z", json!(2))], "m:\n  c: {x: 1}\n  z: 2\n");
}

#[test]
fn aliases_and_merges_change_only_where_they_are_used() {
    check(
        "base: &base\n  app: x\nlabels: *base # c\n",
        vec![set("/labels/use", json!("true"))],
        "base: &base\n  app: x\nlabels: # c\n  <<: *base\n  use: \"true\"\n",
    );
    check(
        "base: &base\n  app: x\n  b: [1]\nlabels: *base\n",
        vec![remove("/labels/app")],
        "base: &base\n  app: x\n  b: [1]\nlabels:\n  b:\n  - 1\n",
    );
    check(
        "base: &base\n  app: x\nm:\n  <<: *base\n",
        vec![set("/m/app", json!("w"))],
        "base: &base\n  app: x\nm:\n  <<: *base\n  app: w\n",
    );
    check(
        "base: &base\n  app: {a: 1, b: 2}\nm:\n  <<: *base\n  z: 1\n",
        vec![set("/m/app/a", json!(9)), remove("/m/app/b")],
        "base: &base\n  app: {a: 1, b: 2}\nm:\n  <<: *base\n  z: 1\n  app:\n    a: 9\n",
    );
    // The same change of all that use it is one of the anchor.
    check(
        "first: &x\n- id: '{1}' # c\nsecond: *x\n",
        vec![set("/first/0/id", json!("1")), set("/second/0/id", json!("1"))],
        "first: &x\n- id: '1' # c\nsecond: *x\n",
    );
    let text = format!("{HEAD}first: &x\n  a: 1\nsecond: *x\n");
    let error = changed(&text, vec![set("/first/a", json!(2))]).unwrap_err();
    assert_eq!(error, "an anchor at this place is used in other places too: write it out there first (line 4)");
    let text = format!("{HEAD}first: &x\n  a: 1\nsecond: {{<<: *x}}\n");
    assert!(changed(&text, vec![remove("/second/a")]).unwrap_err().contains("merge"));
}

#[test]
fn json_keeps_its_layout() {
    let pretty =
        "{\n    \"apiVersion\": \"v1\",\n    \"kind\": \"A\",\n    \"m\": {},\n    \"l\": [\n        \"a\"\n    ]\n}\n";
    let after = "{\n    \"apiVersion\": \"v1\",\n    \"kind\": \"A\",\n    \"m\": {\n        \"x\": {\n            \"y\": 1\n        }\n    },\n    \"l\": [\n        \"a\",\n        true\n    ],\n    \"n\": null\n}\n";
    let changes = vec![set("/m/x/y", json!(1)), set("/l/-", json!(true)), set("/n", json!(null))];
    assert_eq!(changed(pretty, changes).as_deref(), Ok(after));
    assert_eq!(changed(after, vec![remove("/m/x"), remove("/l/1"), remove("/n")]).as_deref(), Ok(pretty));
    let line = "{\"apiVersion\":\"v1\",\"kind\":\"A\",\"m\":{\"a\":1}}";
    let edited = changed(line, vec![set("/m/b", json!({"c": ["x", 1]})), rename("/m/a", "z")]);
    assert_eq!(edited.as_deref(), Ok("{\"apiVersion\":\"v1\",\"kind\":\"A\",\"m\":{\"z\":1,\"b\":{\"c\":[\"x\",1]}}}"));
}

#[test]
fn documents_and_items_of_lists() {
    let edits = |document: usize, pointer: &str, changes: Vec<Change>, new: Vec<Value>| Edits {
        document,
        changes: vec![(pointer.to_owned(), changes)],
        new,
    };
    let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "a"}});
    let text =
        "---\napiVersion: v1\nkind: A # a\n---\n# about b\napiVersion: v1\nkind: B\n...\n---\napiVersion: v1\nkind: C";
    let all = [
        edits(0, "", vec![set("/x", json!(1))], vec![account.clone()]),
        edits(1, "", vec![set("/x", json!(2))], vec![]),
        edits(2, "", vec![], vec![account.clone()]),
    ];
    let written = "---\napiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: a";
    let expected = format!(
        "---\napiVersion: v1\nkind: A # a\nx: 1\n{written}\n---\n# about b\napiVersion: v1\nkind: B\nx: 2\n...\n---\napiVersion: v1\nkind: C\n{written}"
    );
    assert_eq!(edit(text, &all), Ok(expected));

    let list = "apiVersion: v1\nkind: List\nitems:\n  # first\n  - apiVersion: v1\n    kind: A\n  - {apiVersion: v1, kind: B}\n";
    let all = [
        edits(0, "/0", vec![set("/x/w", json!(1))], vec![account.clone()]),
        edits(1, "/0", vec![set("/x", json!(2))], vec![]),
    ];
    let expected = "apiVersion: v1\nkind: List\nitems:\n  # first\n  - apiVersion: v1\n    kind: A\n    x:\n      w: 1\n  - apiVersion: v1\n    kind: ServiceAccount\n    metadata:\n      name: a\n  - {apiVersion: v1, kind: B, x: 2}\n";
    assert_eq!(edit(list, &all).as_deref(), Ok(expected));

    let whole = "apiVersion: v1\nkind: List\nitems:\n- &a\n  apiVersion: v1\n  kind: A\n- *a\n";
    let all = [edits(0, "/items/1", vec![set("/x", json!(1))], vec![account.clone()])];
    let expected = "apiVersion: v1\nkind: List\nitems:\n- &a\n  apiVersion: v1\n  kind: A\n- apiVersion: v1\n  kind: A\n  x: 1\n- apiVersion: v1\n  kind: ServiceAccount\n  metadata:\n    name: a\n";
    assert_eq!(edit(whole, &all).as_deref(), Ok(expected));

    let json = "{\n  \"kind\": \"List\",\n  \"items\": [\n    {\n      \"apiVersion\": \"v1\",\n      \"kind\": \"A\"\n    }\n  ]\n}\n";
    let all = [edits(0, "", vec![set("/x", json!([1]))], vec![json!({"apiVersion": "v1", "kind": "B"})])];
    let expected = "{\n  \"kind\": \"List\",\n  \"items\": [\n    {\n      \"apiVersion\": \"v1\",\n      \"kind\": \"A\",\n      \"x\": [\n        1\n      ]\n    },\n    {\n      \"apiVersion\": \"v1\",\n      \"kind\": \"B\"\n    }\n  ]\n}\n";
    assert_eq!(edit(json, &all).as_deref(), Ok(expected));

    for (text, new) in [
        ("{\"apiVersion\":\"v1\",\"kind\":\"A\"}", account.clone()),
        ("apiVersion: v1\nkind: PodList\nitems:\n- metadata: {name: a}\n", account.clone()),
    ] {
        assert!(edit(text, &[edits(0, "", vec![], vec![new])]).is_err(), "{text}");
    }
}

#[test]
fn conflicts_name_the_line_and_no_value() {
    let text = format!("{HEAD}m:\n  a: hunter2\n");
    for changes in [
        vec![set("/m/a", json!("one")), set("/m/a", json!("two"))],
        vec![set("/m/a/b", json!("one"))],
        vec![remove("/m/a"), set("/m", json!({}))],
        vec![remove("/m/x")],
    ] {
        let error = changed(&text, changes).unwrap_err();
        assert!(error.contains("(line ") && !error.contains("hunter2") && !error.contains("one"), "{error}");
    }
}
