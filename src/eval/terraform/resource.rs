//! Values of resources: what is written, what readable data sources give, and references for the rest.

use std::rc::Rc;
use std::sync::Arc;

use super::block::{BodyOf, is_meta_of_resource};
use super::expand::{Expansion, Repetition, key_suffix};
use super::expr::either;
use super::instance::{InstanceKey, Mode};
use super::module::{Module, ResourceDecl};
use super::scope::{
    Context, Evaluator, Expanding, InstanceNode, InstanceScope, Named as Asked, Node, Part, Scope, Supposed, error,
    unknown,
};
use super::template::prefix_and_hole;
use super::traverse::{Address, Named};
use crate::logic::Reason;
use crate::source::{Span, nearest};
use crate::syntax::hcl::StepKind as Written;
use crate::value::{Entries, Kind, List, ListFlavour, Map, MapFlavour, Origin, Reference, StepKind, Value};

/// One instance of a resource.
#[derive(Clone, Copy)]
pub(super) struct ResourceAt<'s, 'w> {
    pub(super) context: &'s Rc<Context<'w>>,
    pub(super) decl: &'w ResourceDecl,
    pub(super) instance: &'s InstanceScope,
    pub(super) node: &'s InstanceNode,
}

impl<'s, 'w> ResourceAt<'s, 'w> {
    pub(super) fn new(
        context: &'s Rc<Context<'w>>,
        decl: &'w ResourceDecl,
        expansion: &'s Expansion,
        ordinal: usize,
    ) -> ResourceAt<'s, 'w> {
        ResourceAt { context, decl, instance: &expansion.instances[ordinal], node: &expansion.nodes[ordinal] }
    }

    fn reference(&self, path: &str) -> Reference {
        Reference { path: path.into(), ..(*self.node.reference).clone() }
    }

    pub(super) fn scope(&self) -> Scope<'s, 'w> {
        Scope::of(self.context).with_instance(self.instance)
    }
}

impl<'w> Evaluator<'w> {
    /// `T.N…`, the words after `data` included, with as many steps as say which attribute of which instance is meant.
    pub(super) fn resource_value(
        &self,
        address: &Address<'_>,
        skipped: usize,
        mode: Mode,
        span: Span,
        scope: Scope<'_, 'w>,
        context: &Rc<Context<'w>>,
    ) -> Named {
        let of_type = if skipped == 0 { Some(address.word) } else { address.attribute(0) };
        let name = address.attribute(skipped);
        let (Some(of_type), Some(name)) = (of_type, name) else {
            let message = "the address of a resource has two words, its type and its name";
            return Named::new(error("undeclared-resource", message, span), address.steps.len());
        };
        let words = address.span_to(skipped);
        let Some(index) = context.module.resource(mode, of_type, name) else {
            return Named::new(undeclared(context.module, mode, of_type, name, words), address.steps.len());
        };
        let decl = &context.module.resources[index];
        let expansion = self.resource_expansion(context, index);
        let at = |ordinal: usize| ResourceAt::new(context, decl, &expansion, ordinal);
        let next = skipped + 1;
        if expansion.repetition == Repetition::Single || expansion.repetition == Repetition::Enabled {
            return match (expansion.instances.is_empty(), address.attribute(next)) {
                (true, _) => Named::new(Value::null(Origin::written(decl.block.header_span)), next),
                (false, Some(attribute)) => {
                    let at_span = address.span_to(next);
                    Named::new(self.attribute_value(at(0), attribute, at_span), next + 1)
                }
                (false, None) => Named::new(self.object_value(at(0), words), next),
            };
        }
        let (key, chosen) = match address.steps.get(next).map(|step| &step.kind) {
            Some(Written::Index(key)) => (self.eval(key, scope), true),
            Some(Written::LegacyIndex(digits)) => (Value::text(digits, Origin::written(words)), true),
            _ => (Value::null(Origin::none()), false),
        };
        if !chosen {
            if let Some(attribute) = address.attribute(next) {
                let message = format!(
                    "`{of_type}.{name}` has several instances; say which one before `.{attribute}`, or `[*]` for all"
                );
                return Named::new(error("no-such-attribute", message, span), address.steps.len());
            }
            return Named::new(self.all_instances(context, index, words), next);
        }
        let picked = Picked { address, next, key: &key, words };
        self.picked_instance(&picked, &expansion, context, index)
    }

