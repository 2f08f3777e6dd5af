//! Virtual machines, their templates and images, groups of them, and functions.

use super::context::{Context, cells, computed};
use super::keys::key;
use super::storage::encrypted_disk;
use super::user_data::FirstStart;
use super::vpc::{default_group, each};
use crate::eval::terraform::{BlockView, Instance};
use crate::logic::{Reason, Tri};
use crate::model::data::{Disk, MachineImage};
use crate::model::secret::Variable;
use crate::model::workload::{AutoscalingGroup, Function, Host, Notebook};
use crate::model::{Id, Link, One, Reading};
use crate::value::{Kind, Origin, Value};

const HOSTS: [(&str, &str); 3] = [
    ("aws_instance", "instance"),
    ("aws_launch_template", "launch_template"),
    ("aws_launch_configuration", "launch_configuration"),
];

pub(super) fn make(cx: &mut Context<'_>) {
    for (type_name, kind) in HOSTS {
        for instance in cx.managed(type_name) {
            let first_start = instance.view().attr("user_data").as_ref().and_then(FirstStart::of);
            let mut host = host(cx, instance, kind);
            if let Some(first_start) = &first_start {
                read_first_start(&mut host, first_start);
            }
            if let Some(copied) = copied_keys(instance.view()) {
                host.given_keys.set(copied);
            }
            let head = host.head.clone();
            let id = cx.add(instance, host);
            cx.call(id, instance.view().attr("name"));
            if let Some(first_start) = &first_start {
                first_start.add_commands(cx.model, &head);
            }
        }
    }
    for instance in cx.managed("aws_lambda_function") {
        let mut function = Function::new(cx.head(instance));
        cells!(function, instance.view(); runtime = "runtime");
        cx.add(instance, function);
        variables(cx, instance);
    }
    for instance in cx.managed("aws_sagemaker_notebook_instance") {
        let mut notebook = Notebook::new(cx.head(instance));
        cells!(notebook, instance.view(); name = "name");
        cx.add(instance, notebook);
    }
    for instance in cx.managed("aws_autoscaling_group") {
        let group = AutoscalingGroup::new(cx.head(instance));
        cx.add(instance, group);
    }
    images(cx);
}

/// The environment of a function.
fn variables(cx: &mut Context<'_>, instance: &Instance) {
    let environment = instance.view().block("environment").and_then(|block| block.attr("variables"));
    let Some(entries) = environment.as_ref().and_then(Value::as_map) else { return };
    for (name, value) in &entries.entries {
        let mut head = cx.head(instance);
        head.name = name.to_string();
        head.span = value.origin.span().unwrap_or(instance.header_span);
        let written = Origin::written(head.span);
        let mut variable = Variable::new(head);
        variable.name.set(Value::text(name, written.clone()));
        variable.content.set(value.clone());
        variable.set_in.set(Value::text("function", written));
        cx.model.secret.variables.push(variable);
    }
}

fn read_first_start(host: &mut Host, first_start: &FirstStart) {
    host.opened_files.set(first_start.opened_files());
    host.given_keys.set(first_start.given_keys());
}

fn host(cx: &Context<'_>, instance: &Instance, kind: &str) -> Host {
    let mut host = Host::new(cx.head(instance));
    let view = instance.view();
    super::database::word(&mut host.kind, kind, instance);
    let interface = view.block("network_interfaces");
    if let Some(defaults) = cx.managed("aws_ec2_instance_metadata_defaults").into_iter().next() {
        let defaults = defaults.view();
        cells!(host, defaults; http_tokens = "http_tokens");
    }
    let metadata = view.blocks("metadata_options");
    if let Some(metadata) = metadata.members.first() {
        cells!(host, *metadata; http_tokens = "http_tokens", hop_limit = "http_put_response_hop_limit");
    }
    if let Some(reason) = metadata.open {
        host.http_tokens.set(Value::unknown(reason, view.lacks("metadata_options")));
    }
    if metadata.members.is_empty() && view.block("launch_template").is_some() {
        computed!(host, instance; http_tokens, hop_limit);
    }
    cells!(host, view; associate_public_ip = "associate_public_ip_address", user_data = "user_data",
        key_name = "key_name", checks_source = "source_dest_check");
    if let Some(interface) = interface {
        cells!(host, interface; associate_public_ip = "associate_public_ip_address");
    }
    for view in [Some(view), interface].into_iter().flatten() {
        let given = view.attr("ipv6_address_count").or_else(|| view.attr("ipv6_addresses"));
        if let Some(given) = given {
            host.has_ipv6.set(is_some(given));
        }
    }
    if let Some(made_by) = &instance.presence.decided_by {
        host.made_by.set(made_by.clone());
    }
    host
}

