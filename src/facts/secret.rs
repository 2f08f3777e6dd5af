//! Where secrets stand in clear, and where they end up. Name and value must both agree, unless the value comes from
//! something that is a secret whatever it is called.

use super::{Facts, entry, facts};
use crate::data::secrets::{has_password, is_harmless, is_placeholder, names_identifier, names_secret};
use crate::logic::{Fact, Reason, Tri};
use crate::model::data::HttpRequest;
use crate::model::secret::{EnvFile, Parameter, SecretAttribute, Variable};
use crate::model::terraform::{InputVariable, Output, TfvarsEntry};
use crate::model::{Cell, Id, Model, mark};
use crate::source::{Place, Span};
use crate::value::{Kind, Piece, StepKind, Value};

facts! {
    Variable {
        /// Whether a secret stands in it in clear: by name and literal, or because its value comes from one.
        is_secret: Flag = is_secret,
        /// Whether it holds an address with a password in it.
        url_has_password: Flag = url_has_password,
        /// Whether it switches a debug mode on.
        turns_debug_on: Flag = turns_debug_on,
        /// Whether it lets the application answer to every host name.
        admits_any_host: Flag = admits_any_host,
    }
    SecretAttribute {
        /// Whether the secret is written out.
        is_literal: Flag = is_literal,
    }
    Parameter {
        /// Whether a secret is kept in a plain parameter.
        holds_secret_in_clear: Flag = holds_secret_in_clear,
    }
    InputVariable {
        /// Whether it is made for a secret: by its name, or because it is marked sensitive.
        is_secret: Flag = variable_is_secret,
        /// Whether its default is a secret that is written out.
        default_is_secret: Flag = default_is_secret,
    }
    TfvarsEntry {
        /// Whether a secret is written out.
        holds_secret: Flag = entry_holds_secret,
    }
    Output {
        /// Whether its value comes from a secret.
        is_secret: Flag = output_is_secret,
    }
    HttpRequest {
        /// Whether a secret goes out in the address or a header, without TLS.
        carries_secret_in_clear: Flag = carries_secret_in_clear,
    }
    EnvFile {
        /// Whether one of its variables is a secret that is written out.
        holds_secret: Flag = file_holds_secret,
    }
}

/// The literals of all secrets that stand in clear: no output may show them, whatever rule prints their line.
pub fn literals(model: &Model) -> Vec<Span> {
    let facts = Facts::new(model);
    let mut found = Vec::new();
    let mut add = |fact: Fact| {
        if fact.tri == Tri::True {
            found.extend(fact.places.iter().map(|place| place.span));
        }
    };
    for id in model.secret.variables.ids() {
        let variable = &model[id];
        // What is not a literal of a secret's own is a reference, which tells nothing.
        if variable.content.value().as_str().is_some() && is_secret(&facts, id).tri == Tri::True {
            add(Fact::yes(places_of([variable.content.value()])));
        }
        add(url_has_password(&facts, id));
        if variable.is_literal_secret.tri() == Tri::True {
            add(Fact::yes(places_of([variable.content.value(), variable.is_literal_secret.value()])));
        }
    }
    for (_, command) in model.image.commands.iter() {
        for cell in [&command.stores_credential, &command.sets_admin_password] {
            if cell.tri() == Tri::True {
                add(Fact::yes(places_of([cell.value()])));
            }
        }
    }
    for id in model.secret.secret_attributes.ids() {
        add(is_literal(&facts, id));
    }
    for id in model.terraform.input_variables.ids() {
        add(default_is_secret(&facts, id));
    }
    for id in model.terraform.tfvars_entries.ids() {
        add(entry_holds_secret(&facts, id));
    }
    for (_, setting) in model.secret.settings.iter().filter(|(_, setting)| setting.name.as_str() == Some("SECRET_KEY"))
    {
        found.push(setting.head.span);
    }
    found.extend(model.secret.secret_literals.iter().map(|(_, literal)| literal.head.span));
    found
}

fn places_of<'v>(values: impl IntoIterator<Item = &'v Value>) -> Vec<Place> {
    values.into_iter().filter_map(|value| value.origin.span()).map(|span| Place::new(span, "")).collect()
}

