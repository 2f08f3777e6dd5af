//! The value of a word: literals with their places, variables and expressions followed to where they come from, and
//! the output of commands as far as the commands are known.

use super::{Argument, Walker};
use crate::eval::actions::{Charset, Control, Operand, Scope, evaluate};
use crate::logic::Reason;
use crate::source::Span;
use crate::syntax::expression;
use crate::syntax::shell::{CommandKind, List, Operator, PieceKind, Variable, Word};
use crate::value::{Kind, Origin, Piece, StepKind, Text, Value};

impl Walker<'_, '_> {
    pub(super) fn argument(&mut self, word: &Word) -> Argument {
        let operands: Vec<(Operand, Span)> =
            word.pieces.iter().map(|piece| (self.piece(&piece.kind, piece.span), piece.span)).collect();
        let variable = match word.pieces.as_slice() {
            [piece] => match &piece.kind {
                PieceKind::Variable(variable) if variable.operation.is_none() => Some(variable.name.clone()),
                _ => None,
            },
            _ => None,
        };
        let tail =
            operands.last().and_then(|(operand, _)| Some((operand.value.as_str()?, operand.value.origin.clone())));
        let tail = tail.map(|(text, origin)| (text.to_owned(), origin));
        Argument { operand: concatenate(operands, word.span), span: word.span, variable, tail }
    }

    fn piece(&mut self, kind: &PieceKind, span: Span) -> Operand {
        match kind {
            PieceKind::Literal(text) => Operand::known(Value::text(&**text, Origin::written(span))),
            PieceKind::Variable(variable) => self.expand(variable, span),
            PieceKind::Command(list) => self.output_of(list, span),
            PieceKind::Process(list) => {
                self.captured(list);
                Operand::unknown(Reason::at("command-output", "", span))
            }
            PieceKind::Arithmetic => Operand::chosen(Control::Closed, Charset::Number, "arithmetic"),
            PieceKind::Expression(text) => match expression::parse(text, 0..text.len()) {
                Ok(parsed) => {
                    let mut operand = evaluate(&parsed, &self.scope).at(span);
                    operand.value = operand.value.through(StepKind::ReadThrough(text.trim().into()), span);
                    operand
                }
                Err(_) => Operand::unknown(Reason::at("syntax-error", "expression", span)),
            },
        }
    }

    fn expand(&mut self, variable: &Variable, span: Span) -> Operand {
        let value = self.variable(&variable.name);
        let mut operand = match &variable.operation {
            None => value,
            Some(operation) => {
                let given = self.argument(&operation.operand).operand;
                match operation.operator {
                    Operator::Default | Operator::DefaultIfEmpty | Operator::Assign | Operator::AssignIfEmpty => {
                        match value.value.reason().map(|reason| reason.code) {
                            Some("unset-variable") => given,
                            _ => value,
                        }
                    }
                    Operator::Require | Operator::RequireNotEmpty => value,
                    Operator::Alternative
                    | Operator::AlternativeUnlessEmpty
                    | Operator::TrimStart
                    | Operator::TrimStartLongest
                    | Operator::TrimEnd
                    | Operator::TrimEndLongest
                    | Operator::Replace
                    | Operator::ReplaceAll
                    | Operator::Other => mixed([value, given].into_iter(), &variable.name),
                }
            }
        };
        operand.value = operand.value.through(StepKind::ReadThrough(format!("${}", variable.name).into()), span);
        operand.at(span)
    }

    /// A variable of the script, of the step's environment, or of the runner.
    pub(super) fn variable(&self, name: &str) -> Operand {
        if let Some(local) = self.locals.get(name) {
            return local.clone();
        }
        if let Some(found) = self.scope.find_env(name) {
            return found;
        }
        let context = match name {
            "GITHUB_SHA" => "sha",
            "GITHUB_REF" => "ref",
            "GITHUB_REF_NAME" => "ref_name",
            "GITHUB_HEAD_REF" => "head_ref",
            "GITHUB_BASE_REF" => "base_ref",
            "GITHUB_ACTOR" => "actor",
            "GITHUB_REPOSITORY" => "repository",
            "GITHUB_REPOSITORY_OWNER" => "repository_owner",
            "GITHUB_RUN_ID" => "run_id",
            "GITHUB_RUN_NUMBER" => "run_number",
            "GITHUB_RUN_ATTEMPT" => "run_attempt",
            "GITHUB_EVENT_NAME" => "event_name",
            "GITHUB_WORKFLOW" => "workflow",
            "GITHUB_JOB" => "job",
            "GITHUB_WORKSPACE" => return Operand::text("."),
            _ => return Operand::setting("unset-variable", name),
        };
        self.scope.lookup(&["github".to_owned(), context.to_owned()])
    }

    fn captured(&mut self, list: &List) {
        let (before, outputs) = (self.is_captured, std::mem::take(&mut self.outputs));
        self.is_captured = true;
        if self.depth < super::DEPTH {
            self.depth += 1;
            self.list(list, super::Reached::Conditional);
            self.depth -= 1;
        }
        self.outputs = outputs;
        self.is_captured = before;
    }

