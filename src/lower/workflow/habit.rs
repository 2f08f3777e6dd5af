//! What scripts do that matters beyond what they bring about: failures that a pipe hides, values that a wrapper spoils,
//! keys written to disk, texts written where they set variables of later steps.

use super::plan::Plan;
use super::read::flag_at;
use super::scope::JobScope;
use super::script::{self, File};
use super::uses;
use crate::eval::actions::{Charset, Control, Outcome};
use crate::eval::shell::{Command, Run as Walk};
use crate::logic::Reason;
use crate::model::pipeline::Run;
use crate::model::{Id, Model};
use crate::source::Span;
use crate::syntax::yaml::Node;
use crate::value::{Kind, Origin, Value};

pub(super) fn lower(model: &mut Model, plan: &Plan<'_>, job: usize) {
    for index in 0..plan.jobs[job].steps.len() {
        let id = plan.jobs[job].steps[index].id;
        let scope = JobScope::step(plan, job, None, index);
        let Some(run) = model[id].run.id() else { continue };
        let Some(walk) = script::walk(&scope) else { continue };
        let is_lenient = matches!(script::shell_of(&scope), "bash-default" | "sh");
        for command in &walk.commands {
            let place = || Value::bool(true, Origin::written(command.span));
            if is_lenient && hides_failure(&walk, command) {
                model[run].pipe_hides_failure.set(place());
            }
            if stores_keys(command) {
                model[run].stores_keys.set(place());
            }
            if passes_password(command) {
                model[run].passes_password.set(place());
            }
            if opens_shell(command) {
                model[run].opens_reverse_shell.set(place());
            }
            if installs(command) || runs_download(&walk, command) {
                model[run].runs_fetched_code.set(place());
            }
            if creates_key(command) {
                model[run].creates_access_key.set(place());
            }
            if reads_terraform_output(&walk, command) {
                wrapped(model, plan, job, index, run, command.span);
            }
            if judges_exit_code(plan, job, index, command) {
                model[run].loses_exit_code.set(place());
            }
            if let Some(text) = retired_command(command) {
                model[run].uses_retired_command.set(Value::bool(true, Origin::written(text)));
            }
            if judges_a_plan(command) && (command.is_excused) {
                model[id].fails_quietly.set(place());
            }
        }
        let continues = plan.jobs[job].steps[index].node.entry("continue-on-error");
        if let Some(entry) = continues.filter(|entry| entry.value.as_bool() == Some(true))
            && walk.commands.iter().any(judges_a_plan)
        {
            model[id].fails_quietly.set(flag_at(true, entry.span()));
        }
        environment(model, plan, job, index, run);
    }
}

/// Commands whose failure must end the run.
fn judges_a_plan(command: &Command) -> bool {
    let program = command.name();
    match program {
        "terraform" | "tofu" => ["plan", "validate", "test"].iter().any(|verb| command.says(&[program, verb])),
        "checkov" | "tfsec" | "trivy" | "tflint" | "terrascan" | "kics" => true,
        _ => false,
    }
}

fn hides_failure(walk: &Walk, command: &Command) -> bool {
    let program = command.name();
    let matters = match program {
        "terraform" | "tofu" => {
            ["plan", "apply", "validate", "test", "destroy"].iter().any(|verb| command.says(&[program, verb]))
        }
        "docker" => {
            command.says(&["docker", "build"])
                || command.says(&["docker", "push"])
                || command.says(&["docker", "buildx"])
        }
        "pytest" | "tfsec" | "checkov" | "trivy" | "make" | "tox" => true,
        "npm" => command.says(&["npm", "test"]) || command.says(&["npm", "run"]),
        "go" => command.says(&["go", "test"]) || command.says(&["go", "build"]),
        "cargo" => command.says(&["cargo", "test"]) || command.says(&["cargo", "build"]),
        _ => false,
    };
    let reader = command.pipes_into().and_then(|at| walk.commands.get(at));
    // A reader that answers by its own exit code is the check itself.
    let is_asked = reader.is_some_and(|reader| matches!(reader.name(), "grep" | "jq" | "test" | "["));
    matters && reader.is_some() && !is_asked && !script::sets_pipefail(walk) && !command.is_captured
}

