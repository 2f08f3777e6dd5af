//! The pages that the program makes, and the links between all pages of the documentation.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::stage::Stage;

/// The documentation as its book has it: the written pages with the generated ones below them.
fn book(name: &str) -> Stage {
    let stage = Stage::new(&format!("book-{name}"));
    let written = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/src");
    for entry in std::fs::read_dir(written).expect("docs/src is there").flatten() {
        if entry.path().is_file() {
            let name = entry.file_name().to_string_lossy().into_owned();
            stage.write(&name, &std::fs::read_to_string(entry.path()).expect("a page is text"));
        }
    }
    let played = stage.run(&["docs", "generated"]);
    assert_eq!(played.code, 0, "{}", played.err);
    stage
}

fn pages(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("the folder can be read").flatten() {
        match entry.path() {
            path if path.is_dir() => pages(&path, found),
            path if path.extension().is_some_and(|ending| ending == "md") => found.push(path),
            _ => {}
        }
    }
}

/// The targets of `[…](…)` outside of code.
fn links(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut fence: Option<String> = None;
    for line in text.lines() {
        let ticks: String = line.trim_start().chars().take_while(|c| *c == '`').collect();
        match &fence {
            Some(open) if ticks.len() >= open.len() && line.trim() == ticks => fence = None,
            Some(_) => continue,
            None if ticks.len() >= 3 => fence = Some(ticks),
            None => {
                let prose: String = line.split('`').step_by(2).collect::<Vec<_>>().join("");
                found.extend(prose.split("](").skip(1).filter_map(|rest| Some(rest.split_once(')')?.0.to_owned())));
            }
        }
    }
    found
}

#[test]
fn no_link_leads_nowhere() {
    let stage = book("links");
    let mut all = Vec::new();
    pages(&stage.folder, &mut all);
    assert!(all.len() > 500, "{}", all.len());
    let mut dead = Vec::new();
    // The list of chapters is put into that of the book.
    for page in all.iter().filter(|page| !page.ends_with("generated/summary.md")) {
        let text = std::fs::read_to_string(page).expect("a page is text");
        for link in links(&text) {
            let target = link.split('#').next().unwrap_or("");
            let is_elsewhere = target.is_empty() || target.starts_with("https://") || target.starts_with("mailto:");
            if !is_elsewhere && !page.parent().expect("a page has a folder").join(target).exists() {
                dead.push(format!("{}: {link}", page.display()));
            }
        }
    }
    assert!(dead.is_empty(), "{}", dead.join("\n"));
}

/// The links of the files at the top, which people read on the web.
#[test]
fn no_link_of_the_repository_leads_nowhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for name in ["README.md", "CONTRIBUTING.md", "ARCHITECTURE.md", "CHANGELOG.md", "docs/README.md"] {
        let page = root.join(name);
        let text = std::fs::read_to_string(&page).expect("the file is there");
        for link in links(&text) {
            let target = link.split('#').next().unwrap_or("");
            let is_here = target.is_empty()
                || target.starts_with("https://")
                || page.parent().is_some_and(|it| it.join(target).exists());
            assert!(is_here, "{name}: {link}");
        }
    }
}

#[test]
fn what_pages_include_is_there() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/src");
    let mut all = Vec::new();
    pages(&folder, &mut all);
    for page in all.iter().filter(|page| !page.starts_with(folder.join("generated"))) {
        let text = std::fs::read_to_string(page).expect("a page is text");
        for rest in text.split("{{#include ").skip(1) {
            let target = rest.split("}}").next().unwrap_or("");
            assert!(folder.join(target).is_file(), "{}: {target}", page.display());
        }
    }
}

