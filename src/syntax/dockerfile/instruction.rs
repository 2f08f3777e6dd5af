//! One instruction out of its logical line.

use std::ops::Range;

use super::line::{Line, Lines, Tabs};
use super::{
    Arguments, CommandLine, Copy, Flag, From, HereDocument, Instruction, Keyword, Pair, PairForm, Pairs, Source,
    StageName, Word, json,
};
use crate::source::{Comment, MappedText, Problem, Span, nearest};
use crate::syntax::shell::{self, Dialect, Expressions, Piece, PieceKind, Quoting};

pub(super) struct Reader<'r, 'a> {
    pub(super) lines: &'r mut Lines<'a>,
    pub(super) path: &'r str,
    pub(super) problems: &'r mut Vec<Problem>,
}

/// What an instruction is made from.
struct Parts<'l> {
    text: &'l MappedText,
    dialect: Dialect,
    here_documents: Vec<HereDocument>,
}

impl Reader<'_, '_> {
    /// The instruction of a line with the here-documents below it; nothing if it is none.
    pub(super) fn instruction(mut self, line: Line) -> Option<Instruction> {
        let dialect = Dialect { escape: self.lines.escape, expressions: Expressions::None };
        let mut parts = Parts { text: &line.text, dialect, here_documents: Vec::new() };
        let whole = line.text.text();
        let opens_here_documents = whole.contains("<<") && keywords(whole).any(Keyword::takes_here_documents);
        if opens_here_documents {
            self.here_documents(&mut parts);
        }
        let end = if parts.here_documents.is_empty() { line.end } else { self.lines.end().max(line.end) };
        let span = Span::new(self.lines.file, line.start, end);
        self.lines.cover(&line, span);
        let mut instruction = self.read(&mut parts, 0, span)?;
        instruction.blank_line = line.blank_line;
        Some(instruction)
    }

    fn read(&mut self, parts: &mut Parts, start: usize, span: Span) -> Option<Instruction> {
        let whole = parts.text.text();
        let start = start + blanks(&whole[start..]);
        let length = whole[start..].find(char::is_whitespace).unwrap_or(whole.len() - start);
        let keyword_span = parts.text.span(start..start + length);
        let Some(keyword) = Keyword::parse(&whole[start..start + length]) else {
            self.unknown_instruction(&whole[start..start + length], keyword_span);
            return None;
        };
        let mut at = start + length;
        let flags = parts.flags(&mut at);
        at += blanks(&whole[at..]);
        let end = whole.trim_end().len().max(at);
        if at == end {
            self.problem(keyword_span, format!("`{}` without arguments", keyword.name()));
            return None;
        }
        let arguments = match keyword {
            Keyword::Onbuild => Arguments::Onbuild(Box::new(self.read(parts, at, span)?)),
            keyword => self.arguments(parts, keyword, at..end)?,
        };
        let here_documents = std::mem::take(&mut parts.here_documents);
        Some(Instruction { keyword, keyword_span, flags, arguments, here_documents, blank_line: None, span })
    }

    fn arguments(&mut self, parts: &Parts, keyword: Keyword, range: Range<usize>) -> Option<Arguments> {
        Some(match keyword {
            Keyword::From => Arguments::From(self.from(parts, range)),
            Keyword::Run | Keyword::Cmd | Keyword::Entrypoint => Arguments::Command(parts.command_line(range)),
            Keyword::Healthcheck => return self.healthcheck(parts, range),
            Keyword::Env | Keyword::Label | Keyword::Arg => Arguments::Pairs(self.pairs(parts, keyword, range)),
            Keyword::Copy | Keyword::Add => return self.copy(parts, range),
            Keyword::Shell => match json::texts(parts.text, range.clone()) {
                Some(texts) => Arguments::Shell(texts.iter().map(literal).collect()),
                None => {
                    self.problem(parts.text.span(range), "`SHELL` takes a JSON array of texts");
                    return None;
                }
            },
            Keyword::Volume => Arguments::Words(parts.json_or_words(range)),
            Keyword::Expose => Arguments::Words(parts.words(range)),
            Keyword::User | Keyword::Workdir | Keyword::Stopsignal | Keyword::Maintainer => {
                Arguments::Words(vec![parts.word(range)])
            }
            Keyword::Onbuild => return None,
        })
    }