    /// `T.N[key]` and `T.N[key].attribute`.
    fn picked_instance(
        &self,
        picked: &Picked<'_>,
        expansion: &Rc<Expansion>,
        context: &Rc<Context<'w>>,
        index: usize,
    ) -> Named {
        let decl = &context.module.resources[index];
        let at = |ordinal: usize| ResourceAt::new(context, decl, expansion, ordinal);
        let attribute = picked.address.attribute(picked.next + 1);
        let value_of = |ordinal: usize| match attribute {
            Some(attribute) => self.attribute_value(at(ordinal), attribute, picked.address.span_to(picked.next + 1)),
            None => self.object_value(at(ordinal), picked.words),
        };
        let n_steps = picked.next + 1 + usize::from(attribute.is_some());
        if picked.key.error().is_some() {
            return Named::new(picked.key.clone(), picked.address.steps.len());
        }
        let key = instance_key(picked.key, expansion.repetition);
        if let Some(ordinal) = key.as_ref().and_then(|key| expansion.position(key)) {
            return Named::new(value_of(ordinal).marked(picked.key.sensitive), n_steps);
        }
        let span = picked.address.span_to(picked.next);
        if let (Some(key), None) = (&key, &expansion.open) {
            let message = format!("`{}` has no instance {}", decl.address, key_suffix(key));
            return Named::new(error("invalid-index", message, span), picked.address.steps.len());
        }
        if let (Some(InstanceKey::Index(number)), Some(open)) = (&key, &expansion.open)
            && expansion.repetition == Repetition::Count
        {
            // If there is such an instance at all, it is like this.
            let supposed = self.supposed(context, index, *number, picked.key);
            let at = ResourceAt { context, decl, instance: &supposed.instance, node: &supposed.node };
            let expected = match attribute {
                Some(attribute) => self.attribute_value(at, attribute, picked.address.span_to(picked.next + 1)),
                None => self.object_value(at, picked.words),
            };
            return Named::new(expected.unless_refused("index", open.clone()), n_steps);
        }
        if let (Some(_), Some(open)) = (&key, &expansion.open) {
            let arguments = [self.all_instances(context, index, picked.words), picked.key.clone()];
            let value = Value::derived_for("index", &arguments, open.clone(), Origin::missing("count-unknown", span));
            return Named::new(value, picked.address.steps.len());
        }
        let mut candidates: Vec<Value> = (0..expansion.known().len()).map(value_of).collect();
        if expansion.open.is_some() || candidates.is_empty() {
            let all = self.all_instances(context, index, picked.words);
            candidates.push(Value::derived("index", &[all, picked.key.clone()], Origin::missing("key-unknown", span)));
        }
        Named::new(either(&candidates, "key-unknown", picked.key, span), n_steps)
    }

    pub(super) fn resource_expansion(&self, context: &Rc<Context<'w>>, index: usize) -> Rc<Expansion> {
        let decl = &context.module.resources[index];
        let name = &decl.address;
        let asked = Asked { name, span: decl.block.header_span };
        let expand = || self.expand(&decl.block.body, Scope::of(context));
        self.expansion(context, Expanding::Resource(index), asked, expand, |mut expansion| {
            let nodes = expansion.instances.iter().map(|instance| self.instance_node(context, decl, &instance.key));
            expansion.nodes = nodes.collect();
            expansion
        })
    }

