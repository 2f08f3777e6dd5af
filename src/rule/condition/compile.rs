//! From an HCL expression to a checked condition: every name is looked up in the schema, every comparison has two sides
//! that can be compared. A misspelt property is an error with a suggestion, never a rule that silently does not fire.

use std::collections::BTreeMap;

use regex::RegexBuilder;

use super::path::PathType;
use super::{Condition, Constant, Operand, OperandType, Operands, Operator, Quantifier, Test, TextRelation, Variable};
use crate::model::schema::{PropertyType, Schema};
use crate::source::{FileId, Span, nearest};
use crate::syntax::hcl::{BinaryOperator, Call, Expr, ExprKind, For, UnaryOperator, parse_expression};
use crate::value::Number;

/// Patterns beyond this size in memory are refused when the rule is loaded.
const LARGEST_PATTERN: usize = 1 << 20;

/// What is wrong with a condition, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ConditionError {
    pub span: Span,
    pub message: String,
    /// The name that was probably meant.
    pub suggestion: Option<String>,
}

/// What a condition may refer to.
pub struct Environment<'a> {
    pub schema: &'a Schema,
    /// The entity or view that each verdict is about; its name is the variable.
    pub each: &'a str,
    /// The rule's parameters with their values.
    pub params: &'a BTreeMap<String, Constant>,
}

/// Reads and checks a condition whose first byte stands at `offset` of its file; all errors at once.
pub fn compile(text: &str, offset: usize, environment: &Environment<'_>) -> Result<Condition, Vec<ConditionError>> {
    let expr = parse(text, offset)?;
    let mut compiler = Compiler::new(environment);
    let test = compiler.test(&expr);
    match (test, compiler.errors.is_empty()) {
        (Some(test), true) => Ok(Condition { test, variables: compiler.variables }),
        (_, _) => Err(compiler.errors),
    }
}

/// Reads and checks a lone operand over the entity of `each`.
pub fn compile_operand(
    text: &str,
    offset: usize,
    environment: &Environment<'_>,
) -> Result<Operand, Vec<ConditionError>> {
    let expr = parse(text, offset)?;
    let mut compiler = Compiler::new(environment);
    match (compiler.operand(&expr), compiler.errors.is_empty()) {
        (Some(typed), true) => Ok(typed.operand),
        (_, _) => Err(compiler.errors),
    }
}

/// A rule is a file of its own, so its spans need no world: they count from the start of its text.
pub(super) fn parse(text: &str, offset: usize) -> Result<Expr, Vec<ConditionError>> {
    parse_expression(FileId(0), text, offset)
        .map_err(|fault| vec![ConditionError { span: fault.span, message: fault.message, suggestion: None }])
}

pub(super) struct Compiler<'a> {
    pub(super) environment: &'a Environment<'a>,
    pub(super) errors: Vec<ConditionError>,
    /// All variables by number; names may repeat, numbers do not.
    pub(super) variables: Vec<Variable>,
    /// What is in scope, innermost last: name, number, type.
    pub(super) scope: Vec<(String, usize, PathType)>,
}

/// An operand with its type.
pub(super) struct Typed {
    pub(super) operand: Operand,
    pub(super) ty: OperandType,
}

