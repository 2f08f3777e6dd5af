//! Expressions: operators by precedence, terms with the steps that follow them, collections, calls and `for`.

use super::reader::{Lines, Read, Reader};
use super::tree::{
    Binary, BinaryOperator, Call, Conditional, Expr, ExprKind, For, Name, ObjectItem, ObjectKey, Step, StepKind,
    Traversal, UnaryOperator,
};
use crate::source::Span;

/// Operators in one chain; the tree leans to the left and is as deep as the chain is long.
const MOST_CHAINED: usize = 512;

/// What closes a `for`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Makes {
    List,
    Object,
}

impl Reader<'_> {
    /// The whole text as an expression.
    pub(super) fn whole_expression(&mut self) -> Read<Expr> {
        let expression = self.expression()?;
        self.skip();
        if self.is_at_end() { Ok(expression) } else { self.refused("the expression ends here, and something follows") }
    }

    pub(super) fn expression(&mut self) -> Read<Expr> {
        self.deeper(Self::conditional)
    }

    fn conditional(&mut self) -> Read<Expr> {
        let first = self.unary()?;
        self.skip();
        // Mostly nothing follows.
        if matches!(self.byte(0), b'\n' | b',' | b')' | b']' | b'}') {
            return Ok(first);
        }
        let condition = self.binary(first, 0)?;
        self.skip();
        if self.byte(0) != b'?' {
            return Ok(condition);
        }
        self.at += 1;
        let then = self.expression()?;
        self.expect(b':')?;
        let otherwise = self.expression()?;
        let span = condition.span.to(otherwise.span);
        Ok(Expr::new(ExprKind::Conditional(Box::new(Conditional { condition, then, otherwise })), span))
    }

    /// What is read already, and operators that bind at least so tightly.
    fn binary(&mut self, first: Expr, least: u8) -> Read<Expr> {
        let mut left = first;
        let mut n_chained = 0;
        loop {
            self.skip();
            let Some((operator, power, length)) = self.operator().filter(|(_, power, _)| *power >= least) else {
                return Ok(left);
            };
            n_chained += 1;
            if n_chained > MOST_CHAINED {
                return self.too_deep("more than 512 operators in one chain");
            }
            let start = self.at;
            self.at += length;
            let operator_span = self.span_from(start);
            let right = self.unary()?;
            let right = self.binary(right, power + 1)?;
            let span = left.span.to(right.span);
            left = Expr::new(ExprKind::Binary(Box::new(Binary { operator, operator_span, left, right })), span);
        }
    }

    /// The operator that stands here, how tightly it binds and how long it is.
    fn operator(&self) -> Option<(BinaryOperator, u8, usize)> {
        let found = match (self.byte(0), self.byte(1)) {
            (b'|', b'|') => (BinaryOperator::Or, 0, 2),
            (b'&', b'&') => (BinaryOperator::And, 1, 2),
            (b'=', b'=') => (BinaryOperator::Equal, 2, 2),
            (b'!', b'=') => (BinaryOperator::NotEqual, 2, 2),
            (b'<', b'=') => (BinaryOperator::LessOrEqual, 3, 2),
            (b'>', b'=') => (BinaryOperator::GreaterOrEqual, 3, 2),
            (b'<', _) => (BinaryOperator::Less, 3, 1),
            (b'>', _) => (BinaryOperator::Greater, 3, 1),
            (b'+', _) => (BinaryOperator::Add, 4, 1),
            (b'-', _) => (BinaryOperator::Subtract, 4, 1),
            (b'*', _) => (BinaryOperator::Multiply, 5, 1),
            (b'/', _) => (BinaryOperator::Divide, 5, 1),
            (b'%', next) if next != b'{' => (BinaryOperator::Remainder, 5, 1),
            _ => return None,
        };
        Some(found)
    }

    fn unary(&mut self) -> Read<Expr> {
        self.skip();
        let start = self.at;
        let operator = match (self.byte(0), self.byte(1)) {
            (b'!', next) if next != b'=' => UnaryOperator::Not,
            (b'-', _) => UnaryOperator::Negate,
            _ => return self.term(),
        };
        self.at += 1;
        self.skip();
        if operator == UnaryOperator::Negate && self.byte(0).is_ascii_digit() {
            let first = self.at;
            self.digits();
            let digits = format!("-{}", &self.text[first..self.at]);
            let number = ExprKind::Number(self.names.share(&digits));
            return Ok(Expr::new(number, self.span_from(start)));
        }
        let operand = self.deeper(Self::unary)?;
        let span = self.spans.of(start..start + 1).to(operand.span);
        Ok(Expr::new(ExprKind::Unary(operator, Box::new(operand)), span))
    }

    /// Something with all attributes and indices that follow it.
    fn term(&mut self) -> Read<Expr> {
        let base = self.primary()?;
        let mut steps = Vec::new();
        loop {
            let end = self.at;
            self.skip();
            let start = self.at;
            let kind = match (self.byte(0), self.byte(1)) {
                (b'.', b'.') => None,
                (b'.', _) => Some(self.dotted()?),
                (b'[', _) => Some(self.index()?),
                _ => None,
            };
            let Some(kind) = kind else {
                self.at = end;
                break;
            };
            steps.push(Step { kind, span: self.span_from(start) });
        }
        let Some(last) = steps.last() else { return Ok(base) };
        let span = base.span.to(last.span);
        Ok(Expr::new(ExprKind::Traversal(Box::new(Traversal { base, steps })), span))
    }

    fn dotted(&mut self) -> Read<StepKind> {
        self.at += 1;
        self.skip();
        match self.byte(0) {
            b'*' => {
                self.at += 1;
                Ok(StepKind::AttributeSplat)
            }
            byte if byte.is_ascii_digit() => {
                let start = self.at;
                while self.byte(0).is_ascii_digit() {
                    self.at += 1;
                }
                let digits = &self.text[start..self.at];
                Ok(StepKind::LegacyIndex(self.names.share(digits)))
            }
            _ => Ok(StepKind::Attribute(self.name()?)),
        }
    }

    fn index(&mut self) -> Read<StepKind> {
        self.at += 1;
        self.with_lines(Lines::Blank, |it| {
            it.skip();
            let kind = match it.byte(0) {
                b'*' => {
                    it.at += 1;
                    StepKind::FullSplat
                }
                _ => StepKind::Index(it.expression()?),
            };
            it.expect(b']')?;
            Ok(kind)
        })
    }

    fn primary(&mut self) -> Read<Expr> {
        let start = self.at;
        let kind = match self.byte(0) {
            b'"' => self.quoted()?,
            b'<' if self.byte(1) == b'<' => self.heredoc()?,
            b'[' => self.with_lines(Lines::Blank, Self::list)?,
            b'{' => self.with_lines(Lines::Blank, Self::object)?,
            b'(' => self.with_lines(Lines::Blank, Self::parentheses)?,
            byte if byte.is_ascii_digit() => {
                self.digits();
                let digits = &self.text[start..self.at];
                ExprKind::Number(self.names.share(digits))
            }
            _ => match self.word() {
                Some(word) => self.worded(word, start)?,
                None => return self.refused("an expression is expected here"),
            },
        };
        Ok(Expr::new(kind, self.span_from(start)))
    }

    /// `12`, `1.5`, `1e-3`.
    fn digits(&mut self) {
        let run = |it: &mut Self| {
            while it.byte(0).is_ascii_digit() {
                it.at += 1;
            }
        };
        run(self);
        if self.byte(0) == b'.' && self.byte(1).is_ascii_digit() {
            self.at += 1;
            run(self);
        }
        if matches!(self.byte(0), b'e' | b'E') {
            let sign = usize::from(matches!(self.byte(1), b'+' | b'-'));
            if self.byte(1 + sign).is_ascii_digit() {
                self.at += 1 + sign;
                run(self);
            }
        }
    }

    /// A literal, a call or a variable.
    fn worded(&mut self, word: &str, start: usize) -> Read<ExprKind> {
        let end = self.at;
        let mut name: Option<String> = None;
        while self.rest().starts_with("::") {
            self.at += 2;
            let Some(part) = self.word() else { return self.refused("the name of a function is expected here") };
            name = Some(format!("{}::{part}", name.as_deref().unwrap_or(word)));
        }
        let name_end = self.at;
        while matches!(self.byte(0), b' ' | b'\t') {
            self.at += 1;
        }
        if self.byte(0) == b'(' {
            let name = self.names.share(name.as_deref().unwrap_or(word));
            let name_span = self.spans.of(start..name_end);
            return self.with_lines(Lines::Blank, |it| it.call(name, name_span));
        }
        self.at = end;
        if name.is_some() {
            return self.refused("a function is called with `(`");
        }
        Ok(match word {
            "null" => ExprKind::Null,
            "true" => ExprKind::Bool(true),
            "false" => ExprKind::Bool(false),
            _ => ExprKind::Variable(self.names.share(word)),
        })
    }

    fn call(&mut self, name: Name, name_span: Span) -> Read<ExprKind> {
        self.at += 1;
        let mut arguments = Vec::new();
        let mut spreads_last = false;
        loop {
            self.skip();
            if self.byte(0) == b')' {
                break;
            }
            if spreads_last {
                return self.refused("nothing but `)` can follow `...`");
            }
            arguments.push(self.expression()?);
            self.skip();
            if self.rest().starts_with("...") {
                self.at += 3;
                spreads_last = true;
                self.skip();
            }
            self.comma_before(b')')?;
        }
        self.at += 1;
        Ok(ExprKind::Call(Box::new(Call { name, name_span, arguments, spreads_last })))
    }

    /// A comma, or the bracket that closes.
    fn comma_before(&mut self, close: u8) -> Read<()> {
        self.skip();
        match self.byte(0) {
            b',' => {
                self.at += 1;
                Ok(())
            }
            byte if byte == close => Ok(()),
            _ => self.refused(format!("`,` or `{}` is expected here", char::from(close))),
        }
    }

    fn parentheses(&mut self) -> Read<ExprKind> {
        self.at += 1;
        let inner = self.expression()?;
        self.expect(b')')?;
        Ok(ExprKind::Parentheses(Box::new(inner)))
    }

    fn list(&mut self) -> Read<ExprKind> {
        self.at += 1;
        self.skip();
        if self.is_at_word("for") {
            return self.for_expression(Makes::List);
        }
        let mut items = Vec::new();
        loop {
            self.skip();
            if self.byte(0) == b']' {
                break;
            }
            items.push(self.expression()?);
            self.comma_before(b']')?;
        }
        self.at += 1;
        Ok(ExprKind::List(items))
    }

    fn object(&mut self) -> Read<ExprKind> {
        self.at += 1;
        self.skip();
        if self.is_at_word("for") && !self.is_key() {
            return self.for_expression(Makes::Object);
        }
        let mut items = Vec::new();
        loop {
            self.skip();
            if self.byte(0) == b'}' {
                break;
            }
            items.push(self.with_lines(Lines::End, Self::item)?);
        }
        self.at += 1;
        Ok(ExprKind::Object(items))
    }

    /// Whether the word that stands here is followed by `=` or `:`.
    fn is_key(&mut self) -> bool {
        let start = self.at;
        let is_word = self.word().is_some();
        self.skip();
        let is_key = is_word && (self.byte(0) == b':' || (self.byte(0) == b'=' && self.byte(1) != b'='));
        self.at = start;
        is_key
    }

    /// A member and the comma or line break behind it.
    fn item(&mut self) -> Read<ObjectItem> {
        let start = self.at;
        let key = match self.is_key().then(|| self.word()).flatten() {
            Some(word) => ObjectKey::Name(self.names.share(word), self.span_from(start)),
            None => ObjectKey::Expr(self.expression()?),
        };
        self.skip();
        if !matches!(self.byte(0), b'=' | b':') {
            return self.refused("`=` is expected here, between a key and its value");
        }
        self.at += 1;
        let value = self.expression()?;
        self.skip();
        match self.byte(0) {
            b',' => self.at += 1,
            b'\n' | b'}' => {}
            _ => return self.refused("`,`, `}` or a new line is expected here"),
        }
        Ok(ObjectItem { key, value })
    }

    fn for_expression(&mut self, makes: Makes) -> Read<ExprKind> {
        self.expect_word("for")?;
        let first = self.name()?;
        self.skip();
        let (key_variable, value_variable) = match self.byte(0) {
            b',' => {
                self.at += 1;
                (Some(first), self.name()?)
            }
            _ => (None, first),
        };
        self.expect_word("in")?;
        let collection = self.expression()?;
        self.expect(b':')?;
        let mut value = self.expression()?;
        let mut key = None;
        self.skip();
        if makes == Makes::Object {
            if !self.rest().starts_with("=>") {
                return self.refused("`=>` is expected here, between the key and the value");
            }
            self.at += 2;
            key = Some(std::mem::replace(&mut value, self.expression()?));
            self.skip();
        }
        let groups = self.rest().starts_with("...");
        if groups {
            self.at += 3;
            self.skip();
        }
        let mut condition = None;
        if self.is_at_word("if") {
            self.at += "if".len();
            condition = Some(self.expression()?);
        }
        self.expect(if makes == Makes::Object { b'}' } else { b']' })?;
        let it = For { key_variable, value_variable, collection, key, value, groups, condition };
        Ok(ExprKind::For(Box::new(it)))
    }
}
