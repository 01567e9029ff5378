//! The Azure side: identities, federated credentials and roles, for one of three tools.

mod az;
mod bicep;
mod terraform;

use crate::plan::{Identity, IdentityKind, Plan};

/// The tool that creates identities.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AzureFormat {
    /// A shell script with the Azure CLI.
    #[default]
    Az,
    Bicep,
    Terraform,
}

/// The variable of scripts with the resource group of new identities.
pub(crate) const GROUP_VARIABLE: &str = "RESOURCE_GROUP";

/// Roles of registries, and what registries with ABAC honour in their place: names and ids of the definitions.
const REGISTRY_ROLES: &[(&str, &str, &str, &str)] = &[
    (
        "AcrPull",
        "7f951dda-4ed3-4680-a7ca-43fe172d538d",
        "Container Registry Repository Reader",
        "b93aa761-3e63-49ed-ac28-beffa264f7ac",
    ),
    (
        "AcrPush",
        "8311e382-0749-4cb8-b61a-304f252e45ec",
        "Container Registry Repository Writer",
        "2a1e307c-b015-4ebd-883e-5b7698a07328",
    ),
    (
        "AcrDelete",
        "c2f4ef07-c644-48eb-af81-4b1b4947fb11",
        "Container Registry Repository Contributor",
        "2efddaa5-3f1f-4df3-97df-af3f13818f4c",
    ),
];

/// The files of the phase: names and texts. An application is not a resource of Azure Resource Manager, so Bicep gets a
/// script for it as well.
pub(crate) fn files(plan: &Plan, format: AzureFormat) -> Vec<(String, String)> {
    let file = |name: &str, text: String| (name.to_owned(), text);
    match format {
        AzureFormat::Az => vec![file("identities.sh", az::script(plan, |_| true))],
        AzureFormat::Terraform => vec![file("main.tf", terraform::file(plan))],
        AzureFormat::Bicep => {
            let mut files = bicep::files(plan);
            let is_application = |identity: &Identity| identity.kind == IdentityKind::Application;
            if plan.identities.iter().any(is_application) {
                files.push(file("applications.sh", az::script(plan, is_application)));
            }
            files
        }
    }
}

/// The commands that run the files, from the folder above.
pub(crate) fn commands(plan: &Plan, format: AzureFormat, folder: &str) -> Vec<(String, String)> {
    let command = |what: &str, run: String| (what.to_owned(), run);
    match format {
        AzureFormat::Az => vec![command("create them with the Azure CLI", format!("sh {folder}/identities.sh"))],
        AzureFormat::Terraform => vec![
            command(
                "read what would be created",
                format!("terraform -chdir={folder} init && terraform -chdir={folder} plan"),
            ),
            command("create it", format!("terraform -chdir={folder} apply")),
        ],
        AzureFormat::Bicep => {
            let options = format!("--resource-group \"${GROUP_VARIABLE}\" --template-file {folder}/main.bicep");
            let mut commands = vec![
                command("read what would be created", format!("az deployment group what-if {options}")),
                command("create it", format!("az deployment group create {options}")),
            ];
            if plan.identities.iter().any(|identity| identity.kind == IdentityKind::Application) {
                let what = "federate the applications, which Bicep cannot";
                commands.push(command(what, format!("sh {folder}/applications.sh")));
            }
            commands
        }
    }
}

/// What has not been checked about the files.
pub(crate) fn not_checked(format: AzureFormat) -> &'static str {
    match format {
        AzureFormat::Az => {
            "Nothing in Azure was read: names, ids and roles are those of the manifests and of `ids.yaml`. The script has \
             not run. Read it first."
        }
        AzureFormat::Bicep => {
            "Nothing in Azure was read: names, ids and roles are those of the manifests and of `ids.yaml`. The files have \
             not been compiled. Run `az bicep build`, and read what `what-if` prints."
        }
        AzureFormat::Terraform => {
            "Nothing in Azure was read: names, ids and roles are those of the manifests and of `ids.yaml`. No provider \
             has seen the file. Run `terraform validate`, and read what `plan` prints."
        }
    }
}

/// A name for a variable or a symbol: letters, digits and `_`.
fn symbol(name: &str) -> String {
    let symbol: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    if symbol.starts_with(|c: char| c.is_ascii_alphabetic()) { symbol } else { format!("id_{symbol}") }
}

/// Words for a comment or a description, on one line and without quotes.
fn words(text: &str) -> String {
    text.chars().map(|c| if c.is_control() || "'\"\\${}`".contains(c) { ' ' } else { c }).collect()
}