#[test]
fn every_rule_is_a_chapter() {
    let stage = book("chapters");
    let summary = stage.read("generated/summary.md");
    let chapters: BTreeSet<&str> =
        summary.lines().filter_map(|line| line.split_once("](")?.1.strip_suffix(')')).collect();
    let n_files = std::fs::read_dir(stage.folder.join("generated/rules")).expect("it is there").count();
    // All but the list itself.
    assert_eq!(chapters.len(), n_files - 1);
    assert!(chapters.iter().all(|chapter| stage.folder.join(chapter).is_file()));
    assert!(stage.read("generated/llms.txt").contains("](rules/privileged-container.md)"));
}

#[test]
fn the_reference_of_the_configuration_has_every_key() {
    let stage = book("keys");
    let page = stage.read("generated/configuration.md");
    let full = include_str!("../../../testdata/config/full.toml");
    for line in full.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase())) {
        let key = line.split('=').next().unwrap_or("").trim();
        let is_there =
            page.contains(&format!("| `{key}` |")) || ["days", "AWS_ROLE_ARN", "log-group-without-key"].contains(&key);
        assert!(is_there, "{key}");
    }
    for heading in ["`[severity]`", "`[params]`", "`[[root]]`", "`[github]`", "`[roles]`", "`[[allow]]`"] {
        assert!(page.contains(&format!("## {heading}")), "{heading}");
    }
}

/// Each input and output of the action stands on its page.
#[test]
fn the_action_is_described() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| std::fs::read_to_string(root.join(path)).expect("the file is there");
    let (action, page) = (read("action.yml"), read("docs/src/github.md"));
    let mut n_named = 0;
    for line in action.lines().take_while(|line| *line != "runs:") {
        let name =
            line.strip_prefix("  ").filter(|rest| !rest.starts_with(' ')).and_then(|rest| rest.strip_suffix(':'));
        if let Some(name) = name {
            assert!(page.contains(&format!("`{name}`")), "{name}");
            n_named += 1;
        }
    }
    assert!(n_named > 10, "{n_named}");
}

/// The hook that `init` writes runs for the same files as those of the repository.
#[test]
fn all_hooks_run_for_the_same_files() {
    let manifest = include_str!("../../../.pre-commit-hooks.yaml");
    let stage = Stage::new("init-hook");
    assert_eq!(stage.run(&["init", "--hook"]).code, 0);
    let files = |text: &str| -> Vec<String> {
        let lines = text.lines().map(str::trim);
        lines.filter(|line| line.starts_with("files: ")).map(str::to_owned).collect()
    };
    let (ours, theirs) = (files(&stage.read(".pre-commit-config.yaml")), files(manifest));
    assert_eq!((ours.len(), theirs.len()), (1, 3));
    assert!(theirs.iter().all(|line| *line == ours[0]), "{theirs:?}");
}

/// What the pages for people from other tools show is what `migrate` does.
#[test]
fn migrate_does_what_its_pages_show() {
    let stage = book("migrate");
    let mut n_shown = 0;
    for peer in ["checkov", "trivy", "hadolint", "zizmor", "tflint", "buildkit"] {
        let page = stage.read(&format!("generated/migrating/{peer}.md"));
        assert!(page.contains("| their check | our rule |"), "{peer}");
        let Some((head, rest)) = page.split_once("```diff\n") else { continue };
        let file =
            head.trim_end().strip_suffix("`:").and_then(|head| head.rsplit_once('`')).expect("it names a file").1;
        let lines = rest.split("```").next().unwrap_or("").lines();
        let side = |sign: char| -> String {
            let kept = lines.clone().filter(|line| line.starts_with(sign));
            kept.map(|line| format!("{}\n", line.get(2..).unwrap_or(""))).collect()
        };
        let tree = Stage::new(&format!("migrating-{peer}")).with(file, &side('-'));
        let played = tree.run(&["migrate", "--root", ".", "--write"]);
        assert_eq!(played.code, 0, "{}", played.err);
        assert_eq!(tree.read(file), side('+'), "{peer}");
        n_shown += 1;
    }
    assert_eq!(n_shown, 5);
}
