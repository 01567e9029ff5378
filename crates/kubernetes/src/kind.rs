//! The Kubernetes kinds that the policy knows by name.
//!
//! One entry serves the dispatch of rules, the `rules:` of `metadata.yml` and the requests that programs make.
//! Plural, scope and versions of Kubernetes' own kinds come from [`RESOURCES`]; those of custom kinds are here.

use crate::resources::{RESOURCES, Scope};
use std::fmt;
use text::is_same;

/// A kind as the API server serves it. Rules match it by group and kind, in any version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    pub group: &'static str,
    pub kind: &'static str,
    /// The plural resource name, as RBAC rules and webhooks write it.
    pub plural: &'static str,
    /// Served versions, newest first.
    pub versions: &'static [&'static str],
    pub namespaced: bool,
    tag: Tag,
}

/// Group and kind as one number. Each request compares the kind of its object with hundreds of kinds, nearly
/// always without a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tag(u32);

impl Tag {
    /// FNV-1a. If tags are equal, the texts must still be compared.
    #[allow(clippy::indexing_slicing, reason = "the loop ends with the text")]
    pub const fn of(group: &str, kind: &str) -> Tag {
        let mut hash: u32 = 0x811c_9dc5;
        let texts = [kind.as_bytes(), group.as_bytes()];
        let mut n = 0;
        while n < texts.len() {
            let mut at = 0;
            while at < texts[n].len() {
                hash = (hash ^ texts[n][at] as u32).wrapping_mul(0x0100_0193);
                at += 1;
            }
            n += 1;
        }
        Tag(hash)
    }

    const fn bit(self) -> u64 {
        1 << (self.0 % 64)
    }
}

/// Kinds as bits of one number, which rules out most other kinds in one comparison.
#[derive(Clone, Copy, Debug)]
pub struct KindFilter(u64);

impl KindFilter {
    #[allow(clippy::indexing_slicing, reason = "the loop ends with the list")]
    pub const fn of(kinds: &[Kind]) -> KindFilter {
        let (mut bits, mut at) = (0, 0);
        while at < kinds.len() {
            bits |= kinds[at].tag.bit();
            at += 1;
        }
        KindFilter(bits)
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether a kind with this tag may be one of them.
    #[inline(always)]
    pub fn lets_through(self, tag: Tag) -> bool {
        self.0 & tag.bit() != 0
    }
}

impl Kind {
    pub fn is(&self, group: &str, kind: &str) -> bool {
        self.kind == kind && self.group == group
    }

    /// As [`Kind::is`], for a group and kind whose tag is known.
    #[inline(always)]
    pub fn has(&self, tag: Tag, group: &str, kind: &str) -> bool {
        self.tag == tag && self.is(group, kind)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.group.is_empty() { f.write_str(self.kind) } else { write!(f, "{}.{}", self.kind, self.group) }
    }
}

const fn namespaced(
    group: &'static str,
    kind: &'static str,
    plural: &'static str,
    versions: &'static [&'static str],
) -> Kind {
    Kind { group, kind, plural, versions, namespaced: true, tag: Tag::of(group, kind) }
}

const fn cluster(
    group: &'static str,
    kind: &'static str,
    plural: &'static str,
    versions: &'static [&'static str],
) -> Kind {
    Kind { group, kind, plural, versions, namespaced: false, tag: Tag::of(group, kind) }
}

/// The kind of Kubernetes itself that has this name.
pub const fn find_built_in(group: &str, kind: &str) -> Option<Kind> {
    let mut rest = RESOURCES;
    while let [(known_group, known_kind, plural, scope, versions), more @ ..] = rest {
        if is_same(group, known_group) && is_same(kind, known_kind) {
            let (group, kind, namespaced) = (known_group, known_kind, !matches!(scope, Scope::Cluster));
            return Some(Kind { group, kind, plural, versions, namespaced, tag: Tag::of(group, kind) });
        }
        rest = more;
    }
    None
}

/// A kind of Kubernetes itself. One that is not in its table does not compile.
#[allow(clippy::panic, reason = "runs at compile time only")]
const fn built_in(group: &str, kind: &str) -> Kind {
    match find_built_in(group, kind) {
        Some(kind) => kind,
        None => panic!("Kubernetes has no such kind"),
    }
}

