//! What scripts run, one line per command: `?` for conditional, `-` for unreachable, `@` for the directory, `|n` for
//! the reader of the output, `in n` for the command around.

use super::{Named, Nothing, Output, Reached, Run, Surroundings, run};
use crate::eval::actions::Operand;
use crate::source::{FileId, MappedText, Span};
use crate::syntax::shell::{Dialect, read};
use crate::value::{Kind, Origin, Value};

fn run_script(text: &str, around: &dyn Surroundings) -> Run {
    let script = read(&MappedText::part(FileId(0), text, 0..text.len()), Dialect::WORKFLOW);
    run(&script, text, Dialect::WORKFLOW, around)
}

fn check(text: &str, expected: &[&str]) {
    let run = run_script(text, &Nothing);
    let shown: Vec<String> = run
        .commands
        .iter()
        .map(|command| {
            let reached = match command.reached {
                Reached::Always => "",
                Reached::Conditional => "? ",
                Reached::Unreachable => "- ",
            };
            let words: Vec<String> = command.words.iter().map(|argument| show(argument.value())).collect();
            let output = match command.output {
                Output::Open => String::new(),
                Output::Piped(reader) => format!(" |{reader}"),
                Output::Substituted(reader) => format!(" ${reader}"),
                Output::Assigned => " =".to_owned(),
            };
            let directory = match command.directory.as_deref() {
                Some("") => String::new(),
                Some(directory) => format!(" @{directory}"),
                None => " @?".to_owned(),
            };
            let inside = command.inside.map(|outer| format!(" in {outer}")).unwrap_or_default();
            let wrappers = command.wrappers.join(" ");
            let wrappers = if wrappers.is_empty() { wrappers } else { format!("({wrappers}) ") };
            format!("{reached}{wrappers}{}{output}{directory}{inside}", words.join(" "))
        })
        .collect();
    assert_eq!(shown, expected, "{text}");
}

fn show(value: &Value) -> String {
    value.as_text().map(|text| text.to_string()).unwrap_or_default()
}

#[test]
fn variables() {
    check("A=1 B=\"x $A\"\nrun $B \"$B\" ${C:-d} $C ${A}0 '$A'", &["run x 1 x 1 d ${C} 10 $A"]);
    check(
        "TAG=v1.2.tar.gz; run ${TAG%.gz} ${TAG%%.*} ${TAG#v} ${TAG/./-}",
        &["run v1.2.tar v1 1.2.tar.gz v1-2.tar.gz"],
    );
    check(
        "export X=1; if a; then X=2; fi; run $X; read Y; run $Y",
        &["export X=1", "a", "run ${X}", "read Y", "run ${Y}"],
    );
    check("X=1 run $X; echo $X", &["run ${X}", "echo ${X}"]);
}

#[test]
fn order_and_reach() {
    check("a && b || c; d; exit 1; e", &["a", "? b", "? c", "d", "exit 1", "- e"]);
    check(
        "if a; then b; else c; fi\ncase x in y) d;; esac\nwhile e; do f; done",
        &["a", "? b", "? c", "? d", "e", "? f"],
    );
    check("for x in a b; do run $x; done; for y in $z; do run $y; done", &["run a", "run b", "? run ${y}"]);
    check("f() { run $X; }\nX=1\nf\nf\ng() { never; }", &["f", "run 1", "f", "run 1", "- never"]);
    check("exec serve; after", &["(exec) serve", "- after"]);
}

#[test]
fn pipes_and_substitutions() {
    check("curl u | tee f | sh", &["curl u |1", "tee f |2", "sh"]);
    check(
        "bash -c \"$(curl u)\"; bash <(curl v); X=$(date)",
        &["curl u $1", "bash -c $(…)", "curl v |3", "bash $(…)", "date ="],
    );
    check("curl u | (cd x; tar xz)", &["curl u |1", "cd x", "tar xz @x"]);
    check("cat a | while read l; do run; done", &["cat a |1", "read l", "? run"]);
}

