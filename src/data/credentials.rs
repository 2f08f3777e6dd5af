//! Credentials that are known by their form: prefixes, lengths and checksums that their issuers document. No entropy, no
//! names of variables (`secrets` has those), and nothing is ever asked of an issuer.

use super::secrets::is_placeholder;

/// A credential in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    /// How messages call it: `a Stripe key`.
    pub kind: &'static str,
    pub start: usize,
    pub end: usize,
    /// A key of a test mode, or the example of the documentation.
    pub is_example: bool,
}

/// What may stand behind a prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Body {
    /// Letters and digits.
    Word,
    /// Letters, digits, `_` and `-`.
    Url,
    /// Letters, digits, `_`, `-` and `.`.
    Dotted,
    Hex,
    /// Capital letters and digits from 2 to 7.
    Base32,
}

struct Form {
    prefix: &'static str,
    kind: &'static str,
    body: Body,
    least: usize,
    most: usize,
}

const fn form(prefix: &'static str, kind: &'static str, body: Body, least: usize, most: usize) -> Form {
    Form { prefix, kind, body, least, most }
}

const ANY: usize = 2000;

const FORMS: &[Form] = &[
    form("AKIA", "an AWS access key", Body::Base32, 16, 16),
    form("ASIA", "an AWS access key", Body::Base32, 16, 16),
    form("ABIA", "an AWS access key", Body::Base32, 16, 16),
    form("ACCA", "an AWS access key", Body::Base32, 16, 16),
    form("ABSK", "a Bedrock key", Body::Word, 100, ANY),
    form("ghp_", "a GitHub token", Body::Word, 36, 36),
    form("gho_", "a GitHub token", Body::Word, 36, 36),
    form("ghu_", "a GitHub token", Body::Word, 36, 36),
    form("ghr_", "a GitHub token", Body::Word, 36, 36),
    form("ghs_", "a GitHub token", Body::Word, 36, 36),
    form("ghs_", "a GitHub token", Body::Dotted, 200, ANY),
    form("github_pat_", "a GitHub token", Body::Url, 82, 82),
    form("glpat-", "a GitLab token", Body::Url, 20, 20),
    form("glpat-", "a GitLab token", Body::Dotted, 37, 310),
    form("xoxa-", "a Slack token", Body::Url, 20, ANY),
    form("xoxb-", "a Slack token", Body::Url, 20, ANY),
    form("xoxp-", "a Slack token", Body::Url, 20, ANY),
    form("xoxr-", "a Slack token", Body::Url, 20, ANY),
    form("xoxs-", "a Slack token", Body::Url, 20, ANY),
    form("sk_live_", "a Stripe key", Body::Word, 10, ANY),
    form("rk_live_", "a Stripe key", Body::Word, 10, ANY),
    form("sk_test_", "a Stripe key", Body::Word, 10, ANY),
    form("AIza", "a Google key", Body::Url, 35, 35),
    form("sk-ant-api03-", "an Anthropic key", Body::Url, 80, ANY),
    form("SG.", "a SendGrid key", Body::Dotted, 60, 80),
    form("SK", "a Twilio key", Body::Hex, 32, 32),
    form("npm_", "an npm token", Body::Word, 36, 36),
    form("pypi-AgEIcHlwaS5vcmc", "a PyPI token", Body::Url, 50, ANY),
    form("hf_", "a Hugging Face token", Body::Word, 34, 34),
    form("dapi", "a Databricks token", Body::Hex, 32, 32),
    form("dop_v1_", "a DigitalOcean token", Body::Hex, 64, 64),
    form("dckr_pat_", "a Docker token", Body::Url, 27, 27),
    form("hvs.", "a Vault token", Body::Url, 24, ANY),
    form("dp.pt.", "a Doppler token", Body::Word, 40, 44),
    form("pul-", "a Pulumi token", Body::Hex, 40, 40),
    form("glsa_", "a Grafana token", Body::Url, 40, ANY),
    form("sntrys_", "a Sentry token", Body::Url, 60, ANY),
    form("AGE-SECRET-KEY-1", "an age key", Body::Word, 58, 58),
];

/// The forms that begin with a byte, each a bit; most runs begin with no such byte.
static FIRST: [u64; 256] = {
    let mut first = [0; 256];
    let mut index = 0;
    while index < FORMS.len() {
        first[FORMS[index].prefix.as_bytes()[0] as usize] |= 1 << index;
        index += 1;
    }
    first
};

