//! Lists, pipelines, compound and simple commands, comments.

use super::word::{Context, is_name_byte};
use super::{
    Arm, Assigned, Assignment, Command, CommandKind, Item, Joint, List, Pipeline, Reader, Redirection, Simple, Word,
};
use crate::source::{Comment, CommentPosition, Span};

/// Words and operators that end a list.
const CLOSERS: [&str; 8] = ["then", "elif", "else", "fi", "do", "done", "esac", "}"];

impl Reader<'_> {
    /// The whole text; what ends a list where none is open is skipped.
    pub(super) fn whole_list(&mut self) -> List {
        let mut whole = self.list();
        while self.at < self.bytes.len() {
            self.mark_broken();
            let before = self.at;
            self.skip_closer();
            debug_assert!(self.at > before);
            whole.items.append(&mut self.list().items);
        }
        whole
    }

    fn skip_closer(&mut self) {
        let closer = CLOSERS.into_iter().find(|closer| self.at_keyword(closer));
        self.at += closer.map_or(1, str::len);
        while !self.text.text().is_char_boundary(self.at) {
            self.at += 1;
        }
    }

    /// Commands up to the end, a closing parenthesis, `;;` or a word that ends a compound command.
    pub(super) fn list(&mut self) -> List {
        let mut list = List::default();
        let mut joint = Joint::Sequence;
        loop {
            self.skip_to_command();
            if self.at_end_of_list() {
                self.waiting.clear();
                return list;
            }
            let before = self.at;
            let comments = std::mem::take(&mut self.waiting);
            let pipeline = self.pipeline();
            if self.at == before {
                // An operator that nothing stands before: `&& b`, `| c`.
                self.mark_broken();
                self.skip_closer();
                continue;
            }
            for comment in comments {
                self.comments[comment].covers.push(pipeline.span);
            }
            self.skip_blanks();
            let item_joint = joint;
            let mut is_background = false;
            joint = Joint::Sequence;
            if self.take("&&") {
                joint = Joint::And;
            } else if self.take("||") {
                joint = Joint::Or;
            } else if !self.looks_at(";;") && !self.looks_at(";&") && !self.take(";") {
                is_background = self.take("&");
            }
            list.items.push(Item { joint: item_joint, pipeline, is_background });
        }
    }

    fn at_end_of_list(&self) -> bool {
        match self.peek() {
            None | Some(b')') => true,
            Some(b';') => matches!(self.peek_at(1), Some(b';' | b'&')),
            Some(_) => CLOSERS.into_iter().any(|closer| self.at_keyword(closer)),
        }
    }

    /// Whether a bare word comes next and nothing but it.
    fn at_keyword(&self, keyword: &str) -> bool {
        if !self.looks_at(keyword) {
            return false;
        }
        match self.peek_at(keyword.len()) {
            None => true,
            Some(byte) => {
                byte.is_ascii_whitespace()
                    || matches!(byte, b';' | b'&' | b'|' | b'(' | b')' | b'<' | b'>')
                    || (byte == self.dialect.escape && self.newline_length(self.at + keyword.len() + 1) > 0)
            }
        }
    }

    fn take_keyword(&mut self, keyword: &str) -> bool {
        let found = self.at_keyword(keyword);
        if found {
            self.at += keyword.len();
        }
        found
    }

    /// Moves over blanks, ends of lines and comments; notes which comments stand directly above what comes.
    fn skip_to_command(&mut self) {
        let mut is_line_blank = self.starts_line();
        loop {
            self.skip_blanks();
            if self.peek() == Some(b'#') {
                self.comment();
                is_line_blank = false;
                continue;
            }
            if self.newline_length(self.at) == 0 {
                return;
            }
            if is_line_blank {
                self.waiting.clear();
            }
            self.take_newline();
            is_line_blank = true;
        }
    }

    fn starts_line(&self) -> bool {
        let before = &self.bytes[..self.at];
        let blank = before.iter().rev().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        matches!(before[..before.len() - blank].last(), None | Some(b'\n'))
    }

    fn comment(&mut self) {
        let start = self.at;
        let is_alone = self.starts_line();
        while self.at < self.bytes.len() && self.newline_length(self.at) == 0 {
            self.at += 1;
        }
        let text = self.slice(start, self.at).trim_start_matches('#').trim().to_owned();
        let position = if is_alone { CommentPosition::Alone } else { CommentPosition::BehindCode };
        let mut comment = Comment::new(self.span_from(start), text, position);
        if is_alone {
            self.waiting.push(self.comments.len());
        } else {
            let line_start = self.bytes[..start].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
            comment.covers.push(self.text.span(line_start..start));
            if let Some((line_end, resume)) = self.here_documents
                && line_end == self.at
            {
                comment.covers.push(self.text.span(line_end..resume));
            }
        }
        self.comments.push(comment);
    }

    fn pipeline(&mut self) -> Pipeline {
        let start = self.at;
        let mut is_negated = false;
        loop {
            self.skip_blanks();
            if self.take_keyword("!") {
                is_negated = !is_negated;
            } else if !(self.take_keyword("time") || self.take_keyword("coproc")) {
                break;
            }
        }
        let mut commands = Vec::new();
        while let Some(command) = self.command() {
            commands.push(command);
            self.skip_blanks();
            let goes_on = !self.looks_at("||") && (self.take("|&") || self.take("|"));
            if !goes_on {
                break;
            }
            self.skip_to_command();
        }
        let end = commands.last().map_or(self.text.span(start..start), |command| command.span);
        let first = commands.first().map_or(end, |command| command.span);
        Pipeline { is_negated, commands, span: first.to(end) }
    }

    fn command(&mut self) -> Option<Command> {
        let start = self.at;
        let is_compound = matches!(self.peek(), Some(b'(' | b'{' | b'['))
            || ["if", "for", "select", "while", "until", "case", "function"].iter().any(|word| self.at_keyword(word));
        let kind = if is_compound { self.deeper(Self::compound).flatten() } else { None };
        let Some(kind) = kind else {
            return if self.at == start { self.simple() } else { None };
        };
        let mut redirections = Vec::new();
        loop {
            self.skip_blanks();
            match self.redirection() {
                Some(redirection) => redirections.push(redirection),
                None => break,
            }
        }
        let span = self.trimmed_span(start);
        Some(Command { kind, redirections, span })
    }

    /// From `start` to the cursor without the blanks at its end.
    fn trimmed_span(&self, start: usize) -> Span {
        let blank = |byte: &&u8| byte.is_ascii_whitespace();
        let n_blank = self.bytes[start..self.at].iter().rev().take_while(blank).count();
        self.text.span(start..self.at - n_blank)
    }

    fn compound(&mut self) -> Option<CommandKind> {
        if self.looks_at("((") && self.is_arithmetic() {
            self.at += 2;
            self.skip_arithmetic();
            return Some(CommandKind::Arithmetic);
        }
        if self.take("(") {
            let list = self.list();
            self.expect(")");
            return Some(CommandKind::Subshell(list));
        }
        if self.take_keyword("{") {
            return Some(CommandKind::Group(self.list_to("}")));
        }
        if self.take_keyword("[[") {
            return Some(CommandKind::Test(self.test_words()));
        }
        if self.take_keyword("if") {
            return Some(self.conditional());
        }
        if self.take_keyword("for") || self.take_keyword("select") {
            return Some(self.for_loop());
        }
        if self.take_keyword("while") || self.take_keyword("until") {
            let condition = self.list_to("do");
            return Some(CommandKind::While { condition, body: self.list_to("done") });
        }
        if self.take_keyword("case") {
            return Some(self.case());
        }
        if self.take_keyword("function") {
            self.skip_blanks();
            let name = self.word(Context::Command).literal().unwrap_or_default().into_owned();
            self.skip_blanks();
            if self.take("(") {
                self.skip_blanks();
                self.expect(")");
            }
            return self.function_body(name);
        }
        None
    }

    /// Whether `((` at the cursor is closed by `))`.
    fn is_arithmetic(&self) -> bool {
        let mut open = 0usize;
        for (index, byte) in self.bytes[self.at..].iter().enumerate() {
            match byte {
                b'(' => open += 1,
                b')' => {
                    open -= 1;
                    if open == 1 {
                        return self.peek_at(index + 1) == Some(b')');
                    }
                }
                _ => {}
            }
        }
        false
    }

    fn expect(&mut self, text: &str) {
        if !self.take(text) {
            self.mark_broken();
        }
    }

    /// A list and the word that ends it; another word that ends lists stays for whoever waits for it.
    fn list_to(&mut self, keyword: &str) -> List {
        let list = self.list();
        if !self.take_keyword(keyword) {
            self.mark_broken();
        }
        list
    }

    fn test_words(&mut self) -> Vec<Word> {
        let mut words = Vec::new();
        loop {
            self.skip_blanks();
            while self.take_newline() {
                self.skip_blanks();
            }
            if self.at >= self.bytes.len() {
                self.mark_broken();
                return words;
            }
            if self.take_keyword("]]") {
                return words;
            }
            words.push(self.word(Context::Test));
        }
    }

    fn conditional(&mut self) -> CommandKind {
        let mut branches = Vec::new();
        let mut otherwise = None;
        loop {
            let condition = self.list_to("then");
            branches.push((condition, self.list()));
            if self.take_keyword("elif") {
                continue;
            }
            if self.take_keyword("else") {
                otherwise = Some(self.list());
            }
            if !self.take_keyword("fi") {
                self.mark_broken();
            }
            return CommandKind::If { branches, otherwise };
        }
    }

    fn for_loop(&mut self) -> CommandKind {
        self.skip_blanks();
        if self.take("((") {
            let variable = Word { pieces: Vec::new(), span: self.span_from(self.at) };
            self.skip_arithmetic();
            return self.loop_body(variable, None);
        }
        let variable = self.word(Context::Command);
        self.skip_to_command();
        let mut words = None;
        if self.take_keyword("in") {
            let mut listed = Vec::new();
            self.skip_blanks();
            while !matches!(self.peek(), None | Some(b';' | b'&' | b'|' | b'(' | b')' | b'<' | b'>'))
                && self.newline_length(self.at) == 0
            {
                listed.push(self.word(Context::Command));
                self.skip_blanks();
            }
            words = Some(listed);
        }
        self.loop_body(variable, words)
    }

    fn loop_body(&mut self, variable: Word, words: Option<Vec<Word>>) -> CommandKind {
        self.skip_blanks();
        self.take(";");
        self.skip_to_command();
        // `for x in a; { …; }` is rare, but bash takes it.
        let body = match self.take_keyword("{") {
            true => self.list_to("}"),
            false => {
                if !self.take_keyword("do") {
                    self.mark_broken();
                }
                self.list_to("done")
            }
        };
        CommandKind::For { variable, words, body }
    }

    fn case(&mut self) -> CommandKind {
        self.skip_blanks();
        let subject = self.word(Context::Command);
        self.skip_to_command();
        if !self.take_keyword("in") {
            self.mark_broken();
        }
        let mut arms = Vec::new();
        loop {
            self.skip_to_command();
            if self.at >= self.bytes.len() {
                self.mark_broken();
                break;
            }
            if self.take_keyword("esac") {
                break;
            }
            let before = self.at;
            arms.push(self.arm());
            if self.at == before {
                self.mark_broken();
                break;
            }
        }
        CommandKind::Case { subject, arms }
    }

    fn arm(&mut self) -> Arm {
        self.take("(");
        let mut patterns = Vec::new();
        loop {
            self.skip_blanks();
            let before = self.at;
            let pattern = self.word(Context::Pattern);
            if self.at > before {
                patterns.push(pattern);
            }
            self.skip_blanks();
            if !self.take("|") {
                break;
            }
        }
        self.expect(")");
        let body = self.list();
        for end in [";;&", ";;", ";&"] {
            if self.take(end) {
                break;
            }
        }
        Arm { patterns, body }
    }

    fn function_body(&mut self, name: String) -> Option<CommandKind> {
        self.skip_to_command();
        match self.command() {
            Some(body) => Some(CommandKind::Function { name, body: Box::new(body) }),
            None => {
                self.mark_broken();
                None
            }
        }
    }

    fn simple(&mut self) -> Option<Command> {
        let start = self.at;
        let mut simple = Simple::default();
        let mut redirections: Vec<Redirection> = Vec::new();
        let mut end = start;
        loop {
            self.skip_blanks();
            if let Some(redirection) = self.redirection() {
                redirections.push(redirection);
            } else if simple.words.is_empty() && self.at_assignment().is_some() {
                let assignment = self.assignment();
                simple.assignments.push(assignment);
            } else {
                let before = self.at;
                let is_comment = self.peek() == Some(b'#');
                let word = if is_comment { None } else { Some(self.word(Context::Command)) };
                if self.at == before {
                    break;
                }
                simple.words.extend(word);
                if simple.words.len() == 1 && self.at_function() {
                    return self.function(start, simple);
                }
            }
            end = self.at;
        }
        if end == start {
            return None;
        }
        self.at = self.at.max(end);
        let span = self.text.span(start..end);
        Some(Command { kind: CommandKind::Simple(simple), redirections, span })
    }

    /// Whether `()` follows, as in `name() { … }`.
    fn at_function(&self) -> bool {
        let rest = self.bytes[self.at..].iter().copied().filter(|byte| !matches!(byte, b' ' | b'\t'));
        rest.take(2).eq([b'(', b')'])
    }

    fn function(&mut self, start: usize, simple: Simple) -> Option<Command> {
        self.skip_blanks();
        self.at += 1;
        self.skip_blanks();
        self.at += 1;
        let name = simple.words.first().and_then(Word::literal).unwrap_or_default().into_owned();
        let kind = self.deeper(|reader| reader.function_body(name)).flatten()?;
        let span = self.trimmed_span(start);
        Some(Command { kind, redirections: Vec::new(), span })
    }

    /// The length of `name=`, `name+=` or `name[index]=` at the cursor.
    fn at_assignment(&self) -> Option<usize> {
        let rest = &self.bytes[self.at..];
        let name = rest.iter().take_while(|byte| is_name_byte(**byte)).count();
        if name == 0 || rest[0].is_ascii_digit() {
            return None;
        }
        let mut at = name;
        if rest.get(at) == Some(&b'[') {
            let index = rest[at..].iter().take_while(|byte| !matches!(byte, b']' | b'\n')).count();
            at += index + 1;
        }
        if rest.get(at) == Some(&b'+') {
            at += 1;
        }
        (rest.get(at) == Some(&b'=')).then_some(at + 1)
    }

    fn assignment(&mut self) -> Assignment {
        let start = self.at;
        let length = self.at_assignment().unwrap_or(0);
        let left = self.slice(start, start + length);
        let name_length = left.bytes().take_while(|byte| is_name_byte(*byte)).count();
        let (name, has_index) = (left[..name_length].to_owned(), left.contains('['));
        let is_appended = left.ends_with("+=");
        self.at += length;
        let value = if self.take("(") {
            Assigned::Array(self.array_items())
        } else {
            let word = self.word(Context::Command);
            match (has_index, is_appended) {
                (true, _) => Assigned::Array(vec![word]),
                (false, true) => Assigned::Appended(word),
                (false, false) => Assigned::Word(word),
            }
        };
        Assignment { name, value, span: self.span_from(start) }
    }

    fn array_items(&mut self) -> Vec<Word> {
        let mut items = Vec::new();
        loop {
            self.skip_to_command();
            if self.take(")") {
                return items;
            }
            let before = self.at;
            let word = self.word(Context::Command);
            if self.at == before {
                self.mark_broken();
                return items;
            }
            items.push(word);
        }
    }
}
