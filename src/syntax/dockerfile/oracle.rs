//! The reader against `parse-dockerfile`: both must see the same instructions in files that both accept (the oracle takes
//! a here-document only as the first word of RUN).

use super::{Arguments, CommandLine, Instruction, read};
use crate::source::FileId;

const SAMPLES: [&str; 6] = [
    "# syntax=docker/dockerfile:1\nARG V=3\nFROM --platform=linux/amd64 python:$V AS build\nWORKDIR /src\nRUN pip install x && \\\n    # comment\n    rm -rf y\nFROM scratch\nCOPY --from=build /src /dst\nUSER 1000:1000\nENTRYPOINT [\"a\", \"b\"]\nCMD [\"c\"]\n",
    "FROM a\nRUN <<EOF\napt-get update\napt-get install -y b\nEOF\nCOPY <<C /etc/c\nthree\nC\nHEALTHCHECK --timeout=3s CMD curl -f http://localhost/ || exit 1\n",
    "FROM a\n\nRUN a \\\n\n  && b\n\n# c\nCMD ['x']\nENTRYPOINT exec x\nSTOPSIGNAL SIGINT\nEXPOSE 80 443/udp\nVOLUME [\"/a\"]\nSHELL [\"/bin/bash\", \"-o\", \"pipefail\", \"-c\"]\n",
    "FROM a\r\nENV A=1 \\\r\n    B=\"2 3\"\r\nLABEL x=y\r\nADD https://x.example/y.tar.gz /z/\r\nONBUILD COPY . .\r\nMAINTAINER me\r\n",
    "# escape=`\nFROM mcr.microsoft.com/windows\nRUN dir `\n  C:\\x\\\nUSER b\n",
    "from a as b\nrun c\nFrOm b\ncmd d\n",
];

#[test]
fn both_readers_see_the_same_instructions() {
    for sample in SAMPLES {
        let oracle = parse_dockerfile::parse(sample).expect("the oracle reads the sample");
        let ours = read(FileId(0), "Dockerfile", sample);
        assert!(ours.problems.is_empty(), "{sample}\n{:?}", ours.problems);
        let expected: Vec<String> = oracle.instructions.iter().map(|instruction| theirs(instruction, sample)).collect();
        let shown: Vec<String> = ours.instructions.iter().map(|instruction| show(instruction, sample)).collect();
        assert_eq!(shown, expected, "{sample}");
        assert_eq!(ours.directives.len(), {
            let directives = &oracle.parser_directives;
            usize::from(directives.syntax.is_some())
                + usize::from(directives.escape.is_some())
                + usize::from(directives.check.is_some())
        });
    }
}

fn show(instruction: &Instruction, text: &str) -> String {
    let keyword = &text[instruction.keyword_span.range()];
    let rest = match &instruction.arguments {
        Arguments::From(from) => {
            let name = from.name.as_ref().map(|name| name.text.as_str());
            format!("{} {name:?}", &text[from.image.span.range()])
        }
        Arguments::Command(CommandLine::Exec(words)) => {
            format!("{:?}", words.iter().map(|word| word.literal().unwrap_or_default()).collect::<Vec<_>>())
        }
        Arguments::Command(CommandLine::Shell(_) | CommandLine::HereDocument(_)) => "shell".to_owned(),
        Arguments::Copy(copy) => copy.sources.len().to_string(),
        Arguments::Words(words) if keyword == "EXPOSE" => words.len().to_string(),
        Arguments::Healthcheck(_)
        | Arguments::Pairs(_)
        | Arguments::Words(_)
        | Arguments::Shell(_)
        | Arguments::Onbuild(_) => String::new(),
    };
    let bodies: Vec<&str> = instruction.here_documents.iter().map(|document| document.body.text()).collect();
    format!("{}@{} {rest} {bodies:?}", keyword, instruction.keyword_span.start)
}

fn theirs(instruction: &parse_dockerfile::Instruction<'_>, text: &str) -> String {
    use parse_dockerfile::Instruction as I;
    let mut bodies: Vec<String> = Vec::new();
    let (keyword, rest) = match instruction {
        I::From(from) => {
            let name = from.as_.as_ref().map(|(_, name)| &*name.value);
            (from.from.span.clone(), format!("{} {name:?}", &text[from.image.span.clone()]))
        }
        I::Run(run) => {
            bodies.extend(run.here_docs.iter().map(|document| document.value.to_string()));
            (run.run.span.clone(), form(&run.arguments))
        }
        I::Cmd(cmd) => (cmd.cmd.span.clone(), form(&cmd.arguments)),
        I::Entrypoint(entrypoint) => (entrypoint.entrypoint.span.clone(), form(&entrypoint.arguments)),
        I::Copy(copy) => (copy.copy.span.clone(), sources(&copy.src, &mut bodies)),
        I::Add(add) => (add.add.span.clone(), sources(&add.src, &mut bodies)),
        I::Expose(expose) => (expose.expose.span.clone(), expose.arguments.len().to_string()),
        I::Arg(it) => (it.arg.span.clone(), String::new()),
        I::Env(it) => (it.env.span.clone(), String::new()),
        I::Healthcheck(it) => (it.healthcheck.span.clone(), String::new()),
        I::Label(it) => (it.label.span.clone(), String::new()),
        I::Maintainer(it) => (it.maintainer.span.clone(), String::new()),
        I::Onbuild(it) => (it.onbuild.span.clone(), String::new()),
        I::Shell(it) => (it.shell.span.clone(), String::new()),
        I::Stopsignal(it) => (it.stopsignal.span.clone(), String::new()),
        I::User(it) => (it.user.span.clone(), String::new()),
        I::Volume(it) => (it.volume.span.clone(), String::new()),
        I::Workdir(it) => (it.workdir.span.clone(), String::new()),
        _ => (0..0, "unknown to this test".to_owned()),
    };
    format!("{}@{} {rest} {bodies:?}", &text[keyword.clone()], keyword.start)
}

fn form(command: &parse_dockerfile::Command<'_>) -> String {
    match command {
        parse_dockerfile::Command::Exec(words) => {
            format!("{:?}", words.value.iter().map(|word| &*word.value).collect::<Vec<_>>())
        }
        _ => "shell".to_owned(),
    }
}

fn sources(sources: &[parse_dockerfile::Source<'_>], bodies: &mut Vec<String>) -> String {
    for source in sources {
        if let parse_dockerfile::Source::HereDoc(document) = source {
            bodies.push(document.value.to_string());
        }
    }
    sources.len().to_string()
}
