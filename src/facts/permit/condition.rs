//! Conditions of a statement, decided against what is known of a request. A key is surely absent only if no service knows
//! it or the request is known not to carry it.

use std::collections::BTreeMap;

use super::pattern::{Extent, Pattern};
use crate::data::actions;
use crate::logic::Tri;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Comparison {
    StringEquals,
    StringLike,
    ArnLike,
    Bool,
    NumericEquals,
    NumericLess,
    NumericLessOrEqual,
    NumericGreater,
    NumericGreaterOrEqual,
    Date,
    IpAddress,
    Binary,
    Null,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Qualifier {
    None,
    ForAllValues,
    ForAnyValue,
}

/// A condition operator, taken apart: `ForAllValues:StringNotEqualsIfExists`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Operator {
    pub comparison: Comparison,
    pub qualifier: Qualifier,
    pub is_negated: bool,
    pub if_exists: bool,
    pub ignores_case: bool,
}

impl Operator {
    /// Nothing if IAM knows no such operator.
    pub fn parse(text: &str) -> Option<Operator> {
        let lower = text.to_ascii_lowercase();
        let (qualifier, rest) = match lower.split_once(':') {
            Some(("forallvalues", rest)) => (Qualifier::ForAllValues, rest),
            Some(("foranyvalue", rest)) => (Qualifier::ForAnyValue, rest),
            Some(_) => return None,
            None => (Qualifier::None, &*lower),
        };
        let (rest, if_exists) = match rest.strip_suffix("ifexists") {
            Some(rest) => (rest, true),
            None => (rest, false),
        };
        let (comparison, is_negated, ignores_case) = match rest {
            "stringequals" => (Comparison::StringEquals, false, false),
            "stringnotequals" => (Comparison::StringEquals, true, false),
            "stringequalsignorecase" => (Comparison::StringEquals, false, true),
            "stringnotequalsignorecase" => (Comparison::StringEquals, true, true),
            "stringlike" => (Comparison::StringLike, false, false),
            "stringnotlike" => (Comparison::StringLike, true, false),
            "arnequals" | "arnlike" => (Comparison::ArnLike, false, false),
            "arnnotequals" | "arnnotlike" => (Comparison::ArnLike, true, false),
            "bool" => (Comparison::Bool, false, true),
            "numericequals" => (Comparison::NumericEquals, false, false),
            "numericnotequals" => (Comparison::NumericEquals, true, false),
            "numericlessthan" => (Comparison::NumericLess, false, false),
            "numericlessthanequals" => (Comparison::NumericLessOrEqual, false, false),
            "numericgreaterthan" => (Comparison::NumericGreater, false, false),
            "numericgreaterthanequals" => (Comparison::NumericGreaterOrEqual, false, false),
            "dateequals" | "datelessthan" | "datelessthanequals" | "dategreaterthan" | "dategreaterthanequals" => {
                (Comparison::Date, false, false)
            }
            "datenotequals" => (Comparison::Date, true, false),
            "ipaddress" => (Comparison::IpAddress, false, false),
            "notipaddress" => (Comparison::IpAddress, true, false),
            "binaryequals" => (Comparison::Binary, false, false),
            "null" if !if_exists => (Comparison::Null, false, true),
            _ => return None,
        };
        Some(Operator { comparison, qualifier, is_negated, if_exists, ignores_case })
    }
}

/// One operator and key of a `Condition` block, with its values.
#[derive(Clone, Debug)]
pub struct Condition {
    /// Nothing if IAM knows no such operator, or it is not known.
    pub operator: Option<Operator>,
    /// In lower case; nothing if it is not known.
    pub key: Option<String>,
    pub values: Vec<Pattern>,
    /// There may be more values.
    pub is_open: bool,
}

/// What a request says of one key.
#[derive(Clone, Debug)]
pub enum KeyState {
    Values(Vec<Pattern>),
    Absent,
    Unknown,
}

/// What is known of a request, by key in lower case.
#[derive(Clone, Debug, Default)]
pub struct Context {
    keys: BTreeMap<String, KeyState>,
}

impl Context {
    pub fn with(mut self, key: &str, value: Pattern) -> Context {
        self.keys.insert(key.to_ascii_lowercase(), KeyState::Values(vec![value]));
        self
    }

    pub fn with_state(mut self, key: &str, state: KeyState) -> Context {
        self.keys.insert(key.to_ascii_lowercase(), state);
        self
    }

    /// Nothing said: unknown if some service knows the key, else surely absent.
    fn state(&self, key: &str) -> KeyState {
        if let Some(state) = self.keys.get(key) {
            return state.clone();
        }
        match is_known_key(key) {
            true => KeyState::Unknown,
            false => KeyState::Absent,
        }
    }
}

/// Whether AWS or an identity provider may set the key.
pub fn is_known_key(key: &str) -> bool {
    is_claim(key) || actions::condition_key(key).is_some()
}

/// A claim of a web identity: the issuer's host and path, a colon, the claim.
fn is_claim(key: &str) -> bool {
    key.rsplit_once(':').is_some_and(|(issuer, _)| issuer.contains('.'))
}

