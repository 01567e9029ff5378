//! Certificates, DNS and ingress.

use crate::auth_mode::Mode::{NodeIdentity, ServicePrincipal, WorkloadIdentity};
use crate::auth_mode::Predicate::{Argument, NoneOf, OneOf, Present};
use crate::auth_mode::Target::{Containers, Kinds};
use crate::auth_mode::{Condition, Controller, Flag, Predicate, when};
use kubernetes::kind;
use text::docs_only;

pub const ENTRIES: &[Controller] = &[
    Controller {
        title: docs_only("cert-manager, Azure DNS"),
        on: Kinds(&[kind::ISSUER, kind::CLUSTER_ISSUER]),
        given: &[],
        // v1alpha2 uses the second spelling.
        at: &["spec.acme.solvers.*.dns01.azureDNS", "spec.acme.solvers.*.dns01.azuredns"],
        any_case: false,
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
        fix: "set managedIdentity: {clientID: <client id>} instead, and give cert-manager's pods workload identity",
        source: docs_only("https://cert-manager.io/docs/configuration/acme/dns01/azuredns/"),
    },
    Controller {
        title: docs_only("ExternalDNS"),
        on: Containers("external-dns"),
        given: &[],
        at: &[""],
        any_case: false,
        choices: &[
            when(NodeIdentity, "", SERVES_AZURE, "runs ExternalDNS with the node's azure.json or identity")
                .and(&[NOT_LABELLED]),
            when(WorkloadIdentity, "", SERVES_AZURE, "runs ExternalDNS with workload identity").and(&[LABELLED]),
        ],
        fix: "label the pods azure.workload.identity/use: \"true\" and set useWorkloadIdentityExtension: true in azure.json",
        source: docs_only("https://kubernetes-sigs.github.io/external-dns/latest/docs/tutorials/azure/"),
    },
    Controller {
        title: docs_only("Application Gateway Ingress Controller"),
        on: Kinds(&[kind::SECRET]),
        given: &[],
        at: &["data", "stringData"],
        any_case: false,
        choices: &[when(ServicePrincipal, "[armAuth.json]", Present, "is AGIC's service principal (armAuth.type)")],
        fix: "install the chart with armAuth.type: workloadIdentity and armAuth.identityClientID",
        source: docs_only("https://azure.github.io/application-gateway-kubernetes-ingress/setup/install/"),
    },
];

const USE: &str = "/metadata.labels[azure.workload.identity/use]";

const LABELLED: Condition = (USE, OneOf(&["true"]));

const NOT_LABELLED: Condition = (USE, NoneOf(&["true"]));

/// ExternalDNS for public or private Azure zones.
const SERVES_AZURE: Predicate =
    Argument(&Flag { name: "--provider", values: &["azure", "azure-dns", "azure-private-dns"] });
