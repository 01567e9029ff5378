//! From EKS: IAM roles for service accounts, Pod Identity, kube2iam and kiam.

use crate::accounts::{Wish, annotate, assign};
use crate::aws_auth;
use crate::draft::Draft;
use crate::estate::{Pods, account, containers, list, repository, text};
use crate::plan::{IdentityKind, Stage};
use crate::pointer::join;
use entra_auth_policy::rules::aws::aws_metadata_proxy::GROUP as AWS_PROXY_ANNOTATIONS;
use entra_auth_policy::rules::aws::aws_role_annotation::GROUP as AWS_ANNOTATIONS;
use entra_auth_policy::rules::aws::aws_role_annotation::VARIABLES as AWS_VARIABLES;
use entra_auth_policy::view::workload_identity::{SKIP_CONTAINERS, TOKEN_EXPIRATION};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const WHY: &str = "is for Amazon EKS and has no effect on AKS";
const KEPT: &str = "calls AWS with a role that trusts the cluster's issuer";
const DOCS: &str = "https://learn.microsoft.com/azure/aks/eks-edw-rearchitect";

/// Programs that only serve EKS, by the end of their image's repository, and what AKS has.
const COMPONENTS: &[(&str, &str)] = &[
    ("kube2iam", "workload identity does not need a proxy on the nodes"),
    ("kiam", "workload identity does not need a proxy on the nodes"),
    ("aws-load-balancer-controller", "AKS has its own load balancers, and application routing for Ingresses"),
    ("aws-ebs-csi-driver", "AKS has disk.csi.azure.com"),
    ("aws-efs-csi-driver", "AKS has file.csi.azure.com"),
    ("amazon-k8s-cni", "AKS has Azure CNI"),
    ("eks-pod-identity-agent", "AKS has the webhook of workload identity"),
    ("amazon-eks-pod-identity-webhook", "AKS has the webhook of workload identity"),
];

pub(crate) fn migrate(draft: &mut Draft<'_>) {
    let components = components(draft);
    let roles = roles_of_accounts(draft);
    let mut wishes = Vec::new();
    let (mut used, mut kept) = (BTreeSet::new(), BTreeSet::new());
    for pods in draft.estate.pods().to_vec() {
        if components.contains(&pods.index) {
            continue;
        }
        let state = draft.state(pods.index).clone();
        let name = account(&state, &pods).unwrap_or("default").to_owned();
        if keeps_aws(draft, &state, &pods, &name) {
            draft.keep(pods.index, KEPT);
            kept.insert((pods.namespace.clone(), name));
            continue;
        }
        let key = (pods.namespace.clone(), name);
        let role = proxy_role(&state, &pods).or_else(|| roles.get(&key).cloned());
        if let Some(role) = role {
            used.insert(key);
            let identity = identity(draft, &role);
            wishes.push(Wish { pods: pods.clone(), identities: vec![identity] });
        }
        remove_leftovers(draft, &pods);
    }
    assign(draft, &wishes, Stage::Apply);
    for ((namespace, name), role) in &roles {
        if draft.given.keeps_aws(namespace, name) || kept.contains(&(namespace.clone(), name.clone())) {
            if let Some(index) = draft.estate.find("", "ServiceAccount", namespace, name) {
                draft.keep(index, KEPT);
            }
            continue;
        }
        // Accounts that no pods of the input use: operators name them in custom resources.
        if !used.contains(&(namespace.clone(), name.clone())) {
            let identity = identity(draft, role);
            annotate(draft, namespace, name, identity);
            draft.federate(identity, namespace, name);
        }
        clean_account(draft, namespace, name);
    }
    objects(draft);
    aws_auth::migrate(draft);
    images(draft);
}

/// The name of a role in its ARN, or the name itself.
fn role_name(role: &str) -> &str {
    role.rsplit('/').next().unwrap_or(role)
}

