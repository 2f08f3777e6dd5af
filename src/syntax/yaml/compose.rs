//! From the parser's events to the tree, with a stack instead of recursion. An alias shares the node of its anchor; what
//! it would add when walked is counted, so that whoever walks the tree never meets a bomb.

use std::collections::HashMap;
use std::sync::Arc;

use granit_parser::{Event, Parser, ScalarStyle, Span as Range};

use super::comments;
use super::key::{Key, key_of};
use super::{DEPTH_LIMIT, Duplicate, EXPANSION_LIMIT, Entry, Fault, Kind, Node, Parsed, Scalar, Style, Tag};
use crate::source::{FileId, Span};

/// A text may hold this many values with a `: ` in them before the rest of it is given up.
const COLONS: usize = 16;

/// Reads the first document of a YAML text. A broken text yields what came before the fault; a plain value with a second
/// `: ` in it, which no reader takes, costs that value alone.
pub fn parse(file: FileId, text: &str) -> Parsed {
    super::block::parse(file, text).unwrap_or_else(|| parse_all(file, text))
}

/// Reads whatever YAML allows.
pub(super) fn parse_all(file: FileId, text: &str) -> Parsed {
    let mut colons = Vec::new();
    let mut without = String::new();
    loop {
        let source = if colons.is_empty() { text } else { &without };
        let mut composer = Composer::new(file, text, &colons);
        let Some((at, message)) = read(&mut composer, source) else { return composer.finish() };
        let is_colon =
            message.starts_with("mapping values are not allowed") && source.as_bytes().get(at) == Some(&b':');
        if !is_colon || colons.len() >= COLONS {
            composer.fault("syntax-error", Span::new(file, at, at), message);
            composer.parsed.is_complete = false;
            return composer.finish();
        }
        without = format!("{};{}", &source[..at], &source[at + 1..]);
        colons.push(at);
    }
}

/// Feeds a document into a composer; gives where and why it ends too soon.
fn read(composer: &mut Composer<'_>, source: &str) -> Option<(usize, String)> {
    let options = granit_parser::options! {
        emit_unresolved_aliases: true,
        max_buffered_comment_events: 1_000_000,
    };
    for event in Parser::new_from_str_with_options(source, options) {
        match event {
            Ok((event, range)) => {
                if composer.take(event, range) == Flow::Stop {
                    return None;
                }
            }
            Err(error) => {
                let at = error.marker().byte_offset().unwrap_or(source.len()).min(source.len());
                return Some((at, error.info().to_owned()));
            }
        }
    }
    None
}

#[derive(PartialEq, Eq)]
enum Flow {
    Go,
    Stop,
}

/// A collection that is not closed yet.
struct Open {
    start: usize,
    anchor: usize,
    tag: Option<Box<Tag>>,
    content: Content,
    weight: u32,
    height: u32,
}

pub(super) enum Content {
    List(Vec<Node>),
    Map { entries: Vec<Entry>, index: HashMap<Key, usize>, key: Option<(Key, Span)> },
}

impl Content {
    pub(super) fn map() -> Content {
        Content::Map { entries: Vec::new(), index: HashMap::new(), key: None }
    }
}

/// Smaller mappings are looked through; larger ones have an index.
const INDEXED: usize = 24;

/// A shared node with the nodes and levels that an alias to it brings along.
struct Anchored {
    node: Arc<Node>,
    weight: u32,
    height: u32,
}

pub(super) struct Composer<'a> {
    file: FileId,
    text: &'a str,
    /// The colons that stand where none may: the values around them are read as they are written.
    colons: &'a [usize],
    open: Vec<Open>,
    anchors: HashMap<usize, Anchored>,
    /// Nodes that aliases have added so far.
    expanded: u32,
    pub(super) comments: Vec<Span>,
    parsed: Parsed,
    n_documents: u32,
}

