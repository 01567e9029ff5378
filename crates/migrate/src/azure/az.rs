//! A shell script with the Azure CLI. It can run again: what is there stays.

use super::{GROUP_VARIABLE, REGISTRY_ROLES, symbol, words};
use crate::answers::is_placeholder;
use crate::phases::shell;
use crate::plan::{AUDIENCE, Identity, IdentityKind, Plan};
use std::fmt::Write;

/// The script for the identities that `wanted` accepts.
pub(super) fn script(plan: &Plan, wanted: impl Fn(&Identity) -> bool) -> String {
    let identities: Vec<&Identity> = plan.identities.iter().filter(|identity| wanted(identity)).collect();
    let has = |kind: IdentityKind| identities.iter().any(|identity| identity.kind == kind);
    let has_new = has(IdentityKind::New);
    let needs_group = identities
        .iter()
        .any(|identity| identity.kind != IdentityKind::Application && identity.segment("resourcegroups").is_none());
    let copies = identities.iter().any(|identity| identity.copies.is_some());
    let assigns = copies || identities.iter().any(|identity| !identity.roles.is_empty());
    let mut script = HEAD.to_owned();
    if needs_group {
        let _ = writeln!(script, ": \"${{{GROUP_VARIABLE}:?set it to the resource group of the identities}}\"");
    }
    if has_new {
        script.push_str(": \"${LOCATION:?set it to the region of new identities}\"\n");
    }
    for identity in &identities {
        variables(&mut script, identity);
    }
    script.push_str(ISSUER);
    if has(IdentityKind::Existing) || has_new {
        let _ = write!(script, "{FEDERATE_START}{AUDIENCE}{FEDERATE_END}");
    }
    if has(IdentityKind::Application) {
        let _ = write!(script, "{APPLICATION_START}{AUDIENCE}{APPLICATION_END}");
    }
    if assigns {
        script.push_str(ROLE_START);
        for (old, _, new, _) in REGISTRY_ROLES {
            let _ = writeln!(script, "    AbacRepositoryPermissions:{old}) echo '{new}' ;;");
        }
        script.push_str(ROLE_END);
    }
    if copies {
        script.push_str(COPY);
    }
    for identity in identities {
        section(&mut script, identity);
    }
    script
}

/// The variables that a person sets.
fn variables(script: &mut String, identity: &Identity) {
    let symbol = symbol(&identity.name).to_uppercase();
    if identity.kind == IdentityKind::Application && is_placeholder(&identity.client_id) {
        let _ = writeln!(script, ": \"${{APP_{symbol}:?set it to the client id of {}}}\"", words(&identity.name));
    }
    if identity.copies.is_some() {
        let old = identity.copies.as_deref().unwrap_or_default();
        let _ = writeln!(script, "# Whose roles {} gets.", words(&identity.name));
        let _ = writeln!(script, ": \"${{OLD_{symbol}:={}}}\"", words(old));
    }
    for (number, role) in (1..).zip(&identity.roles) {
        let on = words(&role.on);
        let _ =
            writeln!(script, ": \"${{SCOPE_{symbol}_{number}:?set it to the resource id for {}: {on}}}\"", role.role);
    }
}

