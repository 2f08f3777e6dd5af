//! Data sources whose answer follows from what is written: policy documents, templates, files, the region of the
//! provider, the outputs of other roots.

use std::sync::Arc;

use super::functions::Template;
use super::instance::Mode;
use super::resource::ResourceAt;
use super::scope::{Evaluator, Named as Asked, Part};
use crate::source::Span;
use crate::value::{Entries, Kind, Map, Origin, StepKind, Value};

impl<'w> Evaluator<'w> {
    /// The attributes that such a data source gives, by name.
    pub(super) fn readable(&self, at: ResourceAt<'_, 'w>) -> Option<Arc<Map>> {
        let decl = at.decl;
        if !is_readable(decl.mode, &decl.type_name) {
            return None;
        }
        let asked = Asked { name: &decl.address, span: decl.block.header_span };
        let value = self.part(at.node, Part::Readable, asked, || {
            Value::map(self.read(at), Origin::written(decl.block.header_span))
        });
        match value.kind {
            Kind::Map(map) => Some(map),
            _ => None,
        }
    }

    fn read(&self, at: ResourceAt<'_, 'w>) -> Entries {
        let header = at.decl.block.header_span;
        let body = self.resource_body(at);
        let written = |name: &str| body.as_map().and_then(|map| map.entries.get(name)).cloned();
        let mut entries = Entries::new();
        match &*at.decl.type_name {
            "aws_iam_policy_document" => {
                let document = self.policy_document(&body, header, at.scope());
                let json = self.call_with("jsonencode", &[document], header, at.scope());
                entries.insert("minified_json".into(), json.clone());
                entries.insert("json".into(), json);
            }
            "template_file" => {
                if let (Some(template), vars) = (written("template"), written("vars")) {
                    entries.insert("rendered".into(), self.rendered_file(&template, vars.as_ref(), header));
                }
            }
            "local_file" | "local_sensitive_file" => {
                if let Some(path) = written("filename") {
                    let content = self.call_with("file", &[path], header, at.scope());
                    let is_sensitive = &*at.decl.type_name == "local_sensitive_file";
                    entries.insert("content".into(), content.marked(is_sensitive));
                }
            }
            "terraform_data" => {
                entries.insert("output".into(), written("input").unwrap_or(Value::null(Origin::written(header))));
            }
            "null_data_source" => {
                if let Some(inputs) = written("inputs") {
                    entries.insert("outputs".into(), inputs);
                }
            }
            "aws_region" => {
                let own = written("region").filter(|region| !matches!(region.kind, Kind::Null));
                if let Some(region) = own.or_else(|| self.provider_region(at)) {
                    for name in ["name", "region", "id"] {
                        entries.insert(name.into(), region.clone());
                    }
                }
            }
            "terraform_remote_state" => {
                if let Some(outputs) = self.remote_outputs(&body) {
                    entries.insert("outputs".into(), outputs);
                }
            }
            _ => {}
        }
        entries
    }

    fn rendered_file(&self, template: &Value, vars: Option<&Value>, header: Span) -> Value {
        let none = Map { entries: Entries::new(), flavour: crate::value::MapFlavour::Map, open: None, owner: None };
        let vars = vars.and_then(Value::as_map).unwrap_or(&none);
        match &template.kind {
            Kind::Text(text) => {
                let rendered = self.render(Template::Text(text), vars);
                rendered.through(StepKind::Call("template_file".into()), header).marked(template.sensitive)
            }
            _ => template.clone(),
        }
    }

    /// The literal region of the provider that reads the data source.
    fn provider_region(&self, at: ResourceAt<'_, 'w>) -> Option<Value> {
        let (context, block) = self.provider_of(at.context, at.decl)?;
        let region = block.body.attribute("region")?;
        let value = self.eval(&region.value, super::scope::Scope::of(&context));
        value.as_str().is_some().then_some(value)
    }

    fn remote_outputs(&self, body: &Value) -> Option<Value> {
        let map = body.as_map()?;
        let backend = map.entries.get("backend")?;
        let config = map.entries.get("config")?.as_map()?;
        self.others.outputs(&self.root, backend.as_str()?, config)
    }
}

fn is_readable(mode: Mode, type_name: &str) -> bool {
    match mode {
        Mode::Data => matches!(
            type_name,
            "aws_iam_policy_document"
                | "template_file"
                | "local_file"
                | "local_sensitive_file"
                | "null_data_source"
                | "aws_region"
                | "terraform_remote_state"
        ),
        Mode::Managed => type_name == "terraform_data",
        Mode::Ephemeral => false,
    }
}
