//! Unified diffs between two texts, as `patch` reads them.

use std::fmt::Write as _;
use std::ops::Range;

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
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Diff {
    pub(crate) text: String,
    /// The numbers of changed lines that hold a secret: what is around them is left out.
    pub(crate) hidden: Vec<usize>,
}

/// Secrets are bytes of the old text. No line that holds one is shown: there is less around a change instead, and a change
/// of such a line is left out.
pub(crate) fn unified(path: &str, old: &str, new: &str, secrets: &[Range<usize>]) -> Diff {
    let mut diff = Diff::default();
    if old == new {
        return diff;
    }
    let old_lines: Vec<&str> = old.split_inclusive('\n').collect();
    let new_lines: Vec<&str> = new.split_inclusive('\n').collect();
    let is_secret = secret_lines(&old_lines, secrets);
    let steps = steps(&old_lines, &new_lines);
    for hunk in hunks(&steps, &is_secret) {
        let hidden = steps[hunk.clone()].iter().find_map(|step| match step {
            Step::Old(line) if is_secret[*line] => Some(line + 1),
            Step::Old(_) | Step::Same(..) | Step::New(_) => None,
        });
        if let Some(line) = hidden {
            diff.hidden.push(line);
            continue;
        }
        if diff.text.is_empty() {
            diff.text = format!("--- a/{path}\n+++ b/{path}\n");
        }
        write_hunk(&mut diff.text, &steps[hunk], &old_lines, &new_lines);
    }
    diff
}

fn secret_lines(lines: &[&str], secrets: &[Range<usize>]) -> Vec<bool> {
    let mut start = 0;
    let holds = |line: &&str| {
        let range = start..start + line.len();
        start = range.end;
        secrets.iter().any(|secret| secret.start < range.end && range.start < secret.end)
    };
    lines.iter().map(holds).collect()
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

/// Ranges of steps with a change in them and some lines around it, as many before as behind: `patch` takes one side
/// alone for an end of the file.
fn hunks(steps: &[Step], is_secret: &[bool]) -> Vec<Range<usize>> {
    let is_same = |step: &Step| matches!(step, Step::Same(..));
    let may_stand = |step: &Step| matches!(step, Step::Same(line, _) if !is_secret[*line]);
    let mut hunks: Vec<Range<usize>> = Vec::new();
    let mut index = 0;
    while index < steps.len() {
        let first = index;
        index += steps[index..].iter().take_while(|step| !is_same(step)).count();
        if index == first {
            index += 1;
            continue;
        }
        let before = steps[..first].iter().rev().take(CONTEXT).take_while(|step| may_stand(step)).count();
        let behind = steps[index..].iter().take(CONTEXT).take_while(|step| may_stand(step)).count();
        let (start, end) = (first - before, index + behind);
        match hunks.last_mut() {
            Some(last) if start <= last.end => last.end = end,
            Some(_) | None => hunks.push(start..end),
        }
    }
    hunks.into_iter().map(|hunk| balanced(steps, hunk)).collect()
}

/// The same number of lines around the changes on both sides, but at the ends of the file.
fn balanced(steps: &[Step], hunk: Range<usize>) -> Range<usize> {
    let around = |step: &&Step| matches!(step, Step::Same(..));
    let before = steps[hunk.clone()].iter().take_while(around).count();
    let behind = steps[hunk.clone()].iter().rev().take_while(around).count();
    // Less before than behind says that the file begins here, less behind than before that it ends.
    let start = if hunk.end == steps.len() { hunk.start } else { hunk.start + before.saturating_sub(behind) };
    let end = if hunk.start == 0 { hunk.end } else { hunk.end - behind.saturating_sub(before) };
    start..end
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

    fn diff(old: &str, new: &str) -> String {
        unified("a", old, new, &[]).text
    }

    #[test]
    fn shows_what_changes_with_three_lines_around_it() {
        let old: String = (1..=12).map(|n| format!("line {n}\n")).collect();
        let new = old.replace("line 6\n", "six\nand more\n");
        assert_eq!(
            diff(&old, &new),
            "--- a/a\n+++ b/a\n@@ -3,7 +3,8 @@\n line 3\n line 4\n line 5\n-line 6\n+six\n+and more\n line 7\n line 8\n line 9\n"
        );
        assert_eq!(diff(&old, &old), "");
        // At the beginning and at the end there is less on that side alone.
        assert_eq!(
            diff("a\nb\nc\nd\ne\n", "A\nb\nc\nd\ne\n"),
            "--- a/a\n+++ b/a\n@@ -1,4 +1,4 @@\n-a\n+A\n b\n c\n d\n"
        );
        assert_eq!(
            diff("a\nb\nc\nd\ne\n", "a\nb\nc\nd\nE\n"),
            "--- a/a\n+++ b/a\n@@ -2,4 +2,4 @@\n b\n c\n d\n-e\n+E\n"
        );
    }

    #[test]
    fn says_where_the_last_line_has_no_end() {
        assert_eq!(diff("x", "y\n"), "--- a/a\n+++ b/a\n@@ -1,1 +1,1 @@\n-x\n\\ No newline at end of file\n+y\n");
    }

    #[test]
    fn no_line_with_a_secret_is_shown() {
        let old: String = (1..=12).map(|n| format!("line {n}\n")).collect();
        let at = |line: &str| {
            let start = old.find(line).expect("the line is there");
            start..start + line.len()
        };
        // Two lines away: one line on both sides.
        let shown = unified("a", &old, &old.replace("line 6\n", "six\n"), &[at("line 8")]);
        assert_eq!(shown.text, "--- a/a\n+++ b/a\n@@ -5,3 +5,3 @@\n line 5\n-line 6\n+six\n line 7\n");
        // On the line itself: nothing, but it is said.
        let shown = unified("a", &old, &old.replace("line 6\n", "six\n"), &[at("line 6")]);
        assert_eq!((shown.text.as_str(), shown.hidden), ("", vec![6]));
    }
}
