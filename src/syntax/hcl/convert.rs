//! From hcl-edit's tree of one top-level item to ours. Its spans count from the start of the item, ours from the start
//! of the file; nobody else sees hcl-edit.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use hcl_edit::Span as _;
use hcl_edit::expr::{self, Expression};
use hcl_edit::structure;
use unicode_normalization::{UnicodeNormalization, is_nfc};

use super::template::Tokens;
use super::tree::{
    Attribute, Binary, BinaryOperator, Block, Body, Call, Conditional, Expr, ExprKind, For, Label, Name, ObjectItem,
    ObjectKey, Step, StepKind, Template, TemplateForm, Traversal, UnaryOperator,
};
use crate::source::{FileId, Span};
use crate::syntax::yaml::Scalar;

/// What was put into a copy of an item's text so that hcl-edit takes it: a mark before each repeated key.
#[derive(Debug, Default)]
pub(super) struct Marks {
    /// Where each mark begins in the copy, in order, and how long it is.
    pub(super) inserted: Vec<Range<usize>>,
}

/// Every mark begins with this; what follows is a number and `_`.
pub(super) const MARK: &str = "__again";

impl Marks {
    /// The parenthesis before a lone expression.
    pub(super) fn opening_parenthesis() -> Marks {
        Marks { inserted: vec![0..1] }
    }

    pub(super) fn insert(&mut self, at: usize, length: usize) {
        let index = self.inserted.partition_point(|mark| mark.start < at);
        for later in &mut self.inserted[index..] {
            later.start += length;
            later.end += length;
        }
        self.inserted.insert(index, at..at + length);
    }

    pub(super) fn original(&self, offset: usize) -> usize {
        let before = self.inserted.iter().take_while(|mark| mark.start < offset);
        offset - before.map(|mark| mark.end.min(offset) - mark.start).sum::<usize>()
    }

    /// A key's text without its mark.
    pub(super) fn unmarked<'a>(&self, text: &'a str) -> &'a str {
        if self.inserted.is_empty() {
            return text;
        }
        match text.strip_prefix(MARK).and_then(|rest| rest.split_once('_')) {
            Some((_, rest)) => rest,
            None => text,
        }
    }
}

/// Names of one file, each kept once.
#[derive(Debug, Default)]
pub(super) struct Names {
    names: HashSet<Name>,
}

impl Names {
    /// Names beyond this length are texts; sharing them costs more than it saves.
    const LONGEST: usize = 40;

    pub(super) fn share(&mut self, text: &str) -> Name {
        let normal: std::borrow::Cow<'_, str> =
            if text.is_ascii() || is_nfc(text) { text.into() } else { text.nfc().collect::<String>().into() };
        if normal.len() > Names::LONGEST {
            return normal.as_ref().into();
        }
        if let Some(name) = self.names.get(&*normal) {
            return name.clone();
        }
        let name: Name = normal.as_ref().into();
        self.names.insert(name.clone());
        name
    }
}

pub(super) struct Converter<'a> {
    pub(super) file: FileId,
    /// The text that hcl-edit read.
    pub(super) text: &'a str,
    /// Where that text begins in the file.
    pub(super) base: usize,
    pub(super) marks: &'a Marks,
    /// Of a text of JSON: where its decoded bytes stand in the file, escapes considered.
    pub(super) scalar: Option<&'a Scalar>,
    pub(super) names: &'a mut Names,
}

