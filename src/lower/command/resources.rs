//! What the scripts of the tree make with `aws` commands: repositories for images. Principals and their policies are the
//! business of `lower::policy`.

use crate::eval::shell::{Command, Nothing, Reached, run};
use crate::model::image::Repository;
use crate::model::{Head, Model};
use crate::source::MappedText;
use crate::syntax::shell::{self, Dialect};
use crate::syntax::{Kind, Sources};
use crate::value::{Origin, Value};

/// Adds what every shell script makes.
pub(in crate::lower) fn add_files(model: &mut Model, sources: &Sources<'_>) {
    for file in sources.subjects_of(Kind::ShellScript) {
        let Some(text) = sources.world.file(file).text().filter(|text| text.contains("create-repository")) else {
            continue;
        };
        let script = shell::read(&MappedText::part(file, text, 0..text.len()), Dialect::PLAIN);
        let ran = run(&script, text, Dialect::PLAIN, &Nothing);
        let commands: Vec<&Command> =
            ran.commands.iter().filter(|command| command.reached != Reached::Unreachable).collect();
        let made = commands.iter().filter_map(|command| repository(command));
        for mut repository in made {
            for command in &commands {
                changed_later(&mut repository, command);
            }
            model.image.repositories.push(repository);
        }
    }
}

fn repository(command: &Command) -> Option<Repository> {
    let is_public = command.says(&["aws", "ecr-public", "create-repository"]);
    if !is_public && !command.says(&["aws", "ecr", "create-repository"]) {
        return None;
    }
    let name = command.option(&["--repository-name"])?.operand.value;
    let verb = command.words.iter().find(|word| word.text() == Some("create-repository"))?;
    let span = command.words.first()?.span.to(verb.span);
    let mut repository = Repository::new(Head::new(name.as_str().unwrap_or("a repository"), span));
    repository.path.set(name);
    repository.is_public.set(Value::bool(is_public, Origin::none()));
    mutability(&mut repository, command);
    scanning(&mut repository, command);
    if let Some(written) = command.option(&["--encryption-configuration"]) {
        let kind = member(&written.operand.value, "encryptionType");
        repository.encryption_type.read(span, "encryption-configuration", kind);
    }
    Some(repository)
}

/// `put-image-tag-mutability` and `put-image-scanning-configuration` for the same repository.
fn changed_later(repository: &mut Repository, command: &Command) {
    let named = command.option(&["--repository-name"]).map(|name| name.operand.value);
    let is_same = named.is_some_and(|name| name.as_str().is_some() && name.as_str() == repository.path.as_str());
    if is_same && command.says(&["aws", "ecr", "put-image-tag-mutability"]) {
        mutability(repository, command);
    }
    if is_same && command.says(&["aws", "ecr", "put-image-scanning-configuration"]) {
        scanning(repository, command);
    }
}

fn mutability(repository: &mut Repository, command: &Command) {
    let written = command.option(&["--image-tag-mutability"]).map(|written| written.operand.value);
    repository.mutability.read(repository.head.span, "image-tag-mutability", written);
}

fn scanning(repository: &mut Repository, command: &Command) {
    let written = command.option(&["--image-scanning-configuration"]);
    let written = written.and_then(|written| member(&written.operand.value, "scanOnPush"));
    repository.scan_on_push.read(repository.head.span, "image-scanning-configuration", written);
}

/// `name=value` among the members that commas part; the whole where it is not known.
fn member(value: &Value, name: &str) -> Option<Value> {
    let Some(text) = value.as_str() else { return Some(value.clone()) };
    let mut members = text.split(',').filter_map(|member| member.split_once('='));
    members.find(|(key, _)| key.trim() == name).map(|(_, found)| Value::text(found.trim(), value.origin.clone()))
}
