//! `aws_iam_policy_document` as the document that it makes: source documents, own statements, overriding documents.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::scope::{Evaluator, Scope, error};
use crate::logic::Reason;
use crate::source::Span;
use crate::value::{Entries, Kind, List, ListFlavour, Map, MapFlavour, Origin, Piece, Text, Value};

/// A document while it is put together.
#[derive(Default)]
struct Document {
    statements: Vec<Value>,
    open: Option<Reason>,
    version: Option<Value>,
    id: Option<Value>,
    refused: Option<Value>,
}

impl<'w> Evaluator<'w> {
    /// The document behind the written body of the data source.
    pub(super) fn policy_document(&self, body: &Value, header: Span, scope: Scope<'_, 'w>) -> Value {
        let Some(map) = body.as_map() else { return body.clone() };
        let mut document = Document::default();
        for name in ["source_json", "source_policy_documents"] {
            for source in documents(map.entries.get(name), &mut document) {
                self.add_source(&source, &mut document, header, scope);
            }
        }
        add_own(map, &mut document, header);
        document.take(own_members(map, header));
        for name in ["override_json", "override_policy_documents"] {
            for over in documents(map.entries.get(name), &mut document) {
                self.add_override(&over, &mut document, header, scope);
            }
        }
        document.finish(header)
    }

    fn add_source(&self, source: &Value, document: &mut Document, header: Span, scope: Scope<'_, 'w>) {
        let (statements, rest) = self.decoded(source, document, header, scope);
        for statement in statements {
            if let Some(sid) = sid_of(&statement)
                && document.position(&sid).is_some()
            {
                let message = format!("two source documents have a statement with the sid `{sid}`");
                document.refused = Some(error("wrong-argument", message, header));
                return;
            }
            document.statements.push(statement);
        }
        document.take(rest);
    }

    fn add_override(&self, over: &Value, document: &mut Document, header: Span, scope: Scope<'_, 'w>) {
        let (statements, rest) = self.decoded(over, document, header, scope);
        for statement in statements {
            document.put(statement);
        }
        document.take(rest);
    }

    /// The statements of a document that is a text, and its other members.
    fn decoded(
        &self,
        text: &Value,
        document: &mut Document,
        header: Span,
        scope: Scope<'_, 'w>,
    ) -> (Vec<Value>, Entries) {
        if text.as_str().is_some_and(|text| text.trim().is_empty()) {
            return (Vec::new(), Entries::new());
        }
        let decoded = self.call_with("jsondecode", std::slice::from_ref(text), header, scope);
        let Some(map) = decoded.as_map() else {
            document.open_by(&decoded, header);
            return (Vec::new(), Entries::new());
        };
        if let Some(open) = &map.open {
            document.open.get_or_insert_with(|| open.clone());
        }
        let statements = match map.entries.get("Statement").map(|statement| (&statement.kind, statement)) {
            Some((Kind::List(list), _)) => {
                if let Some(open) = &list.open {
                    document.open.get_or_insert_with(|| open.clone());
                }
                list.items.clone()
            }
            Some((Kind::Map(_), statement)) => vec![statement.clone()],
            Some((_, other)) => {
                document.open_by(other, header);
                Vec::new()
            }
            None => Vec::new(),
        };
        (statements, map.entries.clone())
    }
}

/// The members of a list of documents, or the one document; null ones are skipped.
fn documents(value: Option<&Value>, document: &mut Document) -> Vec<Value> {
    match value.map(|value| (&value.kind, value)) {
        None | Some((Kind::Null, _)) => Vec::new(),
        Some((Kind::List(list), _)) => {
            if let Some(open) = &list.open {
                document.open.get_or_insert_with(|| open.clone());
            }
            list.items.iter().filter(|item| !matches!(item.kind, Kind::Null)).cloned().collect()
        }
        Some((_, one)) => vec![one.clone()],
    }
}

/// Version and id that the data source itself gives; the version has a default.
fn own_members(map: &Map, header: Span) -> Entries {
    let default = || Value::text("2012-10-17", Origin::provider_default("version", header));
    let version = written(map, "version").cloned().unwrap_or_else(default);
    let id = written(map, "policy_id").filter(|id| id.as_str() != Some("")).cloned();
    let mut members = Entries::from([("Version".into(), version)]);
    members.extend(id.map(|id| ("Id".into(), id)));
    members
}

