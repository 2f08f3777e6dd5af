//! Which names are made for secrets and which values are none, by whole words (`spec` of names and values in the
//! documentation). No entropy and no formats of credentials here.

/// Last words that mean "not the secret itself": where it is, what it is called, how long it lives.
const ABOUT: [&str; 44] = [
    "FILE",
    "PATH",
    "DIR",
    "NAME",
    "NAMES",
    "ID",
    "IDS",
    "ENVS",
    "FILES",
    "ARN",
    "ARNS",
    "PARAMETER",
    "PARAM",
    "POLICY",
    "BUCKET",
    "TABLE",
    "QUEUE",
    "ROLE",
    "URL",
    "VERSION",
    "ALIAS",
    "TTL",
    "ENABLED",
    "LENGTH",
    "TYPE",
    "EXPIRY",
    "ROTATION",
    "HEADER",
    "PREFIX",
    "USER",
    "USERNAME",
    "REGION",
    "HOST",
    "PORT",
    "ENDPOINT",
    "URI",
    "ALGORITHM",
    "FORMAT",
    "TITLE",
    "SUMMARY",
    "USAGE",
    "DESCRIPTION",
    "MESSAGE",
    "LABEL",
];

/// Those of them that mean what the secret is called.
const CALLED: [&str; 9] = ["NAME", "NAMES", "ID", "IDS", "ARN", "ARNS", "PATH", "PARAMETER", "PARAM"];

const SECRET: [&str; 9] =
    ["PASSWORD", "PASSWD", "PASSPHRASE", "SECRET", "SECRETS", "TOKEN", "APIKEY", "CREDENTIAL", "CREDENTIALS"];

const BEFORE_KEY: [&str; 8] = ["API", "ACCESS", "SECRET", "PRIVATE", "ENCRYPTION", "SIGNING", "MASTER", "AUTH"];

const WHOLE: [&str; 4] = ["PGPASSWORD", "MYSQL_PWD", "REDISCLI_AUTH", "SECRET_KEY_BASE"];

const PLACEHOLDER: [&str; 20] = [
    "changeme",
    "change",
    "replace",
    "example",
    "placeholder",
    "dummy",
    "fake",
    "todo",
    "fixme",
    "redacted",
    "xxx",
    "your",
    "insert",
    "outside",
    "manually",
    "none",
    "null",
    "default",
    "sample",
    "changethis",
];

/// Whether a variable of this name is made for a secret.
pub fn names_secret(name: &str) -> bool {
    if WHOLE.contains(&name.to_ascii_uppercase().as_str()) {
        return true;
    }
    let words = words(name);
    let Some(last) = words.last() else { return false };
    if ABOUT.contains(&last.as_str()) {
        return false;
    }
    let is_key = |index: usize| words[index] == "KEY" && index > 0 && BEFORE_KEY.contains(&words[index - 1].as_str());
    words.iter().any(|word| SECRET.contains(&word.as_str())) || last == "PASS" || (0..words.len()).any(is_key)
}

/// Whether a variable of this name holds what a secret is called, and not the secret.
pub fn names_identifier(name: &str) -> bool {
    words(name).last().is_some_and(|last| CALLED.contains(&last.as_str()))
}

/// Upper-case words of a name: split at `_`, `-`, `.` and where case changes.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before_is_lower = false;
    for character in name.chars() {
        let is_break = matches!(character, '_' | '-' | '.') || character.is_whitespace();
        if is_break || (character.is_ascii_uppercase() && before_is_lower) {
            words.push(String::new());
        }
        before_is_lower = character.is_ascii_lowercase() || character.is_ascii_digit();
        if !is_break && let Some(word) = words.last_mut() {
            word.push(character.to_ascii_uppercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Whether a value under a secret's name is no secret: empty, a switch, a number, a path, a name, a placeholder.
pub fn is_harmless(value: &str) -> bool {
    let value = value.trim();
    let lower = value.to_ascii_lowercase();
    if value.len() < 6 || matches!(lower.as_str(), "true" | "false" | "enabled" | "disabled") {
        return true;
    }
    let all = |test: fn(u8) -> bool| value.bytes().all(test);
    let is_number = all(|byte| byte.is_ascii_digit() || byte == b'.');
    let is_path = value.starts_with(['/', '~']) || value.starts_with("./") || value.starts_with("../");
    let is_fingerprint =
        matches!(value.len(), 40 | 64) && all(|byte| byte.is_ascii_digit() || (b'A'..=b'F').contains(&byte));
    let is_variable_name = value.contains('_') && all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    let is_interpolation = (value.starts_with("${") && value.ends_with('}'))
        || (value.starts_with("{{") && value.ends_with("}}"))
        || (value.starts_with("$(") && value.ends_with(')'))
        || (value.starts_with('<') && value.ends_with('>'));
    let mut characters = value.chars().filter(|character| character.is_alphanumeric());
    let first = characters.next();
    let is_repeated = characters.all(|character| Some(character) == first);
    is_number
        || is_path
        || is_fingerprint
        || is_variable_name
        || is_interpolation
        || is_repeated
        || lower.starts_with("arn:")
        || lower.starts_with("alias/")
        || is_called_like_secret(value)
        || (value.contains("://") && !has_password(value))
        || is_placeholder(value)
}

/// `prod/db/password`: what a secret is called where it is kept.
fn is_called_like_secret(value: &str) -> bool {
    let is_part = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'-' | b'_'))
    };
    value.rsplit_once('/').is_some_and(|(folders, last)| names_secret(last) && folders.split('/').all(is_part))
}

