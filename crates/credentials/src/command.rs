//! Secrets on command lines: flags, variables and sign-in commands, by the words of a command.
//!
//! What a flag means depends on its command: `-p` of `az login` is a secret, and `--client-secret` next to
//! `AZURE_TENANT_ID` is one of Entra. So the words of a command are read twice, first for what it is.

use super::Assignment;
use super::assignment::{is_key, split_assignment};
use super::name::{ACR_PASSWORD, CLIENT_SECRET, NameStrength, ends_with_letters, name_strength};
use super::text::{contains_fold, starts_with_fold};

/// A word of a command line, and its line in a text.
#[derive(Clone, Copy)]
pub(crate) struct Word<'t> {
    pub text: &'t str,
    pub line: usize,
}

/// Reports what a command line gives to flags and variables: `--name=value`, `--name value`, `NAME=value`. With the
/// index of the word that has the value.
pub fn arguments<'t>(words: &[&'t str], found: &mut dyn FnMut(usize, Assignment<'t>)) {
    let words: Vec<Word<'t>> = words.iter().map(|text| Word { text, line: 1 }).collect();
    read(&words, NESTED, &mut || false, found);
}

/// Reports flags with a value in a command line: `--name=value` and `--name value`.
pub fn flags<'t>(command: &'t str, found: &mut dyn FnMut(&'t str, &'t str)) {
    let words: Vec<Word<'t>> = split(command).map(|text| Word { text, line: 1 }).collect();
    read(&words, NESTED, &mut || false, &mut |_, pair| {
        if pair.key.starts_with('-') {
            found(pair.key, pair.value);
        }
    });
}

/// How many commands are read inside each other: `sh -c "su -c 'az login'"`.
pub(crate) const NESTED: usize = 2;