pub const POD: Kind = built_in("", "Pod");
pub const POD_TEMPLATE: Kind = built_in("", "PodTemplate");
pub const REPLICATION_CONTROLLER: Kind = built_in("", "ReplicationController");
pub const DEPLOYMENT: Kind = built_in("apps", "Deployment");
pub const REPLICA_SET: Kind = built_in("apps", "ReplicaSet");
pub const STATEFUL_SET: Kind = built_in("apps", "StatefulSet");
pub const DAEMON_SET: Kind = built_in("apps", "DaemonSet");
pub const JOB: Kind = built_in("batch", "Job");
pub const CRON_JOB: Kind = built_in("batch", "CronJob");

pub const ROLLOUT: Kind = namespaced("argoproj.io", "Rollout", "rollouts", &["v1alpha1"]);
pub const WORKFLOW: Kind = namespaced("argoproj.io", "Workflow", "workflows", &["v1alpha1"]);
pub const WORKFLOW_TEMPLATE: Kind = namespaced("argoproj.io", "WorkflowTemplate", "workflowtemplates", &["v1alpha1"]);
pub const CLUSTER_WORKFLOW_TEMPLATE: Kind =
    cluster("argoproj.io", "ClusterWorkflowTemplate", "clusterworkflowtemplates", &["v1alpha1"]);
pub const CRON_WORKFLOW: Kind = namespaced("argoproj.io", "CronWorkflow", "cronworkflows", &["v1alpha1"]);
pub const KNATIVE_SERVICE: Kind = namespaced("serving.knative.dev", "Service", "services", &["v1"]);
pub const CLONE_SET: Kind = namespaced("apps.kruise.io", "CloneSet", "clonesets", &["v1alpha1"]);
pub const KRUISE_STATEFUL_SET: Kind =
    namespaced("apps.kruise.io", "StatefulSet", "statefulsets", &["v1beta1", "v1alpha1"]);
pub const KRUISE_DAEMON_SET: Kind = namespaced("apps.kruise.io", "DaemonSet", "daemonsets", &["v1beta1", "v1alpha1"]);
pub const SCALED_JOB: Kind = namespaced("keda.sh", "ScaledJob", "scaledjobs", &["v1alpha1"]);

const RBAC: &str = "rbac.authorization.k8s.io";
pub const ROLE: Kind = built_in(RBAC, "Role");
pub const CLUSTER_ROLE: Kind = built_in(RBAC, "ClusterRole");
pub const ROLE_BINDING: Kind = built_in(RBAC, "RoleBinding");
pub const CLUSTER_ROLE_BINDING: Kind = built_in(RBAC, "ClusterRoleBinding");

pub const SECRET: Kind = built_in("", "Secret");
pub const CONFIG_MAP: Kind = built_in("", "ConfigMap");
pub const SERVICE_ACCOUNT: Kind = built_in("", "ServiceAccount");
pub const NAMESPACE: Kind = built_in("", "Namespace");
pub const PERSISTENT_VOLUME: Kind = built_in("", "PersistentVolume");
pub const STORAGE_CLASS: Kind = built_in("storage.k8s.io", "StorageClass");
pub const VOLUME_ATTRIBUTES_CLASS: Kind = built_in("storage.k8s.io", "VolumeAttributesClass");
pub const PERSISTENT_VOLUME_CLAIM: Kind = built_in("", "PersistentVolumeClaim");
pub const SERVICE: Kind = built_in("", "Service");
pub const INGRESS: Kind = built_in("networking.k8s.io", "Ingress");
pub const RESOURCE_CLAIM: Kind = built_in("resource.k8s.io", "ResourceClaim");
pub const RESOURCE_CLAIM_TEMPLATE: Kind = built_in("resource.k8s.io", "ResourceClaimTemplate");
pub const DEVICE_CLASS: Kind = built_in("resource.k8s.io", "DeviceClass");
pub const CSI_DRIVER: Kind = built_in("storage.k8s.io", "CSIDriver");
pub const CERTIFICATE_SIGNING_REQUEST: Kind = built_in("certificates.k8s.io", "CertificateSigningRequest");
/// The body of `serviceaccounts/token`; it is never stored.
pub const TOKEN_REQUEST: Kind = namespaced("authentication.k8s.io", "TokenRequest", "serviceaccounts/token", &["v1"]);
pub const CUSTOM_RESOURCE_DEFINITION: Kind = built_in("apiextensions.k8s.io", "CustomResourceDefinition");

