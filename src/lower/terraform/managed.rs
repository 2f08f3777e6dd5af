//! Services that AWS runs: clusters of Kubernetes and Hadoop, brokers, APIs, firewalls, and what can keep a record.

use super::context::{Context, cells};
use super::vpc::each;
use super::web::mark;
use crate::eval::terraform::{BlockView, Instance};
use crate::logic::{Reason, Tri};
use crate::model::data::Database;
use crate::model::identity::ResourcePolicy;
use crate::model::managed::{
    ApiMethod, ApiStage, AuditedStore, BeanstalkEnvironment, Broker, ClassicSecurityGroup, CodeRepository, EmrCluster,
    GraphqlApi, KubernetesCluster, NetworkFirewall,
};
use crate::model::{Cell, Id, Link, Many, One, mark};
use crate::value::{Kind, Origin, Value};

pub(super) fn make(cx: &mut Context<'_>) {
    for instance in cx.managed("aws_eks_cluster") {
        let cluster = kubernetes(cx, instance);
        cx.add(instance, cluster);
    }
    for instance in cx.managed("aws_emr_cluster") {
        let cluster = EmrCluster::new(cx.head(instance));
        cx.add(instance, cluster);
    }
    for instance in cx.managed("aws_mq_broker") {
        let mut broker = Broker::new(cx.head(instance));
        cells!(broker, instance.view(); engine = "engine_type", engine_version = "engine_version");
        cx.add(instance, broker);
    }
    for instance in cx.managed("aws_api_gateway_method") {
        let mut method = ApiMethod::new(cx.head(instance));
        cells!(method, instance.view(); authorization = "authorization", api_key_required = "api_key_required",
            http_method = "http_method");
        cx.add(instance, method);
    }
    for instance in cx.managed("aws_api_gateway_stage") {
        let mut stage = ApiStage::new(cx.head(instance));
        cells!(stage, instance.view(); name = "stage_name");
        cx.add(instance, stage);
    }
    for instance in cx.managed("aws_appsync_graphql_api") {
        let mut api = GraphqlApi::new(cx.head(instance));
        let written = instance.view().attr("visibility");
        let is_private = written.map(|value| same_word(&value, "PRIVATE"));
        api.is_private.read(instance.header_span, "visibility", is_private);
        cx.add(instance, api);
    }
    for instance in cx.managed("aws_networkfirewall_firewall") {
        let firewall = NetworkFirewall::new(cx.head(instance));
        cx.add(instance, firewall);
    }
    for instance in cx.managed("aws_elastic_beanstalk_environment") {
        let environment = beanstalk(cx, instance);
        cx.add(instance, environment);
    }
    for instance in cx.managed("aws_codecommit_repository") {
        let repository = CodeRepository::new(cx.head(instance));
        let id = cx.add(instance, repository);
        cx.call(id, instance.view().attr("repository_name"));
    }
    for instance in cx.managed("aws_db_security_group") {
        let mut group = ClassicSecurityGroup::new(cx.head(instance));
        let blocks = instance.view().blocks("ingress");
        let ranges = blocks.members.iter().filter_map(|block| block.attr("cidr")).collect();
        group.ranges.set(Value::list(ranges, Origin::written(instance.header_span)));
        if let Some(reason) = blocks.open {
            group.ranges.set(Value::unknown(reason, Origin::written(instance.header_span)));
        }
        cx.add(instance, group);
    }
}

/// Whether a value is this word, as a flag with the value's origin.
fn same_word(value: &Value, word: &str) -> Value {
    match value.as_text().map(|text| text.equals_str(word)) {
        Some(Tri::True) => Value::bool(true, value.origin.clone()),
        Some(Tri::False) => Value::bool(false, value.origin.clone()),
        Some(Tri::Unknown) | None => {
            let reason = value.reason().cloned().unwrap_or_else(|| Reason::new("no-value", word));
            Value::unknown(reason, value.origin.clone())
        }
    }
}

fn kubernetes(cx: &Context<'_>, instance: &Instance) -> KubernetesCluster {
    let mut cluster = KubernetesCluster::new(cx.head(instance));
    let view = instance.view();
    cells!(cluster, view; version = "version");
    let everyone = |lacks: Origin| Value::list(vec![Value::text("0.0.0.0/0", lacks.clone())], lacks);
    cluster.public_ranges.set(everyone(view.lacks("public_access_cidrs")));
    if let Some(network) = view.block("vpc_config") {
        cluster.public_ranges.set(everyone(network.lacks("public_access_cidrs")));
        cells!(cluster, network; public_endpoint = "endpoint_public_access", public_ranges = "public_access_cidrs");
    }
    cluster
}

