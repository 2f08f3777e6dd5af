//! The condition language: an HCL expression over properties and facts, checked against the schema when a rule is
//! loaded. Here stands what a checked condition is; how it is evaluated is the business of `check`.

mod compile;
mod message;
mod path;

use regex::Regex;

use crate::model::schema::{Getter, PropertyType};
use crate::value::Number;

pub use compile::{ConditionError, Environment, compile, compile_operand};
pub use message::{Message, MessagePiece, compile_message};

/// A condition that refers to nothing that does not exist.
#[derive(Debug)]
pub struct Condition {
    pub test: Test,
    /// The variables, by number, with the entity or view that they stand for (none for values).
    pub variables: Vec<Variable>,
}

/// Number 0 is the entity of `each`; the others are bound by `for`.
#[derive(Clone, Debug)]
pub struct Variable {
    pub name: String,
    pub target: Option<String>,
}

/// What is true, false or unknown.
#[derive(Debug)]
pub enum Test {
    Literal(bool),
    Not(Box<Test>),
    And(Operands),
    Or(Operands),
    /// A flag, or a fact.
    Flag(Operand),
    /// `has_x`: whether a property is written or has a default, or an edge leads anywhere.
    Has(Access),
    Compare {
        left: Operand,
        operator: Operator,
        right: Operand,
    },
    /// `alltrue([for variable in list : body])`, or with `anytrue`.
    Quantified {
        quantifier: Quantifier,
        variable: usize,
        list: Operand,
        body: Box<Test>,
    },
    Contains {
        list: Operand,
        item: Operand,
    },
    TextTest {
        relation: TextRelation,
        text: Operand,
        needle: Operand,
    },
    Matches {
        text: Operand,
        pattern: Regex,
    },
    /// `present("a.b")`.
    Present(Vec<String>),
}

/// What `&&` or `||` joins, as written, and the order in which it is cheapest to ask.
#[derive(Debug)]
pub struct Operands {
    pub tests: Vec<Test>,
    cheap_first: Vec<usize>,
}

impl Operands {
    pub fn new(tests: Vec<Test>) -> Operands {
        let (dear, mut cheap_first): (Vec<usize>, Vec<usize>) =
            (0..tests.len()).partition(|at| tests[*at].asks_facts());
        cheap_first.extend(dear);
        Operands { tests, cheap_first }
    }

    /// What only reads properties before what asks facts, each with its place among the written.
    pub fn cheap_first(&self) -> impl Iterator<Item = (usize, &Test)> {
        self.cheap_first.iter().map(|at| (*at, &self.tests[*at]))
    }
}

impl Test {
    /// Whether some fact has to be worked out for it; the rest is read off the model.
    fn asks_facts(&self) -> bool {
        match self {
            Test::Literal(_) | Test::Present(_) => false,
            Test::Not(inner) => inner.asks_facts(),
            Test::And(operands) | Test::Or(operands) => operands.tests.iter().any(Test::asks_facts),
            Test::Flag(operand) => operand.asks_facts(),
            Test::Has(access) => access.asks_facts(),
            Test::Compare { left, right, .. } => left.asks_facts() || right.asks_facts(),
            Test::Quantified { list, body, .. } => list.asks_facts() || body.asks_facts(),
            Test::Contains { list, item } => list.asks_facts() || item.asks_facts(),
            Test::TextTest { text, needle, .. } => text.asks_facts() || needle.asks_facts(),
            Test::Matches { text, .. } => text.asks_facts(),
        }
    }
}

impl Operand {
    fn asks_facts(&self) -> bool {
        match self {
            Operand::Constant(_) | Operand::Attribute { .. } | Operand::Attributes { .. } => false,
            Operand::Access(access) => access.asks_facts(),
            Operand::Length(inner) => inner.asks_facts(),
        }
    }
}

impl Access {
    fn asks_facts(&self) -> bool {
        let is_fact = |getter: &(&str, Getter)| matches!(getter.1, Getter::Fact(_));
        self.steps.iter().any(|step| step.getters.iter().any(is_fact))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantifier {
    All,
    Any,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextRelation {
    StartsWith,
    EndsWith,
    Contains,
}

/// What has a value.
#[derive(Debug)]
pub enum Operand {
    Constant(Constant),
    Access(Access),
    /// Of a list or a text.
    Length(Box<Operand>),
    /// `attr("a.b", default)`.
    Attribute {
        path: Vec<String>,
        default: Option<Constant>,
    },
    /// `attrs("a.b")`.
    Attributes {
        path: Vec<String>,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub enum Constant {
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Constant>),
}

/// A path from a variable over edges to a property or fact; without steps the variable itself.
#[derive(Debug)]
pub struct Access {
    pub variable: usize,
    pub steps: Vec<Step>,
    pub ty: OperandType,
}

#[derive(Debug)]
pub struct Step {
    pub name: &'static str,
    /// By entity: a view has several.
    pub getters: Vec<(&'static str, Getter)>,
}

/// The type of an operand, as the checker sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OperandType {
    Property(PropertyType),
    /// A list whose members are of any kind, from a literal or `attrs`.
    List,
    /// What an attribute of a resource holds: takes the type of what it is compared with.
    Any,
}

impl std::fmt::Debug for Getter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Getter::Property(_) => f.write_str("property"),
            Getter::Fact(number) => write!(f, "fact {number}"),
        }
    }
}