fn stores_keys(command: &Command) -> bool {
    let by_configure = command.says(&["aws", "configure", "set"])
        && command.texts().iter().any(|text| matches!(*text, "aws_secret_access_key" | "aws_access_key_id"));
    let by_file = command.writes_to().any(|it| it.target.text().is_some_and(|text| text.ends_with(".aws/credentials")));
    by_configure || by_file
}

fn passes_password(command: &Command) -> bool {
    let is_login = ["docker", "podman", "helm"].iter().any(|tool| command.says(&[tool, "login"]))
        || command.says(&["helm", "registry", "login"]);
    is_login && command.option(&["-p", "--password"]).is_some()
}

fn opens_shell(command: &Command) -> bool {
    let netcat = matches!(command.name(), "nc" | "ncat" | "netcat")
        && command.texts().iter().any(|text| matches!(*text, "-e" | "-c" | "--exec" | "--sh-exec"));
    let device = |text: &str| text.starts_with("/dev/tcp/") || text.starts_with("/dev/udp/");
    let is_interactive = matches!(command.name(), "bash" | "sh" | "zsh") && command.texts().contains(&"-i");
    let to_device = command.redirections.iter().any(|it| device(&it.target.prefix()));
    netcat || (is_interactive && to_device)
}

/// Programs that run code of the packages that they install, by verb.
const INSTALLERS: &[(&str, &[&str])] = &[
    ("npm", &["ci", "install", "i"]),
    ("yarn", &["install", "add", ""]),
    ("pnpm", &["install", "i", "add"]),
    ("bun", &["install", "add"]),
    ("pip", &["install"]),
    ("pip3", &["install"]),
    ("pipx", &["install", "run"]),
    ("pipenv", &["install", "sync"]),
    ("poetry", &["install", "add"]),
    ("uv", &["sync", "add"]),
    ("gem", &["install"]),
    ("bundle", &["install", ""]),
    ("composer", &["install", "require", "update"]),
];

/// The registry that needs the login to be asked is the one case in which there is no other order.
fn installs(command: &Command) -> bool {
    let texts = command.texts();
    let module = match texts.as_slice() {
        ["-m", module, rest @ ..] if command.name().starts_with("python") => Some((*module, rest)),
        _ => None,
    };
    let (program, texts) = module.unwrap_or((command.name(), texts.as_slice()));
    let verb = texts.iter().copied().find(|text| !text.starts_with('-')).unwrap_or("");
    let is_private = texts.iter().any(|text| text.contains("codeartifact"));
    !is_private && INSTALLERS.iter().any(|(known, verbs)| *known == program && verbs.contains(&verb))
}

/// `curl … | sh`.
fn runs_download(walk: &Walk, command: &Command) -> bool {
    let is_shell =
        |next: &Command| matches!(next.name(), "sh" | "bash" | "zsh" | "python" | "python3" | "node" | "perl");
    matches!(command.name(), "curl" | "wget")
        && command.pipes_into().and_then(|next| walk.commands.get(next)).is_some_and(is_shell)
}

fn creates_key(command: &Command) -> bool {
    command.says(&["aws", "iam", "create-access-key"])
}

fn retired_command(command: &Command) -> Option<Span> {
    const RETIRED: [&str; 4] = ["::set-output", "::save-state", "::set-env", "::add-path"];
    if !matches!(command.name(), "echo" | "printf") {
        return None;
    }
    let word = command.words.iter().skip(1).find(|word| RETIRED.iter().any(|old| word.prefix().starts_with(old)))?;
    Some(word.span)
}

fn reads_terraform_output(walk: &Walk, command: &Command) -> bool {
    let is_output = command.says(&["terraform", "output"]) || command.says(&["terraform", "show"]);
    let _ = walk;
    is_output && (command.is_captured || command.pipes_into().is_some())
}

/// A plan whose detailed exit code the script asks for itself, while the wrapper of the setup action is on.
fn judges_exit_code(plan: &Plan<'_>, job: usize, index: usize, command: &Command) -> bool {
    let asks = command.says(&["terraform", "plan"])
        && (command.has("-detailed-exitcode") || command.has("--detailed-exitcode"));
    let steps = &plan.jobs[job].steps;
    let text = steps[index].node.get("run").map_or("", |run| plan.world.text(run.resolved().span));
    let from =
        (command.span.start.saturating_sub(steps[index].node.get("run").map_or(0, |run| run.resolved().span.start)))
            as usize;
    let reads = asks && text.get(from..).is_some_and(|rest| rest.contains("$?") || rest.contains("PIPESTATUS"));
    reads
        && steps[..index].iter().any(|step| {
            let written = step.node.get("uses").and_then(Node::scalar_text).unwrap_or("");
            uses::parts(written).action() == "hashicorp/setup-terraform"
                && step.node.at(&["with", "terraform_wrapper"]).and_then(Node::scalar_text) != Some("false")
        })
}

