//! Dockerfiles as BuildKit reads them: directives, instructions with flags and arguments, here-documents, comments.
//! Reading goes on after what does not fit. What a variable holds, and which stages there are, is said by `lower`.

mod instruction;
mod json;
mod line;
#[cfg(test)]
mod oracle;
#[cfg(test)]
mod tests;

use crate::source::{Comment, FileId, MappedText, Problem, Span};

pub use super::shell::Word;

#[derive(Clone, Debug)]
pub struct Dockerfile {
    pub directives: Vec<Directive>,
    /// `\`, or a backtick.
    pub escape: u8,
    pub instructions: Vec<Instruction>,
    pub comments: Vec<Comment>,
    pub problems: Vec<Problem>,
}

/// `# key=value` above everything else.
#[derive(Clone, Debug)]
pub struct Directive {
    /// In lower case.
    pub key: String,
    pub value: String,
    pub value_span: Span,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub struct Instruction {
    pub keyword: Keyword,
    pub keyword_span: Span,
    pub flags: Vec<Flag>,
    pub arguments: Arguments,
    pub here_documents: Vec<HereDocument>,
    /// A blank line inside the instruction.
    pub blank_line: Option<Span>,
    /// All of it, continuations and here-documents included.
    pub span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Keyword {
    Add,
    Arg,
    Cmd,
    Copy,
    Entrypoint,
    Env,
    Expose,
    From,
    Healthcheck,
    Label,
    Maintainer,
    Onbuild,
    Run,
    Shell,
    Stopsignal,
    User,
    Volume,
    Workdir,
}

impl Keyword {
    pub const ALL: [(Keyword, &'static str); 18] = [
        (Keyword::Add, "ADD"),
        (Keyword::Arg, "ARG"),
        (Keyword::Cmd, "CMD"),
        (Keyword::Copy, "COPY"),
        (Keyword::Entrypoint, "ENTRYPOINT"),
        (Keyword::Env, "ENV"),
        (Keyword::Expose, "EXPOSE"),
        (Keyword::From, "FROM"),
        (Keyword::Healthcheck, "HEALTHCHECK"),
        (Keyword::Label, "LABEL"),
        (Keyword::Maintainer, "MAINTAINER"),
        (Keyword::Onbuild, "ONBUILD"),
        (Keyword::Run, "RUN"),
        (Keyword::Shell, "SHELL"),
        (Keyword::Stopsignal, "STOPSIGNAL"),
        (Keyword::User, "USER"),
        (Keyword::Volume, "VOLUME"),
        (Keyword::Workdir, "WORKDIR"),
    ];

    pub fn name(self) -> &'static str {
        Keyword::ALL.iter().find(|(keyword, _)| *keyword == self).map_or("", |(_, name)| name)
    }

    pub fn parse(text: &str) -> Option<Keyword> {
        Keyword::ALL.iter().find(|(_, name)| name.eq_ignore_ascii_case(text)).map(|(keyword, _)| *keyword)
    }

    fn takes_here_documents(self) -> bool {
        matches!(self, Keyword::Run | Keyword::Copy | Keyword::Add)
    }
}

/// `--name=value` directly after the keyword.
#[derive(Clone, Debug)]
pub struct Flag {
    pub name: String,
    pub value: Option<Word>,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub enum Arguments {
    From(From),
    /// RUN, CMD, ENTRYPOINT
    Command(CommandLine),
    /// The command, or nothing for `NONE`.
    Healthcheck(Option<CommandLine>),
    /// ENV, LABEL, ARG
    Pairs(Pairs),
    /// EXPOSE, VOLUME by their words; USER, WORKDIR, STOPSIGNAL, MAINTAINER as one.
    Words(Vec<Word>),
    /// COPY, ADD
    Copy(Copy),
    /// The program of SHELL with its arguments.
    Shell(Vec<Word>),
    Onbuild(Box<Instruction>),
}

#[derive(Clone, Debug)]
pub struct From {
    pub image: Word,
    pub name: Option<StageName>,
}

#[derive(Clone, Debug)]
pub struct StageName {
    pub text: String,
    pub span: Span,
    /// The word `AS`.
    pub keyword_span: Span,
}

#[derive(Clone, Debug)]
pub enum CommandLine {
    /// A JSON array: no shell, nothing is expanded.
    Exec(Vec<Word>),
    /// A line for the shell, with the here-documents that it opens.
    Shell(MappedText),
    /// `RUN <<E` alone: the body is the script.
    HereDocument(MappedText),
}

#[derive(Clone, Debug)]
pub struct Pairs {
    pub form: PairForm,
    pub pairs: Vec<Pair>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PairForm {
    /// `K=V K2=V2`
    Equals,
    /// `K rest of the line`
    Legacy,
}

#[derive(Clone, Debug)]
pub struct Pair {
    pub name: Word,
    pub value: Option<Word>,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub struct Copy {
    pub sources: Vec<Source>,
    pub target: Word,
}

#[derive(Clone, Debug)]
pub enum Source {
    Path(Word),
    /// The index of a here-document of this instruction.
    HereDocument(usize, Span),
}

#[derive(Clone, Debug)]
pub struct HereDocument {
    /// The word that ends it.
    pub name: String,
    /// The opener on the instruction's line.
    pub opener: Span,
    pub is_quoted: bool,
    /// Without the tabs that `<<-` drops.
    pub body: MappedText,
}

impl Instruction {
    pub fn flag(&self, name: &str) -> Option<&Flag> {
        self.flags.iter().find(|flag| flag.name == name)
    }
}

/// Whether a file is no Dockerfile yet: something else fills in its blanks first.
pub fn is_template(path: &str, text: &str) -> bool {
    [".j2", ".jinja", ".jinja2", ".template", ".tmpl", ".tpl", ".erb", ".in"].iter().any(|end| path.ends_with(end))
        || text.contains("{{")
        || text.contains("{%")
}

/// Reads a file; `path` names it in problems.
pub fn read(file: FileId, path: &str, text: &str) -> Dockerfile {
    let mut dockerfile = Dockerfile {
        directives: Vec::new(),
        escape: b'\\',
        instructions: Vec::new(),
        comments: Vec::new(),
        problems: Vec::new(),
    };
    let mut lines = line::Lines::new(file, text);
    while let Some(line) = lines.next_line() {
        let read = instruction::Reader { lines: &mut lines, path, problems: &mut dockerfile.problems };
        if let Some(instruction) = read.instruction(line) {
            dockerfile.instructions.push(instruction);
        }
    }
    dockerfile.escape = lines.escape;
    dockerfile.directives = lines.directives;
    dockerfile.comments = lines.comments;
    instruction::cover(&mut dockerfile.comments, &dockerfile.instructions, &lines.inner);
    dockerfile
}
