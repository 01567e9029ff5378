use super::signatures::devops_token;
use super::*;

fn quiet(text: &str) {
    assert_eq!(ids(text), [""; 0], "{text}");
}

fn says(text: &str, expected: &str) {
    assert_eq!(id(text), Some(expected), "{text}");
}

/// A secret of no particular shape.
fn secret(n: u64) -> String {
    const LETTERS: Alphabet = Alphabet::of("A-Za-z0-9");
    format!("Q{}", Seed::new(n).text(&LETTERS, 20))
}

#[test]
fn storage_connection_strings() {
    for n in 0..100 {
        let key = Seed::new(n).key(64);
        let text =
            format!("DefaultEndpointsProtocol=https;AccountName=shop;AccountKey={key};EndpointSuffix=core.windows.net");
        assert_eq!(ids(&text), ["storage-connection-string"]);
        assert_eq!(ids(&format!("accountkey = {key};accountname = shop")), ["storage-connection-string"]);
        assert_eq!(ids(&format!("a: 1\nstorage: \"{text}\"\n")), ["storage-connection-string"]);
        quiet(&text.replace(&key, &key[1..]));
        quiet(&text.replace("==", "="));
        quiet(&text.replace(&key, "$(STORAGE_KEY)"));
        // The emulator has its own key, too.
        says(&text.replace("AccountName=shop", "AccountName=devstoreaccount1"), "storage-connection-string");
        says(&format!("{text};UseDevelopmentStorage=true"), "storage-connection-string");
    }
    quiet("UseDevelopmentStorage=true");
    quiet("DefaultEndpointsProtocol=https;AccountName=shop;EndpointSuffix=core.windows.net");
}

#[test]
fn a_marked_key_in_a_connection_string_is_told_once() {
    let key = Seed::new(1).credential(SIGNATURES.iter().find(|s| s.kind.id == "storage-account-key").unwrap());
    assert_eq!(ids(&format!("AccountName=shop;AccountKey={key}")), ["storage-connection-string"]);
    assert_eq!(ids(&format!("key: {key}")), ["storage-account-key"]);
}

#[test]
fn communication_connection_strings() {
    let key = Seed::new(3).key(64);
    for host in ["shop.communication.azure.com", "shop.europe.communication.azure.com"] {
        says(&format!("endpoint=https://{host}/;accesskey={key}"), "communication-connection-string");
        quiet(&format!("endpoint=https://{host}/"));
    }
}

#[test]
fn entra_refresh_tokens() {
    const LETTERS: Alphabet = Alphabet::of("A-Za-z0-9_-");
    for n in 0..50 {
        let (first, second) = (Seed::new(n).text(&LETTERS, 60), Seed::new(n + 100).text(&LETTERS, 300));
        for token in [format!("0.A{first}.Ag{second}"), format!("1.A{first}.4.Ag{second}")] {
            says(&token, "entra-refresh-token");
            says(&format!("refresh: \"{token}\"\n"), "entra-refresh-token");
            quiet(&token.replace(".Ag", ".Bg"));
            quiet(&token[..token.len() - 60]);
            quiet(&format!("2{}", &token[1..]));
        }
    }
    quiet("version 1.Alpha of 0.A");
}

#[test]
fn cosmos_connection_strings() {
    let key = Seed::new(2).key(64);
    says(
        &format!("AccountEndpoint=https://shop.documents.azure.com:443/;AccountKey={key};"),
        "cosmos-db-connection-string",
    );
    says(&format!("uri=https://shop.documents.azure.com key={key}"), "cosmos-db-connection-string");
    quiet(&format!("uri=https://shop.documents.azure.com\nkey={key}"));
    let emulator = super::super::benign::EMULATOR_KEYS[1];
    quiet(&format!("AccountEndpoint=https://localhost:8081/;AccountKey={emulator}"));
    says(
        &format!("AccountEndpoint=https://shop.documents.azure.com/;AccountKey={emulator}"),
        "cosmos-db-connection-string",
    );
    quiet("AccountEndpoint=https://shop.documents.azure.com:443/;");
    let mongo = format!("mongodb://shop:{}@shop.mongo.cosmos.azure.com:10255/?ssl=true", key.replace('/', "%2F"));
    says(&mongo, "azure-url-password");
}

