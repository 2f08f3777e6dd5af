//! An expression in a script becomes a variable of the step: the value is read when the script runs, not before.

use super::TextEdit;
use super::tree::{Member, Tree, quoted};
use crate::source::Span;
use crate::syntax::shell::{
    self, Assigned, Command, CommandKind, Dialect, List, Piece, PieceKind, Quoting, RedirectionKind, Word,
};
use crate::syntax::yaml::{Node, Style};

/// Names that a script or the runner has other plans for.
const TAKEN: [&str; 14] =
    ["PATH", "HOME", "USER", "SHELL", "PWD", "IFS", "LANG", "TERM", "ENV", "CI", "HOSTNAME", "TMPDIR", "UID", "SHA"];

pub(super) fn through_env(tree: Tree<'_>, place: Span) -> Option<Vec<TextEdit>> {
    let step = tree.step(place)?;
    let run = step.entry("run")?;
    if !is_posix(tree, step, place) || !run.value.span.contains(&place) || run.value.is_alias() {
        return None;
    }
    let scalar = run.value.as_scalar()?;
    let starts_scalar = place.start == run.value.span.start;
    match scalar.style {
        Style::Literal | Style::Folded | Style::Single => {}
        // A quote at the start of a plain text would quote all of it.
        Style::Plain if !starts_scalar => {}
        Style::Plain | Style::Double => return None,
    }
    let script = shell::read(&scalar.mapped(tree.file), Dialect::WORKFLOW);
    let found = find(&script.list, place)?;
    let PieceKind::Expression(expression) = &found.piece.kind else { return None };
    let expression = expression.trim();
    let env = step.entry("env");
    let known = env.map(|env| env.value.entries()).unwrap_or_default().iter().find(|entry| {
        let text = entry.value.as_str().and_then(|text| text.trim().strip_prefix("${{")?.strip_suffix("}}"));
        text.map(str::trim) == Some(expression)
    });
    let name = match known {
        Some(entry) => entry.key.to_string(),
        None => free_name(expression, scalar.as_str(), env.map(|env| &env.value)),
    };
    let variable = match found.quoting {
        Quoting::Bare => format!("\"${name}\""),
        Quoting::Double => format!("${{{name}}}"),
        Quoting::Single => return None,
    };
    let variable = if scalar.style == Style::Single { variable.replace('\'', "''") } else { variable };
    let mut edits = vec![(found.piece.span, variable)];
    if known.is_none() {
        let value = format!("${{{{ {expression} }}}}");
        let is_plain = !value.contains([':', '#', '\'', '"']);
        let value = if is_plain { value } else { quoted(&value) };
        edits.push(match env {
            Some(env) if env.value.is_map() => tree.insert(&env.value, &name, &Member::Scalar(value))?,
            Some(_) => return None,
            None => tree.insert(step, "env", &Member::Map(vec![(name, value)]))?,
        });
    }
    Some(edits)
}

/// Whether bash or sh runs the script: nothing else reads `"$NAME"` like them.
fn is_posix(tree: Tree<'_>, step: &Node, place: Span) -> bool {
    let job = tree.job(place);
    let default = |node: &Node| node.at(&["defaults", "run", "shell"]).and_then(Node::scalar_text).map(str::to_owned);
    let own = step.get("shell").and_then(Node::scalar_text).map(str::to_owned);
    let shell = own.or_else(|| default(&job?.value)).or_else(|| default(tree.root));
    match shell {
        Some(shell) => {
            let program = shell.split_whitespace().next().unwrap_or("");
            matches!(program.rsplit('/').next(), Some("bash" | "sh"))
        }
        None => job.is_none_or(|job| {
            let runner = job.value.get("runs-on").and_then(Node::scalar_text);
            runner.is_some_and(|runner| !runner.contains("${{") && !runner.starts_with("windows"))
        }),
    }
}

