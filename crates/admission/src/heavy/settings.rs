//! Settings with many entries, each compared with many findings.

use super::bindings::{subject, subjects};
use super::*;

pub(super) const CLASSES: &[Class] = &[
    class("exemptions and findings", |n, _| {
        let own = each(n.min(MOST_SETTINGS), |i| {
            format!(r#"{{"rules":["credential-in-env"],"names":["a{i}-*"],"reason":"r"}}"#)
        });
        create_with(restricted(&format!(r#""exemptions":[{own}]"#)), POD, "", &passwords(n))
    }),
    class("exemptions that ended, and findings", |n, _| {
        let own =
            each(n.min(MOST_SETTINGS), |i| format!(r#"{{"names":["heavy"],"reason":"r{i}","until":"2020-01-01"}}"#));
        create_with(restricted(&format!(r#""exemptions":[{own}]"#)), POD, "", &passwords(n))
    }),
    class("rules of an exemption, and findings", |n, _| {
        let own = each(n.min(MOST_SETTINGS), |_| "\"credential-in-args\"".to_owned());
        create_with(
            restricted(&format!(r#""exemptions":[{{"rules":[{own}],"names":["heavy"],"reason":"r"}}]"#)),
            POD,
            "",
            &passwords(n),
        )
    }),
    class("identities and client ids", |n, _| {
        let own = each(n.min(MOST_SETTINGS), |i| {
            format!(r#"{{"namespace":"*p","serviceAccount":"*b","clientIds":["{}"]}}"#, guid(i))
        });
        let variables = each(n, |_| format!(r#"{{"name":"AZURE_CLIENT_ID","value":"{}"}}"#, guid(MOST_SETTINGS)));
        create_with(
            restricted(&format!(r#""identities":[{own}]"#)),
            POD,
            USE,
            &format!(r#""spec":{{"containers":[{{"name":"c","env":[{variables}]}}]}}"#),
        )
    }),
    class("client ids of an identity, and variables", |n, _| {
        let own = each(n.min(MOST_SETTINGS), |i| format!("\"{}\"", guid(i)));
        let variables = each(n, |_| format!(r#"{{"name":"AZURE_CLIENT_ID","value":"{}"}}"#, guid(MOST_SETTINGS)));
        create_with(
            restricted(&format!(r#""identities":[{{"namespace":"shop","clientIds":[{own}]}}]"#)),
            POD,
            USE,
            &format!(r#""spec":{{"containers":[{{"name":"c","env":[{variables}]}}]}}"#),
        )
    }),
    class("tenants and variables", |n, _| {
        let own = each(n.min(MOST_SETTINGS), |i| format!("\"{}\"", guid(i)));
        let variables = each(n, |_| format!(r#"{{"name":"AZURE_TENANT_ID","value":"{}"}}"#, guid(MOST_SETTINGS)));
        create_with(
            restricted(&format!(r#""allowedTenants":[{own}]"#)),
            POD,
            USE,
            &format!(r#""spec":{{"containers":[{{"name":"c","env":[{variables}]}}]}}"#),
        )
    }),
    class("allowed users and subjects", |n, _| {
        let own = each(n.min(MOST_SETTINGS), |i| format!("\"joe{i}@contoso.com\""));
        bound(&format!(r#""allowedUsers":[{own}]"#), &each(n, |i| subject("User", &format!("jane{i}@contoso.com"))))
    }),
    class("allowed domains and subjects", |n, _| {
        let own = each(n.min(MOST_SETTINGS), |i| format!("\"*@{i}.contoso.com\""));
        bound(&format!(r#""allowedUsers":[{own}]"#), &each(n, |i| subject("User", &format!("jane{i}@contoso.com"))))
    }),
    class("allowed groups and subjects", |n, _| {
        let own = each(n.min(MOST_SETTINGS), |i| format!("\"{}\"", guid(i)));
        bound(&format!(r#""allowedGroups":[{own}]"#), &each(n, |i| subject("Group", &guid(i + MOST_SETTINGS))))
    }),
    class("administrators and subjects", |n, _| {
        let own = each(n.min(MOST_SETTINGS), |i| format!("\"{}\"", guid(i)));
        bound(&format!(r#""clusterAdmins":[{own}]"#), &each(n, |i| subject("Group", &guid(i + MOST_SETTINGS))))
    }),
    class("trusted requesters", |n, _| {
        let own = each(n.min(MOST_SETTINGS), |i| format!("\"*a*b*{i}\""));
        create_with(restricted(&format!(r#""trustedRequesters":[{own}]"#)), POD, "", &passwords(n))
    }),
    class("allowed beginnings and subjects", |n, _| {
        let own = each(n.min(MOST_SETTINGS), |i| format!("\"aks:jwt:{i}:*\""));
        bound(&format!(r#""allowedUsers":[{own}]"#), &each(n, |i| subject("User", &format!("jane{i}@contoso.com"))))
    }),
    class("allowed patterns and subjects", |n, _| {
        let own = each(16, |i| format!("\"aks:jwt:*{i}*:x\""));
        bound(
            &format!(r#""allowExternalIssuers":true,"allowedUsers":[{own}]"#),
            &each(n, |i| subject("User", &format!("aks:jwt:{i}:jane"))),
        )
    }),
    class("administrators that are the subjects", |n, _| {
        let own = each(n.min(MOST_SETTINGS), |i| format!("\"system:serviceaccount:shop:a{i}\""));
        bound(
            &format!(r#""clusterAdmins":[{own}]"#),
            &each(n, |i| format!(r#"{{"kind":"ServiceAccount","name":"a{}"}}"#, i % MOST_SETTINGS)),
        )
    }),
    class("identities of one client id, and templates", |n, _| {
        let own = each(n.min(MOST_SETTINGS), |i| {
            format!(r#"{{"namespace":"shop","serviceAccount":"b{i}","clientIds":["{}"]}}"#, guid(1))
        });
        let templates = each(n, |i| {
            let container = format!(r#"{{"env":[{{"name":"AZURE_CLIENT_ID","value":"{}"}}]}}"#, guid(1));
            format!(r#"{{"name":"a","serviceAccountName":"a{i}","container":{container}}}"#)
        });
        create_with(
            restricted(&format!(r#""identities":[{own}]"#)),
            WORKFLOW,
            "",
            &format!(r#""spec":{{"podMetadata":{{{USE}}},"templates":[{templates}]}}"#),
        )
    }),
    class("groups of exemptions and of the requester", |n, _| {
        let own = each(n.min(MOST_SETTINGS), |i| format!(r#"{{"groups":["{}"],"reason":"r"}}"#, guid(i)));
        let groups: String = (0..n).map(|i| format!(",\"{}\"", guid(i + MOST_SETTINGS))).collect();
        let settings = restricted(&format!(r#""exemptions":[{own}]"#));
        Input { settings, request: request(POD, &object(POD, "", r#""spec":{"hostNetwork":true}"#), None, &groups) }
    }),
    class("a long reason, and findings", |n, _| {
        let own = format!(r#"{{"names":["heavy"],"reason":"{}"}}"#, "r".repeat(n * 40));
        create_with(restricted(&format!(r#""exemptions":[{own}]"#)), POD, "", &passwords(n))
    }),
    class("a long reason of an exemption that ended, and findings", |n, _| {
        let own = format!(r#"{{"names":["heavy"],"reason":"{}","until":"2020-01-01"}}"#, "r".repeat(n * 40));
        create_with(restricted(&format!(r#""exemptions":[{own}]"#)), POD, "", &passwords(n))
    }),
    class("paths with filters", |n, _| {
        let own = each(MOST_FILTERS, |i| {
            format!(r#"{{"apiGroup":"example.com","kind":"Shop","path":"$.spec.list[?@.d == 'x{i}'].b","name":"x"}}"#)
        });
        create_with(restricted(&format!(r#""credentialPaths":[{own}]"#)), CUSTOM, "", &tree(n))
    }),
    class("paths to credentials", |n, _| {
        let own = each(64, |i| format!(r#"{{"apiGroup":"example.com","kind":"Shop","path":"$..a{i}","name":"x"}}"#));
        create_with(restricted(&format!(r#""credentialPaths":[{own}]"#)), CUSTOM, "", &tree(n))
    }),
    class("a path that descends twice", |n, _| {
        let own = r#"{"apiGroup":"example.com","kind":"Shop","path":"$..*..a","name":"x"}"#;
        create_with(restricted(&format!(r#""credentialPaths":[{own}]"#)), CUSTOM, "", &tree(n))
    }),
    class("a path that compares everything with everything", |n, _| {
        let own = r#"{"apiGroup":"example.com","kind":"Shop","path":"$..[?@.b == $..c]","name":"x"}"#;
        create_with(restricted(&format!(r#""credentialPaths":[{own}]"#)), CUSTOM, "", &tree(n))
    }),
    class("a path that finds everything", |n, _| {
        let own = r#"{"apiGroup":"example.com","kind":"Shop","path":"$..*","name":"x"}"#;
        create_with(restricted(&format!(r#""credentialPaths":[{own}]"#)), CUSTOM, "", &tree(n))
    }),
    class("paths to templates", |n, _| {
        let own = r#"{"apiGroup":"example.com","kind":"Shop","path":"$..*"}"#;
        create_with(restricted(&format!(r#""podTemplatePaths":[{own}]"#)), CUSTOM, "", &tree(n))
    }),
    class("paths to templates that find the same", |n, _| {
        let own = each(8, |_| r#"{"apiGroup":"example.com","kind":"Shop","path":"$.spec.list[*]"}"#.to_owned());
        create_with(restricted(&format!(r#""podTemplatePaths":[{own}]"#)), CUSTOM, "", &tree(n))
    }),
];

/// The most entries of a list in the settings.
const MOST_SETTINGS: usize = 10_000;
/// The most paths with filters of a kind.
const MOST_FILTERS: usize = 8;
const USE: &str = r#""labels":{"azure.workload.identity/use":"true"}"#;

fn restricted(more: &str) -> String {
    format!(r#"{{"profile":"restricted",{more}}}"#)
}

fn guid(n: usize) -> String {
    format!("0f8fad5b-d9cb-469f-a165-{n:012}")
}

fn passwords(n: usize) -> String {
    let own = each(n, |i| format!(r#"{{"name":"db_{i}_password","value":"q1w2e3r4"}}"#));
    format!(r#""spec":{{"containers":[{{"name":"web","env":[{own}]}}]}}"#)
}

fn bound(settings: &str, list: &str) -> Input {
    create_with(restricted(settings), ROLE_BINDING, "", &subjects("cluster-admin", list))
}

fn tree(n: usize) -> String {
    format!(r#""spec":{{"list":[{}]}}"#, each(n, |i| format!(r#"{{"b":{i},"c":{i}}}"#)))
}
