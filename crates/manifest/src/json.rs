//! The outline of JSON, many times as fast as reading it as YAML: most of what is large is JSON.
//!
//! The text has been read already, so this only finds positions. It leaves everything that it does not
//! expect to the reader of YAML.

use crate::outline::{Member, Node, Outline, Shape};
use crate::tree::DEEPEST;

pub(crate) fn outline(text: &str) -> Option<Outline> {
    let mut scan = Scan { text, at: 0, depth: 0, nodes: Vec::new() };
    scan.value()?;
    scan.space();
    (scan.at == text.len()).then_some(Outline { nodes: scan.nodes })
}

struct Scan<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
    nodes: Vec<Node>,
}

impl Scan<'_> {
    fn next(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.next(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// Whether this comes next; then it is passed.
    fn take(&mut self, byte: u8) -> bool {
        self.space();
        let is_next = self.next() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    fn value(&mut self) -> Option<usize> {
        self.space();
        let (start, node) = (self.at, self.nodes.len());
        self.nodes.push(Node { span: start..start, shape: Shape::Leaf, is_flow: false });
        let shape = match self.next()? {
            open @ (b'{' | b'[') => {
                self.at += 1;
                self.depth += 1;
                if self.depth > DEEPEST {
                    return None;
                }
                let shape = if open == b'{' { self.map()? } else { self.list()? };
                self.depth -= 1;
                shape
            }
            b'"' => {
                self.string()?;
                Shape::Leaf
            }
            b'-' | b'0'..=b'9' | b't' | b'f' | b'n' => {
                while self.next().is_some_and(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte)) {
                    self.at += 1;
                }
                Shape::Leaf
            }
            _ => return None,
        };
        let is_flow = !matches!(shape, Shape::Leaf);
        self.nodes[node] = Node { span: start..self.at, shape, is_flow };
        Some(node)
    }

    fn list(&mut self) -> Option<Shape> {
        let mut items = Vec::new();
        if self.take(b']') {
            return Some(Shape::List(items));
        }
        loop {
            items.push(self.value()?);
            if self.take(b']') {
                return Some(Shape::List(items));
            }
            self.take(b',').then_some(())?;
        }
    }

    fn map(&mut self) -> Option<Shape> {
        let mut members = Vec::new();
        if self.take(b'}') {
            return Some(Shape::Map(members));
        }
        loop {
            self.space();
            let start = self.at;
            let key = Some(self.string()?);
            let key_node = self.nodes.len();
            self.nodes.push(Node { span: start..self.at, shape: Shape::Leaf, is_flow: false });
            self.take(b':').then_some(())?;
            members.push(Member { key, key_node, value: self.value()?, merges: false });
            if self.take(b'}') {
                return Some(Shape::Map(members));
            }
            self.take(b',').then_some(())?;
        }
    }

    /// Passes a string, and says what is in it.
    fn string(&mut self) -> Option<String> {
        let start = self.at;
        (self.next()? == b'"').then_some(())?;
        let mut is_escaped = false;
        loop {
            self.at += 1;
            match self.next()? {
                b'"' => break,
                b'\\' => {
                    is_escaped = true;
                    self.at += 1;
                }
                _ => {}
            }
        }
        self.at += 1;
        let quoted = self.text.get(start..self.at)?;
        match is_escaped {
            true => serde_json::from_str(quoted).ok(),
            false => quoted.get(1..quoted.len() - 1).map(str::to_owned),
        }
    }
}