    fn instance_node(&self, context: &Context<'w>, decl: &ResourceDecl, key: &InstanceKey) -> InstanceNode {
        let local: Arc<str> = match key {
            InstanceKey::None => decl.address.clone(),
            key => format!("{}{}", decl.address, key_suffix(key)).into(),
        };
        let address = if context.path.is_empty() { local } else { context.address(&local).into() };
        let reference = Reference { root: self.root.clone(), address, path: self.no_path.clone() };
        InstanceNode::new(Arc::new(reference), decl.block.body.attributes.len() + decl.kinds.len())
    }

    /// An instance of a number that may be there, the same whoever asks.
    fn supposed(&self, context: &Rc<Context<'w>>, index: usize, number: u64, key: &Value) -> Rc<Supposed> {
        if let Some(supposed) = context.supposed.borrow().get(&(index, number)) {
            return supposed.clone();
        }
        let key = Value::number(number as i64, key.origin.clone());
        let instance = InstanceScope { key: InstanceKey::Index(number), each: None, index: Some(key) };
        let node = self.instance_node(context, &context.module.resources[index], &instance.key);
        let supposed = Rc::new(Supposed { instance, node });
        context.supposed.borrow_mut().insert((index, number), supposed.clone());
        supposed
    }

    /// The tuple or object of all instances.
    fn all_instances(&self, context: &Rc<Context<'w>>, index: usize, span: Span) -> Value {
        let decl = &context.module.resources[index];
        let expansion = self.resource_expansion(context, index);
        let name = &decl.address;
        let asked = Asked { name, span };
        let value = self.node(context, Node::Resource(index), asked, || {
            let known = expansion.known().iter().enumerate();
            let objects = known.map(|(ordinal, instance)| {
                let at = ResourceAt::new(context, decl, &expansion, ordinal);
                (instance.key.clone(), self.object_value(at, span))
            });
            collected(objects, &expansion, decl.block.header_span)
        });
        value.through(StepKind::ReadThrough(name.clone()), span)
    }

    /// An instance as a whole: what is written, and references for the rest.
    pub(super) fn object_value(&self, at: ResourceAt<'_, 'w>, span: Span) -> Value {
        let name = &at.decl.address;
        let asked = Asked { name, span };
        self.part(at.node, Part::Object, asked, || {
            let Value { kind: Kind::Map(body), origin, sensitive } = self.resource_body(at) else {
                return unknown("unsupported", &**name, span);
            };
            let reason = Reason::at("provider-computed", &*at.node.reference.address, at.decl.block.header_span);
            let mut map = Map { open: Some(reason), ..(*body).clone() };
            if let Some(readable) = self.readable(at) {
                map.entries.extend(readable.entries.iter().map(|(key, value)| (key.clone(), value.clone())));
            }
            Value { kind: Kind::Map(Arc::new(map)), origin, sensitive }
        })
    }

    /// The written body of an instance, meta-arguments left out.
    pub(super) fn resource_body(&self, at: ResourceAt<'_, 'w>) -> Value {
        let body = &at.decl.block.body;
        let mut entries = Entries::with_capacity(body.attributes.len() + at.decl.kinds.len());
        let header = at.decl.block.header_span;
        for (place, attribute) in body.attributes.iter().enumerate() {
            if !is_meta_of_resource(&attribute.name) {
                entries.insert(attribute.name.clone(), self.attribute_at(at, place, attribute.name_span));
            }
        }
        for (place, kind) in at.decl.kinds.iter().enumerate() {
            if !entries.contains_key(kind) {
                entries.insert(kind.clone(), self.blocks_at(at, place, header));
            }
        }
        let owner = Some(at.node.reference.clone());
        let map = Map { entries, flavour: MapFlavour::Object, open: None, owner };
        Value::new(Kind::Map(Arc::new(map)), Origin::written(header))
    }

