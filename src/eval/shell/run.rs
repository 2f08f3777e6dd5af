//! Walks over a script: assignments, conditions, loops, functions, scripts inside words.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::expand::{Names, hole, is_too_long, joined};
use super::{Argument, Command, Direction, Output, Reached, Redirection, Run, Surroundings, wrapper};
use crate::eval::actions::Operand;
use crate::logic::Reason;
use crate::source::Span;
use crate::syntax::shell::{
    self, Assigned, CommandKind, Dialect, Item, Joint, List, Piece, PieceKind, Pipeline, RedirectionKind, Script,
    Simple, Word,
};
use crate::value::{Kind, Origin, Piece as TextPiece, StepKind, Text, Value};

/// More commands than this are left out.
pub(super) const MOST_COMMANDS: usize = 4096;
/// A loop over more words than this runs once, with an unknown word.
const LONGEST_LOOP: usize = 32;
/// Scripts in words of scripts, and functions called by functions.
pub(super) const DEEPEST: u32 = 6;
/// Variables that are remembered over branches, all branches together.
const MOST_STEPS: usize = 1_000_000;
/// The reader of `<( … )`, and the outer command of a script in a word, before they are known.
pub(super) const NOT_YET: usize = usize::MAX;

/// The commands of a script. `source` is the text of the file that it stands in.
pub fn run(script: &Script, source: &str, dialect: Dialect, around: &dyn Surroundings) -> Run {
    let mut walker = Walker::new(source, dialect, around);
    walker.directory = around.directory();
    walker.script(script);
    let uncalled: Vec<&shell::Command> =
        walker.functions.iter().filter(|(name, _)| !walker.called.contains(*name)).map(|(_, body)| *body).collect();
    // A function that nobody names runs only if somebody runs what nobody can name.
    let is_open = walker.run.open.is_some() || walker.run.commands.iter().any(|command| command.program().is_none());
    for body in uncalled {
        walker.reached = if is_open { Reached::Conditional } else { Reached::Unreachable };
        walker.branch(|walker| walker.compound(body, body.span));
    }
    let mut run = walker.run;
    let n_commands = run.commands.len();
    for command in &mut run.commands {
        if matches!(command.output, Output::Piped(reader) if reader >= n_commands) {
            command.output = Output::Open;
        }
    }
    run
}

pub(super) struct Walker<'a> {
    pub(super) source: &'a str,
    pub(super) dialect: Dialect,
    pub(super) around: &'a dyn Surroundings,
    pub(super) run: Run,
    pub(super) functions: BTreeMap<&'a str, &'a shell::Command>,
    pub(super) called: BTreeSet<&'a str>,
    /// What the commands of `$( … )` gave, by place.
    pub(super) captured: HashMap<Span, Operand>,
    /// Where the groups around write to.
    outputs: Vec<Redirection>,
    /// How many `$( … )` are around.
    captures: u32,
    pub(super) directory: Option<String>,
    pub(super) reached: Reached,
    pub(super) inside: Option<usize>,
    pub(super) depth: u32,
    /// How many files of the tree are around, each run by the one before it.
    pub(super) n_files: u32,
    pub(super) steps: usize,
}

