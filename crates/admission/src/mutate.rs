//! Mutated fixtures: objects and requests that are nearly right, for tests that compare two ways of evaluating
//! them. A seed decides everything, so a mutant that shows a difference can be made again.

use crate::cluster::MemoryCluster;
use crate::fixture::Fixture;
use crate::random::Random;
use crate::request::{payload, request};
use crate::{Change, Identity};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// What mutations are made of: the fixtures, and every member name and string in them.
pub struct Mutator<'f> {
    fixtures: &'f [Fixture],
    names: Vec<&'f str>,
    texts: Vec<&'f str>,
    /// Every value by the name of the member that holds it.
    members: BTreeMap<&'f str, Vec<&'f Value>>,
    /// The objects of each kind.
    kinds: BTreeMap<&'f str, Vec<&'f Value>>,
}

/// A mutated fixture.
pub struct Mutant<'f> {
    pub fixture: &'f Fixture,
    pub seed: u64,
    pub request: Value,
}

impl Mutant<'_> {
    /// What the policy receives, with the fixture's settings under another profile.
    pub fn payload(&self, profile: &str) -> Vec<u8> {
        let mut settings = self.fixture.settings.clone();
        if let Some(settings) = settings.as_object_mut() {
            settings.insert("profile".to_owned(), json!(profile));
        }
        payload(&self.request, &settings)
    }

    /// The fixture's cluster. A mutant can look up an object that the fixture does not have; it is not found.
    pub fn cluster(&self) -> MemoryCluster {
        match &self.fixture.cluster {
            MemoryCluster::Unasked => MemoryCluster::Objects(Vec::new()),
            other => other.clone(),
        }
    }
}

impl std::fmt::Display for Mutant<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{}, seed {}", self.fixture.path.display(), self.seed)
    }
}

impl<'f> Mutator<'f> {
    pub fn new(fixtures: &'f [Fixture]) -> Self {
        let (mut names, mut texts) = (BTreeSet::new(), BTreeSet::new());
        let (mut members, mut kinds): (BTreeMap<_, Vec<_>>, BTreeMap<_, Vec<_>>) = Default::default();
        for fixture in fixtures {
            for object in ["object", "oldObject"].into_iter().filter_map(|name| fixture.request.get(name)) {
                kinds.entry(object["kind"].as_str().unwrap_or_default()).or_default().push(object);
                visit(object, &mut |value| match value {
                    Value::String(text) => {
                        texts.insert(text.as_str());
                    }
                    Value::Object(map) => {
                        for (name, value) in map {
                            names.insert(name.as_str());
                            members.entry(name.as_str()).or_default().push(value);
                        }
                    }
                    _ => {}
                });
            }
        }
        let (names, texts) = (names.into_iter().collect(), texts.into_iter().collect());
        Mutator { fixtures, names, texts, members, kinds }
    }

    /// One mutant for every fixture and seed.
    pub fn mutants(&self, seeds: Range<u64>) -> impl Iterator<Item = Mutant<'f>> + '_ {
        seeds.flat_map(move |seed| self.fixtures.iter().map(move |fixture| self.mutant(fixture, seed)))
    }

