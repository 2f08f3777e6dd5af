//! Versions of engines and runtimes that AWS no longer supports (`data/aws-support.txt`).

use std::collections::BTreeMap;
use std::sync::LazyLock;

static TEXT: &str = include_str!("../../data/aws-support.txt");

/// Product to version to the month in which standard support ended.
type Ended = BTreeMap<&'static str, BTreeMap<&'static str, &'static str>>;

static ENDED: LazyLock<Ended> = LazyLock::new(|| {
    let mut table: Ended = BTreeMap::new();
    for line in TEXT.lines().filter(|line| !line.starts_with('#')) {
        let words: Vec<&'static str> = line.split_whitespace().collect();
        if let ["ended", product, version, month] = *words {
            table.entry(product).or_default().insert(version, month);
        }
    }
    table
});

/// The month in which standard support of a version ended; nothing if it has not.
pub fn ended(product: &str, version: &str) -> Option<&'static str> {
    let versions = ENDED.get(product)?;
    if product == "lambda" {
        return versions.get(version).copied();
    }
    let begins =
        |listed: &str| version == listed || version.strip_prefix(listed).is_some_and(|rest| rest.starts_with('.'));
    versions.iter().find(|(listed, _)| begins(listed)).map(|(_, month)| *month)
}

#[cfg(test)]
mod tests {
    use super::ended;

    #[test]
    fn versions_are_compared_by_their_parts() {
        for (product, version, expected) in [
            ("postgres", "13.4", Some("2026-02")),
            ("postgres", "13", Some("2026-02")),
            ("postgres", "130", None),
            ("postgres", "16.3", None),
            ("redis", "5.0.6", Some("2026-01")),
            ("redis", "6.x", None),
            ("kubernetes", "1.33", Some("2026-07")),
            ("kubernetes", "1.3", None),
            ("lambda", "python3.8", Some("2024-10")),
            ("lambda", "python3.12", None),
            ("lambda", "nodejs", Some("2016-10")),
            ("nothing", "1", None),
        ] {
            assert_eq!(ended(product, version), expected, "{product} {version}");
        }
    }
}