impl<'a> Walker<'a> {
    pub(super) fn new(source: &'a str, dialect: Dialect, around: &'a dyn Surroundings) -> Walker<'a> {
        Walker {
            source,
            dialect,
            around,
            run: Run::default(),
            functions: BTreeMap::new(),
            called: BTreeSet::new(),
            captured: HashMap::new(),
            outputs: Vec::new(),
            captures: 0,
            directory: None,
            reached: Reached::Always,
            inside: None,
            depth: 0,
            n_files: 0,
            steps: 0,
        }
    }

    pub(super) fn script(&mut self, script: &'a Script) {
        self.list(&script.list);
        if let Some(broken) = script.broken {
            self.run.open.get_or_insert(Reason::at("syntax-error", "shell", broken));
        }
    }

    fn list(&mut self, list: &'a List) {
        for (index, item) in list.items.iter().enumerate() {
            if self.is_spent() {
                return;
            }
            let follower = list.items.get(index + 1).filter(|next| next.joint == Joint::Or);
            let first = self.run.commands.len();
            self.item(item);
            if follower.is_some_and(always_succeeds) {
                self.run.commands[first..].iter_mut().for_each(|command| command.is_excused = true);
            }
        }
    }

    /// What stands behind `&&` sees what the commands before it set, and so does what comes next: those who write it
    /// count on it. What stands behind `||` is the other way.
    fn item(&mut self, item: &'a Item) {
        match item.joint {
            Joint::Sequence => self.pipeline(&item.pipeline),
            Joint::And => {
                let reached = self.reached;
                self.reached = reached.max(Reached::Conditional);
                self.pipeline(&item.pipeline);
                self.reached = reached;
            }
            Joint::Or => self.branch(|walker| walker.pipeline(&item.pipeline)),
        }
    }

    /// Runs a part that may be left out: what it sets is not known afterwards.
    pub(super) fn branch(&mut self, part: impl FnOnce(&mut Self)) {
        self.steps += self.run.variables.len();
        if self.is_spent() {
            return;
        }
        let (variables, directory, reached) = (self.run.variables.clone(), self.directory.clone(), self.reached);
        self.reached = reached.max(Reached::Conditional);
        part(self);
        self.reached = reached;
        if self.directory != directory {
            self.directory = None;
        }
        for (name, operand) in &mut self.run.variables {
            let before = variables.get(name);
            if before.is_some_and(|before| same_text(&before.value, &operand.value)) {
                continue;
            }
            let origin = operand.value.origin.clone();
            let span = origin.newest().map(|step| step.span);
            let reason = Reason::with("condition-unknown", format!("${name}"), span);
            let both = joined(before.cloned().into_iter().chain([operand.clone()]));
            *operand = Operand { value: Value::unknown(reason, origin), ..both };
        }
    }

    /// A body that runs if its condition holds and none before it did.
    fn alternative(&mut self, taken: Option<bool>, holds: Option<bool>, body: &'a List) {
        match (taken, holds) {
            (Some(true), _) | (_, Some(false)) => self.never(|walker| walker.list(body)),
            (Some(false), Some(true)) => self.list(body),
            _ => self.branch(|walker| walker.list(body)),
        }
    }

    /// Walks a part that does not run: nothing of it is known behind it.
    fn never(&mut self, part: impl FnOnce(&mut Self)) {
        let functions = self.functions.clone();
        self.subshell(|walker| {
            walker.reached = Reached::Unreachable;
            part(walker);
        });
        self.functions = functions;
    }

    /// A body that runs an unknown number of times: what it changes is not known when it begins, either.
    fn repeated(&mut self, prepare: impl Fn(&mut Self), body: &'a List) {
        let (n_commands, directory) = (self.run.commands.len(), self.directory.clone());
        self.branch(|walker| {
            prepare(walker);
            walker.list(body);
        });
        self.run.commands.truncate(n_commands);
        self.directory = directory;
        self.branch(|walker| {
            prepare(walker);
            walker.list(body);
        });
    }

    /// Whether a condition that is one comparison of known texts holds.
    fn decided(&self, condition: &List) -> Option<bool> {
        let [item] = &*condition.items else { return None };
        let [command] = &*item.pipeline.commands else { return None };
        let words: &[Word] = match &command.kind {
            CommandKind::Simple(simple) if simple.assignments.is_empty() => &simple.words,
            CommandKind::Test(words) => words,
            _ => return None,
        };
        let is_double = matches!(command.kind, CommandKind::Test(_));
        let expanded = self.expand(words);
        if self.run.open.is_some() || expanded.iter().any(|word| word.operand.is_unsure) {
            return None;
        }
        let mut texts: Vec<&str> = expanded.iter().map(Argument::text).collect::<Option<_>>()?;
        match texts.first() {
            _ if is_double => texts.retain(|text| !matches!(*text, "[[" | "]]")),
            Some(&"[") if texts.len() > 2 && texts.last() == Some(&"]") => {
                texts.pop();
                texts.remove(0);
            }
            Some(&"test") => {
                texts.remove(0);
            }
            _ => return None,
        }
        let is_pattern = |text: &str| is_double && text.contains(['*', '?', '[', '\\']);
        let holds = match texts.as_slice() {
            [left, "=" | "==", right] if !is_pattern(right) => left == right,
            [left, "!=", right] if !is_pattern(right) => left != right,
            ["-z", text] => text.is_empty(),
            ["-n", text] => !text.is_empty(),
            _ => return None,
        };
        Some(holds != item.pipeline.is_negated)
    }

    /// Counts what a branch costs; a script that costs too much is read no further.
    fn is_spent(&mut self) -> bool {
        self.steps += 1;
        let is_spent = self.steps > MOST_STEPS || self.run.commands.len() >= MOST_COMMANDS;
        if is_spent {
            self.run.open.get_or_insert(Reason::new("limit-steps", "shell"));
        }
        is_spent
    }

    /// Runs a part whose variables and directory end with it.
    fn subshell(&mut self, part: impl FnOnce(&mut Self)) {
        self.steps += self.run.variables.len();
        if self.is_spent() {
            return;
        }
        let (variables, directory, reached) = (self.run.variables.clone(), self.directory.clone(), self.reached);
        part(self);
        self.run.variables = variables;
        self.directory = directory;
        self.reached = reached;
    }

    fn pipeline(&mut self, pipeline: &'a Pipeline) {
        if let [command] = &*pipeline.commands {
            return self.command(command, pipeline.span);
        }
        // Each part of a pipe runs in a shell of its own.
        let mut writers: Vec<usize> = Vec::new();
        for command in &pipeline.commands {
            let first = self.run.commands.len();
            self.subshell(|walker| walker.command(command, pipeline.span));
            let reader = self.first_reader(first);
            if let Some(reader) = reader {
                for writer in std::mem::take(&mut writers) {
                    self.run.commands[writer].output = Output::Piped(reader);
                }
            }
            let is_own = |index: &usize| {
                let command = &self.run.commands[*index];
                command.output == Output::Open && command.inside == self.inside
            };
            writers = (first..self.run.commands.len()).filter(is_own).collect();
        }
    }

    /// The first command of a part that reads what the part reads.
    fn first_reader(&self, first: usize) -> Option<usize> {
        (first..self.run.commands.len()).find(|index| {
            let command = &self.run.commands[*index];
            command.output == Output::Open && command.inside == self.inside
        })
    }

    fn command(&mut self, command: &'a shell::Command, pipeline: Span) {
        match &command.kind {
            CommandKind::Simple(simple) => self.simple(simple, command, pipeline),
            _ => {
                let first = self.run.commands.len();
                for redirection in &command.redirections {
                    self.substitutions(&redirection.target);
                }
                let body = self.run.commands.len();
                let n_outputs = self.outputs.len();
                let own = self.redirections(command);
                self.outputs.extend(own.into_iter().filter(|it| it.kind != Direction::Reads && it.descriptor == 1));
                self.compound(command, pipeline);
                self.outputs.truncate(n_outputs);
                self.feed(first..body, body);
            }
        }
    }

    pub(super) fn compound(&mut self, command: &'a shell::Command, pipeline: Span) {
        match &command.kind {
            CommandKind::Simple(simple) => self.simple(simple, command, pipeline),
            CommandKind::Group(list) => self.list(list),
            CommandKind::Subshell(list) => self.subshell(|walker| walker.list(list)),
            CommandKind::If { branches, otherwise } => {
                // Whether one of the branches before surely, or perhaps, is the one.
                let mut taken = Some(false);
                for (index, (condition, body)) in branches.iter().enumerate() {
                    match index {
                        0 => self.list(condition),
                        _ => self.branch(|walker| walker.list(condition)),
                    }
                    let holds = self.decided(condition);
                    self.alternative(taken, holds, body);
                    taken = match (taken, holds) {
                        (Some(true), _) | (Some(false), Some(true)) => Some(true),
                        (taken, Some(false)) => taken,
                        _ => None,
                    };
                }
                if let Some(body) = otherwise {
                    self.alternative(taken, Some(true), body);
                }
            }
            CommandKind::For { variable, words, body } => self.for_loop(variable, words.as_deref(), body),
            CommandKind::While { condition, body } => {
                self.list(condition);
                self.repeated(|_| {}, body);
            }
            CommandKind::Case { subject, arms } => {
                self.substitutions(subject);
                for arm in arms {
                    self.branch(|walker| walker.list(&arm.body));
                }
            }
            CommandKind::Function { name, body } => {
                self.functions.insert(name, body);
                self.called.remove(&**name);
            }
            CommandKind::Test(words) => {
                for word in words {
                    self.substitutions(word);
                }
            }
            CommandKind::Arithmetic => {}
        }
    }

    fn for_loop(&mut self, variable: &'a Word, words: Option<&'a [Word]>, body: &'a List) {
        let name = variable.literal().unwrap_or_default().into_owned();
        for word in words.unwrap_or(&[]) {
            self.substitutions(word);
        }
        let values = words.map(|words| self.expand(words)).unwrap_or_default();
        let all_known = !values.is_empty() && values.iter().all(|argument| is_plain_word(argument.value()));
        if all_known && values.len() <= LONGEST_LOOP {
            for argument in values {
                if self.is_spent() {
                    return;
                }
                self.set(&name, argument.operand);
                self.list(body);
            }
            return;
        }
        let unknown = hole("for-each-unknown", &format!("${name}"), variable.span).value;
        let all = joined(values.into_iter().map(|argument| argument.operand));
        let each = Operand { value: unknown, ..all };
        self.repeated(|walker| walker.set(&name, each.clone()), body);
    }

    pub(super) fn set(&mut self, name: &str, operand: Operand) {
        self.run.variables.insert(name.to_owned(), operand);
    }

    fn names(&self) -> Names<'_> {
        Names { set: &self.run.variables, captured: &self.captured, around: self.around }
    }

    fn expand(&self, words: &[Word]) -> Vec<Argument> {
        let names = self.names();
        let mut found = Vec::with_capacity(words.len());
        words.iter().for_each(|word| names.fields(word, &mut found));
        found
    }

    fn simple(&mut self, simple: &'a Simple, command: &'a shell::Command, pipeline: Span) {
        let first_inner = self.run.commands.len();
        for word in &simple.words {
            self.substitutions(word);
        }
        for redirection in &command.redirections {
            self.substitutions(&redirection.target);
            if let RedirectionKind::HereDocument(document) = &redirection.kind {
                self.substitutions(&document.body);
            }
        }
        let n_inner = self.run.commands.len();
        let words = self.expand(&simple.words);
        let is_prefixed = !words.is_empty() && !simple.assignments.is_empty();
        let before = is_prefixed.then(|| self.run.variables.clone());
        self.steps += before.as_ref().map_or(0, BTreeMap::len);
        let assignments = self.assignments(simple);
        if let Some(before) = before {
            self.run.variables = before;
        }
        if words.is_empty() {
            return;
        }
        let index = self.run.commands.len();
        self.feed(first_inner..n_inner, index);
        let mut redirections = self.redirections(command);
        if !redirections.iter().any(|it| it.kind != Direction::Reads && it.descriptor == 1) {
            redirections.extend(self.outputs.last().cloned());
        }
        let mut new = Command {
            words,
            wrappers: Vec::new(),
            assignments,
            redirections,
            input: self.input(command),
            output: Output::Open,
            is_captured: self.captures > 0,
            is_excused: false,
            reached: self.reached,
            directory: self.directory.clone(),
            inside: self.inside,
            is_call: false,
            span: command.span,
            pipeline,
        };
        wrapper::take_off(&mut new);
        self.effects(&new);
        self.run.commands.push(new);
        self.inner_script(index, simple, command);
        self.call(index);
        self.named_script(index);
    }

    /// The output of these commands, which stand in the words of another one, goes to that one.
    fn feed(&mut self, inner: std::ops::Range<usize>, reader: usize) {
        for command in &mut self.run.commands[inner] {
            match command.output {
                Output::Assigned => command.output = Output::Substituted(reader),
                Output::Piped(NOT_YET) => command.output = Output::Piped(reader),
                Output::Open | Output::Piped(_) | Output::Substituted(_) => {}
            }
        }
    }

    /// The variables of a command, with what stands in their values.
    fn assignments(&mut self, simple: &'a Simple) -> Vec<(String, Operand)> {
        let mut found = Vec::new();
        for assignment in &simple.assignments {
            let mut operand = match &assignment.value {
                Assigned::Word(word) => {
                    self.substitutions(word);
                    self.names().text(word)
                }
                Assigned::Appended(word) => {
                    self.substitutions(word);
                    let before = self.names().set.get(&assignment.name).cloned();
                    let before = before.or_else(|| self.around.variable(&assignment.name, assignment.span));
                    appended(before, self.names().text(word), &assignment.name, assignment.span)
                }
                Assigned::Array(words) => {
                    for word in words {
                        self.substitutions(word);
                    }
                    let value = hole("unsupported", &format!("{}=(…)", assignment.name), assignment.span).value;
                    let members = self.expand(words).into_iter().map(|argument| argument.operand);
                    Operand { value, ..joined(members) }
                }
            };
            let step = StepKind::ReadThrough(assignment.name.as_str().into());
            operand.value = operand.value.through(step, assignment.span);
            // Later ones of the same command see it.
            self.set(&assignment.name, operand.clone());
            found.push((assignment.name.clone(), operand));
        }
        found
    }

    fn redirections(&self, command: &shell::Command) -> Vec<Redirection> {
        let names = self.names();
        let mut found = Vec::new();
        for redirection in &command.redirections {
            let (kind, descriptor) = match &redirection.kind {
                RedirectionKind::Input | RedirectionKind::ReadWrite => (Direction::Reads, 0),
                RedirectionKind::Output | RedirectionKind::OutputAndErrors => (Direction::Writes, 1),
                RedirectionKind::Append => (Direction::Appends, 1),
                // `>& file` is a file, `2>&1` is none.
                RedirectionKind::Duplicate if !names_descriptor(&redirection.target) => (Direction::Writes, 1),
                RedirectionKind::Duplicate | RedirectionKind::HereString | RedirectionKind::HereDocument(_) => continue,
            };
            let Some(target) = names.first_field(&redirection.target) else { continue };
            let descriptor = redirection.descriptor.unwrap_or(descriptor);
            found.push(Redirection { kind, descriptor, target, span: redirection.span });
        }
        found
    }

    fn input(&self, command: &shell::Command) -> Option<Operand> {
        let names = self.names();
        command.redirections.iter().rev().find_map(|redirection| match &redirection.kind {
            RedirectionKind::HereDocument(document) => Some(names.text(&document.body)),
            RedirectionKind::HereString => Some(names.text(&redirection.target)),
            _ => None,
        })
    }

    /// Commands inside a word; what they write goes into it.
    fn substitutions(&mut self, word: &'a Word) {
        for Piece { kind, span, .. } in &word.pieces {
            match kind {
                PieceKind::Command(list) => self.substitution(list, Output::Assigned, *span),
                PieceKind::Process(list) => self.substitution(list, Output::Piped(NOT_YET), *span),
                PieceKind::Variable(variable) => {
                    if let Some(operation) = &variable.operation {
                        self.substitutions(&operation.operand);
                    }
                }
                PieceKind::Literal(_) | PieceKind::Arithmetic | PieceKind::Expression(_) => {}
            }
        }
    }

    fn substitution(&mut self, list: &'a List, output: Output, span: Span) {
        let first = self.run.commands.len();
        // What it prints goes into the word, not where the group around writes to.
        let outputs = std::mem::take(&mut self.outputs);
        self.captures += 1;
        self.subshell(|walker| walker.list(list));
        self.captures -= 1;
        self.outputs = outputs;
        for command in &mut self.run.commands[first..] {
            if command.output == Output::Open && command.inside == self.inside {
                command.output = output;
            }
        }
        let operand = self.printed(list, &self.run.commands[first..], span);
        self.captured.insert(span, operand);
    }

    /// What the commands of a substitution print.
    fn printed(&self, list: &List, commands: &[Command], span: Span) -> Operand {
        let is_single = matches!(&*list.items, [item] if item.pipeline.commands.len() == 1);
        match commands {
            [command] if is_single && command.program() == Some("echo") && command.words.len() == 2 => {
                command.words[1].operand.clone()
            }
            commands => self.around.output(commands, span),
        }
    }
}