fn beanstalk(cx: &Context<'_>, instance: &Instance) -> BeanstalkEnvironment {
    let mut environment = BeanstalkEnvironment::new(cx.head(instance));
    let settings = instance.view().blocks("setting");
    let mut hidden = settings.open.clone();
    for setting in &settings.members {
        let namespace = is_word(setting.attr("namespace"), "aws:elasticbeanstalk:managedactions");
        match namespace.and(is_word(setting.attr("name"), "ManagedActionsEnabled")) {
            Tri::True => {
                cells!(environment, *setting; managed_updates = "value");
            }
            Tri::Unknown => hidden = hidden.or_else(|| first_reason(*setting, &["namespace", "name"])),
            Tri::False => {}
        }
    }
    if let Some(reason) = hidden
        && environment.managed_updates.is_default()
    {
        environment.managed_updates.set(Value::unknown(reason, Origin::written(instance.header_span)));
    }
    environment
}

/// Whether a text is this word.
fn is_word(value: Option<Value>, word: &str) -> Tri {
    match value.as_ref().map(|value| (value.as_text(), &value.kind)) {
        Some((Some(text), _)) => text.equals_str(word),
        Some((None, _)) | None => Tri::False,
    }
}

/// Why one of these attributes is not known.
fn first_reason(block: BlockView<'_>, attributes: &[&str]) -> Option<Reason> {
    attributes.iter().find_map(|attribute| block.attr(attribute)?.first_reason())
}

/// Runs after the policies of APIs were read.
pub(super) fn connect(cx: &mut Context<'_>) {
    each::<EmrCluster>(cx, &["aws_emr_cluster"], |cx, instance, id| {
        let Some(hosts) = instance.view().block("ec2_attributes") else { return };
        let mut groups = Many::none(hosts.header_span());
        for attribute in
            ["emr_managed_master_security_group", "emr_managed_slave_security_group", "service_access_security_group"]
        {
            if let Some(value) = hosts.attr(attribute) {
                cx.extend(&mut groups, &value);
            }
        }
        cx.model[id].security_groups = groups;
    });
    apis(cx);
    firewalls(cx);
    mark::<NetworkFirewall>(cx, "aws_networkfirewall_logging_configuration", "firewall_arn", |cx, id, value| {
        turn_on(&mut cx.model[id].logged, value);
    });
    mark::<CodeRepository>(
        cx,
        "aws_codecommit_approval_rule_template_association",
        "repository_name",
        |cx, id, value| turn_on(&mut cx.model[id].approval_rule, value),
    );
    records(cx);
}

/// What one resource switches on, another whose owner is not known does not make unknown again.
fn turn_on(cell: &mut Cell<mark::Flag>, value: Value) {
    if cell.tri() != Tri::True {
        cell.set(value);
    }
}

fn apis(cx: &mut Context<'_>) {
    each::<ApiMethod>(cx, &["aws_api_gateway_method"], |cx, instance, id| {
        let (is_private, policies) = api_behind(cx, instance);
        let method = &mut cx.model[id];
        method.api_is_private.read(instance.header_span, "rest_api_id", is_private);
        method.resource_policies = policies;
    });
    each::<ApiStage>(cx, &["aws_api_gateway_stage"], |cx, instance, id| {
        let (is_private, _) = api_behind(cx, instance);
        cx.model[id].api_is_private.read(instance.header_span, "rest_api_id", is_private);
        let hidden = cx.hidden_in_module(&[instance], &["aws_api_gateway_method_settings"]);
        if let Some(reason) = hidden {
            let unknown = Value::unknown(reason, Origin::written(instance.header_span));
            cx.model[id].logs_methods.set(unknown.clone());
            cx.model[id].measures_methods.set(unknown);
        }
    });
    for settings in cx.managed("aws_api_gateway_method_settings") {
        for id in stages_of(cx, settings) {
            read_settings(cx, settings, id);
        }
    }
}

/// Whether the API of a method or stage is private, and the policies that it carries.
fn api_behind(cx: &Context<'_>, instance: &Instance) -> (Option<Value>, Many<ResourcePolicy>) {
    let mut policies = Many::none(instance.header_span);
    let Some(owner) = instance.view().attr("rest_api_id") else { return (None, policies) };
    let found = owner.references().into_iter().find_map(|reference| cx.deployment.referred(reference));
    let Some(api) = found else {
        let reason = Reason::at("not-declared-here", "the API", owner.origin.span().unwrap_or(instance.header_span));
        policies.open(reason.clone());
        return (Some(Value::unknown(reason, owner.origin)), policies);
    };
    let of_api = |carrier: &Instance| {
        carrier.address == api.address
            || carrier.view().attr("rest_api_id").is_some_and(|value| {
                let mut owners = value.references().into_iter().filter_map(|it| cx.deployment.referred(it));
                owners.any(|owner| owner.address == api.address)
            })
    };
    let carriers =
        cx.managed("aws_api_gateway_rest_api").into_iter().chain(cx.managed("aws_api_gateway_rest_api_policy"));
    for carrier in carriers.filter(|carrier| of_api(carrier)) {
        let reference = carrier.reference(&cx.deployment.root, "");
        for (id, policy) in cx.model.identity.resource_policies.iter() {
            if policy.head.terraform.as_deref() == Some(&reference) {
                policies.push(id, Origin::written(carrier.header_span));
            }
        }
    }
    let types = api.view().block("endpoint_configuration").and_then(|block| block.attr("types"));
    let is_private = types.map(|types| match types.as_list().and_then(|list| list.items.first()) {
        Some(first) => same_word(first, "PRIVATE"),
        None => types,
    });
    (is_private, policies)
}

