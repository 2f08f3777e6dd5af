//! Base64, character sets and URLs. A text that was encoded keeps the text that it was made of.

use super::call::{Answer, Call, Fault, Function};
use super::inflate::{Refused, gunzip};
use crate::value::{Kind, Origin, Piece, Text, Value, Wrapper};

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("base64decode", 1, 1, base64decode),
    Function::new("base64encode", 1, 1, base64encode),
    Function::new("base64gunzip", 1, 1, base64gunzip),
    Function::new("base64gzip", 1, 1, base64gzip),
    Function::new("textdecodebase64", 2, 2, textdecodebase64),
    Function::new("textencodebase64", 2, 2, textencodebase64),
    Function::new("urldecode", 1, 1, urldecode),
    Function::new("urlencode", 1, 1, urlencode),
];

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

pub(super) fn base64(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let three = [chunk[0], chunk.get(1).copied().unwrap_or(0), chunk.get(2).copied().unwrap_or(0)];
        let bits = u32::from(three[0]) << 16 | u32::from(three[1]) << 8 | u32::from(three[2]);
        for at in 0..4 {
            let is_padding = at > chunk.len();
            let index = (bits >> (18 - 6 * at)) as usize & 63;
            out.push(if is_padding { '=' } else { char::from(ALPHABET[index]) });
        }
    }
    out
}

/// The standard alphabet with padding; line ends between digits are skipped.
fn unbase64(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.bytes().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
    if !digits.len().is_multiple_of(4) {
        return None;
    }
    let n_padding = digits.iter().rev().take(2).take_while(|byte| **byte == b'=').count();
    let body = &digits[..digits.len() - n_padding];
    let mut out = Vec::with_capacity(digits.len() / 4 * 3);
    for chunk in body.chunks(4) {
        let mut bits = 0u32;
        for digit in chunk {
            bits = bits << 6 | u32::from(value_of(*digit)?);
        }
        bits <<= 6 * (4 - chunk.len());
        let bytes = [(bits >> 16) as u8, (bits >> 8) as u8, bits as u8];
        let n_bytes = chunk.len().checked_sub(1).filter(|n_bytes| *n_bytes > 0)?;
        out.extend_from_slice(&bytes[..n_bytes]);
    }
    Some(out)
}

