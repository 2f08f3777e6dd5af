//! Certificates whose body is written here, read as X.509 as far as two questions go: when it ends, and how long its key
//! is. And those that an image makes for itself. There is no clock: the date is that of the tables.

use crate::facts::Facts;
use crate::logic::{Fact, Reason, Tri};
use crate::model::data::Certificate;
use crate::model::image::Stage;
use crate::model::{Id, Reading};
use crate::source::Place;
use crate::value::Value;

/// The day that the tables of this release were made, as `YYYYMMDD`. A release moves it.
const AS_OF: &str = "20260801";
/// Longer than any authority may sign for since 2018.
const LONGEST_DAYS: i64 = 825;

pub(super) fn is_expired(facts: &Facts<'_>, id: Id<Certificate>) -> Fact {
    of_body(facts, id, |body, place| match body.ends.as_deref() {
        Some(end) => {
            let day = format!("{}-{}-{}", &end[..4], &end[4..6], &end[6..8]);
            Fact::new(Tri::from(end < AS_OF), vec![Place::new(place, format!("it ended on {day}"))])
        }
        None => Fact::unknown(Reason::at("unsupported", "the certificate's dates", place)),
    })
}

pub(super) fn key_is_short(facts: &Facts<'_>, id: Id<Certificate>) -> Fact {
    let certificate = &facts.model[id];
    let algorithm = match certificate.key_algorithm.get() {
        Reading::Known(word) => match word.known() {
            Some(word) => {
                let place = certificate.key_algorithm.origin().span().unwrap_or(certificate.head.span);
                let bits = word.strip_prefix("RSA_").and_then(|bits| bits.parse::<u32>().ok());
                let is_short = bits.is_some_and(|bits| bits < 2048);
                Fact::new(Tri::from(is_short), vec![Place::new(place, format!("`{word}`"))])
            }
            None => Fact::unknown(Reason::at("no-value", "key_algorithm", certificate.head.span)),
        },
        Reading::Absent => Fact::no(Vec::new()),
        Reading::Unknown(reason) => Fact::unknown(reason),
    };
    algorithm.or(of_body(facts, id, |body, place| {
        let role = body.rsa_bits.map_or_else(String::new, |bits| format!("an RSA key of {bits} bits"));
        Fact::new(Tri::from(body.rsa_bits.is_some_and(|bits| bits < 2048)), vec![Place::new(place, role)])
    }))
}

/// No body is no fault: AWS issues and renews the certificate.
fn of_body(facts: &Facts<'_>, id: Id<Certificate>, ask: impl Fn(&Body, crate::source::Span) -> Fact) -> Fact {
    let certificate = &facts.model[id];
    let place = certificate.body.origin().span().unwrap_or(certificate.head.span);
    match certificate.body.get() {
        Reading::Known(text) => match text.known().map(Body::read) {
            Some(Some(body)) => ask(&body, place),
            Some(None) => Fact::unknown(Reason::at("unsupported", "the certificate's body", place)),
            None => Fact::unknown(Reason::at("provider-computed", "certificate_body", place)),
        },
        Reading::Absent => Fact::no(Vec::new()),
        Reading::Unknown(reason) => Fact::unknown(reason),
    }
}

/// What is asked of a certificate.
#[derive(Debug, PartialEq, Eq)]
struct Body {
    /// The day that it ends, as `YYYYMMDD`.
    ends: Option<String>,
    rsa_bits: Option<usize>,
}

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const VERSION: u8 = 0xa0;
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];

impl Body {
    /// The first certificate of a PEM text.
    fn read(pem: &str) -> Option<Body> {
        let (_, rest) = pem.split_once("-----BEGIN CERTIFICATE-----")?;
        let (inside, _) = rest.split_once("-----END CERTIFICATE-----")?;
        let der = decode(inside)?;
        let (certificate, _) = element(&der, SEQUENCE)?;
        let (mut rest, _) = element(certificate, SEQUENCE)?;
        if let Some((_, after)) = element(rest, VERSION) {
            rest = after;
        }
        // Serial number, algorithm and issuer come before the validity, the subject after it.
        let (_, rest) = element(rest, INTEGER)?;
        let (_, rest) = element(rest, SEQUENCE)?;
        let (_, rest) = element(rest, SEQUENCE)?;
        let (validity, rest) = element(rest, SEQUENCE)?;
        let (_, rest) = element(rest, SEQUENCE)?;
        let (key, _) = element(rest, SEQUENCE)?;
        Some(Body { ends: ends(validity), rsa_bits: rsa_bits(key) })
    }
}