fn identity(draft: &mut Draft<'_>, role: &str) -> usize {
    let name = role_name(role).to_owned();
    let identity = draft.identity(&name, IdentityKind::New, None);
    if let Some(known) = draft.identities.get_mut(identity) {
        known.copies = None;
    }
    draft.decide(
        false,
        format!("IAM role {name}"),
        "its policies are not in manifests: decide which Azure roles its identity needs, on which resources",
    );
    identity
}

/// IAM roles by namespace and service account.
fn roles_of_accounts(draft: &mut Draft<'_>) -> BTreeMap<(String, String), String> {
    let mut roles = BTreeMap::new();
    let annotation = join("/metadata/annotations", &[&format!("{AWS_ANNOTATIONS}role-arn")]);
    for (index, object) in draft.estate.of_kind("", "ServiceAccount") {
        let name = draft.name(index);
        if let Some(role) = text(object, &annotation).filter(|role| !role.is_empty() && !draft.is_deleted(index)) {
            roles.insert((name.namespace, name.name), role.to_owned());
        }
    }
    for (index, object) in draft.estate.of_kind("eks.services.k8s.aws", "PodIdentityAssociation") {
        let name = draft.name(index);
        let namespace = text(object, "/spec/namespace").unwrap_or(&name.namespace).to_owned();
        if let (Some(account), Some(role)) = (text(object, "/spec/serviceAccount"), text(object, "/spec/roleARN")) {
            roles.insert((namespace, account.to_owned()), role.to_owned());
        } else {
            draft.decide(false, &name, "does not name its role or account literally: map it by hand");
        }
    }
    roles
}

/// The role that pods ask kube2iam or kiam for.
fn proxy_role(state: &Value, pods: &Pods) -> Option<String> {
    let role = pods.at(&["metadata", "annotations", &format!("{AWS_PROXY_ANNOTATIONS}role")]);
    text(state, &role).filter(|role| !role.is_empty()).map(str::to_owned)
}

/// Whether the user says that pods go on calling AWS, or their author wired a token for it by hand.
fn keeps_aws(draft: &Draft<'_>, state: &Value, pods: &Pods, account: &str) -> bool {
    let projects = list(state, &pods.at(&["spec", "volumes"])).flat_map(|volume| list(volume, "/projected/sources"));
    let mut audiences = projects.filter_map(|source| text(source, "/serviceAccountToken/audience"));
    audiences.any(|audience| audience == "sts.amazonaws.com") || draft.given.keeps_aws(&pods.namespace, account)
}

/// Removes annotations and variables of EKS from pods.
fn remove_leftovers(draft: &mut Draft<'_>, pods: &Pods) {
    let state = draft.state(pods.index).clone();
    let places = [pods.at(&["metadata", "annotations"]), "/metadata/annotations".to_owned()];
    for annotations in places {
        let keys = state.pointer(&annotations).and_then(Value::as_object).into_iter().flat_map(|map| map.keys());
        for key in keys.filter(|key| key.starts_with(AWS_ANNOTATIONS) || key.starts_with(AWS_PROXY_ANNOTATIONS)) {
            if let Some(name) = key.strip_prefix(AWS_ANNOTATIONS) {
                translate(draft, pods, &state, &annotations, key, name);
            }
            draft.remove(Stage::Remove, pods.index, join(&annotations, &[key]), WHY);
        }
    }
    let mut others = BTreeSet::new();
    for container in containers(&state, pods) {
        let Some(variables) = state.pointer(&join(&container, &["env"])).and_then(Value::as_array) else { continue };
        for (at, variable) in variables.iter().enumerate() {
            let name = variable["name"].as_str().unwrap_or_default();
            let is_leftover = AWS_VARIABLES.iter().any(|(known, _)| *known == name)
                || matches!(name, "AWS_STS_REGIONAL_ENDPOINTS" | "AWS_ROLE_SESSION_NAME");
            if is_leftover {
                draft.remove(Stage::Remove, pods.index, format!("{container}/env/{at}"), WHY);
            } else if name.starts_with("AWS_") {
                others.insert(name.to_owned());
            }
        }
    }
    if !others.is_empty() {
        let object = draft.name(pods.index);
        let names = Vec::from_iter(others).join(", ");
        draft.decide(false, object, format!("still has {names}: its code calls AWS until it is ported"));
    }
}