fn add_own(map: &Map, document: &mut Document, header: Span) {
    let Some(blocks) = map.entries.get("statement") else { return };
    let Some(list) = blocks.as_list() else {
        document.open_by(blocks, header);
        return;
    };
    if let Some(open) = &list.open {
        document.open.get_or_insert_with(|| open.clone());
    }
    let mut own: Vec<String> = Vec::new();
    for block in &list.items {
        let Some(fields) = block.as_map() else {
            document.open_by(block, header);
            continue;
        };
        let statement = statement(block, fields, header);
        if let Some(sid) = sid_of(&statement) {
            if own.contains(&sid) {
                let message = format!("two statements have the sid `{sid}`");
                document.refused = Some(error("wrong-argument", message, header));
                return;
            }
            own.push(sid);
        }
        document.put(statement);
    }
}

/// One `statement` block as the document writes it.
fn statement(block: &Value, fields: &Map, header: Span) -> Value {
    let place = block.origin.span().unwrap_or(header);
    let mut entries = Entries::new();
    if let Some(sid) = written(fields, "sid") {
        entries.insert("Sid".into(), sid.clone());
    }
    let effect = written(fields, "effect").cloned();
    let effect = effect.unwrap_or_else(|| Value::text("Allow", Origin::provider_default("effect", place)));
    entries.insert("Effect".into(), effect);
    for (from, to) in [("actions", "Action"), ("not_actions", "NotAction")] {
        if let Some(list) = written(fields, from) {
            entries.insert(to.into(), list.clone());
        }
    }
    for (from, to) in [("resources", "Resource"), ("not_resources", "NotResource")] {
        if let Some(list) = written(fields, from) {
            entries.insert(to.into(), unescaped(list));
        }
    }
    for (from, to) in [("principals", "Principal"), ("not_principals", "NotPrincipal")] {
        if let Some(blocks) = fields.entries.get(from).filter(|blocks| !has_none(blocks)) {
            entries.insert(to.into(), principals(blocks, place));
        }
    }
    if let Some(blocks) = fields.entries.get("condition").filter(|blocks| !has_none(blocks)) {
        entries.insert("Condition".into(), conditions(blocks, place));
    }
    Value::map(entries, block.origin.clone())
}

/// A `dynamic` block over nothing writes nothing.
fn has_none(blocks: &Value) -> bool {
    blocks.as_list().is_some_and(|list| list.items.is_empty() && list.open.is_none())
}

/// `*` for everyone; otherwise identifiers by type, several blocks of one type merged.
fn principals(blocks: &Value, place: Span) -> Value {
    let Some(list) = blocks.as_list() else { return blocks.clone() };
    let mut by_type = Entries::new();
    let mut open = list.open.clone();
    for block in &list.items {
        let fields = block.as_map();
        let of_type = fields.and_then(|map| map.entries.get("type"));
        let identifiers = fields.and_then(|map| map.entries.get("identifiers"));
        let (Some(of_type), Some(identifiers)) = (of_type, identifiers) else { continue };
        let Some(name) = of_type.as_str() else {
            open = open.or_else(|| of_type.first_reason());
            continue;
        };
        let is_everyone = name == "*" && is_star(identifiers);
        if is_everyone && list.items.len() == 1 && list.open.is_none() {
            return Value::text("*", identifiers.origin.clone());
        }
        append(&mut by_type, name, unescaped(identifiers));
    }
    let map = Map { entries: by_type, flavour: MapFlavour::Object, open, owner: None };
    Value::new(Kind::Map(Arc::new(map)), Origin::written(place))
}

fn is_star(identifiers: &Value) -> bool {
    identifiers.as_list().is_some_and(|list| list.items.len() == 1 && list.items[0].as_str() == Some("*"))
}

/// Tests, their variables, their values; equal ones merged.
fn conditions(blocks: &Value, place: Span) -> Value {
    let Some(list) = blocks.as_list() else { return blocks.clone() };
    // The origin of an operator's block is where the operator is written first.
    let mut tests: BTreeMap<Arc<str>, (Entries, Origin)> = BTreeMap::new();
    let mut open = list.open.clone();
    for block in &list.items {
        let field = |name: &str| block.as_map().and_then(|map| map.entries.get(name));
        let (Some(test), Some(variable), Some(values)) = (field("test"), field("variable"), field("values")) else {
            continue;
        };
        let (Some(test_name), Some(variable_name)) = (test.as_str(), variable.as_str()) else {
            open = open.or_else(|| test.first_reason()).or_else(|| variable.first_reason());
            continue;
        };
        let entry = tests.entry(test_name.into()).or_insert_with(|| (Entries::new(), test.origin.clone()));
        append(&mut entry.0, variable_name, unescaped(values));
    }
    let entries = tests.into_iter().map(|(test, (variables, origin))| (test, Value::map(variables, origin)));
    let map = Map { entries: entries.collect(), flavour: MapFlavour::Object, open, owner: None };
    Value::new(Kind::Map(Arc::new(map)), Origin::written(place))
}

