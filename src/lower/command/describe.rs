//! What a command does that matters: downloads, credentials, checks that are switched off, keys and passwords.

use std::borrow::Cow;

use super::admin::admin_password;
use super::{Description, Stands, concluded, reason_of, say, shown, shown_with, texts, unknown};
use crate::data::secrets::is_placeholder;
use crate::eval::shell::{Argument, Command, Direction, Output, Run};
use crate::model::image::Command as Entity;
use crate::source::Span;
use crate::value::{Kind, Origin, Piece, Text, Value};

/// Fills what is said about one command of a run.
pub(in crate::lower) fn describe(entity: &mut Entity, run: &Run, index: usize, description: Description) {
    let command = &run.commands[index];
    if command.program().is_none() {
        return all_unknown(entity, command);
    }
    let urls = downloads(command);
    let place = command.span;
    let open = has_download_program(command).then(|| hidden_argument(command)).flatten();
    let open = open.and_then(|argument| reason_of(&argument.operand.value));
    let plain: Vec<Value> = plain_urls(command, &urls);
    say!(entity, is_piped_download, piped_download(run, index, &urls));
    say!(entity, verifies_download, verified(run, index, &urls));
    let all_plain = plain.len() == urls.len();
    say!(entity, downloads, texts(urls, open.clone(), place));
    if !all_plain {
        say!(entity, plain_downloads, texts(plain, open, place));
    } else if entity.plain_downloads.differs(entity.downloads.value()) {
        entity.plain_downloads = entity.downloads.clone();
    }
    let credential =
        if description.mounts_secret { concluded(false) } else { stores_credential(command, description.stands) };
    say!(entity, stores_credential, credential);
    say!(entity, skips_certificate_check, skips_certificate_check(command));
    say!(entity, trusts_any_host, trusts_any_host(command));
    say!(entity, skips_registry_certificate, skips_registry_certificate(command));
    say!(entity, skips_signature_check, skips_signature_check(command));
    say!(entity, grants_passwordless_sudo, passwordless_sudo(run, index));
    say!(entity, sets_password, sets_password(run, index, description.mounts_secret));
    say!(entity, makes_private_key, makes_private_key(run, index));
    say!(entity, sets_admin_password, admin_password(command));
}

fn all_unknown(entity: &mut Entity, command: &Command) {
    let reason = command.words.first().and_then(|word| reason_of(&word.operand.value));
    let (code, object) =
        reason.map_or(("no-value", "program".to_owned()), |reason| (reason.code, reason.object.clone()));
    let hole = || unknown(code, &object, command.span);
    let entity = &mut *entity.rarely;
    for cell in [
        &mut entity.is_piped_download,
        &mut entity.verifies_download,
        &mut entity.stores_credential,
        &mut entity.skips_certificate_check,
        &mut entity.trusts_any_host,
        &mut entity.skips_registry_certificate,
        &mut entity.skips_signature_check,
        &mut entity.grants_passwordless_sudo,
        &mut entity.sets_password,
        &mut entity.makes_private_key,
        &mut entity.sets_admin_password,
    ] {
        cell.set(hole());
    }
    entity.downloads.set(hole());
    entity.plain_downloads.set(hole());
}

/// An argument outside quotes that may be anything, options included.
fn hidden_argument(command: &Command) -> Option<&Argument> {
    command.arguments().iter().find(|argument| {
        let is_hole =
            argument.operand.value.as_text().is_some_and(|text| text.prefix().is_empty() && text.known().is_none());
        is_hole && !argument.is_quoted
    })
}

/// A flag that an argument switches on: shown there, and not known where an argument may hide it.
fn switch(command: &Command, found: Option<Span>) -> Value {
    match (found, hidden_argument(command)) {
        (Some(span), _) => shown(true, span),
        (None, Some(hidden)) => {
            let reason = reason_of(&hidden.operand.value);
            let object = reason.map_or_else(String::new, |reason| reason.object.clone());
            unknown("no-value", &object, hidden.span)
        }
        (None, None) => concluded(false),
    }
}

fn known_words(command: &Command) -> Vec<&str> {
    command.words.iter().map(|argument| argument.operand.value.as_str().unwrap_or("")).collect()
}

fn has_download_program(command: &Command) -> bool {
    matches!(command.program(), Some("curl" | "wget" | "aria2c" | "fetch"))
}

