//! Where something is after changes: a finding that was there before is not a new one.

use crate::change::{Change, escape};
use serde_json::Value;

/// Where a node of `value` is after the changes; `None` if it was removed.
pub fn moved(value: &Value, place: &str, changes: &[Change]) -> Option<String> {
    let mut result = String::new();
    let mut above = "";
    for (start, _) in place.match_indices('/') {
        let end = place.get(start + 1..)?.find('/').map_or(place.len(), |next| start + 1 + next);
        let (own, token) = (place.get(..end)?, place.get(start + 1..end)?);
        let mut moved = token.to_owned();
        let list = value.pointer(above).is_some_and(Value::is_array);
        let index = token.parse::<usize>().ok().filter(|_| list);
        let mut before = 0;
        for change in changes {
            match change {
                Change::Remove { pointer } if pointer == own => return None,
                Change::Rename { pointer, key } if pointer == own => moved = escape(key).into_owned(),
                Change::Remove { pointer } => {
                    let removed = pointer.rsplit_once('/').filter(|(parent, _)| *parent == above);
                    let removed = removed.and_then(|(_, token)| token.parse::<usize>().ok());
                    before += usize::from(removed.zip(index).is_some_and(|(removed, index)| removed < index));
                }
                _ => {}
            }
        }
        if let Some(index) = index {
            moved = (index - before).to_string();
        }
        result.push('/');
        result.push_str(&moved);
        above = own;
    }
    Some(result)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn places_move_with_removals_and_new_keys() {
        let value = json!({"l": [0, 1, {"a": 2}, 3], "m": {"x/y": {"z": 1}}, "n": {"0": 1, "1": 2}});
        let changes = [
            Change::Remove { pointer: "/l/0".to_owned() },
            Change::Remove { pointer: "/l/1".to_owned() },
            Change::Remove { pointer: "/n/0".to_owned() },
            Change::Rename { pointer: "/m/x~1y".to_owned(), key: "w/v".to_owned() },
            Change::Set { pointer: "/l/-".to_owned(), value: json!(4) },
        ];
        for (place, expected) in [
            ("", Some("")),
            ("/l", Some("/l")),
            ("/l/2/a", Some("/l/0/a")),
            ("/l/3", Some("/l/1")),
            ("/l/1", None),
            ("/m/x~1y/z", Some("/m/w~1v/z")),
            ("/n/0", None),
            // An index only in a list.
            ("/n/1", Some("/n/1")),
        ] {
            assert_eq!(moved(&value, place, &changes).as_deref(), expected, "{place}");
        }
    }
}
