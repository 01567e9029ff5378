//! JSON as a borrowed tree: parsing, queries, JSONPath and typed reading.

mod node;
pub mod path;
mod tree;
pub mod typed;
mod walk;

pub use node::{Malformed, Node, Tree, parse, parse_bytes};
pub use tree::Skip;