/// The form of a run.
fn form_of(run: &str) -> Option<&'static Form> {
    let mut left = FIRST[usize::from(*run.as_bytes().first()?)];
    while left != 0 {
        let form = &FORMS[left.trailing_zeros() as usize];
        if fits(form, run) {
            return Some(form);
        }
        left &= left - 1;
    }
    None
}

/// The shortest run of characters that can be a credential.
const SHORTEST: usize = 15;

/// All credentials of a text, in order.
pub fn find(text: &str) -> Vec<Credential> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut start = 0;
    // No run that begins before the last gap of the next few bytes is long enough.
    while let Some(next) = bytes.get(start..start + SHORTEST) {
        if let Some(gap) = next.iter().rposition(|byte| !is_part(*byte)) {
            start += gap + 1;
            continue;
        }
        let rest = &bytes[start + SHORTEST..];
        let length = rest.iter().position(|byte| !is_part(*byte)).unwrap_or(rest.len());
        let end = start + SHORTEST + length;
        found.extend(of_run(text, start, end));
        start = end;
    }
    found.extend(private_keys(text));
    found.sort_by_key(|credential| credential.start);
    // A longer form begins where a shorter one does.
    found.dedup_by(|later, earlier| later.start < earlier.end);
    found
}

/// The characters of which tokens are made, save those that separate them from others.
fn is_part(byte: u8) -> bool {
    PARTS[usize::from(byte)]
}

static PARTS: [bool; 256] = {
    let mut parts = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        parts[byte as usize] = byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        byte += 1;
    }
    parts
};

fn of_run(text: &str, start: usize, end: usize) -> Option<Credential> {
    let run = &text[start..end];
    let trimmed = run.trim_end_matches(['.', '-']);
    let whole = |kind| Credential { kind, start, end: start + trimmed.len(), is_example: false };
    if let Some(form) = form_of(trimmed) {
        let body = &trimmed[form.prefix.len()..];
        let is_example = body.contains("EXAMPLE") || form.prefix == "sk_test_";
        return is_real(form, body).then(|| Credential { is_example, ..whole(form.kind) });
    }
    let is_terraform =
        trimmed.get(14..).and_then(|rest| rest.strip_prefix(".atlasv1.")).is_some_and(|key| key.len() >= 60);
    if is_terraform {
        return Some(whole("a Terraform token"));
    }
    if trimmed.starts_with("sk-") && trimmed.len() >= 40 && trimmed.contains("T3BlbkFJ") {
        return Some(whole("an OpenAI key"));
    }
    if trimmed == "hooks.slack.com" {
        return slack_hook(text, start, end);
    }
    if is_json_web_token(trimmed) {
        return Some(whole("a JSON web token"));
    }
    names_aws_secret(trimmed).then(|| aws_secret(text, end)).flatten()
}

fn fits(form: &Form, run: &str) -> bool {
    let Some(body) = run.strip_prefix(form.prefix) else { return false };
    let is_allowed = |byte: u8| match form.body {
        Body::Word => byte.is_ascii_alphanumeric(),
        Body::Url => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'),
        Body::Dotted => is_part(byte),
        Body::Hex => byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte),
        Body::Base32 => byte.is_ascii_uppercase() || (b'2'..=b'7').contains(&byte),
    };
    (form.least..=form.most).contains(&body.len()) && body.bytes().all(is_allowed)
}

/// Neither a placeholder nor a word that only begins like a token; a wrong checksum tells both.
fn is_real(form: &Form, body: &str) -> bool {
    if is_placeholder(body) && !body.contains("EXAMPLE") || n_distinct(body) < 6 {
        return false;
    }
    match (form.kind, body.len()) {
        ("a GitHub token" | "an npm token", 36) => checksum(&body[..30]) == body[30..],
        ("a SendGrid key", _) => body.split_once('.').is_some_and(|(id, key)| id.len() >= 20 && key.len() >= 39),
        _ => true,
    }
}

fn n_distinct(text: &str) -> usize {
    let mut seen = [false; 256];
    text.bytes().for_each(|byte| seen[usize::from(byte)] = true);
    seen.into_iter().filter(|is_seen| *is_seen).count()
}

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The CRC-32 of a text as six digits to the base of 62.
fn checksum(text: &str) -> String {
    let mut register = u32::MAX;
    for byte in text.bytes() {
        register ^= u32::from(byte);
        for _ in 0..8 {
            let carry = register & 1 == 1;
            register >>= 1;
            if carry {
                register ^= 0xEDB8_8320;
            }
        }
    }
    let mut rest = !register;
    let mut digits = [b'0'; 6];
    for digit in digits.iter_mut().rev() {
        *digit = BASE62[(rest % 62) as usize];
        rest /= 62;
    }
    digits.iter().map(|digit| char::from(*digit)).collect()
}