impl<'a> Composer<'a> {
    pub(super) fn new(file: FileId, text: &'a str, colons: &'a [usize]) -> Composer<'a> {
        let fault = |at: &usize| Fault {
            reason: "syntax-error",
            span: Span::new(file, *at, *at + 1),
            message: "a second `: ` stands in this value: put it in quotes".to_owned(),
        };
        let faults = colons.iter().map(fault).collect();
        Composer {
            file,
            text,
            colons,
            open: Vec::new(),
            anchors: HashMap::new(),
            expanded: 0,
            comments: Vec::new(),
            parsed: Parsed { is_complete: true, faults, ..Parsed::default() },
            n_documents: 0,
        }
    }

    fn take(&mut self, event: Event<'_>, range: Range) -> Flow {
        let (start, end) = self.bytes(&range);
        let span = Span::new(self.file, start, end);
        match event {
            Event::DocumentStart(..) => {
                self.n_documents += 1;
                if self.n_documents > 1 {
                    self.parsed.second_document = Some(span);
                    return Flow::Stop;
                }
            }
            Event::Comment(..) => self.comments.push(span),
            Event::Scalar(value, ScalarStyle::Plain, 0, None) if self.awaits_key() => {
                let is_text = core_schema(&value).is_none();
                let key = if is_text { &*value } else { self.text.get(start..end).unwrap_or("") };
                self.put_key(key_of(key), span);
            }
            Event::Scalar(value, ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted, 0, None)
                if self.awaits_key() =>
            {
                self.put_key(key_of(&value), span);
            }
            Event::Scalar(value, style, anchor, tag) => {
                let (start, end) = match style {
                    ScalarStyle::Literal | ScalarStyle::Folded => block_bytes(self.text, start, end),
                    _ => (start, end),
                };
                let span = Span::new(self.file, start, end);
                let tag = tag.and_then(|tag| self.tag(&range, &tag));
                let (kind, tag) = self.scalar(&value, style_of(style), (start, end), tag);
                self.add(Node { tag, ..Node::new(kind, span) }, anchor, 1, 0);
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.begin(start, anchor, tag.and_then(|tag| self.tag(&range, &tag)), Content::List(Vec::new()));
            }
            Event::MappingStart(_, anchor, tag) => {
                self.begin(start, anchor, tag.and_then(|tag| self.tag(&range, &tag)), Content::map());
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(Some(end)),
            Event::Alias(anchor) => self.alias(anchor, span),
            Event::UnresolvedAlias(name) => {
                self.fault("unknown-anchor", span, format!("there is no anchor `{name}` above"));
                self.add(Node::new(Kind::Unread("unknown-anchor"), span), 0, 1, 0);
            }
            // Stream and document ends say nothing that matters here; the enum may grow further metadata.
            _ => {}
        }
        Flow::Go
    }

    /// Whether nothing has begun so far.
    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty() && self.parsed.root.is_none()
    }

    /// A scalar from these bytes, without anchor and tag.
    pub(super) fn add_scalar(&mut self, value: &str, style: Style, start: usize, end: usize) {
        let (kind, _) = self.scalar(value, style, (start, end), None);
        self.add(Node::new(kind, Span::new(self.file, start, end)), 0, 1, 0);
    }

    fn bytes(&self, range: &Range) -> (usize, usize) {
        let start = range.start.byte_offset().unwrap_or(0).min(self.text.len());
        let end = range.end.byte_offset().unwrap_or(start).min(self.text.len());
        (start, end.max(start))
    }

    fn fault(&mut self, reason: &'static str, span: Span, message: impl Into<String>) {
        self.parsed.faults.push(Fault { reason, span, message: message.into() });
    }

    fn tag(&self, range: &Range, tag: &granit_parser::Tag) -> Option<Box<Tag>> {
        let (start, end) = range.tag_span().map(|range| self.bytes(&range)).unwrap_or_else(|| self.bytes(range));
        Some(Box::new(Tag { text: tag.original(), span: Span::new(self.file, start, end) }))
    }

    /// The kind of a scalar by the core schema; the schema's own tags are applied and dropped.
    fn scalar(
        &self,
        value: &str,
        style: Style,
        (start, end): (usize, usize),
        tag: Option<Box<Tag>>,
    ) -> (Kind, Option<Box<Tag>>) {
        let is_text = tag.as_ref().is_some_and(|tag| tag.text == "!!str" || tag.text == "!");
        let is_core = tag.as_ref().is_some_and(|tag| tag.text.starts_with("!!") || tag.text == "!");
        let kind = match style {
            Style::Plain if !is_text => core_schema(value),
            _ => None,
        };
        let is_mended = self.colons.iter().any(|colon| (start..end).contains(colon));
        let written = self.text.get(start..end).filter(|text| is_mended && !text.contains('\n'));
        let value = written.unwrap_or(value);
        let kind = kind.unwrap_or_else(|| Kind::Text(Scalar::new(value, style, self.text, start, end)));
        (kind, if is_core { None } else { tag })
    }

    pub(super) fn begin(&mut self, start: usize, anchor: usize, tag: Option<Box<Tag>>, content: Content) {
        self.open.push(Open { start, anchor, tag, content, weight: 1, height: 0 });
    }

    /// Closes the innermost collection; without an end it was cut off and ends with its last member.
    pub(super) fn close(&mut self, end: Option<usize>) {
        let Some(open) = self.open.pop() else { return };
        let (kind, last) = match open.content {
            Content::List(mut items) => {
                items.shrink_to_fit();
                let last = items.last().map(|item| item.span);
                (Kind::List(items), last)
            }
            Content::Map { mut entries, key, .. } => {
                // A key at the very end of a broken text: its value was not read.
                if let Some((key, key_span)) = key {
                    let value = Node::new(Kind::Unread("syntax-error"), Span { start: key_span.end, ..key_span });
                    entries.push(Entry { key, key_span, value });
                }
                entries.shrink_to_fit();
                let last = entries.iter().map(Entry::span).max_by_key(|span| span.end);
                (Kind::Map(entries), last)
            }
        };
        // A block ends where its last member ends, not at the blank lines and comments behind it.
        let is_flow = self.text.as_bytes().get(open.start).is_some_and(|byte| matches!(byte, b'[' | b'{'));
        let last = last.map_or(open.start, |span| span.end as usize);
        let end = if is_flow { end.unwrap_or(last) } else { last };
        let node = Node { tag: open.tag, ..Node::new(kind, Span::new(self.file, open.start, end)) };
        self.add(node, open.anchor, open.weight, open.height + 1);
    }

    fn alias(&mut self, anchor: usize, span: Span) {
        let depth = self.open.len() as u32;
        let Some(target) = self.anchors.get(&anchor) else {
            self.fault("alias-into-itself", span, "this alias lies within its own anchor");
            return self.add(Node::new(Kind::Unread("alias-into-itself"), span), 0, 1, 0);
        };
        let (weight, height) = (target.weight, target.height);
        let expanded = self.expanded.saturating_add(weight);
        if expanded > EXPANSION_LIMIT || depth + height > DEPTH_LIMIT {
            self.fault("alias-limit", span, "the aliases of this file expand to too much");
            return self.add(Node::new(Kind::Unread("alias-limit"), span), 0, 1, 0);
        }
        self.expanded = expanded;
        let node = Node::shared(target.node.clone(), span);
        self.add(node, 0, weight, height);
    }

    fn awaits_key(&self) -> bool {
        matches!(self.open.last(), Some(Open { content: Content::Map { key: None, .. }, .. }))
    }

    /// A plain or quoted key, which is no node of its own.
    pub(super) fn put_key(&mut self, text: Key, span: Span) {
        if let Some(open) = self.open.last_mut()
            && let Content::Map { key, .. } = &mut open.content
        {
            open.weight = open.weight.saturating_add(1);
            *key = Some((text, span));
        }
    }

    /// Puts a finished node where it belongs.
    pub(super) fn add(&mut self, node: Node, anchor: usize, weight: u32, height: u32) {
        let node = match anchor {
            0 => node,
            anchor => {
                let span = node.span;
                let shared = Arc::new(node);
                self.anchors.insert(anchor, Anchored { node: shared.clone(), weight, height });
                Node::shared(shared, span)
            }
        };
        let Some(open) = self.open.last_mut() else {
            self.parsed.root = Some(node);
            return;
        };
        open.weight = open.weight.saturating_add(weight);
        open.height = open.height.max(height);
        match &mut open.content {
            Content::List(items) => items.push(node),
            Content::Map { entries, index, key } => match key.take() {
                None => *key = Some((key_text(self.text, &node), node.span)),
                Some((key, key_span)) => match position(entries, index, &key) {
                    Some(at) => {
                        let first = entries[at].key_span;
                        self.parsed.duplicates.push(Duplicate { first, last: key_span });
                        entries[at] = Entry { key, key_span, value: node };
                    }
                    None => entries.push(Entry { key, key_span, value: node }),
                },
            },
        }
    }

    pub(super) fn finish(mut self) -> Parsed {
        while !self.open.is_empty() {
            self.close(None);
        }
        self.parsed.comments = comments::attach(self.text, &self.comments, self.parsed.root.as_ref());
        self.parsed
    }
}