/// Adds the members of a list under a key that may have some already.
fn append(entries: &mut Entries, key: &str, list: Value) {
    let merged = match (entries.get(key).and_then(Value::as_list), list.as_list()) {
        (Some(before), Some(more)) => {
            let items = before.items.iter().chain(&more.items).cloned().collect();
            let open = before.open.clone().or_else(|| more.open.clone());
            let merged = List { items, flavour: ListFlavour::Tuple, open, is_indexed: before.is_indexed };
            Value::new(Kind::List(Arc::new(merged)), list.origin.clone())
        }
        _ => list,
    };
    entries.insert(key.into(), merged);
}

/// `&{x}` is how these blocks write the `${x}` of a policy variable.
fn unescaped(value: &Value) -> Value {
    let kind = match &value.kind {
        Kind::Text(text) if text.contains("&{") != crate::logic::Tri::False => {
            let pieces = text.pieces().iter().map(|piece| match piece {
                Piece::Literal(text, origin) => Piece::Literal(text.replace("&{", "${").into(), origin.clone()),
                Piece::Hole(hole) => Piece::Hole(hole.clone()),
            });
            Kind::Text(Text::from_pieces(pieces))
        }
        Kind::List(list) => {
            let items = list.items.iter().map(unescaped).collect();
            Kind::List(Arc::new(List { items, ..(**list).clone() }))
        }
        kind => kind.clone(),
    };
    Value { kind, origin: value.origin.clone(), sensitive: value.sensitive }
}

fn written<'a>(map: &'a Map, name: &str) -> Option<&'a Value> {
    map.entries.get(name).filter(|value| !matches!(value.kind, Kind::Null))
}

/// The sid of a statement, if it is known and not empty.
fn sid_of(statement: &Value) -> Option<String> {
    let sid = statement.as_map()?.entries.get("Sid")?.as_str()?;
    (!sid.is_empty()).then(|| sid.to_owned())
}

impl Document {
    fn position(&self, sid: &str) -> Option<usize> {
        self.statements.iter().position(|statement| sid_of(statement).as_deref() == Some(sid))
    }

    /// A statement with the sid of an earlier one takes its place.
    fn put(&mut self, statement: Value) {
        match sid_of(&statement).and_then(|sid| self.position(&sid)) {
            Some(position) => self.statements[position] = statement,
            None => self.statements.push(statement),
        }
    }

    /// The greater version and the last id win.
    fn take(&mut self, mut rest: Entries) {
        if let Some(version) = rest.remove("Version") {
            let is_greater = match (&self.version, version.as_str()) {
                (Some(before), Some(new)) => before.as_str().is_some_and(|before| new > before),
                (Some(_), None) => false,
                (None, _) => true,
            };
            if is_greater {
                self.version = Some(version);
            }
        }
        if let Some(id) = rest.remove("Id") {
            self.id = Some(id);
        }
    }

    fn open_by(&mut self, value: &Value, header: Span) {
        if value.error().is_some() {
            self.refused = Some(value.clone());
        }
        let reason = value.first_reason();
        self.open.get_or_insert_with(|| reason.unwrap_or_else(|| Reason::at("not-json", "a policy document", header)));
    }

    fn finish(self, header: Span) -> Value {
        if let Some(refused) = self.refused {
            return refused;
        }
        let list = List { items: self.statements, flavour: ListFlavour::Tuple, open: self.open, is_indexed: true };
        let statements = Value::new(Kind::List(Arc::new(list)), Origin::written(header));
        let mut entries = Entries::from([("Statement".into(), statements)]);
        entries.extend(self.version.map(|version| ("Version".into(), version)));
        entries.extend(self.id.map(|id| ("Id".into(), id)));
        Value::map(entries, Origin::written(header))
    }
}