pub const SECRET_PROVIDER_CLASS: Kind =
    namespaced("secrets-store.csi.x-k8s.io", "SecretProviderClass", "secretproviderclasses", &["v1", "v1alpha1"]);
pub const TRIGGER_AUTHENTICATION: Kind =
    namespaced("keda.sh", "TriggerAuthentication", "triggerauthentications", &["v1alpha1"]);
pub const CLUSTER_TRIGGER_AUTHENTICATION: Kind =
    cluster("keda.sh", "ClusterTriggerAuthentication", "clustertriggerauthentications", &["v1alpha1"]);

/// Group of the deprecated pod-managed identity.
pub const POD_IDENTITY_GROUP: &str = "aadpodidentity.k8s.io";
pub const AZURE_IDENTITY: Kind = namespaced(POD_IDENTITY_GROUP, "AzureIdentity", "azureidentities", &["v1"]);
pub const AZURE_IDENTITY_BINDING: Kind =
    namespaced(POD_IDENTITY_GROUP, "AzureIdentityBinding", "azureidentitybindings", &["v1"]);
pub const AZURE_ASSIGNED_IDENTITY: Kind =
    namespaced(POD_IDENTITY_GROUP, "AzureAssignedIdentity", "azureassignedidentities", &["v1"]);
pub const AZURE_POD_IDENTITY_EXCEPTION: Kind =
    namespaced(POD_IDENTITY_GROUP, "AzurePodIdentityException", "azurepodidentityexceptions", &["v1"]);

pub const SECURITY_GROUP_POLICY: Kind =
    namespaced("vpcresources.k8s.aws", "SecurityGroupPolicy", "securitygrouppolicies", &["v1beta1"]);
pub const ENI_CONFIG: Kind = cluster("crd.k8s.amazonaws.com", "ENIConfig", "eniconfigs", &["v1alpha1"]);
pub const POD_IDENTITY_ASSOCIATION: Kind =
    namespaced("eks.services.k8s.aws", "PodIdentityAssociation", "podidentityassociations", &["v1alpha1"]);

// Objects that choose how something signs in to Azure: see `auth_mode`.
pub const SCALED_OBJECT: Kind = namespaced("keda.sh", "ScaledObject", "scaledobjects", &["v1alpha1"]);
pub const KEDA_1_TRIGGER_AUTHENTICATION: Kind =
    namespaced("keda.k8s.io", "TriggerAuthentication", "triggerauthentications", &["v1alpha1"]);
pub const KEDA_1_SCALED_OBJECT: Kind = namespaced("keda.k8s.io", "ScaledObject", "scaledobjects", &["v1alpha1"]);
pub const KEDA_1_SCALED_JOB: Kind = namespaced("keda.k8s.io", "ScaledJob", "scaledjobs", &["v1alpha1"]);
pub const SECRET_STORE: Kind =
    namespaced("external-secrets.io", "SecretStore", "secretstores", &["v1", "v1beta1", "v1alpha1"]);
pub const CLUSTER_SECRET_STORE: Kind =
    cluster("external-secrets.io", "ClusterSecretStore", "clustersecretstores", &["v1", "v1beta1", "v1alpha1"]);
pub const ACR_ACCESS_TOKEN: Kind =
    namespaced("generators.external-secrets.io", "ACRAccessToken", "acraccesstokens", &["v1alpha1"]);
pub const CLUSTER_GENERATOR: Kind =
    cluster("generators.external-secrets.io", "ClusterGenerator", "clustergenerators", &["v1alpha1"]);
pub const ISSUER: Kind = namespaced("cert-manager.io", "Issuer", "issuers", &["v1", "v1alpha3", "v1alpha2"]);
pub const CLUSTER_ISSUER: Kind =
    cluster("cert-manager.io", "ClusterIssuer", "clusterissuers", &["v1", "v1alpha3", "v1alpha2"]);
pub const AZURE_CLUSTER_IDENTITY: Kind =
    namespaced("infrastructure.cluster.x-k8s.io", "AzureClusterIdentity", "azureclusteridentities", &["v1beta1"]);
pub const UPBOUND_PROVIDER_CONFIG: Kind =
    cluster("azure.upbound.io", "ProviderConfig", "providerconfigs", &["v1beta1"]);