#[test]
fn what_stands_behind_and_holds_afterwards() {
    check("mkdir x && cd x && A=1 && run $A\nrun $A", &["mkdir x", "? cd x", "? run 1 @x", "run 1 @x"]);
    check("A=1; A+=2; run $A; run || true", &["run 12", "run", "? true"]);
    check("{ echo a; echo b; } > out; echo c", &["echo a", "echo b", "echo c"]);
    check("f() { run $1 $2; }; f a b; f c; g() { \"$x\"; }", &["f a b", "run a b", "f c", "run c ${2}", "- ${x}"]);
}

#[test]
fn groups_write_where_they_are_redirected() {
    let run = run_script("{ echo a; b > own; } >> out; X=$(c) > d", &Nothing);
    let targets = |index: usize| run.commands[index].writes_to().map(|it| show(it.target.value())).collect::<Vec<_>>();
    assert_eq!([targets(0), targets(1), targets(2)], [vec!["out".to_owned()], vec!["own".to_owned()], vec![]]);
    assert!(run.commands[2].is_captured && !run.commands[1].is_captured);
}

#[test]
fn files_of_the_tree() {
    struct Tree;
    impl Surroundings for Tree {
        fn variable(&self, _: &str, _: Span) -> Option<Operand> {
            None
        }

        fn expression(&self, text: &str, span: Span) -> Operand {
            Operand::known(Value::text(text, Origin::written(span)))
        }

        fn script(&self, path: Option<&str>) -> Named<'_> {
            match path {
                Some("a/run.sh") => Named::Script(FileId(1), "cd b\nX=1\ninner $1 $X"),
                _ => Named::Unread,
            }
        }
    }
    let words = |run: &Run| {
        let shown = |command: &super::Command| format!("{} {}", command.name(), command.texts().join(" "));
        run.commands.iter().map(shown).collect::<Vec<_>>()
    };
    let started = run_script("cd a; ./run.sh y; bash run.sh; after $X", &Tree);
    assert_eq!(words(&started), ["cd a", "run.sh y", "cd b", "inner y 1", "bash run.sh", "cd b", "inner 1", "after "]);
    assert_eq!(started.commands[7].directory.as_deref(), Some("a"));
    assert_eq!(started.commands[3].span.file, FileId(1));
    let sourced = run_script("source a/run.sh z; after $X $1", &Tree);
    assert_eq!(words(&sourced), ["source a/run.sh z", "cd b", "inner z 1", "after 1"]);
    assert!(started.open.is_none() && sourced.open.is_none());
    for unread in ["./other", "sh $X", "source x"] {
        assert!(run_script(unread, &Tree).open.is_some(), "{unread}");
    }
}

#[test]
fn commands_that_run() {
    let run = run_script("a && exit; b | c\nif x; then exit 1; fi\nexit 0\nd | e", &Nothing).reachable();
    assert_eq!(
        run.commands.iter().map(super::Command::name).collect::<Vec<_>>(),
        ["a", "exit", "b", "c", "x", "exit", "exit"]
    );
    assert_eq!(run.commands[2].pipes_into(), Some(3));
}

#[test]
fn directories() {
    check(
        "cd a/b; run; (cd ..; run); run; cd \"$X\"; run",
        &["cd a/b", "run @a/b", "cd .. @a/b", "run @a", "run @a/b", "cd ${X} @a/b", "run @?"],
    );
    check("cd /x && run", &["cd /x", "? run @/x"]);
}

#[test]
fn scripts_in_words_and_wrappers() {
    check("sudo -u app env A=1 timeout -k 3 5 run x", &["(sudo env timeout) run x"]);
    check(
        "sh -ec 'cd y; run \"$X\"'; eval 'a b'; su -c 'c d' u; bash <<'E'\ne f\nE",
        &[
            "sh -ec cd y; run \"$X\"",
            "cd y in 0",
            "run ${X} @y in 0",
            "eval a b",
            "a b in 3",
            "su -c c d u",
            "c d in 5",
            "bash",
            "e f in 7",
        ],
    );
    check("command -v x; xargs -n 1 rm", &["command -v x", "(xargs) rm"]);
}

