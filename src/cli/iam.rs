//! `iam`: who can be a role, what it needs, has and misses, and the policy that is enough. What is granted and needed is
//! decided in `facts`; here it is only written down.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::analysis::principals;
use crate::facts::permit::need::view::{Levels, PrincipalView};
use crate::facts::permit::need::{Certainty, Need};
use crate::facts::trust::Attempt;
use crate::logic::{Reason, Tri};
use crate::report::{reason_words, visible};
use crate::source::{Span, World, nearest};
use crate::triage::Suppressions;

use super::arguments::{IamArguments, SelectArguments, WorldArguments};
use super::failure::Failure;
use super::plan::Plan;
use super::session::{Session, pretty};
use super::terminal::Surroundings;

const SCHEMA: &str = "secure-lint/iam/1";

pub(crate) fn run(arguments: &IamArguments, surroundings: &Surroundings) -> Result<u8, Failure> {
    let (session, world, all) = read(&arguments.world, surroundings)?;
    let wanted = arguments.role.as_deref();
    let (session, world, chosen) = match wanted.map(|role| chosen(&all, role)) {
        None => (session, world, all),
        Some(found) if !found.is_empty() => {
            let mut all = all;
            all.retain(|view| is_named(view, wanted.unwrap_or("")));
            (session, world, all)
        }
        // The only word may be a folder.
        Some(_) if arguments.world.paths.is_empty() && wanted.is_some_and(|role| Path::new(role).exists()) => {
            let paths = vec![PathBuf::from(wanted.unwrap_or("."))];
            read(&WorldArguments { paths, ..arguments.world.clone() }, surroundings)?
        }
        Some(_) => return Err(unknown(&all, wanted.unwrap_or(""))),
    };
    let page = Page { world: &world };
    let text = match arguments.format.as_str() {
        "json" => pretty(
            &json!({ "schema": SCHEMA, "principals": chosen.iter().map(|view| page.json(view)).collect::<Vec<_>>() }),
        ),
        _ => page.text(&chosen, wanted.is_some()),
    };
    session.streams.out_text(&text);
    Ok(0)
}

fn read(
    arguments: &WorldArguments,
    surroundings: &Surroundings,
) -> Result<(Session, World, Vec<PrincipalView>), Failure> {
    let session = Session::open(arguments, surroundings)?;
    let plan = Plan::new(&session, &SelectArguments::default(), Suppressions::Honoured)?;
    let world = session.read_world()?;
    let all = principals(&world, &plan.description(&world, arguments.repo.as_deref()));
    Ok((session, world, all))
}

fn is_named(view: &PrincipalView, wanted: &str) -> bool {
    let name = wanted.rsplit('/').next().unwrap_or(wanted);
    view.name == wanted || view.name_in_aws.as_deref() == Some(name) || view.name.rsplit('.').next() == Some(wanted)
}

fn chosen<'v>(all: &'v [PrincipalView], wanted: &str) -> Vec<&'v PrincipalView> {
    all.iter().filter(|view| is_named(view, wanted)).collect()
}

fn unknown(all: &[PrincipalView], wanted: &str) -> Failure {
    let names = all.iter().flat_map(|view| [Some(view.name.as_str()), view.name_in_aws.as_deref()]).flatten();
    let help = nearest(wanted, names).map_or_else(String::new, |name| format!("; did you mean `{name}`?"));
    Failure::said(format!("no role, user or group `{wanted}` is declared here{help}"))
}

struct Page<'w> {
    world: &'w World,
}