fn ends(validity: &[u8]) -> Option<String> {
    let (_, rest) = any_element(validity)?;
    if let Some((time, _)) = element(rest, UTC_TIME) {
        let text = std::str::from_utf8(time).ok().filter(|text| is_digits(text, 6))?;
        // Two digits of a year below 50 are of this century.
        let century = if &text[..2] < "50" { "20" } else { "19" };
        return Some(format!("{century}{}", &text[..6]));
    }
    let (time, _) = element(rest, GENERALIZED_TIME)?;
    let text = std::str::from_utf8(time).ok().filter(|text| is_digits(text, 8))?;
    Some(text[..8].to_owned())
}

fn is_digits(text: &str, length: usize) -> bool {
    text.len() >= length && text.bytes().take(length).all(|byte| byte.is_ascii_digit())
}

fn rsa_bits(key: &[u8]) -> Option<usize> {
    let (algorithm, rest) = element(key, SEQUENCE)?;
    let (name, _) = element(algorithm, 0x06)?;
    if name != RSA {
        return None;
    }
    let (bits, _) = element(rest, BIT_STRING)?;
    let (numbers, _) = element(bits.get(1..)?, SEQUENCE)?;
    let (modulus, _) = element(numbers, INTEGER)?;
    let significant = modulus.iter().position(|byte| *byte != 0).map_or(&[][..], |first| &modulus[first..]);
    let first = significant.first()?;
    Some(significant.len() * 8 - first.leading_zeros() as usize)
}

/// The content of an element of DER with this tag, and what follows it.
fn element(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    if *der.first()? != tag {
        return None;
    }
    any_element(der)
}

fn any_element(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let first = usize::from(*der.get(1)?);
    let (length, start) = match first {
        0..=0x7f => (first, 2),
        0x81..=0x84 => {
            let n_bytes = first - 0x80;
            let bytes = der.get(2..2 + n_bytes)?;
            (bytes.iter().fold(0usize, |sum, byte| sum << 8 | usize::from(*byte)), 2 + n_bytes)
        }
        _ => return None,
    };
    let end = start.checked_add(length)?;
    Some((der.get(start..end)?, der.get(end..)?))
}

fn decode(base64: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let (mut bits, mut n_bits) = (0u32, 0);
    for letter in base64.bytes().filter(|byte| !byte.is_ascii_whitespace()) {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' => break,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        n_bits += 6;
        if n_bits >= 8 {
            n_bits -= 8;
            bytes.push((bits >> n_bits) as u8);
            bits &= (1 << n_bits) - 1;
        }
    }
    Some(bytes)
}

/// `openssl req -x509 -days 3650`, in a RUN or in a script that the image runs.
pub(super) fn makes_long_certificate(facts: &Facts<'_>, id: Id<Stage>) -> Fact {
    let model = facts.model;
    let commands = facts.index().commands.of(id).map(|id| &model[id]);
    Fact::any(commands.map(|command| {
        let words = command.arguments.value().as_list().map(|list| list.items.as_slice()).unwrap_or(&[]);
        let says = |wanted: &str| words.iter().any(|word| word.as_str() == Some(wanted));
        if command.program.as_str() != Some("openssl") || !says("-x509") && !says("x509") {
            return Fact::no(Vec::new());
        }
        let days = words.iter().skip_while(|word| word.as_str() != Some("-days")).nth(1);
        // Without a number it is good for thirty days.
        days.map_or_else(|| Fact::no(Vec::new()), |days| is_long(days, command.head.span))
    }))
}

fn is_long(days: &Value, fallback: crate::source::Span) -> Fact {
    let place = days.origin.span().unwrap_or(fallback);
    match days.as_str().map(str::parse::<i64>) {
        Some(Ok(number)) => {
            let role = format!("good for {number} days: nobody takes a lost key back in time");
            Fact::new(Tri::from(number > LONGEST_DAYS), vec![Place::new(place, role)])
        }
        Some(Err(_)) | None => Fact::unknown(Reason::at("no-value", "-days", place)),
    }
}

#[cfg(test)]
mod tests {
    use super::Body;

    /// Made for this test with `openssl req -x509 -newkey rsa:1024 -days 1`, its key thrown away.
    const SHORT: &str = include_str!("certificate_short.pem");

    #[test]
    fn end_and_length_of_the_key_are_read() {
        let body = Body::read(SHORT).expect("a certificate");
        assert_eq!(body.rsa_bits, Some(1024));
        assert_eq!(body.ends.as_deref(), Some("20200102"));
    }

    #[test]
    fn what_is_no_certificate_is_nothing() {
        assert_eq!(Body::read("-----BEGIN CERTIFICATE-----\nMIIB!\n-----END CERTIFICATE-----"), None);
        assert_eq!(Body::read("-----BEGIN CERTIFICATE-----\nMIIBAAAA\n-----END CERTIFICATE-----"), None);
        assert_eq!(Body::read(""), None);
    }
}