/// `hooks.slack.com/services/T…/B…/…`.
fn slack_hook(text: &str, start: usize, end: usize) -> Option<Credential> {
    let rest = text[end..].strip_prefix("/services/")?;
    let length = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '/').unwrap_or(rest.len());
    let parts: Vec<&str> = rest[..length].split('/').collect();
    let [team, hook, word] = parts.as_slice() else { return None };
    let is_real = team.starts_with('T') && hook.starts_with('B') && word.len() >= 20 && n_distinct(word) > 5;
    let end = end + "/services/".len() + length;
    is_real.then_some(Credential { kind: "a Slack hook", start, end, is_example: false })
}

/// Three parts, of which the first is an object that names an algorithm.
fn is_json_web_token(run: &str) -> bool {
    if !run.starts_with("eyJ") {
        return false;
    }
    let parts: Vec<&str> = run.split('.').collect();
    let [header, payload, signature] = parts.as_slice() else { return false };
    let (Some(header), Some(payload)) = (decode(header), decode(payload)) else { return false };
    // The example that the makers of the format print everywhere.
    let is_known = payload.contains("1234567890");
    header.contains("\"alg\"") && !header.contains("\"none\"") && signature.len() >= 20 && !is_known
}

/// Base64 in the form for addresses, without padding.
fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let (mut bits, mut n_bits) = (0u32, 0);
    for byte in text.bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'-' => 62,
            b'_' => 63,
            _ => return None,
        };
        bits = (bits << 6) | u32::from(value);
        n_bits += 6;
        if n_bits >= 8 {
            n_bits -= 8;
            bytes.push((bits >> n_bits) as u8);
            bits &= (1 << n_bits) - 1;
        }
    }
    String::from_utf8(bytes).ok()
}

fn names_aws_secret(run: &str) -> bool {
    if run.len() > 40 {
        return false;
    }
    let letters = || run.bytes().filter(u8::is_ascii_alphanumeric).map(|byte| byte.to_ascii_lowercase()).rev();
    let ends_with = |name: &str| {
        let mut letters = letters();
        name.bytes().rev().all(|byte| letters.next() == Some(byte))
    };
    let is = |name: &str| letters().eq(name.bytes().rev());
    ends_with("secretaccesskey") || ends_with("awssecretkey") || is("spacessecretkey")
}

/// Forty characters of base64 close behind the name.
fn aws_secret(text: &str, name_end: usize) -> Option<Credential> {
    const NEAR: usize = 60;
    let bytes = text.as_bytes();
    let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'+');
    let limit = bytes.len().min(name_end + NEAR);
    let mut start = name_end;
    while start < limit {
        if !is_base64(bytes[start]) {
            // A statement ends, and what follows belongs to another name.
            if matches!(bytes[start], b';' | b'}' | b'$' | b'(') {
                return None;
            }
            start += 1;
            continue;
        }
        let length = bytes[start..].iter().take(41).take_while(|byte| is_base64(**byte)).count();
        let word = &text[start..start + length];
        let is_it = length == 40
            && word.bytes().any(|byte| byte.is_ascii_digit())
            && word.bytes().any(|byte| byte.is_ascii_lowercase())
            && word.bytes().any(|byte| byte.is_ascii_uppercase())
            && !bytes[..start].ends_with(b".");
        if is_it {
            let is_example = word.contains("EXAMPLE");
            return Some(Credential { kind: "an AWS secret", start, end: start + 40, is_example });
        }
        if length > 16 {
            return None;
        }
        start += length;
    }
    None
}

/// Headers of private keys that have a key behind them.
fn private_keys(text: &str) -> Vec<Credential> {
    const HEAD: &str = "-----BEGIN ";
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(at) = text[from..].find(HEAD) {
        let start = from + at;
        from = start + HEAD.len();
        let Some(length) = text[from..].find("-----").filter(|length| *length < 40) else { continue };
        let title = &text[from..from + length];
        let body = from + length + 5;
        let is_private = title.contains("PRIVATE KEY") && !title.contains("ENCRYPTED");
        if is_private && has_key(&text[body..]) {
            let end = text[body..].find("-----END ").map_or(body, |end| body + end + "-----END ".len() + length + 5);
            found.push(Credential { kind: "a private key", start, end: end.min(text.len()), is_example: false });
        }
    }
    found
}