/// Whether an item cannot fail: `|| true`, `|| :`.
fn always_succeeds(item: &Item) -> bool {
    let [shell::Command { kind: CommandKind::Simple(simple), .. }] = &*item.pipeline.commands else { return false };
    matches!(&*simple.words, [word] if matches!(word.literal().as_deref(), Some("true" | ":")))
}

/// `1` and `-` behind `>&`.
fn names_descriptor(target: &Word) -> bool {
    target.literal().is_none_or(|text| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-'))
}

/// What `X+=word` makes of the variable.
fn appended(before: Option<Operand>, added: Operand, name: &str, span: Span) -> Operand {
    let texts = before.as_ref().and_then(|before| Some((before.value.as_text()?, added.value.as_text()?)));
    let value = match texts {
        Some((before, added)) => {
            let pieces: Vec<TextPiece> = before.pieces().iter().chain(added.pieces()).cloned().collect();
            match is_too_long(&pieces) {
                false => Value::new(Kind::Text(Text::from_pieces(pieces)), Origin::written(span)),
                true => hole("limit-size", "shell", span).value,
            }
        }
        None => hole("unsupported", &format!("{name}+="), span).value,
    };
    Operand { value, ..joined(before.into_iter().chain([added])) }
}

/// One word without blanks and patterns, fully known.
fn is_plain_word(value: &Value) -> bool {
    value.as_str().is_some_and(|text| !text.contains(['*', '?', '[', '{']))
}

fn same_text(a: &Value, b: &Value) -> bool {
    match (a.as_str(), b.as_str()) {
        (Some(a), Some(b)) => a == b,
        _ => false,
    }
}
