//! Values as YAML text.

use anyhow::Result;
use serde_json::Value;

/// A value as one YAML document, without `---`. Strings that YAML 1.1 reads as something else, as kubectl does, are
/// quoted.
pub fn to_yaml(value: &Value) -> Result<String> {
    let mut text = serde_saphyr::to_string(value)?;
    if !text.ends_with('\n') {
        text.push('\n');
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_written_is_read_again() {
        let value = json!({
            "a": ["yes", "no", "on", "0x1f", "017", "1e3", "1_000", "12:30:00", "2026-11-27", "true", "null", "~", ""],
            "b": {"c": "two\nlines\n", "d": "# no comment", "e": "key: value", "f": " spaces ", "g": "<client-id of web>"},
            "empty": {}, "none": [], "numbers": [1, 1.5, -3, true, null],
            "azure.workload.identity/use": "true",
            "long": "word ".repeat(60),
        });
        let text = to_yaml(&value).unwrap();
        assert_eq!(crate::parse(&text).unwrap(), value, "{text}");
        assert!(text.contains("azure.workload.identity/use: \"true\"") || text.contains("use: 'true'"), "{text}");
    }
}
