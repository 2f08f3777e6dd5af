//! Bodies: attributes and blocks, each on lines of its own.

use std::collections::HashSet;

use super::reader::{Lines, Read, Reader};
use super::tree::{Attribute, Block, Body, Label, Name};

/// From so many attributes on, repeated names are looked for in a table.
const MANY: usize = 32;

/// What ends a body.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ends {
    Text,
    Brace,
}

impl Reader<'_> {
    /// The whole text as a body.
    pub(super) fn whole_body(&mut self) -> Read<Body> {
        self.body(Ends::Text)
    }

    fn body(&mut self, ends: Ends) -> Read<Body> {
        let mut body = Body::default();
        let mut seen: HashSet<Name> = HashSet::new();
        loop {
            self.lines = Lines::Blank;
            self.skip();
            if self.is_at_end() {
                return if ends == Ends::Text { Ok(body) } else { self.refused("a block begins and never ends") };
            }
            if self.byte(0) == b'}' && ends == Ends::Brace {
                return Ok(body);
            }
            self.lines = Lines::End;
            let start = self.at;
            let Some(word) = self.word() else {
                return self.refused("an attribute or a block is expected here, which begins with a name");
            };
            let name = self.names.share(word);
            let name_end = self.at;
            self.skip();
            if self.byte(0) == b'=' && self.byte(1) != b'=' {
                if is_repeated(&body, &mut seen, &name) {
                    self.at = start;
                    return self.refused(format!("`{name}` is set twice"));
                }
                body.attributes.push(self.attribute(name, start, name_end)?);
            } else {
                let block = self.deeper(|it| it.block(name, start, name_end))?;
                body.blocks.push(block);
            }
            self.end_line(ends)?;
        }
    }

    fn attribute(&mut self, name: Name, start: usize, name_end: usize) -> Read<Attribute> {
        self.at += 1;
        let value = self.expression()?;
        let name_span = self.spans.of(start..name_end);
        Ok(Attribute { name, name_span, span: name_span.to(value.span), value })
    }

    fn block(&mut self, kind: Name, start: usize, kind_end: usize) -> Read<Block> {
        let mut labels: Vec<Label> = Vec::new();
        let mut header_end = kind_end;
        loop {
            self.skip();
            let at = self.at;
            let text = match self.byte(0) {
                b'{' => break,
                b'"' => self.plain_text()?,
                _ => match self.word() {
                    Some(word) => self.names.share(word),
                    None if labels.is_empty() => return self.refused("`=`, `{` or a label is expected here"),
                    None => return self.refused("`{` is expected here"),
                },
            };
            labels.push(Label { text, span: self.span_from(at) });
            header_end = self.at;
        }
        self.at += 1;
        let body = self.body(Ends::Brace)?;
        self.at += 1;
        Ok(Block {
            kind,
            kind_span: self.spans.of(start..kind_end),
            labels,
            body,
            header_span: self.spans.of(start..header_end),
            span: self.span_from(start),
        })
    }

    /// Nothing else may stand on the line; the brace of a block of one line may.
    fn end_line(&mut self, ends: Ends) -> Read<()> {
        self.lines = Lines::End;
        self.skip();
        match self.byte(0) {
            b'\n' => Ok(()),
            b'}' if ends == Ends::Brace => Ok(()),
            _ if self.is_at_end() => Ok(()),
            _ => self.refused("a new line is expected here"),
        }
    }
}

fn is_repeated(body: &Body, seen: &mut HashSet<Name>, name: &Name) -> bool {
    if body.attributes.len() < MANY {
        return body.attribute(name).is_some();
    }
    if seen.is_empty() {
        seen.extend(body.attributes.iter().map(|attribute| attribute.name.clone()));
    }
    !seen.insert(name.clone())
}
