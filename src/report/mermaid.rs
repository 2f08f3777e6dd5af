//! Ways as a Mermaid flowchart, for a job summary. Labels hold repository text, so all that Mermaid or HTML would read is
//! written as a character code.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::finding::{Finding, Path};

use super::chain;
use super::escape::visible;
use super::view::Views;

const MOST_NODES: usize = 60;
const MOST_EDGES: usize = 120;
const LABEL: usize = 60;

/// A flowchart of one way of each finding: a node per step, grouped by file.
pub(crate) fn flowchart(views: Views<'_>, findings: &[&Finding]) -> String {
    let mut chart = Chart::default();
    for finding in findings {
        if let Some(path) = finding.paths.iter().min_by_key(|path| path.steps.len()) {
            chart.add(views, finding, path);
        }
    }
    chart.text()
}

/// What a node shows and whether a finding's primary place is in it.
struct Node {
    label: String,
    zone: String,
    is_primary: bool,
}

#[derive(Default)]
struct Chart {
    nodes: Vec<Node>,
    edges: Vec<(usize, usize, String)>,
    left_out: usize,
}

impl Chart {
    fn add(&mut self, views: Views<'_>, finding: &Finding, path: &Path) {
        let mut before: Option<usize> = None;
        for step in &path.steps {
            let zone = views.path(step.span()).to_owned();
            let label = chain::thing(&step.address);
            let known = self.nodes.iter().position(|node| node.zone == zone && node.label == label);
            let node = match known {
                Some(node) => node,
                None if self.nodes.len() == MOST_NODES => {
                    self.left_out += 1;
                    return;
                }
                None => {
                    self.nodes.push(Node { label, zone, is_primary: false });
                    self.nodes.len() - 1
                }
            };
            self.nodes[node].is_primary |= step.span() == finding.primary.span();
            if let Some(before) = before.filter(|before| *before != node) {
                let edge = (before, node, step.place.role.clone());
                if self.edges.len() < MOST_EDGES && !self.edges.contains(&edge) {
                    self.edges.push(edge);
                }
            }
            before = Some(node);
        }
    }

    fn text(&self) -> String {
        let mut out = String::from("flowchart LR\n");
        let mut zones: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (index, node) in self.nodes.iter().enumerate() {
            zones.entry(&node.zone).or_default().push(index);
        }
        for (number, (zone, nodes)) in zones.iter().enumerate() {
            let _ = writeln!(out, "  subgraph z{}[\"{}\"]", number + 1, label(zone));
            for index in nodes {
                let class = if self.nodes[*index].is_primary { ":::primary" } else { "" };
                let _ = writeln!(out, "    n{}[\"{}\"]{class}", index + 1, label(&self.nodes[*index].label));
            }
            out.push_str("  end\n");
        }
        for (from, to, role) in &self.edges {
            let _ = match label(role).as_str() {
                "" => writeln!(out, "  n{} --> n{}", from + 1, to + 1),
                words => writeln!(out, "  n{} -->|\"{words}\"| n{}", from + 1, to + 1),
            };
        }
        if self.left_out > 0 {
            let _ = writeln!(out, "  more[\"and {} more\"]", self.left_out);
        }
        out.push_str("  classDef primary stroke-width:4px\n");
        out
    }
}

/// Text for a quoted label.
pub(crate) fn label(text: &str) -> String {
    let mut out = String::new();
    for c in visible(&text.replace(['\r', '\n'], " ")).chars().take(LABEL) {
        match c {
            '"' => out.push_str("#quot;"),
            '<' => out.push_str("#lt;"),
            '>' => out.push_str("#gt;"),
            '#' | '`' | '[' | ']' | '{' | '}' | '(' | ')' | '|' | '&' | ';' | '\\' => {
                let _ = write!(out, "#{};", c as u32);
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use crate::finding::Severity;
    use crate::finding::testing::{finding_over, report_over, step, world};
    use crate::report::view::Views;

    #[test]
    fn labels_hold_no_markup() {
        assert_eq!(super::label("<b>\"x\"[`#`]\n"), "#lt;b#gt;#quot;x#quot;#91;#96;#35;#96;#93; ");
        assert_eq!(super::label(&"a".repeat(99)).len(), 60);
    }

    #[test]
    fn draws_each_step_once() {
        let world = world(&[("a.yml", "one\n"), ("b.tf", "two\n")]);
        let report = report_over(&world);
        let steps = [step(&world, "a.yml", "one", "starts"), step(&world, "b.tf", "two", "trusts")];
        let finding = finding_over("some-rule", Severity::High, &steps, 1);
        let text = super::flowchart(Views::new(&report), &[&finding, &finding]);
        assert_eq!(
            text,
            "flowchart LR\n  subgraph z1[\"a.yml\"]\n    n1[\"a.yml\"]\n  end\n  subgraph z2[\"b.tf\"]\n    \
             n2[\"b.tf two\"]:::primary\n  end\n  n1 -->|\"trusts\"| n2\n  classDef primary stroke-width:4px\n"
        );
    }
}
