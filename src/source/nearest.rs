//! The name that a misspelt one was probably meant to be. Every message that refuses a name offers it.

/// The candidate that needs the fewest single edits (a letter added, dropped, replaced, or two neighbours swapped), if
/// they are few enough to be a slip; the first of equals in the order of the alphabet.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let most = (name.chars().take(LONGEST).count() / 3).max(1);
    nearest_within(name, candidates, most)
}

/// The same for at most `most` edits.
pub fn nearest_within<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>, most: usize) -> Option<&'a str> {
    let wanted: Vec<char> = name.chars().take(LONGEST).flat_map(char::to_lowercase).collect();
    candidates
        .into_iter()
        // Each letter more or less is an edit.
        .filter(|candidate| candidate.chars().take(LONGEST).count().abs_diff(wanted.len()) <= most)
        .map(|candidate| (distance(&wanted, candidate), candidate))
        .filter(|(distance, _)| *distance <= most)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Names beyond this length are compared by their beginning, so that a hostile name costs nothing.
const LONGEST: usize = 64;

fn distance(wanted: &[char], candidate: &str) -> usize {
    let candidate: Vec<char> = candidate.chars().take(LONGEST).flat_map(char::to_lowercase).collect();
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=candidate.len()).collect();
    for (i, a) in wanted.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in candidate.iter().enumerate() {
            let replaced = last[j] + usize::from(a != b);
            let mut cost = replaced.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *a == candidate[j - 1] && wanted[i - 1] == *b {
                cost = cost.min(before[j - 1] + 1);
            }
            row.push(cost);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[candidate.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn offers_slips_and_nothing_else() {
        let keys = ["severity", "each", "tags", "covers"];
        let check = |name, expected| assert_eq!(nearest(name, keys), expected, "{name}");
        check("severty", Some("severity"));
        check("Severity", Some("severity"));
        check("eahc", Some("each"));
        check("tag", Some("tags"));
        check("message", None);
        check("", None);
    }
}
