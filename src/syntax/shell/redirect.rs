//! Redirections and here-documents.

use super::word::Context;
use super::{HereDocument, Piece, PieceKind, Quoting, Reader, Redirection, RedirectionKind, Word};

impl Reader<'_> {
    /// A redirection at the cursor, if one begins here.
    pub(super) fn redirection(&mut self) -> Option<Redirection> {
        // Most places begin none, and that is quickly seen.
        if !matches!(self.peek(), Some(b'<' | b'>' | b'&' | b'0'..=b'9')) {
            return None;
        }
        let start = self.at;
        let descriptor = self.descriptor();
        let Some(kind) = self.redirection_kind() else {
            self.at = start;
            return None;
        };
        self.skip_blanks();
        let target = self.word(Context::Command);
        let span = self.span_from(start);
        let kind = match kind {
            Opener::Kind(kind) => kind,
            Opener::HereDocument(tabs) => RedirectionKind::HereDocument(self.here_document(&target, tabs)),
        };
        Some(Redirection { descriptor, kind, target, span })
    }

    /// Digits (or `{name}`) directly before the operator.
    fn descriptor(&mut self) -> Option<u32> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if !matches!(self.peek(), Some(b'<' | b'>')) {
            self.at = start;
            return None;
        }
        self.slice(start, self.at).parse().ok()
    }

    fn redirection_kind(&mut self) -> Option<Opener> {
        if matches!(self.peek(), Some(b'<' | b'>')) && self.peek_at(1) == Some(b'(') {
            return None;
        }
        if self.take("<<<") {
            return Some(Opener::Kind(RedirectionKind::HereString));
        }
        if self.take("<<-") {
            return Some(Opener::HereDocument(Tabs::Dropped));
        }
        if self.take("<<") {
            return Some(Opener::HereDocument(Tabs::Kept));
        }
        const OPERATORS: [(&str, RedirectionKind); 9] = [
            ("&>>", RedirectionKind::OutputAndErrors),
            ("&>", RedirectionKind::OutputAndErrors),
            ("<>", RedirectionKind::ReadWrite),
            ("<&", RedirectionKind::Duplicate),
            ("<", RedirectionKind::Input),
            (">>", RedirectionKind::Append),
            (">&", RedirectionKind::Duplicate),
            (">|", RedirectionKind::Output),
            (">", RedirectionKind::Output),
        ];
        for (text, kind) in OPERATORS {
            if self.take(text) {
                return Some(Opener::Kind(kind));
            }
        }
        None
    }

    /// The body below the line that the cursor is on. The cursor stays: the line goes on.
    fn here_document(&mut self, ending: &Word, tabs: Tabs) -> HereDocument {
        let is_quoted = ending.is_quoted();
        let word: String = ending
            .pieces
            .iter()
            .map(|piece| match &piece.kind {
                PieceKind::Literal(text) => text.to_string(),
                _ => self.source_of(piece),
            })
            .collect();
        let (line_end, body_start) = match self.here_documents {
            Some((line_end, resume)) if line_end >= self.at => (line_end, resume),
            _ => {
                let line_end = self.end_of_code_line();
                (line_end, line_end + self.newline_length(line_end))
            }
        };
        let (body_end, resume) = self.find_ending(body_start, &word, tabs);
        self.here_documents = Some((line_end, resume));
        let body = self.here_document_body(body_start, body_end, is_quoted);
        HereDocument { body, is_quoted, span: self.text.span(body_start..resume.max(body_start)) }
    }

    fn source_of(&self, piece: &Piece) -> String {
        let whole = self.text.text();
        // Expansions in an ending word are text; they are so rare that searching for them is good enough.
        match &piece.kind {
            PieceKind::Variable(variable) if whole.contains(&format!("${}", variable.name)) => {
                format!("${}", variable.name)
            }
            _ => String::new(),
        }
    }

    /// The end of the line at the cursor, over line ends inside quotes.
    fn end_of_code_line(&self) -> usize {
        let mut at = self.at;
        let mut quote = None;
        while let Some(byte) = self.bytes.get(at).copied() {
            match quote {
                None if self.newline_length(at) > 0 => return at,
                None if byte == b'\'' || byte == b'"' => quote = Some(byte),
                None if byte == b'#' && self.is_blank_before(at) => break,
                None if byte == self.dialect.escape => at += 1,
                Some(b'"') if byte == self.dialect.escape => at += 1,
                Some(open) if open == byte => quote = None,
                None | Some(_) => {}
            }
            at += 1;
        }
        // Behind a comment, or where a quote that nothing closes here was opened before the operator, the next line end counts.
        let from = if quote.is_none() { at } else { self.at };
        (from..self.bytes.len()).find(|at| self.newline_length(*at) > 0).unwrap_or(self.bytes.len())
    }

    fn is_blank_before(&self, at: usize) -> bool {
        at > 0 && matches!(self.bytes[at - 1], b' ' | b'\t')
    }

    /// The end of the body and the end of the line with the ending word.
    fn find_ending(&mut self, body_start: usize, word: &str, tabs: Tabs) -> (usize, usize) {
        let mut line_start = body_start.min(self.bytes.len());
        while line_start < self.bytes.len() {
            let line_end =
                (line_start..self.bytes.len()).find(|at| self.newline_length(*at) > 0).unwrap_or(self.bytes.len());
            let next = line_end + self.newline_length(line_end);
            let line = self.slice(line_start, line_end);
            let line = match tabs {
                Tabs::Kept => line,
                Tabs::Dropped => line.trim_start_matches('\t'),
            };
            if line == word {
                return (line_start, next);
            }
            line_start = next.max(line_start + 1);
        }
        self.mark_broken();
        (self.bytes.len(), self.bytes.len())
    }

    fn here_document_body(&mut self, start: usize, end: usize, is_quoted: bool) -> Word {
        if start >= end {
            return Word { pieces: Vec::new(), span: self.text.span(start.min(end)..start.min(end)) };
        }
        let mut body = super::MappedText::new(self.text.file(), self.text.span(start..end).start as usize);
        body.push_part(self.text, start..end);
        let span = body.whole();
        let dialect = self.dialect;
        if is_quoted && dialect.expressions == super::Expressions::None {
            let literal = PieceKind::Literal(body.text().into());
            return Word { pieces: vec![Piece { kind: literal, quoting: Quoting::Single, span }], span };
        }
        let word = self.deeper(|reader| {
            let mut inner = Reader::new(&body, dialect, reader.depth);
            if is_quoted { inner.quoted_body() } else { inner.word(Context::Body) }
        });
        word.unwrap_or(Word { pieces: Vec::new(), span })
    }

    /// A body whose only holes are `${{ }}`.
    fn quoted_body(&mut self) -> Word {
        let mut pieces = Vec::new();
        let mut run = 0;
        while self.at < self.bytes.len() {
            if self.looks_at("${{") {
                self.flush(&mut pieces, run, Quoting::Single);
                self.github_expression(&mut pieces, Quoting::Single);
                run = self.at;
            } else {
                self.at += 1;
            }
        }
        self.flush(&mut pieces, run, Quoting::Single);
        Word { pieces, span: self.text.whole() }
    }
}

enum Opener {
    Kind(RedirectionKind),
    HereDocument(Tabs),
}

/// Whether tabs at the start of a here-document's lines count.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tabs {
    Kept,
    Dropped,
}
