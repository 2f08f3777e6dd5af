//! `on`: events that do not exist, activities and filters that an event does not have, patterns and times that nothing
//! fits.

use super::{Found, is_expression, items};
use crate::data::github::schema;
use crate::lower::workflow::plan::{Plan, TriggerDoc, WorkflowDoc};
use crate::source::nearest;
use crate::syntax::yaml::{Entry, Node};

pub(super) fn triggers(plan: &Plan<'_>, doc: &WorkflowDoc<'_>, found: &mut Found) {
    for trigger in &doc.triggers {
        let Some(event) = schema::event(&trigger.event) else {
            let near = nearest(&trigger.event, schema::events());
            let message = format!("GitHub knows no event `{}`: it never fires", trigger.event);
            found.add_near("unknown-event", &trigger.event, near, trigger.span, message);
            continue;
        };
        let Some(node) = trigger.node else { continue };
        activities(trigger, node, event, found);
        filters(trigger, node, event, found);
        match trigger.event.as_str() {
            "schedule" => times(node, found),
            "workflow_run" => parents(plan, trigger, node, found),
            _ => {}
        }
    }
}

fn activities(trigger: &TriggerDoc<'_>, node: &Node, event: &schema::Event, found: &mut Found) {
    let Some(types) = node.get("types") else { return };
    if event.activities.contains(&"*") || is_expression(types) {
        return;
    }
    for item in items(types) {
        let Some(text) = item.scalar_text().filter(|text| !event.activities.contains(text)) else { continue };
        let near = nearest(text, event.activities.iter().copied());
        let message = format!("`{}` has no activity `{text}`", trigger.event);
        found.add_near("unknown-event", text, near, item.span, message);
    }
}

fn filters(trigger: &TriggerDoc<'_>, node: &Node, event: &schema::Event, found: &mut Found) {
    const ALL: [&str; 6] = ["branches", "branches-ignore", "tags", "tags-ignore", "paths", "paths-ignore"];
    for entry in node.entries() {
        let is_filter = ALL.contains(&&*entry.key);
        if is_filter && !event.filters.contains(&&*entry.key) {
            let message =
                format!("`{}` has no filter `{}`: GitHub ignores it or refuses the file", trigger.event, entry.key);
            found.add("filter", &entry.key, entry.key_span, message);
        } else if is_filter {
            patterns(node, entry, found);
        }
    }
    for name in ["branches", "tags", "paths"] {
        let other = format!("{name}-ignore");
        if let (Some(_), Some(ignored)) = (node.get(name), node.entry(&other)) {
            let message = format!("`{name}` and `{other}` exclude each other: GitHub refuses the file");
            found.add("filter", &other, ignored.key_span, message);
        }
    }
}

fn patterns(node: &Node, entry: &Entry, found: &mut Found) {
    let members = items(&entry.value);
    let only_excludes =
        !members.is_empty() && members.iter().all(|item| item.scalar_text().is_some_and(|text| text.starts_with('!')));
    // `tags: ['!**']` beside `branches` says that no tag is meant.
    let sibling = if entry.key.starts_with("tags") { "branches" } else { "tags" };
    let is_meant = !entry.key.starts_with("paths") && node.get(sibling).is_some();
    if only_excludes && !entry.key.ends_with("-ignore") && !is_meant {
        let message = format!("`{}` only excludes: nothing is left to fire for", entry.key);
        found.add("filter", &entry.key, entry.key_span, message);
    }
    let is_ref = entry.key.starts_with("branches") || entry.key.starts_with("tags");
    for item in members {
        let Some(text) = item.as_str().filter(|text| !text.contains("${{")) else { continue };
        let pattern = text.strip_prefix('!').unwrap_or(text);
        let fault = if pattern.is_empty() {
            Some("an empty pattern fits nothing")
        } else if unclosed(pattern) {
            Some("`[` is not closed: GitHub refuses the file")
        } else if is_ref && pattern.contains([' ', '~', '^', ':']) {
            Some("no branch or tag has this character in its name")
        } else if is_ref && pattern.starts_with("refs/") {
            Some("names are compared without `refs/heads/`: this fits nothing")
        } else if !is_ref && (pattern.starts_with("./") || pattern.starts_with('/')) {
            Some("paths begin at the root without `/` or `./`: this fits nothing")
        } else {
            None
        };
        if let Some(fault) = fault {
            found.add("filter", text, item.span, format!("`{text}`: {fault}"));
        }
    }
}

