//! Roles, bindings, and other requests about identity.

use super::*;

pub(super) const CLASSES: &[Class] = &[
    class("groups and resources of a policy rule", |n, _| {
        role(ROLE, &policy_rule(&each(n, |i| format!("\"g{i}\"")), &each(n, |i| format!("\"r{i}\"")), "\"get\"", ""))
    }),
    class("resources of a policy rule", |n, _| {
        role(CLUSTER_ROLE, &policy_rule("\"\"", &each(n, |_| "\"pods\"".into()), "\"get\"", ""))
    }),
    class("subresources of a policy rule", |n, _| {
        role(CLUSTER_ROLE, &policy_rule("\"*\"", &each(n, |i| format!("\"a{i}/status\"")), "\"*\"", ""))
    }),
    class("verbs of a policy rule", |n, _| {
        role(CLUSTER_ROLE, &policy_rule("\"\"", "\"secrets\"", &each(n, |i| format!("\"v{i}\"")), ""))
    }),
    class("names of a policy rule", |n, _| {
        let names = format!(r#","resourceNames":[{}]"#, each(n, |i| format!("\"n{i}\"")));
        role(
            CLUSTER_ROLE,
            &policy_rule("\"\",\"*\"", "\"secrets\",\"users\",\"serviceaccounts\",\"configmaps\"", "\"*\"", &names),
        )
    }),
    class("policy rules that grant nothing dangerous", |n, _| {
        role(ROLE, &each(n, |_| policy_rule("\"\"", "\"pods\"", "\"get\"", "")))
    }),
    class("short policy rules", |n, _| role(CLUSTER_ROLE, &each(n, |_| "{}".to_owned()))),
    class("policy rules with one star", |n, _| {
        role(CLUSTER_ROLE, &each(n, |_| policy_rule("\"*\"", "\"*\"", "\"*\"", "")))
    }),
    // Found by the search: what each of them includes was listed again and again.
    class("policy rules with one star, all new", |n, _| {
        let rules = each(n, |_| policy_rule("\"*\"", "\"*\"", "\"*\"", ""));
        update(CLUSTER_ROLE, &format!(r#""rules":[{rules}]"#), r#""rules":[]"#)
    }),
    class("policy rules with one star, in a role of an operator", |n, _| {
        let rules = each(n, |_| policy_rule("\"*\"", "\"*\"", "\"*\"", ""));
        let object = object(CLUSTER_ROLE, "", &format!(r#""rules":[{rules}]"#))
            .replace(r#""name":"heavy""#, r#""name":"argocd-application-controller""#);
        let settings = r#"{"operators":[{"name":"argo-cd","namespace":"argocd"}]}"#.to_owned();
        Input { settings, request: request(CLUSTER_ROLE, &object, None, "") }
    }),
    class("policy rules that grant a lot", |n, _| {
        let most = "\"pods\",\"pods/exec\",\"secrets\",\"nodes/proxy\",\"serviceaccounts/token\",\"roles\",\"users\"";
        role(
            CLUSTER_ROLE,
            &each(n, |_| policy_rule("\"*\"", most, "\"create\",\"get\",\"impersonate\",\"escalate\"", "")),
        )
    }),
    class("policy rules in another order", |n, _| {
        let rules = |start: usize| {
            let own = each(n, |i| {
                policy_rule("\"\"", "\"secrets\"", "\"get\"", &format!(r#","resourceNames":["n{}"]"#, (i + start) % n))
            });
            format!(r#""rules":[{own}]"#)
        };
        update(CLUSTER_ROLE, &rules(0), &rules(n / 2))
    }),
    class("policy rules with names, all new", |n, _| {
        let rules = |prefix: &str| {
            let own = each(n, |i| {
                policy_rule("\"\"", "\"users\"", "\"impersonate\"", &format!(r#","resourceNames":["{prefix}{i}"]"#))
            });
            format!(r#""rules":[{own}]"#)
        };
        update(CLUSTER_ROLE, &rules("a"), &rules("b"))
    }),
    class("one policy rule with names, all new", |n, _| {
        let rules = |prefix: &str| {
            let names = format!(r#","resourceNames":[{}]"#, each(n, |i| format!("\"{prefix}{i}\"")));
            format!(r#""rules":[{}]"#, policy_rule("\"*\"", "\"*\"", "\"*\"", &names))
        };
        update(CLUSTER_ROLE, &rules("a"), &rules("b"))
    }),
    class("free resources of a policy rule, all new", |n, _| {
        let rules = |prefix: &str| {
            format!(
                r#""rules":[{}]"#,
                policy_rule(
                    "\"authentication.k8s.io\"",
                    &each(n, |i| format!("\"userextras/{prefix}{i}\"")),
                    "\"impersonate\",\"create\"",
                    ""
                )
            )
        };
        update(CLUSTER_ROLE, &rules("a"), &rules("b"))
    }),
    class("addresses of a policy rule", |n, _| {
        role(CLUSTER_ROLE, &format!(r#"{{"nonResourceURLs":[{}],"verbs":["*"]}}"#, each(n, |i| format!("\"/a{i}*\""))))
    }),
    class("selectors of an aggregated role", |n, _| {
        let own = each(n, |_| r#"{"matchLabels":{}}"#.to_owned());
        create(
            CLUSTER_ROLE,
            r#""labels":{"rbac.authorization.k8s.io/aggregate-to-view":"true"}"#,
            &format!(r#""aggregationRule":{{"clusterRoleSelectors":[{own}]}}"#),
        )
    }),
    class("expressions of a selector", |n, _| {
        let own = each(n, |_| r#"{"key":"kubernetes.io/bootstrapping","operator":"NotIn","values":["a"]}"#.to_owned());
        create(
            CLUSTER_ROLE,
            "",
            &format!(r#""aggregationRule":{{"clusterRoleSelectors":[{{"matchExpressions":[{own}]}}]}}"#),
        )
    }),
    class("groups by name", |n, _| binding("view", &each(n, |i| subject("Group", &format!("team {i}"))))),
    class("misspelt groups", |n, random| {
        binding("view", &each(n, |_| subject("Group", &format!("system:authenticat{}", random.word(2)))))
    }),
    class("users", |n, _| binding("cluster-admin", &each(n, |i| subject("User", &format!("jane{i}@contoso.com"))))),
    class("service accounts as users", |n, _| {
        binding("system:node", &each(n, |i| subject("User", &format!("system:serviceaccount:shop:a{i}"))))
    }),
    class("service accounts", |n, _| {
        binding("admin", &each(n, |i| format!(r#"{{"kind":"ServiceAccount","name":"a{i}"}}"#)))
    }),
    class("subjects in another order", |n, _| {
        let own = |start: usize| {
            let subjects = each(n, |i| subject("Group", &format!("team{}", (i + start) % n)));
            format!(r#""roleRef":{{"kind":"ClusterRole","name":"cluster-admin"}},"subjects":[{subjects}]"#)
        };
        update(ROLE_BINDING, &own(0), &own(n / 3))
    }),
    class("conditions of a certificate request", |n, _| {
        let own = each(n, |_| r#"{"type":"Denied","status":"True"}"#.to_owned());
        create(
            ("certificates.k8s.io/v1", "CertificateSigningRequest"),
            "",
            &format!(r#""spec":{{"request":"YQ=="}},"status":{{"conditions":[{own}]}}"#),
        )
    }),
    class("pull secrets of a service account", |n, _| {
        create(
            ("v1", "ServiceAccount"),
            "",
            &format!(r#""imagePullSecrets":[{}]"#, each(n, |i| format!(r#"{{"name":"acr-secret-{i}"}}"#))),
        )
    }),
    class("groups of the requester", |n, _| {
        let settings = r#"{"profile":"restricted","exemptions":[{"groups":["z*z*z"],"reason":"a"}]}"#.to_owned();
        let groups: String = (0..n).map(|i| format!(",\"zz{i}\"")).collect();
        Input { settings, request: request(POD, &object(POD, "", r#""spec":{"hostNetwork":true}"#), None, &groups) }
    }),
];

fn policy_rule(groups: &str, resources: &str, verbs: &str, more: &str) -> String {
    format!(r#"{{"apiGroups":[{groups}],"resources":[{resources}],"verbs":[{verbs}]{more}}}"#)
}

fn role(kind: (&str, &str), rules: &str) -> Input {
    create(kind, "", &format!(r#""rules":[{rules}]"#))
}

pub(super) fn subject(kind: &str, name: &str) -> String {
    format!(r#"{{"kind":"{kind}","name":"{name}"}}"#)
}

pub(super) fn subjects(role: &str, subjects: &str) -> String {
    format!(r#""roleRef":{{"kind":"ClusterRole","name":"{role}"}},"subjects":[{subjects}]"#)
}

fn binding(role: &str, list: &str) -> Input {
    create(ROLE_BINDING, "", &subjects(role, list))
}