/// At least one line of base64; line breaks may be written as two characters.
fn has_key(body: &str) -> bool {
    let body = body.trim_start_matches(['\r', '\n', ' ', '\t', '"', '\'']);
    let body = body.strip_prefix("\\r").unwrap_or(body);
    let body = body.strip_prefix("\\n").unwrap_or(body);
    let n_base64 = body.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'+')).count();
    n_base64 >= 40 && n_distinct(&body[..n_base64]) > 10
}

#[cfg(test)]
mod tests {
    use super::{checksum, find};

    fn kinds(text: &str) -> Vec<&'static str> {
        find(text).into_iter().filter(|it| !it.is_example).map(|it| it.kind).collect()
    }

    /// A token whose last six digits are its checksum, put together here so that no file holds one.
    fn token(prefix: &str) -> String {
        let body = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5";
        format!("{prefix}{body}{}", checksum(body))
    }

    #[test]
    fn forms() {
        let hex = "0123456789abcdef0123456789abcdef";
        assert_eq!(kinds(&format!("key = \"AKIA{}\"", "Q3EGRZ5WVT2XHDPL")), ["an AWS access key"]);
        assert_eq!(kinds(&format!("{} {}", token("ghp_"), token("npm_"))), ["a GitHub token", "an npm token"]);
        assert_eq!(kinds(&format!("url: https://{}@github.com", token("ghs_"))), ["a GitHub token"]);
        assert_eq!(kinds(&format!("SID=SK{hex}")), ["a Twilio key"]);
        assert_eq!(kinds(&format!("sk_live_{}", "51H8xkqE2m9Zt4Yb")), ["a Stripe key"]);
        assert_eq!(kinds(&format!("a.{}", token("ghp_"))), [""; 0]);
        let secret = "wJalrXUtnFEMIK7MDENGbPxRfiCYzzzz0KEYabcd";
        assert_eq!(kinds(&format!("aws_secret_access_key = {secret}")), ["an AWS secret"]);
        let pair = format!(r#"{{"name": "AWS_SECRET_ACCESS_KEY", "value": "{secret}"}}"#);
        assert_eq!(kinds(&pair), ["an AWS secret"]);
        assert_eq!(
            kinds(&format!("https://hooks.slack.com/services/T0000AAAA/B0000AAAA/{}", "x9Y8z7W6v5U4t3S2r1Q0p9O8")),
            ["a Slack hook"]
        );
    }

    #[test]
    fn private_key() {
        let body = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7";
        let title = |word: &str| format!("-----{word} PRIVATE KEY-----");
        let key = format!("{}\n{body}\n{}", title("BEGIN"), title("END"));
        assert_eq!(find(&key).first().map(|it| (it.kind, it.end)), Some(("a private key", key.len())));
        assert_eq!(kinds(&format!("{}\\n{body}", title("BEGIN"))), ["a private key"]);
        assert_eq!(kinds(&format!("grep '{}' file", title("BEGIN"))), [""; 0]);
    }

    #[test]
    fn web_token() {
        let token =
            |payload: &str| format!("eyJhbGciOiJIUzI1NiJ9.{payload}.dozjgNryP4J3jVmNHl0w5N1XgL0n3I9PlFUP0THsR8U");
        assert_eq!(kinds(&token("eyJzdWIiOiJhcHAifQ")), ["a JSON web token"]);
        assert_eq!(kinds("eyJhbGciOiJIUzI1NiJ9.x"), [""; 0]);
    }

    #[test]
    fn others() {
        for text in [
            "AKIAIOSFODNN7EXAMPLE",
            "AKIAXXXXXXXXXXXXXXXX",
            "ghp_aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "ghp_0123456789abcdefghijABCDEFGHIJ012345",
            "sk_test_51H8xkqE2m9Zt4Yb",
            "SKILLSKILLSKILLSKILLSKILLSKILLSKIL",
            "task-definition-of-the-application",
            "aws_secret_access_key = ${{ secrets.AWS_SECRET_ACCESS_KEY }}",
            "xoxb-your-token-goes-here-please",
        ] {
            assert_eq!(kinds(text), [""; 0], "{text}");
        }
    }
}
