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
    let mut table = Table::default();
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates.into_iter().filter(|candidate| candidate.len().abs_diff(name.len()) <= most * 4) {
        let most = best.map_or(most, |(distance, _)| distance);
        let found = table.distance(&wanted, candidate, most).map(|distance| (distance, candidate));
        best = match (best, found) {
            (Some(best), Some(found)) => Some(best.min(found)),
            (best, found) => best.or(found),
        };
    }
    best.map(|(_, candidate)| candidate)
}

/// Names beyond this length are compared by their beginning, so that a hostile name costs nothing.
const LONGEST: usize = 64;

/// The memory of one comparison after the other: the candidate, and the last three rows of its table.
#[derive(Default)]
struct Table {
    candidate: Vec<char>,
    rows: [Vec<usize>; 3],
}

impl Table {
    /// The number of edits; nothing if there are more than `most`.
    fn distance(&mut self, wanted: &[char], candidate: &str, most: usize) -> Option<usize> {
        self.candidate.clear();
        self.candidate.extend(candidate.chars().take(LONGEST).flat_map(char::to_lowercase));
        let candidate = &self.candidate;
        if candidate.len().abs_diff(wanted.len()) > most {
            return None;
        }
        let [before, last, row] = &mut self.rows;
        last.clear();
        last.extend(0..=candidate.len());
        let mut least_before = 0;
        for (i, a) in wanted.iter().enumerate() {
            row.clear();
            row.push(i + 1);
            let mut least = i + 1;
            for (j, b) in candidate.iter().enumerate() {
                let replaced = last[j] + usize::from(a != b);
                let mut cost = replaced.min(last[j + 1] + 1).min(row[j] + 1);
                if i > 0 && j > 0 && *a == candidate[j - 1] && wanted[i - 1] == *b {
                    cost = cost.min(before[j - 1] + 1);
                }
                row.push(cost);
                least = least.min(cost);
            }
            // What comes next grows from these two rows.
            if least.min(least_before) > most {
                return None;
            }
            least_before = least;
            std::mem::swap(before, last);
            std::mem::swap(last, row);
        }
        Some(last[candidate.len()]).filter(|distance| *distance <= most)
    }
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
