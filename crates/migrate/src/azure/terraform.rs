//! Terraform with the providers `azurerm` and `azuread`.

use super::{REGISTRY_ROLES, symbol, words};
use crate::answers::is_placeholder;
use crate::plan::{AUDIENCE, Identity, IdentityKind, Plan};
use std::fmt::Write;

pub(super) fn file(plan: &Plan) -> String {
    let mut file = HEAD.to_owned();
    let has = |kind: IdentityKind| plan.identities.iter().any(|identity| identity.kind == kind);
    if has(IdentityKind::Application) {
        file.push_str("    azuread = {\n      source  = \"hashicorp/azuread\"\n      version = \"~> 3.0\"\n    }\n");
    }
    file.push_str(PROVIDERS_END);
    let needs_group = plan
        .identities
        .iter()
        .any(|identity| identity.kind != IdentityKind::Application && identity.segment("resourcegroups").is_none());
    if needs_group {
        file.push_str(&variable("resource_group", "The resource group of the identities"));
    }
    if has(IdentityKind::New) {
        file.push_str(&variable("location", "The region of new identities"));
    }
    file.push_str(REGISTRIES);
    for (old, _, new, _) in REGISTRY_ROLES {
        let _ = writeln!(file, "    {old} = \"{new}\"");
    }
    file.push_str("  }\n}\n");
    for identity in &plan.identities {
        section(&mut file, identity);
    }
    file.push_str("\noutput \"client_ids\" {\n  value = {\n");
    for identity in &plan.identities {
        let _ = writeln!(file, "    {} = {}", quoted(&identity.name), client(identity));
    }
    file.push_str("  }\n}\n");
    file
}

fn variable(name: &str, description: &str) -> String {
    format!("\nvariable \"{name}\" {{\n  type        = string\n  description = {}\n}}\n", quoted(description))
}

/// A string of HCL.
fn quoted(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('"', "\\\"").replace("${", "$${").replace("%{", "%%{");
    format!("\"{}\"", text.replace(['\n', '\r'], " "))
}

/// The expression for the resource of an identity.
fn resource(identity: &Identity) -> String {
    let symbol = symbol(&identity.name);
    match identity.kind {
        IdentityKind::New => format!("azurerm_user_assigned_identity.{symbol}"),
        IdentityKind::Existing => format!("data.azurerm_user_assigned_identity.{symbol}"),
        IdentityKind::Application => format!("data.azuread_application.{symbol}"),
    }
}

fn client(identity: &Identity) -> String {
    format!("{}.client_id", resource(identity))
}

fn section(file: &mut String, identity: &Identity) {
    let symbol = symbol(&identity.name);
    let name = quoted(&identity.name());
    let group = identity.segment("resourcegroups").map_or("var.resource_group".to_owned(), quoted);
    let _ = writeln!(file, "\n# {}", words(&identity.name));
    match identity.kind {
        IdentityKind::New => {
            let _ = writeln!(
                file,
                "resource \"azurerm_user_assigned_identity\" \"{symbol}\" {{\n  name                = {name}\n  \
                 resource_group_name = {group}\n  location            = var.location\n}}"
            );
        }
        IdentityKind::Existing => {
            let _ = writeln!(
                file,
                "data \"azurerm_user_assigned_identity\" \"{symbol}\" {{\n  name                = {name}\n  \
                 resource_group_name = {group}\n}}"
            );
        }
        IdentityKind::Application => {
            let id = match is_placeholder(&identity.client_id) {
                true => {
                    file.push_str(&variable(
                        &format!("app_{symbol}"),
                        &format!("The client id of {}", words(&identity.name)),
                    ));
                    file.push('\n');
                    format!("var.app_{symbol}")
                }
                false => quoted(&identity.client_id),
            };
            let _ = writeln!(file, "data \"azuread_application\" \"{symbol}\" {{\n  client_id = {id}\n}}");
        }
    }
    for federation in &identity.federations {
        let credential = federation.credential();
        let label = symbol_of(&credential);
        let _ = match identity.kind {
            IdentityKind::Application => writeln!(
                file,
                "\nresource \"azuread_application_federated_identity_credential\" \"{symbol}_{label}\" {{\n  application_id = \
                 {}.id\n  display_name   = {}\n  issuer         = data.azurerm_kubernetes_cluster.cluster.oidc_issuer_url\n  \
                 subject        = {}\n  audiences      = [{}]\n}}",
                resource(identity),
                quoted(&credential),
                quoted(&federation.subject()),
                quoted(AUDIENCE)
            ),
            _ => writeln!(
                file,
                "\nresource \"azurerm_federated_identity_credential\" \"{symbol}_{label}\" {{\n  name                      = {}\n  \
                 user_assigned_identity_id = {}.id\n  issuer                    = \
                 data.azurerm_kubernetes_cluster.cluster.oidc_issuer_url\n  subject                   = {}\n  audience                  \
                 = [{}]\n}}",
                quoted(&credential),
                resource(identity),
                quoted(&federation.subject()),
                quoted(AUDIENCE)
            ),
        };
    }
    roles(file, identity, &symbol);
}

