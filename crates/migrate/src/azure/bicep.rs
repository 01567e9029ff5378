//! Bicep: a main file and three modules, because identities and roles are in different resource groups.

use super::{REGISTRY_ROLES, symbol, words};
use crate::plan::{AUDIENCE, Identity, IdentityKind, Plan};
use std::fmt::Write;

pub(super) fn files(plan: &Plan) -> Vec<(String, String)> {
    vec![
        ("main.bicep".to_owned(), main(plan)),
        ("modules/identity.bicep".to_owned(), IDENTITY.to_owned()),
        ("modules/federation.bicep".to_owned(), format!("{FEDERATION_START}{AUDIENCE}{FEDERATION_END}")),
        ("modules/roles.bicep".to_owned(), roles()),
    ]
}

fn main(plan: &Plan) -> String {
    let mut file = HEAD.to_owned();
    let identities = plan.identities.iter().filter(|identity| identity.kind != IdentityKind::Application);
    for identity in identities {
        section(&mut file, identity);
    }
    file
}

fn section(file: &mut String, identity: &Identity) {
    let symbol = symbol(&identity.name);
    let is_new = identity.kind == IdentityKind::New;
    let mut notes: Vec<String> =
        identity.roles.iter().map(|role| format!("{} on {}", role.role, words(&role.on))).collect();
    if let Some(old) = &identity.copies {
        notes.push(format!("those of {0}: az role assignment list --assignee {0} --all", words(old)));
    }
    let assigns = is_new || !notes.is_empty();
    let _ = writeln!(file, "\n// {}", words(&identity.name));
    if assigns {
        let needed = if notes.is_empty() { "as its workloads need them".to_owned() } else { notes.join("; ") };
        let _ = writeln!(file, "@description('Roles of {}: {needed}')", words(&identity.name));
        let _ = writeln!(file, "param roles_{symbol} roleType[] = []\n");
    }
    let scope = match (identity.segment("subscriptions"), identity.segment("resourcegroups")) {
        (Some(subscription), Some(group)) => {
            format!("\n  scope: resourceGroup('{}', '{}')", words(subscription), words(group))
        }
        _ => String::new(),
    };
    let name = words(&identity.name());
    if is_new {
        let _ = writeln!(
            file,
            "module identity_{symbol} 'modules/identity.bicep' = {{\n  name: 'identity-{name}'\n  params: {{\n    name: '{name}'\n    \
             location: location\n  }}\n}}\n"
        );
    }
    let reference = if is_new { format!("identity_{symbol}.outputs.name") } else { format!("'{name}'") };
    let _ = writeln!(
        file,
        "module federation_{symbol} 'modules/federation.bicep' = {{\n  name: 'federation-{name}'{scope}\n  params: {{\n    \
         identityName: {reference}\n    issuer: issuer\n    credentials: ["
    );
    for federation in &identity.federations {
        let (credential, subject) = (federation.credential(), words(&federation.subject()));
        let _ = writeln!(file, "      {{\n        name: '{credential}'\n        subject: '{subject}'\n      }}");
    }
    file.push_str("    ]\n  }\n}\n");
    if assigns {
        let _ = writeln!(
            file,
            "\nmodule roles_of_{symbol} 'modules/roles.bicep' = [for (role, index) in roles_{symbol}: {{\n  name: \
             'roles-{name}-${{index}}'\n  scope: resourceGroup(role.subscription, role.resourceGroup)\n  params: {{\n    \
             principalId: federation_{symbol}.outputs.principalId\n    roleDefinitionId: role.roleDefinitionId\n    \
             registry: role.?registry ?? ''\n    isAbacRegistry: role.?isAbacRegistry ?? false\n  }}\n}}]"
        );
    }
    let _ = writeln!(file, "\noutput clientId_{symbol} string = federation_{symbol}.outputs.clientId");
}

fn roles() -> String {
    let mut file = ROLES_START.to_owned();
    for (old, id, new, new_id) in REGISTRY_ROLES {
        let _ = writeln!(file, "  // {old}: {new}\n  '{id}': '{new_id}'");
    }
    file + ROLES_END
}

const HEAD: &str = "\
// Identities, federated credentials and roles. Deploy it to the resource group of the new identities.
targetScope = 'resourceGroup'

@description('The issuer: az aks show --name CLUSTER --resource-group GROUP --query oidcIssuerProfile.issuerUrl')
param issuer string

param location string = resourceGroup().location

@description('A role on a resource group, or on a registry in it')
type roleType = {
  subscription: string
  resourceGroup: string
  roleDefinitionId: string
  registry: string?
  isAbacRegistry: bool?
}
";

const IDENTITY: &str = "\
param name string
param location string

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' = {
  name: name
  location: location
}

output name string = identity.name
";

const FEDERATION_START: &str = "\
param identityName string
param issuer string
param credentials array

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2023-01-31' existing = {
  name: identityName
}

// Azure refuses to create credentials of one identity at the same time.
@batchSize(1)
resource federation 'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials@2023-01-31' = [for credential in credentials: {
  parent: identity
  name: credential.name
  properties: {
    issuer: issuer
    subject: credential.subject
    audiences: [
      '";

const FEDERATION_END: &str = "'
    ]
  }
}]

output principalId string = identity.properties.principalId
output clientId string = identity.properties.clientId
";

const ROLES_START: &str = "\
param principalId string
param roleDefinitionId string
param registry string
param isAbacRegistry bool

// Registries with ABAC do not honour the older roles.
var repositoryRoles = {
";

const ROLES_END: &str = "}

var roleId = isAbacRegistry ? (repositoryRoles[?roleDefinitionId] ?? roleDefinitionId) : roleDefinitionId

resource target 'Microsoft.ContainerRegistry/registries@2023-07-01' existing = if (!empty(registry)) {
  name: registry
}

resource onRegistry 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(registry)) {
  name: guid(registry, principalId, roleId)
  scope: target
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleId)
  }
}

resource onGroup 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (empty(registry)) {
  name: guid(resourceGroup().id, principalId, roleId)
  properties: {
    principalId: principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleId)
  }
}
";