pub const UPBOUND_M_PROVIDER_CONFIG: Kind =
    namespaced("azure.m.upbound.io", "ProviderConfig", "providerconfigs", &["v1beta1"]);
pub const UPBOUND_M_CLUSTER_PROVIDER_CONFIG: Kind =
    cluster("azure.m.upbound.io", "ClusterProviderConfig", "clusterproviderconfigs", &["v1beta1"]);
pub const CROSSPLANE_PROVIDER_CONFIG: Kind =
    cluster("azure.crossplane.io", "ProviderConfig", "providerconfigs", &["v1beta1", "v1alpha3"]);
const FLUX_SOURCE: &str = "source.toolkit.fluxcd.io";
pub const FLUX_BUCKET: Kind = namespaced(FLUX_SOURCE, "Bucket", "buckets", &["v1", "v1beta2"]);
pub const FLUX_OCI_REPOSITORY: Kind = namespaced(FLUX_SOURCE, "OCIRepository", "ocirepositories", &["v1", "v1beta2"]);
pub const FLUX_HELM_REPOSITORY: Kind =
    namespaced(FLUX_SOURCE, "HelmRepository", "helmrepositories", &["v1", "v1beta2"]);
pub const FLUX_GIT_REPOSITORY: Kind = namespaced(FLUX_SOURCE, "GitRepository", "gitrepositories", &["v1", "v1beta2"]);
pub const FLUX_IMAGE_REPOSITORY: Kind =
    namespaced("image.toolkit.fluxcd.io", "ImageRepository", "imagerepositories", &["v1", "v1beta2"]);
pub const FLUX_PROVIDER: Kind =
    namespaced("notification.toolkit.fluxcd.io", "Provider", "providers", &["v1beta3", "v1beta2"]);
pub const FLUX_KUSTOMIZATION: Kind =
    namespaced("kustomize.toolkit.fluxcd.io", "Kustomization", "kustomizations", &["v1", "v1beta2"]);
pub const BACKUP_STORAGE_LOCATION: Kind =
    namespaced("velero.io", "BackupStorageLocation", "backupstoragelocations", &["v1"]);
pub const DAPR_COMPONENT: Kind = namespaced("dapr.io", "Component", "components", &["v1alpha1"]);
pub const PROMETHEUS: Kind = namespaced("monitoring.coreos.com", "Prometheus", "prometheuses", &["v1"]);
pub const PROMETHEUS_AGENT: Kind =
    namespaced("monitoring.coreos.com", "PrometheusAgent", "prometheusagents", &["v1alpha1"]);
pub const SCRAPE_CONFIG: Kind = namespaced("monitoring.coreos.com", "ScrapeConfig", "scrapeconfigs", &["v1alpha1"]);
pub const CNPG_CLUSTER: Kind = namespaced("postgresql.cnpg.io", "Cluster", "clusters", &["v1"]);
pub const BARMAN_OBJECT_STORE: Kind = namespaced("barmancloud.cnpg.io", "ObjectStore", "objectstores", &["v1"]);
pub const APP_CONFIGURATION_PROVIDER: Kind =
    namespaced("azconfig.io", "AzureAppConfigurationProvider", "azureappconfigurationproviders", &["v1"]);
pub const AZURE_KEY_VAULT_SECRET: Kind =
    namespaced("spv.no", "AzureKeyVaultSecret", "azurekeyvaultsecrets", &["v2beta1", "v1"]);
pub const GATEWAY: Kind = namespaced("gateway.networking.k8s.io", "Gateway", "gateways", &["v1", "v1beta1"]);
const APP_ROUTING: &str = "approuting.kubernetes.azure.com";
pub const EXTERNAL_DNS: Kind = namespaced(APP_ROUTING, "ExternalDNS", "externaldnses", &["v1alpha1"]);
pub const CLUSTER_EXTERNAL_DNS: Kind =
    cluster(APP_ROUTING, "ClusterExternalDNS", "clusterexternaldnses", &["v1alpha1"]);
pub const NGINX_INGRESS_CONTROLLER: Kind =
    cluster(APP_ROUTING, "NginxIngressController", "nginxingresscontrollers", &["v1alpha1"]);
