//! Messages and remediations that an author can follow: each names what the author wrote and leaves out what the author
//! has done already.

use admission::cluster::MemoryCluster;
use admission::{Change, payload, request};
use entra_auth_policy::{Host, evaluate};
use manifest::parse;
use serde_json::{Value, json};

/// An object, the rule that reports it, and what the finding says and advises.
struct Advice {
    object: &'static str,
    rule: &'static str,
    message: &'static str,
    fix: &'static str,
}

const ADVICE: &[Advice] = &[
    Advice {
        object: "{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: a, namespace: shop}, roleRef: {kind: ClusterRole, name: view}, subjects: [{kind: Group, name: Platform Team}]}",
        rule: "binding-group-not-object-id",
        message: "is a display name, not the object id of an Entra group",
        fix: "write the group's object id: az ad group show --group \"Platform Team\" --query id --output tsv",
    },
    Advice {
        object: "{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: a, namespace: shop}, roleRef: {kind: ClusterRole, name: view}, subjects: [{kind: Group, name: 0F8FAD5B-D9CB-469F-A165-70867728950E}]}",
        rule: "binding-group-not-object-id",
        message: "is an object id that is not in its canonical form",
        fix: "write 0f8fad5b-d9cb-469f-a165-70867728950e",
    },
    Advice {
        object: "{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: a, namespace: shop}, roleRef: {kind: ClusterRole, name: view}, subjects: [{kind: Group, name: \"${DEV_GROUP_ID}\"}]}",
        rule: "binding-group-not-object-id",
        message: "has ${DEV_GROUP_ID}, which your templating left unfilled",
        fix: "fill in the object id where your templating takes its values from",
    },
    Advice {
        object: "{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: a, namespace: shop}, roleRef: {kind: ClusterRole, name: view}, subjects: [{kind: User, name: pipeline}]}",
        rule: "binding-user-not-entra",
        message: "is neither a user principal name nor an Entra object id",
        fix: "write the user principal name or, of a service principal, the object id of its enterprise application: az ad sp show --id <application id> --query id --output tsv",
    },
    Advice {
        object: "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {name: a}, roleRef: {kind: ClusterRole, name: cluster-admin}, subjects: [{kind: Group, name: 0f8fad5b-d9cb-469f-a165-70867728950e}]}",
        rule: "binding-cluster-admin",
        message: "gets cluster-admin and is not listed in clusterAdmins",
        fix: "grant a smaller role, or ask your cluster operators to list the subject in the setting clusterAdmins",
    },
    Advice {
        object: "{apiVersion: v1, kind: ServiceAccount, metadata: {name: web, namespace: shop, annotations: {azure.workload.identity/client-id: \"<client id>\"}}}",
        rule: "workload-identity-invalid-id",
        message: "has <client id>, which your templating left unfilled",
        fix: "write azure.workload.identity/client-id: <client id> as `az identity show --query clientId` prints it",
    },
    Advice {
        object: "{apiVersion: v1, kind: Pod, metadata: {name: db, namespace: shop}, spec: {serviceAccountName: db, containers: [{name: db, image: postgres, env: [{name: POSTGRES_PASSWORD, value: correct-horse-battery}]}]}}",
        rule: "credential-in-env",
        message: "holds a password, going by its name",
        fix: "take it from a Secret or, with the CSI driver, from Key Vault; rotate what was written here",
    },
    Advice {
        object: "{apiVersion: v1, kind: ConfigMap, metadata: {name: dex, namespace: shop}, data: {config.yaml: \"connectors:\\n- config:\\n    clientSecret: correct-horse-battery\\n\"}}",
        rule: "credential-in-config-map",
        message: "holds a client secret, going by its name (line 3)",
        fix: "take it from a Secret or, with the CSI driver, from Key Vault; rotate what was written here",
    },
    Advice {
        object: "{apiVersion: v1, kind: Secret, metadata: {name: oauth2-proxy, namespace: shop}, stringData: {client-secret: correct-horse-battery}}",
        rule: "credential-in-secret",
        message: "holds a client secret",
        fix: "if it is Entra's, use workload identity and remove it",
    },
    Advice {
        object: "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: a}, rules: [{apiGroups: [\"\"], resources: [serviceaccounts/token], verbs: [create], resourceNames: [web]}]}",
        rule: "role-token-minting",
        message: "grants create on named serviceaccounts/token: acts as the named service accounts and their Azure identities",
        fix: "mount a projected token instead, and leave the grant out",
    },
    Advice {
        object: "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: a}, rules: [{apiGroups: [\"\"], resources: [secrets], verbs: [get], resourceNames: [web]}]}",
        rule: "role-secret-read",
        message: "grants get on named secrets: reads the credentials in them",
        fix: "mount the Secrets in the pods that need them instead, and leave the grant out",
    },
    Advice {
        object: "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: a, labels: {rbac.authorization.k8s.io/aggregate-to-view: \"true\"}}, rules: [{apiGroups: [\"\"], resources: [pods/exec], verbs: [create]}]}",
        rule: "role-aggregates",
        message: "gives everyone who has the role view create on pods/exec",
        fix: "remove the label and bind the role to those who need it",
    },
    Advice {
        object: "{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: files}, provisioner: file.csi.azure.com, parameters: {storeAccountKey: \"false\"}}",
        rule: "node-identity-mode",
        message: "is \"false\", so nodes fetch the account key with their own identity",
        fix: "set mountWithWorkloadIdentityToken: \"true\" (AKS 1.35 and later)",
    },
    Advice {
        object: "{apiVersion: v1, kind: PersistentVolume, metadata: {name: blobs}, spec: {csi: {driver: blob.csi.azure.com, volumeHandle: a, volumeAttributes: {AzureStorageIdentityResourceID: /subscriptions/a}}}}",
        rule: "credential-volume",
        message: "names an identity without AzureStorageAuthType: MSI, so the driver uses the account key",
        fix: "set AzureStorageAuthType: MSI",
    },
    Advice {
        object: "{apiVersion: v1, kind: Namespace, metadata: {name: shop, annotations: {iam.amazonaws.com/permitted: \".*\"}}}",
        rule: "aws-metadata-proxy",
        message: "configures which AWS roles the pods of the namespace can get from kube2iam or kiam",
        fix: "remove the annotation from the namespace",
    },
    Advice {
        object: "{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: shop}, spec: {serviceAccountName: web, containers: [{name: web, image: web, args: [8080]}]}}",
        rule: "unreadable-object",
        message: "is a number, not a string",
        fix: "put the value in quotes, so that YAML reads it as a string",
    },
    Advice {
        object: "{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: shop, labels: {azure.workload.identity/use: true}}, spec: {serviceAccountName: web, containers: [{name: web, image: web}]}}",
        rule: "unreadable-object",
        message: "is a boolean, not a string",
        fix: "put the value in quotes, so that YAML reads it as a string",
    },
    Advice {
        object: "{apiVersion: infrastructure.cluster.x-k8s.io/v1beta1, kind: AzureClusterIdentity, metadata: {name: a, namespace: shop}, spec: {type: ManualServicePrincipal, allowedNamespaces: {}}}",
        rule: "credential-mode",
        message: "is {}, so every namespace can use the credential",
        fix: "list the namespaces that use the credential: allowedNamespaces: {list: [<namespace>]}",
    },
    Advice {
        object: "{apiVersion: secrets-store.csi.x-k8s.io/v1, kind: SecretProviderClass, metadata: {name: a, namespace: shop}, spec: {provider: azure, parameters: {clientId: 7d8cdf74-5f1d-4e6c-9c31-274d963d358b}}}",
        rule: "credential-mode",
        message: "has no effect in this spelling: clientID is not set, so every mount needs a service principal",
        fix: "write clientID instead of clientId",
    },
    Advice {
        object: "{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: shop, labels: {azure.workload.identity/use: \"true\"}}, spec: {serviceAccountName: a, containers: [{name: a, image: a, command: [az, login, --identity]}]}}",
        rule: "node-identity-endpoint",
        message: "signs in with the managed identity of the node",
        fix: "use az login --service-principal -u $AZURE_CLIENT_ID -t $AZURE_TENANT_ID --federated-token \"$(cat $AZURE_FEDERATED_TOKEN_FILE)\" instead",
    },
    Advice {
        object: "{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: shop}, spec: {serviceAccountName: a, containers: [{name: a, image: a, command: [az, login, --identity]}]}}",
        rule: "node-identity-endpoint",
        message: "signs in with the managed identity of the node",
        fix: "label the pod azure.workload.identity/use: \"true\" and use az login --federated-token \"$(cat $AZURE_FEDERATED_TOKEN_FILE)\"",
    },
    Advice {
        object: "{apiVersion: v1, kind: Pod, metadata: {name: a, namespace: shop, labels: {azure.workload.identity/use: \"true\"}}, spec: {serviceAccountName: a, containers: [{name: a, image: a, env: [{name: URL, value: \"http://169.254.169.254/metadata\"}]}]}}",
        rule: "node-identity-endpoint",
        message: "names the metadata endpoint of the node (IMDS)",
        fix: "drop this; the pod has workload identity",
    },
];

#[test]
fn advice_names_what_the_author_wrote() {
    for Advice { object, rule, message, fix } in ADVICE {
        let object: Value = parse(object).unwrap();
        let payload = payload(&request(&object, &Change::Create, None), &json!({}));
        let host = Host { today: &admission::fixture::today, cluster: &MemoryCluster::Unasked };
        let evaluation = evaluate(&payload, &host);
        let found: Vec<_> = evaluation.findings.iter().filter(|finding| finding.rule.id == *rule).collect();
        let told = found.iter().any(|finding| finding.message == *message && finding.remediation == *fix);
        let found: Vec<_> =
            found.iter().map(|finding| format!("{}; {}", finding.message, finding.remediation)).collect();
        assert!(told, "{rule}: {message}; {fix}\nfound: {found:#?}");
    }
}
