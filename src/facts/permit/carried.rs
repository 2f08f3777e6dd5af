//! Resources of other services that work with a role of their own: whoever may tell them what to do has the role. Tasks,
//! functions and hosts stand in `takeover`, what reads its code from a bucket in `artifact`.

use super::pattern::{Case, Pattern, Reading as How, Symbol, shared_hole};
use super::roles::RolesByName;
use super::takeover::{Thing, literal};
use crate::facts::Facts;
use crate::logic::Tri;
use crate::model::identity::Role;
use crate::model::{Id, Resource, ResourceMode};
use crate::source::Place;
use crate::value::{Kind, Value};

/// A type of resources that do what they are told with a role.
struct Carrier {
    type_name: &'static str,
    /// Where the role stands in its body.
    role: &'static str,
    /// The paths, each with what stands after the account in the ARN that each of its actions names: `{}` is an id that
    /// AWS gives, `?` anything of the kind.
    paths: &'static [(&'static str, &'static [&'static str])],
}

const CARRIERS: [Carrier; 14] = [
    Carrier {
        type_name: "aws_codebuild_project",
        role: "service_role",
        paths: &[
            ("codebuild-existing", &["project/{name}"]),
            ("codebuild-existing-batch", &["project/{name}"]),
            ("codebuild-sandbox", &["project/{name}"]),
        ],
    },
    Carrier {
        type_name: "aws_cloudformation_stack",
        role: "iam_role_arn",
        paths: &[
            ("cfn-update", &["stack/{name}/1"]),
            // A set of changes is named by its stack.
            ("cfn-change-set", &["stack/{name}/1", "stack/{name}/1"]),
        ],
    },
    Carrier {
        type_name: "aws_sfn_state_machine",
        role: "role_arn",
        paths: &[("states-update", &["stateMachine:{name}", "stateMachine:{name}"])],
    },
    Carrier {
        type_name: "aws_glue_dev_endpoint",
        role: "role_arn",
        paths: &[("glue-dev-endpoint-update", &["devEndpoint/{name}"])],
    },
    Carrier {
        type_name: "aws_sagemaker_notebook_instance",
        role: "role_arn",
        paths: &[
            ("sagemaker-notebook-url", &["notebook-instance/{name}"]),
            (
                "sagemaker-lifecycle",
                &["?", "notebook-instance/{name}", "notebook-instance/{name}", "notebook-instance/{name}"],
            ),
        ],
    },
    Carrier {
        type_name: "aws_sagemaker_user_profile",
        role: "user_settings.execution_role",
        paths: &[("sagemaker-domain-url", &["user-profile/{domain_id}/{user_profile_name}"])],
    },
    Carrier {
        type_name: "aws_apprunner_service",
        role: "instance_configuration.instance_role_arn",
        paths: &[("apprunner-update", &["service/{service_name}/1"])],
    },
    Carrier {
        type_name: "aws_emr_cluster",
        role: "ec2_attributes.instance_profile",
        paths: &[("emr-steps", &["cluster/{}"])],
    },
    Carrier {
        type_name: "aws_batch_job_definition",
        role: "container_properties.jobRoleArn",
        paths: &[("batch-submit", &["job-definition/{name}:1"])],
    },
    Carrier {
        type_name: "aws_bedrockagentcore_code_interpreter",
        role: "execution_role_arn",
        paths: &[("bedrock-code-interpreter-existing", &["code-interpreter-custom/{}", "code-interpreter-custom/{}"])],
    },
    Carrier {
        type_name: "aws_mwaa_environment",
        role: "execution_role_arn",
        paths: &[("airflow-login", &["role/{name}/Admin"])],
    },
    Carrier {
        type_name: "aws_eks_pod_identity_association",
        role: "role_arn",
        paths: &[("eks-access-entry", &["cluster/{cluster_name}", "?"])],
    },
    Carrier {
        type_name: "aws_elastic_beanstalk_environment",
        role: PROFILE_SETTING,
        paths: &[("beanstalk-update", &["?", "environment/{application}/{name}"])],
    },
    Carrier {
        type_name: "aws_servicecatalog_constraint",
        role: "parameters.RoleArn",
        paths: &[("servicecatalog-artifact", &["product/{product_id}", "product/{product_id}"])],
    },
];