    /// The fixture's request with a mutated object, as CREATE or UPDATE; sometimes the whole request is mutated.
    pub fn mutant(&self, fixture: &'f Fixture, seed: u64) -> Mutant<'f> {
        // Two fixtures must not get the same changes from one seed.
        let mut random = Random::new(seed ^ hash(&(fixture.rule() + &fixture.name())));
        let original = fixture.request.get("object").filter(|object| object.is_object());
        let object = original.map(|object| self.object(object, &mut random));
        let mut changed = fixture.request.clone();
        match (random.below(8), object) {
            // As recorded, with nothing changed but the object.
            (0..3, Some(object)) => changed["object"] = object,
            (3, _) | (_, None) => changed = self.object(&changed, &mut random),
            (4, Some(object)) => {
                let oid = (random.below(2) == 0).then(|| self.text(&mut random));
                let groups = (0..random.below(3)).map(|_| self.text(&mut random)).collect();
                let identity = Identity { username: self.text(&mut random), groups, oid };
                changed = request(&object, &Change::Create, Some(&identity));
            }
            (5, Some(object)) => changed = request(&object, &Change::Create, None),
            (half, Some(object)) => {
                let original = original.cloned().unwrap_or_default();
                let old = if random.below(2) == 0 { self.object(&original, &mut random) } else { original };
                let (old, new) = if half == 6 { (old, object) } else { (object, old) };
                changed = request(&new, &Change::Update(old), None);
            }
        }
        Mutant { fixture, seed, request: changed }
    }

    /// An object with a few changes.
    pub fn mutate(&self, object: &Value, seed: u64) -> Value {
        self.object(object, &mut Random::new(seed))
    }

    fn object(&self, object: &Value, random: &mut Random) -> Value {
        let mut object = object.clone();
        for _ in 0..=random.below(4) {
            self.change(&mut object, random);
        }
        object
    }

    /// One change.
    fn change(&self, object: &mut Value, random: &mut Random) {
        match random.below(16) {
            0 => self.move_text(object, random),
            1 => self.add_container(object, random),
            2 => self.copy_as_kubectl_does(object, random),
            3 => rename_kind(object, random),
            4 => nest(object, random),
            5 => {
                let namespace = random.pick(&["", "default", "kube-system", "shop", "kubewarden", "gatekeeper-system"]);
                set(object, &["metadata", "namespace"], json!(namespace));
            }
            6 => {
                // A part of another object of the same kind, in the place where that has it.
                let kind = object["kind"].as_str().unwrap_or_default();
                let other = self.kinds.get(kind).map(|objects| (*random.pick(objects)).clone());
                if let (Some(Value::Object(other)), Some(map)) = (other, object.as_object_mut()) {
                    let part = random.below(other.len());
                    map.extend(other.into_iter().skip(part).take(1));
                }
            }
            _ => {
                let count = count(object);
                if let Some(value) = nth(object, &mut random.below(count)) {
                    self.change_value(value, random);
                }
            }
        }
    }

    /// Changes one value, whatever it is.
    fn change_value(&self, value: &mut Value, random: &mut Random) {
        match value {
            Value::Object(map) if !map.is_empty() && random.below(4) > 0 => self.change_members(map, random),
            Value::Array(list) if !list.is_empty() && random.below(4) > 0 => {
                let at = random.below(list.len());
                match random.below(4) {
                    0 => drop(list.remove(at)),
                    1 => list.insert(at, list[at].clone()),
                    2 => list.swap(at, 0),
                    _ => list.push(self.any(random)),
                }
            }
            Value::String(text) if random.below(8) > 0 => *text = self.change_text(text, random),
            Value::Number(number) if random.below(2) == 0 => {
                let number = number.as_i64().unwrap_or_default();
                *value = random
                    .pick(&[
                        json!(number.wrapping_neg()),
                        json!(number.wrapping_mul(1000)),
                        json!(0.5),
                        json!(u64::MAX),
                    ])
                    .clone();
            }
            Value::Bool(yes) if random.below(2) == 0 => *yes = !*yes,
            other => {
                let taken = other.take();
                *other = match random.below(4) {
                    0 => json!([taken]),
                    1 => json!({*random.pick(&self.names): taken}),
                    2 => match taken {
                        // Out of its list or object again.
                        Value::Array(list) => list.into_iter().next().unwrap_or_default(),
                        Value::Object(map) => map.into_iter().next().map_or(Value::Null, |(_, value)| value),
                        other => json!(other.to_string()),
                    },
                    _ => self.any(random),
                };
            }
        }
    }

    fn change_members(&self, map: &mut Map<String, Value>, random: &mut Random) {
        let at = random.below(map.len());
        let Some(name) = map.keys().nth(at).cloned() else { return };
        match random.below(6) {
            0 => drop(map.remove(&name)),
            1 => {
                let value = map.remove(&name).unwrap_or_default();
                let other =
                    if random.below(3) == 0 { change_case(&name) } else { (*random.pick(&self.names)).to_owned() };
                map.insert(other, value);
            }
            2 => {
                let copy = map.get(&name).cloned().unwrap_or_default();
                map.insert((*random.pick(&self.names)).to_owned(), copy);
            }
            // What another object has under this name.
            3 | 4 => {
                if let Some(value) = self.members.get(name.as_str()).map(|values| (*random.pick(values)).clone()) {
                    map.insert(name, value);
                }
            }
            _ => {
                let name = *random.pick(&self.names);
                if let Some(value) = self.members.get(name).map(|values| (*random.pick(values)).clone()) {
                    map.insert(name.to_owned(), value);
                }
            }
        }
    }

    fn change_text(&self, text: &str, random: &mut Random) -> String {
        let other = *random.pick(&self.texts);
        match random.below(14) {
            0 => format!("{text}\n{other}"),
            1 => format!("{}={text}", random.pick(&self.names)),
            2 => format!("$({text})"),
            3 => format!(" {text}\t"),
            4 => json!(text).to_string(),
            5 => text.chars().rev().collect(),
            6 => text.chars().take(random.below(text.len() + 1)).collect(),
            7 => change_case(text),
            8 => format!("\u{e9}\u{0}{text}\u{1f511}"),
            9 => format!("{text}{}", "x".repeat(random.below(300))),
            10 => json!({*random.pick(&self.names): text}).to_string(),
            _ => other.to_owned(),
        }
    }

    /// Puts a string, of this object or of any, where strings are often read.
    fn move_text(&self, object: &mut Value, random: &mut Random) {
        let mut own = Vec::new();
        visit(object, &mut |value| own.extend(value.as_str().map(str::to_owned)));
        let text = if own.is_empty() || random.below(3) == 0 { self.text(random) } else { random.pick(&own).clone() };
        let name = *random.pick(&self.names);
        match random.below(8) {
            0 => set(object, &["metadata", "annotations", name], json!(text)),
            1 => set(object, &["metadata", "labels", name], json!(text)),
            2 => set(object, &["data", name], json!(text)),
            3 => set(object, &["spec", name], json!(text)),
            n => {
                if let Some(container) = self.container(object, random) {
                    match n {
                        4 => set(container, &["env"], json!([{"name": name, "value": text}])),
                        5 => set(container, &["args"], json!([text])),
                        6 => set(container, &["livenessProbe", "exec", "command"], json!(["sh", "-c", text])),
                        _ => set(container, &["lifecycle", "postStart", "exec", "command"], json!(["sh", "-c", text])),
                    }
                }
            }
        }
    }

    fn add_container(&self, object: &mut Value, random: &mut Random) {
        const LISTS: &[&str] = &["containers", "initContainers", "ephemeralContainers"];
        let container = self.members.get(*random.pick(LISTS)).map(|lists| random.pick(lists)[0].clone());
        let list = random.pick(LISTS);
        if let (Some(container), Some(spec)) = (container, pod_spec(object)) {
            match spec.get_mut(*list).and_then(Value::as_array_mut) {
                Some(list) => list.push(container),
                None => set(spec, &[list], json!([container])),
            }
        }
    }

    fn container<'o>(&self, object: &'o mut Value, random: &mut Random) -> Option<&'o mut Value> {
        let containers = pod_spec(object)?.get_mut("containers")?.as_array_mut()?;
        let at = random.below(containers.len());
        containers.get_mut(at)
    }

    /// The object, or one like it, in the annotation that `kubectl apply` writes.
    fn copy_as_kubectl_does(&self, object: &mut Value, random: &mut Random) {
        let copy = if random.below(2) == 0 { object.to_string() } else { self.text(random) };
        set(object, &["metadata", "annotations", "kubectl.kubernetes.io/last-applied-configuration"], json!(copy));
    }

    fn any(&self, random: &mut Random) -> Value {
        match random.below(10) {
            0 => Value::Null,
            1 => json!(true),
            2 => json!(7),
            3 => json!(""),
            4 => json!([]),
            5 => json!({}),
            6 => json!(-1e300),
            7 => json!([[[{"name": null}]]]),
            _ => json!(self.text(random)),
        }
    }

    fn text(&self, random: &mut Random) -> String {
        (*random.pick(&self.texts)).to_owned()
    }
}

