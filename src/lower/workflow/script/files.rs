//! What scripts hand on to later steps: lines in the environment and output files, and the old workflow commands.

use super::walk;
use crate::eval::actions::Operand;
use crate::eval::shell::{Argument, Command, Run};
use crate::lower::workflow::scope::JobScope;
use crate::source::Span;
use crate::value::{Kind, Origin, Piece, Text, Value};

/// A file through which steps talk to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::lower::workflow) enum File {
    Environment,
    Output,
    Path,
}

impl File {
    fn variable(self) -> &'static str {
        match self {
            File::Environment => "GITHUB_ENV",
            File::Output => "GITHUB_OUTPUT",
            File::Path => "GITHUB_PATH",
        }
    }

    /// The word of the old command.
    fn command(self) -> &'static str {
        match self {
            File::Environment => "::set-env",
            File::Output => "::set-output",
            File::Path => "::add-path",
        }
    }
}

/// The value that the scope's step writes under a name; nothing if it writes none.
pub(in crate::lower::workflow) fn written(scope: &JobScope<'_, '_>, file: File, name: &str) -> Option<Operand> {
    let text = scope.step_doc()?.node.get("run")?.as_str()?;
    let walks = &scope.plan.walks;
    let names_file = || text.contains(file.variable()) || text.contains(file.command());
    let names_file = *walks.names.borrow_mut().entry((scope.job, scope.step?, file)).or_insert_with(names_file);
    // A script that never says the name cannot write it; looking closer costs much.
    if !names_file || !text.contains(name) {
        return None;
    }
    let walk = walk(scope)?;
    let lines = walks.lines(&walk, file);
    let mut found: Vec<Operand> =
        lines.iter().filter(|line| line.name == name).map(|line| line.value.clone()).collect();
    match found.len() {
        0 | 1 => found.pop(),
        _ => Some(super::word::mixed(found.into_iter(), name)),
    }
}

/// A line that a script writes into such a file.
pub(in crate::lower::workflow) struct Line {
    pub(in crate::lower::workflow) name: String,
    pub(in crate::lower::workflow) value: Operand,
    pub(in crate::lower::workflow) span: Span,
}

/// All lines that the commands of a script write.
pub(in crate::lower::workflow) fn written_by(walk: &Run, file: File) -> Vec<Line> {
    let mut lines = Vec::new();
    for (index, command) in walk.commands.iter().enumerate() {
        let Some(content) = content(command) else { continue };
        let to_file = goes_to(command, file) || tee_goes_to(walk, index, file);
        let old = content.value.as_text().is_some_and(|text| text.prefix().starts_with(file.command()));
        if to_file || (old && command.program() == Some("echo")) {
            lines.extend(split(&content, command.span));
        }
    }
    lines
}

fn goes_to(command: &Command, file: File) -> bool {
    command.writes_to().any(|redirection| redirection.target.variable.as_deref() == Some(file.variable()))
}

fn tee_goes_to(walk: &Run, index: usize, file: File) -> bool {
    let reader = walk.commands[index].pipes_into().and_then(|at| walk.commands.get(at));
    reader.is_some_and(|reader| {
        let to_file = |word: &Argument| word.variable.as_deref() == Some(file.variable());
        reader.program() == Some("tee") && reader.words.iter().any(to_file)
    })
}

/// What a command prints, where that can be told.
fn content(command: &Command) -> Option<Operand> {
    let words = || command.words.iter().skip(1);
    match command.program()? {
        "echo" => Some(join(words().filter(|word| !matches!(word.text(), Some("-n" | "-e" | "-E" | "-ne"))))),
        "printf" => Some(format(&words().cloned().collect::<Vec<_>>())),
        "cat" if command.words.len() == 1 => command.input.clone(),
        _ => None,
    }
}

fn join<'w>(words: impl Iterator<Item = &'w Argument>) -> Operand {
    let mut joined = Operand::text("");
    let mut pieces = Vec::new();
    for (index, word) in words.enumerate() {
        if index > 0 {
            pieces.push(Piece::Literal(" ".into(), Origin::none()));
        }
        match word.operand.value.as_text() {
            Some(text) => pieces.extend(text.pieces().iter().cloned()),
            None => continue,
        }
        joined.take_shares(&word.operand);
    }
    joined.value = Value::new(Kind::Text(Text::from_pieces(pieces)), Origin::none());
    joined
}

/// `printf 'name=%s\n' "$value"`.
fn format(words: &[Argument]) -> Operand {
    let Some(pattern) = words.first().and_then(Argument::text) else { return join(words.iter()) };
    let mut arguments = words.iter().skip(1);
    let mut pieces = Vec::new();
    for (index, part) in pattern.replace("\\n", "\n").split("%s").enumerate() {
        if index > 0
            && let Some(text) = arguments.next().and_then(|word| word.operand.value.as_text())
        {
            pieces.extend(text.pieces().iter().cloned());
        }
        pieces.push(Piece::Literal(part.into(), Origin::none()));
    }
    let mut joined = join(words.iter());
    joined.value = Value::new(Kind::Text(Text::from_pieces(pieces)), Origin::none());
    joined
}

/// `name=value` lines; several in a here-document. The old commands name it in front of `::`.
fn split(content: &Operand, span: Span) -> Vec<Line> {
    let Some(text) = content.value.as_text() else { return Vec::new() };
    let mut lines: Vec<Vec<Piece>> = vec![Vec::new()];
    for piece in text.pieces() {
        match piece {
            Piece::Literal(text, origin) => {
                for (index, part) in text.split('\n').enumerate() {
                    if index > 0 {
                        lines.push(Vec::new());
                    }
                    if let (false, Some(line)) = (part.is_empty(), lines.last_mut()) {
                        line.push(Piece::Literal(part.into(), origin.clone()));
                    }
                }
            }
            Piece::Hole(_) => lines.last_mut().into_iter().for_each(|line| line.push(piece.clone())),
        }
    }
    lines.into_iter().filter_map(|pieces| line_of(pieces, content, span)).collect()
}

fn line_of(mut pieces: Vec<Piece>, content: &Operand, span: Span) -> Option<Line> {
    let Some(Piece::Literal(first, origin)) = pieces.first_mut() else { return None };
    let text = first.trim_start().to_owned();
    let (name, rest) = match text.strip_prefix("::") {
        Some(command) => {
            let (head, rest) = command.split_once("::")?;
            (head.split_once("name=").map_or("", |(_, name)| name).to_owned(), rest.to_owned())
        }
        None => {
            let at = text.find("<<").into_iter().chain(text.find('=')).min()?;
            (text[..at].trim().to_owned(), text[at..].trim_start_matches(['=', '<']).to_owned())
        }
    };
    *first = rest.as_str().into();
    let origin = origin.clone();
    let value = match pieces.as_slice() {
        [Piece::Literal(first, _), Piece::Hole(value)] if first.is_empty() => (**value).clone(),
        _ => Value::new(Kind::Text(Text::from_pieces(pieces)), origin),
    };
    Some(Line { name, value: Operand { value, among: None, ..content.clone() }, span })
}

/// The folders that a script puts in front of the search path of later steps.
pub(in crate::lower::workflow) fn path_lines(walk: &Run) -> Vec<Operand> {
    let to_path =
        |index: usize, command: &Command| goes_to(command, File::Path) || tee_goes_to(walk, index, File::Path);
    let commands = walk.commands.iter().enumerate().filter(|(index, command)| to_path(*index, command));
    commands.filter_map(|(_, command)| content(command)).collect()
}
