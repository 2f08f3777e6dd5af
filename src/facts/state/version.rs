//! Version constraints as Terraform reads them, as far as their shape tells how much they leave open.

/// Numbers with dots, and whatever stands behind a hyphen or plus.
fn is_version(text: &str) -> bool {
    let text = text.trim().trim_start_matches('v');
    let numbers = text.split(['-', '+']).next().unwrap_or("");
    numbers.split('.').all(|number| number.parse::<u64>().is_ok())
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
    parts: Vec<Operator>,
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
            parts.push(operator);
        }
        Some(Constraint { parts })
    }

    /// Exactly one version satisfies it.
    pub(crate) fn is_exact(&self) -> bool {
        self.parts.contains(&Operator::Equal)
    }

    pub(crate) fn has_upper_bound(&self) -> bool {
        self.parts.iter().any(|operator| match operator {
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
    }
}
