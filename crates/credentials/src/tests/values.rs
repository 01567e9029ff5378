use super::base64::may_hide_credential;
use super::*;

fn pairs(text: &str) -> Vec<(&str, &str, usize)> {
    let mut pairs = Vec::new();
    assignments(text, &mut |pair| pairs.push((pair.key, pair.value, pair.line)));
    pairs
}

#[test]
fn harmless_values_of_real_manifests() {
    use Benign::*;
    let cases: &[(Benign, &[&str])] = &[
        (Empty, &["", "  ", "\"\""]),
        (
            Reference,
            &[
                "$(DB_PASSWORD)",
                "${DB_PASSWORD}",
                "${X:-default}",
                "{{ .Values.password }}",
                "{{inputs.parameters.x}}",
                "$DB_PASSWORD",
                "%PASSWORD%",
                "#{password}#",
                "__PASSWORD__",
                "Bearer $(TOKEN)",
                "@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/s)",
                "@Microsoft.KeyVault(VaultName=v;SecretName=s)",
                "https://shop.vault.azure.net/secrets/db/0123",
                "secretref:db",
                "vault:secret/data/db#password",
            ],
        ),
        (
            Placeholder,
            &[
                "<client-secret-of-SP-identity>",
                "<Client Secret>",
                "REPLACE_ME",
                "changeme",
                "ChangeMe!",
                "change-me",
                "xxxx",
                "XXXXXXXX",
                "xxx-xxx",
                "***",
                "...",
                "your-secret-here",
                "YOUR_SQL_HOST",
                "[password]",
                "TODO",
                "placeholder",
                "base64 of your plain text clientSecret",
                "insert-secret",
                "none",
                "null",
                "REDACTED",
                "00000000",
                "secret-goes-here",
            ],
        ),
        (
            Plain,
            &[
                "true", "False", "yes", "off", "disabled", "0", "8080", "3600", "-1", "0.5", "30s", "24h", "512Mi",
                "msi", "MSI",
            ],
        ),
        (
            Identifier,
            &[
                "11111111-2222-3333-4444-555555555555",
                "{11111111-2222-3333-4444-555555555555}",
                "AAAAAAAA-2222-3333-4444-555555555555",
                "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQ me@host",
                "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA",
                "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----",
                "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----",
            ],
        ),
        (
            Location,
            &[
                "/var/run/secrets/azure/tokens/azure-identity-token",
                "/mnt/secrets/password",
                "./key.pem",
                "~/.ssh/id",
                "C:\\secrets\\token",
                "tls.key",
                "certs/client.pfx",
                "/email",
                "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/v",
                "https://shop.vault.azure.net/",
                "https://shop.documents.azure.com:443/",
                "http://host:8080/path?x=y",
                "redis://redis:6379/0",
                "jdbc:postgresql://$HOST/db",
                "shop.redis.cache.windows.net:6380",
                "shop.servicebus.windows.net",
                "postgres.default.svc:5432",
                "Endpoint=sb://shop.servicebus.windows.net/;Authentication=ManagedIdentity",
                "Server=tcp:shop.database.windows.net,1433;Database=db;Authentication=Active Directory Default;",
                "AccountEndpoint=https://shop.documents.azure.com:443/;Database=db",
                "op://vault/item/field",
                "ref+azurekeyvault://vault/secret",
            ],
        ),
        (
            Public,
            &[
                "InstrumentationKey=11111111-2222-3333-4444-555555555555;IngestionEndpoint=https://x.in.applicationinsights.azure.com/",
                "UseDevelopmentStorage=true",
                "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;",
                "Endpoint=sb://localhost;SharedAccessKeyName=a;SharedAccessKey=SAS_KEY_VALUE;UseDevelopmentEmulator=true;",
                "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==",
            ],
        ),
    ];
    for (reason, values) in cases {
        for value in *values {
            assert_eq!(benign(value), Some(*reason), "{value}");
            assert_eq!(id(value), None, "{value}");
        }
    }
}