#[test]
fn messaging_connection_strings() {
    for n in 0..100 {
        let key = Seed::new(n).key(32);
        let text = format!("Endpoint=sb://shop.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey={key}");
        assert_eq!(ids(&text), ["messaging-connection-string"]);
        assert_eq!(ids(&format!("{text};EntityPath=orders")), ["messaging-connection-string"]);
        assert_eq!(id(&format!("host: shop.servicebus.windows.net, key: {key}")), Some("messaging-connection-string"));
        quiet(&text.replace(&key, &key[1..]));
        quiet(&format!("host: shop.servicebus.windows.net\nintegrity: {key}"));
        quiet(&format!("shop.servicebus.windows.net sha256-{key}"));
        says(&format!("{text};UseDevelopmentEmulator=true;"), "messaging-connection-string");
        says(&format!("HostName=hub.azure-devices.net;DeviceId=d;SharedAccessKey={key}"), "iot-connection-string");
        says(&format!("SharedAccessKey={key}"), "shared-access-key");
    }
    quiet("Endpoint=sb://shop.servicebus.windows.net/;Authentication=Managed Identity");
    quiet("shop.servicebus.windows.net");
}

#[test]
fn other_connection_strings() {
    let key = Seed::new(5).key(32);
    says(
        &format!("Endpoint=https://shop.azconfig.io;Id=abcd-l0-s0:x;Secret={key}"),
        "app-configuration-connection-string",
    );
    quiet("Endpoint=https://shop.azconfig.io;Id=abcd;Secret=$(SECRET)");
    quiet("https://shop.azconfig.io");
    says(
        &format!("shop.redis.cache.windows.net:6380,password={key},ssl=True,abortConnect=False"),
        "redis-connection-string",
    );
    quiet("shop.redis.cache.windows.net:6380,password=,ssl=True");
    quiet("shop.redis.cache.windows.net:6380,ssl=True");
    quiet(
        "InstrumentationKey=00000000-1111-2222-3333-444444444444;IngestionEndpoint=https://x.in.applicationinsights.azure.com/",
    );
}

#[test]
fn shared_access_signatures() {
    for n in 0..200 {
        let signature = Seed::new(n).key(32);
        let escaped = signature.replace('+', "%2B").replace('/', "%2f").replace('=', "%3D");
        for sig in [&signature, &escaped] {
            says(
                &format!("https://shop.blob.core.windows.net/c?sv=2022-11-02&se=2030-01-01&sr=c&sp=r&sig={sig}"),
                "shared-access-signature",
            );
            says(
                &format!("SharedAccessSignature sr=shop.servicebus.windows.net&sig={sig}&se=1&skn=Root"),
                "shared-access-signature",
            );
            says(&format!("?sv=2022-11-02\\u0026sig={sig}"), "shared-access-signature");
            quiet(&format!("design={sig}"));
            quiet(&format!("?sig={}", &sig[1..].trim_start_matches("2B").trim_start_matches("2f")[3..]));
        }
        let logic = encode_url(&[n as u8; 32]);
        says(
            &format!("https://x.logic.azure.com/workflows/a/triggers/b?api-version=1&sp=r&sv=1.0&sig={logic}"),
            "shared-access-signature",
        );
        quiet(&format!("https://example.org/?sig={logic}"));
    }
    quiet("?sv=2022-11-02&sig=<signature>");
}

#[test]
fn database_passwords() {
    let password = secret(1);
    let azure = [
        "Server=tcp:shop.database.windows.net,1433;Initial Catalog=db;User ID=u;Password=PW;Encrypt=True;",
        "Data Source=shop.database.windows.net;User Id=u;Pwd=PW",
        "jdbc:sqlserver://shop.database.windows.net:1433;database=db;user=u;password=PW;encrypt=true",
        "jdbc:postgresql://shop.postgres.database.azure.com:5432/db?user=u&password=PW&sslmode=require",
        "host=shop.postgres.database.azure.com user=u password=PW sslmode=require",
        "Server=shop.mysql.database.azure.com; Uid=u; Pwd='PW';",
        "Server=shop.database.windows.net;Authentication=Active Directory Service Principal;User Id=u;Password=PW",
    ];
    for text in azure {
        says(&text.replace("PW", &password), "azure-database-password");
        quiet(&text.replace("PW", "$(DB_PASSWORD)"));
        quiet(&text.replace("PW", "${DB_PASSWORD}"));
        quiet(&text.replace("PW", "<password>"));
        quiet(&text.replace("PW", ""));
    }
    says(&format!("Server=postgres;Database=db;User Id=u;Password={password}"), "database-password");
    says(&format!("host=postgres user=u password={password}"), "database-password");
    assert_eq!(recognise(&format!("host=db password={password}")).unwrap().class, Class::Password);
    quiet("Server=tcp:shop.database.windows.net,1433;Database=db;Authentication=Active Directory Default;");
    quiet("Server=shop.database.windows.net;Authentication=Active Directory Managed Identity;User Id=5");
    quiet(&format!("password={password}"));
    quiet(&format!("server=x\npassword={password}"));
}

