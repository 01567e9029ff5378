//! Pods, what becomes Pods, and custom kinds.

use super::*;

pub(super) const CLASSES: &[Class] = &[
    class("variables, the old ones in another order", |n, _| {
        update(POD, &container(&passwords(n, "acr", false)), &container(&passwords(n, "acr", true)))
    }),
    class("variables, all of them new", |n, _| {
        update(POD, &container(&passwords(n, "acr", false)), &container(&passwords(n, "old", false)))
    }),
    class("variables of one name", |n, _| {
        create(POD, "", &container(&env(n, |_| ("DB_PASSWORD", "Corr3cthorse".into()))))
    }),
    class("variables in one value", |n, _| {
        let (own, all) =
            (each(n, |i| variable(&format!("V{i}"), "a")), (0..n).map(|i| format!("$(V{i})")).collect::<String>());
        let host = variable("AZURE_AUTHORITY_HOST", &format!("https://{all}/"));
        create(POD, USE, &container(&format!(r#""env":[{own},{host}]"#)))
    }),
    class("variables that each name the one before", |n, _| {
        let own = each(n, |i| variable(&format!("V{}", i + 1), &format!("$(V{i})x")));
        create(POD, USE, &container(&format!(r#""env":[{own},{}]"#, variable("AZURE_AUTHORITY_HOST", "$(V9)"))))
    }),
    class("authorities with references", |n, _| {
        create(POD, USE, &container(&env(n, |_| ("AZURE_AUTHORITY_HOST", "$(A)$(B)".into()))))
    }),
    class("dollar signs in a variable", |n, _| {
        create(POD, USE, &container(&env(1, |_| ("AZURE_AUTHORITY_HOST", format!("$(A){}", "$(".repeat(n))))))
    }),
    class("token proxies", |n, _| {
        let own = each(n, |_| format!(r#"{{"name":"{}","value":"x"}}"#, "AZURE_KUBERNETES_TOKEN_PROXY"));
        let binding = r#""annotations":{"azure.workload.identity/use-identity-binding":"true"}"#;
        create(POD, &format!("{USE},{binding}"), &container(&format!(r#""env":[{own}]"#)))
    }),
    class("passwords without a user", |n, _| create(POD, USE, &container(&env(n, |_| ("AZURE_PASSWORD", "x".into()))))),
    class("identity endpoints", |n, _| create(POD, "", &container(&env(n, |_| ("IDENTITY_ENDPOINT", "x".into()))))),
    class("client ids", |n, _| create(POD, USE, &container(&env(n, |_| ("AZURE_CLIENT_ID", "x".into()))))),
    class("variables from Secrets", |n, _| {
        let own = each(n, |i| {
            format!(r#"{{"name":"C{i}","valueFrom":{{"secretKeyRef":{{"name":"s","key":"AZURE_CLIENT_SECRET"}}}}}}"#)
        });
        create(POD, "", &container(&format!(r#""env":[{own}]"#)))
    }),
    class("sources of variables", |n, _| {
        let own = each(n, |_| r#"{"secretRef":{"name":"azure-client-secret"}}"#.to_owned());
        create(POD, "", &container(&format!(r#""envFrom":[{own}]"#)))
    }),
    class("token files, mounts and token volumes", |n, _| {
        let files = each(n, |_| variable("AZURE_FEDERATED_TOKEN_FILE", "/a"));
        let mounts = each(2 * n, |i| format!(r#"{{"name":"m{i}","mountPath":"/m{i}"}}"#));
        let volumes = each(n, |i| format!(r#"{{"name":"v{i}","projected":{{"sources":[{TOKEN}]}}}}"#));
        pod(USE, &format!(r#""env":[{files}],"volumeMounts":[{mounts}]"#), &format!(r#""volumes":[{volumes}]"#))
    }),
    class("token files and mounts of one token volume", |n, _| {
        let files = each(n, |_| variable("AZURE_FEDERATED_TOKEN_FILE", "/a/b/c"));
        let mounts = each(n, |i| format!(r#"{{"name":"v","mountPath":"/m{i}"}}"#));
        let volumes = format!(r#""volumes":[{{"name":"v","projected":{{"sources":[{TOKEN}]}}}}]"#);
        pod(USE, &format!(r#""env":[{files}],"volumeMounts":[{mounts}]"#), &volumes)
    }),
    class("volumes of one name with mounts of it", |n, _| {
        let mounts = each(n, |_| r#"{"name":"v","mountPath":"/m"}"#.to_owned());
        let volumes = each(n, |_| format!(r#"{{"name":"v","projected":{{"sources":[{TOKEN}]}}}}"#));
        pod(
            USE,
            &format!(r#""env":[{}],"volumeMounts":[{mounts}]"#, variable("AZURE_FEDERATED_TOKEN_FILE", "/a")),
            &format!(r#""volumes":[{volumes}]"#),
        )
    }),
    class("mounts of the webhook's volume, and volumes", |n, _| {
        let mounts = each(n, |_| format!(r#"{{"name":"azure-identity-token","mountPath":"{TOKENS}"}}"#));
        let volumes = each(2 * n, |i| format!(r#"{{"name":"v{i}","emptyDir":{{}}}}"#));
        pod(USE, &format!(r#""volumeMounts":[{mounts}]"#), &format!(r#""volumes":[{volumes}]"#))
    }),
    class("mounts at the webhook's path, and skipped containers", |n, _| {
        let mounts = each(n, |i| format!(r#"{{"name":"m{i}","mountPath":"{TOKENS}"}}"#));
        pod(&skipping(&names(n, "y")), &format!(r#""volumeMounts":[{mounts}]"#), "")
    }),
    class("containers, and skipped containers", |n, _| containers(n, &skipping(&names(n, "y")))),
    class("containers, and skipped containers with long names", |n, _| {
        containers(n, &skipping(&names(n / 10, &"y".repeat(50))))
    }),
    class("containers, all of them skipped", |n, _| containers(n, &skipping(&names(n, "c")))),
    class("containers with a token file, all skipped", |n, _| {
        let own = each(n, |i| format!(r#"{{"name":"c{i:05}","env":[{}]}}"#, variable("AZURE_PASSWORD", "x")));
        create(POD, &skipping(&names(1000, "y")), &format!(r#""spec":{{"containers":[{own}]}}"#))
    }),
    class("containers", |n, _| containers(n, USE)),
    class("keys of mounted Secrets", |n, _| {
        let items = each(n, |i| format!(r#"{{"key":"AZURE_CLIENT_SECRET","path":"p{i}"}}"#));
        pod("", "", &format!(r#""volumes":[{{"name":"v","secret":{{"secretName":"s","items":[{items}]}}}}]"#))
    }),
    class("volumes of drivers", |n, _| {
        let volumes = each(n, |i| {
            format!(r#"{{"name":"v{i}","csi":{{"driver":"file.csi.azure.com","volumeAttributes":{{"A":"b"}}}}}}"#)
        });
        pod("", "", &format!(r#""volumes":[{volumes}]"#))
    }),
    class("attributes of a volume", |n, _| {
        let attributes = each(n, |i| format!(r#""a{i}":"b""#));
        pod(
            "",
            "",
            &format!(
                r#""volumes":[{{"name":"v","csi":{{"driver":"blob.csi.azure.com","volumeAttributes":{{{attributes}}}}}}}]"#
            ),
        )
    }),
    class("host paths", |n, _| {
        let volumes = each(n, |_| r#"{"name":"v","hostPath":{"path":"/etc/kubernetes/azure.json"}}"#.to_owned());
        pod("", "", &format!(r#""volumes":[{volumes}]"#))
    }),
    class("pull secrets", |n, _| {
        pod("", "", &format!(r#""imagePullSecrets":[{}]"#, each(n, |_| r#"{"name":"acr-secret"}"#.to_owned())))
    }),
    class("arguments that are flags", |n, _| arguments(&each(n, |i| format!(r#""--client-secret","Abcdef1gh{i}""#)))),
    class("arguments that assign", |n, _| arguments(&each(n, |i| format!(r#""--password=Abcdef1gh{i}""#)))),
    class("arguments that log in", |n, _| {
        arguments(&format!(r#""az","login",{}"#, each(n, |_| r#""--identity""#.to_owned())))
    }),
    class("short arguments", |n, _| arguments(&each(n, |_| r#""-p""#.to_owned()))),
    class("headers of a probe", |n, _| {
        let headers = each(n, |i| format!(r#"{{"name":"Authorization","value":"Basic Abcdef1gh{i}"}}"#));
        create(
            POD,
            "",
            &container(&format!(r#""livenessProbe":{{"httpGet":{{"path":"/","httpHeaders":[{headers}]}}}}"#)),
        )
    }),
    class("variables of the wrong type", |n, _| {
        create(POD, "", &container(&format!(r#""env":[{}]"#, each(n, |i| format!(r#"{{"name":"a{i}","value":1}}"#)))))
    }),
    class("a list of the wrong type", |n, _| {
        create(POD, "", &container(&format!(r#""env":{{"a":[{}]}}"#, each(n, |_| "1".to_owned()))))
    }),
    class("members of the wrong type, all old", |n, _| {
        let own = container(&format!(r#""args":[{}]"#, each(n, |i| i.to_string())));
        update(POD, &own, &own)
    }),
    class("short strings of a custom kind", |n, _| {
        create(CUSTOM, "", &format!(r#""spec":{{"a":[{}]}}"#, each(n, |_| r#""a://b:c@defghijk""#.to_owned())))
    }),
    class("strings deep in a custom kind", |n, _| {
        let list = format!("[{}]", each(n, |_| r#""amqp://b:c@defghi""#.to_owned()));
        create(
            CUSTOM,
            "",
            &format!(r#""spec":{}"#, (0..40).fold(list, |inner, _| format!(r#"{{"{}":{inner}}}"#, "k".repeat(40)))),
        )
    }),
    class("findings under a long name", |n, _| {
        let own = each(n, |i| format!(r#""k{i}":"amqp://b:c@defghijk""#));
        create(CUSTOM, "", &format!(r#""spec":{{"list":[{{"name":"{}","metadata":{{{own}}}}}]}}"#, "n".repeat(n * 4)))
    }),
    class("triggers of KEDA", |n, _| {
        let triggers =
            each(n, |i| format!(r#"{{"type":"azure-queue","name":"t{i}","metadata":{{"connectionFromEnv":"C"}}}}"#));
        create(("keda.sh/v1alpha1", "ScaledObject"), "", &format!(r#""spec":{{"triggers":[{triggers}]}}"#))
    }),
    class("parameters of KEDA", |n, _| {
        let own = each(n, |i| format!(r#"{{"parameter":"connection","name":"s{i}","key":"k"}}"#));
        create(("keda.sh/v1alpha1", "TriggerAuthentication"), "", &format!(r#""spec":{{"secretTargetRef":[{own}]}}"#))
    }),
    class("parameters of a StorageClass", |n, _| {
        let own = each(n, |i| format!(r#""parameter{i}":"b""#));
        create(
            ("storage.k8s.io/v1", "StorageClass"),
            "",
            &format!(r#""provisioner":"blob.csi.azure.com","parameters":{{{own}}}"#),
        )
    }),
    class("templates and volumes of a Workflow", |n, _| {
        let volumes = each(n, |i| format!(r#"{{"name":"v{i}","hostPath":{{"path":"/a"}}}}"#));
        workflow(n, &format!(r#""volumes":[{volumes}]"#))
    }),
    class("templates and token volumes of a Workflow", |n, _| {
        let volumes = each(n, |i| {
            format!(
                r#"{{"name":"v{i}","projected":{{"sources":[{{"serviceAccountToken":{{"path":"t","expirationSeconds":999999}}}}]}}}}"#
            )
        });
        workflow(n, &format!(r#""volumes":[{volumes}]"#))
    }),
    class("templates and annotations of a Workflow", |n, _| {
        workflow(
            n,
            &format!(
                r#""podMetadata":{{"annotations":{{{}}}}}"#,
                each(n, |i| format!(r#""iam.amazonaws.com/role{i}":"x""#))
            ),
        )
    }),
    class("templates and near misses of a Workflow", |n, _| {
        workflow(
            n,
            &format!(
                r#""podMetadata":{{"labels":{{{}}}}}"#,
                each(n, |i| format!(r#""azure.workload.identity/usr{i}":"x""#))
            ),
        )
    }),
    class("templates and wrong labels of a Workflow", |n, _| {
        workflow(n, &format!(r#""podMetadata":{{"labels":{{{}}}}}"#, each(n, |i| format!(r#""a{i}":1"#))))
    }),
    class("templates that look up accounts", |n, _| {
        let own = each(n, |i| format!(r#"{{"name":"a","serviceAccountName":"s{i}","container":{{"image":"x"}}}}"#));
        let settings = r#"{"profile":"restricted","clusterLookups":true}"#.to_owned();
        create_with(settings, WORKFLOW, "", &format!(r#""spec":{{"podMetadata":{{{USE}}},"templates":[{own}]}}"#))
    }),
    class("templates of a custom kind and its labels", |n, _| {
        let labels = each(n, |i| format!(r#""azure.workload.identity/usr{i}":"x""#));
        create(
            CUSTOM,
            &format!(r#""labels":{{{labels}}}"#),
            &format!(r#""spec":{{"list":[{}]}}"#, each(n, |_| TEMPLATE.to_owned())),
        )
    }),
    class("templates of a custom kind", |n, _| {
        create(CUSTOM, "", &format!(r#""spec":{{"list":[{}]}}"#, each(n, |_| TEMPLATE.to_owned())))
    }),
    class("templates inside containers of templates", |n, _| {
        let inner = format!("[{}]", each(n, |i| format!(r#"{{"name":"c{i}"}}"#)));
        let nested = (0..20).fold(inner, |inner, _| format!(r#"[{{"name":"c","spec":{{"containers":{inner}}}}}]"#));
        create(CUSTOM, "", &format!(r#""spec":{{"containers":{nested}}}"#))
    }),
    class("lists of lists", |n, _| {
        create(CUSTOM, "", &format!(r#""spec":[{}]"#, each(n, |_| "[[[[[[[]]]]]]]".to_owned())))
    }),
    class("members of one name", |n, _| {
        create(CUSTOM, "", &format!(r#""spec":{{{}}}"#, each(n, |_| r#""a":1"#.to_owned())))
    }),
    class("escaped strings", |n, _| create(CUSTOM, "", &format!(r#""spec":{{"a":"{}"}}"#, r"\u00e9\n".repeat(n)))),
    class("numbers", |n, _| create(CUSTOM, "", &format!(r#""spec":[{}]"#, each(n, |_| "1e5".to_owned())))),
    annotated("annotations with the names of passwords", |n, _| {
        create(
            CONFIG_MAP,
            &format!(r#""annotations":{{{}}}"#, each(n, |i| format!(r#""a.io/password-{i}":"Corr3cthorse""#))),
            "",
        )
    }),
    annotated("annotations that are kubeconfigs", |n, _| {
        create(
            CONFIG_MAP,
            &format!(
                r#""annotations":{{{}}}"#,
                each(n, |i| format!(r#""a{i}":"clusters: users: current-context: token: abcdef""#))
            ),
            "",
        )
    }),
    annotated("keys with a misspelt prefix", |n, random| {
        let own = each(n, |_| format!(r#""azure.workload.ident{}/use":"true""#, random.word(3)));
        create(POD, &format!(r#""annotations":{{{own}}}"#), r#""spec":{"containers":[{"name":"c"}]}"#)
    }),
    annotated("a copy with variables", |n, _| copied(POD, &container(&passwords(n, "acr", false)), &container(""))),
    annotated("a copy with credentials at places of their own", |n, _| {
        let data = each(n, |i| format!(r#""k{i}":"Server=db;User=x;Password=Corr3cthorse{i}""#));
        copied(CONFIG_MAP, &format!(r#""data":{{{data}}}"#), r#""data":{}"#)
    }),
    annotated("a copy and an object with other keys", |n, _| {
        let keys =
            |prefix: &str| format!(r#""data":{{{}}}"#, each(n, |i| format!(r#""{prefix}password{i}":"Corr3cthorse""#)));
        copied(CONFIG_MAP, &keys("a"), &keys("b"))
    }),
    annotated("a copy with strings of a custom kind", |n, _| {
        copied(CUSTOM, &format!(r#""spec":{{"a":[{}]}}"#, each(n, |i| quoted(&format!("amqp://b:c@host{i}")))), "")
    }),
    annotated("copies inside copies", |n, _| {
        let own = each(n, |i| variable(&format!("A{i}_PASSWORD"), "Corr3cthorse"));
        let inner = object(POD, "", &container(&format!(r#""env":[{own}]"#)));
        let middle = object(POD, &format!(r#""annotations":{{"{COPY}":{}}}"#, quoted(&inner)), "");
        create(POD, &format!(r#""annotations":{{"{COPY}":{}}}"#, quoted(&middle)), &container(""))
    }),
    annotated("a copy that is not JSON", |n, _| {
        create(
            POD,
            &format!(r#""annotations":{{"{COPY}":{}}}"#, quoted(&"password=Corr3cthorse\n".repeat(n))),
            &container(""),
        )
    }),
];

const USE: &str = r#""labels":{"azure.workload.identity/use":"true"}"#;
const TOKENS: &str = "/var/run/secrets/azure/tokens";
const TOKEN: &str = r#"{"serviceAccountToken":{"audience":"api://AzureADTokenExchange","path":"t"}}"#;
const TEMPLATE: &str = r#"{"spec":{"containers":[{}]}}"#;
const COPY: &str = "kubectl.kubernetes.io/last-applied-configuration";

fn variable(name: &str, value: &str) -> String {
    format!(r#"{{"name":"{name}","value":{}}}"#, quoted(value))
}

fn env(n: usize, variable_of: impl Fn(usize) -> (&'static str, String)) -> String {
    let own = each(n, |i| {
        let (name, value) = variable_of(i);
        variable(name, &value)
    });
    format!(r#""env":[{own}]"#)
}

fn passwords(n: usize, prefix: &str, backwards: bool) -> String {
    let own = each(n, |i| variable(&format!("{prefix}_{:05}_pwd", if backwards { n - 1 - i } else { i }), "q1w2e3r4"));
    format!(r#""env":[{own}]"#)
}

/// The spec of a Pod with one container.
fn container(members: &str) -> String {
    let comma = if members.is_empty() { "" } else { "," };
    format!(r#""spec":{{"serviceAccountName":"web","containers":[{{"name":"web","image":"web:1"{comma}{members}}}]}}"#)
}

fn pod(metadata: &str, of_container: &str, of_spec: &str) -> Input {
    let comma = |more: &str| if more.is_empty() { "" } else { "," };
    let members = format!(
        r#""spec":{{"serviceAccountName":"web","containers":[{{"name":"web"{}{of_container}}}]{}{of_spec}}}"#,
        comma(of_container),
        comma(of_spec)
    );
    create(POD, metadata, &members)
}

fn arguments(list: &str) -> Input {
    create(POD, "", &container(&format!(r#""command":["run"],"args":[{list}]"#)))
}

fn names(n: usize, prefix: &str) -> String {
    (0..n).map(|i| format!("{prefix}{i:05}")).collect::<Vec<_>>().join(";")
}

/// Metadata of a Pod that skips these containers.
fn skipping(names: &str) -> String {
    format!(r#"{USE},"annotations":{{"azure.workload.identity/skip-containers":"{names}"}}"#)
}

fn containers(n: usize, metadata: &str) -> Input {
    let own = each(n, |i| format!(r#"{{"name":"c{i:05}xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}}"#));
    create(POD, metadata, &format!(r#""spec":{{"containers":[{own}]}}"#))
}

fn workflow(n: usize, members: &str) -> Input {
    let templates = each(n, |_| r#"{"container":{}}"#.to_owned());
    create(WORKFLOW, "", &format!(r#""spec":{{{members},"templates":[{templates}]}}"#))
}

/// An object whose copy by kubectl has other members.
fn copied(kind: (&str, &str), members_of_copy: &str, members: &str) -> Input {
    let copy = object(kind, "", members_of_copy);
    create(kind, &format!(r#""annotations":{{"{COPY}":{}}}"#, quoted(&copy)), members)
}
