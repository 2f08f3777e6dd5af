//! Functions on address ranges, as numbers and never as texts.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::call::{Answer, Call, Fault, Function, MANY};
use crate::value::{ListFlavour, Value};

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("cidrcontains", 2, 2, cidrcontains),
    Function::new("cidrhost", 2, 2, cidrhost),
    Function::new("cidrnetmask", 1, 1, cidrnetmask),
    Function::new("cidrsubnet", 3, 3, cidrsubnet),
    Function::new("cidrsubnets", 1, MANY, cidrsubnets),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Family {
    V4,
    V6,
}

impl Family {
    fn bits(self) -> u32 {
        match self {
            Family::V4 => 32,
            Family::V6 => 128,
        }
    }

    fn print(self, address: u128) -> String {
        match self {
            Family::V4 => Ipv4Addr::from(address as u32).to_string(),
            Family::V6 => Ipv6Addr::from(address).to_string(),
        }
    }
}

/// A range with its host bits cleared.
#[derive(Clone, Copy, Debug)]
struct Range {
    family: Family,
    start: u128,
    length: u32,
}

impl Range {
    fn parse(text: &str) -> Option<Range> {
        let (address, length) = text.split_once('/')?;
        let (family, address) = parse_address(address)?;
        let is_number = !length.is_empty() && length.len() <= 3 && length.bytes().all(|byte| byte.is_ascii_digit());
        let length: u32 = length.parse().ok().filter(|_| is_number)?;
        if length > family.bits() {
            return None;
        }
        Some(Range { family, start: address & !host_mask(family.bits() - length), length })
    }

    fn end(self) -> u128 {
        self.start | host_mask(self.family.bits() - self.length)
    }

    fn print(self) -> String {
        format!("{}/{}", self.family.print(self.start), self.length)
    }
}

/// As many ones at the low end.
fn host_mask(bits: u32) -> u128 {
    if bits >= 128 { u128::MAX } else { (1u128 << bits) - 1 }
}

fn parse_address(text: &str) -> Option<(Family, u128)> {
    if text.contains(':') {
        let address: Ipv6Addr = text.parse().ok()?;
        return Some((Family::V6, u128::from(address)));
    }
    let octets: Vec<&str> = text.split('.').collect();
    if octets.len() != 4 {
        return None;
    }
    // Leading noughts are decimal.
    let octet = |text: &&str| -> Option<u128> {
        let is_number = !text.is_empty() && text.len() < 16 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<u64>().ok().filter(|octet| is_number && *octet <= 255).map(u128::from)
    };
    let octets: Option<Vec<u128>> = octets.iter().map(octet).collect();
    Some((Family::V4, octets?.into_iter().fold(0, |address, octet| address << 8 | octet)))
}

fn range(call: &Call<'_>, index: usize) -> Result<Range, Fault> {
    let text = call.known(index)?;
    Range::parse(&text).ok_or_else(|| call.wrong(format!("\"{text}\" is no address range")))
}

/// A whole number that may need more than 64 bits.
fn wide(call: &Call<'_>, index: usize) -> Result<i128, Fault> {
    let number = call.number(index)?;
    number.as_i128().ok_or_else(|| call.wrong(format!("a whole number is required, not {number}")))
}

fn cidrhost(call: &Call<'_>) -> Answer {
    let range = range(call, 0)?;
    let number = wide(call, 1)?;
    let last = host_mask(range.family.bits() - range.length);
    let host = match number {
        0.. => Some(number.unsigned_abs()).filter(|host| *host <= last),
        _ => last.checked_sub(number.unsigned_abs() - 1),
    };
    let Some(host) = host else {
        return Err(call.wrong(format!("{} has no host number {number}", range.print())));
    };
    Ok(call.made_known(&range.family.print(range.start | host)))
}

fn cidrnetmask(call: &Call<'_>) -> Answer {
    let range = range(call, 0)?;
    if range.family == Family::V6 {
        return Err(call.wrong("an IPv6 range has no netmask"));
    }
    Ok(call.made_known(&Family::V4.print(!host_mask(32 - range.length) & host_mask(32))))
}

fn cidrsubnet(call: &Call<'_>) -> Answer {
    let range = range(call, 0)?;
    let (new_bits, number) = (call.integer(1)?, wide(call, 2)?);
    let length = u32::try_from(new_bits).ok().and_then(|bits| range.length.checked_add(bits));
    let Some(length) = length.filter(|length| *length <= range.family.bits()) else {
        return Err(call.wrong(format!("{} cannot be extended by {new_bits} bits", range.print())));
    };
    let fits = u128::try_from(number).ok().filter(|number| *number <= host_mask(length - range.length));
    let Some(number) = fits else {
        return Err(call.wrong(format!("{new_bits} bits do not hold the subnet number {number}")));
    };
    let shift = range.family.bits() - length;
    let offset = if shift >= 128 { 0 } else { number << shift };
    Ok(call.made_known(&Range { start: range.start | offset, length, ..range }.print()))
}

fn cidrsubnets(call: &Call<'_>) -> Answer {
    let range = range(call, 0)?;
    let mut items = Vec::new();
    let mut next = Some(range.start);
    for index in 1..call.arguments.len() {
        let new_bits = call.integer(index)?;
        let length =
            u32::try_from(new_bits).ok().filter(|bits| *bits > 0).and_then(|bits| range.length.checked_add(bits));
        let Some(length) = length.filter(|length| *length <= range.family.bits()) else {
            return Err(call.wrong(format!("{} cannot be extended by {new_bits} bits", range.print())));
        };
        let mask = host_mask(range.family.bits() - length);
        // Aligned to its own size.
        let start = next.and_then(|next| next.checked_add(mask)).map(|start| start & !mask);
        let Some(start) = start.filter(|start| *start <= range.end() && *start != 0) else {
            return Err(call.wrong(format!("{} has no room for {} subnets", range.print(), call.arguments.len() - 1)));
        };
        let subnet = Range { start, length, ..range };
        items.push(Value::text(subnet.print(), call.arguments[index].origin.clone()));
        next = subnet.end().checked_add(1);
    }
    Ok(call.made_list(items, ListFlavour::List, None))
}

fn cidrcontains(call: &Call<'_>) -> Answer {
    let outer = range(call, 0)?;
    let text = call.known(1)?;
    let inner = match parse_address(&text) {
        Some((family, address)) => Some(Range { family, start: address, length: family.bits() }),
        None => Range::parse(&text),
    };
    let Some(inner) = inner else { return Err(call.wrong(format!("\"{text}\" is neither address nor range"))) };
    if inner.family != outer.family {
        return Err(call.wrong("the ranges are of different families"));
    }
    Ok(call.made_bool(outer.start <= inner.start && inner.end() <= outer.end()))
}