#[test]
fn url_passwords() {
    let password = secret(2);
    for text in [
        "postgres://u:PW@shop.postgres.database.azure.com/db",
        "https://u:PW@dev.azure.com/o/p",
        "amqps://u:PW@SHOP.servicebus.windows.net",
    ] {
        says(&text.replace("PW", &password), "azure-url-password");
    }
    for text in
        ["redis://:PW@redis:6379/0", "mongodb://root:PW@mongo-0,mongo-1/db", "amqp://u:PW@rabbit", "http://u:p%40PW@h/"]
    {
        says(&text.replace("PW", &password), "url-password");
        for hole in ["$(PASSWORD)", "${PASSWORD}", "<password>", "{{ .Values.password }}", "%s", "xxxx", "$PASSWORD"] {
            quiet(&text.replace("p%40PW", "PW").replace("PW", hole));
        }
    }
    for text in [
        "https://shop.vault.azure.net/secrets/a/b",
        "http://user@host/path:8080",
        "ssh://git@github.com:22/o/r",
        "docker-pullable://nginx:1.25@sha256:0123456789abcdef",
        "docker.io/library/nginx:1.25@sha256:0123456789abcdef",
        "http://host:8080/a@b",
        "http://[::1]:8080/",
        "tcp://10.0.0.1:443",
        "https://evil-azure.com:x",
    ] {
        quiet(text);
    }
    says(&format!("https://u:{password}@notazure.com"), "url-password");
}

fn token(claims: &str, n: u64) -> String {
    let part = |text: &str| encode_url(text.as_bytes());
    let signature = encode_url(Seed::new(n).key(64).as_bytes());
    format!("{}.{}.{signature}", part("{\"alg\":\"RS256\",\"typ\":\"JWT\"}"), part(claims))
}

#[test]
fn json_web_tokens() {
    let entra = token("{\"iss\":\"https://sts.windows.net/11111111-1111-1111-1111-111111111111/\"}", 1);
    let account = token("{\"iss\":\"kubernetes/serviceaccount\",\"sub\":\"system:serviceaccount:a:b\"}", 2);
    let other = token("{\"iss\":\"https://example.org\",\"sub\":\"someone\"}", 3);
    for prefix in ["", "Bearer ", "token=", "{\"a\":\""] {
        says(&format!("{prefix}{entra}"), "entra-token");
        says(&format!("{prefix}{account}\n"), "service-account-token");
        says(&format!("{prefix}{other}\""), "json-web-token");
    }
    quiet(&format!("a{other}"));
    let parts: Vec<&str> = other.split('.').collect();
    quiet(&format!("{}.{}", parts[0], parts[1]));
    quiet(&format!("{}.{}.{}", parts[0], parts[1], &parts[2][..20]));
    quiet(&format!("{}.{}.{}", parts[0], parts[1].replacen('e', "f", 1), parts[2]));
    quiet(&token("{\"sub\":\"1234567890\",\"name\":\"John Doe\",\"iat\":1516239022}", 4));
    says(&token("{\"sub\":\"1234567890\",\"iss\":\"https://sts.windows.net/1\"}", 4), "entra-token");
}

