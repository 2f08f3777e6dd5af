//! Templates: texts put together from pieces, each with its own place, with holes where something is not known.

use super::expr::either;
use super::functions;
use super::operators::truth;
use super::scope::{Evaluator, Frame, Place, Scope, error, unknown};
use crate::logic::Reason;
use crate::source::Span;
use crate::syntax::hcl::{self, Expr, Part, Template, TemplateForm};
use crate::value::{Kind, Map, Origin, Text, TextBuilder, Value};

/// The longest text that is kept whole.
const LONGEST: usize = 1 << 20;
/// Holes and literals of one text.
const MOST_PIECES: usize = 2_000;
/// What stays of a text that is too long.
const KEPT: usize = 4 << 10;
/// Templates that render templates nest this deep.
const DEEPEST_RENDERING: u32 = 64;

/// A text that grows, with the mark of what went into it.
#[derive(Default)]
struct Growing {
    builder: TextBuilder,
    n_pieces: usize,
    is_sensitive: bool,
}

impl<'w> Evaluator<'w> {
    pub(super) fn template(&self, template: &Template, span: Span, scope: Scope<'_, 'w>) -> Value {
        if let [Part::Interpolation { value, .. }] = template.parts.as_slice()
            && template.form != TemplateForm::Heredoc
        {
            return self.eval(value, scope);
        }
        let mut growing = Growing::default();
        if let Err(refused) = self.grow(&template.parts, scope, &mut growing) {
            let is_too_long = refused.reason().is_some_and(|reason| reason.code == "limit-text");
            return if is_too_long { growing.cut(refused, span) } else { refused };
        }
        if !self.spend_text(growing.builder.known_length()) {
            return unknown("limit-text", "all texts of the deployment together are too long", span);
        }
        Value::new(Kind::Text(growing.builder.finish()), Origin::written(span)).marked(growing.is_sensitive)
    }

    /// Adds the parts to a text; what Terraform refuses ends it.
    fn grow(&self, parts: &[Part], scope: Scope<'_, 'w>, growing: &mut Growing) -> Result<(), Value> {
        for part in parts {
            if growing.builder.known_length() > LONGEST || growing.n_pieces > MOST_PIECES {
                let span = part_span(part);
                return Err(unknown("limit-text", "a text of more than 1 MiB or 2,000 pieces", span));
            }
            match part {
                Part::Literal { text, span } => growing.builder.literal(text, &Origin::written(*span)),
                Part::Interpolation { value, span } => growing.add(self.eval(value, scope), *span)?,
                Part::If { condition, then, otherwise, .. } => {
                    self.grow_if(condition, [then, otherwise], scope, growing)?;
                }
                Part::For { key, value, collection, body, .. } => {
                    let names = Names { key: key.as_deref(), value };
                    self.grow_for(&names, collection, body, scope, growing)?;
                }
            }
        }
        Ok(())
    }

    fn grow_if(
        &self,
        condition: &Expr,
        branches: [&Vec<Part>; 2],
        scope: Scope<'_, 'w>,
        growing: &mut Growing,
    ) -> Result<(), Value> {
        let decides = self.eval(condition, scope);
        growing.is_sensitive |= decides.sensitive;
        match truth(&decides, condition.span) {
            Ok(true) => self.grow(branches[0], scope, growing),
            Ok(false) => self.grow(branches[1], scope, growing),
            Err(refused) if refused.error().is_some() => Err(refused),
            Err(_) => {
                let mut candidates = Vec::with_capacity(2);
                for branch in branches {
                    let mut inner = Growing::default();
                    self.grow(branch, scope, &mut inner)?;
                    growing.is_sensitive |= inner.is_sensitive;
                    candidates.push(Value::new(Kind::Text(inner.builder.finish()), Origin::written(condition.span)));
                }
                let joined = either(&candidates, "condition-unknown", &decides, condition.span);
                growing.add(joined, condition.span)
            }
        }
    }

    fn grow_for(
        &self,
        names: &Names<'_>,
        collection: &Expr,
        body: &[Part],
        scope: Scope<'_, 'w>,
        growing: &mut Growing,
    ) -> Result<(), Value> {
        let source = self.eval(collection, scope);
        growing.is_sensitive |= source.sensitive;
        let members = super::iterate::members(&source, collection.span)?;
        for (key, value) in members.pairs {
            self.spend(8);
            if self.is_spent() {
                return Err(unknown("limit-steps", "evaluation stopped after 20 million steps", collection.span));
            }
            let key_frame = names.key.map(|name| Frame { name, value: key, outer: scope.frame });
            let outer = key_frame.as_ref().or(scope.frame);
            let frame = Frame { name: names.value, value, outer };
            self.grow(body, Scope { frame: Some(&frame), ..scope }, growing)?;
        }
        if let Some(reason) = members.open {
            growing.builder.hole(Value::unknown(reason, Origin::missing("dynamic-unknown", collection.span)));
        }
        Ok(())
    }