    fn from(&mut self, parts: &Parts, range: Range<usize>) -> From {
        let tokens = blank_separated(parts.text.text(), range.clone());
        let image = parts.word(tokens[0].clone());
        let text = |range: &Range<usize>| &parts.text.text()[range.clone()];
        match &tokens[1..] {
            [] => From { image, name: None },
            [keyword, name] if text(keyword).eq_ignore_ascii_case("as") => {
                let (span, keyword_span) = (parts.text.span(name.clone()), parts.text.span(keyword.clone()));
                From { image, name: Some(StageName { text: text(name).to_owned(), span, keyword_span }) }
            }
            [..] => {
                self.problem(
                    parts.text.span(tokens[1].start..range.end),
                    "`FROM` takes an image, or an image `AS` a name",
                );
                From { image, name: None }
            }
        }
    }

    fn healthcheck(&mut self, parts: &Parts, range: Range<usize>) -> Option<Arguments> {
        let tokens = blank_separated(parts.text.text(), range.clone());
        let kind = &parts.text.text()[tokens[0].clone()];
        if kind.eq_ignore_ascii_case("none") {
            return Some(Arguments::Healthcheck(None));
        }
        if kind.eq_ignore_ascii_case("cmd") && tokens.len() > 1 {
            return Some(Arguments::Healthcheck(Some(parts.command_line(tokens[1].start..range.end))));
        }
        self.problem(parts.text.span(range), "`HEALTHCHECK` takes `NONE`, or `CMD` with a command");
        None
    }

    fn pairs(&mut self, parts: &Parts, keyword: Keyword, range: Range<usize>) -> Pairs {
        let whole = parts.text.text();
        let tokens = quoted_tokens(whole, range.clone(), parts.dialect.escape);
        let first = &tokens[0];
        if keyword != Keyword::Arg && !whole[first.clone()].contains('=') {
            let value_start = first.end + blanks(&whole[first.end..range.end]);
            let value = (value_start < range.end).then(|| parts.word(value_start..range.end));
            if value.is_none() {
                self.problem(parts.text.span(first.clone()), format!("`{}` without a value", keyword.name()));
            }
            let pair = Pair { name: parts.word(first.clone()), value, span: parts.text.span(first.start..range.end) };
            return Pairs { form: PairForm::Legacy, pairs: vec![pair] };
        }
        let mut pairs = Vec::new();
        for token in tokens {
            let span = parts.text.span(token.clone());
            let Some(equals) = whole[token.clone()].find('=') else {
                if keyword != Keyword::Arg {
                    self.problem(span, "a name without `=` and a value");
                }
                pairs.push(Pair { name: parts.word(token), value: None, span });
                continue;
            };
            let value = parts.word(token.start + equals + 1..token.end);
            pairs.push(Pair { name: parts.word(token.start..token.start + equals), value: Some(value), span });
        }
        Pairs { form: PairForm::Equals, pairs }
    }

    fn copy(&mut self, parts: &Parts, range: Range<usize>) -> Option<Arguments> {
        let words = match json::texts(parts.text, range.clone()) {
            Some(texts) => texts.iter().map(|text| (shell::read_word(text, parts.dialect), None)).collect(),
            None => parts.copy_words(range.clone()),
        };
        let mut sources: Vec<Source> = Vec::new();
        let n_words = words.len();
        for (index, (word, here_document)) in words.into_iter().enumerate() {
            match here_document {
                Some(document) => sources.push(Source::HereDocument(document, word.span)),
                None if index + 1 < n_words => sources.push(Source::Path(word)),
                None if !sources.is_empty() => return Some(Arguments::Copy(Copy { sources, target: word })),
                None => {}
            }
        }
        self.problem(parts.text.span(range), "sources and a target are needed");
        None
    }