pub const ACR_PULL_BINDING: Kind =
    namespaced("acrpull.microsoft.com", "AcrPullBinding", "acrpullbindings", &["v1beta2", "v1beta1"]);
pub const PERCONA_MONGODB: Kind =
    namespaced("psmdb.percona.com", "PerconaServerMongoDB", "perconaservermongodbs", &["v1"]);
pub const PERCONA_XTRADB: Kind =
    namespaced("pxc.percona.com", "PerconaXtraDBCluster", "perconaxtradbclusters", &["v1"]);
pub const PERCONA_MYSQL: Kind =
    namespaced("ps.percona.com", "PerconaServerMySQL", "perconaservermysqls", &["v1", "v1alpha1"]);
pub const GRAFANA_DATASOURCE: Kind =
    namespaced("grafana.integreatly.org", "GrafanaDatasource", "grafanadatasources", &["v1beta1"]);
const RATIFY: &str = "config.ratify.deislabs.io";
pub const RATIFY_STORE: Kind = cluster(RATIFY, "Store", "stores", &["v1beta1"]);
pub const RATIFY_NAMESPACED_STORE: Kind = namespaced(RATIFY, "NamespacedStore", "namespacedstores", &["v1beta1"]);
pub const RATIFY_KEY_PROVIDER: Kind = cluster(RATIFY, "KeyManagementProvider", "keymanagementproviders", &["v1beta1"]);
pub const RATIFY_NAMESPACED_KEY_PROVIDER: Kind =
    namespaced(RATIFY, "NamespacedKeyManagementProvider", "namespacedkeymanagementproviders", &["v1beta1"]);
pub const CROSSPLANE_KUBERNETES: Kind =
    cluster("kubernetes.crossplane.io", "ProviderConfig", "providerconfigs", &["v1alpha1"]);
pub const CROSSPLANE_M_KUBERNETES: Kind =
    namespaced("kubernetes.m.crossplane.io", "ProviderConfig", "providerconfigs", &["v1alpha1"]);
pub const CROSSPLANE_M_CLUSTER_KUBERNETES: Kind =
    cluster("kubernetes.m.crossplane.io", "ClusterProviderConfig", "clusterproviderconfigs", &["v1alpha1"]);
pub const CROSSPLANE_HELM: Kind = cluster("helm.crossplane.io", "ProviderConfig", "providerconfigs", &["v1beta1"]);
pub const CROSSPLANE_M_HELM: Kind =
    namespaced("helm.m.crossplane.io", "ProviderConfig", "providerconfigs", &["v1beta1"]);
pub const CROSSPLANE_M_CLUSTER_HELM: Kind =
    cluster("helm.m.crossplane.io", "ClusterProviderConfig", "clusterproviderconfigs", &["v1beta1"]);
pub const OPEN_TELEMETRY_COLLECTOR: Kind =
    namespaced("opentelemetry.io", "OpenTelemetryCollector", "opentelemetrycollectors", &["v1beta1", "v1alpha1"]);
pub const SPARK_APPLICATION: Kind =
    namespaced("sparkoperator.k8s.io", "SparkApplication", "sparkapplications", &["v1beta2"]);
pub const SCHEDULED_SPARK_APPLICATION: Kind =
    namespaced("sparkoperator.k8s.io", "ScheduledSparkApplication", "scheduledsparkapplications", &["v1beta2"]);
pub const DATABRICKS_SECRET_SCOPE: Kind =
    namespaced("databricks.microsoft.com", "SecretScope", "secretscopes", &["v1alpha1"]);

/// Kinds that have a view instead of a rule that lists them.
pub const OTHERS: &[Kind] = &[
    ROLE,
    CLUSTER_ROLE,
    ROLE_BINDING,
    CLUSTER_ROLE_BINDING,
    SECRET,
    CONFIG_MAP,
    SERVICE_ACCOUNT,
    NAMESPACE,
    PERSISTENT_VOLUME,
    STORAGE_CLASS,
    CERTIFICATE_SIGNING_REQUEST,
    // Their annotations and parameters are free texts.
    SERVICE,
    INGRESS,
    PERSISTENT_VOLUME_CLAIM,
    VOLUME_ATTRIBUTES_CLASS,
    RESOURCE_CLAIM,
    RESOURCE_CLAIM_TEMPLATE,
    DEVICE_CLASS,
    CUSTOM_RESOURCE_DEFINITION,
];
