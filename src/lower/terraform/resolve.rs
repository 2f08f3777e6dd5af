//! From written values to edges: a reference leads to the entity that its instance became, a text to the entity that
//! calls itself so. What leads nowhere in this tree is unknown with its reason, never absent.

use super::context::Context;
use crate::eval::terraform::BlockView;
use crate::logic::{Reason, Tri};
use crate::model::{AnyId, Entity, Many, One, Target};
use crate::source::Span;
use crate::value::{Kind, Origin, Reference, Step, StepKind, Value};

/// Which entities an edge may lead to.
pub(crate) trait Ends: Target {
    fn takes(id: AnyId) -> bool;
}

impl<E: Entity> Ends for E {
    fn takes(id: AnyId) -> bool {
        id.entity == E::NAME
    }
}

impl Context<'_> {
    /// From now on a text equal to `name` leads to the entity.
    pub(crate) fn call(&mut self, id: impl Into<AnyId>, name: Option<Value>) {
        let id = id.into();
        if let Some(name) = name {
            self.names.entry(id.entity).or_default().push((name, id));
        }
    }

    /// The edge that an attribute of a block draws; absent where nothing is written.
    pub(crate) fn one<T: Ends>(&self, block: BlockView<'_>, attribute: &'static str) -> One<T> {
        match block.attr(attribute) {
            Some(value) => self.edge(&value),
            None => {
                let mut edge = One::absent(block.header_span());
                edge.origin = block.lacks(attribute);
                edge
            }
        }
    }

    /// The first of several attributes that is written.
    pub(crate) fn one_of<T: Ends>(&self, block: BlockView<'_>, attributes: &[&'static str]) -> One<T> {
        let written = attributes.iter().find(|attribute| block.attr(attribute).is_some());
        self.one(block, written.or(attributes.first()).unwrap_or(&""))
    }

    /// The edge that a value draws.
    pub(crate) fn edge<T: Ends>(&self, value: &Value) -> One<T> {
        match self.target::<T>(value) {
            Ok(Some(id)) => One::to(id, value.origin.clone()),
            Ok(None) => {
                let mut edge = One::absent(value.origin.span().unwrap_or_else(|| self.anywhere()));
                edge.origin = value.origin.clone();
                edge
            }
            Err(reason) => One::unknown(reason, value.origin.clone()),
        }
    }

    /// The edges that a list draws. Members that cannot be told open the collection.
    pub(crate) fn many<T: Ends>(&self, block: BlockView<'_>, attribute: &'static str) -> Many<T> {
        let mut many = Many::none(block.header_span());
        match block.attr(attribute) {
            Some(value) => self.extend(&mut many, &value),
            None => many.origin = block.lacks(attribute),
        }
        many
    }

    pub(crate) fn extend<T: Ends>(&self, many: &mut Many<T>, value: &Value) {
        if many.members.is_empty() {
            many.origin = value.origin.clone();
        }
        let Some(list) = value.as_list() else {
            return self.extend_by_one(many, value);
        };
        if let Some(reason) = &list.open {
            many.open(reason.clone());
        }
        for item in &list.items {
            self.extend_by_one(many, &taken_from(item, &value.origin));
        }
    }

    fn extend_by_one<T: Ends>(&self, many: &mut Many<T>, value: &Value) {
        if let Kind::Reference(reference) = &value.kind
            && let [only] = self.members_behind::<T>(reference).as_slice()
        {
            many.push(*only, value.origin.clone());
            // A data source that finds several stands for all of them.
            if reference.path.ends_with("ids") {
                many.open(self.provider_computed(reference, value.origin.span()));
            }
            return;
        }
        match self.target::<T>(value) {
            Ok(Some(id)) => many.push(id, value.origin.clone()),
            Ok(None) => {}
            Err(reason) => many.open(reason),
        }
    }

    /// Nothing for null; an error for what cannot be told.
    fn target<T: Ends>(&self, value: &Value) -> Result<Option<AnyId>, Reason> {
        match &value.kind {
            Kind::Null => Ok(None),
            Kind::Reference(reference) => {
                let found = self.members_behind::<T>(reference);
                match found.as_slice() {
                    [id, ..] => Ok(Some(*id)),
                    [] => Err(self.provider_computed(reference, value.origin.span())),
                }
            }
            Kind::Unknown(unknown) => Err(unknown.reason.clone()),
            Kind::Text(_) => self.by_name::<T>(value),
            Kind::Map(map) => match &map.owner {
                Some(owner) => Ok(self.members_behind::<T>(owner).first().copied()),
                None => Err(wrong_type(value)),
            },
            Kind::Bool(_) | Kind::Number(_) | Kind::List(_) => Err(wrong_type(value)),
        }
    }

    fn members_behind<T: Ends>(&self, reference: &Reference) -> Vec<AnyId> {
        let address = self.deployment.referred(reference).map_or(&reference.address, |instance| &instance.address);
        let fitting: Vec<AnyId> = self.led(address, &reference.path).filter(|id| T::takes(*id)).collect();
        if !fitting.is_empty() {
            return fitting;
        }
        self.referred(reference).into_iter().filter(|id| T::takes(*id)).collect()
    }

    fn by_name<T: Ends>(&self, value: &Value) -> Result<Option<AnyId>, Reason> {
        let Some(text) = value.as_text() else { return Err(wrong_type(value)) };
        if let [crate::value::Piece::Hole(hole)] = text.pieces() {
            return self.target::<T>(hole);
        }
        let mut doubt = None;
        for (name, id) in self.names.values().flatten().filter(|(_, id)| T::takes(*id)) {
            let Some(name) = name.as_text() else { continue };
            match name.equals(&text) {
                Tri::True => return Ok(Some(*id)),
                Tri::Unknown => doubt = Some(*id),
                Tri::False => {}
            }
        }
        let code = if doubt.is_some() { "may-be-another" } else { "not-declared-here" };
        Err(Reason::with(code, text.to_string(), value.origin.span()))
    }

    fn provider_computed(&self, reference: &Reference, place: Option<Span>) -> Reason {
        if let Some(hole) = self.deployment.referred_hole(reference) {
            return hole.reason.clone();
        }
        reference.computed(place)
    }

    /// For edges without any place of their own.
    fn anywhere(&self) -> Span {
        let first = self.deployment.instances.first().map(|instance| instance.header_span);
        first.unwrap_or_else(|| Span::file_start(crate::source::FileId(0)))
    }
}

