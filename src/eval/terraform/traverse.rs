//! Traversals: what the first words of an address mean, and the steps that follow them.

use std::rc::Rc;
use std::sync::Arc;

use super::expr::either;
use super::instance::Mode;
use super::scope::{Context, Dotted, Evaluator, Place, Scope, error, unknown};
use crate::source::{Span, nearest};
use crate::syntax::hcl::{Step, StepKind as Written, Traversal};
use crate::value::{Kind, List, ListFlavour, Map, Number, Origin, StepKind, Text, Value};

/// The value of the first words of a traversal, and how many steps it took.
pub(super) struct Named {
    pub(super) value: Value,
    pub(super) n_steps: usize,
}

impl Named {
    pub(super) fn new(value: Value, n_steps: usize) -> Named {
        Named { value, n_steps }
    }
}

impl<'w> Evaluator<'w> {
    pub(super) fn traversal(&self, it: &Traversal, span: Span, scope: Scope<'_, 'w>) -> Value {
        let Some(word) = it.base.as_variable() else {
            let base = self.eval(&it.base, scope);
            return self.steps(base, &it.steps, span, scope);
        };
        if let Some(value) = scope.variable(word) {
            let value = value.clone().through(StepKind::ReadThrough(word.into()), it.base.span);
            return self.steps(value, &it.steps, span, scope);
        }
        let named = match scope.place {
            Place::Template(variables) => Named::new(self.template_variable(variables, word, it.base.span), 0),
            Place::Literal => {
                Named::new(error("undeclared-variable", "only literals can stand here, no names", span), 0)
            }
            Place::Module(context) => {
                let address = Address { word, steps: &it.steps, start: it.base.span };
                self.named(&address, span, scope, context)
            }
        };
        let rest = it.steps.get(named.n_steps..).unwrap_or(&[]);
        match &named.value.kind {
            Kind::Unknown(unknown) if !rest.is_empty() && unknown.settles.is_some() => {
                let reason = unknown.reason.clone();
                let expected = self.steps(named.value.settled(), rest, span, scope);
                expected.unless_refused("index", reason)
            }
            _ => self.steps(named.value, rest, span, scope),
        }
    }

    fn named(&self, address: &Address<'_>, span: Span, scope: Scope<'_, 'w>, context: &Rc<Context<'w>>) -> Named {
        match address.word {
            "var" => self.one_word(address, span, |name, at| self.variable(context, name, at)),
            "local" => self.one_word(address, span, |name, at| self.local(context, name, at)),
            "module" => self.module_value(address, span, scope, context),
            "data" => self.resource_value(address, 1, Mode::Data, span, scope, context),
            "ephemeral" => self.resource_value(address, 1, Mode::Ephemeral, span, scope, context),
            "resource" => self.resource_value(address, 1, Mode::Managed, span, scope, context),
            "each" => self.one_word(address, span, |name, at| each(scope, name, at)),
            "count" => self.one_word(address, span, |name, at| count(scope, name, at)),
            "path" => self.one_word(address, span, |name, at| self.path(context, name, at)),
            "terraform" | "tofu" => self.one_word(address, span, |name, at| self.terraform(name, at)),
            "self" => Named::new(unknown("self", "self", span), address.steps.len()),
            _ => self.resource_value(address, 0, Mode::Managed, span, scope, context),
        }
    }

    /// `var.name` and its like: one attribute step, with a mark of having been read.
    fn one_word(&self, address: &Address<'_>, span: Span, value: impl Fn(&str, Span) -> Value) -> Named {
        match address.attribute(0) {
            Some(name) => {
                let at = address.span_to(0);
                let value = value(name, at);
                let read = StepKind::ReadThrough(self.dotted(address.word, name));
                Named::new(value.through(read, at), 1)
            }
            None => {
                let message = format!("`{}` is no value by itself; a name must follow", address.word);
                Named::new(error("no-such-attribute", message, span), address.steps.len())
            }
        }
    }

    /// `var` and `name` as `var.name`, made once for all who read it.
    pub(super) fn dotted(&self, first: &str, second: &str) -> Arc<str> {
        let Dotted { known, draft } = &mut *self.dotted.borrow_mut();
        draft.clear();
        draft.push_str(first);
        draft.push('.');
        draft.push_str(second);
        if let Some(dotted) = known.get(draft.as_str()) {
            return dotted.clone();
        }
        let dotted: Arc<str> = draft.as_str().into();
        known.insert(dotted.clone());
        dotted
    }

