//! How the objects of the sign-in table are told to use workload identity: the edits of each kind, as a table. Which
//! objects choose something else is the policy's knowledge (`auth_mode`); this is what to write instead.

use crate::case::{Case, member, remove, rename, safe, set, suggested};
use crate::{Edit, Fix};
use entra_auth_policy::view::container::image_path;
use kubernetes::kind::{self, Kind};
use manifest::{Change, escape, unescape};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What a kind needs to choose workload identity, for findings at or below a place, or directly above one that is
/// missing. In pointers, `*` is the index that the finding has there.
struct Mode {
    kinds: &'static [Kind],
    on: &'static str,
    steps: &'static [Step],
}

enum Step {
    Write(&'static str, &'static str),
    On(&'static str),
    /// Writes a list of one text.
    List(&'static str, &'static str),
    /// Writes a text where there is none yet.
    Default(&'static str, &'static str),
    /// The same in kinds that belong to no namespace.
    DefaultInCluster(&'static str, &'static str),
    /// Writes the text that another member has, where there is none yet.
    Copy(&'static str, &'static str),
    /// Writes "false" where there is something else.
    Off(&'static str),
    Remove(&'static str),
}

use Step::{Copy, Default, DefaultInCluster, List, Off, On, Remove, Write};

const ACCOUNT: &str = "<annotated service account>";
const NAMESPACE: &str = "<namespace>";
const CLIENT: &str = "<client id>";
const TENANT: &str = "<tenant id>";
const WORKLOAD: &str = "azure-workload";

/// The first that fits counts.
const MODES: &[Mode] = &[
    Mode {
        kinds: &[kind::SECRET_PROVIDER_CLASS],
        on: "/spec/parameters",
        steps: &[
            // The client id of the managed identity that nodes have.
            Copy("/spec/parameters/userAssignedIdentityID", "/spec/parameters/clientID"),
            Default("/spec/parameters/clientID", CLIENT),
            Off("/spec/parameters/usePodIdentity"),
            Off("/spec/parameters/useVMManagedIdentity"),
        ],
    },
    Mode { kinds: KEDA, on: "/spec/podIdentity", steps: &[Write("/spec/podIdentity/provider", WORKLOAD)] },
    Mode {
        kinds: KEDA,
        on: "/spec/azureKeyVault/podIdentity",
        steps: &[Write("/spec/azureKeyVault/podIdentity/provider", WORKLOAD)],
    },
    Mode {
        kinds: KEDA,
        on: "/spec/azureKeyVault/credentials",
        steps: &[
            Remove("/spec/azureKeyVault/credentials"),
            Write("/spec/azureKeyVault/podIdentity/provider", WORKLOAD),
        ],
    },
    Mode {
        kinds: KEDA,
        on: "/spec/secretTargetRef/*",
        steps: &[Remove("/spec/secretTargetRef/*"), Default("/spec/podIdentity/provider", WORKLOAD)],
    },
    Mode {
        kinds: KEDA,
        on: "/spec/env/*",
        steps: &[Remove("/spec/env/*"), Default("/spec/podIdentity/provider", WORKLOAD)],
    },
    Mode {
        kinds: KEDA,
        on: "/spec/configMapTargetRef/*",
        steps: &[Remove("/spec/configMapTargetRef/*"), Default("/spec/podIdentity/provider", WORKLOAD)],
    },
    Mode {
        kinds: &[kind::SCALED_OBJECT, kind::SCALED_JOB],
        on: "/spec/triggers/*/metadata",
        steps: &[
            Remove("/spec/triggers/*/metadata/clientSecret"),
            Remove("/spec/triggers/*/metadata/clientSecretFromEnv"),
            Remove("/spec/triggers/*/metadata/activeDirectoryClientPassword"),
            Remove("/spec/triggers/*/metadata/activeDirectoryClientPasswordFromEnv"),
            Remove("/spec/triggers/*/metadata/personalAccessToken"),
            Remove("/spec/triggers/*/metadata/personalAccessTokenFromEnv"),
            Remove("/spec/triggers/*/metadata/connection"),
            Remove("/spec/triggers/*/metadata/connectionFromEnv"),
            Remove("/spec/triggers/*/metadata/storageConnectionFromEnv"),
            Default("/spec/triggers/*/authenticationRef/name", "<TriggerAuthentication with azure-workload>"),
        ],
    },
    Mode {
        kinds: STORES,
        on: "/spec/provider/azurekv",
        steps: &[
            Write("/spec/provider/azurekv/authType", "WorkloadIdentity"),
            Default("/spec/provider/azurekv/serviceAccountRef/name", ACCOUNT),
            DefaultInCluster("/spec/provider/azurekv/serviceAccountRef/namespace", NAMESPACE),
            Remove("/spec/provider/azurekv/authSecretRef"),
        ],
    },
    Mode {
        kinds: STORES,
        on: "/spec/provider/aws/auth/secretRef",
        steps: &[
            Remove("/spec/provider/aws/auth/secretRef"),
            Default("/spec/provider/aws/auth/jwt/serviceAccountRef/name", "<service account that the AWS role trusts>"),
            DefaultInCluster("/spec/provider/aws/auth/jwt/serviceAccountRef/namespace", NAMESPACE),
        ],
    },
    Mode {
        kinds: &[kind::ACR_ACCESS_TOKEN],
        on: "/spec/auth",
        steps: &[
            Remove("/spec/auth/servicePrincipal"),
            Remove("/spec/auth/managedIdentity"),
            Default("/spec/auth/workloadIdentity/serviceAccountRef/name", ACCOUNT),
        ],
    },
    Mode {
        kinds: &[kind::CLUSTER_GENERATOR],
        on: "/spec/generator/acrAccessTokenSpec/auth",
        steps: &[
            Remove("/spec/generator/acrAccessTokenSpec/auth/servicePrincipal"),
            Remove("/spec/generator/acrAccessTokenSpec/auth/managedIdentity"),
            Default("/spec/generator/acrAccessTokenSpec/auth/workloadIdentity/serviceAccountRef/name", ACCOUNT),
            Default("/spec/generator/acrAccessTokenSpec/auth/workloadIdentity/serviceAccountRef/namespace", NAMESPACE),
        ],
    },
    Mode {
        kinds: &[kind::ACR_PULL_BINDING],
        on: "/spec/auth",
        steps: &[
            Remove("/spec/auth/managedIdentity"),
            Default("/spec/auth/workloadIdentity/serviceAccountRef", ACCOUNT),
        ],
    },
    Mode {
        kinds: &[
            kind::RATIFY_STORE,
            kind::RATIFY_NAMESPACED_STORE,
            kind::RATIFY_KEY_PROVIDER,
            kind::RATIFY_NAMESPACED_KEY_PROVIDER,
        ],
        on: "/spec/parameters/authProvider",
        steps: &[Write("/spec/parameters/authProvider/name", "azureWorkloadIdentity")],
    },
    Mode {
        kinds: &[kind::ISSUER, kind::CLUSTER_ISSUER],
        on: "/spec/acme/solvers/*/dns01/azureDNS",
        steps: &[
            Remove("/spec/acme/solvers/*/dns01/azureDNS/clientSecretSecretRef"),
            Remove("/spec/acme/solvers/*/dns01/azureDNS/tenantID"),
            Copy(
                "/spec/acme/solvers/*/dns01/azureDNS/clientID",
                "/spec/acme/solvers/*/dns01/azureDNS/managedIdentity/clientID",
            ),
            Default("/spec/acme/solvers/*/dns01/azureDNS/managedIdentity/clientID", CLIENT),
            Remove("/spec/acme/solvers/*/dns01/azureDNS/clientID"),
        ],
    },
    Mode {
        kinds: &[kind::EXTERNAL_DNS, kind::CLUSTER_EXTERNAL_DNS],
        on: "/spec/identity",
        steps: &[
            Write("/spec/identity/type", "workloadIdentity"),
            Default("/spec/identity/serviceAccount", ACCOUNT),
            Remove("/spec/identity/clientID"),
        ],
    },
    Mode {
        kinds: &[kind::AZURE_CLUSTER_IDENTITY],
        on: "/spec/type",
        steps: &[
            Write("/spec/type", "WorkloadIdentity"),
            Default("/spec/clientID", CLIENT),
            Default("/spec/tenantID", TENANT),
            Remove("/spec/clientSecret"),
        ],
    },
    Mode {
        kinds: &[kind::AZURE_CLUSTER_IDENTITY],
        on: "/spec/allowedNamespaces",
        steps: &[List("/spec/allowedNamespaces/list", NAMESPACE)],
    },
    Mode {
        kinds: &[
            kind::UPBOUND_PROVIDER_CONFIG,
            kind::UPBOUND_M_PROVIDER_CONFIG,
            kind::UPBOUND_M_CLUSTER_PROVIDER_CONFIG,
            kind::CROSSPLANE_PROVIDER_CONFIG,
        ],
        on: "/spec/credentials",
        steps: &[
            Write("/spec/credentials/source", "OIDCTokenFile"),
            Remove("/spec/credentials/secretRef"),
            Remove("/spec/credentials/fs"),
            Remove("/spec/credentials/env"),
            Default("/spec/clientID", CLIENT),
            Default("/spec/tenantID", TENANT),
        ],
    },
    Mode {
        kinds: &[
            kind::CROSSPLANE_KUBERNETES,
            kind::CROSSPLANE_M_KUBERNETES,
            kind::CROSSPLANE_M_CLUSTER_KUBERNETES,
            kind::CROSSPLANE_HELM,
            kind::CROSSPLANE_M_HELM,
            kind::CROSSPLANE_M_CLUSTER_HELM,
        ],
        on: "/spec/identity",
        steps: &[Write("/spec/identity/type", "AzureWorkloadIdentityCredentials")],
    },
    Mode {
        kinds: &[kind::FLUX_BUCKET, kind::FLUX_PROVIDER],
        on: "/spec/secretRef",
        steps: &[Remove("/spec/secretRef"), Default("/spec/serviceAccountName", ACCOUNT)],
    },
    Mode {
        kinds: &[
            kind::FLUX_OCI_REPOSITORY,
            kind::FLUX_HELM_REPOSITORY,
            kind::FLUX_IMAGE_REPOSITORY,
            kind::FLUX_GIT_REPOSITORY,
        ],
        on: "/spec/secretRef",
        steps: &[Remove("/spec/secretRef"), Write("/spec/provider", "azure")],
    },
    Mode {
        kinds: &[kind::BACKUP_STORAGE_LOCATION],
        on: "/spec/config",
        steps: &[Remove("/spec/config/storageAccountKeyEnvVar"), Write("/spec/config/useAAD", "true")],
    },
    Mode {
        kinds: CNPG,
        on: "/spec/backup/barmanObjectStore/azureCredentials",
        steps: &[
            Remove("/spec/backup/barmanObjectStore/azureCredentials/connectionString"),
            Remove("/spec/backup/barmanObjectStore/azureCredentials/storageKey"),
            Remove("/spec/backup/barmanObjectStore/azureCredentials/storageSasToken"),
            Remove("/spec/backup/barmanObjectStore/azureCredentials/inheritFromAzureAD"),
            On("/spec/backup/barmanObjectStore/azureCredentials/useDefaultAzureCredentials"),
        ],
    },
    Mode {
        kinds: CNPG,
        on: "/spec/externalClusters/*/barmanObjectStore/azureCredentials",
        steps: &[
            Remove("/spec/externalClusters/*/barmanObjectStore/azureCredentials/connectionString"),
            Remove("/spec/externalClusters/*/barmanObjectStore/azureCredentials/storageKey"),
            Remove("/spec/externalClusters/*/barmanObjectStore/azureCredentials/storageSasToken"),
            Remove("/spec/externalClusters/*/barmanObjectStore/azureCredentials/inheritFromAzureAD"),
            On("/spec/externalClusters/*/barmanObjectStore/azureCredentials/useDefaultAzureCredentials"),
        ],
    },
    Mode {
        kinds: CNPG,
        on: "/spec/configuration/azureCredentials",
        steps: &[
            Remove("/spec/configuration/azureCredentials/connectionString"),
            Remove("/spec/configuration/azureCredentials/storageKey"),
            Remove("/spec/configuration/azureCredentials/storageSasToken"),
            Remove("/spec/configuration/azureCredentials/inheritFromAzureAD"),
            On("/spec/configuration/azureCredentials/useDefaultAzureCredentials"),
        ],
    },
    Mode { kinds: &[kind::DAPR_COMPONENT], on: "/spec/metadata/*", steps: &[Remove("/spec/metadata/*")] },
    Mode {
        kinds: &[kind::PROMETHEUS, kind::PROMETHEUS_AGENT],
        on: "/spec/remoteWrite/*/azureAd",
        steps: &[
            Copy("/spec/remoteWrite/*/azureAd/oauth/clientId", "/spec/remoteWrite/*/azureAd/workloadIdentity/clientId"),
            Copy(
                "/spec/remoteWrite/*/azureAd/managedIdentity/clientId",
                "/spec/remoteWrite/*/azureAd/workloadIdentity/clientId",
            ),
            Default("/spec/remoteWrite/*/azureAd/workloadIdentity/clientId", CLIENT),
            Copy("/spec/remoteWrite/*/azureAd/oauth/tenantId", "/spec/remoteWrite/*/azureAd/workloadIdentity/tenantId"),
            Default("/spec/remoteWrite/*/azureAd/workloadIdentity/tenantId", TENANT),
            Remove("/spec/remoteWrite/*/azureAd/oauth"),
            Remove("/spec/remoteWrite/*/azureAd/managedIdentity"),
        ],
    },
    Mode {
        kinds: &[kind::SCRAPE_CONFIG],
        on: "/spec/azureSDConfigs/*",
        steps: &[
            Write("/spec/azureSDConfigs/*/authenticationMethod", "WorkloadIdentity"),
            Remove("/spec/azureSDConfigs/*/clientSecret"),
            Default("/spec/azureSDConfigs/*/clientID", CLIENT),
            Default("/spec/azureSDConfigs/*/tenantID", TENANT),
        ],
    },
    Mode {
        kinds: APP_CONFIGURATION,
        on: "/spec/auth",
        steps: &[
            Remove("/spec/auth/servicePrincipalReference"),
            Remove("/spec/auth/managedIdentityClientId"),
            Default("/spec/auth/workloadIdentity/serviceAccountName", ACCOUNT),
        ],
    },
    Mode {
        kinds: APP_CONFIGURATION,
        on: "/spec/secret/auth/keyVaults/*",
        steps: &[
            Remove("/spec/secret/auth/keyVaults/*/servicePrincipalReference"),
            Remove("/spec/secret/auth/keyVaults/*/managedIdentityClientId"),
            Default("/spec/secret/auth/keyVaults/*/workloadIdentity/serviceAccountName", ACCOUNT),
        ],
    },
    Mode {
        kinds: APP_CONFIGURATION,
        on: "/spec/secret/auth/servicePrincipalReference",
        steps: &[
            Remove("/spec/secret/auth/servicePrincipalReference"),
            Default("/spec/secret/auth/workloadIdentity/serviceAccountName", ACCOUNT),
        ],
    },
    Mode {
        kinds: APP_CONFIGURATION,
        on: "/spec/secret/auth/managedIdentityClientId",
        steps: &[
            Remove("/spec/secret/auth/managedIdentityClientId"),
            Default("/spec/secret/auth/workloadIdentity/serviceAccountName", ACCOUNT),
        ],
    },
    Mode {
        kinds: APP_CONFIGURATION,
        on: "/spec/connectionStringReference",
        steps: &[
            Remove("/spec/connectionStringReference"),
            Default("/spec/endpoint", "<endpoint of the store>"),
            Default("/spec/auth/workloadIdentity/serviceAccountName", ACCOUNT),
        ],
    },
    Mode {
        kinds: &[kind::STORAGE_CLASS],
        on: "/parameters",
        steps: &[
            Write("/parameters/mountWithWorkloadIdentityToken", "true"),
            Remove("/parameters/mountWithManagedIdentity"),
            Remove("/parameters/storeAccountKey"),
            Remove("/parameters/AzureStorageAuthType"),
            Remove("/parameters/AzureStorageSPNClientID"),
            Remove("/parameters/AzureStorageSPNTenantID"),
            Remove("/parameters/csi.storage.k8s.io~1node-stage-secret-name"),
            Remove("/parameters/csi.storage.k8s.io~1node-stage-secret-namespace"),
        ],
    },
    Mode {
        kinds: &[kind::STORAGE_CLASS],
        on: "/provisioner",
        steps: &[
            Write("/provisioner", "file.csi.azure.com"),
            Write("/parameters/mountWithWorkloadIdentityToken", "true"),
        ],
    },
    Mode {
        kinds: &[kind::PERSISTENT_VOLUME],
        on: "/spec/csi",
        steps: &[
            Write("/spec/csi/volumeAttributes/mountWithWorkloadIdentityToken", "true"),
            Remove("/spec/csi/nodeStageSecretRef"),
            Remove("/spec/csi/nodePublishSecretRef"),
            Remove("/spec/csi/volumeAttributes/secretName"),
            Remove("/spec/csi/volumeAttributes/secretNamespace"),
            Remove("/spec/csi/volumeAttributes/mountWithManagedIdentity"),
            Remove("/spec/csi/volumeAttributes/AzureStorageAuthType"),
            Remove("/spec/csi/volumeAttributes/AzureStorageSPNClientID"),
            Remove("/spec/csi/volumeAttributes/AzureStorageSPNTenantID"),
        ],
    },
];

const KEDA: &[Kind] = &[kind::TRIGGER_AUTHENTICATION, kind::CLUSTER_TRIGGER_AUTHENTICATION];
const STORES: &[Kind] = &[kind::SECRET_STORE, kind::CLUSTER_SECRET_STORE];
const CNPG: &[Kind] = &[kind::CNPG_CLUSTER, kind::BARMAN_OBJECT_STORE];
const APP_CONFIGURATION: &[Kind] = &[kind::APP_CONFIGURATION_PROVIDER];
/// The drivers of volumes ignore the case of their keys.
const VOLUMES: &[Kind] = &[kind::STORAGE_CLASS, kind::PERSISTENT_VOLUME];

const TITLE: &str = "choose workload identity";

/// The fix of a finding about what an object signs in with.
pub(crate) fn choose_workload_identity(case: &Case<'_>) -> Vec<Fix> {
    if let Some(fix) = misspelt_client_id(case).or_else(|| by_member(case)) {
        return fix;
    }
    let fitting = MODES.iter().filter(|mode| case.is_any(mode.kinds));
    let Some((mode, indexes)) = fitting.filter_map(|mode| Some((mode, fits(mode.on, case.pointer())?))).next() else {
        return Vec::new();
    };
    let edits = Steps { case, indexes: &indexes, edits: BTreeMap::new() }.apply(mode.steps);
    // What stays as it is where the finding is does not resolve it.
    let touches = |edit: &Edit| {
        let Edit::Own(change) = edit else { return false };
        let (changed, found) = (change.pointer(), case.pointer());
        is_below(changed, found) || is_below(found, changed)
    };
    if edits.iter().any(touches) { suggested(TITLE, edits) } else { Vec::new() }
}

fn is_below(pointer: &str, above: &str) -> bool {
    pointer.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The indexes that the finding has where the place has `*`, if it is at the place, below it, or above what is missing.
fn fits(place: &str, pointer: &str) -> Option<Vec<String>> {
    let mut indexes = Vec::new();
    let (mut steps, mut tokens) = (place.split('/').skip(1), pointer.split('/').skip(1));
    loop {
        match (steps.next(), tokens.next()) {
            (Some("*"), Some(index)) => indexes.push(index.to_owned()),
            (Some(step), Some(token)) if step == token => {}
            (Some(_), Some(_)) => return None,
            (step, None) if step == Some("*") || steps.any(|step| step == "*") => return None,
            (_, None) | (None, _) => return Some(indexes),
        }
    }
}

/// The Key Vault provider's names are case-sensitive.
fn misspelt_client_id(case: &Case<'_>) -> Option<Vec<Fix>> {
    const RIGHT: &str = "clientID";
    if !case.is(&kind::SECRET_PROVIDER_CLASS)
        || case.pointer() != "/spec/parameters"
        || case.node().get(RIGHT).is_some()
    {
        return None;
    }
    let mut keys = case.node().as_object()?.keys().filter(|key| key.eq_ignore_ascii_case(RIGHT));
    let key = keys.next().filter(|_| keys.next().is_none())?;
    Some(safe("write clientID as the provider does", [rename(member(case.pointer(), key), RIGHT)]))
}

/// Members that mean the same at any depth.
fn by_member(case: &Case<'_>) -> Option<Vec<Fix>> {
    let key = case.key();
    if let Some((variable, name)) = case.variable() {
        let is_source = name.to_ascii_lowercase().ends_with("__sourcetype");
        let place = format!("{variable}/value");
        let pod = case.pod().filter(|_| is_source)?;
        let mut edits = vec![set(place, "SignedAssertionFilePath")];
        if !pod.signs_in() {
            edits.extend(pod.enable_workload_identity());
        }
        return Some(suggested(TITLE, edits));
    }
    if let Some(image) = case.node()["image"].as_str() {
        return Some(suggested(TITLE, controller(case, image_path(image))));
    }
    let edits = match key.as_ref() {
        // Listeners of a Gateway.
        "kubernetes.azure.com/tls-cert-keyvault-uri" if case.is(&kind::GATEWAY) => {
            vec![set(member(case.above(), "kubernetes.azure.com/tls-cert-service-account"), ACCOUNT)]
        }
        // Artifacts of Argo Workflows.
        "accountKeySecret" if case.above().ends_with("/azure") => {
            vec![remove(case.pointer()), set(member(case.above(), "useSDKCreds"), true)]
        }
        // Data sources of Grafana.
        "azureAuthType" => vec![set(case.pointer(), "workloadidentity")],
        "authType" if case.above().ends_with("/azureCredentials") => vec![set(case.pointer(), "workloadidentity")],
        // The Key Vault driver takes the identity from the SecretProviderClass.
        "nodePublishSecretRef" if case.at(case.above())["driver"] == "secrets-store.csi.k8s.io" => {
            vec![remove(case.pointer())]
        }
        _ => return None,
    };
    Some(suggested(TITLE, edits))
}

/// Controllers that take the node's identity unless their pods have one.
fn controller(case: &Case<'_>, image: &str) -> Vec<Edit> {
    const SWITCH: &str = "ARM_USE_WORKLOAD_IDENTITY_EXTENSION";
    let Some(pod) = case.pod() else { return Vec::new() };
    let mut edits = if pod.signs_in() { Vec::new() } else { pod.enable_workload_identity() };
    if image.contains("cluster-autoscaler") {
        let variables = pod.items(&format!("{}/env", case.pointer()));
        let place = variables.iter().find(|(_, variable)| variable["name"] == SWITCH).map(|(place, _)| place);
        edits.push(match place {
            Some(place) => set(format!("{place}/value"), "true"),
            None => set(format!("{}/env/-", case.pointer()), json!({"name": SWITCH, "value": "true"})),
        });
    }
    edits
}

/// The edits of a mode, one for each place, in their order.
struct Steps<'c, 'a> {
    case: &'c Case<'a>,
    indexes: &'c [String],
    edits: BTreeMap<String, (usize, Edit)>,
}

impl Steps<'_, '_> {
    fn apply(mut self, steps: &[Step]) -> Vec<Edit> {
        for step in steps {
            match step {
                Write(path, value) => self.write(path, json!(value)),
                On(path) => self.write(path, json!(true)),
                List(path, value) => self.write(path, json!([value])),
                Default(path, value) => self.default(path, json!(value)),
                DefaultInCluster(path, value) => {
                    let kind = self.case.object["kind"].as_str().unwrap_or_default();
                    if kind.starts_with("Cluster") {
                        self.default(path, json!(value));
                    }
                }
                Copy(from, to) => {
                    let value = self.case.at(&self.place(from)).clone();
                    if value.as_str().is_some_and(|text| !text.trim().is_empty()) {
                        self.default(to, value);
                    }
                }
                Off(path) => {
                    let place = self.place(path);
                    let value = self.case.at(&place);
                    if !value.is_null() && value != "false" {
                        self.push(place.clone(), set(place, "false"));
                    }
                }
                Remove(path) => {
                    let place = self.place(path);
                    if self.case.object.pointer(&place).is_some() {
                        self.push(place.clone(), remove(place));
                    }
                }
            }
        }
        let mut edits: Vec<(usize, Edit)> = self.edits.into_values().collect();
        edits.sort_by_key(|(order, _)| *order);
        edits.into_iter().map(|(_, edit)| edit).collect()
    }

    fn push(&mut self, place: String, edit: Edit) {
        let order = self.edits.len();
        self.edits.entry(place).or_insert((order, edit));
    }

    fn write(&mut self, path: &str, value: Value) {
        let place = self.place(path);
        if *self.case.at(&place) != value {
            self.push(place.clone(), Edit::Own(Change::Set { pointer: place, value }));
        }
    }

    fn default(&mut self, path: &str, value: Value) {
        let place = self.place(path);
        let is_set = match self.case.at(&place) {
            Value::Null => false,
            Value::String(text) => !text.trim().is_empty(),
            _ => true,
        };
        if !is_set {
            self.push(place.clone(), Edit::Own(Change::Set { pointer: place, value }));
        }
    }

    /// The pointer that a path of the table means, with the object's own spelling of keys where case does not matter.
    fn place(&self, path: &str) -> String {
        let any_case = self.case.is_any(VOLUMES);
        let mut indexes = self.indexes.iter();
        let mut place = String::new();
        for step in path.split('/').skip(1) {
            let step = if step == "*" { indexes.next().map_or("*", String::as_str) } else { step };
            let key = unescape(step);
            let other = self.case.at(&place).as_object().filter(|map| any_case && !map.contains_key(&*key));
            let spelt = other.and_then(|map| map.keys().find(|spelt| spelt.eq_ignore_ascii_case(&key)));
            place.push('/');
            place.push_str(&escape(spelt.map_or(&key, String::as_str)));
        }
        place
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_of_findings() {
        let indexes = |indexes: &[&str]| Some(indexes.iter().map(|index| (*index).to_owned()).collect::<Vec<_>>());
        assert_eq!(fits("/spec/a/*/b", "/spec/a/3/b/c"), indexes(&["3"]));
        assert_eq!(fits("/spec/a/*/b", "/spec/a/3"), indexes(&["3"]));
        assert_eq!(fits("/spec/a/*/b", "/spec/a"), None);
        assert_eq!(fits("/spec/a/*/b", "/spec/b"), None);
        assert_eq!(fits("/spec/parameters", "/spec"), indexes(&[]));
        assert_eq!(fits("/spec/parameters", "/specs"), None);
    }

    /// A place that begins with the same member as an earlier one of its kind is never reached.
    #[test]
    fn every_row_can_be_reached() {
        for (at, mode) in MODES.iter().enumerate() {
            let concrete = mode.on.replace('*', "0");
            let earlier =
                MODES.iter().take(at).filter(|earlier| earlier.kinds.iter().any(|kind| mode.kinds.contains(kind)));
            let hiding = earlier.filter(|earlier| fits(earlier.on, &concrete).is_some());
            assert_eq!(hiding.map(|earlier| earlier.on).next(), None, "hides {}", mode.on);
        }
    }
}