    /// The value of an attribute or of the nested blocks of a kind, if any is written.
    fn written_attribute(&self, at: ResourceAt<'_, 'w>, name: &str, span: Span) -> Option<Value> {
        let attributes = &at.decl.block.body.attributes;
        let written = attributes.iter().position(|attribute| &*attribute.name == name);
        if let Some(place) = written.filter(|_| !is_meta_of_resource(name)) {
            return Some(self.attribute_at(at, place, span));
        }
        let place = at.decl.kinds.iter().position(|kind| &**kind == name)?;
        Some(self.blocks_at(at, place, span))
    }

    fn attribute_at(&self, at: ResourceAt<'_, 'w>, place: usize, span: Span) -> Value {
        let attribute = &at.decl.block.body.attributes[place];
        let name = format_args!("{}.{}", at.decl.address, attribute.name);
        let asked = Asked { name: &name, span };
        self.part(at.node, Part::Written(place), asked, || self.eval(&attribute.value, at.scope()))
    }

    fn blocks_at(&self, at: ResourceAt<'_, 'w>, place: usize, span: Span) -> Value {
        let block = &at.decl.block;
        let kind = &at.decl.kinds[place];
        let name = format_args!("{}.{kind}", at.decl.address);
        let part = Part::Written(block.body.attributes.len() + place);
        self.part(at.node, part, Asked { name: &name, span }, || {
            let of = BodyOf { body: &block.body, header_span: block.header_span, owner: Some(&at.node.reference) };
            self.nested(of, kind, at.scope())
        })
    }

    /// `T.N.attribute`: written, readable, or a reference to what the provider assigns.
    pub(super) fn attribute_value(&self, at: ResourceAt<'_, 'w>, name: &str, span: Span) -> Value {
        let read = || StepKind::ReadThrough(self.dotted(&at.decl.address, name));
        if let Some(readable) = self.readable(at)
            && let Some(value) = readable.entries.get(name)
        {
            return value.clone().through(read(), span);
        }
        if let Some(value) = self.written_attribute(at, name, span) {
            let is_blocks = at.decl.block.body.attribute(name).is_none();
            let is_reference = !is_blocks && matches!(value.kind, Kind::Null);
            if !is_reference {
                return value.through(read(), span);
            }
        }
        if name == "tags_all"
            && let Some(tags) = self.all_tags(at, span)
        {
            return tags.through(read(), span);
        }
        let reference = Kind::Reference(Arc::new(at.reference(name)));
        let value = Value::new(reference, Origin::written(span)).marked(is_secret(&at.decl.type_name, name));
        match self.prefix_of(at, name, span) {
            Some(prefix) => prefix_and_hole(&prefix, value, span),
            None => value,
        }
    }

    /// The provider's default tags under the block's own.
    fn all_tags(&self, at: ResourceAt<'_, 'w>, span: Span) -> Option<Value> {
        let (holder, provider) = self.provider_of(at.context, at.decl)?;
        let defaults = provider.body.block("default_tags").and_then(|block| block.body.attribute("tags"));
        let defaults = defaults.map(|tags| self.eval(&tags.value, Scope::of(&holder)));
        let own = self.written_attribute(at, "tags", span);
        let both: Vec<Value> = defaults.into_iter().chain(own).collect();
        Some(self.call_with("merge", &both, span, at.scope()))
    }

    /// `name_prefix` where `name` is asked: the beginning of what the provider makes up.
    fn prefix_of(&self, at: ResourceAt<'_, 'w>, name: &str, span: Span) -> Option<Value> {
        let is_name = matches!(name, "id" | "name" | "bucket" | "identifier" | "cluster_identifier");
        if !is_name {
            return None;
        }
        // Where the id is the name, it begins with the same prefix.
        let names: &[&str] = match (&*at.decl.type_name, name) {
            ("aws_s3_bucket", "id" | "bucket") => &["bucket_prefix"],
            ("aws_iam_role" | "aws_iam_user" | "aws_iam_group" | "aws_iam_instance_profile", "id") => &["name_prefix"],
            (_, "id" | "bucket") => &[],
            (_, "name") => &["name_prefix"],
            (_, "identifier") => &["identifier_prefix"],
            _ => &["cluster_identifier_prefix"],
        };
        let prefix = names.iter().find_map(|name| self.written_attribute(at, name, span))?;
        (prefix.error().is_none() && !matches!(prefix.kind, Kind::Null)).then_some(prefix)
    }
}

