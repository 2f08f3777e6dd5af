//! What a request acts on: the slots of a scope filled from the options of a call, and the resource of this tree that it
//! then names, if there is one.

use std::sync::Arc;

use super::call::Call;
use super::index::{Index, field};
use crate::facts::Facts;
use crate::facts::permit::arn::unfold;
use crate::facts::permit::pattern::{Case, Pattern, Reading as How, Symbol, identity, shared_hole};
use crate::facts::permit::principal::Grants;
use crate::logic::Tri;
use crate::model::workload::Task;
use crate::model::{AnyId, Id, Model};
use crate::value::{Kind, Piece, Reference, Text, Value};

/// What an action must be allowed on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    pub pattern: Pattern,
    /// How Terraform would write it: an expression, quotes included.
    pub expression: String,
}

/// Whose needs are read, and where they act.
#[derive(Clone)]
pub(super) struct Surroundings<'m> {
    pub(super) model: &'m Model,
    index: Arc<Index>,
    /// Where the principal is declared: only what stands in the same module can be named by an address.
    own: Option<Arc<Reference>>,
    partition: Vec<Symbol>,
    region: Vec<Symbol>,
    account: Vec<Symbol>,
}

/// The task definition that a call registers or runs.
#[derive(Clone, Debug, Default)]
pub(super) struct Deployed {
    pub(super) family: Option<Value>,
    pub(super) tasks: Vec<Id<Task>>,
}

impl<'m> Surroundings<'m> {
    /// What `principal` needs, in the Region that its login names.
    pub(super) fn new(facts: &Facts<'m>, principal: AnyId, region: Option<&Text>) -> Surroundings<'m> {
        let (index, own) = (facts.analysis::<Index>(), facts.model.head(principal).terraform.clone());
        let root = own.as_ref().map_or("", |own| &own.root);
        let grants = facts.analysis::<Grants>();
        let arn = grants.of(principal).map_or_else(Pattern::anything, |granted| granted.arn.clone());
        let known = |at: usize, kind: &str| match field(&arn, at) {
            Some(field) if !field.is_empty() && !field.iter().any(|symbol| matches!(symbol, Symbol::Star { .. })) => {
                field.to_vec()
            }
            Some(_) | None => vec![Symbol::Hole(shared_hole(kind, root))],
        };
        let region = match region.and_then(Text::known).or_else(|| index.region(root)) {
            Some(region) => literal(region),
            None => vec![Symbol::Hole(shared_hole("region", root))],
        };
        let (partition, account) = (known(1, "partition"), known(4, "account"));
        Surroundings { model: facts.model, index, own, partition, region, account }
    }

    /// The same in another Region.
    pub(super) fn in_region(&self, region: &str) -> Surroundings<'m> {
        Surroundings { region: literal(region), ..self.clone() }
    }

    /// The things that a scope names for a call; none if the call does not come so far.
    pub(super) fn targets(&self, scope: &str, call: &Call, deployed: &Deployed) -> Vec<Target> {
        match scope {
            "*" => vec![Target { pattern: Pattern::star_character(), expression: "\"*\"".to_owned() }],
            "{roles}" => self.roles(deployed),
            "{image}" => call.option("image").into_iter().filter_map(|image| self.image(image)).collect(),
            "{key}" | "{infrastructure}" => vec![self.unknown(scope)],
            "{role-arn}" | "{role-to-assume}" => {
                call.option(scope.trim_matches(['{', '}'])).into_iter().map(|value| self.written(value)).collect()
            }
            _ => match scope.strip_prefix("{bucket ").or_else(|| scope.strip_prefix("{object ")) {
                Some(number) => self.stored(scope, call.option(number.trim_end_matches('}'))).into_iter().collect(),
                None => self.filled(scope, call, deployed),
            },
        }
    }

    /// A value that is an ARN.
    pub(super) fn written(&self, value: &Value) -> Target {
        let text = value.as_text();
        let pattern = match &text {
            Some(text) => Pattern::new(text, How::Literal, Case::Kept, &|hole| unfold(self.model, hole)),
            None => Pattern::of(vec![Symbol::Hole(identity(value))]),
        };
        self.target(pattern)
    }

    /// Something that nobody can name.
    fn unknown(&self, scope: &str) -> Target {
        let hole = Symbol::Hole(shared_hole(scope, ""));
        Target { pattern: Pattern::of(vec![hole]), expression: "\"*\"".to_owned() }
    }

