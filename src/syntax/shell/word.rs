//! Words: literal, quoted and expanded pieces.

use super::{Expressions, List, MappedText, Operation, Operator, Piece, PieceKind, Quoting, Reader, Variable, Word};

/// What ends a word that is not quoted, and what is special in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Context {
    /// A word of a command.
    Command,
    /// Between `[[` and `]]`, where operators of the shell are text.
    Test,
    /// A pattern of `case`.
    Pattern,
    /// After the operator of `${X…}`, in quotes or not.
    Operand(Quoting),
    /// A word of a line that no shell reads: no command substitution; blanks end it.
    Plain,
    /// As `Plain`, but nothing ends it.
    Whole,
    /// The body of a here-document: quotes are text.
    Body,
}

impl Reader<'_> {
    pub(super) fn whole_word(&mut self) -> Word {
        self.word(Context::Whole)
    }

    pub(super) fn plain_words(&mut self) -> Vec<Word> {
        let mut words = Vec::new();
        loop {
            while self.peek().is_some_and(|byte| byte.is_ascii_whitespace()) {
                self.at += 1;
            }
            if self.at >= self.bytes.len() {
                return words;
            }
            words.push(self.word(Context::Plain));
        }
    }

    /// Reads pieces up to what ends a word here; the word may be empty.
    pub(super) fn word(&mut self, context: Context) -> Word {
        let start = self.at;
        let pieces = self.pieces(context);
        Word { pieces, span: self.span_from(start) }
    }

    fn pieces(&mut self, context: Context) -> Vec<Piece> {
        let outer = match context {
            Context::Operand(quoting) => quoting,
            Context::Body => Quoting::Double,
            Context::Command | Context::Test | Context::Pattern | Context::Plain | Context::Whole => Quoting::Bare,
        };
        let quotes_count = context != Context::Body;
        let mut pieces = Vec::new();
        let mut run = self.at;
        while let Some(byte) = self.peek() {
            if self.ends_word(byte, context) {
                break;
            }
            let is_special = match byte {
                b'\'' => quotes_count && outer == Quoting::Bare,
                b'"' => quotes_count,
                b'$' => self.starts_expansion(outer),
                b'`' => self.dialect.escape == b'`' || !matches!(context, Context::Plain | Context::Whole),
                b'<' | b'>' => context == Context::Command && outer == Quoting::Bare && self.peek_at(1) == Some(b'('),
                byte => byte == self.dialect.escape,
            };
            if is_special {
                self.flush(&mut pieces, run, outer);
                self.special(&mut pieces, byte, outer, context);
                run = self.at;
                continue;
            }
            let opens_group = byte == b'(' && context == Context::Command;
            if opens_group || (byte == b'(' && context == Context::Pattern) {
                self.skip_balanced();
                continue;
            }
            self.at += 1;
        }
        self.flush(&mut pieces, run, outer);
        pieces
    }

    fn ends_word(&self, byte: u8, context: Context) -> bool {
        match context {
            Context::Command => match byte {
                b' ' | b'\t' | b'\r' | b'\n' | b';' | b'&' | b'|' | b')' => true,
                b'<' | b'>' => self.peek_at(1) != Some(b'('),
                // An extended pattern such as `!(a|b)` is a part of the word.
                b'(' => !self.follows_pattern_operator(),
                _ => false,
            },
            Context::Pattern => match byte {
                b' ' | b'\t' | b'\r' | b'\n' | b'|' | b')' => true,
                b'(' => !self.follows_pattern_operator(),
                _ => false,
            },
            Context::Test | Context::Plain => byte.is_ascii_whitespace(),
            Context::Operand(_) => byte == b'}',
            Context::Whole | Context::Body => false,
        }
    }

    fn follows_pattern_operator(&self) -> bool {
        self.at > 0 && matches!(self.bytes[self.at - 1], b'?' | b'*' | b'+' | b'@' | b'!')
    }

    fn special(&mut self, pieces: &mut Vec<Piece>, byte: u8, outer: Quoting, context: Context) {
        if byte == self.dialect.escape {
            return self.escaped(pieces, outer, context);
        }
        match byte {
            b'\'' => self.single_quoted(pieces),
            b'"' => self.double_quoted(pieces, context),
            b'`' => self.backticks(pieces, outer),
            b'<' | b'>' => {
                let start = self.at;
                self.at += 2;
                let list = self.substituted_list();
                self.push(pieces, start, PieceKind::Process(Box::new(list)), outer);
            }
            _ => self.expansion(pieces, outer, context),
        }
    }

    pub(super) fn flush(&self, pieces: &mut Vec<Piece>, run: usize, quoting: Quoting) {
        if run < self.at {
            self.push(pieces, run, PieceKind::Literal(self.slice(run, self.at).into()), quoting);
        }
    }

    fn push(&self, pieces: &mut Vec<Piece>, start: usize, kind: PieceKind, quoting: Quoting) {
        pieces.push(Piece { kind, quoting, span: self.span_from(start) });
    }

    /// The escape character and what follows it.
    fn escaped(&mut self, pieces: &mut Vec<Piece>, outer: Quoting, context: Context) {
        if self.take_continuation() {
            return;
        }
        let start = self.at;
        self.at += 1;
        let Some(next) = self.peek() else {
            return self.push(pieces, start, PieceKind::Literal(self.slice(start, self.at).into()), outer);
        };
        let removes = match outer {
            Quoting::Bare => true,
            Quoting::Single => false,
            Quoting::Double => {
                let is_quote = next == b'"' && context != Context::Body;
                is_quote || matches!(next, b'$' | b'`') || next == self.dialect.escape
            }
        };
        let length = self.slice(self.at, self.bytes.len()).chars().next().map_or(1, char::len_utf8);
        let text_start = if removes { self.at } else { start };
        self.at += length;
        let text = self.slice(text_start, self.at).into();
        self.push(pieces, start, PieceKind::Literal(text), outer);
    }

    fn single_quoted(&mut self, pieces: &mut Vec<Piece>) {
        self.at += 1;
        let start_of_quoted = pieces.len();
        let mut run = self.at;
        loop {
            match self.peek() {
                Some(b'$') if self.starts_github_expression() => {
                    self.flush(pieces, run, Quoting::Single);
                    self.github_expression(pieces, Quoting::Single);
                    run = self.at;
                }
                Some(b'\'') => break,
                Some(_) => self.at += 1,
                None => {
                    self.mark_broken();
                    break;
                }
            }
        }
        self.flush(pieces, run, Quoting::Single);
        if pieces.len() == start_of_quoted {
            self.push(pieces, self.at, PieceKind::Literal("".into()), Quoting::Single);
        }
        self.take("'");
    }

    fn double_quoted(&mut self, pieces: &mut Vec<Piece>, context: Context) {
        self.at += 1;
        let start_of_quoted = pieces.len();
        let has_substitution = !matches!(context, Context::Plain | Context::Whole);
        let mut run = self.at;
        loop {
            let Some(byte) = self.peek() else {
                self.mark_broken();
                break;
            };
            let is_special = match byte {
                b'"' => break,
                b'$' => self.starts_expansion(Quoting::Double),
                b'`' => has_substitution || self.dialect.escape == b'`',
                byte => byte == self.dialect.escape,
            };
            if !is_special {
                self.at += 1;
                continue;
            }
            self.flush(pieces, run, Quoting::Double);
            if byte == self.dialect.escape {
                self.escaped(pieces, Quoting::Double, Context::Command);
            } else if byte == b'`' {
                self.backticks(pieces, Quoting::Double);
            } else {
                self.expansion(pieces, Quoting::Double, context);
            }
            run = self.at;
        }
        self.flush(pieces, run, Quoting::Double);
        if pieces.len() == start_of_quoted {
            self.push(pieces, self.at, PieceKind::Literal("".into()), Quoting::Double);
        }
        self.take("\"");
    }

    fn starts_github_expression(&self) -> bool {
        self.dialect.expressions == Expressions::GitHub && self.looks_at("${{")
    }

    /// Whether the `$` at the cursor begins an expansion.
    fn starts_expansion(&self, outer: Quoting) -> bool {
        match self.peek_at(1) {
            Some(b'{' | b'(') => true,
            Some(b'\'' | b'"') => outer == Quoting::Bare,
            Some(byte) => byte.is_ascii_alphanumeric() || is_special_parameter(byte),
            None => false,
        }
    }

    fn expansion(&mut self, pieces: &mut Vec<Piece>, outer: Quoting, context: Context) {
        let start = self.at;
        if self.starts_github_expression() {
            return self.github_expression(pieces, outer);
        }
        let is_plain = matches!(context, Context::Plain | Context::Whole);
        if !is_plain && self.take("$((") {
            self.skip_arithmetic();
            return self.push(pieces, start, PieceKind::Arithmetic, outer);
        }
        if !is_plain && self.take("$(") {
            let list = self.substituted_list();
            return self.push(pieces, start, PieceKind::Command(Box::new(list)), outer);
        }
        if self.take("${") {
            let variable = self.deeper(|reader| reader.braced(outer, context));
            if let Some(variable) = variable {
                self.push(pieces, start, PieceKind::Variable(Box::new(variable)), outer);
            }
            return;
        }
        self.at += 1;
        match self.peek() {
            Some(b'\'') => return self.ansi_quoted(pieces),
            Some(b'"') => return self.double_quoted(pieces, context),
            Some(byte) if byte.is_ascii_alphabetic() || byte == b'_' => {
                while self.peek().is_some_and(is_name_byte) {
                    self.at += 1;
                }
            }
            Some(b'(') | None => return self.push(pieces, start, PieceKind::Literal("$".into()), outer),
            Some(_) => self.at += 1,
        }
        let name = self.slice(start + 1, self.at).to_owned();
        let variable = Variable { name, operation: None };
        self.push(pieces, start, PieceKind::Variable(Box::new(variable)), outer);
    }

    /// `${{ … }}`; braces inside its quoted texts do not end it.
    pub(super) fn github_expression(&mut self, pieces: &mut Vec<Piece>, outer: Quoting) {
        let start = self.at;
        self.at += 3;
        let inner = self.at;
        let mut is_quoted = false;
        while let Some(byte) = self.peek() {
            if byte == b'\'' {
                is_quoted = !is_quoted;
            }
            if !is_quoted && self.looks_at("}}") {
                break;
            }
            self.at += 1;
        }
        let text = self.slice(inner, self.at).trim().into();
        if !self.take("}}") {
            self.mark_broken();
        }
        self.push(pieces, start, PieceKind::Expression(text), outer);
    }

    /// After `${`.
    fn braced(&mut self, outer: Quoting, context: Context) -> Variable {
        let start = self.at;
        let mut is_other = false;
        if matches!(self.peek(), Some(b'#' | b'!')) && self.peek_at(1).is_some_and(|byte| byte != b'}') {
            is_other = true;
            self.at += 1;
        }
        let name_start = self.at;
        if self.peek().is_some_and(|byte| byte != b'}' && !is_name_byte(byte)) {
            self.at += 1;
        } else {
            while self.peek().is_some_and(is_name_byte) {
                self.at += 1;
            }
        }
        let name = self.slice(name_start, self.at).to_owned();
        if self.peek() == Some(b'}') && !is_other {
            self.at += 1;
            return Variable { name, operation: None };
        }
        let operator = if is_other { Operator::Other } else { self.operator() };
        let operand_context = match context {
            Context::Plain | Context::Whole => Context::Operand(Quoting::Bare),
            _ => Context::Operand(outer),
        };
        let operand = self.word(operand_context);
        if !self.take("}") {
            self.mark_broken();
        }
        debug_assert!(self.at >= start);
        Variable { name, operation: Some(Operation { operator, operand }) }
    }

    fn operator(&mut self) -> Operator {
        const OPERATORS: [(&str, Operator); 14] = [
            (":-", Operator::DefaultIfEmpty),
            (":=", Operator::AssignIfEmpty),
            (":+", Operator::AlternativeUnlessEmpty),
            (":?", Operator::RequireNotEmpty),
            ("##", Operator::TrimStartLongest),
            ("%%", Operator::TrimEndLongest),
            ("//", Operator::ReplaceAll),
            ("-", Operator::Default),
            ("=", Operator::Assign),
            ("+", Operator::Alternative),
            ("?", Operator::Require),
            ("#", Operator::TrimStart),
            ("%", Operator::TrimEnd),
            ("/", Operator::Replace),
        ];
        for (text, operator) in OPERATORS {
            if self.take(text) {
                return operator;
            }
        }
        Operator::Other
    }

    /// After `$(` or `<(`.
    fn substituted_list(&mut self) -> List {
        self.deeper(|reader| {
            let list = reader.list();
            if !reader.take(")") {
                reader.mark_broken();
                reader.skip_to_parenthesis();
            }
            list
        })
        .unwrap_or_default()
    }

    /// What did not fit stays unread up to the parenthesis that ends the substitution.
    fn skip_to_parenthesis(&mut self) {
        while let Some(byte) = self.peek() {
            self.at += 1;
            if byte == b')' {
                return;
            }
        }
    }

    /// `…` in backticks: its own escapes are removed, then it is read like any script.
    fn backticks(&mut self, pieces: &mut Vec<Piece>, outer: Quoting) {
        let start = self.at;
        self.at += 1;
        let mut inner = MappedText::new(self.text.file(), self.span_from(start).end as usize);
        let mut run = self.at;
        loop {
            match self.peek() {
                None => {
                    self.mark_broken();
                    break;
                }
                Some(b'`') => break,
                Some(b'\\') if matches!(self.peek_at(1), Some(b'`' | b'\\' | b'$')) => {
                    inner.push_part(self.text, run..self.at);
                    run = self.at + 1;
                    self.at += 2;
                }
                Some(_) => self.at += 1,
            }
        }
        inner.push_part(self.text, run..self.at);
        self.take("`");
        let dialect = self.dialect;
        let list = self.deeper(|reader| {
            let mut inner_reader = Reader::new(&inner, dialect, reader.depth);
            let list = inner_reader.whole_list();
            reader.broken = reader.broken.or(inner_reader.broken);
            list
        });
        self.push(pieces, start, PieceKind::Command(Box::new(list.unwrap_or_default())), outer);
    }

    /// `$'…'`: the escapes that matter for text are decoded.
    fn ansi_quoted(&mut self, pieces: &mut Vec<Piece>) {
        self.at += 1;
        let mut run = self.at;
        loop {
            match self.peek() {
                None => {
                    self.mark_broken();
                    break;
                }
                Some(b'\'') => break,
                Some(b'\\') => {
                    self.flush(pieces, run, Quoting::Single);
                    let start = self.at;
                    self.at += 1;
                    let length = self.slice(self.at, self.bytes.len()).chars().next().map_or(0, char::len_utf8);
                    let text = match self.slice(self.at, self.at + length) {
                        "n" => "\n",
                        "t" => "\t",
                        "r" => "\r",
                        other => other,
                    };
                    self.at += length;
                    self.push(pieces, start, PieceKind::Literal(text.into()), Quoting::Single);
                    run = self.at;
                }
                Some(_) => self.at += 1,
            }
        }
        self.flush(pieces, run, Quoting::Single);
        self.take("'");
    }

    /// After `$((` or `((`: to the parentheses that close it.
    pub(super) fn skip_arithmetic(&mut self) {
        let mut open = 0usize;
        while let Some(byte) = self.peek() {
            match byte {
                b'(' => open += 1,
                b')' if open == 0 => {
                    self.at += 1;
                    if !self.take(")") {
                        self.mark_broken();
                    }
                    return;
                }
                b')' => open -= 1,
                _ => {}
            }
            self.at += 1;
        }
        self.mark_broken();
    }

    /// An extended pattern in parentheses, as text.
    fn skip_balanced(&mut self) {
        let mut open = 0usize;
        while let Some(byte) = self.peek() {
            if self.newline_length(self.at) > 0 {
                return;
            }
            self.at += 1;
            match byte {
                b'(' => open += 1,
                b')' if open <= 1 => return,
                b')' => open -= 1,
                _ => {}
            }
        }
    }
}

pub(super) fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn is_special_parameter(byte: u8) -> bool {
    matches!(byte, b'_' | b'@' | b'*' | b'#' | b'?' | b'-' | b'$' | b'!')
}
