//! Edits of text that keep everything else: an attribute written into a block, an attribute taken away, and the edits
//! that rules name. An edit is the span that goes and the text that comes.

mod dockerfile;
mod needs;
mod permissions;
mod quote;
mod taskdef;
mod terraform;
mod tree;
mod workflow;

use std::collections::BTreeSet;

use tree::Tree;

use crate::source::{FileId, Span};
use crate::syntax::hcl::{Attribute, Block, Body};
use crate::syntax::{Kind, Sources, yaml};

pub struct Edits<'s, 'w> {
    sources: &'s Sources<'w>,
}

/// The span that goes and the text that comes.
pub type TextEdit = (Span, String);

impl<'s, 'w> Edits<'s, 'w> {
    pub fn new(sources: &'s Sources<'w>) -> Edits<'s, 'w> {
        Edits { sources }
    }

    /// `attribute = literal` at the end of the block with this header. `a.b` goes into the block `a` if it is there,
    /// else a block is written.
    pub fn insertion(&self, header: Span, attribute: &str, literal: &str) -> Option<TextEdit> {
        if self.sources.kind(header.file) != Kind::Terraform {
            return None;
        }
        let text = self.sources.world.file(header.file).text()?;
        let mut block = find_block(&self.sources.hcl(header.file).body, header)?;
        let mut path: Vec<&str> = attribute.split('.').collect();
        let name = path.pop()?;
        while let Some((first, rest)) = path.split_first() {
            match block.body.block(first) {
                Some(inner) => block = inner,
                None => break,
            }
            path = rest.to_vec();
        }
        let indent = inner_indent(text, block);
        let mut lines = String::new();
        let mut depth = indent.clone();
        for part in &path {
            lines.push_str(&format!("{depth}{part} {{\n"));
            depth.push_str("  ");
        }
        lines.push_str(&format!("{depth}{name} = {literal}\n"));
        for _ in &path {
            depth.truncate(depth.len().saturating_sub(2));
            lines.push_str(&format!("{depth}}}\n"));
        }
        Some(at_end(text, block, &lines))
    }

    /// The whole attribute around a value, with its line where nothing else stands on it.
    pub fn removal(&self, value: Span) -> Option<TextEdit> {
        match self.sources.kind(value.file) {
            Kind::Terraform => {}
            Kind::TaskDefinition | Kind::Workflow | Kind::Action | Kind::Dependabot => {
                return self.tree(value.file)?.remove(value);
            }
            _ => return None,
        }
        let text = self.sources.world.file(value.file).text()?;
        let attribute = find_attribute(&self.sources.hcl(value.file).body, value)?;
        let (start, end) = (attribute.span.start as usize, attribute.span.end as usize);
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = text[end..].find('\n').map_or(text.len(), |at| end + at + 1);
        let is_alone = text[line_start..start].trim().is_empty() && text[end..line_end].trim().is_empty();
        let span = if is_alone { Span::new(value.file, line_start, line_end) } else { attribute.span };
        Some((span, String::new()))
    }

    /// Another text for a key or value of YAML. What the file would no longer be read after is withheld.
    pub fn replacement(&self, place: Span, text: &str) -> Option<TextEdit> {
        match self.sources.kind(place.file) {
            Kind::Workflow | Kind::Action | Kind::Dependabot | Kind::PreCommit => {}
            _ => return None,
        }
        let edit = (place, text.to_owned());
        let after = self.edited(place.file, std::slice::from_ref(&edit))?;
        has_no_more_faults(self.sources.tree(place.file), &after).then_some(edit)
    }

    /// An edit that a rule names, for a finding at `primary`. What the file would no longer be read after is withheld.
    pub fn named(&self, name: &str, primary: Span) -> Option<Vec<TextEdit>> {
        let file = primary.file;
        let text = self.sources.world.file(file).text()?;
        match self.sources.kind(file) {
            Kind::Workflow | Kind::Action | Kind::Dependabot | Kind::PreCommit => {
                let edits = workflow::named(self.sources, self.tree(file)?, name, primary)?;
                let files: BTreeSet<FileId> = edits.iter().map(|(span, _)| span.file).collect();
                files.into_iter().all(|file| self.stays_readable(file, &edits)).then_some(edits)
            }
            Kind::Dockerfile => dockerfile::named(file, text, name, primary),
            Kind::TaskDefinition => taskdef::named(file, text, name, primary),
            Kind::Terraform => {
                terraform::named(self, name, primary).or_else(|| taskdef::named(file, text, name, primary))
            }
            _ => None,
        }
    }

