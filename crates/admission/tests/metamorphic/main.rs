//! What does not make a credential harmless: the values of the deny fixtures of every rule that reads strings are moved,
//! encoded, hidden behind other findings, put next to excuses, and brought in by updates. They must be found every
//! time, except where the table says why not.

mod places;
mod table;

use admission::cluster::MemoryCluster;
use admission::fixture::{self, Fixture};
use admission::{Change, payload, request};
use entra_auth_policy::finding::Severity;
use entra_auth_policy::rule::{Check, Rule};
use entra_auth_policy::verdict::{Action, Decision};
use entra_auth_policy::{Host, evaluate, rules};
use places::{EXCUSES, PLACES, Place, base64};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use table::EXCEPTIONS;

/// A value that a rule reports, with the name that the fixture gives it.
struct Sample {
    rule: String,
    fixture: String,
    name: String,
    value: String,
    severity: Severity,
    /// Whether it is found under a name that promises nothing.
    by_value: bool,
    /// Whether it is found in a Secret.
    is_of_azure: bool,
    /// Whether it is a file that chooses how to sign in, rather than a credential.
    is_mode: bool,
    /// Whether it is one word, which can be part of a line.
    is_word: bool,
}

/// Fixtures of many spellings would take most of the time.
const MOST_OF_A_FIXTURE: usize = 4;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn decisions(request: &Value, settings: &Value, cluster: &MemoryCluster) -> Vec<Decision> {
    evaluate(&payload(request, settings), &Host { today: &fixture::today, cluster }).findings
}

fn findings(object: &Value) -> Vec<Decision> {
    let request = request(object, &Change::Create, None);
    decisions(&request, &json!({"profile": "restricted"}), &MemoryCluster::Unasked)
}

/// The rules that read strings.
fn reading_rules() -> &'static BTreeSet<&'static str> {
    static RULES: LazyLock<BTreeSet<&str>> = LazyLock::new(|| {
        let reads = |rule: &&Rule| rule.checks.iter().any(|check| matches!(check, Check::Text(..)));
        rules::all().filter(reads).map(|rule| rule.id).collect()
    });
    &RULES
}

/// Whether the rule also reports choices of how to sign in.
fn reports_modes(rule: &Rule) -> bool {
    rule.checks.iter().any(|check| matches!(check, Check::Mode(..)))
}

/// The worst of what rules that read strings report.
fn worst(found: &[Decision]) -> Option<Severity> {
    let reading = reading_rules();
    found.iter().filter(|decision| reading.contains(decision.rule.id)).map(|decision| decision.severity).max()
}

/// Read once for all tests.
fn samples() -> &'static [Sample] {
    static SAMPLES: LazyLock<Vec<Sample>> = LazyLock::new(read_samples);
    &SAMPLES
}

fn read_samples() -> Vec<Sample> {
    let (mut samples, mut known) = (Vec::new(), BTreeSet::new());
    for fixture in fixture::all(&root().join("test_data")).unwrap() {
        if !reading_rules().contains(fixture.rule().as_str()) || !fixture.name().starts_with("deny-") {
            continue;
        }
        let mut room = MOST_OF_A_FIXTURE;
        for decision in decisions(&fixture.request, &json!({"profile": "restricted"}), &fixture.cluster) {
            if decision.rule.id != fixture.rule() || decision.severity == Severity::Low {
                continue;
            }
            let Some((name, value)) = named_value(&fixture, &decision.location.pointer) else { continue };
            if room > 0 && known.insert((fixture.rule(), name.clone(), value.clone())) {
                let severity = decision.severity;
                let (rule, fixture) = (fixture.rule(), fixture.name());
                room -= 1;
                let is_word = !value.contains(|c: char| c.is_ascii_whitespace()) && !value.contains(['"', '{', '\\']);
                let is_found = |name: &str, place: &Place| worst(&findings(&(place.put)(name, &value))).is_some();
                // A mode is not a credential where it chooses nothing.
                if !is_found(&name, place("variable")) && !is_found(&name, place("entry of a ConfigMap")) {
                    continue;
                }
                let is_of_azure = is_found(&name, place("entry of a Secret"));
                let in_config_map = findings(&(place("entry of a ConfigMap").put)(&name, &value));
                let is_mode = !in_config_map.is_empty() && in_config_map.iter().all(|found| reports_modes(found.rule));
                let by_value = is_found("zz", place("entry of a ConfigMap"));
                samples.push(Sample { rule, fixture, name, value, severity, by_value, is_of_azure, is_mode, is_word });
            }
        }
    }
    samples
}