fn value_of(digit: u8) -> Option<u8> {
    match digit {
        b'A'..=b'Z' => Some(digit - b'A'),
        b'a'..=b'z' => Some(digit - b'a' + 26),
        b'0'..=b'9' => Some(digit - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

/// The text that this wrapper was put around.
fn unwrapped(call: &Call<'_>, by: Wrapper) -> Option<Value> {
    match &call.arguments[0].kind {
        Kind::Text(text) => text.wrapped().filter(|wrapped| wrapped.by == by).map(|wrapped| wrapped.value.clone()),
        _ => None,
    }
}

fn base64encode(call: &Call<'_>) -> Answer {
    let text = call.text(0)?;
    let encoded = match (text.known(), text.pieces()) {
        (Some(known), _) => Text::literal(&base64(known.as_bytes()), call.origin()),
        (None, [Piece::Hole(_)]) => return Err(Fault::Derived),
        (None, _) => Text::hole(Value::derived("base64encode", call.arguments, call.origin())),
    };
    Ok(Value::new(Kind::Text(encoded.wrapping(Wrapper::Base64, call.arguments[0].clone())), Origin::none()))
}

fn base64decode(call: &Call<'_>) -> Answer {
    if let Some(text) = unwrapped(call, Wrapper::Base64) {
        return Ok(text);
    }
    let text = call.known(0)?;
    let bytes = unbase64(&text).ok_or_else(|| call.wrong("this is no base64"))?;
    let decoded = String::from_utf8(bytes).map_err(|_| call.wrong("the decoded bytes are not UTF-8"))?;
    Ok(call.made_known(&decoded))
}

/// The compressed bytes depend on the version: only what they hold is known.
fn base64gzip(call: &Call<'_>) -> Answer {
    let text = call.text(0)?;
    if let ([Piece::Hole(_)], None) = (text.pieces(), text.wrapped()) {
        return Err(Fault::Derived);
    }
    let hole = Text::hole(Value::derived("base64gzip", call.arguments, call.origin()));
    Ok(Value::new(Kind::Text(hole.wrapping(Wrapper::Gzip, call.arguments[0].clone())), Origin::none()))
}

fn base64gunzip(call: &Call<'_>) -> Answer {
    if let Some(text) = unwrapped(call, Wrapper::Gzip) {
        return Ok(text);
    }
    let text = call.known(0)?;
    let bytes = unbase64(&text).ok_or_else(|| call.wrong("this is no base64"))?;
    let unpacked = gunzip(&bytes, LONGEST_UNPACKED).map_err(|refused| match refused {
        Refused::Invalid => call.wrong("these bytes are no gzip"),
        Refused::TooLong => call.unknown("limit-text", "base64gunzip() makes more than 1 MiB"),
    })?;
    let text = String::from_utf8(unpacked).map_err(|_| call.wrong("the unpacked bytes are not UTF-8"))?;
    Ok(call.made_known(&text))
}

const LONGEST_UNPACKED: usize = 1 << 20;

#[derive(Clone, Copy)]
enum Charset {
    Utf8,
    Utf16Little,
    Utf16Big,
    Latin1,
    Ascii,
}

fn charset(call: &Call<'_>) -> Result<Charset, Fault> {
    let name = call.known(1)?;
    match name.to_ascii_lowercase().as_str() {
        "utf-8" | "utf8" => Ok(Charset::Utf8),
        "utf-16le" => Ok(Charset::Utf16Little),
        "utf-16be" => Ok(Charset::Utf16Big),
        "iso-8859-1" | "latin1" | "l1" | "ibm819" | "cp819" => Ok(Charset::Latin1),
        "us-ascii" | "ascii" | "us" | "iso646-us" => Ok(Charset::Ascii),
        _ => Err(call.unknown("unsupported", format!("the character set {name}"))),
    }
}

fn textencodebase64(call: &Call<'_>) -> Answer {
    let (charset, text) = (charset(call)?, call.known(0)?);
    let single = |limit: u32| -> Option<Vec<u8>> {
        text.chars().map(|c| u8::try_from(u32::from(c)).ok().filter(|byte| u32::from(*byte) < limit)).collect()
    };
    let bytes = match charset {
        Charset::Utf8 => Some(text.as_bytes().to_vec()),
        Charset::Utf16Little => Some(text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        Charset::Utf16Big => Some(text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
        Charset::Latin1 => single(256),
        Charset::Ascii => single(128),
    };
    let bytes = bytes.ok_or_else(|| call.wrong("the text holds characters that the character set has not"))?;
    Ok(call.made_known(&base64(&bytes)))
}

fn textdecodebase64(call: &Call<'_>) -> Answer {
    let (charset, text) = (charset(call)?, call.known(0)?);
    let bytes = unbase64(&text).ok_or_else(|| call.wrong("this is no base64"))?;
    let units = |from: fn([u8; 2]) -> u16| -> Option<String> {
        let pairs = bytes.chunks(2).map(|pair| pair.try_into().ok().map(from));
        String::from_utf16(&pairs.collect::<Option<Vec<u16>>>()?).ok()
    };
    let decoded = match charset {
        Charset::Utf8 => String::from_utf8(bytes).ok(),
        Charset::Utf16Little => units(u16::from_le_bytes),
        Charset::Utf16Big => units(u16::from_be_bytes),
        Charset::Latin1 => Some(bytes.iter().map(|byte| char::from(*byte)).collect()),
        Charset::Ascii => bytes.is_ascii().then(|| bytes.iter().map(|byte| char::from(*byte)).collect()),
    };
    let decoded = decoded.ok_or_else(|| call.wrong("the bytes are no text of this character set"))?;
    Ok(call.made_known(&decoded))
}

fn urlencode(call: &Call<'_>) -> Answer {
    let text = call.known(0)?;
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            b' ' => out.push('+'),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    Ok(call.made_known(&out))
}

fn urldecode(call: &Call<'_>) -> Answer {
    let text = call.known(0)?;
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        match first {
            b'+' => bytes.push(b' '),
            b'%' => {
                let digits = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
                let is_hex = digits.is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
                let byte = digits.filter(|_| is_hex).and_then(|digits| u8::from_str_radix(digits, 16).ok());
                bytes.push(byte.ok_or_else(|| call.wrong("two hexadecimal digits are missing after a percent sign"))?);
                rest = &after[2..];
            }
            byte => bytes.push(*byte),
        }
    }
    let decoded = String::from_utf8(bytes).map_err(|_| call.wrong("the decoded bytes are not UTF-8"))?;
    Ok(call.made_known(&decoded))
}
