//! Objects of kinds that Kubernetes does not know.

use crate::object::Object;
use kubernetes::grant::is_built_in_group;

/// Groups of custom resources are domains.
pub(crate) fn is_custom_resource(object: &Object<'_>) -> bool {
    object.group.contains('.') && !is_built_in_group(object.group)
}
