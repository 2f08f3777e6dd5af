//! Policy documents that are files of their own, and the scripts that give them to principals: `aws iam create-role`,
//! `put-user-policy` and their kin. A document that no script names is judged as a document only.

use std::collections::{BTreeMap, BTreeSet};

use super::{PolicyKind, add_policy, add_written_arn, new_attachment};
use crate::eval::shell::{Command, Nothing, Reached, run};
use crate::lower::tree::value_of;
use crate::model::identity::{AccessKey, IamGroup, IamUser, Policy, Role};
use crate::model::{Head, Id, Model, One};
use crate::source::{FileId, MappedText, Span, clean_path};
use crate::syntax::shell::{self, Dialect};
use crate::syntax::yaml::Node;
use crate::syntax::{Kind, Sources};
use crate::value::{Origin, StepKind, Value};

/// One `aws iam` command, with the words that are known.
struct IamCommand {
    verb: String,
    /// Options by name, with the place of their value.
    options: BTreeMap<String, (String, Span)>,
    span: Span,
    /// The folder that the command runs in, as far as that is known.
    folder: String,
}

/// Adds every policy file and binds those that a command names.
pub(crate) fn add_files(model: &mut Model, sources: &Sources<'_>) {
    let commands = commands(sources);
    // A document is judged where it is used: Terraform has read those that it names.
    let used: BTreeSet<FileId> = model
        .identity
        .policies
        .iter()
        .filter_map(|(_, policy)| policy.document.origin().span().map(|span| span.file))
        .collect();
    let mut documents: BTreeMap<String, (FileId, Value)> = BTreeMap::new();
    for file in sources.subjects_of(Kind::Policy) {
        if let Some(root) = &sources.tree(file).root {
            documents.insert(sources.world.file(file).path.clone(), (file, value_of(root)));
        }
    }
    let mut binder = Binder { model, documents: &documents, bound: BTreeMap::new() };
    for command in &commands {
        binder.create(command);
    }
    for command in &commands {
        binder.connect(command);
    }
    let bound = binder.bound;
    for (path, (file, document)) in &documents {
        if bound.contains_key(path) || used.contains(file) {
            continue;
        }
        let root = sources.tree(*file).root.as_ref();
        let kind = if root.is_some_and(looks_like_trust) { PolicyKind::Trust } else { kind_of(root) };
        let span = root.map_or(Span::file_start(*file), |root| root.span);
        add_policy(model, document, kind, Head::new(name_of(path), span));
    }
}

/// A principal makes it a trust if all it allows is to assume, else the policy of a resource.
fn kind_of(root: Option<&Node>) -> PolicyKind {
    let has_principal =
        root.is_some_and(|root| statements(root).iter().any(|statement| statement.get("Principal").is_some()));
    if has_principal { PolicyKind::Resource("") } else { PolicyKind::Identity }
}

fn statements(root: &Node) -> Vec<&Node> {
    match root.get("Statement") {
        Some(statement) if statement.is_list() => statement.items().iter().collect(),
        Some(statement) => vec![statement],
        None => Vec::new(),
    }
}

fn looks_like_trust(root: &Node) -> bool {
    let statements = statements(root);
    !statements.is_empty()
        && statements.iter().all(|statement| {
            let Some(actions) = statement.get("Action") else { return false };
            let texts: Vec<&str> = match actions.as_str() {
                Some(action) => vec![action],
                None => actions.items().iter().filter_map(Node::as_str).collect(),
            };
            statement.get("Principal").is_some() && texts.iter().all(|action| action.starts_with("sts:"))
        })
}