fn roles(file: &mut String, identity: &Identity, symbol: &str) {
    let mut notes: Vec<String> =
        identity.roles.iter().map(|role| format!("{} on {}", role.role, words(&role.on))).collect();
    if let Some(old) = &identity.copies {
        notes.push(format!("those of {0}, from az role assignment list --assignee {0} --all", words(old)));
    }
    if notes.is_empty() && identity.kind != IdentityKind::New {
        return;
    }
    let needed = if notes.is_empty() { "as its workloads need them".to_owned() } else { notes.join("; ") };
    let description = format!("Roles of {}: {needed}", words(&identity.name));
    let _ = writeln!(
        file,
        "\nvariable \"roles_{symbol}\" {{\n  type        = list(object({{ role = string, scope = string }}))\n  description = \
         {}\n  default     = []\n}}",
        quoted(&description)
    );
    let principal = match identity.kind {
        IdentityKind::Application => {
            let _ = writeln!(
                file,
                "\ndata \"azuread_service_principal\" \"{symbol}\" {{\n  client_id = {}\n}}",
                client(identity)
            );
            format!("data.azuread_service_principal.{symbol}.object_id")
        }
        _ => format!("{}.principal_id", resource(identity)),
    };
    let _ = writeln!(
        file,
        "\nresource \"azurerm_role_assignment\" \"{symbol}\" {{\n  for_each             = {{ for item in var.roles_{symbol} : \
         \"${{item.scope}}|${{item.role}}\" => item }}\n  scope                = each.value.scope\n  role_definition_name = \
         contains(var.abac_registries, each.value.scope) ? lookup(local.repository_roles, each.value.role, each.value.role) \
         : each.value.role\n  principal_id         = {principal}\n  principal_type       = \"ServicePrincipal\"\n}}"
    );
}

fn symbol_of(name: &str) -> String {
    symbol(name.trim_start_matches("kubernetes-"))
}

const HEAD: &str = "\
# Identities, federated credentials and roles.
terraform {
  required_providers {
    azurerm = {
      source  = \"hashicorp/azurerm\"
      version = \"~> 5.0\"
    }
";

const PROVIDERS_END: &str = "  }
}

variable \"cluster\" {
  type        = object({ name = string, resource_group = string })
  description = \"The AKS cluster, with its OIDC issuer and workload identity enabled\"
}

data \"azurerm_kubernetes_cluster\" \"cluster\" {
  name                = var.cluster.name
  resource_group_name = var.cluster.resource_group
}
";

const REGISTRIES: &str = "
variable \"abac_registries\" {
  type        = list(string)
  description = \"Resource ids of registries with ABAC, which do not honour the older roles\"
  default     = []
}

locals {
  repository_roles = {
";