/// Writes what an annotation of EKS means for workload identity.
fn translate(draft: &mut Draft<'_>, pods: &Pods, state: &Value, annotations: &str, key: &str, name: &str) {
    let Some(value) = text(state, &join(annotations, &[key])) else { return };
    let (new, value) = match name {
        "skip-containers" => (SKIP_CONTAINERS, value.replace(',', ";")),
        "token-expiration" => {
            let Ok(seconds) = value.trim().parse::<u64>() else { return };
            (TOKEN_EXPIRATION, seconds.clamp(3600, 86_400).to_string())
        }
        _ => return,
    };
    let why = "means the same to the webhook of workload identity";
    draft.set(Stage::Apply, pods.index, pods.at(&["metadata", "annotations", new]), value, why);
}

fn clean_account(draft: &mut Draft<'_>, namespace: &str, name: &str) {
    let Some(index) = draft.estate.find("", "ServiceAccount", namespace, name) else { return };
    let keys: Vec<String> = draft
        .state(index)
        .pointer("/metadata/annotations")
        .and_then(Value::as_object)
        .into_iter()
        .flat_map(|map| map.keys().filter(|key| key.starts_with(AWS_ANNOTATIONS)).cloned())
        .collect();
    for key in keys {
        draft.remove(Stage::Remove, index, join("/metadata/annotations", &[&key]), WHY);
    }
}

/// Deletes programs that only serve EKS, with their accounts and bindings. Returns their objects.
fn components(draft: &mut Draft<'_>) -> BTreeSet<usize> {
    let mut found = BTreeSet::new();
    for pods in draft.estate.pods().to_vec() {
        let state = draft.state(pods.index).clone();
        let images = containers(&state, &pods);
        let component = images.iter().filter_map(|pointer| text(state.pointer(pointer)?, "/image")).find_map(|image| {
            let path = repository(image);
            COMPONENTS.iter().find(|(name, _)| path == *name || path.ends_with(&format!("/{name}")))
        });
        let Some((_, instead)) = component else { continue };
        draft.delete(pods.index, instead);
        found.insert(pods.index);
        if let Some(name) = account(&state, &pods) {
            delete_account(draft, &pods.namespace, name, instead);
        }
    }
    found
}

/// Deletes an account, the bindings that are only for it, and the roles that only these name.
fn delete_account(draft: &mut Draft<'_>, namespace: &str, name: &str, why: &str) {
    const GROUP: &str = "rbac.authorization.k8s.io";
    if let Some(index) = draft.estate.find("", "ServiceAccount", namespace, name) {
        draft.delete(index, why);
    }
    let mut roles = BTreeSet::new();
    for kind in ["RoleBinding", "ClusterRoleBinding"] {
        for (index, binding) in draft.estate.of_kind(GROUP, kind) {
            let mut subjects = list(binding, "/subjects").peekable();
            let is_its = |subject: &Value| subject["name"] == name && subject["namespace"] == namespace;
            if subjects.peek().is_some() && subjects.all(is_its) {
                let home = draft.name(index).namespace;
                let kind = text(binding, "/roleRef/kind").unwrap_or_default().to_owned();
                let home = if kind == "Role" { home } else { String::new() };
                roles.insert((kind, home, text(binding, "/roleRef/name").unwrap_or_default().to_owned()));
                draft.delete(index, why);
            }
        }
    }
    for (kind, home, role) in roles {
        let is_used = ["RoleBinding", "ClusterRoleBinding"].iter().any(|binding| {
            draft.estate.of_kind(GROUP, binding).any(|(index, object)| {
                !draft.is_deleted(index) && object["roleRef"]["name"] == role && object["roleRef"]["kind"] == kind
            })
        });
        if let Some(index) = draft.estate.find(GROUP, &kind, &home, &role).filter(|_| !is_used) {
            draft.delete(index, why);
        }
    }
}