    fn text(&self, place: Span) -> Option<&'w str> {
        self.sources.world.file(place.file).text()?.get(place.range())
    }

    fn tree(&self, file: FileId) -> Option<Tree<'_>> {
        let root = self.sources.tree(file).root.as_ref()?;
        Some(Tree { file, text: self.sources.world.file(file).text()?, root })
    }

    /// The file as it is read after its edits.
    fn edited(&self, file: FileId, edits: &[TextEdit]) -> Option<yaml::Parsed> {
        let source = self.sources.world.file(file);
        let mut text = source.text()?.to_owned();
        let mut sorted: Vec<&TextEdit> = edits.iter().filter(|(span, _)| span.file == file).collect();
        sorted.sort_by_key(|(span, _)| std::cmp::Reverse(*span));
        for (span, new) in sorted {
            text.get(span.range())?;
            text.replace_range(span.range(), new);
        }
        Some(yaml::read(file, source.name(), &text))
    }

    /// Whether a tree without faults is one without faults afterwards, with the same keys at the top.
    fn stays_readable(&self, file: FileId, edits: &[TextEdit]) -> bool {
        let Some(after) = self.edited(file, edits) else { return false };
        let before = self.sources.tree(file);
        let keys = |parsed: &yaml::Parsed| -> Vec<String> {
            let entries = parsed.root.as_ref().map(yaml::Node::entries).unwrap_or_default();
            entries
                .iter()
                .map(|entry| entry.key.to_string())
                .filter(|key| key != "permissions" && key != "env")
                .collect()
        };
        has_no_more_faults(before, &after) && keys(before) == keys(&after)
    }
}

fn has_no_more_faults(before: &yaml::Parsed, after: &yaml::Parsed) -> bool {
    after.is_complete && after.faults.len() <= before.faults.len() && after.duplicates.len() <= before.duplicates.len()
}

/// The block whose header is this span, at any depth.
fn find_block(body: &Body, header: Span) -> Option<&Block> {
    let mut bodies = vec![body];
    while let Some(body) = bodies.pop() {
        for block in &body.blocks {
            if block.header_span == header || block.span == header {
                return Some(block);
            }
            if block.span.contains(&header) {
                bodies.push(&block.body);
            }
        }
    }
    None
}

fn find_attribute(body: &Body, value: Span) -> Option<&Attribute> {
    let mut body = body;
    loop {
        if let Some(attribute) = body.attributes.iter().find(|attribute| attribute.span.contains(&value)) {
            return Some(attribute);
        }
        body = &body.blocks.iter().find(|block| block.span.contains(&value))?.body;
    }
}

/// The indentation of what the block holds; two blanks more than its own where it holds nothing.
fn inner_indent(text: &str, block: &Block) -> String {
    let first = block.body.attributes.iter().map(|attribute| attribute.span.start);
    let first = first.chain(block.body.blocks.iter().map(|block| block.span.start)).min();
    match first {
        Some(start) if is_first_of_line(text, start as usize) => indent_at(text, start as usize).to_owned(),
        Some(_) | None => format!("{}  ", indent_at(text, block.span.start as usize)),
    }
}

fn is_first_of_line(text: &str, offset: usize) -> bool {
    let start = text[..offset].rfind('\n').map_or(0, |at| at + 1);
    text[start..offset].trim().is_empty()
}

fn indent_at(text: &str, offset: usize) -> &str {
    let start = text[..offset].rfind('\n').map_or(0, |at| at + 1);
    let line = &text[start..offset];
    &line[..line.len() - line.trim_start().len()]
}

/// Before the closing brace, on lines of their own.
fn at_end(text: &str, block: &Block, lines: &str) -> TextEdit {
    let brace = block.span.end as usize - 1;
    let line_start = text[..brace].rfind('\n').map_or(0, |at| at + 1);
    let closes_on_own_line = text[line_start..brace].trim().is_empty() && line_start > block.span.start as usize;
    if closes_on_own_line {
        return (Span::new(block.span.file, line_start, line_start), lines.to_owned());
    }
    let before = text[..brace].trim_end_matches([' ', '\t']).len();
    let indent = indent_at(text, block.span.start as usize);
    (Span::new(block.span.file, before, brace), format!("\n{lines}{indent}"))
}
