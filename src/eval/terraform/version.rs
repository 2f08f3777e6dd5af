//! Version constraints, as far as the question goes whether an installed version satisfies one.

use std::cmp::Ordering;

/// Whether a version satisfies all conditions of a constraint; what cannot be read is not satisfied.
pub(super) fn satisfies(version: &str, constraint: &str) -> bool {
    let Some(version) = parts(version) else { return false };
    constraint.split(',').all(|condition| satisfies_one(&version, condition.trim()))
}

fn satisfies_one(version: &[u64], condition: &str) -> bool {
    let operator = condition.len() - condition.trim_start_matches(['=', '!', '<', '>', '~']).len();
    let (operator, wanted) = condition.split_at(operator);
    let Some(bound) = parts(wanted.trim()) else { return false };
    let order = compare(version, &bound);
    match operator {
        "" | "=" => order == Ordering::Equal,
        "!=" => order != Ordering::Equal,
        ">" => order == Ordering::Greater,
        ">=" => order != Ordering::Less,
        "<" => order == Ordering::Less,
        "<=" => order != Ordering::Greater,
        "~>" => {
            // Only the last written part may grow.
            let fixed = bound.len().saturating_sub(1);
            order != Ordering::Less && version.iter().take(fixed).eq(bound.iter().take(fixed))
        }
        _ => false,
    }
}

/// The lowest major version that a constraint names.
pub(super) fn lowest_major(constraint: &str) -> Option<u64> {
    let bounds = constraint.split(',').map(str::trim).filter(|condition| !condition.starts_with(['<', '!']));
    let majors = bounds.filter_map(|condition| parts(condition.trim_start_matches(['=', '>', '~']).trim()));
    majors.filter_map(|parts| parts.first().copied()).max()
}

/// The numbers of a version; pre-releases are read without their suffix.
fn parts(text: &str) -> Option<Vec<u64>> {
    let text = text.strip_prefix('v').unwrap_or(text);
    let numbers = text.split(['-', '+']).next()?;
    numbers.split('.').map(|part| part.parse().ok()).collect()
}

fn compare(a: &[u64], b: &[u64]) -> Ordering {
    let length = a.len().max(b.len());
    let at = |parts: &[u64], index: usize| parts.get(index).copied().unwrap_or(0);
    (0..length).map(|index| at(a, index).cmp(&at(b, index))).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

#[cfg(test)]
mod tests {
    use super::satisfies;

    #[test]
    fn constraints() {
        for (version, constraint, expected) in [
            ("5.1.2", "~> 5.0", true),
            ("6.0.0", "~> 5.0", false),
            ("5.1.9", "~> 5.1.2", true),
            ("5.2.0", "~> 5.1.2", false),
            ("1.2.0", ">= 1.0, < 2.0", true),
            ("2.0.0", ">= 1.0, < 2.0", false),
            ("1.2.0", "1.2", true),
            ("x", "1.2", false),
        ] {
            assert_eq!(satisfies(version, constraint), expected, "{version} {constraint}");
        }
    }
}