fn name_of(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

struct Binder<'m, 'd> {
    model: &'m mut Model,
    documents: &'d BTreeMap<String, (FileId, Value)>,
    bound: BTreeMap<String, Id<Policy>>,
}

impl Binder<'_, '_> {
    /// First everything that a command makes, so that order does not matter.
    fn create(&mut self, command: &IamCommand) {
        let text = |name: &str| command.options.get(name).map(|(text, span)| Value::text(text, Origin::written(*span)));
        match &*command.verb {
            "create-role" => {
                let Some(name) = text("role-name") else { return };
                let mut role = Role::new(Head::new(name.as_str().unwrap_or("").to_owned(), command.span));
                role.name.set(name);
                if let Some(arn) = text("permissions-boundary") {
                    role.boundary_arn.set(arn);
                }
                let role = self.model.identity.roles.push(role);
                if let Some(trust) = self.policy(command, "assume-role-policy-document", PolicyKind::Trust) {
                    self.model[role].trust = One::to(trust, Origin::written(command.span));
                }
            }
            "create-user" => {
                let Some(name) = text("user-name") else { return };
                let mut user = IamUser::new(Head::new(name.as_str().unwrap_or("").to_owned(), command.span));
                user.name.set(name);
                self.model.identity.iam_users.push(user);
            }
            "create-group" => {
                let Some(name) = text("group-name") else { return };
                let mut group = IamGroup::new(Head::new(name.as_str().unwrap_or("").to_owned(), command.span));
                group.name.set(name);
                self.model.identity.iam_groups.push(group);
            }
            _ => {}
        }
    }

    fn connect(&mut self, command: &IamCommand) {
        let origin = Origin::written(command.span);
        match &*command.verb {
            "put-role-policy" => {
                let policy = self.policy(command, "policy-document", PolicyKind::Identity);
                if let (Some(role), Some(policy)) = (self.role(command), policy) {
                    self.model[role].policies.push(policy, origin);
                }
            }
            "put-user-policy" => {
                let policy = self.policy(command, "policy-document", PolicyKind::Identity);
                if let (Some(user), Some(policy)) = (self.user(command), policy) {
                    self.model[user].policies.push(policy, origin);
                }
            }
            "put-group-policy" => {
                let policy = self.policy(command, "policy-document", PolicyKind::Identity);
                if let (Some(group), Some(policy)) = (self.group(command), policy) {
                    self.model[group].policies.push(policy, origin);
                }
            }
            "update-assume-role-policy" => {
                let policy = self.policy(command, "policy-document", PolicyKind::Trust);
                if let (Some(role), Some(policy)) = (self.role(command), policy) {
                    self.model[role].trust = One::to(policy, origin);
                }
            }
            "attach-role-policy" | "attach-user-policy" | "attach-group-policy" => self.attach(command),
            "add-user-to-group" => {
                if let (Some(user), Some(group)) = (self.user(command), self.group(command)) {
                    self.model[user].groups.push(group, origin);
                }
            }
            "create-access-key" => self.access_key(command),
            _ => {}
        }
    }

    fn access_key(&mut self, command: &IamCommand) {
        let user = self.user(command);
        let mut key = AccessKey::new(Head::new("aws iam create-access-key", command.span));
        let mut made_by = Origin::written(command.span);
        if let Some(user) = user {
            // The user is there for the key alone, and is the next thing to take away.
            made_by = made_by.then(StepKind::Said("the user is made here"), self.model[user].head.span);
        }
        key.made_by.set(Value::text("script", made_by));
        if let Some(user) = user {
            key.iam_user = One::to(user, Origin::written(command.span));
        }
        let key = self.model.identity.access_keys.push(key);
        if let Some(user) = user {
            self.model[user].access_keys.push(key, Origin::written(command.span));
        }
    }

    fn attach(&mut self, command: &IamCommand) {
        let Some((arn, span)) = command.options.get("policy-arn") else { return };
        let value = Value::text(arn, Origin::written(*span));
        let written = add_written_arn(self.model, value.clone(), command.span);
        let head = Head::new(arn.rsplit('/').next().unwrap_or(arn).to_owned(), command.span);
        let id = new_attachment(self.model, head, written, &value, One::absent(command.span));
        let origin = Origin::written(*span);
        if let Some(role) = self.role(command) {
            self.model[id].principal = One::to(role, origin.clone());
            self.model[role].attachments.push(id, origin);
        } else if let Some(user) = self.user(command) {
            self.model[id].principal = One::to(user, origin.clone());
            self.model[user].attachments.push(id, origin);
        } else if let Some(group) = self.group(command) {
            self.model[id].principal = One::to(group, origin.clone());
            self.model[group].attachments.push(id, origin);
        }
    }

    /// The policy of `file://…`; each file is lowered once.
    fn policy(&mut self, command: &IamCommand, option: &str, kind: PolicyKind) -> Option<Id<Policy>> {
        let (written, _) = command.options.get(option)?;
        let path = written.strip_prefix("file://")?;
        let (path, (_, document)) = [clean_path(&command.folder, path), clean_path("", path)]
            .into_iter()
            .flatten()
            .find_map(|path| self.documents.get_key_value(&path))?;
        if let Some(id) = self.bound.get(path) {
            return Some(*id);
        }
        let span = document.origin.span().unwrap_or(command.span);
        let id = add_policy(self.model, document, kind, Head::new(name_of(path), span));
        self.bound.insert(path.clone(), id);
        Some(id)
    }

    fn role(&self, command: &IamCommand) -> Option<Id<Role>> {
        let (name, _) = command.options.get("role-name")?;
        self.model.identity.roles.iter().find(|(_, role)| role.name.as_str() == Some(name)).map(|(id, _)| id)
    }

    fn user(&self, command: &IamCommand) -> Option<Id<IamUser>> {
        let (name, _) = command.options.get("user-name")?;
        self.model.identity.iam_users.iter().find(|(_, user)| user.name.as_str() == Some(name)).map(|(id, _)| id)
    }

    fn group(&self, command: &IamCommand) -> Option<Id<IamGroup>> {
        let (name, _) = command.options.get("group-name")?;
        self.model.identity.iam_groups.iter().find(|(_, group)| group.name.as_str() == Some(name)).map(|(id, _)| id)
    }
}

/// The `aws iam` commands of all scripts of the tree.
fn commands(sources: &Sources<'_>) -> Vec<IamCommand> {
    let mut found = Vec::new();
    for file in sources.subjects_of(Kind::ShellScript) {
        let Some(text) = sources.world.file(file).text() else { continue };
        let script = shell::read(&MappedText::part(file, text, 0..text.len()), Dialect::PLAIN);
        let run = run(&script, text, Dialect::PLAIN, &Nothing);
        found.extend(run.commands.iter().filter_map(iam_command));
    }
    found
}

fn iam_command(command: &Command) -> Option<IamCommand> {
    if !command.starts_with(&["aws", "iam"]) || command.reached == Reached::Unreachable {
        return None;
    }
    let verb = command.word(2)?.to_owned();
    let mut options = BTreeMap::new();
    let mut arguments = command.words.iter().skip(3).peekable();
    while let Some(argument) = arguments.next() {
        let Some(name) = argument.operand.value.as_str().and_then(|word| word.strip_prefix("--")) else { continue };
        if let Some((name, value)) = name.split_once('=') {
            options.insert(name.to_owned(), (value.to_owned(), argument.span));
            continue;
        }
        if let Some(value) =
            arguments.next_if(|next| !next.operand.value.as_str().is_some_and(|word| word.starts_with("--")))
            && let Some(text) = value.operand.value.as_str()
        {
            options.insert(name.to_owned(), (text.to_owned(), value.span));
        }
    }
    Some(IamCommand { verb, options, span: command.span, folder: command.directory.clone().unwrap_or_default() })
}