#[test]
fn secrets_are_not_harmless() {
    let mut values: Vec<String> = [
        "hunter2",
        "password",
        "P@ssw0rd!",
        "my-service-principal-client-secret",
        "my-secure-restic-password",
        "123456",
        "correct horse battery",
        "s3cr3t",
        "MY-SECRET-STRING-CAN-BE-UUID",
        "$ecret",
        "a.b.c",
        "letmein/now",
        "Server=db;Password=hunter2x",
        "http://u:hunter2@host",
        "access",
        "rosebud",
        "$2a$10$abcdefgh",
        "<a>b</a>",
        "[\"token\"]",
    ]
    .map(str::to_owned)
    .to_vec();
    for n in 0..2000 {
        let mut seed = Seed::new(n);
        values.push(seed.key(32));
        values.push(seed.text(&Alphabet::of("A-Za-z0-9"), 32));
        values.push(seed.text(&Alphabet::of("0-9a-f"), 32));
    }
    for value in &values {
        // A base64 key may begin with a slash; one in a hundred of those looks like a path.
        if !value.starts_with('/') {
            assert_eq!(benign(value), None, "{value}");
        }
    }
}

#[test]
fn what_short_base64_may_hide() {
    for text in ["password=hunter2", "{\"a\":1}", "\n- x: y", "pässword: x", "€uro", "-----BEGIN"] {
        assert!(may_hide_credential(&encode(text.as_bytes())), "{text}");
        assert!(may_hide_credential(&encode_url(text.as_bytes())), "{text}");
    }
    assert!(may_hide_credential(&encode(&[0x30, 0x82, 0xff, 0xfe, 0, 1])));
    assert!(may_hide_credential("cGFzc3dv\ncmQ9eA==") && may_hide_credential("cGF\nzc3dvcmQ9eA=="));
    // What is spelt like base64 and is none.
    for text in ["plain-value-of-setting", "some/path/to/a/file", "", "abc", "abcdefg", "1.2.3.4"] {
        assert!(!may_hide_credential(text), "{text}");
    }
    for bytes in [[0x80, 1, 2, 3, 4, 5], [b'a', 0, b'b', b'c', b'd', b'e'], [b'a', 0xc3, b'b', b'c', b'd', b'e']] {
        assert!(!may_hide_credential(&encode(&bytes)), "{bytes:?}");
    }
}

#[test]
fn base64_is_read_forgivingly() {
    let read = |text: &str| decode_base64(text, 100).map(|bytes| String::from_utf8(bytes).unwrap());
    assert_eq!(read("aGVsbG8=").as_deref(), Some("hello"));
    assert_eq!(read(" aGVs\n  bG8 \n").as_deref(), Some("hello"));
    assert_eq!(read("aGVsbG8").as_deref(), Some("hello"));
    assert_eq!(decode_base64("-_-_", 10), decode_base64("+/+/", 10));
    for wrong in ["", "a", "====", "aGVsbG8=a", "aGVsbG8===", "aGVs bG8!", "aGVsb", "é"] {
        assert_eq!(decode_base64(wrong, 100), None, "{wrong:?}");
    }
    let long = encode(&[0; 101]);
    assert_eq!(decode_base64(&long, 100), None);
    assert_eq!(decode_base64(&long, 101).map(|b| b.len()), Some(101));
}

#[test]
fn base64_is_looked_into_twice() {
    let secret = Seed::new(1).credential(&SIGNATURES[0]);
    let once = encode(secret.as_bytes());
    let twice = encode(once.as_bytes());
    assert!(recognise(&once).is_some() && recognise(&twice).is_some());
    assert!(recognise(&encode(twice.as_bytes())).is_none());
}

#[test]
fn lines_of_configuration() {
    let text = "# a comment\n; another\nDB_PASSWORD=hunter2\nexport API_KEY=\"abc\"  # why\n\n  spring.password: x y\n'quoted': 'v'\nurl: http://h:80/p\n[section]\nk = v\n- name: N\n  value: V\n!ignored=1\n";
    assert_eq!(
        pairs(text),
        [
            ("DB_PASSWORD", "hunter2", 3),
            ("API_KEY", "abc", 4),
            ("spring.password", "x y", 6),
            ("quoted", "v", 7),
            ("url", "http://h:80/p", 8),
            ("k", "v", 10),
            ("name", "N", 11),
            ("value", "V", 12),
            ("N", "V", 12),
        ]
    );
}

