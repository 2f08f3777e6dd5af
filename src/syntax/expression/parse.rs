//! From tokens to the tree, by descent with a bounded depth.

use std::ops::Range;

use super::lex::{self, Token};
use super::{DEPTH_LIMIT, Error, Expression, Kind, Operator};

/// Reads the expression that stands in these bytes of a text.
pub fn parse(text: &str, range: Range<usize>) -> Result<Expression, Error> {
    let tokens = lex::tokens(text, range.clone())?;
    if tokens.is_empty() {
        return Err(Error { range, message: "there is no expression here".to_owned() });
    }
    let mut parser = Parser { tokens, at: 0, depth: 0, end: range.end };
    let expression = parser.or()?;
    match parser.tokens.get(parser.at) {
        None => Ok(expression),
        Some((_, range)) => Err(Error { range: range.clone(), message: "the expression ends before this".to_owned() }),
    }
}

struct Parser {
    tokens: Vec<(Token, Range<usize>)>,
    at: usize,
    depth: usize,
    end: usize,
}

impl Parser {
    fn takes(&mut self, symbol: &str) -> bool {
        let fits = matches!(self.tokens.get(self.at), Some((Token::Symbol(found), _)) if *found == symbol);
        self.at += usize::from(fits);
        fits
    }

    fn expect(&mut self, symbol: &str) -> Result<usize, Error> {
        if self.takes(symbol) {
            return Ok(self.tokens[self.at - 1].1.end);
        }
        Err(self.error(format!("`{symbol}` is expected here")))
    }

    /// An error at the next token.
    fn error(&self, message: String) -> Error {
        let range = self.tokens.get(self.at).map_or(self.end..self.end, |(_, range)| range.clone());
        Error { range, message }
    }

    fn deeper<T>(&mut self, inner: impl FnOnce(&mut Parser) -> Result<T, Error>) -> Result<T, Error> {
        if self.depth >= DEPTH_LIMIT {
            return Err(self.error("the expression nests too deep".to_owned()));
        }
        self.depth += 1;
        let result = inner(self);
        self.depth -= 1;
        result
    }

    fn or(&mut self) -> Result<Expression, Error> {
        self.chain("||", Parser::and, Kind::Or)
    }

    fn and(&mut self) -> Result<Expression, Error> {
        self.chain("&&", Parser::equality, Kind::And)
    }

    /// Parts joined by one operator, kept side by side however many there are.
    fn chain(
        &mut self,
        symbol: &str,
        part: fn(&mut Parser) -> Result<Expression, Error>,
        join: fn(Vec<Expression>) -> Kind,
    ) -> Result<Expression, Error> {
        let first = part(self)?;
        let mut parts = vec![first];
        while self.takes(symbol) {
            parts.push(part(self)?);
        }
        match <[Expression; 1]>::try_from(parts) {
            Ok([only]) => Ok(only),
            Err(parts) => {
                let start = parts.first().map_or(0, |part| part.range.start);
                let end = parts.last().map_or(0, |part| part.range.end);
                Ok(Expression { kind: join(parts), range: start..end })
            }
        }
    }

    fn equality(&mut self) -> Result<Expression, Error> {
        self.comparison(&[("==", Operator::Equal), ("!=", Operator::NotEqual)], Parser::ordering)
    }

    fn ordering(&mut self) -> Result<Expression, Error> {
        let operators = [
            ("<=", Operator::LessEqual),
            (">=", Operator::GreaterEqual),
            ("<", Operator::Less),
            (">", Operator::Greater),
        ];
        self.comparison(&operators, Parser::unary)
    }

    fn comparison(
        &mut self,
        operators: &[(&str, Operator)],
        part: fn(&mut Parser) -> Result<Expression, Error>,
    ) -> Result<Expression, Error> {
        let mut left = part(self)?;
        for _ in 0..DEPTH_LIMIT {
            let Some(operator) = operators.iter().find(|(symbol, _)| self.takes(symbol)).map(|(_, it)| *it) else {
                return Ok(left);
            };
            let right = part(self)?;
            let range = left.range.start..right.range.end;
            left = Expression { kind: Kind::Compare(operator, Box::new(left), Box::new(right)), range };
        }
        Err(self.error("too many comparisons follow each other".to_owned()))
    }

    fn unary(&mut self) -> Result<Expression, Error> {
        let start = self.tokens.get(self.at).map_or(self.end, |(_, range)| range.start);
        if self.takes("!") {
            let inner = self.deeper(Parser::unary)?;
            let range = start..inner.range.end;
            return Ok(Expression { kind: Kind::Not(Box::new(inner)), range });
        }
        self.access()
    }

    fn access(&mut self) -> Result<Expression, Error> {
        let mut object = self.primary()?;
        for _ in 0..DEPTH_LIMIT {
            let start = object.range.start;
            if self.takes(".") {
                let Some((token, range)) = self.tokens.get(self.at).cloned() else {
                    return Err(self.error("a name is expected behind the dot".to_owned()));
                };
                self.at += 1;
                let kind = match token {
                    Token::Name(name) => Kind::Property(Box::new(object), name),
                    Token::Symbol("*") => Kind::Every(Box::new(object)),
                    _ => return Err(Error { range, message: "a name is expected behind the dot".to_owned() }),
                };
                object = Expression { kind, range: start..range.end };
            } else if self.takes("[") {
                let kind = if self.takes("*") {
                    Kind::Every(Box::new(object))
                } else {
                    let index = self.deeper(Parser::or)?;
                    Kind::Index(Box::new(object), Box::new(index))
                };
                let end = self.expect("]")?;
                object = Expression { kind, range: start..end };
            } else {
                return Ok(object);
            }
        }
        Err(self.error("too many accesses follow each other".to_owned()))
    }

    fn primary(&mut self) -> Result<Expression, Error> {
        let Some((token, range)) = self.tokens.get(self.at).cloned() else {
            return Err(self.error("the expression ends too early".to_owned()));
        };
        self.at += 1;
        let kind = match token {
            Token::Number(number) => Kind::Number(number),
            Token::Text(text) => Kind::Text(text),
            Token::Symbol("(") => {
                let inner = self.deeper(Parser::or)?;
                let end = self.expect(")")?;
                return Ok(Expression { kind: inner.kind, range: range.start..end });
            }
            Token::Symbol(symbol) => {
                return Err(Error { range, message: format!("a value is expected, not `{symbol}`") });
            }
            Token::Name(name) => match name.as_str() {
                "null" => Kind::Null,
                "true" => Kind::Bool(true),
                "false" => Kind::Bool(false),
                "NaN" => Kind::Number(f64::NAN),
                "Infinity" => Kind::Number(f64::INFINITY),
                _ if self.takes("(") => return self.call(name, range.start),
                _ => Kind::Context(name),
            },
        };
        Ok(Expression { kind, range })
    }

    fn call(&mut self, name: String, start: usize) -> Result<Expression, Error> {
        let mut arguments = Vec::new();
        if self.takes(")") {
            let end = self.tokens[self.at - 1].1.end;
            return Ok(Expression { kind: Kind::Call(name, arguments), range: start..end });
        }
        loop {
            arguments.push(self.deeper(Parser::or)?);
            if !self.takes(",") {
                break;
            }
        }
        let end = self.expect(")")?;
        Ok(Expression { kind: Kind::Call(name, arguments), range: start..end })
    }
}