/// What a value is by itself, whatever holds it.
pub(super) enum Source {
    /// It comes from something that is a secret.
    Secret(&'static str),
    /// A text that is written out.
    Literal(String),
    Harmless,
    Unknown(Reason),
}

/// Attributes whose values are secrets, whatever resource has them.
const SECRET_PATHS: [&str; 12] = [
    "auth_token",
    "bcrypt_hash",
    "client_secret",
    "master_password",
    "password",
    "private_key",
    "private_key_openssh",
    "private_key_pem",
    "result",
    "secret",
    "secret_string",
    "ses_smtp_password_v4",
];

pub(super) fn source_of(value: &Value) -> Source {
    if value.sensitive && !matches!(value.kind, Kind::Null) {
        return Source::Secret(SENSITIVE);
    }
    if is_identifier(value) {
        return Source::Harmless;
    }
    if let Some(words) = read_through_secret(value) {
        return Source::Secret(words);
    }
    match &value.kind {
        Kind::Null | Kind::Bool(_) | Kind::List(_) | Kind::Map(_) => Source::Harmless,
        Kind::Number(number) => Source::Literal(number.to_string()),
        Kind::Reference(reference) => {
            let last = reference.path.rsplit('.').next().unwrap_or("");
            let ty = reference.address.rsplit_once('.').map_or("", |(ty, _)| ty.rsplit('.').next().unwrap_or(ty));
            let is_random = matches!(ty, "random_password" | "random_bytes");
            let is_parameter = ty == "aws_ssm_parameter" && last == "value";
            let is_secret = is_parameter || SECRET_PATHS.contains(&last) && (last != "result" || is_random);
            // What another state or an unread module hands over may be anything.
            let is_foreign =
                ty == "terraform_remote_state" || reference.address.starts_with("module.") && ty == "module";
            match (is_secret, is_foreign) {
                (true, _) => Source::Secret("comes from a secret"),
                (false, true) => Source::Unknown(reference.computed(value.origin.span())),
                (false, false) => Source::Harmless,
            }
        }
        Kind::Unknown(unknown) if is_pipeline_secret(&unknown.reason) => Source::Secret(PIPELINE),
        Kind::Unknown(unknown) => match unknown.reason.object.strip_prefix("var.") {
            Some(name) if names_secret(name) => Source::Secret(MADE_FOR_IT),
            Some(_) | None => Source::Unknown(unknown.reason.clone()),
        },
        Kind::Text(text) => {
            if let Some(known) = text.known() {
                return Source::Literal(known.to_owned());
            }
            let mut doubt = None;
            for hole in text.holes() {
                match source_of(hole) {
                    Source::Secret(words) => return Source::Secret(words),
                    Source::Unknown(reason) => doubt = doubt.or(Some(reason)),
                    Source::Literal(_) | Source::Harmless => {}
                }
            }
            doubt.map_or(Source::Harmless, Source::Unknown)
        }
    }
}

/// What is said of a secret that a workflow hands over.
pub(super) const PIPELINE: &str = "a secret of the pipeline";

/// Whether a value is not known because it is a secret of a workflow.
pub(super) fn is_pipeline_secret(reason: &Reason) -> bool {
    reason.code == "secret"
}

/// The resources that made the secrets in a value.
pub(super) fn makers(model: &Model, value: &Value) -> Vec<Place> {
    let mut places = Vec::new();
    for reference in value.references() {
        let is_it = |head: &crate::model::Head| {
            head.terraform.as_ref().is_some_and(|it| it.root == reference.root && it.address == reference.address)
        };
        let maker = model.resources.resources.iter().find(|(_, resource)| is_it(&resource.head));
        places.extend(maker.map(|(_, resource)| Place::new(resource.head.span, "made here")));
    }
    places
}

/// A value that came through a variable whose name is a secret's, unless it is plainly none.
fn read_through_secret(value: &Value) -> Option<&'static str> {
    let is_harmless = value.as_str().is_some_and(is_harmless) || matches!(value.kind, Kind::Bool(_) | Kind::Null);
    let mut steps = value.origin.steps();
    let through = steps.any(|step| {
        let StepKind::ReadThrough(name) = step.kind else { return false };
        name.strip_prefix("var.").is_some_and(names_secret)
    });
    (through && !is_harmless).then_some(MADE_FOR_IT)
}

const SENSITIVE: &str = "marked sensitive";
const MADE_FOR_IT: &str = "a variable made for a secret";

/// The name, id or ARN of something that a block declares, whatever that holds.
fn is_identifier(value: &Value) -> bool {
    value.origin.steps().any(|step| {
        let StepKind::ReadThrough(word) = step.kind else { return false };
        let (owner, attribute) = word.rsplit_once('.').unwrap_or(("", word));
        let ty = owner.strip_prefix("data.").unwrap_or(owner);
        matches!(attribute, "arn" | "id" | "name") && ty.starts_with("aws_")
    })
}