impl<'a> Compiler<'a> {
    pub(super) fn new(environment: &'a Environment<'a>) -> Compiler<'a> {
        let each = environment.each.to_owned();
        Compiler {
            environment,
            errors: Vec::new(),
            variables: vec![Variable { name: each.clone(), target: Some(each.clone()) }],
            scope: vec![(each.clone(), 0, PathType::Entity(each))],
        }
    }

    pub(super) fn error<T>(&mut self, span: Span, message: impl Into<String>) -> Option<T> {
        self.errors.push(ConditionError { span, message: message.into(), suggestion: None });
        None
    }

    pub(super) fn misspelt<'n, T>(
        &mut self,
        span: Span,
        message: String,
        name: &str,
        candidates: impl IntoIterator<Item = &'n str>,
    ) -> Option<T> {
        let suggestion = nearest(name, candidates).map(str::to_owned);
        self.errors.push(ConditionError { span, message, suggestion });
        None
    }

    fn test(&mut self, expr: &Expr) -> Option<Test> {
        match &expr.kind {
            ExprKind::Bool(value) => Some(Test::Literal(*value)),
            ExprKind::Parentheses(inner) => self.test(inner),
            ExprKind::Unary(UnaryOperator::Not, inner) => Some(Test::Not(Box::new(self.test(inner)?))),
            ExprKind::Binary(binary) => match binary.operator {
                BinaryOperator::And => {
                    let (left, right) = (self.test(&binary.left), self.test(&binary.right));
                    Some(Test::And(flattened(left?, right?, Joined::And)))
                }
                BinaryOperator::Or => {
                    let (left, right) = (self.test(&binary.left), self.test(&binary.right));
                    Some(Test::Or(flattened(left?, right?, Joined::Or)))
                }
                BinaryOperator::Equal => self.comparison(&binary.left, Operator::Equal, &binary.right),
                BinaryOperator::NotEqual => self.comparison(&binary.left, Operator::NotEqual, &binary.right),
                BinaryOperator::Less => self.comparison(&binary.left, Operator::Less, &binary.right),
                BinaryOperator::LessOrEqual => self.comparison(&binary.left, Operator::LessOrEqual, &binary.right),
                BinaryOperator::Greater => self.comparison(&binary.left, Operator::Greater, &binary.right),
                BinaryOperator::GreaterOrEqual => {
                    self.comparison(&binary.left, Operator::GreaterOrEqual, &binary.right)
                }
                BinaryOperator::Add
                | BinaryOperator::Subtract
                | BinaryOperator::Multiply
                | BinaryOperator::Divide
                | BinaryOperator::Remainder => {
                    self.error(binary.operator_span, "a condition does not calculate; what needs it is a fact")
                }
            },
            ExprKind::Call(call) => self.call_test(call, expr.span),
            ExprKind::Variable(_) | ExprKind::Traversal(_) => {
                if let Some(test) = self.has_test(expr) {
                    return test;
                }
                let typed = self.operand(expr)?;
                match typed.ty {
                    OperandType::Property(PropertyType::Flag) | OperandType::Any => Some(Test::Flag(typed.operand)),
                    ty => self.error(expr.span, format!("a flag is wanted here, this is a {}", name_of(ty))),
                }
            }
            ExprKind::Null
            | ExprKind::Number(_)
            | ExprKind::Text(_)
            | ExprKind::Template(_)
            | ExprKind::Conditional(_)
            | ExprKind::Unary(UnaryOperator::Negate, _)
            | ExprKind::List(_)
            | ExprKind::Object(_)
            | ExprKind::For(_)
            | ExprKind::Unreadable(_) => self.error(expr.span, "a condition is wanted here: something true or false"),
        }
    }

    fn call_test(&mut self, call: &Call, span: Span) -> Option<Test> {
        match &*call.name {
            "alltrue" => self.quantified(call, span, Quantifier::All),
            "anytrue" => self.quantified(call, span, Quantifier::Any),
            "contains" => {
                let [list, item] = self.arguments(call, span)?;
                let (list, item) = (self.list(list)?, self.operand(item)?);
                Some(Test::Contains { list, item: item.operand })
            }
            "startswith" => self.text_test(call, span, TextRelation::StartsWith),
            "endswith" => self.text_test(call, span, TextRelation::EndsWith),
            "strcontains" => self.text_test(call, span, TextRelation::Contains),
            "can" => self.matches(call, span),
            "present" => {
                let path = self.resource_path(call, span)?;
                Some(Test::Present(path))
            }
            "attr" => Some(Test::Flag(self.attribute(call, span)?.operand)),
            name => {
                let known = [
                    "alltrue",
                    "anytrue",
                    "contains",
                    "startswith",
                    "endswith",
                    "strcontains",
                    "can",
                    "present",
                    "attr",
                ];
                self.misspelt(call.name_span, format!("no function `{name}` gives a condition"), name, known)
            }
        }
    }

    fn quantified(&mut self, call: &Call, span: Span, quantifier: Quantifier) -> Option<Test> {
        let [argument] = self.arguments(call, span)?;
        let ExprKind::For(it) = &argument.kind else {
            return self.error(argument.span, "write `[for x in list : condition]` here");
        };
        self.check_for(it, argument.span)?;
        let collection = self.operand(&it.collection)?;
        let member = match collection.ty {
            OperandType::Property(PropertyType::Many(target)) => PathType::Entity(target.to_owned()),
            OperandType::Property(PropertyType::Texts) => PathType::Value(PropertyType::Text),
            OperandType::Property(PropertyType::Raw) | OperandType::List | OperandType::Any => PathType::Any,
            ty => return self.error(it.collection.span, format!("a list is wanted here, this is a {}", name_of(ty))),
        };
        let number = self.variables.len();
        let target = match &member {
            PathType::Entity(target) => Some(target.clone()),
            PathType::Value(_) | PathType::Any => None,
        };
        self.variables.push(Variable { name: it.value_variable.to_string(), target });
        self.scope.push((it.value_variable.to_string(), number, member));
        let body = self.test(&it.value);
        self.scope.pop();
        Some(Test::Quantified { quantifier, variable: number, list: collection.operand, body: Box::new(body?) })
    }

    fn check_for(&mut self, it: &For, span: Span) -> Option<()> {
        if it.condition.is_some() {
            return self.error(span, "no `if` in a condition's `for`: write `!p || q`");
        }
        if it.key.is_some() || it.key_variable.is_some() || it.groups {
            return self.error(span, "write `[for x in list : condition]` here");
        }
        Some(())
    }

    fn text_test(&mut self, call: &Call, span: Span, relation: TextRelation) -> Option<Test> {
        let [text, needle] = self.arguments(call, span)?;
        let (text, needle) = (self.text(text)?, self.text(needle)?);
        Some(Test::TextTest { relation, text, needle })
    }

    fn matches(&mut self, call: &Call, span: Span) -> Option<Test> {
        let [argument] = self.arguments(call, span)?;
        let ExprKind::Call(regex) = &argument.kind else {
            return self.error(argument.span, "only `can(regex(\"pattern\", text))` is a condition");
        };
        if &*regex.name != "regex" {
            return self.error(regex.name_span, "only `can(regex(\"pattern\", text))` is a condition");
        }
        let [pattern, text] = self.arguments(regex, argument.span)?;
        let Some(source) = pattern.as_text() else {
            return self.error(pattern.span, "a pattern is a literal");
        };
        let text = self.text(text)?;
        match RegexBuilder::new(source).size_limit(LARGEST_PATTERN).build() {
            Ok(pattern) => Some(Test::Matches { text, pattern }),
            Err(error) => self.error(pattern.span, format!("not a pattern: {error}")),
        }
    }

    fn comparison(&mut self, left: &Expr, operator: Operator, right: &Expr) -> Option<Test> {
        let (a, b) = (self.operand(left), self.operand(right));
        let (a, b) = (a?, b?);
        let is_order = !matches!(operator, Operator::Equal | Operator::NotEqual);
        if is_order {
            for (typed, expr) in [(&a, left), (&b, right)] {
                if !matches!(typed.ty, OperandType::Property(PropertyType::Number) | OperandType::Any) {
                    return self
                        .error(expr.span, format!("only numbers have an order, this is a {}", name_of(typed.ty)));
                }
            }
        }
        self.check_words(&a, &b, right)?;
        self.check_words(&b, &a, left)?;
        if !comparable(a.ty, b.ty) {
            let (a, b) = (name_of(a.ty), name_of(b.ty));
            return self.error(left.span.to(right.span), format!("a {a} and a {b} are never equal"));
        }
        Some(Test::Compare { left: a.operand, operator, right: b.operand })
    }

    /// A literal that is compared with a word must be one of its words.
    fn check_words(&mut self, word: &Typed, literal: &Typed, at: &Expr) -> Option<()> {
        let (OperandType::Property(PropertyType::Word(words)), Operand::Constant(Constant::Text(text))) =
            (word.ty, &literal.operand)
        else {
            return Some(());
        };
        if words.is_empty() || words.contains(&text.as_str()) {
            return Some(());
        }
        let message = format!("`{text}` is not one of {}", words.join(", "));
        let text = text.clone();
        self.misspelt(at.span, message, &text, words.iter().copied())
    }

    pub(super) fn operand(&mut self, expr: &Expr) -> Option<Typed> {
        let constant = |constant, ty| Some(Typed { operand: Operand::Constant(constant), ty });
        match &expr.kind {
            ExprKind::Parentheses(inner) => self.operand(inner),
            ExprKind::Bool(value) => constant(Constant::Bool(*value), OperandType::Property(PropertyType::Flag)),
            ExprKind::Text(text) => {
                constant(Constant::Text(text.to_string()), OperandType::Property(PropertyType::Text))
            }
            ExprKind::Number(_) | ExprKind::Unary(UnaryOperator::Negate, _) => {
                let number = self.number(expr)?;
                constant(Constant::Number(number), OperandType::Property(PropertyType::Number))
            }
            ExprKind::List(items) => {
                let mut constants = Vec::with_capacity(items.len());
                for item in items {
                    match self.operand(item)?.operand {
                        Operand::Constant(constant) => constants.push(constant),
                        _ => return self.error(item.span, "a list holds literals only"),
                    }
                }
                constant(Constant::List(constants), OperandType::List)
            }
            ExprKind::Variable(_) | ExprKind::Traversal(_) => self.path(expr),
            ExprKind::Call(call) => self.call_operand(call, expr.span),
            ExprKind::Template(_) => self.error(expr.span, "no interpolation in a condition"),
            ExprKind::Null => self.error(expr.span, "no `null` in a condition: ask `has_…`"),
            ExprKind::Conditional(_) => self.error(expr.span, "no `?:` in a condition: use `&&` and `||`"),
            ExprKind::Binary(_)
            | ExprKind::Unary(UnaryOperator::Not, _)
            | ExprKind::Object(_)
            | ExprKind::For(_)
            | ExprKind::Unreadable(_) => self.error(expr.span, "a property, a fact or a literal is wanted here"),
        }
    }

    fn call_operand(&mut self, call: &Call, span: Span) -> Option<Typed> {
        match &*call.name {
            "length" => {
                let [argument] = self.arguments(call, span)?;
                let inner = self.operand(argument)?;
                match inner.ty {
                    OperandType::Property(
                        PropertyType::Many(_)
                        | PropertyType::Texts
                        | PropertyType::Entries
                        | PropertyType::Text
                        | PropertyType::Raw,
                    )
                    | OperandType::List
                    | OperandType::Any => {}
                    ty => return self.error(argument.span, format!("a {} has no length", name_of(ty))),
                }
                let ty = OperandType::Property(PropertyType::Number);
                Some(Typed { operand: Operand::Length(Box::new(inner.operand)), ty })
            }
            "attr" => self.attribute(call, span),
            "attrs" => {
                let path = self.resource_path(call, span)?;
                Some(Typed { operand: Operand::Attributes { path }, ty: OperandType::List })
            }
            name => {
                let known = ["length", "attr", "attrs"];
                self.misspelt(call.name_span, format!("no function `{name}` gives a value"), name, known)
            }
        }
    }

    fn attribute(&mut self, call: &Call, span: Span) -> Option<Typed> {
        let path = self.resource_path(call, span)?;
        let default = match call.arguments.get(1) {
            Some(expr) => match self.operand(expr)?.operand {
                Operand::Constant(constant) => Some(constant),
                _ => return self.error(expr.span, "a default is a literal"),
            },
            None => None,
        };
        Some(Typed { operand: Operand::Attribute { path, default }, ty: OperandType::Any })
    }

    /// The path of `attr`, `attrs`, `present`: a literal, in rules over resources only.
    fn resource_path(&mut self, call: &Call, span: Span) -> Option<Vec<String>> {
        if self.environment.each != "resource" {
            return self.error(call.name_span, format!("`{}` is for `each: resource(…)` only", call.name));
        }
        let most = if &*call.name == "attr" { 2 } else { 1 };
        if call.arguments.is_empty() || call.arguments.len() > most {
            return self
                .error(span, format!("`{}` takes a path{}", call.name, if most == 2 { " and a default" } else { "" }));
        }
        match call.arguments[0].as_text() {
            Some(path) => Some(path.split('.').map(str::to_owned).collect()),
            None => self.error(call.arguments[0].span, "the path is a literal"),
        }
    }

    fn list(&mut self, expr: &Expr) -> Option<Operand> {
        let typed = self.operand(expr)?;
        match typed.ty {
            OperandType::Property(PropertyType::Texts | PropertyType::Raw) | OperandType::List | OperandType::Any => {
                Some(typed.operand)
            }
            ty => self.error(expr.span, format!("a list of values is wanted here, this is a {}", name_of(ty))),
        }
    }

    fn text(&mut self, expr: &Expr) -> Option<Operand> {
        let typed = self.operand(expr)?;
        match typed.ty {
            OperandType::Property(PropertyType::Text | PropertyType::Word(_) | PropertyType::Raw)
            | OperandType::Any => Some(typed.operand),
            ty => self.error(expr.span, format!("a text is wanted here, this is a {}", name_of(ty))),
        }
    }

    fn number(&mut self, expr: &Expr) -> Option<Number> {
        let number = match &expr.kind {
            ExprKind::Number(text) => Number::parse(text),
            ExprKind::Unary(UnaryOperator::Negate, inner) => self.number(inner).and_then(Number::negate),
            _ => None,
        };
        match number {
            Some(number) => Some(number),
            None => self.error(expr.span, "a number is wanted here"),
        }
    }

    fn arguments<'e, const N: usize>(&mut self, call: &'e Call, span: Span) -> Option<[&'e Expr; N]> {
        let arguments: Vec<&Expr> = call.arguments.iter().collect();
        match <[&Expr; N]>::try_from(arguments) {
            Ok(arguments) => Some(arguments),
            Err(given) => self.error(span, format!("`{}` takes {N} arguments, {} are given", call.name, given.len())),
        }
    }
}

