//! Credentials that are known by their form, in every file of the kinds that are read. Programs are other tools' ground.

use rayon::iter::{IntoParallelRefIterator, ParallelIterator};

use crate::data::credentials::{Credential, find};
use crate::model::secret::SecretLiteral;
use crate::model::{Head, Model};
use crate::source::{FileId, Span};
use crate::syntax::{Kind, Sources};
use crate::value::{Origin, Value};

/// A credential and where it stands.
pub(super) struct Located {
    file: FileId,
    credential: Credential,
    in_workflow: bool,
}

/// Looks through the files once, whatever number of models is made of them.
pub(super) fn locate(sources: &Sources<'_>) -> Vec<Located> {
    let files: Vec<FileId> = sources.world.files().map(|(id, _)| id).filter(|id| is_looked_at(sources, *id)).collect();
    let found: Vec<Vec<Located>> = files
        .par_iter()
        .map(|file| {
            let text = sources.world.file(*file).text().unwrap_or("");
            let in_workflow = matches!(sources.kind(*file), Kind::Workflow | Kind::Action);
            find(text).into_iter().map(|credential| Located { file: *file, credential, in_workflow }).collect()
        })
        .collect();
    found.into_iter().flatten().collect()
}

fn is_looked_at(sources: &Sources<'_>, file: FileId) -> bool {
    match sources.kind(file) {
        Kind::TaskDefinition => true,
        Kind::Terraform
        | Kind::TerraformJson
        | Kind::Tfvars
        | Kind::TfvarsJson
        | Kind::Workflow
        | Kind::Action
        | Kind::Dependabot
        | Kind::PreCommit
        | Kind::Compose
        | Kind::Dockerfile
        | Kind::Policy
        | Kind::Requirements
        | Kind::EnvFile
        | Kind::ShellScript
        | Kind::Config => sources.world.file(file).is_subject,
        // A state is a finding as a whole.
        Kind::StateFile | Kind::LockFile | Kind::DockerIgnore | Kind::Other => false,
    }
}

pub(super) fn add(model: &mut Model, located: &[Located]) {
    for it in located {
        let span = Span::new(it.file, it.credential.start, it.credential.end);
        let flag = |value: bool| Value::bool(value, Origin::written(span));
        let mut literal = SecretLiteral::new(Head::new(it.credential.kind, span));
        literal.kind.set(Value::text(it.credential.kind, Origin::written(span)));
        literal.is_example.set(flag(it.credential.is_example));
        literal.in_workflow.set(flag(it.in_workflow));
        model.secret.secret_literals.push(literal);
    }
}