fn place(name: &str) -> &'static Place {
    PLACES.iter().find(|place| place.name == name).unwrap()
}

/// The string at a JSON Pointer of the fixture's object and its name: the variable's, the flag's or the key.
fn named_value(fixture: &Fixture, pointer: &str) -> Option<(String, String)> {
    let object = &fixture.request["object"];
    let node = object.pointer(pointer)?;
    if let (Some(name), Some(value)) = (node["name"].as_str(), node["value"].as_str()) {
        return Some((name.to_owned(), value.to_owned()));
    }
    let text = node.as_str()?.to_owned();
    let (above, last) = pointer.rsplit_once('/')?;
    let last = last.replace("~1", "/").replace("~0", "~");
    if pointer.contains("last-applied-configuration") {
        return None;
    }
    let Ok(index) = last.parse::<usize>() else {
        let is_encoded = object["kind"] == "Secret" && above == "/data" || above == "/binaryData";
        return (!is_encoded).then_some((last, text));
    };
    let flag = text.split_once('=').filter(|(flag, _)| flag.starts_with('-'));
    if let Some((flag, value)) = flag {
        return Some((flag.to_owned(), value.to_owned()));
    }
    let before = index.checked_sub(1).and_then(|index| object.pointer(&format!("{above}/{index}"))?.as_str());
    Some((before.filter(|flag| flag.starts_with('-')).unwrap_or_default().to_owned(), text))
}

/// The samples that a change hides, without those that the table accounts for; and the rows of the table that were
/// needed.
struct Run {
    hidden: Vec<String>,
    needed: BTreeSet<usize>,
    count: usize,
}

impl Run {
    fn new() -> Self {
        Run { hidden: Vec::new(), needed: BTreeSet::new(), count: 0 }
    }

    fn expect(&mut self, is_found: bool, change: &str, sample: &Sample, object: &Value) {
        self.count += 1;
        if is_found {
            return;
        }
        let row = EXCEPTIONS.iter().position(|row| (row.covers)(change, sample));
        match row {
            Some(row) => _ = self.needed.insert(row),
            None => self.hidden.push(format!(
                "{change}: {} of {}/{} ({})\n    {object}",
                sample.name, sample.rule, sample.fixture, sample.by_value
            )),
        }
    }

    #[track_caller]
    fn finish(self, least: usize) -> BTreeSet<usize> {
        assert!(self.hidden.is_empty(), "{} of {} hidden\n{}", self.hidden.len(), self.count, self.hidden.join("\n"));
        assert!(self.count >= least, "only {} objects", self.count);
        self.needed
    }
}

/// (a) Every origin, and every encoding that an origin can have.
#[test]
fn a_value_is_found_wherever_it_is_moved() {
    let samples = samples();
    let mut run = Run::new();
    for sample in samples {
        for place in PLACES {
            let object = (place.put)(&sample.name, &sample.value);
            let found = worst(&findings(&object));
            run.expect(found.is_some(), &format!("moved to {}", place.name), sample, &object);
        }
        for (encoding, encode) in places::ENCODINGS {
            for name in ["entry of a ConfigMap", "variable", "entry of a Secret"] {
                let object = (place(name).put)(&sample.name, &encode(&sample.name, &sample.value));
                let found = worst(&findings(&object));
                run.expect(found.is_some(), &format!("{encoding} in {name}"), sample, &object);
            }
        }
    }
    let needed = run.finish(1000);
    for (index, row) in EXCEPTIONS.iter().enumerate() {
        assert!(needed.contains(&index), "nothing needs this exception any more: {}", row.change);
    }
}

/// (b) 50 findings of low severity before it, in the same list and in the same text.
#[test]
fn a_value_is_found_behind_other_findings() {
    behind_others(false);
}

#[test]
fn a_value_is_found_behind_other_lines() {
    behind_others(true);
}

fn behind_others(of_text: bool) {
    let mut run = Run::new();
    for sample in samples() {
        for place in PLACES.iter().filter(|place| place.crowd.is_some() && place.is_text == of_text) {
            let alone = worst(&findings(&(place.put)(&sample.name, &sample.value)));
            let object = (place.crowd.unwrap())(&sample.name, &sample.value);
            let found = worst(&findings(&object));
            // What is not found alone is a matter of (a).
            run.expect(found >= alone, &format!("behind 50 findings in {}", place.name), sample, &object);
        }
    }
    run.finish(50);
}