enum Joined {
    And,
    Or,
}

/// `a && b && c` as one list, so that evidence is ordered as written.
fn flattened(left: Test, right: Test, joined: Joined) -> Operands {
    let mut tests = Vec::new();
    for test in [left, right] {
        match (test, &joined) {
            (Test::And(inner), Joined::And) | (Test::Or(inner), Joined::Or) => tests.extend(inner.tests),
            (test, _) => tests.push(test),
        }
    }
    Operands::new(tests)
}

fn comparable(a: OperandType, b: OperandType) -> bool {
    use OperandType::{Any, List, Property};
    use PropertyType::{Entries, Many, One, Raw, Text, Texts, Word};
    match (a, b) {
        (Any, _) | (_, Any) | (Property(Raw), _) | (_, Property(Raw)) => true,
        (Property(One(_)), Property(One(_))) => true,
        (Property(Text | Word(_)), Property(Text | Word(_))) => true,
        (Property(Texts), List) | (List, Property(Texts)) | (List, List) => true,
        (Property(Many(_) | Entries), _) | (_, Property(Many(_) | Entries)) => false,
        (a, b) => a == b,
    }
}

pub(super) fn name_of(ty: OperandType) -> String {
    match ty {
        OperandType::Property(ty) => ty.to_string(),
        OperandType::List => "list".to_owned(),
        OperandType::Any => "value".to_owned(),
    }
}
