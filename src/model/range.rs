//! Ranges of addresses of both families, and sets of them. Arithmetic alone: which range belongs to whom is the
//! business of the facts.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::LazyLock;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    V4,
    V6,
}

impl Family {
    pub const BOTH: [Family; 2] = [Family::V4, Family::V6];

    fn bits(self) -> u8 {
        match self {
            Family::V4 => 32,
            Family::V6 => 128,
        }
    }

    fn last(self) -> u128 {
        match self {
            Family::V4 => u128::from(u32::MAX),
            Family::V6 => u128::MAX,
        }
    }
}

/// The addresses that one prefix names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Range {
    pub family: Family,
    first: u128,
    last: u128,
    /// The prefix length, for the longest-prefix rule of routes.
    pub length: u8,
}

impl Range {
    /// `10.0.0.0/8`, `::/0`, or a single address. Bits below the prefix are ignored, as AWS does for rules.
    pub fn parse(text: &str) -> Option<Range> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(parse_length(length)?)),
            None => (text, None),
        };
        if let Ok(address) = address.parse::<Ipv4Addr>() {
            return Range::new(Family::V4, u128::from(u32::from(address)), length.unwrap_or(32));
        }
        let address = address.parse::<Ipv6Addr>().ok()?;
        Range::new(Family::V6, u128::from(address), length.unwrap_or(128))
    }

    fn new(family: Family, address: u128, length: u8) -> Option<Range> {
        let free = family.bits().checked_sub(length)?;
        let host = if free == 128 { u128::MAX } else { (1u128 << free) - 1 };
        let first = address & !host & family.last();
        Some(Range { family, first, last: first | host, length })
    }

    /// Every address of a family.
    pub fn whole(family: Family) -> Range {
        Range { family, first: 0, last: family.last(), length: 0 }
    }

    /// The two ranges that are one bit longer; none of a single address.
    pub fn halves(&self) -> Option<[Range; 2]> {
        let lower = Range::new(self.family, self.first, self.length + 1)?;
        let upper = Range::new(self.family, self.last, self.length + 1)?;
        Some([lower, upper])
    }

    pub fn holds(&self, other: &Range) -> bool {
        self.family == other.family && self.first <= other.first && other.last <= self.last
    }

    pub fn meets(&self, other: &Range) -> bool {
        self.family == other.family && self.first <= other.last && other.first <= self.last
    }

    /// One of the three blocks of RFC 1918, as a whole or in part.
    pub fn is_private(&self) -> bool {
        private().iter().any(|block| block.holds(self))
    }

    /// A whole block of RFC 1918, or more than one.
    pub fn holds_private_block(&self) -> bool {
        private().iter().any(|block| self.holds(block))
    }

    /// How many addresses; a whole IPv6 space counts one less.
    pub fn size(&self) -> u128 {
        (self.last - self.first).saturating_add(1)
    }
}

fn parse_length(text: &str) -> Option<u8> {
    if text.is_empty() || text.len() > 3 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

const fn v4(a: u8, b: u8, length: u8) -> Range {
    let first = ((a as u128) << 24) | ((b as u128) << 16);
    Range { family: Family::V4, first, last: first | ((1u128 << (32 - length)) - 1), length }
}

fn private() -> [Range; 3] {
    [v4(10, 0, 8), v4(172, 16, 12), v4(192, 168, 16)]
}

/// What no router of the internet carries. Documentation ranges are left in: whoever writes them means the internet.
const NOT_PUBLIC4: [Range; 9] = [
    v4(0, 0, 8),
    v4(10, 0, 8),
    v4(100, 64, 10),
    v4(127, 0, 8),
    v4(169, 254, 16),
    v4(172, 16, 12),
    v4(192, 168, 16),
    v4(198, 18, 15),
    v4(224, 0, 3),
];

/// Addresses of one family as sorted, disjoint intervals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RangeSet {
    family: Family,
    intervals: Vec<(u128, u128)>,
}

impl RangeSet {
    pub fn empty(family: Family) -> RangeSet {
        RangeSet { family, intervals: Vec::new() }
    }

    /// The members of this family; those of the other are left out.
    pub fn of(family: Family, ranges: impl IntoIterator<Item = Range>) -> RangeSet {
        let mut intervals: Vec<(u128, u128)> =
            ranges.into_iter().filter(|range| range.family == family).map(|range| (range.first, range.last)).collect();
        intervals.sort_unstable();
        let mut merged: Vec<(u128, u128)> = Vec::with_capacity(intervals.len());
        for (first, last) in intervals {
            match merged.last_mut() {
                Some(before) if first <= before.1.saturating_add(1) => before.1 = before.1.max(last),
                Some(_) | None => merged.push((first, last)),
            }
        }
        RangeSet { family, intervals: merged }
    }