/// Whether a count or a list has anything in it.
fn is_some(value: Value) -> Value {
    match &value.kind {
        Kind::Number(number) => Value::bool(number.as_i64() != Some(0), value.origin.clone()),
        Kind::List(list) if list.open.is_none() => Value::bool(!list.items.is_empty(), value.origin.clone()),
        _ => value,
    }
}

/// A provisioner that copies a file of credentials.
fn copied_keys(view: BlockView<'_>) -> Option<Value> {
    let is_credentials =
        |value: &Value| value.as_text().is_some_and(|path| path.suffix().ends_with(".aws/credentials"));
    let destinations = view.blocks("provisioner").members.into_iter().filter_map(|block| block.attr("destination"));
    let found: Vec<Value> = destinations.filter(is_credentials).collect();
    let origin = found.first()?.origin.clone();
    Some(Value::list(found, origin))
}

fn images(cx: &mut Context<'_>) {
    for instance in cx.data("aws_ami") {
        let mut image = MachineImage::new(cx.head(instance));
        let view = instance.view();
        cells!(image, view; owners = "owners");
        for filter in view.blocks("filter").members {
            if filter.attr("name").is_some_and(|name| name.as_str() == Some("name")) {
                cells!(image, filter; name_patterns = "values");
            }
        }
        cx.add(instance, image);
    }
    for instance in cx.data("aws_ssm_parameter") {
        let Some(name) = instance.view().attr("name") else { continue };
        let Some(path) = name.as_text() else { continue };
        if !path.prefix().starts_with("/aws/service/ami-") {
            continue;
        }
        let mut image = MachineImage::new(cx.head(instance));
        let pattern = match name.as_str().and_then(|name| name.rsplit('/').next()) {
            Some(last) => Value::text(last, name.origin.clone()),
            None => name.clone(),
        };
        image.name_patterns.set(Value::list(vec![pattern], name.origin.clone()));
        cx.add(instance, image);
    }
    for instance in cx.managed("aws_ami") {
        let mut image = MachineImage::new(cx.head(instance));
        let view = instance.view();
        for device in view.blocks("ebs_block_device").members {
            // The first device in clear speaks for the image; one from a snapshot is as that is.
            if image.encrypted.tri() == Tri::False && !matches!(image.encrypted.get(), Reading::Absent) {
                break;
            }
            let none = device.attr("snapshot_id").is_none().then_some(false);
            super::database::default_flag(&mut image.encrypted, device, "encrypted", none);
            cells!(image, device; encrypted = "encrypted");
        }
        cx.add(instance, image);
    }
    for instance in cx.managed("aws_ami_copy") {
        let mut image = MachineImage::new(cx.head(instance));
        let view = instance.view();
        super::database::default_flag(&mut image.encrypted, view, "encrypted", Some(false));
        cells!(image, view; encrypted = "encrypted");
        cx.add(instance, image);
    }
}

pub(super) fn connect(cx: &mut Context<'_>) {
    for (type_name, _) in HOSTS {
        each::<Host>(cx, &[type_name], connect_host);
    }
    for instance in cx.managed("aws_eip").into_iter().chain(cx.managed("aws_eip_association")) {
        let view = instance.view();
        let attribute = if &*instance.type_name == "aws_eip" { "instance" } else { "instance_id" };
        if let Some(host) = cx.one::<Host>(view, attribute).id() {
            cx.model[host].elastic_address.set(Value::bool(true, Origin::written(instance.header_span)));
        }
    }
    each::<Notebook>(cx, &["aws_sagemaker_notebook_instance"], |cx, instance, id| {
        cx.model[id].role = cx.one(instance.view(), "role_arn");
    });
    each::<Function>(cx, &["aws_lambda_function"], |cx, instance, id| {
        cx.model[id].role = cx.one(instance.view(), "role");
        let Some(vpc) = instance.view().block("vpc_config") else { return };
        let (subnets, groups) = (cx.many(vpc, "subnet_ids"), cx.many(vpc, "security_group_ids"));
        let function = &mut cx.model[id];
        function.subnets = subnets;
        function.security_groups = groups;
    });
    each::<AutoscalingGroup>(cx, &["aws_autoscaling_group"], |cx, instance, id| {
        let view = instance.view();
        let subnets = cx.many(view, "vpc_zone_identifier");
        let groups = cx.many(view, "target_group_arns");
        let template = view.block("launch_template").map(|template| cx.one_of::<Host>(template, &["id", "name"]));
        let host = template.unwrap_or_else(|| cx.one(view, "launch_configuration"));
        let group = &mut cx.model[id];
        group.subnets = subnets;
        group.target_groups = groups;
        match (host.any(), host.link) {
            (Some(host), _) => group.hosts.push(host, Origin::written(instance.header_span)),
            (None, Link::Unknown(reason)) => group.hosts.open(reason),
            (None, Link::To(_) | Link::Absent) => {}
        }
        let subnet = cx.model[id].subnets.members.first().cloned();
        let hosts: Vec<Id<Host>> = cx.model[id].hosts.ids().collect();
        for host in hosts {
            if let (Link::Absent, Some((subnet, origin))) = (&cx.model[host].subnet.link, &subnet) {
                cx.model[host].subnet = One::to(*subnet, origin.clone());
            }
        }
    });
}