fn unclosed(pattern: &str) -> bool {
    let mut is_open = false;
    let mut is_escaped = false;
    for character in pattern.chars() {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '[' => is_open = true,
            ']' => is_open = false,
            _ => {}
        }
    }
    is_open
}

/// `workflow_run` waits for workflows by their names, or by the path of one without.
fn parents(plan: &Plan<'_>, trigger: &TriggerDoc<'_>, node: &Node, found: &mut Found) {
    let Some(names) = node.get("workflows") else {
        let message = "`workflow_run` without `workflows` waits for nobody".to_owned();
        return found.add("filter", "workflows", trigger.span, message);
    };
    let path_of = |path: &str| path.strip_prefix(plan.root.as_str()).unwrap_or(path).trim_start_matches('/').to_owned();
    let known: Vec<String> = plan
        .workflows
        .iter()
        .map(|workflow| workflow.name.clone().unwrap_or_else(|| path_of(&workflow.source.path)))
        .collect();
    for item in items(names) {
        let Some(text) = item.as_str().filter(|text| !text.contains("${{") && !text.contains(['*', '!'])) else {
            continue;
        };
        let is_known = plan.workflows.iter().any(|workflow| {
            workflow.name.as_deref() == Some(text)
                || path_of(&workflow.source.path) == text
                || workflow.source.path.rsplit('/').next() == Some(text)
        });
        if !is_known {
            let near = nearest(text, known.iter().map(String::as_str));
            let message = format!("no workflow here is called `{text}`");
            found.add_near("filter", text, near, item.span, message);
        }
    }
}

fn times(node: &Node, found: &mut Found) {
    for item in node.items() {
        let Some(cron) = item.get("cron") else { continue };
        // Templates have a placeholder that GitHub fills in.
        let Some(text) = cron.as_str().filter(|text| !text.contains('$')) else { continue };
        if let Some(fault) = cron_fault(text) {
            found.add("filter", text, cron.span, format!("`{text}` is no time: {fault}"));
        }
    }
}

fn cron_fault(text: &str) -> Option<String> {
    const FIELDS: [(&str, u32, u32); 5] =
        [("minute", 0, 59), ("hour", 0, 23), ("day", 1, 31), ("month", 1, 12), ("weekday", 0, 7)];
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
    let fields: Vec<&str> = text.split_whitespace().collect();
    if fields.len() != FIELDS.len() {
        return Some(format!("it has {} fields, not five", fields.len()));
    }
    for (field, (name, least, most)) in fields.iter().zip(FIELDS) {
        let number = |word: &str| match name {
            "month" => MONTHS.iter().position(|it| word.eq_ignore_ascii_case(it)).map(|at| at as u32 + 1),
            "weekday" => DAYS.iter().position(|it| word.eq_ignore_ascii_case(it)).map(|at| at as u32),
            _ => None,
        };
        let number = |word: &str| number(word).or_else(|| word.parse().ok()).filter(|it| (least..=most).contains(it));
        for part in field.split(',') {
            let (range, step) = part.split_once('/').map_or((part, None), |(range, step)| (range, Some(step)));
            let is_range = range == "*"
                || match range.split_once('-') {
                    Some((from, to)) => matches!((number(from), number(to)), (Some(from), Some(to)) if from <= to),
                    None => number(range).is_some(),
                };
            let is_step = step.is_none_or(|step| step.parse::<u32>().is_ok_and(|step| step > 0));
            if !is_range || !is_step {
                return Some(format!("`{part}` is no {name}"));
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{cron_fault, unclosed};

    #[test]
    fn times_are_read() {
        for good in ["0 0 * * *", "*/15 1-5 1,15 JAN-MAR MON", "30 5 * * 0", "0/30 * * * *"] {
            assert_eq!(cron_fault(good), None, "{good}");
        }
        for bad in ["0 0 * *", "60 * * * *", "0 24 * * *", "* * 0 * *", "* * * * 8", "*/0 * * * *", "5-1 * * * *"] {
            assert!(cron_fault(bad).is_some(), "{bad}");
        }
    }

    #[test]
    fn brackets_close() {
        assert!(unclosed("v[0-9") && !unclosed("v[0-9]+") && !unclosed("a\\["));
    }
}
