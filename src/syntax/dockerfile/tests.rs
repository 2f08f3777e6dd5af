//! What the reader makes of Dockerfiles, one line per instruction.

use super::{Arguments, CommandLine, Dockerfile, Instruction, Source, Word, read};
use crate::source::FileId;
use crate::syntax::shell::PieceKind;

fn check(text: &str, expected: &[&str]) {
    let file = read(FileId(0), "Dockerfile", text);
    let shown: Vec<String> = file.instructions.iter().map(show).collect();
    assert_eq!(shown, expected, "{text}");
    assert!(file.problems.is_empty(), "{:?}", file.problems);
}

fn problems(file: &Dockerfile) -> Vec<&str> {
    file.problems.iter().map(|problem| &*problem.message).collect()
}

fn show(instruction: &Instruction) -> String {
    let flags: String = instruction
        .flags
        .iter()
        .map(|flag| match &flag.value {
            Some(value) => format!(" --{}={}", flag.name, word(value)),
            None => format!(" --{}", flag.name),
        })
        .collect();
    let arguments = match &instruction.arguments {
        Arguments::From(from) => {
            let name = from.name.as_ref().map(|name| format!(" as {}", name.text)).unwrap_or_default();
            format!("{}{name}", word(&from.image))
        }
        Arguments::Command(line) => command(line),
        Arguments::Healthcheck(line) => line.as_ref().map_or("none".to_owned(), command),
        Arguments::Pairs(pairs) => {
            let shown = pairs.pairs.iter().map(|pair| match &pair.value {
                Some(value) => format!("{}={}", word(&pair.name), word(value)),
                None => word(&pair.name),
            });
            format!("{:?} {}", pairs.form, shown.collect::<Vec<_>>().join(", "))
        }
        Arguments::Words(items) | Arguments::Shell(items) => words(items),
        Arguments::Copy(copy) => {
            let sources = copy.sources.iter().map(|source| match source {
                Source::Path(path) => word(path),
                Source::HereDocument(index, _) => format!("<<{}", instruction.here_documents[*index].name),
            });
            format!("{} to {}", sources.collect::<Vec<_>>().join(", "), word(&copy.target))
        }
        Arguments::Onbuild(inner) => show(inner),
    };
    let documents: String = instruction
        .here_documents
        .iter()
        .map(|document| format!(" [{}{}]", if document.is_quoted { "quoted " } else { "" }, document.body.text()))
        .collect();
    format!("{}{flags} {arguments}{documents}", instruction.keyword.name())
}

fn command(line: &CommandLine) -> String {
    match line {
        CommandLine::Exec(items) => format!("exec {}", words(items)),
        CommandLine::Shell(text) => format!("shell {}", text.text()),
        CommandLine::HereDocument(text) => format!("script {}", text.text()),
    }
}

fn words(items: &[Word]) -> String {
    items.iter().map(word).collect::<Vec<_>>().join(", ")
}

fn word(word: &Word) -> String {
    let pieces = word.pieces.iter().map(|piece| match &piece.kind {
        PieceKind::Literal(text) => text.to_string(),
        PieceKind::Variable(variable) => match &variable.operation {
            None => format!("<{}>", variable.name),
            Some(operation) => format!("<{} {:?}>", variable.name, operation.operator),
        },
        other => format!("{other:?}"),
    });
    pieces.collect()
}

#[test]
fn instructions() {
    check(
        concat!(
            "from --platform=$BUILDPLATFORM python:${V:-3} As build\n",
            "ENV A=1 B=\"two words\" C=a\\ b\nENV D rest of $A\nARG X Y=1\nLABEL a.b='c d'\n",
            "EXPOSE 80/tcp $PORT\nVOLUME [\"/a\", \"/b\"]\nVOLUME /c /d\nUSER \"app\":1\nWORKDIR a b\n",
            "COPY --from=build --chown=a:b x y z/\nADD [\"a b\", \"c\"]\nSHELL [\"/bin/bash\", \"-c\"]\n",
            "HEALTHCHECK --interval=5s CMD [\"x\"]\nHEALTHCHECK NONE\nONBUILD RUN a\nSTOPSIGNAL 9\nMAINTAINER x y\n",
            "RUN --mount=type=secret,id=a,target=/b --network=none a && b\nCMD [\"a\", \"b\\u00e9\\n\"]\n",
        ),
        &[
            "FROM --platform=<BUILDPLATFORM> python:<V DefaultIfEmpty> as build",
            "ENV Equals A=1, B=two words, C=a b",
            "ENV Legacy D=rest of <A>",
            "ARG Equals X, Y=1",
            "LABEL Equals a.b=c d",
            "EXPOSE 80/tcp, <PORT>",
            "VOLUME /a, /b",
            "VOLUME /c, /d",
            "USER app:1",
            "WORKDIR a b",
            "COPY --from=build --chown=a:b x, y to z/",
            "ADD a b to c",
            "SHELL /bin/bash, -c",
            "HEALTHCHECK --interval=5s exec x",
            "HEALTHCHECK none",
            "ONBUILD RUN shell a",
            "STOPSIGNAL 9",
            "MAINTAINER x y",
            "RUN --mount=type=secret,id=a,target=/b --network=none shell a && b",
            "CMD exec a, bé\n",
        ],
    );
}

