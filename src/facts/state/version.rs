//! Version constraints as Terraform reads them, as far as their shape tells how much they leave open.

/// Numbers with dots, and whatever stands behind a hyphen or plus.
fn is_version(text: &str) -> bool {
    let text = text.trim().trim_start_matches('v');
    let numbers = text.split(['-', '+']).next().unwrap_or("");
    numbers.split('.').all(|number| number.parse::<u64>().is_ok())
}

fn numbers(text: &str) -> Vec<u64> {
    let text = text.trim().trim_start_matches('v');
    let core = text.split(['-', '+']).next().unwrap_or("");
    core.split('.').filter_map(|number| number.parse().ok()).collect()
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
    parts: Vec<(Operator, Vec<u64>)>,
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
            if !is_version(version) {
                return None;
            }
            parts.push((operator, numbers(version)));
        }
        Some(Constraint { parts })
    }

    /// Whether a full version satisfies it; nothing for what is no full version.
    pub(crate) fn admits(&self, version: &str) -> Option<bool> {
        let own = numbers(version);
        if !is_version(version) || own.len() < 3 || version.contains('-') {
            return None;
        }
        Some(self.parts.iter().all(|(operator, wanted)| {
            let mut full = wanted.clone();
            full.resize(own.len(), 0);
            match operator {
                Operator::Equal => own == full,
                Operator::NotEqual => own != full,
                Operator::Less => own < full,
                Operator::LessOrEqual => own <= full,
                Operator::Greater => own > full,
                Operator::GreaterOrEqual => own >= full,
                Operator::Pessimistic => {
                    let fixed = wanted.len().saturating_sub(1);
                    own >= full && own[..fixed.min(own.len())] == full[..fixed.min(full.len())]
                }
            }
        }))
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
}

#[cfg(test)]
mod tests {
    use super::Constraint;

    #[test]
    fn bounds() {
        let parsed = |text| Constraint::parse(text).expect("a constraint");
        assert!(parsed("5.8.1").is_exact() && parsed("= 5.8.1").is_exact());
        assert!(!parsed("~> 5.0").is_exact() && parsed("~> 5.0").has_upper_bound());
        assert!(!parsed(">= 5.0").has_upper_bound());
        assert!(Constraint::parse("latest").is_none());
        let admits = |text, version| parsed(text).admits(version);
        assert_eq!(admits("~> 1.9", "1.10.2"), Some(true));
        assert_eq!(admits("~> 1.9.0", "1.10.2"), Some(false));
        assert_eq!(admits(">= 1.5, < 2.0", "1.4.7"), Some(false));
        assert_eq!(admits(">= 1.5", "1.7"), None);
    }
}
