//! What a step asks of AWS, in the words of `data/aws-needs.txt`: the commands of its script and the action that it uses.
//! What cannot be read is said, so that nobody takes the rest for all of it.

use std::collections::BTreeMap;

use super::index::Index;
use crate::data::needs;
use crate::logic::{Reason, Tri};
use crate::model::image::Command;
use crate::model::pipeline::{Step, Uses};
use crate::model::{Id, Model, Reading};
use crate::source::Span;
use crate::value::{Piece, Text, Value};

/// One call with its options: inputs of an action or options of a command, without dashes; arguments without a name by
/// their number.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) name: String,
    pub(super) options: BTreeMap<String, Vec<Value>>,
    /// The step may leave it out.
    pub(super) is_conditional: bool,
    pub(super) span: Span,
}

/// What a command or an action is to the needs of its job.
#[derive(Clone, Debug)]
pub(super) enum Said {
    Calls(Vec<Call>),
    /// It applies a configuration: it needs what every resource in there needs.
    Configuration(Span),
    /// It may ask for anything.
    Unread(Reason),
}

impl Call {
    pub(super) fn new(name: &str, span: Span) -> Call {
        Call { name: name.to_owned(), options: BTreeMap::new(), is_conditional: false, span }
    }

    pub(super) fn with(mut self, option: &str, value: Value) -> Call {
        self.options.entry(option.to_owned()).or_default().push(value);
        self
    }

    pub(super) fn option(&self, name: &str) -> Option<&Value> {
        self.options.get(name).and_then(|values| values.first())
    }

    pub(super) fn known(&self, name: &str) -> Option<&str> {
        self.option(name)?.as_str()
    }

    /// Whether a row of the table counts for this call.
    pub(super) fn fits(&self, when: &needs::When) -> Tri {
        let given = |name: &str| match self.option(name) {
            None => Tri::False,
            Some(value) => match value.as_str() {
                Some("" | "false") => Tri::False,
                Some(_) => Tri::True,
                None => {
                    if value.is_null() == Tri::True {
                        Tri::False
                    } else {
                        Tri::Unknown
                    }
                }
            },
        };
        let is = |name: &str, wanted: &str| match self.option(name) {
            None => Tri::False,
            Some(value) => match value.as_text() {
                Some(text) => text.equals_str(wanted),
                None => Tri::Unknown,
            },
        };
        match when {
            // What is given as a hole is given: inputs that are empty texts are rare, and options cannot be.
            needs::When::Given(name) => given(name),
            needs::When::NotGiven(name) => !given(name),
            needs::When::Is(name, value) => is(name, value),
            needs::When::IsNot(name, value) => !is(name, value),
        }
    }
}

/// Everything that a step asks for.
pub(super) fn of_step(model: &Model, index: &Index, id: Id<Step>) -> Vec<Said> {
    let step = &model[id];
    let mut said = Vec::new();
    let mut pushes = Vec::new();
    for push in index.pushes(id).iter().map(|push| &model[*push]) {
        if push.head.presence != Tri::True {
            said.push(Said::Unread(Reason::at("run-time-value", "push", push.head.span)));
            continue;
        }
        pushes.push(Call::new("image push", push.head.span).with("image", push.target.value().clone()));
    }
    said.push(Said::Calls(pushes));
    if let Some(uses) = step.uses.id() {
        said.push(of_action(step, &model[uses]));
    }
    for command in step.commands.ids() {
        said.extend(of_command(&model[command]));
    }
    if let Some(reason) = &step.commands.open {
        said.push(Said::Unread(reason.clone()));
    }
    said
}

fn of_action(step: &Step, uses: &Uses) -> Said {
    let quiet = Said::Calls(Vec::new());
    if matches!(uses.kind.as_str(), Some("workspace" | "self")) && uses.action.id().is_some() {
        // The steps of a composite action stand beside it.
        return quiet;
    }
    let written = uses.text.as_str().unwrap_or("");
    let name = written.split('@').next().unwrap_or("").trim_end_matches('/').to_lowercase();
    if needs::applies_configuration(&name) {
        return Said::Configuration(uses.head.span);
    }
    let mut call = Call::new(&name, uses.head.span);
    match step.with.get() {
        Reading::Known(map) => {
            for (key, value) in &map.entries {
                call = call.with(&key.to_lowercase(), value.clone());
            }
        }
        Reading::Absent => {}
        Reading::Unknown(reason) => return Said::Unread(reason),
    }
    if needs::of_call(&name).is_some() {
        return Said::Calls(vec![call]);
    }
    if !needs::is_harmless(&name) {
        return Said::Unread(Reason::at("action-not-modelled", written, uses.head.span));
    }
    Said::Calls(caches(&call))
}

