//! Objects whose members have another type than the API gives them.

use crate::Fix;
use crate::case::{Case, safe_if, set};
use crate::table::{Row, both};
use entra_auth_policy::view::workload_identity::USE;
use serde_json::Value;

pub(crate) const ROWS: &[Row] = &[both(
    "unreadable-object",
    "put the value of the label azure.workload.identity/use in quotes",
    "put a number or boolean in quotes where the API has a string",
    quote,
)];

/// Maps and lists that hold strings only.
const OF_STRINGS: &[&str] =
    &["labels", "annotations", "matchLabels", "nodeSelector", "data", "stringData", "parameters", "args", "command"];

/// What the value was in the text is not known: `017` is 15 here. Of the label, every spelling of true means the same.
fn quote(case: &Case<'_>) -> Vec<Fix> {
    let value = case.node();
    let is_in = |list: &&str| case.above().ends_with(&format!("/{list}"));
    let is_of_variable = || case.key() == "value" && case.variable().is_some();
    if !(value.is_number() || value.is_boolean()) || !(OF_STRINGS.iter().any(is_in) || is_of_variable()) {
        return Vec::new();
    }
    let is_label = case.key() == USE && *value == Value::Bool(true);
    safe_if(is_label, format!("write \"{value}\" in quotes"), [set(case.pointer(), value.to_string())])
}