#[test]
fn what_surrounds_a_script_counts() {
    struct Around;
    impl Surroundings for Around {
        fn variable(&self, name: &str, span: Span) -> Option<Operand> {
            (name == "SET").then(|| Operand::known(Value::text("one two", Origin::written(span))))
        }

        fn expression(&self, text: &str, span: Span) -> Operand {
            Operand::known(Value::text(text, Origin::written(span)))
        }
    }
    let run = run_script("run $SET \"$SET\" '${{ e }}'x", &Around);
    let words: Vec<&str> = run.commands[0].words.iter().filter_map(|argument| argument.text()).collect();
    assert_eq!(words, ["run", "one", "two", "one two", "ex"]);
}

#[test]
fn options() {
    let clustered = run_script("curl -fsSLo out http://h", &Nothing);
    assert_eq!(clustered.commands[0].options(&["-o"]).len(), 1);
    assert_eq!(clustered.commands[0].positionals(&["-o"]).len(), 1);
    let run = run_script("curl -fsSLk -o out --data=x --url $U -H 'a: b' http://h -- -k", &Nothing);
    let command = &run.commands[0];
    assert!(command.flag(&["k", "insecure"]).is_some());
    assert!(command.flag(&["x"]).is_none());
    let options =
        |names: &[&str]| command.options(names).iter().map(|argument| show(argument.value())).collect::<Vec<_>>();
    assert_eq!(options(&["-o", "--output"]), ["out"]);
    assert_eq!(options(&["--data"]), ["x"]);
    assert_eq!(options(&["--url"]), ["${U}"]);
    let positionals = command.positionals(&["-o", "--url", "-H"]);
    let positionals: Vec<_> = positionals.iter().filter_map(|argument| argument.text()).collect();
    assert_eq!(positionals, ["http://h", "-k"]);
}

#[test]
fn input_and_redirections() {
    let run = run_script("cat <<E > \"$HOME/x\" 2>>log\na $b\nE\n", &Nothing);
    let command = &run.commands[0];
    assert_eq!(command.input.as_ref().map(|input| show(&input.value)).as_deref(), Some("a ${b}\n"));
    let targets: Vec<String> =
        command.redirections.iter().map(|redirection| show(redirection.target.value())).collect();
    assert_eq!(targets, ["${HOME}/x", "log"]);
    assert_eq!(command.redirections[1].descriptor, 2);
}

#[test]
fn hostile_scripts_end() {
    let branches: String = (0..60_000).map(|index| format!("a{index}=1 || ")).collect();
    assert!(run_script(&format!("{branches} x"), &Nothing).open.is_some());
    let loops = "for x in 1 2 3 4 5 6 7 8; do ".repeat(20);
    assert!(run_script(&format!("{loops} x; {}", "done; ".repeat(20)), &Nothing).open.is_some());
    let grown = format!("X=ab$y\n{}run $X", "X=\"$X$X\"\nZ+=$X$X\n".repeat(60));
    assert_eq!(run_script(&grown, &Nothing).commands[0].word(1), None);
    let doubled = "sh -c \"sh -c '".repeat(200);
    assert!(matches!(run_script(&doubled, &Nothing).commands[0].words[0].operand.value.kind, Kind::Text(_)));
}

#[test]
fn conditions_over_known_texts() {
    check(
        "X=plan; if [ \"$X\" = plan ]; then a; elif [ \"$X\" = apply ]; then b; else c; fi",
        &["[ plan = plan ]", "a", "? [ plan = apply ]", "- b", "- c"],
    );
    check("X=no; if [[ $X == yes ]]; then a; else b; fi", &["- a", "b"]);
    check("if [ -z \"$Y\" ]; then a; else b; fi", &["[ -z ${Y} ]", "? a", "? b"]);
    check("if ! test -n x; then a; fi; b", &["test -n x", "- a", "b"]);
    check("f() { if [ \"$1\" != plan ]; then run; fi; }; f plan", &["f plan", "[ plan != plan ]", "- run"]);
    check(
        "X=1; while read l; do if [ $X = 1 ]; then a; else b; fi; X=2; done",
        &["read l", "? [ ${X} = 1 ]", "? a", "? b"],
    );
    check(
        "X=plan; for i in $(l); do if [ $X = plan ]; then a; else b; fi; done",
        &["l =", "? [ plan = plan ]", "? a", "- b"],
    );
    check("if [ -z \"${Y:-}\" ]; then exit 1; fi; a", &["[ -z  ]", "? exit 1", "a"]);
}