/// The first pod spec: the value that has containers.
fn pod_spec(value: &mut Value) -> Option<&mut Value> {
    match value {
        Value::Object(map) if map.get("containers").is_some_and(Value::is_array) => Some(value),
        Value::Object(map) => map.values_mut().find_map(pod_spec),
        Value::Array(list) => list.iter_mut().find_map(pod_spec),
        _ => None,
    }
}

fn rename_kind(object: &mut Value, random: &mut Random) {
    const KINDS: &[(&str, &str)] = &[
        ("v1", "Pod"),
        ("v1", "ConfigMap"),
        ("v1", "Secret"),
        ("apps/v1", "Deployment"),
        ("batch/v1", "CronJob"),
        ("v1", "ServiceAccount"),
        ("rbac.authorization.k8s.io/v1", "Role"),
        ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding"),
        ("argoproj.io/v1alpha1", "Workflow"),
        ("example.com/v1", "Custom"),
    ];
    let (version, kind) = random.pick(KINDS);
    set(object, &["apiVersion"], json!(version));
    if random.below(3) > 0 {
        set(object, &["kind"], json!(kind));
    }
}

/// Moves the spec, or everything, a level down: into a template, a list or a custom kind.
fn nest(object: &mut Value, random: &mut Random) {
    match random.below(3) {
        0 => {
            let spec = object.get_mut("spec").map(Value::take).unwrap_or_default();
            set(object, &["spec"], json!({"template": {"metadata": object["metadata"], "spec": spec}}));
        }
        1 => {
            let item = object.take();
            *object = json!({"apiVersion": "example.com/v1", "kind": "Custom", "metadata": {"name": "custom"},
                "spec": {"resources": [item]}});
        }
        _ => {
            let item = object.take();
            *object = json!({"apiVersion": "v1", "kind": "List", "items": [item]});
        }
    }
}

