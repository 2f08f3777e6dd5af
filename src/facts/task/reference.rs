//! What a task takes from AWS when it starts: whether its references can be read, and whether it needs a role for them.

use super::{place, reason_of};
use crate::facts::Facts;
use crate::logic::{Fact, Reason, Tri};
use crate::model::secret::SecretReference;
use crate::model::workload::Task;
use crate::model::{Id, Reading};
use crate::source::Place;

pub(super) fn is_valid(facts: &Facts<'_>, id: Id<SecretReference>) -> Fact {
    let reference = &facts.model[id];
    let span = reference.head.span;
    let at = |role: &str| vec![place(&reference.value_from, span, role)];
    let text = match reference.value_from.get() {
        Reading::Known(text) => text,
        Reading::Absent => return Fact::no(vec![Place::new(span, "`valueFrom` is missing")]),
        Reading::Unknown(reason) => return Fact::unknown(reason),
    };
    let Some(known) = text.known() else {
        return behind_a_hole(text.suffix()).map_or_else(
            || match text.suffix() {
                // The whole is one reference: what it names is an ARN or a name by itself.
                "" => Fact::yes(at("")),
                suffix if suffix.starts_with(':') && suffix.matches(':').count() == 3 => Fact::yes(at("")),
                _ => Fact::unknown(reason_of(reference.value_from.value(), "valueFrom")),
            },
            |fault| Fact::no(at(fault)),
        );
    };
    if !known.starts_with("arn:") {
        let is_name = known.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte));
        return if is_name && !known.is_empty() {
            Fact::yes(at(""))
        } else {
            Fact::no(at("neither an ARN nor the name of a parameter"))
        };
    }
    let parts: Vec<&str> = known.split(':').collect();
    match parts.as_slice() {
        ["arn", _, "ssm", _, _, parameter] if parameter.starts_with("parameter/") => Fact::yes(at("")),
        ["arn", _, "secretsmanager", _, _, "secret", name] => match has_random_end(name) {
            true => Fact::yes(at("")),
            false => {
                Fact::unknown(Reason::with("not-declared-here", known.to_owned(), reference.value_from.origin().span()))
            }
        },
        // With a key, a stage and a version, each of which may be empty.
        ["arn", _, "secretsmanager", _, _, "secret", _, _, _, _] => Fact::yes(at("")),
        ["arn", _, "secretsmanager", _, _, "secret", _, ..] => {
            Fact::no(at("a key inside a secret needs all three colons: `:key::`"))
        }
        _ => Fact::no(at("no ARN of a secret or a parameter")),
    }
}

/// `${arn}:password` lacks the colons of stage and version.
fn behind_a_hole(suffix: &str) -> Option<&'static str> {
    let n_colons = suffix.matches(':').count();
    let is_key = suffix.starts_with(':') && suffix.len() > 1;
    (is_key && n_colons != 3).then_some("a key inside a secret needs all three colons: `:key::`")
}

fn has_random_end(name: &str) -> bool {
    name.rsplit_once('-').is_some_and(|(_, end)| end.len() == 6 && end.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

pub(super) fn needs_execution_role(facts: &Facts<'_>, id: Id<Task>) -> Fact {
    let model = facts.model;
    let task = &model[id];
    let fargate = super::fargate::on_fargate(facts, id);
    let mut answer = Fact::no(vec![Place::new(task.head.span, "")]);
    for container in task.containers.ids() {
        let container = &model[container];
        let span = container.head.span;
        if let Some((_, origin)) = container.secret_references.members.first() {
            return Fact::yes(vec![super::place_of(origin, span, "a secret is read when the task starts")]);
        }
        if let Some(reason) = &container.secret_references.open {
            answer = answer.or(Fact::unknown(reason.clone()));
        }
        if fargate.tri == Tri::False {
            continue;
        }
        let image = &container.image_name;
        let is_private = match image.get() {
            Reading::Known(text) => text.contains(".dkr.ecr."),
            Reading::Absent => Tri::False,
            Reading::Unknown(_) => Tri::Unknown,
        };
        let pulls = match is_private {
            Tri::True => Fact::yes(vec![place(image, span, "a private image is pulled")]),
            Tri::False => Fact::no(Vec::new()),
            Tri::Unknown => Fact::unknown(reason_of(image.value(), "image")),
        };
        let logs = match container.log_configuration.id() {
            Some(log) => match model[log].driver.equals("awslogs") {
                Tri::True => Fact::yes(vec![place(&model[log].driver, span, "logs go to CloudWatch")]),
                Tri::False => Fact::no(Vec::new()),
                Tri::Unknown => Fact::unknown(reason_of(model[log].driver.value(), "logDriver")),
            },
            None => Fact::no(Vec::new()),
        };
        answer = answer.or(pulls.or(logs).and(fargate.clone()));
    }
    match &task.containers.open {
        Some(reason) => answer.or(Fact::unknown(reason.clone())),
        None => answer,
    }
}
