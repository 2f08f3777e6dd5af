//! Variables, locals and outputs: what a module's names stand for.

use std::rc::Rc;
use std::sync::Arc;

use super::module::argument;
use super::scope::{Context, Evaluator, Named as Asked, Node, Scope, error, unknown};
use crate::logic::{Reason, Tri};
use crate::source::{Span, nearest};
use crate::syntax::hcl::{Block, Name};
use crate::value::{Kind, Origin, StepKind, Type, Unknown, Value, convert};

impl<'w> Evaluator<'w> {
    pub(super) fn local(&self, context: &Rc<Context<'w>>, name: &str, span: Span) -> Value {
        let Some((_, local)) = context.module.locals.get_key_value(name) else {
            return undeclared(context, "undeclared-local", "local", name, context.module.locals.keys(), span);
        };
        let compute = || self.eval(&local.value, Scope::of(context));
        self.node(context, Node::Local(&local.name), Asked { name: &format_args!("local.{name}"), span }, compute)
    }

    pub(super) fn output(&self, context: &Rc<Context<'w>>, name: &str, span: Span) -> Value {
        let module = context.module;
        let Some((name, block)) = module.outputs.get_key_value(name) else {
            let call = context.path.rsplit("module.").next().unwrap_or("");
            let word = format!("module.{call}");
            return undeclared(context, "undeclared-output", &word, name, module.outputs.keys(), span);
        };
        let compute = || {
            let value = match argument(block, "value") {
                Some(value) => self.eval(value, Scope::of(context)),
                None => unknown("syntax-error", format!("output.{name}"), block.header_span),
            };
            value.marked(self.is_set(block, "sensitive", context))
        };
        self.node(context, Node::Output(name), Asked { name: &format_args!("output.{name}"), span }, compute)
    }

    /// Whether a flag of a block is literally true.
    fn is_set(&self, block: &Block, name: &str, context: &Rc<Context<'w>>) -> bool {
        let Some(value) = argument(block, name) else { return false };
        matches!(super::operators::truth(&self.eval(value, Scope::of(context)), value.span), Ok(true))
    }

    pub(super) fn variable(&self, context: &Rc<Context<'w>>, name: &str, span: Span) -> Value {
        let Some((name, block)) = context.module.variables.get_key_value(name) else {
            return undeclared(context, "undeclared-variable", "var", name, context.module.variables.keys(), span);
        };
        let compute = || self.variable_value(context, name, block);
        self.node(context, Node::Variable(name), Asked { name: &format_args!("var.{name}"), span }, compute)
    }

    fn variable_value(&self, context: &Rc<Context<'w>>, name: &Name, block: &Block) -> Value {
        let of = match argument(block, "type") {
            Some(of) => match self.type_of_expr(of) {
                Ok(of) => of,
                Err(refused) => return refused,
            },
            None => Type::Any,
        };
        let is_nullable = match argument(block, "nullable") {
            Some(value) => {
                !matches!(super::operators::truth(&self.eval(value, Scope::literal()), value.span), Ok(false))
            }
            None => true,
        };
        let variable = Variable { context, name, block, of, is_nullable };
        let given = match &context.parent {
            Some(_) => self.argument_value(&variable),
            None => self.plan.value(name, argument(block, "type").map(|_| &variable.of), self),
        };
        let given = given.filter(|value| is_nullable || value.is_null() != Tri::True);
        let value = match given.or_else(|| self.default_value(&variable)) {
            Some(value) => self.as_declared(&variable, value),
            None => self.no_value(&variable),
        };
        let value = if is_nullable { value } else { value.never_null() };
        value.marked(self.is_set(block, "sensitive", context) || self.is_set(block, "ephemeral", context))
    }

    fn argument_value(&self, variable: &Variable<'_, 'w>) -> Option<Value> {
        let parent = variable.context.parent.as_ref()?;
        let attribute = parent.call.block.body.attribute(variable.name)?;
        let value = self.eval(&attribute.value, Scope::of(&parent.context).with_instance(&parent.instance));
        let passed = StepKind::Passed { call: parent.call.name.clone(), argument: variable.name.clone() };
        Some(value.through(passed, attribute.value.span))
    }

    pub(super) fn default_value(&self, variable: &Variable<'_, 'w>) -> Option<Value> {
        let default = variable.block.body.attribute("default")?;
        let value = self.eval(&default.value, Scope::literal());
        let of_root = variable.context.parent.is_none();
        let step = StepKind::VariableDefault { name: variable.name.clone(), of_root };
        Some(value.through(step, default.value.span))
    }

    fn as_declared(&self, variable: &Variable<'_, 'w>, value: Value) -> Value {
        match convert(&value, &variable.of) {
            Ok(value) => value,
            Err(refused) => {
                let span = value.origin.newest().map_or(variable.block.header_span, |step| step.span);
                error("wrong-type", format!("`{}`: {refused}", variable.name), span)
            }
        }
    }

    /// Nobody gives a value: unknown in a root, refused in a module call.
    fn no_value(&self, variable: &Variable<'_, 'w>) -> Value {
        let header = variable.block.header_span;
        if let Some(parent) = &variable.context.parent {
            let message = format!("module `{}` needs the argument `{}`", parent.call.name, variable.name);
            return error("missing-module-argument", message, parent.call.block.header_span);
        }
        let reason = Reason::at("no-value", format!("var.{}", variable.name), header);
        let identity = crate::value::fingerprint(&("variable", &self.root, variable.name));
        let origin = Origin::missing(reason.code, header);
        let unknown = Unknown { reason, identity, may_be_null: variable.is_nullable, may_fail: false, settles: None };
        Value::new(Kind::Unknown(Arc::new(unknown)), origin)
    }
}

/// A variable of a module instance.
pub(super) struct Variable<'a, 'w> {
    pub(super) context: &'a Rc<Context<'w>>,
    pub(super) name: &'a Name,
    pub(super) block: &'a Block,
    pub(super) of: Type,
    pub(super) is_nullable: bool,
}

/// A name that the module does not declare; in a broken module it may be declared where nobody could read.
fn undeclared<'a>(
    context: &Context<'_>,
    code: &'static str,
    word: &str,
    name: &str,
    names: impl Iterator<Item = &'a Name>,
    span: Span,
) -> Value {
    if let Some(code) = context.module.hides {
        return unknown(code, format!("{word}.{name}"), span);
    }
    let message = match nearest(name, names.map(|name| &**name)) {
        Some(near) => format!("there is no `{word}.{name}`; did you mean `{word}.{near}`?"),
        None => format!("there is no `{word}.{name}`"),
    };
    error(code, message, span)
}