impl Page<'_> {
    /// `terraform/iam.tf:24`.
    fn place(&self, span: Span) -> String {
        let file = self.world.file(span.file);
        format!("{}:{}", visible(&file.path), file.lines().line(span.start))
    }

    fn place_json(&self, span: Span) -> Value {
        let file = self.world.file(span.file);
        json!({ "file": file.path, "line": file.lines().line(span.start) })
    }

    fn text(&self, all: &[PrincipalView], is_chosen: bool) -> String {
        if all.is_empty() {
            return "No role, user or group is declared here.\n".to_owned();
        }
        let is_used = |view: &PrincipalView| is_chosen || !view.users.is_empty() || !view.attempts.is_empty();
        let mut parts: Vec<String> = all.iter().filter(|view| is_used(view)).map(|view| self.principal(view)).collect();
        let unused: Vec<&PrincipalView> = all.iter().filter(|view| !is_used(view)).collect();
        if !unused.is_empty() {
            let mut out = String::from("No job and no task here uses these:\n");
            for view in unused {
                let _ = writeln!(
                    out,
                    "  {} ({}), {} granted",
                    visible(&view.name),
                    self.place(view.span),
                    actions(view.granted.len())
                );
            }
            parts.push(out);
        }
        parts.join("\n")
    }

    fn principal(&self, view: &PrincipalView) -> String {
        let mut out = format!("{} ({})\n", visible(&view.name), self.place(view.span));
        self.assumed(&mut out, view);
        self.needed(&mut out, view);
        self.granted(&mut out, view);
        self.missing(&mut out, view);
        self.excess(&mut out, view);
        if let Some(document) = &view.document {
            let words = if view.open.is_empty() { "what it needs" } else { "what is counted" };
            let _ =
                writeln!(out, "\nThe policy that is enough for {words}:\n\n{}", visible_lines(&document.terraform()));
        }
        out.truncate(out.trim_end().len());
        out.push('\n');
        out
    }

    fn assumed(&self, out: &mut String, view: &PrincipalView) {
        if view.kind != "role" {
            for user in &view.users {
                let _ = writeln!(out, "\nUsed by: {} ({})", visible(&user.role), self.place(user.span));
            }
            return;
        }
        out.push_str("\nWho can assume it:\n");
        for trusted in &view.trusted {
            let _ = writeln!(out, "  trusts    {}", visible(trusted));
        }
        for (subject, span) in &view.subjects {
            let _ = writeln!(out, "  takes     {} ({})", visible(subject), self.place(*span));
        }
        for attempt in &view.attempts {
            let _ = writeln!(out, "  {:<9} {}", word(attempt.admitted), visible(&sentence(attempt)));
            let mut places = vec![format!("asked for in {}", self.place(attempt.asks))];
            places.extend(attempt.subject.map(|span| format!("the subject comes from {}", self.place(span))));
            places.extend(attempt.decides.map(|span| format!("decided by {}", self.place(span))));
            for place in places {
                let _ = writeln!(out, "            {place}");
            }
        }
        for user in view.users.iter().filter(|user| !view.attempts.iter().any(|it| it.asks == user.span)) {
            let _ = writeln!(out, "  used      {} ({})", visible(&user.role), self.place(user.span));
        }
    }

    fn needed(&self, out: &mut String, view: &PrincipalView) {
        let counted = view.needs.iter().filter(|need| need.certainty > Certainty::Perhaps).count();
        let _ = writeln!(
            out,
            "\nWhat it needs: {}",
            if counted == 0 { "nothing is known".into() } else { actions(view.n_needed) }
        );
        let mut by_line: BTreeMap<Span, Vec<&Need>> = BTreeMap::new();
        for need in &view.needs {
            if let Some(place) = need.places.first() {
                by_line.entry(place.span).or_default().push(need);
            }
        }
        for (span, needs) in by_line {
            let _ = writeln!(out, "  {}", self.place(span));
            for need in needs {
                let certainty = match need.certainty {
                    Certainty::Sure => "",
                    Certainty::Conditional => " (if the step runs)",
                    Certainty::Perhaps => " (perhaps)",
                };
                let _ = writeln!(out, "    {} on {}{certainty}", need.action, visible(&thing(need)));
            }
        }
        for reason in &view.open {
            let _ = writeln!(out, "  not counted: {}", self.reason(reason));
        }
    }

    fn granted(&self, out: &mut String, view: &PrincipalView) {
        let levels = Levels::of(view.granted.iter().map(|(_, level)| *level));
        let counts = if levels.total() == 0 { String::new() } else { format!(" ({})", levels.words()) };
        let _ = writeln!(out, "\nWhat it has: {}{counts}", actions(view.granted.len()));
        for (name, span, count) in &view.policies {
            let _ = writeln!(out, "  {:<4} {} ({})", count, visible(name), self.place(*span));
        }
        if let Some(reason) = &view.granted_open {
            let _ = writeln!(out, "  and what is not known: {}", self.reason(reason));
        }
    }

    fn missing(&self, out: &mut String, view: &PrincipalView) {
        if view.n_needed == 0 {
            return;
        }
        let words = if view.missing.is_empty() { "nothing".to_owned() } else { actions(view.missing.len()) };
        let _ = writeln!(out, "\nWhat it misses: {words}");
        for need in &view.missing {
            let _ = writeln!(out, "  {} on {}", need.action, visible(&thing(need)));
            for place in &need.places {
                let _ = writeln!(out, "    {} ({})", visible(&place.role), self.place(place.span));
            }
        }
        if !view.undecided.is_empty() {
            let names: Vec<&str> = view.undecided.iter().map(|need| need.action).collect();
            let _ = writeln!(out, "  not decided: {}", wrapped(&names, 15));
        }
    }

    fn excess(&self, out: &mut String, view: &PrincipalView) {
        if view.users.is_empty() {
            return;
        }
        let counts = if view.beyond.total() == 0 { String::new() } else { format!(" ({})", view.beyond.words()) };
        let _ = writeln!(out, "\nBeyond what is counted: {}{counts}", actions(view.beyond.total()));
        if let Some(reason) = view.open.first() {
            let _ = writeln!(out, "  whether that is too much is not known: {}", self.reason(reason));
            return;
        }
        let names: Vec<&str> = view.excess.iter().map(|(action, _)| action.as_str()).take(20).collect();
        if !names.is_empty() {
            let more = view.excess.len().saturating_sub(names.len());
            let rest = if more == 0 { String::new() } else { format!(" and {more} more") };
            let _ = writeln!(out, "  {}{rest}", wrapped(&names, 2));
        }
    }

    fn reason(&self, reason: &Reason) -> String {
        let place = reason.place.map_or_else(String::new, |span| format!(" ({})", self.place(span)));
        match reason.object.is_empty() {
            true => format!("{}{place}", reason_words(reason.code)),
            false => format!("{}: {}{place}", reason_words(reason.code), visible(&reason.object)),
        }
    }

    fn json(&self, view: &PrincipalView) -> Value {
        let reasons = |reasons: &[Reason]| {
            let all = reasons.iter().map(|reason| {
                let place = reason.place.map(|span| self.place_json(span));
                json!({ "code": reason.code, "object": reason.object, "place": place })
            });
            all.collect::<Vec<_>>()
        };
        let attempts = view.attempts.iter().map(|attempt| {
            json!({
                "job": attempt.job,
                "event": attempt.event,
                "subjects": attempt.contexts,
                "admitted": verdict(attempt.admitted),
                "conditional": attempt.is_conditional,
                "asks": self.place_json(attempt.asks),
                "subject_from": attempt.subject.map(|span| self.place_json(span)),
                "decided_by": attempt.decides.map(|span| self.place_json(span)),
            })
        });
        let policies = view
            .policies
            .iter()
            .map(|(name, span, count)| json!({ "name": name, "actions": count, "place": self.place_json(*span) }));
        let names = |all: &[(String, crate::data::actions::Level)]| -> Vec<String> {
            all.iter().map(|(action, _)| action.clone()).collect()
        };
        let places = |all: &[crate::source::Place]| -> Vec<Value> {
            all.iter().map(|place| json!({ "place": self.place_json(place.span), "role": place.role })).collect()
        };
        json!({
            "name": view.name,
            "name_in_aws": view.name_in_aws,
            "kind": view.kind,
            "place": self.place_json(view.span),
            "trusts": view.trusted,
            "subjects": view.subjects.iter().map(|(subject, span)| json!({ "value": subject, "place": self.place_json(*span) })).collect::<Vec<_>>(),
            "attempts": attempts.collect::<Vec<_>>(),
            "users": places(&view.users),
            "needs": view.needs.iter().map(|need| self.need_json(need)).collect::<Vec<_>>(),
            "needed": view.n_needed,
            "needs_open": reasons(&view.open),
            "granted": {
                "actions": names(&view.granted),
                "count": view.granted.len(),
                "levels": levels_json(Levels::of(view.granted.iter().map(|(_, level)| *level))),
                "policies": policies.collect::<Vec<_>>(),
                "open": reasons(view.granted_open.as_slice()),
            },
            "missing": view.missing.iter().map(|need| self.need_json(need)).collect::<Vec<_>>(),
            "undecided": view.undecided.iter().map(|need| self.need_json(need)).collect::<Vec<_>>(),
            "beyond": levels_json(view.beyond),
            "excess": if view.open.is_empty() { json!(names(&view.excess)) } else { Value::Null },
            "policy": view.document.as_ref().map(|document| document.terraform()),
        })
    }

    fn need_json(&self, need: &Need) -> Value {
        let places =
            need.places.iter().map(|place| json!({ "place": self.place_json(place.span), "role": place.role }));
        json!({
            "action": need.action,
            "resource": thing(need),
            "expression": need.target.expression,
            "passed_to": need.passed_to,
            "certainty": match need.certainty {
                Certainty::Sure => "sure",
                Certainty::Conditional => "conditional",
                Certainty::Perhaps => "perhaps",
            },
            "places": places.collect::<Vec<_>>(),
        })
    }
}

