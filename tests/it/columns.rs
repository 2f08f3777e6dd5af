//! Columns behind text that is not ASCII: in plain, quoted and block scalars, in expressions and in the shell inside
//! blocks. SARIF counts UTF-16 units, the text report draws under the characters.

use std::path::PathBuf;
use std::process::Command;

use serde_sarif::sarif::Sarif;

/// Each rule with the text that its finding must stand on; the texts stand once each.
const EXPECTED: [(&str, &str); 8] = [
    ("action-at-branch", "déjà/vu@main"),
    ("action-at-branch", "😀/plain@main"),
    ("action-at-branch", "single/quoted@main"),
    ("action-at-branch", "double/quoted@main"),
    ("merged-text-in-script", "${{ github.event.head_commit.message }}"),
    ("merged-text-in-script", "${{ github.event.commits[0].message }}"),
    ("merged-text-in-script", "${{ github.event.head_commit.author.name }}"),
    ("piped-remote-script", "https://example.com/é.sh"),
];

const WORKFLOW: &str = r##"name: 😀 é — ключ
on:
  push:
    branches: [main]
permissions:
  contents: write
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - {name: "😀😀 é", uses: déjà/vu@main}
      - {name: 😀 e, uses: 😀/plain@main}
      - {name: '😀 ''é''', uses: 'single/quoted@main'}
      - {name: "\u00e9 \U0001F600 é", uses: "double/quoted@main"}
      - run: 'echo ''é😀'' ${{ github.event.head_commit.message }}'
      - run: |
          # 😀 комментарий
          echo "é😀" && echo ${{ github.event.commits[0].message }}
      - run: >-
          echo 😀
          é "${{ github.event.head_commit.author.name }}"
      - run: |
          echo "日本語😀"; curl -s https://example.com/é.sh | sh
"##;

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let folder = std::env::temp_dir().join(format!("secure-lint-columns-{name}-{}", std::process::id()));
        std::fs::create_dir_all(folder.join(".github/workflows")).expect("a temporary folder can be made");
        std::fs::write(folder.join(".github/workflows/é.yml"), WORKFLOW).expect("and written to");
        Folder(folder)
    }

    fn report(&self, format: &str) -> String {
        let output = Command::new(env!("CARGO_BIN_EXE_secure-lint"))
            .current_dir(&self.0)
            .env_clear()
            .args(["check", "--color", "never", "--format", format])
            .output()
            .expect("the program runs");
        String::from_utf8(output.stdout).expect("a report is UTF-8")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What is left behind lies in the system's temporary folder.
        std::fs::remove_dir_all(&self.0).ok();
    }
}

/// Line and columns of a text that stands once, counted by `width` of the text before it on its line.
fn position(needle: &str, width: fn(&str) -> usize) -> (usize, usize, usize) {
    let at = WORKFLOW.find(needle).expect("the text stands in the workflow");
    assert_eq!(WORKFLOW.rfind(needle), Some(at), "{needle} stands once");
    let line_start = WORKFLOW[..at].rfind('\n').map_or(0, |at| at + 1);
    let before = width(&WORKFLOW[line_start..at]);
    (WORKFLOW[..at].matches('\n').count() + 1, before + 1, before + 1 + width(needle))
}

#[test]
fn sarif_counts_utf16_units() {
    let sarif: Sarif = serde_json::from_str(&Folder::new("sarif").report("sarif")).expect("our SARIF is one");
    let results = sarif.runs[0].results.as_deref().unwrap_or(&[]);
    let regions: Vec<(String, i64, i64, i64)> = results
        .iter()
        .filter_map(|result| {
            let region = result.locations.as_ref()?.first()?.physical_location.as_ref()?.region.as_ref()?;
            Some((result.rule_id.clone()?, region.start_line?, region.start_column?, region.end_column?))
        })
        .collect();
    for (rule, needle) in EXPECTED {
        let (line, start, end) = position(needle, |text| text.encode_utf16().count());
        let expected = (rule.to_owned(), line as i64, start as i64, end as i64);
        // A quoted text's own span includes its quotes.
        let quoted = (rule.to_owned(), line as i64, start as i64 - 1, end as i64 + 1);
        assert!(
            regions.contains(&expected) || regions.contains(&quoted),
            "{rule} on {needle}: {expected:?} is not in {regions:#?}"
        );
    }
}

#[test]
fn the_text_report_counts_characters_and_draws_below_them() {
    let report = Folder::new("text").report("text");
    // Several places of one rule stand in one frame, without columns of their own.
    for (rule, needle) in EXPECTED.into_iter().filter(|(rule, _)| *rule != "action-at-branch") {
        let (line, start, _) = position(needle, |text| text.chars().count());
        let places = [start, start - 1].map(|column| format!(".github/workflows/é.yml:{line}:{column}\n"));
        assert!(places.iter().any(|place| report.contains(place.as_str())), "{rule} on {needle}: {places:?}\n{report}");
        let lines: Vec<&str> = report.lines().collect();
        let source = lines.iter().position(|line| line.contains(needle)).expect("the line is shown");
        let below = lines[source + 1];
        let caret = below.find('^').or_else(|| below.find('-')).expect("the place is marked");
        let shown = lines[source].find(needle).expect("it stands there");
        let drawn = cells(&below[..caret]);
        let wanted = cells(&lines[source][..shown]);
        assert!(drawn == wanted || drawn + 1 == wanted, "{needle}: {}\n{below}", lines[source]);
    }
}

/// The cells of a terminal that a text takes: wide characters take two.
fn cells(text: &str) -> usize {
    text.chars()
        .map(|c| if matches!(c, '\u{1F600}' | '\u{3040}'..='\u{30FF}' | '\u{4E00}'..='\u{9FFF}') { 2 } else { 1 })
        .sum()
}