    /// What `$( … )` gives: the text of a plain `echo`, something of everybody who has a hand in the words of commands
    /// that only change texts, and nothing known otherwise.
    fn output_of(&mut self, list: &List, span: Span) -> Operand {
        let first = self.walk.commands.len();
        self.captured(list);
        let commands = &self.walk.commands[first..];
        let is_single = matches!(list.items.as_slice(), [item] if item.pipeline.commands.len() == 1
            && matches!(item.pipeline.commands[0].kind, CommandKind::Simple(_)));
        if let (true, [command]) = (is_single, commands) {
            if command.program() == "echo" && command.words.len() == 2 {
                return command.words[1].operand.clone();
            }
        }
        let mut operand = mixed(commands.iter().flat_map(|it| it.words.iter().map(|word| word.operand.clone())), "");
        let shown = commands.first().map_or(String::new(), |command| format!("$({} …)", command.program()));
        operand.value = Value::unknown(Reason::at("command-output", shown, span), Origin::written(span));
        for command in commands {
            match output_of(command.program(), &command.texts()) {
                Output::OfWords => {}
                Output::Chosen(control, charset, name) => {
                    operand.shares.extend(Operand::chosen(control, charset, name).shares);
                }
                Output::Unknown => {
                    operand.open.get_or_insert(Reason::at("command-output", command.program(), span));
                }
            }
        }
        operand.at(span)
    }
}

/// What the output of a program is made of.
enum Output {
    OfWords,
    Chosen(Control, Charset, &'static str),
    Unknown,
}

fn output_of(program: &str, texts: &[&str]) -> Output {
    match program {
        "echo" | "printf" | "sed" | "awk" | "tr" | "cut" | "head" | "tail" | "basename" | "dirname" | "sort"
        | "uniq" | "wc" | "rev" | "test" | "[" | "true" | "grep" | "xargs" => Output::OfWords,
        "date" | "uuidgen" | "nproc" | "id" | "openssl" | "sha256sum" | "md5sum" => {
            Output::Chosen(Control::Platform, Charset::Name, "a command of the runner")
        }
        "git" => match texts.first().copied() {
            Some("rev-parse" | "describe" | "rev-list") if !texts.contains(&"--abbrev-ref") => {
                Output::Chosen(Control::Platform, Charset::Hex, "git")
            }
            _ => Output::Unknown,
        },
        _ => Output::Unknown,
    }
}

/// The pieces of a word as one value.
fn concatenate(mut operands: Vec<(Operand, Span)>, span: Span) -> Operand {
    if operands.len() == 1 {
        return operands.pop().map(|(operand, _)| operand).unwrap_or_else(|| Operand::text(""));
    }
    let mut joined = Operand::known(Value::text("", Origin::written(span)));
    let mut pieces = Vec::new();
    for (operand, piece_span) in operands {
        match operand.value.as_text() {
            Some(text) => pieces.extend(text.pieces().iter().cloned()),
            None if matches!(operand.value.kind, Kind::Null) => {}
            None => {
                let value = Value::unknown(Reason::at("run-time-value", "", piece_span), Origin::written(piece_span));
                pieces.push(Piece::Hole(Box::new(value)));
            }
        }
        joined.shares.extend(operand.shares);
        joined.open = joined.open.or(operand.open);
    }
    joined.value = Value::new(Kind::Text(Text::from_pieces(pieces)), Origin::written(span));
    joined
}

/// Something made of all of these, whose value is not known.
pub(super) fn mixed(operands: impl Iterator<Item = Operand>, name: &str) -> Operand {
    let mut joined = Operand::setting("computed-in-script", name);
    for operand in operands {
        joined.shares.extend(operand.shares);
        joined.open = joined.open.or(operand.open);
    }
    joined
}

/// A word without its first bytes, which are a part of its first literal.
pub(in crate::lower::workflow) fn without_prefix(argument: &Argument, length: usize) -> Argument {
    let Some(text) = argument.operand.value.as_text() else { return argument.clone() };
    let mut pieces: Vec<Piece> = text.pieces().to_vec();
    let mut span = argument.span;
    if let Some(Piece::Literal(first, origin)) = pieces.first_mut() {
        if let Some(rest) = first.get(length..) {
            *first = rest.into();
            if let Some(written) = origin.span() {
                span = Span { start: (written.start + length as u32).min(argument.span.end), ..argument.span };
                *origin = Origin::written(Span { start: (written.start + length as u32).min(written.end), ..written });
            }
        }
    }
    let value = match pieces.as_slice() {
        // What follows the prefix is one value of its own.
        [Piece::Literal(first, _), Piece::Hole(value)] if first.is_empty() => (**value).clone(),
        _ => Value::new(Kind::Text(Text::from_pieces(pieces)), Origin::written(span)),
    };
    Argument {
        operand: Operand { value, ..argument.operand.clone() },
        span,
        variable: None,
        tail: argument.tail.clone(),
    }
}