fn style_of(style: ScalarStyle) -> Style {
    match style {
        ScalarStyle::Plain => Style::Plain,
        ScalarStyle::SingleQuoted => Style::Single,
        ScalarStyle::DoubleQuoted => Style::Double,
        ScalarStyle::Literal => Style::Literal,
        ScalarStyle::Folded => Style::Folded,
    }
}

/// The member of this key so far. The index is brought up to date first.
fn position(entries: &[Entry], index: &mut HashMap<Key, usize>, key: &str) -> Option<usize> {
    if entries.len() < INDEXED {
        return entries.iter().position(|entry| entry.key == key);
    }
    for (at, entry) in entries.iter().enumerate().skip(index.len()) {
        index.insert(entry.key.clone(), at);
    }
    index.get(key).copied()
}

/// The bytes of a block scalar from its `|` or `>` to the end of its last line with content; the parser's begin at the
/// first character of the content.
fn block_bytes(text: &str, start: usize, end: usize) -> (usize, usize) {
    let is_header = |header: &str| {
        let rest = header[1..].trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '+' | '-'));
        let blanks = rest.trim_start_matches([' ', '\t', '\r']);
        blanks.is_empty() || (blanks.starts_with('#') && blanks.len() < rest.len())
    };
    let before = text[..start].trim_end();
    let line = before.rfind('\n').map_or(0, |at| at + 1);
    let header = before[line..].match_indices(['|', '>']).map(|(at, _)| line + at).find(|at| is_header(&before[*at..]));
    let end = start + text[start..end].trim_end().len();
    match header {
        Some(header) => (header, end.max(header + 1)),
        None => (start, end),
    }
}