/// The wrapper of the first two majors of the setup action adds a line to what Terraform prints.
fn wrapped(model: &mut Model, plan: &Plan<'_>, job: usize, index: usize, run: Id<Run>, span: Span) {
    for step in plan.jobs[job].steps[..index].iter().rev() {
        let Some(written) = step.node.get("uses").and_then(Node::scalar_text) else { continue };
        if uses::parts(written).action() != "hashicorp/setup-terraform" {
            continue;
        }
        let off = step.node.at(&["with", "terraform_wrapper"]).and_then(Node::scalar_text) == Some("false");
        let version = step.uses.and_then(|uses| model[uses].version.as_str().map(str::to_owned));
        let major =
            version.as_deref().map(|text| text.trim_start_matches('v').split('.').next().unwrap_or("").to_owned());
        let verdict = match (off, major.as_deref()) {
            (true, _) => return,
            (false, Some("1" | "2")) => Value::bool(true, Origin::written(span)),
            (false, Some(_)) => return,
            (false, None) => {
                let reason = Reason::at("action-version-unread", "hashicorp/setup-terraform", step.node.span);
                Value::unknown(reason, Origin::written(span))
            }
        };
        model[run].captures_through_wrapper.set(verdict);
        return;
    }
}

/// Texts of outsiders in the files that set variables and search paths of later steps.
fn environment(model: &mut Model, plan: &Plan<'_>, job: usize, index: usize, run: Id<Run>) {
    let text = plan.jobs[job].steps[index].node.get("run").and_then(Node::as_str).unwrap_or("");
    if !text.contains("GITHUB_ENV") && !text.contains("GITHUB_PATH") {
        return;
    }
    for start in &plan.jobs[job].starts {
        let runs = start.steps.get(index).copied().unwrap_or(Outcome::Yes);
        let is_powerless = start.run.source == crate::eval::actions::RunSource::Fork && !start.is_trusted;
        if runs == Outcome::No || is_powerless || start.maybe.is_some() {
            continue;
        }
        let scope = JobScope::step(plan, job, Some(start), index);
        let Some(walk) = script::walk(&scope) else { return };
        for line in script::written_by(&walk, File::Environment) {
            let is_open = line
                .value
                .shares
                .iter()
                .any(|share| share.control == Control::Outsider && share.charset == Charset::Text);
            if is_open {
                model[run].lets_outsider_set_variables.set(Value::bool(true, Origin::written(line.span)));
            }
        }
        for path in script::path_lines(&walk) {
            let is_outsiders =
                path.shares.iter().any(|share| share.control == Control::Outsider && share.charset.is_open());
            if is_outsiders {
                let span = path.value.origin.span().unwrap_or(plan.jobs[job].steps[index].node.span);
                model[run].lets_outsider_extend_path.set(Value::bool(true, Origin::written(span)));
            }
        }
    }
}

/// The image that a rendering step puts into a task definition: nothing comes of an output that nobody writes.
pub(super) fn rendered(model: &mut Model, plan: &Plan<'_>, job: usize) {
    for index in 0..plan.jobs[job].steps.len() {
        let step = &plan.jobs[job].steps[index];
        let written = step.node.get("uses").and_then(Node::scalar_text).unwrap_or("");
        if uses::parts(written).action() != "aws-actions/amazon-ecs-render-task-definition" {
            continue;
        }
        let Some(image) = step.node.at(&["with", "image"]) else { continue };
        let scope = JobScope::step(plan, job, plan.jobs[job].starts.first(), index);
        let operand = scope.read(image);
        let is_empty = match &operand.value.kind {
            Kind::Null => Some(true),
            Kind::Text(text) => text.known().map(str::is_empty),
            _ => None,
        };
        let span = image.span;
        let value = match (is_empty, operand.value.reason()) {
            (Some(empty), _) => flag_at(empty, span),
            (None, Some(reason)) if operand.open.is_some() => Value::unknown(reason.clone(), Origin::written(span)),
            (None, _) => flag_at(false, span),
        };
        model[step.id].renders_empty_image.set(value);
    }
}
