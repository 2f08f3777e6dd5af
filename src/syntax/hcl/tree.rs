//! The tree of HCL: bodies, blocks, attributes, expressions, each with its bytes. Names are shared within a file. JSON
//! syntax is read into the same tree, so nobody above asks which of the two a file was.

use std::sync::Arc;

use crate::source::Span;

/// A name or text of the file; equal ones of one file share their bytes.
pub type Name = Arc<str>;

#[derive(Clone, Debug, Default)]
pub struct Body {
    /// In the order of writing; a name stands once.
    pub attributes: Vec<Attribute>,
    /// In the order of writing.
    pub blocks: Vec<Block>,
}

#[derive(Clone, Debug)]
pub struct Attribute {
    pub name: Name,
    pub name_span: Span,
    pub value: Expr,
    /// From the name to the end of the value.
    pub span: Span,
}

#[derive(Clone, Debug)]
pub struct Block {
    pub kind: Name,
    pub kind_span: Span,
    pub labels: Vec<Label>,
    pub body: Body,
    /// Kind and labels.
    pub header_span: Span,
    /// The whole block.
    pub span: Span,
}

#[derive(Clone, Debug)]
pub struct Label {
    pub text: Name,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub struct Expr {
    pub kind: ExprKind,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub enum ExprKind {
    Null,
    Bool(bool),
    /// As written.
    Number(Name),
    /// A quoted text without interpolations, unescaped. The span includes the quotes.
    Text(Name),
    Template(Box<Template>),
    /// A lone word: `each`, `var`, the variable of a `for`.
    Variable(Name),
    Traversal(Box<Traversal>),
    Call(Box<Call>),
    Conditional(Box<Conditional>),
    Binary(Box<Binary>),
    Unary(UnaryOperator, Box<Expr>),
    Parentheses(Box<Expr>),
    List(Vec<Expr>),
    Object(Vec<ObjectItem>),
    For(Box<For>),
    /// Nested deeper than the limit of the language's readers, or otherwise unreadable; the reason code.
    Unreadable(&'static str),
}

/// How the pieces of a template were written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TemplateForm {
    Quoted,
    Heredoc,
    /// A text that is a template as a whole: a template file, a text of JSON syntax.
    Bare,
}

/// White space that `~` strips and the indentation of `<<-` are gone already.
#[derive(Clone, Debug)]
pub struct Template {
    pub form: TemplateForm,
    pub parts: Vec<Part>,
}

#[derive(Clone, Debug)]
pub enum Part {
    /// Unescaped. A literal of a heredoc or template file ends at each newline, so that its bytes are those of the
    /// file unless it holds an escaped `$${` or `%%{`.
    Literal {
        text: Name,
        span: Span,
    },
    /// The span includes `${` and `}`.
    Interpolation {
        value: Expr,
        span: Span,
    },
    If {
        condition: Expr,
        then: Vec<Part>,
        otherwise: Vec<Part>,
        span: Span,
    },
    For {
        key: Option<Name>,
        value: Name,
        collection: Expr,
        body: Vec<Part>,
        span: Span,
    },
}

#[derive(Clone, Debug)]
pub struct Traversal {
    pub base: Expr,
    pub steps: Vec<Step>,
}

#[derive(Clone, Debug)]
pub struct Step {
    pub kind: StepKind,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub enum StepKind {
    /// `.name`
    Attribute(Name),
    /// `[expression]`
    Index(Expr),
    /// `.0`
    LegacyIndex(Name),
    /// `.*`: only the attribute steps that follow belong to it.
    AttributeSplat,
    /// `[*]`: every step that follows belongs to it.
    FullSplat,
}

#[derive(Clone, Debug)]
pub struct Call {
    /// With its namespaces: `provider::aws::arn_build`.
    pub name: Name,
    pub name_span: Span,
    pub arguments: Vec<Expr>,
    /// `f(a, b...)`: the members of the last argument are arguments.
    pub spreads_last: bool,
}

#[derive(Clone, Debug)]
pub struct Conditional {
    pub condition: Expr,
    pub then: Expr,
    pub otherwise: Expr,
}

#[derive(Clone, Debug)]
pub struct Binary {
    pub operator: BinaryOperator,
    pub operator_span: Span,
    pub left: Expr,
    pub right: Expr,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BinaryOperator {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnaryOperator {
    Not,
    Negate,
}

#[derive(Clone, Debug)]
pub struct ObjectItem {
    pub key: ObjectKey,
    pub value: Expr,
}

impl ObjectItem {
    pub fn span(&self) -> Span {
        self.key.span().to(self.value.span)
    }
}

#[derive(Clone, Debug)]
pub enum ObjectKey {
    /// A bare word or a number, taken as text.
    Name(Name, Span),
    Expr(Expr),
}

impl ObjectKey {
    pub fn span(&self) -> Span {
        match self {
            ObjectKey::Name(_, span) => *span,
            ObjectKey::Expr(expr) => expr.span,
        }
    }
}

#[derive(Clone, Debug)]
pub struct For {
    pub key_variable: Option<Name>,
    pub value_variable: Name,
    pub collection: Expr,
    /// Written before `=>`: then the result is an object.
    pub key: Option<Expr>,
    pub value: Expr,
    /// `value...`: values of equal keys are gathered.
    pub groups: bool,
    pub condition: Option<Expr>,
}

impl Body {
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| &*attribute.name == name)
    }

    pub fn blocks<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Block> {
        self.blocks.iter().filter(move |block| &*block.kind == kind)
    }

    pub fn block<'a>(&'a self, kind: &'a str) -> Option<&'a Block> {
        self.blocks(kind).next()
    }
}

impl Block {
    pub fn label(&self, index: usize) -> Option<&str> {
        self.labels.get(index).map(|label| &*label.text)
    }
}

impl Expr {
    pub fn new(kind: ExprKind, span: Span) -> Expr {
        Expr { kind, span }
    }

    /// The text of a quoted text without interpolations.
    pub fn as_text(&self) -> Option<&str> {
        match &self.kind {
            ExprKind::Text(text) => Some(text),
            ExprKind::Parentheses(inner) => inner.as_text(),
            _ => None,
        }
    }

    /// The word of a lone variable: `string` of `type = string`.
    pub fn as_variable(&self) -> Option<&str> {
        match &self.kind {
            ExprKind::Variable(name) => Some(name),
            _ => None,
        }
    }

    /// `a.b.c`: the words of a traversal without indices.
    pub fn as_path(&self) -> Option<Vec<&str>> {
        match &self.kind {
            ExprKind::Variable(name) => Some(vec![name]),
            ExprKind::Traversal(traversal) => {
                let mut path = vec![traversal.base.as_variable()?];
                for step in &traversal.steps {
                    match &step.kind {
                        StepKind::Attribute(name) => path.push(name),
                        _ => return None,
                    }
                }
                Some(path)
            }
            _ => None,
        }
    }
}
