//! Paths as the table writes them: `spec.parameters.clientID`, with brackets around keys that have dots, `*` for
//! every element of a list, an element of a list by its `name`, and `[a*]` for members that begin with `a`. What is
//! in braces selects: `*{name=azure*}` are the elements with such a name, in any case, `a{b}` is `a` if it has a
//! member `b`, and `a{!b/c}` is `a` if `b` does not have a member `c`.

use json::Node;
use text::glob;

/// Calls `visit` with every node at `path`; where the path ends early, with the last node and the rest.
pub(super) fn each<'a>(
    root: Node<'a>,
    path: &'static str,
    any_case: bool,
    visit: &mut dyn FnMut(Node<'a>, &'static str),
) {
    let Some((step_of, rest)) = split(path) else { return visit(root, "") };
    let (key, filter) = step_of.split_once('{').unwrap_or((step_of, ""));
    let filter = filter.trim_end_matches('}');
    let mut go_on = |node: Node<'a>| {
        if selects(filter, node) {
            each(node, rest, any_case, visit);
        }
    };
    if key.contains('*') {
        if key == "*" {
            return root.items().for_each(go_on);
        }
        root.members().filter(|(name, _)| glob::matches(key, name)).for_each(|(_, node)| go_on(node));
        return;
    }
    if any_case && !root.is_list() {
        // The driver may take any one of them.
        return root.members().filter(|(name, _)| name.eq_ignore_ascii_case(key)).for_each(|(_, node)| go_on(node));
    }
    match step(root, key, false) {
        // Without the list, no element chooses.
        next if next.is_absent() && path.contains('*') => {}
        next if next.is_absent() => visit(root, path),
        next => go_on(next),
    }
}

/// Whether a node has the member, or the member's value, that is in braces.
fn selects(filter: &str, node: Node<'_>) -> bool {
    match filter.split_once('=') {
        Some((name, value)) => node.get(name).text().is_some_and(|text| {
            let is_pattern = value.contains('*');
            is_pattern && glob::matches(&value.to_ascii_lowercase(), &text.to_ascii_lowercase())
                || text.eq_ignore_ascii_case(value)
        }),
        None if filter.is_empty() => true,
        None => {
            let (path, is_wanted) = filter.strip_prefix('!').map_or((filter, true), |path| (path, false));
            path.split('/').fold(node, |node, key| node.get(key)).is_absent() != is_wanted
        }
    }
}

/// The keys of a path, one by one.
pub(super) fn steps(path: &'static str) -> impl Iterator<Item = &'static str> {
    let mut rest = path;
    std::iter::from_fn(move || {
        let (key, after) = split(rest)?;
        rest = after;
        Some(key)
    })
}

/// The first key of a path, and what follows.
pub(super) fn split(path: &'static str) -> Option<(&'static str, &'static str)> {
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
pub(super) fn step<'a>(node: Node<'a>, key: &str, any_case: bool) -> Node<'a> {
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
