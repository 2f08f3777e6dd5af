//! What Terraform would refuse, found in the values that were asked for: an error that `try` recovers from is in none of
//! them.

use std::collections::BTreeMap;

use super::instance::TerraformFault;
use super::scope::Context;
use crate::logic::Reason;
use crate::source::Span;
use crate::syntax::hcl::Block;
use crate::value::{Kind, Value, is_error_code};

#[derive(Debug, Default)]
pub(super) struct Faults {
    errors: BTreeMap<(Span, &'static str), TerraformFault>,
    limits: BTreeMap<(Span, &'static str), Limit>,
}

/// Something that the user should know about, save errors.
#[derive(Debug)]
pub(super) struct Limit {
    pub(super) code: &'static str,
    pub(super) message: String,
    pub(super) span: Span,
    pub(super) is_note: bool,
}

impl Faults {
    /// Every error and limit in a value, at any depth.
    pub(super) fn collect(&mut self, value: &Value, context: &Context<'_>) {
        for part in value.walk() {
            match &part.kind {
                Kind::Unknown(unknown) => self.reason(&unknown.reason, context),
                Kind::List(list) => list.open.iter().for_each(|open| self.reason(open, context)),
                Kind::Map(map) => map.open.iter().for_each(|open| self.reason(open, context)),
                Kind::Null | Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) | Kind::Reference(_) => {}
            }
        }
    }

    fn reason(&mut self, reason: &Reason, context: &Context<'_>) {
        let Some(span) = reason.place else { return };
        if is_error_code(reason.code) {
            self.declare(reason.code, &reason.object, span, context);
        } else if reason.code.starts_with("limit-") {
            self.limit(reason);
        } else if reason.code == "unsupported" {
            self.unsupported(reason, span, context);
        }
    }

    pub(super) fn declare(&mut self, code: &'static str, message: &str, span: Span, context: &Context<'_>) {
        self.errors.entry((span, code)).or_insert_with(|| TerraformFault {
            code,
            message: message.to_owned(),
            span,
            module_path: context.path.clone(),
            is_third_party: context.is_third_party,
        });
    }

    pub(super) fn limit(&mut self, reason: &Reason) {
        let Some(span) = reason.place else { return };
        self.limits.entry((span, reason.code)).or_insert_with(|| Limit {
            code: reason.code,
            message: reason.object.clone(),
            span,
            is_note: false,
        });
    }

    /// What we cannot compute though Terraform can.
    fn unsupported(&mut self, reason: &Reason, span: Span, context: &Context<'_>) {
        if context.is_third_party {
            return;
        }
        let message = format!("`{}` is not computed here, so its value is not known", reason.object);
        self.limits.entry((span, reason.code)).or_insert(Limit { code: reason.code, message, span, is_note: true });
    }

    /// A module that cannot be read.
    pub(super) fn hole(&mut self, reason: &Reason, call: &Block, context: &Context<'_>) {
        let span = reason.place.unwrap_or(call.header_span);
        let name = call.label(0).unwrap_or("");
        let (message, is_note) = match reason.code {
            "module-not-downloaded" => {
                (format!("module `{name}` is not here; `terraform init` in the root brings it"), true)
            }
            "module-stale" => {
                (format!("the installed module `{name}` is not the one asked for; `terraform init` brings it"), true)
            }
            "module-source-computed" => (format!("the source of module `{name}` is not known"), true),
            "outside-tree" => (format!("module `{name}` lies outside the tree"), true),
            "module-not-found" => (format!("module `{name}`: there is no configuration in `{}`", reason.object), false),
            _ => (reason.object.clone(), false),
        };
        if context.is_third_party {
            return;
        }
        self.limits.entry((span, reason.code)).or_insert(Limit { code: reason.code, message, span, is_note });
    }

    pub(super) fn finish(&mut self) -> (Vec<TerraformFault>, Vec<Limit>) {
        let errors = std::mem::take(&mut self.errors).into_values().collect();
        (errors, std::mem::take(&mut self.limits).into_values().collect())
    }
}
