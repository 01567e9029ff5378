//! Paths as the table writes them: `spec.parameters.clientID`, with brackets around keys that have dots, `*` for
//! every element of a list, and an element of a list by its `name`.

use json::Node;

/// Calls `visit` with every node at `path`; where the path ends early, with the last node and the rest.
pub fn each<'a>(root: Node<'a>, path: &'static str, visit: &mut dyn FnMut(Node<'a>, &'static str)) {
    match split(path) {
        None => visit(root, ""),
        Some(("*", rest)) => root.items().for_each(|item| each(item, rest, visit)),
        Some((key, rest)) => match step(root, key, false) {
            // Without the list, no element chooses.
            next if next.is_absent() && path.contains('*') => {}
            next if next.is_absent() => visit(root, path),
            next => each(next, rest, visit),
        },
    }
}

/// The keys of a path, one by one.
pub fn steps(path: &'static str) -> impl Iterator<Item = &'static str> {
    let mut rest = path;
    std::iter::from_fn(move || {
        let (key, after) = split(rest)?;
        rest = after;
        Some(key)
    })
}

/// The first key of a path, and what follows.
pub fn split(path: &'static str) -> Option<(&'static str, &'static str)> {
    let path = path.strip_prefix('.').unwrap_or(path);
    if let Some((key, rest)) = path.strip_prefix('[').and_then(|bracketed| bracketed.split_once(']')) {
        return Some((key, rest));
    }
    // By bytes: every entry of a kind is split for each of its objects.
    let end = path.bytes().position(|b| matches!(b, b'.' | b'[')).unwrap_or(path.len());
    let (key, rest) = path.split_at_checked(end)?;
    (!key.is_empty()).then_some((key, rest))
}

/// The member `key`, or the element that is called so.
pub fn step<'a>(node: Node<'a>, key: &str, any_case: bool) -> Node<'a> {
    if node.is_list() {
        return node.items().find(|item| item.get("name").text() == Some(key)).unwrap_or(Node::absent());
    }
    let member = node.get(key);
    if !any_case || !member.is_absent() {
        return member;
    }
    let other = node.members().find(|(name, _)| name.eq_ignore_ascii_case(key));
    other.map_or(Node::absent(), |(_, member)| member)
}