pub(super) fn at(value: &Value, fallback: Span, role: &str) -> Vec<Place> {
    vec![Place::new(value.origin.span().unwrap_or(fallback), role)]
}

/// Whether a value under a name is a secret.
fn named_secret(name: &Cell<mark::Text>, value: &Value, span: Span) -> Fact {
    if let Some(fact) = url_with_password(value, span) {
        // A matter of its own: `url_has_password`.
        return if fact.tri == Tri::True { Fact::no(fact.places) } else { fact };
    }
    // A mark says that people are not to see it, a name on both ends what it is.
    let is_called = name.as_str().is_some_and(names_identifier);
    match source_of(value) {
        Source::Secret(SENSITIVE | MADE_FOR_IT) if is_called => Fact::no(at(value, span, "")),
        Source::Secret(words) => Fact::yes(at(value, span, words)),
        Source::Harmless => Fact::no(at(value, span, "")),
        Source::Literal(text) if is_harmless(&text) => Fact::no(at(value, span, "")),
        Source::Literal(_) => match name.as_str() {
            Some(known) => {
                if names_secret(known) {
                    Fact::yes(at(value, span, "written out"))
                } else {
                    Fact::no(at(value, span, ""))
                }
            }
            None => Fact::unknown(unknown_of(name.value(), "the variable's name")),
        },
        Source::Unknown(reason) => match name.as_str() {
            Some(known) if !names_secret(known) => Fact::no(at(value, span, "")),
            Some(_) | None => Fact::unknown(reason),
        },
    }
}

pub(super) fn unknown_of(value: &Value, what: &str) -> Reason {
    let otherwise = || Reason::with("provider-computed", what.to_owned(), value.origin.span());
    value.reason().cloned().unwrap_or_else(otherwise)
}

pub(super) fn is_secret(facts: &Facts<'_>, id: Id<Variable>) -> Fact {
    let variable = &facts.model[id];
    let mut secret = named_secret(&variable.name, variable.content.value(), variable.head.span);
    if secret.tri == Tri::True {
        entry::lead(&mut secret.places, variable);
        secret.places.extend(makers(facts.model, variable.content.value()));
    }
    secret
}

fn url_has_password(facts: &Facts<'_>, id: Id<Variable>) -> Fact {
    let variable = &facts.model[id];
    let value = variable.content.value();
    let otherwise = || match value.reason() {
        // Nobody can say what a whole unknown holds; only a name that speaks of an address makes it worth a question.
        Some(reason) if variable.name.as_str().is_some_and(|name| name.to_ascii_uppercase().ends_with("URL")) => {
            Fact::unknown(reason.clone())
        }
        Some(_) | None => Fact::no(at(value, variable.head.span, "")),
    };
    url_with_password(value, variable.head.span).unwrap_or_else(otherwise)
}

/// `postgres://user:word@host`, where word and host may be holes; nothing for what is no such address.
pub(super) fn url_with_password(value: &Value, span: Span) -> Option<Fact> {
    let Kind::Text(text) = &value.kind else { return None };
    if let Some(known) = text.known() {
        let is_it = has_password(known) && !is_placeholder(userinfo(known));
        return is_it.then(|| Fact::yes(at(value, span, "a password in an address")));
    }
    // Holes keep their place in the text as a word that no address has.
    let mut written = String::new();
    let mut holes = Vec::new();
    for piece in text.pieces() {
        match piece {
            Piece::Literal(literal, _) => written.push_str(literal),
            Piece::Hole(hole) => {
                written.push('\u{0}');
                holes.push(&**hole);
            }
        }
    }
    if !has_password(&written) {
        return None;
    }
    let secret = holes.iter().find(|hole| matches!(source_of(hole), Source::Secret(_)));
    let place = secret.copied().unwrap_or(value);
    Some(Fact::yes(at(place, span, "a password in an address")))
}

fn userinfo(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let user = rest.rsplit_once('@').map_or("", |(user, _)| user);
    user.split_once(':').map_or("", |(_, password)| password)
}