#[test]
fn what_looks_like_json_may_be_shell() {
    check(
        "CMD ['a']\nCMD [\"a\",]\nCMD [ ]\nCMD [\"a\"] b\nRUN [ -f x ] && y\nENTRYPOINT [a]\n",
        &[
            "CMD shell ['a']",
            "CMD shell [\"a\",]",
            "CMD exec ",
            "CMD shell [\"a\"] b",
            "RUN shell [ -f x ] && y",
            "ENTRYPOINT shell [a]",
        ],
    );
}

#[test]
fn lines_are_joined() {
    check(
        "\u{feff}RUN a \\\r\n  # why\r\n\r\n  && b \\ \t\r\n && c\r\nRUN d\\\\\nRUN e # f\nENV A=1 \\\n# secure-lint: allow x -- y\n  B=2\nRUN f \\",
        &["RUN shell a   && b  && c", "RUN shell d\\\\", "RUN shell e # f", "ENV Equals A=1, B=2", "RUN shell f"],
    );
}

#[test]
fn directives() {
    let text = "# Syntax = docker/dockerfile:1\n# escape=`\n# comment\n# check=skip=all\nRUN a `\n b\\\nUSER c\n";
    check(text, &["RUN shell a  b\\", "USER c"]);
    let file = read(FileId(0), "Dockerfile", text);
    let directives: Vec<_> = file.directives.iter().map(|directive| (&*directive.key, &*directive.value)).collect();
    assert_eq!(directives, [("syntax", "docker/dockerfile:1"), ("escape", "`")]);
    assert_eq!(&text[file.directives[0].value_span.range()], "docker/dockerfile:1");
    assert_eq!(file.escape, b'`');
    assert_eq!(file.comments.len(), 2);
}

#[test]
fn here_documents() {
    check(
        concat!(
            "RUN <<E\na\n# b\nE\n# next\nRUN cat <<-'A' <<B > x && y\n\ta $b\n\tA\nFROM z\nB\n",
            "COPY <<\"C\" d <<F /e/\nc\nC\nf\nF\nRUN python3 <<E\nimport a\nE\nRUN x <<<y && z $((1 << 2))\nUSER <<E\n",
            "ONBUILD RUN <<E\no\nE\n",
        ),
        &[
            "RUN script a\n# b\n [a\n# b\n]",
            "RUN shell cat <<-'A' <<B > x && y\na $b\nA\nFROM z\nB [quoted a $b\n] [FROM z\n]",
            "COPY <<C, d, <<F to /e/ [quoted c\n] [f\n]",
            "RUN shell python3 <<E\nimport a\nE [import a\n]",
            "RUN shell x <<<y && z $((1 << 2))",
            "USER <<E",
            "ONBUILD RUN script o\n [o\n]",
        ],
    );
}

#[test]
fn goes_on_after_what_does_not_fit() {
    let text = "FROM a b\nCPY x y\nRUN\nRUN cat <<E\nnever\nCOPY x\nSHELL sh\nHEALTHCHECK x\nENV A=1 B\nUSER c\n";
    let file = read(FileId(0), "Dockerfile", text);
    assert_eq!(
        problems(&file),
        [
            "`FROM` takes an image, or an image `AS` a name",
            "no instruction is called `CPY`; did you mean `COPY`?",
            "`RUN` without arguments",
            "no line ends the here-document `E`",
            "no instruction is called `never`",
            "sources and a target are needed",
            "`SHELL` takes a JSON array of texts",
            "`HEALTHCHECK` takes `NONE`, or `CMD` with a command",
            "a name without `=` and a value",
        ]
    );
    assert_eq!(file.instructions.last().map(show).as_deref(), Some("USER c"));
}

#[test]
fn positions() {
    let text = "FROM a AS b\nRUN x \\\n  # c\n  \"y\" <<E\nz\nE\nCMD [\"p\", \"q\\n\"]\n";
    let file = read(FileId(0), "Dockerfile", text);
    let span = |index: usize| &text[file.instructions[index].span.range()];
    assert_eq!(span(0), "FROM a AS b");
    assert_eq!(span(1), "RUN x \\\n  # c\n  \"y\" <<E\nz\nE");
    let Arguments::Command(CommandLine::Shell(script)) = &file.instructions[1].arguments else { panic!("a script") };
    let y = script.text().find("\"y\"").expect("is in the script");
    assert_eq!(&text[script.span(y..y + 3).range()], "\"y\"");
    let z = script.text().find("\nz\n").expect("is in the script");
    assert_eq!(&text[script.span(z + 1..z + 3).range()], "z\n");
    let Arguments::Command(CommandLine::Exec(words)) = &file.instructions[2].arguments else { panic!("an array") };
    assert_eq!(&text[words[1].span.range()], "q\\n");
}

#[test]
fn comments_cover_the_instruction_or_the_variable_below() {
    let text =
        "# one\nFROM a\n\n# lost\n\n# two\n# three\nENV A=1 \\\n  # four\n  B=2\nRUN x \\\n  # five\n  y\n# end\n";
    let file = read(FileId(0), "Dockerfile", text);
    let covers: Vec<(&str, Vec<&str>)> = file
        .comments
        .iter()
        .map(|comment| (&*comment.text, comment.covers.iter().map(|cover| &text[cover.range()]).collect()))
        .collect();
    let env = "ENV A=1 \\\n  # four\n  B=2";
    assert_eq!(
        covers,
        [
            ("one", vec!["FROM a"]),
            ("lost", vec![]),
            ("two", vec![env]),
            ("three", vec![env]),
            ("four", vec!["B=2"]),
            ("five", vec!["RUN x \\\n  # five\n  y"]),
            ("end", vec![]),
        ]
    );
}
