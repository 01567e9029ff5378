//! Objects made heavy by repeating a part of them: for the search for requests that are worse than those of the classes.

use crate::mutate::{count, nth};
use crate::random::Random;
use serde_json::{Map, Value};

/// The object with one part repeated until it takes about `bytes` as JSON. Parts that are repeated differ in their
/// names, as the API demands of most lists.
pub fn grow(object: &Value, bytes: usize, seed: u64) -> Value {
    let mut random = Random::new(seed);
    let mut grown = object.clone();
    let room = bytes.saturating_sub(size(object));
    let mut at = random.below(count(object));
    if let Some(part) = nth(&mut grown, &mut at) {
        repeat(part, room, &mut random);
    }
    grown
}

fn repeat(part: &mut Value, room: usize, random: &mut Random) {
    match part {
        Value::Array(list) if !list.is_empty() => {
            let from = random.below(list.len());
            let pattern: Vec<Value> = list.iter().skip(from).take(1 + random.below(3)).cloned().collect();
            let each: usize = pattern.iter().map(|item| size(item) + 4).sum();
            let is_numbered = random.below(3) > 0;
            for n in 0..room / each {
                list.extend(pattern.iter().map(|item| if is_numbered { numbered(item, n) } else { item.clone() }));
            }
        }
        Value::Object(map) if !map.is_empty() => {
            let at = random.below(map.len());
            let Some((name, value)) = map.iter().nth(at).map(|(name, value)| (name.clone(), value.clone())) else {
                return;
            };
            let each = name.len() + size(&value) + 10;
            let is_prefix = random.below(3) == 0;
            for n in 0..room / each {
                let name = if is_prefix { format!("{n}{name}") } else { format!("{name}{n}") };
                map.insert(name, value.clone());
            }
        }
        Value::String(text) if !text.is_empty() => {
            let separator = random.pick(&["\n", " ", ",", ";", "", "\n---\n", "\n  ", ": "]);
            let start = random.below(text.len());
            let part = if random.below(2) == 0 { text.get(start..).unwrap_or(text) } else { text.as_str() };
            let part = format!("{separator}{part}");
            // Escapes take two bytes.
            let each = part.len() + part.matches(['\n', '"', '\\']).count();
            let times = room / each.max(1);
            *text = format!("{text}{}", part.repeat(times));
        }
        _ => {}
    }
}

/// The value with a number behind every name in it.
fn numbered(value: &Value, n: usize) -> Value {
    match value {
        Value::Object(map) => {
            let member = |(key, value): (&String, &Value)| {
                let value = match value {
                    Value::String(name) if key == "name" => Value::String(format!("{name}{n}")),
                    other => other.clone(),
                };
                (key.clone(), value)
            };
            Value::Object(map.iter().map(member).collect::<Map<_, _>>())
        }
        Value::String(text) => Value::String(format!("{text}{n}")),
        other => other.clone(),
    }
}

/// Bytes as JSON, nearly.
fn size(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 5,
        Value::String(text) => text.len() + text.matches(['\n', '"', '\\']).count() + 2,
        Value::Array(list) => list.iter().map(|item| size(item) + 1).sum::<usize>() + 1,
        Value::Object(map) => map.iter().map(|(name, value)| name.len() + size(value) + 4).sum::<usize>() + 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_object_grows_to_its_size() {
        let object = json!({"kind": "ConfigMap", "data": {"a": "x=1\ny=2"}, "list": [{"name": "web"}, "two", 3]});
        let mut sizes = Vec::new();
        for seed in 0..200 {
            let grown = grow(&object, 4096, seed);
            assert_eq!(grown, grow(&object, 4096, seed));
            let bytes = grown.to_string().len();
            assert!(bytes <= 4096, "{bytes} with seed {seed}");
            sizes.push(bytes);
        }
        assert!(sizes.iter().filter(|bytes| **bytes > 3000).count() > 100, "{sizes:?}");
    }
}