    /// The rest of a traversal.
    pub(super) fn steps(&self, value: Value, steps: &[Step], span: Span, scope: Scope<'_, 'w>) -> Value {
        let mut value = value;
        for (index, step) in steps.iter().enumerate() {
            if value.error().is_some() {
                return value;
            }
            value = match &step.kind {
                Written::Attribute(name) => attribute(value, name, step.span),
                Written::LegacyIndex(digits) => at_index(value, &legacy_key(digits, step.span), step.span),
                Written::Index(key) => {
                    let key = self.eval(key, scope);
                    at_index(value, &key, step.span)
                }
                Written::FullSplat => return self.splat(value, &steps[index + 1..], span, scope),
                Written::AttributeSplat => {
                    let rest = &steps[index + 1..];
                    let is_attribute = |step: &&Step| matches!(step.kind, Written::Attribute(_));
                    let n_attributes = rest.iter().take_while(is_attribute).count();
                    let members = self.splat(value, &rest[..n_attributes], span, scope);
                    return self.steps(members, &rest[n_attributes..], span, scope);
                }
            };
        }
        value
    }

    fn path(&self, context: &Context<'w>, name: &str, span: Span) -> Value {
        match name {
            "module" => Value::text(relative_path(&self.root, &context.module.folder), Origin::written(span)),
            "root" => Value::text(".", Origin::written(span)),
            "cwd" => {
                let hole = unknown("run-directory", "path.cwd", span).never_null();
                Value::new(Kind::Text(Text::hole(hole)), Origin::written(span))
            }
            _ => no_such_word("path", name, &["module", "root", "cwd"], span),
        }
    }

    fn terraform(&self, name: &str, span: Span) -> Value {
        match name {
            "workspace" => match &self.plan.workspace {
                Some(workspace) => workspace.clone(),
                None => unknown("workspace", "terraform.workspace", span).never_null(),
            },
            "applying" => unknown("applying", "terraform.applying", span).never_null(),
            _ => no_such_word("terraform", name, &["workspace", "applying"], span),
        }
    }
}

/// The words of a traversal whose first word is no variable.
pub(super) struct Address<'a> {
    pub(super) word: &'a str,
    pub(super) steps: &'a [Step],
    pub(super) start: Span,
}

impl<'a> Address<'a> {
    pub(super) fn attribute(&self, index: usize) -> Option<&'a str> {
        match &self.steps.get(index)?.kind {
            Written::Attribute(name) => Some(name),
            _ => None,
        }
    }

    /// From the first word to the end of a step.
    pub(super) fn span_to(&self, index: usize) -> Span {
        self.steps.get(index).map_or(self.start, |step| self.start.to(step.span))
    }
}

fn each(scope: Scope<'_, '_>, name: &str, span: Span) -> Value {
    let Some((key, value)) = scope.instance.and_then(|instance| instance.each.as_ref()) else {
        return error("no-such-attribute", "`each` is only known in a block with `for_each`", span);
    };
    match name {
        "key" => key.clone(),
        "value" => value.clone(),
        _ => no_such_word("each", name, &["key", "value"], span),
    }
}

fn count(scope: Scope<'_, '_>, name: &str, span: Span) -> Value {
    let Some(index) = scope.instance.and_then(|instance| instance.index.as_ref()) else {
        return error("no-such-attribute", "`count` is only known in a block with `count`", span);
    };
    match name {
        "index" => index.clone(),
        _ => no_such_word("count", name, &["index"], span),
    }
}

fn no_such_word(word: &str, name: &str, names: &[&str], span: Span) -> Value {
    let hint = nearest(name, names.iter().copied()).map(|near| format!("; did you mean `{word}.{near}`?"));
    error("no-such-attribute", format!("there is no `{word}.{name}`{}", hint.unwrap_or_default()), span)
}

fn legacy_key(digits: &str, span: Span) -> Value {
    match Number::parse(digits) {
        Some(number) => Value::number(number, Origin::written(span)),
        None => unknown("limit-number", digits, span),
    }
}

/// From one folder to another, `.` for the same.
pub(super) fn relative_path(from: &str, to: &str) -> String {
    let split = |path: &str| path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect::<Vec<_>>();
    let (from, to) = (split(from), split(to));
    let n_common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n("..".to_owned(), from.len() - n_common);
    let path: Vec<String> = up.chain(to[n_common..].iter().cloned()).collect();
    if path.is_empty() { ".".to_owned() } else { path.join("/") }
}

/// `value.name`
pub(super) fn attribute(value: Value, name: &str, span: Span) -> Value {
    match &value.kind {
        Kind::Map(map) => match map.entries.get(name) {
            Some(member) => member.clone().marked(value.sensitive),
            None if map.open.is_some() || map.owner.is_some() => value.member_of_open(map, name),
            None => missing_attribute(map, name, span),
        },
        Kind::Unknown(_) | Kind::Reference(_) => value.member(name),
        Kind::List(list) if name.bytes().all(|byte| byte.is_ascii_digit()) => {
            index_list(&value, list, &legacy_key(name, span), span)
        }
        Kind::Null => error("null-operand", format!("null has no attribute `{name}`"), span),
        Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) | Kind::List(_) => {
            error("no-such-attribute", format!("{} has no attribute `{name}`", value.kind_name()), span)
        }
    }
}