fn wrong_type(value: &Value) -> Reason {
    Reason::with("wrong-type", "an id", value.origin.span())
}

/// The elements of a list with their own origins; a single value counts as a list of one.
pub(crate) fn elements(value: &Value) -> (Vec<Value>, Option<Reason>) {
    match &value.kind {
        Kind::List(list) => {
            let items = list.items.iter().map(|item| read_with(item, &value.origin)).collect();
            (items, list.open.clone())
        }
        Kind::Null => (Vec::new(), None),
        Kind::Unknown(unknown) => (Vec::new(), Some(unknown.reason.clone())),
        Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) | Kind::Map(_) | Kind::Reference(_) => {
            (vec![value.clone()], None)
        }
    }
}

/// A member that stands elsewhere was named by whoever wrote the list: `aws_subnet.app[*].id`.
fn taken_from(item: &Value, list: &Origin) -> Value {
    let item = read_with(item, list);
    match (list.newest(), item.origin.newest()) {
        (Some(list), Some(own)) if !list.span.contains(&own.span) => {
            item.through(StepKind::ReadThrough("[*]".into()), list.span)
        }
        (_, _) => item,
    }
}

/// A member of a list that was read through something has come the same way.
fn read_with(item: &Value, container: &Origin) -> Value {
    let mut steps: Vec<Step<'_>> = container.steps().collect();
    steps.reverse();
    let mut value = item.clone();
    for step in steps {
        if !matches!(step.kind, StepKind::Written) {
            value.origin = value.origin.then(step.kind.clone(), step.span);
        }
    }
    value
}

/// The service behind `com.amazonaws.<region>.<service>`, whatever the region is.
pub(crate) fn aws_service(value: &Value) -> Option<Value> {
    let text = value.as_text()?;
    let named = |service: &str| Value::text(service, Origin::clone(&value.origin));
    if let Some(known) = text.known() {
        let rest = known.strip_prefix("com.amazonaws.").or_else(|| known.strip_prefix("cn.com.amazonaws."))?;
        let (_, service) = rest.split_once('.')?;
        return Some(named(service));
    }
    let suffix = text.suffix();
    let is_ours = text.prefix().contains("com.amazonaws") || text.prefix().is_empty();
    match (is_ours, text.holes().count(), suffix.strip_prefix('.')) {
        (true, 1, Some(service)) if !service.is_empty() => Some(named(service)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::aws_service;
    use crate::logic::Reason;
    use crate::value::{Kind, Origin, Piece, Text, Value};

    fn service(pieces: Vec<Piece>) -> Option<String> {
        let value = Value::new(Kind::Text(Text::from_pieces(pieces)), Origin::none());
        aws_service(&value).and_then(|service| service.as_str().map(str::to_owned))
    }

    fn literal(text: &str) -> Piece {
        Piece::Literal(text.into(), Origin::none())
    }

    #[test]
    fn a_service_is_what_follows_the_region() {
        let region = || Piece::Hole(Box::new(Value::unknown(Reason::new("no-value", "var.region"), Origin::none())));
        assert_eq!(service(vec![literal("com.amazonaws.eu-west-1.ecr.dkr")]).as_deref(), Some("ecr.dkr"));
        assert_eq!(service(vec![literal("com.amazonaws."), region(), literal(".s3")]).as_deref(), Some("s3"));
        assert_eq!(service(vec![literal("com.amazonaws."), region()]), None);
        assert_eq!(service(vec![literal("com.amazonaws."), region(), literal("."), region()]), None);
        assert_eq!(service(vec![literal("vpce-svc-1")]), None);
    }
}