/// Caches of a build that lie in a registry.
fn caches(call: &Call) -> Vec<Call> {
    let mut found = Vec::new();
    for (option, names) in [("cache-from", &["image pull"][..]), ("cache-to", &["image pull", "image push"][..])] {
        for value in call.options.get(option).into_iter().flatten() {
            let Some(text) = value.as_text() else { continue };
            if text.contains("type=registry") != Tri::True {
                continue;
            }
            let Some(image) = behind(&text, "ref=") else { continue };
            for name in names {
                found.push(Call { is_conditional: true, ..Call::new(name, call.span).with("image", image.clone()) });
            }
        }
    }
    found
}

/// What stands behind a word of a text, up to the next comma or line end.
fn behind(text: &Text, word: &str) -> Option<Value> {
    let pieces = text.pieces();
    let (index, at) = pieces.iter().enumerate().find_map(|(index, piece)| match piece {
        Piece::Literal(literal, _) => literal.find(word).map(|at| (index, at + word.len())),
        Piece::Hole(_) => None,
    })?;
    let mut found = Vec::new();
    for (number, piece) in pieces.iter().enumerate().skip(index) {
        match piece {
            Piece::Literal(literal, origin) => {
                let rest = if number == index { &literal[at..] } else { &**literal };
                let end = rest.find([',', '\n']);
                found.push(Piece::Literal(rest[..end.unwrap_or(rest.len())].into(), origin.clone()));
                if end.is_some() {
                    break;
                }
            }
            Piece::Hole(_) => found.push(piece.clone()),
        }
    }
    Some(Value::new(crate::value::Kind::Text(Text::from_pieces(found)), crate::value::Origin::none()))
}

fn of_command(command: &Command) -> Option<Said> {
    let span = command.head.block;
    let Some(program) = command.program.as_str() else {
        return Some(Said::Unread(Reason::at("command-not-known", "a program", span)));
    };
    let arguments: Vec<Value> = match command.arguments.get() {
        Reading::Known(list) => list.items.clone(),
        Reading::Absent | Reading::Unknown(_) => Vec::new(),
    };
    let said = of_words(program, &arguments, span)?;
    let is_conditional = command.reached.as_str() != Some("always");
    Some(match said {
        Said::Calls(calls) => Said::Calls(
            calls
                .into_iter()
                .map(|call| Call { is_conditional: call.is_conditional || is_conditional, ..call })
                .collect(),
        ),
        Said::Configuration(_) | Said::Unread(_) => said,
    })
}

/// What a program asks for with these arguments; nothing if it does not talk to AWS.
pub(super) fn of_words(program: &str, arguments: &[Value], span: Span) -> Option<Said> {
    if needs::is_quiet(program) {
        return None;
    }
    if needs::applies_configuration(program) {
        let verb = arguments.iter().filter_map(Value::as_str).find(|word| !word.starts_with('-'));
        let is_local = matches!(verb, Some("fmt" | "validate" | "version"));
        return (!is_local).then_some(Said::Configuration(span));
    }
    Some(match program {
        "aws" => aws(arguments, span),
        "docker" | "podman" | "nerdctl" | "buildah" => container_tool(arguments, span),
        _ => Said::Unread(Reason::at("command-not-known", program, span)),
    })
}

/// Options of the command line that no value follows.
const FLAGS: [&str; 30] = [
    "debug",
    "delete",
    "dryrun",
    "dry-run",
    "exact-timestamps",
    "follow",
    "follow-symlinks",
    "force",
    "force-new-deployment",
    "force-delete",
    "human-readable",
    "include-email",
    "interactive",
    "no-cli-pager",
    "no-follow-symlinks",
    "no-include-email",
    "no-paginate",
    "no-progress",
    "no-sign-request",
    "no-verify-ssl",
    "only-show-errors",
    "overwrite",
    "publish",
    "quiet",
    "recursive",
    "size-only",
    "summarize",
    "with-decryption",
    "no-with-decryption",
    "enable-execute-command",
];

