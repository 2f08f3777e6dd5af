//! Walks over a script: assignments, conditions, loops, functions, scripts inside words.

use std::collections::{BTreeMap, BTreeSet};

use super::expand::{Names, hole};
use super::{Argument, Command, Direction, Output, Reached, Redirection, Run, Surroundings, wrapper};
use crate::logic::Reason;
use crate::source::{MappedText, Span};
use crate::syntax::shell::{
    self, Assigned, CommandKind, Dialect, Item, Joint, List, Piece, PieceKind, Pipeline, RedirectionKind, Script,
    Simple, Word,
};
use crate::value::{StepKind, Value};

/// More commands than this are left out.
const MOST_COMMANDS: usize = 4096;
/// A loop over more words than this runs once, with an unknown word.
const LONGEST_LOOP: usize = 32;
/// Scripts in words of scripts, and functions called by functions.
const DEEPEST: u32 = 6;
/// Variables that are remembered over branches, all branches together.
const MOST_STEPS: usize = 1_000_000;
/// The reader of `<( … )`, and the outer command of a script in a word, before they are known.
const NOT_YET: usize = usize::MAX;

/// The commands of a script. `source` is the text of the file that it stands in.
pub fn run(script: &Script, source: &str, dialect: Dialect, around: &dyn Surroundings) -> Run {
    let mut walker = Walker {
        source,
        dialect,
        around,
        run: Run::default(),
        functions: BTreeMap::new(),
        called: BTreeSet::new(),
        directory: Some(String::new()),
        reached: Reached::Always,
        inside: None,
        depth: 0,
        steps: 0,
    };
    walker.script(script);
    let uncalled: Vec<&shell::Command> =
        walker.functions.iter().filter(|(name, _)| !walker.called.contains(*name)).map(|(_, body)| *body).collect();
    for body in uncalled {
        walker.reached = Reached::Conditional;
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

struct Walker<'a> {
    source: &'a str,
    dialect: Dialect,
    around: &'a dyn Surroundings,
    run: Run,
    functions: BTreeMap<&'a str, &'a shell::Command>,
    called: BTreeSet<&'a str>,
    directory: Option<String>,
    reached: Reached,
    inside: Option<usize>,
    depth: u32,
    steps: usize,
}

impl<'a> Walker<'a> {
    fn script(&mut self, script: &'a Script) {
        self.list(&script.list);
        if let Some(broken) = script.broken {
            self.run.open.get_or_insert(Reason::at("syntax-error", "shell", broken));
        }
    }

    fn list(&mut self, list: &'a List) {
        for item in &list.items {
            if self.is_spent() {
                return;
            }
            self.item(item);
        }
    }

    fn item(&mut self, item: &'a Item) {
        match item.joint {
            Joint::Sequence => self.pipeline(&item.pipeline),
            Joint::And | Joint::Or => self.branch(|walker| walker.pipeline(&item.pipeline)),
        }
    }

    /// Runs a part that may be left out: what it sets is not known afterwards.
    fn branch(&mut self, part: impl FnOnce(&mut Self)) {
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
        for (name, value) in &mut self.run.variables {
            let is_same = variables.get(name).is_some_and(|before| same_text(before, value));
            if !is_same {
                let span = value.origin.newest().map(|step| step.span);
                let reason = Reason { code: "condition-unknown", object: format!("${name}"), place: span };
                let origin = value.origin.clone();
                *value = Value::unknown(reason, origin);
            }
        }
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
                self.compound(command, pipeline);
                self.feed(first..body, body);
            }
        }
    }

    fn compound(&mut self, command: &'a shell::Command, pipeline: Span) {
        match &command.kind {
            CommandKind::Simple(simple) => self.simple(simple, command, pipeline),
            CommandKind::Group(list) => self.list(list),
            CommandKind::Subshell(list) => self.subshell(|walker| walker.list(list)),
            CommandKind::If { branches, otherwise } => {
                for (index, (condition, body)) in branches.iter().enumerate() {
                    match index {
                        0 => self.list(condition),
                        _ => self.branch(|walker| walker.list(condition)),
                    }
                    self.branch(|walker| walker.list(body));
                }
                if let Some(body) = otherwise {
                    self.branch(|walker| walker.list(body));
                }
            }
            CommandKind::For { variable, words, body } => self.for_loop(variable, words.as_deref(), body),
            CommandKind::While { condition, body } => {
                self.list(condition);
                self.branch(|walker| walker.list(body));
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
        let known: Option<Vec<Value>> = words.map(|words| self.expand(words)).and_then(|values| {
            let all_known = !values.is_empty() && values.iter().all(|argument| is_plain_word(&argument.value));
            (all_known && values.len() <= LONGEST_LOOP)
                .then(|| values.into_iter().map(|argument| argument.value).collect())
        });
        match known {
            Some(values) => {
                for value in values {
                    if self.is_spent() {
                        return;
                    }
                    self.set(&name, value);
                    self.list(body);
                }
            }
            None => self.branch(|walker| {
                let unknown = hole("for-each-unknown", &format!("${name}"), variable.span);
                walker.set(&name, unknown);
                walker.list(body);
            }),
        }
    }

    fn set(&mut self, name: &str, value: Value) {
        self.run.variables.insert(name.to_owned(), value);
    }

    fn names(&self) -> Names<'_> {
        Names { set: &self.run.variables, around: self.around }
    }

    fn expand(&self, words: &[Word]) -> Vec<Argument> {
        let names = self.names();
        let fields = |word: &Word| {
            let is_quoted = word.is_quoted();
            let span = word.span;
            names.fields(word).into_iter().map(move |value| Argument { value, span, is_quoted })
        };
        words.iter().flat_map(fields).collect()
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
        let mut new = Command {
            words,
            wrappers: Vec::new(),
            assignments,
            redirections: self.redirections(command),
            input: self.input(command),
            output: Output::Open,
            reached: self.reached,
            directory: self.directory.clone(),
            inside: self.inside,
            span: command.span,
            pipeline,
        };
        wrapper::take_off(&mut new);
        self.effects(&new);
        self.run.commands.push(new);
        self.inner_script(index, simple, command);
        self.call(index);
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
    fn assignments(&mut self, simple: &'a Simple) -> Vec<(String, Value)> {
        let mut found = Vec::new();
        for assignment in &simple.assignments {
            let value = match &assignment.value {
                Assigned::Word(word) => {
                    self.substitutions(word);
                    self.names().text(word)
                }
                Assigned::Appended(word) => {
                    self.substitutions(word);
                    hole("unsupported", &format!("{}+=", assignment.name), assignment.span)
                }
                Assigned::Array(words) => {
                    for word in words {
                        self.substitutions(word);
                    }
                    hole("unsupported", &format!("{}=(…)", assignment.name), assignment.span)
                }
            };
            let step = StepKind::ReadThrough(assignment.name.as_str().into());
            let value = value.through(step, assignment.span);
            // Later ones of the same command see it.
            self.set(&assignment.name, value.clone());
            found.push((assignment.name.clone(), value));
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
                RedirectionKind::Duplicate | RedirectionKind::HereString | RedirectionKind::HereDocument(_) => continue,
            };
            let target = names.text(&redirection.target);
            let descriptor = redirection.descriptor.unwrap_or(descriptor);
            found.push(Redirection { kind, descriptor, target, span: redirection.span });
        }
        found
    }

    fn input(&self, command: &shell::Command) -> Option<Value> {
        let names = self.names();
        command.redirections.iter().rev().find_map(|redirection| match &redirection.kind {
            RedirectionKind::HereDocument(document) => Some(names.text(&document.body)),
            RedirectionKind::HereString => Some(names.text(&redirection.target)),
            _ => None,
        })
    }

    /// Commands inside a word; what they write goes into it.
    fn substitutions(&mut self, word: &'a Word) {
        for Piece { kind, .. } in &word.pieces {
            match kind {
                PieceKind::Command(list) => self.substitution(list, Output::Assigned),
                PieceKind::Process(list) => self.substitution(list, Output::Piped(NOT_YET)),
                PieceKind::Variable(variable) => {
                    if let Some(operation) = &variable.operation {
                        self.substitutions(&operation.operand);
                    }
                }
                PieceKind::Literal(_) | PieceKind::Arithmetic | PieceKind::Expression(_) => {}
            }
        }
    }

    fn substitution(&mut self, list: &'a List, output: Output) {
        let first = self.run.commands.len();
        self.subshell(|walker| walker.list(list));
        for command in &mut self.run.commands[first..] {
            if command.output == Output::Open && command.inside == self.inside {
                command.output = output;
            }
        }
    }

    /// What a command changes for those after it.
    fn effects(&mut self, command: &Command) {
        match command.program() {
            Some("exit" | "return") if self.reached == Reached::Always && self.depth == 0 => {
                self.reached = Reached::Unreachable;
            }
            Some("cd" | "pushd") => {
                let target = command.positionals(&[]).first().map(|target| target.value.as_str());
                self.directory = match (self.directory.take(), target) {
                    (Some(directory), Some(Some(target))) => join(&directory, target),
                    (_, Some(_) | None) => None,
                };
            }
            Some("popd") => self.directory = None,
            Some("export" | "declare" | "local" | "readonly" | "typeset") => {
                for argument in command.arguments() {
                    let Some(text) = argument.value.as_text() else { continue };
                    if let Some((name, _)) = text.prefix().split_once('=') {
                        let value = super::after(&argument.value, name.len() + 1);
                        self.set(name, value);
                    }
                }
            }
            Some("read" | "mapfile" | "readarray" | "getopts") => {
                for argument in command.positionals(&["-p", "-t", "-n", "-d", "-u", "-N", "-i"]) {
                    if let Some(name) = argument.value.as_str() {
                        self.set(name, hole("command-output", &format!("${name}"), argument.span));
                    }
                }
            }
            Some("unset") => {
                for argument in command.positionals(&[]) {
                    if let Some(name) = argument.value.as_str() {
                        self.run.variables.remove(name);
                    }
                }
            }
            _ => {}
        }
        if command.wrappers.iter().any(|wrapper| wrapper == "exec")
            && self.reached == Reached::Always
            && self.depth == 0
        {
            self.reached = Reached::Unreachable;
        }
    }

    /// `sh -c '…'`, `eval '…'`, `su -c '…'` and `sh <<E`: a script inside the command.
    fn inner_script(&mut self, index: usize, simple: &'a Simple, command: &'a shell::Command) {
        let outer = &self.run.commands[index];
        let is_shell = matches!(outer.program(), Some("sh" | "bash" | "dash" | "ash" | "zsh" | "ksh"));
        let takes_script = is_shell || outer.program() == Some("su");
        let script_argument = if outer.program() == Some("eval") {
            outer.words.get(1).map(|argument| argument.span)
        } else if takes_script && outer.flag(&["c"]).is_some() {
            let flag = outer.arguments().iter().position(|argument| is_c_flag(argument));
            flag.and_then(|flag| outer.words.get(flag + 2)).map(|argument| argument.span)
        } else {
            None
        };
        let document = command.redirections.iter().find_map(|redirection| match &redirection.kind {
            RedirectionKind::HereDocument(document) => Some(&document.body),
            RedirectionKind::HereString => Some(&redirection.target),
            _ => None,
        });
        let reads_input = is_shell && outer.positionals(&[]).is_empty();
        let word = match (script_argument, document) {
            (Some(span), _) => simple.words.iter().find(|word| word.span == span),
            (None, Some(document)) if reads_input => Some(document),
            (None, _) => None,
        };
        let Some(word) = word else { return };
        if self.depth >= DEEPEST || word.pieces.iter().all(|piece| matches!(piece.kind, PieceKind::Command(_))) {
            return;
        }
        let text = word.as_script(self.source);
        self.nested(index, &text);
    }

    fn nested(&mut self, index: usize, text: &MappedText) {
        let script = shell::read(text, self.dialect);
        // The inner script sees the variables of the outer one; what it sets stays inside.
        let mut walker = Walker {
            source: self.source,
            dialect: self.dialect,
            around: self.around,
            run: Run { variables: self.run.variables.clone(), ..Run::default() },
            functions: BTreeMap::new(),
            called: BTreeSet::new(),
            directory: self.directory.clone(),
            reached: self.run.commands[index].reached,
            inside: Some(NOT_YET),
            depth: self.depth + 1,
            steps: self.steps,
        };
        walker.script(&script);
        let offset = self.run.commands.len();
        let room = MOST_COMMANDS.saturating_sub(offset);
        for mut command in walker.run.commands.into_iter().take(room) {
            command.inside = match command.inside {
                Some(NOT_YET) | None => Some(index),
                Some(inner) => Some(inner + offset),
            };
            command.output = match command.output {
                Output::Piped(reader) => Output::Piped(reader.saturating_add(offset)),
                Output::Substituted(reader) => Output::Substituted(reader + offset),
                other @ (Output::Open | Output::Assigned) => other,
            };
            self.run.commands.push(command);
        }
        if let Some(reason) = walker.run.open {
            self.run.open.get_or_insert(reason);
        }
    }

    /// A function is run where it is called for the first time.
    fn call(&mut self, index: usize) {
        let Some(name) = self.run.commands[index].program() else { return };
        let Some((name, body)) = self.functions.get_key_value(name).map(|(name, body)| (*name, *body)) else { return };
        if self.depth >= DEEPEST || !self.called.insert(name) {
            return;
        }
        self.depth += 1;
        self.compound(body, body.span);
        self.depth -= 1;
    }
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

fn is_c_flag(argument: &Argument) -> bool {
    let text = argument.value.as_str().unwrap_or("");
    let letters = text.strip_prefix('-').unwrap_or("");
    !letters.starts_with('-') && letters.contains('c')
}

/// A folder seen from the start of the script.
fn join(directory: &str, target: &str) -> Option<String> {
    if target.starts_with(['~', '-']) {
        return None;
    }
    let is_absolute = target.starts_with('/') || directory.starts_with('/');
    let base = if target.starts_with('/') { "" } else { directory };
    let mut parts: Vec<&str> = Vec::new();
    for part in base.split('/').chain(target.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if is_absolute => {}
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    Some(if is_absolute { format!("/{joined}") } else { joined })
}
