//! Pages of the documentation that follow from the program: rules, command line, configuration, migration. They are made
//! when the documentation is built and are not in the repository.

mod configuration;
mod migrating;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use clap::{Command, CommandFactory};

use crate::finding::RuleMeta;
use crate::rule::Catalog;

use super::arguments::Arguments;
use super::explain::page;
use super::failure::Failure;
use super::output::{Mode, put};
use super::session::open_rules;
use super::terminal::Streams;

const CONFIG_SCHEMA: &str = include_str!("../../../schemas/config.json");
/// Beside the book, for its links.
const SCHEMAS: [(&str, &str); 4] = [
    ("config.json", CONFIG_SCHEMA),
    ("report-1.json", include_str!("../../../schemas/report-1.json")),
    ("finding-1.json", include_str!("../../../schemas/finding-1.json")),
    ("baseline-1.json", include_str!("../../../schemas/baseline-1.json")),
];

/// The page of the program with those of all its verbs behind it.
pub(crate) fn man_page() -> Result<String, Failure> {
    let failed = |error: std::io::Error| Failure::said(format!("the man page cannot be written: {error}"));
    let command = all_shown(Arguments::command());
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut page).map_err(failed)?;
    for verb in command.get_subcommands().filter(|verb| !verb.is_hide_set()) {
        let man = clap_mangen::Man::new(verb.clone());
        page.extend(format!(".SH \"SECURE-LINT {}\"\n", verb.get_name().to_uppercase()).into_bytes());
        man.render_description_section(&mut page).map_err(failed)?;
        man.render_options_section(&mut page).map_err(failed)?;
    }
    Ok(for_troff(&String::from_utf8_lossy(&page)))
}

/// Not every reader of such pages knows UTF-8: other characters have names.
fn for_troff(page: &str) -> String {
    let mut out = String::with_capacity(page.len());
    for c in page.chars() {
        match c.is_ascii() {
            true => out.push(c),
            false => {
                let _ = write!(out, "\\[u{:04X}]", c as u32);
            }
        }
    }
    out
}

/// The command with all its verbs built, as the writer of the page wants it.
fn all_shown(mut command: Command) -> Command {
    command.build();
    command
}

pub(crate) fn run(folder: &Path, streams: Streams) -> Result<u8, Failure> {
    let catalog = open_rules(&[])?;
    let mut pages: BTreeMap<String, String> = BTreeMap::new();
    pages.insert("rules/index.md".to_owned(), index(&catalog));
    for rule in catalog.rules() {
        pages.insert(format!("rules/{}.md", rule.id()), page(rule, "markdown"));
    }
    pages.insert("command-line.md".to_owned(), command_line());
    pages.insert("configuration.md".to_owned(), configuration::page(CONFIG_SCHEMA)?);
    pages.extend(migrating::pages(&catalog));
    pages.insert("summary.md".to_owned(), summary(&catalog));
    for (name, text) in SCHEMAS {
        pages.insert(format!("schemas/{name}"), text.to_owned());
    }
    pages.insert("llms.txt".to_owned(), for_machines(&catalog));
    for (name, text) in &pages {
        let path = folder.join(name);
        let parent = path.parent().unwrap_or(folder);
        std::fs::create_dir_all(parent).map_err(|error| Failure::io("make", parent, &error))?;
        put(&path, text, Mode::Replace).map_err(|error| Failure::io("write", &path, &error))?;
    }
    streams.out(&format!("wrote {} pages\n", pages.len()));
    Ok(0)
}

fn by_area(catalog: &Catalog) -> BTreeMap<&str, Vec<&RuleMeta>> {
    let mut areas: BTreeMap<&str, Vec<&RuleMeta>> = BTreeMap::new();
    for meta in catalog.metas() {
        areas.entry(&meta.area).or_default().push(meta);
    }
    areas
}

fn index(catalog: &Catalog) -> String {
    let mut out = String::from("# Rules\n");
    for (area, rules) in by_area(catalog) {
        let _ = writeln!(out, "\n## {area}\n\n| rule | severity | profile | title |\n|---|---|---|---|");
        for rule in rules {
            let title = rule.title.replace('|', "\\|");
            let (id, severity, profile) = (&rule.id, rule.severity.name(), rule.profile.name());
            let _ = writeln!(out, "| [{id}]({id}.md) | {severity} | {profile} | {title} |");
        }
    }
    out
}

/// The pages of the rules as chapters of a book; `scripts/book.sh` puts them below "Rules".
fn summary(catalog: &Catalog) -> String {
    let mut out = String::new();
    for rule in catalog.rules() {
        let _ = writeln!(out, "  - [{}](generated/rules/{}.md)", rule.id(), rule.id());
    }
    out
}

fn command_line() -> String {
    let mut out = String::from("# Command line\n");
    let mut command = all_shown(Arguments::command());
    for verb in command.get_subcommands_mut().filter(|verb| !verb.is_hide_set()) {
        let name = verb.get_name().to_owned();
        let _ = writeln!(
            out,
            "\n## secure-lint {name}\n\n```text\n{}\n```",
            verb.render_long_help().to_string().trim_end()
        );
    }
    out
}

/// A list for language models.
fn for_machines(catalog: &Catalog) -> String {
    let mut out = String::from(
        "# secure-lint\n\n> Finds the ways from the internet or a pull request to your AWS data, across Terraform, ECS task \
         definitions, Dockerfiles and GitHub workflows.\n\n- [Command line](command-line.md)\n- [Configuration](configuration.md)\n- [Migrating](migrating/index.md)\n",
    );
    for (area, rules) in by_area(catalog) {
        let _ = writeln!(out, "\n## {area}\n");
        for rule in rules {
            let _ = writeln!(out, "- [{}](rules/{}.md): {}", rule.id, rule.id, rule.title);
        }
    }
    out
}
