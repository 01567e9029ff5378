//! Objects of kinds that Kubernetes does not know: any string may be anything.

use crate::object::Object;
use crate::view::workload::Workload;
use json::Node;
use kubernetes::grant::is_built_in_group;

/// Groups of custom resources are domains.
pub fn is_custom_resource(object: &Object<'_>) -> bool {
    object.group.contains('.') && !is_built_in_group(object.group)
}

/// Every string of a custom resource, but for its annotations, the members called `besides` of its
/// containers, and the status, which nobody writes by hand.
pub fn strings<'a>(
    object: &Object<'a>,
    workloads: &[Workload<'a>],
    besides: &[&str],
    visit: &mut dyn FnMut(Node<'a>, &'a str),
) {
    if !is_custom_resource(object) {
        return;
    }
    let mut passed_over: Vec<usize> = Vec::new();
    for workload in workloads {
        passed_over.extend(workload.annotation_levels().map(Node::address));
        for container in workload.containers() {
            passed_over.extend(besides.iter().map(|key| container.node.get(key).address()));
        }
    }
    // Absent nodes share one address and are never visited.
    passed_over.sort_unstable();
    for (key, member) in object.root.members() {
        match key {
            "status" => {}
            "metadata" => walk(member.get("labels"), &passed_over, visit),
            _ => walk(member, &passed_over, visit),
        }
    }
}

/// The parser limits how deep a tree is.
fn walk<'a>(node: Node<'a>, passed_over: &[usize], visit: &mut dyn FnMut(Node<'a>, &'a str)) {
    if !passed_over.is_empty() && passed_over.binary_search(&node.address()).is_ok() {
        return;
    }
    if let Some(text) = node.text() {
        return visit(node, text);
    }
    node.items().for_each(|item| walk(item, passed_over, visit));
    node.members().for_each(|(_, member)| walk(member, passed_over, visit));
}