    fn roles(&self, deployed: &Deployed) -> Vec<Target> {
        let mut found: Vec<Target> = Vec::new();
        for id in &deployed.tasks {
            let task = &self.model[*id];
            for written in [&task.execution_role_arn, &task.task_role_arn] {
                if written.is_present() == Tri::False {
                    continue;
                }
                let target = self.role(written.value());
                if !found.contains(&target) {
                    found.push(target);
                }
            }
        }
        if deployed.tasks.is_empty() { vec![self.unknown("{roles}")] } else { found }
    }

    /// A role by its ARN or its name.
    fn role(&self, written: &Value) -> Target {
        match written.as_str() {
            Some(name) if !name.starts_with("arn:") => {
                let mut symbols = self.head("iam", false);
                symbols.extend(literal("role/"));
                symbols.extend(literal(name));
                self.target(Pattern::of(symbols))
            }
            Some(_) | None => self.written(written),
        }
    }

    /// The repository of an image in a registry of this account.
    fn image(&self, image: &Value) -> Option<Target> {
        match image_in_ecr(image) {
            ImagePlace::Elsewhere => None,
            ImagePlace::Unknown => Some(self.unknown("{image}")),
            ImagePlace::Repository(reference) => Some(self.written(&reference)),
            ImagePlace::Path { account, region, path } => {
                let field = |known: Option<String>, own: &[Symbol]| known.map_or(own.to_vec(), |text| literal(&text));
                let mut symbols = literal("arn:");
                symbols.extend_from_slice(&self.partition);
                symbols.extend(literal(":ecr:"));
                symbols.extend(field(region, &self.region));
                symbols.push(Symbol::Literal(':'));
                symbols.extend(field(account, &self.account));
                symbols.extend(literal(":repository/"));
                symbols.extend(self.symbols(&path));
                Some(self.target(Pattern::of(symbols)))
            }
        }
    }

    /// `s3://bucket/key` as a bucket or as its objects; nothing for a path of the runner.
    fn stored(&self, scope: &str, argument: Option<&Value>) -> Option<Target> {
        let text = argument?.as_text()?;
        let Some(rest) = text.prefix().strip_prefix("s3://") else {
            return text.prefix().is_empty().then(|| self.unknown(scope));
        };
        let mut pieces = text.pieces().to_vec();
        if let Some(Piece::Literal(first, _)) = pieces.first_mut() {
            *first = rest.into();
        }
        let symbols = self.symbols(&Text::from_pieces(pieces));
        let slash = symbols.iter().position(|symbol| *symbol == Symbol::Literal('/')).unwrap_or(symbols.len());
        let mut arn = literal("arn:");
        arn.extend_from_slice(&self.partition);
        arn.extend(literal(":s3:::"));
        arn.extend_from_slice(&symbols[..slash]);
        if scope.starts_with("{object") {
            arn.push(Symbol::Literal('/'));
            arn.extend_from_slice(symbols.get(slash + 1..).unwrap_or(&[]));
            arn.push(Symbol::Star { is_inner: false });
        }
        Some(self.target(Pattern::of(arn)))
    }

    /// A template with slots. An option with several values names several things.
    fn filled(&self, scope: &str, call: &Call, deployed: &Deployed) -> Vec<Target> {
        let mut found: Vec<Vec<Symbol>> = vec![Vec::new()];
        let mut rest = scope;
        while let Some((before, after)) = rest.split_once('{') {
            let Some((slot, after)) = after.split_once('}') else { break };
            let parts = self.slot(slot, call, deployed);
            let is_whole = |value: &[Symbol]| value.starts_with(&literal("arn:"));
            let mut next = Vec::new();
            for known in &found {
                for part in &parts {
                    let mut symbols = known.clone();
                    symbols.extend(literal(before));
                    match is_whole(part) {
                        // An ARN where a name was expected: what stands before is in it already.
                        true if after.is_empty() || after.starts_with([':', '-']) => symbols.clone_from(part),
                        true => symbols.extend_from_slice(last_segment(part)),
                        false => symbols.extend_from_slice(part),
                    }
                    next.push(symbols);
                }
            }
            found = next;
            rest = after;
        }
        found
            .into_iter()
            .map(|mut symbols| {
                symbols.extend(Pattern::parse(rest, How::PlainGlob, Case::Kept).symbols());
                self.target(Pattern::of(symbols))
            })
            .collect()
    }

