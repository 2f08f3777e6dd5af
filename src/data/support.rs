//! Versions of engines and runtimes that AWS no longer supports (`data/aws-support.txt`).

use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

static TEXT: &str = include_str!("../../data/aws-support.txt");

/// Product to version to the month in which standard support ended.
type Months = BTreeMap<&'static str, BTreeMap<&'static str, &'static str>>;

static ENDED: LazyLock<Months> = LazyLock::new(|| {
    let mut table: Months = BTreeMap::new();
    for line in TEXT.lines().filter(|line| !line.starts_with('#')) {
        let words: Vec<&'static str> = line.split_whitespace().collect();
        if let ["ended", product, version, month] = *words {
            table.entry(product).or_default().insert(version, month);
        }
    }
    table
});

/// When standard support of a version ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    In(&'static str),
    /// It is older than the oldest version whose month the table has.
    Before(&'static str),
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ended::In(month) => write!(f, "in {month}"),
            Ended::Before(month) => write!(f, "before {month}"),
        }
    }
}

/// When standard support of a version ended; nothing if it has not.
pub fn ended(product: &str, version: &str) -> Option<Ended> {
    let versions = ENDED.get(product)?;
    if product == "lambda" {
        return versions.get(version).map(|month| Ended::In(month));
    }
    let begins =
        |listed: &str| version == listed || version.strip_prefix(listed).is_some_and(|rest| rest.starts_with('.'));
    if let Some((_, month)) = versions.iter().find(|(listed, _)| begins(listed)) {
        return Some(Ended::In(month));
    }
    let (oldest, month) = versions.iter().filter_map(|(listed, month)| Some((numbers(listed)?, month))).min()?;
    let own = numbers(version)?;
    // A major version alone stands for its newest minor version, so only the parts that both have are compared.
    let n_shared = own.len().min(oldest.len());
    (own[..n_shared] < oldest[..n_shared]).then_some(Ended::Before(month))
}

/// The numbers of a version before anything else; nothing if it does not begin with one.
fn numbers(version: &str) -> Option<Vec<u32>> {
    let parts: Vec<u32> = version.split('.').map_while(|part| part.parse().ok()).collect();
    (!parts.is_empty()).then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::ended;

    #[test]
    fn versions_are_compared_by_their_parts() {
        for (product, version, expected) in [
            ("postgres", "13.4", Some("in 2026-02")),
            ("postgres", "13", Some("in 2026-02")),
            ("postgres", "130", None),
            ("postgres", "16.3", None),
            ("postgres", "9.5.22", Some("before 2022-04")),
            ("postgres", "9", None),
            ("mariadb", "10.1.48", Some("before 2022-10")),
            ("mariadb", "10", None),
            ("redis", "5.0.6", Some("in 2026-01")),
            ("redis", "3.2.10", Some("before 2026-01")),
            ("redis", "6.x", None),
            ("redis", "latest", None),
            ("kubernetes", "1.33", Some("in 2026-07")),
            ("kubernetes", "1.9", Some("before 2022-08")),
            ("lambda", "python3.8", Some("in 2024-10")),
            ("lambda", "python3.12", None),
            ("lambda", "python2.6", None),
            ("lambda", "nodejs", Some("in 2016-10")),
            ("nothing", "1", None),
        ] {
            let found = ended(product, version).map(|ended| ended.to_string());
            assert_eq!(found.as_deref(), expected, "{product} {version}");
        }
    }
}