/// `aws [options] service operation [options]`.
fn aws(arguments: &[Value], span: Span) -> Said {
    let mut words: Vec<&str> = Vec::new();
    let mut call = Call::new("aws", span);
    let mut rest = arguments.iter().peekable();
    while let Some(argument) = rest.next() {
        let Some(name) = option_name(argument) else {
            match argument.as_str() {
                Some(word) if words.len() < 2 || (words.len() == 2 && words[1] == "wait") => words.push(word),
                None if words.len() < 2 => {
                    return Said::Unread(Reason::at("command-not-known", "aws with words that are not known", span));
                }
                Some(_) | None => {
                    let number =
                        call.options.keys().filter(|key| key.bytes().all(|byte| byte.is_ascii_digit())).count();
                    call = call.with(&(number + 1).to_string(), argument.clone());
                }
            }
            continue;
        };
        if let Some((name, value)) = name.split() {
            call = call.with(&name, value);
            continue;
        }
        let name = name.whole();
        let before_words = words.len() < 2;
        let takes_one = before_words || words[0] == "s3";
        if FLAGS.contains(&&*name) || rest.peek().is_none_or(|next| option_name(next).is_some()) {
            call = call.with(&name, Value::text("true", argument.origin.clone()));
            continue;
        }
        while let Some(value) = rest.next_if(|next| option_name(next).is_none()) {
            call = call.with(&name, value.clone());
            if takes_one {
                break;
            }
        }
    }
    if call.options.contains_key("endpoint-url") {
        return Said::Calls(Vec::new());
    }
    if call.options.contains_key("profile") {
        return Said::Unread(Reason::at("other-login", "--profile", span));
    }
    call.name = std::iter::once("aws").chain(words).collect::<Vec<_>>().join(" ");
    match needs::of_call(&call.name) {
        Some(_) => Said::Calls(vec![call]),
        None if call.name == "aws" => Said::Calls(Vec::new()),
        None => Said::Unread(Reason::at("command-not-known", call.name.clone(), span)),
    }
}

/// An argument that begins with two dashes.
struct Named {
    text: Text,
}

fn option_name(argument: &Value) -> Option<Named> {
    let text = argument.as_text()?;
    let prefix = text.prefix();
    (prefix.starts_with("--") && prefix.len() > 2).then_some(Named { text })
}

impl Named {
    fn whole(&self) -> String {
        self.text.prefix().trim_start_matches('-').to_owned()
    }

    /// `--name=value`.
    fn split(&self) -> Option<(String, Value)> {
        let (name, first) = self.text.prefix().split_once('=')?;
        let mut pieces = self.text.pieces().to_vec();
        if let Some(Piece::Literal(literal, _)) = pieces.first_mut() {
            *literal = first.into();
        }
        let value = Value::new(crate::value::Kind::Text(Text::from_pieces(pieces)), crate::value::Origin::none());
        Some((name.trim_start_matches('-').to_owned(), value))
    }
}

/// Pushes are entities of their own; what is left are pulls, copies, and containers that get the login.
fn container_tool(arguments: &[Value], span: Span) -> Said {
    let words: Vec<&str> = arguments.iter().map(|argument| argument.as_str().unwrap_or("")).collect();
    let plain: Vec<&str> = words.iter().copied().filter(|word| !word.starts_with('-')).collect();
    let image = arguments.iter().rfind(|argument| option_like(argument).is_none());
    let image = || image.cloned().unwrap_or_else(|| Value::null(crate::value::Origin::none()));
    match &*plain {
        ["pull" | "image", ..] if plain.contains(&"pull") => {
            Said::Calls(vec![Call::new("image pull", span).with("image", image())])
        }
        ["buildx", "imagetools", "create", ..] => {
            Said::Calls(vec![Call::new("image copy", span).with("image", image())])
        }
        ["run" | "compose" | "exec", ..] if plain.get(1) != Some(&"build") => {
            let sees_login = |argument: &&Value| {
                let text = argument.as_text();
                text.is_some_and(|text| text.contains("AWS_") != Tri::False || text.contains(".aws") != Tri::False)
            };
            match arguments.iter().find(sees_login) {
                Some(_) => Said::Unread(Reason::at("command-not-known", "a container with the login", span)),
                None => Said::Calls(Vec::new()),
            }
        }
        [] if arguments.iter().any(|argument| argument.as_str().is_none()) => {
            Said::Unread(Reason::at("command-not-known", "a command of docker", span))
        }
        ["build" | "buildx", ..] => {
            let mut call = Call::new("image build", span);
            for (index, argument) in arguments.iter().enumerate() {
                for option in ["cache-from", "cache-to"] {
                    let Some(named) = option_name(argument) else { continue };
                    let value = match named.split() {
                        Some((name, value)) if name == option => Some(value),
                        None if named.whole() == option => arguments.get(index + 1).cloned(),
                        Some(_) | None => None,
                    };
                    if let Some(value) = value {
                        call = call.with(option, value);
                    }
                }
            }
            Said::Calls(caches(&call))
        }
        _ => Said::Calls(Vec::new()),
    }
}

fn option_like(argument: &Value) -> Option<()> {
    argument.as_text()?.prefix().starts_with('-').then_some(())
}