fn change_case(text: &str) -> String {
    text.chars().map(|c| if c.is_uppercase() { c.to_ascii_lowercase() } else { c.to_ascii_uppercase() }).collect()
}

/// Puts a value at a path; what is in the way is replaced.
fn set(value: &mut Value, path: &[&str], new: Value) {
    let Some((first, rest)) = path.split_first() else {
        *value = new;
        return;
    };
    if !value.is_object() {
        *value = json!({});
    }
    set(&mut value[*first], rest, new);
}

fn visit<'v>(value: &'v Value, visitor: &mut impl FnMut(&'v Value)) {
    visitor(value);
    match value {
        Value::Array(list) => list.iter().for_each(|value| visit(value, visitor)),
        Value::Object(map) => map.values().for_each(|value| visit(value, visitor)),
        _ => {}
    }
}

/// How many values there are.
pub(crate) fn count(value: &Value) -> usize {
    let mut count = 0;
    visit(value, &mut |_| count += 1);
    count
}

/// The value at that place in the order of [`visit`].
pub(crate) fn nth<'v>(value: &'v mut Value, at: &mut usize) -> Option<&'v mut Value> {
    if *at == 0 {
        return Some(value);
    }
    *at -= 1;
    match value {
        Value::Array(list) => list.iter_mut().find_map(|value| nth(value, at)),
        Value::Object(map) => map.values_mut().find_map(|value| nth(value, at)),
        _ => None,
    }
}

/// FNV-1a: the same on every machine and with every compiler.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