/// Objects other than workloads and accounts.
fn objects(draft: &mut Draft<'_>) {
    for (index, object) in draft.estate.objects.iter().enumerate() {
        let name = draft.name(index);
        match (name.group(), name.kind.as_str()) {
            ("eks.services.k8s.aws", "PodIdentityAssociation") => {
                draft.delete(index, "workload identity annotates the account instead");
            }
            ("vpcresources.k8s.aws", "SecurityGroupPolicy") => {
                draft.decide(false, &name, "write what its security groups allow as a NetworkPolicy");
                draft.delete(index, WHY);
            }
            ("crd.k8s.amazonaws.com", "ENIConfig") => draft.delete(index, "Azure CNI chooses the pod network"),
            ("", "Namespace") => {
                let keys = object.pointer("/metadata/annotations").and_then(Value::as_object);
                for key in keys.into_iter().flat_map(|map| map.keys()) {
                    if key.starts_with(AWS_PROXY_ANNOTATIONS) {
                        draft.remove(Stage::Remove, index, join("/metadata/annotations", &[key]), WHY);
                    }
                }
            }
            ("keda.sh", "TriggerAuthentication" | "ClusterTriggerAuthentication") => {
                if matches!(text(object, "/spec/podIdentity/provider"), Some("aws-eks" | "aws")) {
                    draft.task(
                        index,
                        "signs in to AWS for its triggers",
                        "replace the AWS triggers by Azure ones, and set provider: azure-workload",
                        "https://keda.sh/docs/latest/authentication-providers/azure-ad-workload-identity/",
                    );
                }
            }
            ("secrets-store.csi.x-k8s.io", "SecretProviderClass") if text(object, "/spec/provider") == Some("aws") => {
                draft.task(
                    index,
                    "reads secrets from AWS",
                    "copy them to Key Vault, then set provider: azure with clientID, keyvaultName and tenantID",
                    "https://learn.microsoft.com/azure/aks/csi-secrets-store-identity-access",
                );
            }
            ("external-secrets.io", "SecretStore" | "ClusterSecretStore")
                if object.pointer("/spec/provider/aws").is_some() =>
            {
                draft.task(
                    index,
                    "reads secrets from AWS",
                    "copy them to Key Vault, then use provider azurekv with authType: WorkloadIdentity",
                    "https://external-secrets.io/latest/provider/azure-key-vault/",
                );
            }
            _ => {}
        }
    }
}

/// Images in Amazon's registry, which AKS cannot pull with an identity.
fn images(draft: &mut Draft<'_>) {
    let mut registries: BTreeMap<String, usize> = BTreeMap::new();
    for pods in draft.estate.pods() {
        let state = draft.state(pods.index);
        for pointer in containers(state, pods) {
            let image = state.pointer(&pointer).and_then(|container| text(container, "/image")).unwrap_or_default();
            let registry = image.split('/').next().unwrap_or_default();
            if registry.contains(".dkr.ecr.") && !draft.is_deleted(pods.index) {
                *registries.entry(registry.to_owned()).or_default() += 1;
            }
        }
    }
    for (registry, count) in registries {
        let what = format!(
            "{} from it. Copy the images with `az acr import`, and let the nodes pull: `az aks update \
             --attach-acr`, or in a registry with ABAC the role Container Registry Repository Reader for the kubelet identity. \
             See {DOCS}",
            if count == 1 { "1 container pulls".to_owned() } else { format!("{count} containers pull") }
        );
        draft.decide(false, format!("registry {registry}"), what);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_roles() {
        assert_eq!(role_name("arn:aws:iam::111122223333:role/shop/checkout"), "checkout");
        assert_eq!(role_name("checkout"), "checkout");
    }
}
