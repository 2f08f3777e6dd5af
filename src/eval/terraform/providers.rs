//! Which configuration of a provider a block uses: its own, the one of its module, the one that a call hands down.

use std::borrow::Cow;
use std::rc::Rc;

use super::module::{ResourceDecl, argument};
use super::scope::{Context, Evaluator};
use crate::syntax::hcl::{Block, Expr, ExprKind, ObjectKey};

impl<'w> Evaluator<'w> {
    /// The configuration of the provider of a resource, with the module instance that holds it.
    pub(super) fn provider_of(
        &self,
        context: &Rc<Context<'w>>,
        decl: &'w ResourceDecl,
    ) -> Option<(Rc<Context<'w>>, &'w Block)> {
        let wanted = match argument(&decl.block, "provider") {
            Some(provider) => words(provider)?,
            None => (decl.type_name.split('_').next().unwrap_or("").into(), None),
        };
        configuration(context, wanted)
    }
}

/// A name and an alias.
type Words<'a> = (Cow<'a, str>, Option<Cow<'a, str>>);

fn configuration<'w>(context: &Rc<Context<'w>>, wanted: Words<'_>) -> Option<(Rc<Context<'w>>, &'w Block)> {
    let mut context = context.clone();
    let mut wanted = wanted;
    loop {
        let own = context.module.providers.iter().find(|block| {
            let alias = argument(block, "alias").and_then(Expr::as_text);
            block.label(0) == Some(&*wanted.0) && alias == wanted.1.as_deref()
        });
        if let Some(block) = own {
            return Some((context, block));
        }
        let parent = context.parent.as_ref()?;
        let handed = argument(&parent.call.block, "providers").and_then(|providers| handed(providers, &wanted));
        match handed {
            Some(other) => wanted = other,
            None if wanted.1.is_none() => {}
            None => return None,
        }
        let outer = parent.context.clone();
        context = outer;
    }
}

/// What `providers = { aws.inner = aws.outer }` hands down for a name.
fn handed<'a>(providers: &Expr, wanted: &Words<'_>) -> Option<Words<'a>> {
    let ExprKind::Object(items) = &providers.kind else { return None };
    items.iter().find_map(|item| {
        let inner = match &item.key {
            ObjectKey::Name(name, _) => (Cow::from(name.to_string()), None),
            ObjectKey::Expr(key) => words(key)?,
        };
        if inner == *wanted { words(&item.value) } else { None }
    })
}

/// `aws` or `aws.alias`.
fn words<'a>(expr: &Expr) -> Option<Words<'a>> {
    let path = expr.as_path().or_else(|| expr.as_text().map(|text| text.split('.').collect()))?;
    match path.as_slice() {
        [name] => Some(((*name).to_owned().into(), None)),
        [name, alias] => Some(((*name).to_owned().into(), Some((*alias).to_owned().into()))),
        _ => None,
    }
}
