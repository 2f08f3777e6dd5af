//! Which of the tools that health checks call an image has: from its base, from what it installs, from what it copies.

use super::build::Builder;
use super::texts;
use crate::data::images::BaseImage;
use crate::logic::{Reason, Tri};
use crate::source::Span;
use crate::value::{Origin, Value};

/// Each tool with the packages that bring it.
const TOOLS: [(&str, &[&str]); 3] = [
    ("curl", &["curl", "curl-minimal"]),
    ("wget", &["wget"]),
    ("nc", &["netcat", "netcat-openbsd", "netcat-traditional", "nmap-ncat", "ncat", "nc", "busybox"]),
];

/// The tools that are there; open where something that cannot be read may bring others.
pub(super) fn present(builder: &Builder<'_>, base: Option<&'static BaseImage>, place: Span) -> Value {
    let (model, build) = (&*builder.model, builder.id);
    let mut open = match base {
        Some(base) if base.tools_are_known => None,
        Some(_) | None => Some(Reason::at("no-value", "tools of the base image", place)),
    };
    let mut found: Vec<Value> =
        base.into_iter().flat_map(|base| &base.tools).map(|tool| Value::text(*tool, Origin::written(place))).collect();
    for (_, command) in model.image.commands.added_since(builder.n_commands) {
        let stage = command.stage.id().filter(|_| command.origin.equals("run") == Tri::True).map(|stage| &model[stage]);
        let is_ours = stage
            .is_some_and(|stage| stage.image_build.id() == Some(build) && stage.closure.equals("chain") == Tri::True);
        if !is_ours {
            continue;
        }
        for package in command.packages.ids() {
            let package = &model[package];
            match package.name.as_str() {
                Some(name) => {
                    let tool = TOOLS.iter().find(|(_, packages)| packages.contains(&name));
                    found.extend(tool.map(|(tool, _)| Value::text(*tool, Origin::written(package.head.span))));
                }
                None => open = open.or(Some(Reason::at("no-value", "a package", package.head.span))),
            }
        }
        if may_install(command.program.as_str()) || has_hidden_package(command.arguments.value()) {
            open = open.or(Some(Reason::at("script-not-followed", &command.head.name, command.head.span)));
        }
    }
    for (_, copy) in model.image.copies.added_since(builder.n_copies) {
        let stage = copy.stage.id().map(|stage| &model[stage]);
        let is_ours = stage
            .is_some_and(|stage| stage.image_build.id() == Some(build) && stage.closure.equals("chain") == Tri::True);
        let is_foreign = copy.from_stage.id().is_some() || copy.from_image.id().is_some();
        if is_ours && is_foreign {
            let target = copy.target.as_str().unwrap_or("/").trim_end_matches('/');
            let name = target.rsplit('/').next().unwrap_or("");
            if let Some((tool, _)) = TOOLS.iter().find(|(tool, _)| *tool == name) {
                found.push(Value::text(*tool, Origin::written(copy.head.span)));
            } else if matches!(target, "" | "/usr" | "/usr/bin" | "/bin" | "/usr/local" | "/usr/local/bin" | "/sbin") {
                open = open.or(Some(Reason::at("unsupported", "files of another image", copy.head.span)));
            }
        }
    }
    texts(found, open, place)
}

/// Programs that install what nobody here can see.
fn may_install(program: Option<&str>) -> bool {
    match program {
        Some(program) => {
            program.ends_with(".sh")
                || matches!(
                    program,
                    "sh" | "bash" | "make" | "ansible-playbook" | "source" | "." | "microdnf" | "nix-env"
                )
        }
        None => true,
    }
}

/// `apt-get install $PACKAGES`
fn has_hidden_package(arguments: &Value) -> bool {
    let items = arguments.as_list().map(|list| list.items.as_slice()).unwrap_or(&[]);
    items.iter().any(|item| item.as_str() == Some("install") || item.as_str() == Some("add"))
        && items
            .iter()
            .any(|item| item.as_text().is_some_and(|text| text.prefix().is_empty() && text.known().is_none()))
}
