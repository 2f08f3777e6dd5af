//! Situations in files: a small repository each, and what the model and the rules say of it. One file of
//! `testdata/situations` is one area; `SITUATION=12` runs one of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use secure_lint::analysis::analyse;
use secure_lint::check::{Rule, load};
use secure_lint::facts::{self, Facts};
use secure_lint::logic::Tri;
use secure_lint::lower::{Description, lower};
use secure_lint::model::schema::{Answer, find_entity};
use secure_lint::rule::Catalog;
use secure_lint::rule::example::world;
use secure_lint::source::World;

/// A heading with files and what is expected of them.
#[derive(Debug, Default)]
struct Situation {
    name: String,
    /// The preludes whose text stands before the first file.
    uses: Vec<String>,
    files: Vec<(String, String)>,
    expected: Vec<String>,
}

#[test]
fn situations_of_the_network() {
    assert_all("network.md");
}

#[test]
fn situations_of_modules() {
    assert_all("modules.md");
}

#[test]
fn situations_of_variables() {
    assert_all("variables.md");
}

#[test]
fn situations_of_encryption() {
    assert_all("encryption.md");
}

#[test]
fn situations_of_escalation() {
    assert_all("escalation.md");
}

fn assert_all(file: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/situations").join(file);
    let text = fs::read_to_string(&path).expect("the file of situations is there");
    let (preludes, situations) = read(&text);
    let wanted = std::env::var("SITUATION").ok();
    let catalog = Catalog::builtin().expect("the rules are right");
    let mut failures = Vec::new();
    let mut n_expected = 0;
    for situation in &situations {
        let number = situation.name.split([':', ' ']).next().unwrap_or("");
        if wanted.as_deref().is_some_and(|wanted| wanted != number) {
            continue;
        }
        n_expected += situation.expected.len();
        failures.extend(judge(situation, &preludes, &catalog));
    }
    assert!(n_expected > 0, "{file} expects something");
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
}

/// A text that several situations share: put before the first file, or a file of its own.
#[derive(Debug, Default)]
struct Prelude {
    path: Option<String>,
    text: String,
}

/// `## Prelude name` or `## Prelude name path`, or `## 7: a situation` with `Uses: a, b`, files and an `expect` fence.
fn read(text: &str) -> (BTreeMap<String, Prelude>, Vec<Situation>) {
    let mut preludes = BTreeMap::new();
    let mut situations: Vec<Situation> = Vec::new();
    let mut prelude: Option<String> = None;
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(name) = line.strip_prefix("## Prelude ") {
            prelude = Some(name.to_owned());
        } else if let Some(name) = line.strip_prefix("## ") {
            prelude = None;
            situations.push(Situation { name: name.to_owned(), ..Situation::default() });
        } else if let Some(names) = line.strip_prefix("Uses: ") {
            let situation = situations.last_mut().expect("a heading stands before what it uses");
            situation.uses = names.split(", ").map(str::to_owned).collect();
        } else if let Some(opener) = line.strip_prefix("```") {
            let body: String =
                lines.by_ref().take_while(|line| *line != "```").map(|line| format!("{line}\n")).collect();
            match (&prelude, opener.split_once(' ')) {
                (Some(name), _) => {
                    let (name, path) = match name.split_once(' ') {
                        Some((name, path)) => (name, Some(path.to_owned())),
                        None => (name.as_str(), None),
                    };
                    preludes.insert(name.to_owned(), Prelude { path, text: body });
                }
                (None, path) => {
                    let situation = situations.last_mut().expect("a heading stands before a fence");
                    match path {
                        Some((_, path)) => situation.files.push((path.to_owned(), body)),
                        None => situation.expected.extend(body.lines().map(str::to_owned)),
                    }
                }
            }
        }
    }
    (preludes, situations)
}

fn judge(situation: &Situation, preludes: &BTreeMap<String, Prelude>, catalog: &Catalog) -> Vec<String> {
    let mut files = situation.files.clone();
    let mut before = String::new();
    for name in &situation.uses {
        let prelude = preludes.get(name).unwrap_or_else(|| panic!("{}: no prelude `{name}`", situation.name));
        match &prelude.path {
            Some(path) => files.push((path.clone(), prelude.text.clone())),
            None => before.push_str(&prelude.text),
        }
    }
    match files.iter_mut().find(|(path, _)| path == "main.tf") {
        Some((_, text)) => *text = format!("{before}{text}"),
        None => files.insert(0, ("main.tf".to_owned(), before)),
    }
    let world = world(files.iter().map(|(path, text)| (path.as_str(), text.as_str())));
    let mut failures = facts_differ(situation, &world);
    failures.extend(rules_differ(situation, &world, catalog));
    failures.iter().map(|failure| format!("{}: {failure}", situation.name)).collect()
}