fn missing_attribute(map: &Map, name: &str, span: Span) -> Value {
    let near = nearest(name, map.entries.keys().map(|key| &**key));
    let hint = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    error("no-such-attribute", format!("there is no attribute `{name}`{hint}"), span)
}

/// `value[key]`
pub(super) fn at_index(value: Value, key: &Value, span: Span) -> Value {
    if key.error().is_some() {
        return key.clone();
    }
    let member = match &value.kind {
        Kind::Map(map) => index_map(&value, map, key, span),
        Kind::List(list) => index_list(&value, list, key, span),
        Kind::Unknown(_) | Kind::Reference(_) => match known_key(key) {
            Some(key) => value.member(&key),
            None => Value::derived("index", &[value.clone(), key.clone()], Origin::missing("index-unknown", span)),
        },
        Kind::Null => error("null-operand", "null has no members", span),
        Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) => {
            error("invalid-index", format!("{} has no members", value.kind_name()), span)
        }
    };
    member.marked(value.sensitive || key.sensitive)
}

/// A key as text, if it is known.
fn known_key(key: &Value) -> Option<Arc<str>> {
    match &key.kind {
        Kind::Text(text) => text.known().map(Arc::from),
        Kind::Number(number) => Some(number.to_string().into()),
        Kind::Bool(value) => Some(if *value { "true" } else { "false" }.into()),
        Kind::Null | Kind::List(_) | Kind::Map(_) | Kind::Reference(_) | Kind::Unknown(_) => None,
    }
}

fn index_map(value: &Value, map: &Map, key: &Value, span: Span) -> Value {
    match (&key.kind, known_key(key)) {
        (_, Some(key)) => match map.entries.get(&key) {
            Some(member) => member.clone(),
            None if map.open.is_some() || map.owner.is_some() => value.member_of_open(map, &key),
            None => {
                let near = nearest(&key, map.entries.keys().map(|key| &**key));
                let hint = near.map(|near| format!("; did you mean \"{near}\"?")).unwrap_or_default();
                error("invalid-index", format!("there is no member \"{key}\"{hint}"), span)
            }
        },
        (Kind::Null, None) => error("null-operand", "a key cannot be null", span),
        (Kind::List(_) | Kind::Map(_), None) => error("wrong-type", "a key must be a text", span),
        _ => {
            let mut candidates: Vec<Value> = map.entries.values().cloned().collect();
            if map.open.is_some() || candidates.is_empty() {
                candidates.push(value.member_of_open(map, ""));
            }
            either(&candidates, "key-unknown", key, span)
        }
    }
}

fn index_list(value: &Value, list: &List, key: &Value, span: Span) -> Value {
    if list.flavour == ListFlavour::Set {
        return error("invalid-index", "members of a set have no index", span);
    }
    let number = match &key.kind {
        Kind::Number(number) => Some(*number),
        Kind::Text(text) if text.known().is_some() => text.known().and_then(Number::parse),
        Kind::Null => return error("null-operand", "an index cannot be null", span),
        Kind::Unknown(_) | Kind::Reference(_) | Kind::Text(_) => {
            let mut candidates = list.items.clone();
            if list.open.is_some() || candidates.is_empty() {
                candidates.push(open_member(value, list, key, span));
            }
            return either(&candidates, "index-unknown", key, span);
        }
        Kind::Bool(_) | Kind::List(_) | Kind::Map(_) => None,
    };
    let Some(index) = number else {
        return error("invalid-index", format!("{} is no index", key.kind_name()), span);
    };
    let position = index.as_i64().and_then(|index| usize::try_from(index).ok());
    let Some(position) = position else {
        return error("invalid-index", format!("{index} is no index"), span);
    };
    match list.items.get(position) {
        Some(member) if list.is_indexed => member.clone(),
        Some(_) if list.open.is_none() => {
            // Which of them stands there is not known: they came out of a set.
            either(&list.items, "index-unknown", value, span)
        }
        _ if list.open.is_some() => open_member(value, list, key, span),
        _ => {
            let message = format!("there is no member {position} among {}", list.items.len());
            error("invalid-index", message, span)
        }
    }
}

/// A member of a list that may have more than are seen.
fn open_member(value: &Value, list: &List, key: &Value, span: Span) -> Value {
    let origin = Origin::missing("index-unknown", span);
    match &list.open {
        Some(reason) => Value::derived_for("index", &[value.clone(), key.clone()], reason.clone(), origin),
        None => Value::derived("index", &[value.clone(), key.clone()], origin),
    }
}