#[test]
fn private_keys() {
    for label in ["", "RSA ", "EC ", "ENCRYPTED ", "OPENSSH "] {
        let body = encode(Seed::new(9).key(300).as_bytes());
        for end in ["\n", "\\n", "\r\n    "] {
            let pem = format!("-----BEGIN {label}PRIVATE KEY-----{end}{body}{end}-----END {label}PRIVATE KEY-----");
            says(&pem, "private-key");
            says(&format!("tls:\n  key: |\n    {pem}"), "private-key");
            assert_eq!(recognise_with_base64(&encode(pem.as_bytes())).map(|k| k.id), Some("private-key"));
        }
        quiet(&format!("-----BEGIN {label}PRIVATE KEY-----\n...\n-----END {label}PRIVATE KEY-----"));
        quiet(&format!("grep '-----BEGIN {label}PRIVATE KEY-----' file"));
    }
    let body = encode(&[7; 300]);
    quiet(&format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----"));
    quiet(&format!("-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----"));
}

#[test]
fn pkcs12_bundles() {
    // SEQUENCE of two length bytes, INTEGER 3, SEQUENCE.
    for high in 0..=255 {
        let mut bytes = vec![0x30, 0x82, high, 0x42, 0x02, 0x01, 0x03, 0x30, 0x82];
        bytes.extend([0x55; 60]);
        says(&encode(&bytes), "pkcs12-bundle");
        // A certificate begins with another sequence.
        bytes[4] = 0x30;
        quiet(&encode(&bytes));
    }
}

#[test]
fn azure_json_files() {
    let secret = secret(3);
    let cloud = format!(
        "{{\"tenantId\": \"t\", \"aadClientId\": \"c\", \"aadClientSecret\": \"{secret}\", \"useManagedIdentityExtension\": false}}"
    );
    assert_eq!(ids(&cloud), ["azure-cloud-config"]);
    assert_eq!(ids(&cloud.replace(' ', "")), ["azure-cloud-config"]);
    assert_eq!(ids(&cloud.replace('"', "\\\"")), ["azure-cloud-config"]);
    assert_eq!(ids(&format!("tenantId: t\naadClientId: c\naadClientSecret: {secret}\n")), ["azure-cloud-config"]);
    for harmless in ["msi", "MSI", "", "${CLIENT_SECRET}", "<secret>"] {
        quiet(&cloud.replace(&secret, harmless));
        quiet(&format!("aadClientSecret: {harmless}\n"));
    }
    let sdk = format!(
        "{{\"clientId\":\"c\",\"clientSecret\":\"{secret}\",\"subscriptionId\":\"s\",\"tenantId\":\"t\",\"activeDirectoryEndpointUrl\":\"https://login.microsoftonline.com\"}}"
    );
    assert_eq!(ids(&sdk), ["azure-auth-file"]);
    assert_eq!(ids(&sdk.replace(',', ",\n  ")), ["azure-auth-file"]);
    quiet(&sdk.replace(&secret, "$(SECRET)"));
    quiet(&format!("{{\"clientId\":\"c\",\"clientSecret\":\"{secret}\",\"issuer\":\"https://dex.example.org\"}}"));
    quiet("{\"clientSecret\":{\"name\":\"n\",\"key\":\"k\"},\"tenantId\":\"t\",\"clientId\":\"c\"}");
    let principal = format!(
        "{{\n  \"appId\": \"a\",\n  \"displayName\": \"d\",\n  \"password\": \"{secret}\",\n  \"tenant\": \"t\"\n}}"
    );
    assert_eq!(ids(&principal), ["service-principal-file"]);
    assert_eq!(ids(&principal.replace(['\n', ' '], "")), ["service-principal-file"]);
    quiet(&principal.replace("password", "note"));
    quiet(&principal.replace(&secret, "<password>"));
    quiet(&principal.replace("tenant", "place"));
}

fn docker(user: &str, password: &str) -> [String; 3] {
    let auth = encode(format!("{user}:{password}").as_bytes());
    [
        format!(
            "{{\"auths\":{{\"shop.azurecr.io\":{{\"username\":\"{user}\",\"password\":\"{password}\",\"auth\":\"{auth}\"}}}}}}"
        ),
        format!("{{\"auths\": {{\"https://shop.azurecr.io/v1/\": {{\"auth\": \"{auth}\"}}}}}}"),
        format!("{{\"shop.azurecr.cn\":{{\"username\":\"{user}\",\"password\":\"{password}\",\"email\":\"a@b\"}}}}"),
    ]
}

#[test]
fn docker_configurations() {
    let secret = secret(4);
    for text in docker("shop", &secret) {
        assert_eq!(ids(&text), ["registry-admin-login"]);
        assert_eq!(recognise_with_base64(&encode(text.as_bytes())).map(|k| k.id), Some("registry-admin-login"));
        quiet(&text.replace("shop.azurecr", "shop.example"));
    }
    for text in docker("12345678-1234-1234-1234-123456789012", &secret) {
        assert_eq!(ids(&text), ["registry-service-principal-login"]);
    }
    for text in docker("puller", &secret) {
        assert_eq!(ids(&text), ["registry-token-login"]);
    }
    for text in
        docker("00000000-0000-0000-0000-000000000000", &token("{\"iss\":\"https://login.microsoftonline.com/x\"}", 5))
    {
        quiet(&text);
    }
    quiet("image: shop.azurecr.io/app:1");
    quiet("{\"credHelpers\":{\"shop.azurecr.io\":\"acr-env\"}}");
}

fn kubeconfig(user: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Config\nclusters:\n- name: c\n  cluster:\n    server: https://c.azmk8s.io\n    certificate-authority-data: {}\ncontexts:\n- name: c\n  context: {{cluster: c, user: u}}\ncurrent-context: c\nusers:\n- name: clusterUser_g_c\n  user:\n{user}",
        encode(&[1; 90])
    )
}