/// The stages that settings are for: by reference, else by the name within the same API.
fn stages_of(cx: &Context<'_>, settings: &Instance) -> Vec<Id<ApiStage>> {
    let Some(name) = settings.view().attr("stage_name") else { return Vec::new() };
    let by_reference = name.references().into_iter().flat_map(|reference| cx.referred(reference));
    let found: Vec<Id<ApiStage>> = by_reference.filter_map(|id| id.typed()).collect();
    if !found.is_empty() {
        return found;
    }
    let api = |instance: &Instance| {
        let owner = instance.view().attr("rest_api_id")?;
        owner.references().into_iter().find_map(|it| cx.deployment.referred(it)).map(|it| it.address.clone())
    };
    let Some(name) = name.as_text() else { return Vec::new() };
    let wanted = api(settings);
    let stages = cx.managed("aws_api_gateway_stage").into_iter().filter(|stage| {
        let own = stage.view().attr("stage_name").and_then(|own| own.as_text());
        api(stage) == wanted && own.is_some_and(|own| own.equals(&name) != Tri::False)
    });
    let references = stages.map(|stage| stage.reference(&cx.deployment.root, ""));
    references.flat_map(|it| cx.model.resolve(&it).to_vec()).filter_map(|id| id.typed()).collect()
}

fn read_settings(cx: &mut Context<'_>, instance: &Instance, id: Id<ApiStage>) {
    let view = instance.view();
    let is_all = is_word(view.attr("method_path"), "*/*");
    let Some(settings) = view.block("settings").filter(|_| is_all != Tri::False) else { return };
    let stage = &mut cx.model[id];
    if is_all == Tri::Unknown {
        // They may be for one method alone.
        let reason = first_reason(view, &["method_path"]).unwrap_or_else(|| Reason::new("no-value", "method_path"));
        for cell in [&mut stage.logs_methods, &mut stage.measures_methods] {
            turn_on(cell, Value::unknown(reason.clone(), Origin::written(instance.header_span)));
        }
        return;
    }
    if let Some(level) = settings.attr("logging_level") {
        stage.logs_methods.set(match level.as_str() {
            Some(level_name) => Value::bool(matches!(level_name, "ERROR" | "INFO"), level.origin.clone()),
            None => level,
        });
    }
    cells!(stage, settings; measures_methods = "metrics_enabled");
}

/// Web ACLs of stages and of GraphQL APIs.
fn firewalls(cx: &mut Context<'_>) {
    for type_name in ["aws_wafv2_web_acl_association", "aws_wafregional_web_acl_association"] {
        for instance in cx.managed(type_name) {
            let view = instance.view();
            let acl = || cx.one_of(view, &["web_acl_arn", "web_acl_id"]);
            let (stage, graphql) =
                (cx.one::<ApiStage>(view, "resource_arn"), cx.one::<GraphqlApi>(view, "resource_arn"));
            if let Some(stage) = stage.id() {
                cx.model[stage].web_acl = acl();
            } else if let Some(graphql) = graphql.id() {
                cx.model[graphql].web_acl = acl();
            } else if let Link::Unknown(reason) = stage.link
                && leads_anywhere(view)
            {
                hide_firewalls(cx, &reason, instance);
            }
        }
    }
}

/// Whether what is associated is not a thing of this tree.
fn leads_anywhere(view: BlockView<'_>) -> bool {
    view.attr("resource_arn").is_some_and(|value| match &value.kind {
        Kind::Unknown(_) => true,
        Kind::Reference(_) | Kind::Text(_) | Kind::Null | Kind::Bool(_) | Kind::Number(_) => false,
        Kind::List(_) | Kind::Map(_) => false,
    })
}

fn hide_firewalls(cx: &mut Context<'_>, reason: &Reason, instance: &Instance) {
    let unknown = || One::unknown(reason.clone(), Origin::written(instance.header_span));
    let stages: Vec<Id<ApiStage>> = cx.model.managed.api_stages.ids().collect();
    for id in stages {
        if let Link::Absent = cx.model[id].web_acl.link {
            cx.model[id].web_acl = unknown();
        }
    }
    let graphql: Vec<Id<GraphqlApi>> = cx.model.managed.graphql_apis.ids().collect();
    for id in graphql {
        if let Link::Absent = cx.model[id].web_acl.link {
            cx.model[id].web_acl = unknown();
        }
    }
}

