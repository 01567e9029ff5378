//! `deploy/admission-policies/` and its page, from [`POLICIES`]: what must hold when no policy server is running.
//!
//! Only faults that CEL can express exactly are here. `crates/admission/tests/deploy/admission_policies.rs` evaluates
//! the expressions on all fixtures and checks that they are never stricter than the policy.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// A ValidatingAdmissionPolicy and its binding.
struct AdmissionPolicy {
    name: &'static str,
    /// What is denied, as a noun phrase.
    what: &'static str,
    /// The rules of the policy that report the same.
    rules: &'static [&'static str],
    resources: Resources,
    operations: &'static [&'static str],
    action: Action,
    /// Named expressions; the later ones use the earlier ones as `variables.<name>`.
    variables: &'static [(&'static str, &'static str)],
    check: Check,
    message: &'static str,
    /// Whether the expressions read the parameters.
    reads_parameters: bool,
    /// What the policy finds and these expressions do not.
    laxer: &'static [&'static str],
}

/// API group, version and resources.
type Resources = &'static [(&'static str, &'static str, &'static [&'static str])];

enum Check {
    /// An expression that is true if the request is in order.
    Is(&'static str),
    /// No element has the fault, unless one of the old object has it too.
    No(Fault),
}

struct Fault {
    list: &'static List,
    /// A condition on the object; empty if there is none.
    when: &'static str,
    /// The fault of one element, of the new object and of the old one.
    is_faulty: &'static str,
    /// A further condition on the elements of the new object; empty if there is none.
    only_new: &'static str,
}

/// A list of the object, as variables.
struct List {
    name: &'static str,
    old_name: &'static str,
    /// What expressions call an element.
    element: &'static str,
}

const SUBJECTS: List = List { name: "subjects", old_name: "oldSubjects", element: "s" };
const RULES: List = List { name: "rules", old_name: "oldRules", element: "r" };

/// Names and their expressions.
type Variables = Vec<(&'static str, String)>;

impl Check {
    /// The variables before and after those of the policy, and the validation.
    fn expressions(&self) -> (Variables, Variables, &str) {
        let Fault { list, when, is_faulty, only_new } = match self {
            Check::Is(expression) => return (Vec::new(), Vec::new(), expression),
            Check::No(fault) => fault,
        };
        let List { name, old_name, element } = list;
        let lists = vec![
            (*name, format!("has(object.{name}) ? object.{name} : []")),
            (*old_name, format!("oldObject != null && has(oldObject.{name}) ? oldObject.{name} : []")),
        ];
        let and = |condition: &str, other: String| match condition {
            "" => other,
            condition => format!("{condition} && {other}"),
        };
        let new = if only_new.is_empty() { (*is_faulty).to_owned() } else { format!("{is_faulty} && {only_new}") };
        let faults = vec![
            ("hasFault", and(when, format!("variables.{name}.exists({element}, {new})"))),
            ("hadFault", format!("variables.{old_name}.exists({element}, {is_faulty})")),
        ];
        (lists, faults, "!variables.hasFault || variables.hadFault")
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Action {
    Deny,
    /// For what the baseline profile only warns about.
    Warn,
}

const RBAC: &str = "rbac.authorization.k8s.io";
const BINDINGS: Resources = &[(RBAC, "v1", &["clusterrolebindings", "rolebindings"])];
const WRITES: &[&str] = &["CREATE", "UPDATE"];

/// Requests of the control plane, whose own objects the policy excuses.
const NOT_CONTROL_PLANE: &str = r#"!(request.userInfo.username in ["aksService", "aks-support", "aksProblemDetector", "system:apiserver", "system:kube-controller-manager", "system:kube-scheduler", "system:kube-proxy"] || request.userInfo.username.startsWith("system:serviceaccount:kube-system:"))"#;

const PUBLIC_INFO: &str =
    "a binding called `system:public-info-viewer` of the role with that name, whatever its subjects";

const POLICIES: &[AdmissionPolicy] = &[
    AdmissionPolicy {
        name: "entra-auth-binding-anonymous",
        what: "a role for unauthenticated requests",
        rules: &["binding-anonymous"],
        resources: BINDINGS,
        operations: WRITES,
        action: Action::Deny,
        variables: &[(
            "isShipped",
            r#"object.metadata.name == "system:public-info-viewer" && object.roleRef.name == "system:public-info-viewer""#,
        )],
        check: Check::No(Fault {
            list: &SUBJECTS,
            when: "!variables.isShipped",
            is_faulty: r#"s.kind in ["User", "Group"] && s.name in ["system:anonymous", "system:unauthenticated"]"#,
            only_new: "",
        }),
        message: "a subject grants the role to unauthenticated requests; bind an Entra group by its object id",
        reads_parameters: false,
        laxer: &[PUBLIC_INFO],
    },
    AdmissionPolicy {
        name: "entra-auth-binding-system-names",
        what: "a role for a name that is reserved for Kubernetes",
        rules: &["binding-system-masters"],
        resources: BINDINGS,
        operations: WRITES,
        action: Action::Deny,
        variables: &[(
            "isCalico",
            r#"object.metadata.name == "calico-tier-getter" && object.roleRef.name == "calico-tier-getter""#,
        )],
        check: Check::No(Fault {
            list: &SUBJECTS,
            when: "!variables.isCalico",
            is_faulty: r#"s.kind in ["User", "Group"] && (s.name == "system:masters" || s.name.startsWith("system:kube-") || s.name.startsWith("system:node:") || s.name.startsWith("system:bootstrappers"))"#,
            only_new: "",
        }),
        message: "a subject has a name that is reserved for Kubernetes; bind an Entra group by its object id",
        reads_parameters: false,
        laxer: &[
            "the name `system:nodes`, because a role can let nodes request tokens for more audiences and nothing else",
            "other names that begin with `system:`, which the policy only warns about",
            "a binding called `calico-tier-getter` of the role with that name, whatever its subjects",
        ],
    },
    AdmissionPolicy {
        name: "entra-auth-binding-local-account",
        what: "a role for an AKS local account",
        rules: &["binding-local-account"],
        resources: BINDINGS,
        operations: WRITES,
        action: Action::Deny,
        variables: &[],
        check: Check::No(Fault {
            list: &SUBJECTS,
            when: "",
            is_faulty: r#"s.kind == "User" && (s.name in ["masterclient", "clusterAdmin", "clusterUser"] || s.name.startsWith("clusterAdmin_") || s.name.startsWith("clusterUser_"))"#,
            only_new: "",
        }),
        message: "a subject is an AKS local account, which bypasses Entra sign-in; bind an Entra group by its object id",
        reads_parameters: false,
        laxer: &[],
    },
    AdmissionPolicy {
        name: "entra-auth-binding-group-id",
        what: "a group that is not an Entra object id",
        rules: &["binding-group-not-object-id"],
        resources: BINDINGS,
        operations: WRITES,
        action: Action::Deny,
        variables: &[],
        check: Check::No(Fault {
            list: &SUBJECTS,
            when: "",
            is_faulty: r#"s.kind == "Group" && !s.name.startsWith("system:") && !s.name.startsWith("aks:jwt:") && !s.name.matches("^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")"#,
            only_new: "",
        }),
        message: "a group is not an Entra object id; az ad group show --group NAME --query id --output tsv prints it",
        reads_parameters: false,
        laxer: &["an object id that is a placeholder, such as all zeros"],
    },
    AdmissionPolicy {
        name: "entra-auth-binding-cluster-admin",
        what: "cluster-admin for a subject that is not in the parameters",
        rules: &["binding-cluster-admin"],
        resources: &[(RBAC, "v1", &["clusterrolebindings"])],
        operations: WRITES,
        action: Action::Deny,
        variables: &[
            ("isClusterAdmin", r#"object.roleRef.kind == "ClusterRole" && object.roleRef.name == "cluster-admin""#),
            (
                "admins",
                r#"params != null && has(params.data) && has(params.data.clusterAdmins) ? params.data.clusterAdmins.lowerAscii().split("\n").map(line, line.trim()) : []"#,
            ),
        ],
        check: Check::No(Fault {
            list: &SUBJECTS,
            when: "variables.isClusterAdmin",
            is_faulty: r#"!((s.kind == "ServiceAccount" ? "system:serviceaccount:" + (has(s.namespace) ? s.namespace : "") + ":" + s.name : s.name).lowerAscii() in variables.admins)"#,
            only_new: "",
        }),
        message: "a subject gets cluster-admin and is not in the parameters; grant a smaller role",
        reads_parameters: true,
        laxer: &[
            "cluster-admin in one namespace, which the policy only warns about",
            "every binding, if the ConfigMap of the parameters is missing",
        ],
    },
    AdmissionPolicy {
        name: "entra-auth-pod-identity",
        what: "an object of the deprecated pod-managed identity",
        rules: &["pod-identity-resource"],
        resources: &[(
            "aadpodidentity.k8s.io",
            "v1",
            &["azureassignedidentities", "azureidentities", "azureidentitybindings", "azurepodidentityexceptions"],
        )],
        operations: &["CREATE"],
        action: Action::Deny,
        variables: &[],
        check: Check::Is("false"),
        message: "pod-managed identity is deprecated; federate the managed identity with a service account",
        reads_parameters: false,
        laxer: &["changes of an existing object, such as another client id"],
    },
    AdmissionPolicy {
        name: "entra-auth-token-secret",
        what: "a Secret with a service account token that never expires",
        rules: &["token-secret"],
        resources: &[("", "v1", &["secrets"])],
        operations: &["CREATE"],
        action: Action::Deny,
        variables: &[],
        check: Check::Is(r#"!has(object.type) || object.type != "kubernetes.io/service-account-token""#),
        message: "the Secret asks for a service account token that never expires; let pods use their mounted token",
        reads_parameters: false,
        laxer: &["changes of an existing Secret, such as another service account"],
    },
    AdmissionPolicy {
        name: "entra-auth-role-wildcard",
        what: "a ClusterRole that grants everything",
        rules: &["role-wildcard"],
        resources: &[(RBAC, "v1", &["clusterroles"])],
        operations: WRITES,
        action: Action::Deny,
        variables: &[],
        check: Check::No(Fault {
            list: &RULES,
            when: "",
            is_faulty: r#""*" in r.verbs && has(r.apiGroups) && "*" in r.apiGroups && has(r.resources) && "*" in r.resources"#,
            only_new: "!has(r.resourceNames)",
        }),
        message: "a rule grants every verb on every resource of every API group; name only what is needed",
        reads_parameters: false,
        laxer: &[
            "Roles, which the policy only warns about",
            "wildcards in one or two of the lists, in disguise (`*/*`, every verb written out) and in URLs",
            "rules with `resourceNames`",
        ],
    },
    AdmissionPolicy {
        name: "entra-auth-requester-local-account",
        what: "a request with an AKS local account",
        rules: &["requester-local-account"],
        resources: &[
            (RBAC, "v1", &["clusterrolebindings", "clusterroles", "rolebindings", "roles"]),
            (
                "",
                "v1",
                &["configmaps", "pods", "pods/attach", "pods/exec", "pods/portforward", "secrets", "serviceaccounts"],
            ),
            ("apps", "v1", &["daemonsets", "deployments", "statefulsets"]),
        ],
        operations: &["CREATE", "UPDATE", "CONNECT"],
        action: Action::Warn,
        variables: &[(
            "isNode",
            r#"has(request.userInfo.groups) && ("system:nodes" in request.userInfo.groups || "system:bootstrappers" in request.userInfo.groups)"#,
        )],
        check: Check::Is(
            r#"variables.isNode || !(request.userInfo.username in ["masterclient", "clusterAdmin", "clusterUser"] || (has(request.userInfo.groups) && "system:masters" in request.userInfo.groups))"#,
        ),
        message: "an AKS local account bypasses Entra sign-in; use az aks get-credentials without --admin",
        reads_parameters: false,
        laxer: &["resources other than those that are listed", "it only warns, as the baseline profile does"],
    },
];

const FOLDER: &str = "deploy/admission-policies";
/// The ConfigMap with the parameters, in the namespace that only administrators write to.
const PARAMETERS: (&str, &str) = ("kube-system", "entra-auth-admission-policies");

const ABOUT: &str = "Generated by `make codegen` from xtask/src/admission_policies.rs.";

/// The files of `deploy/admission-policies/` and their page.
pub(crate) fn files() -> BTreeMap<PathBuf, String> {
    let folder = Path::new(FOLDER);
    let mut files = BTreeMap::new();
    for policy in POLICIES {
        files.insert(folder.join(policy.file()), policy.manifest());
    }
    files.insert(folder.join("parameters.yaml"), parameters());
    let mut kustomization = format!(
        "# {ABOUT}\napiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n- parameters.yaml\n"
    );
    for policy in POLICIES {
        let _ = writeln!(kustomization, "- {}", policy.file());
    }
    files.insert(folder.join("kustomization.yaml"), kustomization);
    files.insert(PathBuf::from("docs/admission-policies.md"), page());
    files
}

fn parameters() -> String {
    let (namespace, name) = PARAMETERS;
    format!(
        "# {ABOUT}\n# Who can hold cluster-admin, one in a line: object ids, user principal names, and service accounts as\n\
         # system:serviceaccount:<namespace>:<name>. The same as clusterAdmins in the settings of the policy.\n\
         apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}\n  namespace: {namespace}\ndata:\n  clusterAdmins: \"\"\n"
    )
}

impl AdmissionPolicy {
    fn file(&self) -> String {
        format!("{}.yaml", self.name.trim_start_matches("entra-auth-"))
    }

    fn manifest(&self) -> String {
        let AdmissionPolicy { name, operations, variables, message, .. } = self;
        let (lists, faults, validation) = self.check.expressions();
        let mut yaml = format!(
            "# {ABOUT}\napiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicy\nmetadata:\n  \
             name: {name}\nspec:\n  failurePolicy: Fail\n"
        );
        if self.reads_parameters {
            yaml.push_str("  paramKind:\n    apiVersion: v1\n    kind: ConfigMap\n");
        }
        yaml.push_str("  matchConstraints:\n    resourceRules:\n");
        for (group, version, resources) in self.resources {
            let _ = writeln!(yaml, "    - apiGroups: [\"{group}\"]\n      apiVersions: [{version}]");
            let _ = writeln!(yaml, "      resources: [{}]", resources.join(", "));
            let _ = writeln!(yaml, "      operations: [{}]", operations.join(", "));
        }
        let _ = write!(
            yaml,
            "  matchConditions:\n  - name: not-control-plane\n    expression: {}",
            block(NOT_CONTROL_PLANE)
        );
        let own = variables.iter().map(|(name, expression)| (*name, (*expression).to_owned()));
        let variables: Vec<(&str, String)> = lists.into_iter().chain(own).chain(faults).collect();
        if !variables.is_empty() {
            yaml.push_str("  variables:\n");
        }
        for (name, expression) in &variables {
            let _ = write!(yaml, "  - name: {name}\n    expression: {}", block(expression));
        }
        let _ = write!(yaml, "  validations:\n  - expression: {}", block(validation));
        let _ = writeln!(yaml, "    message: {}", json(&self.denial(message)));
        let actions = if self.action == Action::Deny { "[Deny, Audit]" } else { "[Warn, Audit]" };
        let _ = write!(
            yaml,
            "    reason: Forbidden\n---\napiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingAdmissionPolicyBinding\n\
             metadata:\n  name: {name}\nspec:\n  policyName: {name}\n  validationActions: {actions}\n"
        );
        if self.reads_parameters {
            let (namespace, name) = PARAMETERS;
            let _ = write!(
                yaml,
                "  paramRef:\n    name: {name}\n    namespace: {namespace}\n    parameterNotFoundAction: Allow\n"
            );
        }
        yaml
    }

    /// The message, which begins with the rule, as those of the policy do.
    fn denial(&self, message: &str) -> String {
        format!("{}: {message}", self.rules.join(", "))
    }
}

/// A folded block, so that expressions need no quotes of YAML.
fn block(expression: &str) -> String {
    let mut text = ">-\n".to_owned();
    let mut line = String::new();
    for word in expression.split(' ') {
        if !line.is_empty() && line.len() + word.len() > 100 {
            let _ = writeln!(text, "      {line}");
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    let _ = writeln!(text, "      {line}");
    text
}

fn json(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

const INTRO: &str = "\
# ValidatingAdmissionPolicies

Kubewarden's policy needs a policy server. The files in [`deploy/admission-policies/`](../deploy/admission-policies) are
ValidatingAdmissionPolicies, which the API server evaluates itself: they hold while the policy server is down, being
installed or removed. They need Kubernetes 1.30. They cover the worst faults only, and they do not replace the policy:

```console
kubectl apply -k deploy/admission-policies
```

Fill in `parameters.yaml` first: it lists who can hold cluster-admin.

- **They are never stricter than the policy** with the baseline profile and the same `clusterAdmins`. A test evaluates both
  on all fixtures, and on updates that are made of them. Other settings can make the policy laxer: exemptions, `operators`
  and `rules` have no effect here. Leave out a file, or narrow its binding with `matchResources`, where you exempt.
- **Requests of the control plane are not evaluated**: the service accounts of kube-system, AKS and the API server.
- **On UPDATE**, nothing is denied if the old object already has the fault, even if another subject or rule is added.
- **DELETE** is never evaluated.

| file | denies | rule | laxer than the policy about |
|---|---|---|---|
";

const COST: &str = "
## Cost

The API server stops an expression after 1,000,000 cost units and all expressions of a policy after 10,000,000; with
`failurePolicy: Fail` the request is then denied. The cost grows with the lists of an object, and all expressions here are
linear in them: no loop is inside another, and the lists of the old and the new object are walked one after the other. A
test estimates the cost from the parsed expressions: a unit for each operation, a tenth of a unit for each character that a
string operation reads, and the operations of a loop once for each element. The estimate is inside the budget for
a binding of 2,500 subjects and a role of 2,500 rules, with 100 entries in `clusterAdmins`. The estimate follows the rules
that Kubernetes documents; it was not measured on an API server.
";

/// `docs/admission-policies.md`.
fn page() -> String {
    let mut page = format!("<!-- {ABOUT} -->\n\n{INTRO}");
    for policy in POLICIES {
        let rules: Vec<String> = policy.rules.iter().map(|rule| format!("[{rule}](rules/{rule}.md)")).collect();
        let verb = if policy.action == Action::Warn { "warns about " } else { "" };
        let laxer = if policy.laxer.is_empty() { "nothing".to_owned() } else { policy.laxer.join("; ") };
        let file = policy.file();
        let _ =
            writeln!(page, "| [{file}](../{FOLDER}/{file}) | {verb}{} | {} | {laxer} |", policy.what, rules.join(", "));
    }
    page.push_str(COST);
    page
}