fn is_literal(facts: &Facts<'_>, id: Id<SecretAttribute>) -> Fact {
    let sink = &facts.model[id];
    let value = sink.content.value();
    let span = sink.head.span;
    let no = || Fact::no(at(value, span, ""));
    if sink.sink.equals("attribute") == Tri::False {
        return no();
    }
    match &value.kind {
        Kind::Text(text) => match text.known() {
            Some(known) => {
                let trimmed = known.trim();
                let is_interpolation = trimmed.starts_with("{{") || trimmed.starts_with('<');
                if trimmed.is_empty() || is_interpolation || is_placeholder(trimmed) {
                    no()
                } else {
                    Fact::yes(at(value, span, "written out"))
                }
            }
            None => no(),
        },
        Kind::Number(_) => Fact::yes(at(value, span, "written out")),
        Kind::List(list) => {
            let literal = list.items.iter().find(|item| item.as_str().is_some_and(|text| !is_placeholder(text)));
            literal.map_or_else(no, |item| Fact::yes(at(item, span, "written out")))
        }
        Kind::Map(map) => {
            let literal = map
                .entries
                .iter()
                .find(|(name, value)| names_secret(name) && value.as_str().is_some_and(|it| !is_harmless(it)));
            literal.map_or_else(no, |(_, value)| Fact::yes(at(value, span, "written out")))
        }
        Kind::Null | Kind::Bool(_) | Kind::Reference(_) => no(),
        Kind::Unknown(unknown) => Fact::unknown(unknown.reason.clone()),
    }
}

const LOGIN_HEADERS: [&str; 4] = ["Authorization", "Cookie", "Proxy-Authorization", "X-Api-Key"];

/// A secret of any kind in a request over `http://`.
fn carries_secret_in_clear(facts: &Facts<'_>, id: Id<HttpRequest>) -> Fact {
    let request = &facts.model[id];
    let span = request.head.span;
    let url = request.url.value();
    let is_plain = match url.as_text().map(|text| text.starts_with("http://")) {
        Some(Tri::True) => Fact::yes(at(url, span, "asked without TLS")),
        Some(Tri::False) => return Fact::no(at(url, span, "")),
        Some(Tri::Unknown) | None => Fact::unknown(unknown_of(url, "url")),
    };
    let headers = request.headers.value();
    let entries = headers.as_map();
    let of_header = entries.into_iter().flat_map(|map| &map.entries).map(|(name, value)| {
        // These carry credentials, whatever the words of their names are.
        let is_login = LOGIN_HEADERS.iter().any(|login| name.eq_ignore_ascii_case(login));
        let name = if is_login { "secret" } else { name };
        named_secret(&Cell::of(Value::text(name, value.origin.clone())), value, span)
    });
    let open = match (entries, headers.reason()) {
        (Some(map), _) => map.open.clone(),
        (None, Some(reason)) => Some(reason.clone()),
        (None, None) => None,
    };
    let of_url = match source_of(url) {
        Source::Secret(words) => Fact::yes(at(url, span, words)),
        Source::Literal(text) if has_password(&text) => Fact::yes(at(url, span, "a password in an address")),
        Source::Literal(_) | Source::Harmless => Fact::no(at(url, span, "")),
        Source::Unknown(reason) => Fact::unknown(reason),
    };
    let carried = Fact::any([of_url].into_iter().chain(of_header).chain(open.map(Fact::unknown)));
    let mut fact = carried.and(is_plain);
    fact.places.dedup_by(|a, b| a.span == b.span);
    fact
}

fn holds_secret_in_clear(facts: &Facts<'_>, id: Id<Parameter>) -> Fact {
    let parameter = &facts.model[id];
    let is_plain = parameter.kind.equals("SecureString");
    match is_plain {
        Tri::True => return Fact::no(at(parameter.kind.value(), parameter.head.span, "")),
        Tri::Unknown => return Fact::unknown(unknown_of(parameter.kind.value(), "type")),
        Tri::False => {}
    }
    // The last part of the path is the parameter's own name.
    let full = parameter.name.value();
    let short = full.as_str().map(|name| name.rsplit('/').next().unwrap_or(name).to_owned());
    let name = match short {
        Some(short) => Cell::of(Value::text(&short, full.origin.clone())),
        None => parameter.name.clone(),
    };
    let content = parameter.content.value();
    let secret = named_secret(&name, content, parameter.head.span);
    match secret.tri {
        Tri::True => {
            let mut places = at(parameter.kind.value(), parameter.head.span, "kept as it is");
            places.extend(secret.places);
            Fact::yes(places)
        }
        Tri::False | Tri::Unknown => secret,
    }
}

/// The last word of `module.db.var.password`.
pub(super) fn short_name(address: &str) -> &str {
    address.rsplit('.').next().unwrap_or(address)
}

fn variable_is_secret(facts: &Facts<'_>, id: Id<InputVariable>) -> Fact {
    let variable = &facts.model[id];
    let span = variable.head.span;
    let of_switch = matches!(variable.type_text.as_str(), Some("bool" | "number"));
    if !of_switch && names_secret(short_name(&variable.head.name)) {
        return Fact::yes(vec![Place::new(span, "made for a secret by its name")]);
    }
    match variable.sensitive.tri() {
        Tri::True => Fact::yes(at(variable.sensitive.value(), span, "marked sensitive")),
        Tri::False => Fact::no(vec![Place::new(span, "")]),
        Tri::Unknown => Fact::unknown(unknown_of(variable.sensitive.value(), "sensitive")),
    }
}