/// The same for words of a text. `signs_in` says whether the text signs in to Azure in PowerShell.
pub(crate) fn read<'t>(
    words: &[Word<'t>],
    nested: usize,
    signs_in: &mut dyn FnMut() -> bool,
    found: &mut dyn FnMut(usize, Assignment<'t>),
) {
    let mut start = 0;
    let mut before: Option<usize> = None;
    while start < words.len() {
        let rest = words.get(start..).unwrap_or_default();
        let length = rest.iter().position(|word| ends_command(word.text)).map_or(rest.len(), |i| i + 1);
        let command = rest.get(..length).unwrap_or_default();
        let context = Context::of(command);
        // `echo secret | docker login --password-stdin`: the last word of the command before is the value.
        if let Some(index) = before
            && let Some(word) = words.get(index)
            && let Some(strength) = context.reads_secret(command, signs_in)
            && let Some(key) = command.iter().find(|word| word.text == FROM_INPUT).or(command.first())
        {
            found(index, Assignment { key: key.text, value: bare(word.text), line: word.line, strength });
        }
        context.read(command, signs_in, &mut |index, pair| found(start + index, pair));
        for (index, word) in command.iter().enumerate() {
            let script = word.text.trim_end_matches(';');
            let inner = bare(script);
            if nested > 0 && inner.len() < script.len() && inner.contains(|c: char| c.is_ascii_whitespace()) {
                // echo 'name: value' >file
                if let Some((key, value)) = split_assignment(inner).filter(|(key, _)| name_strength(key).is_some()) {
                    let pair = Assignment { key, value: bare(value), line: word.line, strength: name_strength(key) };
                    found(start + index, pair);
                }
                let words: Vec<Word<'t>> = split(inner).map(|text| Word { text, line: word.line }).collect();
                read(&words, nested - 1, signs_in, &mut |_, pair| found(start + index, pair));
            }
        }
        let is_pipe = length > 1 && rest.get(length - 1).is_some_and(|word| word.text == "|");
        before = is_pipe.then(|| start + length - 2);
        start += length;
    }
}

const FROM_INPUT: &str = "--password-stdin";

fn ends_command(word: &str) -> bool {
    matches!(word, "|" | "||" | "&" | "&&") || word.ends_with(';')
}

/// Programs that sign in to registries.
const REGISTRY_TOOLS: &[&str] =
    &["docker", "podman", "helm", "oras", "crane", "skopeo", "buildah", "nerdctl", "regctl", "cosign", "notation"];
/// Programs of Azure.
const AZURE_TOOLS: &[&str] = &["az", "azd", "azcopy", "kubelogin", "kubectl-login", "aks-engine", "blobfuse2"];

/// Programs of databases with their flag for a password, and whether it may be a word of its own. Without a value, the
/// flag of MySQL asks for it.
const DATABASE_TOOLS: &[(&str, &str, bool)] = &[
    ("sqlcmd", "-P", true),
    ("bcp", "-P", true),
    ("redis-cli", "-a", true),
    ("mongosh", "-p", true),
    ("mysql", "-p", false),
    ("mysqladmin", "-p", false),
    ("mysqldump", "-p", false),
    ("mariadb", "-p", false),
];

/// What a command is.
#[derive(Default)]
struct Context {
    /// Azure's own program.
    is_azure_tool: bool,
    /// Something else that is about Azure.
    is_about_azure: bool,
    is_registry_tool: bool,
    /// The flag of a database's program for a password, and whether its value may be the next word.
    password: Option<(&'static str, bool)>,
    is_login: bool,
    is_acr: bool,
    /// Whether PowerShell makes a password of a text.
    is_plain_text: bool,
    names_azure_registry: bool,
}

impl Context {
    fn of(command: &[Word<'_>]) -> Context {
        let mut context = Context::default();
        let mut after_flag = false;
        for word in command {
            let word = bare(word.text);
            let path = word.rsplit(['(', '`']).next().unwrap_or_default();
            let program = path.rsplit(['/', '\\']).next().unwrap_or_default();
            let program = program.strip_suffix(".exe").or_else(|| program.strip_suffix(".cmd")).unwrap_or(program);
            if !after_flag {
                context.is_azure_tool |= AZURE_TOOLS.contains(&program);
                context.is_registry_tool |= REGISTRY_TOOLS.contains(&program);
                let database = DATABASE_TOOLS.iter().find(|(name, ..)| *name == program);
                context.password = context.password.or(database.map(|(_, flag, is_apart)| (*flag, *is_apart)));
                let has_tool = context.is_azure_tool || context.is_registry_tool;
                context.is_login |= has_tool && word == "login";
                context.is_acr |= context.is_azure_tool && program == "acr";
            }
            context.is_plain_text |= starts_with_fold(word.as_bytes(), b"-asp");
            context.names_azure_registry |= is_azure_registry(word);
            context.is_about_azure |= is_about_azure(word);
            after_flag = word.starts_with('-') && !matches!(word, "-c" | "--") && !word.contains('=');
        }
        context
    }

    /// What a flag is for.
    fn strength(&self, flag: &str) -> Option<NameStrength> {
        let is_password = matches!(flag, "-p" | "--password" | "-Password");
        if self.is_login && is_password {
            return Some(match () {
                () if self.is_acr || self.names_azure_registry => NameStrength::Azure(ACR_PASSWORD),
                () if self.is_azure_tool => NameStrength::Azure("the password of a service principal or Entra user"),
                () => NameStrength::Strong,
            });
        }
        if self.password.is_some_and(|(password, _)| password == flag) {
            return Some(NameStrength::Strong);
        }
        if self.is_registry_tool && flag.ends_with("creds") {
            return Some(if self.names_azure_registry {
                NameStrength::Azure(ACR_PASSWORD)
            } else {
                NameStrength::Strong
            });
        }
        let strength = name_strength(flag)?;
        if strength != NameStrength::Strong {
            return Some(strength);
        }
        let is_client_secret = ends_with_letters(flag, "clientsecret");
        let is_of_azure =
            self.is_azure_tool || self.is_about_azure && (is_client_secret || ends_with_letters(flag, "accountkey"));
        Some(match () {
            () if !is_of_azure => NameStrength::Strong,
            () if is_client_secret => NameStrength::Azure(CLIENT_SECRET),
            () => NameStrength::Azure("an Azure credential"),
        })
    }

    /// Whether a word is the flag for a password together with its value.
    fn is_attached(&self, word: &str) -> bool {
        let is = |flag: &str| word.starts_with(flag) && word.len() > flag.len();
        self.is_login && is("-p") || self.password.is_some_and(|(flag, _)| is(flag))
    }

    /// Whether the command takes a secret from the command before it.
    fn reads_secret(&self, command: &[Word<'_>], signs_in: &mut dyn FnMut() -> bool) -> Option<Option<NameStrength>> {
        if self.is_login && command.iter().any(|word| word.text == FROM_INPUT) {
            return Some(self.strength("--password"));
        }
        let is_converted = self.is_plain_text
            && command.first().is_some_and(|word| is_converter(word.text))
            && command.get(1).is_none_or(|word| word.text.starts_with('-'));
        is_converted.then(|| Some(of_powershell(signs_in())))
    }

    fn read<'t>(
        &self,
        command: &[Word<'t>],
        signs_in: &mut dyn FnMut() -> bool,
        found: &mut dyn FnMut(usize, Assignment<'t>),
    ) {
        let mut open: Option<&'t str> = None;
        let mut converter: Option<&'t str> = None;
        for (index, word) in command.iter().enumerate() {
            let line = word.line;
            let text = without_brackets(bare(word.text.trim_end_matches(';')));
            let before = open.take();
            if let Some(name) = text.strip_prefix('-') {
                match text.split_once('=') {
                    Some((key, value)) if !name.is_empty() => {
                        found(index, Assignment { key, value: bare(value), line, strength: self.strength(key) });
                        // `--from-literal=NAME=value`, `--env=NAME=value`
                        variable(bare(value), line, &mut |pair| found(index, pair));
                    }
                    _ if self.is_attached(text) => {
                        if let Some((key, value)) = text.split_at_checked(2) {
                            found(index, Assignment { key, value: bare(value), line, strength: self.strength(key) });
                        }
                    }
                    _ if self.password == Some((text, false)) => {}
                    _ => open = (!name.is_empty()).then_some(text),
                }
                continue;
            }
            if let Some(key) = converter.take() {
                let strength = Some(of_powershell(signs_in()));
                found(index, Assignment { key, value: bare(text.trim_end_matches([')', ','])), line, strength });
                continue;
            }
            if self.is_plain_text && is_converter(text) {
                converter = Some(text);
                continue;
            }
            if let Some(key) = before {
                // `--creds user:password`
                let text =
                    if key.ends_with("creds") { text.split_once(':').map_or(text, |(_, value)| value) } else { text };
                found(index, Assignment { key, value: text, line, strength: self.strength(key) });
            }
            variable(text, line, &mut |pair| found(index, pair));
        }
    }
}

/// A word without what closes the `$(` or the backtick before its command.
fn without_brackets(word: &str) -> &str {
    if word.contains('(') { word } else { bare(word.trim_end_matches([')', '`'])) }
}

/// `NAME=value`, and the names after the first in `user=me,password=x` and in the body of a form.
fn variable<'t>(word: &'t str, line: usize, found: &mut dyn FnMut(Assignment<'t>)) {
    let Some((key, value)) = word.split_once('=').filter(|(key, _)| !key.starts_with('-')) else { return };
    if is_key(key) {
        found(Assignment { key, value: bare(value), line, strength: name_strength(key) });
    }
    const JOINS: [char; 2] = [',', '&'];
    for part in word.split(JOINS).skip(1) {
        if let Some((key, value)) = part.split_once('=').filter(|(key, _)| is_key(key))
            && let Some(strength) = name_strength(key)
        {
            found(Assignment { key, value: bare(value), line, strength: Some(strength) });
        }
    }
}

fn is_converter(word: &str) -> bool {
    word.trim_start_matches(['$', '(']).eq_ignore_ascii_case("convertto-securestring")
}

fn of_powershell(signs_in: bool) -> NameStrength {
    if signs_in {
        NameStrength::Azure("the password of a service principal or Entra user")
    } else {
        NameStrength::Strong
    }
}

/// Whether a text signs in to Azure in PowerShell.
pub(crate) fn signs_in_to_azure(text: &str) -> bool {
    contains_fold(text.as_bytes(), b"azaccount") || contains_fold(text.as_bytes(), b"azurermaccount")
}

fn is_azure_registry(word: &str) -> bool {
    let word = word.split_once("://").map_or(word, |(_, rest)| rest);
    let host = word.split(['/', ':']).next().unwrap_or_default();
    [".azurecr.io", ".azurecr.cn", ".azurecr.us"].iter().any(|domain| host.ends_with(domain))
}

/// Whether a word says that its command is about Azure: a variable of its tools, a flag or an address.
fn is_about_azure(word: &str) -> bool {
    let bytes = word.as_bytes();
    let is_variable = || ["AZURE_", "ARM_", "AAD_"].iter().any(|start| word.starts_with(start)) && word.contains('=');
    let is_named = match bytes {
        [b'-', ..] => contains_fold(bytes, b"azure") || contains_fold(bytes, b"entra"),
        _ => is_variable() || starts_with_fold(bytes, b"azure") && !word.contains(['.', '/']),
    };
    is_named || contains_fold(bytes, b"login.microsoftonline.")
}

/// Shell words, as far as quotation marks go that are not nested.
pub(crate) fn split(text: &str) -> impl Iterator<Item = &str> {
    let mut quote = None;
    text.split(move |c: char| match quote {
        Some(open) => {
            if c == open {
                quote = None;
            }
            false
        }
        None if c == '"' || c == '\'' => {
            quote = Some(c);
            false
        }
        None => c.is_ascii_whitespace(),
    })
    // What continues a line is not a word.
    .filter(|word| !matches!(*word, "" | "\\" | "`" | "^"))
}

/// A value without its quotation marks.
pub(crate) fn bare(value: &str) -> &str {
    let value = value.trim();
    let inner = |quote: char| value.strip_prefix(quote)?.strip_suffix(quote);
    inner('"').or_else(|| inner('\'')).unwrap_or(value)
}
