//! A node of the tree as any type that implements `Deserialize`, such as those of k8s-openapi.
//!
//! Errors have no text. serde_json would describe them, and its code for printing numbers is a twentieth of the
//! module.

use crate::Node;
use serde::de::value::{MapDeserializer, SeqDeserializer};
use serde::de::{DeserializeOwned, Deserializer, Error, Expected, IntoDeserializer, Unexpected, Visitor};
use serde::forward_to_deserialize_any;
use std::fmt;

/// `node` as a `T`; `None` if it does not fit.
pub fn read<T: DeserializeOwned>(node: Node<'_>) -> Option<T> {
    T::deserialize(Typed(node)).ok()
}

struct Typed<'a>(Node<'a>);

impl<'a> IntoDeserializer<'a, Misfit> for Node<'a> {
    type Deserializer = Typed<'a>;

    fn into_deserializer(self) -> Typed<'a> {
        Typed(self)
    }
}

impl<'de> Deserializer<'de> for Typed<'de> {
    type Error = Misfit;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        let node = self.0;
        if let Some(text) = node.text() {
            visitor.visit_borrowed_str(text)
        } else if let Some(bool) = node.bool() {
            visitor.visit_bool(bool)
        } else if let Some(integer) = node.integer() {
            visitor.visit_i64(integer)
        } else if let Some(number) = node.number() {
            visitor.visit_f64(number)
        } else if node.is_list() {
            visitor.visit_seq(SeqDeserializer::new(node.items()))
        } else if node.is_object() {
            visitor.visit_map(MapDeserializer::new(node.members()))
        } else {
            visitor.visit_unit()
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Misfit> {
        if self.0.is_absent() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    /// Objects only: serde's default also reads a list as the fields in order.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Misfit> {
        if self.0.is_object() { self.deserialize_any(visitor) } else { Err(Misfit) }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// A value does not fit the type.
#[derive(Debug)]
struct Misfit;

impl fmt::Display for Misfit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("does not fit")
    }
}

impl std::error::Error for Misfit {}

// The default of each of these would format a text.
impl Error for Misfit {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Misfit
    }

    fn invalid_type(_: Unexpected<'_>, _: &dyn Expected) -> Self {
        Misfit
    }

    fn invalid_value(_: Unexpected<'_>, _: &dyn Expected) -> Self {
        Misfit
    }

    fn invalid_length(_: usize, _: &dyn Expected) -> Self {
        Misfit
    }

    fn unknown_variant(_: &str, _: &'static [&'static str]) -> Self {
        Misfit
    }

    fn unknown_field(_: &str, _: &'static [&'static str]) -> Self {
        Misfit
    }

    fn missing_field(_: &'static str) -> Self {
        Misfit
    }

    fn duplicate_field(_: &'static str) -> Self {
        Misfit
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse;
    use k8s_openapi::api::rbac::v1::PolicyRule;
    use serde::Deserialize;
    use std::collections::BTreeMap;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Sample {
        text: Option<String>,
        #[serde(default)]
        numbers: Vec<i64>,
        flag: Option<bool>,
        map: Option<BTreeMap<String, String>>,
    }

    fn sample(text: &str) -> Option<Sample> {
        read(Node::new(&parse(text).unwrap()))
    }

    #[test]
    fn what_fits_is_read() {
        let read = sample(r#"{"text":"a","numbers":[1,-2],"flag":null,"map":{"b":"c"},"other":[1.5,{"x":null}]}"#);
        let map = Some(BTreeMap::from([("b".to_owned(), "c".to_owned())]));
        assert_eq!(read, Some(Sample { text: Some("a".to_owned()), numbers: vec![1, -2], flag: None, map }));
        assert_eq!(sample("{}"), Some(Sample { text: None, numbers: Vec::new(), flag: None, map: None }));
    }

    #[test]
    fn what_does_not_fit_is_nothing() {
        for text in [
            "null",
            "[]",
            r#"["a",[],null,null]"#,
            r#"{"text":1}"#,
            r#"{"text":1.5}"#,
            r#"{"text":["a"]}"#,
            r#"{"numbers":["1"]}"#,
            r#"{"numbers":[1.5]}"#,
            r#"{"numbers":[9223372036854775808]}"#,
            r#"{"numbers":null}"#,
            r#"{"flag":"true"}"#,
            r#"{"map":[]}"#,
            r#"{"map":{"b":{}}}"#,
            r#"{"text":"a","text":"b"}"#,
        ] {
            assert_eq!(sample(text), None, "{text}");
        }
    }

    #[test]
    fn the_types_of_k8s_openapi_are_read() {
        let tree =
            parse(r#"[{"apiGroups":[""],"resources":["secrets"],"verbs":["get"],"resourceNames":null}]"#).unwrap();
        let rules: Vec<PolicyRule> = read(Node::new(&tree)).unwrap();
        assert_eq!(rules[0].resources.as_deref(), Some(["secrets".to_owned()].as_slice()));
        let tree = parse(r#"[{"apiGroups":"","verbs":["get"]}]"#).unwrap();
        assert!(read::<Vec<PolicyRule>>(Node::new(&tree)).is_none());
    }
}