/// Whether a word of the value says that it is to be replaced.
pub fn is_placeholder(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    let mut words = lower.split(|character: char| !character.is_ascii_alphabetic());
    words.any(|word| PLACEHOLDER.contains(&word) || (word.len() >= 3 && word.bytes().all(|byte| byte == b'x')))
}

/// Whether an address carries a password: `postgres://user:word@host`.
pub fn has_password(url: &str) -> bool {
    let Some((_, rest)) = url.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let Some((userinfo, _)) = authority.rsplit_once('@') else { return false };
    userinfo.split_once(':').is_some_and(|(_, password)| !password.is_empty())
}

/// Whether a file's name says that it holds secrets. Names that may also be public are not among them.
pub fn is_secret_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let lower = name.to_ascii_lowercase();
    let is_env = lower == ".env" || lower.strip_prefix(".env.").is_some_and(|rest| !is_template_suffix(rest));
    is_env
        || matches!(lower.as_str(), "id_rsa" | "id_dsa" | "id_ecdsa" | "id_ed25519")
        || [".key", ".p12", ".pfx", ".jks"].iter().any(|end| lower.ends_with(end))
        || (lower.ends_with(".pem") && lower.contains("key"))
        || name == ".aws"
        || path.ends_with(".aws/credentials")
        || matches!(lower.as_str(), ".netrc" | ".git-credentials" | "kubeconfig")
        || path.ends_with(".docker/config.json")
        || lower.contains("terraform.tfstate")
}

/// Whether a file lies where examples and tests keep theirs.
pub fn is_in_example_folder(path: &str) -> bool {
    let folders = path.rsplit_once('/').map_or("", |(folders, _)| folders);
    folders.split('/').any(|folder| {
        let folder = folder.trim_matches('_').to_ascii_lowercase();
        matches!(folder.as_str(), "testdata" | "fixtures" | "playground")
            || is_template_suffix(folder.trim_end_matches('s'))
    })
}

/// `.env.example` and its like.
pub fn is_template_suffix(suffix: &str) -> bool {
    suffix
        .split(['.', '-', '_'])
        .any(|word| matches!(word, "example" | "sample" | "template" | "dist" | "test" | "tpl"))
}

#[cfg(test)]
mod tests {
    use super::{has_password, is_harmless, is_secret_file, names_secret};

    #[test]
    fn names() {
        for name in ["DB_PASSWORD", "apiKey", "SECRET_KEY", "GITHUB_TOKEN", "MYSQL_PWD", "DB_PASS", "clientSecret"] {
            assert!(names_secret(name), "{name}");
        }
        for name in [
            "TOKENIZERS_PARALLELISM",
            "SECRET_ARNS",
            "TOKEN_TABLE",
            "SECRET_KEY_FILE",
            "GPG_KEY",
            "GOPRIVATE",
            "TOKEN_URL",
            "AUTH",
            "KEY",
        ] {
            assert!(!names_secret(name), "{name}");
        }
    }

    #[test]
    fn values() {
        for value in [
            "",
            "true",
            "123456",
            "/run/k",
            "https://h/x",
            "${X}",
            "changeme",
            "your_secret_key",
            "aaaaaaa",
            "0000-0000",
            "prod/db/password",
            "alias/app",
        ] {
            assert!(is_harmless(value), "{value}");
        }
        for value in ["devpass123", "Adm1nTest!42", "hunter22", "postgres://u:p@h/d", "c0tebl0g-5ecret"] {
            assert!(!is_harmless(value), "{value}");
        }
        assert!(has_password("postgres://u:p@h") && !has_password("https://u@h"));
    }

    #[test]
    fn files() {
        for path in [".env", "a/.env.prod", "x/server.key", "certs/private-key.pem", ".aws/credentials"] {
            assert!(is_secret_file(path), "{path}");
        }
        for path in
            [".env.example", ".aws/task-definition.json", "certs/rds-global-bundle.pem", "monkey.py", "a.env.rs"]
        {
            assert!(!is_secret_file(path), "{path}");
        }
    }
}
