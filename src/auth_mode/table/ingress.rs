//! Certificates, DNS and ingress.

use crate::auth_mode::Mode::{NodeIdentity, ServicePrincipal, WorkloadIdentity};
use crate::auth_mode::Predicate::{Absent, Argument, NoneOf, OneOf, Present};
use crate::auth_mode::Target::{Containers, Kinds};
use crate::auth_mode::{Condition, Controller, Flag, NONE, Predicate, when};
use kubernetes::kind;
use text::docs_only;

pub(super) const ENTRIES: &[Controller] = &[
    Controller {
        title: docs_only("cert-manager, Azure DNS"),
        on: Kinds(&[kind::ISSUER, kind::CLUSTER_ISSUER]),
        // v1alpha2 uses the second spelling.
        at: &["spec.acme.solvers.*.dns01.azureDNS", "spec.acme.solvers.*.dns01.azuredns"],
        choices: &[
            when(
                ServicePrincipal,
                "clientSecretSecretRef",
                Present,
                "solves DNS challenges with a service principal's secret",
            ),
            // The labels of cert-manager's pod decide whether this is the node's identity or workload identity.
            when(WorkloadIdentity, "managedIdentity", Present, "chooses managed identity"),
        ],
        clients: &["clientID", "managedIdentity.clientID"],
        tenants: &["tenantID", "managedIdentity.tenantID"],
        fix: "set managedIdentity: {clientID: <client id>} instead, and give cert-manager's pods workload identity",
        source: docs_only("https://cert-manager.io/docs/configuration/acme/dns01/azuredns/"),
        ..NONE
    },
    Controller {
        title: docs_only("ExternalDNS"),
        on: Containers("external-dns"),
        at: &[""],
        choices: &[
            when(NodeIdentity, "", SERVES_AZURE, "runs ExternalDNS with the node's azure.json or identity")
                .and(&[NOT_LABELLED]),
            when(WorkloadIdentity, "", SERVES_AZURE, "runs ExternalDNS with workload identity").and(&[LABELLED]),
        ],
        fix: "label the pods azure.workload.identity/use: \"true\" and set useWorkloadIdentityExtension: true in azure.json",
        source: docs_only("https://kubernetes-sigs.github.io/external-dns/latest/docs/tutorials/azure/"),
        ..NONE
    },
    Controller {
        title: docs_only("Application routing, Azure DNS"),
        on: Kinds(&[kind::EXTERNAL_DNS, kind::CLUSTER_EXTERNAL_DNS]),
        at: &["spec"],
        choices: &[
            when(NodeIdentity, "identity.type", OneOf(&["managedIdentity"]), "is managedIdentity: the node's identity"),
            when(WorkloadIdentity, "identity.serviceAccount", Present, "signs in as a service account"),
        ],
        clients: &["identity.clientID"],
        tenants: &["tenantId", "tenantID"],
        fix: "set spec.identity: {type: workloadIdentity, serviceAccount: <annotated service account>}",
        source: docs_only(APP_ROUTING),
        ..NONE
    },
    Controller {
        title: docs_only("Application routing, certificates of Gateways"),
        on: Kinds(&[kind::GATEWAY]),
        at: &["spec.listeners.*.tls.options"],
        choices: &[
            when(NodeIdentity, CERTIFICATE, Present, "does not name the service account that fetches the certificate")
                .and(&[(CERTIFICATE_ACCOUNT, Absent)]),
            when(WorkloadIdentity, CERTIFICATE_ACCOUNT, Present, "fetches the certificate as a service account"),
        ],
        fix: "add kubernetes.azure.com/tls-cert-service-account: <annotated service account> beside it",
        source: docs_only(APP_ROUTING),
        ..NONE
    },
    Controller {
        title: docs_only("Application routing, certificates of Ingresses"),
        on: Kinds(&[kind::INGRESS]),
        at: &["metadata.annotations"],
        choices: &[
            when(NodeIdentity, CERTIFICATE, Present, "fetches the certificate with the add-on's identity on the nodes")
                .and(&[(CERTIFICATE_ACCOUNT, Absent)]),
            when(WorkloadIdentity, CERTIFICATE_ACCOUNT, Present, "fetches the certificate as a service account"),
        ],
        fix: "use a Gateway with listeners[].tls.options and kubernetes.azure.com/tls-cert-service-account",
        source: docs_only(APP_ROUTING),
        ..NONE
    },
    Controller {
        title: docs_only("Application routing, default certificate of NGINX"),
        on: Kinds(&[kind::NGINX_INGRESS_CONTROLLER]),
        at: &["spec.defaultSSLCertificate"],
        choices: &[when(
            NodeIdentity,
            "keyVaultURI",
            Present,
            "fetches the certificate with the add-on's identity on the nodes",
        )],
        fix: "use a Gateway with listeners[].tls.options and kubernetes.azure.com/tls-cert-service-account",
        source: docs_only(APP_ROUTING),
        ..NONE
    },
    Controller {
        title: docs_only("Application Gateway Ingress Controller"),
        on: Kinds(&[kind::SECRET]),
        at: &["data", "stringData"],
        choices: &[when(ServicePrincipal, "[armAuth.json]", Present, "is AGIC's service principal (armAuth.type)")],
        fix: "install the chart with armAuth.type: workloadIdentity and armAuth.identityClientID",
        source: docs_only("https://azure.github.io/application-gateway-kubernetes-ingress/setup/install/"),
        ..NONE
    },
];

const APP_ROUTING: &str = "https://learn.microsoft.com/azure/aks/app-routing-gateway-api-dns-tls";

const CERTIFICATE: &str = "[kubernetes.azure.com/tls-cert-keyvault-uri]";

const CERTIFICATE_ACCOUNT: &str = "[kubernetes.azure.com/tls-cert-service-account]";

const USE: &str = "/metadata.labels[azure.workload.identity/use]";

const LABELLED: Condition = (USE, OneOf(&["true"]));

const NOT_LABELLED: Condition = (USE, NoneOf(&["true"]));

/// ExternalDNS for public or private Azure zones.
const SERVES_AZURE: Predicate =
    Argument(&Flag { name: "--provider", values: &["azure", "azure-dns", "azure-private-dns"] });