/// `PULL_REQUEST_TITLE` for `github.event.pull_request.title`.
fn free_name(expression: &str, script: &str, env: Option<&Node>) -> String {
    let is_path = expression.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-*".contains(&byte));
    let mut parts: Vec<&str> = expression.split('.').filter(|part| *part != "*").collect();
    parts.retain(|part| !matches!(*part, "github" | "event" | "outputs" | "inputs" | "env" | "steps" | "needs"));
    let from = parts.len().saturating_sub(2);
    let joined = if is_path && !parts.is_empty() { parts[from..].join("_") } else { "VALUE".to_owned() };
    let base: String =
        joined.chars().map(|it| if it.is_ascii_alphanumeric() { it.to_ascii_uppercase() } else { '_' }).collect();
    let base = if base.starts_with(|it: char| it.is_ascii_digit()) { format!("VALUE_{base}") } else { base };
    let is_taken = |name: &str| {
        TAKEN.contains(&name)
            || name.starts_with("GITHUB_")
            || name.starts_with("RUNNER_")
            || env.is_some_and(|env| env.get(name).is_some())
            || script.split(|it: char| !it.is_ascii_alphanumeric() && it != '_').any(|word| word == name)
    };
    let numbered = (2..100).map(|number| format!("{base}_{number}"));
    let mut names = std::iter::once(base.clone()).chain([format!("{base}_VALUE")]).chain(numbered);
    names.find(|name| !is_taken(name)).unwrap_or(base)
}

struct Found<'a> {
    piece: &'a Piece,
    quoting: Quoting,
}

/// The expression at a place, where a variable may stand instead: not as a program, not in a pattern.
fn find(list: &List, place: Span) -> Option<Found<'_>> {
    list.items.iter().flat_map(|item| &item.pipeline.commands).find_map(|command| in_command(command, place))
}

fn in_command(command: &Command, place: Span) -> Option<Found<'_>> {
    let in_redirection = command.redirections.iter().find_map(|redirection| match &redirection.kind {
        RedirectionKind::HereDocument(document) if document.is_quoted => None,
        RedirectionKind::HereDocument(document) => in_word(&document.body, place, Some(Quoting::Double)),
        _ => in_word(&redirection.target, place, None),
    });
    if in_redirection.is_some() {
        return in_redirection;
    }
    match &command.kind {
        CommandKind::Simple(simple) => {
            let values = simple.assignments.iter().flat_map(|assignment| match &assignment.value {
                Assigned::Word(word) | Assigned::Appended(word) => std::slice::from_ref(word),
                Assigned::Array(words) => words,
            });
            let mut words = simple.words.iter();
            let program = words.next();
            // A program in an expression may bring its arguments along; inside `$( … )` of it, another one begins.
            let in_program = program.and_then(|word| in_word(word, place, None));
            let is_program = program.is_some_and(|word| word.pieces.iter().any(|piece| piece.span == place));
            in_program
                .filter(|_| !is_program)
                .or_else(|| values.chain(words).find_map(|word| in_word(word, place, None)))
        }
        CommandKind::Group(list) | CommandKind::Subshell(list) => find(list, place),
        CommandKind::If { branches, otherwise } => {
            let lists = branches.iter().flat_map(|(condition, body)| [condition, body]).chain(otherwise);
            lists.into_iter().find_map(|list| find(list, place))
        }
        CommandKind::For { body, .. } => find(body, place),
        CommandKind::While { condition, body } => find(condition, place).or_else(|| find(body, place)),
        CommandKind::Case { subject, arms } => {
            let in_arms = || arms.iter().find_map(|arm| find(&arm.body, place));
            in_word(subject, place, None).or_else(in_arms)
        }
        CommandKind::Function { body, .. } => in_command(body, place),
        CommandKind::Test(words) => words.iter().find_map(|word| in_word(word, place, None)),
        CommandKind::Arithmetic => None,
    }
}

fn in_word(word: &Word, place: Span, quoting: Option<Quoting>) -> Option<Found<'_>> {
    for piece in &word.pieces {
        match &piece.kind {
            PieceKind::Expression(_) if piece.span == place => {
                return Some(Found { piece, quoting: quoting.unwrap_or(piece.quoting) });
            }
            PieceKind::Command(list) | PieceKind::Process(list) if piece.span.contains(&place) => {
                return find(list, place);
            }
            _ => {}
        }
    }
    None
}