const CURL_WITH_VALUE: [&str; 20] = [
    "-o",
    "--output",
    "-H",
    "--header",
    "-d",
    "--data",
    "-u",
    "--user",
    "-A",
    "--user-agent",
    "-x",
    "--proxy",
    "-e",
    "--referer",
    "-X",
    "--request",
    "-b",
    "--cookie",
    "-w",
    "-F",
];
const WGET_WITH_VALUE: [&str; 10] =
    ["-O", "--output-document", "-P", "--directory-prefix", "--header", "-U", "--user-agent", "-o", "-t", "-T"];

fn downloads(command: &Command) -> Vec<Value> {
    let with_value: &[&str] = match command.program() {
        Some("curl") => &CURL_WITH_VALUE,
        Some("wget" | "aria2c" | "fetch") => &WGET_WITH_VALUE,
        _ => return Vec::new(),
    };
    let mut urls: Vec<Value> = command.positionals(with_value).into_iter().map(|it| it.operand.value.clone()).collect();
    urls.extend(command.options(&["--url"]).into_iter().map(|argument| argument.operand.value));
    urls
}

fn prefix(value: &Value) -> String {
    value.as_text().map_or_else(String::new, |text| text.prefix().to_owned())
}

fn is_plain_url(value: &Value) -> bool {
    let text = prefix(value);
    let Some(rest) = text.strip_prefix("http://") else { return false };
    let host = rest.split(['/', ':', '?']).next().unwrap_or("");
    let is_local = host == "localhost" || host.starts_with("127.") || host.starts_with("169.254.") || host.is_empty();
    !is_local && !host.starts_with('[')
}

fn plain_urls(command: &Command, urls: &[Value]) -> Vec<Value> {
    let mut plain: Vec<Value> = urls.iter().filter(|url| is_plain_url(url)).cloned().collect();
    let is_pip = is_pip(command);
    let is_npm = matches!(command.program(), Some("npm" | "yarn" | "pnpm"));
    if is_pip || is_npm {
        let names = if is_pip {
            &["-i", "--index-url", "--extra-index-url", "-f", "--find-links"][..]
        } else {
            &["--registry"]
        };
        plain.extend(command.options(names).into_iter().map(|it| it.operand.value).filter(is_plain_url));
        if known_words(command).windows(2).any(|words| words == ["set", "registry"]) {
            plain.extend(command.arguments().iter().map(|it| it.operand.value.clone()).filter(is_plain_url));
        }
    }
    plain
}

pub(in crate::lower) fn is_pip(command: &Command) -> bool {
    match command.program() {
        Some(program) if program.starts_with("pip") => true,
        Some("uv") => command.word(1) == Some("pip"),
        Some(program) if program.starts_with("python") => {
            command.word(1) == Some("-m") && command.word(2) == Some("pip")
        }
        Some(_) | None => false,
    }
}

/// Whether what is downloaded goes into an interpreter that runs it.
fn piped_download(run: &Run, index: usize, urls: &[Value]) -> Value {
    let command = &run.commands[index];
    // A `file:` address is a file of this machine.
    let is_known = |url: &Value| names_commit(&prefix(url)) || prefix(url).starts_with("file:");
    if !has_download_program(command) || urls.iter().any(is_known) {
        return concluded(false);
    }
    let url = urls.first().and_then(|url| url.origin.span()).unwrap_or(command.span);
    let mut at = index;
    // Pipes lead forward only, so this ends.
    for _ in 0..run.commands.len() {
        let (reader, is_pipe) = match run.commands[at].output {
            Output::Piped(reader) => (reader, true),
            Output::Substituted(reader) => (reader, false),
            Output::Open | Output::Assigned => return concluded(false),
        };
        let reading = &run.commands[reader];
        if reading.program().is_none() {
            return unknown("no-value", "program", reading.span);
        }
        if is_checksum_tool(reading) {
            return concluded(false);
        }
        let executes = if is_pipe { reads_program(reading) } else { is_interpreter(reading) || evaluates(reading) };
        if executes {
            return shown_with(true, url, reading.span, "runs it");
        }
        if !is_pipe || reader <= at {
            return concluded(false);
        }
        at = reader;
    }
    concluded(false)
}