    /// What can be reached over the internet: all IPv4 but the special blocks; 2000::/3, and by NAT64 all of IPv4.
    pub fn public(family: Family) -> RangeSet {
        match family {
            Family::V4 => PUBLIC4.clone(),
            Family::V6 => PUBLIC6.clone(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.intervals.is_empty()
    }

    pub fn meets(&self, range: &Range) -> bool {
        range.family == self.family
            && self.intervals.iter().any(|(first, last)| *first <= range.last && range.first <= *last)
    }

    pub fn holds(&self, range: &Range) -> bool {
        range.family == self.family
            && self.intervals.iter().any(|(first, last)| *first <= range.first && range.last <= *last)
    }

    pub fn and(&self, other: &RangeSet) -> RangeSet {
        let mut intervals = Vec::new();
        for (first, last) in &self.intervals {
            for (other_first, other_last) in &other.intervals {
                let common = ((*first).max(*other_first), (*last).min(*other_last));
                if common.0 <= common.1 {
                    intervals.push(common);
                }
            }
        }
        intervals.sort_unstable();
        RangeSet { family: self.family, intervals }
    }

    pub fn without(&self, other: &RangeSet) -> RangeSet {
        let mut intervals = self.intervals.clone();
        for (cut_first, cut_last) in &other.intervals {
            let mut kept = Vec::with_capacity(intervals.len() + 1);
            for (first, last) in intervals {
                if last < *cut_first || *cut_last < first {
                    kept.push((first, last));
                    continue;
                }
                if first < *cut_first {
                    kept.push((first, cut_first - 1));
                }
                if *cut_last < last {
                    kept.push((cut_last + 1, last));
                }
            }
            intervals = kept;
        }
        RangeSet { family: self.family, intervals }
    }

    pub fn size(&self) -> u128 {
        self.intervals.iter().fold(0u128, |sum, (first, last)| sum.saturating_add((last - first).saturating_add(1)))
    }

    /// At least a /8's worth of public IPv4 addresses, or more than a /16 of IPv6: halves and long lists count.
    pub fn is_world(&self) -> bool {
        let public = self.and(&RangeSet::public(self.family)).size();
        match self.family {
            Family::V4 => public >= 1 << 24,
            Family::V6 => public > 1 << 112,
        }
    }
}

// Every question about the internet asks for one of them.
static PUBLIC4: LazyLock<RangeSet> = LazyLock::new(|| {
    let all = RangeSet::of(Family::V4, [Range::whole(Family::V4)]);
    all.without(&RangeSet::of(Family::V4, NOT_PUBLIC4))
});
static PUBLIC6: LazyLock<RangeSet> = LazyLock::new(|| RangeSet::of(Family::V6, [GLOBAL_UNICAST, NAT64]));

const GLOBAL_UNICAST: Range = Range { family: Family::V6, first: 0x2 << 124, last: (0x4 << 124) - 1, length: 3 };
const NAT64: Range = {
    let first = 0x0064_ff9b_u128 << 96;
    Range { family: Family::V6, first, last: first | 0xffff_ffff, length: 96 }
};

/// Whether a host is the machine itself: nobody listens on the way.
pub fn is_loopback(host: &str) -> bool {
    let host = host.trim_matches(['[', ']']);
    host == "localhost" || host == "::1" || host.starts_with("127.")
}

#[cfg(test)]
mod tests {
    use super::{Family, Range, RangeSet};

    fn range(text: &str) -> Range {
        Range::parse(text).expect(text)
    }

    fn set(texts: &[&str]) -> RangeSet {
        let ranges: Vec<Range> = texts.iter().map(|text| range(text)).collect();
        RangeSet::of(ranges.first().map_or(Family::V4, |first| first.family), ranges)
    }

    #[test]
    fn reads_both_families_and_nothing_else() {
        assert_eq!(range("10.1.2.3/8"), range("10.0.0.0/8"));
        assert_eq!(range("1.2.3.4").length, 32);
        assert_eq!(range("::/0"), Range::whole(Family::V6));
        for text in ["", "10.0.0.0/33", "10.0.0/8", "0.0.0.0/", "0.0.0.0/+8", "::/129", "x", "10.0.0.0/8/8"] {
            assert_eq!(Range::parse(text), None, "{text}");
        }
    }

    #[test]
    fn holds_and_meets() {
        assert!(range("10.0.0.0/8").holds(&range("10.255.0.0/16")));
        assert!(!range("10.0.0.0/16").holds(&range("10.0.0.0/8")));
        assert!(range("10.0.0.0/16").meets(&range("10.0.0.0/8")));
        assert!(!range("0.0.0.0/0").meets(&range("::/0")));
        assert!(range("0.0.0.0/0").holds_private_block());
        assert!(range("172.20.0.0/16").is_private() && !range("172.32.0.0/16").is_private());
    }

    #[test]
    fn sets_are_intervals() {
        let halves = set(&["0.0.0.0/1", "128.0.0.0/1"]);
        assert_eq!(halves, set(&["0.0.0.0/0"]));
        assert!(halves.without(&set(&["0.0.0.0/0"])).is_empty());
        let rest = set(&["10.0.0.0/8"]).without(&set(&["10.0.0.0/9"]));
        assert_eq!(rest, set(&["10.128.0.0/9"]));
        assert!(!RangeSet::public(Family::V4).meets(&range("10.0.0.0/8")));
        assert!(RangeSet::public(Family::V4).meets(&range("203.0.113.0/24")));
        assert!(RangeSet::public(Family::V6).meets(&range("64:ff9b::/96")));
        assert!(!RangeSet::public(Family::V6).meets(&range("fd00::/8")));
    }

    #[test]
    fn the_world_is_a_measure() {
        assert!(set(&["0.0.0.0/1", "128.0.0.0/1"]).is_world());
        assert!(set(&["52.0.0.0/8"]).is_world());
        assert!(!set(&["10.0.0.0/8"]).is_world());
        assert!(!set(&["52.0.0.0/9"]).is_world());
        assert!(set(&["::/0"]).is_world());
        assert!(set(&["2000::/15"]).is_world());
        assert!(!set(&["2001::/16"]).is_world());
        assert!(!set(&["fc00::/7"]).is_world());
    }
}