fn connect_host(cx: &mut Context<'_>, instance: &Instance, id: Id<Host>) {
    let view = instance.view();
    cx.model[id].role = match view.block("iam_instance_profile") {
        Some(block) if block.attr("arn").is_some() => cx.one(block, "arn"),
        Some(block) => cx.one(block, "name"),
        None => cx.one(view, "iam_instance_profile"),
    };
    let interface = view.block("network_interfaces").unwrap_or(view);
    let subnet = cx.one(interface, "subnet_id");
    let image = cx.one_of::<MachineImage>(view, &["ami", "image_id"]);
    let mut groups = cx.many(view, "vpc_security_group_ids");
    for block in [view, interface] {
        if let Some(more) = block.attr("security_groups") {
            cx.extend(&mut groups, &more);
        }
    }
    let vpc = subnet.id().and_then(|subnet: Id<crate::model::network::Subnet>| cx.model[subnet].vpc.id());
    let is_bare = groups.members.is_empty() && groups.open.is_none();
    let is_modern = image.id().is_some_and(|image| names_modern_linux(&cx.model[image]));
    let host = &mut cx.model[id];
    host.subnet = subnet;
    host.machine_image = image;
    host.security_groups = groups;
    if is_modern && host.http_tokens.is_default() {
        // The image itself demands tokens.
        let origin = host.http_tokens.origin().clone();
        host.http_tokens.set(Value::text("required", origin));
    }
    let is_instance = cx.model[id].kind.equals("instance") == Tri::True;
    if is_instance && is_bare && view.attr("network_interface").is_none() && view.block("launch_template").is_none() {
        let group = default_group(cx, vpc, instance);
        cx.model[id].security_groups.push(group, view.lacks("vpc_security_group_ids"));
    }
    if view.block("launch_template").is_some() && is_bare {
        let reason = Reason::at("launch-template", instance.address.to_string(), instance.header_span);
        cx.model[id].security_groups.open(reason);
    }
    disks(cx, instance, id);
}

fn names_modern_linux(image: &MachineImage) -> bool {
    let patterns = image.name_patterns.value();
    patterns.as_list().is_some_and(|list| {
        !list.items.is_empty()
            && list.items.iter().all(|item| item.as_str().is_some_and(|name| name.starts_with("al2023")))
    })
}

/// The root disk exists whether it is written or not.
fn disks(cx: &mut Context<'_>, instance: &Instance, id: Id<Host>) {
    let view = instance.view();
    let mut blocks: Vec<BlockView<'_>> = Vec::new();
    for name in ["root_block_device", "ebs_block_device"] {
        blocks.extend(view.blocks(name).members);
    }
    for mapping in view.blocks("block_device_mappings").members {
        blocks.extend(mapping.blocks("ebs").members);
    }
    let writes_root = view.block("root_block_device").is_some();
    let is_template = cx.model[id].kind.equals("launch_template") == Tri::True;
    if !writes_root && !is_template && view.block("launch_template").is_none() {
        blocks.insert(0, view);
    }
    for block in blocks {
        let mut disk = Disk::new(cx.part_head(instance, block));
        let from_snapshot = block.attr("snapshot_id").is_some();
        encrypted_disk(cx, &mut disk, block, from_snapshot);
        cells!(disk, block; storage_type = "volume_type");
        disk.key = key(cx, block, "kms_key_id");
        disk.host = One::to(id, Origin::written(instance.header_span));
        let disk = cx.model.data.disks.push(disk);
        cx.model[id].disks.push(disk, Origin::written(block.header_span()));
    }
}
