//! Unified diffs between two texts, as `patch` reads them.

use std::fmt::Write as _;

/// Lines around a change.
const CONTEXT: usize = 3;

/// One line of the way from one text to the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Same(usize, usize),
    Old(usize),
    New(usize),
}

/// The diff of one file; empty if the texts are the same.
pub(crate) fn unified(path: &str, old: &str, new: &str) -> String {
    if old == new {
        return String::new();
    }
    let old_lines: Vec<&str> = old.split_inclusive('\n').collect();
    let new_lines: Vec<&str> = new.split_inclusive('\n').collect();
    let steps = steps(&old_lines, &new_lines);
    let mut out = format!("--- a/{path}\n+++ b/{path}\n");
    for hunk in hunks(&steps) {
        write_hunk(&mut out, &steps[hunk], &old_lines, &new_lines);
    }
    out
}

/// The longest common subsequence, between what both texts begin and end with.
fn steps(old: &[&str], new: &[&str]) -> Vec<Step> {
    let head = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let tail = old[head..].iter().rev().zip(new[head..].iter().rev()).take_while(|(a, b)| a == b).count();
    let (rest_old, rest_new) = (&old[head..old.len() - tail], &new[head..new.len() - tail]);
    let mut steps: Vec<Step> = (0..head).map(|index| Step::Same(index, index)).collect();
    middle(&mut steps, rest_old, rest_new, head);
    steps.extend((0..tail).map(|index| Step::Same(old.len() - tail + index, new.len() - tail + index)));
    steps
}

/// A table of two large texts would be too much memory: those are replaced as a whole.
const MOST_CELLS: usize = 4_000_000;

fn middle(steps: &mut Vec<Step>, old: &[&str], new: &[&str], base: usize) {
    if old.len().saturating_mul(new.len()) > MOST_CELLS {
        steps.extend((0..old.len()).map(|index| Step::Old(base + index)));
        steps.extend((0..new.len()).map(|index| Step::New(base + index)));
        return;
    }
    let width = new.len() + 1;
    let mut longest = vec![0_u32; (old.len() + 1) * width];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            longest[i * width + j] = if old[i] == new[j] {
                longest[(i + 1) * width + j + 1] + 1
            } else {
                longest[(i + 1) * width + j].max(longest[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            steps.push(Step::Same(base + i, base + j));
            i += 1;
            j += 1;
        } else if i < old.len() && (j == new.len() || longest[(i + 1) * width + j] >= longest[i * width + j + 1]) {
            steps.push(Step::Old(base + i));
            i += 1;
        } else {
            steps.push(Step::New(base + j));
            j += 1;
        }
    }
}

/// Ranges of steps with a change in them and some lines around it.
fn hunks(steps: &[Step]) -> Vec<std::ops::Range<usize>> {
    let mut hunks: Vec<std::ops::Range<usize>> = Vec::new();
    for (index, step) in steps.iter().enumerate() {
        if matches!(step, Step::Same(..)) {
            continue;
        }
        let start = index.saturating_sub(CONTEXT);
        let end = (index + CONTEXT + 1).min(steps.len());
        match hunks.last_mut() {
            Some(last) if start <= last.end => last.end = end,
            Some(_) | None => hunks.push(start..end),
        }
    }
    hunks
}

fn write_hunk(out: &mut String, steps: &[Step], old: &[&str], new: &[&str]) {
    let n_old = steps.iter().filter(|step| !matches!(step, Step::New(_))).count();
    let n_new = steps.iter().filter(|step| !matches!(step, Step::Old(_))).count();
    let first_old = steps.iter().find_map(|step| match step {
        Step::Same(line, _) | Step::Old(line) => Some(*line),
        Step::New(_) => None,
    });
    let first_new = steps.iter().find_map(|step| match step {
        Step::Same(_, line) | Step::New(line) => Some(*line),
        Step::Old(_) => None,
    });
    let number = |first: Option<usize>| first.map_or(0, |line| line + 1);
    let _ = writeln!(out, "@@ -{},{n_old} +{},{n_new} @@", number(first_old), number(first_new));
    for step in steps {
        let (sign, line) = match step {
            Step::Same(line, _) => (' ', old[*line]),
            Step::Old(line) => ('-', old[*line]),
            Step::New(line) => ('+', new[*line]),
        };
        out.push(sign);
        out.push_str(line);
        if !line.ends_with('\n') {
            out.push_str("\n\\ No newline at end of file\n");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::unified;

    #[test]
    fn shows_what_changes_with_three_lines_around_it() {
        let old: String = (1..=12).map(|n| format!("line {n}\n")).collect();
        let new = old.replace("line 6\n", "six\nand more\n");
        assert_eq!(
            unified("a.tf", &old, &new),
            "--- a/a.tf\n+++ b/a.tf\n@@ -3,7 +3,8 @@\n line 3\n line 4\n line 5\n-line 6\n+six\n+and more\n line 7\n line 8\n line 9\n"
        );
        assert_eq!(unified("a.tf", &old, &old), "");
    }

    #[test]
    fn says_where_the_last_line_has_no_end() {
        assert_eq!(
            unified("a", "x", "y\n"),
            "--- a/a\n+++ b/a\n@@ -1,1 +1,1 @@\n-x\n\\ No newline at end of file\n+y\n"
        );
    }
}