    /// Reads the bodies of the here-documents that the line opens, in order.
    fn here_documents(&mut self, parts: &mut Parts) {
        let whole = parts.text.text();
        for token in quoted_tokens(whole, 0..whole.len(), parts.dialect.escape) {
            let opener = parts.text.span(token.clone());
            let Some((name, is_quoted, tabs)) = here_document_opener(&whole[token]) else { continue };
            match self.lines.here_document(&name, tabs) {
                Some(body) => parts.here_documents.push(HereDocument { name, opener, is_quoted, body }),
                None => self.problem(opener, format!("no line ends the here-document `{name}`")),
            }
        }
    }

    fn unknown_instruction(&mut self, word: &str, span: Span) {
        let upper = word.to_ascii_uppercase();
        let names = Keyword::ALL.map(|(_, name)| name);
        let hint = nearest(&upper, names).map(|name| format!("; did you mean `{name}`?")).unwrap_or_default();
        let shown: String = word.chars().take(40).collect();
        self.problem(span, format!("no instruction is called `{shown}`{hint}"));
    }

    fn problem(&mut self, span: Span, message: impl Into<String>) {
        self.problems.push(Problem::at("syntax-error", self.path, span, message));
    }
}

impl Parts<'_> {
    fn word(&self, range: Range<usize>) -> Word {
        let mut text = MappedText::new(self.text.file(), self.text.span(range.start..range.start).start as usize);
        text.push_part(self.text, range);
        shell::read_word(&text, self.dialect)
    }

    fn words(&self, range: Range<usize>) -> Vec<Word> {
        blank_separated(self.text.text(), range).into_iter().map(|token| self.word(token)).collect()
    }

    fn json_or_words(&self, range: Range<usize>) -> Vec<Word> {
        match json::texts(self.text, range.clone()) {
            Some(texts) => texts.iter().map(|text| shell::read_word(text, self.dialect)).collect(),
            None => self.words(range),
        }
    }

    /// The words of COPY and ADD, those that open a here-document with its index.
    fn copy_words(&self, range: Range<usize>) -> Vec<(Word, Option<usize>)> {
        let tokens = blank_separated(self.text.text(), range);
        let here_document = |span: Span| self.here_documents.iter().position(|document| document.opener == span);
        tokens
            .into_iter()
            .map(|token| {
                let index = here_document(self.text.span(token.clone()));
                (self.word(token), index)
            })
            .collect()
    }

    fn command_line(&self, range: Range<usize>) -> CommandLine {
        if let Some(texts) = json::texts(self.text, range.clone()) {
            return CommandLine::Exec(texts.iter().map(literal).collect());
        }
        let line = &self.text.text()[range.clone()];
        if let [document] = &*self.here_documents
            && here_document_opener(line).is_some()
        {
            return CommandLine::HereDocument(document.body.clone());
        }
        let start = self.text.span(range.start..range.start).start as usize;
        let mut script = MappedText::new(self.text.file(), start);
        script.push_part(self.text, range);
        for document in &self.here_documents {
            // The end of the line and the ending word stand where the body begins and ends.
            let body = document.body.whole();
            script.push("\n", body.start as usize..body.start as usize);
            script.push_part(&document.body, 0..document.body.text().len());
            script.push(&document.name, body.end as usize..body.end as usize);
        }
        CommandLine::Shell(script)
    }

    /// Words that begin with `--`, directly after the keyword.
    fn flags(&self, at: &mut usize) -> Vec<Flag> {
        let whole = self.text.text();
        let mut flags = Vec::new();
        for token in quoted_tokens(whole, *at..whole.len(), self.dialect.escape) {
            let Some(flag) = whole[token.clone()].strip_prefix("--") else { break };
            *at = token.end;
            if flag.is_empty() {
                break;
            }
            let (name, value) = match flag.find('=') {
                Some(equals) => (&flag[..equals], Some(self.word(token.start + 2 + equals + 1..token.end))),
                None => (flag, None),
            };
            flags.push(Flag { name: name.to_ascii_lowercase(), value, span: self.text.span(token) });
        }
        flags
    }
}

