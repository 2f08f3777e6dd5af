//! `hops`: what is encrypted on the way of each service's data, step by step, and what is kept at rest.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::analysis::{HopView, Kept, Step, Telling, hops};
use crate::finding::Profile;
use crate::logic::Tri;
use crate::report::visible;
use crate::source::{Span, World};
use crate::triage::Suppressions;

use super::arguments::{HopsArguments, SelectArguments};
use super::failure::Failure;
use super::plan::Plan;
use super::session::{Session, pretty};
use super::terminal::Surroundings;

const SCHEMA: &str = "secure-lint/hops/1";

pub(crate) fn run(arguments: &HopsArguments, surroundings: &Surroundings) -> Result<u8, Failure> {
    let session = Session::open(&arguments.world, surroundings)?;
    let select = SelectArguments { profile: arguments.profile.clone(), ..SelectArguments::default() };
    let plan = Plan::new(&session, &select, Suppressions::Honoured)?;
    let world = session.read_world()?;
    let telling = match plan.profile {
        Profile::Audit => Telling::WithSettings,
        Profile::Default | Profile::Strict => Telling::Deployed,
    };
    let views = united(hops(&world, &plan.description(&world, arguments.world.repo.as_deref()), telling));
    let text = match arguments.format.as_str() {
        "json" => pretty(
            &json!({ "schema": SCHEMA, "views": views.iter().map(|it| as_json(&world, it)).collect::<Vec<_>>() }),
        ),
        _ => plain(&world, &views),
    };
    session.streams.out_text(&text);
    Ok(0)
}

/// Sets of variables that show the same are one view.
fn united(views: Vec<HopView>) -> Vec<HopView> {
    let mut united: Vec<HopView> = Vec::new();
    for view in views {
        let same = united.iter_mut().find(|it| it.services == view.services && it.at_rest == view.at_rest);
        match same {
            Some(same) => {
                let more: Vec<String> = view.variants.into_iter().filter(|it| !same.variants.contains(it)).collect();
                same.variants.extend(more);
            }
            None => united.push(view),
        }
    }
    united
}

fn place_of(world: &World, span: Span) -> (String, u32) {
    let file = world.file(span.file);
    (file.path.clone(), file.lines().line(span.start))
}

fn shown_place(world: &World, span: Span) -> String {
    let (path, line) = place_of(world, span);
    format!("{}:{line}", visible(&path))
}

/// A line of the table: what, state, remark, place.
type Row = [String; 4];

fn plain(world: &World, views: &[HopView]) -> String {
    let mut out = String::new();
    for view in views {
        if views.len() > 1 {
            let _ = writeln!(out, "with {}\n", visible(&view.variants.join(", ")));
        }
        let tables = view.services.iter().map(|service| {
            let rows: Vec<Row> = service.hops.iter().map(|step| step_row(world, step)).collect();
            (visible(&service.name).into_owned(), rows)
        });
        let kept: Vec<Row> = view.at_rest.iter().map(|kept| kept_row(world, kept)).collect();
        // Steps stand in columns of their own: names of stores may be whole addresses.
        write_tables(&mut out, &tables.filter(|(_, rows)| !rows.is_empty()).collect::<Vec<_>>());
        if !kept.is_empty() {
            write_tables(&mut out, &[("at rest".to_owned(), kept)]);
        }
    }
    match out.is_empty() {
        true => "No services, tasks or stores.\n".to_owned(),
        false => format!("{}\n", out.trim_end()),
    }
}

fn write_tables(out: &mut String, tables: &[(String, Vec<Row>)]) {
    let width = |column: usize| {
        let cells = tables.iter().flat_map(|(_, rows)| rows).map(|row| row[column].chars().count());
        cells.max().unwrap_or(0)
    };
    let [a, b, c] = [width(0), width(1), width(2)];
    for (name, rows) in tables {
        let _ = writeln!(out, "{name}");
        for [what, state, remark, place] in rows {
            let _ = writeln!(out, "  {what:a$}  {state:b$}  {remark:c$}  {place}");
        }
        out.push('\n');
    }
}

fn step_row(world: &World, step: &Step) -> Row {
    let state = step.state.as_deref().unwrap_or("cannot see");
    [
        format!("{} -> {}", visible(&step.from), visible(&step.to)),
        state.to_owned(),
        visible(&step.remark).into_owned(),
        shown_place(world, step.place),
    ]
}

fn kept_row(world: &World, kept: &Kept) -> Row {
    let (state, key) = kept_words(kept);
    let what = format!("{} {}", visible(&kept.kind), visible(&kept.name));
    [what, state.to_owned(), key.to_owned(), shown_place(world, kept.place)]
}

fn kept_words(kept: &Kept) -> (&'static str, &'static str) {
    let state = match kept.encrypted {
        Tri::True => "encrypted",
        Tri::False => "clear",
        Tri::Unknown => "cannot see",
    };
    let key = match (kept.encrypted, kept.has_own_key) {
        (Tri::False, _) => "",
        (_, Tri::True) => "own key",
        (_, Tri::False) => "no own key",
        (_, Tri::Unknown) => "key not known",
    };
    (state, key)
}

fn as_json(world: &World, view: &HopView) -> Value {
    let place = |span: Span| {
        let (file, line) = place_of(world, span);
        json!({ "file": file, "line": line })
    };
    let step = |step: &Step| {
        let reason =
            step.state.as_ref().err().map(
                |reason| json!({ "code": reason.code, "object": reason.object, "place": reason.place.map(place) }),
            );
        json!({
            "from": step.from, "to": step.to, "state": step.state.as_deref().unwrap_or("cannot_see"),
            "remark": step.remark, "reason": reason, "place": place(step.place),
        })
    };
    let services: Vec<Value> = view
        .services
        .iter()
        .map(|it| json!({ "name": it.name, "hops": it.hops.iter().map(step).collect::<Vec<_>>() }))
        .collect();
    let kept: Vec<Value> = view
        .at_rest
        .iter()
        .map(|it| {
            let (state, _) = kept_words(it);
            let own_key = match it.has_own_key {
                Tri::True => json!(true),
                Tri::False => json!(false),
                Tri::Unknown => Value::Null,
            };
            json!({
                "kind": it.kind, "name": it.name, "state": state.replace(' ', "_"), "own_key": own_key,
                "place": place(it.place),
            })
        })
        .collect();
    json!({ "variants": view.variants, "services": services, "at_rest": kept })
}