/// Lines such as `subnet a: public4 yes, class4 public, egress4 ?`.
fn facts_differ(situation: &Situation, world: &World) -> Vec<String> {
    let asked: Vec<(&str, &str, &str)> = situation
        .expected
        .iter()
        .filter_map(|line| {
            let (subject, answers) = line.split_once(": ")?;
            let (entity, name) = subject.split_once(' ')?;
            find_entity(entity)?;
            Some((entity, name, answers))
        })
        .collect();
    if asked.is_empty() {
        return Vec::new();
    }
    let mut lowered = lower(world, &Description::default());
    let mut failures = Vec::new();
    for model in &mut lowered.models {
        facts::derive(model);
        let facts = Facts::new(model);
        for (entity, name, answers) in &asked {
            let schema = find_entity(entity).expect("filtered above");
            let found: Vec<u32> = (0..(schema.len)(facts.model) as u32)
                .filter(|index| (schema.head)(facts.model, *index).name == *name)
                .collect();
            if found.is_empty() {
                failures.push(format!("there is no {entity} `{name}`"));
            }
            for (index, answer) in found.iter().flat_map(|index| answers.split(", ").map(move |it| (*index, it))) {
                let (fact, wanted) = answer.split_once(' ').expect("a fact and its answer");
                let (wanted, why) = wanted.split_once(" because ").unwrap_or((wanted, ""));
                let (got, reasons) = said(&facts, entity, fact, index);
                if got != wanted || !reasons.contains(why) {
                    failures.push(format!("{entity} {name}: {fact} is {got} ({reasons}), not {wanted} {why}"));
                }
            }
        }
    }
    failures
}

/// The answer, and what is in the way of one.
fn said(facts: &Facts<'_>, entity: &str, name: &str, index: u32) -> (String, String) {
    let number = facts::schema().position(|fact| fact.entity == entity && fact.name == name);
    let Some(number) = number else { return ("no fact".to_owned(), String::new()) };
    let said = |answer: &str| (answer.to_owned(), String::new());
    match facts.answer(number, index) {
        Answer::Fact(fact) => match fact.tri {
            Tri::True => said("yes"),
            Tri::False => said("no"),
            Tri::Unknown => {
                let reasons: Vec<&str> = fact.reasons.iter().map(|reason| reason.object.as_str()).collect();
                ("?".to_owned(), reasons.join(", "))
            }
        },
        Answer::Value { value, .. } => match value.reason() {
            Some(reason) => ("?".to_owned(), reason.object.clone()),
            None => said(&value.as_text().map_or_else(|| format!("{:?}", value.kind), |text| text.to_string())),
        },
        Answer::Cell(_) | Answer::One { .. } | Answer::Many { .. } => said("no fact"),
    }
}

/// The lines at which the places of a finding begin.
fn lines_of<'w>(finding: &'w secure_lint::finding::Finding, world: &'w World) -> impl Iterator<Item = &'w str> {
    let places = finding.paths.iter().flat_map(|path| &path.steps);
    places.filter_map(|place| {
        let span = place.place.span;
        let text = world.file(span.file).text()?;
        let start = text[..span.start as usize].rfind('\n').map_or(0, |at| at + 1);
        text[start..].lines().next()
    })
}

/// Lines such as `finds missing-endpoint`, `finds 3 missing-endpoint`, `not missing-endpoint`, `undecided …`.
fn rules_differ(situation: &Situation, world: &World, catalog: &Catalog) -> Vec<String> {
    let lines: Vec<(&str, Option<usize>, &str)> = situation
        .expected
        .iter()
        .filter_map(|line| {
            let (verb, rest) = line.split_once(' ')?;
            if !["finds", "not", "undecided", "names", "stands", "varies"].contains(&verb) {
                return None;
            }
            match rest.split_once(' ') {
                Some((number, id)) if number.parse::<usize>().is_ok() => Some((verb, number.parse().ok(), id)),
                Some(_) | None => Some((verb, None, rest)),
            }
        })
        .collect();
    let ids: BTreeSet<&str> = lines.iter().map(|(_, _, rest)| rest.split(' ').next().unwrap_or(rest)).collect();
    let mut rules: Vec<Rule> = Vec::new();
    let mut failures = Vec::new();
    for id in ids {
        match catalog.get(id) {
            Some(file) => rules.push(load(file, &BTreeMap::new()).expect("built-in rules are right")),
            None => failures.push(format!("there is no rule `{id}`")),
        }
    }
    let outcome = analyse(world, &Description::default(), &rules);
    for (verb, number, rest) in lines {
        let (id, words) = rest.split_once(' ').unwrap_or((rest, ""));
        let found: Vec<_> = outcome.findings.iter().filter(|finding| finding.rule.id == *id).collect();
        let n_undecided = outcome.undecided.iter().filter(|it| it.rule == *id).count();
        let is_right = match verb {
            "finds" => number.map_or(!found.is_empty(), |number| found.len() == number),
            // What a finding says, in its heading or at its places.
            "names" => found.iter().any(|finding| format!("{finding:?}").contains(words)),
            // The set of variable files without which it is not.
            "varies" => found.iter().any(|finding| finding.variants.iter().any(|it| it.contains(words))),
            // A line of the trail.
            "stands" => found.iter().any(|finding| lines_of(finding, world).any(|line| line.contains(words))),
            "undecided" => found.is_empty() && n_undecided > 0,
            _ => found.is_empty() && n_undecided == 0,
        };
        if !is_right {
            failures.push(format!("`{verb} {rest}`: {} findings, {n_undecided} undecided", found.len()));
        }
    }
    failures
}