#[test]
fn kubeconfigs() {
    let key = encode(&[2; 120]);
    let secret = secret(5);
    says(
        &kubeconfig(&format!("    client-certificate-data: {key}\n    client-key-data: {key}\n")),
        "kubeconfig-client-key",
    );
    let admin = kubeconfig(&format!("    client-key-data: {key}\n    token: {secret}\n"))
        .replace("clusterUser_", "clusterAdmin_");
    assert_eq!(ids(&admin), ["kubeconfig-cluster-admin"]);
    assert_eq!(recognise_with_base64(&encode(admin.as_bytes())).map(|k| k.id), Some("kubeconfig-cluster-admin"));
    says(&kubeconfig(&format!("    token: {secret}\n")), "kubeconfig-token");
    says(&kubeconfig(&format!("    username: u\n    password: {secret}\n")), "kubeconfig-password");
    says(&kubeconfig("    auth-provider:\n      name: azure\n"), "kubeconfig-auth-provider");
    let exec = |args: &str| {
        kubeconfig(&format!("    exec:\n      command: kubelogin\n      args:\n      - get-token\n{args}"))
    };
    says(&exec(&format!("      - --client-secret\n      - {secret}\n")), "kubeconfig-client-secret");
    says(&exec(&format!("      - --client-secret={secret}\n")), "kubeconfig-client-secret");
    says(
        &exec(&format!("      env:\n      - name: AZURE_CLIENT_SECRET\n        value: {secret}\n")),
        "kubeconfig-client-secret",
    );
    quiet(&exec("      - --login\n      - workloadidentity\n      - --server-id\n      - x\n"));
    quiet(&kubeconfig("    tokenFile: /var/run/secrets/token\n"));
    let json = format!(
        "{{\"kind\":\"Config\",\"clusters\":[],\"contexts\":[],\"current-context\":\"c\",\"users\":[{{\"name\":\"u\",\"user\":{{\"token\":\"{secret}\"}}}}]}}"
    );
    says(&json, "kubeconfig-token");
    quiet(&json.replace(&secret, ""));
    quiet(&format!("users and clusters, token: {secret}"));
}

#[test]
fn aws_keys() {
    const ID: Alphabet = Alphabet::of("A-Z2-7");
    const SECRET: Alphabet = Alphabet::of("A-Za-z0-9/+");
    for n in 0..200 {
        let mut seed = Seed::new(n);
        let id = format!("{}{}", seed.one_of(&["AKIA", "ASIA", "ABIA", "ACCA", "A3TX"]), seed.text(&ID, 16));
        says(&id, "aws-access-key");
        says(&format!("aws_access_key_id = {id}\n"), "aws-access-key");
        quiet(&id[..19]);
        quiet(&format!("{id}A"));
        quiet(&format!("x{id}"));
        quiet(&id.to_lowercase());
        let secret = seed.text(&SECRET, 40);
        says(&format!("[default]\naws_secret_access_key = {secret}\n"), "aws-secret-key");
        says(&format!("{{\"SecretAccessKey\": \"{secret}\"}}"), "aws-secret-key");
        quiet(&format!("aws_secret_access_key = {}", &secret[1..]));
        quiet(&secret);
    }
    // As in Amazon's documentation.
    quiet("aws_access_key_id=AKIAIOSFODNN7EXAMPLE\naws_secret_access_key=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY");
}

#[test]
fn the_strongest_is_told_first() {
    let text = format!("amqp://u:{}@rabbit\n{}", secret(6), devops_token(&mut Seed::new(1), 0xE0B9_692D));
    assert_eq!(ids(&text), ["url-password", "devops-token"]);
    assert_eq!(id(&text), Some("devops-token"));
}

#[test]
fn offsets_point_at_the_credential() {
    let secret = secret(7);
    let text = format!("Server=db;Password={secret};Database=x");
    recognise_all(&text, &mut |_, at| assert!(text[at].starts_with(&secret)));
}