#[test]
fn json_in_every_layout() {
    let expected = [("a", "b"), ("c", "d\\\"e"), ("f", "1"), ("g", "h"), ("i", "j")];
    let minified = r#"{"a":"b","n":{"c":"d\"e","f":1},"l":[{"g":"h"}],"i":"j"}"#;
    let pretty = "{\n  \"a\": \"b\",\n  \"n\": {\n    \"c\": \"d\\\"e\",\n    \"f\": 1\n  },\n  \"l\": [ { \"g\": \"h\" } ],\n  \"i\": \"j\"\n}";
    let embedded = format!("config: |\n  {}\n", pretty.replace('\n', "\n  "));
    for text in [minified, pretty, &embedded, &format!("x: {minified}")] {
        let found: Vec<(&str, &str)> =
            pairs(text).iter().map(|(k, v, _)| (*k, *v)).filter(|(k, _)| k.len() == 1).collect();
        assert_eq!(found, expected, "{text}");
    }
    assert_eq!(pairs(pretty)[4].2, 8);
    let dapr = r#"[{"name":"azureClientSecret","value":"x"},{"name":"other","secretKeyRef":{"name":"s"}}]"#;
    assert!(pairs(dapr).contains(&("azureClientSecret", "x", 1)));
    assert!(pairs(r#"["--client-secret","x","--other"]"#).contains(&("--client-secret", "x", 1)));
}

#[test]
fn xml_in_both_styles() {
    let text = "<?xml version=\"1.0\"?>\n<configuration>\n  <!-- <add key=\"no\" value=\"no\"/> -->\n  <add key=\"ApiKey\"\n       value=\"abc\" />\n  <Password>hunter2</Password>\n  <server password='p'>\n    <b/>\n  </server>\n</configuration>";
    let found = pairs(text);
    for expected in [("ApiKey", "abc", 4), ("Password", "hunter2", 6), ("password", "p", 7)] {
        assert!(found.contains(&expected), "{expected:?} in {found:?}");
    }
    assert!(!found.iter().any(|(key, ..)| *key == "no" || *key == "server" || *key == "configuration"));
}

#[test]
fn command_lines() {
    let found =
        pairs("#!/bin/sh\naz login --service-principal -u a --password hunter2 --tenant=t\nAPI_KEY='a b' run --flag\n");
    for expected in [("--password", "hunter2", 2), ("--tenant", "t", 2), ("-u", "a", 2), ("API_KEY", "a b", 3)] {
        assert!(found.contains(&expected), "{expected:?} in {found:?}");
    }
    let yaml = "args:\n- --client-secret\n- x\n- --verbose\n- --a=b\n";
    assert_eq!(pairs(yaml)[1..], [("--client-secret", "x", 3), ("--a", "b", 5)]);
    let mut found = Vec::new();
    flags("tool --a=1 --b 2 -c --d '3 4' last", &mut |flag, value| found.push((flag, value)));
    assert_eq!(found, [("--a", "1"), ("--b", "2"), ("--d", "3 4")]);
}

#[test]
fn prose_assigns_nothing() {
    for text in [
        "Just a sentence about the password policy.",
        "a b c",
        "http://host/path",
        "10:30",
        "::",
        "= x",
        "- item",
        "note that: this is one",
    ] {
        let found = pairs(text);
        assert!(found.is_empty(), "{text}: {found:?}");
    }
}

/// What the names in a text promise, by their values.
fn strength_of(text: &str, value: &str) -> Option<NameStrength> {
    let mut found = None;
    secret_assignments(text, &mut |pair, strength| {
        if pair.value == value {
            let is_stronger = matches!((found, strength), (Some(NameStrength::Strong), NameStrength::Azure(_)));
            found = if found.is_none() || is_stronger { Some(strength) } else { found };
        }
    });
    found
}

fn is_of_azure(strength: Option<NameStrength>) -> bool {
    matches!(strength, Some(NameStrength::Azure(_)))
}

#[test]
fn every_syntax_of_an_assignment() {
    let syntaxes = [
        "K=v",
        "K = v",
        "K: v",
        "K:v",
        "K :v",
        "K := v",
        "K := \"v\"",
        "K ?= v",
        "K += v",
        "K::=v",
        "\"K\" => \"v\"",
        "'K' => 'v',",
        "K => v",
        "'K': 'v',",
        "\"K\": \"v\",",
        "export K=v",
        "export K='v'",
        "export K=\"v\" # why",
        "set K=v",
        "set \"K=v\"",
        "set -x K v",
        "set -gx K \"v\"",
        "setx K v",
        "setx K \"v\"",
        "setenv K v",
        "ENV K v",
        "ENV K=v",
        "ENV A=1 K=v",
        "ARG K=v",
        "env K=v run",
        "declare -x K=v",
        "local K=v",
        "const K = \"v\";",
        "$env:K = \"v\"",
        "$Env:K=\"v\"",
        "- K=v",
        "- K: v",
        "- name: K\n  value: v",
        "- name: \"K\"\n  value: \"v\"",
        "K: &anchor v",
        "K: !!str v",
        "K: !!str &a v",
        "K: |\n  v",
        "K: |-\n  v",
        "K: >-\n  v",
        "K: >2\n\n  v",
        "K: &a |\n  v",
        "K:\n  v",
        "K:\n  \"v\"",
        "K = \"\"\"\nv",
        "K=\\\n  v",
        "{\"K\": \"v\"}",
        "{\"a\": [{\"K\":\"v\"}]}",
        "{\n  'K': 'v'\n}",
        "{K: v}",
        "x: {K: v}",
        "x: {y: {K: v}}",
        "{\"name\": \"K\", \"value\": \"v\"}",
        "<K>v</K>",
        "<add key=\"K\" value=\"v\" />",
        "<property><name>K</name><value>v</value></property>",
        "docker run -e K=v image",
        "docker run --env=K=v image",
        "kubectl create secret generic s --from-literal=K=v",
        "run --set a=b K=v",
        "{\"a\": \"x=1\\nK=v\\ny=2\"}",
        "{\"a\": \"{\\\"b\\\": 1, \\\"K\\\": \\\"v\\\"}\"}",
        "a: \"x=1\\nK=v\\n\"",
        "a: \"{\\\"K\\\":\\\"v\\\"}\"",
        "a: '{\"K\":\"v\"}'",
        "sh -c \"K=v run\"",
        "[OUTPUT]\n    Name azure\n    K    v",
        "[Output]\n\tK\tv",
        "<match **>\n  K v\n</match>",
    ];
    for syntax in syntaxes {
        for (before, after) in [("", ""), ("a: 1\n", "\nb: 2\n"), ("# note\n\n", "\n")] {
            // JSON and XML are whole texts.
            if syntax.starts_with(['{', '<']) && !before.is_empty() || syntax.contains("\"\"\"") && !before.is_empty() {
                continue;
            }
            let text = |key: &str| format!("{before}{}{after}", syntax.replace('K', key).replace('v', "fjq-1234-xyz"));
            let text = |key: &str| text(key).replace("enfjq-1234-xyz", "env").replace("ENfjq-1234-xyz", "ENV");
            let text =
                |key: &str| text(key).replace("fjq-1234-xyzalue", "value").replace("setenfjq-1234-xyz", "setenv");
            let text = |key: &str| text(key).replace("-enfjq-1234-xyz", "-env");
            let azure = text("AZURE_CLIENT_SECRET");
            assert!(is_of_azure(strength_of(&azure, "fjq-1234-xyz")), "{azure:?}");
            let other = text("DB_PASSWORD");
            assert_eq!(strength_of(&other, "fjq-1234-xyz"), Some(NameStrength::Strong), "{other:?}");
            let none = text("LOG_LEVEL");
            assert_eq!(strength_of(&none, "fjq-1234-xyz"), None, "{none:?}");
        }
    }
}

#[test]
fn code_gives_values_to_names() {
    let forms = [
        "String NAME = \"VALUE\";",
        "private static final String NAME = \"VALUE\";",
        "const char *NAME = \"VALUE\";",
        "my $NAME = 'VALUE';",
        "NAME: str = 'VALUE'",
        "let NAME: string = \"VALUE\"",
        "config[\"NAME\"] = \"VALUE\"",
        "os.environ['NAME']='VALUE'",
        "os.Setenv(\"NAME\", \"VALUE\")",
        "[Environment]::SetEnvironmentVariable('NAME','VALUE')",
        "putenv(\"NAME=VALUE\")",
        "app.set_NAME(\"VALUE\")",
        "builder.NAME(\"VALUE\")",
        "echo 'NAME: VALUE' >>file",
        "NAME=VALUE ./run",
        "NAME=VALUE run --verbose",
        "NAME=VALUE A=1 run",
        "NAME=VALUE \\\n  run",
        "run -o a=1,NAME=VALUE,b=2",
        "curl -d 'a=1&NAME=VALUE&b=2' x",
        "curl 'https://x.example/?a=1&NAME=VALUE'",
    ];
    for form in forms {
        for before in ["", "import x\n", "# note\n\n"] {
            let text =
                |name: &str| format!("{before}{}\n", form.replace("NAME", name).replace("VALUE", "fjq-1234-xyz"));
            let azure = text("azure_client_secret");
            assert!(is_of_azure(strength_of(&azure, "fjq-1234-xyz")), "{azure:?}");
            let other = text("db_password");
            assert_eq!(strength_of(&other, "fjq-1234-xyz"), Some(NameStrength::Strong), "{other:?}");
        }
    }
    let nothing = [
        "os.getenv(\"DB_PASSWORD\", \"fjq-1234-xyz\")",
        "i18n.t(\"password\", \"fjq-1234-xyz\")",
        "store.get_password(\"fjq-1234-xyz\")",
        "if password == \"fjq-1234-xyz\" {",
        "if (password != 'fjq-1234-xyz') {",
        "read_password(\"fjq-1234-xyz\")",
        "echo \"password: needs fjq-1234-xyz\"",
        "mysql -p fjq-1234-xyz",
    ];
    for text in nothing {
        assert_eq!(strength_of(text, "fjq-1234-xyz"), None, "{text:?}");
    }
    assert_eq!(strength_of("String CLIENT_SECRET = \"client_secret\";", "client_secret"), None);
}

#[test]
fn programs_of_databases_and_registries_have_their_own_flags() {
    for command in
        ["sqlcmd -U a -P VALUE", "sqlcmd -PVALUE", "redis-cli -a VALUE ping", "mysql -u a -pVALUE", "mongosh -p VALUE"]
    {
        let text = command.replace("VALUE", "fjq-1234-xyz");
        assert_eq!(strength_of(&text, "fjq-1234-xyz"), Some(NameStrength::Strong), "{text:?}");
    }
    let text = "skopeo copy --src-creds me:fjq-1234-xyz docker://x.azurecr.io/a dir:a";
    assert!(is_of_azure(strength_of(text, "fjq-1234-xyz")));
}

#[test]
fn parts_of_a_text_are_part_of_the_names_in_them() {
    let azure = [
        "spring:\n  cloud:\n    azure:\n      credential:\n        client-secret: v1\n",
        "azure:\n\n  # note\n  client-secret: v1\n",
        "- azure:\n    password: v1\n",
        "[auth.azuread]\nenabled = true\nclient_secret = v1\n",
        "[storage.azure]\naccount_key = \"v1\"\n",
        "[[azure]]\naccount_key = \"v1\"\n",
        "{\"AzureAd\": {\"Instance\": \"https://x\", \"ClientSecret\": \"v1\"}}",
        "{\"a\": {\"azure\": [{\"b\": {}}, {\"password\": \"v1\"}]}}",
        "{'azure': {'password': 'v1'}}",
        "x: {azure: {password: v1}}",
        "azure: {password: v1}",
        "azure:\n  nested: {password: v1}",
        "<azure><a>1</a><clientSecret>v1</clientSecret></azure>",
        "cosmos:\n  key: v1\n",
        "serviceBus:\n  connectionString: v1\n",
        "azure {\n  client_secret = v1\n}",
    ];
    for text in azure {
        assert!(is_of_azure(strength_of(text, "v1")), "{text:?}");
        let other = text.replace("azure", "other").replace("Azure", "Other").replace("otherad", "other");
        if other != *text {
            assert!(!is_of_azure(strength_of(&other, "v1")), "{other:?}");
        }
    }
    let others = [
        "azure:\n  tenant: x\ndatabase:\n  password: v1\n",
        "  azure:\n    tenant: x\n  database:\n    password: v1\n",
        "azure: true\ndatabase:\n  password: v1\n",
        "[azure]\na = 1\n[database]\npassword = v1\n",
        "{\"azure\": {\"a\": {}}, \"password\": \"v1\"}",
        "{\"azure\": [], \"b\": {\"password\": \"v1\"}}",
        "<a><azure><b>1</b></azure><password>v1</password></a>",
        "storage:\n  password: v1\n",
        "# azure:\npassword: v1\n",
        "a: |\n  [azure]\n  b = 1\nc:\n  password: v1\n",
    ];
    for text in others {
        assert_eq!(strength_of(text, "v1"), Some(NameStrength::Strong), "{text:?}");
    }
}

#[test]
fn flags_mean_what_their_command_makes_of_them() {
    let azure = [
        "az login -u a -p v1",
        "az login --service-principal -u a -pv1 --tenant t",
        "az login --service-principal -u a -p=v1",
        "az login --service-principal -u a --password v1",
        "az login --service-principal -u a --password=v1",
        "az login --service-principal -u a -p 'v1' --tenant t",
        "az login --service-principal -u a -p \"v1\"",
        "/usr/bin/az login -p v1",
        "sudo az login -p v1; echo done",
        "echo x && az login -p v1 && az account show",
        "az login \\\n  --service-principal \\\n  -u a \\\n  -p v1",
        "az login `\n  -u a `\n  -p v1",
        "TOKEN=$(az login -p v1)",
        "sh -c \"az login -p v1\"",
        "command: [\"az\", \"login\", \"-p\", \"v1\"]",
        "command: [az, login, -p, v1]",
        "{\"command\": [\"az\", \"login\", \"-p\", \"v1\"]}",
        "command:\n- az\n- login\n- --service-principal\n- -p\n- v1\n",
        "command:\n  - az\n  - login\n  - --password=v1\n",
        "command:\n- sh\n- -c\n- az login -p v1\n",
        "az acr login -n shop -u shop -p v1",
        "docker login shop.azurecr.io -u shop -p v1",
        "docker login -u shop --password v1 https://shop.azurecr.io",
        "podman login -p v1 shop.azurecr.cn",
        "helm registry login shop.azurecr.io -u a --password v1",
        "oras login shop.azurecr.io -u a -p v1",
        "crane auth login shop.azurecr.io -u a -p v1",
        "skopeo login -u a -p v1 shop.azurecr.us",
        "echo v1 | docker login shop.azurecr.io -u a --password-stdin",
        "kubelogin get-token --login spn --client-secret v1",
        "AZURE_TENANT_ID=t ./sync --client-secret v1",
        "./sync --client-secret=v1 --azure-tenant=t",
        "proxy --provider=azure --client-secret=v1",
        "proxy --issuer https://login.microsoftonline.com/t/v2.0 --client-secret v1",
        "az storage blob list --account-name a --account-key v1",
        "az ad sp credential reset --password v1",
        "Connect-AzAccount -Credential (New-Object PSCredential('a', (ConvertTo-SecureString 'v1' -AsPlainText -Force)))",
        "$p = ConvertTo-SecureString \"v1\" -AsPlainText -Force\nConnect-AzAccount -ServicePrincipal -Credential $c",
        "$p = ConvertTo-SecureString -String v1 -AsPlainText -Force\nConnect-AzAccount -Credential $c",
        "'v1' | ConvertTo-SecureString -AsPlainText -Force\nConnect-AzAccount -Credential $c",
    ];
    for text in azure {
        assert!(is_of_azure(strength_of(text, "v1")), "{text:?}");
        for (before, after) in [("#!/bin/sh\nset -e\n", "\necho done\n"), ("a: 1\n", "\n")] {
            let inside = format!("{before}{text}{after}");
            if !text.starts_with('{') {
                assert!(is_of_azure(strength_of(&inside, "v1")), "{inside:?}");
            }
        }
    }
    for text in [
        "./sync --client-secret v1",
        "./sync --client-secret=v1",
        "mysql --password v1 -u root",
        "docker login ghcr.io -u a -p v1",
        "docker login -u a -p v1",
        "az account show; mysql --password v1",
        "kubectl run --image shop.azurecr.io/a --env DB_PASSWORD=v1",
        "ConvertTo-SecureString v1 -AsPlainText -Force",
        "command:\n- az\n- login\nargs2:\n- --password\n- v1\n",
    ] {
        assert_eq!(strength_of(text, "v1"), Some(NameStrength::Strong), "{text:?}");
    }
    for text in [
        "az login --identity -u v1",
        "mkdir -p v1",
        "docker run -p v1 shop.azurecr.io/login",
        "az login; mkdir -p v1",
        "az login --service-principal -u v1",
        "cp -p v1 login",
        "docker login shop.azurecr.io -u v1 --password-stdin",
    ] {
        assert_eq!(strength_of(text, "v1"), None, "{text:?}");
    }
}