/// The keyword of a line, and the one that ONBUILD wraps.
fn keywords(line: &str) -> impl Iterator<Item = Keyword> {
    let mut words = line.split_whitespace();
    let first = words.next().and_then(Keyword::parse);
    let second = match first {
        Some(Keyword::Onbuild) => words.next().and_then(Keyword::parse),
        _ => None,
    };
    first.into_iter().chain(second)
}

fn blanks(text: &str) -> usize {
    text.len() - text.trim_start().len()
}

fn blank_separated(text: &str, range: Range<usize>) -> Vec<Range<usize>> {
    let part = &text[range.clone()];
    part.split_whitespace()
        .map(|word| {
            let start = range.start + (word.as_ptr() as usize - part.as_ptr() as usize);
            start..start + word.len()
        })
        .collect()
}

/// Words separated by blanks outside quotes.
fn quoted_tokens(text: &str, range: Range<usize>, escape: u8) -> Vec<Range<usize>> {
    let mut tokens = Vec::new();
    let mut start = None;
    let mut quote = None;
    let mut is_escaped = false;
    for (offset, character) in text[range.clone()].char_indices() {
        let at = range.start + offset;
        if quote.is_none() && !is_escaped && character.is_whitespace() {
            if let Some(start) = start.take() {
                tokens.push(start..at);
            }
            continue;
        }
        start.get_or_insert(at);
        if is_escaped {
            is_escaped = false;
        } else if u32::from(character) == u32::from(escape) && quote != Some('\'') {
            is_escaped = true;
        } else if quote == Some(character) {
            quote = None;
        } else if quote.is_none() && matches!(character, '\'' | '"') {
            quote = Some(character);
        }
    }
    if let Some(start) = start {
        tokens.push(start..range.end);
    }
    tokens
}

/// `<<E`, `<<-E`, `3<<'E'`: the ending word, whether it is quoted, and what happens to tabs.
fn here_document_opener(token: &str) -> Option<(String, bool, Tabs)> {
    let token = token.trim_start_matches(|first: char| first.is_ascii_digit());
    let rest = token.strip_prefix("<<")?;
    let (rest, tabs) = match rest.strip_prefix('-') {
        Some(rest) => (rest, Tabs::Dropped),
        None => (rest, Tabs::Kept),
    };
    if rest.is_empty() || rest.contains(['<', '\n']) || rest.contains(char::is_whitespace) {
        return None;
    }
    let name: String = rest.chars().filter(|character| !matches!(character, '\'' | '"' | '\\')).collect();
    let is_quoted = name.len() != rest.len();
    Some((name, is_quoted, tabs))
}

/// A word in which nothing is expanded.
fn literal(text: &MappedText) -> Word {
    let span = text.whole();
    let piece = Piece { kind: PieceKind::Literal(text.text().into()), quoting: Quoting::Double, span };
    Word { pieces: vec![piece], span }
}

/// Says what the comments inside instructions speak for: the variable below, or the instruction.
pub(super) fn cover(comments: &mut [Comment], instructions: &[Instruction], inner: &[usize]) {
    for index in inner {
        let comment = &mut comments[*index];
        let position = instructions.partition_point(|instruction| instruction.span.start <= comment.span.start);
        let Some(instruction) = position.checked_sub(1).and_then(|index| instructions.get(index)) else { continue };
        if !instruction.span.contains(&comment.span) {
            continue;
        }
        let below = match &instruction.arguments {
            Arguments::Pairs(pairs) => pairs.pairs.iter().find(|pair| pair.span.start > comment.span.start),
            _ => None,
        };
        comment.covers.push(below.map_or(instruction.span, |pair| pair.span));
    }
}