/// Stores whose engine can keep a record: clusters of Aurora MySQL and DocumentDB, warehouses.
fn records(cx: &mut Context<'_>) {
    for instance in cx.managed("aws_rds_cluster") {
        let database: Option<Id<Database>> = cx.made_of(instance).iter().find_map(|id| id.typed());
        let Some(database) = database else { continue };
        let engine = cx.model[database].engine.clone();
        let records = engine.equals("aurora-mysql").or(engine.equals("aurora"));
        let hidden = engine.value().first_reason().filter(|_| records == Tri::Unknown);
        if records != Tri::True && hidden.is_none() {
            continue;
        }
        let mut store = AuditedStore::new(cx.head(instance));
        store.engine = engine;
        if hidden.is_some() {
            store.head.presence = Tri::Unknown;
            store.head.presence_reason = store.head.presence_reason.take().or(hidden);
        }
        let exports = instance.view().attr("enabled_cloudwatch_logs_exports");
        store.audited.set(has_member(exports, "audit", instance.view(), "enabled_cloudwatch_logs_exports"));
        cx.model.managed.audited_stores.push(store);
    }
    for instance in cx.managed("aws_docdb_cluster_parameter_group") {
        let mut store = AuditedStore::new(cx.head(instance));
        store.engine.set(Value::text("docdb", Origin::written(instance.header_span)));
        store.audited.set(audits_documents(instance));
        cx.model.managed.audited_stores.push(store);
    }
    let elsewhere: Vec<Value> = cx
        .managed("aws_redshift_logging")
        .into_iter()
        .filter_map(|logging| logging.view().attr("cluster_identifier"))
        .collect();
    for instance in cx.managed("aws_redshift_cluster") {
        let mut store = AuditedStore::new(cx.head(instance));
        store.engine.set(Value::text("redshift", Origin::written(instance.header_span)));
        store.audited.set(logs_warehouse(cx, instance, &elsewhere));
        cx.model.managed.audited_stores.push(store);
    }
}

fn has_member(list: Option<Value>, wanted: &str, view: BlockView<'_>, attribute: &'static str) -> Value {
    let Some(value) = list else { return Value::bool(false, view.lacks(attribute)) };
    let Some(list) = value.as_list() else { return value };
    let found = list.items.iter().any(|item| item.as_str() == Some(wanted));
    let hidden = list.items.iter().find_map(|item| item.reason().cloned()).or_else(|| list.open.clone());
    match (found, hidden) {
        (false, Some(reason)) => Value::unknown(reason, value.origin.clone()),
        (found, _) => Value::bool(found, value.origin.clone()),
    }
}

/// `audit_logs` is `disabled` unless the group says otherwise.
fn audits_documents(instance: &Instance) -> Value {
    let parameters = instance.view().blocks("parameter");
    let mut hidden = parameters.open.clone();
    for parameter in &parameters.members {
        let is_it = is_word(parameter.attr("name"), "audit_logs");
        let Some(value) = parameter.attr("value").filter(|_| is_it != Tri::False) else { continue };
        if is_it == Tri::Unknown {
            hidden = hidden.or_else(|| first_reason(*parameter, &["name"]));
            continue;
        }
        return match value.as_str() {
            Some(text) => Value::bool(!matches!(text, "disabled" | "none" | ""), value.origin.clone()),
            None => value,
        };
    }
    match hidden {
        Some(reason) => Value::unknown(reason, Origin::written(instance.header_span)),
        None => Value::bool(false, Origin::written(instance.header_span)),
    }
}

fn logs_warehouse(cx: &Context<'_>, instance: &Instance, elsewhere: &[Value]) -> Value {
    let view = instance.view();
    if let Some(logging) = view.block("logging") {
        return logging.attr("enable").unwrap_or_else(|| Value::bool(false, logging.lacks("enable")));
    }
    for owner in elsewhere {
        let mut owners = owner.references().into_iter().filter_map(|it| cx.deployment.referred(it));
        let own = view.attr("cluster_identifier").and_then(|own| own.as_text());
        let by_name = own.zip(owner.as_text()).map_or(Tri::False, |(own, wanted)| own.equals(&wanted));
        if owners.any(|it| it.address == instance.address) || by_name == Tri::True {
            return Value::bool(true, owner.origin.clone());
        }
        if let Some(reason) = owner.reason() {
            return Value::unknown(reason.clone(), owner.origin.clone());
        }
    }
    Value::bool(false, Origin::written(instance.header_span))
}