fn names_commit(url: &str) -> bool {
    url.split(['/', '@', '?', '=']).any(|part| part.len() == 40 && part.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

fn is_interpreter(command: &Command) -> bool {
    let Some(program) = command.program() else { return false };
    let bare = program.trim_end_matches(|last: char| last.is_ascii_digit() || last == '.');
    matches!(bare, "sh" | "bash" | "dash" | "ash" | "zsh" | "ksh" | "python" | "perl" | "node" | "ruby" | "php")
}

fn evaluates(command: &Command) -> bool {
    matches!(command.program(), Some("eval" | "source" | "."))
}

/// Whether a command runs what it reads from its input, or from `<( … )`.
fn reads_program(command: &Command) -> bool {
    if evaluates(command) {
        return true;
    }
    if !is_interpreter(command) || command.flag(&["c", "e", "m"]).is_some() {
        return false;
    }
    let positionals = command.positionals(&["-o"]);
    let reads_named =
        positionals.first().is_some_and(|first| first.operand.value.as_str() != Some("-") && !is_process(first));
    !reads_named || command.flag(&["s"]).is_some()
}

fn is_process(argument: &Argument) -> bool {
    argument.operand.value.as_text().is_some_and(|text| text.prefix().is_empty())
        || argument.operand.value.as_str() == Some("/dev/stdin")
}

fn is_checksum_tool(command: &Command) -> bool {
    match command.program() {
        Some("gpg" | "gpgv" | "gpg2") => command.flag(&["verify"]).is_some() || command.program() == Some("gpgv"),
        Some("cosign" | "minisign" | "openssl") => known_words(command).iter().any(|word| word.contains("verify")),
        Some("minisig") => true,
        Some(program) => {
            (program.starts_with("sha") && program.ends_with("sum")) || matches!(program, "shasum" | "md5sum" | "b2sum")
        }
        None => false,
    }
}

/// Whether what is fetched and kept is compared with something known.
fn verified(run: &Run, index: usize, urls: &[Value]) -> Value {
    let command = &run.commands[index];
    if !has_download_program(command) {
        return concluded(true);
    }
    let is_kept = command.program() != Some("curl")
        || command.flag(&["O", "remote-name"]).is_some()
        || !command.options(&["-o", "--output"]).is_empty()
        || command.redirections.iter().any(|it| it.kind != Direction::Reads && it.descriptor == 1)
        || matches!(command.output, Output::Piped(_));
    let is_dropped = command.options(&["-o", "-O"]).iter().any(|it| it.operand.value.as_str() == Some("/dev/null"));
    let is_checked = run.commands.iter().any(is_checksum_tool);
    let is_fixed = urls.iter().any(|url| names_commit(&prefix(url)));
    let is_local = urls.iter().all(|url| {
        let text = prefix(url);
        text.contains("://localhost") || text.contains("://127.") || text.contains("://169.254.")
    });
    if !is_kept || is_dropped || is_checked || is_fixed || is_local {
        return concluded(true);
    }
    let place = urls.first().and_then(|url| url.origin.span()).unwrap_or(command.span);
    shown(false, place)
}

/// Credentials in the words of a command.
fn stores_credential(command: &Command, stands: Stands) -> Value {
    // The history of an image shows how a script was started, not what its variables held.
    let is_kept = |it: &Argument| stands != Stands::InScript || it.text().is_some();
    let words = known_words(command);
    let argument = |index: usize| command.words.get(index).map(|argument| argument.span);
    let found = match command.program() {
        Some("aws") if words.get(1..3) == Some(&["configure", "set"]) => {
            let is_secret = words.get(3).is_some_and(|key| {
                ["aws_secret_access_key", "aws_session_token"].iter().any(|name| key.ends_with(name))
            });
            is_secret.then(|| argument(4)).flatten()
        }
        Some("docker" | "podman" | "buildah") if words.get(1) == Some(&"login") => {
            command.options(&["-p", "--password"]).first().map(|it| it.span)
        }
        Some("az") if words.get(1) == Some(&"login") => {
            command.options(&["-p", "--password"]).first().map(|it| it.span)
        }
        Some("doctl") => command.options(&["-t", "--access-token"]).first().map(|it| it.span),
        Some("curl") => {
            let given = command.options(&["-u", "--user"]);
            given.iter().find(|it| is_kept(it) && has_password_part(&it.operand.value)).map(|it| it.span)
        }
        Some(_) | None => None,
    };
    let found = found.or_else(|| written_credential(command));
    let found = found.or_else(|| {
        let all = command.arguments().iter();
        all.into_iter().find(|it| is_kept(it) && has_userinfo(&it.operand.value)).map(|argument| argument.span)
    });
    match found {
        Some(span) => shown(true, span),
        None => concluded(false),
    }
}

/// `name:word` with something behind the colon.
fn has_password_part(value: &Value) -> bool {
    let Some(text) = value.as_text() else { return false };
    match text.known() {
        Some(known) => known.split_once(':').is_some_and(|(_, word)| !word.is_empty()),
        None => text.prefix().contains(':') || text.pieces().iter().any(|piece| literal(piece).contains(':')),
    }
}

fn literal(piece: &Piece) -> &str {
    match piece {
        Piece::Literal(text, _) => text,
        Piece::Hole(_) => "",
    }
}

/// Tokens for npm and passwords for netrc, wherever they are written.
fn written_credential(command: &Command) -> Option<Span> {
    let targets_netrc = command
        .redirections
        .iter()
        .any(|it| it.kind != Direction::Reads && suffix(it.target.value()).ends_with(".netrc"));
    command.arguments().iter().find_map(|argument| {
        let all = with_holes_as(&argument.operand.value, "")?;
        let is_token = all.contains("_authToken=") || all.contains(":_authToken") || all.contains(":_password=");
        let is_netrc = targets_netrc && all.contains("password");
        let is_reference = || all.contains("${") || is_placeholder(&all);
        ((is_token && !is_reference()) || is_netrc).then_some(argument.span)
    })
}

/// A text with something in the place of each hole; nothing for what is no text.
fn with_holes_as<'v>(value: &'v Value, hole: &'v str) -> Option<Cow<'v, str>> {
    let Kind::Text(text) = &value.kind else { return None };
    let piece = |piece: &'v Piece| match piece {
        Piece::Literal(text, _) => &**text,
        Piece::Hole(_) => hole,
    };
    match text.pieces() {
        [only] => Some(Cow::Borrowed(piece(only))),
        pieces => Some(Cow::Owned(pieces.iter().map(piece).collect())),
    }
}

fn suffix(value: &Value) -> String {
    value.as_text().map_or_else(String::new, |text| text.suffix().to_owned())
}

/// `https://token@host`, `https://user:${PASSWORD}@host`.
fn has_userinfo(value: &Value) -> bool {
    let Some(all) = with_holes_as(value, "\u{0}") else { return false };
    all.match_indices("://").any(|(at, _)| {
        let scheme_is_web = all[..at].ends_with("http") || all[..at].ends_with("https");
        let authority = all[at + 3..].split(['/', '"', '\'', ' ', '?', '#']).next().unwrap_or("");
        let Some((userinfo, host)) = authority.rsplit_once('@') else { return false };
        let has_password = userinfo.split_once(':').is_some_and(|(_, word)| !word.is_empty());
        let is_hidden = userinfo.contains('\u{0}');
        scheme_is_web
            && !host.is_empty()
            && (has_password || is_hidden || userinfo.len() >= 20)
            && !is_placeholder(userinfo)
    })
}

fn skips_certificate_check(command: &Command) -> Value {
    let found = match command.program() {
        Some("curl") => command.flag(&["k", "insecure"]).map(|it| it.span),
        Some("wget") => command.flag(&["no-check-certificate"]).map(|it| it.span),
        Some("git") => command
            .arguments()
            .windows(2)
            .find(|words| {
                let key = words[0].operand.value.as_str().unwrap_or("").to_ascii_lowercase();
                key == "http.sslverify" && words[1].operand.value.as_str().is_some_and(|it| matches!(it, "false" | "0"))
            })
            .map(|words| words[1].span)
            .or_else(|| {
                let off = |it: &&Argument| {
                    it.operand.value.as_str().is_some_and(|text| text.eq_ignore_ascii_case("http.sslverify=false"))
                };
                command.arguments().iter().find(off).map(|it| it.span)
            }),
        Some(_) | None => return concluded(false),
    };
    switch(command, found)
}

fn trusts_any_host(command: &Command) -> Value {
    if !is_pip(command) {
        return concluded(false);
    }
    let flag = command.flag(&["trusted-host"]).map(|it| it.span);
    let setting = command
        .arguments()
        .iter()
        .find(|it| it.operand.value.as_str().is_some_and(|text| text.ends_with(".trusted-host")));
    switch(command, flag.or(setting.map(|it| it.span)))
}

fn skips_registry_certificate(command: &Command) -> Value {
    if !matches!(command.program(), Some("npm" | "yarn" | "pnpm")) {
        return concluded(false);
    }
    let words = command.arguments();
    let pair = words.windows(2).find(|pair| {
        matches!(pair[0].operand.value.as_str(), Some("strict-ssl" | "enableStrictSsl"))
            && pair[1].operand.value.as_str() == Some("false")
    });
    let flag =
        words.iter().find(|it| matches!(it.operand.value.as_str(), Some("--strict-ssl=false" | "strict-ssl=false")));
    switch(command, pair.map(|pair| pair[1].span).or(flag.map(|it| it.span)))
}

fn skips_signature_check(command: &Command) -> Value {
    let flags: &[&str] = match command.program() {
        Some("apt-get" | "apt") => &["allow-unauthenticated", "force-yes"],
        Some("apk") => &["allow-untrusted"],
        Some("yum" | "dnf" | "microdnf") => &["nogpgcheck"],
        Some("rpm") => &["nosignature"],
        Some("zypper") => &["no-gpg-checks"],
        Some("echo" | "printf" | "tee") => {
            let says = |it: &&Argument| it.operand.value.as_text().is_some_and(|text| disables_signatures(&text));
            return match command.arguments().iter().find(says) {
                Some(argument) => shown(true, argument.span),
                None => concluded(false),
            };
        }
        Some(_) | None => return concluded(false),
    };
    switch(command, command.flag(flags).map(|it| it.span))
}

fn disables_signatures(text: &Text) -> bool {
    let all: String = text.pieces().iter().map(literal).collect();
    let lower = all.to_ascii_lowercase();
    lower.contains("[trusted=yes]") || lower.contains("sslverify=0") || lower.contains("sslverify=false")
}

fn passwordless_sudo(run: &Run, index: usize) -> Value {
    let command = &run.commands[index];
    let words = command.arguments().iter().map(|it| (&it.operand.value, it.span));
    let input = command.input.iter().map(|input| (&input.value, input.value.origin.span().unwrap_or(command.span)));
    let found = words.chain(input).find(|(value, _)| {
        let Kind::Text(text) = &value.kind else { return false };
        text.pieces().iter().any(|piece| literal(piece).contains("NOPASSWD"))
    });
    let Some((_, span)) = found else { return concluded(false) };
    let names_sudoers = |value: &Value| {
        value.as_text().is_some_and(|text| text.pieces().iter().any(|piece| literal(piece).contains("sudoers")))
    };
    let same_line = run.commands.iter().filter(|other| other.pipeline == command.pipeline);
    let writes = same_line.into_iter().any(|other| {
        let words = other.arguments().iter().any(|it| names_sudoers(&it.operand.value));
        words || other.redirections.iter().any(|it| names_sudoers(it.target.value()))
    });
    Value::bool(writes, Origin::written(span))
}

fn sets_password(run: &Run, index: usize, mounts_secret: bool) -> Value {
    let command = &run.commands[index];
    let found = match command.program() {
        Some("chpasswd") => !mounts_secret,
        Some("passwd") => command.flag(&["d", "delete"]).is_some(),
        Some("usermod") => command.flag(&["p", "password"]).is_some(),
        Some(_) | None => false,
    };
    if found { shown(true, command.words[0].span) } else { concluded(false) }
}

fn makes_private_key(run: &Run, index: usize) -> Value {
    let command = &run.commands[index];
    let words = known_words(command);
    let output: Option<Vec<Argument>> = match (command.program(), words.get(1)) {
        (Some("openssl"), Some(&"req")) if words.iter().any(|word| matches!(*word, "-newkey" | "-keyout")) => {
            Some(command.options(&["-keyout"]))
        }
        (Some("openssl"), Some(&("genrsa" | "genpkey"))) => Some(command.options(&["-out"])),
        (Some("openssl"), Some(&"ecparam")) if words.contains(&"-genkey") => Some(command.options(&["-out"])),
        (Some("ssh-keygen"), _)
            if !words.iter().any(|word| matches!(*word, "-R" | "-l" | "-y" | "-F" | "-H" | "-s")) =>
        {
            Some(command.options(&["-f"]))
        }
        (Some("keytool"), _) if words.iter().any(|word| matches!(*word, "-genkey" | "-genkeypair")) => {
            Some(command.options(&["-keystore"]))
        }
        _ => None,
    };
    let Some(output) = output else { return concluded(false) };
    let is_removed = output.iter().any(|path| {
        path.operand.value.as_str().is_some_and(|path| {
            run.commands[index..].iter().any(|later| {
                later.program() == Some("rm")
                    && later.arguments().iter().any(|it| it.operand.value.as_str() == Some(path))
            })
        })
    });
    if is_removed { concluded(false) } else { shown(true, command.words[0].span) }
}

/// The certificate authorities of 2015 and 2019, by the names of their files.
pub(in crate::lower) fn names_expired_bundle(value: &Value) -> bool {
    let Some(text) = value.as_text() else { return false };
    text.pieces().iter().any(|piece| ["rds-ca-2015", "rds-ca-2019"].iter().any(|name| literal(piece).contains(name)))
}