    fn slot(&self, slot: &str, call: &Call, deployed: &Deployed) -> Vec<Vec<Symbol>> {
        match slot {
            "P" => return vec![self.partition.clone()],
            "R" => return vec![self.region.clone()],
            "A" => return vec![self.account.clone()],
            "definition" => {
                let family = deployed.family.as_ref().and_then(Value::as_text);
                return vec![
                    family.map_or_else(
                        || self.unknown("{definition}").pattern.symbols().to_vec(),
                        |it| self.symbols(&it),
                    ),
                ];
            }
            _ => {}
        }
        let (slot, default) = slot.split_once(':').map_or((slot, None), |(slot, default)| (slot, Some(default)));
        let (name, strips_slash) = slot.strip_prefix('/').map_or((slot, false), |name| (name, true));
        let Some(values) = call.options.get(name) else {
            return vec![match default {
                Some("*") => vec![Symbol::Star { is_inner: false }],
                Some(default) => literal(default),
                None => self.unknown(slot).pattern.symbols().to_vec(),
            }];
        };
        let read = |value: &Value| match value.as_text() {
            Some(text) => {
                let symbols = self.symbols(&text);
                match symbols.first() {
                    Some(Symbol::Literal('/')) if strips_slash => symbols[1..].to_vec(),
                    Some(_) | None => symbols,
                }
            }
            None => vec![Symbol::Hole(identity(value))],
        };
        values.iter().map(read).collect()
    }

    fn symbols(&self, text: &Text) -> Vec<Symbol> {
        Pattern::new(text, How::Literal, Case::Kept, &|hole| unfold(self.model, hole)).symbols().to_vec()
    }

    /// `arn:P:service:R:A:`.
    fn head(&self, service: &str, has_region: bool) -> Vec<Symbol> {
        let mut symbols = literal("arn:");
        symbols.extend_from_slice(&self.partition);
        symbols.extend(literal(&format!(":{service}:")));
        if has_region {
            symbols.extend_from_slice(&self.region);
        }
        symbols.push(Symbol::Literal(':'));
        symbols.extend_from_slice(&self.account);
        symbols.push(Symbol::Literal(':'));
        symbols
    }

    /// `arn:P:service:R:A:resource`, where the resource is a text.
    pub(super) fn named(&self, service: &str, before: &str, name: &Text, behind: &str) -> Target {
        let mut symbols = self.head(service, true);
        symbols.extend(literal(before));
        symbols.extend(self.symbols(name));
        symbols.extend(Pattern::parse(behind, How::PlainGlob, Case::Kept).symbols());
        self.target(Pattern::of(symbols))
    }

    /// The pattern as a target: as the resource of this tree that it names, else as it stands.
    pub(super) fn target(&self, pattern: Pattern) -> Target {
        let root = self.own.as_ref().map(|own| &*own.root);
        let mut anchors = root.map_or_else(Vec::new, |root| self.index.anchors(root, &pattern)).into_iter();
        let own = anchors.find_map(|(anchor, rest)| Some((anchor, self.address(&anchor.reference)?, rest)));
        match own {
            Some((anchor, address, rest)) => {
                let expression = match &*rest {
                    [] => format!("{address}.{}", anchor.reference.path),
                    rest => format!("\"${{{address}.{}}}{}\"", anchor.reference.path, shown(rest)),
                };
                let mut whole = anchor.arn.symbols().to_vec();
                whole.extend_from_slice(&rest);
                Target { pattern: Pattern::of(whole), expression }
            }
            None => Target { expression: spelled(&pattern), pattern },
        }
    }

    /// How the principal's module calls a resource.
    fn address(&self, reference: &Reference) -> Option<String> {
        let own = self.own.as_ref().filter(|own| own.root == reference.root)?;
        let (ours, theirs) = (module_length(&own.address), module_length(&reference.address));
        (own.address[..ours] == reference.address[..theirs]).then(|| reference.address[theirs..].to_owned())
    }
}