    /// A template file or text in which only the variables are in scope.
    pub(super) fn render(&self, template: functions::Template<'_>, variables: &Map) -> Value {
        let scope = Scope { place: Place::Template(variables), instance: None, frame: None };
        match template {
            functions::Template::File(file) => {
                let source = self.world.file(file);
                let Some(text) = source.text() else {
                    return unknown("not-text", source.path.clone(), Span::file_start(file));
                };
                let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
                let span = Span::new(file, start, text.len());
                match hcl::parse_template(file, &text[start..], start) {
                    Ok(template) => self.rendered(&template, span, scope),
                    Err(fault) => error(
                        "wrong-argument",
                        format!("{} is no template: {}", source.path, fault.message),
                        fault.span,
                    ),
                }
            }
            functions::Template::Text(text) => self.render_text(text, scope),
        }
    }

    /// A template that is itself a value: its literals are read again.
    fn render_text(&self, text: &Text, scope: Scope<'_, 'w>) -> Value {
        let span = text.origin_at(0).and_then(|(origin, _)| origin.span());
        let Some(known) = text.known() else {
            let reason = text.holes().find_map(Value::first_reason);
            let reason = reason.unwrap_or_else(|| Reason::new("unsupported", "templatestring"));
            return Value::unknown(reason, Origin::none());
        };
        let span = span.unwrap_or(Span::file_start(crate::source::FileId(0)));
        match hcl::parse_template(span.file, known, span.start as usize) {
            Ok(template) => self.rendered(&template, span, scope),
            Err(fault) => error("wrong-argument", format!("this is no template: {}", fault.message), span),
        }
    }

    fn rendered(&self, template: &Template, span: Span, scope: Scope<'_, 'w>) -> Value {
        let depth = self.n_renderings.get();
        if depth >= DEEPEST_RENDERING {
            return unknown("limit-depth", "templates render templates deeper than 64 levels", span);
        }
        self.n_renderings.set(depth + 1);
        let value = self.step(span, || self.template(template, span, scope));
        self.n_renderings.set(depth);
        value
    }
}

struct Names<'a> {
    key: Option<&'a str>,
    value: &'a str,
}

impl Growing {
    /// Adds a value as text.
    fn add(&mut self, value: Value, span: Span) -> Result<(), Value> {
        self.is_sensitive |= value.sensitive;
        self.n_pieces += match &value.kind {
            Kind::Text(text) => text.pieces().len(),
            _ => 1,
        };
        match &value.kind {
            Kind::Text(text) => self.builder.text(text),
            Kind::Number(number) => self.builder.literal(&number.to_string(), &value.origin),
            Kind::Bool(it) => self.builder.literal(if *it { "true" } else { "false" }, &value.origin),
            Kind::Unknown(_) if value.error().is_some() => return Err(value),
            Kind::Reference(_) | Kind::Unknown(_) => self.builder.hole(value),
            Kind::Null => return Err(error("null-in-template", "null cannot be part of a text", span)),
            Kind::List(_) | Kind::Map(_) => {
                let message = format!("{} cannot be part of a text", value.kind_name());
                return Err(error("wrong-type", message, span));
            }
        }
        Ok(())
    }

    /// The beginning of a text that is too long, and a hole for the rest.
    fn cut(self, hole: Value, span: Span) -> Value {
        let whole = self.builder.finish();
        let mut end = whole.prefix().len().min(KEPT);
        while !whole.prefix().is_char_boundary(end) {
            end -= 1;
        }
        let mut kept = TextBuilder::default();
        kept.literal(&whole.prefix()[..end], &Origin::written(span));
        kept.hole(hole.never_null());
        Value::new(Kind::Text(kept.finish()), Origin::written(span)).marked(self.is_sensitive)
    }
}

fn part_span(part: &Part) -> Span {
    match part {
        Part::Literal { span, .. }
        | Part::Interpolation { span, .. }
        | Part::If { span, .. }
        | Part::For { span, .. } => *span,
    }
}

/// A text with what nobody knows behind a known beginning.
pub(super) fn prefix_and_hole(prefix: &Value, hole: Value, span: Span) -> Value {
    let mut growing = Growing::default();
    let prefix_is_text = growing.add(prefix.clone(), span).is_ok();
    growing.builder.hole(hole.clone());
    if !prefix_is_text {
        return hole;
    }
    Value::new(Kind::Text(growing.builder.finish()), prefix.origin.clone()).marked(growing.is_sensitive)
}