fn default_is_secret(facts: &Facts<'_>, id: Id<InputVariable>) -> Fact {
    let variable = &facts.model[id];
    let value = variable.default.value();
    let literal = match value.as_str() {
        Some(text) if !is_harmless(text) => Fact::yes(at(value, variable.head.span, "written out")),
        Some(_) | None => return Fact::no(at(value, variable.head.span, "")),
    };
    match variable_is_secret(facts, id) {
        secret if secret.tri == Tri::True => literal,
        secret => secret,
    }
}

fn entry_holds_secret(facts: &Facts<'_>, id: Id<TfvarsEntry>) -> Fact {
    let entry = &facts.model[id];
    let value = entry.value.value();
    let span = entry.head.span;
    let Some(text) = value.as_str().filter(|text| !is_harmless(text)) else { return Fact::no(at(value, span, "")) };
    let _ = text;
    let by_name = entry.variable_name.as_str().is_some_and(names_secret);
    let by_mark = entry.input_variable.id().map(|variable| facts.model[variable].sensitive.tri());
    match (by_name, by_mark) {
        (true, _) | (false, Some(Tri::True)) => Fact::yes(at(value, span, "written out")),
        (false, Some(Tri::False) | None) => Fact::no(at(value, span, "")),
        (false, Some(Tri::Unknown)) => Fact::unknown(Reason::at("no-value", "sensitive", span)),
    }
}

fn output_is_secret(facts: &Facts<'_>, id: Id<Output>) -> Fact {
    let output = &facts.model[id];
    let value = output.value.value();
    let span = output.head.span;
    match source_of(value) {
        Source::Secret(words) => Fact::yes(at(value, span, words)),
        Source::Literal(_) | Source::Harmless => Fact::no(at(value, span, "")),
        Source::Unknown(reason) => match names_secret(short_name(&output.head.name)) {
            true => Fact::unknown(reason),
            false => Fact::no(at(value, span, "")),
        },
    }
}

fn file_holds_secret(facts: &Facts<'_>, id: Id<EnvFile>) -> Fact {
    let file = &facts.model[id];
    let secrets = file.variables.ids().map(|variable| is_secret(facts, variable).or(url_has_password(facts, variable)));
    let found = Fact::any(secrets);
    match found.tri {
        Tri::True | Tri::Unknown => found,
        Tri::False => Fact::no(vec![Place::new(file.head.span, "")]),
    }
}

/// A variable with one of these names, and a test of its whole value.
fn setting(
    facts: &Facts<'_>,
    id: Id<Variable>,
    names: impl Fn(&str) -> bool,
    role: &str,
    test: impl Fn(&str) -> bool,
) -> Fact {
    let variable = &facts.model[id];
    let value = variable.content.value();
    let no = || Fact::no(at(value, variable.head.span, ""));
    match variable.name.as_str() {
        Some(name) if !names(name) => return no(),
        Some(_) => {}
        None => return Fact::unknown(unknown_of(variable.name.value(), "the variable's name")),
    }
    let text = match &value.kind {
        Kind::Null => return no(),
        Kind::Bool(flag) => flag.to_string(),
        _ => match value.as_text().and_then(|text| text.known().map(str::to_owned)) {
            Some(text) => text,
            None => return Fact::unknown(unknown_of(value, "the variable's value")),
        },
    };
    if test(&text) { Fact::yes(at(value, variable.head.span, role)) } else { no() }
}

fn turns_debug_on(facts: &Facts<'_>, id: Id<Variable>) -> Fact {
    let is_name = |name: &str| matches!(name, "DEBUG" | "DJANGO_DEBUG" | "FLASK_DEBUG" | "FLASK_ENV");
    setting(facts, id, is_name, "debug mode", |value| {
        let value = value.trim().to_ascii_lowercase();
        matches!(value.as_str(), "1" | "true" | "on" | "yes" | "development")
    })
}

fn admits_any_host(facts: &Facts<'_>, id: Id<Variable>) -> Fact {
    let is_name = |name: &str| matches!(name, "ALLOWED_HOSTS" | "DJANGO_ALLOWED_HOSTS");
    setting(facts, id, is_name, "every name", |value| {
        value.split([',', ' ', ';']).any(|host| host.trim_matches(['[', ']', '"', '\'', ' ']) == "*")
    })
}