fn levels_json(levels: Levels) -> Value {
    json!({
        "total": levels.total(), "list": levels.list, "read": levels.read, "write": levels.write,
        "permissions": levels.permissions, "tagging": levels.tagging,
    })
}

fn actions(count: usize) -> String {
    if count == 1 { "1 action".to_owned() } else { format!("{count} actions") }
}

fn word(admitted: Tri) -> &'static str {
    match admitted {
        Tri::True => "admitted",
        Tri::False => "refused",
        Tri::Unknown => "unknown",
    }
}

fn verdict(admitted: Tri) -> &'static str {
    match admitted {
        Tri::True => "yes",
        Tri::False => "no",
        Tri::Unknown => "unknown",
    }
}

/// `build-and-deploy on push: its subject ends in environment:production`.
fn sentence(attempt: &Attempt) -> String {
    let contexts = attempt.contexts.join(" or ");
    let maybe = if attempt.is_conditional { ", if it runs" } else { "" };
    format!("{} on {}{maybe}: its subject ends in `{contexts}`", attempt.job, attempt.event)
}

/// What a need acts on, for people: as Terraform would write it.
fn thing(need: &Need) -> String {
    let thing = need.target.expression.trim_matches('"');
    let service = need.passed_to.map_or_else(String::new, |service| format!(" to {service}"));
    let is_unknown = thing == "*" && need.target.pattern.literal().as_deref() != Some("*");
    let thing = if is_unknown { "something that is not known" } else { thing };
    format!("{thing}{service}")
}

/// Names over several lines, each indented.
fn wrapped(names: &[&str], indent: usize) -> String {
    let mut out = String::new();
    let mut width = indent;
    for (index, name) in names.iter().enumerate() {
        let more = if index + 1 < names.len() { "," } else { "" };
        if index > 0 {
            match width + name.len() + 2 > 80 {
                true => {
                    let _ = write!(out, "\n{}", " ".repeat(indent));
                    width = indent;
                }
                false => out.push(' '),
            }
        }
        let _ = write!(out, "{name}{more}");
        width += name.len() + 2;
    }
    out
}

fn visible_lines(text: &str) -> String {
    text.lines().map(|line| visible(line).into_owned()).collect::<Vec<_>>().join("\n")
}
