//! `suppressions`: everything that silences findings, or tries to, with what became of it.

use std::fmt::Write as _;

use serde_json::json;

use crate::finding::Run;
use crate::report::{csv_field, visible};
use crate::source::World;
use crate::triage::{Entry, Suppressions};

use super::arguments::{SelectArguments, SuppressionsArguments};
use super::failure::Failure;
use super::plan::Plan;
use super::session::{Session, pretty};
use super::terminal::Surroundings;

pub(crate) fn run(arguments: &SuppressionsArguments, surroundings: &Surroundings) -> Result<u8, Failure> {
    let session = Session::open(&arguments.world, surroundings)?;
    let plan = Plan::new(&session, &SelectArguments::default(), Suppressions::Honoured)?;
    let world = session.read_world()?;
    let triaged = plan.judge(&world, arguments.world.repo.as_deref(), Run::default());
    let mut entries = triaged.entries;
    entries.sort_by_key(|entry| entry.place);
    let text = match arguments.format.as_str() {
        "json" => pretty(&json!(entries.iter().map(|entry| entry_json(&world, entry)).collect::<Vec<_>>())),
        "csv" => csv(&world, &entries),
        _ => plain(&world, &entries),
    };
    session.streams.out_text(&text);
    Ok(0)
}

fn place_of(world: &World, entry: &Entry) -> (String, u32) {
    entry.place.map_or_else(
        || ("-".to_owned(), 0),
        |span| {
            let file = world.file(span.file);
            (file.path.clone(), file.lines().line(span.start))
        },
    )
}

fn plain(world: &World, entries: &[Entry]) -> String {
    if entries.is_empty() {
        return "No suppressions.\n".to_owned();
    }
    let mut out = String::new();
    for entry in entries {
        let (path, line) = place_of(world, entry);
        let until = entry.until.map_or_else(String::new, |date| format!(" until {date}"));
        let peer = entry.peer.as_ref().map_or_else(String::new, |peer| format!(" ({peer})"));
        let owner = entry.owner.as_ref().map_or_else(String::new, |owner| format!(", {}", visible(owner)));
        let _ = writeln!(
            out,
            "{}:{line}: {}{until}{peer}: {}, silences {}{owner}: {}",
            visible(&path),
            visible(&entry.rules.join(", ")),
            entry.state.name(),
            entry.silenced,
            if entry.reason.is_empty() { "no reason".into() } else { visible(&entry.reason) }
        );
    }
    out
}

fn entry_json(world: &World, entry: &Entry) -> serde_json::Value {
    let (path, line) = place_of(world, entry);
    json!({
        "kind": entry.kind.name(), "file": path, "line": line, "rules": entry.rules, "reason": entry.reason,
        "until": entry.until.map(|date| date.to_string()), "owner": entry.owner, "peer": entry.peer,
        "state": entry.state.name(), "silences": entry.silenced,
    })
}

fn csv(world: &World, entries: &[Entry]) -> String {
    let mut out = String::from("kind,file,line,rules,reason,until,owner,peer,state,silences\r\n");
    for entry in entries {
        let (path, line) = place_of(world, entry);
        let fields = [
            entry.kind.name().to_owned(),
            path,
            line.to_string(),
            entry.rules.join(" "),
            entry.reason.clone(),
            entry.until.map_or_else(String::new, |date| date.to_string()),
            entry.owner.clone().unwrap_or_default(),
            entry.peer.clone().unwrap_or_default(),
            entry.state.name().to_owned(),
            entry.silenced.to_string(),
        ];
        let fields: Vec<String> = fields.iter().map(|field| csv_field(field)).collect();
        let _ = write!(out, "{}\r\n", fields.join(","));
    }
    out
}