fn section(script: &mut String, identity: &Identity) {
    let symbol = symbol(&identity.name).to_uppercase();
    let _ = writeln!(script, "\n# {}", words(&identity.name));
    let (name, place) = (shell(&identity.name()), identity.place());
    let app = match is_placeholder(&identity.client_id) {
        true => format!("\"$APP_{symbol}\""),
        false => shell(&identity.client_id),
    };
    if identity.kind == IdentityKind::New {
        let _ = writeln!(script, "az identity create --name {name} {place} --location \"$LOCATION\" --output none");
        let _ = writeln!(script, "client=$(az identity show --name {name} {place} --query clientId --output tsv)");
        let _ = writeln!(script, "echo \"client id of {}: $client\"", words(&identity.name));
    }
    for federation in &identity.federations {
        let (credential, subject) = (federation.credential(), shell(&federation.subject()));
        let _ = match identity.kind {
            IdentityKind::Application => writeln!(script, "federate_application {app} {credential} {subject}"),
            _ => writeln!(script, "federate {name} {credential} {subject} {place}"),
        };
    }
    if identity.copies.is_none() && identity.roles.is_empty() {
        return;
    }
    let _ = match identity.kind {
        IdentityKind::Application => {
            writeln!(script, "principal=$(az ad sp show --id {app} --query id --output tsv)")
        }
        _ => writeln!(script, "principal=$(az identity show --name {name} {place} --query principalId --output tsv)"),
    };
    if identity.copies.is_some() {
        let _ = writeln!(script, "copy_roles \"$OLD_{symbol}\" \"$principal\"");
    }
    for (number, role) in (1..).zip(&identity.roles) {
        let _ = writeln!(script, "assign {} \"$SCOPE_{symbol}_{number}\" \"$principal\"", shell(role.role));
    }
}

const HEAD: &str = "\
#!/bin/sh
# Identities, federated credentials and roles. It can run again: what is there stays.
set -eu

: \"${CLUSTER:?set it to the name of the AKS cluster}\"
: \"${CLUSTER_RESOURCE_GROUP:?set it to the resource group of the cluster}\"
";

const ISSUER: &str = "
az aks update --name \"$CLUSTER\" --resource-group \"$CLUSTER_RESOURCE_GROUP\" \\
  --enable-oidc-issuer --enable-workload-identity --output none
issuer=$(az aks show --name \"$CLUSTER\" --resource-group \"$CLUSTER_RESOURCE_GROUP\" \\
  --query oidcIssuerProfile.issuerUrl --output tsv)
";

const FEDERATE_START: &str = "
# federate IDENTITY CREDENTIAL SUBJECT OPTION...
federate() {
  identity=$1
  credential=$2
  subject=$3
  shift 3
  if ! az identity federated-credential show --name \"$credential\" --identity-name \"$identity\" \"$@\" \\
    --output none 2>/dev/null; then
    az identity federated-credential create --name \"$credential\" --identity-name \"$identity\" \"$@\" \\
      --issuer \"$issuer\" --subject \"$subject\" --audiences ";

const FEDERATE_END: &str = " --output none
  fi
}
";

const APPLICATION_START: &str = "
# federate_application CLIENT_ID CREDENTIAL SUBJECT
federate_application() {
  found=$(az ad app federated-credential list --id \"$1\" --query \"[?subject=='$3'].name\" --output tsv)
  if [ -z \"$found\" ]; then
    parameters=$(printf '{\"name\": \"%s\", \"issuer\": \"%s\", \"subject\": \"%s\", \"audiences\": [\"";

const APPLICATION_END: &str = "\"]}' \\
      \"$2\" \"$issuer\" \"$3\")
    az ad app federated-credential create --id \"$1\" --parameters \"$parameters\" --output none
  fi
}
";

const ROLE_START: &str = "
# role_for ROLE SCOPE: registries with ABAC do not honour the older roles
role_for() {
  mode=
  case $2 in
    */Microsoft.ContainerRegistry/registries/*)
      mode=$(az acr show --name \"${2##*/}\" --query roleAssignmentMode --output tsv) ;;
  esac
  case $mode:$1 in
";

const ROLE_END: &str = "    *) echo \"$1\" ;;
  esac
}

# assign ROLE SCOPE PRINCIPAL
assign() {
  az role assignment create --role \"$(role_for \"$1\" \"$2\")\" --scope \"$2\" \\
    --assignee-object-id \"$3\" --assignee-principal-type ServicePrincipal --output none
}
";

const COPY: &str = "
# copy_roles OLD NEW_PRINCIPAL
copy_roles() {
  az role assignment list --assignee \"$1\" --all --query '[].[roleDefinitionName, scope]' --output tsv |
    while IFS=\"$(printf '\\t')\" read -r role scope; do
      assign \"$role\" \"$scope\" \"$2\" </dev/null
    done
}
";
