//! Hashes, and what depends on the moment of the run.

use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use super::call::{Answer, Call, Function};
use super::encoding::base64;
use crate::logic::Reason;
use crate::value::{Origin, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("base64sha256", 1, 1, |call| of_text(call, |bytes| base64(&Sha256::digest(bytes)))),
    Function::new("base64sha512", 1, 1, |call| of_text(call, |bytes| base64(&Sha512::digest(bytes)))),
    Function::new("bcrypt", 1, 2, impure),
    Function::new("md5", 1, 1, |call| of_text(call, md5)),
    Function::new("plantimestamp", 0, 0, impure),
    Function::new("rsadecrypt", 2, 2, rsadecrypt),
    Function::new("sha1", 1, 1, |call| of_text(call, sha1)),
    Function::new("sha256", 1, 1, |call| of_text(call, sha256)),
    Function::new("sha512", 1, 1, |call| of_text(call, sha512)),
    Function::new("timestamp", 0, 0, impure),
    Function::new("uuid", 0, 0, impure),
    Function::new("uuidv5", 2, 2, uuidv5),
];

pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        // Writing to a String cannot fail.
        let _ = write!(out, "{byte:02x}");
        out
    })
}

pub(super) fn md5(bytes: &[u8]) -> String {
    hex(&md5::Md5::digest(bytes))
}

pub(super) fn sha1(bytes: &[u8]) -> String {
    hex(&Sha1::digest(bytes))
}

pub(super) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

pub(super) fn sha512(bytes: &[u8]) -> String {
    hex(&Sha512::digest(bytes))
}

fn of_text(call: &Call<'_>, hash: fn(&[u8]) -> String) -> Answer {
    Ok(call.made_known(&hash(call.known(0)?.as_bytes())))
}

fn impure(call: &Call<'_>) -> Answer {
    let reason = Reason::at("impure-function", format!("{}()", call.function.name), call.context.span);
    Ok(Value::derived_for(call.function.name, call.arguments, reason, Origin::none()))
}

/// Not computed, and whatever it is, it is a secret.
fn rsadecrypt(call: &Call<'_>) -> Answer {
    call.text(0)?;
    call.text(1)?;
    let reason = Reason::at("unsupported", "rsadecrypt()", call.context.span);
    Ok(Value::derived_for("rsadecrypt", call.arguments, reason, Origin::none()).sensitive())
}

fn uuidv5(call: &Call<'_>) -> Answer {
    let (namespace, name) = (call.known(0)?, call.known(1)?);
    let namespace = match &*namespace {
        "dns" => "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
        "url" => "6ba7b811-9dad-11d1-80b4-00c04fd430c8",
        "oid" => "6ba7b812-9dad-11d1-80b4-00c04fd430c8",
        "x500" => "6ba7b814-9dad-11d1-80b4-00c04fd430c8",
        other => other,
    };
    let Some(namespace) = parse_uuid(namespace) else {
        return Err(call.wrong(format!("\"{namespace}\" is neither dns, url, oid, x500 nor a UUID")));
    };
    let mut hasher = Sha1::new();
    hasher.update(namespace);
    hasher.update(name.as_bytes());
    let mut bytes: Vec<u8> = hasher.finalize().to_vec();
    bytes.truncate(16);
    for (at, kept, set) in [(6, 0x0f, 0x50), (8, 0x3f, 0x80)] {
        if let Some(byte) = bytes.get_mut(at) {
            *byte = *byte & kept | set;
        }
    }
    let text = hex(&bytes);
    let parts = [&text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]];
    Ok(call.made_known(&parts.join("-")))
}

fn parse_uuid(text: &str) -> Option<Vec<u8>> {
    let groups: Vec<usize> = text.split('-').map(str::len).collect();
    if groups != [8, 4, 4, 4, 12] {
        return None;
    }
    let digits: String = text.chars().filter(|c| *c != '-').collect();
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    (0..16).map(|at| u8::from_str_radix(digits.get(2 * at..2 * at + 2)?, 16).ok()).collect()
}
