//! What files of settings add to the way of a container's data: brokers and modes of TLS that modules of Django name,
//! upstreams of nginx. Settings are code that may decide otherwise, so each step says where it comes from.

use super::edges::{Said, Steps};
use super::store::demands_tls;
use super::to_store::{by_mode, connections};
use crate::facts::Facts;
use crate::facts::reach::{ports_of, stores_of};
use crate::logic::Tri;
use crate::model::data::{Cache, Database};
use crate::model::secret::Setting;
use crate::model::workload::Container;
use crate::model::{AnyId, Id, Model};
use crate::source::lies_in;

pub(super) fn add(steps: &mut Steps, facts: &Facts<'_>, container: Id<Container>) {
    let told = stores_of(facts.model, container);
    databases(steps, facts, container, &told);
    brokers(steps, facts.model, container, &told);
    upstreams(steps, facts, container);
}

type Stores = Vec<(AnyId, crate::value::Origin)>;

/// The settings of a name in modules that lie in the context of the container's image.
fn in_context<'m>(model: &'m Model, container: Id<Container>, name: &'m str) -> impl Iterator<Item = &'m Setting> {
    let context = model[container].image_build.id().and_then(|build| model[build].context.as_str());
    let named = model.secret.settings.iter().map(|(_, it)| it).filter(move |it| it.name.as_str() == Some(name));
    named.filter(move |setting| context.is_some_and(|context| lies_in(setting.path.as_str().unwrap_or(""), context)))
}

/// The mode of TLS to the databases that the environment names. A mode in the environment comes first.
fn databases(steps: &mut Steps, facts: &Facts<'_>, container: Id<Container>, told: &Stores) {
    let model = facts.model;
    let has_mode = |database: Id<Database>| {
        connections(model, container).into_iter().any(|id| model[id].database.id() == Some(database))
    };
    let Some(setting) = in_context(model, container, "DATABASE_TLS").next() else { return };
    let Some(written) = setting.content.value().as_str() else { return };
    let mode = if written.is_empty() { "prefer" } else { written };
    for (store, _) in told {
        let Some(database) = store.typed::<Database>().filter(|database| !has_mode(*database)) else { continue };
        let server = demands_tls(facts, database);
        let said = by_mode(mode, &server, setting.head.span, || Tri::Unknown);
        let name = &model[database].head.name;
        let port = ports_of(model, *store).ok().and_then(|ports| ports.first().map(|(port, _)| *port));
        let to = port.map_or_else(|| name.clone(), |port| format!("{name}:{port}"));
        steps.of_settings(&model[container].head.name, to, said);
    }
}

/// The brokers that the environment does not name.
fn brokers(steps: &mut Steps, model: &Model, container: Id<Container>, told: &Stores) {
    let is_told = told.iter().any(|(store, _)| store.typed::<Cache>().is_some())
        || connections(model, container).iter().any(|it| model[*it].cache.id().is_some());
    if is_told {
        return;
    }
    for setting in in_context(model, container, "BROKER_URL") {
        let scheme = setting.content.value().as_str().and_then(|url| url.split_once("://")).map(|(scheme, _)| scheme);
        let Some(scheme) = scheme else { continue };
        let span = setting.head.span;
        let said = match (scheme, setting.is_weak.tri()) {
            (_, Tri::True) => Said::new("clear", "settings ask for no TLS", span),
            ("rediss" | "valkeys" | "amqps", _) => Said::new("encrypted", "settings ask for TLS", span),
            (_, Tri::False | Tri::Unknown) => continue,
        };
        steps.of_settings(&model[container].head.name, format!("{scheme}://"), said);
    }
}

/// Where an nginx of the image sends requests, beyond the containers of its own task.
fn upstreams(steps: &mut Steps, facts: &Facts<'_>, container: Id<Container>) {
    let model = facts.model;
    let Some(build) = model[container].image_build.id() else { return };
    let copied = |path: &str| {
        facts.index().copies.of(build).any(|copy| {
            let files = model[copy].nginx_files.value();
            files.as_list().is_some_and(|list| list.items.iter().any(|item| item.as_str() == Some(path)))
        })
    };
    let settings = model.secret.settings.iter().map(|(_, setting)| setting);
    for setting in settings.filter(|setting| setting.name.as_str() == Some("proxy_pass")) {
        let address = setting.content.value().as_str().and_then(|url| url.split_once("://"));
        let Some((scheme, host)) = address.filter(|_| setting.path.as_str().is_some_and(copied)) else { continue };
        let said = match scheme {
            "https" | "grpcs" => Said::new("encrypted", "certificate unchecked", setting.head.span),
            _ => Said::new("clear", "plain HTTP", setting.head.span),
        };
        steps.of_settings(&model[container].head.name, host, said);
    }
}
