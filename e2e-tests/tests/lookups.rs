//! The recorded look-ups of `test_data/sessions/`, replayed against the compiled policy as
//! `kwctl run --replay-host-capabilities-interactions` does it: in order, word for word, to the end.

use admission::fixture;
use e2e_tests::{Built, root};
use entra_auth_policy::{Host, evaluate};
use host::HostCallbacks;
use manifest::parse;
use serde_json::Value;
use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// A recorded session that answers, and what was asked that is not in it.
struct Session {
    exchanges: Mutex<VecDeque<Value>>,
    surprises: Mutex<Vec<String>>,
}

impl Session {
    fn read(path: &Path) -> Session {
        let Value::Array(exchanges) = parse(&std::fs::read_to_string(path).unwrap()).unwrap() else {
            panic!("{}: no list", path.display());
        };
        Session { exchanges: Mutex::new(exchanges.into()), surprises: Mutex::default() }
    }
}

impl HostCallbacks for Session {
    fn call(&self, binding: &str, namespace: &str, operation: &str, payload: &[u8]) -> Result<Vec<u8>, String> {
        let asked = in_order(serde_json::from_slice(payload).unwrap());
        let next = self.exchanges.lock().unwrap().pop_front().unwrap_or_default();
        let (tag, recorded) = next["request"].as_str().and_then(|text| text.split_once('\n')).unwrap_or_default();
        let expected = in_order(parse(recorded).unwrap_or_default());
        if (binding, namespace, operation, tag)
            != ("kubewarden", "kubernetes", "get_resource", "!KubernetesGetResource")
            || asked != expected
        {
            self.surprises.lock().unwrap().push(format!("{namespace}/{operation} {asked}, recorded {recorded}"));
            return Err("not in the session".to_owned());
        }
        let response = &next["response"];
        match response["payload"].as_str() {
            Some(payload) => Ok(payload.as_bytes().to_vec()),
            // The engine puts these words before a host's own.
            None => Err(format!("Callback evaluation failure: {}", response["message"].as_str().unwrap())),
        }
    }
}

/// The field masks are a set, in any order.
fn in_order(mut request: Value) -> Value {
    if let Some(masks) = request["field_masks"].as_array_mut() {
        masks.sort_by_key(Value::to_string);
    }
    request
}

#[test]
fn the_module_asks_what_was_recorded_and_answers_as_the_core_does() {
    let module = Built::Policy.load().unwrap();
    let sessions = root().join("test_data/sessions");
    let mut replayed = 0;
    for fixture in fixture::all(&root().join("test_data")).unwrap() {
        let folder = sessions.join(fixture.rule()).join(fixture.name());
        if !folder.exists() {
            continue;
        }
        let name = fixture.path.display();
        let session = Arc::new(Session::read(&folder.join("session.yml")));
        let answer = module.clone().with_host(session.clone()).call("validate", &fixture.payload()).unwrap();
        assert_eq!(*session.surprises.lock().unwrap(), [""; 0], "{name}");
        assert!(session.exchanges.lock().unwrap().is_empty(), "{name}: something recorded was not asked");
        let expected =
            evaluate(&fixture.payload(), &Host { today: &fixture::today, cluster: &fixture.cluster }).response;
        let (answer, expected) = (String::from_utf8(answer).unwrap(), String::from_utf8(expected.to_json()).unwrap());
        assert_eq!(answer, expected, "{name}");
        replayed += 1;
    }
    assert!(replayed > 0, "no sessions in {}", sessions.display());
}

/// An answer that is nonsense, or not what was asked for, is reported as a failure.
#[test]
fn a_host_that_talks_nonsense_is_survived() {
    let module = Built::Policy.load().unwrap();
    let fixtures = root().join("test_data/workload-identity-no-client-id");
    let fixture = fixture::Fixture::load(&fixtures.join("deny-granted.yaml")).unwrap();
    for nonsense in
        ["", "null", "[]", "{", "{\"metadata\": 7}", "{\"kind\":\"Pod\",\"apiVersion\":\"v1\"}", "\u{0}\u{ff}"]
    {
        let host = move |_: &str, _: &str, _: &str, _: &[u8]| Ok(nonsense.as_bytes().to_vec());
        let answer = module.clone().with_host(Arc::new(host)).call("validate", &fixture.payload()).unwrap();
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        assert_eq!(answer["accepted"], true, "{nonsense}");
        let warning = answer["warnings"][0].as_str().unwrap();
        assert!(warning.contains("could not check"), "{nonsense}: {warning}");
    }
}

/// With look-ups off, the host is never called.
#[test]
fn nothing_is_asked_with_lookups_off() {
    let module = Built::Policy.load_direct().unwrap();
    let asked = Arc::new(Mutex::new(0));
    let host = {
        let asked = asked.clone();
        move |_: &str, _: &str, _: &str, _: &[u8]| {
            *asked.lock().unwrap() += 1;
            Err("asked".to_owned())
        }
    };
    let module = module.with_host(Arc::new(host));
    for fixture in fixture::all(&root().join("test_data")).unwrap() {
        let mut settings = fixture.settings.clone();
        if let Some(settings) = settings.as_object_mut() {
            settings.remove("clusterLookups");
        }
        module.call("validate", &admission::payload(&fixture.request, &settings)).unwrap();
    }
    assert_eq!(*asked.lock().unwrap(), 0);
}