/// Keys are compared by what is written: `on` is `on`, whatever another schema reads.
fn key_text(text: &str, node: &Node) -> Key {
    let written = node.resolved();
    key_of(written.as_str().or_else(|| text.get(written.span.range())).unwrap_or(""))
}

/// What YAML 1.2's core schema makes of a plain scalar; nothing if it is a text.
fn core_schema(value: &str) -> Option<Kind> {
    match value {
        "" | "~" | "null" | "Null" | "NULL" => return Some(Kind::Null),
        "true" | "True" | "TRUE" => return Some(Kind::Bool(true)),
        "false" | "False" | "FALSE" => return Some(Kind::Bool(false)),
        _ => {}
    }
    if is_number(value) { Some(Kind::Number(value.into())) } else { None }
}

fn is_number(value: &str) -> bool {
    let is_all = |text: &str, test: fn(&u8) -> bool| !text.is_empty() && text.as_bytes().iter().all(test);
    if let Some(digits) = value.strip_prefix("0o") {
        return is_all(digits, |byte| matches!(byte, b'0'..=b'7'));
    }
    if let Some(digits) = value.strip_prefix("0x") {
        return is_all(digits, u8::is_ascii_hexdigit);
    }
    let unsigned = value.strip_prefix(['-', '+']).unwrap_or(value);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(value, ".nan" | ".NaN" | ".NAN") {
        return true;
    }
    let (body, exponent) = match unsigned.find(['e', 'E']) {
        Some(at) => (&unsigned[..at], Some(&unsigned[at + 1..])),
        None => (unsigned, None),
    };
    let exponent_fits =
        exponent.is_none_or(|text| is_all(text.strip_prefix(['-', '+']).unwrap_or(text), u8::is_ascii_digit));
    let (whole, fraction) = match body.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (body, None),
    };
    let whole_fits = is_all(whole, u8::is_ascii_digit)
        || (whole.is_empty() && fraction.is_some_and(|fraction| !fraction.is_empty()));
    let fraction_fits = fraction.is_none_or(|text| text.is_empty() || is_all(text, u8::is_ascii_digit));
    exponent_fits && whole_fits && fraction_fits
}
