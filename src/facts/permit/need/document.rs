//! The policy that grants what is needed and nothing else, as Terraform would write it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{Certainty, Need, NeedSet};

/// A policy document in the making.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyDocument {
    pub name: String,
    pub statements: Vec<Statement>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    pub sid: String,
    pub actions: Vec<&'static str>,
    /// Expressions of Terraform.
    pub resources: Vec<String>,
    /// Operator, key, value as an expression.
    pub condition: Option<(&'static str, &'static str, String)>,
}

/// What makes needs one statement: the group, the things, to whom a role is passed, the cluster.
type Key<'a> = (&'static str, Vec<&'a str>, Option<&'static str>, Option<&'a str>);

impl PolicyDocument {
    /// Everything that is needed for certain, with steps that may be left out.
    pub fn of(name: &str, set: &NeedSet) -> PolicyDocument {
        // First the things of each action, then the actions that have the same things.
        let mut by_action: BTreeMap<(&'static str, &'static str, Option<&'static str>, Option<&str>), Vec<&str>> =
            BTreeMap::new();
        for need in set.needs.iter().filter(|need| need.certainty > Certainty::Perhaps) {
            let key = (need.group, need.action, need.passed_to, cluster(need));
            by_action.entry(key).or_default().push(&need.target.expression);
        }
        let mut by_things: BTreeMap<Key<'_>, Vec<&'static str>> = BTreeMap::new();
        for ((group, action, passed_to, cluster), mut things) in by_action {
            things.sort_unstable();
            things.dedup();
            by_things.entry((group, things, passed_to, cluster)).or_default().push(action);
        }
        let mut statements: Vec<Statement> = by_things
            .into_iter()
            .map(|((group, things, passed_to, cluster), actions)| Statement {
                sid: capitalised(group),
                actions,
                resources: things.into_iter().map(str::to_owned).collect(),
                condition: match (passed_to, cluster) {
                    (Some(service), _) => Some(("StringEquals", "iam:PassedToService", format!("\"{service}\""))),
                    (None, Some(cluster)) => Some(("ArnEquals", "ecs:cluster", cluster.to_owned())),
                    (None, None) => None,
                },
            })
            .collect();
        statements.sort_by_key(|statement| order(&statement.sid));
        number_same_sids(&mut statements);
        PolicyDocument { name: name.to_owned(), statements }
    }

    /// As a data source of Terraform.
    pub fn terraform(&self) -> String {
        let mut out = format!("data \"aws_iam_policy_document\" \"{}\" {{\n", self.name);
        for (index, statement) in self.statements.iter().enumerate() {
            if index > 0 {
                out.push('\n');
            }
            out.push_str("  statement {\n");
            let actions: Vec<String> = statement.actions.iter().map(|action| format!("\"{action}\"")).collect();
            let sid = (ATTRIBUTES[0], format!("\"{}\"", statement.sid));
            let lists = [(ATTRIBUTES[1], bracketed(&actions)), (ATTRIBUTES[2], bracketed(&statement.resources))];
            attributes(&mut out, &std::iter::once(sid).chain(lists).collect::<Vec<_>>());
            if let Some((operator, key, value)) = &statement.condition {
                let _ = write!(
                    out,
                    "\n    condition {{\n      test     = \"{operator}\"\n      variable = \"{key}\"\n      values   = [{value}]\n    }}\n"
                );
            }
            out.push_str("  }\n");
        }
        out.push_str("}\n");
        out
    }
}

/// The cluster, unless all clusters are meant because nobody knows which.
fn cluster(need: &Need) -> Option<&str> {
    let cluster = &need.cluster.as_ref()?.expression;
    (cluster != "\"*\"" && !cluster.contains("cluster/*")).then_some(&**cluster)
}

const ATTRIBUTES: [&str; 3] = ["sid", "actions", "resources"];

/// A list on one line if it fits, else one line a member.
fn bracketed(members: &[String]) -> String {
    let line = members.join(", ");
    if members.len() == 1 || line.len() < 70 {
        return format!("[{line}]");
    }
    let lines: String = members.iter().map(|member| format!("      {member},\n")).collect();
    format!("[\n{lines}    ]")
}

/// Attributes as `terraform fmt` writes them: neighbours of one line stand below each other.
fn attributes(out: &mut String, all: &[(&str, String)]) {
    let is_long = |value: &str| value.contains('\n');
    for (index, (name, value)) in all.iter().enumerate() {
        let before = all[..index].iter().rev().take_while(|(_, value)| !is_long(value));
        let behind = all[index..].iter().take_while(|(_, value)| !is_long(value));
        let width =
            if is_long(value) { 0 } else { before.chain(behind).map(|(name, _)| name.len()).max().unwrap_or(0) };
        let _ = writeln!(out, "    {name:<width$} = {value}");
    }
}

/// A deployment in the order in which it happens, then everything else.
fn order(sid: &str) -> usize {
    const ORDER: [&str; 7] = ["Login", "Push", "Pull", "Read", "Register", "Service", "Pass"];
    ORDER.iter().position(|known| *known == sid).unwrap_or(ORDER.len())
}

fn capitalised(word: &str) -> String {
    let mut characters = word.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

/// Sids are unique within a document.
fn number_same_sids(statements: &mut [Statement]) {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for statement in statements {
        let count = seen.entry(statement.sid.clone()).or_default();
        *count += 1;
        if *count > 1 {
            statement.sid = format!("{}{count}", statement.sid);
        }
    }
}