/// (c) Everything that excuses another value, on the line before, on the line after, and on the same line.
#[test]
fn a_value_is_found_next_to_an_excuse() {
    let mut run = Run::new();
    let file = place("line of a file");
    let line =
        |sample: &Sample| format!("{}={}", if sample.name.is_empty() { "zz" } else { &sample.name }, sample.value);
    for sample in samples().iter().filter(|sample| sample.is_word) {
        let alone = worst(&findings(&(file.put)(&sample.name, &sample.value)));
        for excuse in EXCUSES {
            let line = line(sample);
            for (how, text) in [
                ("after", format!("a=b\n{excuse}\n{line}\n")),
                ("before", format!("a=b\n{line}\n{excuse}\n")),
                ("on the line of", format!("a=b\n{excuse} {line}\n")),
                ("on the line before", format!("a=b\n{line} {excuse}\n")),
            ] {
                let object = places::config_map("app.conf", &text);
                let found = worst(&findings(&object));
                run.expect(found >= alone, &format!("{how} {excuse}"), sample, &object);
            }
        }
    }
    run.finish(100);
}

/// (d) An update of an object that has a lesser finding at the same place.
#[test]
fn a_value_is_new_where_another_finding_was() {
    let mut run = Run::new();
    for sample in samples().iter().filter(|sample| sample.by_value && sample.severity == Severity::High) {
        for place in PLACES.iter().filter(|place| !place.name.contains("copy")) {
            let new = (place.put)(&sample.name, &sample.value);
            let alone = findings(&new);
            if worst(&alone) != Some(Severity::High) {
                continue;
            }
            for (what, other) in
                [("placeholder", "<client-secret>"), ("reference", "$(CLIENT_SECRET)"), ("word", "abcdefgh")]
            {
                let old = (place.put)(&sample.name, other);
                if worst(&findings(&old)).is_some_and(|severity| severity >= Severity::High) {
                    continue;
                }
                let request = request(&new, &Change::Update(old), None);
                for settings in [json!({}), json!({"ratchet": false})] {
                    let found = decisions(&request, &settings, &MemoryCluster::Unasked);
                    let denied = found.iter().any(|decision| decision.action == Action::Deny);
                    run.expect(denied, &format!("instead of a {what} in {}", place.name), sample, &new);
                }
            }
        }
    }
    run.finish(100);
}

/// (e) An update of an object that a finalizer keeps while it is being deleted, whatever the ratchet.
#[test]
fn a_value_is_new_while_the_object_is_being_deleted() {
    let mut run = Run::new();
    let samples = samples();
    let objects = samples
        .iter()
        .flat_map(|sample| PLACES.iter().map(move |place| (sample, (place.put)(&sample.name, &sample.value))));
    for (sample, new) in objects {
        let denied_alone = findings(&new).iter().any(|decision| decision.action == Action::Deny);
        if !denied_alone {
            continue;
        }
        let mut old = json!({"apiVersion": new["apiVersion"], "kind": new["kind"], "metadata": {"name": "web", "namespace": "shop"}});
        let mut new = new.clone();
        for object in [&mut old, &mut new] {
            object["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
            object["metadata"]["finalizers"] = json!(["example.com/keep"]);
        }
        let request = request(&new, &Change::Update(old), None);
        for ratchet in [true, false] {
            let settings = json!({"profile": "restricted", "ratchet": ratchet});
            let found = decisions(&request, &settings, &MemoryCluster::Unasked);
            run.expect(found.iter().any(|decision| decision.action == Action::Deny), "being deleted", sample, &new);
        }
    }
    run.finish(500);
}

/// SECURITY.md shows the same table.
#[test]
fn the_table_is_in_security_md() {
    let text = std::fs::read_to_string(root().join("SECURITY.md")).unwrap();
    let mut table = "| change | not found | why |\n|---|---|---|\n".to_owned();
    for row in EXCEPTIONS {
        table += &format!("| {} | {} | {} |\n", row.change, row.what, row.why);
    }
    assert!(text.contains(&table), "SECURITY.md must contain:\n{table}");
}

/// The encoder of this test is not the decoder of the policy.
#[test]
fn base64_is_that_of_rfc_4648() {
    for (text, encoded) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foobar", "Zm9vYmFy")] {
        assert_eq!(base64(text.as_bytes()), encoded);
    }
}
