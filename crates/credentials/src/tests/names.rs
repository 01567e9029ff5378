use super::*;

const AZURE: &[&str] = &[
    "AZURE_CLIENT_SECRET",
    "azureClientSecret",
    "azure.client-secret",
    "Azure:ClientSecret",
    "AzureAd__ClientSecret",
    "ARM_ACCESS_KEY",
    "AZURE_STORAGE_CONNECTION_STRING",
    "AzureWebJobsStorage",
    "COSMOS_KEY",
    "AZP_TOKEN",
    "ACR_PASSWORD",
    "azureStorageAccountKey",
    "MY_AZURE_API_KEY",
    "entraClientSecret",
    "SERVICEBUS_ACCESS_KEY",
    "COSMOSDBOPTIONS__CONNECTION_STRING",
    "spring.cloud.azure.storage.blob.account-key",
    "AAD_APP_PASSWORD",
    "EVENTHUB_CONNECTION_STRING",
    "STORAGE_ACCOUNT_KEY_1",
    "AZURE_SQL_PASSWORD_B64",
    "azureservicebus-connectionstring",
];

const STRONG: &[&str] = &[
    "DB_PASSWORD",
    "dbPassword",
    "POSTGRES_PASSWORD",
    "spring.datasource.password",
    "MYSQL_PWD",
    "Database__Password",
    "CLIENT_SECRET",
    "clientSecret",
    "client-secret",
    "clientsecret",
    "OPENAI_API_KEY",
    "apiKey",
    "APIKey",
    "apikey",
    "AWS_SECRET_ACCESS_KEY",
    "SSH_PRIVATE_KEY",
    "REDIS_PASS",
    "DB_PASSWORD_1",
    "password2",
    "PASSWORD_VALUE",
    "--password",
];

const WEAK: &[&str] =
    &["GITHUB_TOKEN", "TOKEN", "jwtSecret", "COOKIE_SECRET", "SIGNING_KEY", "GOOGLE_CREDENTIALS", "AZURE_TOKEN"];

const NONE: &[&str] = &[
    "AZURE_CLIENT_ID",
    "AZURE_TENANT_ID",
    "AZURE_FEDERATED_TOKEN_FILE",
    "AZURE_AUTHORITY_HOST",
    "AZURE_TOKEN_CREDENTIALS",
    "DB_PASSWORD_FILE",
    "SECRET_NAME",
    "secretName",
    "TOKEN_PATH",
    "KEY_VAULT_NAME",
    "KEY_VAULT_URI",
    "KEYVAULT_URL",
    "TOKEN_ENDPOINT",
    "API_KEY_HEADER",
    "PASSWORD_POLICY",
    "TOKEN_EXPIRY",
    "SECRET_ID",
    "KEY_DIR",
    "TOKEN_URL",
    "COSMOSDBOPTIONS__PARTITION_KEY",
    "PARTITION_KEY",
    "partitionKey",
    "PUBLIC_KEY",
    "sshPublicKey",
    "PRIMARY_KEY",
    "IMAGE_PULL_SECRET",
    "imagePullSecrets",
    "APPLICATIONINSIGHTS_CONNECTION_STRING",
    "APPINSIGHTS_INSTRUMENTATIONKEY",
    "APPINSIGHTS_INSTRUMENTATION_KEY",
    "MSI_SECRET",
    "IDENTITY_HEADER",
    "MONKEY",
    "HOTKEYS",
    "turkey",
    "MAX_TOKENS",
    "PASSWORD_ACCESS",
    "SPRING_DATASOURCE_AZURE_PASSWORDLESS_ENABLED",
    "CONNECTION_STRING",
    "PATH",
    "HOME",
    "LOG_LEVEL",
    "compass",
    "BYPASS",
    "LABEL_KEY",
    "AZURE_ENVIRONMENT",
    "KUBERNETES_SERVICE_HOST",
    "",
    "_",
    "é",
    "DB_USER",
    "AUTHORIZED_KEYS",
    "TOKEN_AUDIENCE",
    "USE_PASSWORD_AUTH",
    "CACHE_KEY",
    "topologyKey",
    "AZURE_CLIENT_CERTIFICATE_PATH",
];

#[test]
fn names_are_weighed() {
    for name in AZURE {
        assert!(matches!(name_strength(name), Some(NameStrength::Azure(_))), "{name}: {:?}", name_strength(name));
    }
    for name in STRONG {
        assert_eq!(name_strength(name), Some(NameStrength::Strong), "{name}");
    }
    for name in WEAK {
        assert_eq!(name_strength(name), Some(NameStrength::Weak), "{name}");
    }
    for name in NONE {
        assert_eq!(name_strength(name), None, "{name}");
    }
}

#[test]
fn every_azure_variable_is_known_in_every_style() {
    for (name, what) in AZURE_VARIABLES {
        for name in [
            name.to_string(),
            name.to_lowercase(),
            name.replace('_', "-"),
            name.replace('_', "."),
            name.replace('_', "__"),
        ] {
            assert_eq!(name_strength(&name), Some(NameStrength::Azure(what)), "{name}");
            assert_eq!(is_azure_credential_variable(&name), Some(*what), "{name}");
        }
        assert_eq!(name_strength(&format!("{name}_FILE")), None);
        assert_eq!(is_azure_credential_variable(&format!("{name}_ID")), None);
    }
}

#[test]
fn keys_of_secrets_are_known() {
    for (name, what) in AZURE_KEYS {
        assert_eq!(is_azure_credential_variable(name), Some(*what), "{name}");
        assert_eq!(is_azure_credential_variable(&name.to_uppercase()), Some(*what), "{name}");
    }
    for name in ["CLIENT_SECRET", "client-secret", "ClientSecret", "AZURE_CLIENT_SECRET"] {
        assert!(is_azure_credential_variable(name).is_some(), "{name}");
    }
    for name in [
        "password",
        "tls.key",
        "clientid",
        "azurestorageaccountname",
        "token",
        "creds",
        "username",
        "ca.crt",
        "DB_PASSWORD",
    ] {
        assert_eq!(is_azure_credential_variable(name), None, "{name}");
    }
}

#[test]
fn long_names_are_judged_by_their_end() {
    let long = "x_".repeat(500);
    assert_eq!(name_strength(&format!("{long}PASSWORD")), Some(NameStrength::Strong));
    assert_eq!(name_strength(&long), None);
}