/// Which instance an address means.
struct Picked<'a> {
    address: &'a Address<'a>,
    /// The step that holds the key.
    next: usize,
    key: &'a Value,
    words: Span,
}

/// The key that a value means; nothing if it is not known or none.
pub(super) fn instance_key(key: &Value, repetition: Repetition) -> Option<InstanceKey> {
    match (&key.kind, repetition) {
        (Kind::Number(number), Repetition::Count) => number.as_i64()?.try_into().ok().map(InstanceKey::Index),
        (Kind::Text(text), Repetition::Count) => text.known()?.parse().ok().map(InstanceKey::Index),
        (Kind::Text(text), Repetition::ForEach) => Some(InstanceKey::Text(text.known()?.into())),
        (Kind::Number(number), Repetition::ForEach) => Some(InstanceKey::Text(number.to_string().into())),
        (Kind::Bool(value), Repetition::ForEach) => {
            Some(InstanceKey::Text(if *value { "true" } else { "false" }.into()))
        }
        _ => None,
    }
}

/// Instances as a tuple or object, open where there may be more.
pub(super) fn collected(
    objects: impl Iterator<Item = (InstanceKey, Value)>,
    expansion: &Expansion,
    span: Span,
) -> Value {
    let origin = Origin::written(span);
    if expansion.repetition == Repetition::ForEach {
        let entries = objects.filter_map(|(key, value)| match key {
            InstanceKey::Text(key) => Some((key, value)),
            InstanceKey::None | InstanceKey::Index(_) | InstanceKey::Symbolic => None,
        });
        let entries = entries.collect();
        let map = Map { entries, flavour: MapFlavour::Object, open: expansion.open.clone(), owner: None };
        return Value::new(Kind::Map(Arc::new(map)), origin);
    }
    let items = objects.map(|(_, value)| value).collect();
    let list = List { items, flavour: ListFlavour::Tuple, open: expansion.open.clone(), is_indexed: true };
    Value::new(Kind::List(Arc::new(list)), origin)
}

fn undeclared(module: &Module, mode: Mode, of_type: &str, name: &str, span: Span) -> Value {
    if let Some(code) = module.hides {
        return unknown(code, format!("{of_type}.{name}"), span);
    }
    let declared = || module.resources.iter().filter(|decl| decl.mode == mode);
    let same_type = declared().filter(|decl| &*decl.type_name == of_type).map(|decl| &*decl.name);
    let message = match nearest(name, same_type) {
        Some(near) => format!("there is no `{of_type}.{name}`; did you mean `{of_type}.{near}`?"),
        None => match nearest(of_type, declared().filter(|decl| &*decl.name == name).map(|decl| &*decl.type_name)) {
            Some(near) => format!("there is no `{of_type}.{name}`; did you mean `{near}.{name}`?"),
            None => format!("there is no `{of_type}.{name}`"),
        },
    };
    error("undeclared-resource", message, span)
}

/// What the provider makes and nobody should see.
fn is_secret(type_name: &str, attribute: &str) -> bool {
    match type_name {
        "random_password" => matches!(attribute, "result" | "bcrypt_hash"),
        "tls_private_key" => attribute.starts_with("private_key_"),
        "aws_ssm_parameter" => attribute == "value",
        "aws_secretsmanager_secret_version" => matches!(attribute, "secret_string" | "secret_binary"),
        "aws_iam_access_key" => matches!(attribute, "secret" | "ses_smtp_password_v4"),
        _ => false,
    }
}