impl Condition {
    pub fn holds(&self, context: &Context, extent: Extent) -> Tri {
        let (Some(operator), Some(key)) = (self.operator, &self.key) else { return Tri::Unknown };
        let state = context.state(key);
        if operator.comparison == Comparison::Null {
            return self.null_holds(&state);
        }
        match state {
            KeyState::Unknown => Tri::Unknown,
            KeyState::Absent => Tri::from(holds_without_key(operator)),
            KeyState::Values(values) if values.is_empty() => Tri::from(holds_without_key(operator)),
            KeyState::Values(values) => self.holds_for(operator, &values, extent),
        }
    }

    fn holds_for(&self, operator: Operator, values: &[Pattern], extent: Extent) -> Tri {
        let one = |value: &Pattern| {
            let matches = Tri::any(self.values.iter().map(|wanted| compare(operator, wanted, value, extent)));
            let matches = if self.is_open { matches.or(Tri::Unknown) } else { matches };
            if operator.is_negated { !matches } else { matches }
        };
        match operator.qualifier {
            Qualifier::ForAllValues => Tri::all(values.iter().map(one)),
            Qualifier::ForAnyValue => Tri::any(values.iter().map(one)),
            // A negated operator excludes each value, a plain one needs any.
            Qualifier::None if operator.is_negated => Tri::all(values.iter().map(one)),
            Qualifier::None => Tri::any(values.iter().map(one)),
        }
    }

    /// `Null: "true"` asks for absence.
    fn null_holds(&self, state: &KeyState) -> Tri {
        let wants_absent = match self.values.iter().map(Pattern::literal).collect::<Option<Vec<_>>>().as_deref() {
            Some([value]) if value == "true" => true,
            Some([value]) if value == "false" => false,
            Some(_) | None => return Tri::Unknown,
        };
        match state {
            KeyState::Unknown => Tri::Unknown,
            KeyState::Absent => Tri::from(wants_absent),
            KeyState::Values(values) => Tri::from(values.is_empty() == wants_absent),
        }
    }
}

/// `ForAnyValue` asks for a value, whatever `IfExists` says.
pub fn holds_without_key(operator: Operator) -> bool {
    match operator.qualifier {
        Qualifier::ForAllValues => true,
        Qualifier::ForAnyValue => false,
        Qualifier::None => operator.if_exists || operator.is_negated,
    }
}

fn compare(operator: Operator, wanted: &Pattern, value: &Pattern, extent: Extent) -> Tri {
    match operator.comparison {
        Comparison::StringEquals | Comparison::StringLike | Comparison::ArnLike | Comparison::Bool => {
            let folded = operator.ignores_case.then(|| value.folded());
            // Colons are nothing special in a condition's value.
            match wanted.answers(folded.as_ref().unwrap_or(value), extent) {
                Tri::Unknown if !wanted.is_loose() && !value.is_loose() && !value.has_wildcard() => Tri::True,
                answer => answer,
            }
        }
        Comparison::NumericEquals
        | Comparison::NumericLess
        | Comparison::NumericLessOrEqual
        | Comparison::NumericGreater
        | Comparison::NumericGreaterOrEqual => compare_numbers(operator.comparison, wanted, value),
        Comparison::IpAddress => compare_addresses(wanted, value),
        Comparison::Date | Comparison::Binary | Comparison::Null => Tri::Unknown,
    }
}

fn compare_numbers(comparison: Comparison, wanted: &Pattern, value: &Pattern) -> Tri {
    let number = |pattern: &Pattern| pattern.literal().and_then(|text| text.parse::<f64>().ok());
    let (Some(wanted), Some(value)) = (number(wanted), number(value)) else { return Tri::Unknown };
    Tri::from(match comparison {
        Comparison::NumericEquals => value == wanted,
        Comparison::NumericLess => value < wanted,
        Comparison::NumericLessOrEqual => value <= wanted,
        Comparison::NumericGreater => value > wanted,
        Comparison::NumericGreaterOrEqual => value >= wanted,
        Comparison::StringEquals
        | Comparison::StringLike
        | Comparison::ArnLike
        | Comparison::Bool
        | Comparison::Date
        | Comparison::IpAddress
        | Comparison::Binary
        | Comparison::Null => return Tri::Unknown,
    })
}

fn compare_addresses(wanted: &Pattern, value: &Pattern) -> Tri {
    let (Some(wanted), Some(value)) = (wanted.literal(), value.literal()) else { return Tri::Unknown };
    let (network, length) = match wanted.split_once('/') {
        Some((network, length)) => (network, length.parse::<u32>().ok()),
        None => (&*wanted, Some(32)),
    };
    let parse = |text: &str| text.parse::<std::net::Ipv4Addr>().ok().map(u32::from);
    let (Some(network), Some(address), Some(length)) = (parse(network), parse(&value), length) else {
        return Tri::Unknown;
    };
    if length > 32 {
        return Tri::Unknown;
    }
    let mask = u32::MAX.checked_shl(32 - length).unwrap_or(0);
    Tri::from(network & mask == address & mask)
}