/// How much of an address names modules: `module.net["a"].`.
fn module_length(address: &str) -> usize {
    let mut at = 0;
    while let Some(rest) = address[at..].strip_prefix("module.") {
        let mut is_quoted = false;
        let mut n_brackets = 0;
        let end = rest.char_indices().find(|(_, character)| {
            match character {
                '"' => is_quoted = !is_quoted,
                '[' if !is_quoted => n_brackets += 1,
                ']' if !is_quoted => n_brackets -= 1,
                _ => {}
            }
            *character == '.' && !is_quoted && n_brackets == 0
        });
        match end {
            Some((dot, _)) => at += "module.".len() + dot + 1,
            None => return at,
        }
    }
    at
}

pub(super) fn literal(text: &str) -> Vec<Symbol> {
    text.chars().map(Symbol::Literal).collect()
}

fn last_segment(symbols: &[Symbol]) -> &[Symbol] {
    let at = symbols.iter().rposition(|symbol| *symbol == Symbol::Literal('/')).map_or(0, |at| at + 1);
    &symbols[at..]
}

fn shown(symbols: &[Symbol]) -> String {
    Pattern::of(symbols.to_vec()).to_string().replace('…', "*")
}

/// An ARN as a policy can hold it: what is not known is a wildcard, the partition that of all Regions but a few.
fn spelled(pattern: &Pattern) -> String {
    let text = shown(pattern.symbols());
    let text = match text.strip_prefix("arn:*:") {
        Some(rest) => format!("arn:aws:{rest}"),
        None => text,
    };
    format!("\"{text}\"")
}

/// Where an image lies.
pub(super) enum ImagePlace {
    /// `account.dkr.ecr.region.amazonaws.com/path`.
    Path {
        account: Option<String>,
        region: Option<String>,
        path: Text,
    },
    /// A repository of this tree.
    Repository(Value),
    /// A registry that is no private one of AWS.
    Elsewhere,
    Unknown,
}

/// Reads the name of an image, tag and digest included or not.
pub(super) fn image_in_ecr(image: &Value) -> ImagePlace {
    let Some(text) = image.as_text() else { return ImagePlace::Unknown };
    if let Some(Piece::Hole(hole)) = text.pieces().first() {
        if let Some(reference) = hole.as_reference().filter(|reference| &*reference.path == "repository_url") {
            let arn = Reference { path: "arn".into(), ..reference.clone() };
            return ImagePlace::Repository(Value::new(Kind::Reference(std::sync::Arc::new(arn)), hole.origin.clone()));
        }
        // `registry/path:tag`, where the registry is the output of a login or a variable.
        return match path_of(&text) {
            Some(path) => ImagePlace::Path { account: None, region: None, path },
            None => ImagePlace::Unknown,
        };
    }
    let prefix = text.prefix();
    let host = prefix.split('/').next().unwrap_or("");
    let is_whole = prefix.contains('/') || text.known().is_some();
    match (host.split_once(".dkr.ecr."), text.contains(".dkr.ecr.")) {
        (Some((account, rest)), _) => {
            let Some(path) = path_of(&text) else { return ImagePlace::Unknown };
            let region = rest.split_once(".amazonaws.com").map(|(region, _)| region.to_owned());
            ImagePlace::Path { account: Some(account.to_owned()), region, path }
        }
        (None, Tri::True) => match path_of(&text) {
            Some(path) => ImagePlace::Path { account: None, region: None, path },
            None => ImagePlace::Unknown,
        },
        (None, _) if is_whole => ImagePlace::Elsewhere,
        (None, _) => ImagePlace::Unknown,
    }
}

/// What stands between the first slash and the tag.
fn path_of(text: &Text) -> Option<Text> {
    let mut pieces = Vec::new();
    let mut is_inside = false;
    for piece in text.pieces() {
        match piece {
            Piece::Hole(_) if is_inside => pieces.push(piece.clone()),
            Piece::Hole(_) => {}
            Piece::Literal(literal, origin) => {
                let literal: &str = match is_inside {
                    true => literal,
                    false => match literal.split_once('/') {
                        Some((_, rest)) => {
                            is_inside = true;
                            rest
                        }
                        None => continue,
                    },
                };
                let end = literal.find([':', '@']);
                let part = &literal[..end.unwrap_or(literal.len())];
                if !part.is_empty() {
                    pieces.push(Piece::Literal(part.into(), origin.clone()));
                }
                if end.is_some() {
                    break;
                }
            }
        }
    }
    (!pieces.is_empty()).then(|| Text::from_pieces(pieces))
}
