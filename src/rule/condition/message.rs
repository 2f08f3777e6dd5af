//! The template of a rule's message, over the subject, the loop variables of the condition and the parameters.

use super::compile::{Compiler, parse};
use super::path::PathType;
use super::{Condition, ConditionError, Environment, Operand};
use crate::syntax::hcl::{ExprKind, Part};

/// A checked message.
#[derive(Debug)]
pub struct Message {
    pub pieces: Vec<MessagePiece>,
}

#[derive(Debug)]
pub enum MessagePiece {
    Literal(String),
    Operand(Operand),
}

/// Reads and checks the quoted template, whose quote stands at `offset` of its file; it may name the variables of the condition.
pub fn compile_message(
    quoted: &str,
    offset: usize,
    condition: &Condition,
    environment: &Environment<'_>,
) -> Result<Message, Vec<ConditionError>> {
    let expr = parse(quoted, offset)?;
    let mut compiler = Compiler::new(environment);
    for (number, variable) in condition.variables.iter().enumerate().skip(1) {
        let ty = variable.target.clone().map_or(PathType::Any, PathType::Entity);
        compiler.scope.push((variable.name.clone(), number, ty));
    }
    let mut pieces = Vec::new();
    match &expr.kind {
        ExprKind::Text(text) => pieces.push(MessagePiece::Literal(text.to_string())),
        ExprKind::Template(template) => {
            for part in &template.parts {
                match part {
                    Part::Literal { text, .. } => pieces.push(MessagePiece::Literal(text.to_string())),
                    Part::Interpolation { value, .. } => {
                        if let Some(typed) = compiler.operand(value) {
                            pieces.push(MessagePiece::Operand(typed.operand));
                        }
                    }
                    Part::If { span, .. } | Part::For { span, .. } => {
                        let _: Option<()> = compiler.error(*span, "a message has no directives");
                    }
                }
            }
        }
        _ => {
            let _: Option<()> = compiler.error(expr.span, "a message is a quoted text");
        }
    }
    if compiler.errors.is_empty() { Ok(Message { pieces }) } else { Err(compiler.errors) }
}
