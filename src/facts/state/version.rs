//! Versions and version constraints as Terraform reads them.

use std::cmp::Ordering;

/// Numbers with dots, and what stands behind a hyphen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Version {
    numbers: Vec<u64>,
    /// How many numbers were written: `~> 1.2` and `~> 1.2.0` differ.
    n_written: usize,
    prerelease: String,
}

impl Version {
    pub(crate) fn parse(text: &str) -> Option<Version> {
        let text = text.trim().trim_start_matches('v');
        let text = text.split('+').next()?;
        let (numbers, prerelease) = text.split_once('-').unwrap_or((text, ""));
        let mut parsed: Vec<u64> = Vec::new();
        for number in numbers.split('.') {
            parsed.push(number.parse().ok()?);
        }
        let n_written = parsed.len();
        parsed.resize(parsed.len().max(3), 0);
        Some(Version { numbers: parsed, n_written, prerelease: prerelease.to_owned() })
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Version) -> Option<Ordering> {
        let by_numbers = self.numbers.cmp(&other.numbers);
        let is_release = |version: &Version| version.prerelease.is_empty();
        Some(by_numbers.then_with(|| {
            is_release(self).cmp(&is_release(other)).then_with(|| self.prerelease.cmp(&other.prerelease))
        }))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    /// `~>`: only the last written number may grow.
    Pessimistic,
}

/// Several conditions that all must hold.
#[derive(Clone, Debug)]
pub(crate) struct Constraint {
    parts: Vec<(Operator, Version)>,
}

impl Constraint {
    pub(crate) fn parse(text: &str) -> Option<Constraint> {
        let mut parts = Vec::new();
        for part in text.split(',') {
            let part = part.trim();
            let operators = [
                ("~>", Operator::Pessimistic),
                (">=", Operator::GreaterOrEqual),
                ("<=", Operator::LessOrEqual),
                ("!=", Operator::NotEqual),
                (">", Operator::Greater),
                ("<", Operator::Less),
                ("=", Operator::Equal),
            ];
            let found = operators.iter().find_map(|(sign, operator)| Some((*operator, part.strip_prefix(sign)?)));
            let (operator, version) = found.unwrap_or((Operator::Equal, part));
            parts.push((operator, Version::parse(version)?));
        }
        Some(Constraint { parts })
    }

    /// Exactly one version satisfies it.
    pub(crate) fn is_exact(&self) -> bool {
        self.parts.iter().any(|(operator, _)| *operator == Operator::Equal)
    }

    pub(crate) fn has_upper_bound(&self) -> bool {
        self.parts.iter().any(|(operator, _)| match operator {
            Operator::Equal | Operator::Less | Operator::LessOrEqual | Operator::Pessimistic => true,
            Operator::NotEqual | Operator::Greater | Operator::GreaterOrEqual => false,
        })
    }

    pub(crate) fn allows(&self, version: &Version) -> bool {
        self.parts.iter().all(|(operator, bound)| match operator {
            Operator::Equal => version == bound || version.partial_cmp(bound) == Some(Ordering::Equal),
            Operator::NotEqual => version.partial_cmp(bound) != Some(Ordering::Equal),
            Operator::Less => version < bound,
            Operator::LessOrEqual => version <= bound,
            Operator::Greater => version > bound,
            Operator::GreaterOrEqual => version >= bound,
            Operator::Pessimistic => {
                let fixed = bound.n_written.saturating_sub(1).max(1);
                version >= bound && version.numbers.iter().take(fixed).eq(bound.numbers.iter().take(fixed))
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Constraint, Version};

    #[test]
    fn constraints() {
        let check = |constraint: &str, version: &str, allowed: bool| {
            let parsed = Constraint::parse(constraint).expect("a constraint");
            let version = Version::parse(version).expect("a version");
            assert_eq!(parsed.allows(&version), allowed, "{constraint} {version:?}");
        };
        check("~> 1.2", "1.9.0", true);
        check("~> 1.2", "2.0.0", false);
        check("~> 1.2.3", "1.2.9", true);
        check("~> 1.2.3", "1.3.0", false);
        check(">= 1.5, < 2.0", "1.11.4", true);
        check("1.5.7", "1.5.7", true);
        check("!= 1.5.7", "1.5.7", false);
        check(">= 1.10", "1.10.0-beta1", false);
    }

    #[test]
    fn bounds() {
        let parsed = |text| Constraint::parse(text).expect("a constraint");
        assert!(parsed("5.8.1").is_exact() && parsed("= 5.8.1").is_exact());
        assert!(!parsed("~> 5.0").is_exact() && parsed("~> 5.0").has_upper_bound());
        assert!(!parsed(">= 5.0").has_upper_bound());
        assert!(Constraint::parse("latest").is_none());
    }
}
