//! JSON as a borrowed tree, and the questions that everything else asks of it.

mod node;
pub mod path;
mod tree;
pub mod typed;

pub use node::{Malformed, Node, Tree, parse, parse_bytes};
pub use tree::Part;