impl Converter<'_> {
    pub(super) fn span(&self, range: Option<Range<usize>>) -> Span {
        let range = range.unwrap_or(0..0);
        if let Some(scalar) = self.scalar {
            return Span::new(self.file, scalar.source_offset(range.start), scalar.source_end(range.end));
        }
        let start = self.base + self.marks.original(range.start);
        Span::new(self.file, start, self.base + self.marks.original(range.end))
    }

    pub(super) fn name(&mut self, text: &str) -> Name {
        let text = self.marks.unmarked(text);
        self.names.share(text)
    }

    pub(super) fn body(&mut self, body: &structure::Body) -> Body {
        let mut converted = Body::default();
        for item in body {
            match item {
                structure::Structure::Attribute(attribute) => converted.attributes.push(self.attribute(attribute)),
                structure::Structure::Block(block) => converted.blocks.push(self.block(block)),
            }
        }
        converted
    }

    fn attribute(&mut self, attribute: &structure::Attribute) -> Attribute {
        let name_span = self.span(attribute.key.span());
        let value = self.expr(&attribute.value);
        let span = name_span.to(value.span);
        Attribute { name: self.name(attribute.key.as_str()), name_span, value, span }
    }

    fn block(&mut self, block: &structure::Block) -> Block {
        let kind_span = self.span(block.ident.span());
        let labels: Vec<Label> = block.labels.iter().map(|label| self.label(label)).collect();
        let header_span = labels.last().map_or(kind_span, |label| kind_span.to(label.span));
        Block {
            kind: self.name(block.ident.as_str()),
            kind_span,
            labels,
            body: self.body(&block.body),
            header_span,
            span: self.span(block.span()),
        }
    }

    fn label(&mut self, label: &structure::BlockLabel) -> Label {
        Label { span: self.span(label.span()), text: self.name(label.as_str()) }
    }

    pub(super) fn expr(&mut self, expression: &Expression) -> Expr {
        let kind = match expression {
            Expression::Null(_) => ExprKind::Null,
            Expression::Bool(value) => ExprKind::Bool(*value.value()),
            Expression::Number(number) => self.number(number.span()),
            Expression::String(text) => ExprKind::Text(self.name(text.as_str())),
            Expression::Array(array) => ExprKind::List(array.iter().map(|item| self.expr(item)).collect()),
            Expression::Object(object) => self.object(object),
            Expression::StringTemplate(template) => self.template(template, TemplateForm::Quoted, Indent::Kept),
            Expression::HeredocTemplate(heredoc) => {
                let start = heredoc.span().map_or(0, |span| span.start);
                let indent = if self.text[start..].starts_with("<<-") { Indent::Removed } else { Indent::Kept };
                self.template(&heredoc.template, TemplateForm::Heredoc, indent)
            }
            Expression::Parenthesis(inner) => return self.parentheses(inner, expression),
            Expression::Variable(name) => ExprKind::Variable(self.name(name.as_str())),
            Expression::Conditional(conditional) => ExprKind::Conditional(Box::new(Conditional {
                condition: self.expr(&conditional.cond_expr),
                then: self.expr(&conditional.true_expr),
                otherwise: self.expr(&conditional.false_expr),
            })),
            Expression::FuncCall(call) => self.call(call),
            Expression::Traversal(traversal) => self.traversal(traversal),
            Expression::UnaryOp(unary) => {
                let operator = match unary.operator.value() {
                    expr::UnaryOperator::Not => UnaryOperator::Not,
                    expr::UnaryOperator::Neg => UnaryOperator::Negate,
                };
                ExprKind::Unary(operator, Box::new(self.expr(&unary.expr)))
            }
            Expression::BinaryOp(binary) => ExprKind::Binary(Box::new(Binary {
                operator: binary_operator(*binary.operator.value()),
                operator_span: self.span(binary.operator.span()),
                left: self.expr(&binary.lhs_expr),
                right: self.expr(&binary.rhs_expr),
            })),
            Expression::ForExpr(for_expr) => self.for_expr(for_expr),
        };
        Expr { kind, span: self.span(expression.span()) }
    }

    /// Digits as written; a minus that hcl-edit took into the number stays with it.
    fn number(&mut self, range: Option<Range<usize>>) -> ExprKind {
        let start = range.as_ref().map_or(0, |range| range.start);
        let hidden = self.marks.inserted.iter().find(|mark| mark.start == start).map_or(0, |mark| mark.len());
        let written = range.and_then(|range| self.text.get(range.start + hidden..range.end)).unwrap_or("0");
        let compact: String = written.chars().filter(|c| !c.is_whitespace()).collect();
        ExprKind::Number(self.names.share(&compact))
    }

    /// `(__again1_ ? 0 : key)` is the repeated key in parentheses.
    fn parentheses(&mut self, inner: &expr::Parenthesis, whole: &Expression) -> Expr {
        let span = self.span(whole.span());
        let value = match inner.inner() {
            Expression::Conditional(conditional) if self.is_mark(&conditional.cond_expr) => {
                self.expr(&conditional.false_expr)
            }
            value => self.expr(value),
        };
        Expr { kind: ExprKind::Parentheses(Box::new(value)), span }
    }

    fn is_mark(&self, condition: &Expression) -> bool {
        !self.marks.inserted.is_empty() && condition.as_variable().is_some_and(|name| name.starts_with(MARK))
    }

    fn object(&mut self, object: &expr::Object) -> ExprKind {
        let items = object.iter().map(|(key, value)| {
            let key = match key {
                expr::ObjectKey::Ident(name) => ObjectKey::Name(self.name(name.as_str()), self.span(name.span())),
                expr::ObjectKey::Expression(key) => self.object_key(key),
            };
            ObjectItem { key, value: self.expr(value.expr()) }
        });
        ExprKind::Object(items.collect())
    }

    /// `true`, `null` and numbers are names as keys.
    fn object_key(&mut self, key: &Expression) -> ObjectKey {
        let span = self.span(key.span());
        match key {
            Expression::Null(_) => ObjectKey::Name(self.name("null"), span),
            Expression::Bool(value) => ObjectKey::Name(self.name(if *value.value() { "true" } else { "false" }), span),
            _ => ObjectKey::Expr(self.expr(key)),
        }
    }

    fn call(&mut self, call: &expr::FuncCall) -> ExprKind {
        let first = call.name.namespace.first().unwrap_or(&call.name.name);
        let name_span = self.span(first.span()).to(self.span(call.name.name.span()));
        let name = if call.name.namespace.is_empty() {
            self.name(call.name.name.as_str())
        } else {
            let parts = call.name.namespace.iter().chain([&call.name.name]);
            Arc::from(parts.map(|part| part.as_str()).collect::<Vec<_>>().join("::"))
        };
        let arguments = call.args.iter().map(|argument| self.expr(argument)).collect();
        ExprKind::Call(Box::new(Call { name, name_span, arguments, spreads_last: call.args.expand_final() }))
    }

    fn traversal(&mut self, traversal: &expr::Traversal) -> ExprKind {
        let base = self.expr(&traversal.expr);
        let steps = traversal.operators.iter().map(|operator| {
            let span = self.span(operator.span());
            let kind = match operator.value() {
                expr::TraversalOperator::AttrSplat(_) => StepKind::AttributeSplat,
                expr::TraversalOperator::FullSplat(_) => StepKind::FullSplat,
                expr::TraversalOperator::GetAttr(name) => StepKind::Attribute(self.name(name.as_str())),
                expr::TraversalOperator::Index(index) => StepKind::Index(self.expr(index)),
                expr::TraversalOperator::LegacyIndex(index) => {
                    StepKind::LegacyIndex(self.names.share(&index.value().to_string()))
                }
            };
            Step { kind, span }
        });
        let steps = steps.collect();
        ExprKind::Traversal(Box::new(Traversal { base, steps }))
    }

    fn for_expr(&mut self, for_expr: &expr::ForExpr) -> ExprKind {
        ExprKind::For(Box::new(For {
            key_variable: for_expr.intro.key_var.as_ref().map(|name| self.name(name.as_str())),
            value_variable: self.name(for_expr.intro.value_var.as_str()),
            collection: self.expr(&for_expr.intro.collection_expr),
            key: for_expr.key_expr.as_ref().map(|key| self.expr(key)),
            value: self.expr(&for_expr.value_expr),
            groups: for_expr.grouping,
            condition: for_expr.cond.as_ref().map(|condition| self.expr(&condition.expr)),
        }))
    }

    pub(super) fn template(
        &mut self,
        template: &hcl_edit::template::Template,
        form: TemplateForm,
        indent: Indent,
    ) -> ExprKind {
        let mut tokens = Tokens::default();
        self.tokens(template, form, &mut tokens);
        tokens.strip();
        if indent == Indent::Removed {
            tokens.remove_indent();
        }
        ExprKind::Template(Box::new(Template { form, parts: tokens.into_parts(self) }))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Indent {
    Kept,
    Removed,
}

fn binary_operator(operator: expr::BinaryOperator) -> BinaryOperator {
    match operator {
        expr::BinaryOperator::Eq => BinaryOperator::Equal,
        expr::BinaryOperator::NotEq => BinaryOperator::NotEqual,
        expr::BinaryOperator::LessEq => BinaryOperator::LessOrEqual,
        expr::BinaryOperator::GreaterEq => BinaryOperator::GreaterOrEqual,
        expr::BinaryOperator::Less => BinaryOperator::Less,
        expr::BinaryOperator::Greater => BinaryOperator::Greater,
        expr::BinaryOperator::Plus => BinaryOperator::Add,
        expr::BinaryOperator::Minus => BinaryOperator::Subtract,
        expr::BinaryOperator::Mul => BinaryOperator::Multiply,
        expr::BinaryOperator::Div => BinaryOperator::Divide,
        expr::BinaryOperator::Mod => BinaryOperator::Remainder,
        expr::BinaryOperator::And => BinaryOperator::And,
        expr::BinaryOperator::Or => BinaryOperator::Or,
    }
}