/// A block with a name and a value instead of an argument.
const PROFILE_SETTING: &str = "setting IamInstanceProfile";

pub(super) fn things(facts: &Facts<'_>, all: &mut Vec<Thing>) {
    for carrier in &CARRIERS {
        for (_, it) in facts.model.resources_of(ResourceMode::Managed, carrier.type_name) {
            let Some(role) = role_of(&it.body, carrier.role).and_then(|written| role_behind(facts, &written)) else {
                continue;
            };
            for (path, templates) in carrier.paths {
                let resources = templates.iter().map(|template| filled(facts, it, template)).collect();
                let place = Place::new(it.head.span, format!("`{}` works with the role", it.head.name));
                all.push(Thing { path, role, resources, tri: Tri::True, place });
            }
        }
    }
}

fn role_of(body: &Value, path: &str) -> Option<Value> {
    if path != PROFILE_SETTING {
        return at(body, path).into_iter().next();
    }
    let is_it = |setting: &&Value| at(setting, "name").iter().any(|name| name.as_str() == Some("IamInstanceProfile"));
    let settings = at(body, "setting");
    let setting = settings.iter().find(is_it)?;
    at(setting, "value").into_iter().next()
}

/// What stands at a path of a body: through repeated blocks, and on into JSON that a text holds.
pub(super) fn at(body: &Value, path: &str) -> Vec<Value> {
    let mut current = vec![body.clone()];
    for part in path.split('.') {
        let mut next = Vec::new();
        for value in current {
            let value = read_through(value);
            let members = match &value.kind {
                Kind::List(list) => list.items.clone(),
                Kind::Map(_) => vec![value],
                Kind::Null
                | Kind::Bool(_)
                | Kind::Number(_)
                | Kind::Text(_)
                | Kind::Reference(_)
                | Kind::Unknown(_) => Vec::new(),
            };
            next.extend(members.iter().filter_map(|member| member.as_map()?.entries.get(part).cloned()));
        }
        current = next;
    }
    current.into_iter().flat_map(spread).collect()
}

/// A text that a function encoded, as what it says.
fn read_through(value: Value) -> Value {
    match value.as_text().and_then(|text| text.wrapped().map(|wrapped| wrapped.value.clone())) {
        Some(said) => said,
        None => value,
    }
}

fn spread(value: Value) -> Vec<Value> {
    match &value.kind {
        Kind::List(list) => list.items.clone(),
        Kind::Null => Vec::new(),
        Kind::Bool(_) | Kind::Number(_) | Kind::Text(_) | Kind::Map(_) | Kind::Reference(_) | Kind::Unknown(_) => {
            vec![value]
        }
    }
}

/// A template with the names that the resource has; nothing for what may be called anything.
fn filled(facts: &Facts<'_>, resource: &Resource, template: &str) -> Option<Pattern> {
    if template == "?" {
        return None;
    }
    let mut symbols = Vec::new();
    let mut rest = template;
    while let Some((before, (slot, after))) =
        rest.split_once('{').and_then(|(before, after)| Some((before, after.split_once('}')?)))
    {
        symbols.extend(literal(before));
        match at(&resource.body, slot).first().and_then(|written| symbols_of(facts, written)) {
            Some(name) => symbols.extend(name),
            None => symbols.push(Symbol::Hole(shared_hole(slot, &resource.head.name))),
        }
        rest = after;
    }
    symbols.extend(literal(rest));
    Some(Pattern::of(symbols))
}

/// What is known of a text, with the names of resources here.
pub(super) fn symbols_of(facts: &Facts<'_>, written: &Value) -> Option<Vec<Symbol>> {
    let text = written.as_text()?;
    let pattern = Pattern::new(&text, How::Literal, Case::Kept, &|hole| super::arn::unfold(facts.model, hole));
    Some(pattern.symbols().to_vec())
}

/// The role here that a value names, by reference or by ARN; that of an instance profile counts, too.
pub(super) fn role_behind(facts: &Facts<'_>, written: &Value) -> Option<Id<Role>> {
    if let Some(known) = written.as_str() {
        return facts.analysis::<RolesByName>().named(known.rsplit('/').next()?);
    }
    let text = written.as_text()?;
    let reference = text.holes().next()?.as_reference()?;
    facts.model.resolve(reference).iter().find_map(|id| id.typed::<Role>())
}
