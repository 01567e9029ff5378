//! Values as text, in the style of the text around them.

use crate::tree;
use serde::Serialize;
use serde_json::ser::{PrettyFormatter, Serializer};
use serde_json::{Map, Value};

/// How a text is written.
#[derive(Debug)]
pub(super) struct Style {
    pub line_end: &'static str,
    /// Spaces for each level.
    pub step: usize,
    /// A list under a key begins in the column of the key.
    pub is_compact: bool,
    /// The text is JSON: everything is quoted.
    pub json: Option<Json>,
}

#[derive(Debug)]
pub(super) struct Json {
    /// One level, or nothing if the text is one line.
    pub step: Option<String>,
    pub colon: String,
    pub comma: String,
}

impl Style {
    /// A member in block style, each line with its end.
    pub(super) fn member(&self, key: &str, value: &Value, indent: &str) -> Option<String> {
        let map: Map<String, Value> = [(key.to_owned(), value.clone())].into_iter().collect();
        self.block(&Value::Object(map), indent)
    }

    /// A list's item in block style.
    pub(super) fn item(&self, value: &Value, indent: &str) -> Option<String> {
        self.block(&Value::Array(vec![value.clone()]), indent)
    }

    pub(super) fn document(&self, value: &Value) -> Option<String> {
        self.block(value, "")
    }

    fn block(&self, value: &Value, indent: &str) -> Option<String> {
        let options = serde_saphyr::ser_options! {
            indent_step: self.step,
            compact_list_indent: self.is_compact,
            // Folding would move words to other lines.
            folded_wrap_chars: usize::MAX,
        };
        let text = serde_saphyr::to_string_with_options(value, options).ok()?;
        let mut lines = String::new();
        for line in text.lines() {
            if !line.is_empty() {
                lines.push_str(indent);
                lines.push_str(line);
            }
            lines.push_str(self.line_end);
        }
        Some(lines)
    }

    /// A value on one line, inside of `{}` or `[]`, or as the value of a member or an item. In JSON of several
    /// lines, `indent` is that of the line on which it begins.
    pub(super) fn flow(&self, value: &Value, indent: &str) -> Option<String> {
        match &self.json {
            Some(Json { step: Some(step), .. }) => {
                let mut text = Vec::new();
                let pretty = PrettyFormatter::with_indent(step.as_bytes());
                value.serialize(&mut Serializer::with_formatter(&mut text, pretty)).ok()?;
                let text = String::from_utf8(text).ok()?;
                Some(text.replace('\n', &format!("{}{indent}", self.line_end)))
            }
            _ => self.one_line(value),
        }
    }

    /// The separators of members and items, and of keys and values.
    pub(super) fn comma(&self) -> &str {
        self.json.as_ref().map_or(", ", |json| &json.comma)
    }

    pub(super) fn colon(&self) -> &str {
        self.json.as_ref().map_or(": ", |json| &json.colon)
    }

    fn one_line(&self, value: &Value) -> Option<String> {
        let joined = |parts: Option<Vec<String>>| parts.map(|parts| parts.join(self.comma()));
        Some(match value {
            Value::Object(map) => {
                let member = |(key, value): (&String, &Value)| {
                    Some(format!("{}{}{}", self.flow_text(key)?, self.colon(), self.one_line(value)?))
                };
                format!("{{{}}}", joined(map.iter().map(member).collect())?)
            }
            Value::Array(list) => format!("[{}]", joined(list.iter().map(|item| self.one_line(item)).collect())?),
            Value::String(text) => self.flow_text(text)?,
            scalar => scalar.to_string(),
        })
    }

    /// A text that can be inside of `{}` or `[]`.
    pub(super) fn flow_text(&self, text: &str) -> Option<String> {
        if self.json.is_some() {
            return serde_json::to_string(text).ok();
        }
        let written = self.text(text)?;
        let is_plain = written == text;
        Some(if is_plain && text.contains(['{', '}', '[', ']', ',', ':', '#']) { quoted(text) } else { written })
    }

    /// A scalar as the value of a member or an item, if it fits into a line.
    pub(super) fn scalar(&self, value: &Value) -> Option<String> {
        match value {
            Value::String(text) => self.text(text),
            Value::Array(list) if list.is_empty() => Some("[]".to_owned()),
            Value::Object(map) if map.is_empty() => Some("{}".to_owned()),
            Value::Array(_) | Value::Object(_) => None,
            scalar => Some(scalar.to_string()),
        }
    }

    fn text(&self, text: &str) -> Option<String> {
        if self.json.is_some() {
            return serde_json::to_string(text).ok();
        }
        if text.contains(['\n', '\r']) {
            return Some(quoted(text));
        }
        let options = serde_saphyr::ser_options! { folded_wrap_chars: usize::MAX, prefer_block_scalars: false };
        let written = serde_saphyr::to_string_with_options(&text, options).ok()?;
        let written = written.strip_suffix('\n').unwrap_or(&written);
        let is_read = tree::parse(written).is_ok_and(|read| read == text);
        Some(if is_read { written.to_owned() } else { quoted(text) })
    }

    /// The text in the quotes that another text at this place had.
    pub(super) fn like(&self, before: &str, text: &str, is_flow: bool) -> Option<String> {
        let is_printable = |c: char| !c.is_control() && !matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}');
        match before.chars().next() {
            Some('"') => Some(quoted(text)),
            Some('\'') if text.chars().all(is_printable) => Some(format!("'{}'", text.replace('\'', "''"))),
            _ if is_flow => self.flow_text(text),
            _ => self.text(text),
        }
    }
}

/// In double quotes, as JSON and YAML have them.
pub(super) fn quoted(text: &str) -> String {
    let json = Value::from(text).to_string();
    let mut quoted = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            // JSON leaves these as they are; YAML does not print them.
            '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' => {
                quoted.push_str(&format!("\\u{:04x}", u32::from(c)));
            }
            c => quoted.push(c),
        }
    }
    quoted
}
