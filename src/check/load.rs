//! A rule made ready to run: its condition and message, parsed and checked against the schema, with the parameters of
//! this run.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use super::fix;
use crate::finding::{Param, RuleMeta, Safety};
use crate::model::schema;
use crate::rule::condition::{
    Condition, ConditionError, Constant, Environment, Message, Operand, Test, compile, compile_message,
};
use crate::rule::example::examples;
use crate::rule::{Each, RuleError, RuleFile};
use crate::source::Span;
use crate::value::Number;

/// A rule that can be run. Its condition is parsed and checked when there is something to ask it of: most rules of a run
/// have no entity to look at.
#[derive(Debug)]
pub struct Rule {
    pub meta: Arc<RuleMeta>,
    pub file: Arc<RuleFile>,
    /// The entities that `each` names: itself, or the members of a view.
    pub entities: Vec<&'static str>,
    params: BTreeMap<String, Param>,
    ready: OnceLock<Result<Ready, Vec<RuleError>>>,
}

/// What a rule's texts mean.
#[derive(Debug)]
pub(super) struct Ready {
    pub(super) condition: Condition,
    pub(super) message: Option<Message>,
    pub(super) fix: Option<(fix::Action, Safety)>,
}

/// Takes a rule whose texts are known to be right: the built-in ones, which the tests load. `params` override the
/// defaults that the file declares.
pub fn prepare(file: &Arc<RuleFile>, params: &BTreeMap<String, Param>) -> Result<Rule, Vec<RuleError>> {
    let each = each_of(file);
    let entities = schema::members(each);
    if entities.is_empty() || (each == "resource" && matches!(file.each, Each::Entity(_))) {
        let error = file.source.error(file.each_range.clone(), format!("there is no entity `{each}`"));
        return Err(vec![error.offer(each, schema::targets())]);
    }
    let params = file.meta.params.iter().chain(params).map(|(name, value)| (name.clone(), value.clone())).collect();
    Ok(Rule { meta: file.meta.clone(), file: file.clone(), entities, params, ready: OnceLock::new() })
}

/// Takes a rule and checks its condition, message and fix at once.
pub fn load(file: &Arc<RuleFile>, params: &BTreeMap<String, Param>) -> Result<Rule, Vec<RuleError>> {
    let rule = prepare(file, params)?;
    rule.ready()?;
    Ok(rule)
}

impl Rule {
    /// The rule's condition, message and fix, checked once.
    pub(super) fn ready(&self) -> Result<&Ready, Vec<RuleError>> {
        self.ready.get_or_init(|| self.check()).as_ref().map_err(Clone::clone)
    }

    fn check(&self) -> Result<Ready, Vec<RuleError>> {
        let file = &self.file;
        let params: BTreeMap<String, Constant> =
            self.params.iter().map(|(name, param)| (name.clone(), constant(param))).collect();
        let environment = Environment { schema: super::schema(), each: each_of(file), params: &params };
        let Some(excerpt) = &file.condition else {
            return Err(vec![file.source.error(0..0, "a rule has a condition: a fence `hcl require`")]);
        };
        let condition =
            compile(&excerpt.text, excerpt.range.start, &environment).map_err(|errors| rule_errors(file, errors))?;
        let message = match &file.message {
            Some(excerpt) => Some(message(file, &excerpt.text, excerpt.range.start, &condition, &environment)?),
            None => None,
        };
        let fix = fix::load(file, &environment)?;
        Ok(Ready { condition, message, fix })
    }
}

fn each_of(file: &RuleFile) -> &str {
    match &file.each {
        Each::Entity(name) => name,
        Each::Resource(_) => "resource",
    }
}

/// The paths of `attr`, `attrs` and `present` that no example of the file writes: no schema knows them, so a misspelt
/// one would never fire.
pub fn unwritten_paths(rule: &Rule) -> Vec<RuleError> {
    let mut paths = Vec::new();
    match rule.ready() {
        Ok(ready) => paths_of_test(&ready.condition.test, &mut paths),
        Err(errors) => return errors,
    }
    if paths.is_empty() {
        return Vec::new();
    }
    let Ok(examples) = examples(&rule.file) else { return Vec::new() };
    let texts: Vec<&str> =
        examples.examples.iter().flat_map(|example| &example.files).map(|file| file.text.as_str()).collect();
    paths
        .into_iter()
        .filter(|path| !path.iter().all(|part| texts.iter().any(|text| text.contains(part.as_str()))))
        .map(|path| {
            let name = path.join(".");
            let at = rule.file.source.text.find(&name).unwrap_or(0);
            rule.file.source.error(at..at + name.len(), format!("no example writes `{name}`, so it may be misspelt"))
        })
        .collect()
}

fn message(
    file: &RuleFile,
    text: &str,
    offset: usize,
    condition: &Condition,
    environment: &Environment<'_>,
) -> Result<Message, Vec<RuleError>> {
    let quoted = format!("\"{}\"", text.replace('"', "\\\""));
    compile_message(&quoted, offset.saturating_sub(1), condition, environment)
        .map_err(|errors| rule_errors(file, errors))
}

fn rule_errors(file: &RuleFile, errors: Vec<ConditionError>) -> Vec<RuleError> {
    errors
        .into_iter()
        .map(|ConditionError { span, message, suggestion }: ConditionError| {
            let error = file.source.error(Span::range(&span), message);
            match suggestion {
                Some(name) => error.help(format!("did you mean `{name}`?")),
                None => error,
            }
        })
        .collect()
}

fn constant(param: &Param) -> Constant {
    match param {
        Param::Bool(value) => Constant::Bool(*value),
        Param::Number(value) => Constant::Number(Number::from_f64(*value).unwrap_or(Number::from(0))),
        Param::Text(text) => Constant::Text(text.clone()),
        Param::Texts(texts) => Constant::List(texts.iter().cloned().map(Constant::Text).collect()),
    }
}

fn paths_of_test<'t>(test: &'t Test, paths: &mut Vec<&'t [String]>) {
    match test {
        Test::Literal(_) | Test::Has(_) => {}
        Test::Not(inner) => paths_of_test(inner, paths),
        Test::And(operands) | Test::Or(operands) => operands.tests.iter().for_each(|test| paths_of_test(test, paths)),
        Test::Flag(operand) => paths_of_operand(operand, paths),
        Test::Compare { left, right, .. } => {
            paths_of_operand(left, paths);
            paths_of_operand(right, paths);
        }
        Test::Quantified { list, body, .. } => {
            paths_of_operand(list, paths);
            paths_of_test(body, paths);
        }
        Test::Contains { list, item } => {
            paths_of_operand(list, paths);
            paths_of_operand(item, paths);
        }
        Test::TextTest { text, needle, .. } => {
            paths_of_operand(text, paths);
            paths_of_operand(needle, paths);
        }
        Test::Matches { text, .. } => paths_of_operand(text, paths),
        Test::Present(path) => paths.push(path),
    }
}

fn paths_of_operand<'t>(operand: &'t Operand, paths: &mut Vec<&'t [String]>) {
    match operand {
        Operand::Constant(_) | Operand::Access(_) => {}
        Operand::Length(inner) => paths_of_operand(inner, paths),
        Operand::Attribute { path, .. } | Operand::Attributes { path } => paths.push(path),
    }
}
